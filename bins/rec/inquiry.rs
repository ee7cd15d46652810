//! Queries sent to the terminal when a session starts: its name and its colors, so that players can
//! show the recording in them.
//!
//! Terminals reply in order, so the query that all of them support, device attributes, comes last: its
//! reply means that no other will follow. Replies arrive mixed with keyboard input. Each is removed
//! once; a program that sends the same query later gets its own reply.

use std::env;
use std::time::{Duration, Instant};

use common::vt::{ControlString, End, Kind, Part, StringKind, Token, Tokenizer};

/// The time that the header waits for the replies.
const HEADER_WAIT: Duration = Duration::from_millis(200);

/// The time, counted from the queries or the latest reply, that the end of the session waits for the
/// next reply: the shell would read it as input.
const END_WAIT: Duration = Duration::from_secs(1);

/// The same over ssh, where a reply may take longer.
const REMOTE_END_WAIT: Duration = Duration::from_secs(3);

/// How long a prefix that may be a reply or just the Escape key is held back.
const HOLD: Duration = Duration::from_millis(25);

/// How long a prefix that can only be a reply is held back.
const HOLD_ANSWER: Duration = Duration::from_secs(1);

/// The number of colors in the palette.
const PALETTE: usize = 16;

/// The terminal's self-description.
#[derive(Debug, Default)]
pub struct Appearance {
    /// Its name and version, as it reports them.
    pub version: Option<String>,
    pub theme: Option<Theme>,
}

/// Colors as `#rrggbb`.
#[derive(Debug, PartialEq, Eq)]
pub struct Theme {
    pub foreground: String,
    pub background: String,
    /// The 16 colors of the palette.
    pub palette: Vec<String>,
}

/// The queries, from when they are sent until the last one is answered.
pub struct Inquiry {
    tokenizer: Tokenizer,
    asked: Instant,
    /// When the latest reply arrived; at first, when the queries were sent.
    heard: Instant,
    end_wait: Duration,
    /// When the sequence that is being held back arrived.
    held_since: Option<Instant>,
    /// The replies so far; an unusable one is empty. `None`: still expected.
    version: Option<String>,
    foreground: Option<String>,
    background: Option<String>,
    palette: [Option<String>; PALETTE],
    is_done: bool,
}

/// Returns whether the terminal can be queried. Some would show the queries instead of answering.
pub fn is_welcome() -> bool {
    let term = env::var("TERM").unwrap_or_default();
    let in_screen =
        env::var_os("STY").is_some() || (term.starts_with("screen") && env::var_os("TMUX").is_none());
    !matches!(term.as_str(), "" | "dumb" | "linux") && !in_screen
}

/// The queries: XTVERSION, the dynamic colors, the palette, device attributes (xterm's
/// "Control Sequences").
pub fn questions() -> Vec<u8> {
    let palette = (0..PALETTE).map(|color| format!("\x1b]4;{color};?\x07"));
    let palette: String = palette.collect();
    format!("\x1b[>0q\x1b]10;?\x07\x1b]11;?\x07{palette}\x1b[c").into_bytes()
}

impl Inquiry {
    pub fn new() -> Inquiry {
        let now = Instant::now();
        let is_remote = env::var_os("SSH_CONNECTION").is_some();
        Inquiry {
            tokenizer: Tokenizer::default(),
            asked: now,
            heard: now,
            end_wait: if is_remote { REMOTE_END_WAIT } else { END_WAIT },
            held_since: None,
            version: None,
            foreground: None,
            background: None,
            palette: Default::default(),
            is_done: false,
        }
    }

    /// Removes replies from the bytes read from the terminal and appends the rest to `typed`.
    pub fn read(&mut self, bytes: &[u8], typed: &mut Vec<u8>) {
        let mut tokenizer = std::mem::take(&mut self.tokenizer);
        let mut tokens = tokenizer.tokens(bytes);
        while let Some(token) = tokens.next() {
            if self.is_done || !self.take(&token) {
                typed.extend_from_slice(token.bytes);
            } else {
                self.heard = Instant::now();
            }
        }
        self.held_since = (!tokenizer.pending().is_empty()).then(Instant::now);
        self.tokenizer = tokenizer;
        if self.is_done || self.until_release().is_some_and(|left| left.is_zero()) {
            self.release(typed);
        }
    }

    /// The time until [`Inquiry::release`] must be called, if anything is held back.
    pub fn until_release(&self) -> Option<Duration> {
        let held = self.tokenizer.pending();
        let patience = match held {
            [0x1b, b'[', b'?', ..] | [0x1b, b'P', b'>', ..] | [0x1b, b']', b'1' | b'4', ..] => HOLD_ANSWER,
            // Later, the Escape key is more likely.
            _ if self.asked.elapsed() < HEADER_WAIT => HOLD,
            _ => Duration::ZERO,
        };
        Some(patience.saturating_sub(self.held_since?.elapsed()))
    }

    /// Appends what was held back to `typed`: it was not a reply.
    pub fn release(&mut self, typed: &mut Vec<u8>) {
        let mut tokens = self.tokenizer.finish();
        while let Some(token) = tokens.next() {
            typed.extend_from_slice(token.bytes);
        }
        self.held_since = None;
    }

    /// Returns whether no more replies will come.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// The remaining time that the header waits.
    pub fn until_header(&self) -> Duration {
        if self.is_done { Duration::ZERO } else { HEADER_WAIT.saturating_sub(self.asked.elapsed()) }
    }

    /// The remaining time that the end of the session waits.
    pub fn until_end(&self) -> Duration {
        if self.is_done { Duration::ZERO } else { self.end_wait.saturating_sub(self.heard.elapsed()) }
    }

    /// The contents of the replies. A theme with a color missing is ignored.
    pub fn appearance(&self) -> Appearance {
        let told = |answer: &Option<String>| answer.clone().filter(|answer| !answer.is_empty());
        let theme = || {
            Some(Theme {
                foreground: told(&self.foreground)?,
                background: told(&self.background)?,
                palette: self.palette.iter().map(told).collect::<Option<_>>()?,
            })
        };
        Appearance { version: told(&self.version), theme: theme() }
    }

    /// Takes a token if it is a reply that is still expected.
    fn take(&mut self, token: &Token<'_>) -> bool {
        match token.kind {
            Kind::Csi(csi) if csi.function() == (b'?', 0, b'c') => {
                self.is_done = true;
                true
            }
            Kind::String(ControlString {
                kind,
                text,
                part: Part::Whole,
                end: End::Terminator | End::Bell,
            }) => self.take_string(kind, &String::from_utf8_lossy(text)),
            _ => false,
        }
    }

    fn take_string(&mut self, kind: StringKind, text: &str) -> bool {
        let (expected, answer) = match kind {
            StringKind::Dcs => match text.strip_prefix(">|") {
                Some(version) => (&mut self.version, version.trim().to_string()),
                None => return false,
            },
            StringKind::Osc => {
                let Some((number, rest)) = text.split_once(';') else { return false };
                match number {
                    "10" => (&mut self.foreground, color(rest)),
                    "11" => (&mut self.background, color(rest)),
                    "4" => {
                        let Some((index, rest)) = rest.split_once(';') else { return false };
                        let index = index.parse().ok();
                        match index.and_then(|index: usize| self.palette.get_mut(index)) {
                            Some(expected) => (expected, color(rest)),
                            None => return false,
                        }
                    }
                    _ => return false,
                }
            }
            StringKind::Apc | StringKind::Sos | StringKind::Pm => return false,
        };
        let is_first = expected.is_none();
        if is_first {
            *expected = Some(answer);
        }
        is_first
    }
}

/// A color as terminals report it, `rgb:RRRR/GGGG/BBBB` (XParseColor), to the first two digits of each
/// part. Empty if it is anything else.
fn color(text: &str) -> String {
    let parts = text.strip_prefix("rgb:").or_else(|| text.strip_prefix("rgba:")).unwrap_or_default();
    let parts: Vec<&str> = parts.split('/').collect();
    let [red, green, blue, ..] = parts[..] else { return String::new() };
    let mut color = String::from("#");
    for part in [red, green, blue] {
        let is_hexadecimal = part.bytes().all(|byte| byte.is_ascii_hexdigit());
        match part.len() {
            1 if is_hexadecimal => color.push_str(&part.repeat(2)),
            2..=4 if is_hexadecimal => color.push_str(&part[..2]),
            _ => return String::new(),
        }
    }
    color.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The replies of a terminal that supports all queries.
    fn answers() -> String {
        let palette = (0..16).map(|n| format!("\x1b]4;{n};rgb:{n:02x}{n:02x}/0000/ffff\x1b\\"));
        let palette: String = palette.collect();
        format!(
            "\x1bP>|Term 1.2\x1b\\\x1b]10;rgb:aa/bb/cc\x07\x1b]11;rgb:1234/5678/9ABC\x07{palette}\x1b[?62;22c"
        )
    }

    fn typed(inquiry: &mut Inquiry, bytes: &str) -> String {
        let mut typed = Vec::new();
        inquiry.read(bytes.as_bytes(), &mut typed);
        String::from_utf8(typed).unwrap()
    }

    #[test]
    fn after_a_reply_the_end_of_the_session_waits_for_the_next_one() {
        let long_ago = Instant::now().checked_sub(2 * REMOTE_END_WAIT).expect("a time since the start");
        let mut inquiry = Inquiry { asked: long_ago, heard: long_ago, ..Inquiry::new() };
        assert!(inquiry.until_end().is_zero());
        assert_eq!(typed(&mut inquiry, "\x1b]10;rgb:0/0/0\x07"), "");
        assert!(!inquiry.until_end().is_zero());
        assert_eq!(typed(&mut inquiry, "\x1b[?62;22c"), "");
        assert!(inquiry.until_end().is_zero());
    }

    #[test]
    fn answers_are_removed_from_typed_input_wherever_they_are_cut() {
        let answers = answers();
        for cut in 0..answers.len() {
            let mut inquiry = Inquiry::new();
            let first = typed(&mut inquiry, &format!("a\x1b[A{}", &answers[..cut]));
            let last = typed(&mut inquiry, &format!("{}b\x1b", &answers[cut..]));
            assert_eq!(first + &last, "a\x1b[Ab\x1b", "{cut}");
            let appearance = inquiry.appearance();
            assert_eq!(appearance.version.as_deref(), Some("Term 1.2"));
            let theme = appearance.theme.expect("a theme");
            assert_eq!((theme.foreground.as_str(), theme.background.as_str()), ("#aabbcc", "#12569a"));
            assert_eq!((theme.palette.len(), theme.palette[15].as_str()), (16, "#0f00ff"));
        }
    }

    #[test]
    fn each_answer_is_taken_once_and_none_after_the_last() {
        let mut inquiry = Inquiry::new();
        let color = "\x1b]11;rgb:1/2/3\x07";
        assert_eq!(typed(&mut inquiry, &[color, color].concat()), color);
        let name = "\x1bP>|Term\x1b\\";
        assert_eq!(typed(&mut inquiry, &format!("\x1b[?6c{name}\x1b[?6c")), format!("{name}\x1b[?6c"));
        assert!(inquiry.is_done() && inquiry.appearance().theme.is_none());
    }

    #[test]
    fn an_incomplete_theme_is_ignored() {
        for missing in ["]10;", "]4;7;"] {
            let mut inquiry = Inquiry::new();
            let answers: Vec<String> = answers()
                .split_inclusive(['\x07', '\\'])
                .filter(|one| !one.contains(missing))
                .map(String::from)
                .collect();
            typed(&mut inquiry, &answers.concat());
            assert!(inquiry.is_done() && inquiry.appearance().theme.is_none());
            assert_eq!(inquiry.appearance().version.as_deref(), Some("Term 1.2"));
        }
    }

    #[test]
    fn an_invalid_color_is_not_an_answer() {
        for text in ["rgb:1/2", "rgb:12345/1/1", "red", "rgb:g/1/1", "rgb://"] {
            assert_eq!(color(text), "", "{text}");
        }
        assert_eq!(color("rgba:FFFF/0000/8080/ffff"), "#ff0080");
    }
}
