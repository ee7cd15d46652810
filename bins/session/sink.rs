//! A program that shows a session: it receives the cast, and its messages are passed on.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use common::cli::Failure;
use common::io::sibling;
use common::notifier::Notifier;
use common::tty::Terminal;

/// The text before the address at which a session can be watched.
const LIVE_AT: &str = "asciinema: live at ";

/// The destination of the programs' messages.
#[derive(Clone)]
pub struct Messages {
    notifier: Notifier,
    is_quiet: bool,
    log: Option<Arc<Mutex<File>>>,
    start: Instant,
}

impl Messages {
    /// Messages go to standard error or, while the session owns the terminal, to the notifier; and
    /// to a log.
    pub fn new(notifier: Notifier, is_quiet: bool, log: Option<File>) -> Messages {
        let log = log.map(|file| Arc::new(Mutex::new(file)));
        Messages { notifier, is_quiet, log, start: Instant::now() }
    }

    /// Passes a line on.
    pub fn pass(&self, line: &str) {
        self.log(line);
        let is_notice = line.starts_with("asciinema: ");
        if self.is_quiet && is_notice {
            return;
        }
        let terminal = Terminal::behind(io::stderr().as_fd());
        if terminal.is_ok_and(|terminal| terminal.is_raw()) {
            let text = line.split_once(": ").map_or(line, |(_, text)| text);
            self.notifier.say(text);
        } else {
            // If standard error is closed, there is no one to tell.
            let _ = writeln!(io::stderr(), "{line}");
        }
    }

    /// Adds a line to the log, with the seconds since the start.
    pub fn log(&self, line: &str) {
        if let Some(log) = &self.log {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            // A failed write to the log must not end the session.
            let _ = writeln!(log, "{:.3} {line}", self.start.elapsed().as_secs_f64());
        }
    }
}

/// A running program that shows the session.
pub struct Sink {
    name: &'static str,
    child: Child,
    /// `None` once the feed has taken it.
    pub stdin: Option<ChildStdin>,
    /// The thread that passes on its messages.
    listener: JoinHandle<()>,
    /// Receives the address, or nothing if the program reports a failure.
    address: Receiver<Option<String>>,
}

impl Sink {
    /// Starts a program of ours.
    ///
    /// # Errors
    ///
    /// The program cannot be started.
    pub fn start(name: &'static str, args: &[OsString], messages: &Messages) -> Result<Sink, Failure> {
        let mut command = Command::new(sibling(name));
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| Failure::io(name, &error))?;
        let stderr = child.stderr.take().ok_or_else(|| Failure::Failed(format!("{name}: no pipe")))?;
        let (sender, address) = channel();
        let messages = messages.clone();
        let listener = thread::Builder::new().name("listener".to_string()).spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                messages.pass(&line);
                let has_failed = line.split(": ").next() == Some(name);
                let address = line.strip_prefix(LIVE_AT).map(str::to_string);
                if has_failed || address.is_some() {
                    // Nobody waits for further addresses.
                    let _ = sender.send(address);
                }
            }
        });
        let listener = listener.map_err(|error| Failure::io(name, &error))?;
        Ok(Sink { name, stdin: child.stdin.take(), child, listener, address })
    }

    /// Waits until the program has reported the address at which the session can be watched. `None`
    /// if it fails; the reason has been passed on.
    pub fn address(&self) -> Option<String> {
        self.address.recv().ok().flatten()
    }

    /// Returns whether it publishes the session, rather than showing it itself.
    pub fn publishes(&self) -> bool {
        self.name == "asciinema-relay"
    }

    /// Ends it before the session has begun. Returns its exit status if it failed by itself.
    pub fn abandon(mut self, is_ready: bool, messages: &Messages) -> i32 {
        if is_ready {
            let _ = self.child.kill();
        }
        self.stdin = None;
        let code = self.child.wait().ok().and_then(|status| status.code());
        let _ = self.listener.join();
        messages.log(&format!("{}: ended before the session", self.name));
        code.unwrap_or(0)
    }

    /// Waits for the end of a program whose input has ended. Returns whether it succeeded.
    pub fn finish(mut self, messages: &Messages) -> bool {
        self.stdin = None;
        let status = self.child.wait();
        let _ = self.listener.join();
        let is_good = status.as_ref().is_ok_and(|status| status.success());
        if let Ok(status) = status {
            messages.log(&format!("{}: {status}", self.name));
        }
        is_good
    }
}
