//! The keys and their actions. The defaults are those of asciinema's web player; each can be
//! changed in `[play]`.

use common::cli;
use common::config::Config;
use common::vt::Key;

/// The action of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyAction {
    Pause,
    Step,
    StepBack,
    Forward,
    Rewind,
    ForwardFar,
    RewindFar,
    NextMarker,
    PreviousMarker,
    Start,
    End,
    /// To this many tenths of the cast.
    Tenth(u8),
    Faster,
    Slower,
    InitialSpeed,
    Search,
    NextMatch,
    PreviousMatch,
    Help,
    Quit,
    /// Ctrl-c.
    Interrupt,
    /// Ctrl-z.
    Suspend,
}

/// A row of the table of keys.
pub struct Binding {
    action: KeyAction,
    /// Its name in the configuration.
    pub name: &'static str,
    /// The default key.
    usual: Key,
    /// The description in the help.
    pub meaning: &'static str,
}

const fn binding(action: KeyAction, name: &'static str, usual: Key, meaning: &'static str) -> Binding {
    Binding { action, name, usual, meaning }
}

/// The keys, in the order of the help.
pub const BINDINGS: &[Binding] = &[
    binding(KeyAction::Pause, "pause_key", Key::Char(' '), "pause, resume"),
    binding(KeyAction::Step, "step_key", Key::Char('.'), "one event forward, while paused"),
    binding(KeyAction::StepBack, "step_back_key", Key::Char(','), "one event back, while paused"),
    binding(KeyAction::Forward, "forward_key", Key::Right, "5 seconds forward"),
    binding(KeyAction::Rewind, "rewind_key", Key::Left, "5 seconds back"),
    binding(KeyAction::ForwardFar, "forward_far_key", Key::ShiftRight, "10 % forward"),
    binding(KeyAction::RewindFar, "rewind_far_key", Key::ShiftLeft, "10 % back"),
    binding(KeyAction::NextMarker, "next_marker_key", Key::Char(']'), "to the next marker"),
    binding(KeyAction::PreviousMarker, "previous_marker_key", Key::Char('['), "to the previous marker"),
    binding(KeyAction::Start, "start_key", Key::Home, "to the start"),
    binding(KeyAction::End, "end_key", Key::End, "to the end, or to the live position"),
    binding(KeyAction::Faster, "faster_key", Key::Char('+'), "faster"),
    binding(KeyAction::Slower, "slower_key", Key::Char('-'), "slower"),
    binding(KeyAction::InitialSpeed, "initial_speed_key", Key::Char('='), "the initial speed"),
    binding(KeyAction::Search, "search_key", Key::Char('/'), "search for text"),
    binding(KeyAction::NextMatch, "next_match_key", Key::Char('n'), "to the next match"),
    binding(KeyAction::PreviousMatch, "previous_match_key", Key::Char('N'), "to the previous match"),
    binding(KeyAction::Help, "help_key", Key::Char('?'), "these keys"),
    binding(KeyAction::Quit, "quit_key", Key::Char('q'), "quit"),
];

/// The keys whose names have more than one character.
const NAMES: &[(&str, Key)] = &[
    ("space", Key::Char(' ')),
    ("left", Key::Left),
    ("right", Key::Right),
    ("shift-left", Key::ShiftLeft),
    ("shift-right", Key::ShiftRight),
    ("up", Key::Up),
    ("down", Key::Down),
    ("home", Key::Home),
    ("end", Key::End),
    ("escape", Key::Escape),
];

/// The characters sent by ctrl-c and ctrl-z in raw mode.
pub const CTRL_C: Key = Key::Char('\x03');
const CTRL_Z: Key = Key::Char('\x1a');

/// The configured keys; `None` for a key that the configuration disables.
pub struct Keys(Vec<(Option<Key>, &'static Binding)>);

impl Keys {
    /// Reads the keys from the configuration.
    ///
    /// # Errors
    ///
    /// A value that is not a key.
    pub fn configured(config: &Config) -> cli::Result<Keys> {
        let key = |binding: &Binding| -> cli::Result<Option<Key>> {
            let text = config.text("play", binding.name)?.unwrap_or_default().to_lowercase();
            if let Some((_, key)) = NAMES.iter().find(|(name, _)| *name == text) {
                return Ok(Some(*key));
            }
            Ok(match config.key("play", binding.name)? {
                None => Some(binding.usual),
                Some(None) => None,
                Some(Some(bytes)) => String::from_utf8_lossy(&bytes).chars().next().map(Key::Char),
            })
        };
        BINDINGS.iter().map(|binding| Ok((key(binding)?, binding))).collect::<cli::Result<_>>().map(Keys)
    }

    /// The action of a key. Configured keys take precedence over digits, and ctrl-c over
    /// everything.
    pub fn action(&self, key: Key) -> Option<KeyAction> {
        if key == CTRL_C {
            return Some(KeyAction::Interrupt);
        }
        let configured = self.0.iter().find(|(bound, _)| *bound == Some(key));
        match (configured, key) {
            (Some((_, binding)), _) => Some(binding.action),
            (None, CTRL_Z) => Some(KeyAction::Suspend),
            (None, Key::Char(digit @ '0'..='9')) => Some(KeyAction::Tenth(digit as u8 - b'0')),
            (None, _) => None,
        }
    }

    /// The help: a key and its action per line.
    pub fn help(&self) -> Vec<(String, &'static str)> {
        let bound = self.0.iter().filter_map(|(key, binding)| Some((name(*key.as_ref()?), binding.meaning)));
        let fixed = [("0 ... 9", "to so many tenths"), ("ctrl-c", "stop")];
        bound.chain(fixed.map(|(key, meaning)| (key.to_string(), meaning))).collect()
    }

    /// The name of the key for an action, if it has one.
    pub fn name_of(&self, action: KeyAction) -> Option<String> {
        let bound = self.0.iter().find(|(_, binding)| binding.action == action)?;
        Some(name(bound.0?))
    }
}

fn name(key: Key) -> String {
    if let Some((name, _)) = NAMES.iter().find(|(_, named)| *named == key) {
        return (*name).to_string();
    }
    match key {
        Key::Char(control @ ..' ') => {
            format!("ctrl-{}", char::from(control as u8 | 0x40).to_ascii_lowercase())
        }
        Key::Char(character) => character.to_string(),
        _ => String::new(),
    }
}
