//! The input: a thread that reads the cast, copies it to standard output and passes its events on.
//!
//! A bounded queue connects it to the loop that serves viewers. The loop never waits for a viewer,
//! so a full queue only means that the loop is busy, and that the cast is read a little later.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;

use super::Event;
use super::event::check_size;
use crate::cast::{self, Fault, Header, Item as Part, Reader};
use crate::cli::{self, Reporter};
use crate::filter;
use crate::io::Stream;

/// The capacity of the queue. An item holds the events of one read.
const QUEUE: usize = 16;

/// An item of the input.
pub enum Item {
    /// The header, before all other items.
    Header(Box<Header>),
    /// Some events.
    Events(Vec<Event>),
    /// The end of the cast, successful or with a failure that has not been reported yet. Copying
    /// may continue.
    End(cli::Result<()>),
    /// The end of the source. False if it could not be copied completely, which has been reported.
    Closed(bool),
}

/// The receiving side.
pub struct Intake {
    items: Receiver<Item>,
    /// Receives a byte with every item.
    woken: PipeReader,
}

impl Intake {
    /// Starts to read `source`, named `name` in messages, and to copy it to `copy`.
    ///
    /// # Errors
    ///
    /// The thread cannot be started.
    pub fn start(
        source: Box<dyn Read + Send>,
        name: String,
        copy: Option<Stream>,
        reporter: Reporter,
    ) -> io::Result<Intake> {
        let (sender, items) = sync_channel(QUEUE);
        let (woken, waker) = io::pipe()?;
        let sender = Sender { items: sender, waker, events: Vec::new() };
        let copied = Copied { source, copy, is_whole: true, reporter };
        thread::Builder::new().name("intake".to_string()).spawn(move || read(copied, sender, &name))?;
        Ok(Intake { items, woken })
    }

    /// The next item, if any. The descriptor is readable while there is one.
    pub fn take(&mut self) -> Option<Item> {
        let item = match self.items.try_recv() {
            Ok(item) => item,
            Err(TryRecvError::Empty) => return None,
            // The thread always sends this item before it ends.
            Err(TryRecvError::Disconnected) => return Some(Item::Closed(false)),
        };
        // The byte was written after the item was sent, or is about to be.
        let _ = self.woken.read(&mut [0]);
        Some(item)
    }
}

impl AsFd for Intake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.woken.as_fd()
    }
}

/// The sending side.
struct Sender {
    items: SyncSender<Item>,
    waker: PipeWriter,
    /// Events not sent yet.
    events: Vec<Event>,
}

impl Sender {
    fn send(&mut self, item: Item) {
        // Fails only if the loop has ended, and with it the program.
        let _ = self.items.send(item);
        let _ = self.waker.write(&[0]);
    }

    fn send_events(&mut self) {
        if !self.events.is_empty() {
            let events = std::mem::take(&mut self.events);
            self.send(Item::Events(events));
        }
    }
}

fn read(source: Copied, mut sender: Sender, name: &str) {
    let mut reader = Reader::new(source);
    let outcome = take_all(&mut reader, &mut sender);
    sender.send_events();
    sender.send(Item::End(outcome.map_err(|error| filter::failure(name, error))));
    // A broken cast ends the session for viewers, but its copy continues.
    let mut source = reader.into_source();
    if source.copy.is_some() {
        let _ = io::copy(&mut source, &mut io::sink());
    }
    sender.send(Item::Closed(source.is_whole));
}

/// Reads the cast to its end or its first fault.
fn take_all(reader: &mut Reader<Copied>, sender: &mut Sender) -> Result<(), cast::Error> {
    loop {
        match reader.next()? {
            Some(Part::Header(header)) => match check_size(header.size) {
                Ok(()) => sender.send(Item::Header(Box::new(header))),
                Err(too_large) => return Err(reader.fault(Fault::from(too_large))),
            },
            Some(Part::Event(event)) => {
                Event::append(&event, &mut sender.events).map_err(|fault| reader.fault(fault))?;
            }
            Some(Part::Ignored(_)) => {}
            Some(Part::End) => return Ok(()),
            None => {
                sender.send_events();
                reader.fill()?;
            }
        }
    }
}

/// A source that is copied as it is read.
struct Copied {
    source: Box<dyn Read + Send>,
    copy: Option<Stream>,
    is_whole: bool,
    reporter: Reporter,
}

impl Read for Copied {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        if let Some(copy) = &mut self.copy
            && let Err(error) = copy.write_all(&buffer[..count])
        {
            self.reporter.error(&format!("stdout: {}", cli::io_text(&error)));
            (self.copy, self.is_whole) = (None, false);
        }
        Ok(count)
    }
}
