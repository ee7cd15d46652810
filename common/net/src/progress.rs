//! A progress bar on standard error for transfers that take a while.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How long a transfer may take before the bar appears.
const PATIENCE: Duration = Duration::from_secs(1);

/// A progress bar that appears after a second if standard error is a terminal.
pub struct Progress {
    length: Option<u64>,
    /// When the first bytes were transferred; the time before that is not progress.
    start: Option<Instant>,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Prepares for a transfer of `length` bytes, if that is known.
    pub fn new(length: Option<u64>) -> Progress {
        Progress { length, start: None, bar: None }
    }

    /// `count` bytes have been transferred so far.
    pub fn show(&mut self, count: u64) {
        let start = *self.start.get_or_insert_with(Instant::now);
        if self.bar.is_none() && start.elapsed() >= PATIENCE && io::stderr().is_terminal() {
            self.bar = Some(new_bar(self.length));
        }
        if let Some(bar) = &self.bar {
            // The rest of the request body is not counted.
            bar.set_position(count.min(self.length.unwrap_or(count)));
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn new_bar(length: Option<u64>) -> ProgressBar {
    let (bar, template) = match length {
        Some(length) => (ProgressBar::new(length), "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec}"),
        None => (ProgressBar::no_length(), "{bytes} {bytes_per_sec}"),
    };
    // If the template were invalid, the default one would be used.
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
