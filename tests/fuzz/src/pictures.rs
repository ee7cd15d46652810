//! Fonts, and characters that they have or lack.

use std::sync::Mutex;

use ab_glyph_rasterizer::Rasterizer;
use render::geometry::Cell;
use render::glyphs::{FaceStyle, Fonts, Glyph};
use render::metrics::{JETBRAINS_MONO, Metrics};

use crate::face::FontData;

/// Any bytes as a font: characters are drawn within their cell, or it is rejected.
pub fn font(input: &[u8]) {
    let Some(font) = FontData::new(input.to_vec().into(), 0) else { return };
    let _ = (font.style(), font.proportions());
    let metrics = Metrics::new(JETBRAINS_MONO, 16.0, 1.3);
    let cell: Cell = metrics.cell;
    let mut mask = vec![0.0; usize::from(cell.width) * usize::from(cell.height)];
    let mut rasterizer = Rasterizer::new(1, 1);
    for character in ['x', 'W', '\u{301}', '界'] {
        let _ = font.has(character);
        if let Some(bitmap) = font.draw(character, cell, &metrics, &mut rasterizer, &mut mask) {
            assert_eq!(bitmap.scaled_to(cell).len(), mask.len());
        }
    }
}

/// Any text with the built-in and the system's fonts: every cell is drawn, at least as a box.
pub fn fallback(input: &[u8]) {
    static FONTS: Mutex<Option<Fonts>> = Mutex::new(None);
    let [style, columns, text @ ..] = input else { return };
    let Ok(mut fonts) = FONTS.lock() else { return };
    let fonts = fonts.get_or_insert_with(|| Fonts::open(&[]).ok().unwrap());
    let style = FaceStyle { bold: style & 1 != 0, italic: style & 2 != 0 };
    let columns = 1 + u16::from(columns % 2);
    let metrics = Metrics::new(JETBRAINS_MONO, 14.0, 1.3);
    let size = usize::from(metrics.cell.width * columns) * usize::from(metrics.cell.height);
    match fonts.draw(&String::from_utf8_lossy(text), columns, style, &metrics) {
        Glyph::Mask(mask) => {
            assert_eq!(mask.len(), size);
            assert!(mask.iter().all(|covered| (0.0..=1.0).contains(covered)));
        }
        Glyph::Picture(pixels) => assert_eq!(pixels.len(), size),
    }
}
