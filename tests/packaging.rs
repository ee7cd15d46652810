//! packaging/ci: the shell parts of the CI configurations run verbatim.

use crate::harness::Scratch;

/// The block that follows a line ending in `|`, without its indentation.
fn shell_block(file: &str) -> String {
    let path = format!("{}/packaging/ci/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut lines = text.lines().skip_while(|line| !matches!(line.trim_start(), "run: |" | "- |")).skip(1);
    let first = lines.next().expect("a block");
    let indent = first.len() - first.trim_start().len();
    let belongs = |line: &&str| line.trim().is_empty() || line.len() - line.trim_start().len() >= indent;
    let rest = lines.take_while(belongs).map(|line| line.get(indent..).unwrap_or_default());
    std::iter::once(&first[indent..]).chain(rest).collect::<Vec<_>>().join("\n")
}

#[test]
fn ci_keeps_a_recording_and_an_svg_and_fails_with_the_command() {
    for file in ["github/action.yml", "gitlab.yml"] {
        let block = shell_block(file);
        for (command, status) in [("echo passed", 0), ("echo broken; exit 3", 3)] {
            let scratch = Scratch::new();
            scratch.write("step.sh", &block);
            // Run as both systems run their steps.
            let line = format!("COMMAND='{command}' NAME=session bash -eo pipefail step.sh");
            let ran = scratch.run(&line, "");
            assert_eq!(ran.status(), status, "{file}: {ran}");
            assert_eq!(
                ran.stdout_anyhow(),
                if status == 0 { "passed\n" } else { "broken\n" },
                "{file}: {ran}"
            );
            assert!(
                scratch.read("session.cast").starts_with("{\"version\": 2, \"width\": 120, \"height\": 40")
            );
            assert!(scratch.read("session.svg").starts_with("<svg"), "{file}");
        }
    }
}
