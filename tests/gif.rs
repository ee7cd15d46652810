//! asciinema-gif.

use std::io::Cursor;

use common::screen::{Cell, Color, Screen};
use common::size::Size;
use proptest::prelude::*;

use crate::harness::{Scratch, Terminal, cast, json, run};

/// The size of a cell at the default font size, and the margin around the screen.
const CELL: (usize, usize) = (10, 22);
const MARGIN: (usize, usize) = (10, 11);

/// A frame as a viewer sees it: its duration and its pixels.
struct Frame {
    hundredths: u16,
    pixels: Vec<[u8; 3]>,
}

/// An animation, decoded by another library.
struct Animation {
    width: usize,
    frames: Vec<Frame>,
    does_loop: bool,
}

impl Animation {
    fn decode(bytes: &[u8]) -> Animation {
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(Cursor::new(bytes)).expect("a GIF");
        let width = usize::from(decoder.width());
        let mut pixels = vec![[0; 3]; width * usize::from(decoder.height())];
        let mut frames = Vec::new();
        while let Some(frame) = decoder.read_next_frame().expect("a frame") {
            let (left, top) = (usize::from(frame.left), usize::from(frame.top));
            for (index, pixel) in frame.buffer.chunks(4).enumerate().filter(|(_, pixel)| pixel[3] > 0) {
                let (x, y) = (index % usize::from(frame.width), index / usize::from(frame.width));
                pixels[(top + y) * width + left + x].copy_from_slice(&pixel[..3]);
            }
            frames.push(Frame { hundredths: frame.delay, pixels: pixels.clone() });
        }
        Animation { width, frames, does_loop: decoder.repeat() == gif::Repeat::Infinite }
    }

    fn delays(&self) -> Vec<u16> {
        self.frames.iter().map(|frame| frame.hundredths).collect()
    }

    /// The color at the center of a cell.
    fn color(&self, frame: usize, column: usize, row: usize) -> [u8; 3] {
        let (x, y) = (MARGIN.0 + column * CELL.0 + CELL.0 / 2, MARGIN.1 + row * CELL.1 + CELL.1 / 2);
        self.frames[frame].pixels[y * self.width + x]
    }
}

fn draw(options: &str, cast: &str) -> Animation {
    let ran = run(&format!("asciinema-gif {options}"), cast);
    assert_eq!((ran.status(), ran.stderr().as_str()), (0, ""), "{ran}");
    Animation::decode(ran.bytes())
}

/// The theme `asciinema`.
const BACKGROUND: [u8; 3] = [0x12, 0x13, 0x14];
const FOREGROUND: [u8; 3] = [0xcc, 0xcc, 0xcc];
const RED: [u8; 3] = [0xdd, 0x3c, 0x69];
const GREEN: [u8; 3] = [0x4e, 0xbf, 0x22];

#[test]
fn frames_last_as_long_as_their_screens() {
    let animation = draw("", &cast(&[(0.5, "a"), (1.25, "b"), (1.5, "c")]));
    assert_eq!(animation.delays(), [50, 75, 25, 300]);
    assert!(animation.does_loop);
    let once = draw("--no-loop --hold 0 -s 2", &cast(&[(0.5, "a"), (1.25, "b"), (1.5, "c")]));
    assert_eq!((once.delays(), once.does_loop), (vec![25, 38, 12, 2], false));
}

#[test]
fn pauses_are_limited_by_the_option_or_the_header_or_to_five_seconds() {
    let events = cast(&[(1.0, "a"), (61.0, "b")]);
    assert_eq!(draw("", &events).delays(), [100, 500, 300]);
    assert_eq!(draw("-i 2.5", &events).delays(), [100, 250, 300]);
    let limited = events.replacen("\"height\": 24", "\"height\": 24, \"idle_time_limit\": 1.5", 1);
    assert_eq!(draw("", &limited).delays(), [100, 150, 300]);
    // Longer than the format can represent.
    assert_eq!(
        draw("-i 1000 --hold 700", &cast(&[(1.0, "a"), (900.0, "b")])).delays(),
        [100, 65535, 24365, 65535, 4465]
    );
}

#[test]
fn a_burst_is_one_frame_and_an_event_without_effect_is_none() {
    let burst: Vec<(f64, &str)> = (0..20).map(|step| (1.0 + f64::from(step) / 1000.0, "x")).collect();
    assert_eq!(draw("", &cast(&burst)).delays(), [100, 302]);
    assert_eq!(draw("", &cast(&[(1.0, "\x1b[0m"), (2.0, "\x1b]0;title\x07")])).delays(), [500]);
    let fast = cast(&[(0.1, "a"), (0.11, "b"), (0.12, "c"), (0.21, "d")]);
    assert_eq!(draw("--fps 100", &fast).delays(), [10, 2, 9, 300]);
    assert_eq!(draw("--fps 10", &fast).delays(), [10, 11, 300]);
}

#[test]
fn a_part_begins_with_the_screen_at_that_time() {
    let events = cast(&[(1.0, "\x1b[41m \x1b[42m "), (3.0, "\x1b[H\x1b[42m "), (5.0, "\x1b[2J")]);
    let part = draw("--no-cursor --from 2 --to 4", &events);
    assert_eq!(part.delays(), [100, 300]);
    assert_eq!([part.color(0, 0, 0), part.color(0, 1, 0), part.color(1, 0, 0)], [RED, GREEN, GREEN]);
    let marked = events + "[6.0, \"m\", \"here\"]\n[7.0, \"o\", \"\\u001b[41m\\u001b[2J\"]\n";
    assert_eq!(draw("--no-cursor --from marker:here", &marked).delays(), [100, 300]);
}

#[test]
fn a_resized_terminal_is_drawn_at_its_largest_size() {
    let resized = "{\"version\":3,\"term\":{\"cols\":4,\"rows\":5}}\n\
                   [0.5,\"o\",\"\\u001b[41m\\u001b[2J\"]\n[0.5,\"r\",\"6x2\"]\n[0.5,\"o\",\"\\u001b[2J\"]\n";
    let animation = draw("--no-cursor", resized);
    assert_eq!(animation.width, 2 * MARGIN.0 + 6 * CELL.0);
    let last = animation.frames.len() - 1;
    assert_eq!(animation.color(1, 3, 4), RED);
    assert_eq!(animation.color(last, 5, 1), RED);
    assert_eq!(animation.color(last, 0, 4), BACKGROUND);
    assert_eq!(draw("--cols 3 --rows 2", resized).width, 2 * MARGIN.0 + 3 * CELL.0);
}

#[test]
fn colors_are_those_of_the_theme_the_cube_or_the_program() {
    let text = "\x1b[38;5;110m█\x1b[38;2;1;2;3m█\x1b[31m█\x1b[7m \x1b[0;2m█\x1b[0;1;31m█";
    let colors = |options: &str, header: &str| {
        let cast = cast(&[(0.0, text)]).replacen("\"height\": 24", header, 1);
        let animation = draw(&format!("--no-cursor {options}"), &cast);
        (0..7).map(|column| animation.color(0, column, 0)).collect::<Vec<_>>()
    };
    let plain = "\"height\": 24";
    let faint = [0x6f, 0x70, 0x70];
    assert_eq!(colors("", plain), [[0x87, 0xaf, 0xd7], [1, 2, 3], RED, RED, faint, RED, BACKGROUND]);
    let themed = format!(
        "\"height\": 24, \"theme\": {{\"fg\": \"#ffffff\", \"bg\": \"#000000\", \"palette\": \"{}\"}}",
        (0..16).map(|index| format!("#0000{index:02x}")).collect::<Vec<_>>().join(":")
    );
    assert_eq!(colors("", &themed)[2], [0, 0, 1]);
    assert_eq!(colors("--bold-is-bright", &themed)[5], [0, 0, 9]);
    assert_eq!(colors("--theme nord", &themed)[2], [0xbf, 0x61, 0x6a]);
    let own = "--theme 000000,ffffff,111111,222222,333333,444444,555555,666666,777777,888888";
    assert_eq!(colors(own, plain)[2], [0x22; 3]);
}

#[test]
fn colors_beyond_the_size_of_a_table_become_the_nearest_ones() {
    let mut text = String::new();
    for index in 0..1500 {
        text.push_str(&format!("\x1b[48;2;{};{};{}m ", index % 256, index * 7 % 256, index / 6));
    }
    let animation = draw("--no-cursor", &cast(&[(0.0, &text)]));
    for index in (0..1500).step_by(37) {
        let expected = [index % 256, index * 7 % 256, index / 6];
        let color = animation.color(0, index % 80, index / 80);
        let distance: usize = (0..3).map(|c| usize::from(color[c]).abs_diff(expected[c])).sum();
        assert!(distance < 90, "{index}: {color:?} for {expected:?}");
    }
}

#[test]
fn the_cursor_is_a_block_in_the_colors_of_its_cell() {
    let text = cast(&[(0.0, "\x1b[41m  \x08"), (0.5, "\x1b[?25l")]);
    let animation = draw("", &text);
    assert_eq!((animation.color(0, 0, 0), animation.color(0, 1, 0)), (RED, FOREGROUND));
    assert_eq!(animation.color(1, 1, 0), RED);
    assert_eq!(draw("--no-cursor", &text).color(0, 1, 0), RED);
}

#[test]
fn a_pipe_and_a_file_produce_the_same_bytes_every_time() {
    let scratch = Scratch::new();
    scratch.write("a.cast", cast(&[(0.5, "漢字 \x1b[1mbold"), (1.5, "\x1b[3;4mx")]));
    let line = "asciinema-gif a.cast > 1; asciinema-gif < a.cast > 2; cat a.cast | asciinema-gif - -o 3; \
                cmp 1 2 && cmp 2 3 && cmp 1 3 && echo same";
    let ran = scratch.run(line, "");
    assert_eq!(ran.stdout_anyhow(), "same\n", "{ran}");
}

#[test]
fn it_refuses_to_write_to_a_terminal() {
    let scratch = Scratch::new();
    scratch.write("a.cast", cast(&[(0.5, "a")]));
    for program in ["gif", "png"] {
        let command = scratch.shell(&format!("asciinema-{program} a.cast; echo status $?"));
        let mut terminal = Terminal::start(command);
        terminal.wait_for("stdout is a terminal, which cannot show a picture; use -o OUT or redirect it");
        terminal.wait_for("status 2");
    }
}

#[test]
fn a_truncated_cast_leaves_no_file() {
    let scratch = Scratch::new();
    scratch.write("a.cast", cast(&[(0.5, "a")]) + "[1.0, \"o\", \"cut");
    for program in ["gif", "png", "svg", "html"] {
        scratch.write("old", "old");
        let ran =
            scratch.run(&format!("asciinema-{program} a.cast -o new; asciinema-{program} a.cast -o old"), "");
        let message = format!("asciinema-{program}: a.cast: line 3: the line is cut off\n");
        assert_eq!(ran.failure(), (1, String::new(), message.repeat(2)));
        assert_eq!(
            (scratch.files(), scratch.read("old")),
            (vec!["a.cast".into(), "old".into()], "old".into())
        );
    }
}

#[test]
fn pictures_of_too_many_cells_or_pixels_are_refused() {
    for program in ["gif", "png", "svg --at 1", "svg", "html"] {
        let huge = "{\"version\": 2, \"width\": 65535, \"height\": 65535}\n[0.5, \"o\", \"a\"]\n";
        let ran = run(&format!("ulimit -v 1000000; asciinema-{program}"), huge);
        let name = program.split(' ').next().unwrap_or_default();
        let message =
            format!("asciinema-{name}: stdin: line 1: a terminal of 65535x65535 is too large to draw\n");
        assert_eq!(ran.failure(), (1, String::new(), message));
        let resized = cast(&[(0.5, "a")]) + "[1.0, \"r\", \"65535x65535\"]\n";
        let ran = run(&format!("ulimit -v 1000000; asciinema-{program}"), resized);
        assert!(ran.stderr().contains("line 3: a terminal of 65535x65535 is too large"), "{ran}");
    }
    let wide = "{\"version\": 2, \"width\": 65535, \"height\": 2}\n[0.5, \"o\", \"a\"]\n";
    let ran = run("asciinema-gif", wide);
    assert!(ran.stderr().starts_with("asciinema-gif: the picture would have 655370x66 pixels"), "{ran}");
}

#[test]
fn a_character_missing_from_all_fonts_is_a_box_and_reported_once() {
    let ran = run("asciinema-gif", cast(&[(0.5, "a\u{e123}b"), (1.0, "\u{e123}")]));
    let message = "asciinema-gif: no font has \u{e123} (U+E123); use --font FILE\n";
    assert_eq!((ran.status(), ran.stderr().as_str()), (0, message));
}

#[test]
fn values_out_of_range_are_usage_errors() {
    for (option, why) in [
        ("--fps 0", "'0' is not a number from 0.1 to 100"),
        ("--fps 101", "'101' is not a number from 0.1 to 100"),
        ("--font-size 1e9", "'1e9' is not a number from 4 to 200"),
        ("--line-height nan", "'nan' is not a number from 0.5 to 5"),
        ("--hold -1", "'-1' is not a number of seconds"),
        ("--cols 0", "'0' is not a whole number from 1 to 65535"),
        ("--padding 1.5", "'1.5' is not a whole number from 0 to 1000"),
        ("--from x", "'x' is no time: use seconds, MM:SS, HH:MM:SS or marker:LABEL"),
        (
            "--theme nope",
            "'nope' is not one of asciinema, dracula, github-dark, github-light, gruvbox-dark, monokai, \
             nord, solarized-dark, solarized-light, tango",
        ),
        (
            "--theme 000000,ffffff",
            "'000000,ffffff' is not BACKGROUND,FOREGROUND and 8 or 16 colors, each as rrggbb",
        ),
    ] {
        let ran = run(&format!("asciinema-gif {option}"), cast(&[]));
        let name = option.split(' ').next().unwrap_or_default();
        let message = format!("asciinema-gif: option '{name}': {why}\ntry 'asciinema-gif --help'\n");
        assert_eq!(ran.failure(), (2, String::new(), message));
    }
}

#[test]
fn aggs_option_names_are_accepted() {
    let events = cast(&[(0.1, "a"), (0.15, "b"), (9.0, "c")]);
    let agg = draw("--fps-cap 10 --last-frame-duration 1 --idle-time-limit 2 --speed 2", &events);
    assert_eq!(agg.delays(), draw("--fps 10 --hold 1 -i 2 -s 2", &events).delays());
}

/// Output that colors cells and moves the cursor.
fn output() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (40u8..48, 1usize..20).prop_map(|(color, count)| format!("\x1b[{color}m{}", " ".repeat(count))),
        2 => (30u8..38).prop_map(|color| format!("\x1b[{color}m██")),
        3 => (1u8..9, 1u8..22).prop_map(|(row, column)| format!("\x1b[{row};{column}H")),
        1 => Just("\x1b[2J".to_string()),
        1 => Just("\r\n\n\n".to_string()),
        1 => Just("\x1b[7m".to_string()),
        1 => Just("\x1b[?1049h".to_string()),
        1 => Just("\x1b[?1049l".to_string()),
        1 => Just("\x1bM\x1bM".to_string()),
        1 => Just("漢".to_string()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_frame_matches_the_terminal(pieces in prop::collection::vec(output(), 1..25)) {
        let size = Size { cols: 20, rows: 7 };
        let mut cast = String::from("{\"version\": 2, \"width\": 20, \"height\": 7}\n");
        let mut screen = Screen::new(size, 0).expect("a terminal");
        let colors = |screen: &Screen| -> Vec<Option<[u8; 3]>> {
            let palette = [[0, 0, 0], RED, GREEN, [0xdd, 0xaf, 0x3c], [0x26, 0xb0, 0xd7],
                [0xb9, 0x54, 0xe1], [0x54, 0xe1, 0xb9], [0xd9, 0xd9, 0xd9]];
            let rgb = |color, default| match color {
                Color::Indexed(index) => palette[usize::from(index)],
                _ => default,
            };
            let cells: Vec<_> = screen.rows().flat_map(|row| row.cells().to_vec()).collect();
            cells.iter().map(|cell| {
                let style = screen.style(cell);
                let ink = if style.inverse { (style.background, BACKGROUND) } else { (style.foreground, FOREGROUND) };
                let paper = if style.inverse { (style.foreground, FOREGROUND) } else { (style.background, BACKGROUND) };
                match cell.character() {
                    '█' => Some(rgb(ink.0, ink.1)),
                    ' ' if !cell.is_right_half() => Some(rgb(paper.0, paper.1)),
                    _ => None,
                }
            }).collect()
        };
        let mut shown = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            screen.feed(piece);
            cast.push_str(&format!("[{}.{}, \"o\", {}]\n", index / 10, index % 10, json(piece)));
            shown.push(colors(&screen));
        }
        let animation = draw("--no-cursor --hold 0.1", &cast);
        let mut now = 0;
        for (frame, Frame { hundredths, .. }) in animation.frames.iter().enumerate() {
            for (index, expected) in shown[now / 10].iter().enumerate() {
                let Some(expected) = expected else { continue };
                let (column, row) = (index % 20, index / 20);
                prop_assert_eq!(animation.color(frame, column, row), *expected, "at {}: {}, {}", now, column, row);
            }
            now += usize::from(*hundredths);
        }
        prop_assert_eq!(now, (pieces.len() - 1) * 10 + 10);
    }
}
