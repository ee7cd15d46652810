//! The rows of a terminal that keeps text alone, and how they are wrapped anew.
//!
//! Of colours and attributes a cell keeps one thing, whether there are any: blanks that have some
//! are text to asciinema 3.x when rows are wrapped anew, others are not.

use std::collections::VecDeque;
use std::ops::Range;

/// What stands at one place of a row: a character, or the right half of the wide one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell(u32);

/// Whether what is printed or erased gets colours or attributes, as the bit that a cell has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint(u32);

impl Paint {
    pub const NONE: Paint = Paint(0);
    pub const SOME: Paint = Paint(1 << 31);
}

impl Cell {
    pub fn new(character: char, paint: Paint) -> Cell {
        Cell(u32::from(character) | paint.0)
    }

    pub fn blank(paint: Paint) -> Cell {
        Cell::new(' ', paint)
    }

    fn right_half(paint: Paint) -> Cell {
        // NUL is never printed.
        Cell::new('\0', paint)
    }

    pub fn is_right_half(self) -> bool {
        self.code() == 0
    }

    pub fn character(self) -> char {
        char::from_u32(self.code()).unwrap_or(' ')
    }

    pub fn paint(self) -> Paint {
        Paint(self.0 & Paint::SOME.0)
    }

    fn code(self) -> u32 {
        self.0 & !Paint::SOME.0
    }
}

/// A row of a screen, or one that has scrolled out of it.
#[derive(Debug)]
pub struct Row {
    cells: Vec<Cell>,
    /// Whether the line goes on in the next row.
    pub is_wrapped: bool,
}

impl Row {
    pub fn blank(cols: usize, paint: Paint) -> Row {
        Row { cells: vec![Cell::blank(paint); cols], is_wrapped: false }
    }

    /// Makes this a blank row of so many columns.
    pub fn reset(&mut self, cols: usize, paint: Paint) {
        self.cells.resize(cols, Cell::blank(paint));
        self.cells.fill(Cell::blank(paint));
        self.is_wrapped = false;
    }

    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    pub fn fill(&mut self, cell: Cell) {
        self.cells.fill(cell);
    }

    /// Puts printable ASCII characters where there is room for them.
    pub fn print_ascii(&mut self, col: usize, text: &[u8], paint: Paint) {
        let range = col..col + text.len();
        self.cut_out(range.clone(), paint);
        for (cell, byte) in self.cells[range].iter_mut().zip(text) {
            *cell = Cell(u32::from(*byte) | paint.0);
        }
    }

    /// Puts a character of one or two columns where there is room for it.
    pub fn print(&mut self, col: usize, character: char, width: usize, paint: Paint) {
        self.cut_out(col..col + width, paint);
        self.cells[col] = Cell::new(character, paint);
        if width == 2 {
            self.cells[col + 1] = Cell::right_half(paint);
        }
    }

    pub fn clear(&mut self, range: Range<usize>, paint: Paint) {
        self.cut_out(range.clone(), paint);
        self.cells[range].fill(Cell::blank(paint));
    }

    /// Moves what stands at a column and right of it to the right.
    pub fn insert_blanks(&mut self, col: usize, count: usize, paint: Paint) {
        self.cut_out(col..col, paint);
        let end = self.cells.len() - count;
        // Of a wide character at the edge the right half alone is moved out.
        self.cut_out(end..end, paint);
        self.cells.copy_within(col..end, col + count);
        self.cells[col..col + count].fill(Cell::blank(paint));
    }

    /// Takes cells out, and moves what stands right of them to the left.
    pub fn delete(&mut self, col: usize, count: usize, paint: Paint) {
        self.cut_out(col..col + count, paint);
        self.cells.copy_within(col + count.., col);
        let end = self.cells.len() - count;
        self.cells[end..].fill(Cell::blank(paint));
    }

    /// Cuts the row off, or extends it.
    pub fn resize(&mut self, cols: usize) {
        if let Some(&outside) = self.cells.get(cols)
            && outside.is_right_half()
        {
            self.cells[cols - 1] = Cell::blank(self.cells[cols - 1].paint());
        }
        self.cells.resize(cols, Cell::blank(Paint::NONE));
    }

    /// Of a wide character that stands with one half in a range, the other half becomes blank.
    fn cut_out(&mut self, range: Range<usize>, paint: Paint) {
        if range.start > 0 && self.cells.get(range.start).is_some_and(|cell| cell.is_right_half()) {
            self.cells[range.start - 1] = Cell::blank(paint);
            self.cells[range.start] = Cell::blank(paint);
        }
        if let Some(after) = self.cells.get_mut(range.end)
            && after.is_right_half()
        {
            *after = Cell::blank(paint);
        }
    }

    /// Appends the characters of the row; the blanks at its end only if the line goes on.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let cells = if self.is_wrapped { &self.cells } else { self.trimmed() };
        if cells.iter().fold(0, |codes, cell| codes | cell.code()) < 0x80 {
            out.extend(cells.iter().map(|cell| cell.0 as u8));
            return;
        }
        let mut bytes = [0; 4];
        for cell in cells.iter().filter(|cell| !cell.is_right_half()) {
            out.extend_from_slice(cell.character().encode_utf8(&mut bytes).as_bytes());
        }
    }

    pub fn is_empty(&self) -> bool {
        self.trimmed().is_empty()
    }

    /// The cells up to the last character that is not white space.
    fn trimmed(&self) -> &[Cell] {
        let is_text = |cell: &Cell| !matches!(cell.code(), 0 | 0x20) && !cell.character().is_whitespace();
        let length = self.cells.iter().rposition(is_text).map_or(0, |last| last + 1);
        &self.cells[..length]
    }

    /// How many cells there are up to the last one that a program has given something.
    fn used(&self) -> usize {
        let is_used = |cell: &Cell| *cell != Cell::blank(Paint::NONE);
        self.cells.iter().rposition(is_used).map_or(0, |last| last + 1)
    }

    /// Keeps so many columns, and returns the row that has to follow with what did not fit.
    fn split(&mut self, cols: usize) -> Option<Row> {
        if cols == 1 && self.cells.get(1).is_some_and(|cell| cell.is_right_half()) {
            // There is no place for it in such a terminal.
            self.clear(0..2, self.cells[0].paint());
        }
        if !self.is_wrapped {
            self.cells.truncate(self.used().max(cols));
        }
        let is_within_character = self.cells.get(cols)?.is_right_half();
        let cells = self.cells.split_off(cols - usize::from(is_within_character));
        self.fill_up(is_within_character);
        let is_wrapped = std::mem::replace(&mut self.is_wrapped, true);
        Some(Row { cells, is_wrapped })
    }

    /// Takes as many columns as there is room for out of the row that follows; returns the rest of
    /// that row.
    fn join(&mut self, mut next: Row, cols: usize) -> Option<Row> {
        if !self.is_wrapped {
            self.cells.resize(cols, Cell::blank(Paint::NONE));
            return Some(next);
        }
        if !next.is_wrapped {
            next.cells.truncate(next.used());
        }
        let room = cols - self.cells.len();
        if let Some(first_outside) = next.cells.get(room) {
            let is_within_character = first_outside.is_right_half();
            let rest = next.cells.split_off(room - usize::from(is_within_character));
            // asciinema 3.x has the blank here, not behind.
            self.fill_up(is_within_character);
            self.cells.append(&mut next.cells);
            return Some(Row { cells: rest, is_wrapped: next.is_wrapped });
        }
        self.cells.append(&mut next.cells);
        if !next.is_wrapped {
            self.is_wrapped = false;
            self.cells.resize(cols, Cell::blank(Paint::NONE));
        }
        None
    }

    /// Takes the column that is left where a wide character does not fit any more.
    fn fill_up(&mut self, is_needed: bool) {
        if is_needed {
            let paint = self.cells.last().map_or(Paint::NONE, |cell| cell.paint());
            self.cells.push(Cell::blank(paint));
        }
    }
}

/// Wraps lines anew, for a terminal of another width.
pub fn wrap_anew(rows: &mut VecDeque<Row>, cols: usize) -> VecDeque<Row> {
    let mut wrapped = VecDeque::with_capacity(rows.len());
    let mut rest = None;
    while let Some(mut row) = rest.take().or_else(|| rows.pop_front()) {
        if row.cells.len() < cols {
            match rows.pop_front() {
                Some(next) => {
                    rest = row.join(next, cols);
                    if row.cells.len() < cols {
                        rest = Some(row);
                        continue;
                    }
                }
                None => row.cells.resize(cols, Cell::blank(Paint::NONE)),
            }
        } else if row.cells.len() > cols {
            rest = row.split(cols);
        }
        wrapped.push_back(row);
    }
    wrapped
}
