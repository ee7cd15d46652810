//! Limits the pauses of a cast to a maximum or minimum length.
//!
//! Only the time at the front of a line changes; the rest of the line is copied verbatim. A delay
//! is never negative: a time that steps back counts as no delay, and is written as a step back.

use std::process::ExitCode;

use common::cast::{Event, Fault, Header, Time};
use common::cli::{self, Failure, Program, catalog};
use common::filter::{self, Args, Filter, Output};

const PROGRAM: Program = catalog::program("asciinema-idle");

struct Idle {
    /// The shortest and the longest pause to keep.
    min: Time,
    max: Time,
    /// The time of the previous event, as read.
    previous: Time,
    /// The time of the previous event, as written.
    now: Time,
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Idle> {
    let (mut min, mut max) = (None, None);
    while let Some(option) = args.next()? {
        match option {
            "-i" | "--idle-time-limit" => max = Some(args.seconds()?),
            "--min" => min = Some(args.seconds()?),
            _ => return Err(args.unexpected(option)),
        }
    }
    if min.is_none() && max.is_none() {
        return Err(Failure::Usage("option '-i SECONDS' is missing".to_string()));
    }
    let (min, max) = (min.unwrap_or(Time::ZERO), max.unwrap_or(Time::MAX));
    if min > max {
        return Err(Failure::Usage("the shortest pause is longer than the longest".to_string()));
    }
    Ok(Idle { min, max, previous: Time::ZERO, now: Time::ZERO })
}

impl Filter for Idle {
    fn header(&mut self, mut header: Header, output: &mut Output) -> Result<(), Fault> {
        // A cast no longer than the limit has nothing to cut; for others, the new duration is known
        // only at the end, too late for the header.
        let is_kept = header.seconds("duration").is_some_and(|duration| duration <= self.max);
        if !is_kept || self.min > Time::ZERO {
            header.remove("duration");
        }
        output.begin(&header);
        Ok(())
    }

    #[inline]
    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        output.event(event, self.time(event.time));
        Ok(())
    }
}

impl Idle {
    fn time(&mut self, time: Time) -> Time {
        let delay = time.since(self.previous).clamp(self.min, self.max);
        // A step back is preserved, unless a minimum is set.
        let step_back = if self.min > Time::ZERO { Time::ZERO } else { self.previous.since(time) };
        self.previous = time;
        self.now = self.now.plus(delay).since(step_back);
        self.now
    }
}
