//! An event to be sent to viewers.

use crate::cast::{self, Code, Fault, Time};
use crate::screen::{MOST_CELLS, TooLarge};
use crate::size::Size;

/// The longest text of one event, in bytes: longer ones are split into several at the same time, so
/// that a viewer in the middle of one holds little memory.
const LONGEST_TEXT: usize = 16 << 10;

/// An event sent to viewers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The time of the event since the start of the cast.
    pub time: Time,
    /// The contents of the event.
    pub data: Data,
}

/// The contents of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// The program writes to the terminal.
    Output(String),
    /// The user types.
    Input(String),
    /// A marker, and its label.
    Marker(String),
    /// The terminal is resized.
    Resize(Size),
    /// The program ends with a status.
    Exit(i64),
}

impl Data {
    /// Its text, if any; otherwise empty.
    pub fn text(&self) -> &str {
        match self {
            Data::Output(text) | Data::Input(text) | Data::Marker(text) => text,
            Data::Resize(_) | Data::Exit(_) => "",
        }
    }
}

impl Event {
    /// Appends the events to send to viewers for an event of a cast: none if its code is unknown,
    /// several if its text is long.
    ///
    /// # Errors
    ///
    /// The text cannot be decoded, or the size is too large for a screen.
    pub fn append(event: &cast::Event<'_>, events: &mut Vec<Event>) -> Result<(), Fault> {
        let time = event.time;
        let data = match event.code {
            Code::Output | Code::Input => {
                let wrap = if event.code == Code::Output { Data::Output } else { Data::Input };
                let text = event.text()?;
                let data = pieces(&text).map(|piece| Event { time, data: wrap(piece.to_string()) });
                events.extend(data);
                return Ok(());
            }
            Code::Marker => Data::Marker(event.text()?),
            Code::Resize => match event.resize() {
                Some(size) => {
                    check_size(size)?;
                    Data::Resize(size)
                }
                None => return Ok(()),
            },
            Code::Exit => Data::Exit(event.text()?.parse().unwrap_or(0)),
            Code::Other => return Ok(()),
        };
        events.push(Event { time, data });
        Ok(())
    }
}

/// Checks that a screen can have this size.
pub(super) fn check_size(size: Size) -> Result<(), TooLarge> {
    let cells = usize::from(size.cols) * usize::from(size.rows);
    if cells > MOST_CELLS { Err(TooLarge(size)) } else { Ok(()) }
}

/// The text in pieces of a bounded length; an empty text is one piece.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        if text.len() <= LONGEST_TEXT {
            return rest.take();
        }
        let is_boundary = |&at: &usize| text.is_char_boundary(at);
        let (piece, after) = text.split_at((0..=LONGEST_TEXT).rev().find(is_boundary).unwrap_or(0));
        rest = Some(after);
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_split_between_characters() {
        let text = "ż".repeat(LONGEST_TEXT);
        let pieces: Vec<&str> = pieces(&text).collect();
        assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.len() <= LONGEST_TEXT));
        assert_eq!(pieces.concat(), text);
        assert_eq!(super::pieces("").collect::<Vec<_>>(), [""]);
    }
}
