//! The line edited by typed keys: without the characters that were deleted again.
//!
//! The keys are those of readline and of a terminal's own line editing. Their effect in other
//! programs cannot be known from the keys; if the line cannot be known, it counts as a new one.

use common::edit::TracedLine;

const ESC: char = '\x1b';

/// The line being typed.
#[derive(Default)]
pub struct TypedLine {
    keys: Vec<(char, u64)>,
    /// The number of characters before the cursor.
    cursor: usize,
    /// The beginning of a sequence that continues in the next event.
    held: String,
    /// True during a paste, in which no key has an effect.
    is_pasting: bool,
    /// True if the line has changed since it was last passed on.
    has_changed: bool,
}

/// A placeholder for text inserted by keys with an unknown effect.
const GAP: char = '\0';

impl TypedLine {
    /// Processes the next piece of input, which begins at a place. `look` gets the line whenever it
    /// may be the last chance to see it, and at the end.
    pub fn push(&mut self, text: &str, place: u64, mut look: impl FnMut(&TracedLine)) {
        let start = place - self.held.len() as u64;
        let mut input = std::mem::take(&mut self.held);
        input.push_str(text);
        let mut at = 0;
        while let Some(character) = input[at..].chars().next() {
            let length = match sequence_length(&input[at..]) {
                Some(0) => break,
                Some(length) => length,
                None => character.len_utf8(),
            };
            let key = &input[at..at + length];
            if self.destroys(key) {
                self.show(&mut look);
            }
            self.press(key, character, start + at as u64);
            at += length;
        }
        self.held = input.split_off(at);
        self.show(&mut look);
    }

    /// The line up to the cursor: the part that may be continued.
    pub fn before_cursor(&self) -> TracedLine {
        traced(&self.keys[..self.cursor])
    }

    fn show(&mut self, look: &mut impl FnMut(&TracedLine)) {
        if std::mem::take(&mut self.has_changed) && !self.keys.is_empty() {
            look(&traced(&self.keys));
        }
    }

    /// Returns whether a key removes anything from the line.
    fn destroys(&self, key: &str) -> bool {
        key.len() > 1 || key.starts_with(|character: char| character.is_control())
    }

    /// Applies a key; `character` is its first character.
    fn press(&mut self, key: &str, character: char, place: u64) {
        match key {
            "\x1b[200~" => self.is_pasting = true,
            "\x1b[201~" => self.is_pasting = false,
            "\r" | "\n" => self.clear(),
            _ if self.is_pasting || !character.is_control() => self.insert(character, place),
            "\x7f" | "\x08" => self.delete(self.cursor.saturating_sub(1), self.cursor),
            "\x15" => self.delete(0, self.cursor),
            "\x17" | "\x1b\x7f" | "\x1b\x08" => self.delete(self.word_before(), self.cursor),
            "\x0b" => self.delete(self.cursor, self.keys.len()),
            "\x1bd" => self.delete(self.cursor, self.word_after()),
            "\x04" | "\x1b[3~" => self.delete(self.cursor, (self.cursor + 1).min(self.keys.len())),
            "\x01" | "\x1b[H" | "\x1bOH" | "\x1b[1~" => self.cursor = 0,
            "\x05" | "\x1b[F" | "\x1bOF" | "\x1b[4~" => self.cursor = self.keys.len(),
            "\x02" | "\x1b[D" | "\x1bOD" => self.cursor = self.cursor.saturating_sub(1),
            "\x06" | "\x1b[C" | "\x1bOC" => self.cursor = (self.cursor + 1).min(self.keys.len()),
            "\x1bb" | "\x1b[1;5D" | "\x1b[1;3D" => self.cursor = self.word_before(),
            "\x1bf" | "\x1b[1;5C" | "\x1b[1;3C" => self.cursor = self.word_after(),
            // Completion, yanking, quoting: the inserted text cannot be known from the keys.
            "\t" | "\x19" | "\x16" => self.insert(GAP, place),
            // Another line of the history, or none.
            "\x03" | "\x0e" | "\x10" | "\x12" | "\x13" | "\x07" => self.clear(),
            "\x1b[A" | "\x1b[B" | "\x1bOA" | "\x1bOB" => self.clear(),
            _ => {}
        }
    }

    fn insert(&mut self, character: char, place: u64) {
        self.keys.insert(self.cursor, (character, place));
        self.cursor += 1;
        self.has_changed = true;
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.has_changed |= from < to;
        self.keys.drain(from..to);
        self.cursor = from;
    }

    fn clear(&mut self) {
        self.keys.clear();
        self.cursor = 0;
    }

    /// The start of the word before the cursor, with words separated by blanks.
    fn word_before(&self) -> usize {
        let before = &self.keys[..self.cursor];
        let end = before.iter().rposition(|(key, _)| *key != ' ').map_or(0, |last| last + 1);
        before[..end].iter().rposition(|(key, _)| *key == ' ').map_or(0, |blank| blank + 1)
    }

    /// The end of the word after the cursor.
    fn word_after(&self) -> usize {
        let after = &self.keys[self.cursor..];
        let start = after.iter().position(|(key, _)| *key != ' ').unwrap_or(after.len());
        let length = after[start..].iter().position(|(key, _)| *key == ' ').unwrap_or(after.len() - start);
        self.cursor + start + length
    }
}

fn traced(keys: &[(char, u64)]) -> TracedLine {
    let mut line = TracedLine::default();
    keys.iter().for_each(|&(key, place)| line.push(key, place));
    line
}

/// The length in bytes of the sequence at the front, 0 if it is incomplete; `None` if there is
/// none. ESC and a character are either Alt with a key, or Escape and then a key, which cannot be
/// distinguished.
fn sequence_length(input: &str) -> Option<usize> {
    let rest = input.strip_prefix(ESC)?;
    match rest.chars().next() {
        None => Some(0),
        Some('[') => {
            let end = rest[1..].find(|character| !matches!(character, ' '..='?'));
            match end {
                None if rest.len() > LONGEST_SEQUENCE => Some(1),
                None => Some(0),
                Some(end) => Some(2 + end + rest[1 + end..].chars().next().map_or(0, char::len_utf8)),
            }
        }
        Some('O') => match rest[1..].chars().next() {
            None => Some(0),
            Some(character) => Some(2 + character.len_utf8()),
        },
        Some(ESC) => Some(1),
        Some(character) => Some(1 + character.len_utf8()),
    }
}

/// The longest sequence that is waited for, in bytes.
const LONGEST_SEQUENCE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    /// All lines seen for input in pieces.
    fn seen(pieces: &[&str]) -> Vec<String> {
        let mut line = TypedLine::default();
        let mut seen = Vec::new();
        let mut place = 0;
        for piece in pieces {
            line.push(piece, place, |line| seen.push(line.text().to_string()));
            place += piece.len() as u64;
        }
        seen
    }

    #[test]
    fn deleted_keys_are_not_in_the_line() {
        assert_eq!(seen(&["hunx\x7fter"]).last().unwrap(), "hunter");
        assert_eq!(seen(&["echo foo \x17hun\x17hunter"]).last().unwrap(), "echo hunter");
        assert_eq!(seen(&["abc\x15hunter"]).last().unwrap(), "hunter");
        assert_eq!(seen(&["hter\x01\x1b[Cun"]).last().unwrap(), "hunter");
        assert_eq!(seen(&["hunter2\x1b", "[D\x7f"]).last().unwrap(), "hunte2");
    }

    #[test]
    fn a_line_is_seen_before_it_disappears() {
        assert_eq!(seen(&["hunter\x15x\ry"]), ["hunter", "x", "y"]);
        assert_eq!(seen(&["a\x7f\x7fb"]), ["a", "b"]);
    }

    #[test]
    fn pasted_text_is_inserted_verbatim() {
        assert_eq!(seen(&["\x1b[200~a\x15b\x1b[201~\x7f"]).last().unwrap(), "a\x15");
    }

    #[test]
    fn places_are_those_of_the_input() {
        let mut line = TypedLine::default();
        line.push("a\x1b", 5, |_| {});
        line.push("[Dżb", 7, |_| {});
        let places: Vec<(char, u64)> = line.before_cursor().places(0..3).collect();
        assert_eq!(places, [('ż', 9), ('b', 11)]);
    }

    #[test]
    fn no_input_panics() {
        for input in
            ["\x1b\x1b[", "\x1b[1;\u{e9}", "\x1bO\u{e9}", "\x1b\u{e9}x", "\x1b[D\x7f\x0b\x1bd\x04", "\x1bO"]
        {
            for (cut, _) in input.char_indices() {
                seen(&[&input[..cut], &input[cut..]]);
            }
        }
    }
}
