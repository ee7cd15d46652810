//! The text on a screen, line by line: rows of a wrapped line are joined.
//!
//! A search examines every line that has changed, as a whole: those on the screen after each event,
//! and those that have left it since the previous event. Everything that a viewer could ever read
//! is examined at least once.
//!
//! A long line that changes a little with each event would be examined again and again. A search
//! that can tell from a part of a line whether there is anything in it to find is asked about the
//! changed rows first: see [`Extent`].
//!
//! A program that draws row by row, such as a pager or a multiplexer, may break a line itself, where
//! nothing tells it from two lines. A search that must not miss anything can have such rows joined
//! as well, in a further reading: see [`Rows`].

use std::ops::{Range, RangeInclusive};

use memchr::memchr2;

use super::traced::{NOWHERE, TracedLine, copy_ascii};
use crate::screen::{Cell, ChangedLine, PlacedCell, Row, Terminal, TextCell, TooLarge};
use crate::size::Size;
use crate::vt::{Token, Tokenizer};

/// The number of rows kept above the screen: a terminal that becomes taller brings them back.
const SCROLLBACK: usize = 200;

/// The number of cells in them, if more rows than that are needed for it: a narrow terminal that
/// becomes wider joins rows, and brings more of them back.
const SCROLLBACK_CELLS: usize = 80 * SCROLLBACK;

/// The number of rows kept above a screen of this width.
fn scrollback(size: Size) -> usize {
    SCROLLBACK.max(SCROLLBACK_CELLS / usize::from(size.cols.max(1)))
}

/// The longest line examined as a whole, in bytes. A longer one is examined in pieces, each of
/// which repeats the last [`OVERLAP`] bytes of the previous one.
const LONGEST_LINE: usize = 64 << 10;

/// The overlap of two pieces of a line, in bytes.
const OVERLAP: usize = 16 << 10;

/// The number of unwritten blanks kept at the end of a line: a search text may end in blanks.
const BLANKS: usize = 4;

/// How much of a line is examined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The changed rows of a longer line, with the text around them that is within reach. If the
    /// answer is false, the line is not examined as a whole, unless there was anything to find in
    /// its other rows.
    Change,
    /// The whole line. The answer does not matter.
    Line,
    /// Text in a part of the columns of several rows that may be one line, as in a pane.
    /// If the answer to [`Extent::Change`] is false for it, it is not examined.
    Pane,
}

/// The rows that are examined as one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rows {
    /// Those of a wrapped line.
    Wrapped,
    /// The same, and then those that look like one line, because each has text up to the margin and
    /// the next has text from its first column on. Only the surroundings of a change are examined.
    ///
    /// Finally the text in each of several panes side by side, and rows of which the next are
    /// indented, as after line numbers.
    Adjacent,
}

/// The number of rows before and after a change that are examined as a part of a pane.
const PANE_ROWS: usize = 16;

/// The widest indentation of a row that continues the previous one, in columns.
const INDENTATION: usize = 12;

/// How much of adjacent rows is examined before and after a change, in columns: longer than most
/// secrets.
const SURROUNDINGS: usize = 2048;

/// Receives the rows of a line, and the line or a part of it. Returns whether there may be anything
/// to find in it: a sign of it, at most `reach` bytes long, that every line with anything to find
/// contains.
type Look<'a, L> = &'a mut dyn FnMut(Range<isize>, &L, Extent) -> bool;

/// The text of a line, and any other data kept of its cells.
trait LineText<C>: Clone + Default {
    /// The rows that a search of such lines joins.
    const ROWS: Rows;

    /// Appends a range of the columns of a row, without most of the unwritten blanks at its end.
    fn push_cols(&mut self, row: &Row<C>, cols: Range<usize>);

    /// The same, but possibly without the data other than the text, where that alone is examined.
    fn push_text(&mut self, row: &Row<C>, cols: Range<usize>) {
        self.push_cols(row, cols);
    }

    /// Marks the end of the text as the end of a line that only looks as if it continued.
    fn join(&mut self) {}

    /// Appends a row.
    fn push_row(&mut self, row: &Row<C>)
    where
        C: Cell,
    {
        self.push_cols(row, 0..row.cells().len());
    }

    /// The text in UTF-8.
    fn bytes(&self) -> &[u8];

    /// Empties it.
    fn clear(&mut self);

    /// Keeps about this many bytes at the end.
    fn keep_last(&mut self, length: usize);
}

/// The text of the screen, with the place in the output of each character.
pub struct TracedScreen(ShownLines<PlacedCell, TracedLine>);

/// The text of the screen.
pub struct TextLines(ShownLines<TextCell, PlainLine>);

/// Only the text of a line.
#[derive(Clone, Default)]
pub struct PlainLine(Vec<u8>);

/// A terminal, and its lines that have not been examined yet.
struct ShownLines<C: Cell, L> {
    terminal: Terminal<C>,
    gone: GoneLine<L>,
    /// The current line, kept for reuse.
    line: L,
    /// The changed lines, kept for reuse.
    changed: Vec<ChangedLine>,
}

/// The part of a line that has left the scrollback, while the rest has not.
#[derive(Default)]
struct GoneLine<L> {
    line: L,
    is_changed: bool,
    /// True if any of its rows was noted, or may have to be.
    is_noted: bool,
}

// Written out for each kind of cell, so that they are compiled and optimized with this crate.

impl TracedScreen {
    /// A new terminal.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    pub fn new(size: Size) -> Result<TracedScreen, TooLarge> {
        Ok(TracedScreen(ShownLines::new(size)?))
    }

    /// The terminal.
    pub fn terminal(&self) -> &Terminal<PlacedCell> {
        &self.0.terminal
    }

    /// Executes a token of the output. Lines that scroll out of reach are passed to `look`.
    pub fn execute(&mut self, token: &Token<'_>, look: &mut dyn FnMut(&TracedLine)) {
        let ShownLines { terminal, gone, .. } = &mut self.0;
        terminal.execute(token, &mut |row| gone.push(row, look));
    }

    /// Prints text, which may contain sequences, in place of output: all of it has the same place.
    pub fn print(&mut self, text: &str, place: u64, look: &mut dyn FnMut(&TracedLine)) {
        let mut tokenizer = Tokenizer::default();
        // One at a time, because places increase within a token.
        for character in text.chars() {
            let bytes = &mut [0; 4];
            let mut tokens = tokenizer.tokens(character.encode_utf8(bytes).as_bytes());
            while let Some(mut token) = tokens.next() {
                token.start = place;
                self.execute(&token, look);
            }
        }
    }

    /// Changes the size. Lines that scroll out of reach are passed to `look`.
    ///
    /// # Errors
    ///
    /// [`TooLarge`]; the state is then unchanged.
    pub fn resize(&mut self, size: Size, look: &mut dyn FnMut(&TracedLine)) -> Result<(), TooLarge> {
        self.0.resize(size, look)
    }

    /// Passes each line that has changed since the last call to `look`, with its rows of the screen,
    /// negative for those above it. With a `reach`, in bytes, `look` is asked about changed parts
    /// first: see [`Extent`].
    pub fn changed(
        &mut self,
        reach: Option<usize>,
        look: &mut dyn FnMut(Range<isize>, &TracedLine, Extent) -> bool,
    ) {
        self.0.changed(reach, look);
    }

    /// The length in bytes of the text that a line beginning in this row has lost to the end of the
    /// scrollback.
    pub fn gone_length(&self, first: isize) -> usize {
        let ShownLines { terminal, gone, .. } = &self.0;
        let is_oldest = first + terminal.scrollback().len() as isize == 0;
        if is_oldest && !terminal.is_alternate() { gone.line.bytes().len() } else { 0 }
    }

    /// Each row of the screen as a separate line.
    pub fn rows(&self) -> Vec<TracedLine> {
        let line = |row: &Row<PlacedCell>| {
            let mut line = TracedLine::default();
            line.push_row(row);
            line
        };
        self.0.terminal.rows().map(line).collect()
    }

    /// Passes each line on the screen to `look`, with the row in which it begins, negative above the
    /// screen. With a `place`, only those with text from before it and from there on.
    pub fn lines(&self, place: Option<u64>, look: &mut dyn FnMut(isize, &TracedLine)) {
        let ShownLines { terminal, gone, .. } = &self.0;
        let above = terminal.scrollback().len();
        let end = above + terminal.rows().len();
        let is_wrapped = |row: usize| terminal.row_of_all(row).is_some_and(Row::is_wrapped);
        let mut start = (0..above).rev().take_while(|&row| is_wrapped(row)).last().unwrap_or(above);
        let mut line = TracedLine::default();
        while start < end {
            let rows = start..(start..end).find(|&row| !is_wrapped(row)).map_or(end, |row| row + 1);
            let has_any = |is_sought: &dyn Fn(u64) -> bool| {
                let mut rows = rows.clone().filter_map(|row| terminal.row_of_all(row));
                rows.any(|row| row.used_cells().iter().any(|cell| cell.place().is_some_and(is_sought)))
            };
            let is_rest = start == 0 && !terminal.is_alternate() && !gone.line.is_empty();
            let is_mixed = |place| has_any(&|at| at >= place) && (is_rest || has_any(&|at| at < place));
            if place.is_none_or(is_mixed) {
                line.clear();
                if is_rest {
                    line.clone_from(&gone.line);
                }
                let first = start as isize - above as isize;
                push_rows(terminal, rows.clone(), &mut line, &mut |line| look(first, line));
            }
            start = rows.end;
        }
    }

    /// Replaces a line by the cursor's, up to the cursor: the part that may be continued. If it is
    /// longer than `longest` bytes, what it is replaced by is as well.
    pub fn read_before_cursor(&self, longest: usize, line: &mut TracedLine) {
        self.read_rows_before_cursor(longest, |row, _, _| row.is_wrapped(), line);
    }

    /// Replaces a line by the cursor's. If it is longer than `longest` bytes, what it is replaced by
    /// is as well.
    pub fn read_at_cursor(&self, longest: usize, line: &mut TracedLine) {
        line.clear();
        let terminal = &self.0.terminal;
        let current = terminal.scrollback().len() + terminal.cursor().row;
        let goes_on = |index: &usize| terminal.row_of_all(*index).is_some_and(Row::is_wrapped);
        let start = (0..current).rev().take_while(goes_on).last().unwrap_or(current);
        for row in (start..).map_while(|index| terminal.row_of_all(index)) {
            line.push_row(row);
            if line.len() > longest || !row.is_wrapped() {
                return;
            }
        }
    }

    /// Like [`TracedScreen::read_before_cursor`], with the rows before it that look like a part of
    /// the cursor's line, or would if it continued them.
    pub fn read_all_before_cursor(&self, line: &mut TracedLine) {
        let cursor = self.0.terminal.cursor();
        let is_start = cursor.col == 0 && !cursor.is_wrap_pending;
        let most = SURROUNDINGS / usize::from(self.0.terminal.size().cols.max(1));
        let continues = |row: &Row<PlacedCell>, next: Option<&Row<PlacedCell>>, distance: usize| {
            row.is_wrapped()
                || distance <= most
                    && has_text_at_end(row)
                    && (is_start && distance == 0 || next.is_some_and(has_text_at_start))
        };
        self.read_rows_before_cursor(usize::MAX, continues, line);
    }

    /// Replaces a line by the text before the cursor in its pane, with the rows that look like a
    /// part of the same line. Empty if the row has no borders.
    pub fn read_pane_before_cursor(&self, line: &mut TracedLine) {
        line.clear();
        let terminal = &self.0.terminal;
        let cursor = terminal.cursor();
        let index = terminal.scrollback().len() + cursor.row;
        let Some(row) = terminal.row_of_all(index) else { return };
        let col = cursor.col + usize::from(cursor.is_wrap_pending);
        let (before, after) = row.used_cells().split_at(col.min(row.used_cells().len()));
        let start = before.iter().rposition(is_border).map(|at| at + 1);
        let end = after.iter().position(is_border).map(|at| col + at);
        if start.is_some() || end.is_some() {
            let pane = start.unwrap_or(0)..end.unwrap_or(row.cells().len());
            // With nothing before it, the cursor may be about to continue the row above.
            let above = index.checked_sub(1).filter(|_| col == pane.start);
            let above = above.filter(|&above| {
                terminal.row_of_all(above).is_some_and(|row| has_text_before_border(row, &pane))
            });
            let first = first_in_pane(terminal, above.unwrap_or(index), &pane);
            push_pane(terminal, first..=index, &pane, col, line);
        }
    }

    /// Replaces a line by the cursor's, up to the cursor. `continues` gets a row, the next one, and
    /// the number of rows between the first and the cursor's.
    fn read_rows_before_cursor(
        &self,
        longest: usize,
        continues: impl Fn(&Row<PlacedCell>, Option<&Row<PlacedCell>>, usize) -> bool,
        line: &mut TracedLine,
    ) {
        line.clear();
        let terminal = &self.0.terminal;
        let cursor = terminal.cursor();
        let current = terminal.scrollback().len() + cursor.row;
        let goes_on = |index: usize| {
            let next = terminal.row_of_all(index + 1);
            terminal.row_of_all(index).is_some_and(|row| continues(row, next, current - index - 1))
        };
        let start = (0..current).rev().take_while(|&index| goes_on(index)).last().unwrap_or(current);
        for row in (start..current).filter_map(|index| terminal.row_of_all(index)) {
            line.push_row(row);
            if line.len() > longest {
                return;
            }
        }
        let Some(row) = terminal.row_of_all(current) else { return };
        let col = cursor.col + usize::from(cursor.is_wrap_pending);
        for (_, cell) in row.characters().take_while(|(at, _)| *at < col) {
            line.push(cell.character(), cell.place().unwrap_or(NOWHERE));
        }
    }
}

impl TextLines {
    /// A new terminal.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    pub fn new(size: Size) -> Result<TextLines, TooLarge> {
        Ok(TextLines(ShownLines::new(size)?))
    }

    /// Feeds the next piece of output. Lines that scroll out of reach are passed to `look`.
    pub fn feed(&mut self, output: &[u8], look: &mut dyn FnMut(&str)) {
        let ShownLines { terminal, gone, .. } = &mut self.0;
        let evicted = &mut |row: &Row<TextCell>| gone.push(row, &mut |line: &PlainLine| look(line.text()));
        terminal.feed_bytes_with(output, evicted);
    }

    /// Changes the size. Lines that scroll out of reach are passed to `look`.
    ///
    /// # Errors
    ///
    /// [`TooLarge`]; the state is then unchanged.
    pub fn resize(&mut self, size: Size, look: &mut dyn FnMut(&str)) -> Result<(), TooLarge> {
        self.0.resize(size, &mut |line: &PlainLine| look(line.text()))
    }

    /// Passes each line that has changed since the last call to `look`, with its rows of the screen,
    /// negative for those above it. With a `reach`, in bytes, `look` is asked about changed parts
    /// first: see [`Extent`]. Returns the number of rows by which the screen has scrolled up.
    pub fn changed(
        &mut self,
        reach: Option<usize>,
        look: &mut dyn FnMut(Range<isize>, &PlainLine, Extent) -> bool,
    ) -> usize {
        self.0.changed(reach, look)
    }

    /// The number of rows above the screen that are kept at most.
    pub fn most_above(&self) -> usize {
        scrollback(self.0.terminal.size())
    }

    /// The column of the cursor, and its row on the screen.
    pub fn cursor(&self) -> (usize, isize) {
        let cursor = self.0.terminal.cursor();
        (cursor.col, cursor.row as isize)
    }
}

impl LineText<PlacedCell> for TracedLine {
    const ROWS: Rows = Rows::Adjacent;

    fn join(&mut self) {
        TracedLine::join(self);
    }

    fn push_text(&mut self, row: &Row<PlacedCell>, cols: Range<usize>) {
        let cells = shown_cells(row, cols.clone());
        match row.is_ascii(cells) {
            true => self.push_ascii_text(cells),
            false => self.push_cols(row, cols),
        }
    }

    fn push_cols(&mut self, row: &Row<PlacedCell>, cols: Range<usize>) {
        let start = cols.start;
        let cells = shown_cells(row, cols);
        if row.is_ascii(cells) {
            return self.push_ascii(cells);
        }
        let mut last = None;
        for (col, cell) in (start..).zip(cells).filter(|(_, cell)| cell.is_right_half()) {
            // At an edge it may have wrapped, where the first of two narrow ones would have
            // fit; and REP repeats only the second of two narrow ones.
            let is_at_edge = col == 1 && !self.is_empty() || col + 1 == row.cells().len();
            let is_repeated = std::mem::replace(&mut last, cell.place()) == cell.place();
            if let Some(place) = cell.place().filter(|_| is_at_edge || is_repeated) {
                self.keep_whole(place);
            }
        }
        let bases = (start..).zip(cells).filter(|(_, cell)| !cell.is_right_half());
        let placed = |cell: &PlacedCell| (cell.character(), cell.place().unwrap_or(NOWHERE));
        match row.has_marks() {
            false => self.push_characters(bases.map(|(_, cell)| placed(cell))),
            true => self.push_characters(
                bases.flat_map(|(col, cell)| std::iter::once(placed(cell)).chain(row.marks(col).map(placed))),
            ),
        }
    }

    fn bytes(&self) -> &[u8] {
        self.text().as_bytes()
    }

    fn clear(&mut self) {
        self.clear();
    }

    fn keep_last(&mut self, length: usize) {
        self.keep_last(length);
    }
}

impl PlainLine {
    /// The text in UTF-8.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text.
    pub fn text(&self) -> &str {
        // Built from characters.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl LineText<TextCell> for PlainLine {
    const ROWS: Rows = Rows::Wrapped;

    fn push_cols(&mut self, row: &Row<TextCell>, cols: Range<usize>) {
        let start = cols.start;
        let cells = shown_cells(row, cols);
        if row.is_ascii(cells) {
            let start = self.0.len();
            self.0.resize(start + cells.len(), 0);
            return copy_ascii(cells, &mut self.0[start..]);
        }
        for (col, cell) in (start..).zip(cells).filter(|(_, cell)| !cell.is_right_half()) {
            push_utf8(&mut self.0, cell.character());
            if row.has_marks() {
                row.marks(col).for_each(|mark| push_utf8(&mut self.0, mark.character()));
            }
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn clear(&mut self) {
        self.0.clear();
    }

    fn keep_last(&mut self, length: usize) {
        let is_boundary = |at: &usize| self.text().is_char_boundary(*at);
        let start = (self.0.len().saturating_sub(length)..).find(is_boundary).unwrap_or(0);
        self.0.drain(..start);
    }
}

/// A range of the cells of a row, without most of the unwritten blanks at its end.
fn shown_cells<C: Cell>(row: &Row<C>, cols: Range<usize>) -> &[C] {
    let cells = row.cells();
    let mut shown = cells.len();
    if !row.is_wrapped() {
        let is_written = |cell: &C| cell.code() != u32::from(' ') || cell.place().is_some();
        let length = row.used_cells().iter().rposition(is_written).map_or(0, |last| last + 1);
        shown = shown.min(length + BLANKS);
    }
    let end = cols.end.min(shown);
    &cells[cols.start.min(end)..end]
}

impl<C: Cell, L: LineText<C>> ShownLines<C, L> {
    fn new(size: Size) -> Result<ShownLines<C, L>, TooLarge> {
        let terminal = Terminal::new(size, scrollback(size))?;
        let gone = GoneLine { line: L::default(), is_changed: false, is_noted: false };
        Ok(ShownLines { terminal, gone, line: L::default(), changed: Vec::new() })
    }

    fn resize(&mut self, size: Size, look: &mut dyn FnMut(&L)) -> Result<(), TooLarge> {
        let ShownLines { terminal, gone, .. } = self;
        terminal.keep_scrollback(scrollback(size));
        terminal.resize_with(size, &mut |row| gone.push(row, look))
    }

    fn changed(&mut self, reach: Option<usize>, look: Look<'_, L>) -> usize {
        let ShownLines { terminal, gone, line, changed } = self;
        let scrolled = match L::ROWS {
            Rows::Wrapped => terminal.take_changed_lines(|row, _| row.is_wrapped(), changed),
            Rows::Adjacent => terminal.take_changed_lines(may_continue, changed),
        };
        // Changed rows to search for panes, and whether there may be borders in them.
        let mut paned: Vec<(Range<usize>, bool)> = Vec::new();
        let cols = usize::from(terminal.size().cols.max(1));
        let above = terminal.scrollback().len() as isize;
        let place = |rows: &Range<usize>| rows.start as isize - above..rows.end as isize - above;
        let mut changed = changed.as_slice();
        while let [ChangedLine { rows, .. }, ..] = changed {
            let count = changed.iter().take_while(|piece| piece.rows == *rows).count();
            let pieces;
            (pieces, changed) = changed.split_at(count);
            let is_rest = rows.start == 0 && !terminal.is_alternate() && !gone.line.bytes().is_empty();
            if rows.len() > 1 {
                for ChangedLine { changed, .. } in pieces {
                    let row_of = |row| terminal.row_of_all(row);
                    let (mut is_noted, mut has_borders) = (true, true);
                    // Not if the text within reach of the change begins in what is gone.
                    let is_near = |reach: &usize| is_rest && (changed.start - rows.start) * cols <= *reach;
                    if let Some(reach) = reach.filter(|reach| !is_near(reach)) {
                        line.clear();
                        push_change(terminal, rows, changed, reach, line);
                        // A mask may remove combining characters.
                        is_noted = look(place(rows), line, Extent::Change)
                            || changed.clone().filter_map(row_of).any(Row::has_marks);
                        has_borders = has_border(line.bytes());
                    }
                    terminal.note(changed.clone(), is_noted);
                    if L::ROWS == Rows::Adjacent {
                        paned.push((changed.clone(), has_borders));
                    }
                }
                let row_of = |row| terminal.row_of_all(row);
                let is_gone_noted = is_rest && gone.is_noted;
                if !is_gone_noted && !rows.clone().filter_map(row_of).any(Row::is_noted) {
                    continue;
                }
            } else if let Some(row) = terminal.row_of_all(rows.start)
                && L::ROWS == Rows::Adjacent
            {
                line.clear();
                line.push_text(row, 0..row.cells().len());
                paned.push((rows.clone(), has_border(line.bytes())));
                let is_asked = reach.is_some() && !is_rest && !row.has_marks();
                if is_asked && !look(place(rows), line, Extent::Change) {
                    continue;
                }
            }
            // The wrapped lines of these rows.
            let is_wrapped = |row: usize| terminal.row_of_all(row).is_some_and(Row::is_wrapped);
            let mut start = rows.start;
            while start < rows.end {
                let end = (start..rows.end).find(|&row| !is_wrapped(row)).map_or(rows.end, |row| row + 1);
                if pieces.iter().any(|piece| piece.changed.start < end && start < piece.changed.end) {
                    let is_rest = is_rest && start == rows.start;
                    line.clear();
                    if is_rest {
                        line.clone_from(&gone.line);
                    }
                    push_rows(terminal, start..end, line, &mut |line| {
                        look(place(&(start..end)), line, Extent::Line);
                    });
                }
                start = end;
            }
            if (rows.start..rows.end - 1).all(is_wrapped) {
                continue;
            }
            // Rows that only look like a line: from the first change to the last.
            let surroundings = SURROUNDINGS.div_ceil(cols);
            let start = pieces.first().map_or(rows.start, |piece| piece.changed.start);
            let end = pieces.last().map_or(rows.end, |piece| piece.changed.end);
            let around =
                start.saturating_sub(surroundings).max(rows.start)..(end + surroundings).min(rows.end);
            line.clear();
            if is_rest && around.start == rows.start {
                line.clone_from(&gone.line);
            }
            push_rows(terminal, around.clone(), line, &mut |line| {
                look(place(&around), line, Extent::Line);
            });
        }
        for (rows, has_borders) in paned {
            let look = &mut |rows: &Range<usize>, line: &L, extent| look(place(rows), line, extent);
            look_at_panes(terminal, &rows, has_borders, line, look);
        }
        scrolled
    }
}

/// Passes on the text of panes in which a row continues in the next one, around changed rows. If
/// there are no borders in these, only the indentation of the next row separates two panes.
fn look_at_panes<C: Cell, L: LineText<C>>(
    terminal: &Terminal<C>,
    changed: &Range<usize>,
    has_borders: bool,
    line: &mut L,
    look: &mut dyn FnMut(&Range<usize>, &L, Extent) -> bool,
) {
    let row_of = |index: usize| terminal.row_of_all(index);
    let start = changed.start.saturating_sub(1);
    for index in start..changed.end {
        let (Some(row), Some(next)) = (row_of(index), row_of(index + 1)) else { continue };
        let is_full = row.cells().last().is_some_and(is_text);
        let is_next_indented = !next.cells().first().is_some_and(is_text);
        let may_continue = has_borders || is_full && is_next_indented;
        if !may_continue {
            continue;
        }
        for pane in panes(row) {
            if continues_in_pane(row, next, &pane).is_none() {
                continue;
            }
            // A pane is examined once, from the first pair of rows with a change.
            let continues = |index: usize| indentation_in_pane(terminal, index + 1, &pane).is_some();
            if index > start && continues(index - 1) {
                continue;
            }
            let first = first_in_pane(terminal, index, &pane);
            let end = (index + 1..changed.end + PANE_ROWS).take_while(|&row| continues(row)).last();
            let last = end.unwrap_or(index) + 1;
            line.clear();
            push_pane(terminal, first..=last, &pane, pane.end, line);
            let rows = first..last + 1;
            if look(&rows, line, Extent::Change) {
                look(&rows, line, Extent::Pane);
            }
        }
    }
}

/// The first of the rows before one that seem to continue in each other, and at last in this one,
/// within a pane.
fn first_in_pane<C: Cell>(terminal: &Terminal<C>, index: usize, pane: &Range<usize>) -> usize {
    let before = (index.saturating_sub(PANE_ROWS)..index).rev();
    before.take_while(|&row| indentation_in_pane(terminal, row + 1, pane).is_some()).last().unwrap_or(index)
}

/// The indentation of a row that seems to continue the one before it within a pane.
fn indentation_in_pane<C: Cell>(terminal: &Terminal<C>, index: usize, pane: &Range<usize>) -> Option<usize> {
    let before = terminal.row_of_all(index.checked_sub(1)?)?;
    continues_in_pane(before, terminal.row_of_all(index)?, pane)
}

/// Appends the text of rows in a pane, the last one up to a column.
fn push_pane<C: Cell, L: LineText<C>>(
    terminal: &Terminal<C>,
    rows: RangeInclusive<usize>,
    pane: &Range<usize>,
    last_end: usize,
    line: &mut L,
) {
    let (first, last) = (*rows.start(), *rows.end());
    for (index, row) in rows.filter_map(|index| Some((index, terminal.row_of_all(index)?))) {
        let mut start = pane.start;
        if index > first {
            line.join();
            start += indentation_in_pane(terminal, index, pane).unwrap_or(0);
        }
        let end = if index == last { last_end } else { pane.end };
        line.push_cols(row, start..end.max(start));
    }
}

/// The columns between the borders in a row.
fn panes<C: Cell>(row: &Row<C>) -> impl Iterator<Item = Range<usize>> {
    let cells = row.cells();
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = cells.get(start..)?;
        let end = rest.iter().position(is_border).map_or(cells.len(), |at| start + at);
        let pane = start..end;
        start = end + 1;
        Some(pane)
    })
}

/// Returns whether there may be a border in a text.
fn has_border(text: &[u8]) -> bool {
    // The first byte of the others is e2 in UTF-8.
    memchr2(b'|', 0xe2, text).is_some()
}

/// The borders of panes.
const BORDERS: [char; 4] = ['|', '│', '┃', '║'];

fn is_border<C: Cell>(cell: &C) -> bool {
    BORDERS.iter().fold(false, |any, border| any | (cell.code() == u32::from(*border)))
}

/// The offset at which the pane begins in which a text ends; 0 if there is no border in it.
pub fn pane_start(text: &str) -> usize {
    text.rfind(BORDERS).map_or(0, |at| at + text[at..].chars().next().map_or(0, char::len_utf8))
}

/// Returns whether a row seems to continue in the next one within a pane, and the indentation of the
/// next: there is text up to the border, and both have the same borders. Rows that need no pane for
/// this are not included.
fn continues_in_pane<C: Cell>(row: &Row<C>, next: &Row<C>, pane: &Range<usize>) -> Option<usize> {
    let cols = row.cells().len();
    if !has_text_before_border(row, pane) {
        return None;
    }
    let has_border_at = |row: &Row<C>, col: usize| row.cells().get(col).is_some_and(is_border);
    let has_borders = (pane.start == 0 || has_border_at(next, pane.start - 1))
        && (pane.end == cols || has_border_at(next, pane.end));
    let text = next.cells().get(pane.clone())?;
    let has_more = text.iter().any(is_border);
    let indentation = text.iter().take(INDENTATION + 1).position(is_text)?;
    let is_whole_row = pane.start == 0 && pane.end == cols && indentation == 0;
    (has_borders && !has_more && !is_whole_row).then_some(indentation)
}

fn has_text_before_border<C: Cell>(row: &Row<C>, pane: &Range<usize>) -> bool {
    pane.len() >= 2 && row.cells().get(pane.end - 1).is_some_and(is_text)
}

/// Returns whether a row looks as if it continued in the next one: because it wrapped, or because
/// there is text at the end of the one and at the start of the other, except perhaps for a blank.
fn may_continue<C: Cell>(row: &Row<C>, next: &Row<C>) -> bool {
    row.is_wrapped() || has_text_at_end(row) && has_text_at_start(next)
}

fn has_text_at_end<C: Cell>(row: &Row<C>) -> bool {
    row.cells().iter().rev().take(2).any(is_text)
}

fn has_text_at_start<C: Cell>(row: &Row<C>) -> bool {
    row.cells().iter().take(2).any(is_text)
}

fn is_text<C: Cell>(cell: &C) -> bool {
    cell.code() != u32::from(' ')
}

/// Appends rows, and passes the text to `look`: in pieces if it is too long, otherwise as a whole.
fn push_rows<C: Cell, L: LineText<C>>(
    terminal: &Terminal<C>,
    rows: Range<usize>,
    line: &mut L,
    look: &mut dyn FnMut(&L),
) {
    let last = rows.end.saturating_sub(1);
    for index in rows {
        let Some(row) = terminal.row_of_all(index) else { continue };
        line.push_row(row);
        if !row.is_wrapped() && index < last {
            line.join();
        }
        if line.bytes().len() > LONGEST_LINE {
            look(line);
            line.keep_last(OVERLAP);
        }
    }
    look(line);
}

/// Appends the changed rows of a line, with at least `reach` bytes of the line on either side.
fn push_change<C: Cell, L: LineText<C>>(
    terminal: &Terminal<C>,
    rows: &Range<usize>,
    changed: &Range<usize>,
    reach: usize,
    line: &mut L,
) {
    // In the rows of a line, a character takes at least a byte for each of its columns. One column
    // more, because a wide character may be cut in half.
    let reach = reach + 1;
    let cols = terminal.row_of_all(rows.start).map_or(1, |row| row.cells().len().max(1));
    let first = changed.start.saturating_sub(reach.div_ceil(cols)).max(rows.start);
    let end = changed.end.saturating_add(reach.div_ceil(cols)).min(rows.end);
    for index in first..end {
        let Some(row) = terminal.row_of_all(index) else { continue };
        // The number of columns between this row and the changed ones.
        let distance = match index < changed.start {
            true => (changed.start - index - 1) * cols,
            false => index.saturating_sub(changed.end) * cols,
        };
        let within = reach.saturating_sub(distance).min(cols);
        let is_wrapped = |row: usize| terminal.row_of_all(row).is_some_and(Row::is_wrapped);
        let range = match index {
            // Rows are noted only while they are parts of a line, so the first that only looks like
            // a part of this one is examined as a whole.
            before if before + 1 == changed.start && !row.is_wrapped() => 0..cols,
            after if after == changed.end && !is_wrapped(after - 1) => 0..cols,
            before if before < changed.start => cols - within..cols,
            after if after >= changed.end => 0..within,
            _ => 0..cols,
        };
        line.push_text(row, range);
    }
}

impl<L> GoneLine<L> {
    fn push<C: Cell>(&mut self, row: &Row<C>, look: &mut dyn FnMut(&L))
    where
        L: LineText<C>,
    {
        let is_whole = !row.is_wrapped();
        if is_whole && !row.is_changed() && self.line.bytes().is_empty() {
            // As nearly all: the line has been examined, and nothing of it is left.
            return;
        }
        self.line.push_row(row);
        self.is_changed |= row.is_changed();
        self.is_noted |= row.is_changed() || row.is_noted() || row.has_marks();
        if self.is_changed && (is_whole || self.line.bytes().len() > LONGEST_LINE) {
            look(&self.line);
            self.is_changed = false;
        }
        if is_whole {
            self.line.clear();
            self.is_noted = false;
        } else if self.line.bytes().len() > LONGEST_LINE {
            self.line.keep_last(OVERLAP);
        }
    }
}

/// Appends a character in UTF-8.
#[inline]
fn push_utf8(text: &mut Vec<u8>, character: char) {
    match u8::try_from(u32::from(character)) {
        Ok(byte @ ..0x80) => text.push(byte),
        _ => text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}
