//! Commands about the toolkit itself.

use super::Completion::{Command, OneOf};
use super::Program;

/// The programs of the group.
pub const PROGRAMS: &[Program] = &[
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
