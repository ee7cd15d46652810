//! The sequences of a recording that are safe to write to a terminal, and the reasons to hold back
//! the others.
//!
//! [`RULES`] is the only table; [`rule_of`] finds the row for a token. Sequences without a row
//! draw, or change a state that is reset at the end ([`super::SETTINGS`]). Sources: xterm's "XTerm
//! Control Sequences", DEC STD 070, the documentation of kitty, iTerm2, tmux and screen.

use std::borrow::Cow;

use super::{ControlString, Csi, Escape, Kind, Part, StringKind, Token};

/// The treatment of the sequences of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Written to the terminal.
    Pass,
    /// Written to the terminal; their effect is reset at the end.
    Undo,
    /// Not written to the terminal.
    Hold,
}

/// A class of sequences, and their treatment.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    class: Class,
    /// The name of the class.
    pub name: &'static str,
    /// The forms of its sequences.
    pub forms: &'static str,
    /// Their treatment.
    pub verdict: Verdict,
    /// The reason.
    pub reason: &'static str,
}

impl Rule {
    /// Returns whether a terminal replies, so that the reply must be kept from the shell.
    pub fn is_question(&self) -> bool {
        matches!(
            self.class,
            Class::Answerback
                | Class::Identity
                | Class::Status
                | Class::SettingsReport
                | Class::ScreenReport
                | Class::Reports
                | Class::WindowReport
                | Class::Question
                | Class::Image
                | Class::ImageQuery
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Answerback,
    Identity,
    Status,
    SettingsReport,
    ScreenReport,
    Reports,
    Question,
    Window,
    WindowReport,
    Palette,
    Font,
    Clipboard,
    Notification,
    Proprietary,
    Commands,
    Printing,
    FunctionKeys,
    Bell,
    Emulation,
    ImageFile,
    ImageQuery,
    Image,
    Wrapper,
    UnknownString,
    Title,
}

/// The rules, in the order of the manual page. Each class has one row.
pub const RULES: &[Rule] = &[
    Rule {
        class: Class::Answerback,
        name: "answerback",
        forms: "ENQ",
        verdict: Verdict::Hold,
        reason: "the terminal sends a reply",
    },
    Rule {
        class: Class::Identity,
        name: "device attributes",
        forms: "CSI c, CSI > c, CSI = c, CSI > q, ESC Z",
        verdict: Verdict::Hold,
        reason: "the terminal sends its identification",
    },
    Rule {
        class: Class::Status,
        name: "status reports",
        forms: "CSI n, CSI ? n, CSI x",
        verdict: Verdict::Hold,
        reason: "the terminal sends its state or the position of the cursor",
    },
    Rule {
        class: Class::SettingsReport,
        name: "settings reports",
        forms: "CSI $ p, CSI ? $ p, CSI $ w, CSI $ u, CSI & u, CSI ? u, CSI ? m, CSI ? S, CSI ? g, DCS $ q, DCS + q",
        verdict: Verdict::Hold,
        reason: "the terminal sends its settings",
    },
    Rule {
        class: Class::ScreenReport,
        name: "screen reports",
        forms: "CSI * y, CSI # R, CSI # |, CSI \" v, CSI ' |, CSI ' w, CSI ' z",
        verdict: Verdict::Hold,
        reason: "the terminal sends the contents of the screen or the position of the mouse",
    },
    Rule {
        class: Class::Reports,
        name: "size reports",
        forms: "CSI ? 2048 h",
        verdict: Verdict::Hold,
        reason: "the terminal sends its size, now and whenever it changes",
    },
    Rule {
        class: Class::Question,
        name: "color and other queries",
        forms: "OSC with a parameter that begins with ?",
        verdict: Verdict::Hold,
        reason: "the terminal sends a color, the clipboard or another setting",
    },
    Rule {
        class: Class::WindowReport,
        name: "window reports",
        forms: "CSI 11 t to CSI 21 t",
        verdict: Verdict::Hold,
        reason: "the terminal sends the size, position or title of its window",
    },
    Rule {
        class: Class::Window,
        name: "window operations",
        forms: "other CSI t, CSI > t, CSI > T, CSI $ |, CSI * |, CSI , |",
        verdict: Verdict::Hold,
        reason: "moves, resizes, raises or hides the window",
    },
    Rule {
        class: Class::Clipboard,
        name: "clipboard",
        forms: "OSC 52, OSC 5522",
        verdict: Verdict::Hold,
        reason: "changes what is pasted elsewhere",
    },
    Rule {
        class: Class::Palette,
        name: "colors of the terminal",
        forms: "OSC 4, 5, 6, 10 to 19, 21, 104 to 106, 110 to 119, OSC P, OSC R, CSI # P, CSI # Q",
        verdict: Verdict::Hold,
        reason: "changes the colors of everything else in the terminal",
    },
    Rule {
        class: Class::Font,
        name: "fonts",
        forms: "OSC 50, DCS {",
        verdict: Verdict::Hold,
        reason: "changes the font of everything else in the terminal",
    },
    Rule {
        class: Class::Notification,
        name: "notifications and progress",
        forms: "OSC 9, OSC 99, OSC 777",
        verdict: Verdict::Hold,
        reason: "shows something outside the terminal",
    },
    Rule {
        class: Class::Proprietary,
        name: "iTerm2",
        forms: "OSC 1337",
        verdict: Verdict::Hold,
        reason: "profiles, files and the clipboard",
    },
    Rule {
        class: Class::Commands,
        name: "other commands",
        forms: "OSC 3, 46, 51, 60, 61, 176, OSC I, OSC L, OSC l",
        verdict: Verdict::Hold,
        reason: "window properties, log files, commands of editors",
    },
    Rule {
        class: Class::Printing,
        name: "printing",
        forms: "CSI i, CSI ? i",
        verdict: Verdict::Hold,
        reason: "sends the screen, or further output, to a printer",
    },
    Rule {
        class: Class::FunctionKeys,
        name: "programmed keys",
        forms: "DCS |, CSI \" x",
        verdict: Verdict::Hold,
        reason: "redefines keys",
    },
    Rule {
        class: Class::Bell,
        name: "bell volume and lights",
        forms: "CSI SP t, CSI SP u, CSI q, CSI SP r, CSI SP v, CSI - p, CSI + r",
        verdict: Verdict::Hold,
        reason: "changes the keyboard and the bell for everything else",
    },
    Rule {
        class: Class::Emulation,
        name: "other emulations",
        forms: "CSI ? 2 l, CSI ? 38 h, CSI ? 46 h, CSI \" p, CSI + p, CSI y, ESC % other than ESC % G",
        verdict: Verdict::Hold,
        reason: "further output would be interpreted differently, or go to another window or a log file",
    },
    Rule {
        class: Class::ImageFile,
        name: "images from files",
        forms: "APC G with t=f, t=t or t=s",
        verdict: Verdict::Hold,
        reason: "the terminal reads, and may delete, a file",
    },
    Rule {
        class: Class::ImageQuery,
        name: "image queries",
        forms: "APC G with a=q",
        verdict: Verdict::Hold,
        reason: "the terminal sends a reply",
    },
    Rule {
        class: Class::Wrapper,
        name: "wrappers",
        forms: "DCS tmux;",
        verdict: Verdict::Hold,
        reason: "passes any other sequence through tmux",
    },
    Rule {
        class: Class::UnknownString,
        name: "other strings",
        forms: "DCS and APC of any other kind, SOS, PM",
        verdict: Verdict::Hold,
        reason: "may contain commands, like those of screen",
    },
    Rule {
        class: Class::Image,
        name: "images",
        forms: "DCS q (SIXEL), APC G with the data in it",
        verdict: Verdict::Pass,
        reason: "draws; the terminal's replies are discarded",
    },
    Rule {
        class: Class::Title,
        name: "titles",
        forms: "OSC 0, OSC 1, OSC 2",
        verdict: Verdict::Undo,
        reason: "displayed; the previous title is restored from the terminal's title stack",
    },
];

/// The rule for a token, if there is one; later parts of a string follow the rule of the first
/// part. Control characters within a sequence are ignored.
pub fn rule_of(token: &Token<'_>) -> Option<&'static Rule> {
    let class = match token.kind {
        Kind::Text | Kind::Broken => None,
        Kind::Control(byte) => (byte == ENQ).then_some(Class::Answerback),
        Kind::Escape(escape) => class_of_escape(escape),
        Kind::Csi(csi) => class_of_csi(csi),
        Kind::String(string) => class_of_string(string),
    }?;
    RULES.iter().find(|rule| rule.class == class)
}

/// The control character that makes a terminal reply.
pub(super) const ENQ: u8 = 0x05;

/// The class of a private mode that must not be set or reset, if it has one.
fn class_of_mode(mode: u16, is_set: bool) -> Option<Class> {
    match (mode, is_set) {
        (2, false) | (38 | 46, true) => Some(Class::Emulation),
        (2048, true) => Some(Class::Reports),
        // Or a larger one, of which terminals may see only the lower bits.
        (u16::MAX, _) => Some(Class::Emulation),
        _ => None,
    }
}

/// Returns whether a private mode must not be set or reset.
pub(super) fn is_held_mode(mode: u16, is_set: bool) -> bool {
    class_of_mode(mode, is_set).is_some()
}

fn class_of_escape(escape: Escape) -> Option<Class> {
    match (escape.intermediates[0], escape.last) {
        (0, b'Z') => Some(Class::Identity),
        (b'%', last) if last != b'G' => Some(Class::Emulation),
        _ => None,
    }
}

fn class_of_csi(csi: &Csi) -> Option<Class> {
    Some(match csi.function() {
        (b'?', 0, b'h' | b'l') => {
            let is_set = csi.last == b'h';
            return csi.values().iter().find_map(|&mode| class_of_mode(mode, is_set));
        }
        (0, 0, b'c') | (b'>' | b'=', 0, b'c') | (b'>', 0, b'q') => Class::Identity,
        (0 | b'?', 0, b'n') | (0, 0, b'x') => Class::Status,
        (0 | b'?', b'$', b'p') | (0, b'$', b'w' | b'u') | (0, b'&', b'u') => Class::SettingsReport,
        (b'?', 0, b'u' | b'm' | b'S' | b'g') => Class::SettingsReport,
        (0, b'*', b'y') | (0, b'#', b'R' | b'|') | (0, b'"', b'v') => Class::ScreenReport,
        (0, b'\'', b'|' | b'w' | b'z' | b'{') => Class::ScreenReport,
        (0, 0, b't') if matches!(csi.value(0), 11..=21) => Class::WindowReport,
        (0 | b'?', 0, b't') | (b'>', 0, b't' | b'T') => Class::Window,
        (0, b'$' | b'*' | b',', b'|') => Class::Window,
        (0, b'#', b'P' | b'Q') => Class::Palette,
        (0 | b'?', 0, b'i') => Class::Printing,
        (0, b'"', b'x') => Class::FunctionKeys,
        (0, b' ', b't' | b'u' | b'r' | b'v') | (0, b'-', b'p') | (0, b'+', b'r') | (0, 0, b'q') => {
            Class::Bell
        }
        (0, b'"' | b'+', b'p') | (0, 0, b'y') => Class::Emulation,
        _ => return None,
    })
}

fn class_of_string(string: ControlString<'_>) -> Option<Class> {
    if !matches!(string.part, Part::Whole | Part::First) {
        return None;
    }
    let text = without_controls(string.text);
    match string.kind {
        StringKind::Osc => class_of_osc(&text),
        // A synchronized update.
        StringKind::Dcs if matches!(string.text, b"=1s" | b"=2s") => None,
        StringKind::Dcs => Some(class_of_dcs(&text)),
        StringKind::Apc => Some(class_of_apc(&text)),
        StringKind::Sos | StringKind::Pm => Some(Class::UnknownString),
    }
}

/// The text of a string as most terminals take it: they ignore control characters in it, or execute
/// them separately.
fn without_controls(text: &[u8]) -> Cow<'_, [u8]> {
    let is_shown = |byte: &u8| !byte.is_ascii_control();
    if text.iter().all(is_shown) {
        Cow::Borrowed(text)
    } else {
        text.iter().copied().filter(is_shown).collect::<Vec<u8>>().into()
    }
}

fn class_of_osc(text: &[u8]) -> Option<Class> {
    let mut fields = text.split(|&byte| byte == b';');
    let command = fields.next().unwrap_or_default();
    let Some(number) = number(command) else {
        return match command {
            [] => Some(Class::Title),
            [b'P' | b'R', ..] => Some(Class::Palette),
            [b'I' | b'L' | b'l', ..] => Some(Class::Commands),
            // Too large a number, of which terminals may see only the lower bits.
            digits if digits.iter().all(u8::is_ascii_digit) => Some(Class::Commands),
            _ => None,
        };
    };
    match number {
        // Their text is only displayed.
        0..=2 => Some(Class::Title),
        8 => None,
        _ if fields.any(|field| field.starts_with(b"?")) => Some(Class::Question),
        4..=6 | 10..=19 | 21 | 104..=106 | 110..=119 => Some(Class::Palette),
        50 => Some(Class::Font),
        52 | 5522 => Some(Class::Clipboard),
        9 | 99 | 777 => Some(Class::Notification),
        1337 => Some(Class::Proprietary),
        3 | 46 | 51 | 60 | 61 | 176 => Some(Class::Commands),
        _ => None,
    }
}

fn class_of_dcs(text: &[u8]) -> Class {
    if text.starts_with(b"tmux;") {
        return Class::Wrapper;
    }
    // Parameters, intermediate bytes, final byte (ECMA-48 leaves the rest open).
    let is_parameter = |byte: &&u8| matches!(byte, b'0'..=b'?');
    let after = &text[text.iter().take_while(is_parameter).count()..];
    match after {
        [b'q', ..] => Class::Image,
        [b'$' | b'+', b'q', ..] => Class::SettingsReport,
        [b'|', ..] => Class::FunctionKeys,
        [b'{', ..] => Class::Font,
        _ => Class::UnknownString,
    }
}

/// Kitty's graphics: `G`, key-value pairs, and the data after a semicolon.
fn class_of_apc(text: &[u8]) -> Class {
    let Some(command) = text.strip_prefix(b"G") else { return Class::UnknownString };
    let keys = command.split(|&byte| byte == b';').next().unwrap_or_default();
    let value = |key: u8| {
        let mut fields = keys.split(|&byte| byte == b',').rev();
        fields.find_map(|field| field.strip_prefix(&[key, b'=']))
    };
    match (value(b't'), value(b'a')) {
        (None | Some(b"d"), Some(b"q")) => Class::ImageQuery,
        (None | Some(b"d"), _) => Class::Image,
        _ => Class::ImageFile,
    }
}

/// The number of a command.
pub(super) fn number(digits: &[u8]) -> Option<u16> {
    std::str::from_utf8(digits)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?
        .parse()
        .ok()
}
