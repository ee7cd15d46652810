//! Where a cast is played to: stdout, as the bytes of one of its streams or as a cast again.

use std::io::{self, IsTerminal, Write};

use common::cast::{Code, Event, Header, Time};
use common::filter::Output;
use common::size::Size;
use common::stream::Stream;
use common::tty::OutputWatch;

use crate::source::Played;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// The bytes of the events.
    Raw,
    /// A cast with the times at which its events were played.
    Asciicast,
}

/// The sink.
pub struct PlaySink {
    stdout: Stream,
    is_terminal: bool,
    format: OutputFormat,
    /// The stream to be written; where none is named the output, or all of a cast.
    stream: Option<Code>,
    speed: f64,
    resizes: bool,
    /// The lines of a cast.
    output: Output,
    watch: OutputWatch,
}

impl PlaySink {
    pub fn new(
        format: OutputFormat,
        stream: Option<Code>,
        speed: f64,
        resizes: bool,
    ) -> io::Result<PlaySink> {
        Ok(PlaySink {
            stdout: Stream::stdout()?,
            is_terminal: io::stdout().is_terminal(),
            format,
            stream,
            speed,
            resizes,
            output: Output::default(),
            watch: OutputWatch::default(),
        })
    }

    /// Begins a cast. `is_retimed` says that its events will have other times than they had.
    pub fn begin(&mut self, header: &Header, is_retimed: bool) -> io::Result<()> {
        if self.format == OutputFormat::Raw {
            return self.resize(Some(header.size));
        }
        let mut header = header.clone();
        if is_retimed {
            header.remove("duration");
            header.divide_idle_time_limit(self.speed);
        }
        self.output.begin(&header);
        self.write_lines()
    }

    /// Whether an event is to be seen in what is written.
    pub fn shows(&self, code: Code) -> bool {
        match (self.format, self.stream) {
            (OutputFormat::Raw, stream) => code == stream.unwrap_or(Code::Output),
            (OutputFormat::Asciicast, stream) => stream.is_none_or(|stream| code == stream),
        }
    }

    /// Writes an event that is due at a time of the playback.
    pub fn play(&mut self, played: &Played, due: Time) -> io::Result<()> {
        if self.format == OutputFormat::Raw && played.code == Code::Resize {
            return self.resize(std::str::from_utf8(&played.text).ok().and_then(Size::parse));
        }
        if !self.shows(played.code) {
            return Ok(());
        }
        if self.format == OutputFormat::Raw {
            if self.is_terminal {
                self.watch.push(&played.text);
            }
            return self.stdout.write_all(&played.text);
        }
        if let Ok(event) = Event::scan(&played.line) {
            self.output.event(&event, due);
        }
        self.write_lines()
    }

    /// Whether what has been written asked the terminal anything.
    pub fn has_asked(&self) -> bool {
        self.watch.has_asked()
    }

    /// Puts a terminal back into the modes in which a shell expects it.
    pub fn restore_modes(&mut self) -> io::Result<()> {
        let restoration = self.watch.restoration();
        self.stdout.write_all(&restoration)
    }

    fn resize(&mut self, size: Option<Size>) -> io::Result<()> {
        match size {
            Some(size) if self.resizes && self.is_terminal => {
                self.stdout.write_all(size.sequence().as_bytes())
            }
            _ => Ok(()),
        }
    }

    /// Writes the lines that have come together. A terminal is in raw mode and wants CR LF.
    fn write_lines(&mut self) -> io::Result<()> {
        let mut lines = self.output.bytes().trim_ascii_end().to_vec();
        lines.extend_from_slice(if self.is_terminal { b"\r\n" } else { b"\n" });
        self.output.clear();
        self.stdout.write_all(&lines)
    }
}
