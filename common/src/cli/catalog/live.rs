//! Programs that show a session while it runs.

use super::Completion::{Cast, File, Nothing, OneOf, Text};
use super::{FOLLOW, IDLE_TIME_LIMIT, OptionEntry, Program, SERVER_URL, flag, option};

const STREAM_TITLE: OptionEntry =
    option(&["-t", "--title"], "TITLE", Text, "set the title of the stream (default: the cast's)");
const DESCRIPTION: OptionEntry =
    option(&["--description"], "TEXT", Text, "set the description of the stream, in Markdown");
const VISIBILITY: OptionEntry = option(
    &["--visibility"],
    "KIND",
    OneOf(&["public", "unlisted", "private"]),
    "public, unlisted or private",
);
const AUDIO_URL: OptionEntry = option(&["--audio-url"], "URL", Text, "set the URL of live audio");

const COMMAND: OptionEntry =
    option(&["-c", "--command"], "CMD", Text, "record CMD, run with sh -c, instead of $SHELL");
const CAPTURE_INPUT: OptionEntry = flag(&["-I", "--capture-input"], "also capture keyboard input");
const CAPTURE_ENV: OptionEntry = option(
    &["--capture-env"],
    "VARS",
    Text,
    "comma-separated environment variables to save (default: SHELL)",
);
const HEADLESS: OptionEntry = flag(&["--headless"], "do not use the current terminal");
const WINDOW_SIZE: OptionEntry =
    option(&["--window-size"], "SIZE", Text, "terminal size: COLSxROWS, COLSx or xROWS");
const RETURN: OptionEntry = flag(&["--return"], "exit with the status of the recorded program");
const LOG_FILE: OptionEntry = option(&["--log-file"], "FILE", File, "append messages to FILE");
const QUIET: OptionEntry = flag(&["-q", "--quiet"], "print errors only");

/// The programs of the group.
pub const PROGRAMS: &[Program] = &[
    Program {
        name: "asciinema-serve",
        is_classic: false,
        summary: "show a live session in web browsers",
        usage: "[OPTION...] [FILE]",
        about: "Show a live cast from stdin in web browsers, and copy it to stdout. If FILE is a recording, it is played instead, until you stop the server.",
        options: &[
            option(
                &["-l", "--listen"],
                "ADDR:PORT",
                Text,
                "listen on this address (default: 127.0.0.1:0, any free port)",
            ),
            option(&["--password"], "WORD", Text, "ask viewers for a password"),
            flag(&["--secret"], "serve the page at an address that nobody can guess"),
            flag(&["--history"], "let viewers go back to the start"),
            FOLLOW,
            option(&["--max-viewers"], "N", Text, "accept at most N connections (default: 1024)"),
        ],
        operands: Cast,
        examples: &[
            "asciinema rec | asciinema serve > demo.cast",
            "asciinema rec | asciinema serve -l 0.0.0.0:8000 --secret",
            "ssh host asciinema rec - | asciinema serve > kept.cast",
            "asciinema serve --follow build.cast",
        ],
    },
    Program {
        name: "asciinema-relay",
        is_classic: false,
        summary: "publish a live session on a server",
        usage: "[OPTION...] [FILE]",
        about: "Publish a live cast from stdin or FILE on an asciinema server, and copy it to stdout.",
        options: &[
            option(
                &["--stream"],
                "ID|URL",
                Text,
                "use your stream with this ID, or send to a ws:// or wss:// URL",
            ),
            STREAM_TITLE,
            DESCRIPTION,
            VISIBILITY,
            AUDIO_URL,
            SERVER_URL,
            option(
                &["--env"],
                "VARS",
                Text,
                "announce the stream before the cast begins, with these variables",
            ),
            FOLLOW,
        ],
        operands: Cast,
        examples: &[
            "asciinema rec | asciinema relay > demo.cast",
            "asciinema rec | asciinema relay -t 'Live coding' > /dev/null",
            "asciinema play --out-fmt asciicast demo.cast | asciinema relay",
        ],
    },
    Program {
        name: "asciinema-stream",
        is_classic: true,
        summary: "stream a session live",
        usage: "[OPTION...] -l|-r",
        about: "Stream a terminal session live: to web browsers with --local, to an asciinema server with --remote, or both. It takes 3.x's options and combines asciinema-rec, -serve and -relay.",
        options: &[
            option(&["-l", "--local"], "[ADDR:PORT]", Text, "show the session in web browsers"),
            option(&["-r", "--remote"], "[ID|URL]", Text, "publish the session on a server"),
            COMMAND,
            CAPTURE_INPUT,
            CAPTURE_ENV,
            STREAM_TITLE,
            DESCRIPTION,
            VISIBILITY,
            AUDIO_URL,
            HEADLESS,
            WINDOW_SIZE,
            RETURN,
            LOG_FILE,
            SERVER_URL,
            QUIET,
        ],
        operands: Nothing,
        examples: &[
            "asciinema stream --local",
            "asciinema stream -r -t 'Live coding'",
            "asciinema stream -l -r",
        ],
    },
    Program {
        name: "asciinema-session",
        is_classic: true,
        summary: "record a session and stream it live",
        usage: "[OPTION...] -o FILE|-l|-r",
        about: "Record a terminal session to a file and stream it live: to web browsers with --stream-local, to an asciinema server with --stream-remote. It takes 3.x's options and combines asciinema-rec, -serve and -relay.",
        options: &[
            option(&["-o", "--output-file"], "FILE", File, "record to FILE"),
            option(
                &["-f", "--output-format"],
                "FORMAT",
                OneOf(&["asciicast-v3", "asciicast-v2", "raw", "txt"]),
                "asciicast-v3, asciicast-v2, raw or txt (default: txt if FILE ends in .txt, otherwise asciicast-v3)",
            ),
            option(&["-l", "--stream-local"], "[ADDR:PORT]", Text, "show the session in web browsers"),
            option(&["-r", "--stream-remote"], "[ID|URL]", Text, "publish the session on a server"),
            COMMAND,
            CAPTURE_INPUT,
            CAPTURE_ENV,
            flag(&["-a", "--append"], "append to the recording in FILE"),
            flag(&["--overwrite"], "replace FILE if it exists"),
            STREAM_TITLE,
            DESCRIPTION,
            VISIBILITY,
            AUDIO_URL,
            option(IDLE_TIME_LIMIT, "SECONDS", Text, "limit pauses to SECONDS on playback"),
            HEADLESS,
            WINDOW_SIZE,
            RETURN,
            LOG_FILE,
            SERVER_URL,
            QUIET,
        ],
        operands: Nothing,
        examples: &[
            "asciinema session -o demo.cast --stream-local",
            "asciinema session -o demo.cast -l 0.0.0.0:9000 -r",
        ],
    },
];
