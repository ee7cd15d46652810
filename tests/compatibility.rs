//! The command line accepts everything that asciinema 2.4 and 3.2 accept.

use std::process::Command;

use common::cli::catalog::{self, Program};

use crate::harness::{Scratch, cast};

/// The options of each command of asciinema 3.2, as its `-h` lists them.
const OPTIONS_OF_3_2: &[(&str, &str)] = &[
    (
        "rec",
        "-f --output-format -c --command -I --capture-input --capture-env -a --append --overwrite -t --title -i \
         --idle-time-limit --headless --window-size --return --log-file -q --quiet -h --help",
    ),
    (
        "play",
        "-s --speed -l --loop -i --idle-time-limit -m --pause-on-markers -r --resize -q --quiet -h --help",
    ),
    (
        "stream",
        "-l --local -r --remote -c --command -I --capture-input --capture-env -t --title --description \
         --visibility --audio-url --headless --window-size --return --log-file --server-url -q --quiet -h --help",
    ),
    (
        "session",
        "-o --output-file -f --output-format -l --stream-local -r --stream-remote -c --command -I \
         --capture-input --capture-env -a --append --overwrite -t --title --description --visibility --audio-url \
         -i --idle-time-limit --headless --window-size --return --log-file --server-url -q --quiet -h --help",
    ),
    ("cat", "-q --quiet -h --help"),
    ("convert", "-f --output-format --overwrite -q --quiet -h --help"),
    ("upload", "-t --title --description --visibility --audio-url --server-url -q --quiet -h --help"),
    ("auth", "--server-url -q --quiet -h --help"),
];

/// The options of each command of asciinema 2.4, as its `-h` lists them.
const OPTIONS_OF_2_4: &[(&str, &str)] = &[
    (
        "rec",
        "-h --help --stdin --append --raw --overwrite -c --command -e --env -t --title -i --idle-time-limit \
         --cols --rows -y --yes -q --quiet",
    ),
    ("play", "-h --help -i --idle-time-limit -s --speed -l --loop -m --pause-on-markers --out-fmt --stream"),
    ("cat", "-h --help"),
    ("upload", "-h --help"),
    ("auth", "-h --help"),
];

fn program(command: &str) -> Option<&'static Program> {
    catalog::programs().find(|program| program.command() == command)
}

#[test]
fn every_option_of_earlier_versions_is_accepted() {
    for &(command, options) in OPTIONS_OF_2_4.iter().chain(OPTIONS_OF_3_2) {
        let program = program(command).unwrap_or_else(|| panic!("{command}"));
        for option in options.split(' ') {
            let is_there = program.option_names().any(|name| name == option);
            assert!(is_there, "{command} {option}");
        }
    }
}

/// Another asciinema: named by a variable, or the one in `$PATH` if it has that version.
fn other(variable: &str, version: &str) -> Option<String> {
    let named = std::env::var(variable).ok();
    let path = named.unwrap_or_else(|| "asciinema".to_string());
    let printed = Command::new(&path).arg("--version").output().ok()?;
    String::from_utf8_lossy(&printed.stdout).starts_with(&format!("asciinema {version}")).then_some(path)
}

/// The options in a help text: the words that begin with dashes at the start of an indented line,
/// up to the explanation.
fn options_of(help: &str) -> Vec<String> {
    let lines = help.lines().filter(|line| line.trim_start().starts_with('-') && line.starts_with("  "));
    let names = lines.map(|line| line.trim_start().split("  ").next().unwrap_or_default());
    let words = names.flat_map(|names| names.split([' ', ',', '=']));
    let mut options: Vec<String> =
        words.filter(|word| word.len() > 1 && word.starts_with('-')).map(str::to_string).collect();
    options.sort_unstable();
    options.dedup();
    options
}

/// Compares a table above with the program itself, if installed.
fn compare(variable: &str, version: &str, table: &[(&str, &str)]) {
    let Some(path) = other(variable, version) else {
        eprintln!(
            "asciinema {version} is not installed ({variable} can name it): the table above was not compared"
        );
        return;
    };
    for (command, options) in table {
        let help = Command::new(&path).args([command, "-h"]).output().expect("its help");
        let mut expected: Vec<&str> = options.split_whitespace().collect();
        expected.sort_unstable();
        assert_eq!(options_of(&String::from_utf8_lossy(&help.stdout)), expected, "{command}");
    }
}

#[test]
fn the_table_of_3_2_matches_its_help() {
    compare("ASCIINEMA_3", "3.", OPTIONS_OF_3_2);
}

#[test]
fn the_table_of_2_4_matches_its_help() {
    compare("ASCIINEMA_2", "2.4", OPTIONS_OF_2_4);
}

/// Command lines and the exit statuses of asciinema 3.2. Where ours are meant to differ (`cat` of one file,
/// `rec` without one) there is no line.
const STATUSES_OF_3_2: &[(&str, i32)] = &[
    ("--version", 0),
    ("--help", 0),
    ("play --help", 0),
    ("nosuch", 2),
    ("play missing.cast", 1),
    ("play bad.cast", 1),
    ("play -s x a.cast", 2),
    ("play --no-such a.cast", 2),
    ("convert missing.cast out.cast", 1),
    ("convert a.cast a.cast", 1),
    ("convert -f nothing a.cast b.cast", 2),
    ("convert bad.cast c.cast", 1),
    ("rec a.cast", 1),
    ("rec -q --headless --append --overwrite -c true b.cast", 2),
    ("rec -q --headless -c 'exit 3' d.cast", 0),
    ("rec -q --headless --return -c 'exit 3' e.cast", 3),
    ("rec -q --headless --return -c 'kill -9 $$' f.cast", 137),
    ("rec -q --headless --return -c nosuchprogram g.cast", 127),
    ("rec -q --headless -f nothing h.cast", 2),
    ("rec --headless --window-size 9 i.cast", 2),
    ("upload missing.cast", 1),
    ("upload bad.cast", 1),
    ("stream", 2),
    ("session", 2),
];

/// Runs the command lines and compares their statuses.
fn check_statuses(program: &str) {
    for &(line, status) in STATUSES_OF_3_2 {
        let scratch = Scratch::new();
        scratch.write("a.cast", cast(&[(0.1, "a")]));
        scratch.write("bad.cast", "x\n");
        let ran = scratch.run(&format!("{program} {line} < /dev/null"), "");
        assert_eq!(ran.status(), status, "{ran}");
    }
}

#[test]
fn exit_statuses_are_those_of_3_2() {
    check_statuses("asciinema");
}

#[test]
fn the_exit_statuses_of_3_2_are_what_it_exits_with() {
    match other("ASCIINEMA_3", "3.") {
        Some(path) => check_statuses(&path),
        None => eprintln!("asciinema 3 is not installed (ASCIINEMA_3 can name it): nothing was compared"),
    }
}
