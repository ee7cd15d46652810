//! The appearance of text on the screen: reported when the text was not there before, and not each
//! time it is redrawn.

use std::ops::Range;

use super::shown::TextLines;
use crate::screen::TooLarge;
use crate::size::Size;

/// Finds matches in a line: appends their byte ranges.
pub type Find<'a> = &'a mut dyn FnMut(&str, &mut Vec<Range<usize>>);

/// Receives a line, and the ranges of the matches that have appeared in it.
pub type Report<'a> = &'a mut dyn FnMut(&str, &[Range<usize>]);

/// The screen, and the matches on it.
#[derive(Default)]
pub struct Sightings {
    /// The screen; `None` before it has a size.
    lines: Option<TextLines>,
    /// The lines on the screen with matches.
    shown: Vec<Line>,
}

/// A line on the screen.
struct Line {
    /// The row in which it begins; `None` if it has left the screen.
    row: Option<isize>,
    text: String,
    found: Vec<Range<usize>>,
}

impl Sightings {
    /// Feeds the next output, and reports the matches that have appeared.
    pub fn feed(&mut self, text: &str, find: Find<'_>, report: Report<'_>) {
        let Some(lines) = &mut self.lines else { return };
        let mut news = Vec::new();
        let mut found = Vec::new();
        lines.feed(text, &mut |line| news.extend(Line::of(None, line.trim_end(), find, &mut found)));
        self.look(news, find, report);
    }

    /// Sets the terminal's size, also for the first time, and reports the matches that have
    /// appeared.
    ///
    /// # Errors
    ///
    /// [`TooLarge`]; the state is then unchanged.
    pub fn resize(&mut self, size: Size, find: Find<'_>, report: Report<'_>) -> Result<(), TooLarge> {
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
    fn look(&mut self, mut news: Vec<Line>, find: Find<'_>, report: Report<'_>) {
        let Sightings { lines: Some(lines), shown } = self else { return };
        let mut found = Vec::new();
        let mut changed = Vec::new();
        let is_empty = shown.is_empty();
        let cursor = lines.cursor();
        let scrolled = lines.changed(&mut |row, line| {
            if !is_empty {
                changed.push(row);
            }
            news.extend(Line::of(Some(row), up_to_cursor(row, line, cursor), find, &mut found));
        });
        if is_empty && news.is_empty() {
            return;
        }
        for line in shown.iter_mut() {
            line.row = line.row.map(|row| row.saturating_sub_unsigned(scrolled));
        }
        // The changed rows are in ascending order.
        let is_changed = |line: &Line| line.row.is_none_or(|row| changed.binary_search(&row).is_ok());
        let (mut before, after) = std::mem::take(shown).into_iter().partition(is_changed);
        *shown = after;
        for line in news {
            let new = line.new_since(&mut before);
            if !new.is_empty() {
                report(&line.text, &new);
            }
            if line.row.is_some_and(|row| row >= 0) {
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
    fn of(row: Option<isize>, text: &str, find: Find<'_>, found: &mut Vec<Range<usize>>) -> Option<Line> {
        found.clear();
        find(text, found);
        found.retain(|found| !found.is_empty());
        (!found.is_empty()).then(|| Line { row, text: text.to_string(), found: found.clone() })
    }

    /// The matches that were not there before: neither in the same row, nor in a line that has
    /// moved as a whole.
    fn new_since(&self, before: &mut Vec<Line>) -> Vec<Range<usize>> {
        if let Some(moved) = before.iter().position(|line| line.text.trim_end() == self.text.trim_end()) {
            before.swap_remove(moved);
            return Vec::new();
        }
        let same_row = before.iter().position(|line| line.row.is_some() && line.row == self.row);
        let Some(old) = same_row.map(|index| before.swap_remove(index)) else { return self.found.clone() };
        let mut stood: Vec<&str> = old.found.iter().map(|found| &old.text[found.clone()]).collect();
        let is_new = |found: &&Range<usize>| {
            let text = &self.text[(*found).clone()];
            // Text that has grown, as during typing, was already there.
            let stands = stood.iter().position(|stood| text.starts_with(stood));
            stands.map(|index| stood.swap_remove(index)).is_none()
        };
        self.found.iter().filter(is_new).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines reported for each piece of output.
    fn sightings(pattern: &str, pieces: &[&str]) -> Vec<Vec<String>> {
        let mut sightings = Sightings::default();
        let mut find = |line: &str, found: &mut Vec<Range<usize>>| {
            found.extend(line.match_indices(pattern).map(|(at, text)| at..at + text.len()));
        };
        sightings.resize(Size { cols: 20, rows: 3 }, &mut find, &mut |_, _| {}).unwrap();
        let piece = |piece: &&str| {
            let mut lines = Vec::new();
            sightings.feed(piece, &mut find, &mut |line, _| lines.push(line.to_string()));
            lines
        };
        pieces.iter().map(piece).collect()
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
    fn a_wrapped_line_is_searched_as_a_whole() {
        assert_eq!(sightings("0err", &["01234567890123456780err"]), [vec!["01234567890123456780err"]]);
    }
}
