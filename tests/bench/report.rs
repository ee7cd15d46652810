//! The results: the table, the same as JSON, and its place in README.md.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use serde_json::{Value, json};

const BEGIN: &str = "<!-- bench: begin -->";
const END: &str = "<!-- bench: end -->";

/// One measurement.
pub struct Row {
    pub what: String,
    /// Our result, formatted.
    pub ours: String,
    /// The results of others, formatted.
    pub others: String,
    pub goal: String,
    pub verdict: Verdict,
    /// All numbers: medians, smallest values, ratios.
    pub numbers: Value,
}

#[derive(Clone, Copy)]
pub enum Verdict {
    Met,
    Missed,
    /// The program to compare with is not installed, or the program does not support this.
    Unknown,
}

impl Verdict {
    pub fn of(met: Option<bool>) -> Verdict {
        met.map_or(Verdict::Unknown, |met| if met { Verdict::Met } else { Verdict::Missed })
    }

    fn word(self) -> &'static str {
        match self {
            Verdict::Met => "yes",
            Verdict::Missed => "**no**",
            Verdict::Unknown => "-",
        }
    }
}

/// All rows, and the conditions of the run.
pub struct Report {
    pub rows: Vec<Row>,
    pub command: String,
    pub versions: Vec<(String, String)>,
    pub missing: Vec<String>,
}

impl Report {
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let versions: Vec<String> = self.versions.iter().map(|(_, version)| version.clone()).collect();
        let _ = writeln!(text, "Measured by `{}`: {}.", self.command, machine().join(", "));
        let _ = writeln!(text, "Compared with {}.", versions.join(", "));
        if !self.missing.is_empty() {
            let _ = writeln!(text, "Not installed: {}.", self.missing.join(", "));
        }
        text += "Times are medians of runs in turns; a factor is the other's time over ours.\n";
        text += "\n| what | here | others | goal | met |\n|---|---|---|---|---|\n";
        for row in &self.rows {
            let word = row.verdict.word();
            let cells = [&row.what, &row.ours, &row.others, &row.goal].map(|cell| cell.replace('|', "\\|"));
            let _ = writeln!(text, "| {} | {word} |", cells.join(" | "));
        }
        text
    }

    pub fn json(&self) -> String {
        let rows: Vec<Value> = self.rows.iter().map(Row::json).collect();
        let versions: Vec<Value> =
            self.versions.iter().map(|(name, version)| json!({"name": name, "version": version})).collect();
        let all = json!({
            "command": self.command,
            "machine": machine(),
            "versions": versions,
            "missing": self.missing,
            "rows": rows,
        });
        format!("{all:#}\n")
    }

    /// Replaces the table between the two markers in a document.
    pub fn update(&self, path: &Path) -> io::Result<()> {
        let text = fs::read_to_string(path)?;
        let missing = || io::Error::other(format!("{}: no {BEGIN} and {END}", path.display()));
        let (front, rest) = text.split_once(BEGIN).ok_or_else(missing)?;
        let (_, back) = rest.split_once(END).ok_or_else(missing)?;
        fs::write(path, format!("{front}{BEGIN}\n{}{END}{back}", self.markdown()))
    }
}

impl Row {
    fn json(&self) -> Value {
        json!({
            "what": self.what,
            "here": self.ours,
            "others": self.others,
            "goal": self.goal,
            "met": match self.verdict {
                Verdict::Met => Some(true),
                Verdict::Missed => Some(false),
                Verdict::Unknown => None,
            },
            "numbers": self.numbers,
        })
    }
}

/// The root directory of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Processor, cores, kernel and date.
fn machine() -> Vec<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    vec![
        model.map_or("unknown processor", |(_, model)| model).to_string(),
        format!("{cores} cores"),
        said_by(Command::new("uname").arg("-sr")),
        said_by(Command::new("date").args(["-u", "+%Y-%m-%d"])),
    ]
}

/// The first line that a program prints.
pub fn said_by(command: &mut Command) -> String {
    let output = command.output().map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
    String::from_utf8_lossy(&output).lines().next().unwrap_or_default().trim().to_string()
}

/// A duration in words, from seconds.
pub fn seconds_of(seconds: f64) -> String {
    match seconds {
        ..0.001 => format!("{:.0} µs", seconds * 1e6),
        ..1.0 => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{seconds:.2} s"),
    }
}
