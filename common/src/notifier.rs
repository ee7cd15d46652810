//! Desktop notifications: that a recording was paused, that a stream was interrupted.
//!
//! The recorded program owns the terminal, so notices are shown elsewhere: by the configured
//! command, or else by the first notifier installed. A thread runs it, with its output discarded;
//! it may hang or fail without consequences.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;

/// Shows notifications without waiting for them.
#[derive(Clone)]
pub struct Notifier {
    /// `None` if notifications are disabled.
    queue: Option<Arc<Queue>>,
}

/// The queue of notifications to show.
struct Queue {
    command: Option<OsString>,
    /// The channel to the thread, which is started by the first notification. `None` inside if it could
    /// not be started.
    notices: OnceLock<Option<Sender<String>>>,
}

impl Notifier {
    /// A notifier that runs this command with `sh -c`, or else the first notifier installed.
    pub fn new(is_enabled: bool, command: Option<OsString>) -> Notifier {
        Notifier { queue: is_enabled.then(|| Arc::new(Queue { command, notices: OnceLock::new() })) }
    }

    /// Shows a text soon.
    pub fn say(&self, notice: &str) {
        let Some(queue) = &self.queue else { return };
        if let Some(notices) = queue.notices.get_or_init(|| start(queue.command.clone())) {
            // Fails only if the thread is gone; then the text cannot be shown.
            let _ = notices.send(notice.to_string());
        }
    }
}

fn start(command: Option<OsString>) -> Option<Sender<String>> {
    let (sender, notices) = channel();
    let thread = thread::Builder::new().name("notifier".to_string());
    thread.spawn(move || deliver(&notices, command.as_deref())).ok()?;
    Some(sender)
}

fn deliver(notices: &Receiver<String>, custom: Option<&OsStr>) {
    for notice in notices {
        let command = match custom {
            Some(custom) => Some(custom_command(custom, &notice)),
            None => installed_command(&notice),
        };
        if let Some(mut command) = command {
            let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            // Waited for, so that notices come in order; its status does not matter.
            let _ = silent.status();
        }
    }
}

fn custom_command(custom: &OsStr, text: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(custom).env("TEXT", text);
    if let Ok(icon) = icon() {
        command.env("ICON_PATH", icon);
    }
    command
}

/// The command of the first notifier installed, to show a text.
fn installed_command(text: &str) -> Option<Command> {
    let mut command;
    if let Some(program) = find("terminal-notifier") {
        command = Command::new(program);
        command.args(["-title", "asciinema", "-message", text]);
        if let Ok(icon) = icon() {
            command.arg("-appIcon").arg(icon);
        }
    } else if let Some(program) = find("osascript") {
        command = Command::new(program);
        // The text is passed as an argument, so it needs no quoting within the script.
        let script = "on run argv\ndisplay notification (item 1 of argv) with title \"asciinema\"\nend run";
        command.args(["-e", script, text]);
    } else if let Some(program) = find("notify-send") {
        command = Command::new(program);
        if let Ok(icon) = icon() {
            command.arg("-i").arg(icon);
        }
        command.args(["asciinema", text]);
    } else if let (Some(_), Some(program)) = (env::var_os("TMUX"), find("tmux")) {
        command = Command::new(program);
        command.args(["display-message", &format!("asciinema: {text}")]);
    } else {
        return None;
    }
    Some(command)
}

fn find(name: &str) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| {
        path.metadata().is_ok_and(|there| there.is_file() && there.permissions().mode() & 0o111 != 0)
    };
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(is_program)
}

/// The path of our icon, which is stored in the user's cache the first time.
fn icon() -> io::Result<PathBuf> {
    const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">
<rect x="4" y="8" width="56" height="48" rx="6" fill="#1e1e24"/>
<path d="M14 22l10 10-10 10" fill="none" stroke="#f4f4f4" stroke-width="5" stroke-linecap="round"/>
<circle cx="44" cy="42" r="7" fill="#e5484d"/>
</svg>
"##;
    let home = env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or(home).unwrap_or_else(env::temp_dir);
    let path = cache.join("asciinema").join("icon.svg");
    if !path.exists() {
        fs::create_dir_all(cache.join("asciinema"))?;
        fs::write(&path, ICON)?;
    }
    Ok(path)
}
