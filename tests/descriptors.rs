//! Every program with standard descriptors that are closed, full, or without a reader.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::cli::catalog;

use crate::harness::{Ran, Scratch, cast};
use crate::server::{Server, response};

/// What a program does with standard output.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stdout {
    /// It writes its result there, and ends with its reader.
    Result,
    /// It writes there what it records or has done, so that a reader who has gone is an error.
    Record,
    /// It plays there, and stops with its reader as with ctrl-c.
    Show,
    /// It copies its input there, but has other work.
    Copy,
    /// It writes nothing there.
    Nothing,
}

/// A command line for each program, on `demo.cast` and the server at `$URL`.
const RUNS: &[(&str, Stdout)] = &[
    ("asciinema --help", Stdout::Result),
    ("asciinema completions bash", Stdout::Result),
    ("asciinema help completions", Stdout::Result),
    ("asciinema-idle --help", Stdout::Result),
    ("asciinema-rec --version", Stdout::Result),
    ("asciinema-auth --server-url $URL", Stdout::Nothing),
    ("asciinema-caption --at 1=hello demo.cast", Stdout::Result),
    ("asciinema-cat demo.cast", Stdout::Result),
    ("asciinema-check demo.cast", Stdout::Nothing),
    ("asciinema-check --repair demo.cast", Stdout::Result),
    ("asciinema-config", Stdout::Result),
    ("asciinema-convert -f txt demo.cast", Stdout::Result),
    ("asciinema-cut --to 1 demo.cast", Stdout::Result),
    ("asciinema-drop -c i demo.cast", Stdout::Result),
    ("asciinema-fetch $URL/demo.cast", Stdout::Result),
    ("asciinema-gif --fps 1 demo.cast", Stdout::Result),
    ("asciinema-html demo.cast", Stdout::Result),
    ("asciinema-idle -i 1 demo.cast", Stdout::Result),
    ("asciinema-import -f ttyrec demo.ttyrec", Stdout::Result),
    ("asciinema-info demo.cast", Stdout::Result),
    ("asciinema-insert --at 1 --marker here demo.cast", Stdout::Result),
    ("asciinema-join demo.cast demo.cast", Stdout::Result),
    ("asciinema-keys demo.cast", Stdout::Result),
    ("asciinema-marker --every 1 demo.cast", Stdout::Result),
    ("asciinema-merge --within 1 demo.cast", Stdout::Result),
    ("asciinema-meta -t title demo.cast", Stdout::Result),
    ("asciinema-play -s 1000 demo.cast", Stdout::Show),
    ("asciinema-png demo.cast", Stdout::Result),
    ("asciinema-quantize -r 1 demo.cast", Stdout::Result),
    ("asciinema-rec -q --headless -c 'echo hello' -", Stdout::Record),
    ("asciinema-redact -s two demo.cast", Stdout::Result),
    ("asciinema-relay --server-url $URL demo.cast", Stdout::Copy),
    ("asciinema-replace -s two=2 demo.cast", Stdout::Result),
    ("asciinema-screen demo.cast", Stdout::Result),
    ("asciinema-search two demo.cast", Stdout::Result),
    ("cat demo.cast | asciinema-serve", Stdout::Copy),
    ("asciinema-session -q --headless -o OUT -c 'echo hello'", Stdout::Nothing),
    ("asciinema-speed -s 2 demo.cast", Stdout::Result),
    ("asciinema-stream -q --headless --local -c 'echo hello'", Stdout::Nothing),
    ("asciinema-svg demo.cast", Stdout::Result),
    ("asciinema-tape --steady demo.tape", Stdout::Result),
    ("asciinema-trim --to 1 demo.cast", Stdout::Result),
    ("asciinema-upload --server-url $URL demo.cast", Stdout::Result),
];

/// The input files, and a server that has the cast and takes uploads, but no streams.
struct Place {
    scratch: Scratch,
    server: Server,
}

impl Place {
    fn new() -> Place {
        let scratch = Scratch::new();
        let demo = cast(&[(0.5, "one\r\n"), (1.5, "two\r\n")]);
        scratch.write("demo.cast", &demo);
        scratch.write("demo.tape", "Set Shell 'echo hello'\nSleep 10ms\n");
        // A record: seconds, microseconds and length, little-endian.
        scratch.write("demo.ttyrec", b"\x01\0\0\0\0\0\0\0\x02\0\0\0hi");
        let server = Server::start(move |request, connection| {
            let answer = match request.line.as_str() {
                line if line.starts_with("GET") => response("200 OK", "", demo.as_bytes()),
                line if line.ends_with("/streams") => response("503 Unavailable", "", b""),
                _ => response("201 Created", "", b"{\"url\": \"http://a.org/a/1\"}"),
            };
            // The program may have gone.
            let _ = connection.write_all(&answer);
        });
        Place { scratch, server }
    }

    /// Runs a command line with redirections.
    fn run(&self, line: &str, redirections: &str) -> Ran {
        let variables =
            format!("URL={}; ASCIINEMA_INSTALL_ID=id; export ASCIINEMA_INSTALL_ID", self.server.url);
        self.scratch.run(&format!("{variables}; {line} {redirections}"), "")
    }
}

/// The reasons on standard error: every line, except the address of a server and the URL of an upload.
fn reasons(ran: &Ran) -> Vec<String> {
    let is_notice = |line: &str| line.contains("live at http") || line.starts_with("http");
    ran.stderr().lines().filter(|line| !is_notice(line)).map(str::to_string).collect()
}

#[test]
fn every_program_is_tried() {
    for program in catalog::programs().filter(|program| !program.is_built_in()) {
        let is_tried = |(line, _): &(&str, _)| line.split(' ').any(|word| word == program.name);
        assert!(RUNS.iter().any(is_tried), "{}", program.name);
    }
}

#[test]
fn without_a_reader_a_program_ends_silently_unless_something_is_lost() {
    let place = Place::new();
    for &(line, stdout) in RUNS {
        // The pipe's only reader is closed before the program starts.
        let ran = place.run(&format!("mkfifo pipe; exec 3<>pipe 4>pipe 3<&-; rm pipe; {line}"), ">&4");
        let (status, lines) = match stdout {
            Stdout::Result => (141, 0),
            Stdout::Show => (1, 0),
            Stdout::Record | Stdout::Copy => (1, 1),
            Stdout::Nothing => (0, 0),
        };
        let is_relay = line.starts_with("asciinema-relay");
        assert_eq!(ran.status(), status, "{ran}");
        if !line.starts_with("asciinema-auth") {
            assert_eq!(reasons(&ran).len(), lines + usize::from(is_relay), "{ran}");
        }
    }
}

#[test]
fn a_full_disk_is_reported_on_one_line() {
    let place = Place::new();
    for &(line, stdout) in RUNS.iter().filter(|(_, stdout)| *stdout != Stdout::Nothing) {
        let ran = place.run(line, ">/dev/full");
        let is_search = line.starts_with("asciinema-search");
        assert_eq!(ran.status(), if is_search { 2 } else { 1 }, "{ran}");
        let mut reasons = reasons(&ran);
        if stdout == Stdout::Copy {
            reasons.truncate(1);
        }
        let [reason] = &reasons[..] else { panic!("{ran}") };
        assert!(reason.ends_with(": stdout: No space left on device"), "{ran}");
    }
}

#[test]
fn closed_descriptors_are_no_reason_to_panic() {
    let place = Place::new();
    for &(line, stdout) in RUNS {
        for (redirections, is_read) in [("<&-", true), (">&-", false), ("<&- >&- 2>&-", false)] {
            let ran = place.run(line, redirections);
            let has_no_input = line.contains('|') && redirections.starts_with('<');
            let is_refused = has_no_input || line.starts_with("asciinema-relay");
            assert_eq!(ran.status(), i32::from(is_refused), "{redirections} {ran}");
            let writes = is_read && stdout != Stdout::Nothing && !has_no_input;
            assert_eq!(!ran.stdout_anyhow().is_empty(), writes, "{redirections} {ran}");
            let lines = usize::from(is_refused && !redirections.contains('2'));
            if !line.starts_with("asciinema-auth") {
                assert_eq!(reasons(&ran).len(), lines, "{redirections} {ran}");
            }
            let _ = fs::remove_file(place.scratch.path("OUT"));
        }
    }
    // Without standard input there is no cast to read.
    for line in ["asciinema-idle -i 1", "asciinema-screen", "asciinema-svg", "asciinema-search two"] {
        let ran = place.run(line, "<&-");
        let name = line.split(' ').next().unwrap_or_default();
        assert_eq!(ran.stderr(), format!("{name}: stdin: the input is empty, expected an asciicast\n"));
    }
}

/// A connection in non-blocking mode, and the number of bytes that fill it.
fn full_pipe() -> (UnixStream, UnixStream, usize) {
    let (reader, mut writer) = UnixStream::pair().expect("a pair of sockets");
    writer.set_nonblocking(true).expect("non-blocking mode");
    let mut full = 0;
    loop {
        match writer.write(&[b'.'; 4096]) {
            Ok(count) => full += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return (reader, writer, full),
            Err(error) => panic!("{error}"),
        }
    }
}

/// What a program writes to a full pipe once it is read: when the program sleeps, or has ended.
fn what_follows(mut reader: UnixStream, full: usize, program: &Child) -> String {
    let until = Instant::now() + Duration::from_secs(30);
    let stat = format!("/proc/{}/stat", program.id());
    while fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") R ") || stat.contains(") D ")) {
        assert!(Instant::now() < until, "it neither sleeps nor ends");
        thread::sleep(Duration::from_millis(1));
    }
    let mut written = Vec::new();
    reader.read_to_end(&mut written).expect("its output");
    String::from_utf8_lossy(&written[full..]).into_owned()
}

#[test]
fn a_full_pipe_in_non_blocking_mode_is_waited_for() {
    let place = Place::new();
    for (line, _) in RUNS.iter().filter(|(_, stdout)| *stdout == Stdout::Result) {
        let expected = place.run(line, "").stdout_anyhow();
        let (reader, writer, full) = full_pipe();
        let mut command = place.scratch.shell(&format!("exec {line}"));
        command.env("URL", &place.server.url).env("ASCIINEMA_INSTALL_ID", "id");
        command.stdin(Stdio::null()).stderr(Stdio::null()).stdout(OwnedFd::from(writer));
        let mut child = command.spawn().expect(line);
        drop(command);
        let written = what_follows(reader, full, &child);
        assert_eq!(written, expected, "{line}");
        assert_eq!(child.wait().expect("its status").code(), Some(0), "{line}");
    }
}

#[test]
fn a_message_waits_for_a_full_pipe_in_non_blocking_mode() {
    let scratch = Scratch::new();
    let (reader, writer, full) = full_pipe();
    let mut command = scratch.shell("exec asciinema-idle -i 1 missing.cast");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(OwnedFd::from(writer));
    let mut child = command.spawn().expect("a program");
    drop(command);
    let written = what_follows(reader, full, &child);
    assert_eq!(written, "asciinema-idle: missing.cast: No such file or directory\n");
    assert_eq!(child.wait().expect("its status").code(), Some(1));
}
