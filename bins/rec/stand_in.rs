//! Replies to the program's queries where there is no terminal to do so. Some programs wait for such
//! replies, fish for seconds and others forever.
//!
//! Output is only searched for queries, which costs next to nothing, and kept until one comes. Then it
//! is written to a virtual terminal, which the reply is about.

use common::cast::Utf8Repair;
use common::screen::{Colours, Responder, Screen};
use common::size::Size;
use memchr::memchr;

/// How much output is kept, in bytes. What was written before no longer counts, which matters to the
/// position of the cursor in no program that shows anything.
const KEPT: usize = 1 << 20;

/// The longest query, in bytes.
const LONGEST: usize = 64;

const ESC: u8 = 0x1b;
const BELL: u8 = 0x07;

/// A terminal for the program, of which nobody sees anything.
pub struct StandIn {
    screen: Screen,
    responder: Responder,
    repair: Utf8Repair,
    /// Output that the screen has not been given.
    text: String,
    /// The length of the output that has been searched.
    searched: usize,
}

impl StandIn {
    /// A terminal of this size. `None` if it is too large for a virtual terminal.
    pub fn new(size: Size) -> Option<StandIn> {
        Some(StandIn {
            screen: Screen::new(size, 0).ok()?,
            responder: Responder::new(Colours::default()),
            repair: Utf8Repair::default(),
            text: String::new(),
            searched: 0,
        })
    }

    /// Takes output of the program and appends the replies to what it queries.
    pub fn push(&mut self, output: &[u8], replies: &mut Vec<u8>) {
        self.repair.push(output, &mut self.text);
        if self.search() {
            self.responder.feed(&mut self.screen, &self.text[..self.searched], replies);
            self.forget(self.searched);
        } else if self.text.len() > 2 * KEPT {
            let end = self.text.len() - KEPT;
            let line_end = memchr(b'\n', &self.text.as_bytes()[end..self.searched.max(end)]);
            self.forget(line_end.map_or(self.searched, |at| end + at + 1));
        }
    }

    /// Looks for a query in the output that has not been searched, up to a sequence that is not complete.
    fn search(&mut self) -> bool {
        let bytes = self.text.as_bytes();
        let mut is_found = false;
        while let Some(at) = memchr(ESC, &bytes[self.searched..]) {
            let start = self.searched + at;
            match is_query(&bytes[start..]) {
                Some(is_query) => {
                    is_found |= is_query;
                    self.searched = start + 1;
                }
                None => {
                    self.searched = start;
                    return is_found;
                }
            }
        }
        self.searched = bytes.len();
        is_found
    }

    fn forget(&mut self, length: usize) {
        self.text.drain(..length);
        self.searched -= length;
    }
}

/// Returns whether output begins with what may be a query; `None` if its end is still to come.
fn is_query(output: &[u8]) -> Option<bool> {
    let output = &output[..output.len().min(LONGEST)];
    let unfinished = if output.len() < LONGEST { None } else { Some(false) };
    match output {
        [_] => None,
        [_, b'[', rest @ ..] => match rest.iter().find(|byte| !(b' '..=b'?').contains(byte)) {
            Some(last) => Some(b"cnpqt".contains(last)),
            None => unfinished,
        },
        [_, b']', rest @ ..] => {
            let end = rest.iter().position(|&byte| byte == BELL || byte == ESC);
            match end {
                // The terminator is a sequence of its own.
                Some(end) if rest[end] == ESC && end + 1 == rest.len() => unfinished,
                Some(end) => Some(rest[..end].contains(&b'?')),
                None => unfinished,
            }
        }
        _ => Some(false),
    }
}
