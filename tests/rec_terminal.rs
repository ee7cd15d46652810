//! asciinema-rec in a terminal: the screen, the recording, and the restored terminal.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::harness::{Busy, Scratch, Terminal, events, header, text_of};
use crate::server::Server;

/// A prompt that cannot occur in the echo of a command line.
const PROMPT: &str = "prompt-1>";

/// A shell that records to demo.cast with these options, started from an outer shell.
struct Recorded {
    scratch: Scratch,
    terminal: Terminal,
    settings: String,
}

impl Recorded {
    /// Starts the outer shell and the recorder in it, and waits for the inner shell's prompt.
    fn start(options: &str) -> Recorded {
        let mut recorded = Recorded::outer();
        recorded.terminal.enter(&format!("PS1='prompt-$((1))>' asciinema-rec {options} demo.cast\r"));
        recorded.terminal.wait_for(PROMPT);
        recorded
    }

    /// Starts only the outer shell.
    fn outer() -> Recorded {
        let scratch = Scratch::new();
        let mut shell = scratch.command("sh");
        shell.env("PS1", "outer-$((2))>").env_remove("ENV");
        let mut terminal = Terminal::start(shell);
        terminal.wait_for("outer-2>");
        let settings = terminal.settings();
        Recorded { scratch, terminal, settings }
    }

    /// Waits until the outer shell is back, and checks that its terminal is unchanged.
    fn back(&mut self) {
        self.terminal.wait_for("outer-2>");
        assert_eq!(self.terminal.settings(), self.settings, "{}", self.terminal.seen);
    }

    /// The recorder's process ID, which the inner shell is asked for.
    fn recorder(&mut self) -> Pid {
        self.terminal.enter("echo recorder=$PPID.\r");
        // The echo of the command line, then its output.
        self.terminal.wait_for("recorder=");
        self.terminal.wait_for("recorder=");
        self.terminal.wait_for("\r\n");
        let number = self.terminal.seen.rsplit("recorder=").next().and_then(|rest| rest.split('.').next());
        Pid::from_raw(number.and_then(|number| number.parse().ok()).expect("a process"))
    }

    fn cast(&self) -> String {
        self.scratch.read("demo.cast")
    }
}

#[test]
fn the_session_looks_the_same_as_without_a_recorder_and_is_recorded_completely() {
    let mut recorded = Recorded::start("");
    recorded.terminal.enter("echo one-$((1))\r");
    recorded.terminal.wait_for("one-1\r\n");
    recorded.terminal.wait_for(PROMPT);
    recorded.terminal.enter("exit\r");
    recorded.terminal.wait_for("asciinema: recording finished");
    recorded.terminal.wait_for("asciinema: asciicast saved to demo.cast");
    recorded.back();
    let expected = format!("{PROMPT}echo one-$((1))\r\none-1\r\n{PROMPT}exit\r\n");
    assert_eq!(text_of(&recorded.cast(), "o"), expected);
    assert!(recorded.terminal.seen.contains(&expected));
    assert_eq!(text_of(&recorded.cast(), "i"), "");
}

#[test]
fn ctrl_c_and_ctrl_d_reach_the_program() {
    let mut recorded = Recorded::start("");
    recorded.terminal.enter("sh -c 'echo asleep-$((2)); exec sleep 1000'\r");
    recorded.terminal.wait_for("asleep-2");
    recorded.terminal.enter("\x03");
    recorded.terminal.wait_for(PROMPT);
    recorded.terminal.enter("\x04");
    recorded.terminal.wait_for("recording finished");
    recorded.back();
}

#[test]
fn a_storm_of_ctrl_c_ends_neither_the_session_nor_the_recording() {
    let mut recorded = Recorded::start("");
    recorded.terminal.enter(&"\x03".repeat(200));
    // Each ctrl-c discards input typed after it that has not been read yet.
    recorded.terminal.enter_until("echo still-$((3))\r", "still-3");
    recorded.terminal.enter_until("exit\r", "recording finished");
    recorded.back();
    assert!(text_of(&recorded.cast(), "o").contains("still-3"));
}

#[test]
fn ctrl_c_works_during_a_flood_of_output() {
    let mut recorded = Recorded::start("");
    recorded.terminal.enter("yes flood\r");
    recorded.terminal.wait_for("flood\r\nflood\r\n");
    recorded.terminal.enter("\x03");
    recorded.terminal.wait_for(PROMPT);
    recorded.terminal.enter("exit\r");
    recorded.terminal.wait_for("recording finished");
    recorded.back();
}

#[test]
fn a_resize_reaches_the_program_and_is_recorded_once() {
    let mut recorded = Recorded::start("");
    recorded.terminal.resize(100, 30);
    recorded.terminal.wait_until_file(&recorded.scratch, "demo.cast", "\"r\", \"100x30\"");
    recorded.terminal.enter("stty size\r");
    recorded.terminal.wait_for("30 100");
    // The same size again, and a signal without a change.
    recorded.terminal.resize(100, 30);
    recorded.terminal.enter("kill -WINCH $PPID\r");
    recorded.terminal.wait_for(PROMPT);
    recorded.terminal.enter("exit\r");
    recorded.terminal.wait_for("recording finished");
    assert_eq!(text_of(&recorded.cast(), "r"), "100x30");
    assert_eq!(header(&recorded.cast())["width"], 80);
}

#[test]
fn a_given_width_or_height_is_fixed_and_the_other_follows_the_terminal() {
    let mut recorded = Recorded::start("--cols 60");
    recorded.terminal.wait_until_file(&recorded.scratch, "demo.cast", "\n");
    assert_eq!(
        (header(&recorded.cast())["width"].as_u64(), header(&recorded.cast())["height"].as_u64()),
        (Some(60), Some(24))
    );
    recorded.terminal.resize(100, 30);
    recorded.terminal.wait_until_file(&recorded.scratch, "demo.cast", "\"r\", \"60x30\"");
}

#[test]
fn with_stdin_keys_are_recorded_and_the_terminals_replies_are_not() {
    let mut recorded = Recorded::start("--stdin");
    recorded.terminal.enter("stty raw -echo; printf ask; dd bs=1 count=6 2>/dev/null | od -c; stty sane\r");
    recorded.terminal.wait_for("\r\nask");
    // A reply of seven bytes, of which the program reads six; the shell gets the rest.
    recorded.terminal.enter("\x1b[5;7R");
    recorded.terminal.wait_for("033   [   5   ;   7   R");
    recorded.terminal.wait_for(PROMPT);
    recorded.terminal.enter("exit\r");
    recorded.terminal.wait_for("recording finished");
    let typed = text_of(&recorded.cast(), "i");
    assert!(typed.ends_with("stty sane\rexit\r"), "{typed:?}");
}

#[test]
fn while_paused_nothing_is_captured_and_no_time_passes() {
    // Plain, from the kitty keyboard protocol, and from xterm's modifyOtherKeys.
    for key in ["\x1c", "\x1b[92;5u", "\x1b[27;5;92~"] {
        let mut recorded = Recorded::start("--stdin");
        recorded.terminal.enter(key);
        recorded.terminal.enter("echo secret-$((4)); sleep 1\r");
        recorded.terminal.wait_for("secret-4");
        recorded.terminal.wait_for(PROMPT);
        recorded.terminal.enter(key);
        recorded.terminal.enter("echo public-$((5))\r");
        recorded.terminal.wait_for("public-5");
        recorded.terminal.wait_for(PROMPT);
        recorded.terminal.enter("exit\r");
        recorded.terminal.wait_for("recording finished");
        recorded.back();
        let cast = recorded.cast();
        assert!(!cast.contains("secret") && text_of(&cast, "o").contains("public-5"), "{cast}");
        let times: Vec<f64> = events(&cast).iter().map(|(time, _, _)| *time).collect();
        assert!(times.windows(2).all(|pair| pair[0] <= pair[1] && pair[1] - pair[0] < 1.0), "{times:?}");
    }
}

#[test]
fn a_key_byte_within_a_paste_does_not_act() {
    let mut recorded = Recorded::start("");
    recorded.terminal.enter("stty raw -echo; printf ask; head -c 15 | od -c; stty sane\r");
    recorded.terminal.wait_for("\r\nask");
    recorded.terminal.enter("\x1b[200~p\x1cp\x1b[201~");
    recorded.terminal.wait_for("034");
    recorded.terminal.wait_for(PROMPT);
    recorded.terminal.enter("exit\r");
    recorded.terminal.wait_for("recording finished");
    recorded.back();
    assert!(text_of(&recorded.cast(), "o").contains("034"));
}

#[test]
fn the_terminal_is_restored_after_a_signal_to_the_recorder() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT] {
        let mut recorded = Recorded::start("");
        kill(recorded.recorder(), signal).unwrap();
        recorded.terminal.wait_for("asciicast saved to demo.cast");
        recorded.back();
        assert!(text_of(&recorded.cast(), "o").contains("recorder="));
    }
}

#[test]
fn other_signals_end_the_recorder_with_a_complete_recording_and_a_restored_terminal() {
    for signal in [
        Signal::SIGALRM,
        Signal::SIGVTALRM,
        Signal::SIGPROF,
        Signal::SIGUSR1,
        Signal::SIGUSR2,
        Signal::SIGXCPU,
        Signal::SIGIO,
        Signal::SIGABRT,
    ] {
        let mut recorded = Recorded::outer();
        recorded
            .terminal
            .enter("PS1='prompt-$((1))>' asciinema-rec -f asciicast-v3 demo.cast; echo status=$?\r");
        recorded.terminal.wait_for(PROMPT);
        kill(recorded.recorder(), signal).unwrap();
        recorded.terminal.wait_for("asciicast saved to demo.cast");
        recorded.terminal.wait_for(&format!("status={}\r\n", 128 + signal as i32));
        recorded.back();
        assert!(recorded.cast().ends_with("\n") && !text_of(&recorded.cast(), "x").is_empty(), "{signal}");
    }
}

#[test]
fn with_hangups_ignored_a_session_outlives_its_terminal() {
    let scratch = Scratch::new();
    let line = "trap '' HUP; exec asciinema-rec -q -c 'echo ready; until [ -e go ]; do sleep 0.01; done; echo after' demo.cast";
    let mut terminal = Terminal::start(scratch.shell(line));
    terminal.wait_for("ready\r\n");
    let mut recorder = terminal.hang_up();
    scratch.write("go", "");
    assert!(recorder.wait().unwrap().success());
    assert_eq!(text_of(&scratch.read("demo.cast"), "o"), "ready\r\nafter\r\n");
}

#[test]
fn the_terminal_is_restored_after_a_panic() {
    let mut recorded = Recorded::outer();
    recorded.terminal.enter("ASCIINEMA_TEST_PANIC=1 asciinema-rec demo.cast\r");
    recorded.terminal.wait_for("asked to panic");
    recorded.back();
}

#[test]
fn closing_the_terminal_ends_the_session_and_completes_the_recording() {
    let scratch = Scratch::new();
    let mut command = scratch.command("asciinema-rec");
    command.args(["-q", "-c", "echo ready; exec sleep 1000", "demo.cast"]);
    let mut terminal = Terminal::start(command);
    terminal.wait_for("ready\r\n");
    let mut recorder = terminal.hang_up();
    assert!(recorder.wait().unwrap().success());
    assert_eq!(text_of(&scratch.read("demo.cast"), "o"), "ready\r\n");
}

#[test]
fn a_pipe_gets_the_recording_while_the_session_stays_on_the_terminal() {
    let mut recorded = Recorded::outer();
    recorded.terminal.enter("PS1='prompt-$((1))>' asciinema-rec -q | asciinema-idle -i 2 > demo.cast\r");
    recorded.terminal.wait_for(PROMPT);
    recorded.terminal.enter("echo piped-$((6))\r");
    recorded.terminal.wait_for("piped-6");
    recorded.terminal.wait_until_file(&recorded.scratch, "demo.cast", "piped-6");
    recorded.terminal.enter("exit\r");
    recorded.back();
    assert!(text_of(&recorded.cast(), "o").ends_with("exit\r\n"));
}

#[test]
fn the_keyboard_works_with_piped_stdin() {
    let mut recorded = Recorded::outer();
    recorded
        .terminal
        .enter("echo 'echo from-pipe-$((7))' | PS1='prompt-$((1))>' asciinema-rec -q demo.cast\r");
    recorded.terminal.wait_for("from-pipe-7");
    recorded.terminal.wait_for(PROMPT);
    recorded.terminal.enter("exit\r");
    recorded.back();
    assert!(text_of(&recorded.cast(), "o").contains("from-pipe-7"));
}

#[test]
fn a_recording_to_the_terminal_itself_is_refused() {
    let mut recorded = Recorded::outer();
    recorded.terminal.enter("asciinema-rec -; echo status=$?\r");
    recorded.terminal.wait_for("asciinema: when recording to stdout it must not be TTY - forgot to pipe?");
    recorded.terminal.wait_for("status=1");
}

#[test]
fn headless_does_not_use_the_terminal() {
    let mut recorded = Recorded::outer();
    recorded.terminal.enter(
        "asciinema-rec -q --headless -c 'stty size; echo unseen-$((8))' demo.cast; echo over-$((9))\r",
    );
    recorded.terminal.wait_for("over-9");
    assert!(!recorded.terminal.seen.contains("unseen-8"));
    assert_eq!(text_of(&recorded.cast(), "o"), "24 80\r\nunseen-8\r\n");
}

#[test]
fn a_stopped_recorder_restores_the_terminal_and_takes_it_again_when_continued() {
    let mut recorded = Recorded::outer();
    recorded.terminal.enter("set -m; PS1='prompt-$((1))>' asciinema-rec -q demo.cast\r");
    recorded.terminal.wait_for(PROMPT);
    recorded.terminal.enter("kill -TSTP $PPID\r");
    recorded.terminal.wait_for("outer-2>");
    assert_eq!(recorded.terminal.settings(), recorded.settings);
    recorded.terminal.enter("fg\r");
    recorded.terminal.wait_for("fg\r\n");
    recorded.terminal.enter("echo again-$((5))\r");
    recorded.terminal.wait_for("again-5");
    recorded.terminal.enter("exit\r");
    recorded.back();
}

#[test]
fn the_program_has_the_terminals_erase_key() {
    let mut recorded = Recorded::outer();
    recorded.terminal.enter("stty erase ^H; asciinema-rec -q -c 'stty -a' demo.cast\r");
    recorded.terminal.wait_for("erase = ^H;");
}

#[test]
fn a_stalled_terminal_blocks_the_program_and_signals_still_end_the_session() {
    let scratch = Scratch::new();
    let mut command = scratch.command("asciinema-rec");
    command.args(["-q", "-c", "yes", "demo.cast"]);
    let mut terminal = Terminal::start(command);
    let path = scratch.path("demo.cast");
    let length = || path.metadata().map_or(0, |file| file.len());
    // Nothing reads the terminal, so all buffers fill up eventually.
    let mut before = length();
    let mut rounds_without_growth = 0;
    while rounds_without_growth < 10 {
        std::thread::sleep(std::time::Duration::from_millis(20));
        let now = length();
        rounds_without_growth = if now > 0 && now == before { rounds_without_growth + 1 } else { 0 };
        before = now;
    }
    assert!(length() < 1 << 20, "{} bytes", length());
    kill(Pid::from_raw(terminal.process()), Signal::SIGTERM).unwrap();
    assert_eq!(terminal.status_without_reading(), 0);
    assert!(text_of(&scratch.read("demo.cast"), "o").starts_with("y\r\ny\r\n"));
}

/// A recorder for this command, without notices, in a terminal that is not read yet.
fn unread(command: &str) -> (Scratch, Terminal) {
    let scratch = Scratch::new();
    let mut recorder = scratch.command("asciinema-rec");
    recorder.args(["-q", "--no-theme", "-c", command, "demo.cast"]);
    let terminal = Terminal::start(recorder);
    (scratch, terminal)
}

#[test]
fn a_terminal_that_reads_late_gets_everything_and_so_does_the_recording() {
    let _busy = Busy::start();
    for (command, milliseconds) in [
        ("seq 5000; printf LAST", 300),
        ("printf LAST", 300),
        ("stty -opost; head -c 20000 /dev/zero | tr '\\0' x; printf LAST", 300),
        ("seq 20000; printf LAST", 300),
        ("seq 5000; printf LAST", 3000),
        // Another process holds the pseudo-terminal open, so that only silence shows the end.
        ("trap '' HUP; sleep 1000 & echo $! >pid; seq 5000; printf LAST", 300),
    ] {
        let (scratch, mut terminal) = unread(command);
        std::thread::sleep(Duration::from_millis(milliseconds));
        terminal.wait_for("LAST");
        assert_eq!(terminal.status(), 0);
        let text = text_of(&scratch.read("demo.cast"), "o");
        assert!(text == terminal.seen, "{command}: {} bytes, shown {}", text.len(), terminal.seen.len());
        if let Ok(process) = std::fs::read_to_string(scratch.path("pid")) {
            kill(Pid::from_raw(process.trim().parse().unwrap()), Signal::SIGKILL).unwrap();
        }
    }
}

#[test]
fn no_output_is_lost_on_a_busy_machine_and_a_slow_terminal() {
    let _busy = Busy::start();
    for _ in 0..10 {
        let (scratch, mut terminal) = unread("seq 3000; printf LAST");
        terminal.wait_slowly_for("LAST");
        assert_eq!(terminal.status(), 0);
        assert_eq!(text_of(&scratch.read("demo.cast"), "o"), terminal.seen);
        assert!(terminal.seen.ends_with("\r\n3000\r\nLAST"));
    }
}

#[test]
fn ctrl_c_and_signals_end_the_wait_for_a_stalled_terminal_with_a_complete_recording() {
    for how in [None, Some(Signal::SIGTERM), Some(Signal::SIGHUP)] {
        // More than a terminal holds, less than its own buffer and the program's together.
        let (scratch, mut terminal) = unread("seq 5000; printf LAST; echo $$ >process");
        terminal.wait_without_reading("the program's end", || {
            let process = std::fs::read_to_string(scratch.path("process")).unwrap_or_default();
            process.trim().parse().is_ok_and(|process| kill(Pid::from_raw(process), None).is_err())
        });
        match how {
            None => terminal.enter("\x03"),
            Some(signal) => kill(Pid::from_raw(terminal.process()), signal).unwrap(),
        }
        assert_eq!(terminal.status_without_reading(), 0);
        assert!(text_of(&scratch.read("demo.cast"), "o").ends_with("\r\n5000\r\nLAST"), "{how:?}");
    }
}

#[test]
fn while_the_reader_stalls_the_terminal_is_restored_and_ctrl_c_ends_the_wait() {
    for command in ["yes", "seq 20000; echo shown-$((4)); cat"] {
        let mut recorded = Recorded::outer();
        recorded.terminal.enter("set -m; mkfifo pipe; sleep 1000 <pipe &\r");
        recorded.terminal.wait_for("outer-2>");
        recorded.terminal.enter(&format!("asciinema-rec -c '{command}' pipe; echo status=$?\r"));
        recorded.terminal.wait_for("exit opened program when you're done");
        recorded.terminal.wait_for(if command == "yes" { "y\r\ny\r\n" } else { "shown-4" });
        // Fill the queue first, until nothing more can be recorded.
        recorded.terminal.wait_until_silent();
        recorded.terminal.enter("\x03");
        recorded
            .terminal
            .wait_for("waiting for pipe to accept the rest of the recording; press ctrl-c to give up");
        assert_eq!(recorded.terminal.settings(), recorded.settings);
        recorded.terminal.enter("\x03");
        recorded.terminal.wait_for("asciinema: pipe: interrupted; the recording is incomplete");
        recorded.terminal.wait_for("status=1\r\n");
        recorded.back();
        recorded.terminal.enter("kill %1\r");
        recorded.terminal.wait_for("outer-2>");
    }
}

#[test]
fn the_size_is_taken_after_the_wait_for_the_reader_of_a_fifo() {
    let scratch = Scratch::new();
    scratch.run("mkfifo pipe", "");
    let mut command = scratch.command("asciinema-rec");
    command.args(["-q", "-c", "stty size", "pipe"]);
    let mut terminal = Terminal::start(command);
    // It is in that wait once it has been asleep for a while.
    let mut times_asleep = 0;
    terminal.wait_without_reading("it to open the pipe", || {
        let status = std::fs::read_to_string(format!("/proc/{}/stat", terminal.process()));
        let is_asleep = status.is_ok_and(|status| status.contains("(asciinema-rec) S "));
        times_asleep = if is_asleep { times_asleep + 1 } else { 0 };
        times_asleep == 20
    });
    terminal.resize(100, 30);
    let cast = std::fs::read_to_string(scratch.path("pipe")).unwrap();
    terminal.wait_for("30 100");
    assert_eq!((header(&cast)["width"].as_u64(), header(&cast)["height"].as_u64()), (Some(100), Some(30)));
    assert_eq!(text_of(&cast, "r"), "");
}

#[test]
fn a_resize_during_a_pause_is_recorded_after_it() {
    let mut recorded = Recorded::start("");
    recorded.terminal.enter("\x1c");
    recorded.terminal.resize(100, 30);
    recorded.terminal.enter_until("stty size\r", "30 100");
    recorded.terminal.enter("\x1c");
    recorded.terminal.wait_until_file(&recorded.scratch, "demo.cast", "\"r\", \"100x30\"");
    // A change back to the same size is not recorded.
    recorded.terminal.enter("\x1c");
    recorded.terminal.resize(90, 20);
    recorded.terminal.enter_until("stty size\r", "20 90");
    recorded.terminal.resize(100, 30);
    recorded.terminal.enter_until("stty size\r", "30 100");
    recorded.terminal.enter("\x1cexit\r");
    recorded.terminal.wait_for("recording finished");
    assert_eq!(text_of(&recorded.cast(), "r"), "100x30");
}

#[test]
fn in_the_background_the_terminal_is_not_used() {
    let mut recorded = Recorded::outer();
    recorded
        .terminal
        .enter("set -m; asciinema-rec -q -c 'echo behind-$((3))' demo.cast & wait; echo over-$((4))\r");
    recorded.terminal.wait_for("over-4");
    assert_eq!(text_of(&recorded.cast(), "o"), "behind-3\r\n");
}

/// Records this command in a terminal without a file name, up to the prompt at the end, and returns
/// the recording's path.
fn asked(recorded: &mut Recorded, line: &str) -> String {
    recorded.terminal.enter(&format!("{line}\r"));
    let name = temporary(recorded);
    recorded.terminal.wait_for("ave locally, ");
    recorded.terminal.wait_for("[s,u,d]? ");
    name
}

/// The path in the notice about the recording.
fn temporary(recorded: &mut Recorded) -> String {
    recorded.terminal.wait_for("recording asciicast to ");
    recorded.terminal.wait_for("\x1b[0m");
    let name = recorded.terminal.seen.rsplit("recording asciicast to ").next().unwrap_or_default();
    name.split('\x1b').next().unwrap_or_default().to_string()
}

/// Records, and answers the prompt; the second answer is the given one.
fn answered(recorded: &mut Recorded, answer: &str) -> String {
    let name = asked(recorded, "TMPDIR=$PWD asciinema-rec -c 'echo asked-$((1))'");
    recorded.terminal.enter("what?\r");
    recorded.terminal.wait_for("[s,u,d]? ");
    recorded.terminal.enter(answer);
    name
}

#[test]
fn without_a_file_the_user_is_asked_until_the_answer_is_valid() {
    for answer in [" S \r", "save\r", "\x03", "\x04"] {
        let mut recorded = Recorded::outer();
        let name = answered(&mut recorded, answer);
        recorded.terminal.wait_for(&format!("asciinema: asciicast saved to {name}"));
        recorded.back();
        let file = name.rsplit('/').next().unwrap_or_default();
        assert_eq!(text_of(&recorded.scratch.read(file), "o"), "asked-1\r\n");
    }
}

#[test]
fn signals_act_at_the_prompt_as_elsewhere() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGUSR1] {
        let mut recorded = Recorded::outer();
        recorded.terminal.enter("set -m\r");
        recorded.terminal.wait_for("outer-2>");
        let line =
            "TMPDIR=$PWD sh -c 'echo $$ >recorder; exec asciinema-rec -c \"echo asked\"'; echo status=$?";
        let name = asked(&mut recorded, line);
        recorded.terminal.enter("\x1a");
        recorded.terminal.wait_for("outer-2>");
        recorded.terminal.enter("fg; echo status=$?\r");
        recorded.terminal.wait_for("fg; ");
        recorded.terminal.enter("what?\r");
        recorded.terminal.wait_for("[s,u,d]? ");
        let recorder = recorded.scratch.read("recorder").trim().parse().expect("a process");
        kill(Pid::from_raw(recorder), signal).unwrap();
        recorded.terminal.wait_for(&format!("status={}\r\n", 128 + signal as i32));
        recorded.back();
        assert_eq!(text_of(&std::fs::read_to_string(name).unwrap(), "o"), "asked\r\n");
    }
}

#[test]
fn after_a_signal_or_a_hangup_there_is_no_prompt_and_the_recording_is_kept() {
    let mut recorded = Recorded::outer();
    recorded.terminal.enter("PS1='prompt-$((1))>' TMPDIR=$PWD asciinema-rec; echo status=$?\r");
    let name = temporary(&mut recorded);
    recorded.terminal.wait_for(PROMPT);
    kill(recorded.recorder(), Signal::SIGTERM).unwrap();
    recorded.terminal.wait_for(&format!("asciinema: the recording is in {name}"));
    recorded.terminal.wait_for("status=1\r\n");
    recorded.back();
    assert!(!recorded.terminal.seen.contains("[s,u,d]"));
    assert!(text_of(&std::fs::read_to_string(name).unwrap(), "o").contains("recorder="));

    let scratch = Scratch::new();
    let mut command = scratch.command("asciinema-rec");
    command.args(["-c", "echo ready; exec sleep 1000"]).env("TMPDIR", scratch.path("."));
    let mut terminal = Terminal::start(command);
    terminal.wait_for("ready\r\n");
    assert_eq!(terminal.hang_up().wait().unwrap().code(), Some(1));
    let [name] = &scratch.files()[..] else { panic!("{:?}", scratch.files()) };
    assert_eq!(text_of(&scratch.read(name), "o"), "ready\r\n");
}

#[test]
fn a_refused_upload_reports_the_path_of_the_recording() {
    for status in ["401 Unauthorized", "413 Payload Too Large", "422 Unprocessable"] {
        let server = Server::answering(status, "", "");
        let mut recorded = Recorded::outer();
        let line =
            format!("TMPDIR=$PWD asciinema-rec -c 'echo asked' --server-url {}; echo status=$?", server.url);
        let name = asked(&mut recorded, &line);
        recorded.terminal.enter("u\r");
        recorded.terminal.wait_for(&format!("asciinema: the recording is in {name}"));
        recorded.terminal.wait_for("status=1");
        assert!(std::path::Path::new(&name).exists());
    }
}

#[test]
fn a_discarded_recording_is_gone() {
    let mut recorded = Recorded::outer();
    let name = answered(&mut recorded, "d\r");
    recorded.terminal.wait_for("asciinema: asciicast discarded");
    recorded.back();
    assert!(!std::path::Path::new(&name).exists());
}

#[test]
fn pausing_is_notified_by_an_installed_notifier_and_not_on_the_terminal() {
    let mut recorded = Recorded::outer();
    let fake = "#!/bin/sh\nprintf '%s|' \"$@\" >>\"$HOME/notices\"\necho noise; echo noise >&2\n";
    let path = recorded.scratch.write("notify-send", fake);
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    recorded.terminal.enter("PATH=$PWD:$PATH PS1='prompt-$((1))>' asciinema-rec -q demo.cast\r");
    recorded.terminal.wait_for(PROMPT);
    recorded.terminal.enter("\x1c\x1c");
    recorded.terminal.wait_until("both notices have been given", || {
        recorded.scratch.files().contains(&"notices".to_string())
            && recorded.scratch.read("notices").contains("|Resumed recording|")
    });
    let notices = recorded.scratch.read("notices");
    assert!(notices.contains("icon.svg|asciinema|Paused recording|-i|"), "{notices}");
    assert!(recorded.scratch.read(".cache/asciinema/icon.svg").starts_with("<svg"));
    recorded.terminal.enter("exit\r");
    recorded.back();
    assert!(!recorded.terminal.seen.contains("noise"));
}

#[test]
fn configured_keys_act_only_after_their_prefix() {
    let mut recorded = Recorded::outer();
    std::fs::create_dir_all(recorded.scratch.path(".config/asciinema")).unwrap();
    let keys =
        "[record]\nprefix_key = C-a\npause_key = p\nadd_marker_key = m\n[notifications]\nenabled = no\n";
    recorded.scratch.write(".config/asciinema/config", keys);
    recorded.terminal.enter("PS1='prompt-$((1))>' asciinema-rec -q demo.cast\r");
    recorded.terminal.wait_for(PROMPT);
    recorded.terminal.enter("\x01m\x01pecho p-secret-$((1))\r");
    recorded.terminal.wait_for("p-secret-1");
    recorded.terminal.wait_for(PROMPT);
    recorded.terminal.enter("\x01pecho pm-$((2))\r");
    recorded.terminal.wait_for("pm-2");
    recorded.terminal.wait_for(PROMPT);
    recorded.terminal.enter("exit\r");
    recorded.back();
    let cast = recorded.cast();
    assert!(!cast.contains("secret") && text_of(&cast, "o").contains("pm-2"), "{cast}");
    assert_eq!(events(&cast).iter().filter(|(_, code, _)| code == "m").count(), 1);
}

#[test]
fn the_configured_command_gets_the_text_and_the_icon() {
    let mut recorded = Recorded::outer();
    std::fs::create_dir_all(recorded.scratch.path(".config/asciinema")).unwrap();
    let config = "[notifications]\ncommand = test -s \"$ICON_PATH\" && echo \"$TEXT\" >> \"$HOME/notices\"\n[record]\nadd_marker_key = C-o\n";
    recorded.scratch.write(".config/asciinema/config", config);
    recorded.terminal.enter("PS1='prompt-$((1))>' asciinema-rec -q demo.cast\r");
    recorded.terminal.wait_for(PROMPT);
    recorded.terminal.enter("\x0f");
    recorded.terminal.wait_until_file(&recorded.scratch, "notices", "Marker added\n");
    recorded.terminal.enter("exit\r");
    recorded.back();
    let markers: Vec<_> = events(&recorded.cast()).into_iter().filter(|(_, code, _)| code == "m").collect();
    assert_eq!(markers.len(), 1);
    assert_eq!(markers[0].2, "");
}

/// The replies of a terminal that reports its name and its colors.
fn answers() -> String {
    let palette: String =
        (0..16).map(|color| format!("\x1b]4;{color};rgb:{color:02x}00/11ff/2222\x07")).collect();
    format!(
        "\x1bP>|Term 1.2\x1b\\\x1b]10;rgb:aaaa/bbbb/cccc\x1b\\\x1b]11;rgb:11/22/33\x07{palette}\x1b[?62;22c"
    )
}

/// A recorder for this command in a terminal.
fn inquiring(options: &[&str], command: &str) -> (Scratch, Terminal) {
    let scratch = Scratch::new();
    let mut recorder = scratch.command("asciinema-rec");
    recorder.args(["-q", "-c", command, "demo.cast"]).args(options).env_remove("STY").env_remove("TMUX");
    let terminal = Terminal::start(recorder);
    (scratch, terminal)
}

#[test]
fn the_terminals_name_and_colors_are_in_the_header_and_not_typed() {
    for version in ["asciicast-v2", "asciicast-v3"] {
        let command = "stty raw -echo; head -c 3 | od -c";
        let (scratch, mut terminal) = inquiring(&["-f", version, "--stdin"], command);
        // Typed ahead, so that the replies arrive in time on any machine.
        terminal.enter(&format!("a{}b\x1b", answers()));
        terminal.wait_for("\x1b[>0q\x1b]10;?\x07\x1b]11;?\x07\x1b]4;0;?\x07");
        terminal.wait_for("\x1b]4;15;?\x07\x1b[c");
        assert_eq!(terminal.status(), 0);
        assert!(terminal.seen.contains("   a   b 033"), "{:?}", terminal.seen);
        let cast = scratch.read("demo.cast");
        assert_eq!(text_of(&cast, "i"), "ab\x1b");
        let header = header(&cast);
        let is_v3 = version == "asciicast-v3";
        let theme = if is_v3 { &header["term"]["theme"] } else { &header["theme"] };
        let palette: Vec<String> = (0..16).map(|color| format!("#{color:02x}1122")).collect();
        assert_eq!((&theme["fg"], &theme["bg"]), (&"#aabbcc".into(), &"#112233".into()), "{cast}");
        assert_eq!(theme["palette"], palette.join(":"));
        assert_eq!(header["term"]["version"].as_str(), is_v3.then_some("Term 1.2"));
    }
}

#[test]
fn replies_count_that_arrive_before_a_late_turn_of_the_recorder() {
    // It must be stopped while it waits for the replies, 200 ms at most.
    let stopped = || {
        let start = Instant::now();
        let (scratch, mut terminal) = inquiring(&[], "stty raw -echo; head -c 3 | od -c");
        terminal.wait_for("\x1b]4;15;?\x07\x1b[c");
        kill(Pid::from_raw(terminal.process()), Signal::SIGSTOP).unwrap();
        (start.elapsed() < Duration::from_millis(150)).then_some((scratch, terminal))
    };
    let (scratch, mut terminal) = (0..200).find_map(|_| stopped()).expect("a moment of a machine less busy");
    terminal.enter(&answers());
    std::thread::sleep(Duration::from_millis(250));
    kill(Pid::from_raw(terminal.process()), Signal::SIGCONT).unwrap();
    terminal.enter("abc");
    assert_eq!(terminal.status(), 0);
    let cast = scratch.read("demo.cast");
    assert_eq!(header(&cast)["theme"]["fg"], "#aabbcc", "{cast}");
    assert!(text_of(&cast, "o").contains("   a   b   c"), "{cast}");
}

#[test]
fn a_program_that_queries_the_terminal_gets_its_own_reply() {
    let command = "stty raw -echo; printf '\\033]11;?\\007'; head -c 24 | od -c";
    let (_scratch, mut terminal) = inquiring(&[], command);
    terminal.wait_for("\x1b[c");
    terminal.wait_for("\x1b]11;?\x07");
    terminal.enter(&format!("{}\x1b]11;rgb:4444/5555/6666\x07", answers()));
    assert_eq!(terminal.status(), 0);
    assert!(terminal.seen.contains("r   g   b   :   4   4   4   4"), "{:?}", terminal.seen);
}

#[test]
fn late_replies_are_not_typed_and_delay_nothing() {
    let command = "stty raw -echo; echo begun; head -c 2 | od -c";
    let (scratch, mut terminal) = inquiring(&[], command);
    terminal.wait_for("begun");
    // The recording has started without them.
    terminal.wait_until_file(&scratch, "demo.cast", "begun");
    terminal.enter("x");
    terminal.enter(&answers());
    terminal.enter("y");
    assert_eq!(terminal.status(), 0);
    assert!(terminal.seen.contains("   x   y"), "{:?}", terminal.seen);
    assert!(header(&scratch.read("demo.cast"))["theme"].is_null());
}

#[test]
fn after_a_short_program_the_shell_gets_no_replies() {
    let mut recorded = Recorded::outer();
    // After the command line, for whichever program reads first.
    recorded.terminal.enter("asciinema-rec -q -c true demo.cast; head -n 1 >typed\r");
    recorded.terminal.enter(&answers());
    recorded.terminal.wait_for("\x1b[c");
    recorded
        .terminal
        .wait_until("the recorder has ended", || recorded.scratch.files().contains(&"typed".into()));
    recorded.terminal.enter("line\r");
    recorded.back();
    assert_eq!(recorded.scratch.read("typed"), "line\n");
    assert_eq!(header(&recorded.cast())["theme"]["fg"], "#aabbcc");
}

#[test]
fn a_terminal_is_not_queried_if_disabled_or_if_queries_would_be_shown() {
    for line in [
        "asciinema-rec -q --no-theme -c 'echo end' demo.cast",
        "TERM=dumb asciinema-rec -q -c 'echo end' demo.cast",
        "TERM=linux asciinema-rec -q -c 'echo end' demo.cast",
        "STY=1.screen asciinema-rec -q -c 'echo end' demo.cast",
        "asciinema-rec -q --raw -c 'echo end' demo.cast",
        "echo >demo.cast; asciinema-rec -q -f txt --append -c 'echo end' demo.cast",
    ] {
        let scratch = Scratch::new();
        let mut terminal = Terminal::start(scratch.shell(line));
        assert_eq!(terminal.status(), 0);
        assert_eq!(terminal.seen, "end\r\n", "{line}");
    }
}
