//! Inserts events into a cast.
//!
//! An event is inserted after the existing events of the same time; a time after the end is kept.

use std::process::ExitCode;

use common::cast::{Code, Event, Fault, Header, Time};
use common::cli::{self, Failure, Program, catalog};
use common::edit::Position;
use common::filter::{self, Args, Filter, Output};

const PROGRAM: Program = catalog::program("asciinema-insert");

struct Insert {
    additions: Vec<Addition>,
    /// The latest time so far.
    last: Time,
}

/// An event to insert.
struct Addition {
    at: Position,
    content: Content,
}

enum Content {
    Text(Code, String),
    /// The line of an event, with any number as its time.
    Line(String),
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Insert> {
    let mut additions = Vec::new();
    let mut at: Option<Position> = None;
    while let Some(option) = args.next()? {
        let content = match option {
            "--at" => {
                at = Some(args.position()?);
                continue;
            }
            "--output" => {
                let text = args.text()?;
                let unescaped = unescape(&text);
                let text = unescaped.ok_or_else(|| {
                    args.bad_value(&text, "not valid: escapes are \\e, \\n, \\r, \\t and \\\\")
                })?;
                Content::Text(Code::Output, text)
            }
            "--marker" => Content::Text(Code::Marker, args.text()?),
            "--event" => {
                let text = args.text()?;
                let line = line_of(&text);
                Content::Line(
                    line.ok_or_else(|| args.bad_value(&text, "not an event like [\"r\", \"100x30\"]"))?,
                )
            }
            _ => return Err(args.unexpected(option)),
        };
        let at =
            at.clone().ok_or_else(|| Failure::Usage(format!("'{option}' requires '--at T' before it")))?;
        additions.push(Addition { at, content });
    }
    if additions.is_empty() {
        return Err(Failure::Usage("one of --output, --marker and --event is required".to_string()));
    }
    Ok(Insert { additions, last: Time::ZERO })
}

impl Filter for Insert {
    fn header(&mut self, mut header: Header, output: &mut Output) -> Result<(), Fault> {
        let end = header.seconds("duration");
        let is_within = |addition: &Addition| addition.at.time() <= end;
        if !self.additions.iter().all(is_within) {
            header.remove("duration");
        }
        output.begin(&header);
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        self.add(|time| time < event.time, output)?;
        self.last = self.last.max(event.time);
        for addition in &mut self.additions {
            addition.at.observe(event);
        }
        output.event(event, event.time);
        Ok(())
    }

    fn end(&mut self, output: &mut Output) -> Result<(), String> {
        self.add(|_| true, output).map_err(|fault| fault.to_string())?;
        match self.additions.first() {
            Some(addition) => Err(format!("the cast has no {}", addition.at)),
            None => Ok(()),
        }
    }
}

impl Insert {
    /// Inserts the due events, in order of time.
    fn add(&mut self, is_due: impl Fn(Time) -> bool, output: &mut Output) -> Result<(), Fault> {
        let due = |addition: &mut Addition| addition.at.time().is_some_and(&is_due);
        let mut due: Vec<Addition> = self.additions.extract_if(.., due).collect();
        due.sort_by_key(|addition| addition.at.time());
        for Addition { at, content } in due {
            let time = at.time().unwrap_or(self.last);
            match content {
                Content::Text(code, text) => output.new_event(time, code, &text),
                Content::Line(line) => {
                    output.end_line();
                    output.event(&Event::scan(line.as_bytes())?, time);
                }
            }
        }
        Ok(())
    }
}

/// The event line for a code and data, given as `["r", "100x30"]`.
fn line_of(text: &str) -> Option<String> {
    let (code, data): (String, serde_json::Value) = serde_json::from_str(text).ok()?;
    // A time that no event has, so that it is always replaced.
    let line =
        format!("[{}, {}, {data}]\n", Time::MAX.as_micros() / 1_000_000, serde_json::Value::from(code));
    Event::scan(line.as_bytes()).ok()?;
    Some(line)
}

/// Expands the escapes in a text; `None` if it contains any other escape.
fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next()? {
                'e' => '\x1b',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '\\' => '\\',
                _ => return None,
            },
            other => other,
        });
    }
    Some(plain)
}
