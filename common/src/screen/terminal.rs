//! The terminal: its state, and the queries on it.

use std::ops::Range;

use super::cell::{Cell, PlacedCell, TextCell};
use super::charset::Charsets;
use super::grid::{Grid, Position};
use super::modes::{CursorShape, Modes};
use super::row::Row;
use super::style::{Extras, Link, LinkId, Style};
use super::tabs::Tabs;
use super::{MOST_CELLS, StyledCell, TooLarge, dimensions};
use crate::size::Size;
use crate::vt::{Token, Tokenizer};

/// A terminal without a window. It is generic in the data that its cells keep: see
/// [`Screen`](super::Screen), [`TextScreen`](super::TextScreen) and
/// [`PlacedScreen`](super::PlacedScreen).
#[derive(Clone, Debug)]
pub struct Terminal<C: Cell> {
    pub(super) tokenizer: Tokenizer,
    pub(super) state: State<C>,
}

/// The position and look of the cursor. Rows and columns count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The column.
    pub col: usize,
    /// The row.
    pub row: usize,
    /// True if the row is full, so that the next character wraps.
    pub is_wrap_pending: bool,
    /// True if it is shown.
    pub is_visible: bool,
    /// Its shape.
    pub shape: CursorShape,
}

/// The changes to a screen since the last query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The number of rows by which the whole screen has scrolled up. Rows that came in at the
    /// bottom count as changed.
    pub scrolled: usize,
    /// The rows that differ from before they scrolled, from 0 on the current screen.
    pub rows: Vec<usize>,
}

/// Changed rows of a line, as ranges of all rows: see [`Terminal::row_of_all`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedLine {
    /// The rows of the line.
    pub rows: Range<usize>,
    /// The changed ones, without any other between them.
    pub changed: Range<usize>,
}

/// The state of a terminal, without the unfinished sequence.
#[derive(Clone, Debug)]
pub(super) struct State<C: Cell> {
    /// The size last requested.
    pub size: Size,
    pub cols: usize,
    pub rows: usize,
    /// The screen that is shown.
    pub grid: Grid<C>,
    /// The other screen. The alternate screen has no rows until it is shown for the first time.
    pub hidden: Grid<C>,
    pub alternate: Alternate,
    /// The position of the cursor on the primary screen while the alternate one is shown.
    pub primary_position: Position,
    /// True if its row was full there.
    pub is_primary_full: bool,
    pub position: Position,
    /// True if the next character wraps first.
    pub is_wrap_pending: bool,
    pub pen: Style,
    /// The pen's ink for writing, unless the pen has changed since: see [`State::ink`].
    pub ink: Option<C::Ink>,
    pub extras: Extras,
    /// The number of extras at which unused ones are dropped.
    pub most_extras: usize,
    pub charsets: Charsets,
    /// The state saved by DECSC on the primary and on the alternate screen.
    pub saved: [SavedCursor; 2],
    pub tabs: Tabs,
    pub modes: Modes,
    /// The rows of the scroll region.
    pub region: Range<usize>,
    /// The columns between the margins.
    pub margins: Range<usize>,
    /// The character that REP repeats, and its place.
    pub last: Option<(char, u64)>,
    /// Its combining characters.
    pub last_marks: Vec<(char, u64)>,
    pub title: String,
    /// The stack of titles (XTWINOPS 22).
    pub titles: Vec<String>,
}

/// The state of the alternate screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alternate {
    Hidden,
    /// Shown by mode 47 or 1047.
    Shown,
    /// Shown by mode 1049, which saves the primary screen's cursor.
    ShownWithCursor,
}

/// The state saved by DECSC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SavedCursor {
    pub position: Position,
    pub is_wrap_pending: bool,
    pub pen: Style,
    pub charsets: Charsets,
    pub origin: bool,
    /// Autowrap at that time, which DECRC restores on the VT510 and in avt, but not in xterm,
    /// alacritty and libvterm, nor here. It is kept only for drawings.
    pub autowrap: bool,
}

impl Default for SavedCursor {
    fn default() -> SavedCursor {
        SavedCursor {
            position: Position::default(),
            is_wrap_pending: false,
            pen: Style::default(),
            charsets: Charsets::default(),
            origin: false,
            autowrap: true,
        }
    }
}

impl<C: Cell> Terminal<C> {
    /// A new terminal of at least one column and row, with at most this many rows of scrollback.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    pub fn new(size: Size, scrollback: usize) -> Result<Terminal<C>, TooLarge> {
        let (cols, rows) = dimensions(size)?;
        Ok(Terminal { tokenizer: Tokenizer::default(), state: State::new(size, cols, rows, scrollback) })
    }

    /// Like `feed_bytes`; rows that leave the scrollback are passed to `evicted`, oldest first.
    #[inline]
    pub fn feed_bytes_with(&mut self, bytes: &[u8], evicted: &mut impl FnMut(&Row<C>)) {
        let mut tokens = self.tokenizer.tokens(bytes);
        while let Some(token) = tokens.next() {
            self.state.execute(&token, evicted);
        }
    }

    /// Executes a token that was found in the output by another tokenizer; places in cells are the
    /// token's. Rows that leave the scrollback are passed to `evicted`, oldest first.
    pub fn execute(&mut self, token: &Token<'_>, evicted: &mut impl FnMut(&Row<C>)) {
        self.state.execute(token, evicted);
    }

    /// Changes the size. Lines of the primary screen are rewrapped and the cursor stays at its
    /// character; those of the alternate screen are truncated.
    ///
    /// # Errors
    ///
    /// [`TooLarge`]; the state is then unchanged.
    pub fn resize(&mut self, size: Size) -> Result<(), TooLarge> {
        self.resize_with(size, &mut |_| {})
    }

    /// Like [`Terminal::resize`]; rows that leave the scrollback are passed to `evicted`, oldest
    /// first.
    ///
    /// # Errors
    ///
    /// [`TooLarge`]; the state is then unchanged.
    pub fn resize_with(&mut self, size: Size, evicted: &mut impl FnMut(&Row<C>)) -> Result<(), TooLarge> {
        let (cols, rows) = dimensions(size)?;
        self.state.resize(cols, rows, evicted);
        self.state.size = size;
        Ok(())
    }

    /// Sets the number of rows kept in the scrollback from now on.
    pub fn keep_scrollback(&mut self, rows: usize) {
        let State { grid, hidden, alternate, .. } = &mut self.state;
        let primary = if *alternate == Alternate::Hidden { grid } else { hidden };
        primary.most_scrollback = rows;
    }

    /// The size last requested.
    pub fn size(&self) -> Size {
        self.state.size
    }

    /// The rows of the screen from top to bottom.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = &Row<C>> + ExactSizeIterator {
        self.state.grid.rows.iter()
    }

    /// A row of the screen, from 0.
    pub fn row(&self, row: usize) -> Option<&Row<C>> {
        self.state.grid.rows.get(row)
    }

    /// The rows above the screen, oldest first. The alternate screen has none.
    pub fn scrollback(&self) -> impl DoubleEndedIterator<Item = &Row<C>> + ExactSizeIterator {
        self.state.grid.scrollback.iter()
    }

    /// The text of the screen, one line per row, without trailing white space.
    pub fn text(&self) -> Vec<String> {
        self.rows().map(|row| row.text().trim_end().to_string()).collect()
    }

    /// The cursor.
    pub fn cursor(&self) -> Cursor {
        let State { position, is_wrap_pending, modes, .. } = &self.state;
        Cursor {
            col: position.col,
            row: position.row,
            is_wrap_pending: *is_wrap_pending,
            is_visible: modes.cursor_visible,
            shape: modes.cursor_shape,
        }
    }

    /// The window's title; empty if none has been set.
    pub fn title(&self) -> &str {
        &self.state.title
    }

    /// Returns whether the alternate screen is shown, which editors and pagers use.
    pub fn is_alternate(&self) -> bool {
        self.state.alternate != Alternate::Hidden
    }

    /// The modes.
    pub fn modes(&self) -> &Modes {
        &self.state.modes
    }

    /// Returns whether a part of the screen scrolls by itself, because margins have been set.
    pub fn scrolls_in_part(&self) -> bool {
        let State { region, margins, rows, cols, .. } = &self.state;
        *region != (0..*rows) || *margins != (0..*cols)
    }

    /// Returns whether the output so far ends within a sequence.
    pub fn is_within_sequence(&self) -> bool {
        self.tokenizer.is_within_sequence()
    }

    /// The number of bytes of output processed, without those of an unfinished sequence. Places in
    /// cells count from the same start.
    pub fn position(&self) -> u64 {
        self.tokenizer.position()
    }

    /// The changes since the last call, or since the terminal was created.
    pub fn take_changes(&mut self) -> Changes {
        let grid = &mut self.state.grid;
        let mut changes = Changes { scrolled: std::mem::take(&mut grid.scrolled), rows: Vec::new() };
        for (index, row) in grid.rows.iter_mut().enumerate() {
            if std::mem::take(&mut row.is_changed) {
                changes.rows.push(index);
            }
        }
        changes
    }

    /// Finds the lines with a row that has changed since the last call, including the scrollback: in
    /// order, several times if there are other rows between changed ones. Returns the number of rows
    /// by which the whole screen has scrolled up since then. Rows that have left the scrollback
    /// record themselves whether they have changed.
    ///
    /// `continues` decides whether a row's line continues in the next row, as it does at least if
    /// it is wrapped.
    ///
    /// A line of which no row has changed is the same as at the last call: a row changes, too, when
    /// its line becomes longer or shorter after it, or is cut off before it.
    pub fn take_changed_lines(
        &mut self,
        continues: impl Fn(&Row<C>, &Row<C>) -> bool,
        lines: &mut Vec<ChangedLine>,
    ) -> usize {
        lines.clear();
        let grid = &mut self.state.grid;
        let end = grid.scrollback.len() + grid.rows.len();
        let oldest_new = grid.scrollback.len().saturating_sub(std::mem::take(&mut grid.new_above));
        let continues_before = |index: usize| {
            let before = index.checked_sub(1).and_then(|before| grid.row_of_all(before));
            before.zip(grid.row_of_all(index)).is_some_and(|(before, row)| continues(before, row))
        };
        let first_in_line = |index: usize| (0..=index).rev().find(|&row| !continues_before(row)).unwrap_or(0);
        let first = first_in_line(oldest_new);
        let mut add = |index: usize| match lines.last_mut() {
            Some(last) if last.changed.end > index => {}
            Some(last) if last.changed.end == index && last.rows.end > index => last.changed.end += 1,
            last => {
                let rows = match last.filter(|last| last.rows.end > index) {
                    Some(last) => last.rows.clone(),
                    None => {
                        let end = (index + 1..end).find(|&row| !continues_before(row)).unwrap_or(end);
                        first_in_line(index)..end
                    }
                };
                lines.push(ChangedLine { rows, changed: index..index + 1 });
            }
        };
        let rows = grid.scrollback.range(first..).chain(&grid.rows).enumerate();
        for (index, row) in rows.filter(|(_, row)| row.is_changed | row.is_cut) {
            let index = first + index;
            if row.is_changed {
                add(index);
            }
            if row.is_cut && index + 1 < end {
                add(index + 1);
            }
        }
        for ChangedLine { changed, .. } in lines.iter() {
            // The row before may have been cut off.
            for row in changed.start.saturating_sub(1).max(first)..changed.end {
                grid.row_of_all_mut(row).into_iter().for_each(Row::forget_changes);
            }
        }
        grid.rows.back_mut().into_iter().for_each(|row| row.is_cut = false);
        std::mem::take(&mut grid.scrolled)
    }

    /// Notes rows, counted as by [`Terminal::row_of_all`], or takes that back. The terminal makes
    /// no use of it.
    pub fn note(&mut self, rows: Range<usize>, is_noted: bool) {
        for index in rows {
            let row = self.state.grid.row_of_all_mut(index);
            row.into_iter().for_each(|row| row.is_noted = is_noted);
        }
    }

    /// A row, counted from the oldest one in the scrollback.
    pub fn row_of_all(&self, index: usize) -> Option<&Row<C>> {
        self.state.grid.row_of_all(index)
    }

    /// The link with the ID in a style.
    pub fn link(&self, id: LinkId) -> Option<&Link> {
        self.state.extras.link(id)
    }
}

/// Feeding is not generic, so that it is compiled with this crate, for speed, rather than with each
/// program, for size.
macro_rules! feed {
    ($($cell:ty)*) => {$(
        impl Terminal<$cell> {
            /// Feeds the next piece of output. Sequences may continue from one piece to the next.
            pub fn feed(&mut self, text: &str) {
                self.feed_bytes(text.as_bytes());
            }

            /// The same for bytes. Invalid UTF-8 shows as U+FFFD.
            pub fn feed_bytes(&mut self, bytes: &[u8]) {
                self.feed_bytes_with(bytes, &mut |_| {});
            }
        }
    )*};
}

feed!(TextCell PlacedCell StyledCell);

impl Terminal<StyledCell> {
    /// The complete style of a cell.
    pub fn style(&self, cell: &StyledCell) -> Style {
        self.state.style(cell)
    }
}

impl<C: Cell> State<C> {
    pub fn new(size: Size, cols: usize, rows: usize, scrollback: usize) -> State<C> {
        let pen = Style::default();
        State {
            size,
            cols,
            rows,
            grid: Grid::new(cols, rows, bounded_scrollback(scrollback, cols)),
            hidden: Grid::new(cols, 0, 0),
            alternate: Alternate::Hidden,
            primary_position: Position::default(),
            is_primary_full: false,
            position: Position::default(),
            is_wrap_pending: false,
            pen,
            ink: None,
            extras: Extras::default(),
            most_extras: Extras::MANY,
            charsets: Charsets::default(),
            saved: [SavedCursor::default(); 2],
            tabs: Tabs::new(cols),
            modes: Modes::default(),
            region: 0..rows,
            margins: 0..cols,
            last: None,
            last_marks: Vec::new(),
            title: String::new(),
            titles: Vec::new(),
        }
    }

    pub fn is_alternate(&self) -> bool {
        self.alternate != Alternate::Hidden
    }

    pub fn resize(&mut self, cols: usize, rows: usize, evicted: &mut impl FnMut(&Row<C>)) {
        if (cols, rows) == (self.cols, self.rows) {
            return;
        }
        if cols != self.cols {
            self.tabs.resize(self.cols, cols);
            self.margins = 0..cols;
        }
        if rows != self.rows {
            self.region = 0..rows;
        }
        // If the width is the same, a full row stays full.
        if cols != self.cols {
            self.position.col += usize::from(std::mem::take(&mut self.is_wrap_pending));
            self.primary_position.col += usize::from(std::mem::take(&mut self.is_primary_full));
        }
        if self.is_alternate() {
            self.primary_position = self.hidden.resize(cols, rows, self.primary_position, true, evicted);
            self.position = self.grid.resize(cols, rows, self.position, false, &mut |_| {});
        } else {
            self.position = self.grid.resize(cols, rows, self.position, true, evicted);
            if !self.hidden.rows.is_empty() {
                self.hidden.resize(cols, rows, Position::default(), false, &mut |_| {});
            }
        }
        for saved in &mut self.saved {
            saved.is_wrap_pending &= cols == self.cols && saved.position.row < rows;
            saved.position.col = saved.position.col.min(cols - 1);
            saved.position.row = saved.position.row.min(rows - 1);
        }
        if self.alternate == Alternate::ShownWithCursor {
            // Saved when the alternate screen was shown, so that a drawing can set only both.
            self.is_primary_full &= self.saved[0].is_wrap_pending;
        }
        (self.cols, self.rows) = (cols, rows);
    }

    /// The ink with which the pen writes. Programs often change the pen several times before they
    /// write.
    #[inline]
    pub fn ink(&mut self) -> C::Ink {
        let State { ink, pen, extras, .. } = self;
        *ink.get_or_insert_with(|| C::writing(pen, extras.number(pen)))
    }

    /// The ink with which the pen erases.
    #[inline]
    pub fn eraser(&self) -> C::Ink {
        C::erasing(&self.pen)
    }
}

/// The number of rows of scrollback that memory allows.
fn bounded_scrollback(scrollback: usize, cols: usize) -> usize {
    const MOST: usize = 4 * MOST_CELLS;
    scrollback.min(MOST / cols)
}
