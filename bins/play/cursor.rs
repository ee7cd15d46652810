//! A position in the cast from which events are read in order.

use std::io::Read;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use common::cast::{self, Code, Event, Header, Item, Place, Reader, Time};
use common::edit::Position;
use common::io;
use common::tty::{self, Interest};

use crate::store::{Store, StoreReader};

/// The source of the cast.
pub enum Input {
    /// A source whose data is kept.
    Kept(StoreReader),
    /// A source that is read once.
    Once(io::Input),
    /// A source that has already been read.
    Nothing,
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Input::Kept(reader) => reader.read(buffer),
            Input::Once(stream) => stream.read(buffer),
            Input::Nothing => Ok(0),
        }
    }
}

/// An event to be played.
pub struct Played {
    /// Its own time.
    pub time: Time,
    /// Its time, or the latest earlier one if times step back: events are ordered by it.
    pub at: Time,
    pub code: Code,
    /// Its line as written, if lines are kept.
    pub line: Vec<u8>,
    /// The text that its data decodes to, as bytes: not necessarily UTF-8.
    pub text: Vec<u8>,
    /// Its source offset.
    pub offset: u64,
}

/// A moment of the cast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// After all events up to and including a time.
    At(Time),
    /// Before the first event that begins at or after an offset in the source.
    Before(u64),
}

impl Played {
    /// Returns whether it is before a moment.
    pub fn is_before(&self, moment: Moment) -> bool {
        match moment {
            Moment::At(time) => self.at <= time,
            Moment::Before(offset) => self.offset < offset,
        }
    }

    /// Passes the event to a position that may be a marker.
    pub fn observed_by(&self, position: &mut Position) {
        if self.code == Code::Marker
            && let Ok(event) = Event::scan(&self.line)
        {
            position.observe(&Event { time: self.at, ..event });
        }
    }
}

/// The next item.
pub enum Next<'a> {
    Header,
    Event(&'a Played),
    /// Not read yet.
    Later,
    /// The end of the cast, or its first fault.
    End,
}

/// Reads events, with a lookahead of one.
pub struct Cursor {
    reader: Reader<Input>,
    keeps_lines: bool,
    /// The item read ahead, if any.
    ahead: Option<Ahead>,
    /// True after the exit event of a growing file.
    is_over: bool,
    /// The time of the last event taken, as in [`Played::at`].
    at: Time,
    /// The time of the last event taken, as in [`Played::time`].
    time: Time,
    /// The source offset of the next item.
    offset: u64,
}

enum Ahead {
    Header(Box<Header>),
    Event(Box<Played>),
    End(Result<(), cast::Error>),
}

impl Cursor {
    /// Reads a cast from its start.
    pub fn new(input: Input, keeps_lines: bool) -> Cursor {
        Cursor {
            reader: Reader::new(input),
            keeps_lines,
            ahead: None,
            is_over: false,
            at: Time::ZERO,
            time: Time::ZERO,
            offset: 0,
        }
    }

    /// Resumes reading at a place; `at` is the time of the last event before it.
    pub fn resume(store: &Arc<Store>, place: &Place, at: Time) -> Cursor {
        let input = Input::Kept(StoreReader::new(store, place.offset));
        Cursor {
            reader: Reader::resume(input, place),
            keeps_lines: false,
            ahead: None,
            is_over: false,
            at,
            time: at,
            offset: place.offset,
        }
    }

    /// The next item. Waits for the source only if it is read once.
    pub fn peek(&mut self) -> Next<'_> {
        let ends_at_exit = ends_at_exit(self.reader.source());
        while self.ahead.is_none() {
            let offset = self.reader.offset();
            let ahead = match self.reader.next() {
                _ if self.is_over => Some(Ahead::End(Ok(()))),
                Ok(Some(Item::Header(header))) => Some(Ahead::Header(Box::new(header))),
                Ok(Some(Item::Event(event))) => {
                    self.is_over = event.code == Code::Exit && ends_at_exit;
                    Some(match played(&event, self.at, offset, self.keeps_lines) {
                        Ok(played) => Ahead::Event(Box::new(played)),
                        Err(fault) => Ahead::End(Err(self.reader.fault(fault))),
                    })
                }
                Ok(Some(Item::Ignored(_))) => continue,
                Ok(Some(Item::End)) => Some(Ahead::End(Ok(()))),
                Ok(None) => None,
                Err(error) => Some(Ahead::End(Err(error))),
            };
            let ahead = match ahead {
                Some(ahead) => ahead,
                None if !self.is_ready() => return Next::Later,
                None => match self.reader.fill() {
                    Ok(()) => continue,
                    Err(error) => Ahead::End(Err(error)),
                },
            };
            self.ahead = Some(ahead);
            self.offset = offset;
        }
        match &self.ahead {
            Some(Ahead::Header(_)) => Next::Header,
            Some(Ahead::Event(event)) => Next::Event(event),
            Some(Ahead::End(_)) => Next::End,
            None => Next::Later,
        }
    }

    /// Returns whether more of the source can be read immediately.
    fn is_ready(&self) -> bool {
        match self.reader.source() {
            Input::Kept(reader) => reader.is_ready(),
            Input::Nothing => true,
            Input::Once(stream) if stream.is_ready() => true,
            Input::Once(stream) => {
                let mut interest = Interest::default();
                interest.read(stream.as_fd());
                tty::wait(&interest, Some(Duration::ZERO)).is_ok_and(|ready| !ready.is_empty())
            }
        }
    }

    /// The descriptor to wait for after [`Next::Later`], if the source is a stream.
    pub fn stream(&self) -> Option<&io::Input> {
        match self.reader.source() {
            Input::Kept(_) | Input::Nothing => None,
            Input::Once(stream) => Some(stream),
        }
    }

    /// Takes the header, if it is next.
    pub fn take_header(&mut self) -> Option<Header> {
        match self.ahead.take() {
            Some(Ahead::Header(header)) => Some(*header),
            other => {
                self.ahead = other;
                None
            }
        }
    }

    /// Takes the event, if one is next.
    pub fn take_event(&mut self) -> Option<Played> {
        match self.ahead.take() {
            Some(Ahead::Event(event)) => {
                (self.at, self.time) = (event.at, event.time);
                Some(*event)
            }
            other => {
                self.ahead = other;
                None
            }
        }
    }

    /// The outcome of reading the cast, at its end.
    pub fn take_end(&mut self) -> Result<(), cast::Error> {
        match self.ahead.replace(Ahead::End(Ok(()))) {
            Some(Ahead::End(end)) => end,
            other => {
                self.ahead = other;
                Ok(())
            }
        }
    }

    /// The time of the next event, if it has been read ahead.
    pub fn next_time(&self) -> Option<Time> {
        match &self.ahead {
            Some(Ahead::Event(event)) => Some(event.time),
            _ => None,
        }
    }

    /// The time of the last event taken, in order.
    pub fn at(&self) -> Time {
        self.at
    }

    /// The time of the last event taken, its own.
    pub fn time(&self) -> Time {
        self.time
    }

    /// The source offset of the next item.
    pub fn offset(&self) -> u64 {
        if self.ahead.is_some() { self.offset } else { self.reader.offset() }
    }
}

/// Returns whether the input is a growing file, which its exit event ends.
fn ends_at_exit(input: &Input) -> bool {
    matches!(input, Input::Kept(reader) if reader.store().is_followed)
}

fn played(event: &Event<'_>, previous: Time, offset: u64, keeps_line: bool) -> Result<Played, cast::Fault> {
    let mut text = Vec::new();
    event.decode_text(&mut text)?;
    Ok(Played {
        time: event.time,
        at: event.time.max(previous),
        code: event.code,
        line: if keeps_line || event.code == Code::Marker { event.line.to_vec() } else { Vec::new() },
        text,
        offset,
    })
}
