//! A pseudo-terminal with a program running in it.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::libc;
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::termios::{LocalFlags, SpecialCharacterIndices, Termios, tcgetattr};

use super::signals::is_ignored;
use super::wait::{Interest, wait};
use crate::size::Size;

nix::ioctl_write_ptr_bad!(set_window_size, libc::TIOCSWINSZ, Winsize);
nix::ioctl_write_int_bad!(set_controlling_terminal, libc::TIOCSCTTY);

/// The master side of a pseudo-terminal, non-blocking.
#[derive(Debug)]
pub struct Pty {
    master: OwnedFd,
    /// The path of the slave side.
    slave: PathBuf,
}

/// The way a program reads its terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputState {
    /// True if it reads lines (canonical mode) rather than single keys.
    pub in_lines: bool,
    /// True if the terminal echoes input.
    pub is_echoed: bool,
    /// The end-of-file character (VEOF), if there is one.
    pub end_of_file: Option<u8>,
    /// True if there is input that the program has not read yet.
    pub is_pending: bool,
}

impl Pty {
    /// Starts a program in a new pseudo-terminal of this size, in a session of its own with the
    /// pseudo-terminal as its controlling terminal. `settings` are those of the user's terminal, so
    /// that erase keys and flow control are the same.
    pub fn spawn(mut command: Command, size: Size, settings: Option<&Termios>) -> io::Result<(Pty, Child)> {
        let ends = openpty(&winsize(size), settings)?;
        let pty = Pty { master: ends.master, slave: nix::unistd::ttyname(&ends.slave)? };
        fcntl(&pty.master, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        fcntl(&pty.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        fcntl(&ends.slave, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        command.stdin(ends.slave.try_clone()?).stdout(ends.slave.try_clone()?).stderr(ends.slave);
        // SAFETY: only async-signal-safe functions may be called between fork and exec; these are
        // setsid, ioctl and sigaction, and the error is made from an errno without allocating.
        unsafe { command.pre_exec(enter_session) };
        let child = command.spawn()?;
        // This closes our copies of the slave, so that the master sees the end when the program closes
        // its own.
        drop(command);
        Ok((pty, child))
    }

    /// Sets the size; the foreground process group gets SIGWINCH.
    pub fn resize(&self, size: Size) -> io::Result<()> {
        // SAFETY: the descriptor is open, and the call only reads the given struct.
        unsafe { set_window_size(self.master.as_raw_fd(), &winsize(size)) }?;
        Ok(())
    }

    /// Reads output of the program. `WouldBlock` if there is none; 0 once the slave is closed (Linux
    /// reports that as EIO).
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match nix::unistd::read(&self.master, buffer) {
            Err(nix::Error::EIO) => Ok(0),
            result => Ok(result?),
        }
    }

    /// The way the program reads its terminal now.
    ///
    /// This opens the slave for a moment: only there is unread input visible.
    pub fn input_state(&self) -> io::Result<InputState> {
        let flags = libc::O_NOCTTY | libc::O_NONBLOCK | libc::O_CLOEXEC;
        let slave = OpenOptions::new().read(true).custom_flags(flags).open(&self.slave)?;
        let settings = tcgetattr(&slave)?;
        let mut interest = Interest::default();
        interest.read(slave.as_fd());
        let character = settings.control_chars[SpecialCharacterIndices::VEOF as usize];
        Ok(InputState {
            in_lines: settings.local_flags.contains(LocalFlags::ICANON),
            is_echoed: settings.local_flags.contains(LocalFlags::ECHO),
            end_of_file: (character != libc::_POSIX_VDISABLE).then_some(character),
            is_pending: wait(&interest, Some(Duration::ZERO))?.to_read(slave.as_fd()),
        })
    }

    /// Writes as much input as the terminal accepts; `WouldBlock` if it accepts none.
    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(nix::unistd::write(&self.master, bytes)?)
    }
}

impl AsFd for Pty {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.master.as_fd()
    }
}

fn winsize(size: Size) -> Winsize {
    Winsize { ws_row: size.rows, ws_col: size.cols, ws_xpixel: 0, ws_ypixel: 0 }
}

/// Runs in the forked child before exec.
fn enter_session() -> io::Result<()> {
    nix::unistd::setsid()?;
    // SAFETY: descriptor 0 is the slave at this point; the call passes an integer and no pointer.
    unsafe { set_controlling_terminal(0, 0) }?;
    // Our handlers must not run here before exec removes them. Ignored signals stay ignored, except
    // SIGCHLD, without which shells do not work; the standard library has reset SIGPIPE.
    for number in Signal::iterator().filter(|&number| number == Signal::SIGCHLD || !is_ignored(number)) {
        // SAFETY: the default action runs no code of ours. Fails for SIGKILL and SIGSTOP, which have it.
        let _ = unsafe { signal(number, SigHandler::SigDfl) };
    }
    Ok(())
}
