//! Keeps only the events of one kind: `asciinema-only -c o` removes input and markers.

use std::process::ExitCode;

use common::cast::{Code, Event, Fault};
use common::cli::catalog::{
    self,
    Completion::{Cast, OneOf},
    Program, option,
};
use common::cli::{self, Failure};
use common::filter::{self, Args, Filter, Output};

const PROGRAM: Program = Program {
    name: "asciinema-only",
    is_classic: false,
    summary: "keep the events of one kind",
    usage: "-c CODE [-o OUT] [FILE]",
    about: "Keep only the events of one kind. With no FILE, or when FILE is -, read standard input.",
    options: &[
        option(&["-c", "--code"], "CODE", OneOf(&["o", "i", "m"]), "o (output), i (input) or m (markers)"),
        catalog::OUTPUT,
    ],
    operands: Cast,
    examples: &["asciinema-only -c o demo.cast > bare.cast"],
};

const CODES: &[(&str, Code)] = &[("o", Code::Output), ("i", Code::Input), ("m", Code::Marker)];

struct Only(Code);

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Only> {
    let mut code = None;
    while let Some(option) = args.next()? {
        match option {
            "-c" | "--code" => code = Some(args.choice(CODES)?),
            _ => return Err(args.unexpected(option)),
        }
    }
    code.map(Only).ok_or_else(|| Failure::Usage("option '-c CODE' is missing".to_string()))
}

impl Filter for Only {
    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        if event.code == self.0 {
            output.event(event, event.time);
        }
        Ok(())
    }
}
