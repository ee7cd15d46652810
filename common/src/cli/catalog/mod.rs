//! The catalog: every program of the toolkit, its purpose and its options.
//!
//! Options are described only here. A program's `--help`, the option names that its command line
//! accepts, the dispatcher's list of commands, the completions of all shells and the test that
//! compares them with the man pages are derived from the catalog.
//!
//! A program takes its entry as a constant: `const PROGRAM: Program =
//! catalog::program("asciinema-idle");`. The lookup happens at compile time: the program contains
//! the text of no other entry, and a program without an entry does not build.

mod edit;
mod entry;
mod inspect;
mod live;
mod pictures;
mod record;
mod settings;
mod share;

pub use entry::{Completion, OptionEntry, Program, flag, option};

/// Programs that belong together, in the order in which the dispatcher lists them.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The heading of the list.
    pub title: &'static str,
    /// The programs.
    pub programs: &'static [Program],
}

/// The whole catalog.
pub const GROUPS: &[Group] = &[
    Group { title: "record and play", programs: record::PROGRAMS },
    Group { title: "edit recordings", programs: edit::PROGRAMS },
    Group { title: "look into recordings", programs: inspect::PROGRAMS },
    Group { title: "draw recordings", programs: pictures::PROGRAMS },
    Group { title: "share recordings", programs: share::PROGRAMS },
    Group { title: "show sessions live", programs: live::PROGRAMS },
    Group { title: "settings and help", programs: settings::PROGRAMS },
];

/// Aliases of commands.
pub const ALIASES: &[(&str, &str)] = &[("record", "rec")];

/// The commands of asciinema 2.4 and 3.2: an abbreviation that either accepts keeps its meaning,
/// however many commands are added.
pub const CLASSIC: &[&str] = &["rec", "play", "cat", "upload", "auth", "stream", "session", "convert"];

/// Every program of the catalog, group by group.
pub fn programs() -> impl Iterator<Item = &'static Program> {
    GROUPS.iter().flat_map(|group| group.programs)
}

/// The entry of a program by its full name, for a constant. Fails to compile if there is none.
pub const fn program(name: &str) -> Program {
    let mut group = 0;
    while group < GROUPS.len() {
        let programs = GROUPS[group].programs;
        let mut at = 0;
        while at < programs.len() {
            if is_same(programs[at].name, name) {
                return programs[at];
            }
            at += 1;
        }
        group += 1;
    }
    panic!("the program has no entry in the catalog");
}

/// `a == b`, which a constant cannot call yet.
const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

// Options that several programs have.

/// `-o OUT`, which every filter has.
pub const OUTPUT: OptionEntry = option(
    &["-o", "--output"],
    "OUT",
    Completion::File,
    "write to OUT instead of stdout; OUT may be the input file",
);
/// `--follow`, which every filter of one cast has.
pub const FOLLOW: OptionEntry = flag(&["--follow"], "treat FILE as a cast that is still being written");
const IDLE_TIME_LIMIT: &[&str] = &["-i", "--idle-time-limit"];
const TITLE: OptionEntry =
    option(&["-t", "--title"], "TITLE", Completion::Text, "set the title of the recording");
/// For programs that have nothing to suppress, but accept the option of 3.x.
const QUIET: OptionEntry = flag(&["-q", "--quiet"], "accepted for compatibility; has no effect");
const SERVER_URL: OptionEntry =
    option(&["--server-url"], "URL", Completion::Text, "use the server at URL instead of the configured one");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_texts_fit_their_columns() {
        let mut names: Vec<_> = programs().map(Program::command).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "{names:?}");
        for program in programs() {
            let Program { name, summary, about, .. } = program;
            assert!(summary.len() <= 60 && !summary.ends_with('.'), "{name}: {summary}");
            assert!(about.ends_with('.'), "{name}: {about}");
            assert!(!program.examples.is_empty(), "{name}");
            let long = program.long_help();
            assert!(
                long.lines().all(|line| line.chars().count() <= 80 || !line.starts_with("   ")),
                "{long}"
            );
        }
    }

    #[test]
    fn no_option_is_listed_twice() {
        for program in programs() {
            let mut names: Vec<_> = program.option_names().collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{}: {names:?}", program.name);
        }
    }
}
