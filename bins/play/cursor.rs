//! A place in the cast that events are read from, one after the other.

use std::io::Read;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use common::cast::{self, Code, Event, Header, Item, Place, Reader, Time};
use common::edit::Position;
use common::io;
use common::tty::{self, Interest};

use crate::history::Moment;
use crate::store::{Store, StoreReader};

/// What the cast is read from.
pub enum Input {
    /// A source of which everything is kept.
    Kept(StoreReader),
    /// A source that is read once.
    Once(io::Input),
    /// One that has been read before.
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
    /// The time that it has.
    pub time: Time,
    /// The same, but where times step back the latest of those before: events are in order by it.
    pub at: Time,
    pub code: Code,
    /// Its line as written, if lines are kept.
    pub line: Vec<u8>,
    /// The text that its data stands for, as bytes: they need not be UTF-8.
    pub text: Vec<u8>,
    /// Where in the source it begins.
    pub offset: u64,
}

impl Played {
    /// Whether it comes before a moment.
    pub fn is_before(&self, moment: Moment) -> bool {
        match moment {
            Moment::At(time) => self.at <= time,
            Moment::Before(offset) => self.offset < offset,
        }
    }

    /// Shows the event to a position that may be at a marker.
    pub fn observed_by(&self, position: &mut Position) {
        if self.code == Code::Marker
            && let Ok(event) = Event::scan(&self.line)
        {
            position.observe(&Event { time: self.at, ..event });
        }
    }
}

/// What comes next.
pub enum Next<'a> {
    Header,
    Event(&'a Played),
    /// It has not been read yet.
    Later,
    /// The end, or what is wrong with the rest.
    End,
}

/// Reads events, of which it looks at one ahead.
pub struct Cursor {
    reader: Reader<Input>,
    keeps_lines: bool,
    /// What has been looked at and not yet been taken.
    ahead: Option<Ahead>,
    /// The time of the last event taken, as [`Played::at`].
    at: Time,
    /// The same as [`Played::time`].
    time: Time,
    /// Where in the source what comes next begins.
    offset: u64,
}

enum Ahead {
    Header(Box<Header>),
    Event(Box<Played>),
    End(Result<(), cast::Error>),
}

impl Cursor {
    /// Reads a cast from its beginning.
    pub fn new(input: Input, keeps_lines: bool) -> Cursor {
        Cursor {
            reader: Reader::new(input),
            keeps_lines,
            ahead: None,
            at: Time::ZERO,
            time: Time::ZERO,
            offset: 0,
        }
    }

    /// Reads on from a place, before which the last event was at a time.
    pub fn resume(store: &Arc<Store>, place: &Place, at: Time) -> Cursor {
        let input = Input::Kept(StoreReader::new(store, place.offset));
        Cursor {
            reader: Reader::resume(input, place),
            keeps_lines: false,
            ahead: None,
            at,
            time: at,
            offset: place.offset,
        }
    }

    /// What comes next. Waits for the source only where that is read once.
    pub fn peek(&mut self) -> Next<'_> {
        while self.ahead.is_none() {
            let offset = self.reader.offset();
            let ahead = match self.reader.next() {
                Ok(Some(Item::Header(header))) => Some(Ahead::Header(Box::new(header))),
                Ok(Some(Item::Event(event))) => {
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

    /// Whether more of the source can be read at once.
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

    /// What to wait for when [`Next::Later`] was returned, where that is a stream itself.
    pub fn stream(&self) -> Option<&io::Input> {
        match self.reader.source() {
            Input::Kept(_) | Input::Nothing => None,
            Input::Once(stream) => Some(stream),
        }
    }

    /// Takes the header that comes next.
    pub fn take_header(&mut self) -> Option<Header> {
        match self.ahead.take() {
            Some(Ahead::Header(header)) => Some(*header),
            other => {
                self.ahead = other;
                None
            }
        }
    }

    /// Takes the event that comes next.
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

    /// How the cast ends, once it has.
    pub fn take_end(&mut self) -> Result<(), cast::Error> {
        match self.ahead.replace(Ahead::End(Ok(()))) {
            Some(Ahead::End(end)) => end,
            other => {
                self.ahead = other;
                Ok(())
            }
        }
    }

    /// The time of the event that comes next, if it has been looked at.
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

    /// The time of the last event taken, as it has it.
    pub fn time(&self) -> Time {
        self.time
    }

    /// Where in the source what comes next begins.
    pub fn offset(&self) -> u64 {
        if self.ahead.is_some() { self.offset } else { self.reader.offset() }
    }
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
