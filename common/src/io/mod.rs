//! Files and descriptors: what stands between the programs and the system calls. Knows no casts.

mod unnamed;

pub use unnamed::unnamed_file;
