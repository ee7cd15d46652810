//! The parts shared by programs that edit or search casts: positions and ranges, splicing with the
//! screen redrawn, a text over the screen, and the text on the screen, line by line.

mod overlay;
mod range;
mod shown;
mod sightings;
mod splice;
mod traced;

pub use overlay::{Layout, Overlay};
pub use range::{Position, Range, Ranges};
pub use shown::{Extent, TextLines, TracedScreen, pane_start};
pub use sightings::{Find, Report, Sightings};
pub use splice::{Kept, Splice};
pub use traced::{NOWHERE, TracedLine};
