//! A WebSocket client: connecting blocks, everything else does not.
//!
//! The caller waits for the descriptor together with others, and calls [`Socket::receive`] when it
//! is readable, [`Socket::flush`] when it is writable and there is data left to write.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nix::sys::socket::{setsockopt, sockopt::SndBuf};
use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt;
use ureq::ProxyProtocol;

use super::websocket::{Message, Reader, Role, accept_key, write_frame};
use super::{CONNECT, proxy, read_error_text};

/// The longest message that a server may send, in bytes. All of them are ignored.
const MESSAGE: usize = 64 << 10;

/// The longest head of a response, in bytes.
const HEAD: usize = 32 << 10;

/// The size of the socket's send buffer, in bytes. By default it is megabytes: viewers would see
/// output of long ago.
const SEND_BUFFER: usize = 128 << 10;

/// An open WebSocket.
pub struct Socket {
    stream: TcpStream,
    tls: Option<ClientConnection>,
    reader: Reader,
    /// The data still to be written.
    output: Vec<u8>,
    written: usize,
}

/// The reason why there is no connection.
#[derive(Debug)]
pub enum NoSocket {
    /// A later attempt may succeed.
    Lost(String),
    /// The other side does not support this protocol.
    Incompatible(String),
}

impl From<io::Error> for NoSocket {
    fn from(error: io::Error) -> NoSocket {
        NoSocket::Lost(match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => "connection timed out".to_string(),
            _ => read_error_text(&error),
        })
    }
}

impl Socket {
    /// Connects to a `ws://` or `wss://` URL with a subprotocol.
    ///
    /// # Errors
    ///
    /// There was no connection in time, or it does not support this protocol.
    pub fn connect(url: &str, protocol: &str) -> Result<Socket, NoSocket> {
        let incompatible = |what: &str| NoSocket::Incompatible(what.to_string());
        let (is_secure, rest) = match (url.strip_prefix("wss://"), url.strip_prefix("ws://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(incompatible("not a WebSocket URL")),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let path = if path.starts_with('/') { path.to_string() } else { format!("/{path}") };
        let (host, port) = host_and_port(authority, if is_secure { 443 } else { 80 })
            .ok_or_else(|| incompatible("not a WebSocket URL"))?;
        let deadline = Instant::now() + CONNECT;
        let http_url = format!("{}://{authority}/", if is_secure { "https" } else { "http" });
        let stream = reach(&http_url, &host, port, deadline)?;
        stream.set_nodelay(true)?;
        // If the system refuses, only timeliness suffers.
        let _ = setsockopt(&stream, SndBuf, &SEND_BUFFER);
        let mut socket = Socket {
            tls: if is_secure { Some(secure(&host)?) } else { None },
            stream,
            reader: Reader::new(Role::Client, MESSAGE),
            output: Vec::new(),
            written: 0,
        };
        socket.shake_hands(authority, &path, protocol, deadline)?;
        socket.stream.set_nonblocking(true)?;
        Ok(socket)
    }

    /// Performs the WebSocket handshake (RFC 6455, section 4.1).
    fn shake_hands(
        &mut self,
        authority: &str,
        path: &str,
        protocol: &str,
        deadline: Instant,
    ) -> Result<(), NoSocket> {
        let key = STANDARD.encode(random::<16>()?);
        let agent = super::user_agent();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {protocol}\r\n\
             User-Agent: {agent}\r\n\r\n"
        );
        self.output.extend_from_slice(request.as_bytes());
        let mut answer = Vec::new();
        let front = loop {
            self.stream.set_write_timeout(Some(left(deadline)?))?;
            self.stream.set_read_timeout(Some(left(deadline)?))?;
            self.flush()?;
            let count = self.read_some(&mut answer)?;
            if let Some(front) = head_length(&answer)? {
                break front;
            }
            if count == 0 || answer.len() > HEAD {
                return Err(NoSocket::Lost("the connection was lost".to_string()));
            }
        };
        self.check_answer(&answer[..front], &key, protocol)?;
        self.reader.feed(&answer[front..]);
        Ok(())
    }

    /// Checks the server's response.
    fn check_answer(&self, head: &[u8], key: &str, protocol: &str) -> Result<(), NoSocket> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut answer = httparse::Response::new(&mut headers);
        // It has been parsed before.
        let _ = answer.parse(head);
        match answer.code.unwrap_or_default() {
            101 => {}
            400 => {
                return Err(NoSocket::Incompatible("the server does not support this protocol".to_string()));
            }
            status => return Err(NoSocket::Lost(format!("HTTP status {status}"))),
        }
        let header = |name: &str| {
            let header = answer.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
            std::str::from_utf8(header.value).ok()
        };
        let is_answer_to_us = header("sec-websocket-accept") == accept_key(key).as_deref();
        if !is_answer_to_us || header("sec-websocket-protocol").is_some_and(|chosen| chosen != protocol) {
            return Err(NoSocket::Incompatible("the server does not support this protocol".to_string()));
        }
        Ok(())
    }

    /// Appends a message to the output.
    ///
    /// # Errors
    ///
    /// The system provides no random numbers, which a mask needs.
    pub fn send(&mut self, opcode: u8, payload: &[u8]) -> io::Result<()> {
        write_frame(opcode, payload, Some(random()?), &mut self.output);
        Ok(())
    }

    /// The number of bytes still to be written.
    pub fn unsent(&self) -> usize {
        let is_encrypted_left = self.tls.as_ref().is_some_and(|tls| tls.wants_write());
        self.output.len() - self.written + usize::from(is_encrypted_left)
    }

    /// Writes as much as the socket accepts. Returns the number of bytes.
    ///
    /// # Errors
    ///
    /// The connection is lost.
    pub fn flush(&mut self) -> io::Result<usize> {
        let before = self.written;
        loop {
            let rest = &self.output[self.written..];
            let result = match &mut self.tls {
                None if rest.is_empty() => break,
                None => self.stream.write(rest),
                Some(tls) => {
                    let taken = tls.writer().write(rest)?;
                    self.written += taken;
                    if !tls.wants_write() {
                        break;
                    }
                    tls.write_tls(&mut self.stream)
                }
            };
            match result {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) if self.tls.is_none() => self.written += count,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        let count = self.written - before;
        if self.written == self.output.len() {
            self.output.clear();
            self.written = 0;
        }
        Ok(count)
    }

    /// The messages received so far.
    ///
    /// # Errors
    ///
    /// The connection is lost, or the server violates the protocol.
    pub fn receive(&mut self) -> io::Result<Vec<Message>> {
        let mut messages = Vec::new();
        loop {
            while let Some(message) =
                self.reader.next().map_err(|_| io::Error::other("the server violated the protocol"))?
            {
                let is_last = matches!(message, Message::Close(..));
                messages.push(message);
                if is_last {
                    return Ok(messages);
                }
            }
            let mut bytes = Vec::new();
            match self.read_some(&mut bytes) {
                Ok(0) if messages.is_empty() => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(0) => return Ok(messages),
                Ok(_) => self.reader.feed(&bytes),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(messages),
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads once and appends the data; zero at the end.
    fn read_some(&mut self, out: &mut Vec<u8>) -> io::Result<usize> {
        let mut buffer = [0; 4096];
        loop {
            let count = match &mut self.tls {
                None => self.stream.read(&mut buffer),
                Some(tls) => match tls.reader().read(&mut buffer) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        if tls.is_handshaking() && tls.wants_write() {
                            tls.write_tls(&mut self.stream)?;
                            continue;
                        }
                        if tls.read_tls(&mut self.stream)? == 0 {
                            return Ok(0);
                        }
                        tls.process_new_packets().map_err(io::Error::other)?;
                        // Handshake data is sent immediately.
                        while tls.wants_write() {
                            match tls.write_tls(&mut self.stream) {
                                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                                result => drop(result?),
                            }
                        }
                        continue;
                    }
                    result => result,
                },
            };
            match count {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(count) => {
                    out.extend_from_slice(&buffer[..count]);
                    return Ok(count);
                }
            }
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Connects to a host, through the proxy in the environment if there is one.
fn reach(url: &str, host: &str, port: u16, deadline: Instant) -> Result<TcpStream, NoSocket> {
    let Some(proxy) = proxy(url).map_err(NoSocket::Incompatible)? else {
        return Ok(connect(host, port, deadline)?);
    };
    if proxy.protocol() != ProxyProtocol::Http {
        let what = "only http proxies are supported for streams".to_string();
        return Err(NoSocket::Incompatible(what));
    }
    let mut stream = connect(proxy.host(), proxy.port(), deadline)?;
    let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if let Some(user) = proxy.username() {
        let credentials = STANDARD.encode(format!("{user}:{}", proxy.password().unwrap_or_default()));
        request.push_str(&format!("Proxy-Authorization: Basic {credentials}\r\n"));
    }
    request.push_str("\r\n");
    stream.set_read_timeout(Some(left(deadline)?))?;
    stream.write_all(request.as_bytes())?;
    // Byte by byte: data after the head belongs to the next reader.
    let (mut head, mut byte) = (Vec::new(), [0]);
    while head_length(&head)?.is_none() {
        if head.len() > HEAD || stream.read(&mut byte)? == 0 {
            return Err(NoSocket::Lost("the proxy closed the connection".to_string()));
        }
        head.push(byte[0]);
    }
    match head.get(9..12) {
        Some(b"200") => Ok(stream),
        _ => Err(NoSocket::Lost("the proxy refused the connection".to_string())),
    }
}

fn connect(host: &str, port: u16, deadline: Instant) -> io::Result<TcpStream> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let mut last = io::Error::other("host not found");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, left(deadline)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Sets up TLS with a server whose certificate the system trusts.
fn secure(host: &str) -> Result<ClientConnection, NoSocket> {
    let incompatible = |error: &dyn std::fmt::Display| NoSocket::Incompatible(error.to_string());
    // Fails if it has been installed before, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = rustls::ClientConfig::with_platform_verifier().map_err(|error| incompatible(&error))?;
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_string());
    let name = name.map_err(|error| incompatible(&error))?;
    ClientConnection::new(Arc::new(config), name).map_err(|error| incompatible(&error))
}

/// The host and the port of an authority without credentials.
fn host_and_port(authority: &str, default: u16) -> Option<(String, u16)> {
    let end = authority.find(']').map_or(0, |bracket| bracket + 1);
    let (host, port) = match authority[end..].find(':') {
        Some(colon) => {
            let (host, port) = authority.split_at(end + colon);
            (host, port[1..].parse().ok()?)
        }
        None => (authority, default),
    };
    let is_plain = !host.is_empty() && !host.contains('@');
    is_plain.then(|| (host.to_string(), port))
}

/// The remaining time.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// The length of the head of a response; `None` if it is incomplete.
fn head_length(bytes: &[u8]) -> io::Result<Option<usize>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    match httparse::Response::new(&mut headers).parse(bytes) {
        Ok(httparse::Status::Complete(length)) => Ok(Some(length)),
        Ok(httparse::Status::Partial) => Ok(None),
        Err(_) => Err(io::Error::other("the response is not valid HTTP")),
    }
}

/// Random bytes.
fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}
