//! A virtual terminal: what a recording's output has made of the screen, and the bytes that bring
//! another terminal to the same state.
//!
//! The crate avt interprets the output; what it does not keep (mouse, bracketed paste, the cursor's
//! shape) [`ModeTracker`] does. A [`Transcript`], for which text alone matters, has a terminal of its
//! own that is several times as fast. Knows no casts, files or options.
//!
//! Neither avt nor the watch keeps what only looks different: shapes and colours of underlines,
//! overlines, links. A redrawn cell is without them until a program writes it again. Text that was
//! concealed (SGR 8) is drawn as blanks.

mod plain;
mod portable;
mod transcript;

use std::borrow::Cow;

use avt::ScreenKind;
use avt::parser::Function;

use crate::size::Size;
use crate::vt::ModeTracker;
use portable::{Concealer, portable};

pub use transcript::Transcript;

/// The largest terminal that is kept, in cells: 16 times a large monitor full of small letters. A
/// cast may name 65535 rows of 65535 columns, for which no machine has the memory.
pub const MOST_CELLS: usize = 1 << 20;

/// A terminal that has no window.
pub struct Screen {
    terminal: avt::Terminal,
    watch: ModeTracker,
    concealer: Concealer,
    size: Size,
    /// Whether the alternate screen has ever been shown: it has a saved cursor of its own.
    has_alternate: bool,
}

/// What a state that is to be replaced leaves in a terminal, so that it can be undone.
#[derive(Clone, Debug)]
pub struct Traces {
    drawing: String,
    size: Size,
    restoration: Vec<u8>,
    has_own_tab_stops: bool,
    has_alternate: bool,
}

/// A terminal too large to be kept: over [`MOST_CELLS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge(pub Size);

impl Screen {
    /// A terminal just opened. A column and a row are the least it has.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    pub fn new(size: Size) -> Result<Screen, TooLarge> {
        let (cols, rows) = dimensions(size)?;
        // Only no column or no row is refused.
        let terminal = avt::Terminal::new(cols, rows).map_err(|_| TooLarge(size))?;
        let (watch, concealer) = (ModeTracker::default(), Concealer::default());
        Ok(Screen { terminal, watch, concealer, size, has_alternate: false })
    }

    /// Takes the next piece of output. Sequences may go on from one piece to the next.
    pub fn feed(&mut self, text: &str) {
        self.watch.push(text.as_bytes());
        let text = self.concealer.blank(text);
        self.terminal.feed(&*with_known_alternate_screen(&text));
        self.has_alternate |= self.is_alternate();
    }

    /// Changes the size; lines are wrapped anew, as most terminals do it.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    pub fn resize(&mut self, size: Size) -> Result<(), TooLarge> {
        let (cols, rows) = dimensions(size)?;
        let (old_cols, _) = self.terminal.size();
        self.approach(cols, rows);
        self.terminal.resize(cols, rows);
        if cols > old_cols && old_cols % 8 == 0 {
            // avt forgets the stop at what was the edge.
            let column = |column: usize| Function::Cha(u16::try_from(column + 1).unwrap_or(u16::MAX));
            let back = column(self.terminal.cursor().col);
            self.terminal.execute([column(old_cols), Function::Hts, back]);
        }
        self.size = size;
        Ok(())
    }

    /// Brings the terminal near a size, where one step to it would take too much memory: avt makes
    /// all rows wider before it takes any away, and of a row that it wraps keeps for each piece as
    /// much as for all that follows it.
    fn approach(&mut self, cols: usize, rows: usize) {
        const MOST: usize = 4 * MOST_CELLS;
        let (mut old_cols, mut old_rows) = self.terminal.size();
        if cols * old_rows > MOST {
            old_rows = rows;
            self.terminal.resize(old_cols, old_rows);
        }
        while old_cols / cols * old_cols * old_rows / 2 > MOST {
            old_cols = (old_cols / 2).max(cols);
            self.terminal.resize(old_cols, old_rows);
        }
    }

    /// The size in cells, as it was last asked for.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Whether the alternate screen is shown, the one of editors and pagers.
    pub fn is_alternate(&self) -> bool {
        self.terminal.active_screen_kind() == ScreenKind::Alternate
    }

    /// The lines on the screen from top to bottom, one for each row, without blanks at their ends.
    pub fn text(&self) -> Vec<String> {
        let line = |line: &avt::Line| line.text().trim_end().to_string();
        self.terminal.screen().visible_lines().map(line).collect()
    }

    /// What this state would leave in a terminal that is to show another.
    pub fn traces(&self) -> Traces {
        Traces {
            drawing: self.drawing(),
            size: self.size,
            restoration: self.watch.reset_sequence(),
            has_own_tab_stops: portable::sets_tab_stops(&self.terminal.dump()),
            has_alternate: self.has_alternate,
        }
    }

    /// The bytes that bring a terminal just opened, of this size, to this state: every cell of both
    /// screens, cursor, pen, modes, scroll region, tab stops, charsets, and the beginning of a
    /// sequence that goes on in the next piece of output.
    pub fn drawing(&self) -> String {
        let (mut drawing, unfinished) = portable(&self.terminal.dump());
        if self.is_alternate() && self.watch.is_switched(1049) {
            drawing = portable::save_cursor_with_screen(drawing);
        }
        drawing.push_str(&String::from_utf8_lossy(&self.watch.settings()));
        drawing.push_str(self.concealer.setting());
        drawing.push_str(&unfinished);
        drawing
    }

    /// The bytes that bring a terminal of this size to this state which is in the state of which
    /// these are the traces. `None` where the two are the same.
    pub fn drawing_over(&self, traces: &Traces) -> Option<String> {
        // From another screen, region or mode (DECSTR and what not every terminal takes that for),
        // home; the saved cursor, too.
        const RESET: &str = "\x1b[!p\x1b[4;20l\x1b[?7h\x1b(B\x1b)B\x0f\x1b[0m\x1b[H\x1b7\x1b[J";
        let state = self.drawing();
        if self.size == traces.size && state == traces.drawing {
            return None;
        }
        let mut drawing = String::from_utf8_lossy(&traces.restoration).into_owned();
        if traces.has_alternate {
            // Its cursor is saved apart.
            drawing.push_str("\x1b[?1047h\x1b[!p\x1b[H\x1b7\x1b[?1047l");
        }
        drawing.push_str(RESET);
        if traces.has_own_tab_stops {
            drawing.push_str("\x1b[3g");
            for stop in (8..self.size.cols).step_by(8) {
                drawing.push_str(&format!("\x1b[{}G\x1bH", stop + 1));
            }
            drawing.push('\r');
        }
        drawing.push_str(&state);
        Some(drawing)
    }
}

/// Columns and rows as avt wants them.
fn dimensions(size: Size) -> Result<(usize, usize), TooLarge> {
    let (cols, rows) = (usize::from(size.cols.max(1)), usize::from(size.rows.max(1)));
    if cols * rows > MOST_CELLS { Err(TooLarge(size)) } else { Ok((cols, rows)) }
}

/// The text with the oldest name of the alternate screen, mode 47, replaced by one that avt knows.
fn with_known_alternate_screen(text: &str) -> Cow<'_, str> {
    if memchr::memmem::find(text.as_bytes(), b"\x1b[?47").is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\x1b[?47h", "\x1b[?1047h").replace("\x1b[?47l", "\x1b[?1047l"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn screen(size: Size) -> Screen {
        Screen::new(size).unwrap()
    }

    /// Everything that tells one state from another.
    fn state(screen: &Screen) -> impl PartialEq + std::fmt::Debug {
        let cursor = screen.terminal.cursor();
        (
            screen.size(),
            screen.terminal.dump(),
            screen.text(),
            (cursor.row, cursor.col, cursor.visible),
            screen.watch.settings(),
            screen.concealer.setting(),
        )
    }

    /// Output of the kind that changes states, in pieces that may end within a sequence.
    fn output() -> impl Strategy<Value = Vec<String>> {
        let piece = prop_oneof![
            "[ -~]{1,12}",
            "[a-zż界😀e\u{301}]{1,8}",
            "\x1b\\[[0-9]{0,2}(;[0-9]{1,2})?[A-HJ-MPSTX@`abdefghlmnrsu]",
            "\x1b\\[(0|1|2|3|4|5|7|8|9|2[1-9]|3[0-9]|4[0-9]|9[0-7]|10[0-7]|38;5;[0-9]{1,3}|48;2;1;[0-9]{1,2};3)(;(1|4|7|31|44|8|28))?m",
            "\x1b\\[\\?(1|5|6|7|9|25|47|66|1000|1002|1003|1004|1005|1006|1015|1047|1048|1049|2004)[hl]",
            "\x1b\\[(4|20)[hl]",
            "\x1b\\[[1-6];[3-9]r",
            "\x1b[78=>cDEHM]",
            "\x1b[()][0B]",
            "\x1b\\[[0-6] q",
            "[\r\n\t\x08\x0e\x0f]{1,4}",
            "\x1b\\[(!p|3g|g|5W|0W|2W|3b|2Z|4I)",
            "\x1b[#]8",
            "\x1b\\]0;title\x07",
            "\x1b\\[[0-9;?]{0,4}",
            "\x1b[\\](P]?[0-9]{0,2}",
        ];
        prop::collection::vec(piece, 0..24)
    }

    fn size() -> impl Strategy<Value = Size> {
        (1u16..14, 1u16..9).prop_map(|(cols, rows)| Size { cols, rows })
    }

    #[test]
    fn the_alternate_screen_is_entered_by_the_mode_that_it_will_be_left_by() {
        let mut original = screen(Size { cols: 10, rows: 3 });
        original.feed("\r\n$ \x1b[?1049heditor");
        assert!(original.drawing().contains("\x1b[2;3H\x1b[0m\x1b8\x1b[?1049h"), "{:?}", original.drawing());
        original.feed("\x1b[?1049l\x1b[H\x1b[?1047h");
        assert!(!original.drawing().contains("1049"), "{:?}", original.drawing());
    }

    #[test]
    fn a_terminal_that_has_become_wider_has_the_tab_stops_of_one_that_always_was() {
        for (before, after) in [(80, 100), (81, 100), (8, 9), (7, 24)] {
            let mut resized = screen(Size { cols: before, rows: 3 });
            resized.feed("ab");
            resized.resize(Size { cols: after, rows: 3 }).unwrap();
            let mut other = screen(Size { cols: after, rows: 3 });
            other.feed("ab");
            assert_eq!(resized.drawing(), other.drawing(), "{before} to {after}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_drawing_brings_a_fresh_terminal_to_the_same_state(size in size(), output in output()) {
            let mut original = screen(size);
            output.iter().for_each(|piece| original.feed(piece));
            let mut copy = screen(size);
            copy.feed(&original.drawing());
            prop_assert_eq!(state(&copy), state(&original));
        }

        #[test]
        fn a_drawing_over_brings_any_terminal_to_the_same_state(size in size(), before in output(), output in output()) {
            let mut original = screen(size);
            let mut copy = screen(size);
            for piece in &before {
                original.feed(piece);
                copy.feed(piece);
            }
            let traces = original.traces();
            output.iter().for_each(|piece| original.feed(piece));
            copy.feed(&original.drawing_over(&traces).unwrap_or_default());
            prop_assert_eq!(state(&copy), state(&original));
        }
    }
}
