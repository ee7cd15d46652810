//! Runs and times programs: in turns, in pipes and in pseudo-terminals.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::data::{self, Random};
use common::size::Size;
use common::tty::{Interest, Pty, wait};
use nix::sys::resource::{UsageWho, getrusage};

/// The size of every terminal.
const SIZE: Size = Size { cols: 120, rows: 40 };

/// The longest time that a program may be silent.
const PATIENCE: Duration = Duration::from_secs(120);

/// The times of one contestant, in seconds.
pub struct Series {
    pub name: String,
    pub times: Vec<f64>,
}

impl Series {
    /// The quantile of the times, for a share from 0 to 1.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        times[((times.len() - 1) as f64 * share).round() as usize]
    }

    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }
}

/// A name and a function that returns the time it took, in seconds.
pub type Contestant<'a> = (String, Box<dyn FnMut() -> io::Result<f64> + 'a>);

/// Times all contestants in turns, each turn in a different order: work that one leaves behind,
/// such as a writer, must not always affect the same other one. The first turn only warms up the
/// caches. A contestant that fails is left out.
pub fn in_turns(runs: usize, mut contestants: Vec<Contestant>) -> Vec<Series> {
    let mut all: Vec<Option<Series>> =
        contestants.iter().map(|(name, _)| Some(Series { name: name.clone(), times: Vec::new() })).collect();
    let mut order: Vec<usize> = (0..contestants.len()).collect();
    let mut numbers = Random::default();
    for run in 0..=runs {
        for place in (1..order.len()).rev() {
            order.swap(place, numbers.draw() as usize % (place + 1));
        }
        for &number in &order {
            let ((name, contestant), series) = (&mut contestants[number], &mut all[number]);
            let Some(times) = series.as_mut().map(|series| &mut series.times) else { continue };
            match contestant() {
                Ok(_) if run == 0 => {}
                Ok(time) => times.push(time),
                Err(error) => {
                    eprintln!("bench: {name}: {error}");
                    *series = None;
                }
            }
        }
    }
    all.into_iter().flatten().collect()
}

/// The time of a shell command line, without a terminal and with its output discarded.
pub fn time_line(line: &str) -> io::Result<f64> {
    time_command(Command::new("sh").args(["-c", line]))
}

/// The time of a program from start to end. cargo makes the loader search directories of its own
/// first; nobody's programs start like that.
pub fn time_command(command: &mut Command) -> io::Result<f64> {
    command.env_remove("LD_LIBRARY_PATH");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status()?;
    let time = start.elapsed().as_secs_f64();
    if !status.success() {
        return Err(io::Error::other(format!("{status}")));
    }
    Ok(time)
}

/// The time of a command line in a terminal that accepts all output immediately.
pub fn time_in_terminal(line: &str) -> io::Result<f64> {
    let start = Instant::now();
    let mut terminal = Screen::start(line)?;
    while terminal.read(PATIENCE)? > 0 {}
    let time = start.elapsed().as_secs_f64();
    let status = terminal.child.wait()?;
    if !status.success() {
        return Err(io::Error::other(format!("{status}")));
    }
    Ok(time)
}

/// A tmux server, which draws everything without a client.
pub struct Tmux<'a> {
    folder: &'a Path,
}

impl Tmux<'_> {
    /// Starts it, with a window that keeps it running.
    pub fn start(folder: &Path) -> io::Result<Tmux<'_>> {
        let tmux = Tmux { folder };
        tmux.tell(&["new-session", "-d", "-x", "120", "-y", "40", "sleep 86400"])?;
        Ok(tmux)
    }

    /// The time of a command line in a window of its own.
    pub fn time(&self, line: &str) -> io::Result<f64> {
        let (script, result) = (self.folder.join("tmux.sh"), self.folder.join("tmux.time"));
        fs::write(&script, format!("{line}\n"))?;
        let errand = format!(
            "'{}' --errand-time '{}' '{}'; tmux -L bench wait-for -S done",
            std::env::current_exe()?.display(),
            result.display(),
            script.display(),
        );
        self.tell(&["new-window", &errand])?;
        self.tell(&["wait-for", "done"])?;
        let text = fs::read_to_string(result)?;
        text.trim().parse().map_err(|_| io::Error::other("it failed in tmux"))
    }

    fn tell(&self, args: &[&str]) -> io::Result<()> {
        let mut command = Command::new("tmux");
        command.args(["-L", "bench", "-f", "/dev/null"]).args(args);
        command.env("TMUX_TMPDIR", self.folder).env_remove("TMUX").stderr(Stdio::null());
        if command.status()?.success() { Ok(()) } else { Err(io::Error::other("tmux failed")) }
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        // Fails only if it has already exited.
        let _ = self.tell(&["kill-server"]);
    }
}

/// A program in a pseudo-terminal, and its user.
pub struct Screen {
    pty: Pty,
    pub child: Child,
    buffer: Vec<u8>,
    /// The number of bytes read so far.
    seen: usize,
}

impl Screen {
    pub fn start(line: &str) -> io::Result<Screen> {
        let mut command = Command::new("sh");
        command.args(["-c", line]).env("TERM", "xterm-256color");
        let (pty, child) = Pty::spawn(command, SIZE, None)?;
        Ok(Screen { pty, child, buffer: vec![0; 64 << 10], seen: 0 })
    }

    /// Waits for output and reads it; 0 at its end. asciinema 3 queries the terminal and waits a
    /// second for the reply, so it gets one.
    pub fn read(&mut self, patience: Duration) -> io::Result<usize> {
        loop {
            match self.pty.read(&mut self.buffer) {
                Ok(count) => {
                    if self.seen < 4096 && self.buffer[..count].windows(3).any(|bytes| bytes == b"\x1b[c") {
                        self.pty.write(b"\x1b[?62;c")?;
                    }
                    self.seen += count;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let mut interest = Interest::default();
                    interest.read(self.pty.as_fd());
                    if wait(&interest, Some(patience))?.is_empty() {
                        return Err(io::Error::other("it says nothing more"));
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads until this text appears.
    pub fn read_until(&mut self, text: &str) -> io::Result<()> {
        let mut said = Vec::new();
        while !String::from_utf8_lossy(&said).contains(text) {
            let count = self.read(Duration::from_secs(10))?;
            if count == 0 {
                return Err(io::Error::other("it ended early"));
            }
            said.extend_from_slice(&self.buffer[..count]);
        }
        Ok(())
    }

    /// Presses a key and waits until this text appears. Returns the time that took.
    pub fn press(&mut self, key: &str, text: &str) -> io::Result<f64> {
        let start = Instant::now();
        self.pty.write(key.as_bytes())?;
        self.read_until(text)?;
        Ok(start.elapsed().as_secs_f64())
    }

    /// The round-trip time of a key.
    pub fn echo(&mut self) -> io::Result<f64> {
        let start = Instant::now();
        self.pty.write(b"x")?;
        self.read(Duration::from_secs(10))?;
        Ok(start.elapsed().as_secs_f64())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Fails only if the program has exited by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The resources used by a program: its peak memory in kB, and its CPU time in seconds.
pub struct Usage {
    pub memory: u64,
    pub cpu: f64,
}

/// A command line that runs another one and writes its usage to a file. Its own process does
/// nothing else, and is small: the memory of the process that it was forked from counts as a
/// child's own.
pub fn usage_line(line: &str, result: &Path) -> io::Result<String> {
    let bench = std::env::current_exe()?;
    Ok(format!("'{}' --errand-usage '{}' {line}", bench.display(), result.display()))
}

pub fn read_usage(result: &Path) -> io::Result<Usage> {
    let text = fs::read_to_string(result)?;
    let mut numbers = text.split_whitespace();
    let mut number = || numbers.next().and_then(|number| number.parse::<f64>().ok());
    match (number(), number()) {
        (Some(memory), Some(cpu)) => Ok(Usage { memory: memory as u64, cpu }),
        _ => Err(io::Error::other("no usage was noted")),
    }
}

/// Runs something and measures it, if this program was started by itself for that.
pub fn errand(args: &[OsString]) -> Option<io::Result<()>> {
    let (name, args) = args.split_first()?;
    match (name.to_str()?, args) {
        ("--errand-usage", [result, program, args @ ..]) => Some(run_errand(result, program, args, |_| {
            let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
            let (user, system) = (usage.user_time(), usage.system_time());
            let micros = (user.tv_sec() + system.tv_sec()) * 1_000_000 + user.tv_usec() + system.tv_usec();
            Ok(format!("{} {}", usage.max_rss(), micros as f64 / 1e6))
        })),
        ("--errand-time", [result, script]) => {
            Some(run_errand(result, &"sh".into(), std::slice::from_ref(script), |time| {
                Ok(time.as_secs_f64().to_string())
            }))
        }
        ("--errand-tick", [seconds]) => {
            let seconds: u64 = seconds.to_str()?.parse().ok()?;
            Some((1..=seconds).try_for_each(|second| {
                sleep(Duration::from_secs(1));
                io::stdout().write_all(data::quiet_text(second).as_bytes())
            }))
        }
        ("--errand-cast", [megabytes]) => {
            let megabytes: u64 = megabytes.to_str()?.parse().ok()?;
            Some(data::write_cast(io::stdout().lock(), megabytes * 1_000_000))
        }
        _ => None,
    }
}

fn run_errand(
    result: &OsString,
    program: &OsString,
    args: &[OsString],
    note: impl Fn(Duration) -> io::Result<String>,
) -> io::Result<()> {
    let start = Instant::now();
    let status = Command::new(program).args(args).status()?;
    let time = start.elapsed();
    let text = if status.success() { note(time)? } else { "failed".to_string() };
    File::create(result)?.write_all(text.as_bytes())
}
