//! Time in a tape: that of the clock, minus hidden parts; or, for repeatable recordings, the time
//! that the commands specify.

use std::time::{Duration, Instant};

use common::cast::Time;

/// The source of event times.
pub enum Clock {
    /// The time since the start, without hidden parts.
    Running { start: Instant, hidden: Duration, hidden_since: Option<Instant> },
    /// The total time that the commands so far specify.
    Steady { now: Duration, step: Duration, is_hidden: bool },
}

/// The time after the start of a step at which the program's output is recorded in a steady tape.
const ANSWER: Duration = Duration::from_millis(10);

impl Clock {
    pub fn running() -> Clock {
        Clock::Running { start: Instant::now(), hidden: Duration::ZERO, hidden_since: None }
    }

    pub fn steady() -> Clock {
        Clock::Steady { now: Duration::ZERO, step: Duration::ZERO, is_hidden: false }
    }

    pub fn is_steady(&self) -> bool {
        matches!(self, Clock::Steady { .. })
    }

    /// The current time for an event.
    pub fn now(&self) -> Time {
        Time::from(match self {
            Clock::Running { start, hidden, hidden_since } => {
                let until = hidden_since.unwrap_or_else(Instant::now);
                until.saturating_duration_since(*start).saturating_sub(*hidden)
            }
            Clock::Steady { now, .. } => *now,
        })
    }

    /// The current time for output: in a steady tape, that of its step.
    pub fn output(&self) -> Time {
        match self {
            Clock::Running { .. } => self.now(),
            Clock::Steady { step, .. } => Time::from(*step + ANSWER),
        }
    }

    /// Starts a command, or a key of one, that takes this long according to the tape.
    pub fn begin_step(&mut self, length: Duration) {
        if let Clock::Steady { now, step, is_hidden: false } = self {
            *step = *now;
            *now += length;
        }
    }

    /// Stops time.
    pub fn hide(&mut self) {
        match self {
            Clock::Running { hidden_since, .. } => drop(hidden_since.get_or_insert_with(Instant::now)),
            Clock::Steady { is_hidden, .. } => *is_hidden = true,
        }
    }

    /// Resumes time.
    pub fn show(&mut self) {
        match self {
            Clock::Running { hidden, hidden_since, .. } => {
                *hidden += hidden_since.take().map_or(Duration::ZERO, |since| since.elapsed());
            }
            Clock::Steady { is_hidden, now, step } => {
                *is_hidden = false;
                *step = *now;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_steady_tape_output_follows_its_key_by_ten_milliseconds() {
        let mut clock = Clock::steady();
        assert_eq!(clock.output().as_micros(), 10_000);
        clock.begin_step(Duration::from_millis(50));
        clock.begin_step(Duration::from_millis(50));
        assert_eq!((clock.output().as_micros(), clock.now().as_micros()), (60_000, 100_000));
        clock.hide();
        clock.begin_step(Duration::from_secs(1));
        clock.show();
        assert_eq!(clock.now().as_micros(), 100_000);
    }
}
