//! asciinema-quantize.

use crate::harness::{cast, run};

#[test]
fn a_delay_in_a_range_becomes_its_lower_bound() {
    let uneven = cast(&[(0.05, "a"), (0.25, "b"), (0.45, "c"), (9.45, "d")]);
    let even = cast(&[(0.05, "a"), (0.15, "b"), (0.25, "c"), (2.25, "d")]);
    assert_eq!(run("asciinema-quantize -r 2 -r 0.1,0.5", &uneven).stdout(), even);
    assert_eq!(run("asciinema-quantize -r 2 -r 0.1,0.5", &even).stdout(), even);
}

#[test]
fn the_upper_bound_of_a_range_is_excluded() {
    let cast_of = |last| cast(&[(0.0, "a"), (last, "b")]);
    assert_eq!(run("asciinema-quantize -r 1,2", cast_of(2.0)).stdout(), cast_of(2.0));
    assert_eq!(run("asciinema-quantize -r 1,2", cast_of(1.999)).stdout(), cast_of(1.0));
}

#[test]
fn a_step_back_is_preserved() {
    let back = cast(&[(5.0, "a"), (4.9, "b"), (9.9, "c")]);
    assert_eq!(run("asciinema-quantize -r 1", back).stdout(), cast(&[(1.0, "a"), (0.9, "b"), (1.9, "c")]));
}

#[test]
fn invalid_or_overlapping_ranges_are_refused() {
    for (options, what) in [
        ("-r 2,1", "option '-r': '2,1' is not a range like 0.1,0.5 or 2"),
        ("-r x", "option '-r': 'x' is not a range like 0.1,0.5 or 2"),
        ("-r 1 -r 2,3", "the ranges overlap"),
        ("", "option '-r LO[,HI]' is missing"),
    ] {
        let message = format!("asciinema-quantize: {what}\ntry 'asciinema-quantize --help'\n");
        assert_eq!(
            run(&format!("asciinema-quantize {options}"), cast(&[])).failure(),
            (2, String::new(), message)
        );
    }
}
