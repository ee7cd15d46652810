//! asciinema-meta.

use crate::harness::{cast, run};

const CAST: &str =
    "{\"version\": 2,\"width\": 80, \"height\": 24, \"title\": \"Old\", \"x\": [1,  2]}\n[0, \"o\",\"a\"]";

#[test]
fn a_change_replaces_only_its_own_bytes() {
    let new = CAST.replace("\"Old\"", "\"A \\\"new\\\" one\"");
    assert_eq!(run("asciinema-meta -t 'A \"new\" one'", CAST).stdout(), new);
    assert_eq!(run("asciinema-meta --unset title", CAST).stdout(), CAST.replace(", \"title\": \"Old\"", ""));
    let added = CAST.replace("2]}", "2], \"idle_time_limit\": 1.5}").replace("[1,  2]", "null");
    assert_eq!(run("asciinema-meta --set idle_time_limit=1.5 --set x=null", CAST).stdout(), added);
}

#[test]
fn a_value_is_printed_without_the_events() {
    assert_eq!(run("asciinema-meta --get title", CAST).stdout(), "Old\n");
    assert_eq!(run("asciinema-meta --get x", CAST).stdout(), "[1,  2]\n");
    let message = "asciinema-meta: stdin: the header has no 'nope'\n".to_string();
    assert_eq!(run("asciinema-meta --get nope", CAST).failure(), (1, String::new(), message));
}

#[test]
fn changes_that_would_invalidate_the_cast_are_refused() {
    for (options, status, what) in [
        ("--unset width", 1, "stdin: line 1: the header has no 'width'"),
        ("--set height=high", 2, "option '--set': 'height=high' is not KEY=JSON"),
        ("--set height=-1", 1, "stdin: line 1: 'height' in the header is not a number of rows: '-1'"),
        (
            "--set version=3",
            2,
            "'version' determines how events are written; use asciinema-convert to change it",
        ),
        ("", 2, "one of the options -t, --set, --unset and --get is required"),
    ] {
        let ran = run(&format!("asciinema-meta {options}"), cast(&[]));
        let hint = if status == 2 { "try 'asciinema-meta --help'\n" } else { "" };
        assert_eq!(ran.failure(), (status, String::new(), format!("asciinema-meta: {what}\n{hint}")));
    }
}
