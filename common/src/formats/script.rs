//! script(1): a log of the output, and a timing file.
//!
//! There are two timing formats. The classic one has lines `DELAY COUNT`, for output only; the
//! advanced one has lines `TYPE DELAY REST`, also for input, sizes and properties of the session.
//! The first line of a log gives its start time, and is not included in the timing.

use std::io::{BufReader, Read};

use super::recorder::{Damage, Decoder, Origin, Part, Recorded, read_bytes, read_line};
use super::{Encoder, timestamp};
use crate::cast::{Code, Fault, Header, Time, object_entries};
use crate::date;
use crate::size::Size;
use crate::text::excerpt;

/// Writes a log that includes the input (as `script --log-io` does), and an advanced timing file.
#[derive(Default)]
pub struct Script {
    timing: Vec<u8>,
    timestamp: Option<i64>,
    last: Time,
    exit: Option<String>,
}

impl Script {
    /// Appends the start of a line of the timing file.
    fn begin_line(&mut self, kind: &str, time: Time) {
        self.timing.extend_from_slice(kind.as_bytes());
        self.timing.push(b' ');
        time.since(self.last).write_seconds(&mut self.timing);
        self.timing.push(b' ');
        self.last = self.last.max(time);
    }

    fn line(&mut self, kind: &str, time: Time, rest: &str) {
        self.begin_line(kind, time);
        // It must be a single line.
        self.timing.extend(rest.bytes().map(|byte| if byte < b' ' { b' ' } else { byte }));
        self.timing.push(b'\n');
    }

    fn date(&self, time: Time) -> String {
        let seconds = self.timestamp.map(|start| start.saturating_add((time.as_micros() / 1_000_000) as i64));
        seconds.and_then(date::iso).map_or("an unknown date".to_string(), |date| date + "+00:00")
    }
}

impl Encoder for Script {
    fn header(&mut self, header: &Header, out: &mut Vec<u8>) -> Result<(), Fault> {
        let within = |object: &str, key: &str| {
            let (_, value) =
                object_entries(header.get(object)?)?.into_iter().find(|(name, _)| name == key)?;
            serde_json::from_str::<String>(value).ok()
        };
        let terminal = within("env", "TERM").or_else(|| within("term", "type"));
        let command = header.get("command").and_then(|json| serde_json::from_str::<String>(json).ok());
        self.timestamp = timestamp(header);
        let Size { cols, rows } = header.size;
        let known = [
            ("START_TIME", self.timestamp.map(|_| self.date(Time::ZERO))),
            ("TERM", terminal.clone()),
            ("COLUMNS", Some(cols.to_string())),
            ("LINES", Some(rows.to_string())),
            ("SHELL", within("env", "SHELL")),
            ("COMMAND", command),
        ];
        for (name, value) in known {
            if let Some(value) = value {
                self.line("H", Time::ZERO, &format!("{name} {value}"));
            }
        }
        let terminal =
            terminal.map_or(String::new(), |name| format!("TERM=\"{}\" ", excerpt(name.as_bytes())));
        let date = self.date(Time::ZERO);
        let line = format!("Script started on {date} [{terminal}COLUMNS=\"{cols}\" LINES=\"{rows}\"]\n");
        out.extend_from_slice(line.as_bytes());
        Ok(())
    }

    fn text(&mut self, time: Time, code: Code, text: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
        match (code, Size::parse(text)) {
            (Code::Output | Code::Input, _) => {
                let kind = if code == Code::Output { "O" } else { "I" };
                self.line(kind, time, &text.len().to_string());
                out.extend_from_slice(text.as_bytes());
            }
            (Code::Resize, Some(Size { cols, rows })) => {
                self.line("S", time, &format!("SIGWINCH ROWS={rows} COLS={cols}"));
            }
            (Code::Exit, _) => self.exit = Some(text.to_string()),
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        let mut duration = Vec::new();
        self.last.write_seconds(&mut duration);
        self.line("H", Time::ZERO, &format!("DURATION {}", String::from_utf8_lossy(&duration)));
        let exit = self.exit.take();
        if let Some(status) = &exit {
            self.line("H", Time::ZERO, &format!("EXIT_CODE {status}"));
        }
        let exit = exit
            .map_or(String::new(), |status| format!("COMMAND_EXIT_CODE=\"{}\"", excerpt(status.as_bytes())));
        out.extend_from_slice(format!("\nScript done on {} [{exit}]\n", self.date(self.last)).as_bytes());
    }

    fn take_second(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.timing)
    }
}

/// The log files.
pub struct Logs<R> {
    /// The output, and the input as well unless it has its own log.
    pub output: BufReader<R>,
    /// The input.
    pub input: Option<BufReader<R>>,
}

/// Reads logs with their timing file.
pub struct ScriptDecoder<R> {
    timing: BufReader<R>,
    logs: Logs<R>,
    origin: Origin,
    /// The name of the input log, if it is separate.
    input_log: Option<String>,
    /// The line after those about the session.
    next: Option<Line>,
    /// The number of timing lines read.
    number: u64,
    last: Time,
}

/// A line of a timing file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    /// A number of bytes of output or input.
    Data(Code, Time, u64),
    Resize(Time, Size),
    /// A property of the session.
    About(String, String),
    /// Anything else: only time passes.
    Other(Time),
}

impl<R: Read> ScriptDecoder<R> {
    /// Reads everything before the first event.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not a timing file.
    pub fn new(timing: BufReader<R>, output: BufReader<R>) -> Result<ScriptDecoder<R>, Damage> {
        let mut decoder = ScriptDecoder {
            timing,
            logs: Logs { output, input: None },
            origin: Origin::default(),
            input_log: None,
            next: None,
            number: 0,
            last: Time::ZERO,
        };
        let first = read_line(&mut decoder.logs.output).map_err(|error| Damage::io(Part::Output, &error))?;
        decoder.read_first_line(&first.map_or(String::new(), |(line, _)| line));
        let mut output_log = None;
        loop {
            match decoder.line()? {
                Some(Line::About(name, value)) => match name.as_str() {
                    "OUTPUT_LOG" => output_log = Some(value),
                    "INPUT_LOG" => decoder.input_log = Some(value),
                    _ => decoder.learn(&name, value),
                },
                other => {
                    decoder.next = other;
                    break;
                }
            }
        }
        if decoder.input_log == output_log {
            decoder.input_log = None;
        }
        Ok(decoder)
    }

    /// The name of the input log, if it is separate.
    pub fn input_log(&self) -> Option<&str> {
        self.input_log.as_deref()
    }

    /// Reads the input from this log.
    ///
    /// # Errors
    ///
    /// The log cannot be read.
    pub fn read_input_from(&mut self, mut log: BufReader<R>) -> Result<(), Damage> {
        read_line(&mut log).map_err(|error| Damage::io(Part::Input, &error))?;
        self.logs.input = Some(log);
        Ok(())
    }

    /// Parses the first line of the output log.
    fn read_first_line(&mut self, line: &str) {
        let quoted = |name: &str| {
            let (_, rest) = line.rsplit_once(&format!("{name}=\""))?;
            rest.split_once('"').map(|(value, _)| value.to_string())
        };
        for name in ["COLUMNS", "LINES", "TERM"] {
            if let Some(value) = quoted(name) {
                self.learn(name, value);
            }
        }
        let date = line.find(|c: char| c.is_ascii_digit()).and_then(|at| date::parse_iso(&line[at..]));
        self.origin.timestamp = date;
    }

    fn learn(&mut self, name: &str, value: String) {
        let origin = &mut self.origin;
        let number = || value.parse::<u16>().ok().filter(|number| *number > 0);
        match name {
            "COLUMNS" | "LINES" => {
                let Some(number) = number() else { return };
                // They always come together.
                let size = origin.size.get_or_insert(Size { cols: 80, rows: 24 });
                *(if name == "LINES" { &mut size.rows } else { &mut size.cols }) = number;
            }
            "START_TIME" => origin.timestamp = date::parse_iso(&value).or(origin.timestamp),
            "TERM" => origin.terminal = Some(value),
            "SHELL" => origin.shell = Some(value),
            "COMMAND" => origin.command = Some(value),
            _ => {}
        }
    }

    /// The next timing line that is not blank.
    fn line(&mut self) -> Result<Option<Line>, Damage> {
        loop {
            self.number += 1;
            let read = read_line(&mut self.timing).map_err(|error| Damage::io(Part::Timing, &error))?;
            let Some((text, is_whole)) = read else { return Ok(None) };
            if !is_whole {
                return Err(self.damage("the line is cut off"));
            }
            if !text.trim().is_empty() {
                let line = parse(&text).ok_or_else(|| {
                    self.damage(&format!("expected DELAY COUNT, found '{}'", excerpt(text.as_bytes())))
                })?;
                return Ok(Some(line));
            }
        }
    }

    /// An error in the current timing line.
    fn damage(&self, what: &str) -> Damage {
        Damage::new(Part::Timing, format!("line {}: {what}", self.number))
    }

    /// The next `count` bytes of output or input.
    fn data(&mut self, code: Code, count: u64) -> Result<Vec<u8>, Damage> {
        let (part, log) = match (code, &mut self.logs.input) {
            (Code::Input, Some(log)) => (Part::Input, log),
            _ => (Part::Output, &mut self.logs.output),
        };
        let data = read_bytes(log, count).map_err(|error| Damage::io(part, &error))?;
        let number = self.number;
        data.ok_or_else(|| Damage::new(part, format!("ends before line {number} of the timing does")))
    }
}

impl<R: Read> Decoder for ScriptDecoder<R> {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn next(&mut self) -> Result<Option<Recorded>, Damage> {
        loop {
            let line = match self.next.take() {
                Some(line) => line,
                None => match self.line()? {
                    Some(line) => line,
                    None => return Ok(None),
                },
            };
            let delay = match &line {
                Line::Data(_, delay, _) | Line::Resize(delay, _) | Line::Other(delay) => *delay,
                Line::About(..) => Time::ZERO,
            };
            self.last = self.last.plus(delay);
            let (code, data) = match line {
                Line::Data(code, _, count) => (code, self.data(code, count)?),
                Line::Resize(_, size) => (Code::Resize, size.to_string().into_bytes()),
                Line::About(name, value) if name == "EXIT_CODE" => (Code::Exit, value.into_bytes()),
                Line::About(..) | Line::Other(_) => continue,
            };
            return Ok(Some(Recorded { time: self.last, code, data }));
        }
    }

    fn is_drained(&self) -> bool {
        self.timing.buffer().is_empty()
    }
}

/// Parses a timing line in either format.
fn parse(line: &str) -> Option<Line> {
    let (first, rest) = line.split_once(' ')?;
    if first.len() != 1 || first.as_bytes()[0].is_ascii_digit() {
        return Some(Line::Data(Code::Output, delay(first)?, rest.trim().parse().ok()?));
    }
    let (delay_text, rest) = rest.trim_start().split_once(' ').unwrap_or((rest.trim_start(), ""));
    let delay = delay(delay_text)?;
    Some(match first {
        "O" => Line::Data(Code::Output, delay, rest.trim().parse().ok()?),
        "I" => Line::Data(Code::Input, delay, rest.trim().parse().ok()?),
        "H" => {
            let (name, value) = rest.split_once(' ').unwrap_or((rest, ""));
            Line::About(name.to_string(), value.to_string())
        }
        "S" => {
            let number = |name: &str| {
                let text = rest.split(' ').find_map(|word| word.strip_prefix(name))?;
                text.parse().ok().filter(|number| *number > 0)
            };
            match (rest.starts_with("SIGWINCH"), number("COLS="), number("ROWS=")) {
                (true, Some(cols), Some(rows)) => Line::Resize(delay, Size { cols, rows }),
                _ => Line::Other(delay),
            }
        }
        _ => Line::Other(delay),
    })
}

/// A delay. Some locales write it with a comma; a negative one counts as none.
fn delay(text: &str) -> Option<Time> {
    let plain = text.replace(',', ".");
    match plain.strip_prefix('-') {
        Some(positive) => Time::parse(positive).ok().map(|_| Time::ZERO),
        None => Time::parse(&plain).ok(),
    }
}
