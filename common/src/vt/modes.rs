//! The state that a program leaves changed in its terminal, and the sequence that resets it.
//!
//! [`SETTINGS`] lists all of it; the order of its rows is the order in which they are reset.
//! Sources: xterm's "XTerm Control Sequences", the kitty keyboard protocol, ECMA-48. The previous
//! state is unknown: everything is reset to the state of a new terminal.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::{self, Rule};
use super::{ControlString, Csi, Escape, Kind, Part, StringKind, Token, Tokenizer};

/// A part of the state that a program can leave changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// A private mode, by its number.
    Mode(u16),
    /// An ANSI mode, by its number.
    AnsiMode(u16),
    /// The kitty keyboard's flags: those pushed onto their stack, and those set directly.
    Keyboard,
    /// Titles on the stack of titles.
    Titles,
    /// The scroll region.
    Region,
    /// The character sets in G0 and G1, and the active one.
    Charsets,
    /// The character set in G2 (0) or G3 (1).
    MoreCharsets(u8),
    /// Application keypad.
    Keypad,
    /// The encoding of a modified key, by the number of xterm's resource.
    ModifiedKeys(u16),
    /// The format of that encoding.
    KeyFormat(u16),
    /// Replies with 8-bit controls.
    EightBitReplies,
    /// The shape of the cursor.
    CursorShape,
    /// The destination of output: the screen or the status line.
    StatusLine,
    /// A synchronized update begun by the older sequence, DCS = 1 s.
    Update,
    /// The colours 0 to 255.
    Palette,
    /// The colours of bold, underlined and other special text.
    SpecialColors,
    /// The colours of text, background, cursor and so on, by the number of the OSC that sets it.
    DynamicColor(u16),
    /// The progress shown in a task bar.
    Progress,
    /// An open hyperlink.
    Link,
    /// Protection against erasing.
    Protection,
    /// Colours and attributes of text.
    Pen,
}

/// The settings in the order in which they are reset: each with its name and the sequence that
/// resets it.
///
/// The alternate screen comes before everything that applies to the primary screen.
pub const SETTINGS: &[(Setting, &str, &str)] = &[
    (Setting::Update, "synchronized output", "\x1bP=2s\x1b\\"),
    (Setting::Mode(2026), "synchronized output", "\x1b[?2026l"),
    (Setting::Keyboard, "kitty keyboard", ""),
    (Setting::Mode(47), "alternate screen", "\x1b[?47l"),
    (Setting::Mode(1047), "alternate screen", "\x1b[?1047l"),
    (Setting::Mode(1049), "alternate screen", "\x1b[?1049l"),
    (Setting::Mode(1), "application cursor keys", "\x1b[?1l"),
    (Setting::Mode(3), "132 columns", "\x1b[?3l"),
    (Setting::Mode(4), "smooth scrolling", "\x1b[?4l"),
    (Setting::Mode(5), "reversed screen", "\x1b[?5l"),
    (Setting::Mode(6), "origin mode", "\x1b[?6l"),
    (Setting::Mode(7), "autowrap", "\x1b[?7h"),
    (Setting::Mode(8), "autorepeat", "\x1b[?8h"),
    (Setting::Mode(9), "mouse", "\x1b[?9l"),
    (Setting::Mode(12), "blinking cursor", "\x1b[?12l"),
    (Setting::Mode(25), "hidden cursor", "\x1b[?25h"),
    (Setting::Mode(40), "132 columns", "\x1b[?40l"),
    (Setting::Mode(42), "national character sets", "\x1b[?42l"),
    (Setting::Mode(45), "reverse wrap", "\x1b[?45l"),
    (Setting::Mode(66), "application keypad", "\x1b[?66l"),
    (Setting::Mode(67), "backarrow key", "\x1b[?67l"),
    (Setting::Mode(69), "left and right margins", "\x1b[?69l"),
    (Setting::Mode(1000), "mouse", "\x1b[?1000l"),
    (Setting::Mode(1001), "mouse", "\x1b[?1001l"),
    (Setting::Mode(1002), "mouse", "\x1b[?1002l"),
    (Setting::Mode(1003), "mouse", "\x1b[?1003l"),
    (Setting::Mode(1004), "focus reports", "\x1b[?1004l"),
    (Setting::Mode(1005), "mouse", "\x1b[?1005l"),
    (Setting::Mode(1006), "mouse", "\x1b[?1006l"),
    (Setting::Mode(1007), "mouse", "\x1b[?1007l"),
    (Setting::Mode(1015), "mouse", "\x1b[?1015l"),
    (Setting::Mode(1016), "mouse", "\x1b[?1016l"),
    (Setting::Mode(1045), "reverse wrap", "\x1b[?1045l"),
    (Setting::Mode(1060), "keyboard emulation", "\x1b[?1060l"),
    (Setting::Mode(1061), "keyboard emulation", "\x1b[?1061l"),
    (Setting::Mode(2004), "bracketed paste", "\x1b[?2004l"),
    (Setting::Mode(2027), "grapheme clusters", "\x1b[?2027l"),
    (Setting::Mode(2031), "color scheme reports", "\x1b[?2031l"),
    (Setting::Mode(2048), "size reports", "\x1b[?2048l"),
    (Setting::Mode(5522), "paste events", "\x1b[?5522l"),
    (Setting::Mode(7727), "application escape key", "\x1b[?7727l"),
    (Setting::Mode(9001), "Windows keyboard", "\x1b[?9001l"),
    // Resetting the region moves the cursor, so its position is saved and restored.
    (Setting::Region, "scroll region", "\x1b7\x1b[r\x1b8"),
    (Setting::Charsets, "character sets", "\x1b(B\x1b)B\x0f"),
    (Setting::MoreCharsets(0), "character sets", "\x1b*B"),
    (Setting::MoreCharsets(1), "character sets", "\x1b+B"),
    (Setting::Keypad, "application keypad", "\x1b>"),
    (Setting::AnsiMode(2), "keyboard lock", "\x1b[2l"),
    (Setting::AnsiMode(4), "insert mode", "\x1b[4l"),
    (Setting::AnsiMode(12), "local echo", "\x1b[12h"),
    (Setting::AnsiMode(20), "line feed with return", "\x1b[20l"),
    (Setting::ModifiedKeys(0), "modified keys", "\x1b[>0m"),
    (Setting::ModifiedKeys(1), "modified keys", "\x1b[>1m"),
    (Setting::ModifiedKeys(2), "modified keys", "\x1b[>2m"),
    (Setting::ModifiedKeys(4), "modified keys", "\x1b[>4m"),
    (Setting::KeyFormat(4), "modified keys", "\x1b[>4f"),
    (Setting::EightBitReplies, "8-bit controls", "\x1b F"),
    (Setting::CursorShape, "cursor shape", "\x1b[0 q"),
    (Setting::StatusLine, "status line", "\x1b[0$}"),
    (Setting::Palette, "palette", "\x1b]104\x1b\\"),
    (Setting::SpecialColors, "palette", "\x1b]105\x1b\\"),
    (Setting::DynamicColor(10), "default colors", "\x1b]110\x1b\\"),
    (Setting::DynamicColor(11), "default colors", "\x1b]111\x1b\\"),
    (Setting::DynamicColor(12), "default colors", "\x1b]112\x1b\\"),
    (Setting::DynamicColor(13), "default colors", "\x1b]113\x1b\\"),
    (Setting::DynamicColor(14), "default colors", "\x1b]114\x1b\\"),
    (Setting::DynamicColor(15), "default colors", "\x1b]115\x1b\\"),
    (Setting::DynamicColor(16), "default colors", "\x1b]116\x1b\\"),
    (Setting::DynamicColor(17), "default colors", "\x1b]117\x1b\\"),
    (Setting::DynamicColor(18), "default colors", "\x1b]118\x1b\\"),
    (Setting::DynamicColor(19), "default colors", "\x1b]119\x1b\\"),
    (Setting::Progress, "progress", "\x1b]9;4;0\x1b\\"),
    (Setting::Link, "hyperlink", "\x1b]8;;\x1b\\"),
    (Setting::Protection, "protected characters", "\x1b[0\"q"),
    (Setting::Pen, "colors and attributes", "\x1b[0m"),
    (Setting::Titles, "title", ""),
];

/// The maximum number of titles popped at the end: xterm keeps ten.
const MOST_TITLES: u16 = 10;

/// Cancels an unfinished sequence.
const CANCEL: u8 = 0x18;

/// Tracks the output written to a terminal.
#[derive(Debug, Default)]
pub struct ModeTracker {
    tokenizer: Tokenizer,
    state: State,
}

#[derive(Debug, Default)]
struct State {
    has_asked: bool,
    changed: BTreeSet<Setting>,
    /// The number of states pushed onto the kitty keyboard's stack.
    keyboard_pushes: u16,
    sets_keyboard: bool,
    titles: u16,
    /// The last shape set by DECSCUSR; 0 is the terminal's own.
    cursor_shape: u16,
    /// True for each of G0 and G1 with a non-default character set, and whether one other than G0
    /// is active.
    charsets: [bool; 2],
    is_shifted: bool,
    /// The tracked part of the state saved by DECSC.
    saved: Option<(bool, [bool; 2], bool)>,
    /// The modes saved by XTSAVE, and whether they were changed then.
    saved_modes: BTreeMap<u16, bool>,
}

impl ModeTracker {
    /// Tracks the next piece of output.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut tokens = self.tokenizer.tokens(bytes);
        while let Some(token) = tokens.next() {
            self.state.note(&token);
        }
    }

    /// Returns whether the terminal has been sent a query that it answers.
    pub fn has_asked(&self) -> bool {
        self.state.has_asked
    }

    /// Returns whether a private mode differs from that of a new terminal.
    pub fn is_switched(&self, mode: u16) -> bool {
        self.state.changed.contains(&Setting::Mode(mode))
    }

    /// The bytes that reset everything that has changed; empty if nothing has.
    pub fn reset_sequence(&self) -> Vec<u8> {
        let state = &self.state;
        let mut out = Vec::new();
        for &(setting, _, reset) in SETTINGS.iter().filter(|row| state.changed.contains(&row.0)) {
            match setting {
                // Each screen has its own stack; popping too much does no harm.
                Setting::Keyboard if !self.is_alternate() => {}
                Setting::Keyboard => state.reset_keyboard(&mut out),
                Setting::Titles => {
                    out.extend_from_slice(&b"\x1b[23;0t".repeat(usize::from(state.titles.min(MOST_TITLES))));
                }
                _ => out.extend_from_slice(reset.as_bytes()),
            }
        }
        if state.changed.contains(&Setting::Keyboard) {
            state.reset_keyboard(&mut out);
        }
        if !out.is_empty() && self.tokenizer.is_within_sequence() {
            out.insert(0, CANCEL);
        }
        out
    }

    /// The sequences that put a new terminal into the modes that no virtual terminal keeps and that
    /// stay set until reset: reversed screen, mouse, focus, bracketed paste, keypad and the
    /// cursor's shape. Key encodings are omitted: they are of no use without the program.
    pub fn settings(&self) -> Vec<u8> {
        let mut out = String::new();
        for setting in &self.state.changed {
            match setting {
                Setting::Mode(mode @ (5 | 9 | 66 | 1000..=1006 | 1015 | 1016 | 2004)) => {
                    out.push_str(&format!("\x1b[?{mode}h"));
                }
                Setting::Keypad => out.push_str("\x1b="),
                Setting::CursorShape => out.push_str(&format!("\x1b[{} q", self.state.cursor_shape)),
                _ => {}
            }
        }
        out.into_bytes()
    }

    fn is_alternate(&self) -> bool {
        [47, 1047, 1049].into_iter().any(|mode| self.is_switched(mode))
    }
}

impl State {
    fn set(&mut self, setting: Setting, is_changed: bool) {
        if !is_changed {
            self.changed.remove(&setting);
        } else if SETTINGS.iter().any(|row| row.0 == setting) {
            self.changed.insert(setting);
        }
    }

    fn reset_keyboard(&self, out: &mut Vec<u8>) {
        if self.keyboard_pushes > 0 {
            out.extend_from_slice(format!("\x1b[<{}u", self.keyboard_pushes).as_bytes());
        }
        if self.sets_keyboard {
            out.extend_from_slice(b"\x1b[=0;1u");
        }
    }

    fn note(&mut self, token: &Token<'_>) {
        self.has_asked |= rules::rule_of(token).is_some_and(Rule::is_question);
        for control in token.controls() {
            self.note_control(control);
        }
        match token.kind {
            Kind::Control(byte) => self.note_control(byte),
            Kind::Escape(escape) => self.note_escape(escape),
            Kind::Csi(csi) => self.note_csi(csi),
            Kind::String(string) => self.note_string(string),
            Kind::Text | Kind::Broken => {}
        }
    }

    fn note_control(&mut self, byte: u8) {
        const SHIFT_OUT: u8 = 0x0e;
        const SHIFT_IN: u8 = 0x0f;
        if matches!(byte, SHIFT_OUT | SHIFT_IN) {
            self.is_shifted = byte == SHIFT_OUT;
            self.note_charsets();
        }
    }

    fn note_charsets(&mut self) {
        self.set(Setting::Charsets, self.is_shifted || self.charsets != [false; 2]);
    }

    fn note_escape(&mut self, escape: Escape) {
        let is_usual = escape.last == b'B';
        match (escape.intermediates[0], escape.last) {
            (b'(' | b')', _) => {
                self.charsets[usize::from(escape.intermediates[0] == b')')] = !is_usual;
                self.note_charsets();
            }
            (b'*', _) => self.set(Setting::MoreCharsets(0), !is_usual),
            (b'+', _) => self.set(Setting::MoreCharsets(1), !is_usual),
            (b' ', b'F' | b'G') => self.set(Setting::EightBitReplies, escape.last == b'G'),
            (0, b'=' | b'>') => self.set(Setting::Keypad, escape.last == b'='),
            // Locking shifts.
            (0, b'n' | b'o') => {
                self.is_shifted = true;
                self.note_charsets();
            }
            (0, b'7') => self.save_cursor(),
            (0, b'8') => self.restore_cursor(),
            // A full reset.
            (0, b'c') => *self = State { has_asked: self.has_asked, ..State::default() },
            _ => {}
        }
    }

    fn save_cursor(&mut self) {
        self.saved = Some((self.changed.contains(&Setting::Pen), self.charsets, self.is_shifted));
    }

    fn restore_cursor(&mut self) {
        let (pen, charsets, is_shifted) = self.saved.unwrap_or_default();
        (self.charsets, self.is_shifted) = (charsets, is_shifted);
        self.set(Setting::Pen, pen);
        self.note_charsets();
    }

    fn note_csi(&mut self, csi: &Csi) {
        let is_set = csi.last == b'h';
        match csi.function() {
            (b'?', 0, b'h' | b'l') => {
                for &mode in csi.values() {
                    self.switch_mode(mode, is_set);
                }
            }
            (b'?', 0, b's') => {
                for &mode in csi.values() {
                    self.saved_modes.insert(mode, self.changed.contains(&Setting::Mode(mode)));
                }
            }
            (b'?', 0, b'r') => {
                for mode in csi.values() {
                    let is_changed = self.saved_modes.get(mode).copied().unwrap_or(false);
                    self.set(Setting::Mode(*mode), is_changed);
                }
            }
            (0, 0, b'h' | b'l') => {
                for &mode in csi.values() {
                    // Local echo is off while its mode is set.
                    self.set(Setting::AnsiMode(mode), is_set != (mode == 12));
                }
            }
            (b'>', 0, b'm') => {
                let value = csi.values().get(1).copied().unwrap_or(0);
                self.set(Setting::ModifiedKeys(csi.value(0)), value != 0);
            }
            (b'>', 0, b'n') => self.set(Setting::ModifiedKeys(csi.value(0)), true),
            (b'>', 0, b'f') => self.set(Setting::KeyFormat(csi.value(0)), csi.value(1) != 0),
            (b'>', 0, b'u') => self.keyboard(|state| {
                state.keyboard_pushes = state.keyboard_pushes.saturating_add(1);
            }),
            (b'<', 0, b'u') => self.keyboard(|state| {
                let count = csi.value(0).max(1);
                state.keyboard_pushes = state.keyboard_pushes.saturating_sub(count);
            }),
            (b'=', 0, b'u') => self.keyboard(|state| {
                let (flags, mode) = (csi.value(0), csi.value(1).max(1));
                // Mode 1 sets exactly these, 2 adds them, 3 removes them.
                state.sets_keyboard = match mode {
                    1 => flags != 0 || state.keyboard_pushes > 0,
                    2 => state.sets_keyboard || flags != 0,
                    _ => state.sets_keyboard,
                };
            }),
            (0, 0, b'm') => self.note_pen(csi),
            (0, 0, b'r') => self.set(Setting::Region, csi.values() != [0]),
            // Without margins this saves the cursor; with them it sets what mode 69 resets.
            (0, 0, b's') if csi.values() == [0] => self.save_cursor(),
            (0, 0, b'u') => self.restore_cursor(),
            (0, b' ', b'q') => {
                self.cursor_shape = csi.value(0);
                self.set(Setting::CursorShape, self.cursor_shape != 0);
            }
            (0, b'"', b'q') => self.set(Setting::Protection, csi.value(0) == 1),
            (0, b'$', b'}') => self.set(Setting::StatusLine, csi.value(0) == 1),
            // A soft reset.
            (0, b'!', b'p') => {
                (self.charsets, self.is_shifted, self.saved) = ([false; 2], false, None);
                for setting in [
                    Setting::Mode(1),
                    Setting::Mode(6),
                    Setting::Mode(25),
                    Setting::AnsiMode(2),
                    Setting::AnsiMode(4),
                    Setting::Keypad,
                    Setting::Region,
                    Setting::Charsets,
                    Setting::MoreCharsets(0),
                    Setting::MoreCharsets(1),
                    Setting::Protection,
                    Setting::Pen,
                ] {
                    self.set(setting, false);
                }
            }
            (0, 0, b't') if csi.value(0) == 22 => self.count_titles(1),
            (0, 0, b't') if csi.value(0) == 23 => self.count_titles(-1),
            _ => {}
        }
    }

    fn switch_mode(&mut self, mode: u16, is_set: bool) {
        // Autowrap, autorepeat and the visible cursor are set initially.
        let is_usual = is_set == matches!(mode, 7 | 8 | 25);
        match (mode, is_set) {
            (1048 | 1049, true) => self.save_cursor(),
            (1048 | 1049, false) => self.restore_cursor(),
            _ => {}
        }
        self.set(Setting::Mode(mode), !is_usual);
    }

    fn keyboard(&mut self, change: impl FnOnce(&mut State)) {
        change(self);
        self.set(Setting::Keyboard, self.keyboard_pushes > 0 || self.sets_keyboard);
    }

    fn count_titles(&mut self, count: i16) {
        self.titles = self.titles.saturating_add_signed(count);
        self.set(Setting::Titles, self.titles > 0);
    }

    /// Tracks whether an SGR sequence leaves text attributes other than the defaults.
    fn note_pen(&mut self, csi: &Csi) {
        let mut is_changed = self.changed.contains(&Setting::Pen);
        let mut parameters = csi.parameters();
        while let Some(parameter) = parameters.next() {
            match parameter {
                [0] => is_changed = false,
                [22..=25 | 27..=29 | 39 | 49 | 54 | 55 | 59 | 65] => {}
                [38 | 48 | 58] => {
                    is_changed = true;
                    // Its components follow as separate parameters: `38;5;0` is a color.
                    let parts = match parameters.next() {
                        Some([5]) => 1,
                        Some([2]) => 3,
                        _ => 0,
                    };
                    parameters.by_ref().take(parts).for_each(drop);
                }
                _ => is_changed = true,
            }
        }
        self.set(Setting::Pen, is_changed);
    }

    fn note_string(&mut self, string: ControlString<'_>) {
        if !matches!(string.part, Part::Whole | Part::First) {
            return;
        }
        match string.kind {
            StringKind::Osc => self.note_osc(string.text),
            StringKind::Dcs => match string.text {
                b"=1s" => self.set(Setting::Update, true),
                b"=2s" => self.set(Setting::Update, false),
                _ => {}
            },
            _ => {}
        }
    }

    fn note_osc(&mut self, text: &[u8]) {
        let mut fields = text.split(|&byte| byte == b';');
        let Some(number) = rules::number(fields.next().unwrap_or_default()) else { return };
        let rest: Vec<&[u8]> = fields.collect();
        let is_answer = |field: &&&[u8]| **field != b"?";
        match number {
            // Pairs of a color's number and its new value.
            4 | 5 => {
                let setting = if number == 4 { Setting::Palette } else { Setting::SpecialColors };
                if rest.iter().skip(1).step_by(2).any(|field| is_answer(&field)) {
                    self.set(setting, true);
                }
            }
            104 if text == b"104" => self.set(Setting::Palette, false),
            105 if text == b"105" => self.set(Setting::SpecialColors, false),
            // One color, and the following ones.
            10..=19 => {
                for (which, _) in (number..20).zip(&rest).filter(|(_, field)| is_answer(field)) {
                    self.set(Setting::DynamicColor(which), true);
                }
            }
            110..=119 => self.set(Setting::DynamicColor(number - 100), false),
            8 => self.set(Setting::Link, rest.iter().skip(1).any(|uri| !uri.is_empty())),
            9 if rest.first() == Some(&&b"4"[..]) => {
                let value = rest.get(1).copied().unwrap_or_default();
                self.set(Setting::Progress, !matches!(value, b"" | b"0"));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_distinguished_from_other_output() {
        for query in [
            "\x1b[6n",
            "\x1b[c",
            "\x1b[0c",
            "\x1b[>c",
            "\x1b[?2026$p",
            "\x1b[18t",
            "\x1b[>0q",
            "\x1b[?u",
            "\x1b[?2;1;0S",
            "\x1b_Gi=31,s=1,v=1,a=q;AAAA\x1b\\",
            "\x1b]11;?\x1b\\",
            "\x1bP+q544e\x1b\\",
            "\x1bP$qm\x1b\\",
            "\x1bZ",
        ] {
            for at in 0..query.len() {
                let mut tracker = ModeTracker::default();
                tracker.push(b"text");
                tracker.push(&query.as_bytes()[..at]);
                tracker.push(&query.as_bytes()[at..]);
                assert!(tracker.has_asked(), "{query:?}");
            }
        }
        for output in [
            "\x1b[31mred\x1b[m",
            "\x1b]0;title?\x07",
            "\x1b[?2004h",
            "\x1b[8;24;80t",
            "\x1b[2 q",
            "\x1b(B",
            "\x1b[22;0;0t",
        ] {
            let mut tracker = ModeTracker::default();
            tracker.push(output.as_bytes());
            assert!(!tracker.has_asked(), "{output:?}");
        }
    }

    #[test]
    fn modes_that_are_left_set_are_reset() {
        for (output, reset) in [
            ("\x1b[?1049h\x1b[31mred\x1b[m\x1b[?1049l", ""),
            ("\x1b[?2004h$ \x1b[?2004l", ""),
            (
                "\x1b[?25l\x1b[?1049;2004h\x1b[1;24r\x1b[1;31m",
                "\x1b[?1049l\x1b[?25h\x1b[?2004l\x1b7\x1b[r\x1b8\x1b[0m",
            ),
            ("\x1b(0\x1b=", "\x1b(B\x1b)B\x0f\x1b>"),
            ("\x1b[4;20h\x1b)0", "\x1b(B\x1b)B\x0f\x1b[4l\x1b[20l"),
            ("\x1b[4h\x1b[4l", ""),
            ("\x1b(0\x1b=\x1b[?1000h\x1bc", ""),
            ("\x1b[?7h\x1b[?25h\x1b[>4;2m\x1b[>4;m", ""),
            ("\x1b[>4;2m\x1b[38;5;0m", "\x1b[>4m\x1b[0m"),
            ("\x1b[>1u\x1b[>3u\x1b[<u\x1b[m\x1b[0;0m", "\x1b[<1u"),
            ("\x1b[?1049h\x1b[>1u", "\x1b[<1u\x1b[?1049l\x1b[<1u"),
            ("\x1b[>1u\x1b[<1u\x1b[<9u", ""),
            ("\x1b[5 q", "\x1b[0 q"),
            ("\x1b[5 q\x1b[ q", ""),
            ("\x1b=\x1b\x1b>", ""),
        ] {
            let mut tracker = ModeTracker::default();
            for byte in output.as_bytes().chunks(1) {
                tracker.push(byte);
            }
            assert_eq!(String::from_utf8(tracker.reset_sequence()).unwrap(), reset, "{output:?}");
        }
    }

    #[test]
    fn settings_include_only_modes_that_no_virtual_terminal_keeps() {
        let mut tracker = ModeTracker::default();
        tracker.push(b"\x1b[?2004;1000;1006h\x1b[?1;25l\x1b[?1049h\x1b=\x1b[2 q\x1b[>1u");
        let settings = String::from_utf8(tracker.settings()).unwrap();
        assert_eq!(settings, "\x1b[?1000h\x1b[?1006h\x1b[?2004h\x1b=\x1b[2 q");
        tracker.push(b"\x1b[?2004;1000;1006l\x1b>\x1b[0 q");
        assert_eq!(tracker.settings(), b"");
    }

    #[test]
    fn everything_a_program_leaves_changed_is_reset() {
        for (output, reset) in [
            ("\x1b[=5;1u", "\x1b[=0;1u"),
            ("\x1b[=5u\x1b[=0u", ""),
            ("\x1b[>1u\x1b[=5;2u", "\x1b[<1u\x1b[=0;1u"),
            ("\x1b[?1007;2031;2048;9001h", "\x1b[?1007l\x1b[?2031l\x1b[?2048l\x1b[?9001l"),
            ("\x1b[?69h\x1b[5;10s", "\x1b[?69l"),
            ("\x1b(0\x1b)B", "\x1b(B\x1b)B\x0f"),
            ("\x1b)0\x0e\x1b(B", "\x1b(B\x1b)B\x0f"),
            ("\x0e", "\x1b(B\x1b)B\x0f"),
            ("\x0e\x0f\x1b(0\x1b(B", ""),
            ("\x1b*0\x1b+A", "\x1b*B\x1b+B"),
            ("\x1b]4;1;red\x07\x1b]11;#000\x1b\\", "\x1b]104\x1b\\\x1b]111\x1b\\"),
            ("\x1b]10;red;blue\x07", "\x1b]110\x1b\\\x1b]111\x1b\\"),
            ("\x1b]10;red\x07\x1b]110\x07\x1b]4;1;?\x07\x1b]12;?\x07", ""),
            ("\x1b]8;;http://x\x07text", "\x1b]8;;\x1b\\"),
            ("\x1b]8;id=1;http://x\x07text\x1b]8;;\x07", ""),
            ("\x1b[>4;1f", "\x1b[>4f"),
            ("\x1b]9;4;1;50\x07", "\x1b]9;4;0\x1b\\"),
            ("\x1b]9;4;1;50\x07\x1b]9;4;0\x07", ""),
            ("\x1b[?2026h", "\x1b[?2026l"),
            ("\x1bP=1s\x1b\\", "\x1bP=2s\x1b\\"),
            ("\x1b[22;0t\x1b]0;t\x07", "\x1b[23;0t"),
            ("\x1b[31m\x1b7\x1b[0m\x1b8", "\x1b[0m"),
            ("\x1b[?1000h\x1b[?1000s\x1b[?1000l\x1b[?1000r", "\x1b[?1000l"),
            ("\x1b[0;1m\x1b[1;0m", ""),
            ("\x1b[2\"q\x1b[1\"q", "\x1b[0\"q"),
            ("\u{9b}?25l", "\x1b[?25h"),
            ("\x1b[?25l\x1b[!p", ""),
            // Output that ends within a sequence would swallow the reset.
            ("\x1b[?25l\x1b]0;title", "\x18\x1b[?25h"),
        ] {
            for at in 0..=output.len() {
                let mut tracker = ModeTracker::default();
                tracker.push(&output.as_bytes()[..at]);
                tracker.push(&output.as_bytes()[at..]);
                assert_eq!(String::from_utf8(tracker.reset_sequence()).unwrap(), reset, "{output:?}");
            }
        }
    }

    #[test]
    fn the_reset_sequence_leaves_nothing_to_reset() {
        let mut tracker = ModeTracker::default();
        for (setting, ..) in SETTINGS {
            let set = match setting {
                Setting::Mode(mode) if matches!(mode, 7 | 8 | 25) => format!("\x1b[?{mode}l"),
                Setting::Mode(mode) => format!("\x1b[?{mode}h"),
                Setting::AnsiMode(12) => "\x1b[12l".to_string(),
                Setting::AnsiMode(mode) => format!("\x1b[{mode}h"),
                Setting::Keyboard => "\x1b[>1u\x1b[=3u".to_string(),
                Setting::Titles => "\x1b[22t".to_string(),
                Setting::Region => "\x1b[2;5r".to_string(),
                Setting::Charsets => "\x1b(0".to_string(),
                Setting::MoreCharsets(0) => "\x1b*0".to_string(),
                Setting::MoreCharsets(_) => "\x1b+0".to_string(),
                Setting::Keypad => "\x1b=".to_string(),
                Setting::ModifiedKeys(which) => format!("\x1b[>{which};1m"),
                Setting::KeyFormat(which) => format!("\x1b[>{which};1f"),
                Setting::EightBitReplies => "\x1b G".to_string(),
                Setting::CursorShape => "\x1b[3 q".to_string(),
                Setting::StatusLine => "\x1b[1$}".to_string(),
                Setting::Update => "\x1bP=1s\x1b\\".to_string(),
                Setting::Palette => "\x1b]4;1;red\x07".to_string(),
                Setting::SpecialColors => "\x1b]5;1;red\x07".to_string(),
                Setting::DynamicColor(which) => format!("\x1b]{which};red\x07"),
                Setting::Progress => "\x1b]9;4;3\x07".to_string(),
                Setting::Link => "\x1b]8;;x\x07".to_string(),
                Setting::Protection => "\x1b[1\"q".to_string(),
                Setting::Pen => "\x1b[1m".to_string(),
            };
            let mut alone = ModeTracker::default();
            alone.push(set.as_bytes());
            let reset = alone.reset_sequence();
            assert!(!reset.is_empty(), "{setting:?}");
            alone.push(&reset);
            assert_eq!(alone.reset_sequence(), b"", "{setting:?}");
            tracker.push(set.as_bytes());
        }
        tracker.push(&tracker.reset_sequence());
        assert_eq!(String::from_utf8(tracker.reset_sequence()).unwrap(), "");
    }
}
