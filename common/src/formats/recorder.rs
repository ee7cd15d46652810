//! The common parts of reading the files of other recorders.

use std::fmt;
use std::io::{self, BufRead, Read};

use crate::cast::{Code, Time};
use crate::cli;
use crate::size::Size;

/// The properties of a recording, known before its first event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The terminal's size.
    pub size: Option<Size>,
    /// The start, in Unix time.
    pub timestamp: Option<i64>,
    /// The command that was recorded.
    pub command: Option<String>,
    /// `$TERM`.
    pub terminal: Option<String>,
    /// `$SHELL`.
    pub shell: Option<String>,
}

/// An event, in bytes, which may end within a character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The time since the start.
    pub time: Time,
    /// The kind of event.
    pub code: Code,
    /// The data of the event, as in a cast.
    pub data: Vec<u8>,
}

/// Reads another recorder's files, event by event.
pub trait Decoder {
    /// The properties of the recording.
    fn origin(&self) -> &Origin;

    /// The next event; `None` at the end.
    ///
    /// # Errors
    ///
    /// A [`Damage`]; nothing more can be read then.
    fn next(&mut self) -> Result<Option<Recorded>, Damage>;

    /// Returns whether reading the next event may block.
    fn is_drained(&self) -> bool;
}

/// An error in another recorder's files, as the end of a message that begins with the file's name.
#[derive(Debug)]
pub struct Damage {
    /// The file with the error.
    pub part: Part,
    /// The place and the error.
    pub what: String,
}

/// A file of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The file with the output.
    Output,
    /// script's file with the input.
    Input,
    /// script's timing file.
    Timing,
}

impl Damage {
    /// An error in a file, or in reading it.
    pub fn new(part: Part, what: impl fmt::Display) -> Damage {
        Damage { part, what: what.to_string() }
    }

    /// An error in reading a file.
    pub(super) fn io(part: Part, error: &io::Error) -> Damage {
        Damage::new(part, cli::io_text(error))
    }
}

/// The maximum length of a record or line, in bytes.
const LONGEST: u64 = 256 << 20;

/// Reads `count` bytes; `None` if there are fewer.
pub(super) fn read_bytes(source: &mut impl BufRead, count: u64) -> io::Result<Option<Vec<u8>>> {
    if count > LONGEST {
        return Err(io::Error::other("the record is longer than 256 MiB"));
    }
    let mut bytes = Vec::new();
    let length = source.take(count).read_to_end(&mut bytes)?;
    Ok((length as u64 == count).then_some(bytes))
}

/// Reads a line, without its line end; `None` at the end of the file. The second value tells
/// whether there was a line end.
pub(super) fn read_line(source: &mut impl BufRead) -> io::Result<Option<(String, bool)>> {
    const LONGEST: u64 = 1 << 20;
    let mut line = Vec::new();
    if source.take(LONGEST).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let is_whole = line.pop_if(|byte| *byte == b'\n').is_some();
    line.pop_if(|byte| *byte == b'\r');
    Ok(Some((String::from_utf8_lossy(&line).into_owned(), is_whole)))
}
