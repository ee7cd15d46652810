//! Faults in the lines of a cast, errors of reading one, and their messages.

use std::fmt;
use std::io;

use super::json::BadEscape;
use super::time::TimeFault;
use crate::screen::TooLarge;
use crate::size::Size;
use crate::text::{excerpt, visible};

/// A fault in one line. Its message is lower case, without a full stop, and follows the name of the
/// source and the line number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The line ends before the event does, as after an interrupted recording.
    CutOff,
    /// The line is longer than [`super::LONGEST_LINE`].
    TooLong,
    /// The first line is not a header; its beginning.
    NotAHeader(String),
    /// The header's version is unknown; the value found.
    UnknownVersion(String),
    /// The header lacks a key.
    Missing(&'static str),
    /// A key of the header has the wrong type: the key, the expected value, and the value found.
    BadKey(&'static str, &'static str, String),
    /// The line is not an array of time, code and data; the first part that is wrong.
    NotAnEvent(String),
    /// The event does not begin with a time; the value found, and the reason.
    BadTime(String, TimeFault),
    /// The times of the events add up to more than [`super::Time::MAX`].
    EndlessTime,
    /// The event code is not a string; the value found.
    BadCode(String),
    /// The data of a known code is not a string: the code, and the value found.
    NotText(String, String),
    /// The data contains an escape sequence that is not valid JSON.
    BadEscape(String),
    /// A frame of a v1 cast is not an array of delay and text.
    NotAFrame(String),
    /// The document of a v1 cast is not valid JSON.
    BadDocument,
    /// The document of a v1 cast has no frames.
    NoFrames,
    /// The value of `stdout` in a v1 cast is not an array of frames.
    NotFrames(String),
    /// The terminal is larger than the virtual terminal supports.
    TooLarge(Size),
    /// Another fault, specific to the program that reads the cast.
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

/// The reason why reading a cast ended early.
#[derive(Debug)]
pub enum Error {
    /// The source is empty.
    Empty,
    /// The source could not be read.
    Read(io::Error),
    /// A line is invalid.
    Line {
        /// The line number, counted from 1, the header.
        number: u64,
        /// The fault in the line.
        fault: Fault,
    },
}
