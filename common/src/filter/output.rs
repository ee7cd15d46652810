//! A filter's output: lines verbatim, with a new number at the front if their time has changed.
//!
//! Intervals are written to the microsecond. A filter that rounded them would not be finished after
//! one pass: a delay limited to 0.0005 s must not be longer when it is read again.

use crate::cast::{Code, Event, Header, Precision, Time, Version, Writer};

/// The lines made from one block of input.
pub struct Output {
    buffer: Vec<u8>,
    /// The last byte written before the current block.
    last: Option<u8>,
    writer: Writer,
}

impl Default for Output {
    fn default() -> Output {
        let writer = Writer::new(Version::V2, Precision::Microseconds);
        Output { buffer: Vec::new(), last: None, writer }
    }
}

impl Output {
    /// Writes an event at a time. If that is the time in its line, the line is copied verbatim;
    /// otherwise its number is replaced.
    #[inline]
    pub fn event(&mut self, event: &Event<'_>, time: Time) {
        self.writer.copy(event, time, &mut self.buffer);
    }

    /// Writes a new event.
    pub fn new_event(&mut self, time: Time, code: Code, text: &str) {
        self.end_line();
        self.writer.event(time, code, text, &mut self.buffer);
    }

    /// Ends the last line if the source did not.
    pub fn end_line(&mut self) {
        if self.buffer.last().copied().or(self.last).is_some_and(|byte| byte != b'\n') {
            self.buffer.push(b'\n');
        }
    }

    /// Writes a line, or any other bytes, verbatim.
    pub fn line(&mut self, line: &[u8]) {
        self.buffer.extend_from_slice(line);
    }

    /// The output so far, to append to.
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Writes the header. The events that follow have times in the form of its version.
    pub fn begin(&mut self, header: &Header) {
        self.writer = Writer::new(header.version, Precision::Microseconds);
        self.line(header.line().as_bytes());
    }

    /// The output since the last [`Output::clear`].
    pub fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Discards the output.
    pub fn clear(&mut self) {
        self.last = self.buffer.last().copied().or(self.last);
        self.buffer.clear();
    }
}
