//! The outputs of a tape other than its cast: pictures, made by other programs of the toolkit, and
//! the text of the screen after each command.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::cast::Time;
use common::cli::{self, Failure};

use crate::recording::Recording;
use crate::settings::Settings;

/// The line between two screens in a text file.
const SEPARATOR: &str = "────────────────────────────────────────────────────────────────────────────────";

/// The frames per second of pictures, unless the tape sets it.
const FRAMERATE: f64 = 25.0;

/// The outputs requested by `Output` and `Screenshot` commands.
#[derive(Default)]
pub struct Outputs {
    pub paths: Vec<PathBuf>,
    pub shots: Vec<Shot>,
    /// True if one of them is text.
    pub wants_text: bool,
    /// The screens so far.
    text: String,
}

/// A screenshot, and its time.
pub struct Shot {
    pub path: PathBuf,
    pub at: Time,
    pub text: Vec<String>,
}

impl Outputs {
    pub fn new(paths: Vec<PathBuf>) -> Outputs {
        let wants_text = paths.iter().any(|path| is_text(path));
        Outputs { paths, wants_text, ..Outputs::default() }
    }

    /// Adds the screen after a command.
    pub fn add_text(&mut self, rows: &[String]) {
        self.text.push_str(&text(rows));
        self.text.push_str(SEPARATOR);
        self.text.push('\n');
    }

    /// Makes all outputs from the recorded cast.
    pub fn make(&self, recording: &mut Recording, settings: &Settings) -> cli::Result<()> {
        for path in self.paths.iter().chain(self.shots.iter().map(|shot| &shot.path)) {
            make_folder(path)?;
        }
        for path in &self.paths {
            match extension(path) {
                "txt" | "ascii" | "test" => write(path, &self.text)?,
                "cast" => {
                    let name = cli::source_name(path.as_os_str());
                    let copied = fs::File::create(path).and_then(|mut file| match recording.copy()? {
                        Some(mut copy) => io::copy(&mut copy, &mut file).map(drop),
                        None => Ok(()),
                    });
                    copied.map_err(|error| Failure::io(&name, &error))?;
                }
                _ => picture(path, None, recording, settings)?,
            }
        }
        for shot in &self.shots {
            match is_text(&shot.path) {
                true => write(&shot.path, &text(&shot.text))?,
                false => picture(&shot.path, Some(shot.at), recording, settings)?,
            }
        }
        Ok(())
    }
}

/// Makes the folder that a file is to be in, as VHS does: its own examples rely on it.
fn make_folder(path: &Path) -> cli::Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    fs::create_dir_all(folder).map_err(|error| Failure::io(&cli::source_name(folder.as_os_str()), &error))
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

fn is_text(path: &Path) -> bool {
    matches!(extension(path), "txt" | "ascii" | "test")
}

/// Rows as lines, without trailing blanks.
fn text(rows: &[String]) -> String {
    rows.iter().map(|row| format!("{}\n", row.trim_end())).collect()
}

fn write(path: &Path, text: &str) -> cli::Result<()> {
    fs::write(path, text).map_err(|error| Failure::io(&cli::source_name(path.as_os_str()), &error))
}

/// Runs the program for this kind of picture: for the whole cast, or for one moment of it.
fn picture(path: &Path, at: Option<Time>, recording: &mut Recording, settings: &Settings) -> cli::Result<()> {
    let kind = extension(path);
    let program = format!("asciinema-{kind}");
    let copy = recording.copy().map_err(|error| Failure::io("temporary file", &error))?;
    let mut command = Command::new(common::io::sibling(&program));
    command.args(options(kind, at, settings)).arg("-o").arg(path);
    command.stdin(copy.map_or_else(Stdio::null, Stdio::from)).stdout(Stdio::null());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        // It has already reported the error.
        Ok(_) => Err(Failure::Status(1)),
        Err(error) => Err(Failure::io(&program, &error)),
    }
}

/// The options for a program that correspond to the tape's settings.
fn options(kind: &str, at: Option<Time>, settings: &Settings) -> Vec<OsString> {
    let mut options = Vec::new();
    let mut add = |name: &str, value: Option<f64>| {
        options.extend(value.map(|value| OsString::from(format!("{name}={value}"))));
    };
    let moves = at.is_none() && matches!(kind, "svg" | "gif");
    if moves {
        add("--fps", settings.framerate);
        // The last frame is seen, but no longer than the tape demands.
        add("--hold", Some(1.0 / settings.framerate.unwrap_or(FRAMERATE)));
    }
    if moves || kind == "html" {
        add("--speed", settings.playback_speed);
        // The tape determines the pauses.
        add("--idle-time-limit", Some(1e6));
    }
    if kind != "html" {
        add("--font-size", settings.font_size);
        add("--line-height", settings.line_height.map(|height| height * 1.2));
        add("--padding", settings.padding);
        if settings.has_window_bar {
            options.push("--window".into());
        }
    }
    if let Some(at) = at {
        options.push(format!("--at={}", at.as_micros() as f64 / 1e6).into());
    }
    options
}
