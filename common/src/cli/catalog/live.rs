//! Programs that show a session while it runs.

use super::Completion::{Cast, OneOf, Text};
use super::{FOLLOW, OptionEntry, Program, SERVER_URL, flag, option};

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
            flag(&["--history"], "let viewers go back to the beginning"),
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
                "use the stream of yours with this ID, or send to a ws:// or wss:// URL",
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
];
