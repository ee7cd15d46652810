//! asciinema-insert.

use crate::harness::{cast, run};

#[test]
fn events_are_inserted_after_existing_ones_of_the_same_time() {
    let two = cast(&[(1.0, "a"), (2.0, "b")]);
    let insert = "asciinema-insert --at 2 --marker M --at 1 --output 'x\\e[m\\r\\n\\t\\\\' --event '[\"r\", \"100x30\"]' --at 9 --event '[\"zz\", [1]]'";
    let expected = cast(&[(1.0, "a"), (1.0, "x\u{1b}[m\r\n\t\\")])
        + "[1.000000, \"r\", \"100x30\"]\n"
        + "[2.000000, \"o\", \"b\"]\n[2.000000, \"m\", \"M\"]\n[9.000000, \"zz\", [1]]\n";
    assert_eq!(run(insert, two).stdout(), expected);
}

#[test]
fn a_position_may_be_a_marker_and_a_missing_marker_is_an_error() {
    let marked = cast(&[(1.0, "a")]) + "[1.5, \"m\", \"here\"]\n[2, \"o\", \"b\"]\n";
    let ran = run("asciinema-insert --at marker:here --output x", &marked);
    assert_eq!(ran.stdout(), marked.replace("[2,", "[1.500000, \"o\", \"x\"]\n[2,"));
    let ran = run("asciinema-insert --at marker:there --output x", &marked);
    assert_eq!(
        ran.failure(),
        (1, marked, "asciinema-insert: stdin: the cast has no marker 'there'\n".to_string())
    );
}

#[test]
fn v3_intervals_stay_correct() {
    let three = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n[1, \"o\", \"a\"]\n[1, \"o\", \"b\"]";
    let expected = three
        .replace("[1, \"o\", \"b\"]", "[0.500, \"m\", \"\"]\n[0.500, \"o\", \"b\"]\n[1.000, \"x\", \"0\"]\n");
    assert_eq!(
        run("asciinema-insert --at 1.5 --marker '' --at 3 --event '[\"x\", \"0\"]'", three).stdout(),
        expected
    );
}

#[test]
fn invalid_events_are_refused() {
    for options in [
        "",
        "--marker x",
        "--at 1",
        "--at 1 --output '\\q'",
        "--at 1 --event 5",
        "--at 1 --event '[\"o\", 5]'",
    ] {
        assert_eq!(run(&format!("asciinema-insert {options}"), cast(&[])).status(), 2, "{options}");
    }
}
