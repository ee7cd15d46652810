//! Programs that draw recordings.

use super::Completion::{Cast, File, OneOf, Text, Time};
use super::{OUTPUT, OptionEntry, Program, flag, option};

const THEMES: &[&str] = &[
    "asciinema",
    "dracula",
    "github-dark",
    "github-light",
    "gruvbox-dark",
    "monokai",
    "nord",
    "solarized-dark",
    "solarized-light",
    "tango",
];

const AT: OptionEntry = option(&["--at"], "T", Time, "draw the screen at T (default: at the end)");
const FROM: OptionEntry = option(&["--from"], "T", Time, "start at T (default: 0)");
const TO: OptionEntry = option(&["--to"], "T", Time, "stop before T (default: the end)");
const IDLE: OptionEntry = option(
    &["-i", "--idle-time-limit"],
    "SECONDS",
    Text,
    "limit pauses to SECONDS (default: the recording's own, or 5)",
);
const SPEED: OptionEntry =
    option(&["-s", "--speed"], "FACTOR", Text, "play FACTOR times as fast (default: 1)");
const FPS: OptionEntry =
    option(&["--fps", "--fps-cap"], "N", Text, "draw at most N frames a second (default: 25)");
const HOLD: OptionEntry = option(
    &["--hold", "--last-frame-duration"],
    "SECONDS",
    Text,
    "show the last frame for SECONDS (default: 3)",
);
const NO_LOOP: OptionEntry = flag(&["--no-loop"], "play once");
const THEME: OptionEntry = option(
    &["--theme"],
    "THEME",
    OneOf(THEMES),
    "set the colors: a name, or BACKGROUND,FOREGROUND and 8 or 16 colors as rrggbb, separated by commas (default: the recording's own, or asciinema)",
);
const FONT_SIZE: OptionEntry = option(&["--font-size"], "PIXELS", Text, "set the text size (default: 16)");
const LINE_HEIGHT: OptionEntry =
    option(&["--line-height"], "FACTOR", Text, "set the line height relative to the text (default: 1.4)");
const FONT: OptionEntry =
    option(&["--font"], "FILE", File, "look for characters in this font first; may be repeated");
const COLS: OptionEntry =
    option(&["--cols"], "N", Text, "set the width in columns (default: the recording's)");
const ROWS: OptionEntry = option(&["--rows"], "N", Text, "set the height in rows (default: the recording's)");
const PADDING: OptionEntry = option(&["--padding"], "PIXELS", Text, "set the margin");
const WINDOW: OptionEntry = flag(&["--window"], "draw a window around the screen");
const TITLE: OptionEntry =
    option(&["-t", "--title"], "TITLE", Text, "set the title (default: the recording's own)");
const NO_CURSOR: OptionEntry = flag(&["--no-cursor"], "do not draw the cursor");
const BOLD_IS_BRIGHT: OptionEntry = flag(&["--bold-is-bright"], "brighten bold text in the first 8 colors");

/// The programs of the group.
pub const PROGRAMS: &[Program] = &[
    Program {
        name: "asciinema-svg",
        is_classic: false,
        summary: "draw a recording as an animated SVG",
        usage: "[OPTION...] [-o OUT] [FILE]",
        about: "Draw the recording in FILE (default: standard input) as an animated SVG, which plays in any browser, and in a README. With --at, draw a still.",
        options: &[
            option(&["--at"], "T", Time, "draw a still of the screen at T"),
            FROM,
            TO,
            IDLE,
            SPEED,
            FPS,
            HOLD,
            NO_LOOP,
            THEME,
            FONT_SIZE,
            LINE_HEIGHT,
            COLS,
            ROWS,
            PADDING,
            WINDOW,
            TITLE,
            NO_CURSOR,
            BOLD_IS_BRIGHT,
            OUTPUT,
        ],
        operands: Cast,
        examples: &[
            "asciinema-svg -o demo.svg demo.cast",
            "asciinema-svg --at 12.5 --window demo.cast > still.svg",
        ],
    },
    Program {
        name: "asciinema-gif",
        is_classic: false,
        summary: "draw a recording as an animated GIF",
        usage: "[OPTION...] [-o OUT] [FILE]",
        about: "Draw the recording in FILE (default: standard input) as an animated GIF.",
        options: &[
            FROM,
            TO,
            IDLE,
            SPEED,
            FPS,
            HOLD,
            NO_LOOP,
            THEME,
            FONT_SIZE,
            LINE_HEIGHT,
            FONT,
            COLS,
            ROWS,
            PADDING,
            WINDOW,
            TITLE,
            NO_CURSOR,
            BOLD_IS_BRIGHT,
            OUTPUT,
        ],
        operands: Cast,
        examples: &[
            "asciinema-gif -o demo.gif demo.cast",
            "ssh host asciinema rec - | asciinema-idle -i 1 | asciinema-gif -o demo.gif",
        ],
    },
    Program {
        name: "asciinema-png",
        is_classic: false,
        summary: "draw a moment of a recording as a PNG",
        usage: "[OPTION...] [-o OUT] [FILE]",
        about: "Draw the last screen of the recording in FILE (default: standard input), or the one at another time, as a PNG.",
        options: &[
            AT,
            THEME,
            FONT_SIZE,
            LINE_HEIGHT,
            FONT,
            COLS,
            ROWS,
            PADDING,
            WINDOW,
            TITLE,
            NO_CURSOR,
            BOLD_IS_BRIGHT,
            OUTPUT,
        ],
        operands: Cast,
        examples: &[
            "asciinema-png -o demo.png demo.cast",
            "asciinema-png --at marker:done --font-size 32 demo.cast > done.png",
        ],
    },
    Program {
        name: "asciinema-html",
        is_classic: false,
        summary: "make a web page that plays a recording",
        usage: "[OPTION...] [-o OUT] [FILE]",
        about: "Make a web page that plays the recording in FILE (default: standard input). The page is a single file that needs no network.",
        options: &[
            option(&["--at"], "T", Time, "show the screen at T before playback (default: halfway)"),
            option(
                &["-i", "--idle-time-limit"],
                "SECONDS",
                Text,
                "limit pauses to SECONDS (default: the recording's own limit)",
            ),
            SPEED,
            flag(&["-l", "--loop"], "loop"),
            THEME,
            TITLE,
            OUTPUT,
        ],
        operands: Cast,
        examples: &[
            "asciinema-html -o demo.html demo.cast",
            "asciinema-html --at 10 -i 2 demo.cast > demo.html",
        ],
    },
];
