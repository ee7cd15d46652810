//! The output that brings another terminal to the state of this one.
//!
//! It must work on terminals in general: xterm, tmux, and avt, which asciinema's web player uses.
//! So rows are printed rather than erased, because not all terminals erase with a colour; wrapped
//! lines are wrapped by printing them, the only way to get them; and among equivalent sequences the
//! oldest is chosen.

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

use super::cell::Cell;
use super::charset::Charsets;
use super::grid::{Grid, Position};
use super::modes::Modes;
use super::row::Row;
use super::style::{Style, Underline};
use super::tabs::Tabs;
use super::terminal::{Alternate, SavedCursor, State};
use super::{Screen, StyledCell, TooLarge};
use crate::size::Size;

impl Screen {
    /// The output that brings a new terminal of this size to this state: every cell, cursor, pen,
    /// modes, saved cursors, margins, tab stops, character sets, title, and the beginning of an
    /// unfinished sequence. Only the scrollback is omitted.
    pub fn drawing(&self) -> String {
        Drawing::new(&self.state).of_terminal(self, Scrollback::Omitted)
    }

    /// The output that brings a terminal from a state to this one, once it has this size; `None` if
    /// they are the same.
    pub fn transition(&self, from: &Screen) -> Option<String> {
        let mut from = Cow::Borrowed(from);
        // The size was valid before.
        if self.size() != from.size() && from.to_mut().resize(self.size()).is_err() || self == from.as_ref() {
            return None;
        }
        let mut drawing = Drawing::new(&self.state);
        drawing.undo(&from.state, &self.state);
        Some(drawing.of_terminal(self, Scrollback::Omitted))
    }

    /// This state in a few kilobytes, to return to later.
    pub fn checkpoint(&self) -> Checkpoint {
        let State { size, grid, hidden, .. } = &self.state;
        let primary = if self.is_alternate() { hidden } else { grid };
        let drawing = Drawing::new(&self.state).of_terminal(self, Scrollback::Drawn);
        Checkpoint { size: *size, scrollback: primary.most_scrollback, drawing: drawing.into_boxed_str() }
    }
}

/// A compact copy of a terminal's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    size: Size,
    scrollback: usize,
    drawing: Box<str>,
}

impl Checkpoint {
    /// A terminal in this state.
    ///
    /// # Errors
    ///
    /// None in practice: the size was that of a terminal.
    pub fn restore(&self) -> Result<Screen, TooLarge> {
        let mut screen = Screen::new(self.size, self.scrollback)?;
        screen.feed(&self.drawing);
        screen.take_changes();
        Ok(screen)
    }

    /// Its size in memory, in bytes.
    pub fn len(&self) -> usize {
        size_of::<Checkpoint>() + self.drawing.len()
    }

    /// Returns whether its size is zero, which it never is.
    pub fn is_empty(&self) -> bool {
        false
    }
}

/// Terminals are equal if they look the same and will look the same after any further output,
/// except for text that comes back from the scrollback.
impl PartialEq for Screen {
    fn eq(&self, other: &Screen) -> bool {
        let (one, two) = (&self.state, &other.state);
        let is_alternate = one.is_alternate();
        let saved = |screen: usize| {
            let (saved, other_saved) = (&one.saved[screen], &two.saved[screen]);
            SavedCursor { pen: Style::default(), ..*saved }
                == SavedCursor { pen: Style::default(), ..*other_saved }
                && is_same_style(one, &saved.pen, two, &other_saved.pen)
        };
        self.tokenizer.pending() == other.tokenizer.pending()
            && self.tokenizer.string() == other.tokenizer.string()
            && (one.cols, one.rows) == (two.cols, two.rows)
            && is_alternate == two.is_alternate()
            && (one.position, one.is_wrap_pending) == (two.position, two.is_wrap_pending)
            && (!is_alternate
                || (one.primary_position, one.is_primary_full) == (two.primary_position, two.is_primary_full))
            && (&one.region, &one.margins) == (&two.region, &two.margins)
            && (&one.modes, &one.tabs, &one.charsets) == (&two.modes, &two.tabs, &two.charsets)
            && (&one.title, &one.titles) == (&two.title, &two.titles)
            && is_same_style(one, &one.pen, two, &two.pen)
            && saved(0)
            && saved(1)
            && are_same_rows(one, &one.grid, two, &two.grid)
            && (!is_alternate || are_same_rows(one, &one.hidden, two, &two.hidden))
    }
}

type StyledState = State<StyledCell>;

/// Returns whether styles are equal, comparing links by their contents.
fn is_same_style(one: &StyledState, style: &Style, two: &StyledState, other: &Style) -> bool {
    let link = |state: &StyledState, style: &Style| style.link.and_then(|id| state.extras.link(id)).cloned();
    Style { link: None, ..*style } == Style { link: None, ..*other } && link(one, style) == link(two, other)
}

fn are_same_rows(
    one: &StyledState,
    grid: &Grid<StyledCell>,
    two: &StyledState,
    other: &Grid<StyledCell>,
) -> bool {
    // A drawing contains only the style of concealed text.
    let is_same_cell = |(cell, other): (&StyledCell, &StyledCell)| {
        let is_same_style = if cell.extra() == 0 && other.extra() == 0 {
            cell.ink() == other.ink()
        } else {
            is_same_style(one, &one.style(cell), two, &two.style(other))
        };
        let is_same_character =
            cell.character() == other.character() && cell.is_right_half() == other.is_right_half();
        is_same_style && (is_same_character || cell.is_concealed())
    };
    let are_same_marks = |row: &Row<StyledCell>, other: &Row<StyledCell>| {
        (0..row.cells().len()).all(|col| {
            let is_concealed = row.cells()[col].is_concealed();
            let marks = row.marks(col).map(Cell::character);
            is_concealed || marks.eq(other.marks(col).map(Cell::character))
        })
    };
    grid.rows.len() == other.rows.len()
        && grid.rows.iter().zip(&other.rows).all(|(row, other)| {
            row.is_wrapped == other.is_wrapped
                && row.cells().len() == other.cells().len()
                && row.cells().iter().zip(other.cells()).all(is_same_cell)
                && (!row.has_marks() && !other.has_marks() || are_same_marks(row, other))
        })
}

impl StyledState {
    /// The complete style of a cell.
    pub fn style(&self, cell: &StyledCell) -> Style {
        let (underline_color, link) = self.extras.get(cell.extra());
        Style { underline_color, link, ..cell.own_style() }
    }
}

/// The scrollback, drawn before the screen or not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scrollback {
    Omitted,
    Drawn,
}

/// A drawing under construction.
pub(super) struct Drawing<'a> {
    state: &'a StyledState,
    out: String,
    /// The pen of the terminal drawn on.
    pen: Style,
}

impl<'a> Drawing<'a> {
    fn new(state: &'a StyledState) -> Drawing<'a> {
        Drawing { state, out: String::new(), pen: Style::default() }
    }

    /// Starts a drawing on a terminal in this state.
    pub fn over(state: &'a StyledState) -> Drawing<'a> {
        Drawing { state, out: String::new(), pen: state.pen }
    }

    /// The output so far.
    pub fn finish(self) -> String {
        self.out
    }

    /// Disables everything that would interfere with printing anywhere on the screen, including
    /// autowrap: another terminal may use a greater width for a character, and text without room in
    /// the last row would scroll the screen.
    pub fn begin_over(&mut self) {
        let Modes { insert, origin, autowrap, margins, .. } = self.state.modes;
        for (is_needed, sequence) in
            [(insert, "\x1b[4l"), (autowrap, "\x1b[?7l"), (margins, "\x1b[?69l"), (origin, "\x1b[?6l")]
        {
            if is_needed {
                self.push(sequence);
            }
        }
        self.undo_charsets(&self.state.charsets);
    }

    /// Prints rows over any other contents.
    pub fn redraw_rows(&mut self, rows: Range<usize>) {
        let state = self.state;
        let mut goes_on = false;
        for index in rows.clone() {
            let Some(row) = state.grid.rows.get(index) else { return };
            let length = row.cells().len();
            let has_gone_on = goes_on;
            // At the bottom of the scroll region it would scroll.
            goes_on = row.is_wrapped && index + 1 < rows.end && index + 1 != state.region.end;
            if !has_gone_on {
                self.move_to(Position { col: 0, row: index });
            }
            match (has_gone_on, goes_on) {
                (true, false) => {
                    self.cells(row, 0, 1);
                    self.push("\x1b[?7l");
                    self.cells(row, 1, length);
                    continue;
                }
                (false, true) => self.push("\x1b[?7h"),
                _ => {}
            }
            self.cells(row, 0, length);
        }
    }

    /// Enables again what [`Drawing::begin_over`] disabled, and places the cursor; in a covered
    /// row, nothing is printed for that.
    pub fn end_over(&mut self, is_covered: bool) {
        let state = self.state;
        let Modes { insert, autowrap, .. } = state.modes;
        let home = self.home();
        self.push("\x1b[?7h");
        if is_covered {
            let Position { col, row } = state.position;
            self.move_to(Position { col: col.saturating_sub(home.col), row: row.saturating_sub(home.row) });
        } else {
            self.place_cursor(&state.grid, state.position, state.is_wrap_pending, home);
        }
        self.set_style(&state.pen);
        for (is_needed, sequence) in [(insert, "\x1b[4h"), (!autowrap, "\x1b[?7l")] {
            if is_needed {
                self.push(sequence);
            }
        }
        self.charsets(&state.charsets);
    }

    /// Sets the origin from which the cursor's position counts.
    fn home(&mut self) -> Position {
        let state = self.state;
        if state.modes.margins {
            let _ = write!(self.out, "\x1b[?69h\x1b[{};{}s", state.margins.start + 1, state.margins.end);
        }
        if !state.modes.origin {
            return Position::default();
        }
        self.push("\x1b[?6h");
        Position { col: state.margins.start, row: state.region.start }
    }

    /// Draws a whole terminal onto one in its initial state.
    fn of_terminal(mut self, screen: &Screen, scrollback: Scrollback) -> String {
        let state = self.state;
        let primary = if state.is_alternate() { &state.hidden } else { &state.grid };
        self.rows(primary, scrollback);
        self.tab_stops(&state.tabs);
        self.keyboard(&state.modes.keyboard[0]);
        match state.alternate {
            Alternate::Hidden => {
                self.saved_cursor(primary, &state.saved[0]);
                if keeps_alternate(state) {
                    self.set_style(&Style::default());
                    self.push("\x1b[?1047h");
                    self.keyboard(&state.modes.keyboard[1]);
                    self.saved_cursor(&state.hidden, &state.saved[1]);
                    self.set_style(&Style::default());
                    self.push("\x1b[?1047l");
                }
            }
            Alternate::ShownWithCursor if state.saved[0].position == state.primary_position => {
                // Entered by the mode that will leave it: some terminals save the cursor to return
                // to separately from that of DECSC.
                self.with_saved_cursor(primary, &state.saved[0], "\x1b[?1049h");
                self.alternate_screen();
            }
            Alternate::Shown | Alternate::ShownWithCursor => {
                self.saved_cursor(primary, &state.saved[0]);
                self.place_cursor(
                    primary,
                    state.primary_position,
                    state.is_primary_full,
                    Position::default(),
                );
                self.set_style(&Style::default());
                self.push("\x1b[?1047h");
                self.alternate_screen();
            }
        }
        self.settings();
        self.unfinished(screen);
        self.out
    }

    pub fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn alternate_screen(&mut self) {
        self.set_style(&Style::default());
        self.push("\x1b[H\x1b[J");
        self.keyboard(&self.state.modes.keyboard[1]);
        self.rows(&self.state.grid, Scrollback::Omitted);
        self.saved_cursor(&self.state.grid, &self.state.saved[1]);
    }

    /// Draws the rows of a screen, from the top left of a blank one.
    fn rows(&mut self, grid: &Grid<StyledCell>, scrollback: Scrollback) {
        let above = if scrollback == Scrollback::Drawn { &grid.scrollback } else { &Default::default() };
        let count = above.len() + grid.rows.len();
        // Blank rows at the end exist already, unless the scrollback must be pushed up.
        let last_used = grid.rows.iter().rposition(|row| !row.is_blank());
        let last_wrapped = grid.rows.iter().rposition(|row| row.is_wrapped).map(|row| row + 1);
        let used = last_used.max(last_wrapped).map_or(0, |last| last + 1);
        let drawn = if above.is_empty() { used } else { count };
        let (mut goes_on, mut skipped) = (false, 0);
        for (index, row) in above.iter().chain(&grid.rows).take(drawn).enumerate() {
            let is_wrapped = row.is_wrapped && index + 1 < count;
            if !goes_on && index > 0 {
                skipped += 1;
            }
            let end = if is_wrapped { row.cells().len() } else { used_cells(row).max(usize::from(goes_on)) };
            if !above.is_empty() && skipped > 0 {
                // Rows that scroll in have the pen's colours.
                self.set_style(&Style::default());
            }
            if end > 0 || !above.is_empty() {
                (0..std::mem::take(&mut skipped)).for_each(|_| self.push("\r\n"));
            }
            self.cells(row, 0, end);
            if !above.is_empty() && goes_on && end < row.cells().len() {
                self.set_style(&Style::default());
                self.push("\x1b[K");
            }
            goes_on = is_wrapped;
        }
    }

    /// Draws cells of a row, at the cursor.
    fn cells(&mut self, row: &Row<StyledCell>, from: usize, to: usize) {
        let mut ink = None;
        for col in from..to.min(row.cells().len()) {
            let cell = &row.cells()[col];
            // Concealed text is not drawn: passwords have been typed that way.
            let is_concealed = cell.is_concealed();
            if cell.is_right_half() && !is_concealed {
                continue;
            }
            if ink != Some(cell.ink()) {
                ink = Some(cell.ink());
                let style = self.state.style(cell);
                self.set_style(&style);
            }
            self.out.push(if is_concealed { ' ' } else { cell.character() });
            if row.has_marks() && !is_concealed {
                self.out.extend(row.marks(col).map(|mark| mark.character()));
            }
        }
    }

    /// Changes the pen.
    pub fn set_style(&mut self, style: &Style) {
        if style.link != self.pen.link {
            let link = style.link.and_then(|id| self.state.extras.link(id));
            let (id, uri) = link.map_or(("", ""), |link| (&link.id, &link.uri));
            let separator = if id.is_empty() { "" } else { "id=" };
            let _ = write!(self.out, "\x1b]8;{separator}{id};{uri}\x1b\\");
        }
        if (Style { link: None, ..*style }) != (Style { link: None, ..self.pen }) {
            style.draw(&mut self.out);
        }
        self.pen = *style;
    }

    pub fn move_to(&mut self, position: Position) {
        let _ = write!(self.out, "\x1b[{};{}H", position.row + 1, position.col + 1);
    }

    /// Places the cursor. A pending wrap is restored by printing the last character of the row
    /// again, and so is the character for REP. Positions count from `origin`.
    fn place_cursor(&mut self, grid: &Grid<StyledCell>, position: Position, is_full: bool, origin: Position) {
        let row = grid.rows.get(position.row);
        let start = row.and_then(|row| self.printed_before(row, position.col, is_full));
        let col = start.unwrap_or(position.col).max(origin.col);
        self.move_to(Position { col: col - origin.col, row: position.row.saturating_sub(origin.row) });
        if let (Some(row), Some(start)) = (row, start) {
            // Both halves of a wide concealed character.
            let end = if is_full { position.col + 1 } else { start + 1 };
            self.cells(row, start, end);
        }
    }

    /// The column of the character before the cursor, if it must be printed again.
    fn printed_before(&self, row: &Row<StyledCell>, col: usize, is_full: bool) -> Option<usize> {
        let cells = row.cells();
        let end = if is_full { col + 1 } else { col };
        let last = end.checked_sub(1)?;
        let start = if cells.get(last)?.is_right_half() { last.checked_sub(1)? } else { last };
        let is_repeatable = !cells[start].is_concealed()
            && self.state.last.is_some_and(|(character, _)| character == cells[start].character())
            && cells.get(end).is_none_or(|cell| !cell.is_right_half())
            && start >= self.state.margins.start
            && end < self.state.margins.end;
        (is_full || is_repeatable).then_some(start)
    }

    /// Sets the flags of the kitty keyboard protocol, of which each screen has a stack.
    fn keyboard(&mut self, stack: &[u16]) {
        for flags in stack {
            let _ = write!(self.out, "\x1b[>{flags}u");
        }
    }

    fn tab_stops(&mut self, tabs: &Tabs) {
        if *tabs == Tabs::new(self.state.cols) {
            return;
        }
        self.push("\x1b[3g");
        for stop in tabs.columns() {
            let _ = write!(self.out, "\x1b[{}G\x1bH", stop + 1);
        }
    }

    fn saved_cursor(&mut self, grid: &Grid<StyledCell>, saved: &SavedCursor) {
        if *saved != SavedCursor::default() {
            self.with_saved_cursor(grid, saved, "\x1b7");
        }
    }

    /// Brings the cursor to a saved state, saves it with a sequence, and restores its state.
    fn with_saved_cursor(&mut self, grid: &Grid<StyledCell>, saved: &SavedCursor, save: &str) {
        if saved.origin {
            self.push("\x1b[?6h");
        }
        self.place_cursor(grid, saved.position, saved.is_wrap_pending, Position::default());
        self.set_style(&saved.pen);
        self.charsets(&saved.charsets);
        if !saved.autowrap {
            self.push("\x1b[?7l");
        }
        self.push(save);
        if !saved.autowrap {
            self.push("\x1b[?7h");
        }
        if saved.origin {
            self.push("\x1b[?6l");
        }
        self.undo_charsets(&saved.charsets);
    }

    fn charsets(&mut self, charsets: &Charsets) {
        for (set, introducer) in charsets.designated.iter().zip(['(', ')', '*', '+']) {
            if *set != Default::default() {
                let _ = write!(self.out, "\x1b{introducer}{}", set.last());
            }
        }
        self.push(["", "\x0e", "\x1bn", "\x1bo"][charsets.shift]);
        self.push(match charsets.single_shift {
            Some(2) => "\x1bN",
            Some(_) => "\x1bO",
            None => "",
        });
    }

    fn undo_charsets(&mut self, charsets: &Charsets) {
        for (set, introducer) in charsets.designated.iter().zip(['(', ')', '*', '+']) {
            if *set != Default::default() {
                let _ = write!(self.out, "\x1b{introducer}B");
            }
        }
        if charsets.shift != 0 {
            self.push("\x0f");
        }
    }

    /// Sets all state that is not visible in cells.
    fn settings(&mut self) {
        let state = self.state;
        let Modes { insert, new_line, autowrap, cursor_visible, cursor_shape, .. } = state.modes;
        if state.region != (0..state.rows) {
            let _ = write!(self.out, "\x1b[{};{}r", state.region.start + 1, state.region.end);
        }
        let home = self.home();
        self.place_cursor(&state.grid, state.position, state.is_wrap_pending, home);
        self.set_style(&state.pen);
        for title in &state.titles {
            let _ = write!(self.out, "\x1b]2;{title}\x1b\\\x1b[22;2t");
        }
        if !state.title.is_empty() || !state.titles.is_empty() {
            let _ = write!(self.out, "\x1b]2;{}\x1b\\", state.title);
        }
        for mode in state.modes.kept() {
            match mode {
                66 => self.push("\x1b="),
                mode => _ = write!(self.out, "\x1b[?{mode}h"),
            }
        }
        if state.modes.modify_other_keys > 0 {
            let _ = write!(self.out, "\x1b[>4;{}m", state.modes.modify_other_keys);
        }
        for (differs, sequence) in [
            (insert, "\x1b[4h"),
            (new_line, "\x1b[20h"),
            (!autowrap, "\x1b[?7l"),
            (!cursor_visible, "\x1b[?25l"),
            (state.modes.synchronized, "\x1b[?2026h"),
        ] {
            if differs {
                self.push(sequence);
            }
        }
        if cursor_shape != Default::default() {
            let _ = write!(self.out, "\x1b[{} q", cursor_shape as u16);
        }
        self.charsets(&state.charsets);
    }

    /// Appends the beginning of an unfinished sequence.
    fn unfinished(&mut self, screen: &Screen) {
        let tokenizer = &screen.tokenizer;
        match tokenizer.string() {
            Some(kind) => self.out.extend(['\x1b', char::from(kind.introducer())]),
            // The rest of a control sequence that is too long: broken in any case.
            None if tokenizer.is_within_sequence() && tokenizer.pending().is_empty() => self.push("\x1b[ 0"),
            None => {}
        }
        self.out.push_str(&String::from_utf8_lossy(tokenizer.pending()));
    }

    /// Resets a terminal to its initial state.
    fn undo(&mut self, from: &StyledState, to: &StyledState) {
        if from.modes.synchronized {
            self.push("\x1b[?2026l");
        }
        for mode in from.modes.kept() {
            match mode {
                66 => self.push("\x1b>"),
                mode => _ = write!(self.out, "\x1b[?{mode}l"),
            }
        }
        if from.modes.modify_other_keys > 0 {
            self.push("\x1b[>4m");
        }
        // First the modes that would interfere.
        self.push("\x1b[?25h\x1b[?7h");
        if from.modes.cursor_shape != Default::default() {
            self.push("\x1b[0 q");
        }
        if from.modes.margins {
            self.push("\x1b[?69l");
        }
        // DECSTR, and the state that not every terminal resets with it.
        let mut reset = "\x1b[!p\x1b[4;20l\x1b[?6l\x1b[r\x1b(B\x1b)B".to_string();
        let designates_more =
            |charsets: &Charsets| charsets.designated[2..] != Charsets::default().designated[2..];
        let saved = from.saved.iter().map(|saved| &saved.charsets);
        if saved.chain([&from.charsets]).any(designates_more) {
            reset.push_str("\x1b*B\x1b+B");
        }
        if from.extras.len() > 0 {
            reset.push_str("\x1b]8;;\x1b\\");
        }
        reset.push_str("\x0f\x1b[0m\x1b[H\x1b7");
        if from.is_alternate() || keeps_alternate(from) {
            if !from.is_alternate() {
                self.push("\x1b[?1047h");
            }
            // Its cursor is saved separately, and it has its own keyboard flags.
            self.undo_keyboard(&from.modes.keyboard[1]);
            self.push(&reset);
            self.push(if from.alternate == Alternate::ShownWithCursor {
                "\x1b[?1049l"
            } else {
                "\x1b[?1047l"
            });
        }
        self.undo_keyboard(&from.modes.keyboard[0]);
        self.push(&reset);
        self.push("\x1b[J");
        if from.tabs != Tabs::new(from.cols) {
            self.push("\x1b[3g");
            for stop in Tabs::new(to.cols).columns() {
                let _ = write!(self.out, "\x1b[{}G\x1bH", stop + 1);
            }
            self.push("\r");
        }
        for _ in &from.titles {
            self.push("\x1b[23;2t");
        }
        if from.title != to.title && to.title.is_empty() {
            self.push("\x1b]2;\x1b\\");
        }
    }

    fn undo_keyboard(&mut self, stack: &[u16]) {
        if !stack.is_empty() {
            let _ = write!(self.out, "\x1b[<{}u", stack.len());
        }
    }
}

/// Returns whether the hidden alternate screen has any state to keep.
fn keeps_alternate(state: &StyledState) -> bool {
    state.saved[1] != SavedCursor::default() || !state.modes.keyboard[1].is_empty()
}

/// The number of cells of a row to print: up to the last that differs from a blank row.
fn used_cells(row: &Row<StyledCell>) -> usize {
    let last = row.cells().iter().rposition(|cell| !cell.is_blank());
    let last = last
        .max((0..row.cells().len()).rev().find(|col| row.has_marks() && row.marks(*col).next().is_some()));
    last.map_or(0, |last| last + 1)
}

/// The names of underline shapes, used in JSON.
impl Underline {
    /// The name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Underline::None => "none",
            Underline::Single => "single",
            Underline::Double => "double",
            Underline::Curly => "curly",
            Underline::Dotted => "dotted",
            Underline::Dashed => "dashed",
        }
    }
}
