//! One connection: its state, and its pending output.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use net::websocket::{CLOSE, Message, PONG, Reader, Role, write_frame};

use crate::broadcast::{Broadcast, Position};

/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(10);

/// How long a client may accept nothing of a response.
const ANSWER: Duration = Duration::from_secs(30);

/// How long a client may take to close after the server has.
const CLOSING: Duration = Duration::from_secs(2);

/// The longest message that a viewer may send, in bytes. All of them are ignored.
const MESSAGE: usize = 64 << 10;

/// The amount queued for a connection at once, in bytes: the most it holds if the client stops
/// reading.
const GIVEN: usize = 16 << 10;

/// The maximum number of pieces per write.
const PIECES: usize = 64;

/// A client.
pub struct Connection {
    socket: TcpStream,
    begun: Instant,
    pub phase: Phase,
    /// The data to write, and the number of bytes of the first piece already written.
    output: VecDeque<Piece>,
    written: usize,
    /// The time when the connection is dropped.
    deadline: Option<Instant>,
    /// True if the socket accepts no more data at the moment.
    is_blocked: bool,
    /// True if the client has closed its sending side.
    is_silent: bool,
}

/// Data to write: static, shared by several viewers, or owned.
pub enum Piece {
    Static(&'static [u8]),
    Shared(Rc<[u8]>),
    Own(Vec<u8>),
}

/// The state of a connection.
pub enum Phase {
    /// Receiving the head of a request.
    Head(Vec<u8>),
    /// Sending a response, and then a part of a file.
    Answer(Option<Body>),
    /// Serving a viewer.
    Viewer { reader: Reader, position: Position },
    /// Everything has been sent; waiting for the client to close, so that nothing is lost.
    Closing,
    /// To be removed.
    Closed,
}

/// The part of a file to send.
pub struct Body {
    pub file: Rc<File>,
    pub at: u64,
    pub end: u64,
}

impl Connection {
    /// A new client.
    pub fn new(socket: TcpStream, now: Instant) -> io::Result<Connection> {
        socket.set_nonblocking(true)?;
        socket.set_nodelay(true)?;
        Ok(Connection {
            socket,
            begun: now,
            phase: Phase::Head(Vec::new()),
            output: VecDeque::new(),
            written: 0,
            deadline: Some(now + HEAD),
            is_blocked: false,
            is_silent: false,
        })
    }

    /// Its age.
    pub fn age(&self, now: Instant) -> Duration {
        now.duration_since(self.begun)
    }

    /// The time when it is dropped.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Returns whether it waits until the socket accepts more data.
    pub fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    /// The position in the session, if this is a viewer.
    pub fn position(&self) -> Option<&Position> {
        match &self.phase {
            Phase::Viewer { position, .. } => Some(position),
            _ => None,
        }
    }

    /// Sends a response and closes.
    pub fn answer(&mut self, pieces: impl IntoIterator<Item = Piece>, body: Option<Body>, now: Instant) {
        self.output.extend(pieces.into_iter().filter(|piece| !piece.bytes().is_empty()));
        self.phase = Phase::Answer(body);
        self.deadline = Some(now + ANSWER);
    }

    /// Starts to serve a viewer. Data after the request is the beginning of the viewer's messages.
    pub fn watch(&mut self, switching: Vec<u8>, position: Position) {
        self.output.push_back(Piece::Own(switching));
        self.phase = Phase::Viewer { reader: Reader::new(Role::Server, MESSAGE), position };
        self.deadline = None;
    }

    /// Pings a viewer who has no other data to read.
    pub fn ping(&mut self) {
        if self.output.is_empty() {
            self.output.push_back(Piece::Static(&[0x89, 0]));
        }
    }

    /// Returns whether to read from it.
    pub fn is_read(&self) -> bool {
        !self.is_silent
    }

    /// Reads data from the client. The head of a request is parsed by the caller.
    pub fn read(&mut self, broadcast: &mut Broadcast, now: Instant) {
        let mut buffer = [0; 4096];
        let count = match self.socket.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return,
            Err(_) => return self.close(broadcast),
        };
        match &mut self.phase {
            // It may well be waiting for the response.
            Phase::Answer(_) if count == 0 => self.is_silent = true,
            _ if count == 0 => self.close(broadcast),
            Phase::Head(head) => head.extend_from_slice(&buffer[..count]),
            Phase::Viewer { reader, .. } => {
                reader.feed(&buffer[..count]);
                if let Some(payload) = self.take_messages() {
                    self.say_goodbye(payload, broadcast, now);
                }
            }
            Phase::Answer(_) | Phase::Closing | Phase::Closed => {}
        }
    }

    /// Answers pings, and ignores other messages from viewers. Returns the payload of a close frame
    /// if the connection is to be closed: the viewer's status, or that of a protocol violation.
    fn take_messages(&mut self) -> Option<Vec<u8>> {
        let Phase::Viewer { reader, .. } = &mut self.phase else { return None };
        loop {
            match reader.next() {
                Ok(None) => return None,
                Ok(Some(Message::Data | Message::Pong)) => {}
                // A client that pings faster than it reads does not get all the answers.
                Ok(Some(Message::Ping(_))) if self.output.len() >= PIECES => {}
                Ok(Some(Message::Ping(payload))) => {
                    let mut frame = Vec::new();
                    write_frame(PONG, &payload, None, &mut frame);
                    self.output.push_back(Piece::Own(frame));
                }
                Ok(Some(Message::Close(status, _))) => {
                    return Some(status.map_or(Vec::new(), |status| status.to_be_bytes().to_vec()));
                }
                Err(violation) => return Some((violation as u16).to_be_bytes().to_vec()),
            }
        }
    }

    /// Closes a WebSocket, after the current frame.
    fn say_goodbye(&mut self, payload: Vec<u8>, broadcast: &mut Broadcast, now: Instant) {
        self.leave(broadcast);
        self.output.truncate(usize::from(self.written > 0));
        let mut frame = Vec::new();
        write_frame(CLOSE, &payload, None, &mut frame);
        self.answer([Piece::Own(frame)], None, now);
        self.write(broadcast, now);
    }

    /// Writes as much as the socket accepts, with the next frames for a viewer.
    pub fn write(&mut self, broadcast: &mut Broadcast, now: Instant) {
        self.is_blocked = false;
        while !self.output.is_empty() || self.refill(broadcast, now) {
            match self.write_once() {
                Ok(count) => {
                    self.drop_written(count);
                    if matches!(self.phase, Phase::Answer(_)) {
                        self.deadline = Some(now + ANSWER);
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return self.is_blocked = true,
                Err(_) => return self.close(broadcast),
            }
        }
    }

    /// Refills the empty output. False if there is nothing more at the moment.
    fn refill(&mut self, broadcast: &mut Broadcast, now: Instant) -> bool {
        match &mut self.phase {
            Phase::Viewer { position, .. } => {
                let mut frames = Vec::new();
                broadcast.advance(position, GIVEN, &mut frames);
                self.output.extend(frames.into_iter().map(Piece::Shared));
                if self.output.is_empty() && position.has_ended() {
                    self.leave(broadcast);
                    self.finish(now);
                }
            }
            Phase::Answer(Some(body)) if body.at < body.end => {
                let mut bytes = vec![0; GIVEN.min(usize::try_from(body.end - body.at).unwrap_or(GIVEN))];
                match body.file.read_at(&mut bytes, body.at) {
                    Ok(count) if count > 0 => {
                        bytes.truncate(count);
                        body.at += count as u64;
                        self.output.push_back(Piece::Own(bytes));
                    }
                    // The file has been truncated or cannot be read; the client sees the early end.
                    _ => self.close(broadcast),
                }
            }
            Phase::Answer(_) => self.finish(now),
            Phase::Head(_) | Phase::Closing | Phase::Closed => {}
        }
        !self.output.is_empty()
    }

    fn write_once(&mut self) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); PIECES];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(&self.output) {
            let written = if count == 0 { self.written } else { 0 };
            *slice = IoSlice::new(&piece.bytes()[written..]);
            count += 1;
        }
        match self.socket.write_vectored(&slices[..count])? {
            0 => Err(ErrorKind::WriteZero.into()),
            count => Ok(count),
        }
    }

    fn drop_written(&mut self, count: usize) {
        self.written += count;
        while let Some(length) = self.output.front().map(|piece| piece.bytes().len())
            && self.written >= length
        {
            self.output.pop_front();
            self.written -= length;
        }
    }

    /// Everything has been sent: waits for the client to close, too. Closing with unread data would
    /// discard data in transit to the client.
    fn finish(&mut self, now: Instant) {
        let is_open = !self.is_silent && self.socket.shutdown(Shutdown::Write).is_ok();
        self.phase = if is_open { Phase::Closing } else { Phase::Closed };
        self.deadline = Some(now + CLOSING);
    }

    /// Drops the connection.
    pub fn close(&mut self, broadcast: &mut Broadcast) {
        self.leave(broadcast);
        self.phase = Phase::Closed;
        self.output.clear();
    }

    /// Removes the viewer.
    fn leave(&mut self, broadcast: &mut Broadcast) {
        if let Phase::Viewer { position, .. } = &self.phase {
            broadcast.leave(position);
            self.phase = Phase::Closing;
        }
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Piece {
    pub fn bytes(&self) -> &[u8] {
        match self {
            Piece::Static(bytes) => bytes,
            Piece::Shared(bytes) => bytes,
            Piece::Own(bytes) => bytes,
        }
    }
}
