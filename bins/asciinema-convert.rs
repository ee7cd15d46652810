//! Turns a cast into another version of the format, into the bytes of its output, or into text.

use std::ffi::OsStr;
use std::process::ExitCode;

use common::cast::{Event, Fault, Header, Version};
use common::cli::{self, Failure, Program, catalog};
use common::filter::{self, Args, Filter, Operands, Output};
use common::formats::{Encoder, Format};

const PROGRAM: Program = catalog::program("asciinema-convert");

struct Convert {
    encoder: Box<dyn Encoder>,
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Convert> {
    let mut format = None;
    let mut overwrites = false;
    while let Some(option) = args.next()? {
        match option {
            "-f" | "--output-format" => format = Some(args.choice(Format::NAMES)?),
            "--overwrite" => overwrites = true,
            // There is nothing that it could silence.
            "-q" | "--quiet" => {}
            _ => return Err(args.unexpected(option)),
        }
    }
    if overwrites {
        args.overwrite();
    }
    let format = format.or_else(|| Some(default_format(args.output()?)));
    let format = format.ok_or_else(|| Failure::Usage("option '-f FORMAT' is missing".to_string()))?;
    Ok(Convert { encoder: format.encoder() })
}

/// The format of a file that is named without one, as in 3.x.
fn default_format(output: &OsStr) -> Format {
    match output.to_ascii_lowercase().as_encoded_bytes().ends_with(b".txt") {
        true => Format::Text,
        false => Format::Asciicast(Version::V3),
    }
}

impl Filter for Convert {
    const OPERANDS: Operands = Operands::InputAndOutput;

    fn header(&mut self, header: Header, output: &mut Output) -> Result<(), Fault> {
        self.encoder.header(&header, output.bytes_mut())
    }

    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        self.encoder.event(event, output.bytes_mut())
    }

    fn ignored(&mut self, line: &[u8], output: &mut Output) {
        self.encoder.ignored(line, output.bytes_mut());
    }

    fn damaged(&mut self, _: u64, _: &Fault, output: &mut Output) {
        self.encoder.finish(output.bytes_mut());
    }

    fn end(&mut self, output: &mut Output) -> Result<(), String> {
        self.encoder.finish(output.bytes_mut());
        Ok(())
    }
}
