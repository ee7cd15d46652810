//! The command lines of `stream` and `session`, whose options are in the catalog.

use std::ffi::OsString;

use common::cli::{Arg, Args, Failure, Result};
use common::config::{self, Config};

/// The options from the command line, and those from the configuration that the recorder does not
/// read itself.
#[derive(Debug, Default)]
pub struct Options {
    /// The address to show the session at in browsers; inner `None`: the default.
    pub local: Option<Option<OsString>>,
    /// The stream to publish it to; inner `None`: a new one.
    pub remote: Option<Option<OsString>>,
    /// The file to record to.
    pub file: Option<OsString>,
    pub format: Option<String>,
    /// Options for the recorder, in its syntax.
    pub recorder: Vec<OsString>,
    /// Options for the relay, in its syntax.
    pub relay: Vec<OsString>,
    /// The environment variables that viewers may see.
    pub variables: String,
    pub log_file: Option<OsString>,
    pub appends: bool,
    pub overwrites: bool,
    pub is_quiet: bool,
}

/// The option whose value the next argument may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaits {
    Nothing,
    Local,
    Remote,
}

impl Options {
    /// Reads the command line, with the configuration as defaults.
    pub fn read(args: &mut Args, config: &Config) -> Result<Options> {
        let mut options = Options::default();
        let (mut command, mut variables, mut limit) = (None, None, None);
        let mut captures_input = false;
        let mut awaits = Awaits::Nothing;
        while let Some(arg) = args.next()? {
            let awaited = std::mem::replace(&mut awaits, Awaits::Nothing);
            match arg {
                Arg::Option("-l" | "--local" | "--stream-local") => {
                    options.local = Some(args.attached_value());
                    awaits = Awaits::Local;
                }
                Arg::Option("-r" | "--remote" | "--stream-remote") => {
                    options.remote = Some(args.attached_value());
                    awaits = Awaits::Remote;
                }
                Arg::Value(value) if awaited == Awaits::Local && options.local == Some(None) => {
                    options.local = Some(Some(value));
                }
                Arg::Value(value) if awaited == Awaits::Remote && options.remote == Some(None) => {
                    options.remote = Some(Some(value));
                }
                Arg::Option("-o" | "--output-file") => options.file = Some(args.value()?),
                Arg::Option("-f" | "--output-format") => {
                    let formats = ["asciicast-v3", "asciicast-v2", "raw", "txt"].map(|name| (name, name));
                    options.format = Some(args.choice(&formats)?.to_string());
                }
                Arg::Option("-a" | "--append") => options.appends = true,
                Arg::Option("--overwrite") => options.overwrites = true,
                Arg::Option("-i" | "--idle-time-limit") => limit = Some(args.value()?),
                Arg::Option("-c" | "--command") => command = Some(args.value()?),
                Arg::Option("-I" | "--capture-input") => captures_input = true,
                Arg::Option("--capture-env") => variables = Some(args.text()?),
                Arg::Option("-t" | "--title") => {
                    let title = args.value()?;
                    options.recorder.extend(["--title".into(), title.clone()]);
                    options.relay.extend(["--title".into(), title]);
                }
                Arg::Option(name @ ("--description" | "--visibility" | "--audio-url" | "--server-url")) => {
                    options.relay.push(name.into());
                    options.relay.push(match name {
                        "--visibility" => {
                            let kinds = ["public", "unlisted", "private"].map(|kind| (kind, kind));
                            args.choice(&kinds)?.into()
                        }
                        "--server-url" => config::server_option(args)?.into(),
                        _ => args.value()?,
                    });
                }
                Arg::Option("--window-size") => {
                    options.recorder.extend(["--window-size".into(), args.value()?])
                }
                Arg::Option(name @ ("--headless" | "--return")) => options.recorder.push(name.into()),
                Arg::Option("--log-file") => options.log_file = Some(args.value()?),
                Arg::Option("-q" | "--quiet") => options.is_quiet = true,
                other => return Err(args.unexpected(&other)),
            }
        }
        if options.appends && options.overwrites {
            return Err(Failure::Usage(
                "options '--append' and '--overwrite' cannot be used together".to_string(),
            ));
        }
        // The recorder reads its part of the configuration itself.
        options.recorder.extend(captures_input.then(|| OsString::from("--stdin")));
        for (name, value) in [
            ("--command", command),
            ("--idle-time-limit", limit),
            ("--env", variables.clone().map(OsString::from)),
        ] {
            options.recorder.extend(value.into_iter().flat_map(|value| [name.into(), value]));
        }
        let configured = config.text("record", "env")?.map(str::to_string);
        options.variables = variables.or(configured).unwrap_or_else(|| "SHELL".to_string());
        Ok(options)
    }
}
