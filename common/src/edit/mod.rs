//! What several programs share that edit casts or search them: positions and ranges in a cast, splicing
//! it with the screen drawn right, and the text on the screen, line by line.

mod range;
mod shown;
mod sightings;
mod splice;
mod traced;

pub use range::{Position, Range, Ranges};
pub use shown::{TextLines, TracedScreen};
pub use sightings::{Find, Report, Sightings};
pub use splice::{Kept, Splice};
pub use traced::{NOWHERE, TracedLine};
