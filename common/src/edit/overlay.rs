//! A text over the screen of a cast while the cast goes on below it: what captions and keys share, which
//! differ only in what they show, when and where.
//!
//! While a text is shown, each event of output first takes it off, then does what it did, and puts it on
//! again. So nothing of it scrolls away, and what the program writes finds the terminal as it left it. All
//! events that come while nothing is shown are copied verbatim.

use std::ops::Range;

use crate::cast::{Code, Event, Fault, Header, Time};
use crate::filter::Output;
use crate::screen::{Label, Screen};
use crate::size::Size;

/// Where a text is written on a screen of a size, row by row; nowhere if it has no room.
pub type Layout = fn(&str, Size) -> Vec<Label>;

/// Shows one text at a time.
pub struct Overlay {
    layout: Layout,
    /// The screen as it is without the text; none before the header.
    screen: Option<Box<Screen>>,
    /// What is to be seen now.
    text: Option<String>,
    /// The rows that are covered.
    covered: Option<Range<usize>>,
}

impl Overlay {
    /// Shows nothing yet.
    pub fn new(layout: Layout) -> Overlay {
        Overlay { layout, screen: None, text: None, covered: None }
    }

    /// Begins with the size in the header.
    ///
    /// # Errors
    ///
    /// It is too large for a virtual terminal.
    pub fn begin(&mut self, header: &Header) -> Result<(), Fault> {
        // What comes back from the scrollback when the terminal becomes taller is never covered.
        const SCROLLBACK: usize = 100;
        self.screen = Some(Box::new(Screen::new(header.size, SCROLLBACK)?));
        Ok(())
    }

    /// Whether a text is being shown.
    pub fn is_shown(&self) -> bool {
        self.text.is_some()
    }

    /// Shows a text from a time on, in place of any other.
    pub fn show(&mut self, text: &str, time: Time, output: &mut Output) {
        self.text = Some(text.to_string());
        self.draw(String::new(), time, output);
    }

    /// Shows nothing from a time on.
    pub fn hide(&mut self, time: Time, output: &mut Output) {
        self.text = None;
        self.draw(String::new(), time, output);
    }

    /// Writes an event, with the text over what it shows.
    ///
    /// # Errors
    ///
    /// Its data cannot be decoded, or a size is too large.
    pub fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        let Some(screen) = &mut self.screen else { return Ok(()) };
        match (event.code, event.resize()) {
            (Code::Output, _) => {
                let text = event.text()?;
                if self.text.is_none() && self.covered.is_none() {
                    screen.feed(&text);
                    output.event(event, event.time);
                } else {
                    let uncovering = self.covered.take().map(|rows| screen.uncover(rows));
                    screen.feed(&text);
                    self.draw(uncovering.unwrap_or_default() + &text, event.time, output);
                }
            }
            (_, Some(size)) => {
                if let Some(rows) = self.covered.take() {
                    output.new_event(event.time, Code::Output, &screen.uncover(rows));
                }
                screen.resize(size)?;
                output.event(event, event.time);
                self.draw(String::new(), event.time, output);
            }
            _ => output.event(event, event.time),
        }
        Ok(())
    }

    /// Writes an event that ends with the text as it is to be seen now.
    fn draw(&mut self, mut drawing: String, time: Time, output: &mut Output) {
        let Some(screen) = self.screen.as_ref().filter(|screen| screen.can_be_covered()) else {
            // It comes up, or goes, as soon as that is possible.
            if !drawing.is_empty() {
                output.new_event(time, Code::Output, &drawing);
            }
            return;
        };
        if let Some(rows) = self.covered.take() {
            drawing += &screen.uncover(rows);
        }
        let labels = self.text.as_ref().map(|text| (self.layout)(text, screen.size())).unwrap_or_default();
        if let (Some(first), Some(last)) = (labels.first(), labels.last()) {
            self.covered = Some(first.position.row..last.position.row + 1);
            drawing += &screen.cover(&labels);
        }
        if !drawing.is_empty() {
            output.new_event(time, Code::Output, &drawing);
        }
    }
}
