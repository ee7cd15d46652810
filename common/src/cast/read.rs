//! Reading a cast: a [`Reader`] returns one item at a time, and says when it must read more first.
//!
//! That separation is what a live pipe needs: the caller can write its output before a read that
//! may block, or wait for several descriptors at once. Memory use is one block of input, or the
//! longest line if that is longer.
//!
//! ```
//! # use asciinema_toolkit_common as common;
//! use common::cast::{Item, Reader};
//!
//! # fn main() -> Result<(), common::cast::Error> {
//! let cast = "{\"version\": 2, \"width\": 80, \"height\": 24}\n[0.5, \"o\", \"hello\"]\n";
//! let mut reader = Reader::new(cast.as_bytes());
//! let mut output = Vec::new();
//! loop {
//!     let offset = reader.offset();
//!     match reader.next()? {
//!         Some(Item::Header(header)) => assert_eq!((header.size.cols, offset), (80, 0)),
//!         Some(Item::Event(event)) => {
//!             assert_eq!((event.time.as_micros(), offset), (500_000, 42));
//!             event.decode_text(&mut output).map_err(|fault| reader.fault(fault))?;
//!         }
//!         Some(Item::Ignored(_line)) => {}
//!         Some(Item::End) => break,
//!         // Everything that has been read has been returned. This is the time to write `output`.
//!         None => reader.fill()?,
//!     }
//! }
//! assert_eq!(output, b"hello");
//! # Ok(())
//! # }
//! ```
//!
//! A player that keeps the [`Reader::place`] of some events can return to them with
//! [`Reader::resume`].

use std::io::{self, Read};

use memchr::memchr;

use super::document::{self, Damage, Document, Part};
use super::event::{self, Event};
use super::fault::{Error, Fault};
use super::header::{Header, Version};
use super::input::{BLOCK, Input};
use super::time::Time;

/// An item of a cast.
#[derive(Debug)]
pub enum Item<'a> {
    /// The header, once, before all other items. For a v1 cast, the equivalent v2 header.
    Header(Header),
    /// An event. Those of a v1 cast are written as v2 events.
    Event(Event<'a>),
    /// A line to be ignored: blank, or a comment.
    Ignored(&'a [u8]),
    /// The end of the cast, returned again by every further call.
    End,
}

/// Reads a cast of any version from start to end.
pub struct Reader<R> {
    source: R,
    input: Input,
    state: State,
    /// The number of lines consumed.
    lines: u64,
    /// The time of the last event in a v2 or v3 cast.
    now: Time,
}

/// What is expected next.
enum State {
    /// The first line, or the start of a v1 document.
    Start,
    /// The header line.
    Header,
    /// The events of a v2 or v3 cast.
    Events(Version),
    /// The frames of a v1 cast, and the document around them.
    Document(Box<Document>),
    /// Nothing: at the end, or after a fatal fault.
    End,
}

/// A point in a cast where reading can resume: the start of an item other than the header.
#[derive(Clone, Debug)]
pub struct Place {
    /// The source offset, in bytes. The caller positions the source there before resuming.
    pub offset: u64,
    lines: u64,
    kind: PlaceKind,
}

#[derive(Clone, Debug)]
enum PlaceKind {
    /// Between two lines, after an event at this time.
    Events(Version, Time),
    Document(document::Frames),
}

impl<R: Read> Reader<R> {
    /// Reads a cast from the start.
    pub fn new(source: R) -> Reader<R> {
        Reader { source, input: Input::new(0), state: State::Start, lines: 0, now: Time::ZERO }
    }

    /// Resumes reading at the place of another reader of the same cast. `source` is positioned at
    /// [`Place::offset`].
    pub fn resume(source: R, place: &Place) -> Reader<R> {
        let (state, now) = match &place.kind {
            PlaceKind::Events(version, now) => (State::Events(*version), *now),
            PlaceKind::Document(frames) => (State::Document(Box::new(Document::resume(frames))), Time::ZERO),
        };
        Reader { source, input: Input::new(place.offset), state, lines: place.lines, now }
    }

    /// The next item in the data read so far; `None` if [`Reader::fill`] must read more first.
    ///
    /// # Errors
    ///
    /// An [`Error`]. After a line that is not an event the reader continues with the next line, for
    /// callers that report every fault; after any other error it returns only [`Item::End`].
    #[expect(clippy::should_implement_trait, reason = "an item borrows from the reader")]
    #[inline]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, Error> {
        let State::Events(version) = self.state else { return self.next_outside_events() };
        let Some(line) = self.input.take_line() else {
            return Ok(self.input.is_at_end().then_some(Item::End));
        };
        self.lines += 1;
        let line = self.input.at(line);
        if event::is_ignored(line) {
            return Ok(Some(Item::Ignored(line)));
        }
        let mut event = Event::scan(line).map_err(|fault| Error::Line { number: self.lines, fault })?;
        if version == Version::V3 {
            event.time = self.now.plus(event.written);
            if event.time == Time::MAX {
                self.state = State::End;
                return Err(Error::Line { number: self.lines, fault: Fault::EndlessTime });
            }
        }
        self.now = event.time;
        Ok(Some(Item::Event(event)))
    }

    /// Reads once from the source. At its end this does nothing, and [`Reader::next`] returns the
    /// end.
    ///
    /// # Errors
    ///
    /// [`Error::Read`], or [`Fault::TooLong`] for a line.
    pub fn fill(&mut self) -> Result<(), Error> {
        self.input.fill(&mut self.source).map_err(|error| {
            self.state = State::End;
            match error.kind() {
                io::ErrorKind::FileTooLarge => Error::Line { number: self.lines + 1, fault: Fault::TooLong },
                _ => Error::Read(error),
            }
        })
    }

    /// The source offset, in bytes, of the next item (in a v1 document including the comma and
    /// white space before it); after [`Item::End`], the length of the source.
    pub fn offset(&self) -> u64 {
        self.input.offset()
    }

    /// The line number of the last item returned; in a v1 document, of its end. The header is line
    /// 1.
    pub fn line(&self) -> u64 {
        self.lines
    }

    /// The error for a fault found in the last item returned.
    pub fn fault(&self, fault: Fault) -> Error {
        Error::Line { number: self.lines, fault }
    }

    /// The place of the next item, to resume there. `None` before the header and at the end.
    pub fn place(&self) -> Option<Place> {
        let kind = match &self.state {
            State::Events(version) => PlaceKind::Events(*version, self.now),
            State::Document(document) => PlaceKind::Document(document.place()?),
            State::Start | State::Header | State::End => return None,
        };
        Some(Place { offset: self.offset(), lines: self.lines, kind })
    }

    /// The source of the cast.
    pub fn source(&self) -> &R {
        &self.source
    }

    /// The source of the cast, positioned after the data read so far.
    pub fn into_source(self) -> R {
        self.source
    }

    #[cold]
    fn next_outside_events(&mut self) -> Result<Option<Item<'_>>, Error> {
        if let State::Start = self.state {
            let front = self.input.bytes();
            if !self.input.is_at_end() && front.len() < BLOCK && memchr(b'\n', front).is_none() {
                return Ok(None);
            }
            let is_empty = front.is_empty();
            self.state = match document::is_document(front) {
                _ if is_empty => State::End,
                true => State::Document(Box::default()),
                false => State::Header,
            };
            if is_empty {
                return Err(Error::Empty);
            }
        }
        match self.state {
            State::Document(_) => self.next_of_document(),
            State::Header => self.header().map(|header| header.map(Item::Header)),
            State::Start | State::Events(_) | State::End => Ok(Some(Item::End)),
        }
    }

    fn header(&mut self) -> Result<Option<Header>, Error> {
        let Some(line) = self.input.take_line() else { return Ok(None) };
        self.lines = 1;
        let header = Header::parse(self.input.at(line));
        self.state = header.as_ref().map_or(State::End, |header| State::Events(header.version));
        header.map(Some).map_err(|fault| Error::Line { number: 1, fault })
    }

    fn next_of_document(&mut self) -> Result<Option<Item<'_>>, Error> {
        let State::Document(document) = &mut self.state else { return Ok(Some(Item::End)) };
        let part = document.next(&mut self.input);
        self.lines = document.line();
        if let Ok(Some(Part::End)) | Err(Damage::Document(_)) = part {
            self.state = State::End;
        }
        match part {
            Ok(None) => Ok(None),
            Ok(Some(Part::Header(header))) => Ok(Some(Item::Header(header))),
            Ok(Some(Part::Frame)) => self.frame(),
            Ok(Some(Part::End)) => Ok(Some(Item::End)),
            Err(Damage::Frame(fault) | Damage::Document(fault)) => Err(self.fault(fault)),
        }
    }

    /// The current frame of the document.
    fn frame(&self) -> Result<Option<Item<'_>>, Error> {
        let State::Document(document) = &self.state else { return Ok(Some(Item::End)) };
        document.event().map(|event| Some(Item::Event(event))).map_err(|fault| self.fault(fault))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A source that returns a text in pieces of given lengths.
    struct Pieces<'a>(&'a [u8], std::vec::IntoIter<usize>);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let piece = self.1.next().unwrap_or(usize::MAX).min(self.0.len()).min(buffer.len());
            buffer[..piece].copy_from_slice(&self.0[..piece]);
            self.0 = &self.0[piece..];
            Ok(piece)
        }
    }

    /// The items of a reader, one line each, and the error at the end.
    fn items_of(mut reader: Reader<impl Read>) -> (Vec<String>, String) {
        let mut items = Vec::new();
        let result = loop {
            let offset = reader.offset();
            let item = match reader.next() {
                Ok(Some(Item::Header(header))) => format!("header {:?}", header.line()),
                Ok(Some(Item::Event(event))) => {
                    let line = String::from_utf8_lossy(event.line);
                    format!("{} {line:?}", event.time.as_micros())
                }
                Ok(Some(Item::Ignored(line))) => format!("ignored {:?}", String::from_utf8_lossy(line)),
                Ok(Some(Item::End)) => break "end".to_string(),
                Ok(None) => {
                    reader.fill().unwrap();
                    continue;
                }
                Err(error) => break format!("{error:?}"),
            };
            items.push(format!("{offset}: {item}, line {}", reader.line()));
        };
        (items, result)
    }

    fn items(cast: &[u8], pieces: Vec<usize>) -> (Vec<String>, String) {
        items_of(Reader::new(Pieces(cast, pieces.into_iter())))
    }

    const V3: &str =
        "{\"version\":3,\"term\":{\"cols\":1,\"rows\":1}}\r\n#c\n[0.5, \"o\", \"a\"]\n\n[0.25, \"o\", \"b\"]";

    const V1: &str = "{\"version\": 1, \"width\": 8,\n\"height\": 2, \"stdout\": [[0.5, \"a\\\"]\"],\n[1, \"b\"] ,[0,\n\"c\"]], \"title\": \"t\"}\n";
    const V1_SIZE_LAST: &str = "{ \"stdout\": [[0.5, \"a\"],\n[1, \"b\"]], \"x\": [[\"]\"]],\n\"version\": 1, \"height\": 2, \"width\": 8, \"title\": \"t\"}";

    #[test]
    fn intervals_add_up_and_other_lines_are_ignored() {
        let (items, result) = items(V3.as_bytes(), vec![]);
        assert_eq!(
            items[1..],
            [
                "42: ignored \"#c\\n\", line 2",
                "45: 500000 \"[0.5, \\\"o\\\", \\\"a\\\"]\\n\", line 3",
                "61: ignored \"\\n\", line 4",
                "62: 750000 \"[0.25, \\\"o\\\", \\\"b\\\"]\", line 5"
            ]
        );
        assert_eq!(result, "end");
    }

    #[test]
    fn the_frames_of_a_document_are_events() {
        let (items, result) = items(V1.as_bytes(), vec![]);
        assert_eq!(
            items,
            [
                "0: header \"{\\\"version\\\": 2, \\\"width\\\": 8, \\\"height\\\": 2}\\n\", line 2",
                "51: 500000 \"[0.500000, \\\"o\\\", \\\"a\\\\\\\"]\\\"]\\n\", line 2",
                "64: 1500000 \"[1.500000, \\\"o\\\", \\\"b\\\"]\\n\", line 3",
                "74: 1500000 \"[1.500000, \\\"o\\\", \\\"c\\\"]\\n\", line 4"
            ]
        );
        assert_eq!(result, "end");
    }

    #[test]
    fn a_fault_has_its_line_number_and_follows_the_good_items() {
        let (items, result) = items(V3.replace("[0.25", "[x").as_bytes(), vec![]);
        assert_eq!(items.len(), 4);
        assert!(result.starts_with("Line { number: 5, fault: BadTime(\"x\""), "{result}");
    }

    #[test]
    fn reading_continues_after_a_bad_line() {
        let broken = V3.replace("[0.5", "[x");
        let mut reader = Reader::new(broken.as_bytes());
        let mut kinds = Vec::new();
        loop {
            kinds.push(match reader.next() {
                Ok(Some(Item::End)) => break,
                Ok(Some(_)) => "item",
                Ok(None) => {
                    reader.fill().unwrap();
                    continue;
                }
                Err(_) => "error",
            });
        }
        assert_eq!(kinds, ["item", "item", "error", "item", "item"]);
    }

    #[test]
    fn an_empty_source_is_distinguished_from_a_bad_one() {
        assert_eq!(items(b"", vec![]).1, "Empty");
        assert!(items(b"\n", vec![]).1.starts_with("Line { number: 1"));
    }

    #[test]
    fn a_document_of_one_line_may_be_cut_off_anywhere() {
        let line = V1.replace('\n', "");
        let (all, _) = items(line.as_bytes(), vec![]);
        for length in 1..line.len() {
            let (good, result) = items(&line.as_bytes()[..length], vec![]);
            assert!(all.starts_with(&good) && result.contains("CutOff"), "{length}: {result}");
            let mut reader = Reader::new(&line.as_bytes()[..length]);
            while !matches!(reader.next(), Ok(Some(Item::End))) {
                reader.fill().unwrap();
            }
            assert_eq!(reader.offset(), length as u64);
        }
    }

    #[test]
    fn a_broken_beginning_is_reported_the_same_way_however_it_arrives() {
        for cast in ["{ \n{", "{\"a\": 1\n, \"version\": 2}", "{\n\"a\" 1}", "{\"a\"\n}"] {
            assert_eq!(items(cast.as_bytes(), vec![1; 40]), items(cast.as_bytes(), vec![]), "{cast}");
        }
    }

    #[test]
    fn a_line_longer_than_a_block_is_one_line() {
        let cast = V3.replace("\"a\"", &format!("\"{}\"", "x".repeat(3 * BLOCK)));
        let (items, result) = items(cast.as_bytes(), vec![]);
        assert_eq!((items.len(), result.as_str()), (5, "end"));
    }

    #[test]
    fn reading_resumes_at_any_item_except_the_header() {
        for cast in [V3, V1, V1_SIZE_LAST] {
            let (all, _) = items(cast.as_bytes(), vec![]);
            let mut reader = Reader::new(cast.as_bytes());
            let mut passed = 0;
            loop {
                match reader.next().unwrap() {
                    Some(Item::End) => break,
                    Some(_) => passed += 1,
                    None => reader.fill().unwrap(),
                }
                if let Some(place) = reader.place() {
                    let rest = Pieces(&cast.as_bytes()[place.offset as usize..], vec![1; 200].into_iter());
                    let (items, result) = items_of(Reader::resume(rest, &place));
                    assert_eq!((&items[..], result.as_str()), (&all[passed..], "end"), "{cast}");
                }
            }
            assert!(passed >= 3, "{cast}");
        }
    }

    proptest! {
        #[test]
        fn the_items_do_not_depend_on_block_boundaries(
            pieces in prop::collection::vec(1usize..9, 0..60), cut in 0usize..170,
            cast in prop::sample::select(vec![V3, V1, V1_SIZE_LAST]),
        ) {
            let cast = &cast.as_bytes()[..cast.len().saturating_sub(cut)];
            prop_assert_eq!(items(cast, pieces), items(cast, vec![]));
        }
    }
}
