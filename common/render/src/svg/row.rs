//! A row of cells as markup that can be placed anywhere: backgrounds, geometry, text and the lines
//! of its text, in this order.

use std::collections::HashMap;
use std::fmt::Write;
use std::rc::Rc;

use common::screen::Underline;

use super::Kind;
use super::styles::{Styles, hex};
use super::text::{is_direction, push_attribute, push_number, push_text};
use crate::canvas::CanvasCell;
use crate::geometry::{self, Cell, Outline};
use crate::metrics::Metrics;
use crate::raster::Look;
use crate::theme::{Rgb, Theme};

/// The longest indent written as blanks; longer ones are shorter as an attribute.
const MOST_INDENT: usize = 7;

/// A row's markup.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Markup {
    /// One text.
    Text {
        /// Its position from the left edge of the row.
        x: u32,
        /// Its other attributes, the end of its tag, and its content.
        rest: Box<str>,
    },
    /// Elements positioned from the upper left corner of the row.
    Elements(Box<str>),
}

impl Markup {
    /// Its approximate length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Markup::Text { rest, .. } => rest.len() + 30,
            Markup::Elements(elements) => elements.len() + 40,
        }
    }

    /// Writes it at a position, with an ID if it will be reused.
    pub fn push(&self, id: Option<usize>, x: i64, y: i64, metrics: &Metrics, out: &mut String) {
        let id = id.map(|id| format!(" id=\"r{id}\"")).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = match self {
            Markup::Text { x: start, rest } => {
                let (x, y) = (x + i64::from(*start), y + metrics.baseline as i64);
                let x = if x == 0 { String::new() } else { format!(" x=\"{x}\"") };
                write!(out, "<text{id}{x} y=\"{y}\"{rest}</text>")
            }
            Markup::Elements(elements) if id.is_empty() && (x, y) == (0, 0) => write!(out, "{elements}"),
            Markup::Elements(elements) => {
                write!(out, "<g{id} transform=\"translate({x} {y})\">{elements}</g>")
            }
        };
    }
}

/// The markup of a row; `None` if nothing is visible.
pub fn markup(
    cells: &[CanvasCell],
    kind: Kind,
    theme: &Theme,
    metrics: &Metrics,
    styles: &mut Styles,
) -> Option<Markup> {
    let mut row = Row { kind, theme, metrics, styles, shapes: String::new() };
    row.backgrounds(cells);
    row.geometry(cells);
    let mut lines = String::new();
    row.lines(cells, &mut lines);
    let text = row.text(cells);
    if row.shapes.is_empty() && lines.is_empty() && text.as_ref().is_none_or(|text| text.stands_anywhere) {
        let Text { x, attributes, content, .. } = text?;
        return Some(Markup::Text { x, rest: format!("{attributes}>{content}").into() });
    }
    let mut elements = row.shapes;
    if let Some(Text { x, attributes, content, .. }) = text {
        let (x, y) = (if x == 0 { String::new() } else { format!(" x=\"{x}\"") }, metrics.baseline as i64);
        let _ = write!(elements, "<text{x} y=\"{y}\"{attributes}>{content}</text>");
    }
    elements.push_str(&lines);
    Some(Markup::Elements(elements.into()))
}

struct Text {
    x: u32,
    attributes: String,
    content: String,
    /// True if only the position of its start is named.
    stands_anywhere: bool,
}

struct Row<'a> {
    kind: Kind,
    theme: &'a Theme,
    metrics: &'a Metrics,
    styles: &'a mut Styles,
    shapes: String,
}

/// The style of text.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Dress {
    color: Rgb,
    bold: bool,
    italic: bool,
    link: Option<Rc<str>>,
}

/// Neighboring cells whose text is written as one.
struct Run {
    dress: Dress,
    column: usize,
    columns: usize,
    text: String,
    /// True if it contains a character that many fonts lack, so that its width is not known.
    is_unusual: bool,
}

impl Row<'_> {
    fn x(&self, column: usize) -> usize {
        column * usize::from(self.metrics.cell.width)
    }

    fn class(&mut self, color: Rgb) -> String {
        let class = self.styles.fill(color);
        if class.is_empty() { class } else { format!(" class=\"{class}\"") }
    }

    /// Rectangles for all cells whose background is not the theme's.
    fn backgrounds(&mut self, cells: &[CanvasCell]) {
        let height = self.metrics.cell.height;
        let mut column = 0;
        for run in cells.chunk_by(|a, b| a.look.background == b.look.background) {
            let color = run[0].look.background;
            if color != self.theme.background {
                let (left, right) = (self.x(column), self.x(column + run.len()));
                let class = self.class(color);
                let _ = write!(self.shapes, "<path{class} d=\"M{left} 0H{right}v{height}H{left}z\"/>");
            }
            column += run.len();
        }
    }

    /// The characters drawn as geometry. Neighbors of one color become one path.
    fn geometry(&mut self, cells: &[CanvasCell]) {
        let mut paths: Vec<Path> = Vec::new();
        for (column, cell) in cells.iter().enumerate() {
            let size = self.metrics.cell;
            let size = Cell { width: size.width * u16::from(cell.columns.max(1)), ..size };
            for shape in geometry::shapes(cell.character, size).unwrap_or_default() {
                let key = (cell.look.foreground, shape.opacity);
                let has_only_rectangles = shape.outlines.iter().all(|outline| rectangle(outline).is_some());
                let last = paths.iter_mut().rev().find(|path| (path.color, path.opacity) == key);
                let path = match last {
                    Some(path) if path.is_crisp == has_only_rectangles => path,
                    _ => {
                        let (color, opacity) = key;
                        paths.push(Path { color, opacity, is_crisp: has_only_rectangles, ..Path::default() });
                        let Some(path) = paths.last_mut() else { continue };
                        path
                    }
                };
                path.add(&shape.outlines, self.x(column) as f32);
            }
        }
        for path in paths {
            let class = match (self.styles.fill(path.color), path.is_crisp) {
                (class, true) if class.is_empty() => class,
                (class, true) => format!(" class=\"{class}\""),
                (class, false) => format!(" class=\"{}\"", format!("g {class}").trim_end()),
            };
            let opacity = match path.opacity {
                100 => String::new(),
                percent => format!(" fill-opacity=\".{percent}\""),
            };
            let _ = write!(self.shapes, "<path{class}{opacity} d=\"{}\"/>", path.data());
        }
    }

    /// Lines under, through and over the text.
    fn lines(&mut self, cells: &[CanvasCell], out: &mut String) {
        let metrics = self.metrics;
        let (line, height) = (i64::from(metrics.line), i64::from(metrics.cell.height));
        let under = (metrics.baseline as i64 + 2 * line).min((height - 3 * line).max(0));
        let through = metrics.baseline as i64 - (metrics.font_size * 0.3) as i64;
        let mut column = 0;
        for run in cells.chunk_by(|a, b| same_lines(&a.look, &b.look)) {
            let look = run[0].look;
            let (left, right) = (self.x(column), self.x(column + run.len()));
            column += run.len();
            let mut solid = |y: i64, color: Rgb, row: &mut Self| {
                let class = row.class(color);
                let _ = write!(out, "<path{class} d=\"M{left} {y}H{right}v{line}H{left}z\"/>");
            };
            if look.strikethrough {
                solid(through, look.foreground, self);
            }
            if look.overline {
                solid(0, look.foreground, self);
            }
            let dashes = match look.underline {
                Underline::None => continue,
                Underline::Single => {
                    solid(under, look.underline_color, self);
                    continue;
                }
                Underline::Double => {
                    solid(under, look.underline_color, self);
                    solid(under + 2 * line, look.underline_color, self);
                    continue;
                }
                Underline::Curly => None,
                Underline::Dotted => Some(line.to_string()),
                Underline::Dashed => Some((metrics.cell.width / 2).max(1).to_string()),
            };
            let stroke = hex(look.underline_color);
            let width = if line == 1 { String::new() } else { format!(" stroke-width=\"{line}\"") };
            let dashes = dashes.map(|dashes| format!(" stroke-dasharray=\"{dashes}\"")).unwrap_or_default();
            let mut path = format!("M{left} ");
            push_number(under as f32 + 0.5 * line as f32, &mut path);
            if dashes.is_empty() {
                // A wave for each column: down, up.
                let (quarter, half) =
                    (f32::from(metrics.cell.width) / 4.0, f32::from(metrics.cell.width) / 2.0);
                for _ in run {
                    for depth in [1.5 * line as f32, -1.5 * line as f32] {
                        path.push('q');
                        push_number(quarter, &mut path);
                        path.push(' ');
                        push_number(depth, &mut path);
                        path.push(' ');
                        push_number(half, &mut path);
                        path.push_str(" 0");
                    }
                }
            } else {
                let _ = write!(path, "H{right}");
            }
            let _ = write!(out, "<path class=\"l\" stroke=\"{stroke}\"{width}{dashes} d=\"{path}\"/>");
        }
    }

    /// All text as one element, without leading and trailing blanks.
    fn text(&mut self, cells: &[CanvasCell]) -> Option<Text> {
        let mut runs = runs(cells);
        let first = runs.first_mut()?;
        if first.column <= MOST_INDENT && !first.is_unusual && first.dress.link.is_none() {
            first.text.insert_str(0, &" ".repeat(first.column));
            first.columns += first.column;
            first.column = 0;
        }
        let start = first.column;
        // Text in the style of the row needs no elements of its own, so take the most frequent
        // style; preferably the one without attributes.
        let mut counts: HashMap<&Dress, usize> = HashMap::new();
        runs.iter().for_each(|run| *counts.entry(&run.dress).or_default() += 1);
        let plain = Dress { color: self.theme.foreground, bold: false, italic: false, link: None };
        let gain = |run: &&Run| (counts.get(&run.dress), run.dress == plain, run.columns);
        let base = Dress { link: None, ..runs.iter().max_by_key(gain)?.dress.clone() };
        let has_places = runs.iter().any(|run| run.is_unusual);
        let end = runs.last().map_or(start, |run| run.column + run.columns);
        let mut attributes = self.dress_attributes(&base);
        if !has_places {
            attributes.push_str(&self.length(end - start));
        }
        let mut content = String::new();
        for run in &mut runs {
            let mut own = String::new();
            if has_places {
                let _ = write!(own, " x=\"{}\"", self.x(run.column));
                if !run.is_unusual {
                    own.push_str(&self.length(run.columns));
                }
            }
            if (Dress { link: None, ..run.dress.clone() }) != base {
                let dress = self.dress_attributes(&run.dress);
                // The parts of the base that this text does not have.
                own.push_str(&if dress.is_empty() {
                    " class=\"n\"".to_string()
                } else {
                    self.over(&base, &run.dress, dress)
                });
            }
            let link = run.dress.link.as_deref();
            if let Some(link) = link {
                content.push_str("<a href=\"");
                push_attribute(link, &mut content);
                content.push_str("\">");
            }
            if own.is_empty() {
                push_text(&run.text, &mut content);
            } else {
                let _ = write!(content, "<tspan{own}>");
                push_text(&run.text, &mut content);
                content.push_str("</tspan>");
            }
            if link.is_some() {
                content.push_str("</a>");
            }
        }
        let x = u32::try_from(if has_places { 0 } else { self.x(start) }).unwrap_or(u32::MAX);
        Some(Text { x, attributes, content, stands_anywhere: !has_places })
    }

    /// The attribute for text of this width in columns. Browsers then position each letter
    /// separately, which makes animations three times as slow; they hardly need it, since they
    /// scale all fonts to the width of a cell. Other programs that draw stills do not.
    fn length(&self, columns: usize) -> String {
        match self.kind {
            Kind::Still if columns > 1 => {
                format!(" textLength=\"{}\"", columns * usize::from(self.metrics.cell.width))
            }
            Kind::Still | Kind::Animation => String::new(),
        }
    }

    fn dress_attributes(&mut self, dress: &Dress) -> String {
        let mut classes = self.styles.fill(dress.color);
        for (is_set, class) in [(dress.bold, "b"), (dress.italic, "i")] {
            if is_set {
                if !classes.is_empty() {
                    classes.push(' ');
                }
                classes.push_str(class);
            }
        }
        if classes.is_empty() { classes } else { format!(" class=\"{classes}\"") }
    }

    /// The classes of text nested in other text, from which it would inherit weight, slant and
    /// color.
    fn over(&mut self, base: &Dress, dress: &Dress, attributes: String) -> String {
        let loses = base.bold && !dress.bold || base.italic && !dress.italic || {
            !self.styles.fill(base.color).is_empty() && self.styles.fill(dress.color).is_empty()
        };
        if loses { attributes.replacen("class=\"", "class=\"n ", 1) } else { attributes }
    }
}

fn same_lines(a: &Look, b: &Look) -> bool {
    let lines = |look: &Look| {
        let color = (look.underline != Underline::None).then_some(look.underline_color);
        let through = (look.strikethrough || look.overline).then_some(look.foreground);
        (look.underline, color, look.strikethrough, look.overline, through)
    };
    lines(a) == lines(b)
}

/// The text of cells, split where its style changes and around characters of unknown width. Blanks,
/// including geometry, belong to the text before them; leading and trailing ones are dropped.
fn runs(cells: &[CanvasCell]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut blanks = 0;
    for (column, cell) in cells.iter().enumerate() {
        if cell.columns == 0 {
            continue;
        }
        let columns = usize::from(cell.columns);
        let character = cell.character;
        if (character == ' ' && cell.marks.is_none())
            || geometry::is_drawn(character)
            || is_direction(character)
        {
            blanks += columns;
            continue;
        }
        let Look { foreground, style, .. } = cell.look;
        let dress =
            Dress { color: foreground, bold: style.bold, italic: style.italic, link: cell.link.clone() };
        let is_unusual = columns > 1 || cell.marks.is_some() || is_unusual(character);
        let mut text = cell.text();
        text.retain(|character| !is_direction(character));
        // A link does not extend over blanks after its text.
        let fits = |run: &Run| {
            !run.is_unusual && !is_unusual && run.dress == dress && (blanks == 0 || run.dress.link.is_none())
        };
        match runs.last_mut() {
            Some(run) if fits(run) => {
                run.text.extend(std::iter::repeat_n(' ', blanks));
                run.text.push_str(&text);
                run.columns += blanks + columns;
            }
            last => {
                if let Some(run) = last.filter(|_| blanks > 0) {
                    if run.dress.link.is_none() && !run.is_unusual {
                        run.text.extend(std::iter::repeat_n(' ', blanks));
                        run.columns += blanks;
                    } else {
                        let dress = Dress { link: None, ..run.dress.clone() };
                        let column = run.column + run.columns;
                        let text = " ".repeat(blanks);
                        runs.push(Run { dress, column, columns: blanks, text, is_unusual: false });
                    }
                }
                runs.push(Run { dress, column, columns, text, is_unusual });
            }
        }
        blanks = 0;
    }
    runs
}

/// Returns whether a character is likely to come from another font than its neighbors.
fn is_unusual(character: char) -> bool {
    !matches!(character, ' '..='~' | '\u{a0}'..='\u{17f}' | '\u{391}'..='\u{3c9}' | '\u{400}'..='\u{45f}'
        | '\u{2010}'..='\u{2027}')
}

/// Outlines of one color.
#[derive(Default)]
struct Path {
    color: Rgb,
    opacity: u8,
    is_crisp: bool,
    /// Left, top, right, bottom.
    rectangles: Vec<[f32; 4]>,
    outlines: Vec<Outline>,
}

impl Path {
    fn add(&mut self, outlines: &[Outline], x: f32) {
        for outline in outlines {
            let Some([left, top, right, bottom]) = rectangle(outline) else {
                self.outlines
                    .push(outline.iter().map(|&point| geometry::Point { x: point.x + x, ..point }).collect());
                continue;
            };
            let (left, right) = (left + x, right + x);
            // Adjacent rectangles are merged.
            match self
                .rectangles
                .iter_mut()
                .rev()
                .take(8)
                .find(|r| r[1] == top && r[3] == bottom && r[2] >= left && r[0] <= left)
            {
                Some(neighbour) => neighbour[2] = neighbour[2].max(right),
                None => self.rectangles.push([left, top, right, bottom]),
            }
        }
    }

    fn data(&self) -> String {
        let mut data = String::new();
        for &[left, top, right, bottom] in &self.rectangles {
            data.push('M');
            push_number(left, &mut data);
            data.push(' ');
            push_number(top, &mut data);
            for (letter, value) in [('H', right), ('V', bottom), ('H', left)] {
                data.push(letter);
                push_number(value, &mut data);
            }
            data.push('z');
        }
        for outline in &self.outlines {
            for (index, point) in outline.iter().enumerate() {
                data.push(if index == 0 { 'M' } else { 'L' });
                push_number(point.x, &mut data);
                data.push(' ');
                push_number(point.y, &mut data);
            }
            data.push('z');
        }
        data
    }
}

/// Left, top, right and bottom of an outline that is a rectangle.
fn rectangle(outline: &[geometry::Point]) -> Option<[f32; 4]> {
    let &[a, b, c, d] = outline else { return None };
    (a.y == b.y && b.x == c.x && c.y == d.y && d.x == a.x).then_some([a.x, a.y, c.x, c.y])
}
