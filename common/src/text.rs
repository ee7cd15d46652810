//! Text from elsewhere, made safe to show: a file, a server or a command line may contain escape
//! sequences, and a message must not send them to the terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with its control characters made visible: `\n`, `\t` and `\r` by name, others as `\x1b`.
///
/// This includes the C1 controls and the characters that change the direction of text, since both
/// change how a terminal shows the rest of the line.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if c.is_control() || is_direction_mark(c) => {
                let _ = match u32::from(c) {
                    code @ ..0x100 => write!(shown, "\\x{code:02x}"),
                    code => write!(shown, "\\u{{{code:x}}}"),
                };
            }
            c => shown.push(c),
        }
    }
    shown
}

/// The text of bytes, with invalid UTF-8 replaced.
///
/// Faster than [`String::from_utf8_lossy`], which does not expect text to be valid.
pub fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Like [`visible`], but keeps line ends, for preformatted text.
pub fn visible_lines(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}

/// The first characters of a piece of input, visible and short enough for a message.
pub fn excerpt(bytes: &[u8]) -> String {
    const CHARACTERS: usize = 24;
    // A character takes at most four bytes, so the rest of a long line need not be read.
    let front = &bytes[..bytes.len().min(4 * CHARACTERS + 4)];
    let text = String::from_utf8_lossy(front);
    let mut shown: String = text.chars().take(CHARACTERS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    visible(&shown)
}

/// A number that distinguishes texts if nobody tampers with them (FNV-1a, 64 bits).
pub fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(visible("a\x1b[2J\n\u{9b}ż\u{202e}"), "a\\x1b[2J\\n\\x9bż\\u{202e}");
    }

    #[test]
    fn an_excerpt_is_short_and_shows_that_it_was_shortened() {
        assert_eq!(excerpt(b"short"), "short");
        assert_eq!(excerpt(&[b'x'; 500]), format!("{}…", "x".repeat(24)));
    }
}
