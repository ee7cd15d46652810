//! The strings of OSC, DCS and APC sequences, and contents spread over several of them.
//!
//! No terminal shows these strings, but they are in the file: titles, links, the clipboard. Long
//! contents are split over several sequences: kitty's graphics, the parts of a file, text wrapped
//! by tmux and screen. Some are encoded in base64, and are searched decoded.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use common::edit::TracedLine;
use common::vt::{ControlString, End, StringKind};

use crate::finder::{Finder, Stream};
use crate::line::{LONGEST_LINE, Line};

/// The strings of the output.
#[derive(Default)]
pub struct Sequences {
    /// The string of a sequence, if it arrives in several parts.
    string: Line,
    /// The contents of sequences of one protocol.
    pieces: Pieces,
    /// The contents of wrappers.
    wrapped: Pieces,
    /// True if a wrapper has begun: its contents arrive as separate sequences.
    is_wrapping: bool,
}

/// Contents spread over several sequences.
#[derive(Default)]
struct Pieces {
    protocol: Option<Protocol>,
    line: Line,
    /// The number of pieces.
    count: usize,
    /// True if another piece is announced.
    goes_on: bool,
}

/// The amount kept of pieces that together are not text in base64: pictures are large.
const OVERLAP: usize = 8 << 10;

/// The protocol to which pieces belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    /// The clipboard, OSC 52.
    Clipboard,
    /// The clipboard, kitty's OSC 5522.
    KittyClipboard,
    /// Kitty's graphics, APC G.
    KittyGraphics,
    /// iTerm2's files, OSC 1337.
    File,
    /// Strings passed on by tmux or screen, and other device control strings.
    Wrapper,
}

/// Base64 as found in practice: without padding, or with nonzero trailing bits.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl Sequences {
    /// Processes a string, or a part of one; `place` is the place of its text in the output.
    pub fn take(&mut self, string: &ControlString<'_>, place: u64, finder: &mut Finder) {
        self.string.push_str(&String::from_utf8_lossy(string.text), place);
        if string.end == End::Later {
            return self.string.shorten(finder, Stream::Output);
        }
        finder.look_at_text(&self.string.line, Stream::Output);
        self.string.look(finder, Stream::Output);
        self.join(string, finder);
        self.string.clear();
    }

    /// Joins the string that has just ended with those that it continues.
    fn join(&mut self, string: &ControlString<'_>, finder: &mut Finder) {
        let Sequences { string: Line { line, .. }, pieces, wrapped, is_wrapping, .. } = self;
        let text = line.text();
        let unwrapped = text.strip_prefix("tmux;").unwrap_or(text);
        let start = text.len() - unwrapped.len();
        let is_wrapper = string.kind == StringKind::Dcs;
        if is_wrapper && unwrapped.is_empty() && string.end == End::CutOff {
            *is_wrapping = true;
            return wrapped.clear();
        }
        if is_wrapper {
            wrapped.add(Protocol::Wrapper, line, start, false, finder);
            return;
        }
        if std::mem::take(is_wrapping) {
            wrapped.clear();
            wrapped.add(Protocol::Wrapper, line, 0, false, finder);
        }
        match piece(string.kind, text) {
            Some((protocol, start, goes_on)) => pieces.add(protocol, line, start, goes_on, finder),
            None => {
                look_at_encoded(line, finder);
            }
        }
    }

    /// Text has been printed: this ends the contents of wrappers, and contents without an announced
    /// piece.
    pub fn interrupt(&mut self) {
        self.is_wrapping = false;
        if self.wrapped.protocol.is_some() {
            self.wrapped.clear();
        }
        if self.pieces.protocol.is_some() && !self.pieces.goes_on {
            self.pieces.clear();
        }
    }

    /// Ends the analysis.
    pub fn finish(&mut self, finder: &mut Finder) {
        self.string.end(finder, Stream::Output);
    }

    /// The place from which the contents may become secret if more follows.
    pub fn undecided(&mut self, finder: &mut Finder) -> Option<u64> {
        let string = self.string.undecided(&mut finder.patterns);
        let string = string.and_then(|at| first_place(&self.string.line, at));
        let pieces = [self.pieces.undecided(finder), self.wrapped.undecided(finder)];
        pieces.into_iter().flatten().chain(string).min()
    }

    /// Masks undecided text, because it cannot wait any longer.
    pub fn lose(&mut self, finder: &mut Finder) {
        self.string.lose(finder, Stream::Output);
        for pieces in [&mut self.pieces, &mut self.wrapped] {
            if pieces.undecided(finder).is_some() {
                finder.mask(&pieces.line.line, 0..pieces.line.line.len(), Stream::Output);
                pieces.clear();
            }
        }
    }
}

impl Pieces {
    fn clear(&mut self) {
        self.protocol = None;
        self.line.clear();
        self.count = 0;
        self.goes_on = false;
    }

    /// Adds a piece: the part of a string after an offset.
    fn add(
        &mut self,
        protocol: Protocol,
        string: &TracedLine,
        start: usize,
        goes_on: bool,
        finder: &mut Finder,
    ) {
        let belongs = self.goes_on || matches!(protocol, Protocol::Clipboard | Protocol::Wrapper);
        if self.protocol != Some(protocol) || !belongs {
            self.clear();
        }
        self.protocol = Some(protocol);
        self.goes_on = goes_on;
        self.count += 1;
        for (at, character) in string.text().char_indices().filter(|(at, _)| *at >= start) {
            self.line.line.push(character, string.place(at));
        }
        if self.count > 1 {
            finder.look_at_text(&self.line.line, Stream::Output);
        }
        if !look_at_encoded(&self.line.line, finder) || self.line.line.len() > LONGEST_LINE {
            self.line.line.keep_last(OVERLAP);
        }
    }

    fn undecided(&mut self, finder: &mut Finder) -> Option<u64> {
        let line = &self.line.line;
        if self.protocol.is_none() || line.is_empty() {
            return None;
        }
        if self.goes_on || self.protocol == Some(Protocol::Wrapper) {
            let is_encoded = decoded(line.text()).is_some_and(|(_, text)| finder.is_undecided(&text));
            if is_encoded {
                return first_place(line, 0);
            }
        }
        finder.patterns.undecided(line.text()).and_then(|at| first_place(line, at))
    }
}

/// The protocol of a string, the start of the piece in it, and whether another one follows.
fn piece(kind: StringKind, text: &str) -> Option<(Protocol, usize, bool)> {
    let behind = |delimiter: char| text.rfind(delimiter).map_or(text.len(), |at| at + 1);
    match kind {
        StringKind::Apc if text.starts_with('G') => {
            let keys = text[1..].split(';').next().unwrap_or_default();
            let start = text.find(';').map_or(text.len(), |at| at + 1);
            Some((Protocol::KittyGraphics, start, keys.split(',').any(|key| key == "m=1")))
        }
        StringKind::Osc if text.starts_with("52;") => Some((Protocol::Clipboard, behind(';'), false)),
        StringKind::Osc if text.starts_with("5522;") => {
            let has_data = text.contains("type=wdata") && text.matches(';').count() > 1;
            Some((Protocol::KittyClipboard, if has_data { behind(';') } else { text.len() }, has_data))
        }
        StringKind::Osc if text.starts_with("1337;FilePart=") => {
            Some((Protocol::File, "1337;FilePart=".len(), true))
        }
        StringKind::Osc if text.starts_with("1337;MultipartFile=") => {
            Some((Protocol::File, text.len(), true))
        }
        _ => None,
    }
}

/// Searches the encoded data at the end of a string. If it contains a secret, all of it is masked,
/// so that nothing of it remains. Returns whether it is text.
fn look_at_encoded(line: &TracedLine, finder: &mut Finder) -> bool {
    let Some((start, text)) = decoded(line.text()) else { return false };
    if let Some(kind) = finder.first_kind(&text)
        && finder.mask(line, start..line.len(), Stream::Output)
    {
        finder.report(kind);
    }
    true
}

/// The decoded data at the end of a string, if it is text, and its start. It may consist of several
/// pieces, each with its own padding.
fn decoded(text: &str) -> Option<(usize, String)> {
    let start = text.rfind([';', ':']).map_or(0, |at| at + 1);
    let mut bytes = Vec::new();
    for piece in text[start..].split('=') {
        let mut piece: Vec<u8> = piece.bytes().filter(|byte| !byte.is_ascii_control()).collect();
        if piece.len() % 4 == 1 {
            piece.pop();
        }
        LENIENT.decode_vec(&piece, &mut bytes).ok()?;
    }
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        // The rest of a character is still to come.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    (!text.is_empty() && is_text(text)).then(|| (start, text.to_string()))
}

/// Returns whether a text contains only characters that occur in text.
fn is_text(text: &str) -> bool {
    let is_binary = |character: char| {
        character == char::REPLACEMENT_CHARACTER
            || character.is_control() && !matches!(character, '\t' | '\n' | '\r' | '\x07' | '\x1b')
    };
    !text.chars().any(is_binary)
}

fn first_place(line: &TracedLine, at: usize) -> Option<u64> {
    line.places(at..line.len()).map(|(_, place)| place).min()
}
