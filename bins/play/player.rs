//! When each event is due, and what the keys do about it.
//!
//! Every event is due at the start plus its time, however late the one before was: lateness never
//! adds up. A pause moves the start. The player waits for three things at once: the time, the keys,
//! and, where the recording is still being made, its next event.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use common::cast::{self, Code, Header, Time};
use common::cli;
use common::config::Config;
use common::tty::{self, Interest, RawMode, Signal, Signals, Terminal};
use common::vt::{self, KeyDecoder};

use crate::sink::PlaySink;
use crate::source::{Item, Played, Source};

/// How often keys are looked for while events are overdue and nothing is waited for.
const KEYS_EVERY: Duration = Duration::from_millis(20);

/// How long the terminal is waited for in the end, if it takes no output.
const PATIENCE: Duration = Duration::from_millis(500);

/// What ctrl-c and ctrl-z send in raw mode.
const CTRL_C: char = '\x03';
const CTRL_Z: char = '\x1a';

/// How long Escape may take to turn out to be the beginning of a sequence.
const ESCAPE_TIME: Duration = Duration::from_millis(30);

/// The keys of the player, those that there are.
pub struct Keys {
    pause: Option<char>,
    step: Option<char>,
    next_marker: Option<char>,
}

impl Keys {
    /// The keys that are configured, else space, `.` and `]`.
    pub fn configured(config: &Config) -> cli::Result<Keys> {
        let key = |name, usual| {
            let Some(bytes) = config.key("play", name)? else { return Ok(Some(usual)) };
            Ok(bytes.and_then(|bytes| String::from_utf8_lossy(&bytes).chars().next()))
        };
        Ok(Keys {
            pause: key("pause_key", ' ')?,
            step: key("step_key", '.')?,
            next_marker: key("next_marker_key", ']')?,
        })
    }
}

/// Why playing ended.
pub enum Ending {
    /// The cast is at its end.
    Done,
    /// By ctrl-c.
    Interrupted,
    /// By a signal from elsewhere.
    Killed(Signal),
    BadSource(cast::Error),
    BadSink(io::Error),
}

/// How time goes on.
#[derive(Clone, Copy)]
enum Pace {
    /// By the clock, since time 0 was then.
    Running { start: Instant },
    /// Not at all; this is the time.
    Paused { at: Time },
    /// At once, up to the next marker.
    ToMarker,
}

/// What is waited for besides keys, signals and the time.
#[derive(Clone, Copy)]
enum Awaited<'a> {
    Nothing,
    /// The next item.
    Item(&'a Source),
    /// That the sink's output is taken.
    Output,
}

enum Key {
    Pause,
    Step,
    NextMarker,
    Interrupt,
}

/// The player.
pub struct Player {
    sink: PlaySink,
    keys: Keys,
    /// What the command line says; else the cast's own limit holds.
    idle_time_limit: Option<Time>,
    speed: f64,
    pub pauses_on_markers: bool,
    terminal: Option<Terminal>,
    raw_mode: Option<RawMode>,
    signals: Signals,
    decoder: KeyDecoder,
    /// What has been typed and not yet acted upon.
    typed: VecDeque<Key>,
    looked_for_keys: Instant,
    /// For how long the player has been stopped, where that has not been taken off the time yet.
    stopped: Duration,
    /// Whether there has been any event to play.
    has_played: bool,
}

impl Player {
    /// Takes the terminal, if there is one to take: its keys are read even where the output goes
    /// elsewhere, but not from the background, where taking it would stop us.
    pub fn new(sink: PlaySink, keys: Keys, idle_time_limit: Option<Time>, speed: f64) -> io::Result<Player> {
        let signals = Signals::catch_all(&[])?;
        let terminal = Terminal::open().ok().filter(Terminal::is_foreground);
        let raw_mode = terminal.as_ref().map(Terminal::raw_mode).transpose()?;
        Ok(Player {
            sink,
            keys,
            idle_time_limit,
            speed,
            pauses_on_markers: false,
            terminal,
            raw_mode,
            signals,
            decoder: KeyDecoder::default(),
            typed: VecDeque::new(),
            looked_for_keys: Instant::now(),
            stopped: Duration::ZERO,
            has_played: false,
        })
    }

    /// Plays a cast to its end.
    pub fn play(&mut self, mut source: Source) -> Ending {
        match self.play_events(&mut source) {
            Ok(()) => Ending::Done,
            Err(ending) => ending,
        }
    }

    /// Whether playing the cast again would play anything.
    pub fn has_played(&self) -> bool {
        self.has_played
    }

    /// Gives the terminal back.
    pub fn leave(mut self) {
        // Where this fails, the terminal is gone.
        let _ = self.sink.restore_modes(PATIENCE);
        if let (Some(terminal), true) = (&self.terminal, self.sink.has_asked()) {
            terminal.swallow_replies();
        }
        self.raw_mode = None;
    }

    fn play_events(&mut self, source: &mut Source) -> Result<(), Ending> {
        let mut pace = Pace::Running { start: Instant::now() };
        let mut schedule = Schedule::new(self.idle_time_limit, self.speed);
        self.look_for_keys()?;
        loop {
            match self.next_item(source, &mut pace)? {
                Item::Header(header) => {
                    schedule.begin(&header);
                    pace = match pace {
                        Pace::Paused { .. } => Pace::Paused { at: Time::ZERO },
                        _ => Pace::Running { start: Instant::now() },
                    };
                    self.sink.begin(&header, schedule.changes_times());
                    self.write()?;
                }
                Item::Event(event) => {
                    self.has_played = true;
                    let due = schedule.due(event.time);
                    self.wait_until(due, &event, &mut pace)?;
                    self.sink.play(&event, due);
                    self.write()?;
                    let stops_here = self.pauses_on_markers || matches!(pace, Pace::ToMarker);
                    if event.code == Code::Marker && stops_here && self.terminal.is_some() {
                        pace = Pace::Paused { at: due };
                    }
                }
                Item::End(outcome) => return outcome.map_err(Ending::BadSource),
            }
        }
    }

    /// The next item, however long it takes to come. Keys act meanwhile.
    fn next_item(&mut self, source: &mut Source, pace: &mut Pace) -> Result<Item, Ending> {
        loop {
            if let Some(item) = source.next() {
                return Ok(item);
            }
            self.act_on_keys(pace)?;
            self.wait(None, Awaited::Item(source))?;
        }
    }

    /// Returns when the event is to be played: when it is due, or a key wants it now.
    fn wait_until(&mut self, due: Time, event: &Played, pace: &mut Pace) -> Result<(), Ending> {
        loop {
            self.act_on_keys(pace)?;
            let stopped = std::mem::take(&mut self.stopped);
            if let Pace::Running { start } = pace {
                *start += stopped;
            }
            match *pace {
                Pace::ToMarker => return self.glance_at_keys(),
                Pace::Paused { .. } => match self.typed.front() {
                    // What does not show is passed over; a step is to be seen.
                    Some(Key::Step) if !self.sink.shows(event.code) && event.code != Code::Marker => {
                        return Ok(());
                    }
                    Some(Key::Step) => {
                        self.typed.pop_front();
                        *pace = Pace::Paused { at: due };
                        return Ok(());
                    }
                    Some(Key::NextMarker) => {
                        self.typed.pop_front();
                        *pace = Pace::ToMarker;
                    }
                    _ => self.wait(None, Awaited::Nothing)?,
                },
                Pace::Running { start } => {
                    let left = (start + Duration::from(due)).saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return self.glance_at_keys();
                    }
                    self.wait(Some(left), Awaited::Nothing)?;
                }
            }
        }
    }

    /// Does what has been typed, in its order, up to a key that has to wait: for an event to step
    /// to, or for the marker that is on its way.
    fn act_on_keys(&mut self, pace: &mut Pace) -> Result<(), Ending> {
        while let Some(key) = self.typed.front() {
            match (key, *pace) {
                (Key::Interrupt, _) => return Err(Ending::Interrupted),
                (Key::Pause, Pace::Running { start }) => {
                    *pace = Pace::Paused { at: Time::from(start.elapsed()) }
                }
                (Key::Pause, Pace::Paused { at }) => {
                    // A machine that has not been up for as long as the cast has no such instant.
                    let now = Instant::now();
                    *pace = Pace::Running { start: now.checked_sub(Duration::from(at)).unwrap_or(now) };
                }
                // Nothing to step through; such a key is not to act later.
                (Key::Step | Key::NextMarker, Pace::Running { .. }) => {}
                (Key::Step | Key::NextMarker, Pace::Paused { .. }) | (_, Pace::ToMarker) => break,
            }
            self.typed.pop_front();
        }
        Ok(())
    }

    /// Writes what the sink holds. Keys and signals are taken meanwhile: output that nobody takes
    /// must not keep us from ending.
    fn write(&mut self) -> Result<(), Ending> {
        if self.sink.has_output() && self.sink.never_blocks() {
            self.sink.write().map_err(Ending::BadSink)?;
        }
        while self.sink.has_output() {
            self.wait(None, Awaited::Output)?;
            if let Some(Key::Interrupt) = self.typed.front() {
                return Err(Ending::Interrupted);
            }
        }
        Ok(())
    }

    fn look_for_keys(&mut self) -> Result<(), Ending> {
        self.wait(Some(Duration::ZERO), Awaited::Nothing)
    }

    /// Looks for keys, if nobody has done so for a while because nothing was waited for.
    fn glance_at_keys(&mut self) -> Result<(), Ending> {
        if self.looked_for_keys.elapsed() >= KEYS_EVERY { self.look_for_keys() } else { Ok(()) }
    }

    /// Waits for keys, signals, the time and what else is awaited, whichever comes first, and takes
    /// what has come.
    fn wait(&mut self, timeout: Option<Duration>, awaited: Awaited<'_>) -> Result<(), Ending> {
        let mut interest = Interest::default();
        interest.read(self.signals.as_fd());
        match awaited {
            Awaited::Nothing => {}
            Awaited::Item(source) => interest.read(source.wake()),
            Awaited::Output => interest.write(self.sink.as_fd()),
        }
        if let Some(terminal) = &self.terminal {
            interest.read(terminal.as_fd());
        }
        let timeout = match self.decoder.is_pending() {
            true => Some(timeout.map_or(ESCAPE_TIME, |timeout| timeout.min(ESCAPE_TIME))),
            false => timeout,
        };
        let ready = tty::wait(&interest, timeout).map_err(Ending::BadSink)?;
        if ready.is_empty() && self.decoder.is_pending() {
            let mut keys = Vec::new();
            self.decoder.flush(&mut keys);
            self.take_keys(&keys);
        }
        self.looked_for_keys = Instant::now();
        match awaited {
            Awaited::Item(source) if ready.to_read(source.wake()) => source.take_wake(),
            Awaited::Output if ready.to_write(self.sink.as_fd()) => {
                self.sink.write().map_err(Ending::BadSink)?;
            }
            _ => {}
        }
        if self.terminal.as_ref().is_some_and(|terminal| ready.to_read(terminal.as_fd())) {
            self.read_keys();
        }
        if ready.to_read(self.signals.as_fd()) {
            self.take_signals()?;
        }
        Ok(())
    }

    fn read_keys(&mut self) {
        let Some(terminal) = &self.terminal else { return };
        let mut buffer = [0; 1024];
        let count = match terminal.read(&mut buffer) {
            Ok(count @ 1..) => count,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                return;
            }
            // The terminal is gone. Whoever watches elsewhere may go on watching.
            _ => {
                self.raw_mode = None;
                self.terminal = None;
                return;
            }
        };
        let mut keys = Vec::new();
        self.decoder.push(&buffer[..count], &mut keys);
        self.take_keys(&keys);
    }

    fn take_keys(&mut self, keys: &[vt::Key]) {
        for key in keys {
            let vt::Key::Char(character) = *key else { continue };
            let Keys { pause, step, next_marker } = &self.keys;
            match Some(character) {
                Some(CTRL_C) => self.typed.push_back(Key::Interrupt),
                key if key == *pause => self.typed.push_back(Key::Pause),
                key if key == *step => self.typed.push_back(Key::Step),
                key if key == *next_marker => self.typed.push_back(Key::NextMarker),
                Some(CTRL_Z) => tty::stop_group(),
                _ => {}
            }
        }
        // Nothing that was typed before ctrl-c matters any more.
        if self.typed.iter().any(|key| matches!(key, Key::Interrupt)) {
            self.typed = VecDeque::from([Key::Interrupt]);
        }
    }

    fn take_signals(&mut self) -> Result<(), Ending> {
        for signal in self.signals.arrived() {
            match signal {
                Signal::SIGINT => return Err(Ending::Interrupted),
                Signal::SIGTSTP => {
                    if let Some(raw_mode) = &self.raw_mode {
                        raw_mode.suspend().map_err(Ending::BadSink)?;
                    }
                    let since = Instant::now();
                    tty::stop_here();
                    self.stopped += since.elapsed();
                    self.come_back();
                }
                Signal::SIGCONT => self.come_back(),
                signal => return Err(Ending::Killed(signal)),
            }
        }
        Ok(())
    }

    /// We have been stopped and continued: the shell has used the terminal meanwhile.
    fn come_back(&mut self) {
        if let Some(raw_mode) = &self.raw_mode {
            // Fails only when the terminal is gone, which reading it will tell.
            let _ = raw_mode.apply();
        }
    }
}

/// The times at which events are due: each delay cut to the limit, then divided by the speed.
struct Schedule {
    limit: Option<Time>,
    speed: f64,
    /// The time of the event before, as it is in the cast.
    previous: Time,
    /// The same with every delay cut so far.
    cut: Time,
}

impl Schedule {
    fn new(limit: Option<Time>, speed: f64) -> Schedule {
        Schedule { limit, speed, previous: Time::ZERO, cut: Time::ZERO }
    }

    /// Takes the cast's own limit where none has been given.
    fn begin(&mut self, header: &Header) {
        let own = header.seconds("idle_time_limit").filter(|&limit| limit > Time::ZERO);
        self.limit = self.limit.or(own);
    }

    fn changes_times(&self) -> bool {
        self.limit.is_some() || self.speed != 1.0
    }

    fn due(&mut self, time: Time) -> Time {
        let delay = time.since(self.previous);
        self.previous = time;
        self.cut = self.cut.plus(self.limit.map_or(delay, |limit| delay.min(limit)));
        self.cut.divided_by(self.speed)
    }
}
