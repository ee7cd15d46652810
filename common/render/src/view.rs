//! A terminal's screen as a canvas: colors from a theme, resolved styles, the cursor.

use std::collections::HashMap;
use std::mem;
use std::rc::Rc;

use common::screen::{Cell, Color, Row, Screen, Style, StyledCell, Underline};

use crate::canvas::{Canvas, CanvasCell, Cursor};
use crate::glyphs::FaceStyle;
use crate::raster::Look;
use crate::theme::{Rgb, Theme};

/// The number of links kept to be shared by cells.
const MOST_LINKS: usize = 1024;

/// Converts screens to canvases.
pub struct View {
    theme: Theme,
    shows_cursor: bool,
    is_bold_bright: bool,
    links: HashMap<String, Rc<str>>,
}

impl View {
    /// A view in the colors of a theme.
    pub fn new(theme: Theme) -> View {
        View { theme, shows_cursor: true, is_bold_bright: false, links: HashMap::new() }
    }

    /// Sets whether the cursor is drawn if the program shows it.
    pub fn with_cursor(self, shows_cursor: bool) -> View {
        View { shows_cursor, ..self }
    }

    /// Sets whether bold text in one of the first eight colors takes its bright variant.
    pub fn with_bold_as_bright(self, is_bold_bright: bool) -> View {
        View { is_bold_bright, ..self }
    }

    /// The look of a blank cell.
    pub fn blank(&self) -> Look {
        Look::plain(self.theme.background, self.theme.foreground)
    }

    /// Updates a canvas with the changes to the screen since the last call. Cells of the canvas
    /// beyond the screen stay blank.
    pub fn update(&mut self, screen: &mut Screen, canvas: &mut Canvas) {
        let changes = screen.take_changes();
        canvas.scroll_up(changes.scrolled);
        for row in changes.rows {
            if let Some(cells) = screen.row(row) {
                self.draw(screen, cells, canvas.row_mut(row));
            }
        }
        let (blank, height) = (CanvasCell::blank(self.blank()), screen.rows().len());
        for row in height..usize::from(canvas.size().rows) {
            canvas.row_mut(row).fill(blank.clone());
        }
        canvas.cursor = self.cursor(screen);
    }

    fn draw(&mut self, screen: &Screen, row: &Row<StyledCell>, target: &mut [CanvasCell]) {
        let has_marks = row.has_marks();
        let cells = row.cells();
        for (column, cell) in cells.iter().enumerate() {
            let Some(slot) = target.get_mut(column) else { break };
            let style = screen.style(cell);
            let is_covered = cell.is_right_half();
            let is_wide = cells.get(column + 1).is_some_and(Cell::is_right_half) && !is_covered;
            let marks: String = if has_marks && !style.conceal {
                row.marks(column).map(Cell::character).collect()
            } else {
                String::new()
            };
            *slot = CanvasCell {
                character: if style.conceal { ' ' } else { cell.character() },
                marks: (!marks.is_empty()).then(|| marks.into()),
                columns: if is_covered { 0 } else { 1 + u8::from(is_wide) },
                look: self.look(&style, false),
                link: style.link.and_then(|id| screen.link(id)).and_then(|link| self.link(&link.uri)),
            };
        }
        let blank = CanvasCell::blank(self.blank());
        target.iter_mut().skip(cells.len()).for_each(|slot| *slot = blank.clone());
        // A narrower canvas cuts a wide character in two.
        if let Some(last) = target.last_mut().filter(|last| last.columns > 1) {
            *last = CanvasCell { character: ' ', columns: 1, ..last.clone() };
        }
    }

    fn cursor(&self, screen: &Screen) -> Option<Cursor> {
        let cursor = screen.cursor();
        let cells = screen.row(cursor.row).map(Row::cells).unwrap_or_default();
        let mut column = cursor.col.min(cells.len().saturating_sub(1));
        if cells.get(column).is_some_and(Cell::is_right_half) {
            column -= 1;
        }
        let look = self.look(&screen.style(cells.get(column)?), true);
        (self.shows_cursor && cursor.is_visible).then_some(Cursor { column, row: cursor.row, look })
    }

    /// The look of a style in the theme's colors. Inversion swaps text and background, the cursor
    /// swaps them again; faint text is halfway to the resulting background.
    fn look(&self, style: &Style, is_under_cursor: bool) -> Look {
        let foreground = match style.foreground {
            Color::Indexed(index @ 0..=7) if style.bold && self.is_bold_bright => Color::Indexed(index + 8),
            color => color,
        };
        let mut foreground = self.color(foreground, self.theme.foreground);
        let mut background = self.color(style.background, self.theme.background);
        if style.inverse != is_under_cursor {
            mem::swap(&mut foreground, &mut background);
        }
        if style.faint {
            foreground = background.towards(foreground, 1, 2);
        }
        Look {
            background,
            foreground,
            style: FaceStyle { bold: style.bold, italic: style.italic },
            underline: if style.conceal { Underline::None } else { style.underline },
            underline_color: self.color(style.underline_color, foreground),
            strikethrough: style.strikethrough && !style.conceal,
            overline: style.overline && !style.conceal,
        }
    }

    fn color(&self, color: Color, default: Rgb) -> Rgb {
        match color {
            Color::Default => default,
            Color::Indexed(index) => self.theme.color(index),
            Color::Rgb(red, green, blue) => Rgb { red, green, blue },
        }
    }

    /// A link that may be followed: only to the web.
    fn link(&mut self, uri: &str) -> Option<Rc<str>> {
        if !is_web(uri) {
            return None;
        }
        if let Some(link) = self.links.get(uri) {
            return Some(Rc::clone(link));
        }
        if self.links.len() >= MOST_LINKS {
            self.links.clear();
        }
        let link: Rc<str> = uri.into();
        self.links.insert(uri.to_string(), Rc::clone(&link));
        Some(link)
    }
}

/// Returns whether a link leads to the web: the only links that a picture makes clickable.
pub fn is_web(uri: &str) -> bool {
    let begins_with =
        |scheme: &str| uri.get(..scheme.len()).is_some_and(|front| front.eq_ignore_ascii_case(scheme));
    (begins_with("https://") || begins_with("http://"))
        && !uri.chars().any(|character| character.is_control() || character.is_whitespace())
}
