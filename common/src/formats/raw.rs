//! The bytes of the output, as sent to a terminal.
//!
//! The size, and each change of it, is written as the sequence that requests it, as in the raw
//! recordings of 2.x.

use super::Encoder;
use crate::cast::{Code, Event, Fault, Header, Time};
use crate::size::Size;

/// Writes bytes of output.
pub struct Raw;

impl Raw {
    /// Appends data read from a program, whether or not it is text.
    pub fn bytes(code: Code, data: &[u8], out: &mut Vec<u8>) {
        match code {
            Code::Output => out.extend_from_slice(data),
            Code::Resize => {
                let size = std::str::from_utf8(data).ok().and_then(Size::parse);
                out.extend(size.iter().flat_map(|size| size.sequence().into_bytes()));
            }
            Code::Input | Code::Marker | Code::Exit | Code::Other => {}
        }
    }
}

impl Encoder for Raw {
    fn header(&mut self, header: &Header, out: &mut Vec<u8>) -> Result<(), Fault> {
        out.extend_from_slice(header.size.sequence().as_bytes());
        Ok(())
    }

    fn text(&mut self, _: Time, code: Code, text: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
        Raw::bytes(code, text.as_bytes(), out);
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        match event.code {
            Code::Output => event.decode_text(out),
            Code::Resize => self.text(event.time, event.code, &event.text()?, out),
            _ => Ok(()),
        }
    }
}
