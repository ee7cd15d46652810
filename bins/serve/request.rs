//! HTTP/1.1 requests, as needed for a page and a WebSocket, and the responses to them.

use std::fmt::Write;
use std::net::IpAddr;

use net::websocket::accept_key;

use crate::protocol::Protocol;

/// The longest head of a request, in bytes.
pub const LONGEST_HEAD: usize = 32 << 10;

/// The maximum number of headers in a request.
const HEADERS: usize = 64;

/// The headers of every response. Only our own files may be loaded, no other hosts contacted, and
/// the page not framed; a secret in the path is not sent to linked sites.
const SAFETY: &str = "\
    Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    style-src 'self' 'unsafe-inline'; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; \
    base-uri 'none'; form-action 'none'\r\n\
    X-Content-Type-Options: nosniff\r\n\
    Referrer-Policy: no-referrer\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n\
    Connection: close\r\n";

/// A request, reduced to the relevant parts. Values are without surrounding spaces.
#[derive(Debug, Default)]
pub struct Request {
    /// The path without its query, as sent.
    pub path: String,
    /// True if only the head of the response is requested.
    pub is_head: bool,
    /// True if the body may be compressed.
    pub takes_gzip: bool,
    /// The `If-None-Match` header.
    pub known: Option<String>,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// All `Cookie` headers.
    pub cookies: Vec<String>,
    /// The WebSocket handshake, if requested.
    pub upgrade: Option<Upgrade>,
}

/// A WebSocket handshake.
#[derive(Debug)]
pub struct Upgrade {
    /// The response to its key.
    pub accept: String,
    /// The first supported protocol of those offered; `Err` if none is supported.
    pub protocol: Result<Protocol, ()>,
    /// True if any protocol was offered: only then does the response name one.
    pub is_offered: bool,
}

/// The reason to refuse a request: a status and its text.
pub type Refusal = &'static str;

/// Parses the head of a request.
///
/// `listen_name` is the host name that the server was told to listen on, if it was a name.
///
/// # Returns
///
/// `None` if the head is incomplete.
///
/// # Errors
///
/// The status to respond with.
pub fn parse(bytes: &[u8], listen_name: Option<&str>) -> Result<Option<Request>, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    match head.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) if bytes.len() < LONGEST_HEAD => return Ok(None),
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            return Err("431 Request Header Fields Too Large");
        }
        Err(_) => return Err("400 Bad Request"),
    }
    let (method, target) = (head.method.unwrap_or_default(), head.path.unwrap_or_default());
    let all = |name: &str| -> Vec<&str> {
        let named = head.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        named.filter_map(|header| std::str::from_utf8(header.value).ok()).map(str::trim).collect()
    };
    let one = |name: &str| match all(name)[..] {
        [] => Ok(None),
        [value] => Ok(Some(value)),
        _ => Err("400 Bad Request"),
    };
    let host = one("host")?.ok_or("400 Bad Request")?;
    if !is_own_host(host, listen_name) || !is_own_origin(one("origin")?, host) {
        return Err("403 Forbidden");
    }
    if !matches!(method, "GET" | "HEAD") {
        return Err("405 Method Not Allowed");
    }
    let has_token = |name: &str, token: &str| {
        all(name)
            .iter()
            .flat_map(|value| value.split(','))
            .any(|word| word.trim().eq_ignore_ascii_case(token))
    };
    let mut upgrade = None;
    if has_token("upgrade", "websocket") && has_token("connection", "upgrade") && method == "GET" {
        if one("sec-websocket-version")? != Some("13") {
            return Err("426 Upgrade Required");
        }
        let accept = one("sec-websocket-key")?.and_then(accept_key).ok_or("400 Bad Request")?;
        let offers = all("sec-websocket-protocol");
        let mut offers = offers.iter().flat_map(|value| value.split(',')).map(str::trim).peekable();
        let is_offered = offers.peek().is_some();
        let protocol = match is_offered {
            true => offers.find_map(Protocol::named).ok_or(()),
            false => Ok(Protocol::Raw),
        };
        upgrade = Some(Upgrade { accept, protocol, is_offered });
    }
    let text = |value: Option<&str>| value.map(str::to_string);
    Ok(Some(Request {
        path: target.split(['?', '#']).next().unwrap_or_default().to_string(),
        is_head: method == "HEAD",
        takes_gzip: all("accept-encoding").iter().flat_map(|value| value.split(',')).any(is_gzip),
        known: text(one("if-none-match")?),
        authorization: text(one("authorization")?),
        cookies: all("cookie").iter().map(ToString::to_string).collect(),
        upgrade,
    }))
}

/// Returns whether the host in a request can only be this one. A name that an attacker's DNS
/// resolves to our address is refused: its page would pass for one of ours.
fn is_own_host(host: &str, listen_name: Option<&str>) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            return is_port(port) && address.parse::<std::net::Ipv6Addr>().is_ok();
        }
        None => match host.split_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            Some(_) => return false,
            None => host,
        },
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok()
        || listen_name.is_some_and(|own| own.eq_ignore_ascii_case(name))
}

fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()))
}

/// Returns whether a request comes from a page of ours, or from no page at all.
fn is_own_origin(origin: Option<&str>, host: &str) -> bool {
    let Some(origin) = origin else { return true };
    let scheme = ["http://", "https://"].into_iter().find(|scheme| origin.starts_with(scheme));
    scheme.is_some_and(|scheme| origin[scheme.len()..].eq_ignore_ascii_case(host))
}

/// Returns whether an entry of `Accept-Encoding` allows gzip.
fn is_gzip(entry: &str) -> bool {
    let (name, parameters) = entry.split_once(';').unwrap_or((entry, ""));
    let weight = parameters.trim().strip_prefix("q=").map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
    matches!(name.trim(), "gzip" | "x-gzip" | "*") && weight > 0.0
}

/// The head of a response with a status and headers, each ending in CRLF.
pub fn head(status: &str, headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{SAFETY}{headers}\r\n").into_bytes()
}

/// A complete response with a status as its text.
pub fn refusal(status: &str, is_head: bool) -> Vec<u8> {
    let body = format!("{}\n", status.split_once(' ').map_or(status, |(_, reason)| reason));
    let mut headers = String::new();
    match &status[..3] {
        "401" => headers.push_str("WWW-Authenticate: Basic realm=\"asciinema\", charset=\"UTF-8\"\r\n"),
        "405" => headers.push_str("Allow: GET, HEAD\r\n"),
        "426" => headers.push_str("Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n"),
        "429" => headers.push_str("Retry-After: 1\r\n"),
        "503" => headers.push_str("Retry-After: 10\r\n"),
        _ => {}
    }
    let _ = write!(
        headers,
        "Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\n",
        body.len()
    );
    let mut answer = head(status, &headers);
    if !is_head {
        answer.extend_from_slice(body.as_bytes());
    }
    answer
}

/// The response that switches the connection to a WebSocket.
pub fn switching(upgrade: &Upgrade, protocol: Protocol) -> Vec<u8> {
    let mut answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n",
        upgrade.accept
    );
    if upgrade.is_offered {
        let _ = write!(answer, "Sec-WebSocket-Protocol: {}\r\n", protocol.name());
    }
    answer.push_str("\r\n");
    answer.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(lines: &str) -> Result<Option<Request>, Refusal> {
        parse(format!("{}\r\n\r\n", lines.replace('\n', "\r\n")).as_bytes(), Some("box.lan"))
    }

    #[test]
    fn only_unambiguous_hosts_are_served() {
        for (host, is_own) in [
            ("127.0.0.1:80", true),
            ("192.168.1.2", true),
            ("[::1]:80", true),
            ("[::1]", true),
            ("localhost:80", true),
            ("LocalHost", true),
            ("box.lan:8000", true),
            ("evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example:80", false),
            ("[::1].evil.example", false),
            ("[evil]", false),
            ("localhost:80:90", false),
            ("localhost:evil", false),
            ("", false),
        ] {
            let answer = request(&format!("GET / HTTP/1.1\nHost: {host}"));
            assert_eq!(answer.is_ok(), is_own, "{host}: {answer:?}");
        }
        assert_eq!(request("GET / HTTP/1.1\nAccept: */*").unwrap_err(), "400 Bad Request");
        assert_eq!(request("GET / HTTP/1.1\nHost: ::1\nHost: evil").unwrap_err(), "400 Bad Request");
    }

    #[test]
    fn only_pages_of_the_same_host_are_served() {
        for (origin, is_own) in [
            ("http://localhost:80", true),
            ("https://LOCALHOST:80", true),
            ("http://localhost", false),
            ("http://localhost:81", false),
            ("http://evil.example", false),
            ("null", false),
            ("", false),
            ("file://localhost:80", false),
        ] {
            let answer = request(&format!("GET / HTTP/1.1\nHost: localhost:80\nOrigin: {origin}"));
            assert_eq!(answer.is_ok(), is_own, "{origin}: {answer:?}");
        }
    }

    #[test]
    fn the_first_supported_protocol_is_chosen() {
        let ask = |protocols: &str| {
            let head = "GET /ws HTTP/1.1\nHost: localhost\nUpgrade: websocket\nConnection: keep-alive, Upgrade\n\
                        Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
            request(&format!("{head}{protocols}")).unwrap().unwrap().upgrade.unwrap()
        };
        let offered = ask("\nSec-WebSocket-Protocol: v9, v3.asciicast\nSec-WebSocket-Protocol: v1.alis");
        assert_eq!((offered.protocol, offered.is_offered), (Ok(Protocol::V3), true));
        let unknown = ask("\nSec-WebSocket-Protocol: v9");
        assert_eq!((unknown.protocol, unknown.is_offered), (Err(()), true));
        let none = ask("");
        assert_eq!((none.protocol, none.is_offered), (Ok(Protocol::Raw), false));
    }

    #[test]
    fn invalid_requests_are_refused_and_incomplete_ones_awaited() {
        assert!(parse(b"GET / HT", None).unwrap().is_none());
        assert!(parse(&[b"GET / HTTP/1.1\r\nA: ", &[b'a'; LONGEST_HEAD][..]].concat(), None).is_err());
        assert_eq!(parse(b"\x16\x03\x01\x02", None).unwrap_err(), "400 Bad Request");
        assert_eq!(request("POST / HTTP/1.1\nHost: localhost").unwrap_err(), "405 Method Not Allowed");
        let many = "\nA: b".repeat(HEADERS + 1);
        assert_eq!(
            request(&format!("GET / HTTP/1.1{many}")).unwrap_err(),
            "431 Request Header Fields Too Large"
        );
    }

    #[test]
    fn the_query_is_dropped_and_gzip_is_used_only_if_accepted() {
        let ask = |more: &str| {
            request(&format!("GET /page.js?v=1 HTTP/1.1\nHost: localhost{more}")).unwrap().unwrap()
        };
        assert_eq!(ask("").path, "/page.js");
        for (header, takes) in
            [("gzip, br", true), ("br, gzip;q=0.5", true), ("gzip;q=0", false), ("br", false)]
        {
            assert_eq!(ask(&format!("\nAccept-Encoding: {header}")).takes_gzip, takes, "{header}");
        }
    }
}
