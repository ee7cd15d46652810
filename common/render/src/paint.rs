//! Paints cells as lines of pixels: the whole picture, or an area of its grid, in any pixel format.
//!
//! Pixels are generated a row of cells at a time, so that memory depends on the number of cells and
//! not of pixels.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::canvas::CanvasCell;
use crate::layout::Layout;
use crate::raster::{CODES, Look, Raster, Tile};
use crate::theme::{Rgb, Theme};
use crate::window;

/// Paints one picture repeatedly, as its cells change.
pub struct Painter {
    /// Draws the cells.
    pub raster: Raster,
    /// The positions of the cells.
    pub layout: Layout,
    background: Rgb,
    /// The window's bar, if there is one, row by row.
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

/// The treatment of a cell in an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Not painted: a hole.
    No,
    /// Painted if that is shorter.
    Maybe,
    /// Painted.
    Yes,
}

/// The contents of an area to be painted: the tiles of its cells, and their looks.
pub struct Sheet {
    columns: usize,
    /// For each cell, its tile and the index of its look; `None` for a hole.
    cells: Vec<Option<(Rc<Tile>, usize, Paint)>>,
    kinds: Vec<Kind>,
}

/// Cells of the same colors.
struct Kind {
    colors: [Rgb; CODES],
    /// The codes in the tiles that are painted, and in those that may be.
    used: u64,
    maybe_used: u64,
}

/// The colors of a tile that has none of its own.
type Inks = (Rgb, Rgb, Rgb);

impl Sheet {
    /// The colors of the painted cells, with or without those that may be painted.
    pub fn colors(&self, with_maybe: bool) -> HashSet<Rgb> {
        let mut colors = HashSet::new();
        for kind in &self.kinds {
            let used = kind.used | if with_maybe { kind.maybe_used } else { 0 };
            colors.extend(codes(used).map(|code| kind.colors[code]));
        }
        colors
    }

    /// Returns whether there are cells that are not painted, with or without those that may be
    /// painted.
    pub fn has_holes(&self, with_maybe: bool) -> bool {
        self.cells.iter().any(|cell| match cell {
            None => true,
            Some((_, _, paint)) => *paint == Paint::Maybe && !with_maybe,
        })
    }

    /// Returns whether there are cells that may be painted.
    pub fn has_choice(&self) -> bool {
        self.cells.iter().flatten().any(|(_, _, paint)| *paint == Paint::Maybe)
    }
}

fn codes(used: u64) -> impl Iterator<Item = usize> {
    (0..CODES).filter(move |code| used >> code & 1 == 1)
}

impl Painter {
    /// Paints cells, and a window around them if the layout has one.
    pub fn new(mut raster: Raster, layout: Layout, theme: &Theme, title: &str) -> Painter {
        let bar = window::bar(title, theme, &layout, &mut raster);
        Painter { raster, layout, background: theme.background, bar }
    }

    /// The whole grid.
    pub fn all(&self) -> Area {
        Area { left: 0, top: 0, right: self.layout.grid.cols.into(), bottom: self.layout.grid.rows.into() }
    }

    /// Collects the cells to paint in an area; `paint` decides for each cell, by its index.
    pub fn sheet(&mut self, cells: &[CanvasCell], area: Area, paint: impl Fn(usize) -> Paint) -> Sheet {
        let cols = usize::from(self.layout.grid.cols);
        let mut sheet = Sheet { columns: area.right - area.left, cells: Vec::new(), kinds: Vec::new() };
        let mut known: HashMap<Inks, usize> = HashMap::new();
        // Most cells look like their neighbor.
        let mut last: Option<(Inks, usize)> = None;
        for index in (area.top..area.bottom).flat_map(|row| row * cols + area.left..row * cols + area.right) {
            let paint = paint(index);
            let cell = cells.get(index).filter(|cell| cell.columns > 0 && paint != Paint::No);
            let Some(cell) = cell else {
                sheet.cells.push(None);
                continue;
            };
            let tile = self.tile(cell);
            let Look { background, foreground, underline_color, .. } = cell.look;
            let inks = (background, foreground, underline_color);
            let mut new_kind = |tile: &Tile| {
                let colors = self.raster.colors(tile, &cell.look);
                sheet.kinds.push(Kind { colors, used: 0, maybe_used: 0 });
                sheet.kinds.len() - 1
            };
            let kind = match last {
                _ if tile.has_own_colors() => new_kind(&tile),
                Some((same, kind)) if same == inks => kind,
                _ => *known.entry(inks).or_insert_with(|| new_kind(&tile)),
            };
            if !tile.has_own_colors() {
                last = Some((inks, kind));
            }
            match paint {
                Paint::Maybe => sheet.kinds[kind].maybe_used |= tile.used,
                _ => sheet.kinds[kind].used |= tile.used,
            }
            sheet.cells.push(Some((tile, kind, paint)));
        }
        sheet
    }

    /// The colors of the whole picture.
    pub fn all_colors(&self, sheet: &Sheet) -> HashSet<Rgb> {
        let mut colors = sheet.colors(true);
        colors.insert(self.background);
        colors.extend(self.bar.iter().copied());
        colors
    }

    /// The whole picture as lines of pixels, several at a time.
    pub fn picture<T: Copy>(&self, sheet: &Sheet, pixel: impl Fn(Rgb) -> T, mut take: impl FnMut(&[T])) {
        let layout = self.layout;
        let bar: Vec<T> = self.bar.iter().map(|&color| pixel(color)).collect();
        take(&bar);
        let background = pixel(self.background);
        let margin = vec![background; layout.width() as usize];
        let side = vec![background; layout.margin_x as usize];
        let width = layout.grid_width().max(1) as usize;
        (0..layout.margin_y).for_each(|_| take(&margin));
        self.rows(sheet, background, pixel, |row, _| {
            for line in row.chunks(width) {
                take(&side);
                take(line);
                take(&side);
            }
        });
        (0..layout.margin_y).for_each(|_| take(&margin));
    }

    /// The pixel lines of a sheet, a row of cells at a time: without the cells that may be painted,
    /// and with them.
    pub fn rows<T: Copy>(
        &self,
        sheet: &Sheet,
        hole: T,
        pixel: impl Fn(Rgb) -> T,
        mut take: impl FnMut(&[T], &[T]),
    ) {
        let cell_size = self.layout.metrics.cell;
        let (cell_width, cell_height) = (usize::from(cell_size.width), usize::from(cell_size.height));
        let width = sheet.columns * cell_width;
        let shades: Vec<[T; CODES]> = sheet
            .kinds
            .iter()
            .map(|kind| {
                let mut shades = [hole; CODES];
                codes(kind.used | kind.maybe_used).for_each(|code| shades[code] = pixel(kind.colors[code]));
                shades
            })
            .collect();
        let has_choice = sheet.has_choice();
        let (mut pixels, mut all_pixels) = (vec![hole; width * cell_height], Vec::new());
        for row in sheet.cells.chunks(sheet.columns.max(1)) {
            pixels.fill(hole);
            let paint = |wanted: Paint, pixels: &mut [T]| {
                for (column, cell) in row.iter().enumerate() {
                    let Some((tile, kind, paint)) = cell else { continue };
                    if *paint != wanted {
                        continue;
                    }
                    let (left, shades) = (column * cell_width, &shades[*kind]);
                    for (line, codes) in pixels.chunks_mut(width).zip(tile.codes.chunks(tile.width)) {
                        for (pixel, &code) in line.iter_mut().skip(left).zip(codes) {
                            *pixel = shades[usize::from(code)];
                        }
                    }
                }
            };
            paint(Paint::Yes, &mut pixels);
            if has_choice {
                all_pixels.clear();
                all_pixels.extend_from_slice(&pixels);
                paint(Paint::Maybe, &mut all_pixels);
                take(&pixels, &all_pixels);
            } else {
                take(&pixels, &pixels);
            }
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
