//! Properties of every filter: open pipes, readers that exit, bad input, files.

use std::fs::OpenOptions;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

use nix::libc;

use crate::harness::{Live, Scratch, cast, run};

const FILTERS: &[&str] = &[
    "asciinema-idle -i 1e9",
    "asciinema-speed -s 1",
    "asciinema-quantize -r 1e9",
    "asciinema-convert -f asciicast-v2",
    "asciinema-meta --unset nothing",
    "asciinema-cut --from 1e9",
    "asciinema-trim --to 1e9",
    "asciinema-marker --remove nothing",
    "asciinema-join",
    "asciinema-drop -c none",
    "asciinema-merge --fps 1e9",
];

#[test]
fn an_event_passes_three_filters_immediately_while_the_pipe_stays_open() {
    let mut live = Live::start("asciinema-idle -i 2 | asciinema-speed -s 2 | asciinema-idle -i 0.5");
    live.write("{\"version\": 2, \"width\": 80, \"height\": 24}\n");
    live.wait_for("24}\n");
    live.write("[1.0, \"o\", \"a\"]\n");
    live.wait_for("[0.500000, \"o\", \"a\"]\n");
    live.write("[1.2, \"o\"");
    live.write(", \"b\"]\n[3.0, \"o\", ");
    live.wait_for("[0.600000, \"o\", \"b\"]\n");
    live.write("\"c\"]\n");
    live.wait_for("[1.100000, \"o\", \"c\"]\n");
    assert_eq!(live.finish(), 0);
}

#[test]
fn every_program_ends_silently_when_its_reader_exits() {
    let scratch = Scratch::new();
    scratch.write("long.cast", cast(&vec![(0.0, "some text that makes the cast long\r\n"); 100_000]));
    for filter in FILTERS.iter().chain(&["asciinema-cat"]) {
        // The first program's status, as the shell sees it.
        let ran = scratch.run(&format!("{{ {filter} long.cast; echo $? >status; }} | head -n 1"), "");
        assert!(ran.stderr().is_empty(), "{ran}");
        assert_eq!(ran.stdout_anyhow().lines().count(), 1, "{ran}");
        assert_eq!(scratch.read("status"), "141\n", "{filter}");
    }
}

#[test]
fn bad_input_is_reported_after_everything_before_it_is_written() {
    let good = cast(&[(0.5, "a")]);
    for (bad, line, what) in [
        ("hello\n", 3, "expected an event, [time, code, data], found 'hello'"),
        ("[1.5, \"o\", \"cut o", 3, "the line is cut off"),
        ("\n[\"o\", 1]\n", 4, "expected a number of seconds, found '\"o\"'"),
        ("[-1, \"o\", \"b\"]\n", 3, "the time is negative: '-1'"),
        ("[1, \"o\", 5]\n", 3, "expected text as the data of code 'o', found '5'"),
        ("[1, \"o\", \"b\", 1]\n", 3, "expected an event, [time, code, data], found ', 1]'"),
        ("[1, \"\u{1b}[2J\n", 3, "the line is cut off"),
        ("\u{1b}[2J\n", 3, "expected an event, [time, code, data], found '\\x1b[2J'"),
    ] {
        for filter in FILTERS {
            let ran = run(filter, format!("{good}{bad}[2, \"o\", \"never\"]\n"));
            let program = filter.split(' ').next().unwrap_or_default();
            let written = if bad.starts_with('\n') { format!("{good}\n") } else { good.clone() };
            if bad.ends_with('\n') {
                let message = format!("{program}: stdin: line {line}: {what}\n");
                assert_eq!(ran.failure(), (1, written, message), "{bad:?}");
            } else {
                assert_eq!((ran.status(), ran.stdout_anyhow()), (1, written), "{bad:?}");
            }
        }
    }
}

#[test]
fn an_empty_code_passes_as_an_unknown_one() {
    let odd = cast(&[(0.5, "a")]) + "[1.0, \"\", {\"x\": [1]}]\n[1.5, \"\", \"b\"]\n";
    for filter in FILTERS {
        assert_eq!(run(filter, &odd).stdout(), odd, "{filter}");
    }
    assert_eq!(run("asciinema-cat -", &odd).stdout(), "a");
    assert!(run("asciinema-info", &odd).stdout().contains("\n           ''                 2, 1 bytes\n"));
}

#[test]
fn a_v1_document_without_output_is_not_a_cast() {
    let document = "{\"version\": 1, \"width\": 80, \"height\": 24, \"duration\": 1.5}\n";
    for filter in FILTERS {
        let program = filter.split(' ').next().unwrap_or_default();
        let message = format!("{program}: stdin: line 1: the document has no 'stdout'\n");
        assert_eq!(run(filter, document).failure(), (1, String::new(), message), "{filter}");
    }
    let message = "asciinema: doc.json: line 1: the document has no 'stdout'\n";
    let scratch = Scratch::new();
    scratch.write("doc.json", document);
    for line in ["asciinema play doc.json", "asciinema cat doc.json", "asciinema upload doc.json"] {
        assert_eq!(scratch.run(line, "").failure(), (1, String::new(), message.to_string()), "{line}");
    }
}

#[test]
fn a_truncated_recording_passes_up_to_the_cut() {
    let ran = run("asciinema-idle -i 2", cast(&[(0.5, "a")]) + "[1.5, \"o\", \"cut o");
    let message = "asciinema-idle: stdin: line 3: the line is cut off\n".to_string();
    assert_eq!(ran.failure(), (1, cast(&[(0.5, "a")]), message));
}

#[test]
fn bad_headers_and_empty_input_are_reported() {
    for (input, what) in [
        ("", "the input is empty, expected an asciicast"),
        ("hello\n", "line 1: expected the header of an asciicast, found 'hello'"),
        ("{\"version\": 9}\n", "line 1: asciicast version 9 is not supported, only 1, 2 and 3 are"),
        ("{\"version\": 2, \"width\": 80}\n", "line 1: the header has no 'height'"),
        ("{\"version\": 3}\n", "line 1: the header has no 'term'"),
        ("{\"version\": 2, \"wid", "line 1: the line is cut off"),
    ] {
        let message = format!("asciinema-idle: stdin: {what}\n");
        assert_eq!(run("asciinema-idle -i 2", input).failure(), (1, String::new(), message));
    }
}

#[test]
fn a_missing_file_and_a_full_disk_are_reported() {
    let missing = "asciinema-idle: no\\x1bsuch.cast: No such file or directory\n".to_string();
    assert_eq!(
        run("asciinema-idle -i 2 \"$(printf 'no\\033such.cast')\"", "").failure(),
        (1, String::new(), missing)
    );
    let full = "asciinema-idle: stdout: No space left on device\n".to_string();
    assert_eq!(run("asciinema-idle -i 2 >/dev/full", cast(&[])).failure(), (1, String::new(), full));
}

#[test]
fn the_output_may_be_the_input_and_keeps_its_mode() {
    let scratch = Scratch::new();
    let path = scratch.write("demo.cast", cast(&[(9.0, "a")]));
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("demo.cast", scratch.path("link.cast")).unwrap();
    scratch.run("asciinema-idle -i 2 -o link.cast demo.cast", "").stdout();
    assert_eq!(scratch.read("demo.cast"), cast(&[(2.0, "a")]));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(scratch.files(), ["demo.cast", "link.cast"]);
    assert!(scratch.path("link.cast").symlink_metadata().unwrap().is_symlink());
}

#[test]
fn a_failure_leaves_the_old_output_and_nothing_else() {
    let scratch = Scratch::new();
    scratch.write("old.cast", "old");
    let ran = scratch.run("asciinema-idle -i 2 -o old.cast", "bad");
    assert_eq!(ran.status(), 1, "{ran}");
    assert_eq!(
        (scratch.read("old.cast"), scratch.files()),
        ("old".to_string(), vec!["old.cast".to_string()])
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_filter_leaves_the_old_output_and_nothing_else() {
    let scratch = Scratch::new();
    let nameless = OpenOptions::new().write(true).custom_flags(libc::O_TMPFILE).open(scratch.path("."));
    nameless
        .expect("TMPDIR must be on a file system with O_TMPFILE; elsewhere the output has a name at once");
    scratch.write("old.cast", "old");
    // More than the pipe can hold: once this is written, the filter has started.
    scratch.write("long.cast", cast(&[(1.0, "x".repeat(200_000).as_str())]));
    let line = "mkfifo pipe; asciinema-idle -i 2 -o old.cast <pipe & exec 3>pipe; cat long.cast >&3; kill -9 $!; wait";
    scratch.run(line, "").stdout();
    assert_eq!(scratch.read("old.cast"), "old");
    assert_eq!(scratch.files(), ["long.cast", "old.cast", "pipe"]);
}

#[test]
fn fifos_and_devices_are_written_directly() {
    let scratch = Scratch::new();
    let ran = scratch.run("mkfifo pipe; cat pipe & asciinema-idle -i 2 -o pipe; wait", cast(&[(9.0, "a")]));
    assert_eq!(ran.stdout(), cast(&[(2.0, "a")]));
    scratch.run("asciinema-idle -i 2 -o /dev/null", cast(&[])).stdout();
}

#[test]
fn a_cast_needs_neither_events_nor_a_final_line_end() {
    for input in [
        "{\"version\": 2, \"width\": 1, \"height\": 1}",
        "{\"version\": 2, \"width\": 1, \"height\": 1}\n[0, \"o\", \"a\"]",
    ] {
        assert_eq!(run("asciinema-speed -s 2", input).stdout(), input);
    }
}

#[test]
fn a_second_file_is_refused() {
    let message = "asciinema-idle: unexpected argument 'b'\ntry 'asciinema-idle --help'\n".to_string();
    assert_eq!(run("asciinema-idle -i 2 a b", "").failure(), (2, String::new(), message));
}
