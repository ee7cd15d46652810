//! The colours of one image of a GIF.

use std::collections::{HashMap, HashSet};

use crate::raster::few_colours;
use crate::theme::{Rgb, Theme};

/// The most colours that an image can have.
const MOST: usize = 256;

/// A table of colours, one of which stands for "as it was".
pub struct Palette {
    /// In the order of their indexes.
    pub colours: Vec<Rgb>,
    /// The index that leaves a pixel as it was.
    pub transparent: u8,
    /// Whether it is written with the image.
    pub is_local: bool,
    indexes: HashMap<Rgb, u8>,
}

impl Palette {
    /// The colours that nearly all images get by with. Those of plain text come first: the fewer
    /// bits an image's largest index has, the shorter it is.
    pub fn global(theme: &Theme, steps: u8) -> Palette {
        let text = (0..=steps).map(|step| theme.background.towards(theme.foreground, step, steps));
        let mut palette = Palette::of(text, false);
        palette.transparent = palette.push(None);
        for colour in theme.palette {
            palette.add(colour);
        }
        palette
    }

    /// These colours alone. Where they are too many, fewer stand for all.
    pub fn local(wanted: &[Rgb]) -> Palette {
        if wanted.len() < MOST {
            let mut palette = Palette::of(wanted.iter().copied(), true);
            palette.transparent = palette.push(None);
            return palette;
        }
        let pixels: Vec<[u8; 4]> = wanted.iter().map(|c| [c.red, c.green, c.blue, u8::MAX]).collect();
        let few = few_colours(&pixels, MOST - 1);
        let mut palette = Palette::of(few.into_iter().map(|(colour, _)| colour), true);
        palette.transparent = palette.push(None);
        for &colour in wanted {
            let nearest = palette.nearest(colour);
            palette.indexes.insert(colour, nearest);
        }
        palette
    }

    fn of(colours: impl Iterator<Item = Rgb>, is_local: bool) -> Palette {
        let mut palette = Palette { colours: Vec::new(), transparent: 0, is_local, indexes: HashMap::new() };
        colours.for_each(|colour| palette.add(colour));
        palette
    }

    fn add(&mut self, colour: Rgb) {
        if !self.indexes.contains_key(&colour) {
            let index = self.push(Some(colour));
            self.indexes.insert(colour, index);
        }
    }

    /// There are never more than 256.
    fn push(&mut self, colour: Option<Rgb>) -> u8 {
        self.colours.push(colour.unwrap_or(Rgb::new(0)));
        u8::try_from(self.colours.len() - 1).unwrap_or(u8::MAX)
    }

    fn nearest(&self, colour: Rgb) -> u8 {
        let distance = |other: &Rgb| {
            let channels = [(other.red, colour.red), (other.green, colour.green), (other.blue, colour.blue)];
            channels.iter().map(|&(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum::<u32>()
        };
        let all = (0..=u8::MAX).zip(&self.colours).filter(|(index, _)| *index != self.transparent);
        all.min_by_key(|(_, other)| distance(other)).map_or(0, |(index, _)| index)
    }

    /// The index of a colour, if it is one of these.
    pub fn index(&self, colour: Rgb) -> Option<u8> {
        self.indexes.get(&colour).copied()
    }

    /// How many bits an index into the table has: 1 to 8.
    pub fn bits(&self) -> u8 {
        (1..8).find(|bits| self.colours.len() <= 1 << bits).unwrap_or(8)
    }

    /// How many bits the largest index of these colours has, with or without the transparent one; at
    /// least 2, as the format wants it.
    pub fn bits_for(&self, colours: &HashSet<Rgb>, has_transparent: bool) -> u8 {
        let used = colours.iter().filter_map(|&colour| self.index(colour));
        let largest = used.chain(has_transparent.then_some(self.transparent)).max().unwrap_or(0);
        (2..8).find(|bits| u16::from(largest) < 1 << bits).unwrap_or(8)
    }

    /// The table as a GIF has it, filled up to a power of two.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.colours.iter().flat_map(|c| [c.red, c.green, c.blue]).collect();
        bytes.resize(3 << self.bits(), 0);
        bytes
    }
}
