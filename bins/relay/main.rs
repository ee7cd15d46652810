//! Publishes a live cast on an asciinema server, and copies it to stdout.
//!
//! `publisher` is the loop between the cast and the server: it keeps the screen, so that a server
//! that was disconnected or is slow gets the current state instead of the events it missed.
//! `settings` is the metadata of the stream, `notices` shows messages without disturbing a session
//! in the terminal.

mod notices;
mod publisher;
mod settings;

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use common::cli::{self, Arg, Args, Failure, Program, Reporter, catalog};
use common::config::{self, Config};
use common::io::Stream;
use common::live::Intake;
use common::tty::{self, Signal, Signals};
use net::Server;
use serde_json::Value;

use notices::Notices;
use publisher::{Ending, Goal, Publisher};
use settings::{Environment, Settings};

const PROGRAM: Program = catalog::program("asciinema-relay");

/// The command line.
struct Options {
    stream: Option<String>,
    /// The settings for the API, which override those of the cast's header.
    settings: Settings,
    environment: Option<Environment>,
    server_url: Option<String>,
    follows: bool,
    file: Option<OsString>,
}

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| {
        tty::ignore_write_signals();
        relay(parse(args)?)
    })
}

fn parse(args: &mut Args) -> cli::Result<Options> {
    let mut options = Options {
        stream: None,
        settings: Settings::new(),
        environment: None,
        server_url: None,
        follows: false,
        file: None,
    };
    while let Some(arg) = args.next()? {
        let key = match arg {
            Arg::Option("-t" | "--title") => "title",
            Arg::Option("--description") => "description",
            Arg::Option("--audio-url") => "audio_url",
            Arg::Option("--visibility") => {
                let kinds = ["public", "unlisted", "private"].map(|kind| (kind, kind));
                options.settings.insert("visibility".to_string(), Value::from(args.choice(&kinds)?));
                continue;
            }
            Arg::Option("--stream") => {
                options.stream = Some(args.text()?);
                continue;
            }
            Arg::Option("--server-url") => {
                options.server_url = Some(config::server_option(args)?);
                continue;
            }
            Arg::Option("--env") => {
                let names = args.text()?;
                let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
                options.environment = Some(Environment(names.map(str::to_string).collect()));
                continue;
            }
            Arg::Option("--follow") => {
                options.follows = true;
                continue;
            }
            Arg::Value(path) if options.file.is_none() => {
                options.file = Some(path);
                continue;
            }
            other => return Err(args.unexpected(&other)),
        };
        let text = args.text()?;
        options.settings.insert(key.to_string(), Value::from(text));
    }
    Ok(options)
}

fn relay(options: Options) -> cli::Result<()> {
    let config = Config::load()?;
    let open = if options.follows { common::io::follow } else { common::io::open };
    let (input, source) = open(options.file.as_deref())?;
    let mut signals = Signals::catch(&[Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP])
        .map_err(|error| Failure::io("signals", &error))?;
    let goal = match options.stream {
        Some(url) if url.starts_with("ws://") || url.starts_with("wss://") => Goal::Socket(url),
        prefix => {
            let url = options.server_url.map_or_else(|| config.server_url(), Ok)?;
            let install_id = config.install_id(|| uuid::Uuid::new_v4().to_string())?;
            // An unset name counts as an empty one.
            let user = env::var("USER").unwrap_or_default();
            let server = Server::new(&url, &user, &install_id);
            Goal::Server { server, prefix, settings: options.settings, environment: options.environment }
        }
    };
    let copy = match io::stdout().is_terminal() {
        true => None,
        false => Some(Stream::stdout().map_err(|error| Failure::io("stdout", &error))?),
    };
    let reporter = Reporter::new(PROGRAM.name);
    let intake = Intake::start(Box::new(input), source.clone(), copy, reporter)
        .map_err(|error| Failure::io(&source, &error))?;
    let publisher = Publisher::new(intake, goal, Notices::new(&config)?);
    match publisher.run(&mut signals).map_err(|error| Failure::io("waiting", &error))? {
        Ending::Signal(signal) => Err(Failure::Status(128 + signal as u8)),
        Ending::Cast { outcome, is_copied, is_published } => {
            outcome?;
            if is_copied && is_published { Ok(()) } else { Err(Failure::Status(1)) }
        }
    }
}
