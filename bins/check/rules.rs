//! The rules for a cast (asciicast(5)), and those of asciinema-server's decoder: its JSON parser is
//! strict, and so are its rules for the first two lines of a v2 cast.

use common::cast::{Code, Event, Fault, Header, Time, Version, json, object_entries};
use common::size::Size;
use common::text::{excerpt, visible};
use serde_json::Value;

/// The largest terminal that asciinema-server accepts.
const LARGEST: Size = Size { cols: 720, rows: 200 };

/// The shortest idle time limit that asciinema-server accepts, in seconds.
const SHORTEST_IDLE_LIMIT: f64 = 0.5;

/// An empty event code, as written.
const EMPTY: &[u8] = b"\"\"";

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The cast is invalid, or some program rejects it.
    Fault,
    /// The cast is odd.
    Warning,
}

/// A finding about a line.
#[derive(Debug)]
pub struct Finding {
    pub level: Level,
    /// The message.
    pub what: String,
}

impl Finding {
    pub fn fault(what: String) -> Finding {
        Finding { level: Level::Fault, what }
    }

    fn warning(what: String) -> Finding {
        Finding { level: Level::Warning, what }
    }
}

/// The state needed to check the next line.
#[derive(Default)]
pub struct Rules {
    version: Option<Version>,
    is_from_v1: bool,
    /// The time of the previous event.
    previous: Time,
    /// True if a line has followed the header.
    has_lines: bool,
    has_events: bool,
    has_ended: bool,
}

impl Rules {
    /// Checks the header.
    pub fn header(&mut self, header: &Header, findings: &mut Vec<Finding>) {
        self.version = Some(header.version);
        self.is_from_v1 = header.is_from_v1;
        let Size { cols, rows } = header.size;
        if cols == 0 || rows == 0 {
            findings.push(Finding::fault(format!("a terminal of {} has no cells", header.size)));
        } else if cols > LARGEST.cols || rows > LARGEST.rows {
            let what = format!(
                "a terminal of {} is larger than {LARGEST}, the largest that asciinema-server accepts",
                header.size
            );
            findings.push(Finding::warning(what));
        }
        if !header.line().starts_with('{') {
            findings.push(Finding::fault("white space before the header".to_string()));
        }
        let mut names: Vec<&str> = header.entries().map(|(name, _)| name).collect();
        names.sort_unstable();
        for pair in names.windows(2).filter(|pair| pair[0] == pair[1]) {
            findings.push(Finding::warning(format!("duplicate key '{}' in the header", visible(pair[0]))));
        }
        for (name, _) in header.entries() {
            findings.extend(key_fault(header, name).map(Finding::fault));
        }
        for (name, value) in object_entries(header.get("env").unwrap_or_default()).unwrap_or_default() {
            let is_plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
            if value == "null" || name.is_empty() || !name.bytes().all(is_plain) {
                let what = format!(
                    "asciinema-server rejects '{}: {}' in env",
                    visible(&name),
                    excerpt(value.as_bytes())
                );
                findings.push(Finding::warning(what));
            }
        }
        let limit = header.get("idle_time_limit").and_then(|limit| limit.parse::<f64>().ok());
        if let Some(limit) = limit.filter(|limit| *limit < SHORTEST_IDLE_LIMIT) {
            let what =
                format!("asciinema-server rejects an idle time limit below {SHORTEST_IDLE_LIMIT}: {limit}");
            findings.push(Finding::warning(what));
        }
    }

    /// Checks an event.
    pub fn event(&mut self, event: &Event<'_>, findings: &mut Vec<Finding>) {
        if event.time < self.previous {
            let back = self.previous.since(event.time).as_micros() as f64 / 1e6;
            findings.push(Finding::fault(format!("the time steps back by {back} s")));
        }
        self.previous = event.time;
        let is_second_line = !std::mem::replace(&mut self.has_lines, true);
        if is_second_line && self.is_v2() && event.line[0] != b'[' {
            findings.push(Finding::fault("white space before the first event".to_string()));
        }
        if self.has_ended {
            findings.push(Finding::warning("an event after the exit status".to_string()));
        }
        self.has_events = true;
        self.has_ended |= event.code == Code::Exit;
        findings.extend(data_fault(event).map(Finding::fault));
        match event.code {
            Code::Other if event.code_json() != EMPTY => {
                let what = format!("an unknown event code: {}", excerpt(event.code_json()));
                findings.push(Finding::warning(what));
            }
            Code::Exit if event.text().is_ok_and(|status| status.parse::<i32>().is_err()) => {
                let what = format!("the exit status is not a number: '{}'", excerpt(event.data));
                findings.push(Finding::warning(what));
            }
            _ => {}
        }
    }

    /// Checks a line that is not an event.
    pub fn ignored(&mut self, line: &[u8], findings: &mut Vec<Finding>) {
        let is_second_line = !std::mem::replace(&mut self.has_lines, true);
        findings
            .extend(self.ignored_fault(line, is_second_line).map(|what| Finding::fault(what.to_string())));
    }

    /// Records that a line was unreadable.
    pub fn broken(&mut self) {
        self.has_lines = true;
    }

    /// Checks the cast as a whole, at its end.
    pub fn end(&mut self, findings: &mut Vec<Finding>) {
        if self.is_v2() && !self.has_events {
            findings.push(Finding::fault("no events".to_string()));
        }
    }

    fn is_v2(&self) -> bool {
        self.version == Some(Version::V2) && !self.is_from_v1
    }

    /// The fault of a line that other readers do not ignore.
    fn ignored_fault(&self, line: &[u8], is_second_line: bool) -> Option<&'static str> {
        match line {
            [b'#', ..] if self.version == Some(Version::V2) => Some("a comment, which only v3 allows"),
            [b'#', ..] => None,
            b"\n" if is_second_line && self.is_v2() => Some("a blank line before the first event"),
            b"\n" => None,
            _ => Some("a line of white space"),
        }
    }
}

/// The fault in the value of a header key.
pub fn key_fault(header: &Header, name: &str) -> Option<String> {
    let text = header.get(name)?;
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let (expected, is_met) = match (name, &value) {
        (_, Value::Null) => ("valid JSON", serde_json::from_str::<Value>(text).is_ok()),
        ("title" | "command", value) => ("a string", value.is_string()),
        ("timestamp" | "duration" | "idle_time_limit", value) => ("a number", value.is_number()),
        ("env", Value::Object(env)) => {
            ("an object of strings", env.values().all(|value| value.is_string() || value.is_null()))
        }
        ("env", _) => ("an object of strings", false),
        ("tags", tags) if header.version == Version::V3 => {
            let are_texts = tags.as_array().is_some_and(|tags| tags.iter().all(Value::is_string));
            ("an array of strings", are_texts)
        }
        ("theme", theme) if header.version == Version::V2 => ("a theme", is_theme(theme)),
        ("term", term) if header.version == Version::V3 => {
            let has_theme = term.get("theme").is_none_or(|theme| theme.is_null() || is_theme(theme));
            let has_texts = is_optional_text(term, "type") && is_optional_text(term, "version");
            ("a valid description of a terminal", has_theme && has_texts)
        }
        _ => return None,
    };
    let shown = excerpt(text.as_bytes());
    (!is_met).then(|| format!("'{}' in the header is not {expected}: '{shown}'", visible(name)))
}

fn is_optional_text(object: &Value, key: &str) -> bool {
    object.get(key).is_none_or(|value| value.is_string() || value.is_null())
}

/// Returns whether a value has a theme's colours, `#rrggbb`, with 8 or 16 of them in its palette.
fn is_theme(theme: &Value) -> bool {
    let is_colour = |colour: &str| {
        let digits = colour.strip_prefix('#').unwrap_or_default();
        digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    };
    let is_palette =
        |palette: &str| matches!(palette.split(':').count(), 8 | 16) && palette.split(':').all(is_colour);
    let holds = |key: &str, test: &dyn Fn(&str) -> bool| match theme.get(key) {
        None | Some(Value::Null) => true,
        Some(value) => value.as_str().is_some_and(test),
    };
    theme.is_object() && holds("fg", &is_colour) && holds("bg", &is_colour) && holds("palette", &is_palette)
}

/// The fault in the code or the data of an event.
pub fn data_fault(event: &Event<'_>) -> Option<String> {
    if event.code == Code::Other && event.code_json() == EMPTY {
        return Some("the event code is empty".to_string());
    }
    let is_valid = match event.code {
        Code::Other => serde_json::from_slice::<Value>(event.data).is_ok(),
        _ => serde_json::from_slice::<String>(event.data).is_ok(),
    };
    if !is_valid {
        return Some(invalid_text(event));
    }
    if event.code == Code::Resize && event.resize().is_none_or(|size| size.cols == 0 || size.rows == 0) {
        return Some(format!("not a size like 80x24: '{}'", excerpt(event.data)));
    }
    None
}

/// The reason why strict JSON rejects the data of an event that we can read.
fn invalid_text(event: &Event<'_>) -> String {
    let raw = event.data;
    if let Err(error) = std::str::from_utf8(raw) {
        return format!("not valid UTF-8: '{}'", excerpt(&raw[error.valid_up_to()..]));
    }
    if let Some(at) = raw.iter().position(|&byte| byte < 0x20) {
        return format!("a control character that is not escaped: '{}'", excerpt(&raw[at..=at]));
    }
    let mut text = Vec::new();
    match json::decode(raw, &mut text) {
        Err(escape) => Fault::bad_escape(raw, escape).to_string(),
        Ok(()) => "half of a surrogate pair".to_string(),
    }
}
