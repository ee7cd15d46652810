//! JSON strings, decoded from a cast and encoded into one (RFC 8259, section 7).
//!
//! Ours rather than serde_json's because it is the hot path of everything that looks at text, and
//! because recordings hold what serde_json refuses: lone surrogates, raw control characters and
//! bytes that are no UTF-8. The property tests below hold it against serde_json on all the rest.

use memchr::memchr_iter;

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

/// Appends to `out` what the string between two quotes stands for; nothing of one that is bad.
///
/// Bytes outside escape sequences are copied as they are, whatever they are. A surrogate without
/// its other half becomes U+FFFD.
pub fn decode(raw: &[u8], out: &mut Vec<u8>) -> Result<(), BadEscape> {
    let start = out.len();
    // No escape is shorter than what it stands for; what is too much is cut off again.
    out.resize(start + raw.len() + 2 * BLOCK, 0);
    let written = decode_whole(raw, &mut out[start..]);
    out.truncate(start + written.unwrap_or(0));
    written.map(drop)
}

/// How many bytes are looked at, and copied, at once: as many as a mask has bits.
///
/// Escapes come in crowds, and a search and a copy that are started for each of them take longer than
/// themselves. So a block is searched for all of its backslashes together, and what stands before
/// one is copied as a whole block, of which the next copy overwrites what was too much.
const BLOCK: usize = 64;

/// How far the decoding of a string has come.
#[derive(Clone, Copy, Default)]
struct Progress {
    read: usize,
    written: usize,
}

/// Decodes into a slice that has two blocks to spare; returns how much it has written.
fn decode_whole(raw: &[u8], out: &mut [u8]) -> Result<usize, BadEscape> {
    let blocks = raw.len().saturating_sub(BLOCK) / BLOCK * BLOCK;
    let done = decode_blocks(raw, raw.len(), blocks, out, Progress::default())?;
    // The last ones with a block of nothing behind them, as the copying needs it.
    let rest = &raw[blocks..];
    let mut padded = [0; 3 * BLOCK];
    padded[..rest.len()].copy_from_slice(rest);
    let done = Progress { read: done.read - blocks, ..done };
    let done = decode_blocks(&padded, rest.len(), rest.len().next_multiple_of(BLOCK), out, done)
        .map_err(|bad| BadEscape { at: blocks + bad.at })?;
    Ok(done.written - (done.read - rest.len()))
}

/// Decodes from where it has come to up to `end`, a number of whole blocks. Only `length` bytes of
/// the text are the string's.
#[inline(always)]
fn decode_blocks(
    text: &[u8],
    length: usize,
    end: usize,
    out: &mut [u8],
    done: Progress,
) -> Result<Progress, BadEscape> {
    let Progress { mut read, mut written } = done;
    for start in (0..end).step_by(BLOCK) {
        let mut backslashes = find_backslashes(&text[start..start + BLOCK]);
        // An escape of the block before may reach into this one.
        backslashes &= u64::MAX << read.saturating_sub(start);
        while backslashes != 0 {
            let at = start + backslashes.trailing_zeros() as usize;
            backslashes &= backslashes - 1;
            out[written..written + BLOCK].copy_from_slice(&text[read..read + BLOCK]);
            written += at - read;

            // Without a branch for what cannot be foreseen. By far the most frequent of its kind is
            // the beginning of an escape sequence.
            let escape = text[at..].first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
            let letter = (escape >> 8) as u8;
            let is_esc = u8::from(escape & ESC_MASK == ESC);
            let byte = MEANINGS[usize::from(letter)] | (is_esc * 0x1b);
            if byte != 0 {
                out[written] = byte;
                written += 1;
                read = at + 2 + 4 * usize::from(is_esc);
                if letter == b'\\' {
                    // It is no escape of its own, if it is in this block.
                    backslashes &= !(2 << (at - start));
                }
            } else {
                let (character, taken) = decode_unicode(&text[at..length]).ok_or(BadEscape { at })?;
                written += character.encode_utf8(&mut out[written..]).len();
                read = at + taken;
                backslashes &= u64::MAX.checked_shl((read - start) as u32).unwrap_or(0);
            }
        }
        if read < start + BLOCK {
            out[written..written + BLOCK].copy_from_slice(&text[read..read + BLOCK]);
            written += start + BLOCK - read;
            read = start + BLOCK;
        }
    }
    Ok(Progress { read, written })
}

/// `\u001b` as the number that its bytes are from the second on, and where those stand.
const ESC: u64 = u64::from_le_bytes(*b"\0u001b\0\0");
const ESC_MASK: u64 = 0xffff_ffff_ff00;

/// What a backslash and this letter stand for, zero where that is more than one byte or nothing.
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

/// A mask with a bit for each byte of a block, set where it is a backslash.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn find_backslashes(block: &[u8]) -> u64 {
    sse2::mask(block, |bytes| sse2::equal(bytes, b'\\'))
}

/// A mask with a bit for each byte of a block, set where JSON wants it escaped.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn find_escaped(block: &[u8]) -> u64 {
    sse2::mask(block, |bytes| {
        let quoting = sse2::or(sse2::equal(bytes, b'"'), sse2::equal(bytes, b'\\'));
        sse2::or(quoting, sse2::at_most(bytes, 0x1f))
    })
}

/// Sixteen bytes at once, as every processor of this architecture knows how to do it.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod sse2 {
    use std::arch::x86_64::*;

    // SAFETY, of all that is here: SSE2 is part of the architecture, and no address is involved.

    /// A mask with a bit for each byte of a block, set where the test leaves any.
    #[inline(always)]
    pub fn mask(block: &[u8], test: impl Fn(__m128i) -> __m128i) -> u64 {
        let mut mask = 0;
        for (number, bytes) in block.as_chunks::<16>().0.iter().enumerate() {
            let bytes = u128::from_le_bytes(*bytes);
            // SAFETY: see above.
            let bytes = unsafe { _mm_set_epi64x((bytes >> 64) as i64, bytes as i64) };
            // SAFETY: see above.
            let found = unsafe { _mm_movemask_epi8(test(bytes)) };
            mask |= u64::from(found as u16) << (16 * number);
        }
        mask
    }

    #[inline(always)]
    pub fn equal(bytes: __m128i, byte: u8) -> __m128i {
        // SAFETY: see above.
        unsafe { _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte as i8)) }
    }

    #[inline(always)]
    pub fn at_most(bytes: __m128i, most: u8) -> __m128i {
        // SAFETY: see above.
        unsafe { _mm_cmpeq_epi8(bytes, _mm_min_epu8(bytes, _mm_set1_epi8(most as i8))) }
    }

    #[inline(always)]
    pub fn or(some: __m128i, others: __m128i) -> __m128i {
        // SAFETY: see above.
        unsafe { _mm_or_si128(some, others) }
    }
}

/// A mask with a bit for each byte of a block, set where it is a backslash.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn find_backslashes(block: &[u8]) -> u64 {
    const LOW: u64 = u64::from_ne_bytes([0x7f; 8]);
    let mut mask = 0;
    for (number, bytes) in block.as_chunks::<8>().0.iter().enumerate() {
        let differing = u64::from_le_bytes(*bytes) ^ u64::from_ne_bytes([b'\\'; 8]);
        // The highest bit of each byte that is zero; then all of them next to each other.
        let equal = !(((differing & LOW) + LOW) | differing | LOW) >> 7;
        mask |= (equal.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * number);
    }
    mask
}

/// A mask with a bit for each byte of a block, set where JSON wants it escaped.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn find_escaped(block: &[u8]) -> u64 {
    let escaped = |mask, (at, &byte)| mask | u64::from(ESCAPES[usize::from(byte)] != 0) << at;
    block.iter().enumerate().fold(0, escaped)
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
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    for (number, block) in blocks.iter().enumerate() {
        let mut escaped = find_escaped(block);
        while escaped != 0 {
            let at = number * BLOCK + escaped.trailing_zeros() as usize;
            escaped &= escaped - 1;
            out.extend_from_slice(&bytes[copied..at]);
            push_escape(bytes[at], out);
            copied = at + 1;
        }
    }
    for (at, &byte) in rest.iter().enumerate() {
        if ESCAPES[usize::from(byte)] != 0 {
            let at = bytes.len() - rest.len() + at;
            out.extend_from_slice(&bytes[copied..at]);
            push_escape(byte, out);
            copied = at + 1;
        }
    }
    out.extend_from_slice(&bytes[copied..]);
    out.push(b'"');
}

/// Appends the escape of a byte that has one.
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
    fn an_escape_is_decoded_wherever_in_a_block_it_stands() {
        for (raw, text) in [
            (r"\n", "\n"),
            (r"\\", "\\"),
            (r"\\\\", "\\\\"),
            (r"\u001b", "\x1b"),
            (r"\u0000\ud83d\ude00", "\0😀"),
        ] {
            for before in 0..4 * BLOCK {
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
    fn a_character_is_encoded_wherever_in_a_block_it_stands() {
        for character in ('\0'..='\u{a1}').chain(['€', '😀']) {
            for before in 0..=2 * BLOCK {
                let text = format!("{}{character}{character}y", "x".repeat(before));
                assert_eq!(encoded(&text), serde_json::to_string(&text).unwrap());
            }
        }
    }

    #[test]
    fn bytes_that_are_no_utf8_are_kept() {
        let mut out = Vec::new();
        decode(b"\xff\\n\xc5", &mut out).unwrap();
        assert_eq!(out, b"\xff\n\xc5");
    }

    proptest! {
        #[test]
        fn encoding_is_what_serde_json_writes(text in "([\\x00-\\x7f]{0,9}|[ -~]{50,70}|\\PC{0,3}){0,8}") {
            prop_assert_eq!(encoded(&text), serde_json::to_string(&text).unwrap());
        }

        #[test]
        fn decoding_is_what_serde_json_reads(raw in r#"([a-zż😀 /]|[a-z ]{60,70}|\\["\\/bfnrt]|\\u[0-9a-cA-C][0-9a-fA-F]{3}|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2})*"#) {
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
