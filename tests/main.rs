//! Runs the programs as users run them. One binary, because one link is faster than twenty.
//!
//! `harness` runs programs, in pipes and in pseudo-terminals; `server` is a server for them, `live`
//! a viewer of live sessions. Each program has a module with its guarantees to users; `pipes`,
//! `descriptors` and `laws` test several programs together, `documents` compares documentation in
//! different places, `readme` runs the commands of the README.

mod harness;
mod live;
mod server;

mod browser;
mod caption;
mod cat;
mod check;
mod compatibility;
mod completions;
mod config;
mod convert;
mod cut;
mod descriptors;
mod dispatcher;
mod documents;
mod drop;
mod fetch;
mod follow;
mod gif;
mod gzip;
mod html;
mod identity;
mod idle;
mod import;
mod info;
mod insert;
mod join;
mod keys;
mod laws;
mod marker;
mod merge;
mod meta;
mod packaging;
mod pipes;
mod play;
mod play_tmux;
mod png;
mod quantize;
mod readme;
mod rec;
mod rec_terminal;
mod redact;
mod relay;
mod replace;
mod screen;
mod search;
mod serve;
mod session;
mod speed;
mod svg;
mod tape;
mod trim;
mod upload;
