//! A line of text with the origin of each of its characters.
//!
//! A place is a byte offset in a stream, such as all output of a cast.

use std::ops::Range;

use crate::screen::{Cell, PlacedCell};

/// The place of characters that were never written, such as the blanks of a screen.
pub const NOWHERE: u64 = u64::MAX;

/// A line of text, and the place of each of its characters.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TracedLine {
    text: String,
    /// The offset of each run in the text, and its place. Within a run, both advance together.
    runs: Vec<(usize, u64)>,
    /// The places of wide characters that two narrow ones cannot replace: see
    /// [`TracedLine::keep_whole`].
    whole: Vec<u64>,
    /// The offsets at which another line of the screen begins: see [`TracedLine::join`].
    joints: Vec<usize>,
}

impl Clone for TracedLine {
    fn clone(&self) -> TracedLine {
        let mut line = TracedLine::default();
        line.clone_from(self);
        line
    }

    /// Reuses the memory.
    fn clone_from(&mut self, line: &TracedLine) {
        self.text.clone_from(&line.text);
        self.runs.clone_from(&line.runs);
        self.whole.clone_from(&line.whole);
        self.joints.clone_from(&line.joints);
    }
}

impl TracedLine {
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Appends a text whose first byte is at a place.
    pub fn push_str(&mut self, text: &str, place: u64) {
        if text.is_empty() {
            return;
        }
        self.begin_run(place);
        self.text.push_str(text);
    }

    /// Appends a character.
    #[inline]
    pub fn push(&mut self, character: char, place: u64) {
        self.begin_run(place);
        self.text.push(character);
    }

    /// Appends cells with ASCII characters.
    #[inline]
    pub(super) fn push_ascii(&mut self, cells: &[PlacedCell]) {
        let start = self.text.len();
        self.push_bytes(cells);
        let mut expected = None;
        for (at, cell) in (start..).zip(cells) {
            let place = cell.place();
            if place != expected || at == start {
                self.runs.push((at, place.unwrap_or(NOWHERE)));
            }
            expected = place.map(|place| place + 1);
        }
    }

    /// Appends cells with ASCII characters, without their places.
    pub(super) fn push_ascii_text(&mut self, cells: &[PlacedCell]) {
        self.runs.push((self.text.len(), NOWHERE));
        self.push_bytes(cells);
    }

    #[inline]
    fn push_bytes(&mut self, cells: &[PlacedCell]) {
        // First as bytes, which is faster than one by one.
        let mut chunk = [0; 64];
        for cells in cells.chunks(chunk.len()) {
            let bytes = &mut chunk[..cells.len()];
            copy_ascii(cells, bytes);
            self.text.push_str(str::from_utf8(bytes).unwrap_or_default());
        }
    }

    /// Appends characters with their places.
    #[inline]
    pub(super) fn push_characters(&mut self, characters: impl Iterator<Item = (char, u64)>) {
        let mut expected = None;
        for (character, place) in characters {
            let start = self.text.len();
            if expected != Some(place) {
                self.runs.push((start, place));
            }
            self.text.push(character);
            let length = (self.text.len() - start) as u64;
            expected = Some(if place == NOWHERE { NOWHERE } else { place + length });
        }
    }

    /// The length of the text in bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Returns whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Marks a wide character that two narrow ones could not replace without being split or moved.
    pub fn keep_whole(&mut self, place: u64) {
        self.whole.push(place);
    }

    /// The places of the marked characters.
    pub fn whole(&self) -> &[u64] {
        &self.whole
    }

    /// Marks the end of the text as the end of a line on the screen. The text that follows is
    /// another line, which may only look like the continuation of this one.
    pub fn join(&mut self) {
        self.joints.push(self.text.len());
    }

    /// The offsets at which another line begins, in ascending order.
    pub fn joints(&self) -> &[usize] {
        &self.joints
    }

    #[inline]
    fn begin_run(&mut self, place: u64) {
        let goes_on = self.runs.last().is_some_and(|&(start, first)| match first {
            NOWHERE => place == NOWHERE,
            first => place.checked_sub(first) == Some((self.text.len() - start) as u64),
        });
        if !goes_on {
            self.runs.push((self.text.len(), place));
        }
    }

    /// Empties the line.
    pub fn clear(&mut self) {
        self.text.clear();
        self.runs.clear();
        self.whole.clear();
        self.joints.clear();
    }

    /// Keeps about this many bytes at the end of the text.
    pub fn keep_last(&mut self, length: usize) {
        let is_boundary = |at: &usize| self.text.is_char_boundary(*at);
        let start = (self.text.len().saturating_sub(length)..).find(is_boundary).unwrap_or(0);
        let place = self.place(start);
        self.text.drain(..start);
        self.runs.retain(|&(run, _)| run > start);
        self.runs.iter_mut().for_each(|(run, _)| *run -= start);
        self.joints.retain(|&joint| joint > start);
        self.joints.iter_mut().for_each(|joint| *joint -= start);
        if !self.text.is_empty() {
            self.runs.insert(0, (0, place));
        }
    }

    /// The places of the text, run by run.
    pub fn runs(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        let ends = self.runs.iter().skip(1).map(|&(start, _)| start).chain([self.text.len()]);
        let runs = self.runs.iter().zip(ends).filter(|((_, first), _)| *first != NOWHERE);
        runs.map(|(&(start, first), end)| first..first + (end - start) as u64)
    }

    /// The place of the character at an offset; [`NOWHERE`] beyond the end.
    pub fn place(&self, offset: usize) -> u64 {
        let run = self.runs.partition_point(|&(start, _)| start <= offset).checked_sub(1);
        match run.and_then(|run| self.runs.get(run)) {
            Some(&(start, first)) if offset < self.text.len() && first != NOWHERE => {
                first + (offset - start) as u64
            }
            _ => NOWHERE,
        }
    }

    /// The characters of a part of the text with their places, without those that were never
    /// written.
    pub fn places(&self, range: Range<usize>) -> impl Iterator<Item = (char, u64)> {
        let start = range.start;
        let characters = self.text().get(range).unwrap_or_default().char_indices();
        characters
            .map(move |(at, character)| (character, self.place(start + at)))
            .filter(|&(_, place)| place != NOWHERE)
    }
}

/// Copies the characters of cells that are all ASCII to as many bytes. Sixteen at a time, because
/// programs that are linked for size have no vectorized loops.
#[inline]
pub(super) fn copy_ascii<C: Cell>(cells: &[C], bytes: &mut [u8]) {
    let (chunks, rest) = cells.as_chunks::<16>();
    let (targets, last) = bytes.as_chunks_mut::<16>();
    for (bytes, cells) in targets.iter_mut().zip(chunks) {
        *bytes = cells.map(|cell| cell.code() as u8);
    }
    last.iter_mut().zip(rest).for_each(|(byte, cell)| *byte = cell.code() as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_places_of_its_characters() {
        let mut line = TracedLine::default();
        line.push_str("abc", 10);
        line.push('ż', 13);
        line.push('d', 15);
        line.push(' ', NOWHERE);
        line.push('e', 3);
        let places: Vec<(char, u64)> = line.places(0..line.text().len()).collect();
        assert_eq!(places, [('a', 10), ('b', 11), ('c', 12), ('ż', 13), ('d', 15), ('e', 3)]);
        assert_eq!(line.runs.len(), 3);
    }
}
