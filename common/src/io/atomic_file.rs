//! The output of a filter: standard output, or the file named by `-o`.
//!
//! A file is written next to its destination and renamed over it at the end, so that the
//! destination may be the input, is never seen incomplete, and is unchanged after a failure. If the
//! system supports it, the file has no name until then, and leaves nothing behind if the program is
//! killed.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{fsync, linkat};

use crate::cli::{self, Failure};
use crate::io::Stream;

/// An output that takes effect only when it is finished.
pub struct AtomicFile {
    stream: Stream,
    replacement: Option<Replacement>,
}

/// A file that will replace another.
struct Replacement {
    /// Its name before the rename.
    temporary: PathBuf,
    /// True once it has that name.
    is_named: bool,
    destination: PathBuf,
    /// The mode of the file to be replaced.
    permissions: Option<Permissions>,
}

impl AtomicFile {
    /// Opens the file named by `-o`, or standard output for `-` and for no name. Returns it with
    /// its name for messages.
    pub fn open(path: Option<&OsStr>) -> cli::Result<(AtomicFile, String)> {
        let name = path.filter(|path| *path != "-").map(cli::source_name);
        let (file, name) = match (path, name) {
            (Some(path), Some(name)) => (AtomicFile::create(path), name),
            _ => (AtomicFile::stdout(), "stdout".to_string()),
        };
        Ok((file.map_err(|error| Failure::io(&name, &error))?, name))
    }

    /// Standard output.
    pub fn stdout() -> io::Result<AtomicFile> {
        Ok(AtomicFile { stream: Stream::stdout()?, replacement: None })
    }

    /// Opens a file. A FIFO or a device is written directly; for a symbolic link, its target is
    /// replaced.
    pub fn create(path: &OsStr) -> io::Result<AtomicFile> {
        let path = Path::new(path);
        let (destination, permissions) = match fs::metadata(path) {
            Ok(there) if there.is_file() => (path.canonicalize()?, Some(there.permissions())),
            Ok(_) => {
                let stream = Stream::from(OpenOptions::new().write(true).open(path)?);
                return Ok(AtomicFile { stream, replacement: None });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => (path.to_path_buf(), None),
            Err(error) => return Err(error),
        };
        let mut name = OsString::from(".");
        name.push(destination.file_name().ok_or(io::ErrorKind::IsADirectory)?);
        name.push(format!(".{}.part", std::process::id()));
        let temporary = destination.with_file_name(name);
        let nameless = nameless_file_beside(&temporary);
        let is_named = nameless.is_none();
        let file = nameless.map_or_else(|| File::create_new(&temporary), Ok)?;
        let replacement = Replacement { temporary, is_named, destination, permissions };
        Ok(AtomicFile { stream: Stream::from(file), replacement: Some(replacement) })
    }

    /// Moves the file into place. Without this call it is removed.
    pub fn finish(mut self) -> io::Result<()> {
        let Some(mut replacement) = self.replacement.take() else { return Ok(()) };
        replacement.put_in_place(&self.stream).inspect_err(|_| replacement.discard())
    }
}

/// An unnamed file in the same directory, which disappears with its last descriptor unless it is
/// linked. `None` if the system or the file system does not support them, or offers no way to link
/// one.
#[cfg(target_os = "linux")]
fn nameless_file_beside(path: &Path) -> Option<File> {
    use nix::libc;
    use std::os::unix::fs::OpenOptionsExt;

    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = OpenOptions::new().write(true).custom_flags(libc::O_TMPFILE).open(folder).ok()?;
    descriptor_path(&file).exists().then_some(file)
}

/// Only Linux has them.
#[cfg(not(target_os = "linux"))]
fn nameless_file_beside(_: &Path) -> Option<File> {
    None
}

/// A path to an open file that may have no other name.
fn descriptor_path(file: &impl AsFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_fd().as_raw_fd()))
}

/// Syncs a file to disk.
fn sync(file: &impl AsFd) -> io::Result<()> {
    loop {
        match fsync(file) {
            Err(Errno::EINTR) => {}
            // The file system does not support this.
            Err(Errno::EINVAL | Errno::EOPNOTSUPP) => return Ok(()),
            synced => return Ok(synced?),
        }
    }
}

impl Replacement {
    fn put_in_place(&mut self, file: &impl AsFd) -> io::Result<()> {
        // After a power failure, the name could refer to a file whose data never reached the disk.
        sync(file)?;
        if !self.is_named {
            let followed = AtFlags::AT_SYMLINK_FOLLOW;
            linkat(AT_FDCWD, &descriptor_path(file), AT_FDCWD, &self.temporary, followed)?;
            self.is_named = true;
        }
        if let Some(permissions) = &self.permissions {
            fs::set_permissions(&self.temporary, permissions.clone())?;
        }
        fs::rename(&self.temporary, &self.destination)
    }

    fn discard(&self) {
        if self.is_named {
            // Best effort: the error that led here is the one to report.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Some(replacement) = &self.replacement {
            replacement.discard();
        }
    }
}
