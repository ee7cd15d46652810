//! Live views: the time until viewers see an event, and the cost.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::json;

use crate::measure::Series;
use crate::report::{Row, Verdict, seconds_of};

/// A crowd of viewers.
const CROWD: usize = 1000;

/// The events timed, for each of --runs.
const EVENTS: usize = 20;

/// The size of a burst, in bytes.
const BURST: usize = 12_000_000;

/// An `asciinema-serve` and its viewers.
struct Show {
    serve: Child,
    stdin: ChildStdin,
    viewers: Vec<TcpStream>,
    /// The time of the last event, in seconds.
    time: u64,
}

impl Show {
    fn start(viewers: usize) -> io::Result<Show> {
        let mut serve = Command::new(env!("CARGO_BIN_EXE_asciinema-serve"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let missing = || io::Error::other("asciinema-serve does not start");
        let mut stdin = serve.stdin.take().ok_or_else(missing)?;
        stdin.write_all(b"{\"version\": 2, \"width\": 80, \"height\": 24}\n")?;
        let mut line = String::new();
        BufReader::new(serve.stderr.take().ok_or_else(missing)?).read_line(&mut line)?;
        let address = line.trim().rsplit("//").next().map(|rest| rest.trim_end_matches('/').to_string());
        let address = address.ok_or_else(missing)?;
        let mut show = Show { serve, stdin, viewers: Vec::new(), time: 0 };
        for _ in 0..viewers {
            let mut socket = TcpStream::connect(&address)?;
            socket.set_read_timeout(Some(Duration::from_secs(60)))?;
            socket.write_all(
                b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                  Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                  Sec-WebSocket-Protocol: raw\r\n\r\n",
            )?;
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") {
                socket.read_exact(&mut byte)?;
                head.push(byte[0]);
            }
            show.viewers.push(socket);
        }
        // Every viewer has received the opening by the time the last one has an event.
        show.event(viewers - 1)?;
        sleep(Duration::from_millis(500));
        let mut buffer = [0; 4096];
        for viewer in &mut show.viewers {
            viewer.set_nonblocking(true)?;
            while viewer.read(&mut buffer).is_ok_and(|count| count > 0) {}
            viewer.set_nonblocking(false)?;
        }
        Ok(show)
    }

    /// Sends an event, and returns the time until a viewer has received it, in seconds.
    fn event(&mut self, viewer: usize) -> io::Result<f64> {
        self.time += 1;
        let start = Instant::now();
        writeln!(self.stdin, "[{}.0, \"o\", \"line {}\\r\\n\"]", self.time, self.time)?;
        let expected = format!("line {}\r\n", self.time);
        let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
        while !bytes.ends_with(expected.as_bytes()) {
            match self.viewers[viewer].read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => bytes.extend_from_slice(&buffer[..count]),
            }
        }
        Ok(start.elapsed().as_secs_f64())
    }

    /// The times until the last viewer has received an event, in seconds.
    fn events(&mut self, count: usize) -> io::Result<Series> {
        let last = self.viewers.len() - 1;
        let (mut times, mut buffer) = (Vec::new(), [0; 4096]);
        for _ in 0..count {
            times.push(self.event(last)?);
            // The others are read later, so that the reader does not compete for the processor.
            for viewer in &mut self.viewers[..last] {
                if viewer.read(&mut buffer)? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
        Ok(Series { name: "serve".to_string(), times })
    }

    /// The CPU time used so far, in user mode and in the kernel, in seconds.
    fn cpu(&self) -> io::Result<(f64, f64)> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.serve.id()))?;
        let fields: Vec<f64> = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .map(|field| field.parse().unwrap_or(0.0))
            .collect();
        // Fields 14 and 15 of proc_pid_stat(5), in hundredths of a second.
        Ok((fields[11] / 100.0, fields[12] / 100.0))
    }

    /// The peak memory, in MB.
    fn memory(&self) -> io::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.serve.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().unwrap_or(f64::NAN);
        Ok(kilobytes / 1000.0)
    }
}

impl Drop for Show {
    fn drop(&mut self) {
        let _ = self.serve.kill();
        let _ = self.serve.wait();
    }
}

/// All rows on live views.
pub fn rows(runs: usize) -> io::Result<Vec<Row>> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, soft.max(hard.min(CROWD as u64 + 100)), hard)?;
    let one = Show::start(1)?.events(EVENTS * runs)?;
    let mut crowd = Show::start(CROWD)?;
    let before = crowd.cpu()?;
    let many = crowd.events(EVENTS * runs)?;
    let after = crowd.cpu()?;
    let per_event = |before: f64, after: f64| (after - before) / (EVENTS * runs) as f64;
    let (user, system) = (per_event(before.0, after.0), per_event(before.1, after.1));
    let memory = crowd.memory()?;
    drop(crowd);
    let (burst, burst_memory) = burst()?;
    let row = |what: &str, ours: String, others: String, goal: &str, is_met, numbers| Row {
        what: what.to_string(),
        ours,
        others,
        goal: goal.to_string(),
        verdict: Verdict::of(Some(is_met)),
        numbers,
    };
    Ok(vec![
        row(
            "an event of `serve` reaches its only viewer",
            seconds_of(one.median()),
            format!("worst {}", seconds_of(one.quantile(1.0))),
            "under 5 ms",
            one.median() < 0.005,
            json!({"median": one.median(), "worst": one.quantile(1.0)}),
        ),
        row(
            "it reaches the last of 1000 viewers",
            seconds_of(many.median()),
            format!("least {}, worst {}", seconds_of(many.quantile(0.0)), seconds_of(many.quantile(1.0))),
            "under 5 ms",
            many.median() < 0.005,
            json!({"median": many.median(), "least": many.quantile(0.0), "worst": many.quantile(1.0)}),
        ),
        row(
            "CPU time of `serve` for 30 events to 1000 viewers, memory",
            format!("{}, {memory:.1} MB", seconds_of(30.0 * (user + system))),
            format!("{} of it in the kernel", seconds_of(30.0 * system)),
            "under 1 s and 40 MB",
            30.0 * (user + system) < 1.0 && memory < 40.0,
            json!({"user": user, "system": system, "memory": memory}),
        ),
        row(
            "a burst of 12 MB reaches a viewer, memory",
            format!("{}, {burst_memory:.1} MB", seconds_of(burst)),
            String::new(),
            "all of it, under 40 MB",
            burst_memory < 40.0,
            json!({"seconds": burst, "memory": burst_memory}),
        ),
    ])
}

/// The time until a viewer has received a burst, in seconds, and the memory used, in MB.
fn burst() -> io::Result<(f64, f64)> {
    let mut show = Show::start(1)?;
    let mut viewer = show.viewers.remove(0);
    let event = format!("[9.0, \"o\", \"{}\"]\n", "0123456789abcdef".repeat(256));
    let start = Instant::now();
    let reader = std::thread::spawn(move || {
        let (mut total, mut buffer) = (0, vec![0; 64 << 10]);
        while total < BURST {
            match viewer.read(&mut buffer)? {
                0 => return Err(io::Error::other("a viewer has missed a part of a burst")),
                count => total += count,
            }
        }
        Ok(start.elapsed().as_secs_f64())
    });
    for _ in 0..BURST.div_ceil(4096) {
        show.stdin.write_all(event.as_bytes())?;
    }
    let seconds = reader.join().map_err(|_| io::Error::other("the reader has failed"))??;
    Ok((seconds, show.memory()?))
}
