//! Shows the keys typed in a cast, at the right of its last row.
//!
//! Keys are shown once the program has written something in response, usually at once, so that
//! hidden input stays hidden here: characters without a response, such as those of a password, are
//! shown as dots.

mod names;

use std::process::ExitCode;

use common::cast::{Code, Event, Fault, Header, Time};
use common::cli::{self, Program, catalog};
use common::edit::Overlay;
use common::filter::{self, Args, Filter, Output};
use common::screen::{Label, Position};
use common::size::Size;
use common::vt::{Kind, Tokenizer};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use names::{Key, keys};

const PROGRAM: Program = catalog::program("asciinema-keys");

/// How long the response to a key may take.
const PATIENCE: Time = Time::from_micros(300_000);

/// The replacement for a hidden character.
const DOT: char = '•';

struct Keys {
    /// How long keys are shown after the last one.
    duration: Time,
    overlay: Overlay,
    /// The last keys typed, until it is known whether the program responds.
    pending: Option<Pending>,
    /// The keys shown.
    shown: Vec<Key>,
    /// The time when they disappear.
    end: Time,
    /// The latest time so far.
    last: Time,
}

struct Pending {
    time: Time,
    keys: Vec<Key>,
    /// True if there has been output since.
    is_answered: bool,
    /// That output, without blanks and sequences.
    written: String,
    tokenizer: Tokenizer,
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Keys> {
    let mut duration = Time::from_micros(1_000_000);
    while let Some(option) = args.next()? {
        match option {
            "--for" => duration = args.seconds()?,
            _ => return Err(args.unexpected(option)),
        }
    }
    Ok(Keys {
        duration,
        overlay: Overlay::new(layout),
        pending: None,
        shown: Vec::new(),
        end: Time::MAX,
        last: Time::ZERO,
    })
}

impl Filter for Keys {
    fn header(&mut self, header: Header, output: &mut Output) -> Result<(), Fault> {
        output.begin(&header);
        self.overlay.begin(&header)
    }

    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        self.advance(event.time, output);
        self.last = self.last.max(event.time);
        match event.code {
            Code::Input => {
                self.show_pending(event.time, output);
                self.overlay.event(event, output)?;
                self.press(keys(&event.text()?), event.time, output);
            }
            Code::Output => {
                if let Some(pending) = &mut self.pending {
                    pending.write(&event.text()?);
                    if pending.is_echoed() {
                        self.show_pending(event.time, output);
                    }
                }
                self.overlay.event(event, output)?;
            }
            _ => self.overlay.event(event, output)?,
        }
        Ok(())
    }

    fn damaged(&mut self, _: u64, _: &Fault, output: &mut Output) {
        self.overlay.hide(self.last, output);
    }

    fn end(&mut self, output: &mut Output) -> Result<(), String> {
        self.overlay.hide(self.last, output);
        Ok(())
    }
}

impl Keys {
    /// Shows and hides keys up to a time.
    fn advance(&mut self, time: Time, output: &mut Output) {
        let due = self.pending.as_ref().map(|pending| pending.time.plus(PATIENCE));
        let is_over = |end: Time, limit: Time| !self.shown.is_empty() && end <= limit;
        if is_over(self.end, time.min(due.unwrap_or(Time::MAX))) {
            self.hide(output);
        }
        if let Some(due) = due.filter(|due| *due <= time) {
            self.show_pending(due, output);
            if self.end <= time {
                self.hide(output);
            }
        }
    }

    fn hide(&mut self, output: &mut Output) {
        self.shown.clear();
        self.overlay.hide(self.end.max(self.last), output);
    }

    /// Adds typed keys: those without secrets are shown immediately.
    fn press(&mut self, keys: Vec<Key>, time: Time, output: &mut Output) {
        if keys.iter().any(|key| matches!(key, Key::Text(_))) {
            let (written, tokenizer) = (String::new(), Tokenizer::default());
            self.pending = Some(Pending { time, keys, is_answered: false, written, tokenizer });
        } else if !keys.is_empty() {
            self.show(keys, time, output);
        }
    }

    /// Shows the pending keys, as dots if there was no response.
    fn show_pending(&mut self, time: Time, output: &mut Output) {
        let Some(mut pending) = self.pending.take() else { return };
        if !pending.is_echoed() {
            for key in &mut pending.keys {
                if let Key::Text(text) = key {
                    *text = text.chars().map(|_| DOT).collect();
                }
            }
        }
        self.show(pending.keys, time, output);
    }

    fn show(&mut self, keys: Vec<Key>, time: Time, output: &mut Output) {
        for key in keys {
            if matches!(self.shown.last(), Some(Key::Named(name)) if name == "Enter") {
                self.shown.clear();
            }
            match (self.shown.last_mut(), key) {
                (Some(Key::Text(text)), Key::Text(more)) => text.push_str(&more),
                (_, Key::Text(text)) if text == " " => self.shown.push(Key::Named("Space".to_string())),
                (_, key) => self.shown.push(key),
            }
        }
        let words = self.shown.iter().map(|key| match key {
            Key::Text(text) | Key::Named(text) => text.as_str(),
        });
        self.end = time.plus(self.duration);
        let text = words.collect::<Vec<_>>().join(" ");
        self.overlay.show(&text, time.max(self.last), output);
    }
}

impl Pending {
    /// Processes output.
    fn write(&mut self, output: &str) {
        self.is_answered |= !output.is_empty();
        let mut tokens = self.tokenizer.tokens(output.as_bytes());
        while let Some(token) = tokens.next() {
            if token.kind == Kind::Text {
                let text = String::from_utf8_lossy(token.bytes);
                self.written.extend(text.chars().filter(|c| !c.is_whitespace()));
            }
        }
    }

    /// Returns whether the program has responded to the pending keys. If several characters arrived
    /// at once, they must appear themselves, since a line end is written after a password as well.
    fn is_echoed(&self) -> bool {
        let is_shown = |text: &str| {
            let mut characters = text.chars();
            if let ([_], Some(character), None) = (&self.keys[..], characters.next(), characters.next()) {
                let is_mask = |c| c != character && matches!(c, '*' | DOT);
                return self.written.is_empty() || !self.written.chars().all(is_mask);
            }
            let typed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            self.written.contains(&typed)
        };
        self.is_answered
            && self.keys.iter().all(|key| if let Key::Text(text) = key { is_shown(text) } else { true })
    }
}

/// Lays out keys at the right of the last row: the last ones that fit in half of it.
fn layout(text: &str, size: Size) -> Vec<Label> {
    let (cols, rows) = (usize::from(size.cols.max(1)), usize::from(size.rows.max(1)));
    let most = (cols / 2).max(cols.min(8));
    let mut text = format!(" {text} ");
    while text.width() > most {
        let first = text.chars().next().map_or(0, char::len_utf8);
        text.replace_range(..first, "");
    }
    // Combining characters are dropped with their base character.
    let text = text.trim_start_matches(|c: char| c.width() == Some(0));
    if text.is_empty() {
        return Vec::new();
    }
    vec![Label { position: Position { col: cols - text.width(), row: rows - 1 }, text: text.to_string() }]
}
