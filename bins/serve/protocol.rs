//! The four protocols of a live stream, as WebSocket frames.
//!
//! Each has an opening, events, and an end. An event is encoded the same way for every viewer,
//! except for the first event after an opening, whose time is relative to the opening.

use common::cast::{Code, HeaderBuilder, Precision, Time, Version, Writer};
use common::live::{Data, Event, Session, alis};
use net::websocket::{BINARY, CLOSE, TEXT, write_frame};

/// A protocol, by its name in the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `v1.alis`: preferred by players.
    Alis,
    /// `v2.asciicast`: lines of an asciicast, one text message each.
    V2,
    /// `v3.asciicast`: likewise.
    V3,
    /// `raw`: the output written to the terminal.
    Raw,
}

/// The protocols and their names.
const NAMES: [(Protocol, &str); 4] = [
    (Protocol::Alis, "v1.alis"),
    (Protocol::V2, "v2.asciicast"),
    (Protocol::V3, "v3.asciicast"),
    (Protocol::Raw, "raw"),
];

/// The number of protocols.
pub const COUNT: usize = NAMES.len();

/// An event and its position in the stream.
#[derive(Clone, Copy, Debug)]
pub struct Numbered<'a> {
    /// Counted from 1.
    pub id: u64,
    /// The time it is relative to: of the previous event, or of an opening.
    pub after: Time,
    /// The event.
    pub event: &'a Event,
}

impl Protocol {
    /// All protocols, in order.
    pub fn all() -> impl Iterator<Item = Protocol> {
        NAMES.iter().map(|(protocol, _)| *protocol)
    }

    /// The protocol with a name.
    pub fn named(name: &str) -> Option<Protocol> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(protocol, _)| *protocol)
    }

    /// The name of the protocol.
    pub fn name(self) -> &'static str {
        NAMES[self as usize].1
    }

    /// Returns whether event times are relative to the previous event.
    pub fn is_relative(self) -> bool {
        matches!(self, Protocol::Alis | Protocol::V3)
    }

    /// Appends the frames that show a viewer the session as it is `now`. `told` is the time of the
    /// viewer's last event, if some events were missed.
    pub fn open(self, session: &mut Session, now: Time, told: Option<Time>, out: &mut Vec<u8>) {
        let (drawing, size) = (session.drawing(), session.size());
        match (self, told) {
            (Protocol::Alis, _) => {
                if told.is_none() {
                    write_frame(BINARY, alis::MAGIC, None, out);
                }
                let (last_id, theme) = (session.last_id(), session.theme());
                let init = alis::Init { last_id, time: now, size, theme, drawing: &drawing };
                write_frame(BINARY, &alis::init(&init), None, out);
            }
            (Protocol::V2 | Protocol::V3, None) => {
                write_line(header(session, self.version()).as_bytes(), out);
                if !drawing.is_empty() {
                    write_line(&self.line(Time::ZERO, now, Code::Output, &drawing), out);
                }
            }
            (Protocol::V2 | Protocol::V3, Some(told)) => {
                write_line(&self.line(told, now, Code::Resize, &size.to_string()), out);
                write_line(&self.line(now, now, Code::Output, &format!("\x1bc{drawing}")), out);
            }
            (Protocol::Raw, _) => {
                let reset = if told.is_some() { "\x1bc" } else { "" };
                write_frame(BINARY, format!("{}{reset}{drawing}", size.sequence()).as_bytes(), None, out);
            }
        }
    }

    /// Appends the frame of an event; nothing if the protocol cannot express it.
    pub fn event(self, numbered: Numbered<'_>, out: &mut Vec<u8>) {
        let Numbered { id, after, event } = numbered;
        match self {
            Protocol::Alis => {
                write_frame(BINARY, &alis::event(id, event.time.since(after), event), None, out)
            }
            Protocol::V2 | Protocol::V3 => {
                let (code, text) = match &event.data {
                    Data::Output(text) => (Code::Output, text),
                    Data::Input(text) => (Code::Input, text),
                    Data::Marker(text) => (Code::Marker, text),
                    Data::Resize(size) => (Code::Resize, &size.to_string()),
                    Data::Exit(status) => (Code::Exit, &status.to_string()),
                };
                write_line(&self.line(after, event.time, code, text), out);
            }
            Protocol::Raw => match &event.data {
                Data::Output(text) => write_frame(BINARY, text.as_bytes(), None, out),
                Data::Resize(size) => write_frame(BINARY, size.sequence().as_bytes(), None, out),
                Data::Input(_) | Data::Marker(_) | Data::Exit(_) => {}
            },
        }
    }

    /// Appends the frames for the end of the session and a close frame; `since` is the time since
    /// the last event.
    pub fn end(self, id: u64, since: Time, out: &mut Vec<u8>) {
        if self == Protocol::Alis {
            write_frame(BINARY, &alis::end(id, since), None, out);
        }
        write_frame(CLOSE, &1000u16.to_be_bytes(), None, out);
    }

    fn version(self) -> Version {
        if self == Protocol::V2 { Version::V2 } else { Version::V3 }
    }

    /// The line of an event that follows another one.
    fn line(self, after: Time, time: Time, code: Code, text: &str) -> Vec<u8> {
        let mut line = Vec::new();
        let mut writer = Writer::after(after, self.version(), Precision::Microseconds);
        writer.event(time, code, text, &mut line);
        line
    }
}

/// A header with the current size of the terminal.
fn header(session: &Session, version: Version) -> String {
    let size = session.size();
    let mut header = HeaderBuilder::new(version);
    match version {
        Version::V2 => {
            header.add("width", &size.cols.to_string());
            header.add("height", &size.rows.to_string());
            if let Some(theme) = session.theme() {
                header.add("theme", &theme.to_json());
            }
        }
        Version::V3 => {
            let mut term = HeaderBuilder::nested(version);
            term.add("cols", &size.cols.to_string());
            term.add("rows", &size.rows.to_string());
            if let Some(theme) = session.theme() {
                term.add("theme", &theme.to_json());
            }
            header.add("term", term.finish().trim_end());
        }
    }
    if let Some(timestamp) = session.header().get("timestamp") {
        header.add("timestamp", timestamp);
    }
    let title = session.title();
    if !title.is_empty() {
        header.add_text("title", &title);
    }
    header.finish()
}

/// Appends a message with a line, without its line end.
fn write_line(line: &[u8], out: &mut Vec<u8>) {
    write_frame(TEXT, line.trim_ascii_end(), None, out);
}
