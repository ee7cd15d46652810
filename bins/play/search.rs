//! Finding the moments when text appears on the screen.

use common::cast::Code;
use common::screen::Screen;

use crate::cursor::{Cursor, Next};
use crate::history::{self, Arrival};

/// The direction of a search.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Backward,
}

/// The text to search for. In lower case it matches either case.
pub struct Search {
    text: String,
    ignores_case: bool,
}

impl Search {
    pub fn new(text: &str) -> Search {
        Search { text: text.to_string(), ignores_case: !text.chars().any(char::is_uppercase) }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Continues the search from a point.
    pub fn part(&self, arrival: Arrival, shown: Code) -> SearchPart<'_> {
        let Arrival { cursor, mut screen } = arrival;
        screen.take_changes();
        let count = self.count(&screen);
        SearchPart { search: self, cursor, screen, shown, count }
    }

    /// The number of occurrences of the text on the screen. A wrapped line counts as one line.
    fn count(&self, screen: &Screen) -> usize {
        let mut count = 0;
        let mut line = String::new();
        for row in screen.rows() {
            line.push_str(&row.text());
            if !row.is_wrapped() {
                count += self.count_in(&line);
                line.clear();
            }
        }
        count + self.count_in(&line)
    }

    fn count_in(&self, line: &str) -> usize {
        match self.ignores_case {
            true => line.to_lowercase().matches(&self.text).count(),
            false => line.matches(&self.text).count(),
        }
    }

    /// Returns whether any of these rows, or the lines they belong to, may contain the text.
    fn is_in(&self, screen: &Screen, rows: &[usize]) -> bool {
        rows.iter().any(|&row| {
            let is_continued = |row: usize| screen.row(row).is_some_and(|row| row.is_wrapped());
            let mut first = row;
            while first > 0 && is_continued(first - 1) {
                first -= 1;
            }
            let mut line = String::new();
            for row in first.. {
                line.extend(screen.row(row).map(|row| row.text()));
                if !is_continued(row) {
                    break;
                }
            }
            self.count_in(&line) > 0
        })
    }
}

/// A search in progress.
pub struct SearchPart<'a> {
    search: &'a Search,
    cursor: Cursor,
    screen: Screen,
    shown: Code,
    /// The number of occurrences on the current screen.
    count: usize,
}

impl SearchPart<'_> {
    /// Draws the next event. If the text appears with it, the result is the source offset of the
    /// event after it. `None` at the end.
    pub fn next(&mut self) -> Option<Option<u64>> {
        loop {
            match self.cursor.peek() {
                Next::Header => {
                    self.cursor.take_header();
                }
                Next::Event(_) => break,
                Next::Later | Next::End => return None,
            }
        }
        let event = self.cursor.take_event()?;
        if event.code != self.shown && event.code != Code::Resize {
            return Some(None);
        }
        // A resize to an unsupported size is ignored.
        let _ = history::draw(&mut self.screen, event.code, &event.text, self.shown);
        let changes = self.screen.take_changes();
        let may_have_come = self.search.is_in(&self.screen, &changes.rows);
        if !may_have_come && self.count == 0 {
            return Some(None);
        }
        let before = std::mem::replace(&mut self.count, self.search.count(&self.screen));
        Some((self.count > before && may_have_come).then(|| self.cursor.offset()))
    }

    /// The current source offset.
    pub fn offset(&self) -> u64 {
        self.cursor.offset()
    }
}
