//! A pseudo-terminal with a program in it.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::libc;
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::termios::Termios;

use super::signals::is_ignored;
use crate::size::Size;

nix::ioctl_write_ptr_bad!(set_window_size, libc::TIOCSWINSZ, Winsize);
nix::ioctl_write_int_bad!(set_controlling_terminal, libc::TIOCSCTTY);

/// Our side of a pseudo-terminal, non-blocking.
#[derive(Debug)]
pub struct Pty {
    master: OwnedFd,
}

impl Pty {
    /// Starts a program in a new pseudo-terminal of this size: in a session and a process group of
    /// its own, whose controlling terminal it is. The settings are those of the terminal given, so
    /// that erase keys and flow control are the user's.
    pub fn spawn(mut command: Command, size: Size, settings: Option<&Termios>) -> io::Result<(Pty, Child)> {
        let ends = openpty(&winsize(size), settings)?;
        let pty = Pty { master: ends.master };
        fcntl(&pty.master, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        fcntl(&pty.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        fcntl(&ends.slave, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        command.stdin(ends.slave.try_clone()?).stdout(ends.slave.try_clone()?).stderr(ends.slave);
        // SAFETY: between fork and exec only async-signal-safe functions may be called; these are
        // setsid, ioctl and sigaction, and an error is made of an errno without allocating.
        unsafe { command.pre_exec(enter_session) };
        let child = command.spawn()?;
        // Dropping the command closes our copies of the slave: from now on the master ends when the
        // program's side does.
        drop(command);
        Ok((pty, child))
    }

    /// Gives the pseudo-terminal another size; its foreground group gets SIGWINCH.
    pub fn resize(&self, size: Size) -> io::Result<()> {
        // SAFETY: the descriptor is open, and the call reads nothing but the struct given.
        unsafe { set_window_size(self.master.as_raw_fd(), &winsize(size)) }?;
        Ok(())
    }

    /// Reads what the program has written; `WouldBlock` where that is nothing, 0 once its side is
    /// closed (which Linux reports as EIO).
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match nix::unistd::read(&self.master, buffer) {
            Err(nix::Error::EIO) => Ok(0),
            result => Ok(result?),
        }
    }

    /// Writes as much as the program's side takes now; `WouldBlock` where that is nothing.
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

/// What the forked child does before it becomes the program.
fn enter_session() -> io::Result<()> {
    nix::unistd::setsid()?;
    // SAFETY: descriptor 0 is the slave by now; the call passes an integer and no pointer.
    unsafe { set_controlling_terminal(0, 0) }?;
    // A handler of ours is not to run in here before exec takes it away. What is ignored stays so (the
    // standard library has given SIGPIPE back), but for SIGCHLD, without which no shell works.
    for number in Signal::iterator().filter(|&number| number == Signal::SIGCHLD || !is_ignored(number)) {
        // SAFETY: the default action runs no code of ours. Fails for SIGKILL and SIGSTOP, which have it.
        let _ = unsafe { signal(number, SigHandler::SigDfl) };
    }
    Ok(())
}
