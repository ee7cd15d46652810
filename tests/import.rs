//! asciinema-import.

use proptest::prelude::*;

use common::io::is_in_path;

use crate::harness::{Scratch, Terminal, cases, cast, events, run, text_of};

/// A ttyrec record.
fn record(seconds: u32, micros: u32, data: &[u8]) -> Vec<u8> {
    let numbers = [seconds, micros, data.len() as u32];
    [&numbers.map(u32::to_le_bytes).concat()[..], data].concat()
}

fn header(rest: &str) -> String {
    format!("{{\"version\": 2, {rest}}}\n")
}

/// Returns whether all of these programs are installed, to compare with.
fn is_installed(programs: &[&str]) -> bool {
    programs.iter().all(|program| {
        let is_there = is_in_path(program);
        if !is_there {
            eprintln!("{program} is not installed: nothing was compared with it");
        }
        is_there
    })
}

const LOG: &str = "Script started on 2026-11-21 17:13:33+01:00 [TERM=\"xterm\" TTY=\"/dev/pts/1\" COLUMNS=\"90\" LINES=\"30\"]\n";

#[test]
fn a_ttyrec_begins_at_time_0_and_may_contain_its_size() {
    let two = [record(1_600_000_000, 900_000, b"a\r\n"), record(1_600_000_002, 150_000, b"b")].concat();
    let expected = header("\"width\": 80, \"height\": 24, \"timestamp\": 1600000000")
        + "[0.000000, \"o\", \"a\\r\\n\"]\n[1.250000, \"o\", \"b\"]\n";
    assert_eq!(run("asciinema-import -f ttyrec", &two).stdout(), expected);
    assert_eq!(run("asciinema-import", &two).stdout(), expected);
    let sized =
        [record(5, 0, b"\x1b[8;30;100tx"), record(6, 0, b"\x1b[8;24;80t"), record(5, 9, b"y")].concat();
    let expected = header("\"width\": 100, \"height\": 30, \"timestamp\": 5")
        + "[0.000000, \"o\", \"x\"]\n[1.000000, \"r\", \"80x24\"]\n[1.000000, \"o\", \"y\"]\n";
    assert_eq!(run("asciinema-import", &sized).stdout(), expected);
    let wider = expected.replace("100", "132");
    assert_eq!(run("asciinema-import --cols 132", &sized).stdout(), wider);
}

#[test]
fn a_ttyrec_of_another_machine_is_recognized_by_its_lengths() {
    let expected = header("\"width\": 80, \"height\": 24, \"timestamp\": 1000")
        + "[0.000000, \"o\", \"abc\"]\n[2.000001, \"o\", \"d\"]\n";
    let big = |seconds: u32, micros: u32, data: &str| {
        let numbers = [seconds, micros, data.len() as u32].map(u32::to_be_bytes);
        [&numbers.concat()[..], data.as_bytes()].concat()
    };
    let both = [big(1000, 0, "abc"), big(1002, 1, "d")].concat();
    assert_eq!(run("asciinema-import", both).stdout(), expected);
    let wide = |seconds: u64, micros: u64, data: &str| {
        [&[seconds, micros, data.len() as u64].map(u64::to_le_bytes).concat()[..], data.as_bytes()].concat()
    };
    let both = [wide(1000, 0, "abc"), wide(1002, 1, "d")].concat();
    assert_eq!(run("asciinema-import", both).stdout(), expected);
}

#[test]
fn a_truncated_ttyrec_keeps_its_complete_records() {
    let whole = [record(1, 0, b"a"), record(2, 0, b"bcd")].concat();
    for cut in 1..15 {
        let ran = run("asciinema-import -f ttyrec", &whole[..whole.len() - cut]);
        let good = header("\"width\": 80, \"height\": 24, \"timestamp\": 1") + "[0.000000, \"o\", \"a\"]\n";
        let message = "asciinema-import: stdin: record 2: the record is cut off\n".to_string();
        assert_eq!(ran.failure(), (1, good, message), "{cut}");
    }
    let garbage = [record(1, 0, b"a"), record(2, 2_000_000, b"b")].concat();
    let ran = run("asciinema-import", garbage);
    assert_eq!(
        (ran.status(), ran.stderr()),
        (1, "asciinema-import: stdin: record 2: not a record of ttyrec\n".to_string())
    );
}

#[test]
fn invalid_utf_8_is_replaced_with_one_warning() {
    let pieces: [&[u8]; 4] = [b"a\xff", b"\xc5", b"\xbc\xfe", b"\xe2"];
    let many: Vec<u8> = (0..).zip(pieces).flat_map(|(at, data)| record(at, 0, data)).collect();
    let ran = run("asciinema-import", many);
    assert_eq!(text_of(&ran.stdout_anyhow(), "o"), "a\u{fffd}ż\u{fffd}\u{fffd}");
    let message = "asciinema-import: stdin: bytes that are not UTF-8 were replaced\n".to_string();
    assert_eq!((ran.status(), ran.stderr()), (0, message));
}

#[test]
fn a_compressed_recording_is_decompressed() {
    let scratch = Scratch::new();
    scratch.write("x.ttyrec", record(1, 0, b"abc"));
    scratch.run("gzip x.ttyrec", "").stdout();
    assert_eq!(text_of(&scratch.run("asciinema-import x.ttyrec.gz", "").stdout(), "o"), "abc");
}

#[test]
fn classic_script_has_only_output() {
    let scratch = Scratch::new();
    scratch.write(
        "typescript",
        format!("{LOG}ab\r\nc\n\nScript done on 2026-11-21 [COMMAND_EXIT_CODE=\"0\"]\n"),
    );
    scratch.write("timing", "0.100000 2\n0,250000 2\n-0.01 2\n");
    let expected =
        header("\"width\": 90, \"height\": 30, \"timestamp\": 1795277613, \"env\": {\"TERM\": \"xterm\"}")
            + "[0.100000, \"o\", \"ab\"]\n[0.350000, \"o\", \"\\r\\n\"]\n[0.350000, \"o\", \"c\\n\"]\n";
    assert_eq!(scratch.run("asciinema-import typescript timing", "").stdout(), expected);
    assert_eq!(scratch.run("asciinema-import -f script - timing < typescript", "").stdout(), expected);
    scratch.run("mv timing typescript.timing", "").stdout();
    assert_eq!(scratch.run("asciinema-import typescript -o out", "").stdout(), "");
    assert_eq!(scratch.read("out"), expected);
}

#[test]
fn advanced_script_has_input_and_sizes_from_one_log_or_two() {
    let scratch = Scratch::new();
    let about = "H 0.000000 START_TIME 2026-11-21 17:13:33+01:00\nH 0.000000 COLUMNS 90\nH 0.000000 LINES 30\n\
        H 0.000000 SHELL /bin/sh\nH 0.000000 COMMAND read x\nH 0.000000 OUTPUT_LOG far/away/out\n";
    let rest = "O 0.1 2\nI 1.000000 3\nS 0.500000 SIGWINCH ROWS=20 COLS=70\nS 0.500000 SIGTERM\nO 0.100000 3\nH 0.000000 DURATION 2.2\nH 0.000000 EXIT_CODE 3\n";
    let expected = header(
        "\"width\": 90, \"height\": 30, \"timestamp\": 1795277613, \"command\": \"read x\", \"env\": {\"SHELL\": \"/bin/sh\"}",
    ) + "[0.100000, \"o\", \"$ \"]\n[1.100000, \"i\", \"hi\\r\"]\n[1.600000, \"r\", \"70x20\"]\n[2.200000, \"o\", \"x\\r\\n\"]\n[2.200000, \"x\", \"3\"]\n";
    let log = "Skript begonnen\n";
    scratch.write("both", format!("{log}$ hi\rx\r\n\nScript done\n"));
    scratch.write("timing", format!("{about}H 0.000000 INPUT_LOG far/away/out\n{rest}"));
    assert_eq!(scratch.run("asciinema-import both timing", "").stdout(), expected);
    scratch.write("out", format!("{log}$ x\r\n\nScript done\n"));
    scratch.write("in", format!("{log}hi\r"));
    scratch.write("timing", format!("{about}H 0.000000 INPUT_LOG far/away/in\n{rest}"));
    assert_eq!(scratch.run("asciinema-import out timing", "").stdout(), expected);
}

#[test]
fn truncated_or_invalid_script_recordings_are_reported_with_file_and_line() {
    let scratch = Scratch::new();
    scratch.write("log", format!("{LOG}abc"));
    for (timing, expected) in [
        ("0.1 2\n0.1 2\n", "log: ends before line 2 of the timing does"),
        ("0.1 2\n0.1 1", "timing: line 2: the line is cut off"),
        ("0.1 2\nhello\n", "timing: line 2: expected DELAY COUNT, found 'hello'"),
        ("0.1 2\nO x 2\n", "timing: line 2: expected DELAY COUNT, found 'O x 2'"),
        ("0.1 2\n0.1 999999999999\n", "log: the record is longer than 256 MiB"),
    ] {
        scratch.write("timing", timing);
        let ran = scratch.run("asciinema-import log timing", "");
        assert_eq!(text_of(&ran.stdout_anyhow(), "o"), "ab", "{timing}");
        assert_eq!((ran.status(), ran.stderr()), (1, format!("asciinema-import: {expected}\n")));
    }
    scratch.write("timing", "");
    let message = "asciinema-import: timing: the input is empty, expected the timing of script\n".to_string();
    assert_eq!(scratch.run("asciinema-import log timing", "").failure(), (1, String::new(), message));
}

#[test]
fn a_file_that_is_not_a_recording_is_refused() {
    let scratch = Scratch::new();
    scratch.write("log", LOG);
    for (line, status, message) in [
        ("asciinema-import", 1, "stdin: the input is empty, expected a recording of ttyrec or script"),
        ("echo hello | asciinema-import", 1, "stdin: not a recording of ttyrec or script; name it with -f"),
        ("echo hello, dear world | asciinema-import -f ttyrec", 1, "stdin: not a ttyrec recording"),
        ("asciinema-import nowhere", 1, "nowhere: No such file or directory"),
        ("asciinema-import log nowhere", 1, "nowhere: No such file or directory"),
    ] {
        let ran = scratch.run(line, "");
        assert_eq!(
            (ran.status(), ran.stderr()),
            (status, format!("asciinema-import: {message}\n")),
            "{line}"
        );
    }
    for line in ["asciinema-import log", "asciinema-import -f ttyrec a b", "asciinema-import --cols 0 a"] {
        assert_eq!(scratch.run(line, "").status(), 2, "{line}");
    }
}

#[test]
fn converted_recordings_play_in_their_own_players() {
    if !is_installed(&["ttyplay", "scriptreplay"]) {
        return;
    }
    let scratch = Scratch::new();
    let recorded = cast(&[(0.0, "one\r\n"), (0.1, "\u{1b}[31mtwo\u{1b}[m")])
        + "[0.15, \"i\", \"x\"]\n[0.2, \"r\", \"90x30\"]\n[0.3, \"o\", \"ż\"]\n";
    scratch.write("demo.cast", &recorded);
    scratch
        .run("asciinema-convert demo.cast demo.ttyrec && asciinema-convert -f script -o log demo.cast", "")
        .stdout();
    let mut terminal = Terminal::start(scratch.shell("ttyplay -n demo.ttyrec; echo done"));
    // The terminal turns a line end into two characters.
    terminal.wait_for("\x1b[8;24;80tone\r\r\n\x1b[31mtwo\x1b[m\x1b[8;30;90tżdone");
    let ran = scratch.run("scriptreplay -B log -t log.timing", "");
    assert_eq!(ran.stdout(), "one\r\n\x1b[31mtwo\x1b[mż\n");
}

#[test]
fn recordings_made_by_script_are_imported() {
    if !is_installed(&["script"]) {
        return;
    }
    let scratch = Scratch::new();
    let line = "script -q -c 'stty size; read x; stty size; exit 3' -B log -T timing";
    let mut terminal = Terminal::start(scratch.shell(&format!("{line}; echo done")));
    terminal.wait_for("24 80");
    terminal.resize(70, 20);
    terminal.enter("ab\r");
    terminal.wait_for("done");
    let imported = scratch.run("asciinema-import log timing", "").stdout();
    assert_eq!(text_of(&imported, "o"), "24 80\r\nab\r\n20 70\r\n");
    assert_eq!(text_of(&imported, "i"), "ab\r");
    assert_eq!((text_of(&imported, "r"), text_of(&imported, "x")), ("70x20".to_string(), "3".to_string()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(16), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn converting_there_and_back_keeps_times_and_output(pieces in prop::collection::vec((0u64..3_000_000, "[a-zż\u{1b}\\[\r\n]{1,8}", any::<bool>()), 0..30)) {
        let mut micros = 0;
        let mut lines = cast(&[]);
        for (step, text, is_input) in &pieces {
            micros += step;
            let code = if *is_input { "i" } else { "o" };
            let text = serde_json::to_string(text).unwrap();
            lines += &format!("[{}.{:06}, \"{code}\", {text}]\n[{0}.{1:06}, \"r\", \"90x{}\"]\n", micros / 1_000_000, micros % 1_000_000, 20 + step % 9);
        }
        let scratch = Scratch::new();
        scratch.write("in.cast", &lines);
        scratch.run("asciinema-convert -f ttyrec in.cast -o x.ttyrec", "").stdout();
        scratch.run("asciinema-convert -f script in.cast -o log --timing times", "").stdout();
        let script = scratch.run("asciinema-import log times", "").stdout();
        prop_assert_eq!(events(&script), events(&lines));
        let ttyrec = events(&scratch.run("asciinema-import x.ttyrec", "").stdout());
        let seen: Vec<_> = events(&lines).into_iter().filter(|(_, code, _)| code != "i").collect();
        prop_assert_eq!(ttyrec, seen);
    }
}
