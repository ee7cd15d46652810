//! Commands about the toolkit itself.

use super::Completion::{Command, Nothing, OneOf};
use super::{Program, flag};

/// The programs of the group.
pub const PROGRAMS: &[Program] = &[
    Program {
        name: "asciinema-config",
        is_classic: true,
        summary: "show the settings in effect",
        usage: "[--json]",
        about: "Print every setting, its value and where the value comes from: a file, an environment variable, or the default.",
        options: &[flag(&["--json"], "print an array of JSON objects instead of a table")],
        operands: Nothing,
        examples: &[
            "asciinema config",
            "asciinema config --json | jq '.[] | select(.source != \"default\")'",
        ],
    },
    Program {
        name: "asciinema completions",
        is_classic: true,
        summary: "print a shell's completion script",
        usage: "bash|zsh|fish",
        about: "Print the script that lets a shell complete commands, options, their values, recordings and markers.",
        options: &[],
        operands: OneOf(&["bash", "zsh", "fish"]),
        examples: &["source <(asciinema completions bash)", "asciinema completions fish | source"],
    },
    Program {
        name: "asciinema help",
        is_classic: true,
        summary: "show the manual page of a command",
        usage: "[COMMAND]",
        about: "Show the manual page of COMMAND, or its --help if the page is not installed. Without COMMAND, list all commands.",
        options: &[],
        operands: Command,
        examples: &["asciinema help play"],
    },
];
