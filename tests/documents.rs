//! What is said of the programs in more than one place.

use crate::harness::{programs, run};

/// The programs of this package but for the dispatcher, as they are built.
fn commands() -> Vec<String> {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let names = manifest.lines().filter_map(|line| line.strip_prefix("name = \"asciinema-"));
    names
        .map(|name| name.trim_end_matches('"').to_string())
        .filter(|name| !name.starts_with("toolkit"))
        .collect()
}

#[test]
fn the_dispatcher_lists_every_program() {
    let help = run("asciinema --help", "").stdout();
    for command in commands() {
        assert!(programs().join(format!("asciinema-{command}")).exists());
        assert!(
            help.lines().any(|line| line.split_whitespace().next() == Some(&command)),
            "{command} in {help}"
        );
    }
}

#[test]
fn the_dispatcher_names_every_option_of_a_program_once_at_least() {
    let help = run("asciinema --help", "").stdout();
    for command in commands() {
        let own = run(&format!("asciinema-{command} --help"), "").stdout();
        let start = help.find(&format!("\n  {command} ")).expect("its entry");
        let end = help[start + 1..].find("\n  ").map_or(help.len(), |_| help.len());
        let entry = &help[start..end];
        for line in own.lines().filter(|line| line.trim_start().starts_with('-')) {
            let names = line.trim_start().split("  ").next().unwrap_or_default();
            let names: Vec<&str> = names.split([' ', ',']).filter(|name| name.starts_with('-')).collect();
            if names.iter().any(|name| ["-h", "-V"].contains(name)) {
                continue;
            }
            assert!(names.iter().any(|name| entry.contains(name)), "{names:?} of {command} in {entry}");
        }
    }
}

#[test]
fn help_fits_a_screen_and_ends_with_examples_in_its_long_form() {
    for command in commands() {
        let long = run(&format!("asciinema-{command} --help"), "").stdout();
        let short = run(&format!("asciinema-{command} -h"), "").stdout();
        assert!(long.starts_with(&short) && long.contains("\nexamples:\n"), "{long}");
        assert!(long.lines().all(|line| line.len() <= 100), "{long}");
        assert!(short.lines().count() <= 32, "{short}");
    }
}
