//! Records a terminal session to a file, a pipe or a FIFO.
//!
//! The modules in the order of their use: `options` reads the command line, `target` opens the output,
//! `front` makes the header, `recording` encodes and writes events on its own thread, `session` runs the
//! program between the user's terminal and a pseudo-terminal, `inquiry` asks the terminal for its name
//! and colors, `keys` recognizes the recorder's own keys, `question` asks what to do with a recording
//! that was given no name, and `log` is the log file.

mod front;
mod inquiry;
mod keys;
mod log;
mod options;
mod question;
mod recording;
mod session;
mod stand_in;
mod target;

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use common::cast::{Time, Version};
use common::cli::{self, Failure, Reporter};
use common::config::{self, Config};
use common::formats::{Asciicast, LiveEncoder, Text};
use common::notifier::Notifier;
use common::size::Size;
use common::tty::{self, Signal, Signals, Terminal};

use front::Front;
use keys::Keys;
use log::Log;
use options::{Format, Options, PROGRAM};
use question::Answer;
use recording::Recording;
use session::{Program, Session, WindowSize};
use target::{Begin, Target};

/// 2.4's message.
const BAD_LOCALE: &str =
    "asciinema needs an ASCII or UTF-8 character encoding to run. Check the output of `locale` command.";

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| {
        tty::ignore_write_signals();
        if !tty::is_locale_supported() {
            return Err(Failure::Verbatim(BAD_LOCALE.to_string()));
        }
        let config = Config::load()?;
        record(&Options::read(args, &config)?, &config)
    })
}

fn record(options: &Options, config: &Config) -> cli::Result<()> {
    let reporter = Reporter::new(PROGRAM.reporter());
    let notice = |text: &str| {
        if !options.quiet {
            reporter.notice(text);
        }
    };
    let warning = |text: &str| {
        if !options.quiet {
            reporter.warning(text);
        }
    };

    let keys = Keys::configured(config)?;
    // Errors in the configuration are reported before any file is touched.
    let wants_notices = config.optional_flag("notifications", "enabled")?.unwrap_or(true);
    let target = Target::choose(options)?;
    let server = match (&target, &options.server_url) {
        (Target::Temporary { .. }, None) => Some(config.server_url()?),
        (_, given) => given.clone(),
    };
    let log = match &options.log_file {
        Some(path) => Log::open(path).map_err(|error| Failure::io(&cli::source_name(path), &error))?,
        None => Log::default(),
    };
    let begin = target.begin(options, &warning)?;
    // After opening the target, which may have waited for the reader of a FIFO. A background process
    // that changes the terminal would be stopped.
    let foreground = || Terminal::open().ok().filter(Terminal::is_foreground);
    let terminal = if options.headless { None } else { foreground() };
    let window = WindowSize { cols: options.cols, rows: options.rows };
    let size = window.of(terminal.as_ref());
    let verb =
        if matches!(begin, Begin::New(_)) { "recording asciicast to" } else { "appending to asciicast at" };
    notice(&format!("{verb} {}", target.name()));
    notice(match options.command {
        Some(_) => "exit opened program when you're done",
        None => "press <ctrl-d> or type \"exit\" when you're done",
    });

    let tells_exit = begin.version(options.format) == Some(Version::V3);
    let name = target.name().to_string();
    let notifier = Notifier::new(wants_notices, config.text("notifications", "command")?.map(OsString::from));
    let failed = |error| Failure::io("cannot run the session", &error);
    // Not earlier, because ctrl-c must interrupt the wait for a FIFO's reader.
    let mut signals = Signals::catch_all(&[Signal::SIGCHLD, Signal::SIGWINCH]).map_err(failed)?;
    // The program is started first: if that fails, the file is left untouched.
    let program = match Program::start(command(options), size, terminal.as_ref()) {
        Ok(program) => program,
        Err(error) => {
            begin.abandon();
            log.write(&format!("cannot start the program: {}", cli::io_text(&error)));
            return Err(failed(error));
        }
    };
    let is_new_cast = matches!((&begin, options.format), (Begin::New(_), Format::Cast(_)));
    let asks_terminal = is_new_cast && terminal.is_some() && !options.no_theme && inquiry::is_welcome();
    log.write(&format!("{verb} {name}, size {size}{}", if terminal.is_some() { "" } else { ", headless" }));
    let front = Front::of(&begin, options, size);
    let recording = prepare(options, begin, size, notifier.clone(), log.clone());
    let mut recording = recording.map_err(|error| Failure::io(&name, &error))?;
    let records_input = options.stdin;
    let session = Session {
        program,
        terminal,
        window,
        size,
        keys,
        records_input,
        asks_terminal,
        notifier,
        log: log.clone(),
    };
    let outcome = session.run(&mut signals, &mut recording, front);
    let end = outcome.as_ref().map_or(Time::ZERO, |outcome| outcome.end);
    let exit = outcome.as_ref().ok().and_then(|outcome| outcome.status).map(exit_code);
    let written = recording.finish(end, exit.filter(|_| tells_exit), &mut signals, || {
        warning(&format!("waiting for {name} to accept the rest of the recording; press ctrl-c to give up"));
    });
    drop(signals);
    match (&outcome, &written) {
        (Err(error), _) => log.write(&format!("the session failed: {}", cli::io_text(error))),
        (_, Err(error)) => log.write(&format!("the recording is incomplete: {}", cli::io_text(error))),
        _ => log.write("the recording is complete"),
    }
    let outcome = outcome.map_err(failed)?;
    notice("recording finished");
    written.map_err(|error| Failure::io(&name, &error))?;
    match &target {
        Target::Stdout => {}
        Target::File { .. } => notice(&format!("asciicast saved to {name}")),
        // There is nobody to ask.
        Target::Temporary { .. } if outcome.signal.is_some() || outcome.lost_terminal => {
            reporter.error(&format!("the recording is in {name}"));
            end_by(outcome.signal);
            return Err(Failure::Status(1));
        }
        Target::Temporary { path, .. } => {
            let answer = match options.yes || options.quiet {
                true => Answer::Upload,
                false => question::ask(config::server_host(server.as_deref().unwrap_or_default()))
                    .map_err(|error| Failure::io("stdin", &error))?,
            };
            question::act(answer, path, options.server_url.as_deref(), options.quiet)?;
        }
    }
    end_by(outcome.signal);
    match exit {
        Some(code) if options.returns_status && code != 0 => Err(Failure::Status(code)),
        _ => Ok(()),
    }
}

/// Dies of the signal that ended the session, unless it is one of the usual ways to end a session.
fn end_by(signal: Option<Signal>) {
    match signal {
        None | Some(Signal::SIGHUP | Signal::SIGINT | Signal::SIGQUIT | Signal::SIGTERM) => {}
        Some(signal) => tty::die_of(signal),
    }
}

/// Prepares the recording.
fn prepare(
    options: &Options,
    begin: Begin,
    size: Size,
    notifier: Notifier,
    log: Log,
) -> io::Result<Recording> {
    let cast = |version, offset| LiveEncoder::new(Box::new(Asciicast::new(version)), offset);
    let (opened, encoder) = match (begin, options.format) {
        (Begin::New(opened) | Begin::AfterOutput(opened), Format::Text) => {
            let text = Text::new(size).map_err(|fault| io::Error::other(fault.to_string()))?;
            (opened, LiveEncoder::new(Box::new(text), Time::ZERO))
        }
        (Begin::New(opened), Format::Raw) | (Begin::AfterOutput(opened), _) => (opened, LiveEncoder::raw()),
        (Begin::New(opened), Format::Cast(version)) => (opened, cast(version, Time::ZERO)),
        // v2 has times from the start of the cast, v3 intervals.
        (Begin::After { opened, version: Version::V2, time, .. }, _) => (opened, cast(Version::V2, time)),
        (Begin::After { opened, version, .. }, _) => (opened, cast(version, Time::ZERO)),
    };
    Recording::new(opened, encoder, notifier, log)
}

/// The program to record: the command, run with `sh -c`, or the user's shell.
fn command(options: &Options) -> Command {
    let by_sh = |text: &OsStr| {
        let mut shell = Command::new("sh");
        shell.args([OsStr::new("-c"), text]);
        shell
    };
    let shell = env::var_os("SHELL").filter(|shell| !shell.is_empty());
    let shell = shell.unwrap_or_else(|| OsString::from("/bin/sh"));
    let mut command = match &options.command {
        Some(text) => by_sh(text),
        // SHELL='/bin/bash -l' needs sh to split it; anything simpler runs without an extra shell.
        None if is_word(&shell) || Path::new(&shell).exists() => Command::new(shell),
        None => by_sh(&shell),
    };
    command.env("ASCIINEMA_REC", "1").env("ASCIINEMA_SESSION", uuid::Uuid::new_v4().simple().to_string());
    command
}

/// Returns whether a shell would read the text as a single literal word.
fn is_word(text: &OsStr) -> bool {
    text.as_encoded_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@%:,".contains(byte))
}

/// The exit status as shells report it.
fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    u8::try_from(code).unwrap_or(u8::MAX)
}
