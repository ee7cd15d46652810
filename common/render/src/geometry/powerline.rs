//! Separators of powerline prompts, U+E0B0 to U+E0BF.

use super::{Grid, Outline, Point, point};

/// The outlines of a separator.
pub fn outlines(character: char, grid: &Grid) -> Vec<Outline> {
    let (upper_left, upper_right) = (point(0.0, 0.0), point(grid.width, 0.0));
    let (lower_left, lower_right) = (point(0.0, grid.height), point(grid.width, grid.height));
    let middle = grid.height / 2.0;
    let (middle_left, middle_right) = (point(0.0, middle), point(grid.width, middle));
    let stroke = |from, to| grid.stroke(from, to, grid.light);
    match character as u32 {
        0xe0b0 => vec![vec![upper_left, middle_right, lower_left]],
        0xe0b1 => vec![stroke(upper_left, middle_right), stroke(middle_right, lower_left)],
        0xe0b2 => vec![vec![upper_right, lower_right, middle_left]],
        0xe0b3 => vec![stroke(upper_right, middle_left), stroke(middle_left, lower_right)],
        0xe0b4 => vec![half_ellipse(0.0, 1.0, grid)],
        0xe0b5 => vec![half_ring(0.0, 1.0, grid)],
        0xe0b6 => vec![half_ellipse(grid.width, -1.0, grid)],
        0xe0b7 => vec![half_ring(grid.width, -1.0, grid)],
        0xe0b8 => vec![vec![upper_left, lower_right, lower_left]],
        0xe0ba => vec![vec![upper_right, lower_right, lower_left]],
        0xe0bc => vec![vec![upper_left, upper_right, lower_left]],
        0xe0be => vec![vec![upper_left, upper_right, lower_right]],
        0xe0b9 | 0xe0bf => vec![stroke(upper_left, lower_right)],
        _ => vec![stroke(lower_left, upper_right)],
    }
}

/// The right half of an ellipse (`side` 1), or the left one (-1), with its vertical axis at `x`.
fn half_ellipse(x: f32, side: f32, grid: &Grid) -> Outline {
    curve(x, side, grid, 0.0).collect()
}

/// The outline of such a half, as a line.
fn half_ring(x: f32, side: f32, grid: &Grid) -> Outline {
    let inner: Outline = curve(x, side, grid, grid.light).collect();
    curve(x, side, grid, 0.0).chain(inner.into_iter().rev()).collect()
}

fn curve(x: f32, side: f32, grid: &Grid, inset: f32) -> impl Iterator<Item = Point> {
    /// The number of straight segments per half of an ellipse.
    const PIECES: u8 = 16;
    let (middle, across) = (grid.height / 2.0, (grid.width - inset).max(0.0));
    let down = (middle - inset).max(0.0);
    (0..=PIECES).map(move |piece| {
        let (sine, cosine) = (f32::from(piece) / f32::from(PIECES) * std::f32::consts::PI).sin_cos();
        point(x + side * across * sine, middle - down * cosine)
    })
}
