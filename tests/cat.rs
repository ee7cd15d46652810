//! asciinema-cat.

use crate::harness::{Scratch, Terminal, cast, run};

const V1: &str =
    "{\"version\": 1, \"width\": 80, \"height\": 24, \"stdout\": [[0.5, \"one\\u001b[m\"], [9, \"\\r\\n\"]]}";
const V3: &str = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n[0.5, \"o\", \"ż\"]\n[0.5, \"i\", \"x\"]\n[0.5, \"r\", \"1x1\"]\n[0.5, \"zz\", 5]\n[0.5, \"o\", \"\\ud83d\\ude00\"]\n";

#[test]
fn prints_the_output_of_casts_of_every_version_in_order() {
    let scratch = Scratch::new();
    scratch.write("v1.json", V1);
    scratch.write("v3.cast", V3);
    let ran = scratch.run("asciinema-cat v1.json - v3.cast", cast(&[(1.0, "two\n")]));
    assert_eq!(ran.stdout(), "one\x1b[m\r\ntwo\nż😀");
}

#[test]
fn prints_invalid_utf8_unchanged() {
    let mut bad = cast(&[]).into_bytes();
    bad.extend_from_slice(b"[1, \"o\", \"a\xff\"]\n");
    assert_eq!(run("asciinema-cat -", bad).bytes(), b"a\xff");
}

#[test]
fn a_bad_line_ends_it_after_everything_before_has_been_printed() {
    let scratch = Scratch::new();
    scratch.write("good.cast", cast(&[(1.0, "good")]));
    scratch.write("bad.cast", cast(&[(1.0, "fine")]) + "[2, \"o\", \"half\\q\"]\n[3, \"o\", \"never\"]\n");
    let message = "asciinema: bad.cast: line 3: not an escape sequence of JSON: '\\q'\n".to_string();
    assert_eq!(
        scratch.run("asciinema-cat good.cast bad.cast good.cast", "").failure(),
        (1, "goodfine".to_string(), message)
    );
    let message = "asciinema: nope.cast: No such file or directory\n".to_string();
    assert_eq!(
        scratch.run("asciinema-cat good.cast nope.cast", "").failure(),
        (1, "good".to_string(), message)
    );
    let message = "asciinema: stdin: the input is empty, expected an asciicast\n".to_string();
    assert_eq!(run("asciinema-cat -", "").failure(), (1, String::new(), message));
}

#[test]
fn a_missing_file_operand_is_reported() {
    let message = "asciinema: FILE is missing\ntry 'asciinema-cat --help'\n".to_string();
    assert_eq!(run("asciinema-cat", "").failure(), (2, String::new(), message));
}

#[test]
fn the_terminals_replies_to_a_recording_are_neither_shown_nor_typed() {
    let scratch = Scratch::new();
    scratch.write("asks.cast", cast(&[(0.0, "first\x1b[6n\x1b]11;?\x07last")]));
    let mut shell = scratch.command("sh");
    shell.env("PS1", "outer-$((2))>");
    let mut terminal = Terminal::start(shell);
    terminal.wait_for("outer-2>");
    let settings = terminal.settings();
    terminal.enter("asciinema-cat --unsafe asks.cast; stty -a >after; head -n 1 >typed\r");
    terminal.wait_for("last");
    terminal.enter("\x1b[1;6R\x1b]11;rgb:0000/0000/0000\x07");
    // The reply to the last query shows that all others have been answered.
    terminal.wait_for("\x1b[5n");
    terminal.enter("\x1b[0n");
    terminal.wait_until("cat has ended", || scratch.files().contains(&"typed".to_string()));
    terminal.enter("line\r");
    terminal.wait_for("outer-2>");
    assert_eq!(scratch.read("typed"), "line\n");
    assert_eq!(scratch.read("after"), settings);
    assert!(!terminal.seen.contains("^[") && !terminal.seen.contains("rgb"), "{:?}", terminal.seen);
}

#[test]
fn on_a_terminal_a_line_feed_does_not_return_the_carriage() {
    let scratch = Scratch::new();
    scratch.write("demo.cast", cast(&[(0.0, "\x1b[5;7Hone\ntwo"), (0.1, "end")]));
    let mut terminal = Terminal::start(scratch.shell("asciinema-cat demo.cast"));
    terminal.wait_for("one\ntwoend");
}

#[test]
fn modes_that_a_recording_leaves_set_are_reset() {
    let scratch = Scratch::new();
    scratch.write("vim.cast", cast(&[(0.0, "\x1b[?1049h\x1b[?25l\x1b[31mtext")]));
    scratch.write("plain.cast", cast(&[(0.0, "plain")]));
    let mut terminal = Terminal::start(scratch.shell("asciinema-cat vim.cast plain.cast; echo done"));
    terminal.wait_for("textplain\x1b[?1049l\x1b[?25h\x1b[0mdone");
}

#[test]
fn the_keyboard_is_not_read_as_a_cast() {
    let scratch = Scratch::new();
    let mut terminal = Terminal::start(scratch.shell("asciinema-cat -; echo status-$?"));
    terminal.wait_for("stdin is a terminal; name a cast or pipe one in");
    terminal.wait_for("status-2");
}

#[test]
fn unsafe_sequences_are_held_back_only_on_a_terminal() {
    let scratch = Scratch::new();
    let output = "a\x1b[6n\x1b]52;c;eA==\x07\x1b[31mb\x1b]0;title\x07c\x1b[m";
    scratch.write("demo.cast", cast(&[(0.0, "\x1b"), (0.1, "[6n"), (0.2, output)]));
    let mut terminal = Terminal::start(scratch.shell("asciinema-cat demo.cast; echo done"));
    terminal.wait_for("a\x1b[31mb\x1b[22;0t\x1b]0;title\x07c\x1b[m\x1b[23;0tdone");
    assert!(!terminal.seen.contains("[6n") && !terminal.seen.contains("]52"), "{:?}", terminal.seen);
    assert_eq!(scratch.run("asciinema-cat demo.cast", "").stdout(), format!("\x1b[6n{output}"));
    let mut terminal = Terminal::start(scratch.shell("asciinema-cat --unsafe demo.cast"));
    terminal.wait_for(&format!("\x1b[6n{output}"));
}

#[test]
fn after_ctrl_c_late_replies_of_the_terminal_are_discarded() {
    let scratch = Scratch::new();
    scratch.write("asks.cast", cast(&[(0.0, "\x1b[?25lfirst\x1b[6nlast")]));
    let mut shell = scratch.command("sh");
    shell.env("PS1", "outer-$((2))>");
    let mut terminal = Terminal::start(shell);
    terminal.wait_for("outer-2>");
    let settings = terminal.settings();
    terminal.enter(
        "mkfifo pipe; exec 3<>pipe; cat asks.cast >&3; asciinema-cat --unsafe pipe; stty -a >after; head -n 1 >typed\r",
    );
    terminal.wait_for("last");
    terminal.enter("\x03");
    terminal.wait_for("\x1b[?25h");
    terminal.wait_for("\x1b[5n");
    terminal.enter("\x1b[1;6R\x1b[0n");
    terminal.wait_for("outer-2>");
    terminal.enter("stty -a >after; head -n 1 >typed\r");
    terminal.wait_until("cat has ended", || scratch.files().contains(&"typed".to_string()));
    terminal.enter("line\r");
    terminal.wait_for("outer-2>");
    assert_eq!(scratch.read("typed"), "line\n");
    assert_eq!(scratch.read("after"), settings);
}

#[test]
fn the_terminal_is_restored_after_a_signal() {
    let scratch = Scratch::new();
    scratch.write("demo.cast", cast(&[(0.0, "printed")]));
    let mut shell = scratch.command("sh");
    shell.env("PS1", "outer-$((2))>");
    let mut terminal = Terminal::start(shell);
    terminal.wait_for("outer-2>");
    let settings = terminal.settings();
    // A pipe that stays open keeps cat waiting for more.
    terminal.enter("mkfifo pipe; { cat demo.cast; read line <go; } >pipe & mkfifo go; asciinema-cat pipe\r");
    terminal.wait_for("printed");
    terminal.enter("\x03");
    terminal.wait_for("outer-2>");
    assert_eq!(terminal.settings(), settings);
    // Otherwise the other end would wait forever.
    terminal.enter("echo >go\r");
    terminal.wait_for("outer-2>");
}

#[test]
fn the_terminal_is_restored_while_cat_is_stopped() {
    let scratch = Scratch::new();
    scratch.write("demo.cast", cast(&[(0.0, "printed")]));
    let mut shell = scratch.command("sh");
    shell.env("PS1", "outer-$((2))>");
    let mut terminal = Terminal::start(shell);
    terminal.wait_for("outer-2>");
    let settings = terminal.settings();
    // A pipe whose other end stays open keeps cat waiting for more.
    terminal.enter("set -m; mkfifo pipe; exec 3<>pipe; cat demo.cast >&3; asciinema-cat pipe\r");
    terminal.wait_for("printed");
    terminal.enter("\x1a");
    terminal.wait_for("outer-2>");
    assert_eq!(terminal.settings(), settings);
    terminal.enter("fg\r");
    terminal.wait_until_taken();
    terminal.enter("\x03");
    terminal.wait_for("outer-2>");
    assert_eq!(terminal.settings(), settings);
}

#[test]
fn with_a_format_it_joins_casts_as_3_x_does() {
    let scratch = Scratch::new();
    scratch.write("a.cast", cast(&[(0.5, "hi")]).trim_end());
    scratch.write(
        "b.cast",
        "{\"version\":3,\"term\":{\"cols\":90,\"rows\":30}}\n# c\n[0.5, \"o\", \"v3\"]\n[0.25, \"x\", \"3\"]\n",
    );
    let joined = scratch.run("asciinema cat -q -f asciicast a.cast b.cast a.cast", "").stdout();
    let expected = cast(&[(0.5, "hi")])
        + "[0.500000, \"r\", \"90x30\"]\n[1.000000, \"o\", \"v3\"]\n[1.250000, \"x\", \"3\"]\n\
           [1.250000, \"r\", \"80x24\"]\n[1.750000, \"o\", \"hi\"]\n";
    assert_eq!(joined, expected);
    let joined = scratch.run("asciinema cat -f asciicast b.cast a.cast", "").stdout();
    let expected = scratch.read("b.cast") + "[0.000, \"r\", \"80x24\"]\n[0.500000, \"o\", \"hi\"]\n";
    assert_eq!(joined, expected);
    assert_eq!(scratch.run("asciinema cat -f txt a.cast b.cast", "").stdout(), "hiv3\n");
    let joined = scratch.run("asciinema cat -f asciicast-v3 a.cast a.cast", "").stdout();
    assert_eq!(
        joined,
        "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n[0.500000, \"o\", \"hi\"]\n[0.500000, \"o\", \"hi\"]\n"
    );
    // Everything before a fault is written.
    scratch.write("bad.cast", cast(&[(1.0, "fine")]) + "[2, \"o\", \"half");
    let ran = scratch.run("asciinema cat -f raw a.cast bad.cast", "");
    assert_eq!((ran.status(), ran.stdout_anyhow()), (1, "\x1b[8;24;80thifine".to_string()));
}
