//! Tells the user how to link this machine's recordings to an account on the server.

use std::io::{self, Write};
use std::process::ExitCode;

use common::cli::{self, Arg, Failure, Program, catalog};
use common::config::{self, Config};

const PROGRAM: Program = catalog::program("asciinema-auth");

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| {
        let mut url = None;
        while let Some(arg) = args.next()? {
            match arg {
                Arg::Option("--server-url") => url = Some(config::server_option(args)?),
                // The URL is the requested output; there is nothing else to suppress.
                Arg::Option("-q" | "--quiet") => {}
                other => return Err(args.unexpected(&other)),
            }
        }
        let config = Config::load()?;
        let url = url.map_or_else(|| config.server_url(), Ok)?;
        let host = config::server_host(&url);
        let id = config.install_id(|| uuid::Uuid::new_v4().to_string())?;
        let text = format!(
            "Open the following URL in a web browser to link your install ID with your {host} user account:\n\n\
             {url}/connect/{id}\n\n\
             This will associate all recordings uploaded from this machine (past and future ones) to your account, \
             and allow you to manage them (change title/theme, delete) at {host}.\n"
        );
        // On standard error, as in 2.4, and in one write.
        io::stderr().write_all(text.as_bytes()).map_err(|error| Failure::io("stderr", &error))
    })
}
