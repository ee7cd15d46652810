//! The measurements, and the goal of each.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::Options;
use crate::data;
use crate::live;
use crate::measure::{self, Contestant, Screen, Series, Tmux, in_turns, time_in_terminal, time_line};
use crate::report::{Report, Row, Verdict, said_by, seconds_of};

/// Our own programs are read from Cargo.toml.
const MANIFEST: &str = include_str!("../../Cargo.toml");

/// The filters whose size is limited.
const FILTERS: [&str; 10] =
    ["idle", "speed", "quantize", "trim", "cut", "marker", "join", "info", "meta", "convert"];

/// The programs whose total size is limited, however many others there are.
const FIRST: [&str; 17] = [
    "", "auth", "cat", "convert", "cut", "fetch", "idle", "info", "join", "marker", "meta", "play",
    "quantize", "rec", "speed", "trim", "upload",
];

/// The number of starts per measurement of the start time, for each of --runs.
const STARTS: usize = 40;

/// The directory that recorders write to.
const RECORDINGS: &str = "recordings";

/// The number of keys per measurement of latency, for each of --runs.
const KEYS: usize = 500;

/// A directory for all data, removed afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Folder> {
        let path = std::env::temp_dir().join(format!("asciinema-bench-{}", std::process::id()));
        fs::create_dir(&path)?;
        Ok(Folder(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A goal relative to another contestant, which must take at least this many times as long.
struct Limit {
    other: &'static str,
    factor: f64,
    words: &'static str,
}

fn limit(other: &'static str, factor: f64, words: &'static str) -> Limit {
    Limit { other, factor, words }
}

/// Rows that are measured together.
type Part<'a> = fn(&Bench<'a>) -> io::Result<Vec<Row>>;

pub struct Bench<'a> {
    options: &'a Options,
    folder: Folder,
    asciinema_3: Option<PathBuf>,
    asciinema_2: Option<PathBuf>,
}

impl<'a> Bench<'a> {
    pub fn new(options: &'a Options) -> io::Result<Bench<'a>> {
        let older = |variable: &str, version: &str| {
            let path = std::env::var_os(variable).map(PathBuf::from)?;
            said_by(Command::new(&path).arg("--version")).contains(version).then_some(path)
        };
        Ok(Bench {
            options,
            folder: Folder::new()?,
            asciinema_3: older("ASCIINEMA_3", "asciinema 3."),
            asciinema_2: older("ASCIINEMA_2", "asciinema 2."),
        })
    }

    pub fn run(&self) -> io::Result<Report> {
        let mut rows = Vec::new();
        let parts: [(&str, Part<'a>); 10] = [
            ("filters", Self::filters),
            ("flood", Self::flood),
            ("latency", Self::latency),
            ("start", Self::start),
            ("memory", Self::memory),
            ("size", Self::size),
            ("play", Self::play),
            ("pictures", Self::pictures),
            ("jumps", Self::jumps),
            ("live", |bench| live::rows(bench.options.runs)),
        ];
        for (name, part) in parts.iter().filter(|(name, _)| name.contains(&self.options.only)) {
            eprintln!("bench: {name}");
            rows.extend(part(self)?);
        }
        let (mut versions, mut missing) = (Vec::new(), Vec::new());
        for (name, path) in [("asciinema 3", &self.asciinema_3), ("asciinema 2", &self.asciinema_2)] {
            match path {
                Some(path) => versions.push((name.to_string(), said_by(Command::new(path).arg("--version")))),
                None => missing.push(name.to_string()),
            }
        }
        let others = [("script", "-V"), ("cat", "--version"), ("jq", "--version"), ("tmux", "-V")];
        for (name, option) in others.into_iter().chain([("agg", "--version"), ("svg-term", "--version")]) {
            if !is_installed(name) {
                missing.push(name.to_string());
                continue;
            }
            let version = said_by(Command::new(name).arg(option));
            // svg-term prints a number alone.
            let is_number = version.starts_with(|first: char| first.is_ascii_digit());
            versions.push((name.to_string(), if is_number { format!("{name} {version}") } else { version }));
        }
        // It does not report its version.
        match is_installed("ttyrec") {
            true => versions.push(("ttyrec".to_string(), "ttyrec".to_string())),
            false => missing.push("ttyrec".to_string()),
        }
        Ok(Report { rows, command: self.options.command.clone(), versions, missing })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    /// Editing a large cast.
    fn filters(&self) -> io::Result<Vec<Row>> {
        let cast = self.path("large.cast");
        data::write_cast(File::create(&cast)?, data::CAST_SIZE)?;
        let (cast, mut rows) = (cast.display(), Vec::new());
        let convert = |format: &str| {
            let program = self.asciinema_3.as_ref()?.display();
            Some(("asciinema 3", format!("'{program}' convert -f {format} {cast} - > /dev/null")))
        };
        let jq = is_installed("jq").then(|| {
            let program = "if type == \"array\" then .[0] /= 2 else . end";
            ("jq", format!("jq -c '{program}' {cast} > /dev/null"))
        });
        for (name, args) in [("speed", "-s 2"), ("idle", "-i 0.005"), ("quantize", "-r 0.002,0.01")] {
            let ours = format!("'{}' {args} {cast} > /dev/null", program(name));
            let others = [convert("asciicast-v2"), jq.clone().filter(|_| name == "speed")];
            let goal = [limit("asciinema 3", 12.0, "12 times as fast as 3's `convert -f asciicast-v2`")];
            rows.push(self.lines(&format!("`{name}` of 255 MB"), ours, others.into_iter().flatten(), &goal));
            let goal = [limit("cat", 0.95, "no slower than `cat`, within noise")];
            let cat = [("cat", format!("cat {cast} | cat > /dev/null"))];
            let ours = format!("'{}' {args} {cast} | cat > /dev/null", program(name));
            rows.push(self.lines(&format!("`{name} file | cat`"), ours, cat.clone(), &goal));
            let ours = format!("cat {cast} | '{}' {args} > /dev/null", program(name));
            rows.push(self.lines(&format!("`cat file | {name}`"), ours, cat, &goal));
        }
        let ours = format!("'{}' {cast} > /dev/null", program("cat"));
        let goal = [limit("asciinema 3", 5.0, "5 times as fast as 3's `convert -f raw`, aim 8")];
        rows.push(self.lines("`cat` of 255 MB", ours, convert("raw"), &goal));
        let ours = format!("'{}' -f txt {cast} > /dev/null", program("convert"));
        let goal = [limit("asciinema 3", 2.0, "twice as fast as 3's")];
        rows.push(self.lines("`convert -f txt` of 255 MB", ours, convert("txt"), &goal));
        fs::remove_file(self.path("large.cast"))?;
        // Programs that look at the screen take seconds for a tenth of it.
        let cast = self.path("small.cast");
        data::write_cast(File::create(&cast)?, data::CAST_SIZE / 10)?;
        let cast = cast.display();
        for (what, name, args) in [
            (
                "`redact` of 25 MB in long lines, three texts",
                "redact",
                "-s hunter2 -s correct-horse -s s3cr3t",
            ),
            ("`redact --secrets` of 25 MB in long lines", "redact", "--secrets"),
            ("`search` of 25 MB in long lines", "search", "-c hunter2"),
            ("`marker --on` of 25 MB in long lines", "marker", "--on hunter2"),
        ] {
            // search exits with a failure if nothing is found.
            let ours = format!("'{}' {args} {cast} > /dev/null || true", program(name));
            let convert = self.asciinema_3.as_ref().map(|program| {
                ("asciinema 3", format!("'{}' convert -f txt {cast} - > /dev/null", program.display()))
            });
            rows.push(self.lines(what, ours, convert, &[]));
        }
        fs::remove_file(self.path("small.cast"))?;
        rows.extend(self.seekers()?);
        Ok(rows)
    }

    /// Finding text on the screen, in ordinary output.
    fn seekers(&self) -> io::Result<Vec<Row>> {
        const MEGABYTES: u32 = 100;
        let cast = self.path("log.cast");
        data::write_log_cast(&cast, u64::from(MEGABYTES) * 1_000_000)?;
        let mut rows = Vec::new();
        for (name, args, rate) in [
            ("redact", "-s hunter2 -s correct-horse -s s3cr3t", 60.0),
            ("redact", "--secrets", 25.0),
            ("search", "hunter2", 100.0),
            ("marker", "--on hunter2", 150.0),
        ] {
            let what = format!("`{name} {args}` of {MEGABYTES} MB of ordinary output");
            // search exits with a failure if nothing is found.
            let ours = format!("'{}' {args} {} > /dev/null || true", program(name), cast.display());
            let mut row = self.lines(&what, ours.clone(), [], &[]);
            let seconds = row.numbers["here"]["median"].as_f64().unwrap_or(f64::INFINITY);
            let reached = f64::from(MEGABYTES) / seconds;
            row.others = format!("{reached:.0} MB/s");
            row.goal = format!("at least {rate:.0} MB/s");
            row.verdict = Verdict::of(Some(reached >= rate));
            rows.push(row);
        }
        fs::remove_file(&cast)?;
        Ok(rows)
    }

    /// A row of command lines whose output is discarded.
    fn lines(
        &self,
        what: &str,
        ours: String,
        others: impl IntoIterator<Item = (&'static str, String)>,
        limits: &[Limit],
    ) -> Row {
        let all = [("here", ours)].into_iter().chain(others);
        let contestants = all.map(|(name, line)| contestant(name, move || time_line(&line))).collect();
        compare(what, in_turns(self.options.runs, contestants), limits)
    }

    /// Recreates the empty directory that recorders write to: some file systems write replacements
    /// to disk immediately, which disturbs the next measurement.
    fn clear_recordings(&self) -> io::Result<()> {
        let folder = self.path(RECORDINGS);
        // Fails if it does not exist yet; creating it reports any other error.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(folder)
    }

    /// The command lines that record a command line, for all installed recorders.
    fn recorders(&self, line: &str) -> Vec<(&'static str, String)> {
        let out = |name: &str| self.path(RECORDINGS).join(name).display().to_string();
        let mut all = vec![
            ("here", format!("'{}' rec -q --overwrite -c '{line}' {}", program(""), out("here.cast"))),
            ("bare", line.to_string()),
        ];
        if is_installed("script") {
            all.push(("script", format!("script -q -c '{line}' {}", out("script.out"))));
        }
        if is_installed("ttyrec") {
            all.push(("ttyrec", format!("ttyrec -e '{line}' {}", out("ttyrec.out"))));
        }
        for (name, path) in [("asciinema 3", &self.asciinema_3), ("asciinema 2", &self.asciinema_2)] {
            if let Some(path) = path {
                let (path, out) = (path.display(), out(&format!("{}.cast", name.replace(' ', "-"))));
                all.push((name, format!("'{path}' rec -q --overwrite -c '{line}' {out}")));
            }
        }
        all
    }

    /// Recording a program that writes as fast as it can.
    fn flood(&self) -> io::Result<Vec<Row>> {
        let text = self.path("text");
        data::write_text(&text)?;
        let line = format!("cat {}", text.display());
        let goal = [
            limit("bare", 1.0 / 1.15, "at most 1.15 times bare"),
            limit("script", 0.97, "no slower than script"),
            limit("asciinema 3", 2.0, "half of 3's"),
        ];
        let mut rows = Vec::new();
        let contestants = self.recorders(&line).into_iter();
        let contestants = contestants.map(|(name, line)| {
            contestant(name, move || {
                self.clear_recordings()?;
                time_in_terminal(&line)
            })
        });
        let series = in_turns(self.options.runs, contestants.collect());
        rows.push(compare("`rec` of `cat` of 77 MB, in a terminal that drains", series, &goal));
        if is_installed("tmux") {
            let tmux = &Tmux::start(&self.folder.0)?;
            let contestants = self.recorders(&line).into_iter();
            let contestants = contestants.map(|(name, line)| {
                contestant(name, move || {
                    self.clear_recordings()?;
                    tmux.time(&line)
                })
            });
            let series = in_turns(self.options.runs, contestants.collect());
            rows.push(compare("`rec` of `cat` of 77 MB, in tmux", series, &goal));
        }
        let ours = format!(
            "'{}' -q --headless --overwrite -c '{line}' {}",
            program("rec"),
            self.path(RECORDINGS).join("here.cast").display()
        );
        let contestants = vec![
            contestant("here", move || {
                self.clear_recordings()?;
                time_line(&ours)
            }),
            contestant("drain", || time_in_terminal(&line)),
        ];
        let goal = [limit("drain", 1.0 / 1.1, "at most 1.1 times a pty that drains")];
        let series = in_turns(self.options.runs, contestants);
        rows.push(compare("`rec --headless` of `cat` of 77 MB", series, &goal));
        fs::remove_file(text)?;
        Ok(rows)
    }

    /// The round-trip time of a key.
    fn latency(&self) -> io::Result<Vec<Row>> {
        let mut screens = Vec::new();
        self.clear_recordings()?;
        for (name, line) in self.recorders("stty raw -echo; echo ready; exec cat") {
            let mut screen = Screen::start(&line)?;
            match screen.read_until("ready") {
                Ok(()) => screens.push((name, screen)),
                Err(error) => eprintln!("bench: {name}: {error}"),
            }
        }
        sleep(Duration::from_millis(200));
        let contestants = screens.iter_mut().map(|(name, screen)| {
            contestant(name, || {
                // Nobody types faster than this.
                sleep(Duration::from_millis(2));
                screen.echo()
            })
        });
        let series = in_turns(self.options.runs * KEYS, contestants.collect());
        let tail = series
            .iter()
            .map(|series| Series { name: series.name.clone(), times: vec![series.quantile(0.99)] });
        let tail = tail.collect();
        let goal = [limit("ttyrec", 1.0, "below ttyrec's"), limit("asciinema 3", 2.0, "half of 3's")];
        let tail_goal = [limit("script", 1.0, "no worse than script's")];
        Ok(vec![
            compare("a key to the program and back through `rec`, median", series, &goal),
            compare("the same, 99th percentile", tail, &tail_goal),
        ])
    }

    /// The start time.
    fn start(&self) -> io::Result<Vec<Row>> {
        let (cast, out) = (self.path("small.cast"), self.path("start.cast"));
        data::write_quiet_cast(&cast, 1)?;
        let run = |program: &str, args: &[&Path]| measure::time_command(Command::new(program).args(args));
        let (idle, rec) = (program("idle"), program("rec"));
        let idle_args = [Path::new("-i"), Path::new("1"), &cast];
        let contestants = vec![
            contestant("here", || run(&idle, &idle_args)),
            contestant("/bin/true", || run("/bin/true", &[])),
        ];
        let goal = [limit("/bin/true", 1.0 / 1.5, "at most 1.5 times `/bin/true`")];
        let runs = self.options.runs * STARTS;
        let filter = compare("start and end of a filter", in_turns(runs, contestants), &goal);
        let rec_args = ["-q", "--headless", "--overwrite", "-c", "true"].map(Path::new);
        let rec_args = [&rec_args[..], &[&out]].concat();
        let mut contestants = vec![
            contestant("here", || {
                // Some file systems write replacements to disk immediately.
                let _ = fs::remove_file(&out);
                run(&rec, &rec_args)
            }),
            contestant("sh", || run("sh", &["-c", "true"].map(Path::new))),
        ];
        if is_installed("script") {
            let args = ["-q", "-c", "true", "/dev/null"].map(Path::new);
            contestants.push(contestant("script", move || run("script", &args)));
        }
        let goal = [limit("sh", 1.0 / 3.0, "at most 3 times `sh -c true`")];
        Ok(vec![filter, compare("`rec --headless -c true`", in_turns(runs, contestants), &goal)])
    }

    /// The peak memory.
    fn memory(&self) -> io::Result<Vec<Row>> {
        let (result, mut rows) = (self.path("usage"), Vec::new());
        let bench = std::env::current_exe()?;
        let peak = |name: &str, megabytes: u64| -> io::Result<u64> {
            let filter = measure::usage_line(&format!("'{}' -s 2", program(name)), &result)?;
            time_line(&format!("'{}' --errand-cast {megabytes} | {filter}", bench.display()))?;
            Ok(measure::read_usage(&result)?.memory)
        };
        let (short, long) = (peak("speed", 10)?, peak("speed", self.options.megabytes)?);
        rows.push(Row {
            what: format!("memory of a filter, {} MB through a pipe", self.options.megabytes),
            ours: format!("{:.1} MB", long as f64 / 1e3),
            others: format!("{:.1} MB for 10 MB", short as f64 / 1e3),
            goal: "4 MB, the same for any length".to_string(),
            verdict: Verdict::of(Some(long <= 4000 && long <= short + 256)),
            numbers: json!({"kilobytes": long, "kilobytes_of_10_megabytes": short}),
        });
        let text = self.path("text");
        data::write_text(&text)?;
        let recording = self.path("here.cast");
        let rec = format!(
            "'{}' -q --overwrite -c 'cat {}' {}",
            program("rec"),
            text.display(),
            recording.display()
        );
        time_in_terminal(&measure::usage_line(&rec, &result)?)?;
        let memory = measure::read_usage(&result)?.memory;
        rows.push(Row {
            what: "memory of `rec` under 77 MB of output".to_string(),
            ours: format!("{:.1} MB", memory as f64 / 1e3),
            others: String::new(),
            goal: "8 MB".to_string(),
            verdict: Verdict::of(Some(memory <= 8000)),
            numbers: json!({"kilobytes": memory}),
        });
        Ok(rows)
    }

    /// The sizes of the programs.
    fn size(&self) -> io::Result<Vec<Row>> {
        let names = MANIFEST.split("[[bin]]\nname = \"").skip(1).filter_map(|bin| bin.split('"').next());
        let mut sizes = Vec::new();
        for name in names {
            let name = name.trim_start_matches("asciinema").trim_start_matches('-');
            sizes.push((name, fs::metadata(program(name))?.len()));
        }
        let all: u64 = sizes.iter().filter(|(name, _)| FIRST.contains(name)).map(|(_, size)| size).sum();
        let numbers = json!(sizes.iter().map(|&(name, size)| (name.to_string(), size)).collect::<Vec<_>>());
        let of = |names: &[&str]| -> Vec<&(&str, u64)> {
            sizes.iter().filter(|(name, _)| names.contains(name)).collect()
        };
        let mut rows = Vec::new();
        for (what, sizes, limit, goal) in [
            ("size of each filter", of(&FILTERS), 500_000, "under 0.5 MB"),
            ("size of `svg` and `html`", of(&["svg", "html"]), 800_000, "under 0.8 MB each"),
            ("size of `gif` and `png`", of(&["gif", "png"]), 1_400_000, "under 1.4 MB each"),
            ("size of `rec` and `play`", of(&["rec", "play"]), 900_000, "under 0.9 MB each"),
            (
                "size of what uses the network",
                of(&["fetch", "upload", "relay"]),
                2_300_000,
                "under 2.3 MB each",
            ),
        ] {
            let largest = sizes.iter().map(|(_, size)| *size).max().unwrap_or_default();
            let words: Vec<String> =
                sizes.iter().map(|(name, size)| format!("{name} {}", megabytes(*size))).collect();
            rows.push(Row {
                what: what.to_string(),
                ours: words.join(", "),
                others: String::new(),
                goal: goal.to_string(),
                verdict: Verdict::of(Some(largest < limit)),
                numbers: json!({"largest": largest}),
            });
        }
        let other = self.asciinema_3.as_ref().and_then(|path| fs::metadata(path).ok());
        rows.push(Row {
            what: format!("size of the first {} programs", FIRST.len()),
            ours: format!("{} MB", megabytes(all)),
            others: other
                .map_or(String::new(), |other| format!("asciinema 3: {} MB", megabytes(other.len()))),
            goal: "under 12.5 MB".to_string(),
            verdict: Verdict::of(Some(all < 12_500_000)),
            numbers,
        });
        Ok(rows)
    }

    /// The cost of drawing a busy minute and an hour.
    fn pictures(&self) -> io::Result<Vec<Row>> {
        let (minute, brief, hour) =
            (self.path("minute.cast"), self.path("brief.cast"), self.path("screens.cast"));
        let result = self.path("usage");
        data::write_screens(&minute, 60, 17.0)?;
        // svg-term takes minutes for that.
        data::write_screens(&brief, 60, 3.0)?;
        data::write_screens(&hour, 3600, 2.14)?;
        let mut rows = Vec::new();
        let agg = "--font-size 16 --fps-cap 25 --last-frame-duration 3";
        for (format, what, cast, other, words, share, line) in [
            (
                "gif",
                "a minute, 1020 frames",
                &minute,
                "agg",
                "10 times as fast as agg",
                1.0,
                format!("agg {agg} IN OUT 2>/dev/null"),
            ),
            (
                "svg",
                "a minute, 180 frames",
                &brief,
                "svg-term",
                "10 times as fast as svg-term",
                0.5,
                "svg-term --in IN --out OUT".to_string(),
            ),
        ] {
            let (here, there) = (self.path(&format!("here.{format}")), self.path(&format!("there.{format}")));
            let ours = format!("'{}' -o '{}' '{}'", program(format), here.display(), cast.display());
            let quoted = |path: &Path| format!("'{}'", path.display());
            let other_line = line.replace("OUT", &quoted(&there)).replace("IN", &quoted(cast));
            let others = is_installed(other).then_some((other, other_line));
            rows.push(self.lines(
                &format!("`{format}` of {what}"),
                ours,
                others,
                &[limit(other, 10.0, words)],
            ));
            let (size, theirs) =
                (fs::metadata(&here)?.len(), fs::metadata(&there).ok().map(|file| file.len()));
            rows.push(Row {
                what: "the size of it".to_string(),
                ours: format!("{} MB", megabytes(size)),
                others: theirs.map_or(String::new(), |size| format!("{other} {} MB", megabytes(size))),
                goal: format!("at most {share} times {other}'s"),
                verdict: Verdict::of(theirs.map(|theirs| size as f64 <= share * theirs as f64)),
                numbers: json!({"bytes": size, "theirs": theirs}),
            });
        }
        for format in ["gif", "svg", "html"] {
            let line =
                format!("'{}' -o '{}' '{}'", program(format), self.path("hour").display(), hour.display());
            time_line(&measure::usage_line(&line, &result)?)?;
            let used = measure::read_usage(&result)?;
            rows.push(Row {
                what: format!("`{format}` of an hour, 7704 frames: CPU time, memory"),
                ours: format!("{}, {:.1} MB", seconds_of(used.cpu), used.memory as f64 / 1e3),
                others: String::new(),
                goal: "under 20 s and 64 MB".to_string(),
                verdict: Verdict::of(Some(used.cpu < 20.0 && used.memory < 64_000)),
                numbers: json!({"cpu": used.cpu, "kilobytes": used.memory}),
            });
        }
        Ok(rows)
    }

    /// The cost of playback, and its timing. Only the start of the hour is played, since it takes
    /// real time; the rest is extrapolated, as every second is alike.
    fn play(&self) -> io::Result<Vec<Row>> {
        let (cast, empty, result) = (self.path("hour.cast"), self.path("moment.cast"), self.path("usage"));
        let seconds = self.options.play_seconds;
        data::write_quiet_cast(&cast, seconds)?;
        data::write_quiet_cast(&empty, 0)?;
        let line = |cast: &Path| -> io::Result<String> {
            measure::usage_line(&format!("'{}' {}", program("play"), cast.display()), &result)
        };
        let mut starts = Vec::new();
        for _ in 0..self.options.runs {
            time_in_terminal(&line(&empty)?)?;
            starts.push(measure::read_usage(&result)?.cpu);
        }
        let start = Series { name: "start".to_string(), times: starts }.median();
        let mut screen = Screen::start(&line(&cast)?)?;
        let mut arrivals = Vec::new();
        for second in 1..=seconds {
            screen.read_until(&format!("second {second} has gone by"))?;
            arrivals.push(Instant::now());
        }
        while screen.read(Duration::from_secs(10))? > 0 {}
        screen.child.wait()?;
        let cpu = measure::read_usage(&result)?.cpu;
        let hour = start + (cpu - start).max(0.0) * 3600.0 / seconds as f64;
        let bench = std::env::current_exe()?;
        let tick = format!("'{}' --errand-tick {seconds}", bench.display());
        time_in_terminal(&measure::usage_line(&tick, &result)?)?;
        let least = (measure::read_usage(&result)?.cpu - start).max(0.0) * 3600.0 / seconds as f64;
        // The start is not observed, so lateness is measured against the most punctual event.
        let offsets = arrivals
            .iter()
            .zip(0_u64..)
            .map(|(arrival, second)| arrival.duration_since(arrivals[0]).as_secs_f64() - second as f64);
        let offsets: Vec<f64> = offsets.collect();
        let best = offsets.iter().copied().fold(f64::INFINITY, f64::min);
        let lateness: Vec<f64> = offsets.iter().map(|offset| offset - best).collect();
        let half = |times: &[f64]| Series { name: String::new(), times: times.to_vec() }.median();
        let (first, second) = (half(&lateness[..lateness.len() / 2]), half(&lateness[lateness.len() / 2..]));
        let all = Series { name: String::new(), times: lateness };
        let (median, worst) = (all.median(), all.quantile(1.0));
        Ok(vec![
            Row {
                what: format!("CPU time of `play` for an hour with little output, from {seconds} s of it"),
                ours: seconds_of(hour),
                others: format!("sleeping and writing alone {}", seconds_of(least)),
                goal: "under 0.2 s".to_string(),
                verdict: Verdict::of(Some(hour < 0.2)),
                numbers: json!({"hour": hour, "measured": cpu, "start": start, "least": least}),
            },
            Row {
                what: "lateness of its events, median".to_string(),
                ours: seconds_of(median),
                others: format!(
                    "worst {}, first half {}, second half {}",
                    seconds_of(worst),
                    seconds_of(first),
                    seconds_of(second)
                ),
                goal: "under 0.3 ms, not growing".to_string(),
                verdict: Verdict::of(Some(median < 0.0003 && second < first + 0.0001)),
                numbers: json!({"median": median, "worst": worst, "first_half": first, "second_half": second}),
            },
        ])
    }

    /// Jumps in an hour of dense output, and the cost of a pause.
    fn jumps(&self) -> io::Result<Vec<Row>> {
        /// The end of a frame.
        const DRAWN: &str = "\x1b[?2026l";
        /// Long enough to read everything ahead.
        const READ: Duration = Duration::from_secs(10);
        // Each goes to another screen than the one before: where nothing changes, nothing is drawn.
        const KEYS: [&str; 8] = ["\x1b[C", "0", "\x1b[F", "\x1b[D", "7", "\x1b[1;2D", "\x1b[H", "5"];
        let (cast, result) = (self.path("dense.cast"), self.path("usage"));
        data::write_dense_cast(&cast)?;
        let size = fs::metadata(&cast)?.len();
        let line = measure::usage_line(&format!("'{}' {}", program("play"), cast.display()), &result)?;
        let mut screen = Screen::start(&line)?;
        screen.read(READ)?;
        // Half of a length that must be known first.
        let start = Instant::now();
        screen.press(" 5", "30:00.000 / 1:00:00")?;
        let read = start.elapsed().as_secs_f64();
        sleep(READ);
        let mut times = Vec::new();
        for key in KEYS.iter().cycle().take(KEYS.len() * 4 * self.options.runs) {
            // Not in the same frame as the previous one.
            sleep(Duration::from_millis(40));
            times.push(screen.press(key, DRAWN)?);
        }
        screen.press("q", "\x1b[0m")?;
        while screen.read(READ).is_ok_and(|count| count > 0) {}
        screen.child.wait()?;
        let usage = measure::read_usage(&result)?;
        let jumps = Series { name: "jumps".to_string(), times };
        let (median, worst) = (jumps.median(), jumps.quantile(1.0));
        let rate = size as f64 / 1e6 / read;

        let pause = |seconds: u64| -> io::Result<f64> {
            let mut screen = Screen::start(&line)?;
            screen.read(READ)?;
            screen.press(" 5", "30:00.000 / 1:00:00")?;
            sleep(READ + Duration::from_secs(seconds));
            screen.press("q", "\x1b[0m")?;
            while screen.read(READ).is_ok_and(|count| count > 0) {}
            screen.child.wait()?;
            Ok(measure::read_usage(&result)?.cpu)
        };
        let ahead = pause(0)?;
        let idle = pause(10)? - ahead;
        let rate_ahead = size as f64 / 1e6 / ahead;
        let megabytes_read = size / 1_000_000;
        Ok(vec![
            Row {
                what: format!("a jump of `play` in an hour of dense output, {megabytes_read} MB, median"),
                ours: seconds_of(median),
                others: format!("worst {}", seconds_of(worst)),
                goal: "under 50 ms, the worst as well".to_string(),
                verdict: Verdict::of(Some(worst < 0.05)),
                numbers: json!({"median": median, "worst": worst, "times": jumps.times.len()}),
            },
            Row {
                what: "finding the length and the markers of that, and going to its middle".to_string(),
                ours: seconds_of(read),
                others: format!("{rate:.0} MB/s"),
                goal: "at least 300 MB/s".to_string(),
                verdict: Verdict::of(Some(rate >= 300.0)),
                numbers: json!({"seconds": read, "megabytes_per_second": rate}),
            },
            Row {
                what: "CPU time of `play` for that, and for drawing all of it ahead".to_string(),
                ours: seconds_of(ahead),
                others: format!("{rate_ahead:.0} MB/s of one core"),
                goal: "at least 300 MB/s".to_string(),
                verdict: Verdict::of(Some(rate_ahead >= 300.0)),
                numbers: json!({"cpu": ahead, "megabytes_per_second": rate_ahead}),
            },
            Row {
                what: "memory of `play` then".to_string(),
                ours: format!("{:.1} MB", usage.memory as f64 / 1000.0),
                others: format!("CPU time with all jumps {}", seconds_of(usage.cpu)),
                goal: "under 64 MB".to_string(),
                verdict: Verdict::of(Some(usage.memory < 64_000)),
                numbers: json!({"kilobytes": usage.memory, "cpu": usage.cpu}),
            },
            Row {
                what: "CPU time of `play` in 10 s of a pause".to_string(),
                ours: seconds_of(idle.max(0.0)),
                others: String::new(),
                // Two runs never take exactly the same time.
                goal: "none: under a tenth of what reading ahead takes".to_string(),
                verdict: Verdict::of(Some(idle < usage.cpu / 10.0)),
                numbers: json!({"cpu": idle}),
            },
        ])
    }
}

/// The path of one of our programs; of the dispatcher for an empty name.
fn program(name: &str) -> String {
    let dispatcher = env!("CARGO_BIN_EXE_asciinema");
    if name.is_empty() { dispatcher.to_string() } else { format!("{dispatcher}-{name}") }
}

fn is_installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

fn contestant<'a>(name: &str, time: impl FnMut() -> io::Result<f64> + 'a) -> Contestant<'a> {
    (name.to_string(), Box::new(time))
}

/// A row from timed series; ours is called `here`.
fn compare(what: &str, series: Vec<Series>, limits: &[Limit]) -> Row {
    let ours = series.iter().find(|series| series.name == "here").map(Series::median);
    let factor = |name: &str| Some(series.iter().find(|series| series.name == name)?.median() / ours?);
    let others = series.iter().filter(|series| series.name != "here");
    let others = others.map(|series| match ours {
        Some(ours) => {
            let median = series.median();
            format!("{} {} (x{:.2})", series.name, seconds_of(median), median / ours)
        }
        None => format!("{} {}", series.name, seconds_of(series.median())),
    });
    let reached: Vec<Option<f64>> = limits.iter().map(|limit| factor(limit.other)).collect();
    let met = |(factor, limit): (&Option<f64>, &Limit)| factor.map(|factor| factor >= limit.factor);
    let met: Vec<Option<bool>> = reached.iter().zip(limits).map(met).collect();
    // One missed goal decides; the goals are met only if all of them are known.
    let verdict = if met.contains(&Some(false)) { Some(false) } else { met.into_iter().min().flatten() };
    let numbers = series.iter().map(|series| {
        let numbers = json!({
            "median": series.median(),
            "smallest": series.quantile(0.0),
            "largest": series.quantile(1.0),
            "times": series.times.len(),
            "factor": ours.map(|ours| series.median() / ours),
        });
        (series.name.clone(), numbers)
    });
    Row {
        what: what.to_string(),
        ours: ours.map_or("not there".to_string(), seconds_of),
        others: others.collect::<Vec<_>>().join(", "),
        goal: limits.iter().map(|limit| limit.words).collect::<Vec<_>>().join(", "),
        verdict: Verdict::of(verdict),
        numbers: numbers.collect(),
    }
}

fn megabytes(size: u64) -> String {
    format!("{:.2}", size as f64 / 1e6)
}
