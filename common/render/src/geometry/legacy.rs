//! Symbols for legacy computing, U+1FB00 to U+1FBAF: sextants, wedges, eighths, shades, fills,
//! crossing lines.

use super::{Grid, Outline, Point, Shape, half, point};

/// The wedges U+1FB3C to U+1FB67: the corner of the cell that is filled, and the two ends of the
/// edge of the filled part. Each point is a letter, see [`place`].
const WEDGES: &str = "hfi hfj hdi hdj hai jdb jdc jfb jfc jhb jfe jig jhg jie jhe jic hbe hae hbg hag hbj hdg \
    cfi cfj cdi cdj cai adb adc afb afc ahb afe aig ahg aie ahe aic cbe cae cbg cag cbj cdg";

/// The diagonals of U+1FBA0 to U+1FBAE: upper left 8, upper right 4, lower left 2, lower right 1.
const DIAGONALS: [u8; 15] = [8, 4, 2, 1, 10, 5, 3, 12, 9, 6, 7, 11, 13, 14, 15];

/// The shapes of a symbol.
pub fn shapes(character: char, grid: &Grid) -> Vec<Shape> {
    let code = character as u32;
    let opacity = match code {
        0x1fb8c..=0x1fb90 | 0x1fb9c..=0x1fb9f => 50,
        _ => 100,
    };
    let mut shapes = vec![Shape { opacity, outlines: outlines(code, grid) }];
    // Half solid, half shaded.
    let shaded = match code {
        0x1fb91 => Some(grid.part(0.0, 0.5, 1.0, 1.0)),
        0x1fb92 => Some(grid.part(0.0, 0.0, 1.0, 0.5)),
        0x1fb94 => Some(grid.part(0.0, 0.0, 0.5, 1.0)),
        _ => None,
    };
    shapes.extend(shaded.map(|outline| Shape { opacity: 50, outlines: vec![outline] }));
    shapes
}

fn outlines(code: u32, grid: &Grid) -> Vec<Outline> {
    let eighth = |index: u32| index as f32 / 8.0;
    let column = |index: u32| grid.part(eighth(index), 0.0, eighth(index + 1), 1.0);
    let row = |index: u32| grid.part(0.0, eighth(index), 1.0, eighth(index + 1));
    let (left, upper, right, lower) = (column(0), row(0), column(7), row(7));
    match code {
        0x1fb00..=0x1fb3b => sextant(code - 0x1fb00, grid),
        0x1fb3c..=0x1fb67 => wedge(code - 0x1fb3c, grid).into_iter().collect(),
        0x1fb68..=0x1fb6b => {
            let missing = [0, 1, 2, 3][(code - 0x1fb68) as usize];
            (0..4).filter(|quarter| *quarter != missing).map(|quarter| triangle(quarter, grid)).collect()
        }
        0x1fb6c..=0x1fb6f => vec![triangle((code - 0x1fb6c) as usize, grid)],
        0x1fb70..=0x1fb75 => vec![column(code - 0x1fb70 + 1)],
        0x1fb76..=0x1fb7b => vec![row(code - 0x1fb76 + 1)],
        0x1fb7c => vec![left, lower],
        0x1fb7d => vec![left, upper],
        0x1fb7e => vec![right, upper],
        0x1fb7f => vec![right, lower],
        0x1fb80 => vec![upper, lower],
        0x1fb81 => vec![upper, row(2), row(4), lower],
        0x1fb82..=0x1fb86 => {
            vec![grid.part(0.0, 0.0, 1.0, [0.25, 0.375, 0.625, 0.75, 0.875][(code - 0x1fb82) as usize])]
        }
        0x1fb87..=0x1fb8b => {
            let width = [0.25, 0.375, 0.625, 0.75, 0.875][(code - 0x1fb87) as usize];
            vec![grid.part(1.0 - width, 0.0, 1.0, 1.0)]
        }
        0x1fb8c => vec![grid.part(0.0, 0.0, 0.5, 1.0)],
        0x1fb8d => vec![grid.part(0.5, 0.0, 1.0, 1.0)],
        0x1fb8e => vec![grid.part(0.0, 0.0, 1.0, 0.5)],
        0x1fb8f => vec![grid.part(0.0, 0.5, 1.0, 1.0)],
        0x1fb90 => vec![grid.part(0.0, 0.0, 1.0, 1.0)],
        0x1fb91 => vec![grid.part(0.0, 0.0, 1.0, 0.5)],
        0x1fb92 => vec![grid.part(0.0, 0.5, 1.0, 1.0)],
        0x1fb94 => vec![grid.part(0.5, 0.0, 1.0, 1.0)],
        0x1fb95 => checkers(0, grid),
        0x1fb96 => checkers(1, grid),
        0x1fb97 => vec![grid.part(0.0, 0.25, 1.0, 0.5), grid.part(0.0, 0.75, 1.0, 1.0)],
        0x1fb98 => hatching(1.0, grid),
        0x1fb99 => hatching(-1.0, grid),
        0x1fb9a => vec![triangle(1, grid), triangle(3, grid)],
        0x1fb9b => vec![triangle(0, grid), triangle(2, grid)],
        0x1fb9c..=0x1fb9f => corner((code - 0x1fb9c) as usize, grid).into_iter().collect(),
        0x1fba0..=0x1fbae => diagonals(DIAGONALS[(code - 0x1fba0) as usize], grid),
        // A horizontal line with a stroke through it.
        _ => {
            let (top, bottom) = grid.middle_row(grid.light);
            let (left, right) = grid.middle_column(grid.light);
            let reach = grid.y(0.2);
            vec![
                super::rectangle(0.0, top, grid.width, bottom),
                super::rectangle(left, (top - reach).max(0.0), right, (bottom + reach).min(grid.height)),
            ]
        }
    }
}

/// Two columns and three rows of blocks, numbered as binary digits from the upper left; the empty
/// one, the halves and the full one are separate characters.
fn sextant(index: u32, grid: &Grid) -> Vec<Outline> {
    let bits = index + 1 + u32::from(index >= 20) + u32::from(index >= 40);
    let set = (0..6u8).filter(|bit| bits >> bit & 1 == 1);
    let block = |bit: u8| {
        let (x, y) = (f32::from(bit % 2) / 2.0, f32::from(bit / 2) / 3.0);
        grid.part(x, y, x + 0.5, y + 1.0 / 3.0)
    };
    set.map(block).collect()
}

/// The point of a letter in [`WEDGES`]: halves of the width, thirds of the height.
fn place(letter: u8, grid: &Grid) -> Point {
    let (x, y) = match letter {
        b'a' => (0.0, 0.0),
        b'b' => (0.5, 0.0),
        b'c' => (1.0, 0.0),
        b'd' => (0.0, 1.0 / 3.0),
        b'e' => (1.0, 1.0 / 3.0),
        b'f' => (0.0, 2.0 / 3.0),
        b'g' => (1.0, 2.0 / 3.0),
        b'h' => (0.0, 1.0),
        b'i' => (0.5, 1.0),
        _ => (1.0, 1.0),
    };
    point(grid.x(x), grid.y(y))
}

fn wedge(index: u32, grid: &Grid) -> Option<Outline> {
    let letters = WEDGES.split_ascii_whitespace().nth(index as usize)?.as_bytes();
    let &[corner, from, to] = letters else { return None };
    let (corner, from, to) = (place(corner, grid), place(from, grid), place(to, grid));
    let whole = grid.part(0.0, 0.0, 1.0, 1.0);
    // The side of the edge on which the corner lies.
    let side = (to.x - from.x) * (corner.y - from.y) - (to.y - from.y) * (corner.x - from.x);
    Some(if side > 0.0 { half(&whole, from, to) } else { half(&whole, to, from) })
}

/// The quarter between the center and the left (0), upper (1), right (2) or lower (3) edge.
fn triangle(quarter: usize, grid: &Grid) -> Outline {
    let corners = corners(grid);
    let middle = point(grid.width / 2.0, grid.height / 2.0);
    vec![corners[(quarter + 3) % 4], corners[quarter % 4], middle]
}

/// Clockwise from the upper left.
fn corners(grid: &Grid) -> [Point; 4] {
    [point(0.0, 0.0), point(grid.width, 0.0), point(grid.width, grid.height), point(0.0, grid.height)]
}

/// Half of the cell, divided by a diagonal: the upper left one (0) and clockwise.
fn corner(index: usize, grid: &Grid) -> Option<Outline> {
    let corners = corners(grid);
    let at = |step: usize| corners.get((index + step) % 4).copied();
    Some(vec![at(3)?, at(0)?, at(1)?])
}

fn checkers(odd: u8, grid: &Grid) -> Vec<Outline> {
    let blocks = (0..4u8).flat_map(|row| (0..4u8).map(move |column| (column, row)));
    let set = blocks.filter(|(column, row)| (column + row) % 2 == odd);
    set.map(|(column, row)| {
        let (x, y) = (f32::from(column) / 4.0, f32::from(row) / 4.0);
        grid.part(x, y, x + 0.25, y + 0.25)
    })
    .collect()
}

/// Slanted lines that continue from one cell to the next, falling (1) or rising (-1).
fn hatching(slope: f32, grid: &Grid) -> Vec<Outline> {
    let (width, height) = (grid.width, grid.height);
    let line = |index: i8| {
        let start = f32::from(index) * height / 4.0;
        let (from, to) = (point(0.0, start), point(width, start + slope * height / 2.0));
        grid.stroke(from, to, grid.light)
    };
    (-3..8).map(line).filter(|outline| !outline.is_empty()).collect()
}

fn diagonals(which: u8, grid: &Grid) -> Vec<Outline> {
    let (x, y) = (grid.width / 2.0, grid.height / 2.0);
    let (up, down) = (point(x, 0.0), point(x, grid.height));
    let (left, right) = (point(0.0, y), point(grid.width, y));
    let all = [(8, up, left), (4, up, right), (2, left, down), (1, right, down)];
    let set = all.into_iter().filter(|(bit, ..)| which & bit != 0);
    set.map(|(_, from, to)| grid.stroke(from, to, grid.light)).collect()
}
