//! The state line: the current time, the length of the cast, and the reason for a pause.

use common::cast::Time;
use common::screen::{Color, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::frame::Piece;

/// The contents of the state line.
pub struct State {
    pub position: Time,
    pub length: Time,
    /// True if more of the cast may arrive.
    pub is_live: bool,
    pub is_paused: bool,
    pub speed: f64,
    /// The times of the markers.
    pub markers: Vec<Time>,
    /// The label of a nearby marker.
    pub label: String,
    /// Shown at the right edge.
    pub hint: String,
}

/// The look of the line.
#[derive(Clone, Copy)]
pub struct Looks {
    pub has_color: bool,
    /// True if the terminal shows more than ASCII.
    pub is_utf8: bool,
}

/// The minimum width of a useful bar, in columns.
const NARROWEST_BAR: usize = 8;

impl Looks {
    fn style(self) -> Style {
        match self.has_color {
            true => {
                Style { foreground: Color::Indexed(250), background: Color::Indexed(236), ..Style::default() }
            }
            false => Style { inverse: true, ..Style::default() },
        }
    }

    fn accent(self) -> Style {
        match self.has_color {
            true => Style { foreground: Color::Indexed(117), ..self.style() },
            false => self.style(),
        }
    }
}

/// The line at a width in columns.
pub fn state_line(state: &State, cols: usize, looks: Looks) -> Vec<Piece> {
    let (plain, accent) = (looks.style(), looks.accent());
    let mut left = format!(" {}", clock(state.position, state.is_paused));
    if state.length > Time::ZERO || !state.is_live {
        left.push_str(&format!(" / {}", clock(state.length, false)));
    }
    if state.is_live {
        left.push_str(" live");
    }
    if state.speed != 1.0 {
        left.push_str(&format!("  {}x", state.speed));
    }
    left.push_str("  ");
    let mut right = String::new();
    for text in [&state.label, &state.hint] {
        if !text.is_empty() {
            right.push_str("  ");
            right.push_str(text);
        }
    }
    right.push(' ');
    let room = cols.saturating_sub(left.width());
    // The label is dropped first, then the hint, then the bar.
    let most = room.saturating_sub(NARROWEST_BAR + 1);
    let right = if right.width() > most && !state.hint.is_empty() {
        fitting(&format!("  {} ", state.hint), most)
    } else {
        fitting(&right, most)
    };
    let bar = room.saturating_sub(right.width());
    let mut pieces = vec![Piece::new(fitting(&left, cols), plain)];
    if bar >= NARROWEST_BAR {
        pieces.extend(
            self::bar(state, bar, looks)
                .into_iter()
                .map(|(text, is_played)| Piece::new(text, if is_played { accent } else { plain })),
        );
        pieces.push(Piece::new(right, plain));
    }
    filled(pieces, cols, plain)
}

/// A line with a prompt and the text typed so far, or a message.
pub fn prompt_line(text: &str, cols: usize, looks: Looks) -> Vec<Piece> {
    // Show the end, where the user is typing.
    let mut shown = text;
    while shown.width() + 2 > cols
        && let Some(first) = shown.chars().next()
    {
        shown = &shown[first.len_utf8()..];
    }
    filled(vec![Piece::new(format!(" {shown}"), looks.style())], cols, looks.style())
}

fn filled(mut pieces: Vec<Piece>, cols: usize, style: Style) -> Vec<Piece> {
    let width: usize = pieces.iter().map(|piece| piece.text.width()).sum();
    pieces.push(Piece::new(" ".repeat(cols.saturating_sub(width)), style));
    pieces
}

/// The bar, in runs of played and unplayed parts.
fn bar(state: &State, cols: usize, looks: Looks) -> Vec<(String, bool)> {
    let column = |time: Time| {
        let share = time.as_micros() as f64 / state.length.as_micros().max(1) as f64;
        ((share * cols as f64) as usize).min(cols - 1)
    };
    let played = if state.length == Time::ZERO { 0 } else { column(state.position) + 1 };
    let [line, rest, tick] = if looks.is_utf8 { ['━', '─', '┼'] } else { ['=', '-', '+'] };
    let mut cells = vec![rest; cols];
    cells[..played.min(cols)].fill(line);
    for &marker in &state.markers {
        cells[column(marker)] = tick;
    }
    let text = |cells: &[char]| cells.iter().collect::<String>();
    vec![(text(&cells[..played]), true), (text(&cells[played..]), false)]
}

/// The beginning of a text, as long as it fits.
fn fitting(text: &str, cols: usize) -> String {
    let mut width = 0;
    let fits = |character: &char| {
        width += character.width().unwrap_or(0);
        width <= cols
    };
    text.chars().take_while(fits).collect()
}

/// A time as `M:SS` or `H:MM:SS`; if it must be exact, with three decimals, rounded up so that every
/// event shown has happened by then.
pub fn clock(time: Time, is_exact: bool) -> String {
    let millis = if is_exact { time.as_micros().div_ceil(1000) } else { time.as_micros() / 1000 };
    let seconds = millis / 1000;
    let mut text = match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    };
    if is_exact {
        text.push_str(&format!(".{:03}", millis % 1000));
    }
    text
}
