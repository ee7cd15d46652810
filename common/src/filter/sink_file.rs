//! Where a filter writes: standard output, or the file that `-o` names.
//!
//! A file is written beside its destination and renamed over it at the end, so that the destination
//! may be the input, is never seen half done, and stays as it was when anything fails.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::stream::Stream;

/// A sink that has to be finished to be there.
pub struct SinkFile {
    stream: Stream,
    replacement: Option<Replacement>,
}

/// A file that is to take the place of another.
struct Replacement {
    temporary: PathBuf,
    destination: PathBuf,
    /// The mode of the file that is replaced.
    permissions: Option<Permissions>,
}

impl SinkFile {
    /// Standard output.
    pub fn stdout() -> io::Result<SinkFile> {
        Ok(SinkFile { stream: Stream::stdout()?, replacement: None })
    }

    /// A file. One that is no regular file (a FIFO, a device) is written as it is, and a link's
    /// target is replaced rather than the link.
    pub fn create(path: &OsStr) -> io::Result<SinkFile> {
        let path = Path::new(path);
        let (destination, permissions) = match fs::metadata(path) {
            Ok(there) if there.is_file() => (path.canonicalize()?, Some(there.permissions())),
            Ok(_) => {
                let stream = Stream::from(OpenOptions::new().write(true).open(path)?);
                return Ok(SinkFile { stream, replacement: None });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => (path.to_path_buf(), None),
            Err(error) => return Err(error),
        };
        let mut name = OsString::from(".");
        name.push(destination.file_name().ok_or(io::ErrorKind::IsADirectory)?);
        name.push(format!(".{}.part", std::process::id()));
        let temporary = destination.with_file_name(name);
        let stream = Stream::from(File::create_new(&temporary)?);
        Ok(SinkFile { stream, replacement: Some(Replacement { temporary, destination, permissions }) })
    }

    /// Puts the file in its place. What is not finished is taken away again.
    pub fn finish(mut self) -> io::Result<()> {
        let Some(replacement) = self.replacement.take() else { return Ok(()) };
        replacement.put_in_place().inspect_err(|_| replacement.discard())
    }
}

impl Replacement {
    fn put_in_place(&self) -> io::Result<()> {
        if let Some(permissions) = &self.permissions {
            fs::set_permissions(&self.temporary, permissions.clone())?;
        }
        fs::rename(&self.temporary, &self.destination)
    }

    fn discard(&self) {
        // Best effort: the error that led here is the one to tell.
        let _ = fs::remove_file(&self.temporary);
    }
}

impl Write for SinkFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Drop for SinkFile {
    fn drop(&mut self) {
        if let Some(replacement) = &self.replacement {
            replacement.discard();
        }
    }
}
