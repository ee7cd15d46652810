//! The rows of one screen, and their movement: within it, out of it, and on resizes.

use std::collections::VecDeque;
use std::mem;
use std::ops::Range;

use super::cell::Cell;
use super::row::{Row, wrap_anew};

/// A position on a screen, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The column.
    pub col: usize,
    /// The row.
    pub row: usize,
}

/// The rows of a screen and its scrollback.
#[derive(Clone, Debug)]
pub(super) struct Grid<C: Cell> {
    pub rows: VecDeque<Row<C>>,
    pub scrollback: VecDeque<Row<C>>,
    /// The maximum number of rows in the scrollback.
    pub most_scrollback: usize,
    pub cols: usize,
    /// The number of rows by which the whole screen has scrolled up since the last query.
    pub scrolled: usize,
    /// The number of rows added to the scrollback since changed lines were last queried.
    pub new_above: usize,
}

impl<C: Cell> Grid<C> {
    /// A blank screen. `most_scrollback` rows will be kept above it.
    pub fn new(cols: usize, rows: usize, most_scrollback: usize) -> Grid<C> {
        let rows = (0..rows).map(|_| Row::blank(cols)).collect();
        Grid { rows, scrollback: VecDeque::new(), most_scrollback, cols, scrolled: 0, new_above: 0 }
    }

    /// A row, counted from the oldest one in the scrollback.
    pub fn row_of_all(&self, index: usize) -> Option<&Row<C>> {
        self.scrollback.get(index).or_else(|| self.rows.get(index.checked_sub(self.scrollback.len())?))
    }

    /// The same, to change it.
    pub fn row_of_all_mut(&mut self, index: usize) -> Option<&mut Row<C>> {
        match index.checked_sub(self.scrollback.len()) {
            Some(index) => self.rows.get_mut(index),
            None => self.scrollback.get_mut(index),
        }
    }

    /// Erases rows.
    pub fn reset(&mut self, rows: Range<usize>, ink: C::Ink) {
        let cols = self.cols;
        self.rows.range_mut(rows).for_each(|row| row.reset(cols, ink));
    }

    /// Moves rows up. Rows that leave the top of the screen go to the scrollback, and rows that
    /// leave the scrollback to `evicted`.
    pub fn scroll_up(
        &mut self,
        rows: Range<usize>,
        count: usize,
        ink: C::Ink,
        evicted: &mut impl FnMut(&Row<C>),
    ) {
        let count = count.min(rows.len());
        if rows.start > 0 {
            self.end_line(rows.start - 1);
            self.rows.make_contiguous()[rows.clone()].rotate_left(count);
            self.reset(rows.end - count..rows.end, ink);
            self.mark_changed(rows);
            return;
        }
        let is_whole = rows.end == self.rows.len();
        for _ in 0..count {
            let Some(gone) = self.rows.pop_front() else { return };
            self.scrollback.push_back(gone);
            self.new_above += 1;
            let mut row = self.evict(evicted).unwrap_or_else(|| Row::blank(self.cols));
            row.reset(self.cols, ink);
            self.rows.insert(rows.end - 1, row);
        }
        if is_whole {
            self.scrolled = self.scrolled.saturating_add(count);
        } else {
            self.mark_changed(rows);
        }
    }

    /// Moves rows down. Rows that leave the bottom are lost.
    pub fn scroll_down(&mut self, rows: Range<usize>, count: usize, ink: C::Ink) {
        let count = count.min(rows.len());
        self.end_line(rows.end - 1);
        self.rows.make_contiguous()[rows.clone()].rotate_right(count);
        self.reset(rows.start..rows.start + count, ink);
        if rows.start > 0 {
            self.end_line(rows.start - 1);
        }
        self.rows[rows.end - 1].is_wrapped = false;
        self.mark_changed(rows);
    }

    /// Moves the contents of a rectangle up or down. Contents that leave it are lost.
    pub fn scroll_within(&mut self, rows: Range<usize>, cols: Range<usize>, count: isize, ink: C::Ink) {
        let distance = count.unsigned_abs().min(rows.len());
        for row in rows.clone() {
            self.rows[row].cut_at(&cols);
            self.rows[row].set_wrapped(false);
        }
        let kept = rows.len() - distance;
        let slice = &mut self.rows.make_contiguous()[rows.clone()];
        for index in 0..kept {
            let (target, source) = if count > 0 {
                (index, index + distance)
            } else {
                (kept - 1 - index + distance, kept - 1 - index)
            };
            let [target, source] = match slice.get_disjoint_mut([target, source]) {
                Ok(pair) => pair,
                // Not moved at all.
                Err(_) => return,
            };
            target.copy_from(source, cols.clone());
        }
        let freed = if count > 0 { kept..rows.len() } else { 0..distance };
        slice[freed].iter_mut().for_each(|row| row.clear(cols.clone(), ink));
    }

    /// Makes a line end with a row, because that or what it went on with will move away. The rest
    /// becomes a line of its own.
    pub fn end_line(&mut self, row: usize) {
        if self.rows[row].is_wrapped {
            self.rows[row].set_wrapped(false);
            self.rows.get_mut(row + 1).into_iter().for_each(|next| next.is_changed = true);
        }
    }

    pub fn mark_changed(&mut self, rows: Range<usize>) {
        self.rows.range_mut(rows).for_each(|row| row.is_changed = true);
    }

    /// Passes on the rows that have left the scrollback, and returns the last one for reuse. If there
    /// is no scrollback, and one of them began a line, the line now begins with the next row, which
    /// counts as changed.
    fn evict(&mut self, evicted: &mut impl FnMut(&Row<C>)) -> Option<Row<C>> {
        let mut last = None;
        while self.scrollback.len() > self.most_scrollback
            && let Some(row) = self.scrollback.pop_front()
        {
            evicted(&row);
            if (row.is_cut || row.is_wrapped && self.most_scrollback == 0)
                && let Some(next) = self.scrollback.front_mut().or_else(|| self.rows.front_mut())
            {
                next.is_changed = true;
            }
            last = Some(row);
        }
        last
    }

    /// Changes the size, and returns the new cursor position: at the same character, if lines are
    /// rewrapped.
    ///
    /// Surplus rows are taken from the blank ones below the cursor; then they go to the scrollback,
    /// and if that would include the cursor, they are taken from below it. Without rewrapping, they
    /// are taken from below the cursor first.
    pub fn resize(
        &mut self,
        cols: usize,
        height: usize,
        mut cursor: Position,
        wraps_anew: bool,
        evicted: &mut impl FnMut(&Row<C>),
    ) -> Position {
        let old_cols = mem::replace(&mut self.cols, cols);
        let old_height = self.rows.len();
        // Rewrapping ignores the boundary between scrollback and screen.
        let mut all = mem::take(&mut self.scrollback);
        let mut above = all.len();
        all.append(&mut self.rows);
        let mut index = above + cursor.row;
        if cols != old_cols && wraps_anew {
            let place = LinePlace::of(&all, index, cursor.col, old_cols);
            let count = all.len();
            all = wrap_anew(&mut all, cols);
            (index, cursor.col) = place.find(&all, cols);
            let growth = all.len().saturating_sub(count);
            drop_blank(&mut all, growth, index);
            while all.len() < old_height {
                all.push_back(Row::blank(0));
            }
            // If the cursor is above the screen, the screen moves up with it.
            above = index.min(all.len() - old_height);
        } else {
            cursor.col = cursor.col.min(cols - 1);
        }
        if height < all.len() - above {
            let excess = all.len() - above - height;
            if wraps_anew {
                drop_blank(&mut all, excess, index);
            } else {
                // Full-screen programs redraw, and rows that leave the top would be lost.
                let below = all.len() - 1 - index;
                all.truncate(all.len() - excess.min(below));
            }
            let excess = all.len() - above - height;
            above += excess.min(index - above);
            all.truncate(above + height);
            all.back_mut().into_iter().for_each(|row| row.is_wrapped = false);
        } else {
            above -= above.min(height - (all.len() - above));
            while all.len() < above + height {
                all.push_back(Row::blank(0));
            }
        }
        self.rows = all.split_off(above);
        self.scrollback = all;
        self.new_above = self.scrollback.len();
        cursor.row = index - above;
        self.evict(evicted);
        // Only now: many narrow rows may have become a few wide ones.
        self.scrollback.iter_mut().chain(&mut self.rows).for_each(|row| row.resize(cols));
        cursor
    }
}

/// Removes up to this many blank rows from the end, but none at or before an index.
fn drop_blank<C: Cell>(rows: &mut VecDeque<Row<C>>, count: usize, index: usize) {
    for _ in 0..count {
        if rows.len() <= index + 1 || !rows.back().is_some_and(|row| row.is_blank()) {
            return;
        }
        rows.pop_back();
        rows.back_mut().into_iter().for_each(|row| row.is_wrapped = false);
    }
}

/// A position relative to its line, which survives rewrapping.
struct LinePlace {
    line: usize,
    /// The distance from the start of the line, in columns.
    offset: usize,
}

impl LinePlace {
    fn of<C: Cell>(rows: &VecDeque<Row<C>>, index: usize, col: usize, cols: usize) -> LinePlace {
        let (mut line, mut offset) = (0, col);
        for row in rows.range(..index) {
            match row.is_wrapped {
                true => offset += cols,
                false => (line, offset) = (line + 1, col),
            }
        }
        LinePlace { line, offset }
    }

    /// Its current row and column.
    fn find<C: Cell>(&self, rows: &VecDeque<Row<C>>, cols: usize) -> (usize, usize) {
        let mut ends = rows.iter().enumerate().filter(|(_, row)| !row.is_wrapped).map(|(index, _)| index);
        let mut index = self.line.checked_sub(1).and_then(|before| ends.nth(before)).map_or(0, |end| end + 1);
        let mut col = self.offset;
        while col >= cols && rows.get(index).is_some_and(|row| row.is_wrapped) {
            col -= cols;
            index += 1;
        }
        (index.min(rows.len() - 1), col.min(cols - 1))
    }
}
