//! What is said of the programs in more than one place.

use crate::harness::{cast, programs, run};

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

/// The page of a command as plain text.
fn page(command: &str) -> String {
    let path = format!("{}/man/asciinema-{command}.1", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names of the options in a command's help.
fn options_in_help(command: &str) -> Vec<String> {
    let help = run(&format!("asciinema-{command} --help"), "").stdout();
    let options =
        help.split("\noptions:\n").nth(1).and_then(|rest| rest.split("\nexamples:").next()).expect("options");
    let mut in_help: Vec<String> = options
        .lines()
        .filter(|line| line.trim_start().starts_with('-'))
        .flat_map(|line| line.trim_start().split("  ").next().unwrap_or_default().split([' ', ',']))
        .filter(|word| word.starts_with('-'))
        .map(str::to_string)
        .collect();
    in_help.sort();
    in_help
}

#[test]
fn the_page_of_every_program_explains_the_options_of_its_help_and_no_others() {
    for command in commands() {
        let in_help = options_in_help(&command);
        // In mdoc an option is what follows Fl, without its first dash.
        let items = page(&command);
        let items = items.split(".Sh EXAMPLES").next().unwrap_or_default();
        let mut in_page: Vec<String> = items
            .lines()
            .filter_map(|line| line.strip_prefix(".It "))
            .flat_map(|line| line.split("Fl ").skip(1).filter_map(|rest| rest.split_whitespace().next()))
            .map(|name| format!("-{name}"))
            .collect();
        in_page.sort();
        assert_eq!(in_help, in_page, "{command}");
    }
}

/// The options of a command in the script that completes them in a shell, short ones with their dash.
fn completed(shell: &str, script: &str, command: &str) -> Vec<String> {
    let mut names: Vec<String> = match shell {
        "bash" => {
            let branch = script.lines().find(|line| line.trim_start().starts_with(&format!("{command}) ")));
            let words = branch.and_then(|line| line.split("options='").nth(1)?.split('\'').next());
            let words = words.unwrap_or_default().split_whitespace();
            words.map(|word| word.split('=').next().unwrap_or_default().to_string()).collect()
        }
        "zsh" => {
            let branch = script.split(&format!("\n    {command})\n")).nth(1);
            let branch = branch.and_then(|rest| rest.split(";;").next()).unwrap_or_default();
            let specs = branch.lines().filter_map(|line| line.trim_start().strip_prefix("'*-"));
            specs.map(|spec| format!("-{}", spec.split(['[', '=', '+']).next().unwrap_or_default())).collect()
        }
        _ => {
            let start = format!("__asciinema_option {command} ");
            let lines = script.lines().filter_map(|line| line.strip_prefix(&start));
            let words: Vec<&str> = lines.flat_map(|line| line.split(' ')).collect();
            let names = words.windows(2).filter_map(|pair| match *pair {
                ["-l", long] => Some(format!("--{long}")),
                ["-s", short] => Some(format!("-{short}")),
                _ => None,
            });
            names.collect()
        }
    };
    names.sort();
    names
}

#[test]
fn every_shell_completes_the_options_of_the_help_and_no_others() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&format!("asciinema completions {shell}"), "").stdout();
        for command in commands() {
            assert_eq!(
                completed(shell, &script, &command),
                options_in_help(&command),
                "{command} in {shell}"
            );
        }
    }
}

#[test]
fn the_filter_in_the_guide_is_the_example_and_runs() {
    let guide =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/common/README.md")).expect("the guide");
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/common/examples/asciinema-drop.rs");
    let example = std::fs::read_to_string(example).expect("the example");
    assert!(guide.contains(&format!("```rust\n{example}```\n")), "the guide shows another example");
    let input = cast(&[(1.0, "a"), (2.5, "b")]).replace("\"o\", \"a\"", "\"i\", \"a\"");
    // `cargo test --workspace` builds it.
    let program = programs().join("examples/asciinema-drop");
    let ran = run(&format!("'{}' -c i", program.display()), input);
    assert_eq!(ran.stdout(), cast(&[(2.5, "b")]));
}
