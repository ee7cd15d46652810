//! Text from elsewhere, made fit to be shown: what a file, a server or a command line holds may
//! carry escape sequences, and a message must not let them reach the terminal.

use std::fmt::Write;

/// The text with its control characters made visible: `\n`, `\t` and `\r` by name, others as `\x1b`.
///
/// Besides the ASCII controls that means the C1 ones and the characters that turn the direction of
/// text around, since both change what a terminal shows of the rest of the line.
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

/// The same, but for line ends, which stay: for text of several lines that is shown as it is laid out.
pub fn visible_lines(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n")
}

/// The first characters of a piece of input, visible and short enough to stand within a message.
pub fn excerpt(bytes: &[u8]) -> String {
    const CHARACTERS: usize = 24;
    // Four bytes are the most that a character takes: no need to look at the rest of a long line.
    let front = &bytes[..bytes.len().min(4 * CHARACTERS + 4)];
    let text = String::from_utf8_lossy(front);
    let mut shown: String = text.chars().take(CHARACTERS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    visible(&shown)
}

/// A number that tells one text from another where nobody means harm (FNV-1a, 64 bits).
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
    fn an_excerpt_is_short_and_says_that_more_follows() {
        assert_eq!(excerpt(b"short"), "short");
        assert_eq!(excerpt(&[b'x'; 500]), format!("{}…", "x".repeat(24)));
    }
}
