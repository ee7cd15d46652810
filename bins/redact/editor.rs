//! The cast as it goes out: lines as they came, with masks in the strings of some.

use std::borrow::Cow;
use std::ops::Range;

use common::cast::{Code, Event, Fault, Header, Precision, Version, Writer};
use common::edit::{NOWHERE, TracedLine};

use crate::analysis::{Analysis, Finder, Stream};
use crate::mask::{Replacement, mask_string};
use crate::strings::{decoded, values};

/// Where an event stands in its stream, if it belongs to one.
#[derive(Debug)]
pub struct Places {
    pub stream: Stream,
    pub range: Range<u64>,
    /// What is added to its text, each at an offset, in order.
    pub additions: Vec<(usize, String)>,
}

/// Writes a cast with masks.
pub struct Editor {
    mask: char,
    drops_input: bool,
    writer: Writer,
    /// The text of an event, to be used again.
    text: Vec<u8>,
}

impl Editor {
    /// An editor that replaces characters by this one.
    pub fn new(mask: char, drops_input: bool) -> Editor {
        let writer = Writer::new(Version::V2, Precision::Microseconds);
        Editor { mask, drops_input, writer, text: Vec::new() }
    }

    /// Looks at a header, and appends what goes out.
    pub fn header(&mut self, header: &Header, finder: &mut Finder, out: &mut Vec<u8>) {
        self.writer = Writer::new(header.version, Precision::Microseconds);
        self.json(header.line().as_bytes(), finder, out);
    }

    /// Looks at a line that is no event, and appends what goes out.
    pub fn ignored(&mut self, line: &[u8], finder: &mut Finder, out: &mut Vec<u8>) {
        self.string(line, None, finder, out);
    }

    /// Lets the analysis look at an event of a stream; returns where it stands there.
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
        let text = String::from_utf8_lossy(&self.text);
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

    /// Where an event stands in its stream, with nothing looked at. `places` counts for each stream.
    pub fn place(&mut self, event: &Event<'_>, places: &mut [u64; 2]) -> Result<Option<Places>, Fault> {
        let (stream, place) = match (event.code, places) {
            (Code::Output, [output, _]) => (Stream::Output, output),
            (Code::Input, [_, input]) => (Stream::Input, input),
            _ => return Ok(None),
        };
        self.text.clear();
        event.decode_text(&mut self.text)?;
        let start = *place;
        *place += String::from_utf8_lossy(&self.text).len() as u64;
        Ok(Some(Places { stream, range: start..*place, additions: Vec::new() }))
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
                let masks = finder.masks(*stream);
                if (masks.marks.touches(range.clone()) || !additions.is_empty())
                    && let Some(raw) = event.data.strip_prefix(b"\"").and_then(|raw| raw.strip_suffix(b"\""))
                {
                    data.push(b'"');
                    let replacement = |offset: usize| masks.replacement(range.start + offset as u64);
                    mask_string(raw, self.mask, replacement, additions, &mut data);
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

    /// Appends a string with what is found in it masked, alone and as the value of its key.
    fn string(&self, raw: &[u8], key: Option<&str>, finder: &mut Finder, out: &mut Vec<u8>) {
        let text = decoded(raw);
        let mut line = TracedLine::default();
        line.push_str(&text, 0);
        let mut marks = finder.marks_in(&line);
        if let Some(key) = key {
            let mut pair = TracedLine::default();
            pair.push_str(&format!("{key}="), NOWHERE);
            pair.push_str(&text, 0);
            marks.extend(finder.marks_in(&pair));
        }
        let raw = match marks.is_empty() {
            true => Cow::Borrowed(raw),
            false => {
                let mut masked = Vec::new();
                let is_masked = |offset: usize| marks.contains(&(offset as u64));
                let replacement = |offset| is_masked(offset).then_some(Replacement::Columns);
                mask_string(raw, self.mask, replacement, &[], &mut masked);
                Cow::Owned(masked)
            }
        };
        out.extend_from_slice(&raw);
    }
}
