//! A terminal that keeps text alone: what a transcript needs, several times as fast as one that
//! keeps the colours of each cell.
//!
//! It does with every function what avt's terminal does, cell by cell, and a property below holds
//! the two together. So the rules, also the odd ones, are those of asciinema 3.x.

mod buffer;
mod pen;
mod row;

use std::ops::Range;

use avt::Charset;
use avt::parser::{AnsiMode, CtcOp, DecMode, EdScope, ElScope, Function, TbcScope};
use unicode_width::UnicodeWidthChar;

use buffer::Buffer;
use pen::Pen;
use row::{Cell, Paint};

pub use row::Row;

/// The terminal. Columns and rows count from 0; a cursor in the column after the last one wraps
/// before the next character.
pub struct PlainTerminal {
    cols: usize,
    rows: usize,
    primary: Buffer,
    alternate: Buffer,
    is_alternate: bool,
    cursor: Position,
    /// Where the cursor was on the primary screen, while the alternate one is shown.
    primary_cursor: Position,
    /// What DECSC saved on the primary screen and on the alternate one.
    saved: [SavedCursor; 2],
    pen: Pen,
    charsets: [Charset; 2],
    active_charset: usize,
    /// The columns of the tab stops, in order.
    tab_stops: Vec<usize>,
    inserts: bool,
    has_origin: bool,
    wraps: bool,
    has_new_lines: bool,
    /// The rows that scroll.
    region: Range<usize>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Position {
    col: usize,
    row: usize,
}

#[derive(Clone, Copy)]
struct SavedCursor {
    position: Position,
    pen: Pen,
    has_origin: bool,
    wraps: bool,
}

impl Default for SavedCursor {
    fn default() -> SavedCursor {
        SavedCursor { position: Position::default(), pen: Pen::default(), has_origin: false, wraps: true }
    }
}

impl PlainTerminal {
    /// A terminal just opened, of at least a column and a row, that keeps so many rows above the
    /// screen.
    pub fn new(cols: usize, rows: usize, scrollback: usize) -> PlainTerminal {
        PlainTerminal {
            cols,
            rows,
            primary: Buffer::new(cols, rows, scrollback, Paint::NONE),
            alternate: Buffer::new(cols, rows, 0, Paint::NONE),
            is_alternate: false,
            cursor: Position::default(),
            primary_cursor: Position::default(),
            saved: [SavedCursor::default(); 2],
            pen: Pen::default(),
            charsets: [Charset::Ascii; 2],
            active_charset: 0,
            tab_stops: (8..cols).step_by(8).collect(),
            inserts: false,
            has_origin: false,
            wraps: true,
            has_new_lines: false,
            region: 0..rows,
        }
    }

    /// The rows of the screen that is shown, the primary one's scrollback before them.
    pub fn all_rows(&self) -> impl Iterator<Item = &Row> {
        self.shown().rows.iter()
    }

    /// Prints characters from blank to tilde. `evicted` gets the rows that go out of reach.
    pub fn print_ascii(&mut self, text: &[u8], evicted: &mut impl FnMut(&Row)) {
        if self.inserts || !self.wraps || self.charsets[self.active_charset] != Charset::Ascii {
            text.iter().for_each(|byte| self.print(char::from(*byte), evicted));
            return;
        }
        let mut rest = text;
        while !rest.is_empty() {
            if self.cursor.col == self.cols {
                self.wrap(evicted);
            }
            let (fitting, following) = rest.split_at(rest.len().min(self.cols - self.cursor.col));
            let Position { col, row } = self.cursor;
            let paint = self.pen.paint();
            self.shown_mut().row_mut(row).print_ascii(col, fitting, paint);
            self.cursor.col += fitting.len();
            rest = following;
        }
    }

    /// Prints a character. `evicted` gets the rows that go out of reach.
    pub fn print(&mut self, character: char, evicted: &mut impl FnMut(&Row)) {
        let character = self.charsets[self.active_charset].translate(character);
        // A cell holds any character that is not wide.
        let width = if character > '~' && character.width() == Some(2) { 2 } else { 1 };
        let fits = self.cursor.col + width <= self.cols;
        if self.inserts && self.cursor.col < self.cols {
            self.edit_row(|row, col, paint| row.insert_blanks(col, usize::from(fits), paint));
        }
        if !fits {
            match self.wraps {
                true => self.wrap(evicted),
                false => self.cursor.col = self.cols.saturating_sub(width),
            }
            if width > self.cols {
                return;
            }
        }
        self.edit_row(|row, col, paint| row.print(col, character, width, paint));
        self.cursor.col += width;
        if !self.wraps {
            self.cursor.col = self.cursor.col.min(self.cols - 1);
        }
    }

    /// Does anything else. `evicted` gets the rows that go out of reach.
    pub fn execute(&mut self, function: &Function, evicted: &mut impl FnMut(&Row)) {
        match *function {
            Function::Print(character) => self.print(character, evicted),
            Function::Bs => self.move_left(1),
            Function::Ht => self.move_to_next_tab(1),
            Function::Lf => self.line_feed(evicted),
            Function::Cr => self.cursor.col = 0,
            Function::Nel => {
                self.index(evicted);
                self.cursor.col = 0;
            }
            Function::Ri => self.reverse_index(),
            Function::So => self.active_charset = 1,
            Function::Si => self.active_charset = 0,
            Function::Gzd4(charset) => self.charsets[0] = charset,
            Function::G1d4(charset) => self.charsets[1] = charset,

            Function::Cuu(count) => self.move_up(or_one(count)),
            Function::Cud(count) | Function::Vpr(count) => self.move_down(or_one(count)),
            Function::Cuf(count) => self.move_to_col(self.cursor.col + or_one(count)),
            Function::Cub(count) => self.move_left(or_one(count)),
            Function::Cnl(count) => {
                self.move_down(or_one(count));
                self.cursor.col = 0;
            }
            Function::Cpl(count) => {
                self.move_up(or_one(count));
                self.cursor.col = 0;
            }
            Function::Cha(col) => self.move_to_col(or_one(col) - 1),
            Function::Vpa(row) => self.move_to_row(or_one(row) - 1),
            Function::Cup(row, col) => {
                self.move_to_col(or_one(col) - 1);
                self.move_to_row(or_one(row) - 1);
            }
            Function::Cht(count) => self.move_to_next_tab(or_one(count)),
            Function::Cbt(count) => self.move_to_previous_tab(or_one(count)),
            Function::Hts | Function::Ctc(CtcOp::Set) => self.set_tab(),
            Function::Ctc(CtcOp::ClearCurrentColumn) | Function::Tbc(TbcScope::CurrentColumn) => {
                self.tab_stops.retain(|stop| *stop != self.cursor.col);
            }
            Function::Ctc(CtcOp::ClearAll) | Function::Tbc(TbcScope::All) => self.tab_stops.clear(),

            Function::Ed(ref scope) => self.erase_in_display(scope),
            Function::El(ref scope) => self.erase_in_line(scope),
            Function::Ech(count) => self.erase_characters(or_one(count)),
            Function::Ich(count) => self.insert_characters(or_one(count)),
            Function::Dch(count) => self.delete_characters(or_one(count)),
            Function::Rep(count) => self.repeat(or_one(count), evicted),
            Function::Decaln => self.fill_with_pattern(),

            Function::Il(count) => self.insert_lines(or_one(count)),
            Function::Dl(count) => self.scroll_up(self.lines_below(), or_one(count), evicted),
            Function::Su(count) => self.scroll_up(self.region.clone(), or_one(count), evicted),
            Function::Sd(count) => self.scroll_down(self.region.clone(), or_one(count)),
            Function::Decstbm(top, bottom) => self.set_region(top, bottom),

            Function::Sgr(ref operations) => {
                operations.as_slice().iter().for_each(|operation| self.pen.apply(operation));
            }
            Function::Sm(ref modes) => modes.as_slice().iter().for_each(|mode| self.set_mode(*mode, true)),
            Function::Rm(ref modes) => modes.as_slice().iter().for_each(|mode| self.set_mode(*mode, false)),
            Function::Decset(ref modes) => {
                modes.as_slice().iter().for_each(|mode| self.set_private_mode(*mode, true));
            }
            Function::Decrst(ref modes) => {
                modes.as_slice().iter().for_each(|mode| self.set_private_mode(*mode, false));
            }
            Function::Decsc | Function::Scosc => self.save_cursor(),
            Function::Decrc | Function::Scorc => self.restore_cursor(),
            Function::Decstr => self.reset_softly(),
            Function::Ris => *self = PlainTerminal::new(self.cols, self.rows, self.primary.scrollback),

            Function::Osc(_) | Function::Xtwinops(_) => {}
        }
    }

    /// Takes the colours and attributes at the front of a text, if a whole sequence of the usual
    /// kind stands there; returns its length. This is what [`Function::Sgr`] would do, sooner.
    pub fn take_rendition(&mut self, text: &str) -> Option<usize> {
        let parameters = text.as_bytes().strip_prefix(b"\x1b[")?;
        let length = parameters.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';'))?;
        let (parameters, rest) = parameters.split_at(length);
        if rest[0] != b'm' {
            return None;
        }
        self.pen.take(parameters)?;
        Some(2 + length + 1)
    }

    /// Changes the size, to at least a column and a row. The lines of the primary screen are
    /// wrapped anew, those of the alternate one are cut off.
    pub fn resize(&mut self, cols: usize, rows: usize, evicted: &mut impl FnMut(&Row)) {
        if (cols, rows) == (self.cols, self.rows) {
            return;
        }
        self.tab_stops.retain(|stop| *stop < cols);
        self.tab_stops.extend((self.cols - self.cols % 8 + 8..cols).step_by(8));
        if rows != self.rows {
            self.region = 0..rows;
        }
        if self.is_alternate {
            self.primary_cursor = self.primary.resize(cols, rows, self.primary_cursor, true, evicted);
            self.cursor = self.alternate.resize(cols, rows, self.cursor, false, &mut |_| {});
        } else {
            self.cursor = self.primary.resize(cols, rows, self.cursor, true, evicted);
        }
        for saved in &mut self.saved {
            saved.position.col = saved.position.col.min(cols - 1);
            saved.position.row = saved.position.row.min(rows - 1);
        }
        (self.cols, self.rows) = (cols, rows);
    }

    fn shown(&self) -> &Buffer {
        if self.is_alternate { &self.alternate } else { &self.primary }
    }

    fn shown_mut(&mut self) -> &mut Buffer {
        if self.is_alternate { &mut self.alternate } else { &mut self.primary }
    }

    /// Changes the row that the cursor is in, at its column.
    fn edit_row(&mut self, edit: impl FnOnce(&mut Row, usize, Paint)) {
        let Position { col, row } = self.cursor;
        let paint = self.pen.paint();
        edit(self.shown_mut().row_mut(row), col, paint);
    }

    /// Goes to the beginning of the row in which the line goes on.
    fn wrap(&mut self, evicted: &mut impl FnMut(&Row)) {
        let row = self.cursor.row;
        if row + 1 == self.region.end {
            self.shown_mut().row_mut(row).is_wrapped = true;
            let (region, paint) = (self.region.clone(), self.pen.paint());
            self.shown_mut().scroll_up(region, 1, paint);
            self.evict(evicted);
        } else if row + 1 < self.rows {
            self.shown_mut().row_mut(row).is_wrapped = true;
            self.cursor.row += 1;
        }
        self.cursor.col = 0;
    }

    fn move_to_col(&mut self, col: usize) {
        self.cursor.col = col.min(self.cols - 1);
    }

    /// Moves to a row as a program counts them: from the top of the region in origin mode.
    fn move_to_row(&mut self, row: usize) {
        let reach = if self.has_origin { self.region.clone() } else { 0..self.rows };
        self.move_to(reach.start + row.min(reach.len() - 1));
    }

    fn move_to(&mut self, row: usize) {
        self.cursor.row = row;
        self.cursor.col = self.cursor.col.min(self.cols - 1);
    }

    fn move_left(&mut self, count: usize) {
        self.cursor.col = self.cursor.col.min(self.cols - 1).saturating_sub(count);
    }

    fn move_up(&mut self, count: usize) {
        let top = if self.cursor.row < self.region.start { 0 } else { self.region.start };
        self.move_to(self.cursor.row.saturating_sub(count).max(top));
    }

    fn move_down(&mut self, count: usize) {
        let end = if self.cursor.row >= self.region.end { self.rows } else { self.region.end };
        self.move_to((self.cursor.row + count).min(end - 1));
    }

    fn index(&mut self, evicted: &mut impl FnMut(&Row)) {
        if self.cursor.row + 1 == self.region.end {
            self.scroll_up(self.region.clone(), 1, evicted);
        } else if self.cursor.row + 1 < self.rows {
            self.move_to(self.cursor.row + 1);
        }
    }

    fn line_feed(&mut self, evicted: &mut impl FnMut(&Row)) {
        self.index(evicted);
        if self.has_new_lines {
            self.cursor.col = 0;
        }
    }

    fn reverse_index(&mut self) {
        if self.cursor.row == self.region.start {
            self.scroll_down(self.region.clone(), 1);
        } else if self.cursor.row > 0 {
            self.move_to_row(self.cursor.row - 1);
        }
    }

    fn move_to_next_tab(&mut self, count: usize) {
        let mut stops = self.tab_stops.iter().filter(|stop| **stop > self.cursor.col);
        let stop = stops.nth(count - 1).copied();
        self.move_to_col(stop.unwrap_or(self.cols - 1));
    }

    fn move_to_previous_tab(&mut self, count: usize) {
        let mut stops = self.tab_stops.iter().rev().filter(|stop| **stop < self.cursor.col);
        let stop = stops.nth(count - 1).copied();
        self.move_to_col(stop.unwrap_or(0));
    }

    fn set_tab(&mut self) {
        let col = self.cursor.col;
        if col < self.cols
            && let Err(index) = self.tab_stops.binary_search(&col)
        {
            self.tab_stops.insert(index, col);
        }
    }

    fn erase_in_display(&mut self, scope: &EdScope) {
        let (row, rows, paint) = (self.cursor.row, self.rows, self.pen.paint());
        match scope {
            EdScope::Below => {
                self.erase_in_line(&ElScope::ToRight);
                self.shown_mut().reset(row + 1..rows, paint);
            }
            EdScope::Above => {
                self.erase_in_line(&ElScope::ToLeft);
                self.shown_mut().reset(0..row, paint);
            }
            EdScope::All => self.shown_mut().reset(0..rows, paint),
            EdScope::SavedLines => {}
        }
    }

    fn erase_in_line(&mut self, scope: &ElScope) {
        let cols = self.cols;
        self.edit_row(|row, col, paint| match scope {
            ElScope::ToRight => {
                row.clear(col..cols, paint);
                row.is_wrapped = false;
            }
            ElScope::ToLeft => row.clear(0..(col + 1).min(cols), paint),
            ElScope::All => row.reset(cols, paint),
        });
    }

    fn erase_characters(&mut self, count: usize) {
        let cols = self.cols;
        self.edit_row(|row, col, paint| {
            let end = (col + count).min(cols);
            row.clear(col..end, paint);
            row.is_wrapped &= end < cols;
        });
    }

    fn insert_characters(&mut self, count: usize) {
        let cols = self.cols;
        self.move_to_col(self.cursor.col);
        self.edit_row(|row, col, paint| row.insert_blanks(col, count.min(cols - col), paint));
    }

    fn delete_characters(&mut self, count: usize) {
        let cols = self.cols;
        self.move_to_col(self.cursor.col);
        self.edit_row(|row, col, paint| {
            row.delete(col, count.min(cols - col), paint);
            row.is_wrapped = false;
        });
    }

    /// Prints the character before the cursor again.
    fn repeat(&mut self, count: usize, evicted: &mut impl FnMut(&Row)) {
        let Some(before) = self.cursor.col.checked_sub(1) else { return };
        let cells = self.shown().row(self.cursor.row).cells();
        let is_wide = before > 0 && cells[before].is_right_half();
        let character = cells[before - usize::from(is_wide)].character();
        (0..count).for_each(|_| self.print(character, evicted));
    }

    fn fill_with_pattern(&mut self) {
        for row in 0..self.rows {
            self.shown_mut().row_mut(row).fill(Cell::new('E', Paint::NONE));
        }
    }

    /// The rows from the cursor to the end of the region, or of the screen where it is below that.
    fn lines_below(&self) -> Range<usize> {
        let row = self.cursor.row;
        row..if row < self.region.end { self.region.end } else { self.rows }
    }

    fn insert_lines(&mut self, count: usize) {
        self.scroll_down(self.lines_below(), count);
    }

    fn scroll_up(&mut self, rows: Range<usize>, count: usize, evicted: &mut impl FnMut(&Row)) {
        let paint = self.pen.paint();
        if rows.end < self.rows {
            self.shown_mut().row_mut(rows.end - 1).is_wrapped = false;
        }
        self.shown_mut().scroll_up(rows, count, paint);
        self.evict(evicted);
    }

    fn scroll_down(&mut self, rows: Range<usize>, count: usize) {
        let paint = self.pen.paint();
        self.shown_mut().scroll_down(rows, count, paint);
    }

    fn evict(&mut self, evicted: &mut impl FnMut(&Row)) {
        match self.is_alternate {
            true => self.alternate.evict(&mut |_| {}),
            false => self.primary.evict(evicted),
        }
    }

    fn set_region(&mut self, top: u16, bottom: u16) {
        let end = if bottom == 0 { self.rows } else { usize::from(bottom) };
        let start = or_one(top) - 1;
        if start + 1 < end && end <= self.rows {
            self.region = start..end;
        }
        self.move_home();
    }

    fn move_home(&mut self) {
        self.cursor.col = 0;
        self.move_to_row(0);
    }

    fn set_mode(&mut self, mode: AnsiMode, is_set: bool) {
        match mode {
            AnsiMode::Insert => self.inserts = is_set,
            AnsiMode::NewLine => self.has_new_lines = is_set,
        }
    }

    fn set_private_mode(&mut self, mode: DecMode, is_set: bool) {
        match mode {
            DecMode::Origin => {
                self.has_origin = is_set;
                self.move_home();
            }
            DecMode::AutoWrap => self.wraps = is_set,
            DecMode::AltScreenBuffer => self.show_screen(is_set),
            DecMode::SaveCursor if is_set => self.save_cursor(),
            DecMode::SaveCursor => self.restore_cursor(),
            // The cursor is the primary screen's.
            DecMode::SaveCursorAltScreenBuffer if is_set => {
                self.save_cursor();
                self.show_screen(true);
            }
            DecMode::SaveCursorAltScreenBuffer => {
                self.show_screen(false);
                self.restore_cursor();
            }
            DecMode::CursorKeys | DecMode::TextCursorEnable => {}
        }
    }

    /// Shows the alternate screen, which is blank then, or the primary one.
    fn show_screen(&mut self, is_alternate: bool) {
        if is_alternate && !self.is_alternate {
            self.primary_cursor = self.cursor;
            self.alternate = Buffer::new(self.cols, self.rows, 0, self.pen.paint());
        }
        self.is_alternate = is_alternate;
    }

    fn save_cursor(&mut self) {
        let position = Position { col: self.cursor.col.min(self.cols - 1), row: self.cursor.row };
        self.saved[usize::from(self.is_alternate)] =
            SavedCursor { position, pen: self.pen, has_origin: self.has_origin, wraps: self.wraps };
    }

    fn restore_cursor(&mut self) {
        let saved = self.saved[usize::from(self.is_alternate)];
        self.cursor = saved.position;
        self.pen = saved.pen;
        self.has_origin = saved.has_origin;
        self.wraps = saved.wraps;
    }

    fn reset_softly(&mut self) {
        self.region = 0..self.rows;
        self.inserts = false;
        self.has_origin = false;
        self.pen = Pen::default();
        self.charsets = [Charset::Ascii; 2];
        self.active_charset = 0;
        self.saved[usize::from(self.is_alternate)] = SavedCursor::default();
    }
}

/// A parameter, for which 0 and nothing stand for 1.
fn or_one(parameter: u16) -> usize {
    usize::from(parameter.max(1))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use avt::{Operation, Parser, ScreenKind, Terminal};
    use proptest::prelude::*;

    const SCROLLBACK: usize = 5;

    /// Output of the kind that changes states, cut within a sequence now and then.
    pub fn output() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "[a-zż界 \u{a0}\u{3000}]{1,40}",
            1 => ("[a-z ż界]{0,20}", 1usize..20).prop_map(|(line, count)| format!("{line}\r\n").repeat(count)),
            4 => "\x1b\\[([0-9]{0,2}(;[0-9]{1,2})?[A-HJ-MPSTXZ@abdefg]|[su]|[0-3]?[JK]|([1-6];[2-7])?r)",
            2 => "\x1b\\[(0|[1-9]|2[1-9]|[34][0-9]|9[0-9]|10[0-9]|[34]8;5;9|48;2;1;2;3|38;2;1|38:5:1|1000|)(;(0|1|22|39|44|49))?m",
            1 => "\x1b\\[[1-6];[2-7]r\x1b\\[[0-7]?H\x1b\\[[0-3]?[ABEFeLM]",
            2 => "\x1b\\[\\?(6|7|25|47|1047|1048|1049)[hl]",
            1 => "\x1b\\[(4|20)[hl]",
            1 => "\x1b\\[(!p|3g|g|0W|2W|5W)",
            2 => "\x1b([78cDEHM]|#8|[()][0B])",
            3 => "[\r\n\t\x08\x0e\x0f]{1,4}",
            1 => "\x1b(\\]0;title\x07|Pq\x1b\\\\|\\[[0-9;?]{0,3})",
        ]
    }

    pub fn size() -> impl Strategy<Value = (usize, usize)> {
        (prop_oneof![1usize..3, 1usize..14], 1usize..7)
    }

    /// The cells of a row: the character if this is not a right half, whether there are colours or
    /// attributes; then whether the line goes on.
    type Picture = (Vec<(Option<char>, bool)>, bool);

    fn picture(row: &Row) -> Picture {
        let cell = |cell: &Cell| {
            let character = (!cell.is_right_half()).then(|| cell.character());
            (character, cell.paint() == Paint::SOME)
        };
        (row.cells().iter().map(cell).collect(), row.is_wrapped)
    }

    fn picture_of_avt(line: &avt::Line) -> Picture {
        let cell = |cell: &avt::Cell| {
            let character = (cell.width() > 0).then(|| cell.char());
            (character, !cell.pen().is_default())
        };
        (line.cells().iter().map(cell).collect(), line.is_wrapped())
    }

    fn functions(parser: &mut Parser, output: &str) -> Vec<Function> {
        output.chars().filter_map(|character| parser.feed(character)).collect()
    }

    /// Does it, with ASCII characters printed as many at a time as there are.
    fn execute(terminal: &mut PlainTerminal, functions: &[Function]) {
        let ascii = |function: &Function| match function {
            Function::Print(character @ ' '..='~') => u8::try_from(*character).ok(),
            _ => None,
        };
        for functions in functions.chunk_by(|one, next| ascii(one).is_some() && ascii(next).is_some()) {
            let text: Vec<u8> = functions.iter().filter_map(ascii).collect();
            match text.is_empty() {
                true => terminal.execute(&functions[0], &mut |_| {}),
                false => terminal.print_ascii(&text, &mut |_| {}),
            }
        }
    }

    fn execute_by_avt(terminal: &mut Terminal, functions: Vec<Function>) {
        for function in functions {
            match function {
                // avt would move the screen to where lines are kept.
                Function::Ed(EdScope::All) => {
                    terminal.execute([Function::Ed(EdScope::Above), Function::Ed(EdScope::Below)]);
                }
                function => terminal.execute(function),
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_state_is_that_of_a_terminal_with_colours(
            (cols, rows) in size(),
            steps in prop::collection::vec(prop_oneof![10 => output().prop_map(Ok), 1 => size().prop_map(Err)], 1..40),
        ) {
            let mut plain = PlainTerminal::new(cols, rows, SCROLLBACK);
            let mut terminal = Terminal::with_scrollback(cols, rows, Some(SCROLLBACK)).unwrap();
            let mut parser = Parser::new();
            for step in steps {
                match &step {
                    Ok(output) => {
                        let functions = functions(&mut parser, output);
                        execute(&mut plain, &functions);
                        execute_by_avt(&mut terminal, functions);
                    }
                    Err((cols, rows)) => {
                        plain.resize(*cols, *rows, &mut |_| {});
                        terminal.execute(Operation::Resize { cols: *cols, rows: *rows });
                    }
                }
                let pictures: Vec<Picture> = plain.all_rows().map(picture).collect();
                let expected: Vec<Picture> = terminal.screen().all_lines().map(picture_of_avt).collect();
                prop_assert_eq!(pictures, expected, "after {:?}", step);
                let cursor = terminal.cursor();
                prop_assert_eq!((plain.cursor.col, plain.cursor.row), (cursor.col, cursor.row), "after {:?}", step);
                let is_alternate = terminal.active_screen_kind() == ScreenKind::Alternate;
                prop_assert_eq!(plain.is_alternate, is_alternate);
            }
        }

        #[test]
        fn a_rendition_taken_at_once_does_what_the_parser_makes_of_it(
            renditions in prop::collection::vec(
                prop_oneof![
                    4 => "([1-9]|2[1-9]|[34]9)?(;([1-9]|2[1-9]|[34]9)){0,2}",
                    4 => "[0-9]{0,2}(;(0|[34][0-9]|9[0-9]|10[0-9]|1000|[34]8[;:][25]|)){0,5}",
                    1 => "[1-9](;[0-9]?){29,34}",
                ],
                1..30,
            ),
        ) {
            let mut plain = PlainTerminal::new(1, 1, 0);
            let mut terminal = Terminal::new(1, 1).unwrap();
            for rendition in renditions {
                let sequence = format!("\x1b[{rendition}m");
                match plain.take_rendition(&sequence) {
                    Some(length) => prop_assert_eq!(length, sequence.len()),
                    None => execute(&mut plain, &functions(&mut Parser::new(), &sequence)),
                }
                terminal.feed(format!("{sequence}x"));
                let is_painted = terminal.screen().line(0).is_some_and(|line| !line.cells()[0].pen().is_default());
                prop_assert_eq!(plain.pen.paint() == Paint::SOME, is_painted, "after {:?}", rendition);
            }
        }
    }
}
