//! Reports everything that is wrong with casts, and repairs them.
//!
//! `rules` knows the rules for a cast, `repair` writes everything of a damaged one that can be
//! kept. Anything that asciinema-server's decoder rejects is a fault; anything that is merely odd
//! is a warning.

mod repair;
mod rules;

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::process::ExitCode;

use common::cast::{Error, Item, Reader};
use common::cli::{self, Arg, Args, Failure, Program, Reporter, catalog};
use common::io::{AtomicFile, Stream, open};
use common::{filter, tty};

use repair::Repair;
use rules::{Finding, Level, Rules};

const PROGRAM: Program = catalog::program("asciinema-check");

/// The command line.
struct Options {
    files: Vec<OsString>,
    is_strict: bool,
    wants_json: bool,
    repairs: bool,
    out: Option<OsString>,
}

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| {
        let options = parse(args)?;
        tty::restore_sigpipe();
        match options.repairs {
            true => repair_file(&options),
            false => check_files(&options),
        }
    })
}

fn parse(args: &mut Args) -> cli::Result<Options> {
    let mut options =
        Options { files: Vec::new(), is_strict: false, wants_json: false, repairs: false, out: None };
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Option("--strict") => options.is_strict = true,
            Arg::Option("--json") => options.wants_json = true,
            Arg::Option("--repair") => options.repairs = true,
            Arg::Option("-o" | "--output") => options.out = Some(args.value()?),
            Arg::Value(file) => options.files.push(file),
            other => return Err(args.unexpected(&other)),
        }
    }
    let usage = |what: &str| Err(Failure::Usage(what.to_string()));
    if options.out.is_some() && !options.repairs {
        return usage("option '-o' requires '--repair'");
    }
    if options.repairs && (options.wants_json || options.is_strict) {
        return usage("options '--json' and '--strict' cannot be used with '--repair'");
    }
    if options.repairs && options.files.len() > 1 {
        return usage("option '--repair' takes one FILE");
    }
    Ok(options)
}

/// Reports on each of the files. An unreadable file does not keep the others from being checked.
fn check_files(options: &Options) -> cli::Result<()> {
    let stdout = Stream::stdout().map_err(|error| Failure::io("stdout", &error))?;
    let mut report = Report { options, stdout, text: Vec::new(), has_faults: false };
    if options.files.is_empty() {
        report.check(None)?;
    }
    for file in &options.files {
        match report.check(Some(file)) {
            Err(Failure::Failed(what)) => {
                Reporter::new(PROGRAM.reporter()).error(&what);
                report.has_faults = true;
            }
            outcome => outcome?,
        }
    }
    if report.has_faults { Err(Failure::Status(1)) } else { Ok(()) }
}

/// The findings to report on standard output.
struct Report<'a> {
    options: &'a Options,
    stdout: Stream,
    /// The text not written yet.
    text: Vec<u8>,
    has_faults: bool,
}

impl Report<'_> {
    /// Reports on a file, or on standard input if none is given.
    fn check(&mut self, file: Option<&OsStr>) -> cli::Result<()> {
        let (stream, name) = open(file)?;
        let mut reader = Reader::new(stream);
        let mut rules = Rules::default();
        let mut findings = Vec::new();
        loop {
            match reader.next() {
                Ok(Some(Item::Header(header))) => rules.header(&header, &mut findings),
                Ok(Some(Item::Event(event))) => rules.event(&event, &mut findings),
                Ok(Some(Item::Ignored(line))) => rules.ignored(line, &mut findings),
                Ok(Some(Item::End)) => {
                    rules.end(&mut findings);
                    self.add(&name, 1, &mut findings);
                    return self.write();
                }
                Ok(None) => {
                    self.write()?;
                    reader.fill().map_err(|error| filter::failure(&name, error))?;
                }
                Err(Error::Line { fault, .. }) => {
                    rules.broken();
                    findings.push(Finding::fault(fault.to_string()));
                }
                Err(Error::Empty) => {
                    findings.push(Finding::fault("the input is empty".to_string()));
                    self.add(&name, 1, &mut findings);
                    return self.write();
                }
                Err(error) => return Err(filter::failure(&name, error)),
            }
            self.add(&name, reader.line(), &mut findings);
        }
    }

    /// Adds the findings for a line.
    fn add(&mut self, name: &str, line: u64, findings: &mut Vec<Finding>) {
        for Finding { level, what } in findings.drain(..) {
            let is_fault = level == Level::Fault || self.options.is_strict;
            self.has_faults |= is_fault;
            let level = if is_fault { "fault" } else { "warning" };
            let text = match (self.options.wants_json, is_fault) {
                (true, _) => {
                    serde_json::json!({"file": name, "line": line, "level": level, "what": what}).to_string()
                }
                (false, true) => format!("{name}: line {line}: {what}"),
                (false, false) => format!("{name}: line {line}: warning: {what}"),
            };
            self.text.extend_from_slice(text.as_bytes());
            self.text.push(b'\n');
        }
    }

    fn write(&mut self) -> cli::Result<()> {
        self.stdout.write_all(&self.text).map_err(|error| Failure::io("stdout", &error))?;
        self.text.clear();
        Ok(())
    }
}

/// Writes everything of a cast that can be kept, and reports the rest.
fn repair_file(options: &Options) -> cli::Result<()> {
    let (stream, name) = open(options.files.first().map(OsString::as_os_str))?;
    let (mut sink, sink_name) = AtomicFile::open(options.out.as_deref())?;
    let mut reader = Reader::new(stream);
    let mut repair = Repair::default();
    loop {
        match reader.next() {
            Ok(Some(Item::Header(header))) => repair.header(header),
            Ok(Some(Item::Event(event))) => repair.event(&event),
            Ok(Some(Item::Ignored(line))) => repair.ignored(line),
            Ok(Some(Item::End)) => break,
            Ok(None) => {
                let written = sink.write_all(repair.output());
                written.map_err(|error| Failure::io(&sink_name, &error))?;
                repair.clear();
                reader.fill().map_err(|error| filter::failure(&name, error))?;
            }
            // Without a header there is nothing to keep.
            Err(error @ Error::Line { .. }) if !repair.has_header() => {
                return Err(filter::failure(&name, error));
            }
            Err(Error::Line { .. }) => repair.broken(),
            Err(error) => return Err(filter::failure(&name, error)),
        }
    }
    let written = sink.write_all(repair.output()).and_then(|()| sink.finish());
    written.map_err(|error| Failure::io(&sink_name, &error))?;
    if let Some(summary) = repair.summary() {
        Reporter::new(PROGRAM.reporter()).notice(&format!("{name}: {summary}"));
    }
    Ok(())
}
