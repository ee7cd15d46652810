//! The text in output, without escape sequences.

use super::{Kind, Tokenizer};

/// Takes sequences out of output, so that text and control characters are left.
#[derive(Debug, Default)]
pub struct TextFilter {
    tokenizer: Tokenizer,
}

impl TextFilter {
    /// Appends what the next piece holds besides sequences to `text`.
    pub fn push(&mut self, bytes: &[u8], text: &mut Vec<u8>) {
        let mut tokens = self.tokenizer.tokens(bytes);
        while let Some(token) = tokens.next() {
            match token.kind {
                Kind::Text | Kind::Control(_) => text.extend_from_slice(token.bytes),
                _ => text.extend(token.controls()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
