//! The session: a loop that copies between the user's terminal and the program's pseudo-terminal, and
//! records what passes.
//!
//! One thread, one select over the pseudo-terminal, the terminal, a piped standard input and the
//! signals. Output is written to the terminal first, then recorded. While the terminal or the recording
//! cannot take more, the program is not read, but input still passes: ctrl-c works during a flood, and
//! memory is bounded.

use std::io::{self, IsTerminal, Read};
use std::os::fd::AsFd;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use common::cast::{Code, Time};
use common::cli::io_text;
use common::io::Stream;
use common::notifier::Notifier;
use common::size::Size;
use common::text::visible;
use common::tty::{self, InputState, Interest, Pty, RawMode, Signal, Signals, Terminal};
use common::vt::{ReplyFilter, plain_keys};
use nix::sys::signal::killpg;
use nix::unistd::Pid;

use crate::front::Front;
use crate::inquiry::{self, Inquiry};
use crate::keys::{KeyAction, KeyReader, Keys};
use crate::log::Log;
use crate::recording::Recording;
use crate::stand_in::StandIn;

/// The size of a read in bytes: several times what a pseudo-terminal returns at once.
const READ: usize = 16 << 10;

/// The most reads of the program before keys and signals get their turn.
const READS: usize = 16;

/// The most input that waits for the program, in bytes; the last read may exceed it.
const TYPED: usize = 64 << 10;

/// How long the pseudo-terminal must be silent after the program has ended before it is closed. Needed
/// only if another process holds it open; otherwise the kernel reports the end.
const SILENCE: Duration = Duration::from_millis(50);

/// The most that is read after the program has ended, in bytes: far more than a kernel buffers, so that
/// a busy background process cannot keep the session open.
const REMAINS: usize = 1 << 20;

/// How long to wait for a program that was told to end or has closed its terminal, and for a stalled
/// terminal once the session was told to end.
const PATIENCE: Duration = Duration::from_secs(1);

/// What ctrl-c sends in raw mode.
const CTRL_C: u8 = 0x03;

/// The window size for the recorded program: from the options, or else the terminal's.
#[derive(Clone, Copy, Debug)]
pub struct WindowSize {
    pub cols: Option<u16>,
    pub rows: Option<u16>,
}

impl WindowSize {
    /// The size for this terminal; 80x24 without one.
    pub fn of(self, terminal: Option<&Terminal>) -> Size {
        let size = terminal.and_then(Terminal::size).unwrap_or(Size { cols: 80, rows: 24 });
        Size { cols: self.cols.unwrap_or(size.cols), rows: self.rows.unwrap_or(size.rows) }
    }
}

/// The recorded program, in its pseudo-terminal.
pub struct Program {
    pty: Pty,
    child: Child,
}

impl Program {
    /// Starts the program in a terminal of this size, with the settings of the user's terminal.
    ///
    /// # Errors
    ///
    /// The program cannot be run. The error includes its name.
    pub fn start(command: Command, size: Size, terminal: Option<&Terminal>) -> io::Result<Program> {
        let settings = terminal.and_then(|terminal| terminal.settings().ok());
        let name = command.get_program().to_string_lossy().into_owned();
        let (pty, child) = Pty::spawn(command, size, settings.as_ref())
            .map_err(|error| io::Error::other(format!("{}: {}", visible(&name), io_text(&error))))?;
        Ok(Program { pty, child })
    }
}

/// The parts of a session.
pub struct Session {
    pub program: Program,
    /// The user's terminal; `None`: headless.
    pub terminal: Option<Terminal>,
    pub window: WindowSize,
    pub size: Size,
    pub keys: Keys,
    pub records_input: bool,
    /// True to query the terminal for its name and colors.
    pub asks_terminal: bool,
    pub notifier: Notifier,
    pub log: Log,
}

impl Session {
    /// Runs the session to its end. The recording begins with `front`, completed with the terminal's
    /// replies.
    pub fn run<'a>(
        self,
        signals: &'a mut Signals,
        recording: &'a mut Recording,
        front: Front<'a>,
    ) -> io::Result<Outcome> {
        let Program { pty, child } = self.program;
        let raw_mode = self.terminal.as_ref().map(Terminal::raw_mode).transpose()?;
        let forwards_stdin = !io::stdin().is_terminal();
        let mut running = Running {
            pty,
            child,
            signals,
            stand_in: if self.terminal.is_none() { StandIn::new(self.size) } else { None },
            terminal: self.terminal,
            raw_mode,
            ended_by: None,
            lost_terminal: false,
            stdin: if forwards_stdin { Some(Stream::stdin()?) } else { None },
            end_of_input: None,
            recording,
            window: self.window,
            size: self.size,
            recorded_size: self.size,
            keys: KeyReader::new(self.keys),
            replies: ReplyFilter::default(),
            records_input: self.records_input,
            notifier: self.notifier,
            log: self.log,
            clock: Clock::start(),
            phase: Phase::Running,
            deadline: None,
            shows_output: true,
            to_terminal: if self.asks_terminal { inquiry::questions() } else { Vec::new() },
            inquiry: self.asks_terminal.then(Inquiry::new),
            front: Some(front),
            to_program: Vec::new(),
            buffer: vec![0; READ],
        };
        panic_if_asked();
        if running.inquiry.is_none() {
            running.begin_recording();
        }
        let copied = running.copy();
        // If the session ended before the terminal replied.
        running.begin_recording();
        copied?;
        running.end()
    }
}

/// How a session ended.
pub struct Outcome {
    /// How the program ended; `None` if it is still running without its terminal.
    pub status: Option<ExitStatus>,
    /// The duration of the session.
    pub end: Time,
    /// The signal that ended the session, if one did.
    pub signal: Option<Signal>,
    /// True if the terminal disappeared during the session.
    pub lost_terminal: bool,
}

/// The progress of a session.
enum Phase {
    /// The program is running.
    Running,
    /// The program has ended or was given up. Its remaining output is being read.
    Draining {
        status: Option<ExitStatus>,
        /// Bytes read since.
        read: usize,
        /// Since when every look found nothing to read.
        silent_since: Option<Instant>,
    },
    /// All output has been read: the pseudo-terminal is closed, or silent.
    Closed(Option<ExitStatus>),
}

struct Running<'a> {
    pty: Pty,
    child: Child,
    signals: &'a mut Signals,
    /// The first signal that ended the session.
    ended_by: Option<Signal>,
    terminal: Option<Terminal>,
    /// Replies to the program if there is no terminal.
    stand_in: Option<StandIn>,
    /// True if there was a terminal that has disappeared.
    lost_terminal: bool,
    raw_mode: Option<RawMode>,
    /// Standard input, unless it is a terminal, until its end.
    stdin: Option<Stream>,
    /// Set when standard input has ended and there is no terminal.
    end_of_input: Option<EndOfInput>,
    recording: &'a mut Recording,
    window: WindowSize,
    size: Size,
    /// The last size in the recording.
    recorded_size: Size,
    keys: KeyReader,
    replies: ReplyFilter,
    records_input: bool,
    notifier: Notifier,
    log: Log,
    clock: Clock,
    phase: Phase,
    /// Set when the session was told to end: when to stop waiting for the program and the terminal.
    deadline: Option<Instant>,
    /// True if output is still written to the terminal.
    shows_output: bool,
    /// Output that the terminal has not taken yet. The program is not read until this is empty.
    to_terminal: Vec<u8>,
    /// The queries, until the terminal has replied.
    inquiry: Option<Inquiry>,
    /// What precedes the first event, until the recording has begun.
    front: Option<Front<'a>>,
    /// Input that the program has not taken yet.
    to_program: Vec<u8>,
    buffer: Vec<u8>,
}

impl Running<'_> {
    /// Copies both ways until all output is recorded and shown.
    fn copy(&mut self) -> io::Result<()> {
        while !self.is_over() {
            let is_running = matches!(self.phase, Phase::Running);
            // The remaining output always fits, so that the terminal need not wait for the recording.
            let is_full = is_running && self.recording.is_full();
            if is_full {
                // A flood does not wait for the terminal's replies.
                self.begin_recording();
            }
            let is_stalled = !self.to_terminal.is_empty();
            let reads_program = !matches!(self.phase, Phase::Closed(_)) && !is_stalled && !is_full;
            let takes_input = is_running && self.to_program.len() < TYPED;
            let mut interest = Interest::default();
            interest.read(self.signals.as_fd());
            if reads_program {
                interest.read(self.pty.as_fd());
            }
            if is_full {
                interest.read(self.recording.room());
            }
            if !self.to_program.is_empty() {
                interest.write(self.pty.as_fd());
            }
            if let Some(terminal) = &self.terminal {
                // After the program's end input is left to the shell, unless ctrl-c may end a wait.
                if takes_input || (!is_running && (is_stalled || self.awaits_answers())) {
                    interest.read(terminal.as_fd());
                }
                if is_stalled {
                    interest.write(terminal.as_fd());
                }
            }
            if let (Some(stdin), true) = (&self.stdin, takes_input) {
                interest.read(stdin.as_fd());
            }

            // Asked before the wait: replies that were there in time are read first, however late the
            // recorder gets its turn.
            let is_inquiry_due = self.is_inquiry_due();
            let ready = tty::wait(&interest, self.timeout(reads_program))?;
            if self.recording.until_due().is_some_and(|left| left.is_zero()) {
                self.recording.wake_writer();
            }
            if is_full && ready.to_read(self.recording.room()) {
                self.recording.take_room();
            }
            if reads_program && ready.to_read(self.pty.as_fd()) {
                self.read_program()?;
            } else if reads_program {
                self.note_silence();
            }
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                self.stop_waiting();
            }
            if ready.to_write(self.pty.as_fd()) {
                self.write_program();
            }
            if let Some(terminal) = &self.terminal {
                let (readable, writable) =
                    (ready.to_read(terminal.as_fd()), ready.to_write(terminal.as_fd()));
                if writable {
                    self.write_terminal();
                }
                if readable {
                    self.read_terminal();
                }
            }
            if is_inquiry_due {
                self.look_at_inquiry();
            }
            if self.until_end_of_input().is_some_and(|left| left.is_zero()) {
                self.send_end_of_input();
            }
            if self.stdin.as_ref().is_some_and(|stdin| ready.to_read(stdin.as_fd())) {
                self.read_stdin();
            }
            if ready.to_read(self.signals.as_fd()) {
                self.take_signals()?;
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Closed(_)) && self.to_terminal.is_empty() && !self.awaits_answers()
    }

    /// Returns whether replies may still arrive, which the shell would read as input.
    fn awaits_answers(&self) -> bool {
        let has_time = self.inquiry.as_ref().is_some_and(|inquiry| !inquiry.until_end().is_zero());
        has_time && self.terminal.is_some()
    }

    /// How long to wait for events; `None`: forever.
    fn timeout(&self, reads_program: bool) -> Option<Duration> {
        let silence = match self.phase {
            Phase::Draining { silent_since, .. } if reads_program => {
                Some(silent_since.map_or(SILENCE, |since| SILENCE.saturating_sub(since.elapsed())))
            }
            _ => None,
        };
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let inquiry = self.inquiry.as_ref();
        let header = inquiry.filter(|_| self.front.is_some()).map(Inquiry::until_header);
        let is_ending = matches!(self.phase, Phase::Closed(_));
        let end = inquiry.filter(|_| is_ending).map(Inquiry::until_end);
        let release = inquiry.and_then(Inquiry::until_release);
        let due = [self.recording.until_due(), self.until_end_of_input()];
        [silence, left, header, end, release].into_iter().chain(due).flatten().min()
    }

    /// Returns whether the terminal has replied, or the time for that or for the rest of a reply has
    /// passed.
    fn is_inquiry_due(&self) -> bool {
        self.inquiry.as_ref().is_some_and(|inquiry| {
            let until_release = inquiry.until_release();
            inquiry.until_header().is_zero() || until_release.is_some_and(|left| left.is_zero())
        })
    }

    /// Begins the recording when the terminal has replied or the time for it has passed. Passes on input
    /// that was held back but is not a reply.
    fn look_at_inquiry(&mut self) {
        if let Some(inquiry) = &mut self.inquiry
            && inquiry.until_release().is_some_and(|left| left.is_zero())
        {
            let mut typed = Vec::new();
            inquiry.release(&mut typed);
            self.take_keys(&typed);
        }
        let is_due = self.inquiry.as_ref().is_none_or(|inquiry| inquiry.until_header().is_zero());
        if is_due {
            self.begin_recording();
        }
        if self.inquiry.as_ref().is_some_and(Inquiry::is_done) {
            self.inquiry = None;
        }
    }

    /// Begins the recording with the replies so far, unless it has begun already.
    fn begin_recording(&mut self) {
        let Some(front) = self.front.take() else { return };
        let appearance = self.inquiry.as_ref().map(Inquiry::appearance).unwrap_or_default();
        let name = appearance.version.as_deref().unwrap_or("without a name");
        let theme = if appearance.theme.is_some() { "with" } else { "without" };
        if self.inquiry.is_some() {
            self.log.write(&format!("the terminal is {}, {theme} a theme", visible(name)));
        }
        self.recording.begin(front.text(&appearance));
    }

    /// The time until end of file must be sent to the program, if at all.
    fn until_end_of_input(&self) -> Option<Duration> {
        let is_wanted = matches!(self.phase, Phase::Running) && self.to_program.is_empty();
        let due = self.end_of_input.as_ref().filter(|_| is_wanted)?.due;
        Some(due.saturating_duration_since(Instant::now()))
    }

    /// The program was polled and had nothing to read. After some time of that, all of its output has
    /// been read. A wait that ended without polling it does not count.
    fn note_silence(&mut self) {
        if let Phase::Draining { status, silent_since, .. } = &mut self.phase
            && silent_since.get_or_insert_with(Instant::now).elapsed() >= SILENCE
        {
            self.phase = Phase::Closed(*status);
        }
    }

    /// No more output will come.
    fn close(&mut self) {
        self.phase = match self.phase {
            Phase::Draining { status, .. } | Phase::Closed(status) => Phase::Closed(status),
            Phase::Running => Phase::Closed(None),
        };
    }

    /// Stops waiting for the program and the terminal. Remaining output is still recorded.
    fn stop_waiting(&mut self) {
        self.log.write("no longer waiting");
        self.deadline = None;
        self.shows_output = false;
        self.inquiry = None;
        self.to_terminal.clear();
        if let Phase::Running = self.phase {
            self.phase = Phase::Draining { status: None, read: 0, silent_since: None };
        }
    }

    /// Reads the program, several times if there is more: a flood needs far fewer calls of select.
    fn read_program(&mut self) -> io::Result<()> {
        for _ in 0..READS {
            let has_read = self.read_once()?;
            let is_full = matches!(self.phase, Phase::Running) && self.recording.is_full();
            if !has_read || !self.to_terminal.is_empty() || is_full {
                break;
            }
        }
        Ok(())
    }

    /// Reads the program once. False if there was nothing, or no more should be read.
    fn read_once(&mut self) -> io::Result<bool> {
        let count = match self.pty.read(&mut self.buffer) {
            Err(error) if is_temporary(&error) => return Ok(false),
            count => count?,
        };
        if count == 0 {
            self.close();
            return Ok(false);
        }
        let time = self.clock.now();
        if let (Some(terminal), true) = (&self.terminal, self.shows_output) {
            match terminal.write(&self.buffer[..count]) {
                Ok(taken) => self.to_terminal.extend_from_slice(&self.buffer[taken..count]),
                Err(error) if is_temporary(&error) => {
                    self.to_terminal.extend_from_slice(&self.buffer[..count])
                }
                Err(_) => self.lose_terminal(),
            }
        }
        if let Some(stand_in) = &mut self.stand_in {
            let waiting = self.to_program.len();
            stand_in.push(&self.buffer[..count], &mut self.to_program);
            // A program that does not read its replies gets no more of them.
            if waiting >= TYPED {
                self.to_program.truncate(waiting);
            }
        }
        if !self.clock.is_paused() {
            self.recording.push(time, Code::Output, &self.buffer[..count]);
        }
        if let Phase::Draining { read, silent_since, .. } = &mut self.phase {
            *silent_since = None;
            *read += count;
            if *read >= REMAINS {
                self.close();
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Writes input to the program.
    fn write_program(&mut self) {
        match self.pty.write(&self.to_program) {
            Ok(taken) => drop(self.to_program.drain(..taken)),
            Err(error) if is_temporary(&error) => {}
            // Its side is closed, which the next read reports.
            Err(_) => self.to_program.clear(),
        }
    }

    fn write_terminal(&mut self) {
        let Some(terminal) = &self.terminal else { return };
        match terminal.write(&self.to_terminal) {
            Ok(taken) => drop(self.to_terminal.drain(..taken)),
            Err(error) if is_temporary(&error) => {}
            Err(_) => self.lose_terminal(),
        }
    }

    fn read_terminal(&mut self) {
        let Some(terminal) = &self.terminal else { return };
        let count = match terminal.read(&mut self.buffer) {
            Ok(count @ 1..) => count,
            Err(error) if is_temporary(&error) => return,
            Ok(0) | Err(_) => return self.lose_terminal(),
        };
        let mut typed = Vec::new();
        match &mut self.inquiry {
            Some(inquiry) => inquiry.read(&self.buffer[..count], &mut typed),
            None => typed.extend_from_slice(&self.buffer[..count]),
        }
        self.take_keys(&typed);
    }

    /// Handles keyboard input.
    fn take_keys(&mut self, typed: &[u8]) {
        if !matches!(self.phase, Phase::Running) {
            if plain_keys(typed).contains(&CTRL_C) {
                self.stop_waiting();
            }
            return;
        }
        for action in self.keys.read(typed) {
            match action {
                KeyAction::Type(bytes) => {
                    self.to_program.extend_from_slice(bytes);
                    if self.records_input && !self.clock.is_paused() {
                        let mut keys = Vec::new();
                        self.replies.push(bytes, &mut keys);
                        if !keys.is_empty() {
                            self.recording.push(self.clock.now(), Code::Input, &keys);
                        }
                    }
                }
                KeyAction::Pause => {
                    self.clock.toggle();
                    self.record_size();
                    self.say(if self.clock.is_paused() { "Paused recording" } else { "Resumed recording" });
                }
                KeyAction::AddMarker if self.clock.is_paused() => {}
                KeyAction::AddMarker => {
                    self.recording.push(self.clock.now(), Code::Marker, b"");
                    self.say("Marker added");
                }
            }
        }
        self.write_program();
    }

    /// Notifies the user outside of the terminal.
    fn say(&self, text: &str) {
        self.log.write(text);
        self.notifier.say(text);
    }

    fn read_stdin(&mut self) {
        let Some(stdin) = &mut self.stdin else { return };
        match stdin.read(&mut self.buffer) {
            Ok(count @ 1..) => {
                let bytes = &self.buffer[..count];
                self.to_program.extend_from_slice(bytes);
                if self.records_input && !self.clock.is_paused() {
                    self.recording.push(self.clock.now(), Code::Input, bytes);
                }
                self.write_program();
            }
            // The session continues; with a terminal, there is still the keyboard.
            _ => {
                self.stdin = None;
                if self.terminal.is_none() && !self.lost_terminal {
                    self.end_of_input = Some(EndOfInput::new());
                }
            }
        }
    }

    /// Sends end of file to the program if it is due.
    fn send_end_of_input(&mut self) {
        let Some(end_of_input) = &mut self.end_of_input else { return };
        // Fails if the program's side is closed for good.
        let Ok(state) = self.pty.input_state() else { return self.end_of_input = None };
        if let Some(character) = end_of_input.next(state) {
            self.to_program.push(character);
            self.write_program();
        }
    }

    /// The terminal is gone: its window was closed, or the connection was cut.
    fn lose_terminal(&mut self) {
        self.log.write("the terminal is gone");
        self.terminal = None;
        self.lost_terminal = true;
        self.raw_mode = None;
        self.to_terminal.clear();
        // With hangups ignored (nohup), the session continues without it.
        if !tty::is_ignored(Signal::SIGHUP) {
            self.hang_up();
        }
    }

    /// Tells the program to end, as a hangup of its terminal would.
    fn hang_up(&mut self) {
        if self.deadline.is_some() {
            return;
        }
        self.deadline = Some(Instant::now() + PATIENCE);
        if let (Phase::Running, Ok(group)) = (&self.phase, i32::try_from(self.child.id())) {
            // It may have ended meanwhile. SIGCONT, because a stopped program handles SIGHUP only once
            // it is continued.
            let hangup = if tty::is_ignored(Signal::SIGHUP) { Signal::SIGTERM } else { Signal::SIGHUP };
            let _ = killpg(Pid::from_raw(group), hangup);
            let _ = killpg(Pid::from_raw(group), Signal::SIGCONT);
        }
    }

    fn take_signals(&mut self) -> io::Result<()> {
        for signal in self.signals.arrived() {
            match signal {
                Signal::SIGCHLD => self.look_for_end()?,
                Signal::SIGWINCH => self.resize(),
                Signal::SIGTSTP => {
                    if let Some(raw_mode) = &self.raw_mode {
                        // Fails only if the terminal is gone, which reading it will show.
                        let _ = raw_mode.suspend();
                    }
                    tty::stop_here();
                    self.come_back();
                }
                Signal::SIGCONT => self.come_back(),
                signal => {
                    self.log.write(&format!("{signal}: ending the session"));
                    self.ended_by.get_or_insert(signal);
                    self.hang_up();
                }
            }
        }
        Ok(())
    }

    /// Continued after a stop, in which the shell used the terminal.
    fn come_back(&mut self) {
        if let Some(raw_mode) = &self.raw_mode {
            // Fails only if the terminal is gone, which reading it will show.
            let _ = raw_mode.apply();
        }
        self.resize();
    }

    fn look_for_end(&mut self) -> io::Result<()> {
        let Some(ended) = self.child.try_wait()? else { return Ok(()) };
        match &mut self.phase {
            Phase::Running => {
                self.phase = Phase::Draining { status: Some(ended), read: 0, silent_since: None };
            }
            Phase::Draining { status, .. } | Phase::Closed(status) => *status = Some(ended),
        }
        Ok(())
    }

    fn resize(&mut self) {
        let size = self.window.of(self.terminal.as_ref());
        if size == self.size {
            return;
        }
        self.size = size;
        self.log.write(&format!("size {size}"));
        // Fails only if the pseudo-terminal is closed; then its size does not matter.
        let _ = self.pty.resize(size);
        self.record_size();
    }

    /// Records a resize if the size differs from the last one recorded. During a pause, nothing is.
    fn record_size(&mut self) {
        if !self.clock.is_paused() && self.size != self.recorded_size {
            self.recorded_size = self.size;
            self.recording.push(self.clock.now(), Code::Resize, self.size.to_string().as_bytes());
        }
    }

    /// Restores the terminal and waits for the program's exit status.
    fn end(mut self) -> io::Result<Outcome> {
        let end = self.clock.now();
        let mut held_back = Vec::new();
        self.replies.finish(&mut held_back);
        if !held_back.is_empty() {
            self.recording.push(self.clock.now(), Code::Input, &held_back);
        }
        self.raw_mode = None;
        let log = self.log.clone();
        let Running { pty, mut child, signals, phase, ended_by: signal, lost_terminal, .. } = self;
        let mut status = if let Phase::Closed(status) = phase { status } else { None };
        if status.is_none() {
            // The program has closed its terminal, most likely by ending. If it is still running, closing
            // the master sends it a hangup.
            status = wait_for_end(&mut child, signals)?;
            drop(pty);
            if status.is_none() {
                status = wait_for_end(&mut child, signals)?;
            }
        }
        match status {
            Some(ended) => log.write(&format!("the program has ended: {ended}")),
            None => log.write("the program continues without a terminal"),
        }
        Ok(Outcome { status, end, signal, lost_terminal })
    }
}

/// Waits a while for the program to end.
fn wait_for_end(child: &mut Child, signals: &mut Signals) -> io::Result<Option<ExitStatus>> {
    let until = Instant::now() + PATIENCE;
    loop {
        // After taking the signals: a SIGCHLD that arrives in between ends the wait below.
        signals.arrived();
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        let mut interest = Interest::default();
        interest.read(signals.as_fd());
        tty::wait(&interest, Some(left))?;
    }
}

fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// The end of standard input in a session without a terminal, passed on as end of file.
///
/// Every reader of a pipe sees its end; on a terminal, only the one that reads the EOF character. So it
/// is sent again once it has been read: immediately while the program reads lines. A program that reads
/// single keys and echoes them itself (a shell with a line editor, an editor) may give the character
/// another meaning: it is sent once each time the program enters that mode, then less and less often.
struct EndOfInput {
    due: Instant,
    /// True if the program was reading lines when it was last sent.
    told_in_lines: Option<bool>,
    pause: Duration,
}

impl EndOfInput {
    const SHORTEST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(60);

    fn new() -> EndOfInput {
        EndOfInput { due: Instant::now(), told_in_lines: None, pause: EndOfInput::SHORTEST }
    }

    /// The character to send now, if any. Sets when to call this next.
    fn next(&mut self, state: InputState) -> Option<u8> {
        const CTRL_D: u8 = 0x04;
        self.due = Instant::now() + EndOfInput::SHORTEST;
        if state.is_pending {
            return None;
        }
        if state.in_lines {
            self.told_in_lines = Some(true);
            return state.end_of_file;
        }
        if state.is_echoed {
            return None;
        }
        if self.told_in_lines.replace(false) != Some(false) {
            self.pause = EndOfInput::SHORTEST;
        }
        self.pause = (self.pause * 2).min(EndOfInput::LONGEST);
        self.due = Instant::now() + self.pause;
        Some(state.end_of_file.unwrap_or(CTRL_D))
    }
}

/// The session's clock. It stops while the recording is paused.
struct Clock {
    /// The start of the session, shifted by the pauses.
    start: Instant,
    paused_at: Option<Instant>,
}

impl Clock {
    fn start() -> Clock {
        Clock { start: Instant::now(), paused_at: None }
    }

    fn now(&self) -> Time {
        Time::from(self.paused_at.unwrap_or_else(Instant::now).saturating_duration_since(self.start))
    }

    fn is_paused(&self) -> bool {
        self.paused_at.is_some()
    }

    /// Pauses or resumes.
    fn toggle(&mut self) {
        match self.paused_at.take() {
            Some(paused_at) => self.start += paused_at.elapsed(),
            None => self.paused_at = Some(Instant::now()),
        }
    }
}

/// Panics during a session, to test that the terminal is restored. Not in release builds.
fn panic_if_asked() {
    #[cfg(debug_assertions)]
    if std::env::var_os("ASCIINEMA_TEST_PANIC").is_some() {
        panic!("asked to panic");
    }
}
