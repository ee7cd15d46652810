//! The progress of drawing, on standard error, for a user who is waiting.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// The time before it is shown.
const PATIENCE: Duration = Duration::from_secs(1);

/// The minimum time between two updates.
const PERIOD: Duration = Duration::from_millis(100);

/// Counting events is faster than reading the clock.
const STRIDE: u64 = 64;

/// The progress through a cast, shown if standard error is a terminal.
#[derive(Default)]
pub struct Progress {
    length: u64,
    events: u64,
    /// The start, if standard error is a terminal.
    begun: Option<Instant>,
    shown: Option<Instant>,
}

impl Progress {
    /// Starts with the length of the cast in bytes.
    pub fn begin(&mut self, length: u64) {
        *self =
            Progress { length, begun: io::stderr().is_terminal().then(Instant::now), ..Progress::default() };
    }

    /// Counts the next event, which begins at this offset.
    pub fn event(&mut self, offset: u64) {
        self.events += 1;
        let Some(begun) = self.begun.filter(|_| self.events.is_multiple_of(STRIDE)) else { return };
        let now = Instant::now();
        let is_due = match self.shown {
            None => now.duration_since(begun) >= PATIENCE,
            Some(shown) => now.duration_since(shown) >= PERIOD,
        };
        if is_due {
            self.shown = Some(now);
            let percent = offset * 100 / self.length.max(1);
            // A failure has no consequences.
            let _ = write!(io::stderr(), "\r{percent:3} %, {} events\x1b[K", self.events);
        }
    }

    /// Removes the display.
    pub fn finish(&mut self) {
        if self.shown.take().is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
        self.begun = None;
    }
}
