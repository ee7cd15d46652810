//! A cast that is read twice: once to find the size of the picture and the end, once to draw it.
//! Data from a pipe is kept in an unnamed file in between.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::fd::AsFd;

use common::cast::{self, Fault, Header, Item, Reader, Time};
use common::cli::{self, Failure};
use common::edit::{Position, Range};
use common::filter;
use common::io::{self as files, Input, Stream, unnamed_file};
use common::size::Size;

use crate::progress::Progress;

/// The largest screen that is drawn, in cells: four times a large monitor with a small font.
const MOST_CELLS: usize = 1 << 18;

/// A cast, and its name in messages.
pub struct Recording {
    file: File,
    /// The offset of its start in the file.
    start: u64,
    length: u64,
    name: String,
}

/// The properties of a cast, known after the first reading.
pub struct Survey {
    /// Its header.
    pub header: Header,
    /// The maximum number of columns by the maximum number of rows of its terminal.
    pub size: Size,
    /// The start of the part to draw.
    pub from: Time,
    /// The end of the part to draw, unless the cast ends earlier.
    pub to: Option<Time>,
}

/// The reason to stop reading.
pub enum Stop {
    /// A fault in the last item.
    Fault(Fault),
    /// Another failure.
    Failure(Failure),
    /// No more is needed.
    Enough,
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failure(failure)
    }
}

impl Recording {
    /// Opens a file, or standard input for `-` and for no name.
    ///
    /// # Errors
    ///
    /// It cannot be opened or copied.
    pub fn open(path: Option<&OsStr>) -> cli::Result<Recording> {
        let (mut stream, name) = files::open(path)?;
        let failed = |error: io::Error| Failure::io(&name, &error);
        let mut file = match stream.seekable() {
            Some(file) => file,
            None => {
                let mut file = unnamed_file().map_err(|error| Failure::Failed(error.to_string()))?;
                io::copy(&mut stream, &mut file).map_err(failed)?;
                file.rewind().map_err(failed)?;
                file
            }
        };
        // Standard input may be positioned anywhere in a file.
        let start = file.stream_position().map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len().saturating_sub(start);
        Ok(Recording { file, start, length, name })
    }

    /// Its name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads all of it to find its size, and the start and end of a range.
    ///
    /// # Errors
    ///
    /// A fault in the cast, or a screen too large to draw.
    pub fn survey(&mut self, range: &mut Range) -> cli::Result<Survey> {
        let mut header = None;
        let mut size = Size { cols: 1, rows: 1 };
        self.read(&mut Progress::default(), |item| {
            let new = match item {
                Item::Header(new) => {
                    header = Some(new.clone());
                    Some(new.size)
                }
                Item::Event(event) => {
                    range.observe(event);
                    event.resize()
                }
                Item::Ignored(_) | Item::End => None,
            };
            if let Some(new) = new {
                size = Size { cols: size.cols.max(new.cols), rows: size.rows.max(new.rows) };
                check_size(size)?;
            }
            Ok(())
        })?;
        let failed = |what: String| Failure::Failed(format!("{}: {what}", self.name));
        range.check_reached().map_err(failed)?;
        let time = |bound: &Option<Position>| bound.as_ref().and_then(Position::time);
        let (from, to) = (time(&range.from).unwrap_or(Time::ZERO), time(&range.to));
        if to.is_some_and(|to| to <= from) {
            return Err(failed("the range ends before it begins".to_string()));
        }
        let header = header.ok_or_else(|| filter::failure(&self.name, cast::Error::Empty))?;
        Ok(Survey { header, size, from, to })
    }

    /// Reads it from its start, item by item.
    ///
    /// # Errors
    ///
    /// A fault in the cast, or an error of `take`.
    pub fn read(
        &mut self,
        progress: &mut Progress,
        mut take: impl FnMut(&Item<'_>) -> Result<(), Stop>,
    ) -> cli::Result<()> {
        let failed = |error: io::Error| Failure::io(&self.name, &error);
        self.file.seek(SeekFrom::Start(self.start)).map_err(failed)?;
        let stream = Stream::duplicate(self.file.as_fd()).map_err(failed)?;
        progress.begin(self.length);
        let outcome = read(Input::from(stream), &self.name, progress, &mut take);
        progress.finish();
        outcome
    }
}

/// Reads a cast, item by item.
///
/// # Errors
///
/// A fault in the cast, or an error of `take`.
pub fn read(
    stream: Input,
    name: &str,
    progress: &mut Progress,
    mut take: impl FnMut(&Item<'_>) -> Result<(), Stop>,
) -> cli::Result<()> {
    let mut reader = Reader::new(stream);
    loop {
        let offset = reader.offset();
        let outcome = match reader.next() {
            Ok(Some(item)) => {
                if let Item::Event(_) = item {
                    progress.event(offset);
                }
                let is_end = matches!(item, Item::End);
                match take(&item) {
                    Ok(()) if is_end => return Ok(()),
                    Ok(()) => Ok(()),
                    Err(Stop::Enough) => return Ok(()),
                    Err(Stop::Failure(failure)) => return Err(failure),
                    Err(Stop::Fault(fault)) => Err(reader.fault(fault)),
                }
            }
            Ok(None) => reader.fill(),
            Err(error) => Err(error),
        };
        outcome.map_err(|error| filter::failure(name, error))?;
    }
}

/// Checks that a screen of this size can be drawn.
///
/// # Errors
///
/// [`Fault::TooLarge`].
pub fn check_size(size: Size) -> Result<(), Fault> {
    if usize::from(size.cols) * usize::from(size.rows) > MOST_CELLS {
        Err(Fault::TooLarge(size))
    } else {
        Ok(())
    }
}
