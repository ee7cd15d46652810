//! The prompt after a recording without a file name: save, upload or discard.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::process::{Command, ExitStatus};

use common::cli::{self, Failure, Reporter, Result};
use common::io::{Stream, sibling};
use common::tty::{self, Interest, Signal, Signals};

/// The choices for the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Save,
    Upload,
    Discard,
}

/// Asks until there is a valid answer. End of input and ctrl-c mean save.
///
/// # Errors
///
/// The terminal is gone.
pub fn ask(host: &str) -> io::Result<Answer> {
    let mut signals = Signals::catch(&[Signal::SIGINT])?;
    let mut stdin = Stream::stdin()?;
    let is_plain = !io::stderr().is_terminal() || cli::colour_is_refused();
    let bold = |letter: &str| if is_plain { letter.to_string() } else { format!("\x1b[1m{letter}\x1b[0m") };
    let (save, upload, discard) = (bold("s"), bold("u"), bold("d"));
    loop {
        let question =
            format!("({save})ave locally, ({upload})pload to {host}, ({discard})iscard\n[s,u,d]? ");
        io::stderr().write_all(question.as_bytes())?;
        let Some(line) = read_line(&mut stdin, &mut signals)? else {
            io::stderr().write_all(b"\n")?;
            return Ok(Answer::Save);
        };
        match line.trim().to_lowercase().as_str() {
            "s" | "save" => return Ok(Answer::Save),
            "u" | "upload" => return Ok(Answer::Upload),
            "d" | "discard" => return Ok(Answer::Discard),
            _ => {}
        }
    }
}

/// The next line of input; `None` at end of input and after ctrl-c.
fn read_line(stdin: &mut Stream, signals: &mut Signals) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    loop {
        let mut interest = Interest::default();
        interest.read(stdin.as_fd());
        interest.read(signals.as_fd());
        let ready = tty::wait(&interest, None)?;
        if ready.to_read(signals.as_fd()) && !signals.arrived().is_empty() {
            return Ok(None);
        }
        if !ready.to_read(stdin.as_fd()) {
            continue;
        }
        // Byte by byte: input after the line belongs to the next reader.
        let mut byte = [0; 1];
        match stdin.read(&mut byte)? {
            0 if line.is_empty() => return Ok(None),
            0 => break,
            _ if byte == *b"\n" => break,
            _ => line.extend_from_slice(&byte),
        }
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

/// Carries out the answer.
pub fn act(answer: Answer, path: &OsStr, server_url: Option<&str>, quiet: bool) -> Result<()> {
    let reporter = Reporter::new("asciinema");
    let name = cli::source_name(path);
    let notice = |text: &str| {
        if !quiet {
            reporter.notice(text);
        }
    };
    let remove = || fs::remove_file(path).map_err(|error| Failure::io(&name, &error));
    match answer {
        Answer::Save => notice(&format!("asciicast saved to {name}")),
        Answer::Discard => {
            remove()?;
            notice("asciicast discarded");
        }
        Answer::Upload => {
            upload(path, server_url)?;
            remove()?;
        }
    }
    Ok(())
}

/// Runs asciinema-upload, which reports its own errors. The recording is kept if it fails.
fn upload(path: &OsStr, server_url: Option<&str>) -> Result<()> {
    let mut command = Command::new(sibling("asciinema-upload"));
    command.args(server_url.map(|url| format!("--server-url={url}"))).arg("--").arg(path);
    // Ctrl-c ends the upload; where the recording is must still be reported.
    let signals = Signals::catch(&[Signal::SIGINT, Signal::SIGQUIT]);
    let status = command.status();
    drop(signals);
    if status.as_ref().is_ok_and(ExitStatus::success) {
        return Ok(());
    }
    let reporter = Reporter::new("asciinema");
    if let Err(error) = status {
        reporter.error(&format!("asciinema-upload: {}", cli::io_text(&error)));
    }
    reporter.error(&format!("the recording is in {}", cli::source_name(path)));
    Err(Failure::Status(1))
}
