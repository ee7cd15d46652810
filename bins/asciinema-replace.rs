//! Replaces text in a cast as it appears on the screen.
//!
//! Text is found as by redact: as it is shown, however it was written. The new text takes exactly
//! as many columns as the old one, so that nothing else moves on the screen.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use common::cli::{self, Arg, Failure, Program, catalog};
use common::tty;
use rewrite::{Job, Patterns, Substitute, Unusable};

const PROGRAM: Program = catalog::program("asciinema-replace");

/// The options.
struct Options {
    patterns: Patterns,
    job: Job,
    source: Option<OsString>,
    sink: Option<OsString>,
}

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| {
        let Options { patterns, job, source, sink } = parse(args)?;
        tty::restore_sigpipe();
        rewrite::rewrite(source.as_deref(), sink.as_deref(), patterns, &job, |_, _| {})
    })
}

fn parse(args: &mut cli::Args) -> cli::Result<Options> {
    let mut patterns = Patterns::default();
    let mut texts: Vec<String> = Vec::new();
    let mut is_whole = false;
    let (mut source, mut sink) = (None, None);
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Option(option @ ("-s" | "--string" | "-r" | "--regex")) => {
                let is_regex = matches!(option, "-r" | "--regex");
                let value = args.text()?;
                let Some((old, new)) = value.split_once('=').filter(|(old, _)| !old.is_empty()) else {
                    let form = if is_regex { "RE=WITH" } else { "TEXT=WITH" };
                    return Err(args.bad_value(OsStr::new(&value), &format!("not {form}")));
                };
                if value.contains(['\n', '\r']) {
                    return Err(args.bad_value(OsStr::new(&value), "not a single line"));
                }
                // Each is a separate kind, so that its number is that of its text.
                let kind = texts.len().to_string();
                if is_regex {
                    let added = patterns.add_regex(old, &kind);
                    added.map_err(|Unusable(why)| {
                        args.bad_value(OsStr::new(&value), &format!("not usable: {why}"))
                    })?;
                } else {
                    patterns.add_text(old, &kind);
                }
                texts.push(new.to_string());
            }
            Arg::Option("--whole") => is_whole = true,
            Arg::Option("-o" | "--output") => sink = Some(args.value()?),
            Arg::Value(path) if source.is_none() => source = Some(path),
            other => return Err(args.unexpected(&other)),
        }
    }
    if texts.is_empty() {
        return Err(Failure::Usage("one of the options -s and -r is required".to_string()));
    }
    patterns.prepare().map_err(|Unusable(why)| Failure::Failed(why))?;
    let job = Job { substitute: Substitute::Texts(texts), drops_input: false, is_whole };
    Ok(Options { patterns, job, source, sink })
}
