//! The log of a recorder (`--log-file`): what it did and when, for those who wonder about a recording.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use common::date;

/// A log that several parts of the recorder write to.
#[derive(Clone, Default)]
pub struct Log {
    /// None where no log is wanted.
    file: Option<Arc<File>>,
}

impl Log {
    /// A log at the end of this file.
    pub fn open(path: &OsStr) -> io::Result<Log> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        Ok(Log { file: Some(Arc::new(file)) })
    }

    /// Adds a line.
    pub fn write(&self, line: &str) {
        let Some(file) = &self.file else { return };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let date = i64::try_from(now.as_secs()).ok().and_then(date::utc).unwrap_or_default();
        let process = std::process::id();
        // In one piece, so that the lines of several recorders do not mix. That it cannot be written
        // must not matter to the recording.
        let _ = (&**file).write_all(format!("{date} [{process}] {line}\n").as_bytes());
    }
}
