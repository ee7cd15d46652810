//! asciinema-join.

use crate::harness::{Live, Scratch, cast, events, run, text_of};

#[test]
fn times_continue_and_a_gap_may_be_added() {
    let scratch = Scratch::new();
    scratch.write("a.cast", cast(&[(1.0, "a"), (2.0, "b")]));
    scratch.write("b.cast", cast(&[(0.5, "c")]));
    let joined = cast(&[(1.0, "a"), (2.0, "b"), (2.5, "c"), (3.5, "a"), (4.5, "b")]);
    assert_eq!(scratch.run("asciinema-join a.cast b.cast a.cast", "").stdout(), joined);
    let gap = cast(&[(1.0, "a"), (2.0, "b"), (4.0, "c")]);
    assert_eq!(scratch.run("asciinema-join --gap 1.5 a.cast - <b.cast", "").stdout(), gap);
    assert_eq!(scratch.run("asciinema-join a.cast", "").stdout(), scratch.read("a.cast"));
    assert_eq!(scratch.run("asciinema-join <a.cast", "").stdout(), scratch.read("a.cast"));
}

#[test]
fn versions_and_sizes_may_be_mixed_and_the_first_header_is_used() {
    let scratch = Scratch::new();
    scratch.write("two.cast", cast(&[(1.0, "a")]).replace("}\n", ", \"duration\": 1, \"title\": \"two\"}\n"));
    scratch.write(
        "three.cast",
        "{\"version\":3,\"term\":{\"cols\":90,\"rows\":30},\"title\":\"three\"}\n# comment\n[0.5, \"o\", \"b\"]\n[0.5, \"m\", \"c\"]\n",
    );
    scratch.write("one.cast", "{\"version\": 1, \"width\": 80, \"height\": 24, \"stdout\": [[0.25, \"d\"]]}");
    assert_eq!(
        scratch.run("asciinema-join two.cast three.cast one.cast", "").stdout(),
        "{\"version\": 2, \"width\": 80, \"height\": 24, \"title\": \"two\"}\n[1.000000, \"o\", \"a\"]\n\
         [1.000000, \"r\", \"90x30\"]\n[1.500000, \"o\", \"b\"]\n[2.000000, \"m\", \"c\"]\n\
         [2.000000, \"r\", \"80x24\"]\n[2.250000, \"o\", \"d\"]\n"
    );
    assert_eq!(
        scratch.run("asciinema-join three.cast two.cast", "").stdout(),
        "{\"version\":3,\"term\":{\"cols\":90,\"rows\":30},\"title\":\"three\"}\n# comment\n[0.5, \"o\", \"b\"]\n[0.5, \"m\", \"c\"]\n\
         [0.000, \"r\", \"80x24\"]\n[1.000000, \"o\", \"a\"]\n"
    );
}

#[test]
fn modes_that_a_part_leaves_set_are_reset() {
    let scratch = Scratch::new();
    scratch.write("a.cast", cast(&[(1.0, "\u{1b}[?1049;2004h\u{1b}[4h\u{1b}[31mred")]));
    scratch.write("b.cast", cast(&[(1.0, "plain")]));
    let joined = scratch.run("asciinema-join a.cast b.cast", "").stdout();
    let texts: Vec<String> = events(&joined).into_iter().map(|(_, _, text)| text).collect();
    assert_eq!(texts[1], "\u{1b}[?1049l\u{1b}[?2004l\u{1b}[4l\u{1b}[0m");
    assert_eq!((texts.len(), texts[2].as_str()), (3, "plain"));
}

#[test]
fn only_the_last_exit_status_is_kept() {
    let scratch = Scratch::new();
    let part = |status: &str| {
        format!(
            "{{\"version\":3,\"term\":{{\"cols\":80,\"rows\":24}}}}\n[1, \"o\", \"a\"]\n[0, \"x\", \"{status}\"]"
        )
    };
    scratch.write("a.cast", part("1"));
    scratch.write("b.cast", part("2"));
    let joined = scratch.run("asciinema-join a.cast b.cast", "").stdout();
    let parts: Vec<String> =
        events(&joined).into_iter().map(|(time, code, text)| format!("{time} {code} {text}")).collect();
    assert_eq!(parts, ["1 o a", "1 o a", "0 x 2"]);
}

#[test]
fn a_missing_final_line_end_does_not_join_two_lines() {
    let scratch = Scratch::new();
    scratch.write("a.cast", cast(&[(1.0, "a")]).trim_end());
    assert_eq!(
        scratch.run("asciinema-join a.cast a.cast", "").stdout(),
        cast(&[(1.0, "a"), (2.0, "a")]).trim_end()
    );
}

#[test]
fn a_fault_is_reported_with_the_name_of_its_part_after_everything_before_it() {
    let scratch = Scratch::new();
    scratch.write("a.cast", cast(&[(1.0, "a")]));
    scratch.write("bad.cast", cast(&[(1.0, "b")]) + "hello\n");
    let good = cast(&[(1.0, "a"), (2.0, "b")]);
    let message = "asciinema-join: bad.cast: line 3: expected an event, [time, code, data], found 'hello'\n";
    let ran = scratch.run("asciinema-join a.cast bad.cast a.cast", "");
    assert_eq!(ran.failure(), (1, good, message.to_string()));
    let message = "asciinema-join: none.cast: No such file or directory\n";
    let ran = scratch.run("asciinema-join a.cast none.cast -o a.cast", "");
    assert_eq!(ran.failure(), (1, String::new(), message.to_string()));
    assert_eq!(scratch.read("a.cast"), cast(&[(1.0, "a")]));
}

#[test]
fn an_exit_status_before_a_damaged_line_is_not_lost() {
    let part =
        "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n[1, \"o\", \"a\"]\n[0.000, \"x\", \"1\"]\n";
    let ran = run("asciinema-join", format!("{part}[1, \"o"));
    assert_eq!((ran.status(), ran.stdout_anyhow()), (1, part.to_string()));
}

#[test]
fn a_live_part_passes_immediately() {
    let mut live = Live::start("asciinema-join - -");
    live.write(&cast(&[(0.5, "a")]));
    live.wait_for("[0.500000, \"o\", \"a\"]\n");
    assert_eq!(live.finish(), 1);
    assert_eq!(run("asciinema-join --gap 0", cast(&[])).status(), 2);
}

#[test]
fn a_cast_is_inserted_on_a_cleared_screen_and_the_first_one_finds_its_own_again() {
    let scratch = Scratch::new();
    let red = "\u{1b}[?2004h\u{1b}[31mouter\r\n";
    scratch.write("outer.cast", cast(&[(1.0, red), (2.0, "more"), (4.0, "end")]));
    let small = "{\"version\":3,\"term\":{\"cols\":40,\"rows\":10}}\n[0.5, \"o\", \"in\"]\n[0.5, \"o\", \"ner\"]\n[0, \"x\", \"3\"]\n";
    scratch.write("inner.cast", small);
    let joined = scratch.run("asciinema-join --at 1.5 outer.cast inner.cast -o joined.cast", "");
    assert_eq!(joined.stderr(), "");
    let screen = |file: &str, time: &str| {
        scratch.run(&format!("asciinema-screen -f json --at {time} {file}"), "").stdout()
    };
    let text = |time: &str| scratch.run(&format!("asciinema-screen --at {time} joined.cast"), "").stdout();
    assert_eq!(text("1.4").trim_end(), "outer");
    // Its last screen stays for a second, and then the first one continues.
    let shown = ["1.6", "2.1", "2.5", "3.4", "3.5"].map(|time| text(time).trim_end().to_string());
    assert_eq!(shown, ["", "in", "inner", "inner", "outer"]);
    // All attributes and modes are those of the first cast.
    for (time, original) in [("3.6", "1.6"), ("4.0", "2"), ("6.5", "4")] {
        let without_time = |json: String| json.split_once(", \"cols\"").map(|(_, rest)| rest.to_string());
        assert_eq!(without_time(screen("joined.cast", time)), without_time(screen("outer.cast", original)));
    }
    let times: Vec<f64> = events(&scratch.read("joined.cast")).into_iter().map(|event| event.0).collect();
    assert_eq!(times, [1.0, 1.5, 1.5, 2.0, 2.5, 3.5, 3.5, 4.0, 6.0]);
}

#[test]
fn a_cast_is_inserted_at_a_marker_and_nothing_is_lost_without_it() {
    let scratch = Scratch::new();
    let marked = "{\"version\": 2, \"width\": 80, \"height\": 24}\n[1.0, \"o\", \"a\"]\n[2.0, \"m\", \"here\"]\n[3.0, \"o\", \"b\"]\n";
    scratch.write("a.cast", marked);
    scratch.write("b.cast", cast(&[(1.0, "x")]));
    let joined = scratch.run("asciinema-join --at marker:here --gap 0.5 a.cast b.cast", "").stdout();
    let labels: Vec<(f64, String)> =
        events(&joined).into_iter().map(|(time, code, _)| (time, code)).collect();
    let expected = [(1.0, "o"), (2.0, "m"), (2.5, "o"), (3.5, "o"), (4.0, "o"), (5.0, "o")];
    assert_eq!(labels, expected.map(|(time, code)| (time, code.to_string())));
    let missing = scratch.run("asciinema-join --at marker:nowhere a.cast b.cast", "");
    assert_eq!(missing.status(), 1);
    assert!(missing.stderr().ends_with("the first cast has no marker 'nowhere'\n"), "{}", missing.stderr());
    // A first cast that breaks off is written up to there.
    scratch.write("broken.cast", format!("{marked}[4.0, \"o\", "));
    let broken = scratch.run("asciinema-join --at 1.5 broken.cast b.cast", "");
    let (status, written, _) = broken.failure();
    assert_eq!((status, events(&written).len()), (1, 3));
}

#[test]
fn events_after_an_insertion_keep_their_order_even_if_a_time_steps_back() {
    let scratch = Scratch::new();
    scratch.write("a.cast", cast(&[(1.0, "a"), (3.0, "b"), (2.0, "c"), (4.0, "d")]));
    scratch.write("b.cast", cast(&[(0.5, "X")]));
    let joined = scratch.run("asciinema-join --at 2.5 a.cast b.cast", "").stdout();
    let own: String = text_of(&joined, "o").chars().filter(|c| "bcdX".contains(*c)).collect();
    assert_eq!(own, "Xbcd", "{joined}");
}
