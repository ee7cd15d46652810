//! asciinema-relay, with servers that behave and servers that do not.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::sys::socket::{setsockopt, sockopt::RcvBuf};
use rustls::pki_types::PrivatePkcs8KeyDer;
use tungstenite::handshake::server::{Request, Response};
use tungstenite::protocol::CloseFrame;
use tungstenite::{Message, WebSocket};

use crate::harness::{Scratch, Terminal, cast, json};
use crate::live::{DEADLINE, Frame, Outcome, Showing};
use crate::server::{self, Server};

/// The behaviour of a server towards a connection.
#[derive(Clone, Debug)]
enum Does {
    /// Receives everything to the end.
    Takes,
    /// Cuts the connection after this many messages.
    Cuts(usize),
    /// Closes with a status and a reason after this many messages.
    Closes(u16, &'static str, usize),
    /// Responds to the handshake with a status.
    Answers(u16),
    /// Selects a protocol that was not offered.
    Misunderstands,
    /// Stops reading after the beginning, until it is woken.
    Sleeps,
    /// Reads, but does not answer pings.
    StaysMute,
    /// Sends an invalid frame.
    Babbles,
}

/// An observation of a server: the number of the connection, from 0, and a message, or its end.
type Seen = (usize, Option<Frame>);

/// A server for producers, which behaves differently for each connection; the last behaviour is
/// repeated.
struct Stub {
    url: String,
    seen: Receiver<Seen>,
    /// Set to wake connections that sleep.
    is_awake: Arc<AtomicBool>,
}

impl Stub {
    fn start(script: &[Does]) -> Stub {
        Stub::start_with(script, None)
    }

    /// With TLS if a configuration is given.
    fn start_with(script: &[Does], tls: Option<Arc<rustls::ServerConfig>>) -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        // Data sent to a sleeping connection must stay with the sender rather than in the system's
        // buffers.
        setsockopt(&listener, RcvBuf, &(64 << 10)).expect("a small buffer");
        let port = listener.local_addr().expect("its address").port();
        let scheme = if tls.is_some() { "wss" } else { "ws" };
        let (sender, seen) = channel();
        let is_awake = Arc::new(AtomicBool::new(false));
        let awake = Arc::clone(&is_awake);
        let script = script.to_vec();
        thread::spawn(move || {
            let mut asleep = Vec::new();
            for (number, connection) in listener.incoming().enumerate() {
                let connection = connection.expect("a connection");
                let does = script.get(number).or(script.last()).expect("something to do").clone();
                match &tls {
                    Some(config) => {
                        let tls = rustls::ServerConnection::new(Arc::clone(config)).expect("a session");
                        let stream = rustls::StreamOwned::new(tls, connection);
                        serve(stream, &does, number, &sender, &awake, &mut asleep);
                    }
                    None => serve(connection, &does, number, &sender, &awake, &mut asleep),
                }
            }
        });
        Stub { url: format!("{scheme}://localhost:{port}/ws/S/abc"), seen, is_awake }
    }

    /// The next observation.
    fn next(&self) -> Seen {
        self.seen.recv_timeout(2 * DEADLINE).expect("something to see")
    }

    /// The next message on a connection.
    fn frame(&self, connection: usize) -> Frame {
        match self.next() {
            (number, Some(frame)) if number == connection => frame,
            other => panic!("expected a message of connection {connection}, got {other:?}"),
        }
    }

    /// Waits for a message that matches.
    fn wait_for(&self, what: &str, fits: impl Fn(&Frame) -> bool) -> (usize, Frame) {
        let until = Instant::now() + 2 * DEADLINE;
        loop {
            let (number, seen) = self.next();
            if let Some(frame) = seen.filter(|frame| fits(frame)) {
                return (number, frame);
            }
            assert!(Instant::now() < until, "waited for {what}");
        }
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.is_awake.store(true, Ordering::Relaxed);
    }
}

/// Serves one connection.
#[expect(clippy::result_large_err, reason = "the callback's type is tungstenite's")]
fn serve<S: Read + Write + Send + 'static>(
    stream: S,
    does: &Does,
    number: usize,
    seen: &Sender<Seen>,
    is_awake: &AtomicBool,
    asleep: &mut Vec<Box<dyn Send>>,
) {
    let answer = |request: &Request, mut response: Response| {
        let asked = request.headers().get("sec-websocket-protocol").and_then(|value| value.to_str().ok());
        assert_eq!(asked, Some("v1.alis"));
        assert!(request.headers().get("authorization").is_none());
        if let Does::Answers(status) = does {
            let answer = tungstenite::http::Response::builder().status(*status).body(None);
            return Err(answer.expect("an answer"));
        }
        let chosen = if matches!(does, Does::Misunderstands) { "v9" } else { "v1.alis" };
        response.headers_mut().insert("sec-websocket-protocol", chosen.parse().expect("a value"));
        Ok(response)
    };
    let Ok(mut socket) = tungstenite::accept_hdr(stream, answer) else {
        let _ = seen.send((number, None));
        return;
    };
    let mut count = 0;
    loop {
        match does {
            Does::Cuts(most) if count == *most => break,
            Does::Closes(code, reason, most) if count == *most => {
                let frame = CloseFrame { code: (*code).into(), reason: (*reason).into() };
                let _ = socket.close(Some(frame));
                while socket.read().is_ok() {}
                break;
            }
            Does::Sleeps if count == 2 => {
                while !is_awake.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(5));
                }
            }
            Does::StaysMute if count == 2 => {
                // Kept open, but not read.
                asleep.push(Box::new(socket));
                return;
            }
            Does::Babbles if count == 2 => {
                let _ = socket.get_mut().write_all(&[0xff; 20]);
                let _ = socket.get_mut().flush();
            }
            _ => {}
        }
        match read_frame(&mut socket) {
            Some(frame) => {
                count += 1;
                let _ = seen.send((number, Some(frame)));
            }
            None => break,
        }
    }
    let _ = seen.send((number, None));
}

/// The next message; `None` at the end.
fn read_frame<S: Read + Write>(socket: &mut WebSocket<S>) -> Option<Frame> {
    loop {
        match socket.read() {
            Ok(Message::Binary(bytes)) => return Some(Frame::parse(&bytes)),
            Ok(Message::Close(_)) => {
                while socket.read().is_ok() {}
                return None;
            }
            Ok(_) => {}
            Err(_) => return None,
        }
    }
}

fn output(time: f64, text: &str) -> String {
    format!("[{time:.6}, \"o\", {}]\n", json(text))
}

/// A server whose API sends producers to a stub.
fn api(stub: &Stub) -> Server {
    let body =
        format!("{{\"id\": 7, \"url\": \"http://a.org/s/abc\", \"ws_producer_url\": {}}}", json(&stub.url));
    Server::answering("200 OK", "Content-Type: application/json\r\n", &body)
}

/// A relay to a stub, without an API request.
fn relay_to(stub: &Stub) -> Showing {
    let mut relay = Showing::start(&format!("asciinema-relay --stream {}", stub.url));
    relay.write_header();
    relay
}

/// A self-signed certificate.
struct Certificate(rcgen::CertifiedKey<rcgen::KeyPair>);

impl Certificate {
    fn new() -> Certificate {
        let names = vec!["localhost".to_string()];
        Certificate(rcgen::generate_simple_self_signed(names).expect("a certificate"))
    }

    /// The configuration of a server with it.
    fn config(&self) -> Arc<rustls::ServerConfig> {
        let key = PrivatePkcs8KeyDer::from(self.0.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.expect("versions").with_no_client_auth();
        let config = builder.with_single_cert(vec![self.0.cert.der().clone()], key.into());
        Arc::new(config.expect("a configuration"))
    }

    /// A stub with it, and a relay that trusts it.
    fn relay_to(&self, script: &[Does]) -> (Stub, Showing) {
        let scratch = Scratch::new();
        let trusted = scratch.write("trusted.pem", self.0.cert.pem());
        let stub = Stub::start_with(script, Some(self.config()));
        let line = format!("env SSL_CERT_FILE={} asciinema-relay --stream {}", trusted.display(), stub.url);
        let mut relay = Showing::start_in(scratch, &line);
        relay.write_header();
        (stub, relay)
    }
}

/// Stubs and relays to them, without TLS and with it, one after the other.
fn with_and_without_tls(script: &[Does]) -> impl Iterator<Item = (Stub, Showing)> {
    [false, true].into_iter().map(move |has_tls| {
        if has_tls {
            return Certificate::new().relay_to(script);
        }
        let stub = Stub::start(script);
        let relay = relay_to(&stub);
        (stub, relay)
    })
}

fn is_init(frame: &Frame) -> bool {
    matches!(frame, Frame::Init { .. })
}

fn shows(frame: &Frame, text: &str) -> bool {
    frame.output().or(frame.drawing()).is_some_and(|shown| shown.contains(text))
}

#[test]
fn a_session_is_published_and_its_cast_copied_to_stdout() {
    let stub = Stub::start(&[Does::Takes]);
    let api = api(&stub);
    let line =
        "ASCIINEMA_INSTALL_ID=i USER=u asciinema-relay --server-url URL -t Title --visibility unlisted";
    let mut relay = Showing::start_mute(Scratch::new(), &format!("env {}", line.replace("URL", &api.url)));
    let header = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24,\"type\":\"xterm\",\"version\":\"9\"},\"title\":\"Not this\",\"env\":{\"SHELL\":\"/bin/zsh\"}}\n";
    relay.write(header);
    assert_eq!(relay.said(), "asciinema: live at http://a.org/s/abc");
    let request = api.request();
    assert_eq!(request.line, "POST /api/v1/streams");
    assert_eq!(request.header("authorization"), Some("Basic dTpp"));
    assert_eq!(request.header("accept"), Some("application/json"));
    assert!(request.header("user-agent").is_some_and(|agent| agent.starts_with("asciinema/")));
    let expected = serde_json::json!({
        "live": true, "title": "Title", "visibility": "unlisted", "term_type": "xterm", "term_version": "9",
        "shell": "/bin/zsh", "env": {"SHELL": "/bin/zsh"}
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&request.text()).expect("JSON"), expected);
    assert_eq!(stub.frame(0), Frame::Magic);
    let init =
        Frame::Init { last_id: 0, time: 0, cols: 80, rows: 24, theme: Vec::new(), drawing: String::new() };
    assert_eq!(stub.frame(0), init);
    let events = "[1.5, \"o\", \"one\"]\n[0.5, \"x\", \"3\"]\n";
    relay.write(events);
    assert_eq!(stub.frame(0), Frame::Text { code: 'o', id: 1, time: 1_500_000, text: "one".to_string() });
    assert_eq!(stub.frame(0), Frame::Exit { id: 2, time: 500_000, status: 3 });
    relay.close();
    assert!(matches!(stub.frame(0), Frame::End { id: 3, .. }));
    let outcome = Outcome { status: 0, stdout: header.to_string() + events, stderr: String::new() };
    assert_eq!(relay.outcome(), outcome);
    assert!(api.is_quiet());
}

#[test]
fn a_lost_connection_is_reestablished_and_starts_with_the_screen() {
    for does in [Does::Cuts(3), Does::Closes(1011, "oops", 3), Does::Closes(1000, "", 3), Does::Babbles] {
        for (stub, mut relay) in with_and_without_tls(&[does.clone(), Does::Answers(503), Does::Takes]) {
            stub.wait_for("the beginning", is_init);
            relay.write(output(1.0, "before"));
            let said = relay.said();
            assert!(said.starts_with("asciinema: connection to localhost lost ("), "{does:?}: {said}");
            assert_eq!(relay.said(), "asciinema: connected to localhost again");
            let (number, init) =
                stub.wait_for("another beginning", |frame| is_init(frame) && shows(frame, "before"));
            let Frame::Init { last_id: 1, time, .. } = init else { panic!("{init:?}") };
            assert!(number == 2 && time >= 1_000_000, "{number} {time}");
            relay.write(output(100.0, "after"));
            let frame = stub.frame(2);
            assert_eq!(
                frame,
                Frame::Text { code: 'o', id: 2, time: 100_000_000 - time, text: "after".to_string() }
            );
            assert_eq!(relay.finish().status, 0);
            assert!(matches!(stub.frame(2), Frame::End { id: 3, .. }));
        }
    }
}

#[test]
fn after_the_server_ends_the_stream_the_cast_is_still_copied() {
    for (code, words) in [
        (4002, "another producer has taken over the stream"),
        (4003, "the terminal is too large"),
        (4004, "the stream takes too much bandwidth"),
        (4005, "the server does not understand the stream"),
        (4040, "the stream does not exist"),
        (4099, "the server has ended the stream"),
    ] {
        let script = [Does::Closes(code, "its \u{1b} reason", 2), Does::Takes];
        for (stub, mut relay) in with_and_without_tls(&script) {
            assert_eq!(relay.said(), format!("asciinema-relay: localhost: {words} (its \\x1b reason)"));
            let rest = output(1.0, "more");
            relay.write(&rest);
            let outcome = relay.finish();
            assert_eq!((outcome.status, outcome.stdout.ends_with(&rest)), (1, true), "{outcome:?}");
            assert!(stub.seen.try_iter().all(|(number, _)| number == 0));
        }
    }
}

#[test]
fn a_server_with_another_protocol_is_not_retried() {
    for does in [Does::Answers(400), Does::Misunderstands] {
        for (_stub, relay) in with_and_without_tls(&[does]) {
            let said = relay.said();
            assert_eq!(said, "asciinema-relay: localhost: the server does not support this protocol");
            assert_eq!(relay.finish().status, 1);
        }
    }
}

#[test]
fn an_api_error_is_reported_immediately_and_the_cast_still_copied() {
    for (status, body, message) in [
        (
            "401 Unauthorized",
            "",
            "127.0.0.1 does not know this machine; run 'asciinema auth' to link it to your account",
        ),
        ("403 Forbidden", "{\"message\": \"Not you\"}", "127.0.0.1: Not you"),
        ("404 Not Found", "<html>", "127.0.0.1 doesn't support streaming"),
        ("422 Unprocessable", "no", "127.0.0.1 doesn't support streaming"),
        ("422 Unprocessable", "{\"message\": \"title is too long\"}", "127.0.0.1: title is too long"),
        ("500 Oops", "{}", "127.0.0.1: HTTP status 500"),
        ("200 OK", "<html>", "127.0.0.1: the response contains no stream"),
        ("200 OK", "{\"id\": 1}", "127.0.0.1: the response contains no stream"),
    ] {
        let server = Server::answering(status, "", body);
        let mut relay =
            Showing::start_mute(Scratch::new(), &format!("asciinema-relay --server-url {}", server.url));
        let text = cast(&[(1.0, "a")]);
        relay.write(&text);
        assert_eq!(relay.said(), format!("asciinema-relay: {message}"), "{status} {body}");
        relay.write(output(2.0, "b"));
        let outcome = Outcome { status: 1, stdout: text + &output(2.0, "b"), stderr: String::new() };
        assert_eq!(relay.finish(), outcome);
    }
}

#[test]
fn an_unreachable_server_is_reported_immediately() {
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let line = format!("asciinema-relay --server-url http://127.0.0.1:{port}");
    let mut relay = Showing::start_mute(Scratch::new(), &line);
    relay.write(cast(&[(1.0, "a")]));
    assert_eq!(relay.said(), "asciinema-relay: 127.0.0.1: Connection refused");
    assert_eq!(relay.finish().status, 1);
}

#[test]
fn a_stream_is_found_by_a_prefix_of_its_id() {
    let stub = Stub::start(&[Does::Takes]);
    let stream =
        format!("{{\"id\": 7, \"url\": \"http://a.org/s/abc\", \"ws_producer_url\": {}}}", json(&stub.url));
    let streams = format!("[{stream}]");
    let server = Server::start(move |request, connection| {
        let body = if request.line.starts_with("GET") { &streams } else { &stream };
        let _ = connection.write_all(&server::response("200 OK", "", body.as_bytes()));
    });
    let line = format!("asciinema-relay --server-url {} --stream 'a b&c' --env SHELL,NOTHING", server.url);
    let mut relay = Showing::start(&line);
    assert_eq!(relay.url, "http://a.org/s/abc");
    assert_eq!(server.request().line, "GET /api/v1/user/streams?prefix=a%20b%26c&limit=10");
    let request = server.request();
    assert_eq!(request.line, "PATCH /api/v1/streams/7");
    let told = "{\"env\":{\"SHELL\":\"/bin/sh\"},\"live\":true,\"shell\":\"/bin/sh\",\"term_type\":\"xterm-256color\"}";
    assert_eq!(request.text(), told);
    relay.write_header();
    stub.wait_for("the beginning", is_init);
    assert_eq!(relay.finish().status, 0);
    for (answer, message) in [
        ("[]", "none of your streams has an ID that begins with 'x'"),
        ("[{\"id\": 1}, {\"id\": 2}]", "several of your streams have an ID that begins with 'x'"),
    ] {
        let server = Server::answering("200 OK", "", answer);
        let line = format!("asciinema-relay --server-url {} --stream x", server.url);
        let mut relay = Showing::start_mute(Scratch::new(), &line);
        relay.write_header();
        assert_eq!(relay.said(), format!("asciinema-relay: {message}"));
        assert_eq!(relay.finish().status, 1);
    }
}

#[test]
fn a_stalled_server_delays_nothing_and_gets_the_screen_later() {
    let stub = Stub::start(&[Does::Sleeps]);
    let mut relay = relay_to(&stub);
    stub.wait_for("the beginning", is_init);
    let line = output(1.0, &"0123456789abcdef".repeat(256));
    let start = Instant::now();
    for _ in 0..3_000_000 / line.len() {
        relay.write(&line);
    }
    relay.write("[2, \"r\", \"90x20\"]\n".to_string() + &output(2.0, "\u{1b}[2J\u{1b}[Hthe end"));
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    let status = fs::read_to_string(format!("/proc/{}/status", relay.process())).expect("its status");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    assert!(peak < 40_000, "{peak} KB");
    stub.is_awake.store(true, Ordering::Relaxed);
    let (mut states, mut is_resized) = (0, false);
    let until = Instant::now() + DEADLINE;
    loop {
        let (_, frame) = stub.wait_for("a message", |_| true);
        assert!(!is_init(&frame), "there is one to a connection");
        states += usize::from(frame.output().is_some_and(|text| text.starts_with("\u{1b}c")));
        is_resized |= matches!(frame, Frame::Resize { cols: 90, rows: 20, .. });
        if shows(&frame, "the end") {
            break;
        }
        assert!(Instant::now() < until, "waited for the end");
    }
    assert!(states > 0 && is_resized, "{states} {is_resized}");
    assert_eq!(relay.finish().status, 0);
}

#[test]
fn no_more_is_sent_than_a_server_accepts() {
    const EVENT: usize = 16_000;
    let stub = Stub::start(&[Does::Takes]);
    let start = Instant::now();
    let mut relay = relay_to(&stub);
    stub.wait_for("the beginning", is_init);
    // Typing needs no screen, so this does not take long.
    let line = format!("[1.0, \"i\", \"{}\"]\n", "k".repeat(EVENT));
    let mut received = 0;
    while received < 58_800_000 {
        relay.write(line.repeat(8));
        for _ in 0..8 {
            stub.wait_for("an event", |frame| matches!(frame, Frame::Text { code: 'i', .. }));
            received += EVENT;
        }
    }
    relay.write(line.repeat(300));
    relay.write(output(2.0, "the end"));
    relay.close();
    let mut has_shown_the_end = false;
    loop {
        match stub.wait_for("a message", |_| true).1 {
            Frame::End { .. } => break,
            Frame::Text { text, .. } => {
                received += text.len();
                has_shown_the_end |= text.contains("the end");
            }
            _ => {}
        }
    }
    let accepted = 60_000_000 + 100_000 * (start.elapsed().as_secs() as usize + 1);
    assert!(received <= accepted, "{received} of {accepted}");
    assert!(has_shown_the_end);
    assert_eq!(relay.outcome().status, 0);
}

#[test]
fn a_stalled_server_does_not_delay_the_end() {
    let stub = Stub::start(&[Does::Sleeps]);
    let mut relay = relay_to(&stub);
    stub.wait_for("the beginning", is_init);
    let line = output(1.0, &"0123456789abcdef".repeat(256));
    for _ in 0..3_000_000 / line.len() {
        relay.write(&line);
    }
    let start = Instant::now();
    relay.close();
    assert_eq!(relay.said(), "asciinema-relay: localhost: the end of the stream could not be published");
    assert_eq!(relay.outcome().status, 1);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn a_session_that_ends_without_a_connection_is_not_reported_as_published() {
    let stub = Stub::start(&[Does::Cuts(2), Does::Answers(503)]);
    let mut relay = relay_to(&stub);
    assert!(relay.said().contains("connection to localhost lost"));
    relay.close();
    assert_eq!(relay.said(), "asciinema-relay: localhost: the end of the stream could not be published");
    assert_eq!(relay.outcome().status, 1);
}

#[test]
fn a_server_that_does_not_answer_pings_is_disconnected() {
    let stub = Stub::start(&[Does::StaysMute, Does::Takes]);
    let relay = relay_to(&stub);
    stub.wait_for("the beginning", is_init);
    let (number, _) = stub.wait_for("another beginning", is_init);
    assert_eq!(number, 1);
    assert_eq!(
        relay.said(),
        "asciinema: connection to localhost lost (the server does not respond), reconnecting"
    );
    assert_eq!(relay.said(), "asciinema: connected to localhost again");
    assert_eq!(relay.finish().status, 0);
}

#[test]
fn signals_end_the_stream_as_its_input_does() {
    for (signal, status) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let stub = Stub::start(&[Does::Takes]);
        let relay = relay_to(&stub);
        stub.wait_for("the beginning", is_init);
        relay.signal(signal);
        assert!(matches!(stub.frame(0), Frame::End { id: 1, .. }));
        assert_eq!(relay.outcome().status, status);
    }
}

#[test]
fn a_stream_is_not_sent_into_itself() {
    let stub = Stub::start(&[Does::Takes]);
    let id = common::live::relay_id(&stub.url);
    let line = format!("env ASCIINEMA_RELAY_ID={id} asciinema-relay --stream {}", stub.url);
    let mut relay = Showing::start_mute(Scratch::new(), &line);
    relay.write_header();
    assert_eq!(relay.said(), "asciinema-relay: this terminal is already being streamed there");
    assert_eq!(relay.finish().status, 1);
}

#[test]
fn a_bad_line_ends_the_stream_but_not_the_copy() {
    let stub = Stub::start(&[Does::Takes]);
    let mut relay = relay_to(&stub);
    stub.wait_for("the beginning", is_init);
    let rest = output(1.0, "good") + "bad\n" + &output(2.0, "after");
    relay.write(&rest);
    stub.wait_for("the good", |frame| shows(frame, "good"));
    assert!(matches!(stub.frame(0), Frame::End { id: 2, .. }));
    let outcome = relay.finish();
    let message = "asciinema-relay: stdin: line 3: expected an event, [time, code, data], found 'bad'";
    assert_eq!((outcome.status, outcome.stderr.as_str()), (1, message));
    assert!(outcome.stdout.ends_with(&rest));
}

#[test]
fn a_certificate_must_be_one_that_the_system_trusts() {
    let certificate = Certificate::new();
    let (stub, mut relay) = certificate.relay_to(&[Does::Cuts(3), Does::Takes]);
    stub.wait_for("the beginning", is_init);
    relay.write(output(1.0, &"x".repeat(100_000)));
    let (number, _) = stub.wait_for("another beginning", is_init);
    assert_eq!(number, 1);
    relay.write(output(2.0, "over TLS"));
    stub.wait_for("an event", |frame| shows(frame, "over TLS"));
    assert_eq!(relay.finish().status, 0);
    assert!(matches!(stub.frame(1), Frame::End { .. }));

    let stub = Stub::start_with(&[Does::Takes], Some(certificate.config()));
    let mut relay = relay_to(&stub);
    let said = relay.said();
    assert!(said.contains("lost (invalid peer certificate"), "{said}");
    relay.close();
    assert_eq!(relay.outcome().status, 1);
}

#[test]
fn in_a_sessions_terminal_notices_become_notifications() {
    let stub = Stub::start(&[Does::Cuts(2), Does::Takes]);
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.path(".config/asciinema")).expect("a folder");
    scratch.write(".config/asciinema/config", "[notifications]\ncommand = echo \"$TEXT\" >> notices\n");
    scratch.write("part", "{\"version\": 2, \"width\": 80, \"height\": 24}\n");
    let line = format!(
        "stty raw; (cat part; while test ! -e stop; do sleep 0.1; done) | asciinema-relay --stream {} > /dev/null",
        stub.url
    );
    let mut terminal = Terminal::start(scratch.shell(&line));
    terminal.wait_until_file(&scratch, "notices", "connected to localhost again");
    scratch.write("stop", "");
    let notices = scratch.read("notices");
    assert!(notices.starts_with("connection to localhost lost ("), "{notices}");
    terminal.wait_until("the program has ended", || {
        stub.seen.try_iter().any(|(number, seen)| number == 1 && matches!(seen, Some(Frame::End { .. })))
    });
    assert!(
        !terminal.seen.contains("lost") && terminal.seen.contains("live at ws://"),
        "{:?}",
        terminal.seen
    );
}

/// The port accepts connections before its name is known.
#[test]
fn a_proxy_is_used() {
    let stub = Stub::start(&[Does::Takes]);
    let target = stub.url.split('/').nth(2).expect("an authority").to_string();
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = proxy.local_addr().expect("its address");
    let asked = thread::spawn(move || {
        let (mut near, _) = proxy.accept().expect("a connection");
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && near.read(&mut byte).expect("a head") > 0 {
            head.push(byte[0]);
        }
        near.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").expect("to answer");
        let far = TcpStream::connect(&target).expect("the target");
        for (mut from, mut to) in [
            (near.try_clone().expect("it"), far.try_clone().expect("it")),
            (far.try_clone().expect("it"), near.try_clone().expect("it")),
        ] {
            thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Write);
            });
        }
        String::from_utf8(head).expect("text")
    });
    let line = format!("env http_proxy=http://u:p@{address} asciinema-relay --stream {}", stub.url);
    let mut relay = Showing::start(&line);
    relay.write_header();
    stub.wait_for("the beginning", is_init);
    let head = asked.join().expect("the proxy");
    assert!(
        head.starts_with("CONNECT localhost:") && head.contains("Proxy-Authorization: Basic dTpw\r\n"),
        "{head}"
    );
    assert_eq!(relay.finish().status, 0);
}
