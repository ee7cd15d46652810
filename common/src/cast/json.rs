//! JSON strings, decoded from a cast and encoded into one (RFC 8259, section 7).
//!
//! Written here rather than left to serde_json because everything that reads text spends its time
//! in it, and because recordings contain what serde_json rejects: lone surrogates, raw control
//! characters and invalid UTF-8. Property tests compare it with serde_json on everything else.

use memchr::memchr_iter;

use crate::word;

/// An escape sequence that is invalid or cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadEscape {
    /// The offset of the backslash in the string, in bytes.
    pub at: usize,
}

/// Finds the quote that closes a string; `rest` begins after its opening quote.
///
/// Returns its offset, or `None` if the string does not end in `rest`.
#[inline]
pub fn closing_quote(rest: &[u8]) -> Option<usize> {
    memchr_iter(b'"', rest).find(|&quote| {
        // A quote is escaped if an odd number of backslashes precedes it. Looking back from the
        // quotes is faster than stopping at each backslash: recordings are full of \u001b.
        let backslashes = rest[..quote].iter().rev().take_while(|&&byte| byte == b'\\').count();
        backslashes % 2 == 0
    })
}

/// Appends the decoded contents of a string to `out`; nothing if it is invalid.
///
/// Bytes outside escape sequences are copied unchanged. A lone surrogate becomes U+FFFD.
pub fn decode(raw: &[u8], out: &mut Vec<u8>) -> Result<(), BadEscape> {
    let start = out.len();
    // No escape is shorter than the text it stands for.
    out.reserve(raw.len());
    let mut rest = raw;
    loop {
        rest = copy_until(find_backslash, rest, out);
        match rest {
            [] => return Ok(()),
            // By far the most frequent escape.
            [_, b'u', b'0', b'0', b'1', b'b', after @ ..] => {
                out.push(0x1b);
                rest = after;
            }
            [_, b'u', ..] => match decode_unicode(rest) {
                Some((character, length)) => {
                    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    rest = &rest[length..];
                }
                None => return bad_escape(raw, rest, start, out),
            },
            [_, letter, after @ ..] if MEANINGS[usize::from(*letter)] != 0 => {
                out.push(MEANINGS[usize::from(*letter)]);
                rest = after;
            }
            _ => return bad_escape(raw, rest, start, out),
        }
    }
}

#[cold]
fn bad_escape(raw: &[u8], rest: &[u8], start: usize, out: &mut Vec<u8>) -> Result<(), BadEscape> {
    out.truncate(start);
    Err(BadEscape { at: raw.len() - rest.len() })
}

/// The character that a backslash and this letter stand for; zero if there is none or it takes more
/// than one byte.
const MEANINGS: [u8; 256] = {
    let mut meanings = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let letter = ESCAPES[byte];
        if letter != b'u' {
            meanings[letter as usize] = byte as u8;
        }
        byte += 1;
    }
    meanings[0] = 0;
    meanings[b'/' as usize] = b'/';
    meanings
};

/// The character of the `\uXXXX` (or surrogate pair) at the front, and its length in bytes.
fn decode_unicode(escape: &[u8]) -> Option<(char, usize)> {
    let first = code_unit(escape)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 6));
    }
    let is_high = first < 0xdc00;
    match code_unit(&escape[6..]) {
        Some(second @ 0xdc00..=0xdfff) if is_high => {
            let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            Some((char::from_u32(code)?, 12))
        }
        _ => Some((char::REPLACEMENT_CHARACTER, 6)),
    }
}

/// The UTF-16 code unit of a `\uXXXX` at the front.
fn code_unit(escape: &[u8]) -> Option<u32> {
    let digits = escape.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, &digit| Some(unit * 16 + char::from(digit).to_digit(16)?))
}

/// Appends the string, including quotes, as both generations of asciinema write it: only what JSON
/// requires is escaped, in the short form if there is one.
pub fn encode(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        rest = copy_until(find_escaped, rest, out);
        let Some((&byte, after)) = rest.split_first() else { break };
        push_escape(byte, out);
        rest = after;
    }
    out.push(b'"');
}

/// Copies the bytes before the first one that `find` finds, and returns the rest.
///
/// Escapes are frequent and the text between them is short: testing eight bytes at a time is faster
/// than a loop over bytes, and than starting a search for each piece.
#[inline(always)]
fn copy_until<'a>(find: impl Fn(u64) -> u64, mut rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        out.extend_from_slice(word);
        let found = find(u64::from_le_bytes(*word));
        if found != 0 {
            let at = found.trailing_zeros() as usize / 8;
            out.truncate(out.len() - 8 + at);
            return &rest[at..];
        }
        rest = after;
    }
    let mut word = [b' '; 8];
    word[..rest.len()].copy_from_slice(rest);
    let at = rest.len().min(find(u64::from_le_bytes(word)).trailing_zeros() as usize / 8);
    out.extend_from_slice(&rest[..at]);
    &rest[at..]
}

#[inline(always)]
fn find_backslash(word: u64) -> u64 {
    word::equal(b'\\', word)
}

#[inline(always)]
fn find_escaped(word: u64) -> u64 {
    word::below(0x20, word) | word::equal(b'"', word) | word::equal(b'\\', word)
}

/// Appends the escape sequence of a byte that has one.
#[inline(always)]
fn push_escape(byte: u8, out: &mut Vec<u8>) {
    match ESCAPES[usize::from(byte)] {
        b'u' => {
            let digit = |value: u8| b"0123456789abcdef"[usize::from(value)];
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
        }
        letter => out.extend_from_slice(&[b'\\', letter]),
    }
}

/// The letter after the backslash for each byte that must be escaped, zero for the others.
const ESCAPES: [u8; 256] = {
    let mut escapes = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        escapes[control] = b'u';
        control += 1;
    }
    escapes[0x08] = b'b';
    escapes[0x09] = b't';
    escapes[0x0a] = b'n';
    escapes[0x0c] = b'f';
    escapes[0x0d] = b'r';
    escapes[b'"' as usize] = b'"';
    escapes[b'\\' as usize] = b'\\';
    escapes
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(raw: &str) -> Result<String, BadEscape> {
        let mut out = Vec::new();
        decode(raw.as_bytes(), &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn encoded(text: &str) -> String {
        let mut out = Vec::new();
        encode(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn surrogates_pair_up_and_lone_ones_become_replacement_characters() {
        assert_eq!(decoded(r"\ud83d\ude00").unwrap(), "😀");
        assert_eq!(decoded(r"\ud83dx\ude00").unwrap(), "\u{fffd}x\u{fffd}");
        assert_eq!(decoded(r"\ud83d\ud83d\ude00").unwrap(), "\u{fffd}😀");
        assert_eq!(decoded(r"\ud83d\n").unwrap(), "\u{fffd}\n");
    }

    #[test]
    fn an_escape_is_decoded_at_any_offset_in_a_block() {
        for (raw, text) in [
            (r"\n", "\n"),
            (r"\\", "\\"),
            (r"\\\\", "\\\\"),
            (r"\u001b", "\x1b"),
            (r"\u0000\ud83d\ude00", "\0😀"),
        ] {
            for before in 0..256 {
                let (before, after) = ("x".repeat(before), "y".repeat(before % 67));
                assert_eq!(
                    decoded(&format!("{before}{raw}{after}")).unwrap(),
                    format!("{before}{text}{after}")
                );
                assert_eq!(
                    decoded(&format!("{before}{raw}\\")),
                    Err(BadEscape { at: before.len() + raw.len() })
                );
            }
        }
    }

    #[test]
    fn a_bad_escape_is_reported_with_its_offset() {
        for (raw, at) in [(r"ab\q", 2), (r"\u12", 0), (r"\u12g4", 0), (r"\\\", 2), (r"\U0041", 0)] {
            assert_eq!(decoded(raw), Err(BadEscape { at }), "{raw}");
        }
    }

    #[test]
    fn only_what_json_requires_is_escaped() {
        assert_eq!(
            encoded("\x1b[1m\"\\/\r\n\t\x08\x0c\x00\x7fż😀"),
            "\"\\u001b[1m\\\"\\\\/\\r\\n\\t\\b\\f\\u0000\x7fż😀\""
        );
    }

    #[test]
    fn a_character_is_encoded_at_any_offset_in_a_block() {
        for character in ('\0'..='\u{a1}').chain(['€', '😀']) {
            for before in 0..=128 {
                let text = format!("{}{character}{character}y", "x".repeat(before));
                assert_eq!(encoded(&text), serde_json::to_string(&text).unwrap());
            }
        }
    }

    #[test]
    fn invalid_utf8_is_kept() {
        let mut out = Vec::new();
        decode(b"\xff\\n\xc5", &mut out).unwrap();
        assert_eq!(out, b"\xff\n\xc5");
    }

    proptest! {
        #[test]
        fn strings_are_encoded_as_serde_json_encodes_them(text in "([\\x00-\\x7f]{0,9}|[ -~]{50,70}|\\PC{0,3}){0,8}") {
            prop_assert_eq!(encoded(&text), serde_json::to_string(&text).unwrap());
        }

        #[test]
        fn strings_are_decoded_as_serde_json_decodes_them(raw in r#"([a-zż😀 /]|[a-z ]{60,70}|\\["\\/bfnrt]|\\u[0-9a-cA-C][0-9a-fA-F]{3}|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})*"#) {
            let expected: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
            prop_assert_eq!(decoded(&raw), Ok(expected));
        }

        #[test]
        fn what_serde_json_rejects_is_rejected(raw in r#"([a-u"]|\\[a-z"\\]|\\u[0-9g]{0,4}){0,6}"#) {
            let string = format!("\"{raw}\"");
            let whole = closing_quote(&string.as_bytes()[1..]) == Some(raw.len());
            let ours = decoded(&raw).ok().filter(|_| whole);
            prop_assert_eq!(ours, serde_json::from_str::<String>(&string).ok());
        }

        #[test]
        fn the_closing_quote_is_found(text in "[\\\\\"a\u{1}]*", after in "[\\\\\"a]*") {
            let string = encoded(&text);
            prop_assert_eq!(closing_quote(format!("{}{after}", &string[1..]).as_bytes()), Some(string.len() - 2));
        }
    }
}
