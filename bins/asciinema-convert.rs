//! Converts a cast to another version of the format, to raw output, text, captions, or the files of
//! another recorder.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use common::cast::{Event, Fault, Header, Version};
use common::cli::{self, Failure, Program, catalog};
use common::filter::{self, Args, Filter, Operands, Output};
use common::formats::{Encoder, Format, Markup};
use common::io::AtomicFile;
use common::vt::{Guard, ModeTracker};

const PROGRAM: Program = catalog::program("asciinema-convert");

struct Convert {
    encoder: Box<dyn Encoder>,
    /// Set if raw output goes to a terminal.
    terminal: Option<Safety>,
    /// script's timing file, and its name in messages.
    timing: Option<(AtomicFile, String)>,
}

/// Keeps unsafe sequences from a terminal, and resets it at the end.
#[derive(Default)]
struct Safety {
    guard: Guard,
    modes: ModeTracker,
    /// The encoded data not examined yet.
    bytes: Vec<u8>,
}

fn main() -> ExitCode {
    filter::run(&PROGRAM, parse)
}

fn parse(args: &mut Args<'_>) -> cli::Result<Convert> {
    let mut format = None;
    let mut overwrites = false;
    let mut is_unsafe = false;
    let mut timing = None;
    while let Some(option) = args.next()? {
        match option {
            "-f" | "--output-format" => format = Some(args.choice(Format::NAMES)?),
            "--overwrite" => overwrites = true,
            // There is nothing to suppress.
            "-q" | "--quiet" => {}
            "--unsafe" => is_unsafe = true,
            "--timing" => timing = Some(args.value()?),
            _ => return Err(args.unexpected(option)),
        }
    }
    if overwrites {
        args.overwrite();
    }
    let format = format.or_else(|| Some(default_format(args.output()?)));
    let format = format.ok_or_else(|| Failure::Usage("option '-f FORMAT' is missing".to_string()))?;
    let timing = match (format, timing) {
        (Format::Script, timing) => Some(open_timing(args, timing)?),
        (_, Some(_)) => return Err(Failure::Usage("'--timing' requires '-f script'".to_string())),
        (_, None) => None,
    };
    let is_terminal = args.output().is_none_or(|output| output == "-") && io::stdout().is_terminal();
    let is_guarded = format == Format::Raw && !is_unsafe && is_terminal;
    Ok(Convert { encoder: format.encoder(), terminal: is_guarded.then(Safety::default), timing })
}

/// The default format for a file; except for captions and ttyrec, as in 3.x.
fn default_format(output: &OsStr) -> Format {
    let name = output.to_ascii_lowercase();
    let ends = |end: &[u8]| name.as_encoded_bytes().ends_with(end);
    match () {
        () if ends(b".txt") => Format::Text,
        () if ends(b".srt") => Format::Captions(Markup::SubRip),
        () if ends(b".vtt") => Format::Captions(Markup::WebVtt),
        () if ends(b".ttyrec") => Format::Ttyrec,
        () => Format::Asciicast(Version::V3),
    }
}

/// Opens script's timing file, which is next to the log unless it is named.
fn open_timing(args: &Args<'_>, timing: Option<OsString>) -> cli::Result<(AtomicFile, String)> {
    let log = args.output().filter(|log| *log != "-");
    let log =
        log.ok_or_else(|| Failure::Usage("'-f script' writes two files and requires '-o LOG'".to_string()))?;
    let timing = timing.unwrap_or_else(|| {
        let mut beside = log.to_os_string();
        beside.push(".timing");
        beside
    });
    if timing == "-" || timing == log {
        return Err(Failure::Usage("'--timing' requires a file of its own".to_string()));
    }
    args.check_second(&timing)?;
    AtomicFile::open(Some(&timing))
}

impl Convert {
    /// Appends the output of the encoder, without what a terminal must not receive.
    fn encode<T>(
        &mut self,
        output: &mut Output,
        encode: impl FnOnce(&mut dyn Encoder, &mut Vec<u8>) -> T,
    ) -> T {
        let Some(Safety { guard, modes, bytes }) = &mut self.terminal else {
            return encode(&mut *self.encoder, output.bytes_mut());
        };
        let outcome = encode(&mut *self.encoder, bytes);
        let mut safe = Vec::new();
        guard.push(bytes, &mut safe);
        bytes.clear();
        modes.push(&safe);
        output.bytes_mut().extend_from_slice(&safe);
        outcome
    }

    fn finish(&mut self, output: &mut Output) {
        self.encode(output, |encoder, out| encoder.finish(out));
        if let Some(safety) = &self.terminal {
            output.bytes_mut().extend_from_slice(&safety.modes.reset_sequence());
        }
    }
}

impl Filter for Convert {
    const OPERANDS: Operands = Operands::InputAndOutput;

    fn header(&mut self, header: Header, output: &mut Output) -> Result<(), Fault> {
        self.encode(output, |encoder, out| encoder.header(&header, out))
    }

    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        self.encode(output, |encoder, out| encoder.event(event, out))
    }

    fn ignored(&mut self, line: &[u8], output: &mut Output) {
        self.encode(output, |encoder, out| encoder.ignored(line, out));
    }

    fn damaged(&mut self, _: u64, _: &Fault, output: &mut Output) {
        self.finish(output);
    }

    fn end(&mut self, output: &mut Output) -> Result<(), String> {
        self.finish(output);
        Ok(())
    }

    fn write_second(&mut self) -> cli::Result<()> {
        let Some((file, name)) = &mut self.timing else { return Ok(()) };
        file.write_all(&self.encoder.take_second()).map_err(|error| Failure::io(name, &error))
    }

    fn finish_second(self) -> cli::Result<()> {
        let Some((file, name)) = self.timing else { return Ok(()) };
        file.finish().map_err(|error| Failure::io(&name, &error))
    }
}
