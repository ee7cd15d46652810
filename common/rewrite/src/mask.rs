//! Masking within a JSON string: masked characters are replaced, and everything else is kept
//! verbatim.

use std::ops::Range;

use common::cast::json;
use unicode_width::UnicodeWidthChar;

use crate::marks::Part;

/// A character of a JSON string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Character {
    /// The character; U+FFFD for an invalid one.
    pub character: char,
    /// Its offset in the decoded text, in bytes.
    pub offset: usize,
    /// Its range in the raw string.
    pub raw: Range<usize>,
}

/// The characters of the string between two quotes. Together they are the decoded text, with U+FFFD
/// for lone surrogates and invalid UTF-8.
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

/// The length in bytes of the escape sequence at the front, including both halves of a surrogate
/// pair.
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

/// The replacement for matches.
#[derive(Clone, Debug)]
pub enum Substitute {
    /// A character for each narrow one, and its wide form for each wide one, so that nothing else
    /// moves. It is applied again if that creates a new match.
    Mask(char),
    /// A text for each pattern, in the order in which kinds of patterns were added: truncated or
    /// padded with blanks to the columns of the match.
    Texts(Vec<String>),
}

impl Substitute {
    /// The replacement for a character of this many columns. `is_whole` requires a single
    /// character, because two would not be placed the same way; a mask always is.
    pub fn text(&self, part: Part, width: usize, is_whole: bool) -> String {
        match (self, part) {
            (Substitute::Mask(mask), _) => match width {
                0 => String::new(),
                1 => mask.to_string(),
                _ => wide(*mask).to_string(),
            },
            (Substitute::Texts(texts), Part::Text { index, col, cols }) => {
                let text = texts.get(index).map_or("", String::as_str);
                let part = columns(text, col..col + width, cols);
                let is_single = part.chars().count() == 1;
                if is_whole && !is_single { WIDE_BLANK.to_string() } else { part }
            }
            (Substitute::Texts(_), Part::Mask) => String::new(),
        }
    }

    /// Returns whether a character is the mask.
    pub fn is_mask(&self, character: char) -> bool {
        matches!(self, Substitute::Mask(mask) if character == *mask || character == wide(*mask))
    }
}

/// A blank of two columns.
const WIDE_BLANK: char = '\u{3000}';

/// The contents of a range of columns in a text that fills this many. A wide character belongs to
/// its first column; if half of it is outside, it becomes a blank.
fn columns(text: &str, range: Range<usize>, cols: usize) -> String {
    let mut part = String::new();
    let mut col = 0;
    for character in text.chars().filter(|character| !character.is_control()) {
        let width = width(character);
        if col + width > cols || (width > 0 && col >= range.end) {
            break;
        }
        if range.contains(&(col.saturating_sub(usize::from(width == 0)))) {
            part.push(character);
        }
        col += width;
    }
    (col.max(range.start)..range.end).for_each(|_| part.push(' '));
    part
}

/// Appends the string between two quotes with characters replaced. `replacement` gets each
/// character and its offset in the text. `additions` are texts to insert at offsets, in order.
pub fn mask_string(
    raw: &[u8],
    replacement: impl Fn(char, usize) -> Option<String>,
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
        if let Some(replacement) = replacement(character, offset) {
            out.extend_from_slice(&raw[copied..spelled.start]);
            push_text(&replacement, out);
            copied = spelled.end;
        }
    }
    out.extend_from_slice(&raw[copied..]);
    additions.for_each(|(_, addition)| push_text(addition, out));
}

/// Appends text escaped for a string.
fn push_text(text: &str, out: &mut Vec<u8>) {
    let mut string = Vec::new();
    json::encode(text, &mut string);
    out.extend_from_slice(&string[1..string.len() - 1]);
}

/// A mask of two columns: the fullwidth form, if there is one.
pub fn wide(mask: char) -> char {
    const FULLWIDTH: u32 = '\u{ff01}' as u32 - '!' as u32;
    let is_ascii = matches!(mask, '!'..='~');
    char::from_u32(u32::from(mask) + FULLWIDTH).filter(|_| is_ascii).unwrap_or('\u{ff0a}')
}

/// The width of a character in columns.
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
        let replacement = |character, at| {
            is_masked(at).then(|| Substitute::Mask('*').text(Part::Mask, width(character), false))
        };
        mask_string(raw.as_bytes(), replacement, &[], &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_the_masked_characters_change() {
        assert_eq!(masked(r"\u0041b\/c\u001b\n", "b"), r"\u0041*\/c\u001b\n");
        assert_eq!(masked(r#"\u0041\"\\"#, "A\"\\"), "***");
    }

    #[test]
    fn a_mask_is_as_wide_as_the_character_it_replaces() {
        assert_eq!(masked(r"a界b\ud83d\ude00c\u754c", "界😀"), "a＊b＊c＊");
        assert_eq!(masked("ae\u{301}b", "e\u{301}"), "a*b");
    }

    #[test]
    fn a_text_is_cut_off_or_filled_up_to_the_columns_of_what_it_replaces() {
        let replaced = |text: &str, widths: &[usize]| {
            let texts = Substitute::Texts(vec![text.to_string()]);
            let cols = widths.iter().sum();
            let mut col = 0;
            let part = |&width: &usize| {
                let text = texts.text(Part::Text { index: 0, col, cols }, width, false);
                col += width;
                text
            };
            widths.iter().map(part).collect::<Vec<_>>().join("|")
        };
        assert_eq!(replaced("abc", &[1, 1, 1, 1, 1]), "a|b|c| | ");
        assert_eq!(replaced("abc", &[1, 1]), "a|b");
        assert_eq!(replaced("abc", &[2, 0, 2]), "ab||c ");
        assert_eq!(replaced("界b", &[1, 1, 1, 1]), "界||b| ");
        assert_eq!(replaced("a界", &[1, 1]), "a| ");
        assert_eq!(replaced("e\u{301}b", &[1, 1]), "e\u{301}|b");
        assert_eq!(replaced("", &[2, 1]), "  | ");
    }

    proptest! {
        #[test]
        fn the_characters_form_the_decoded_string(
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
