//! The data read from the source, kept so that the player can jump back.
//!
//! A file is read in place. A pipe is read continuously by a thread of its own, so that its writer
//! never waits for a paused player, and kept in memory, or beyond [`MOST_IN_MEMORY`] in an unnamed
//! file.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use common::io::{Input, unnamed_file};

/// The maximum amount of data from a pipe that is kept in memory, in bytes.
const MOST_IN_MEMORY: u64 = 64 << 20;

/// The size of a piece of kept data and of a read, in bytes.
const PIECE: usize = 1 << 20;

/// The kept data of a source.
#[derive(Debug)]
pub struct Store {
    state: Mutex<State>,
    /// Notified when more data or the end has arrived.
    grown: Condvar,
    wake: PipeReader,
    /// True for a growing file, which its exit event ends.
    pub is_followed: bool,
}

#[derive(Debug)]
struct State {
    content: Content,
    /// The number of bytes so far; `None` for a file, whose end is found by reading.
    length: Option<u64>,
    /// True if no more data will arrive.
    is_complete: bool,
    /// The error of reading the source, if any.
    failure: Option<io::Error>,
    /// True while the player waits to be woken.
    is_awaited: bool,
    waker: PipeWriter,
}

#[derive(Debug)]
enum Content {
    /// A file, and the offset of the cast in it.
    File {
        file: File,
        start: u64,
    },
    Memory(Vec<Vec<u8>>),
}

impl Store {
    /// Keeps the data of a stream.
    pub fn new(stream: Input) -> io::Result<Arc<Store>> {
        let file = stream.seekable();
        let is_file = file.is_some();
        let (wake, waker) = io::pipe()?;
        let content = match file {
            Some(mut file) => Content::File { start: file.stream_position()?, file },
            None => Content::Memory(Vec::new()),
        };
        let store = Arc::new(Store {
            state: Mutex::new(State {
                content,
                length: (!is_file).then_some(0),
                is_complete: is_file,
                failure: None,
                is_awaited: false,
                waker,
            }),
            grown: Condvar::new(),
            wake,
            is_followed: stream.is_followed(),
        });
        if !is_file {
            let store = Arc::clone(&store);
            thread::Builder::new().name("source".to_string()).spawn(move || store.keep(stream))?;
        }
        Ok(store)
    }

    /// Reads the source to its end.
    fn keep(&self, mut stream: Input) {
        let mut buffer = vec![0; PIECE];
        let failure = loop {
            match stream.read(&mut buffer) {
                Ok(0) => break None,
                Ok(count) => {
                    let mut state = self.lock();
                    if state.is_complete {
                        return;
                    }
                    if let Err(error) = state.append(&buffer[..count]) {
                        break Some(error);
                    }
                    self.tell(state);
                }
                Err(error) => break Some(error),
            }
        };
        let mut state = self.lock();
        if !state.is_complete {
            state.is_complete = true;
            state.failure = failure;
            self.tell(state);
        }
    }

    /// Ends the data at an offset. Anything written after it is not part of the cast.
    pub fn end_at(&self, offset: u64) {
        let mut state = self.lock();
        (state.is_complete, state.length) = (true, Some(offset));
        self.tell(state);
    }

    fn tell(&self, mut state: MutexGuard<'_, State>) {
        self.grown.notify_all();
        if std::mem::take(&mut state.is_awaited) {
            // Fails only if the player is gone.
            let _ = state.waker.write_all(&[0]);
        }
    }

    /// Returns whether no more data will arrive.
    pub fn is_complete(&self) -> bool {
        self.lock().is_complete
    }

    /// Returns whether a read from an offset returns immediately, if only with the end. If not,
    /// [`Store::wake`] becomes readable once it does.
    pub fn has_more(&self, offset: u64) -> bool {
        let mut state = self.lock();
        let has_more = state.has_more(offset);
        state.is_awaited |= !has_more;
        has_more
    }

    /// Readable when more data has arrived.
    pub fn wake(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// Consumes the bytes in [`Store::wake`].
    pub fn take_wake(&self) {
        // It is readable, so this does not block; the bytes have no meaning.
        let _ = (&self.wake).read(&mut [0; 64]);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_more(&self, offset: u64) -> bool {
        self.is_complete || self.length.is_none_or(|length| length > offset)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = self.length.unwrap_or_default();
        if let Content::Memory(pieces) = &self.content
            && length + bytes.len() as u64 > MOST_IN_MEMORY
        {
            let mut file = unnamed_file()?;
            for piece in pieces {
                file.write_all(piece)?;
            }
            self.content = Content::File { file, start: 0 };
        }
        match &mut self.content {
            Content::File { file, .. } => file.write_all_at(bytes, length)?,
            Content::Memory(pieces) => {
                let mut rest = bytes;
                while !rest.is_empty() {
                    if pieces.last().is_none_or(|piece| piece.len() == PIECE) {
                        pieces.push(Vec::new());
                    }
                    let Some(piece) = pieces.last_mut() else { break };
                    let (front, back) = rest.split_at(rest.len().min(PIECE - piece.len()));
                    piece.extend_from_slice(front);
                    rest = back;
                }
            }
        }
        self.length = Some(length + bytes.len() as u64);
        Ok(())
    }

    fn read_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if let Some(length) = self.length
            && offset >= length
        {
            // The data read before the error comes first.
            return self.failure.as_ref().map_or(Ok(0), |error| Err(copy(error)));
        }
        let left = self.length.map_or(u64::MAX, |length| length - offset);
        let room = buffer.len().min(left.try_into().unwrap_or(usize::MAX));
        let buffer = &mut buffer[..room];
        match &self.content {
            Content::File { file, start } => file.read_at(buffer, start + offset),
            Content::Memory(pieces) => {
                let piece = pieces.get((offset / PIECE as u64) as usize);
                let rest = piece.and_then(|piece| piece.get((offset % PIECE as u64) as usize..));
                let rest = rest.unwrap_or_default();
                let count = rest.len().min(buffer.len());
                buffer[..count].copy_from_slice(&rest[..count]);
                Ok(count)
            }
        }
    }
}

/// Duplicates an error, which every reader of the store gets.
fn copy(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

/// Reads the data of a store from an offset on, waiting for data that has not arrived yet.
pub struct StoreReader {
    store: Arc<Store>,
    offset: u64,
}

impl StoreReader {
    pub fn new(store: &Arc<Store>, offset: u64) -> StoreReader {
        StoreReader { store: Arc::clone(store), offset }
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Returns whether a read returns immediately; see [`Store::has_more`].
    pub fn is_ready(&self) -> bool {
        self.store.has_more(self.offset)
    }

    /// Returns whether all data that has arrived has been read, so that a read waits for more.
    pub fn is_at_front(&self) -> bool {
        !self.store.lock().has_more(self.offset)
    }
}

impl Read for StoreReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.store.lock();
        while !state.has_more(self.offset) {
            state = self.store.grown.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let count = state.read_at(buffer, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}
