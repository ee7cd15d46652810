//! `asciinema COMMAND`: becomes the program `asciinema-COMMAND`.
//!
//! Nothing else happens before that, so that a script pays for one exec and no more. A command is
//! looked for beside this program, then in `../libexec/asciinema`, then in `$PATH`: anyone can add one.

mod completions;

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use common::cli::{self, Speaker};
use common::text::visible;

/// A command of this package, and its line in the help.
struct BuiltIn {
    name: &'static str,
    usage: &'static str,
}

const COMMANDS: &[BuiltIn] = &[
    BuiltIn { name: "rec", usage: RECORD_USAGE },
    BuiltIn { name: "play", usage: PLAY_USAGE },
    BuiltIn { name: "cat", usage: "FILE|URL..." },
    BuiltIn { name: "fetch", usage: "URL" },
    BuiltIn { name: "upload", usage: UPLOAD_USAGE },
    BuiltIn { name: "auth", usage: "[--server-url URL]" },
    BuiltIn { name: "idle", usage: "-i SECONDS [-o OUT] [FILE]" },
    BuiltIn { name: "speed", usage: "-s FACTOR [--from T] [--to T] [-o OUT] [FILE]" },
    BuiltIn { name: "quantize", usage: "-r LO[,HI]... [-o OUT] [FILE]" },
    BuiltIn { name: "cut", usage: "[--from T] [--to T] [--drop] [-o OUT] [FILE]" },
    BuiltIn { name: "trim", usage: "[--from T] [--to T] [--drop] [-o OUT] [FILE]" },
    BuiltIn { name: "marker", usage: MARKER_USAGE },
    BuiltIn { name: "join", usage: "[--gap SECONDS] [-o OUT] [FILE...]" },
    BuiltIn { name: "convert", usage: "-f FORMAT [-o OUT] [FILE]" },
    BuiltIn { name: "info", usage: "[-i SECONDS] [--json] [-o OUT] [FILE]" },
    BuiltIn { name: "meta", usage: "[-t TITLE] [--set KEY=JSON] [--unset KEY] [--get KEY] [-o OUT] [FILE]" },
    BuiltIn { name: "completions", usage: "bash|zsh|fish" },
    BuiltIn { name: "help", usage: "[COMMAND]" },
];

const RECORD_USAGE: &str = "[-c CMD] [--append | --overwrite] [-t TITLE] [-i SECONDS] [-e VARS] [--stdin]
         [-f FORMAT | --raw] [--cols COLS] [--rows ROWS] [--window-size SIZE]
         [--headless] [--return] [--server-url URL] [-y] [-q] [FILE]";

const PLAY_USAGE: &str = "[-i SECONDS] [-s FACTOR] [-l] [-m] [--stream o|i] [--out-fmt raw|asciicast]
         [-r] [-q] FILE|URL";

const UPLOAD_USAGE: &str = "[-t TITLE] [--description TEXT] [--visibility KIND] [--audio-url URL]
         [--server-url URL] [-q] FILE";

const MARKER_USAGE: &str = "[--add T[=LABEL]] [--every SECONDS] [--on REGEX] [--remove WHICH] [--list]
         [-o OUT] [FILE]";

/// Other names of commands.
const ALIASES: &[(&str, &str)] = &[("record", "rec")];

const SPEAKER: &str = "asciinema";

fn main() -> ExitCode {
    let mut args = env::args_os().skip(1);
    let Some(first) = args.next() else {
        print(&help());
        return ExitCode::FAILURE;
    };
    let mut rest: Vec<OsString> = args.collect();
    match first.to_str() {
        Some("-h" | "--help") => print(&help()),
        Some("-V" | "--version") => print(&format!("asciinema {}\n", env!("CARGO_PKG_VERSION"))),
        // 3.x takes it before the command as well.
        Some("-q" | "--quiet") if !rest.is_empty() => {
            let command = std::mem::replace(&mut rest[0], first);
            become_command(&command, &rest)
        }
        Some(option) if option.starts_with('-') => wrong(&format!("unknown option '{}'", visible(option))),
        _ => become_command(&first, &rest),
    }
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("stdout: {}", cli::io_text(&error))),
    }
}

fn fail(what: &str) -> ExitCode {
    Speaker::new(SPEAKER).error(what);
    ExitCode::FAILURE
}

/// Says what is wrong with the command line.
fn wrong(what: &str) -> ExitCode {
    Speaker::new(SPEAKER).error(what);
    eprintln!("try 'asciinema --help'");
    ExitCode::from(2)
}

fn help() -> String {
    let mut text = String::from(
        "usage: asciinema COMMAND [ARG...]\n\nRecord, replay, edit and share terminal sessions.\n\ncommands:\n",
    );
    for BuiltIn { name, usage } in COMMANDS {
        text.push_str(&format!("  {name:<6} {usage}\n"));
    }
    text.push_str(
        "\nAn unambiguous beginning of a name is enough. asciinema help COMMAND explains a command;\nasciinema -q COMMAND is COMMAND -q.\n",
    );
    text
}

fn become_command(typed: &OsStr, args: &[OsString]) -> ExitCode {
    match find(typed) {
        Ok(Found::Help) => explain(args.first().map(OsString::as_os_str)),
        Ok(Found::Completions) => complete(args),
        Ok(Found::Program(program)) => {
            let error = Command::new(&program).args(args).exec();
            fail(&format!("{}: {}", cli::source_name(program.as_os_str()), cli::io_text(&error)))
        }
        Err(complaint) => complaint,
    }
}

/// What a command turns out to be.
enum Found {
    Program(PathBuf),
    /// `help` and `completions`, which are no programs of their own.
    Help,
    Completions,
}

/// Every name that a command of ours goes by, and the command.
fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    COMMANDS.iter().map(|command| (command.name, command.name)).chain(ALIASES.iter().copied())
}

/// Finds a command as it was typed: a name of ours, another's program, or the beginning of a name of
/// ours. What is wrong has been said when it returns an error.
fn find(typed: &OsStr) -> Result<Found, ExitCode> {
    let name = typed.to_str().unwrap_or_default();
    if let Some((_, command)) = names().find(|&(known, _)| known == name) {
        return built_in(command);
    }
    if let Some(program) = locate(typed) {
        return Ok(Found::Program(program));
    }
    let mut fitting: Vec<&str> = names()
        .filter(|(known, _)| !name.is_empty() && known.starts_with(name))
        .map(|(_, command)| command)
        .collect();
    fitting.sort_unstable();
    fitting.dedup();
    let shown = visible(&typed.to_string_lossy());
    match fitting[..] {
        [command] => built_in(command),
        [] => Err(wrong(&match cli::nearest(name, names().map(|(known, _)| known)) {
            Some(nearest) => format!("'{shown}' is not a command; nearest: {nearest}"),
            None => format!("'{shown}' is not a command"),
        })),
        _ => Err(wrong(&format!("'{shown}' may be {}", fitting.join(", ")))),
    }
}

fn built_in(command: &str) -> Result<Found, ExitCode> {
    match command {
        "help" => return Ok(Found::Help),
        "completions" => return Ok(Found::Completions),
        _ => {}
    }
    let program = locate(OsStr::new(command)).map(Found::Program);
    program.ok_or_else(|| fail(&format!("asciinema-{command} is not installed")))
}

/// The executable of a command, in the places where commands are.
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
    folders.map(|folder| folder.join(&file)).find(|candidate| is_executable(candidate))
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|there| there.is_file() && there.permissions().mode() & 0o111 != 0)
}

/// `asciinema completions SHELL`: the script for that shell.
fn complete(args: &[OsString]) -> ExitCode {
    let [shell] = args else { return wrong(&format!("completions takes one of {}", completions::shells())) };
    let shell = shell.to_string_lossy();
    match completions::script(&shell) {
        Some(script) => print(&script),
        None => wrong(&format!(
            "there are completions for {}, not for '{}'",
            completions::shells(),
            visible(&shell)
        )),
    }
}

/// `asciinema help [COMMAND]`: the man page where there is one, else what `--help` prints.
fn explain(command: Option<&OsStr>) -> ExitCode {
    let Some(command) = command else { return print(&help()) };
    let program = match find(command) {
        Ok(Found::Program(program)) => program,
        Ok(Found::Help | Found::Completions) => return print(&help()),
        Err(complaint) => return complaint,
    };
    let page = program.file_name().map(OsStr::to_os_string).unwrap_or_default();
    let has_page = Command::new("man")
        .arg("-w")
        .arg(&page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let error = if has_page {
        Command::new("man").arg(&page).exec()
    } else {
        Command::new(&program).arg("--help").exec()
    };
    fail(&format!("{}: {}", visible(&String::from_utf8_lossy(&page.into_vec())), cli::io_text(&error)))
}
