//! The log file (`--log-file`): what the recorder did and when, for debugging.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use common::date;

/// A log shared by the parts of the recorder.
#[derive(Clone, Default)]
pub struct Log {
    /// `None` without `--log-file`.
    file: Option<Arc<File>>,
}

impl Log {
    /// Opens a log that appends to a file.
    pub fn open(path: &OsStr) -> io::Result<Log> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        Ok(Log { file: Some(Arc::new(file)) })
    }

    /// Appends a line.
    pub fn write(&self, line: &str) {
        let Some(file) = &self.file else { return };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let date = i64::try_from(now.as_secs()).ok().and_then(date::utc).unwrap_or_default();
        let process = std::process::id();
        // One write, so that lines of several recorders do not mix. A failure must not affect the
        // recording.
        let _ = (&**file).write_all(format!("{date} [{process}] {line}\n").as_bytes());
    }
}
