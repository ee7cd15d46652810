//! The appearance of text on the screen: reported when the text was not there before, and not each
//! time it is redrawn.

use std::ops::Range;

use super::shown::{Extent, TextLines};
use crate::screen::TooLarge;
use crate::size::Size;

/// Finds matches in lines.
pub trait Find {
    /// Appends the byte ranges of the matches in a line.
    fn find(&self, line: &str, found: &mut Vec<Range<usize>>);

    /// The length in bytes that [`Find::may_match`] must see of a line at most; `None` if a line
    /// must be searched as a whole.
    fn reach(&self) -> Option<usize> {
        None
    }

    /// Returns whether a part of a line, in UTF-8, contains what every line with a match contains
    /// somewhere.
    fn may_match(&self, _part: &[u8]) -> bool {
        true
    }
}

/// Receives a line, and the ranges of the matches that have appeared in it.
pub type Report<'a> = &'a mut dyn FnMut(&str, &[Range<usize>]);

/// The screen, and the matches on it.
#[derive(Default)]
pub struct Sightings {
    /// The screen; `None` before it has a size.
    lines: Option<TextLines>,
    /// The lines with matches on the screen, and those above it that may come back.
    shown: Vec<Line>,
}

/// A line on the screen.
struct Line {
    /// Its rows; `None` if it has left the screen.
    rows: Option<Range<isize>>,
    text: String,
    found: Vec<Range<usize>>,
}

impl Sightings {
    /// Feeds the next output, and reports the matches that have appeared.
    pub fn feed(&mut self, output: &[u8], find: &dyn Find, report: Report<'_>) {
        let Some(lines) = &mut self.lines else { return };
        let mut news = Vec::new();
        let mut found = Vec::new();
        lines.feed(output, &mut |line| news.extend(Line::of(None, line.trim_end(), find, &mut found)));
        self.look(news, find, report);
    }

    /// Sets the terminal's size, also for the first time, and reports the matches that have
    /// appeared.
    ///
    /// # Errors
    ///
    /// [`TooLarge`]; the state is then unchanged.
    pub fn resize(&mut self, size: Size, find: &dyn Find, report: Report<'_>) -> Result<(), TooLarge> {
        let Some(lines) = &mut self.lines else {
            self.lines = Some(TextLines::new(size)?);
            return Ok(());
        };
        let mut news = Vec::new();
        let mut found = Vec::new();
        lines.resize(size, &mut |line| news.extend(Line::of(None, line.trim_end(), find, &mut found)))?;
        self.look(news, find, report);
        Ok(())
    }

    /// Examines the changed lines on the screen; `news` have left it since.
    fn look(&mut self, mut news: Vec<Line>, find: &dyn Find, report: Report<'_>) {
        let Sightings { lines: Some(lines), shown } = self else { return };
        let mut found = Vec::new();
        let mut changed = Vec::new();
        let is_empty = shown.is_empty();
        let cursor = lines.cursor();
        let scrolled = lines.changed(find.reach(), &mut |rows, line, extent| {
            if !is_empty {
                changed.push(rows.clone());
            }
            let may_match = find.may_match(line.bytes());
            if extent == Extent::Change || !may_match {
                return may_match;
            }
            let line = up_to_cursor(rows.start, line.text(), cursor);
            news.extend(Line::of(Some(rows), line, find, &mut found));
            true
        });
        if is_empty && news.is_empty() {
            return;
        }
        let oldest = 0_isize.saturating_sub_unsigned(lines.most_above());
        shown.retain_mut(|line| {
            let moved = |row: isize| row.saturating_sub_unsigned(scrolled);
            line.rows = line.rows.take().map(|rows| moved(rows.start)..moved(rows.end));
            line.rows.as_ref().is_some_and(|rows| rows.end > oldest)
        });
        let is_changed = |line: &Line| {
            line.rows.as_ref().is_none_or(|rows| {
                // They are in ascending order.
                let next = changed.partition_point(|changed| changed.end <= rows.start);
                changed.get(next).is_some_and(|changed| changed.start < rows.end)
            })
        };
        let (mut before, after) = std::mem::take(shown).into_iter().partition(is_changed);
        *shown = after;
        for line in news {
            let new = line.new_since(&mut before);
            if !new.is_empty() {
                report(&line.text, &new);
            }
            if line.rows.as_ref().is_some_and(|rows| rows.start >= 0) {
                shown.push(line);
            }
        }
    }
}

/// A line without trailing blanks, except those before the cursor: a prompt ends with one.
fn up_to_cursor(row: isize, line: &str, (cursor_col, cursor_row): (usize, isize)) -> &str {
    let length = line.trim_end().len();
    match line.is_ascii() && row == cursor_row {
        true => &line[..cursor_col.clamp(length, line.len())],
        false => &line[..length],
    }
}

impl Line {
    /// A line and its matches, if any.
    fn of(
        rows: Option<Range<isize>>,
        text: &str,
        find: &dyn Find,
        found: &mut Vec<Range<usize>>,
    ) -> Option<Line> {
        found.clear();
        find.find(text, found);
        found.retain(|found| !found.is_empty());
        (!found.is_empty()).then(|| Line { rows, text: text.to_string(), found: found.clone() })
    }

    /// The matches that were not there before: neither in the same rows, of which there may have
    /// been more or fewer in the line, nor in a line that has moved as a whole. The matches that
    /// were there are taken from `before`.
    fn new_since(&self, before: &mut Vec<Line>) -> Vec<Range<usize>> {
        if let Some(moved) = before.iter().position(|line| line.text.trim_end() == self.text.trim_end()) {
            before.swap_remove(moved);
            return Vec::new();
        }
        let mut overlapping: Vec<&mut Line> = before.iter_mut().filter(|line| line.overlaps(self)).collect();
        let is_new = |found: &&Range<usize>| {
            let text = &self.text[(*found).clone()];
            // Text that has grown, as during typing, was already there.
            !overlapping.iter_mut().any(|old| {
                let stands = old.found.iter().position(|stood| text.starts_with(&old.text[stood.clone()]));
                stands.map(|index| old.found.remove(index)).is_some()
            })
        };
        self.found.iter().filter(is_new).cloned().collect()
    }

    fn overlaps(&self, other: &Line) -> bool {
        match (&self.rows, &other.rows) {
            (Some(rows), Some(others)) => rows.start < others.end && others.start < rows.end,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Finds a text, from its surroundings or from whole lines.
    struct Text<'a>(&'a str, Option<usize>);

    impl Find for Text<'_> {
        fn find(&self, line: &str, found: &mut Vec<Range<usize>>) {
            found.extend(line.match_indices(self.0).map(|(at, text)| at..at + text.len()));
        }

        fn reach(&self) -> Option<usize> {
            self.1
        }

        fn may_match(&self, part: &[u8]) -> bool {
            std::str::from_utf8(part).unwrap().contains(self.0)
        }
    }

    /// The lines reported for each piece of output.
    fn sightings(pattern: &str, pieces: &[&str]) -> Vec<Vec<String>> {
        let size = Size { cols: 20, rows: 3 };
        let found = |reach| sightings_with(Text(pattern, reach), size, pieces.iter().map(|piece| Ok(*piece)));
        let seen = found(None);
        assert_eq!(seen, found(Some(pattern.len())));
        seen.into_iter().map(|lines| lines.into_iter().map(|(line, _)| line).collect()).collect()
    }

    /// The lines reported for each piece of output, and each size.
    fn sightings_with<'a>(
        text: Text<'_>,
        size: Size,
        steps: impl Iterator<Item = Result<&'a str, Size>>,
    ) -> Vec<Vec<(String, Vec<Range<usize>>)>> {
        let mut sightings = Sightings::default();
        sightings.resize(size, &text, &mut |_, _| {}).unwrap();
        let step = |step: Result<&str, Size>| {
            let mut lines = Vec::new();
            let mut report =
                |line: &str, found: &[Range<usize>]| lines.push((line.to_string(), found.to_vec()));
            match step {
                Ok(output) => sightings.feed(output.as_bytes(), &text, &mut report),
                Err(size) => sightings.resize(size, &text, &mut report).unwrap(),
            }
            lines
        };
        steps.map(step).collect()
    }

    #[test]
    fn a_text_is_reported_once_however_often_it_is_drawn() {
        let seen = sightings(
            "err",
            &["$ er", "r", "or", "\r$ error", "\x1b[2J\x1b[H$ error", "\x1b[2J", "\x1b[Herr"],
        );
        assert_eq!(seen, [vec![], vec!["$ err"], vec![], vec![], vec![], vec![], vec!["err"]]);
    }

    #[test]
    fn scrolled_text_is_not_reported_again() {
        let seen = sightings("err", &["err\r\n", "a\r\nb\r\n", "c\r\nerr\r\n", "d"]);
        assert_eq!(seen, [vec!["err"], vec![], vec!["err"], vec![]]);
        // Redrawn a row higher, as an editor scrolls.
        let seen = sightings("err", &["\x1b[2;1Herr", "\x1b[1;1Herr\x1b[2;1H\x1b[K"]);
        assert_eq!(seen, [vec!["err"], vec![]]);
    }

    #[test]
    fn text_that_scrolls_past_within_one_piece_is_reported() {
        let long = (0..500).map(|line| format!("line {line}\r\n")).collect::<String>();
        assert_eq!(sightings("line 7", &[&long])[0].len(), 11);
    }

    #[test]
    fn lines_that_cannot_come_back_are_forgotten() {
        let find = Text("line", Some(4));
        let mut sightings = Sightings::default();
        sightings.resize(Size { cols: 80, rows: 24 }, &find, &mut |_, _| {}).unwrap();
        let mut seen = 0;
        for number in 0..2000 {
            let output = format!("line {number}\r\n");
            sightings.feed(output.as_bytes(), &find, &mut |_, found| seen += found.len());
        }
        assert_eq!(seen, 2000);
        assert!(sightings.shown.len() < 300, "{} lines are kept", sightings.shown.len());
    }

    #[test]
    fn a_wrapped_line_is_searched_as_a_whole() {
        assert_eq!(sightings("0err", &["01234567890123456780err"]), [vec!["01234567890123456780err"]]);
    }

    #[test]
    fn text_in_a_line_that_is_split_or_joined_is_not_reported_again() {
        // The second row becomes a line, because the first is cut off; and a part of one again.
        let seen = sightings("err", &["0123456789err789012345678err", "\x1b[1;20H\x1b[K", "\x1b[1;20H90"]);
        assert_eq!(seen, [vec!["0123456789err789012345678err"], vec![], vec![]]);
    }

    fn step() -> impl Strategy<Value = Result<String, Size>> {
        let moves = (0u8..14, 1u8..6, 1u8..9).prop_map(|(which, row, col)| match which {
            0 | 1 => format!("\x1b[{row};{col}H"),
            2 => format!("\x1b[{col}P"),
            3 => format!("\x1b[{col}@"),
            4 => "\x1b[K".to_string(),
            5 => "\x1b[1K".to_string(),
            6 => format!("\x1b[{row}M"),
            7 => format!("\x1b[{row}L"),
            8 => format!("\x1b[{};{}r", row.min(col), row.max(col)),
            9 => format!("\x1b[{col}b"),
            10 => format!("\x1b[{row}S"),
            11 => "\x1b[3J".to_string(),
            12 => ["\x1b[?1049h", "\x1b[?1049l", "\x1b[?7l", "\x1b[?7h", "\x1b[4h", "\x1b[4l"]
                [usize::from(row)]
            .to_string(),
            _ => format!("\x1b[{row}T"),
        });
        let piece = prop_oneof![
            6 => "[abc]{1,9}".prop_map(|text| text),
            1 => "[ a界\u{301}]{1,6}".prop_map(|text| text),
            1 => Just("\r\n".to_string()),
            1 => Just("\r".to_string()),
            3 => moves,
        ];
        let output = prop::collection::vec(piece, 1..4).prop_map(|pieces| Ok(pieces.concat()));
        let size = (1u16..9, 1u16..6).prop_map(|(cols, rows)| Err(Size { cols, rows }));
        prop_oneof![12 => output, 1 => size]
    }

    proptest! {
        /// Only what may have changed is searched, and nothing is missed.
        #[test]
        fn the_surroundings_of_a_change_are_enough(
            pattern in "[abc]{1,7}|a?界a?|a ", cols in 1u16..9, rows in 1u16..6,
            steps in prop::collection::vec(step(), 1..40),
        ) {
            let steps = || steps.iter().map(|step| step.as_deref().map_err(|size| *size));
            let size = Size { cols, rows };
            let from_lines = sightings_with(Text(&pattern, None), size, steps());
            prop_assert_eq!(from_lines, sightings_with(Text(&pattern, Some(pattern.len())), size, steps()));
        }
    }
}
