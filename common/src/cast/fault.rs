//! What can be wrong with a line of a cast, and with reading one, in the words that a user gets.

use std::fmt;
use std::io;

use super::json::BadEscape;
use super::time::TimeFault;
use crate::screen::TooLarge;
use crate::size::Size;
use crate::text::{excerpt, visible};

/// What is wrong with one line. Its text is lower case, without a full stop, and ends a message
/// that begins with the source and the number of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The line ends before the event does, as an interrupted recorder leaves it.
    CutOff,
    /// The line is longer than [`super::LONGEST_LINE`].
    TooLong,
    /// The first line is no header; what it begins with.
    NotAHeader(String),
    /// The header's version is none that we know; what stands there.
    UnknownVersion(String),
    /// The header lacks a key.
    Missing(&'static str),
    /// A key of the header holds something else than it should: the key, what belongs there, and
    /// what was found.
    BadKey(&'static str, &'static str, String),
    /// The line is no array of time, code and data; where it stops being one.
    NotAnEvent(String),
    /// The event does not begin with a time; what stands there, and why it is none.
    BadTime(String, TimeFault),
    /// The times of the events add up to more than [`super::Time::MAX`].
    EndlessTime,
    /// The event code is not a string; what stands there.
    BadCode(String),
    /// The data of a known code is no string: the code, and what stands there.
    NotText(String, String),
    /// The data is a string with an escape sequence that JSON does not know.
    BadEscape(String),
    /// A frame of a v1 cast is no array of delay and text.
    NotAFrame(String),
    /// The document of a v1 cast is not valid JSON.
    BadDocument,
    /// The document of a v1 cast has no frames.
    NoFrames,
    /// What a v1 cast has in place of its array of frames.
    NotFrames(String),
    /// The terminal is larger than a virtual one may be.
    TooLarge(Size),
    /// Some other rule that the program at hand has about its input.
    Other(String),
}

impl Fault {
    /// The fault of an escape sequence in the string `raw`.
    pub fn bad_escape(raw: &[u8], escape: BadEscape) -> Fault {
        Fault::BadEscape(excerpt(raw.get(escape.at..).unwrap_or_default()))
    }
}

impl From<TooLarge> for Fault {
    fn from(error: TooLarge) -> Fault {
        Fault::TooLarge(error.0)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::CutOff => write!(f, "the line is cut off"),
            Fault::TooLong => write!(f, "the line is longer than 256 MiB"),
            Fault::NotAHeader(found) => write!(f, "expected the header of an asciicast, found '{found}'"),
            Fault::UnknownVersion(found) => {
                write!(f, "asciicast version {found} is not supported, only 1, 2 and 3 are")
            }
            Fault::Missing(key) => write!(f, "the header has no '{key}'"),
            Fault::BadKey(key, expected, found) => {
                write!(f, "'{key}' in the header is not {expected}: '{found}'")
            }
            Fault::NotAnEvent(found) => write!(f, "expected an event, [time, code, data], found '{found}'"),
            Fault::BadTime(found, TimeFault::NotANumber) => {
                write!(f, "expected a number of seconds, found '{found}'")
            }
            Fault::BadTime(found, TimeFault::Negative) => write!(f, "the time is negative: '{found}'"),
            Fault::BadTime(found, TimeFault::TooLarge) => write!(f, "the time is too large: '{found}'"),
            Fault::EndlessTime => write!(f, "the intervals add up to too large a time"),
            Fault::BadCode(found) => write!(f, "expected an event code like \"o\", found '{found}'"),
            Fault::NotText(code, found) => {
                write!(f, "expected text as the data of code '{}', found '{found}'", visible(code))
            }
            Fault::BadEscape(found) => write!(f, "not an escape sequence of JSON: '{found}'"),
            Fault::NotAFrame(found) => write!(f, "expected a frame, [delay, text], found '{found}'"),
            Fault::BadDocument => write!(f, "the document is not valid JSON"),
            Fault::NoFrames => write!(f, "the document has no 'stdout'"),
            Fault::NotFrames(found) => {
                write!(f, "'stdout' in the document is not an array of frames: '{found}'")
            }
            Fault::TooLarge(size) => write!(f, "a terminal of {size} is too large to draw"),
            Fault::Other(what) => f.write_str(what),
        }
    }
}

/// Why reading a cast ended before its end.
#[derive(Debug)]
pub enum Error {
    /// The source holds nothing at all.
    Empty,
    /// The source could not be read.
    Read(io::Error),
    /// A line is not what it should be; lines count from 1, which is the header's.
    Line {
        /// The number of the line.
        number: u64,
        /// What is wrong with it.
        fault: Fault,
    },
}
