//! Programs that inspect recordings.

use super::Completion::{Cast, File, OneOf, Text, Time};
use super::{FOLLOW, IDLE_TIME_LIMIT, OUTPUT, Program, flag, option};

/// The programs of the group.
pub const PROGRAMS: &[Program] = &[
    Program {
        name: "asciinema-info",
        is_classic: false,
        summary: "summarize a cast",
        usage: "[-i SECONDS] [--json] [--events] [-o OUT] [FILE]",
        about: "Summarize a cast: version, size, duration, events, idle time and markers. With no FILE, or when FILE is -, read standard input.",
        options: &[
            option(
                IDLE_TIME_LIMIT,
                "SECONDS",
                Text,
                "count anything beyond SECONDS of a pause as idle (default: 2)",
            ),
            flag(&["--json"], "print one line of JSON instead of a table"),
            flag(&["--events"], "print a line per event instead: its time, code and data"),
            FOLLOW,
            OUTPUT,
        ],
        operands: Cast,
        examples: &["asciinema-info demo.cast", "asciinema-info --json demo.cast | jq .duration"],
    },
    Program {
        name: "asciinema-search",
        is_classic: false,
        summary: "find when text appears on the screen",
        usage: "[OPTION...] PATTERN [FILE...]",
        about: "Print a line for each time that text matching the regular expression PATTERN appears on the screen: the time and the line. With no FILE, or when FILE is -, read standard input.",
        options: &[
            flag(&["-F", "--fixed-strings"], "take PATTERN as text, not as a regular expression"),
            flag(&["-i", "--ignore-case"], "match letters in either case"),
            flag(&["-c", "--count"], "print the number of lines instead of the lines"),
            flag(
                &["-l", "--files-with-matches"],
                "print the names of the casts with matches instead of lines",
            ),
            option(&["-m", "--max-count"], "N", Text, "stop after N lines of a cast"),
            flag(&["-q", "--quiet"], "print nothing; the exit status says whether there is a match"),
            flag(&["--json"], "print a JSON object for each line"),
        ],
        operands: Cast,
        examples: &[
            "asciinema-search 'error|warning' build.cast",
            "asciinema-search -m 1 error build.cast | cut -d: -f1",
            "asciinema-search -l -F 'git rebase' *.cast",
        ],
    },
    Program {
        name: "asciinema-check",
        is_classic: false,
        summary: "find and repair faults in casts",
        usage: "[--strict] [--json] [FILE...], or --repair [-o OUT] [FILE]",
        about: "Report every fault of a cast with its line. With no FILE, or when FILE is -, read standard input.",
        options: &[
            flag(&["--repair"], "write the cast, keeping as much of it as possible"),
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
    Program {
        name: "asciinema-screen",
        is_classic: false,
        summary: "print the screen of a cast at a given time",
        usage: "[--at TIME] [-f FORMAT] [-o OUT] [FILE]",
        about: "Print what a cast shows after all events up to a time: as text, as the bytes that draw it, or as JSON. With no FILE, or when FILE is -, read standard input.",
        options: &[
            option(&["--at"], "TIME", Time, "seconds, MM:SS, HH:MM:SS, marker:LABEL or end (default: end)"),
            option(
                &["-f", "--format"],
                "FORMAT",
                OneOf(&["text", "ansi", "json"]),
                "text, ansi or json (default: text)",
            ),
            OUTPUT,
        ],
        operands: Cast,
        examples: &[
            "asciinema-screen demo.cast | grep passed",
            "asciinema-screen --at 1:30 -f json demo.cast | jq .cursor",
        ],
    },
];
