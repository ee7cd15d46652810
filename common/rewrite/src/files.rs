//! Files and pipes: the input and output of a cast.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Error, Seek};
use std::os::fd::AsFd;

use common::cli::{self, Failure};
use common::io::{self, AtomicFile, Input, unnamed_file};

use crate::finder::Finding;
use crate::patterns::Patterns;
use crate::work::{Job, Sink, Source, analyse, pass_on, write};

/// Rewrites a cast from a file or standard input to a file or standard output. `report` gets each
/// finding.
///
/// # Errors
///
/// A fault in the cast, or an error of reading or writing.
pub fn rewrite(
    source: Option<&OsStr>,
    sink: Option<&OsStr>,
    patterns: Patterns,
    job: &Job,
    mut report: impl FnMut(&Finding, &Patterns),
) -> cli::Result<()> {
    let (input, name) = io::open(source)?;
    let is_pipe = !job.is_whole && !is_file(&input).map_err(|error| Failure::io(&name, &error))?;
    let (mut writer, sink_name) = match sink.filter(|path| *path != "-") {
        Some(path) => {
            let name = cli::source_name(path);
            (AtomicFile::create(path).map_err(|error| Failure::io(&name, &error))?, name)
        }
        None => (AtomicFile::stdout().map_err(|error| Failure::io("stdout", &error))?, "stdout".to_string()),
    };
    let mut out = Sink::new(&mut writer, &sink_name);
    if is_pipe {
        pass_on(input, &name, patterns, job, &mut out, report)?;
    } else {
        let file = whole(input, &name)?;
        let source = Source::of(&file, &name).map_err(|error| Failure::io(&name, &error))?;
        let (mut analysis, _) = analyse(&source, patterns, job)?;
        for finding in analysis.take_findings() {
            report(&finding, analysis.patterns());
        }
        write(&source, &mut analysis, job, &mut out)?;
    }
    writer.finish().map_err(|error| Failure::io(&sink_name, &error))
}

/// Searches a cast without changing it. `report` gets each finding. Returns the patterns, and the
/// fault if the cast ends early.
///
/// # Errors
///
/// An error of reading, or a cast without a header.
pub fn inspect(
    source: Option<&OsStr>,
    patterns: Patterns,
    job: &Job,
    mut report: impl FnMut(&str, &Finding, &Patterns) -> cli::Result<()>,
) -> cli::Result<(Patterns, Option<Failure>)> {
    let (input, name) = io::open(source)?;
    let file = whole(input, &name)?;
    let source = Source::of(&file, &name).map_err(|error| Failure::io(&name, &error))?;
    let (mut analysis, broken) = analyse(&source, patterns, job)?;
    for finding in analysis.take_findings() {
        report(&name, &finding, analysis.patterns())?;
    }
    Ok((analysis.into_patterns(), broken))
}

/// Returns whether the input is a file, which can be read twice.
fn is_file(input: &Input) -> std::io::Result<bool> {
    let descriptor = input.as_fd().try_clone_to_owned()?;
    Ok(File::from(descriptor).metadata()?.is_file())
}

/// The file itself, or the data of a pipe or a compressed file in an unnamed file.
fn whole(mut input: Input, name: &str) -> cli::Result<File> {
    if is_file(&input).map_err(|error| Failure::io(name, &error))? {
        return input.into_file().map_err(|error| Failure::io(name, &error));
    }
    let failure = |error: Error| Failure::io("temporary file", &error);
    let mut copy = unnamed_file().map_err(failure)?;
    std::io::copy(&mut input, &mut copy).map_err(|error| Failure::io(name, &error))?;
    copy.rewind().map_err(failure)?;
    Ok(copy)
}
