//! Converts the files of other recorders to a cast: ttyrec, and script(1).

use std::ffi::{OsStr, OsString};
use std::io::{BufReader, Cursor, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use common::cast::{HeaderBuilder, Time, Version};
use common::cli::{self, Arg, Failure, Program, Reporter, catalog};
use common::formats::{
    self, Damage, Decoder, LiveEncoder, Origin, Part, Recorded, ScriptDecoder, TTYREC_FRONT, TtyrecDecoder,
    is_ttyrec,
};
use common::io::{self, AtomicFile, Input};
use common::size::Size;
use common::tty;

const PROGRAM: Program = catalog::program("asciinema-import");

/// The terminal size of a recording that has none.
const USUAL: Size = Size { cols: 80, rows: 24 };

/// The amount of output collected before a write, in bytes.
const BLOCK: usize = 1 << 16;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Ttyrec,
    Script,
}

#[derive(Default)]
struct Options {
    format: Option<Format>,
    cols: Option<u16>,
    rows: Option<u16>,
    sink: Option<OsString>,
    recording: Option<OsString>,
    timing: Option<OsString>,
}

/// A file whose start has been examined, positioned at its start.
type Source = std::io::Chain<Cursor<Vec<u8>>, Input>;

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| import(parse(args)?))
}

fn parse(args: &mut cli::Args) -> cli::Result<Options> {
    let mut options = Options::default();
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Option("-f" | "--format") => {
                options.format =
                    Some(args.choice(&[("ttyrec", Format::Ttyrec), ("script", Format::Script)])?);
            }
            Arg::Option("--cols") => options.cols = Some(args.cells()?),
            Arg::Option("--rows") => options.rows = Some(args.cells()?),
            Arg::Option("-o" | "--output") => options.sink = Some(args.value()?),
            Arg::Value(path) if options.recording.is_none() => options.recording = Some(path),
            Arg::Value(path) if options.timing.is_none() => options.timing = Some(path),
            other => return Err(args.unexpected(&other)),
        }
    }
    if options.timing.is_some() && options.format == Some(Format::Ttyrec) {
        return Err(Failure::Usage("a ttyrec recording has no TIMING".to_string()));
    }
    Ok(options)
}

fn import(options: Options) -> cli::Result<()> {
    tty::restore_sigpipe();
    let (front, source, name) = open(options.recording.as_deref())?;
    if front.is_empty() {
        return Err(Failure::Failed(format!(
            "{name}: the input is empty, expected a recording of ttyrec or script"
        )));
    }
    let beside = options.recording.as_deref().map(timing_beside).filter(|path| Path::new(path).exists());
    let timing = options.timing.clone().or(beside);
    let format = match (options.format, &options.timing) {
        (Some(format), _) => format,
        (None, Some(_)) => Format::Script,
        (None, None) if front.starts_with(b"Script started on") => Format::Script,
        (None, None) if is_ttyrec(&front) => Format::Ttyrec,
        (None, None) if timing.is_some() => Format::Script,
        _ => {
            return Err(Failure::Failed(format!(
                "{name}: not a recording of ttyrec or script; name it with -f"
            )));
        }
    };
    let mut names = Names { output: name, input: String::new(), timing: String::new() };
    match format {
        Format::Ttyrec => {
            let decoder = TtyrecDecoder::new(&front, BufReader::new(source));
            let decoder = decoder.map_err(|damage| names.failure(&damage))?;
            write(decoder, &options, &names)
        }
        Format::Script => {
            let timing = timing
                .ok_or_else(|| Failure::Usage("a recording of script requires a TIMING file".to_string()))?;
            let (front, timing_source, timing_name) = open(Some(&timing))?;
            if front.is_empty() {
                // Not a recording without output: script(1) may have been told to write it elsewhere.
                return Err(Failure::Failed(format!(
                    "{timing_name}: the input is empty, expected the timing of script"
                )));
            }
            names.timing = timing_name;
            let decoder = ScriptDecoder::new(BufReader::new(timing_source), BufReader::new(source));
            let mut decoder = decoder.map_err(|damage| names.failure(&damage))?;
            if let Some(log) = decoder.input_log() {
                // The name that it had where it was recorded.
                let path = Path::new(&timing).with_file_name(Path::new(log).file_name().unwrap_or_default());
                let (_, source, name) = open(Some(path.as_os_str()))?;
                names.input = name;
                decoder.read_input_from(BufReader::new(source)).map_err(|damage| names.failure(&damage))?;
            }
            write(decoder, &options, &names)
        }
    }
}

/// The name that `asciinema-convert -f script` gives to the timing file of a log.
fn timing_beside(log: &OsStr) -> OsString {
    let mut path = log.to_os_string();
    path.push(".timing");
    path
}

/// Opens a file and reads its start.
fn open(path: Option<&OsStr>) -> cli::Result<(Vec<u8>, Source, String)> {
    let (mut input, name) = io::open(path)?;
    let mut front = Vec::new();
    let read = input.by_ref().take(TTYREC_FRONT as u64).read_to_end(&mut front);
    read.map_err(|error| Failure::io(&name, &error))?;
    Ok((front.clone(), Cursor::new(front).chain(input), name))
}

/// The names of the files in messages.
struct Names {
    output: String,
    input: String,
    timing: String,
}

impl Names {
    fn failure(&self, damage: &Damage) -> Failure {
        let name = match damage.part {
            Part::Output => &self.output,
            Part::Input => &self.input,
            Part::Timing => &self.timing,
        };
        Failure::Failed(format!("{name}: {}", damage.what))
    }
}

/// Writes the cast.
fn write(mut decoder: impl Decoder, options: &Options, names: &Names) -> cli::Result<()> {
    let (mut file, sink) = AtomicFile::open(options.sink.as_deref())?;
    let mut encoder = LiveEncoder::new(formats::Format::Asciicast(Version::V2).encoder(), Time::ZERO);
    let mut text = header(decoder.origin(), options).into_bytes();
    let outcome = loop {
        if text.len() > BLOCK || decoder.is_drained() {
            file.write_all(&text).map_err(|error| Failure::io(&sink, &error))?;
            text.clear();
        }
        match decoder.next() {
            Ok(Some(Recorded { time, code, data })) => encoder.push(time, code, &data, &mut text),
            Ok(None) => break Ok(()),
            Err(damage) => break Err(names.failure(&damage)),
        }
    };
    encoder.finish(&mut text);
    file.write_all(&text).map_err(|error| Failure::io(&sink, &error))?;
    if encoder.has_replaced() {
        let what = "bytes that are not UTF-8 were replaced";
        Reporter::new(PROGRAM.reporter()).warning(&format!("{}: {what}", names.output));
    }
    outcome?;
    file.finish().map_err(|error| Failure::io(&sink, &error))
}

fn header(origin: &Origin, options: &Options) -> String {
    let size = origin.size.unwrap_or(USUAL);
    let mut header = HeaderBuilder::new(Version::V2);
    header.add("width", &options.cols.unwrap_or(size.cols).to_string());
    header.add("height", &options.rows.unwrap_or(size.rows).to_string());
    if let Some(timestamp) = origin.timestamp {
        header.add("timestamp", &timestamp.to_string());
    }
    if let Some(command) = &origin.command {
        header.add_text("command", command);
    }
    let env = [("SHELL", &origin.shell), ("TERM", &origin.terminal)];
    let env: Vec<_> =
        env.into_iter().filter_map(|(name, value)| Some((name.to_string(), value.clone()?))).collect();
    if !env.is_empty() {
        header.add_object("env", &env);
    }
    header.finish()
}
