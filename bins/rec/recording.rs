//! The recording itself: what happened, with its time, encoded and written by a thread of its own.
//!
//! What comes before all events may have to wait for what the terminal says of itself; the events
//! wait with it. The thread begins with the first of them.
//!
//! Between the session and the writer stands a bounded batch. The session adds to it and never waits
//! for the disk; the writer takes all that is there, encodes it and writes it. While more comes, it
//! looks by itself every few milliseconds; after a silence it is woken, but not before it would have
//! looked, so that waking it does not compete with the echo of a key. A session that finds the batch
//! full stops reading its program until the writer says that there is room.

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use common::cast::{self, Code, Fault, Time, Utf8Repair};
use common::cli::io_text;
use common::io::Stream;
use common::notifier::Notifier;
use common::screen::Transcript;
use common::size::Size;
use common::tty::{self, Interest, Signal, Signals};

use crate::log::Log;
use crate::target::Opened;

/// How many bytes wait for the writer at most, plus one read's.
const BATCH: usize = 512 << 10;

/// How much is encoded before it is written, in bytes.
const WRITE: usize = 128 << 10;

/// How long an event may wait for others until the writer takes them. Waking it for each read of a
/// flood costs more than all the rest of recording.
const PACE: Duration = Duration::from_millis(5);

/// How long whoever reads the recording may take for the rest of it until the user is told.
const PATIENCE: Duration = Duration::from_secs(1);

/// A recording in progress.
pub struct Recording {
    shared: Arc<Shared>,
    /// The writer, while it has no thread yet: many a program ends before it needs one.
    writer: Option<Writer>,
    /// Whether what comes before all events is known. Until then events are only kept.
    is_begun: bool,
    /// Whether writing may take as long as someone else pleases.
    may_block: bool,
    thread: Option<JoinHandle<io::Result<()>>>,
    /// Gets a byte when there is room again, and is closed when the writer's thread ends.
    room: PipeReader,
    /// When the first event was added for which the writer has to be woken.
    unnoticed_since: Option<Instant>,
}

struct Shared {
    state: Mutex<State>,
    /// The writer is to look at the state.
    woken: Condvar,
}

#[derive(Default)]
struct State {
    batch: Batch,
    /// The writer has found nothing and looks again only when it is woken.
    writer_sleeps: bool,
    /// The session has found the batch full and waits for room.
    waits_for_room: bool,
    is_finished: bool,
}

/// What happened, in order: the events, and the text of all of them in one piece.
#[derive(Default)]
struct Batch {
    events: Vec<Happening>,
    bytes: Vec<u8>,
}

struct Happening {
    time: Time,
    code: Code,
    /// How many of the bytes are this one's.
    length: usize,
}

impl Recording {
    /// Makes ready to write to what has been opened. Nothing is written before [`Recording::begin`].
    ///
    /// # Errors
    ///
    /// What has been opened cannot be made ready.
    pub fn new(opened: Opened, encoder: Encoder, notifier: Notifier, log: Log) -> io::Result<Recording> {
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
        })
    }

    /// Writes what comes before all events, and from now on the events. That this cannot be written is
    /// said in the end, as for all that comes later.
    ///
    /// # Errors
    ///
    /// There can be no thread.
    pub fn begin(&mut self, front: Vec<u8>) -> io::Result<()> {
        self.is_begun = true;
        if let Some(writer) = &mut self.writer {
            writer.front = front;
            if !self.may_block {
                writer.begin();
            }
        }
        if self.may_block { self.start_thread() } else { Ok(()) }
    }

    /// Adds an event. The data of a resize is `COLSxROWS`, of all others what was read.
    pub fn push(&mut self, time: Time, code: Code, data: &[u8]) {
        let mut state = self.shared.lock();
        state.batch.bytes.extend_from_slice(data);
        state.batch.events.push(Happening { time, code, length: data.len() });
        if state.writer_sleeps {
            drop(state);
            self.unnoticed_since.get_or_insert_with(Instant::now);
        }
    }

    /// How long until [`Recording::wake_writer`] is to be called; `None` where it need not be.
    pub fn until_due(&self) -> Option<Duration> {
        let since = self.unnoticed_since.filter(|_| self.is_begun)?;
        Some(PACE.saturating_sub(since.elapsed()))
    }

    /// Wakes the writer, if there is something that it would not notice by itself. The first time
    /// this starts its thread.
    ///
    /// # Errors
    ///
    /// There can be no thread.
    pub fn wake_writer(&mut self) -> io::Result<()> {
        if self.unnoticed_since.take().is_none() {
            return Ok(());
        }
        self.shared.lock().writer_sleeps = false;
        self.shared.woken.notify_one();
        self.start_thread()
    }

    /// Starts the writer's thread, if it has none.
    fn start_thread(&mut self) -> io::Result<()> {
        if let Some(writer) = self.writer.take() {
            let thread = thread::Builder::new().name("writer".to_string());
            self.thread = Some(thread.spawn(move || writer.run())?);
        }
        Ok(())
    }

    /// Whether there is no room. Then [`Recording::room`] becomes readable when there is.
    pub fn is_full(&self) -> bool {
        let mut state = self.shared.lock();
        state.waits_for_room = state.batch.bytes.len() >= BATCH;
        if state.waits_for_room {
            state.writer_sleeps = false;
            self.shared.woken.notify_one();
        }
        state.waits_for_room
    }

    /// What becomes readable when there is room again.
    pub fn room(&self) -> BorrowedFd<'_> {
        self.room.as_fd()
    }

    /// Takes what [`Recording::room`] became readable with.
    pub fn take_room(&self) {
        // It is readable, so this does not block; what it holds does not matter.
        let _ = (&self.room).read(&mut [0; 64]);
    }

    /// Waits until all has been written, last the exit status if there is one to tell. Where nobody
    /// takes what is written, `waiting` is called after a while, and a signal ends the waiting.
    ///
    /// # Errors
    ///
    /// The first thing that could not be written, however long ago.
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
            self.start_thread()?;
            self.wait_for_writer(signals, waiting)?;
        }
        let stopped = || Err(io::Error::other("the writer stopped"));
        match (self.writer, self.thread) {
            (Some(writer), _) => writer.run(),
            (None, Some(thread)) => thread.join().unwrap_or_else(|_| stopped()),
            (None, None) => stopped(),
        }
    }

    /// Returns when the writer's thread has ended, or fails after a signal that would have ended us.
    fn wait_for_writer(&self, signals: &mut Signals, waiting: impl FnOnce()) -> io::Result<()> {
        let mut waiting = Some(waiting);
        // What has come so far was about the session.
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

/// The other side, on a thread of its own once there is one.
struct Writer {
    shared: Arc<Shared>,
    sink: Stream,
    /// Where the sink is a file.
    disk: Option<Disk>,
    encoder: Encoder,
    room: PipeWriter,
    /// What comes before all events, until that is written.
    front: Vec<u8>,
    /// Whether that could be written.
    begun: io::Result<()>,
    /// When the last batch was taken.
    last_taken: Option<Instant>,
    notifier: Notifier,
    log: Log,
}

impl Writer {
    /// Writes until the end. After an error nothing more is written, but batches are still taken:
    /// the session goes on unrecorded.
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
        self.disk.as_mut().map_or(Ok(()), Disk::sync)
    }

    /// Writes what comes before all events.
    fn begin(&mut self) {
        self.begun = self.sink.write_all(&std::mem::take(&mut self.front));
        self.note_written();
    }

    fn note_written(&mut self) {
        if let Some(disk) = &mut self.disk {
            disk.unsynced_since.get_or_insert_with(Instant::now);
        }
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
                self.note_written();
            }
            if let Some(disk) = &mut self.disk
                && disk.until_due().is_some_and(|left| left.is_zero())
            {
                disk.sync()?;
            }
        }
        Ok(())
    }

    /// Waits for a batch and leaves an empty one in its place; or returns with an empty one when it is
    /// time to sync. False at the end.
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
            // There is no time limit that could not be one of 100 years.
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
            // Fails only when the session is gone, and then nobody waits.
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
            self.encoder.encode(event.time, event.code, data, &mut encoded);
            if encoded.len() >= WRITE {
                self.sink.write_all(&encoded)?;
                encoded.clear();
            }
        }
        self.sink.write_all(&encoded)
    }
}

/// A file, whose content the kernel is told to bring to the disk: a power cut costs no more than the
/// last seconds of a recording.
struct Disk {
    file: File,
    /// When the first of what has not been synced was written.
    unsynced_since: Option<Instant>,
}

impl Disk {
    const EVERY: Duration = Duration::from_secs(10);

    fn new(file: File) -> Disk {
        Disk { file, unsynced_since: None }
    }

    /// How long until it is to be synced; `None` where there is nothing to sync.
    fn until_due(&self) -> Option<Duration> {
        Some(Disk::EVERY.saturating_sub(self.unsynced_since?.elapsed()))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.unsynced_since = None;
        match self.file.sync_data() {
            // Some file systems have no disk.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
            result => result,
        }
    }
}

/// How what happened is spelled.
pub enum Encoder {
    /// As the events of a cast.
    Cast(Box<CastEncoder>),
    /// As the bytes of the output alone.
    Raw,
    /// As the lines that a terminal shows.
    Text(Box<TextEncoder>),
}

/// The state of writing lines down.
pub struct TextEncoder {
    transcript: Transcript,
    repair: Utf8Repair,
}

/// The state of spelling the events of a cast.
pub struct CastEncoder {
    writer: cast::Writer,
    /// What is added to the session's times.
    offset: Time,
    /// The time of the last event.
    last: Time,
    /// Reads may cut characters in two, of the output and of the keyboard independently.
    output: Utf8Repair,
    input: Utf8Repair,
    text: String,
}

impl Encoder {
    /// Spells a cast, with `offset` added to the session's times.
    pub fn cast(writer: cast::Writer, offset: Time) -> Encoder {
        Encoder::Cast(Box::new(CastEncoder {
            writer,
            offset,
            last: offset,
            output: Utf8Repair::default(),
            input: Utf8Repair::default(),
            text: String::new(),
        }))
    }

    /// Writes the lines of a terminal of this size down.
    ///
    /// # Errors
    ///
    /// No virtual terminal is that large.
    pub fn text(size: Size) -> io::Result<Encoder> {
        let transcript =
            Transcript::new(size).map_err(|error| io::Error::other(Fault::from(error).to_string()))?;
        Ok(Encoder::Text(Box::new(TextEncoder { transcript, repair: Utf8Repair::default() })))
    }

    fn encode(&mut self, time: Time, code: Code, data: &[u8], out: &mut Vec<u8>) {
        let resize = || std::str::from_utf8(data).ok().and_then(Size::parse);
        match (self, code) {
            (Encoder::Cast(cast), _) => cast.encode(time, code, data, out),
            (Encoder::Text(text), Code::Output) => {
                let mut output = String::new();
                text.repair.push(data, &mut output);
                text.transcript.feed(&output, out);
            }
            (Encoder::Text(text), Code::Resize) => {
                // One that is too large to be real leaves the size as it was.
                let _ = resize().map(|size| text.transcript.resize(size, out));
            }
            (Encoder::Raw, Code::Output) => out.extend_from_slice(data),
            (Encoder::Raw, Code::Resize) => {
                if let Some(size) = resize() {
                    out.extend_from_slice(size.sequence().as_bytes());
                }
            }
            (Encoder::Raw | Encoder::Text(_), _) => {}
        }
    }

    /// Spells what is left: the beginnings of characters that never ended, the lines still shown.
    fn finish(self, out: &mut Vec<u8>) {
        let mut cast = match self {
            Encoder::Cast(cast) => cast,
            Encoder::Raw => return,
            Encoder::Text(mut text) => {
                let mut output = String::new();
                text.repair.finish(&mut output);
                text.transcript.feed(&output, out);
                return text.transcript.finish(out);
            }
        };
        for (code, mut repair) in
            [(Code::Output, std::mem::take(&mut cast.output)), (Code::Input, std::mem::take(&mut cast.input))]
        {
            let mut text = String::new();
            repair.finish(&mut text);
            if !text.is_empty() {
                cast.writer.event(cast.last, code, &text, out);
            }
        }
    }
}

impl CastEncoder {
    fn encode(&mut self, time: Time, code: Code, data: &[u8], out: &mut Vec<u8>) {
        self.text.clear();
        match code {
            Code::Output => self.output.push(data, &mut self.text),
            Code::Input => self.input.push(data, &mut self.text),
            _ => self.text.push_str(&String::from_utf8_lossy(data)),
        }
        if self.text.is_empty() && code != Code::Marker {
            return;
        }
        self.last = time.plus(self.offset);
        self.writer.event(self.last, code, &self.text, out);
    }
}
