//! Programs that show a live cast, and their viewers: over sockets, and in a real browser.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

use crate::harness::Scratch;

/// The deadline of every wait: far longer than it takes on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A command line that shows the cast written to its input, and reports its address on standard
/// error.
pub struct Showing {
    /// Removed when dropped.
    _scratch: Scratch,
    child: Child,
    stdin: Option<ChildStdin>,
    stderr: Receiver<String>,
    stdout: thread::JoinHandle<Vec<u8>>,
    /// The reported URL.
    pub url: String,
}

/// The result of a command line.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub status: i32,
    pub stdout: String,
    /// Standard error after the address.
    pub stderr: String,
}

impl Showing {
    /// Starts a command line and waits until it has reported its address.
    pub fn start(line: &str) -> Showing {
        Showing::start_in(Scratch::new(), line)
    }

    /// Like [`Showing::start`], in an existing directory.
    pub fn start_in(scratch: Scratch, line: &str) -> Showing {
        let mut showing = Showing::start_mute(scratch, line);
        let said = showing.said();
        let url = said.split("live at ").nth(1).unwrap_or_else(|| panic!("{line}: {said}"));
        showing.url = url.to_string();
        showing
    }

    /// Like [`Showing::start`], but without waiting for an address.
    pub fn start_mute(scratch: Scratch, line: &str) -> Showing {
        let mut command = scratch.shell(&format!("exec {line}"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect(line);
        let mut stdout = child.stdout.take().expect("a pipe");
        let stdout = thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stdout.read_to_end(&mut bytes);
            bytes
        });
        let (sender, stderr) = channel();
        let pipe = BufReader::new(child.stderr.take().expect("a pipe"));
        thread::spawn(move || pipe.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let stdin = child.stdin.take();
        Showing { _scratch: scratch, child, stdin, stderr, stdout, url: String::new() }
    }

    /// The next line on standard error.
    pub fn said(&self) -> String {
        self.stderr.recv_timeout(DEADLINE).expect("something on standard error")
    }

    pub fn write(&mut self, text: impl AsRef<[u8]>) {
        self.stdin.as_mut().expect("still open").write_all(text.as_ref()).expect("its input");
    }

    /// Writes the header of an 80x24 terminal.
    pub fn write_header(&mut self) {
        self.write("{\"version\": 2, \"width\": 80, \"height\": 24}\n");
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process()), signal).expect("to signal it");
    }

    pub fn process(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a process")
    }

    /// Closes its input.
    pub fn close(&mut self) {
        self.stdin = None;
    }

    /// Closes its input and waits for its end.
    pub fn finish(mut self) -> Outcome {
        self.close();
        self.outcome()
    }

    /// Waits for its end.
    pub fn outcome(mut self) -> Outcome {
        let until = Instant::now() + DEADLINE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("its status") {
                break status;
            }
            assert!(Instant::now() < until, "it does not end");
            thread::sleep(Duration::from_millis(5));
        };
        let stdout = self.stdout.join().expect("its output");
        let stderr: Vec<String> = self.stderr.iter().collect();
        Outcome {
            status: status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: stderr.join("\n"),
        }
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        let rest = self.url.strip_prefix("http://").unwrap_or_else(|| panic!("{}", self.url));
        rest.split('/').next().and_then(|address| address.parse().ok()).expect("an address")
    }

    /// The path of its page.
    pub fn root(&self) -> &str {
        let rest = &self.url["http://".len()..];
        &rest[rest.find('/').expect("a path")..]
    }

    /// Sends a request of these lines, without line ends, and reads the whole response.
    pub fn ask(&self, lines: &[&str]) -> String {
        let mut socket = self.connect();
        socket.write_all(format!("{}\r\n\r\n", lines.join("\r\n")).as_bytes()).expect("to ask");
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The response to a GET request for a path, including its head.
    pub fn get(&self, path: &str) -> String {
        self.ask(&[&format!("GET {path} HTTP/1.1"), "Host: localhost"])
    }

    /// The session's status as the page receives it.
    pub fn status(&self) -> serde_json::Value {
        let answer = self.get(&format!("{}status", self.root()));
        serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap_or_default())
            .unwrap_or_else(|_| panic!("{answer}"))
    }

    pub fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect(self.address()).expect("a connection");
        socket.set_read_timeout(Some(DEADLINE)).expect("a time-out");
        socket
    }

    /// Starts to watch; fails with the status if refused.
    pub fn try_watch(&self, protocols: &str, headers: &[(&str, &str)]) -> Result<Viewer, u16> {
        watch(&self.url, protocols, headers)
    }

    /// Starts to watch with this protocol.
    pub fn watch(&self, protocol: &str) -> Viewer {
        self.try_watch(protocol, &[]).unwrap_or_else(|status| panic!("{protocol}: status {status}"))
    }

    /// Waits until a key of the status has this value.
    pub fn wait_for(&self, key: &str, value: impl Into<serde_json::Value>) {
        let value = value.into();
        let until = Instant::now() + DEADLINE;
        loop {
            let status = self.status();
            if status[key] == value {
                return;
            }
            assert!(Instant::now() < until, "waited for {key} to be {value}: {status}");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Starts to watch the session of a page; fails with the status if refused.
pub fn watch(page: &str, protocols: &str, headers: &[(&str, &str)]) -> Result<Viewer, u16> {
    let url = format!("{}ws", page.replace("http://", "ws://"));
    let mut request = url.into_client_request().expect("a request");
    let authority = request.uri().authority().expect("an authority").to_string();
    let mut add = |name: &str, value: &str| {
        let name = tungstenite::http::HeaderName::from_bytes(name.as_bytes()).expect("a name");
        request.headers_mut().insert(name, value.parse().expect("a value"));
    };
    if !protocols.is_empty() {
        add("sec-websocket-protocol", protocols);
    }
    headers.iter().for_each(|(name, value)| add(name, value));
    let socket = TcpStream::connect(authority).expect("a connection");
    socket.set_read_timeout(Some(DEADLINE)).expect("a time-out");
    let (socket, answer) = tungstenite::client(request, socket).map_err(|error| match error {
        tungstenite::HandshakeError::Failure(tungstenite::Error::Http(answer)) => answer.status().as_u16(),
        error => panic!("{error}"),
    })?;
    let chosen = answer.headers().get("sec-websocket-protocol");
    let protocol = chosen.map(|value| value.to_str().expect("text").to_string());
    Ok(Viewer { socket, protocol })
}

/// A viewer.
pub struct Viewer {
    pub socket: WebSocket<TcpStream>,
    /// The negotiated protocol.
    pub protocol: Option<String>,
}

impl Viewer {
    /// The next message, text or bytes; pings are answered and not returned.
    pub fn next(&mut self) -> Message {
        loop {
            match self.socket.read() {
                Ok(Message::Ping(_)) => {}
                Ok(message) => return message,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// The bytes of the next message.
    pub fn bytes(&mut self) -> Vec<u8> {
        self.next().into_data().to_vec()
    }

    /// The text of the next message.
    pub fn text(&mut self) -> String {
        match self.next() {
            Message::Text(text) => text.to_string(),
            other => panic!("{other:?}"),
        }
    }

    /// The next ALiS message.
    pub fn frame(&mut self) -> Frame {
        Frame::parse(&self.bytes())
    }

    /// Reads until a frame matches, and returns it.
    pub fn wait_for(&mut self, what: &str, fits: impl Fn(&Frame) -> bool) -> Frame {
        let until = Instant::now() + DEADLINE;
        loop {
            let frame = self.frame();
            if fits(&frame) {
                return frame;
            }
            assert!(Instant::now() < until, "waited for {what}");
        }
    }

    /// The status with which the other side closes the connection.
    pub fn closed(&mut self) -> u16 {
        loop {
            match self.socket.read() {
                Ok(Message::Close(Some(frame))) => return frame.code.into(),
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// A message of ALiS v1, parsed here from its description rather than by the code under test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    Magic,
    Init { last_id: u64, time: u64, cols: u64, rows: u64, theme: Vec<u8>, drawing: String },
    Text { code: char, id: u64, time: u64, text: String },
    Resize { id: u64, time: u64, cols: u64, rows: u64 },
    Exit { id: u64, time: u64, status: u64 },
    End { id: u64, time: u64 },
}

impl Frame {
    pub fn parse(message: &[u8]) -> Frame {
        if message == b"ALiS\x01" {
            return Frame::Magic;
        }
        let mut rest = &message[1..];
        let mut number = || {
            let mut value = 0;
            let mut shift = 0;
            loop {
                let byte = rest[0];
                rest = &rest[1..];
                value |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    return value;
                }
            }
        };
        let code = message[0];
        let (id, time) = (number(), number());
        let frame = match code {
            0x01 => {
                let (cols, rows) = (number(), number());
                let count = rest[0];
                assert!(matches!(count, 0 | 8 | 16), "{message:?}");
                let length = if count == 0 { 0 } else { 3 * (2 + usize::from(count)) };
                let theme = rest[1..1 + length].to_vec();
                rest = &rest[1 + length..];
                let drawing = text(&mut rest);
                Frame::Init { last_id: id, time, cols, rows, theme, drawing }
            }
            b'o' | b'i' | b'm' => Frame::Text { code: char::from(code), id, time, text: text(&mut rest) },
            b'r' => Frame::Resize { id, time, cols: number(), rows: number() },
            b'x' => Frame::Exit { id, time, status: number() },
            0x04 => Frame::End { id, time },
            _ => panic!("{message:?}"),
        };
        assert!(rest.is_empty(), "{message:?}");
        frame
    }

    /// The text of output.
    pub fn output(&self) -> Option<&str> {
        match self {
            Frame::Text { code: 'o', text, .. } => Some(text),
            _ => None,
        }
    }

    /// The drawing of an init.
    pub fn drawing(&self) -> Option<&str> {
        match self {
            Frame::Init { drawing, .. } => Some(drawing),
            _ => None,
        }
    }
}

/// A text preceded by its length.
fn text(rest: &mut &[u8]) -> String {
    let mut length = 0;
    let mut shift = 0;
    loop {
        let byte = rest[0];
        *rest = &rest[1..];
        length |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let (text, after) = rest.split_at(length);
    *rest = after;
    String::from_utf8(text.to_vec()).expect("UTF-8")
}
