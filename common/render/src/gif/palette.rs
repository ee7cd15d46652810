//! The colors of one image of a GIF.

use std::collections::{HashMap, HashSet};

use crate::raster::few_colors;
use crate::theme::{Rgb, Theme};

/// The most colors that an image can have.
const MOST: usize = 256;

/// A table of colors, one of which stands for "as it was".
pub struct Palette {
    /// In the order of their indexes.
    pub colors: Vec<Rgb>,
    /// The index that leaves a pixel as it was.
    pub transparent: u8,
    /// Whether it is written with the image.
    pub is_local: bool,
    indexes: HashMap<Rgb, u8>,
}

impl Palette {
    /// The colors that nearly all images get by with. Those of plain text come first: the fewer
    /// bits an image's largest index has, the shorter it is.
    pub fn global(theme: &Theme, steps: u8) -> Palette {
        let text = (0..=steps).map(|step| theme.background.towards(theme.foreground, step, steps));
        let mut palette = Palette::of(text, false);
        palette.transparent = palette.push(None);
        for color in theme.palette {
            palette.add(color);
        }
        palette
    }

    /// These colors alone. Where they are too many, fewer stand for all.
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

    /// The index of a color, if it is one of these.
    pub fn index(&self, color: Rgb) -> Option<u8> {
        self.indexes.get(&color).copied()
    }

    /// How many bits an index into the table has: 1 to 8.
    pub fn bits(&self) -> u8 {
        (1..8).find(|bits| self.colors.len() <= 1 << bits).unwrap_or(8)
    }

    /// How many bits the largest index of these colors has, with or without the transparent one; at
    /// least 2, as the format wants it.
    pub fn bits_for(&self, colors: &HashSet<Rgb>, has_transparent: bool) -> u8 {
        let used = colors.iter().filter_map(|&color| self.index(color));
        let largest = used.chain(has_transparent.then_some(self.transparent)).max().unwrap_or(0);
        (2..8).find(|bits| u16::from(largest) < 1 << bits).unwrap_or(8)
    }

    /// The table as a GIF has it, filled up to a power of two.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.colors.iter().flat_map(|c| [c.red, c.green, c.blue]).collect();
        bytes.resize(3 << self.bits(), 0);
        bytes
    }
}
