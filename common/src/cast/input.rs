//! The part of a source that is held in memory: read in blocks, taken line by line or byte by byte.
//!
//! Nothing is copied out of it. Memory is one block, or what is looked at as a whole (a line, a value)
//! where that is longer, up to a limit.

use std::io::{self, Read};
use std::ops::Range;

use memchr::memchr;

/// The longest line of a cast, in bytes: a line is held in memory as a whole, and no recorder writes
/// one anywhere near this.
pub const LONGEST_LINE: usize = 256 << 20;

/// The size of a read, in bytes: large enough that the calls do not show in a profile, small enough
/// to stay in a processor's second cache.
pub(super) const BLOCK: usize = 64 << 10;

/// The size of the first read, in bytes: a short cast is read before the memory for a whole block
/// would have been cleared.
const FIRST_BLOCK: usize = 4 << 10;

/// What has been read and not yet taken.
pub(super) struct Input {
    buffer: Vec<u8>,
    /// Where in the buffer the bytes begin that have not been taken.
    start: usize,
    /// How far the bytes from `start` on are known to hold no line end.
    searched: usize,
    /// Where the bytes end that have been read.
    end: usize,
    /// The offset in the source of the buffer's first byte.
    base: u64,
    at_end: bool,
}

impl Input {
    /// Nothing yet of a source that stands at this offset.
    pub fn new(offset: u64) -> Input {
        Input { buffer: vec![0; FIRST_BLOCK], start: 0, searched: 0, end: 0, base: offset, at_end: false }
    }

    /// What has been read and not yet taken.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The bytes at a range that [`Input::take_line`] returned. It holds until more is read.
    #[inline]
    pub fn at(&self, range: Range<usize>) -> &[u8] {
        &self.buffer[range]
    }

    /// The offset in the source of the first byte that has not been taken.
    pub fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Whether the source has come to its end; bytes may be left to take.
    pub fn is_at_end(&self) -> bool {
        self.at_end
    }

    /// Takes bytes from the front.
    pub fn take(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
        self.searched = self.searched.max(self.start);
    }

    /// Takes the next line, with its line end; only the last one of the source may have none. `None`
    /// where there is no whole line yet.
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
    /// What the source says, or `FileTooLarge` where [`LONGEST_LINE`] bytes are held and none of them
    /// could be taken.
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
