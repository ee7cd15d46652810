//! What has been read of the source, kept so that the player can go back in it.
//!
//! A file is left where it is. What comes from a pipe is read on all the time by a thread of its own,
//! so that whoever writes it never waits for a paused player, and kept in memory, beyond
//! [`MOST_IN_MEMORY`] in a file without a name.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use common::io::{Input, unnamed_file};

/// How much of a pipe is kept in memory, in bytes.
const MOST_IN_MEMORY: u64 = 64 << 20;

/// How much is kept in one piece, and read at once, in bytes.
const PIECE: usize = 1 << 20;

/// What is kept of a source.
#[derive(Debug)]
pub struct Store {
    state: Mutex<State>,
    /// Notified when there is more, or the end has come.
    grown: Condvar,
    wake: PipeReader,
}

#[derive(Debug)]
struct State {
    content: Content,
    /// How many bytes there are; `None` for a file, which ends where it ends.
    length: Option<u64>,
    /// Whether nothing more will come.
    is_complete: bool,
    /// Why reading the source failed.
    failure: Option<io::Error>,
    /// Whether the player waits to be woken.
    is_awaited: bool,
    waker: PipeWriter,
}

#[derive(Debug)]
enum Content {
    /// A file, and where in it the cast begins.
    File {
        file: File,
        start: u64,
    },
    Memory(Vec<Vec<u8>>),
}

impl Store {
    /// Keeps what a stream gives.
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
                    if let Err(error) = state.append(&buffer[..count]) {
                        break Some(error);
                    }
                    self.tell(state);
                }
                Err(error) => break Some(error),
            }
        };
        let mut state = self.lock();
        state.is_complete = true;
        state.failure = failure;
        self.tell(state);
    }

    fn tell(&self, mut state: MutexGuard<'_, State>) {
        self.grown.notify_all();
        if std::mem::take(&mut state.is_awaited) {
            // Fails only when the player is gone.
            let _ = state.waker.write_all(&[0]);
        }
    }

    /// Whether nothing more will come.
    pub fn is_complete(&self) -> bool {
        self.lock().is_complete
    }

    /// Whether reading from an offset on gives something at once, be it the end. Where not,
    /// [`Store::wake`] becomes readable when it does.
    pub fn has_more(&self, offset: u64) -> bool {
        let mut state = self.lock();
        let has_more = state.has_more(offset);
        state.is_awaited |= !has_more;
        has_more
    }

    /// What becomes readable when there is more.
    pub fn wake(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// Takes what [`Store::wake`] became readable with.
    pub fn take_wake(&self) {
        // It is readable, so this does not block; what it holds does not matter.
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
            // What was read before it failed comes first.
            return self.failure.take().map_or(Ok(0), Err);
        }
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

/// Reads what a store keeps, from an offset on. At what has not come yet it waits.
pub struct StoreReader {
    store: Arc<Store>,
    offset: u64,
}

impl StoreReader {
    pub fn new(store: &Arc<Store>, offset: u64) -> StoreReader {
        StoreReader { store: Arc::clone(store), offset }
    }

    /// Whether reading gives something at once.
    pub fn is_ready(&self) -> bool {
        self.store.has_more(self.offset)
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
