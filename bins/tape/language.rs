//! The language of tapes: it parses text into commands with their line numbers.
//!
//! It is the language of VHS; commands that have no meaning here cause a warning rather than a
//! mistake. Words are separated by blanks and line ends, so several commands may share a line. All
//! mistakes are reported, not only the first. Knows no terminals, and no files except the tapes
//! included by `Source`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::keys::{Key, Modifiers, Named};

/// The maximum depth of included tapes.
const DEEPEST: usize = 16;

/// A parsed tape.
#[derive(Debug, Default)]
pub struct Tape {
    /// Its name in remarks.
    pub name: String,
    pub commands: Vec<Command>,
    /// The mistakes in it.
    pub mistakes: Vec<Remark>,
    /// The commands without effect here.
    pub warnings: Vec<Remark>,
}

/// A remark about a line of a tape.
#[derive(Debug, PartialEq, Eq)]
pub struct Remark {
    pub place: Place,
    pub text: String,
}

/// A line of a tape, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The tape, as the user named it.
    pub tape: String,
    pub line: usize,
}

/// A command and its place.
#[derive(Clone, Debug)]
pub struct Command {
    pub place: Place,
    pub action: Action,
}

/// The action of a command.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Output(PathBuf),
    Require(String),
    Set(String, Value),
    Environment(String, String),
    Type { text: String, delay: Option<Duration> },
    Press { key: Key, count: u32, delay: Option<Duration> },
    Sleep(Duration),
    Wait { scope: Scope, pattern: Option<String>, timeout: Option<Duration> },
    Hide,
    Show,
    Screenshot(PathBuf),
    Copy(String),
    Paste,
    Marker(String),
}

/// The part of the screen that `Wait` examines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The line with the cursor.
    Line,
    Screen,
}

/// The value of a setting, as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A string or a bare word.
    Text(String),
    /// A number, without its unit.
    Number(f64),
    Time(Duration),
    /// In percent.
    Percent(f64),
    Pattern(String),
    /// A JSON object, as it was written.
    Json(String),
}

/// Commands followed by arguments; together with the keys of [`Named`] and the modifiers, they are
/// the words that are not strings.
const COMMANDS: &[&str] = &[
    "Output",
    "Require",
    "Set",
    "Env",
    "Source",
    "Type",
    "Sleep",
    "Wait",
    "Hide",
    "Show",
    "Screenshot",
    "Copy",
    "Paste",
    "Marker",
    "ScrollUp",
    "ScrollDown",
    "Ctrl",
    "Alt",
    "Shift",
];

/// The characters that begin and end strings.
pub const QUOTES: [char; 3] = ['"', '\'', '`'];

/// The extensions of files that `Output` makes.
const OUTPUTS: [&str; 8] = ["gif", "svg", "png", "html", "cast", "txt", "ascii", "test"];

impl Tape {
    /// Sorts the remarks by line; those of included tapes come last.
    pub fn sort_remarks(&mut self) {
        for remarks in [&mut self.mistakes, &mut self.warnings] {
            remarks.sort_by_key(|remark| (remark.place.tape != self.name, remark.place.line));
        }
    }

    /// The files to be made from it.
    pub fn outputs(&self) -> impl Iterator<Item = &Path> {
        self.commands.iter().filter_map(|command| match &command.action {
            Action::Output(path) => Some(path.as_path()),
            _ => None,
        })
    }

    /// Returns whether it takes screenshots.
    pub fn takes_shots(&self) -> bool {
        self.commands.iter().any(|command| matches!(command.action, Action::Screenshot(_)))
    }

    /// The number of commands up to the last one that can be seen. A `Show` after it would only
    /// reveal how a demonstration was cleaned up.
    pub fn shown_commands(&self) -> usize {
        let mut is_hidden = false;
        let mut shown = 0;
        for (index, command) in self.commands.iter().enumerate() {
            match command.action {
                Action::Hide => is_hidden = true,
                Action::Show => is_hidden = false,
                Action::Output(_) | Action::Require(_) | Action::Set(..) | Action::Environment(..) => {}
                _ if is_hidden => {}
                _ => shown = index + 1,
            }
        }
        shown
    }

    /// The place where it sets its shell, if it does.
    pub fn shell_place(&self) -> Option<&Place> {
        let sets_shell =
            |command: &&Command| matches!(&command.action, Action::Set(name, _) if name == "Shell");
        self.commands.iter().rev().find(sets_shell).map(|command| &command.place)
    }
}

/// Parses a tape and the tapes that it includes.
///
/// `name` is its name in remarks, `folder` the directory for relative paths of `Source`.
pub fn read(text: &str, name: &str, folder: &Path) -> Tape {
    let mut tape = Tape { name: name.to_string(), ..Tape::default() };
    read_into(&mut tape, text, name, folder, &mut Vec::new());
    tape
}

fn read_into(tape: &mut Tape, text: &str, name: &str, folder: &Path, including: &mut Vec<PathBuf>) {
    let is_included = !including.is_empty();
    let mut reader = Reader { text, at: 0, line: 1, start: 1 };
    loop {
        reader.skip_blanks();
        if reader.rest().is_empty() {
            return;
        }
        reader.start = reader.line;
        let outcome = reader.command();
        let place = Place { tape: name.to_string(), line: reader.start };
        match outcome {
            Ok(Parsed::Action(Action::Output(_))) if is_included => {}
            Ok(Parsed::Action(action)) => tape.commands.push(Command { place, action }),
            Ok(Parsed::WithoutEffect(text)) => tape.warnings.push(Remark { place, text }),
            Ok(Parsed::Source(path)) => {
                if let Err(text) = include(tape, &path, folder, including) {
                    tape.mistakes.push(Remark { place, text });
                }
            }
            Err(text) => {
                let place = Place { line: reader.line, ..place };
                tape.mistakes.push(Remark { place, text });
                reader.skip_line();
            }
        }
    }
}

/// Reads the commands of another tape in place of `Source`.
fn include(tape: &mut Tape, path: &Path, folder: &Path, including: &mut Vec<PathBuf>) -> Result<(), String> {
    let path = folder.join(path);
    let shown = common::cli::source_name(path.as_os_str());
    if path.extension().is_none_or(|extension| extension != "tape") {
        return Err(format!("'{shown}' must end in .tape"));
    }
    let failed = |error: std::io::Error| format!("{shown}: {}", common::cli::io_text(&error));
    let full = path.canonicalize().map_err(failed)?;
    if including.contains(&full) {
        return Err(format!("{shown} includes itself"));
    }
    if including.len() >= DEEPEST {
        return Err(format!("tapes are included more than {DEEPEST} deep"));
    }
    let bytes = fs::read(&path).map_err(failed)?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{shown} is not UTF-8"))?;
    let folder = path.parent().unwrap_or(folder).to_path_buf();
    including.push(full);
    read_into(tape, &text, &shown, &folder, including);
    including.pop();
    Ok(())
}

/// The result of parsing one command.
enum Parsed {
    Action(Action),
    Source(PathBuf),
    /// Valid, but without effect here, for the given reason.
    WithoutEffect(String),
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    /// The line on which the command began.
    start: usize,
}

type Outcome<T> = Result<T, String>;

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Skips this many bytes, which end between two characters.
    fn advance(&mut self, bytes: usize) -> &'a str {
        let taken = &self.rest()[..bytes];
        self.line += taken.matches('\n').count();
        self.at += bytes;
        taken
    }

    /// Skips characters that satisfy a predicate.
    fn take_while(&mut self, is_of_kind: impl Fn(char) -> bool) -> &'a str {
        let length = self.rest().find(|c| !is_of_kind(c)).unwrap_or(self.rest().len());
        self.advance(length)
    }

    /// Skips blanks, line ends and comments.
    fn skip_blanks(&mut self) {
        loop {
            self.take_while(|c| c.is_whitespace() || c == '\u{feff}');
            if !self.rest().starts_with('#') {
                return;
            }
            self.skip_line();
        }
    }

    /// Skips the rest of the line, but not its end.
    fn skip_line(&mut self) {
        self.take_while(|c| c != '\n');
    }

    /// Skips blanks of this line.
    fn skip_spaces(&mut self) {
        self.take_while(|c| c == ' ' || c == '\t');
    }

    /// Skips this if it is next.
    fn takes(&mut self, expected: &str) -> bool {
        let is_next = self.rest().starts_with(expected);
        if is_next {
            self.advance(expected.len());
        }
        is_next
    }

    /// Skips this sign if it is next on this line, and blanks around it.
    fn takes_sign(&mut self, sign: &str) -> bool {
        let mut ahead = *self;
        ahead.skip_spaces();
        let is_next = ahead.takes(sign);
        if is_next {
            ahead.skip_spaces();
            *self = ahead;
        }
        is_next
    }

    /// The next characters, short enough for a message.
    fn found(&self) -> String {
        let mut ahead = *self;
        ahead.skip_blanks();
        match ahead.rest().split_whitespace().next() {
            Some(word) => format!("found '{}'", common::text::excerpt(word.as_bytes())),
            None => "found the end of the tape".to_string(),
        }
    }

    fn command(&mut self) -> Outcome<Parsed> {
        let name = self.take_while(|c| c.is_ascii_alphanumeric());
        let action = match name {
            "Output" => return self.output(),
            "Source" => return Ok(Parsed::Source(PathBuf::from(self.path("Source")?))),
            "Require" => Action::Require(self.path("Require")?),
            "Set" => {
                let name = self.word("the name of a setting")?;
                let value = self.value(&name)?;
                Action::Set(name, value)
            }
            "Env" => {
                let name = match self.quoted()? {
                    Some(name) => name,
                    None => self.word("the name of a variable")?,
                };
                Action::Environment(name, self.string("Env")?)
            }
            "Type" => {
                let delay = self.delay()?;
                Action::Type { text: self.strings("Type")?, delay }
            }
            "Sleep" => Action::Sleep(self.time("Sleep")?),
            "Wait" => self.wait()?,
            "Hide" => Action::Hide,
            "Show" => Action::Show,
            "Screenshot" => Action::Screenshot(PathBuf::from(self.path("Screenshot")?)),
            "Copy" => Action::Copy(self.strings("Copy")?),
            "Paste" => Action::Paste,
            "Marker" => Action::Marker(self.strings("Marker")?),
            "ScrollUp" | "ScrollDown" => {
                self.delay()?;
                self.count()?;
                return Ok(Parsed::WithoutEffect(format!(
                    "{name} has no effect: a recording has no viewport"
                )));
            }
            "Ctrl" | "Alt" | "Shift" => self.chord(name)?,
            name => match Named::of(name) {
                Some(key) => {
                    let delay = self.delay()?;
                    let key = Key::Named(key, Modifiers::default());
                    Action::Press { key, count: self.count()?, delay }
                }
                None => {
                    let word = self.take_while(|c| !c.is_whitespace());
                    let word = common::text::visible(&format!("{name}{word}"));
                    return Err(match nearest_command(&word) {
                        Some(nearest) => format!("unknown command '{word}'; did you mean '{nearest}'?"),
                        None => format!("unknown command '{word}'"),
                    });
                }
            },
        };
        Ok(Parsed::Action(action))
    }

    fn output(&mut self) -> Outcome<Parsed> {
        let path = self.path("Output")?;
        let path = PathBuf::from(path);
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let is_folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
        if !is_folder && OUTPUTS.contains(&extension) {
            return Ok(Parsed::Action(Action::Output(path)));
        }
        let what = match extension {
            "" => "a directory of frames".to_string(),
            extension => format!(".{} output", common::text::visible(extension)),
        };
        Ok(Parsed::WithoutEffect(format!(
            "{what} is not supported: use .gif, .svg, .png, .html, .cast or .txt"
        )))
    }

    fn wait(&mut self) -> Outcome<Action> {
        let mut scope = Scope::Line;
        if self.takes_sign("+") {
            scope = match self.take_while(|c| c.is_ascii_alphabetic()) {
                "Screen" => Scope::Screen,
                "Line" => Scope::Line,
                other => return Err(format!("'Wait+{other}': must be Wait+Screen or Wait+Line")),
            };
        }
        let timeout = self.delay()?;
        let mut ahead = *self;
        ahead.skip_blanks();
        let has_pattern = ahead.rest().starts_with('/');
        let pattern = if has_pattern { Some(self.pattern()?) } else { None };
        Ok(Action::Wait { scope, pattern, timeout })
    }

    /// `Ctrl+Alt+Shift+X` and its parts.
    fn chord(&mut self, first: &str) -> Outcome<Action> {
        let mut modifiers = Modifiers::default();
        let mut name = first.to_string();
        loop {
            match name.as_str() {
                "Ctrl" => modifiers.ctrl = true,
                "Alt" => modifiers.alt = true,
                "Shift" => modifiers.shift = true,
                _ => break,
            }
            if !self.takes_sign("+") {
                return Err(format!("'{name}' requires a key: {name}+X, {}", self.found()));
            }
            // A sign may be any character, so that Ctrl+@ and Alt+. work; names consist of letters.
            name = match self.rest().chars().next() {
                Some(c) if c.is_ascii_alphanumeric() => {
                    self.take_while(|c| c.is_ascii_alphanumeric()).to_string()
                }
                Some(c) if !c.is_whitespace() => self.advance(c.len_utf8()).to_string(),
                _ => return Err(format!("'{name}+' requires a key")),
            };
        }
        let mut characters = name.chars();
        let key = match (characters.next(), characters.next()) {
            (Some(character), None) => Key::Character(character, modifiers),
            _ => match Named::of(&name) {
                Some(named) if named.takes(modifiers) => Key::Named(named, modifiers),
                Some(_) => return Err(format!("'{name}' cannot be combined with these modifiers")),
                None => return Err(format!("unknown key '{}'", common::text::visible(&name))),
            },
        };
        let delay = self.delay()?;
        Ok(Action::Press { key, count: self.count()?, delay })
    }

    /// `@T` after a command.
    fn delay(&mut self) -> Outcome<Option<Duration>> {
        if !self.takes_sign("@") {
            return Ok(None);
        }
        self.time("@").map(Some)
    }

    /// The repetition count; 1 if not given.
    fn count(&mut self) -> Outcome<u32> {
        let mut ahead = *self;
        ahead.skip_blanks();
        if !ahead.rest().starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(1);
        }
        self.skip_blanks();
        let digits = self.take_while(|c| c.is_ascii_digit() || c == '.');
        digits.parse().map_err(|_| format!("'{digits}' is not a valid count"))
    }

    /// A number with an optional unit; the default is seconds.
    fn time(&mut self, of: &str) -> Outcome<Duration> {
        match self.number()? {
            Some(Value::Time(time)) => Ok(time),
            Some(Value::Number(number)) => duration(number),
            _ => Err(format!("'{of}' requires a time like 500ms or 2s, {}", self.found())),
        }
    }

    /// A number with or without a unit; `None` if none is next.
    fn number(&mut self) -> Outcome<Option<Value>> {
        let mut ahead = *self;
        ahead.skip_blanks();
        let digits = ahead.take_while(|c| c.is_ascii_digit() || c == '.');
        if !digits.contains(|c: char| c.is_ascii_digit()) {
            return Ok(None);
        }
        let number: f64 = digits.parse().map_err(|_| format!("'{digits}' is not a number"))?;
        let before_unit = ahead;
        ahead.skip_spaces();
        let unit = ahead.take_while(|c| c.is_ascii_alphabetic() || c == '%');
        let value = match unit {
            "ms" => Value::Time(duration(number / 1000.0)?),
            "s" => Value::Time(duration(number)?),
            "m" => Value::Time(duration(number * 60.0)?),
            "%" => Value::Percent(number),
            _ => {
                let attached = &self.text[before_unit.at..ahead.at];
                if attached.starts_with(|c: char| c.is_ascii_alphabetic()) {
                    return Err(format!("unknown unit '{unit}': must be one of ms, s, m"));
                }
                *self = before_unit;
                return Ok(Some(Value::Number(number)));
            }
        };
        *self = ahead;
        Ok(Some(value))
    }

    /// A quoted string, if one is next.
    fn quoted(&mut self) -> Outcome<Option<String>> {
        let mut ahead = *self;
        ahead.skip_blanks();
        let quote = ahead.rest().chars().next().filter(|first| QUOTES.contains(first));
        let Some(quote) = quote else { return Ok(None) };
        *self = ahead;
        self.advance(1);
        let text = self.take_while(|c| c != quote && c != '\n');
        if !self.takes(quote.encode_utf8(&mut [0; 4])) {
            return Err(format!("the string has no closing {quote}"));
        }
        // A backslash may end a string, but not if its text seems to continue.
        if text.ends_with('\\') && self.rest().starts_with(|c: char| !c.is_whitespace()) {
            let others: Vec<String> =
                QUOTES.iter().filter(|&&other| other != quote).map(char::to_string).collect();
            return Err(format!("strings have no escapes: use {} as the quote", others.join(" or ")));
        }
        Ok(Some(text.to_string()))
    }

    /// A bare word of letters, digits and a few signs that is not a command, a key or a number;
    /// `None` if none is next.
    fn bare_word(&mut self) -> Option<String> {
        let mut ahead = *self;
        ahead.skip_blanks();
        if !matches!(ahead.number(), Ok(None)) {
            return None;
        }
        let word = ahead.take_while(|c| !c.is_whitespace());
        let is_plain = word.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '%'));
        if !is_plain
            || !word.starts_with(|c: char| c.is_alphabetic() || matches!(c, '.' | '_'))
            || is_reserved(word)
        {
            return None;
        }
        *self = ahead;
        Some(word.to_string())
    }

    fn string(&mut self, of: &str) -> Outcome<String> {
        if let Some(text) = self.quoted()? {
            return Ok(text);
        }
        self.bare_word().ok_or_else(|| format!("'{of}' requires a string, {}", self.found()))
    }

    /// One or more strings, joined by blanks.
    fn strings(&mut self, of: &str) -> Outcome<String> {
        let mut text = self.string(of)?;
        loop {
            let next = match self.quoted()? {
                Some(next) => Some(next),
                None => self.bare_word(),
            };
            let Some(next) = next else { return Ok(text) };
            text.push(' ');
            text.push_str(&next);
        }
    }

    /// A name without quotes.
    fn word(&mut self, what: &str) -> Outcome<String> {
        self.skip_blanks();
        let word = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
        if word.is_empty() {
            return Err(format!("expected {what}, {}", self.found()));
        }
        Ok(word.to_string())
    }

    /// A quoted string, or everything up to the next blank.
    fn path(&mut self, of: &str) -> Outcome<String> {
        if let Some(text) = self.quoted()? {
            return Ok(text);
        }
        let mut ahead = *self;
        ahead.skip_blanks();
        let word = ahead.take_while(|c| !c.is_whitespace());
        if word.is_empty() || is_reserved(word) {
            return Err(format!("'{of}' requires a name, {}", self.found()));
        }
        *self = ahead;
        Ok(word.to_string())
    }

    /// `/regex/`, in which `\/` is a slash.
    fn pattern(&mut self) -> Outcome<String> {
        self.skip_blanks();
        if !self.takes("/") {
            return Err(format!("expected a pattern like /regex/, {}", self.found()));
        }
        let mut pattern = String::new();
        loop {
            pattern.push_str(self.take_while(|c| !matches!(c, '/' | '\\' | '\n')));
            if self.takes("\\/") {
                pattern.push('/');
            } else if self.takes("\\") {
                pattern.push('\\');
                // An escaped character, in particular a second backslash, is not examined again.
                if let Some(c) = self.rest().chars().next().filter(|&c| c != '\n') {
                    pattern.push_str(self.advance(c.len_utf8()));
                }
            } else if self.takes("/") {
                break;
            } else {
                return Err("the pattern has no closing /".to_string());
            }
        }
        check_pattern(&pattern)?;
        Ok(pattern)
    }

    fn value(&mut self, name: &str) -> Outcome<Value> {
        let mut ahead = *self;
        ahead.skip_blanks();
        if ahead.rest().starts_with('{') {
            *self = ahead;
            return self.json();
        }
        if ahead.rest().starts_with('/') {
            return self.pattern().map(Value::Pattern);
        }
        if let Some(value) = self.number()? {
            return Ok(value);
        }
        // A theme's name may have several words without quotes.
        self.string(&format!("Set {name}")).map(Value::Text)
    }

    /// A JSON object, up to its closing brace.
    fn json(&mut self) -> Outcome<Value> {
        let mut values = serde_json::Deserializer::from_str(self.rest()).into_iter::<serde_json::Value>();
        match values.next() {
            Some(Ok(_)) => {
                let length = values.byte_offset();
                Ok(Value::Json(self.advance(length).to_string()))
            }
            _ => Err("the JSON object is invalid or not closed".to_string()),
        }
    }
}

/// Checks that a pattern is a valid regular expression.
pub fn check_pattern(pattern: &str) -> Outcome<()> {
    let compiled = regex_lite::Regex::new(pattern);
    compiled.map(drop).map_err(|error| format!("'{}': {error}", common::text::visible(pattern)))
}

fn is_reserved(word: &str) -> bool {
    COMMANDS.contains(&word) || Named::of(word).is_some()
}

fn nearest_command(word: &str) -> Option<&'static str> {
    common::cli::nearest(word, COMMANDS.iter().copied().chain(Named::names()))
}

fn duration(seconds: f64) -> Outcome<Duration> {
    /// A year; anything longer is a typing mistake.
    const LONGEST: f64 = 365.0 * 86400.0;
    if (0.0..=LONGEST).contains(&seconds) {
        return Ok(Duration::from_micros((seconds * 1e6).round() as u64));
    }
    Err(format!("a time of {seconds} s is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actions(text: &str) -> Vec<Action> {
        let tape = read(text, "t.tape", Path::new("."));
        assert_eq!(tape.mistakes, [], "{text}");
        tape.commands.into_iter().map(|command| command.action).collect()
    }

    fn mistakes(text: &str) -> Vec<String> {
        let tape = read(text, "t.tape", Path::new("."));
        tape.mistakes
            .into_iter()
            .map(|remark| format!("line {}: {}", remark.place.line, remark.text))
            .collect()
    }

    fn typed(text: &str) -> Action {
        Action::Type { text: text.to_string(), delay: None }
    }

    fn pressed(key: Named, count: u32) -> Action {
        Action::Press { key: Key::Named(key, Modifiers::default()), count, delay: None }
    }

    #[test]
    fn commands_may_share_a_line_and_comments_end_with_theirs() {
        assert_eq!(
            actions("# a tape\nType \"ls -l\" Enter Sleep 500ms # wait\nType 'a' `b \"c\"`\nEnter 2 Hide\n"),
            [
                typed("ls -l"),
                pressed(Named::Enter, 1),
                Action::Sleep(Duration::from_millis(500)),
                typed("a b \"c\""),
                pressed(Named::Enter, 2),
                Action::Hide,
            ]
        );
    }

    #[test]
    fn times_are_in_seconds_by_default() {
        for (text, millis) in
            [("1", 1000), (".5", 500), ("0.5s", 500), ("250ms", 250), ("1.5m", 90_000), ("2 s", 2000)]
        {
            assert_eq!(
                actions(&format!("Sleep {text}")),
                [Action::Sleep(Duration::from_millis(millis))],
                "{text}"
            );
        }
        let delay = Some(Duration::from_millis(100));
        assert_eq!(
            actions("Type@.1 x Type@100ms \"y\""),
            ["x", "y"].map(|text| Action::Type { text: text.to_string(), delay })
        );
    }

    #[test]
    fn bare_words_are_strings_unless_they_are_commands_or_keys() {
        assert_eq!(actions("Type hello Enter"), [typed("hello"), pressed(Named::Enter, 1)]);
        assert_eq!(actions("Type hello world"), [typed("hello world")]);
        assert_eq!(actions("Type ./demo.sh a-b . "), [typed("./demo.sh a-b .")]);
        assert_eq!(mistakes("Type $HOME"), ["line 1: 'Type' requires a string, found '$HOME'"]);
        assert_eq!(mistakes("Type 5"), ["line 1: 'Type' requires a string, found '5'"]);
        assert_eq!(mistakes("Type Enter"), ["line 1: 'Type' requires a string, found 'Enter'"]);
        assert_eq!(mistakes("Type\n"), ["line 1: 'Type' requires a string, found the end of the tape"]);
    }

    #[test]
    fn strings_have_no_escapes() {
        assert_eq!(actions("Type \"a \\\" Type 'b\\'"), [typed("a \\"), typed("b\\")]);
        for text in ["Type \"echo \\\"exit: $?\\\"\" Enter", "Type \"cd \\\"$(pwd)\\\" && ls\""] {
            assert_eq!(mistakes(text), ["line 1: strings have no escapes: use ' or ` as the quote"]);
        }
    }

    #[test]
    fn chords_take_signs_letters_and_some_named_keys() {
        let chord = |key| Action::Press { key, count: 1, delay: None };
        let ctrl = Modifiers { ctrl: true, ..Modifiers::default() };
        let all = Modifiers { ctrl: true, alt: true, shift: true };
        assert_eq!(
            actions("Ctrl+C Ctrl+@ Ctrl+Alt+Shift+x Ctrl+Left Alt+. Shift+Tab"),
            [
                chord(Key::Character('C', ctrl)),
                chord(Key::Character('@', ctrl)),
                chord(Key::Character('x', all)),
                chord(Key::Named(Named::Left, ctrl)),
                chord(Key::Character('.', Modifiers { alt: true, ..Modifiers::default() })),
                chord(Key::Named(Named::Tab, Modifiers { shift: true, ..Modifiers::default() })),
            ]
        );
        assert_eq!(actions("Ctrl + C"), actions("Ctrl+C"));
        assert_eq!(actions("Enter @2 3"), actions("Enter@2 3"));
        assert_eq!(mistakes("Enter\n@2"), ["line 2: unknown command '@2'"]);
        assert_eq!(mistakes("Ctrl"), ["line 1: 'Ctrl' requires a key: Ctrl+X, found the end of the tape"]);
        assert_eq!(mistakes("Alt+Foo"), ["line 1: unknown key 'Foo'"]);
    }

    #[test]
    fn waits_have_a_scope_a_timeout_and_a_pattern() {
        let wait = |scope, timeout: Option<u64>, pattern: Option<&str>| Action::Wait {
            scope,
            timeout: timeout.map(Duration::from_millis),
            pattern: pattern.map(str::to_string),
        };
        assert_eq!(
            actions("Wait Wait /a\\/b\\\\/ Wait+Screen@10ms /World$/ Wait+Line@2s Enter"),
            [
                wait(Scope::Line, None, None),
                wait(Scope::Line, None, Some("a/b\\\\")),
                wait(Scope::Screen, Some(10), Some("World$")),
                wait(Scope::Line, Some(2000), None),
                pressed(Named::Enter, 1),
            ]
        );
        assert_eq!(mistakes("Wait /(/").len(), 1);
        assert_eq!(mistakes("Wait /abc\nSleep 1"), ["line 1: the pattern has no closing /"]);
    }

    #[test]
    fn settings_take_words_numbers_times_percents_patterns_and_json() {
        let set = |name: &str, value| Action::Set(name.to_string(), value);
        assert_eq!(
            actions(
                "Set Shell fish Set FontSize 32 Set TypingSpeed 75ms Set LoopOffset 60% Set WaitPattern /x/\n\
                 Set Theme { \"name\": \"W\", \"background\": \"#fff\" } Set Theme \"Catppuccin Frappe\"\nSet Framerate 24"
            ),
            [
                set("Shell", Value::Text("fish".to_string())),
                set("FontSize", Value::Number(32.0)),
                set("TypingSpeed", Value::Time(Duration::from_millis(75))),
                set("LoopOffset", Value::Percent(60.0)),
                set("WaitPattern", Value::Pattern("x".to_string())),
                set("Theme", Value::Json("{ \"name\": \"W\", \"background\": \"#fff\" }".to_string())),
                set("Theme", Value::Text("Catppuccin Frappe".to_string())),
                set("Framerate", Value::Number(24.0)),
            ]
        );
    }

    #[test]
    fn every_mistake_is_reported_with_its_line() {
        assert_eq!(
            mistakes("Tpye \"x\"\nSleep foo\n\nType \"open\nEnter 1.5\nSleep 10x\n"),
            [
                "line 1: unknown command 'Tpye'; did you mean 'Type'?",
                "line 2: 'Sleep' requires a time like 500ms or 2s, found 'foo'",
                "line 4: the string has no closing \"",
                "line 5: '1.5' is not a valid count",
                "line 6: unknown unit 'x': must be one of ms, s, m",
            ]
        );
    }

    #[test]
    fn commands_without_effect_are_warnings() {
        let tape = read(
            "Output demo.mp4\nOutput frames/\nScrollUp@1s 3\nOutput a.webp\nType x",
            "t.tape",
            Path::new("."),
        );
        assert_eq!(tape.mistakes, []);
        let lines: Vec<usize> = tape.warnings.iter().map(|remark| remark.place.line).collect();
        assert_eq!((lines, tape.commands.len()), (vec![1, 2, 3, 4], 1));
    }

    #[test]
    fn a_tape_may_not_include_itself() {
        let folder = std::env::temp_dir().join(format!("asciinema-tape-test.{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a.tape"), "Type a\nOutput a.gif\nSource b.tape\n").unwrap();
        fs::write(folder.join("b.tape"), "Type b\nSource a.tape\n").unwrap();
        let tape = read("Source a.tape\nType c", "t.tape", &folder);
        let _ = fs::remove_dir_all(&folder);
        let texts: Vec<&Action> = tape.commands.iter().map(|command| &command.action).collect();
        assert_eq!(texts, [&typed("a"), &typed("b"), &typed("c")]);
        assert_eq!(tape.mistakes.len(), 1);
        assert!(tape.mistakes[0].text.ends_with("includes itself"), "{:?}", tape.mistakes);
    }
}
