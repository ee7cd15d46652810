//! asciicast v1: one JSON document, read as a stream of frames and handed over as a v2 cast.
//!
//! The frames go by while serde_json reads; only where the size stands behind them, as in documents
//! of writers that did not care for order, are they held in memory until it is known.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, BufReader, Read};

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::event::Event;
use super::fault::{Error, Fault, Stop};
use super::header::{Header, HeaderBuilder, Version};
use super::read::Sink;
use super::time::{Time, TimeFault};
use crate::text::excerpt;

/// How much text of frames is handed over before a flush, in bytes.
const FLUSH_EVERY: usize = 64 << 10;

/// Whether a source that begins like this is a v1 document rather than lines.
///
/// `front` is the first line, or as much of a very long one as has been read.
pub fn recognise(front: &[u8]) -> bool {
    let verdict = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(front);
    let outcome = deserializer.deserialize_map(Recognise(&verdict));
    match (verdict.into_inner(), outcome) {
        (Some(verdict), _) => verdict,
        // An object that goes on behind the first line, and has not said yet what it is: only v1 may.
        (None, Err(error)) => error.is_eof() && front.starts_with(b"{") && front.contains(&b'\n'),
        (None, Ok(())) => false,
    }
}

/// Looks for the first key that tells a v1 document from a header.
struct Recognise<'a>(&'a RefCell<Option<bool>>);

impl<'de> Visitor<'de> for Recognise<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let verdict = match key.as_str() {
                "stdout" => true,
                "version" => map.next_value::<&RawValue>()?.get() == "1",
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *self.0.borrow_mut() = Some(verdict);
            return Err(A::Error::custom("seen enough"));
        }
        Ok(())
    }
}

/// Reads a v1 document to its end.
pub fn read(source: impl Read, sink: &mut impl Sink) -> Result<(), Error> {
    let mut document = Document { sink, header: Some(Vec::new()), waiting: Vec::new(), ending: None };
    let mut deserializer = serde_json::Deserializer::from_reader(BufReader::with_capacity(64 << 10, source));
    let result = deserializer.deserialize_map(&mut document).and_then(|()| deserializer.end());
    let Err(error) = result else { return Ok(()) };
    let number = error.line().max(1) as u64;
    Err(match (document.ending, error.classify()) {
        (Some(stop), _) => stop.at(number),
        (None, serde_json::error::Category::Io) => Error::Read(io::Error::from(error)),
        (None, serde_json::error::Category::Eof) => Error::Line { number, fault: Fault::CutOff },
        (None, _) => Error::Line { number, fault: Fault::BadDocument },
    })
}

/// What is known of the document while it is read.
struct Document<'a, S> {
    sink: &'a mut S,
    /// The keys seen so far with their values, until the header has been handed over.
    header: Option<Vec<(String, Box<RawValue>)>>,
    /// The lines of frames that came before the size did.
    waiting: Vec<u8>,
    /// Why reading ends early, if it does: serde_json carries only texts.
    ending: Option<Stop>,
}

impl<S: Sink> Document<'_, S> {
    fn stop<E: serde::de::Error>(&mut self, stop: impl Into<Stop>) -> E {
        self.ending = Some(stop.into());
        E::custom("stopped")
    }

    /// Hands over the header if the size is known by now.
    fn begin(&mut self) -> Result<(), Stop> {
        let Some(keys) = &self.header else { return Ok(()) };
        let has = |name| keys.iter().any(|(key, _)| key == name);
        if !has("width") || !has("height") {
            return Ok(());
        }
        let mut header = Header::parse(header_line(keys).as_bytes())?;
        header.is_from_v1 = true;
        self.header = None;
        self.sink.header(header)?;
        let waiting = std::mem::take(&mut self.waiting);
        for line in waiting.split_inclusive(|&byte| byte == b'\n') {
            self.sink.event(&Event::scan(line)?)?;
        }
        Ok(())
    }

    /// Hands over one frame, given as the line of a v2 cast.
    fn frame(&mut self, line: &[u8]) -> Result<(), Stop> {
        let event = Event::scan(line)?;
        if self.header.is_some() {
            self.waiting.extend_from_slice(line);
            return Ok(());
        }
        self.sink.event(&event)
    }
}

impl<'de, S: Sink> Visitor<'de> for &mut Document<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an asciicast v1 document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "stdout" {
                self.begin().map_err(|stop| self.stop::<A::Error>(stop))?;
                map.next_value_seed(Frames(self))?;
                continue;
            }
            let value: Box<RawValue> = map.next_value()?;
            if key == "version" && value.get() != "1" {
                // A header of another version that does not end on its line.
                return Err(self.stop(Fault::CutOff));
            }
            if let Some(header) = &mut self.header {
                header.push((key, value));
            }
        }
        self.begin().map_err(|stop| self.stop::<A::Error>(stop))?;
        if let Some(keys) = &self.header {
            let missing = ["version", "width", "height"]
                .into_iter()
                .find(|name| keys.iter().all(|(key, _)| key != name));
            return Err(self.stop(Fault::Missing(missing.unwrap_or("height"))));
        }
        Ok(())
    }
}

/// The header line of the v2 cast that says what these keys of a v1 document say.
fn header_line(keys: &[(String, Box<RawValue>)]) -> String {
    let mut builder = HeaderBuilder::new(Version::V2);
    let value = |name: &str| keys.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.get());
    for name in ["width", "height"] {
        builder.add(name, value(name).unwrap_or("null"));
    }
    for (key, value) in keys {
        let is_said = matches!(key.as_str(), "version" | "width" | "height");
        if !is_said && value.get() != "null" {
            builder.add(key, &on_one_line(value.get()));
        }
    }
    builder.finish()
}

/// JSON text on one line, spaced as 2.x spaces a header.
fn on_one_line(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for character in json.chars() {
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if character.is_ascii_whitespace() {
            continue;
        } else {
            in_string = character == '"';
        }
        line.push(character);
        if !in_string && matches!(character, ',' | ':') {
            line.push(' ');
        }
    }
    line
}

/// The value of `stdout`.
struct Frames<'a, 'b, S>(&'a mut Document<'b, S>);

impl<'de, S: Sink> DeserializeSeed<'de> for Frames<'_, '_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for Frames<'_, '_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of frames")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut frames: A) -> Result<(), A::Error> {
        let Frames(document) = self;
        let mut now = Time::ZERO;
        let mut line = Vec::new();
        let mut handed_over = 0;
        while let Some(frame) = frames.next_element::<Box<RawValue>>()? {
            let Ok((delay, text)) = serde_json::from_str::<(&RawValue, &RawValue)>(frame.get()) else {
                return Err(document.stop(Fault::NotAFrame(excerpt(frame.get().as_bytes()))));
            };
            match Time::parse(delay.get()) {
                Ok(delay) => now = now.plus(delay),
                Err(why) => return Err(document.stop(bad_delay(delay, why))),
            }
            if !text.get().starts_with('"') {
                return Err(document.stop(Fault::NotAFrame(excerpt(frame.get().as_bytes()))));
            }
            line.clear();
            line.push(b'[');
            now.write_seconds(&mut line);
            line.extend_from_slice(b", \"o\", ");
            line.extend_from_slice(text.get().as_bytes());
            line.extend_from_slice(b"]\n");
            document.frame(&line).map_err(|stop| document.stop::<A::Error>(stop))?;
            handed_over += line.len();
            if handed_over >= FLUSH_EVERY {
                handed_over = 0;
                document.sink.flush().map_err(|stop| document.stop::<A::Error>(stop))?;
            }
        }
        Ok(())
    }
}

fn bad_delay(delay: &RawValue, why: TimeFault) -> Fault {
    Fault::BadTime(excerpt(delay.get().as_bytes()), why)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Lines(String);

    impl Sink for Lines {
        fn header(&mut self, header: Header) -> Result<(), Stop> {
            self.0.push_str(header.line());
            Ok(())
        }

        fn event(&mut self, event: &Event<'_>) -> Result<(), Stop> {
            self.0.push_str(&String::from_utf8_lossy(event.line));
            Ok(())
        }
    }

    fn v2_of(document: &str) -> (String, String) {
        let mut lines = Lines(String::new());
        let message = match crate::cast::read(&mut document.as_bytes(), &mut lines) {
            Ok(()) => String::new(),
            Err(Error::Line { number, fault }) => format!("line {number}: {fault}"),
            Err(error) => format!("{error:?}"),
        };
        (lines.0, message)
    }

    #[test]
    fn delays_add_up_and_nulls_go() {
        let document = "{\n \"version\": 1, \"width\": 80,\n \"height\": 24, \"title\": null, \"env\": {\n  \"SHELL\": \"{ \\n }\",\n \"TERM\": null\n },\n \"stdout\": [[0.5, \"a\\u001b\"], [1e0,\n\"\\ud800\"]]}\n";
        let env = "{\"SHELL\": \"{ \\n }\", \"TERM\": null}";
        let expected = format!(
            "{{\"version\": 2, \"width\": 80, \"height\": 24, \"env\": {}}}\n[0.500000, \"o\", \"a\\u001b\"]\n[1.500000, \"o\", \"\\ud800\"]\n",
            env
        );
        assert_eq!(v2_of(document), (expected, String::new()));
    }

    #[test]
    fn frames_before_the_size_wait_for_it() {
        let document = "{\"stdout\": [[1, \"a\"]], \"height\": 24, \"width\": 80, \"version\": 1}";
        let expected = "{\"version\": 2, \"width\": 80, \"height\": 24}\n[1.000000, \"o\", \"a\"]\n";
        assert_eq!(v2_of(document), (expected.to_string(), String::new()));
    }

    #[test]
    fn faults_name_the_line_of_the_document() {
        let good = "{\"version\": 1, \"width\": 80, \"height\": 24, \"stdout\": [\n[1, \"a\"],\n";
        for (rest, message) in [
            ("[1, \"b", "line 3: the line is cut off"),
            ("", "line 3: the line is cut off"),
            ("[-1, \"b\"]]}", "line 3: the time is negative: '-1'"),
            ("[1, 5]]}", "line 3: expected a frame, [delay, text], found '[1, 5]'"),
            ("[1]]}", "line 3: expected a frame, [delay, text], found '[1]'"),
            ("x]}", "line 3: the document is not valid JSON"),
        ] {
            let (lines, found) = v2_of(&format!("{good}{rest}"));
            assert_eq!(found, message, "{rest}");
            assert!(lines.ends_with("[1.000000, \"o\", \"a\"]\n"), "{lines}");
        }
        assert_eq!(v2_of("{\"version\": 1, \"stdout\": []}").1, "line 1: the header has no 'width'");
        assert_eq!(v2_of("{\"version\": 2,\n\"width\": 80}").1, "line 1: the line is cut off");
        assert_eq!(v2_of("{\n\"version\": 2, \"width\": 80}").1, "line 1: the line is cut off");
    }
}
