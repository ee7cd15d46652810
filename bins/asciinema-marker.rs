//! Adds markers to a cast, removes or lists them.
//!
//! A marker that is added stands behind the events of its time. Those of `--on` are found in the
//! text of the output as it would be read: escape sequences are taken out, and a match may begin in
//! one event and end in another, but not in another line.

use std::collections::VecDeque;
use std::process::ExitCode;

use common::cast::{Code, Event, Fault, Header, Time, Utf8Repair};
use common::cli::{self, Failure, Program, catalog};
use common::edit::Position;
use common::filter::{self, Args, Filter, Output};
use common::text::visible;
use common::vt::TextFilter;
use regex_lite::Regex;

const PROGRAM: Program = catalog::program("asciinema-marker");

/// How much of a line is looked at, in bytes; of a longer one the end.
const LONGEST_LINE: usize = 4096;

/// How many markers may be due between two events. A slip of the pen must not fill the disk.
const MOST_DUE: u64 = 100_000;

struct Marker {
    /// What is to be added, in the order of time.
    additions: VecDeque<(Time, String)>,
    every: Option<Time>,
    /// When the next of these is due.
    due: Time,
    patterns: Vec<Pattern>,
    removals: Vec<Removal>,
    lists: bool,
    /// The time of the last event.
    last: Time,
    text: TextFilter,
    repair: Utf8Repair,
    /// The line that is being written, as far as it is known.
    line: String,
}

struct Pattern {
    regex: Regex,
    /// Where in the line what has not been matched yet begins.
    from: usize,
}

enum Removal {
    All,
    /// Those with this label.
    Label(String),
    /// Those at this point as well, where the label may be read so.
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
        patterns: Vec::new(),
        removals: Vec::new(),
        lists: false,
        last: Time::ZERO,
        text: TextFilter::default(),
        repair: Utf8Repair::default(),
        line: String::new(),
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
                let regex = Regex::new(&text).map_err(|error| {
                    args.bad_value(&text, &format!("not a valid regular expression: {error}"))
                })?;
                marker.patterns.push(Pattern { regex, from: 0 });
            }
            "--remove" => marker.removals.push(removal(args.text()?)),
            "--list" => marker.lists = true,
            _ => return Err(args.unexpected(option)),
        }
    }
    let is_idle = additions.is_empty() && marker.every.is_none() && marker.patterns.is_empty();
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
            // Each of them has to see each marker, to count them.
            let takers =
                self.removals.iter_mut().filter_map(|removal| removal.takes(event, &label).then_some(()));
            if takers.count() == 0 {
                match self.lists {
                    true => self.put_out(event.time, &label, output),
                    false => output.event(event, event.time),
                }
            }
            return Ok(());
        }
        if !self.lists {
            output.event(event, event.time);
        }
        if event.code == Code::Output && !self.patterns.is_empty() {
            for label in self.matches(&event.text()?) {
                self.put_out(event.time, &label, output);
            }
        }
        Ok(())
    }

    fn ignored(&mut self, line: &[u8], output: &mut Output) {
        if !self.lists {
            output.line(line);
        }
    }

    fn end(&mut self, output: &mut Output) -> Result<(), String> {
        // A marker that is due just now has not been overtaken by an event.
        let just_after = self.last.plus(Time::from_micros(1));
        self.add_until(just_after, output).map_err(|fault| fault.to_string())?;
        while let Some((time, label)) = self.additions.pop_front() {
            self.put_out(time, &label, output);
        }
        Ok(())
    }
}

impl Marker {
    /// Adds what belongs before an event at this time.
    fn add_until(&mut self, time: Time, output: &mut Output) -> Result<(), Fault> {
        let mut count = 0;
        loop {
            let due = self.every.map(|_| self.due).filter(|due| *due < time);
            let addition = self.additions.front().map(|(at, _)| *at).filter(|at| *at < time);
            match (due, addition) {
                (None, None) => return Ok(()),
                (Some(due), addition) if addition.is_none_or(|at| due < at) => {
                    self.put_out(due, "", output);
                    self.due = due.plus(self.every.unwrap_or_default());
                    count += 1;
                    if count > MOST_DUE {
                        return Err(Fault::Other(format!("over {MOST_DUE} markers would come before it")));
                    }
                }
                _ => {
                    if let Some((at, label)) = self.additions.pop_front() {
                        self.put_out(at, &label, output);
                    }
                }
            }
        }
    }

    fn put_out(&self, time: Time, label: &str, output: &mut Output) {
        if !self.lists {
            return output.new_event(time, Code::Marker, label);
        }
        let mut line = Vec::new();
        time.write_short_seconds(&mut line);
        output.line(&line);
        output.line(format!("\t{}\n", visible(label)).as_bytes());
    }

    /// What the patterns find in the next piece of output, behind what has come before.
    fn matches(&mut self, output: &str) -> Vec<String> {
        let mut bytes = Vec::new();
        self.text.push(output.as_bytes(), &mut bytes);
        let mut text = String::new();
        self.repair.push(&bytes, &mut text);
        let mut found = Vec::new();
        for (at, piece) in text.split(['\r', '\n']).enumerate() {
            if at > 0 {
                self.line.clear();
                self.patterns.iter_mut().for_each(|pattern| pattern.from = 0);
            }
            self.line.extend(piece.chars().filter(|character| !character.is_control() || *character == '\t'));
            for pattern in &mut self.patterns {
                found.extend(pattern.take(&self.line));
            }
            self.shorten_line();
        }
        found
    }

    /// Forgets the beginning of a line that is too long.
    fn shorten_line(&mut self) {
        if self.line.len() <= LONGEST_LINE {
            return;
        }
        let end = (self.line.len() - LONGEST_LINE / 2..).find(|&at| self.line.is_char_boundary(at));
        let end = end.unwrap_or(self.line.len());
        self.line.drain(..end);
        self.patterns.iter_mut().for_each(|pattern| pattern.from = pattern.from.saturating_sub(end));
    }
}

impl Pattern {
    /// The texts that match in a line and have not been found before.
    fn take(&mut self, line: &str) -> Vec<String> {
        let mut found = Vec::new();
        while let Some(text) = self.regex.find_at(line, self.from) {
            self.from = text.end();
            if text.is_empty() {
                // Nothing is no text, whether it matches or not.
                match line[text.end()..].chars().next() {
                    Some(character) => self.from += character.len_utf8(),
                    None => break,
                }
                continue;
            }
            found.push(text.as_str().to_string());
        }
        found
    }
}

/// What `--remove` names.
fn removal(which: String) -> Removal {
    match Position::parse(&which) {
        _ if which == "all" => Removal::All,
        Some(bound) => Removal::LabelOrPoint(which, bound),
        None => Removal::Label(which),
    }
}

impl Removal {
    /// Whether it takes the marker of this event away.
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
