//! Rendering text: choosing the font for a character, and the coverage of each pixel of its cell.
//!
//! Fonts are tried in order: those given by the user, the built-in faces, and only for a character
//! in none of these, the system's fonts. Knows no colors and no screens.

mod face;
mod system;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::{fs, io};

use ab_glyph_rasterizer::{Rasterizer, point};

use crate::geometry::{self, Cell};
use crate::metrics::{JETBRAINS_MONO, Metrics, Proportions};
use face::{Bitmap, FontData};
use system::SystemFonts;

/// The weight and slant of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FaceStyle {
    /// Heavier.
    pub bold: bool,
    /// Slanted.
    pub italic: bool,
}

/// JetBrains Mono: upright, bold, italic, both.
static BUILT_IN: [&[u8]; 4] = [
    include_bytes!("../../fonts/Regular.ttf"),
    include_bytes!("../../fonts/Bold.ttf"),
    include_bytes!("../../fonts/Italic.ttf"),
    include_bytes!("../../fonts/BoldItalic.ttf"),
];

/// The rendered text of a cell.
pub enum Glyph {
    /// The coverage of each pixel, 0 to 1, row by row.
    Mask(Vec<f32>),
    /// A picture in its own colors: red, green, blue, opacity, row by row.
    Picture(Vec<[u8; 4]>),
}

/// A font that cannot be used.
#[derive(Debug)]
pub enum FontError {
    /// The file cannot be read.
    Read(OsString, io::Error),
    /// The file is not a font with outlines and the letter x.
    NotAFont(OsString),
}

/// All fonts that text may be drawn with.
pub struct Fonts {
    users: Vec<FontData>,
    built_in: Vec<FontData>,
    /// Searched for when the first character is missing.
    system: Option<SystemFonts>,
    missing: BTreeSet<char>,
    rasterizer: Rasterizer,
}

impl Fonts {
    /// The fonts in these files, and the built-in one.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or is not a font.
    pub fn open(paths: &[PathBuf]) -> Result<Fonts, FontError> {
        let open = |path: &PathBuf| {
            let name = || path.as_os_str().to_os_string();
            let bytes = fs::read(path).map_err(|error| FontError::Read(name(), error))?;
            let font = FontData::new(bytes.into(), 0).filter(|font| font.proportions().is_some());
            font.ok_or_else(|| FontError::NotAFont(name()))
        };
        Ok(Fonts {
            users: paths.iter().map(open).collect::<Result<_, _>>()?,
            built_in: BUILT_IN.iter().filter_map(|&bytes| FontData::new(bytes.into(), 0)).collect(),
            system: None,
            missing: BTreeSet::new(),
            rasterizer: Rasterizer::new(1, 1),
        })
    }

    /// The proportions that determine the size of cells: those of the first font.
    pub fn proportions(&self) -> Proportions {
        self.users.first().and_then(FontData::proportions).unwrap_or(JETBRAINS_MONO)
    }

    /// The characters so far that are in no font, sorted.
    pub fn missing(&self) -> impl Iterator<Item = char> {
        self.missing.iter().copied()
    }

    /// Draws the text of a cell of this width in columns: a character and its combining characters.
    pub fn draw(&mut self, text: &str, columns: u16, style: FaceStyle, metrics: &Metrics) -> Glyph {
        let cell = Cell { width: metrics.cell.width.saturating_mul(columns), ..metrics.cell };
        let mut mask = vec![0.0; usize::from(cell.width) * usize::from(cell.height)];
        let mut characters = text.chars();
        let Some(base) = characters.next() else { return Glyph::Mask(mask) };
        if let Some(shapes) = geometry::shapes(base, cell) {
            for shape in &shapes {
                self.fill(shape, cell, &mut mask);
            }
            return Glyph::Mask(mask);
        }
        if base != ' '
            && let Some(bitmap) = self.draw_character(base, cell, style, metrics, &mut mask)
        {
            return Glyph::Picture(bitmap.scaled_to(cell));
        }
        for mark in characters.filter(|&mark| !is_invisible(mark)) {
            self.draw_character(mark, cell, style, metrics, &mut mask);
        }
        Glyph::Mask(mask)
    }

    /// Adds a character to the coverage of a cell, or returns a picture if the font has one for it.
    fn draw_character(
        &mut self,
        character: char,
        cell: Cell,
        style: FaceStyle,
        metrics: &Metrics,
        mask: &mut [f32],
    ) -> Option<Bitmap> {
        let matching = || self.users.iter().filter(|font| font.style() == style);
        let built_in = self.built_in.get(usize::from(style.bold) + 2 * usize::from(style.italic));
        let mut known = matching().chain(&self.users).chain(built_in);
        if let Some(font) = known.find(|font| font.has(character)) {
            return font.draw(character, cell, metrics, &mut self.rasterizer, mask);
        }
        if is_invisible(character) {
            return None;
        }
        if let Some(font) = self.system.get_or_insert_with(SystemFonts::find).with(character) {
            return font.draw(character, cell, metrics, &mut self.rasterizer, mask);
        }
        self.missing.insert(character);
        missing_box(cell, metrics, mask);
        None
    }

    fn fill(&mut self, shape: &geometry::Shape, cell: Cell, mask: &mut [f32]) {
        let strength = f32::from(shape.opacity) / 100.0;
        let mut covered = vec![0.0; mask.len()];
        // One at a time: overlapping outlines of opposite directions would cancel each other.
        for outline in &shape.outlines {
            self.rasterizer.reset(cell.width.into(), cell.height.into());
            let next = outline.iter().cycle().skip(1);
            for (from, to) in outline.iter().zip(next) {
                self.rasterizer.draw_line(point(from.x, from.y), point(to.x, to.y));
            }
            self.rasterizer.for_each_pixel(|index, coverage| {
                if let Some(pixel) = covered.get_mut(index) {
                    *pixel += coverage.min(1.0);
                }
            });
        }
        for (pixel, covered) in mask.iter_mut().zip(covered) {
            *pixel = pixel.max(covered.min(1.0) * strength);
        }
    }
}

/// Draws the replacement for a character in no font: an empty box.
fn missing_box(cell: Cell, metrics: &Metrics, mask: &mut [f32]) {
    let (width, height) = (usize::from(cell.width), usize::from(cell.height));
    let bottom = (metrics.baseline as usize).clamp(1, height);
    let top = bottom.saturating_sub((metrics.font_size * 0.73) as usize);
    let (left, right) = (width.div_ceil(10), width - width.div_ceil(10));
    for (index, pixel) in mask.iter_mut().enumerate() {
        let (x, y) = (index % width, index / width);
        let is_within = (left..right).contains(&x) && (top..bottom).contains(&y);
        if is_within && (x == left || x + 1 == right || y == top || y + 1 == bottom) {
            *pixel = 1.0;
        }
    }
}

/// Characters that only affect how others are shown: joiners, directions, variation selectors,
/// tags.
fn is_invisible(character: char) -> bool {
    matches!(character as u32, 0xad | 0x34f | 0x61c | 0x180b..=0x180f | 0x200b..=0x200f | 0x202a..=0x202e
        | 0x2060..=0x206f | 0xfe00..=0xfe0f | 0xfeff | 0xe0000..=0xe0fff)
}
