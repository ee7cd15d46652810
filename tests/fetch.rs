//! asciinema-fetch, and play and cat with a URL.

use std::io::Write;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use crate::harness::{Live, Scratch, Terminal, cast, run};
use crate::server::{Server, response};

#[test]
fn the_servers_response_is_written_to_stdout() {
    let server = Server::answering("200 OK", "", &cast(&[(0.0, "a")]));
    assert_eq!(run(&format!("asciinema-fetch {}/demo.cast", server.url), "").stdout(), cast(&[(0.0, "a")]));
    let request = server.request();
    assert_eq!((request.line.as_str(), request.header("authorization")), ("GET /demo.cast", None));
    assert!(request.header("accept-encoding").unwrap_or_default().contains("gzip"));
    assert_eq!(run(&format!("asciinema-cat {}/demo.cast", server.url), "").stdout(), "a");
    assert_eq!(run(&format!("asciinema-play {}/demo.cast", server.url), "").stdout(), "a");
}

#[test]
fn redirects_are_followed_and_responses_decompressed() {
    let scratch = Scratch::new();
    scratch.write("demo.cast", cast(&[(0.0, "zipped")]));
    scratch.run("gzip demo.cast", "").stdout();
    let zipped = std::fs::read(scratch.path("demo.cast.gz")).unwrap();
    let server = Server::start(move |request, connection| {
        let answer = match request.line.as_str() {
            "GET /old" => response("302 Found", "Location: /new way\r\n", b""),
            "GET /round" => response("302 Found", "Location: round\r\n", b""),
            _ => response("200 OK", "Content-Encoding: gzip\r\n", &zipped),
        };
        connection.write_all(&answer).expect("to answer");
    });
    assert_eq!(run(&format!("asciinema-cat {}/old", server.url), "").stdout(), "zipped");
    let ran = run(&format!("asciinema-fetch {}/round", server.url), "");
    let message = format!("asciinema-fetch: {}/round: too many redirects\n", server.url);
    assert_eq!(ran.failure(), (1, String::new(), message));
}

#[test]
fn a_cast_linked_from_a_page_is_fetched() {
    for href in ["1.cast?raw&amp;x=1", "/a/1.cast?raw&x=1", "../a/1.cast?raw&x=1"] {
        let page = format!(
            "<!doctype html><!-- <link rel=alternate type='application/x-asciicast' href='/no'> -->\
             <LINK rel=\"stylesheet\" href=\"/x.css\"><link rel=\"other Alternate\" TYPE='application/x-asciicast' href=\"{href}\">"
        );
        let server = Server::start(move |request, connection| {
            let answer = match request.line.as_str() {
                "GET /a/1" => {
                    response("200 OK", "Content-Type: text/html; charset=utf-8\r\n", page.as_bytes())
                }
                "GET /a/1.cast?raw&x=1" => response("200 OK", "", cast(&[(0.0, "linked")]).as_bytes()),
                _ => response("404 Not Found", "", b""),
            };
            connection.write_all(&answer).expect("to answer");
        });
        assert_eq!(run(&format!("asciinema-cat {}/a/1", server.url), "").stdout(), "linked", "{href}");
    }
}

#[test]
fn ipfs_uses_the_gateway() {
    let server = Server::answering("200 OK", "", &cast(&[(0.0, "a")]));
    for url in ["ipfs://HASH/demo.cast", "dweb:/ipfs/HASH/demo.cast"] {
        let line = format!("ASCIINEMA_IPFS_GATEWAY={}/ipfs/ asciinema-cat {url}", server.url);
        assert_eq!(run(&line, "").stdout(), "a");
        assert_eq!(server.request().line, "GET /ipfs/HASH/demo.cast");
    }
}

#[test]
fn a_failure_is_reported_once_by_the_program_that_was_run() {
    let server = Server::answering("404 Not Found", "", "");
    let url = format!("{}/no.cast", server.url);
    for (program, reporter) in [("fetch", "asciinema-fetch"), ("cat", "asciinema"), ("play", "asciinema")] {
        let message = format!("{reporter}: {url}: HTTP status 404: Not Found\n");
        assert_eq!(run(&format!("asciinema-{program} {url}"), "").failure(), (1, String::new(), message));
    }
    let page = Server::answering("200 OK", "Content-Type: text/html\r\n", "<p>nothing");
    let ran = run(&format!("asciinema-cat {}/", page.url), "");
    assert_eq!(
        ran.stderr(),
        format!(
            "asciinema: {}/: <link rel=\"alternate\" type=\"application/x-asciicast\" href=\"...\"> not found in fetched HTML document\n",
            page.url
        )
    );
    assert_eq!(
        run("asciinema-fetch gopher://x", "").stderr(),
        "asciinema-fetch: gopher://x: not an http, https, ipfs or dweb URL\n"
    );
}

#[test]
fn a_lost_connection_is_reported_rather_than_the_line_it_cut_off() {
    let server = Server::start(|_, connection| {
        let answer = response("200 OK", "", (cast(&[(0.0, "good")]) + &" ".repeat(1000)).as_bytes());
        connection.write_all(&answer[..answer.len() - 1010]).expect("to answer");
    });
    let ran = run(&format!("asciinema-cat {}/", server.url), "");
    assert_eq!(ran.status(), 1, "{ran}");
    assert!(
        ran.stderr().starts_with(&format!("asciinema: {}/: ", server.url))
            && ran.stderr().lines().count() == 1,
        "{ran}"
    );
    assert!(!ran.stderr().contains("line"), "{ran}");
}

#[test]
fn a_slow_cast_plays_as_it_arrives() {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let server = Server::start(move |_, connection| {
        let text = cast(&[(0.0, "first"), (0.0, "second")]);
        let answer = response("200 OK", "", text.as_bytes());
        let (front, back) = answer.split_at(answer.len() - "[0.000000, \"o\", \"second\"]\n".len());
        connection.write_all(front).expect("to answer");
        wait.recv().expect("a sign");
        connection.write_all(back).expect("to answer");
    });
    let mut live = Live::start(&format!("asciinema-play {}/", server.url));
    live.wait_for("first");
    go.send(()).unwrap();
    live.wait_for("second");
    assert_eq!(live.finish(), 0);
}

#[test]
fn the_environments_proxy_is_used_for_urls_of_its_scheme() {
    let proxy = Server::answering("403 Forbidden", "", "");
    let url = &proxy.url;
    let ran = run(&format!("http_proxy={url} asciinema-fetch http://cast.invalid/demo.cast"), "");
    assert_eq!(ran.status(), 1, "{ran}");
    assert_eq!(proxy.request().line, "CONNECT cast.invalid:80");
    let server = Server::answering("200 OK", "", &cast(&[]));
    for environment in [format!("https_proxy={url}"), format!("http_proxy={url} no_proxy=127.0.0.1")] {
        run(&format!("{environment} asciinema-fetch {}/demo.cast", server.url), "").stdout();
        assert_eq!(server.request().line, "GET /demo.cast");
    }
    assert!(proxy.is_quiet());
}

#[test]
fn socks_proxies_are_used_and_an_invalid_proxy_is_refused() {
    let server = Server::answering("200 OK", "", &cast(&[]));
    let fetch = |proxy: &str| run(&format!("http_proxy='{proxy}' asciinema-fetch {}/", server.url), "");
    let message = |what: &str| format!("asciinema-fetch: {}/: {what}\n", server.url);
    // Nothing listens on this port.
    assert_eq!(fetch("socks5://127.0.0.1:1").failure(), (1, String::new(), message("Connection refused")));
    let refused = message("http_proxy: 'no proxy' is not a proxy URL");
    assert_eq!(fetch("no proxy").failure(), (1, String::new(), refused));
    assert!(server.is_quiet());
}

#[test]
fn a_link_inside_a_script_is_ignored() {
    let link = |href: &str| format!("<link rel=alternate type=application/x-asciicast href='{href}'>");
    let page = format!("<script>const a = \"{}\";</script>{}", link("/no"), link("/my cast"));
    let server = Server::start(move |request, connection| {
        let answer = match request.line.as_str() {
            "GET /page" => response("200 OK", "Content-Type: text/html\r\n", page.as_bytes()),
            line => response("200 OK", "", line.as_bytes()),
        };
        connection.write_all(&answer).expect("to answer");
    });
    assert_eq!(run(&format!("asciinema-fetch {}/page", server.url), "").stdout(), "GET /my%20cast");
}

#[test]
fn network_errors_are_reported_in_plain_words() {
    for (answer, what) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "the connection was lost"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "the connection was lost"),
        ("", "the connection was lost"),
        ("220 mail\x1b.example.org\r\n\r\n", "the response is not valid HTTP"),
        (
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\nnot gzip yet",
            "the compressed data is corrupt",
        ),
    ] {
        let server = Server::start(move |_, connection| connection.write_all(answer.as_bytes()).unwrap());
        let message = format!("asciinema-fetch: {}/: {what}\n", server.url);
        let ran = run(&format!("asciinema-fetch {}/", server.url), "");
        assert_eq!(ran.failure(), (1, String::new(), message));
    }
}

#[test]
fn progress_is_shown_for_a_file_but_not_for_a_pipe() {
    let (enough, is_enough) = std::sync::mpsc::channel::<()>();
    // Sends the rest byte by byte for some seconds, or until it is stopped.
    let server = Server::start(move |_, connection| {
        let answer = response("200 OK", "", &[b'x'; 2000]);
        let (front, back) = answer.split_at(answer.len() - 1000);
        connection.write_all(front).expect("to answer");
        let mut rest = back.chunks(1);
        while is_enough.recv_timeout(Duration::from_millis(4)) == Err(RecvTimeoutError::Timeout) {
            let Some(byte) = rest.next() else { return };
            connection.write_all(byte).expect("to answer");
        }
        connection.write_all(&rest.flatten().copied().collect::<Vec<u8>>()).expect("to answer");
    });
    let url = &server.url;
    let scratch = Scratch::new();
    let mut terminal =
        Terminal::start(scratch.shell(&format!("asciinema-fetch {url} > demo.cast; echo end")));
    terminal.wait_for("/s");
    enough.send(()).expect("the server");
    terminal.wait_for("end\r\n");
    let mut terminal =
        Terminal::start(scratch.shell(&format!("asciinema-fetch {url} | tail -c 3; echo end")));
    terminal.wait_for("end\r\n");
    assert_eq!(terminal.seen, "xxxend\r\n");
}
