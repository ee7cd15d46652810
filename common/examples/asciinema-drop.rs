//! Leaves the events of one kind out: `asciinema-drop -c i` forgets what was typed.

use std::process::ExitCode;

use common::cast::{Code, Event, Fault};
use common::cli::{self, Failure, Help};
use common::filter::{self, Args, Filter, Output};

const HELP: Help = Help {
    name: "asciinema-drop",
    speaker: "asciinema-drop",
    usage: "-c CODE [-o OUT] [FILE]",
    about: "Leave the events of a kind out of a cast, read from FILE or stdin.",
    options: "  -c, --code CODE           o (output), i (input) or m (markers)\n",
    shared_options: filter::SHARED_OPTIONS,
    examples: "  asciinema-drop -c i demo.cast > untyped.cast\n",
};

const CODES: &[(&str, Code)] = &[("o", Code::Output), ("i", Code::Input), ("m", Code::Marker)];

struct Drop(Code);

fn main() -> ExitCode {
    filter::run::<Drop>(&HELP)
}

impl Filter for Drop {
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

    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        if event.code != self.0 {
            output.event(event, event.time);
        }
        Ok(())
    }
}
