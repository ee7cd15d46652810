//! asciinema-serve.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tungstenite::Message;

use crate::harness::{Scratch, cast, run};
use crate::live::{DEADLINE, Frame, Outcome, Showing, Viewer};

const HEADER: &str = "{\"version\": 2, \"width\": 80, \"height\": 24}\n";

fn output(time: f64, text: &str) -> String {
    format!("[{time:.6}, \"o\", {}]\n", crate::harness::json(text))
}

fn done(stdout: &str) -> Outcome {
    Outcome { status: 0, stdout: stdout.to_string(), stderr: String::new() }
}

fn text(code: char, id: u64, time: u64, text: &str) -> Frame {
    Frame::Text { code, id, time, text: text.to_string() }
}

#[test]
fn a_session_is_shown_live_and_its_cast_copied_to_stdout() {
    let mut serve = Showing::start("asciinema-serve");
    let mut viewer = serve.watch("v1.alis, v2.asciicast, v3.asciicast, raw");
    assert_eq!(viewer.protocol.as_deref(), Some("v1.alis"));
    let parts = [
        HEADER.to_string(),
        output(1.0, "one"),
        "[1.5, \"i\", \"k\"]\n[1.500001, \"m\", \"half\"]\n[2, \"r\", \"100x30\"]\n".to_string(),
        "[2.0, \"z\", {\"new\": 1}]\n# no comment in v2, but not an event either\n".to_string(),
        "[3.0, \"x\", \"-1\"]\n".to_string(),
    ];
    serve.write(&parts[0]);
    assert_eq!(viewer.frame(), Frame::Magic);
    let init =
        Frame::Init { last_id: 0, time: 0, cols: 80, rows: 24, theme: Vec::new(), drawing: String::new() };
    assert_eq!(viewer.frame(), init);
    serve.write(&parts[1]);
    assert_eq!(viewer.frame(), text('o', 1, 1_000_000, "one"));
    parts[2..].iter().for_each(|part| serve.write(part));
    assert_eq!(viewer.frame(), text('i', 2, 500_000, "k"));
    assert_eq!(viewer.frame(), text('m', 3, 1, "half"));
    assert_eq!(viewer.frame(), Frame::Resize { id: 4, time: 499_999, cols: 100, rows: 30 });
    assert_eq!(viewer.frame(), Frame::Exit { id: 5, time: 1_000_000, status: 0 });
    serve.close();
    assert!(matches!(viewer.frame(), Frame::End { id: 6, .. }));
    assert_eq!(viewer.closed(), 1000);
    drop(viewer);
    assert_eq!(serve.outcome(), done(&parts.concat()));
}

#[test]
fn a_late_viewer_gets_the_current_screen_with_colours_and_size() {
    let theme = "{\"fg\":\"#d0d1d2\",\"bg\":\"#101112\",\"palette\":\"#000000:#010101:#020202:#030303:#040404:#050505:#060606:#070707\"}";
    let mut serve = Showing::start("asciinema-serve");
    serve.write(format!("{{\"version\":3,\"term\":{{\"cols\":90,\"rows\":20,\"theme\":{theme}}}}}\n"));
    serve.write(
        "[0.5, \"o\", \"\\u001b[31mred\"]\n[0.5, \"o\", \"\\u001b[?1049hfull\"]\n[0.25, \"r\", \"70x10\"]\n",
    );
    // A viewer who joins while these are read gets the last of them in the drawing or after it.
    let mut early = serve.watch("v1.alis");
    early.wait_for("the last event", |frame| {
        matches!(frame, Frame::Init { last_id: 3, .. } | Frame::Resize { id: 3, .. })
    });
    let mut viewer = serve.watch("v1.alis");
    assert_eq!(viewer.frame(), Frame::Magic);
    let Frame::Init { last_id: 3, time, cols: 70, rows: 10, theme, drawing } = viewer.frame() else {
        panic!("no init of the last event")
    };
    assert!(time >= 1_250_000 && drawing.contains("full") && drawing.contains("1049h"), "{time} {drawing:?}");
    let grey = (0..8).flat_map(|level| [level; 3]);
    let expected: Vec<u8> = [0xd0, 0xd1, 0xd2, 0x10, 0x11, 0x12].into_iter().chain(grey).collect();
    assert_eq!(theme, expected);
    // Time continues from the moment the screen was drawn.
    serve.write("[100, \"o\", \"on\"]\n");
    let Frame::Text { id: 4, time: after, .. } = viewer.frame() else { panic!("no event") };
    assert_eq!(time + after, 101_250_000);
    drop((early, viewer));
    assert_eq!(serve.finish().status, 0);
}

#[test]
fn every_protocol_sends_the_same_events() {
    let mut serve = Showing::start("asciinema-serve");
    serve.write(HEADER.replace("}", ", \"title\": \"A title\"}") + &output(1.0, "here"));
    serve.wait_for("title", "A title");
    let mut alis = serve.watch("v1.alis");
    alis.wait_for("the first event", |frame| matches!(frame, Frame::Init { last_id: 1, .. }));
    let mut viewers: Vec<_> =
        ["v2.asciicast", "v3.asciicast", "raw", ""].map(|name| serve.watch(name)).into();
    let chosen: Vec<_> = viewers.iter().map(|viewer| viewer.protocol.as_deref()).collect();
    assert_eq!(chosen, [Some("v2.asciicast"), Some("v3.asciicast"), Some("raw"), None]);
    let mut fronts: Vec<Vec<String>> = Vec::new();
    for viewer in &mut viewers[..2] {
        let header = viewer.text();
        let drawing = viewer.text();
        assert!(header.contains("A title") && drawing.contains("here"), "{header} {drawing}");
        fronts.push(vec![header, drawing]);
    }
    for viewer in &mut viewers[2..] {
        let drawing = String::from_utf8(viewer.bytes()).expect("UTF-8");
        assert!(drawing.starts_with("\u{1b}[8;24;80t") && drawing.contains("here"), "{drawing:?}");
    }
    serve.write(output(50.0, "ż\n") + "[51, \"m\", \"mark\"]\n[52, \"r\", \"90x30\"]\n" + &output(53.0, "b"));
    let v2: Vec<String> = (0..4).map(|_| viewers[0].text()).collect();
    assert_eq!(
        v2,
        [
            "[50.000000, \"o\", \"ż\\n\"]",
            "[51.000000, \"m\", \"mark\"]",
            "[52.000000, \"r\", \"90x30\"]",
            "[53.000000, \"o\", \"b\"]"
        ]
    );
    let v3: Vec<String> = (0..4).map(|_| viewers[1].text()).collect();
    assert_eq!(v3[1..], ["[1.000, \"m\", \"mark\"]", "[1.000, \"r\", \"90x30\"]", "[1.000, \"o\", \"b\"]"]);
    // A viewer receives a complete cast.
    let told = [fronts[1].clone(), v3].concat().join("\n");
    let info = run("asciinema-info --json", told).stdout();
    assert!(info.contains("\"duration\": 53"), "{info}");
    for viewer in &mut viewers[2..] {
        let raw: Vec<Vec<u8>> = (0..3).map(|_| viewer.bytes()).collect();
        assert_eq!(raw, ["ż\n".as_bytes(), b"\x1b[8;30;90t", b"b"]);
    }
    serve.close();
    for viewer in &mut viewers {
        assert_eq!(viewer.closed(), 1000);
    }
    drop((alis, viewers));
    assert_eq!(serve.outcome().status, 0);
}

#[test]
fn an_unknown_protocol_is_refused() {
    let mut serve = Showing::start("asciinema-serve");
    serve.write_header();
    assert_eq!(serve.try_watch("v9.alis", &[]).err(), Some(400));
    assert_eq!(serve.finish().status, 0);
}

/// Writes about this many bytes of output; each event begins with the next number.
fn write_burst(serve: &mut Showing, size: usize) {
    let text = "0123456789abcdef".repeat(256);
    for number in 0..size / text.len() {
        serve.write(output(1.0, &format!("{number} {text}")));
    }
}

#[test]
fn a_burst_of_12_mb_reaches_every_viewer_who_reads() {
    let mut serve = Showing::start("asciinema-serve");
    serve.write_header();
    let viewers = [serve.watch("v1.alis"), serve.watch("v1.alis")];
    let readers = viewers.map(|mut viewer| {
        viewer.wait_for("the beginning", |frame| frame.drawing().is_some());
        thread::spawn(move || {
            let mut count = 0;
            loop {
                match viewer.frame() {
                    Frame::End { .. } => return count,
                    Frame::Text { text, .. } => {
                        assert_eq!(text.split(' ').next(), Some(count.to_string().as_str()));
                        count += 1;
                    }
                    other => panic!("after {count} events: {other:?}"),
                }
            }
        })
    });
    serve.wait_for("viewers", 2);
    write_burst(&mut serve, 12_000_000);
    serve.close();
    for reader in readers {
        assert_eq!(reader.join().expect("all events"), 12_000_000 / 4096);
    }
    assert_eq!(serve.outcome().status, 0);
}

#[test]
fn a_stalled_viewer_delays_nobody_and_gets_the_screen_again() {
    let mut serve = Showing::start("asciinema-serve");
    serve.write_header();
    let (mut stuck, mut good) = (serve.watch("v1.alis"), serve.watch("v1.alis"));
    let mut stuck_lines = serve.watch("v3.asciicast");
    serve.wait_for("viewers", 3);
    let seen =
        |frame: &Frame| frame.output().or(frame.drawing()).is_some_and(|text| text.contains("the end"));
    let reader = thread::spawn(move || {
        good.wait_for("the end of the burst", seen);
        good
    });
    // More than is kept for any viewer. Typing needs no screen, so this does not take long.
    let typing = format!("[1.0, \"i\", \"{}\"]\n", "k".repeat(16_000)).repeat(8);
    for _ in 0..20_000_000 / typing.len() {
        serve.write(&typing);
    }
    serve.write(output(2.0, "\u{1b}[2J\u{1b}[Hthe end"));
    let mut good = reader.join().expect("the end of the burst");
    // The stalled viewer continues normally after one more init.
    let last = stuck.wait_for("an init", |frame| matches!(frame, Frame::Init { last_id: 1.., .. }));
    let last = if seen(&last) { last } else { stuck.wait_for("the end of the burst", seen) };
    assert!(matches!(last, Frame::Init { .. } | Frame::Text { .. }), "{last:?}");
    serve.write(output(3.0, "more"));
    let next = |frame: &Frame| frame.output() == Some("more");
    let numbers = [&mut stuck, &mut good].map(|viewer| match viewer.wait_for("the next event", next) {
        Frame::Text { id, .. } => id,
        other => panic!("{other:?}"),
    });
    assert_eq!(numbers[0], numbers[1]);
    let until = Instant::now() + DEADLINE;
    let mut lines = Vec::new();
    while !lines.last().is_some_and(|line: &String| line.contains("more")) {
        assert!(Instant::now() < until, "waited for the next event");
        lines.push(stuck_lines.text());
    }
    assert!(lines.iter().any(|line| line.contains("\\u001bc")));
    // The memory for two stalled viewers is bounded.
    let memory = peak_memory(serve.process());
    assert!(memory < 40_000, "{memory} KB");
    drop((stuck, good, stuck_lines));
    assert_eq!(serve.finish().status, 0);
}

/// The peak memory of a process, in kB.
fn peak_memory(process: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn a_stalled_viewer_does_not_delay_the_end() {
    let mut serve = Showing::start("asciinema-serve");
    serve.write_header();
    let stuck = serve.watch("v1.alis");
    serve.wait_for("viewers", 1);
    let line = output(1.0, &"0123456789abcdef".repeat(256));
    for _ in 0..6_000_000 / line.len() {
        serve.write(&line);
    }
    let start = Instant::now();
    assert_eq!(serve.finish().status, 0);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    drop(stuck);
}

#[test]
fn the_page_is_complete_and_loads_nothing_from_elsewhere() {
    let serve = Showing::start("asciinema-serve");
    let page = serve.get("/");
    for header in [
        "HTTP/1.1 200 OK",
        "Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        "X-Content-Type-Options: nosniff",
        "Content-Type: text/html; charset=utf-8",
    ] {
        assert!(page.lines().any(|line| line == header), "{header} in {page}");
    }
    let length = |answer: &str| {
        let length = answer.lines().find_map(|line| line.strip_prefix("Content-Length: ")).expect("a length");
        length.parse::<usize>().expect("a number")
    };
    let script = serve.get("/player.js");
    assert!(script.contains("AsciinemaPlayer") && !script.contains("Content-Encoding"));
    let packed = serve.ask(&["GET /player.js HTTP/1.1", "Host: localhost", "Accept-Encoding: br, gzip"]);
    assert!(packed.contains("\r\nContent-Encoding: gzip\r\n") && length(&packed) < length(&script) / 2);
    let tag = packed.lines().find(|line| line.starts_with("ETag: ")).expect("an ETag");
    let known = tag.replace("ETag:", "If-None-Match:");
    let again = serve.ask(&["GET /player.js HTTP/1.1", "Host: localhost", "Accept-Encoding: gzip", &known]);
    assert!(again.starts_with("HTTP/1.1 304 ") && again.ends_with("\r\n\r\n"), "{again}");
    let head = serve.ask(&["HEAD /player.js HTTP/1.1", "Host: localhost"]);
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    for (line, status) in
        [("GET /nothing HTTP/1.1", 404), ("POST / HTTP/1.1", 405), ("GET /ws HTTP/1.1", 426), ("PUT", 400)]
    {
        let answer = serve.ask(&[line, "Host: localhost"]);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {answer}");
    }
    assert_eq!(serve.finish().status, 1);
}

#[test]
fn only_its_own_pages_may_connect() {
    let mut serve = Showing::start("asciinema-serve");
    serve.write_header();
    let ask = |headers: &[&str]| serve.ask(&[&["GET / HTTP/1.1"], headers].concat())[9..12].to_string();
    for host in ["localhost", "127.0.0.1:1", "[::1]"] {
        assert_eq!(ask(&[&format!("Host: {host}")]), "200", "{host}");
        assert_eq!(ask(&[&format!("Host: {host}"), &format!("Origin: http://{host}")]), "200", "{host}");
        assert_eq!(ask(&[&format!("Host: {host}"), "Origin: http://evil.example"]), "403");
    }
    assert_eq!(ask(&["Host: evil.example"]), "403");
    assert_eq!(serve.try_watch("raw", &[("origin", "null")]).err(), Some(403));
    assert_eq!(serve.try_watch("raw", &[("origin", "http://evil.example")]).err(), Some(403));
    assert_eq!(serve.try_watch("raw", &[("host", "evil.example")]).err(), Some(403));
    assert!(serve.try_watch("raw", &[("origin", &serve.url[..serve.url.len() - 1])]).is_ok());
    assert_eq!(serve.finish().status, 0);
}

#[test]
fn a_password_is_required_and_cannot_be_guessed_quickly() {
    let mut serve = Showing::start("asciinema-serve --password 'hunter 2'");
    serve.write_header();
    let page = serve.get("/");
    assert!(page.starts_with("HTTP/1.1 401 ") && page.contains("WWW-Authenticate: Basic "), "{page}");
    assert_eq!(serve.try_watch("raw", &[]).err(), Some(401));
    // me:hunter 2
    let right = ("authorization", "Basic bWU6aHVudGVyIDI=");
    let page = serve.ask(&["GET / HTTP/1.1", "Host: localhost", &format!("{}: {}", right.0, right.1)]);
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    let cookie = page.lines().find_map(|line| line.strip_prefix("Set-Cookie: ")).expect("a cookie");
    let cookie = cookie.split(';').next().unwrap_or_default();
    assert!(serve.try_watch("raw", &[right]).is_ok());
    assert!(serve.try_watch("raw", &[("cookie", cookie)]).is_ok());
    let tries: Vec<_> =
        (0..30).map(|_| serve.try_watch("raw", &[("authorization", "Basic bWU6d3Jvbmc=")]).err()).collect();
    assert!(tries.contains(&Some(429)) && !tries.contains(&None), "{tries:?}");
    // A viewer who is in stays in.
    assert!(serve.try_watch("raw", &[("cookie", cookie)]).is_ok());
    assert_eq!(serve.finish().status, 0);
}

#[test]
fn only_the_secret_address_is_served() {
    let mut serve = Showing::start("asciinema-serve --secret");
    serve.write_header();
    let root = serve.root().to_string();
    assert_eq!(root.len(), 34, "{root}");
    assert!(serve.get(&root).starts_with("HTTP/1.1 200 "));
    assert!(serve.get("/").starts_with("HTTP/1.1 404 "));
    assert!(serve.get("/ws").starts_with("HTTP/1.1 404 "));
    assert!(serve.get(&format!("/{}/", "0".repeat(32))).starts_with("HTTP/1.1 404 "));
    serve.watch("v1.alis");
    assert_eq!(serve.finish().status, 0);
}

#[test]
fn it_warns_if_everyone_on_the_network_can_watch() {
    let showing = Showing::start("asciinema-serve -l 0.0.0.0:0 </dev/null");
    let warning = showing.said();
    assert!(warning.starts_with("asciinema-serve: anyone who can reach 0.0.0.0 on port "), "{warning}");
    showing.outcome();
    for options in ["--password x", "--secret"] {
        let showing = Showing::start(&format!("asciinema-serve -l 0.0.0.0:0 {options} </dev/null"));
        let outcome = showing.outcome();
        assert!(!outcome.stderr.contains("anyone"), "{options}: {outcome:?}");
    }
}

/// Sends bytes as a viewer, and returns the status with which the connection is closed.
fn closed_after(serve: &Showing, bytes: &[u8]) -> u16 {
    let mut viewer = serve.watch("raw");
    viewer.socket.get_mut().write_all(bytes).expect("to send");
    viewer.closed()
}

#[test]
fn data_from_viewers_is_answered_or_dropped_and_reaches_nobody() {
    let mut serve = Showing::start("asciinema-serve");
    serve.write_header();
    let mut viewer = serve.watch("v1.alis");
    viewer.wait_for("the beginning", |frame| frame.drawing().is_some());
    viewer.socket.send(Message::text("rm -rf /")).expect("to send");
    viewer.socket.send(Message::binary(vec![0; 60_000])).expect("to send");
    viewer.socket.send(Message::Ping("are you there".into())).expect("to send");
    assert_eq!(viewer.next(), Message::Pong("are you there".into()));
    let giant = [&[0x82, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4], &[0; 100][..]].concat();
    assert_eq!(closed_after(&serve, &giant), 1009);
    let many =
        [&[0x02, 0xfe, 0xff, 0xff, 0, 0, 0, 0][..], &[0; 0xffff], &[0x80, 0x85, 0, 0, 0, 0, 1, 2, 3, 4, 5]];
    assert_eq!(closed_after(&serve, &many.concat()), 1009);
    assert_eq!(closed_after(&serve, &[0x81, 1, b'a']), 1002, "no mask");
    assert_eq!(closed_after(&serve, &[0x81, 0x81, 0, 0, 0, 0, 0xff]), 1007, "no UTF-8");
    assert_eq!(closed_after(&serve, &[0xc1, 0x80, 0, 0, 0, 0]), 1002, "a reserved bit");
    assert_eq!(closed_after(&serve, &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]), 1000, "a farewell");
    serve.write(output(1.0, "unharmed"));
    assert_eq!(viewer.frame().output(), Some("unharmed"));
    drop(viewer);
    assert_eq!(serve.finish(), done(&(HEADER.to_string() + &output(1.0, "unharmed"))));
}

#[test]
fn a_request_head_that_is_too_long_or_too_slow_is_dropped() {
    let mut serve = Showing::start("asciinema-serve");
    serve.write_header();
    let mut viewer = serve.watch("v1.alis");
    let mut slow = serve.connect();
    slow.write_all(b"GET / HTTP/1.1\r\n").expect("to send");
    let long = serve.ask(&["GET / HTTP/1.1", &format!("A: {}", "a".repeat(33 << 10))]);
    assert!(long.is_empty() || long.starts_with("HTTP/1.1 431 "), "{long}");
    let mut answer = Vec::new();
    // It ends because the server closes the connection.
    let _ = slow.read_to_end(&mut answer);
    assert!(answer.is_empty());
    serve.write(output(1.0, "unharmed"));
    viewer.wait_for("an event", |frame| frame.output() == Some("unharmed"));
    drop(viewer);
    assert_eq!(serve.finish().status, 0);
}

#[test]
fn silent_connections_keep_nobody_out() {
    let mut serve = Showing::start("asciinema-serve --max-viewers 200");
    serve.write_header();
    let mut viewer = serve.watch("v1.alis");
    let silent: Vec<_> = (0..220).map(|_| serve.connect()).collect();
    // After a second of silence they make room.
    let until = Instant::now() + DEADLINE;
    loop {
        let page = serve.get("/");
        if page.starts_with("HTTP/1.1 200 ") {
            break;
        }
        assert!(page.is_empty() || page.starts_with("HTTP/1.1 503 "), "{page}");
        assert!(Instant::now() < until, "nobody gets in");
        std::thread::sleep(Duration::from_millis(50));
    }
    serve.write(output(1.0, "unharmed"));
    viewer.wait_for("an event", |frame| frame.output() == Some("unharmed"));
    drop((viewer, silent));
    assert_eq!(serve.finish().status, 0);
}

#[test]
fn one_viewer_too_many_is_refused_with_a_reason() {
    let mut serve = Showing::start("asciinema-serve --max-viewers 2");
    serve.write_header();
    let viewers = [serve.watch("raw"), serve.watch("raw")];
    assert_eq!(serve.try_watch("raw", &[]).err(), Some(503));
    drop(viewers);
    let until = Instant::now() + DEADLINE;
    while serve.try_watch("raw", &[]).is_err() {
        assert!(Instant::now() < until, "nobody gets in");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(serve.finish().status, 0);
}

#[test]
fn a_bad_line_ends_the_view_but_not_the_copy() {
    let input = cast(&[(1.0, "good")]) + "bad\n" + &output(2.0, "after");
    let mut serve = Showing::start("asciinema-serve");
    let mut viewer = serve.watch("v1.alis");
    serve.write(&input);
    viewer.wait_for("the good", |frame| {
        frame.output().or(frame.drawing()).is_some_and(|text| text.contains("good"))
    });
    assert!(matches!(viewer.frame(), Frame::End { id: 2, .. }));
    assert_eq!(viewer.closed(), 1000);
    drop(viewer);
    let message = "asciinema-serve: stdin: line 3: expected an event, [time, code, data], found 'bad'";
    assert_eq!(serve.finish(), Outcome { status: 1, stdout: input, stderr: message.to_string() });
}

#[test]
fn input_that_is_not_a_cast_is_reported_on_one_line() {
    for (input, message) in [
        ("", "stdin: the input is empty, expected an asciicast"),
        ("hello\n", "stdin: line 1: expected the header of an asciicast, found 'hello'"),
        ("{\"version\": 2}\n", "stdin: line 1: the header has no 'width'"),
        (
            "{\"version\": 2, \"width\": 60000, \"height\": 60000}\n",
            "stdin: line 1: a terminal of 60000x60000 is too large to draw",
        ),
    ] {
        let mut serve = Showing::start("asciinema-serve");
        serve.write(input);
        let outcome = serve.finish();
        assert_eq!((outcome.status, outcome.stderr), (1, format!("asciinema-serve: {message}")), "{input}");
    }
}

#[test]
fn signals_end_it_as_its_input_does() {
    for (signal, status) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let mut serve = Showing::start("asciinema-serve");
        serve.write(cast(&[(1.0, "a")]));
        let mut viewer = serve.watch("v1.alis");
        viewer.wait_for("the screen", |frame| {
            frame.output().or(frame.drawing()).is_some_and(|text| text.contains('a'))
        });
        serve.signal(signal);
        assert!(matches!(viewer.frame(), Frame::End { id: 2, .. }));
        assert_eq!(viewer.closed(), 1000);
        drop(viewer);
        assert_eq!(serve.outcome(), Outcome { status, ..done(&cast(&[(1.0, "a")])) });
    }
}

#[test]
fn an_invalid_address_is_a_usage_error_and_one_in_use_a_failure() {
    for address in
        ["", "127.0.0.1", ":80", "127.0.0.1:99999", "a b:80", "127.0.0.1:80/", "no-such-host.invalid:80"]
    {
        let (status, _, said) = run(&format!("asciinema-serve -l '{address}'"), "").failure();
        assert_eq!(status, 2, "{address}: {said}");
        assert!(said.starts_with("asciinema-serve: option '--listen': "), "{said}");
    }
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
    let listener = TcpListener::bind(taken).expect("the port");
    let failure = run(&format!("asciinema-serve -l {taken}"), "").failure();
    drop(listener);
    assert_eq!(failure, (1, String::new(), format!("asciinema-serve: {taken}: Address already in use\n")));
}

#[test]
fn a_write_error_is_reported_and_the_view_continues() {
    let mut serve = Showing::start("asciinema-serve > /dev/full");
    let mut viewer = serve.watch("v1.alis");
    serve.write(cast(&[(1.0, "still here")]));
    assert_eq!(serve.said(), "asciinema-serve: stdout: No space left on device");
    viewer.wait_for("the screen", |frame| {
        frame.output().or(frame.drawing()).is_some_and(|text| text.contains("still here"))
    });
    drop(viewer);
    assert_eq!(serve.finish(), Outcome { status: 1, ..done("") });
}

#[test]
fn a_recording_is_played_until_the_server_stops() {
    let scratch = Scratch::new();
    let text = cast(&[(1.0, "a"), (9.0, "b")]).replace("24}", "24, \"title\": \"Was\"}");
    scratch.write("demo.cast", &text);
    let serve = Showing::start_in(scratch, "asciinema-serve demo.cast");
    let answer = serve.get("/recording.cast");
    assert_eq!(answer.split("\r\n\r\n").nth(1), Some(text.as_str()));
    let status = serve.status();
    assert_eq!((status["state"].as_str(), status["title"].as_str()), (Some("recording"), Some("Was")));
    assert!(serve.get("/ws").starts_with("HTTP/1.1 404 "));
    serve.signal(Signal::SIGTERM);
    assert_eq!(serve.outcome(), Outcome { status: 143, ..done("") });
    let failure = run("echo no > x; asciinema-serve x", "").failure();
    let message = "asciinema-serve: x: line 1: expected the header of an asciicast, found 'no'\n";
    assert_eq!(failure, (1, String::new(), message.to_string()));
}

#[test]
fn a_growing_file_is_followed() {
    let scratch = Scratch::new();
    let path = scratch.write("live.cast", HEADER);
    let serve = Showing::start_in(scratch, "asciinema-serve --follow live.cast");
    let mut viewer = serve.watch("v1.alis");
    viewer.wait_for("the beginning", |frame| frame.drawing().is_some());
    let mut file = std::fs::OpenOptions::new().append(true).open(path).expect("the file");
    for part in ["[1, \"o\", \"ha", "lf\"]\n"] {
        file.write_all(part.as_bytes()).expect("to write");
    }
    assert_eq!(viewer.frame().output(), Some("half"));
    serve.signal(Signal::SIGINT);
    assert!(matches!(viewer.frame(), Frame::End { .. }));
    drop(viewer);
    assert_eq!(serve.outcome().status, 130);
    assert_eq!(run("asciinema-serve --follow", "").status(), 2);
}

#[test]
fn the_history_is_everything_so_far_in_whole_lines() {
    let mut serve = Showing::start("asciinema-serve --history");
    serve.write(HEADER.to_string() + &output(1.0, "a") + "[2, \"o\", ");
    serve.wait_for("state", "live");
    assert_eq!(serve.status()["history"], true);
    let whole = HEADER.to_string() + &output(1.0, "a");
    assert_eq!(serve.get("/recording.cast").split("\r\n\r\n").nth(1), Some(whole.as_str()));
    serve.write("\"b\"]\n");
    let until = Instant::now() + DEADLINE;
    while !serve.get("/recording.cast").ends_with("[2, \"o\", \"b\"]\n") {
        assert!(Instant::now() < until, "the line is not there");
    }
    assert_eq!(serve.finish().status, 0);
    let mut serve = Showing::start("asciinema-serve");
    serve.write_header();
    assert!(serve.get("/recording.cast").starts_with("HTTP/1.1 404 "));
    assert_eq!(serve.finish().status, 0);
}

#[test]
fn in_a_pipe_it_copies_the_recording_and_ends_with_it() {
    let scratch = Scratch::new();
    let line =
        "set -o pipefail; asciinema rec -q -c 'printf hello; exit 3' --return | asciinema serve > demo.cast";
    let mut shell = scratch.command("bash");
    let ran = shell.args(["-c", line]).stdin(std::process::Stdio::null()).output().expect("bash");
    assert_eq!(ran.status.code(), Some(3), "{ran:?}");
    assert_eq!(crate::harness::text_of(&scratch.read("demo.cast"), "o"), "hello");
}

/// A recorder piped into the server. Its session prints each line of input until one is `end`. At
/// the end, the file `status` contains the exit statuses of both.
const RECORDED: &str = r#"
asciinema rec -q -c 'echo ready; while read line; do echo "got $line"; test "$line" != end || exit 0; done' |
  (echo "$BASHPID" > pid; exec asciinema serve > demo.cast)
echo "${PIPESTATUS[*]}" > status.new; mv status.new status
"#;

#[test]
fn a_recording_continues_when_its_viewer_leaves() {
    let scratch = Scratch::new();
    scratch.write("recorded", RECORDED);
    let (cast, status) = (scratch.path("demo.cast"), scratch.path("status"));
    let mut pipe = Showing::start_in(scratch, "bash recorded");
    let mut viewer = pipe.watch("raw");
    let has = |viewer: &mut Viewer, text: &str| {
        while !String::from_utf8_lossy(&viewer.bytes()).contains(text) {}
    };
    has(&mut viewer, "ready");
    pipe.write("one\n");
    has(&mut viewer, "got one");
    drop(viewer);
    pipe.wait_for("viewers", 0);
    pipe.write("two\n");
    let mut viewer = pipe.watch("raw");
    has(&mut viewer, "got two");
    pipe.write("end\n");
    assert_eq!(viewer.closed(), 1000);
    drop(viewer);
    // The scratch directory is removed with it.
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap_or_default();
    let until = Instant::now() + DEADLINE;
    while read(&status).is_empty() {
        assert!(Instant::now() < until, "it does not end");
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(read(&status), "0 0\n");
    let shown = crate::harness::text_of(&read(&cast), "o");
    assert!(
        shown.starts_with("ready") && shown.contains("got two") && shown.contains("got end"),
        "{shown:?}"
    );
    assert_eq!(pipe.outcome().status, 0);
}

#[test]
fn a_session_continues_when_its_server_ends_first_and_the_loss_is_reported() {
    let scratch = Scratch::new();
    scratch.write("recorded", RECORDED);
    let (process, status) = (scratch.path("pid"), scratch.path("status"));
    let mut pipe = Showing::start_in(scratch, "bash recorded");
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap_or_default();
    let process: i32 = read(&process).trim().parse().expect("a process");
    kill(Pid::from_raw(process), Signal::SIGTERM).expect("to signal it");
    let until = Instant::now() + DEADLINE;
    let files = format!("/proc/{process}/fd");
    while std::fs::read_dir(&files).is_ok_and(|mut open| open.next().is_some()) {
        assert!(Instant::now() < until, "the server does not end");
        thread::sleep(Duration::from_millis(5));
    }
    pipe.write("one\n");
    pipe.write("end\n");
    let until = Instant::now() + DEADLINE;
    while read(&status).is_empty() {
        assert!(Instant::now() < until, "it does not end");
        thread::sleep(Duration::from_millis(5));
    }
    // A recording that was not received is a failure.
    assert_eq!(read(&status), "1 143\n");
    pipe.outcome();
}
