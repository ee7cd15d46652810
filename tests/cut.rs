//! asciinema-cut, and the parts it shares with asciinema-trim.

use proptest::prelude::*;

use crate::harness::{Live, cast, events, json, run, screen_of, text_of};

#[test]
fn removes_a_range_and_closes_the_gap() {
    let whole = cast(&[(1.0, "a"), (2.0, "b"), (3.5, "c"), (4.0, "d")]);
    let part = cast(&[(1.0, "a"), (2.0, "d")]);
    assert_eq!(run("asciinema-cut --drop --from 2 --to 4", &whole).stdout(), part);
    assert_eq!(run("asciinema-cut --drop --to 00:04 --from 2", &whole).stdout(), part);
    assert_eq!(run("asciinema-cut --drop --to 4", &whole).stdout(), cast(&[(0.0, "d")]));
}

#[test]
fn redraws_the_screen_after_the_gap_in_one_event() {
    let whole = cast(&[(1.0, "one\r\n"), (2.0, "\u{1b}[31mtwo"), (3.0, "\r\nthree"), (5.0, "\r\nfour")]);
    let part = run("asciinema-cut --from 2 --to 4", &whole).stdout();
    assert_eq!(screen_of(&part), screen_of(&whole));
    let times: Vec<f64> = events(&part).iter().map(|(time, _, _)| *time).collect();
    assert_eq!(times, [1.0, 2.0, 3.0]);
}

#[test]
fn anything_shown_only_during_the_gap_is_gone() {
    let whole = cast(&[(1.0, "$ "), (2.0, "hunter2"), (3.0, "\u{1b}[2J\u{1b}[Hsafe"), (4.0, "end")]);
    let part = run("asciinema-cut --from 2 --to 4", &whole).stdout();
    assert!(!part.contains("hunter"), "{part}");
    assert_eq!(screen_of(&part), screen_of(&whole));
    let concealed = cast(&[(1.0, "a"), (2.0, "\u{1b}[8mhunter2\u{1b}[m!"), (4.0, "end")]);
    let part = run("asciinema-cut --from 2 --to 4", &concealed).stdout();
    assert!(!part.contains("hunter"), "{part}");
    assert_eq!(screen_of(&part), screen_of(&concealed));
}

#[test]
fn a_gap_at_the_end_is_not_redrawn() {
    let whole = cast(&[(1.0, "a"), (2.0, "hunter2"), (3.0, "end")]);
    assert_eq!(run("asciinema-cut --from 2", &whole).stdout(), cast(&[(1.0, "a")]));
    assert_eq!(run("asciinema-cut --from 2 --to 100", &whole).stdout(), cast(&[(1.0, "a")]));
}

#[test]
fn a_gap_that_leaves_the_screen_unchanged_adds_no_event() {
    let whole = cast(&[(1.0, "a"), (2.0, "b\u{8} \u{8}"), (3.0, "c")]);
    assert_eq!(run("asciinema-cut --from 2 --to 3", &whole).stdout(), cast(&[(1.0, "a"), (2.0, "c")]));
}

#[test]
fn input_markers_and_comments_in_the_gap_are_removed_and_the_last_resize_is_kept() {
    let header = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24},\"title\":\"t\"}\n";
    let whole = format!(
        "{header}[1, \"o\", \"a\"]\n[1, \"i\", \"k\"]\n# comment\n[0.5, \"m\", \"b\"]\n[0.5, \"r\", \"90x30\"]\n[2, \"o\", \"c\"]\n"
    );
    for drop in ["", " --drop"] {
        let part = run(&format!("asciinema-cut --from 2 --to 4{drop}"), &whole).stdout();
        assert_eq!(
            part,
            format!("{header}[1, \"o\", \"a\"]\n[1.000, \"r\", \"90x30\"]\n[1.000, \"o\", \"c\"]\n")
        );
    }
    let and_back = whole.replace("[2, \"o\"", "[0, \"r\", \"80x24\"]\n[2, \"o\"");
    assert_eq!(
        run("asciinema-cut --from 2 --to 4", &and_back).stdout(),
        format!("{header}[1, \"o\", \"a\"]\n[2, \"o\", \"c\"]\n")
    );
}

#[test]
fn several_ranges_at_once_equal_one_after_another_from_the_end() {
    let texts: Vec<String> = (0..20).map(|number| format!("\u{1b}[3{}m{number}\r\n", number % 8)).collect();
    let placed: Vec<(f64, &str)> =
        texts.iter().enumerate().map(|(at, text)| (at as f64, text.as_str())).collect();
    let whole = cast(&placed);
    let at_once = run("asciinema-cut --from 12 --to 15 --to 2 --from 5 --to 7", &whole).stdout();
    let in_turn = run(
        "asciinema-cut --from 12 --to 15 | asciinema-cut --from 5 --to 7 | asciinema-cut --from 0 --to 2",
        &whole,
    );
    assert_eq!(text_of(&at_once, "o").matches("\r\n").count(), in_turn.stdout().matches("\\r\\n").count());
    assert_eq!(screen_of(&at_once), screen_of(&whole));
    let times = |cast: &str| events(cast).into_iter().map(|(time, _, _)| time).collect::<Vec<_>>();
    assert_eq!(times(&at_once), times(&in_turn.stdout()));
}

#[test]
fn ranges_may_be_named_by_markers() {
    let marker = |time: f64, label: &str| format!("[{time:.6}, \"m\", {}]\n", json(label));
    let whole = format!(
        "{}{}{}{}[5.000000, \"o\", \"c\"]\n",
        cast(&[(1.0, "a")]),
        marker(2.0, "in"),
        "[3.000000, \"o\", \"b\"]\n",
        marker(4.0, "out")
    );
    let part = format!("{}{}[3.000000, \"o\", \"c\"]\n", cast(&[(1.0, "a")]), marker(2.0, "out"));
    assert_eq!(run("asciinema-cut --drop --from marker:in --to marker:out", &whole).stdout(), part);
    assert_eq!(run("asciinema-cut --drop --from marker:1 --to marker:2", &whole).stdout(), part);
    let message = "asciinema-cut: stdin: the cast has no marker 'nowhere'\n";
    assert_eq!(run("asciinema-cut --from marker:nowhere", &whole).failure(), (1, whole, message.to_string()));
}

#[test]
fn events_after_a_gap_pass_while_the_pipe_stays_open() {
    let mut live = Live::start("asciinema-cut --from 1 --to 2");
    live.write(&cast(&[(0.5, "a"), (1.0, "\u{1b}[1mb")]));
    live.wait_for("[0.500000, \"o\", \"a\"]\n");
    live.write("[2.5, \"o\", \"c\"]\n");
    live.wait_for("[1.500000, \"o\", \"c\"]\n");
    assert_eq!(live.finish(), 0);
}

#[test]
fn a_command_line_without_a_range_is_refused() {
    for (options, what) in [
        ("", "one of --from and --to is required"),
        ("--drop", "one of --from and --to is required"),
        ("--from 2 --to 2", "the range ends before it begins"),
        ("--to 1 --from 5 --to 4", "the range ends before it begins"),
    ] {
        let message = format!("asciinema-cut: {what}\ntry 'asciinema-cut --help'\n");
        assert_eq!(
            run(&format!("asciinema-cut {options}"), cast(&[])).failure(),
            (2, String::new(), message),
            "{options}"
        );
    }
}

#[test]
fn a_terminal_of_four_billion_cells_is_refused_by_name() {
    let huge = "{\"version\": 2, \"width\": 65535, \"height\": 65535}\n[1, \"o\", \"a\"]\n";
    let what = "a terminal of 65535x65535 is too large to draw";
    let resized = format!("{}[1.5, \"r\", \"65535x65535\"]\n", cast(&[(1.0, "a")]));
    for (cast, line) in [(huge, 1), (resized.as_str(), 3)] {
        let ran = run("asciinema-cut --from 2", cast);
        assert_eq!((ran.status(), ran.stderr()), (1, format!("asciinema-cut: stdin: line {line}: {what}\n")));
    }
    assert_eq!(run("asciinema-cut --drop --from 2", huge).stdout(), huge);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_cast_without_a_range_ends_on_the_same_screen(
        pieces in prop::collection::vec(
            prop_oneof![
                "[a-zż界 ]{1,30}", "\r\n", "\x1b\\[[0-9]{1,2};[0-9]{1,2}[Hr]", "\x1b\\[[0-9;]{0,4}[mJKABCDLMPX@]",
                "\x1b\\[\\?(1|6|7|25|1000|1049|2004)[hl]", "\x1b[()][0B]", "\x1b\\[[0-9]{0,2}", "\x1b[78HM]",
            ],
            1..40,
        ),
        from in 0usize..40, length in 1usize..20,
    ) {
        let placed: Vec<(f64, &str)> =
            pieces.iter().enumerate().map(|(at, piece)| (at as f64, piece.as_str())).collect();
        let mut whole = cast(&placed);
        // Something must follow the gap.
        whole.push_str("[100.000000, \"m\", \"end\"]\n");
        let part = run(&format!("asciinema-cut --from {from} --to {}", from + length), &whole).stdout();
        prop_assert_eq!(screen_of(&part), screen_of(&whole));
    }
}
