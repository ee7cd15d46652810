//! README.md: every command in it runs and prints the output shown.
//!
//! In a block marked `console`, lines that begin with `$ ` are run by the shell, in order, in one
//! directory; the lines after each are its output on stdout and stderr. `[..]` matches anything
//! within a line, `...` any number of lines. A block marked `make` is the directory's Makefile.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::harness::{Scratch, cast};
use crate::server::Server;

/// A command and its expected output lines.
struct Step {
    command: String,
    output: Vec<String>,
}

enum Block {
    Console(Vec<Step>),
    Makefile(String),
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    // Every second piece is inside a fence.
    for piece in text.split("```").skip(1).step_by(2) {
        let (kind, body) = piece.split_once('\n').expect("a kind");
        match kind {
            "console" => blocks.push(Block::Console(steps(body))),
            "make" => blocks.push(Block::Makefile(body.to_string())),
            _ => {}
        }
    }
    blocks
}

fn steps(body: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in body.lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step { command: command.to_string(), output: Vec::new() }),
            (None, Some(step)) => step.output.push(line.to_string()),
            (None, None) => panic!("'{line}' is printed by no command"),
        }
    }
    steps
}

/// Returns whether lines match a pattern.
fn fits(pattern: &[String], lines: &[&str]) -> bool {
    match (pattern.split_first(), lines.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((first, others)), _) if first == "..." => {
            (0..=lines.len()).any(|skipped| fits(others, &lines[skipped..]))
        }
        (Some((first, others)), Some((line, rest))) => line_fits(first, line) && fits(others, rest),
        (Some(_), None) => false,
    }
}

fn line_fits(pattern: &str, line: &str) -> bool {
    match pattern.split_once("[..]") {
        None => pattern == line,
        Some((front, rest)) => line.strip_prefix(front).is_some_and(|line| {
            (0..=line.len()).any(|at| line.is_char_boundary(at) && line_fits(rest, &line[at..]))
        }),
    }
}

/// The files that the examples use.
fn folder() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("secret.cast", cast(&[(0.01, "$ "), (0.5, "hunter2"), (1.0, "\u{1b}[2J"), (95.0, "$ ")]));
    let marker = |time: u32, label: &str| format!("[{time}, \"m\", \"{label}\"]\n");
    let build =
        [cast(&[(0.5, "$ ")]), marker(1, "build"), marker(11, "test"), "[12, \"o\", \"ok\"]\n".to_string()];
    scratch.write("build.cast", build.concat());
    for part in ["part-1.cast", "part-2.cast"] {
        scratch.write(part, cast(&[(1.0, "a"), (9.0, "b")]));
    }
    scratch.write("keys.cast", cast(&[(1.0, "done")]) + "[2, \"i\", \"q\"]\n");
    scratch.write("tour.tape", "Set Columns 40 Set Rows 6\nType \"echo tour\" Enter Wait Sleep 100ms\n");
    // An ssh that runs the joined words locally.
    for (name, script) in
        [("demo.sh", "echo from a script"), ("ssh", "shift; exec setsid --wait sh -c \"$*\" </dev/null")]
    {
        let path = scratch.write(name, format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(path, PermissionsExt::from_mode(0o755)).expect("a script");
    }
    scratch
}

#[test]
fn every_command_prints_what_the_readme_shows() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("README.md");
    let server = Server::answering(
        "201 Created",
        "Content-Type: application/json\r\n",
        "{\"url\": \"http://a.org/a/1\"}",
    );
    let scratch = folder();
    let mut count = 0;
    for block in blocks(&text) {
        let steps = match block {
            Block::Console(steps) => steps,
            Block::Makefile(rules) => {
                scratch.write("Makefile", rules);
                continue;
            }
        };
        for Step { command, output } in steps {
            let line =
                format!("export ASCIINEMA_API_URL={} PATH=\"$PWD:$PATH\"\n{{ {command}\n}} 2>&1", server.url);
            // A shell is recorded until it exits.
            let is_shell = command.starts_with("asciinema rec ") && !command.contains(" -c ");
            let ran = scratch.run(&line, if is_shell { "exit\n" } else { "" });
            let printed = ran.stdout_anyhow().replace("\r\n", "\n");
            assert!(fits(&output, &printed.lines().collect::<Vec<_>>()), "{ran}expected {output:#?}");
            count += 1;
        }
    }
    assert!(count > 20, "only {count} commands were found");
}
