//! The shape of a catalog entry, and the help made from it.

/// A program, or a command that the dispatcher runs itself.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The name of the executable, or `asciinema COMMAND` for a built-in command of the dispatcher.
    pub name: &'static str,
    /// True if its messages begin with `asciinema:`, as those of 2.4's commands do, rather than
    /// with its own name.
    pub is_classic: bool,
    /// What it does, for its man page and the list of commands: a few words in the imperative.
    pub summary: &'static str,
    /// The rest of the usage line, after the name.
    pub usage: &'static str,
    /// A description of one or two sentences.
    pub about: &'static str,
    /// Its options, without `--help` and `--version`, which every program has.
    pub options: &'static [OptionEntry],
    /// The type of its operands.
    pub operands: Completion,
    /// Example command lines.
    pub examples: &'static [&'static str],
}

/// An option with all its names.
#[derive(Clone, Copy, Debug)]
pub struct OptionEntry {
    /// Its names, dashes included.
    pub names: &'static [&'static str],
    /// The name of its value; empty if it takes none.
    pub metavar: &'static str,
    /// The completion of its value.
    pub completion: Completion,
    /// What it does. A shell shows this up to the first semicolon or parenthesis.
    pub help: &'static str,
}

/// The type of a value or an operand, which determines what a shell offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// No operand.
    Nothing,
    /// Any text; a shell cannot help.
    Text,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A time in the cast named on the command line; a shell offers the cast's markers.
    Time,
    /// A file of any kind.
    File,
    /// A file that contains a cast.
    Cast,
    /// A cast or the URL of one.
    CastOrUrl,
    /// A file to record to.
    Recording,
    /// A command of the dispatcher, such as `rec`.
    Command,
}

/// An option without a value.
pub const fn flag(names: &'static [&'static str], help: &'static str) -> OptionEntry {
    OptionEntry { names, metavar: "", completion: Completion::Nothing, help }
}

/// An option that takes a value.
pub const fn option(
    names: &'static [&'static str],
    metavar: &'static str,
    completion: Completion,
    help: &'static str,
) -> OptionEntry {
    OptionEntry { names, metavar, completion, help }
}

/// The options of every program.
const COMMON_OPTIONS: [OptionEntry; 2] = [
    flag(&["-h", "--help"], "print short help (--help: with examples)"),
    flag(&["-V", "--version"], "print the version"),
];

/// The width of a help text and the column where its explanations begin.
const WIDTH: usize = 80;
const INDENT: usize = 28;

impl Program {
    /// The name of the command.
    pub fn command(&self) -> &'static str {
        self.name.strip_prefix("asciinema-").or(self.name.strip_prefix("asciinema ")).unwrap_or(self.name)
    }

    /// Returns whether the dispatcher runs it itself.
    pub fn is_built_in(&self) -> bool {
        self.name.contains(' ')
    }

    /// The name at the start of its messages.
    pub fn reporter(&self) -> &'static str {
        if self.is_classic { "asciinema" } else { self.name }
    }

    /// Its options, including those of every program.
    pub fn all_options(&self) -> impl Iterator<Item = &OptionEntry> {
        self.options.iter().chain(&COMMON_OPTIONS)
    }

    /// Every name of every option, dashes included.
    pub fn option_names(&self) -> impl Iterator<Item = &'static str> {
        self.all_options().flat_map(|option| option.names).copied()
    }

    /// The text for `-h`.
    pub fn short_help(&self) -> String {
        let mut text = format!("usage: {} {}\n\n", self.name, self.usage);
        wrap(&mut text, self.about, 0);
        text.push_str("\noptions:\n");
        for option in self.all_options() {
            option.write_help(&mut text);
        }
        text
    }

    /// The text for `--help`.
    pub fn long_help(&self) -> String {
        let mut text = self.short_help();
        text.push_str("\nexamples:\n");
        for example in self.examples {
            text.push_str("  ");
            text.push_str(example);
            text.push('\n');
        }
        text
    }
}

impl OptionEntry {
    /// Appends the option to a help text: the names, then the explanation in a second column.
    fn write_help(&self, text: &mut String) {
        // Long names are aligned whether or not a short one precedes them.
        let has_short = self.names.first().is_some_and(|name| !name.starts_with("--"));
        let mut names = String::from(if has_short { "  " } else { "      " });
        names.push_str(&self.names.join(", "));
        if !self.metavar.is_empty() {
            names.push(' ');
            names.push_str(self.metavar);
        }
        text.push_str(&names);
        match INDENT.checked_sub(names.len()) {
            Some(gap) if gap >= 2 => text.extend(std::iter::repeat_n(' ', gap)),
            _ => {
                text.push('\n');
                text.extend(std::iter::repeat_n(' ', INDENT));
            }
        }
        wrap(text, self.help, INDENT);
    }
}

/// Appends a paragraph that begins at a column; further lines are indented to it.
fn wrap(text: &mut String, paragraph: &str, indent: usize) {
    let mut column = indent;
    for word in paragraph.split(' ') {
        let length = word.chars().count();
        if column + length > WIDTH {
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        }
        text.push_str(word);
        text.push(' ');
        column += length + 1;
    }
    text.pop();
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_is_made_from_the_entry() {
        const PROGRAM: Program = Program {
            name: "asciinema-test",
            is_classic: false,
            summary: "test",
            usage: "[OPTION...] [FILE]",
            about: "A sentence that is longer than a line of eighty columns can be, so that it is wrapped.",
            options: &[
                flag(&["-q", "--quiet"], "print errors only"),
                option(
                    &["--output-format"],
                    "FORMAT",
                    Completion::OneOf(&["raw", "txt"]),
                    "one of the formats that there are, which takes more than one line",
                ),
            ],
            operands: Completion::Cast,
            examples: &["asciinema-test demo.cast"],
        };
        assert_eq!(
            PROGRAM.long_help(),
            "usage: asciinema-test [OPTION...] [FILE]

A sentence that is longer than a line of eighty columns can be, so that it is
wrapped.

options:
  -q, --quiet               print errors only
      --output-format FORMAT
                            one of the formats that there are, which takes more
                            than one line
  -h, --help                print short help (--help: with examples)
  -V, --version             print the version

examples:
  asciinema-test demo.cast
"
        );
        let names: Vec<_> = PROGRAM.option_names().collect();
        assert_eq!(names, ["-q", "--quiet", "--output-format", "-h", "--help", "-V", "--version"]);
    }
}
