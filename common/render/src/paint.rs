//! Cells to lines of pixels: the whole picture, or an area of its grid, for any kind of pixel.
//!
//! Pixels come into being a row of cells at a time, so that memory follows the number of cells and
//! not of pixels.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

use crate::canvas::CanvasCell;
use crate::layout::Layout;
use crate::raster::{CODES, Look, Raster, Tile};
use crate::theme::{Rgb, Theme};
use crate::window;

/// Paints one picture again and again, as its cells change.
pub struct Painter {
    /// Draws the cells.
    pub raster: Raster,
    /// Where they are.
    pub layout: Layout,
    background: Rgb,
    /// The bar of the window, if there is one, row by row.
    bar: Vec<Rgb>,
}

/// A part of the grid, in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// The first column.
    pub left: usize,
    /// The first row.
    pub top: usize,
    /// After the last column.
    pub right: usize,
    /// After the last row.
    pub bottom: usize,
}

impl Area {
    /// The indexes of its cells in a grid of so many columns.
    pub fn cells(self, cols: usize) -> impl Iterator<Item = usize> {
        (self.top..self.bottom).flat_map(move |row| self.columns(row, cols))
    }

    /// The indexes of its cells in a row.
    fn columns(self, row: usize, cols: usize) -> Range<usize> {
        row * cols + self.left..row * cols + self.right
    }
}

/// What decides the colours of a tile that has none of its own.
type Inks = (Rgb, Rgb, Rgb);

fn inks(look: &Look) -> Inks {
    (look.background, look.foreground, look.underline_colour)
}

impl Painter {
    /// Paints cells, and a window around them where the layout has one.
    pub fn new(mut raster: Raster, layout: Layout, theme: &Theme, title: &str) -> Painter {
        let bar = window::bar(title, theme, &layout, &mut raster);
        Painter { raster, layout, background: theme.background, bar }
    }

    /// The whole grid.
    pub fn all(&self) -> Area {
        Area { left: 0, top: 0, right: self.layout.grid.cols.into(), bottom: self.layout.grid.rows.into() }
    }

    /// The colours of the whole picture.
    pub fn all_colours(&mut self, cells: &[CanvasCell]) -> HashSet<Rgb> {
        let mut colours = self.colours(cells, self.all(), |_| true);
        colours.insert(self.background);
        colours.extend(self.bar.iter().copied());
        colours
    }

    /// The colours of the cells of an area that are to be painted, each named by its index.
    pub fn colours(
        &mut self,
        cells: &[CanvasCell],
        area: Area,
        is_painted: impl Fn(usize) -> bool,
    ) -> HashSet<Rgb> {
        let mut colours = HashSet::new();
        // Most cells look like others: of each kind those codes that have been seen.
        let mut seen: HashMap<Inks, u64> = HashMap::new();
        for index in area.cells(self.layout.grid.cols.into()).filter(|&index| is_painted(index)) {
            let Some(cell) = cells.get(index).filter(|cell| cell.columns > 0) else { continue };
            let tile = self.tile(cell);
            let known = seen.entry(inks(&cell.look)).or_default();
            let new = if tile.has_own_colours() { tile.used } else { tile.used & !*known };
            if new != 0 {
                *known |= new;
                let all = self.raster.colours(&tile, &cell.look);
                colours.extend((0..CODES).filter(|code| new >> code & 1 == 1).map(|code| all[code]));
            }
        }
        colours
    }

    /// The whole picture as lines of pixels, several at a time.
    pub fn picture<T: Copy>(
        &mut self,
        cells: &[CanvasCell],
        pixel: impl Fn(Rgb) -> T,
        mut take: impl FnMut(&[T]),
    ) {
        let layout = self.layout;
        let bar: Vec<T> = self.bar.iter().map(|&colour| pixel(colour)).collect();
        take(&bar);
        let background = pixel(self.background);
        let margin = vec![background; layout.width() as usize];
        let side = vec![background; layout.margin_x as usize];
        let width = layout.grid_width().max(1) as usize;
        (0..layout.margin_y).for_each(|_| take(&margin));
        self.rows(
            cells,
            self.all(),
            |_| true,
            background,
            pixel,
            |row| {
                for line in row.chunks(width) {
                    take(&side);
                    take(line);
                    take(&side);
                }
            },
        );
        (0..layout.margin_y).for_each(|_| take(&margin));
    }

    /// The lines of pixels of an area, a row of cells at a time. What is not painted is a hole.
    pub fn rows<T: Copy>(
        &mut self,
        cells: &[CanvasCell],
        area: Area,
        is_painted: impl Fn(usize) -> bool,
        hole: T,
        pixel: impl Fn(Rgb) -> T,
        mut take: impl FnMut(&[T]),
    ) {
        let cell_size = self.layout.metrics.cell;
        let (cell_width, cell_height) = (usize::from(cell_size.width), usize::from(cell_size.height));
        let width = (area.right - area.left) * cell_width;
        let mut pixels = vec![hole; width * cell_height];
        // Most cells look like others: of each kind the pixels of those codes that have been seen.
        let mut known: HashMap<Inks, ([T; CODES], u64)> = HashMap::new();
        for row in area.top..area.bottom {
            pixels.fill(hole);
            for (column, index) in area.columns(row, self.layout.grid.cols.into()).enumerate() {
                let Some(cell) = cells.get(index).filter(|cell| cell.columns > 0 && is_painted(index)) else {
                    continue;
                };
                let tile = self.tile(cell);
                let mut own = ([hole; CODES], 0);
                let (shades, found) = if tile.has_own_colours() {
                    &mut own
                } else {
                    known.entry(inks(&cell.look)).or_insert(own)
                };
                if tile.used & !*found != 0 {
                    let colours = self.raster.colours(&tile, &cell.look);
                    for code in (0..CODES).filter(|code| tile.used >> code & 1 == 1) {
                        shades[code] = pixel(colours[code]);
                    }
                    *found |= tile.used;
                }
                let left = column * cell_width;
                for (line, codes) in pixels.chunks_mut(width).zip(tile.codes.chunks(tile.width)) {
                    for (pixel, &code) in line.iter_mut().skip(left).zip(codes) {
                        *pixel = shades[usize::from(code)];
                    }
                }
            }
            take(&pixels);
        }
    }

    fn tile(&mut self, cell: &CanvasCell) -> Rc<Tile> {
        let columns = u16::from(cell.columns.max(1));
        match &cell.marks {
            None => self.raster.tile(cell.character.encode_utf8(&mut [0; 4]), columns, &cell.look),
            Some(_) => self.raster.tile(&cell.text(), columns, &cell.look),
        }
    }
}
