//! Concatenates casts.
//!
//! The first header is used for the whole, and its version for all events. Times continue from the
//! last event of the previous part. Colours and modes that a part leaves set are reset before the
//! next one begins, but the screen is not cleared: a part begins where the previous one ended, like
//! the output of consecutive commands.

use std::process::ExitCode;

use common::cast::{Code, Event, Fault, Header, Time, Version};
use common::cli::{self, Program, catalog};
use common::filter::{self, Args, Filter, Operands, Output};
use common::size::Size;
use common::vt::ModeTracker;

const PROGRAM: Program = catalog::program("asciinema-join");

struct Join {
    gap: Time,
    /// The version of the result; `None` before the first header.
    version: Option<Version>,
    /// The start of the current part.
    start: Time,
    /// The latest time so far.
    last: Time,
    /// The terminal's current size.
    size: Size,
    /// The modes that this part has set.
    modes: ModeTracker,
    /// The last exit status, with its time: only that of the last part is kept.
    exit: Option<(Time, String)>,
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Join> {
    let mut gap = Time::ZERO;
    while let Some(option) = args.next()? {
        match option {
            "--gap" => gap = args.seconds()?,
            _ => return Err(args.unexpected(option)),
        }
    }
    Ok(Join {
        gap,
        version: None,
        start: Time::ZERO,
        last: Time::ZERO,
        size: Size { cols: 0, rows: 0 },
        modes: ModeTracker::default(),
        exit: None,
    })
}

impl Filter for Join {
    const OPERANDS: Operands = Operands::Inputs;

    fn header(&mut self, mut header: Header, output: &mut Output) -> Result<(), Fault> {
        if self.version.is_none() {
            self.version = Some(header.version);
            self.size = header.size;
            header.remove("duration");
            output.begin(&header);
            return Ok(());
        }
        output.end_line();
        self.exit = None;
        self.start = self.last.plus(self.gap);
        let reset = std::mem::take(&mut self.modes).reset_sequence();
        if !reset.is_empty() {
            output.new_event(self.start, Code::Output, &String::from_utf8_lossy(&reset));
        }
        if header.size != self.size {
            self.size = header.size;
            output.new_event(self.start, Code::Resize, &self.size.to_string());
        }
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        self.write_exit(output);
        let time = self.start.plus(event.time);
        self.last = self.last.max(time);
        match event.code {
            Code::Exit => {
                self.exit = Some((time, event.text()?));
                return Ok(());
            }
            Code::Output => self.modes.push(event.text()?.as_bytes()),
            _ => self.size = event.resize().unwrap_or(self.size),
        }
        output.event(event, time);
        Ok(())
    }

    fn ignored(&mut self, line: &[u8], output: &mut Output) {
        // Only v3 has comments.
        if self.version == Some(Version::V3) || !line.starts_with(b"#") {
            output.line(line);
        }
    }

    fn damaged(&mut self, _: u64, _: &Fault, output: &mut Output) {
        self.write_exit(output);
    }

    fn end(&mut self, output: &mut Output) -> Result<(), String> {
        self.write_exit(output);
        Ok(())
    }
}

impl Join {
    /// Writes an exit status that was held back, because its part continues or was the last.
    fn write_exit(&mut self, output: &mut Output) {
        if let Some((time, status)) = self.exit.take() {
            output.new_event(time, Code::Exit, &status);
        }
    }
}
