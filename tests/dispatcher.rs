//! asciinema.

use std::os::unix::fs::{PermissionsExt, symlink};

use common::cli::catalog;

use crate::harness::{Scratch, cast, programs, run};

#[test]
fn a_command_executes_the_program_of_its_name() {
    assert_eq!(run("asciinema idle -i 1", cast(&[(5.0, "a")])).stdout(), cast(&[(1.0, "a")]));
    assert_eq!(run("asciinema cat -", cast(&[(5.0, "a")])).stdout(), "a");
}

#[test]
fn quiet_may_precede_the_command() {
    let cast = run("asciinema -q rec -c 'printf hello' -", "").stdout();
    assert_eq!(crate::harness::text_of(&cast, "o"), "hello");
}

#[test]
fn a_command_may_be_abbreviated_if_unambiguous() {
    assert_eq!(run("asciinema pl - | cat", cast(&[(0.0, "a")])).stdout(), "a");
    assert_eq!(run("asciinema hel", "").stdout(), run("asciinema --help", "").stdout());
    let ran = run("asciinema c", "");
    let (hint, names) = (ran.stderr(), ["cat", "completions", "convert", "cut"]);
    assert_eq!((ran.status(), ran.stdout_anyhow()), (2, String::new()));
    assert!(
        hint.starts_with("asciinema: 'c' is ambiguous: ") && hint.ends_with("\ntry 'asciinema --help'\n")
    );
    assert!(names.iter().all(|name| hint.contains(name)), "{hint}");
}

#[test]
fn abbreviations_of_earlier_versions_keep_their_meaning() {
    for (typed, command) in [
        ("r", "rec"),
        ("re", "rec"),
        ("reco", "rec"),
        ("record", "rec"),
        ("p", "play"),
        ("ca", "cat"),
        ("co", "convert"),
        ("u", "upload"),
        ("a", "auth"),
        ("st", "stream"),
        ("se", "session"),
    ] {
        // Two of them do not exist yet.
        if !catalog::programs().any(|program| program.command() == command) {
            continue;
        }
        let help = run(&format!("asciinema {typed} --help"), "").stdout();
        assert!(help.starts_with(&format!("usage: asciinema-{command} ")), "{typed}: {help}");
    }
}

#[test]
fn programs_in_its_own_directory_come_first_even_through_links() {
    let scratch = Scratch::new();
    symlink(programs().join("asciinema"), scratch.path("asc")).unwrap();
    assert!(scratch.run("PATH=/usr/bin:/bin ./asc cat --version", "").stdout().starts_with("asciinema-cat "));
}

#[test]
fn anyone_can_add_a_command() {
    let scratch = Scratch::new();
    let path = scratch.write("asciinema-hello", "#!/bin/sh\nprintf '%s.' hello \"$@\"\n");
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    assert_eq!(scratch.run("PATH=$PWD:$PATH asciinema hello 'a b' --help", "").stdout(), "hello.a b.--help.");
}

#[test]
fn an_unknown_command_is_reported_with_the_nearest_name() {
    for (typed, nearest) in [("recd", "rec"), ("plya", "play"), ("spede", "speed"), ("uplaod", "upload")] {
        let message = format!(
            "asciinema: '{typed}' is not a command; did you mean '{nearest}'?\ntry 'asciinema --help'\n"
        );
        assert_eq!(run(&format!("asciinema {typed}"), "").failure(), (2, String::new(), message));
    }
    assert_eq!(run("asciinema ../x", "").status(), 2);
}

#[test]
fn without_a_command_it_prints_its_help_and_fails() {
    let ran = run("asciinema", "");
    assert_eq!(ran.status(), 1);
    assert_eq!(ran.stdout_anyhow(), run("asciinema --help", "").stdout());
    assert_eq!(run("asciinema -h", "").stdout(), run("asciinema help", "").stdout());
}

#[test]
fn help_for_a_command_without_a_page_is_its_own_help() {
    assert_eq!(
        run("MANPATH=/nowhere asciinema help idle", "").stdout(),
        run("asciinema-idle --help", "").stdout()
    );
}

#[test]
fn every_program_prints_its_version() {
    let names = catalog::programs().map(|program| program.name);
    for name in std::iter::once("asciinema").chain(names) {
        let version = format!("{name} {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!(run(&format!("{name} --version"), "").stdout(), version);
        assert_eq!(run(&format!("{name} -V"), "").stdout(), version);
    }
}
