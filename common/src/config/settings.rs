//! The list of all settings, for programs that show them.

use crate::cast::Time;
use crate::cli::plain_number;

use super::{Config, DEFAULT_URL};

/// The type of a setting's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no.
    Flag,
    /// A number.
    Number,
    /// Text.
    Text,
}

/// A setting that programs know.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its section in 2.4.
    pub section: &'static str,
    /// Its name in 2.4.
    pub key: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Its value if nothing is configured; empty for none.
    pub default: &'static str,
}

const fn known(section: &'static str, key: &'static str, kind: Kind, default: &'static str) -> Known {
    Known { section, key, kind, default }
}

/// All settings that programs know.
pub const SETTINGS: &[Known] = &[
    known("api", "url", Kind::Text, DEFAULT_URL),
    known("record", "command", Kind::Text, ""),
    known("record", "env", Kind::Text, "SHELL,TERM"),
    known("record", "format", Kind::Text, "asciicast-v2"),
    known("record", "idle_time_limit", Kind::Number, ""),
    known("record", "stdin", Kind::Flag, "no"),
    known("record", "yes", Kind::Flag, "no"),
    known("record", "quiet", Kind::Flag, "no"),
    known("record", "pause_key", Kind::Text, "C-\\"),
    known("record", "add_marker_key", Kind::Text, ""),
    known("record", "prefix_key", Kind::Text, ""),
    known("play", "speed", Kind::Number, "1"),
    known("play", "idle_time_limit", Kind::Number, ""),
    known("play", "pause_key", Kind::Text, "space"),
    known("play", "step_key", Kind::Text, "."),
    known("play", "step_back_key", Kind::Text, ","),
    known("play", "forward_key", Kind::Text, "right"),
    known("play", "rewind_key", Kind::Text, "left"),
    known("play", "forward_far_key", Kind::Text, "shift-right"),
    known("play", "rewind_far_key", Kind::Text, "shift-left"),
    known("play", "next_marker_key", Kind::Text, "]"),
    known("play", "previous_marker_key", Kind::Text, "["),
    known("play", "start_key", Kind::Text, "home"),
    known("play", "end_key", Kind::Text, "end"),
    known("play", "faster_key", Kind::Text, "+"),
    known("play", "slower_key", Kind::Text, "-"),
    known("play", "initial_speed_key", Kind::Text, "="),
    known("play", "search_key", Kind::Text, "/"),
    known("play", "next_match_key", Kind::Text, "n"),
    known("play", "previous_match_key", Kind::Text, "N"),
    known("play", "help_key", Kind::Text, "?"),
    known("play", "quit_key", Kind::Text, "q"),
    known("notifications", "enabled", Kind::Flag, "yes"),
    known("notifications", "command", Kind::Text, ""),
];

/// A setting in effect.
#[derive(Debug)]
pub struct Effective {
    /// Section and name in 2.4, joined by a dot: `record.command`.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// Its value as written; empty for none.
    pub value: String,
    /// The origin of the value: a file, an environment variable, or `default`.
    pub source: String,
}

impl Config {
    /// All settings that programs know, with their values and origins.
    pub fn effective(&self) -> impl Iterator<Item = Effective> {
        SETTINGS.iter().map(|setting| {
            let Known { section, key, kind, default } = *setting;
            let (value, source) = match (self.overriding_variable(section, key), self.get(section, key)) {
                (Some((variable, value)), _) => (value, variable.to_string()),
                (None, Some(found)) => (
                    found.text.unwrap_or_default().to_string(),
                    crate::cli::source_name(found.path.as_os_str()),
                ),
                (None, None) => (default.to_string(), "default".to_string()),
            };
            Effective { name: format!("{section}.{key}"), kind, value, source }
        })
    }
}

impl Effective {
    /// A flag, if it is one.
    pub fn flag(&self) -> Option<bool> {
        super::flag(&self.value).filter(|_| self.kind == Kind::Flag)
    }

    /// The digits of a number, if it is one.
    pub fn number(&self) -> Option<String> {
        let number = plain_number(&self.value);
        (self.kind == Kind::Number && Time::parse(&number).is_ok()).then_some(number)
    }
}
