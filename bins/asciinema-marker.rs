//! Adds, removes or lists the markers of a cast.
//!
//! A marker is added after the existing events of the same time. `--on` looks for matches on the
//! screen, as a viewer reads it: in lines joined where they wrapped, once each time a match
//! appears.

use std::collections::VecDeque;
use std::ops::Range;
use std::process::ExitCode;

use common::cast::{Code, Event, Fault, Header, Time};
use common::cli::{self, Failure, Program, catalog};
use common::edit::{Position, Sightings};
use common::filter::{self, Args, Filter, Output};
use common::size::Size;
use common::text::visible;
use rewrite::Expressions;

const PROGRAM: Program = catalog::program("asciinema-marker");

/// The maximum number of markers between two events. A typing mistake must not fill the disk.
const MOST_DUE: u64 = 100_000;

struct Marker {
    /// The markers to add, in order of time.
    additions: VecDeque<(Time, String)>,
    every: Option<Time>,
    /// The time of the next of these.
    due: Time,
    expressions: Expressions,
    removals: Vec<Removal>,
    lists: bool,
    /// The time of the last event.
    last: Time,
    /// The screen, if it is searched.
    sightings: Sightings,
    /// The output of an event, kept for reuse.
    output: Vec<u8>,
}

enum Removal {
    All,
    /// Markers with this label.
    Label(String),
    /// Also those at this point, if the label can be read as one.
    LabelOrPoint(String, Position),
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Marker> {
    let mut additions = Vec::new();
    let mut marker = Marker {
        additions: VecDeque::new(),
        every: None,
        due: Time::ZERO,
        expressions: Expressions::default(),
        removals: Vec::new(),
        lists: false,
        last: Time::ZERO,
        sightings: Sightings::default(),
        output: Vec::new(),
    };
    while let Some(option) = args.next()? {
        match option {
            "--add" => {
                let text = args.text()?;
                let (time, label) = text.split_once('=').unwrap_or((&text, ""));
                let time = Position::parse(time).and_then(|bound| bound.time());
                let time = time
                    .ok_or_else(|| args.bad_value(&text, "not T or T=LABEL, as in 75, 1:15 or 1:15=build"))?;
                additions.push((time, label.to_string()));
            }
            "--every" => marker.every = Some(args.seconds()?),
            "--on" => {
                let text = args.text()?;
                marker.expressions.add(&text, false).map_err(|why| {
                    args.bad_value(&text, &format!("not a valid regular expression: {why}"))
                })?;
            }
            "--remove" => marker.removals.push(removal(args.text()?)),
            "--list" => marker.lists = true,
            _ => return Err(args.unexpected(option)),
        }
    }
    let is_idle = additions.is_empty() && marker.every.is_none() && marker.expressions.is_empty();
    if is_idle && marker.removals.is_empty() && !marker.lists {
        let what = "one of the options --add, --every, --on, --remove and --list is required";
        return Err(Failure::Usage(what.to_string()));
    }
    additions.sort_by_key(|(time, _)| *time);
    marker.additions = additions.into();
    marker.due = marker.every.unwrap_or_default();
    Ok(marker)
}

impl Filter for Marker {
    fn header(&mut self, mut header: Header, output: &mut Output) -> Result<(), Fault> {
        self.resize(header.size)?;
        if self.lists {
            return Ok(());
        }
        let end = header.seconds("duration");
        if let (Some(end), Some((last, _))) = (end, self.additions.back())
            && *last > end
        {
            header.remove("duration");
        }
        output.begin(&header);
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        self.add_until(event.time, output)?;
        self.last = self.last.max(event.time);
        if event.code == Code::Marker {
            let label = event.text()?;
            // Each of them must see every marker, to count them.
            let takers =
                self.removals.iter_mut().filter_map(|removal| removal.takes(event, &label).then_some(()));
            if takers.count() == 0 {
                match self.lists {
                    true => self.write_marker(event.time, &label, output),
                    false => output.event(event, event.time),
                }
            }
            return Ok(());
        }
        if !self.lists {
            output.event(event, event.time);
        }
        let labels = match event.code {
            Code::Output if !self.expressions.is_empty() => self.matches(event)?,
            Code::Resize => event.resize().map_or(Ok(Vec::new()), |size| self.resize(size))?,
            _ => Vec::new(),
        };
        labels.iter().for_each(|label| self.write_marker(event.time, label, output));
        Ok(())
    }

    fn ignored(&mut self, line: &[u8], output: &mut Output) {
        if !self.lists {
            output.line(line);
        }
    }

    fn end(&mut self, output: &mut Output) -> Result<(), String> {
        // A marker due at this time has not been passed by an event.
        let just_after = self.last.plus(Time::from_micros(1));
        self.add_until(just_after, output).map_err(|fault| fault.to_string())?;
        while let Some((time, label)) = self.additions.pop_front() {
            self.write_marker(time, &label, output);
        }
        Ok(())
    }
}

impl Marker {
    /// Adds the markers due before an event at this time.
    fn add_until(&mut self, time: Time, output: &mut Output) -> Result<(), Fault> {
        let mut count = 0;
        loop {
            let due = self.every.map(|_| self.due).filter(|due| *due < time);
            let addition = self.additions.front().map(|(at, _)| *at).filter(|at| *at < time);
            match (due, addition) {
                (None, None) => return Ok(()),
                (Some(due), addition) if addition.is_none_or(|at| due < at) => {
                    self.write_marker(due, "", output);
                    self.due = due.plus(self.every.unwrap_or_default());
                    count += 1;
                    if count > MOST_DUE {
                        return Err(Fault::Other(format!("over {MOST_DUE} markers would come before it")));
                    }
                }
                _ => {
                    if let Some((at, label)) = self.additions.pop_front() {
                        self.write_marker(at, &label, output);
                    }
                }
            }
        }
    }

    fn write_marker(&self, time: Time, label: &str, output: &mut Output) {
        if !self.lists {
            return output.new_event(time, Code::Marker, label);
        }
        let mut line = Vec::new();
        time.write_short_seconds(&mut line);
        output.line(&line);
        output.line(format!("\t{}\n", visible(label)).as_bytes());
    }

    /// The matches that appear on the screen with the output of an event.
    fn matches(&mut self, event: &Event<'_>) -> Result<Vec<String>, Fault> {
        let Marker { sightings, expressions, output, .. } = self;
        output.clear();
        event.decode_text(output)?;
        let mut labels = Vec::new();
        sightings.feed(output, expressions, &mut |line, found| push_labels(line, found, &mut labels));
        Ok(labels)
    }

    /// The matches that appear when the screen is resized.
    fn resize(&mut self, size: Size) -> Result<Vec<String>, Fault> {
        let Marker { sightings, expressions, .. } = self;
        let mut labels = Vec::new();
        if !expressions.is_empty() {
            sightings.resize(size, expressions, &mut |line, found| push_labels(line, found, &mut labels))?;
        }
        Ok(labels)
    }
}

fn push_labels(line: &str, found: &[Range<usize>], labels: &mut Vec<String>) {
    labels.extend(found.iter().map(|found| line[found.clone()].to_string()));
}

/// Parses the value of `--remove`.
fn removal(which: String) -> Removal {
    match Position::parse(&which) {
        _ if which == "all" => Removal::All,
        Some(bound) => Removal::LabelOrPoint(which, bound),
        None => Removal::Label(which),
    }
}

impl Removal {
    /// Returns whether it removes the marker of this event.
    fn takes(&mut self, event: &Event<'_>, label: &str) -> bool {
        match self {
            Removal::All => true,
            Removal::Label(named) => label == named,
            Removal::LabelOrPoint(named, bound) => {
                bound.observe(event);
                label == named || bound.time() == Some(event.time)
            }
        }
    }
}
