//! The names of keys.

use common::vt::{Csi, Escape, Kind, Tokenizer};

/// A key, or several characters typed in sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// Characters.
    Text(String),
    /// Any other key, by its name.
    Named(String),
}

/// The keys in input read from a terminal. The mouse, and other input that no key sends, are
/// ignored.
pub fn keys(typed: &str) -> Vec<Key> {
    let mut keys = Keys::default();
    let mut tokenizer = Tokenizer::default();
    let mut tokens = tokenizer.tokens(typed.as_bytes());
    while let Some(token) = tokens.next() {
        keys.push(token.kind, token.bytes);
    }
    let mut tokens = tokenizer.finish();
    while let Some(token) = tokens.next() {
        keys.push(token.kind, token.bytes);
    }
    keys.keys
}

#[derive(Default)]
struct Keys {
    keys: Vec<Key>,
    /// The number of characters of a mouse report still to come.
    mouse: usize,
    /// True if the letter of a key follows, after `ESC O`.
    has_letter: bool,
}

impl Keys {
    fn push(&mut self, kind: Kind<'_>, bytes: &[u8]) {
        match kind {
            Kind::Text | Kind::Control(_) => {
                String::from_utf8_lossy(bytes).chars().for_each(|character| self.push_character(character));
            }
            Kind::Escape(Escape { intermediates: [0, _], last: b'O' }) => self.has_letter = true,
            Kind::Csi(csi) if csi.function() == (0, 0, b'M') && csi.values() == [0] => self.mouse = 3,
            Kind::Csi(csi) => self.push_sequence(csi),
            Kind::Escape(_) => {
                let rest = String::from_utf8_lossy(&bytes[1..]);
                self.keys.push(Key::Named(format!("Alt+{rest}")));
            }
            Kind::Broken if bytes == [0x1b] => self.push_character('\x1b'),
            Kind::Broken | Kind::String(_) => {}
        }
    }

    fn push_character(&mut self, character: char) {
        if self.mouse > 0 {
            self.mouse -= 1;
        } else if std::mem::take(&mut self.has_letter) {
            self.keys.extend(letter_key(character as u32 as u8).map(|name| Key::Named(name.to_string())));
        } else if let Some(name) = control_name(character) {
            self.keys.push(Key::Named(name));
        } else if character.is_control() {
            // C1 controls, which no key sends.
        } else if let Some(Key::Text(text)) = self.keys.last_mut() {
            text.push(character);
        } else {
            self.keys.push(Key::Text(character.to_string()));
        }
    }

    fn push_sequence(&mut self, csi: &Csi) {
        match key_of(csi) {
            Some(Key::Text(text)) => text.chars().for_each(|character| self.push_character(character)),
            key => self.keys.extend(key),
        }
    }
}

/// The name of a key that sends a control character.
fn control_name(character: char) -> Option<String> {
    Some(match character {
        '\r' | '\n' => "Enter".to_string(),
        '\t' => "Tab".to_string(),
        '\x1b' => "Escape".to_string(),
        '\x7f' => "Backspace".to_string(),
        '\0' => "^Space".to_string(),
        '\x01'..='\x1f' => format!("^{}", char::from(character as u8 | 0x40)),
        _ => return None,
    })
}

/// The key for a letter after `ESC O` or `ESC [`.
fn letter_key(letter: u8) -> Option<&'static str> {
    Some(match letter {
        b'A' => "Up",
        b'B' => "Down",
        b'C' => "Right",
        b'D' => "Left",
        b'F' => "End",
        b'H' => "Home",
        b'M' => "Enter",
        b'P' => "F1",
        b'Q' => "F2",
        b'R' => "F3",
        b'S' => "F4",
        _ => return None,
    })
}

/// The key for a control sequence: those of xterm, modifyOtherKeys and the kitty keyboard protocol.
fn key_of(csi: &Csi) -> Option<Key> {
    const RELEASE: u16 = 3;
    if csi.marker != 0 || csi.intermediates != [0; 2] {
        return None;
    }
    let parameters: Vec<&[u16]> = csi.parameters().collect();
    let part = |index: usize, part: usize| parameters.get(index).and_then(|parts| parts.get(part)).copied();
    if part(1, 1) == Some(RELEASE) {
        return None;
    }
    let first = csi.value(0);
    let modifiers = part(1, 0).unwrap_or(1).saturating_sub(1);
    let name = match (csi.last, first) {
        (b'Z', _) => return Some(Key::Named("Shift+Tab".to_string())),
        (b'u', code) => return character_key(code, modifiers),
        (b'~', 27) => return character_key(part(2, 0)?, modifiers),
        (b'~', number) => match number {
            1 | 7 => "Home",
            2 => "Insert",
            3 => "Delete",
            4 | 8 => "End",
            5 => "PageUp",
            6 => "PageDown",
            11..=15 => ["F1", "F2", "F3", "F4", "F5"][usize::from(number) - 11],
            17..=21 => ["F6", "F7", "F8", "F9", "F10"][usize::from(number) - 17],
            23 => "F11",
            24 => "F12",
            _ => return None,
        },
        (letter, _) => letter_key(letter)?,
    };
    Some(Key::Named(with_modifiers(name, modifiers)))
}

/// The key for a character's code, which is sent this way with modifiers.
fn character_key(code: u16, modifiers: u16) -> Option<Key> {
    const CONTROL: u16 = 4;
    let character = char::from_u32(u32::from(code))?;
    if let Some(name) = control_name(character) {
        return Some(Key::Named(with_modifiers(&name, modifiers)));
    }
    // With Shift, it is already the shifted character.
    Some(match modifiers & !1 {
        0 => Key::Text(character.to_string()),
        CONTROL if character.is_ascii_graphic() => Key::Named(format!("^{}", character.to_ascii_uppercase())),
        others if character == ' ' => Key::Named(with_modifiers("Space", others)),
        others => Key::Named(with_modifiers(&character.to_string(), others)),
    })
}

fn with_modifiers(name: &str, modifiers: u16) -> String {
    let mut whole = String::new();
    for (bit, modifier) in [(4, "Ctrl+"), (2, "Alt+"), (1, "Shift+")] {
        if modifiers & bit != 0 {
            whole.push_str(modifier);
        }
    }
    whole + name
}
