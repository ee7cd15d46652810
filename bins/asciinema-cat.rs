//! Prints the output of casts, all of it at once: the bytes that went to the terminal.
//!
//! On a terminal, the questions in a recording (where is the cursor? which colours?) are answered
//! anew; the answers are swallowed, or else they would be typed into the shell afterwards.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use common::cast::{Code, Item, Reader};
use common::cli::{self, Arg, Failure, Program, catalog};
use common::filter;
use common::source::Source;
use common::stream::Stream;
use common::tty::{self, Interest, OutputWatch, RawMode, Signal, Signals, Terminal};

const PROGRAM: Program = catalog::program("asciinema-cat");

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| {
        let mut sources = Vec::new();
        while let Some(arg) = args.next()? {
            match arg {
                Arg::Value(source) => sources.push(source),
                other => return Err(args.unexpected(&other)),
            }
        }
        if sources.is_empty() {
            return Err(Failure::Usage("FILE is missing".to_string()));
        }
        print(&sources)
    })
}

fn print(sources: &[OsString]) -> cli::Result<()> {
    tty::restore_sigpipe();
    let stdout = Stream::stdout().map_err(|error| Failure::io("stdout", &error))?;
    let guard = if io::stdout().is_terminal() { TerminalGuard::new() } else { None };
    let mut printer =
        Printer { stdout, buffer: Vec::new(), watch: guard.as_ref().map(|_| OutputWatch::default()) };
    let outcome = sources.iter().try_for_each(|source| {
        let (stream, source) = Source::open(source)?;
        let outcome = printer.print(stream, &source.name);
        source.finish(outcome)
    });
    if let (Some(guard), Some(watch)) = (guard, printer.watch) {
        guard.leave(watch.has_asked());
    }
    outcome
}

struct Printer {
    stdout: Stream,
    buffer: Vec<u8>,
    /// Where stdout is a terminal.
    watch: Option<OutputWatch>,
}

impl Printer {
    /// Prints the output of a cast, all that is good of it.
    fn print(&mut self, stream: Stream, name: &str) -> cli::Result<()> {
        let mut reader = Reader::new(stream);
        loop {
            let outcome = match reader.next() {
                Ok(Some(Item::Event(event))) if event.code == Code::Output => {
                    event.decode_text(&mut self.buffer).map_err(|fault| reader.fault(fault))
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
                return Err(filter::failure(name, error));
            }
        }
    }

    fn write(&mut self) -> cli::Result<()> {
        if let Some(watch) = &mut self.watch {
            watch.push(&self.buffer);
        }
        self.stdout.write_all(&self.buffer).map_err(|error| Failure::io("stdout", &error))?;
        self.buffer.clear();
        Ok(())
    }
}

/// The terminal, made to keep quiet about what it is asked until we leave it.
struct TerminalGuard {
    terminal: Terminal,
    mode: Arc<RawMode>,
}

impl TerminalGuard {
    fn new() -> Option<TerminalGuard> {
        let terminal = Terminal::open().ok().filter(Terminal::is_foreground)?;
        let mode = Arc::new(terminal.silent_mode().ok()?);
        restore_on_signals(Arc::clone(&mode)).ok()?;
        Some(TerminalGuard { terminal, mode })
    }

    fn leave(self, has_asked: bool) {
        if has_asked {
            self.terminal.swallow_replies();
        }
        // The thread that waits for signals holds the guard, too, so that it is not dropped here.
        let _ = self.mode.suspend();
    }
}

/// Sees to it that a signal that ends or stops us gives the terminal back first. A thread, because
/// printing waits for nothing but the source and the terminal.
fn restore_on_signals(mode: Arc<RawMode>) -> io::Result<()> {
    let mut signals = Signals::catch_all(&[])?;
    thread::Builder::new().spawn(move || {
        loop {
            let mut interest = Interest::default();
            interest.read(signals.as_fd());
            if tty::wait(&interest, None).is_err() {
                return;
            }
            // Where the terminal is gone, all of this fails, and nothing is lost.
            for signal in signals.arrived() {
                if signal != Signal::SIGCONT {
                    let _ = mode.suspend();
                }
                match signal {
                    Signal::SIGTSTP => tty::stop_here(),
                    Signal::SIGCONT => {}
                    signal => tty::die_of(signal),
                }
                let _ = mode.apply();
            }
        }
    })?;
    Ok(())
}
