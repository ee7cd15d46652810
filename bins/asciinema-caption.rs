//! Shows captions on the last rows of a cast: its markers, those in a file, or given texts.
//!
//! The cast is otherwise unchanged: when a caption ends, the rows that it covered look as they
//! would without it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::process::ExitCode;

use common::cast::{Code, Event, Fault, Header, Time};
use common::cli::{self, Failure, Program, Reporter, catalog};
use common::edit::{Overlay, Position};
use common::filter::{self, Args, Filter, Output};
use common::formats::{Cue, parse_cues};
use common::screen::{self, Label};
use common::size::Size;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

const PROGRAM: Program = catalog::program("asciinema-caption");

/// The maximum number of rows of a caption.
const MOST_ROWS: usize = 3;

/// The replacement for text that does not fit.
const MORE: &str = "...";

struct Caption {
    /// The duration of a caption without an end of its own.
    duration: Time,
    /// The captions to come, in order; `None` if they are the markers.
    cues: Option<VecDeque<Cue>>,
    overlay: Overlay,
    /// The end of the current caption.
    end: Time,
    /// The latest time so far.
    last: Time,
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Caption> {
    let mut cues: Option<Vec<Cue>> = None;
    let mut texts = Vec::new();
    let mut duration = Time::from_micros(3_000_000);
    while let Some(option) = args.next()? {
        match option {
            "--srt" | "--vtt" => cues.get_or_insert_default().extend(read_cues(&args.value()?)?),
            "--at" => {
                let value = args.text()?;
                let parts = value.split_once('=').and_then(|(time, text)| {
                    Some((Position::parse(time)?.time().filter(|time| *time < Time::MAX)?, text.to_string()))
                });
                let bad = || args.bad_value(&value, "not T=TEXT, as in 75=Done or 1:15=Done");
                texts.push(parts.ok_or_else(bad)?);
            }
            "--for" => duration = args.seconds()?,
            _ => return Err(args.unexpected(option)),
        }
    }
    for (start, text) in texts {
        cues.get_or_insert_default().push(Cue { start, end: start.plus(duration), text });
    }
    if let Some(cues) = &mut cues {
        cues.sort_by_key(|cue| cue.start);
    }
    let overlay = Overlay::new(layout);
    Ok(Caption { duration, cues: cues.map(VecDeque::from), overlay, end: Time::MAX, last: Time::ZERO })
}

/// Reads a caption file.
fn read_cues(path: &OsStr) -> cli::Result<Vec<Cue>> {
    let name = cli::source_name(path);
    let bytes = std::fs::read(path).map_err(|error| Failure::io(&name, &error))?;
    let text = decode(&bytes);
    if matches!(text, Cow::Owned(_)) && text.contains('\u{fffd}') {
        let what = "characters that are not UTF-8 were replaced";
        Reporter::new(PROGRAM.reporter()).warning(&format!("{name}: {what}"));
    }
    parse_cues(&text).map_err(|fault| Failure::Failed(format!("{name}: {fault}")))
}

/// The text of a file: UTF-8, or UTF-16 with a byte order mark.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let pairs = |of: fn([u8; 2]) -> u16| -> Vec<u16> {
        bytes.chunks_exact(2).map(|pair| of([pair[0], pair[1]])).collect()
    };
    match bytes {
        [0xff, 0xfe, ..] => String::from_utf16_lossy(&pairs(u16::from_le_bytes)).into(),
        [0xfe, 0xff, ..] => String::from_utf16_lossy(&pairs(u16::from_be_bytes)).into(),
        _ => String::from_utf8_lossy(bytes),
    }
}

impl Filter for Caption {
    fn header(&mut self, mut header: Header, output: &mut Output) -> Result<(), Fault> {
        let end = header.seconds("duration");
        let is_within = |cue: &Cue| Some(cue.end) <= end;
        // A marker may be near the end.
        if !self.cues.as_ref().is_some_and(|cues| cues.iter().all(is_within)) {
            header.remove("duration");
        }
        output.begin(&header);
        self.overlay.begin(&header)
    }

    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        self.advance(event.time, output);
        self.last = self.last.max(event.time);
        self.overlay.event(event, output)?;
        if event.code == Code::Marker && self.cues.is_none() {
            self.show(&event.text()?, event.time, event.time.plus(self.duration), output);
        }
        Ok(())
    }

    fn damaged(&mut self, _: u64, _: &Fault, output: &mut Output) {
        self.overlay.hide(self.last, output);
    }

    fn end(&mut self, output: &mut Output) -> Result<(), String> {
        self.advance(Time::MAX, output);
        Ok(())
    }
}

impl Caption {
    /// Shows and hides captions up to a time.
    fn advance(&mut self, time: Time, output: &mut Output) {
        loop {
            let next = self.cues.as_ref().and_then(VecDeque::front).map(|cue| cue.start);
            let has_end = self.overlay.is_shown();
            match next.filter(|next| *next <= time) {
                Some(start) if !has_end || start <= self.end => {
                    if let Some(cue) = self.cues.as_mut().and_then(VecDeque::pop_front) {
                        self.show(&cue.text, start, cue.end, output);
                    }
                }
                _ if has_end && self.end <= time => self.overlay.hide(self.end.max(self.last), output),
                _ => return,
            }
        }
    }

    fn show(&mut self, text: &str, start: Time, end: Time, output: &mut Output) {
        let start = start.max(self.last);
        self.end = end;
        if text.trim().is_empty() {
            self.overlay.hide(start, output);
        } else {
            self.overlay.show(text, start, output);
        }
    }
}

/// Lays out a caption on the last rows: as many as needed, each in full width.
fn layout(text: &str, size: Size) -> Vec<Label> {
    let (cols, rows) = (usize::from(size.cols.max(1)), usize::from(size.rows.max(1)));
    // A blank on both sides, if there is room.
    let width = if cols > 8 { cols - 2 } else { cols };
    let lines = lines(text, width, MOST_ROWS.min(rows));
    let first = rows - lines.len();
    let label = |(index, line): (usize, String)| {
        let left = (cols - line.width()) / 2;
        let text = format!("{:left$}{line}", "");
        let padding = cols - text.width();
        Label { position: screen::Position { col: 0, row: first + index }, text: text + &" ".repeat(padding) }
    };
    lines.into_iter().enumerate().map(label).collect()
}

/// Breaks a text into lines of a width, between words if possible; the last allowed line ends in
/// dots if there is more text.
fn lines(text: &str, width: usize, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.lines() {
        let paragraph: String =
            paragraph.chars().map(|c| if c.width().is_none() { ' ' } else { c }).collect();
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.width() + 1 + word.width() > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            for character in word.chars() {
                if !line.is_empty() && line.width() + character.width().unwrap_or(0) > width {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(character);
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
    }
    // A character wider than the screen is dropped.
    lines.retain(|line| line.width() <= width);
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            while last.width() + MORE.len() > width && last.pop().is_some() {}
            if MORE.len() <= width {
                last.push_str(MORE);
            }
        }
    }
    lines
}
