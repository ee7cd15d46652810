//! `asciinema-search`: the times when text appears on the screen.

use crate::harness::{Scratch, Terminal, cast, run};

#[test]
fn a_line_is_printed_each_time_the_text_appears() {
    let cast = cast(&[
        (0.5, "$ mak"),
        (1.0, "e\r\ncc -c a.c\r\n"),
        (2.5, "a.c:1: \u{1b}[31mer"),
        (3.0, "ror\u{1b}[0m: no\r\n"),
        (4.0, "\u{1b}[H\u{1b}[2J$ "),
        (5.0, "\r\n\u{1b}[3;1Herror"),
        (6.0, "\u{1b}[3;1Herror: again"),
    ]);
    let found = run("asciinema-search 'err..'", &cast).stdout();
    assert_eq!(found, "3.000: a.c:1: error: no\n5.000: error\n");
    assert_eq!(run("asciinema-search -F 'err..'", &cast).failure(), (1, String::new(), String::new()));
    assert_eq!(run("asciinema-search -i MAKE", &cast).stdout(), "1.000: $ make\n");
    assert_eq!(run("asciinema-search -c error", &cast).stdout(), "2\n");
    assert_eq!(run("asciinema-search -m 1 error", &cast).stdout(), "3.000: a.c:1: error: no\n");
    assert_eq!(run("asciinema-search -q error", &cast).stdout(), "");
    assert_eq!(
        run("asciinema-search --json -m 1 'a|no$'", &cast).stdout(),
        "{\"file\": \"stdin\", \"time\": 0.500, \"line\": \"$ mak\", \"matches\": [\"a\"]}\n"
    );
}

#[test]
fn several_casts_are_named() {
    let scratch = Scratch::new();
    scratch.write("a.cast", cast(&[(1.0, "needle")]));
    scratch.write("b.cast", cast(&[(2.0, "hay")]));
    assert_eq!(scratch.run("asciinema-search needle a.cast b.cast", "").stdout(), "a.cast:1.000: needle\n");
    assert_eq!(scratch.run("asciinema-search -l e a.cast b.cast", "").stdout(), "a.cast\n");
    assert_eq!(scratch.run("asciinema-search -c e a.cast b.cast", "").stdout(), "a.cast:1\nb.cast:0\n");
    // An unreadable file does not keep the others from being searched.
    let (status, stdout, stderr) = scratch.run("asciinema-search needle none.cast a.cast", "").failure();
    assert_eq!((status, stdout.as_str()), (2, "a.cast:1.000: needle\n"));
    assert_eq!(stderr, "asciinema-search: none.cast: No such file or directory\n");
}

#[test]
fn a_damaged_cast_is_searched_up_to_the_fault() {
    let broken = cast(&[(1.0, "needle")]) + "[2.0, \"o";
    let (status, stdout, stderr) = run("asciinema-search needle", broken).failure();
    assert_eq!((status, stdout.as_str()), (2, "1.000: needle\n"));
    assert_eq!(stderr, "asciinema-search: stdin: line 3: the line is cut off\n");
}

#[test]
fn a_wrong_command_line_is_refused() {
    for (options, message) in
        [("", "no PATTERN"), ("'a('", "'a(' is not a regular expression: unclosed group")]
    {
        let (status, stdout, stderr) = run(&format!("asciinema-search {options}"), "").failure();
        let line = format!("asciinema-search: {message}");
        assert_eq!((status, stdout.as_str(), stderr.lines().next()), (2, "", Some(line.as_str())));
    }
}

#[test]
fn matches_are_coloured_on_a_terminal() {
    let scratch = Scratch::new();
    scratch.write("a.cast", cast(&[(1.0, "a needle in hay")]));
    let mut terminal = Terminal::start(scratch.shell("asciinema-search needle a.cast"));
    terminal.wait_for("1.000: a \u{1b}[1;31mneedle\u{1b}[m in hay");
}
