//! The lines that a terminal has shown, as plain text: what is written last on a line counts, lines
//! that were wrapped are one again, and colours are left out.
//!
//! The lines of the primary screen go out as they scroll out of reach, what is left on the screen
//! (the alternate one where that is shown) goes out at the end. So memory does not grow, and the
//! text is the same as that of asciinema 3.x, from which three rules are taken that one could also
//! choose otherwise: clearing the screen takes its lines away, a line keeps the blanks at an edge
//! where it was wrapped, and blank lines at the end are dropped as far as they are within reach.

use avt::Parser;
use avt::parser::State;

use super::plain::{PlainTerminal, Row};
use super::{TooLarge, dimensions};
use crate::size::Size;

/// How many lines above the screen are within reach: they come back, and are wrapped anew, when the
/// size changes.
const SCROLLBACK: usize = 100;

/// A terminal whose lines are written down.
pub struct Transcript {
    parser: Parser,
    terminal: PlainTerminal,
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
        let terminal = PlainTerminal::new(cols, rows, SCROLLBACK);
        Ok(Transcript { parser: Parser::new(), terminal, is_within_line: false })
    }

    /// Takes the next piece of output, and appends the lines that have scrolled out of reach.
    pub fn feed(&mut self, text: &str, out: &mut Vec<u8>) {
        let Transcript { parser, terminal, is_within_line } = self;
        let evicted = &mut |row: &Row| *is_within_line = write_row(row, out);
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let mut length = character.len_utf8();
            let is_text = parser.state == State::Ground;
            if is_text && matches!(character, ' '..='~') {
                let is_printable = |byte: &u8| matches!(byte, b' '..=b'~');
                length = rest.bytes().position(|byte| !is_printable(&byte)).unwrap_or(rest.len());
                terminal.print_ascii(&rest.as_bytes()[..length], evicted);
            } else if is_text && character >= '\u{a0}' {
                terminal.print(character, evicted);
            } else if is_text && let Some(sequence_length) = terminal.take_rendition(rest) {
                length = sequence_length;
            } else if let Some(function) = parser.feed(character) {
                terminal.execute(&function, evicted);
            }
            rest = &rest[length..];
        }
    }

    /// Changes the size, and appends the lines that have scrolled out of reach.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    pub fn resize(&mut self, size: Size, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let (cols, rows) = dimensions(size)?;
        self.terminal.resize(cols, rows, &mut |row| self.is_within_line = write_row(row, out));
        Ok(())
    }

    /// Appends what is left.
    pub fn finish(self, out: &mut Vec<u8>) {
        let mut is_within_line = self.is_within_line;
        let mut blank_lines = 0;
        for row in self.terminal.all_rows() {
            // Blank lines go out once a line follows that is not.
            if !is_within_line && !row.is_wrapped && row.is_empty() {
                blank_lines += 1;
                continue;
            }
            out.extend(std::iter::repeat_n(b'\n', std::mem::take(&mut blank_lines)));
            is_within_line = write_row(row, out);
        }
        if is_within_line {
            out.push(b'\n');
        }
    }
}

/// Writes a row down; returns whether the line goes on in the next.
fn write_row(row: &Row, out: &mut Vec<u8>) -> bool {
    row.write_to(out);
    if !row.is_wrapped {
        out.push(b'\n');
    }
    row.is_wrapped
}

#[cfg(test)]
mod tests {
    use super::super::plain::tests::output;
    use super::*;
    use avt::parser::{EdScope, Function};
    use avt::{Line, Observation, Observer, Terminal};
    use proptest::prelude::*;

    /// What happens to a terminal.
    #[derive(Clone, Debug)]
    enum Happening {
        Output(String),
        Resize(Size),
    }

    fn text(size: Size, happenings: &[Happening]) -> String {
        let mut transcript = Transcript::new(size).unwrap();
        let mut out = Vec::new();
        for happening in happenings {
            match happening {
                Happening::Output(text) => transcript.feed(text, &mut out),
                Happening::Resize(size) => transcript.resize(*size, &mut out).unwrap(),
            }
        }
        transcript.finish(&mut out);
        String::from_utf8(out).unwrap()
    }

    /// The same as [`text`] from the terminal of avt, colours and all.
    fn text_of_avt(size: Size, happenings: &[Happening]) -> String {
        #[derive(Default)]
        struct Lines {
            text: String,
            is_within_line: bool,
        }

        impl Lines {
            fn push(&mut self, line: &Line) {
                self.is_within_line = line.is_wrapped();
                match line.is_wrapped() {
                    true => self.text.push_str(&line.text()),
                    false => self.text.extend([line.text().trim_end(), "\n"]),
                }
            }
        }

        impl Observer for Lines {
            type Output = ();

            fn evicted(&mut self, _: &mut Observation<'_>, line: &Line) {
                self.push(line);
            }

            fn end(&mut self, _: &mut Observation<'_>) {}
        }

        let (cols, rows) = dimensions(size).unwrap();
        let mut terminal = Terminal::with_scrollback(cols, rows, Some(SCROLLBACK)).unwrap();
        let mut parser = Parser::new();
        let mut lines = Lines::default();
        for happening in happenings {
            match happening {
                Happening::Output(text) => {
                    for function in text.chars().filter_map(|character| parser.feed(character)) {
                        // avt would move the screen to where lines are kept, asciinema 3.x does not.
                        let functions = match function {
                            Function::Ed(EdScope::All) => {
                                vec![Function::Ed(EdScope::Above), Function::Ed(EdScope::Below)]
                            }
                            function => vec![function],
                        };
                        terminal.execute_with(functions, &mut lines);
                    }
                }
                Happening::Resize(size) => {
                    let (cols, rows) = dimensions(*size).unwrap();
                    terminal.resize_with(cols, rows, &mut lines);
                }
            }
        }
        let mut blank_lines = 0;
        for line in terminal.screen().all_lines() {
            if !lines.is_within_line && !line.is_wrapped() && line.text().trim_end().is_empty() {
                blank_lines += 1;
                continue;
            }
            lines.text.push_str(&"\n".repeat(std::mem::take(&mut blank_lines)));
            lines.push(line);
        }
        if lines.is_within_line {
            lines.text.push('\n');
        }
        lines.text
    }

    #[test]
    fn a_flood_gives_all_its_lines_in_order() {
        let size = Size { cols: 20, rows: 5 };
        let lines: Vec<String> =
            (0..5000).map(|number| format!("\x1b[3{}mline {number} ż", number % 8)).collect();
        let flood = lines.iter().map(|line| format!("{line} \r\n")).collect::<String>();
        let expected: String = (0..5000).map(|number| format!("line {number} ż\n")).collect();
        assert_eq!(text(size, &[Happening::Output(flood)]), expected);
    }

    fn happenings() -> impl Strategy<Value = Vec<Happening>> {
        let flood =
            ("[a-z ż界]{0,20}", 1usize..150).prop_map(|(line, count)| format!("{line}\r\n").repeat(count));
        let happening = prop_oneof![
            10 => output().prop_map(Happening::Output),
            2 => flood.prop_map(Happening::Output),
            1 => size().prop_map(Happening::Resize),
        ];
        prop::collection::vec(happening, 1..40)
    }

    fn size() -> impl Strategy<Value = Size> {
        (1u16..14, 1u16..7).prop_map(|(cols, rows)| Size { cols, rows })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_text_is_that_of_a_terminal_with_colours(size in size(), happenings in happenings()) {
            prop_assert_eq!(text(size, &happenings), text_of_avt(size, &happenings));
        }
    }
}
