//! The display: passing the recording's bytes or drawing frames, and the overlays.

use std::mem;
use std::time::{Duration, Instant};

use common::cast::Time;
use common::screen::{Color, Screen, Style};
use common::size::Size;
use unicode_width::UnicodeWidthStr;

use super::{Display, Ending, Overlay, Player, View};
use crate::frame::{Frame, Offset};
use crate::keys::KeyAction;
use crate::state_line::{self, State};

/// How long the state line is shown after a key.
const SHOWN_FOR: Duration = Duration::from_secs(1);

/// The minimum time between frames: 60 per second.
const FRAME_TIME: Duration = Duration::from_micros(16_667);

/// How often a growing length is updated during a pause.
const GROWTH_TIME: Duration = Duration::from_millis(500);

/// A marker's label is shown if it is at most this long ago, or this soon.
const NEAR_BEFORE: Time = Time::from_micros(5_000_000);
const NEAR_AFTER: Time = Time::from_micros(1_000_000);

impl Player {
    /// Shows the state line, for a moment unless paused.
    pub(super) fn show_state(&mut self) -> Result<(), Ending> {
        if let Some(view) = &mut self.view {
            view.shown_until = Some(Instant::now() + SHOWN_FOR);
            view.is_stale = true;
        }
        self.fit()
    }

    /// Shows the current screen, by either way of display.
    pub(super) fn draw_again(&mut self) -> Result<(), Ending> {
        if let Some(view) = &mut self.view {
            view.is_stale = true;
        }
        self.enter_frames()?;
        self.fit()
    }

    /// The size of the terminal, or if unknown that of the recording.
    fn terminal_size(&self) -> Size {
        let own = self.view.as_ref().map_or(Size { cols: 80, rows: 24 }, |view| view.screen.size());
        self.sink.size().unwrap_or(own)
    }

    /// Switches between passing bytes and drawing frames as needed.
    pub(super) fn fit(&mut self) -> Result<(), Ending> {
        let size = self.terminal_size();
        let Some(view) = &self.view else { return Ok(()) };
        let recorded = view.screen.size();
        let fits = match view.display {
            _ if self.options.is_unfitted => true,
            // No key has been used yet: it plays the same output that cat prints.
            Display::Unknown => size.cols >= recorded.cols && size.rows >= recorded.rows,
            Display::Passing | Display::Drawn { .. } => size == recorded,
        };
        match (fits && !self.has_overlay(), &view.display) {
            (true, Display::Drawn { .. }) => self.pass_again(),
            (false, Display::Unknown | Display::Passing) => self.enter_frames(),
            _ => Ok(()),
        }
    }

    /// Returns whether there is an overlay on the recording.
    fn has_overlay(&self) -> bool {
        let Some(view) = &self.view else { return false };
        let is_for_a_moment = view.shown_until.is_some_and(|until| Instant::now() < until);
        self.clock.is_paused() || is_for_a_moment || !matches!(view.overlay, Overlay::State)
    }

    /// Starts to draw frames.
    fn enter_frames(&mut self) -> Result<(), Ending> {
        self.write()?;
        let size = self.terminal_size();
        let Some(view) = &mut self.view else { return Ok(()) };
        let mut before = self.sink.reset_sequence();
        let shown = match &view.display {
            Display::Drawn { .. } => return Ok(()),
            Display::Passing => view.screen.clone(),
            Display::Unknown => {
                if !mem::replace(&mut view.is_ours, true) {
                    // The existing contents scroll out of sight and stay in the scrollback.
                    before.extend_from_slice(format!("\x1b[{};1H", size.rows).as_bytes());
                    before.resize(before.len() + usize::from(size.rows), b'\n');
                }
                before.extend_from_slice(b"\x1b[!p\x1b[?7h\x1b[0m\x1b[H\x1b[2J\x1b7");
                match Screen::new(size, 0) {
                    Ok(screen) => screen,
                    Err(_) => return Ok(()),
                }
            }
        };
        let mut shown = Box::new(shown);
        shown.feed(&String::from_utf8_lossy(&before));
        if shown.resize(size).is_err() {
            return Ok(());
        }
        self.sink.begin_frames(&before);
        view.display = Display::Drawn { frame: None, shown, offset: Offset::default() };
        view.is_stale = true;
        Ok(())
    }

    /// Returns to passing bytes.
    fn pass_again(&mut self) -> Result<(), Ending> {
        self.write()?;
        let Some(view) = &mut self.view else { return Ok(()) };
        let Display::Drawn { mut shown, .. } = mem::replace(&mut view.display, Display::Passing) else {
            return Ok(());
        };
        let reset = self.sink.reset_sequence();
        shown.feed(&String::from_utf8_lossy(&reset));
        let drawing = view.screen.transition(&shown).unwrap_or_default();
        let reset = String::from_utf8_lossy(&reset).into_owned();
        self.sink.pass_from_here(&format!("\x1b[?2026h{reset}\x1b[?2026l"), &drawing);
        self.write()
    }

    /// Draws changes, and removes expired overlays.
    pub(super) fn refresh(&mut self) -> Result<(), Ending> {
        if mem::take(&mut self.is_resized) {
            self.take_new_size()?;
        }
        let is_paused = self.clock.is_paused();
        let Some(view) = &mut self.view else { return Ok(()) };
        if view.shown_until.is_some_and(|until| until <= Instant::now()) {
            view.shown_until = None;
            view.is_stale = true;
            if !is_paused {
                view.message.clear();
            }
            self.fit()?;
        }
        let Some(view) = &self.view else { return Ok(()) };
        let is_running_line =
            !is_paused && view.shown_until.is_some() && self.seconds_shown() != view.seconds;
        if (view.is_stale || is_running_line) && view.drawn.elapsed() >= FRAME_TIME {
            self.draw_frame(true);
            self.write()?;
        }
        Ok(())
    }

    /// The time until the terminal must be updated, if any.
    pub(super) fn time_to_refresh(&self) -> Option<Duration> {
        let view = self.view.as_ref().filter(|view| matches!(view.display, Display::Drawn { .. }))?;
        if view.is_stale {
            return Some(FRAME_TIME.saturating_sub(view.drawn.elapsed()));
        }
        if self.clock.is_paused() {
            let is_growing = !view.history.length().1;
            return is_growing.then(|| GROWTH_TIME.saturating_sub(view.drawn.elapsed()));
        }
        let until = view.shown_until?;
        let second = 1_000_000 - self.position().as_micros() % 1_000_000;
        let tick = Duration::from(Time::from_micros(second).divided_by(self.clock.speed()));
        Some(until.saturating_duration_since(Instant::now()).min(tick.max(FRAME_TIME)))
    }

    fn take_new_size(&mut self) -> Result<(), Ending> {
        let size = self.terminal_size();
        if let Some(view) = &mut self.view {
            view.is_stale = true;
            match &mut view.display {
                Display::Drawn { frame, shown, .. } => {
                    *frame = None;
                    // A window too large for a virtual screen is drawn anyway.
                    let _ = shown.resize(size);
                }
                // Terminals differ in what they do to their contents on a resize.
                display if view.is_ours => {
                    *display = Display::Unknown;
                    return self.enter_frames().and_then(|()| self.fit());
                }
                _ => {}
            }
        }
        self.fit()
    }

    /// The current time of the playback.
    pub(super) fn position(&self) -> Time {
        self.clock.position(self.cursor.next_time())
    }

    fn seconds_shown(&self) -> u64 {
        self.position().as_micros() / 1_000_000
    }

    /// Draws a frame, if frames are drawn.
    pub(super) fn draw_frame(&mut self, has_overlay: bool) {
        let size = self.terminal_size();
        let has_overlay = has_overlay && self.has_overlay();
        let position = self.position();
        let seconds = self.seconds_shown();
        let Some(view) = &mut self.view else { return };
        let Display::Drawn { offset, .. } = &mut view.display else {
            view.is_stale = false;
            return;
        };
        *offset = offset.following(&view.screen, size);
        let mut next = Frame::new(&view.screen, size, *offset);
        if has_overlay {
            let cols = usize::from(size.cols);
            match &view.overlay {
                Overlay::Prompt { text, .. } => {
                    let line = format!("/{text}");
                    next.put_last_row(&state_line::prompt_line(&line, cols, view.looks));
                    next.show_cursor_after((line.width() + 1).min(cols.saturating_sub(1)));
                }
                _ if !view.message.is_empty() => {
                    next.put_last_row(&state_line::prompt_line(&view.message, cols, view.looks));
                }
                _ => {
                    let line = state_of(view, &self.clock, position, &self.keys);
                    next.put_last_row(&state_line::state_line(&line, cols, view.looks));
                }
            }
            if let Overlay::Help { .. } = view.overlay {
                next.put_box(
                    &help(&self.keys.help(), usize::from(size.rows)),
                    help_style(view.looks.has_color),
                );
            }
        }
        let View { display, .. } = view;
        let Display::Drawn { frame, shown, .. } = display else { return };
        let bytes = next.drawing(frame.as_ref());
        shown.feed(&bytes);
        self.sink.draw(bytes.as_bytes());
        *frame = Some(next);
        (view.is_stale, view.drawn, view.seconds) = (false, Instant::now(), seconds);
    }

    /// Removes overlays from a terminal that is about to be given back. It shows the primary screen
    /// then, which still has the last frame before the alternate one.
    pub(super) fn show_recording_alone(&mut self) {
        let Some(view) = self.view.as_mut().filter(|view| matches!(view.display, Display::Drawn { .. }))
        else {
            return;
        };
        let screen = view.screen.clone();
        view.screen.feed("\x1b[?1049l");
        self.draw_frame(false);
        // Fails only if the terminal is gone.
        let _ = self.sink.write();
        if let Some(view) = &mut self.view {
            view.screen = screen;
        }
    }
}

fn state_of(view: &View, clock: &crate::clock::Clock, position: Time, keys: &crate::keys::Keys) -> State {
    let (length, is_complete) = view.history.length();
    let markers = view.history.markers();
    let near = markers
        .iter()
        .rev()
        .find(|marker| position.plus(NEAR_AFTER) >= marker.at && position <= marker.at.plus(NEAR_BEFORE));
    let hint = keys.name_of(KeyAction::Help).filter(|_| view.shows_hint && clock.is_paused());
    State {
        position,
        length: length.max(position),
        is_live: !is_complete && !view.history.is_read(),
        is_paused: clock.is_paused(),
        speed: clock.speed(),
        label: near.map_or(String::new(), |marker| common::text::visible(&marker.label)),
        markers: markers.iter().map(|marker| marker.at).collect(),
        hint: hint.map_or(String::new(), |key| format!("{key} keys")),
    }
}

/// The lines of the help, in two columns if one is too tall.
fn help(keys: &[(String, &'static str)], rows: usize) -> Vec<String> {
    let width = keys.iter().map(|(key, _)| key.width()).max().unwrap_or(0);
    let meanings = keys.iter().map(|(_, meaning)| meaning.width()).max().unwrap_or(0);
    let entry = |(key, meaning): &(String, &str)| {
        let (blanks, rest) = (width - key.width(), meanings - meaning.width());
        format!("  {key}{}  {meaning}{}  ", " ".repeat(blanks), " ".repeat(rest))
    };
    let entries: Vec<String> = keys.iter().map(entry).collect();
    let columns = if entries.len() + 2 > rows { 2 } else { 1 };
    let height = entries.len().div_ceil(columns);
    let line = |row: usize| entries.iter().skip(row).step_by(height).cloned().collect::<String>();
    let mut lines = vec![String::new()];
    lines.extend((0..height).map(line));
    lines.push(String::new());
    lines
}

fn help_style(has_color: bool) -> Style {
    match has_color {
        true => {
            Style { foreground: Color::Indexed(250), background: Color::Indexed(236), ..Style::default() }
        }
        false => Style { inverse: true, ..Style::default() },
    }
}
