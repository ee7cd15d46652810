//! Where a cast is played to: stdout, as the bytes of one of its streams or as a cast again.

use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use common::cast::{Code, Event, Header, Time};
use common::filter::Output;
use common::io::Stream;
use common::size::Size;
use common::tty::{self, Interest, Terminal};
use common::vt::ModeTracker;

use crate::source::Played;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// The bytes of the events.
    Raw,
    /// A cast with the times at which its events were played.
    Asciicast,
}

/// How much a pipe takes without making us wait, once it takes anything (PIPE_BUF of Linux, which
/// select goes by, is the largest).
const PIECE: usize = 4096;

/// Standard output.
enum Stdout {
    Terminal(Terminal),
    Other(Stream),
}

/// The sink. What it is given it holds until it is told to write.
pub struct PlaySink {
    stdout: Stdout,
    /// What is to be written, and how much of that has been.
    bytes: Vec<u8>,
    written: usize,
    is_terminal: bool,
    format: OutputFormat,
    /// The stream to be written; where none is named the output, or all of a cast.
    stream: Option<Code>,
    speed: f64,
    resizes: bool,
    /// The lines of a cast.
    output: Output,
    modes: ModeTracker,
}

impl PlaySink {
    pub fn new(
        format: OutputFormat,
        stream: Option<Code>,
        speed: f64,
        resizes: bool,
    ) -> io::Result<PlaySink> {
        Ok(PlaySink {
            // A terminal that cannot be opened anew is written to as anything else.
            stdout: match Terminal::behind(io::stdout().as_fd()) {
                Ok(terminal) => Stdout::Terminal(terminal),
                Err(_) => Stdout::Other(Stream::stdout()?),
            },
            bytes: Vec::new(),
            written: 0,
            is_terminal: io::stdout().is_terminal(),
            format,
            stream,
            speed,
            resizes,
            output: Output::default(),
            modes: ModeTracker::default(),
        })
    }

    /// Begins a cast. `is_retimed` says that its events will have other times than they had.
    pub fn begin(&mut self, header: &Header, is_retimed: bool) {
        if self.format == OutputFormat::Raw {
            return self.resize(Some(header.size));
        }
        let mut header = header.clone();
        if is_retimed {
            header.remove("duration");
            header.divide_idle_time_limit(self.speed);
        }
        self.output.begin(&header);
        self.take_line();
    }

    /// Whether an event is to be seen in what is written.
    pub fn shows(&self, code: Code) -> bool {
        match (self.format, self.stream) {
            (OutputFormat::Raw, stream) => code == stream.unwrap_or(Code::Output),
            (OutputFormat::Asciicast, stream) => stream.is_none_or(|stream| code == stream),
        }
    }

    /// Takes an event that is due at a time of the playback.
    pub fn play(&mut self, played: &Played, due: Time) {
        if self.format == OutputFormat::Raw && played.code == Code::Resize {
            return self.resize(std::str::from_utf8(&played.text).ok().and_then(Size::parse));
        }
        if !self.shows(played.code) {
            return;
        }
        if self.format == OutputFormat::Raw {
            return self.bytes.extend_from_slice(&played.text);
        }
        if let Ok(event) = Event::scan(&played.line) {
            self.output.event(&event, due);
        }
        self.take_line();
    }

    /// Whether there is anything to be written.
    pub fn has_output(&self) -> bool {
        self.written < self.bytes.len()
    }

    /// Whether writing returns at once, also when nothing is taken.
    pub fn never_blocks(&self) -> bool {
        matches!(self.stdout, Stdout::Terminal(_))
    }

    /// Writes as much as is taken now, if something is.
    pub fn write(&mut self) -> io::Result<()> {
        let rest = &self.bytes[self.written..];
        let taken = match &mut self.stdout {
            Stdout::Terminal(terminal) => match terminal.write(rest) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
                count => count?,
            },
            Stdout::Other(stream) => stream.write(&rest[..rest.len().min(PIECE)])?,
        };
        if self.is_terminal {
            // Only what has gone out has to be undone.
            self.modes.push(&rest[..taken]);
        }
        self.written += taken;
        if !self.has_output() {
            self.bytes.clear();
            self.written = 0;
        }
        Ok(())
    }

    /// Whether what has been written asked the terminal anything.
    pub fn has_asked(&self) -> bool {
        self.modes.has_asked()
    }

    /// Puts a terminal back into the modes in which a shell expects it, if it takes that in time.
    pub fn restore_modes(&mut self, patience: Duration) -> io::Result<()> {
        let until = Instant::now() + patience;
        self.bytes = self.modes.reset_sequence();
        self.written = 0;
        while self.has_output() {
            let mut interest = Interest::default();
            interest.write(self.as_fd());
            if tty::wait(&interest, Some(until.saturating_duration_since(Instant::now())))?.is_empty() {
                return Ok(());
            }
            self.write()?;
        }
        Ok(())
    }

    fn resize(&mut self, size: Option<Size>) {
        if let Some(size) = size.filter(|_| self.resizes && self.is_terminal) {
            self.bytes.extend_from_slice(size.sequence().as_bytes());
        }
    }

    /// Takes the line that has been made. A terminal is in raw mode and wants CR LF.
    fn take_line(&mut self) {
        self.bytes.extend_from_slice(self.output.bytes().trim_ascii_end());
        self.bytes.extend_from_slice(if self.is_terminal { b"\r\n" } else { b"\n" });
        self.output.clear();
    }
}

impl AsFd for PlaySink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.stdout {
            Stdout::Terminal(terminal) => terminal.as_fd(),
            Stdout::Other(stream) => stream.as_fd(),
        }
    }
}
