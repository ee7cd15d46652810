//! Input from a terminal: keys, mixed with its replies to queries.

use super::{ControlString, Csi, End, Escape, Kind, Part, StringKind, Token, Tokenizer};

const ESC: u8 = 0x1b;

/// Removes a terminal's replies from its input, leaving what the user typed.
///
/// Keys send sequences, too, and Alt with a bracket looks like the start of a reply. The filter
/// waits for the rest of a reply only after its introducer and something that no key sends.
#[derive(Debug, Default)]
pub struct ReplyFilter {
    tokenizer: Tokenizer,
}

impl ReplyFilter {
    /// Appends the typed part of the bytes just read to `keys`.
    pub fn push(&mut self, bytes: &[u8], keys: &mut Vec<u8>) {
        let mut tokens = self.tokenizer.tokens(bytes);
        while let Some(token) = tokens.next() {
            if !is_reply(&token) {
                keys.extend_from_slice(token.bytes);
            }
        }
        if !may_become_reply(self.tokenizer.pending()) {
            self.finish(keys);
        }
    }

    /// Appends the held bytes at the end of the input.
    pub fn finish(&mut self, keys: &mut Vec<u8>) {
        let mut tokens = self.tokenizer.finish();
        while let Some(token) = tokens.next() {
            keys.extend_from_slice(token.bytes);
        }
    }
}

fn is_reply(token: &Token<'_>) -> bool {
    match token.kind {
        Kind::Csi(csi) => is_reply_sequence(csi),
        Kind::String(ControlString { kind, text, part: Part::Whole, end: End::Terminator | End::Bell }) => {
            is_reply_text(kind, text)
        }
        _ => false,
    }
}

fn is_reply_sequence(csi: &Csi) -> bool {
    match csi.function() {
        // DA, tertiary and secondary: the query has no parameters of this kind.
        (b'?' | b'>' | b'=', 0, b'c') => true,
        // Cursor position. A modified F3 is `CSI 1 ; 2 R`: a reply to a program's query is by far
        // the more frequent of the two.
        (0 | b'?', 0, b'R') => csi.values().len() > 1,
        // Device status, window reports, DECREPTPARM.
        (0, 0, b'n' | b't' | b'x') => csi.values() != [0] || csi.last == b'n',
        (b'?', 0, b'n') => true,
        // The reply to DECRQM.
        (0 | b'?', b'$', b'y') => true,
        // The kitty keyboard's flags and graphics attributes; without the question mark they are
        // keys.
        (b'?', 0, b'u' | b'S') => true,
        _ => false,
    }
}

/// Returns whether a string from the terminal begins as replies do, and contains only what they
/// contain.
fn is_reply_text(kind: StringKind, text: &[u8]) -> bool {
    let is_plain = text.iter().all(|&byte| byte >= b' ' && byte != 0x7f);
    is_plain && text.first().is_some_and(|&first| begins_reply(kind, first))
}

fn begins_reply(kind: StringKind, first: u8) -> bool {
    match kind {
        // Colours, clipboard, title; titles are reported with a letter.
        StringKind::Osc => matches!(first, b'0'..=b'9' | b'l' | b'L'),
        // DECRQSS, XTGETTCAP, XTVERSION, tertiary DA.
        StringKind::Dcs => matches!(first, b'0'..=b'9' | b'>' | b'!' | b'$' | b'+'),
        // Kitty's graphics.
        StringKind::Apc => first == b'G',
        StringKind::Sos | StringKind::Pm => false,
    }
}

fn may_become_reply(pending: &[u8]) -> bool {
    let (kind, rest) = match pending {
        [ESC, b'[', rest @ ..] => return !rest.is_empty(),
        [ESC, b']', rest @ ..] => (StringKind::Osc, rest),
        [ESC, b'P', rest @ ..] => (StringKind::Dcs, rest),
        [ESC, b'_', rest @ ..] => (StringKind::Apc, rest),
        _ => return false,
    };
    // Half of the terminator may have arrived already.
    is_reply_text(kind, rest.strip_suffix(&[ESC]).unwrap_or(rest))
}

/// A key that our programs use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character, or a control character such as U+0003 for ctrl-c.
    Char(char),
    /// A character that was pasted.
    Pasted(char),
    /// Escape.
    Escape,
    /// Left arrow.
    Left,
    /// Right arrow.
    Right,
    /// Left arrow with Shift.
    ShiftLeft,
    /// Right arrow with Shift.
    ShiftRight,
    /// Up arrow.
    Up,
    /// Down arrow.
    Down,
    /// Home.
    Home,
    /// End.
    End,
}

/// Decodes keys in every keyboard mode: a recording may have made the terminal send sequences for
/// plain keys, ctrl-c included (the kitty keyboard protocol, xterm's modifyOtherKeys). Sequences
/// may be split anywhere between two reads. The mouse, replies, and keys that [`Key`] does not name
/// are ignored.
#[derive(Debug, Default)]
pub struct KeyDecoder {
    tokenizer: Tokenizer,
    /// The beginning of a character that continues in the next read.
    partial: Vec<u8>,
    expected: Expected,
    is_pasting: bool,
}

/// Bytes to come that are not a key by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expected {
    #[default]
    Nothing,
    /// The remaining bytes of an X10 mouse report: button, column and row.
    MouseBytes(usize),
    /// The letter of a function key or arrow, after `ESC O`.
    KeyLetter,
}

impl KeyDecoder {
    /// Appends the keys among the bytes just read.
    pub fn push(&mut self, bytes: &[u8], keys: &mut Vec<Key>) {
        let mut tokenizer = std::mem::take(&mut self.tokenizer);
        let mut tokens = tokenizer.tokens(bytes);
        while let Some(token) = tokens.next() {
            self.decode(&token, keys);
        }
        self.tokenizer = tokenizer;
    }

    /// Returns whether the input ends with something that may be a key or the beginning of a
    /// sequence. If nothing follows for a moment, call [`KeyDecoder::flush`].
    pub fn is_pending(&self) -> bool {
        self.expected == Expected::KeyLetter || self.tokenizer.is_within_sequence()
    }

    /// Appends the pending bytes as a key of their own. A sequence that is clearly longer than a
    /// key stays pending.
    pub fn flush(&mut self, keys: &mut Vec<Key>) {
        if self.expected == Expected::KeyLetter {
            self.expected = Expected::Nothing;
            keys.extend([Key::Escape, Key::Char('O')]);
        }
        if let [ESC] | [ESC, b' '..=b'/'] = self.tokenizer.pending() {
            let pending = self.tokenizer.pending().to_vec();
            self.tokenizer = Tokenizer::default();
            self.escape_and(&pending[1..], keys);
        }
    }

    fn decode(&mut self, token: &Token<'_>, keys: &mut Vec<Key>) {
        match (self.expected, token.kind) {
            (Expected::MouseBytes(count), Kind::Text | Kind::Control(_)) => {
                let taken = count.min(token.bytes.len());
                self.expected = match count - taken {
                    0 => Expected::Nothing,
                    left => Expected::MouseBytes(left),
                };
                self.chars(&token.bytes[taken..], keys);
            }
            (Expected::KeyLetter, Kind::Text) => {
                self.expected = Expected::Nothing;
                keys.extend(named_key(token.bytes[0], false));
                self.chars(&token.bytes[1..], keys);
            }
            (_, kind) => {
                self.expected = Expected::Nothing;
                self.decode_alone(kind, token.bytes, keys);
            }
        }
    }

    fn decode_alone(&mut self, kind: Kind<'_>, bytes: &[u8], keys: &mut Vec<Key>) {
        match kind {
            Kind::Text | Kind::Control(_) => self.chars(bytes, keys),
            Kind::Escape(Escape { intermediates: [0, _], last: b'O' }) => self.expected = Expected::KeyLetter,
            Kind::Csi(csi) => match csi.function() {
                (0, 0, b'M') if csi.values() == [0] => self.expected = Expected::MouseBytes(3),
                (0, 0, b'~') if matches!(csi.value(0), 200 | 201) => self.is_pasting = csi.value(0) == 200,
                _ => keys.extend(key_of(csi)),
            },
            // Alt with a key, or Escape followed by a key.
            Kind::Escape(_) => self.escape_and(&bytes[1..], keys),
            Kind::Broken if bytes == [ESC] => keys.push(Key::Escape),
            Kind::Broken | Kind::String(_) => {}
        }
    }

    fn escape_and(&mut self, bytes: &[u8], keys: &mut Vec<Key>) {
        keys.push(Key::Escape);
        self.chars(bytes, keys);
    }

    fn chars(&mut self, bytes: &[u8], keys: &mut Vec<Key>) {
        let key = if self.is_pasting { Key::Pasted } else { Key::Char };
        self.partial.extend_from_slice(bytes);
        let mut rest = &self.partial[..];
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    keys.extend(text.chars().map(key));
                    self.partial.clear();
                    return;
                }
                Err(error) => {
                    let (valid, bad) = rest.split_at(error.valid_up_to());
                    keys.extend(String::from_utf8_lossy(valid).chars().map(key));
                    match error.error_len() {
                        Some(length) => rest = &bad[length..],
                        None => {
                            self.partial = bad.to_vec();
                            return;
                        }
                    }
                }
            }
        }
    }
}

/// The input as a plain keyboard sends it; keys that send no character are dropped.
pub fn plain_keys(typed: &[u8]) -> Vec<u8> {
    let (mut decoder, mut keys) = (KeyDecoder::default(), Vec::new());
    decoder.push(typed, &mut keys);
    decoder.flush(&mut keys);
    let characters = keys.into_iter().filter_map(|key| match key {
        Key::Char(character) => Some(character),
        Key::Escape => Some(char::from(ESC)),
        _ => None,
    });
    characters.collect::<String>().into_bytes()
}

const SHIFT: u16 = 1;
const CONTROL: u16 = 4;
const LOCKS: u16 = 64 | 128;

/// An event of a key that sends a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CharacterKey {
    /// It was pressed. With Control, this is the control character.
    Press(char),
    /// It is held and repeats.
    Repeat(char),
    /// It was released.
    Release(char),
    /// It was a modifier or lock key, which sends nothing by itself.
    Modifier,
}

impl CharacterKey {
    /// The key of a sequence: `CSI code ; modifiers : event u` (kitty's keyboard protocol), or `CSI
    /// 27 ; modifiers ; code ~` (xterm's modifyOtherKeys). `None` for keys that send no character,
    /// and with Alt.
    pub fn encoded(csi: &Csi) -> Option<CharacterKey> {
        let first = |parameter: Option<&[u16]>| parameter.and_then(<[u16]>::first).copied().unwrap_or(0);
        let mut parameters = csi.parameters();
        let (code, modifiers) = match csi.function() {
            (0, 0, b'u') => (first(parameters.next()), parameters.next()),
            (0, 0, b'~') if csi.value(0) == 27 => (csi.value(2), parameters.nth(1)),
            _ => return None,
        };
        // Shift, Control and other modifiers, and the lock keys.
        if matches!(code, 57_358..=57_360 | 57_441..=57_454) {
            return Some(CharacterKey::Modifier);
        }
        let event = modifiers.and_then(|values| values.get(1)).copied();
        let character = match first(modifiers).saturating_sub(1) & !LOCKS & !SHIFT {
            0 => char::from_u32(code.into())?,
            CONTROL if (0x40..0x80).contains(&code) => char::from_u32(u32::from(code) & 0x1f)?,
            _ => return None,
        };
        Some(match event {
            Some(3) => CharacterKey::Release(character),
            Some(2) => CharacterKey::Repeat(character),
            _ => CharacterKey::Press(character),
        })
    }
}

/// The key of a control sequence, encoded as a character or as an arrow, Home or End.
fn key_of(csi: &Csi) -> Option<Key> {
    const RELEASE: u16 = 3;
    match CharacterKey::encoded(csi) {
        Some(CharacterKey::Press('\x1b') | CharacterKey::Repeat('\x1b')) => return Some(Key::Escape),
        Some(CharacterKey::Press(character) | CharacterKey::Repeat(character)) => {
            return Some(Key::Char(character));
        }
        Some(CharacterKey::Release(_) | CharacterKey::Modifier) => return None,
        None => {}
    }
    if csi.marker != 0 || csi.intermediates != [0; 2] {
        return None;
    }
    let modifiers = csi.parameters().nth(1).unwrap_or(&[]);
    if modifiers.get(1) == Some(&RELEASE) {
        return None;
    }
    let held = modifiers.first().copied().unwrap_or(0).saturating_sub(1) & !LOCKS;
    match (csi.last, csi.value(0)) {
        (b'~', 1 | 7) => Some(Key::Home),
        (b'~', 4 | 8) => Some(Key::End),
        (letter @ (b'A'..=b'D' | b'F' | b'H'), _) if held & !SHIFT == 0 => {
            named_key(letter, held & SHIFT != 0)
        }
        _ => None,
    }
}

/// The key of a letter after `ESC [` or `ESC O`.
fn named_key(letter: u8, has_shift: bool) -> Option<Key> {
    Some(match (letter, has_shift) {
        (b'A', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'C', false) => Key::Right,
        (b'C', true) => Key::ShiftRight,
        (b'D', false) => Key::Left,
        (b'D', true) => Key::ShiftLeft,
        (b'F', _) => Key::End,
        (b'H', _) => Key::Home,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLIES: &[&str] = &[
        "\x1b[?64;1;2;6c",
        "\x1b[>41;354;0c",
        "\x1b[12;40R",
        "\x1b[0n",
        "\x1b[?997;1n",
        "\x1b[?2026;2$y",
        "\x1b[8;24;80t",
        "\x1b[?0u",
        "\x1b[?2;0;800;600S",
        "\x1b]11;rgb:2424/2727/3a3a\x1b\\",
        "\x1b]10;rgb:ffff/ffff/ffff\x07",
        "\x1b]52;c;aGVsbG8=\x07",
        "\x1bP>|tmux 3.3a\x1b\\",
        "\x1bP1$r0m\x1b\\",
        "\x1bP1+r544e=787465726d\x1b\\",
        "\x1b_Gi=31;OK\x1b\\",
    ];

    const KEYS: &[&str] = &[
        "a",
        "ż",
        "\r",
        "\x03",
        "\x1b",
        "\x1b[A",
        "\x1bOP",
        "\x1b[15~",
        "\x1b[1;5C",
        "\x1b[97;5u",
        "\x1b[200~",
        "\x1b[I",
        "\x1b[<0;10;20M",
        "\x1bx",
        "\x1b\x1b[A",
        "\x1b]",
        "\x1bP",
        "\x1b[",
    ];

    fn keys_of<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
        let (mut filter, mut keys) = (ReplyFilter::default(), Vec::new());
        for piece in pieces {
            filter.push(piece, &mut keys);
        }
        filter.finish(&mut keys);
        String::from_utf8(keys).unwrap()
    }

    #[test]
    fn keys_pass_and_replies_are_removed() {
        for keys in KEYS {
            assert_eq!(keys_of([keys.as_bytes()]), *keys);
        }
        for reply in REPLIES {
            assert_eq!(keys_of([format!("a{reply}b").as_bytes()]), "ab", "{reply:?}");
        }
    }

    #[test]
    fn keys_are_never_held_back() {
        for keys in KEYS {
            let (mut filter, mut out) = (ReplyFilter::default(), Vec::new());
            filter.push(keys.as_bytes(), &mut out);
            assert_eq!(out, keys.as_bytes(), "{keys:?}");
        }
    }

    #[test]
    fn a_reply_in_two_pieces_is_recognized() {
        for reply in REPLIES {
            // The first two bytes look the same as Alt and a key.
            for at in 3..reply.len() {
                let (front, back) = reply.as_bytes().split_at(at);
                assert_eq!(keys_of([b"a", front, back, b"b"]), "ab", "{reply:?} at {at}");
            }
        }
    }

    #[test]
    fn a_split_key_and_an_unfinished_reply_are_not_lost() {
        assert_eq!(keys_of([&b"\x1b[1"[..], b"5~"]), "\x1b[15~");
        assert_eq!(keys_of([&b"\x1b]11;rgb"[..], b"\rls\r"]), "\x1b]11;rgb\rls\r");
        assert_eq!(keys_of([&b"\x1bP1"[..]]), "\x1bP1");
    }

    #[test]
    fn keys_are_the_same_in_every_keyboard_mode() {
        for (typed, keys) in [
            ("a .]\x03", "a .]\x03"),
            ("\x1b[99;5u\x1b[27;5;99~\x1b[99;5:1u", "\x03\x03\x03"),
            ("\x1b[32u\x1b[46;1u\x1b[93;129u\x1b[93:125;2u\x1b[380u", " .]]ż"),
            // The release of a key, Alt, a function key, arrows, pasting, the mouse.
            ("\x1b[99;5:3u\x1b[32;3u\x1b[15~\x1b[A\x1b[200~x\x1b[201~\x1b[<0;1;2M\x1b[M .]x\x1b[M .", "x"),
            ("\x1bx\x1b\x1b[A\x1b", "\x1bx\x1b\x1b"),
        ] {
            assert_eq!(String::from_utf8(plain_keys(typed.as_bytes())).unwrap(), keys, "{typed:?}");
        }
    }

    #[test]
    fn arrows_and_other_keys_are_distinguished_however_they_are_cut() {
        use Key::*;
        for (typed, keys) in [
            ("\x1b[C\x1bOD\x1b[1;2C\x1b[1;2D", vec![Right, Left, ShiftRight, ShiftLeft]),
            ("\x1b[H\x1bOF\x1b[1~\x1b[8~\x1b[A\x1b[B", vec![Home, End, Home, End, Up, Down]),
            ("\x1b[1;5C\x1b[3~\x1b[<0;10;20M\x1b[M .,a", vec![Char('a')]),
            ("\x1b[200~q.\x1b[201~ż", vec![Pasted('q'), Pasted('.'), Char('ż')]),
            ("\x1b[27u\x1b[27;1;46~\x1b[1;10R\x1b]11;rgb:1\x07.", vec![Escape, Char('.'), Char('.')]),
        ] {
            for at in 0..=typed.len() {
                let (mut decoder, mut seen) = (KeyDecoder::default(), Vec::new());
                for piece in [&typed.as_bytes()[..at], &typed.as_bytes()[at..]] {
                    decoder.push(piece, &mut seen);
                }
                assert_eq!(seen, keys, "{typed:?} cut at {at}");
                assert!(!decoder.is_pending());
            }
        }
    }

    #[test]
    fn a_lone_escape_is_decided_by_time() {
        let (mut decoder, mut keys) = (KeyDecoder::default(), Vec::new());
        decoder.push(b"\x1b", &mut keys);
        assert!(decoder.is_pending() && keys.is_empty());
        decoder.flush(&mut keys);
        decoder.push(b"[", &mut keys);
        assert_eq!(keys, [Key::Escape, Key::Char('[')]);
        // Longer than a key: the rest of a slow sequence is not typed.
        decoder.push(b"\x1b[<0;1", &mut keys);
        decoder.flush(&mut keys);
        decoder.push(b"2;3M", &mut keys);
        assert_eq!(keys.len(), 2);
    }
}
