//! Where a cast is played to: stdout, as the bytes of one of its streams or as a cast again.
//!
//! On a terminal the recording's bytes pass the guard. What the terminal has taken of them is
//! followed, to be reset in the end.

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

/// What the command line says of the output.
#[derive(Clone, Copy)]
pub struct SinkOptions {
    pub format: OutputFormat,
    /// The stream to be written; where none is named the output, or all of a cast.
    pub stream: Option<Code>,
    pub speed: f64,
    pub resizes: bool,
    /// Whether a terminal gets even what is not safe.
    pub is_unsafe: bool,
}

/// The sink. What it is given it holds until it is told to write.
pub struct PlaySink {
    stdout: Stdout,
    is_terminal: bool,
    options: SinkOptions,
    /// What is to be written, and how much of that has been.
    bytes: Vec<u8>,
    written: usize,
    /// The lines of a cast.
    output: Output,
    guard: Guard,
    /// What the terminal has taken.
    modes: ModeTracker,
}

impl PlaySink {
    pub fn new(options: SinkOptions) -> io::Result<PlaySink> {
        Ok(PlaySink {
            // A terminal that cannot be opened anew is written to as anything else.
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

    /// Whether frames can be drawn on what is written to: it is a terminal that shows a stream.
    pub fn is_screen(&self) -> bool {
        self.options.format == OutputFormat::Raw && matches!(self.stdout, Stdout::Terminal(_))
    }

    /// Whether lines are written, rather than what they stand for.
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

    /// The code of the events that make the screen.
    pub fn shown_code(&self) -> Code {
        self.options.stream.unwrap_or(Code::Output)
    }

    /// Begins a cast. `is_retimed` says that its events will have other times than they had.
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

    /// Whether an event is to be seen in what is written.
    pub fn shows(&self, code: Code) -> bool {
        match (self.options.format, self.options.stream) {
            (OutputFormat::Raw, stream) => code == stream.unwrap_or(Code::Output),
            (OutputFormat::Asciicast, stream) => stream.is_none_or(|stream| code == stream),
        }
    }

    /// Takes an event that is due at a time of the playback.
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

    /// Takes the bytes that draw what was before the moment at which playing starts.
    pub fn play_start(&mut self, drawing: &str) {
        match self.options.format {
            OutputFormat::Raw => self.pass(drawing.as_bytes()),
            OutputFormat::Asciicast => {
                self.output.new_event(Time::ZERO, Code::Output, drawing);
                self.take_line();
            }
        }
    }

    /// Takes bytes of the recording.
    fn pass(&mut self, bytes: &[u8]) {
        if self.is_terminal && !self.options.is_unsafe {
            self.guard.push(bytes, &mut self.bytes);
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Takes bytes that reset the terminal, and those that bring it to a state of the recording from
    /// which its bytes go on.
    pub fn pass_from_here(&mut self, reset: &str, drawing: &str) {
        self.bytes.extend_from_slice(reset.as_bytes());
        self.guard.restart();
        self.pass(drawing.as_bytes());
    }

    /// Takes the bytes that come before the first frame.
    pub fn begin_frames(&mut self, before: &[u8]) {
        self.bytes.extend_from_slice(before);
        self.guard.restart();
    }

    /// Takes a frame.
    pub fn draw(&mut self, frame: &[u8]) {
        self.pass(frame);
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

    /// What resets the terminal, once all that is held has been written.
    pub fn reset_sequence(&self) -> Vec<u8> {
        self.modes.reset_sequence()
    }

    /// Whether what has been written asked the terminal anything.
    pub fn has_asked(&self) -> bool {
        self.modes.has_asked()
    }

    /// Resets the terminal to what a shell expects, if it takes that in time. What has not been
    /// written is dropped.
    pub fn reset(&mut self, patience: Duration) {
        (self.bytes, self.written) = (Vec::new(), 0);
        let reset = self.modes.reset_sequence();
        if let Stdout::Terminal(terminal) = &self.stdout {
            // Where this fails, the terminal is gone.
            let _ = terminal.write_within(&reset, patience);
        }
        self.modes.push(&reset);
    }

    fn resize(&mut self, size: Option<Size>) {
        if let Some(size) = size.filter(|_| self.options.resizes && self.is_terminal) {
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
