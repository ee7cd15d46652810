//! Messages: one line on standard error, in colour where someone is there to see it.

use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};

use crate::text::visible;

/// Says things on standard error in the name of a program.
#[derive(Clone, Copy, Debug)]
pub struct Speaker {
    name: &'static str,
    in_colour: bool,
}

impl Speaker {
    /// Speaks as `name`. Colours are for terminals, and for those who did not set `NO_COLOR`
    /// (no-color.org: any value but the empty one).
    pub fn new(name: &'static str) -> Speaker {
        Speaker { name, in_colour: io::stderr().is_terminal() && !colour_is_refused() }
    }

    /// A notice, green.
    pub fn notice(&self, text: &str) {
        self.say(32, text);
    }

    /// A warning, yellow.
    pub fn warning(&self, text: &str) {
        self.say(33, text);
    }

    /// An error, red.
    pub fn error(&self, text: &str) {
        self.say(31, text);
    }

    fn say(&self, colour: u8, text: &str) {
        let name = self.name;
        let line = match self.in_colour {
            true => format!("\x1b[0;{colour}m{name}: {text}\x1b[0m\n"),
            false => format!("{name}: {text}\n"),
        };
        // Where standard error is gone there is nobody left to tell.
        let _ = io::stderr().write_all(line.as_bytes());
    }
}

/// Whether the user wants no colours.
pub fn colour_is_refused() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// The words of an I/O error, without the number that the standard library appends.
pub fn io_text(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" (os error ") {
        Some((words, _)) => words.to_string(),
        None => text,
    }
}

/// How messages call a file, a URL or a stream: as the user did, with control characters visible.
pub fn source_name(path: &OsStr) -> String {
    visible(&path.to_string_lossy())
}
