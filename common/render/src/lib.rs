//! Pictures of a recorded terminal, and pages that play a recording.
//!
//! A separate crate, so that a filter builds and links without it.

pub mod canvas;
pub mod command;
pub mod frames;
pub mod geometry;
pub mod gif;
pub mod glyphs;
pub mod html;
pub mod layout;
pub mod links;
pub mod metrics;
pub mod paint;
pub mod player;
pub mod png;
pub mod progress;
pub mod raster;
pub mod recording;
pub mod svg;
pub mod theme;
pub mod view;
pub mod window;
