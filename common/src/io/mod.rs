//! Descriptors and files.
//!
//! A [`Stream`] is a descriptor that handles interrupted calls and short writes, [`open`] and
//! [`Source`] open what a user named (a file, standard input, a URL), an [`AtomicFile`] appears
//! complete or not at all, an [`unnamed_file`] disappears with its last descriptor, and [`sibling`]
//! finds another program of this package. Knows no casts.

mod atomic_file;
mod follow;
mod input;
mod program;
mod source;
mod unnamed;

pub use crate::stream::Stream;
pub use atomic_file::AtomicFile;
pub use follow::Follow;
pub use input::{Input, is_gzip};
pub use program::{is_executable, is_in_path, sibling};
pub use source::{Source, follow, open};
pub use unnamed::unnamed_file;
