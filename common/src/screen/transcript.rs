//! The lines that a terminal has shown, as plain text: the last text written on a line counts,
//! wrapped lines are joined, and colours are dropped.
//!
//! Lines of the primary screen are written as they scroll out of reach, the rest of the screen (the
//! alternate one if shown) at the end. So memory is bounded, and the text is the same as that of
//! asciinema 3.x, whose rules it follows where there is a choice: clearing the screen removes its
//! lines, a line keeps the blanks at an edge where it wrapped, and blank lines at the end are
//! dropped if they are within reach.

use super::row::Row;
use super::terminal::State;
use super::{TextCell, TooLarge, dimensions};
use crate::size::Size;
use crate::vt::{Kind, Tokenizer};

/// The number of lines kept above the screen: they return, and are rewrapped, when the size
/// changes.
const SCROLLBACK: usize = 100;

/// A terminal whose lines are written as text.
pub struct Transcript {
    tokenizer: Tokenizer,
    terminal: State<TextCell>,
    /// True if the last line written continues in the next one.
    is_within_line: bool,
}

impl Transcript {
    /// The transcript of a new terminal of at least one column and row.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    pub fn new(size: Size) -> Result<Transcript, TooLarge> {
        let (cols, rows) = dimensions(size)?;
        let terminal = State::new(size, cols, rows, SCROLLBACK);
        Ok(Transcript { tokenizer: Tokenizer::default(), terminal, is_within_line: false })
    }

    /// Feeds the next piece of output, and appends the lines that have scrolled out of reach.
    pub fn feed(&mut self, text: &str, out: &mut Vec<u8>) {
        self.feed_bytes(text.as_bytes(), out);
    }

    /// Like [`Transcript::feed`], for bytes. Invalid UTF-8 becomes U+FFFD.
    pub fn feed_bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let Transcript { tokenizer, terminal, is_within_line } = self;
        let evicted = &mut |row: &Row<TextCell>| *is_within_line = write_row(row, out);
        let mut tokens = tokenizer.tokens(bytes);
        while let Some(token) = tokens.next() {
            // Lines that have been shown stay in the transcript, whether or not the scrollback
            // keeps them.
            let erases_scrollback =
                matches!(token.kind, Kind::Csi(csi) if csi.function() == (0, 0, b'J') && csi.value(0) == 3);
            if !erases_scrollback {
                terminal.execute(&token, evicted);
            }
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

    /// Appends the rest of the lines.
    pub fn finish(self, out: &mut Vec<u8>) {
        let mut is_within_line = self.is_within_line;
        let mut blank_lines = 0;
        let grid = &self.terminal.grid;
        for row in grid.scrollback.iter().chain(&grid.rows) {
            // Blank lines are written once a non-blank line follows.
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

/// Writes a row; returns whether the line continues in the next.
fn write_row(row: &Row<TextCell>, out: &mut Vec<u8>) -> bool {
    row.write_to(out);
    if !row.is_wrapped {
        out.push(b'\n');
    }
    row.is_wrapped
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Step, agreed, size, steps, take_steps};
    use super::*;
    use avt::{Line, Observation, Observer, Terminal};
    use proptest::prelude::*;

    fn text(size: Size, steps: &[Step]) -> String {
        let mut transcript = Transcript::new(size).unwrap();
        let mut out = Vec::new();
        for step in steps {
            match step {
                Step::Output(text) => transcript.feed(text, &mut out),
                Step::Resize(size) => transcript.resize(*size, &mut out).unwrap(),
            }
        }
        transcript.finish(&mut out);
        String::from_utf8(out).unwrap()
    }

    /// The same as [`text`], from avt's terminal.
    fn text_of_avt(size: Size, steps: &[Step]) -> String {
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
        let mut lines = Lines::default();
        take_steps(&mut terminal, steps, &mut lines);
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
    fn all_lines_of_a_flood_are_written_in_order() {
        let size = Size { cols: 20, rows: 5 };
        let lines: Vec<String> =
            (0..5000).map(|number| format!("\x1b[3{}mline {number} ż", number % 8)).collect();
        let flood = lines.iter().map(|line| format!("{line} \r\n")).collect::<String>();
        let expected: String = (0..5000).map(|number| format!("line {number} ż\n")).collect();
        assert_eq!(text(size, &[Step::Output(flood)]), expected);
    }

    #[test]
    fn lines_erased_from_the_scrollback_stay_in_the_text() {
        let output = Step::Output(format!("{}\x1b[3J", "line\r\n".repeat(20)));
        assert_eq!(text(Size { cols: 20, rows: 5 }, &[output]), "line\n".repeat(20));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_text_matches_avt(size in size(), steps in steps(true)) {
            let steps = agreed(size, SCROLLBACK, steps);
            prop_assert_eq!(text(size, &steps), text_of_avt(size, &steps));
        }
    }
}
