//! Bytes found eight at a time: recordings are short pieces of text between escapes, for which a search
//! by vectors costs more to begin than it saves.
//!
//! What is found of a word is a word itself. Its lowest bit set lies in the first byte that was looked
//! for; what is set above that means nothing.

/// The lowest and the highest bit of each byte of a word.
const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);

/// Finds bytes below a limit of 0x80 at most.
#[inline(always)]
pub fn below(limit: u8, word: u64) -> u64 {
    word.wrapping_sub(LOW * u64::from(limit)) & !word & HIGH
}

/// Finds a byte.
#[inline(always)]
pub fn equal(byte: u8, word: u64) -> u64 {
    below(1, word ^ (LOW * u64::from(byte)))
}

/// Finds bytes outside of ASCII.
#[inline(always)]
pub fn not_ascii(word: u64) -> u64 {
    word & HIGH
}

/// Where in a word something was found, from 0; 8 where nothing was.
#[inline(always)]
pub fn first(found: u64) -> usize {
    found.trailing_zeros() as usize / 8
}

/// Where in the bytes something is found first, or their end. `find` finds nothing in a word of blanks.
#[inline(always)]
pub fn position(bytes: &[u8], find: impl Fn(u64) -> u64) -> usize {
    let mut at = 0;
    while let Some(word) = bytes[at..].first_chunk::<8>() {
        let found = find(u64::from_le_bytes(*word));
        if found != 0 {
            return at + first(found);
        }
        at += 8;
    }
    let rest = &bytes[at..];
    let mut word = [b' '; 8];
    word[..rest.len()].copy_from_slice(rest);
    at + first(find(u64::from_le_bytes(word))).min(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_found_first_is_what_a_loop_finds(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let loop_finds = |is_it: &dyn Fn(&u8) -> bool| bytes.iter().position(is_it).unwrap_or(bytes.len());
            prop_assert_eq!(position(&bytes, |word| below(0x20, word)), loop_finds(&|byte| *byte < 0x20));
            prop_assert_eq!(position(&bytes, |word| equal(0xc2, word)), loop_finds(&|byte| *byte == 0xc2));
            prop_assert_eq!(position(&bytes, not_ascii), loop_finds(&|byte| *byte >= 0x80));
            prop_assert_eq!(
                position(&bytes, |word| below(0x20, word) | equal(0x7f, word) | equal(0xc2, word)),
                loop_finds(&|byte| matches!(byte, ..0x20 | 0x7f | 0xc2))
            );
        }
    }
}
