//! WebSocket framing (RFC 6455) for either side, without I/O: bytes in, messages out, and back.
//!
//! Live streams flow one way: text and data from the other side are checked, bounded and dropped.
//! Encoding is a plain function, so that a frame for a thousand viewers is encoded once. Extensions
//! are never negotiated, so no reserved bit may be set.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1_smol::Sha1;

/// A UTF-8 message (section 5.2, like the following).
pub const TEXT: u8 = 1;
/// A binary message.
pub const BINARY: u8 = 2;
/// The sender sends no more.
pub const CLOSE: u8 = 8;
/// Asks whether the other side is there.
pub const PING: u8 = 9;
/// Answers a ping, with its payload.
pub const PONG: u8 = 10;

/// A continuation of a fragmented message.
const CONTINUATION: u8 = 0;

/// The maximum payload of a control frame, in bytes (section 5.5).
const CONTROL: u64 = 125;

/// Our side of the connection: clients mask their frames, servers must not (section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The side that requested the connection.
    Client,
    /// The side that accepted it.
    Server,
}

/// A message from the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A complete text or binary message.
    Data,
    /// A ping, to be answered by a [`PONG`] with the same payload.
    Ping(Vec<u8>),
    /// The answer to a ping.
    Pong,
    /// The status, if given, and the reason.
    Close(Option<u16>, String),
}

/// A protocol violation: the status to close with (section 7.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A frame that the protocol does not allow.
    Frame = 1002,
    /// Text that is not UTF-8.
    NotText = 1007,
    /// A message over the limit.
    TooLarge = 1009,
}

/// Parses the messages from the other side.
#[derive(Debug)]
pub struct Reader {
    role: Role,
    /// The maximum length of a message, in bytes.
    limit: usize,
    buffer: Vec<u8>,
    /// The opcode and fragments so far of an incomplete message.
    partial: Option<(u8, Vec<u8>)>,
}

impl Reader {
    /// A reader for our side, for messages of at most `limit` bytes.
    pub fn new(role: Role, limit: usize) -> Reader {
        Reader { role, limit, buffer: Vec::new(), partial: None }
    }

    /// Adds received bytes. Between two calls, [`Reader::next`] must be called until it returns
    /// `None`: that bounds the buffer.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next message; `None` if more bytes are needed.
    ///
    /// # Errors
    ///
    /// A violation, after which the stream cannot be parsed.
    #[expect(clippy::should_implement_trait, reason = "between two calls one feeds it")]
    pub fn next(&mut self) -> Result<Option<Message>, Violation> {
        while let Some((is_final, opcode, payload)) = self.frame()? {
            match (opcode, &mut self.partial) {
                (CLOSE, _) => return close(&payload).map(Some),
                (PING, _) => return Ok(Some(Message::Ping(payload))),
                (PONG, _) => return Ok(Some(Message::Pong)),
                (CONTINUATION, Some((_, message))) => message.extend_from_slice(&payload),
                (TEXT | BINARY, partial @ None) => *partial = Some((opcode, payload)),
                _ => return Err(Violation::Frame),
            }
            match self.partial.take_if(|_| is_final) {
                Some((TEXT, message)) => return text(&message).map(|_| Some(Message::Data)),
                Some(_) => return Ok(Some(Message::Data)),
                None => {}
            }
        }
        Ok(None)
    }

    /// Takes a complete frame out of the buffer. Returns whether it ends its message, its opcode
    /// and its payload.
    fn frame(&mut self) -> Result<Option<(bool, u8, Vec<u8>)>, Violation> {
        let [first, second, rest @ ..] = &self.buffer[..] else { return Ok(None) };
        let (is_final, opcode) = (first & 0x80 != 0, first & 0x0f);
        let (is_masked, is_control) = (second & 0x80 != 0, opcode >= CLOSE);
        let is_known = matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG);
        if !is_known || first & 0x70 != 0 || is_masked != (self.role == Role::Server) {
            return Err(Violation::Frame);
        }
        let (length, least, extra) = match (second & 0x7f, rest) {
            (126, [a, b, ..]) => (u64::from(u16::from_be_bytes([*a, *b])), 126, 2),
            (127, [a, b, c, d, e, f, g, h, ..]) => {
                (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), 0x10000, 8)
            }
            (126 | 127, _) => return Ok(None),
            (length, _) => (u64::from(length), 0, 0),
        };
        // A length must use its shortest form.
        if length < least || (is_control && (!is_final || length > CONTROL)) {
            return Err(Violation::Frame);
        }
        let before = self.partial.as_ref().map_or(0, |(_, message)| message.len());
        if !is_control && before as u64 + length.min(1 << 62) > self.limit as u64 {
            return Err(Violation::TooLarge);
        }
        let start = 2 + extra + if is_masked { 4 } else { 0 };
        let end = start + length as usize;
        let Some(payload) = self.buffer.get(start..end) else { return Ok(None) };
        let mut payload = payload.to_vec();
        if is_masked {
            apply_mask(&mut payload, &self.buffer[start - 4..start]);
        }
        self.buffer.drain(..end);
        Ok(Some((is_final, opcode, payload)))
    }
}

/// The contents of a close frame. Some status numbers must not be sent (section 7.4).
fn close(payload: &[u8]) -> Result<Message, Violation> {
    let [high, low, reason @ ..] = payload else {
        return if payload.is_empty() {
            Ok(Message::Close(None, String::new()))
        } else {
            Err(Violation::Frame)
        };
    };
    match u16::from_be_bytes([*high, *low]) {
        status @ (1000..=1003 | 1007..=1014 | 3000..=4999) => {
            Ok(Message::Close(Some(status), text(reason)?.to_string()))
        }
        _ => Err(Violation::Frame),
    }
}

fn text(bytes: &[u8]) -> Result<&str, Violation> {
    std::str::from_utf8(bytes).map_err(|_| Violation::NotText)
}

fn apply_mask(payload: &mut [u8], mask: &[u8]) {
    payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
}

/// Appends a frame that is a complete message. Clients pass an unpredictable mask.
pub fn write_frame(opcode: u8, payload: &[u8], mask: Option<[u8; 4]>, out: &mut Vec<u8>) {
    let mask_bit = if mask.is_some() { 0x80 } else { 0 };
    out.push(0x80 | opcode);
    match payload.len() {
        length @ 0..126 => out.push(mask_bit | length as u8),
        length @ 126..=0xffff => {
            out.push(mask_bit | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.push(mask_bit | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    if let Some(mask) = mask {
        out.extend_from_slice(&mask);
    }
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(mask) = mask {
        apply_mask(&mut out[start..], &mask);
    }
}

/// The `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`; `None` if that is not a key, 16 bytes in
/// base64 (section 4.2).
pub fn accept_key(key: &str) -> Option<String> {
    const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    STANDARD.decode(key).ok().filter(|bytes| bytes.len() == 16)?;
    Some(STANDARD.encode(Sha1::from(format!("{key}{GUID}")).digest().bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tungstenite::protocol::frame::coding::{Control, Data, OpCode};
    use tungstenite::protocol::frame::{Frame, FrameHeader};

    const LIMIT: usize = 70_000;

    fn messages(role: Role, bytes: &[u8], piece: usize) -> Result<Vec<Message>, Violation> {
        let mut reader = Reader::new(role, LIMIT);
        let mut messages = Vec::new();
        for piece in bytes.chunks(piece.max(1)) {
            reader.feed(piece);
            while let Some(message) = reader.next()? {
                messages.push(message);
            }
        }
        Ok(messages)
    }

    fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        write_frame(opcode, payload, Some([1, 2, 3, 4]), &mut out);
        out
    }

    #[test]
    fn the_example_key_of_the_standard_is_accepted() {
        assert_eq!(accept_key("dGhlIHNhbXBsZSBub25jZQ==").unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(accept_key("dGhlIHNhbXBsZQ=="), None);
        assert_eq!(accept_key("not base64"), None);
    }

    #[test]
    fn every_forbidden_frame_is_refused() {
        let text_not_final = || {
            let mut frame = masked(TEXT, b"a");
            frame[0] &= 0x7f;
            frame
        };
        for (what, bytes, violation) in [
            ("no mask", vec![0x81, 1, b'a'], Violation::Frame),
            ("a reserved bit", vec![0xc1, 0x80, 0, 0, 0, 0], Violation::Frame),
            ("an unknown opcode", vec![0x83, 0x80, 0, 0, 0, 0], Violation::Frame),
            ("a fragmented ping", vec![0x09, 0x80, 0, 0, 0, 0], Violation::Frame),
            ("a ping of 126 bytes", masked(PING, &[0; 126]), Violation::Frame),
            ("a length not in its shortest form", vec![0x82, 0xfe, 0, 125], Violation::Frame),
            ("a longer one", vec![0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff], Violation::Frame),
            ("a length over 63 bits", [&[0x82, 0xff][..], &[0xff; 8]].concat(), Violation::TooLarge),
            ("a continuation of nothing", masked(CONTINUATION, b"a"), Violation::Frame),
            ("a message in a message", [text_not_final(), masked(TEXT, b"b")].concat(), Violation::Frame),
            ("text that is not UTF-8", masked(TEXT, b"\xff"), Violation::NotText),
            ("half a character", masked(TEXT, "ż".as_bytes()[..1].as_ref()), Violation::NotText),
            ("one byte of a status", masked(CLOSE, &[3]), Violation::Frame),
            ("a status that is never sent", masked(CLOSE, &1006u16.to_be_bytes()), Violation::Frame),
            ("a reason that is not UTF-8", masked(CLOSE, b"\x03\xe8\xff"), Violation::NotText),
            ("a giant message", masked(BINARY, &[0; LIMIT + 1]), Violation::TooLarge),
        ] {
            assert_eq!(messages(Role::Server, &bytes, 4096), Err(violation), "{what}");
        }
        let fragments = [text_not_final(), masked(CONTINUATION, &[b'b'; LIMIT])].concat();
        assert_eq!(messages(Role::Server, &fragments, 4096), Err(Violation::TooLarge));
        assert_eq!(messages(Role::Client, &masked(TEXT, b"a"), 9), Err(Violation::Frame));
    }

    #[test]
    fn an_excessive_length_is_refused_before_its_payload_arrives() {
        let front = [0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0];
        assert_eq!(messages(Role::Server, &front, 1), Err(Violation::TooLarge));
    }

    fn frame() -> impl Strategy<Value = Frame> {
        let payload = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..100),
            prop::collection::vec(any::<u8>(), 120..130),
            prop::collection::vec(any::<u8>(), 65_530..65_540),
        ];
        let text = "[a-ż]{0,40}".prop_map(|text| Frame::message(text, OpCode::Data(Data::Text), true));
        let data = payload.prop_map(|bytes| Frame::message(bytes, OpCode::Data(Data::Binary), true));
        let control = prop::collection::vec(any::<u8>(), 0..126);
        let ping = control.prop_map(Frame::ping);
        prop_oneof![text, data, ping]
    }

    proptest! {
        #[test]
        fn frames_match_another_implementation(frame in frame(), mask in any::<Option<[u8; 4]>>(), piece in 1usize..70_000) {
            let opcode = u8::from(frame.header().opcode);
            let payload = frame.payload().to_vec();
            let mut ours = Vec::new();
            write_frame(opcode, &payload, mask, &mut ours);
            let mut theirs = Vec::new();
            let header = FrameHeader { mask, ..frame.header().clone() };
            header.format(payload.len() as u64, &mut theirs).unwrap();
            prop_assert_eq!(&ours[..theirs.len()], &theirs);
            let role = if mask.is_some() { Role::Server } else { Role::Client };
            let expected = match frame.header().opcode {
                OpCode::Control(Control::Ping) => Message::Ping(payload),
                _ => Message::Data,
            };
            prop_assert_eq!(messages(role, &ours, piece), Ok(vec![expected]));
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), piece in 1usize..9) {
            let _ = messages(Role::Server, &bytes, piece);
            let _ = messages(Role::Client, &bytes, piece);
        }
    }
}
