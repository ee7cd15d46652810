//! What stands between avt and the terminals that people have: its drawings spelled in sequences that
//! all of them know, and the one attribute it must not forget.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

const ESC: char = '\x1b';

/// How avt begins a list of tab stops: CTC 5 (ECMA-48, 8.3.17), which hardly any terminal knows.
const OWN_TAB_STOPS: &str = "\x1b[5W";

/// Whether a drawing of avt's sets tab stops of its own.
pub fn sets_tab_stops(drawing: &str) -> bool {
    drawing.contains(OWN_TAB_STOPS)
}

/// A drawing of avt's, spelled for terminals at large: repetitions (REP) written out, the parts of
/// colours parted by semicolons, tab stops set by TBC and HTS, and 7-bit introducers, since a
/// terminal that expects UTF-8 need not take U+009B for one. Behind it, apart, the beginning of a
/// sequence that the stream has left unfinished.
pub fn portable(drawing: &str) -> (String, String) {
    let mut out = String::with_capacity(drawing.len());
    let mut rest = drawing;
    let mut printed = ' ';
    while let Some(character) = rest.chars().next() {
        if let Some((parameters, last, length)) = control_sequence(rest) {
            match last {
                'b' => {
                    let count = parameters.parse().unwrap_or(1);
                    out.extend(std::iter::repeat_n(printed, count));
                }
                'm' => out.push_str(&rest[..length].replace(':', ";")),
                'W' if parameters == "5" => out.push_str("\x1b[3g"),
                'W' if parameters == "0" => out.push_str("\x1bH"),
                _ => out.push_str(&rest[..length]),
            }
            rest = &rest[length..];
            continue;
        }
        if let Some(unfinished) = unfinished(rest) {
            return (out, unfinished);
        }
        out.push(character);
        printed = character;
        rest = &rest[character.len_utf8()..];
    }
    (out, String::new())
}

/// How avt enters the alternate screen.
const ALTERNATE: &str = "\x1b[?1047h";

/// A drawing that enters the alternate screen by mode 1049 rather than 1047, because the program that
/// is shown will leave it by 1049: some terminals keep the cursor to which they go back then apart
/// from the one that DECSC saves. Where the two are not at one place, the drawing stays as it is.
pub fn save_cursor_with_screen(drawing: String) -> String {
    let Some((primary, alternate)) = drawing.split_once(ALTERNATE) else { return drawing };
    let position = |drawing: &str| {
        let end = drawing.rfind('H')?;
        Some(drawing[drawing[..end].rfind("\x1b[")? + 2..end].to_string())
    };
    let saved = match primary.rfind("\x1b7") {
        Some(end) => position(&primary[..end]),
        None => Some("1;1".to_string()),
    };
    // Behind the position comes nothing but a pen: no character that waits at the edge.
    let is_there =
        primary.strip_suffix("\x1b[0m").filter(|primary| primary.ends_with('H')).and_then(position);
    if saved.is_none() || saved != is_there {
        return drawing;
    }
    // The saved pen and modes come with the cursor, and are not meant for the other screen.
    format!("{primary}\x1b8\x1b[?1049h\x1b[?6l\x1b[?7h\x1b[0m\x1b[H\x1b[J{alternate}")
}

/// What is left of a drawing where that is a sequence without its end.
fn unfinished(rest: &str) -> Option<String> {
    for (introducer, portable) in
        [('\u{9b}', "\x1b["), ('\u{90}', "\x1bP"), ('\u{9d}', "\x1b]"), ('\u{98}', "\x1bX")]
    {
        // avt prints no such character: it can only be the beginning of the end.
        if let Some(text) = rest.strip_prefix(introducer) {
            return Some(format!("{portable}{text}"));
        }
    }
    let intermediates = rest.strip_prefix(ESC)?;
    let is_unfinished = intermediates.chars().all(|character| matches!(character, ' '..='/'));
    is_unfinished.then(|| rest.to_string())
}

/// The control sequence at the front: its parameters, its final byte and how many bytes it takes.
fn control_sequence(text: &str) -> Option<(&str, char, usize)> {
    let body = text.strip_prefix("\x1b[")?;
    let end = body.find(|character: char| ('@'..='~').contains(&character))?;
    Some((&body[..end], body[end..].chars().next()?, 2 + end + 1))
}

/// Replaces text that is written concealed (SGR 8) by blanks. avt knows no such attribute and would
/// make a password that nobody has seen readable.
#[derive(Debug, Default)]
pub struct Concealer {
    is_concealing: bool,
    place: Place,
}

/// Where in the stream of output one is.
#[derive(Debug, Default)]
enum Place {
    #[default]
    Text,
    /// Behind ESC.
    Escape,
    /// Within a control sequence, with its parameters as far as they are known.
    Control(String),
    /// Within the text of OSC, DCS and their like.
    String,
}

impl Concealer {
    /// The text as a terminal shows it.
    pub fn blank<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        // What conceals has an 8 in it, in a sequence that may have begun in the piece before.
        let is_plain = !self.is_concealing
            && matches!(self.place, Place::Text)
            && !text.contains('8')
            && !ends_unfinished(text);
        if is_plain {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        for character in text.chars() {
            if self.is_concealing && matches!(self.place, Place::Text) && !character.is_control() {
                out.extend(std::iter::repeat_n(' ', character.width().unwrap_or(1).max(1)));
            } else {
                out.push(character);
            }
            self.step(character);
        }
        Cow::Owned(out)
    }

    /// The sequence that conceals, where what is written next is to be concealed.
    pub fn setting(&self) -> &'static str {
        if self.is_concealing { "\x1b[8m" } else { "" }
    }

    fn step(&mut self, character: char) {
        /// More than any colour takes; what is longer conceals nothing.
        const LONGEST: usize = 256;
        let place = std::mem::take(&mut self.place);
        self.place = match (place, character) {
            (Place::String, '\x07' | '\u{9c}' | '\x18' | '\x1a') => Place::Text,
            (_, ESC) => Place::Escape,
            (Place::String, _) => Place::String,
            (Place::Text, _) => Place::Text,
            (Place::Escape, '[') => Place::Control(String::new()),
            (Place::Escape, ']' | 'P' | 'X' | '^' | '_') => Place::String,
            (Place::Escape, ' '..='/') => Place::Escape,
            // A full reset.
            (Place::Escape, 'c') => {
                self.is_concealing = false;
                Place::Text
            }
            (Place::Escape, _) => Place::Text,
            (Place::Control(mut parameters), ' '..='?') if parameters.len() < LONGEST => {
                parameters.push(character);
                Place::Control(parameters)
            }
            (Place::Control(parameters), 'm') => {
                self.is_concealing = conceals(&parameters).unwrap_or(self.is_concealing);
                Place::Text
            }
            // A soft reset.
            (Place::Control(parameters), 'p') if parameters == "!" => {
                self.is_concealing = false;
                Place::Text
            }
            (Place::Control(_), '@'..='~') => Place::Text,
            (Place::Control(parameters), _) => Place::Control(parameters),
        };
    }
}

/// Whether a piece ends within a sequence, as far as a quick look tells.
fn ends_unfinished(text: &str) -> bool {
    text.rfind(ESC).is_some_and(|escape| control_sequence(&text[escape..]).is_none())
}

/// Whether an SGR sequence with these parameters conceals or reveals; `None` where it does neither.
fn conceals(parameters: &str) -> Option<bool> {
    let mut conceals = None;
    let mut parameters = parameters.split(';');
    while let Some(parameter) = parameters.next() {
        match parameter {
            "8" => conceals = Some(true),
            "" | "0" | "28" => conceals = Some(false),
            // A colour's own numbers follow.
            "38" | "48" | "58" => match parameters.next() {
                Some("5") => _ = parameters.next(),
                Some("2") => _ = parameters.nth(2),
                _ => {}
            },
            _ => {}
        }
    }
    conceals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_spelled_as_every_terminal_takes_it() {
        assert_eq!(
            portable("\x1b[0;38:5:208mż\x1b[6b\x1b[5W\x1b[5G\x1b[0W\x1b)0\x1b[1;48:2:1:2:3mx\u{9b}38:5"),
            (
                "\x1b[0;38;5;208mżżżżżżż\x1b[3g\x1b[5G\x1bH\x1b)0\x1b[1;48;2;1;2;3mx".to_string(),
                "\x1b[38:5".to_string()
            )
        );
        assert_eq!(portable("a\x1b(").1, "\x1b(");
        assert_eq!(portable("a\x1b").1, "\x1b");
    }

    #[test]
    fn what_is_concealed_is_blank_however_the_stream_is_cut() {
        let stream = "a\x1b[8mb\x1b]0;c\x07żd界\x1b[28me\x1b[38;5;8mf\x1b[1;8mg\x1b[mh\x1b[8m\x1b(Bi\x1b[0;1mj\x1b[38;2;8;8;8mk\x1b[8m\x1b[!pl";
        let shown = "a\x1b[8m \x1b]0;c\x07    \x1b[28me\x1b[38;5;8mf\x1b[1;8m \x1b[mh\x1b[8m\x1b(B \x1b[0;1mj\x1b[38;2;8;8;8mk\x1b[8m\x1b[!pl";
        for cut in (0..=stream.len()).filter(|&cut| stream.is_char_boundary(cut)) {
            let mut concealer = Concealer::default();
            let front = concealer.blank(&stream[..cut]).into_owned();
            let back = concealer.blank(&stream[cut..]).into_owned();
            assert_eq!(front + &back, shown, "cut at {cut}");
        }
    }
}
