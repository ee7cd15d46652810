//! Waiting for keys, signals, the source, the terminal and the time, whichever comes first.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use common::tty::{self, Interest, Signal};

use super::{Awaited, Display, Ending, PATIENCE, Player, Recording};
use crate::keys::CTRL_C;

/// How often keys are read while events are overdue and there is no wait.
const KEYS_EVERY: Duration = Duration::from_millis(20);

/// How long Escape may turn out to be the start of a sequence.
const ESCAPE_TIME: Duration = Duration::from_millis(30);

impl Player {
    /// Writes the data held by the sink. Keys and signals are handled meanwhile: a stalled output
    /// must not keep the player from ending.
    pub(super) fn write(&mut self) -> Result<(), Ending> {
        if self.sink.has_output() && self.sink.never_blocks() {
            self.sink.write().map_err(Ending::BadSink)?;
        }
        while self.sink.has_output() {
            self.wait(None, Awaited::Output)?;
            self.stop_if_interrupted()?;
        }
        Ok(())
    }

    pub(super) fn look_for_keys(&mut self) -> Result<(), Ending> {
        self.wait(Some(Duration::ZERO), Awaited::Nothing)
    }

    /// Reads keys, if that has not happened for a while for lack of a wait.
    pub(super) fn glance_at_keys(&mut self) -> Result<(), Ending> {
        if self.looked_for_keys.elapsed() >= KEYS_EVERY { self.look_for_keys() } else { Ok(()) }
    }

    /// Waits at most this long, or until the terminal must be drawn.
    pub(super) fn wait_for_something(
        &mut self,
        awaited: Awaited,
        timeout: Option<Duration>,
    ) -> Result<(), Ending> {
        let timeout = [timeout, self.time_to_refresh()].into_iter().flatten().min();
        self.wait(timeout, awaited)
    }

    /// Waits for keys, signals, the time and the awaited event, whichever comes first, and handles
    /// what has arrived.
    pub(super) fn wait(&mut self, timeout: Option<Duration>, awaited: Awaited) -> Result<(), Ending> {
        let is_undecided = self.decoder.is_pending();
        let timeout = match is_undecided {
            true => Some(timeout.map_or(ESCAPE_TIME, |timeout| timeout.min(ESCAPE_TIME))),
            false => timeout,
        };
        let mut interest = Interest::default();
        interest.read(self.signals.as_fd());
        match (awaited, &self.recording) {
            (Awaited::Input, Recording::Kept(store)) => interest.read(store.wake()),
            (Awaited::Input, Recording::Once(_)) => {
                if let Some(stream) = self.cursor.stream() {
                    interest.read(stream.as_fd());
                }
            }
            (Awaited::Output, _) => interest.write(self.sink.as_fd()),
            (Awaited::Nothing, _) => {}
        }
        if let Some(terminal) = &self.terminal {
            interest.read(terminal.as_fd());
        }
        let ready = tty::wait(&interest, timeout).map_err(Ending::BadSink)?;
        self.looked_for_keys = Instant::now();
        match (awaited, &self.recording) {
            (Awaited::Input, Recording::Kept(store)) if ready.to_read(store.wake()) => store.take_wake(),
            (Awaited::Output, _) if ready.to_write(self.sink.as_fd()) => {
                self.sink.write().map_err(Ending::BadSink)?;
            }
            _ => {}
        }
        if self.terminal.as_ref().is_some_and(|terminal| ready.to_read(terminal.as_fd())) {
            self.read_keys();
        } else if is_undecided && ready.is_empty() {
            let mut keys = Vec::new();
            self.decoder.flush(&mut keys);
            self.typed.extend(keys);
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
            // The terminal is gone. The output may go elsewhere and continues.
            _ => {
                self.raw_mode = None;
                self.terminal = None;
                return;
            }
        };
        let mut keys = Vec::new();
        self.decoder.push(&buffer[..count], &mut keys);
        self.typed.extend(keys);
        // Anything typed before ctrl-c is dropped.
        if self.typed.contains(&CTRL_C) {
            self.typed = VecDeque::from([CTRL_C]);
        }
    }

    fn take_signals(&mut self) -> Result<(), Ending> {
        for signal in self.signals.arrived() {
            match signal {
                Signal::SIGINT => return Err(Ending::Interrupted),
                Signal::SIGTSTP => self.stop()?,
                // `stop` has done everything already.
                Signal::SIGCONT if mem::take(&mut self.has_come_back) => {}
                Signal::SIGCONT => {
                    self.stand_still_after_stop();
                    self.come_back()?;
                }
                Signal::SIGWINCH => self.is_resized = true,
                signal => return Err(Ending::Killed(signal)),
            }
        }
        Ok(())
    }

    /// Stops, and resumes when continued. The shell gets the terminal restored.
    fn stop(&mut self) -> Result<(), Ending> {
        if self.view.is_some() {
            self.show_recording_alone();
            self.sink.reset(PATIENCE);
        }
        if let Some(raw_mode) = &self.raw_mode {
            raw_mode.suspend().map_err(Ending::BadSink)?;
        }
        let since = Instant::now();
        tty::stop_here();
        self.clock.stand_still(since.elapsed());
        self.has_come_back = true;
        self.come_back()
    }

    /// Subtracts the time of an uncaught stop (SIGSTOP). Its length is visible only in the lateness
    /// of the next event, which is played immediately.
    fn stand_still_after_stop(&mut self) {
        if let Some(overdue) = self.cursor.next_time().and_then(|next| self.clock.overdue(next)) {
            self.clock.stand_still(overdue);
        }
    }

    /// Continues after a stop, in which the shell used the terminal.
    fn come_back(&mut self) -> Result<(), Ending> {
        if let Some(raw_mode) = &self.raw_mode {
            // Fails only if the terminal is gone, which reading it will show.
            let _ = raw_mode.apply();
        }
        let Some(view) = &mut self.view else { return Ok(()) };
        (view.display, view.is_ours) = (Display::Unknown, false);
        self.show_state()
    }
}
