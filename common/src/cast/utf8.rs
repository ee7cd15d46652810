//! UTF-8 that arrives in pieces, made whole.
//!
//! A pseudo-terminal hands over bytes, a cast holds text. A character that a read cut in two waits
//! for its other half; a byte that belongs to no character becomes U+FFFD, one for each of what
//! Unicode calls a maximal subpart (The Unicode Standard, section 3.9), as Rust and browsers do.

/// Turns a stream of bytes into text, piece by piece.
#[derive(Debug, Default)]
pub struct Utf8Repair {
    /// The beginning of a character whose end has not arrived yet; at most three bytes.
    pending: Vec<u8>,
    has_replaced: bool,
}

impl Utf8Repair {
    /// Appends the text of the next piece to `out`, but for a character that it leaves unfinished.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut String) {
        // Byte by byte only until the character that the previous piece began is decided.
        while let (false, [byte, rest @ ..]) = (self.pending.is_empty(), bytes) {
            self.pending.push(*byte);
            bytes = rest;
            let pending = std::mem::take(&mut self.pending);
            self.append(&pending, out);
        }
        self.append(bytes, out);
    }

    /// Appends what is left when no more follows: a replacement for an unfinished character.
    pub fn finish(&mut self, out: &mut String) {
        if !std::mem::take(&mut self.pending).is_empty() {
            out.push(char::REPLACEMENT_CHARACTER);
            self.has_replaced = true;
        }
    }

    /// Whether there were bytes that belong to no character.
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
    fn a_character_in_two_pieces_comes_out_whole_with_the_second() {
        let (mut repair, mut out) = (Utf8Repair::default(), String::new());
        repair.push(b"a\xc5", &mut out);
        assert_eq!(out, "a");
        repair.push(b"\xbcb", &mut out);
        assert_eq!(out, "ażb");
    }

    proptest! {
        #[test]
        fn every_split_gives_what_the_whole_gives(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0xe2), Just(0x82), Just(0xac), Just(0xf0), Just(0x9f)], 0..24), size in 1usize..6) {
            prop_assert_eq!(repaired(bytes.chunks(size)), String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn text_comes_out_as_it_was(text in any::<String>(), size in 1usize..6) {
            prop_assert_eq!(repaired(text.as_bytes().chunks(size)), text);
        }
    }
}
