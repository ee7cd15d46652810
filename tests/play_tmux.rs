//! asciinema-play in tmux, an independent terminal.

use std::time::{Duration, Instant};

use common::screen::Screen;
use common::size::Size;

use crate::harness::Scratch;
use crate::play::{Shown, busy_cast, cells, screen_at};

/// A tmux server with one window that fills its terminal.
struct Tmux {
    scratch: Scratch,
    size: Size,
}

impl Tmux {
    fn start(scratch: Scratch, size: Size, line: &str) -> Tmux {
        let tmux = Tmux { scratch, size };
        let (cols, rows) = (size.cols.to_string(), size.rows.to_string());
        tmux.run(&["new-session", "-d", "-x", &cols, "-y", &rows, line]);
        tmux.run(&["set-option", "-g", "status", "off"]);
        tmux.run(&["resize-window", "-x", &cols, "-y", &rows]);
        tmux
    }

    fn run(&self, args: &[&str]) -> String {
        let mut command = self.scratch.command("tmux");
        command.env_remove("TMUX").args(["-u", "-f", "/dev/null", "-S", "tmux"]).args(args);
        let output = command.output().expect("tmux, which this test needs: install Debian's package tmux");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn press(&self, keys: &str) {
        self.run(&["send-keys", "-l", keys]);
    }

    /// The contents of the window: text and style of each cell.
    fn screen(&self) -> Screen {
        let mut screen = Screen::new(self.size, 0).expect("a size");
        screen.feed("\x1b[?7l");
        for (row, line) in self.run(&["capture-pane", "-p", "-e", "-N"]).lines().enumerate() {
            screen.feed(&format!("\x1b[{};1H{line}", row + 1));
        }
        screen
    }

    /// Checks until the contents satisfy the condition, which returns the problem.
    fn wait_until(&self, what: &str, mut problem: impl FnMut(&Screen) -> Option<String>) {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let screen = self.screen();
            let Some(problem) = problem(&screen) else { return };
            assert!(Instant::now() < until, "waited until {what}: {problem}, it shows {:#?}", screen.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

/// The time during a pause, and whether the list of keys is shown.
fn state(screen: &Screen) -> (Option<f64>, bool) {
    let lines = screen.text();
    let time = lines.last().and_then(|line| {
        let (position, _) = line.trim_start().split_once(" / ")?;
        let (minutes, seconds) = position.split_once(':')?;
        Some(
            minutes.parse::<f64>().ok()? * 60.0
                + seconds.parse::<f64>().ok().filter(|_| seconds.contains('.'))?,
        )
    });
    (time, lines.iter().any(|line| line.contains("10 % back")))
}

#[test]
fn after_any_keys_tmux_shows_the_cast_at_the_time_on_the_state_line() {
    const KEYS: [&str; 16] = [
        "  ",
        ".",
        ".",
        ",",
        "\x1b[C",
        "\x1b[D",
        "\x1b[1;2C",
        "\x1b[1;2D",
        "]",
        "[",
        "0",
        "3",
        "5",
        "8",
        "\x1b[H",
        "\x1b[F",
    ];
    let count = std::env::var("RANDOM_KEYS").ok().and_then(|keys| keys.parse().ok()).unwrap_or(60);
    for (size, seed) in [(Size { cols: 60, rows: 24 }, 5), (Size { cols: 33, rows: 26 }, 6)] {
        let scratch = Scratch::new();
        let cast = busy_cast(size.cols, size.rows, 200, seed);
        scratch.write("demo.cast", &cast);
        let tmux = Tmux::start(scratch, size, "exec asciinema-play -l demo.cast");
        tmux.press(" ");
        let mut random = seed;
        for number in 0..count {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let key = KEYS[(random >> 33) as usize % KEYS.len()];
            tmux.press(key);
            // Earlier keys have been handled once the list of keys is shown.
            tmux.press("?");
            tmux.wait_until("the keys are shown", |screen| (!state(screen).1).then(|| "no keys".to_string()));
            tmux.press("x");
            tmux.wait_until(&format!("key {number} {key:?} has shown its screen"), |screen| {
                let (Some(time), false) = state(screen) else { return Some("not in a pause".to_string()) };
                let rows = usize::from(size.rows) - 1;
                // Except links, which tmux supports only since version 3.4.
                let cells = |screen: &Screen| {
                    let rows = cells(screen, rows, usize::from(size.cols)).into_iter();
                    let without_links = |row: Vec<Shown>| row.into_iter().map(Shown::without_link).collect();
                    rows.map(without_links).collect::<Vec<Vec<Shown>>>()
                };
                let (shown, expected) = (cells(screen), cells(&screen_at(&cast, time)));
                let row = (0..rows).find(|&row| shown[row] != expected[row])?;
                let col = (0..shown[row].len()).find(|&col| shown[row][col] != expected[row][col])?;
                let (shown, expected) = (&shown[row][col], &expected[row][col]);
                Some(format!("row {row}, column {col} at {time}: {shown:?} instead of {expected:?}"))
            });
        }
        tmux.press("q");
    }
}
