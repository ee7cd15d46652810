//! Descriptors and files: where bytes come from and where they go.
//!
//! A [`Stream`] is a descriptor that copes with interrupted calls and short writes, [`open`] and
//! [`Source`] find what a user named (a file, standard input, a URL), an [`AtomicFile`] appears as a
//! whole or not at all, an [`unnamed_file`] is gone with its last descriptor, and [`sibling`] finds another program of this package. Knows no casts.

mod atomic_file;
mod follow;
mod input;
mod program;
mod source;
mod stream;
mod unnamed;

pub use atomic_file::AtomicFile;
pub use follow::Follow;
pub use input::Input;
pub use program::{is_executable, is_in_path, sibling};
pub use source::{Source, follow, open};
pub use stream::Stream;
pub use unnamed::unnamed_file;
