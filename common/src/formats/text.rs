//! The lines that a terminal would have shown, without escape sequences.

use super::Encoder;
use crate::cast::{Code, Event, Fault, Header, Time};
use crate::screen::Transcript;
use crate::size::Size;

/// Writes lines of text.
#[derive(Default)]
pub struct Text {
    /// The terminal that turns output into lines, once its size is known.
    transcript: Option<Transcript>,
    /// The decoded text of an event, kept for reuse.
    decoded: Vec<u8>,
}

impl Text {
    /// The lines of a terminal of this size.
    ///
    /// # Errors
    ///
    /// No virtual terminal supports this size.
    pub fn new(size: Size) -> Result<Text, Fault> {
        Ok(Text { transcript: Some(Transcript::new(size)?), decoded: Vec::new() })
    }
}

impl Encoder for Text {
    fn header(&mut self, header: &Header, _: &mut Vec<u8>) -> Result<(), Fault> {
        *self = Text::new(header.size)?;
        Ok(())
    }

    fn text(&mut self, _: Time, code: Code, text: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
        let Some(transcript) = &mut self.transcript else { return Ok(()) };
        match code {
            Code::Output => transcript.feed(text, out),
            Code::Resize => {
                if let Some(size) = Size::parse(text) {
                    transcript.resize(size, out)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        if event.code != Code::Output {
            return self.text(event.time, event.code, &event.text()?, out);
        }
        self.decoded.clear();
        event.decode_text(&mut self.decoded)?;
        if let Some(transcript) = &mut self.transcript {
            transcript.feed_bytes(&self.decoded, out);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if let Some(transcript) = self.transcript.take() {
            transcript.finish(out);
        }
    }
}
