//! asciinema-marker.

use crate::harness::{Live, cast, events, run};

/// The markers of a cast: time and label.
fn markers(cast: &str) -> Vec<(f64, String)> {
    let markers = events(cast).into_iter().filter(|(_, code, _)| code == "m");
    markers.map(|(time, _, label)| (time, label)).collect()
}

fn labelled(markers: &[(f64, &str)]) -> Vec<(f64, String)> {
    markers.iter().map(|(time, label)| (*time, (*label).to_string())).collect()
}

#[test]
fn a_marker_follows_the_events_of_its_time() {
    let plain = cast(&[(1.0, "a"), (2.0, "b"), (3.0, "c")]);
    let marked = run("asciinema-marker --add 00:02=two=2 --add 9 --add .5=first", &plain).stdout();
    assert_eq!(
        marked,
        "{\"version\": 2, \"width\": 80, \"height\": 24}\n[0.500000, \"m\", \"first\"]\n[1.000000, \"o\", \"a\"]\n\
         [2.000000, \"o\", \"b\"]\n[2.000000, \"m\", \"two=2\"]\n[3.000000, \"o\", \"c\"]\n[9.000000, \"m\", \"\"]\n"
    );
    assert_eq!(run("asciinema-marker --remove all", marked).stdout(), plain);
}

#[test]
fn intervals_around_a_marker_stay_correct() {
    let plain = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n[1, \"o\", \"a\"]\n[1.5, \"o\", \"b\"]";
    assert_eq!(
        run("asciinema-marker --add 2 --add 3", plain).stdout(),
        "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n[1, \"o\", \"a\"]\n[1.000, \"m\", \"\"]\n[0.500, \"o\", \"b\"]\n[0.500, \"m\", \"\"]\n"
    );
}

#[test]
fn markers_are_added_at_intervals_until_the_end() {
    let marked = run("asciinema-marker --every 1.5", cast(&[(1.0, "a"), (4.0, "b"), (4.5, "c")])).stdout();
    assert_eq!(markers(&marked), labelled(&[(1.5, ""), (3.0, ""), (4.5, "")]));
    let far = cast(&[(1.0, "a"), (100_000_000.0, "b")]);
    let what = "asciinema-marker: stdin: line 3: over 100000 markers would come before it\n";
    assert_eq!(run("asciinema-marker --every 0.001", far).stderr(), what);
}

#[test]
fn a_match_is_found_in_the_visible_text_even_across_events() {
    let marked = run(
        "asciinema-marker --on 'err[a-z]*: [^ ]+' --on 'ż界'",
        cast(&[
            (1.0, "no error\r\n: here"),
            (2.0, "\r\n\u{1b}[31mer"),
            (3.0, "\u{1b}[1mro\u{1b}[0"),
            (4.0, "m\u{7}r: one two error: two"),
            (5.0, "ż\u{1b}]0;error: title\u{7}"),
            (6.0, "界"),
        ]),
    );
    let found = [(4.0, "error: one"), (4.0, "error: two"), (6.0, "ż界")];
    assert_eq!(markers(&marked.stdout()), labelled(&found));
}

#[test]
fn patterns_match_lines_as_shown() {
    // 5% is overwritten before anyone can see it, and 15% is drawn twice.
    let output = cast(&[(0.5, "5%\r10%"), (0.75, "\r15%"), (1.0, "\r15%\r20%\r\n30% $ "), (2.0, "ls\r\n$ ")]);
    let found = |regex: &str| markers(&run(&format!("asciinema-marker --on '{regex}'"), &output).stdout());
    assert_eq!(found("^[0-9]+%"), labelled(&[(0.5, "10%"), (0.75, "15%"), (1.0, "20%"), (1.0, "30%")]));
    assert_eq!(found("\\$ $"), labelled(&[(1.0, "$ "), (2.0, "$ ")]));
    assert_eq!(found("%2"), labelled(&[]));
    assert_eq!(found("x*"), labelled(&[]));
}

#[test]
fn an_endless_line_takes_no_memory_and_its_end_still_matches() {
    let long = "y".repeat(1000);
    let mut placed: Vec<(f64, &str)> = vec![(1.0, &long); 100];
    placed.extend([(2.0, "need"), (3.0, "le")]);
    let marked = run("asciinema-marker --on needle", cast(&placed)).stdout();
    assert_eq!(markers(&marked), labelled(&[(3.0, "needle")]));
}

#[test]
fn markers_are_removed_by_time_label_or_number_and_listed() {
    let plain = cast(&[(1.0, "a"), (2.0, "b")]);
    let add = "--add 1=one --add 1.5=two --add 1.75='t\thr\u{1b}ee' --add 2=1";
    let marked = run(&format!("asciinema-marker {add}"), &plain).stdout();
    for (which, left) in [
        ("--remove two --remove 2", vec!["one", "t\thr\u{1b}ee"]),
        ("--remove 1", vec!["two", "t\thr\u{1b}ee"]),
        ("--remove marker:2 --remove marker:3", vec!["one", "1"]),
        ("--remove nothing", vec!["one", "two", "t\thr\u{1b}ee", "1"]),
    ] {
        let rest: Vec<String> = markers(&run(&format!("asciinema-marker {which}"), &marked).stdout())
            .into_iter()
            .map(|(_, label)| label)
            .collect();
        assert_eq!(rest, left, "{which}");
    }
    let list = "1.000\tone\n1.500\ttwo\n1.750\tt\\thr\\x1bee\n2.000\t1\n";
    assert_eq!(run("asciinema-marker --list", &marked).stdout(), list);
    assert_eq!(run(&format!("asciinema-marker --list {add}"), &plain).stdout(), list);
}

#[test]
fn a_match_is_found_however_it_was_drawn() {
    let output = cast(&[
        (1.0, "\u{1b}[2;4Hdle"),
        (2.0, "\u{1b}[2;1Hnee"),
        (3.0, "\u{1b}[2J\u{1b}[Hneedle"),
        (4.0, "\u{1b}[2J"),
        (5.0, "\u{1b}[Hneedle"),
    ]);
    let marked = run("asciinema-marker --on needle", output).stdout();
    assert_eq!(markers(&marked), labelled(&[(2.0, "needle"), (5.0, "needle")]));
}

#[test]
fn a_match_is_marked_while_the_pipe_stays_open() {
    let mut live = Live::start("asciinema-marker --on done");
    live.write(&cast(&[(0.5, "done")]));
    live.wait_for("[0.500000, \"m\", \"done\"]\n");
    assert_eq!(live.finish(), 0);
}

#[test]
fn impossible_requests_are_refused() {
    for (options, what) in [
        ("", "one of the options --add, --every, --on, --remove and --list is required"),
        ("--add x", "option '--add': 'x' is not T or T=LABEL, as in 75, 1:15 or 1:15=build"),
        (
            "--add marker:1=x",
            "option '--add': 'marker:1=x' is not T or T=LABEL, as in 75, 1:15 or 1:15=build",
        ),
        ("--every 0", "option '--every': '0' is not a number of seconds above 0"),
    ] {
        let message = format!("asciinema-marker: {what}\ntry 'asciinema-marker --help'\n");
        assert_eq!(
            run(&format!("asciinema-marker {options}"), cast(&[])).failure(),
            (2, String::new(), message)
        );
    }
    let ran = run("asciinema-marker --on 'a('", cast(&[]));
    assert!(
        ran.stderr().starts_with("asciinema-marker: option '--on': 'a(' is not a valid regular expression: "),
        "{ran}"
    );
    assert_eq!((ran.status(), ran.stderr().lines().count()), (2, 2));
}
