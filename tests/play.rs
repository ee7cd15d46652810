//! asciinema-play.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use common::screen::{Cell, Color, Row, Screen, Style, StyledCell};
use common::size::Size;
use common::vt::{RULES, SETTINGS, Verdict};

use crate::harness::{Live, Scratch, Terminal, cast, events, json, run};

/// Long enough that nothing due after it happens by itself during a test.
const NEVER: f64 = 1000.0;

/// A terminal in which the player plays a cast, started from a shell that keeps running.
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

    /// Waits for the end with this status, and checks that the terminal is restored.
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
fn limits_pauses_before_dividing_them() {
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
fn asciicast_output_has_the_times_of_the_playback() {
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
fn plays_the_requested_stream() {
    let both =
        "{\"version\": 2, \"width\": 80, \"height\": 24}\n[0.0, \"o\", \"out\"]\n[0.0, \"i\", \"in\"]\n";
    assert_eq!(run("asciinema-play -", both).stdout(), "out");
    assert_eq!(run("asciinema-play --stream i -", both).stdout(), "in");
}

#[test]
fn bad_input_is_reported_after_everything_before_it_was_played() {
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
fn wrong_options_are_reported() {
    for (options, what) in [
        ("", "FILE is missing"),
        ("-s 0 -", "option '-s': '0' is not a number above 0"),
        ("--stream x -", "option '--stream': 'x' is not one of o, i"),
        ("--out-fmt x -", "option '--out-fmt': 'x' is not one of raw, asciicast"),
        ("--s 2 -", "option '--s' is ambiguous: --speed, --start-at, --stream"),
    ] {
        let message = format!("asciinema: {what}\ntry 'asciinema-play --help'\n");
        assert_eq!(run(&format!("asciinema-play {options}"), "").failure(), (2, String::new(), message));
    }
}

#[test]
fn a_recording_in_progress_plays_as_it_arrives() {
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
    // The other end of the pipe is still open; the shell's line ends when it closes.
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
fn space_pauses_and_resumes_with_the_rest_of_the_delay() {
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
    played.terminal.wait_for("two");
    assert!(!played.terminal.seen.contains("three"));
    played.terminal.enter(".");
    played.terminal.wait_for("three");
    played.ends(0);
}

#[test]
fn a_step_skips_invisible_events_and_other_keys_do_not_skip() {
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
fn the_next_marker_is_reached_immediately_and_pauses() {
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
fn pauses_on_markers_even_at_the_very_start() {
    let marked = "{\"version\": 2, \"width\": 80, \"height\": 24}\n[0, \"m\", \"\"]\n[0, \"o\", \"first\"]\n[0, \"m\", \"\"]\n[0, \"o\", \"second\"]\n";
    let mut played = Played::start("-m demo.cast", marked);
    played.terminal.wait_for("? keys");
    played.terminal.enter(" ");
    played.terminal.wait_for("first");
    assert!(!played.terminal.seen.contains("second"));
    played.terminal.enter(" ");
    played.terminal.wait_for("second");
    played.ends(0);
    assert_eq!(run("asciinema-play -m -", marked).stdout(), "firstsecond");
}

#[test]
fn loops_over_a_file_or_a_pipe_until_ctrl_c() {
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
fn resizes_the_terminal_to_the_recorded_size_if_requested() {
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
fn the_terminal_is_restored_after_signals() {
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
fn modes_that_a_truncated_recording_leaves_set_are_reset() {
    let vim = cast(&[(0.0, "\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[31mtext"), (NEVER, "never")]);
    let mut played = Played::start("demo.cast", &vim);
    played.terminal.wait_for("text");
    played.terminal.enter("\x03");
    played.terminal.wait_for("\x1b[?1049l\x1b[?25h\x1b[?2004l\x1b[0m");
    played.ends(1);
}

#[test]
fn ctrl_c_during_a_write_resets_the_modes_that_reached_the_terminal() {
    // One event that ends in the state in which it began, but differs in between.
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
fn a_truncated_sequence_does_not_swallow_the_reset() {
    let cut = cast(&[(0.0, "\x1b[?25l\x1b]0;a title that does not end"), (NEVER, "never")]);
    let mut played = Played::start("--unsafe demo.cast", &cut);
    played.terminal.wait_for("does not end");
    played.terminal.enter("\x03");
    played.terminal.wait_for("\x18\x1b[?25h");
    played.ends(1);
}

#[test]
fn the_terminals_replies_to_a_recording_are_not_typed_afterwards() {
    let asks = cast(&[(0.0, "first\x1b[6n"), (0.01, "last")]);
    let mut played = Played::start("demo.cast", &asks);
    played.terminal.wait_for("firstlast");
    played.ends(0);
    let mut played = Played::start("--unsafe demo.cast", &asks);
    played.terminal.wait_for("last");
    played.terminal.enter("\x1b[1;6R");
    played.terminal.wait_for("\x1b[5n");
    played.terminal.enter("\x1b[0n");
    played.ends(0);
    assert!(!played.terminal.seen.contains("^["), "{:?}", played.terminal.seen);
}

#[test]
fn a_stopped_player_restores_the_terminal_and_takes_it_again_when_continued() {
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

/// More than any pipe or terminal can hold.
fn flood() -> String {
    cast(&[(0.0, &"a line that nobody reads\r\n".repeat(50_000))])
}

#[test]
fn ctrl_c_ends_it_while_its_reader_stalls() {
    let scratch = Scratch::new();
    scratch.write("demo.cast", flood());
    // The open descriptor never reads, but keeps the pipe from losing its last reader.
    let line = "mkfifo pipe && exec 3<>pipe && exec asciinema-play demo.cast >pipe";
    let mut terminal = Terminal::start(scratch.shell(line));
    terminal.wait_until("the pipe is there", || scratch.path("pipe").exists());
    let pipe = std::fs::File::options().read(true).write(true).open(scratch.path("pipe"));
    pipe.expect("the pipe").read_exact(&mut [0]).expect("the beginning of the flood");
    terminal.enter("\x03");
    assert_eq!(terminal.status_without_reading(), 1);
}

#[test]
fn ctrl_c_ends_it_while_the_terminal_stalls() {
    let scratch = Scratch::new();
    scratch.write("demo.cast", flood());
    let mut terminal = Terminal::start(scratch.shell("exec asciinema-play demo.cast"));
    terminal.wait_for("a line");
    terminal.enter("\x03");
    assert_eq!(terminal.status_without_reading(), 1);
}

#[test]
fn it_ends_silently_when_its_reader_exits() {
    let scratch = Scratch::new();
    scratch.write("demo.cast", cast(&vec![(0.0, "text\n"); 20_000]));
    let ran = scratch.run("{ asciinema-play demo.cast; echo $? >status; } | head -n 1", "");
    assert_eq!((ran.stdout().as_str(), scratch.read("status").as_str()), ("text\n", "1\n"));
}

#[test]
fn a_pause_before_the_start_of_the_recording_takes_effect() {
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
fn keys_act_even_if_the_recording_changes_keyboard_modes() {
    let far = cast(&[(0.0, "start"), (NEVER, ":one"), (2.0 * NEVER, ":two")]);
    let mut played = Played::start("demo.cast", &far);
    played.terminal.wait_for("start");
    // The left mouse button as X10 reports it, then space, a period and ctrl-c as kitty and xterm
    // send them.
    played.terminal.enter("\x1b[M !!\x1b[32u\x1b[46u");
    played.terminal.wait_for(":one");
    played.terminal.enter("\x1b[27;5;99~");
    played.ends(1);
    assert!(!played.terminal.seen.contains(":two"));
}

#[test]
fn a_key_or_mouse_sequence_split_between_reads_is_not_another_key() {
    let far = cast(&[(0.0, "start"), (NEVER, ":one"), (2.0 * NEVER, ":two")]);
    for (front, back) in [("\x1b[M", " .."), ("\x1b[M.", ".."), ("\x1b[<0;1", "2;3M")] {
        let mut played = Played::start("demo.cast", &far);
        played.terminal.wait_for("start");
        played.terminal.enter(" ");
        played.terminal.enter_alone(front);
        played.terminal.enter_alone(back);
        played.terminal.enter(".");
        played.terminal.wait_for(":one");
        played.terminal.enter("\x03");
        played.ends(1);
        assert!(!played.terminal.seen.contains(":two"), "{front:?} {back:?}");
    }
}

#[test]
fn the_keyboard_is_not_read_as_a_cast() {
    let mut played = Played::start("-", "");
    played.terminal.wait_for("stdin is a terminal; name a cast or pipe one in");
    played.ends(2);
}

/// A cell: its character with the combining characters, its style, and the address of its link.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    text: String,
    style: Style,
    link: Option<String>,
}

impl Shown {
    pub fn without_link(self) -> Shown {
        Shown { link: None, ..self }
    }
}

/// The contents of a part of a screen, cell by cell.
pub fn cells(screen: &Screen, rows: usize, cols: usize) -> Vec<Vec<Shown>> {
    let cell = |row: &Row<StyledCell>, col: usize, cell: &StyledCell| {
        let style = screen.style(cell);
        let link = style.link.and_then(|id| screen.link(id)).map(|link| link.uri.clone());
        let mut text = String::new();
        if !cell.is_right_half() {
            text.push(cell.character());
            text.extend(row.marks(col).map(Cell::character));
        }
        Shown { text, style: Style { link: None, ..style }, link }
    };
    let row = |row: &Row<StyledCell>| {
        row.cells().iter().take(cols).enumerate().map(|(col, it)| cell(row, col, it)).collect()
    };
    screen.rows().take(rows).map(row).collect()
}

/// The screen after all events of a cast up to and including a time.
pub fn screen_at(cast: &str, time: f64) -> Screen {
    let header = crate::harness::header(cast);
    let number = |name: &str| header[name].as_u64().expect("a size") as u16;
    let mut screen = Screen::new(Size { cols: number("width"), rows: number("height") }, 0).unwrap();
    for (at, code, data) in events(cast) {
        // Written times have six decimals, so compare only those.
        if (at * 1e6).round() > (time * 1e6).round() {
            break;
        }
        match code.as_str() {
            "o" => screen.feed(&data),
            "r" => screen.resize(Size::parse(&data).unwrap()).unwrap(),
            _ => {}
        }
    }
    screen
}

/// A cast of everything that programs do to a screen, with an event every hundred milliseconds.
pub fn busy_cast(cols: u16, rows: u16, events: usize, seed: u64) -> String {
    let mut random = seed;
    let mut draw = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 16) as usize % below
    };
    let mut cast = format!("{{\"version\": 2, \"width\": {cols}, \"height\": {rows}}}\n");
    for number in 1..=events {
        let (row, col) = (draw(usize::from(rows)) + 1, draw(usize::from(cols)) + 1);
        let data = match draw(20) {
            0..5 => format!("{number} line of text\r\n"),
            5 => format!("\x1b[{row};{col}H\x1b[{};1;4m{number}\x1b[m", 31 + draw(7)),
            6 => format!("\x1b[{row};{col}H\x1b[48;5;{}m wide 界ż😀e\u{301} \x1b[0m", draw(256)),
            7 => "\x1b[?1049h\x1b[2J\x1b[H~\r\n~".to_string(),
            8 => "\x1b[?1049l".to_string(),
            9 => format!("\x1b[{};{}r\x1b[{row};1H", 1 + row / 2, usize::from(rows) - draw(3)),
            10 => "\x1b[r\x1b[?6l\x1b[?7h\x1b[4l".to_string(),
            11 => format!("\x1b[{row};{col}H\x1b[{}J", draw(3)),
            12 => "x".repeat(usize::from(cols) * 2 - draw(usize::from(cols))),
            13 => "\x1b[?25l\x1b(0lqk\x1b(B\x1b[?25h".to_string(),
            14 => format!("\x1b[{row}d\x1b[{}L\x1b[{}P\x1b[{}@", draw(3), draw(4), draw(4)),
            15 => format!("\x1b[?6h\x1b[{row};{col}Hin region"),
            16 => format!("\x1b]8;;http://example.org/{number}\x1b\\link\x1b]8;;\x1b\\ \x1b[3{}m", draw(8)),
            17 => format!("\x1b[4hins\x1b[4l\x1b[?7l{}\x1b[?7h", "y".repeat(draw(200))),
            18 => "\x1b7\x1b[7mreverse\x1b8\r\n\x1b[0m".to_string(),
            _ => format!("\t{number}\x08\x08\x1b[K\n\r"),
        };
        let time = number as f64 / 10.0;
        if draw(25) == 0 {
            cast.push_str(&format!("[{:.6}, \"m\", \"mark {number}\"]\n", time - 0.05));
        }
        cast.push_str(&format!("[{time:.6}, \"o\", {}]\n", json(&data)));
    }
    cast
}

/// A terminal whose output is interpreted.
struct Watched {
    terminal: Terminal,
    screen: Screen,
    fed: usize,
}

impl Watched {
    fn start(scratch: &Scratch, line: &str, size: Size) -> Watched {
        let terminal =
            Terminal::start(scratch.shell(&format!("stty cols {} rows {}; {line}", size.cols, size.rows)));
        Watched { terminal, screen: Screen::new(size, 0).unwrap(), fed: 0 }
    }

    /// Reads until the condition holds for the screen.
    fn wait_until(&mut self, what: &str, mut condition: impl FnMut(&Screen) -> bool) {
        let (screen, fed) = (&mut self.screen, &mut self.fed);
        self.terminal.wait_until_seen(what, |seen| {
            screen.feed(&seen[*fed..]);
            *fed = seen.len();
            condition(screen)
        });
    }

    /// The time on the state line, if it is shown.
    fn time(screen: &Screen) -> Option<f64> {
        let line = screen.rows().next_back()?.text();
        let (position, _) = line.trim_start().split_once(" / ")?;
        let (minutes, seconds) = position.split_once(':')?;
        Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
    }
}

/// Returns whether the state line shows a time with decimals, as it does during a pause.
fn is_paused(screen: &Screen) -> bool {
    let line = screen.rows().next_back().map(Row::text).unwrap_or_default();
    line.split_once(" / ").is_some_and(|(position, _)| position.contains('.'))
}

fn is_help_shown(screen: &Screen) -> bool {
    screen.text().iter().any(|line| line.contains("10 % back"))
}

/// Presses random keys, and checks after each that the screen matches the cast at the time on the
/// state line. The cast is played in a loop, or its last event would end it.
fn press_random_keys(cast: &str, size: Size, keys: usize, seed: u64) {
    const KEYS: [&str; 24] = [
        " ",
        " ",
        ".",
        ".",
        ",",
        ",",
        "\x1b[C",
        "\x1b[D",
        "\x1b[1;2C",
        "\x1b[1;2D",
        "]",
        "[",
        "0",
        "3",
        "5",
        "8",
        "9",
        "+",
        "-",
        "=",
        "\x1b[H",
        "\x1b[F",
        "/line\r",
        "n",
    ];
    let scratch = Scratch::new();
    scratch.write("demo.cast", cast);
    let mut watched = Watched::start(&scratch, "exec asciinema-play -l demo.cast", size);
    watched.terminal.wait_until_taken();
    watched.terminal.enter(" ");
    let mut expected: Option<(f64, Screen)> = None;
    let mut problem_at = |shown: &Screen, time: f64| {
        let (_, expected) = match expected.take_if(|(at, _)| *at == time) {
            Some(known) => expected.insert(known),
            None => expected.insert((time, screen_at(cast, time))),
        };
        difference(shown, expected)
    };
    let mut random = seed;
    for number in 0..keys {
        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let key = KEYS[(random >> 33) as usize % KEYS.len()];
        watched.terminal.enter(key);
        watched.terminal.enter("?");
        // The keys are drawn with the state or after it, so only a lasting mismatch counts.
        let (mut problem, mut since) = (String::new(), None);
        watched.wait_until("the keys are shown", |screen| {
            let time = Watched::time(screen).filter(|_| is_help_shown(screen));
            let Some(time) = time else { return false };
            problem = problem_at(screen, time);
            let since = *since.get_or_insert_with(Instant::now);
            problem.is_empty() || since.elapsed() > Duration::from_secs(5)
        });
        assert!(problem.is_empty(), "key {number} {key:?}: {problem}");
        watched.terminal.enter("x");
        // During a pause, the whole screen is visible, and the time is exact.
        let (mut problem, mut since) = (String::new(), None);
        watched.wait_until("the keys are gone", |screen| {
            problem.clear();
            let time = Watched::time(screen).filter(|_| is_paused(screen) && !is_help_shown(screen));
            let Some(time) = time else { return !is_help_shown(screen) };
            problem = problem_at(screen, time);
            let since = *since.get_or_insert_with(Instant::now);
            problem.is_empty() || since.elapsed() > Duration::from_secs(5)
        });
        assert!(problem.is_empty(), "key {number} {key:?}, in the pause: {problem}");
    }
    watched.terminal.enter("?");
    let mut time = None;
    watched.wait_until("the keys are shown", |screen| {
        time = Watched::time(screen).filter(|_| is_help_shown(screen) && is_paused(screen));
        time.is_some()
    });
    watched.terminal.enter("q");
    assert_eq!(watched.terminal.status_without_reading(), 0);
    // The recording remains, as on the primary screen.
    let mut left = screen_at(cast, time.unwrap_or_default());
    left.feed("\x1b[?1049l");
    let (mut problem, since) = (String::new(), Instant::now());
    watched.wait_until("the recording alone is left", |screen| {
        problem = match Watched::time(screen) {
            Some(_) => "the state line is left".to_string(),
            None => difference(screen, &left),
        };
        problem.is_empty() || since.elapsed() > Duration::from_secs(5)
    });
    assert!(problem.is_empty(), "after the end: {problem}");
}

/// The difference between a terminal and a part of a screen; empty if there is none.
fn difference(shown: &Screen, expected: &Screen) -> String {
    let cols = usize::from(shown.size().cols.min(expected.size().cols));
    let rows = usize::from(shown.size().rows.min(expected.size().rows + 1)) - 1;
    let (seen, whole) = (cells(shown, rows, cols), cells(expected, usize::MAX, usize::MAX));
    let texts = shown.text();
    // The position of the part is not known; the help covers the center.
    let room = |length: usize, part: usize| 0..=length.saturating_sub(part);
    for top in room(whole.len(), rows) {
        for left in room(whole.first().map_or(0, Vec::len), cols) {
            let fits = (0..rows).all(|row| {
                let covered = is_box_row(shown, row);
                covered || seen[row][..] == whole[top + row][left..left + cols]
            });
            if fits {
                return String::new();
            }
        }
    }
    let differing = (0..rows).flat_map(|row| (0..cols).map(move |col| (row, col)));
    let first = differing.filter(|&(row, _)| !is_box_row(shown, row));
    let first = first.filter(|&(row, col)| seen[row][col] != whole[row][col]).take(1);
    let first: Vec<_> = first.map(|(row, col)| (row, col, &seen[row][col], &whole[row][col])).collect();
    format!("{:#?} instead of {:#?}, {first:?}", texts, expected.text())
}

/// Returns whether a row shows part of the help.
fn is_box_row(screen: &Screen, row: usize) -> bool {
    let Some(row) = screen.row(row) else { return false };
    let grey = Color::Indexed(236);
    row.cells().iter().any(|cell| screen.style(cell).background == grey)
}

#[test]
fn after_any_keys_the_terminal_matches_the_time_on_the_state_line() {
    // Many more if requested.
    let keys = std::env::var("RANDOM_KEYS").ok().and_then(|keys| keys.parse().ok()).unwrap_or(40);
    let size = Size { cols: 80, rows: 60 };
    press_random_keys(&busy_cast(80, 60, 300, 0x9e37_79b9_7f4a_7c15), size, keys, 1);
}

#[test]
fn after_each_of_thousands_of_keys_the_screen_matches_the_cast() {
    std::thread::scope(|threads| {
        for seed in 1..=10 {
            let size = Size { cols: 36 + 3 * seed as u16, rows: 23 + seed as u16 };
            threads.spawn(move || {
                press_random_keys(&busy_cast(size.cols, size.rows, 120, seed), size, 200, seed);
            });
        }
    });
}

#[test]
fn keys_work_the_same_in_smaller_and_larger_terminals() {
    for (cols, rows) in [(50, 40), (100, 70)] {
        press_random_keys(&busy_cast(80, 60, 300, 7), Size { cols, rows }, 12, 2);
    }
}

#[test]
fn far_jumps_in_a_long_cast_show_the_right_screen() {
    // Enough for several checkpoints.
    let mut cast = busy_cast(80, 40, 280, 99);
    let filler = "\\u001b[3mfiller\\u001b[m \\r\\n".repeat(800);
    let end = cast.lines().count();
    cast = cast.lines().enumerate().fold(String::new(), |mut out, (number, line)| {
        out.push_str(line);
        out.push('\n');
        if number > 0 && number < end && line.contains("\"o\"") {
            let time = line[1..].split(',').next().unwrap();
            out.push_str(&format!("[{time}, \"o\", \"{filler}\"]\n"));
        }
        out
    });
    assert!(cast.len() > 5 << 20);
    press_random_keys(&cast, Size { cols: 80, rows: 40 }, 12, 3);
}

#[test]
fn playback_continues_byte_for_byte_after_a_jump() {
    let mut events: Vec<(f64, String)> =
        vec![(0.0, "start\r\n".into()), (100.0, "\x1b[5;20H\x1b[31mred".into())];
    events.extend(
        (0..40).map(|number| (101.5 + f64::from(number) / 20.0, format!("{number}\x1b[3;4H\x1b[1C,"))),
    );
    let events: Vec<(f64, &str)> = events.iter().map(|(time, text)| (*time, text.as_str())).collect();
    let cast = cast(&events);
    let size = Size { cols: 80, rows: 24 };
    let scratch = Scratch::new();
    scratch.write("demo.cast", &cast);
    let mut watched =
        Watched::start(&scratch, "asciinema-play demo.cast; echo; echo status-$?; sleep 100", size);
    watched.terminal.wait_for("start");
    watched.terminal.enter("9");
    // The state line disappears after a second; from then on the bytes are those of the recording.
    let last: String = events[events.len() - 8..].iter().map(|(_, text)| *text).collect();
    watched.terminal.wait_for(&last);
    watched.terminal.wait_for("status-0");
    let seen = watched.terminal.seen.clone();
    watched.screen.feed(seen.split("\x1b[0m\r\n").next().unwrap_or_default());
    let end = screen_at(&cast, 1000.0);
    assert_eq!(cells(&watched.screen, 24, 80), cells(&end, 24, 80));
}

#[test]
fn a_terminal_that_shrinks_is_fitted_and_one_of_the_recorded_size_gets_the_bytes() {
    let wide = format!("\x1b[?7l{}\x1b[1;60Hright\x1b[24;1Hbottom", "left".repeat(3));
    let cast = cast(&[(0.0, &wide), (NEVER, "never")]);
    let size = Size { cols: 40, rows: 10 };
    let scratch = Scratch::new();
    scratch.write("demo.cast", &cast);
    let mut watched = Watched::start(&scratch, "exec asciinema-play demo.cast", size);
    watched.wait_until("the part around the cursor is shown", |screen| screen.text()[9] == "bottom");
    assert!(!watched.screen.text().concat().contains("right"));
    watched.screen = Screen::new(Size { cols: 80, rows: 24 }, 0).unwrap();
    watched.terminal.resize(80, 24);
    watched.wait_until("all of it is shown", |screen| {
        screen.text()[0] == format!("{}{}right", "left".repeat(3), " ".repeat(47))
            && screen.text()[23] == "bottom"
    });
    watched.terminal.enter("q");
    assert_eq!(watched.terminal.status_without_reading(), 0);
}

#[test]
fn without_fitting_the_bytes_pass_at_any_size() {
    let scratch = Scratch::new();
    scratch.write("demo.cast", cast(&[(0.0, "\x1b[24;80Hcorner\x1b[31m!"), (0.1, "end")]));
    let line = "stty cols 20 rows 5; exec asciinema-play --no-fit demo.cast";
    let mut terminal = Terminal::start(scratch.shell(line));
    terminal.wait_for("\x1b[24;80Hcorner\x1b[31m!end");
}

#[test]
fn unsafe_sequences_are_held_back_on_a_terminal() {
    let output = "a\x1b[6n\x1b]52;c;eA==\x07b\x1b]2;title\x1b\\c";
    let mut played =
        Played::start("demo.cast", &cast(&[(0.0, output), (0.01, "\x1b"), (0.02, "Pq\x1b\\end")]));
    played.terminal.wait_for("ab\x1b[22;0t\x1b]2;title\x1b\\c\x1bPq\x1b\\end");
    played.terminal.wait_for("\x1b[23;0t");
    played.ends(0);
    assert_eq!(run("asciinema-play -", cast(&[(0.0, output)])).stdout(), output);
}

#[test]
fn playback_starts_and_ends_at_the_given_times() {
    let steps = "{\"version\": 2, \"width\": 80, \"height\": 24}\n[0.1, \"o\", \"one\"]\n[500, \"m\", \"here\"]\n[500.1, \"o\", \"two\"]\n[500.2, \"o\", \"three\"]\n[900, \"o\", \"four\"]\n";
    for options in [
        "--start-at 500.15 --end-at 501",
        "--start-at 8:20.15 --end-at 500.5",
        "--start-at marker:here --end-at 500.3",
    ] {
        let start = Instant::now();
        let played = run(&format!("asciinema-play {options} -"), steps).stdout();
        assert!(played.contains("one") && played.ends_with("three"), "{options}: {played:?}");
        assert!(start.elapsed() < Duration::from_secs(30));
    }
    let played = run("asciinema-play --end-at marker:here -i 0.01 -", steps).stdout();
    assert_eq!(played, "one");
    let message = "asciinema: stdin: the cast has no marker 'there'\n".to_string();
    assert_eq!(run("asciinema-play --start-at marker:there -", steps).failure(), (1, String::new(), message));
    let message = "asciinema: the end comes before the start\ntry 'asciinema-play --help'\n".to_string();
    let failure = run("asciinema-play --start-at 5 --end-at 4 -", steps).failure();
    assert_eq!(failure, (2, String::new(), message));
    let mut played = Played::start("--start-at marker:1 --end-at 600 -i 0.1 demo.cast", steps);
    played.terminal.wait_for("one");
    played.terminal.wait_for("three");
    played.ends(0);
    assert!(!played.terminal.seen.contains("four"));
}

#[test]
fn q_ends_it_successfully_and_restores_the_terminal() {
    let vim = cast(&[(0.0, "\x1b[?1049h\x1b[?25l\x1b[?1000htext"), (NEVER, "never")]);
    let mut played = Played::start("demo.cast", &vim);
    played.terminal.wait_for("text");
    played.terminal.enter(" ");
    played.terminal.wait_for("? keys");
    played.terminal.enter("q");
    played.ends(0);
    let tail = played.terminal.seen.rsplit("? keys").next().unwrap_or_default().to_string();
    assert!(
        tail.contains("\x1b[?1049l") && tail.contains("\x1b[?25h") && tail.contains("\x1b[?7h"),
        "{tail:?}"
    );
}

#[test]
fn ended_within_a_full_screen_program_it_leaves_what_the_recording_showed_before() {
    let outputs =
        [(0.0, "first"), (1000.0, "\r\nsecond"), (1500.0, "\x1b[?1049h\x1b[Hinside"), (NEVER, "end")];
    let scratch = Scratch::new();
    scratch.write("demo.cast", cast(&outputs));
    for (cols, rows) in [(80, 24), (60, 20)] {
        let mut watched = Watched::start(&scratch, "asciinema-play demo.cast", Size { cols, rows });
        watched.wait_until("it plays", |screen| screen.text()[0] == "first");
        watched.terminal.enter(" ");
        watched.wait_until("the state line is on the primary screen", is_paused);
        watched.terminal.enter("\x1b[F,");
        watched.wait_until("it is in the program", |screen| screen.is_alternate() && is_paused(screen));
        watched.terminal.enter("q");
        assert_eq!(watched.terminal.status(), 0);
        watched.wait_until("the primary screen is back", |screen| !screen.is_alternate());
        let text = watched.screen.text();
        assert_eq!(
            text.iter().map(String::as_str).filter(|row| !row.is_empty()).collect::<Vec<_>>(),
            ["first", "second"]
        );
    }
}

#[test]
fn stopped_within_a_full_screen_program_it_leaves_what_the_recording_showed_before() {
    let outputs = [(0.0, "first"), (1500.0, "\x1b[?1049h\x1b[Hinside"), (NEVER, "end")];
    let scratch = Scratch::new();
    scratch.write("demo.cast", cast(&outputs));
    let mut watched = Watched::start(&scratch, "exec sh", Size { cols: 80, rows: 24 });
    watched.terminal.enter("set -m; PS1=prompt; asciinema-play demo.cast\r");
    watched.wait_until("it plays", |screen| screen.text().iter().any(|row| row.ends_with("first")));
    watched.terminal.enter(" ");
    watched.wait_until("the state line is on the primary screen", is_paused);
    watched.terminal.enter("\x1b[F,");
    watched.wait_until("it is in the program", |screen| screen.is_alternate() && is_paused(screen));
    watched.terminal.enter("\x1a");
    watched.wait_until("the shell is back", |screen| screen.text().iter().any(|row| row.contains("prompt")));
    let text = watched.screen.text();
    assert!(text[0].starts_with("first") && !text.iter().any(|row| row.contains(" / ")), "{text:#?}");
    watched.terminal.enter("fg\r");
    watched.wait_until("it is in the program again", |screen| screen.is_alternate() && is_paused(screen));
    watched.terminal.enter("q");
}

#[test]
fn a_step_at_the_end_stays_there() {
    let mut played = Played::start("demo.cast", &cast(&[(0.0, "start"), (500.0, "middle"), (NEVER, "end")]));
    played.terminal.wait_for("start");
    played.terminal.enter("\x1b[F");
    played.terminal.wait_for("16:40.000 / 16:40");
    played.terminal.enter(".+");
    played.terminal.wait_for("1.25");
    played.terminal.enter(",");
    played.terminal.wait_for("8:20.000 / 16:40");
    played.terminal.enter("q");
    played.ends(0);
}

#[test]
fn a_jump_past_a_fault_stops_before_it() {
    let broken = cast(&[(0.0, "start"), (NEVER, "before the break")]) + "[2000.0, \"o\", \"cut";
    let mut played = Played::start("demo.cast", &broken);
    played.terminal.wait_for("start");
    played.terminal.enter("\x1b[F");
    played.terminal.wait_for("before the break");
    played.terminal.wait_for("16:40.000 / 16:40");
    played.terminal.enter("\x1b[H");
    played.terminal.wait_for("0:00");
    played.terminal.enter("\x1b[F");
    played.terminal.wait_for("16:40.000 / 16:40");
    played.terminal.enter(" ");
    played.terminal.wait_for("asciinema: demo.cast: line 4: the line is cut off");
    played.ends(1);
}

#[test]
fn a_live_recording_can_be_paused_rewound_and_caught_up_with() {
    let scratch = Scratch::new();
    let size = Size { cols: 80, rows: 24 };
    let mut watched = Watched::start(&scratch, "mkfifo pipe && exec asciinema-play pipe", size);
    watched.terminal.wait_until("the pipe is there", || scratch.path("pipe").exists());
    let pipe = std::fs::File::options().read(true).write(true).open(scratch.path("pipe")).expect("the pipe");
    let record = |text: &str| (&pipe).write_all(text.as_bytes()).expect("to record");
    let shows =
        |text: &'static str| move |screen: &Screen| screen.text().iter().any(|line| line.contains(text));
    record(&cast(&[(0.0, "begin"), (0.01, " one")]));
    watched.wait_until("it plays", shows("begin one"));
    watched.terminal.enter(" ");
    watched.wait_until("it is paused", shows("live"));
    // More than a pipe can hold, while the player is paused: the recorder must not wait.
    let filler = "x".repeat(1 << 10);
    for number in 0..2000 {
        record(&format!("[{}.0, \"o\", {}]\n", number + 1, json(&format!("\r\n{filler}{number}"))));
    }
    // The last line is hidden by the state line.
    let until = Instant::now() + Duration::from_secs(20);
    while !shows("1998")(&watched.screen) && Instant::now() < until {
        watched.terminal.enter("\x1b[F");
        watched.terminal.pass_time(Duration::from_millis(50));
        watched.wait_until("the state is shown", shows("live"));
    }
    watched.terminal.enter("\x1b[H");
    watched.wait_until("the beginning is shown", shows("begin"));
    watched.terminal.enter("\x1b[F ");
    watched.wait_until("the end is shown", shows("1999"));
    record("[2000.0, \"o\", \"\\r\\nas it arrives\"]\n");
    watched.wait_until("it goes on", shows("as it arrives"));
    watched.terminal.enter("q");
    assert_eq!(watched.terminal.status_without_reading(), 0);
}

#[test]
fn a_search_finds_text_written_letter_by_letter() {
    let letters: Vec<(f64, String)> =
        (0..26).map(|n| (100.0 + f64::from(n), char::from(b'a' + n as u8).to_string())).collect();
    let mut events: Vec<(f64, &str)> = vec![(0.0, "start\r\n")];
    events.extend(letters.iter().map(|(time, text)| (*time, text.as_str())));
    events.extend([(200.0, "\x1b[2J\x1b[H"), (300.0, "more xyz\r\n"), (NEVER, "end")]);
    let mut played = Played::start("demo.cast", &cast(&events));
    played.terminal.wait_for("start");
    played.terminal.enter("/xyz\r");
    played.terminal.wait_for("2:05.000");
    played.terminal.enter("n");
    played.terminal.wait_for("5:00.000");
    played.terminal.enter("n");
    played.terminal.wait_for("'xyz' not found");
    played.terminal.enter("N");
    played.terminal.wait_for("2:05.000");
    played.terminal.enter("/nowhere\r");
    played.terminal.wait_for("'nowhere' not found");
    played.terminal.enter("q");
    played.ends(0);
}

#[test]
fn keys_can_be_configured_and_color_turned_off() {
    let scratch = Scratch::new();
    std::fs::create_dir_all(scratch.path(".config/asciinema")).unwrap();
    let config = "[play]\npause_key = p\nend_key = e\nforward_key = up\nquit_key =\n";
    scratch.write(".config/asciinema/config", config);
    scratch.write("demo.cast", cast(&[(0.0, "start"), (7.0, "seven"), (NEVER, "end")]));
    let mut terminal = Terminal::start(scratch.shell("NO_COLOR=1 exec asciinema-play demo.cast"));
    terminal.wait_for("start");
    terminal.enter(" qp");
    terminal.wait_for("0:0");
    terminal.enter("\x1b[A\x1b[A");
    terminal.wait_for("seven");
    terminal.enter("e");
    terminal.wait_for("16:40.000");
    assert!(terminal.seen.contains("\x1b[0;7m") && !terminal.seen.contains("48;5"), "{:?}", terminal.seen);
    terminal.enter("\x03");
    assert_eq!(terminal.status_without_reading(), 1);
    scratch.write(".config/asciinema/config", "[play]\nend_key = ende\n");
    let message = scratch.run("asciinema-play demo.cast", "").stderr();
    assert!(message.contains("[play] end_key: 'ende' is not a key"), "{message}");
}

#[test]
fn the_page_lists_every_held_back_sequence_setting_and_key() {
    let page = include_str!("../man/asciinema-play.1").replace("\\&", "");
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for rule in RULES {
        let entry = format!(".It Em {} {}: {}.", rule.name, rule.forms, rule.reason);
        let after = page.find(&entry).unwrap_or_else(|| panic!("{entry}"));
        let headings = ["are held back:", "are passed on:", "are passed on and undone"];
        let is_under = |heading: &&str| page.find(heading).is_some_and(|at| at < after);
        let heading = headings.iter().rfind(|heading| is_under(heading));
        let expected = match rule.verdict {
            Verdict::Hold => headings[0],
            Verdict::Pass => headings[1],
            Verdict::Undo => headings[2],
        };
        assert_eq!(heading, Some(&expected), "{}", rule.name);
    }
    let reset = page.split("is reset when playback ends:").nth(1).expect("what is reset");
    let reset = reset.split(".Sh").next().unwrap_or_default();
    for (_, name, _) in SETTINGS {
        assert!(reset.contains(name), "{name}");
    }
    let keys = include_str!("../bins/play/keys.rs");
    for name in keys.split('"').filter(|text| text.ends_with("_key") && !text.contains(' ')) {
        assert!(page.contains(&format!(".Pq Sq {name}")), "{name}");
    }
}

#[test]
fn the_time_of_a_pause_has_three_decimals_and_is_that_of_the_screen() {
    let times = [NEVER + 0.018_998, NEVER + 0.500_001, 2.0 * NEVER];
    let steps = cast(&[(0.0, "start"), (times[0], "one"), (times[1], "two"), (times[2], "end")]);
    let scratch = Scratch::new();
    scratch.write("demo.cast", &steps);
    let mut watched = Watched::start(&scratch, "exec asciinema-play demo.cast", Size { cols: 80, rows: 24 });
    watched.terminal.wait_until_taken();
    watched.terminal.enter(" ");
    watched.wait_until("it is paused", is_paused);
    let shows = |time: &'static str, text: &'static str| {
        move |screen: &Screen| {
            let lines = screen.text();
            lines[23].starts_with(&format!(" {time} / 33:20")) && lines[0] == text
        }
    };
    watched.terminal.enter(".");
    watched.wait_until("the first is shown", shows("16:40.019", "startone"));
    watched.terminal.enter(".");
    watched.wait_until("the second is shown", shows("16:40.501", "startonetwo"));
    watched.terminal.enter("\x1b[C");
    watched.wait_until("it goes on from there", shows("16:45.501", "startonetwo"));
    watched.terminal.enter(",");
    watched.wait_until("it goes back", shows("16:40.019", "startone"));
    watched.terminal.enter("/two\r");
    watched.wait_until("what was searched for is shown", shows("16:40.501", "startonetwo"));
    let at = |time: &str| {
        let shown = run(&format!("asciinema-screen --at {time} - | head -1"), &steps).stdout();
        shown.trim_end().to_string()
    };
    assert_eq!([at("16:40.019"), at("16:40.501")], ["startone", "startonetwo"]);
}

#[test]
fn an_uncaught_stop_takes_no_time_and_leaves_no_traces() {
    let mut played = Played::start("--version", "");
    played.ends(0);
    let events: Vec<(f64, String)> = (0..60).map(|n| (f64::from(n) / 10.0, format!("<{n}>"))).collect();
    let events: Vec<(f64, &str)> = events.iter().map(|(time, text)| (*time, text.as_str())).collect();
    played.scratch.write("demo.cast", cast(&events));
    let start = Instant::now();
    played.terminal.enter("set -m; sh -c 'echo $$ >pid; exec asciinema-play demo.cast'\r");
    played.terminal.wait_for("<2>");
    let player = Pid::from_raw(played.scratch.read("pid").trim().parse().unwrap());
    kill(player, Signal::SIGSTOP).unwrap();
    played.terminal.wait_for("outer-2>");
    played.terminal.pass_time(Duration::from_secs(2));
    // The terminal is in the state left by the player: a line ends with a line feed.
    played.terminal.enter("fg; echo status-$?\n");
    // The screen is redrawn, with the state line.
    played.terminal.wait_for(" / 0:05");
    played.ends(0);
    assert!(start.elapsed() >= Duration::from_millis(7800), "{:?}", start.elapsed());
}

#[test]
fn a_growing_file_is_followed_until_its_exit_event() {
    let mut played = Played::start("--version", "");
    played.ends(0);
    played.scratch.write("demo.cast", cast(&[(0.0, "one")]));
    let append = |text: &str| {
        let mut file = std::fs::File::options().append(true).open(played.scratch.path("demo.cast")).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    played.terminal.enter("asciinema-play --follow demo.cast; echo status-$?\r");
    played.terminal.wait_for("\r\none");
    append("[0.01, \"o\",");
    append(" \"two\"]\n");
    played.terminal.wait_for("two");
    played.terminal.enter(" ");
    played.terminal.wait_for(" live");
    played.terminal.enter("\x1b[H ");
    append("[0.02, \"o\", \"three\"]\n[0.03, \"x\", \"0\"]\n[0.04, \"o\", \"never\"]\n");
    played.terminal.wait_for("three");
    played.ends(0);
    assert!(!played.terminal.seen.contains("never"));

    // Also without a terminal.
    played.scratch.run("asciinema-play --follow demo.cast >out", "");
    assert_eq!(played.scratch.read("out"), "onetwothree");
}

#[test]
fn following_ends_with_ctrl_c_or_with_an_error_if_the_file_is_truncated_or_removed() {
    for (change, message) in [
        ("", ""),
        (": > demo.cast", "asciinema: demo.cast: the file has become shorter"),
        ("rm demo.cast", "asciinema: demo.cast: the file has been removed or replaced"),
    ] {
        let mut played = Played::start("--follow demo.cast", &cast(&[(0.0, "shown")]));
        played.terminal.wait_for("shown");
        match change {
            "" => played.terminal.enter("\x03"),
            change => drop(played.scratch.run(change, "")),
        }
        played.terminal.wait_for(message);
        played.ends(1);
    }
    let message = "asciinema: --follow requires a FILE\ntry 'asciinema-play --help'\n".to_string();
    assert_eq!(run("asciinema-play --follow - </dev/null", "").failure(), (2, String::new(), message));
}

#[test]
fn keys_of_3_x_are_those_of_its_own_file() {
    let scratch = Scratch::new();
    std::fs::create_dir_all(scratch.path(".config/asciinema")).unwrap();
    let config =
        "[playback]\npause_key = \"C-p\"\nstep_key = \"^n\"\nnext_marker_key = \"m\"\nspeed = \"2\"\n";
    scratch.write(".config/asciinema/config.toml", config);
    let marked = "{\"version\": 2, \"width\": 80, \"height\": 24}\n[0, \"o\", \"start\"]\n[1000, \"o\", \"one\"]\n[2000, \"m\", \"\"]\n[3000, \"o\", \"two\"]\n";
    scratch.write("demo.cast", marked);
    let mut terminal = Terminal::start(scratch.shell("exec asciinema-play demo.cast"));
    terminal.wait_for("start");
    terminal.enter("\x10");
    terminal.wait_for("2x");
    terminal.enter("\x0e");
    terminal.wait_for("16:40.000");
    terminal.enter("m");
    terminal.wait_for("33:20.000");
    terminal.enter("q");
    assert_eq!(terminal.status_without_reading(), 0);
}
