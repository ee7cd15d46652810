//! Summarizes a cast: its length, size and activity.
//!
//! Events are counted as they are read, so that only markers and resizes take memory. A damaged
//! cast is summarized up to the damaged line, which is reported.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::ExitCode;

use common::cast::{Code, Event, Fault, Header, Time, Version};
use common::cli::{self, Program, catalog};
use common::date;
use common::filter::{self, Args, Filter, Output};
use common::size::Size;
use common::text::visible;
use serde_json::{Value, json};

const PROGRAM: Program = catalog::program("asciinema-info");

/// The keys of a header that are reported unchanged.
const HEADER_KEYS: &[&str] = &["timestamp", "title", "command", "idle_time_limit"];

struct Info {
    idle_limit: Time,
    wants_json: bool,
    /// True to list each event instead of the summary.
    lists_events: bool,
    header: Option<Header>,
    /// The time of the previous event, and the latest of all: times may step back.
    previous: Time,
    last: Time,
    idle: Time,
    counts: BTreeMap<String, Count>,
    /// The current second, and the number of bytes written in it.
    second: (u64, u64),
    busiest: (u64, u64),
    markers: Vec<(Time, String)>,
    resizes: Vec<(Time, Size)>,
    exit: Option<String>,
    /// The damaged line and its fault, if any.
    fault: Option<(u64, String)>,
    text: Vec<u8>,
}

#[derive(Default)]
struct Count {
    events: u64,
    /// The length of the decoded text.
    bytes: u64,
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Info> {
    let mut idle_limit = Time::from_micros(2_000_000);
    let mut wants_json = false;
    let mut lists_events = false;
    while let Some(option) = args.next()? {
        match option {
            "-i" | "--idle-time-limit" => idle_limit = args.seconds()?,
            "--json" => wants_json = true,
            "--events" => lists_events = true,
            _ => return Err(args.unexpected(option)),
        }
    }
    Ok(Info {
        idle_limit,
        wants_json,
        lists_events,
        header: None,
        previous: Time::ZERO,
        last: Time::ZERO,
        idle: Time::ZERO,
        counts: BTreeMap::new(),
        second: (0, 0),
        busiest: (0, 0),
        markers: Vec::new(),
        resizes: Vec::new(),
        exit: None,
        fault: None,
        text: Vec::new(),
    })
}

impl Filter for Info {
    fn header(&mut self, header: Header, _: &mut Output) -> Result<(), Fault> {
        self.header = Some(header);
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        if self.lists_events {
            return self.list(event, output);
        }
        self.idle = self.idle.plus(event.time.since(self.previous).since(self.idle_limit));
        self.previous = event.time;
        self.last = self.last.max(event.time);
        self.text.clear();
        event.decode_text(&mut self.text)?;
        let bytes = self.text.len() as u64;
        let code = event.code_text()?;
        let count = self.counts.entry(code).or_default();
        count.events += 1;
        count.bytes += bytes;
        match event.code {
            Code::Output => self.count_second(bytes),
            Code::Marker => self.markers.push((event.time, event.text()?)),
            Code::Resize => self.resizes.extend(event.resize().map(|size| (event.time, size))),
            Code::Exit => self.exit = Some(event.text()?),
            Code::Input | Code::Other => {}
        }
        Ok(())
    }

    fn ignored(&mut self, _: &[u8], _: &mut Output) {}

    fn damaged(&mut self, line: u64, fault: &Fault, output: &mut Output) {
        self.fault = Some((line, fault.to_string()));
        self.tell(output);
    }

    fn end(&mut self, output: &mut Output) -> Result<(), String> {
        self.tell(output);
        Ok(())
    }
}

impl Info {
    /// Counts the bytes written in the second of the last event.
    fn count_second(&mut self, bytes: u64) {
        let second = self.last.as_micros() / 1_000_000;
        if second != self.second.0 {
            self.second = (second, 0);
        }
        self.second.1 += bytes;
        if self.second.1 > self.busiest.1 {
            self.busiest = self.second;
        }
    }

    /// Writes the line for an event: its time, code and data.
    fn list(&self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        let code = event.code_text()?;
        let is_text = event.data.starts_with(b"\"");
        let line = if self.wants_json {
            let data = if is_text {
                json!(event.text()?)
            } else {
                serde_json::from_slice(event.data).unwrap_or_default()
            };
            format!("{{\"time\": {}, \"code\": {}, \"data\": {data}}}\n", number(event.time), json!(code))
        } else {
            let data = if is_text { event.text()? } else { String::from_utf8_lossy(event.data).into_owned() };
            format!("{}\t{}\t{}\n", clock(event.time), visible(&code), visible(&data))
        };
        output.line(line.as_bytes());
        Ok(())
    }

    fn tell(&self, output: &mut Output) {
        if self.lists_events {
            return;
        }
        let Some(header) = &self.header else { return };
        let text = match self.wants_json {
            true => self.json(header),
            false => self.table(header),
        };
        output.line(text.as_bytes());
    }

    /// The summary on one line of JSON, its keys in the order of the manual.
    fn json(&self, header: &Header) -> String {
        let told = |key: &str| -> Value {
            header.get(key).and_then(|value| serde_json::from_str(value).ok()).unwrap_or(Value::Null)
        };
        let events: u64 = self.counts.values().map(|count| count.events).sum();
        let count = |count: &Count| json!({"events": count.events, "bytes": count.bytes});
        let codes: Value = self.counts.iter().map(|(code, each)| (code.clone(), count(each))).collect();
        let markers: Value =
            self.markers.iter().map(|(time, label)| json!({"time": number(*time), "label": label})).collect();
        let resizes: Value = self
            .resizes
            .iter()
            .map(|(time, size)| json!({"time": number(*time), "cols": size.cols, "rows": size.rows}))
            .collect();
        let fault = self.fault.as_ref().map(|(line, what)| json!({"line": line, "what": what}));
        let mut entries = vec![
            ("version", json!(version_of(header))),
            ("cols", json!(header.size.cols)),
            ("rows", json!(header.size.rows)),
        ];
        entries.extend(HEADER_KEYS.iter().map(|key| (*key, told(key))));
        entries.extend([
            ("duration", json!(number(self.last))),
            ("active_time", json!(number(self.last.since(self.idle)))),
            ("idle_time", json!(number(self.idle))),
            ("events", json!(events)),
            ("codes", codes),
            ("busiest_second", json!({"time": self.busiest.0, "bytes": self.busiest.1})),
            ("markers", markers),
            ("resizes", resizes),
            ("exit_status", json!(self.exit)),
            ("fault", json!(fault)),
        ]);
        let entries: Vec<String> =
            entries.into_iter().map(|(key, value)| format!("{}: {value}", json!(key))).collect();
        format!("{{{}}}\n", entries.join(", "))
    }

    /// The summary as a table.
    fn table(&self, header: &Header) -> String {
        let mut table = String::new();
        let mut row = |name: &str, value: &str| _ = writeln!(table, "{name:<10} {value}");
        row("version", &version_of(header).to_string());
        row("size", &header.size.to_string());
        for key in HEADER_KEYS {
            let value = header.get(key).and_then(|value| serde_json::from_str::<Value>(value).ok());
            match (*key, value) {
                (_, None | Some(Value::Null)) => {}
                ("timestamp", Some(value)) => row("recorded", &utc(&value)),
                ("idle_time_limit", Some(value)) => row("idle limit", &format!("{value} s")),
                (_, Some(Value::String(text))) => row(key, &visible(&text)),
                (_, Some(other)) => row(key, &visible(&other.to_string())),
            }
        }
        row("duration", &clock(self.last));
        row("active", &clock(self.last.since(self.idle)));
        let idle =
            format!("{}, where delays are longer than {} s", clock(self.idle), number(self.idle_limit));
        row("idle", &idle);
        let events: u64 = self.counts.values().map(|count| count.events).sum();
        row("events", &events.to_string());
        for (code, count) in &self.counts {
            row("", &format!("{:<10} {:>9}, {} bytes", name_of(code), count.events, count.bytes));
        }
        if self.busiest.1 > 0 {
            let (second, bytes) = self.busiest;
            row(
                "busiest",
                &format!("{}, {bytes} bytes in a second", clock(Time::from_micros(second * 1_000_000))),
            );
        }
        for (at, (time, label)) in self.markers.iter().enumerate() {
            row(if at == 0 { "markers" } else { "" }, &format!("{} {}", clock(*time), visible(label)));
        }
        for (at, (time, size)) in self.resizes.iter().enumerate() {
            row(if at == 0 { "resizes" } else { "" }, &format!("{} {size}", clock(*time)));
        }
        if let Some(status) = &self.exit {
            row("exit", &visible(status));
        }
        if let Some((line, what)) = &self.fault {
            row("damaged", &format!("line {line}: {what}"));
        }
        table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

/// The version of the file.
fn version_of(header: &Header) -> u8 {
    match (header.is_from_v1, header.version) {
        (true, _) => 1,
        (_, Version::V2) => 2,
        (_, Version::V3) => 3,
    }
}

/// The name of an event code in the table.
fn name_of(code: &str) -> String {
    let name = match code {
        "o" => "output",
        "i" => "input",
        "m" => "markers",
        "r" => "resizes",
        "x" => "exit",
        other => return format!("'{}'", visible(other)),
    };
    name.to_string()
}

/// Seconds, as a JSON number.
fn number(time: Time) -> Value {
    let micros = time.as_micros();
    match micros % 1_000_000 {
        0 => json!(micros / 1_000_000),
        _ => json!(micros as f64 / 1e6),
    }
}

/// A time as `1:02:03.500`, without hours if there are none.
fn clock(time: Time) -> String {
    let milliseconds = time.rounded_to(Time::from_micros(1000)).as_micros() / 1000;
    let (seconds, milliseconds) = (milliseconds / 1000, milliseconds % 1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}.{milliseconds:03}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}.{milliseconds:03}"),
    }
}

/// A Unix time as date and time of day; anything else verbatim.
fn utc(timestamp: &Value) -> String {
    let whole = timestamp.as_i64().or_else(|| timestamp.as_f64().map(|seconds| seconds as i64));
    whole.and_then(date::utc).unwrap_or_else(|| visible(&timestamp.to_string()))
}
