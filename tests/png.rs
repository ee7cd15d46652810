//! asciinema-png.

use std::io::Cursor;

use crate::harness::{Scratch, cast, run};

/// A decoded picture: its width and its pixels.
struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    fn decode(bytes: &[u8]) -> Picture {
        let mut decoder = png::Decoder::new(Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().expect("a PNG");
        let mut buffer = vec![0; reader.output_buffer_size().expect("a size")];
        let frame = reader.next_frame(&mut buffer).expect("a picture");
        let pixels =
            buffer[..frame.buffer_size()].chunks(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        Picture { width: frame.width as usize, height: frame.height as usize, pixels }
    }

    fn pixel(&self, x: usize, y: usize) -> [u8; 3] {
        self.pixels[y * self.width + x]
    }

    /// The pixels of a cell at the default size.
    fn cell(&self, column: usize, row: usize) -> Vec<[u8; 3]> {
        let (left, top) = (10 + column * 10, 11 + row * 22);
        (top..top + 22).flat_map(|y| (left..left + 10).map(move |x| self.pixel(x, y))).collect()
    }
}

fn draw(options: &str, cast: &str) -> Picture {
    let ran = run(&format!("asciinema-png {options}"), cast);
    assert_eq!((ran.status(), ran.stderr().as_str()), (0, ""), "{ran}");
    Picture::decode(ran.bytes())
}

const BACKGROUND: [u8; 3] = [0x12, 0x13, 0x14];
const FOREGROUND: [u8; 3] = [0xcc, 0xcc, 0xcc];
const RED: [u8; 3] = [0xdd, 0x3c, 0x69];

#[test]
fn the_screen_is_drawn_at_the_end_or_at_a_given_time() {
    let events = cast(&[(1.0, "\x1b[41m \x1b[0m"), (2.0, "\x1b[H ")])
        + "[2.5, \"m\", \"end\"]\n[3.0, \"o\", \"\\u001b[H\\u001b[41m \"]\n";
    let color = |options: &str| draw(&format!("--no-cursor {options}"), &events).pixel(15, 20);
    assert_eq!(
        [color(""), color("--at 1"), color("--at 2"), color("--at 2.9")],
        [RED, RED, BACKGROUND, BACKGROUND]
    );
    assert_eq!(
        [color("--at 0:00"), color("--at marker:end"), color("--at 99")],
        [BACKGROUND, BACKGROUND, RED]
    );
    let ran = run("asciinema-png --at marker:nope", events);
    assert_eq!(
        ran.failure(),
        (1, String::new(), "asciinema-png: stdin: the cast has no marker 'nope'\n".into())
    );
}

#[test]
fn letters_are_sharp_at_their_lower_and_upper_edge() {
    let picture = draw("--no-cursor", &cast(&[(0.0, "x")]));
    let cell = picture.cell(0, 0);
    let rows: Vec<bool> = cell.chunks(10).map(|row| row.iter().any(|pixel| *pixel != BACKGROUND)).collect();
    let inked: Vec<usize> = (0..22).filter(|&row| rows[row]).collect();
    // The x is 9 pixels high and stands on the baseline.
    assert_eq!(inked, (8..17).collect::<Vec<_>>());
    assert!(cell.contains(&FOREGROUND));
}

#[test]
fn blocks_lines_and_backgrounds_leave_no_gap() {
    let picture = draw("--no-cursor", &cast(&[(0.0, "███\r\n███\x1b[3;1H│\r\n│\x1b[5;1H──")]));
    let is_solid = |x: usize, y: usize| picture.pixel(x, y) == FOREGROUND;
    assert!((10..40).all(|x| (11..55).all(|y| is_solid(x, y))));
    assert!((55..99).all(|y| is_solid(14, y)));
    assert!((10..30).all(|x| is_solid(x, 99 + 10)));
}

#[test]
fn bold_italic_and_every_kind_of_line_look_different() {
    let styles = ["0", "1", "3", "1;3", "2", "4", "4:2", "4:3", "4:4", "4:5", "9", "53", "4;58;5;1", "7"];
    let text: String = styles.iter().map(|style| format!("\x1b[0;{style}ma")).collect();
    let picture = draw("--no-cursor", &cast(&[(0.0, &text)]));
    let mut cells: Vec<_> = (0..styles.len()).map(|column| picture.cell(column, 0)).collect();
    cells.sort();
    cells.dedup();
    assert_eq!(cells.len(), styles.len());
    let concealed = draw("--no-cursor", &cast(&[(0.0, "\x1b[8msecret")]));
    assert!(concealed.pixels.iter().all(|pixel| *pixel == BACKGROUND));
}

#[test]
fn options_set_the_size() {
    let size = |options: &str| {
        let picture = draw(options, &cast(&[(0.0, "a")]));
        (picture.width, picture.height)
    };
    assert_eq!(size(""), (820, 550));
    assert_eq!(size("--cols 10 --rows 2 --padding 0"), (100, 44));
    assert_eq!(size("--cols 10 --rows 2 --padding 0 --window"), (100, 77));
    assert_eq!(size("--font-size 32 --line-height 1 --cols 1 --rows 1 --padding 0"), (20, 32));
}

#[test]
fn a_given_font_takes_precedence() {
    let scratch = Scratch::new();
    let bold = concat!(env!("CARGO_MANIFEST_DIR"), "/common/render/fonts/Bold.ttf");
    let line = format!("asciinema-png --font {bold} a.cast");
    scratch.write("a.cast", cast(&[(0.0, "abc")]));
    scratch.write("none.ttf", "no font");
    let own = scratch.run(&line, "");
    let bold = run("asciinema-png", cast(&[(0.0, "\x1b[1mabc")]));
    assert_eq!(Picture::decode(own.bytes()).cell(0, 0), Picture::decode(bold.bytes()).cell(0, 0));
    let ran = scratch.run("asciinema-png --font none.ttf a.cast; asciinema-png --font gone.ttf a.cast", "");
    let message = "asciinema-png: none.ttf: not a font that text can be drawn with\n\
                   asciinema-png: gone.ttf: No such file or directory\n";
    assert_eq!(ran.failure(), (1, String::new(), message.to_string()));
}
