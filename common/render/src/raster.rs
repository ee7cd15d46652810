//! Renders cells to pixels, for all pixel formats.
//!
//! A [`Tile`] is the contents of a cell without its colors: for each pixel a step on the way from
//! the background to the text, or the underline's color. So the same letter in another color costs
//! nothing, and a picture never has more colors than its cells need: nothing is quantized.

use std::collections::HashMap;
use std::rc::Rc;

use common::screen::Underline;

use crate::glyphs::{FaceStyle, Fonts, Glyph};
use crate::metrics::Metrics;
use crate::theme::Rgb;

/// The look of a cell, after theme, inversion and cursor have been applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Look {
    /// The color of the cell.
    pub background: Rgb,
    /// The color of the text.
    pub foreground: Rgb,
    /// Weight and slant of the text.
    pub style: FaceStyle,
    /// The line below the text.
    pub underline: Underline,
    /// Its color.
    pub underline_color: Rgb,
    /// True for a line through the text.
    pub strikethrough: bool,
    /// True for a line above the text.
    pub overline: bool,
}

impl Look {
    /// Plain text.
    pub fn plain(background: Rgb, foreground: Rgb) -> Look {
        Look {
            background,
            foreground,
            style: FaceStyle::default(),
            underline: Underline::None,
            underline_color: foreground,
            strikethrough: false,
            overline: false,
        }
    }
}

/// The contents of a cell, without its colors.
pub struct Tile {
    /// A code for each pixel, row by row: see [`Raster::colors`].
    pub codes: Vec<u8>,
    /// A bit for each code that occurs.
    pub used: u64,
    /// The width in pixels.
    pub width: usize,
    /// Its own colors, with their opacity, for codes above the underline's.
    own: Vec<(Rgb, u8)>,
}

impl Tile {
    /// Returns whether it has colors other than those of the cell, as an emoji does.
    pub fn has_own_colors(&self) -> bool {
        !self.own.is_empty()
    }
}

/// The maximum number of codes: a bit each in [`Tile::used`].
pub const CODES: usize = 64;

/// The colors of a tile's codes.
pub type Colors = [Rgb; CODES];

/// Draws cells, each distinct cell once.
pub struct Raster {
    /// The fonts to draw with.
    pub fonts: Fonts,
    metrics: Metrics,
    steps: u8,
    /// Tiles of single characters, which nearly all cells contain.
    tiles: HashMap<(char, Kind), Rc<Tile>>,
    /// Tiles of characters with combining marks.
    clusters: HashMap<(String, Kind), Rc<Tile>>,
}

/// The properties that distinguish tiles of the same text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Kind {
    columns: u16,
    style: FaceStyle,
    underline: Underline,
    strikethrough: bool,
    overline: bool,
}

/// The maximum number of tiles kept: a few megabytes at the default size.
const MOST_TILES: usize = 4096;

impl Raster {
    /// Draws at these sizes, with this many steps from the background to the text (at most 16).
    pub fn new(fonts: Fonts, metrics: Metrics, steps: u8) -> Raster {
        Raster { fonts, metrics, steps: steps.clamp(1, 16), tiles: HashMap::new(), clusters: HashMap::new() }
    }

    /// The sizes.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The number of steps from the background to the text.
    pub fn steps(&self) -> u8 {
        self.steps
    }

    /// The contents of a cell of this width in columns.
    pub fn tile(&mut self, text: &str, columns: u16, look: &Look) -> Rc<Tile> {
        let &Look { style, underline, strikethrough, overline, .. } = look;
        let kind = Kind { columns, style, underline, strikethrough, overline };
        let mut characters = text.chars();
        let (first, is_single) = (characters.next().unwrap_or(' '), characters.next().is_none());
        let known = if is_single {
            self.tiles.get(&(first, kind))
        } else {
            self.clusters.get(&(text.to_string(), kind))
        };
        if let Some(tile) = known {
            return Rc::clone(tile);
        }
        if self.tiles.len() + self.clusters.len() >= MOST_TILES {
            self.tiles.clear();
            self.clusters.clear();
        }
        let tile = Rc::new(self.draw(text, kind));
        if is_single {
            self.tiles.insert((first, kind), Rc::clone(&tile));
        } else {
            self.clusters.insert((text.to_string(), kind), Rc::clone(&tile));
        }
        tile
    }

    /// The colors of a tile's codes in a cell with this look.
    pub fn colors(&self, tile: &Tile, look: &Look) -> Colors {
        let mut colors = [look.background; CODES];
        for step in 1..=self.steps {
            colors[usize::from(step)] = look.background.towards(look.foreground, step, self.steps);
        }
        colors[self.underline_code()] = look.underline_color;
        let own = colors.iter_mut().skip(self.underline_code() + 1);
        for (color, &(rgb, opacity)) in own.zip(&tile.own) {
            *color = look.background.towards(rgb, opacity, u8::MAX);
        }
        colors
    }

    fn underline_code(&self) -> usize {
        usize::from(self.steps) + 1
    }

    fn draw(&mut self, text: &str, kind: Kind) -> Tile {
        let width = usize::from(self.metrics.cell.width) * usize::from(kind.columns);
        let steps = f32::from(self.steps);
        let (mut codes, own) = match self.fonts.draw(text, kind.columns, kind.style, &self.metrics) {
            // Between 0 and the number of steps.
            Glyph::Mask(mask) => {
                (mask.into_iter().map(|coverage| (coverage * steps).round() as u8).collect(), Vec::new())
            }
            Glyph::Picture(pixels) => self.own_colors(&pixels),
        };
        self.draw_lines(&mut codes, width, kind);
        let used = codes.iter().fold(0, |used, &code| used | 1u64.wrapping_shl(code.into()));
        Tile { codes, used, width, own }
    }

    /// Draws the lines over, through and under the text.
    fn draw_lines(&self, codes: &mut [u8], width: usize, kind: Kind) {
        let line = usize::from(self.metrics.line);
        let baseline = self.metrics.baseline as usize;
        let height = usize::from(self.metrics.cell.height);
        let mut paint = |y: usize, code: u8, is_set: &dyn Fn(usize) -> bool| {
            for row in (y..y + line).filter(|&row| row < height) {
                let pixels = codes.iter_mut().skip(row * width).take(width);
                pixels.enumerate().filter(|(x, _)| is_set(*x)).for_each(|(_, pixel)| *pixel = code);
            }
        };
        let always = |_: usize| true;
        // The lowest position that leaves room for two lines.
        let under = (baseline + 2 * line).min(height.saturating_sub(3 * line));
        let code = u8::try_from(self.underline_code()).unwrap_or(u8::MAX);
        let cell = usize::from(self.metrics.cell.width);
        match kind.underline {
            Underline::None => {}
            Underline::Single => paint(under, code, &always),
            Underline::Double => {
                paint(under, code, &always);
                paint(under + 2 * line, code, &always);
            }
            Underline::Dotted => paint(under, code, &|x| x / line % 2 == 0),
            Underline::Dashed => paint(under, code, &|x| x % cell < cell.div_ceil(2)),
            // Half a wave down, half a wave up in each column, continued in the next.
            Underline::Curly => {
                let is_lower = |x: usize| x % cell >= cell / 4 && x % cell < cell - cell / 4;
                paint(under, code, &|x| !is_lower(x));
                paint(under + line, code, &|x| is_lower(x));
            }
        }
        if kind.strikethrough {
            let middle = baseline.saturating_sub((self.metrics.font_size * 0.3) as usize);
            paint(middle, self.steps, &always);
        }
        if kind.overline {
            paint(0, self.steps, &always);
        }
    }

    /// The codes of a picture, and the few colors that approximate all of its own.
    fn own_colors(&self, pixels: &[[u8; 4]]) -> (Vec<u8>, Vec<(Rgb, u8)>) {
        let first = self.underline_code() + 1;
        let own = few_colors(pixels, CODES - first);
        let code = |&[red, green, blue, alpha]: &[u8; 4]| {
            if alpha < 16 {
                return 0;
            }
            let distance = |&(color, opacity): &(Rgb, u8)| {
                let channels = [(red, color.red), (green, color.green), (blue, color.blue), (alpha, opacity)];
                channels.iter().map(|&(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum::<u32>()
            };
            let nearest = own.iter().enumerate().min_by_key(|(_, candidate)| distance(candidate));
            nearest.map_or(0, |(index, _)| u8::try_from(first + index).unwrap_or(0))
        };
        (pixels.iter().map(code).collect(), own)
    }
}

/// At most this many colors that approximate those of a picture: the boxes that contain them are
/// halved at the median of their longest side until there are enough (Heckbert's median cut).
pub fn few_colors(pixels: &[[u8; 4]], most: usize) -> Vec<(Rgb, u8)> {
    let visible: Vec<[u8; 4]> = pixels.iter().copied().filter(|pixel| pixel[3] >= 16).collect();
    let range = |pixels: &[[u8; 4]], channel: usize| {
        let values = || pixels.iter().map(|pixel| pixel[channel]);
        values().max().unwrap_or(0) - values().min().unwrap_or(0)
    };
    let longest = |pixels: &[[u8; 4]]| {
        (0..4).map(|channel| (range(pixels, channel), channel)).max().unwrap_or_default()
    };
    let mut boxes = vec![visible];
    while boxes.len() < most {
        let widest = (0..boxes.len()).max_by_key(|&index| longest(&boxes[index]).0);
        let Some(index) = widest.filter(|&index| longest(&boxes[index]).0 > 0) else { break };
        let mut pixels = boxes.swap_remove(index);
        let (_, channel) = longest(&pixels);
        pixels.sort_unstable_by_key(|pixel| (pixel[channel], *pixel));
        let upper = pixels.split_off(pixels.len() / 2);
        boxes.extend([pixels, upper]);
    }
    boxes.retain(|pixels| !pixels.is_empty());
    let mean = |pixels: &Vec<[u8; 4]>| {
        let channel = |index: usize| {
            let sum: usize = pixels.iter().map(|pixel| usize::from(pixel[index])).sum();
            u8::try_from(sum / pixels.len()).unwrap_or(u8::MAX)
        };
        (Rgb { red: channel(0), green: channel(1), blue: channel(2) }, channel(3))
    };
    boxes.iter().map(mean).collect()
}
