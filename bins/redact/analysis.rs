//! What a cast shows, looked at event by event: the screen, the text of the streams, the strings of
//! sequences, typed lines. What is found there becomes places to be masked.
//!
//! Whoever reads a whole file masks everything that was found, whatever its place. Whoever passes
//! events on says with [`Analysis::release`] what has gone out and cannot be masked any more, and asks
//! [`Analysis::undecided`] what has to wait.

use std::collections::BTreeSet;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::cast::Time;
use common::edit::{NOWHERE, TracedLine, TracedScreen};
use common::screen::TooLarge;
use common::size::Size;
use common::vt::{ControlString, End, Kind, StringKind, Token, Tokenizer};

use crate::cover;
use crate::key_block::KeyBlock;
use crate::marks::Marks;
use crate::mask::{Replacement, wide, width};
use crate::patterns::{Found, Patterns};
use crate::secrets::PRIVATE_KEY;

use crate::typed::TypedLine;

/// The longest line of a stream that is held to be looked at as a whole, in bytes. Of a longer one
/// with a match that has not ended, everything from there to the end of the line is masked.
const LONGEST_LINE: usize = 1 << 20;

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// When it was complete.
    pub time: Time,
    /// What it is, as [`Patterns::kind`] calls it.
    pub kind: usize,
}

/// One of the streams of a cast: all output joined, or all input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// What was written to the terminal.
    Output,
    /// What was typed.
    Input,
}

/// How lines are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// As they were written.
    First,
    /// With the masks of earlier passes in place, which may have made new matches.
    Again,
    /// Both, because what has been passed on cannot be looked at again.
    Only,
}

/// What is known of a cast so far.
pub struct Analysis {
    finder: Finder,
    tokenizer: Tokenizer,
    /// The screen; `None` before it has a size.
    screen: Option<TracedScreen>,
    /// The line that is being written to the terminal, without escape sequences.
    output: Line,
    /// The string of a sequence, if it comes in several parts.
    string: Line,
    /// What was typed without sequences, and what it made of the line.
    input: Line,
    typed: TypedLine,
    /// How much has been typed, in bytes.
    typed_length: u64,
    key_block: KeyBlock,
    /// What covers secrets that were completed by moving what had been passed on, and the place in
    /// the output where it belongs.
    covers: Vec<(u64, String)>,
}

/// A line that grows.
#[derive(Default)]
struct Line {
    line: TracedLine,
    /// From which offset on everything is masked, because it could not be decided in time.
    lost: Option<usize>,
    /// Whether it has grown since it was looked at.
    has_changed: bool,
    /// Before this offset nothing begins that could still become a secret.
    decided: usize,
}

/// Finds, and remembers what is to be masked.
pub struct Finder {
    pub patterns: Patterns,
    pass: Pass,
    mask: char,
    /// Whether a mask could make a new match.
    masks_match: bool,
    pub output: Masks,
    pub input: Masks,
    pub findings: Vec<Finding>,
    /// The time of the event that is looked at.
    now: Time,
    /// Whether anything has been marked that was not before.
    has_news: bool,
    /// Whether a wide character has.
    has_wide_news: bool,
    found: Vec<Found>,
    /// What was found on the screen of which nothing can be masked: the row in which its line begins,
    /// and where it stands in the line.
    bare: Vec<(isize, Range<usize>)>,
}

/// What is to be masked in one stream.
#[derive(Default)]
pub struct Masks {
    pub marks: Marks,
    /// Of wide characters those for which two masks would not do.
    singles: BTreeSet<u64>,
    /// What comes before has been passed on.
    released: u64,
}

impl Analysis {
    /// Nothing has been looked at yet.
    pub fn new(patterns: Patterns, mask: char, pass: Pass) -> Analysis {
        let has_keys = patterns.index_of(PRIVATE_KEY);
        let masks_match = patterns.can_match_masks(mask);
        Analysis {
            finder: Finder {
                patterns,
                pass,
                mask,
                masks_match,
                output: Masks::default(),
                input: Masks::default(),
                findings: Vec::new(),
                now: Time::ZERO,
                has_news: false,
                has_wide_news: false,
                bare: Vec::new(),
                found: Vec::new(),
            },
            tokenizer: Tokenizer::default(),
            screen: None,
            output: Line::default(),
            string: Line::default(),
            input: Line::default(),
            typed: TypedLine::default(),
            typed_length: 0,
            key_block: KeyBlock::new(has_keys),
            covers: Vec::new(),
        }
    }

    /// Whether to look once more, because masks may have made new matches, or must be wide.
    pub fn is_to_be_repeated(&self) -> bool {
        let Finder { has_news, has_wide_news, masks_match, .. } = &self.finder;
        *has_news && (*has_wide_news || *masks_match)
    }

    /// The analysis of the same cast once more, which knows what this one has found.
    pub fn again(self) -> Analysis {
        let Finder { patterns, mask, output, input, findings, .. } = self.finder;
        let mut again = Analysis::new(patterns, mask, Pass::Again);
        again.finder.output = output;
        again.finder.input = input;
        again.finder.findings = findings;
        again
    }

    /// What was looked for.
    pub fn into_patterns(self) -> Patterns {
        self.finder.patterns
    }

    /// What has been found.
    pub fn finder(&mut self) -> &mut Finder {
        &mut self.finder
    }

    /// Where the next event of a stream begins.
    pub fn place(&self, stream: Stream) -> u64 {
        match stream {
            Stream::Output => self.tokenizer.position() + self.tokenizer.pending().len() as u64,
            Stream::Input => self.typed_length,
        }
    }

    /// The terminal has another size, or its first one.
    pub fn resize(&mut self, time: Time, size: Size) -> Result<(), TooLarge> {
        self.finder.now = time;
        let Analysis { finder, screen, .. } = self;
        let screen = match screen {
            Some(screen) => {
                screen.resize(size, &mut |line| drop(finder.look(line, Stream::Output)))?;
                screen
            }
            None => screen.insert(TracedScreen::new(size)?),
        };
        // A wide character is wrapped otherwise than two narrow ones.
        screen.changed(&mut |_, line| {
            let wide = line.places(0..line.text().len()).filter(|(character, _)| width(*character) == 2);
            finder.keep_whole(wide.map(|(_, place)| place));
            drop(finder.look(line, Stream::Output));
        });
        Ok(())
    }

    /// Takes the next text that was written to the terminal.
    pub fn write(&mut self, time: Time, text: &str) {
        self.finder.now = time;
        let Analysis { finder, tokenizer, screen, output, string, key_block, covers, .. } = self;
        let mut tokens = tokenizer.tokens(text.as_bytes());
        while let Some(token) = tokens.next() {
            take_token(&token, finder, output, string, key_block);
            if let Some(screen) = screen {
                if matches!(token.kind, Kind::Text) && !token.bytes.is_ascii() {
                    finder.keep_whole(at_edge(screen, &token).into_iter());
                }
                screen.execute(&token, &mut |line| drop(finder.look(line, Stream::Output)));
            }
            if finder.pass == Pass::Only && moves(&token) {
                let end = token.range().end;
                look_at_screen(screen, finder, key_block);
                covers.extend(cover(screen, finder).map(|cover| (end, cover)));
            }
        }
        if self.output.line.text().len() > LONGEST_LINE {
            self.output.shorten(&mut self.finder, Stream::Output);
        }
        if self.finder.pass == Pass::Only {
            self.output.look(&mut self.finder, Stream::Output);
        }
        let Analysis { finder, tokenizer, screen, output, key_block, covers, .. } = self;
        look_at_screen(screen, finder, key_block);
        if finder.pass == Pass::Only {
            let end = tokenizer.position();
            covers.extend(cover(screen, finder).map(|cover| (end, cover)));
            if std::mem::take(&mut finder.has_news) {
                // Masks may have made new matches in the text.
                drop(finder.look(&output.line, Stream::Output));
            }
        }
    }

    /// What has to be added to the last event so that nothing is shown that was moved together, and
    /// where in the output it belongs.
    pub fn take_covers(&mut self) -> Vec<(u64, String)> {
        std::mem::take(&mut self.covers)
    }

    /// Takes the next text that was typed.
    pub fn type_keys(&mut self, time: Time, text: &str) {
        self.finder.now = time;
        let place = self.typed_length;
        self.typed_length += text.len() as u64;
        let finder = &mut self.finder;
        self.typed.push(text, place, |line| drop(finder.look(line, Stream::Input)));
        // A tokenizer would take Alt with a bracket for the beginning of a string.
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let place = place + (text.len() - rest.len()) as u64;
            rest = match rest.strip_prefix("\x1b[") {
                Some(sequence) => {
                    let mut rest =
                        sequence.trim_start_matches(|character| matches!(character, ' '..='?')).chars();
                    rest.next();
                    rest.as_str()
                }
                None => &rest[character.len_utf8()..],
            };
            match character {
                '\r' | '\n' => self.input.end(finder, Stream::Input),
                _ if !character.is_control() => {
                    self.input.push_str(character.encode_utf8(&mut [0; 4]), place)
                }
                _ => {}
            }
        }
        if self.input.line.text().len() > LONGEST_LINE {
            self.input.shorten(finder, Stream::Input);
        }
        if finder.pass == Pass::Only {
            self.input.look(finder, Stream::Input);
        }
    }

    /// Nothing more follows.
    pub fn finish(&mut self) {
        let Analysis { finder, tokenizer, output, string, key_block, .. } = self;
        let mut tokens = tokenizer.finish();
        while let Some(token) = tokens.next() {
            take_token(&token, finder, output, string, key_block);
        }
        output.end(finder, Stream::Output);
        string.end(finder, Stream::Output);
        self.input.end(finder, Stream::Input);
    }

    /// From which place on what has been written, or typed, could become secret if more followed.
    pub fn undecided(&mut self, stream: Stream) -> Option<u64> {
        let Analysis { finder, tokenizer, screen, output, string, input, typed, key_block, .. } = self;
        let patterns = &mut finder.patterns;
        let place = |line: &TracedLine, at: usize| line.places(at..line.len()).map(|(_, place)| place).min();
        let first = match stream {
            Stream::Input => {
                let typed = typed.before_cursor();
                let typed = patterns.undecided(typed.text()).and_then(|at| place(&typed, at));
                [typed, input.undecided(patterns).and_then(|at| place(&input.line, at))]
                    .into_iter()
                    .flatten()
                    .min()
            }
            Stream::Output => {
                let is_string = matches!(tokenizer.pending(), [0x1b, b']' | b'P' | b'_' | b'X' | b'^', ..]);
                let shown = screen.as_ref().map(TracedScreen::line_before_cursor).unwrap_or_default();
                let places = [
                    output.undecided(patterns).and_then(|at| place(&output.line, at)),
                    string.undecided(patterns).and_then(|at| place(&string.line, at)),
                    patterns.undecided(shown.text()).and_then(|at| place(&shown, at)),
                    is_string.then(|| tokenizer.position()),
                    key_block.undecided(&output.line),
                ];
                places.into_iter().flatten().min()
            }
        };
        // What has been passed on is beyond deciding.
        first.map(|first| first.max(finder.masks(stream).released))
    }

    /// Masks what is undecided, because it cannot be waited for any longer.
    pub fn mask_undecided(&mut self) {
        let Analysis { finder, output, input, screen, typed, string, tokenizer, .. } = self;
        output.lose(finder, Stream::Output);
        string.lose(finder, Stream::Output);
        input.lose(finder, Stream::Input);
        let shown = screen.as_ref().map(TracedScreen::line_before_cursor).unwrap_or_default();
        for (line, stream) in [(&shown, Stream::Output), (&typed.before_cursor(), Stream::Input)] {
            if let Some(at) = finder.patterns.undecided(line.text()) {
                finder.mask(line, at..line.len(), stream);
            }
        }
        let mut pending = TracedLine::default();
        let text = String::from_utf8_lossy(tokenizer.pending().get(2..).unwrap_or_default()).into_owned();
        pending.push_str(&text, tokenizer.position() + 2);
        finder.mask(&pending, 0..text.len(), Stream::Output);
        let lost = self.key_block.undecided(&self.output.line).is_some();
        if lost {
            finder.mask(&self.output.line, 0..self.output.line.text().len(), Stream::Output);
        }
    }

    /// What comes before a place has been passed on, and cannot be masked any more.
    pub fn release(&mut self, stream: Stream, place: u64) {
        let masks = self.finder.masks(stream);
        masks.released = place;
        masks.singles = masks.singles.split_off(&place);
    }
}

/// The places of wide characters for which only one column is left in their row: two narrow ones would
/// not be moved to the next one.
fn at_edge(screen: &TracedScreen, token: &Token<'_>) -> Vec<u64> {
    let terminal = screen.terminal();
    let (cursor, wraps) = (terminal.cursor(), terminal.modes().autowrap);
    let cols = usize::from(terminal.size().cols.max(1));
    let mut col = cursor.col + usize::from(cursor.is_wrap_pending);
    let mut places = Vec::new();
    for (at, character) in String::from_utf8_lossy(token.bytes).char_indices() {
        let width = width(character);
        if width == 2 && col + 1 == cols {
            places.push(token.start + at as u64);
        }
        col = match col + width {
            within if within <= cols && (wraps || within < cols) => within,
            _ if wraps => width,
            _ => cols - 1,
        };
    }
    places
}

/// Looks at what has changed on the screen.
fn look_at_screen(screen: &mut Option<TracedScreen>, finder: &mut Finder, key_block: &mut KeyBlock) {
    finder.bare.clear();
    let Some(screen) = screen else { return };
    screen.changed(&mut |first, line| {
        key_block.notice(line.text());
        let bare = finder.look(line, Stream::Output);
        finder.bare.extend(bare.into_iter().map(|part| (first, part)));
    });
    if key_block.has_been_seen() {
        key_block.look_at_screen(&screen.rows(), finder);
    }
}

/// Covers what was found on the screen and cannot be masked any more.
fn cover(screen: &mut Option<TracedScreen>, finder: &mut Finder) -> Option<String> {
    let mask = finder.mask;
    let screen = screen.as_mut()?;
    let covers = finder.bare.drain(..).filter_map(|(first, part)| cover::cover(screen, first, &part, mask));
    covers.reduce(|one, next| one + &next)
}

/// Whether a token may bring together what stood apart.
fn moves(token: &Token<'_>) -> bool {
    match token.kind {
        Kind::Csi(csi) => !matches!(csi.last, b'm' | b'A'..=b'H' | b'f' | b'd' | b'`'),
        Kind::Escape(_) => true,
        Kind::Text | Kind::Control(_) | Kind::String(_) | Kind::Broken => false,
    }
}

/// Takes a token of the output as text: printed, or within a sequence.
fn take_token(
    token: &Token<'_>,
    finder: &mut Finder,
    output: &mut Line,
    string: &mut Line,
    key_block: &mut KeyBlock,
) {
    let place = token.start;
    match token.kind {
        Kind::Text => output.push_str(&String::from_utf8_lossy(token.bytes), place),
        Kind::Control(b'\r' | b'\n') => {
            key_block.look_at_line(&output.line, finder);
            output.end(finder, Stream::Output);
        }
        Kind::String(ControlString { kind, text, end, .. }) => {
            let front = text.as_ptr().addr() - token.bytes.as_ptr().addr();
            let text = String::from_utf8_lossy(text);
            string.push_str(&text, place + front as u64);
            if end != End::Later {
                if kind == StringKind::Osc {
                    look_at_clipboard(&string.line, finder);
                }
                string.end(finder, Stream::Output);
            } else if string.line.text().len() > 2 * LONGEST_LINE {
                string.shorten(finder, Stream::Output);
            }
        }
        _ => {}
    }
}

/// What an OSC 52 puts into the clipboard is encoded. All of it is masked if there is a secret in it,
/// so that nothing is put there.
fn look_at_clipboard(string: &TracedLine, finder: &mut Finder) {
    let Some(selection) = string.text().strip_prefix("52;") else { return };
    let Some((_, data)) = selection.split_once(';') else { return };
    let Ok(decoded) = STANDARD.decode(data) else { return };
    let text = String::from_utf8_lossy(&decoded);
    let start = string.text().len() - data.len();
    for line in text.lines() {
        if let Some(kind) = finder.first_kind(line) {
            finder.mask(string, start..string.text().len(), Stream::Output);
            finder.report(kind);
            return;
        }
    }
}

impl Line {
    fn push_str(&mut self, text: &str, place: u64) {
        self.line.push_str(text, place);
        self.has_changed = true;
    }

    /// Looks at the line if there is anything new.
    fn look(&mut self, finder: &mut Finder, stream: Stream) {
        if !std::mem::take(&mut self.has_changed) {
            return;
        }
        if let Some(at) = self.lost {
            finder.mask(&self.line, at..self.line.len(), stream);
        }
        finder.look(&self.line, stream);
    }

    /// From which offset on the line could become secret if more of it followed.
    fn undecided(&mut self, patterns: &mut Patterns) -> Option<usize> {
        if self.lost.is_some() {
            return None;
        }
        let undecided = patterns.undecided_since(self.line.text(), self.decided);
        self.decided = undecided.unwrap_or(self.line.len());
        undecided
    }

    /// Masks what is undecided, and all that follows on the line.
    fn lose(&mut self, finder: &mut Finder, stream: Stream) {
        if let Some(at) = self.undecided(&mut finder.patterns) {
            finder.mask(&self.line, at..self.line.len(), stream);
            self.lost = Some(at);
        }
    }

    /// Looks at the line as a whole; the next one begins.
    fn end(&mut self, finder: &mut Finder, stream: Stream) {
        self.look(finder, stream);
        self.line.clear();
        self.lost = None;
        self.decided = 0;
    }

    /// Forgets the beginning of a line that is too long, and masks what cannot be decided then.
    fn shorten(&mut self, finder: &mut Finder, stream: Stream) {
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

/// How much of a line that is too long is kept, in bytes.
const SHORTENED: usize = 64 << 10;

impl Masks {
    /// What takes the place of the character at a place, if it is masked.
    pub fn replacement(&self, place: u64) -> Option<Replacement> {
        let replacement =
            if self.singles.contains(&place) { Replacement::Single } else { Replacement::Columns };
        self.marks.contains(place).then_some(replacement)
    }
}

impl Finder {
    /// Is told of wide characters that need a wide mask, if they are masked.
    fn keep_whole(&mut self, places: impl Iterator<Item = u64>) {
        let Masks { marks, singles, released } = &mut self.output;
        let is_last = self.pass == Pass::Only;
        singles.extend(places.filter(|&place| place >= *released && (is_last || marks.contains(place))));
    }

    /// What is to be masked in a stream.
    pub fn masks(&mut self, stream: Stream) -> &mut Masks {
        match stream {
            Stream::Output => &mut self.output,
            Stream::Input => &mut self.input,
        }
    }

    /// Looks for secrets in a line, and marks them. Returns those of which nothing is masked because
    /// all of it has been passed on.
    pub fn look(&mut self, line: &TracedLine, stream: Stream) -> Vec<Range<usize>> {
        let mut bare = Vec::new();
        let mut has_found = false;
        if !line.whole().is_empty() {
            self.keep_whole(line.whole().iter().copied());
        }
        if self.pass != Pass::Again {
            has_found = self.mark(line, stream, &mut bare);
        }
        if !self.masks_match {
            return bare;
        }
        // Masks may make new matches, but each turn masks something that was not masked before.
        while has_found || self.pass != Pass::First {
            let masked = self.masked(line, stream);
            let is_untouched = masked.is_none() && self.pass != Pass::Again;
            if is_untouched || !self.mark(masked.as_ref().unwrap_or(line), stream, &mut bare) {
                break;
            }
            has_found = true;
        }
        bare
    }

    /// Marks what is found in a line. Whether any of it is new.
    fn mark(&mut self, line: &TracedLine, stream: Stream, bare: &mut Vec<Range<usize>>) -> bool {
        let mut found = std::mem::take(&mut self.found);
        found.clear();
        self.patterns.find(line.text(), &mut found);
        let (mut is_any_new, mut has_wide) = (false, false);
        for Found { range, kind } in &found {
            let mask = self.mask;
            let masks = self.masks(stream);
            let (mut is_new, mut was_known, mut is_written) = (false, false, false);
            for (character, place) in line.places(range.clone()) {
                if character == mask || character == wide(mask) {
                    // Of an earlier run, perhaps.
                    continue;
                }
                is_written = true;
                if masks.marks.contains(place) {
                    was_known = true;
                } else if place >= masks.released {
                    is_new |= masks.marks.insert(character, place);
                    has_wide |= is_new && width(character) == 2;
                }
            }
            if is_new && !was_known {
                self.report(*kind);
            }
            if is_written && !is_new && !was_known {
                bare.push(range.clone());
            }
            is_any_new |= is_new;
        }
        self.has_news |= is_any_new;
        self.has_wide_news |= has_wide;
        self.found = found;
        is_any_new
    }

    /// The line with its masks in place; `None` if it has none.
    fn masked(&mut self, line: &TracedLine, stream: Stream) -> Option<TracedLine> {
        let mask = self.mask;
        let marks = &self.masks(stream).marks;
        if marks.is_empty() || !line.runs().any(|run| marks.touches(run)) {
            return None;
        }
        let mut masked = TracedLine::default();
        for (at, character) in line.text().char_indices() {
            let place = line.place(at);
            if place != NOWHERE && marks.contains(place) {
                (0..width(character)).for_each(|_| masked.push(mask, NOWHERE));
            } else {
                masked.push(character, place);
            }
        }
        Some(masked)
    }

    /// Masks a part of a line. Whether any of it is new.
    pub fn mask(&mut self, line: &TracedLine, range: Range<usize>, stream: Stream) -> bool {
        let masks = self.masks(stream);
        let mut is_new = false;
        for (character, place) in line.places(range) {
            if place >= masks.released && !character.is_control() {
                is_new |= masks.marks.insert(character, place);
            }
        }
        self.has_news |= is_new;
        is_new
    }

    /// The places of what is found in a line that belongs to no stream.
    pub fn marks_in(&mut self, line: &TracedLine) -> Vec<u64> {
        let mut found = Vec::new();
        self.patterns.find(line.text(), &mut found);
        let mut marks = Vec::new();
        for Found { range, kind } in found {
            let places = line.places(range).filter(|(character, _)| *character != self.mask);
            let count = marks.len();
            marks.extend(places.map(|(_, place)| place));
            if marks.len() > count && self.pass != Pass::Again {
                self.report(kind);
            }
        }
        marks
    }

    /// The kind of the first secret in a line that is nowhere on its own.
    pub fn first_kind(&mut self, line: &str) -> Option<usize> {
        self.found.clear();
        self.patterns.find(line, &mut self.found);
        self.found.first().map(|found| found.kind)
    }

    /// The time of what is looked at.
    pub fn at(&mut self, time: Time) {
        self.now = time;
    }

    /// Reports a secret.
    pub fn report(&mut self, kind: usize) {
        self.findings.push(Finding { time: self.now, kind });
    }
}
