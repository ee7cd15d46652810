//! A growing line of a stream, searched as a whole.

use common::edit::TracedLine;

use crate::beginnings::Undecided;
use crate::finder::{Finder, Stream};
use crate::patterns::Patterns;

/// The longest line of a stream that is held to be searched as a whole, in bytes. If a longer one
/// contains an unfinished match, everything from there to the end of the line is masked.
pub const LONGEST_LINE: usize = 1 << 20;

/// The length to which a line that is too long is shortened, in bytes.
const SHORTENED: usize = 64 << 10;

/// A growing line.
#[derive(Default)]
pub struct Line {
    pub line: TracedLine,
    /// The offset from which everything is masked, because it could not be decided in time.
    lost: Option<usize>,
    /// True if it has grown since it was searched.
    has_changed: bool,
    /// The offset before which nothing begins that may still become a match.
    decided: usize,
    /// The length that is known to contain nothing that every match needs; see [`Finder::may_match`].
    bare: usize,
    /// True if the rest does contain such a thing.
    may_match: bool,
}

impl Line {
    /// Appends text with its place.
    pub fn push_str(&mut self, text: &str, place: u64) {
        self.line.push_str(text, place);
        self.has_changed = true;
    }

    /// Searches the line if it has changed.
    pub fn look(&mut self, finder: &mut Finder, stream: Stream) {
        if !std::mem::take(&mut self.has_changed) {
            return;
        }
        if let Some(at) = self.lost {
            finder.mask(&self.line, at..self.line.len(), stream);
        }
        if self.may_match(finder) {
            finder.look(&self.line, stream);
        }
    }

    /// Returns whether there may be anything to find, looking only at what has been added: output
    /// that moves the cursor instead of ending lines is one line of the stream.
    fn may_match(&mut self, finder: &Finder) -> bool {
        let Some(reach) = finder.reach() else { return true };
        if !self.may_match {
            let text = self.line.text();
            let earliest = self.bare.saturating_sub(reach);
            let start = (0..=earliest).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            self.may_match = finder.patterns.may_match(&text[start..]);
            self.bare = text.len();
        }
        self.may_match
    }

    /// The offset from which the line may still become secret.
    pub fn undecided(&mut self, patterns: &mut Patterns) -> Option<usize> {
        if self.lost.is_some() {
            return None;
        }
        let Undecided { secret, begun } = patterns.undecided_since(self.line.text(), self.decided);
        self.decided = begun.unwrap_or(self.line.len());
        secret
    }

    /// Masks undecided text, and the rest of the line.
    pub fn lose(&mut self, finder: &mut Finder, stream: Stream) {
        if let Some(at) = self.undecided(&mut finder.patterns) {
            finder.mask(&self.line, at..self.line.len(), stream);
            self.lost = Some(at);
        }
    }

    /// Searches the complete line, and starts the next one.
    pub fn end(&mut self, finder: &mut Finder, stream: Stream) {
        self.look(finder, stream);
        self.clear();
    }

    /// Starts the next line.
    pub fn clear(&mut self) {
        self.line.clear();
        self.has_changed = false;
        self.lost = None;
        self.forget();
    }

    /// Forgets what is known about the text.
    fn forget(&mut self) {
        (self.decided, self.bare, self.may_match) = (0, 0, false);
    }

    /// Drops the start of the line if it is too long, and masks text that cannot be decided without
    /// it.
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
        self.forget();
    }
}
