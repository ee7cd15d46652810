//! The programs, run as users run them. One binary, because one link is faster than twenty.
//!
//! `harness` runs programs, in pipes and in pseudo-terminals. Each program has a module with what a
//! user may rely on; `pipes` is about several programs together, `documents` about what is written
//! of them in more than one place.

mod harness;

mod cat;
mod config;
mod dispatcher;
mod documents;
mod identity;
mod idle;
mod pipes;
mod play;
mod rec;
mod rec_terminal;
mod speed;
