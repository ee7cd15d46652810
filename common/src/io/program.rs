//! Looking up programs: those of this package, and others.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Another program of this package: next to the running one, so that versions match, otherwise in
/// `$PATH`.
pub fn sibling(name: &str) -> PathBuf {
    let own = std::env::current_exe().and_then(|path| path.canonicalize());
    let beside = own.ok().map(|path| path.with_file_name(name));
    beside.filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from(name))
}

/// Returns whether a shell would find a program by this name: in `$PATH`, or as a path.
pub fn is_in_path(name: &str) -> bool {
    if name.contains('/') {
        return is_executable(Path::new(name));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| is_executable(&folder.join(name)))
}

/// Returns whether a path leads to an executable file.
pub fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|there| there.is_file() && there.permissions().mode() & 0o111 != 0)
}
