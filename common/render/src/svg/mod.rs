//! SVG animations that need only CSS, and stills.
//!
//! An animation is a `tape` of lines under a camera. It plays wherever a browser shows it, even in
//! an `<img>`, where nothing is loaded and no script runs. Text remains text: it can be searched
//! and copied, and links can be followed.
//!
//! The contents of rows are kept in memory as markup, each one once.

mod animation;
mod row;
mod sight;
mod styles;
mod tape;
mod text;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::ops::Range;

use common::cast::Time;

use crate::canvas::{Canvas, CanvasCell, Cursor};
use crate::layout::Layout;
use crate::raster::Look;
use crate::theme::Theme;
use crate::window::{self, BUTTON_RADIUS, BUTTONS};
use animation::Keyframes;
use row::Markup;
use sight::{Sight, of_versions};
use styles::Styles;
pub use styles::hex;
use tape::{BLANK, Content, Line, Moment, Tape};
pub use text::push_text;

/// The fonts for text.
const FONTS: &str = "\"JetBrains Mono\",ui-monospace,\"Cascadia Mono\",Menlo,Consolas,\"DejaVu Sans Mono\",\
                     \"Liberation Mono\",monospace";

/// The maximum number of sibling elements. A browser skips a group that is out of sight, so lines
/// and versions are grouped, and the groups are grouped again.
const GROUP: usize = 16;

/// The number of lines, including their versions, above which those out of sight are removed from
/// the picture. (Removed lines are not found by a search either.)
const MANY: usize = 1024;

/// The shortest markup that is referenced instead of repeated.
const SHORTEST_REUSED: usize = 60;

/// A picture under construction.
pub struct SvgWriter {
    kind: Kind,
    layout: Layout,
    theme: Theme,
    /// The title of the picture.
    title: String,
    /// The title of its window.
    window_title: String,
    styles: Styles,
    /// The contents of rows, by number; a blank one is `None`.
    contents: Vec<Option<Markup>>,
    /// The numbers of contents, by a hash of their markup.
    numbers: HashMap<u64, Content>,
    tape: Tape,
    /// The rows of the last frame, and their numbers.
    rows: Vec<(Vec<CanvasCell>, Content)>,
    times: Vec<Time>,
    cursors: Vec<CursorForm>,
    cursor: Vec<(Moment, Option<CursorPlace>)>,
    last_text: String,
}

/// The kind of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One frame.
    Still,
    /// Several.
    Animation,
}

/// A line of the tape, ready to be written.
struct Strip {
    number: i64,
    line: Line,
    /// The attributes of the group that moves to show one version or another.
    animation: String,
    /// Its versions in chunks, with the attributes of each.
    versions: Vec<(Range<usize>, String)>,
}

/// The look of a cursor: the cell under it.
#[derive(Clone, PartialEq)]
struct CursorForm {
    text: CanvasCell,
}

/// The position of a cursor, in cells, and the number of its form.
#[derive(Clone, Copy, PartialEq, Eq)]
struct CursorPlace {
    column: usize,
    row: usize,
    form: usize,
}

/// The way an animation is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Playing {
    /// Repeatedly.
    Loop,
    /// Once; then the last frame stays.
    Once,
}

impl SvgWriter {
    /// Starts a picture. Its window, if there is one, has a separate title.
    pub fn new(kind: Kind, layout: Layout, theme: Theme, title: &str, window_title: &str) -> SvgWriter {
        let styles = Styles::new(theme.foreground);
        SvgWriter {
            kind,
            tape: Tape::new(layout.grid.rows.into()),
            layout,
            theme,
            title: title.to_string(),
            window_title: window_title.to_string(),
            styles,
            contents: vec![None],
            numbers: HashMap::new(),
            rows: Vec::new(),
            times: Vec::new(),
            cursors: Vec::new(),
            cursor: Vec::new(),
            last_text: String::new(),
        }
    }

    /// Shows the canvas from a time on; the first one is shown from the start.
    pub fn frame(&mut self, time: Time, canvas: &Canvas) {
        let moment = Moment::try_from(self.times.len()).unwrap_or(Moment::MAX);
        self.times.push(if moment == 0 { Time::ZERO } else { time });
        self.rows.resize(self.layout.grid.rows.into(), (Vec::new(), BLANK));
        let known = self.contents.len();
        for index in 0..self.rows.len() {
            let cells = canvas.row(index);
            if self.rows[index].0 != cells {
                let content = self.content(cells);
                self.rows[index] = (cells.to_vec(), content);
            }
        }
        let rows: Vec<Content> = self.rows.iter().map(|(_, content)| *content).collect();
        let contents = &self.contents;
        self.tape.show(moment, &rows, |content| {
            let content = content as usize;
            let length = contents.get(content).and_then(Option::as_ref).map_or(0, Markup::len);
            (length, content < known && length >= SHORTEST_REUSED)
        });
        let place = canvas.cursor.map(|cursor| self.cursor_place(cursor, canvas));
        if self.cursor.last().is_none_or(|(_, last)| *last != place) {
            self.cursor.push((moment, place));
        }
        self.last_text = text_of(canvas);
    }

    /// The number of a row's contents.
    fn content(&mut self, cells: &[CanvasCell]) -> Content {
        let Some(markup) = row::markup(cells, self.kind, &self.theme, &self.layout.metrics, &mut self.styles)
        else {
            return BLANK;
        };
        let mut hasher = DefaultHasher::new();
        markup.hash(&mut hasher);
        let hash = hasher.finish();
        let known = self.numbers.get(&hash).copied();
        if let Some(number) = known.filter(|&number| self.markup(number) == Some(&markup)) {
            return number;
        }
        let number = Content::try_from(self.contents.len()).unwrap_or(BLANK);
        self.contents.push(Some(markup));
        self.numbers.insert(hash, number);
        number
    }

    fn markup(&self, content: Content) -> Option<&Markup> {
        self.contents.get(content as usize)?.as_ref()
    }

    fn cursor_place(&mut self, Cursor { column, row, look }: Cursor, canvas: &Canvas) -> CursorPlace {
        let under = canvas.row(row).get(column).cloned();
        let text = CanvasCell { look, link: None, ..under.unwrap_or(CanvasCell::blank(look)) };
        let form = CursorForm { text };
        let known = self.cursors.iter().position(|other| *other == form);
        let form = known.unwrap_or_else(|| {
            self.cursors.push(form);
            self.cursors.len() - 1
        });
        CursorPlace { column, row, form }
    }

    /// Writes the animation, which ends at a time.
    ///
    /// # Errors
    ///
    /// Errors of the sink.
    pub fn finish(mut self, mut out: impl Write, end: Time, playing: Playing) -> io::Result<()> {
        let mut keyframes = Keyframes::new(std::mem::take(&mut self.times), end);
        let height = i64::from(self.layout.metrics.cell.height);
        let moved = |timeline: &[(Moment, i64)], distance: &dyn Fn(i64) -> i64| {
            let value =
                |&(moment, line): &(Moment, i64)| (moment, format!("translateY({}px)", distance(line)));
            timeline.iter().map(value).collect::<Vec<_>>()
        };
        let camera = keyframes.animate(&moved(&self.tape.camera, &|top| -top * height));
        let curtain = keyframes.animate(&moved(&self.tape.curtain, &|lowest| (lowest + 1) * height));
        // Their contents are written only after the style, so that they are never in memory twice.
        let mut lines: Vec<Strip> = Vec::new();
        for (number, line) in self.tape.lines() {
            let animation = keyframes.animate(&self.changes(&line));
            if line.versions.iter().any(|&content| content != BLANK) {
                let versions = vec![(0..line.versions.len(), String::new())];
                lines.push(Strip { number, line, animation, versions });
            }
        }
        let chunks = self.take_out(&mut lines, &mut keyframes);
        let mut cursor = String::new();
        self.push_cursor(&mut keyframes, &mut cursor);

        let count = if playing == Playing::Loop { "infinite" } else { "forwards" };
        let rules = format!(
            ".m{{animation:{end}s step-end {count}}}\
             @media(prefers-reduced-motion){{.m{{animation-play-state:paused;animation-delay:-{}s}}}}",
            end.since(Time::from_micros(1000)),
        );
        self.write_head(&mut out, &[&rules, keyframes.rules()], "")?;
        drop(keyframes);
        write!(out, "<g{camera}>")?;
        let uses = self.uses(&lines);
        let mut placed = HashMap::new();
        write_nested(&mut out, 0..chunks.len(), &mut |out, index| {
            let (chunk, appearance) = &chunks[index];
            write_group(out, appearance, chunk.clone(), &mut |out, index| {
                self.write_line(out, &lines[index], &uses, &mut placed)
            })
        })?;
        // The curtain, which hides the lines that are not written yet.
        let (width, height) = (self.layout.grid_width(), self.layout.grid_height());
        write!(out, "<g{curtain}><path class=\"bg\" d=\"M0 0H{width}V{height}H0z\"/></g></g>{cursor}")?;
        write_tail(&mut out)
    }

    /// Writes a still of the last frame.
    ///
    /// # Errors
    ///
    /// Errors of the sink.
    pub fn finish_still(mut self, mut out: impl Write) -> io::Result<()> {
        let mut body = String::new();
        let height = i64::from(self.layout.metrics.cell.height);
        for (row, (_, content)) in (0..).zip(&self.rows) {
            if let Some(markup) = self.markup(*content) {
                markup.push(None, 0, row * height, &self.layout.metrics, &mut body);
            }
        }
        let mut keyframes = Keyframes::new(Vec::new(), Time::ZERO);
        if let Some((_, place)) = self.cursor.pop() {
            self.cursor = vec![(0, place)];
        }
        self.push_cursor(&mut keyframes, &mut body);
        self.write_head(&mut out, &[], " class=\"screen\"")?;
        out.write_all(body.as_bytes())?;
        write_tail(&mut out)
    }

    /// Removes lines out of sight from a large picture. Returns the lines in chunks, with the
    /// attributes of each.
    fn take_out(&self, lines: &mut [Strip], keyframes: &mut Keyframes) -> Vec<(Range<usize>, String)> {
        if lines.iter().map(|strip| strip.line.versions.len()).sum::<usize>() <= MANY {
            return vec![(0..lines.len(), String::new())];
        }
        let sight = Sight::new(self.layout.grid.rows.into(), &self.tape.camera);
        let chunks = sight.chunks(lines.iter().map(|strip| (strip.number, &strip.line)));
        let bounds: Vec<(i64, i64)> =
            chunks.iter().map(|chunk| (lines[chunk.start].number, lines[chunk.end - 1].number)).collect();
        let mut attributes = Vec::new();
        for (chunk, seen) in chunks.into_iter().zip(sight.of_chunks(&bounds)) {
            let mut attribute = String::new();
            match &mut lines[chunk.clone()] {
                [strip] if !strip.line.changes.is_empty() => {
                    let versions = of_versions(&strip.line, &seen).into_iter();
                    strip.versions =
                        versions.map(|(versions, seen)| (versions, keyframes.appear(&seen))).collect();
                }
                _ => attribute = keyframes.appear(&seen),
            }
            attributes.push((chunk, attribute));
        }
        attributes
    }

    /// The number of times each content occurs on the tape.
    fn uses(&self, lines: &[Strip]) -> Vec<u32> {
        let mut uses = vec![0; self.contents.len()];
        for &content in lines.iter().flat_map(|strip| &strip.line.versions) {
            if let Some(count) = uses.get_mut(content as usize) {
                *count += 1;
            }
        }
        uses
    }

    /// The distance from one version of a line to the next: far enough that no part of one is
    /// visible next to the other.
    fn pitch(&self) -> i64 {
        i64::from(self.layout.grid_width() + u32::from(self.layout.metrics.cell.width))
    }

    /// The movements of a line between its versions.
    fn changes(&self, line: &Line) -> Vec<(Moment, String)> {
        let value = |&(moment, version): &(Moment, u32)| match -self.pitch() * i64::from(version) {
            0 => (moment, "none".to_string()),
            x => (moment, format!("translateX({x}px)")),
        };
        line.changes.iter().map(value).collect()
    }

    /// Writes a line of the tape: its only version, or all of them side by side.
    fn write_line(
        &self,
        out: &mut dyn Write,
        Strip { number, line, animation, versions }: &Strip,
        uses: &[u32],
        placed: &mut HashMap<Content, (usize, i64, i64)>,
    ) -> io::Result<()> {
        let y = *number * i64::from(self.layout.metrics.cell.height);
        let mut text = String::new();
        let mut write_version = |out: &mut dyn Write, index: usize| {
            let content = line.versions.get(index).copied().unwrap_or(BLANK);
            let Some(markup) = self.markup(content) else { return Ok(()) };
            let x = i64::try_from(index).unwrap_or(i64::MAX) * self.pitch();
            text.clear();
            if let Some(&(id, first_x, first_y)) = placed.get(&content) {
                let place = |name: &str, value: i64| {
                    if value == 0 { String::new() } else { format!(" {name}=\"{value}\"") }
                };
                let (dx, dy) = (place("x", x - first_x), place("y", y - first_y));
                let _ = write!(text, "<use{dx}{dy} href=\"#r{id}\"/>");
            } else {
                let is_reused = uses.get(content as usize).is_some_and(|&uses| uses > 1);
                let id = (is_reused && markup.len() >= SHORTEST_REUSED).then_some(placed.len());
                if let Some(id) = id {
                    placed.insert(content, (id, x, y));
                }
                markup.push(id, x, y, &self.layout.metrics, &mut text);
            }
            out.write_all(text.as_bytes())
        };
        if line.changes.is_empty() {
            return write_version(out, 0);
        }
        write!(out, "<g{animation}>")?;
        write_nested(out, 0..versions.len(), &mut |out, index| {
            let (chunk, appearance) = &versions[index];
            write_group(out, appearance, chunk.clone(), &mut write_version)
        })?;
        out.write_all(b"</g>")
    }

    fn push_cursor(&mut self, keyframes: &mut Keyframes, body: &mut String) {
        let metrics = self.layout.metrics;
        let (width, height) = (usize::from(metrics.cell.width), usize::from(metrics.cell.height));
        if self.cursor.iter().all(|(_, place)| place.is_none()) {
            return;
        }
        // Two cells for a wide character, one for nothing.
        let pitch = 3 * width;
        let place = |place: Option<CursorPlace>| match place {
            Some(CursorPlace { column, row, .. }) => {
                format!("translate({}px,{}px)", column * width, row * height)
            }
            None => format!("translateY(-{height}px)"),
        };
        let places: Vec<(Moment, String)> =
            self.cursor.iter().map(|&(moment, at)| (moment, place(at))).collect();
        let mut forms: Vec<(Moment, String)> = Vec::new();
        for &(moment, at) in &self.cursor {
            if let Some(CursorPlace { form, .. }) = at {
                let value = format!("translateX(-{}px)", form * pitch);
                if forms.last().is_none_or(|(_, last)| *last != value) {
                    forms.push((moment, value));
                }
            }
        }
        let is_still = keyframes.is_empty_of_frames();
        let (outer, inner) = if is_still {
            let place = |values: &[(Moment, String)]| {
                values.last().map_or_else(String::new, |(_, value)| {
                    format!(" transform=\"{}\"", value.replace("px", ""))
                })
            };
            (place(&places), String::new())
        } else {
            let inner = if self.cursors.len() > 1 { keyframes.animate(&forms) } else { String::new() };
            (keyframes.animate(&places), inner)
        };
        let forms = std::mem::take(&mut self.cursors);
        let current = self.cursor.last().and_then(|(_, place)| *place).map_or(0, |place| place.form);
        let shown = if is_still { forms.get(current..=current).unwrap_or_default() } else { &forms[..] };
        let mut strip = Vec::new();
        for (index, CursorForm { text }) in shown.iter().enumerate() {
            let mut out = String::new();
            // As a row of its own, whose background is never that of the theme.
            let mut theme = self.theme.clone();
            theme.background = text.look.foreground;
            let cells = [text.clone(), CanvasCell { columns: 0, ..CanvasCell::blank(text.look) }];
            let cells = &cells[..usize::from(text.columns.clamp(1, 2))];
            if let Some(markup) = row::markup(cells, self.kind, &theme, &metrics, &mut self.styles) {
                markup.push(None, (index * pitch) as i64, 0, &metrics, &mut out);
            }
            strip.push(out);
        }
        let _ = write!(body, "<g{outer}><svg width=\"{}\" height=\"{height}\"><g{inner}>", 2 * width);
        // Built from text.
        let mut nested = Vec::new();
        let _ = write_nested(&mut nested, 0..strip.len(), &mut |out, index| {
            out.write_all(strip[index].as_bytes())
        });
        body.push_str(&String::from_utf8_lossy(&nested));
        body.push_str("</g></svg></g>");
    }

    /// Writes everything before the contents of the screen; `class` is an attribute of these.
    fn write_head(&self, out: &mut impl Write, rules: &[&str], class: &str) -> io::Result<()> {
        let Layout { metrics, margin_x, .. } = self.layout;
        let (width, height) = (self.layout.width(), self.layout.height());
        let mut head = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" xml:space=\"preserve\"><title>"
        );
        push_text(&self.title, &mut head);
        head.push_str("</title><desc>");
        push_text(&self.last_text, &mut head);
        head.push_str("</desc>");
        // In most faces the advance is six tenths of the size; text in other faces is adjusted to
        // that.
        let hundredths = (f32::from(metrics.cell.width) * 100.0 / 0.6).round() as u32;
        let (pixels, rest) = (hundredths / 100, hundredths % 100);
        let _ = write!(
            head,
            "<style>svg{{fill:{};font:{pixels}.{rest:02}px {FONTS};shape-rendering:crispEdges}}\
             text{{white-space:pre;direction:ltr;unicode-bidi:bidi-override;font-variant-ligatures:none;\
             font-size-adjust:ch-width .6;text-rendering:geometricPrecision}}\
             .n{{fill:{};font-weight:400;font-style:normal}}.b{{font-weight:700}}.i{{font-style:italic}}\
             .g{{shape-rendering:auto}}.l{{fill:none;shape-rendering:auto}}.bg{{fill:{}}}{}",
            hex(self.theme.foreground),
            hex(self.theme.foreground),
            hex(self.theme.background),
            self.styles.rules(),
        );
        out.write_all(head.as_bytes())?;
        rules.iter().try_for_each(|rules| out.write_all(rules.as_bytes()))?;
        let corner = if self.layout.bar > 0 { " rx=\"8\" shape-rendering=\"auto\"" } else { "" };
        write!(out, "</style><rect class=\"bg\" width=\"{width}\" height=\"{height}\"{corner}/>")?;
        let mut window = String::new();
        self.push_window(&mut window);
        write!(
            out,
            "{window}<svg x=\"{margin_x}\" y=\"{}\" width=\"{}\" height=\"{}\"><g{class}>",
            self.layout.grid_top(),
            self.layout.grid_width(),
            self.layout.grid_height(),
        )
    }

    fn push_window(&self, out: &mut String) {
        let (width, bar) = (self.layout.width(), self.layout.bar);
        if bar == 0 {
            return;
        }
        let Look { background, foreground, .. } = window::look(&self.theme);
        let _ = write!(
            out,
            "<path class=\"g\" style=\"fill:{}\" d=\"M0 8a8 8 0 0 1 8-8H{}a8 8 0 0 1 8 8V{bar}H0z\"/>",
            hex(background),
            width.saturating_sub(8),
        );
        for (index, color) in (0..).zip(BUTTONS) {
            let (x, y) = (window::button_x(index), bar / 2);
            let _ = write!(
                out,
                "<circle class=\"g\" style=\"fill:{}\" cx=\"{x}\" cy=\"{y}\" r=\"{BUTTON_RADIUS}\"/>",
                hex(color)
            );
        }
        let (title, _) = window::fitted_title(&self.window_title, &self.layout);
        let title: String = title.into_iter().map(|(character, _)| character).collect();
        let metrics = self.layout.metrics;
        let y = (bar - u32::from(metrics.cell.height).min(bar)) / 2 + metrics.baseline as u32;
        let _ = write!(
            out,
            "<text style=\"fill:{}\" text-anchor=\"middle\" x=\"{}\" y=\"{y}\">",
            hex(foreground),
            width / 2
        );
        push_text(&title, out);
        out.push_str("</text>");
    }
}

/// Writes everything after the contents of the screen.
fn write_tail(out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"</g></svg></svg>\n")?;
    out.flush()
}

/// Writes elements as a group with these attributes, or without a group if there are none.
fn write_group(
    out: &mut dyn Write,
    attributes: &str,
    elements: Range<usize>,
    write: &mut dyn FnMut(&mut dyn Write, usize) -> io::Result<()>,
) -> io::Result<()> {
    if attributes.is_empty() {
        return write_nested(out, elements, write);
    }
    write!(out, "<g{attributes}>")?;
    write_nested(out, elements, write)?;
    out.write_all(b"</g>")
}

/// Writes elements, in nested groups if there are many.
fn write_nested(
    out: &mut dyn Write,
    elements: Range<usize>,
    write: &mut dyn FnMut(&mut dyn Write, usize) -> io::Result<()>,
) -> io::Result<()> {
    let count = elements.len();
    if count <= GROUP {
        return elements.into_iter().try_for_each(|element| write(out, element));
    }
    let mut size = GROUP;
    while size * GROUP < count {
        size *= GROUP;
    }
    for start in elements.clone().step_by(size) {
        out.write_all(b"<g>")?;
        write_nested(out, start..elements.end.min(start + size), write)?;
        out.write_all(b"</g>")?;
    }
    Ok(())
}

/// The text of a screen, without trailing blanks and trailing blank lines.
fn text_of(canvas: &Canvas) -> String {
    let mut text = String::new();
    for row in 0..usize::from(canvas.size().rows) {
        let cells = canvas.row(row).iter().filter(|cell| cell.columns > 0);
        let line: String = cells.map(CanvasCell::text).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.trim_end().to_string()
}
