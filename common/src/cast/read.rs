//! Reading a cast: blocks of input become a header and events, handed to a [`Sink`].
//!
//! Reading pushes, because that is what a live pipe needs: all that one read brought is handed over,
//! then [`Sink::flush`] says that the next step waits for more. Memory is one block, or the longest
//! line where that is longer.

use std::io::{self, Read};

use memchr::memchr;

use super::document;
use super::event::{self, Event};
use super::fault::{Error, Fault, Stop};
use super::header::{Header, Version};
use super::time::Time;

/// The longest line that is read, in bytes: a line is held in memory whole, and no recorder writes
/// one that is near this.
pub const LONGEST_LINE: usize = 256 << 20;

/// How much is read at once, in bytes: large enough that the calls do not show in a profile, small
/// enough to stay in a processor's second cache.
const BLOCK: usize = 64 << 10;

/// How much is read first, in bytes: a short cast is read sooner than the memory for a whole block
/// is cleared.
const FIRST_BLOCK: usize = 4 << 10;

/// Takes what [`read`] finds in a cast, in order.
pub trait Sink {
    /// The header, once, before all else.
    fn header(&mut self, header: Header) -> Result<(), Stop>;

    /// The next event.
    fn event(&mut self, event: &Event<'_>) -> Result<(), Stop>;

    /// A line that is no event and is to be ignored: blank, or a comment.
    fn ignored(&mut self, line: &[u8]) -> Result<(), Stop> {
        let _ = line;
        Ok(())
    }

    /// All that has arrived so far has been handed over, and more may be long in coming.
    fn flush(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}

/// Reads a cast of any version to its end. A v1 cast is handed over as the v2 cast that says the
/// same.
///
/// # Errors
///
/// An [`Error`]; what was good before it has been handed over and flushed.
pub fn read(source: &mut dyn Read, sink: &mut impl Sink) -> Result<(), Error> {
    let mut lines = Lines::new(source);
    if !lines.fill_first_line().map_err(Error::Read)? {
        return Err(Error::Empty);
    }
    let result = match document::recognise(lines.buffered()) {
        true => {
            let (front, source) = lines.into_parts();
            document::read(front.chain(source), sink)
        }
        false => read_lines(&mut lines, sink),
    };
    match result {
        // Enough is a decision, not a failure; a sink that cannot write need not try once more.
        Err(Error::Sink(Stop::Enough)) => sink.flush().map_err(Error::Sink),
        Err(error @ Error::Sink(_)) => Err(error),
        result => sink.flush().map_err(Error::Sink).and(result),
    }
}

/// The lines of a v2 or v3 cast.
fn read_lines(lines: &mut Lines<'_>, sink: &mut impl Sink) -> Result<(), Error> {
    let mut number = 0;
    let mut version = None;
    let mut now = Time::ZERO;
    loop {
        while let Some(line) = lines.next_buffered() {
            number += 1;
            match version {
                None => {
                    let header = Header::parse(line).map_err(|fault| Error::Line { number, fault })?;
                    version = Some(header.version);
                    sink.header(header).map_err(|stop| stop.at(number))?;
                }
                Some(_) if event::is_ignored(line) => {
                    sink.ignored(line).map_err(|stop| stop.at(number))?;
                }
                Some(version) => {
                    let mut event = Event::scan(line).map_err(|fault| Error::Line { number, fault })?;
                    if version == Version::V3 {
                        event.time = now.plus(event.spelled);
                        if event.time == Time::MAX {
                            return Err(Error::Line { number, fault: Fault::EndlessTime });
                        }
                    }
                    now = event.time;
                    sink.event(&event).map_err(|stop| stop.at(number))?;
                }
            }
        }
        sink.flush().map_err(Error::Sink)?;
        match lines.fill() {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                return Err(Error::Line { number: number + 1, fault: Fault::TooLong });
            }
            Err(error) => return Err(Error::Read(error)),
        }
    }
}

/// Splits a source into lines without copying them out of the buffer.
struct Lines<'a> {
    source: &'a mut dyn Read,
    buffer: Vec<u8>,
    /// Where in the buffer the first line that has not been handed out begins.
    start: usize,
    /// How far the bytes from `start` on are known to hold no line end.
    searched: usize,
    /// Where what has been read ends.
    end: usize,
    at_end: bool,
}

impl<'a> Lines<'a> {
    fn new(source: &'a mut dyn Read) -> Lines<'a> {
        Lines { source, buffer: vec![0; FIRST_BLOCK], start: 0, searched: 0, end: 0, at_end: false }
    }

    /// Reads until the first line is there, or so much of it as tells which kind of cast it is.
    /// False where the source is empty.
    fn fill_first_line(&mut self) -> io::Result<bool> {
        while self.end < BLOCK && memchr(b'\n', self.buffered()).is_none() && self.fill()? {}
        Ok(self.end > 0)
    }

    /// What has been read and not yet handed out.
    fn buffered(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// What has been read and the source of what follows.
    fn into_parts(self) -> (io::Cursor<Vec<u8>>, &'a mut dyn Read) {
        let Lines { source, mut buffer, end, .. } = self;
        buffer.truncate(end);
        (io::Cursor::new(buffer), source)
    }

    /// The next line of those that are in the buffer whole, with its line end. The source's last
    /// line may have none.
    #[inline]
    fn next_buffered(&mut self) -> Option<&[u8]> {
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
        Some(&self.buffer[start..self.start])
    }

    /// Reads one more block. False where nothing is left to hand out.
    fn fill(&mut self) -> io::Result<bool> {
        if self.at_end {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
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
            match self.source.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.end += count;
        self.at_end = count == 0;
        if count == room && self.buffer.len() < BLOCK {
            self.buffer.resize(BLOCK, 0);
        }
        Ok(self.start < self.end || !self.at_end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hands out a text in pieces of given lengths.
    struct Pieces<'a>(&'a [u8], std::vec::IntoIter<usize>);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let piece = self.1.next().unwrap_or(usize::MAX).min(self.0.len()).min(buffer.len());
            buffer[..piece].copy_from_slice(&self.0[..piece]);
            self.0 = &self.0[piece..];
            Ok(piece)
        }
    }

    /// Writes down what it is given.
    #[derive(Default)]
    struct Notes(Vec<String>);

    impl Sink for Notes {
        fn header(&mut self, header: Header) -> Result<(), Stop> {
            self.0.push(format!("header {:?}", header.line()));
            Ok(())
        }

        fn event(&mut self, event: &Event<'_>) -> Result<(), Stop> {
            let line = String::from_utf8_lossy(event.line);
            self.0.push(format!("{} {line:?}", event.time.as_micros()));
            Ok(())
        }

        fn ignored(&mut self, line: &[u8]) -> Result<(), Stop> {
            self.0.push(format!("ignored {:?}", String::from_utf8_lossy(line)));
            Ok(())
        }
    }

    fn notes_of(cast: &[u8], pieces: Vec<usize>) -> (Vec<String>, String) {
        let mut notes = Notes::default();
        let result = read(&mut Pieces(cast, pieces.into_iter()), &mut notes);
        (notes.0, format!("{result:?}"))
    }

    const V3: &str =
        "{\"version\":3,\"term\":{\"cols\":1,\"rows\":1}}\r\n#c\n[0.5, \"o\", \"a\"]\n\n[0.25, \"o\", \"b\"]";

    #[test]
    fn intervals_add_up_and_other_lines_pass() {
        let (notes, result) = notes_of(V3.as_bytes(), vec![]);
        assert_eq!(
            notes[1..],
            [
                "ignored \"#c\\n\"",
                "500000 \"[0.5, \\\"o\\\", \\\"a\\\"]\\n\"",
                "ignored \"\\n\"",
                "750000 \"[0.25, \\\"o\\\", \\\"b\\\"]\""
            ]
        );
        assert_eq!(result, "Ok(())");
    }

    #[test]
    fn a_fault_carries_the_number_of_its_line_and_comes_after_what_was_good() {
        let (notes, result) = notes_of(V3.replace("[0.25", "[x").as_bytes(), vec![]);
        assert_eq!(notes.len(), 4);
        assert!(result.starts_with("Err(Line { number: 5, fault: BadTime(\"x\""), "{result}");
    }

    #[test]
    fn an_empty_source_is_told_from_a_bad_one() {
        assert_eq!(notes_of(b"", vec![]).1, "Err(Empty)");
        assert!(notes_of(b"\n", vec![]).1.starts_with("Err(Line { number: 1"));
    }

    #[test]
    fn a_line_longer_than_a_block_is_one_line() {
        let cast = V3.replace("\"a\"", &format!("\"{}\"", "x".repeat(3 * BLOCK)));
        let (notes, result) = notes_of(cast.as_bytes(), vec![]);
        assert_eq!((notes.len(), result.as_str()), (5, "Ok(())"));
    }

    proptest! {
        #[test]
        fn every_split_into_blocks_gives_the_same(pieces in prop::collection::vec(1usize..9, 0..40), cut in 0..V3.len()) {
            let cast = &V3.as_bytes()[..V3.len() - cut];
            prop_assert_eq!(notes_of(cast, pieces), notes_of(cast, vec![]));
        }
    }
}
