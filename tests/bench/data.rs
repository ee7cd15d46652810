//! The input of the programs: generated, identical in every run, and varied.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The size of the large cast in bytes: about a million events.
pub const CAST_SIZE: u64 = 255_000_000;

/// The size of the plain text in bytes.
pub const TEXT_SIZE: u64 = 77_000_000;

pub const HEADER: &str = "{\"version\": 2, \"width\": 120, \"height\": 40, \"timestamp\": 1700000000, \
    \"env\": {\"SHELL\": \"/bin/bash\", \"TERM\": \"xterm-256color\"}}\n";

/// Pieces of terminal output in JSON form: text, colours, line ends, quotes, box drawing and
/// multi-byte letters.
const PIECES: [&str; 12] = [
    "the quick brown fox jumps over the lazy dog ",
    "   Compiling serde_json v1.0.154 ",
    "\\r\\n",
    "\\u001b[1;32m",
    "\\u001b[0m",
    "\\u001b[38;5;208m",
    "-rw-r--r-- 1 user user 4096 Nov 21 12:00 file.txt\\r\\n",
    "\\\"quoted\\\" and \\\\ a backslash\\t",
    "│ ├── └── ",
    "größe, naïve, 日本語 ",
    "0123456789abcdef 0123456789abcdef ",
    "\\u001b[12;34H\\u001b[K",
];

/// A cast of this many bytes, in events of 255 bytes on average: nearly all of them output.
pub fn write_cast(out: impl Write, size: u64) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 18, out);
    out.write_all(HEADER.as_bytes())?;
    let mut numbers = Random::default();
    let mut line = Vec::new();
    let (mut written, mut micros, mut number) = (HEADER.len() as u64, 0, 0_u64);
    while written < size {
        let random = numbers.draw();
        micros += random % 20_000;
        number += 1;
        line.clear();
        write!(line, "[{}.{:06}, ", micros / 1_000_000, micros % 1_000_000)?;
        match number % 100 {
            0 => write!(line, "\"r\", \"{}x{}\"]", 80 + random % 80, 24 + random % 40)?,
            50 => write!(line, "\"m\", \"chapter {number}\"]")?,
            10 | 30 | 60 | 80 => write!(line, "\"i\", \"{}\"]", char::from(b'a' + (random % 26) as u8))?,
            _ => write_output(&mut line, random)?,
        }
        line.push(b'\n');
        out.write_all(&line)?;
        written += line.len() as u64;
    }
    out.flush()
}

/// An hour of dense output: an event of about 280 bytes every hundredth of a second.
pub fn write_dense_cast(path: &Path) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 18, File::create(path)?);
    out.write_all(HEADER.as_bytes())?;
    let mut numbers = Random::default();
    let mut line = Vec::new();
    for number in 1..=360_000_u64 {
        line.clear();
        write!(line, "[{}.{:02}, ", number / 100, number % 100)?;
        write_output(&mut line, numbers.draw())?;
        line.push(b'\n');
        out.write_all(&line)?;
    }
    out.flush()
}

/// A recording of ordinary output, as of builds and listings: one to four lines an event, shorter
/// than the screen is wide, some of them coloured, every hundredth of a second.
pub fn write_log_cast(path: &Path, size: u64) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 18, File::create(path)?);
    out.write_all(HEADER.as_bytes())?;
    let mut numbers = Random::default();
    let (mut written, mut number) = (HEADER.len() as u64, 0_u64);
    let mut line = Vec::new();
    while written < size {
        number += 1;
        line.clear();
        write!(line, "[{}.{:02}, \"o\", \"", number / 100, number % 100)?;
        for _ in 0..=numbers.draw() % 4 {
            let random = numbers.draw();
            let (id, count) = (random % 100_000, random >> 20 & 0xfff);
            match random >> 40 & 3 {
                0 => write!(line, "\\u001b[1m\\u001b[32m   Compiling\\u001b[0m part-{id} v1.{count}.0")?,
                1 => write!(
                    line,
                    "-rw-r--r-- 1 user user {count:5} Nov 21 12:00 \\u001b[36mfile-{id}.txt\\u001b[0m"
                )?,
                2 => {
                    write!(line, "test module_{count}::the_result_{id}_is_right ... \\u001b[32mok\\u001b[m")?
                }
                _ => write!(line, "src/file-{id}.rs:{count}: the quick brown fox jumps over the lazy dog")?,
            }
            line.extend_from_slice(b"\\r\\n");
        }
        line.extend_from_slice(b"\"]\n");
        out.write_all(&line)?;
        written += line.len() as u64;
    }
    out.flush()
}

fn write_output(line: &mut Vec<u8>, mut random: u64) -> io::Result<()> {
    write!(line, "\"o\", \"")?;
    let length = line.len() + 80 + (random >> 40) as usize % 310;
    while line.len() < length {
        line.extend_from_slice(PIECES[(random % PIECES.len() as u64) as usize].as_bytes());
        random = random.rotate_right(5).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    write!(line, "\"]")
}

/// Plain text in lines of 70 characters.
pub fn write_text(path: &Path) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 18, File::create(path)?);
    for number in 0..TEXT_SIZE / 70 {
        writeln!(out, "{number:09} the quick brown fox jumps over the lazy dog, and then again")?;
    }
    out.flush()
}

/// A recording of this many seconds with one short, numbered output in each.
pub fn write_quiet_cast(path: &Path, seconds: u64) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    out.write_all(HEADER.as_bytes())?;
    for second in 1..=seconds {
        writeln!(out, "[{second}.0, \"o\", \"{}\\r\\n\"]", quiet_text(second).trim_end())?;
    }
    out.flush()
}

/// The only output in a second.
pub fn quiet_text(second: u64) -> String {
    format!("second {second} has gone by\r\n")
}

/// A cast whose screen changes `per_second` times a second: redrawn tables, then scrolling lines,
/// then scattered words, for 20 s each.
pub fn write_screens(path: &Path, seconds: u64, per_second: f64) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    out.write_all(b"{\"version\": 2, \"width\": 100, \"height\": 30}\n")?;
    let mut numbers = Random::default();
    let count = (seconds as f64 * per_second) as u64;
    for number in 0..count {
        let time = number as f64 / per_second;
        write!(out, "[{time:.3}, \"o\", \"")?;
        match time as u64 / 20 % 3 {
            0 => {
                for row in 1..30 {
                    let (random, color) = (numbers.draw(), 31 + row % 6);
                    let (id, bar) = (random % 100_000, (random >> 20) % 40);
                    let load = (random >> 30) % 1000;
                    let bar = "|".repeat(bar as usize);
                    write!(
                        out,
                        "\\u001b[{row};1H\\u001b[{color}m{id:6}\\u001b[0m {:3}.{} ",
                        load / 10,
                        load % 10
                    )?;
                    write!(out, "\\u001b[1mprocess-{:<8}\\u001b[0m {bar:40}\\u001b[K", random >> 50)?;
                }
            }
            1 => {
                for _ in 0..3 {
                    let version = numbers.draw() % 100;
                    write!(out, "\\r\\n\\u001b[32m   Compiling\\u001b[0m part-{number} v1.{version}")?;
                }
            }
            _ => {
                let (row, column) = (1 + numbers.draw() % 30, 1 + numbers.draw() % 80);
                write!(out, "\\u001b[{row};{column}H\\u001b[{}mword {number}\\u001b[0m", 31 + number % 6)?;
            }
        }
        out.write_all(b"\"]\n")?;
    }
    out.flush()
}

/// Random numbers, the same in every run: xorshift.
pub struct Random(u64);

impl Default for Random {
    fn default() -> Random {
        Random(0x2545_f491_4f6c_dd1d)
    }
}

impl Random {
    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
