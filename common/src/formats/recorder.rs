//! What the files of other recorders have in common when they are read.

use std::fmt;
use std::io::{self, BufRead, Read};

use crate::cast::{Code, Time};
use crate::cli;
use crate::size::Size;

/// What is known of a recording before its first event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The terminal's size.
    pub size: Option<Size>,
    /// When it began, in Unix time.
    pub timestamp: Option<i64>,
    /// The command that was recorded.
    pub command: Option<String>,
    /// `$TERM`.
    pub terminal: Option<String>,
    /// `$SHELL`.
    pub shell: Option<String>,
}

/// Something that happened, in bytes, which may end in the middle of a character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// When, from the start.
    pub time: Time,
    /// What kind of event.
    pub code: Code,
    /// What a cast holds as the event's data.
    pub data: Vec<u8>,
}

/// Reads another recorder's files, event by event.
pub trait Decoder {
    /// What is known before the first event.
    fn origin(&self) -> &Origin;

    /// The next event; `None` at the end.
    ///
    /// # Errors
    ///
    /// A [`Damage`]; nothing more can be read then.
    fn next(&mut self) -> Result<Option<Recorded>, Damage>;

    /// Whether the next event may have to be waited for.
    fn is_drained(&self) -> bool;
}

/// What is wrong with another recorder's files, as the end of a message that begins with the file's name.
#[derive(Debug)]
pub struct Damage {
    /// Which of the files it is in.
    pub part: Part,
    /// Where in it, and what.
    pub what: String,
}

/// Which file of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The one with the output.
    Output,
    /// script's file with what was typed.
    Input,
    /// script's timing file.
    Timing,
}

impl Damage {
    /// A file that cannot be read, or that holds what it must not.
    pub fn new(part: Part, what: impl fmt::Display) -> Damage {
        Damage { part, what: what.to_string() }
    }

    /// A file that cannot be read.
    pub(super) fn io(part: Part, error: &io::Error) -> Damage {
        Damage::new(part, cli::io_text(error))
    }
}

/// The longest record or line that is read, in bytes.
const LONGEST: u64 = 256 << 20;

/// Reads so many bytes; `None` if there are fewer.
pub(super) fn read_bytes(source: &mut impl BufRead, count: u64) -> io::Result<Option<Vec<u8>>> {
    if count > LONGEST {
        return Err(io::Error::other("the record is longer than 256 MiB"));
    }
    let mut bytes = Vec::new();
    let length = source.take(count).read_to_end(&mut bytes)?;
    Ok((length as u64 == count).then_some(bytes))
}

/// Reads a line, without its end; `None` at the end of the file. The last line may lack its end, which
/// the second value tells.
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
