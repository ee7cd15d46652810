//! What a cast looks like: pictures of a recorded terminal, and pages that play it.
//!
//! A crate of its own, so that a filter builds and links without it.

pub mod player;
