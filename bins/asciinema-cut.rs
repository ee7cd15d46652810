//! Removes ranges from a cast and closes the gaps.
//!
//! A removed range is replaced by one event that draws the screen as it was at the end of the
//! range, so that the rest is shown as before. [`Splice`] does all of this, as it does for
//! asciinema-trim.

use std::process::ExitCode;

use common::cli::{Program, catalog};
use common::edit::{Kept, Splice};
use common::filter;

const PROGRAM: Program = catalog::program("asciinema-cut");

fn main() -> ExitCode {
    filter::run(&PROGRAM, |args| Splice::parse(args, Kept::Outside))
}
