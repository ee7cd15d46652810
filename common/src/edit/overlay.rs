//! A text shown over the screen of a cast while the cast continues: the common part of captions and
//! keys, which differ only in the text, its position and its time.
//!
//! While a text is shown, each output event first removes it, then writes its own output, and shows
//! it again. So no part of it scrolls away, and the program's output finds the terminal in the
//! expected state. Events are copied verbatim while nothing is shown.

use std::ops::Range;

use crate::cast::{Code, Event, Fault, Header, Time};
use crate::filter::Output;
use crate::screen::{Label, Screen};
use crate::size::Size;

/// The position of a text on a screen, row by row; empty if it does not fit.
pub type Layout = fn(&str, Size) -> Vec<Label>;

/// Shows one text at a time.
pub struct Overlay {
    layout: Layout,
    /// The screen without the text; `None` before the header.
    screen: Option<Box<Screen>>,
    /// The current text.
    text: Option<String>,
    /// The rows it covers.
    covered: Option<Range<usize>>,
}

impl Overlay {
    /// An overlay without a text.
    pub fn new(layout: Layout) -> Overlay {
        Overlay { layout, screen: None, text: None, covered: None }
    }

    /// Starts with the size in the header.
    ///
    /// # Errors
    ///
    /// The size is too large for a virtual terminal.
    pub fn begin(&mut self, header: &Header) -> Result<(), Fault> {
        // Rows that return from the scrollback when the terminal becomes taller are never covered.
        const SCROLLBACK: usize = 100;
        self.screen = Some(Box::new(Screen::new(header.size, SCROLLBACK)?));
        Ok(())
    }

    /// Returns whether a text is shown.
    pub fn is_shown(&self) -> bool {
        self.text.is_some()
    }

    /// Shows a text from a time on, replacing any other.
    pub fn show(&mut self, text: &str, time: Time, output: &mut Output) {
        self.text = Some(text.to_string());
        self.draw(String::new(), time, output);
    }

    /// Hides the text from a time on.
    pub fn hide(&mut self, time: Time, output: &mut Output) {
        self.text = None;
        self.draw(String::new(), time, output);
    }

    /// Writes an event, with the text over its output.
    ///
    /// # Errors
    ///
    /// The data cannot be decoded, or a size is too large.
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

    /// Writes an event that ends by drawing the current text.
    fn draw(&mut self, mut drawing: String, time: Time, output: &mut Output) {
        let Some(screen) = self.screen.as_ref().filter(|screen| screen.can_be_covered()) else {
            // The text appears or disappears as soon as that is possible.
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
