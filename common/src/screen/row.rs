//! The rows of a terminal, and the rewrapping of lines to another width.

use std::collections::VecDeque;
use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use super::cell::Cell;

/// The number of combining characters kept per cell. More than any script needs; a stream of them
/// must not exhaust memory.
pub(super) const MOST_MARKS: usize = 32;

/// A row of the screen or the scrollback.
#[derive(Clone, Debug)]
pub struct Row<C> {
    cells: Vec<C>,
    /// The combining characters and joiners of cells, by column; those of one cell in the order
    /// written.
    marks: Vec<Mark<C>>,
    /// The number of cells up to the last one that may not be blank. Most rows are half full and
    /// blank when they scroll in, and blank cells need not be cleared.
    used: usize,
    /// True if no character outside ASCII has been written since the row was blank.
    is_ascii: bool,
    pub(super) is_wrapped: bool,
    pub(super) is_changed: bool,
    /// True if its line has been cut off after it since the last query for changes, so that another
    /// one begins in the next row.
    pub(super) is_cut: bool,
    /// True if whoever examines changed lines has noted it: see [`Row::is_noted`].
    pub(super) is_noted: bool,
}

/// A zero-width character, and the column of its cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark<C> {
    col: usize,
    cell: C,
}

/// Characters written beside each other.
pub(super) struct Run {
    /// Their number of columns.
    pub cols: usize,
    /// Their length in bytes.
    pub length: usize,
    /// The last one, and its place.
    pub last: Option<(char, u64)>,
}

/// The number of columns of a character other than a control character.
#[inline]
pub(super) fn width(character: char) -> usize {
    if character <= '~' { 1 } else { character.width().unwrap_or(1) }
}

/// Rows are equal if they look the same.
impl<C: Cell> PartialEq for Row<C> {
    fn eq(&self, other: &Row<C>) -> bool {
        self.is_wrapped == other.is_wrapped && self.cells == other.cells && self.marks == other.marks
    }
}

impl<C: Cell> Row<C> {
    /// A row of this width that was never written to.
    pub(super) fn blank(cols: usize) -> Row<C> {
        let cells = vec![C::blank(); cols];
        Row {
            cells,
            marks: Vec::new(),
            used: 0,
            is_ascii: true,
            is_wrapped: false,
            is_changed: true,
            is_cut: false,
            is_noted: false,
        }
    }

    /// Makes this an erased row of this width.
    pub(super) fn reset(&mut self, cols: usize, ink: C::Ink) {
        self.cells.resize(cols, C::blank());
        self.used = self.used.min(cols);
        self.erase(0..cols, ink);
        self.marks.clear();
        self.set_wrapped(false);
        self.is_changed = true;
    }

    /// The cells, by column from 0.
    pub fn cells(&self) -> &[C] {
        &self.cells
    }

    /// The cells up to the last one that may not be blank: after it, all are
    /// [`Cell::blank`].
    pub fn used_cells(&self) -> &[C] {
        &self.cells[..self.used]
    }

    /// Returns whether a range of the cells contains only ASCII characters, as nearly all do,
    /// without combining ones.
    pub fn is_ascii(&self, cells: &[C]) -> bool {
        // Without an early exit, the loop can examine several at once.
        let is_other = |cell: &C| cell.code().wrapping_sub(1) >= 0x7f;
        !self.has_marks() && (self.is_ascii || !cells.iter().fold(false, |any, cell| any | is_other(cell)))
    }

    /// Returns whether the line continues in the next row, because it was too long for one.
    pub fn is_wrapped(&self) -> bool {
        self.is_wrapped
    }

    /// Sets whether the line continues in the next row. A line that becomes longer or shorter has
    /// changed.
    #[inline]
    pub(super) fn set_wrapped(&mut self, is_wrapped: bool) {
        self.is_changed |= self.is_wrapped != is_wrapped;
        self.is_cut |= self.is_wrapped && !is_wrapped;
        self.is_wrapped = is_wrapped;
    }

    /// Returns whether it has changed since the last query for changes.
    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Begins to record changes anew.
    pub(super) fn forget_changes(&mut self) {
        (self.is_changed, self.is_cut) = (false, false);
    }

    /// Returns whether [`Terminal::note`](super::Terminal::note) has been called for it. It keeps
    /// this when it moves, and when it changes.
    pub fn is_noted(&self) -> bool {
        self.is_noted
    }

    /// The combining characters and joiners of a cell, in order, as cells that keep the same data
    /// as the others.
    pub fn marks(&self, col: usize) -> impl Iterator<Item = &C> {
        let from = self.marks.partition_point(|mark| mark.col < col);
        self.marks[from..].iter().take_while(move |mark| mark.col == col).map(|mark| &mark.cell)
    }

    /// Returns whether any cell has combining characters.
    pub fn has_marks(&self) -> bool {
        !self.marks.is_empty()
    }

    /// The characters of the row in order, each with the column of its cell: base characters, each
    /// followed by its combining ones.
    pub fn characters(&self) -> impl Iterator<Item = (usize, &C)> {
        let bases = self.cells.iter().enumerate().filter(|(_, cell)| !cell.is_right_half());
        bases.flat_map(|(col, cell)| {
            std::iter::once((col, cell)).chain(self.marks(col).map(move |mark| (col, mark)))
        })
    }

    /// The displayed text of the row, without trailing white space unless the line continues.
    pub fn text(&self) -> String {
        let mut out = Vec::new();
        self.write_to(&mut out);
        // Built from characters.
        String::from_utf8(out).unwrap_or_default()
    }

    /// Returns whether there is only white space.
    pub fn is_empty(&self) -> bool {
        self.trimmed().is_empty()
    }

    /// Returns whether it looks as if it was never written to.
    pub(super) fn is_blank(&self) -> bool {
        self.cells.iter().all(Cell::is_blank) && self.marks.is_empty()
    }

    /// Appends the text, with blanks for concealed characters.
    pub(super) fn write_to(&self, out: &mut Vec<u8>) {
        let cells = if self.is_wrapped { &self.cells } else { self.trimmed() };
        if self.is_ascii && !self.has_marks() {
            out.extend(cells.iter().map(|cell| cell.shown() as u8));
            return;
        }
        let mut bytes = [0; 4];
        for (col, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.shown() != 0) {
            let character = char::from_u32(cell.shown()).unwrap_or(' ');
            out.extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
            if self.has_marks() && !cell.is_concealed() {
                for mark in self.marks(col) {
                    out.extend_from_slice(mark.character().encode_utf8(&mut bytes).as_bytes());
                }
            }
        }
    }

    /// The cells up to the last visible character.
    fn trimmed(&self) -> &[C] {
        let is_text = |cell: &C| match cell.shown() {
            0 | 0x20 => false,
            code => !char::from_u32(code).is_some_and(char::is_whitespace),
        };
        let last = self.cells[..self.used].iter().rposition(is_text);
        let is_seen = |mark: &&Mark<C>| !self.cells[mark.col].is_concealed();
        let last = last.max(self.marks.iter().rfind(is_seen).map(|mark| mark.col));
        let length = last.map_or(0, |last| last + 1);
        // The right half of a wide character is included.
        let is_half = |cell: &&C| cell.is_right_half();
        &self.cells[..length + usize::from(self.cells.get(length).filter(is_half).is_some())]
    }

    /// Returns whether what it remembers of its cells is right.
    #[cfg(test)]
    pub(super) fn is_consistent(&self) -> bool {
        let has_blank_end = self.cells[self.used..].iter().all(|cell| *cell == C::blank());
        let is_ascii = self.cells.iter().all(|cell| (1..0x80).contains(&cell.code()));
        has_blank_end && (is_ascii || !self.is_ascii)
    }

    /// Sets all cells to the same one.
    pub(super) fn fill(&mut self, cell: C) {
        self.cells.fill(cell);
        self.used = self.cells.len();
        self.is_ascii = false;
        self.marks.clear();
        self.is_wrapped = false;
        self.is_changed = true;
    }

    /// Writes printable ASCII characters where there is room for them.
    #[inline]
    pub(super) fn print_ascii(&mut self, col: usize, text: &[u8], ink: C::Ink, place: u64) {
        let range = col..col + text.len();
        self.cut_out(range.clone());
        self.used = self.used.max(range.end);
        // Eight at a time, because programs that are linked for size have no vectorized loops.
        let cells = &mut self.cells[range];
        let (chunks, _) = cells.as_chunks_mut::<8>();
        let (texts, _) = text.as_chunks::<8>();
        for (index, (cells, text)) in chunks.iter_mut().zip(texts).enumerate() {
            write_ascii(cells, text, ink, place + 8 * index as u64);
        }
        // The last eight overlap those before: a processor cannot predict the end of a short loop.
        match (cells.last_chunk_mut::<8>(), text.last_chunk::<8>()) {
            (Some(cells), Some(last)) => write_ascii(cells, last, ink, place + (text.len() - 8) as u64),
            _ => write_ascii(cells, text, ink, place),
        }
    }

    /// Writes the characters at the front of text, of which at least one fits into the columns,
    /// until one does not fit or is combining.
    #[inline]
    pub(super) fn print_run(&mut self, cols: Range<usize>, text: &str, ink: C::Ink, place: u64) -> Run {
        self.is_changed = true;
        self.is_ascii = false;
        self.cut(cols.start);
        let cells = &mut self.cells[cols.clone()];
        let mut run = Run { cols: 0, length: text.len(), last: None };
        for (at, character) in text.char_indices() {
            let (width, place) = (width(character), place.wrapping_add(at as u64));
            if width == 0 || run.cols + width > cells.len() {
                run.length = at;
                break;
            }
            cells[run.cols] = C::new(character, ink, place);
            if width == 2 {
                cells[run.cols + 1] = C::right_half(ink, place);
            }
            run.cols += width;
            run.last = Some((character, place));
        }
        let end = cols.start + run.cols;
        // The left half is overwritten.
        if let Some(cell) = self.cells.get_mut(end).filter(|cell| cell.is_right_half()) {
            *cell = C::erased(cell.ink());
        }
        if !self.marks.is_empty() {
            self.marks.retain(|mark| !(cols.start..end).contains(&mark.col));
        }
        self.used = self.used.max(end);
        run
    }

    /// Writes a character of one or two columns where there is room for it.
    #[inline]
    pub(super) fn print(&mut self, col: usize, character: char, width: usize, ink: C::Ink, place: u64) {
        self.cut_out(col..col + width);
        self.used = self.used.max(col + width);
        self.is_ascii &= character.is_ascii();
        self.cells[col] = C::new(character, ink, place);
        if width == 2 {
            self.cells[col + 1] = C::right_half(ink, place);
        }
    }

    /// Adds a combining character to a cell, or to the wide character that the cell is half of.
    pub(super) fn add_mark(&mut self, col: usize, character: char, place: u64) {
        let Some(cell) = self.cells.get(col) else { return };
        let col = if cell.is_right_half() { col.saturating_sub(1) } else { col };
        let end = self.marks.partition_point(|mark| mark.col <= col);
        if self.marks[..end].iter().rev().take_while(|mark| mark.col == col).count() < MOST_MARKS {
            // It has the cell's ink.
            let ink = self.cells[col].ink();
            self.marks.insert(end, Mark { col, cell: C::new(character, ink, place) });
            self.is_changed = true;
        }
    }

    /// Erases columns.
    pub(super) fn clear(&mut self, range: Range<usize>, ink: C::Ink) {
        self.cut_out(range.clone());
        self.erase(range, ink);
    }

    /// Fills columns with erased cells.
    #[inline]
    fn erase(&mut self, range: Range<usize>, ink: C::Ink) {
        let (cell, Range { start, end }) = (C::erased(ink), range);
        self.is_ascii |= start == 0 && end >= self.used;
        if cell != C::blank() {
            self.cells[start..end].fill(cell);
            self.used = self.used.max(end);
        } else if start < self.used {
            fill(&mut self.cells[start..end.min(self.used)], cell);
            if end >= self.used {
                self.used = start;
            }
        }
    }

    /// Moves the contents of a range of columns to the right; the end of the range drops out.
    pub(super) fn insert_blanks(&mut self, range: Range<usize>, count: usize, ink: C::Ink) {
        let Range { start, end } = range;
        let count = count.min(end - start);
        self.cut(start);
        self.cut(end);
        // Only the right half of a wide character at the edge would drop out.
        self.cut(end - count);
        self.cells.copy_within(start..end - count, start + count);
        self.used = self.cells.len();
        self.cells[start..start + count].fill(C::erased(ink));
        self.marks.retain(|mark| !(end - count..end).contains(&mark.col));
        self.marks
            .iter_mut()
            .filter(|mark| (start..end).contains(&mark.col))
            .for_each(|mark| mark.col += count);
        self.is_changed = true;
    }

    /// Removes cells at the start of a range of columns, and moves the rest of the range to the
    /// left.
    pub(super) fn delete(&mut self, range: Range<usize>, count: usize, ink: C::Ink) {
        let Range { start, end } = range;
        let count = count.min(end - start);
        self.cut(start);
        self.cut(start + count);
        self.cut(end);
        self.cells.copy_within(start + count..end, start);
        self.used = self.cells.len();
        self.cells[end - count..end].fill(C::erased(ink));
        self.marks.retain(|mark| !(start..start + count).contains(&mark.col));
        self.marks
            .iter_mut()
            .filter(|mark| (start..end).contains(&mark.col))
            .for_each(|mark| mark.col -= count);
        self.is_changed = true;
    }

    /// Copies a range of columns from another row.
    pub(super) fn copy_from(&mut self, source: &Row<C>, range: Range<usize>) {
        self.cut_out(range.clone());
        self.cells[range.clone()].copy_from_slice(&source.cells[range.clone()]);
        self.used = self.cells.len();
        self.is_ascii &= source.is_ascii;
        let marks = source.marks.iter().filter(|mark| range.contains(&mark.col));
        self.marks.extend(marks.copied());
        self.marks.sort_by_key(|mark| mark.col);
    }

    /// Splits wide characters across either edge of a range.
    pub(super) fn cut_at(&mut self, range: &Range<usize>) {
        self.cut(range.start);
        self.cut(range.end);
    }

    /// Truncates or extends the row.
    pub(super) fn resize(&mut self, cols: usize) {
        if let Some(outside) = self.cells.get(cols)
            && outside.is_right_half()
        {
            self.cells[cols - 1] = C::erased(self.cells[cols - 1].ink());
            self.marks.retain(|mark| mark.col + 1 < cols);
        }
        self.cells.resize(cols, C::blank());
        self.used = self.used.min(cols);
        self.marks.retain(|mark| mark.col < cols);
        self.is_changed = true;
    }

    /// Renumbers the extras of cells.
    pub(super) fn renumber(&mut self, number: &mut impl FnMut(u32) -> u32) {
        for cell in self.cells.iter_mut().chain(self.marks.iter_mut().map(|mark| &mut mark.cell)) {
            if cell.extra() != 0 {
                cell.set_extra(number(cell.extra()));
            }
        }
    }

    /// Prepares a range of columns for new contents: removes its marks, and blanks the other half
    /// of a wide character that is half in the range.
    #[inline]
    fn cut_out(&mut self, range: Range<usize>) {
        self.is_changed = true;
        self.cut(range.start);
        self.cut(range.end);
        if !self.marks.is_empty() {
            self.marks.retain(|mark| !range.contains(&mark.col));
        }
    }

    /// Splits a wide character across the left edge of a column into two blanks with its ink, as in
    /// xterm and alacritty.
    #[inline]
    fn cut(&mut self, col: usize) {
        if let Some(cell) = self.cells.get(col).filter(|cell| cell.is_right_half()) {
            let (left, blank) = (col.saturating_sub(1), C::erased(cell.ink()));
            self.cells[left..=col].fill(blank);
            self.marks.retain(|mark| mark.col != left);
        }
    }

    /// The number of cells up to the last one that a program has changed.
    fn written(&self) -> usize {
        self.cells[..self.used].iter().rposition(|cell| !cell.is_blank()).map_or(0, |last| last + 1)
    }

    /// Appends a range of columns of another row.
    fn append(&mut self, source: &Row<C>, range: Range<usize>) {
        let moved = |mark: &Mark<C>| Mark { col: mark.col - range.start + self.cells.len(), ..*mark };
        let marks = source.marks.iter().filter(|mark| range.contains(&mark.col));
        self.marks.extend(marks.map(moved));
        self.cells.extend_from_slice(&source.cells[range]);
        self.used = self.cells.len();
        self.is_ascii &= source.is_ascii;
    }
}

/// Like [`slice::fill`], eight cells at a time.
#[inline]
fn fill<C: Cell>(cells: &mut [C], cell: C) {
    let (chunks, rest) = cells.as_chunks_mut::<8>();
    chunks.iter_mut().for_each(|chunk| *chunk = [cell; 8]);
    rest.fill(cell);
}

#[inline(always)]
fn write_ascii<C: Cell>(cells: &mut [C], text: &[u8], ink: C::Ink, place: u64) {
    for (index, (cell, byte)) in cells.iter_mut().zip(text).enumerate() {
        *cell = C::new(char::from(*byte), ink, place + index as u64);
    }
}

/// Rewraps lines to another width. The last row of a line may be shorter.
pub(super) fn wrap_anew<C: Cell>(rows: &mut VecDeque<Row<C>>, cols: usize) -> VecDeque<Row<C>> {
    let mut wrapped = VecDeque::with_capacity(rows.len());
    // The incomplete row of the current line, which continues in the next row. After the last row
    // there is none, because no line continues there.
    let mut begun: Option<Row<C>> = None;
    while let Some(mut source) = rows.pop_front() {
        let is_wrapped = source.is_wrapped;
        if !is_wrapped {
            source.cells.truncate(source.written().max(source.marks.last().map_or(0, |mark| mark.col + 1)));
            source.used = source.cells.len();
        }
        if cols == 1 {
            source.blank_wide();
        }
        let mut at = 0;
        let mut row = begun.take().unwrap_or_else(|| Row::blank(0));
        loop {
            let rest = source.cells.len() - at;
            let room = cols - row.cells.len();
            if rest <= room {
                row.append(&source, at..source.cells.len());
                break;
            }
            let mut end = at + room;
            if source.cells[end].is_right_half() {
                // The wide character no longer fits.
                end -= 1;
            }
            row.append(&source, at..end);
            if row.cells.len() < cols {
                let ink = row.cells.last().map(Cell::ink);
                row.cells.push(ink.map_or(C::blank(), C::erased));
                row.used = row.cells.len();
            }
            at = end;
            row.is_wrapped = true;
            wrapped.push_back(std::mem::replace(&mut row, Row::blank(0)));
        }
        if is_wrapped && row.cells.len() < cols {
            begun = Some(row);
        } else {
            row.is_wrapped = is_wrapped;
            wrapped.push_back(row);
        }
    }
    wrapped.extend(begun);
    wrapped
}

impl<C: Cell> Row<C> {
    /// Replaces wide characters by blanks, for a terminal too narrow for them.
    fn blank_wide(&mut self) {
        for col in 1..self.cells.len() {
            if self.cells[col].is_right_half() {
                let ink = self.cells[col].ink();
                self.cells[col - 1..=col].fill(C::erased(ink));
            }
        }
    }
}
