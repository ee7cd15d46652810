//! asciinema-idle.

use crate::harness::{cast, events, run};

#[test]
fn cuts_a_long_pause_and_moves_what_follows() {
    let cut = cast(&[(0.5, "a"), (2.5, "b"), (3.0, "c")]);
    assert_eq!(run("asciinema-idle -i 2", cast(&[(0.5, "a"), (9.0, "b"), (9.5, "c")])).stdout(), cut);
}

#[test]
fn copies_a_cast_without_long_pauses_byte_for_byte() {
    let odd = "{ \"version\":2, \"x\": [1 , 2],\"width\" :80,\"height\":24}\r\n\
               [0, \"o\" ,\"\\u001b[1m\"]\r\n\n[ 1.50 ,\"frob\", {\"a\":null} ]\n[1.4999999, \"o\", \"\\ud83d\\/\"]";
    assert_eq!(run("asciinema-idle -i 2", odd).stdout(), odd);
}

#[test]
fn cuts_the_pause_before_the_first_event() {
    assert_eq!(run("asciinema-idle -i 1", cast(&[(7.0, "a")])).stdout(), cast(&[(1.0, "a")]));
}

#[test]
fn counts_a_step_back_as_no_delay() {
    let cast_back = cast(&[(0.0, "a"), (10.0, "b"), (9.9, "c"), (10.4, "d")]);
    assert_eq!(
        run("asciinema-idle -i 1", cast_back).stdout(),
        cast(&[(0.0, "a"), (1.0, "b"), (0.9, "c"), (1.4, "d")])
    );
}

#[test]
fn rewrites_only_the_intervals_of_a_v3_cast_that_are_too_long() {
    let header = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n";
    let long = format!("{header}[0.50, \"o\", \"a\"]\n# a comment\n[9, \"o\", \"b\"]\n[1, \"x\", \"0\"]\n");
    let cut =
        format!("{header}[0.50, \"o\", \"a\"]\n# a comment\n[1.500, \"o\", \"b\"]\n[1, \"x\", \"0\"]\n");
    assert_eq!(run("asciinema-idle -i 1.5", long).stdout(), cut);
}

#[test]
fn converts_a_v1_cast_to_v2() {
    let v1 = "{\"version\": 1, \"width\": 80, \"height\": 24, \"duration\": 9.5,\n\"stdout\": [[0.5, \"a\"], [9, \"b\"]]}";
    assert_eq!(run("asciinema-idle -i 1", v1).stdout(), cast(&[(0.5, "a"), (1.5, "b")]));
}

#[test]
fn a_second_pass_changes_nothing() {
    let header = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n";
    let long = format!("{header}[0.0011, \"o\", \"a\"]\n[9.0001, \"o\", \"b\"]\n[0.7, \"o\", \"c\"]\n");
    let once = run("asciinema-idle -i 0.0005", long).stdout();
    assert_eq!(run("asciinema-idle -i 0.0005", &once).stdout(), once);
    assert!(events(&once).iter().all(|(interval, _, _)| *interval <= 0.0005), "{once}");
}

#[test]
fn drops_a_duration_that_would_be_wrong() {
    let with = "{\"version\": 2, \"width\": 80, \"height\": 24, \"duration\": 9.5}\n[9.5, \"o\", \"a\"]\n";
    assert_eq!(run("asciinema-idle -i 1", with).stdout(), cast(&[(1.0, "a")]));
    assert_eq!(run("asciinema-idle -i 9.5", with).stdout(), with);
}

#[test]
fn refuses_a_limit_that_is_not_a_number_above_zero() {
    for limit in ["0", "-1", "x", "inf", ""] {
        let ran = run(&format!("asciinema-idle -i '{limit}'"), cast(&[]));
        let message = format!(
            "asciinema-idle: option '-i': '{limit}' is not a number of seconds above 0\ntry 'asciinema-idle --help'\n"
        );
        assert_eq!(ran.failure(), (2, String::new(), message));
    }
    let missing = "asciinema-idle: option '-i SECONDS' is missing\ntry 'asciinema-idle --help'\n";
    assert_eq!(run("asciinema-idle", cast(&[])).failure(), (2, String::new(), missing.to_string()));
}

#[test]
fn pauses_are_extended_to_the_minimum() {
    let typed = cast(&[(0.01, "a"), (0.02, "b"), (9.0, "c"), (8.0, "d")]);
    let min = cast(&[(0.1, "a"), (0.2, "b"), (9.18, "c"), (9.28, "d")]);
    assert_eq!(run("asciinema-idle --min 0.1", &typed).stdout(), min);
    let both = cast(&[(0.1, "a"), (0.2, "b"), (2.2, "c"), (2.3, "d")]);
    assert_eq!(run("asciinema-idle --min 0.1 -i 2", &typed).stdout(), both);
    assert_eq!(run("asciinema-idle --min 3 -i 2", &typed).status(), 2);
}
