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
    /// Neither colours nor attributes.
    pub const NONE: Paint = Paint(0);
    /// At least one.
    pub const SOME: Paint = Paint(1 << 31);
}

impl Cell {
    /// A character of one column, or the left half of a wide one.
    pub fn new(character: char, paint: Paint) -> Cell {
        Cell(u32::from(character) | paint.0)
    }

    /// What is there after erasing.
    pub fn blank(paint: Paint) -> Cell {
        Cell::new(' ', paint)
    }

    fn right_half(paint: Paint) -> Cell {
        // NUL is never printed.
        Cell::new('\0', paint)
    }

    /// Whether this is the right half of the wide character before it.
    pub fn is_right_half(self) -> bool {
        self.code() == 0
    }

    /// The character; of no use for a right half.
    pub fn character(self) -> char {
        char::from_u32(self.code()).unwrap_or(' ')
    }

    /// Whether it has colours or attributes.
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
    /// A row of so many columns, with nothing in it.
    pub fn blank(cols: usize, paint: Paint) -> Row {
        Row { cells: vec![Cell::blank(paint); cols], is_wrapped: false }
    }

    /// Makes this a blank row of so many columns.
    pub fn reset(&mut self, cols: usize, paint: Paint) {
        self.cells.resize(cols, Cell::blank(paint));
        self.cells.fill(Cell::blank(paint));
        self.is_wrapped = false;
    }

    /// What stands in the columns.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Puts the same everywhere.
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

    /// Erases columns.
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

    /// Whether there is nothing but white space.
    pub fn is_empty(&self) -> bool {
        self.trimmed().is_empty()
    }

    /// The cells up to the last character that is not white space.
    fn trimmed(&self) -> &[Cell] {
        let is_text = |cell: &Cell| !matches!(cell.code(), 0 | 0x20) && !cell.character().is_whitespace();
        let length = self.cells.iter().rposition(is_text).map_or(0, |last| last + 1);
        &self.cells[..length]
    }
}

/// Wraps lines anew, for a terminal of another width. The last row of a line may come out shorter.
pub fn wrap_anew(rows: &mut VecDeque<Row>, cols: usize) -> VecDeque<Row> {
    let mut wrapped = VecDeque::with_capacity(rows.len());
    // What of a line fills no row yet: it goes on in the row that comes next. After the last one
    // nothing is left, because no line goes on behind it.
    let mut begun: Option<Vec<Cell>> = None;
    while let Some(Row { mut cells, is_wrapped }) = rows.pop_front() {
        let mut at = 0;
        if let Some(mut row) = begun.take() {
            if !is_wrapped {
                cells.truncate(used(&cells));
            }
            let room = cols - row.len();
            let end = cells.len().min(room);
            let is_cut = fill_up(&mut row, cells.get(end));
            at = end - usize::from(is_cut);
            row.extend_from_slice(&cells[..at]);
            if at == cells.len() && is_wrapped && row.len() < cols {
                begun = Some(row);
                continue;
            }
            wrapped.push_back(Row { cells: row, is_wrapped: at < cells.len() || is_wrapped });
            if at == cells.len() {
                continue;
            }
        }
        while cells.len() - at > cols {
            if cols == 1 && cells[at + 1].is_right_half() {
                // There is no place for it in such a terminal.
                let blank = Cell::blank(cells[at].paint());
                cells[at..at + 2].fill(blank);
            }
            if !is_wrapped {
                cells.truncate(at + used(&cells[at..]).max(cols));
            }
            let Some(&outside) = cells.get(at + cols) else { break };
            let end = at + cols - usize::from(outside.is_right_half());
            let mut row = Vec::with_capacity(cols);
            row.extend_from_slice(&cells[at..end]);
            fill_up(&mut row, Some(&outside));
            wrapped.push_back(Row { cells: row, is_wrapped: true });
            at = end;
        }
        cells.drain(..at);
        if is_wrapped && cells.len() < cols {
            begun = Some(cells);
        } else {
            wrapped.push_back(Row { cells, is_wrapped });
        }
    }
    wrapped
}

/// Takes the column that is left where a wide character does not fit any more: this is the right
/// half of it that stands outside. Whether that is so.
fn fill_up(row: &mut Vec<Cell>, outside: Option<&Cell>) -> bool {
    let is_cut = outside.is_some_and(|cell| cell.is_right_half());
    if is_cut {
        let paint = row.last().map_or(Paint::NONE, |cell| cell.paint());
        row.push(Cell::blank(paint));
    }
    is_cut
}

/// How many cells there are up to the last one that a program has given something.
fn used(cells: &[Cell]) -> usize {
    let is_used = |cell: &Cell| *cell != Cell::blank(Paint::NONE);
    cells.iter().rposition(is_used).map_or(0, |last| last + 1)
}
