//! The keys that a tape can press, and the bytes that a terminal sends for them.
//!
//! The sequences are those of xterm ("XTerm Control Sequences", section PC-Style Function Keys):
//! arrows, Home and End depend on the mode for cursor keys, and modifiers become a parameter.

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Character(char, Modifiers),
    Named(Named, Modifiers),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modifiers {
    pub ctrl: bool,
    pub alt: bool,
    pub shift: bool,
}

impl Modifiers {
    fn any(self) -> bool {
        self.ctrl || self.alt || self.shift
    }

    /// The parameter for these modifiers.
    fn parameter(self) -> u8 {
        1 + u8::from(self.shift) + 2 * u8::from(self.alt) + 4 * u8::from(self.ctrl)
    }
}

/// A key that has a name instead of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    Enter,
    Space,
    Backspace,
    Delete,
    Insert,
    Tab,
    Escape,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
}

const NAMES: &[(&str, Named)] = &[
    ("Enter", Named::Enter),
    ("Space", Named::Space),
    ("Backspace", Named::Backspace),
    ("Delete", Named::Delete),
    ("Insert", Named::Insert),
    ("Tab", Named::Tab),
    ("Escape", Named::Escape),
    ("Up", Named::Up),
    ("Down", Named::Down),
    ("Left", Named::Left),
    ("Right", Named::Right),
    ("Home", Named::Home),
    ("End", Named::End),
    ("PageUp", Named::PageUp),
    ("PageDown", Named::PageDown),
];

impl Named {
    /// The key with this name.
    pub fn of(name: &str) -> Option<Named> {
        NAMES.iter().find(|(known, _)| *known == name).map(|&(_, key)| key)
    }

    /// The names of all keys.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|&(name, _)| name)
    }

    /// Returns whether tapes combine it with these modifiers.
    pub fn takes(self, modifiers: Modifiers) -> bool {
        use Named::{Backspace, Down, Enter, Left, Right, Space, Tab, Up};
        match self {
            Enter | Tab => true,
            Space | Backspace | Left | Right | Up | Down => modifiers.ctrl,
            _ => false,
        }
    }

    /// The bytes that it sends.
    fn bytes(self, modifiers: Modifiers, has_application_cursor_keys: bool) -> Vec<u8> {
        let cursor = |last: u8| match (modifiers.any(), has_application_cursor_keys) {
            (true, _) => format!("\x1b[1;{}{}", modifiers.parameter(), char::from(last)).into_bytes(),
            (false, true) => vec![0x1b, b'O', last],
            (false, false) => vec![0x1b, b'[', last],
        };
        let plain = |bytes: &[u8]| match modifiers.alt {
            true => [b"\x1b", bytes].concat(),
            false => bytes.to_vec(),
        };
        match self {
            Named::Up => cursor(b'A'),
            Named::Down => cursor(b'B'),
            Named::Right => cursor(b'C'),
            Named::Left => cursor(b'D'),
            Named::Home => cursor(b'H'),
            Named::End => cursor(b'F'),
            Named::Insert => b"\x1b[2~".to_vec(),
            Named::Delete => b"\x1b[3~".to_vec(),
            Named::PageUp => b"\x1b[5~".to_vec(),
            Named::PageDown => b"\x1b[6~".to_vec(),
            Named::Tab if modifiers.shift => plain(b"\x1b[Z"),
            Named::Tab => plain(b"\t"),
            Named::Enter => plain(b"\r"),
            Named::Escape => plain(b"\x1b"),
            Named::Space if modifiers.ctrl => plain(b"\0"),
            Named::Space => plain(b" "),
            Named::Backspace if modifiers.ctrl => plain(b"\x08"),
            Named::Backspace => plain(b"\x7f"),
        }
    }
}

impl Key {
    /// The bytes that it sends. Arrows, Home and End depend on the program's cursor key mode
    /// (DECCKM).
    pub fn bytes(self, has_application_cursor_keys: bool) -> Vec<u8> {
        let (character, modifiers) = match self {
            Key::Named(named, modifiers) => return named.bytes(modifiers, has_application_cursor_keys),
            Key::Character(character, modifiers) => (character, modifiers),
        };
        let mut bytes = if modifiers.alt { vec![0x1b] } else { Vec::new() };
        match control(character) {
            Some(control) if modifiers.ctrl => bytes.push(control),
            _ if modifiers.shift => bytes.extend(character.to_uppercase().to_string().bytes()),
            _ => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        bytes
    }
}

/// The control character of a key, as in xterm and the VT220.
fn control(character: char) -> Option<u8> {
    match character {
        'a'..='z' | 'A'..='Z' => Some(character as u8 & 0x1f),
        '@' | '2' | ' ' => Some(0),
        '[' | '3' => Some(0x1b),
        '\\' | '4' => Some(0x1c),
        ']' | '5' => Some(0x1d),
        '^' | '6' => Some(0x1e),
        '_' | '7' | '/' => Some(0x1f),
        '?' | '8' => Some(0x7f),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Modifiers = Modifiers { ctrl: false, alt: false, shift: false };
    const CTRL: Modifiers = Modifiers { ctrl: true, ..PLAIN };
    const ALT: Modifiers = Modifiers { alt: true, ..PLAIN };
    const SHIFT: Modifiers = Modifiers { shift: true, ..PLAIN };

    #[test]
    fn keys_send_what_xterm_sends() {
        for (key, bytes) in [
            (Key::Character('c', CTRL), "\x03"),
            (Key::Character('C', CTRL), "\x03"),
            (Key::Character('@', CTRL), "\0"),
            (Key::Character('\\', CTRL), "\x1c"),
            (Key::Character('b', ALT), "\x1bb"),
            (Key::Character('c', Modifiers { ctrl: true, ..ALT }), "\x1b\x03"),
            (Key::Character('a', SHIFT), "A"),
            (Key::Character('ż', PLAIN), "ż"),
            (Key::Named(Named::Enter, PLAIN), "\r"),
            (Key::Named(Named::Enter, ALT), "\x1b\r"),
            (Key::Named(Named::Tab, SHIFT), "\x1b[Z"),
            (Key::Named(Named::Backspace, PLAIN), "\x7f"),
            (Key::Named(Named::Left, CTRL), "\x1b[1;5D"),
            (Key::Named(Named::Up, PLAIN), "\x1b[A"),
        ] {
            assert_eq!(String::from_utf8(key.bytes(false)).unwrap(), bytes, "{key:?}");
        }
        assert_eq!(Key::Named(Named::Up, PLAIN).bytes(true), b"\x1bOA");
        assert_eq!(Key::Named(Named::Home, PLAIN).bytes(true), b"\x1bOH");
    }

    #[test]
    fn every_name_is_a_different_key() {
        let keys: Vec<_> = Named::names().filter_map(Named::of).map(|key| key.bytes(PLAIN, false)).collect();
        assert_eq!(keys.len(), NAMES.len());
        assert!(keys.iter().enumerate().all(|(at, key)| !keys[..at].contains(key)));
    }
}
