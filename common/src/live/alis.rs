//! ALiS v1, the protocol of asciinema's live streams: the payloads of its messages.
//!
//! A stream is [`MAGIC`], [`init`], events, [`end`]. An init may be repeated at any time: it
//! replaces the screen. Numbers are unsigned LEB128 in the shortest form, texts are preceded by
//! their length in bytes. Events are numbered consecutively, and carry the time since the previous
//! event in microseconds.

use super::{Data, Event};
use crate::cast::{Theme, Time};
use crate::size::Size;

/// The first message of a stream.
pub const MAGIC: &[u8] = b"ALiS\x01";

/// The start of a stream: the state of the terminal after an event.
#[derive(Clone, Copy, Debug)]
pub struct Init<'a> {
    /// The number of the last event included in the state; 0 before the first.
    pub last_id: u64,
    /// The current time of the session.
    pub time: Time,
    /// The terminal's size.
    pub size: Size,
    /// The terminal's colours, if known.
    pub theme: Option<&'a Theme>,
    /// The output that draws the screen.
    pub drawing: &'a str,
}

/// The message for an init.
pub fn init(init: &Init<'_>) -> Vec<u8> {
    let mut out = vec![0x01];
    number(init.last_id, &mut out);
    number(init.time.as_micros(), &mut out);
    number(init.size.cols.into(), &mut out);
    number(init.size.rows.into(), &mut out);
    match init.theme {
        Some(theme) => {
            out.push(theme.palette.len() as u8);
            let colours = [theme.foreground, theme.background].into_iter();
            colours.chain(theme.palette.iter().copied()).for_each(|colour| out.extend_from_slice(&colour));
        }
        None => out.push(0),
    }
    text(init.drawing, &mut out);
    out
}

/// The message for an event: its number, and the time since the previous event or since the time of
/// the init.
pub fn event(id: u64, since: Time, event: &Event) -> Vec<u8> {
    let mut out = vec![match event.data {
        Data::Output(_) => b'o',
        Data::Input(_) => b'i',
        Data::Marker(_) => b'm',
        Data::Resize(_) => b'r',
        Data::Exit(_) => b'x',
    }];
    number(id, &mut out);
    number(since.as_micros(), &mut out);
    match &event.data {
        Data::Output(data) | Data::Input(data) | Data::Marker(data) => text(data, &mut out),
        Data::Resize(size) => {
            number(size.cols.into(), &mut out);
            number(size.rows.into(), &mut out);
        }
        // Numbers are unsigned.
        Data::Exit(status) => number(u64::try_from(*status).unwrap_or(0), &mut out),
    }
    out
}

/// The message that ends the stream, numbered like an event.
pub fn end(id: u64, since: Time) -> Vec<u8> {
    let mut out = vec![0x04];
    number(id, &mut out);
    number(since.as_micros(), &mut out);
    out
}

fn text(text: &str, out: &mut Vec<u8>) {
    number(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

/// Appends a number: seven bits per byte, lowest first, with the top bit set on all but the last
/// byte.
fn number(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { cols: 100, rows: 30 };

    fn message(id: u64, since: u64, data: Data) -> Vec<u8> {
        event(id, Time::from_micros(since), &Event { time: Time::ZERO, data })
    }

    /// Messages captured from asciinema 3.2.0.
    #[test]
    fn messages_are_those_of_asciinema_3() {
        let mut state = Init { last_id: 0, time: Time::ZERO, size: SIZE, theme: None, drawing: "" };
        assert_eq!(init(&state), [0x01, 0x00, 0x00, 0x64, 0x1e, 0x00, 0x00]);
        let drawing = "x".repeat(44);
        state = Init { last_id: 1, time: Time::from_micros(899_037), drawing: &drawing, ..state };
        assert_eq!(init(&state)[..9], [0x01, 0x01, 0xdd, 0xef, 0x36, 0x64, 0x1e, 0x00, 0x2c]);
        let output = message(2, 305_181, Data::Output("two".to_string()));
        assert_eq!(output, [0x6f, 0x02, 0x9d, 0xd0, 0x12, 0x03, 0x74, 0x77, 0x6f]);
        assert_eq!(message(3, 305_786, Data::Exit(3)), [0x78, 0x03, 0xfa, 0xd4, 0x12, 0x03]);
        assert_eq!(end(4, Time::from_micros(3)), [0x04, 0x04, 0x03]);
    }

    #[test]
    fn a_theme_is_the_number_of_colours_and_the_colours() {
        for count in [8, 16] {
            let theme = Theme {
                foreground: [0xd0, 0xd1, 0xd2],
                background: [0x10, 0x11, 0x12],
                palette: vec![[1, 2, 3]; count],
            };
            let size = Size { cols: 80, rows: 24 };
            let message =
                init(&Init { last_id: 0, time: Time::ZERO, size, theme: Some(&theme), drawing: "" });
            let front = [1, 0, 0, 80, 24, count as u8, 0xd0, 0xd1, 0xd2, 0x10, 0x11, 0x12];
            assert_eq!(message, [&front[..], &[1, 2, 3].repeat(count), &[0]].concat());
        }
    }

    #[test]
    fn numbers_take_as_few_bytes_as_possible() {
        for (value, bytes) in [
            (0, &[0][..]),
            (127, &[0x7f]),
            (128, &[0x80, 0x01]),
            (16_383, &[0xff, 0x7f]),
            (16_384, &[0x80, 0x80, 0x01]),
            (u64::MAX, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
        ] {
            let mut out = Vec::new();
            number(value, &mut out);
            assert_eq!(out, bytes);
        }
    }

    #[test]
    fn every_kind_of_event_has_its_message() {
        assert_eq!(message(1, 0, Data::Input("ż".to_string())), [0x69, 1, 0, 2, 0xc5, 0xbc]);
        assert_eq!(message(1, 0, Data::Marker(String::new())), [0x6d, 1, 0, 0]);
        assert_eq!(message(200, 0, Data::Resize(SIZE)), [0x72, 0xc8, 0x01, 0, 100, 30]);
        assert_eq!(message(1, 0, Data::Exit(-1)), [0x78, 1, 0, 0]);
    }
}
