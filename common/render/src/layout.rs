//! The layout of a picture: the grid of cells, the margin around it, the bar above it.

use common::size::Size;

use crate::metrics::Metrics;

/// The layout of a picture, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// The metrics of the cells.
    pub metrics: Metrics,
    /// The size of the grid, in cells.
    pub grid: Size,
    /// The margin to the left and right of the grid.
    pub margin_x: u32,
    /// The margin above and below the grid.
    pub margin_y: u32,
    /// The height of the window's bar, or 0.
    pub bar: u32,
}

impl Layout {
    /// A layout with a margin in pixels; by default, a column and half a row.
    pub fn new(metrics: Metrics, grid: Size, padding: Option<u16>, has_window: bool) -> Layout {
        let cell = metrics.cell;
        Layout {
            metrics,
            grid,
            margin_x: padding.unwrap_or(cell.width).into(),
            margin_y: padding.unwrap_or(cell.height / 2).into(),
            bar: if has_window { (u32::from(cell.height) * 3 / 2).max(24) } else { 0 },
        }
    }

    /// The width of the grid.
    pub fn grid_width(&self) -> u32 {
        u32::from(self.grid.cols) * u32::from(self.metrics.cell.width)
    }

    /// The height of the grid.
    pub fn grid_height(&self) -> u32 {
        u32::from(self.grid.rows) * u32::from(self.metrics.cell.height)
    }

    /// The upper edge of the grid.
    pub fn grid_top(&self) -> u32 {
        self.bar + self.margin_y
    }

    /// The width of the picture.
    pub fn width(&self) -> u32 {
        self.grid_width() + 2 * self.margin_x
    }

    /// The height of the picture.
    pub fn height(&self) -> u32 {
        self.grid_top() + self.grid_height() + self.margin_y
    }
}
