//! asciinema-merge.

use proptest::prelude::*;

use crate::harness::{cases, cast, events, run, text_of};

#[test]
fn output_within_a_time_of_the_first_event_is_merged_at_the_time_of_the_last() {
    let many = cast(&[(1.0, "a"), (1.05, "b"), (1.1, "c"), (1.15, "d"), (5.0, "e")]);
    let expected = cast(&[(1.1, "abc"), (1.15, "d"), (5.0, "e")]);
    assert_eq!(run("asciinema-merge --within 0.1", many).stdout(), expected);
}

#[test]
fn output_in_one_frame_becomes_one_event() {
    let many = cast(&[(0.01, "a"), (0.09, "b"), (0.11, "c"), (0.19, "d"), (0.2, "e")]);
    assert_eq!(
        run("asciinema-merge --fps 10", many).stdout(),
        cast(&[(0.09, "ab"), (0.19, "cd"), (0.2, "e")])
    );
}

#[test]
fn any_other_event_ends_a_group_and_single_events_are_copied() {
    let odd = cast(&[(1.0, "a")]) + "[1.01,\"o\",\"b\"]\n[1.02, \"m\",  \"\"]\n[1.03, \"o\",\"\\u0063\"]\n";
    let expected = cast(&[(1.01, "ab")]) + "[1.02, \"m\",  \"\"]\n[1.03, \"o\",\"\\u0063\"]\n";
    assert_eq!(run("asciinema-merge --within 1", odd).stdout(), expected);
}

#[test]
fn a_damaged_cast_is_merged_up_to_the_fault() {
    let cut = cast(&[(1.0, "a"), (1.1, "b")]) + "[1.2, \"o";
    let message = "asciinema-merge: stdin: line 4: the line is cut off\n".to_string();
    assert_eq!(run("asciinema-merge --within 1", cut).failure(), (1, cast(&[(1.1, "ab")]), message));
}

#[test]
fn one_way_of_merging_is_required() {
    for options in ["", "--within 1 --fps 2", "--fps 0"] {
        assert_eq!(run(&format!("asciinema-merge {options}"), cast(&[])).status(), 2, "{options}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(24), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn at_the_time_of_each_merged_event_all_of_the_output_so_far_has_been_written(steps in prop::collection::vec(0u32..200_000, 1..60)) {
        let mut micros = 0;
        let placed: Vec<(f64, String)> = steps.iter().enumerate().map(|(number, step)| {
            micros += u64::from(*step);
            (micros as f64 / 1e6, format!("{number},"))
        }).collect();
        let before = cast(&placed.iter().map(|(time, text)| (*time, text.as_str())).collect::<Vec<_>>());
        let after = run("asciinema-merge --within 0.15", &before).stdout();
        prop_assert_eq!(text_of(&after, "o"), text_of(&before, "o"));
        let mut written = String::new();
        for (time, _, text) in events(&after) {
            written.push_str(&text);
            let due: String = placed.iter().filter(|(at, _)| *at <= time).map(|(_, text)| text.as_str()).collect();
            // Events at the same time may belong to the next group.
            prop_assert!(due.starts_with(&written), "{} {}", due, written);
        }
    }
}
