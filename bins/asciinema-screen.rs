//! Prints the screen of a cast at a given time: as text, as the bytes that draw it, or as JSON.
//!
//! Memory use is that of one terminal, whatever the length of the cast. A damaged cast is shown up
//! to the damaged line.

use std::process::ExitCode;

use common::cast::{Code, Event, Fault, Header, Time};
use common::cli::{self, Program, catalog};
use common::edit::Position;
use common::filter::{self, Args, Filter, Output};
use common::screen::{Cell, Color, CursorShape, Row, Screen, Style, StyledCell, Underline};
use serde_json::{Map, Value, json};

const PROGRAM: Program = catalog::program("asciinema-screen");

/// The number of rows kept above the screen, which reappear when it becomes taller.
const SCROLLBACK: usize = 1000;

#[derive(Clone, Copy)]
enum Format {
    Text,
    Ansi,
    Json,
}

struct Still {
    /// The time to print; `None` for the end.
    at: Option<Position>,
    format: Format,
    screen: Option<Screen>,
    /// The time of the last event up to there.
    time: Time,
    /// True once a later event has been read.
    is_over: bool,
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Still> {
    let (mut at, mut format) = (None, Format::Text);
    while let Some(option) = args.next()? {
        match option {
            "--at" => at = Some(args.position()?),
            "-f" | "--format" => {
                format =
                    args.choice(&[("text", Format::Text), ("ansi", Format::Ansi), ("json", Format::Json)])?;
            }
            _ => return Err(args.unexpected(option)),
        }
    }
    Ok(Still { at, format, screen: None, time: Time::ZERO, is_over: false })
}

impl Filter for Still {
    fn header(&mut self, header: Header, _: &mut Output) -> Result<(), Fault> {
        self.screen = Some(Screen::new(header.size, SCROLLBACK)?);
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>, _: &mut Output) -> Result<(), Fault> {
        let end = self.at.as_ref().and_then(Position::time);
        self.is_over |= end.is_some_and(|end| event.time > end);
        if self.is_over {
            return Ok(());
        }
        if let Some(at) = &mut self.at {
            at.observe(event);
        }
        self.time = event.time;
        let Some(screen) = &mut self.screen else { return Ok(()) };
        match event.resize() {
            Some(size) => screen.resize(size)?,
            None if event.code == Code::Output => screen.feed(&event.text()?),
            None => {}
        }
        Ok(())
    }

    fn ignored(&mut self, _: &[u8], _: &mut Output) {}

    fn damaged(&mut self, _: u64, _: &Fault, output: &mut Output) {
        self.print(output);
    }

    fn end(&mut self, output: &mut Output) -> Result<(), String> {
        if let Some(at) = self.at.as_ref().filter(|at| at.time().is_none()) {
            return Err(format!("the cast has no {at}"));
        }
        self.print(output);
        Ok(())
    }
}

impl Still {
    fn print(&self, output: &mut Output) {
        let Some(screen) = &self.screen else { return };
        let out = output.bytes_mut();
        match self.format {
            Format::Text => {
                for line in screen.text() {
                    out.extend_from_slice(line.as_bytes());
                    out.push(b'\n');
                }
            }
            Format::Ansi => out.extend_from_slice(screen.drawing().as_bytes()),
            Format::Json => {
                out.extend_from_slice(self.json(screen).to_string().as_bytes());
                out.push(b'\n');
            }
        }
    }

    fn json(&self, screen: &Screen) -> Value {
        let cursor = screen.cursor();
        let lines: Vec<Value> = screen
            .rows()
            .map(|row| json!({ "wrapped": row.is_wrapped(), "spans": spans(screen, row) }))
            .collect();
        json!({
            "time": self.time.as_micros() as f64 / 1e6,
            "cols": screen.size().cols,
            "rows": screen.size().rows,
            "cursor": {
                "col": cursor.col,
                "row": cursor.row,
                "visible": cursor.is_visible,
                "shape": shape(cursor.shape),
            },
            "title": screen.title(),
            "alternate": screen.is_alternate(),
            "lines": lines,
        })
    }
}

/// The text of a row in spans of one style each, up to the last cell that is not blank.
fn spans(screen: &Screen, row: &Row<StyledCell>) -> Vec<Value> {
    let used =
        row.characters().filter(|(_, cell)| !cell.is_blank()).map(|(col, _)| col + 1).max().unwrap_or(0);
    let mut spans: Vec<(Style, String)> = Vec::new();
    let mut col_style = Style::default();
    let mut last_col = None;
    for (col, cell) in row.characters().take_while(|(col, _)| *col < used) {
        // A combining character has the style of its base character.
        if last_col.replace(col) != Some(col) {
            col_style = screen.style(cell);
        }
        match spans.last_mut() {
            Some((style, text)) if *style == col_style => text.push(cell.character()),
            _ => spans.push((col_style, cell.character().to_string())),
        }
    }
    spans.into_iter().map(|(style, text)| span(screen, style, text)).collect()
}

/// A span: its text, and the attributes of its style that are not the defaults.
fn span(screen: &Screen, style: Style, text: String) -> Value {
    let mut span = Map::new();
    span.insert("text".to_string(), Value::from(text));
    for (name, color) in
        [("fg", style.foreground), ("bg", style.background), ("underline_color", style.underline_color)]
    {
        match color {
            Color::Default => continue,
            Color::Indexed(index) => span.insert(name.to_string(), Value::from(index)),
            Color::Rgb(red, green, blue) => {
                span.insert(name.to_string(), Value::from(format!("#{red:02x}{green:02x}{blue:02x}")))
            }
        };
    }
    for (name, is_set) in [
        ("bold", style.bold),
        ("faint", style.faint),
        ("italic", style.italic),
        ("blink", style.blink),
        ("inverse", style.inverse),
        ("concealed", style.conceal),
        ("strikethrough", style.strikethrough),
        ("overline", style.overline),
    ] {
        if is_set {
            span.insert(name.to_string(), Value::from(true));
        }
    }
    if style.underline != Underline::None {
        span.insert("underline".to_string(), Value::from(style.underline.name()));
    }
    if let Some(link) = style.link.and_then(|id| screen.link(id)) {
        span.insert("link".to_string(), Value::from(link.uri.as_str()));
    }
    Value::from(span)
}

fn shape(shape: CursorShape) -> &'static str {
    match shape {
        CursorShape::Default => "default",
        CursorShape::BlinkingBlock => "blinking-block",
        CursorShape::Block => "block",
        CursorShape::BlinkingUnderline => "blinking-underline",
        CursorShape::Underline => "underline",
        CursorShape::BlinkingBar => "blinking-bar",
        CursorShape::Bar => "bar",
    }
}
