//! `asciinema COMMAND`: becomes the program `asciinema-COMMAND`.
//!
//! Nothing else happens before that, so that a script pays for one exec and no more. A command is
//! looked for beside this program, then in `../libexec/asciinema`, then in `$PATH`: anyone can add one.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use common::cli::{self, Failure, Speaker};
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
    BuiltIn { name: "convert", usage: "-f FORMAT [-o OUT] [FILE]" },
    BuiltIn { name: "meta", usage: "[-t TITLE] [--set KEY=JSON] [--unset KEY] [--get KEY] [-o OUT] [FILE]" },
    BuiltIn { name: "help", usage: "[COMMAND]" },
];

const RECORD_USAGE: &str = "[-c CMD] [--append | --overwrite] [-t TITLE] [-i SECONDS] [-e VARS] [--stdin]
         [-f FORMAT | --raw] [--cols COLS] [--rows ROWS] [--window-size SIZE]
         [--headless] [--return] [--server-url URL] [-y] [-q] [FILE]";

const PLAY_USAGE: &str = "[-i SECONDS] [-s FACTOR] [-l] [-m] [--stream o|i] [--out-fmt raw|asciicast]
         [-r] [-q] FILE|URL";

const UPLOAD_USAGE: &str = "[-t TITLE] [--description TEXT] [--visibility KIND] [--audio-url URL]
         [--server-url URL] [-q] FILE";

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
        Some("help") => explain(rest.first().map(OsString::as_os_str)),
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
        Ok(program) => {
            let error = Command::new(&program).args(args).exec();
            fail(&format!("{}: {}", cli::source_name(program.as_os_str()), cli::io_text(&error)))
        }
        Err(Failure::Usage(what)) => wrong(&what),
        Err(Failure::Failed(what)) => fail(&what),
        Err(_) => ExitCode::FAILURE,
    }
}

/// Finds the program for a command as it was typed: a name of ours or of another's program, an
/// alias, or the beginning of a name of ours.
fn find(typed: &OsStr) -> cli::Result<PathBuf> {
    let name = typed.to_str().unwrap_or_default();
    let named = |name: &str| COMMANDS.iter().map(|command| command.name).find(|known| *known == name);
    let aliased = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, name)| *name);
    if let Some(command) = named(name).or(aliased) {
        return locate(OsStr::new(command))
            .ok_or_else(|| Failure::Failed(format!("asciinema-{command} is not installed")));
    }
    if let Some(program) = locate(typed) {
        return Ok(program);
    }
    let shown = visible(&typed.to_string_lossy());
    let mut fitting: Vec<&str> = COMMANDS
        .iter()
        .map(|command| command.name)
        .filter(|known| !name.is_empty() && known.starts_with(name))
        .collect();
    if let [(_, command)] = ALIASES
        .iter()
        .filter(|(alias, _)| !name.is_empty() && alias.starts_with(name))
        .collect::<Vec<_>>()[..]
        && !fitting.contains(command)
    {
        fitting.push(command);
    }
    match fitting[..] {
        [command] => locate(OsStr::new(command))
            .ok_or_else(|| Failure::Failed(format!("asciinema-{command} is not installed"))),
        [] => {
            let names =
                COMMANDS.iter().map(|command| command.name).chain(ALIASES.iter().map(|(alias, _)| *alias));
            Err(Failure::Usage(match cli::nearest(name, names) {
                Some(nearest) => format!("'{shown}' is not a command; nearest: {nearest}"),
                None => format!("'{shown}' is not a command"),
            }))
        }
        _ => Err(Failure::Usage(format!("'{shown}' may be {}", fitting.join(", ")))),
    }
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

/// `asciinema help [COMMAND]`: the man page where there is one, else what `--help` prints.
fn explain(command: Option<&OsStr>) -> ExitCode {
    let Some(command) = command else { return print(&help()) };
    let program = match find(command) {
        Ok(program) => program,
        Err(Failure::Usage(what)) => return wrong(&what),
        Err(_) => return fail(&format!("'{}' is not installed", visible(&command.to_string_lossy()))),
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
