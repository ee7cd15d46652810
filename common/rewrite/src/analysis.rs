//! The analysis of a cast, event by event: the screen, the text of the streams, the strings of
//! sequences, typed lines. Secrets found there become places to mask.
//!
//! With a file, everything found is masked wherever it is. With events that are passed on, the
//! caller reports with [`Analysis::release`] what has been written and can no longer be masked, and
//! asks [`Analysis::undecided`] what must wait.

use common::cast::Time;
use common::edit::{Extent, NOWHERE, TracedLine, TracedScreen};
use common::screen::{Cell, TooLarge};
use common::size::Size;
use common::text::lossy;
use common::vt::{Kind, Token, Tokenizer};

use crate::cover;
use crate::finder::{Finder, Finding, LONGEST_REMEMBERED, Pass, Stream};
use crate::key_block::KeyBlock;
use crate::line::Line;
use crate::mask::{Substitute, width};
use crate::patterns::{Found, Patterns};
use crate::sequences::Sequences;
use crate::typed::TypedLine;

/// The state of the analysis.
pub struct Analysis {
    finder: Finder,
    tokenizer: Tokenizer,
    /// The screen; `None` before it has a size.
    screen: Option<TracedScreen>,
    /// The current line of output, without escape sequences.
    output: Line,
    sequences: Sequences,
    /// The input without sequences, and the line edited by it.
    input: Line,
    typed: TypedLine,
    /// The length of the input so far, in bytes.
    typed_length: u64,
    key_block: KeyBlock,
    /// The line of the cursor, kept for reuse.
    before_cursor: TracedLine,
    /// Matches on the screen that can no longer be rewritten at all.
    bare: Vec<Bare>,
    /// The output that covers them, with its place.
    covers: Vec<(u64, String)>,
}

/// A match on the screen that was passed on before it was found.
struct Bare {
    /// The row in which its line begins.
    first: isize,
    line: TracedLine,
    found: Found,
}

/// The longest event after which the cursor's line is remembered, in bytes: the output of a shell
/// for a key.
const LONGEST_REPLY: usize = 2048;

impl Analysis {
    /// An analysis that has not seen anything yet.
    pub fn new(patterns: Patterns, substitute: Substitute, pass: Pass) -> Analysis {
        let key_block = KeyBlock::new(patterns.private_key());
        Analysis::with(Finder::new(patterns, substitute, pass), key_block)
    }

    fn with(finder: Finder, key_block: KeyBlock) -> Analysis {
        Analysis {
            finder,
            tokenizer: Tokenizer::default(),
            screen: None,
            output: Line::default(),
            sequences: Sequences::default(),
            input: Line::default(),
            typed: TypedLine::default(),
            typed_length: 0,
            key_block,
            before_cursor: TracedLine::default(),
            bare: Vec::new(),
            covers: Vec::new(),
        }
    }

    /// Returns whether another pass is needed, because of late findings.
    pub fn is_to_be_repeated(&self) -> bool {
        self.finder.is_to_be_repeated() || self.key_block.has_just_been_seen()
    }

    /// An analysis for another pass over the same cast, with the results of this one.
    pub fn again(self) -> Analysis {
        let Analysis { finder, key_block, .. } = self;
        Analysis::with(finder.again(), key_block.again())
    }

    /// The findings since the last call, in order of time.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        let mut findings = std::mem::take(&mut self.finder.findings);
        findings.sort_by_key(|finding| finding.time);
        findings
    }

    /// A secret to search for.
    pub fn patterns(&self) -> &Patterns {
        &self.finder.patterns
    }

    /// The same, at the end of the analysis.
    pub fn into_patterns(self) -> Patterns {
        self.finder.patterns
    }

    /// The results.
    pub fn finder(&mut self) -> &mut Finder {
        &mut self.finder
    }

    /// The place of the next event of a stream.
    pub fn place(&self, stream: Stream) -> u64 {
        match stream {
            Stream::Output => self.tokenizer.position() + self.tokenizer.pending().len() as u64,
            Stream::Input => self.typed_length,
        }
    }

    /// Sets the terminal's size, also for the first time.
    pub fn resize(&mut self, time: Time, size: Size) -> Result<(), TooLarge> {
        self.finder.at(time);
        let Analysis { finder, screen, .. } = self;
        let screen = match screen {
            Some(screen) => {
                screen.resize(size, &mut |line| drop(finder.look(line, Stream::Output)))?;
                screen
            }
            None => screen.insert(TracedScreen::new(size)?),
        };
        // A wide character wraps differently from two narrow ones.
        let bare = &mut self.bare;
        screen.changed(finder.reach(), &mut |rows, line, extent| {
            if !line.text().is_ascii() {
                let wide = line.places(0..line.len()).filter(|(character, _)| width(*character) == 2);
                finder.keep_whole(wide.map(|(_, place)| place));
            }
            if extent == Extent::Change {
                return finder.may_match(line);
            }
            look_at_line(rows.start, line, extent, finder, bare);
            true
        });
        if self.key_block.has_been_seen() {
            self.key_block.look_at_screen(&screen.rows(), &mut self.finder);
        }
        self.settle();
        Ok(())
    }

    /// Processes output to the terminal.
    pub fn write(&mut self, time: Time, text: &str) {
        self.finder.at(time);
        let start = self.place(Stream::Output);
        let is_last = self.finder.pass == Pass::Only;
        let Analysis { finder, tokenizer, screen, output, sequences, key_block, .. } = self;
        let Analysis { before_cursor, bare, covers, .. } = self;
        let is_reply = text.len() <= LONGEST_REPLY;
        let mut drawn = Drawn::default();
        let mut tokens = tokenizer.tokens(text.as_bytes());
        while let Some(token) = tokens.next() {
            // Covers stand before the token, also in the text.
            if let Some(screen) = screen.as_mut().filter(|_| is_last) {
                let released = finder.released(Stream::Output);
                let scrolls = finder.masks_match() && scrolls_away(&token, screen, released);
                // There is no place for a cover within a sequence.
                if (scrolls || switches(&token)) && token.start >= start {
                    look_at_screen(screen, finder, key_block, bare);
                    if scrolls {
                        // The rest of the event may still be masked.
                        look_beside(screen, released, finder, bare);
                    }
                    cover_all(screen, finder, key_block, bare, token.start, output, covers);
                }
            }
            take_token(&token, finder, output, sequences, key_block);
            let Some(screen) = screen else { continue };
            // A shell draws a suggestion or a correction, and then draws over it.
            if is_reply && drawn.is_overwritten_by(&token, screen) {
                screen.read_at_cursor(LONGEST_REMEMBERED, before_cursor);
                if before_cursor.len() <= LONGEST_REMEMBERED && finder.may_match(before_cursor) {
                    drop(finder.look(before_cursor, Stream::Output));
                }
            }
            if matches!(token.kind, Kind::Text) && !token.bytes.is_ascii() {
                finder.keep_whole(at_edge(screen, &token).into_iter());
            }
            let moves = is_last && moves(&token, screen);
            execute(screen, &token, finder);
            if moves {
                look_at_screen(screen, finder, key_block, bare);
                cover_all(screen, finder, key_block, bare, token.range().end, output, covers);
            }
        }
        output.shorten(finder, Stream::Output);
        if is_last {
            output.look(finder, Stream::Output);
        }
        if let Some(screen) = screen {
            look_at_screen(screen, finder, key_block, bare);
            if is_reply {
                screen.read_before_cursor(LONGEST_REMEMBERED, before_cursor);
                finder.history.push(before_cursor);
                screen.read_pane_before_cursor(before_cursor);
                finder.history.push(before_cursor);
            }
        }
        self.settle();
    }

    /// Covers matches on the screen that can no longer be rewritten.
    fn cover(&mut self, place: u64) {
        let Analysis { finder, screen, output, key_block, bare, covers, .. } = self;
        if let Some(screen) = screen
            && finder.pass == Pass::Only
        {
            cover_all(screen, finder, key_block, bare, place, output, covers);
        }
        bare.clear();
    }

    /// Prepares for passing on everything before a place of the output while the rest is held back:
    /// masks or covers text that would match if the rest were masked, which is decided too late for
    /// it. Text on the screen need not be written in order.
    pub fn mask_beside(&mut self, place: u64) {
        let Analysis { finder, screen, bare, .. } = self;
        let Some(screen) = screen.as_ref().filter(|_| finder.masks_match()) else { return };
        finder.look_at_held_beside(place);
        look_beside(screen, place, finder, bare);
        self.settle();
    }

    /// Covers matches on the screen that can no longer be rewritten, and looks for those that new
    /// masks have created, in the text and on the screen.
    fn settle(&mut self) {
        self.cover(self.tokenizer.position());
        while self.finder.pass == Pass::Only && self.finder.take_news() && self.finder.masks_match() {
            let Analysis { finder, screen, output, bare, .. } = self;
            drop(finder.look(&output.line, Stream::Output));
            finder.look_at_held(true);
            if let Some(screen) = screen {
                screen.lines(None, &mut |first, line| {
                    let found = finder.look_among_masks(line);
                    bare.extend(found.into_iter().map(|found| Bare { first, line: line.clone(), found }));
                });
            }
            self.cover(self.tokenizer.position());
        }
    }

    /// The output to add to the last event so that no text moved together is shown, with its place.
    pub fn take_covers(&mut self) -> Vec<(u64, String)> {
        std::mem::take(&mut self.covers)
    }

    /// Processes typed input.
    pub fn type_keys(&mut self, time: Time, text: &str) {
        self.finder.at(time);
        let place = self.typed_length;
        self.typed_length += text.len() as u64;
        let finder = &mut self.finder;
        self.typed.push(text, place, |line| drop(finder.look(line, Stream::Input)));
        // A tokenizer would take Alt with a bracket for the start of a string.
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
        self.input.shorten(finder, Stream::Input);
        if finder.pass == Pass::Only {
            self.input.look(finder, Stream::Input);
        }
    }

    /// Ends the analysis.
    pub fn finish(&mut self) {
        let Analysis { finder, tokenizer, output, sequences, key_block, .. } = self;
        let mut tokens = tokenizer.finish();
        while let Some(token) = tokens.next() {
            take_token(&token, finder, output, sequences, key_block);
        }
        output.end(finder, Stream::Output);
        sequences.finish(finder);
        self.input.end(finder, Stream::Input);
    }

    /// The place in a stream from which text may still become secret.
    pub fn undecided(&mut self, stream: Stream) -> Option<u64> {
        let Analysis { finder, tokenizer, screen, output, sequences, input, typed, key_block, .. } = self;
        let before_cursor = &mut self.before_cursor;
        let place = |line: &TracedLine, at: usize| line.places(at..line.len()).map(|(_, place)| place).min();
        let first = match stream {
            Stream::Input => {
                let typed = typed.before_cursor();
                let typed = finder.patterns.undecided(typed.text()).and_then(|at| place(&typed, at));
                [typed, input.undecided(&mut finder.patterns).and_then(|at| place(&input.line, at))]
                    .into_iter()
                    .flatten()
                    .min()
            }
            Stream::Output => {
                let is_string = matches!(tokenizer.pending(), [0x1b, b']' | b'P' | b'_' | b'X' | b'^', ..]);
                before_cursor.clear();
                screen.iter().for_each(|screen| screen.read_all_before_cursor(before_cursor));
                let on_screen = finder.undecided_since(before_cursor);
                screen.iter().for_each(|screen| screen.read_pane_before_cursor(before_cursor));
                let places = [
                    output.undecided(&mut finder.patterns).and_then(|at| place(&output.line, at)),
                    sequences.undecided(finder),
                    on_screen,
                    finder.undecided_since(before_cursor),
                    is_string.then(|| tokenizer.position()),
                    key_block.undecided(&output.line),
                ];
                places.into_iter().flatten().min()
            }
        };
        // Text that has been passed on is no longer undecided.
        first.map(|first| first.max(finder.released(stream)))
    }

    /// Masks undecided text, because it cannot wait any longer.
    pub fn mask_undecided(&mut self) {
        let Analysis { finder, output, input, screen, typed, sequences, tokenizer, before_cursor, .. } = self;
        output.lose(finder, Stream::Output);
        sequences.lose(finder);
        input.lose(finder, Stream::Input);
        let typed = typed.before_cursor();
        let mut mask_end = |line: &TracedLine, stream| {
            if let Some(at) = finder.patterns.undecided(line.text()) {
                finder.mask(line, at..line.len(), stream);
            }
        };
        mask_end(&typed, Stream::Input);
        if let Some(screen) = screen {
            screen.read_all_before_cursor(before_cursor);
            mask_end(before_cursor, Stream::Output);
            screen.read_pane_before_cursor(before_cursor);
            mask_end(before_cursor, Stream::Output);
        }
        let mut pending = TracedLine::default();
        let text = String::from_utf8_lossy(tokenizer.pending().get(2..).unwrap_or_default()).into_owned();
        pending.push_str(&text, tokenizer.position() + 2);
        finder.mask(&pending, 0..text.len(), Stream::Output);
        if self.key_block.undecided(&self.output.line).is_some() {
            finder.mask(&self.output.line, 0..self.output.line.text().len(), Stream::Output);
        }
    }

    /// Records that everything before a place has been passed on, and can no longer be masked.
    pub fn release(&mut self, stream: Stream, place: u64) {
        self.finder.release(stream, place);
    }
}

/// Executes a token with the masks of earlier passes.
fn execute(screen: &mut TracedScreen, token: &Token<'_>, finder: &mut Finder) {
    let text = match token.kind {
        Kind::Text => str::from_utf8(token.bytes).unwrap_or_default(),
        _ => "",
    };
    let Some(masked) = finder.masked_output(text, token.start).map(Vec::from_iter) else {
        screen.execute(token, &mut |line| drop(finder.look(line, Stream::Output)));
        return;
    };
    for (place, text) in masked {
        screen.print(&text, place, &mut |line| drop(finder.look(line, Stream::Output)));
    }
}

/// The places of wide characters with only one column left in their row: two narrow ones would not
/// move to the next row.
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

/// Searches the changed lines on the screen.
fn look_at_screen(
    screen: &mut TracedScreen,
    finder: &mut Finder,
    key_block: &mut KeyBlock,
    bare: &mut Vec<Bare>,
) {
    screen.changed(finder.reach(), &mut |rows, line, extent| {
        if extent == Extent::Change {
            return finder.may_match(line);
        }
        // Only a line with a keyword can be the border of a key.
        key_block.notice(line.text());
        look_at_line(rows.start, line, extent, finder, bare);
        true
    });
    if key_block.has_been_seen() {
        key_block.look_at_screen(&screen.rows(), finder);
    }
}

/// Searches the lines on the screen as if everything from a place on were masked.
fn look_beside(screen: &TracedScreen, place: u64, finder: &mut Finder, bare: &mut Vec<Bare>) {
    screen.lines(Some(place), &mut |first, line| {
        let found = finder.look_beside(line, place);
        bare.extend(found.into_iter().map(|found| Bare { first, line: line.clone(), found }));
    });
}

fn look_at_line(first: isize, line: &TracedLine, extent: Extent, finder: &mut Finder, bare: &mut Vec<Bare>) {
    let mut found = finder.look(line, Stream::Output);
    if extent == Extent::Pane {
        // A cover needs whole rows.
        found.clear();
    }
    bare.extend(found.into_iter().map(|found| Bare { first, line: line.clone(), found }));
}

/// Covers matches on the screen that can no longer be rewritten, and those that begin or end at a
/// cover.
fn cover_all(
    screen: &mut TracedScreen,
    finder: &mut Finder,
    key_block: &mut KeyBlock,
    bare: &mut Vec<Bare>,
    place: u64,
    output: &mut Line,
    covers: &mut Vec<(u64, String)>,
) {
    // Each round covers something that was not covered before.
    while !bare.is_empty() {
        for Bare { first, line, found } in bare.drain(..) {
            let text = |at: usize, width: usize| finder.cover(line.text(), &found, at, width);
            let Some(cover) = cover::cover(screen, first, &found.range, text) else { continue };
            // The cover is a part of the output, too: an expression may match what follows it.
            let mut tokenizer = Tokenizer::default();
            let mut tokens = tokenizer.tokens(cover.as_bytes());
            while let Some(token) = tokens.next() {
                if matches!(token.kind, Kind::Text) {
                    output.push_str(&lossy(token.bytes), NOWHERE);
                }
            }
            covers.push((place, cover));
        }
        look_at_screen(screen, finder, key_block, bare);
    }
}

/// The row in which an event has printed text last.
#[derive(Default)]
struct Drawn {
    row: Option<usize>,
    /// True if the cursor may have moved back since.
    is_behind: bool,
}

impl Drawn {
    /// Takes the next token, before it is executed. Returns whether it may write over text of the
    /// same event.
    fn is_overwritten_by(&mut self, token: &Token<'_>, screen: &TracedScreen) -> bool {
        let terminal = screen.terminal();
        match token.kind {
            Kind::Text => {
                let row = terminal.cursor().row;
                let is_over = self.is_behind && self.row == Some(row);
                *self = Drawn { row: Some(row), is_behind: false };
                return is_over;
            }
            Kind::Csi(csi) => self.is_behind |= !matches!(csi.last, b'm' | b'C' | b'K' | b'h' | b'l'),
            // The text scrolls away.
            Kind::Control(b'\n') if terminal.cursor().row + 1 >= terminal.rows().len() => self.row = None,
            Kind::Control(_) | Kind::Escape(_) => self.is_behind = true,
            Kind::String(_) | Kind::Broken => {}
        }
        false
    }
}

/// Returns whether a token may bring together separate text.
fn moves(token: &Token<'_>, screen: &TracedScreen) -> bool {
    let terminal = screen.terminal();
    match token.kind {
        Kind::Csi(csi) => !matches!(csi.last, b'm' | b'A'..=b'H' | b'f' | b'd' | b'`'),
        Kind::Escape(_) => true,
        Kind::Text => terminal.modes().insert || terminal.scrolls_in_part(),
        Kind::Control(b'\n' | 0x0b | 0x0c) => terminal.scrolls_in_part(),
        Kind::Control(_) | Kind::String(_) | Kind::Broken => false,
    }
}

/// Returns whether a token may switch to the alternate screen.
fn switches(token: &Token<'_>) -> bool {
    matches!(token.kind, Kind::Csi(csi) if csi.marker == b'?' && csi.last == b'h')
}

/// Returns whether a token may scroll away text, some of it new and some passed on, which could not
/// be covered afterwards. Without masks, all of a match that scrolling hides has been there before.
fn scrolls_away(token: &Token<'_>, screen: &TracedScreen, released: u64) -> bool {
    let terminal = screen.terminal();
    let is_at_end = || terminal.scrolls_in_part() || terminal.cursor().row + 1 >= terminal.rows().len();
    let count = match token.kind {
        Kind::Csi(csi) if matches!(csi.last, b'S' | b'M' | b'b') => terminal.rows().len(),
        Kind::Control(b'\n' | 0x0b | 0x0c) if is_at_end() => 1,
        Kind::Escape(escape) if matches!(escape.last, b'D' | b'E') && is_at_end() => 1,
        Kind::Text => {
            let cols = usize::from(terminal.size().cols.max(1));
            let wrapped = (terminal.cursor().col + token.bytes.len()) / cols;
            let left = terminal.rows().len().saturating_sub(terminal.cursor().row + 1);
            if terminal.scrolls_in_part() { wrapped } else { wrapped.saturating_sub(left) }
        }
        _ => 0,
    };
    count > 0 && is_partly_new(screen, count, released)
}

/// Returns whether any of the lines in this many rows at the top of the screen contain both text
/// that has been passed on and other text.
fn is_partly_new(screen: &TracedScreen, count: usize, released: u64) -> bool {
    let (mut has_new, mut has_old) = (false, false);
    for (index, row) in screen.terminal().rows().enumerate() {
        for place in row.used_cells().iter().filter_map(Cell::place) {
            has_new |= place >= released;
            has_old |= place < released;
        }
        if has_new && has_old {
            return true;
        }
        if !row.is_wrapped() {
            if index + 1 >= count {
                break;
            }
            (has_new, has_old) = (false, false);
        }
    }
    false
}

/// Processes a token of the output as text: printed, or within a sequence.
fn take_token(
    token: &Token<'_>,
    finder: &mut Finder,
    output: &mut Line,
    sequences: &mut Sequences,
    key_block: &mut KeyBlock,
) {
    match token.kind {
        Kind::Text => {
            sequences.interrupt();
            output.push_str(&lossy(token.bytes), token.start);
        }
        Kind::Control(b'\r' | b'\n') => {
            key_block.look_at_line(&output.line, finder);
            output.end(finder, Stream::Output);
        }
        Kind::String(string) => {
            let front = string.text.as_ptr().addr() - token.bytes.as_ptr().addr();
            sequences.take(&string, token.start + front as u64, finder);
        }
        _ => {}
    }
}
