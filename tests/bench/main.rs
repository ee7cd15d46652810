//! Benchmarks of the programs' speed, size and timing, next to other programs with the same
//! purpose.
//!
//! `cargo bench --bench bench` runs everything and prints one table in Markdown; `cargo bench
//! --bench bench -- --help` lists the options. Contestants take turns within one run, so that a
//! busy machine disturbs all of them alike; a row consists of medians and their ratio. `measure`
//! runs and times programs, `data` generates their input, `rows` defines the measurements and their
//! goals, `report` the table. Other programs are found in $PATH, or by $ASCIINEMA_3 and
//! $ASCIINEMA_2.

mod data;
mod live;
mod measure;
mod report;
mod rows;

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
usage: cargo bench --bench bench -- [OPTION...]

  --runs N           how often each thing is timed (default 5)
  --only TEXT        only the parts whose name contains TEXT:
                     filters, flood, latency, start, memory, size, play, pictures,
                     jumps, live
  --megabytes N      how much goes through a pipe for the memory row (default 1000)
  --play-seconds N   how long the hour of recording is played (default 60)
  --json FILE        where the numbers go (default target/bench.json)
  --update-readme    also put the table into README.md

environment: ASCIINEMA_3, ASCIINEMA_2: paths of asciinema 3.x and 2.x
";

/// The options.
pub struct Options {
    /// The command line, for the report.
    command: String,
    runs: usize,
    only: String,
    megabytes: u64,
    play_seconds: u64,
    json: PathBuf,
    updates_readme: bool,
}

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let outcome = match measure::errand(&args) {
        Some(outcome) => outcome,
        None => bench(args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(args: Vec<OsString>) -> io::Result<()> {
    let Some(options) = read_options(args)? else {
        print!("{HELP}");
        return Ok(());
    };
    let bench = rows::Bench::new(&options)?;
    let report = bench.run()?;
    print!("{}", report.markdown());
    std::fs::write(&options.json, report.json())?;
    eprintln!("bench: numbers in {}", options.json.display());
    if options.updates_readme {
        report.update(&report::root().join("README.md"))?;
    }
    Ok(())
}

/// `None` if help was requested.
fn read_options(args: Vec<OsString>) -> io::Result<Option<Options>> {
    let mut options = Options {
        command: "cargo bench --bench bench --".to_string(),
        runs: 5,
        only: String::new(),
        megabytes: 1000,
        play_seconds: 60,
        json: report::root().join("target/bench.json"),
        updates_readme: false,
    };
    let args: Vec<String> = args.into_iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    // `cargo bench` passes --bench to every benchmark.
    for arg in args.iter().filter(|arg| *arg != "--bench") {
        options.command += &format!(" {arg}");
    }
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let wrong = || io::Error::other(format!("'{arg}': try --help"));
        let mut value = || args.next().ok_or_else(wrong);
        match arg.as_str() {
            "-h" | "--help" => return Ok(None),
            "--bench" => {}
            "--runs" => options.runs = value()?.parse().ok().filter(|&runs| runs > 0).ok_or_else(wrong)?,
            "--only" => options.only = value()?,
            "--megabytes" => options.megabytes = value()?.parse().map_err(|_| wrong())?,
            "--play-seconds" => options.play_seconds = value()?.parse().map_err(|_| wrong())?,
            "--json" => options.json = value()?.into(),
            "--update-readme" => options.updates_readme = true,
            _ => return Err(wrong()),
        }
    }
    Ok(Some(options))
}
