//! The start of the output: the header of a cast, or the first events of an appended part.

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

use common::cast::{Code, HeaderBuilder, Precision, Time, Version, Writer};
use common::size::Size;

use crate::inquiry::{Appearance, Theme};
use crate::options::{Format, Options};
use crate::target::Begin;

/// The start of the output. A header is completed once the terminal has replied.
pub enum Front<'a> {
    Header {
        options: &'a Options,
        version: Version,
        size: Size,
        /// When the session started, in seconds since 1970.
        timestamp: u64,
    },
    /// Ready to be written.
    Text(Vec<u8>),
}

impl Front<'_> {
    pub fn of<'a>(begin: &Begin, options: &'a Options, size: Size) -> Front<'a> {
        match (begin, options.format) {
            (Begin::New(_) | Begin::AfterOutput(_), Format::Text) => Front::Text(Vec::new()),
            (Begin::New(_), Format::Raw) | (Begin::AfterOutput(_), _) => {
                Front::Text(size.sequence().into_bytes())
            }
            (Begin::New(_), Format::Cast(version)) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH);
                Front::Header { options, version, size, timestamp: now.map_or(0, |now| now.as_secs()) }
            }
            (&Begin::After { version, time, size: last_size, needs_line_end, .. }, _) => {
                let mut text = if needs_line_end { vec![b'\n'] } else { Vec::new() };
                if size != last_size {
                    let time = if version == Version::V2 { time } else { Time::ZERO };
                    let mut writer = Writer::new(version, Precision::of_recordings(version));
                    writer.event(time, Code::Resize, &size.to_string(), &mut text);
                }
                Front::Text(text)
            }
        }
    }

    /// The text, including what the terminal has answered about itself.
    pub fn text(self, appearance: &Appearance) -> Vec<u8> {
        match self {
            Front::Text(text) => text,
            Front::Header { options, version, size, timestamp } => {
                header(options, version, size, timestamp, appearance).into_bytes()
            }
        }
    }
}

fn header(
    options: &Options,
    version: Version,
    size: Size,
    timestamp: u64,
    appearance: &Appearance,
) -> String {
    let limit = options.idle_time_limit.map(|limit| format!("{:?}", limit.as_micros() as f64 / 1e6));
    let variable = |name: &str| Some((name.to_string(), env::var_os(name)?.to_string_lossy().into_owned()));
    let mut variables: Vec<(String, String)> = options.env.iter().filter_map(|name| variable(name)).collect();
    let mut header = HeaderBuilder::new(version);
    match version {
        Version::V2 => {
            header.add("width", &size.cols.to_string());
            header.add("height", &size.rows.to_string());
        }
        Version::V3 => {
            let mut term = HeaderBuilder::nested(version);
            term.add("cols", &size.cols.to_string());
            term.add("rows", &size.rows.to_string());
            if let Some((_, kind)) = variable("TERM") {
                term.add_text("type", &kind);
            }
            if let Some(name) = &appearance.version {
                term.add_text("version", name);
            }
            if let Some(theme) = &appearance.theme {
                term.add("theme", &object(theme, version));
            }
            header.add("term", term.finish().trim_end());
            variables.retain(|(name, _)| name != "TERM");
        }
    }
    header.add("timestamp", &timestamp.to_string());
    if let Some(limit) = limit {
        header.add("idle_time_limit", &limit);
    }
    // 2.4 writes the environment before the title and no command; 3.x writes it last.
    if version == Version::V2 {
        header.add_object("env", &variables);
    }
    if let (Version::V3, Some(command)) = (version, &options.command) {
        header.add_text("command", &command.to_string_lossy());
    }
    if let Some(title) = options.title.as_ref().filter(|title| !title.is_empty()) {
        header.add_text("title", title);
    }
    if version == Version::V3 && !variables.is_empty() {
        header.add_object("env", &variables);
    }
    if let (Version::V2, Some(theme)) = (version, &appearance.theme) {
        header.add("theme", &object(theme, version));
    }
    header.finish()
}

/// The theme as a JSON object.
fn object(theme: &Theme, version: Version) -> String {
    let mut object = HeaderBuilder::nested(version);
    object.add_text("fg", &theme.foreground);
    object.add_text("bg", &theme.background);
    object.add_text("palette", &theme.palette.join(":"));
    object.finish().trim_end().to_string()
}
