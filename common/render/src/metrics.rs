//! The sizes of cells and their text, in pixels.
//!
//! Text is sharp without a hinting engine if the tops of its small letters fall on whole pixels:
//! sizes are rounded up to the next at which they do. Cells are whole pixels, so that nothing shows
//! through between them.

use crate::geometry::Cell;

/// The proportions of a face, relative to its size.
#[derive(Clone, Copy, Debug)]
pub struct Proportions {
    /// The height of a small x.
    pub x_height: f32,
    /// The distance from one character to the next.
    pub advance: f32,
    /// The height above the baseline.
    pub ascent: f32,
    /// The depth below the baseline, positive.
    pub descent: f32,
}

/// JetBrains Mono, the default face of pictures.
pub const JETBRAINS_MONO: Proportions =
    Proportions { x_height: 0.55, advance: 0.6, ascent: 1.02, descent: 0.3 };

/// Sizes, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// The size of a column and row.
    pub cell: Cell,
    /// The size of the face.
    pub font_size: f32,
    /// The distance from the upper edge of a cell to the baseline of its text; a whole number.
    pub baseline: f32,
    /// The thickness of underlines and other lines.
    pub line: u16,
}

impl Metrics {
    /// The metrics of a face at a size in pixels, with a relative line height.
    pub fn new(face: Proportions, size: f32, line_height: f32) -> Metrics {
        let x_height = face.x_height * size;
        // A size that is already right may be off by rounding.
        let font_size = (x_height - 0.01).ceil().max(1.0) / face.x_height;
        // The limits of the options keep both far below the largest integer.
        let pixels = |value: f32| value.round().clamp(1.0, 4096.0) as u16;
        let cell = Cell { width: pixels(face.advance * font_size), height: pixels(size * line_height) };
        let text = (face.ascent + face.descent) * font_size;
        let baseline = ((f32::from(cell.height) - text) / 2.0 + face.ascent * font_size).round();
        Metrics { cell, font_size, baseline, line: pixels(size / 16.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_size_is_rounded_up_to_whole_pixels() {
        let metrics = Metrics::new(JETBRAINS_MONO, 16.0, 1.4);
        assert_eq!(metrics.cell, Cell { width: 10, height: 22 });
        assert_eq!((metrics.font_size * 100.0).round(), 1636.0);
        assert_eq!((metrics.baseline, metrics.line), (17.0, 1));
    }

    #[test]
    fn a_size_that_is_already_right_is_kept() {
        assert_eq!(Metrics::new(JETBRAINS_MONO, 20.0, 1.0).font_size, 20.0);
    }
}
