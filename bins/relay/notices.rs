//! Messages during a session, which may run in the very terminal that standard error leads to: they
//! are then shown as notifications, like the recorder's own.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;

use common::cli::{self, Reporter};
use common::config::Config;
use common::notifier::Notifier;
use common::tty::Terminal;

/// Shows messages on standard error, or as notifications if that would disturb a session.
pub struct Notices {
    notifier: Notifier,
}

impl Notices {
    /// Sets up notifications as configured.
    ///
    /// # Errors
    ///
    /// A bad value in the configuration.
    pub fn new(config: &Config) -> cli::Result<Notices> {
        let is_enabled = config.optional_flag("notifications", "enabled")?.unwrap_or(true);
        let command = config.text("notifications", "command")?.map(OsString::from);
        Ok(Notices { notifier: Notifier::new(is_enabled, command) })
    }

    /// Reports the address of the stream. The user must see it, even if it disturbs the session.
    pub fn announce(&self, url: &str) {
        Reporter::new("asciinema").notice(&format!("live at {url}"));
    }

    /// Reports a temporary condition.
    pub fn note(&self, text: &str) {
        if is_taken() {
            self.notifier.say(text);
        } else {
            Reporter::new("asciinema").warning(text);
        }
    }

    /// Reports why publishing has stopped.
    pub fn fail(&self, text: &str) {
        if is_taken() {
            self.notifier.say(text);
        }
        Reporter::new("asciinema-relay").error(text);
    }
}

/// Returns whether a program has taken the terminal that standard error leads to.
fn is_taken() -> bool {
    let terminal = Terminal::behind(io::stderr().as_fd());
    terminal.is_ok_and(|terminal| terminal.is_raw())
}
