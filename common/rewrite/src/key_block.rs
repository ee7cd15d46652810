//! Private keys in PEM format, which span many lines between a first and a last line.
//!
//! The lines in between are masked individually where they look like the key, whatever surrounds
//! it: an editor's line numbers, the border of another pane. If a screen shows only the end of a
//! key, the lines above it are masked. A pager may show only lines from the middle of a key: in a
//! cast in which a key begins or ends anywhere, all text that is as long and as mixed as its lines
//! is masked.

use std::ops::Range;

use common::edit::TracedLine;
use memchr::memmem;

use crate::finder::{Finder, Stream};

/// The number of other lines allowed between two lines of a key.
const MOST_OTHERS: usize = 3;

/// The shortest recognizable piece of a key, in bytes. PEM has lines of 64.
const SHORTEST: usize = 16;

/// The same for a piece that is alone on its line.
const SHORTEST_BARE: usize = 8;

/// The shortest piece recognized on a screen without the start or the end of the key: hardly any
/// path, name or number is as long.
const SHORTEST_ALONE: usize = 40;

/// Finds the lines of private keys.
pub struct KeyBlock {
    /// The kind name of private keys in reports, if they are searched for.
    kind: Option<usize>,
    /// Finds the words that every first and last line of a key contains.
    words: memmem::Finder<'static>,
    has_been_seen: bool,
    /// True if that was known before the first line.
    was_known: bool,
    output: State,
    /// True if the last line of the output was from the middle of a key.
    was_middle: bool,
}

#[derive(Default)]
enum State {
    #[default]
    Outside,
    /// After the first line, and after `others` lines that are not part of the key.
    Within { others: usize, last: TracedLine, is_reported: bool },
}

impl KeyBlock {
    /// Finds them if their kind is searched for.
    pub fn new(kind: Option<usize>) -> KeyBlock {
        KeyBlock {
            kind,
            words: memmem::Finder::new("PRIVATE KEY"),
            has_been_seen: false,
            was_known: false,
            output: State::Outside,
            was_middle: false,
        }
    }

    /// The state for another pass over the same cast.
    pub fn again(self) -> KeyBlock {
        let has_been_seen = self.has_been_seen;
        KeyBlock { has_been_seen, was_known: has_been_seen, ..KeyBlock::new(self.kind) }
    }

    /// Returns whether there is a key that was not known before the first line.
    pub fn has_just_been_seen(&self) -> bool {
        self.has_been_seen && !self.was_known
    }

    /// Returns whether any key has been on the screen.
    pub fn has_been_seen(&self) -> bool {
        self.has_been_seen
    }

    /// Examines a changed line on the screen.
    pub fn notice(&mut self, text: &str) {
        self.has_been_seen |= self.kind.is_some()
            && self.words.find(text.as_bytes()).is_some()
            && (is_border(text, BEGIN) || is_border(text, END));
    }

    /// Processes the next line of the output.
    pub fn look_at_line(&mut self, line: &TracedLine, finder: &mut Finder) {
        let Some(kind) = self.kind else { return };
        self.notice(line.text());
        let is_outside = matches!(self.output, State::Outside);
        if !is_outside || self.words.find(line.text().as_bytes()).is_some() {
            self.output.take(line, kind, finder);
        }
        if self.has_been_seen {
            self.was_middle = mask_middle(line, self.was_middle, kind, finder);
        }
    }

    /// Searches all lines of the screen.
    pub fn look_at_screen(&self, lines: &[TracedLine], finder: &mut Finder) {
        let Some(kind) = self.kind else { return };
        let (mut state, mut was_middle) = (State::Outside, false);
        for (index, line) in lines.iter().enumerate() {
            if is_border(line.text(), END) && matches!(state, State::Outside) {
                let above = lines[..index].iter().rev();
                above.map_while(|line| mask_body(line, finder)).for_each(drop);
            }
            state.take(line, kind, finder);
            was_middle = mask_middle(line, was_middle, kind, finder);
        }
    }

    /// The place from which a line may belong to a key.
    pub fn undecided(&self, line: &TracedLine) -> Option<u64> {
        match self.output {
            State::Outside => None,
            State::Within { .. } => line.places(0..line.text().len()).map(|(_, place)| place).min(),
        }
    }
}

impl State {
    fn take(&mut self, line: &TracedLine, kind: usize, finder: &mut Finder) {
        if is_border(line.text(), BEGIN) {
            *self = State::Within { others: 0, last: TracedLine::default(), is_reported: false };
        }
        let State::Within { others, last, is_reported } = self else { return };
        if is_border(line.text(), END) {
            // The last line may be too short to be recognized.
            if let Some(word) = words(last.text()).last() {
                finder.mask(last, word, Stream::Output);
            }
            *self = State::Outside;
        } else if let Some(is_new) = mask_body(line, finder) {
            if is_new && !*is_reported {
                finder.report(kind);
            }
            *is_reported = true;
            *others = 0;
            last.clone_from(line);
        } else if !is_border(line.text(), BEGIN) && !line.text().trim().is_empty() {
            // A header, such as "Proc-Type: 4,ENCRYPTED", is not part of the key.
            *others += usize::from(!line.text().contains(": "));
            last.clone_from(line);
            if *others > MOST_OTHERS {
                *self = State::Outside;
            }
        }
    }
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";

/// Returns whether a line is the first or last one of a private key.
fn is_border(text: &str, border: &str) -> bool {
    let after = memmem::find(text.as_bytes(), border.as_bytes()).map(|at| &text[at + border.len()..]);
    after.and_then(|after| after.split_once("PRIVATE KEY")).is_some_and(|(kind, rest)| {
        rest.contains("-----")
            && kind.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ')
    })
}

/// Masks the part of a line that looks like a key, if any. Returns whether any of it is new.
fn mask_body(line: &TracedLine, finder: &mut Finder) -> Option<bool> {
    let text = line.text().trim();
    let is_bare = !text.is_empty() && text.bytes().all(is_key);
    let shortest = if is_bare { SHORTEST_BARE } else { SHORTEST };
    let words = words(line.text()).filter(|word| word.len() >= shortest);
    words.map(|word| finder.mask(line, word, Stream::Output)).reduce(|one, next| one | next)
}

/// Masks the part of a line that looks like the middle of a key, or like the rest of the previous
/// line. Returns whether the next line may continue it.
fn mask_middle(line: &TracedLine, was_middle: bool, kind: usize, finder: &mut Finder) -> bool {
    let mut is_middle = false;
    for word in words(line.text()).filter(|word| word.len() >= SHORTEST_ALONE) {
        let bytes = &line.text().as_bytes()[word.clone()];
        let has = |is_one: fn(&u8) -> bool| bytes.iter().any(is_one);
        if has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit) {
            is_middle = true;
            if finder.mask(line, word, Stream::Output) && !was_middle {
                finder.report(kind);
            }
        }
    }
    if was_middle && !is_middle {
        mask_body(line, finder);
    }
    is_middle
}

fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// The ranges of the words that may be part of a key.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let bytes = text.as_bytes();
        let start = at + bytes[at..].iter().position(|&byte| is_key(byte))?;
        at = bytes[start..]
            .iter()
            .position(|&byte| !is_key(byte))
            .map_or(bytes.len(), |length| start + length);
        Some(start..at)
    })
}
