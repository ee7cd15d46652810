//! Removes events from a cast: those with certain codes, with certain text, or in a range.
//!
//! Nothing is drawn in their place and no gap is closed: all other events keep their times.

use std::process::ExitCode;

use common::cast::{Event, Fault};
use common::cli::{self, Failure, Program, catalog};
use common::edit::Ranges;
use common::filter::{self, Args, Filter, Output};
use regex_lite::Regex;

const PROGRAM: Program = catalog::program("asciinema-drop");

/// The conditions for events to be removed; a condition that is not given always holds.
struct Drop {
    codes: Option<Vec<String>>,
    pattern: Option<Regex>,
    ranges: Option<Ranges>,
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Drop> {
    let mut drop = Drop { codes: None, pattern: None, ranges: None };
    while let Some(option) = args.next()? {
        match option {
            "-c" | "--code" => {
                let list = args.text()?;
                drop.codes.get_or_insert_default().extend(list.split(',').map(str::to_string));
            }
            "--on" => {
                let text = args.text()?;
                let regex = Regex::new(&text);
                let invalid =
                    |error| args.bad_value(&text, &format!("not a valid regular expression: {error}"));
                drop.pattern = Some(regex.map_err(invalid)?);
            }
            "--from" => drop.ranges.get_or_insert_default().add_from(args.position()?),
            "--to" => drop.ranges.get_or_insert_default().add_to(args.position()?),
            _ => return Err(args.unexpected(option)),
        }
    }
    if drop.codes.is_none() && drop.pattern.is_none() && drop.ranges.is_none() {
        return Err(Failure::Usage("one of --code, --on, --from and --to is required".to_string()));
    }
    drop.ranges.as_ref().map_or(Ok(()), Ranges::check)?;
    Ok(drop)
}

impl Filter for Drop {
    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        if let Some(ranges) = &mut self.ranges {
            ranges.observe(event);
        }
        if !self.matches(event)? {
            output.event(event, event.time);
        }
        Ok(())
    }

    fn end(&mut self, _: &mut Output) -> Result<(), String> {
        self.ranges.as_ref().map_or(Ok(()), Ranges::check_reached)
    }
}

impl Drop {
    fn matches(&self, event: &Event<'_>) -> Result<bool, Fault> {
        if self.ranges.as_ref().is_some_and(|ranges| !ranges.contain(event.time)) {
            return Ok(false);
        }
        if let Some(codes) = &self.codes {
            let code = event.code_text()?;
            if !codes.contains(&code) {
                return Ok(false);
            }
        }
        Ok(match &self.pattern {
            Some(pattern) => pattern.is_match(&event.text()?),
            None => true,
        })
    }
}
