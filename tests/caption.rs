//! asciinema-caption.

use common::screen::{Cell, Row, StyledCell};
use proptest::prelude::*;

use crate::harness::{Scratch, any_output, cases, cast, run, screen_at, text_of};

/// The rows of a cast's screen at a time, with inverse text in brackets.
fn rows_at(cast: &str, time: f64) -> Vec<String> {
    let screen = screen_at(cast, time);
    let text = |row: &Row<StyledCell>| {
        let mut text = String::new();
        let mut is_inverse = false;
        for cell in row.cells().iter().filter(|cell| !cell.is_right_half()) {
            if screen.style(cell).inverse != is_inverse {
                is_inverse = !is_inverse;
                text.push(if is_inverse { '[' } else { ']' });
            }
            text.push(cell.character());
        }
        let end = if is_inverse { "]" } else { "" };
        let text = text + end;
        text.trim_end().to_string()
    };
    screen.rows().map(text).collect()
}

fn small(events: &[(f64, &str)]) -> String {
    cast(events).replacen("80", "12", 1).replacen("24", "4", 1)
}

#[test]
fn a_marker_is_shown_on_the_last_row_for_three_seconds() {
    let marked =
        small(&[(0.5, "1\r\n2\r\n3\r\n\x1b[31m4 four")]) + "[1, \"m\", \"Build\"]\n[9, \"o\", \"x\"]\n";
    let captioned = run("asciinema-caption", &marked).stdout();
    assert_eq!(rows_at(&captioned, 0.9), ["1", "2", "3", "4 four"]);
    assert_eq!(rows_at(&captioned, 1.0), ["1", "2", "3", "[   Build    ]"]);
    assert_eq!(rows_at(&captioned, 3.9), ["1", "2", "3", "[   Build    ]"]);
    assert_eq!(rows_at(&captioned, 4.0), ["1", "2", "3", "4 four"]);
    assert!(screen_at(&captioned, 9.0) == screen_at(&marked, 9.0));
    // Events before the caption are copied.
    assert!(captioned.starts_with(marked.split_once("[9").expect("an event").0));
    assert!(captioned.ends_with("[9, \"o\", \"x\"]\n"), "{captioned}");
}

#[test]
fn a_caption_ends_at_the_next_marker_and_an_empty_label_shows_none() {
    let marked = small(&[(0.5, "a")])
        + "[1, \"m\", \"one\"]\n[2, \"m\", \"two\"]\n[3, \"m\", \"\"]\n[3.5, \"m\", \"end\"]\n";
    let captioned = run("asciinema-caption --for 20", marked).stdout();
    let last = |time: f64| rows_at(&captioned, time).pop().expect("a row");
    assert_eq!([last(1.5), last(2.5), last(3.2)], ["[    one     ]", "[    two     ]", ""]);
    assert_eq!([last(23.4), last(23.5)], ["[    end     ]", ""]);
}

#[test]
fn captions_from_files_and_options_replace_the_markers() {
    let scratch = Scratch::new();
    scratch.write("a.srt", "1\n00:00:01,000 --> 00:00:01,500\n<b>srt</b>\n\n");
    scratch.write("a.vtt", "WEBVTT\n\n00:02.000 --> 00:09.000\nvtt &amp; more\n");
    let marked = small(&[(0.5, "a")]) + "[1, \"m\", \"marker\"]\n[20, \"o\", \"b\"]\n";
    let line = "asciinema-caption --srt a.srt --vtt a.vtt --at 0:05='at= 界' --for 2";
    let captioned = scratch.run(line, marked).stdout();
    let last = |time: f64| rows_at(&captioned, time).pop().expect("a row");
    assert_eq!([last(1.2), last(1.7), last(2.0)], ["[    srt     ]", "", "[ vtt & more ]"]);
    assert_eq!([last(5.0), last(6.9), last(7.0)], ["[   at= 界   ]", "[   at= 界   ]", ""]);
}

#[test]
fn a_long_caption_takes_three_rows_and_wide_characters_stay_whole() {
    let shown = |text: &str| {
        let captioned = run(&format!("asciinema-caption --at 1='{text}'"), small(&[(0.5, "a"), (2.0, "b")]));
        rows_at(&captioned.stdout(), 1.0)
    };
    assert_eq!(shown("one two three four"), ["a", "", "[  one two   ]", "[ three four ]"]);
    assert_eq!(shown("one\ntwo"), ["a", "", "[    one     ]", "[    two     ]"]);
    assert_eq!(
        shown("one two three four five six seven eight"),
        ["a", "[  one two   ]", "[ three four ]", "[ five si... ]"]
    );
    assert_eq!(shown("aa界界界界界"), ["a", "", "[ aa界界界界 ]", "[     界     ]"]);
    assert_eq!(shown("\u{1b}[2J\u{202e}\u{7}"), ["a", "", "", "[    [2J     ]"]);
}

#[test]
fn a_screen_without_room_is_unchanged() {
    for (size, expected) in [("1x1", "x"), ("1x2", "x")] {
        let (cols, rows) = size.split_once('x').expect("a size");
        let tiny = cast(&[(0.5, "x"), (2.0, "")]).replacen("80", cols, 1).replacen("24", rows, 1);
        let captioned = run("asciinema-caption --at 1=界", &tiny).stdout();
        assert_eq!(rows_at(&captioned, 1.0)[0], expected);
    }
}

#[test]
fn invalid_captions_are_refused() {
    let scratch = Scratch::new();
    scratch.write("bad.srt", "1\n00:00 --> x\n");
    for (options, status, message) in [
        (
            "--at 1",
            2,
            "option '--at': '1' is not T=TEXT, as in 75=Done or 1:15=Done\ntry 'asciinema-caption --help'",
        ),
        ("--srt bad.srt", 1, "bad.srt: line 2: expected START --> END, found '00:00 --> x'"),
        ("--vtt none.vtt", 1, "none.vtt: No such file or directory"),
    ] {
        let ran = scratch.run(&format!("asciinema-caption {options}"), cast(&[]));
        assert_eq!((ran.status(), ran.stderr()), (status, format!("asciinema-caption: {message}\n")));
    }
}

#[test]
fn a_caption_file_may_be_utf_16_and_other_encodings_are_reported() {
    let scratch = Scratch::new();
    scratch.write("a.cast", small(&[(0.5, "a"), (9.0, "b")]));
    let text = "\u{feff}1\r\n00:01 --> 00:02\r\nżółw\r\n";
    for order in [u16::to_le_bytes, u16::to_be_bytes] {
        scratch.write("a.srt", text.encode_utf16().flat_map(order).collect::<Vec<u8>>());
        let ran = scratch.run("asciinema-caption --srt a.srt a.cast", "");
        assert_eq!((rows_at(&ran.stdout(), 1.0)[3].as_str(), ran.stderr().as_str()), ("[    żółw    ]", ""));
    }
    scratch.write("a.srt", b"1\n00:01 --> 00:02\ncaf\xe9\n");
    let ran = scratch.run("asciinema-caption --srt a.srt a.cast", "");
    assert_eq!(rows_at(&ran.stdout_anyhow(), 1.0)[3], "[    caf\u{fffd}    ]");
    assert_eq!(ran.stderr(), "asciinema-caption: a.srt: characters that are not UTF-8 were replaced\n");
}

#[test]
fn a_damaged_cast_loses_its_caption_before_the_end() {
    let cut = small(&[(0.5, "a")]) + "[1, \"m\", \"one\"]\n[2, \"o";
    let ran = run("asciinema-caption", cut);
    assert_eq!(ran.stderr(), "asciinema-caption: stdin: line 4: the line is cut off\n");
    assert_eq!(rows_at(&ran.stdout_anyhow(), 9.0), ["a", "", "", ""]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(32), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_caption_changes_nothing_outside_its_rows_and_times(
        steps in prop::collection::vec((any_output(), prop::option::weighted(0.1, (1u16..14, 1u16..7))), 1..40),
        captions in prop::collection::vec((0u32..40, "[a-z 界]{0,40}"), 1..5),
        duration in 1u32..20,
    ) {
        let mut plain = cast(&[]).replacen("80", "9", 1).replacen("24", "5", 1);
        for (index, (text, resize)) in steps.iter().enumerate() {
            plain += &format!("[{index}, \"o\", {}]\n", serde_json::to_string(text).unwrap());
            if let Some((cols, rows)) = resize {
                plain += &format!("[{index}.25, \"r\", \"{cols}x{rows}\"]\n");
            }
        }
        let options: String = captions.iter().map(|(at, text)| format!(" --at {at}.5='{text}'")).collect();
        let captioned = run(&format!("asciinema-caption --for {duration}{options}"), &plain).stdout();
        for index in 0..40 {
            for time in [f64::from(index), f64::from(index) + 0.25, f64::from(index) + 0.5] {
                let (with, without) = (screen_at(&captioned, time), screen_at(&plain, time));
                let is_captioned = captions.iter().any(|(at, _)| {
                    let at = f64::from(*at) + 0.5;
                    at <= time && time < at + f64::from(duration)
                });
                if !is_captioned {
                    prop_assert!(with == without, "{}\n{}\n{:?}\n{:?}", time, captioned, with.text(), without.text());
                }
                let above = without.rows().len().saturating_sub(3);
                let are_same = with.rows().zip(without.rows()).take(above).all(|(one, two)| one.text() == two.text());
                prop_assert!(are_same, "{}\n{}\n{:?}\n{:?}", time, captioned, with.text(), without.text());
            }
        }
        prop_assert_eq!(text_of(&captioned, "r"), text_of(&plain, "r"));
    }
}
