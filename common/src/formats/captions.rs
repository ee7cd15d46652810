//! Captions in SubRip (`.srt`) and WebVTT (`.vtt`): written from markers, and parsed.
//!
//! The formats differ in the decimal separator, in a first line, and in the characters to escape.

use std::fmt;

use super::Encoder;
use crate::cast::{Code, Fault, Header, Time};
use crate::text::excerpt;

/// The format of captions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Markup {
    /// SubRip, `.srt`.
    SubRip,
    /// WebVTT, `.vtt` (W3C, WebVTT: The Web Video Text Tracks Format).
    WebVtt,
}

/// The maximum duration of a caption made from a marker; the next marker ends it earlier.
pub const LONGEST: Time = Time::from_micros(3_000_000);

/// A text that is shown for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    /// The time when it appears.
    pub start: Time,
    /// The time when it disappears.
    pub end: Time,
    /// The text, with line breaks.
    pub text: String,
}

/// Writes the markers of a cast.
pub struct Captions {
    markup: Markup,
    count: u64,
    /// The last marker with a label, until its end is known.
    open: Option<(Time, String)>,
}

impl Captions {
    /// Captions in this format.
    pub fn new(markup: Markup) -> Captions {
        Captions { markup, count: 0, open: None }
    }

    /// Writes the open caption, which ends at `limit` at the latest.
    fn close(&mut self, limit: Time, out: &mut Vec<u8>) {
        let Some((start, label)) = self.open.take() else { return };
        let end = start.plus(LONGEST).min(limit);
        let text = self.markup.escaped(&label);
        // Of two markers at the same time, the second one is shown.
        if end <= start || text.is_empty() {
            return;
        }
        self.count += 1;
        if self.markup == Markup::SubRip {
            out.extend_from_slice(format!("{}\n", self.count).as_bytes());
        }
        self.markup.write_time(start, out);
        out.extend_from_slice(b" --> ");
        self.markup.write_time(end, out);
        out.extend_from_slice(format!("\n{text}\n\n").as_bytes());
    }
}

impl Encoder for Captions {
    fn header(&mut self, _: &Header, out: &mut Vec<u8>) -> Result<(), Fault> {
        if self.markup == Markup::WebVtt {
            out.extend_from_slice(b"WEBVTT\n\n");
        }
        Ok(())
    }

    fn text(&mut self, time: Time, code: Code, text: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
        let is_over = self.open.as_ref().is_some_and(|(start, _)| start.plus(LONGEST) <= time);
        if code == Code::Marker || is_over {
            self.close(time, out);
        }
        if code == Code::Marker {
            self.open = Some((time, text.to_string()));
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.close(Time::MAX, out);
    }
}

impl Markup {
    /// A label as the text of a caption: without blank lines, which would end it, and without
    /// markup.
    fn escaped(self, label: &str) -> String {
        let lines = label.lines().map(|line| line.replace(|c: char| c.is_control(), " "));
        let lines = lines.filter(|line| !line.trim().is_empty());
        let text = lines.collect::<Vec<_>>().join("\n");
        match self {
            Markup::SubRip => text.replace("-->", "->"),
            Markup::WebVtt => text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
        }
    }

    fn write_time(self, time: Time, out: &mut Vec<u8>) {
        let millis = time.rounded_to(Time::from_micros(1000)).as_micros() / 1000;
        let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
        let mark = if self == Markup::SubRip { ',' } else { '.' };
        let text = format!("{hours:02}:{minutes:02}:{seconds:02}{mark}{:03}", millis % 1000);
        out.extend_from_slice(text.as_bytes());
    }
}

/// An invalid line in a caption file.
#[derive(Debug, PartialEq, Eq)]
pub struct CueFault {
    /// The line, counted from 1.
    pub line: usize,
    /// The text found in place of two times.
    pub found: String,
}

impl fmt::Display for CueFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: expected START --> END, found '{}'", self.line, self.found)
    }
}

/// Parses captions of either format, in the order of their start times. Styles are dropped.
///
/// Only one caption is shown at a time: of those that overlap, the one that began last, and then the
/// others again. Those with the same times become one.
///
/// # Errors
///
/// A [`CueFault`] if an arrow is not between two times, or if a file with text has no captions.
pub fn parse_cues(text: &str) -> Result<Vec<Cue>, CueFault> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let mut cues: Vec<Cue> = Vec::new();
    let mut is_within = false;
    // Notes and styles of WebVTT extend to a blank line.
    let mut is_note = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            (is_within, is_note) = (false, false);
        } else if !is_within && (is_note || ["NOTE", "STYLE", "REGION"].contains(&first_word(line))) {
            is_note = true;
        } else if let Some(times) = line.split_once("-->") {
            let fault = || CueFault { line: index + 1, found: excerpt(line.as_bytes()) };
            match parse_times(times) {
                Some((start, end)) => {
                    if is_within && let Some(cue) = cues.last_mut() {
                        // Without a blank line, the number of the next caption looks like text.
                        cue.drop_number();
                    }
                    cues.push(Cue { start, end, text: String::new() });
                    is_within = true;
                }
                None if is_within => cues.last_mut().into_iter().for_each(|cue| cue.push_line(line)),
                None => return Err(fault()),
            }
        } else if is_within {
            cues.last_mut().into_iter().for_each(|cue| cue.push_line(line));
        }
    }
    if cues.is_empty()
        && let Some(first) = text.lines().next().filter(|line| !line.starts_with("WEBVTT"))
    {
        return Err(CueFault { line: 1, found: excerpt(first.as_bytes()) });
    }
    cues.retain(|cue| !cue.text.trim().is_empty() && cue.start < cue.end);
    cues.sort_by_key(|cue| cue.start);
    Ok(without_overlaps(cues))
}

impl Cue {
    fn push_line(&mut self, line: &str) {
        let separator = if self.text.is_empty() { "" } else { "\n" };
        self.text.push_str(separator);
        self.text.push_str(&plain(line));
    }

    /// Removes a last line of digits.
    fn drop_number(&mut self) {
        let (before, last) = self.text.rsplit_once('\n').unwrap_or(("", &self.text));
        if last.trim().bytes().all(|byte| byte.is_ascii_digit()) {
            self.text.truncate(before.len());
        }
    }
}

/// Captions in order of their start, cut into pieces that do not overlap.
fn without_overlaps(cues: Vec<Cue>) -> Vec<Cue> {
    let mut pieces = Vec::new();
    // The last one is shown, from this time on.
    let mut running: Vec<Cue> = Vec::new();
    let mut since = Time::ZERO;
    let mut show = |cue: &Cue, from: Time, to: Time| {
        if from < to {
            pieces.push(Cue { start: from, end: to, text: cue.text.clone() });
        }
    };
    for cue in cues {
        while let Some(ended) = running.pop_if(|last| last.end <= cue.start) {
            show(&ended, since, ended.end);
            since = since.max(ended.end);
        }
        match running.last_mut() {
            Some(last) if (last.start, last.end) == (cue.start, cue.end) => {
                last.text = format!("{}\n{}", last.text, cue.text);
                continue;
            }
            Some(last) => show(last, since, cue.start),
            None => {}
        }
        since = cue.start;
        running.push(cue);
    }
    while let Some(ended) = running.pop() {
        show(&ended, since, ended.end);
        since = since.max(ended.end);
    }
    pieces
}

/// The start and the end on both sides of an arrow. The end may be followed by a position.
fn parse_times((start, end): (&str, &str)) -> Option<(Time, Time)> {
    Some((parse_time(start.trim())?, parse_time(first_word(end))?))
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

/// Parses `[HH:]MM:SS,mmm`, also with a dot or without decimals.
fn parse_time(text: &str) -> Option<Time> {
    let (whole, decimals) = text.split_once([',', '.']).unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = whole.split(':').collect();
    if !(2..=3).contains(&parts.len()) || !parts.iter().all(|part| is_number(part)) || !is_number(decimals) {
        return None;
    }
    let seconds =
        parts.iter().try_fold(0u64, |sum, part| sum.checked_mul(60)?.checked_add(part.parse().ok()?))?;
    let rest = Time::parse(&format!("0.{decimals}")).ok()?;
    Some(Time::from_micros(seconds.checked_mul(1_000_000)?).plus(rest))
}

/// A line without its tags, and with its character references decoded.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['<', '{', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let tag_end = match rest.as_bytes() {
            [b'<', b'/' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9', ..] => rest.find('>'),
            [b'{', b'\\', ..] => rest.find('}'),
            _ => None,
        };
        let reference =
            [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&lrm;", ""), ("&rlm;", "")];
        let reference = reference.into_iter().find(|(name, _)| rest.starts_with(name));
        let length = match (tag_end, reference) {
            (Some(end), _) => end + 1,
            (None, Some((name, character))) => {
                out.push_str(character);
                name.len()
            }
            (None, None) => {
                out.push_str(&rest[..1]);
                1
            }
        };
        rest = &rest[length..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cue(start: u64, end: u64, text: &str) -> Cue {
        let millis = |millis| Time::from_micros(millis * 1000);
        Cue { start: millis(start), end: millis(end), text: text.to_string() }
    }

    #[test]
    fn captions_of_both_kinds_are_read() {
        let srt = "\u{feff}1\r\n00:00:01,500 --> 00:00:03,000\r\n<i>One</i> {\\an8}and\r\na & b < c\r\n\r\n2\n01:00:00,000 --> 01:00:01,5 X1:40\n100\n";
        assert_eq!(
            parse_cues(srt),
            Ok(vec![cue(1500, 3000, "One and\na & b < c"), cue(3_600_000, 3_601_500, "100")])
        );
        let vtt = "WEBVTT - title\n\nNOTE a --> b\nc --> d\n\nSTYLE\n::cue {}\n\nintro\n00:02.000 --> 00:03.000 align:start\n<v Ann>x &lt;y&gt; &amp;amp;\n\n00:01.000 --> 00:01.500\nfirst\n";
        assert_eq!(parse_cues(vtt), Ok(vec![cue(1000, 1500, "first"), cue(2000, 3000, "x <y> &amp;")]));
        assert_eq!(parse_cues(""), Ok(vec![]));
        assert_eq!(parse_cues("WEBVTT\n"), Ok(vec![]));
    }

    #[test]
    fn files_with_common_irregularities_are_read() {
        let no_blank = "1\n00:01-->00:02\n2001\nx\n2\n00:03,5 --> 00:04\ny --> z\n";
        assert_eq!(parse_cues(no_blank), Ok(vec![cue(1000, 2000, "2001\nx"), cue(3500, 4000, "y --> z")]));
        assert_eq!(parse_cues("1\r00:01 --> 00:02\rx\r\r"), Ok(vec![cue(1000, 2000, "x")]));
    }

    #[test]
    fn of_overlapping_captions_the_last_one_is_shown_and_then_the_others_again() {
        let text = "00:01 --> 00:10\na\n\n00:02 --> 00:04\nb\n\n00:02 --> 00:04\nc\n\n00:03 --> 00:05\nd\n\n00:09 --> 00:12\ne\n";
        assert_eq!(
            parse_cues(text),
            Ok(vec![
                cue(1000, 2000, "a"),
                cue(2000, 3000, "b\nc"),
                cue(3000, 5000, "d"),
                cue(5000, 9000, "a"),
                cue(9000, 12_000, "e"),
            ])
        );
    }

    #[test]
    fn an_invalid_caption_is_reported_with_its_line() {
        let message = |text| parse_cues(text).map_err(|fault| fault.to_string());
        assert_eq!(
            message("1\n00:00:0x --> 00:00:02,0\nx\n"),
            Err("line 2: expected START --> END, found '00:00:0x --> 00:00:02,0'".to_string())
        );
        assert_eq!(message("hello\n"), Err("line 1: expected START --> END, found 'hello'".to_string()));
    }
}
