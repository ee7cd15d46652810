//! Keeps ranges of a cast and leaves the rest out.
//!
//! What went before is replaced by one event that draws the screen as it stood, so that the first
//! thing shown is what was to be seen then; [`Splice`] does all that, as it does for asciinema-cut.

use std::process::ExitCode;

use common::cli::Help;
use common::filter::{self, Inside, Splice};

const HELP: Help = Help {
    name: "asciinema-trim",
    speaker: "asciinema-trim",
    usage: "[--from T] [--to T] [--drop] [-o OUT] [FILE]",
    about: "Keep the events between two times of a cast, read from FILE or stdin. The first time becomes 0,
and the screen as it stood then is drawn there.",
    options: "      --from T              keep from there on: seconds, MM:SS, HH:MM:SS, marker:LABEL or
                            marker:N; without it from the start
      --to T                keep up to there; without it to the end. Both may come again
      --drop                draw nothing, only leave the events out
",
    shared_options: filter::SHARED_OPTIONS,
    examples: "  asciinema-trim --from 1:05 --to 2:30 demo.cast > part.cast
  asciinema-trim --from marker:build demo.cast | asciinema play -
  asciinema-trim --to 10 --from 60 --to 70 demo.cast -o demo.cast
",
};

fn main() -> ExitCode {
    filter::run::<Splice<Inside>>(&HELP)
}
