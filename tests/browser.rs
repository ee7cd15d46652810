//! asciinema-serve's page, and pictures, in a real browser: headless Chromium, driven over its DevTools
//! protocol.

use std::io::{BufRead, BufReader, Cursor, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::screen::{Color, Screen};
use common::size::Size;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use crate::harness::{Scratch, cast, json as quoted, run};
use crate::live::{DEADLINE, Showing};

/// The names of the Chromium executable.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// A browser with one page.
struct Browser {
    process: Child,
    page: WebSocket<TcpStream>,
    count: u64,
    /// Errors logged by the page, such as violations of its policy.
    errors: Vec<String>,
    _scratch: Scratch,
}

impl Browser {
    /// Opens a page in a window of this size in pixels.
    fn open(url: &str, size: &str) -> Browser {
        let scratch = Scratch::new();
        let mut child = NAMES
            .iter()
            .find_map(|name| {
                let mut command = Command::new(name);
                command.args([
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                    "--disable-dev-shm-usage",
                    "--remote-debugging-port=0",
                ]);
                command.arg(format!("--window-size={size}"));
                command.arg(format!("--user-data-dir={}", scratch.path("profile").display()));
                command.arg("about:blank").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
                command.process_group(0).spawn().ok()
            })
            .expect("Chromium, which this test needs: install Debian's package chromium");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut line = String::new();
        let host = loop {
            line.clear();
            assert!(stderr.read_line(&mut line).expect("its messages") > 0, "Chromium does not start");
            if let Some(rest) = line.split("listening on ws://").nth(1) {
                break rest.split('/').next().unwrap_or_default().to_string();
            }
        };
        // The browser must not block on a full pipe.
        thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        let pages = pages(&host);
        let page = pages.iter().find(|page| page["type"] == "page").expect("a page");
        let socket_url = page["webSocketDebuggerUrl"].as_str().expect("a URL");
        let stream = TcpStream::connect(&host).expect("a connection");
        stream.set_read_timeout(Some(DEADLINE)).expect("a time-out");
        let (page, _) = tungstenite::client(socket_url, stream).expect("a WebSocket");
        let mut browser = Browser { process: child, page, count: 0, errors: Vec::new(), _scratch: scratch };
        browser.call("Log.enable", json!({}));
        browser.call("Runtime.enable", json!({}));
        browser.call("Page.navigate", json!({ "url": url }));
        browser
    }

    /// Calls a method of the browser, and returns the result.
    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.count += 1;
        let call = json!({ "id": self.count, "method": method, "params": parameters });
        self.page.send(Message::text(call.to_string())).expect("to ask the browser");
        loop {
            let message = match self.page.read() {
                // A wait with a time limit is also ended by a signal that is ignored.
                Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::Interrupted => continue,
                message => message.expect("an answer of the browser"),
            };
            let Message::Text(text) = message else { continue };
            let message: Value = serde_json::from_str(&text).expect("JSON");
            if message["id"] == self.count {
                return message["result"].clone();
            }
            let is_error = message["method"] == "Runtime.exceptionThrown"
                || message["params"]["entry"]["level"] == "error";
            if is_error {
                self.errors.push(message.to_string());
            }
        }
    }

    /// The value of an expression in the page.
    fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        self.call("Runtime.evaluate", parameters)["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    fn wait_for(&mut self, expression: &str) {
        let until = Instant::now() + DEADLINE;
        while self.value(expression) != true {
            if Instant::now() >= until {
                let text = self.value("document.body.innerText");
                panic!("waited for {expression}, the page shows {text}, errors {:?}", self.errors);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the terminal shows a text.
    fn wait_for_text(&mut self, text: &str) {
        self.wait_for(&format!(
            "document.querySelector('.ap-term-text')?.textContent.includes({}) === true",
            json!(text)
        ));
    }

    /// The pixels of the window.
    fn screenshot(&mut self) -> Pixels {
        let answer = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        let data = STANDARD.decode(answer["data"].as_str().expect("a picture")).expect("base64");
        let mut decoder = png::Decoder::new(Cursor::new(data));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
        let mut reader = decoder.read_info().expect("a PNG");
        let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut bytes).expect("a picture");
        Pixels { width: info.width as usize, bytes }
    }

    fn click(&mut self, selector: &str) {
        self.value(&format!("document.querySelector('{selector}').click()"));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser is several processes in a process group of their own.
        let _ = killpg(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGKILL);
        let _ = self.process.wait();
    }
}

/// A picture, four bytes for each pixel.
struct Pixels {
    width: usize,
    bytes: Vec<u8>,
}

impl Pixels {
    fn color(&self, x: usize, y: usize) -> [u8; 3] {
        let at = 4 * (y * self.width + x);
        [self.bytes[at], self.bytes[at + 1], self.bytes[at + 2]]
    }
}

/// The browser's list of pages. It does not close a connection even if asked to.
fn pages(host: &str) -> Vec<Value> {
    let mut connection = TcpStream::connect(host).expect("a connection");
    connection.set_read_timeout(Some(DEADLINE)).expect("a time-out");
    write!(connection, "GET /json/list HTTP/1.1\r\nHost: {host}\r\n\r\n").expect("to ask");
    let mut reader = BufReader::new(connection);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a head");
        let line = line.trim_end().to_lowercase();
        match line.strip_prefix("content-length:") {
            Some(number) => length = number.trim().parse().expect("a number"),
            None if line.is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    serde_json::from_slice(&body).expect("JSON")
}

/// The background colour of a cell as the terminal painted it.
const BACKGROUND: &str = "((row, col) => {
    const canvas = document.querySelector('.ap-term canvas');
    const term = getComputedStyle(document.querySelector('.ap-term'));
    const width = canvas.width / Number(term.getPropertyValue('--term-cols'));
    const height = canvas.height / Number(term.getPropertyValue('--term-rows'));
    const context = canvas.getContext('2d');
    return Array.from(context.getImageData((col + 0.5) * width, (row + 0.5) * height, 1, 1).data).join();
})";

#[test]
fn a_session_is_shown_in_a_browser_from_start_to_end() {
    let mut serve = Showing::start("asciinema-serve");
    let theme = "{\"fg\":\"#d0d0d0\",\"bg\":\"#101010\",\"palette\":\"#000000:#cc0000:#00cc00:#cccc00:#0000cc:#cc00cc:#00cccc:#cccccc\"}";
    serve.write(format!(
        "{{\"version\":2,\"width\":80,\"height\":24,\"title\":\"A <b>title</b>\",\"theme\":{theme}}}\n"
    ));
    serve.write("[0.1, \"o\", \"\\u001b[31mearly\\u001b[0m \\u001b[42mback\\u001b[0m\"]\n");
    serve.wait_for("state", "live");
    let mut browser = Browser::open(&serve.url, "1000,700");
    browser.wait_for_text("early back");
    browser.wait_for("document.querySelector('#title').textContent === 'A <b>title</b>'");
    browser.wait_for("document.querySelector('#state').textContent === 'live'");
    browser.wait_for("document.querySelector('#viewers').textContent === '1 watching'");
    let colour = browser.value(
        "getComputedStyle([...document.querySelectorAll('.ap-line > span')].find((span) => span.textContent.includes('early'))).color",
    );
    assert_eq!(colour, "rgb(204, 0, 0)");
    assert_eq!(browser.value(&format!("{BACKGROUND}(0, 7)")), "0,204,0,255");
    // The terminal fills the window up to its aspect ratio.
    let part = browser.value(
        "(() => {
        const term = document.querySelector('.ap-term').getBoundingClientRect();
        return Math.max(term.width / innerWidth, term.height / innerHeight);
    })()",
    );
    assert!(part.as_f64().is_some_and(|part| part > 0.85), "{part}");
    serve.write("[0.5, \"r\", \"100x30\"]\n[0.6, \"o\", \"\\r\\nlate\"]\n");
    browser.wait_for_text("late");
    browser.wait_for("document.querySelector('.ap-term').style.getPropertyValue('--term-cols') === '100'");
    serve.close();
    browser.wait_for("document.querySelector('#state').textContent === 'ended'");
    assert_eq!(serve.outcome().status, 0);
    browser.wait_for_text("late");
    let errors = std::mem::take(&mut browser.errors);
    assert!(errors.iter().all(|error| !error.contains("Content Security Policy")), "{errors:?}");
}

#[test]
fn on_a_phone_text_stays_large_enough_to_read() {
    let mut serve = Showing::start("asciinema-serve");
    serve.write(cast(&[(0.1, "here")]));
    serve.wait_for("state", "live");
    let mut browser = Browser::open(&serve.url, "500,900");
    let phone = json!({ "width": 390, "height": 844, "deviceScaleFactor": 3, "mobile": true });
    browser.call("Emulation.setDeviceMetricsOverride", phone);
    browser.wait_for_text("here");
    browser.wait_for("document.querySelector('.ap-term').getBoundingClientRect().width / 80 >= 5.5");
    browser.wait_for("document.querySelector('#stage').scrollWidth > innerWidth && document.body.scrollWidth <= innerWidth");
    assert_eq!(serve.finish().status, 0);
}

#[test]
fn a_password_is_requested_once_for_the_page_and_its_socket() {
    let mut serve = Showing::start("asciinema-serve --password secret");
    serve.write(cast(&[(0.1, "for friends")]));
    let url = serve.url.replace("http://", "http://me:secret@");
    let mut browser = Browser::open(&url, "1000,700");
    browser.wait_for_text("for friends");
    assert_eq!(serve.finish().status, 0);
}

#[test]
fn a_recording_is_played_with_its_markers() {
    let scratch = Scratch::new();
    let text = cast(&[(0.2, "first")]) + "[30.0, \"m\", \"half\"]\n[60.0, \"o\", \"last\"]\n";
    scratch.write("demo.cast", text.replace("24}", "24, \"idle_time_limit\": 0.5}"));
    let serve = Showing::start_in(scratch, "asciinema-serve demo.cast");
    let mut browser = Browser::open(&serve.url, "1000,700");
    browser.wait_for("document.querySelector('#state').textContent === 'recording'");
    // A pause of a minute takes half a second, as the header says.
    browser.wait_for_text("last");
    browser.wait_for("document.querySelectorAll('.ap-marker').length === 1");
    assert_eq!(browser.value("document.querySelector('.ap-progressbar') !== null"), true);
    serve.signal(Signal::SIGTERM);
    assert_eq!(serve.outcome().status, 143);
}

#[test]
fn a_viewer_can_rewind_to_the_start_and_return_to_live() {
    let mut serve = Showing::start("asciinema-serve --history");
    serve.write(cast(&[(0.1, "beginning"), (0.6, "\u{1b}[2J\u{1b}[Hpresent")]));
    serve.wait_for("state", "live");
    let mut browser = Browser::open(&serve.url, "1000,700");
    browser.wait_for_text("present");
    browser.click("#history");
    browser.wait_for_text("beginning");
    assert_eq!(browser.value("document.querySelector('#history').textContent"), "Back to live");
    // At the end of the recorded part the view continues live.
    browser.wait_for("document.querySelector('#history').textContent === 'From the start'");
    browser.wait_for_text("present");
    serve.write("[100.0, \"o\", \" and future\"]\n");
    browser.wait_for_text("present and future");
    assert_eq!(serve.finish().status, 0);
}

/// The theme `asciinema`: its background, and its first eight colors.
const THEME: ([u8; 3], [[u8; 3]; 8]) = (
    [0x12, 0x13, 0x14],
    [
        [0, 0, 0],
        [0xdd, 0x3c, 0x69],
        [0x4e, 0xbf, 0x22],
        [0xdd, 0xaf, 0x3c],
        [0x26, 0xb0, 0xd7],
        [0xb9, 0x54, 0xe1],
        [0x54, 0xe1, 0xb9],
        [0xd9, 0xd9, 0xd9],
    ],
);

/// Stops all animations of a picture, in the middle of the page, at a time in milliseconds.
///
/// A busy browser starts animations late, and those of elements that become visible even later: ask
/// until there are some and none is running.
fn stop_at(browser: &mut Browser, time: usize) {
    browser.value(&format!(
        "(async () => {{
            const frame = () => new Promise((done) => requestAnimationFrame(done));
            for (let quiet = 0; quiet < 3; quiet += 1) {{
                const animations = document.getAnimations();
                if (animations.length === 0) quiet = -1;
                for (const animation of animations) {{
                    if (animation.playState !== 'paused' || animation.currentTime !== {time}) {{
                        animation.pause();
                        animation.currentTime = {time};
                        await animation.ready;
                        quiet = 0;
                    }}
                }}
                await frame();
            }}
        }})()"
    ));
}

#[test]
fn a_picture_in_a_browser_matches_the_terminal_at_every_time() {
    let size = Size { cols: 20, rows: 6 };
    let mut text = String::from("{\"version\": 2, \"width\": 20, \"height\": 6}\n");
    let mut screen = Screen::new(size, 0).expect("a terminal");
    let mut shown = Vec::new();
    // A row that changes constantly, scrolling lines, and redrawn screens: enough that lines out of
    // sight are removed from the picture.
    for step in 0..1500_usize {
        let (color, other) = (40 + step * 7 % 8, 40 + step * 5 % 8);
        let piece = match step / 100 % 3 {
            0 => format!("\x1b[6;{}H\x1b[{color}m  \x1b[{other}m  \x1b[0m", 1 + step * 3 % 17),
            1 => format!("\x1b[6;1H\r\n\x1b[{color}m{}\x1b[0m", " ".repeat(1 + step % 19)),
            _ => (1..7).fold(String::new(), |text, row| {
                text + &format!(
                    "\x1b[{row};1H\x1b[{}m{}\x1b[0m\x1b[K",
                    40 + (step + row) % 8,
                    " ".repeat(5 + step % 9)
                )
            }),
        };
        text.push_str(&format!("[{}.{}, \"o\", {}]\n", step / 10, step % 10, quoted(&piece)));
        screen.feed(&piece);
        let colors = screen.rows().flat_map(|row| row.cells().to_vec()).collect::<Vec<_>>();
        shown.push(colors.iter().map(|cell| screen.style(cell).background).collect::<Vec<_>>());
    }
    let scratch = Scratch::new();
    let svg = run("asciinema-svg --no-cursor", &text).stdout();
    assert!(svg.contains("display:none") && svg.matches("translateX").count() > 300);
    let path = scratch.write("a.svg", svg);
    let mut browser = Browser::open(&format!("file://{}", path.display()), "400,300");
    browser.wait_for("document.readyState === 'complete'");
    for step in [0, 1, 50, 99, 100, 101, 150, 201, 299, 300, 777, 801, 950, 1201, 1333, 1499, 400] {
        // A busy browser may keep an earlier frame on the screen, although its styles are those of
        // this one: let it draw another one, and look again.
        let until = Instant::now() + DEADLINE;
        loop {
            stop_at(&mut browser, step * 100 + 50);
            let pixels = browser.screenshot();
            let wrong = shown[step].iter().enumerate().find_map(|(index, background)| {
                let (column, row) = (index % 20, index / 20);
                let expected = match background {
                    Color::Indexed(index) => THEME.1[usize::from(*index)],
                    _ => THEME.0,
                };
                let color = pixels.color(15 + 10 * column, 22 + 22 * row);
                (color != expected)
                    .then(|| format!("step {step}, column {column}, row {row}: {color:?}, not {expected:?}"))
            });
            match wrong {
                None => break,
                Some(_) if Instant::now() < until => stop_at(&mut browser, 75_000),
                Some(wrong) => panic!("{wrong}"),
            }
        }
    }
}

/// The links on a page: for each, its address, and the box of cells that it covers as the terminal is
/// laid out now: left, top, width, height; and whether a click in its middle reaches it.
const ANCHORS: &str = "(() => {
    const term = document.querySelector('.ap-term-text').getBoundingClientRect();
    const style = getComputedStyle(document.querySelector('.ap-term'));
    const cols = Number(style.getPropertyValue('--term-cols'));
    const rows = Number(style.getPropertyValue('--term-rows'));
    return [...document.querySelectorAll('#player a')].map((link) => {
        const box = link.getBoundingClientRect();
        const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
        const cells = [(box.left - term.left) / term.width * cols, (box.top - term.top) / term.height * rows,
            box.width / term.width * cols, box.height / term.height * rows];
        return [link.href, cells.map((value) => Math.round(value * 50) / 50).join(' '), hit === link].join(' ');
    });
})()";

/// Waits until the page has these links.
fn wait_for_links(browser: &mut Browser, expected: &[&str]) {
    let until = Instant::now() + DEADLINE;
    loop {
        let found = browser.value(ANCHORS);
        if found == json!(expected) {
            return;
        }
        assert!(Instant::now() < until, "waited for {expected:?}, the page has {found}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn links_in_a_page_can_be_clicked_while_they_are_shown() {
    let link = |uri: &str, text: &str| format!("\x1b]8;;{uri}\x1b\\{text}\x1b]8;;\x1b\\");
    let cast = cast(&[
        (
            1.0,
            &format!("see {}\r\n{}", link("https://a.example/?x=1&y", "漢 site"), link("javascript:x", "no")),
        ),
        (2.0, &link("http://b.example/'\"><b>", "other")),
        // A pause of ten minutes, which is limited to 1 s: to the player, this is at 3 s.
        (602.0, "\x1b[25;1H\n"),
        (603.0, "\x1b[2J"),
    ]) + "[604.0, \"r\", \"40x10\"]\n"
        + &format!(
            "[604.1, \"o\", {}]\n",
            quoted(&format!("\x1b[3;5H{}", link("https://c.example/", "end")))
        )
        + "[609.0, \"o\", \"\"]\n";
    let scratch = Scratch::new();
    let html = run("asciinema-html -i 1", &cast).stdout();
    let path = scratch.write(
        "a.html",
        html.replacen("AsciinemaPlayer.create", "window.played = AsciinemaPlayer.create", 1),
    );
    let mut browser = Browser::open(&format!("file://{}", path.display()), "900,700");
    browser.wait_for("document.querySelector('.ap-overlay-start') !== null");
    // The first click starts playback, even where the poster has a link.
    assert_eq!(browser.value(&format!("{ANCHORS}.length")), 0);
    let a = "https://a.example/?x=1&y 4 0 7 1 true";
    let b = "http://b.example/'%22%3E%3Cb%3E 2 1 5 1 true";
    let c = "https://c.example/ 4 2 3 1 true";
    browser.value("played.play().then(() => played.pause())");
    for (time, expected) in [
        (1.5, [a].as_slice()),
        (2.5, &[a, b]),
        (3.5, &["http://b.example/'%22%3E%3Cb%3E 2 0 5 1 true"]),
        (4.05, &[]),
        (5.5, &[c]),
        (0.5, &[]),
        (1.5, &[a]),
    ] {
        browser.value(&format!("played.seek({time})"));
        wait_for_links(&mut browser, expected);
    }
    // Smaller windows and full screens move them with the text.
    let small = json!({ "width": 400, "height": 300, "deviceScaleFactor": 1, "mobile": false });
    browser.call("Emulation.setDeviceMetricsOverride", small);
    browser.wait_for("document.querySelector('.ap-term-text').getBoundingClientRect().width < 400");
    wait_for_links(&mut browser, &[a]);
    let whole = json!({ "expression": "document.querySelector('.ap-wrapper').requestFullscreen()",
        "userGesture": true, "awaitPromise": true });
    browser.call("Runtime.evaluate", whole);
    browser.wait_for("document.fullscreenElement !== null");
    wait_for_links(&mut browser, &[a]);
    // A click reaches the link, and not the player.
    browser.value(
        "document.addEventListener('click', (event) => {
            window.clicked = event.target.href;
            event.preventDefault();
        })",
    );
    let middle = browser.value(
        "(() => {
            const box = document.querySelector('#links a').getBoundingClientRect();
            return { x: box.left + box.width / 2, y: box.top + box.height / 2, button: 'left', clickCount: 1 };
        })()",
    );
    for kind in ["mousePressed", "mouseReleased"] {
        let mut event = middle.clone();
        event["type"] = json!(kind);
        browser.call("Input.dispatchMouseEvent", event);
    }
    browser.wait_for("window.clicked === 'https://a.example/?x=1&y'");
    let attributes = browser.value(
        "['target', 'rel', 'aria-label'].map((name) => document.querySelector('#links a').getAttribute(name)).join()",
    );
    assert_eq!(attributes, "_blank,noopener noreferrer,https://a.example/?x=1&y");
    // Also with the keyboard.
    browser.value("document.querySelector('#links a').focus()");
    assert_eq!(browser.value("document.activeElement.href"), "https://a.example/?x=1&y");
    assert!(browser.errors.is_empty(), "{:?}", browser.errors);
}

#[test]
fn columns_stay_aligned_with_any_font() {
    let text = "0123456789".repeat(8);
    let svg = run("asciinema-svg", cast(&[(0.5, &text), (1.0, "\x1b[1m\r\n"), (1.5, &text)])).stdout();
    for font in ["\"DejaVu Sans Mono\"", "\"Liberation Mono\"", "monospace", "\"DejaVu Sans\"", "serif"] {
        let scratch = Scratch::new();
        let other = svg.replacen("\"JetBrains Mono\"", font, 1);
        let path = scratch.write("a.svg", other);
        let mut browser = Browser::open(&format!("file://{}", path.display()), "900,600");
        browser.wait_for("document.querySelectorAll('text').length > 1");
        let widths = browser
            .value("[...document.querySelectorAll('text')].map((text) => text.getComputedTextLength())");
        let widths: Vec<f64> = widths.as_array().expect("widths").iter().filter_map(Value::as_f64).collect();
        let is_right = |width: &&f64| (**width - 800.0).abs() < 3.0;
        assert_eq!(widths.iter().filter(is_right).count(), 2, "{font}: {widths:?}");
    }
}
