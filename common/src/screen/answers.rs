//! A terminal's replies to a program's queries when no real terminal is there to send them:
//! programs wait for such replies, some forever.
//!
//! The replies are those of a VT220 with colours, in the form given by xterm's control sequences
//! document. Other queries are not answered, which programs take as a no: they query the device
//! attributes last, and those are answered.

use std::io::Write;

use super::Screen;
use crate::vt::{ControlString, Csi, End, Kind, Part, StringKind, Token, Tokenizer};

/// Red, green and blue.
pub type Channels = [u8; 3];

/// The colours reported to a program that queries them.
#[derive(Clone, Debug)]
pub struct Colours {
    /// The default colour of text.
    pub foreground: Channels,
    /// The default colour of the background.
    pub background: Channels,
    /// Colours 0 to 15.
    pub palette: [Channels; 16],
}

/// xterm's, on a black background.
impl Default for Colours {
    fn default() -> Colours {
        let palette = [
            0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5, 0x7f7f7f,
            0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
        ];
        let channels = |colour: u32| {
            let [_, red, green, blue] = colour.to_be_bytes();
            [red, green, blue]
        };
        let palette = palette.map(channels);
        Colours { foreground: palette[7], background: palette[0], palette }
    }
}

/// Finds queries in a program's output and answers them.
#[derive(Debug)]
pub struct Responder {
    tokenizer: Tokenizer,
    colours: Colours,
}

/// The private modes whose state is reported; others are reported as unknown.
const KNOWN_MODES: &[u16] = &[1, 5, 6, 7, 25, 47, 1000, 1002, 1003, 1004, 1006, 1047, 1049, 2004, 2026];

impl Responder {
    /// A responder for a terminal with these colours.
    pub fn new(colours: Colours) -> Responder {
        Responder { tokenizer: Tokenizer::default(), colours }
    }

    /// Feeds the next piece of output to the screen, and appends the replies to `out`. Each
    /// reflects the state of the screen when its query arrived.
    pub fn feed(&mut self, screen: &mut Screen, piece: &str, out: &mut Vec<u8>) {
        let start = self.tokenizer.position() + self.tokenizer.pending().len() as u64;
        let mut fed = 0;
        let mut tokens = self.tokenizer.tokens(piece.as_bytes());
        while let Some(token) = tokens.next() {
            if !is_question(&token) {
                continue;
            }
            // A query ends in this piece, wherever it began.
            let end = (token.start + token.bytes.len() as u64).saturating_sub(start) as usize;
            if let Some(text) = piece.get(fed..end) {
                screen.feed(text);
                fed = end;
            }
            answer(&token, screen, &self.colours, out);
        }
        screen.feed(&piece[fed..]);
    }
}

/// Returns whether a token may be a query: a fast test, since almost none is.
fn is_question(token: &Token<'_>) -> bool {
    match token.kind {
        Kind::Csi(csi) => matches!(csi.last, b'c' | b'n' | b'p' | b'q' | b't'),
        Kind::String(string) => string.text.contains(&b'?'),
        _ => false,
    }
}

fn answer(token: &Token<'_>, screen: &Screen, colours: &Colours, out: &mut Vec<u8>) {
    match token.kind {
        Kind::Csi(csi) => answer_sequence(csi, screen, out),
        Kind::String(string) => answer_string(&string, colours, out),
        _ => {}
    }
}

fn answer_sequence(csi: &Csi, screen: &Screen, out: &mut Vec<u8>) {
    let cursor = screen.cursor();
    let (row, col) = (cursor.row + 1, cursor.col + 1);
    let first = csi.value(0);
    let answer = match (csi.marker, csi.intermediates, csi.last, first) {
        (0, [0, 0], b'c', 0) => "\x1b[?62;22c".to_string(),
        (b'>', [0, 0], b'c', 0) => "\x1b[>1;100;0c".to_string(),
        (0, [0, 0], b'n', 5) => "\x1b[0n".to_string(),
        (0, [0, 0], b'n', 6) => format!("\x1b[{row};{col}R"),
        (b'?', [0, 0], b'n', 6) => format!("\x1b[?{row};{col};1R"),
        (b'>', [0, 0], b'q', 0) => format!("\x1bP>|asciinema {}\x1b\\", env!("CARGO_PKG_VERSION")),
        (b'?', [b'$', 0], b'p', mode) => {
            let state = match KNOWN_MODES.contains(&mode) {
                true if screen.modes().is_set(mode) => 1,
                true => 2,
                false => 0,
            };
            format!("\x1b[?{mode};{state}$y")
        }
        (0, [0, 0], b't', 18) => format!("\x1b[8;{};{}t", screen.size().rows, screen.size().cols),
        _ => return,
    };
    out.extend_from_slice(answer.as_bytes());
}

/// Answers a colour query (OSC 10, 11 and 4), with the same terminator as the query.
fn answer_string(string: &ControlString<'_>, colours: &Colours, out: &mut Vec<u8>) {
    if string.kind != StringKind::Osc || string.part != Part::Whole {
        return;
    }
    let end = match string.end {
        End::Bell => "\x07",
        End::Terminator => "\x1b\\",
        End::CutOff | End::Later => return,
    };
    let Ok(text) = std::str::from_utf8(string.text) else { return };
    let (name, colour) = match text {
        "10;?" => ("10", colours.foreground),
        "11;?" => ("11", colours.background),
        _ => {
            let number = text.strip_prefix("4;").and_then(|rest| rest.strip_suffix(";?"));
            let colour = number.and_then(|number| colours.palette.get(number.parse::<usize>().ok()?));
            let Some(&colour) = colour else { return };
            (&text[..text.len() - ";?".len()], colour)
        }
    };
    let [red, green, blue] = colour;
    // Writing to a vector cannot fail.
    let _ =
        write!(out, "\x1b]{name};rgb:{red:02x}{red:02x}/{green:02x}{green:02x}/{blue:02x}{blue:02x}{end}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::size::Size;

    fn answers(pieces: &[&str]) -> String {
        let mut palette = [[0; 3]; 16];
        palette[1] = [0xdd, 0x3c, 0x69];
        let colours = Colours { foreground: [0xcc, 0xcc, 0xcc], background: [0x12, 0x13, 0x14], palette };
        let mut screen = Screen::new(Size { cols: 20, rows: 5 }, 0).unwrap();
        let mut responder = Responder::new(colours);
        let mut out = Vec::new();
        for piece in pieces {
            responder.feed(&mut screen, piece, &mut out);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_query_is_answered_with_the_state_at_that_moment() {
        assert_eq!(answers(&["ab\x1b[6ncd\r\n\x1b[6n\x1b[5n"]), "\x1b[1;3R\x1b[2;1R\x1b[0n");
        assert_eq!(
            answers(&["\x1b[?2004h\x1b[?2004$p\x1b[?25$p\x1b[?9999$p"]),
            "\x1b[?2004;1$y\x1b[?25;1$y\x1b[?9999;0$y"
        );
    }

    #[test]
    fn the_given_colours_are_reported_with_the_terminator_of_the_query() {
        assert_eq!(answers(&["\x1b]11;?\x07"]), "\x1b]11;rgb:1212/1313/1414\x07");
        assert_eq!(answers(&["\x1b]4;1;?\x1b\\"]), "\x1b]4;1;rgb:dddd/3c3c/6969\x1b\\");
        assert_eq!(answers(&["\x1b]4;300;?\x1b\\\x1b]0;what?\x07"]), "");
    }

    #[test]
    fn a_query_in_pieces_is_recognized() {
        let whole = "xy\x1b[c\x1b]10;?\x1b\\ż\x1b[6n\x1b[>q";
        let expected = answers(&[whole]);
        assert!(expected.starts_with("\x1b[?62;22c\x1b]10;rgb:cccc"), "{expected:?}");
        for at in (1..whole.len()).filter(|&at| whole.is_char_boundary(at)) {
            assert_eq!(answers(&[&whole[..at], &whole[at..]]), expected, "{at}");
        }
    }
}
