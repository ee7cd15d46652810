//! A live cast from its start: stored in an unnamed file as it is received.

use std::fs::File;
use std::io::{self, Read, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::io::unnamed_file;
use memchr::memrchr;

use crate::server::History;

/// A source whose data is stored as it is read.
pub struct Kept {
    source: Box<dyn Read + Send>,
    /// `None` after a failed write; the data so far stays.
    file: Option<File>,
    written: u64,
    /// The length of the complete lines, in bytes.
    length: Arc<AtomicU64>,
}

impl Kept {
    /// Stores the data read from a source.
    ///
    /// # Errors
    ///
    /// The file cannot be created.
    pub fn new(source: Box<dyn Read + Send>) -> io::Result<Kept> {
        let file = unnamed_file()?;
        Ok(Kept { source, file: Some(file), written: 0, length: Arc::default() })
    }

    /// The stored data, for other readers.
    pub fn history(&self) -> io::Result<History> {
        let file = self.file.as_ref().ok_or(io::ErrorKind::NotFound)?.try_clone()?;
        Ok(History { file: Rc::new(file), length: Arc::clone(&self.length) })
    }
}

impl Read for Kept {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        let bytes = &buffer[..count];
        self.file.take_if(|file| file.write_all(bytes).is_err());
        if self.file.is_some() {
            if let Some(at) = memrchr(b'\n', bytes) {
                self.length.store(self.written + at as u64 + 1, Ordering::Release);
            }
            self.written += count as u64;
        }
        Ok(count)
    }
}
