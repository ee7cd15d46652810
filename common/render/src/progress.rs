//! How far a picture has come, on standard error, for someone who sits there and waits.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How long it may take before it is shown.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often what is shown changes, at most.
const PERIOD: Duration = Duration::from_millis(100);

/// Events go by faster than clocks are read.
const STRIDE: u64 = 64;

/// The progress through a cast, shown where standard error is a terminal.
#[derive(Default)]
pub struct Progress {
    length: u64,
    events: u64,
    /// When it was begun, if anyone is there to see it.
    begun: Option<Instant>,
    shown: Option<Instant>,
}

impl Progress {
    /// A cast of so many bytes is to be read.
    pub fn begin(&mut self, length: u64) {
        *self =
            Progress { length, begun: io::stderr().is_terminal().then(Instant::now), ..Progress::default() };
    }

    /// The next event, which begins at this offset, is taken.
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
            // Nothing depends on it.
            let _ = write!(io::stderr(), "\r{percent:3} %, {} events\x1b[K", self.events);
        }
    }

    /// It has been read.
    pub fn finish(&mut self) {
        if self.shown.take().is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
        self.begun = None;
    }
}
