//! asciicast v2 and v3.
//!
//! Keys known to both versions are translated, those with different names (`term`, `width`) are
//! moved to their place, and unknown keys are kept. A cast converted to v3 has its times in
//! milliseconds, as 3.x writes them; rounding errors do not add up.

use super::Encoder;
use crate::cast::{
    Code, Event, Fault, Header, HeaderBuilder, Precision, Time, Version, Writer, object_entries,
};

/// Writes a cast of one of these versions.
pub struct Asciicast {
    version: Version,
    writer: Writer,
}

impl Asciicast {
    /// A new cast.
    pub fn new(version: Version) -> Asciicast {
        Asciicast::after(Time::ZERO, version)
    }

    /// A cast that continues after an event at this time.
    pub fn after(time: Time, version: Version) -> Asciicast {
        Asciicast { version, writer: Writer::after(time, version, Precision::of_recordings(version)) }
    }
}

impl Encoder for Asciicast {
    fn header(&mut self, header: &Header, out: &mut Vec<u8>) -> Result<(), Fault> {
        if header.version == self.version {
            // Its times keep their precision.
            self.writer = Writer::new(self.version, Precision::Microseconds);
            out.extend_from_slice(header.line().as_bytes());
            return Ok(());
        }
        let line = match self.version {
            Version::V2 => to_v2(header),
            Version::V3 => to_v3(header),
        };
        out.extend_from_slice(line.as_bytes());
        Ok(())
    }

    fn text(&mut self, time: Time, code: Code, text: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.writer.event(time, code, text, out);
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.writer.copy(event, event.time, out);
        Ok(())
    }

    fn ignored(&mut self, line: &[u8], out: &mut Vec<u8>) {
        // Only v3 has comments.
        if self.version == Version::V3 || !line.starts_with(b"#") {
            out.extend_from_slice(line);
        }
    }
}

/// The entries of an object in a header; empty if it is not an object.
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

/// The v3 header equivalent to a v2 header: `TERM` becomes the terminal's type.
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
            // v3 has no duration: it can be derived from the events.
            "version" | "width" | "height" | "theme" | "duration" => {}
            "env" if env.is_empty() => {}
            "env" => builder.add("env", &object_text(Version::V3, &env)),
            _ => builder.add(key, value),
        }
    }
    builder.finish()
}

/// The v2 header equivalent to a v3 header.
pub(super) fn to_v2(header: &Header) -> String {
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
