//! Messages: one line on standard error, in colour on a terminal.
//!
//! Nothing here panics if standard error is closed, as `eprintln!` would: then there is no one to
//! tell.

use std::ffi::OsStr;
use std::io::{self, IsTerminal};

use crate::stream;
use crate::text::visible;

/// Writes a program's messages to standard error.
#[derive(Clone, Copy, Debug)]
pub struct Reporter {
    name: &'static str,
    in_colour: bool,
}

impl Reporter {
    /// Messages begin with `name`. They have colours on a terminal, unless `NO_COLOR` is set and not
    /// empty (no-color.org).
    pub fn new(name: &'static str) -> Reporter {
        Reporter { name, in_colour: io::stderr().is_terminal() && !colour_is_refused() }
    }

    /// A notice, green.
    pub fn notice(&self, text: &str) {
        self.report(32, text);
    }

    /// A warning, yellow.
    pub fn warning(&self, text: &str) {
        self.report(33, text);
    }

    /// An error, red.
    pub fn error(&self, text: &str) {
        self.report(31, text);
    }

    fn report(&self, colour: u8, text: &str) {
        let name = self.name;
        write_line(&match self.in_colour {
            true => format!("\x1b[0;{colour}m{name}: {text}\x1b[0m"),
            false => format!("{name}: {text}"),
        });
    }
}

/// Writes a line to standard error in one piece.
pub fn write_line(line: &str) {
    let _ = stream::write_all(&mut io::stderr(), format!("{line}\n").as_bytes());
}

/// Returns whether the user has turned colours off.
pub fn colour_is_refused() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// The message of an I/O error, without the number that the standard library appends.
pub fn io_text(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" (os error ") {
        Some((words, _)) => words.to_string(),
        None => text,
    }
}

/// A file or URL as messages name it: as the user wrote it, with control characters visible.
pub fn source_name(path: &OsStr) -> String {
    visible(&path.to_string_lossy())
}
