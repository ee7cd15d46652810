//! The program that a tape types into, in a pseudo-terminal: its output goes to the screen and the
//! recording, and its queries are answered.

use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use common::cast::{Code, Fault, Utf8Repair};
use common::cli::Failure;
use common::screen::{Colours, Responder, Screen};
use common::size::Size;
use common::tty::{self, Interest, Pty, Signal, Signals};
use nix::sys::signal::killpg;
use nix::unistd::Pid;
use regex_lite::Regex;

use crate::clock::Clock;
use crate::language::Scope;
use crate::recording::Recording;

/// The silence after which the program is assumed to have finished its reaction to a character.
const SILENCE: Duration = Duration::from_millis(30);

/// The same for other keys, which may start or end programs.
const LONG_SILENCE: Duration = Duration::from_millis(100);

/// How long to wait for the reaction to a key, and for its end, in a steady tape.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long to wait for a key without a reaction in a steady tape.
const NO_ANSWER: Duration = Duration::from_millis(200);

/// How long to wait for the program after its terminal has been closed.
const FAREWELL: Duration = Duration::from_secs(1);

/// The reason why a command of the tape was not carried out.
pub enum Stopped {
    /// The program has already exited.
    Ended,
    /// Nothing matched in time.
    TimedOut,
    /// Ctrl-c, or a signal from another process.
    Signal(Signal),
    Failed(Failure),
}

/// A program in its terminal.
pub struct Session<'a> {
    pty: Pty,
    child: Child,
    signals: Signals,
    pub screen: Screen,
    responder: Responder,
    repair: Utf8Repair,
    pub recording: &'a mut Recording,
    pub clock: Clock,
    /// The screen that the viewer sees while recording is off.
    hidden: Option<Screen>,
    /// The output of the current step, in a steady tape.
    held: String,
    /// Input that the program has not read yet.
    typed: Vec<u8>,
    is_ended: bool,
    /// The time of the program's last output, and whether there was any in this step.
    wrote: Option<Instant>,
    buffer: Vec<u8>,
}

impl<'a> Session<'a> {
    /// Starts the program.
    pub fn start(
        command: Command,
        size: Size,
        colors: Colours,
        recording: &'a mut Recording,
        clock: Clock,
    ) -> io::Result<Session<'a>> {
        let signals = Signals::catch_all(&[Signal::SIGCHLD])?;
        let screen =
            Screen::new(size, 0).map_err(|error| io::Error::other(Fault::from(error).to_string()))?;
        let (pty, child) = Pty::spawn(command, size, None)?;
        Ok(Session {
            pty,
            child,
            signals,
            screen,
            responder: Responder::new(colors),
            repair: Utf8Repair::default(),
            recording,
            clock,
            hidden: None,
            held: String::new(),
            typed: Vec::new(),
            is_ended: false,
            wrote: None,
            buffer: vec![0; 16 << 10],
        })
    }

    /// Waits until the program is ready for the first key: until it has written something and then
    /// been silent for a while.
    pub fn await_start(&mut self) -> Result<(), Stopped> {
        const SILENCE: Duration = Duration::from_millis(100);
        const AT_MOST: Duration = Duration::from_secs(2);
        self.await_silence(SILENCE, AT_MOST, AT_MOST)
    }

    /// Types a character that takes this long, and records the program's output meanwhile.
    pub fn type_character(&mut self, character: char, length: Duration) -> Result<(), Stopped> {
        self.send(character.encode_utf8(&mut [0; 4]).as_bytes(), length, SILENCE)
    }

    /// Presses any other key that takes this long, or pastes, likewise.
    pub fn press(&mut self, bytes: &[u8], length: Duration) -> Result<(), Stopped> {
        self.send(bytes, length, LONG_SILENCE)
    }

    fn send(&mut self, bytes: &[u8], length: Duration, silence: Duration) -> Result<(), Stopped> {
        if self.is_ended {
            return Err(Stopped::Ended);
        }
        self.begin_step(length)?;
        self.typed.extend_from_slice(bytes);
        self.pass(length)?;
        match self.clock.is_steady() {
            true => self.await_silence(silence, NO_ANSWER, PATIENCE),
            false => Ok(()),
        }
    }

    /// Lets time pass, whether or not the program is still running.
    pub fn sleep(&mut self, length: Duration) -> Result<(), Stopped> {
        self.begin_step(length)?;
        self.pass(length)?;
        match self.clock.is_steady() && !self.is_ended {
            true => self.await_silence(SILENCE, Duration::ZERO, PATIENCE),
            false => Ok(()),
        }
    }

    /// Waits until the pattern matches the screen.
    pub fn await_match(&mut self, scope: Scope, pattern: &Regex, at_most: Duration) -> Result<(), Stopped> {
        /// The time of a wait in a steady tape, whatever it really took.
        const LENGTH: Duration = Duration::from_millis(500);
        self.begin_step(LENGTH)?;
        let until = Instant::now() + at_most;
        while !self.shows(scope, pattern) {
            if self.is_ended {
                return Err(Stopped::Ended);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Stopped::TimedOut);
            }
            self.turn(left)?;
        }
        match self.clock.is_steady() {
            true => self.await_silence(SILENCE, Duration::ZERO, PATIENCE),
            false => Ok(()),
        }
    }

    /// The text in the scope, to report for a failed `Wait`.
    pub fn shown(&self, scope: Scope) -> String {
        let rows = self.screen.text();
        match scope {
            Scope::Line => {
                rows.get(self.screen.cursor().row).map_or(String::new(), |row| row.trim_end().to_string())
            }
            Scope::Screen => {
                let rows: Vec<&str> = rows.iter().map(|row| row.trim_end()).collect();
                rows.join("\n").trim_end().to_string()
            }
        }
    }

    fn shows(&self, scope: Scope, pattern: &Regex) -> bool {
        pattern.is_match(&self.shown(scope))
    }

    /// Stops recording and time.
    pub fn hide(&mut self) -> Result<(), Stopped> {
        self.end_step()?;
        if self.hidden.is_none() {
            self.hidden = Some(self.screen.clone());
            self.clock.hide();
        }
        Ok(())
    }

    /// The status of a program that has ended and failed.
    pub fn failure(&mut self) -> Option<String> {
        let until = Instant::now() + FAREWELL;
        while Instant::now() < until {
            if let Ok(Some(status)) = self.child.try_wait() {
                let signal = || status.signal().map(|signal| format!("signal {signal}"));
                return status
                    .code()
                    .map(|code| format!("status {code}"))
                    .or_else(signal)
                    .filter(|_| !status.success());
            }
            // Its terminal is closed just before it exits.
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }

    /// Returns whether recording is off.
    pub fn is_hidden(&self) -> bool {
        self.hidden.is_some()
    }

    /// Resumes recording, starting with the changes to the screen.
    pub fn show(&mut self) -> Result<(), Stopped> {
        self.end_step()?;
        let Some(before) = self.hidden.take() else { return Ok(()) };
        self.clock.show();
        let Some(drawing) = self.screen.transition(&before) else { return Ok(()) };
        self.recording.push(self.clock.now(), Code::Output, &drawing).map_err(Stopped::Failed)
    }

    /// Adds a marker at this moment.
    pub fn mark(&mut self, label: &str) -> Result<(), Stopped> {
        self.end_step()?;
        if self.hidden.is_some() {
            return Ok(());
        }
        self.recording.push(self.clock.now(), Code::Marker, label).map_err(Stopped::Failed)
    }

    /// Ends the recording of the session, including the last output and the time of a final
    /// `Sleep`.
    pub fn finish(mut self) -> Result<(), Stopped> {
        let mut rest = String::new();
        self.repair.finish(&mut rest);
        if !rest.is_empty() {
            self.take(&rest)?;
        }
        self.end_step()?;
        let end = self.clock.now();
        if end > self.recording.last() {
            self.recording.push(end, Code::Output, "").map_err(Stopped::Failed)?;
        }
        let Session { pty, mut child, .. } = self;
        // The program gets SIGHUP.
        drop(pty);
        let until = Instant::now() + FAREWELL;
        while Instant::now() < until {
            if !matches!(child.try_wait(), Ok(None)) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        if let Ok(group) = i32::try_from(child.id()) {
            // It may already be gone.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        let _ = child.wait();
        Ok(())
    }

    /// Further output of the program belongs to another command or key.
    fn begin_step(&mut self, length: Duration) -> Result<(), Stopped> {
        self.end_step()?;
        self.clock.begin_step(length);
        self.wrote = None;
        Ok(())
    }

    /// Records the output of this step, if that was held until its end.
    pub fn end_step(&mut self) -> Result<(), Stopped> {
        if self.held.is_empty() {
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        self.recording.push(self.clock.output(), Code::Output, &held).map_err(Stopped::Failed)
    }

    /// Lets the program run for this long.
    fn pass(&mut self, length: Duration) -> Result<(), Stopped> {
        let until = Instant::now() + length;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                // Typed input is sent even if no time passes.
                return if self.typed.is_empty() { Ok(()) } else { self.turn(Duration::ZERO) };
            }
            self.turn(left)?;
        }
    }

    /// Waits until the program has been silent for a while: at most `first` for its first output,
    /// and `at_most` in total.
    fn await_silence(
        &mut self,
        silence: Duration,
        first: Duration,
        at_most: Duration,
    ) -> Result<(), Stopped> {
        let start = Instant::now();
        while !self.is_ended {
            let now = Instant::now();
            let due = match self.wrote {
                Some(wrote) => wrote + silence,
                None => start + first,
            };
            let left = due.min(start + at_most).saturating_duration_since(now);
            if left.is_zero() {
                return Ok(());
            }
            self.turn(left)?;
        }
        Ok(())
    }

    /// Waits for something to happen, at most this long, and handles it.
    fn turn(&mut self, at_most: Duration) -> Result<(), Stopped> {
        let failed = |error: io::Error| Stopped::Failed(Failure::io("terminal", &error));
        let mut interest = Interest::default();
        interest.read(self.signals.as_fd());
        if !self.is_ended {
            interest.read(self.pty.as_fd());
            if !self.typed.is_empty() {
                interest.write(self.pty.as_fd());
            }
        }
        let ready = tty::wait(&interest, Some(at_most)).map_err(failed)?;
        if !self.is_ended && ready.to_write(self.pty.as_fd()) {
            self.write();
        }
        if !self.is_ended && ready.to_read(self.pty.as_fd()) {
            self.read()?;
        }
        if ready.to_read(self.signals.as_fd()) {
            for signal in self.signals.arrived() {
                match signal {
                    // The end of its terminal shows when no more output can come from it.
                    Signal::SIGCHLD => self.look_for_end()?,
                    Signal::SIGTSTP => tty::stop_here(),
                    Signal::SIGCONT => {}
                    signal => return Err(Stopped::Signal(signal)),
                }
            }
        }
        Ok(())
    }

    /// The program may have exited while another process holds its terminal open: read the output
    /// so far, and no more.
    fn look_for_end(&mut self) -> Result<(), Stopped> {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            while !self.is_ended && self.read()? {}
            self.is_ended = true;
        }
        Ok(())
    }

    fn write(&mut self) {
        match self.pty.write(&self.typed) {
            Ok(taken) => drop(self.typed.drain(..taken)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            // Its side is closed, which reading also reports.
            Err(_) => self.typed.clear(),
        }
    }

    /// Reads the program's output. False if there was none.
    fn read(&mut self) -> Result<bool, Stopped> {
        let count = match self.pty.read(&mut self.buffer) {
            Ok(0) => {
                self.is_ended = true;
                return Ok(false);
            }
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                return Ok(false);
            }
            Err(error) => return Err(Stopped::Failed(Failure::io("terminal", &error))),
        };
        self.wrote = Some(Instant::now());
        let mut text = String::new();
        self.repair.push(&self.buffer[..count], &mut text);
        self.take(&text)?;
        Ok(true)
    }

    /// Processes output of the program.
    fn take(&mut self, text: &str) -> Result<(), Stopped> {
        self.responder.feed(&mut self.screen, text, &mut self.typed);
        if self.hidden.is_some() || text.is_empty() {
            return Ok(());
        }
        if self.clock.is_steady() {
            self.held.push_str(text);
            return Ok(());
        }
        self.recording.push(self.clock.output(), Code::Output, text).map_err(Stopped::Failed)
    }
}
