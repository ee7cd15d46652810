//! The cast that a tape makes: written as it comes about, and kept a second time where pictures are to
//! be made of it.

use std::fs::File;
use std::io::{self, Seek, Write};

use common::cast::{Code, Precision, Time, Version, Writer};
use common::cli::{self, Failure};

/// A cast in progress.
pub struct Recording {
    /// Where it goes, if it goes anywhere but into pictures, and how messages call that.
    sink: Option<(Box<dyn Write>, String)>,
    /// A file without a name that holds all of it, where something is to be made of it.
    copy: Option<File>,
    writer: Writer,
    line: Vec<u8>,
    last: Time,
}

impl Recording {
    /// Begins with the header.
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

    /// Adds an event. Times do not step back: one that does counts as the last one's.
    pub fn push(&mut self, time: Time, code: Code, text: &str) -> cli::Result<()> {
        self.last = time.max(self.last);
        self.writer.event(self.last, code, text, &mut self.line);
        self.write()
    }

    /// The time of the last event.
    pub fn last(&self) -> Time {
        self.last
    }

    /// Writes what has been added.
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

    /// The copy, to be read from its beginning.
    pub fn copy(&mut self) -> io::Result<Option<File>> {
        let Some(copy) = &mut self.copy else { return Ok(None) };
        copy.rewind()?;
        copy.try_clone().map(Some)
    }
}
