//! Inserting casts into the first one: the position, the screens on both sides, and the rest of the
//! first cast, which waits in an unnamed file for the others to end.

use std::fs::File;
use std::io::{Seek, Write};

use common::cast::{Code, Event, Fault, HeaderBuilder, Precision, Time, Version, Writer};
use common::cli::{self, Failure, io_text};
use common::edit::Position;
use common::io::unnamed_file;
use common::screen::Screen;
use common::size::Size;

/// The number of rows kept above the screen, which reappear when it becomes taller.
const SCROLLBACK: usize = 100;

/// How long the last screen of an inserted cast stays if no gap is given. The next screen replaces
/// it, so it would never be seen.
const LAST_SCREEN: Time = Time::from_micros(1_000_000);

/// The number of bytes collected for one write to the file.
const WRITE: usize = 64 << 10;

/// The insertion of casts into the first one.
pub struct Insertion {
    at: Position,
    stage: Stage,
    /// The terminal at the current event; `None` before the first header.
    shown: Option<Screen>,
    /// The terminal of the first cast at the position, while others are shown.
    first: Option<Screen>,
    rest: Option<Rest>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    First,
    Others,
    Rest,
}

/// The events of the first cast after the position, in v2.
struct Rest {
    file: File,
    writer: Writer,
    buffer: Vec<u8>,
}

/// The beginning of a cast other than the first, or of the rest of the first one.
pub struct Beginning {
    /// The time of the resize and the drawing.
    pub time: Time,
    /// The time to add to the times of its events.
    pub start: Time,
    pub size: Size,
    /// The output that draws its screen in place of the current one, once the terminal has its size.
    pub drawing: Option<String>,
}

impl Insertion {
    pub fn at(position: Position) -> Insertion {
        Insertion { at: position, stage: Stage::First, shown: None, first: None, rest: None }
    }

    /// Begins the first cast.
    ///
    /// # Errors
    ///
    /// The size is too large for a virtual terminal.
    pub fn begin(&mut self, size: Size) -> Result<(), Fault> {
        self.shown = Some(Screen::new(size, SCROLLBACK)?);
        Ok(())
    }

    /// Sets an event aside if it belongs to the rest of the first cast, otherwise tracks its effect on
    /// the terminal. Returns true if it was set aside.
    ///
    /// # Errors
    ///
    /// Its text cannot be decoded, the size is too large, or the temporary file cannot be written.
    pub fn take(&mut self, event: &Event<'_>) -> Result<bool, Fault> {
        if self.stage == Stage::First {
            // A time may step back, but the order of the events stays.
            if self.rest.is_some() || self.at.time().is_some_and(|at| event.time > at) {
                self.push(event)
                    .map_err(|error| Fault::Other(format!("temporary file: {}", io_text(&error))))?;
                return Ok(true);
            }
            self.at.observe(event);
        }
        if let Some(shown) = self.shown.as_mut().filter(|_| self.stage != Stage::Rest) {
            match event.resize() {
                Some(size) => shown.resize(size)?,
                None if event.code == Code::Output => shown.feed(&event.text()?),
                None => {}
            }
        }
        Ok(false)
    }

    fn push(&mut self, event: &Event<'_>) -> std::io::Result<()> {
        let rest = match &mut self.rest {
            Some(rest) => rest,
            empty => {
                let size = self.shown.as_ref().map_or(Size { cols: 80, rows: 24 }, Screen::size);
                let mut header = HeaderBuilder::new(Version::V2);
                header.add("width", &size.cols.to_string());
                header.add("height", &size.rows.to_string());
                empty.insert(Rest {
                    file: unnamed_file()?,
                    writer: Writer::new(Version::V2, Precision::Microseconds),
                    buffer: header.finish().into_bytes(),
                })
            }
        };
        rest.writer.copy(event, event.time, &mut rest.buffer);
        if rest.buffer.len() >= WRITE {
            rest.file.write_all(&rest.buffer)?;
            rest.buffer.clear();
        }
        Ok(())
    }

    /// Begins the next cast, or the rest of the first one after [`Insertion::rest`]. `last` is the
    /// latest time so far, `gap` the requested pause, if any.
    ///
    /// # Errors
    ///
    /// The size is too large for a virtual terminal.
    pub fn next(&mut self, size: Size, last: Time, gap: Option<Time>) -> Result<Beginning, Fault> {
        let at = self.at.time().unwrap_or(last);
        let next = match self.stage {
            Stage::First | Stage::Others => Screen::new(size, SCROLLBACK)?,
            Stage::Rest => match self.first.take() {
                Some(first) => first,
                // No other cast has begun.
                None => return Ok(Beginning { time: last, start: Time::ZERO, size, drawing: None }),
            },
        };
        let time = match self.stage {
            Stage::First => at.plus(gap.unwrap_or(Time::ZERO)),
            Stage::Others | Stage::Rest => last.plus(gap.unwrap_or(LAST_SCREEN)),
        };
        let start = if self.stage == Stage::Rest { time.since(at) } else { time };
        let size = next.size();
        let drawing = self.shown.as_ref().and_then(|shown| next.transition(shown));
        let previous = self.shown.replace(next);
        if self.stage == Stage::First {
            self.stage = Stage::Others;
            self.first = previous;
        }
        Ok(Beginning { time, start, size, drawing })
    }

    /// The rest of the first cast, if there is one.
    ///
    /// # Errors
    ///
    /// The temporary file cannot be written.
    pub fn rest(&mut self) -> cli::Result<Option<File>> {
        self.stage = Stage::Rest;
        let Some(Rest { mut file, buffer, .. }) = self.rest.take() else { return Ok(None) };
        let written = file.write_all(&buffer).and_then(|()| file.rewind());
        written.map_err(|error| Failure::io("temporary file", &error))?;
        Ok(Some(file))
    }

    /// Fails if the first cast lacks the marker that names the position.
    pub fn check(&self) -> Result<(), String> {
        self.at.time().map(drop).ok_or_else(|| format!("the first cast has no {}", self.at))
    }
}
