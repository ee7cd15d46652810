//! The source of a cast to play or print: a file, standard input, or a URL, which `asciinema-fetch`
//! opens. A program that holds the terminal contains no network code.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::cli::{self, Failure};
use crate::io::{Follow, Input, Stream, sibling};

/// The program that opens URLs.
const FETCH: &str = "asciinema-fetch";

/// An open source.
pub struct Source {
    /// Its name in messages.
    pub name: String,
    fetch: Option<Child>,
}

impl Source {
    /// Opens a source, and returns the input to read.
    pub fn open(path: &OsStr) -> cli::Result<(Input, Source)> {
        if !is_url(path) {
            let (input, name) = open(Some(path))?;
            return Ok((input, Source { name, fetch: None }));
        }
        let name = cli::source_name(path);
        let failed = |error: io::Error| Failure::io(FETCH, &error);
        let mut command = Command::new(sibling(FETCH));
        command.arg("--").arg(path).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut fetch = command.spawn().map_err(failed)?;
        let Some(stdout) = fetch.stdout.take() else { return Err(failed(io::ErrorKind::BrokenPipe.into())) };
        let stream = Stream::from(File::from(OwnedFd::from(stdout)));
        Ok((Input::from(stream), Source { name, fetch: Some(fetch) }))
    }

    /// Closes the source after it was read, to the end or in part. If fetching a URL failed, that
    /// error replaces the reader's outcome.
    pub fn finish<T>(self, outcome: cli::Result<T>) -> cli::Result<T> {
        let Some(mut fetch) = self.fetch else { return outcome };
        if outcome.is_err() && !ends_soon(&mut fetch) {
            // The fetch did not cause the error, and the rest of its output is not needed.
            let _ = fetch.kill();
            let _ = fetch.wait();
            return outcome;
        }
        let mut said = String::new();
        if let Some(mut stderr) = fetch.stderr.take() {
            let _ = stderr.read_to_string(&mut said);
        }
        match fetch.wait() {
            // It is killed by SIGPIPE if the reader stops early; then the reader knows why.
            Ok(status) if status.code().is_none_or(|code| code == 0) => outcome,
            _ => {
                let line = said.lines().next().unwrap_or("asciinema-fetch failed");
                let line = line.strip_prefix("asciinema-fetch: ").unwrap_or(line);
                Err(Failure::Failed(line.to_string()))
            }
        }
    }
}

/// Opens a growing file, read until a signal arrives or the reader stops. Returns it with its name
/// for messages.
pub fn follow(path: Option<&OsStr>) -> cli::Result<(Input, String)> {
    let Some(path) = path.filter(|path| *path != "-") else {
        return Err(Failure::Usage("--follow requires a FILE".to_string()));
    };
    let name = cli::source_name(path);
    let follow = Follow::open(path).map_err(|error| Failure::io(&name, &error))?;
    Ok((Input::follow(follow), name))
}

/// Opens a file, or standard input for `-` and for no name. Returns it with its name for messages.
pub fn open(path: Option<&OsStr>) -> cli::Result<(Input, String)> {
    let Some(path) = path.filter(|path| *path != "-") else {
        if path.is_none() && io::stdin().is_terminal() {
            let what = "stdin is a terminal; name a cast or pipe one in";
            return Err(Failure::Usage(what.to_string()));
        }
        let stream = Stream::stdin().map_err(|error| Failure::io("stdin", &error))?;
        return Ok((Input::from(stream), "stdin".to_string()));
    };
    let name = cli::source_name(path);
    let file = File::open(path).map_err(|error| Failure::io(&name, &error))?;
    Ok((Input::from(Stream::from(file)), name))
}

/// Returns whether a program that has closed its output, if it has, also exits.
fn ends_soon(child: &mut Child) -> bool {
    const STEP: Duration = Duration::from_millis(5);
    (0..40).any(|_| {
        let has_ended = matches!(child.try_wait(), Ok(Some(_)));
        if !has_ended {
            thread::sleep(STEP);
        }
        has_ended
    })
}

fn is_url(path: &OsStr) -> bool {
    let schemes = ["http://", "https://", "ipfs://", "dweb:/ipfs/"];
    path.to_str().is_some_and(|path| schemes.iter().any(|scheme| path.starts_with(scheme)))
}
