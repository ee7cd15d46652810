//! A line of a stream that grows, and is looked at as a whole.

use common::edit::TracedLine;

use crate::finder::{Finder, Stream};
use crate::patterns::{Patterns, Undecided};

/// The longest line of a stream that is held to be looked at as a whole, in bytes. Of a longer one
/// with a match that has not ended, everything from there to the end of the line is masked.
pub const LONGEST_LINE: usize = 1 << 20;

/// How much of a line that is too long is kept, in bytes.
const SHORTENED: usize = 64 << 10;

/// A line that grows.
#[derive(Default)]
pub struct Line {
    pub line: TracedLine,
    /// From which offset on everything is masked, because it could not be decided in time.
    lost: Option<usize>,
    /// Whether it has grown since it was looked at.
    has_changed: bool,
    /// Before this offset no match begins that could still become one.
    decided: usize,
}

impl Line {
    /// Appends text that stands at a place.
    pub fn push_str(&mut self, text: &str, place: u64) {
        self.line.push_str(text, place);
        self.has_changed = true;
    }

    /// Looks at the line if there is anything new.
    pub fn look(&mut self, finder: &mut Finder, stream: Stream) {
        if !std::mem::take(&mut self.has_changed) {
            return;
        }
        if let Some(at) = self.lost {
            finder.mask(&self.line, at..self.line.len(), stream);
        }
        finder.look(&self.line, stream);
    }

    /// From which offset on the line could become secret if more of it followed.
    pub fn undecided(&mut self, patterns: &mut Patterns) -> Option<usize> {
        if self.lost.is_some() {
            return None;
        }
        let Undecided { secret, begun } = patterns.undecided_since(self.line.text(), self.decided);
        self.decided = begun.unwrap_or(self.line.len());
        secret
    }

    /// Masks what is undecided, and all that follows on the line.
    pub fn lose(&mut self, finder: &mut Finder, stream: Stream) {
        if let Some(at) = self.undecided(&mut finder.patterns) {
            finder.mask(&self.line, at..self.line.len(), stream);
            self.lost = Some(at);
        }
    }

    /// Looks at the line as a whole; the next one begins.
    pub fn end(&mut self, finder: &mut Finder, stream: Stream) {
        self.look(finder, stream);
        self.clear();
    }

    /// The next one begins.
    pub fn clear(&mut self) {
        self.line.clear();
        self.has_changed = false;
        self.lost = None;
        self.decided = 0;
    }

    /// Forgets the beginning of the line if it is too long, and masks what cannot be decided then.
    pub fn shorten(&mut self, finder: &mut Finder, stream: Stream) {
        if self.line.len() <= LONGEST_LINE {
            return;
        }
        self.look(finder, stream);
        let length = self.line.len();
        if self.undecided(&mut finder.patterns).is_some_and(|at| at < length - SHORTENED) {
            self.lose(finder, stream);
        }
        self.line.keep_last(SHORTENED);
        self.lost = self.lost.map(|_| 0);
        self.decided = 0;
    }
}
