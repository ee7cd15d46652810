//! Frames: the virtual screen as drawn by the player, rather than by the recording's bytes. As much
//! of it as fits is shown, with the state line or the help on top. Only the difference from the
//! previous frame is written.

use common::screen::{Cell, CursorShape, Row, Screen, Style, StyledCell};
use common::size::Size;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text in one style.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    pub text: String,
    pub style: Style,
}

impl Piece {
    pub fn new(text: String, style: Style) -> Piece {
        Piece { text, style }
    }
}

/// A cell of the terminal: its character with combining characters; empty for the right half of a
/// wide one.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    text: String,
    style: Style,
    /// The address and ID of its link.
    link: Option<(String, String)>,
}

impl Place {
    fn blank() -> Place {
        Place { text: " ".to_string(), style: Style::default(), link: None }
    }
}

/// The contents of the terminal.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    rows: Vec<Vec<Place>>,
    /// Column, row and shape, if it is shown.
    cursor: Option<(usize, usize, CursorShape)>,
    is_alternate: bool,
    is_reversed: bool,
    title: String,
}

impl Frame {
    /// The part of the screen from an offset on that fits a terminal of this size.
    pub fn new(screen: &Screen, size: Size, offset: Offset) -> Frame {
        let (cols, rows) = (usize::from(size.cols), usize::from(size.rows));
        let shown = (0..rows).map(|row| match screen.row(row + offset.row) {
            Some(row) => places(screen, row, offset.col, cols),
            None => vec![Place::blank(); cols],
        });
        let cursor = screen.cursor();
        let place = (cursor.col.checked_sub(offset.col), cursor.row.checked_sub(offset.row));
        let cursor = match place {
            (Some(col), Some(row)) if cursor.is_visible && row < rows => {
                Some((col.min(cols.saturating_sub(1)), row, cursor.shape))
            }
            _ => None,
        };
        Frame {
            rows: shown.collect(),
            cursor,
            is_alternate: screen.is_alternate(),
            is_reversed: screen.modes().is_reversed(),
            title: screen.title().to_string(),
        }
    }

    /// Draws a line over the last row.
    pub fn put_last_row(&mut self, line: &[Piece]) {
        let row = self.rows.len().saturating_sub(1);
        self.put(row, 0, line);
        if self.cursor.is_some_and(|(_, cursor, _)| cursor == row) {
            self.cursor = None;
        }
    }

    /// Shows the cursor at the end of a text in the last row.
    pub fn show_cursor_after(&mut self, cols: usize) {
        self.cursor = Some((cols, self.rows.len().saturating_sub(1), CursorShape::Default));
    }

    /// Draws lines in the center, in a box as wide as the widest.
    pub fn put_box(&mut self, lines: &[String], style: Style) {
        let cols = self.rows.first().map_or(0, Vec::len);
        let width = lines.iter().map(|line| line.width()).max().unwrap_or(0).min(cols);
        let (top, left) = (self.rows.len().saturating_sub(lines.len()) / 2, (cols - width) / 2);
        for (row, line) in lines.iter().enumerate() {
            let blanks = " ".repeat(width.saturating_sub(line.width()));
            self.put(top + row, left, &[Piece::new(format!("{line}{blanks}"), style)]);
        }
        self.cursor = None;
    }

    fn put(&mut self, row: usize, col: usize, line: &[Piece]) {
        let Some(places) = self.rows.get_mut(row) else { return };
        let mut col = col;
        for piece in line {
            for character in piece.text.chars() {
                let width = character.width().unwrap_or(0);
                if width == 0 || col + width > places.len() {
                    continue;
                }
                // A wide character that is half covered is removed.
                if places[col].text.is_empty() && col > 0 {
                    places[col - 1] = Place::blank();
                }
                if let Some(after) = places.get_mut(col + width)
                    && after.text.is_empty()
                {
                    *after = Place::blank();
                }
                places[col] = Place { text: character.to_string(), style: piece.style, link: None };
                if width == 2 {
                    places[col + 1] = Place { text: String::new(), ..places[col].clone() };
                }
                col += width;
            }
        }
    }

    /// The output that makes a terminal that shows `before` show this frame; if `before` is `None`,
    /// whatever it shows. The terminal has the same size and default modes, except that autowrap is
    /// off, so that its last column can be written.
    pub fn drawing(&self, before: Option<&Frame>) -> String {
        let mut out = String::new();
        let is_same_screen = before.is_some_and(|before| before.is_alternate == self.is_alternate);
        if before.map_or(self.is_alternate, |before| before.is_alternate != self.is_alternate) {
            out.push_str(if self.is_alternate { "\x1b[?1049h" } else { "\x1b[?1049l" });
        }
        let before = before.filter(|before| is_same_screen && before.rows.len() == self.rows.len());
        if before.is_none() {
            out.push_str("\x1b[0m\x1b[?7l\x1b[2J");
        }
        if before.map_or(self.is_reversed, |before| before.is_reversed != self.is_reversed) {
            out.push_str(if self.is_reversed { "\x1b[?5h" } else { "\x1b[?5l" });
        }
        if before.is_none_or(|before| before.title != self.title) && !self.title.is_empty() {
            out.push_str(&format!("\x1b]2;{}\x1b\\", self.title.replace(char::is_control, "")));
        }
        for (row, places) in self.rows.iter().enumerate() {
            let old = before.and_then(|before| before.rows.get(row));
            draw_row(row, places, old.map(Vec::as_slice), &mut out);
        }
        let is_drawn = !out.is_empty();
        if is_drawn || before.is_none_or(|before| before.cursor != self.cursor) {
            if is_drawn {
                // Hidden while it moves during drawing.
                out.insert_str(0, "\x1b[?2026h\x1b[?25l");
            }
            match self.cursor {
                Some((col, row, shape)) => {
                    out.push_str(&format!("\x1b[{};{}H", row + 1, col + 1));
                    if before.is_none_or(|before| before.cursor.is_none_or(|(_, _, old)| old != shape)) {
                        out.push_str(&format!("\x1b[{} q", shape as u8));
                    }
                    out.push_str("\x1b[?25h");
                }
                None => out.push_str("\x1b[?25l"),
            }
            if is_drawn {
                out.push_str("\x1b[?2026l");
            }
        }
        out
    }
}

fn places(screen: &Screen, row: &Row<StyledCell>, from: usize, cols: usize) -> Vec<Place> {
    let cells = row.cells();
    let mut places = Vec::with_capacity(cols);
    for col in from..from + cols {
        let Some(cell) = cells.get(col) else {
            places.push(Place::blank());
            continue;
        };
        let is_cut = (cell.is_right_half() && col == from)
            || (col + 1 == from + cols && cells.get(col + 1).is_some_and(Cell::is_right_half));
        let mut style = screen.style(cell);
        let link = style.link.take().and_then(|id| screen.link(id));
        let mut text = String::new();
        if is_cut {
            // Half of a wide character.
            text.push(' ');
        } else if !cell.is_right_half() {
            text.push(cell.character());
            text.extend(row.marks(col).map(Cell::character));
        }
        places.push(Place { text, style, link: link.map(|link| (link.id.clone(), link.uri.clone())) });
    }
    places
}

/// Draws the changed part of a row, from the first changed cell to the last.
fn draw_row(row: usize, places: &[Place], before: Option<&[Place]>, out: &mut String) {
    let blank = Place::blank();
    let old = |col: usize| before.map_or(Some(&blank), |before| before.get(col));
    let is_same = |col: &usize| old(*col) == Some(&places[*col]);
    let Some(mut first) = (0..places.len()).find(|col| !is_same(col)) else { return };
    let last = (0..places.len()).rfind(|col| !is_same(col)).unwrap_or(first);
    // A wide character is drawn as a whole.
    while first > 0 && places[first].text.is_empty() {
        first -= 1;
    }
    out.push_str(&format!("\x1b[{};{}H", row + 1, first + 1));
    let mut pen: Option<&Place> = None;
    for (col, place) in places.iter().enumerate().take(last + 1).skip(first) {
        if place.text.is_empty() {
            continue;
        }
        if pen.is_none_or(|pen| pen.style != place.style) {
            place.style.draw(out);
        }
        if pen.map_or(place.link.is_some(), |pen| pen.link != place.link) {
            match &place.link {
                Some((id, uri)) if id.is_empty() => out.push_str(&format!("\x1b]8;;{uri}\x1b\\")),
                Some((id, uri)) => out.push_str(&format!("\x1b]8;id={id};{uri}\x1b\\")),
                None => out.push_str("\x1b]8;;\x1b\\"),
            }
        }
        // Without autowrap, the cursor stays in the last column, and tmux combines further
        // characters with the one before it.
        let end = col + 1 + usize::from(places.get(col + 1).is_some_and(|next| next.text.is_empty()));
        let combines_at_edge = end == places.len() && place.text.chars().nth(1).is_some();
        if combines_at_edge {
            out.push_str("\x1b[?7h");
        }
        out.push_str(&place.text);
        if combines_at_edge {
            out.push_str("\x1b[?7l");
        }
        pen = Some(place);
    }
    if pen.is_some_and(|pen| pen.link.is_some()) {
        out.push_str("\x1b]8;;\x1b\\");
    }
    out.push_str("\x1b[0m");
}

/// The part of a screen shown on a smaller terminal: its first column and row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offset {
    pub col: usize,
    pub row: usize,
}

impl Offset {
    /// The offset, moved as little as necessary to include the cursor.
    pub fn following(self, screen: &Screen, size: Size) -> Offset {
        let cursor = screen.cursor();
        let follow = |offset: usize, cursor: usize, room: u16, length: u16| {
            let (room, length) = (usize::from(room.max(1)), usize::from(length.max(1)));
            let lowest = (cursor + 1).saturating_sub(room);
            offset.clamp(lowest, cursor.max(lowest)).min(length.saturating_sub(room))
        };
        Offset {
            col: follow(self.col, cursor.col, size.cols, screen.size().cols),
            row: follow(self.row, cursor.row, size.rows, screen.size().rows),
        }
    }
}
