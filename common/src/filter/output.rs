//! What a filter puts out: lines as they came, with another number at the front where their time
//! has changed.
//!
//! A filter that only changes times writes intervals to the microsecond: one that rounds would not be
//! done after one pass, because a delay cut to 0.0005 s must not be longer when it is looked at again.

use crate::cast::{Code, Event, Header, Precision, Time, Version, Writer};

/// The lines that became of one block of input.
pub struct Output {
    buffer: Vec<u8>,
    /// The last byte of what was put out before.
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
    /// Puts out an event at a time. Where that is the time that its line already says, the line is
    /// copied as it stands, else with another number in place of the old one.
    #[inline]
    pub fn event(&mut self, event: &Event<'_>, time: Time) {
        self.writer.copy(event, time, &mut self.buffer);
    }

    /// Puts out an event that the cast did not have.
    pub fn new_event(&mut self, time: Time, code: Code, text: &str) {
        self.end_line();
        self.writer.event(time, code, text, &mut self.buffer);
    }

    /// Ends the last line, where the source ended without doing so.
    pub fn end_line(&mut self) {
        if self.buffer.last().copied().or(self.last).is_some_and(|byte| byte != b'\n') {
            self.buffer.push(b'\n');
        }
    }

    /// Puts out a line, or any other bytes, as they stand.
    pub fn line(&mut self, line: &[u8]) {
        self.buffer.extend_from_slice(line);
    }

    /// What has been put out, to append to.
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Puts out the header. The events that follow have times as its version wants them.
    pub fn begin(&mut self, header: &Header) {
        self.writer = Writer::new(header.version, Precision::Microseconds);
        self.line(header.line().as_bytes());
    }

    /// What has been put out since the last [`Output::clear`].
    pub fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Forgets what has been put out.
    pub fn clear(&mut self) {
        self.last = self.buffer.last().copied().or(self.last);
        self.buffer.clear();
    }
}
