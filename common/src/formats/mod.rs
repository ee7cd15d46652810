//! The formats that a cast converts to: versions of asciicast, raw output, text, captions, and the
//! files of other recorders, which can also be read.
//!
//! An [`Encoder`] takes a header and events, and appends the result; there is one for each
//! [`Format`]. Recorders have bytes rather than text, which a [`LiveEncoder`] converts. A
//! [`Decoder`] reads the files of another recorder. Knows no options, and opens no files.

mod asciicast;
mod captions;
mod document;
mod live;
mod raw;
mod recorder;
mod script;
mod text;
mod ttyrec;

use crate::cast::{Code, Event, Fault, Header, Time, Version};

pub use asciicast::Asciicast;
pub use captions::{Captions, Cue, CueFault, Markup, parse_cues};
pub use document::Document;
pub use live::LiveEncoder;
pub use raw::Raw;
pub use recorder::{Damage, Decoder, Origin, Part, Recorded};
pub use script::{Script, ScriptDecoder};
pub use text::Text;
pub use ttyrec::{TTYREC_FRONT, Ttyrec, TtyrecDecoder, is_ttyrec};

/// A format that a cast converts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// asciicast v2 or v3.
    Asciicast(Version),
    /// asciicast v1, which has only output.
    Document,
    /// The bytes of the output, with the terminal's sizes.
    Raw,
    /// The lines that a terminal would have shown.
    Text,
    /// ttyrec's records.
    Ttyrec,
    /// The two files of script(1).
    Script,
    /// The markers as captions.
    Captions(Markup),
}

impl Format {
    /// The names of the formats on command lines.
    pub const NAMES: &[(&str, Format)] = &[
        ("asciicast-v3", Format::Asciicast(Version::V3)),
        ("asciicast-v2", Format::Asciicast(Version::V2)),
        ("asciicast-v1", Format::Document),
        ("raw", Format::Raw),
        ("txt", Format::Text),
        ("ttyrec", Format::Ttyrec),
        ("script", Format::Script),
        ("srt", Format::Captions(Markup::SubRip)),
        ("vtt", Format::Captions(Markup::WebVtt)),
    ];

    /// An encoder for a cast in this format.
    pub fn encoder(self) -> Box<dyn Encoder + Send> {
        match self {
            Format::Asciicast(version) => Box::new(Asciicast::new(version)),
            Format::Document => Box::new(Document::default()),
            Format::Raw => Box::new(Raw),
            Format::Text => Box::new(Text::default()),
            Format::Ttyrec => Box::new(Ttyrec::default()),
            Format::Script => Box::new(Script::default()),
            Format::Captions(markup) => Box::new(Captions::new(markup)),
        }
    }
}

/// Converts a cast to another format, piece by piece.
pub trait Encoder {
    /// Appends everything before the events. Called once.
    ///
    /// # Errors
    ///
    /// The format cannot represent the cast.
    fn header(&mut self, header: &Header, out: &mut Vec<u8>) -> Result<(), Fault>;

    /// Appends an event, given by its text.
    ///
    /// # Errors
    ///
    /// The format cannot represent the event.
    fn text(&mut self, time: Time, code: Code, text: &str, out: &mut Vec<u8>) -> Result<(), Fault>;

    /// Appends an event that was read.
    ///
    /// # Errors
    ///
    /// Those of [`Encoder::text`], and undecodable data.
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.text(event.time, event.code, &event.text()?, out)
    }

    /// Appends a line that is not an event, if the format allows it.
    fn ignored(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let _ = (line, out);
    }

    /// Appends everything after the events. Called last.
    fn finish(&mut self, out: &mut Vec<u8>) {
        let _ = out;
    }

    /// Takes the data for a second file, for a format that has two.
    fn take_second(&mut self) -> Vec<u8> {
        Vec::new()
    }
}

/// The start of a recording in Unix time, from its header.
fn timestamp(header: &Header) -> Option<i64> {
    // Some writers add decimals.
    header.get("timestamp")?.split('.').next()?.parse().ok()
}
