//! The lines that a terminal has shown, as plain text: what is written last on a line counts, lines
//! that were wrapped are one again, and colours are left out.
//!
//! The lines of the primary screen go out as they scroll out of reach, what is left on the screen
//! (the alternate one where that is shown) goes out at the end. So memory does not grow, and the
//! text is the same as that of asciinema 3.x, from which three rules are taken that one could also
//! choose otherwise: clearing the screen takes its lines away, a line keeps the blanks at an edge
//! where it was wrapped, and blank lines at the end are dropped as far as they are within reach.
//!
//! Most of a long recording is text that is printed at the bottom and scrolls away. Where nothing
//! but that happens, [`Flood`] keeps it as text and spares the terminal all that scroll out of
//! reach anyway; the property below holds both ways against each other.

use std::str::Chars;

use avt::parser::{AnsiMode, DecMode, EdScope, Function, State};
use avt::{Charset, Line, Observation, Observer, Parser, ScreenKind, Terminal};
use memchr::{memchr, memchr_iter};
use unicode_width::UnicodeWidthChar;

use super::{TooLarge, dimensions};
use crate::size::Size;

/// How many lines above the screen are within reach: they come back, and are wrapped anew, when the
/// size changes.
const SCROLLBACK: usize = 100;

/// A terminal whose lines are written down.
pub struct Transcript {
    parser: Parser,
    terminal: Terminal,
    modes: Modes,
    /// The text at the end that the terminal does not have yet, where it is just printed.
    flood: Option<Flood>,
    /// Whether the last line that went out goes on in the next.
    is_within_line: bool,
}

impl Transcript {
    /// The transcript of a terminal just opened. A column and a row are the least it has.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    pub fn new(size: Size) -> Result<Transcript, TooLarge> {
        let (cols, rows) = dimensions(size)?;
        // Only no column or no row is refused.
        let terminal = Terminal::with_scrollback(cols, rows, Some(SCROLLBACK)).map_err(|_| TooLarge(size))?;
        let (parser, modes) = (Parser::new(), Modes::default());
        Ok(Transcript { parser, terminal, modes, flood: None, is_within_line: false })
    }

    /// Takes the next piece of output, and appends the lines that have scrolled out of reach.
    pub fn feed(&mut self, text: &str, out: &mut Vec<u8>) {
        let mut rest = text;
        while !rest.is_empty() {
            if self.flood.is_none() && self.may_flood() {
                self.flood = Some(Flood::default());
            }
            let (cols, _) = self.terminal.size();
            let most_rows = 4 * self.rows_in_reach();
            if let Some(flood) = &mut self.flood {
                rest = flood.take(rest, cols, most_rows);
                if flood.rows >= most_rows {
                    self.spill(out);
                    continue;
                }
                if rest.is_empty() {
                    return;
                }
                self.settle(out);
            }
            let line_end = memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |at| at + 1);
            self.execute(&rest[..line_end], out);
            rest = &rest[line_end..];
        }
    }

    /// Changes the size, and appends the lines that have scrolled out of reach.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    pub fn resize(&mut self, size: Size, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let (cols, rows) = dimensions(size)?;
        self.settle(out);
        let mut writer = Writer { is_within_line: &mut self.is_within_line, out };
        self.terminal.resize_with(cols, rows, &mut writer);
        Ok(())
    }

    /// Appends what is left.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        self.settle(out);
        let mut writer = Writer { is_within_line: &mut self.is_within_line, out };
        let mut blank_lines = 0;
        for line in self.terminal.screen().all_lines() {
            // Blank lines go out once a line follows that is not.
            if !*writer.is_within_line && !line.is_wrapped() && line.text().trim_end().is_empty() {
                blank_lines += 1;
                continue;
            }
            writer.out.extend(std::iter::repeat_n(b'\n', std::mem::take(&mut blank_lines)));
            writer.line(line);
        }
        if self.is_within_line {
            out.push(b'\n');
        }
    }

    /// Gives the terminal a piece of output.
    fn execute(&mut self, text: &str, out: &mut Vec<u8>) {
        let (modes, parser) = (&mut self.modes, &mut self.parser);
        let functions = Functions { text: text.chars(), parser, modes, next: None };
        self.terminal.execute_with(functions, &mut Writer { is_within_line: &mut self.is_within_line, out });
    }

    /// How many rows above the cursor stay within reach, when it is at the bottom.
    fn rows_in_reach(&self) -> usize {
        SCROLLBACK + self.terminal.size().1 - 1
    }

    /// Whether text that is printed now appears at the bottom and moves all other text up.
    fn may_flood(&self) -> bool {
        let (_, rows) = self.terminal.size();
        let cursor = self.terminal.cursor();
        self.parser.state == State::Ground
            && (cursor.row, cursor.col) == (rows - 1, 0)
            && self.modes.are_plain()
            && self.terminal.active_screen_kind() == ScreenKind::Primary
            && self.terminal.screen().line(rows - 1).is_some_and(|line| line.text().trim_end().is_empty())
    }

    /// Writes down what a flood has moved out of reach.
    fn spill(&mut self, out: &mut Vec<u8>) {
        let reach = self.rows_in_reach();
        let Some(flood) = &mut self.flood else { return };
        let excess = flood.rows.saturating_sub(reach);
        if excess == 0 {
            return;
        }
        let mut writer = Writer { is_within_line: &mut self.is_within_line, out };
        if !flood.has_replaced_all {
            flood.has_replaced_all = true;
            // All but the one that the flood began on.
            let lines: Vec<&Line> = self.terminal.screen().all_lines().collect();
            lines.iter().rev().skip(1).rev().for_each(|line| writer.line(line));
        }
        let end = memchr_iter(b'\n', flood.text.as_bytes()).nth(excess - 1).map_or(0, |at| at + 1);
        for row in flood.text[..end].split_terminator('\n') {
            writer.row(row, !row.ends_with('\r'));
        }
        flood.text.drain(..end);
        flood.rows = reach;
    }

    /// Lets the terminal have what it was spared, because something comes that it has to see.
    fn settle(&mut self, out: &mut Vec<u8>) {
        if self.flood.as_ref().is_some_and(|flood| flood.has_replaced_all) {
            self.spill(out);
        }
        match self.flood.take() {
            // What the terminal shows has gone out; what is left of the flood just replaces it.
            Some(flood) if flood.has_replaced_all => {
                let was_within_line = self.is_within_line;
                self.execute_flood(&flood, &mut Vec::new());
                self.is_within_line = was_within_line;
            }
            Some(flood) => self.execute_flood(&flood, out),
            None => {}
        }
    }

    fn execute_flood(&mut self, flood: &Flood, out: &mut Vec<u8>) {
        for row in flood.text.split_inclusive('\n') {
            let is_line_end = row.ends_with("\r\n");
            self.execute(if is_line_end { row } else { row.trim_end_matches('\n') }, out);
        }
    }
}

/// Text printed at the bottom of a screen, in rows that move all other text up.
#[derive(Default)]
struct Flood {
    /// What is printed, without colours: CR LF ends a line, LF alone stands where one is wrapped.
    text: String,
    /// How many rows are complete.
    rows: usize,
    /// How wide the incomplete row is, in columns.
    cols: usize,
    /// Whether all that the terminal shows has been moved out of reach, and has gone out.
    has_replaced_all: bool,
}

impl Flood {
    /// Takes as much of a text as is just printed, until there are so many rows of so many columns;
    /// returns the rest.
    fn take<'a>(&mut self, text: &'a str, cols: usize, most_rows: usize) -> &'a str {
        let bytes = text.as_bytes();
        // What has been looked at, and what of that has been copied.
        let (mut at, mut copied) = (0, 0);
        let mut has_returned = self.text.ends_with('\r');
        while self.rows < most_rows
            && let Some(&byte) = bytes.get(at)
        {
            let (length, width) = match byte {
                b'\n' if has_returned => {
                    self.rows += 1;
                    self.cols = 0;
                    has_returned = false;
                    at += 1;
                    continue;
                }
                _ if has_returned => break,
                b' '..=b'~' => (1, 1),
                b'\r' => {
                    has_returned = true;
                    at += 1;
                    continue;
                }
                0x1b => {
                    let Some(length) = rendition(&bytes[at..]) else { break };
                    self.text.push_str(&text[copied..at]);
                    at += length;
                    copied = at;
                    continue;
                }
                0x80.. => {
                    let Some(character @ '\u{a0}'..) = text[at..].chars().next() else { break };
                    // A cell holds any character that is not wide, as avt has it.
                    let width = if character.width() == Some(2) { 2 } else { 1 };
                    (character.len_utf8(), width)
                }
                _ => break,
            };
            if self.cols + width > cols {
                if self.cols < cols || width > cols {
                    // A wide character that leaves a cell at the edge blank, or fits nowhere.
                    break;
                }
                self.text.push_str(&text[copied..at]);
                self.text.push('\n');
                copied = at;
                self.rows += 1;
                self.cols = 0;
            }
            self.cols += width;
            at += length;
        }
        self.text.push_str(&text[copied..at]);
        &text[at..]
    }
}

/// The length of the colours and attributes (SGR) at the front, if that is what stands there whole.
fn rendition(bytes: &[u8]) -> Option<usize> {
    let parameters = bytes.strip_prefix(b"\x1b[")?;
    let end = parameters.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';' | b':'))?;
    (parameters[end] == b'm').then_some(2 + end + 1)
}

/// What is switched that makes printing more than adding to a line, and lines more than one below
/// the other.
#[derive(Debug, Default)]
struct Modes {
    has_region: bool,
    inserts: bool,
    has_new_lines: bool,
    has_origin: bool,
    wraps_not: bool,
    has_drawing: bool,
    is_shifted: bool,
    /// A cursor has been saved with modes that come back with it.
    has_saved: bool,
}

impl Modes {
    fn are_plain(&self) -> bool {
        !(self.has_region
            || self.inserts
            || self.has_new_lines
            || self.has_origin
            || self.wraps_not
            || self.has_drawing
            || self.is_shifted)
    }

    /// Looks at the next function. Where it is not worth knowing better, a mode counts as switched.
    fn note(&mut self, function: &Function) {
        match function {
            Function::Decstbm(top, bottom) => self.has_region = (*top, *bottom) != (0, 0),
            Function::Sm(modes) => modes.as_slice().iter().for_each(|mode| self.set(*mode, true)),
            Function::Rm(modes) => modes.as_slice().iter().for_each(|mode| self.set(*mode, false)),
            Function::Decset(modes) => modes.as_slice().iter().for_each(|mode| self.set_private(*mode, true)),
            Function::Decrst(modes) => {
                modes.as_slice().iter().for_each(|mode| self.set_private(*mode, false));
            }
            Function::Decsc | Function::Scosc => self.save(),
            Function::Decrc | Function::Scorc => self.restore(),
            Function::Gzd4(charset) => self.has_drawing = *charset == Charset::Drawing,
            Function::So => self.is_shifted = true,
            Function::Si => self.is_shifted = false,
            Function::Ris => *self = Modes::default(),
            _ => {}
        }
    }

    fn set(&mut self, mode: AnsiMode, is_set: bool) {
        match mode {
            AnsiMode::Insert => self.inserts = is_set,
            AnsiMode::NewLine => self.has_new_lines = is_set,
        }
    }

    fn set_private(&mut self, mode: DecMode, is_set: bool) {
        match (mode, is_set) {
            (DecMode::Origin, _) => self.has_origin = is_set,
            (DecMode::AutoWrap, _) => self.wraps_not = !is_set,
            (DecMode::SaveCursor | DecMode::SaveCursorAltScreenBuffer, true) => self.save(),
            (DecMode::SaveCursor | DecMode::SaveCursorAltScreenBuffer, false) => self.restore(),
            (DecMode::CursorKeys | DecMode::TextCursorEnable | DecMode::AltScreenBuffer, _) => {}
        }
    }

    fn save(&mut self) {
        self.has_saved |= self.has_origin || self.wraps_not;
    }

    fn restore(&mut self) {
        self.has_origin |= self.has_saved;
        self.wraps_not |= self.has_saved;
    }
}

/// What a piece of output asks a terminal to do, as far as it matters to the text.
struct Functions<'a> {
    text: Chars<'a>,
    parser: &'a mut Parser,
    modes: &'a mut Modes,
    next: Option<Function>,
}

impl Iterator for Functions<'_> {
    type Item = Function;

    #[inline]
    fn next(&mut self) -> Option<Function> {
        if let Some(function) = self.next.take() {
            return Some(function);
        }
        loop {
            let rest = self.text.as_str();
            let character = self.text.next()?;
            if self.parser.state == State::Ground {
                if matches!(character, ' '..='~' | '\u{a0}'..) {
                    return Some(Function::Print(character));
                }
                // Colours are not text, and need not be taken apart to know that.
                if let Some(length) = rendition(rest.as_bytes()) {
                    self.text = rest[length..].chars();
                    continue;
                }
            }
            match self.parser.feed(character) {
                None | Some(Function::Sgr(_)) => {}
                // avt would move the screen to where lines are kept.
                Some(Function::Ed(EdScope::All)) => {
                    self.next = Some(Function::Ed(EdScope::Below));
                    return Some(Function::Ed(EdScope::Above));
                }
                Some(function) => {
                    self.modes.note(&function);
                    return Some(function);
                }
            }
        }
    }
}

/// Writes lines down.
struct Writer<'a> {
    is_within_line: &'a mut bool,
    out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    fn line(&mut self, line: &Line) {
        self.row(&line.text(), line.is_wrapped());
    }

    fn row(&mut self, text: &str, is_wrapped: bool) {
        *self.is_within_line = is_wrapped;
        if is_wrapped {
            self.out.extend_from_slice(text.as_bytes());
        } else {
            self.out.extend_from_slice(text.trim_end().as_bytes());
            self.out.push(b'\n');
        }
    }
}

impl Observer for Writer<'_> {
    type Output = ();

    fn evicted(&mut self, _: &mut Observation<'_>, line: &Line) {
        self.line(line);
    }

    fn end(&mut self, _: &mut Observation<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The text of a stream, and the same with every character seen by the terminal.
    fn texts(size: Size, pieces: &[String]) -> [String; 2] {
        [false, true].map(|is_slow| {
            let mut transcript = Transcript::new(size).unwrap();
            let mut out = Vec::new();
            for piece in pieces {
                match is_slow {
                    true => transcript.execute(piece, &mut out),
                    false => transcript.feed(piece, &mut out),
                }
            }
            transcript.finish(&mut out);
            String::from_utf8(out).unwrap()
        })
    }

    #[test]
    fn a_flood_gives_all_its_lines_in_order() {
        let size = Size { cols: 20, rows: 5 };
        let lines: Vec<String> =
            (0..5000).map(|number| format!("\x1b[3{}mline {number} ż", number % 8)).collect();
        let text = lines.iter().map(|line| format!("{line} \r\n")).collect::<String>();
        let expected: String = (0..5000).map(|number| format!("line {number} ż\n")).collect();
        assert_eq!(texts(size, &[text]), [expected.clone(), expected]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_short_way_gives_the_text_of_the_long_way(
            cols in 1u16..12, rows in 1u16..5,
            pieces in prop::collection::vec(
                prop_oneof![
                    2 => ("[a-z ż界\u{a0}]{0,6}", 100usize..1500).prop_map(|(line, count)| format!("{line}\r\n").repeat(count)),
                    3 => ("[a-z ]{0,3}(\x1b\\[[0-9;]{0,4}m)?[a-z界]{0,3} {0,2}\r\n", 1usize..150).prop_map(|(line, count)| line.repeat(count)),
                    2 => "[a-zż界 ]{1,40}",
                    1 => ("[a-z ]{1,40}", 1usize..30).prop_map(|(line, count)| format!("{line}\r\n").repeat(count)),
                    2 => "\x1b\\[([0-9]{0,2}(;[0-9]{1,2})?[ABCDHJKLMPSTrXm@dsu]|\\?(6|7|25|1047|1048|1049)[hl]|(4|20)[hl]|!p)",
                    1 => "\x1b([78cDEM]|[()][0B])",
                    1 => "[\r\n\t\x08\x0e\x0f]{1,3}",
                ],
                1..12,
            ),
            cut in 1usize..400,
        ) {
            let size = Size { cols, rows };
            let stream = pieces.concat();
            let characters: Vec<char> = stream.chars().collect();
            let cut: Vec<String> = characters.chunks(cut).map(|chunk| chunk.iter().collect()).collect();
            let [short, long] = texts(size, &cut);
            prop_assert_eq!(short, long);
        }
    }
}
