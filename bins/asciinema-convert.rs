//! Turns a cast into another version of the format, into the bytes of its output, or into text.
//!
//! What both versions know is translated, what only one knows by name (`term`, `width`) moves to its
//! place in the other, and what nobody knows is kept. Times of v3 are written in milliseconds, as 3.x
//! writes them; their rounding does not add up.

use std::process::ExitCode;

use common::cast::{Code, Event, Fault, Header, HeaderBuilder, Precision, Time, Version, object_entries};
use common::cli::{self, Failure, Program, catalog};
use common::filter::{self, Args, Filter, Output};
use common::screen::Transcript;

const PROGRAM: Program = catalog::program("asciinema-convert");

const FORMATS: &[(&str, Format)] = &[
    ("asciicast-v3", Format::Lines(Version::V3)),
    ("asciicast-v2", Format::Lines(Version::V2)),
    ("asciicast-v1", Format::Document),
    ("raw", Format::Raw),
    ("txt", Format::Text),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    /// v2 or v3.
    Lines(Version),
    /// v1.
    Document,
    Raw,
    Text,
}

struct Convert {
    format: Format,
    /// The time of the last event of output.
    previous: Time,
    has_frames: bool,
    /// The terminal that makes lines of the output, for text.
    transcript: Option<Transcript>,
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Convert> {
    let mut format = None;
    while let Some(option) = args.next()? {
        match option {
            "-f" | "--output-format" => format = Some(args.choice(FORMATS)?),
            _ => return Err(args.unexpected(option)),
        }
    }
    let format = format.ok_or_else(|| Failure::Usage("option '-f FORMAT' is missing".to_string()))?;
    Ok(Convert { format, previous: Time::ZERO, has_frames: false, transcript: None })
}

impl Filter for Convert {
    fn header(&mut self, header: Header, output: &mut Output) -> Result<(), Fault> {
        match self.format {
            Format::Lines(version) if version == header.version => output.begin(&header),
            Format::Lines(Version::V3) => {
                output.begin_with(&Header::parse(to_v3(&header).as_bytes())?, Precision::Milliseconds);
            }
            Format::Lines(Version::V2) => output.begin(&Header::parse(to_v2(&header).as_bytes())?),
            Format::Document => output.line(document_front(&header).as_bytes()),
            Format::Raw => output.line(header.size.sequence().as_bytes()),
            Format::Text => self.transcript = Some(Transcript::new(header.size)?),
        }
        Ok(())
    }

    #[inline]
    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        if let Some(transcript) = &mut self.transcript {
            match (event.code, event.resize()) {
                (Code::Output, _) => transcript.feed(&event.text()?, output.bytes_mut()),
                (_, Some(size)) => transcript.resize(size, output.bytes_mut())?,
                _ => {}
            }
            return Ok(());
        }
        match (self.format, event.code) {
            (Format::Lines(_), _) => output.event(event, event.time),
            (Format::Document, Code::Output) => {
                output.line(if self.has_frames { b",\n[" } else { b"\n[" });
                let mut delay = Vec::new();
                event.time.since(self.previous).write_seconds(&mut delay);
                output.line(&delay);
                output.line(b", ");
                output.line(event.data);
                output.line(b"]");
                self.previous = self.previous.max(event.time);
                self.has_frames = true;
            }
            (Format::Raw, Code::Output) => event.decode_text(output.bytes_mut())?,
            (Format::Raw, Code::Resize) => {
                if let Some(size) = event.resize() {
                    output.line(size.sequence().as_bytes());
                }
            }
            (Format::Document | Format::Raw | Format::Text, _) => {}
        }
        Ok(())
    }

    fn ignored(&mut self, line: &[u8], output: &mut Output) {
        // Only v3 has comments.
        let is_welcome = match self.format {
            Format::Lines(Version::V3) => true,
            Format::Lines(Version::V2) => !line.starts_with(b"#"),
            Format::Document | Format::Raw | Format::Text => false,
        };
        if is_welcome {
            output.line(line);
        }
    }

    fn damaged(&mut self, _: u64, _: &Fault, output: &mut Output) {
        self.finish(output);
    }

    fn end(&mut self, output: &mut Output) -> Result<(), String> {
        self.finish(output);
        Ok(())
    }
}

impl Convert {
    /// Puts out what only comes at the end, also where that is a damaged line: the text still on the
    /// screen, and what makes a document whole.
    fn finish(&mut self, output: &mut Output) {
        if let Some(transcript) = self.transcript.take() {
            transcript.finish(output.bytes_mut());
        }
        if self.format == Format::Document {
            let mut duration = Vec::new();
            self.previous.write_seconds(&mut duration);
            output.line(b"\n], \"duration\": ");
            output.line(&duration);
            output.line(b"}\n");
        }
    }
}

/// The entries of an object in a header; none where there is no object.
fn object(json: Option<&str>) -> Vec<(String, String)> {
    let entries = json.and_then(object_entries).unwrap_or_default();
    entries.into_iter().map(|(key, value)| (key, value.to_string())).collect()
}

/// The JSON text of an object.
fn object_text(version: Version, entries: &[(String, String)]) -> String {
    let mut builder = HeaderBuilder::nested(version);
    for (key, value) in entries {
        builder.add(key, value);
    }
    builder.finish().trim_end().to_string()
}

/// The v3 header that says what a v2 header says: `TERM` is the terminal's type there.
fn to_v3(header: &Header) -> String {
    let mut env = object(header.get("env"));
    let kind = env.iter().position(|(name, _)| name == "TERM").map(|at| env.remove(at).1);
    let mut term = vec![
        ("cols".to_string(), header.size.cols.to_string()),
        ("rows".to_string(), header.size.rows.to_string()),
    ];
    term.extend(kind.filter(|kind| kind != "null").map(|kind| ("type".to_string(), kind)));
    term.extend(header.get("theme").map(|theme| ("theme".to_string(), theme.to_string())));
    let mut builder = HeaderBuilder::new(Version::V3);
    builder.add("term", &object_text(Version::V3, &term));
    for (key, value) in header.entries() {
        match key {
            // v3 has no duration: it follows from the events.
            "version" | "width" | "height" | "theme" | "duration" => {}
            "env" if env.is_empty() => {}
            "env" => builder.add("env", &object_text(Version::V3, &env)),
            _ => builder.add(key, value),
        }
    }
    builder.finish()
}

/// The v2 header that says what a v3 header says.
fn to_v2(header: &Header) -> String {
    let term = object(header.get("term"));
    let in_term = |name: &str| term.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let mut env = object(header.get("env"));
    if let (Some(kind), false) = (in_term("type"), env.iter().any(|(name, _)| name == "TERM")) {
        env.push(("TERM".to_string(), kind));
    }
    let mut builder = HeaderBuilder::new(Version::V2);
    builder.add("width", &header.size.cols.to_string());
    builder.add("height", &header.size.rows.to_string());
    for (key, value) in header.entries() {
        if !matches!(key, "version" | "term" | "env") {
            builder.add(key, value);
        }
    }
    if !env.is_empty() {
        builder.add("env", &object_text(Version::V2, &env));
    }
    if let Some(theme) = in_term("theme") {
        builder.add("theme", &theme);
    }
    builder.finish()
}

/// A v1 document up to the beginning of its frames.
fn document_front(header: &Header) -> String {
    let v2 = match header.version {
        Version::V2 => Ok(header.clone()),
        Version::V3 => Header::parse(to_v2(header).as_bytes()),
    };
    let mut front =
        format!("{{\"version\": 1, \"width\": {}, \"height\": {}", header.size.cols, header.size.rows);
    for key in ["command", "title", "env"] {
        if let Some(value) = v2.as_ref().ok().and_then(|v2| v2.get(key)) {
            front.push_str(&format!(", \"{key}\": {value}"));
        }
    }
    front.push_str(", \"stdout\": [");
    front
}
