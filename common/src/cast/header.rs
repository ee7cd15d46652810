//! The header of a cast: its first line, one JSON object.
//!
//! A header is kept as its original line. Parsing locates each value; changing one replaces only
//! its bytes, so that unknown keys, their order, number formatting and spacing are preserved.

use std::fmt;
use std::ops::Range;

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fault::Fault;
use super::json;
use super::time::Time;
use crate::size::Size;
use crate::text::excerpt;

/// The version of a cast, which determines how event times are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// asciicast v2: each event carries its time since the start.
    V2,
    /// asciicast v3: each event carries the interval since the previous event.
    V3,
}

/// The header of a v2 or v3 cast; for a v1 cast, the equivalent v2 header.
#[derive(Clone, Debug)]
pub struct Header {
    /// The version of the events that follow.
    pub version: Version,
    /// The terminal's size at the start.
    pub size: Size,
    /// True for the header of a v1 cast.
    pub is_from_v1: bool,
    /// The line, including its line end if present.
    line: String,
    /// The top-level keys in the order of the line. A repeated key is listed each time.
    entries: Vec<Entry>,
}

/// One key of the object, and its place in the line.
#[derive(Clone, Debug)]
struct Entry {
    key: String,
    /// From the quote of the key to the end of the value.
    whole: Range<usize>,
    value: Range<usize>,
}

impl Header {
    /// Reads the first line of a v2 or v3 cast.
    ///
    /// # Errors
    ///
    /// A [`Fault`] unless the line is an object with a known `version` and a size.
    pub fn parse(line: &[u8]) -> Result<Header, Fault> {
        let not_a_header = || Fault::NotAHeader(excerpt(line.trim_ascii()));
        let line = String::from_utf8(line.to_vec()).map_err(|_| not_a_header())?;
        let entries = entries(&line).map_err(|error| match error.classify() {
            serde_json::error::Category::Eof if line.trim_start().starts_with('{') => Fault::CutOff,
            _ => not_a_header(),
        })?;
        let unsized_yet = Size { cols: 0, rows: 0 };
        let mut header = Header { version: Version::V2, size: unsized_yet, is_from_v1: false, line, entries };
        header.version = match header.get("version").ok_or(Fault::Missing("version"))? {
            "2" => Version::V2,
            "3" => Version::V3,
            other => return Err(Fault::UnknownVersion(excerpt(other.as_bytes()))),
        };
        header.size = match header.version {
            Version::V2 => size_in("width", "height", |key| header.get(key))?,
            Version::V3 => {
                let term = header.get("term").ok_or(Fault::Missing("term"))?;
                let found = || excerpt(term.as_bytes());
                let entries = entries_of(term).map_err(|_| Fault::BadKey("term", "an object", found()))?;
                size_in("cols", "rows", |key| value_of(key, &entries))?
            }
        };
        Ok(header)
    }

    /// The line, including its line end if present.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The JSON value of a top-level key, verbatim; the last one if the key is repeated.
    pub fn get(&self, key: &str) -> Option<&str> {
        let entry = self.entries.iter().rev().find(|entry| entry.key == key)?;
        Some(&self.line[entry.value.clone()])
    }

    /// The number of seconds in a top-level key; `None` if there is none.
    pub fn seconds(&self, key: &str) -> Option<Time> {
        Time::parse(self.get(key)?).ok()
    }

    /// Removes a top-level key.
    pub fn remove(&mut self, key: &str) {
        while let Some(at) = self.entries.iter().position(|entry| entry.key == key) {
            // The comma before the entry is removed with it, or for the first entry the comma
            // after.
            let entry = &self.entries[at].whole;
            let gone = match (at.checked_sub(1).map(|before| &self.entries[before]), self.entries.get(at + 1))
            {
                (Some(before), _) => before.whole.end..entry.end,
                (None, Some(after)) => entry.start..after.whole.start,
                (None, None) => entry.clone(),
            };
            self.replace(gone, "");
        }
    }

    /// Sets a top-level key to a JSON value if the key is present.
    pub fn change(&mut self, key: &str, value: &str) {
        if let Some(entry) = self.entries.iter().rev().find(|entry| entry.key == key) {
            self.replace(entry.value.clone(), value);
        }
    }

    /// Sets a top-level key to a JSON value; a new key is appended.
    pub fn set(&mut self, key: &str, value: &str) {
        if self.get(key).is_some() {
            return self.change(key, value);
        }
        if let Some(last) = self.entries.last() {
            let end = last.whole.end;
            // Follow the header's own spacing.
            let is_compact = !self.line.contains(": ");
            let (comma, colon) = if is_compact { (",", ":") } else { (", ", ": ") };
            self.replace(end..end, &format!("{comma}{}{colon}{value}", quoted(key)));
        }
    }

    /// The top-level keys and their values, verbatim, in the order of the line.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|entry| (entry.key.as_str(), &self.line[entry.value.clone()]))
    }

    /// Divides the idle time limit, if set, by the same factor as all delays.
    ///
    /// A player limits delays before it divides them; once they are divided, the limit must be
    /// divided, too.
    pub fn divide_idle_time_limit(&mut self, factor: f64) {
        if let Some(limit) = self.seconds("idle_time_limit").filter(|_| factor != 1.0) {
            let mut divided = Vec::new();
            limit.divided_by(factor).write_short_seconds(&mut divided);
            self.change("idle_time_limit", &String::from_utf8_lossy(&divided));
        }
    }

    /// Replaces a part of the line and locates the keys again.
    fn replace(&mut self, range: Range<usize>, text: &str) {
        self.line.replace_range(range, text);
        if let Ok(entries) = entries(&self.line) {
            self.entries = entries;
        }
    }
}

/// Builds a header line: `{"version": 2, ...` spaced as in 2.x, `{"version":3,...` as in 3.x.
pub struct HeaderBuilder {
    line: String,
    version: Version,
}

impl HeaderBuilder {
    /// A header with only a version.
    pub fn new(version: Version) -> HeaderBuilder {
        let mut builder = HeaderBuilder::nested(version);
        builder.add("version", if version == Version::V2 { "2" } else { "3" });
        builder
    }

    /// An empty object, for a value within the header.
    pub fn nested(version: Version) -> HeaderBuilder {
        HeaderBuilder { line: "{".to_string(), version }
    }

    /// Appends a key with a value, given as JSON text on one line.
    pub fn add(&mut self, key: &str, value: &str) {
        let (comma, colon) = if self.version == Version::V2 { (", ", ": ") } else { (",", ":") };
        if self.line.len() > 1 {
            self.line.push_str(comma);
        }
        self.line.push_str(&quoted(key));
        self.line.push_str(colon);
        self.line.push_str(value);
    }

    /// Appends a key with a string.
    pub fn add_text(&mut self, key: &str, text: &str) {
        self.add(key, &quoted(text));
    }

    /// Appends a key with an object of strings.
    pub fn add_object(&mut self, key: &str, texts: &[(String, String)]) {
        let mut object = HeaderBuilder::nested(self.version);
        for (name, text) in texts {
            object.add_text(name, text);
        }
        self.add(key, object.finish().trim_end());
    }

    /// The line, including its line end.
    pub fn finish(mut self) -> String {
        self.line.push_str("}\n");
        self.line
    }
}

/// The text as a JSON string.
fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    json::encode(text, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// The size given by two keys of an object.
fn size_in<'a>(
    cols: &'static str,
    rows: &'static str,
    value: impl Fn(&str) -> Option<&'a str>,
) -> Result<Size, Fault> {
    let number = |key: &'static str, what| {
        let text = value(key).ok_or(Fault::Missing(key))?;
        text.parse().map_err(|_| Fault::BadKey(key, what, excerpt(text.as_bytes())))
    };
    Ok(Size { cols: number(cols, "a number of columns")?, rows: number(rows, "a number of rows")? })
}

/// Locates the entries of the JSON object that spans the line.
fn entries(line: &str) -> serde_json::Result<Vec<Entry>> {
    let offset = |part: &str| part.as_ptr().addr() - line.as_ptr().addr();
    let entry = |(raw_key, key, value): (&str, String, &str)| Entry {
        key,
        whole: offset(raw_key)..offset(value) + value.len(),
        value: offset(value)..offset(value) + value.len(),
    };
    Ok(entries_of(line)?.into_iter().map(entry).collect())
}

/// The keys and verbatim values of a JSON object, in order; `None` if it is not an object.
pub fn object_entries(object: &str) -> Option<Vec<(String, &str)>> {
    let entries = entries_of(object).ok()?;
    Some(entries.into_iter().map(|(_, key, value)| (key, value)).collect())
}

/// The keys (verbatim and decoded) and verbatim values of a JSON object, as slices of it.
fn entries_of(object: &str) -> serde_json::Result<Vec<(&str, String, &str)>> {
    struct Entries;
    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<(&'de str, String, &'de str)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                let mut decoded = Vec::new();
                let raw = key.get().as_bytes();
                json::decode(&raw[1..raw.len() - 1], &mut decoded)
                    .map_err(|_| serde::de::Error::custom("bad escape in a key"))?;
                entries.push((key.get(), String::from_utf8_lossy(&decoded).into_owned(), value.get()));
            }
            Ok(entries)
        }
    }
    let mut deserializer = serde_json::Deserializer::from_str(object);
    let entries = deserializer.deserialize_map(Entries)?;
    deserializer.end()?;
    Ok(entries)
}

fn value_of<'a>(key: &str, entries: &[(&'a str, String, &'a str)]) -> Option<&'a str> {
    entries.iter().rev().find(|(_, name, _)| name == key).map(|&(_, _, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(line: &str) -> Header {
        Header::parse(line.as_bytes()).unwrap()
    }

    fn fault_of(line: &str) -> String {
        Header::parse(line.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn size_and_values_are_read_in_both_versions() {
        let v2 = header("{\"version\": 2, \"width\": 80, \"height\": 24, \"idle_time_limit\": 1.5}\n");
        assert_eq!((v2.version, v2.size), (Version::V2, Size { cols: 80, rows: 24 }));
        assert_eq!(v2.seconds("idle_time_limit"), Some(Time::from_micros(1_500_000)));
        let v3 = header("{\"version\":3,\"term\":{\"cols\":100,\"rows\":50,\"type\":null}}");
        assert_eq!((v3.version, v3.size), (Version::V3, Size { cols: 100, rows: 50 }));
    }

    #[test]
    fn a_change_replaces_only_its_own_bytes() {
        let line =
            "{ \"version\" :2,\"width\":8e1 , \"height\": 24,\"\\u0064uration\":1.50,\"x\":[1,  2] }\r\n";
        let line = line.replace("8e1", "80");
        let mut header = header(&line);
        header.change("x", "0");
        header.change("not there", "0");
        assert_eq!(header.line(), line.replace("[1,  2]", "0"));
        header.remove("duration");
        assert_eq!(header.line(), "{ \"version\" :2,\"width\":80 , \"height\": 24,\"x\":0 }\r\n");
        header.set("x", "1");
        header.set("y", "[]");
        assert_eq!(header.line(), "{ \"version\" :2,\"width\":80 , \"height\": 24,\"x\":1, \"y\": [] }\r\n");
        header.remove("y");
        header.remove("version");
        header.remove("x");
        assert_eq!(header.line(), "{ \"width\":80 , \"height\": 24 }\r\n");
        header.remove("width");
        header.remove("height");
        assert_eq!(header.line(), "{  }\r\n");
    }

    #[test]
    fn a_line_that_is_not_a_header_is_quoted_in_the_fault() {
        for (line, message) in [
            ("hello\n", "expected the header of an asciicast, found 'hello'"),
            ("[1, \"o\", \"\"]", "expected the header of an asciicast, found '[1, \"o\", \"\"]'"),
            ("{\"version\": 2, \"wid", "the line is cut off"),
            ("{\"version\": 2} x", "expected the header of an asciicast, found '{\"version\": 2} x'"),
            ("{}", "the header has no 'version'"),
            ("{\"version\": 4}", "asciicast version 4 is not supported, only 1, 2 and 3 are"),
            ("{\"version\": \"2\"}", "asciicast version \"2\" is not supported, only 1, 2 and 3 are"),
            ("{\"version\": 2, \"width\": 80}", "the header has no 'height'"),
            ("{\"version\": 2, \"width\": -1}", "'width' in the header is not a number of columns: '-1'"),
            ("{\"version\": 3}", "the header has no 'term'"),
            ("{\"version\": 3, \"term\": 5}", "'term' in the header is not an object: '5'"),
            ("{\"version\": 3, \"term\": {\"cols\": 1}}", "the header has no 'rows'"),
        ] {
            assert_eq!(fault_of(line), message, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_panics(line in r#"\{("[a-d\\]{0,2}" ?: ?("[a-d]{0,2}"|2|\{\}|null|[\[\]]),? ?){0,4}\}?"#) {
            if let Ok(mut header) = Header::parse(line.as_bytes()) {
                header.remove("a");
                header.change("b", "1");
            }
        }

        #[test]
        fn removing_a_key_leaves_a_valid_object(
            keys in prop::collection::vec("[a-c]", 0..6), key in "[a-c]", space in "[ \t]{0,2}",
        ) {
            let mut line = format!("{{{space}\"version\":2,\"width\":1,\"height\":1");
            for name in &keys {
                line.push_str(&format!("{space},{space}\"{name}\"{space}:{space}[\"{name}\"]"));
            }
            line.push('}');
            let mut header = header(&line);
            header.remove(&key);
            let mut expected: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&line).unwrap();
            expected.remove(&key);
            prop_assert_eq!(serde_json::from_str::<serde_json::Map<_, _>>(header.line()).unwrap(), expected);
        }
    }
}
