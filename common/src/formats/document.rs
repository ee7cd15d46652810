//! asciicast v1: one JSON document, with output events only.

use super::{Encoder, asciicast};
use crate::cast::{Code, Event, Fault, Header, Time, Version, json};

/// Writes a v1 document.
#[derive(Default)]
pub struct Document {
    /// The time of the last output event.
    previous: Time,
    has_frames: bool,
}

impl Document {
    /// Appends the beginning of a frame, up to its text.
    fn begin_frame(&mut self, time: Time, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.has_frames { b",\n[" } else { b"\n[" });
        time.since(self.previous).write_seconds(out);
        out.extend_from_slice(b", ");
        self.previous = self.previous.max(time);
        self.has_frames = true;
    }
}

impl Encoder for Document {
    fn header(&mut self, header: &Header, out: &mut Vec<u8>) -> Result<(), Fault> {
        let v2 = match header.version {
            Version::V2 => header.clone(),
            Version::V3 => Header::parse(asciicast::to_v2(header).as_bytes())?,
        };
        let front =
            format!("{{\"version\": 1, \"width\": {}, \"height\": {}", header.size.cols, header.size.rows);
        out.extend_from_slice(front.as_bytes());
        for key in ["command", "title", "env"] {
            if let Some(value) = v2.get(key) {
                out.extend_from_slice(format!(", \"{key}\": {value}").as_bytes());
            }
        }
        out.extend_from_slice(b", \"stdout\": [");
        Ok(())
    }

    fn text(&mut self, time: Time, code: Code, text: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
        if code == Code::Output {
            self.begin_frame(time, out);
            json::encode(text, out);
            out.push(b']');
        }
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        if event.code == Code::Output {
            self.begin_frame(event.time, out);
            out.extend_from_slice(event.data);
            out.push(b']');
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\n], \"duration\": ");
        self.previous.write_seconds(out);
        out.extend_from_slice(b"}\n");
    }
}
