//! The program that a tape types to, in a pseudo-terminal of its own: its output goes to the screen and
//! the recording, its questions are answered, and it is waited for.

use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
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

/// How long the program is silent when it is taken to have said all that it has to say to a key.
const SILENCE: Duration = Duration::from_millis(30);

/// How long the answer to a key is waited for in a steady tape, and the end of one.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a key that nothing answers is waited for in a steady tape.
const NO_ANSWER: Duration = Duration::from_millis(200);

/// How long the program is waited for when its terminal has been closed.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why a command of the tape was not carried out.
pub enum Stopped {
    /// The program has ended before.
    Ended,
    /// Nothing matched in time.
    TimedOut,
    /// By ctrl-c, or by a signal from elsewhere.
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
    /// What the viewer sees while nothing is recorded.
    hidden: Option<Screen>,
    /// Output of the step so far, in a steady tape.
    held: String,
    /// What the program has not taken yet.
    typed: Vec<u8>,
    is_ended: bool,
    /// When the program wrote something last, and whether it did since the step began.
    wrote: Option<Instant>,
    buffer: Vec<u8>,
}

impl<'a> Session<'a> {
    /// Starts the program.
    pub fn start(
        command: Command,
        size: Size,
        colours: Colours,
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
            responder: Responder::new(colours),
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

    /// Waits until the program is ready for the first key: until it has written something and been
    /// silent for a while.
    pub fn await_start(&mut self) -> Result<(), Stopped> {
        const SILENCE: Duration = Duration::from_millis(100);
        const AT_MOST: Duration = Duration::from_secs(2);
        self.await_silence(SILENCE, AT_MOST, AT_MOST)
    }

    /// Types something that takes so long, and records what the program makes of it meanwhile.
    pub fn press(&mut self, bytes: &[u8], length: Duration) -> Result<(), Stopped> {
        if self.is_ended {
            return Err(Stopped::Ended);
        }
        self.begin_step(length)?;
        self.typed.extend_from_slice(bytes);
        self.pass(length)?;
        match self.clock.is_steady() {
            true => self.await_silence(SILENCE, NO_ANSWER, PATIENCE),
            false => Ok(()),
        }
    }

    /// Lets time pass, whether the program is still there or not.
    pub fn sleep(&mut self, length: Duration) -> Result<(), Stopped> {
        self.begin_step(length)?;
        self.pass(length)?;
        match self.clock.is_steady() && !self.is_ended {
            true => self.await_silence(SILENCE, Duration::ZERO, PATIENCE),
            false => Ok(()),
        }
    }

    /// Waits until the pattern matches what the screen shows.
    pub fn await_match(&mut self, scope: Scope, pattern: &Regex, at_most: Duration) -> Result<(), Stopped> {
        /// How long a wait takes in a steady tape, whatever it took.
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

    /// What the scope shows, as a `Wait` that failed tells it.
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

    /// From now on nothing is recorded and no time passes.
    pub fn hide(&mut self) -> Result<(), Stopped> {
        self.end_step()?;
        if self.hidden.is_none() {
            self.hidden = Some(self.screen.clone());
            self.clock.hide();
        }
        Ok(())
    }

    /// Records again, beginning with what has changed meanwhile.
    pub fn show(&mut self) -> Result<(), Stopped> {
        self.end_step()?;
        let Some(before) = self.hidden.take() else { return Ok(()) };
        self.clock.show();
        let Some(drawing) = self.screen.transition(&before) else { return Ok(()) };
        self.recording.push(self.clock.now(), Code::Output, &drawing).map_err(Stopped::Failed)
    }

    /// Marks this moment.
    pub fn mark(&mut self, label: &str) -> Result<(), Stopped> {
        self.end_step()?;
        if self.hidden.is_some() {
            return Ok(());
        }
        self.recording.push(self.clock.now(), Code::Marker, label).map_err(Stopped::Failed)
    }

    /// Ends the recording of the session: the output so far, and the time that a last `Sleep` took.
    pub fn finish(mut self) -> Result<(), Stopped> {
        let mut rest = String::new();
        self.repair.finish(&mut rest);
        if !rest.is_empty() {
            self.take(&rest)?;
        }
        self.end_step()?;
        let end = self.clock.now();
        if self.hidden.is_none() && end > self.recording.last() {
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
            // It may be gone by now.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        let _ = child.wait();
        Ok(())
    }

    /// What the program writes from now on belongs to another command or key.
    fn begin_step(&mut self, length: Duration) -> Result<(), Stopped> {
        self.end_step()?;
        self.clock.begin_step(length);
        self.wrote = None;
        Ok(())
    }

    /// Records what the program has written in this step, where that waits for its end.
    pub fn end_step(&mut self) -> Result<(), Stopped> {
        if self.held.is_empty() {
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        self.recording.push(self.clock.output(), Code::Output, &held).map_err(Stopped::Failed)
    }

    /// Lets the program run for so long.
    fn pass(&mut self, length: Duration) -> Result<(), Stopped> {
        let until = Instant::now() + length;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                // What has been typed goes out even in no time.
                return if self.typed.is_empty() { Ok(()) } else { self.turn(Duration::ZERO) };
            }
            self.turn(left)?;
        }
    }

    /// Waits until the program has been silent for so long; for its first word `first`, and for all
    /// `at_most`.
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

    /// Waits for something to happen, at most so long, and deals with it.
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
                    // The end of its terminal tells when nothing more can come from it.
                    Signal::SIGCHLD => self.look_for_end()?,
                    Signal::SIGTSTP => tty::stop_here(),
                    Signal::SIGCONT => {}
                    signal => return Err(Stopped::Signal(signal)),
                }
            }
        }
        Ok(())
    }

    /// The program may have ended while another holds its terminal open: what it wrote is read, and
    /// that is all.
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
            // Its side is closed, which reading tells, too.
            Err(_) => self.typed.clear(),
        }
    }

    /// Reads what the program has written. False where that is nothing.
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

    /// Takes text that the program has written.
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
