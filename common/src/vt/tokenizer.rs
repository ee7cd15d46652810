//! The tokenizer of terminal streams: text, control characters, and sequences by their form.
//!
//! It follows ECMA-48 and, for the end and interruption of sequences, Paul Williams's parser for
//! DEC-compatible terminals, as xterm, alacritty and avt do. The meaning of sequences is left to
//! other modules.
//!
//! The input is bytes, in pieces cut anywhere, or UTF-8 text as bytes. Tokens cover the input
//! without gaps: concatenated, they are the input. Apart from text, which ends with its piece, the
//! tokens do not depend on where it was cut. A C1 control is the character U+0080 to U+009F in
//! UTF-8, and makes the same token as its 7-bit form: U+009B and `ESC [` both introduce a control
//! sequence. Invalid UTF-8 counts as text.
//!
//! A control character within an escape or control sequence takes effect immediately, and the
//! sequence continues after it (vttest checks this). The token covers both; see
//! [`Token::controls`].
//!
//! Memory is bounded: a sequence left unfinished by a piece is held until its end arrives, but
//! never more than [`LONGEST_STRING`] or [`LONGEST_CONTROL`] bytes of it. Longer strings are
//! delivered in parts, longer control sequences as broken ones.
//!
//! ```
//! # use asciinema_toolkit_common as common;
//! use common::vt::{Kind, Tokenizer};
//!
//! let mut tokenizer = Tokenizer::default();
//! let mut seen = Vec::new();
//! for piece in ["ls\r\n\x1b[1;3", "1mred"] {
//!     let mut tokens = tokenizer.tokens(piece.as_bytes());
//!     while let Some(token) = tokens.next() {
//!         seen.push(match token.kind {
//!             Kind::Text => format!("text at {:?}", token.range()),
//!             Kind::Control(byte) => format!("control {byte}"),
//!             Kind::Csi(csi) => format!("{} at {:?}", char::from(csi.last), token.range()),
//!             _ => unreachable!(),
//!         });
//!     }
//! }
//! assert_eq!(seen, ["text at 0..2", "control 13", "control 10", "m at 4..11", "text at 11..14"]);
//! ```

use std::borrow::Cow;
use std::ops::Range;

use crate::word;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;
const DEL: u8 = 0x7f;

/// The first byte of a C1 control in UTF-8.
const C1_LEAD: u8 = 0xc2;

/// The longest string delivered as one token, in bytes. The contents of a clipboard (OSC 52) may be
/// long; a string that never ends must not be collected forever.
pub const LONGEST_STRING: usize = 1 << 20;

/// The longest control or escape sequence, in bytes. Longer ones are [`Kind::Broken`].
pub const LONGEST_CONTROL: usize = 1 << 10;

/// The number of parameters of a control sequence that are kept; the rest are ignored, as in
/// alacritty and avt.
const MOST_PARAMETERS: usize = 32;

/// A token and its place in the input.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// Its kind.
    pub kind: Kind<'a>,
    /// The token as written in the input.
    pub bytes: &'a [u8],
    /// The offset of its first byte in the input.
    pub start: u64,
    /// The number of ASCII characters at the front of text; 0 for other kinds.
    pub ascii: usize,
    /// True if the sequence contains control characters.
    has_controls: bool,
}

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// A run of characters other than controls. It is as long as possible, but ends with its piece.
    Text,
    /// A C0 control character or DEL.
    Control(u8),
    /// ESC, intermediate bytes and a final byte; or a C1 control that is not an introducer.
    Escape(Escape),
    /// A control sequence.
    Csi(&'a Csi),
    /// OSC, DCS, APC, SOS or PM: a string, or a part of a long one.
    String(ControlString<'a>),
    /// A sequence without its end, because it is too long or CAN, SUB or another introducer came
    /// first; an invalid one; or a part of one of these. Terminals ignore it.
    Broken,
}

/// An escape sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escape {
    /// The intermediate bytes, padded with 0.
    pub intermediates: [u8; 2],
    /// The final byte.
    pub last: u8,
}

/// A control sequence.
#[derive(Clone, Copy, Debug)]
pub struct Csi {
    /// The private marker, one of `<`, `=`, `>` and `?`, or 0.
    pub marker: u8,
    /// The intermediate bytes, padded with 0.
    pub intermediates: [u8; 2],
    /// The final byte.
    pub last: u8,
    values: [u16; MOST_PARAMETERS],
    count: usize,
    /// A bit for each value preceded by a colon.
    continues: u32,
}

/// The text of a string, or a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlString<'a> {
    /// Its introducer.
    pub kind: StringKind,
    /// The text between introducer and terminator, or the part of it in this token. If the input is
    /// UTF-8, it never begins or ends within a character.
    pub text: &'a [u8],
    /// The part of the string.
    pub part: Part,
    /// The end of the string; [`End::Later`] if another part follows.
    pub end: End,
}

/// The introducer of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StringKind {
    /// Operating system command, `ESC ]`.
    Osc,
    /// Device control string, `ESC P`.
    Dcs,
    /// Application program command, `ESC _`.
    Apc,
    /// Start of string, `ESC X`.
    Sos,
    /// Privacy message, `ESC ^`.
    Pm,
}

/// The part of a string in a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// The first part of a string longer than [`LONGEST_STRING`].
    First,
    /// A part that neither begins nor ends it.
    Middle,
    /// The last part.
    Last,
}

/// The end of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The string terminator, `ESC \` or U+009C.
    Terminator,
    /// BEL, which also ends an OSC.
    Bell,
    /// CAN, SUB, another introducer, or the end of the input came first. None of these belong to
    /// the token. Terminals ignore such a string.
    CutOff,
    /// None yet: the next token is another part.
    Later,
}

/// The tokenizer, with its state between two pieces.
#[derive(Clone, Debug, Default)]
pub struct Tokenizer {
    /// The beginning of a sequence that continues in the next piece.
    held: Vec<u8>,
    /// The number of held bytes known not to end a string.
    searched: usize,
    /// The sequence that the next bytes belong to, if a part of it has been delivered.
    unfinished: Unfinished,
    /// The number of bytes delivered.
    position: u64,
    csi: Csi,
}

/// A sequence of which a part has been delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Unfinished {
    #[default]
    Nothing,
    /// An escape or control sequence that is too long.
    Control,
    String(StringKind),
}

/// The tokens of one piece. Call [`Tokens::next`] until it returns `None`: the remaining tokens are
/// lost otherwise.
#[derive(Debug)]
pub struct Tokens<'t, 'p> {
    tokenizer: &'t mut Tokenizer,
    /// The held bytes and the piece.
    input: Cow<'p, [u8]>,
    /// The number of these bytes that have been delivered.
    at: usize,
    /// True if the stream ends here, so that nothing is held.
    is_last: bool,
}

/// A token without its place. Kept small, because one is made for each token.
struct Found {
    length: usize,
    shape: Shape,
    has_controls: bool,
}

/// A [`Kind`] that borrows nothing.
enum Shape {
    Text {
        ascii: usize,
    },
    Control(u8),
    Escape(Escape),
    Csi,
    /// A string, as the lengths around its text.
    String {
        kind: StringKind,
        front: usize,
        back: u8,
        part: Part,
        end: End,
    },
    Broken,
    /// A broken sequence that continues.
    BrokenPart,
}

impl Found {
    fn new(length: usize, shape: Shape) -> Found {
        Found { length, shape, has_controls: false }
    }
}

impl Tokenizer {
    /// The tokens of the held bytes and the next piece of input.
    pub fn tokens<'t, 'p>(&'t mut self, piece: &'p [u8]) -> Tokens<'t, 'p> {
        let input = if self.held.is_empty() {
            Cow::Borrowed(piece)
        } else {
            let mut joined = std::mem::take(&mut self.held);
            joined.extend_from_slice(piece);
            Cow::Owned(joined)
        };
        Tokens { tokenizer: self, input, at: 0, is_last: false }
    }

    /// The tokens of the held bytes at the end of the input. Afterwards the tokenizer is outside of
    /// any sequence, and continues at its position.
    pub fn finish(&mut self) -> Tokens<'_, 'static> {
        let held = std::mem::take(&mut self.held);
        Tokens { tokenizer: self, input: Cow::Owned(held), at: 0, is_last: true }
    }

    /// The beginning of a sequence that is not finished yet.
    pub fn pending(&self) -> &[u8] {
        &self.held
    }

    /// The long string of which a part has been delivered and more will follow.
    pub fn string(&self) -> Option<StringKind> {
        match self.unfinished {
            Unfinished::String(kind) => Some(kind),
            Unfinished::Nothing | Unfinished::Control => None,
        }
    }

    /// Returns whether the input so far ends within a sequence.
    pub fn is_within_sequence(&self) -> bool {
        !self.held.is_empty() || self.unfinished != Unfinished::Nothing
    }

    /// The offset of the next token in the input, in bytes.
    pub fn position(&self) -> u64 {
        self.position
    }
}

impl Tokens<'_, '_> {
    /// The next token. `None` at the end of the piece.
    #[expect(clippy::should_implement_trait, reason = "the tokens borrow from the iterator")]
    #[inline(always)]
    pub fn next(&mut self) -> Option<Token<'_>> {
        let rest = &self.input[self.at..];
        let found = match self.tokenizer.unfinished {
            Unfinished::Nothing => front(rest, self.tokenizer),
            Unfinished::Control => overlong(rest),
            Unfinished::String(kind) => string(rest, kind, 0, &mut self.tokenizer.searched),
        };
        let found = match found {
            Some(found) => found,
            None if self.is_last => {
                let unfinished = std::mem::take(&mut self.tokenizer.unfinished);
                at_end(rest, unfinished)?
            }
            None => {
                self.hold();
                return None;
            }
        };
        Some(self.deliver(found))
    }

    #[inline(always)]
    fn deliver(&mut self, found: Found) -> Token<'_> {
        let Found { length, shape, has_controls } = found;
        let bytes = &self.input[self.at..self.at + length];
        let start = self.tokenizer.position;
        self.at += length;
        self.tokenizer.position += length as u64;
        let kind = match shape {
            Shape::Text { .. } => Kind::Text,
            Shape::Control(byte) => Kind::Control(byte),
            Shape::Escape(escape) => Kind::Escape(escape),
            Shape::Csi => Kind::Csi(&self.tokenizer.csi),
            Shape::String { kind, front, back, part, end } => {
                self.tokenizer.searched = 0;
                let goes_on = end == End::Later;
                self.tokenizer.unfinished =
                    if goes_on { Unfinished::String(kind) } else { Unfinished::Nothing };
                Kind::String(ControlString {
                    kind,
                    text: &bytes[front..length - usize::from(back)],
                    part,
                    end,
                })
            }
            Shape::Broken => {
                self.tokenizer.unfinished = Unfinished::Nothing;
                Kind::Broken
            }
            Shape::BrokenPart => {
                self.tokenizer.unfinished = Unfinished::Control;
                Kind::Broken
            }
        };
        let ascii = if let Shape::Text { ascii } = shape { ascii } else { 0 };
        Token { kind, bytes, start, ascii, has_controls }
    }

    /// Holds the unfinished sequence at the end of the piece.
    fn hold(&mut self) {
        let at = std::mem::replace(&mut self.at, 0);
        self.tokenizer.held = match std::mem::take(&mut self.input) {
            Cow::Owned(input) if at == 0 => input,
            input => input[at..].to_vec(),
        };
    }
}

impl Token<'_> {
    /// Its byte range in the input.
    pub fn range(&self) -> Range<u64> {
        self.start..self.start + self.bytes.len() as u64
    }

    /// The control characters within a sequence, which take effect before it; of a string, those
    /// within its introducer.
    pub fn controls(&self) -> impl Iterator<Item = u8> {
        let bytes = match self.kind {
            _ if !self.has_controls => &[],
            Kind::String(string) => &self.bytes[..string.text.as_ptr().addr() - self.bytes.as_ptr().addr()],
            _ => self.bytes,
        };
        bytes.iter().copied().filter(|&byte| byte < b' ' && byte != ESC)
    }
}

impl Csi {
    /// The bytes that determine the function: marker, first intermediate byte (0 if absent) and
    /// final byte. With a second intermediate byte, which no terminal uses, the final byte is 0.
    pub fn function(&self) -> (u8, u8, u8) {
        let last = if self.intermediates[1] == 0 { self.last } else { 0 };
        (self.marker, self.intermediates[0], last)
    }

    /// The values of all parameters and sub-parameters in order; an empty one is 0. There is at
    /// least one.
    pub fn values(&self) -> &[u16] {
        &self.values[..self.count]
    }

    /// A parameter, from 0, in a sequence without sub-parameters; 0 if it is empty or absent.
    pub fn value(&self, index: usize) -> u16 {
        self.values().get(index).copied().unwrap_or(0)
    }

    /// A parameter for which 0 means 1: a count, a row or a column.
    pub fn count(&self, index: usize) -> usize {
        usize::from(self.value(index).max(1))
    }

    /// Returns whether any parameter has sub-parameters.
    pub fn has_sub_parameters(&self) -> bool {
        self.continues != 0
    }

    /// The parameters, each followed by its sub-parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &[u16]> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let rest = self.values().get(from..).filter(|rest| !rest.is_empty())?;
            let continues = self.continues.checked_shr(from as u32 + 1).unwrap_or(0);
            let length = (1 + continues.trailing_ones() as usize).min(rest.len());
            from += length;
            Some(&rest[..length])
        })
    }
}

impl Default for Csi {
    fn default() -> Csi {
        Csi {
            marker: 0,
            intermediates: [0; 2],
            last: 0,
            values: [0; MOST_PARAMETERS],
            count: 1,
            continues: 0,
        }
    }
}

/// Sequences are equal if they mean the same, ignoring unused values.
impl PartialEq for Csi {
    fn eq(&self, other: &Csi) -> bool {
        self.function() == other.function()
            && self.values() == other.values()
            && self.continues == other.continues
    }
}

impl Eq for Csi {}

impl StringKind {
    /// The byte after ESC that introduces it.
    pub fn introducer(self) -> u8 {
        match self {
            StringKind::Osc => b']',
            StringKind::Dcs => b'P',
            StringKind::Apc => b'_',
            StringKind::Sos => b'X',
            StringKind::Pm => b'^',
        }
    }

    fn introduced_by(byte: u8) -> Option<StringKind> {
        match byte {
            b']' => Some(StringKind::Osc),
            b'P' => Some(StringKind::Dcs),
            b'_' => Some(StringKind::Apc),
            b'X' => Some(StringKind::Sos),
            b'^' => Some(StringKind::Pm),
            _ => None,
        }
    }
}

/// The token at the front; `None` if more input is needed.
#[inline(always)]
fn front(bytes: &[u8], tokenizer: &mut Tokenizer) -> Option<Found> {
    match *bytes.first()? {
        ESC => match *bytes.get(1)? {
            b'[' => control_sequence(bytes, 2, &mut tokenizer.csi),
            second => introduced(bytes, 1, second, tokenizer),
        },
        C1_LEAD => match *bytes.get(1)? {
            0x9b => control_sequence(bytes, 2, &mut tokenizer.csi),
            second @ 0x80..=0x9f => introduced(bytes, 1, second - 0x40, tokenizer),
            _ => Some(text(bytes)),
        },
        byte @ (..b' ' | DEL) => Some(Found::new(1, Shape::Control(byte))),
        _ => Some(text(bytes)),
    }
}

/// A sequence other than a control sequence, by the byte at `at`, after ESC, or by its C1
/// equivalent.
fn introduced(bytes: &[u8], at: usize, second: u8, tokenizer: &mut Tokenizer) -> Option<Found> {
    if let Some(kind) = StringKind::introduced_by(second) {
        return string(bytes, kind, at + 1, &mut tokenizer.searched);
    }
    if bytes[0] == C1_LEAD {
        let escape = Escape { intermediates: [0; 2], last: second };
        return Some(Found::new(2, Shape::Escape(escape)));
    }
    escape(bytes, tokenizer)
}

/// Text, of which the first character is known not to be a control.
#[inline]
fn text(bytes: &[u8]) -> Found {
    // Nearly all text is ASCII.
    let ascii = word::position(bytes, |word| {
        word::below(b' ', word) | word::equal(DEL, word) | word::non_ascii(word)
    });
    let mut end = ascii;
    while let Some(0x80..) = bytes.get(end) {
        // The byte after the lead of a C1 control decides, and may be in the next piece.
        if let [C1_LEAD, 0x80..=0x9f, ..] | [C1_LEAD] = bytes[end..] {
            break;
        }
        end += 1;
        end += word::position(&bytes[end..], |word| {
            word::below(b' ', word) | word::equal(DEL, word) | word::equal(C1_LEAD, word)
        });
    }
    Found::new(end, Shape::Text { ascii })
}

/// An escape sequence (ECMA-35, 13.2.1).
fn escape(bytes: &[u8], tokenizer: &mut Tokenizer) -> Option<Found> {
    let mut intermediates = [0; 2];
    let (mut count, mut has_controls) = (0, false);
    let mut at = 1;
    loop {
        if at == LONGEST_CONTROL {
            return Some(Found { length: at, shape: Shape::BrokenPart, has_controls });
        }
        match *bytes.get(at)? {
            // Control characters may precede the byte that makes it an introducer.
            b'[' if count == 0 => return control_sequence(bytes, at + 1, &mut tokenizer.csi),
            last if count == 0 && StringKind::introduced_by(last).is_some() => {
                return introduced(bytes, at, last, tokenizer);
            }
            last @ b'0'..=b'~' => {
                let is_known = count <= intermediates.len();
                let escape = Shape::Escape(Escape { intermediates, last });
                let shape = if is_known { escape } else { Shape::Broken };
                return Some(Found { length: at + 1, shape, has_controls });
            }
            byte @ b' '..=b'/' => {
                if let Some(intermediate) = intermediates.get_mut(count) {
                    *intermediate = byte;
                }
                count += 1;
            }
            _ => match within_sequence(bytes, at)? {
                Within::Control => has_controls = true,
                Within::Ignored => {}
                Within::End(length) => {
                    return Some(Found { length, shape: Shape::Broken, has_controls });
                }
            },
        }
        at += 1;
    }
}

/// A control sequence (ECMA-48, 5.4). `front` is the length of its introducer.
#[inline]
fn control_sequence(bytes: &[u8], front: usize, csi: &mut Csi) -> Option<Found> {
    (csi.marker, csi.intermediates, csi.continues) = (0, [0; 2], 0);
    let (mut index, mut value) = (0, 0);
    let (mut count, mut has_controls, mut is_broken) = (0, front > 2, false);
    let end = bytes.len().min(LONGEST_CONTROL);
    let mut at = front;
    while at < end {
        match bytes[at] {
            digit @ b'0'..=b'9' => {
                value = (value * 10 + u32::from(digit - b'0')).min(u32::from(u16::MAX));
                is_broken |= count > 0;
            }
            separator @ (b';' | b':') => {
                if let Some(place) = csi.values.get_mut(index) {
                    *place = value as u16;
                }
                (index, value) = (index + 1, 0);
                if separator == b':' && index < MOST_PARAMETERS {
                    csi.continues |= 1 << index;
                }
                is_broken |= count > 0;
            }
            last @ b'@'..=b'~' => {
                if let Some(place) = csi.values.get_mut(index) {
                    *place = value as u16;
                }
                (csi.count, csi.last) = ((index + 1).min(MOST_PARAMETERS), last);
                let is_known = !is_broken && count <= csi.intermediates.len();
                let shape = if is_known { Shape::Csi } else { Shape::Broken };
                return Some(Found { length: at + 1, shape, has_controls });
            }
            marker @ b'<'..=b'?' => {
                is_broken |= at > front;
                csi.marker = marker;
            }
            intermediate @ b' '..=b'/' => {
                if let Some(place) = csi.intermediates.get_mut(count) {
                    *place = intermediate;
                }
                count += 1;
            }
            _ => match within_sequence(bytes, at)? {
                Within::Control => has_controls = true,
                Within::Ignored => {}
                Within::End(length) => {
                    return Some(Found { length, shape: Shape::Broken, has_controls });
                }
            },
        }
        at += 1;
    }
    let is_too_long = end == LONGEST_CONTROL;
    is_too_long.then_some(Found { length: at, shape: Shape::BrokenPart, has_controls })
}

/// The rest of a sequence that is too long, up to its final byte.
fn overlong(bytes: &[u8]) -> Option<Found> {
    let mut has_controls = false;
    let mut at = 0;
    loop {
        if at == LONGEST_CONTROL {
            return Some(Found { length: at, shape: Shape::BrokenPart, has_controls });
        }
        match *bytes.get(at)? {
            b'@'..=b'~' => return Some(Found { length: at + 1, shape: Shape::Broken, has_controls }),
            b' '..=b'?' => {}
            _ => match within_sequence(bytes, at)? {
                Within::Control => has_controls = true,
                Within::Ignored => {}
                Within::End(length) => {
                    return Some(Found { length, shape: Shape::Broken, has_controls });
                }
            },
        }
        at += 1;
    }
}

/// The effect of a byte that is found within an escape or control sequence but is not part of it.
enum Within {
    /// A control character, which takes effect.
    Control,
    Ignored,
    /// The sequence ends without its final byte, with this length.
    End(usize),
}

/// The effect of such a byte; `None` if more input is needed. A non-ASCII character ends the
/// sequence and is included in it, as in avt and libvterm.
fn within_sequence(bytes: &[u8], at: usize) -> Option<Within> {
    let continuations = match bytes[at] {
        ESC | CAN | SUB => return Some(Within::End(at)),
        ..b' ' => return Some(Within::Control),
        C1_LEAD if matches!(*bytes.get(at + 1)?, 0x80..=0x9f) => return Some(Within::End(at)),
        0xc2..=0xdf => 1,
        0xe0..=0xef => 2,
        0xf0..=0xf4 => 3,
        0x80.. => 0,
        _ => return Some(Within::Ignored),
    };
    let mut end = at + 1;
    while end <= at + continuations && matches!(*bytes.get(end)?, 0x80..=0xbf) {
        end += 1;
    }
    Some(Within::End(end))
}

/// A string, or its continuation if `front`, the length of its introducer, is 0.
fn string(bytes: &[u8], kind: StringKind, front: usize, searched: &mut usize) -> Option<Found> {
    let may_be_end = |word: u64| {
        let ends = [ESC, CAN, SUB, BEL, C1_LEAD];
        ends.into_iter().fold(0, |found, end| found | word::equal(end, word))
    };
    let mut at = front.max(*searched);
    let (back, end) = loop {
        at += word::position(bytes.get(at..).unwrap_or_default(), may_be_end);
        if at >= LONGEST_STRING && bytes.len() > LONGEST_STRING {
            break (0, End::Later);
        }
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(&BEL), _) if kind == StringKind::Osc => break (1, End::Bell),
            (Some(&(CAN | SUB)), _) => break (0, End::CutOff),
            (Some(&ESC), Some(b'\\')) | (Some(&C1_LEAD), Some(0x9c)) => break (2, End::Terminator),
            (Some(&ESC), Some(_)) | (Some(&C1_LEAD), Some(0x80..=0x9f)) => break (0, End::CutOff),
            (None, _) | (Some(&(ESC | C1_LEAD)), None) => {
                *searched = at;
                return None;
            }
            _ => at += 1,
        }
    };
    let is_continuation = |byte: Option<&u8>| matches!(byte, Some(0x80..=0xbf));
    let length = match end {
        End::Later => {
            { (LONGEST_STRING - 3..=LONGEST_STRING).rev().find(|&at| !is_continuation(bytes.get(at))) }
                .unwrap_or(LONGEST_STRING)
        }
        _ => at + usize::from(back),
    };
    let part = match (front, end) {
        (0, End::Later) => Part::Middle,
        (0, _) => Part::Last,
        (_, End::Later) => Part::First,
        (_, _) => Part::Whole,
    };
    Some(Found { length, shape: Shape::String { kind, front, back, part, end }, has_controls: front > 2 })
}

/// The unfinished sequence at the end of the stream.
fn at_end(bytes: &[u8], unfinished: Unfinished) -> Option<Found> {
    let is_control = |byte: &&u8| matches!(**byte, ..b' ' | DEL);
    let (second, front) = match bytes {
        [C1_LEAD, second @ 0x80..=0x9f, ..] => (second - 0x40, 2),
        [ESC, rest @ ..] => {
            let controls = rest.iter().take_while(is_control).count();
            (rest.get(controls).copied().unwrap_or_default(), controls + 2)
        }
        [] => return None,
        _ => (0, 0),
    };
    let (kind, front, part) = match (unfinished, StringKind::introduced_by(second)) {
        (Unfinished::String(kind), _) => (kind, 0, Part::Last),
        (Unfinished::Nothing, Some(kind)) => (kind, front, Part::Whole),
        (Unfinished::Nothing, None) if *bytes == [C1_LEAD] => {
            return Some(Found::new(1, Shape::Text { ascii: 0 }));
        }
        (Unfinished::Nothing | Unfinished::Control, _) => {
            return Some(Found { length: bytes.len(), shape: Shape::Broken, has_controls: true });
        }
    };
    // Half a terminator is not text.
    let back = u8::from(matches!(bytes[front..], [.., ESC | C1_LEAD]));
    let shape = Shape::String { kind, front, back, part, end: End::CutOff };
    Some(Found { length: bytes.len(), shape, has_controls: front > 2 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A description of a token, and its bytes.
    type Seen = (String, Vec<u8>);

    fn words(token: &Token<'_>) -> String {
        let controls: Vec<u8> = token.controls().collect();
        let mut words = match token.kind {
            Kind::Text => "text".to_string(),
            Kind::Control(byte) => format!("control {byte}"),
            Kind::Escape(Escape { intermediates: [0, 0], last }) => format!("escape {}", char::from(last)),
            Kind::Escape(Escape { intermediates, last }) => {
                format!("escape {} {}", String::from_utf8_lossy(&intermediates), char::from(last))
            }
            Kind::Csi(csi) => {
                let parameters: Vec<&[u16]> = csi.parameters().collect();
                format!("csi {:?} {parameters:?}", csi.function())
            }
            Kind::String(string) => format!("{string:?}"),
            Kind::Broken => "broken".to_string(),
        };
        if !controls.is_empty() {
            words.push_str(&format!(" with {controls:?}"));
        }
        words
    }

    /// The tokens of an input cut into pieces, with adjacent texts joined.
    fn tokens<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Seen> {
        let mut tokenizer = Tokenizer::default();
        let mut seen: Vec<Seen> = Vec::new();
        let mut position = 0;
        let mut collect = |mut tokens: Tokens<'_, '_>| {
            while let Some(token) = tokens.next() {
                assert_eq!(token.range().start, position);
                position = token.range().end;
                assert!(!token.bytes.is_empty());
                match seen.last_mut() {
                    Some((kind, text)) if kind == "text" && token.kind == Kind::Text => {
                        text.extend_from_slice(token.bytes);
                    }
                    _ => seen.push((words(&token), token.bytes.to_vec())),
                }
            }
        };
        for piece in pieces {
            collect(tokenizer.tokens(piece));
        }
        collect(tokenizer.finish());
        assert!(!tokenizer.is_within_sequence());
        seen
    }

    fn kinds(input: &str) -> Vec<String> {
        tokens([input.as_bytes()]).into_iter().map(|(kind, _)| kind).collect()
    }

    fn string(kind: StringKind, text: &str, end: End) -> String {
        format!("{:?}", ControlString { kind, text: text.as_bytes(), part: Part::Whole, end })
    }

    #[test]
    fn each_form_is_recognized() {
        use End::{Bell, CutOff, Terminator};
        use StringKind::{Apc, Dcs, Osc, Pm, Sos};
        for (input, expected) in [
            ("a ż界~", vec!["text".to_string()]),
            ("a\r\x7f", vec!["text".into(), "control 13".into(), "control 127".into()]),
            ("\x1b7\x1b(0\x1b#8", vec!["escape 7".into(), "escape (\0 0".into(), "escape #\0 8".into()]),
            ("\x1b\x1b[m", vec!["broken".into(), "csi (0, 0, 109) [[0]]".into()]),
            ("\x1b[?25;1h", vec!["csi (63, 0, 104) [[25], [1]]".into()]),
            ("\x1b[4:3;38:2::1:2:3m", vec!["csi (0, 0, 109) [[4, 3], [38, 2, 0, 1, 2, 3]]".into()]),
            ("\x1b[;99999H", vec!["csi (0, 0, 72) [[0], [65535]]".into()]),
            ("\x1b[2 q\x1b[!p", vec!["csi (0, 32, 113) [[2]]".into(), "csi (0, 33, 112) [[0]]".into()]),
            ("\x1b[1?2h\x1b[ 1q", vec!["broken".into(), "broken".into()]),
            ("\x1b[1żm", vec!["broken".into(), "text".into()]),
            ("\x1b[1\x18m", vec!["broken".into(), "control 24".into(), "text".into()]),
            ("\x1b\n\x7f[1mx", vec!["csi (0, 0, 109) [[1]] with [10]".into(), "text".into()]),
            ("\x1b\r\x1b[m", vec!["broken with [13]".into(), "csi (0, 0, 109) [[0]]".into()]),
            ("\x1b\r\n]0;a\nb\x07", vec![string(Osc, "0;a\nb", Bell) + " with [13, 10]"]),
            ("\x1b\0(\n]", vec!["escape (\0 ] with [0, 10]".into()]),
            ("\x1b[1\n;\t2\x7fH", vec!["csi (0, 0, 72) [[1], [2]] with [10, 9]".into()]),
            ("\x1b]0;a\x07", vec![string(Osc, "0;a", Bell)]),
            ("\x1bP1$r\x07ż\x1b\\", vec![string(Dcs, "1$r\x07ż", Terminator)]),
            ("\x1b_a\u{9c}\x1b^b\x1b\\", vec![string(Apc, "a", Terminator), string(Pm, "b", Terminator)]),
            ("\x1bXa\x1b[m", vec![string(Sos, "a", CutOff), "csi (0, 0, 109) [[0]]".into()]),
            ("\x1b]a\x1b]b\x07", vec![string(Osc, "a", CutOff), string(Osc, "b", Bell)]),
            ("\x1b]a\x1a", vec![string(Osc, "a", CutOff), "control 26".into()]),
            ("\x1b]a\x1b", vec![string(Osc, "a", CutOff)]),
            ("\u{9b}1m\u{85}\u{9d}a\u{9c}", {
                vec!["csi (0, 0, 109) [[1]]".into(), "escape E".into(), string(Osc, "a", Terminator)]
            }),
            ("\x1b[1\u{9b}2m", vec!["broken".into(), "csi (0, 0, 109) [[2]]".into()]),
            ("\u{a0}\u{bf}", vec!["text".into()]),
        ] {
            assert_eq!(kinds(input), expected, "{input:?}");
        }
    }

    #[test]
    fn invalid_utf8_is_passed_on() {
        for input in [&b"\xff\x9b1m\xc2"[..], b"\x1b[1\xc3", b"\xc2\x1b[m", b"\x1b\xc2"] {
            let joined: Vec<u8> = tokens([input]).into_iter().flat_map(|(_, bytes)| bytes).collect();
            assert_eq!(joined, input);
        }
    }

    #[test]
    fn endless_strings_are_delivered_in_parts() {
        let long = format!("\x1b]52;c;{}\x07", "ż".repeat(LONGEST_STRING));
        let parts = tokens(long.as_bytes().chunks(9973));
        let lengths: Vec<usize> = parts.iter().map(|(_, bytes)| bytes.len()).collect();
        assert_eq!(lengths, [LONGEST_STRING - 1, LONGEST_STRING, 9]);
        assert!(parts.iter().all(|(_, bytes)| std::str::from_utf8(bytes).is_ok()));
        assert_eq!(parts, tokens([long.as_bytes()]));

        let long = format!("\x1b[{}mtext", "1;".repeat(LONGEST_CONTROL));
        let parts = tokens(long.as_bytes().chunks(7));
        assert_eq!(parts, tokens([long.as_bytes()]));
        let parts: Vec<_> = parts.iter().map(|(kind, bytes)| (kind.as_str(), bytes.len())).collect();
        assert_eq!(parts, [("broken", 1024), ("broken", 1024), ("broken", 3), ("text", 4)]);
    }

    #[test]
    fn no_more_than_an_unfinished_sequence_is_held() {
        let mut tokenizer = Tokenizer::default();
        for (piece, pending) in
            [("text\x1b[1", "\x1b[1"), (";2", "\x1b[1;2"), ("m\x1b]0;title", "\x1b]0;title")]
        {
            let mut tokens = tokenizer.tokens(piece.as_bytes());
            while tokens.next().is_some() {}
            assert_eq!(tokenizer.pending(), pending.as_bytes());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn tokens_are_the_same_however_the_input_is_cut(
            input in prop::collection::vec(
                prop_oneof![
                    "[a-z0-9;:?><=\\[\\]P_X^\\\\ !$m]",
                    "[\x00-\x1f\x7f\u{80}-\u{a0}]",
                    "\x1b[\\[\\]P_X^\\\\(]",
                    "[żł界😀]",
                ].prop_map(String::into_bytes).boxed().prop_union(
                    prop::collection::vec(any::<u8>(), 1).boxed()
                ),
                0..60,
            ).prop_map(|pieces| pieces.concat()),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
            cuts.extend([0, input.len()]);
            cuts.sort_unstable();
            let whole = tokens([&input[..]]);
            prop_assert_eq!(&tokens(cuts.windows(2).map(|cut| &input[cut[0]..cut[1]])), &whole);
            prop_assert_eq!(&tokens(input.chunks(1)), &whole);
            let joined: Vec<u8> = whole.into_iter().flat_map(|(_, bytes)| bytes).collect();
            prop_assert_eq!(joined, input);
        }
    }
}
