//! The user's terminal.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::libc;
use nix::sys::termios::{self, SetArg, Termios};

use super::wait::{Interest, wait};
use crate::size::Size;

nix::ioctl_read_bad!(get_window_size, libc::TIOCGWINSZ, libc::winsize);

/// A terminal, usually the controlling one, with a non-blocking descriptor of its own.
///
/// O_NONBLOCK belongs to the open file: set on an inherited descriptor, it would affect the shell too,
/// even after this process has ended.
#[derive(Debug)]
pub struct Terminal {
    file: File,
}

impl Terminal {
    /// Opens `/dev/tty`. Fails without a controlling terminal (cron, ssh without -t).
    pub fn open() -> io::Result<Terminal> {
        Terminal::open_path(Path::new("/dev/tty"))
    }

    /// Opens the terminal behind a descriptor. Fails if it is something else.
    pub fn behind(descriptor: BorrowedFd<'_>) -> io::Result<Terminal> {
        Terminal::open_path(&nix::unistd::ttyname(descriptor)?)
    }

    fn open_path(path: &Path) -> io::Result<Terminal> {
        let flags = libc::O_NOCTTY | libc::O_NONBLOCK;
        let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
        Ok(Terminal { file })
    }

    /// Returns whether this process is in the foreground, so that it can change the terminal
    /// without being stopped.
    pub fn is_foreground(&self) -> bool {
        nix::unistd::tcgetpgrp(&self.file).is_ok_and(|group| group == nix::unistd::getpgrp())
    }

    /// The window size; `None` if the terminal has none (serial lines, some ptys).
    pub fn size(&self) -> Option<Size> {
        let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: the descriptor is open, and the call only writes to the given struct.
        unsafe { get_window_size(self.file.as_raw_fd(), &mut size) }.ok()?;
        (size.ws_col > 0 && size.ws_row > 0).then_some(Size { cols: size.ws_col, rows: size.ws_row })
    }

    /// The current settings.
    pub fn settings(&self) -> io::Result<Termios> {
        Ok(termios::tcgetattr(&self.file)?)
    }

    /// Returns whether a program has put it into raw mode, in which output is not processed.
    pub fn is_raw(&self) -> bool {
        self.settings().is_ok_and(|settings| !settings.output_flags.contains(termios::OutputFlags::OPOST))
    }

    /// Enters raw mode until the guard is dropped: every key arrives at once and unchanged, ctrl-c
    /// included, and output is not changed.
    pub fn raw_mode(&self) -> io::Result<RawMode> {
        let saved = self.settings()?;
        let mut raw = saved.clone();
        termios::cfmakeraw(&mut raw);
        RawMode::enter(&self.file, saved.into(), raw.into())
    }

    /// Enters raw mode in which ctrl-c and ctrl-z still send signals.
    pub fn silent_mode(&self) -> io::Result<RawMode> {
        let saved = libc::termios::from(self.settings()?);
        // Changed in libc's struct, because the conversion from nix's ignores its public fields.
        let mut silent = saved;
        silent.c_lflag &= !(libc::ICANON | libc::ECHO);
        silent.c_oflag &= !libc::OPOST;
        silent.c_cc[libc::VMIN] = 1;
        silent.c_cc[libc::VTIME] = 0;
        RawMode::enter(&self.file, saved, silent)
    }

    /// Reads input; `WouldBlock` if there is none.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.file).read(buffer)
    }

    /// Waits until the terminal has replied to all queries and discards the replies, which the
    /// shell would otherwise read as input.
    ///
    /// Terminals reply in order, so one more query shows when all replies have arrived. The wait
    /// for a terminal that does not reply is short.
    pub fn swallow_replies(&self) {
        const QUESTION: &[u8] = b"\x1b[5n";
        const ANSWER: &[u8] = b"\x1b[0n";
        const PATIENCE: Duration = Duration::from_millis(500);
        if self.write(QUESTION).is_err() {
            return;
        }
        let until = Instant::now() + PATIENCE;
        let mut answers = Vec::new();
        let mut buffer = [0; 1024];
        while !answers.windows(ANSWER.len()).any(|window| window == ANSWER) {
            let mut interest = Interest::default();
            interest.read(self.as_fd());
            match wait(&interest, Some(until.saturating_duration_since(Instant::now()))) {
                Ok(ready) if !ready.is_empty() => {}
                _ => return,
            }
            match self.read(&mut buffer) {
                Ok(count @ 1..) => answers.extend_from_slice(&buffer[..count]),
                _ => return,
            }
        }
    }

    /// Writes as much as the terminal takes within `patience`.
    pub fn write_within(&self, bytes: &[u8], patience: Duration) -> io::Result<()> {
        let until = Instant::now() + patience;
        let mut rest = bytes;
        while !rest.is_empty() {
            let mut interest = Interest::default();
            interest.write(self.as_fd());
            if wait(&interest, Some(until.saturating_duration_since(Instant::now())))?.is_empty() {
                return Ok(());
            }
            match self.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes as much as the terminal takes now; `WouldBlock` if it takes nothing.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        (&self.file).write(bytes)
    }
}

impl AsFd for Terminal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// A guard for changed terminal settings. Dropping it restores the old ones; so does a panic hook,
/// because nothing is dropped with `panic = "abort"`.
pub struct RawMode {
    file: File,
    // libc's struct can be shared with threads and the panic hook, unlike nix's.
    saved: libc::termios,
    changed: libc::termios,
}

impl RawMode {
    fn enter(terminal: &File, saved: libc::termios, changed: libc::termios) -> io::Result<RawMode> {
        let mode = RawMode { file: terminal.try_clone()?, saved, changed };
        restore_on_panic(mode.file.try_clone()?, mode.saved);
        mode.apply()?;
        Ok(mode)
    }

    /// Applies the changed settings again, after [`RawMode::suspend`] or after a shell has used the terminal.
    pub fn apply(&self) -> io::Result<()> {
        set(&self.file, self.changed)
    }

    /// Restores the old settings until [`RawMode::apply`].
    pub fn suspend(&self) -> io::Result<()> {
        set(&self.file, self.saved)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // If the terminal is gone there is nothing to restore.
        let _ = self.suspend();
    }
}

/// Changes the settings at once. TCSADRAIN would wait forever on a stalled terminal.
fn set(terminal: &File, settings: libc::termios) -> io::Result<()> {
    let settings = Termios::from(settings);
    loop {
        match termios::tcsetattr(terminal, SetArg::TCSANOW, &settings) {
            Err(nix::Error::EINTR) => {}
            result => return Ok(result?),
        }
    }
}

fn restore_on_panic(terminal: File, saved: libc::termios) {
    let default_hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let _ = set(&terminal, saved);
        default_hook(panic);
    }));
}
