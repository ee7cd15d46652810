//! Cuts every pause of a cast down to a number of seconds.
//!
//! Only the time at the front of a line changes; the rest of the line is copied as it stands.
//! A delay is never negative: a time that steps back counts as no delay, and steps back still.

use std::process::ExitCode;

use common::cast::{Event, Fault, Header, Time};
use common::cli::{self, Failure, Program, catalog};
use common::filter::{self, Args, Filter, Output};

const PROGRAM: Program = catalog::program("asciinema-idle");

struct Idle {
    /// The longest pause that is left.
    limit: Time,
    /// The time of the event before, as it was read.
    previous: Time,
    /// How much has been cut so far.
    removed: Time,
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Idle> {
    let mut limit = None;
    while let Some(option) = args.next()? {
        match option {
            "-i" | "--idle-time-limit" => limit = Some(args.seconds()?),
            _ => return Err(args.unexpected(option)),
        }
    }
    let limit = limit.ok_or_else(|| Failure::Usage("option '-i SECONDS' is missing".to_string()))?;
    Ok(Idle { limit, previous: Time::ZERO, removed: Time::ZERO })
}

impl Filter for Idle {
    fn header(&mut self, mut header: Header, output: &mut Output) -> Result<(), Fault> {
        // Nothing is cut from a cast that is no longer than the limit; of any other it is known
        // only at its end, too late for the header.
        if header.seconds("duration").is_none_or(|duration| duration > self.limit) {
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
        let delay = time.since(self.previous);
        self.removed = self.removed.plus(delay.since(self.limit)).min(time);
        self.previous = time;
        time.since(self.removed)
    }
}
