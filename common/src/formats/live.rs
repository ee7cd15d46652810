//! Encoding data just read from a pseudo-terminal: bytes, which may end within a character.

use super::{Encoder, Raw};
use crate::cast::{Code, Time, Utf8Repair};

/// Encodes the events of a recorder.
pub struct LiveEncoder {
    /// Encodes the text; `None` if the bytes are written unchanged.
    encoder: Option<Box<dyn Encoder + Send>>,
    /// Added to the session's times.
    offset: Time,
    /// The time of the last event.
    last: Time,
    /// Reads may split characters, in output and input independently.
    output: Utf8Repair,
    input: Utf8Repair,
    text: String,
}

impl LiveEncoder {
    /// Encodes text, with `offset` added to the session's times.
    pub fn new(encoder: Box<dyn Encoder + Send>, offset: Time) -> LiveEncoder {
        LiveEncoder { encoder: Some(encoder), offset, last: offset, ..LiveEncoder::raw() }
    }

    /// Passes the bytes of the output on, and sizes as [`Raw`] does.
    pub fn raw() -> LiveEncoder {
        LiveEncoder {
            encoder: None,
            offset: Time::ZERO,
            last: Time::ZERO,
            output: Utf8Repair::default(),
            input: Utf8Repair::default(),
            text: String::new(),
        }
    }

    /// Appends an event. The data of a resize is `COLSxROWS`, that of others as read.
    pub fn push(&mut self, time: Time, code: Code, data: &[u8], out: &mut Vec<u8>) {
        let Some(encoder) = &mut self.encoder else { return Raw::bytes(code, data, out) };
        self.text.clear();
        match code {
            Code::Output => self.output.push(data, &mut self.text),
            Code::Input => self.input.push(data, &mut self.text),
            _ => self.text.push_str(&String::from_utf8_lossy(data)),
        }
        if self.text.is_empty() && !data.is_empty() {
            return;
        }
        self.last = time.plus(self.offset);
        // Fails only for a size that no virtual terminal supports; the old one stays.
        let _ = encoder.text(self.last, code, &self.text, out);
    }

    /// Appends the rest: incomplete characters, and data held by the encoder.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let Some(mut encoder) = self.encoder.take() else { return };
        for (code, repair) in [(Code::Output, &mut self.output), (Code::Input, &mut self.input)] {
            self.text.clear();
            repair.finish(&mut self.text);
            if !self.text.is_empty() {
                let _ = encoder.text(self.last, code, &self.text, out);
            }
        }
        encoder.finish(out);
    }

    /// Returns whether invalid UTF-8 has been replaced.
    pub fn has_replaced(&self) -> bool {
        self.output.has_replaced() || self.input.has_replaced()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cast::Version;
    use crate::formats::Format;

    fn encoded(mut encoder: LiveEncoder, events: &[(u64, Code, &[u8])]) -> String {
        let mut out = Vec::new();
        for (micros, code, data) in events {
            encoder.push(Time::from_micros(*micros), *code, data, &mut out);
        }
        encoder.finish(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn a_split_character_is_joined_and_an_incomplete_one_is_replaced_at_the_end() {
        let events: [(u64, Code, &[u8]); 5] = [
            (1, Code::Output, b"a\xc5"),
            (2, Code::Input, b"\xc5"),
            (3, Code::Output, b"\xbc\xe2"),
            (4, Code::Marker, b""),
            (5, Code::Resize, b"90x30"),
        ];
        let encoder = |version| Format::Asciicast(version).encoder();
        assert_eq!(
            encoded(LiveEncoder::new(encoder(Version::V2), Time::from_micros(1_000_000)), &events),
            "[1.000001, \"o\", \"a\"]\n[1.000003, \"o\", \"ż\"]\n[1.000004, \"m\", \"\"]\n\
             [1.000005, \"r\", \"90x30\"]\n[1.000005, \"o\", \"\u{fffd}\"]\n[1.000005, \"i\", \"\u{fffd}\"]\n"
        );
        let raw = encoded(LiveEncoder::raw(), &events);
        assert_eq!(raw, "aż\u{1b}[8;30;90t".replace('ż', "ż\u{fffd}"));
    }
}
