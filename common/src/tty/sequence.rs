//! Escape sequences, as far as the traffic between a program and its terminal needs them told
//! apart: the questions that a program asks the terminal, and the terminal's answers among what the
//! user types (xterm's "XTerm Control Sequences", ECMA-48, DEC STD 070).

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
    /// ESC and one byte.
    Short(u8),
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
        Some(&byte) => Front::Whole(Sequence::Short(byte), 2),
    }
}

/// The rest of a CSI sequence (ECMA-48, 5.4).
fn control(bytes: &[u8]) -> Front<'_> {
    let run =
        |from: usize, is: fn(&u8) -> bool| from + bytes[from..].iter().take_while(|byte| is(byte)).count();
    let parameters = run(0, |byte| matches!(byte, 0x30..=0x3f));
    let intermediates = run(parameters, |byte| matches!(byte, 0x20..=0x2f));
    match bytes.get(intermediates) {
        None => Front::Unfinished,
        Some(&last @ 0x40..=0x7e) => Front::Whole(
            Sequence::Control {
                parameters: &bytes[..parameters],
                intermediates: &bytes[parameters..intermediates],
                last,
            },
            2 + intermediates + 1,
        ),
        Some(_) => Front::Broken,
    }
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
        let joined;
        let mut rest = bytes;
        if !self.held.is_empty() {
            self.held.extend_from_slice(bytes);
            joined = std::mem::take(&mut self.held);
            rest = &joined;
        }
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
                _ => false,
            }
        }
        Sequence::Text { kind, text } => is_reply_text(kind, text),
        Sequence::Short(_) => false,
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

/// Notices whether a program's output asks the terminal anything.
#[derive(Debug, Default)]
pub struct QueryDetector {
    /// The beginning of a sequence that goes on in the next piece.
    held: Vec<u8>,
    found: bool,
}

impl QueryDetector {
    /// Looks at the next piece of output.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.found {
            return;
        }
        let joined;
        let mut rest = bytes;
        if !self.held.is_empty() {
            self.held.extend_from_slice(bytes);
            joined = std::mem::take(&mut self.held);
            rest = &joined;
        }
        while let Some(escape) = memchr(ESC, rest) {
            rest = &rest[escape..];
            let length = match front(rest) {
                Front::Whole(sequence, length) => {
                    self.found |= is_query(sequence);
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

    /// Whether there has been a question.
    pub fn found(&self) -> bool {
        self.found
    }
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
            _ => false,
        },
        Sequence::Text { kind: b']', text } => text.windows(2).any(|pair| pair == b";?"),
        Sequence::Text { kind: b'P', text } => text.starts_with(b"$q") || text.starts_with(b"+q"),
        Sequence::Text { .. } => false,
        // DECID, the question that DA replaced.
        Sequence::Short(byte) => byte == b'Z',
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
    fn a_key_in_two_pieces_and_a_reply_that_never_ends_are_not_lost() {
        assert_eq!(keys_of([&b"\x1b[1"[..], b"5~"]), "\x1b[15~");
        assert_eq!(keys_of([&b"\x1b]11;rgb"[..], b"\rls\r"]), "\x1b]11;rgb\rls\r");
        assert_eq!(keys_of([&b"\x1bP1"[..]]), "\x1bP1");
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
            "\x1b]11;?\x1b\\",
            "\x1bP+q544e\x1b\\",
            "\x1bP$qm\x1b\\",
            "\x1bZ",
        ] {
            for at in 0..query.len() {
                let mut detector = QueryDetector::default();
                detector.push(b"text");
                detector.push(&query.as_bytes()[..at]);
                detector.push(&query.as_bytes()[at..]);
                assert!(detector.found(), "{query:?}");
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
            let mut detector = QueryDetector::default();
            detector.push(output.as_bytes());
            assert!(!detector.found(), "{output:?}");
        }
    }
}
