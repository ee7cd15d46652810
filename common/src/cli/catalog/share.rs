//! Programs that share recordings.

use super::Completion::{Cast, Nothing, OneOf, Text};
use super::{Program, QUIET, SERVER_URL, TITLE, flag, option};

/// The programs of the group.
pub const PROGRAMS: &[Program] = &[
    Program {
        name: "asciinema-upload",
        is_classic: true,
        summary: "upload a recording",
        usage: "[OPTION...] FILE",
        about: "Upload a recording to a server. The server's message is printed on stderr; if stdout is not a terminal, the recording's URL is printed there.",
        options: &[
            SERVER_URL,
            TITLE,
            option(&["--description"], "TEXT", Text, "set the description, in Markdown"),
            option(
                &["--visibility"],
                "KIND",
                OneOf(&["public", "unlisted", "private"]),
                "public, unlisted or private",
            ),
            option(&["--audio-url"], "URL", Text, "set the URL of an audio track"),
            flag(&["-q", "--quiet"], "print errors only"),
        ],
        operands: Cast,
        examples: &["asciinema upload demo.cast", "url=$(asciinema upload --visibility private demo.cast)"],
    },
    Program {
        name: "asciinema-auth",
        is_classic: true,
        summary: "link this machine to a server account",
        usage: "[OPTION...]",
        about: "Print the URL that links recordings uploaded from this machine to your account on the server.",
        options: &[SERVER_URL, QUIET],
        operands: Nothing,
        examples: &["asciinema auth", "asciinema auth --server-url https://asciinema.example.com"],
    },
    Program {
        name: "asciinema-fetch",
        is_classic: false,
        summary: "download a recording",
        usage: "URL",
        about: "Download the recording at URL (http, https, ipfs or dweb) and write it to stdout as it arrives. If URL is a web page, the recording that it links to is downloaded.",
        options: &[],
        operands: Text,
        examples: &[
            "asciinema fetch https://asciinema.org/a/569727 | asciinema-idle -i 2 > demo.cast",
            "asciinema fetch ipfs://HASH/demo.cast | asciinema play -",
        ],
    },
];
