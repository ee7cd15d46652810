//! A live cast from its beginning: kept in a file without a name as it comes in.

use std::fs::File;
use std::io::{self, Read, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::io::unnamed_file;
use memchr::memrchr;

use crate::server::History;

/// A source of which everything that is read is kept.
pub struct Kept {
    source: Box<dyn Read + Send>,
    /// None after a write that failed: what has been kept stays.
    file: Option<File>,
    written: u64,
    /// The length of the lines that are complete, in bytes.
    length: Arc<AtomicU64>,
}

impl Kept {
    /// Keeps what will be read from a source.
    ///
    /// # Errors
    ///
    /// There can be no file.
    pub fn new(source: Box<dyn Read + Send>) -> io::Result<Kept> {
        let file = unnamed_file()?;
        Ok(Kept { source, file: Some(file), written: 0, length: Arc::default() })
    }

    /// What is kept, for others to read.
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
