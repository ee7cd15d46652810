//! The cast that is played, read ahead by a thread of its own, so that the player can wait for keys
//! and for the next event of a live recording at once.

use std::fs::{self, File};
use std::io::{self, PipeReader, PipeWriter, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;
use std::vec;

use common::cast::{self, Code, Event, Fault, Header, Reader, Time};
use common::io::Stream;

/// How many events are handed over together at most, and about how many bytes. Each time the reader is
/// woken, so one by one that would take more time than playing them.
const BATCH: usize = 64;
const BATCH_BYTES: usize = 32 << 10;

/// What the player gets, in order.
pub enum Item {
    Header(Box<Header>),
    Event(Played),
    /// The end of the cast, and whether it was a good one.
    End(Result<(), cast::Error>),
}

/// An event to be played.
pub struct Played {
    pub time: Time,
    pub code: Code,
    /// Its line as it stands.
    pub line: Vec<u8>,
    /// The text that its data stands for.
    pub text: Vec<u8>,
}

/// A cast being read.
pub struct Source {
    batches: Receiver<Vec<Item>>,
    /// What is left of the batch that came last.
    items: vec::IntoIter<Item>,
    /// Set while the player waits for an item, so that only then a byte is written for it.
    is_waiting: Arc<AtomicBool>,
    wake: PipeReader,
}

impl Source {
    fn start(stream: impl Read + Send + 'static) -> io::Result<Source> {
        let (sender, batches) = sync_channel(1);
        let (wake, wake_writer) = io::pipe()?;
        let is_waiting = Arc::new(AtomicBool::new(false));
        let feeder = Feeder {
            batches: sender,
            items: Vec::new(),
            bytes: 0,
            is_waiting: Arc::clone(&is_waiting),
            wake: wake_writer,
        };
        thread::Builder::new().name("reader".to_string()).spawn(move || feeder.read(stream))?;
        Ok(Source { batches, items: Vec::new().into_iter(), is_waiting, wake })
    }

    /// The next item if it is there; `None` where [`Source::wake`] becomes readable when it is.
    pub fn next(&mut self) -> Option<Item> {
        if let Some(item) = self.items.next() {
            return Some(item);
        }
        self.items = match self.batches.try_recv() {
            Ok(batch) => batch.into_iter(),
            Err(TryRecvError::Disconnected) => return Some(Item::End(Ok(()))),
            Err(TryRecvError::Empty) => {
                self.is_waiting.store(true, Ordering::SeqCst);
                // Looked at once more: what came in between has not been told.
                let batch = self.batches.try_recv().ok()?;
                self.is_waiting.store(false, Ordering::SeqCst);
                batch.into_iter()
            }
        };
        self.items.next()
    }

    /// What becomes readable when the next item is there.
    pub fn wake(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// Takes what [`Source::wake`] became readable with.
    pub fn take_wake(&self) {
        // It is readable, so this does not block; what it holds does not matter.
        let _ = (&self.wake).read(&mut [0; 64]);
    }
}

/// Sends what is read to the player.
struct Feeder {
    batches: SyncSender<Vec<Item>>,
    /// The next batch.
    items: Vec<Item>,
    /// How many bytes it holds.
    bytes: usize,
    is_waiting: Arc<AtomicBool>,
    wake: PipeWriter,
}

/// The player has ended and takes no more items.
struct Gone;

impl Feeder {
    /// Reads a cast to its end, or until the player has ended, which is its right.
    fn read(mut self, stream: impl Read) {
        let mut reader = Reader::new(stream);
        loop {
            let (outcome, is_batch_done) = match reader.next() {
                Ok(Some(cast::Item::Header(header))) => {
                    self.items.push(Item::Header(Box::new(header)));
                    (Ok(()), false)
                }
                Ok(Some(cast::Item::Event(event))) => {
                    let outcome = self.add(&event);
                    (outcome.map_err(|fault| reader.fault(fault)), self.is_full())
                }
                Ok(Some(cast::Item::Ignored(_))) => (Ok(()), false),
                Ok(Some(cast::Item::End)) => {
                    self.items.push(Item::End(Ok(())));
                    let _ = self.send();
                    return;
                }
                // What one read has brought is sent: more may be long in coming.
                Ok(None) if !self.items.is_empty() => (Ok(()), true),
                Ok(None) => (reader.fill(), false),
                Err(error) => (Err(error), false),
            };
            if let Err(error) = outcome {
                self.items.push(Item::End(Err(error)));
                let _ = self.send();
                return;
            }
            if is_batch_done && self.send().is_err() {
                return;
            }
        }
    }

    fn send(&mut self) -> Result<(), Gone> {
        self.bytes = 0;
        self.batches.send(std::mem::take(&mut self.items)).map_err(|_| Gone)?;
        if self.is_waiting.swap(false, Ordering::SeqCst) {
            // Fails only when the player is gone.
            let _ = self.wake.write_all(&[0]);
        }
        Ok(())
    }

    /// Adds an event to the batch.
    fn add(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        let mut text = Vec::new();
        event.decode_text(&mut text)?;
        let line = event.line.to_vec();
        self.bytes += line.len() + text.len();
        self.items.push(Item::Event(Played { time: event.time, code: event.code, line, text }));
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.items.len() >= BATCH || self.bytes >= BATCH_BYTES
    }
}

/// A source that can be started again from its beginning, if that is wanted.
pub struct Replay {
    next: Option<Box<dyn Read + Send>>,
    again: Option<File>,
}

impl Replay {
    /// A pipe can be read only once: what comes from it is copied to a temporary file on the way.
    pub fn new(stream: Stream, is_repeated: bool) -> io::Result<Replay> {
        if !is_repeated {
            return Ok(Replay { next: Some(Box::new(stream)), again: None });
        }
        let mut file = File::from(stream.as_fd().try_clone_to_owned()?);
        if file.stream_position().is_ok() {
            return Ok(Replay { next: Some(Box::new(stream)), again: Some(file) });
        }
        let copy = temporary_file()?;
        let tee = Tee { source: stream, copy: copy.try_clone()? };
        Ok(Replay { next: Some(Box::new(tee)), again: Some(copy) })
    }

    /// Starts to read, the first time or once more.
    pub fn start(&mut self) -> io::Result<Source> {
        if let Some(stream) = self.next.take() {
            return Source::start(stream);
        }
        let Some(file) = &mut self.again else { return Source::start(io::empty()) };
        file.seek(SeekFrom::Start(0))?;
        Source::start(file.try_clone()?)
    }
}

/// Copies what is read from it.
struct Tee {
    source: Stream,
    copy: File,
}

impl Read for Tee {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.copy.write_all(&buffer[..count])?;
        Ok(count)
    }
}

/// A file that has no name any more and is gone with its last descriptor.
fn temporary_file() -> io::Result<File> {
    let path = std::env::temp_dir().join(format!("asciinema-play.{}", std::process::id()));
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}
