//! Changes the speed of a cast, or of a range of it: divides every delay by a factor.
//!
//! Times after the range shift by the change in its length. Only the time at the front of a line
//! changes; the rest of the line is copied verbatim.

use std::process::ExitCode;

use common::cast::{Event, Fault, Header};
use common::cli::{self, Failure, Program, catalog};
use common::edit::Range;
use common::filter::{self, Args, Filter, Output};

const PROGRAM: Program = catalog::program("asciinema-speed");

struct Speed {
    factor: f64,
    range: Range,
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Speed> {
    let mut factor = None;
    let mut range = Range::default();
    while let Some(option) = args.next()? {
        match option {
            "-s" | "--speed" => factor = Some(args.factor()?),
            "--from" => range.from = Some(args.position()?),
            "--to" => range.to = Some(args.position()?),
            _ => return Err(args.unexpected(option)),
        }
    }
    if range.is_empty() {
        return Err(Failure::Usage("the range ends before it begins".to_string()));
    }
    let factor = factor.ok_or_else(|| Failure::Usage("option '-s FACTOR' is missing".to_string()))?;
    Ok(Speed { factor, range })
}

impl Filter for Speed {
    fn header(&mut self, mut header: Header, output: &mut Output) -> Result<(), Fault> {
        if self.factor != 1.0 {
            header.remove("duration");
            // For a part of the cast, no single limit would be right.
            if self.range.from.is_none() && self.range.to.is_none() {
                header.divide_idle_time_limit(self.factor);
            }
        }
        output.begin(&header);
        Ok(())
    }

    #[inline]
    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        self.range.observe(event);
        let [before, within, after] = self.range.parts(event.time);
        output.event(event, before.plus(within.divided_by(self.factor)).plus(after));
        Ok(())
    }

    fn end(&mut self, _: &mut Output) -> Result<(), String> {
        self.range.check_reached()
    }
}
