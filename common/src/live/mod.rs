//! Live views of a cast that grows: what `serve` and `relay` share.
//!
//! [`Intake`] reads the cast on a thread of its own and copies it to standard output, [`Session`]
//! keeps the screen for whoever joins late, [`alis`] is the protocol in which players and servers of
//! asciinema are told of it. Knows no sockets.

pub mod alis;
mod event;
mod intake;
mod session;
mod theme;

pub use event::{Data, Event};
pub use intake::{Growing, Intake, Item};
pub use session::Session;
pub use theme::Theme;

/// What a session that is streamed tells the programs in it by `ASCIINEMA_RELAY_ID`, so that they do
/// not stream it to the same URL once more.
pub fn relay_id(url: &str) -> String {
    format!("{:016x}", crate::text::checksum(url.as_bytes()))
}
