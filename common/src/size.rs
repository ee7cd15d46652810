//! How large a terminal is.

use std::fmt;

/// The size of a terminal in character cells.
///
/// A struct and never a pair, because the two worlds disagree about the order: the kernel names
/// rows first, casts name columns first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Columns, the width.
    pub cols: u16,
    /// Rows, the height.
    pub rows: u16,
}

/// `COLSxROWS`, as a resize event spells it.
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.cols, self.rows)
    }
}

impl Size {
    /// Reads `COLSxROWS`; `None` where it is anything else.
    pub fn parse(text: &str) -> Option<Size> {
        let (cols, rows) = text.split_once('x')?;
        Some(Size { cols: cols.parse().ok()?, rows: rows.parse().ok()? })
    }
}
