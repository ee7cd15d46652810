//! The loop of the player: it plays what is due, does what the keys say, and waits.
//!
//! On a terminal of the recording's size the bytes of the recording pass as they are. Whenever that
//! would not show what it should - in a smaller terminal, under the state line, after a jump - the
//! player draws frames of the virtual screen instead, and goes back to passing bytes when it can.

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
use crate::cursor::{Cursor, Input, Next, Played};
use crate::frame::{Frame, Offset};
use crate::history::{self, History, Moment};
use crate::keys::{CTRL_C, Keys};
use crate::search::Search;
use crate::sink::PlaySink;
use crate::state_line::Looks;
use crate::store::{Store, StoreReader};

/// How long the terminal is waited for in the end, if it takes no output.
const PATIENCE: Duration = Duration::from_millis(500);

/// Why playing ended.
pub enum Ending {
    /// The cast is at its end.
    Done,
    /// By the key for that.
    Quit,
    /// By ctrl-c.
    Interrupted,
    /// By a signal from elsewhere.
    Killed(Signal),
    BadSource(cast::Error),
    BadSink(io::Error),
    /// There is no such moment to start or end at; what is missing.
    NoMoment(String),
}

/// What the command line says of the playing.
pub struct PlayOptions {
    pub idle_time_limit: Option<Time>,
    pub speed: f64,
    pub loops: bool,
    pub pauses_on_markers: bool,
    /// Whether bytes pass in a terminal of any size.
    pub is_unfitted: bool,
    pub start: Option<Position>,
    pub end: Option<Position>,
}

/// Where the cast comes from.
pub enum Recording {
    /// What has been read is kept.
    Kept(Arc<Store>),
    Once(Option<common::io::Input>),
}

/// What the terminal shows.
enum Display {
    /// Bytes pass; what else is there is not known.
    Unknown,
    /// Bytes pass, and the terminal shows what the virtual screen does.
    Passing,
    /// Frames. `shown` follows all that is written to the terminal.
    Drawn { frame: Option<Frame>, shown: Box<Screen>, offset: Offset },
}

/// What is over the recording.
enum Overlay {
    /// The state line, in a pause and for a moment after a key.
    State,
    /// The keys. Playing goes on afterwards where it went on before.
    Help { resumes: bool },
    /// What is searched for, being typed.
    Prompt { text: String, resumes: bool },
}

/// What is waited for besides keys, signals and the time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaited {
    Nothing,
    /// More of the source.
    Input,
    /// That the sink's output is taken.
    Output,
}

/// The parts that a terminal makes possible.
struct View {
    history: History,
    screen: Screen,
    display: Display,
    /// Whether what is on the terminal is the player's, rather than what was there before.
    is_ours: bool,
    overlay: Overlay,
    /// Until when the state line is shown while it plays.
    shown_until: Option<Instant>,
    /// What the state line says instead, until the next key.
    message: String,
    /// Whether the frame that is shown is not up to date.
    is_stale: bool,
    drawn: Instant,
    /// The second of the cast that the state line names.
    seconds: u64,
    /// Whether the pause that is the first one is still to come.
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
    /// What has been typed and not yet acted upon.
    typed: VecDeque<Key>,
    looked_for_keys: Instant,
    clock: Clock,
    cursor: Cursor,
    recording: Recording,
    /// The bounds as far as they are known by now.
    start: Option<Position>,
    end: Option<Position>,
    /// Whether the next marker is to be reached at once, where there is no jumping.
    is_hurrying: bool,
    /// Whether a pause at the end is to hold: it was jumped to.
    holds_at_end: bool,
    has_played: bool,
    /// True after a stop, until the SIGCONT that ended it arrives.
    has_come_back: bool,
    /// Whether the window has another size.
    is_resized: bool,
    view: Option<View>,
}

impl Player {
    /// Takes the terminal, if there is one to take: its keys are read even where the output goes
    /// elsewhere, but not from the background, where taking it would stop us.
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

    /// Plays the cast to its end, as often as it is to be.
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

    /// Gives the terminal back.
    pub fn leave(mut self) {
        if self.view.as_ref().is_some_and(|view| matches!(view.display, Display::Drawn { .. })) {
            // What stays behind is the recording alone.
            self.draw_frame(false);
            let _ = self.sink.write();
        }
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
                    // The end that was named is in the pause before the event.
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

    /// Reads the header, and goes to where playing is to start.
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

    /// Reads up to where playing is to start, and shows what the screen shows there.
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
                // A screen that becomes too large is left as it was.
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

    /// Plays from the start once more.
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
        // A screen that becomes too large is left as it was.
        let _ = history::draw(&mut view.screen, event.code, &event.text, self.sink.shown_code());
        if event.code == Code::Resize { self.fit() } else { Ok(()) }
    }

    fn end_time(&self) -> Option<Time> {
        self.end.as_ref().and_then(Position::time)
    }

    /// Whether an event at a time is beyond the end that was named.
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

/// A cursor at the beginning of the cast.
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
