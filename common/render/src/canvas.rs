//! The contents of a picture at one moment: a grid of cells with resolved colors.

use std::rc::Rc;

use common::screen::Underline;
use common::size::Size;

use crate::raster::Look;

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CanvasCell {
    /// Its character; a space for a blank cell.
    pub character: char,
    /// Its combining characters.
    pub marks: Option<Rc<str>>,
    /// Its width in columns: 1, 2 for a wide character, 0 for the cell covered by one.
    pub columns: u8,
    /// Its colors and style.
    pub look: Look,
    /// The target of its link.
    pub link: Option<Rc<str>>,
}

impl CanvasCell {
    /// A blank cell.
    pub fn blank(look: Look) -> CanvasCell {
        CanvasCell { character: ' ', marks: None, columns: 1, look, link: None }
    }

    /// Returns whether only its background is visible.
    pub fn is_blank(&self) -> bool {
        let Look { underline, strikethrough, overline, .. } = self.look;
        let has_lines = strikethrough || overline || underline != Underline::None;
        self.columns == 1 && self.character == ' ' && self.marks.is_none() && !has_lines
    }

    /// Its character and combining characters.
    pub fn text(&self) -> String {
        let mut text = String::from(self.character);
        text.push_str(self.marks.as_deref().unwrap_or_default());
        text
    }
}

/// A visible cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The column, from 0.
    pub column: usize,
    /// The row, from 0.
    pub row: usize,
    /// The look of the cell under it.
    pub look: Look,
}

/// A grid of cells.
#[derive(Clone, Debug)]
pub struct Canvas {
    size: Size,
    cells: Vec<CanvasCell>,
    /// The cursor, if it is shown.
    pub cursor: Option<Cursor>,
}

impl Canvas {
    /// A grid of blank cells.
    pub fn new(size: Size, look: Look) -> Canvas {
        let count = usize::from(size.cols) * usize::from(size.rows);
        Canvas { size, cells: vec![CanvasCell::blank(look); count], cursor: None }
    }

    /// The size in cells.
    pub fn size(&self) -> Size {
        self.size
    }

    /// All cells, row by row.
    pub fn cells(&self) -> &[CanvasCell] {
        &self.cells
    }

    /// The cells of a row; empty if there is no such row.
    pub fn row(&self, row: usize) -> &[CanvasCell] {
        let cols = usize::from(self.size.cols);
        self.cells.get(row * cols..(row + 1) * cols).unwrap_or_default()
    }

    /// All cells, row by row, including the cursor.
    pub fn shown(&self) -> impl Iterator<Item = CanvasCell> {
        let cols = usize::from(self.size.cols);
        let cursor = self.cursor.map(|cursor| (cursor.row * cols + cursor.column, cursor.look));
        self.cells.iter().enumerate().map(move |(index, cell)| match cursor {
            Some((at, look)) if at == index => CanvasCell { look, ..cell.clone() },
            _ => cell.clone(),
        })
    }

    /// Moves all rows up. The rows that come in at the bottom must be drawn.
    pub fn scroll_up(&mut self, rows: usize) {
        let count = rows.min(self.size.rows.into()) * usize::from(self.size.cols);
        self.cells.rotate_left(count);
    }

    /// The cells of a row, mutable.
    pub fn row_mut(&mut self, row: usize) -> &mut [CanvasCell] {
        let cols = usize::from(self.size.cols);
        self.cells.get_mut(row * cols..(row + 1) * cols).unwrap_or_default()
    }
}
