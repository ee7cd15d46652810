//! Plays a cast in the terminal, in the time that it took.
//!
//! `source` reads the cast on a thread of its own, `player` decides when each event is due and what
//! the keys do, `sink` writes it as output or as a cast again.

mod player;
mod sink;
mod source;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use common::cast::{Code, Time};
use common::cli::{self, Arg, Args, Failure, Program, catalog};
use common::config::Config;
use common::filter;
use common::io::{Source, Stream};
use common::tty;

use player::{Ending, Keys, Player};
use sink::{OutputFormat, PlaySink};
use source::Replay;

const PROGRAM: Program = catalog::program("asciinema-play");

/// What to do: the command line, and behind it the configuration.
struct Options {
    source: OsString,
    idle_time_limit: Option<Time>,
    speed: f64,
    loops: bool,
    pauses_on_markers: bool,
    stream: Option<Code>,
    format: OutputFormat,
    resizes: bool,
}

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| {
        let config = Config::load()?;
        play(&parse(args, &config)?, &config)
    })
}

/// Reads the command line, and from the configuration what that does not say.
fn parse(args: &mut Args, config: &Config) -> cli::Result<Options> {
    args.prefer(&["--idle-time-limit", "--speed", "--loop", "--pause-on-markers", "--stream", "--out-fmt"]);
    let mut source = None;
    let mut options = Options {
        source: OsString::new(),
        idle_time_limit: config.idle_time_limit("play")?,
        speed: config.factor("play", "speed")?.unwrap_or(1.0),
        loops: false,
        pauses_on_markers: false,
        stream: None,
        format: OutputFormat::Raw,
        resizes: false,
    };
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Option("-i" | "--idle-time-limit") => options.idle_time_limit = Some(args.seconds()?),
            Arg::Option("-s" | "--speed") => options.speed = args.factor()?,
            Arg::Option("-l" | "--loop") => options.loops = true,
            Arg::Option("-m" | "--pause-on-markers") => options.pauses_on_markers = true,
            Arg::Option("--stream") => {
                options.stream = Some(args.choice(&[("o", Code::Output), ("i", Code::Input)])?);
            }
            Arg::Option("--out-fmt") => {
                options.format =
                    args.choice(&[("raw", OutputFormat::Raw), ("asciicast", OutputFormat::Asciicast)])?;
            }
            Arg::Option("-r" | "--resize") => options.resizes = true,
            // There is nothing that it could silence.
            Arg::Option("-q" | "--quiet") => {}
            Arg::Value(path) if source.is_none() => source = Some(path),
            other => return Err(args.unexpected(&other)),
        }
    }
    options.source = source.ok_or_else(|| Failure::Usage("FILE is missing".to_string()))?;
    if options.source == "-" && io::stdin().is_terminal() {
        // It would read the keys, ctrl-c among them, before the player does.
        return Err(Failure::Usage("stdin is a terminal; name a cast, or pipe one in".to_string()));
    }
    Ok(options)
}

fn play(options: &Options, config: &Config) -> cli::Result<()> {
    tty::ignore_write_signals();
    let (stream, source) = Source::open(&options.source)?;
    let outcome = play_stream(stream, &source.name, options, config);
    source.finish(outcome)
}

fn play_stream(stream: Stream, name: &str, options: &Options, config: &Config) -> cli::Result<()> {
    let read_failed = |error| filter::failure(name, error);
    let mut replay = Replay::new(stream, options.loops).map_err(|error| Failure::io(name, &error))?;
    let sink = PlaySink::new(options.format, options.stream, options.speed, options.resizes)
        .map_err(|error| Failure::io("stdout", &error))?;
    let mut player = Player::new(sink, Keys::configured(config)?, options.idle_time_limit, options.speed)
        .map_err(|error| Failure::io("the terminal", &error))?;
    player.pauses_on_markers = options.pauses_on_markers;
    loop {
        let source = replay.start().map_err(|error| Failure::io(name, &error))?;
        let ending = player.play(source);
        match ending {
            Ending::Done if options.loops && player.has_played() => {}
            ending => {
                player.leave();
                return match ending {
                    Ending::Done => Ok(()),
                    Ending::Interrupted => Err(Failure::Status(1)),
                    Ending::Killed(signal) => tty::die_of(signal),
                    Ending::BadSource(error) => Err(read_failed(error)),
                    Ending::BadSink(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                        Err(Failure::Status(1))
                    }
                    Ending::BadSink(error) => Err(Failure::io("stdout", &error)),
                };
            }
        }
    }
}
