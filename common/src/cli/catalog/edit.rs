//! Programs that edit recordings: a cast in, a cast out.

use super::Completion::{Cast, OneOf, Text, Time};
use super::{IDLE_TIME_LIMIT, OUTPUT, OptionEntry, Program, TITLE, flag, option};

const DROP: OptionEntry = flag(&["--drop"], "only remove the events; do not redraw the screen");

/// The programs of the group.
pub const PROGRAMS: &[Program] = &[
    Program {
        name: "asciinema-idle",
        is_classic: false,
        summary: "limit the pauses in a cast",
        usage: "-i SECONDS [-o OUT] [FILE]",
        about: "Limit pauses to at most SECONDS. With no FILE, or when FILE is -, read standard input.",
        options: &[option(IDLE_TIME_LIMIT, "SECONDS", Text, "longest pause to keep, in seconds"), OUTPUT],
        operands: Cast,
        examples: &[
            "asciinema rec | asciinema-idle -i 2 > demo.cast",
            "asciinema-idle -i 0.5 demo.cast | asciinema play -",
            "asciinema-idle -i 2 demo.cast -o demo.cast",
        ],
    },
    Program {
        name: "asciinema-speed",
        is_classic: false,
        summary: "change the speed of a cast",
        usage: "-s FACTOR [--from T] [--to T] [-o OUT] [FILE]",
        about: "Speed a cast up by FACTOR: 2 plays twice as fast, 0.5 half as fast. With no FILE, or when FILE is -, read standard input.",
        options: &[
            option(&["-s", "--speed"], "FACTOR", Text, "divide every delay by FACTOR"),
            option(
                &["--from"],
                "T",
                Time,
                "start at T: seconds, MM:SS, HH:MM:SS, marker:LABEL or marker:N (default: the start of the cast)",
            ),
            option(&["--to"], "T", Time, "stop at T (default: the end of the cast)"),
            OUTPUT,
        ],
        operands: Cast,
        examples: &[
            "asciinema-speed -s 2 demo.cast > fast.cast",
            "asciinema-speed -s 10 --from 1:05 --to 2:30 demo.cast | asciinema play -",
            "asciinema-speed -s 4 --from marker:build --to marker:test demo.cast",
        ],
    },
    Program {
        name: "asciinema-quantize",
        is_classic: false,
        summary: "even out the delays in a cast",
        usage: "-r LO[,HI]... [-o OUT] [FILE]",
        about: "Set delays within a range to the range's lower bound. With no FILE, or when FILE is -, read standard input.",
        options: &[
            option(
                &["-r", "--range"],
                "LO[,HI]",
                Text,
                "set delays from LO up to, but not including, HI seconds to LO; without HI, all delays longer than LO; may be repeated",
            ),
            OUTPUT,
        ],
        operands: Cast,
        examples: &[
            "asciinema-quantize -r 0.03,0.2 -r 2 demo.cast > even.cast",
            "asciinema rec | asciinema-quantize -r 1 > demo.cast",
        ],
    },
    Program {
        name: "asciinema-cut",
        is_classic: false,
        summary: "cut parts out of a cast",
        usage: "[--from T] [--to T] [--drop] [-o OUT] [FILE]",
        about: "Cut the events between two times out of a cast and close the gap. What the cut part left on the screen is redrawn at the cut. With no FILE, or when FILE is -, read standard input.",
        options: &[
            option(
                &["--from"],
                "T",
                Time,
                "cut from T: seconds, MM:SS, HH:MM:SS, marker:LABEL or marker:N (default: the start); may be repeated",
            ),
            option(&["--to"], "T", Time, "cut up to T (default: the end); may be repeated"),
            DROP,
            OUTPUT,
        ],
        operands: Cast,
        examples: &[
            "asciinema-cut --from 1:05 --to 1:20 demo.cast > short.cast",
            "asciinema-cut --to 2 --from 10 --to 12.5 demo.cast -o demo.cast",
            "asciinema-cut --from marker:password --to marker:done demo.cast",
        ],
    },
    Program {
        name: "asciinema-trim",
        is_classic: false,
        summary: "keep only parts of a cast",
        usage: "[--from T] [--to T] [--drop] [-o OUT] [FILE]",
        about: "Keep the events between two times of a cast. The cast then starts at the first of these times, with the screen as it was at that moment. With no FILE, or when FILE is -, read standard input.",
        options: &[
            option(
                &["--from"],
                "T",
                Time,
                "keep from T: seconds, MM:SS, HH:MM:SS, marker:LABEL or marker:N (default: the start); may be repeated",
            ),
            option(&["--to"], "T", Time, "keep up to T (default: the end); may be repeated"),
            DROP,
            OUTPUT,
        ],
        operands: Cast,
        examples: &[
            "asciinema-trim --from 1:05 --to 2:30 demo.cast > part.cast",
            "asciinema-trim --from marker:build demo.cast | asciinema play -",
            "asciinema-trim --to 10 --from 60 --to 70 demo.cast -o demo.cast",
        ],
    },
    Program {
        name: "asciinema-join",
        is_classic: false,
        summary: "concatenate casts",
        usage: "[--gap SECONDS] [-o OUT] [FILE...]",
        about: "Concatenate casts of any version and size; - reads standard input.",
        options: &[option(&["--gap"], "SECONDS", Text, "pause for SECONDS between casts"), OUTPUT],
        operands: Cast,
        examples: &[
            "asciinema-join build.cast test.cast > all.cast",
            "asciinema-join --gap 1.5 part-*.cast -o all.cast",
            "asciinema rec | asciinema-join intro.cast - | asciinema play -",
        ],
    },
    Program {
        name: "asciinema-marker",
        is_classic: false,
        summary: "add, remove or list markers",
        usage: "[OPTION...] [FILE]",
        about: "Add, remove or list the markers of a cast. With no FILE, or when FILE is -, read standard input.",
        options: &[
            option(
                &["--add"],
                "T[=LABEL]",
                Text,
                "add a marker at T: seconds, MM:SS or HH:MM:SS; may be repeated",
            ),
            option(&["--every"], "SECONDS", Text, "add a marker every SECONDS"),
            option(
                &["--on"],
                "REGEX",
                Text,
                "add a marker where the output matches REGEX, labelled with the match; may be repeated",
            ),
            option(
                &["--remove"],
                "MARKER",
                Time,
                "remove markers by time, label or number (marker:N), or all; may be repeated",
            ),
            flag(&["--list"], "list markers, one per line, instead of writing the cast"),
            OUTPUT,
        ],
        operands: Cast,
        examples: &[
            "asciinema-marker --add 1:05=build --add 2:30=test demo.cast -o demo.cast",
            "asciinema-marker --on '(error|warning): .*' build.cast > marked.cast",
            "asciinema-marker --remove all --every 60 demo.cast | asciinema play -m -",
            "asciinema-marker --list demo.cast",
        ],
    },
    Program {
        name: "asciinema-meta",
        is_classic: false,
        summary: "show or edit the header of a cast",
        usage: "[OPTION...] [FILE]",
        about: "Edit the header of a cast, or print a value from it. With no FILE, or when FILE is -, read standard input.",
        options: &[
            TITLE,
            option(
                &["--set"],
                "KEY=JSON",
                Text,
                "set KEY to a JSON value, such as 1.5, \"text\" or {\"a\": null}; may be repeated",
            ),
            option(&["--unset"], "KEY", Text, "remove KEY; may be repeated"),
            option(
                &["--get"],
                "KEY",
                Text,
                "print the value of KEY, strings without quotes, and nothing else",
            ),
            OUTPUT,
        ],
        operands: Cast,
        examples: &[
            "asciinema-meta -t 'How to install it' demo.cast -o demo.cast",
            "asciinema-meta --set idle_time_limit=2 --unset command demo.cast > shared.cast",
            "asciinema-meta --get title demo.cast",
        ],
    },
    Program {
        name: "asciinema-convert",
        is_classic: false,
        summary: "convert a cast to another format",
        usage: "-f FORMAT [-o OUT] [FILE]",
        about: "Convert a cast to another format. With no FILE, or when FILE is -, read standard input.",
        options: &[
            option(
                &["-f", "--output-format"],
                "FORMAT",
                OneOf(&["asciicast-v3", "asciicast-v2", "asciicast-v1", "raw", "txt"]),
                "asciicast-v3, asciicast-v2, asciicast-v1 (output events only), raw (the output itself) or txt (plain text)",
            ),
            OUTPUT,
        ],
        operands: Cast,
        examples: &[
            "asciinema-convert -f asciicast-v2 new.cast > old.cast",
            "asciinema-convert -f raw demo.cast | less -R",
        ],
    },
];
