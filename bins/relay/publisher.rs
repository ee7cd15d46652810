//! The loop between a live cast and the server that publishes it.
//!
//! It never waits for the server: the stream is announced and the connection made on threads of
//! their own, and data that a connection does not accept is held in a bounded queue. If that is
//! full, or the connection was lost, the server gets a drawing of the screen instead of the events
//! it missed.

use std::collections::VecDeque;
use std::io::{self, PipeReader, Write};
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use common::cast::Time;
use common::cli;
use common::config;
use common::live::{Data, Event, Intake, Item, Session, alis, relay_id};
use common::size::Size;
use common::text::visible;
use common::tty::{Signal, Signals};
use net::websocket::{BINARY, CLOSE, Message, PING, PONG};
use net::{NoSocket, Server, Socket, Stream};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde_json::{Map, Value};

use crate::notices::Notices;
use crate::settings::{Environment, of_cast, of_environment};

/// The protocol used.
const PROTOCOL: &str = "v1.alis";

/// The maximum amount of text queued for the server, in bytes.
const QUEUE: usize = 256 << 10;

/// The maximum amount passed to a connection before the rest has been sent, in bytes.
const UNSENT: usize = 64 << 10;

/// The maximum wait before the first reconnection, and before any.
const DELAYS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

/// How long a connection must last to reset the wait before the next one.
const STABLE: Duration = Duration::from_secs(3);

/// How often the server is pinged, and how long it may take to answer.
const PING_EVERY: Duration = Duration::from_secs(15);
const PONG_WITHIN: Duration = Duration::from_secs(10);

/// How long a connection may accept no data.
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// How long the server may take to receive the rest after the session has ended, and after a signal
/// to end.
const FAREWELL: Duration = Duration::from_secs(5);
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The rate that a server accepts for a stream: bytes at once, and bytes per second. It is 60 MB; the
/// rest is for the end, which is always sent.
const BUDGET: f64 = 59e6;
const BUDGET_PER_SECOND: f64 = 100e3;

/// The destination of a stream.
pub enum Goal {
    /// A stream of a server's API; with a prefix, the existing stream whose ID begins with it.
    Server {
        server: Server,
        prefix: Option<String>,
        settings: Map<String, Value>,
        /// The environment variables to announce before the cast begins; otherwise its header is
        /// awaited.
        environment: Option<Environment>,
    },
    /// A WebSocket URL.
    Socket(String),
}

/// The reason for the end.
pub enum Ending {
    /// The end of the cast: its outcome, whether all of it was copied, and whether all of it was
    /// published.
    Cast { outcome: cli::Result<()>, is_copied: bool, is_published: bool },
    /// A signal.
    Signal(Signal),
}

/// The publisher.
pub struct Publisher {
    intake: Intake,
    notices: Notices,
    /// `None` once the announcement of the stream has started.
    goal: Option<Goal>,
    link: Link,
    /// The producer's URL, once it is known.
    url: Option<String>,
    /// The server's name in messages.
    host: String,
    /// True if the connection is lost, which has been reported.
    is_lost: bool,
    /// `None` until the header is known.
    session: Option<Session>,
    /// Events that have not been sent, with their numbers.
    queue: VecDeque<(u64, Event)>,
    queued: usize,
    /// True if the server has missed events and needs the current state.
    has_missed: bool,
    budget: Budget,
    /// The maximum wait before the next reconnection.
    delay: Duration,
    /// The outcome of the cast, once it has ended.
    outcome: Option<cli::Result<()>>,
    is_copied: bool,
    /// True if the source has been read to its end.
    is_closed: bool,
    /// The time when the server is given up.
    until: Option<Instant>,
}

/// The state of the connection.
enum Link {
    /// Nothing to send yet.
    Idle,
    /// A thread announces the stream or connects; its result wakes the loop.
    Busy(Receiver<Answer>, PipeReader),
    /// Connected.
    Online(Box<Connection>),
    /// Disconnected until then.
    Waiting(Instant),
    /// Everything has been sent.
    Done,
    /// Publishing has stopped.
    Refused,
}

/// The result of a thread.
enum Answer {
    Announced(Result<Stream, String>),
    Connected(Result<Box<Socket>, NoSocket>),
}

/// A connection to the server.
struct Connection {
    socket: Socket,
    since: Instant,
    /// The time of the last message, and the terminal size at that time.
    told: Time,
    size: Size,
    /// The time when the next ping, or the answer to the last one, is due.
    next_ping: Instant,
    awaits_pong: bool,
    /// The last time when it accepted data or had none to send.
    moved: Instant,
    /// True if the end has been sent.
    has_ended: bool,
}

/// The amount that the server still accepts.
struct Budget {
    bytes: f64,
    counted: Instant,
}

/// The events that have occurred.
struct Ready {
    signals: bool,
    intake: bool,
    link: bool,
}

impl Publisher {
    /// A publisher for the given input.
    pub fn new(intake: Intake, goal: Goal, notices: Notices) -> Publisher {
        let host = match &goal {
            Goal::Server { server, .. } => config::server_host(server.url()),
            Goal::Socket(url) => config::server_host(url),
        };
        Publisher {
            host: host.to_string(),
            intake,
            notices,
            goal: Some(goal),
            link: Link::Idle,
            url: None,
            is_lost: false,
            session: None,
            queue: VecDeque::new(),
            queued: 0,
            has_missed: false,
            budget: Budget::new(Instant::now()),
            delay: DELAYS.0,
            outcome: None,
            is_copied: true,
            is_closed: false,
            until: None,
        }
    }

    /// Publishes until the cast has ended and the server has been informed, or until a signal.
    ///
    /// # Errors
    ///
    /// An error of poll, or of starting a thread.
    pub fn run(mut self, signals: &mut Signals) -> io::Result<Ending> {
        let mut ended_by = None;
        if let Some(Goal::Server { environment: Some(_), .. } | Goal::Socket(_)) = &self.goal {
            self.announce()?;
        }
        loop {
            let ready = self.wait(signals, ended_by.is_some())?;
            let now = Instant::now();
            if ready.signals && ended_by.is_none() {
                ended_by = signals.arrived().first().copied();
                self.until = ended_by.map(|_| now + LAST_WORDS);
            }
            if ready.intake {
                self.take_in(now)?;
            }
            let is_over = self.outcome.is_some() || ended_by.is_some();
            self.tend(ready.link, is_over, now)?;

            let is_settled = match self.link {
                Link::Done | Link::Refused => true,
                Link::Idle => is_over,
                _ => false,
            };
            if !is_settled {
                continue;
            }
            if let Some(signal) = ended_by {
                return Ok(Ending::Signal(signal));
            }
            if self.is_closed
                && let Some(outcome) = self.outcome.take()
            {
                let is_published = matches!(self.link, Link::Done);
                return Ok(Ending::Cast { outcome, is_copied: self.is_copied, is_published });
            }
        }
    }

    /// Waits until something happens or is due.
    fn wait(&self, signals: &Signals, is_ending: bool) -> io::Result<Ready> {
        let now = Instant::now();
        let mut polled = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        let reads = !self.is_closed && !is_ending;
        polled.extend(reads.then(|| PollFd::new(self.intake.as_fd(), PollFlags::POLLIN)));
        let mut due = self.until;
        match &self.link {
            Link::Busy(_, woken) => polled.push(PollFd::new(woken.as_fd(), PollFlags::POLLIN)),
            Link::Online(connection) => {
                let mut events = PollFlags::POLLIN;
                events.set(PollFlags::POLLOUT, connection.socket.unsent() > 0);
                polled.push(PollFd::new(connection.socket.as_fd(), events));
                let refill = (!self.queue.is_empty() || self.has_missed).then(|| now + self.budget.wait(now));
                let stuck = (connection.socket.unsent() > 0).then(|| connection.moved + SEND_WITHIN);
                due = [due, Some(connection.next_ping), refill.filter(|&refill| refill > now), stuck]
                    .into_iter()
                    .flatten()
                    .min();
            }
            Link::Waiting(until) => due = due.into_iter().chain([*until]).min(),
            Link::Idle | Link::Done | Link::Refused => due = None,
        }
        let timeout = due.map_or(PollTimeout::NONE, |due| {
            // Rounded up, or the last millisecond would be spent spinning.
            let millis = due.saturating_duration_since(now).as_micros().div_ceil(1000);
            PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut polled, timeout) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_ready = |index: usize| polled.get(index).and_then(PollFd::any).unwrap_or(false);
        Ok(Ready {
            signals: is_ready(0),
            intake: reads && is_ready(1),
            link: is_ready(if reads { 2 } else { 1 }),
        })
    }

    /// Processes one item of the input: a flood of them leaves time for everything else.
    fn take_in(&mut self, now: Instant) -> io::Result<()> {
        match self.intake.take() {
            None => {}
            Some(Item::Header(header)) => {
                // The intake rejects a terminal that is too large.
                self.session = Session::new(*header).ok();
                match self.link {
                    Link::Idle if self.url.is_some() => self.connect()?,
                    Link::Idle => self.announce()?,
                    _ => {}
                }
            }
            Some(Item::Events(events)) => events.into_iter().for_each(|event| self.add(event)),
            Some(Item::End(outcome)) => {
                self.outcome = Some(outcome);
                self.until = Some(now + FAREWELL);
            }
            Some(Item::Closed(is_copied)) => (self.is_closed, self.is_copied) = (true, is_copied),
        }
        Ok(())
    }

    /// Queues an event for the server.
    fn add(&mut self, event: Event) {
        let Some(session) = &mut self.session else { return };
        let (id, _) = session.apply(&event);
        if !matches!(self.link, Link::Online(_)) || self.has_missed {
            // A connection starts with the current state.
            return;
        }
        self.queued += size_of::<Event>() + event.data.text().len();
        self.queue.push_back((id, event));
        if self.queued > QUEUE {
            self.forget();
            self.has_missed = true;
        }
    }

    /// Empties the queue.
    fn forget(&mut self) {
        self.queue.clear();
        self.queued = 0;
    }

    /// Announces the stream, unless the producer's URL is already known.
    fn announce(&mut self) -> io::Result<()> {
        match self.goal.take() {
            Some(Goal::Socket(url)) => self.begin(Stream { url: url.clone(), ws_producer_url: url }),
            Some(Goal::Server { server, prefix, settings, environment }) => {
                let settings = match (environment, &self.session) {
                    (Some(environment), _) => of_environment(&environment, settings),
                    (None, Some(session)) => of_cast(session.header(), settings),
                    (None, None) => settings,
                };
                self.link = busy(move || Answer::Announced(server.announce(prefix.as_deref(), settings)))?;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Reports the address of the stream, and connects once the session has begun.
    fn begin(&mut self, stream: Stream) -> io::Result<()> {
        if std::env::var("ASCIINEMA_RELAY_ID").is_ok_and(|outer| outer == relay_id(&stream.url)) {
            self.refuse("this terminal is already being streamed there");
            return Ok(());
        }
        self.notices.announce(&visible(&stream.url));
        self.url = Some(stream.ws_producer_url);
        self.link = Link::Idle;
        if self.session.is_some() { self.connect() } else { Ok(()) }
    }

    fn connect(&mut self) -> io::Result<()> {
        let Some(url) = self.url.clone() else { return Ok(()) };
        self.link = busy(move || Answer::Connected(Socket::connect(&url, PROTOCOL).map(Box::new)))?;
        Ok(())
    }

    /// Handles everything due between us and the server.
    fn tend(&mut self, is_ready: bool, is_over: bool, now: Instant) -> io::Result<()> {
        match &mut self.link {
            Link::Busy(answers, _) if is_ready => match answers.try_recv() {
                Ok(Answer::Announced(Ok(stream))) => self.begin(stream)?,
                Ok(Answer::Announced(Err(what))) => self.refuse(&what),
                Ok(Answer::Connected(Ok(socket))) => self.open(*socket, now),
                Ok(Answer::Connected(Err(NoSocket::Lost(what)))) => self.lose(&what, now),
                Ok(Answer::Connected(Err(NoSocket::Incompatible(what)))) => {
                    self.refuse(&format!("{}: {what}", self.host));
                }
                Err(_) => self.lose("the thread has ended", now),
            },
            Link::Waiting(until) if *until <= now => self.connect()?,
            _ => {}
        }
        self.exchange(is_ready, is_over, now);
        let is_late = self.until.is_some_and(|until| until <= now);
        match &self.link {
            // If the connection was lost when the session ended, the end is not published.
            Link::Waiting(_) | Link::Busy(..) if is_over && (self.is_lost || is_late) => self.abandon(),
            Link::Online(_) if is_late => self.abandon(),
            _ => {}
        }
        Ok(())
    }

    /// Gives up publishing the end of the session.
    fn abandon(&mut self) {
        self.refuse(&format!("{}: the end of the stream could not be published", self.host));
    }

    /// Stops publishing.
    fn refuse(&mut self, what: &str) {
        self.notices.fail(what);
        self.link = Link::Refused;
        self.session = None;
        self.forget();
    }

    /// The connection is lost or failed; another one is made later.
    fn lose(&mut self, what: &str, now: Instant) {
        if let Link::Online(connection) = &self.link
            && now.duration_since(connection.since) >= STABLE
        {
            self.delay = DELAYS.0;
        }
        if !self.is_lost {
            self.notices.note(&format!("connection to {} lost ({what}), reconnecting", self.host));
            self.is_lost = true;
        }
        self.forget();
        self.has_missed = false;
        self.link = Link::Waiting(now + between_half_and_all(self.delay));
        self.delay = (self.delay * 2).min(DELAYS.1);
    }

    /// Starts a new connection, with the current state.
    fn open(&mut self, socket: Socket, now: Instant) {
        let Some(session) = &mut self.session else { return self.link = Link::Idle };
        if self.is_lost {
            self.notices.note(&format!("connected to {} again", self.host));
            self.is_lost = false;
        }
        let mut connection = Connection {
            socket,
            since: now,
            told: session.now(),
            size: session.size(),
            next_ping: now + PING_EVERY,
            awaits_pong: false,
            moved: now,
            has_ended: false,
        };
        let drawing = session.drawing();
        let init = alis::Init {
            last_id: session.last_id(),
            time: connection.told,
            size: connection.size,
            theme: session.theme(),
            drawing: &drawing,
        };
        let sent = connection
            .send(alis::MAGIC, &mut self.budget)
            .and_then(|()| connection.send(&alis::init(&init), &mut self.budget));
        self.forget();
        self.has_missed = false;
        self.link = Link::Online(Box::new(connection));
        if let Err(error) = sent {
            self.lose(&cli::io_text(&error), now);
        } else if self.outcome.is_some() {
            // A new connection gets the full time.
            self.until = self.until.map(|_| now + FAREWELL);
        }
    }

    /// Reads from the server and writes as much as it accepts.
    fn exchange(&mut self, is_ready: bool, is_over: bool, now: Instant) {
        let Link::Online(connection) = &mut self.link else { return };
        if is_ready {
            match connection.listen(now) {
                Ok(None) => {}
                Ok(Some((Some(status @ 4000..=4099), reason))) => {
                    let what = format!("{}: {}", self.host, halt_text(status, &reason));
                    return self.refuse(&what);
                }
                Ok(Some(_)) | Err(_) if connection.has_ended => return self.link = Link::Done,
                Ok(Some((_, reason))) if !reason.is_empty() => return self.lose(&visible(&reason), now),
                Ok(Some(_)) => return self.lose("the server has closed it", now),
                Err(error) => return self.lose(&net::read_error_text(&error), now),
            }
        }
        let outcome = loop {
            if let Err(error) = connection.flush(now) {
                break Err(error);
            }
            if connection.socket.unsent() >= UNSENT || connection.has_ended {
                break Ok(());
            }
            let Some(session) = &mut self.session else { break Ok(()) };
            let sent = if self.budget.wait(now).is_zero() && self.has_missed {
                self.has_missed = false;
                connection.send_state(session, &mut self.budget)
            } else if self.budget.wait(now).is_zero()
                && let Some((id, event)) = self.queue.pop_front()
            {
                self.queued -= size_of::<Event>() + event.data.text().len();
                connection.send_event(id, &event, &mut self.budget)
            } else if is_over {
                connection.send_end(session, self.has_missed || !self.queue.is_empty(), &mut self.budget)
            } else {
                break Ok(());
            };
            if let Err(error) = sent {
                break Err(error);
            }
        };
        match outcome.and_then(|()| connection.check(now)) {
            Ok(()) => {}
            Err(_) if connection.has_ended && connection.socket.unsent() == 0 => self.link = Link::Done,
            Err(error) => self.lose(&net::read_error_text(&error), now),
        }
    }
}

impl Connection {
    /// Reads the data received. Returns the reason if the server closes the connection.
    fn listen(&mut self, now: Instant) -> io::Result<Option<(Option<u16>, String)>> {
        for message in self.socket.receive()? {
            match message {
                Message::Data => {}
                Message::Ping(payload) => self.socket.send(PONG, &payload)?,
                Message::Pong => (self.awaits_pong, self.next_ping) = (false, now + PING_EVERY),
                Message::Close(status, reason) => return Ok(Some((status, reason))),
            }
        }
        Ok(None)
    }

    /// Writes as much as the socket accepts.
    fn flush(&mut self, now: Instant) -> io::Result<()> {
        if self.socket.flush()? > 0 || self.socket.unsent() == 0 {
            self.moved = now;
        }
        Ok(())
    }

    /// Pings the server from time to time, and notices if it does not answer.
    fn check(&mut self, now: Instant) -> io::Result<()> {
        let is_stuck = self.socket.unsent() > 0 && now.duration_since(self.moved) >= SEND_WITHIN;
        if is_stuck || (self.awaits_pong && self.next_ping <= now) {
            return Err(io::Error::other("the server does not respond"));
        }
        if !self.awaits_pong && self.next_ping <= now {
            self.socket.send(PING, b"")?;
            (self.awaits_pong, self.next_ping) = (true, now + PONG_WITHIN);
            self.flush(now)?;
        }
        Ok(())
    }

    fn send(&mut self, payload: &[u8], budget: &mut Budget) -> io::Result<()> {
        budget.spend(payload.len(), Instant::now());
        self.socket.send(BINARY, payload)
    }

    fn send_event(&mut self, id: u64, event: &Event, budget: &mut Budget) -> io::Result<()> {
        let message = alis::event(id, event.time.since(self.told), event);
        self.told = self.told.max(event.time);
        if let Data::Resize(size) = event.data {
            self.size = size;
        }
        self.send(&message, budget)
    }

    /// Sends the state of the screen in place of the missed events. A connection has only one init.
    fn send_state(&mut self, session: &mut Session, budget: &mut Budget) -> io::Result<()> {
        let (time, size, last_id) = (session.last_time(), session.size(), session.last_id());
        if size != self.size {
            // The missed events are counted by the number of the resize.
            let resize = Event { time, data: Data::Resize(size) };
            self.send_event(last_id.saturating_sub(1), &resize, budget)?;
        }
        let drawing = Event { time, data: Data::Output(format!("\x1bc{}", session.drawing())) };
        self.send_event(last_id, &drawing, budget)
    }

    /// Sends the end, after the current state if events were missed.
    fn send_end(&mut self, session: &mut Session, misses: bool, budget: &mut Budget) -> io::Result<()> {
        if misses {
            self.send_state(session, budget)?;
        }
        let end = alis::end(session.last_id() + 1, session.now().since(self.told));
        self.send(&end, budget)?;
        self.socket.send(CLOSE, &[&1000u16.to_be_bytes()[..], b"ended"].concat())?;
        self.has_ended = true;
        Ok(())
    }
}

impl Budget {
    fn new(now: Instant) -> Budget {
        Budget { bytes: BUDGET, counted: now }
    }

    fn spend(&mut self, count: usize, now: Instant) {
        *self = Budget { bytes: self.left(now) - count as f64, counted: now };
    }

    fn left(&self, now: Instant) -> f64 {
        let refilled = now.saturating_duration_since(self.counted).as_secs_f64() * BUDGET_PER_SECOND;
        (self.bytes + refilled).min(BUDGET)
    }

    /// The time until more data may be sent.
    fn wait(&self, now: Instant) -> Duration {
        Duration::from_secs_f64(-self.left(now).min(0.0) / BUDGET_PER_SECOND)
    }
}

/// Runs a slow task on a thread of its own.
fn busy(work: impl FnOnce() -> Answer + Send + 'static) -> io::Result<Link> {
    let (sender, answers) = channel();
    let (woken, mut waker) = io::pipe()?;
    thread::Builder::new().name("connect".to_string()).spawn(move || {
        // Fails only if nobody waits for it any more.
        let _ = sender.send(work());
        let _ = waker.write(&[0]);
    })?;
    Ok(Link::Busy(answers, woken))
}

/// The reason why a server has ended a stream for good, in its own words if it gives any.
fn halt_text(status: u16, reason: &str) -> String {
    let known = match status {
        4002 => "another producer has taken over the stream",
        4003 => "the terminal is too large",
        4004 => "the stream takes too much bandwidth",
        4005 => "the server does not understand the stream",
        4040 => "the stream does not exist",
        _ => "the server has ended the stream",
    };
    match reason {
        "" => known.to_string(),
        reason => format!("{known} ({})", visible(reason)),
    }
}

/// A random time, so that disconnected clients do not all return at once.
fn between_half_and_all(delay: Duration) -> Duration {
    let mut bytes = [0; 4];
    // Without random numbers, no connection is possible anyway.
    let _ = getrandom::fill(&mut bytes);
    delay / 2 + (delay / 2).mul_f64(f64::from(u32::from_le_bytes(bytes)) / 4_294_967_296.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_gets_60_mb_at_once_and_100_kb_a_second_after_any_quiet_period() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        let later = start + Duration::from_secs(3600);
        budget.spend(BUDGET as usize, later);
        assert_eq!(budget.wait(later), Duration::ZERO);
        budget.spend(200_000, later);
        assert_eq!(budget.wait(later), Duration::from_secs(2));
        assert_eq!(budget.wait(later + Duration::from_secs(2)), Duration::ZERO);
    }
}
