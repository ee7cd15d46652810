//! HTTP: opening URLs, and the server that recordings are uploaded to.
//!
//! Linked by `asciinema-fetch` and `asciinema-upload` alone, because TLS is larger than all the rest
//! of the toolkit. Waits for connections and for silence are bounded; a transfer that moves may take
//! as long as it takes.

mod server;
mod url;

use std::time::Duration;

use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Error};

use crate::cli::io_text;

pub use server::{Answer, Recording, Server};
pub use url::{is_safe_redirect, resolve};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(20);

/// How long the other side may be silent, or take nothing.
const SILENCE: Duration = Duration::from_secs(60);

/// A client. It trusts the certificates that the system trusts, takes proxies from the environment
/// and leaves statuses that are failures to the caller.
pub fn client(max_redirects: u32) -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    let words = format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH);
    Agent::config_builder()
        .tls_config(tls)
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
