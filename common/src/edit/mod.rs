//! What several filters that edit a cast share: positions and ranges in it, and splicing it with the
//! screen drawn right.

mod range;
mod splice;

pub use range::{Position, Range, Ranges};
pub use splice::{Kept, Splice};
