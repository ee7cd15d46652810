//! Copies the cast from the recorder to the programs that show it: each receives all of it, and one
//! that has exited is skipped.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::process::ChildStdin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// The time between two reads at the end of a growing file.
const LOOK: Duration = Duration::from_millis(20);

/// A file that the recorder is writing, read to its end once the recorder has exited.
pub struct Recorded {
    path: OsString,
    /// `None` until the recorder has created it.
    file: Option<File>,
    has_ended: Arc<AtomicBool>,
}

impl Recorded {
    pub fn new(path: OsString, has_ended: Arc<AtomicBool>) -> Recorded {
        Recorded { path, file: None, has_ended }
    }
}

impl Read for Recorded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // Tested before reading: everything written before the end is then read.
            let is_last = self.has_ended.load(Ordering::Acquire);
            if self.file.is_none() {
                self.file = File::open(&self.path).ok();
            }
            let count = self.file.as_mut().map_or(Ok(0), |file| file.read(buffer))?;
            if count > 0 || is_last {
                return Ok(count);
            }
            thread::sleep(LOOK);
        }
    }
}

/// Copies a cast to all sinks and to a file, to its end.
///
/// # Errors
///
/// The file could not be written completely. The sinks receive everything regardless.
pub fn feed(mut source: impl Read, mut sinks: Vec<ChildStdin>, mut file: Option<File>) -> io::Result<()> {
    let mut buffer = vec![0; 64 << 10];
    let mut outcome = Ok(());
    loop {
        let count = match source.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // A source that cannot be read has ended.
            Ok(0) | Err(_) => return outcome,
            Ok(count) => count,
        };
        if let Some(target) = &mut file
            && let Err(error) = target.write_all(&buffer[..count])
        {
            (file, outcome) = (None, Err(error));
        }
        sinks.retain_mut(|sink| sink.write_all(&buffer[..count]).is_ok());
    }
}
