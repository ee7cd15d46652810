//! Where playing is in the cast, and when the next event is due.
//!
//! Every event is due at the start plus the sum of the delays before it, however late the one before
//! was: lateness never adds up. Delays are cut to the limit first and divided by the speed then.

use std::time::{Duration, Instant};

use common::cast::Time;

/// The clock of a playback.
#[derive(Debug)]
pub struct Clock {
    limit: Option<Time>,
    speed: f64,
    /// The time in the cast of the event played last.
    previous: Time,
    /// The sum of the delays up to that event, each cut to the limit.
    elapsed: Time,
    /// How much of the pause after that event a jump has passed over beyond the limit.
    skipped: Time,
    pace: Pace,
}

/// How time goes on; `elapsed` is counted as above, and goes on after the last event.
#[derive(Clone, Copy, Debug)]
enum Pace {
    /// By the clock, which has run since an instant.
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

    /// Begins at time 0, with the limit that the cast has if none was given. A pause stays one.
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

    /// Pauses, at a whole millisecond where no event is between; `next` is the time of the next
    /// event, where it is known.
    pub fn pause(&mut self, next: Option<Time>) {
        let elapsed = self.elapsed_now(next);
        let beyond = Time::from_micros(self.position(next).as_micros() % 1000);
        let is_free = elapsed.since(self.elapsed) >= beyond;
        self.set_pace(if is_free { elapsed.since(beyond) } else { elapsed }, true);
    }

    pub fn resume(&mut self) {
        self.set_pace(self.elapsed_now(None), false);
    }

    /// Takes out time in which nothing was to be seen.
    pub fn stand_still(&mut self, time: Duration) {
        if let Pace::Running { since, .. } = &mut self.pace {
            *since += time;
        }
    }

    /// The time in the cast.
    pub fn position(&self, next: Option<Time>) -> Time {
        self.previous.plus(self.skipped).plus(self.elapsed_now(next).since(self.elapsed))
    }

    /// When the playback comes to a time of the cast, counted in its own time; the times before it are
    /// those that it has been told of.
    pub fn due(&self, time: Time) -> Time {
        self.elapsed.plus(self.delay(time)).divided_by(self.speed)
    }

    /// How long it takes until it comes to a time of the cast; `None` in a pause.
    pub fn left_until(&self, time: Time) -> Option<Duration> {
        match self.pace {
            Pace::Paused { .. } => None,
            Pace::Running { since, elapsed } => {
                let left = self.elapsed.plus(self.delay(time)).since(elapsed).divided_by(self.speed);
                Some(Duration::from(left).saturating_sub(since.elapsed()))
            }
        }
    }

    /// Is told that the event at a time has been played.
    pub fn played(&mut self, time: Time) {
        self.elapsed = self.elapsed.plus(self.delay(time));
        (self.previous, self.skipped) = (time, Time::ZERO);
        if let Pace::Paused { elapsed } = &mut self.pace {
            *elapsed = self.elapsed;
        }
    }

    /// Goes to a time of the cast, before which the last event is at `previous`.
    pub fn jump(&mut self, previous: Time, to: Time) {
        let into = to.since(previous);
        let kept = self.limit.map_or(into, |limit| into.min(limit));
        (self.previous, self.skipped) = (previous, into.since(kept));
        self.set_pace(self.elapsed.plus(kept), self.is_paused());
    }

    /// The delay before an event at a time, cut to the limit.
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
                next.map_or(now, |next| now.min(self.elapsed.plus(self.delay(next))))
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
