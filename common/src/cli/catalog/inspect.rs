//! Programs that look into recordings.

use super::Completion::{Cast, Text};
use super::{IDLE_TIME_LIMIT, OUTPUT, Program, flag, option};

/// The programs of the group.
pub const PROGRAMS: &[Program] = &[Program {
    name: "asciinema-info",
    is_classic: false,
    summary: "summarize a cast",
    usage: "[-i SECONDS] [--json] [-o OUT] [FILE]",
    about: "Summarize a cast: version, size, duration, events, idle time and markers. With no FILE, or when FILE is -, read standard input.",
    options: &[
        option(
            IDLE_TIME_LIMIT,
            "SECONDS",
            Text,
            "count anything beyond SECONDS of a pause as idle (default: 2)",
        ),
        flag(&["--json"], "print one line of JSON instead of a table"),
        OUTPUT,
    ],
    operands: Cast,
    examples: &["asciinema-info demo.cast", "asciinema-info --json demo.cast | jq .duration"],
}];
