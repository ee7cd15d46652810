//! `asciinema COMMAND`: executes the program `asciinema-COMMAND`.
//!
//! It does nothing else before that, so that a script pays for one exec and no more. A command is
//! looked up next to this program, then in `../libexec/asciinema`, then in `$PATH`: anyone can add
//! one.

mod completions;

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use common::cli::catalog::{self, Program};
use common::cli::{self, Arg, Args, Failure, Reporter};
use common::io;
use common::text::visible;

const COMPLETIONS: Program = catalog::program("asciinema completions");
const HELP: Program = catalog::program("asciinema help");

fn main() -> ExitCode {
    match dispatch(env::args_os().skip(1).collect()) {
        Ok(status) => status,
        Err(failure) => cli::end("asciinema", Reporter::new("asciinema"), failure),
    }
}

fn dispatch(mut args: Vec<OsString>) -> cli::Result<ExitCode> {
    if args.is_empty() {
        cli::print(&help())?;
        return Ok(ExitCode::FAILURE);
    }
    let first = args.remove(0);
    match first.to_str() {
        Some("-h" | "--help") => cli::print(&help())?,
        Some("-V" | "--version") => cli::print(&format!("asciinema {}\n", env!("CARGO_PKG_VERSION")))?,
        // 3.x takes it before the command as well.
        Some("-q" | "--quiet") if !args.is_empty() => {
            let command = std::mem::replace(&mut args[0], first);
            return become_command(&command, args);
        }
        Some(option) if option.starts_with('-') => {
            return Err(Failure::Usage(format!("unknown option '{}'", visible(option))));
        }
        _ => return become_command(&first, args),
    }
    Ok(ExitCode::SUCCESS)
}

/// The list of all commands.
fn help() -> String {
    let mut text = String::from(
        "usage: asciinema [-q] COMMAND [ARG...]\n\nRecord, play, edit and share terminal sessions.\n",
    );
    for group in catalog::GROUPS {
        text.push_str(&format!("\n{}\n", group.title));
        for program in group.programs {
            text.push_str(&format!("   {:<12} {}\n", program.command(), program.summary));
        }
    }
    text.push_str(
        "\nSee 'asciinema help COMMAND' or 'asciinema COMMAND --help' for details.\n\
         Command names may be abbreviated.\n",
    );
    text
}

fn become_command(typed: &OsStr, args: Vec<OsString>) -> cli::Result<ExitCode> {
    match find(typed)? {
        Found::Help => Ok(cli::run_with(&HELP, args.into_iter(), explain)),
        Found::Completions => Ok(cli::run_with(&COMPLETIONS, args.into_iter(), complete)),
        Found::Program(program) => Err(exec(Command::new(program).args(args))),
    }
}

/// Replaces this process with a program; returns only if that fails.
fn exec(command: &mut Command) -> Failure {
    let error = command.exec();
    Failure::io(&cli::source_name(command.get_program()), &error)
}

/// The result of looking up a command.
enum Found {
    Program(PathBuf),
    /// `help` and `completions`, which are not separate programs.
    Help,
    Completions,
}

/// All names of built-in commands, with their commands.
fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    let commands = catalog::programs().map(|program| (program.command(), program.command()));
    commands.chain(catalog::ALIASES.iter().copied())
}

/// Finds a command by what was typed: one of ours, any other program of that name, or an
/// abbreviation of one of ours.
fn find(typed: &OsStr) -> cli::Result<Found> {
    let name = typed.to_str().unwrap_or_default();
    if let Some((_, command)) = names().find(|&(known, _)| known == name) {
        return built_in(command);
    }
    if let Some(program) = locate(typed) {
        return Ok(Found::Program(program));
    }
    let known = || names().map(|(known, _)| known).filter(|_| !name.is_empty());
    let fitting = cli::abbreviation(name, known(), catalog::CLASSIC);
    // An alias and its command count as one.
    let mut commands: Vec<&str> =
        names().filter(|(known, _)| fitting.contains(known)).map(|(_, command)| command).collect();
    commands.sort_unstable();
    commands.dedup();
    let shown = visible(&typed.to_string_lossy());
    match commands[..] {
        [command] => built_in(command),
        [] => Err(Failure::Usage(match cli::nearest(name, known()) {
            Some(nearest) => format!("'{shown}' is not a command; did you mean '{nearest}'?"),
            None => format!("'{shown}' is not a command"),
        })),
        _ => Err(Failure::Usage(format!("'{shown}' is ambiguous: {}", commands.join(", ")))),
    }
}

fn built_in(command: &str) -> cli::Result<Found> {
    match command {
        "help" => return Ok(Found::Help),
        "completions" => return Ok(Found::Completions),
        _ => {}
    }
    let program = locate(OsStr::new(command)).map(Found::Program);
    program.ok_or_else(|| Failure::Failed(format!("asciinema-{command} is not installed")))
}

/// The executable of a command, in the places where commands are looked up.
fn locate(command: &OsStr) -> Option<PathBuf> {
    if command.is_empty() || command.as_bytes().contains(&b'/') {
        return None;
    }
    let mut file = OsString::from("asciinema-");
    file.push(command);
    let own = env::current_exe().ok().and_then(|path| path.canonicalize().ok());
    let beside = own.as_deref().and_then(Path::parent);
    let libexec = beside.map(|folder| folder.join("../libexec/asciinema"));
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = beside.map(Path::to_path_buf).into_iter().chain(libexec).chain(env::split_paths(&path));
    folders.map(|folder| folder.join(&file)).find(|candidate| io::is_executable(candidate))
}

/// `asciinema completions SHELL`: the script for that shell.
fn complete(args: &mut Args) -> cli::Result<()> {
    let shell = operand(args)?.ok_or_else(|| Failure::Usage("SHELL is missing".to_string()))?;
    let shell = shell.to_string_lossy();
    let script = completions::script(&shell).ok_or_else(|| {
        Failure::Usage(format!("'{}' is not one of {}", visible(&shell), completions::SHELLS.join(", ")))
    })?;
    cli::print(&script)
}

/// `asciinema help [COMMAND]`: the man page if it is installed, otherwise `--help`.
fn explain(args: &mut Args) -> cli::Result<()> {
    let Some(command) = operand(args)? else { return cli::print(&help()) };
    let program = match find(&command)? {
        Found::Program(program) => program,
        Found::Help => return cli::print(&HELP.long_help()),
        Found::Completions => return cli::print(&COMPLETIONS.long_help()),
    };
    let page = program.file_name().unwrap_or_default();
    let has_page = Command::new("man")
        .arg("-w")
        .arg(page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    Err(match has_page {
        true => exec(Command::new("man").arg(page)),
        false => exec(Command::new(&program).arg("--help")),
    })
}

/// The only argument, if any.
fn operand(args: &mut Args) -> cli::Result<Option<OsString>> {
    let mut operand = None;
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Value(value) if operand.is_none() => operand = Some(value),
            other => return Err(args.unexpected(&other)),
        }
    }
    Ok(operand)
}
