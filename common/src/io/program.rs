//! The other programs of this package.

use std::path::PathBuf;

/// Another program of this package: the one beside the running one, so that versions match,
/// otherwise the one in `$PATH`.
pub fn sibling(name: &str) -> PathBuf {
    let own = std::env::current_exe().and_then(|path| path.canonicalize());
    let beside = own.ok().map(|path| path.with_file_name(name));
    beside.filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from(name))
}
