//! Waiting for several descriptors at once.
//!
//! Uses select because neither poll nor kqueue works on `/dev/tty` on macOS.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::thread;
use std::time::Duration;

use nix::sys::select::{FdSet, select};
use nix::sys::time::{TimeVal, TimeValLike};

/// The descriptors to wait for.
#[derive(Clone, Default)]
pub struct Interest<'a> {
    read: Vec<BorrowedFd<'a>>,
    write: Vec<BorrowedFd<'a>>,
}

impl<'a> Interest<'a> {
    /// Waits until the descriptor is readable or at its end.
    pub fn read(&mut self, descriptor: BorrowedFd<'a>) {
        self.read.push(descriptor);
    }

    /// Waits until the descriptor is writable.
    pub fn write(&mut self, descriptor: BorrowedFd<'a>) {
        self.write.push(descriptor);
    }
}

/// The descriptors that are ready; none after a timeout.
#[derive(Debug, Default)]
pub struct Ready {
    read: Vec<i32>,
    write: Vec<i32>,
}

impl Ready {
    /// Returns whether reading from the descriptor does not block.
    pub fn to_read(&self, descriptor: BorrowedFd<'_>) -> bool {
        self.read.contains(&descriptor.as_raw_fd())
    }

    /// Returns whether writing to the descriptor does not block.
    pub fn to_write(&self, descriptor: BorrowedFd<'_>) -> bool {
        self.write.contains(&descriptor.as_raw_fd())
    }

    /// Returns whether nothing is ready: the wait timed out.
    pub fn is_empty(&self) -> bool {
        self.read.is_empty() && self.write.is_empty()
    }
}

/// Waits until at least one descriptor is ready or the timeout has passed. EINTR is retried: caught
/// signals make a descriptor of their own readable.
///
/// # Errors
///
/// Errors of select, and descriptors with numbers too large for it.
pub fn wait(interest: &Interest<'_>, timeout: Option<Duration>) -> io::Result<Ready> {
    let highest = interest.read.iter().chain(&interest.write).map(AsRawFd::as_raw_fd).max();
    let nfds = highest.map_or(0, |number| number + 1);
    loop {
        let mut read = set_of(&interest.read)?;
        let mut write = set_of(&interest.write)?;
        // Rounded up: a timeout of zero would make the caller spin.
        let mut timeout = timeout.map(|timeout| {
            let micros = timeout.as_nanos().div_ceil(1000);
            TimeVal::microseconds(i64::try_from(micros).unwrap_or(i64::MAX / 2))
        });
        match select(nfds, &mut read, &mut write, None, &mut timeout) {
            Err(nix::Error::EINTR) => {}
            // The kernel is temporarily short of memory. Giving up would end a session.
            Err(nix::Error::ENOMEM | nix::Error::EAGAIN) => thread::sleep(Duration::from_millis(10)),
            Err(error) => return Err(error.into()),
            Ok(_) => {
                // Each one is tested: iterating over the set would test a thousand numbers.
                let numbers = |set: &FdSet<'_>, descriptors: &[BorrowedFd<'_>]| {
                    let ready = descriptors.iter().filter(|descriptor| set.contains(**descriptor));
                    ready.map(AsRawFd::as_raw_fd).collect()
                };
                return Ok(Ready {
                    read: numbers(&read, &interest.read),
                    write: numbers(&write, &interest.write),
                });
            }
        }
    }
}

fn set_of<'a>(descriptors: &[BorrowedFd<'a>]) -> io::Result<FdSet<'a>> {
    let mut set = FdSet::new();
    for descriptor in descriptors {
        if descriptor.as_raw_fd() as usize >= nix::sys::select::FD_SETSIZE {
            return Err(io::Error::other("too many open files to wait for"));
        }
        set.insert(*descriptor);
    }
    Ok(set)
}
