//! One event: a line `[time, code, data]`, parsed no further than needed.
//!
//! The scan locates the time, the code and the data, and rejects lines that are not events. It does
//! not decode the data, nor check every character of a string that nobody reads. The rest of the
//! line (spacing, number formatting, line end) stays available unchanged.

use std::ops::Range;

use serde::de::IgnoredAny;

use super::fault::Fault;
use super::json;
use super::time::{Time, TimeFault};
use crate::size::Size;
use crate::text::excerpt;

/// The kind of an event (asciicast v2 and v3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// `o`: text that the recorded program wrote to the terminal.
    Output,
    /// `i`: text from the keyboard.
    Input,
    /// `m`: a marker, its data the label.
    Marker,
    /// `r`: the terminal was resized, its data `COLSxROWS`.
    Resize,
    /// `x`: the exit status of the session's main process.
    Exit,
    /// Any other code; its data may be any JSON value.
    Other,
}

impl Code {
    /// The code as written in a cast.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Output => "o",
            Code::Input => "i",
            Code::Marker => "m",
            Code::Resize => "r",
            Code::Exit => "x",
            Code::Other => "",
        }
    }

    fn of(decoded: &[u8]) -> Code {
        match decoded {
            b"o" => Code::Output,
            b"i" => Code::Input,
            b"m" => Code::Marker,
            b"r" => Code::Resize,
            b"x" => Code::Exit,
            _ => Code::Other,
        }
    }
}

/// An event in a line of a cast.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// The line, including its line end if present.
    pub line: &'a [u8],
    /// The byte range of the number in the line.
    pub number: Range<usize>,
    /// The time of the event since the start of the cast, in every version.
    pub time: Time,
    /// The number as written: equal to `time` in v2, the interval since the previous event in v3.
    pub written: Time,
    /// The kind of event.
    pub code: Code,
    /// The event's data: a JSON value, verbatim.
    pub data: &'a [u8],
}

impl<'a> Event<'a> {
    /// Parses a line. `time` is set to the number as written; the reader adds up intervals.
    #[inline]
    pub fn scan(line: &'a [u8]) -> Result<Event<'a>, Fault> {
        let mut at = skip_space(line, 0);
        at = expect(line, at, b'[')?;
        at = skip_space(line, at);
        let (written, length) =
            Time::scan(&line[at..]).map_err(|why| fault(line, at, |found| Fault::BadTime(found, why)))?;
        let number = at..at + length;
        at = skip_space(line, number.end);
        if at == number.end && !matches!(line.get(at), None | Some(b',' | b']')) {
            // Only a prefix of '1.2.3' or '01' is a number.
            return Err(fault(line, number.start, |found| Fault::BadTime(found, TimeFault::NotANumber)));
        }
        at = expect(line, at, b',')?;
        at = skip_space(line, at);

        let code;
        (code, at) = match line[at..] {
            // Most events are output; checking for it first saves a search.
            [b'"', b'o', b'"', ..] => (Code::Output, at + 3),
            _ => scan_code(line, at)?,
        };
        at = skip_space(line, at);
        at = expect(line, at, b',')?;
        at = skip_space(line, at);

        let data_start = at;
        at = match line.get(at) {
            Some(b'"') => string_end(line, at)?,
            _ if code == Code::Other => value_end(line, at)?,
            _ => return Err(fault(line, at, |found| Fault::NotText(code.as_str().to_string(), found))),
        };
        let data = &line[data_start..at];
        at = skip_space(line, at);
        at = expect(line, at, b']')?;
        at = skip_space(line, at);
        if at < line.len() {
            return Err(Fault::NotAnEvent(excerpt(&line[at..])));
        }
        Ok(Event { line, number, time: written, written, code, data })
    }

    /// Appends the text that the data decodes to. Nothing if the data is not a string, which only
    /// an unknown code allows.
    pub fn decode_text(&self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let Some(raw) = self.string() else { return Ok(()) };
        json::decode(raw, out).map_err(|escape| Fault::bad_escape(raw, escape))
    }

    /// The text that the data decodes to, with invalid UTF-8 replaced.
    pub fn text(&self) -> Result<String, Fault> {
        let mut bytes = Vec::with_capacity(self.data.len());
        self.decode_text(&mut bytes)?;
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// The code as written, including its quotes.
    pub fn code_json(&self) -> &'a [u8] {
        let after = self.line.get(self.number.end..).unwrap_or_default();
        let start = after.iter().position(|&byte| byte == b'"').unwrap_or(after.len());
        let length = after.get(start + 1..).and_then(json::closing_quote).map_or(0, |quote| quote + 2);
        &after[start..start + length]
    }

    /// The code as text, even if it is unknown.
    pub fn code_text(&self) -> Result<String, Fault> {
        if self.code != Code::Other {
            return Ok(self.code.as_str().to_string());
        }
        let raw = self.code_json();
        let raw = raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default();
        let mut text = Vec::new();
        json::decode(raw, &mut text).map_err(|escape| Fault::bad_escape(raw, escape))?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// The size in a resize event; `None` for other events, and if the data is not a size.
    pub fn resize(&self) -> Option<Size> {
        if self.code != Code::Resize {
            return None;
        }
        Size::parse(&self.text().ok()?)
    }

    /// The data between its quotes, if it is a string.
    fn string(&self) -> Option<&'a [u8]> {
        self.data.strip_prefix(b"\"")?.strip_suffix(b"\"")
    }
}

/// Returns whether readers ignore a line: blank, or a comment (`#`, asciicast v3).
#[inline]
pub fn is_ignored(line: &[u8]) -> bool {
    line[0] == b'#' || (line[0] != b'[' && skip_space(line, 0) == line.len())
}

/// The position of the next byte that is not JSON white space, from `at` on.
#[inline]
pub(super) fn skip_space(line: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\r' | b'\n') = line.get(at) {
        at += 1;
    }
    at
}

/// Skips one expected byte.
#[inline]
fn expect(line: &[u8], at: usize, byte: u8) -> Result<usize, Fault> {
    if line.get(at) == Some(&byte) { Ok(at + 1) } else { Err(fault(line, at, Fault::NotAnEvent)) }
}

/// Skips the string whose opening quote is at `at`.
#[inline]
fn string_end(line: &[u8], at: usize) -> Result<usize, Fault> {
    let quote = json::closing_quote(&line[at + 1..]).ok_or(Fault::CutOff)?;
    Ok(at + 1 + quote + 1)
}

/// Reads and skips a code.
fn scan_code(line: &[u8], at: usize) -> Result<(Code, usize), Fault> {
    if line.get(at) != Some(&b'"') {
        return Err(fault(line, at, Fault::BadCode));
    }
    let end = string_end(line, at)?;
    let raw = &line[at + 1..end - 1];
    let mut decoded = Vec::new();
    json::decode(raw, &mut decoded).map_err(|escape| Fault::bad_escape(raw, escape))?;
    Ok((Code::of(&decoded), end))
}

/// Skips any JSON value.
#[cold]
fn value_end(line: &[u8], at: usize) -> Result<usize, Fault> {
    let mut values = serde_json::Deserializer::from_slice(&line[at..]).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => Ok(at + values.byte_offset()),
        Some(Err(error)) if error.is_eof() => Err(Fault::CutOff),
        _ => Err(fault(line, at, Fault::NotAnEvent)),
    }
}

/// The fault at `at`: the given one, or [`Fault::CutOff`] at the end of the line.
#[cold]
fn fault(line: &[u8], at: usize, given: impl FnOnce(String) -> Fault) -> Fault {
    let rest = line[at.min(line.len())..].trim_ascii_end();
    let is_cut_off = rest.iter().all(|byte| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'));
    if is_cut_off { Fault::CutOff } else { given(excerpt(first_value(rest))) }
}

/// A best guess at the value at the front of the rest of a line: a string to its end, anything else
/// to the next comma or bracket.
pub(super) fn first_value(rest: &[u8]) -> &[u8] {
    let length = match rest {
        [b'"', string @ ..] => json::closing_quote(string).map(|quote| quote + 2),
        [b',' | b']' | b'[' | b'{', ..] => None,
        _ => rest.iter().position(|byte| matches!(byte, b',' | b']' | b'}')),
    };
    &rest[..length.unwrap_or(rest.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault_of(line: &str) -> Fault {
        Event::scan(line.as_bytes()).unwrap_err()
    }

    #[test]
    fn the_parts_of_an_event_are_found_whatever_the_spacing() {
        let line = b" [ 1.5\t,\"\\u006f\" , \"a\\\"]\" ] \r\n";
        let event = Event::scan(line).unwrap();
        assert_eq!(
            (event.time.as_micros(), event.code, event.data),
            (1_500_000, Code::Output, &b"\"a\\\"]\""[..])
        );
        assert_eq!(&line[event.number.clone()], b"1.5");
        assert_eq!(event.text().unwrap(), "a\"]");
    }

    #[test]
    fn an_unknown_code_may_carry_any_value() {
        for code in ["frob", "oo", ""] {
            for data in ["null", "-1e5", "{\"a\": [1, {}]}", "[]", "\"text\"", "true"] {
                let line = format!("[0, \"{code}\", {data} ]\n");
                let event = Event::scan(line.as_bytes()).unwrap();
                assert_eq!((event.code, event.data), (Code::Other, data.as_bytes()));
            }
        }
    }

    #[test]
    fn every_truncated_line_is_reported_as_cut_off() {
        let line = r#"[1.25, "o", "a\"b"]"#;
        for length in 1..line.len() {
            assert_eq!(fault_of(&line[..length]), Fault::CutOff, "{}", &line[..length]);
        }
        assert_eq!(fault_of(r#"[1, "z", {"a": [1"#), Fault::CutOff);
    }

    #[test]
    fn a_line_that_is_not_an_event_is_quoted_in_the_fault() {
        for (line, message) in [
            ("hello\n", "expected an event, [time, code, data], found 'hello'"),
            ("{\"version\":2}\n", "expected an event, [time, code, data], found '{\"version\":2}'"),
            ("[\"o\", 1]\n", "expected a number of seconds, found '\"o\"'"),
            ("[-1, \"o\", \"\"]\n", "the time is negative: '-1'"),
            ("[1e99, \"o\", \"\"]\n", "the time is too large: '1e99'"),
            ("[1, 2, 3]\n", "expected an event code like \"o\", found '2'"),
            ("[1, \"o\", 5]\n", "expected text as the data of code 'o', found '5'"),
            ("[1, \"o\", \"a\", 2]\n", "expected an event, [time, code, data], found ', 2]'"),
            ("[1, \"o\"]\n", "expected an event, [time, code, data], found ']'"),
            ("[1]\n", "expected an event, [time, code, data], found ']'"),
            ("[1.2.3, \"o\", \"\"]\n", "expected a number of seconds, found '1.2.3'"),
            ("[01, \"o\", \"\"]\n", "expected a number of seconds, found '01'"),
            ("[1, \"o\", \"\"] x\n", "expected an event, [time, code, data], found 'x\\n'"),
            ("[1, \"\\q\", \"\"]\n", "not an escape sequence of JSON: '\\q'"),
        ] {
            assert_eq!(fault_of(line).to_string(), message, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_panics(line in prop::collection::vec(prop::sample::select(br#"[]",\ {}:uox1.e-0#"#.to_vec()), 0..24)) {
            let _ = Event::scan(&line);
        }

        #[test]
        fn a_scanned_event_is_valid_to_serde_json(line in r#"\[ ?(0|[1-9][0-9]?)(\.[0-9]{1,3})? ?, ?"[oimrxz]" ?, ?("([a-c]|\\n|\\")*"|[0-9\[\]{}]{1,3}) ?\]{0,2}"#) {
            let expected = serde_json::from_str::<(f64, String, serde_json::Value)>(&line)
                .ok()
                .filter(|(_, code, data)| data.is_string() || code == "z");
            match Event::scan(line.as_bytes()) {
                Ok(event) => {
                    let (time, code, data) = expected.expect("serde_json reads it as well");
                    prop_assert_eq!(event.time.as_micros(), (time * 1e6).round() as u64);
                    prop_assert!(code == event.code.as_str() || event.code == Code::Other);
                    prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(event.data).unwrap(), data);
                }
                Err(_) => prop_assert!(expected.is_none(), "{}", line),
            }
        }
    }
}
