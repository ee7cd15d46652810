//! The places to be masked.

use std::collections::BTreeMap;
use std::ops::Range;

/// Places to be masked. Each is that of a character's first byte.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Where a run of places begins, and where it ends.
    runs: BTreeMap<u64, u64>,
}

impl Marks {
    /// Adds the place of a character. False if it was there before.
    pub fn insert(&mut self, character: char, place: u64) -> bool {
        let (mut start, mut end) = (place, place + character.len_utf8() as u64);
        let mut runs = self.runs.range_mut(..=place);
        if let Some((&before, before_end)) = runs.next_back() {
            if place < *before_end {
                return false;
            }
            if place == *before_end {
                start = before;
            }
        }
        if let Some(after_end) = self.runs.remove(&end) {
            end = after_end;
        }
        self.runs.insert(start, end);
        true
    }

    /// Whether a place is among them.
    pub fn contains(&self, place: u64) -> bool {
        self.runs.range(..=place).next_back().is_some_and(|(_, &end)| place < end)
    }

    /// Whether any place of a range is among them.
    pub fn touches(&self, range: Range<u64>) -> bool {
        self.runs.range(..range.end).next_back().is_some_and(|(_, &end)| end > range.start)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn marks_are_a_set(characters in prop::collection::vec(("[aż界]", 0u64..20), 0..30)) {
            let mut marks = Marks::default();
            let mut expected = BTreeSet::new();
            for (character, slot) in characters {
                let character = character.chars().next().unwrap();
                let place = slot * 3;
                prop_assert_eq!(marks.insert(character, place), expected.insert(place));
            }
            for place in (0..60).step_by(3) {
                prop_assert_eq!(marks.contains(place), expected.contains(&place));
                prop_assert_eq!(marks.touches(place..place + 3), expected.contains(&place));
            }
        }
    }
}
