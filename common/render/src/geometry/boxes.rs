//! Box drawing, U+2500 to U+257F.

use super::{Grid, Outline, Point, point, rectangle};

/// The thickness of each arm of a character, from the center to the left, right, upper and lower
/// edge: 0 none, 1 light, 2 heavy, 3 double. Characters without arms (dashes, arcs, diagonals) are
/// blank.
const ARMS: [&str; 8] = [
    "1100 2200 0011 0022 .... .... .... .... .... .... .... .... 0101 0201 0102 0202",
    "1001 2001 1002 2002 0110 0210 0120 0220 1010 2010 1020 2020 0111 0211 0121 0112",
    "0122 0221 0212 0222 1011 2011 1021 1012 1022 2021 2012 2022 1101 2101 1201 2201",
    "1102 2102 1202 2202 1110 2110 1210 2210 1120 2120 1220 2220 1111 2111 1211 2211",
    "1121 1112 1122 2121 1221 2112 1212 2221 2212 2122 1222 2222 .... .... .... ....",
    "3300 0033 0301 0103 0303 3001 1003 3003 0310 0130 0330 3010 1030 3030 0311 0133",
    "0333 3011 1033 3033 3301 1103 3303 3310 1130 3330 3311 1133 3333 .... .... ....",
    ".... .... .... .... 1000 0010 0100 0001 2000 0020 0200 0002 1200 0012 2100 0021",
];

/// The outlines of a box drawing character.
pub fn outlines(character: char, grid: &Grid) -> Vec<Outline> {
    let (upper_left, upper_right) = (point(0.0, 0.0), point(grid.width, 0.0));
    let (lower_left, lower_right) = (point(0.0, grid.height), point(grid.width, grid.height));
    let rising = || grid.stroke(lower_left, upper_right, grid.light);
    let falling = || grid.stroke(upper_left, lower_right, grid.light);
    match character {
        '┄' => dashes(3, false, grid.light, grid),
        '┅' => dashes(3, false, grid.heavy, grid),
        '┆' => dashes(3, true, grid.light, grid),
        '┇' => dashes(3, true, grid.heavy, grid),
        '┈' => dashes(4, false, grid.light, grid),
        '┉' => dashes(4, false, grid.heavy, grid),
        '┊' => dashes(4, true, grid.light, grid),
        '┋' => dashes(4, true, grid.heavy, grid),
        '╌' => dashes(2, false, grid.light, grid),
        '╍' => dashes(2, false, grid.heavy, grid),
        '╎' => dashes(2, true, grid.light, grid),
        '╏' => dashes(2, true, grid.heavy, grid),
        '╭' => vec![arc(1.0, 1.0, grid)],
        '╮' => vec![arc(-1.0, 1.0, grid)],
        '╯' => vec![arc(-1.0, -1.0, grid)],
        '╰' => vec![arc(1.0, -1.0, grid)],
        '╱' => vec![rising()],
        '╲' => vec![falling()],
        '╳' => vec![rising(), falling()],
        _ => lines(arms(character), grid),
    }
}

/// Left, right, up and down, as in [`ARMS`].
fn arms(character: char) -> [u8; 4] {
    let index = (character as usize).saturating_sub(0x2500);
    let text = ARMS.get(index / 16).and_then(|line| line.as_bytes().chunks(5).nth(index % 16));
    let mut arms = [0; 4];
    for (arm, digit) in arms.iter_mut().zip(text.unwrap_or_default()) {
        *arm = digit.saturating_sub(b'0');
    }
    arms
}

/// The lines of all four arms.
fn lines([left, right, up, down]: [u8; 4], grid: &Grid) -> Vec<Outline> {
    let swapped = Grid { width: grid.height, height: grid.width, ..*grid };
    let mut outlines = Vec::new();
    // Each arm is drawn as if from the left, then rotated into place.
    arm(left, right, [up, down], grid, &mut |x, y, length, height| {
        outlines.push(rectangle(x, y, x + length, y + height));
    });
    arm(up, down, [left, right], &swapped, &mut |x, y, length, height| {
        outlines.push(rectangle(y, x, y + height, x + length));
    });
    arm_from_far_end(right, left, [up, down], grid, &mut |x, y, length, height| {
        outlines.push(rectangle(x, y, x + length, y + height));
    });
    arm_from_far_end(down, up, [left, right], &swapped, &mut |x, y, length, height| {
        outlines.push(rectangle(y, x, y + height, x + length));
    });
    outlines
}

const NONE: u8 = 0;
const DOUBLE: u8 = 3;

/// The distance of the two lines of a double one from the position of a light one.
fn double_offset(grid: &Grid) -> f32 {
    grid.light
}

/// Draws an arm from the left edge: a rectangle is given by its left and upper edge, its length and
/// its height.
fn arm(
    arm: u8,
    opposite: u8,
    [above, below]: [u8; 2],
    grid: &Grid,
    draw: &mut dyn FnMut(f32, f32, f32, f32),
) {
    let (middle, _) = grid.middle_column(grid.light);
    let offset = double_offset(grid);
    let ends = Ends {
        near: middle - offset + grid.light,
        middle: middle + grid.light,
        far: middle + offset + grid.light,
        thick: grid.middle_column(grid.heavy).1,
    };
    for (top, thickness, end) in strokes(arm, opposite, above, below, grid, &ends) {
        draw(0.0, top, end, thickness);
    }
}

/// Likewise from the right edge.
fn arm_from_far_end(
    arm: u8,
    opposite: u8,
    [above, below]: [u8; 2],
    grid: &Grid,
    draw: &mut dyn FnMut(f32, f32, f32, f32),
) {
    let (middle, _) = grid.middle_column(grid.light);
    let offset = double_offset(grid);
    let ends =
        Ends { near: middle + offset, middle, far: middle - offset, thick: grid.middle_column(grid.heavy).0 };
    for (top, thickness, end) in strokes(arm, opposite, above, below, grid, &ends) {
        draw(end, top, grid.width - end, thickness);
    }
}

/// The possible ends of an arm: after the nearer line of a crossing double line, after a light
/// line, after the farther line of a double one, after a heavy line.
struct Ends {
    near: f32,
    middle: f32,
    far: f32,
    thick: f32,
}

/// The one or two lines of an arm: upper edge, thickness, and end.
fn strokes(arm: u8, opposite: u8, above: u8, below: u8, grid: &Grid, ends: &Ends) -> Vec<(f32, f32, f32)> {
    let across = |weight| match weight {
        2 => ends.thick,
        DOUBLE => ends.far,
        _ => ends.middle,
    };
    match arm {
        NONE => Vec::new(),
        DOUBLE => {
            let (top, _) = grid.middle_row(grid.light);
            let offset = double_offset(grid);
            // A line turns towards its own side; if nothing is there, it extends to the farther
            // line of the other side.
            let end = |same_side, other_side| match (same_side, other_side) {
                (DOUBLE, _) => ends.near,
                (NONE, other) => across(other),
                (weight, _) => across(weight),
            };
            vec![(top - offset, grid.light, end(above, below)), (top + offset, grid.light, end(below, above))]
        }
        weight => {
            let (top, bottom) = grid.middle_row(if weight == 2 { grid.heavy } else { grid.light });
            let end = match (above, below) {
                // At a vertical double line.
                (DOUBLE, DOUBLE) if opposite == NONE => ends.near,
                _ => across(above.max(below)),
            };
            vec![(top, bottom - top, end)]
        }
    }
}

/// A dashed line from edge to edge. Its gaps continue evenly from one cell to the next.
fn dashes(count: u8, is_vertical: bool, thickness: f32, grid: &Grid) -> Vec<Outline> {
    let length = if is_vertical { grid.height } else { grid.width };
    let step = length / f32::from(count);
    let gap = (step / 3.0).round().max(1.0).min(step - 1.0);
    let dash = |index: u8| {
        let from = (step * f32::from(index) + gap / 2.0).floor();
        let to = (step * f32::from(index + 1) - gap / 2.0).floor();
        if is_vertical {
            let (left, right) = grid.middle_column(thickness);
            rectangle(left, from, right, to)
        } else {
            let (top, bottom) = grid.middle_row(thickness);
            rectangle(from, top, to, bottom)
        }
    };
    (0..count).map(dash).collect()
}

/// A rounded corner: from the edge on one side (-1 left, 1 right) to the edge above (-1) or below
/// (1).
fn arc(side: f32, vertical: f32, grid: &Grid) -> Outline {
    /// The number of straight segments per quarter of a circle.
    const PIECES: u8 = 8;
    let (left, right) = grid.middle_column(grid.light);
    let (top, bottom) = grid.middle_row(grid.light);
    let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
    let (edge_x, edge_y) =
        (if side > 0.0 { grid.width } else { 0.0 }, if vertical > 0.0 { grid.height } else { 0.0 });
    let radius = (edge_x - x).abs().min((edge_y - y).abs());
    let (center_x, center_y) = (x + side * radius, y + vertical * radius);
    let quarter = |radius: f32| {
        (0..=PIECES).map(move |piece| {
            let (sine, cosine) =
                (f32::from(piece) / f32::from(PIECES) * std::f32::consts::FRAC_PI_2).sin_cos();
            point(center_x - side * radius * cosine, center_y - vertical * radius * sine)
        })
    };
    let (outer, inner) = (radius + grid.light / 2.0, (radius - grid.light / 2.0).max(0.0));
    let end = |radius: f32| point(edge_x, center_y - vertical * radius);
    let start = |radius: f32| point(center_x - side * radius, edge_y);
    let mut outline: Vec<Point> = vec![start(outer)];
    outline.extend(quarter(outer));
    outline.extend([end(outer), end(inner)]);
    let back: Vec<Point> = quarter(inner).collect();
    outline.extend(back.into_iter().rev());
    outline.push(start(inner));
    outline
}
