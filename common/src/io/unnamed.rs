//! An unnamed file, for data that does not fit into memory or must be read twice.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The number of attempts to find a free name, for files that need one for a moment.
const TRIES: u32 = 100;

/// Creates an unnamed file in `$TMPDIR` (default: `/tmp`) for reading and writing. It disappears
/// when its last descriptor is closed, however the program ends, and no other process can open it.
///
/// # Errors
///
/// The directory is missing, full, or not writable; the message names it.
pub fn unnamed_file() -> io::Result<File> {
    let folder = std::env::temp_dir();
    unnamed_file_in(&folder).map_err(|error| {
        io::Error::new(error.kind(), format!("{}: {}", folder.display(), crate::cli::io_text(&error)))
    })
}

fn unnamed_file_in(folder: &Path) -> io::Result<File> {
    if let Some(file) = nameless(folder) {
        return Ok(file);
    }
    // Not every system and file system supports files that never had a name.
    for attempt in 0..TRIES {
        let path = folder.join(format!(".asciinema.{}.{attempt}", std::process::id()));
        match OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
            Ok(file) => {
                std::fs::remove_file(&path)?;
                return Ok(file);
            }
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(target_os = "linux")]
fn nameless(folder: &Path) -> Option<File> {
    use nix::libc::{O_EXCL, O_TMPFILE};

    // O_EXCL: the file cannot be linked later.
    let flags = O_TMPFILE | O_EXCL;
    OpenOptions::new().read(true).write(true).custom_flags(flags).mode(0o600).open(folder).ok()
}

#[cfg(not(target_os = "linux"))]
fn nameless(_: &Path) -> Option<File> {
    None
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, Write};

    use super::*;

    #[test]
    fn it_reads_back_what_was_written_and_leaves_no_name() {
        let folder = std::env::temp_dir().join(format!("asciinema-unnamed.{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let mut file = unnamed_file_in(&folder).unwrap();
        file.write_all(b"once").unwrap();
        file.rewind().unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        let names = std::fs::read_dir(&folder).unwrap().count();
        std::fs::remove_dir(&folder).unwrap();
        assert_eq!((text.as_str(), names), ("once", 0));
    }

    #[test]
    fn a_missing_directory_is_an_error() {
        assert!(unnamed_file_in(Path::new("/nonexistent")).is_err());
    }
}
