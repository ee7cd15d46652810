//! The session: a program in a pseudo-terminal, between it and the user's terminal a loop that
//! copies both ways and notes what goes by.
//!
//! One thread, one select over the pseudo-terminal, the terminal, a piped standard input and the
//! signals. What the program writes goes to the terminal first and then to the recording. While the
//! terminal or the recording does not take more, the program is not read, but what the user types
//! goes in all the same: ctrl-c works under a flood, and memory stays bounded.

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

/// How much is read at once, in bytes: several times what a pseudo-terminal gives at once.
const READ: usize = 16 << 10;

/// How often the program is read at most before keys and signals get their turn.
const READS: usize = 16;

/// How much typed input waits for the program at most, plus one read's.
const TYPED: usize = 64 << 10;

/// How long the program's side of the pseudo-terminal must have had nothing to read after the
/// program's end until nothing of what it wrote can be left in it. Only waited for when someone else
/// holds it open.
const SILENCE: Duration = Duration::from_millis(50);

/// How much is read at most after the program's end, in bytes: well over what a kernel holds back,
/// so that a program left in the background, however much it writes, does not hold the session.
const REMAINS: usize = 1 << 20;

/// How long a program that has been told to end, or has closed its terminal, is waited for; and a
/// terminal that takes no output once the session has been told to end.
const PATIENCE: Duration = Duration::from_secs(1);

/// What ctrl-c sends in raw mode.
const CTRL_C: u8 = 0x03;

/// The window size that the recorded program sees: the terminal's, or what the options say.
#[derive(Clone, Copy, Debug)]
pub struct WindowSize {
    pub cols: Option<u16>,
    pub rows: Option<u16>,
}

impl WindowSize {
    /// The size in this terminal; in none, 80x24 unless told.
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
    /// Starts the program, in a terminal of this size that is set as the user's is.
    ///
    /// # Errors
    ///
    /// The program cannot be run; its name is part of the error.
    pub fn start(command: Command, size: Size, terminal: Option<&Terminal>) -> io::Result<Program> {
        let settings = terminal.and_then(|terminal| terminal.settings().ok());
        let name = command.get_program().to_string_lossy().into_owned();
        let (pty, child) = Pty::spawn(command, size, settings.as_ref())
            .map_err(|error| io::Error::other(format!("{}: {}", visible(&name), io_text(&error))))?;
        Ok(Program { pty, child })
    }
}

/// What a session is made of.
pub struct Session {
    pub program: Program,
    /// The user's terminal; without one the session is headless.
    pub terminal: Option<Terminal>,
    pub window: WindowSize,
    pub size: Size,
    pub keys: Keys,
    pub records_input: bool,
    /// Whether the terminal is asked about itself.
    pub asks_terminal: bool,
    pub notifier: Notifier,
    pub log: Log,
}

impl Session {
    /// Runs the session to its end. The recording begins with `front`, and with what the terminal says
    /// of itself.
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
            running.begin_recording()?;
        }
        let copied = running.copy();
        // Not yet done where the session was over first.
        running.begin_recording()?;
        copied?;
        running.end()
    }
}

/// How a session ended.
pub struct Outcome {
    /// How the program ended, where that could be learnt.
    pub status: Option<ExitStatus>,
    /// How long the session took.
    pub end: Time,
    /// The signal that ended the session, if one did.
    pub signal: Option<Signal>,
    /// Whether the terminal was gone before the end.
    pub lost_terminal: bool,
}

/// How far the session has come.
enum Phase {
    /// The program runs.
    Running,
    /// The program has ended or been given up; what it has written is read to its end.
    Draining {
        status: Option<ExitStatus>,
        /// How much has been read since, in bytes.
        read: usize,
        /// Since when there has been nothing to read, each time that was asked.
        silent_since: Option<Instant>,
    },
    /// All that it has written has been read. Its side of the pseudo-terminal is closed, or silent.
    Closed(Option<ExitStatus>),
}

struct Running<'a> {
    pty: Pty,
    child: Child,
    signals: &'a mut Signals,
    /// The first of them that was to end the session.
    ended_by: Option<Signal>,
    terminal: Option<Terminal>,
    /// Whether there was one that is gone.
    lost_terminal: bool,
    raw_mode: Option<RawMode>,
    /// A standard input that is no terminal, until its end.
    stdin: Option<Stream>,
    /// Once that has ended and there is no terminal: what the program is told of it.
    end_of_input: Option<EndOfInput>,
    recording: &'a mut Recording,
    window: WindowSize,
    size: Size,
    /// The size that the recording has last been told.
    recorded_size: Size,
    keys: KeyReader,
    replies: ReplyFilter,
    records_input: bool,
    notifier: Notifier,
    log: Log,
    clock: Clock,
    phase: Phase,
    /// Where the session has been told to end: how long the program is waited for, and a terminal
    /// that takes no output.
    deadline: Option<Instant>,
    /// Whether output still goes to the terminal; not once it has been waited for long enough.
    shows_output: bool,
    /// What the terminal has not taken yet. While there is anything, the program is not read.
    to_terminal: Vec<u8>,
    /// While the terminal has not answered all that it has been asked about itself.
    inquiry: Option<Inquiry>,
    /// What the recording begins with, until it has begun.
    front: Option<Front<'a>>,
    /// What the program has not taken yet.
    to_program: Vec<u8>,
    buffer: Vec<u8>,
}

impl Running<'_> {
    /// Copies both ways until all that the program has written is recorded and shown.
    fn copy(&mut self) -> io::Result<()> {
        while !self.is_over() {
            let is_running = matches!(self.phase, Phase::Running);
            // What a program leaves behind fits, so that the user need not wait for the recording.
            let is_full = is_running && self.recording.is_full();
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
                // After the program's end keys are the shell's, but for one that ends the waiting.
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

            let ready = tty::wait(&interest, self.timeout(reads_program))?;
            self.look_at_inquiry()?;
            if self.recording.until_due().is_some_and(|left| left.is_zero()) {
                self.recording.wake_writer()?;
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
            if self.until_end_of_input().is_some_and(|left| left.is_zero()) {
                self.tell_end_of_input();
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

    /// Whether answers are on their way that a shell would take for input.
    fn awaits_answers(&self) -> bool {
        let has_time = self.inquiry.as_ref().is_some_and(|inquiry| !inquiry.until_end().is_zero());
        has_time && self.terminal.is_some()
    }

    /// How long to wait for something to happen; for ever while the program runs.
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

    /// Begins the recording once the terminal has answered, or has had its time to; and passes on what
    /// looked like the beginning of an answer.
    fn look_at_inquiry(&mut self) -> io::Result<()> {
        if let Some(inquiry) = &mut self.inquiry
            && inquiry.until_release().is_some_and(|left| left.is_zero())
        {
            let mut typed = Vec::new();
            inquiry.release(&mut typed);
            self.take_keys(&typed);
        }
        let is_due = self.inquiry.as_ref().is_none_or(|inquiry| inquiry.until_header().is_zero());
        if is_due {
            self.begin_recording()?;
        }
        if self.inquiry.as_ref().is_some_and(Inquiry::is_done) {
            self.inquiry = None;
        }
        Ok(())
    }

    /// Begins the recording with what is known of the terminal, if it has not begun yet.
    fn begin_recording(&mut self) -> io::Result<()> {
        let Some(front) = self.front.take() else { return Ok(()) };
        let appearance = self.inquiry.as_ref().map(Inquiry::appearance).unwrap_or_default();
        let name = appearance.version.as_deref().unwrap_or("that has no name");
        let theme = if appearance.theme.is_some() { "with" } else { "without" };
        if self.inquiry.is_some() {
            self.log.write(&format!("a terminal {}, {theme} a theme", visible(name)));
        }
        self.recording.begin(front.text(&appearance))
    }

    /// How long until the program is to be told that its input has ended, if it has.
    fn until_end_of_input(&self) -> Option<Duration> {
        let is_wanted = matches!(self.phase, Phase::Running) && self.to_program.is_empty();
        let due = self.end_of_input.as_ref().filter(|_| is_wanted)?.due;
        Some(due.saturating_duration_since(Instant::now()))
    }

    /// The program was looked at, and there was nothing to read. Nothing of what it wrote is left once
    /// that has been so for a while; that a wait was over for another reason says nothing.
    fn note_silence(&mut self) {
        if let Phase::Draining { status, silent_since, .. } = &mut self.phase
            && silent_since.get_or_insert_with(Instant::now).elapsed() >= SILENCE
        {
            self.phase = Phase::Closed(*status);
        }
    }

    /// Nothing more is to come from the program.
    fn close(&mut self) {
        self.phase = match self.phase {
            Phase::Draining { status, .. } | Phase::Closed(status) => Phase::Closed(status),
            Phase::Running => Phase::Closed(None),
        };
    }

    /// Waits neither for the program nor for the terminal any more. What has been written is still
    /// recorded.
    fn stop_waiting(&mut self) {
        self.log.write("nothing is waited for any more");
        self.deadline = None;
        self.shows_output = false;
        self.inquiry = None;
        self.to_terminal.clear();
        if let Phase::Running = self.phase {
            self.phase = Phase::Draining { status: None, read: 0, silent_since: None };
        }
    }

    /// The program has written something, or closed its side. What it writes meanwhile is read on
    /// the same occasion: a flood then needs far fewer calls of select.
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

    /// Reads the program once. False where nothing was there, or nothing more is to be read.
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

    /// The program takes what has been typed.
    fn write_program(&mut self) {
        match self.pty.write(&self.to_program) {
            Ok(taken) => drop(self.to_program.drain(..taken)),
            Err(error) if is_temporary(&error) => {}
            // Its side is closed; reading tells so, too.
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

    /// Does what has been typed.
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

    /// Tells the user something that is not to be seen in the terminal.
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
            // Its end is not the session's. Where there is a keyboard, more may be typed.
            _ => {
                self.stdin = None;
                if self.terminal.is_none() && !self.lost_terminal {
                    self.end_of_input = Some(EndOfInput::new());
                }
            }
        }
    }

    /// Passes the end of input on to the program, if it is to be told so now.
    fn tell_end_of_input(&mut self) {
        let Some(end_of_input) = &mut self.end_of_input else { return };
        // Fails where the program's side is closed for good.
        let Ok(state) = self.pty.input_state() else { return self.end_of_input = None };
        if let Some(character) = end_of_input.next(state) {
            self.to_program.push(character);
            self.write_program();
        }
    }

    /// The terminal is gone: its window was closed, its connection cut.
    fn lose_terminal(&mut self) {
        self.log.write("the terminal is gone");
        self.terminal = None;
        self.lost_terminal = true;
        self.raw_mode = None;
        self.to_terminal.clear();
        // Whoever had us ignore the hangup wants the session to go on (nohup).
        if !tty::is_ignored(Signal::SIGHUP) {
            self.tell_to_end();
        }
    }

    /// Tells the program to end, as the terminal would when it hangs up.
    fn tell_to_end(&mut self) {
        if self.deadline.is_some() {
            return;
        }
        self.deadline = Some(Instant::now() + PATIENCE);
        if let (Phase::Running, Ok(group)) = (&self.phase, i32::try_from(self.child.id())) {
            // It may have ended by itself in the meantime. SIGCONT, because a stopped program would
            // take notice of SIGHUP only when someone continues it.
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
                        // Fails only when the terminal is gone, which reading it will tell.
                        let _ = raw_mode.suspend();
                    }
                    tty::stop_here();
                    self.come_back();
                }
                Signal::SIGCONT => self.come_back(),
                signal => {
                    self.log.write(&format!("{signal}: the session is to end"));
                    self.ended_by.get_or_insert(signal);
                    self.tell_to_end();
                }
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
        // Fails only when the pseudo-terminal is closed, and then its size matters to nobody.
        let _ = self.pty.resize(size);
        self.record_size();
    }

    /// Records the size where the recording does not know it: not during a pause, but after it.
    fn record_size(&mut self) {
        if !self.clock.is_paused() && self.size != self.recorded_size {
            self.recorded_size = self.size;
            self.recording.push(self.clock.now(), Code::Resize, self.size.to_string().as_bytes());
        }
    }

    /// Gives the terminal back and learns how the program ended.
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
            // The program has closed its terminal, most likely by ending. If it lives on without one,
            // closing ours sends it the hangup that it asked for.
            status = wait_for_end(&mut child, signals)?;
            drop(pty);
            if status.is_none() {
                status = wait_for_end(&mut child, signals)?;
            }
        }
        match status {
            Some(ended) => log.write(&format!("the program has ended: {ended}")),
            None => log.write("the program goes on without a terminal"),
        }
        Ok(Outcome { status, end, signal, lost_terminal })
    }
}

/// Waits for the program's end for as long as patience lasts.
fn wait_for_end(child: &mut Child, signals: &mut Signals) -> io::Result<Option<ExitStatus>> {
    let until = Instant::now() + PATIENCE;
    loop {
        // Looked at after the signals are taken: one that comes in between is waited for below.
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

/// The end of a standard input that was all the input there is, as the program is told of it.
///
/// A pipe at its end says so to every reader, a terminal to the one that reads the character for it.
/// So that character is typed again when it has been read: at once where lines are read, which is all
/// that `cat` or a script wants. A program that takes each key and shows it itself (a shell with a line
/// editor, an editor) might take it for something else, so it is typed once for each time that the
/// program begins to do so, and after that ever more rarely.
struct EndOfInput {
    due: Instant,
    /// Whether the program read in lines when it was told last.
    told_in_lines: Option<bool>,
    pause: Duration,
}

impl EndOfInput {
    const SHORTEST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(60);

    fn new() -> EndOfInput {
        EndOfInput { due: Instant::now(), told_in_lines: None, pause: EndOfInput::SHORTEST }
    }

    /// What is to be typed now, if anything, and when to ask again.
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

/// The session's time. It stands still while the recording is paused.
struct Clock {
    /// When time would have begun, had there been no pauses.
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

    /// Pauses, or goes on.
    fn toggle(&mut self) {
        match self.paused_at.take() {
            Some(paused_at) => self.start += paused_at.elapsed(),
            None => self.paused_at = Some(Instant::now()),
        }
    }
}

/// Panics in the middle of a session, for the test that the terminal survives it. Not in releases.
fn panic_if_asked() {
    #[cfg(debug_assertions)]
    if std::env::var_os("ASCIINEMA_TEST_PANIC").is_some() {
        panic!("asked to panic");
    }
}
