//! Turns a cast into another version of the format, into the bytes of its output, or into text.

use std::ffi::OsStr;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use common::cast::{Event, Fault, Header, Version};
use common::cli::{self, Failure, Program, catalog};
use common::filter::{self, Args, Filter, Operands, Output};
use common::formats::{Encoder, Format};
use common::vt::{Guard, ModeTracker};

const PROGRAM: Program = catalog::program("asciinema-convert");

struct Convert {
    encoder: Box<dyn Encoder>,
    /// Where raw output goes to a terminal.
    terminal: Option<Safety>,
}

/// Keeps from a terminal what a recording must not do to it, and resets it in the end.
#[derive(Default)]
struct Safety {
    guard: Guard,
    modes: ModeTracker,
    /// What has been encoded and not yet looked at.
    bytes: Vec<u8>,
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Convert> {
    let mut format = None;
    let mut overwrites = false;
    let mut is_unsafe = false;
    while let Some(option) = args.next()? {
        match option {
            "-f" | "--output-format" => format = Some(args.choice(Format::NAMES)?),
            "--overwrite" => overwrites = true,
            // There is nothing that it could silence.
            "-q" | "--quiet" => {}
            "--unsafe" => is_unsafe = true,
            _ => return Err(args.unexpected(option)),
        }
    }
    if overwrites {
        args.overwrite();
    }
    let format = format.or_else(|| Some(default_format(args.output()?)));
    let format = format.ok_or_else(|| Failure::Usage("option '-f FORMAT' is missing".to_string()))?;
    let is_terminal = args.output().is_none_or(|output| output == "-") && io::stdout().is_terminal();
    let is_guarded = format == Format::Raw && !is_unsafe && is_terminal;
    Ok(Convert { encoder: format.encoder(), terminal: is_guarded.then(Safety::default) })
}

/// The format of a file that is named without one, as in 3.x.
fn default_format(output: &OsStr) -> Format {
    match output.to_ascii_lowercase().as_encoded_bytes().ends_with(b".txt") {
        true => Format::Text,
        false => Format::Asciicast(Version::V3),
    }
}

impl Convert {
    /// Appends what the encoder makes, or what a terminal may be given of it.
    fn encode<T>(
        &mut self,
        output: &mut Output,
        encode: impl FnOnce(&mut dyn Encoder, &mut Vec<u8>) -> T,
    ) -> T {
        let Some(Safety { guard, modes, bytes }) = &mut self.terminal else {
            return encode(&mut *self.encoder, output.bytes_mut());
        };
        let outcome = encode(&mut *self.encoder, bytes);
        let mut safe = Vec::new();
        guard.push(bytes, &mut safe);
        bytes.clear();
        modes.push(&safe);
        output.bytes_mut().extend_from_slice(&safe);
        outcome
    }

    fn finish(&mut self, output: &mut Output) {
        self.encode(output, |encoder, out| encoder.finish(out));
        if let Some(safety) = &self.terminal {
            output.bytes_mut().extend_from_slice(&safety.modes.reset_sequence());
        }
    }
}

impl Filter for Convert {
    const OPERANDS: Operands = Operands::InputAndOutput;

    fn header(&mut self, header: Header, output: &mut Output) -> Result<(), Fault> {
        self.encode(output, |encoder, out| encoder.header(&header, out))
    }

    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        self.encode(output, |encoder, out| encoder.event(event, out))
    }

    fn ignored(&mut self, line: &[u8], output: &mut Output) {
        self.encode(output, |encoder, out| encoder.ignored(line, out));
    }

    fn damaged(&mut self, _: u64, _: &Fault, output: &mut Output) {
        self.finish(output);
    }

    fn end(&mut self, output: &mut Output) -> Result<(), String> {
        self.finish(output);
        Ok(())
    }
}
