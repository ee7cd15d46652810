//! The terminal that the user sits at.

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

/// A terminal, mostly the controlling one, opened anew and without blocking.
///
/// Opened anew, because O_NONBLOCK belongs to the open file: set on the descriptors that we were
/// started with it would be set for the shell, too, and stay set behind us.
#[derive(Debug)]
pub struct Terminal {
    file: File,
}

impl Terminal {
    /// Opens `/dev/tty`. Fails where there is no controlling terminal (cron, ssh without -t).
    pub fn open() -> io::Result<Terminal> {
        Terminal::open_path(Path::new("/dev/tty"))
    }

    /// Opens the terminal that a descriptor leads to. Fails where it leads to something else.
    pub fn behind(descriptor: BorrowedFd<'_>) -> io::Result<Terminal> {
        Terminal::open_path(&nix::unistd::ttyname(descriptor)?)
    }

    fn open_path(path: &Path) -> io::Result<Terminal> {
        let flags = libc::O_NOCTTY | libc::O_NONBLOCK;
        let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
        Ok(Terminal { file })
    }

    /// Whether this process is in the terminal's foreground, and so may change it without being
    /// stopped.
    pub fn is_foreground(&self) -> bool {
        nix::unistd::tcgetpgrp(&self.file).is_ok_and(|group| group == nix::unistd::getpgrp())
    }

    /// The window's size; `None` where the terminal does not know one (a serial line, some ptys).
    pub fn size(&self) -> Option<Size> {
        let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: the descriptor is open, and the call writes to nothing but the struct given.
        unsafe { get_window_size(self.file.as_raw_fd(), &mut size) }.ok()?;
        (size.ws_col > 0 && size.ws_row > 0).then_some(Size { cols: size.ws_col, rows: size.ws_row })
    }

    /// The terminal's settings as they are.
    pub fn settings(&self) -> io::Result<Termios> {
        Ok(termios::tcgetattr(&self.file)?)
    }

    /// Whether a program has put it into raw mode: what is written is not prepared for display.
    pub fn is_raw(&self) -> bool {
        self.settings().is_ok_and(|settings| !settings.output_flags.contains(termios::OutputFlags::OPOST))
    }

    /// Makes every key reach us at once and as it is, ctrl-c included, and leaves output as it is
    /// written, until the guard is dropped.
    pub fn raw_mode(&self) -> io::Result<RawMode> {
        let saved = self.settings()?;
        let mut raw = saved.clone();
        termios::cfmakeraw(&mut raw);
        RawMode::enter(&self.file, saved.into(), raw.into())
    }

    /// Raw mode in which the keys for signals still send them.
    pub fn silent_mode(&self) -> io::Result<RawMode> {
        let saved = libc::termios::from(self.settings()?);
        // In the plain struct: nix's is converted without the changes made to its public fields.
        let mut silent = saved;
        silent.c_lflag &= !(libc::ICANON | libc::ECHO);
        silent.c_oflag &= !libc::OPOST;
        silent.c_cc[libc::VMIN] = 1;
        silent.c_cc[libc::VTIME] = 0;
        RawMode::enter(&self.file, saved, silent)
    }

    /// Reads what has been typed; `WouldBlock` where that is nothing.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.file).read(buffer)
    }

    /// Waits until the terminal has answered everything that it has been asked, and throws the
    /// answers away: nobody is there any more who wants them, and a shell would take them for input.
    ///
    /// One more question tells when that is, because a terminal answers in order. A terminal that does
    /// not answer at all is waited for a moment only.
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

    /// Writes as much of the bytes as the terminal takes in a time.
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

    /// Writes as much as the terminal takes now; `WouldBlock` where that is nothing.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        (&self.file).write(bytes)
    }
}

impl AsFd for Terminal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Changed settings of a terminal. Dropping it restores the old ones; so does a panic, for which
/// dropping is not to be relied on (under `panic = "abort"` nothing is dropped).
pub struct RawMode {
    file: File,
    // The plain struct, which threads and the panic hook can share, unlike nix's.
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

    /// Changes the settings once more, after someone else has restored them: a shell does so for
    /// itself while we are stopped.
    pub fn apply(&self) -> io::Result<()> {
        set(&self.file, self.changed)
    }

    /// Restores the settings for a while; [`RawMode::apply`] ends it.
    pub fn suspend(&self) -> io::Result<()> {
        set(&self.file, self.saved)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // The terminal may be gone by now; there is nothing to restore then.
        let _ = self.suspend();
    }
}

/// Changes the settings at once: waiting until all output has been taken (TCSADRAIN) would wait for
/// ever on a terminal that takes none.
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
