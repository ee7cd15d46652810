//! Repair of UTF-8 that arrives in pieces.
//!
//! A pseudo-terminal delivers bytes, a cast contains text. A character split by a read waits for
//! its second half; invalid bytes become U+FFFD, one for each maximal subpart (The Unicode
//! Standard, section 3.9), as in Rust and browsers.

/// Converts a stream of bytes to text, piece by piece.
#[derive(Debug, Default)]
pub struct Utf8Repair {
    /// The beginning of an incomplete character; at most three bytes.
    pending: Vec<u8>,
    has_replaced: bool,
}

impl Utf8Repair {
    /// Appends the text of the next piece to `out`, except for an incomplete character at its end.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut String) {
        // Byte by byte only until the character that the previous piece began is complete or
        // invalid.
        while let (false, [byte, rest @ ..]) = (self.pending.is_empty(), bytes) {
            self.pending.push(*byte);
            bytes = rest;
            let pending = std::mem::take(&mut self.pending);
            self.append(&pending, out);
        }
        self.append(bytes, out);
    }

    /// Appends the rest at the end of the input: a replacement for an incomplete character.
    pub fn finish(&mut self, out: &mut String) {
        if !std::mem::take(&mut self.pending).is_empty() {
            out.push(char::REPLACEMENT_CHARACTER);
            self.has_replaced = true;
        }
    }

    /// Returns whether there were invalid bytes.
    pub fn has_replaced(&self) -> bool {
        self.has_replaced
    }

    fn append(&mut self, mut bytes: &[u8], out: &mut String) {
        loop {
            let error = match std::str::from_utf8(bytes) {
                Ok(text) => return out.push_str(text),
                Err(error) => error,
            };
            let (valid, rest) = bytes.split_at(error.valid_up_to());
            out.push_str(&String::from_utf8_lossy(valid));
            match error.error_len() {
                Some(length) => {
                    out.push(char::REPLACEMENT_CHARACTER);
                    self.has_replaced = true;
                    bytes = &rest[length..];
                }
                None => return self.pending.extend_from_slice(rest),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn repaired<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
        let (mut repair, mut out) = (Utf8Repair::default(), String::new());
        for piece in pieces {
            repair.push(piece, &mut out);
        }
        repair.finish(&mut out);
        out
    }

    #[test]
    fn a_character_in_two_pieces_is_complete_after_the_second() {
        let (mut repair, mut out) = (Utf8Repair::default(), String::new());
        repair.push(b"a\xc5", &mut out);
        assert_eq!(out, "a");
        repair.push(b"\xbcb", &mut out);
        assert_eq!(out, "ażb");
    }

    proptest! {
        #[test]
        fn the_result_does_not_depend_on_where_the_input_is_split(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0xe2), Just(0x82), Just(0xac), Just(0xf0), Just(0x9f)], 0..24), size in 1usize..6) {
            prop_assert_eq!(repaired(bytes.chunks(size)), String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn valid_text_is_unchanged(text in any::<String>(), size in 1usize..6) {
            prop_assert_eq!(repaired(text.as_bytes().chunks(size)), text);
        }
    }
}
