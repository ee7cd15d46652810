//! Concatenates casts, or inserts casts into the first one.
//!
//! The first header is used for the whole, and its version for all events. Times continue from the
//! last event of the previous part. Colors and modes that a part leaves set are reset before the
//! next one begins, but the screen is not cleared: a part begins where the previous one ended, like
//! the output of consecutive commands.
//!
//! With `--at`, the other casts begin on a cleared screen at a time in the first one, and the rest of
//! the first one continues on its own screen after them (`insertion`).

mod insertion;

use std::fs::File;
use std::process::ExitCode;

use common::cast::{Code, Event, Fault, Header, Time, Version};
use common::cli::{self, Program, catalog};
use common::filter::{self, Args, Filter, Operands, Output};
use common::size::Size;
use common::vt::ModeTracker;

use insertion::{Beginning, Insertion};

const PROGRAM: Program = catalog::program("asciinema-join");

struct Join {
    gap: Option<Time>,
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
    /// Set if the other casts are inserted into the first one.
    insertion: Option<Insertion>,
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Join> {
    let (mut gap, mut insertion) = (None, None);
    while let Some(option) = args.next()? {
        match option {
            "--gap" => gap = Some(args.seconds()?),
            "--at" => insertion = Some(Insertion::at(args.position()?)),
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
        insertion,
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
            return self.insertion.as_mut().map_or(Ok(()), |insertion| insertion.begin(header.size));
        }
        output.end_line();
        self.exit = None;
        if let Some(insertion) = &mut self.insertion {
            let Beginning { time, start, size, drawing } =
                insertion.next(header.size, self.last, self.gap)?;
            self.start = start;
            self.resize(time, size, output);
            if let Some(drawing) = drawing {
                output.new_event(time, Code::Output, &drawing);
            }
            return Ok(());
        }
        self.start = self.last.plus(self.gap.unwrap_or(Time::ZERO));
        let reset = std::mem::take(&mut self.modes).reset_sequence();
        if !reset.is_empty() {
            output.new_event(self.start, Code::Output, &String::from_utf8_lossy(&reset));
        }
        self.resize(self.start, header.size, output);
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        if let Some(insertion) = &mut self.insertion
            && insertion.take(event)?
        {
            return Ok(());
        }
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

    fn set_aside(&mut self) -> cli::Result<Option<File>> {
        self.insertion.as_mut().map_or(Ok(None), Insertion::rest)
    }

    fn end(&mut self, output: &mut Output) -> Result<(), String> {
        self.write_exit(output);
        self.insertion.as_ref().map_or(Ok(()), Insertion::check)
    }
}

impl Join {
    /// Writes a resize, if the size differs.
    fn resize(&mut self, time: Time, size: Size, output: &mut Output) {
        if size != self.size {
            self.size = size;
            output.new_event(time, Code::Resize, &size.to_string());
        }
    }

    /// Writes an exit status that was held back, because its part continues or was the last.
    fn write_exit(&mut self, output: &mut Output) {
        if let Some((time, status)) = self.exit.take() {
            output.new_event(time, Code::Exit, &status);
        }
    }
}
