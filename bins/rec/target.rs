//! What a recording goes to: a file new or continued, a FIFO, standard output.
//!
//! Everything that can be refused is refused here, before the session starts.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use common::cast::{self, Fault, Header, Item, Reader, Time, Version};
use common::cli::{self, Failure, Result};
use common::filter;
use common::size::Size;
use common::stream::Stream;

use crate::options::{Format, Options};

/// Where the recording goes.
pub enum Target {
    Stdout,
    File {
        path: OsString,
        name: String,
    },
    /// A file of our own, about which the user is asked at the end.
    Temporary {
        path: OsString,
        name: String,
    },
}

/// How the recording begins, and the open sink.
pub enum Begin {
    /// At the beginning.
    Anew(Stream),
    /// After a recording that is raw, or text.
    AfterOutput(Stream),
    /// After a cast.
    After {
        sink: Stream,
        version: Version,
        /// The time of the cast's last event.
        time: Time,
        /// The terminal's size at its end.
        size: Size,
        needs_line_end: bool,
    },
}

impl Begin {
    /// The version of the cast that is written, if it is one. An old cast keeps its own.
    pub fn version(&self, format: Format) -> Option<Version> {
        match (self, format) {
            (Begin::After { version, .. }, _) => Some(*version),
            (Begin::Anew(_), Format::Cast(version)) => Some(version),
            (Begin::Anew(_), Format::Raw | Format::Text) | (Begin::AfterOutput(_), _) => None,
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

    /// How messages call it.
    pub fn name(&self) -> &str {
        match self {
            Target::Stdout => "stdout",
            Target::File { name, .. } | Target::Temporary { name, .. } => name,
        }
    }

    /// Opens it for what the options say.
    pub fn begin(&self, options: &Options, warning: &dyn Fn(&str)) -> Result<Begin> {
        let (path, name) = match self {
            Target::File { path, name } => (path, name),
            Target::Temporary { path, name } => {
                let file = File::options().write(true).create_new(true).mode(0o600).open(path);
                return file.map(Stream::from).map(Begin::Anew).map_err(|error| Failure::io(name, &error));
            }
            Target::Stdout => {
                return Stream::stdout().map(Begin::Anew).map_err(|error| Failure::io("stdout", &error));
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
            Some(0) if options.append => warning(&format!("{name} is empty, not appending")),
            None if options.append => warning(&format!("{name} does not exist, not appending")),
            _ => {}
        }
        if let (None, Some(parent)) = (length, path.parent()) {
            fs::create_dir_all(parent)
                .map_err(|error| Failure::io(&cli::source_name(parent.as_os_str()), &error))?;
        }
        // Opening a FIFO waits here for its reader.
        let file = File::create(path).map_err(failed)?;
        Ok(Begin::Anew(Stream::from(file)))
    }
}

/// Opens a file that holds something, to go on from its end.
fn continue_file(path: &Path, name: &str, options: &Options, warning: &dyn Fn(&str)) -> Result<Begin> {
    let failed = |error: io::Error| Failure::io(name, &error);
    let refused = |why: &str| Err(Failure::Failed(format!("{name}: {why}")));
    let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
    let mut end = End::default();
    let outcome = end.read(Stream::from(file.try_clone().map_err(failed)?));
    let Some(header) = &end.header else {
        if matches!(options.format, Format::Cast(_)) {
            return match outcome {
                Err(error) => Err(filter::failure(name, error)),
                Ok(()) => refused("not an asciicast"),
            };
        }
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        return Ok(Begin::AfterOutput(Stream::from(file)));
    };
    match options.format {
        Format::Cast(_) => {}
        Format::Raw => return refused("a raw recording cannot continue an asciicast"),
        Format::Text => return refused("a recording as text cannot continue an asciicast"),
    }
    if header.is_from_v1 {
        return refused("an asciicast v1 cannot be continued, only v2 and v3 can");
    }
    match outcome {
        Ok(()) => {}
        Err(cast::Error::Line { fault: Fault::CutOff, .. }) => {
            // The recorder was killed while it wrote the line; what comes next must not be glued to it.
            warning(&format!("{name}: the last line is cut off, it is replaced"));
            file.set_len(end.length).map_err(failed)?;
        }
        Err(error) => return Err(filter::failure(name, error)),
    }
    file.seek(SeekFrom::End(0)).map_err(failed)?;
    Ok(Begin::After {
        sink: Stream::from(file),
        version: header.version,
        time: end.time,
        size: end.size.unwrap_or(header.size),
        needs_line_end: !end.ends_line,
    })
}

/// What has to be known of a cast to go on after it.
#[derive(Default)]
struct End {
    header: Option<Header>,
    /// The latest time of all; the last event's own may have stepped back.
    time: Time,
    /// The size after the last resize.
    size: Option<Size>,
    /// How many bytes the whole lines are.
    length: u64,
    ends_line: bool,
}

impl End {
    /// Reads a cast to its end, or as far as it is good.
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
