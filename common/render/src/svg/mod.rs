//! SVG: animations that need nothing but CSS, and stills.
//!
//! An animation is a `tape` of lines under a camera. It plays wherever a browser shows it, in an
//! `<img>` too, where nothing is loaded and no script runs. Text is text: it can be searched and
//! copied, and links can be followed.
//!
//! What is seen is kept in memory as markup, each row once.

mod animation;
mod row;
mod styles;
mod tape;
mod text;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use common::cast::Time;

use crate::canvas::{Canvas, CanvasCell, Cursor};
use crate::layout::Layout;
use crate::raster::Look;
use crate::theme::Theme;
use crate::window::{self, BUTTON_RADIUS, BUTTONS};
use animation::Keyframes;
use row::Markup;
use styles::Styles;
pub use styles::hex;
use tape::{BLANK, Content, Line, Moment, Tape};
pub use text::push_text;

/// Where text looks for its font.
const FONTS: &str = "\"JetBrains Mono\",ui-monospace,\"Cascadia Mono\",Menlo,Consolas,\"DejaVu Sans Mono\",\
                     \"Liberation Mono\",monospace";

/// How many elements are siblings, at most. A browser passes over a group that is out of sight, so
/// lines and versions are grouped, and groups of them again.
const GROUP: usize = 16;

/// The shortest markup that is referred to instead of repeated.
const SHORTEST_REUSED: usize = 60;

/// A picture in the making.
pub struct SvgWriter {
    layout: Layout,
    theme: Theme,
    /// Of the picture.
    title: String,
    /// Of its window.
    window_title: String,
    styles: Styles,
    /// What rows show, by number; a blank one shows nothing.
    contents: Vec<Option<Markup>>,
    numbers: HashMap<Markup, Content>,
    tape: Tape,
    /// The rows of the last frame, and their numbers.
    rows: Vec<(Vec<CanvasCell>, Content)>,
    times: Vec<Time>,
    cursors: Vec<CursorForm>,
    cursor: Vec<(Moment, Option<CursorPlace>)>,
    last_text: String,
}

/// What a cursor looks like: the cell under it.
#[derive(Clone, PartialEq)]
struct CursorForm {
    text: CanvasCell,
}

/// Where a cursor is, in cells, and which of the forms it has.
#[derive(Clone, Copy, PartialEq, Eq)]
struct CursorPlace {
    column: usize,
    row: usize,
    form: usize,
}

/// How an animation is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Playing {
    /// Again and again.
    Loop,
    /// Once; then the last frame stays.
    Once,
}

impl SvgWriter {
    /// Begins a picture. Where it has a window, that has a title of its own.
    pub fn new(layout: Layout, theme: Theme, title: &str, window_title: &str) -> SvgWriter {
        let styles = Styles::new(theme.foreground);
        SvgWriter {
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

    /// Shows the canvas from a time on; the first one is shown from the beginning.
    pub fn frame(&mut self, time: Time, canvas: &Canvas) {
        let moment = self.times.len();
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
            let length = contents.get(content).and_then(Option::as_ref).map_or(0, Markup::len);
            (length, content < known && length >= SHORTEST_REUSED)
        });
        let place = canvas.cursor.map(|cursor| self.cursor_place(cursor, canvas));
        if self.cursor.last().is_none_or(|(_, last)| *last != place) {
            self.cursor.push((moment, place));
        }
        self.last_text = text_of(canvas);
    }

    /// The number of what a row shows.
    fn content(&mut self, cells: &[CanvasCell]) -> Content {
        let Some(markup) = row::markup(cells, &self.theme, &self.layout.metrics, &mut self.styles) else {
            return BLANK;
        };
        let next = self.contents.len();
        let number = *self.numbers.entry(markup.clone()).or_insert(next);
        if number == next {
            self.contents.push(Some(markup));
        }
        number
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
    /// Those of the sink.
    pub fn finish(mut self, mut out: impl Write, end: Time, playing: Playing) -> io::Result<()> {
        let mut keyframes = Keyframes::new(std::mem::take(&mut self.times), end);
        let height = i64::from(self.layout.metrics.cell.height);
        let mut body = String::new();
        let camera: Vec<(Moment, String)> = self
            .tape
            .camera
            .iter()
            .map(|&(moment, top)| (moment, format!("translateY({}px)", -top * height)))
            .collect();
        let camera = keyframes.animate(&camera);
        let _ = write!(body, "<g{camera}>");
        let lines = self.tape.lines();
        let uses = self.uses(&lines);
        let mut placed: HashMap<Content, (usize, i64, i64)> = HashMap::new();
        let lines: Vec<String> = lines
            .iter()
            .map(|(number, line)| self.line(*number, line, &uses, &mut placed, &mut keyframes))
            .collect();
        push_nested(lines.into_iter().filter(|line| !line.is_empty()).collect(), &mut body);
        self.push_curtain(&mut keyframes, &mut body);
        body.push_str("</g>");
        self.push_cursor(&mut keyframes, &mut body);

        let seconds = end.as_micros() as f64 / 1e6;
        let count = if playing == Playing::Loop { "infinite" } else { "forwards" };
        let rules = format!(
            ".m{{animation:{seconds}s step-end {count}}}\
             @media(prefers-reduced-motion){{.m{{animation-play-state:paused;animation-delay:-{}s}}}}{}",
            (seconds - 0.001).max(0.0),
            keyframes.rules()
        );
        self.write_document(&mut out, &rules, "", &body)
    }

    /// Writes a still of the last frame.
    ///
    /// # Errors
    ///
    /// Those of the sink.
    pub fn finish_still(mut self, mut out: impl Write) -> io::Result<()> {
        let mut body = String::new();
        let height = i64::from(self.layout.metrics.cell.height);
        for (row, (_, content)) in (0..).zip(&self.rows) {
            if let Some(Some(markup)) = self.contents.get(*content) {
                markup.push(None, 0, row * height, &self.layout.metrics, &mut body);
            }
        }
        let mut keyframes = Keyframes::new(Vec::new(), Time::ZERO);
        if let Some((_, place)) = self.cursor.pop() {
            self.cursor = vec![(0, place)];
        }
        self.push_cursor(&mut keyframes, &mut body);
        self.write_document(&mut out, "", " class=\"screen\"", &body)
    }

    /// How often each content stands on the tape.
    fn uses(&self, lines: &[(i64, Line)]) -> Vec<usize> {
        let mut uses = vec![0; self.contents.len()];
        for &content in lines.iter().flat_map(|(_, line)| &line.versions) {
            uses[content] += 1;
        }
        uses
    }

    /// A line of the tape: its only version, or all of them side by side.
    fn line(
        &self,
        number: i64,
        line: &Line,
        uses: &[usize],
        placed: &mut HashMap<Content, (usize, i64, i64)>,
        keyframes: &mut Keyframes,
    ) -> String {
        let y = number * i64::from(self.layout.metrics.cell.height);
        // So far that nothing of a version is seen beside another.
        let pitch = i64::from(self.layout.grid_width() + u32::from(self.layout.metrics.cell.width));
        let version = |(index, &content): (i64, &Content), placed: &mut HashMap<_, _>| {
            let mut out = String::new();
            let Some(Some(markup)) = self.contents.get(content) else { return out };
            let x = index * pitch;
            let is_reused = uses[content] > 1 && markup.len() >= SHORTEST_REUSED;
            match placed.get(&content) {
                Some(&(id, first_x, first_y)) => {
                    let (dx, dy): (i64, i64) = (x - first_x, y - first_y);
                    let place = |name: &str, value: i64| {
                        if value == 0 { String::new() } else { format!(" {name}=\"{value}\"") }
                    };
                    let _ = write!(out, "<use{}{} href=\"#r{id}\"/>", place("x", dx), place("y", dy));
                }
                None => {
                    let id = is_reused.then_some(placed.len());
                    if let Some(id) = id {
                        placed.insert(content, (id, x, y));
                    }
                    markup.push(id, x, y, &self.layout.metrics, &mut out);
                }
            }
            out
        };
        if line.changes.is_empty() {
            return line.versions.first().map_or_else(String::new, |content| version((0, content), placed));
        }
        let changes: Vec<(Moment, String)> = line
            .changes
            .iter()
            .map(|&(moment, version)| {
                let x = -pitch * i64::try_from(version).unwrap_or(i64::MAX);
                (moment, if x == 0 { "none".to_string() } else { format!("translateX({x}px)") })
            })
            .collect();
        let versions: Vec<String> = (0..).zip(&line.versions).map(|each| version(each, placed)).collect();
        let mut out = format!("<g{}>", keyframes.animate(&changes));
        push_nested(versions.into_iter().filter(|version| !version.is_empty()).collect(), &mut out);
        out.push_str("</g>");
        out
    }

    /// What hides the lines that are not written yet.
    fn push_curtain(&self, keyframes: &mut Keyframes, body: &mut String) {
        let height = i64::from(self.layout.metrics.cell.height);
        let values: Vec<(Moment, String)> = self
            .tape
            .curtain
            .iter()
            .map(|&(moment, lowest)| (moment, format!("translateY({}px)", (lowest + 1) * height)))
            .collect();
        let animation = keyframes.animate(&values);
        let (width, height) = (self.layout.grid_width(), self.layout.grid_height());
        let _ = write!(body, "<g{animation}><path class=\"bg\" d=\"M0 0H{width}V{height}H0z\"/></g>");
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
            if let Some(markup) = row::markup(cells, &theme, &metrics, &mut self.styles) {
                markup.push(None, (index * pitch) as i64, 0, &metrics, &mut out);
            }
            strip.push(out);
        }
        let _ = write!(body, "<g{outer}><svg width=\"{}\" height=\"{height}\"><g{inner}>", 2 * width);
        push_nested(strip, body);
        body.push_str("</g></svg></g>");
    }

    fn write_document(&self, out: &mut impl Write, rules: &str, class: &str, body: &str) -> io::Result<()> {
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
        // The advance of most faces is six tenths of their size.
        let font_size = f32::from(metrics.cell.width) / 0.6;
        let _ = write!(
            head,
            "<style>svg{{fill:{};font:{font_size:.2}px {FONTS};shape-rendering:crispEdges}}\
             text{{white-space:pre;direction:ltr;unicode-bidi:bidi-override;font-variant-ligatures:none}}\
             .n{{fill:{};font-weight:400;font-style:normal}}.b{{font-weight:700}}.i{{font-style:italic}}\
             .g{{shape-rendering:auto}}.l{{fill:none;shape-rendering:auto}}.bg{{fill:{}}}{}{rules}</style>",
            hex(self.theme.foreground),
            hex(self.theme.foreground),
            hex(self.theme.background),
            self.styles.rules(),
        );
        let corner = if self.layout.bar > 0 { " rx=\"8\" shape-rendering=\"auto\"" } else { "" };
        let _ = write!(head, "<rect class=\"bg\" width=\"{width}\" height=\"{height}\"{corner}/>");
        self.push_window(&mut head);
        let _ = write!(
            head,
            "<svg x=\"{margin_x}\" y=\"{}\" width=\"{}\" height=\"{}\"><g{class}>",
            self.layout.grid_top(),
            self.layout.grid_width(),
            self.layout.grid_height(),
        );
        out.write_all(head.as_bytes())?;
        out.write_all(body.as_bytes())?;
        out.write_all(b"</g></svg></svg>\n")?;
        out.flush()
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
        for (index, colour) in (0..).zip(BUTTONS) {
            let (x, y) = (window::button_x(index), bar / 2);
            let _ = write!(
                out,
                "<circle class=\"g\" style=\"fill:{}\" cx=\"{x}\" cy=\"{y}\" r=\"{BUTTON_RADIUS}\"/>",
                hex(colour)
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

/// Appends elements, in groups of groups where there are many.
fn push_nested(elements: Vec<String>, out: &mut String) {
    if elements.len() <= GROUP {
        elements.iter().for_each(|element| out.push_str(element));
        return;
    }
    let group = |group: &[String]| match group {
        [only] => only.clone(),
        several => format!("<g>{}</g>", several.concat()),
    };
    push_nested(elements.chunks(GROUP).map(group).collect(), out);
}

/// The text of a screen, without blanks at the ends of its lines and blank lines at its end.
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
