//! The command line: options in, messages out, and the one way in which a program ends.
//!
//! A program's `main` is one call of [`run`]. Its [`Help`] is the table of its options: what may be
//! abbreviated, and what an unknown option is compared with, is read off the text, so that an option
//! that the help does not name cannot be half there. Knows no casts, but for what a second is.

mod args;
mod help;
mod message;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

pub use args::{Arg, Args, nearest, plain_number};
pub use help::Help;
pub use message::{Speaker, colour_is_refused, io_text, source_name};

/// How the work of a program can end other than well.
#[derive(Debug)]
pub enum Failure {
    /// The command line is wrong: status 2, and a hint at `--help`.
    Usage(String),
    /// The work failed: status 1.
    Failed(String),
    /// The work failed, and this is the whole line, without the program's name: status 1.
    Said(String),
    /// All has been said already; only the status is left.
    Status(u8),
    /// A text was asked for, and nothing else: it goes to standard output, status 0.
    Asked(String),
}

/// What the parts of a program return.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure of an operation on a source or sink: its name as the user knows it, and the cause.
    pub fn io(name: &str, error: &std::io::Error) -> Failure {
        Failure::Failed(format!("{name}: {}", io_text(error)))
    }
}

/// Runs a program: the body parses the options and does the work; what comes of it becomes one line
/// on standard error and the exit status.
pub fn run(help: &'static Help, body: impl FnOnce(&mut Args) -> Result<()>) -> ExitCode {
    let mut args = Args::new(help, std::env::args_os().skip(1));
    let failure = match body(&mut args) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(failure) => failure,
    };
    let speaker = Speaker::new(help.speaker);
    match failure {
        Failure::Usage(what) => {
            speaker.error(&what);
            eprintln!("try '{} --help'", help.name);
            ExitCode::from(2)
        }
        Failure::Failed(what) => {
            speaker.error(&what);
            ExitCode::FAILURE
        }
        Failure::Said(line) => {
            eprintln!("{line}");
            ExitCode::FAILURE
        }
        Failure::Status(status) => ExitCode::from(status),
        Failure::Asked(text) => match std::io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                speaker.error(&format!("stdout: {}", io_text(&error)));
                ExitCode::FAILURE
            }
        },
    }
}

/// Another program of this package: the one that lies beside the running one, so that versions
/// match, else the one that `$PATH` finds.
pub fn sibling(name: &str) -> PathBuf {
    let own = std::env::current_exe().and_then(|path| path.canonicalize());
    let beside = own.ok().map(|path| path.with_file_name(name));
    beside.filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from(name))
}
