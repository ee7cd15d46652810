//! Fetches a URL and writes its cast to stdout as it arrives.
//!
//! In an HTML page, it looks for a link to a cast. It handles compression, redirects and the ipfs
//! gateway; the output is the file itself.

use std::env;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;

use common::cli::{self, Arg, Failure, Program, catalog};
use common::io::Stream;
use common::tty;

const PROGRAM: Program = catalog::program("asciinema-fetch");

/// The maximum number of pages that link to another page.
const PAGES: usize = 3;

/// The maximum size of a page, in bytes.
const PAGE: u64 = 10 << 20;

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| {
        let mut url = None;
        while let Some(arg) = args.next()? {
            match arg {
                Arg::Value(value) if url.is_none() => url = Some(value),
                other => return Err(args.unexpected(&other)),
            }
        }
        let url = url.ok_or_else(|| Failure::Usage("URL is missing".to_string()))?;
        tty::restore_sigpipe();
        fetch(&url.to_string_lossy())
    })
}

fn fetch(named: &str) -> cli::Result<()> {
    let name = cli::source_name(named.as_ref());
    let failed = |what: &str| Failure::Failed(format!("{name}: {what}"));
    let mut url = http_url(named).ok_or_else(|| failed("not an http, https, ipfs or dweb URL"))?;
    for _ in 0..PAGES {
        let (final_url, response) = net::get(&url).map_err(|what| failed(&what))?;
        let status = response.status();
        if !status.is_success() {
            let reason = status.canonical_reason().unwrap_or("unknown status");
            return Err(failed(&format!("HTTP status {}: {reason}", status.as_u16())));
        }
        let is_page = response.body().mime_type().is_some_and(|kind| kind.eq_ignore_ascii_case("text/html"));
        let length = response.body().content_length();
        let mut body = response.into_body().into_reader();
        if !is_page {
            return copy(&mut body, length, &failed);
        }
        let mut page = Vec::new();
        body.take(PAGE).read_to_end(&mut page).map_err(|error| failed(&net::read_error_text(&error)))?;
        let link = net::cast_link(&String::from_utf8_lossy(&page)).ok_or_else(|| {
            failed("<link rel=\"alternate\" type=\"application/x-asciicast\" href=\"...\"> not found in fetched HTML document")
        })?;
        url = net::resolve(&final_url, &link);
    }
    Err(failed("too many pages that link to pages"))
}

/// Writes each piece as it arrives.
fn copy(body: &mut dyn Read, length: Option<u64>, failed: &dyn Fn(&str) -> Failure) -> cli::Result<()> {
    let mut stdout = Stream::stdout().map_err(|error| Failure::io("stdout", &error))?;
    // With a pipe, the bar would be drawn over the output of the program that reads the cast.
    let mut progress = is_file(&stdout).then(|| net::Progress::new(length));
    let mut buffer = vec![0; 64 << 10];
    let mut total = 0;
    let outcome = loop {
        match body.read(&mut buffer) {
            Ok(0) => break Ok(()),
            Ok(count) => {
                stdout.write_all(&buffer[..count]).map_err(|error| Failure::io("stdout", &error))?;
                total += count as u64;
                if let Some(progress) = &mut progress {
                    progress.show(total);
                }
            }
            Err(error) => break Err(failed(&net::read_error_text(&error))),
        }
    };
    if let Some(progress) = progress {
        progress.finish();
    }
    outcome
}

fn is_file(stream: &Stream) -> bool {
    let file = stream.as_fd().try_clone_to_owned().map(File::from);
    file.and_then(|file| file.metadata()).is_ok_and(|there| there.is_file())
}

/// The URL to request over HTTP; `None` for an unsupported scheme.
fn http_url(url: &str) -> Option<String> {
    let path = url.strip_prefix("ipfs://").or_else(|| url.strip_prefix("dweb:/ipfs/"));
    if let Some(path) = path {
        let gateway = env::var("ASCIINEMA_IPFS_GATEWAY").ok().filter(|gateway| !gateway.is_empty());
        let gateway = gateway.unwrap_or_else(|| "https://ipfs.io/ipfs/".to_string());
        return Some(format!("{}/{path}", gateway.trim_end_matches('/')));
    }
    let is_http = ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme));
    is_http.then(|| url.to_string())
}
