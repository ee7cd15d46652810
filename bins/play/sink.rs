//! The output of the player: the bytes of one of the cast's streams, or a cast again, on stdout.
//!
//! On a terminal the recording's bytes pass through the guard. The modes that they set are tracked,
//! to be reset at the end.

use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use common::cast::{Code, Event, Header, Time};
use common::filter::Output;
use common::io::Stream;
use common::size::Size;
use common::tty::Terminal;
use common::vt::{Guard, ModeTracker};

use crate::cursor::Played;

/// The form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    /// The bytes of the events.
    Raw,
    /// A cast with the times at which its events were played.
    Asciicast,
}

/// The amount that a ready pipe accepts without blocking (PIPE_BUF on Linux, on which select
/// relies, is the largest).
const PIECE: usize = 4096;

/// Standard output.
enum Stdout {
    Terminal(Terminal),
    Other(Stream),
}

/// The options for the output.
#[derive(Clone, Copy)]
pub struct SinkOptions {
    pub format: OutputFormat,
    /// The stream to write; if none is given, the output, or for a cast all events.
    pub stream: Option<Code>,
    pub speed: f64,
    pub resizes: bool,
    /// True to write even unsafe sequences to a terminal.
    pub is_unsafe: bool,
}

/// The sink. It holds its data until it is told to write.
pub struct PlaySink {
    stdout: Stdout,
    is_terminal: bool,
    options: SinkOptions,
    /// The data to write, and the number of bytes already written.
    bytes: Vec<u8>,
    written: usize,
    /// The lines of a cast.
    output: Output,
    guard: Guard,
    /// The modes set by the bytes that have reached the terminal.
    modes: ModeTracker,
}

impl PlaySink {
    pub fn new(options: SinkOptions) -> io::Result<PlaySink> {
        Ok(PlaySink {
            // A terminal that cannot be opened again is treated like any other output.
            stdout: match Terminal::behind(io::stdout().as_fd()) {
                Ok(terminal) => Stdout::Terminal(terminal),
                Err(_) => Stdout::Other(Stream::stdout()?),
            },
            is_terminal: io::stdout().is_terminal(),
            options,
            bytes: Vec::new(),
            written: 0,
            output: Output::default(),
            guard: Guard::default(),
            modes: ModeTracker::default(),
        })
    }

    /// Returns whether frames can be drawn: the output is a terminal that shows a stream.
    pub fn is_screen(&self) -> bool {
        self.options.format == OutputFormat::Raw && matches!(self.stdout, Stdout::Terminal(_))
    }

    /// Returns whether lines are written, rather than their decoded data.
    pub fn keeps_lines(&self) -> bool {
        self.options.format == OutputFormat::Asciicast
    }

    /// The size of the terminal.
    pub fn size(&self) -> Option<Size> {
        match &self.stdout {
            Stdout::Terminal(terminal) => terminal.size(),
            Stdout::Other(_) => None,
        }
    }

    /// The code of the events that make up the screen.
    pub fn shown_code(&self) -> Code {
        self.options.stream.unwrap_or(Code::Output)
    }

    /// Starts a cast. `is_retimed` tells whether its events will have new times.
    pub fn begin(&mut self, header: &Header, is_retimed: bool) {
        if self.options.format == OutputFormat::Raw {
            return self.resize(Some(header.size));
        }
        let mut header = header.clone();
        if is_retimed {
            header.remove("duration");
            header.divide_idle_time_limit(self.options.speed);
        }
        self.output.begin(&header);
        self.take_line();
    }

    /// Returns whether an event is part of the output.
    pub fn shows(&self, code: Code) -> bool {
        match (self.options.format, self.options.stream) {
            (OutputFormat::Raw, stream) => code == stream.unwrap_or(Code::Output),
            (OutputFormat::Asciicast, stream) => stream.is_none_or(|stream| code == stream),
        }
    }

    /// Adds an event that is due at a playback time.
    pub fn play(&mut self, played: &Played, due: Time) {
        if self.options.format == OutputFormat::Raw && played.code == Code::Resize {
            return self.resize(std::str::from_utf8(&played.text).ok().and_then(Size::parse));
        }
        if !self.shows(played.code) {
            return;
        }
        match self.options.format {
            OutputFormat::Raw => self.pass(&played.text),
            OutputFormat::Asciicast => {
                if let Ok(event) = Event::scan(&played.line) {
                    self.output.event(&event, due);
                }
                self.take_line();
            }
        }
    }

    /// Adds the output that draws the screen at the start of playback.
    pub fn play_start(&mut self, drawing: &str) {
        match self.options.format {
            OutputFormat::Raw => self.pass(drawing.as_bytes()),
            OutputFormat::Asciicast => {
                self.output.new_event(Time::ZERO, Code::Output, drawing);
                self.take_line();
            }
        }
    }

    /// Adds bytes of the recording.
    fn pass(&mut self, bytes: &[u8]) {
        if self.is_terminal && !self.options.is_unsafe {
            self.guard.push(bytes, &mut self.bytes);
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Adds the bytes that reset the terminal, and those that bring it to the state from which the
    /// recording's bytes continue.
    pub fn pass_from_here(&mut self, reset: &str, drawing: &str) {
        self.bytes.extend_from_slice(reset.as_bytes());
        self.guard.restart();
        self.pass(drawing.as_bytes());
    }

    /// Adds the bytes that precede the first frame.
    pub fn begin_frames(&mut self, before: &[u8]) {
        self.bytes.extend_from_slice(before);
        self.guard.restart();
    }

    /// Adds a frame.
    pub fn draw(&mut self, frame: &[u8]) {
        self.pass(frame);
    }

    /// Returns whether there is anything to write.
    pub fn has_output(&self) -> bool {
        self.written < self.bytes.len()
    }

    /// Returns whether writing returns immediately even if nothing is accepted.
    pub fn never_blocks(&self) -> bool {
        matches!(self.stdout, Stdout::Terminal(_))
    }

    /// Writes as much as the output accepts now, if anything.
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
            // Only modes that have reached the terminal must be reset.
            self.modes.push(&rest[..taken]);
        }
        self.written += taken;
        if !self.has_output() {
            self.bytes.clear();
            self.written = 0;
        }
        Ok(())
    }

    /// The bytes that reset the terminal once all held data has been written.
    pub fn reset_sequence(&self) -> Vec<u8> {
        self.modes.reset_sequence()
    }

    /// Returns whether the output contained a query to the terminal.
    pub fn has_asked(&self) -> bool {
        self.modes.has_asked()
    }

    /// Resets the terminal to the state that a shell expects, if it accepts that in time. Unwritten
    /// data is dropped.
    pub fn reset(&mut self, patience: Duration) {
        (self.bytes, self.written) = (Vec::new(), 0);
        let reset = self.modes.reset_sequence();
        if let Stdout::Terminal(terminal) = &self.stdout {
            // Fails only if the terminal is gone.
            let _ = terminal.write_within(&reset, patience);
        }
        self.modes.push(&reset);
    }

    fn resize(&mut self, size: Option<Size>) {
        if let Some(size) = size.filter(|_| self.options.resizes && self.is_terminal) {
            self.bytes.extend_from_slice(size.sequence().as_bytes());
        }
    }

    /// Adds the completed line. A terminal in raw mode needs CR LF.
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
