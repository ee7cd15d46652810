//! The arguments of a command line, one by one: abbreviated names are completed, values parsed.

use std::ffi::{OsStr, OsString};

use super::{Failure, Program, Result, abbreviation, nearest};
use crate::cast::{Time, TimeFault};
use crate::text::visible;

/// One argument of a command line.
#[derive(Debug)]
pub enum Arg {
    /// An option by one of the names in the program's catalog entry, dashes included.
    Option(&'static str),
    /// Anything that is not an option.
    Value(OsString),
}

/// The command line of a program.
pub struct Args {
    parser: lexopt::Parser,
    program: &'static Program,
    /// Every name of every option, dashes included.
    names: Vec<&'static str>,
    /// Names that win if an abbreviation is ambiguous.
    preferred: &'static [&'static str],
    /// The last option returned, for messages about its value.
    current: &'static str,
}

impl Args {
    pub(super) fn new(program: &'static Program, args: impl Iterator<Item = OsString>) -> Args {
        let parser = lexopt::Parser::from_args(args.collect::<Vec<_>>());
        Args { parser, program, names: program.option_names().collect(), preferred: &[], current: "" }
    }

    /// If an abbreviation fits several names, one of these is meant. The classic commands list 2.4's
    /// options here, so that its abbreviations keep their meaning whatever is added.
    pub fn prefer(&mut self, names: &'static [&'static str]) {
        self.preferred = names;
    }

    /// The next argument. `--help`, `-h`, `--version` and `-V` are answered here.
    #[expect(clippy::should_implement_trait, reason = "between two calls one asks for values")]
    pub fn next(&mut self) -> Result<Option<Arg>> {
        let name = match self.parser.next().map_err(|error| usage(&error))? {
            None => return Ok(None),
            Some(lexopt::Arg::Value(value)) => return Ok(Some(Arg::Value(value))),
            Some(lexopt::Arg::Short(letter)) => format!("-{letter}"),
            Some(lexopt::Arg::Long(name)) => format!("--{name}"),
        };
        self.current = self.complete(&name)?;
        match self.current {
            "--help" => Err(Failure::Asked(self.program.long_help())),
            "-h" => Err(Failure::Asked(self.program.short_help())),
            "-V" | "--version" => {
                Err(Failure::Asked(format!("{} {}\n", self.program.name, env!("CARGO_PKG_VERSION"))))
            }
            name => Ok(Some(Arg::Option(name))),
        }
    }

    /// The value attached to the last option, as in `--local=ADDR`, for options that may go without.
    pub fn attached_value(&mut self) -> Option<OsString> {
        self.parser.optional_value()
    }

    /// The value of the last option, verbatim.
    pub fn value(&mut self) -> Result<OsString> {
        self.parser.value().map_err(|error| usage(&error))
    }

    /// The value of the last option, which must be UTF-8.
    pub fn text(&mut self) -> Result<String> {
        self.value()?.into_string().map_err(|value| self.bad_value(&value, "not UTF-8"))
    }

    /// The value of the last option: a number of seconds greater than 0.
    pub fn seconds(&mut self) -> Result<Time> {
        let value = self.value()?;
        match value.to_str().map(|text| Time::parse(&plain_number(text))) {
            Some(Ok(time)) if time > Time::ZERO => Ok(time),
            Some(Err(TimeFault::TooLarge)) => Err(self.bad_value(&value, "too large a number of seconds")),
            _ => Err(self.bad_value(&value, "not a number of seconds above 0")),
        }
    }

    /// The value of the last option: a number of columns or rows.
    pub fn cells(&mut self) -> Result<u16> {
        let value = self.value()?;
        let number = value.to_str().and_then(|text| text.parse().ok()).filter(|&number| number > 0);
        number.ok_or_else(|| self.bad_value(&value, "not a whole number from 1 to 65535"))
    }

    /// The value of the last option: a number greater than 0.
    pub fn factor(&mut self) -> Result<f64> {
        let value = self.value()?;
        match value.to_str().and_then(|text| text.parse::<f64>().ok()) {
            Some(factor) if factor > 0.0 && factor.is_finite() => Ok(factor),
            _ => Err(self.bad_value(&value, "not a number above 0")),
        }
    }

    /// The value of the last option: one of these names, with its meaning.
    pub fn choice<T: Copy>(&mut self, choices: &[(&str, T)]) -> Result<T> {
        let value = self.value()?;
        let chosen = choices.iter().find(|(name, _)| value == *name);
        chosen.map(|&(_, meaning)| meaning).ok_or_else(|| {
            let names: Vec<&str> = choices.iter().map(|&(name, _)| name).collect();
            self.bad_value(&value, &format!("not one of {}", names.join(", ")))
        })
    }

    /// The last option does not accept this value; `why` completes a sentence that begins
    /// "'VALUE' is".
    pub fn bad_value(&self, value: &OsStr, why: &str) -> Failure {
        let shown = visible(&value.to_string_lossy());
        Failure::Usage(format!("option '{}': '{shown}' is {why}", self.current))
    }

    /// The program does not take this argument.
    pub fn unexpected(&self, arg: &Arg) -> Failure {
        match arg {
            Arg::Option(name) => Failure::Usage(format!("option '{name}' cannot be used here")),
            Arg::Value(value) => {
                Failure::Usage(format!("unexpected argument '{}'", visible(&value.to_string_lossy())))
            }
        }
    }

    /// The full name of an option that may have been abbreviated.
    fn complete(&self, typed: &str) -> Result<&'static str> {
        if let Some(name) = self.names.iter().find(|&&name| name == typed) {
            return Ok(name);
        }
        let is_long = typed.len() > 2 && typed.starts_with("--");
        let names = || self.names.iter().copied().filter(|_| is_long);
        match abbreviation(typed, names(), self.preferred)[..] {
            [name] => Ok(name),
            [] => Err(Failure::Usage(match nearest(typed, self.names.iter().copied()) {
                Some(name) => format!("unknown option '{}'; did you mean '{name}'?", visible(typed)),
                None => format!("unknown option '{}'", visible(typed)),
            })),
            ref names => {
                let names = names.join(", ");
                Err(Failure::Usage(format!("option '{}' is ambiguous: {names}", visible(typed))))
            }
        }
    }
}

/// Rewrites a number as JSON requires it; `.5`, `5.`, `+5` and `05` are accepted as well.
pub fn plain_number(typed: &str) -> String {
    let typed = typed.trim().trim_start_matches('+');
    let (whole, rest) = typed.split_at(typed.find(|c: char| !c.is_ascii_digit()).unwrap_or(typed.len()));
    let has_decimals = rest.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if whole.is_empty() && !has_decimals {
        return typed.to_string();
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let rest = if rest.starts_with('.') && !has_decimals { &rest[1..] } else { rest };
    format!("{whole}{rest}")
}

fn usage(error: &lexopt::Error) -> Failure {
    Failure::Usage(match error {
        lexopt::Error::MissingValue { option: Some(option) } => format!("option '{option}' requires a value"),
        lexopt::Error::UnexpectedValue { option, .. } => format!("option '{option}' does not take a value"),
        error => visible(&error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::catalog::{Completion, flag, option};

    static PROGRAM: Program = Program {
        name: "asciinema-test",
        is_classic: true,
        summary: "test",
        usage: "[OPTION...]",
        about: "Tests.",
        options: &[
            option(&["-i", "--idle-time-limit"], "SECONDS", Completion::Text, "limit, not --nothing"),
            flag(&["--overwrite"], "replace FILE"),
            option(&["--output-format"], "FORMAT", Completion::OneOf(&["a", "b"]), "a or b"),
        ],
        operands: Completion::Nothing,
        examples: &["asciinema-test --foo"],
    };

    fn args(words: &[&str]) -> Args {
        Args::new(&PROGRAM, words.iter().map(OsString::from))
    }

    fn first(words: &[&str]) -> String {
        match args(words).next() {
            Ok(Some(Arg::Option(name))) => name.to_string(),
            Err(Failure::Usage(what)) => what,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn an_abbreviation_is_accepted_if_it_fits_one_name() {
        assert_eq!(first(&["--idle=3"]), "--idle-time-limit");
        assert_eq!(first(&["--o"]), "option '--o' is ambiguous: --overwrite, --output-format");
        let mut preferring = args(&["--o"]);
        preferring.prefer(&["--overwrite"]);
        assert!(matches!(preferring.next(), Ok(Some(Arg::Option("--overwrite")))));
    }

    #[test]
    fn an_unknown_option_is_reported_with_the_nearest_name() {
        assert_eq!(first(&["--overwirte"]), "unknown option '--overwirte'; did you mean '--overwrite'?");
        assert_eq!(first(&["--frob"]), "unknown option '--frob'");
        assert_eq!(first(&["-x"]), "unknown option '-x'");
    }

    #[test]
    fn a_number_of_seconds_may_be_written_informally() {
        for (typed, micros) in [
            ("2", 2_000_000),
            (".5", 500_000),
            ("5.", 5_000_000),
            ("1e9", 1_000_000_000_000_000),
            ("007.5", 7_500_000),
            ("+1", 1_000_000),
        ] {
            let mut args = args(&["-i", typed]);
            args.next().unwrap();
            assert_eq!(args.seconds().unwrap().as_micros(), micros, "{typed}");
        }
        for typed in ["0", "-1", "", ".", "inf", "nan", "1x", "1e99", "e5", "0.0000001"] {
            let mut args = args(&["-i", typed]);
            args.next().unwrap();
            assert!(matches!(args.seconds(), Err(Failure::Usage(_))), "{typed}");
        }
    }
}
