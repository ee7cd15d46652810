//! Programs that record and play.

use super::Completion::{Cast, CastOrUrl, File, OneOf, Recording, Text};
use super::{IDLE_TIME_LIMIT, OUTPUT, Program, TITLE, flag, option};

/// The programs of the group.
pub const PROGRAMS: &[Program] = &[
    Program {
        name: "asciinema-rec",
        is_classic: true,
        summary: "record a terminal session",
        usage: "[OPTION...] [FILE]",
        about: "Record a terminal session to FILE. With - as FILE, or without FILE when stdout is not a terminal, the recording is streamed to stdout. Without FILE on a terminal, you are asked what to do with it when the session ends.",
        options: &[
            option(&["-c", "--command"], "CMD", Text, "record CMD, run with sh -c, instead of $SHELL"),
            flag(&["-a", "--append"], "append to the recording in FILE"),
            flag(&["--overwrite"], "replace FILE if it exists"),
            TITLE,
            option(IDLE_TIME_LIMIT, "SECONDS", Text, "limit pauses to SECONDS on playback"),
            option(
                &["-e", "--env", "--capture-env"],
                "VARS",
                Text,
                "comma-separated environment variables to save (default: SHELL,TERM)",
            ),
            flag(&["-I", "--stdin", "--capture-input"], "also record keyboard input"),
            option(
                &["-f", "--output-format"],
                "FORMAT",
                OneOf(&["asciicast-v2", "asciicast-v3", "raw", "txt"]),
                "asciicast-v2, asciicast-v3, raw or txt (default: txt if FILE ends in .txt, otherwise asciicast-v2)",
            ),
            flag(&["--raw"], "same as -f raw"),
            option(&["--cols"], "COLS", Text, "terminal width in columns (default: the current terminal's)"),
            option(&["--rows"], "ROWS", Text, "terminal height in rows (default: the current terminal's)"),
            option(&["--window-size"], "SIZE", Text, "terminal size: COLSxROWS, COLSx or xROWS"),
            flag(&["--headless"], "do not use the current terminal"),
            flag(&["--no-theme"], "do not ask the terminal for its name and colors"),
            flag(&["--return"], "exit with the status of the recorded program"),
            option(&["--server-url"], "URL", Text, "upload to the server at URL"),
            flag(&["-y", "--yes"], "answer \"yes\" to all prompts"),
            flag(&["-q", "--quiet"], "suppress notices and warnings; implies -y"),
        ],
        operands: Recording,
        examples: &[
            "asciinema rec demo.cast",
            "asciinema rec -c 'make test' -i 2 -t 'Running the tests' test.cast",
            "asciinema rec | asciinema-idle -i 2 > demo.cast",
            "ssh host asciinema rec -c 'make test' - | asciinema play -",
        ],
    },
    Program {
        name: "asciinema-play",
        is_classic: true,
        summary: "play a recording in the terminal",
        usage: "[OPTION...] FILE|URL",
        about: "Play a recording in the terminal; - reads standard input. During playback, space pauses and resumes, and ctrl-c quits. When paused, . shows the next event and ] plays up to the next marker.",
        options: &[
            option(
                IDLE_TIME_LIMIT,
                "SECONDS",
                Text,
                "limit pauses to SECONDS (default: the recording's own limit)",
            ),
            option(&["-s", "--speed"], "FACTOR", Text, "playback speed (default: 1)"),
            flag(&["-l", "--loop"], "loop"),
            flag(&["-m", "--pause-on-markers"], "pause at every marker"),
            option(&["--stream"], "o|i", OneOf(&["o", "i"]), "play output (o) or input (i) (default: o)"),
            option(
                &["--out-fmt"],
                "raw|asciicast",
                OneOf(&["raw", "asciicast"]),
                "write plain output or asciicast events (default: raw)",
            ),
            flag(&["-r", "--resize"], "resize the terminal to match the recording"),
            flag(&["-q", "--quiet"], "accepted for compatibility; has no effect"),
        ],
        operands: CastOrUrl,
        examples: &[
            "asciinema play demo.cast",
            "asciinema play -s 2 -i 1 demo.cast",
            "ssh host asciinema rec -c 'make test' - | asciinema play -",
        ],
    },
    Program {
        name: "asciinema-cat",
        is_classic: true,
        summary: "print the output of recordings",
        usage: "FILE|URL...",
        about: "Print the full output of recordings, one after the other, without any delay; - reads standard input.",
        options: &[],
        operands: CastOrUrl,
        examples: &[
            "asciinema cat demo.cast",
            "asciinema cat build.cast | grep -a warning",
            "ssh host asciinema rec -c 'make test' - | asciinema cat -",
        ],
    },
    Program {
        name: "asciinema-tape",
        is_classic: false,
        summary: "record a scripted session",
        usage: "[OPTION...] [TAPE]",
        about: "Type what the script TAPE says into a program, and record the session. The recording goes to stdout, or to OUT; pictures named by the tape are made as well.",
        options: &[
            OUTPUT,
            option(
                &["-f", "--output-format"],
                "FORMAT",
                OneOf(&["asciicast-v2", "asciicast-v3"]),
                "asciicast-v2 or asciicast-v3 (default: asciicast-v2)",
            ),
            flag(&["--check"], "only check TAPE for mistakes"),
            flag(&["--steady"], "use the tape's times instead of the clock's, to make runs repeatable"),
            option(&["--from-cast"], "CAST", Cast, "print the tape that types what was typed in CAST"),
        ],
        operands: File,
        examples: &[
            "asciinema tape demo.tape -o demo.cast",
            "asciinema tape demo.tape | asciinema-gif -o demo.gif",
            "asciinema tape --check demo.tape",
        ],
    },
];
