//! Where a cast to be played or printed comes from: a file, standard input, or a URL, which
//! `asciinema-fetch` opens for us. A program that holds the terminal has no network code in it.

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
    /// What messages call it.
    pub name: String,
    fetch: Option<Child>,
}

impl Source {
    /// Opens a source, and returns what it is read from.
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

    /// Ends it after it has been read, to its end or as far as was wanted. What the fetching of a
    /// URL failed with takes the place of what the reader made of that.
    pub fn finish<T>(self, outcome: cli::Result<T>) -> cli::Result<T> {
        let Some(mut fetch) = self.fetch else { return outcome };
        if outcome.is_err() && !ends_soon(&mut fetch) {
            // It is not the cause, and what it still has to say nobody wants to know any more.
            let _ = fetch.kill();
            let _ = fetch.wait();
            return outcome;
        }
        let mut said = String::new();
        if let Some(mut stderr) = fetch.stderr.take() {
            let _ = stderr.read_to_string(&mut said);
        }
        match fetch.wait() {
            // A reader that stopped early ends it by SIGPIPE; then the reader knows why.
            Ok(status) if status.code().is_none_or(|code| code == 0) => outcome,
            _ => {
                let line = said.lines().next().unwrap_or("it failed without a word");
                let line = line.strip_prefix("asciinema-fetch: ").unwrap_or(line);
                Err(Failure::Failed(line.to_string()))
            }
        }
    }
}

/// Opens a file that still grows, to be read until a signal or its reader ends that; and its name in
/// messages.
pub fn follow(path: Option<&OsStr>) -> cli::Result<(Input, String)> {
    let Some(path) = path.filter(|path| *path != "-") else {
        return Err(Failure::Usage("--follow requires a FILE".to_string()));
    };
    let name = cli::source_name(path);
    let follow = Follow::open(path).map_err(|error| Failure::io(&name, &error))?;
    Ok((Input::follow(follow), name))
}

/// Opens a file, or standard input for `-` and where nothing is named; and its name in messages.
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

/// Whether a program that has closed its output, if it has, ends as well.
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
