//! The places of a stream to rewrite, and their replacements.

use std::collections::BTreeMap;
use std::ops::Range;

/// The replacement for a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The mask.
    Mask,
    /// A part of a text.
    Text {
        /// The number of the text.
        index: usize,
        /// The number of columns of the text before the part.
        col: usize,
        /// The number of columns that the whole text must fill.
        cols: usize,
    },
}

impl Part {
    /// The part a number of columns further on.
    pub fn after(self, count: usize) -> Part {
        match self {
            Part::Mask => Part::Mask,
            Part::Text { index, col, cols } => Part::Text { index, col: col + count, cols },
        }
    }
}

/// The number of runs to keep in any case, more than a large screen has cells.
const KEPT: usize = 1 << 18;

/// Places to rewrite. Each is the place of a character's first byte.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// The start and end of each run of places, and the replacement for its first character. Each
    /// further character has one byte and one column, unless all are masked.
    runs: BTreeMap<u64, (u64, Part)>,
}

impl Marks {
    /// Adds the place of a character. False if it is already there.
    pub fn insert(&mut self, character: char, place: u64, part: Part) -> bool {
        let end = place + character.len_utf8() as u64;
        if let Some((&start, (before_end, first))) = self.runs.range_mut(..=place).next_back() {
            if place < *before_end {
                return false;
            }
            if place == *before_end && part == first.after((place - start) as usize) {
                *before_end = end;
                return true;
            }
        }
        if let Some(&(after_end, after)) = self.runs.get(&end)
            && after == part.after((end - place) as usize)
        {
            self.runs.remove(&end);
            self.runs.insert(place, (after_end, part));
        } else {
            self.runs.insert(place, (end, part));
        }
        true
    }

    /// The replacement for the character at a place, if it is included.
    pub fn part(&self, place: u64) -> Option<Part> {
        let (&start, &(end, part)) = self.runs.range(..=place).next_back()?;
        (place < end).then(|| part.after((place - start) as usize))
    }

    /// Returns whether a place is included.
    pub fn contains(&self, place: u64) -> bool {
        self.part(place).is_some()
    }

    /// Returns whether any place of a range is included.
    pub fn touches(&self, range: Range<u64>) -> bool {
        self.runs.range(..range.end).next_back().is_some_and(|(_, &(end, _))| end > range.start)
    }

    /// Forgets the oldest runs before a place that has been passed on, so that memory is bounded however
    /// long the stream is. Text from there that is still on the screen then counts as passed on
    /// unmasked, and is covered.
    pub fn forget_before(&mut self, place: u64) {
        while self.runs.len() > KEPT && self.runs.first_key_value().is_some_and(|(_, &(end, _))| end <= place)
        {
            self.runs.pop_first();
        }
    }

    /// Returns whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part() -> impl Strategy<Value = Part> {
        let text = (0usize..2, 0usize..5).prop_map(|(index, col)| Part::Text { index, col, cols: 9 });
        prop_oneof![Just(Part::Mask), text]
    }

    #[test]
    fn only_old_places_that_were_passed_on_are_forgotten() {
        let mut marks = Marks::default();
        let count = KEPT as u64 + 100;
        for number in 0..count {
            marks.insert('a', number * 10, Part::Mask);
        }
        marks.forget_before(0);
        assert!(marks.contains(0));
        marks.forget_before(11);
        assert!(!marks.contains(0) && !marks.contains(10) && marks.contains(20));
        marks.forget_before(count * 10);
        assert_eq!(marks.runs.len(), KEPT);
        assert!(!marks.contains(990) && marks.contains(1000) && marks.contains((count - 1) * 10));
    }

    proptest! {
        #[test]
        fn each_place_has_what_it_was_given_first(
            characters in prop::collection::vec(("[aż界]", 0u64..20, part()), 0..30),
        ) {
            let mut marks = Marks::default();
            let mut expected: BTreeMap<u64, Part> = BTreeMap::new();
            for (character, slot, part) in characters {
                let character = character.chars().next().unwrap();
                let place = slot * 3;
                prop_assert_eq!(marks.insert(character, place, part), !expected.contains_key(&place));
                expected.entry(place).or_insert(part);
            }
            for place in (0..60).step_by(3) {
                prop_assert_eq!(marks.part(place), expected.get(&place).copied());
                prop_assert_eq!(marks.touches(place..place + 3), expected.contains_key(&place));
            }
        }
    }
}
