//! HTTP: opening URLs, and the server that recordings are uploaded to.
//!
//! Linked by `asciinema-fetch` and `asciinema-upload` alone, because TLS is larger than all the rest
//! of the toolkit; a crate of its own, so that it can be compiled to be small. Waits for connections and for silence are bounded; a transfer that moves may take
//! as long as it takes.

mod page;
mod progress;
mod server;
mod socket;
mod streams;
mod url;
pub mod websocket;

use std::env;
use std::io;
use std::time::Duration;

use common::cli::io_text;
use common::text::visible;
use ureq::http::Response;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body, Error, Proxy, Timeout};

pub use page::cast_link;
pub use progress::Progress;
pub use server::{Answer, NoAnswer, Recording, Server};
pub use socket::{NoSocket, Socket};
pub use streams::Stream;
pub use url::resolve;
use url::{is_safe_redirect, path_of};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(20);

/// How many redirects are followed, as browsers do, more or less.
const REDIRECTS: usize = 10;

/// How long the other side may be silent, or take nothing.
const SILENCE: Duration = Duration::from_secs(60);

/// Asks for a URL, and follows redirects: where the answer came from in the end, and the answer.
///
/// They are followed here and not by the client because each may want another proxy, and because a
/// server may spell them in ways that it does not take.
///
/// # Errors
///
/// A text, where no answer came.
pub fn get(url: &str) -> Result<(String, Response<Body>), String> {
    let mut url = url::encoded(url);
    for _ in 0..=REDIRECTS {
        let response = client(&url)?.get(&url).call().map_err(|error| error_text(&error))?;
        match redirect(&url, &response) {
            Some(target) => url = target,
            None => return Ok((url, response)),
        }
    }
    Err("too many redirects".to_string())
}

/// Where an answer from this URL redirects to, if it does.
fn redirect(url: &str, response: &Response<Body>) -> Option<String> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let target = response.headers().get("location")?;
    Some(resolve(url, &String::from_utf8_lossy(target.as_bytes())))
}

/// A client for URLs like this one. It trusts the certificates that the system trusts, takes the
/// proxy for the URL's scheme from the environment, and leaves redirects and statuses that are
/// failures to the caller.
///
/// # Errors
///
/// A text, where the environment names a proxy that is none: going without it would show an address
/// that someone took care to hide.
fn client(url: &str) -> Result<Agent, String> {
    // Fails where it has been done before, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .proxy(proxy(url)?)
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(user_agent())
        .timeout_resolve(Some(CONNECT))
        .timeout_connect(Some(CONNECT))
        .timeout_per_read(Some(SILENCE))
        .timeout_per_write(Some(SILENCE))
        .build();
    Ok(config.new_agent())
}

/// What we call ourselves to servers.
fn user_agent() -> String {
    format!("asciinema/{} {}/{}", env!("CARGO_PKG_VERSION"), env::consts::OS, env::consts::ARCH)
}

/// The proxy that the environment names for a URL: `http_proxy` or `https_proxy`, else `all_proxy`,
/// in either case, unless `no_proxy` exempts the host. The client itself would take a variable for
/// another scheme as well.
fn proxy(url: &str) -> Result<Option<Proxy>, String> {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme).to_lowercase();
    let names = [format!("{scheme}_proxy"), "all_proxy".to_string()];
    let both_cases = names.iter().flat_map(|name| [name.clone(), name.to_uppercase()]);
    let named = both_cases.filter_map(|name| env::var(&name).ok().map(|value| (name, value)));
    let Some((name, value)) = named.into_iter().find(|(_, value)| !value.is_empty()) else { return Ok(None) };
    let proxy = Proxy::new(&value).map_err(|_| format!("{name}: '{}' is not a proxy", visible(&value)))?;
    // Whichever proxy this finds, it knows the exemptions.
    let is_exempt =
        Proxy::try_from_env().is_some_and(|any| url.parse().is_ok_and(|url| any.is_no_proxy(&url)));
    Ok((!is_exempt).then_some(proxy))
}

/// An error of the client, in words.
fn error_text(error: &Error) -> String {
    match error {
        Error::Io(error) => read_error_text(error),
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => "no connection came about in time".to_string(),
        Error::Timeout(_) => "nothing has come for too long".to_string(),
        Error::HostNotFound => "host not found".to_string(),
        Error::ConnectionFailed => "connection failed".to_string(),
        Error::BadUri(_) | Error::Http(_) => "not a URL".to_string(),
        Error::Protocol(_) => "the answer is not HTTP".to_string(),
        Error::Decompress(_, _) => "the compressed data is damaged".to_string(),
        error => visible(&error.to_string()),
    }
}

/// An error of reading a body, in words.
pub fn read_error_text(error: &io::Error) -> String {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        return error_text(error);
    }
    match error.kind() {
        BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof => {
            "the connection was cut".to_string()
        }
        _ => {
            let text = io_text(error);
            // The name of the C library's function tells nobody anything.
            visible(text.strip_prefix("failed to lookup address information: ").unwrap_or(&text))
        }
    }
}
