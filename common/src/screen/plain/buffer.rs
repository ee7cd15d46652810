//! The rows of one screen, and how they move: within it, out of it, and when its size changes.

use std::collections::VecDeque;
use std::mem;
use std::ops::Range;

use super::Position;
use super::row::{Paint, Row, wrap_anew};

/// The rows of a screen, and before them those that have scrolled out of it but are within reach.
pub struct Buffer {
    pub rows: VecDeque<Row>,
    /// How many of the rows are the screen.
    height: usize,
    cols: usize,
    /// How many rows may be above the screen.
    pub scrollback: usize,
    /// A row that has gone out, to be used again.
    spare: Option<Row>,
}

impl Buffer {
    /// A blank screen. So many rows above it are kept later.
    pub fn new(cols: usize, height: usize, scrollback: usize, paint: Paint) -> Buffer {
        let rows = (0..height).map(|_| Row::blank(cols, paint)).collect();
        Buffer { rows, height, cols, scrollback, spare: None }
    }

    /// How many rows are above the screen.
    fn above(&self) -> usize {
        self.rows.len() - self.height
    }

    /// A row of the screen, from 0.
    pub fn row(&self, row: usize) -> &Row {
        &self.rows[self.above() + row]
    }

    /// The same, to be changed.
    pub fn row_mut(&mut self, row: usize) -> &mut Row {
        let above = self.above();
        &mut self.rows[above + row]
    }

    /// Makes rows of the screen blank.
    pub fn reset(&mut self, rows: Range<usize>, paint: Paint) {
        let (above, cols) = (self.above(), self.cols);
        self.rows.range_mut(above + rows.start..above + rows.end).for_each(|row| row.reset(cols, paint));
    }

    fn blank_row(&mut self, paint: Paint) -> Row {
        match self.spare.take() {
            Some(mut row) => {
                row.reset(self.cols, paint);
                row
            }
            None => Row::blank(self.cols, paint),
        }
    }

    /// Moves rows up. What leaves the screen at its top is kept above it.
    pub fn scroll_up(&mut self, rows: Range<usize>, count: usize, paint: Paint) {
        let count = count.min(rows.len());
        if rows.start == 0 {
            let index = self.above() + rows.end;
            for _ in 0..count {
                let row = self.blank_row(paint);
                self.rows.insert(index, row);
            }
        } else {
            self.row_mut(rows.start - 1).is_wrapped = false;
            self.visible(rows.clone()).rotate_left(count);
            self.reset(rows.end - count..rows.end, paint);
        }
    }

    /// Moves rows down. What leaves at the bottom is gone.
    pub fn scroll_down(&mut self, rows: Range<usize>, count: usize, paint: Paint) {
        let count = count.min(rows.len());
        self.visible(rows.clone()).rotate_right(count);
        self.reset(rows.start..rows.start + count, paint);
        if rows.start > 0 {
            self.row_mut(rows.start - 1).is_wrapped = false;
        }
        self.row_mut(rows.end - 1).is_wrapped = false;
    }

    fn visible(&mut self, rows: Range<usize>) -> &mut [Row] {
        let above = self.above();
        &mut self.rows.make_contiguous()[above + rows.start..above + rows.end]
    }

    /// Gives away the rows that are out of reach.
    pub fn evict(&mut self, evicted: &mut impl FnMut(&Row)) {
        while self.above() > self.scrollback
            && let Some(row) = self.rows.pop_front()
        {
            evicted(&row);
            self.spare = Some(row);
        }
    }

    /// Changes the size, and returns where the cursor is then. Rows that have no place any more are
    /// taken from below the cursor first, then they go above the screen.
    pub fn resize(
        &mut self,
        cols: usize,
        height: usize,
        mut cursor: Position,
        wraps_anew: bool,
        evicted: &mut impl FnMut(&Row),
    ) -> Position {
        let old_cols = mem::replace(&mut self.cols, cols);
        if cols != old_cols && wraps_anew {
            let (line, offset) = self.place_in_lines(cursor, old_cols);
            self.rows = wrap_anew(&mut self.rows, cols);
            self.extend_to(self.height);
            let (index, col) = self.place_in_rows(line, offset);
            cursor.col = col;
            // A cursor that has come to be above the screen takes the screen along.
            self.height = self.height.max(self.rows.len() - index);
            cursor.row = index - self.above();
        } else if cols != old_cols {
            cursor.col = cursor.col.min(cols - 1);
        }

        if height < self.height {
            let below = (self.height - height).min(self.height - 1 - cursor.row);
            if below > 0 {
                self.rows.truncate(self.rows.len() - below);
                self.rows.back_mut().into_iter().for_each(|row| row.is_wrapped = false);
            }
            cursor.row -= self.height - height - below;
        } else {
            cursor.row += self.above().min(height - self.height);
            self.extend_to(height);
        }
        self.height = height;
        self.evict(evicted);
        // Only now: many narrow rows may have become a few wide ones.
        self.rows.iter_mut().for_each(|row| row.resize(cols));
        cursor
    }

    fn extend_to(&mut self, count: usize) {
        while self.rows.len() < count {
            self.rows.push_back(Row::blank(0, Paint::NONE));
        }
    }

    /// In which line a place of the screen is, and how far from its beginning.
    fn place_in_lines(&self, place: Position, cols: usize) -> (usize, usize) {
        let (mut line, mut offset) = (0, place.col);
        for row in self.rows.range(..self.above() + place.row) {
            match row.is_wrapped {
                true => offset += cols,
                false => (line, offset) = (line + 1, place.col),
            }
        }
        (line, offset)
    }

    /// In which row the place of a line is, from the first one kept, and in which column.
    fn place_in_rows(&self, line: usize, offset: usize) -> (usize, usize) {
        let mut ends =
            self.rows.iter().enumerate().filter(|(_, row)| !row.is_wrapped).map(|(index, _)| index);
        let mut index = line.checked_sub(1).and_then(|before| ends.nth(before)).map_or(0, |end| end + 1);
        let mut col = offset;
        while col >= self.cols && self.rows.get(index).is_some_and(|row| row.is_wrapped) {
            col -= self.cols;
            index += 1;
        }
        (index.min(self.rows.len() - 1), col.min(self.cols - 1))
    }
}
