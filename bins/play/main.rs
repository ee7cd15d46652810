//! Plays a cast in the terminal in real time.
//!
//! `source` reads the cast on a thread of its own, `player` decides when each event is due and what
//! the keys do, `sink` writes it as output or as a cast again.

mod clock;
mod cursor;
mod frame;
mod history;
mod keys;
mod player;
mod search;
mod sink;
mod state_line;
mod store;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use common::cast::Code;
use common::cli::{self, Arg, Args, Failure, Program, catalog};
use common::config::Config;
use common::edit::Position;
use common::filter;
use common::io::{Input, Source};
use common::tty::{self, Terminal};

use keys::Keys;
use player::{Ending, PlayOptions, Player, Recording};
use sink::{OutputFormat, PlaySink, SinkOptions};
use store::Store;

const PROGRAM: Program = catalog::program("asciinema-play");

/// The options, from the command line and the configuration.
struct Options {
    source: OsString,
    /// True if the source is a growing file.
    follows: bool,
    playing: PlayOptions,
    sink: SinkOptions,
}

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| {
        let config = Config::load()?;
        play(parse(args, &config)?, &config)
    })
}

/// Reads the command line, with the configuration as defaults.
fn parse(args: &mut Args, config: &Config) -> cli::Result<Options> {
    args.prefer(&["--idle-time-limit", "--speed", "--loop", "--pause-on-markers", "--stream", "--out-fmt"]);
    let (mut source, mut follows) = (None, false);
    let speed = config.factor("play", "speed")?.unwrap_or(1.0);
    let mut playing = PlayOptions {
        idle_time_limit: config.idle_time_limit("play")?,
        speed,
        loops: false,
        pauses_on_markers: false,
        is_unfitted: false,
        start: None,
        end: None,
    };
    let mut sink =
        SinkOptions { format: OutputFormat::Raw, stream: None, speed, resizes: false, is_unsafe: false };
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Option("-i" | "--idle-time-limit") => playing.idle_time_limit = Some(args.seconds()?),
            Arg::Option("-s" | "--speed") => playing.speed = args.factor()?,
            Arg::Option("-l" | "--loop") => playing.loops = true,
            Arg::Option("-m" | "--pause-on-markers") => playing.pauses_on_markers = true,
            Arg::Option("--start-at") => playing.start = Some(position(args)?),
            Arg::Option("--end-at") => playing.end = Some(position(args)?),
            Arg::Option("--follow") => follows = true,
            Arg::Option("--no-fit") => playing.is_unfitted = true,
            Arg::Option("--unsafe") => sink.is_unsafe = true,
            Arg::Option("--stream") => {
                sink.stream = Some(args.choice(&[("o", Code::Output), ("i", Code::Input)])?);
            }
            Arg::Option("--out-fmt") => {
                sink.format =
                    args.choice(&[("raw", OutputFormat::Raw), ("asciicast", OutputFormat::Asciicast)])?;
            }
            Arg::Option("-r" | "--resize") => sink.resizes = true,
            // There is nothing to suppress.
            Arg::Option("-q" | "--quiet") => {}
            Arg::Value(path) if source.is_none() => source = Some(path),
            other => return Err(args.unexpected(&other)),
        }
    }
    sink.speed = playing.speed;
    // A terminal resized to the recording shows its bytes.
    playing.is_unfitted |= sink.resizes;
    if let (Some(start), Some(end)) = (&playing.start, &playing.end)
        && let (Some(from), Some(to)) = (start.time(), end.time())
        && from >= to
    {
        return Err(Failure::Usage("the end comes before the start".to_string()));
    }
    let source = source.ok_or_else(|| Failure::Usage("FILE is missing".to_string()))?;
    if source == "-" && io::stdin().is_terminal() {
        // The cast would be read from the keys, ctrl-c included.
        return Err(Failure::Usage("stdin is a terminal; name a cast or pipe one in".to_string()));
    }
    Ok(Options { source, follows, playing, sink })
}

/// The value of the option just returned: a point in the cast.
fn position(args: &mut Args) -> cli::Result<Position> {
    let value = args.value()?;
    value.to_str().and_then(Position::parse).ok_or_else(|| {
        let shown = common::text::visible(&value.to_string_lossy());
        Failure::Usage(format!("invalid time '{shown}': use seconds, MM:SS, HH:MM:SS or marker:LABEL"))
    })
}

fn play(options: Options, config: &Config) -> cli::Result<()> {
    tty::ignore_write_signals();
    if options.follows {
        let (stream, name) = common::io::follow(Some(&options.source))?;
        return play_stream(stream, &name, options, config);
    }
    let (stream, source) = Source::open(&options.source)?;
    let outcome = play_stream(stream, &source.name, options, config);
    source.finish(outcome)
}

fn play_stream(stream: Input, name: &str, options: Options, config: &Config) -> cli::Result<()> {
    let keys = Keys::configured(config)?;
    let sink = PlaySink::new(options.sink).map_err(|error| Failure::io("stdout", &error))?;
    let terminal = Terminal::open().ok().filter(Terminal::is_foreground);
    // Without jumps, nothing needs to be kept, unless reading waits and would keep keys waiting.
    let is_kept = options.playing.loops || options.follows || (terminal.is_some() && sink.is_screen());
    let recording = match is_kept {
        true => Recording::Kept(Store::new(stream).map_err(|error| Failure::io(name, &error))?),
        false => Recording::Once(Some(stream)),
    };
    let mut player = Player::new(sink, keys, options.playing, terminal, recording)
        .map_err(|error| Failure::io("the terminal", &error))?;
    let ending = player.play();
    player.leave();
    match ending {
        Ending::Done | Ending::Quit => Ok(()),
        Ending::Interrupted => Err(Failure::Status(1)),
        Ending::Killed(signal) => tty::die_of(signal),
        Ending::BadSource(error) => Err(filter::failure(name, error)),
        Ending::BadSink(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::Status(1)),
        Ending::BadSink(error) => Err(Failure::io("stdout", &error)),
        Ending::NoMoment(what) => Err(Failure::Failed(format!("{name}: {what}"))),
    }
}
