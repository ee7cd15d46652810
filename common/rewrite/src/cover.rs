//! Covers secrets that were brought together on the screen by moving text passed on earlier.

use std::ops::Range;

use common::edit::{NOWHERE, TracedScreen};
use common::screen::{Cell, Row};

use crate::mask::width;

/// Covers a part of a line on the screen that begins in a row. `text` returns the cover for a
/// number of columns, from an offset within the part. Returns the output that does the same on any
/// terminal, leaving the cursor and all modes unchanged; `None` if no part is visible.
pub fn cover(
    screen: &mut TracedScreen,
    first: isize,
    part: &Range<usize>,
    text: impl Fn(usize, usize) -> String,
) -> Option<String> {
    let terminal = screen.terminal();
    let above = terminal.scrollback().len() as isize;
    let mut at = screen.gone_length(first);
    let mut covers = String::new();
    for index in first.. {
        let row = usize::try_from(above + index).ok().and_then(|row| terminal.row_of_all(row));
        let Some(row) = row.filter(|_| at < part.end) else { break };
        for (col, cell) in row.characters() {
            let offset = at.checked_sub(part.start).filter(|_| at < part.end);
            at += cell.character().len_utf8();
            if let Some(offset) = offset.filter(|_| cell.place().is_some() && index >= 0)
                && width(cell.character()) > 0
            {
                covers.push_str(&format!("\x1b[{};{}H", index + 1, col + 1));
                covers.push_str(&text(offset, width(cell.character())));
            }
        }
    }
    if covers.is_empty() {
        return None;
    }
    let (cursor, modes) = (terminal.cursor(), terminal.modes());
    let (has_origin, inserts) = (modes.origin, modes.insert);
    let mut sequence = String::new();
    sequence.push_str(if has_origin { "\x1b[?6l" } else { "" });
    sequence.push_str(if inserts { "\x1b[4l" } else { "" });
    sequence.push_str(&covers);
    sequence.push_str(if has_origin { "\x1b[?6h" } else { "" });
    screen.print(&sequence, NOWHERE, &mut |_| {});
    // The character before a cursor with a pending wrap: printing it again restores the pending
    // wrap.
    let edge = screen.terminal().row(cursor.row).map(Row::cells).unwrap_or_default();
    let is_right_half = cursor.is_wrap_pending && edge.get(cursor.col).is_some_and(Cell::is_right_half);
    let col = cursor.col - usize::from(is_right_half);
    let edge = edge.get(col).filter(|_| cursor.is_wrap_pending).map(Cell::character);
    // Origin mode has moved the cursor to the top of the region.
    let top = if has_origin { screen.terminal().cursor().row } else { 0 };
    let mut end = format!("\x1b[{};{}H", cursor.row - top.min(cursor.row) + 1, col + 1);
    end.extend(edge);
    end.push_str(if inserts { "\x1b[4h" } else { "" });
    screen.print(&end, NOWHERE, &mut |_| {});
    Some(sequence + &end)
}
