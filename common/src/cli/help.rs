//! What `--help` prints, and the names of options that can be read off it.

/// The help of a program, in its parts.
#[derive(Debug)]
pub struct Help {
    /// The name of the program.
    pub name: &'static str,
    /// The name that its messages begin with: its own, or `asciinema` for a classic command.
    pub speaker: &'static str,
    /// What follows the name in the usage line.
    pub usage: &'static str,
    /// What the program does, in a sentence or two.
    pub about: &'static str,
    /// The options: a line each, indented, names first, then two spaces or more and the meaning. A
    /// line that goes on is indented to the meanings.
    pub options: &'static str,
    /// The options that a group of programs shares, in the same form.
    pub shared_options: &'static str,
    /// Examples, a command line each, indented.
    pub examples: &'static str,
}

/// The options of every program.
const COMMON_OPTIONS: &str = "  -h, --help                print this help, --help with examples
  -V, --version             print the version
";

impl Help {
    /// The text for `-h`.
    pub fn short(&self) -> String {
        let Help { name, usage, about, .. } = self;
        let options: String = self.option_parts().concat();
        format!("usage: {name} {usage}\n\n{about}\n\noptions:\n{options}")
    }

    /// The text for `--help`.
    pub fn long(&self) -> String {
        format!("{}\nexamples:\n{}", self.short(), self.examples)
    }

    /// Every name of every option, dashes included.
    pub fn option_names(&self) -> impl Iterator<Item = &'static str> {
        self.option_parts().into_iter().flat_map(option_names)
    }

    fn option_parts(&self) -> [&'static str; 3] {
        [self.options, self.shared_options, COMMON_OPTIONS]
    }
}

/// In each line that begins with a dash, the words with dashes before the two spaces that part names
/// from meaning.
fn option_names(options: &'static str) -> impl Iterator<Item = &'static str> {
    let lines = options.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    lines
        .flat_map(|line| line.split_once("  ").map_or(line, |(names, _)| names).split([' ', ',', '=']))
        .filter(|word| word.len() > 1 && word.starts_with('-'))
}
