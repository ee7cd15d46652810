//! Puts several casts one after the other.
//!
//! The first header stands for all of them, and its version for all events. Times go on from the
//! last event of the part before; what a part leaves switched (colours, modes) is switched back
//! before the next begins, but the screen is not cleared: a part begins where the one before ended,
//! as the output of one command does behind that of another.

use std::process::ExitCode;

use common::cast::{Code, Event, Fault, Header, Time, Version};
use common::cli::{self, Program, catalog};
use common::filter::{self, Args, Filter, Operands, Output};
use common::size::Size;
use common::vt::ModeTracker;

const PROGRAM: Program = catalog::program("asciinema-join");

struct Join {
    gap: Time,
    /// The version of all; none before the first header.
    version: Option<Version>,
    /// When the part that is being read began.
    start: Time,
    /// The latest time so far.
    last: Time,
    /// The terminal's size by now.
    size: Size,
    /// What this part has switched.
    modes: ModeTracker,
    /// The exit status that came last, with its time: only that of the last part is kept.
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
        self.put_out_exit(output);
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
        self.put_out_exit(output);
    }

    fn end(&mut self, output: &mut Output) -> Result<(), String> {
        self.put_out_exit(output);
        Ok(())
    }
}

impl Join {
    /// Puts out an exit status that was held back: its part has gone on, or was the last.
    fn put_out_exit(&mut self, output: &mut Output) {
        if let Some((time, status)) = self.exit.take() {
            output.new_event(time, Code::Exit, &status);
        }
    }
}
