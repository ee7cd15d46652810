//! Uploads a recording to the server, and prints its URL.
//!
//! `outcome` interprets the server's response: the message to print, and the kind of failure.

mod outcome;

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::process::ExitCode;

use common::cast::{Item, Reader};
use common::cli::{self, Arg, Args, Failure, Program, Reporter, catalog};
use common::config::{self, Config};
use common::filter;
use common::io::{Input, Stream};
use common::text::visible_lines;
use net::{NoAnswer, Progress, Recording, Server};

use outcome::{Outcome, Trouble};

const PROGRAM: Program = catalog::program("asciinema-upload");

/// The command line.
struct Options {
    file: OsString,
    server_url: Option<String>,
    quiet: bool,
    /// The metadata for the newer API.
    fields: Vec<(&'static str, String)>,
}

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| upload(&parse(args)?))
}

fn parse(args: &mut Args) -> cli::Result<Options> {
    let mut file = None;
    let mut server_url = None;
    let mut quiet = false;
    let mut fields = Vec::new();
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Option("-q" | "--quiet") => quiet = true,
            Arg::Option("--server-url") => server_url = Some(config::server_option(args)?),
            Arg::Option("-t" | "--title") => fields.push(("title", args.text()?)),
            Arg::Option("--description") => fields.push(("description", args.text()?)),
            Arg::Option("--visibility") => {
                let kinds = ["public", "unlisted", "private"].map(|kind| (kind, kind));
                fields.push(("visibility", args.choice(&kinds)?.to_string()));
            }
            Arg::Option("--audio-url") => fields.push(("audio_url", args.text()?)),
            Arg::Value(path) if file.is_none() => file = Some(path),
            other => return Err(args.unexpected(&other)),
        }
    }
    let file = file.ok_or_else(|| Failure::Usage("FILE is missing".to_string()))?;
    Ok(Options { file, server_url, quiet, fields })
}

fn upload(options: &Options) -> cli::Result<()> {
    let config = Config::load()?;
    let name = cli::source_name(&options.file);
    let (file, length) = check(&options.file, &name)?;
    let url = options.server_url.clone().map_or_else(|| config.server_url(), Ok)?;
    let install_id = config.install_id(|| uuid::Uuid::new_v4().to_string())?;
    // An unset name counts as an empty one.
    let user = env::var("USER").unwrap_or_default();

    let server = Server::new(&url, &user, &install_id);
    let boundary = uuid::Uuid::new_v4().simple().to_string();
    let mut recording = Recording { file, length, fields: options.fields.clone(), boundary };
    let mut progress = Progress::new(Some(length));
    let answer = server.upload(&mut recording, &mut |sent| {
        if !options.quiet {
            progress.show(sent);
        }
    });
    progress.finish();

    let answer = answer.map_err(|error| {
        let trouble = match error {
            NoAnswer::Lost(what) => Trouble { what, may_pass: true },
            NoAnswer::Impossible(what) => Trouble { what, may_pass: false },
        };
        failure(&trouble, &options.file)
    })?;
    if let Some(warning) = answer.warning.as_ref().filter(|_| !options.quiet) {
        Reporter::new(PROGRAM.reporter()).warning(&common::text::visible(warning));
    }
    match outcome::of(&answer) {
        Err(trouble) => Err(failure(&trouble, &options.file)),
        Ok(Outcome { message, url }) => {
            if !options.quiet {
                cli::write_line(&visible_lines(&message));
            }
            match url {
                Some(url) if !io::stdout().is_terminal() => cli::print(&format!("{}\n", visible_lines(&url))),
                _ => Ok(()),
            }
        }
    }
}

/// Opens the file, and reads it once to check that it is a recording. Data appended later to one in
/// progress is not included in the length, which is in bytes. Servers accept no compressed
/// casts and want to know the length first, so one is decompressed into an unnamed file.
fn check(path: &OsStr, name: &str) -> cli::Result<(File, u64)> {
    let failed = |error: io::Error| Failure::io(name, &error);
    let file = File::open(path).map_err(failed)?;
    let there = file.metadata().map_err(failed)?;
    if there.is_dir() {
        return Err(Failure::Failed(format!("{name}: Is a directory")));
    }
    if !there.is_file() {
        let what = "not a regular file";
        return Err(Failure::Failed(format!("{name}: {what}")));
    }
    let file = Input::from(Stream::from(file)).into_file().map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let mut reader = Reader::new(Stream::from(file.try_clone().map_err(failed)?).take(length));
    loop {
        match reader.next() {
            Ok(Some(Item::End)) => return Ok((file, length)),
            Ok(Some(_)) => {}
            Ok(None) => reader.fill().map_err(|error| filter::failure(name, error))?,
            Err(error) => return Err(filter::failure(name, error)),
        }
    }
}

/// The failure of an upload, with a hint on how to retry if that may help.
fn failure(trouble: &Trouble, file: &OsStr) -> Failure {
    let reporter = Reporter::new(PROGRAM.reporter());
    reporter.error(&format!("upload failed: {}", common::text::visible(&trouble.what)));
    if trouble.may_pass {
        reporter.error(&format!("retry later by running: asciinema upload {}", cli::source_name(file)));
    }
    Failure::Status(1)
}
