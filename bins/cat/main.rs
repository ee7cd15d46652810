//! Prints the output of casts without delays: the bytes that were written to the terminal. With
//! `-f`, `join` makes one cast of them instead.
//!
//! On a terminal, queries in a recording (the cursor position, the colours) are answered again; the
//! replies are discarded, because they would be typed into the shell afterwards.

mod join;

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Duration;

use common::cast::{self, Code, Fault, Item, Reader};
use common::cli::{self, Arg, Failure, Program, catalog};
use common::filter;
use common::io::{Input, Source, Stream};
use common::tty::{self, Interest, RawMode, Signal, Signals, Terminal};
use common::vt::{Guard, ModeTracker};

/// How long to wait at the end for a terminal that accepts no output.
const PATIENCE: Duration = Duration::from_millis(500);

const PROGRAM: Program = catalog::program("asciinema-cat");

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| {
        let (mut sources, mut is_unsafe, mut follows) = (Vec::new(), false, false);
        let mut format = None;
        while let Some(arg) = args.next()? {
            match arg {
                Arg::Option("-f" | "--output-format") => format = Some(args.choice(join::FORMATS)?),
                Arg::Option("--unsafe") => is_unsafe = true,
                Arg::Option("--follow") => follows = true,
                // There is nothing to suppress.
                Arg::Option("-q" | "--quiet") => {}
                Arg::Value(source) => sources.push(source),
                other => return Err(args.unexpected(&other)),
            }
        }
        if sources.is_empty() {
            return Err(Failure::Usage("FILE is missing".to_string()));
        }
        if follows && sources.len() > 1 {
            return Err(Failure::Usage("--follow takes one FILE".to_string()));
        }
        if sources.iter().any(|source| source == "-") && io::stdin().is_terminal() {
            return Err(Failure::Usage("stdin is a terminal; name a cast or pipe one in".to_string()));
        }
        if follows && format.is_some() {
            return Err(Failure::Usage("options '--follow' and '-f' cannot be used together".to_string()));
        }
        tty::restore_sigpipe();
        match format {
            Some(format) => join::join(&sources, format),
            None => print(&sources, is_unsafe, follows),
        }
    })
}

fn print(sources: &[OsString], is_unsafe: bool, follows: bool) -> cli::Result<()> {
    let is_terminal = io::stdout().is_terminal();
    let session = if is_terminal { Session::start() } else { None };
    let stdout = Stream::stdout().map_err(|error| Failure::io("stdout", &error))?;
    let mut printer = Printer {
        stdout,
        buffer: Vec::new(),
        guard: (is_terminal && !is_unsafe).then(Guard::default),
        session: session.as_ref(),
    };
    let outcome = sources.iter().try_for_each(|source| {
        if follows {
            let (input, name) = common::io::follow(Some(source))?;
            return printer.print(input, &name);
        }
        let (input, source) = Source::open(source)?;
        let outcome = printer.print(input, &source.name);
        source.finish(outcome)
    });
    if let Some(session) = session {
        session.leave();
    }
    outcome
}

/// A source read while the terminal is in use: a signal ends a wait for it.
struct Guarded<'a> {
    input: Input,
    session: Option<&'a Session>,
}

impl Read for Guarded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(session) = self.session.filter(|_| !self.input.is_ready()) {
            let mut interest = Interest::default();
            interest.read(self.input.as_fd());
            session.wait(interest)?;
        }
        self.input.read(buffer)
    }
}

struct Printer<'a> {
    stdout: Stream,
    buffer: Vec<u8>,
    /// If stdout is a terminal, it keeps sequences from it that a recording must not use.
    guard: Option<Guard>,
    /// The session, if stdout is a terminal.
    session: Option<&'a Session>,
}

impl Printer<'_> {
    /// Prints the output of a cast, up to its first fault.
    fn print(&mut self, input: Input, name: &str) -> cli::Result<()> {
        let is_followed = input.is_followed();
        let mut reader = Reader::new(Guarded { input, session: self.session });
        loop {
            let outcome = match reader.next() {
                Ok(Some(Item::Event(event))) if event.code == Code::Output => {
                    event.decode_text(&mut self.buffer).map_err(|fault| reader.fault(fault))
                }
                Ok(Some(Item::Event(event))) if event.code == Code::Exit && is_followed => {
                    return self.write();
                }
                Ok(Some(Item::Event(_) | Item::Header(_) | Item::Ignored(_))) => Ok(()),
                Ok(None) => {
                    self.write()?;
                    reader.fill()
                }
                Ok(Some(Item::End)) => return self.write(),
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                self.write()?;
                // A line that was being written when following the file ended.
                let is_cut_off = matches!(error, cast::Error::Line { fault: Fault::CutOff, .. });
                if is_cut_off && reader.source().input.was_interrupted() {
                    return Ok(());
                }
                return Err(filter::failure(name, error));
            }
        }
    }

    fn write(&mut self) -> cli::Result<()> {
        if let Some(guard) = &mut self.guard {
            let unguarded = std::mem::take(&mut self.buffer);
            guard.push(&unguarded, &mut self.buffer);
        }
        let written = match self.session {
            Some(session) => session.write(&self.buffer),
            None => self.stdout.write_all(&self.buffer),
        };
        written.map_err(|error| Failure::io("stdout", &error))?;
        self.buffer.clear();
        Ok(())
    }
}

/// The terminal, in raw mode except for the keys that send signals, until [`Session::leave`].
struct Session {
    terminal: Terminal,
    mode: RawMode,
    signals: RefCell<Signals>,
    /// The modes set by the output so far.
    modes: RefCell<ModeTracker>,
    /// The signal that will end the process.
    killed_by: Cell<Option<Signal>>,
}

impl Session {
    /// Takes the terminal; `None` in the background, where that would stop the process.
    fn start() -> Option<Session> {
        let terminal = Terminal::behind(io::stdout().as_fd()).or_else(|_| Terminal::open());
        let terminal = terminal.ok().filter(Terminal::is_foreground)?;
        let signals = Signals::catch_all(&[]);
        Some(Session {
            mode: terminal.silent_mode().ok()?,
            terminal,
            signals: RefCell::new(signals.ok()?),
            modes: RefCell::default(),
            killed_by: Cell::new(None),
        })
    }

    /// Waits until one of the descriptors is ready.
    ///
    /// # Errors
    ///
    /// A signal that will end the process; [`Session::leave`] raises it.
    fn wait<'a>(&'a self, interest: Interest<'a>) -> io::Result<()> {
        let mut signals = self.signals.borrow_mut();
        loop {
            let ready = {
                let mut interest = interest.clone();
                interest.read(signals.as_fd());
                tty::wait(&interest, None)?
            };
            if !ready.to_read(signals.as_fd()) {
                return Ok(());
            }
            for signal in signals.arrived() {
                match signal {
                    Signal::SIGTSTP => {
                        self.mode.suspend()?;
                        tty::stop_here();
                        self.mode.apply()?;
                    }
                    Signal::SIGCONT => self.mode.apply()?,
                    signal => {
                        self.killed_by.set(Some(signal));
                        return Err(io::ErrorKind::ConnectionAborted.into());
                    }
                }
            }
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let mut interest = Interest::default();
            interest.write(self.terminal.as_fd());
            self.wait(interest)?;
            let (taken, left) = match self.terminal.write(rest) {
                Err(error) if is_temporary(&error) => continue,
                count => rest.split_at(count?),
            };
            self.modes.borrow_mut().push(taken);
            rest = left;
        }
        Ok(())
    }

    /// Restores the terminal. Does not return if a signal ends the process.
    fn leave(self) {
        let modes = self.modes.borrow();
        // Fails only if the terminal is gone.
        let _ = self.terminal.write_within(&modes.reset_sequence(), PATIENCE);
        if modes.has_asked() {
            self.terminal.swallow_replies();
        }
        drop(self.mode);
        drop(self.signals);
        if let Some(signal) = self.killed_by.get() {
            tty::die_of(signal);
        }
    }
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
