//! Takes ranges out of a cast and closes the gaps.
//!
//! What was cut is replaced by one event that draws the screen as it stood behind the gap, so that
//! the rest shows what it showed before; [`Splice`] does all that, as it does for asciinema-trim.

use std::process::ExitCode;

use common::cli::Help;
use common::filter::{self, Outside, Splice};

const HELP: Help = Help {
    name: "asciinema-cut",
    speaker: "asciinema-cut",
    usage: "[--from T] [--to T] [--drop] [-o OUT] [FILE]",
    about: "Take the events between two times out of a cast, read from FILE or stdin, and close the gap.
The screen behind the gap is drawn in its place.",
    options: "      --from T              cut from there on: seconds, MM:SS, HH:MM:SS, marker:LABEL or
                            marker:N; without it from the start
      --to T                cut up to there; without it to the end. Both may come again
      --drop                draw nothing, only leave the events out
",
    shared_options: filter::SHARED_OPTIONS,
    examples: "  asciinema-cut --from 1:05 --to 1:20 demo.cast > short.cast
  asciinema-cut --to 2 --from 10 --to 12.5 demo.cast -o demo.cast
  asciinema-cut --from marker:password --to marker:done demo.cast | asciinema play -
",
};

fn main() -> ExitCode {
    filter::run::<Splice<Outside>>(&HELP)
}
