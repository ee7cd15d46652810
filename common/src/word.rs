//! Finding bytes eight at a time: recordings consist of short pieces of text between escapes, for
//! which starting a vectorized search costs more than it saves.
//!
//! The result of a search in a word is a word. Its lowest set bit lies in the first byte found; the
//! bits above it are meaningless.

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

/// Finds bytes that are not ASCII.
#[inline(always)]
pub fn non_ascii(word: u64) -> u64 {
    word & HIGH
}

/// The position in a word of the first byte found, from 0; 8 if there is none.
#[inline(always)]
pub fn first(found: u64) -> usize {
    found.trailing_zeros() as usize / 8
}

/// The position of the first byte found in the bytes, or their end. `find` finds nothing in a word
/// of blanks.
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
    let rest = bytes.len() - at;
    let word = match bytes.last_chunk::<8>() {
        // Without the bytes before the rest.
        Some(last) if rest > 0 => u64::from_le_bytes(*last) >> (64 - 8 * rest),
        Some(_) => return at,
        None => {
            let mut word = [b' '; 8];
            word[..rest].copy_from_slice(bytes);
            u64::from_le_bytes(word)
        }
    };
    at + first(find(word)).min(rest)
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
            prop_assert_eq!(
                position(&bytes, |word| below(0x20, word) | equal(0x7f, word) | equal(0xc2, word)),
                loop_finds(&|byte| matches!(byte, ..0x20 | 0x7f | 0xc2))
            );
        }
    }
}
