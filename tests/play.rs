//! asciinema-play.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::harness::{Live, Scratch, Terminal, cast, events, run};

/// Long enough that nothing which is due after it comes by itself within a test.
const NEVER: f64 = 1000.0;

/// A terminal in which the player shows a cast, started from a shell that stays.
struct Played {
    scratch: Scratch,
    terminal: Terminal,
    settings: String,
}

impl Played {
    fn start(options: &str, cast: &str) -> Played {
        let scratch = Scratch::new();
        scratch.write("demo.cast", cast);
        let mut shell = scratch.command("sh");
        shell.env("PS1", "outer-$((2))>");
        let mut terminal = Terminal::start(shell);
        terminal.wait_for("outer-2>");
        let settings = terminal.settings();
        terminal.enter(&format!("asciinema-play {options}; echo status-$?\r"));
        terminal.wait_for("status-$?\r\n");
        Played { scratch, terminal, settings }
    }

    /// Waits for the end with this status, and checks that the terminal is as it was.
    fn ends(&mut self, status: i32) {
        self.terminal.wait_for(&format!("status-{status}\r\n"));
        self.terminal.wait_for("outer-2>");
        assert_eq!(self.terminal.settings(), self.settings);
    }
}

#[test]
fn keeps_time_without_a_terminal() {
    let start = Instant::now();
    assert_eq!(run("asciinema-play -", cast(&[(0.1, "a"), (0.6, "b")])).stdout(), "ab");
    assert!(start.elapsed() >= Duration::from_millis(600));
}

#[test]
fn cuts_pauses_first_and_divides_them_then() {
    let slow = cast(&[(1.0, "a"), (5.0, "b"), (5.5, "c"), (5.0, "d"), (6.5, "e")]);
    let times = |options: &str, cast: &str| -> Vec<f64> {
        let played = run(&format!("asciinema-play --out-fmt asciicast {options} -"), cast).stdout();
        events(&played).iter().map(|(time, _, _)| *time).collect()
    };
    assert_eq!(times("-s 100 -i 2", &slow), [0.01, 0.03, 0.035, 0.035, 0.05]);
    let limited = slow.replacen("\"height\": 24", "\"height\": 24, \"idle_time_limit\": 2", 1);
    assert_eq!(times("-s 100", &limited), [0.01, 0.03, 0.035, 0.035, 0.05]);
    assert_eq!(times("-s 100 -i 1", &limited), [0.01, 0.02, 0.025, 0.025, 0.035]);
}

#[test]
fn a_cast_comes_out_as_a_cast_with_the_times_of_the_playback() {
    let v2 = "{\"version\": 2, \"width\": 80, \"height\": 24, \"duration\": 9, \"x\": 1.50}\n[0.10, \"m\",\"\"]\n[0.2, \"i\", \"k\"]\n[0.4, \"zz\", [1]]\n";
    assert_eq!(run("asciinema-play --out-fmt asciicast -", v2).stdout(), v2);
    let fast = "{\"version\": 2, \"width\": 80, \"height\": 24, \"x\": 1.50}\n[0.050000, \"m\",\"\"]\n[0.100000, \"i\", \"k\"]\n[0.200000, \"zz\", [1]]\n";
    assert_eq!(run("asciinema-play --out-fmt asciicast -s 2 -", v2).stdout(), fast);
    let input_only = "{\"version\": 2, \"width\": 80, \"height\": 24, \"duration\": 9, \"x\": 1.50}\n[0.2, \"i\", \"k\"]\n";
    assert_eq!(run("asciinema-play --out-fmt asciicast --stream i -", v2).stdout(), input_only);
    let v1 = "{\"version\": 1, \"width\": 80, \"height\": 24, \"title\": \"T\", \"stdout\": [[0.1, \"a\"]]}";
    let as_v2 =
        "{\"version\": 2, \"width\": 80, \"height\": 24, \"title\": \"T\"}\n[0.100000, \"o\", \"a\"]\n";
    assert_eq!(run("asciinema-play --out-fmt asciicast -", v1).stdout(), as_v2);
}

#[test]
fn shows_the_stream_that_is_asked_for() {
    let both =
        "{\"version\": 2, \"width\": 80, \"height\": 24}\n[0.0, \"o\", \"out\"]\n[0.0, \"i\", \"in\"]\n";
    assert_eq!(run("asciinema-play -", both).stdout(), "out");
    assert_eq!(run("asciinema-play --stream i -", both).stdout(), "in");
}

#[test]
fn bad_input_is_named_after_what_was_good_has_been_played() {
    let cut = cast(&[(0.0, "good")]) + "[1.0, \"o\", \"cut";
    let message = "asciinema: stdin: line 3: the line is cut off\n".to_string();
    assert_eq!(run("asciinema-play -", cut).failure(), (1, "good".to_string(), message));
    let message = "asciinema: nope: No such file or directory\n".to_string();
    assert_eq!(run("asciinema-play nope", "").failure(), (1, String::new(), message));
    let message = "asciinema: stdin: the input is empty, expected an asciicast\n".to_string();
    assert_eq!(run("asciinema-play -", "").failure(), (1, String::new(), message));
    let full = "asciinema: stdout: No space left on device\n".to_string();
    assert_eq!(run("asciinema-play - >/dev/full", cast(&[(0.0, "a")])).failure(), (1, String::new(), full));
}

#[test]
fn options_that_are_wrong_are_named() {
    for (options, what) in [
        ("", "FILE is missing"),
        ("-s 0 -", "option '-s': '0' is not a number above 0"),
        ("--stream x -", "option '--stream': 'x' is not one of o, i"),
        ("--out-fmt x -", "option '--out-fmt': 'x' is not one of raw, asciicast"),
        ("--s 2 -", "option '--s' is ambiguous: --speed, --stream"),
    ] {
        let message = format!("asciinema: {what}\ntry 'asciinema-play --help'\n");
        assert_eq!(run(&format!("asciinema-play {options}"), "").failure(), (2, String::new(), message));
    }
}

#[test]
fn a_recording_that_is_still_being_made_plays_as_it_arrives() {
    let mut live = Live::start("asciinema-play -");
    live.write(&cast(&[(0.0, "one")]));
    live.wait_for("one");
    live.write("[0.01, \"o\", \"tw");
    live.write("o\"]\n");
    live.wait_for("two");
    assert_eq!(live.finish(), 0);
}

#[test]
fn ctrl_c_ends_a_wait_for_an_event_and_for_a_pipe() {
    let mut played = Played::start("demo.cast", &cast(&[(0.0, "shown"), (NEVER, "never")]));
    played.terminal.wait_for("shown");
    played.terminal.enter("\x03");
    played.ends(1);
    played
        .terminal
        .enter("mkfifo go; { cat demo.cast; read line <go; } | asciinema-play -i 0.01 -; echo status-$?\r");
    played.terminal.wait_for("shownnever");
    played.terminal.enter("\x03");
    // The pipe's other end is still there; with it ends the shell's line.
    played.terminal.wait_until("the player has ended", || {
        std::process::Command::new("sh")
            .args(["-c", "! pgrep -f 'asciinema-play -i 0.01 -'"])
            .output()
            .is_ok()
    });
    played.scratch.run("echo >go", "");
    played.ends(1);
}

#[test]
fn space_pauses_and_goes_on_with_the_delay_that_is_left() {
    let steps = [(0.0, "start"), (NEVER, "step"), (NEVER + 0.5, "next"), (NEVER + 1.0, "end")];
    let mut played = Played::start("demo.cast", &cast(&steps));
    played.terminal.wait_for("start");
    played.terminal.enter(" .");
    played.terminal.wait_for("step");
    let start = Instant::now();
    played.terminal.enter(" ");
    played.terminal.wait_for("next");
    assert!(start.elapsed() >= Duration::from_millis(500));
    played.ends(0);
    assert!(start.elapsed() >= Duration::from_millis(1000));
}

#[test]
fn several_keys_in_one_read_count_one_by_one() {
    let steps = cast(&[(0.0, "start"), (NEVER, "one"), (2.0 * NEVER, "two"), (3.0 * NEVER, "three")]);
    let mut played = Played::start("demo.cast", &steps);
    played.terminal.wait_for("start");
    played.terminal.enter(" ..x");
    played.terminal.wait_for("onetwo");
    assert!(!played.terminal.seen.contains("three"));
    played.terminal.enter(".");
    played.terminal.wait_for("three");
    played.ends(0);
}

#[test]
fn a_step_passes_over_what_does_not_show_and_other_keys_hurry_nothing() {
    let steps = "{\"version\": 2, \"width\": 80, \"height\": 24}\n[0, \"o\", \"start\"]\n[1000, \"i\", \"x\"]\n[2000, \"o\", \"shown\"]\n[3000, \"o\", \"never\"]\n";
    let mut played = Played::start("demo.cast", steps);
    played.terminal.wait_for("start");
    played.terminal.enter("abc] .");
    played.terminal.wait_for("shown");
    played.terminal.enter("\x03");
    played.ends(1);
    assert!(!played.terminal.seen.contains("never"));
}

#[test]
fn the_next_marker_is_reached_at_once_and_pauses_there() {
    let marked = "{\"version\": 2, \"width\": 80, \"height\": 24}\n[0, \"o\", \"start\"]\n[1000, \"o\", \"one\"]\n[2000, \"m\", \"\"]\n[3000, \"o\", \"two\"]\n[4000, \"m\", \"\"]\n[5000, \"o\", \"end\"]\n";
    let mut played = Played::start("demo.cast", marked);
    played.terminal.wait_for("start");
    played.terminal.enter(" ]");
    played.terminal.wait_for("one");
    assert!(!played.terminal.seen.contains("two"));
    played.terminal.enter("]]");
    played.terminal.wait_for("twoend");
    played.ends(0);
}

#[test]
fn pauses_on_markers_also_on_one_at_the_very_start() {
    let marked = "{\"version\": 2, \"width\": 80, \"height\": 24}\n[0, \"m\", \"\"]\n[0, \"o\", \"first\"]\n[0, \"m\", \"\"]\n[0, \"o\", \"second\"]\n";
    let mut played = Played::start("-m demo.cast", marked);
    played.terminal.enter_until(" ", "first");
    assert!(!played.terminal.seen.contains("second"));
    played.terminal.enter(" ");
    played.terminal.wait_for("second");
    played.ends(0);
    assert_eq!(run("asciinema-play -m -", marked).stdout(), "firstsecond");
}

#[test]
fn loops_over_a_file_and_over_a_pipe_until_ctrl_c() {
    for source in ["demo.cast", "- <demo.cast"] {
        let mut played = Played::start(&format!("-l {source}"), &cast(&[(0.0, "again,")]));
        played.terminal.wait_for("again,again,again,");
        played.terminal.enter("\x03");
        played.ends(1);
    }
    let mut played = Played::start("--version", "");
    played.ends(0);
    played.scratch.write("demo.cast", cast(&[(0.0, "piped,")]));
    played.terminal.enter("cat demo.cast | asciinema-play -l -; echo status-$?\r");
    played.terminal.wait_for("piped,piped,piped,");
    played.terminal.enter("\x03");
    played.ends(1);
}

#[test]
fn looping_over_a_cast_without_events_ends() {
    assert_eq!(run("asciinema-play -l -", cast(&[])).stdout(), "");
}

#[test]
fn asks_the_terminal_for_the_recorded_size_where_told() {
    let resized =
        "{\"version\": 2, \"width\": 90, \"height\": 30}\n[0, \"r\", \"100x40\"]\n[0, \"o\", \"end\"]\n";
    let mut played = Played::start("-r demo.cast", resized);
    played.terminal.wait_for("\x1b[8;30;90t\x1b[8;40;100tend");
    played.ends(0);
    assert_eq!(run("asciinema-play -r -", resized).stdout(), "end");
}

#[test]
fn on_a_terminal_the_lines_of_a_cast_end_in_cr_lf() {
    let mut played = Played::start("--out-fmt asciicast demo.cast", &cast(&[(0.0, "a")]));
    played.terminal.wait_for("24}\r\n[0.000000, \"o\", \"a\"]\r\n");
    played.ends(0);
}

#[test]
fn signals_give_the_terminal_back() {
    for (signal, status) in
        [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129), (Signal::SIGINT, 1), (Signal::SIGQUIT, 131)]
    {
        let scratch = Scratch::new();
        scratch.write("demo.cast", cast(&[(0.0, "shown"), (NEVER, "never")]));
        let mut shell = scratch.command("sh");
        shell.env("PS1", "outer-$((2))>");
        let mut terminal = Terminal::start(shell);
        terminal.wait_for("outer-2>");
        let settings = terminal.settings();
        terminal.enter("sh -c 'echo $$ >pid; exec asciinema-play demo.cast'; echo status-$?\r");
        terminal.wait_for("shown");
        kill(Pid::from_raw(scratch.read("pid").trim().parse().unwrap()), signal).unwrap();
        terminal.wait_for(&format!("status-{status}\r\n"));
        terminal.wait_for("outer-2>");
        assert_eq!(terminal.settings(), settings, "{signal}");
    }
}

#[test]
fn modes_that_a_cut_off_recording_leaves_switched_are_restored() {
    let vim = cast(&[(0.0, "\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[31mtext"), (NEVER, "never")]);
    let mut played = Played::start("demo.cast", &vim);
    played.terminal.wait_for("text");
    played.terminal.enter("\x03");
    played.terminal.wait_for("\x1b[?1049l\x1b[?25h\x1b[?2004l\x1b[0m");
    played.ends(1);
}

#[test]
fn ctrl_c_in_the_middle_of_a_write_undoes_what_the_terminal_has_taken() {
    // One event that ends in the state that it began in, and whose middle is in another.
    let flood = "a line that nobody reads\r\n".repeat(50_000);
    let event = format!("\x1b[?1049h\x1b[?25lstart{flood}\x1b[?25h\x1b[?1049l");
    let mut played = Played::start("demo.cast", &cast(&[(0.0, &event)]));
    played.terminal.wait_for("start");
    played.terminal.enter("\x03");
    played.terminal.wait_for("\x1b[?1049l\x1b[?25h");
    played.ends(1);
    assert!(!played.terminal.seen.contains("\x1b[?25h\x1b[?1049l"));
}

#[test]
fn a_sequence_that_is_cut_off_does_not_swallow_what_is_undone() {
    let cut = cast(&[(0.0, "\x1b[?25l\x1b]0;a title that does not end"), (NEVER, "never")]);
    let mut played = Played::start("demo.cast", &cut);
    played.terminal.wait_for("does not end");
    played.terminal.enter("\x03");
    played.terminal.wait_for("\x18\x1b[?25h");
    played.ends(1);
}

#[test]
fn the_terminals_answers_to_a_recording_are_not_typed_afterwards() {
    let mut played = Played::start("demo.cast", &cast(&[(0.0, "first\x1b[6n"), (0.01, "last")]));
    played.terminal.wait_for("last");
    played.terminal.enter("\x1b[1;6R");
    played.terminal.wait_for("\x1b[5n");
    played.terminal.enter("\x1b[0n");
    played.ends(0);
    assert!(!played.terminal.seen.contains("^["), "{:?}", played.terminal.seen);
}

#[test]
fn a_stopped_player_gives_the_terminal_back_and_takes_it_again() {
    let mut played = Played::start("--version", "");
    played.ends(0);
    played.scratch.write("demo.cast", cast(&[(0.0, "start"), (NEVER, "one")]));
    played.terminal.enter("set -m; sh -c 'echo $$ >pid; exec asciinema-play demo.cast'\r");
    played.terminal.wait_for("start");
    let player = Pid::from_raw(played.scratch.read("pid").trim().parse().unwrap());
    kill(player, Signal::SIGTSTP).unwrap();
    played.terminal.wait_for("outer-2>");
    assert_eq!(played.terminal.settings(), played.settings);
    played.terminal.enter("fg; echo status-$?\r");
    played.terminal.wait_for("status-$?\r\n");
    played.terminal.enter_until(" .", "one");
    played.ends(0);
}

#[test]
fn time_stands_still_while_the_player_is_stopped() {
    let mut played = Played::start("--version", "");
    played.ends(0);
    played.scratch.write("demo.cast", cast(&[(0.0, "start"), (2.0, "end")]));
    let start = Instant::now();
    played.terminal.enter("set -m; asciinema-play demo.cast; echo stopped\r");
    played.terminal.wait_for("start");
    played.terminal.enter("\x1a");
    played.terminal.wait_for("stopped\r\n");
    played.terminal.wait_for("outer-2>");
    assert_eq!(played.terminal.settings(), played.settings);
    played.terminal.pass_time(Duration::from_secs(1));
    played.terminal.enter("fg; echo status-$?\r");
    played.terminal.wait_for("end");
    assert!(start.elapsed() >= Duration::from_secs(3), "{:?}", start.elapsed());
    played.ends(0);
}

/// More than any pipe or terminal holds.
fn flood() -> String {
    cast(&[(0.0, &"a line that nobody reads\r\n".repeat(50_000))])
}

#[test]
fn ctrl_c_ends_it_while_a_pipe_takes_no_output() {
    let scratch = Scratch::new();
    scratch.write("demo.cast", flood());
    // The descriptor that is held open keeps the pipe from having no reader, and reads nothing.
    let line = "mkfifo pipe && exec 3<>pipe && exec asciinema-play demo.cast >pipe";
    let mut terminal = Terminal::start(scratch.shell(line));
    terminal.wait_until("the pipe is there", || scratch.path("pipe").exists());
    let pipe = std::fs::File::options().read(true).write(true).open(scratch.path("pipe"));
    pipe.expect("the pipe").read_exact(&mut [0]).expect("the beginning of the flood");
    terminal.enter("\x03");
    assert_eq!(terminal.status_without_reading(), 1);
}

#[test]
fn ctrl_c_ends_it_while_the_terminal_takes_no_output() {
    let scratch = Scratch::new();
    scratch.write("demo.cast", flood());
    let mut terminal = Terminal::start(scratch.shell("exec asciinema-play demo.cast"));
    terminal.wait_for("a line");
    terminal.enter("\x03");
    assert_eq!(terminal.status_without_reading(), 1);
}

#[test]
fn a_reader_that_goes_away_ends_it_silently() {
    let scratch = Scratch::new();
    scratch.write("demo.cast", cast(&vec![(0.0, "text\n"); 20_000]));
    let ran = scratch.run("{ asciinema-play demo.cast; echo $? >status; } | head -n 1", "");
    assert_eq!((ran.stdout().as_str(), scratch.read("status").as_str()), ("text\n", "1\n"));
}

#[test]
fn a_pause_before_the_recording_has_begun_holds() {
    let scratch = Scratch::new();
    let mut terminal = Terminal::start(scratch.shell("mkfifo pipe && exec asciinema-play pipe"));
    terminal.wait_until("the pipe is there", || scratch.path("pipe").exists());
    terminal.enter(" ");
    let mut pipe =
        std::fs::File::options().read(true).write(true).open(scratch.path("pipe")).expect("the pipe");
    terminal.wait_until_taken();
    pipe.write_all(cast(&[(NEVER, "one")]).as_bytes()).expect("to record");
    terminal.enter_until(".", "one");
    terminal.enter("\x03");
    assert_eq!(terminal.status_without_reading(), 1);
}

#[test]
fn keys_act_though_the_recording_has_switched_the_keyboard() {
    let far = cast(&[(0.0, "start"), (NEVER, " one"), (2.0 * NEVER, " two")]);
    let mut played = Played::start("demo.cast", &far);
    played.terminal.wait_for("start");
    // The left button of the mouse as X10 reports it, then space, a point and ctrl-c as kitty and
    // xterm send them.
    played.terminal.enter("\x1b[M !!\x1b[32u\x1b[46u");
    played.terminal.wait_for(" one");
    played.terminal.enter("\x1b[27;5;99~");
    played.ends(1);
    assert!(!played.terminal.seen.contains(" two"));
}

#[test]
fn a_sequence_of_the_keyboard_or_the_mouse_in_two_reads_is_no_other_key() {
    let far = cast(&[(0.0, "start"), (NEVER, " one"), (2.0 * NEVER, " two")]);
    for (front, back) in [("\x1b[M", " .."), ("\x1b[M.", ".."), ("\x1b[<0;1", "2;3M")] {
        let mut played = Played::start("demo.cast", &far);
        played.terminal.wait_for("start");
        played.terminal.enter(" ");
        played.terminal.enter_alone(front);
        played.terminal.enter_alone(back);
        played.terminal.enter(".");
        played.terminal.wait_for(" one");
        played.terminal.enter("\x03");
        played.ends(1);
        assert!(!played.terminal.seen.contains(" two"), "{front:?} {back:?}");
    }
}

#[test]
fn the_keyboard_is_no_cast() {
    let mut played = Played::start("-", "");
    played.terminal.wait_for("stdin is a terminal; name a cast, or pipe one in");
    played.ends(2);
}
