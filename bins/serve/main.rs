//! Shows a cast in web browsers: a session while it runs, or a recording.
//!
//! The parts, in the order in which a viewer meets them: `server` is the main loop, `connection`
//! one client, `request` parses HTTP requests, `access` checks permissions, `page` contains the
//! files of the web page. `broadcast` distributes the session, and `protocol` encodes it for each
//! protocol.

mod access;
mod broadcast;
mod connection;
mod history;
mod page;
mod protocol;
mod request;
mod server;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::net::{IpAddr, SocketAddr, TcpListener, ToSocketAddrs};
use std::process::ExitCode;
use std::rc::Rc;

use common::cast::{self, Header, Item, Reader};
use common::cli::{self, Arg, Args, Failure, Program, Reporter, catalog};
use common::filter;
use common::io::Stream;
use common::live::Intake;
use common::text::visible;
use common::tty::{self, Signal, Signals};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{setsockopt, sockopt::SndBuf};

use access::Access;
use history::Kept;
use server::{Ending, Server, Show};

const PROGRAM: Program = catalog::program("asciinema-serve");

/// The size of a viewer's send buffer in the kernel, in bytes. By default it is megabytes: the
/// viewer would see output of long ago.
const SEND_BUFFER: usize = 128 << 10;

/// The number of descriptors other than those of viewers.
const DESCRIPTORS: u64 = 64;

/// The command line.
struct Options {
    address: OsString,
    password: Option<String>,
    has_secret: bool,
    keeps_history: bool,
    follows: bool,
    limit: usize,
    file: Option<OsString>,
}

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| {
        tty::ignore_write_signals();
        serve(parse(args)?)
    })
}

fn parse(args: &mut Args) -> cli::Result<Options> {
    let mut options = Options {
        address: OsString::from("127.0.0.1:0"),
        password: None,
        has_secret: false,
        keeps_history: false,
        follows: false,
        limit: 1024,
        file: None,
    };
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Option("-l" | "--listen") => options.address = args.value()?,
            Arg::Option("--password") => {
                let password = args.text()?;
                if password.is_empty() {
                    return Err(args.bad_value(OsStr::new(""), "no password"));
                }
                options.password = Some(password);
            }
            Arg::Option("--secret") => options.has_secret = true,
            Arg::Option("--history") => options.keeps_history = true,
            Arg::Option("--follow") => options.follows = true,
            Arg::Option("--max-viewers") => {
                let value = args.value()?;
                let limit = value.to_str().and_then(|text| text.parse().ok()).filter(|&limit| limit > 0);
                options.limit = limit.ok_or_else(|| args.bad_value(&value, "not a number above 0"))?;
            }
            Arg::Value(path) if options.file.is_none() => options.file = Some(path),
            other => return Err(args.unexpected(&other)),
        }
    }
    Ok(options)
}

fn serve(options: Options) -> cli::Result<()> {
    let (addresses, listen_name) = resolve(&options.address)?;
    let open = if options.follows { common::io::follow } else { common::io::open };
    let (input, source) = open(options.file.as_deref())?;
    let mut signals = Signals::catch(&[Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP])
        .map_err(|error| Failure::io("signals", &error))?;
    let shown_address = visible(&options.address.to_string_lossy());
    let listener = listen(&addresses).map_err(|error| Failure::io(&shown_address, &error))?;
    let address = listener.local_addr().map_err(|error| Failure::io(&shown_address, &error))?;
    allow_descriptors(options.limit as u64 + DESCRIPTORS);

    let failed = |error: io::Error| Failure::io(&source, &error);
    let is_open = options.password.is_none() && !options.has_secret;
    let access = Access::new(options.password, options.has_secret, address.port())
        .map_err(|error| Failure::io("random numbers", &error))?;
    let is_recording = !options.follows && input.is_file().map_err(failed)?;
    let show = if is_recording {
        recording(input.into_file().map_err(failed)?, &source)?
    } else {
        let copy = match io::stdout().is_terminal() {
            true => None,
            false => Some(Stream::stdout().map_err(|error| Failure::io("stdout", &error))?),
        };
        let mut reader: Box<dyn Read + Send> = Box::new(input);
        let mut history = None;
        if options.keeps_history {
            let kept = Kept::new(reader).map_err(|error| Failure::io("a temporary file", &error))?;
            history = Some(kept.history().map_err(|error| Failure::io("a temporary file", &error))?);
            reader = Box::new(kept);
        }
        let intake =
            Intake::start(reader, source.clone(), copy, Reporter::new(PROGRAM.name)).map_err(failed)?;
        Show::Live { intake, history }
    };

    let host = listen_name.clone().unwrap_or_else(|| match address.ip() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    });
    let (port, root) = (address.port(), access.root());
    Reporter::new("asciinema").notice(&format!("live at http://{host}:{port}{root}"));
    if is_open && !address.ip().is_loopback() {
        Reporter::new(PROGRAM.name).warning(&format!(
            "anyone who can reach {host} on port {port} can watch; --password or --secret restricts that"
        ));
    }
    let server = Server::new(listener, listen_name, access, show, options.limit)
        .map_err(|error| Failure::io(&shown_address, &error))?;
    match server.run(&mut signals).map_err(|error| Failure::io("waiting", &error))? {
        Ending::Signal(signal) => Err(Failure::Status(128 + signal as u8)),
        Ending::Cast(outcome, is_copied) => {
            outcome?;
            if is_copied { Ok(()) } else { Err(Failure::Status(1)) }
        }
    }
}

/// The addresses given by an option, and its host if that is a name.
fn resolve(address: &OsStr) -> cli::Result<(Vec<SocketAddr>, Option<String>)> {
    let wrong = |why: &str| {
        Failure::Usage(format!("option '--listen': '{}' {why}", visible(&address.to_string_lossy())))
    };
    let text = address.to_str().ok_or_else(|| wrong("is not ADDR:PORT"))?;
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok((vec![address], None));
    }
    let (name, port) = text.rsplit_once(':').ok_or_else(|| wrong("is not ADDR:PORT"))?;
    let port: u16 = port.parse().map_err(|_| wrong("is not ADDR:PORT"))?;
    let is_name =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    if !is_name {
        return Err(wrong("is not ADDR:PORT"));
    }
    let addresses: Vec<SocketAddr> =
        (name, port).to_socket_addrs().map_err(|_| wrong("cannot be resolved"))?.collect();
    Ok((addresses, Some(name.to_string())))
}

fn listen(addresses: &[SocketAddr]) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(addresses)?;
    // Connections inherit it.
    setsockopt(&listener, SndBuf, &SEND_BUFFER)?;
    Ok(listener)
}

/// Raises the limit of open files, if necessary and allowed. Otherwise viewers beyond it have to
/// wait.
fn allow_descriptors(count: u64) {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < count
    {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, count.min(hard), hard);
    }
}

/// A recording, whose header must be valid.
fn recording(file: File, source: &str) -> cli::Result<Show> {
    let length = file.metadata().map_err(|error| Failure::io(source, &error))?.len();
    let header = read_header(&file).map_err(|error| filter::failure(source, error))?;
    let title = header.get("title").and_then(|title| serde_json::from_str(title).ok());
    Ok(Show::Recording { file: Rc::new(file), length, title: title.unwrap_or_default(), size: header.size })
}

fn read_header(file: &File) -> Result<Header, cast::Error> {
    let mut reader = Reader::new(file);
    loop {
        match reader.next()? {
            Some(Item::Header(header)) => return Ok(header),
            // A source that ends before a header is an error, and nothing else precedes it.
            Some(_) | None => reader.fill()?,
        }
    }
}
