//! A descriptor to read casts from or to write them to: a file, a pipe, a terminal.
//!
//! It handles what every reader and writer of descriptors must handle: interrupted calls, short
//! writes, and a descriptor that another process has made non-blocking (the flag belongs to the
//! open file, not to the process). Callers see plain blocking I/O.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// An unbuffered descriptor owned by this process.
#[derive(Debug)]
pub struct Stream(File);

impl Stream {
    /// Standard input, on a duplicated descriptor.
    pub fn stdin() -> io::Result<Stream> {
        Stream::duplicate(io::stdin().as_fd())
    }

    /// Standard output, on a duplicated descriptor: the standard library's is line-buffered.
    pub fn stdout() -> io::Result<Stream> {
        Stream::duplicate(io::stdout().as_fd())
    }

    /// Another descriptor for the same open file.
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
        write_all(&mut self.0, bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes all of the bytes to a descriptor.
pub fn write_all(sink: &mut (impl Write + AsFd), bytes: &[u8]) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        match sink.write(rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => rest = &rest[count..],
            Err(error) => wait_or_fail(error, sink.as_fd(), PollFlags::POLLOUT)?,
        }
    }
    Ok(())
}

/// Returns when the call can be retried, or else returns its error.
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
