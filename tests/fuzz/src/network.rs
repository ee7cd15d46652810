//! Data sent by servers and viewers.

use common::cast::{Header, Item, Reader, Theme};
use common::live::{Event, Session, alis};
use net::websocket::{BINARY, Message, Reader as Frames, Role, write_frame};

use crate::protocol::{Numbered, Protocol};

/// Any text as a reference in a page: the result is a valid URL for a request.
pub fn url(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (base, reference) = text.split_once('\n').unwrap_or(("https://a.org:1/p/page?q", &text));
    let url = crate::url::resolve(base, reference);
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic()));
    // Credentials never go to another host, however it is written.
    if crate::url::is_safe_redirect("https://a.org/x", &url) {
        assert!(url.to_lowercase().starts_with("https://"), "{url}");
        let authority = url[8..].split(['/', '?', '#']).next().unwrap_or_default().to_lowercase();
        assert_eq!(authority.rsplit('@').next(), Some("a.org"), "{url}");
    }
}

/// Any bytes as a page.
pub fn page(input: &[u8]) {
    if let Some(link) = net::cast_link(&String::from_utf8_lossy(input)) {
        assert!(!link.is_empty());
    }
}

/// Any bytes as a server's response to an upload: the first two are the status.
pub fn answer(input: &[u8]) {
    let [high, low, body @ ..] = input else { return };
    let status = u16::from_be_bytes([*high, *low]) % 600;
    let body = String::from_utf8_lossy(body).into_owned();
    let answer = net::Answer { status, body, is_json: false, warning: None };
    match crate::outcome::of(&answer) {
        Ok(_) => assert!(matches!(status, 200 | 201)),
        Err(trouble) => assert_eq!(trouble.may_pass, status >= 500),
    }
}

/// Any bytes as a request to `asciinema-serve`: complete or not, the result does not depend on how
/// it arrives.
pub fn request(input: &[u8]) {
    let whole = format!("{:?}", crate::request::parse(input, Some("box.lan")));
    for at in 0..input.len() {
        let part = crate::request::parse(&input[..at], Some("box.lan"));
        if !matches!(part, Ok(None)) {
            assert_eq!(format!("{part:?}"), whole);
            break;
        }
    }
}

/// The messages from the other side, in pieces, and the violation that ends them.
fn messages<'a>(role: Role, pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Message>, String) {
    let mut reader = Frames::new(role, 1000);
    let mut messages = Vec::new();
    for piece in pieces {
        reader.feed(piece);
        loop {
            match reader.next() {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(violation) => return (messages, format!("{violation:?}")),
            }
        }
    }
    (messages, String::new())
}

/// Any bytes as frames, for either side: the result does not depend on how they arrive, and encoded
/// messages are understood.
pub fn websocket(input: &[u8]) {
    for role in [Role::Client, Role::Server] {
        assert_eq!(messages(role, input.chunks(1)), messages(role, std::iter::once(input)));
    }
    let mut frame = Vec::new();
    write_frame(BINARY, &input[..input.len().min(1000)], Some([1, 2, 3, 4]), &mut frame);
    assert_eq!(messages(Role::Server, std::iter::once(&frame[..])), (vec![Message::Data], String::new()));
    let _ = net::websocket::accept_key(&String::from_utf8_lossy(input));
}

/// An ALiS message split into the numbers after its kind, and the rest.
fn numbers(message: &[u8], count: usize) -> (Vec<u64>, &[u8]) {
    let mut rest = &message[1..];
    let numbers = (0..count).map(|_| {
        let length = rest.iter().position(|byte| byte & 0x80 == 0).expect("a number without end") + 1;
        let value = rest[..length].iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f));
        rest = &rest[length..];
        value
    });
    (numbers.collect(), rest)
}

/// Any bytes as a cast shown live: each ALiS message represents its event, and the other protocols
/// accept it as well.
pub fn alis(input: &[u8]) {
    let mut reader = Reader::new(input);
    let mut session: Option<Session> = None;
    let mut events = Vec::new();
    while let Ok(item) = reader.next() {
        match item {
            Some(Item::Header(header)) => {
                if usize::from(header.size.cols) * usize::from(header.size.rows) > 10_000 {
                    return;
                }
                let _: Option<Theme> = theme_of(&header);
                session = Session::new(header).ok();
            }
            Some(Item::Event(event)) => {
                if Event::append(&event, &mut events).is_err() {
                    return;
                }
            }
            Some(Item::Ignored(_)) => {}
            Some(Item::End) => break,
            None => reader.fill().unwrap(),
        }
    }
    let Some(mut session) = session else { return };
    let mut out = Vec::new();
    for protocol in Protocol::all() {
        protocol.open(&mut session, common::cast::Time::ZERO, None, &mut out);
    }
    for event in &events {
        if let common::live::Data::Resize(size) = event.data
            && usize::from(size.cols) * usize::from(size.rows) > 10_000
        {
            return;
        }
        let (id, after) = session.apply(event);
        let message = alis::event(id, event.time.since(after), event);
        let (found, rest) = numbers(&message, 2);
        assert_eq!(found, [id, event.time.since(after).as_micros()]);
        match &event.data {
            common::live::Data::Output(text)
            | common::live::Data::Input(text)
            | common::live::Data::Marker(text) => {
                let (length, bytes) =
                    numbers(&[&[0], rest].concat(), 1).0.first().map(|&length| (length, text)).unwrap();
                assert_eq!(length, bytes.len() as u64);
                assert!(rest.ends_with(text.as_bytes()));
            }
            _ => {}
        }
        for protocol in Protocol::all() {
            protocol.event(Numbered { id, after, event }, &mut out);
        }
    }
    // The encoded data can be read.
    let (_, violation) = messages(Role::Client, std::iter::once(&out[..]));
    assert!(matches!(violation.as_str(), "" | "TooLarge"), "{violation}");
}

fn theme_of(header: &Header) -> Option<Theme> {
    let theme = Theme::of(header)?;
    assert!(matches!(theme.palette.len(), 8 | 16));
    Some(theme)
}
