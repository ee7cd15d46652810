//! Replies to the program's queries where there is no terminal to do so. Some programs wait for such
//! replies, fish for seconds and others forever.

use common::cast::Utf8Repair;
use common::screen::{Colours, Responder, Screen};
use common::size::Size;

/// A terminal for the program, of which nobody sees anything.
pub struct StandIn {
    screen: Screen,
    responder: Responder,
    repair: Utf8Repair,
    text: String,
}

impl StandIn {
    /// A terminal of this size. `None` if it is too large for a virtual terminal.
    pub fn new(size: Size) -> Option<StandIn> {
        Some(StandIn {
            screen: Screen::new(size, 0).ok()?,
            responder: Responder::new(Colours::default()),
            repair: Utf8Repair::default(),
            text: String::new(),
        })
    }

    /// Takes output of the program and appends the replies to what it queries.
    pub fn push(&mut self, output: &[u8], replies: &mut Vec<u8>) {
        self.text.clear();
        self.repair.push(output, &mut self.text);
        self.responder.feed(&mut self.screen, &self.text, replies);
    }
}
