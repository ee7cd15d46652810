//! The main loop of the player: it plays due events, handles keys, and waits.
//!
//! On a terminal of the recording's size the recording's bytes are passed on unchanged. Whenever
//! that would show something wrong - in a smaller terminal, under the state line, after a jump -
//! the player draws frames of the virtual screen instead, and returns to passing bytes when it can.

mod actions;
mod show;
mod wait;

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::cast::{self, Code, Time};
use common::cli;
use common::edit::Position;
use common::screen::Screen;
use common::size::Size;
use common::tty::{self, RawMode, Signal, Signals, Terminal};
use common::vt::{Key, KeyDecoder};

use crate::clock::Clock;
use crate::cursor::{Cursor, Input, Moment, Next, Played};
use crate::frame::{Frame, Offset};
use crate::history::{self, History};
use crate::keys::{CTRL_C, Keys};
use crate::search::Search;
use crate::sink::PlaySink;
use crate::state_line::Looks;
use crate::store::{Store, StoreReader};

/// How long to wait at the end for a terminal that accepts no output.
const PATIENCE: Duration = Duration::from_millis(500);

/// The reason why playback ended.
pub enum Ending {
    /// The end of the cast.
    Done,
    /// The quit key.
    Quit,
    /// Ctrl-c.
    Interrupted,
    /// A signal from another process.
    Killed(Signal),
    BadSource(cast::Error),
    BadSink(io::Error),
    /// The point to start or end at does not exist; the message names it.
    NoMoment(String),
}

/// The options for playback.
pub struct PlayOptions {
    pub idle_time_limit: Option<Time>,
    pub speed: f64,
    pub loops: bool,
    pub pauses_on_markers: bool,
    /// True to pass bytes in a terminal of any size.
    pub is_unfitted: bool,
    pub start: Option<Position>,
    pub end: Option<Position>,
}

/// The source of the recording.
pub enum Recording {
    /// Data is kept.
    Kept(Arc<Store>),
    Once(Option<common::io::Input>),
}

/// The contents of the terminal.
enum Display {
    /// Bytes are passed on; the rest of its contents is unknown.
    Unknown,
    /// Bytes are passed on, and the terminal shows the virtual screen.
    Passing,
    /// Frames are drawn. `shown` tracks everything written to the terminal.
    Drawn { frame: Option<Frame>, shown: Box<Screen>, offset: Offset },
}

/// An overlay on the recording.
enum Overlay {
    /// The state line, during a pause and for a moment after a key.
    State,
    /// The help. Afterwards playback resumes if it was running.
    Help { resumes: bool },
    /// The search prompt.
    Prompt { text: String, resumes: bool },
}

/// The event awaited in addition to keys, signals and the time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaited {
    Nothing,
    /// More data from the source.
    Input,
    /// Room for the sink's output.
    Output,
}

/// The parts that need a terminal.
struct View {
    history: History,
    screen: Screen,
    display: Display,
    /// True if the contents of the terminal are the player's, rather than those from before.
    is_ours: bool,
    overlay: Overlay,
    /// The moment until which the state line is shown during playback.
    shown_until: Option<Instant>,
    /// A message shown in place of the state line until the next key.
    message: String,
    /// True if the displayed frame is out of date.
    is_stale: bool,
    drawn: Instant,
    /// The second of the cast shown in the state line.
    seconds: u64,
    /// True until the first pause.
    shows_hint: bool,
    has_paused: bool,
    search: Option<Search>,
    looks: Looks,
}

/// The player.
pub struct Player {
    sink: PlaySink,
    keys: Keys,
    options: PlayOptions,
    terminal: Option<Terminal>,
    raw_mode: Option<RawMode>,
    signals: Signals,
    decoder: KeyDecoder,
    /// Keys typed and not handled yet.
    typed: VecDeque<Key>,
    looked_for_keys: Instant,
    clock: Clock,
    cursor: Cursor,
    recording: Recording,
    /// The bounds of playback, if known yet.
    start: Option<Position>,
    end: Option<Position>,
    /// True to go to the next marker immediately, if jumps are not possible.
    is_hurrying: bool,
    /// True if playback pauses at the end, because it was jumped to.
    holds_at_end: bool,
    has_played: bool,
    /// True after a stop, until the SIGCONT that ended it arrives.
    has_come_back: bool,
    /// True if the window has been resized.
    is_resized: bool,
    view: Option<View>,
}

impl Player {
    /// Takes the terminal, if there is one: its keys are read even if the output goes elsewhere,
    /// but not in the background, where taking it would stop the process.
    pub fn new(
        sink: PlaySink,
        keys: Keys,
        options: PlayOptions,
        terminal: Option<Terminal>,
        recording: Recording,
    ) -> io::Result<Player> {
        let signals = Signals::catch_all(&[Signal::SIGWINCH])?;
        let raw_mode = terminal.as_ref().map(Terminal::raw_mode).transpose()?;
        let clock = Clock::new(options.idle_time_limit, options.speed);
        let mut recording = recording;
        let cursor = first_cursor(&mut recording, sink.keeps_lines());
        Ok(Player {
            sink,
            keys,
            terminal,
            raw_mode,
            signals,
            decoder: KeyDecoder::default(),
            typed: VecDeque::new(),
            looked_for_keys: Instant::now(),
            clock,
            cursor,
            recording,
            start: options.start.clone(),
            end: options.end.clone(),
            options,
            is_hurrying: false,
            holds_at_end: false,
            has_played: false,
            has_come_back: false,
            is_resized: false,
            view: None,
        })
    }

    /// Plays the cast to its end, as often as requested.
    pub fn play(&mut self) -> Ending {
        loop {
            match self.play_once() {
                Ok(()) if self.options.loops && self.has_played => {
                    if let Err(ending) = self.start_again() {
                        return ending;
                    }
                }
                Ok(()) => return Ending::Done,
                Err(ending) => return ending,
            }
        }
    }

    /// Restores the terminal.
    pub fn leave(mut self) {
        self.show_recording_alone();
        self.sink.reset(PATIENCE);
        if let (Some(terminal), true) = (&self.terminal, self.sink.has_asked()) {
            terminal.swallow_replies();
        }
        self.raw_mode = None;
    }

    fn play_once(&mut self) -> Result<(), Ending> {
        self.look_for_keys()?;
        self.begin()?;
        loop {
            self.act_on_keys()?;
            self.refresh()?;
            let next = match self.cursor.peek() {
                Next::Header | Next::End => None,
                Next::Later => {
                    self.wait_for_something(Awaited::Input, None)?;
                    continue;
                }
                Next::Event(event) => Some((event.time, event.at)),
            };
            let Some((time, _)) = next.filter(|(_, at)| !self.is_past_end(*at)) else {
                if self.clock.is_paused() && self.holds_at_end {
                    self.wait_for_something(Awaited::Nothing, None)?;
                    continue;
                }
                if let Some(end) = self.end_time().filter(|_| next.is_some()) {
                    // The requested end is in the pause before the event.
                    let left = self.clock.left_until(end);
                    if left.is_none_or(|left| !left.is_zero()) {
                        self.wait_for_something(Awaited::Nothing, left)?;
                        continue;
                    }
                    return Ok(());
                }
                return self.cursor.take_end().map_err(Ending::BadSource);
            };
            match self.clock.left_until(time) {
                _ if self.is_hurrying => {}
                None => {
                    self.wait_for_something(Awaited::Nothing, None)?;
                    continue;
                }
                Some(left) if !left.is_zero() => {
                    self.wait_for_something(Awaited::Nothing, Some(left))?;
                    continue;
                }
                Some(_) => {}
            }
            self.glance_at_keys()?;
            if self.typed.is_empty() || self.is_hurrying {
                self.play_next()?;
            }
        }
    }

    /// Reads the header, and goes to the requested start.
    fn begin(&mut self) -> Result<(), Ending> {
        let header = loop {
            match self.cursor.peek() {
                Next::Later => {
                    self.act_on_keys()?;
                    self.wait(None, Awaited::Input)?;
                }
                Next::End => return Ok(()),
                _ => match self.cursor.take_header() {
                    Some(header) => break header,
                    None => return Ok(()),
                },
            }
        };
        let own = header.seconds("idle_time_limit").filter(|&limit| limit > Time::ZERO);
        self.clock.begin(own);
        self.sink.begin(&header, self.clock.changes_times());
        if let Recording::Kept(store) = &self.recording
            && self.terminal.is_some()
            && self.sink.is_screen()
            && self.view.is_none()
            && let Ok(screen) = Screen::new(header.size, 0)
        {
            self.view = Some(View {
                history: History::new(store, self.sink.shown_code()).map_err(Ending::BadSink)?,
                screen,
                display: Display::Unknown,
                is_ours: false,
                overlay: Overlay::State,
                shown_until: None,
                message: String::new(),
                is_stale: false,
                drawn: Instant::now(),
                seconds: 0,
                shows_hint: false,
                has_paused: false,
                search: None,
                looks: Looks { has_color: !cli::colour_is_refused(), is_utf8: tty::is_utf8() },
            });
            self.fit()?;
        }
        self.write()?;
        if self.start.is_some() { self.go_to_start(header.size) } else { Ok(()) }
    }

    /// Reads up to the requested start, and shows the screen at that point.
    fn go_to_start(&mut self, size: Size) -> Result<(), Ending> {
        let mut screen = match &self.view {
            Some(_) => None,
            None => Screen::new(size, 0).ok(),
        };
        let shown = self.sink.shown_code();
        loop {
            let Some(start) = &mut self.start else { return Ok(()) };
            let known = start.time();
            match self.cursor.peek() {
                Next::Later => {
                    self.wait(None, Awaited::Input)?;
                    self.stop_if_interrupted()?;
                    continue;
                }
                Next::Event(event) if known.is_none_or(|start| event.at <= start) => {}
                Next::End if known.is_none() => {
                    return Err(Ending::NoMoment(format!("the cast has no {start}")));
                }
                _ => break,
            }
            let Some(event) = self.cursor.take_event() else { break };
            event.observed_by(start);
            if let Some(end) = &mut self.end {
                event.observed_by(end);
            }
            let screen = self.view.as_mut().map(|view| &mut view.screen).or(screen.as_mut());
            if let Some(screen) = screen {
                // A resize to an unsupported size is ignored.
                let _ = history::draw(screen, event.code, &event.text, shown);
            }
            self.glance_at_keys()?;
            self.stop_if_interrupted()?;
        }
        let to = self.start.as_ref().and_then(Position::time).unwrap_or_default();
        self.clock.jump(self.cursor.time(), to.max(self.cursor.time()));
        self.has_played = true;
        if let Some(screen) = screen {
            self.sink.play_start(&screen.drawing());
            return self.write();
        }
        self.draw_again()
    }

    fn stop_if_interrupted(&mut self) -> Result<(), Ending> {
        if self.typed.contains(&CTRL_C) { Err(Ending::Interrupted) } else { Ok(()) }
    }

    /// Plays from the start again.
    fn start_again(&mut self) -> Result<(), Ending> {
        self.cursor = first_cursor(&mut self.recording, self.sink.keeps_lines());
        self.end.clone_from(&self.options.end);
        self.start.clone_from(&self.options.start);
        self.holds_at_end = false;
        if let Some(view) = &mut self.view
            && let Some(arrival) = view.history.begin_jump(Moment::Before(0))
        {
            view.screen = arrival.screen;
            if !matches!(view.display, Display::Unknown) {
                self.draw_again()?;
            }
        }
        Ok(())
    }

    /// Plays the next event.
    fn play_next(&mut self) -> Result<(), Ending> {
        let Some(event) = self.cursor.take_event() else { return Ok(()) };
        let due = self.clock.due(event.time);
        self.clock.played(event.time);
        self.has_played = true;
        for bound in [&mut self.end].into_iter().flatten() {
            event.observed_by(bound);
        }
        if self.view.as_ref().is_none_or(|view| !matches!(view.display, Display::Drawn { .. })) {
            self.sink.play(&event, due);
            self.write()?;
        }
        self.draw_event(&event)?;
        let stops_here = self.options.pauses_on_markers || self.is_hurrying;
        if event.code == Code::Marker && stops_here && self.terminal.is_some() {
            self.is_hurrying = false;
            self.pause()?;
        }
        Ok(())
    }

    /// Draws an event on the virtual screen, if there is one.
    fn draw_event(&mut self, event: &Played) -> Result<(), Ending> {
        let Some(view) = &mut self.view else { return Ok(()) };
        view.is_stale |= event.code != Code::Input || self.sink.shows(event.code);
        // A resize to an unsupported size is ignored.
        let _ = history::draw(&mut view.screen, event.code, &event.text, self.sink.shown_code());
        if event.code == Code::Resize { self.fit() } else { Ok(()) }
    }

    fn end_time(&self) -> Option<Time> {
        self.end.as_ref().and_then(Position::time)
    }

    /// Returns whether an event at a time is past the requested end.
    fn is_past_end(&self, at: Time) -> bool {
        self.end_time().is_some_and(|end| at >= end)
    }

    fn pause(&mut self) -> Result<(), Ending> {
        self.clock.pause(self.cursor.next_time());
        if let Some(view) = &mut self.view {
            view.shows_hint = !mem::replace(&mut view.has_paused, true);
        }
        self.show_state()
    }
}

/// A cursor at the start of the cast.
fn first_cursor(recording: &mut Recording, keeps_lines: bool) -> Cursor {
    match recording {
        Recording::Kept(store) => Cursor::new(Input::Kept(StoreReader::new(store, 0)), keeps_lines),
        Recording::Once(stream) => {
            // A stream that has been read is at its end.
            let input = stream.take().map_or(Input::Nothing, Input::Once);
            Cursor::new(input, keeps_lines)
        }
    }
}
