//! One connection: what is to be written to it, and what it is about.

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

/// How long a client may take nothing of an answer.
const ANSWER: Duration = Duration::from_secs(30);

/// How long a client may take to close after we have.
const CLOSING: Duration = Duration::from_secs(2);

/// The longest message that a viewer may send, in bytes. None is of use.
const MESSAGE: usize = 64 << 10;

/// How much is given to a connection at once, in bytes: what it keeps if it stops reading.
const GIVEN: usize = 16 << 10;

/// How many pieces are written at once.
const PIECES: usize = 64;

/// A client.
pub struct Connection {
    socket: TcpStream,
    begun: Instant,
    pub phase: Phase,
    /// What is to be written, and how much of the first piece has been.
    output: VecDeque<Piece>,
    written: usize,
    /// When it is given up.
    deadline: Option<Instant>,
    /// Whether the system takes no more at the moment.
    is_blocked: bool,
    /// Whether the other side has sent everything that it ever will.
    is_silent: bool,
}

/// What is written: a part of the program, something shared by several viewers, or of its own.
pub enum Piece {
    Static(&'static [u8]),
    Shared(Rc<[u8]>),
    Own(Vec<u8>),
}

/// What a connection is about.
pub enum Phase {
    /// The head of a request is being received.
    Head(Vec<u8>),
    /// An answer is being sent, and then so much of a file.
    Answer(Option<Body>),
    /// A viewer.
    Viewer { reader: Reader, position: Position },
    /// We have sent everything, and wait for the other side to close, so that nothing is lost.
    Closing,
    /// To be forgotten.
    Closed,
}

/// The part of a file that is sent.
pub struct Body {
    pub file: Rc<File>,
    pub at: u64,
    pub end: u64,
}

impl Connection {
    /// A client who has just connected.
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

    /// How long ago it began.
    pub fn age(&self, now: Instant) -> Duration {
        now.duration_since(self.begun)
    }

    /// When it is to be given up.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether it waits until the system takes more.
    pub fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    /// Sends an answer and closes.
    pub fn answer(&mut self, pieces: impl IntoIterator<Item = Piece>, body: Option<Body>, now: Instant) {
        self.output.extend(pieces.into_iter().filter(|piece| !piece.bytes().is_empty()));
        self.phase = Phase::Answer(body);
        self.deadline = Some(now + ANSWER);
    }

    /// Becomes a viewer. What came after the request is the beginning of what viewers send.
    pub fn watch(&mut self, switching: Vec<u8>, position: Position) {
        self.output.push_back(Piece::Own(switching));
        self.phase = Phase::Viewer { reader: Reader::new(Role::Server, MESSAGE), position };
        self.deadline = None;
    }

    /// Sends a frame of its own to a viewer who has nothing else to read.
    pub fn ping(&mut self) {
        if self.output.is_empty() {
            self.output.push_back(Piece::Static(&[0x89, 0]));
        }
    }

    /// Whether anything may still be read from it.
    pub fn is_read(&self) -> bool {
        !self.is_silent
    }

    /// Reads what the client has sent. A head is left to the caller.
    pub fn read(&mut self, broadcast: &mut Broadcast, now: Instant) {
        let mut buffer = [0; 4096];
        let count = match self.socket.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return,
            Err(_) => return self.close(broadcast),
        };
        match &mut self.phase {
            // It may well be waiting for the answer.
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

    /// Answers pings, and drops what else viewers send. Returns what to close with once that is to be
    /// done: the status that the viewer gave, or one that says how the viewer breaks the protocol.
    fn take_messages(&mut self) -> Option<Vec<u8>> {
        let Phase::Viewer { reader, .. } = &mut self.phase else { return None };
        loop {
            match reader.next() {
                Ok(None) => return None,
                Ok(Some(Message::Data | Message::Pong)) => {}
                // Who asks faster than the answers go out does not get all of them.
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

    /// Closes a WebSocket, after the frame that has been begun.
    fn say_goodbye(&mut self, payload: Vec<u8>, broadcast: &mut Broadcast, now: Instant) {
        self.leave(broadcast);
        self.output.truncate(usize::from(self.written > 0));
        let mut frame = Vec::new();
        write_frame(CLOSE, &payload, None, &mut frame);
        self.answer([Piece::Own(frame)], None, now);
        self.write(broadcast, now);
    }

    /// Writes as much as the system takes. Viewers are given what comes next.
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

    /// Puts more into the empty output. False where there is nothing more at the moment.
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
                    // The file has become shorter, or cannot be read: the client sees that it is cut off.
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

    /// Everything has been sent: waits for the other side to close, too. One that closes with what it
    /// has sent still unread would take back what is on its way to the other.
    fn finish(&mut self, now: Instant) {
        let is_open = !self.is_silent && self.socket.shutdown(Shutdown::Write).is_ok();
        self.phase = if is_open { Phase::Closing } else { Phase::Closed };
        self.deadline = Some(now + CLOSING);
    }

    /// Gives the connection up.
    pub fn close(&mut self, broadcast: &mut Broadcast) {
        self.leave(broadcast);
        self.phase = Phase::Closed;
        self.output.clear();
    }

    /// No longer counts as a viewer.
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
