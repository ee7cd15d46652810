//! asciinema-stream and asciinema-session, used as in 3.x's manual.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::harness::{Scratch, Terminal, events, header, text_of};
use crate::live::{Frame, Viewer, watch};

/// Starts a command line in a terminal, and watches at the address that it reports.
fn watched(scratch: &Scratch, line: &str) -> (Terminal, Viewer) {
    let mut terminal = Terminal::start(scratch.shell(line));
    terminal.wait_for("press <ctrl-d> or type \"exit\" when you're done");
    let url = terminal.seen.split("live at ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let viewer = watch(url.expect("an address"), "v1.alis", &[]).expect("to be let in");
    (terminal, viewer)
}

fn shows(frame: &Frame, text: &str) -> bool {
    frame.output().or(frame.drawing()).is_some_and(|shown| shown.contains(text))
}

#[test]
fn a_session_is_streamed_from_its_terminal() {
    let scratch = Scratch::new();
    let line = "asciinema stream --local -c 'stty -echo; echo ready; read x; echo got $x; exit 3' --return; echo status $?";
    let (mut terminal, mut viewer) = watched(&scratch, line);
    terminal.wait_for("ready");
    viewer.wait_for("the first line", |frame| shows(frame, "ready"));
    terminal.enter("word\r");
    viewer.wait_for("the answer", |frame| shows(frame, "got word"));
    viewer.wait_for("the exit", |frame| matches!(frame, Frame::Exit { status: 3, .. }));
    assert_eq!(viewer.closed(), 1000);
    drop(viewer);
    terminal.wait_for("asciinema: recording finished");
    terminal.wait_for("status 3");
}

#[test]
fn a_session_is_recorded_and_streamed_at_once() {
    let scratch = Scratch::new();
    let line = "asciinema session -o new/demo.cast -t Title -l 127.0.0.1:0 -c 'echo ready; read x; echo got $x'; echo status $?";
    let (mut terminal, mut viewer) = watched(&scratch, line);
    terminal.wait_for("ready");
    viewer.wait_for("the first line", |frame| shows(frame, "ready"));
    terminal.enter("word\r");
    viewer.wait_for("the answer", |frame| shows(frame, "got word"));
    assert_eq!(viewer.closed(), 1000);
    drop(viewer);
    terminal.wait_for("asciinema: asciicast saved to new/demo.cast");
    terminal.wait_for("status 0");
    let cast = scratch.read("new/demo.cast");
    assert_eq!((&header(&cast)["version"], &header(&cast)["title"]), (&3.into(), &"Title".into()));
    assert!(text_of(&cast, "o").ends_with("got word\r\n"), "{cast}");
}

#[test]
fn a_viewer_program_that_dies_does_not_end_the_session() {
    let scratch = Scratch::new();
    let line =
        "asciinema session -o demo.cast --stream-local -c 'echo ready; read x; echo got $x'; echo status $?";
    let (mut terminal, viewer) = watched(&scratch, line);
    terminal.wait_for("ready");
    // The process whose parent is this test's session.
    let children = |process: i32| -> Vec<i32> {
        let path = format!("/proc/{process}/task/{process}/children");
        let text = fs::read_to_string(path).unwrap_or_default();
        text.split_whitespace().filter_map(|number| number.parse().ok()).collect()
    };
    let is_serve = |process: &i32| {
        fs::read_to_string(format!("/proc/{process}/comm"))
            .is_ok_and(|name| name.starts_with("asciinema-serve"))
    };
    let session = children(terminal.process());
    let serve = session.iter().flat_map(|&process| children(process)).find(is_serve).expect("the server");
    kill(Pid::from_raw(serve), Signal::SIGKILL).expect("to kill it");
    terminal.enter("word\r");
    terminal.wait_for("got word");
    terminal.wait_for("status 1");
    drop(viewer);
    assert!(text_of(&scratch.read("demo.cast"), "o").ends_with("got word\r\n"));
}

#[test]
fn an_appended_recording_is_shown_from_its_start() {
    let scratch = Scratch::new();
    let session = "asciinema session -q -o demo.cast -l --headless";
    let first = scratch.run(&format!("{session} -c 'printf one'"), "");
    assert_eq!((first.status(), first.stdout_anyhow().as_str()), (0, ""), "{first}");
    assert_eq!(scratch.run(&format!("{session} -c 'printf two' --append"), "").status(), 0);
    let cast = scratch.read("demo.cast");
    assert_eq!(text_of(&cast, "o"), "onetwo");
    let codes: Vec<String> = events(&cast).into_iter().map(|(_, code, _)| code).collect();
    assert_eq!(codes.concat(), "oxox");
    let ran = scratch.run(&format!("{session} -c true"), "");
    assert!(ran.status() == 1 && ran.stderr().contains("demo.cast already exists"), "{ran}");
    assert_eq!(scratch.run(&format!("{session} -c 'printf new' --overwrite"), "").status(), 0);
    assert_eq!(text_of(&scratch.read("demo.cast"), "o"), "new");
}

#[test]
fn a_file_has_the_requested_format() {
    let scratch = Scratch::new();
    let session = "asciinema session -q -l --headless --window-size 80x24 -c 'printf \"\\033[1mtext\\n\"' -o";
    for (rest, name, expected) in [
        ("demo.txt", "demo.txt", "text\n"),
        ("demo.bin -f raw", "demo.bin", "\u{1b}[8;24;80t\u{1b}[1mtext\r\n"),
    ] {
        let ran = scratch.run(&format!("{session} {rest}"), "");
        assert_eq!(ran.status(), 0, "{ran}");
        assert_eq!(scratch.read(name), expected);
    }
    assert_eq!(scratch.run(&format!("{session} demo.v2 -f asciicast-v2"), "").status(), 0);
    assert_eq!(header(&scratch.read("demo.v2"))["version"], 2);
    assert_eq!(scratch.run(&format!("{session} demo.txt -a"), "").status(), 2);
}

#[test]
fn the_configuration_of_3_x_sets_the_defaults() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.path(".config/asciinema")).expect("a folder");
    scratch.write(
        ".config/asciinema/config.toml",
        "[session]\ncommand = 'printf $WORD'\ncapture_env = 'WORD'\nidle_time_limit = 2.0\n",
    );
    assert_eq!(scratch.run("WORD=hello asciinema session -q -o demo.cast -l --headless", "").status(), 0);
    let cast = scratch.read("demo.cast");
    assert_eq!(text_of(&cast, "o"), "hello");
    let header = header(&cast);
    assert_eq!((&header["env"]["WORD"], &header["idle_time_limit"]), (&"hello".into(), &2.0.into()));
}

#[test]
fn an_impossible_request_is_refused_before_the_session_begins() {
    for (line, status, words) in [
        ("stream", 2, "one of --local and --remote is required"),
        ("session", 2, "one of --output-file, --stream-local and --stream-remote is required"),
        ("stream -l nowhere -c 'touch begun'", 2, "'nowhere' is not ADDR:PORT"),
        ("stream --remote --server-url http://127.0.0.1:1 -c 'touch begun'", 1, "127.0.0.1: "),
        ("stream -l x y", 2, "unexpected argument 'y'"),
    ] {
        let scratch = Scratch::new();
        let ran = scratch.run(&format!("asciinema {line}"), "");
        assert!(ran.status() == status && ran.stderr().contains(words), "{ran}");
        assert!(!scratch.path("begun").exists(), "{line}");
    }
}
