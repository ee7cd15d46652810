//! An index of the cast, built by reading ahead: the positions of its parts and markers, its
//! length, and checkpoints of the screen, from which any other moment is close.
//!
//! Two threads read ahead, each at its own speed: one finds events, one draws them. Both end when
//! everything has been read.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use common::cast::{Code, Item, Place, Reader, Time};
use common::screen::{Checkpoint, Screen, TooLarge};
use common::size::Size;

use crate::cursor::{Cursor, Input, Moment, Next};
use crate::store::{Store, StoreReader};

/// The distance between positions that can be resumed from, in bytes of the source.
const BLOCK: u64 = 64 << 10;

/// The distance between checkpoints, in bytes of the source: the amount that can be drawn in an
/// instant.
const STRIDE: u64 = 1 << 20;

/// The maximum memory for checkpoints, in bytes. Beyond that every other one is dropped.
const MOST_MEMORY: usize = 16 << 20;

/// A marker.
#[derive(Clone, Debug)]
pub struct Marker {
    pub at: Time,
    pub label: String,
    /// The source offset of the next event.
    pub end: u64,
}

/// The start of a part of the cast.
#[derive(Clone, Debug)]
struct Block {
    place: Place,
    /// The time of the last event before it.
    at: Time,
}

/// The screen at the start of a part of the cast.
#[derive(Debug)]
struct Stop {
    block: Block,
    checkpoint: Arc<Checkpoint>,
}

/// The results of reading ahead.
#[derive(Debug)]
pub struct History {
    store: Arc<Store>,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    blocks: Vec<Block>,
    markers: Vec<Marker>,
    /// The time of the last event.
    length: Time,
    /// True once everything has been read, up to the end or the first fault.
    is_complete: bool,
    stops: Vec<Stop>,
    /// The current distance between checkpoints, in bytes of the source.
    stride: u64,
    drawn: Drawn,
}

/// The extent of what has been drawn for checkpoints, updated with every read of the source.
#[derive(Debug, Default)]
struct Drawn {
    /// The source offset of the next event.
    offset: u64,
    /// The time of the last event.
    at: Time,
    /// True if nothing is left to draw: for now, while waiting for a live source, or for good.
    is_all: bool,
}

/// A point from which reading continues after a jump, and the screen there.
pub struct Arrival {
    pub cursor: Cursor,
    pub screen: Screen,
}

impl History {
    /// Starts to read ahead. `shown` is the code of the events that make up the screen.
    pub fn new(store: &Arc<Store>, shown: Code) -> io::Result<History> {
        let shared = Arc::new(Mutex::new(Shared { stride: STRIDE, ..Shared::default() }));
        for (name, read) in
            [("index", index as fn(&Arc<Store>, &Mutex<Shared>, Code)), ("checkpoints", take_checkpoints)]
        {
            let (store, shared) = (Arc::clone(store), Arc::clone(&shared));
            thread::Builder::new().name(name.to_string()).spawn(move || read(&store, &shared, shown))?;
        }
        Ok(History { store: Arc::clone(store), shared })
    }

    /// The time of the last event found so far, and whether it is the last one of the cast.
    pub fn length(&self) -> (Time, bool) {
        let shared = self.lock();
        (shared.length, shared.is_complete)
    }

    /// The markers found so far.
    pub fn markers(&self) -> Vec<Marker> {
        self.lock().markers.clone()
    }

    /// Returns whether all of the source has been read, so that its length will be known soon.
    pub fn is_read(&self) -> bool {
        self.store.is_complete()
    }

    /// Returns whether a cursor before a moment is closer to it than any checkpoint.
    pub fn is_nearest(&self, moment: Moment, cursor: &Cursor) -> bool {
        let is_before = match moment {
            Moment::At(time) => cursor.at() <= time,
            Moment::Before(offset) => cursor.offset() <= offset,
        };
        is_before && self.nearest(moment).is_none_or(|(block, _)| block.place.offset <= cursor.offset())
    }

    /// Returns whether the thread that takes checkpoints is between a cursor and a moment and will
    /// soon have passed it.
    pub fn will_pass(&self, moment: Moment, cursor: &Cursor) -> bool {
        let Drawn { offset, at, is_all } = self.lock().drawn;
        let has_passed = match moment {
            Moment::At(time) => at > time,
            Moment::Before(end) => offset > end,
        };
        !is_all && !has_passed && offset >= cursor.offset()
    }

    /// Returns whether there is a checkpoint, or the start of the cast, before an offset.
    pub fn has_stop_before(&self, offset: u64) -> bool {
        self.nearest(Moment::Before(offset)).is_none_or(|(block, _)| block.place.offset < offset)
    }

    /// The nearest resumable point at or before a moment.
    fn nearest(&self, moment: Moment) -> Option<(Block, Arc<Checkpoint>)> {
        let shared = self.lock();
        let is_before = |stop: &Stop| is_before(&stop.block, moment);
        let stop = shared.stops[..shared.stops.partition_point(is_before)].last()?;
        Some((stop.block.clone(), Arc::clone(&stop.checkpoint)))
    }

    /// A cursor at the start of the cast, before its header.
    pub fn start(&self) -> Cursor {
        Cursor::new(Input::Kept(StoreReader::new(&self.store, 0)), false)
    }

    /// Starts a jump to a moment: from the nearest checkpoint, or from the start.
    pub fn begin_jump(&self, moment: Moment) -> Option<Arrival> {
        if let Some((block, checkpoint)) = self.nearest(moment) {
            let screen = checkpoint.restore().ok()?;
            return Some(Arrival { cursor: Cursor::resume(&self.store, &block.place, block.at), screen });
        }
        let mut cursor = self.start();
        cursor.peek();
        let screen = Screen::new(cursor.take_header()?.size, 0).ok()?;
        Some(Arrival { cursor, screen })
    }

    /// The offset of the last event before an offset for which the predicate holds.
    pub fn event_before(&self, offset: u64, is_it: impl Fn(Code) -> bool) -> Option<u64> {
        let mut blocks: Vec<Option<Block>> = vec![None];
        {
            let shared = self.lock();
            let end = shared.blocks.partition_point(|block| block.place.offset < offset);
            blocks.extend(shared.blocks[..end].iter().cloned().map(Some));
        }
        let mut end = offset;
        while let Some(block) = blocks.pop() {
            let mut cursor = match &block {
                Some(block) => Cursor::resume(&self.store, &block.place, block.at),
                None => {
                    let mut cursor = self.start();
                    cursor.peek();
                    cursor.take_header()?;
                    cursor
                }
            };
            let begin = cursor.offset();
            let mut last = None;
            while let Next::Event(event) = cursor.peek() {
                if event.offset >= end {
                    break;
                }
                if is_it(event.code) {
                    last = Some(event.offset);
                }
                cursor.take_event();
            }
            if last.is_some() {
                return last;
            }
            end = begin;
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_before(block: &Block, moment: Moment) -> bool {
    match moment {
        // Its own time: later blocks may still qualify.
        Moment::At(time) => block.at <= time,
        Moment::Before(offset) => block.place.offset <= offset,
    }
}

/// Finds blocks, markers and the length.
fn index(store: &Arc<Store>, shared: &Mutex<Shared>, _: Code) {
    let mut reader = Reader::new(StoreReader::new(store, 0));
    let (mut at, mut next_block) = (Time::ZERO, BLOCK);
    loop {
        let mut is_exit = false;
        let marker = match reader.next() {
            Ok(Some(Item::Event(event))) => {
                at = at.max(event.time);
                is_exit = event.code == Code::Exit;
                (event.code == Code::Marker).then(|| event.text().unwrap_or_default())
            }
            Ok(Some(Item::Header(_) | Item::Ignored(_))) => None,
            Ok(None) => {
                lock(shared).length = at;
                if reader.fill().is_err() {
                    break;
                }
                None
            }
            Ok(Some(Item::End)) | Err(_) => break,
        };
        if let Some(label) = marker {
            let end = reader.offset();
            lock(shared).markers.push(Marker { at, label, end });
        }
        if reader.offset() >= next_block
            && let Some(place) = reader.place()
        {
            next_block = place.offset + BLOCK;
            lock(shared).blocks.push(Block { place, at });
        }
        if is_exit && store.is_followed {
            store.end_at(reader.offset());
            break;
        }
    }
    let mut shared = lock(shared);
    (shared.length, shared.is_complete) = (at, true);
}

/// Draws the cast, and takes checkpoints of the screen.
fn take_checkpoints(store: &Arc<Store>, shared: &Mutex<Shared>, shown: Code) {
    draw_all(store, shared, shown);
    lock(shared).drawn.is_all = true;
}

fn draw_all(store: &Arc<Store>, shared: &Mutex<Shared>, shown: Code) {
    let mut reader = Reader::new(StoreReader::new(store, 0));
    let mut screen = None;
    let (mut at, mut next_stop) = (Time::ZERO, STRIDE);
    let mut text = Vec::new();
    loop {
        match reader.next() {
            Ok(Some(Item::Header(header))) => screen = Screen::new(header.size, 0).ok(),
            Ok(Some(Item::Event(event))) => {
                at = at.max(event.time);
                let Some(screen) = &mut screen else { return };
                text.clear();
                if event.decode_text(&mut text).is_err() {
                    return;
                }
                if draw(screen, event.code, &text, shown).is_err() {
                    return;
                }
                if event.code == Code::Exit && store.is_followed {
                    return;
                }
            }
            Ok(Some(Item::Ignored(_))) => {}
            Ok(None) => {
                let is_all = reader.source().is_at_front();
                lock(shared).drawn = Drawn { offset: reader.offset(), at, is_all };
                if reader.fill().is_err() {
                    return;
                }
            }
            Ok(Some(Item::End)) | Err(_) => return,
        }
        if reader.offset() >= next_stop
            && let (Some(place), Some(screen)) = (reader.place(), &screen)
        {
            let stop = Stop { block: Block { place, at }, checkpoint: Arc::new(screen.checkpoint()) };
            let mut shared = lock(shared);
            next_stop = stop.block.place.offset + shared.stride;
            shared.stops.push(stop);
            if shared.stops.iter().map(|stop| stop.checkpoint.len()).sum::<usize>() > MOST_MEMORY {
                let mut is_kept = false;
                shared.stops.retain(|_| {
                    is_kept = !is_kept;
                    is_kept
                });
                shared.stride *= 2;
            }
        }
    }
}

/// Draws an event on a screen, if it affects the screen.
///
/// # Errors
///
/// The event makes the terminal larger than supported.
pub fn draw(screen: &mut Screen, code: Code, text: &[u8], shown: Code) -> Result<(), TooLarge> {
    if code == Code::Resize {
        return Size::parse(&String::from_utf8_lossy(text)).map_or(Ok(()), |size| screen.resize(size));
    }
    if code == shown {
        screen.feed_bytes(text);
    }
    Ok(())
}
