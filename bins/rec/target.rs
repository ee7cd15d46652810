//! The output of a recording: a new or existing file, a FIFO, standard output.
//!
//! Everything that can be refused is refused here, before the session starts.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, IsTerminal, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use common::cast::{self, Fault, Header, Item, Reader, Time, Version};
use common::cli::{self, Failure, Result};
use common::filter;
use common::io::{Stream, is_gzip};
use common::size::Size;

use crate::options::{Format, Options};

/// The place to record to.
pub enum Target {
    Stdout,
    File {
        path: OsString,
        name: String,
    },
    /// A temporary file; the user is asked what to do with it at the end.
    Temporary {
        path: OsString,
        name: String,
    },
}

/// An open output, locked against other recorders and not modified yet.
pub struct Opened {
    file: File,
    /// For a regular file: how many of its bytes to keep.
    kept: Option<u64>,
    /// The path, if the file was created.
    created: Option<PathBuf>,
}

impl Opened {
    fn stdout() -> io::Result<Opened> {
        Ok(Opened { file: File::from(io::stdout().as_fd().try_clone_to_owned()?), kept: None, created: None })
    }

    /// Opens a file to overwrite it.
    fn to_replace(path: &Path, created: bool) -> io::Result<Opened> {
        // For a FIFO, this waits for a reader.
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        let kept = file.metadata()?.is_file().then_some(0);
        Ok(Opened { file, kept, created: created.then(|| path.to_path_buf()) })
    }

    /// Opens a file to read it and append to it.
    fn to_continue(path: &Path) -> io::Result<Opened> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        Ok(Opened { kept: Some(file.metadata()?.len()), file, created: None })
    }

    /// Locks a file against other recorders until it is closed. False if another one holds it.
    fn lock(&self) -> bool {
        // Some file systems do not support locks; recording without one is better than refusing.
        let is_held = || matches!(self.file.try_lock(), Err(TryLockError::WouldBlock));
        // A recorder that is killed while it starts its program leaves the lock to it for a moment.
        let mut tries = 0;
        while self.kept.is_some() && is_held() {
            if tries == 20 {
                return false;
            }
            tries += 1;
            thread::sleep(Duration::from_millis(10));
        }
        true
    }

    /// Returns whether writes may block: a pipe, a socket or a terminal.
    pub fn may_block(&self) -> bool {
        let kind = self.file.metadata().map(|metadata| metadata.file_type());
        let is_pipe = kind.map_or(true, |kind| kind.is_fifo() || kind.is_socket());
        is_pipe || self.file.is_terminal()
    }

    /// A duplicate descriptor, if it is a regular file.
    pub fn on_disk(&self) -> io::Result<Option<File>> {
        if self.file.metadata()?.is_file() { self.file.try_clone().map(Some) } else { Ok(None) }
    }

    /// Truncates the file to the part to keep, and makes it ready for writing.
    pub fn into_stream(mut self) -> io::Result<Stream> {
        if let Some(kept) = self.kept {
            self.file.set_len(kept)?;
            self.file.seek(SeekFrom::Start(kept))?;
        }
        Ok(Stream::from(self.file))
    }

    /// Removes the file if it was created.
    pub fn abandon(self) {
        if let Some(path) = &self.created {
            // If this fails an empty file remains, which is harmless: it can be recorded to.
            let _ = fs::remove_file(path);
        }
    }
}

/// The kind of recording to begin, and its output.
pub enum Begin {
    /// A new recording.
    New(Opened),
    /// Appended to a raw or text recording.
    AfterOutput(Opened),
    /// Appended to a cast.
    After {
        opened: Opened,
        version: Version,
        /// The time of the cast's last event.
        time: Time,
        /// The terminal's size at its end.
        size: Size,
        needs_line_end: bool,
    },
}

impl Begin {
    /// Undoes the opening: there will be no recording.
    pub fn abandon(self) {
        match self {
            Begin::New(opened) | Begin::AfterOutput(opened) | Begin::After { opened, .. } => opened.abandon(),
        }
    }

    /// The version of the cast, if it is one. An existing cast keeps its version.
    pub fn version(&self, format: Format) -> Option<Version> {
        match (self, format) {
            (Begin::After { version, .. }, _) => Some(*version),
            (Begin::New(_), Format::Cast(version)) => Some(version),
            (Begin::New(_), Format::Raw | Format::Text) | (Begin::AfterOutput(_), _) => None,
        }
    }
}

impl Target {
    pub fn choose(options: &Options) -> Result<Target> {
        match &options.file {
            Some(path) if path != "-" => {
                Ok(Target::File { path: path.clone(), name: cli::source_name(path) })
            }
            _ if !io::stdout().is_terminal() => Ok(Target::Stdout),
            Some(_) => Err(Failure::Failed(
                "when recording to stdout it must not be TTY - forgot to pipe?".to_string(),
            )),
            None if options.format == Format::Raw => {
                Err(Failure::Failed("filename required when recording in raw mode".to_string()))
            }
            None if options.format == Format::Text => {
                Err(Failure::Failed("filename required when recording as text".to_string()))
            }
            None => {
                let id = uuid::Uuid::new_v4().simple().to_string();
                let path = env::temp_dir().join(format!("tmp{}-ascii.cast", &id[..8])).into_os_string();
                let name = cli::source_name(&path);
                Ok(Target::Temporary { path, name })
            }
        }
    }

    /// Its name in messages.
    pub fn name(&self) -> &str {
        match self {
            Target::Stdout => "stdout",
            Target::File { name, .. } | Target::Temporary { name, .. } => name,
        }
    }

    /// Opens it as the options say.
    pub fn begin(&self, options: &Options, warning: &dyn Fn(&str)) -> Result<Begin> {
        let (path, name) = match self {
            Target::File { path, name } => (path, name),
            Target::Temporary { path, name } => {
                let file = File::options().write(true).create_new(true).mode(0o600).open(path);
                let file = file.map_err(|error| Failure::io(name, &error))?;
                return Ok(Begin::New(Opened { file, kept: Some(0), created: Some(PathBuf::from(path)) }));
            }
            Target::Stdout => {
                return Opened::stdout().map(Begin::New).map_err(|error| Failure::io("stdout", &error));
            }
        };
        let path = Path::new(path);
        let failed = |error: io::Error| Failure::io(name, &error);
        let length = match fs::metadata(path) {
            Ok(there) => Some(if there.is_file() { there.len() } else { 0 }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        match length {
            Some(1..) if options.append => return continue_file(path, name, options, warning),
            Some(1..) if !options.overwrite => {
                return Err(Failure::Failed(format!(
                    "{name} already exists, aborting; use --overwrite to replace it or --append to continue it"
                )));
            }
            _ => {}
        }
        if let (None, Some(parent)) = (length, path.parent()) {
            fs::create_dir_all(parent)
                .map_err(|error| Failure::io(&cli::source_name(parent.as_os_str()), &error))?;
        }
        let opened = Opened::to_replace(path, length.is_none()).map_err(failed)?;
        if !opened.lock() {
            return Err(in_use(name));
        }
        // Another recorder may have written to it since its length was checked.
        let has_grown = opened.kept.is_some() && opened.file.metadata().is_ok_and(|file| file.len() > 0);
        if has_grown && !options.overwrite {
            return Err(in_use(name));
        }
        match length {
            Some(_) if options.append => warning(&format!("{name} is empty, not appending")),
            None if options.append => warning(&format!("{name} does not exist, not appending")),
            _ => {}
        }
        Ok(Begin::New(opened))
    }
}

fn in_use(name: &str) -> Failure {
    Failure::Failed(format!("{name}: another asciinema is recording to it"))
}

/// Opens a non-empty file to append to it.
fn continue_file(path: &Path, name: &str, options: &Options, warning: &dyn Fn(&str)) -> Result<Begin> {
    let failed = |error: io::Error| Failure::io(name, &error);
    let refused = |why: &str| Err(Failure::Failed(format!("{name}: {why}")));
    let mut opened = Opened::to_continue(path).map_err(failed)?;
    if !opened.lock() {
        return Err(in_use(name));
    }
    if is_gzip(&opened.file) {
        return refused("cannot append to a compressed recording; decompress it with gunzip first");
    }
    let mut end = End::default();
    let outcome = end.read(Stream::from(opened.file.try_clone().map_err(failed)?));
    let Some(header) = &end.header else {
        if matches!(options.format, Format::Cast(_)) {
            return match outcome {
                Err(error) => Err(filter::failure(name, error)),
                Ok(()) => refused("not an asciicast"),
            };
        }
        return Ok(Begin::AfterOutput(opened));
    };
    match options.format {
        Format::Cast(_) => {}
        Format::Raw => return refused("cannot append a raw recording to an asciicast"),
        Format::Text => return refused("cannot append a text recording to an asciicast"),
    }
    if header.is_from_v1 {
        return refused("cannot append to an asciicast v1 recording");
    }
    match outcome {
        Ok(()) => {}
        Err(cast::Error::Line { fault: Fault::CutOff, .. }) => {
            // The recorder was killed while writing the line; new events must not be joined to it.
            warning(&format!("{name}: the last line is cut off and will be replaced"));
            opened.kept = Some(end.length);
        }
        Err(error) => return Err(filter::failure(name, error)),
    }
    Ok(Begin::After {
        opened,
        version: header.version,
        time: end.time,
        size: end.size.unwrap_or(header.size),
        needs_line_end: !end.ends_line,
    })
}

/// The properties of a cast that are needed to append to it.
#[derive(Default)]
struct End {
    header: Option<Header>,
    /// The latest time; the last event's may be earlier.
    time: Time,
    /// The size after the last resize.
    size: Option<Size>,
    /// The length of all complete lines in bytes.
    length: u64,
    ends_line: bool,
}

impl End {
    /// Reads a cast to its end or its first error.
    fn read(&mut self, stream: Stream) -> std::result::Result<(), cast::Error> {
        let mut reader = Reader::new(stream);
        loop {
            match reader.next()? {
                Some(Item::Header(header)) => {
                    self.ends_line = header.line().ends_with('\n');
                    self.header = Some(header);
                }
                Some(Item::Event(event)) => {
                    self.ends_line = event.line.ends_with(b"\n");
                    self.time = self.time.max(event.time);
                    self.size = event.resize().or(self.size);
                }
                Some(Item::Ignored(line)) => self.ends_line = line.ends_with(b"\n"),
                Some(Item::End) => return Ok(()),
                None => {
                    reader.fill()?;
                    continue;
                }
            }
            self.length = reader.offset();
        }
    }
}
