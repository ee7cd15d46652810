//! `cat -f FORMAT`: joins casts into one, as 3.x's cat does.
//!
//! The first header is used for the whole. The times of each part continue from the last event of
//! the previous one, and a different size becomes a resize event. Unlike `asciinema-join`, it keeps
//! the exit events of all parts and resets nothing between them.

use std::ffi::OsString;
use std::io::Write;

use common::cast::{Code, Event, Fault, Header, Item, Reader, Time, Version};
use common::cli::{self, Failure};
use common::filter;
use common::formats::{Encoder, Format};
use common::io::{Input, Source, Stream};
use common::size::Size;

/// The format of the result: that of the first cast, or a given one.
pub const FORMATS: &[(&str, Option<Format>)] = &[
    ("asciicast", None),
    ("asciicast-v3", Some(Format::Asciicast(Version::V3))),
    ("asciicast-v2", Some(Format::Asciicast(Version::V2))),
    ("asciicast-v1", Some(Format::Document)),
    ("raw", Some(Format::Raw)),
    ("txt", Some(Format::Text)),
];

/// Joins casts and writes the result to standard output as it goes.
pub fn join(sources: &[OsString], format: Option<Format>) -> cli::Result<()> {
    let mut stdout = Stream::stdout().map_err(|error| Failure::io("stdout", &error))?;
    let mut joined = Joined { format, whole: None, start: Time::ZERO, last: Time::ZERO, buffer: Vec::new() };
    let mut write = |joined: &mut Joined| {
        stdout.write_all(&joined.buffer).map_err(|error| Failure::io("stdout", &error))?;
        joined.buffer.clear();
        Ok(())
    };
    let outcome = sources.iter().try_for_each(|source| {
        let (input, source) = Source::open(source)?;
        let outcome = joined.read(input, &source.name, &mut write);
        source.finish(outcome)
    });
    // Everything before a fault is written completely.
    if let Some(mut whole) = joined.whole.take() {
        whole.encoder.finish(&mut joined.buffer);
    }
    write(&mut joined)?;
    outcome
}

struct Joined {
    format: Option<Format>,
    /// `None` before the first header.
    whole: Option<Whole>,
    /// When the current part starts.
    start: Time,
    /// The latest time so far.
    last: Time,
    buffer: Vec<u8>,
}

struct Whole {
    encoder: Box<dyn Encoder + Send>,
    /// True if each event is a line; the last line of a file may lack its line end.
    has_lines: bool,
    /// The current size of the terminal.
    size: Size,
}

impl Joined {
    fn read(
        &mut self,
        input: Input,
        name: &str,
        write: &mut dyn FnMut(&mut Joined) -> cli::Result<()>,
    ) -> cli::Result<()> {
        let mut reader = Reader::new(input);
        loop {
            let outcome = match reader.next() {
                Ok(Some(Item::Header(header))) => self.header(header).map_err(|fault| reader.fault(fault)),
                Ok(Some(Item::Event(event))) => self.event(event).map_err(|fault| reader.fault(fault)),
                Ok(Some(Item::Ignored(line))) => {
                    if let Some(whole) = &mut self.whole {
                        whole.encoder.ignored(line, &mut self.buffer);
                    }
                    Ok(())
                }
                Ok(None) => {
                    write(self)?;
                    reader.fill()
                }
                Ok(Some(Item::End)) => return write(self),
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                return Err(filter::failure(name, error));
            }
        }
    }

    fn header(&mut self, mut header: Header) -> Result<(), Fault> {
        self.start = self.last;
        let Some(whole) = &mut self.whole else {
            header.remove("duration");
            let format = self.format.unwrap_or(Format::Asciicast(header.version));
            let mut encoder = format.encoder();
            encoder.header(&header, &mut self.buffer)?;
            let has_lines = matches!(format, Format::Asciicast(_));
            self.whole = Some(Whole { encoder, has_lines, size: header.size });
            return Ok(());
        };
        if header.size != whole.size {
            whole.size = header.size;
            whole.encoder.text(self.start, Code::Resize, &header.size.to_string(), &mut self.buffer)?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), Fault> {
        let Some(whole) = &mut self.whole else { return Ok(()) };
        whole.size = event.resize().unwrap_or(whole.size);
        let time = self.start.plus(event.time);
        self.last = self.last.max(time);
        whole.encoder.event(&Event { time, ..event }, &mut self.buffer)?;
        if whole.has_lines && !self.buffer.ends_with(b"\n") {
            self.buffer.push(b'\n');
        }
        Ok(())
    }
}
