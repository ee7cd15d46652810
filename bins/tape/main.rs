//! Plays a tape: types a script into a program, and records the session.
//!
//! `language` parses the tape, `settings` its settings for shell, size and speed, with the `themes`
//! that they name; `keys` knows the bytes of each key. `perform` carries out the commands in a
//! `session`, a program in a pseudo-terminal whose events get their times from `clock` and go into
//! `recording`; `outputs` makes pictures from it. `from_cast` does the reverse, from a recording to a
//! tape.

mod clock;
mod from_cast;
mod keys;
mod language;
mod outputs;
mod perform;
mod recording;
mod session;
mod settings;
mod themes;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use common::cast::{HeaderBuilder, Version};
use common::cli::{self, Arg, Args, Failure, Program, catalog};
use common::io::Stream;
use common::screen::Colours;
use common::tty;
use render::theme::{Rgb, Theme};

use clock::Clock;
use language::{Action, Remark, Tape};
use outputs::Outputs;
use perform::Interrupted;
use recording::Recording;
use session::Stopped;
use settings::Settings;

const PROGRAM: Program = catalog::program("asciinema-tape");

/// The terminal type that programs see.
const TERM: &str = "xterm-256color";

struct Options {
    tape: Option<OsString>,
    output: Option<OsString>,
    version: Version,
    checks: bool,
    is_steady: bool,
    from_cast: Option<OsString>,
}

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| {
        tty::ignore_write_signals();
        let options = parse(args)?;
        match &options.from_cast {
            Some(cast) => print_tape_of(cast, options.output.as_deref()),
            None => play(&options),
        }
    })
}

fn parse(args: &mut Args) -> cli::Result<Options> {
    let mut options = Options {
        tape: None,
        output: None,
        version: Version::V2,
        checks: false,
        is_steady: false,
        from_cast: None,
    };
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Option("-o" | "--output") => options.output = Some(args.value()?),
            Arg::Option("-f" | "--output-format") => {
                options.version =
                    args.choice(&[("asciicast-v2", Version::V2), ("asciicast-v3", Version::V3)])?;
            }
            Arg::Option("--check") => options.checks = true,
            Arg::Option("--steady") => options.is_steady = true,
            Arg::Option("--from-cast") => options.from_cast = Some(args.value()?),
            Arg::Value(tape) if options.tape.is_none() => options.tape = Some(tape),
            other => return Err(args.unexpected(&other)),
        }
    }
    if options.from_cast.is_some() && options.tape.is_some() {
        return Err(Failure::Usage("option '--from-cast' and TAPE cannot be used together".to_string()));
    }
    Ok(options)
}

/// Prints the tape for the keys typed in a recording.
fn print_tape_of(cast: &OsStr, output: Option<&OsStr>) -> cli::Result<()> {
    let (stream, name) = common::io::open(Some(cast))?;
    let (text, outcome) = from_cast::tape(stream, &name);
    let (mut sink, sink_name) = sink(output)?;
    sink.write_all(text.as_bytes()).map_err(|error| Failure::io(&sink_name, &error))?;
    outcome
}

/// The output of the cast and its name in messages: the file of `-o`, otherwise stdout, whose reader
/// may go away and end the program. It is written as it is recorded, so that a failure keeps
/// everything before it.
fn sink(output: Option<&OsStr>) -> cli::Result<(Box<dyn Write>, String)> {
    match output.filter(|path| *path != "-") {
        Some(path) => {
            let name = cli::source_name(path);
            let file = File::create(path).map_err(|error| Failure::io(&name, &error))?;
            Ok((Box::new(file), name))
        }
        None => {
            tty::restore_sigpipe();
            let stdout = Stream::stdout().map_err(|error| Failure::io("stdout", &error))?;
            Ok((Box::new(stdout), "stdout".to_string()))
        }
    }
}

fn play(options: &Options) -> cli::Result<()> {
    let (text, name) = read_tape(options.tape.as_deref())?;
    let folder = options.tape.as_deref().and_then(|path| Path::new(path).parent()).unwrap_or(Path::new(""));
    let mut tape = language::read(&text, &name, folder);
    let settings = Settings::of(&mut tape);
    tape.sort_remarks();
    let reporter = cli::Reporter::new(PROGRAM.name);
    for Remark { place, text } in &tape.warnings {
        reporter.warning(&format!("{}: line {}: {text}", place.tape, place.line));
    }
    for Remark { place, text } in &tape.mistakes {
        reporter.error(&format!("{}: line {}: {text}", place.tape, place.line));
    }
    if !tape.mistakes.is_empty() {
        return Err(Failure::Status(1));
    }
    if options.checks {
        return Ok(());
    }
    check_requirements(&tape)?;

    let paths: Vec<PathBuf> = tape.outputs().map(Path::to_path_buf).collect();
    let has_sink = options.output.is_some() || !io::stdout().is_terminal();
    if !has_sink && paths.is_empty() {
        let what = "stdout is a terminal; name a file with -o, or add an Output line to the tape";
        return Err(Failure::Usage(what.to_string()));
    }
    let sink = has_sink.then(|| sink(options.output.as_deref())).transpose()?;
    let makes_pictures = !paths.is_empty() || tape.takes_shots();
    let header = header(options, &settings, paths.first().map(PathBuf::as_path));
    let mut recording = Recording::begin(sink, makes_pictures, options.version, &header)?;
    let mut outputs = Outputs::new(paths);
    let clock = if options.is_steady { Clock::steady() } else { Clock::running() };
    let outcome = perform::perform(
        &tape,
        &settings,
        command(&tape, &settings),
        colors(&settings),
        &mut recording,
        clock,
        &mut outputs,
    );
    match outcome {
        Ok(()) => outputs.make(&mut recording, &settings),
        Err(interrupted) => {
            // Its pictures show everything before the failure; but a signal means to end now.
            if matches!(interrupted.why, Stopped::Ended | Stopped::TimedOut) {
                outputs.make(&mut recording, &settings)?;
            }
            Err(failure(interrupted, &reporter))
        }
    }
}

/// The text of the tape, and its name in messages.
fn read_tape(path: Option<&OsStr>) -> cli::Result<(String, String)> {
    if path.is_none() && io::stdin().is_terminal() {
        return Err(Failure::Usage(
            "no TAPE, and stdin is a terminal; name a tape, or pipe one in".to_string(),
        ));
    }
    let (mut stream, name) = common::io::open(path)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map_err(|error| Failure::io(&name, &error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        Failure::Failed(format!("{name}: line {line}: not UTF-8"))
    })?;
    Ok((text, name))
}

/// Fails if a program that the tape requires is not in `$PATH`.
fn check_requirements(tape: &Tape) -> cli::Result<()> {
    for command in &tape.commands {
        let Action::Require(program) = &command.action else { continue };
        if !common::io::is_in_path(program) {
            let place = &command.place;
            let program = common::text::visible(program);
            return Err(Failure::Failed(format!(
                "{}: line {}: required program '{program}' is not in PATH",
                place.tape, place.line
            )));
        }
    }
    Ok(())
}

/// The program to type into, with the environment variables of the tape.
fn command(tape: &Tape, settings: &Settings) -> std::process::Command {
    let mut command = settings.command();
    command.env("TERM", TERM).env("ASCIINEMA_REC", "1").env_remove("NO_COLOR");
    if !tty::is_utf8() {
        // Tapes are UTF-8: in an environment without a locale, such as a container, the shell would
        // not understand what is typed.
        command.env_remove("LC_ALL").env("LC_CTYPE", "C.UTF-8");
    }
    for entry in &tape.commands {
        if let Action::Environment(name, value) = &entry.action {
            command.env(name, value);
        }
    }
    command
}

fn colors(settings: &Settings) -> Colours {
    let channels = |color: Rgb| [color.red, color.green, color.blue];
    let theme = settings.theme.clone().unwrap_or_default();
    Colours {
        foreground: channels(theme.foreground),
        background: channels(theme.background),
        palette: theme.palette.map(channels),
    }
}

fn header(options: &Options, settings: &Settings, output: Option<&Path>) -> String {
    let version = options.version;
    let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let title = output.and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned());
    let size = settings.size;
    let mut header = HeaderBuilder::new(version);
    let mut variables = vec![("SHELL".to_string(), settings.shell_variable().to_string())];
    match version {
        Version::V2 => {
            header.add("width", &size.cols.to_string());
            header.add("height", &size.rows.to_string());
            variables.push(("TERM".to_string(), TERM.to_string()));
        }
        Version::V3 => {
            let mut term = HeaderBuilder::nested(version);
            term.add("cols", &size.cols.to_string());
            term.add("rows", &size.rows.to_string());
            term.add_text("type", TERM);
            if let Some(theme) = &settings.theme {
                term.add_object("theme", &theme_entries(theme));
            }
            header.add("term", term.finish().trim_end());
        }
    }
    if !options.is_steady {
        header.add("timestamp", &timestamp.to_string());
    }
    header.add_text("command", &settings.shell);
    if let Some(title) = &title {
        header.add_text("title", title);
    }
    header.add_object("env", &variables);
    if let (Version::V2, Some(theme)) = (version, &settings.theme) {
        header.add_object("theme", &theme_entries(theme));
    }
    header.finish()
}

/// A theme in the form of a header.
fn theme_entries(theme: &Theme) -> Vec<(String, String)> {
    let hex = |color: Rgb| format!("#{:02x}{:02x}{:02x}", color.red, color.green, color.blue);
    let palette = theme.palette.map(hex).join(":");
    [("fg", hex(theme.foreground)), ("bg", hex(theme.background)), ("palette", palette)]
        .map(|(name, value)| (name.to_string(), value))
        .to_vec()
}

/// The failure of a tape, with its place.
fn failure(interrupted: Interrupted, reporter: &cli::Reporter) -> Failure {
    let Interrupted { place, why, what } = interrupted;
    let words = match &why {
        Stopped::Ended => match what {
            Some(status) => format!("the program has ended with {status}"),
            None => "the program has ended".to_string(),
        },
        Stopped::TimedOut => match what {
            Some(shown) => format!("timed out waiting; the screen has '{}'", common::text::visible(&shown)),
            None => "timed out waiting".to_string(),
        },
        Stopped::Signal(_) => "interrupted".to_string(),
        Stopped::Failed(Failure::Failed(what)) => what.clone(),
        Stopped::Failed(_) => return Failure::Status(1),
    };
    let line = format!("{}: line {}: {words}", place.tape, place.line);
    match why {
        Stopped::Signal(signal) => {
            reporter.error(&line);
            Failure::Status(128u8.saturating_add(signal as u8))
        }
        _ => Failure::Failed(line),
    }
}
