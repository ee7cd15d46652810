//! JSON strings, decoded from a cast and encoded into one (RFC 8259, section 7).
//!
//! Ours rather than serde_json's because it is the hot path of everything that looks at text, and
//! because recordings hold what serde_json refuses: lone surrogates, raw control characters and
//! bytes that are no UTF-8. The property tests below hold it against serde_json on all the rest.

use memchr::{memchr, memchr_iter};

/// An escape sequence that JSON does not know, or that is cut off; where in the string it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadEscape {
    /// Offset of the backslash in bytes.
    pub at: usize,
}

/// Finds the quote that ends a string whose opening quote stands just before `rest`.
///
/// Returns its offset, `None` where the string goes on to the end of `rest`.
#[inline]
pub fn closing_quote(rest: &[u8]) -> Option<usize> {
    memchr_iter(b'"', rest).find(|&quote| {
        // A quote is escaped when an odd number of backslashes stands before it. Looking back from
        // the quotes is faster than stopping at each backslash: recordings are full of \u001b.
        let backslashes = rest[..quote].iter().rev().take_while(|&&byte| byte == b'\\').count();
        backslashes % 2 == 0
    })
}

/// Appends to `out` what the string between two quotes stands for.
///
/// Bytes outside escape sequences are copied as they are, whatever they are. A surrogate without
/// its other half becomes U+FFFD.
pub fn decode(raw: &[u8], out: &mut Vec<u8>) -> Result<(), BadEscape> {
    // No escape is shorter than what it stands for, and a word is copied whole before it is cut.
    out.reserve(raw.len() + 8);
    let mut rest = raw;
    loop {
        rest = copy_plain(rest, out);
        let bad = BadEscape { at: raw.len() - rest.len() };
        let simple = match rest {
            [] => return Ok(()),
            [_] => return Err(bad),
            [_, b'n', ..] => b'\n',
            [_, b'r', ..] => b'\r',
            [_, b't', ..] => b'\t',
            [_, b'b', ..] => 0x08,
            [_, b'f', ..] => 0x0c,
            [_, same @ (b'"' | b'\\' | b'/'), ..] => *same,
            // By far the most frequent of its kind: the beginning of an escape sequence.
            [_, b'u', b'0', b'0', b'1', b'b', after @ ..] => {
                out.push(0x1b);
                rest = after;
                continue;
            }
            [_, b'u', ..] => {
                let (character, length) = decode_unicode(rest).ok_or(bad)?;
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[length..];
                continue;
            }
            _ => return Err(bad),
        };
        out.push(simple);
        rest = &rest[2..];
    }
}

/// Copies what comes before the next backslash; returns the rest, which begins with it or is empty.
///
/// Escapes come in crowds, where a search and a copy that are started for each of them take longer
/// than themselves: a few words are looked at and copied at once before that.
#[inline]
fn copy_plain<'a>(raw: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    const NEAR: usize = 5;
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let mut rest = raw;
    for _ in 0..NEAR {
        let Some((word, after)) = rest.split_first_chunk::<8>() else { break };
        // The lowest byte that is zero in here is the first backslash; a carry only reaches higher ones.
        let differing = u64::from_le_bytes(*word) ^ (ONES * u64::from(b'\\'));
        let found = differing.wrapping_sub(ONES) & !differing & HIGH;
        if found != 0 {
            let length = found.trailing_zeros() as usize / 8;
            let end = out.len() + length;
            out.extend_from_slice(word);
            out.truncate(end);
            return &rest[length..];
        }
        out.extend_from_slice(word);
        rest = after;
    }
    let (plain, rest) = rest.split_at(memchr(b'\\', rest).unwrap_or(rest.len()));
    out.extend_from_slice(plain);
    rest
}

/// The character of the `\uXXXX` (or pair of them) at the front, and how many bytes that took.
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

/// The UTF-16 code unit that a `\uXXXX` at the front spells.
fn code_unit(escape: &[u8]) -> Option<u32> {
    let digits = escape.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, &digit| Some(unit * 16 + char::from(digit).to_digit(16)?))
}

/// Appends the string, quotes included, as both generations of asciinema spell it: what JSON wants
/// escaped is escaped, in the short form where there is one; all else stays as it is.
pub fn encode(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut copied = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let escape = ESCAPES[usize::from(byte)];
        if escape == 0 {
            continue;
        }
        out.extend_from_slice(&bytes[copied..at]);
        copied = at + 1;
        if escape == b'u' {
            let digit = |value: u8| b"0123456789abcdef"[usize::from(value)];
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
        } else {
            out.extend_from_slice(&[b'\\', escape]);
        }
    }
    out.extend_from_slice(&bytes[copied..]);
    out.push(b'"');
}

/// The letter after the backslash for each byte that must be escaped, zero for all others.
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
    fn a_bad_escape_says_where_it_is() {
        for (raw, at) in [(r"ab\q", 2), (r"\u12", 0), (r"\u12g4", 0), (r"\\\", 2), (r"\U0041", 0)] {
            assert_eq!(decoded(raw), Err(BadEscape { at }), "{raw}");
        }
    }

    #[test]
    fn only_what_json_wants_escaped_is_escaped() {
        assert_eq!(
            encoded("\x1b[1m\"\\/\r\n\t\x08\x0c\x00\x7fż😀"),
            "\"\\u001b[1m\\\"\\\\/\\r\\n\\t\\b\\f\\u0000\x7fż😀\""
        );
    }

    #[test]
    fn bytes_that_are_no_utf8_are_kept() {
        let mut out = Vec::new();
        decode(b"\xff\\n\xc5", &mut out).unwrap();
        assert_eq!(out, b"\xff\n\xc5");
    }

    proptest! {
        #[test]
        fn encoding_is_what_serde_json_writes(text in any::<String>()) {
            prop_assert_eq!(encoded(&text), serde_json::to_string(&text).unwrap());
        }

        #[test]
        fn decoding_is_what_serde_json_reads(raw in r#"([a-zż😀 /]|\\["\\/bfnrt]|\\u[0-9a-cA-C][0-9a-fA-F]{3}|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})*"#) {
            let expected: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
            prop_assert_eq!(decoded(&raw), Ok(expected));
        }

        #[test]
        fn what_serde_json_refuses_is_refused(raw in r#"([a-u"]|\\[a-z"\\]|\\u[0-9g]{0,4}){0,6}"#) {
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
