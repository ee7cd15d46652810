//! asciinema-speed.

use crate::harness::{cast, header, run};

#[test]
fn divides_every_delay() {
    let fast = cast(&[(0.25, "a"), (4.5, "b"), (4.0, "c")]);
    assert_eq!(run("asciinema-speed -s 2", cast(&[(0.5, "a"), (9.0, "b"), (8.0, "c")])).stdout(), fast);
    assert_eq!(run("asciinema-speed -s .5", fast).stdout(), cast(&[(0.5, "a"), (9.0, "b"), (8.0, "c")]));
}

#[test]
fn a_factor_of_one_copies_the_input_byte_for_byte() {
    let odd = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24},\"idle_time_limit\":2,\"duration\":1}\n\
               # comment\n[0.12345678, \"o\", \"a\"]\r\n[5e-1,\"zz\",[]]\n\n[ 0 , \"m\", \"\" ]";
    assert_eq!(run("asciinema-speed -s 1", odd).stdout(), odd);
}

#[test]
fn only_a_range_is_faster_and_later_events_shift() {
    let slow = cast(&[(1.0, "a"), (2.0, "b"), (4.0, "c"), (6.0, "d"), (7.0, "e")]);
    let fast = cast(&[(1.0, "a"), (2.0, "b"), (3.0, "c"), (4.0, "d"), (5.0, "e")]);
    assert_eq!(run("asciinema-speed -s 2 --from 2 --to 00:06", &slow).stdout(), fast);
    let to_the_end = cast(&[(1.0, "a"), (2.0, "b"), (4.0, "c"), (5.0, "d"), (5.5, "e")]);
    assert_eq!(run("asciinema-speed -s 2 --from 0:04", &slow).stdout(), to_the_end);
    let from_the_start = cast(&[(0.5, "a"), (1.0, "b"), (3.0, "c"), (5.0, "d"), (6.0, "e")]);
    assert_eq!(run("asciinema-speed -s 2 --to 2", &slow).stdout(), from_the_start);
}

#[test]
fn a_range_may_be_named_by_markers() {
    let slow = cast(&[(1.0, "a"), (2.0, "b"), (4.0, "c")]).replace("\"o\", \"b\"", "\"m\", \"build\"");
    let fast = cast(&[(1.0, "a"), (2.0, "b"), (3.0, "c")]).replace("\"o\", \"b\"", "\"m\", \"build\"");
    assert_eq!(run("asciinema-speed -s 2 --from marker:build", &slow).stdout(), fast);
    assert_eq!(run("asciinema-speed -s 2 --from marker:1", &slow).stdout(), fast);
}

#[test]
fn a_missing_marker_is_an_error() {
    let ran = run("asciinema-speed -s 2 --from marker:nope", cast(&[(1.0, "a")]));
    let message = "asciinema-speed: stdin: the cast has no marker 'nope'\n".to_string();
    assert_eq!(ran.failure(), (1, cast(&[(1.0, "a")]), message));
}

#[test]
fn an_empty_range_is_refused() {
    let message =
        "asciinema-speed: the range ends before it begins\ntry 'asciinema-speed --help'\n".to_string();
    let ran = run("asciinema-speed -s 2 --from 3 --to 3", cast(&[]));
    assert_eq!(ran.failure(), (2, String::new(), message));
}

#[test]
fn the_idle_time_limit_is_divided_and_the_duration_dropped() {
    let slow = "{\"version\": 2, \"width\": 80, \"height\": 24, \"idle_time_limit\": 3, \"duration\": 8}\n";
    let fast = run("asciinema-speed -s 2", slow).stdout();
    assert_eq!(header(&fast)["idle_time_limit"], 1.5);
    assert_eq!(header(&fast).get("duration"), None);
}

#[test]
fn intervals_of_a_v3_cast_do_not_drift() {
    let mut slow = String::from("{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n");
    slow.push_str(&"[0.001, \"o\", \"a\"]\n".repeat(3000));
    let fast = run("asciinema-speed -s 3", slow).stdout();
    let sum: f64 = crate::harness::events(&fast).iter().map(|(interval, _, _)| interval).sum();
    assert!((sum - 1.0).abs() < 1e-6, "{sum}");
}
