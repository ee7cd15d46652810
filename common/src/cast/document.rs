//! asciicast v1: one JSON document, read as a stream of frames that become the events of a v2 cast.
//!
//! Finding the end of a value takes only its brackets and quotes and can stop at any byte; the
//! value is then parsed as a whole. A document is therefore read as lines are: in blocks, frame by
//! frame. Only if the size follows the frames, as some writers have it, is everything before it
//! held in memory.

use memchr::{memchr, memchr_iter, memchr2};
use serde_json::value::RawValue;

use super::event::{Event, first_value, skip_space};
use super::fault::Fault;
use super::header::{Header, HeaderBuilder, Version};
use super::input::Input;
use super::json;
use super::time::Time;
use crate::text::excerpt;

/// Returns whether a source that begins like this is a v1 document rather than lines.
///
/// `front` is at least the first line, or the part of a very long one read so far. Anything after
/// that line is ignored, so that the result does not depend on how much has been read.
pub fn is_document(front: &[u8]) -> bool {
    let front = memchr(b'\n', front).map_or(front, |end| &front[..=end]);
    // An object that continues after the first line without having named its version can only be a
    // document.
    let is_unfinished_document = || front.starts_with(b"{") && front.contains(&b'\n');
    let mut at = skip_space(front, 0);
    if front.get(at) != Some(&b'{') {
        return false;
    }
    at += 1;
    let mut is_first = true;
    loop {
        let (name, value) = match key(front, at, is_first) {
            Ok(Some(Key::Entry { name, value })) => (name, value),
            Ok(Some(Key::Close { .. })) | Err(Malformed) => return false,
            Ok(None) => return is_unfinished_document(),
        };
        if name == "stdout" {
            return true;
        }
        match Extent::new(value).find(front) {
            Some(end) if name == "version" => return &front[value..end] == b"1",
            Some(end) => at = end,
            None => return is_unfinished_document(),
        }
        is_first = false;
    }
}

/// A part of a document.
pub enum Part {
    /// The equivalent v2 header.
    Header(Header),
    /// A frame; [`Document::event`] returns its event.
    Frame,
    /// The end of the document.
    End,
}

/// A fault in a document.
pub enum Damage {
    /// A fault in one frame; the next one can still be read.
    Frame(Fault),
    /// A fault after which nothing more can be read.
    Document(Fault),
}

/// A v1 document being read.
#[derive(Default)]
pub struct Document {
    stage: Stage,
    /// The scan for the end of the current value, if one is in progress.
    extent: Option<Extent>,
    /// The number of line ends consumed.
    line_ends: u64,
    /// The time of the last frame.
    now: Time,
    /// The current frame as a v2 line.
    line: Vec<u8>,
}

/// What is expected next.
enum Stage {
    /// Keys and values, until the size and the start of the frames are known.
    Front(Front),
    /// A frame, or the end of the array.
    Frames(Frames),
    /// More keys and the end of the object, starting at an offset in the source.
    Back { from: u64 },
    /// Only white space.
    Close,
}

impl Default for Stage {
    fn default() -> Stage {
        Stage::Front(Front::default())
    }
}

/// The part of a document read before its header can be built. Nothing of it is consumed: positions
/// are counted from its first byte.
#[derive(Default)]
struct Front {
    /// The position of the next key; zero before the opening brace.
    at: usize,
    /// The keys read so far, with their values.
    keys: Vec<(String, String)>,
    /// The start of the array of frames, if it has been skipped.
    frames: Option<usize>,
}

/// A point between two frames.
#[derive(Clone, Debug)]
pub struct Frames {
    /// True until the first frame has been read.
    is_first: bool,
    /// The source offset of what follows the frames, if that was read before them.
    after: Option<u64>,
    line_ends: u64,
    now: Time,
}

impl Document {
    /// Resumes reading at a point between two frames.
    pub fn resume(frames: &Frames) -> Document {
        Document {
            stage: Stage::Frames(frames.clone()),
            line_ends: frames.line_ends,
            now: frames.now,
            ..Document::default()
        }
    }

    /// The current point, if it is between two frames.
    pub fn place(&self) -> Option<Frames> {
        match &self.stage {
            Stage::Frames(frames) => {
                Some(Frames { line_ends: self.line_ends, now: self.now, ..frames.clone() })
            }
            _ => None,
        }
    }

    /// The current line number, from 1.
    pub fn line(&self) -> u64 {
        self.line_ends + 1
    }

    /// The next part; `None` if more must be read first.
    ///
    /// # Errors
    ///
    /// A fault; [`Document::line`] is its line.
    pub fn next(&mut self, input: &mut Input) -> Result<Option<Part>, Damage> {
        loop {
            let progress = match self.stage {
                Stage::Front(_) => self.front(input)?,
                Stage::Frames(_) => self.frame(input)?,
                Stage::Back { from } => self.back(from, input)?,
                Stage::Close => self.close(input)?,
            };
            match progress {
                Progress::Part(part) => return Ok(Some(part)),
                Progress::Stage => {}
                Progress::Starved if input.is_at_end() => {
                    self.take(usize::MAX, input);
                    return Err(Damage::Document(Fault::CutOff));
                }
                Progress::Starved => return Ok(None),
            }
        }
    }

    /// The event of the last frame found.
    ///
    /// # Errors
    ///
    /// None that a frame could cause.
    pub fn event(&self) -> Result<Event<'_>, Fault> {
        Event::scan(&self.line)
    }

    /// Reads one key and its value, and builds the header once that is enough.
    fn front(&mut self, input: &mut Input) -> Result<Progress, Damage> {
        let Stage::Front(front) = &mut self.stage else { return Ok(Progress::Stage) };
        let bytes = input.bytes();
        if front.at == 0 {
            front.at = skip_space(bytes, 0) + 1;
        }
        let is_first = front.keys.is_empty() && front.frames.is_none();
        let fault = match key(bytes, front.at, is_first) {
            Ok(None) => return Ok(Progress::Starved),
            Err(Malformed) => Fault::BadDocument,
            Ok(Some(Key::Close { .. })) => front.missing(),
            Ok(Some(Key::Entry { name, value }))
                if name == "stdout" && bytes[value] == b'[' && front.has_size() =>
            {
                return self.begin_frames(value, None, input);
            }
            Ok(Some(Key::Entry { name, value })) => {
                let extent = self.extent.get_or_insert_with(|| Extent::new(value));
                let Some(end) = extent.find(bytes) else { return Ok(Progress::Starved) };
                self.extent = None;
                if name == "stdout" && bytes[value] == b'[' {
                    // Frames are skipped until the size is known.
                    front.at = end;
                    front.frames = Some(value);
                    return Ok(Progress::Stage);
                }
                match json_text(&bytes[value..end]) {
                    None => Fault::BadDocument,
                    Some(text) if name == "stdout" => Fault::NotFrames(excerpt(text.as_bytes())),
                    // A header of another version that continues on the next line.
                    Some(version) if name == "version" && version != "1" => Fault::CutOff,
                    Some(text) => {
                        front.keys.push((name, text.to_string()));
                        front.at = end;
                        let Some(frames) = front.frames.filter(|_| front.has_size()) else {
                            return Ok(Progress::Stage);
                        };
                        let after = input.offset() + end as u64;
                        return self.begin_frames(frames, Some(after), input);
                    }
                }
            }
        };
        let at = front.at;
        self.take(at, input);
        Err(Damage::Document(fault))
    }

    /// Builds the header and moves on to the frames; their array begins at `at`.
    fn begin_frames(&mut self, at: usize, after: Option<u64>, input: &mut Input) -> Result<Progress, Damage> {
        let Stage::Front(front) = &self.stage else { return Ok(Progress::Stage) };
        let header = front.header().map_err(Damage::Document)?;
        self.stage = Stage::Frames(Frames { is_first: true, after, line_ends: 0, now: Time::ZERO });
        self.take(at + 1, input);
        Ok(Progress::Part(Part::Header(header)))
    }

    /// Reads one frame, or the end of the array.
    fn frame(&mut self, input: &mut Input) -> Result<Progress, Damage> {
        let Stage::Frames(frames) = &mut self.stage else { return Ok(Progress::Stage) };
        let bytes = input.bytes();
        let mut at = skip_space(bytes, 0);
        match bytes.get(at) {
            None => return Ok(Progress::Starved),
            Some(b']') => {
                let end = input.offset() + at as u64 + 1;
                self.stage = Stage::Back { from: frames.after.unwrap_or(end) };
                return Ok(Progress::Stage);
            }
            Some(b',') if !frames.is_first => at = skip_space(bytes, at + 1),
            Some(_) if frames.is_first => {}
            Some(_) => return Err(Damage::Document(Fault::BadDocument)),
        }
        if at == bytes.len() {
            return Ok(Progress::Starved);
        }
        let extent = self.extent.get_or_insert_with(|| Extent::new(at));
        let Some(end) = extent.find(bytes) else { return Ok(Progress::Starved) };
        self.extent = None;
        frames.is_first = false;
        let frame = &bytes[at..end];
        let parts = match frame.first() {
            Some(b'[') => frame_parts(frame).map_err(Damage::Frame),
            _ if json_text(frame).is_some() => Err(Damage::Frame(Fault::NotAFrame(excerpt(frame)))),
            _ => Err(Damage::Document(Fault::BadDocument)),
        };
        let parts = parts.and_then(|(delay, text)| {
            self.now = self.now.plus(delay);
            if self.now == Time::MAX { Err(Damage::Document(Fault::EndlessTime)) } else { Ok(text) }
        });
        let parts = parts.map(|text| {
            self.line.clear();
            self.line.push(b'[');
            self.now.write_seconds(&mut self.line);
            self.line.extend_from_slice(b", \"o\", ");
            self.line.extend_from_slice(text);
            self.line.extend_from_slice(b"]\n");
        });
        self.take(end, input);
        parts.map(|()| Progress::Part(Part::Frame))
    }

    /// Reads one key and its value after the frames, or the end of the object.
    fn back(&mut self, from: u64, input: &mut Input) -> Result<Progress, Damage> {
        let ahead = from.saturating_sub(input.offset());
        if ahead > 0 {
            self.take(usize::try_from(ahead).unwrap_or(usize::MAX), input);
        }
        if input.offset() < from {
            return Ok(Progress::Starved);
        }
        let bytes = input.bytes();
        let end = match key(bytes, 0, false) {
            Ok(None) => return Ok(Progress::Starved),
            Err(Malformed) => return Err(Damage::Document(Fault::BadDocument)),
            Ok(Some(Key::Close { end })) => {
                self.stage = Stage::Close;
                end
            }
            Ok(Some(Key::Entry { value, .. })) => {
                let extent = self.extent.get_or_insert_with(|| Extent::new(value));
                let Some(end) = extent.find(bytes) else { return Ok(Progress::Starved) };
                self.extent = None;
                if json_text(&bytes[value..end]).is_none() {
                    return Err(Damage::Document(Fault::BadDocument));
                }
                end
            }
        };
        self.take(end, input);
        Ok(Progress::Stage)
    }

    /// Skips white space after the object.
    fn close(&mut self, input: &mut Input) -> Result<Progress, Damage> {
        let space = skip_space(input.bytes(), 0);
        self.take(space, input);
        match (input.bytes().is_empty(), input.is_at_end()) {
            (false, _) => Err(Damage::Document(Fault::BadDocument)),
            (true, false) => Ok(Progress::Starved),
            (true, true) => Ok(Progress::Part(Part::End)),
        }
    }

    /// Consumes bytes from the front, and counts their line ends.
    fn take(&mut self, count: usize, input: &mut Input) {
        let taken = &input.bytes()[..count.min(input.bytes().len())];
        self.line_ends += memchr_iter(b'\n', taken).count() as u64;
        input.take(count);
    }
}

/// The result of a step of a stage.
enum Progress {
    /// A part is complete.
    Part(Part),
    /// The stage has changed or advanced, without completing a part.
    Stage,
    /// More input is needed.
    Starved,
}

impl Front {
    fn value(&self, name: &str) -> Option<&str> {
        self.keys.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn has_size(&self) -> bool {
        self.value("width").is_some() && self.value("height").is_some()
    }

    /// The fault of an object that ends before it is a complete cast.
    fn missing(&self) -> Fault {
        let missing = ["version", "width", "height"].into_iter().find(|name| self.value(name).is_none());
        missing.map_or(Fault::NoFrames, Fault::Missing)
    }

    /// The equivalent v2 header.
    fn header(&self) -> Result<Header, Fault> {
        let mut builder = HeaderBuilder::new(Version::V2);
        for name in ["width", "height"] {
            builder.add(name, self.value(name).unwrap_or("null"));
        }
        for (key, value) in &self.keys {
            let is_said = matches!(key.as_str(), "version" | "width" | "height");
            if !is_said && value != "null" {
                builder.add(key, &on_one_line(value));
            }
        }
        let mut header = Header::parse(builder.finish().as_bytes())?;
        header.is_from_v1 = true;
        Ok(header)
    }
}

/// The delay of a frame, `[delay, "text"]`, and its quoted text.
fn frame_parts(frame: &[u8]) -> Result<(Time, &[u8]), Fault> {
    let not_a_frame = || Fault::NotAFrame(excerpt(frame));
    let expect = |at: usize, byte: u8| match frame.get(at) {
        Some(&found) if found == byte => Ok(at + 1),
        _ => Err(not_a_frame()),
    };
    let mut at = skip_space(frame, 1);
    if frame.get(at) == Some(&b']') {
        return Err(not_a_frame());
    }
    let (delay, length) =
        Time::scan(&frame[at..]).map_err(|why| Fault::BadTime(excerpt(first_value(&frame[at..])), why))?;
    at = expect(skip_space(frame, at + length), b',')?;
    let start = skip_space(frame, at);
    at = expect(start, b'"')?;
    let end = at + json::closing_quote(&frame[at..]).ok_or_else(not_a_frame)? + 1;
    at = expect(skip_space(frame, end), b']')?;
    if at < frame.len() { Err(not_a_frame()) } else { Ok((delay, &frame[start..end])) }
}

/// The contents of an object at a point where a key is expected.
enum Key {
    /// A key, and the position of its value.
    Entry { name: String, value: usize },
    /// The closing brace, and the position after it.
    Close { end: usize },
}

/// Anything else.
struct Malformed;

/// Reads the key at a position in an object, with the comma before and the colon after it.
/// `Ok(None)` if more input is needed.
fn key(bytes: &[u8], at: usize, is_first: bool) -> Result<Option<Key>, Malformed> {
    let mut at = skip_space(bytes, at);
    match bytes.get(at) {
        Some(b'}') => return Ok(Some(Key::Close { end: at + 1 })),
        Some(b',') if !is_first => at = skip_space(bytes, at + 1),
        Some(_) if is_first => {}
        Some(_) => return Err(Malformed),
        None => return Ok(None),
    }
    let name_start = match bytes.get(at) {
        Some(b'"') => at + 1,
        Some(_) => return Err(Malformed),
        None => return Ok(None),
    };
    let Some(length) = json::closing_quote(&bytes[name_start..]) else { return Ok(None) };
    let mut name = Vec::new();
    json::decode(&bytes[name_start..name_start + length], &mut name).map_err(|_| Malformed)?;
    at = skip_space(bytes, name_start + length + 1);
    match bytes.get(at) {
        Some(b':') => {}
        Some(_) => return Err(Malformed),
        None => return Ok(None),
    }
    let value = skip_space(bytes, at + 1);
    if value == bytes.len() {
        return Ok(None);
    }
    Ok(Some(Key::Entry { name: String::from_utf8_lossy(&name).into_owned(), value }))
}

/// The text of a JSON value, if it is valid.
fn json_text(bytes: &[u8]) -> Option<&str> {
    serde_json::from_slice::<&RawValue>(bytes).ok().map(RawValue::get)
}

/// A scan for the end of a JSON value; it resumes when more has been read.
struct Extent {
    /// The next byte to look at.
    at: usize,
    /// The number of open brackets.
    depth: usize,
    is_in_string: bool,
}

impl Extent {
    /// Starts at the first byte of a value.
    fn new(at: usize) -> Extent {
        Extent { at, depth: 0, is_in_string: false }
    }

    /// The end of the value; `None` if it has not been read yet. The value may still be invalid.
    fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        loop {
            if self.is_in_string {
                let Some(length) = memchr2(b'"', b'\\', bytes.get(self.at..)?) else {
                    self.at = bytes.len();
                    return None;
                };
                self.at += length;
                if bytes[self.at] == b'\\' {
                    bytes.get(self.at + 1)?;
                    self.at += 2;
                    continue;
                }
                self.is_in_string = false;
            } else {
                match bytes.get(self.at)? {
                    b'"' => {
                        self.is_in_string = true;
                        self.at += 1;
                        continue;
                    }
                    b'[' | b'{' => {
                        self.depth += 1;
                        self.at += 1;
                        continue;
                    }
                    // The end of a number or a literal.
                    b']' | b'}' | b',' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => {
                        return Some(self.at);
                    }
                    b']' | b'}' => self.depth -= 1,
                    _ => {
                        self.at += 1;
                        continue;
                    }
                }
            }
            self.at += 1;
            if self.depth == 0 {
                return Some(self.at);
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::cast::{Error, Item, Reader};

    /// The v2 cast made from a document, and the error at its end.
    fn v2_of(document: &str) -> (String, String) {
        let mut reader = Reader::new(document.as_bytes());
        let mut lines = String::new();
        let message = loop {
            match reader.next() {
                Ok(Some(Item::Header(header))) => lines.push_str(header.line()),
                Ok(Some(Item::Event(event))) => lines.push_str(&String::from_utf8_lossy(event.line)),
                Ok(Some(Item::Ignored(line))) => panic!("{line:?}"),
                Ok(Some(Item::End)) => break String::new(),
                Ok(None) => reader.fill().unwrap(),
                Err(Error::Line { number, fault }) => break format!("line {number}: {fault}"),
                Err(error) => break format!("{error:?}"),
            }
        };
        (lines, message)
    }

    #[test]
    fn delays_add_up_and_null_keys_are_dropped() {
        let document = "{\n \"version\": 1, \"width\": 80,\n \"height\": 24, \"title\": null, \"env\": {\n  \"SHELL\": \"{ \\n }\",\n \"TERM\": null\n },\n \"stdout\": [[0.5, \"a\\u001b\"], [1e0,\n\"\\ud800\"]]}\n";
        let env = "{\"SHELL\": \"{ \\n }\", \"TERM\": null}";
        let expected = format!(
            "{{\"version\": 2, \"width\": 80, \"height\": 24, \"env\": {}}}\n[0.500000, \"o\", \"a\\u001b\"]\n[1.500000, \"o\", \"\\ud800\"]\n",
            env
        );
        assert_eq!(v2_of(document), (expected, String::new()));
    }

    #[test]
    fn frames_before_the_size_are_read_once_it_is_known() {
        let document = "{\"stdout\": [[1, \"a\"]], \"height\": 24, \"width\": 80, \"version\": 1}";
        let expected = "{\"version\": 2, \"width\": 80, \"height\": 24}\n[1.000000, \"o\", \"a\"]\n";
        assert_eq!(v2_of(document), (expected.to_string(), String::new()));
    }

    #[test]
    fn faults_are_reported_with_the_line_of_the_document() {
        let good = "{\"version\": 1, \"width\": 80, \"height\": 24, \"stdout\": [\n[1, \"a\"],\n";
        for (rest, message) in [
            ("[1, \"b", "line 3: the line is cut off"),
            ("", "line 3: the line is cut off"),
            ("[-1, \"b\"]]}", "line 3: the time is negative: '-1'"),
            ("[1, 5]]}", "line 3: expected a frame, [delay, text], found '[1, 5]'"),
            ("[1]]}", "line 3: expected a frame, [delay, text], found '[1]'"),
            ("x]}", "line 3: the document is not valid JSON"),
            ("5]}", "line 3: expected a frame, [delay, text], found '5'"),
            ("[\"1\", \"b\"]]}", "line 3: expected a number of seconds, found '\"1\"'"),
            ("[1, \"b\", 2]]}", "line 3: expected a frame, [delay, text], found '[1, \"b\", 2]'"),
            ("[1, \"b\"]\n", "line 4: the line is cut off"),
            ("[1, \"b\"]] x", "line 3: the document is not valid JSON"),
            ("[1, \"b\"], ]}", "line 3: the document is not valid JSON"),
            ("[1, \"b\"]]} x", "line 3: the document is not valid JSON"),
            ("[1e18, \"b\"]]}", "line 3: the time is too large: '1e18'"),
            ("[999999999999, \"b\"]]}", "line 3: the intervals add up to too large a time"),
        ] {
            let (lines, found) = v2_of(&format!("{good}{rest}"));
            assert_eq!(found, message, "{rest}");
            assert!(lines.contains("\n[1.000000, \"o\", \"a\"]\n"), "{lines}");
        }
        assert_eq!(v2_of("{\"version\": 1, \"stdout\": []}").1, "line 1: the header has no 'width'");
        let whole = "{\"version\": 1, \"width\": 80, \"height\": 24";
        for (rest, message) in [
            ("}", "the document has no 'stdout'"),
            (", \"stdout\": null}", "'stdout' in the document is not an array of frames: 'null'"),
            (", \"stdout\": {}}", "'stdout' in the document is not an array of frames: '{}'"),
            (" \"title\": 1}", "the document is not valid JSON"),
            (", \"title\": x}", "the document is not valid JSON"),
        ] {
            assert_eq!(v2_of(&format!("{whole}{rest}")), (String::new(), format!("line 1: {message}")));
        }
        assert_eq!(v2_of("{\"version\": 2,\n\"width\": 80}").1, "line 1: the line is cut off");
        assert_eq!(v2_of("{\n\"version\": 2, \"width\": 80}").1, "line 1: the line is cut off");
    }

    proptest! {
        #[test]
        fn no_document_panics(tokens in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"version\"", "1", "2", "\"width\": 80", "\"height\": 24", "\"stdout\":",
            "\"a\\\"\"", " ", "\n", "[1, \"x\"]", "\"", "\\", "null", "-1",
        ]), 0..30)) {
            v2_of(&format!("{{\"version\": 1, {}", tokens.concat()));
            v2_of(&tokens.concat());
        }

        #[test]
        fn frames_are_read_as_serde_json_reads_them(
            keys in Just(vec!["version", "width", "height", "title", "stdout"]).prop_shuffle(),
            frames in prop::collection::vec((0u32..9_000_000, any::<String>()), 0..6),
            is_pretty in any::<bool>(),
        ) {
            let seconds = |micros: &u32| f64::from(*micros) / 1e6;
            let stdout: Vec<_> = frames.iter().map(|(micros, text)| (seconds(micros), text)).collect();
            let entry = |key: &&str| format!("{}: {}", serde_json::json!(key), match *key {
                "version" => "1".to_string(),
                "stdout" if is_pretty => serde_json::to_string_pretty(&stdout).unwrap(),
                "stdout" => serde_json::to_string(&stdout).unwrap(),
                "title" => "\"}]\\\"\"".to_string(),
                _ => "80".to_string(),
            });
            let document = format!("{{{}}}", keys.iter().map(entry).collect::<Vec<_>>().join(if is_pretty { ",\n" } else { "," }));
            let (lines, message) = v2_of(&document);
            prop_assert_eq!(message, "", "{}", document);
            let mut now = 0;
            let mut lines = lines.lines().skip(1);
            for (micros, text) in &frames {
                now += u64::from(*micros);
                let (time, _, data): (f64, String, String) = serde_json::from_str(lines.next().unwrap()).unwrap();
                prop_assert_eq!(((time * 1e6).round() as u64, &data), (now, text));
            }
            prop_assert_eq!(lines.next(), None);
        }
    }
}
