//! `asciinema completions SHELL`: the script that teaches a shell the commands and their options.
//!
//! What there is to complete stands once, in PROGRAMS; each shell's script is what it takes to ask
//! there, written by hand (asciinema.bash, asciinema.zsh, asciinema.fish), with that table put into
//! it in the shell's own words. The scripts start no process but for the names of markers.

use self::Value::{Cast, File, Input, Nothing, OneOf, Recording, Text, Time};

/// What an option or an argument takes, and so what is offered there.
#[derive(Clone, Copy)]
enum Value {
    Nothing,
    /// Anything, of which a shell knows nothing.
    Text,
    OneOf(&'static [&'static str]),
    /// A time in the cast that is named on the command line: its markers.
    Time,
    /// A file of any kind.
    File,
    /// A file that holds a cast.
    Cast,
    /// A cast or the URL of one.
    Input,
    /// A file to record to.
    Recording,
}

/// An option under all its names.
struct Opt {
    names: &'static [&'static str],
    value: Value,
    does: &'static str,
}

/// A program, or a command that the dispatcher has itself.
struct Program {
    name: &'static str,
    does: &'static str,
    options: &'static [Opt],
    arguments: Value,
}

const fn opt(names: &'static [&'static str], value: Value, does: &'static str) -> Opt {
    Opt { names, value, does }
}

const HELP: Opt = opt(&["-h", "--help"], Nothing, "print the help");
const VERSION: Opt = opt(&["-V", "--version"], Nothing, "print the version");
const OUTPUT: Opt = opt(&["-o", "--output"], File, "write to this file");
const FROM: Opt = opt(&["--from"], Time, "only from there on");
const TO: Opt = opt(&["--to"], Time, "only up to there");
const DROP: Opt = opt(&["--drop"], Nothing, "draw nothing, only leave the events out");
const IDLE: Opt = opt(&["-i", "--idle-time-limit"], Text, "how long a pause may be, in seconds");
const SPEED: Opt = opt(&["-s", "--speed"], Text, "how many times as fast");
const TITLE: Opt = opt(&["-t", "--title"], Text, "the title of the recording");
const SERVER: Opt = opt(&["--server-url"], Text, "the server");
const QUIET: Opt = opt(&["-q", "--quiet"], Nothing, "say nothing but errors");

/// What every program completes: a line for each option. HELP and VERSION come by themselves.
/// The texts are plain words, which mean nothing to any shell.
#[rustfmt::skip]
const PROGRAMS: &[Program] = &[
    Program { name: "rec", does: "record a session", arguments: Recording, options: &[
        opt(&["-c", "--command"], Text, "what to run instead of the shell"),
        opt(&["-a", "--append"], Nothing, "continue the recording"),
        opt(&["--overwrite"], Nothing, "replace the file"),
        TITLE,
        IDLE,
        opt(&["-e", "--env", "--capture-env"], Text, "which environment variables to keep"),
        opt(&["-I", "--stdin", "--capture-input"], Nothing, "record the keyboard, too"),
        opt(&["-f", "--output-format"], OneOf(&["asciicast-v2", "asciicast-v3", "raw", "txt"]), "the format of the recording"),
        opt(&["--raw"], Nothing, "the same as -f raw"),
        opt(&["--cols"], Text, "how wide a terminal the program sees"),
        opt(&["--rows"], Text, "how high a terminal the program sees"),
        opt(&["--window-size"], Text, "columns and rows, as 80x24"),
        opt(&["--headless"], Nothing, "do not use the terminal"),
        opt(&["--return"], Nothing, "end with the exit status of the program"),
        SERVER,
        opt(&["-y", "--yes"], Nothing, "answer yes to the question whether to upload"),
        QUIET,
    ] },
    Program { name: "play", does: "play a cast in the terminal", arguments: Input, options: &[
        IDLE,
        SPEED,
        opt(&["-l", "--loop"], Nothing, "play it again and again"),
        opt(&["-m", "--pause-on-markers"], Nothing, "pause at every marker"),
        opt(&["--stream"], OneOf(&["o", "i"]), "what to show, output or input"),
        opt(&["--out-fmt"], OneOf(&["raw", "asciicast"]), "write output, or the events as a cast"),
        opt(&["-r", "--resize"], Nothing, "ask the terminal to take the size of the recorded one"),
        QUIET,
    ] },
    Program { name: "cat", does: "print the output of casts at once", arguments: Input, options: &[] },
    Program { name: "fetch", does: "write the cast that a URL leads to on stdout", arguments: Text, options: &[] },
    Program { name: "upload", does: "upload a recording to the server", arguments: Cast, options: &[
        SERVER,
        TITLE,
        opt(&["--description"], Text, "the description, in Markdown"),
        opt(&["--visibility"], OneOf(&["public", "unlisted", "private"]), "who may see it"),
        opt(&["--audio-url"], Text, "where its sound track is"),
        QUIET,
    ] },
    Program { name: "auth", does: "link recordings of this machine to an account", arguments: Nothing, options: &[SERVER] },
    Program { name: "idle", does: "cut pauses to a number of seconds", arguments: Cast, options: &[IDLE, OUTPUT] },
    Program { name: "speed", does: "make a cast faster or slower", arguments: Cast, options: &[SPEED, FROM, TO, OUTPUT] },
    Program { name: "quantize", does: "even the rhythm of a cast out", arguments: Cast, options: &[
        opt(&["-r", "--range"], Text, "delays within this range become its beginning"),
        OUTPUT,
    ] },
    Program { name: "cut", does: "take ranges out of a cast", arguments: Cast, options: &[FROM, TO, DROP, OUTPUT] },
    Program { name: "trim", does: "keep ranges of a cast", arguments: Cast, options: &[FROM, TO, DROP, OUTPUT] },
    Program { name: "marker", does: "add, remove or list markers", arguments: Cast, options: &[
        opt(&["--add"], Text, "a marker at a time, as T=LABEL"),
        opt(&["--every"], Text, "a marker each so many seconds"),
        opt(&["--on"], Text, "a marker where the output matches"),
        opt(&["--remove"], Time, "no marker at this time or with this label"),
        opt(&["--list"], Nothing, "a line for each marker rather than the cast"),
        OUTPUT,
    ] },
    Program { name: "join", does: "put casts one after the other", arguments: Cast, options: &[
        opt(&["--gap"], Text, "a pause before each cast but the first, in seconds"),
        OUTPUT,
    ] },
    Program { name: "convert", does: "turn a cast into another format", arguments: Cast, options: &[
        opt(&["-f", "--output-format"], OneOf(&["asciicast-v3", "asciicast-v2", "asciicast-v1", "raw", "txt"]), "the format"),
        OUTPUT,
    ] },
    Program { name: "info", does: "say what is in a cast", arguments: Cast, options: &[
        IDLE,
        opt(&["--json"], Nothing, "one line of JSON rather than a table"),
        OUTPUT,
    ] },
    Program { name: "meta", does: "show or change the header of a cast", arguments: Cast, options: &[
        TITLE,
        opt(&["--set"], Text, "give a key a value, as KEY=JSON"),
        opt(&["--unset"], Text, "take a key out"),
        opt(&["--get"], Text, "write the value of a key and nothing else"),
        OUTPUT,
    ] },
];

const SHELLS: &[&str] = &["bash", "zsh", "fish"];

impl Program {
    /// Its options, with those that every program has.
    fn options(&self) -> impl Iterator<Item = &Opt> {
        self.options.iter().chain([&HELP, &VERSION])
    }
}

/// A sed script: the labels of the markers in a cast, as times are written. It is quoted with single
/// quotes, and has no two backslashes in a row, which would mean different things to the shells.
const MARKERS: &str = concat!(
    r#"/^[[:space:]]*\[[^,]*,[[:space:]]*"m"[[:space:]]*,[[:space:]]*"\(.*\)"[[:space:]]*\][[:space:]]*$/"#,
    r#"{s//\1/;s/[\]"/"/g;/^$/d;/[\[:cntrl:]]/d;s/^/marker:/p;}"#,
);

/// The script for a shell, if it is one of the three.
pub fn script(shell: &str) -> Option<String> {
    let (script, programs) = match shell {
        "bash" => (include_str!("asciinema.bash"), bash()),
        "zsh" => (include_str!("asciinema.zsh"), zsh()),
        "fish" => (include_str!("asciinema.fish"), fish()),
        _ => return None,
    };
    let list = |line: fn(&Program) -> String| PROGRAMS.iter().map(line).collect::<String>();
    let script = script
        .replace("@NAMES@", &list(|program| format!(" asciinema-{}", program.name)))
        .replace("@COMMANDS@", list(|program| format!(" {}", program.name)).trim_start())
        .replace(
            "    @DESCRIPTIONS@\n",
            &list(|program| format!("    '{}:{}'\n", program.name, program.does)),
        )
        .replace("@MARKERS@", MARKERS);
    Some(script.replace("    @PROGRAMS@\n", &programs).replace("@PROGRAMS@\n", &programs))
}

/// The names of the shells, for people.
pub fn shells() -> String {
    SHELLS.join(", ")
}

/// A branch of a `case` for each program, with its options as words: --name, or --name=KIND.
fn bash() -> String {
    let mut text = String::new();
    for program in PROGRAMS {
        let words = program.options().flat_map(|option| {
            let kind = bash_kind(option.value);
            let suffix = if kind.is_empty() { kind } else { format!("={kind}") };
            option.names.iter().map(move |name| format!("{name}{suffix}"))
        });
        let words: Vec<String> = words.collect();
        let kind = bash_kind(program.arguments);
        text.push_str(&format!(
            "    {}) arguments='{kind}' options='{}' ;;\n",
            program.name,
            words.join(" ")
        ));
    }
    text
}

fn bash_kind(value: Value) -> String {
    match value {
        Nothing => String::new(),
        Text => "text".to_string(),
        OneOf(words) => words.join("|"),
        Time => "time".to_string(),
        File => "file".to_string(),
        Cast | Input => "cast".to_string(),
        Recording => "recording".to_string(),
    }
}

/// A branch of a `case` for each program: the call of `_arguments` that describes it.
fn zsh() -> String {
    let mut text = String::new();
    for program in PROGRAMS {
        text.push_str(&format!("    {})\n      _arguments -s -S \\\n", program.name));
        for option in program.options() {
            for name in option.names {
                // A value follows in the same word or in the next one.
                let join = match option.value {
                    Nothing => "",
                    _ if name.starts_with("--") => "=",
                    _ => "+",
                };
                let action = match option.value {
                    Nothing => String::new(),
                    value => format!(":value:{}", zsh_action(value)),
                };
                text.push_str(&format!("        '*{name}{join}[{}]{action}' \\\n", option.does));
            }
        }
        text.push_str(&format!("        '*:argument:{}' ;;\n", zsh_action(program.arguments)));
    }
    text
}

fn zsh_action(value: Value) -> String {
    match value {
        Nothing | Text => " ".to_string(),
        OneOf(words) => format!("({})", words.join(" ")),
        Time => "_asciinema_times".to_string(),
        File => "_files".to_string(),
        Cast => "_files -g \"*.(cast|json)(-.)\"".to_string(),
        Input => "_asciinema_input".to_string(),
        Recording => "_files -g \"*.(cast|txt)(-.)\"".to_string(),
    }
}

/// A line for each program and for each of its options.
fn fish() -> String {
    let mut text = String::new();
    for Program { name, does, arguments, .. } in PROGRAMS {
        text.push_str(&format!("__asciinema_program {name} '{does}'{}\n", fish_value(*arguments)));
    }
    for program in PROGRAMS {
        for option in program.options() {
            text.push_str(&format!("__asciinema_option {}", program.name));
            for name in option.names {
                text.push_str(&match name.strip_prefix("--") {
                    Some(long) => format!(" -l {long}"),
                    None => format!(" -s {}", name.trim_start_matches('-')),
                });
            }
            text.push_str(&format!("{} -d '{}'\n", fish_value(option.value), option.does));
        }
    }
    text
}

fn fish_value(value: Value) -> String {
    match value {
        Nothing => String::new(),
        Text => " -x".to_string(),
        OneOf(words) => format!(" -x -a '{}'", words.join(" ")),
        Time => " -x -a '(__asciinema_times)'".to_string(),
        File => " -r -F".to_string(),
        Cast | Input => " -x -a '(__asciinema_files .cast .json)'".to_string(),
        Recording => " -x -a '(__asciinema_files .cast .txt)'".to_string(),
    }
}
