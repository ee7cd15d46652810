//! `asciinema completions SHELL`: a shell's completion script for the commands and their options.
//!
//! The completions come from the catalog; the script of each shell is written by hand
//! (asciinema.bash, asciinema.zsh, asciinema.fish), and the catalog is inserted in the shell's
//! syntax. The scripts start no process, except to read the names of markers.

use common::cli::catalog::Completion::{
    self, Cast, CastOrUrl, Command, File, Nothing, OneOf, Recording, Text, Time,
};
use common::cli::catalog::{self, OptionEntry, Program};

/// The supported shells.
pub const SHELLS: &[&str] = &["bash", "zsh", "fish"];

/// A sed script that prints the labels of the markers in a cast, as times are written. It is quoted
/// with single quotes, and contains no two consecutive backslashes, which the shells read
/// differently.
const MARKERS: &str = concat!(
    r#"/^[[:space:]]*\[[^,]*,[[:space:]]*"m"[[:space:]]*,[[:space:]]*"\(.*\)"[[:space:]]*\][[:space:]]*$/"#,
    r#"{s//\1/;s/[\]"/"/g;/^$/d;/[\[:cntrl:]]/d;s/^/marker:/p;}"#,
);

/// The script for a shell, if it is supported.
pub fn script(shell: &str) -> Option<String> {
    let (script, programs) = match shell {
        "bash" => (include_str!("asciinema.bash"), bash()),
        "zsh" => (include_str!("asciinema.zsh"), zsh()),
        "fish" => (include_str!("asciinema.fish"), fish()),
        _ => return None,
    };
    let programs_of_their_own = catalog::programs().filter(|program| !program.is_built_in());
    let names: String = programs_of_their_own.map(|program| format!(" {}", program.name)).collect();
    let descriptions: String = catalog::programs()
        .map(|program| format!("    '{}:{}'\n", program.command(), quoted(program.summary)))
        .collect();
    let script = script
        .replace("@NAMES@", &names)
        .replace("@COMMANDS@", &commands().join(" "))
        .replace("    @DESCRIPTIONS@\n", &descriptions)
        .replace("@MARKERS@", MARKERS);
    Some(script.replace("    @PROGRAMS@\n", &programs).replace("@PROGRAMS@\n", &programs))
}

fn commands() -> Vec<&'static str> {
    catalog::programs().map(Program::command).collect()
}

/// The description of an option in a shell: its help up to the first semicolon or parenthesis.
fn description(option: &OptionEntry) -> &'static str {
    option.help.split([';', '(']).next().unwrap_or_default().trim_end()
}

/// A text within single quotes of bash and zsh.
fn quoted(text: &str) -> String {
    text.replace('\'', r"'\''")
}

/// A branch of a `case` for each program, with its options as words: --name, or --name=KIND.
fn bash() -> String {
    let mut text = String::new();
    for program in catalog::programs() {
        let words = program.all_options().flat_map(|option| {
            let kind = bash_kind(option.completion);
            let suffix = if kind.is_empty() { kind } else { format!("={kind}") };
            option.names.iter().map(move |name| format!("{name}{suffix}"))
        });
        let words: Vec<String> = words.collect();
        let kind = bash_kind(program.operands);
        text.push_str(&format!(
            "    {}) arguments='{kind}' options='{}' ;;\n",
            program.command(),
            words.join(" ")
        ));
    }
    text
}

fn bash_kind(completion: Completion) -> String {
    match completion {
        Nothing => String::new(),
        Text => "text".to_string(),
        OneOf(words) => words.join("|"),
        Time => "time".to_string(),
        File => "file".to_string(),
        Cast | CastOrUrl => "cast".to_string(),
        Recording => "recording".to_string(),
        Command => commands().join("|"),
    }
}

/// A branch of a `case` for each program: the call of `_arguments` that describes it.
fn zsh() -> String {
    let mut text = String::new();
    for program in catalog::programs() {
        text.push_str(&format!("    {})\n      _arguments -s -S \\\n", program.command()));
        for option in program.all_options() {
            let description = quoted(&description(option).replace('\\', r"\\").replace(']', r"\]"));
            for name in option.names {
                // A value follows in the same word or in the next one.
                let join = match option.completion {
                    Nothing => "",
                    _ if name.starts_with("--") => "=",
                    _ => "+",
                };
                let action = match option.completion {
                    Nothing => String::new(),
                    value => format!(":value:{}", zsh_action(value)),
                };
                text.push_str(&format!("        '*{name}{join}[{description}]{action}' \\\n"));
            }
        }
        text.push_str(&format!("        '*:argument:{}' ;;\n", zsh_action(program.operands)));
    }
    text
}

fn zsh_action(completion: Completion) -> String {
    match completion {
        Nothing | Text => " ".to_string(),
        OneOf(words) => format!("({})", words.join(" ")),
        Time => "_asciinema_times".to_string(),
        File => "_files".to_string(),
        Cast => "_files -g \"*.(cast|json)(-.)\"".to_string(),
        CastOrUrl => "_asciinema_input".to_string(),
        Recording => "_files -g \"*.(cast|txt)(-.)\"".to_string(),
        Command => "_asciinema_commands".to_string(),
    }
}

/// A line for each program and for each of its options.
fn fish() -> String {
    let mut text = String::new();
    for program in catalog::programs() {
        let (name, summary) = (program.command(), fish_quoted(program.summary));
        let operands = match program.operands {
            // Fish refuses -F for a command without it.
            File => " -x -a '(__asciinema_files)'".to_string(),
            other => fish_value(other),
        };
        text.push_str(&format!("__asciinema_program {name} '{summary}'{operands}\n"));
    }
    for program in catalog::programs() {
        for option in program.all_options() {
            text.push_str(&format!("__asciinema_option {}", program.command()));
            for name in option.names {
                text.push_str(&match name.strip_prefix("--") {
                    Some(long) => format!(" -l {long}"),
                    None => format!(" -s {}", name.trim_start_matches('-')),
                });
            }
            let description = fish_quoted(description(option));
            text.push_str(&format!("{} -d '{description}'\n", fish_value(option.completion)));
        }
    }
    text
}

/// A text within single quotes of fish.
fn fish_quoted(text: &str) -> String {
    text.replace('\\', r"\\").replace('\'', r"\'")
}

fn fish_value(completion: Completion) -> String {
    match completion {
        Nothing => String::new(),
        Text => " -x".to_string(),
        OneOf(words) => format!(" -x -a '{}'", words.join(" ")),
        Time => " -x -a '(__asciinema_times)'".to_string(),
        File => " -r -F".to_string(),
        Cast | CastOrUrl => " -x -a '(__asciinema_files .cast .json)'".to_string(),
        Recording => " -x -a '(__asciinema_files .cast .txt)'".to_string(),
        Command => format!(" -x -a '{}'", commands().join(" ")),
    }
}
