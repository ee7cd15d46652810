//! GIF animations (GIF89a).
//!
//! A frame is one image: the bounding box of the changed cells. Unchanged cells within it are left
//! transparent, or painted if they are blank, whichever is shorter. Nothing is dithered or
//! quantized; an image whose colors are not in the global table has a local table.

mod lzw;
mod palette;

use std::collections::HashSet;
use std::io::{self, Write};

use common::cast::Time;

use crate::canvas::{Canvas, CanvasCell};
use crate::paint::{Area, Paint, Painter};
use crate::theme::{Rgb, Theme};
use lzw::Encoder;
use palette::Palette;

/// The number of steps from the background to the text. Six cost a tenth more and look the same.
pub const STEPS: u8 = 4;

/// The shortest delay that browsers respect, in hundredths of a second; shorter ones become a tenth
/// of a second.
const SHORTEST_DELAY: u64 = 2;

/// The shortest duration of a frame.
pub const SHORTEST_FRAME: Time = Time::from_micros(SHORTEST_DELAY * 10_000);

/// The maximum width and height in the format.
pub const LARGEST: u32 = u16::MAX as u32;

/// Writes an animation, frame by frame.
pub struct GifWriter<W> {
    out: W,
    painter: Painter,
    global: Palette,
    /// The displayed cells, row by row.
    shown: Vec<CanvasCell>,
    /// The image not written yet, because its duration is known only with the next one; and its
    /// start, in hundredths of a second.
    pending: Option<(u64, Image)>,
}

/// An encoded image, without its delay.
struct Image {
    transparent: u8,
    /// Descriptor, table and pixels.
    bytes: Vec<u8>,
}

impl<W: Write> GifWriter<W> {
    /// Starts an animation.
    ///
    /// # Errors
    ///
    /// Errors of the sink.
    pub fn new(mut out: W, painter: Painter, theme: &Theme, does_loop: bool) -> io::Result<GifWriter<W>> {
        let global = Palette::global(theme, painter.raster.steps());
        let mut head = b"GIF89a".to_vec();
        head.extend(u16_bytes(painter.layout.width()));
        head.extend(u16_bytes(painter.layout.height()));
        // A table of colors with eight bits per channel; the background; square pixels.
        head.extend([0x80 | 0x70 | (global.bits() - 1), 0, 0]);
        head.extend(global.bytes());
        if does_loop {
            head.extend(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00");
        }
        out.write_all(&head)?;
        Ok(GifWriter { out, painter, global, shown: Vec::new(), pending: None })
    }

    /// Shows the canvas from a time on.
    ///
    /// # Errors
    ///
    /// Errors of the sink.
    pub fn frame(&mut self, time: Time, canvas: &Canvas) -> io::Result<()> {
        let next: Vec<CanvasCell> = canvas.shown().collect();
        let image = if self.shown.is_empty() {
            self.shown = next;
            self.first_image()
        } else {
            let changed = changes(&self.shown, &next);
            let Some(area) = area_of(&changed, self.painter.layout.grid.cols.into()) else { return Ok(()) };
            self.shown = next;
            self.image(area, &changed)
        };
        let shown_at = self.write_pending(hundredths(time))?.unwrap_or(0);
        self.pending = Some((shown_at, image));
        Ok(())
    }

    /// Ends the animation at a time, and returns the sink and the painter.
    ///
    /// # Errors
    ///
    /// Errors of the sink.
    pub fn finish(mut self, end: Time) -> io::Result<(W, Painter)> {
        self.write_pending(hundredths(end))?;
        self.out.write_all(b";")?;
        self.out.flush()?;
        Ok((self.out, self.painter))
    }

    /// Writes the image that is shown until a time, if there is one, and returns its actual end.
    fn write_pending(&mut self, until: u64) -> io::Result<Option<u64>> {
        let Some((shown_at, image)) = self.pending.take() else { return Ok(None) };
        let until = until.max(shown_at + SHORTEST_DELAY);
        let longest = u64::from(u16::MAX);
        let mut delay = until - shown_at;
        self.write_image(delay.min(longest), &image)?;
        // Longer than the format can express: add transparent pixels.
        while delay > longest {
            delay -= longest;
            let (transparent, bits) = (self.global.transparent, self.global.bits().max(2));
            let mut encoder = Encoder::new(bits);
            encoder.push(&[transparent]);
            let bytes = image_bytes([0, 0, 1, 1], &self.global, bits, &encoder.finish());
            self.write_image(delay.min(longest), &Image { transparent, bytes })?;
        }
        Ok(Some(until))
    }

    fn write_image(&mut self, delay: u64, image: &Image) -> io::Result<()> {
        let [low, high] = u16_bytes(u32::try_from(delay).unwrap_or(u32::MAX));
        // The image stays, and one index is transparent.
        self.out.write_all(&[0x21, 0xf9, 4, 0b101, low, high, image.transparent, 0])?;
        self.out.write_all(&image.bytes)
    }

    /// The whole picture.
    fn first_image(&mut self) -> Image {
        let all = self.painter.all();
        let sheet = self.painter.sheet(&self.shown, all, |_| Paint::Yes);
        let colors = self.painter.all_colors(&sheet);
        let palette = self.palette_for(&colors);
        let palette = palette.as_ref().unwrap_or(&self.global);
        let bits = palette.bits_for(&colors, false);
        let mut encoder = Encoder::new(bits);
        let index = |color| palette.index(color).unwrap_or(0);
        self.painter.picture(&sheet, index, |pixels| encoder.push(pixels));
        let whole = [0, 0, self.painter.layout.width(), self.painter.layout.height()];
        Image {
            transparent: palette.transparent,
            bytes: image_bytes(whole, palette, bits, &encoder.finish()),
        }
    }

    /// An area in which only some cells have changed. Unchanged blank cells may be painted: both
    /// ways are tried.
    fn image(&mut self, area: Area, changed: &[bool]) -> Image {
        let shown = &self.shown;
        let sheet = self.painter.sheet(shown, area, |index| match changed[index] {
            true => Paint::Yes,
            false if shown[index].is_blank() => Paint::Maybe,
            false => Paint::No,
        });
        let all_colors = sheet.colors(true);
        let palette = self.palette_for(&all_colors);
        let palette = palette.as_ref().unwrap_or(&self.global);
        let index = |color| palette.index(color).unwrap_or(0);

        let painted_bits = palette.bits_for(&all_colors, sheet.has_holes(true));
        let mut painted = Encoder::new(painted_bits);
        let bits = palette.bits_for(&sheet.colors(false), sheet.has_holes(false));
        let mut transparent = sheet.has_choice().then(|| Encoder::new(bits));
        self.painter.rows(&sheet, palette.transparent, index, |pixels, all_pixels| {
            painted.push(all_pixels);
            if let Some(transparent) = &mut transparent {
                transparent.push(pixels);
            }
        });
        let layout = self.painter.layout;
        let cell = layout.metrics.cell;
        let pixels = |cells: usize, size: u16| u32::try_from(cells).unwrap_or(u32::MAX) * u32::from(size);
        let place = [
            layout.margin_x + pixels(area.left, cell.width),
            layout.grid_top() + pixels(area.top, cell.height),
            pixels(area.right - area.left, cell.width),
            pixels(area.bottom - area.top, cell.height),
        ];
        let (painted, transparent) = (painted.finish(), transparent.map(Encoder::finish));
        let bytes = match transparent {
            Some(shorter) if shorter.len() < painted.len() => image_bytes(place, palette, bits, &shorter),
            _ => image_bytes(place, palette, painted_bits, &painted),
        };
        Image { transparent: palette.transparent, bytes }
    }

    /// A local table for an image with these colors, if the global one does not contain them.
    fn palette_for(&self, colors: &HashSet<Rgb>) -> Option<Palette> {
        if colors.iter().all(|&color| self.global.index(color).is_some()) {
            return None;
        }
        let mut colors: Vec<Rgb> = colors.iter().copied().collect();
        colors.sort_unstable();
        Some(Palette::local(&colors))
    }
}

/// A flag for each changed cell; both cells of a wide character change together.
fn changes(before: &[CanvasCell], now: &[CanvasCell]) -> Vec<bool> {
    let mut changed: Vec<bool> = before.iter().zip(now).map(|(before, now)| before != now).collect();
    for index in 1..changed.len() {
        if now[index].columns == 0 {
            let either = changed[index - 1] || changed[index];
            (changed[index - 1], changed[index]) = (either, either);
        }
    }
    changed
}

/// The smallest area that contains all changed cells.
fn area_of(changed: &[bool], cols: usize) -> Option<Area> {
    let mut area: Option<Area> = None;
    for (row, cells) in changed.chunks(cols.max(1)).enumerate() {
        let Some(left) = cells.iter().position(|&changed| changed) else { continue };
        let right = cells.iter().rposition(|&changed| changed).unwrap_or(left) + 1;
        area = Some(match area {
            None => Area { left, top: row, right, bottom: row + 1 },
            Some(area) => {
                Area { left: area.left.min(left), right: area.right.max(right), bottom: row + 1, ..area }
            }
        });
    }
    area
}

/// An image in GIF format: its position, its local table if it has one, its pixels.
fn image_bytes(place: [u32; 4], palette: &Palette, bits: u8, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x2c];
    bytes.extend(place.into_iter().flat_map(u16_bytes));
    if palette.is_local {
        bytes.push(0x80 | (palette.bits() - 1));
        bytes.extend(palette.bytes());
    } else {
        bytes.push(0);
    }
    bytes.push(bits);
    for block in pixels.chunks(255) {
        bytes.push(block.len() as u8);
        bytes.extend(block);
    }
    bytes.push(0);
    bytes
}

fn u16_bytes(value: u32) -> [u8; 2] {
    u16::try_from(value).unwrap_or(u16::MAX).to_le_bytes()
}

/// A time in hundredths of a second, rounded.
fn hundredths(time: Time) -> u64 {
    (time.as_micros() + 5_000) / 10_000
}
