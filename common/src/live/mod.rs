//! Live views of a growing cast: the parts that `serve` and `relay` share.
//!
//! [`Intake`] reads the cast on a thread of its own and copies it to standard output, [`Session`]
//! keeps the screen for viewers who join late, [`alis`] is the protocol of asciinema's players and
//! servers. Knows no sockets.

pub mod alis;
mod event;
mod intake;
mod session;

pub use event::{Data, Event};
pub use intake::{Intake, Item};
pub use session::Session;

/// The `ASCIINEMA_RELAY_ID` that a streamed session sets for its programs, so that they do not
/// stream it to the same URL again.
pub fn relay_id(url: &str) -> String {
    format!("{:016x}", crate::text::checksum(url.as_bytes()))
}
