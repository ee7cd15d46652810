//! The tape for the keys typed in a recording.

use std::fmt::Write;

use common::cast::{self, Code, Item, Reader, Time};
use common::cli;
use common::filter;
use common::io::Input;

use crate::keys::{Key, Modifiers, Named};
use crate::language::QUOTES;

/// The shortest pause written to the tape.
const PAUSE: Time = Time::from_micros(300_000);

/// Reads a cast to its end or first fault, and returns the tape.
pub fn tape(stream: Input, name: &str) -> (String, cli::Result<()>) {
    let mut tape = Writer { text: String::new(), typed: String::new(), last: Time::ZERO, unknown: 0 };
    let mut reader = Reader::new(stream);
    let outcome = read(&mut reader, &mut tape);
    tape.end_typing();
    if tape.unknown > 0 {
        let _ = writeln!(tape.text, "# {} unsupported key sequences omitted", tape.unknown);
    }
    (tape.text, outcome.map_err(|error| filter::failure(name, error)))
}

fn read(reader: &mut Reader<Input>, tape: &mut Writer) -> Result<(), cast::Error> {
    loop {
        match reader.next()? {
            Some(Item::Header(header)) => tape.begin(&header),
            Some(Item::Event(event)) if event.code == Code::Input => {
                let time = event.time;
                match event.text() {
                    Ok(text) => tape.type_text(time, &text),
                    Err(fault) => return Err(reader.fault(fault)),
                }
            }
            Some(Item::Event(_) | Item::Ignored(_)) => {}
            Some(Item::End) => return Ok(()),
            None => reader.fill()?,
        }
    }
}

struct Writer {
    text: String,
    /// Characters for one `Type`.
    typed: String,
    last: Time,
    unknown: usize,
}

impl Writer {
    fn begin(&mut self, header: &cast::Header) {
        let shell = header.get("env").and_then(cast::object_entries).and_then(|entries| {
            let (_, value) = entries.into_iter().find(|(key, _)| key == "SHELL")?;
            serde_json::from_str::<String>(value).ok()
        });
        let shell = shell.as_deref().and_then(|path| path.rsplit('/').next()).filter(|name| !name.is_empty());
        let _ = writeln!(self.text, "Set Columns {}\nSet Rows {}", header.size.cols, header.size.rows);
        let _ = writeln!(
            self.text,
            "Set Shell {}\n",
            quoted(shell.unwrap_or("bash")).unwrap_or_else(|| "bash".into())
        );
    }

    fn type_text(&mut self, time: Time, text: &str) {
        let pause = time.since(self.last);
        self.last = time.max(self.last);
        if pause >= PAUSE {
            self.end_typing();
            let _ = writeln!(self.text, "Sleep {}ms", (pause.as_micros() + 500) / 1000);
        }
        let mut rest = text;
        while !rest.is_empty() {
            rest = self.type_key(rest);
        }
    }

    /// Writes the first key of a text, and returns the rest.
    fn type_key<'t>(&mut self, text: &'t str) -> &'t str {
        for (bytes, command) in named_keys() {
            if let Some(rest) = text.strip_prefix(bytes.as_str()) {
                self.command(&command);
                return rest;
            }
        }
        let mut characters = text.chars();
        let Some(first) = characters.next() else { return "" };
        let rest = characters.as_str();
        match (first, rest.chars().next()) {
            ('\x1b', Some('[' | 'O')) => {
                self.unknown += 1;
                let end = rest[1..].find(|c: char| ('@'..='~').contains(&c));
                end.map_or("", |end| &rest[1 + end + 1..])
            }
            ('\x1b', Some(next)) if !next.is_control() && !next.is_whitespace() => {
                self.command(&format!("Alt+{next}"));
                &rest[next.len_utf8()..]
            }
            (control @ '\0'..='\x1f', _) => {
                let letter = char::from(control as u8 | 0x40);
                self.command(&format!("Ctrl+{letter}"));
                rest
            }
            ('\u{80}'..='\u{9f}', _) => {
                self.unknown += 1;
                rest
            }
            (character, _) => {
                self.typed.push(character);
                rest
            }
        }
    }

    fn command(&mut self, command: &str) {
        self.end_typing();
        let _ = writeln!(self.text, "{command}");
    }

    /// Writes the characters so far as one `Type`; a string with all kinds of quotes is split.
    fn end_typing(&mut self) {
        let typed = std::mem::take(&mut self.typed);
        let mut rest = typed.as_str();
        while !rest.is_empty() {
            let mut end = rest.len();
            while quoted(&rest[..end]).is_none() {
                end = rest[..end].char_indices().last().map_or(0, |(at, _)| at);
            }
            if let Some(string) = quoted(&rest[..end]) {
                let _ = writeln!(self.text, "Type {string}");
            }
            rest = &rest[end..];
        }
    }
}

/// A text as a string in a tape; `None` if it contains all three kinds of quotes.
fn quoted(text: &str) -> Option<String> {
    let quote = QUOTES.into_iter().find(|&quote| !text.contains(quote))?;
    Some(format!("{quote}{text}{quote}"))
}

/// The sequences of keys, in both cursor key modes, and the command for each; longer ones first.
fn named_keys() -> Vec<(String, String)> {
    let modifiers = |ctrl, alt, shift| Modifiers { ctrl, alt, shift };
    let plain = Named::names()
        .filter(|&name| name != "Space" && name != "Escape")
        .map(|name| (name.to_string(), modifiers(false, false, false), name));
    let chords = [
        ("Shift+Tab", modifiers(false, false, true), "Tab"),
        ("Ctrl+Left", modifiers(true, false, false), "Left"),
        ("Ctrl+Right", modifiers(true, false, false), "Right"),
        ("Ctrl+Up", modifiers(true, false, false), "Up"),
        ("Ctrl+Down", modifiers(true, false, false), "Down"),
    ];
    let chords = chords.map(|(command, modifiers, name)| (command.to_string(), modifiers, name));
    let mut keys: Vec<(String, String)> = plain
        .chain(chords)
        .filter_map(|(command, modifiers, name)| Some((command, Key::Named(Named::of(name)?, modifiers))))
        .flat_map(|(command, key)| [false, true].map(|mode| (key.bytes(mode), command.clone())))
        .filter_map(|(bytes, command)| Some((String::from_utf8(bytes).ok()?, command)))
        .collect();
    keys.sort_by_key(|(bytes, _)| std::cmp::Reverse(bytes.len()));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(events: &[(u64, &str)]) -> String {
        let mut tape = Writer { text: String::new(), typed: String::new(), last: Time::ZERO, unknown: 0 };
        for &(millis, text) in events {
            tape.type_text(Time::from_micros(millis * 1000), text);
        }
        tape.end_typing();
        tape.text
    }

    #[test]
    fn typed_keys_become_commands() {
        assert_eq!(
            written(&[
                (0, "l"),
                (100, "s"),
                (200, "\r"),
                (1200, "\x03\x1b[A\x1bOA\x7fx\x1b"),
                (1250, "\x1bb")
            ]),
            "Type \"ls\"\nEnter\nSleep 1000ms\nCtrl+C\nUp\nUp\nBackspace\nType \"x\"\nCtrl+[\nAlt+b\n"
        );
        assert_eq!(written(&[(0, "\"'`")]), "Type `\"'`\nType \"`\"\n");
    }
}
