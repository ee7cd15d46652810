//! `--follow`: a cast that another program is still writing.

use std::fs::{self, OpenOptions};
use std::io::Write;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::harness::{Live, cast};

/// A command line that follows `growing.cast`, which has a header and an event.
fn start(line: &str) -> Live {
    let front = cast(&[(1.0, "a")]);
    let make =
        format!("printf '%s\\n' '{}' > growing.cast; echo $$ > pid.new; mv pid.new pid", front.trim_end());
    let live = Live::start(&format!("{make}; exec {line} growing.cast"));
    live.wait_for_file("pid");
    live
}

fn append(live: &Live, text: &str) {
    let mut file = OpenOptions::new().append(true).open(live.path("growing.cast")).expect("the cast");
    file.write_all(text.as_bytes()).expect("to append");
}

fn interrupt(live: &Live) {
    let pid: i32 = fs::read_to_string(live.path("pid")).expect("a pid").trim().parse().expect("a number");
    kill(Pid::from_raw(pid), Signal::SIGINT).expect("to interrupt");
}

#[test]
fn events_pass_as_they_are_written_until_the_exit_status() {
    let mut live = start("asciinema-idle --follow -i 0.5");
    live.wait_for("[0.500000, \"o\", \"a\"]\n");
    append(&live, "[3.0, \"o\",");
    append(&live, " \"b\"]\n");
    live.wait_for("[1.000000, \"o\", \"b\"]\n");
    append(&live, "[3.5, \"x\", \"0\"]\n[4, \"o\", \"never\"]\n");
    live.wait_for("[1.500000, \"x\", \"0\"]\n");
    assert_eq!(live.finish(), 0);
}

#[test]
fn an_interrupted_filter_leaves_whole_output() {
    let mut live = start("asciinema-speed --follow -s 1");
    live.wait_for(&cast(&[(1.0, "a")]));
    append(&live, "[2.0, \"o\", \"half a li");
    interrupt(&live);
    assert_eq!(live.finish(), 0);

    // The output file appears complete when the recording ends.
    let mut live = start("sh -c 'asciinema-speed --follow -s 1 -o out.cast $0; cat out.cast'");
    append(&live, "[2.0, \"o\", \"b\"]\n[2.5, \"x\", \"0\"]\n");
    live.wait_for(&(cast(&[(1.0, "a")]) + "[2.0, \"o\", \"b\"]\n[2.5, \"x\", \"0\"]\n"));
    assert_eq!(live.finish(), 0);
}

#[test]
fn cat_and_convert_can_follow_too() {
    let mut live = start("asciinema-cat --follow");
    live.wait_for("a");
    append(&live, "[2, \"o\", \"b\"]\n[2, \"x\", \"0\"]\n");
    live.wait_for("ab");
    assert_eq!(live.finish(), 0);

    let mut live = start("asciinema-convert --follow -f txt");
    append(&live, "[2, \"o\", \"b\\r\\n\"]\n[2, \"x\", \"0\"]\n");
    live.wait_for("ab\n");
    assert_eq!(live.finish(), 0);
}

#[test]
fn a_file_that_shrinks_or_disappears_is_an_error() {
    let mut live = start("asciinema-speed --follow -s 1 2>&1");
    live.wait_for("\"a\"]\n");
    fs::write(live.path("growing.cast"), "{").expect("to shrink it");
    live.wait_for("asciinema-speed: growing.cast: the file has become shorter\n");
    assert_eq!(live.finish(), 1);

    let mut live = start("asciinema-speed --follow -s 1 2>&1");
    live.wait_for("\"a\"]\n");
    fs::remove_file(live.path("growing.cast")).expect("to remove it");
    live.wait_for("asciinema-speed: growing.cast: the file has been removed or replaced\n");
    assert_eq!(live.finish(), 1);
}

#[test]
fn standard_input_cannot_be_followed() {
    let ran = crate::harness::run("asciinema-speed --follow -s 1 -", cast(&[]));
    assert_eq!(
        ran.failure(),
        (
            2,
            String::new(),
            "asciinema-speed: --follow requires a FILE\ntry 'asciinema-speed --help'\n".to_string()
        )
    );
}
