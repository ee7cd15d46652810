//! HTTP: opening URLs, and the server that recordings are uploaded to.
//!
//! Linked by `asciinema-fetch` and `asciinema-upload` alone, because TLS is larger than all the rest
//! of the toolkit. Waits for connections and for silence are bounded; a transfer that moves may take
//! as long as it takes.

mod progress;
mod server;
mod url;

use std::env;
use std::time::Duration;

use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Error, Proxy};

use crate::cli::io_text;

pub use progress::Progress;
pub use server::{Answer, Recording, Server};
pub use url::{is_safe_redirect, resolve};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(20);

/// How long the other side may be silent, or take nothing.
const SILENCE: Duration = Duration::from_secs(60);

/// A client for URLs like this one. It trusts the certificates that the system trusts, takes the
/// proxy for the URL's scheme from the environment, and leaves statuses that are failures to the
/// caller.
pub fn client(url: &str, max_redirects: u32) -> Agent {
    // Fails where it has been done before, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let words = format!("{}/{}", env::consts::OS, env::consts::ARCH);
    Agent::config_builder()
        .tls_config(tls)
        .proxy(proxy(url))
        .http_status_as_error(false)
        .max_redirects(max_redirects)
        .user_agent(format!("asciinema/{} {words}", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(Some(CONNECT))
        .timeout_connect(Some(CONNECT))
        .timeout_per_read(Some(SILENCE))
        .timeout_per_write(Some(SILENCE))
        .build()
        .new_agent()
}

/// The proxy that the environment names for a URL: `http_proxy` or `https_proxy`, else `all_proxy`,
/// in either case, unless `no_proxy` exempts the host. The client itself would take a variable for
/// another scheme as well.
fn proxy(url: &str) -> Option<Proxy> {
    let scheme = url.split_once("://")?.0.to_lowercase();
    let names = [format!("{scheme}_proxy"), "all_proxy".to_string()];
    let both_cases = names.iter().flat_map(|name| [name.clone(), name.to_uppercase()]);
    let value = both_cases.filter_map(|name| env::var(name).ok()).find(|value| !value.is_empty())?;
    // Whichever proxy this finds, it knows the exemptions.
    let is_exempt =
        Proxy::try_from_env().is_some_and(|any| url.parse().is_ok_and(|url| any.is_no_proxy(&url)));
    if is_exempt { None } else { Proxy::new(&value).ok() }
}

/// An error of the client, in words.
pub fn error_text(error: &Error) -> String {
    match error {
        Error::Io(error) => io_text(error),
        Error::Timeout(_) => "timed out".to_string(),
        Error::HostNotFound => "host not found".to_string(),
        Error::ConnectionFailed => "connection failed".to_string(),
        Error::BadUri(_) | Error::Http(_) => "not a URL".to_string(),
        error => error.to_string(),
    }
}
