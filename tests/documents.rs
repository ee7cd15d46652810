//! Documentation that exists in more than one place: the catalog, Cargo.toml, the help texts, the
//! manual pages, the completions, the guides.

use common::cli::catalog::{self, Completion, Program};

use crate::harness::{Scratch, cast, programs, run};

/// The programs of the catalog that are separate executables.
fn executables() -> impl Iterator<Item = &'static Program> {
    catalog::programs().filter(|program| !program.is_built_in())
}

fn file(path: &str) -> String {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_program_is_in_the_catalog_once() {
    let manifest = file("Cargo.toml");
    let names = manifest.split("[[bin]]\nname = \"").skip(1).filter_map(|rest| rest.split('"').next());
    let mut built: Vec<&str> = names.filter(|name| *name != "asciinema").collect();
    let mut listed: Vec<&str> = executables().map(|program| program.name).collect();
    built.sort_unstable();
    listed.sort_unstable();
    assert_eq!(built, listed);
    assert!(built.iter().all(|name| programs().join(name).exists()), "{built:?}");
}

#[test]
fn the_dispatcher_lists_every_command_with_its_summary() {
    let help = run("asciinema --help", "").stdout();
    for program in catalog::programs() {
        let line = help.lines().find(|line| line.split_whitespace().next() == Some(program.command()));
        let rest = line.and_then(|line| line.trim_start().strip_prefix(program.command()));
        assert_eq!(rest.map(str::trim_start), Some(program.summary), "{help}");
    }
    assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    let mut lines: Vec<&str> = help.lines().filter(|line| line.starts_with("   ")).collect();
    lines.dedup();
    assert_eq!(lines.len(), catalog::programs().count(), "{help}");
}

#[test]
fn help_fits_a_screen_and_long_help_ends_with_examples() {
    for program in executables() {
        let long = run(&format!("{} --help", program.name), "").stdout();
        let short = run(&format!("{} -h", program.name), "").stdout();
        assert_eq!(long, program.long_help());
        assert!(long.starts_with(&short) && long.contains("\nexamples:\n"), "{long}");
        assert!(long.lines().all(|line| line.chars().count() <= 90), "{long}");
        assert!(short.lines().count() <= 60, "{short}");
    }
}

#[test]
fn completed_values_are_exactly_the_accepted_ones() {
    let scratch = Scratch::new();
    for program in executables() {
        for option in program.options {
            let (Completion::OneOf(words), Some(name)) = (option.completion, option.names.last()) else {
                continue;
            };
            let ran = scratch.run(&format!("{} {name} nonsense nothing.cast </dev/null", program.name), "");
            let expected = format!("option '{name}': 'nonsense' is not one of {}\n", words.join(", "));
            assert!(ran.stderr().contains(&expected), "{ran}{expected}");
        }
    }
}

/// The manual page of a command as plain text.
fn page(command: &str) -> String {
    file(&format!("man/asciinema-{command}.1"))
}

/// The names of a command's options, in order.
fn option_names(program: &Program) -> Vec<String> {
    let mut names: Vec<String> = program.option_names().map(str::to_string).collect();
    names.sort();
    names
}

#[test]
fn every_page_explains_exactly_the_options_of_the_help() {
    for program in executables() {
        // In mdoc an option follows Fl, without its first dash.
        let items = page(program.command());
        let items = items.split(".Sh EXAMPLES").next().unwrap_or_default();
        let mut in_page: Vec<String> = items
            .lines()
            .filter_map(|line| line.strip_prefix(".It "))
            .flat_map(|line| line.split("Fl ").skip(1).filter_map(|rest| rest.split_whitespace().next()))
            .map(|name| format!("-{name}"))
            .collect();
        in_page.sort();
        assert_eq!(option_names(program), in_page, "{}", program.name);
    }
}

#[test]
fn every_page_has_the_summary_of_the_catalog() {
    for program in executables() {
        let page = page(program.command());
        let description = page.lines().find_map(|line| line.strip_prefix(".Nd "));
        assert_eq!(description, Some(program.summary), "{}", program.name);
    }
}

#[test]
fn the_dispatchers_page_lists_every_command_and_refers_to_every_page() {
    let overview = file("man/asciinema.1");
    for program in catalog::programs() {
        let item = format!("\n.It Cm {}\n", program.command());
        assert_eq!(overview.matches(&item).count(), 1, "{item}");
    }
    let references = overview.split(".Sh SEE ALSO\n").nth(1).expect("references");
    let references: Vec<&str> =
        references.lines().filter_map(|line| line.strip_prefix(".Xr ")?.split(' ').next()).collect();
    let mut expected: Vec<&str> = executables().map(|program| program.name).collect();
    expected.sort_unstable();
    expected.push("asciicast");
    assert_eq!(references, expected);
}

#[test]
fn the_pages_refer_to_pages_that_exist() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/man");
    for entry in std::fs::read_dir(folder).expect("the pages") {
        let path = entry.expect("a page").path();
        let page = std::fs::read_to_string(&path).expect("a page");
        let references = page.lines().filter_map(|line| line.strip_prefix(".Xr asci")?.split_once(' '));
        for (name, section) in references {
            let section = section.split(' ').next().unwrap_or_default();
            let referenced = format!("{folder}/asci{name}.{section}");
            assert!(std::path::Path::new(&referenced).exists(), "{} refers to {referenced}", path.display());
        }
    }
}

/// The options of a command in a shell's completion script, short ones with their dash.
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
fn every_shell_completes_exactly_the_options_of_the_help() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&format!("asciinema completions {shell}"), "").stdout();
        for program in catalog::programs() {
            let completed = completed(shell, &script, program.command());
            assert_eq!(completed, option_names(program), "{} in {shell}", program.name);
        }
    }
}

#[test]
fn the_filter_in_the_guide_is_the_example_and_works() {
    let guide = file("common/README.md");
    let example = file("tests/examples/asciinema-only.rs");
    assert!(guide.contains(&format!("```rust\n{example}```\n")), "the guide shows another example");
    let input = cast(&[(1.0, "a"), (2.5, "b")]).replace("\"o\", \"a\"", "\"i\", \"a\"");
    // `cargo test --workspace` builds it.
    let program = programs().join("examples/asciinema-only");
    let ran = run(&format!("'{}' -c o", program.display()), input);
    assert_eq!(ran.stdout(), cast(&[(2.5, "b")]));
}
