//! Texts written over a screen, and removed again without a trace.
//!
//! A terminal in the state of a [`Screen`] gets a few bytes that write over some of its rows and
//! leave everything else unchanged, so that a recording can continue afterwards. No state is saved
//! in the terminal for this, because the recorded program may be using the same means.

use std::ops::Range;

use super::Screen;
use super::drawing::Drawing;
use super::grid::Position;
use super::style::Style;
use super::terminal::State;

/// A text to write over a part of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its start.
    pub position: Position,
    /// Printable characters that fit between there and the end of the row.
    pub text: String,
}

impl Screen {
    /// Returns whether text can be written over the screen: not within a sequence, not before a
    /// character from another character set, and not if a resize has left the cursor where no
    /// sequence can return it.
    pub fn can_be_covered(&self) -> bool {
        let State { charsets, modes, region, margins, position, .. } = &self.state;
        let can_return = !modes.origin || region.contains(&position.row) && margins.contains(&position.col);
        !self.is_within_sequence() && charsets.single_shift.is_none() && can_return
    }

    /// The bytes that write labels in inverse on a terminal in this state. The cursor returns to
    /// its position, but if that is in one of their rows, a pending wrap is lost.
    pub fn cover(&self, labels: &[Label]) -> String {
        let mut drawing = Drawing::over(&self.state);
        drawing.begin_over();
        for Label { position, text } in labels {
            drawing.move_to(*position);
            drawing.set_style(&Style { inverse: true, ..Style::default() });
            drawing.push(text);
        }
        let is_covered = labels.iter().any(|label| label.position.row == self.state.position.row);
        drawing.end_over(is_covered);
        drawing.finish()
    }

    /// The bytes that bring a terminal to this state that differs from it only in some overwritten
    /// rows.
    pub fn uncover(&self, rows: Range<usize>) -> String {
        let mut drawing = Drawing::over(&self.state);
        drawing.begin_over();
        drawing.redraw_rows(rows);
        drawing.end_over(false);
        drawing.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Step, size, steps};
    use super::*;
    use crate::size::Size;
    use proptest::prelude::*;

    /// Labels over the last rows, one of them from the middle on.
    fn labels(size: Size, count: usize) -> Vec<Label> {
        let Size { cols, rows } = size;
        let (cols, rows) = (usize::from(cols.max(1)), usize::from(rows.max(1)));
        let label = |row: usize| {
            let col = if row == 0 { cols / 2 } else { 0 };
            Label { position: Position { col, row }, text: "#".repeat(cols - col) }
        };
        (rows.saturating_sub(count)..rows).map(label).collect()
    }

    fn rows_of(labels: &[Label]) -> Range<usize> {
        let row = |label: &Label| label.position.row;
        labels.first().map_or(0, row)..labels.last().map_or(0, |label| row(label) + 1)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn removed_labels_leave_no_trace(size in size(), count in 1usize..4, steps in steps(false)) {
            let mut screen = Screen::new(size, 10).unwrap();
            let mut seen = screen.clone();
            for step in steps {
                match step {
                    Step::Output(output) => {
                        // A drawing restores the character for REP only if it is before the cursor.
                        let output = output.replace("b", "c");
                        screen.feed(&output);
                        seen.feed(&output);
                    }
                    Step::Resize(size) => {
                        screen.resize(size).unwrap();
                        seen.resize(size).unwrap();
                    }
                }
                if !screen.can_be_covered() {
                    continue;
                }
                let labels = labels(screen.size(), count);
                let covered = rows_of(&labels);
                seen.feed(&screen.cover(&labels));
                for (index, (row, other)) in seen.rows().zip(screen.rows()).enumerate() {
                    prop_assert!(covered.contains(&index) || row == other, "{}: {:?} {:?}", index, row, other);
                }
                for label in &labels {
                    let row = seen.row(label.position.row).unwrap();
                    prop_assert!(row.text().ends_with(&label.text), "{:?} {:?}", row.text(), label.text);
                }
                prop_assert_eq!(seen.modes(), screen.modes());
                prop_assert_eq!(seen.cursor().col, screen.cursor().col);
                prop_assert_eq!(seen.cursor().row, screen.cursor().row);
                seen.feed(&screen.uncover(covered));
                prop_assert!(seen == screen, "\n{:?}\n{:?}", seen, screen);
            }
        }
    }
}
