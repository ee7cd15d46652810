//! What there is to say while a session runs, perhaps in the very terminal that standard error leads
//! to: then it is shown as a notification, as the recorder's own are.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;

use common::cli::{self, Reporter};
use common::config::Config;
use common::notifier::Notifier;
use common::tty::Terminal;

/// Says things on standard error, or as notifications while that would disturb.
pub struct Notices {
    notifier: Notifier,
}

impl Notices {
    /// Notices as the user has configured them.
    ///
    /// # Errors
    ///
    /// A bad value in the configuration.
    pub fn new(config: &Config) -> cli::Result<Notices> {
        let is_enabled = config.optional_flag("notifications", "enabled")?.unwrap_or(true);
        let command = config.text("notifications", "command")?.map(OsString::from);
        Ok(Notices { notifier: Notifier::new(is_enabled, command) })
    }

    /// Says where the stream can be watched. Somebody has to know that, whatever it disturbs.
    pub fn announce(&self, url: &str) {
        Reporter::new("asciinema").notice(&format!("live at {url}"));
    }

    /// Says something that passes.
    pub fn note(&self, text: &str) {
        if is_taken() {
            self.notifier.say(text);
        } else {
            Reporter::new("asciinema").warning(text);
        }
    }

    /// Says why nothing is published any more.
    pub fn fail(&self, text: &str) {
        if is_taken() {
            self.notifier.say(text);
        }
        Reporter::new("asciinema-relay").error(text);
    }
}

/// Whether a program has the terminal that standard error leads to for itself.
fn is_taken() -> bool {
    let terminal = Terminal::behind(io::stderr().as_fd());
    terminal.is_ok_and(|terminal| terminal.is_raw())
}
