//! The options of a command line, one after the other, with the names completed and the values read.

use std::ffi::{OsStr, OsString};

use super::{Failure, Help, Result};
use crate::cast::{Time, TimeFault};
use crate::text::visible;

/// One thing on a command line.
#[derive(Debug)]
pub enum Arg {
    /// An option by a name that the help text lists, dashes included.
    Option(&'static str),
    /// Anything that is no option.
    Value(OsString),
}

/// The command line of a program.
pub struct Args {
    parser: lexopt::Parser,
    help: &'static Help,
    /// Every name of every option, dashes included, as the help text lists them.
    names: Vec<&'static str>,
    /// Names that win where an abbreviation fits several.
    preferred: &'static [&'static str],
    /// The option that was returned last, for messages about its value.
    current: &'static str,
}

impl Args {
    pub(super) fn new(help: &'static Help, args: impl Iterator<Item = OsString>) -> Args {
        let parser = lexopt::Parser::from_args(args.collect::<Vec<_>>());
        Args { parser, help, names: help.option_names().collect(), preferred: &[], current: "" }
    }

    /// Where an abbreviation fits several names, those of this list are looked at alone. The
    /// classic commands name 2.4's options here, so that later additions leave its abbreviations be.
    pub fn prefer(&mut self, names: &'static [&'static str]) {
        self.preferred = names;
    }

    /// The next thing on the command line. `--help`, `-h`, `--version` and `-V` are answered here.
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
            "--help" => Err(Failure::Asked(self.help.long())),
            "-h" => Err(Failure::Asked(self.help.short())),
            "-V" | "--version" => {
                Err(Failure::Asked(format!("{} {}\n", self.help.name, env!("CARGO_PKG_VERSION"))))
            }
            name => Ok(Some(Arg::Option(name))),
        }
    }

    /// The value of the option just returned, as it stands.
    pub fn value(&mut self) -> Result<OsString> {
        self.parser.value().map_err(|error| usage(&error))
    }

    /// The value of the option just returned, which must be text.
    pub fn text(&mut self) -> Result<String> {
        self.value()?.into_string().map_err(|value| self.bad_value(&value, "not UTF-8"))
    }

    /// The value of the option just returned: a number of seconds above zero.
    pub fn seconds(&mut self) -> Result<Time> {
        let value = self.value()?;
        match value.to_str().map(|text| Time::parse(&plain_number(text))) {
            Some(Ok(time)) if time > Time::ZERO => Ok(time),
            Some(Err(TimeFault::TooLarge)) => Err(self.bad_value(&value, "too large a number of seconds")),
            _ => Err(self.bad_value(&value, "not a number of seconds above 0")),
        }
    }

    /// The value of the option just returned: a number above zero.
    pub fn factor(&mut self) -> Result<f64> {
        let value = self.value()?;
        match value.to_str().and_then(|text| text.parse::<f64>().ok()) {
            Some(factor) if factor > 0.0 && factor.is_finite() => Ok(factor),
            _ => Err(self.bad_value(&value, "not a number above 0")),
        }
    }

    /// The value of the option just returned: one of these names, and what it stands for.
    pub fn choice<T: Copy>(&mut self, choices: &[(&str, T)]) -> Result<T> {
        let value = self.value()?;
        let chosen = choices.iter().find(|(name, _)| value == *name);
        chosen.map(|&(_, meaning)| meaning).ok_or_else(|| {
            let names: Vec<&str> = choices.iter().map(|&(name, _)| name).collect();
            self.bad_value(&value, &format!("none of {}", names.join(", ")))
        })
    }

    /// The failure of a value that the option just returned cannot take; `why` completes a sentence
    /// that begins "'VALUE' is".
    pub fn bad_value(&self, value: &OsStr, why: &str) -> Failure {
        let shown = visible(&value.to_string_lossy());
        Failure::Usage(format!("option '{}': '{shown}' is {why}", self.current))
    }

    /// The failure of something that has no place on this command line.
    pub fn unexpected(&self, arg: &Arg) -> Failure {
        match arg {
            Arg::Option(name) => Failure::Usage(format!("option '{name}' has no meaning here")),
            Arg::Value(value) => {
                Failure::Usage(format!("unexpected argument '{}'", visible(&value.to_string_lossy())))
            }
        }
    }

    /// The full name that a name as typed stands for.
    fn complete(&self, typed: &str) -> Result<&'static str> {
        if let Some(name) = self.names.iter().find(|&&name| name == typed) {
            return Ok(name);
        }
        let fits =
            |name: &&&'static str| typed.len() > 2 && typed.starts_with("--") && name.starts_with(typed);
        let mut fitting: Vec<&'static str> = self.names.iter().filter(fits).copied().collect();
        if fitting.len() > 1 {
            let preferred: Vec<_> = self.preferred.iter().filter(fits).copied().collect();
            if !preferred.is_empty() {
                fitting = preferred;
            }
        }
        match fitting[..] {
            [name] => Ok(name),
            [] => Err(Failure::Usage(match nearest(typed, self.names.iter().copied()) {
                Some(name) => format!("unknown option '{}', did you mean '{name}'?", visible(typed)),
                None => format!("unknown option '{}'", visible(typed)),
            })),
            _ => {
                let choices = fitting.join(", ");
                Err(Failure::Usage(format!("option '{}' is ambiguous: {choices}", visible(typed))))
            }
        }
    }
}

/// The name that a mistyped one is most like, if it is like any: at most a third of it is wrong.
pub fn nearest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, name) = names.map(|name| (distance(typed, name), name)).min_by_key(|&(d, _)| d)?;
    (distance <= typed.chars().count() / 3).then_some(name)
}

/// How many characters must be put in, taken out or replaced to make one word of the other
/// (Levenshtein's distance).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// A number as people type it, spelled as JSON wants it: `.5`, `5.`, `+5` and `05` are fine too.
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
        lexopt::Error::MissingValue { option: Some(option) } => format!("option '{option}' wants a value"),
        lexopt::Error::UnexpectedValue { option, .. } => format!("option '{option}' takes no value"),
        error => visible(&error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    static HELP: Help = Help {
        name: "asciinema-test",
        speaker: "asciinema",
        usage: "[OPTION...]",
        about: "Tests.",
        options: "  -i, --idle-time-limit SECONDS  limit of --nothing\n                                 wrapped --too\n",
        shared_options: "      --overwrite, --output-format F  what\n",
        examples: "  asciinema-test --foo\n",
    };

    fn args(words: &[&str]) -> Args {
        Args::new(&HELP, words.iter().map(OsString::from))
    }

    fn first(words: &[&str]) -> String {
        match args(words).next() {
            Ok(Some(Arg::Option(name))) => name.to_string(),
            Err(Failure::Usage(what)) => what,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn an_abbreviation_is_enough_where_it_fits_one_name() {
        assert_eq!(first(&["--idle=3"]), "--idle-time-limit");
        assert_eq!(first(&["--o"]), "option '--o' is ambiguous: --overwrite, --output-format");
        let mut preferring = args(&["--o"]);
        preferring.prefer(&["--overwrite"]);
        assert!(matches!(preferring.next(), Ok(Some(Arg::Option("--overwrite")))));
    }

    #[test]
    fn an_unknown_option_is_named_with_the_nearest() {
        assert_eq!(first(&["--overwirte"]), "unknown option '--overwirte', did you mean '--overwrite'?");
        assert_eq!(first(&["--frob"]), "unknown option '--frob'");
        assert_eq!(first(&["-x"]), "unknown option '-x'");
    }

    #[test]
    fn a_number_of_seconds_may_be_spelled_as_people_do() {
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

    #[test]
    fn the_help_tells_which_options_there_are() {
        let names: Vec<_> = HELP.option_names().collect();
        let shared = ["-h", "--help", "-V", "--version"];
        assert_eq!(
            names,
            [&["-i", "--idle-time-limit", "--overwrite", "--output-format"], &shared[..]].concat()
        );
        assert_eq!(HELP.long(), format!("{}\nexamples:\n  asciinema-test --foo\n", HELP.short()));
    }
}
