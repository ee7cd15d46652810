//! Masking within a JSON string: the characters that are to be masked are replaced, and everything
//! else keeps the spelling that it has.

use std::ops::Range;

use common::cast::json;
use unicode_width::UnicodeWidthChar;

/// A character of a JSON string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Character {
    /// What it is; U+FFFD for what is none.
    pub character: char,
    /// Where in the text that the string stands for it begins, in bytes.
    pub offset: usize,
    /// Where in the raw string it is spelled.
    pub raw: Range<usize>,
}

/// The characters of the string between two quotes. Together they are what the string stands for, with
/// U+FFFD for lone surrogates and for bytes that are no UTF-8.
pub fn characters(raw: &[u8]) -> Vec<Character> {
    let mut characters = Vec::new();
    let mut offset = 0;
    let mut add = |character: char, raw: Range<usize>| {
        characters.push(Character { character, offset, raw });
        offset += character.len_utf8();
    };
    let mut at = 0;
    let mut decoded = Vec::new();
    while at < raw.len() {
        let rest = &raw[at..];
        if rest[0] == b'\\' {
            let length = escape_length(rest);
            decoded.clear();
            let is_whole = json::decode(&rest[..length], &mut decoded).is_ok();
            let text = std::str::from_utf8(&decoded).ok().filter(|_| is_whole);
            let character = text.and_then(|text| text.chars().next());
            add(character.unwrap_or(char::REPLACEMENT_CHARACTER), at..at + length);
            at += length;
            continue;
        }
        let length = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
        for chunk in rest[..length].utf8_chunks() {
            for character in chunk.valid().chars() {
                add(character, at..at + character.len_utf8());
                at += character.len_utf8();
            }
            if !chunk.invalid().is_empty() {
                add(char::REPLACEMENT_CHARACTER, at..at + chunk.invalid().len());
                at += chunk.invalid().len();
            }
        }
    }
    characters
}

/// How many bytes the escape sequence at the front takes, both halves of a surrogate pair together.
fn escape_length(raw: &[u8]) -> usize {
    let unit = |at: usize| {
        let digits = raw.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let length = match (unit(0), unit(6)) {
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
        (Some(_), _) => 6,
        (None, _) => 2,
    };
    length.min(raw.len())
}

/// What takes the place of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// A mask for each column.
    Columns,
    /// A single character as wide as it, because two would not come to stand where it does.
    Single,
}

/// Appends the string between two quotes with characters replaced. `replacement` is asked with the
/// offset of each in the text. `additions` are texts that are inserted at offsets, in order.
pub fn mask_string(
    raw: &[u8],
    mask: char,
    replacement: impl Fn(usize) -> Option<Replacement>,
    additions: &[(usize, String)],
    out: &mut Vec<u8>,
) {
    let mut copied = 0;
    let mut additions = additions.iter().peekable();
    for Character { character, offset, raw: spelled } in characters(raw) {
        while let Some((_, addition)) = additions.next_if(|(at, _)| *at <= offset) {
            out.extend_from_slice(&raw[copied..spelled.start]);
            copied = spelled.start;
            push_text(addition, out);
        }
        let Some(replacement) = replacement(offset) else { continue };
        out.extend_from_slice(&raw[copied..spelled.start]);
        let (mask, count) = match replacement {
            Replacement::Columns => (mask, width(character)),
            Replacement::Single => (wide(mask), 1),
        };
        (0..count).for_each(|_| out.extend_from_slice(mask.encode_utf8(&mut [0; 4]).as_bytes()));
        copied = spelled.end;
    }
    out.extend_from_slice(&raw[copied..]);
    additions.for_each(|(_, addition)| push_text(addition, out));
}

/// Appends text as it is spelled within a string.
fn push_text(text: &str, out: &mut Vec<u8>) {
    let mut string = Vec::new();
    json::encode(text, &mut string);
    out.extend_from_slice(&string[1..string.len() - 1]);
}

/// A mask of two columns: its fullwidth form, if it has one.
pub fn wide(mask: char) -> char {
    const FULLWIDTH: u32 = '\u{ff01}' as u32 - '!' as u32;
    let is_ascii = matches!(mask, '!'..='~');
    char::from_u32(u32::from(mask) + FULLWIDTH).filter(|_| is_ascii).unwrap_or('\u{ff0a}')
}

/// The number of columns that a character takes.
pub fn width(character: char) -> usize {
    character.width().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masked(raw: &str, secret: &str) -> String {
        let mut out = Vec::new();
        let characters = characters(raw.as_bytes());
        let is_masked = |at: usize| {
            characters.iter().any(|character| character.offset == at && secret.contains(character.character))
        };
        mask_string(raw.as_bytes(), '*', |at| is_masked(at).then_some(Replacement::Columns), &[], &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn all_but_the_masked_characters_keeps_its_spelling() {
        assert_eq!(masked(r"\u0041b\/c\u001b\n", "b"), r"\u0041*\/c\u001b\n");
        assert_eq!(masked(r#"\u0041\"\\"#, "A\"\\"), "***");
    }

    #[test]
    fn a_mask_is_as_wide_as_what_it_stands_for() {
        assert_eq!(masked(r"a界b\ud83d\ude00c\u754c", "界😀"), "a**b**c**");
        assert_eq!(masked("ae\u{301}b", "e\u{301}"), "a*b");
    }

    proptest! {
        #[test]
        fn the_characters_together_are_the_decoded_string(
            parts in prop::collection::vec(prop_oneof![
                Just(b"abc".to_vec()), Just("ż界😀".as_bytes().to_vec()), Just(br"\u001b[1m\n\\\".to_vec()[..13].to_vec()),
                Just(br"\ud83d\ude00".to_vec()), Just(br"\ud83d".to_vec()), Just(br"\ude00".to_vec()), Just(br"\uD83D\n".to_vec()),
                Just(b"\xff\xe7\x95".to_vec()), Just(b"\xe7".to_vec()), Just(b"\x95\x8c".to_vec()), Just(br"\u754c".to_vec()),
            ], 0..12),
        ) {
            let raw = parts.concat();
            let mut decoded = Vec::new();
            json::decode(&raw, &mut decoded).unwrap();
            let characters = characters(&raw);
            let text: String = characters.iter().map(|character| character.character).collect();
            prop_assert_eq!(&text, &String::from_utf8_lossy(&decoded));
            let mut at = 0;
            for (character, (offset, _)) in characters.iter().zip(text.char_indices()) {
                prop_assert_eq!((character.offset, character.raw.start), (offset, at));
                at = character.raw.end;
            }
            prop_assert_eq!(at, raw.len());
        }
    }
}
