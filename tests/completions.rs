//! asciinema completions, in real shells: type something, press tab, then a key that shows the
//! command line.

use std::process::Command;

use crate::harness::{Scratch, Terminal, run};

/// Ends every prompt, to show that the shell is reading keys.
const PROMPT: &str = "ready> ";
/// Printed around the shell's command line.
const MARKS: (&str, &str) = ("line<", ">line");

/// A shell in a terminal, in a directory with some files.
struct Shell {
    name: &'static str,
    terminal: Terminal,
}

impl Shell {
    fn start(name: &'static str, scratch: &Scratch) -> Shell {
        let mut terminal = Terminal::start(command(name, scratch));
        terminal.wait_for(PROMPT);
        Shell { name, terminal }
    }

    /// The command line after typing this and pressing tab.
    fn complete(&mut self, typed: &str) -> String {
        let start = self.terminal.seen.len();
        self.terminal.enter(typed);
        self.terminal.enter("\t\x07");
        self.terminal.wait_for(MARKS.1);
        let seen = &self.terminal.seen[start..];
        let line = seen.split(MARKS.0).nth(1).and_then(|rest| rest.split(MARKS.1).next());
        let line = line.unwrap_or_else(|| panic!("{}: {seen:?}", self.name)).to_string();
        self.terminal.enter("\x05\x15");
        line
    }
}

/// A shell that shows its command line on ctrl-g, with the completions installed as a user would.
fn command(shell: &str, scratch: &Scratch) -> Command {
    let script = run(&format!("asciinema completions {shell}"), "").stdout();
    match shell {
        "bash" => {
            scratch.write("completions.bash", script);
            let settings = r#"PS1='ready''> '
HISTFILE=
bind 'set bell-style none'
bind 'set enable-bracketed-paste off'
bind -x '"\C-g": printf "\nline<%s>line\n" "$READLINE_LINE"'
. ./completions.bash
"#;
            scratch.write(".settings", settings);
            let mut command = scratch.command("bash");
            command.args(["--noprofile", "--rcfile", ".settings", "-i"]);
            command
        }
        "zsh" => {
            scratch.write("_asciinema", script);
            // Loaded by name, as from a system directory.
            let settings = r#"PS1='ready''> '
fpath=($PWD $fpath)
autoload -Uz compinit
compinit -u -D
show() { print -rn -- $'\nline<'"$BUFFER"$'>line\n' }
zle -N show
bindkey -e
bindkey '^G' show
"#;
            scratch.write(".zshrc", settings);
            let mut command = scratch.command("zsh");
            command.args(["-d", "-i"]).env("ZDOTDIR", scratch.path(""));
            command
        }
        "fish" => {
            scratch.write("asciinema.fish", script);
            let settings = r#"set fish_greeting
set fish_autosuggestion_enabled 0
function fish_prompt; printf ready; printf '> '; end
function fish_title; end
bind \cg 'printf "\nline<%s>line\n" (commandline | string collect)'
source asciinema.fish
"#;
            scratch.write("settings.fish", settings);
            let mut command = scratch.command("fish");
            command.args(["--no-config", "--private", "-C", "source settings.fish"]);
            command
        }
        other => panic!("{other}"),
    }
}

/// A cast with markers, under a name that needs quoting.
fn files(scratch: &Scratch) {
    let cast = r#"{"version": 2, "width": 80, "height": 24}
[0.5, "m", ""]
[1.0, "m", "build"]
[2.0, "o", "not \"m\" at all"]
[3.0, "m", "run $(touch pwned) all"]
[4.0, "m", "\u001b]0;escape"]
"#;
    scratch.write("my demo.cast", cast);
    scratch.write("night.cast", cast);
    scratch.write("notes.md", "");
    scratch.write("Makefile", "");
}

/// The typed text and its completion, in every shell.
const LINES: &[(&str, &str)] = &[
    // Commands.
    ("asciinema id", "asciinema idle "),
    ("asciinema help qu", "asciinema help quantize "),
    ("asciinema completions z", "asciinema completions zsh "),
    ("asciinema --vers", "asciinema --version "),
    // Options, by either name of the program, and none of another program.
    ("asciinema idle --idl", "asciinema idle --idle-time-limit "),
    ("asciinema-idle --idl", "asciinema-idle --idle-time-limit "),
    ("asciinema record --headl", "asciinema record --headless "),
    ("asciinema idle --headl", "asciinema idle --headl"),
    ("asciinema-rec -q --headl", "asciinema-rec -q --headless "),
    // Values.
    ("asciinema rec -f asciicast-v3", "asciinema rec -f asciicast-v3 "),
    ("asciinema rec --output-format r", "asciinema rec --output-format raw "),
    ("asciinema convert --output-format=r", "asciinema convert --output-format=raw "),
    ("asciinema play --out-fmt a", "asciinema play --out-fmt asciicast "),
    ("asciinema-upload --visibility un", "asciinema-upload --visibility unlisted "),
    // Recordings, but not notes.md.
    ("asciinema play n", "asciinema play night.cast "),
    ("asciinema-cat my", r"asciinema-cat my\ demo.cast "),
    ("asciinema cat Ma", "asciinema cat Makefile "),
    ("asciinema idle -o no", "asciinema idle -o notes.md "),
    ("asciinema import no", "asciinema import notes.md "),
    ("asciinema-tape no", "asciinema-tape notes.md "),
    // Markers of a recording named earlier on the line, whatever its name and theirs.
    ("asciinema speed night.cast --from marker:b", "asciinema speed night.cast --from marker:build "),
    ("asciinema speed night.cast --to=marker:b", "asciinema speed night.cast --to=marker:build "),
    ("asciinema-speed 'my demo.cast' --from marker:b", "asciinema-speed 'my demo.cast' --from marker:build "),
    (r"asciinema speed my\ demo.cast --to marker:b", r"asciinema speed my\ demo.cast --to marker:build "),
    ("asciinema speed ~/night.cast --to marker:b", "asciinema speed ~/night.cast --to marker:build "),
    ("asciinema speed --from marker:b", "asciinema speed --from marker:b"),
    ("asciinema speed $(touch pwned) --from marker:b", "asciinema speed $(touch pwned) --from marker:b"),
];

fn completes(shell: &'static str) {
    let scratch = Scratch::new();
    files(&scratch);
    let mut terminal = Shell::start(shell, &scratch);
    for &(typed, expected) in LINES {
        // Zsh appends a = to an option that takes a value, and removes it when a space is typed.
        let line = terminal.complete(typed);
        let line = if shell == "zsh" { line.replace("limit=", "limit ") } else { line };
        assert_eq!(line, expected, "{shell}");
    }
    // However a shell quotes it, the command receives the label.
    let line = terminal.complete("asciinema speed night.cast --from marker:r");
    terminal.terminal.enter(&format!("\x15{}\n", line.replacen("asciinema speed", "printf '[%s]'", 1)));
    terminal.terminal.wait_for("[night.cast][--from][marker:run $(touch pwned) all]");
    assert!(!scratch.path("pwned").exists(), "{shell} ran what it should complete");
    // Everything except markers works without a process, and so without programs in $PATH.
    terminal.terminal.wait_for(PROMPT);
    terminal.terminal.enter(if shell == "fish" { "set PATH /dev\n" } else { "PATH=/dev\n" });
    terminal.terminal.wait_for(PROMPT);
    for &(typed, expected) in LINES.iter().filter(|(typed, _)| !typed.contains("marker:")) {
        let line = terminal.complete(typed).replace("limit=", "limit ");
        assert_eq!(line, expected, "{shell} without programs");
    }
}

#[test]
fn bash_completes_commands_options_values_recordings_and_markers() {
    completes("bash");
}

#[test]
fn zsh_completes_commands_options_values_recordings_and_markers() {
    completes("zsh");
}

#[test]
fn fish_completes_commands_options_values_recordings_and_markers() {
    completes("fish");
}

#[test]
fn an_unsupported_shell_is_refused_by_name() {
    let message = "asciinema: 'csh' is not one of bash, zsh, fish\ntry 'asciinema completions --help'\n";
    assert_eq!(run("asciinema completions csh", "").failure(), (2, String::new(), message.to_string()));
    assert_eq!(run("asciinema completions", "").status(), 2);
    assert_eq!(run("asciinema completions bash zsh", "").status(), 2);
}
