//! One font: its properties, and its characters as pixels.

use std::borrow::Cow;
use std::io::Cursor;

use ab_glyph_rasterizer::{Point, Rasterizer, point};
use ttf_parser::{Face, GlyphId, OutlineBuilder, RasterImageFormat};

use super::FaceStyle;
use crate::geometry::Cell;
use crate::metrics::{Metrics, Proportions};

/// The data of a valid font.
pub struct FontData {
    bytes: Cow<'static, [u8]>,
    /// The index in a collection.
    index: u32,
}

impl FontData {
    /// `None` if it is not a font.
    pub fn new(bytes: Cow<'static, [u8]>, index: u32) -> Option<FontData> {
        let font = FontData { bytes, index };
        font.face()?;
        Some(font)
    }

    /// Its tables; finding them takes no time.
    fn face(&self) -> Option<Face<'_>> {
        Face::parse(&self.bytes, self.index).ok()
    }

    /// Its weight and slant.
    pub fn style(&self) -> FaceStyle {
        let face = self.face();
        FaceStyle {
            bold: face.as_ref().is_some_and(Face::is_bold),
            italic: face.as_ref().is_some_and(|face| face.is_italic() || face.is_oblique()),
        }
    }

    /// Its proportions, if it has an x.
    pub fn proportions(&self) -> Option<Proportions> {
        let face = self.face()?;
        let x = face.glyph_index('x')?;
        let bounds = face.glyph_bounding_box(x)?;
        let units = f32::from(face.units_per_em());
        let proportions = Proportions {
            x_height: f32::from(bounds.y_max) / units,
            advance: f32::from(face.glyph_hor_advance(x)?) / units,
            ascent: f32::from(face.ascender()) / units,
            descent: -f32::from(face.descender()) / units,
        };
        (proportions.x_height > 0.05 && proportions.advance > 0.05).then_some(proportions)
    }

    /// Returns whether it can draw a character.
    pub fn has(&self, character: char) -> bool {
        self.face().is_some_and(|face| face.glyph_index(character).is_some())
    }

    /// Adds a character to the coverage of a cell, or returns the font's picture for it.
    pub fn draw(
        &self,
        character: char,
        cell: Cell,
        metrics: &Metrics,
        rasterizer: &mut Rasterizer,
        mask: &mut [f32],
    ) -> Option<Bitmap> {
        let face = self.face()?;
        let glyph = face.glyph_index(character)?;
        let image = face.glyph_raster_image(glyph, cell.height);
        if let Some(image) = image.filter(|image| image.format == RasterImageFormat::PNG) {
            return Bitmap::decode(image.data);
        }
        draw_outline(&face, glyph, cell, metrics, rasterizer, mask);
        None
    }
}

fn draw_outline(
    face: &Face<'_>,
    glyph: GlyphId,
    cell: Cell,
    metrics: &Metrics,
    rasterizer: &mut Rasterizer,
    mask: &mut [f32],
) {
    let (width, height) = (f32::from(cell.width), f32::from(cell.height));
    let mut scale = metrics.font_size / f32::from(face.units_per_em());
    let advance = f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * scale;
    // A character from another font may be wider than the cell.
    if advance > width + 1.0 {
        scale *= width / advance;
    }
    // Centered in the cell; a zero-width character combines with the one there.
    let left = match advance {
        0.0 => width,
        advance => ((width - advance) / 2.0).max(0.0),
    };
    // Slanted letters overhang their cell, which clips them: they are drawn on a larger sheet.
    let (columns, rows) = (usize::from(cell.width), usize::from(cell.height));
    let sheet = (3 * columns, 3 * rows);
    rasterizer.reset(sheet.0, sheet.1);
    let mut pen = Pen {
        rasterizer,
        scale,
        origin: point(width + left, height + metrics.baseline),
        corner: point(3.0 * width, 3.0 * height),
        start: point(0.0, 0.0),
        current: point(0.0, 0.0),
    };
    face.outline_glyph(glyph, &mut pen);
    pen.rasterizer.for_each_pixel_2d(|x, y, coverage| {
        let place = |value: u32, margin: usize, most: usize| {
            (value as usize).checked_sub(margin).filter(|&value| value < most)
        };
        if let (Some(x), Some(y)) = (place(x, columns, columns), place(y, rows, rows))
            && let Some(pixel) = mask.get_mut(y * columns + x)
        {
            *pixel = pixel.max(coverage.min(1.0));
        }
    });
}

/// Converts an outline in font units to lines and curves in the pixels of a sheet. Points beyond
/// the sheet are moved to its edge.
struct Pen<'a> {
    rasterizer: &'a mut Rasterizer,
    scale: f32,
    origin: Point,
    corner: Point,
    start: Point,
    current: Point,
}

impl Pen<'_> {
    fn pixel(&self, x: f32, y: f32) -> Point {
        let (x, y) = (self.origin.x + x * self.scale, self.origin.y - y * self.scale);
        point(x.clamp(0.0, self.corner.x), y.clamp(0.0, self.corner.y))
    }
}

impl OutlineBuilder for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        self.start = self.pixel(x, y);
        self.current = self.start;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = self.pixel(x, y);
        self.rasterizer.draw_line(self.current, to);
        self.current = to;
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let (control, to) = (self.pixel(x1, y1), self.pixel(x, y));
        self.rasterizer.draw_quad(self.current, control, to);
        self.current = to;
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let (first, second, to) = (self.pixel(x1, y1), self.pixel(x2, y2), self.pixel(x, y));
        self.rasterizer.draw_cubic(self.current, first, second, to);
        self.current = to;
    }

    fn close(&mut self) {
        self.rasterizer.draw_line(self.current, self.start);
        self.current = self.start;
    }
}

/// A picture in a font, such as an emoji.
pub struct Bitmap {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 4]>,
}

impl Bitmap {
    /// No font contains larger ones.
    const MOST_PIXELS: usize = 1 << 20;

    fn decode(data: &[u8]) -> Option<Bitmap> {
        let mut decoder = png::Decoder::new(Cursor::new(data));
        decoder
            .set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
        let mut reader = decoder.read_info().ok()?;
        let (width, height) = (reader.info().width as usize, reader.info().height as usize);
        if width.checked_mul(height)? > Bitmap::MOST_PIXELS {
            return None;
        }
        let mut buffer = vec![0; reader.output_buffer_size()?];
        let frame = reader.next_frame(&mut buffer).ok()?;
        let bytes = buffer.get(..frame.buffer_size())?;
        let pixels = match frame.color_type {
            png::ColorType::Rgba => bytes.chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]]).collect(),
            png::ColorType::GrayscaleAlpha => {
                bytes.chunks_exact(2).map(|p| [p[0], p[0], p[0], p[1]]).collect()
            }
            _ => return None,
        };
        Some(Bitmap { width, height, pixels })
    }

    /// The picture scaled to fit a cell, centered; each pixel is the mean of those it covers.
    pub fn scaled_to(&self, cell: Cell) -> Vec<[u8; 4]> {
        let (width, height) = (usize::from(cell.width), usize::from(cell.height));
        let mut out = vec![[0; 4]; width * height];
        if self.width == 0 || self.height == 0 || out.is_empty() {
            return out;
        }
        // The larger quotient decides.
        let is_wide = self.width * height > self.height * width;
        let (fit_width, fit_height) = if is_wide {
            (width, (self.height * width / self.width).max(1))
        } else {
            ((self.width * height / self.height).max(1), height)
        };
        let (left, top) = ((width - fit_width) / 2, (height - fit_height) / 2);
        for y in 0..fit_height {
            for x in 0..fit_width {
                let rows = y * self.height / fit_height..((y + 1) * self.height).div_ceil(fit_height);
                let columns = x * self.width / fit_width..((x + 1) * self.width).div_ceil(fit_width);
                out[(top + y) * width + left + x] = self.mean(rows, columns);
            }
        }
        out
    }

    fn mean(&self, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> [u8; 4] {
        let (mut sums, mut opacity, mut count) = ([0u64; 3], 0u64, 0u64);
        for y in rows {
            for x in columns.clone() {
                let Some(&[red, green, blue, alpha]) = self.pixels.get(y * self.width + x) else { continue };
                for (sum, channel) in sums.iter_mut().zip([red, green, blue]) {
                    *sum += u64::from(channel) * u64::from(alpha);
                }
                opacity += u64::from(alpha);
                count += 1;
            }
        }
        let channel = |sum: u64| u8::try_from(sum / opacity.max(1)).unwrap_or(u8::MAX);
        let alpha = u8::try_from(opacity / count.max(1)).unwrap_or(u8::MAX);
        [channel(sums[0]), channel(sums[1]), channel(sums[2]), alpha]
    }
}
