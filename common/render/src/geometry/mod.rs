//! Characters that are drawn geometrically rather than from a font, so that they fill their cell
//! edge to edge and join without seams: box drawing, blocks, braille, powerline and symbols for
//! legacy computing.
//!
//! All shapes are outlines in the pixels of one cell. Straight edges lie on whole pixels. Knows no
//! fonts, colors or picture formats.

mod boxes;
mod legacy;
mod powerline;

/// A point within a cell, in pixels from its left and upper edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Pixels from the left edge.
    pub x: f32,
    /// Pixels from the upper edge.
    pub y: f32,
}

/// A closed outline, filled.
pub type Outline = Vec<Point>;

/// A part of a character: outlines that are filled together, with one opacity.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// The opacity of the text's color, in percent: below 100 for shades.
    pub opacity: u8,
    /// The outlines may overlap; the union of their areas is filled.
    pub outlines: Vec<Outline>,
}

/// The size of a cell, in whole pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The width of a single column.
    pub width: u16,
    /// The distance from one line to the next.
    pub height: u16,
}

/// The shapes of a character; `None` if it is drawn from a font.
pub fn shapes(character: char, cell: Cell) -> Option<Vec<Shape>> {
    if !is_drawn(character) {
        return None;
    }
    let grid = Grid::new(cell);
    let solid = |outlines| vec![Shape { opacity: 100, outlines }];
    let mut shapes = match character as u32 {
        0x2500..=0x257f => solid(boxes::outlines(character, &grid)),
        0x2580..=0x259f => blocks(character, &grid),
        0x2800..=0x28ff => solid(braille(character as u32 - 0x2800, &grid)),
        0xe0b0..=0xe0bf => solid(powerline::outlines(character, &grid)),
        _ => legacy::shapes(character, &grid),
    };
    // A line may be thicker than the width of a tiny cell, and sums of fractions may miss an edge
    // slightly.
    for point in shapes.iter_mut().flat_map(|shape| shape.outlines.iter_mut().flatten()) {
        *point = self::point(point.x.clamp(0.0, grid.width), point.y.clamp(0.0, grid.height));
    }
    Some(shapes)
}

/// Returns whether a character is drawn as geometry.
pub fn is_drawn(character: char) -> bool {
    matches!(character as u32, 0x2500..=0x259f | 0x2800..=0x28ff | 0xe0b0..=0xe0bf | 0x1fb00..=0x1fbaf)
        && character != '\u{1fb93}'
}

/// The positions in a cell at which shapes begin and end.
struct Grid {
    width: f32,
    height: f32,
    /// The thickness of a light line.
    light: f32,
    /// The thickness of a heavy line, with the same center as a light one.
    heavy: f32,
}

impl Grid {
    fn new(cell: Cell) -> Grid {
        let light = (f32::from(cell.width) / 9.0).round().max(1.0);
        let heavy = light + 2.0 * (light / 2.0).ceil();
        Grid { width: cell.width.into(), height: cell.height.into(), light, heavy }
    }

    /// A fraction of the width, rounded to a pixel.
    fn x(&self, part: f32) -> f32 {
        (self.width * part).round()
    }

    /// A fraction of the height, rounded to a pixel.
    fn y(&self, part: f32) -> f32 {
        (self.height * part).round()
    }

    /// The edges of a vertical line in the center.
    fn middle_column(&self, thickness: f32) -> (f32, f32) {
        let left = ((self.width - self.light) / 2.0).floor() - (thickness - self.light) / 2.0;
        (left.max(0.0), left.max(0.0) + thickness)
    }

    /// The edges of a horizontal line in the center.
    fn middle_row(&self, thickness: f32) -> (f32, f32) {
        let top = ((self.height - self.light) / 2.0).floor() - (thickness - self.light) / 2.0;
        (top.max(0.0), top.max(0.0) + thickness)
    }

    /// The rectangle between fractions of the width and of the height.
    fn part(&self, left: f32, top: f32, right: f32, bottom: f32) -> Outline {
        rectangle(self.x(left), self.y(top), self.x(right), self.y(bottom))
    }

    /// A straight stroke, clipped to the cell.
    fn stroke(&self, from: Point, to: Point, thickness: f32) -> Outline {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let length = dx.hypot(dy).max(f32::EPSILON);
        let (along_x, along_y) = (dx / length * thickness, dy / length * thickness);
        let (across_x, across_y) = (-along_y / 2.0, along_x / 2.0);
        // Extended at both ends, to reach the corners it starts from.
        let (from, to) = (point(from.x - along_x, from.y - along_y), point(to.x + along_x, to.y + along_y));
        self.clipped(vec![
            point(from.x + across_x, from.y + across_y),
            point(to.x + across_x, to.y + across_y),
            point(to.x - across_x, to.y - across_y),
            point(from.x - across_x, from.y - across_y),
        ])
    }

    /// The part of an outline within the cell.
    fn clipped(&self, outline: Outline) -> Outline {
        let (right, bottom) = (point(self.width, 0.0), point(0.0, self.height));
        let corner = point(self.width, self.height);
        let edges = [(point(0.0, 0.0), right), (right, corner), (corner, bottom), (bottom, point(0.0, 0.0))];
        edges.into_iter().fold(outline, |outline, (from, to)| half(&outline, from, to))
    }
}

fn point(x: f32, y: f32) -> Point {
    Point { x, y }
}

fn rectangle(left: f32, top: f32, right: f32, bottom: f32) -> Outline {
    vec![point(left, top), point(right, top), point(right, bottom), point(left, bottom)]
}

/// The part of a convex outline to the right of a directed line (Sutherland and Hodgman's clipping,
/// for one edge).
fn half(outline: &[Point], from: Point, to: Point) -> Outline {
    let side = |p: Point| (to.x - from.x) * (p.y - from.y) - (to.y - from.y) * (p.x - from.x);
    let mut kept = Outline::new();
    let mut previous = outline.last().copied();
    for &current in outline {
        if let Some(previous) = previous {
            let (before, now) = (side(previous), side(current));
            if (before < 0.0) != (now < 0.0) {
                let share = before / (before - now);
                let at = |a: f32, b: f32| a + (b - a) * share;
                kept.push(point(at(previous.x, current.x), at(previous.y, current.y)));
            }
            if now >= 0.0 {
                kept.push(current);
            }
        }
        previous = Some(current);
    }
    kept
}

/// Block elements, U+2580 to U+259F.
fn blocks(character: char, grid: &Grid) -> Vec<Shape> {
    let code = character as u32;
    let eighths = |count: u32| count as f32 / 8.0;
    let solid = |outlines| vec![Shape { opacity: 100, outlines }];
    match code {
        0x2580 => solid(vec![grid.part(0.0, 0.0, 1.0, 0.5)]),
        0x2581..=0x2588 => solid(vec![grid.part(0.0, 1.0 - eighths(code - 0x2580), 1.0, 1.0)]),
        0x2589..=0x258f => solid(vec![grid.part(0.0, 0.0, eighths(0x2590 - code), 1.0)]),
        0x2590 => solid(vec![grid.part(0.5, 0.0, 1.0, 1.0)]),
        0x2591..=0x2593 => {
            let opacity = [25, 50, 75][(code - 0x2591) as usize];
            vec![Shape { opacity, outlines: vec![grid.part(0.0, 0.0, 1.0, 1.0)] }]
        }
        0x2594 => solid(vec![grid.part(0.0, 0.0, 1.0, eighths(1))]),
        0x2595 => solid(vec![grid.part(eighths(7), 0.0, 1.0, 1.0)]),
        // Quadrants: upper left 8, upper right 4, lower left 2, lower right 1.
        _ => {
            const QUADRANTS: [u8; 10] = [2, 1, 8, 11, 9, 14, 13, 4, 6, 7];
            let which = QUADRANTS.get(code.saturating_sub(0x2596) as usize).copied().unwrap_or(0);
            let places = [(8, 0.0, 0.0), (4, 0.5, 0.0), (2, 0.0, 0.5), (1, 0.5, 0.5)];
            let set = places.into_iter().filter(|(bit, ..)| which & bit != 0);
            solid(set.map(|(_, x, y)| grid.part(x, y, x + 0.5, y + 0.5)).collect())
        }
    }
}

/// Braille patterns: a bit per dot, in the order of the Unicode chart.
fn braille(dots: u32, grid: &Grid) -> Vec<Outline> {
    const PLACES: [(u8, u8); 8] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];
    let (across, down) = (grid.width / 2.0, grid.height / 4.0);
    let side = (across.min(down) * 0.55).round().max(1.0);
    let dot = |&(column, row): &(u8, u8)| {
        let left = (across * (f32::from(column) + 0.5) - side / 2.0).round();
        let top = (down * (f32::from(row) + 0.5) - side / 2.0).round();
        rectangle(left, top, left + side, top + side)
    };
    let set = PLACES.iter().enumerate().filter(|(bit, _)| dots >> bit & 1 == 1);
    set.map(|(_, place)| dot(place)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CELL: Cell = Cell { width: 10, height: 22 };

    #[test]
    fn every_drawn_character_stays_in_its_cell_at_any_size() {
        for (width, height) in [(10, 22), (1, 1), (7, 15), (31, 64)] {
            for character in (0..0x20000).filter_map(char::from_u32) {
                let shapes = shapes(character, Cell { width, height });
                for point in shapes.iter().flatten().flat_map(|shape| shape.outlines.iter().flatten()) {
                    let within = |value: f32, most: u16| (0.0..=f32::from(most)).contains(&value);
                    let is_within = within(point.x, width) && within(point.y, height);
                    assert!(is_within, "{:x} in {width}x{height}: {point:?}", character as u32);
                }
            }
        }
    }

    #[test]
    fn only_the_blank_pattern_of_braille_is_blank() {
        for character in (0x2500..0x1fbb0).filter_map(char::from_u32).filter(|&c| is_drawn(c)) {
            let is_blank = shapes(character, CELL).unwrap().iter().all(|shape| shape.outlines.is_empty());
            assert_eq!(is_blank, character == '\u{2800}', "{character:?}");
        }
    }

    #[test]
    fn a_full_block_fills_the_cell_and_two_halves_leave_no_seam() {
        let outlines = |character| shapes(character, CELL).unwrap().remove(0).outlines;
        assert_eq!(outlines('█'), [rectangle(0.0, 0.0, 10.0, 22.0)]);
        assert_eq!(outlines('▀'), [rectangle(0.0, 0.0, 10.0, 11.0)]);
        assert_eq!(outlines('▄'), [rectangle(0.0, 11.0, 10.0, 22.0)]);
    }
}
