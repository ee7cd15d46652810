//! A virtual terminal: the screen that results from a program's output.
//!
//! There is one type, generic in the data that its cells keep:
//!
//! - [`TextScreen`]: characters, for text and search;
//! - [`Screen`]: characters and styles, for drawing, seeking and pictures;
//! - [`PlacedScreen`]: characters and their places in the output, for redaction. A character keeps
//!   its place when it is repeated, inserted, deleted or scrolled.
//!
//! It implements the part of xterm's control sequences that real programs use. Where those leave a
//! choice, it does what alacritty, libvterm and xterm have in common, so that a recording looks the
//! same. Rows and columns count from 0. It knows no casts, files or options.
//!
//! ```
//! use asciinema_toolkit_common::screen::{Cell, Color, Screen};
//! use asciinema_toolkit_common::size::Size;
//!
//! let mut screen = Screen::new(Size { cols: 20, rows: 3 }, 100)?;
//! screen.feed("one\r\n\x1b[31mtwo");
//! assert_eq!(screen.text(), ["one", "two", ""]);
//! assert_eq!((screen.cursor().col, screen.cursor().row), (3, 1));
//!
//! let row = screen.row(1).unwrap();
//! assert_eq!(row.cells()[0].character(), 't');
//! assert_eq!(screen.style(&row.cells()[0]).foreground, Color::Indexed(1));
//!
//! // The same screen on another terminal, just opened.
//! let mut copy = Screen::new(screen.size(), 100)?;
//! copy.feed(&screen.drawing());
//! assert_eq!(copy.text(), screen.text());
//! # Ok::<(), asciinema_toolkit_common::screen::TooLarge>(())
//! ```
//!
//! With places:
//!
//! ```
//! use asciinema_toolkit_common::screen::{Cell, PlacedScreen};
//! use asciinema_toolkit_common::size::Size;
//!
//! let mut screen = PlacedScreen::new(Size { cols: 20, rows: 3 }, 0)?;
//! screen.feed("user: \x1b[1mżz\r\n");
//! let places: Vec<_> = screen.row(0).unwrap().characters().map(|(_, cell)| cell.place()).collect();
//! // ż stands behind a sequence of four bytes, and takes two.
//! assert_eq!(places[5..9], [Some(5), Some(10), Some(12), None]);
//! # Ok::<(), asciinema_toolkit_common::screen::TooLarge>(())
//! ```

mod answers;
mod cell;
mod charset;
mod cover;
mod drawing;
mod execute;
mod grid;
mod modes;
mod row;
mod style;
mod tabs;
mod terminal;
#[cfg(test)]
mod tests;
mod transcript;

use crate::size::Size;

pub use answers::{Channels, Colours, Responder};
pub use cell::{Cell, PlacedCell, StyledCell, TextCell};
pub use cover::Label;
pub use drawing::Checkpoint;
pub use grid::Position;
pub use modes::{CursorShape, Modes};
pub use row::Row;
pub use style::{Color, Link, LinkId, Style, Underline};
pub use terminal::{ChangedLine, Changes, Cursor, Terminal};
pub use transcript::Transcript;

/// A terminal that keeps the style of each character.
pub type Screen = Terminal<StyledCell>;

/// A terminal that keeps only characters.
pub type TextScreen = Terminal<TextCell>;

/// A terminal that keeps the place in the output of each character.
pub type PlacedScreen = Terminal<PlacedCell>;

/// The largest supported terminal, in cells: 16 times a large monitor with a small font. A cast may
/// name 65535 rows of 65535 columns, for which no machine has enough memory.
pub const MOST_CELLS: usize = 1 << 20;

/// The error for a terminal with more than [`MOST_CELLS`] cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge(pub Size);

/// The columns and rows of a terminal, at least one of each.
fn dimensions(size: Size) -> Result<(usize, usize), TooLarge> {
    let (cols, rows) = (usize::from(size.cols.max(1)), usize::from(size.rows.max(1)));
    if cols * rows > MOST_CELLS { Err(TooLarge(size)) } else { Ok((cols, rows)) }
}
