//! The size of a terminal.

use std::fmt;

/// The size of a terminal in character cells.
///
/// A struct rather than a pair, because there are two orders: the kernel names rows first, casts
/// name columns first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns, the width.
    pub cols: u16,
    /// Rows, the height.
    pub rows: u16,
}

/// `COLSxROWS`, as in a resize event.
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.cols, self.rows)
    }
}

impl Size {
    /// The sequence that requests this size of a terminal, and that marks it in raw output (xterm's
    /// "XTerm Control Sequences", window manipulation, 8).
    pub fn sequence(self) -> String {
        format!("\x1b[8;{};{}t", self.rows, self.cols)
    }

    /// Parses `COLSxROWS`; `None` if it is anything else.
    pub fn parse(text: &str) -> Option<Size> {
        let (cols, rows) = text.split_once('x')?;
        Some(Size { cols: cols.parse().ok()?, rows: rows.parse().ok()? })
    }
}
