//! Programs that look into recordings.

use super::Completion::{Cast, File, Text};
use super::{IDLE_TIME_LIMIT, OUTPUT, Program, flag, option};

/// The programs of the group.
pub const PROGRAMS: &[Program] = &[
    Program {
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
    },
    Program {
        name: "asciinema-check",
        is_classic: false,
        summary: "find and repair faults in casts",
        usage: "[--strict] [--json] [FILE...], or --repair [-o OUT] [FILE]",
        about: "Report every fault of a cast with its line. With no FILE, or when FILE is -, read standard input.",
        options: &[
            flag(&["--repair"], "write the cast with everything that can be kept of it"),
            flag(&["--strict"], "treat warnings as faults"),
            flag(&["--json"], "print a line of JSON for each finding"),
            option(
                &["-o", "--output"],
                "OUT",
                File,
                "write the repaired cast to OUT instead of stdout; OUT may be the input file",
            ),
        ],
        operands: Cast,
        examples: &[
            "asciinema-check *.cast",
            "asciinema-check --repair broken.cast -o broken.cast",
            "asciinema-check --json demo.cast | jq -r .what",
        ],
    },
];
