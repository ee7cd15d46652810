//! Reading a file while another program writes it, as `tail -f` does.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use crate::tty::{self, Interest, Signal, Signals};

/// The time between two reads at the end of the file.
const PACE: Duration = Duration::from_millis(50);

/// A growing file. It ends when SIGINT, SIGTERM or SIGHUP arrives.
pub struct Follow {
    file: File,
    path: PathBuf,
    /// The number of bytes read.
    position: u64,
    signals: Signals,
    was_interrupted: bool,
}

impl Follow {
    /// Opens a file, and catches the signals that end the wait from then on.
    ///
    /// # Errors
    ///
    /// The file cannot be opened.
    pub fn open(path: &OsStr) -> io::Result<Follow> {
        let file = File::open(path)?;
        let signals = Signals::catch(&[Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP])?;
        Ok(Follow { file, path: PathBuf::from(path), position: 0, signals, was_interrupted: false })
    }

    /// Returns whether a signal has ended the wait.
    pub fn was_interrupted(&self) -> bool {
        self.was_interrupted
    }

    /// Waits a moment; an error if no more data can come.
    fn wait(&mut self) -> io::Result<()> {
        let own = self.file.metadata()?;
        if own.len() < self.position {
            return Err(io::Error::other("the file has become shorter"));
        }
        let is_same = |there: Metadata| (there.dev(), there.ino()) == (own.dev(), own.ino());
        if !fs::metadata(&self.path).is_ok_and(is_same) {
            return Err(io::Error::other("the file has been removed or replaced"));
        }
        let mut interest = Interest::default();
        interest.read(self.signals.as_fd());
        tty::wait(&interest, Some(PACE))?;
        self.was_interrupted = !self.signals.arrived().is_empty();
        Ok(())
    }
}

impl AsFd for Follow {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Read for Follow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = match self.file.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                count => count?,
            };
            self.position += count as u64;
            if count > 0 || self.was_interrupted {
                return Ok(count);
            }
            self.wait()?;
        }
    }
}
