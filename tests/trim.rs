//! asciinema-trim; the parts shared with asciinema-cut are tested there.

use crate::harness::{cast, events, run, screen_of};

#[test]
fn keeps_a_range_whose_start_becomes_zero() {
    let whole = cast(&[(1.0, "a"), (2.0, "b"), (3.5, "c"), (4.0, "d")]);
    assert_eq!(
        run("asciinema-trim --drop --from 2 --to 4", &whole).stdout(),
        cast(&[(0.0, "b"), (1.5, "c")])
    );
    assert_eq!(run("asciinema-trim --to 3", &whole).stdout(), cast(&[(1.0, "a"), (2.0, "b")]));
    assert_eq!(run("asciinema-trim --drop --from 3", &whole).stdout(), cast(&[(0.5, "c"), (1.0, "d")]));
}

#[test]
fn begins_with_the_screen_at_that_time() {
    let whole = cast(&[
        (1.0, "\u{1b}[?1049h\u{1b}[?25l\u{1b}[2;5r\u{1b}[44m\u{1b}[Heditor"),
        (2.0, "\u{1b}[5;1H\r\n"),
        (3.0, "end"),
    ]);
    let part = run("asciinema-trim --from 2.5", &whole).stdout();
    assert_eq!(screen_of(&part), screen_of(&whole));
    let times: Vec<f64> = events(&part).iter().map(|(time, _, _)| *time).collect();
    assert_eq!(times, [0.0, 0.5]);
}

#[test]
fn several_parts_are_joined_with_the_screen_redrawn_between_them() {
    let whole = cast(&[(1.0, "a"), (2.0, "\r\nb"), (3.0, "\r\nc"), (4.0, "\r\nd"), (5.0, "\r\nsecret")]);
    let part = run("asciinema-trim --to 2 --from 4 --to 5", &whole).stdout();
    let until_then = run("asciinema-trim --to 5", &whole).stdout();
    assert_eq!(screen_of(&part), screen_of(&until_then));
    let times: Vec<f64> = events(&part).iter().map(|(time, _, _)| *time).collect();
    assert_eq!(times, [1.0, 2.0, 2.0]);
    assert!(!part.contains("secret"), "{part}");
}

#[test]
fn a_different_size_at_the_start_of_the_range_is_a_resize() {
    let whole = format!("{}[2.0, \"r\", \"100x50\"]\n[3.0, \"o\", \"b\"]\n", cast(&[(1.0, "a")]));
    let part = run("asciinema-trim --drop --from 2.5", &whole).stdout();
    assert_eq!(part, format!("{}[0.000000, \"r\", \"100x50\"]\n[0.500000, \"o\", \"b\"]\n", cast(&[])));
}
