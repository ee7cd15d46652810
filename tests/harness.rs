//! Runs the programs of this package: in pipes, live, and in pseudo-terminals.
//!
//! Every wait is for a condition, with a deadline that fails the test and reports the actual state.
//! Programs run in a directory of their own, which is also their home, and find each other first in
//! `$PATH`.

use std::ffi::OsStr;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::num::NonZero;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use common::screen::Screen;
use common::size::Size;
use common::tty::{self, Interest, Pty};
use proptest::prelude::*;

/// The deadline of every wait: far longer than it takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// The directory of the programs under test: `ASCIINEMA_TEST_PROGRAMS`, such as that of the release
/// build, or the one that cargo built.
pub fn programs() -> PathBuf {
    let built =
        || Path::new(env!("CARGO_BIN_EXE_asciinema")).parent().expect("a program is in a folder").into();
    std::env::var_os("ASCIINEMA_TEST_PROGRAMS").map_or_else(built, PathBuf::from)
}

/// A temporary directory for a test, removed when dropped.
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    pub fn new() -> Scratch {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("asciinema-test.{}.{count}", std::process::id()));
        fs::create_dir(&path).expect("a scratch folder");
        Scratch { path }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("a file in the scratch folder");
        path
    }

    pub fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The names of the files in it.
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.path).expect("the scratch folder");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<String> =
            entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// A command that runs in the directory.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(programs()).chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(folders).expect("a PATH"));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let is_proxy = text.to_lowercase().ends_with("_proxy");
            if text.starts_with("ASCIINEMA") || text.starts_with("XDG_") || text == "NO_COLOR" || is_proxy {
                command.env_remove(&name);
            }
        }
        command
            .env("HOME", &self.path)
            .env("SHELL", "/bin/sh")
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8");
        command.current_dir(&self.path);
        command
    }

    /// A command line for `sh -c` that runs in the directory.
    pub fn shell(&self, line: &str) -> Command {
        let mut command = self.command("sh");
        command.args(["-c", line]);
        command
    }

    /// Runs a shell command line with this input and without a terminal, to its end.
    pub fn run(&self, line: &str, input: impl AsRef<[u8]>) -> Ran {
        let mut command = self.shell(line);
        // Without a session of its own, it would find the terminal in which the tests run.
        without_terminal(&mut command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{line}: {error}"));
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.as_ref().to_vec();
        // A program may exit without reading all of its input.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("its output");
        writer.join().expect("the writer");
        Ran { line: line.to_string(), output }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Runs a command line in a directory of its own.
pub fn run(line: &str, input: impl AsRef<[u8]>) -> Ran {
    Scratch::new().run(line, input)
}

/// Makes a command run without a controlling terminal.
fn without_terminal(command: &mut Command) {
    let program = command.get_program().to_os_string();
    let args: Vec<_> = command.get_args().map(OsStr::to_os_string).collect();
    let mut detached = Command::new("setsid");
    detached.arg("--wait").arg(program).args(args);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => detached.env(name, value),
            None => detached.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        detached.current_dir(folder);
    }
    *command = detached;
}

/// The result of a command line.
pub struct Ran {
    line: String,
    output: Output,
}

impl Ran {
    /// Its standard output; the command must succeed and print nothing on standard error.
    pub fn stdout(&self) -> String {
        assert!(self.output.status.success() && self.output.stderr.is_empty(), "{self}");
        self.stdout_anyhow()
    }

    /// Its standard output, whatever the status.
    pub fn stdout_anyhow(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    pub fn bytes(&self) -> &[u8] {
        &self.output.stdout
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// The exit status; 128 plus the number for a signal.
    pub fn status(&self) -> i32 {
        status_number(self.output.status)
    }

    /// Status, standard output and standard error of a failed command.
    pub fn failure(&self) -> (i32, String, String) {
        (self.status(), self.stdout_anyhow(), self.stderr())
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}\nstatus {}", self.line, self.status())?;
        writeln!(f, "stdout {:?}\nstderr {:?}", self.stdout_anyhow(), self.stderr())
    }
}

fn status_number(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

/// A command line whose standard input and output stay open.
pub struct Live {
    scratch: Scratch,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    seen: Vec<u8>,
}

impl Live {
    pub fn start(line: &str) -> Live {
        let scratch = Scratch::new();
        let mut command = scratch.shell(line);
        without_terminal(&mut command);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect(line);
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().expect("a pipe"));
        Live { scratch, child, stdin, stdout, seen: Vec::new() }
    }

    pub fn write(&mut self, text: &str) {
        self.stdin.as_mut().expect("still open").write_all(text.as_bytes()).expect("its input");
    }

    /// Waits until the output so far ends with this text.
    pub fn wait_for(&mut self, text: &str) {
        let until = Instant::now() + DEADLINE;
        while !self.seen.ends_with(text.as_bytes()) {
            let mut interest = Interest::default();
            interest.read(self.stdout.as_fd());
            let left = until.saturating_duration_since(Instant::now());
            let ready = tty::wait(&interest, Some(left)).expect("select");
            let mut buffer = [0; 4096];
            let count = if ready.is_empty() { 0 } else { self.stdout.read(&mut buffer).expect("its output") };
            assert!(count > 0, "waited for {text:?}, got {:?}", String::from_utf8_lossy(&self.seen));
            self.seen.extend_from_slice(&buffer[..count]);
        }
    }

    /// Creates a file in its directory.
    pub fn make_file(&self, name: &str) {
        self.scratch.write(name, "");
    }

    /// Waits until a file exists.
    pub fn wait_for_file(&self, name: &str) {
        let until = Instant::now() + DEADLINE;
        while !self.path(name).exists() {
            assert!(Instant::now() < until, "waited for {name}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// A path in its directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.scratch.path(name)
    }

    /// Closes its input and waits for its end. Returns the exit status.
    pub fn finish(mut self) -> i32 {
        self.stdin = None;
        status_number(self.child.wait().expect("its end"))
    }
}

/// Keeps the machine busy until dropped, for guarantees that must hold even then.
pub struct Busy {
    is_over: Arc<AtomicBool>,
    loops: Vec<JoinHandle<()>>,
}

impl Busy {
    pub fn start() -> Busy {
        let is_over = Arc::new(AtomicBool::new(false));
        let count = 6 * std::thread::available_parallelism().map_or(1, NonZero::get);
        let loops = (0..count).map(|_| {
            let is_over = Arc::clone(&is_over);
            std::thread::spawn(move || while !is_over.load(Ordering::Relaxed) {})
        });
        let loops = loops.collect();
        Busy { is_over, loops }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        for busy in self.loops.drain(..) {
            let _ = busy.join();
        }
    }
}

/// A terminal with a program running in it.
pub struct Terminal {
    pty: Pty,
    child: Child,
    /// Everything that has been written to it.
    pub seen: String,
    /// The length of the part that has been waited for.
    waited: usize,
    is_closed: bool,
}

impl Terminal {
    /// Opens a terminal of 80 columns and 24 rows and runs a command in it.
    pub fn start(command: Command) -> Terminal {
        let (pty, child) = Pty::spawn(command, Size { cols: 80, rows: 24 }, None).expect("a terminal");
        Terminal { pty, child, seen: String::new(), waited: 0, is_closed: false }
    }

    /// Types a text.
    pub fn enter(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            match self.pty.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.read_once(Instant::now() + DEADLINE)
                }
                Err(error) => panic!("typing {text:?}: {error}"),
            }
        }
    }

    /// Types a text and gives the program time to read it separately.
    pub fn enter_alone(&mut self, text: &str) {
        self.enter(text);
        self.pass_time(Duration::from_millis(50));
    }

    /// Reads the terminal for a duration, to test that time does not matter.
    pub fn pass_time(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until && !self.is_closed {
            self.read_once(until);
        }
    }

    /// Types a text repeatedly until another one is written, for input that may be discarded.
    pub fn enter_until(&mut self, text: &str, expected: &str) {
        let until = Instant::now() + DEADLINE;
        while !self.seen[self.waited..].contains(expected) {
            assert!(
                Instant::now() < until,
                "typed {text:?}, the terminal shows {:?}",
                &self.seen[self.waited..]
            );
            self.enter(text);
            self.read_once(Instant::now() + Duration::from_millis(100));
        }
        self.wait_for(expected);
    }

    pub fn resize(&self, cols: u16, rows: u16) {
        self.pty.resize(Size { cols, rows }).expect("another size");
    }

    /// Waits until a text has been written after the previous one waited for.
    pub fn wait_for(&mut self, text: &str) {
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(at) = self.seen[self.waited..].find(text) {
                self.waited += at + text.len();
                return;
            }
            let is_late = Instant::now() >= until || self.is_closed;
            assert!(!is_late, "waited for {text:?}, the terminal shows {:?}", &self.seen[self.waited..]);
            self.read_once(until);
        }
    }

    /// Waits until the condition holds, while reading the terminal.
    pub fn wait_until(&mut self, what: &str, mut condition: impl FnMut() -> bool) {
        let until = Instant::now() + DEADLINE;
        while !condition() {
            assert!(Instant::now() < until, "waited until {what}, the terminal shows {:?}", self.seen);
            self.read_once(Instant::now() + Duration::from_millis(10));
        }
    }

    /// Waits until the condition holds for everything written so far.
    pub fn wait_until_seen(&mut self, what: &str, mut condition: impl FnMut(&str) -> bool) {
        let until = Instant::now() + DEADLINE;
        while !condition(&self.seen) {
            let is_late = Instant::now() >= until || self.is_closed;
            assert!(!is_late, "waited until {what}, the terminal shows {:?}", self.seen);
            self.read_once(Instant::now() + Duration::from_millis(100));
        }
    }

    /// Waits until a file contains a text, while reading the terminal.
    pub fn wait_until_file(&mut self, scratch: &Scratch, name: &str, text: &str) {
        let path = scratch.path(name);
        let holds = || fs::read(&path).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(text));
        self.wait_until(&format!("{name} holds {text:?}"), holds);
    }

    /// Waits until a program has taken the terminal, so that keys reach it immediately.
    pub fn wait_until_taken(&mut self) {
        let until = Instant::now() + DEADLINE;
        while !self.settings().contains("-icanon") {
            assert!(Instant::now() < until, "the terminal is not taken, it shows {:?}", self.seen);
            self.read_once(Instant::now() + Duration::from_millis(10));
        }
    }

    /// The program's process ID.
    pub fn process(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a process")
    }

    /// Waits until a text has been written, reading in small pieces, like a slow line.
    pub fn wait_slowly_for(&mut self, text: &str) {
        let until = Instant::now() + DEADLINE;
        while !self.seen.contains(text) {
            assert!(Instant::now() < until, "waited for {text:?}, the terminal shows {:?}", self.seen);
            std::thread::sleep(Duration::from_millis(5));
            self.read_ready_in(&mut [0; 1000]);
        }
    }

    /// Waits until nothing has been written for a moment.
    pub fn wait_until_silent(&mut self) {
        let until = Instant::now() + DEADLINE;
        let mut seen = usize::MAX;
        while seen != self.seen.len() {
            assert!(Instant::now() < until, "the terminal is never silent");
            seen = self.seen.len();
            self.read_once(Instant::now() + Duration::from_millis(500));
        }
    }

    /// Waits until the condition holds, without reading the program's output.
    pub fn wait_without_reading(&self, what: &str, mut condition: impl FnMut() -> bool) {
        let until = Instant::now() + DEADLINE;
        while !condition() {
            assert!(Instant::now() < until, "waited for {what}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for the program's end while reading its output. Returns its exit status.
    pub fn status(&mut self) -> i32 {
        let until = Instant::now() + DEADLINE;
        while !self.is_closed {
            assert!(Instant::now() < until, "waited for its end, the terminal shows {:?}", self.seen);
            self.read_once(until);
        }
        status_number(self.child.wait().expect("its status"))
    }

    /// Waits for the program's end without reading any more output. Returns its exit status.
    pub fn status_without_reading(&mut self) -> i32 {
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().expect("its status") {
                return status_number(status);
            }
            assert!(Instant::now() < until, "waited for its end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Closes the terminal while the program is running.
    pub fn hang_up(self) -> Child {
        self.child
    }

    /// The settings, as printed by stty.
    pub fn settings(&self) -> String {
        let master = self.pty.as_fd().try_clone_to_owned().expect("a descriptor");
        let stty = Command::new("stty").arg("-a").stdin(master).output().expect("stty");
        String::from_utf8_lossy(&stty.stdout).into_owned()
    }

    fn read_once(&mut self, until: Instant) {
        let mut interest = Interest::default();
        if !self.is_closed {
            interest.read(self.pty.as_fd());
        }
        let left = until.saturating_duration_since(Instant::now());
        if !tty::wait(&interest, Some(left)).expect("select").is_empty() {
            self.read_ready();
        }
    }

    /// Reads the available output. False if there is none.
    fn read_ready(&mut self) -> bool {
        self.read_ready_in(&mut [0; 65536])
    }

    fn read_ready_in(&mut self, buffer: &mut [u8]) -> bool {
        match self.pty.read(buffer) {
            Ok(0) => self.is_closed = true,
            Ok(count) => {
                self.seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
                return true;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("reading the terminal: {error}"),
        }
        false
    }
}

/// The text of a v2 cast of 80 columns and 24 rows with these output events.
pub fn cast(events: &[(f64, &str)]) -> String {
    let mut text = String::from("{\"version\": 2, \"width\": 80, \"height\": 24}\n");
    for (time, data) in events {
        text.push_str(&format!("[{time:.6}, \"o\", {}]\n", json(data)));
    }
    text
}

/// The header of a cast with a small screen, on which lines soon wrap.
pub const SMALL_HEADER: &str = "{\"version\": 2, \"width\": 20, \"height\": 4}\n";

/// The text of a cast with a small screen and output events a second apart, given in JSON's escapes.
pub fn small_cast(outputs: &[&str]) -> String {
    let mut cast = SMALL_HEADER.to_string();
    for (index, output) in outputs.iter().enumerate() {
        cast.push_str(&format!("[{index}.5, \"o\", \"{output}\"]\n"));
    }
    cast
}

/// A text as a JSON string.
pub fn json(text: &str) -> String {
    serde_json::to_string(text).expect("a string")
}

/// The events of a cast: time or interval as written, code, data.
pub fn events(cast: &str) -> Vec<(f64, String, String)> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    cast.lines().skip(1).map(parse).collect()
}

/// The header of a cast.
pub fn header(cast: &str) -> serde_json::Value {
    let line = cast.lines().next().unwrap_or_default();
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// The data of all events with this code, concatenated.
pub fn text_of(cast: &str, code: &str) -> String {
    events(cast).into_iter().filter(|(_, c, _)| c == code).map(|(_, _, data)| data).collect()
}

/// The state of a terminal after a cast: text, attributes, cursor, modes.
#[derive(PartialEq)]
pub struct ScreenState(Screen);

impl ScreenState {
    pub fn rows(&self) -> Vec<String> {
        self.0.text()
    }
}

impl std::fmt::Debug for ScreenState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} {:?}", self.0.size(), self.0.text(), self.0.drawing())
    }
}

/// The terminal after a cast.
pub fn screen_of(cast: &str) -> ScreenState {
    let header = header(cast);
    let number = |name: &str| u16::try_from(header[name].as_u64().expect("a size")).expect("a size");
    let size = Size { cols: number("width"), rows: number("height") };
    let mut screen = Screen::new(size, 0).expect("a terminal");
    for (_, code, data) in events(cast) {
        match code.as_str() {
            "o" => screen.feed(&data),
            "r" => screen.resize(Size::parse(&data).expect("a size")).expect("a terminal"),
            _ => {}
        }
    }
    ScreenState(screen)
}

/// The screen of a cast of version 2 after all events up to a time.
pub fn screen_at(cast: &str, time: f64) -> Screen {
    let header = header(cast);
    let number = |key: &str| u16::try_from(header[key].as_u64().expect("a size")).expect("a size");
    let size = Size { cols: number("width"), rows: number("height") };
    let mut screen = Screen::new(size, 100).expect("a screen");
    for (_, code, text) in events(cast).into_iter().take_while(|(at, _, _)| *at <= time) {
        match code.as_str() {
            "o" => screen.feed(&text),
            "r" => screen.resize(Size::parse(&text).expect("a size")).expect("a screen"),
            _ => {}
        }
    }
    screen
}

/// Output of any kind: text, movements, scrolling in regions, modes, attributes, cut-off sequences.
pub fn any_output() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zż界]{1,30}",
        2 => "([a-z]{1,9}\r\n){1,6}",
        2 => "\x1b\\[[1-6];[2-7]r\x1b\\[[0-7]?H\x1b\\[[0-3]?[ABEFeLM]",
        3 => "\x1b\\[([0-9]{0,2}(;[0-9]{1,2})?[A-HJ-MPSTXZ@adefg]|[su]|[0-3]?[JK])",
        2 => "\x1b\\[\\?(6|7|25|47|69|1047|1048|1049)[hl]",
        1 => "\x1b\\[[1-4];[5-9]s",
        1 => "\x1b\\[(4|20)[hl]",
        1 => "\x1b([78cDEHMNO]|[()][0B]|\\[!p)",
        2 => "\x1b\\[(0|4[0-7]|31;1|7)m",
        2 => "[\r\n\t\x08\x0e\x0f]{1,4}",
        1 => "\x1b(\\]0;title|\\[[0-9;?]{0,3})?",
        1 => "\x1b\\]8;;http://x\x07",
    ]
}

/// The number of cases for a property: this many, or as many as `ASCIINEMA_CASES` says.
pub fn cases(usual: u32) -> u32 {
    std::env::var("ASCIINEMA_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}
