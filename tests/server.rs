//! HTTP servers on the loopback interface, for the programs under test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// A request as received.
#[derive(Debug)]
pub struct Request {
    /// Method and path.
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The point at which a request is answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    Read,
    Unread,
}

/// A server that responds to each request as a function decides.
pub struct Server {
    pub url: String,
    requests: Receiver<Request>,
}

impl Server {
    /// Starts a server. The function gets the connection after the request has been read, and
    /// writes the response.
    pub fn start(answer: impl Fn(&Request, &mut TcpStream) + Send + 'static) -> Server {
        Server::serve(answer, Body::Read)
    }

    fn serve(answer: impl Fn(&Request, &mut TcpStream) + Send + 'static, body: Body) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let (sender, requests) = channel();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.expect("a connection");
                let Some(request) = read(&connection, body) else { continue };
                answer(&request, &mut connection);
                if sender.send(request).is_err() {
                    return;
                }
            }
        });
        Server { url, requests }
    }

    /// Like [`Server::start`], but the function gets the connection before the body has been read.
    pub fn start_unread(answer: impl Fn(&Request, &mut TcpStream) + Send + 'static) -> Server {
        Server::serve(answer, Body::Unread)
    }

    /// A server that gives every request the same response.
    pub fn answering(status: &str, headers: &str, body: &str) -> Server {
        let answer = response(status, headers, body.as_bytes());
        Server::start(move |_, connection| connection.write_all(&answer).expect("to answer"))
    }

    /// The next request received.
    pub fn request(&self) -> Request {
        self.requests.recv_timeout(std::time::Duration::from_secs(30)).expect("a request")
    }

    /// Returns whether no more requests have arrived.
    pub fn is_quiet(&self) -> bool {
        self.requests.try_recv().is_err()
    }
}

/// A response with a length, after which the connection is closed.
pub fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

fn read(connection: &TcpStream, body: Body) -> Option<Request> {
    let mut reader = BufReader::new(connection);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_string();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let parse = |line: &String| {
        line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_string()))
    };
    let mut request = Request {
        line: lines.first()?.trim_end_matches(" HTTP/1.1").to_string(),
        headers: lines.iter().skip(1).filter_map(parse).collect(),
        body: Vec::new(),
    };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    if request.header("expect").is_some() && !request.line.contains("refuse") {
        let mut connection = connection;
        connection.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    if body == Body::Read && !request.line.contains("refuse") {
        request.body = vec![0; length];
        reader.read_exact(&mut request.body).ok()?;
    }
    Some(request)
}
