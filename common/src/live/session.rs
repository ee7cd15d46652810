//! The state of a watched session: what a viewer who joins now must be sent.

use std::rc::Rc;
use std::time::Instant;

use super::{Data, Event};
use crate::cast::{Header, Theme, Time};
use crate::screen::{Screen, TooLarge};
use crate::size::Size;

/// The number of rows kept above the screen, which reappear when it becomes taller.
const SCROLLBACK: usize = 100;

/// A session, up to the last event applied.
pub struct Session {
    header: Header,
    theme: Option<Theme>,
    screen: Screen,
    last_id: u64,
    last_time: Time,
    /// The moment when the last event was applied.
    applied: Instant,
    /// The drawing of the screen after the last event, if it has been requested.
    drawing: Option<Rc<str>>,
}

impl Session {
    /// A new session.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] if the terminal in the header is too large.
    pub fn new(header: Header) -> Result<Session, TooLarge> {
        let screen = Screen::new(header.size, SCROLLBACK)?;
        Ok(Session {
            theme: Theme::of(&header),
            header,
            screen,
            last_id: 0,
            last_time: Time::ZERO,
            applied: Instant::now(),
            drawing: None,
        })
    }

    /// Applies the next event. Returns its number, and the time since the previous event.
    pub fn apply(&mut self, event: &Event) -> (u64, Time) {
        match &event.data {
            Data::Output(text) => self.screen.feed(text),
            // The intake rejects sizes that are too large.
            Data::Resize(size) => drop(self.screen.resize(*size)),
            Data::Input(_) | Data::Marker(_) | Data::Exit(_) => {}
        }
        self.drawing = None;
        let since = event.time.since(self.last_time);
        self.last_id += 1;
        self.last_time = self.last_time.max(event.time);
        self.applied = Instant::now();
        (self.last_id, since)
    }

    /// The header of the cast.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The title; empty if there is none.
    pub fn title(&self) -> String {
        let title = self.header.get("title").and_then(|title| serde_json::from_str(title).ok());
        title.unwrap_or_default()
    }

    /// The terminal's colours, if the header has them.
    pub fn theme(&self) -> Option<&Theme> {
        self.theme.as_ref()
    }

    /// The current size of the terminal.
    pub fn size(&self) -> Size {
        self.screen.size()
    }

    /// The number of the last event; 0 before the first.
    pub fn last_id(&self) -> u64 {
        self.last_id
    }

    /// The time of the last event.
    pub fn last_time(&self) -> Time {
        self.last_time
    }

    /// The current time of the session: that of the last event, plus the time passed since then.
    pub fn now(&self) -> Time {
        match self.last_id {
            0 => Time::ZERO,
            _ => self.last_time.plus(self.applied.elapsed().into()),
        }
    }

    /// The output that draws the screen; empty before the first event.
    pub fn drawing(&mut self) -> Rc<str> {
        let draw = || if self.last_id == 0 { Rc::from("") } else { Rc::from(self.screen.drawing()) };
        Rc::clone(self.drawing.get_or_insert_with(draw))
    }
}
