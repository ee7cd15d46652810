//! Evens out the delays of a cast: a delay within a range becomes the range's lower bound.
//!
//! Uneven typing becomes regular, and long pauses get the same length. Only the time at the front
//! of a line changes; the rest of the line is copied verbatim.

use std::process::ExitCode;

use common::cast::{Event, Fault, Header, Time};
use common::cli::{self, Failure, Program, catalog, plain_number};
use common::filter::{self, Args, Filter, Output};

const PROGRAM: Program = catalog::program("asciinema-quantize");

struct Quantize {
    /// Each from its lower bound up to, but not including, its upper bound; they do not overlap.
    ranges: Vec<(Time, Time)>,
    /// The time of the previous event, as read.
    previous: Time,
    /// The time of the previous event, as written.
    now: Time,
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Quantize> {
    let mut ranges = Vec::new();
    while let Some(option) = args.next()? {
        match option {
            "-r" | "--range" => {
                let text = args.text()?;
                let range = range(&text);
                ranges.push(range.ok_or_else(|| args.bad_value(&text, "not a range like 0.1,0.5 or 2"))?);
            }
            _ => return Err(args.unexpected(option)),
        }
    }
    ranges.sort();
    if ranges.is_empty() {
        return Err(Failure::Usage("option '-r LO[,HI]' is missing".to_string()));
    }
    // With overlapping ranges, the result would depend on how often the filter is run.
    if ranges.windows(2).any(|pair| pair[0].1 > pair[1].0) {
        return Err(Failure::Usage("the ranges overlap".to_string()));
    }
    Ok(Quantize { ranges, previous: Time::ZERO, now: Time::ZERO })
}

impl Filter for Quantize {
    fn header(&mut self, mut header: Header, output: &mut Output) -> Result<(), Fault> {
        // The new duration is known only at the end.
        header.remove("duration");
        output.begin(&header);
        Ok(())
    }

    #[inline]
    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        let delay = event.time.since(self.previous);
        let steps_back = self.previous.since(event.time);
        self.previous = event.time;
        self.now = self.now.plus(self.quantized(delay)).since(steps_back);
        output.event(event, self.now);
        Ok(())
    }
}

impl Quantize {
    fn quantized(&self, delay: Time) -> Time {
        let range = self.ranges.iter().find(|(low, high)| (*low..*high).contains(&delay));
        range.map_or(delay, |&(low, _)| low)
    }
}

/// Parses `LO,HI` or `LO`.
fn range(text: &str) -> Option<(Time, Time)> {
    let number = |text: &str| Time::parse(&plain_number(text)).ok();
    let range = match text.split_once(',') {
        Some((low, high)) => (number(low)?, number(high)?),
        None => (number(text)?, Time::MAX),
    };
    (range.0 < range.1).then_some(range)
}
