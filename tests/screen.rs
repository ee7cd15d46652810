//! asciinema-screen.

use serde_json::{Value, json};

use crate::harness::{cast, run, screen_of};

const HEADER: &str = "{\"version\":2,\"width\":12,\"height\":3}\n";

fn small(events: &str) -> String {
    format!("{HEADER}{events}")
}

fn json_of(options: &str, cast: &str) -> Value {
    let line = run(&format!("asciinema-screen -f json {options}"), cast).stdout();
    assert_eq!(line.matches('\n').count(), 1, "{line}");
    serde_json::from_str(&line).expect("an object")
}

#[test]
fn the_text_of_each_row_is_printed() {
    let cast = small(
        "[1, \"o\", \"one  \\r\\n\"]\n[2, \"o\", \"two\"]\n[2, \"m\", \"here\"]\n[3, \"o\", \"\\u001b[2J\\u001b[Hthree\"]\n",
    );
    for (at, text) in [
        ("", "three\n\n\n"),
        ("--at end", "three\n\n\n"),
        ("--at 0.5", "\n\n\n"),
        ("--at 1", "one\n\n\n"),
        ("--at 00:02", "one\ntwo\n\n"),
        ("--at marker:here", "one\ntwo\n\n"),
        ("--at 99", "three\n\n\n"),
    ] {
        assert_eq!(run(&format!("asciinema-screen {at}"), &cast).stdout(), text, "{at}");
    }
}

#[test]
fn the_drawing_brings_a_terminal_to_the_same_state() {
    let events = [(1.0, "\u{1b}[31mred\r\n\u{1b}[?1049h\u{1b}[1;4:3mż界\u{1b}[?25l\u{1b}]2;title\u{7}")];
    let whole = cast(&events);
    let drawing = run("asciinema-screen -f ansi", &whole).stdout();
    assert_eq!(screen_of(&cast(&[(1.0, &drawing)])), screen_of(&whole));
}

#[test]
fn json_includes_styles_and_the_cursor() {
    let cast = small(
        "[0.5, \"o\", \"a\\u001b[1;31;48;2;1;2;3mb\\u001b[0;4:3;58:5:9;38;5;200mc\\u001b[0m\\u001b]8;;http://x\\u001b\\\\d\\u001b]8;;\\u001b\\\\ \"]\n\
         [1, \"o\", \"\\u001b[7m \\u001b[m  \\u001b[2 q\\u001b]0;t\\u0007\"]\n[1.5, \"r\", \"13x3\"]\n",
    );
    assert_eq!(
        json_of("", &cast),
        json!({
            "time": 1.5, "cols": 13, "rows": 3,
            "cursor": {"col": 8, "row": 0, "visible": true, "shape": "block"},
            "title": "t", "alternate": false,
            "lines": [
                {"wrapped": false, "spans": [
                    {"text": "a"},
                    {"text": "b", "bold": true, "fg": 1, "bg": "#010203"},
                    {"text": "c", "underline": "curly", "underline_color": 9, "fg": 200},
                    {"text": "d", "link": "http://x"},
                    {"text": " "},
                    {"text": " ", "inverse": true},
                ]},
                {"wrapped": false, "spans": []},
                {"wrapped": false, "spans": []},
            ],
        })
    );
}

#[test]
fn json_includes_wrapped_lines_and_the_alternate_screen() {
    let cast = small("[1, \"o\", \"0123456789abc\"]\n[2, \"o\", \"\\u001b[?1049h\"]\n");
    let before = json_of("--at 1", &cast);
    assert_eq!(before["lines"][0], json!({"wrapped": true, "spans": [{"text": "0123456789ab"}]}));
    assert_eq!((&before["alternate"], &json_of("", &cast)["alternate"]), (&json!(false), &json!(true)));
}

#[test]
fn a_missing_marker_and_a_damaged_cast_are_failures() {
    let ran = run("asciinema-screen --at marker:x", small("[1, \"o\", \"a\"]\n"));
    assert_eq!(
        (ran.status(), ran.stderr()),
        (1, "asciinema-screen: stdin: the cast has no marker 'x'\n".to_string())
    );
    let ran = run("asciinema-screen", small("[1, \"o\", \"a\"]\n[2, \"o\""));
    assert_eq!((ran.status(), ran.stdout_anyhow()), (1, "a\n\n\n".to_string()));
}
