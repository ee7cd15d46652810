//! The server: one loop for all events, without a thread per viewer.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::cast::Fault;
use common::cli;
use common::live::{Intake, Item};
use common::size::Size;
use common::tty::{Signal, Signals};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::access::Access;
use crate::broadcast::Broadcast;
use crate::connection::{Body, Connection, Phase, Piece};
use crate::page;
use crate::request::{self, Request, head, refusal, switching};

/// How long viewers may take to read the rest after the session has ended.
const FAREWELL: Duration = Duration::from_secs(3);

/// How long they may take after a signal to end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How often idle viewers are pinged: routers must not treat a silent connection as dead.
const PING: Duration = Duration::from_secs(30);

/// The amount published before it is sent to viewers, in bytes: so that in a burst, viewers who
/// read are not skipped.
const BURST: usize = 64 << 10;

/// The number of connections over the limit that get a response. Further ones are closed without
/// one.
const REFUSED: usize = 32;

/// The age at which a connection without a request may be dropped for another one.
const SILENT: Duration = Duration::from_secs(1);

/// How long to accept no connections after the system has failed to provide one.
const PAUSE: Duration = Duration::from_millis(100);

/// The contents to show.
pub enum Show {
    /// A cast in progress.
    Live {
        intake: Intake,
        /// Everything received so far, if kept.
        history: Option<History>,
    },
    /// A recording, and the length of its file in bytes.
    Recording { file: Rc<File>, length: u64, title: String, size: Size },
}

/// All of a live cast so far, in a file.
pub struct History {
    pub file: Rc<File>,
    /// The length of the complete lines, in bytes.
    pub length: Arc<AtomicU64>,
}

/// The server.
pub struct Server {
    listener: Option<TcpListener>,
    /// The host name to listen on, if it was given as a name.
    listen_name: Option<String>,
    access: Access,
    show: Show,
    broadcast: Broadcast,
    connections: Vec<Connection>,
    limit: usize,
    /// The outcome of the cast, once it has ended.
    outcome: Option<cli::Result<()>>,
    /// True if all input was copied.
    is_copied: bool,
    /// True if the source has been read to its end.
    is_closed: bool,
    /// The time when the remaining viewers are dropped.
    until: Option<Instant>,
    /// No connections are accepted until then.
    closed_until: Option<Instant>,
    next_ping: Instant,
}

/// The reason for the end.
pub enum Ending {
    /// The end of the cast, and whether all of it was copied.
    Cast(cli::Result<()>, bool),
    /// A signal.
    Signal(Signal),
}

impl Server {
    pub fn new(
        listener: TcpListener,
        listen_name: Option<String>,
        access: Access,
        show: Show,
        limit: usize,
    ) -> io::Result<Server> {
        listener.set_nonblocking(true)?;
        Ok(Server {
            listener: Some(listener),
            listen_name,
            access,
            show,
            broadcast: Broadcast::new(),
            connections: Vec::new(),
            limit,
            outcome: None,
            is_copied: true,
            is_closed: false,
            until: None,
            closed_until: None,
            next_ping: Instant::now() + PING,
        })
    }

    /// Serves until the cast has ended and its viewers have been informed, or until a signal.
    pub fn run(mut self, signals: &mut Signals) -> io::Result<Ending> {
        let mut ended_by = None;
        loop {
            let ready = self.wait(signals, ended_by.is_none())?;
            let now = Instant::now();
            if ready.signals && ended_by.is_none() {
                ended_by = signals.arrived().first().copied();
                if ended_by.is_some() {
                    self.end(now + LAST_WORDS);
                }
            }
            if ready.intake {
                self.take_in(now);
            }
            if ready.listener {
                self.accept(now);
            }
            for (connection, events) in self.connections.iter_mut().zip(&ready.connections) {
                if events.intersects(PollFlags::POLLIN | PollFlags::POLLHUP | PollFlags::POLLERR) {
                    connection.read(&mut self.broadcast, now);
                }
                if events.contains(PollFlags::POLLOUT) {
                    connection.write(&mut self.broadcast, now);
                }
            }
            self.respond(now);
            self.flush(now);
            self.drop_closed(now);

            let is_over = self.connections.is_empty() || self.until.is_some_and(|until| until <= now);
            match (ended_by, &self.outcome) {
                (Some(signal), _) if is_over => return Ok(Ending::Signal(signal)),
                (None, Some(_)) if is_over && self.is_closed => {
                    let outcome = self.outcome.take().unwrap_or(Ok(()));
                    return Ok(Ending::Cast(outcome, self.is_copied));
                }
                _ => {}
            }
        }
    }

    /// Waits until something happens or is due.
    fn wait(&self, signals: &Signals, reads_intake: bool) -> io::Result<Ready> {
        let now = Instant::now();
        let intake = match &self.show {
            Show::Live { intake, .. } if reads_intake && !self.is_closed => Some(intake.as_fd()),
            _ => None,
        };
        let is_open = self.closed_until.is_none_or(|until| until <= now);
        let listener = self.listener.as_ref().filter(|_| is_open).map(AsFd::as_fd);

        let mut polled = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        polled.extend(intake.map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN)));
        polled.extend(listener.map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN)));
        let first = polled.len();
        for connection in &self.connections {
            let mut events = PollFlags::empty();
            events.set(PollFlags::POLLIN, connection.is_read());
            events.set(PollFlags::POLLOUT, connection.is_blocked());
            polled.push(PollFd::new(connection.as_fd(), events));
        }
        let deadlines = self.connections.iter().filter_map(Connection::deadline);
        let others = [self.until, self.closed_until.filter(|_| !is_open), Some(self.next_ping)];
        let due = deadlines.chain(others.into_iter().flatten()).min();
        let timeout = due.map_or(PollTimeout::NONE, |due| {
            // Rounded up, or the last millisecond would be spent spinning.
            let millis = due.saturating_duration_since(now).as_micros().div_ceil(1000);
            PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut polled, timeout) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let events = |index: usize| polled[index].revents().unwrap_or(PollFlags::empty());
        Ok(Ready {
            signals: !events(0).is_empty(),
            intake: intake.is_some() && !events(1).is_empty(),
            listener: listener.is_some() && !events(first - 1).is_empty(),
            connections: (first..polled.len()).map(events).collect(),
        })
    }

    /// Processes one item of the input. A flood of them leaves time for everything else.
    fn take_in(&mut self, now: Instant) {
        let Show::Live { intake, .. } = &mut self.show else { return };
        match intake.take() {
            None => {}
            Some(Item::Header(header)) => {
                if let Err(too_large) = self.broadcast.begin(*header) {
                    // Not reached: the intake rejects such a header.
                    self.outcome = Some(Err(cli::Failure::Failed(Fault::from(too_large).to_string())));
                }
            }
            Some(Item::Events(events)) => {
                let mut burst = 0;
                for event in events {
                    burst += self.broadcast.publish(event, now);
                    if burst >= BURST {
                        self.flush(now);
                        burst = 0;
                    }
                }
            }
            Some(Item::End(outcome)) => {
                self.outcome = Some(outcome);
                self.end(now + FAREWELL);
            }
            Some(Item::Closed(is_copied)) => (self.is_closed, self.is_copied) = (true, is_copied),
        }
    }

    /// Tells viewers that the session has ended, and gives them until then to read the rest.
    fn end(&mut self, until: Instant) {
        self.broadcast.end();
        self.listener = None;
        self.until = Some(until);
        for connection in &mut self.connections {
            if matches!(connection.phase, Phase::Head(_)) {
                connection.close(&mut self.broadcast);
            }
        }
    }

    /// Accepts all waiting connections.
    fn accept(&mut self, now: Instant) {
        while let Some(listener) = &self.listener {
            let socket = match listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // Most errors concern one connection that is already gone, but running out of
                // descriptors does not pass quickly.
                Err(_) => return self.closed_until = Some(now + PAUSE),
            };
            let Ok(mut connection) = Connection::new(socket, now) else { continue };
            if self.connections.len() >= self.limit && !self.make_room(now) {
                if self.connections.len() >= self.limit + REFUSED {
                    continue;
                }
                let answer = refusal("503 Service Unavailable", false);
                connection.answer([Piece::Own(answer)], None, now);
            }
            self.connections.push(connection);
        }
    }

    /// Drops the connection that has been silent for longest. True if there was one.
    fn make_room(&mut self, now: Instant) -> bool {
        let is_silent = |connection: &Connection| {
            matches!(connection.phase, Phase::Head(_)) && connection.age(now) >= SILENT
        };
        match self.connections.iter().position(is_silent) {
            Some(index) => {
                self.connections.remove(index);
                true
            }
            None => false,
        }
    }

    /// Answers the complete requests.
    fn respond(&mut self, now: Instant) {
        for index in 0..self.connections.len() {
            let Phase::Head(bytes) = &self.connections[index].phase else { continue };
            if bytes.is_empty() {
                continue;
            }
            match request::parse(bytes, self.listen_name.as_deref()) {
                Ok(None) => {}
                Ok(Some(request)) => self.answer(index, &request, now),
                Err(status) => self.refuse(index, status, false, now),
            }
        }
    }

    fn refuse(&mut self, index: usize, status: &str, is_head: bool, now: Instant) {
        let answer = refusal(status, is_head);
        self.connections[index].answer([Piece::Own(answer)], None, now);
    }

    /// Answers a request.
    fn answer(&mut self, index: usize, request: &Request, now: Instant) {
        let admission = match self.access.admit(request, now) {
            Ok(admission) => admission,
            Err(status) => return self.refuse(index, status, request.is_head, now),
        };
        if let Some(pieces) = page::answer(&admission.path, request, &admission.cookie) {
            return self.connections[index].answer(pieces, None, now);
        }
        match (admission.path.as_str(), &self.show, &request.upgrade) {
            ("/ws", Show::Live { .. }, Some(upgrade)) => match upgrade.protocol {
                Ok(protocol) => {
                    let position = self.broadcast.join(protocol);
                    self.connections[index].watch(switching(upgrade, protocol), position);
                }
                Err(()) => self.refuse(index, "400 Bad Request", request.is_head, now),
            },
            ("/ws", Show::Live { .. }, None) => {
                self.refuse(index, "426 Upgrade Required", request.is_head, now);
            }
            ("/status", ..) => {
                let body = self.status();
                let headers = format!(
                    "Content-Type: application/json\r\nContent-Length: {}\r\nCache-Control: no-store\r\n",
                    body.len()
                );
                let body = if request.is_head { Vec::new() } else { body.into_bytes() };
                let pieces = [Piece::Own(head("200 OK", &headers)), Piece::Own(body)];
                self.connections[index].answer(pieces, None, now);
            }
            ("/recording.cast", show, _) => match show.file() {
                Some((file, length)) => {
                    let headers = format!(
                        "Content-Type: application/x-asciicast\r\nContent-Length: {length}\r\nCache-Control: no-store\r\n"
                    );
                    let body = (!request.is_head).then_some(Body { file, at: 0, end: length });
                    let head = Piece::Own(head("200 OK", &headers));
                    self.connections[index].answer([head], body, now);
                }
                None => self.refuse(index, "404 Not Found", request.is_head, now),
            },
            _ => self.refuse(index, "404 Not Found", request.is_head, now),
        }
    }

    /// The status shown by the page around the terminal, as JSON.
    fn status(&self) -> String {
        let session = self.broadcast.session();
        let (state, title, size) = match (&self.show, session) {
            (Show::Recording { title, size, .. }, _) => ("recording", title.clone(), *size),
            (_, None) => ("waiting", String::new(), Size { cols: 80, rows: 24 }),
            (_, Some(session)) if self.broadcast.has_ended() => ("ended", session.title(), session.size()),
            (_, Some(session)) => ("live", session.title(), session.size()),
        };
        let has_history = matches!(&self.show, Show::Live { history: Some(_), .. });
        serde_json::json!({
            "state": state,
            "title": title,
            "cols": size.cols,
            "rows": size.rows,
            "viewers": self.broadcast.viewers(),
            "history": has_history,
        })
        .to_string()
    }

    /// Sends pending data to all clients.
    fn flush(&mut self, now: Instant) {
        if self.next_ping <= now {
            self.next_ping = now + PING;
            let viewers = self.connections.iter_mut();
            viewers.filter(|viewer| matches!(viewer.phase, Phase::Viewer { .. })).for_each(Connection::ping);
        }
        for connection in self.connections.iter_mut().filter(|connection| !connection.is_blocked()) {
            connection.write(&mut self.broadcast, now);
        }
        self.broadcast.release(self.connections.iter().filter_map(Connection::position));
    }

    /// Removes connections that have ended or timed out.
    fn drop_closed(&mut self, now: Instant) {
        let Server { connections, broadcast, .. } = self;
        connections.retain_mut(|connection| {
            if connection.deadline().is_some_and(|deadline| deadline <= now) {
                connection.close(broadcast);
            }
            !matches!(connection.phase, Phase::Closed)
        });
    }
}

/// The events that have occurred.
struct Ready {
    signals: bool,
    intake: bool,
    listener: bool,
    connections: Vec<PollFlags>,
}

impl Show {
    /// The file that can be viewed from its start, and its length in bytes.
    fn file(&self) -> Option<(Rc<File>, u64)> {
        match self {
            Show::Recording { file, length, .. } => Some((Rc::clone(file), *length)),
            Show::Live { history: Some(history), .. } => {
                Some((Rc::clone(&history.file), history.length.load(Ordering::Acquire)))
            }
            Show::Live { history: None, .. } => None,
        }
    }
}
