//! The cast made by a tape: written as it is recorded, and copied if pictures are to be made from
//! it.

use std::fs::File;
use std::io::{self, Seek, Write};

use common::cast::{Code, Precision, Time, Version, Writer};
use common::cli::{self, Failure};

/// A cast in progress.
pub struct Recording {
    /// The output and its name in messages, unless there are only pictures.
    sink: Option<(Box<dyn Write>, String)>,
    /// An unnamed file with all of it, if something is to be made from it.
    copy: Option<File>,
    writer: Writer,
    line: Vec<u8>,
    last: Time,
}

impl Recording {
    /// Starts with the header.
    pub fn begin(
        sink: Option<(Box<dyn Write>, String)>,
        keeps_copy: bool,
        version: Version,
        header: &str,
    ) -> cli::Result<Recording> {
        let copy = keeps_copy.then(common::io::unnamed_file).transpose();
        let copy = copy.map_err(|error| Failure::Failed(cli::io_text(&error)))?;
        let writer = Writer::new(version, Precision::of_recordings(version));
        let mut recording = Recording { sink, copy, writer, line: header.into(), last: Time::ZERO };
        recording.write()?;
        Ok(recording)
    }

    /// Adds an event. A time that steps back is replaced by the last one.
    pub fn push(&mut self, time: Time, code: Code, text: &str) -> cli::Result<()> {
        self.last = time.max(self.last);
        self.writer.event(self.last, code, text, &mut self.line);
        self.write()
    }

    /// The time of the last event.
    pub fn last(&self) -> Time {
        self.last
    }

    /// Writes the added lines.
    fn write(&mut self) -> cli::Result<()> {
        if let Some((sink, name)) = &mut self.sink {
            let written = sink.write_all(&self.line).and_then(|()| sink.flush());
            written.map_err(|error| Failure::io(name, &error))?;
        }
        if let Some(copy) = &mut self.copy {
            copy.write_all(&self.line).map_err(|error| Failure::io("temporary file", &error))?;
        }
        self.line.clear();
        Ok(())
    }

    /// The copy, positioned at its start.
    pub fn copy(&mut self) -> io::Result<Option<File>> {
        let Some(copy) = &mut self.copy else { return Ok(None) };
        copy.rewind()?;
        copy.try_clone().map(Some)
    }
}
