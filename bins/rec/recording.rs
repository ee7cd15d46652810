//! The recording: events are queued by the session, and encoded and written by a thread.
//!
//! The queue is bounded. The session adds events and never waits for the disk; the writer takes all of
//! them, encodes and writes them. Under load the writer polls the queue every few milliseconds. When
//! idle it is woken, but only after that interval, so that waking it does not compete with the echo
//! of a key. When the queue is full, the session stops reading the program until there is room.
//!
//! The header may wait for the terminal's replies; events are queued meanwhile. The thread is started
//! by the first event: a program that ends at once is recorded without one.

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use common::cast::{Code, Time};
use common::cli::io_text;
use common::formats::LiveEncoder;
use common::io::Stream;
use common::notifier::Notifier;
use common::tty::{self, Interest, Signal, Signals};

use crate::log::Log;
use crate::target::Opened;

/// The size of the queue in bytes; the last read may exceed it.
const BATCH: usize = 512 << 10;

/// How many encoded bytes are collected for one write.
const WRITE: usize = 128 << 10;

/// How long an event waits for others before the writer takes them. Waking the writer for each read of
/// a flood would cost more than everything else.
const PACE: Duration = Duration::from_millis(5);

/// How long the reader of the recording may stall at the end before the user is told.
const PATIENCE: Duration = Duration::from_secs(1);

/// A recording in progress.
pub struct Recording {
    shared: Arc<Shared>,
    /// The writer, until its thread is started.
    writer: Option<Writer>,
    /// True if [`Recording::begin`] was called. Until then events are only queued.
    is_begun: bool,
    /// True if a write may block: the output is a pipe or a terminal.
    may_block: bool,
    thread: Option<JoinHandle<io::Result<()>>>,
    /// Receives a byte when there is room again; closed when the writer's thread ends.
    room: PipeReader,
    /// When the first event was queued that the writer must be woken for.
    unnoticed_since: Option<Instant>,
    /// True if the thread could not be started when it was last tried.
    lacks_thread: bool,
}

struct Shared {
    state: Mutex<State>,
    /// Tells the writer to look at the state.
    woken: Condvar,
}

#[derive(Default)]
struct State {
    batch: Batch,
    /// The queue was empty; the writer sleeps until it is woken.
    writer_sleeps: bool,
    /// The queue was full; the session waits for room.
    waits_for_room: bool,
    is_finished: bool,
}

/// Queued events, with their data in one buffer.
#[derive(Default)]
struct Batch {
    events: Vec<CapturedEvent>,
    bytes: Vec<u8>,
}

struct CapturedEvent {
    time: Time,
    code: Code,
    /// The length of its data in bytes.
    length: usize,
}

impl Recording {
    /// Prepares a recording. Nothing is written before [`Recording::begin`].
    ///
    /// # Errors
    ///
    /// The output cannot be truncated, or no pipe can be created.
    pub fn new(opened: Opened, encoder: LiveEncoder, notifier: Notifier, log: Log) -> io::Result<Recording> {
        let (room, room_writer) = io::pipe()?;
        let state = State { writer_sleeps: true, ..State::default() };
        let shared = Arc::new(Shared { state: Mutex::new(state), woken: Condvar::new() });
        let may_block = opened.may_block();
        let writer = Writer {
            shared: Arc::clone(&shared),
            disk: opened.on_disk()?.map(Disk::new),
            sink: opened.into_stream()?,
            encoder,
            room: room_writer,
            front: Vec::new(),
            begun: Ok(()),
            last_taken: None,
            notifier,
            log,
        };
        Ok(Recording {
            shared,
            writer: Some(writer),
            is_begun: false,
            may_block,
            thread: None,
            room,
            unnoticed_since: None,
            lacks_thread: false,
        })
    }

    /// Writes `front`, then events as they are queued. Write errors are reported by
    /// [`Recording::finish`].
    pub fn begin(&mut self, front: Vec<u8>) {
        self.is_begun = true;
        if let Some(writer) = &mut self.writer {
            writer.front = front;
            if !self.may_block {
                writer.begin();
            }
        }
        if self.may_block {
            self.start_thread();
        }
    }

    /// Queues an event. The data of a resize is `COLSxROWS`, that of others as read.
    pub fn push(&mut self, time: Time, code: Code, data: &[u8]) {
        let mut state = self.shared.lock();
        state.batch.bytes.extend_from_slice(data);
        state.batch.events.push(CapturedEvent { time, code, length: data.len() });
        if state.writer_sleeps {
            drop(state);
            self.unnoticed_since.get_or_insert_with(Instant::now);
        }
    }

    /// The time until [`Recording::wake_writer`] must be called, if at all.
    pub fn until_due(&self) -> Option<Duration> {
        let since = self.unnoticed_since.filter(|_| self.is_begun)?;
        Some(PACE.saturating_sub(since.elapsed()))
    }

    /// Wakes the writer if it sleeps and events are queued. The first call starts its thread.
    pub fn wake_writer(&mut self) {
        if self.unnoticed_since.take().is_some() {
            self.shared.lock().writer_sleeps = false;
            self.shared.woken.notify_one();
            self.start_thread();
        }
    }

    /// Starts the writer's thread if it is not running yet. If there is not enough memory, the
    /// session continues: the next event tries again, and [`Recording::finish`] writes without a
    /// thread.
    fn start_thread(&mut self) {
        let Some(writer) = self.writer.take() else { return };
        // A closure that cannot be run is dropped together with its captures.
        let slot = Arc::new(Mutex::new(Some(writer)));
        let take = |slot: &Mutex<Option<Writer>>| slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        let in_thread = Arc::clone(&slot);
        let thread = thread::Builder::new().name("writer".to_string());
        let spawned = thread.spawn(move || take(&in_thread).map_or(Ok(()), Writer::run));
        self.lacks_thread = spawned.is_err();
        match spawned {
            Ok(thread) => self.thread = Some(thread),
            Err(_) => {
                self.writer = take(&slot);
                self.shared.lock().writer_sleeps = true;
            }
        }
    }

    /// Returns whether the queue is full. If so, [`Recording::room`] becomes readable when there is
    /// room.
    pub fn is_full(&self) -> bool {
        let mut state = self.shared.lock();
        state.waits_for_room = state.batch.bytes.len() >= BATCH && !self.lacks_thread;
        if state.waits_for_room {
            state.writer_sleeps = false;
            self.shared.woken.notify_one();
        }
        state.waits_for_room
    }

    /// Readable when there is room again.
    pub fn room(&self) -> BorrowedFd<'_> {
        self.room.as_fd()
    }

    /// Consumes the byte in [`Recording::room`].
    pub fn take_room(&self) {
        // It is readable, so this does not block.
        let _ = (&self.room).read(&mut [0; 64]);
    }

    /// Writes everything that is queued, and the exit status, if any, as the last event. If the output
    /// stalls, `waiting` is called; a signal ends the wait.
    ///
    /// # Errors
    ///
    /// The first write error of the recording.
    pub fn finish(
        mut self,
        end: Time,
        exit: Option<u8>,
        signals: &mut Signals,
        waiting: impl FnOnce(),
    ) -> io::Result<()> {
        if let Some(exit) = exit {
            self.push(end, Code::Exit, exit.to_string().as_bytes());
        }
        self.shared.lock().is_finished = true;
        self.shared.woken.notify_one();
        if self.may_block {
            self.start_thread();
        }
        if self.may_block && !self.lacks_thread {
            self.wait_for_writer(signals, waiting)?;
        }
        let stopped = || Err(io::Error::other("the writer stopped"));
        match (self.writer, self.thread) {
            (Some(writer), _) => writer.run(),
            (None, Some(thread)) => thread.join().unwrap_or_else(|_| stopped()),
            (None, None) => stopped(),
        }
    }

    /// Waits for the writer's thread to end. Fails if a signal arrives that would end the process.
    fn wait_for_writer(&self, signals: &mut Signals, waiting: impl FnOnce()) -> io::Result<()> {
        let mut waiting = Some(waiting);
        // Earlier signals were meant for the session.
        signals.arrived();
        loop {
            let mut interest = Interest::default();
            interest.read(self.room.as_fd());
            interest.read(signals.as_fd());
            let ready = tty::wait(&interest, waiting.is_some().then_some(PATIENCE))?;
            if ready.is_empty()
                && let Some(waiting) = waiting.take()
            {
                waiting();
            }
            if ready.to_read(self.room.as_fd()) && (&self.room).read(&mut [0; 64])? == 0 {
                return Ok(());
            }
            for signal in signals.arrived() {
                match signal {
                    Signal::SIGTSTP => tty::stop_here(),
                    Signal::SIGCHLD | Signal::SIGWINCH | Signal::SIGCONT => {}
                    _ => return Err(io::Error::other("interrupted; the recording is incomplete")),
                }
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writing side.
struct Writer {
    shared: Arc<Shared>,
    sink: Stream,
    /// Set if the output is a file.
    disk: Option<Disk>,
    encoder: LiveEncoder,
    room: PipeWriter,
    /// What precedes the first event, until it is written.
    front: Vec<u8>,
    /// The outcome of writing it.
    begun: io::Result<()>,
    /// When the queue was last emptied.
    last_taken: Option<Instant>,
    notifier: Notifier,
    log: Log,
}

impl Writer {
    /// Writes until the end. After an error the session continues unrecorded: the queue is still
    /// emptied, but nothing is written.
    fn run(mut self) -> io::Result<()> {
        if let Err(error) = self.write_recording() {
            self.log.write(&format!("cannot write the recording: {}", io_text(&error)));
            self.notifier.say("Write error, recording suspended");
            while self.take(&mut Batch::default()) {}
            return Err(error);
        }
        let mut encoded = Vec::new();
        self.encoder.finish(&mut encoded);
        self.sink.write_all(&encoded)?;
        self.disk.map_or(Ok(()), Disk::finish)
    }

    /// Writes what precedes the first event.
    fn begin(&mut self) {
        let front = std::mem::take(&mut self.front);
        self.begun = self.write_encoded(&front);
    }

    fn write_recording(&mut self) -> io::Result<()> {
        if !self.front.is_empty() {
            self.begin();
        }
        std::mem::replace(&mut self.begun, Ok(()))?;
        let mut batch = Batch::default();
        while self.take(&mut batch) {
            if !batch.events.is_empty() {
                self.write(&batch)?;
            }
            if let Some(disk) = &mut self.disk {
                disk.keep_synced()?;
            }
        }
        Ok(())
    }

    /// Waits for events and swaps the queue with an empty batch; when a sync is due, the batch stays
    /// empty. False at the end.
    fn take(&mut self, batch: &mut Batch) -> bool {
        batch.events.clear();
        batch.bytes.clear();
        let mut state = self.shared.lock();
        let woken = &self.shared.woken;
        if let Some(left) = self.last_taken.and_then(|taken| PACE.checked_sub(taken.elapsed())) {
            let may_wait = |state: &mut State| !state.is_finished && !state.waits_for_room;
            let waited = woken.wait_timeout_while(state, left, may_wait);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.batch.events.is_empty() {
            state.writer_sleeps = true;
            let may_sleep = |state: &mut State| state.writer_sleeps && !state.is_finished;
            // Nothing to sync: a timeout of decades.
            let left = self.disk.as_ref().and_then(Disk::until_due).unwrap_or(Duration::from_secs(1 << 31));
            let waited = woken.wait_timeout_while(state, left, may_sleep);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.batch.events.is_empty() && state.is_finished {
            return false;
        }
        std::mem::swap(&mut state.batch, batch);
        self.last_taken = Some(Instant::now());
        if std::mem::take(&mut state.waits_for_room) {
            // Fails only if the session is gone; then nobody waits.
            let _ = self.room.write_all(&[0]);
        }
        true
    }

    fn write(&mut self, batch: &Batch) -> io::Result<()> {
        let mut encoded = Vec::new();
        let mut rest = &batch.bytes[..];
        for event in &batch.events {
            let (data, after) = rest.split_at(event.length);
            rest = after;
            self.encoder.push(event.time, event.code, data, &mut encoded);
            if encoded.len() >= WRITE {
                self.write_encoded(&encoded)?;
                encoded.clear();
            }
        }
        self.write_encoded(&encoded)
    }

    fn write_encoded(&mut self, encoded: &[u8]) -> io::Result<()> {
        self.sink.write_all(encoded)?;
        if let Some(disk) = &mut self.disk {
            disk.note_written(encoded.len());
        }
        Ok(())
    }
}

/// Syncs the file to disk, so that a power failure loses no more than the last seconds.
///
/// A sync may take seconds, for which the writer must not stop: each but the last runs in a thread of
/// its own. Much output is synced sooner, so that little of it is left for the last.
struct Disk {
    file: Arc<File>,
    /// The time of the first write since the last sync began.
    unsynced_since: Option<Instant>,
    /// The number of bytes written since then.
    unsynced: usize,
    /// The sync in progress.
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Disk {
    const EVERY: Duration = Duration::from_secs(10);

    /// The amount that is synced at once, in bytes.
    const MUCH: usize = 16 << 20;

    fn new(file: File) -> Disk {
        Disk { file: Arc::new(file), unsynced_since: None, unsynced: 0, thread: None }
    }

    fn note_written(&mut self, count: usize) {
        self.unsynced_since.get_or_insert_with(Instant::now);
        self.unsynced += count;
    }

    /// The time until the next sync; `None` if there is nothing to sync.
    fn until_due(&self) -> Option<Duration> {
        Some(Disk::EVERY.saturating_sub(self.unsynced_since?.elapsed()))
    }

    /// Begins a sync if it is time.
    fn keep_synced(&mut self) -> io::Result<()> {
        let is_due = self.until_due().is_some_and(|left| left.is_zero());
        let is_idle = self.thread.as_ref().is_none_or(JoinHandle::is_finished);
        if is_due || (self.unsynced >= Disk::MUCH && is_idle) {
            // After ten seconds the writer waits for a disk that is this slow.
            self.wait()?;
            (self.unsynced_since, self.unsynced) = (None, 0);
            let file = Arc::clone(&self.file);
            let thread = thread::Builder::new().name("sync".to_string());
            match thread.spawn(move || sync(&file)) {
                Ok(thread) => self.thread = Some(thread),
                Err(_) => sync(&self.file)?,
            }
        }
        Ok(())
    }

    /// Syncs everything that has been written.
    fn finish(mut self) -> io::Result<()> {
        self.wait()?;
        sync(&self.file)
    }

    /// Waits for the sync in progress.
    fn wait(&mut self) -> io::Result<()> {
        let stopped = || Err(io::Error::other("the sync stopped"));
        self.thread.take().map_or(Ok(()), |thread| thread.join().unwrap_or_else(|_| stopped()))
    }
}

fn sync(file: &File) -> io::Result<()> {
    match file.sync_data() {
        // Not all file systems support this.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}
