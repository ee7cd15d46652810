//! The progress of a transfer: a bar on standard error, for someone who sits there and waits.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How long a transfer may take before it is shown.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar that comes once a transfer takes its time, where standard error is a terminal.
pub struct Progress {
    length: Option<u64>,
    /// When the first bytes went by: what comes before that is waiting, and no progress.
    start: Option<Instant>,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A transfer of so many bytes, as far as that is known, is to begin.
    pub fn new(length: Option<u64>) -> Progress {
        Progress { length, start: None, bar: None }
    }

    /// So many bytes have gone by since the beginning.
    pub fn show(&mut self, count: u64) {
        let start = *self.start.get_or_insert_with(Instant::now);
        if self.bar.is_none() && start.elapsed() >= PATIENCE && io::stderr().is_terminal() {
            self.bar = Some(new_bar(self.length));
        }
        if let Some(bar) = &self.bar {
            // What stands around a recording on its way is not counted.
            bar.set_position(count.min(self.length.unwrap_or(count)));
        }
    }

    /// The transfer is over.
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
    // A template that cannot be read leaves the usual one.
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
