//! Keeping as much as possible of a damaged cast.
//!
//! Unreadable lines are dropped, a time that steps back is raised to the previous one, text that is
//! not valid JSON is encoded again, and header keys with invalid values are removed. Everything
//! else stays byte for byte, and a valid cast is copied unchanged.

use common::cast::{Code, Event, Header, Precision, Time, Version, Writer};

use crate::rules;

/// A cast being repaired.
#[derive(Default)]
pub struct Repair {
    output: Vec<u8>,
    /// The version and the writer of the output, once the header is known.
    writer: Option<(Version, Writer)>,
    /// The time of the previous event, as written.
    previous: Time,
    has_events: bool,
    dropped: u64,
    raised: u64,
    rewritten: u64,
    removed: u64,
}

impl Repair {
    /// Processes the header.
    pub fn header(&mut self, mut header: Header) {
        let names: Vec<String> = header.entries().map(|(name, _)| name.to_string()).collect();
        for name in names {
            if rules::key_fault(&header, &name).is_none() {
                continue;
            }
            self.removed += 1;
            match name.as_str() {
                "term" => {
                    let size = header.size;
                    header.change("term", &format!("{{\"cols\":{},\"rows\":{}}}", size.cols, size.rows));
                }
                _ => header.remove(&name),
            }
        }
        self.writer = Some((header.version, Writer::new(header.version, Precision::Microseconds)));
        self.output.extend_from_slice(header.line().trim_start().as_bytes());
    }

    /// Returns whether a header has been read.
    pub fn has_header(&self) -> bool {
        self.writer.is_some()
    }

    /// Processes an event.
    pub fn event(&mut self, event: &Event<'_>) {
        let Some((_, writer)) = &mut self.writer else { return };
        let is_first = !std::mem::replace(&mut self.has_events, true);
        let trimmed = event.line.trim_ascii_start();
        if is_first
            && trimmed.len() < event.line.len()
            && let Ok(scanned) = Event::scan(trimmed)
        {
            let (time, written) = (event.time, event.written);
            return self.event(&Event { time, written, ..scanned });
        }
        self.raised += u64::from(event.time < self.previous);
        self.previous = self.previous.max(event.time);
        if rules::data_fault(event).is_none() {
            return writer.copy(event, self.previous, &mut self.output);
        }
        // Text is encoded again; an invalid size, or invalid data of an unknown code, is dropped.
        let is_valid_text = serde_json::from_slice::<String>(event.data).is_ok();
        match event.text() {
            Ok(text) if !is_valid_text && event.code != Code::Other => {
                writer.event(self.previous, event.code, &text, &mut self.output);
                self.rewritten += 1;
            }
            _ => self.dropped += 1,
        }
    }

    /// Processes a line that is not an event.
    pub fn ignored(&mut self, line: &[u8]) {
        match (line, &self.writer) {
            // asciinema-server expects the first event of v2 right after the header.
            (b"\n", Some((version, _))) if self.has_events || *version == Version::V3 => {}
            ([b'#', ..], Some((Version::V3, _))) => {}
            _ => {
                self.dropped += 1;
                return;
            }
        }
        self.output.extend_from_slice(line);
    }

    /// Counts an unreadable line.
    pub fn broken(&mut self) {
        self.dropped += 1;
    }

    /// The output since the last [`Repair::clear`].
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// Discards the output, once written.
    pub fn clear(&mut self) {
        self.output.clear();
    }

    /// A summary of the changes, if any.
    pub fn summary(&self) -> Option<String> {
        let parts: Vec<String> = [
            (self.dropped, "line dropped", "lines dropped"),
            (self.raised, "time raised", "times raised"),
            (self.rewritten, "text rewritten", "texts rewritten"),
            (self.removed, "header key removed", "header keys removed"),
        ]
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
        .collect();
        if parts.is_empty() { None } else { Some(parts.join(", ")) }
    }
}
