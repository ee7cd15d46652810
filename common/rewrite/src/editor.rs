//! The output of the cast: its lines, with some strings rewritten.

use std::ops::Range;

use common::cast::{Code, Event, Fault, Header, Precision, Time, Version, Writer};
use common::edit::{NOWHERE, TracedLine};
use common::text::lossy;

use crate::analysis::Analysis;
use crate::finder::{Finder, Stream};
use crate::mask::{mask_string, width};
use crate::strings::{decoded, values};

/// The places of an event in its stream, if it belongs to one.
#[derive(Debug)]
pub struct Places {
    pub stream: Stream,
    pub range: Range<u64>,
    /// Texts to insert into its text, each at an offset, in order.
    pub additions: Vec<(usize, String)>,
}

/// Writes a cast with its findings rewritten.
pub struct Editor {
    drops_input: bool,
    writer: Writer,
    /// The text of an event, kept for reuse.
    text: Vec<u8>,
}

impl Editor {
    /// An editor of a cast, optionally without its input.
    pub fn new(drops_input: bool) -> Editor {
        let writer = Writer::new(Version::V2, Precision::Microseconds);
        Editor { drops_input, writer, text: Vec::new() }
    }

    /// Searches a header, and appends the result.
    pub fn header(&mut self, header: &Header, finder: &mut Finder, out: &mut Vec<u8>) {
        self.writer = Writer::new(header.version, Precision::Microseconds);
        self.json(header.line().as_bytes(), finder, out);
    }

    /// Searches a line that is not an event, and appends the result.
    pub fn ignored(&mut self, line: &[u8], finder: &mut Finder, out: &mut Vec<u8>) {
        self.string(line, None, finder, out);
    }

    /// Passes an event of a stream to the analysis; returns its place in the stream.
    pub fn look(&mut self, event: &Event<'_>, analysis: &mut Analysis) -> Result<Option<Places>, Fault> {
        let stream = match event.code {
            Code::Input if self.drops_input => return Ok(None),
            Code::Output => Stream::Output,
            Code::Input => Stream::Input,
            Code::Resize => {
                if let Some(size) = event.resize() {
                    analysis.resize(event.time, size)?;
                }
                return Ok(None);
            }
            Code::Marker | Code::Exit | Code::Other => return Ok(None),
        };
        self.text.clear();
        event.decode_text(&mut self.text)?;
        let text = lossy(&self.text);
        let start = analysis.place(stream);
        match stream {
            Stream::Output => analysis.write(event.time, &text),
            Stream::Input => analysis.type_keys(event.time, &text),
        }
        let range = start..start + text.len() as u64;
        let covers = analysis.take_covers().into_iter();
        let additions = covers.map(|(place, cover)| (place.saturating_sub(start) as usize, cover)).collect();
        Ok(Some(Places { stream, range, additions }))
    }

    /// The place of an event in its stream, without an analysis; `None` if nothing is rewritten in
    /// the stream. `places` has the lengths of the streams so far.
    pub fn place(
        &mut self,
        event: &Event<'_>,
        places: &mut [u64; 2],
        finder: &mut Finder,
    ) -> Result<Option<Places>, Fault> {
        let (stream, place) = match (event.code, places) {
            (Code::Output, [output, _]) => (Stream::Output, output),
            (Code::Input, [_, input]) => (Stream::Input, input),
            _ => return Ok(None),
        };
        if finder.masks(stream).marks.is_empty() {
            return Ok(None);
        }
        self.text.clear();
        event.decode_text(&mut self.text)?;
        let start = *place;
        *place += lossy(&self.text).len() as u64;
        Ok(Some(Places { stream, range: start..*place, additions: Vec::new() }))
    }

    /// Appends our own event: output that covers text shown by an earlier one.
    pub fn cover(&mut self, time: Time, text: &str, out: &mut Vec<u8>) {
        self.writer.event(time, Code::Output, text, out);
    }

    /// Appends an event with its masks.
    pub fn event(
        &mut self,
        event: &Event<'_>,
        places: Option<&Places>,
        finder: &mut Finder,
        out: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        if self.drops_input && event.code == Code::Input {
            return Ok(());
        }
        let data_start = event.data.as_ptr().addr() - event.line.as_ptr().addr();
        let mut data = Vec::new();
        match (event.code, places) {
            (_, Some(Places { stream, range, additions })) => {
                if (finder.masks(*stream).marks.touches(range.clone()) || !additions.is_empty())
                    && let Some(raw) = event.data.strip_prefix(b"\"").and_then(|raw| raw.strip_suffix(b"\""))
                {
                    data.push(b'"');
                    let replacement = |character, offset: usize| {
                        finder.replacement(*stream, character, range.start + offset as u64)
                    };
                    mask_string(raw, replacement, additions, &mut data);
                    data.push(b'"');
                }
            }
            (Code::Marker | Code::Other, None) => {
                finder.at(event.time);
                self.json(event.data, finder, &mut data);
            }
            _ => {}
        }
        if data.is_empty() || data == event.data {
            self.writer.copy(event, event.time, out);
            return Ok(());
        }
        let data_end = data_start + event.data.len();
        let line = [&event.line[..data_start], &data, &event.line[data_end..]].concat();
        let changed = Event { time: event.time, ..Event::scan(&line)? };
        self.writer.copy(&changed, event.time, out);
        Ok(())
    }

    /// Appends a JSON text with masks in its strings.
    fn json(&self, text: &[u8], finder: &mut Finder, out: &mut Vec<u8>) {
        let mut copied = 0;
        for value in values(text) {
            out.extend_from_slice(&text[copied..value.raw.start]);
            copied = value.raw.end;
            self.string(&text[value.raw], value.key.as_deref(), finder, out);
        }
        out.extend_from_slice(&text[copied..]);
    }

    /// Appends a string with its secrets masked, both on its own and as the value of its key.
    fn string(&self, raw: &[u8], key: Option<&str>, finder: &mut Finder, out: &mut Vec<u8>) {
        let text = decoded(raw);
        let mut line = TracedLine::default();
        line.push_str(&text, 0);
        let marks = finder.marks_in(&line);
        let pair = key.map(|key| {
            let mut pair = TracedLine::default();
            pair.push_str(&format!("{key}="), NOWHERE);
            pair.push_str(&text, 0);
            finder.marks_in(&pair)
        });
        let pair = pair.unwrap_or_default();
        if marks.is_empty() && pair.is_empty() {
            return out.extend_from_slice(raw);
        }
        let replacement = |character, offset: usize| {
            let part = marks.part(offset as u64).or_else(|| pair.part(offset as u64))?;
            Some(finder.substitute.text(part, width(character), false))
        };
        mask_string(raw, replacement, &[], out);
    }
}
