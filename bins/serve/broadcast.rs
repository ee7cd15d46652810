//! The distribution of the session to all viewers: encoded once for each protocol in use, and kept
//! as long as a viewer who reads may be behind.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use common::cast::{Header, Time};
use common::live::{Event, Session};
use common::screen::TooLarge;

use crate::protocol::{COUNT, Numbered, Protocol};

/// How far a viewer may fall behind without a time limit, in bytes.
const BACKLOG: usize = 256 << 10;

/// How long a viewer may be further behind than that. After that, the viewer gets the screen again
/// instead of the output it missed. Viewers who read have received a burst by then.
const PATIENCE: Duration = Duration::from_secs(10);

/// The maximum amount kept for viewers who are behind, for all protocols together, in bytes.
const MOST: usize = 16 << 20;

/// The approximate overhead of a kept frame, in bytes.
const OVERHEAD: usize = 128;

/// The session, once it has begun, and its encoded events.
pub struct Broadcast {
    /// `None` until the header is known.
    session: Option<Session>,
    channels: [Channel; COUNT],
    has_ended: bool,
}

/// The events encoded for one protocol.
#[derive(Default)]
struct Channel {
    viewers: usize,
    /// The last frames.
    frames: VecDeque<Frame>,
    /// The number of the first frame.
    first: u64,
    /// Their total size, including overhead.
    bytes: usize,
    /// True if a viewer has received an opening since the last frame.
    has_fresh: bool,
}

/// One event, encoded.
struct Frame {
    bytes: Rc<[u8]>,
    id: u64,
    time: Time,
    /// The event itself, if it is the first after an opening for some viewers: its time must be
    /// encoded again for them.
    event: Option<Rc<Event>>,
    published: Instant,
}

/// The position of a viewer in the session.
#[derive(Debug)]
pub struct Position {
    pub protocol: Protocol,
    /// The number of the next frame for the viewer.
    next: u64,
    /// The time of the viewer's last event; `None` before the opening.
    told: Option<Time>,
    /// True if the viewer's last frame was an opening, so that the time of the next event is
    /// relative to it.
    is_fresh: bool,
    /// True if the viewer has received the end.
    has_ended: bool,
}

impl Broadcast {
    /// A broadcast before its session.
    pub fn new() -> Broadcast {
        Broadcast { session: None, channels: Default::default(), has_ended: false }
    }

    /// Begins the session.
    pub fn begin(&mut self, header: Header) -> Result<(), TooLarge> {
        self.session = Some(Session::new(header)?);
        Ok(())
    }

    /// The session, once it has begun.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Returns whether the session has ended.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// The number of viewers.
    pub fn viewers(&self) -> usize {
        self.channels.iter().map(|channel| channel.viewers).sum()
    }

    /// Adds a viewer.
    pub fn join(&mut self, protocol: Protocol) -> Position {
        self.channels[protocol as usize].viewers += 1;
        Position { protocol, next: 0, told: None, is_fresh: false, has_ended: false }
    }

    /// Removes a viewer.
    pub fn leave(&mut self, position: &Position) {
        let channel = &mut self.channels[position.protocol as usize];
        channel.viewers -= 1;
        if channel.viewers == 0 {
            channel.keep(0);
        }
    }

    /// Drops everything that no viewer needs any more. `viewers` are the positions of all viewers.
    pub fn release<'a>(&mut self, viewers: impl Iterator<Item = &'a Position>) {
        let mut needed = [u64::MAX; COUNT];
        for position in viewers.filter(|position| position.told.is_some()) {
            let needed = &mut needed[position.protocol as usize];
            *needed = position.next.min(*needed);
        }
        for (channel, needed) in self.channels.iter_mut().zip(needed) {
            while channel.first < needed && channel.pop() {}
        }
    }

    /// Publishes the next event. Returns its size in the longest encoding, in bytes.
    pub fn publish(&mut self, event: Event, now: Instant) -> usize {
        let Some(session) = &mut self.session else { return 0 };
        let after = session.last_time();
        let (id, _) = session.apply(&event);
        let event = Rc::new(event);
        let mut longest = 0;
        let watched = self.channels.iter().filter(|channel| channel.viewers > 0).count();
        for (protocol, channel) in Protocol::all().zip(&mut self.channels) {
            if channel.viewers == 0 {
                channel.first += 1;
                continue;
            }
            let mut bytes = Vec::new();
            protocol.event(Numbered { id, after, event: &event }, &mut bytes);
            longest = longest.max(bytes.len());
            let first = channel.has_fresh.then(|| Rc::clone(&event));
            channel.has_fresh = false;
            channel.push(Frame { bytes: bytes.into(), id, time: event.time, event: first, published: now });
            channel.keep(MOST / watched);
            channel.expire(now);
        }
        longest
    }

    /// Ends the session.
    pub fn end(&mut self) {
        self.has_ended = true;
    }

    /// Appends the next frames for a viewer, about `most` bytes at most; nothing if there are none
    /// yet.
    pub fn advance(&mut self, position: &mut Position, most: usize, out: &mut Vec<Rc<[u8]>>) {
        let Some(session) = &mut self.session else { return };
        let (protocol, channel) = (position.protocol, &mut self.channels[position.protocol as usize]);
        let mut given = 0;
        if position.told.is_none() || position.next < channel.first {
            let mut opening = Vec::new();
            let now = session.now();
            protocol.open(session, now, position.told, &mut opening);
            position.told = Some(now);
            position.next = channel.end();
            position.is_fresh = true;
            channel.has_fresh = true;
            given += opening.len();
            out.push(opening.into());
        }
        let skipped = usize::try_from(position.next - channel.first).unwrap_or(usize::MAX);
        for Frame { bytes, id, time, event, .. } in channel.frames.iter().skip(skipped) {
            if given >= most {
                return;
            }
            let mut own = None;
            if let (Some(after), Some(event)) = (position.told, event)
                && position.is_fresh
                && protocol.is_relative()
            {
                let mut bytes = Vec::new();
                protocol.event(Numbered { id: *id, after, event }, &mut bytes);
                own = Some(Rc::from(bytes));
            }
            given += bytes.len();
            // Not every protocol can express every event.
            if !bytes.is_empty() {
                out.push(own.unwrap_or_else(|| Rc::clone(bytes)));
            }
            position.next += 1;
            position.told = position.told.max(Some(*time));
            position.is_fresh = false;
        }
        if self.has_ended && !position.has_ended {
            let mut end = Vec::new();
            let since = session.now().since(position.told.unwrap_or_default());
            protocol.end(session.last_id() + 1, since, &mut end);
            out.push(end.into());
            position.has_ended = true;
        }
    }
}

impl Position {
    /// Returns whether the viewer has received everything, including the end.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }
}

impl Channel {
    /// The number of the next frame.
    fn end(&self) -> u64 {
        self.first + self.frames.len() as u64
    }

    fn push(&mut self, frame: Frame) {
        self.bytes += frame.cost();
        self.frames.push_back(frame);
    }

    /// Drops the first frame. Returns false if there is none.
    fn pop(&mut self) -> bool {
        let Some(frame) = self.frames.pop_front() else { return false };
        self.bytes -= frame.cost();
        self.first += 1;
        true
    }

    /// Drops the first frames until the rest takes at most this many bytes.
    fn keep(&mut self, most: usize) {
        while self.bytes > most && self.pop() {}
    }

    /// Drops old frames beyond the backlog.
    fn expire(&mut self, now: Instant) {
        let is_old = |frame: &Frame| now.duration_since(frame.published) > PATIENCE;
        while self.bytes > BACKLOG && self.frames.front().is_some_and(is_old) && self.pop() {}
    }
}

impl Frame {
    fn cost(&self) -> usize {
        self.bytes.len() + OVERHEAD
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use common::live::Data;

    fn event(millis: u64, text: &str) -> Event {
        Event { time: Time::from_micros(millis * 1000), data: Data::Output(text.to_string()) }
    }

    fn begun() -> Broadcast {
        let mut broadcast = Broadcast::new();
        let header = b"{\"version\": 2, \"width\": 20, \"height\": 4}";
        broadcast.begin(Header::parse(header).unwrap()).unwrap();
        broadcast
    }

    fn publish(broadcast: &mut Broadcast, event: Event) {
        static NOW: LazyLock<Instant> = LazyLock::new(Instant::now);
        broadcast.publish(event, *NOW);
    }

    /// The frames for a viewer, as text.
    fn given(broadcast: &mut Broadcast, position: &mut Position) -> Vec<String> {
        let mut out = Vec::new();
        broadcast.advance(position, usize::MAX, &mut out);
        out.iter().map(|bytes| String::from_utf8_lossy(&bytes[2..]).into_owned()).collect()
    }

    #[test]
    fn nothing_is_sent_before_the_session_begins() {
        let mut broadcast = Broadcast::new();
        let mut position = broadcast.join(Protocol::Alis);
        assert!(given(&mut broadcast, &mut position).is_empty());
    }

    #[test]
    fn an_event_is_encoded_once_except_for_viewers_who_just_joined() {
        let mut broadcast = begun();
        let mut early = broadcast.join(Protocol::Alis);
        given(&mut broadcast, &mut early);
        publish(&mut broadcast, event(1000, "a"));
        assert_eq!(given(&mut broadcast, &mut early), ["o\x01\u{fffd}\u{fffd}=\x01a"]);
        let mut late = broadcast.join(Protocol::Alis);
        given(&mut broadcast, &mut late);
        publish(&mut broadcast, event(1000, "b"));
        assert_eq!(given(&mut broadcast, &mut early), ["o\x02\0\x01b"]);
        assert_eq!(given(&mut broadcast, &mut late), ["o\x02\0\x01b"]);
        let (mut a, mut b) = (Vec::new(), Vec::new());
        publish(&mut broadcast, event(1000, "c"));
        broadcast.advance(&mut early, usize::MAX, &mut a);
        broadcast.advance(&mut late, usize::MAX, &mut b);
        assert!(Rc::ptr_eq(&a[0], &b[0]));
    }

    #[test]
    fn a_viewer_too_far_behind_gets_the_screen_and_continues() {
        for protocol in Protocol::all() {
            let mut broadcast = begun();
            let mut position = broadcast.join(protocol);
            given(&mut broadcast, &mut position);
            for number in 0..BACKLOG / 100 {
                publish(&mut broadcast, event(number as u64, &"x".repeat(100)));
            }
            let later = Instant::now() + PATIENCE + Duration::from_secs(1);
            broadcast.publish(event(1_000_000, "\u{1b}[2J\u{1b}[Hhere"), later);
            let frames = given(&mut broadcast, &mut position);
            assert!(frames.len() == 1 && frames[0].contains("here"), "{protocol:?} {frames:?}");
            publish(&mut broadcast, event(1_000_001, "there"));
            let frames = given(&mut broadcast, &mut position);
            assert!(frames.len() == 1 && frames[0].contains("there"), "{protocol:?} {frames:?}");
        }
    }

    #[test]
    fn a_viewer_behind_for_a_moment_misses_nothing() {
        let mut broadcast = begun();
        let mut position = broadcast.join(Protocol::Raw);
        given(&mut broadcast, &mut position);
        for number in 0..12_000 {
            publish(&mut broadcast, event(number, &format!("{number:1000}")));
        }
        let frames = given(&mut broadcast, &mut position);
        assert_eq!(frames.len(), 12_000);
        assert!(frames.iter().enumerate().all(|(number, text)| text.ends_with(&format!(" {number}"))));
        broadcast.release([&position].into_iter());
        assert!(broadcast.channels[Protocol::Raw as usize].frames.is_empty());
    }

    #[test]
    fn memory_is_bounded_and_unused_without_viewers() {
        let mut broadcast = begun();
        let positions = [Protocol::V3, Protocol::V2].map(|protocol| {
            let mut position = broadcast.join(protocol);
            given(&mut broadcast, &mut position);
            position
        });
        let text = "x".repeat(10_000);
        for number in 0..4_000 {
            publish(&mut broadcast, event(number, &text));
        }
        let bytes =
            |broadcast: &Broadcast| broadcast.channels.iter().map(|channel| channel.bytes).sum::<usize>();
        assert!(bytes(&broadcast) > MOST * 9 / 10 && bytes(&broadcast) <= MOST);
        assert!(broadcast.channels[Protocol::Alis as usize].frames.is_empty());
        positions.iter().for_each(|position| broadcast.leave(position));
        assert_eq!(bytes(&broadcast), 0);
    }
}
