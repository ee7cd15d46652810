//! asciinema-convert.

use proptest::prelude::*;

use crate::harness::{Scratch, Terminal, cast, events, run, text_of};
use crate::server::Server;

const V2: &str = "{\"version\": 2, \"width\": 80, \"height\": 24, \"duration\": 9, \"x\": 1e5, \"env\": {\"TERM\": \"xterm\", \"SHELL\": \"sh\"}, \"theme\": {\"fg\": \"#000000\"}}\n[1.0004, \"o\",\"a\"]\n[2.0004, \"zz\", [1]]\n[2.5, \"r\", \"90x30\"]\n[2.0, \"x\", \"3\"]\n";
const V3: &str = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24,\"type\":\"xterm\",\"theme\":{\"fg\": \"#000000\"}},\"x\":1e5,\"env\":{\"SHELL\":\"sh\"}}\n[1.000, \"o\",\"a\"]\n[1.000, \"zz\", [1]]\n[0.500, \"r\", \"90x30\"]\n[0.000, \"x\", \"3\"]\n";

#[test]
fn keys_of_both_versions_are_moved_and_others_kept() {
    assert_eq!(run("asciinema-convert -f asciicast-v3", V2).stdout(), V3);
    let back = "{\"version\": 2, \"width\": 80, \"height\": 24, \"x\": 1e5, \"env\": {\"SHELL\": \"sh\", \"TERM\": \"xterm\"}, \"theme\": {\"fg\": \"#000000\"}}\n[1.000, \"o\",\"a\"]\n[2.000000, \"zz\", [1]]\n[2.500000, \"r\", \"90x30\"]\n[2.500000, \"x\", \"3\"]\n";
    assert_eq!(
        run("asciinema-convert -f asciicast-v2", V3.replacen('\n', "\n# comment\n", 1)).stdout(),
        back
    );
}

#[test]
fn a_cast_of_the_requested_version_is_copied() {
    assert_eq!(run("asciinema-convert -f asciicast-v2", V2).stdout(), V2);
    let odd = V3.replacen('\n', "\r\n# comment\n", 1);
    assert_eq!(run("asciinema-convert -f asciicast-v3", &odd).stdout(), odd);
}

#[test]
fn raw_output_on_a_terminal_holds_back_unsafe_sequences() {
    let scratch = Scratch::new();
    let output = "a\x1b[6n\x1b]52;c;eA==\x07\x1b[31mb";
    scratch.write("demo.cast", cast(&[(0.0, output)]));
    let mut terminal = Terminal::start(scratch.shell("asciinema-convert -f raw demo.cast; echo done"));
    terminal.wait_for("a\x1b[31mb\x1b[0mdone");
    assert!(!terminal.seen.contains("[8;24;80t") && !terminal.seen.contains("]52"), "{:?}", terminal.seen);
    let mut terminal = Terminal::start(scratch.shell("asciinema-convert --unsafe -f raw demo.cast"));
    terminal.wait_for(&format!("\x1b[8;24;80t{output}"));
    let mut terminal = Terminal::start(scratch.shell("asciinema-convert -f raw -o out demo.cast; echo done"));
    terminal.wait_for("done");
    assert_eq!(scratch.read("out"), format!("\x1b[8;24;80t{output}"));
}

#[test]
fn raw_output_is_the_sizes_and_the_bytes() {
    assert_eq!(run("asciinema-convert -f raw", V2).stdout(), "\x1b[8;24;80ta\x1b[8;30;90t");
}

#[test]
fn text_is_the_lines_that_a_terminal_would_have_shown() {
    let shown = |output: &[&str]| {
        let placed: Vec<(f64, &str)> = output.iter().map(|text| (1.0, *text)).collect();
        let narrow = cast(&placed).replace("80", "10").replace("24", "3");
        run("asciinema-convert -f txt", narrow).stdout()
    };
    assert_eq!(shown(&["\u{1b}[31mred\u{1b}[m  \r\n", "xy\u{8}z\r", "\n\r\n"]), "red\nxz\n");
    assert_eq!(shown(&["a line that is wrapped\r\nb", "\u{1b}[", "1mc"]), "a line that is wrapped\nbc\n");
    assert_eq!(shown(&["1\r\n2\r\n3\r\n4\r\n5\r\n\u{1b}[?1049heditor\u{1b}[?1049l6"]), "1\n2\n3\n4\n5\n6\n");
    assert_eq!(shown(&["a\r\n\u{1b}[?1049heditor"]), "\neditor\n");
    assert_eq!(shown(&["a\r\n\u{1b}[H\u{1b}[2Jb"]), "b\n");
    assert_eq!(shown(&[]), "");
}

#[test]
fn text_wraps_at_the_current_size() {
    let resized =
        format!("{}[2, \"r\", \"5x24\"]\n[3, \"o\", \"\\rsix and\"]\n", cast(&[(1.0, "0123456789\r\n")]));
    assert_eq!(run("asciinema-convert -f txt", &resized).stdout(), "0123456789\nsix and\n");
    let huge = cast(&[]).replace("80", "65535").replace("24", "65535");
    let message = "asciinema-convert: stdin: line 1: a terminal of 65535x65535 is too large to draw\n";
    assert_eq!(run("asciinema-convert -f txt", huge).failure(), (1, String::new(), message.to_string()));
}

#[test]
fn a_damaged_cast_is_converted_up_to_the_fault() {
    let cut_off = cast(&[(0.5, "a\r\n"), (1.0, "b")]) + "[1.5, \"o\", \"cut o";
    let message = "asciinema-convert: stdin: line 4: the line is cut off\n".to_string();
    let text = run("asciinema-convert -f txt", &cut_off);
    assert_eq!(text.failure(), (1, "a\nb\n".to_string(), message.clone()));
    let document = run("asciinema-convert -f asciicast-v1", &cut_off);
    let parsed: serde_json::Value = serde_json::from_str(&document.stdout_anyhow()).expect("a document");
    assert_eq!(parsed["stdout"], serde_json::json!([[0.5, "a\r\n"], [0.5, "b"]]));
    assert_eq!((document.status(), document.stderr()), (1, message));
    for format in ["txt", "asciicast-v1"] {
        assert_eq!(run(&format!("asciinema-convert -f {format}"), "hello\n").stdout_anyhow(), "");
    }
}

#[test]
fn v1_contains_the_output_and_can_be_converted_back() {
    let two = cast(&[(0.5, "a\"ż\x1b"), (2.25, "b")]);
    let v1 = run("asciinema-convert -f asciicast-v1", &two).stdout();
    let parsed: serde_json::Value = serde_json::from_str(&v1).expect("a document");
    assert_eq!(
        parsed,
        serde_json::json!({
            "version": 1, "width": 80, "height": 24, "duration": 2.25, "stdout": [[0.5, "a\"ż\x1b"], [1.75, "b"]]
        })
    );
    let back = run("asciinema-convert -f asciicast-v2 | asciinema-meta --unset duration", v1).stdout();
    assert_eq!(back, two);
    let empty = run("asciinema-convert -f asciicast-v1", cast(&[])).stdout();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&empty).expect("a document")["stdout"],
        serde_json::json!([])
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn converting_there_and_back_keeps_times_within_half_a_millisecond(steps in prop::collection::vec(0u32..3_000_000, 0..40)) {
        let mut micros = 0;
        let mut place = |step: u32| { micros += u64::from(step); (micros as f64 / 1e6, "a") };
        let placed: Vec<(f64, &str)> = steps.into_iter().map(&mut place).collect();
        let two = cast(&placed);
        let back = run("asciinema-convert -f asciicast-v3 | asciinema-convert -f asciicast-v2", &two).stdout();
        prop_assert_eq!(text_of(&back, "o"), text_of(&two, "o"));
        for ((before, _, _), (after, _, _)) in events(&two).iter().zip(events(&back)) {
            prop_assert!((before - after).abs() <= 0.000_500_1, "{} {}", before, after);
        }
    }
}

#[test]
fn with_two_names_it_converts_as_3_x_does() {
    let scratch = Scratch::new();
    scratch.write("old.cast", V2);
    assert_eq!(scratch.run("asciinema-convert old.cast new.cast", "").stdout(), "");
    assert_eq!(scratch.read("new.cast"), V3);
    scratch.run("asciinema convert -q old.cast log.TXT", "").stdout();
    assert_eq!(scratch.read("log.TXT"), "a\n");
    scratch.run("asciinema-convert -f raw old.cast raw.txt", "").stdout();
    assert_eq!(scratch.read("raw.txt"), "\x1b[8;24;80ta\x1b[8;30;90t");
    assert_eq!(scratch.run("asciinema-convert old.cast -", "").stdout(), V3);
    assert_eq!(scratch.run("asciinema-convert - other.cast", V2).stdout(), "");
    assert_eq!(scratch.read("other.cast"), V3);
    assert_eq!(scratch.run("asciinema-convert a b c", "").status(), 2);
    assert_eq!(scratch.run("asciinema-convert old.cast", "").status(), 2);
}

#[test]
fn an_existing_file_is_replaced_only_with_overwrite() {
    let scratch = Scratch::new();
    scratch.write("old.cast", V2);
    scratch.write("new.cast", "precious");
    let message = "asciinema-convert: new.cast already exists; use --overwrite to replace it\n";
    let ran = scratch.run("asciinema-convert old.cast new.cast", "");
    assert_eq!(ran.failure(), (1, String::new(), message.to_string()));
    assert_eq!(scratch.read("new.cast"), "precious");
    // A failure leaves the old file, too.
    scratch.write("bad.cast", "bad");
    assert_eq!(scratch.run("asciinema-convert --overwrite bad.cast new.cast", "").status(), 1);
    assert_eq!(scratch.read("new.cast"), "precious");
    scratch.run("asciinema-convert --overwrite old.cast new.cast", "").stdout();
    assert_eq!(scratch.read("new.cast"), V3);
    scratch.write("empty.cast", "");
    scratch.run("asciinema-convert old.cast empty.cast", "").stdout();
    assert_eq!(scratch.read("empty.cast"), V3);
}

#[test]
fn a_recording_is_converted_from_a_url() {
    let server = Server::answering("200 OK", "", V2);
    let scratch = Scratch::new();
    scratch.run(&format!("asciinema-convert {}/demo.cast new.cast", server.url), "").stdout();
    assert_eq!(scratch.read("new.cast"), V3);
    let server = Server::answering("404 Not Found", "", "");
    let ran = scratch.run(&format!("asciinema-convert {}/demo.cast other.cast", server.url), "");
    assert_eq!(ran.status(), 1);
    assert!(ran.stderr().contains("HTTP status 404"), "{ran}");
    assert!(!scratch.path("other.cast").exists());
}

#[test]
fn ttyrec_output_begins_with_the_size_and_has_the_time_of_day() {
    let recorded = cast(&[(0.5, "a")]).replacen("24", "24, \"timestamp\": 1600000000", 1)
        + "[0.75, \"i\", \"x\"]\n[1.25, \"r\", \"90x30\"]\n[1.5, \"o\", \"\"]\n";
    let record = |seconds: u32, micros: u32, data: &str| {
        let numbers = [seconds, micros, data.len() as u32].map(u32::to_le_bytes);
        [&numbers.concat()[..], data.as_bytes()].concat()
    };
    let expected = [
        record(1_600_000_000, 0, "\x1b[8;24;80t"),
        record(1_600_000_000, 500_000, "a"),
        record(1_600_000_001, 250_000, "\x1b[8;30;90t"),
    ];
    assert_eq!(run("asciinema-convert -f ttyrec", recorded).bytes(), expected.concat());
    let late = cast(&[(4e9, "a")]).replacen("24", "24, \"timestamp\": 1600000000", 1);
    let message = "asciinema-convert: stdin: line 2: ttyrec has no times beyond 2106\n";
    assert_eq!(run("asciinema-convert -f ttyrec", late).stderr(), message);
}

#[test]
fn script_output_is_a_log_and_its_timing() {
    let scratch = Scratch::new();
    scratch.write("in.cast", V2.replacen("24", "24, \"timestamp\": 1600000000, \"command\": \"a\\nb\"", 1));
    scratch.run("asciinema-convert -f script -o log in.cast", "").stdout();
    assert_eq!(
        scratch.read("log"),
        "Script started on 2020-09-13 12:26:40+00:00 [TERM=\"xterm\" COLUMNS=\"80\" LINES=\"24\"]\na\nScript done on 2020-09-13 12:26:42+00:00 [COMMAND_EXIT_CODE=\"3\"]\n"
    );
    assert_eq!(
        scratch.read("log.timing"),
        "H 0.000000 START_TIME 2020-09-13 12:26:40+00:00\nH 0.000000 TERM xterm\nH 0.000000 COLUMNS 80\nH 0.000000 LINES 24\nH 0.000000 SHELL sh\nH 0.000000 COMMAND a b\nO 1.000400 1\nS 1.499600 SIGWINCH ROWS=30 COLS=90\nH 0.000000 DURATION 2.500000\nH 0.000000 EXIT_CODE 3\n"
    );
    scratch.run("asciinema-convert -f script in.cast other --timing times", "").stdout();
    assert_eq!(scratch.read("times"), scratch.read("log.timing"));
    // An existing timing file is not replaced either.
    scratch.run("rm other", "").stdout();
    assert_eq!(scratch.run("asciinema-convert -f script in.cast other --timing times", "").status(), 1);
    assert!(!scratch.path("other").exists());
}

#[test]
fn script_output_needs_two_files() {
    for options in ["-f script", "-f script -o -", "-f script -o x --timing x", "-f raw --timing x"] {
        assert_eq!(run(&format!("asciinema-convert {options}"), V2).status(), 2, "{options}");
    }
    let scratch = Scratch::new();
    scratch.write("log.timing", "old");
    assert_eq!(scratch.run("asciinema-convert -f script -o log", cast(&[(1.0, "a")]) + "[1").status(), 1);
    assert_eq!(
        (scratch.files(), scratch.read("log.timing")),
        (vec!["log.timing".to_string()], "old".to_string())
    );
}

#[test]
fn markers_are_captions_until_the_next_one_for_at_most_three_seconds() {
    let marked = cast(&[(0.5, "a")])
        + "[1, \"m\", \"one & <two>\"]\n[2.5, \"m\", \"a\\n\\nb\\u001b --> c\"]\n[9, \"m\", \"\"]\n[3661.0005, \"m\", \"end\"]\n";
    assert_eq!(
        run("asciinema-convert -f srt", &marked).stdout(),
        "1\n00:00:01,000 --> 00:00:02,500\none & <two>\n\n2\n00:00:02,500 --> 00:00:05,500\na\nb  -> c\n\n3\n01:01:01,001 --> 01:01:04,001\nend\n\n"
    );
    let scratch = Scratch::new();
    scratch.write("in.cast", &marked);
    scratch.run("asciinema-convert in.cast out.vtt", "").stdout();
    assert_eq!(
        scratch.read("out.vtt"),
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\none &amp; &lt;two&gt;\n\n00:00:02.500 --> 00:00:05.500\na\nb  --&gt; c\n\n01:01:01.001 --> 01:01:04.001\nend\n\n"
    );
}
