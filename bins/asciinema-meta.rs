//! Shows or changes the header of a cast: its title, and any other key.
//!
//! A change replaces only its own bytes; the events are copied verbatim.

use std::process::ExitCode;

use common::cast::{Event, Fault, Header};
use common::cli::{self, Failure, Program, catalog};
use common::filter::{self, Args, Filter, Output};

const PROGRAM: Program = catalog::program("asciinema-meta");

/// Keys that determine how events are written: with another value, the events would be misread.
const FIXED: [&str; 1] = ["version"];

#[derive(Default)]
struct Meta {
    changes: Vec<Change>,
    get: Option<String>,
    /// True once the requested key has been found; then the events do not matter.
    is_found: bool,
}

enum Change {
    Set(String, String),
    Unset(String),
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Meta> {
    let mut meta = Meta::default();
    while let Some(option) = args.next()? {
        match option {
            "-t" | "--title" => {
                let title = serde_json::Value::from(args.text()?).to_string();
                meta.changes.push(Change::Set("title".to_string(), title));
            }
            "--set" => {
                let text = args.text()?;
                let change = assignment(&text).ok_or_else(|| args.bad_value(&text, "not KEY=JSON"))?;
                meta.changes.push(change);
            }
            "--unset" => meta.changes.push(Change::Unset(args.text()?)),
            "--get" => meta.get = Some(args.text()?),
            _ => return Err(args.unexpected(option)),
        }
    }
    if meta.get.is_none() && meta.changes.is_empty() {
        return Err(Failure::Usage(
            "one of the options -t, --set, --unset and --get is required".to_string(),
        ));
    }
    let mut keys = meta.changes.iter().map(|change| match change {
        Change::Set(key, _) | Change::Unset(key) => key.as_str(),
    });
    if let Some(key) = keys.find(|key| FIXED.contains(key)) {
        return Err(Failure::Usage(format!(
            "'{key}' determines how events are written; use asciinema-convert to change it"
        )));
    }
    Ok(meta)
}

impl Filter for Meta {
    fn header(&mut self, mut header: Header, output: &mut Output) -> Result<(), Fault> {
        for change in &self.changes {
            match change {
                Change::Set(key, value) => header.set(key, value),
                Change::Unset(key) => header.remove(key),
            }
        }
        // A header with a missing or invalid size would not be valid any more.
        let header = Header::parse(header.line().as_bytes())?;
        let Some(key) = &self.get else {
            output.begin(&header);
            return Ok(());
        };
        if let Some(value) = header.get(key) {
            let text = serde_json::from_str::<String>(value).unwrap_or_else(|_| value.to_string());
            output.line(text.as_bytes());
            output.line(b"\n");
            self.is_found = true;
        }
        Ok(())
    }

    #[inline]
    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        if self.get.is_none() {
            output.event(event, event.time);
        }
        Ok(())
    }

    fn ignored(&mut self, line: &[u8], output: &mut Output) {
        if self.get.is_none() {
            output.line(line);
        }
    }

    fn end(&mut self, _: &mut Output) -> Result<(), String> {
        match &self.get {
            Some(key) if !self.is_found => Err(format!("the header has no '{}'", common::text::visible(key))),
            _ => Ok(()),
        }
    }
}

/// Parses `KEY=JSON`.
fn assignment(text: &str) -> Option<Change> {
    let (key, value) = text.split_once('=')?;
    let value: serde_json::Value = serde_json::from_str(value).ok()?;
    Some(Change::Set(key.to_string(), value.to_string()))
}
