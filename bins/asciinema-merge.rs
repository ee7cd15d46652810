//! Makes a cast smaller by merging output events in quick succession.
//!
//! A group is written at the time of its last event, so that nothing is shown before it happened.
//! Any other event ends a group, and a group of one event is copied verbatim.

use std::process::ExitCode;

use common::cast::{Code, Event, Fault, Time};
use common::cli::{self, Failure, Program, catalog};
use common::filter::{self, Args, Filter, Output};

const PROGRAM: Program = catalog::program("asciinema-merge");

/// The maximum size of a group, in bytes; its last event may exceed it.
const LARGEST: usize = 1 << 20;

struct Merge {
    spacing: Spacing,
    group: Option<Group>,
}

/// The rule for which events belong together.
#[derive(Clone, Copy)]
enum Spacing {
    /// Events within this time of the first.
    Within(Time),
    /// Events in the same frame, at this many frames per second.
    Frames(f64),
}

/// Output events to be merged.
struct Group {
    /// The times of the first and the last event.
    first: Time,
    last: Time,
    count: usize,
    /// The line of the first event.
    line: Vec<u8>,
    text: String,
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Merge> {
    let mut spacing = None;
    while let Some(option) = args.next()? {
        let new = match option {
            "--within" => Spacing::Within(args.seconds()?),
            "--fps" => Spacing::Frames(args.factor()?),
            _ => return Err(args.unexpected(option)),
        };
        if spacing.replace(new).is_some() {
            return Err(Failure::Usage("only one of --within and --fps can be given".to_string()));
        }
    }
    let spacing =
        spacing.ok_or_else(|| Failure::Usage("one of --within and --fps is required".to_string()))?;
    Ok(Merge { spacing, group: None })
}

impl Filter for Merge {
    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        if event.code != Code::Output {
            self.end_group(output)?;
            output.event(event, event.time);
            return Ok(());
        }
        let text = event.text()?;
        match &mut self.group {
            Some(group) if self.spacing.joins(group, event.time) => {
                group.last = group.last.max(event.time);
                group.count += 1;
                group.text.push_str(&text);
            }
            _ => {
                self.end_group(output)?;
                let (time, line) = (event.time, event.line.to_vec());
                self.group = Some(Group { first: time, last: time, count: 1, line, text });
            }
        }
        Ok(())
    }

    fn ignored(&mut self, line: &[u8], output: &mut Output) {
        // The lines of a group have already been parsed without a fault.
        let _ = self.end_group(output);
        output.line(line);
    }

    fn damaged(&mut self, _: u64, _: &Fault, output: &mut Output) {
        let _ = self.end_group(output);
    }

    fn end(&mut self, output: &mut Output) -> Result<(), String> {
        self.end_group(output).map_err(|fault| fault.to_string())
    }
}

impl Merge {
    fn end_group(&mut self, output: &mut Output) -> Result<(), Fault> {
        let Some(group) = self.group.take() else { return Ok(()) };
        if group.count == 1 {
            output.event(&Event::scan(&group.line)?, group.last);
        } else {
            output.new_event(group.last, Code::Output, &group.text);
        }
        Ok(())
    }
}

impl Spacing {
    /// Returns whether an output event at this time belongs to a group.
    fn joins(self, group: &Group, time: Time) -> bool {
        let frame = |time: Time, fps: f64| (time.as_micros() as f64 / 1e6 * fps) as u64;
        let is_near = match self {
            Spacing::Within(limit) => time.since(group.first) <= limit,
            Spacing::Frames(fps) => frame(time, fps) == frame(group.first, fps),
        };
        is_near && group.text.len() < LARGEST
    }
}
