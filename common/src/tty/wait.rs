//! Waiting for several descriptors at once.
//!
//! By select and not by poll: on macOS neither poll nor kqueue works on `/dev/tty`.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use nix::sys::select::{FdSet, select};
use nix::sys::time::{TimeVal, TimeValLike};

/// What is waited for.
#[derive(Clone, Default)]
pub struct Interest<'a> {
    read: Vec<BorrowedFd<'a>>,
    write: Vec<BorrowedFd<'a>>,
}

impl<'a> Interest<'a> {
    /// Also waits until there is something to read, or the other side is closed.
    pub fn read(&mut self, descriptor: BorrowedFd<'a>) {
        self.read.push(descriptor);
    }

    /// Also waits until something can be written.
    pub fn write(&mut self, descriptor: BorrowedFd<'a>) {
        self.write.push(descriptor);
    }
}

/// The numbers of the descriptors that are ready; both empty where the time was up.
#[derive(Debug, Default)]
pub struct Ready {
    read: Vec<i32>,
    write: Vec<i32>,
}

impl Ready {
    /// Whether reading from the descriptor does not block.
    pub fn to_read(&self, descriptor: BorrowedFd<'_>) -> bool {
        self.read.contains(&descriptor.as_raw_fd())
    }

    /// Whether writing to the descriptor does not block.
    pub fn to_write(&self, descriptor: BorrowedFd<'_>) -> bool {
        self.write.contains(&descriptor.as_raw_fd())
    }

    /// Whether nothing is ready: the time was up.
    pub fn is_empty(&self) -> bool {
        self.read.is_empty() && self.write.is_empty()
    }
}

/// Waits until at least one descriptor is ready or the time is up; without a time-out for ever. A
/// signal handler that ran meanwhile has made its own descriptor ready.
///
/// # Errors
///
/// What select reports, and a descriptor with a number that is too large for it.
pub fn wait(interest: &Interest<'_>, timeout: Option<Duration>) -> io::Result<Ready> {
    let highest = interest.read.iter().chain(&interest.write).map(AsRawFd::as_raw_fd).max();
    let nfds = highest.map_or(0, |number| number + 1);
    loop {
        let mut read = set_of(&interest.read)?;
        let mut write = set_of(&interest.write)?;
        // Rounded up, because a time-out cut to zero would make the caller spin.
        let mut timeout = timeout.map(|timeout| {
            let micros = timeout.as_nanos().div_ceil(1000);
            TimeVal::microseconds(i64::try_from(micros).unwrap_or(i64::MAX / 2))
        });
        match select(nfds, &mut read, &mut write, None, &mut timeout) {
            Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => {
                // Asked of each: going through the set means looking at a thousand numbers.
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
