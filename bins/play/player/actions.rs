//! The actions of keys.

use std::mem;
use std::time::Duration;

use common::cast::{Code, Time};
use common::tty;
use common::vt::Key;

use super::{Awaited, Ending, Overlay, Player, Recording};
use crate::cursor::{Moment, Next};
use crate::history;
use crate::keys::{CTRL_C, KeyAction};
use crate::search::{Direction, Search};

/// The distance of the keys that jump 5 seconds.
const STEP: Time = Time::from_micros(5_000_000);

/// Within this time after a marker, the previous-marker key goes to the one before it.
const AT_MARKER: Time = Time::from_micros(1_000_000);

/// The speeds of the keys; beyond the last they continue in steps of 1.
const SPEEDS: [f64; 10] = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0];

/// The maximum speed.
const FASTEST: f64 = 100.0;

impl Player {
    /// Handles the typed keys in order.
    pub(super) fn act_on_keys(&mut self) -> Result<(), Ending> {
        while let Some(key) = self.typed.pop_front() {
            if self.is_hurrying && key != CTRL_C {
                // Kept for the marker that is being reached.
                self.typed.push_front(key);
                return Ok(());
            }
            self.act_on_key(key)?;
        }
        Ok(())
    }

    fn act_on_key(&mut self, key: Key) -> Result<(), Ending> {
        let action = self.keys.action(key);
        if action == Some(KeyAction::Interrupt) {
            return Err(Ending::Interrupted);
        }
        if action == Some(KeyAction::Suspend) {
            tty::stop_group();
            return Ok(());
        }
        let Some(view) = &mut self.view else {
            match action {
                Some(KeyAction::Pause) if self.clock.is_paused() => self.clock.resume(),
                Some(KeyAction::Pause) => self.clock.pause(self.cursor.next_time()),
                Some(KeyAction::Step) if self.clock.is_paused() => self.step()?,
                Some(KeyAction::NextMarker) if self.clock.is_paused() => self.is_hurrying = true,
                _ => {}
            }
            return Ok(());
        };
        match mem::replace(&mut view.overlay, Overlay::State) {
            Overlay::State => {}
            Overlay::Help { resumes } => {
                if action == Some(KeyAction::Quit) {
                    return Err(Ending::Quit);
                }
                return self.close_overlay(resumes);
            }
            Overlay::Prompt { text, resumes } => return self.act_on_prompt(key, text, resumes),
        }
        view.message.clear();
        let Some(action) = action else { return Ok(()) };
        self.act(action)
    }

    fn act(&mut self, action: KeyAction) -> Result<(), Ending> {
        let is_paused = self.clock.is_paused();
        match action {
            KeyAction::Quit => return Err(Ending::Quit),
            KeyAction::Pause if is_paused => {
                self.holds_at_end = false;
                self.clock.resume();
            }
            KeyAction::Pause => return self.pause(),
            KeyAction::Step if is_paused => self.step()?,
            KeyAction::StepBack if is_paused => self.step_back()?,
            // There is nothing to step through.
            KeyAction::Step | KeyAction::StepBack => return Ok(()),
            KeyAction::Forward => self.jump(Moment::At(self.position().plus(STEP)))?,
            KeyAction::Rewind => self.jump(Moment::At(self.position().since(STEP)))?,
            KeyAction::ForwardFar | KeyAction::RewindFar => {
                let Some(length) = self.whole_length()? else { return Ok(()) };
                let tenth = tenths(length, 1);
                let to = match action {
                    KeyAction::ForwardFar => self.position().plus(tenth),
                    _ => self.position().since(tenth),
                };
                self.jump(Moment::At(to))?;
            }
            KeyAction::Tenth(number) => {
                let Some(length) = self.whole_length()? else { return Ok(()) };
                self.jump(Moment::At(tenths(length, number)))?;
            }
            KeyAction::Start => self.jump(Moment::At(Time::ZERO))?,
            KeyAction::End => self.jump(Moment::At(Time::MAX))?,
            KeyAction::NextMarker => self.jump_to_next_marker()?,
            KeyAction::PreviousMarker => self.jump_to_previous_marker()?,
            KeyAction::Faster => self.set_speed(faster(self.clock.speed())),
            KeyAction::Slower => self.set_speed(slower(self.clock.speed())),
            KeyAction::InitialSpeed => self.set_speed(self.options.speed),
            KeyAction::Search => {
                return self.open_overlay(|resumes| Overlay::Prompt { text: String::new(), resumes });
            }
            KeyAction::NextMatch => self.find(Direction::Forward)?,
            KeyAction::PreviousMatch => self.find(Direction::Backward)?,
            KeyAction::Help => return self.open_overlay(|resumes| Overlay::Help { resumes }),
            KeyAction::Interrupt | KeyAction::Suspend => {}
        }
        self.show_state()
    }

    fn open_overlay(&mut self, overlay: impl FnOnce(bool) -> Overlay) -> Result<(), Ending> {
        let resumes = !self.clock.is_paused();
        self.clock.pause(self.cursor.next_time());
        if let Some(view) = &mut self.view {
            view.overlay = overlay(resumes);
        }
        self.show_state()
    }

    fn close_overlay(&mut self, resumes: bool) -> Result<(), Ending> {
        if resumes {
            self.clock.resume();
        }
        self.show_state()
    }

    fn act_on_prompt(&mut self, key: Key, text: String, resumes: bool) -> Result<(), Ending> {
        let mut text = text;
        match key {
            Key::Char('\r' | '\n') => {
                if let Some(view) = &mut self.view
                    && !text.is_empty()
                {
                    view.search = Some(Search::new(&text));
                }
                self.find(Direction::Forward)?;
                return self.show_state();
            }
            Key::Escape => return self.close_overlay(resumes),
            Key::Char('\x7f' | '\x08') if text.is_empty() => return self.close_overlay(resumes),
            Key::Char('\x7f' | '\x08') => {
                text.pop();
            }
            // Ctrl-u.
            Key::Char('\x15') => text.clear(),
            Key::Char(character) | Key::Pasted(character) if !character.is_control() => text.push(character),
            _ => {}
        }
        if let Some(view) = &mut self.view {
            view.overlay = Overlay::Prompt { text, resumes };
        }
        self.show_state()
    }

    fn set_speed(&mut self, speed: f64) {
        self.clock.set_speed(speed, self.cursor.next_time());
    }

    /// Plays the next event that is shown or is a marker.
    fn step(&mut self) -> Result<(), Ending> {
        if self.holds_at_end {
            return Ok(());
        }
        while let Next::Event(event) = self.cursor.peek() {
            let (code, at) = (event.code, event.at);
            if self.is_past_end(at) {
                break;
            }
            self.play_next()?;
            if self.sink.shows(code) || code == Code::Marker {
                break;
            }
        }
        self.cursor.peek();
        self.clock.settle(self.cursor.next_time());
        Ok(())
    }

    /// Goes back to before the last event that was shown.
    fn step_back(&mut self) -> Result<(), Ending> {
        let shown = self.sink.shown_code();
        let offset = self.cursor.offset();
        let Some(view) = &self.view else { return Ok(()) };
        match view.history.event_before(offset, |code| code == shown || code == Code::Marker) {
            Some(before) => self.jump(Moment::Before(before)),
            None => self.jump(Moment::At(Time::ZERO)),
        }
    }

    /// The time of the last event, once it is known; for a recording in progress, the time so far.
    fn whole_length(&mut self) -> Result<Option<Time>, Ending> {
        loop {
            let Some(view) = &self.view else { return Ok(None) };
            let (length, is_complete) = view.history.length();
            if is_complete || !view.history.is_read() {
                return Ok(Some(self.end_time().map_or(length, |end| length.min(end))));
            }
            self.wait(Some(Duration::from_millis(5)), Awaited::Nothing)?;
            self.stop_if_interrupted()?;
        }
    }

    fn jump_to_next_marker(&mut self) -> Result<(), Ending> {
        self.whole_length()?;
        let offset = self.cursor.offset();
        let Some(view) = &self.view else { return Ok(()) };
        let is_complete = view.history.length().1;
        match view.history.markers().iter().find(|marker| marker.end > offset) {
            Some(marker) => self.jump(Moment::Before(marker.end)),
            // There is none: the rest is played to its end.
            None if self.clock.is_paused() && is_complete => {
                self.jump(Moment::At(Time::MAX))?;
                self.holds_at_end = false;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn jump_to_previous_marker(&mut self) -> Result<(), Ending> {
        let (offset, position, is_paused) = (self.cursor.offset(), self.position(), self.clock.is_paused());
        let Some(view) = &self.view else { return Ok(()) };
        let is_before = |marker: &&history::Marker| {
            marker.end < offset && (is_paused || marker.at.plus(AT_MARKER) < position)
        };
        match view.history.markers().iter().rev().find(is_before) {
            Some(marker) => self.jump(Moment::Before(marker.end)),
            None => self.jump(Moment::At(Time::ZERO)),
        }
    }

    /// Jumps to a moment, or as near to it as possible.
    pub(super) fn jump(&mut self, moment: Moment) -> Result<(), Ending> {
        let moment = match (moment, self.end_time()) {
            (Moment::At(time), Some(end)) => Moment::At(time.min(end)),
            (moment, _) => moment,
        };
        self.await_checkpoint(moment)?;
        let shown = self.sink.shown_code();
        let Some(view) = &mut self.view else { return Ok(()) };
        let arrival = match view.history.is_nearest(moment, &self.cursor) {
            true => None,
            false => view.history.begin_jump(moment),
        };
        if let Some(arrival) = arrival {
            (self.cursor, view.screen) = (arrival.cursor, arrival.screen);
            // There are events before every checkpoint.
            self.has_played |= self.cursor.at() > Time::ZERO;
            self.end.clone_from(&self.options.end);
        }
        loop {
            let Some(view) = &mut self.view else { return Ok(()) };
            match self.cursor.peek() {
                Next::Header => {
                    self.cursor.take_header();
                    continue;
                }
                Next::Event(event) if event.is_before(moment) => {}
                Next::Event(_) | Next::Later | Next::End => break,
            }
            let Some(event) = self.cursor.take_event() else { break };
            self.has_played = true;
            if let Some(end) = &mut self.end {
                event.observed_by(end);
            }
            // A resize to an unsupported size is ignored.
            let _ = history::draw(&mut view.screen, event.code, &event.text, shown);
            self.glance_at_keys()?;
            self.stop_if_interrupted()?;
        }
        let is_at_end = match self.cursor.peek() {
            Next::End => true,
            Next::Event(event) => {
                let at = event.at;
                self.is_past_end(at)
            }
            _ => false,
        };
        let previous = self.cursor.time();
        let to = match moment {
            Moment::At(time) if matches!(self.cursor.peek(), Next::Event(_)) => time.max(previous),
            _ => previous,
        };
        self.clock.jump(previous, to);
        self.holds_at_end = is_at_end;
        if is_at_end {
            self.clock.pause(self.cursor.next_time());
        }
        self.clock.settle(self.cursor.next_time());
        self.draw_again()
    }

    /// Waits for the thread that takes checkpoints if it is on its way to a moment: drawing the same
    /// beside it would slow down both.
    fn await_checkpoint(&mut self, moment: Moment) -> Result<(), Ending> {
        while let Some(view) = &self.view
            && view.history.will_pass(moment, &self.cursor)
        {
            self.wait(Some(Duration::from_millis(5)), Awaited::Nothing)?;
            self.stop_if_interrupted()?;
        }
        Ok(())
    }

    /// Jumps to the next match of the search.
    fn find(&mut self, direction: Direction) -> Result<(), Ending> {
        let Some(view) = &mut self.view else { return Ok(()) };
        let Some(search) = view.search.take() else {
            view.message = "nothing to search for; / begins a search".to_string();
            return Ok(());
        };
        let found = self.run_search(&search, direction);
        if let Some(view) = &mut self.view {
            if let Ok(None) = found {
                view.message = format!("'{}' not found", common::text::visible(search.text()));
            }
            view.search = Some(search);
        }
        match found? {
            Some(offset) => {
                self.clock.pause(self.cursor.next_time());
                self.jump(Moment::Before(offset))
            }
            None => Ok(()),
        }
    }

    fn run_search(&mut self, search: &Search, direction: Direction) -> Result<Option<u64>, Ending> {
        let (offset, shown) = (self.cursor.offset(), self.sink.shown_code());
        let mut end = offset;
        loop {
            let Some(view) = &self.view else { return Ok(None) };
            let from = match direction {
                Direction::Forward => Moment::Before(offset),
                Direction::Backward => Moment::Before(end.saturating_sub(1)),
            };
            let Some(arrival) = view.history.begin_jump(from) else { return Ok(None) };
            let begin = arrival.cursor.offset();
            let mut part = search.part(arrival, shown);
            let mut last = None;
            while let Some(hit) = part.next() {
                match (hit, direction) {
                    (Some(hit), Direction::Forward) if hit > offset => return Ok(Some(hit)),
                    (Some(hit), Direction::Backward) if hit < end => last = Some(hit),
                    _ => {}
                }
                if direction == Direction::Backward && part.offset() >= end {
                    break;
                }
                self.glance_at_keys()?;
                self.stop_if_interrupted()?;
                if !self.typed.is_empty() {
                    // The user has typed a key, which ends the search.
                    return Ok(None);
                }
            }
            if direction == Direction::Forward || last.is_some() || begin == 0 || begin >= end {
                return Ok(last);
            }
            if !self.can_go_before(begin) {
                return Ok(None);
            }
            end = begin;
        }
    }

    /// Returns whether there is anything other than the header before an offset.
    fn can_go_before(&self, offset: u64) -> bool {
        match (&self.recording, &self.view) {
            (Recording::Kept(_), Some(view)) => view.history.has_stop_before(offset),
            _ => false,
        }
    }
}

/// A number of tenths of a length, in whole milliseconds.
fn tenths(length: Time, number: u8) -> Time {
    Time::from_micros(length.as_micros() / 10_000 * u64::from(number) * 1000)
}

fn faster(speed: f64) -> f64 {
    let next = SPEEDS.into_iter().find(|&step| step > speed);
    next.unwrap_or((speed + 1.0).floor()).min(FASTEST.max(speed))
}

fn slower(speed: f64) -> f64 {
    if speed > 6.0 {
        return (speed - 1.0).ceil();
    }
    SPEEDS.into_iter().rev().find(|&step| step < speed).unwrap_or(speed)
}
