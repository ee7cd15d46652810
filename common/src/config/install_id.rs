//! The install ID, which identifies this machine to a server.
//!
//! It is looked up where 2.4, 3.x and 1.x keep it, and generated when first needed. If two programs
//! generate it at the same time, both end up with the same one: each writes a temporary file and
//! links it into place, and the second one reads the first one's.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::{Config, state_home, variable};
use crate::cli::{self, Failure, Result};
use crate::text::visible;

/// The name of the file in 2.4 and 3.x.
const FILE: &str = "install-id";

impl Config {
    /// The install ID. `fresh` generates one if there is none yet: a UUID, version 4.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written, or does not hold an ID: it goes into URLs and onto the
    /// terminal verbatim.
    pub fn install_id(&self, fresh: impl FnOnce() -> String) -> Result<String> {
        if let Some(id) = variable("ASCIINEMA_INSTALL_ID") {
            return checked(id, "ASCIINEMA_INSTALL_ID");
        }
        let homes = [self.home.clone(), state_home()];
        for path in homes.iter().flatten().map(|home| home.join(FILE)) {
            if let Some(id) = read(&path)? {
                return checked(id, &cli::source_name(path.as_os_str()));
            }
        }
        let Some(home) = &self.home else {
            return Err(Failure::Failed(
                "need $HOME or $XDG_CONFIG_HOME or $ASCIINEMA_CONFIG_HOME".to_string(),
            ));
        };
        let legacy = self.text("api", "token")?.or(self.text("user", "token")?);
        let id = legacy.map_or_else(fresh, str::to_string);
        let path = home.join(FILE);
        write(home, &path, &id).map_err(|error| Failure::io(&cli::source_name(path.as_os_str()), &error))?;
        checked(read(&path)?.unwrap_or(id), &cli::source_name(path.as_os_str()))
    }
}

fn checked(id: String, place: &str) -> Result<String> {
    match id.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(id),
        false => Err(Failure::Failed(format!("{place}: '{}' is not an install ID", visible(&id)))),
    }
}

fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim().to_string()).filter(|id| !id.is_empty())),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(Failure::io(&cli::source_name(path.as_os_str()), &error)),
    }
}

/// Stores an ID, unless there is one already.
fn write(home: &Path, path: &Path, id: &str) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(home)?;
    let temporary = home.join(format!(".{FILE}.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    let placed = file.write_all(id.as_bytes()).and_then(|()| match fs::hard_link(&temporary, path) {
        // An empty file, as left by a full disk, is not an ID: a new one would be generated each
        // time.
        Err(error)
            if error.kind() == io::ErrorKind::AlreadyExists && read(path).is_ok_and(|id| id.is_some()) =>
        {
            Ok(())
        }
        // For file systems without hard links: still atomic, if not safe from a race.
        Err(_) => fs::rename(&temporary, path),
        Ok(()) => Ok(()),
    });
    let _ = fs::remove_file(&temporary);
    placed
}
