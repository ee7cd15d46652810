//! The command line.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use common::cli::{self, Arg, Failure, Program, catalog};
use common::text::visible;
use common::tty;
use rewrite::{Finding, Job, Patterns, Substitute, Unusable, width};

use crate::secrets::{self, SECRETS, Secret};

const PROGRAM: Program = catalog::program("asciinema-redact");

/// The options.
struct Options {
    patterns: Patterns,
    job: Job,
    report: Report,
    sources: Vec<OsString>,
    sink: Option<OsString>,
}

/// The way findings are reported.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Report {
    /// Not reported.
    Silent,
    /// A line each on standard error.
    Beside,
    /// A line each instead of the cast.
    Only,
}

/// The program.
pub fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| {
        let options = parse(args)?;
        tty::restore_sigpipe();
        match options.report {
            Report::Only => check(options),
            Report::Silent | Report::Beside => redact(options),
        }
    })
}

fn parse(args: &mut cli::Args) -> cli::Result<Options> {
    let mut options = Options {
        patterns: Patterns::default(),
        job: Job { substitute: Substitute::Mask('*'), drops_input: false, is_whole: false },
        report: Report::Silent,
        sources: Vec::new(),
        sink: None,
    };
    let mut mask = '*';
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Option("-s" | "--string") => {
                let text = args.text()?;
                if text.is_empty() {
                    return Err(args.bad_value(OsStr::new(""), "empty"));
                }
                if text.contains(['\n', '\r']) {
                    // A secret is not repeated in a message.
                    let what =
                        "the text of -s has more than one line; give each line by itself, or use --from-file";
                    return Err(Failure::Usage(what.to_string()));
                }
                options.patterns.add_text(&text, "string");
            }
            Arg::Option("-r" | "--regex") => {
                let text = args.text()?;
                let added = options.patterns.add_regex(&text, "regex");
                added
                    .map_err(|Unusable(why)| args.bad_value(text.as_ref(), &format!("not usable: {why}")))?;
            }
            Arg::Option("--secrets") => secrets::add_to(&mut options.patterns).map_err(failed)?,
            Arg::Option("--env") => add_variable(&args.text()?, &mut options.patterns)?,
            Arg::Option("-f" | "--from-file") => add_file(&args.value()?, &mut options.patterns)?,
            Arg::Option("--mask") => {
                let text = args.text()?;
                let mut characters = text.chars();
                mask = match (characters.next(), characters.next()) {
                    (Some(mask), None)
                        if width(mask) == 1 && !matches!(mask, ' ' | '"' | '\\' | '\u{80}'..='\u{a0}') =>
                    {
                        mask
                    }
                    _ => return Err(args.bad_value(text.as_ref(), "not a visible character of one column")),
                };
            }
            Arg::Option("--drop-input") => options.job.drops_input = true,
            Arg::Option("--whole") => options.job.is_whole = true,
            Arg::Option("--list-secrets") => return Err(Failure::Asked(list_secrets())),
            Arg::Option("--check") => options.report = Report::Only,
            Arg::Option("--report") if options.report == Report::Silent => options.report = Report::Beside,
            Arg::Option("--report") => {}
            Arg::Option("-o" | "--output") => options.sink = Some(args.value()?),
            Arg::Value(path) => options.sources.push(path),
            other => return Err(args.unexpected(&other)),
        }
    }
    let usage = |what: &str| Err(Failure::Usage(what.to_string()));
    let Options { patterns, job, report, sources, sink } = &mut options;
    job.substitute = Substitute::Mask(mask);
    if patterns.is_empty() {
        return usage("one of the options -s, -r, --secrets, --env, -f is required");
    }
    if patterns.is_mask_among(mask) {
        return usage("a text to redact consists of mask characters; choose another mask with --mask");
    }
    if *report != Report::Only && sources.len() > 1 {
        return usage("only --check takes several files");
    }
    if *report == Report::Only && sink.is_some() {
        return usage("options '--check' and '-o' exclude each other");
    }
    patterns.prepare().map_err(failed)?;
    Ok(options)
}

fn failed(Unusable(why): Unusable) -> Failure {
    Failure::Failed(why)
}

/// The shortest line to search for in a variable with several lines, in characters: a brace of a
/// JSON document is not a secret.
const SHORTEST_LINE: usize = 8;

/// Adds the value of an environment variable to the patterns.
fn add_variable(name: &str, patterns: &mut Patterns) -> cli::Result<()> {
    let shown = visible(name);
    let value = std::env::var_os(name).unwrap_or_default();
    let value =
        value.into_string().map_err(|_| Failure::Usage(format!("variable '{shown}' is not UTF-8")))?;
    let lines: Vec<&str> = value.lines().collect();
    let shortest = if lines.len() > 1 { SHORTEST_LINE } else { 1 };
    let mut lines = lines.into_iter().filter(|line| line.chars().count() >= shortest).peekable();
    if lines.peek().is_none() {
        // In a CI job without its secrets, nothing would be found and everything would seem fine.
        return Err(Failure::Usage(format!("variable '{shown}' is not set or is empty")));
    }
    lines.for_each(|line| patterns.add_text(line, &format!("env {name}")));
    Ok(())
}

/// Adds each line of a file to the patterns.
fn add_file(path: &OsStr, patterns: &mut Patterns) -> cli::Result<()> {
    let name = cli::source_name(path);
    let text = fs::read_to_string(path).map_err(|error| Failure::io(&name, &error))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
    lines.for_each(|(index, line)| patterns.add_text(line, &format!("{name}:{}", index + 1)));
    Ok(())
}

/// The known kinds, each with an example, a counterexample and its expression.
fn list_secrets() -> String {
    let entry = |secret: &Secret| {
        let Secret { name, example, counterexample, pattern, .. } = secret;
        format!(
            "{name}\n    finds   {}\n    but not {counterexample}\n    by      {pattern}\n",
            example.concat()
        )
    };
    SECRETS.iter().map(entry).collect()
}

/// The line for a finding, without its line end.
fn spelled(finding: &Finding, patterns: &Patterns) -> String {
    let mut time = Vec::new();
    finding.time.write_short_seconds(&mut time);
    format!("{}: {}", String::from_utf8_lossy(&time), visible(patterns.kind(finding.kind)))
}

/// Prints the findings in all casts, one per line; status 1 if there are any.
fn check(options: Options) -> cli::Result<()> {
    let Options { mut patterns, job, sources, .. } = options;
    let sources = if sources.is_empty() { vec![None] } else { sources.into_iter().map(Some).collect() };
    let is_alone = sources.len() == 1;
    let mut has_any = false;
    let mut failures = Vec::new();
    for path in sources {
        let mut tell = |name: &str, finding: &Finding, patterns: &Patterns| {
            has_any = true;
            let front = if is_alone { String::new() } else { format!("{name}:") };
            let line = format!("{front}{}\n", spelled(finding, patterns));
            stdout().write_all(line.as_bytes()).map_err(|error| Failure::io("stdout", &error))
        };
        let failure;
        (patterns, failure) = rewrite::inspect(path.as_deref(), patterns, &job, &mut tell)?;
        failures.extend(failure);
    }
    match failures.pop() {
        Some(failure) => Err(failure),
        None if has_any => Err(Failure::Status(1)),
        None => Ok(()),
    }
}

fn redact(options: Options) -> cli::Result<()> {
    let Options { patterns, job, report, sources, sink } = options;
    let source = sources.first().map(OsString::as_os_str);
    rewrite::rewrite(source, sink.as_deref(), patterns, &job, |finding, patterns| {
        if report == Report::Beside {
            // Redaction continues even if standard error is closed.
            let _ = writeln!(stderr(), "{}", spelled(finding, patterns));
        }
    })
}
