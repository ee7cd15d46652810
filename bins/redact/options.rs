//! The command line.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{Seek, Write, stderr, stdout};
use std::os::fd::AsFd;
use std::process::ExitCode;

use common::cli::{self, Arg, Failure, Program, catalog};
use common::io::{self, AtomicFile, Input, unnamed_file};
use common::text::visible;
use common::tty;

use crate::analysis::Finding;
use crate::mask::width;
use crate::patterns::{Patterns, Unusable};
use crate::secrets::{SECRETS, Secret};
use crate::work::{self, Job, Sink, Source};

const PROGRAM: Program = catalog::program("asciinema-redact");

/// What the command line says.
struct Options {
    patterns: Patterns,
    job: Job,
    is_whole: bool,
    report: Report,
    sources: Vec<OsString>,
    sink: Option<OsString>,
}

/// What is said of what was found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Report {
    /// Nothing.
    Silent,
    /// A line for each, on standard error.
    Beside,
    /// A line for each, instead of the cast.
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
        job: Job { mask: '*', drops_input: false },
        is_whole: false,
        report: Report::Silent,
        sources: Vec::new(),
        sink: None,
    };
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Option("-s" | "--string") => {
                let text = args.text()?;
                if text.is_empty() {
                    return Err(args.bad_value(OsStr::new(""), "empty"));
                }
                options.patterns.add_text(&text, "string");
            }
            Arg::Option("-r" | "--regex") => {
                let text = args.text()?;
                let added = options.patterns.add_regex(&text, "regex");
                added
                    .map_err(|Unusable(why)| args.bad_value(text.as_ref(), &format!("not usable: {why}")))?;
            }
            Arg::Option("--secrets") => options.patterns.add_secrets().map_err(failed)?,
            Arg::Option("--env") => add_variable(&args.text()?, &mut options.patterns)?,
            Arg::Option("-f" | "--from-file") => add_file(&args.value()?, &mut options.patterns)?,
            Arg::Option("--mask") => {
                let text = args.text()?;
                let mut characters = text.chars();
                options.job.mask = match (characters.next(), characters.next()) {
                    (Some(mask), None)
                        if width(mask) == 1 && !matches!(mask, ' ' | '"' | '\\' | '\u{80}'..='\u{a0}') =>
                    {
                        mask
                    }
                    _ => return Err(args.bad_value(text.as_ref(), "not a visible character of one column")),
                };
            }
            Arg::Option("--drop-input") => options.job.drops_input = true,
            Arg::Option("--whole") => options.is_whole = true,
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
    let Options { patterns, job, report, sources, sink, .. } = &mut options;
    if patterns.is_empty() {
        return usage("one of the options -s, -r, --secrets, --env, -f is required");
    }
    if patterns.is_mask_among(job.mask) {
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

/// The shortest line of a variable with several lines that is looked for, in characters: a brace of a
/// JSON document is no secret.
const SHORTEST_LINE: usize = 8;

/// Looks for the value of an environment variable.
fn add_variable(name: &str, patterns: &mut Patterns) -> cli::Result<()> {
    let shown = visible(name);
    let value = std::env::var_os(name).unwrap_or_default();
    let value =
        value.into_string().map_err(|_| Failure::Usage(format!("variable '{shown}' is not UTF-8")))?;
    let lines: Vec<&str> = value.lines().collect();
    let shortest = if lines.len() > 1 { SHORTEST_LINE } else { 1 };
    let mut lines = lines.into_iter().filter(|line| line.chars().count() >= shortest).peekable();
    if lines.peek().is_none() {
        // In a CI job without its secrets, nothing would be found and all seem well.
        return Err(Failure::Usage(format!("variable '{shown}' is not set or is empty")));
    }
    lines.for_each(|line| patterns.add_text(line, &format!("env {name}")));
    Ok(())
}

/// Looks for each line of a file.
fn add_file(path: &OsStr, patterns: &mut Patterns) -> cli::Result<()> {
    let name = cli::source_name(path);
    let text = fs::read_to_string(path).map_err(|error| Failure::io(&name, &error))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
    lines.for_each(|(index, line)| patterns.add_text(line, &format!("{name}:{}", index + 1)));
    Ok(())
}

/// The known kinds: what each finds, what it does not, and its expression.
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

/// A finding as a line, without its end.
fn spelled(finding: &Finding, patterns: &Patterns) -> String {
    let mut time = Vec::new();
    finding.time.write_short_seconds(&mut time);
    format!("{}: {}", String::from_utf8_lossy(&time), visible(patterns.kind(finding.kind)))
}

/// What is found in all casts, a line each; status 1 if anything is.
fn check(options: Options) -> cli::Result<()> {
    let Options { patterns, job, sources, .. } = options;
    let sources = if sources.is_empty() { vec![None] } else { sources.into_iter().map(Some).collect() };
    let is_alone = sources.len() == 1;
    let mut has_any = false;
    let mut patterns = Some(patterns);
    let mut failures = Vec::new();
    for path in sources {
        let (input, name) = io::open(path.as_deref())?;
        let file = whole(input, &name)?;
        let source = Source::of(&file, &name).map_err(|error| Failure::io(&name, &error))?;
        let (mut analysis, error) = work::analyse(&source, patterns.take().unwrap_or_default(), &job)?;
        failures.extend(error);
        let finder = analysis.finder();
        let findings = std::mem::take(&mut finder.findings);
        has_any |= !findings.is_empty();
        let front = if is_alone { String::new() } else { format!("{name}:") };
        let line = |finding: &Finding| format!("{front}{}\n", spelled(finding, &finder.patterns));
        let lines: String = findings.iter().map(line).collect();
        stdout().write_all(lines.as_bytes()).map_err(|error| Failure::io("stdout", &error))?;
        patterns = Some(analysis.into_patterns());
    }
    match failures.pop() {
        Some(failure) => Err(failure),
        None if has_any => Err(Failure::Status(1)),
        None => Ok(()),
    }
}

fn redact(options: Options) -> cli::Result<()> {
    let Options { patterns, job, is_whole, report, sources, sink } = options;
    let (input, name) = io::open(sources.first().map(OsString::as_os_str))?;
    let is_file = is_file(&input).map_err(|error| Failure::io(&name, &error))?;
    let (mut writer, sink_name) = match sink.as_deref().filter(|path| *path != "-") {
        Some(path) => {
            let name = cli::source_name(path);
            (AtomicFile::create(path).map_err(|error| Failure::io(&name, &error))?, name)
        }
        None => (AtomicFile::stdout().map_err(|error| Failure::io("stdout", &error))?, "stdout".to_string()),
    };
    let mut out = Sink { writer: &mut writer, name: &sink_name, held: Vec::new() };
    let tell = |finding: &Finding, patterns: &Patterns| {
        if report == Report::Beside {
            // A closed standard error is no reason not to redact.
            let _ = writeln!(stderr(), "{}", spelled(finding, patterns));
        }
    };
    if !is_whole && !is_file {
        work::pass_on(input, &name, patterns, &job, &mut out, tell)?;
    } else {
        let file = whole(input, &name)?;
        let source = Source::of(&file, &name).map_err(|error| Failure::io(&name, &error))?;
        let (mut analysis, _) = work::analyse(&source, patterns, &job)?;
        let finder = analysis.finder();
        for finding in finder.findings.drain(..) {
            tell(&finding, &finder.patterns);
        }
        work::write(&source, &mut analysis, &job, &mut out)?;
    }
    writer.finish().map_err(|error| Failure::io(&sink_name, &error))
}

/// Whether the input is a file, which can be read twice.
fn is_file(input: &Input) -> std::io::Result<bool> {
    let descriptor = input.as_fd().try_clone_to_owned()?;
    Ok(File::from(descriptor).metadata()?.is_file())
}

/// The file itself, or what can be read from a pipe to its end, in a file without a name; so is what
/// is compressed.
fn whole(mut input: Input, name: &str) -> cli::Result<File> {
    if is_file(&input).map_err(|error| Failure::io(name, &error))? {
        return input.into_file().map_err(|error| Failure::io(name, &error));
    }
    let failure = |error: std::io::Error| Failure::io("temporary file", &error);
    let mut copy = unnamed_file().map_err(failure)?;
    std::io::copy(&mut input, &mut copy).map_err(|error| Failure::io(name, &error))?;
    copy.rewind().map_err(failure)?;
    Ok(copy)
}
