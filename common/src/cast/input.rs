//! The buffered part of a source: read in blocks, consumed line by line or byte by byte.
//!
//! Nothing is copied out of it. Memory use is one block, or the longest line or value if that is
//! longer, up to a limit.

use std::io::{self, Read};
use std::ops::Range;

use memchr::memchr;

/// The longest line of a cast, in bytes: lines are held in memory whole, and no recorder comes near
/// this length.
pub const LONGEST_LINE: usize = 256 << 20;

/// The size of a read, in bytes: large enough that system calls do not show in a profile, small
/// enough for a processor's L2 cache.
pub(super) const BLOCK: usize = 64 << 10;

/// The size of the first read, in bytes: a short cast is read before a whole block could be zeroed.
const FIRST_BLOCK: usize = 4 << 10;

/// The bytes read and not yet consumed.
pub(super) struct Input {
    buffer: Vec<u8>,
    /// The position of the first byte not yet consumed.
    start: usize,
    /// The number of bytes from `start` on that are known to hold no line end.
    searched: usize,
    /// The end of the bytes read.
    end: usize,
    /// The source offset of the buffer's first byte.
    base: u64,
    at_end: bool,
}

impl Input {
    /// An empty buffer for a source positioned at this offset.
    pub fn new(offset: u64) -> Input {
        Input { buffer: vec![0; FIRST_BLOCK], start: 0, searched: 0, end: 0, base: offset, at_end: false }
    }

    /// The bytes read and not yet consumed.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The bytes of a range returned by [`Input::take_line`], valid until the next read.
    #[inline]
    pub fn at(&self, range: Range<usize>) -> &[u8] {
        &self.buffer[range]
    }

    /// The source offset of the first byte not yet consumed.
    pub fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Returns whether the source has ended; some bytes may not be consumed yet.
    pub fn is_at_end(&self) -> bool {
        self.at_end
    }

    /// Consumes bytes from the front, at most all that have been read.
    pub fn take(&mut self, count: usize) {
        self.start += count.min(self.end - self.start);
        self.searched = self.searched.max(self.start);
    }

    /// Consumes the next line, including its line end, which only the last line may lack. `None` if
    /// no complete line has been read.
    #[inline]
    pub fn take_line(&mut self) -> Option<Range<usize>> {
        let start = self.start;
        match memchr(b'\n', &self.buffer[self.searched..self.end]) {
            Some(at) => self.start = self.searched + at + 1,
            None if self.at_end && start < self.end => self.start = self.end,
            None => {
                self.searched = self.end;
                return None;
            }
        }
        self.searched = self.start;
        Some(start..self.start)
    }

    /// Reads once from the source.
    ///
    /// # Errors
    ///
    /// The source's error, or `FileTooLarge` if [`LONGEST_LINE`] bytes are held and nothing was
    /// consumed.
    pub fn fill(&mut self, source: &mut dyn Read) -> io::Result<()> {
        if self.at_end {
            return Ok(());
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.base += self.start as u64;
            self.end -= self.start;
            self.searched -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            if self.end >= LONGEST_LINE {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            self.buffer.resize(self.end * 2, 0);
        }
        let room = self.buffer.len() - self.end;
        let count = loop {
            match source.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.end += count;
        self.at_end = count == 0;
        if count == room && self.buffer.len() < BLOCK {
            self.buffer.resize(BLOCK, 0);
        }
        Ok(())
    }
}
