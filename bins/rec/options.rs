//! The command line of the recorder.

use std::ffi::OsString;

use common::cast::{Time, Version};
use common::cli::{Arg, Args, Failure, Program, Result, catalog};
use common::config::{self, Config};

pub const PROGRAM: Program = catalog::program("asciinema-rec");

/// The option names of 2.4, preferred when an abbreviation is ambiguous.
const CLASSIC: &[&str] = &[
    "--help",
    "--stdin",
    "--append",
    "--raw",
    "--overwrite",
    "--command",
    "--env",
    "--title",
    "--idle-time-limit",
    "--cols",
    "--rows",
    "--yes",
    "--quiet",
];

/// The format of the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An asciicast of this version.
    Cast(Version),
    /// The output bytes only.
    Raw,
    /// The lines shown by the terminal, as plain text.
    Text,
}

const FORMATS: &[(&str, Format)] = &[
    ("asciicast-v2", Format::Cast(Version::V2)),
    ("asciicast-v3", Format::Cast(Version::V3)),
    ("raw", Format::Raw),
    ("txt", Format::Text),
];

/// The settings from the command line and the configuration.
#[derive(Debug)]
pub struct Options {
    pub file: Option<OsString>,
    pub stdin: bool,
    pub append: bool,
    pub overwrite: bool,
    pub format: Format,
    pub command: Option<OsString>,
    pub env: Vec<String>,
    pub title: Option<String>,
    pub idle_time_limit: Option<Time>,
    pub cols: Option<u16>,
    pub rows: Option<u16>,
    pub headless: bool,
    pub no_theme: bool,
    pub log_file: Option<OsString>,
    pub returns_status: bool,
    pub yes: bool,
    pub quiet: bool,
    pub server_url: Option<String>,
}

impl Options {
    /// Reads the command line, with the configuration as defaults.
    pub fn read(args: &mut Args, config: &Config) -> Result<Options> {
        args.prefer(CLASSIC);
        let mut format = None;
        let mut variables = None;
        let mut options = Options {
            file: None,
            stdin: config.flag("record", "stdin")?,
            append: false,
            overwrite: false,
            format: Format::Cast(Version::V2),
            command: config.text("record", "command")?.map(OsString::from),
            env: Vec::new(),
            title: None,
            idle_time_limit: config.idle_time_limit("record")?,
            cols: None,
            rows: None,
            headless: false,
            no_theme: false,
            log_file: None,
            returns_status: false,
            yes: config.flag("record", "yes")?,
            quiet: config.flag("record", "quiet")?,
            server_url: None,
        };
        while let Some(arg) = args.next()? {
            match arg {
                Arg::Option("-c" | "--command") => options.command = Some(args.value()?),
                Arg::Option("-a" | "--append") => options.append = true,
                Arg::Option("--overwrite") => options.overwrite = true,
                Arg::Option("-t" | "--title") => options.title = Some(args.text()?),
                Arg::Option("-i" | "--idle-time-limit") => options.idle_time_limit = Some(args.seconds()?),
                Arg::Option("-e" | "--env" | "--capture-env") => variables = Some(args.text()?),
                Arg::Option("-I" | "--stdin" | "--capture-input") => options.stdin = true,
                Arg::Option("-f" | "--output-format") => format = Some(args.choice(FORMATS)?),
                Arg::Option("--raw") => format = Some(Format::Raw),
                Arg::Option("--cols") => options.cols = Some(args.cells()?),
                Arg::Option("--rows") => options.rows = Some(args.cells()?),
                Arg::Option("--window-size") => (options.cols, options.rows) = window_size(args)?,
                Arg::Option("--headless") => options.headless = true,
                Arg::Option("--log-file") => options.log_file = Some(args.value()?),
                Arg::Option("--no-theme") => options.no_theme = true,
                Arg::Option("--return") => options.returns_status = true,
                Arg::Option("--server-url") => options.server_url = Some(config::server_option(args)?),
                Arg::Option("-y" | "--yes") => options.yes = true,
                Arg::Option("-q" | "--quiet") => options.quiet = true,
                Arg::Value(file) if options.file.is_none() => options.file = Some(file),
                other => return Err(args.unexpected(&other)),
            }
        }
        if options.append && options.overwrite {
            return Err(Failure::Usage(
                "options '--append' and '--overwrite' cannot be used together".to_string(),
            ));
        }
        let configured = config.choice("record", "format", FORMATS)?;
        let named = options.file.as_deref().is_some_and(|file| file.as_encoded_bytes().ends_with(b".txt"));
        let named = named.then_some(Format::Text);
        options.format = format.or(named).or(configured).unwrap_or(options.format);
        let configured = config.list("record", "env")?.map(str::to_string);
        let variables = variables.or(configured);
        options.env = variable_names(variables.as_deref().unwrap_or("SHELL,TERM"));
        Ok(options)
    }
}

/// The names in a comma-separated list.
fn variable_names(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_string).collect()
}

/// `COLSxROWS`; either number may be missing.
fn window_size(args: &mut Args) -> Result<(Option<u16>, Option<u16>)> {
    let value = args.value()?;
    let side = |text: &str| match text {
        "" => Some(None),
        number => number.parse().ok().filter(|&number| number > 0).map(Some),
    };
    let size = value.to_str().and_then(|text| {
        let (cols, rows) = text.split_once('x')?;
        Some((side(cols)?, side(rows)?)).filter(|size| *size != (None, None))
    });
    size.ok_or_else(|| args.bad_value(&value, "not a size like 80x24, 80x or x24"))
}
