//! The files of the web page. All of them are part of the program, so that it needs no other host
//! and no network.

use std::sync::OnceLock;

use common::text::checksum;
use render::player;

use crate::connection::Piece;
use crate::request::{Request, head};

/// A file of the page.
struct Asset {
    path: &'static str,
    kind: &'static str,
    content: Content,
}

/// The contents of a file.
#[derive(Clone, Copy)]
enum Content {
    Plain(&'static str),
    /// Compressed with gzip, as sent to nearly all clients.
    Gzip(&'static [u8]),
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const ASSETS: [Asset; 5] = [
    Asset { path: "/", kind: HTML, content: Content::Plain(include_str!("page/index.html")) },
    Asset { path: "/page.css", kind: CSS, content: Content::Plain(include_str!("page/page.css")) },
    Asset { path: "/page.js", kind: SCRIPT, content: Content::Plain(include_str!("page/page.js")) },
    Asset { path: "/player.css", kind: CSS, content: Content::Gzip(player::STYLE) },
    Asset { path: "/player.js", kind: SCRIPT, content: Content::Gzip(player::SCRIPT) },
];

/// The response to a request for a file of the page, with one additional header; `None` for any
/// other path.
pub fn answer(path: &str, request: &Request, cookie: &str) -> Option<Vec<Piece>> {
    let asset = ASSETS.iter().find(|asset| asset.path == path)?;
    let (body, encoding) = match asset.content {
        Content::Plain(text) => (text.as_bytes(), ""),
        Content::Gzip(bytes) if request.takes_gzip => (bytes, "Content-Encoding: gzip\r\n"),
        Content::Gzip(bytes) => (plain(asset.path, bytes).as_bytes(), ""),
    };
    // The compressed and the plain file are two representations.
    let tag = format!("\"{:016x}-{}\"", checksum(body), env!("CARGO_PKG_VERSION"));
    let shared = format!("ETag: {tag}\r\nCache-Control: no-cache\r\nVary: Accept-Encoding\r\n{cookie}");
    let is_known = request.known.as_deref().is_some_and(|known| known == "*" || known.contains(&tag));
    if is_known {
        return Some(vec![Piece::Own(head("304 Not Modified", &shared))]);
    }
    let headers =
        format!("Content-Type: {}\r\n{encoding}Content-Length: {}\r\n{shared}", asset.kind, body.len());
    let mut pieces = vec![Piece::Own(head("200 OK", &headers))];
    if !request.is_head {
        pieces.push(Piece::Static(body));
    }
    Some(pieces)
}

/// A compressed file for the few clients that cannot decompress it.
fn plain(path: &str, bytes: &'static [u8]) -> &'static str {
    static SCRIPT: OnceLock<String> = OnceLock::new();
    static STYLE: OnceLock<String> = OnceLock::new();
    let kept = if path == "/player.js" { &SCRIPT } else { &STYLE };
    // The embedded data decompresses, as a test ensures.
    kept.get_or_init(|| player::text(bytes).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(pieces: Vec<Piece>) -> Vec<u8> {
        pieces.iter().flat_map(|piece| piece.bytes().to_vec()).collect()
    }

    fn text(path: &str, request: &Request) -> String {
        String::from_utf8_lossy(&bytes(answer(path, request, "").unwrap())).into_owned()
    }

    #[test]
    fn every_file_is_served_compressed_plain_and_for_head() {
        for asset in &ASSETS {
            let (front, body) = {
                let text = text(asset.path, &Request::default());
                let (front, body) = text.split_once("\r\n\r\n").unwrap();
                (front.to_string(), body.to_string())
            };
            assert!(front.starts_with("HTTP/1.1 200 OK\r\nContent-Security-Policy: "), "{front}");
            assert!(
                front.contains(&format!("\r\nContent-Length: {}\r\n", body.len())) && body.len() > 500,
                "{front}"
            );
            let head = text(asset.path, &Request { is_head: true, ..Request::default() });
            assert_eq!(head, format!("{front}\r\n\r\n"));
        }
        assert!(answer("/nothing", &Request::default(), "").is_none());
    }

    #[test]
    fn a_cached_file_is_not_sent_again() {
        let text = text("/page.js", &Request::default());
        let tag = text.lines().find_map(|line| line.strip_prefix("ETag: ")).unwrap();
        let request = Request { known: Some(format!("W/\"x\", {tag}")), ..Request::default() };
        assert!(super::tests::text("/page.js", &request).starts_with("HTTP/1.1 304 Not Modified\r\n"));
    }

    #[test]
    fn the_page_loads_nothing_that_the_policy_forbids() {
        let page = include_str!("page/index.html");
        assert!(!page.contains("//") && !page.contains("<style") && !page.contains("<script>"));
    }
}
