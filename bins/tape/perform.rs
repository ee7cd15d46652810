//! Carries out the commands of a tape in order.

use std::process::Command as Process;
use std::time::Duration;

use common::cast::Time;
use common::screen::Colours;
use regex_lite::Regex;

use crate::clock::Clock;
use crate::keys::Key;
use crate::language::{Action, Place, Tape};
use crate::outputs::{Outputs, Shot};
use crate::recording::Recording;
use crate::session::{Session, Stopped};
use crate::settings::{self, Settings};

/// A tape that was not played to its end: the place and the reason.
pub struct Interrupted {
    pub place: Place,
    pub why: Stopped,
    /// The text on the screen if a `Wait` timed out, or the status of a program that failed.
    pub what: Option<String>,
}

/// The state of a tape being played.
struct Performance<'a, 'r> {
    session: Session<'r>,
    settings: &'a Settings,
    /// The time of a key.
    typing_speed: Duration,
    jitter: Jitter,
    /// True once the program has been waited for, before the first key.
    has_begun: bool,
    clipboard: String,
    outputs: &'a mut Outputs,
}

/// Plays a tape.
///
/// # Errors
///
/// The interruption. Everything up to it is in the recording.
pub fn perform(
    tape: &Tape,
    settings: &Settings,
    command: Process,
    colors: Colours,
    recording: &mut Recording,
    clock: Clock,
    outputs: &mut Outputs,
) -> Result<(), Interrupted> {
    let start = Place { tape: tape.name.clone(), line: 1 };
    let session =
        Session::start(command, settings.size, colors, recording, clock).map_err(|error| Interrupted {
            place: tape.shell_place().cloned().unwrap_or_else(|| start.clone()),
            why: Stopped::Failed(common::cli::Failure::io(&settings.shell, &error)),
            what: None,
        })?;
    let mut performance = Performance {
        session,
        settings,
        typing_speed: settings.typing_speed,
        jitter: Jitter::new(settings.typing_jitter),
        has_begun: false,
        clipboard: String::new(),
        outputs,
    };
    let mut outcome = Ok(());
    let shown = tape.shown_commands();
    for (index, command) in tape.commands.iter().enumerate() {
        if index >= shown && command.action == Action::Show {
            continue;
        }
        if let Err(why) = performance.carry_out(&command.action) {
            let what = match (&why, &command.action) {
                (Stopped::TimedOut, Action::Wait { scope, .. }) => Some(performance.session.shown(*scope)),
                (Stopped::Ended, _) => performance.session.failure(),
                _ => None,
            };
            outcome = Err(Interrupted { place: command.place.clone(), why, what });
            break;
        }
    }
    let place = tape.commands.last().map_or(start, |command| command.place.clone());
    let finished = performance.session.finish();
    outcome.and(finished.map_err(|why| Interrupted { place, why, what: None }))
}

impl Performance<'_, '_> {
    fn carry_out(&mut self, action: &Action) -> Result<(), Stopped> {
        match action {
            Action::Output(_) | Action::Require(_) | Action::Environment(..) => return Ok(()),
            Action::Set(name, value) => {
                if let ("TypingSpeed", Some(speed)) = (name.as_str(), settings::time(value)) {
                    self.typing_speed = speed;
                }
                return Ok(());
            }
            Action::Type { text, delay } => {
                self.begin()?;
                for character in text.chars() {
                    let length = self.length(*delay);
                    self.session.type_character(character, length)?;
                }
            }
            Action::Press { key, count, delay } => {
                self.begin()?;
                for _ in 0..*count {
                    self.press(*key, *delay)?;
                }
            }
            Action::Sleep(length) => self.session.sleep(*length)?,
            Action::Wait { scope, pattern, timeout } => {
                let pattern = pattern.as_ref().unwrap_or(&self.settings.wait_pattern);
                // It was compiled when the tape was read.
                let pattern = Regex::new(pattern).map_err(|_| Stopped::TimedOut)?;
                let at_most = timeout.unwrap_or(self.settings.wait_timeout);
                self.session.await_match(*scope, &pattern, at_most)?;
            }
            Action::Hide => self.session.hide()?,
            Action::Show => self.session.show()?,
            Action::Screenshot(path) => {
                self.session.end_step()?;
                let shot = Shot { path: path.clone(), at: self.now(), text: self.session.screen.text() };
                self.outputs.shots.push(shot);
            }
            Action::Copy(text) => self.clipboard.clone_from(text),
            Action::Paste => {
                self.begin()?;
                let text = match self.session.screen.modes().is_set(BRACKETED_PASTE) {
                    true => format!("\x1b[200~{}\x1b[201~", self.clipboard),
                    false => self.clipboard.clone(),
                };
                let length = self.length(None);
                self.session.press(text.as_bytes(), length)?;
            }
            Action::Marker(label) => self.session.mark(label)?,
        }
        if self.outputs.wants_text && !self.session.is_hidden() {
            self.outputs.add_text(&self.session.screen.text());
        }
        Ok(())
    }

    fn now(&self) -> Time {
        self.session.clock.now()
    }

    /// Waits for the program before the first key.
    fn begin(&mut self) -> Result<(), Stopped> {
        if std::mem::replace(&mut self.has_begun, true) {
            return Ok(());
        }
        self.session.await_start()
    }

    fn press(&mut self, key: Key, delay: Option<Duration>) -> Result<(), Stopped> {
        let has_application_cursor_keys = self.session.screen.modes().is_set(APPLICATION_CURSOR_KEYS);
        let length = self.length(delay);
        self.session.press(&key.bytes(has_application_cursor_keys), length)
    }

    /// The time of the next key.
    fn length(&mut self, delay: Option<Duration>) -> Duration {
        self.jitter.vary(delay.unwrap_or(self.typing_speed))
    }
}

/// DECCKM.
const APPLICATION_CURSOR_KEYS: u16 = 1;

const BRACKETED_PASTE: u16 = 2004;

/// Varies times, in the same way in each run.
struct Jitter {
    /// The maximum variation, as a fraction of a time.
    part: f64,
    state: u64,
}

impl Jitter {
    fn new(part: f64) -> Jitter {
        Jitter { part, state: 0x2545_f491_4f6c_dd1d }
    }

    /// A time varied by at most that fraction, uniformly distributed (Marsaglia's xorshift).
    fn vary(&mut self, time: Duration) -> Duration {
        if self.part <= 0.0 {
            return time;
        }
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let even = (self.state >> 11) as f64 / (1u64 << 53) as f64;
        let factor = 1.0 + self.part * (2.0 * even - 1.0);
        // To the microsecond, as in casts.
        Duration::from_micros((time.as_secs_f64() * factor * 1e6).round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_stays_within_its_fraction_and_is_the_same_every_time() {
        let times = || {
            let mut jitter = Jitter::new(0.2);
            (0..1000).map(|_| jitter.vary(Duration::from_millis(100)).as_micros()).collect::<Vec<_>>()
        };
        assert!(times().iter().all(|micros| (80_000..=120_000).contains(micros)));
        assert!(
            times().iter().any(|&micros| micros < 85_000) && times().iter().any(|&micros| micros > 115_000)
        );
        assert_eq!(times(), times());
    }
}
