//! The bar of a window: three buttons and a title.

use unicode_width::UnicodeWidthChar;

use crate::layout::Layout;
use crate::raster::{Look, Raster};
use crate::theme::{Rgb, Theme};

/// The colors of the buttons: close, minimize, zoom.
pub const BUTTONS: [Rgb; 3] = [Rgb::new(0xff5f57), Rgb::new(0xfebc2e), Rgb::new(0x28c840)];

/// The radius of a button.
pub const BUTTON_RADIUS: u32 = 6;

/// The center of a button from the left; the first is 0.
pub fn button_x(index: u32) -> u32 {
    20 * (index + 1)
}

/// The colors of the bar.
pub fn look(theme: &Theme) -> Look {
    let background = theme.background.towards(theme.foreground, 1, 8);
    Look::plain(background, theme.foreground.towards(background, 1, 4))
}

/// As much of a title as fits the bar, each character with its width in columns, and the left edge
/// of the first.
pub fn fitted_title(title: &str, layout: &Layout) -> (Vec<(char, u16)>, u32) {
    let cell = u32::from(layout.metrics.cell.width);
    // As much room on the right as the buttons take on the left.
    let side = button_x(2) + 2 * BUTTON_RADIUS + cell;
    let room = layout.width().saturating_sub(2 * side) / cell.max(1);
    let wide = |character: char| match character.width() {
        Some(width @ 1..) => Some((character, width as u16)),
        _ => None,
    };
    let characters: Vec<(char, u16)> = title.chars().filter_map(wide).collect();
    let columns =
        |characters: &[(char, u16)]| characters.iter().map(|&(_, width)| u32::from(width)).sum::<u32>();
    let mut fitted = characters;
    if columns(&fitted) > room {
        while columns(&fitted) + 1 > room && fitted.pop().is_some() {}
        if room > 0 {
            fitted.push(('…', 1));
        }
    }
    let left = (layout.width() - columns(&fitted) * cell) / 2;
    (fitted, left)
}

/// The bar in pixels, row by row.
pub fn bar(title: &str, theme: &Theme, layout: &Layout, raster: &mut Raster) -> Vec<Rgb> {
    let (width, height) = (layout.width() as usize, layout.bar as usize);
    let look = look(theme);
    let mut pixels = vec![look.background; width * height];
    for (index, color) in (0..).zip(BUTTONS) {
        button((button_x(index), layout.bar / 2), color, raster.steps(), width, &mut pixels);
    }
    let (title, left) = fitted_title(title, layout);
    let top = height.saturating_sub(usize::from(layout.metrics.cell.height)) / 2;
    let mut x = left as usize;
    for (character, columns) in title {
        let tile = raster.tile(character.encode_utf8(&mut [0; 4]), columns, &look);
        let colors = raster.colors(&tile, &look);
        for (row, codes) in tile.codes.chunks(tile.width).enumerate() {
            let at = (top + row) * width + x;
            let target = pixels.get_mut(at..at + tile.width).unwrap_or_default();
            target.iter_mut().zip(codes).for_each(|(pixel, &code)| *pixel = colors[usize::from(code)]);
        }
        x += tile.width;
    }
    pixels
}

/// Fills a circle, in as many steps as text has.
fn button((x, y): (u32, u32), color: Rgb, steps: u8, width: usize, pixels: &mut [Rgb]) {
    let reach = BUTTON_RADIUS + 1;
    for row in y.saturating_sub(reach)..y + reach {
        for column in x.saturating_sub(reach)..x + reach {
            let (dx, dy) = (column as f32 + 0.5 - x as f32, row as f32 + 0.5 - y as f32);
            let coverage = (BUTTON_RADIUS as f32 + 0.5 - dx.hypot(dy)).clamp(0.0, 1.0);
            let step = (coverage * f32::from(steps)).round() as u8;
            if (column as usize) < width
                && let Some(pixel) = pixels.get_mut(row as usize * width + column as usize)
            {
                *pixel = pixel.towards(color, step, steps);
            }
        }
    }
}
