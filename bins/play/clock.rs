//! The current time of the playback, and the time when the next event is due.
//!
//! Every event is due at the start plus the sum of the delays before it, however late the previous
//! one was: lateness never adds up. Delays are limited first, then divided by the speed.

use std::time::{Duration, Instant};

use common::cast::Time;

/// The clock of a playback.
#[derive(Debug)]
pub struct Clock {
    limit: Option<Time>,
    speed: f64,
    /// The time in the cast of the last event played.
    previous: Time,
    /// The sum of the limited delays up to that event.
    elapsed: Time,
    /// The part of the pause after that event, beyond the limit, that a jump has skipped.
    skipped: Time,
    pace: Pace,
}

/// The progress of time; `elapsed` is counted as above, and continues after the last event.
#[derive(Clone, Copy, Debug)]
enum Pace {
    /// Runs with the clock from an instant on.
    Running {
        since: Instant,
        elapsed: Time,
    },
    Paused {
        elapsed: Time,
    },
}

impl Clock {
    pub fn new(limit: Option<Time>, speed: f64) -> Clock {
        Clock {
            limit,
            speed,
            previous: Time::ZERO,
            elapsed: Time::ZERO,
            skipped: Time::ZERO,
            pace: Pace::Running { since: Instant::now(), elapsed: Time::ZERO },
        }
    }

    /// Starts at time 0, with the cast's limit unless one was given. A pause stays a pause.
    pub fn begin(&mut self, own_limit: Option<Time>) {
        self.limit = self.limit.or(own_limit);
        (self.previous, self.elapsed, self.skipped) = (Time::ZERO, Time::ZERO, Time::ZERO);
        self.set_pace(Time::ZERO, self.is_paused());
    }

    pub fn changes_times(&self) -> bool {
        self.limit.is_some() || self.speed != 1.0
    }

    pub fn speed(&self) -> f64 {
        self.speed
    }

    pub fn set_speed(&mut self, speed: f64, next: Option<Time>) {
        let elapsed = self.elapsed_now(next);
        self.speed = speed;
        self.set_pace(elapsed, self.is_paused());
    }

    pub fn is_paused(&self) -> bool {
        matches!(self.pace, Pace::Paused { .. })
    }

    /// Pauses, at a whole millisecond unless an event lies in between; `next` is the time of the
    /// next event, if known.
    pub fn pause(&mut self, next: Option<Time>) {
        let elapsed = self.elapsed_now(next);
        let beyond = Time::from_micros(self.position(next).as_micros() % 1000);
        let is_free = elapsed.since(self.elapsed) >= beyond;
        self.set_pace(if is_free { elapsed.since(beyond) } else { elapsed }, true);
        self.settle(next);
    }

    /// During a pause, advances to a whole millisecond unless an event comes first, so that the time
    /// shown is exact.
    pub fn settle(&mut self, next: Option<Time>) {
        let beyond = self.position(next).as_micros() % 1000;
        let left = Time::from_micros(if beyond == 0 { 0 } else { 1000 - beyond });
        let whole = self.position(next).plus(left);
        if let Pace::Paused { elapsed } = &mut self.pace
            && next.is_none_or(|next| next > whole)
        {
            *elapsed = elapsed.plus(left);
        }
    }

    pub fn resume(&mut self) {
        self.set_pace(self.elapsed_now(None), false);
    }

    /// Subtracts time during which nothing was shown.
    pub fn stand_still(&mut self, time: Duration) {
        if let Pace::Running { since, .. } = &mut self.pace {
            *since += time;
        }
    }

    /// The time in the cast.
    pub fn position(&self, next: Option<Time>) -> Time {
        self.previous.plus(self.skipped).plus(self.elapsed_now(next).since(self.elapsed))
    }

    /// The playback time at which it reaches a time in the cast; the times of earlier events must
    /// have been reported before.
    pub fn due(&self, time: Time) -> Time {
        self.elapsed.plus(self.delay(time)).divided_by(self.speed)
    }

    /// The remaining time until it reaches a time in the cast; `None` during a pause.
    pub fn left_until(&self, time: Time) -> Option<Duration> {
        self.wait_for(time).map(|(whole, passed)| whole.saturating_sub(passed))
    }

    /// How late the next event is, given its time in the cast; `None` during a pause.
    pub fn overdue(&self, time: Time) -> Option<Duration> {
        self.wait_for(time).map(|(whole, passed)| passed.saturating_sub(whole))
    }

    /// The wait for a time in the cast, and how much of it has passed; `None` during a pause.
    fn wait_for(&self, time: Time) -> Option<(Duration, Duration)> {
        let Pace::Running { since, elapsed } = self.pace else { return None };
        let whole = self.elapsed.plus(self.delay(time)).since(elapsed).divided_by(self.speed);
        Some((whole.into(), since.elapsed()))
    }

    /// Reports that the event at a time has been played.
    pub fn played(&mut self, time: Time) {
        self.elapsed = self.elapsed.plus(self.delay(time));
        (self.previous, self.skipped) = (time, Time::ZERO);
        if let Pace::Paused { elapsed } = &mut self.pace {
            *elapsed = self.elapsed;
        }
    }

    /// Jumps to a time in the cast; `previous` is the time of the last event before it.
    pub fn jump(&mut self, previous: Time, to: Time) {
        let into = to.since(previous);
        let kept = self.limit.map_or(into, |limit| into.min(limit));
        (self.previous, self.skipped) = (previous, into.since(kept));
        self.set_pace(self.elapsed.plus(kept), self.is_paused());
    }

    /// The limited delay before an event at a time.
    fn delay(&self, time: Time) -> Time {
        let delay = time.since(self.previous);
        self.limit.map_or(delay, |limit| delay.min(limit))
    }

    fn elapsed_now(&self, next: Option<Time>) -> Time {
        match self.pace {
            Pace::Paused { elapsed } => elapsed,
            Pace::Running { since, elapsed } => {
                let passed = since.elapsed().as_secs_f64() * self.speed;
                let now = elapsed.plus(Time::from_micros((passed * 1e6) as u64)).max(self.elapsed);
                // An event that is due but has not been played has not been reached.
                let before = |next| self.elapsed.plus(self.delay(next)).since(Time::from_micros(1));
                next.map_or(now, |next| now.min(before(next)).max(self.elapsed))
            }
        }
    }

    fn set_pace(&mut self, elapsed: Time, is_paused: bool) {
        self.pace = match is_paused {
            true => Pace::Paused { elapsed },
            false => Pace::Running { since: Instant::now(), elapsed },
        };
    }
}
