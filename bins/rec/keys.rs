//! The recorder's own keys, recognized in keyboard input.

use common::cli::Result;
use common::config::Config;
use common::vt::{CharacterKey, Kind, Tokenizer};

/// The keys, each as the bytes it sends.
#[derive(Clone, Debug)]
pub struct Keys {
    /// If set, the other two act only after it.
    pub prefix: Option<Vec<u8>>,
    pub pause: Option<Vec<u8>>,
    pub add_marker: Option<Vec<u8>>,
}

impl Keys {
    /// The configured keys. The default pause key is ctrl-\.
    pub fn configured(config: &Config) -> Result<Keys> {
        Ok(Keys {
            prefix: config.key("record", "prefix_key")?.flatten(),
            pause: config.key("record", "pause_key")?.unwrap_or_else(|| Some(vec![0x1c])),
            add_marker: config.key("record", "add_marker_key")?.flatten(),
        })
    }
}

/// The meaning of a piece of keyboard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAction<'a> {
    /// Input for the program.
    Type(&'a [u8]),
    Pause,
    AddMarker,
}

/// Recognizes the keys, as plain bytes and as the sequences that a program may have enabled (the kitty
/// keyboard protocol, xterm's modifyOtherKeys).
///
/// Bytes inside a sequence or a bracketed paste are never keys.
pub struct KeyReader {
    keys: Keys,
    after_prefix: bool,
    /// The key that acted last. Its repeats and its release are not passed on either.
    held: Option<char>,
    paste: PasteTracker,
}

/// A part of the input: its length in bytes, and what happened to a character's key, if that is what it is.
type Part = (usize, Option<CharacterKey>);

/// The treatment of a part.
enum Fate {
    Type,
    Swallow,
    /// Swallow it and the rest of the read.
    SwallowAll,
    Pause,
    AddMarker,
}

impl KeyReader {
    pub fn new(keys: Keys) -> KeyReader {
        KeyReader { keys, after_prefix: false, held: None, paste: PasteTracker::default() }
    }

    /// The actions for the bytes of one read, in order.
    ///
    /// After the prefix, input that is not one of the keys is swallowed, as in 2.4. The prefix typed
    /// twice is sent to the program once.
    pub fn read<'a>(&mut self, bytes: &'a [u8]) -> Vec<KeyAction<'a>> {
        let mut actions = Vec::new();
        let mut at = 0;
        // The start of input for the program that is not in `actions` yet.
        let mut typed = 0;
        for (length, key) in parts(bytes) {
            let end = at + length;
            let fate = if self.paste.is_inside { Fate::Type } else { self.fate(key) };
            self.paste.read(&bytes[at..end]);
            if !matches!(fate, Fate::Type) {
                if at > typed {
                    actions.push(KeyAction::Type(&bytes[typed..at]));
                }
                typed = end;
            }
            match fate {
                Fate::Pause => actions.push(KeyAction::Pause),
                Fate::AddMarker => actions.push(KeyAction::AddMarker),
                Fate::SwallowAll => {
                    self.paste.read(&bytes[end..]);
                    return actions;
                }
                Fate::Type | Fate::Swallow => {}
            }
            at = end;
        }
        if typed < bytes.len() {
            actions.push(KeyAction::Type(&bytes[typed..]));
        }
        actions
    }

    fn fate(&mut self, key: Option<CharacterKey>) -> Fate {
        let Keys { prefix, pause, add_marker } = &self.keys;
        let (prefix, pause, add_marker) = (key_char(prefix), key_char(pause), key_char(add_marker));
        let pressed = match key {
            Some(CharacterKey::Press(pressed)) => Some(pressed),
            Some(CharacterKey::Repeat(character) | CharacterKey::Release(character)) => {
                let is_held = self.held == Some(character);
                self.held = self.held.filter(|_| matches!(key, Some(CharacterKey::Repeat(_))));
                return if is_held { Fate::Swallow } else { Fate::Type };
            }
            Some(CharacterKey::Modifier) => return Fate::Type,
            None => None,
        };
        let was_prefixed = std::mem::take(&mut self.after_prefix);
        if prefix.is_some() && !was_prefixed {
            if pressed != prefix || pressed.is_none() {
                return Fate::Type;
            }
            self.after_prefix = true;
            self.held = pressed;
            return Fate::Swallow;
        }
        let fate = match pressed {
            Some(_) if pressed == pause => Fate::Pause,
            Some(_) if pressed == add_marker => Fate::AddMarker,
            Some(_) if pressed == prefix => return Fate::Type,
            _ if was_prefixed => return Fate::SwallowAll,
            _ => return Fate::Type,
        };
        self.held = pressed;
        fate
    }
}

/// The character that a key sends. The configuration allows no other keys.
fn key_char(key: &Option<Vec<u8>>) -> Option<char> {
    std::str::from_utf8(key.as_deref()?).ok()?.chars().next()
}

/// Splits a read into parts, each with its length in bytes.
///
/// Each read stands alone: Alt with a bracket looks like the start of a sequence that never ends.
fn parts(bytes: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut tokenizer = Tokenizer::default();
    let mut tokens = tokenizer.tokens(bytes);
    // The number of bytes that still belong to a sequence with a payload after its final byte.
    let mut owed = 0;
    while let Some(token) = tokens.next() {
        let length = token.bytes.len();
        match token.kind {
            _ if owed > 0 => {
                let taken = length.min(owed);
                owed -= taken;
                parts.push((taken, None));
                characters(&token.bytes[taken..], &mut parts);
            }
            Kind::Csi(csi) => {
                // An X10 mouse report.
                owed = if csi.function() == (0, 0, b'M') && length == 3 { 3 } else { 0 };
                parts.push((length, CharacterKey::encoded(csi)));
            }
            Kind::String(_) => parts.push((length, None)),
            Kind::Escape(escape) if token.controls().next().is_none() => {
                // Function keys and the application keypad.
                owed = if escape.last == b'O' && length == 2 { 1 } else { 0 };
                parts.push((length, None));
            }
            Kind::Text | Kind::Control(_) | Kind::Escape(_) | Kind::Broken => {
                characters(token.bytes, &mut parts);
            }
        }
    }
    drop(tokens);
    characters(tokenizer.pending(), &mut parts);
    parts
}

/// The parts of input without sequences.
fn characters(bytes: &[u8], parts: &mut Vec<Part>) {
    for chunk in bytes.utf8_chunks() {
        parts.extend(
            chunk
                .valid()
                .chars()
                .map(|character| (character.len_utf8(), Some(CharacterKey::Press(character)))),
        );
        parts.extend(chunk.invalid().iter().map(|_| (1, None)));
    }
}

/// Tracks bracketed pastes: `CSI 200 ~` starts one, `CSI 201 ~` ends it, cut anywhere by reads.
#[derive(Default)]
struct PasteTracker {
    is_inside: bool,
    /// The number of bytes of a marker matched so far, and the last of them.
    matched: usize,
    digit: u8,
}

impl PasteTracker {
    fn read(&mut self, bytes: &[u8]) {
        const MARK: &[u8] = b"\x1b[20?~";
        for &byte in bytes {
            let fits = match MARK[self.matched] {
                b'?' => matches!(byte, b'0' | b'1'),
                expected => byte == expected,
            };
            match (fits, byte) {
                (true, b'~') => {
                    self.is_inside = self.digit == b'0';
                    self.matched = 0;
                }
                (true, _) => {
                    self.digit = byte;
                    self.matched += 1;
                }
                (false, 0x1b) => self.matched = 1,
                (false, _) => self.matched = 0,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(prefix: Option<&str>) -> KeyReader {
        let key = |text: &str| Some(text.as_bytes().to_vec());
        KeyReader::new(Keys { prefix: prefix.and_then(key), pause: key("p"), add_marker: key("ż") })
    }

    fn action(text: &str) -> KeyAction<'_> {
        match text {
            "PAUSE" => KeyAction::Pause,
            "MARK" => KeyAction::AddMarker,
            text => KeyAction::Type(text.as_bytes()),
        }
    }

    fn assert_read(reader: &mut KeyReader, typed: &str, actions: &[&str]) {
        let actions: Vec<KeyAction<'_>> = actions.iter().map(|text| action(text)).collect();
        assert_eq!(reader.read(typed.as_bytes()), actions, "{typed:?}");
    }

    /// A reader with ctrl-\ as the key for pausing.
    fn usual() -> KeyReader {
        KeyReader::new(Keys { prefix: None, pause: Some(vec![0x1c]), add_marker: None })
    }

    #[test]
    fn keys_act_wherever_they_are_in_a_read() {
        let mut reader = reader(None);
        assert_read(&mut reader, "abc", &["abc"]);
        assert_read(&mut reader, "apbżp", &["a", "PAUSE", "b", "MARK", "PAUSE"]);
    }

    #[test]
    fn with_a_prefix_keys_act_only_after_it() {
        let mut reader = reader(Some("\x01"));
        assert_read(&mut reader, "pż", &["pż"]);
        assert_read(&mut reader, "a\x01pb", &["a", "PAUSE", "b"]);
        assert_read(&mut reader, "\x01", &[]);
        assert_read(&mut reader, "żp", &["MARK", "p"]);
    }

    #[test]
    fn after_the_prefix_other_keys_are_swallowed_and_itself_is_typed() {
        let mut reader = reader(Some("\x01"));
        assert_read(&mut reader, "\x01\x1b[A", &[]);
        assert_read(&mut reader, "\x01\x01x", &["\x01x"]);
    }

    #[test]
    fn keys_act_in_every_keyboard_encoding() {
        for pressed in ["\x1b[92;5u", "\x1b[92;5:1u", "\x1b[92::92;5;28u", "\x1b[27;5;92~", "\x1b[92;69u"] {
            assert_read(&mut usual(), &format!("a{pressed}b"), &["a", "PAUSE", "b"]);
        }
        for other in ["\x1b[92u", "\x1b[92;3u", "\x1b[92;13u", "\x1b[27;2;92~", "\x1b[92;5~"] {
            assert_read(&mut usual(), other, &[other]);
        }
    }

    #[test]
    fn repeats_and_releases_of_a_key_that_acted_are_not_passed_on() {
        let mut reader = usual();
        assert_read(&mut reader, "\x1b[92;5:1u\x1b[92;5:2u\x1b[92;5:3u", &["PAUSE"]);
        assert_read(&mut reader, "\x1b[92;5:3u\x1b[97;1:3u", &["\x1b[92;5:3u\x1b[97;1:3u"]);
        let mut reader = self::reader(Some("\x01"));
        assert_read(&mut reader, "\x1b[97;5:1u", &[]);
        assert_read(&mut reader, "\x1b[97;5:3u\x1b[57442;5:3u", &["\x1b[57442;5:3u"]);
        assert_read(&mut reader, "\x1b[112;1:1u\x1b[112;1:3up", &["PAUSE", "p"]);
    }

    #[test]
    fn a_paste_is_recognized_wherever_it_is_cut() {
        let paste = "\x1b[200~a\x1cb\x1b]\x1b[92;5uc\x1b[201~";
        assert_read(&mut usual(), &format!("{paste}\x1c"), &[paste, "PAUSE"]);
        for cut in 1..paste.len() {
            let mut reader = usual();
            assert_read(&mut reader, &paste[..cut], &[&paste[..cut]]);
            assert_read(&mut reader, &paste[cut..], &[&paste[cut..]]);
            assert_read(&mut reader, "\x1c", &["PAUSE"]);
        }
    }

    #[test]
    fn bytes_within_a_sequence_are_not_keys() {
        for typed in ["\x1bp", "\x1b[<0;1;2p", "\x1b[M p!", "\x1b]11;p\x07", "\x1bOp"] {
            assert_read(&mut reader(None), typed, &[typed]);
        }
        assert_read(&mut reader(None), "\x1b[M p!p", &["\x1b[M p!", "PAUSE"]);
        assert_read(&mut usual(), "\x1b\x1c", &["\x1b", "PAUSE"]);
        assert_read(&mut usual(), "\x1b\x1cp", &["\x1b", "PAUSE", "p"]);
        // Alt with a bracket, then a key in the next read.
        assert_read(&mut usual(), "\x1b]", &["\x1b]"]);
        assert_read(&mut usual(), "\x1c", &["PAUSE"]);
    }
}
