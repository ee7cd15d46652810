//! HTTP: opening URLs, and the server that recordings are uploaded to.
//!
//! Used only by the programs that open URLs or connect to a server, because TLS is larger than the
//! rest of the toolkit; a separate crate, so that it can be compiled to be small. Waits for
//! connections and for silence are bounded; a transfer that progresses may take as long as it
//! needs.

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

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(20);

/// How many redirects are followed; browsers follow about as many.
const REDIRECTS: usize = 10;

/// How long the other side may neither send nor accept data.
const SILENCE: Duration = Duration::from_secs(60);

/// Requests a URL and follows redirects. Returns the final URL and the response.
///
/// Redirects are followed here rather than by the client because each may need another proxy, and
/// because servers write them in ways that the client does not accept.
///
/// # Errors
///
/// A message, if there is no response.
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

/// The target of a redirect, if the response from this URL is one.
fn redirect(url: &str, response: &Response<Body>) -> Option<String> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let target = response.headers().get("location")?;
    Some(resolve(url, &String::from_utf8_lossy(target.as_bytes())))
}

/// A client for this URL. It trusts the system's certificates, uses the proxy that the environment
/// names for the URL's scheme, and leaves redirects and error statuses to the caller.
///
/// # Errors
///
/// A message, if the environment names an invalid proxy: connecting without one would reveal an address
/// that the user meant to hide.
fn client(url: &str) -> Result<Agent, String> {
    // Fails if it has been installed before, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .proxy(proxy(url)?)
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(user_agent())
        // Looking up a name has no limit here: the client would start a thread for it and panic if it
        // cannot. The system's resolver has its own.
        .timeout_connect(Some(CONNECT))
        .timeout_per_read(Some(SILENCE))
        .timeout_per_write(Some(SILENCE))
        .build();
    Ok(config.new_agent())
}

/// The value of the `User-Agent` header.
fn user_agent() -> String {
    format!("asciinema/{} {}/{}", env!("CARGO_PKG_VERSION"), env::consts::OS, env::consts::ARCH)
}

/// The proxy in the environment for a URL: `http_proxy` or `https_proxy`, otherwise `all_proxy`, in
/// lower or upper case, unless `no_proxy` exempts the host. The client itself would also use the
/// variable of another scheme.
fn proxy(url: &str) -> Result<Option<Proxy>, String> {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme).to_lowercase();
    let names = [format!("{scheme}_proxy"), "all_proxy".to_string()];
    let both_cases = names.iter().flat_map(|name| [name.clone(), name.to_uppercase()]);
    let named = both_cases.filter_map(|name| env::var(&name).ok().map(|value| (name, value)));
    let Some((name, value)) = named.into_iter().find(|(_, value)| !value.is_empty()) else { return Ok(None) };
    let proxy =
        Proxy::new(&value).map_err(|_| format!("{name}: '{}' is not a proxy URL", visible(&value)))?;
    // Whichever proxy this finds, the exemptions are the same.
    let is_exempt =
        Proxy::try_from_env().is_some_and(|any| url.parse().is_ok_and(|url| any.is_no_proxy(&url)));
    Ok((!is_exempt).then_some(proxy))
}

/// The message for an error of the client.
fn error_text(error: &Error) -> String {
    match error {
        Error::Io(error) => read_error_text(error),
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => "connection timed out".to_string(),
        Error::Timeout(_) => "timed out waiting for data".to_string(),
        Error::HostNotFound => "host not found".to_string(),
        Error::ConnectionFailed => "connection failed".to_string(),
        Error::BadUri(_) | Error::Http(_) => "not a URL".to_string(),
        Error::Protocol(_) => "the response is not valid HTTP".to_string(),
        Error::Decompress(_, _) => "the compressed data is corrupt".to_string(),
        error => visible(&error.to_string()),
    }
}

/// The message for an error while reading a body.
pub fn read_error_text(error: &io::Error) -> String {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        return error_text(error);
    }
    match error.kind() {
        BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof => {
            "the connection was lost".to_string()
        }
        _ => {
            let text = io_text(error);
            // The C library's name of the operation is of no use to anyone.
            visible(text.strip_prefix("failed to lookup address information: ").unwrap_or(&text))
        }
    }
}
