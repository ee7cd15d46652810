//! The command line: options, messages, and the exit of a program.
//!
//! A program's `main` is one call of [`run`] with its entry in the [`catalog`], which lists its
//! options. Knows nothing about casts, except `Time` as the value of an option.

mod args;
pub mod catalog;
mod message;
mod names;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

pub use args::{Arg, Args, plain_number};
pub use catalog::Program;
pub use message::{Reporter, colour_is_refused, io_text, source_name, write_line};
pub use names::{abbreviation, nearest};

use crate::stream::Stream;
use crate::tty;

/// The ways a program can end other than successfully.
#[derive(Debug)]
pub enum Failure {
    /// The command line is wrong: status 2, and a hint at `--help`.
    Usage(String),
    /// The work failed: status 1.
    Failed(String),
    /// The work failed, and this is the whole line, without the program's name: status 1.
    Verbatim(String),
    /// Everything has been reported already; only the status is left.
    Status(u8),
    /// The user asked for a text, such as the help: it goes to standard output, status 0.
    Asked(String),
}

/// The result of a part of a program.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// An operation on a file or stream failed: its name as the user knows it, and the cause.
    pub fn io(name: &str, error: &std::io::Error) -> Failure {
        Failure::Failed(format!("{name}: {}", io_text(error)))
    }
}

/// Runs a program: the body parses the options and does the work; a failure becomes one line on
/// standard error and the exit status.
pub fn run(program: &'static Program, body: impl FnOnce(&mut Args) -> Result<()>) -> ExitCode {
    run_with(program, std::env::args_os().skip(1), body)
}

/// [`run`] with these arguments instead of the process's own.
pub fn run_with(
    program: &'static Program,
    args: impl Iterator<Item = OsString>,
    body: impl FnOnce(&mut Args) -> Result<()>,
) -> ExitCode {
    match body(&mut Args::new(program, args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => end(program.name, Reporter::new(program.reporter()), failure),
    }
}

/// Writes a text to standard output as the whole output of a program, which ends silently if the
/// reader has gone away.
pub fn print(text: &str) -> Result<()> {
    tty::restore_sigpipe();
    Stream::stdout()
        .and_then(|mut stdout| stdout.write_all(text.as_bytes()))
        .map_err(|error| Failure::io("stdout", &error))
}

/// Reports a failure; `name` is the program whose `--help` a user is referred to.
pub fn end(name: &str, reporter: Reporter, failure: Failure) -> ExitCode {
    match failure {
        Failure::Usage(what) => {
            reporter.error(&what);
            write_line(&format!("try '{name} --help'"));
            ExitCode::from(2)
        }
        Failure::Failed(what) => {
            reporter.error(&what);
            ExitCode::FAILURE
        }
        Failure::Verbatim(line) => {
            write_line(&line);
            ExitCode::FAILURE
        }
        Failure::Status(status) => ExitCode::from(status),
        Failure::Asked(text) => match print(&text) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => end(name, reporter, failure),
        },
    }
}
