//! Drops all events of one kind: `asciinema-drop -c i` removes what was typed.

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
    name: "asciinema-drop",
    is_classic: false,
    summary: "drop events from a cast",
    usage: "-c CODE [-o OUT] [FILE]",
    about: "Drop all events of one kind. With no FILE, or when FILE is -, read standard input.",
    options: &[
        option(&["-c", "--code"], "CODE", OneOf(&["o", "i", "m"]), "o (output), i (input) or m (markers)"),
        catalog::OUTPUT,
    ],
    operands: Cast,
    examples: &["asciinema-drop -c i demo.cast > untyped.cast"],
};

const CODES: &[(&str, Code)] = &[("o", Code::Output), ("i", Code::Input), ("m", Code::Marker)];

struct Drop(Code);

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Drop> {
    let mut code = None;
    while let Some(option) = args.next()? {
        match option {
            "-c" | "--code" => code = Some(args.choice(CODES)?),
            _ => return Err(args.unexpected(option)),
        }
    }
    code.map(Drop).ok_or_else(|| Failure::Usage("option '-c CODE' is missing".to_string()))
}

impl Filter for Drop {
    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        if event.code != self.0 {
            output.event(event, event.time);
        }
        Ok(())
    }
}
