//! The colors of one image of a GIF.

use std::collections::{HashMap, HashSet};

use crate::raster::few_colors;
use crate::theme::{Rgb, Theme};

/// The maximum number of colors in an image.
const MOST: usize = 256;

/// A table of colors, with one index for unchanged pixels.
pub struct Palette {
    /// In the order of their indices.
    pub colors: Vec<Rgb>,
    /// The index for unchanged pixels.
    pub transparent: u8,
    /// True if it is written with the image.
    pub is_local: bool,
    indexes: HashMap<Rgb, u8>,
}

impl Palette {
    /// The colors that suffice for nearly all images. Those of plain text come first: the fewer
    /// bits an image's largest index has, the shorter the image.
    pub fn global(theme: &Theme, steps: u8) -> Palette {
        let text = (0..=steps).map(|step| theme.background.towards(theme.foreground, step, steps));
        let mut palette = Palette::of(text, false);
        palette.transparent = palette.push(None);
        for color in theme.palette {
            palette.add(color);
        }
        palette
    }

    /// Exactly these colors, or if they are too many, fewer that approximate them.
    pub fn local(wanted: &[Rgb]) -> Palette {
        if wanted.len() < MOST {
            let mut palette = Palette::of(wanted.iter().copied(), true);
            palette.transparent = palette.push(None);
            return palette;
        }
        let pixels: Vec<[u8; 4]> = wanted.iter().map(|c| [c.red, c.green, c.blue, u8::MAX]).collect();
        let few = few_colors(&pixels, MOST - 1);
        let mut palette = Palette::of(few.into_iter().map(|(color, _)| color), true);
        palette.transparent = palette.push(None);
        for &color in wanted {
            let nearest = palette.nearest(color);
            palette.indexes.insert(color, nearest);
        }
        palette
    }

    fn of(colors: impl Iterator<Item = Rgb>, is_local: bool) -> Palette {
        let mut palette = Palette { colors: Vec::new(), transparent: 0, is_local, indexes: HashMap::new() };
        colors.for_each(|color| palette.add(color));
        palette
    }

    fn add(&mut self, color: Rgb) {
        if !self.indexes.contains_key(&color) {
            let index = self.push(Some(color));
            self.indexes.insert(color, index);
        }
    }

    /// There are never more than 256.
    fn push(&mut self, color: Option<Rgb>) -> u8 {
        self.colors.push(color.unwrap_or(Rgb::new(0)));
        u8::try_from(self.colors.len() - 1).unwrap_or(u8::MAX)
    }

    fn nearest(&self, color: Rgb) -> u8 {
        let distance = |other: &Rgb| {
            let channels = [(other.red, color.red), (other.green, color.green), (other.blue, color.blue)];
            channels.iter().map(|&(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum::<u32>()
        };
        let all = (0..=u8::MAX).zip(&self.colors).filter(|(index, _)| *index != self.transparent);
        all.min_by_key(|(_, other)| distance(other)).map_or(0, |(index, _)| index)
    }

    /// The index of a color, if it is in the table.
    pub fn index(&self, color: Rgb) -> Option<u8> {
        self.indexes.get(&color).copied()
    }

    /// The number of bits of an index into the table: 1 to 8.
    pub fn bits(&self) -> u8 {
        (1..8).find(|bits| self.colors.len() <= 1 << bits).unwrap_or(8)
    }

    /// The number of bits of the largest index of these colors, with or without the transparent
    /// one; the format requires at least 2.
    pub fn bits_for(&self, colors: &HashSet<Rgb>, has_transparent: bool) -> u8 {
        let used = colors.iter().filter_map(|&color| self.index(color));
        let largest = used.chain(has_transparent.then_some(self.transparent)).max().unwrap_or(0);
        (2..8).find(|bits| u16::from(largest) < 1 << bits).unwrap_or(8)
    }

    /// The table in GIF format, padded to a power of two.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.colors.iter().flat_map(|c| [c.red, c.green, c.blue]).collect();
        bytes.resize(3 << self.bits(), 0);
        bytes
    }
}
