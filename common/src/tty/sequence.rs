//! Escape sequences, as far as the traffic between a program and its terminal needs them told
//! apart: the questions that a program asks the terminal, and the terminal's answers among what the
//! user types (xterm's "XTerm Control Sequences", ECMA-48, DEC STD 070).

use std::borrow::Cow;
use std::collections::BTreeSet;

use memchr::memchr;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;

/// The longest sequence that is waited for, in bytes. A clipboard's content (OSC 52) may be long;
/// a string that never ends must not be collected for ever.
const LONGEST: usize = 1 << 20;

/// An escape sequence, without its introducer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sequence<'a> {
    /// CSI: parameters, intermediate bytes, final byte.
    Control { parameters: &'a [u8], intermediates: &'a [u8], last: u8 },
    /// OSC, DCS or APC, by the byte behind ESC (`]`, `P`, `_`), and the text up to its terminator.
    Text { kind: u8, text: &'a [u8] },
    /// ESC, intermediate bytes (mostly none) and a final byte.
    Short { intermediates: &'a [u8], last: u8 },
}

/// What stands at the front of bytes that begin with ESC.
#[derive(Debug, PartialEq, Eq)]
enum Front<'a> {
    /// A sequence, and how many bytes it takes.
    Whole(Sequence<'a>, usize),
    /// The beginning of one.
    Unfinished,
    /// Nothing of the kind.
    Broken,
}

fn front(bytes: &[u8]) -> Front<'_> {
    match bytes.get(1) {
        None => Front::Unfinished,
        Some(b'[') => control(&bytes[2..]),
        Some(&kind @ (b']' | b'P' | b'_')) => text(kind, &bytes[2..]),
        Some(_) => short(&bytes[1..]),
    }
}

/// The rest of a sequence of ESC, intermediate bytes and a final one (ECMA-35, 13.2.1).
fn short(bytes: &[u8]) -> Front<'_> {
    let intermediates = run(bytes, 0, |byte| matches!(byte, 0x20..=0x2f));
    match bytes.get(intermediates) {
        None => Front::Unfinished,
        // Another ESC, say, which begins a sequence of its own.
        Some(..0x30 | 0x7f..) => Front::Broken,
        Some(&last) => {
            let sequence = Sequence::Short { intermediates: &bytes[..intermediates], last };
            Front::Whole(sequence, 1 + intermediates + 1)
        }
    }
}

/// The rest of a CSI sequence (ECMA-48, 5.4).
fn control(bytes: &[u8]) -> Front<'_> {
    let parameters = run(bytes, 0, |byte| matches!(byte, 0x30..=0x3f));
    let intermediates = run(bytes, parameters, |byte| matches!(byte, 0x20..=0x2f));
    match bytes.get(intermediates) {
        None => Front::Unfinished,
        Some(&last @ 0x40..=0x7e) => {
            let sequence = Sequence::Control {
                parameters: &bytes[..parameters],
                intermediates: &bytes[parameters..intermediates],
                last,
            };
            Front::Whole(sequence, 2 + intermediates + 1)
        }
        Some(_) => Front::Broken,
    }
}

/// Where a run of bytes of one kind ends that begins at `from`.
fn run(bytes: &[u8], from: usize, is_kind: fn(&u8) -> bool) -> usize {
    from + bytes[from..].iter().take_while(|byte| is_kind(byte)).count()
}

/// The rest of a sequence that carries text, up to BEL or ESC `\`.
fn text(kind: u8, bytes: &[u8]) -> Front<'_> {
    let end = bytes.iter().position(|&byte| byte < 0x20 || byte == 0x7f);
    let whole = |end: usize, terminator| {
        Front::Whole(Sequence::Text { kind, text: &bytes[..end] }, 2 + end + terminator)
    };
    match end.map(|end| (end, &bytes[end..])) {
        Some((end, [BEL, ..])) => whole(end, 1),
        Some((end, [ESC, b'\\', ..])) => whole(end, 2),
        None | Some((_, [ESC])) if bytes.len() < LONGEST => Front::Unfinished,
        _ => Front::Broken,
    }
}

/// The next piece of a stream, behind what the piece before left unfinished.
fn after_held<'a>(held: &mut Vec<u8>, piece: &'a [u8]) -> Cow<'a, [u8]> {
    if held.is_empty() {
        return Cow::Borrowed(piece);
    }
    held.extend_from_slice(piece);
    Cow::Owned(std::mem::take(held))
}

/// Takes a terminal's answers out of what is read from it, so that what the user typed is left.
///
/// Keys send sequences, too, and Alt with a bracket looks like the beginning of an answer. An answer
/// is waited for only when something that no key sends has arrived with its introducer.
#[derive(Debug, Default)]
pub struct ReplyFilter {
    /// The beginning of what is probably an answer.
    held: Vec<u8>,
}

impl ReplyFilter {
    /// Appends what is typed of the bytes just read to `keys`.
    pub fn push(&mut self, bytes: &[u8], keys: &mut Vec<u8>) {
        let joined = after_held(&mut self.held, bytes);
        let mut rest = &joined[..];
        while let Some(escape) = memchr(ESC, rest) {
            keys.extend_from_slice(&rest[..escape]);
            rest = &rest[escape..];
            let length = match front(rest) {
                Front::Whole(sequence, length) => {
                    if !is_reply(sequence) {
                        keys.extend_from_slice(&rest[..length]);
                    }
                    length
                }
                Front::Unfinished if may_become_reply(rest) => {
                    self.held = rest.to_vec();
                    return;
                }
                // The byte behind ESC may be another ESC that begins an answer.
                Front::Unfinished | Front::Broken => {
                    keys.push(ESC);
                    1
                }
            };
            rest = &rest[length..];
        }
        keys.extend_from_slice(rest);
    }

    /// Appends what is held back when nothing more follows.
    pub fn finish(&mut self, keys: &mut Vec<u8>) {
        keys.append(&mut self.held);
    }
}

/// The keys among what has been typed, as a plain keyboard sends them. A recording may have switched
/// the terminal to sending sequences for them, ctrl-c included: by the kitty keyboard protocol, or by
/// xterm's modifyOtherKeys. What no such key sends (arrows, the mouse) is left out.
pub fn plain_keys(typed: &[u8]) -> Vec<u8> {
    let mut keys = Vec::new();
    let mut rest = typed;
    while let Some(escape) = memchr(ESC, rest) {
        keys.extend_from_slice(&rest[..escape]);
        rest = &rest[escape..];
        let length = match front(rest) {
            // The mouse as X10 reports it: three bytes more, among which a space is the left button.
            Front::Whole(Sequence::Control { parameters: b"", intermediates: b"", last: b'M' }, length) => {
                (length + 3).min(rest.len())
            }
            Front::Whole(Sequence::Control { parameters, intermediates: b"", last }, length) => {
                if let Some(key) = plain_key(parameters, last) {
                    keys.extend_from_slice(key.encode_utf8(&mut [0; 4]).as_bytes());
                }
                length
            }
            Front::Whole(Sequence::Control { .. } | Sequence::Text { .. }, length) => length,
            // Alt with a key, or Escape and then a key.
            Front::Whole(Sequence::Short { .. }, _) | Front::Unfinished | Front::Broken => {
                keys.push(ESC);
                1
            }
        };
        rest = &rest[length..];
    }
    keys.extend_from_slice(rest);
    keys
}

/// The plain key that a control sequence stands for: `CSI code ; modifiers : event u`, or
/// `CSI 27 ; modifiers ; code ~`.
fn plain_key(parameters: &[u8], last: u8) -> Option<char> {
    const SHIFT: u32 = 1;
    const CONTROL: u32 = 4;
    const LOCKS: u32 = 64 | 128;
    const RELEASE: u32 = 3;
    let mut fields = std::str::from_utf8(parameters).ok()?.split(';');
    let (code, modifiers) = match last {
        b'u' => (fields.next()?, fields.next().unwrap_or_default()),
        b'~' if fields.next() == Some("27") => {
            let modifiers = fields.next()?;
            (fields.next()?, modifiers)
        }
        _ => return None,
    };
    let (modifiers, event) = modifiers.split_once(':').unwrap_or((modifiers, ""));
    if event.parse() == Ok(RELEASE) {
        return None;
    }
    let code: u32 = code.split(':').next()?.parse().ok()?;
    let modifiers = modifiers.parse().map_or(0, |sum: u32| sum.saturating_sub(1)) & !LOCKS;
    match modifiers & !SHIFT {
        0 => char::from_u32(code),
        CONTROL if (0x40..0x80).contains(&code) => char::from_u32(code & 0x1f),
        _ => None,
    }
}

fn is_reply(sequence: Sequence<'_>) -> bool {
    match sequence {
        Sequence::Control { parameters, intermediates, last } => {
            let private = parameters.first().copied();
            match (last, intermediates) {
                // DA, tertiary and secondary: the question has no parameters of this kind.
                (b'c', b"") => matches!(private, Some(b'?' | b'>' | b'=')),
                // Cursor position. A modified F3 is `CSI 1 ; 2 R`: of the two, the answer to a
                // program's question is by far the more frequent.
                (b'R', b"") => parameters.contains(&b';'),
                // Device status, DECRQM's answer, window reports, DECREPTPARM.
                (b'n', b"") | (b't', b"") | (b'x', b"") => !parameters.is_empty(),
                (b'y', b"$") => true,
                // The kitty keyboard's flags; without the question mark it is a key.
                (b'u', b"") => private == Some(b'?'),
                // Graphics attributes; without the question mark it is a key.
                (b'S', b"") => private == Some(b'?'),
                _ => false,
            }
        }
        Sequence::Text { kind, text } => is_reply_text(kind, text),
        Sequence::Short { .. } => false,
    }
}

/// Whether an OSC, DCS or APC from the terminal begins as answers do.
fn is_reply_text(kind: u8, text: &[u8]) -> bool {
    match (kind, text.first()) {
        // Colours, clipboard, title; titles are told with a letter.
        (b']', Some(first)) => matches!(first, b'0'..=b'9' | b'l' | b'L'),
        // DECRQSS, XTGETTCAP, XTVERSION, tertiary DA.
        (b'P', Some(first)) => matches!(first, b'0'..=b'9' | b'>' | b'!' | b'$' | b'+'),
        // Kitty's graphics.
        (b'_', Some(first)) => *first == b'G',
        _ => false,
    }
}

fn may_become_reply(bytes: &[u8]) -> bool {
    match bytes {
        [ESC, b'[', rest @ ..] => !rest.is_empty(),
        [ESC, kind, text @ ..] => is_reply_text(*kind, text),
        _ => false,
    }
}

/// Takes escape sequences out of output, so that the text is left.
#[derive(Debug, Default)]
pub struct TextFilter {
    /// The beginning of a sequence that goes on in the next piece.
    held: Vec<u8>,
}

impl TextFilter {
    /// Appends what the next piece holds besides sequences to `text`.
    pub fn push(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        let joined = after_held(&mut self.held, bytes);
        let mut rest = &joined[..];
        while let Some(escape) = memchr(ESC, rest) {
            text.extend_from_slice(&rest[..escape]);
            rest = &rest[escape..];
            let length = match front(rest) {
                Front::Whole(_, length) => length,
                Front::Unfinished => {
                    self.held = rest.to_vec();
                    return;
                }
                Front::Broken => 1,
            };
            rest = &rest[length..];
        }
        text.extend_from_slice(rest);
    }
}

/// Watches what a recording sends to a terminal, for what has to be cleared up afterwards: answers
/// that the terminal may still send, and modes that are left switched.
#[derive(Debug, Default)]
pub struct OutputWatch {
    /// The beginning of a sequence that goes on in the next piece.
    held: Vec<u8>,
    has_asked: bool,
    /// The private modes that are not as they are in a terminal just opened.
    switched: BTreeSet<u16>,
    is_pen_changed: bool,
    is_charset_changed: bool,
    is_region_set: bool,
    is_keypad_changed: bool,
    /// Insert mode, and line feeds that return (ANSI modes 4 and 20).
    inserts: bool,
    has_new_lines: bool,
    /// How many states of the kitty keyboard protocol have been put on its stack.
    kitty_states: u16,
    are_other_keys_modified: bool,
    /// What DECSCUSR asked for; 0 is the terminal's own shape.
    cursor_shape: u16,
}

impl OutputWatch {
    /// Looks at the next piece of output.
    pub fn push(&mut self, bytes: &[u8]) {
        let joined = after_held(&mut self.held, bytes);
        let mut rest = &joined[..];
        while let Some(escape) = memchr(ESC, rest) {
            rest = &rest[escape..];
            let length = match front(rest) {
                Front::Whole(sequence, length) => {
                    self.note(sequence);
                    length
                }
                Front::Unfinished => {
                    self.held = rest.to_vec();
                    return;
                }
                Front::Broken => 1,
            };
            rest = &rest[length..];
        }
    }

    /// Whether the terminal has been asked anything.
    pub fn has_asked(&self) -> bool {
        self.has_asked
    }

    /// What puts the terminal back into the modes in which a shell expects it; nothing where it is
    /// in them.
    pub fn restoration(&self) -> Vec<u8> {
        let mut out = String::new();
        let keyboard = match self.kitty_states {
            0 => String::new(),
            count => format!("\x1b[<{count}u"),
        };
        // Each screen has a stack of its own, and taking too much off one does no harm.
        if self.switched.iter().any(|mode| is_alternate_screen(*mode)) {
            out.push_str(&keyboard);
        }
        // The alternate screen is left first: what follows is meant for the one behind it.
        let leaves_first = |mode: &&u16| !is_alternate_screen(**mode);
        let mut modes: Vec<&u16> = self.switched.iter().collect();
        modes.sort_by_key(leaves_first);
        for mode in modes {
            let letter = if is_usually_set(*mode) { 'h' } else { 'l' };
            out.push_str(&format!("\x1b[?{mode}{letter}"));
        }
        for (changed, sequence) in [
            // Resetting the region moves the cursor, so that it is put back.
            (self.is_region_set, "\x1b7\x1b[r\x1b8"),
            (self.is_charset_changed, "\x1b(B\x1b)B\x0f"),
            (self.is_keypad_changed, "\x1b>"),
            (self.inserts, "\x1b[4l"),
            (self.has_new_lines, "\x1b[20l"),
            (self.are_other_keys_modified, "\x1b[>4m"),
            (self.cursor_shape != 0, "\x1b[0 q"),
            (self.is_pen_changed, "\x1b[0m"),
        ] {
            if changed {
                out.push_str(sequence);
            }
        }
        out.push_str(&keyboard);
        out.into_bytes()
    }

    /// Whether a private mode is not as it is in a terminal just opened.
    pub fn is_switched(&self, mode: u16) -> bool {
        self.switched.contains(&mode)
    }

    /// What switches a terminal just opened into the modes that no virtual terminal keeps and that
    /// hold until they are switched back: reversed screen, mouse, focus, bracketed paste, keypad and
    /// the cursor's shape. How keys are encoded is left out: it is of no use without the program.
    pub fn settings(&self) -> Vec<u8> {
        let mut out = String::new();
        for mode in self.switched.iter().filter(|mode| matches!(mode, 5 | 9 | 66 | 1000..=1016 | 2004)) {
            out.push_str(&format!("\x1b[?{mode}h"));
        }
        if self.is_keypad_changed {
            out.push_str("\x1b=");
        }
        if self.cursor_shape != 0 {
            out.push_str(&format!("\x1b[{} q", self.cursor_shape));
        }
        out.into_bytes()
    }

    fn note(&mut self, sequence: Sequence<'_>) {
        self.has_asked |= is_query(sequence);
        match sequence {
            Sequence::Control {
                parameters: [b'?', modes @ ..],
                intermediates: b"",
                last: last @ (b'h' | b'l'),
            } => {
                for mode in modes
                    .split(|&byte| byte == b';')
                    .filter_map(|mode| std::str::from_utf8(mode).ok()?.parse().ok())
                {
                    if (last == b'h') == is_usually_set(mode) {
                        self.switched.remove(&mode);
                    } else if is_restored(mode) {
                        self.switched.insert(mode);
                    }
                }
            }
            Sequence::Control { parameters, intermediates: b"", last: last @ (b'h' | b'l') } => {
                for mode in parameters.split(|&byte| byte == b';') {
                    match mode {
                        b"4" => self.inserts = last == b'h',
                        b"20" => self.has_new_lines = last == b'h',
                        _ => {}
                    }
                }
            }
            Sequence::Control { parameters: [b'>', b'4', value @ ..], intermediates: b"", last: b'm' } => {
                self.are_other_keys_modified = !matches!(value, b"" | b";" | b";0");
            }
            Sequence::Control { parameters: [b'>', ..], intermediates: b"", last: b'u' } => {
                self.kitty_states = self.kitty_states.saturating_add(1);
            }
            Sequence::Control { parameters: [b'<', count @ ..], intermediates: b"", last: b'u' } => {
                let count = std::str::from_utf8(count).ok().and_then(|count| count.parse().ok());
                self.kitty_states = self.kitty_states.saturating_sub(count.unwrap_or(1));
            }
            Sequence::Control { parameters, intermediates: b"", last: b'm' }
                if parameters.first() != Some(&b'>') =>
            {
                // Not by its last number alone: `38;5;0` is a colour.
                self.is_pen_changed = !parameters.iter().all(|byte| matches!(byte, b'0' | b';'));
            }
            Sequence::Control { parameters, intermediates: b"", last: b'r' } => {
                self.is_region_set = !parameters.is_empty();
            }
            Sequence::Control { parameters, intermediates: b" ", last: b'q' } => {
                let shape = std::str::from_utf8(parameters).ok().and_then(|shape| shape.parse().ok());
                self.cursor_shape = shape.unwrap_or(0);
            }
            Sequence::Short { intermediates: b"(" | b")", last } => self.is_charset_changed = last != b'B',
            Sequence::Short { intermediates: b"", last: last @ (b'=' | b'>') } => {
                self.is_keypad_changed = last == b'='
            }
            // A full reset.
            Sequence::Short { intermediates: b"", last: b'c' } => {
                *self = OutputWatch { has_asked: self.has_asked, ..OutputWatch::default() };
            }
            _ => {}
        }
    }
}

fn is_alternate_screen(mode: u16) -> bool {
    matches!(mode, 47 | 1047 | 1049)
}

/// Modes that a terminal just opened has set: autowrap and the visible cursor.
fn is_usually_set(mode: u16) -> bool {
    matches!(mode, 7 | 25)
}

/// Modes that a shell stumbles over when they are left switched: application cursor keys, reversed
/// screen, origin, autowrap, cursor, mouse, focus, alternate screen, bracketed paste, and updates that
/// wait for an end.
fn is_restored(mode: u16) -> bool {
    matches!(mode, 1 | 5 | 6 | 7 | 9 | 25 | 47 | 66 | 1000..=1006 | 1015 | 1016 | 1047 | 1049 | 2004 | 2026)
}

fn is_query(sequence: Sequence<'_>) -> bool {
    match sequence {
        Sequence::Control { parameters, intermediates, last } => match (last, intermediates) {
            (b'n', b"") => true,
            (b'c', b"") => matches!(parameters, b"" | b"0" | [b'>' | b'=', ..]),
            (b'p', b"$") => true,
            (b't', b"") => matches!(parameters, [b'1', _, ..] | [b'2', b'0' | b'1']),
            (b'x', b"") => true,
            (b'q', b"") => parameters.first() == Some(&b'>'),
            (b'u', b"") => parameters == b"?",
            (b'S', b"") => parameters.first() == Some(&b'?'),
            _ => false,
        },
        Sequence::Text { kind: b']', text } => text.windows(2).any(|pair| pair == b";?"),
        Sequence::Text { kind: b'P', text } => text.starts_with(b"$q") || text.starts_with(b"+q"),
        // Kitty's graphics: nearly every command is answered.
        Sequence::Text { kind, text } => kind == b'_' && text.starts_with(b"G"),
        // DECID, the question that DA replaced.
        Sequence::Short { intermediates, last } => intermediates.is_empty() && last == b'Z',
    }
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
    fn keys_pass_and_replies_do_not() {
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
    fn a_reply_in_two_pieces_is_still_one() {
        for reply in REPLIES {
            // Nothing tells the first two bytes from Alt and a key.
            for at in 3..reply.len() {
                let (front, back) = reply.as_bytes().split_at(at);
                assert_eq!(keys_of([b"a", front, back, b"b"]), "ab", "{reply:?} at {at}");
            }
        }
    }

    #[test]
    fn text_is_what_is_left_without_sequences() {
        let output = "a\x1b[1;31mż\x1b]0;title\x07b\x1b(Bc\x1b\x1b7d\x1bP1$r0m\x1b\\e\r\n";
        for at in 0..output.len() {
            let (mut filter, mut text) = (TextFilter::default(), Vec::new());
            filter.push(&output.as_bytes()[..at], &mut text);
            filter.push(&output.as_bytes()[at..], &mut text);
            assert_eq!(String::from_utf8(text).unwrap(), "ażbcde\r\n", "cut at {at}");
        }
    }

    #[test]
    fn a_key_in_two_pieces_and_a_reply_that_never_ends_are_not_lost() {
        assert_eq!(keys_of([&b"\x1b[1"[..], b"5~"]), "\x1b[15~");
        assert_eq!(keys_of([&b"\x1b]11;rgb"[..], b"\rls\r"]), "\x1b]11;rgb\rls\r");
        assert_eq!(keys_of([&b"\x1bP1"[..]]), "\x1bP1");
    }

    #[test]
    fn keys_are_the_same_whatever_the_keyboard_has_been_switched_to() {
        for (typed, keys) in [
            ("a .]\x03", "a .]\x03"),
            ("\x1b[99;5u\x1b[27;5;99~\x1b[99;5:1u", "\x03\x03\x03"),
            ("\x1b[32u\x1b[46;1u\x1b[93;129u\x1b[93:125;2u\x1b[380u", " .]]ż"),
            // The release of a key, Alt, a function key, arrows, pasting, the mouse.
            ("\x1b[99;5:3u\x1b[32;3u\x1b[15~\x1b[A\x1b[200~x\x1b[201~\x1b[<0;1;2M\x1b[M .]x\x1b[M .", "xx"),
            ("\x1bx\x1b\x1b[A\x1b", "\x1bx\x1b\x1b"),
        ] {
            assert_eq!(String::from_utf8(plain_keys(typed.as_bytes())).unwrap(), keys, "{typed:?}");
        }
    }

    #[test]
    fn questions_are_found_and_other_output_is_none() {
        for query in [
            "\x1b[6n",
            "\x1b[c",
            "\x1b[0c",
            "\x1b[>c",
            "\x1b[?2026$p",
            "\x1b[18t",
            "\x1b[>0q",
            "\x1b[?u",
            "\x1b[?2;1;0S",
            "\x1b_Gi=31,s=1,v=1,a=q;AAAA\x1b\\",
            "\x1b]11;?\x1b\\",
            "\x1bP+q544e\x1b\\",
            "\x1bP$qm\x1b\\",
            "\x1bZ",
        ] {
            for at in 0..query.len() {
                let mut watch = OutputWatch::default();
                watch.push(b"text");
                watch.push(&query.as_bytes()[..at]);
                watch.push(&query.as_bytes()[at..]);
                assert!(watch.has_asked(), "{query:?}");
            }
        }
        for output in [
            "\x1b[31mred\x1b[m",
            "\x1b]0;title?\x07",
            "\x1b[?2004h",
            "\x1b[8;24;80t",
            "\x1b[2 q",
            "\x1b(B",
            "\x1b[22;0;0t",
        ] {
            let mut watch = OutputWatch::default();
            watch.push(output.as_bytes());
            assert!(!watch.has_asked(), "{output:?}");
        }
    }

    #[test]
    fn modes_that_are_left_switched_are_restored() {
        for (output, restoration) in [
            ("\x1b[?1049h\x1b[31mred\x1b[m\x1b[?1049l", ""),
            ("\x1b[?2004h$ \x1b[?2004l", ""),
            (
                "\x1b[?25l\x1b[?1049;2004h\x1b[1;24r\x1b[1;31m",
                "\x1b[?1049l\x1b[?25h\x1b[?2004l\x1b7\x1b[r\x1b8\x1b[0m",
            ),
            ("\x1b(0\x1b=", "\x1b(B\x1b)B\x0f\x1b>"),
            ("\x1b[4;20h\x1b)0", "\x1b(B\x1b)B\x0f\x1b[4l\x1b[20l"),
            ("\x1b[4h\x1b[4l", ""),
            ("\x1b(0\x1b=\x1b[?1000h\x1bc", ""),
            ("\x1b[?7h\x1b[?25h\x1b[>4;2m\x1b[>4;m", ""),
            ("\x1b[>4;2m\x1b[38;5;0m", "\x1b[>4m\x1b[0m"),
            ("\x1b[>1u\x1b[>3u\x1b[<u\x1b[m\x1b[0;0m", "\x1b[<1u"),
            ("\x1b[?1049h\x1b[>1u", "\x1b[<1u\x1b[?1049l\x1b[<1u"),
            ("\x1b[>1u\x1b[<1u\x1b[<9u", ""),
            ("\x1b[5 q", "\x1b[0 q"),
            ("\x1b[5 q\x1b[ q", ""),
            ("\x1b=\x1b\x1b>", ""),
        ] {
            let mut watch = OutputWatch::default();
            for byte in output.as_bytes().chunks(1) {
                watch.push(byte);
            }
            assert_eq!(String::from_utf8(watch.restoration()).unwrap(), restoration, "{output:?}");
        }
    }

    #[test]
    fn settings_are_what_a_virtual_terminal_does_not_keep() {
        let mut watch = OutputWatch::default();
        watch.push(b"\x1b[?2004;1000;1006h\x1b[?1;25l\x1b[?1049h\x1b=\x1b[2 q\x1b[>1u");
        let settings = String::from_utf8(watch.settings()).unwrap();
        assert_eq!(settings, "\x1b[?1000h\x1b[?1006h\x1b[?2004h\x1b=\x1b[2 q");
        watch.push(b"\x1b[?2004;1000;1006l\x1b>\x1b[0 q");
        assert_eq!(watch.settings(), b"");
    }
}
