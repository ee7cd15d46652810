//! A descriptor that casts are read from or written to: a file, a pipe, a terminal.
//!
//! Here, once, is what every reader and writer of descriptors has to cope with: a call that a signal
//! interrupts, a write that takes only a part, and a descriptor that another process has made
//! non-blocking (the flag belongs to the open file, not to us). Callers see plain blocking I/O.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// A descriptor of our own, read and written without a buffer.
#[derive(Debug)]
pub struct Stream(File);

impl Stream {
    /// Standard input, through a descriptor of our own.
    pub fn stdin() -> io::Result<Stream> {
        Stream::duplicate(io::stdin().as_fd())
    }

    /// Standard output, through a descriptor of our own: the standard library's would look for line
    /// ends and keep what follows the last one.
    pub fn stdout() -> io::Result<Stream> {
        Stream::duplicate(io::stdout().as_fd())
    }

    /// The same open file through another descriptor.
    pub fn duplicate(descriptor: BorrowedFd<'_>) -> io::Result<Stream> {
        Ok(Stream(File::from(descriptor.try_clone_to_owned()?)))
    }
}

impl From<File> for Stream {
    fn from(file: File) -> Stream {
        Stream(file)
    }
}

impl From<Stream> for File {
    fn from(stream: Stream) -> File {
        stream.0
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) => wait_or_fail(error, self.0.as_fd(), PollFlags::POLLIN)?,
                count => return count,
            }
        }
    }
}

impl Write for Stream {
    /// Writes all of the bytes, or fails.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.0.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => rest = &rest[count..],
                Err(error) => wait_or_fail(error, self.0.as_fd(), PollFlags::POLLOUT)?,
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns once it makes sense to try the call again, or else its error.
fn wait_or_fail(error: io::Error, descriptor: BorrowedFd<'_>, events: PollFlags) -> io::Result<()> {
    match error.kind() {
        ErrorKind::Interrupted => Ok(()),
        ErrorKind::WouldBlock => match poll(&mut [PollFd::new(descriptor, events)], PollTimeout::NONE) {
            Ok(_) | Err(nix::Error::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        },
        _ => Err(error),
    }
}
