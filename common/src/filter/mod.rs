//! The loop of every filter: it opens the cast and the output, writes in time, and reports errors.
//!
//! The output for each read is collected and written before the next read: a live pipe passes
//! events on as they arrive, a file moves in large blocks, and memory does not grow with the cast.
//! Knows nothing of any particular filter.

mod output;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::process::ExitCode;

use crate::cast::{self, Code, Event, Fault, Header, Item, Reader};
use crate::cli::{self, Arg, Failure, Program, catalog};
use crate::edit::Position;
use crate::io::{self, AtomicFile, Input, Source, Stream};
use crate::tty;

pub use output::Output;

/// The operands of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operands {
    /// A cast.
    Input,
    /// Several casts, read one after another: [`Filter::header`] is called for each of them.
    Inputs,
    /// A cast, or its URL, and the file to write.
    InputAndOutput,
}

/// The part that differs from one filter to another.
pub trait Filter: Sized {
    /// Its operands.
    const OPERANDS: Operands = Operands::Input;

    /// Processes the header: updates it as the filter requires, and writes it.
    fn header(&mut self, header: Header, output: &mut Output) -> Result<(), Fault> {
        output.begin(&header);
        Ok(())
    }

    /// Processes the next event, and writes the result.
    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault>;

    /// Processes a line that is not an event: blank, or a comment.
    fn ignored(&mut self, line: &[u8], output: &mut Output) {
        output.line(line);
    }

    /// Called when nothing more can be read after a header, with the line of the fault.
    fn damaged(&mut self, line: u64, fault: &Fault, output: &mut Output) {
        let _ = (line, fault, output);
    }

    /// Events that the filter has set aside, as a v2 cast to be read after the last source, even if
    /// that was damaged.
    ///
    /// # Errors
    ///
    /// The temporary file cannot be written.
    fn set_aside(&mut self) -> cli::Result<Option<File>> {
        Ok(None)
    }

    /// Called after the last event. An error makes the run fail.
    fn end(&mut self, output: &mut Output) -> Result<(), String> {
        let _ = output;
        Ok(())
    }

    /// Writes to a second file, for a filter that has one; called whenever the output is written.
    fn write_second(&mut self) -> cli::Result<()> {
        Ok(())
    }

    /// Moves the second file into place after everything has been written.
    fn finish_second(self) -> cli::Result<()> {
        Ok(())
    }
}

/// The command line of a filter: it returns the filter's own options, and handles those of all
/// filters.
pub struct Args<'a> {
    args: &'a mut cli::Args,
    operands: Operands,
    sources: Vec<OsString>,
    sink: Option<OsString>,
    keeps_existing: bool,
    follows: bool,
    /// True if `--output` is another name of `-o` rather than an option of the filter.
    has_long_output: bool,
}

impl Args<'_> {
    /// The filter's next own option.
    #[expect(clippy::should_implement_trait, reason = "between two calls one asks for values")]
    pub fn next(&mut self) -> cli::Result<Option<&'static str>> {
        loop {
            match self.args.next()? {
                None => return Ok(None),
                Some(Arg::Option("-o")) => self.sink = Some(self.args.value()?),
                Some(Arg::Option("--output")) if self.has_long_output => self.sink = Some(self.args.value()?),
                Some(Arg::Option("--follow")) => self.follows = true,
                Some(Arg::Option(name)) => return Ok(Some(name)),
                Some(Arg::Value(path)) if self.sources.is_empty() || self.operands == Operands::Inputs => {
                    self.sources.push(path);
                }
                Some(Arg::Value(path))
                    if self.operands == Operands::InputAndOutput && self.sink.is_none() =>
                {
                    self.sink = Some(path);
                    self.keeps_existing = true;
                }
                Some(extra) => return Err(self.args.unexpected(&extra)),
            }
        }
    }

    /// The file to write, if it is known yet.
    pub fn output(&self) -> Option<&OsStr> {
        self.sink.as_deref()
    }

    /// Allows the output to replace a file that is not empty. Otherwise a file named by `-o` may be
    /// replaced, but not one named by an operand.
    pub fn overwrite(&mut self) {
        self.keeps_existing = false;
    }

    /// Refuses to replace a non-empty file other than the output, if the output must not be
    /// replaced either.
    pub fn check_second(&self, path: &OsStr) -> cli::Result<()> {
        if self.keeps_existing { refuse_existing(path) } else { Ok(()) }
    }

    /// The failure for an option that the filter does not have.
    pub fn unexpected(&self, name: &'static str) -> Failure {
        self.args.unexpected(&Arg::Option(name))
    }

    /// The value of the option just returned: a number of seconds above zero.
    pub fn seconds(&mut self) -> cli::Result<cast::Time> {
        self.args.seconds()
    }

    /// The value of the option just returned: a number above zero.
    pub fn factor(&mut self) -> cli::Result<f64> {
        self.args.factor()
    }

    /// The value of the option just returned, verbatim.
    pub fn value(&mut self) -> cli::Result<OsString> {
        self.args.value()
    }

    /// The value of the option just returned, as text.
    pub fn text(&mut self) -> cli::Result<String> {
        self.args.text()
    }

    /// The value of the option just returned: one of these names, with its meaning.
    pub fn choice<T: Copy>(&mut self, choices: &[(&str, T)]) -> cli::Result<T> {
        self.args.choice(choices)
    }

    /// The failure for an invalid value of the option just returned; `why` completes a sentence
    /// that begins "'VALUE' is".
    pub fn bad_value(&self, value: &str, why: &str) -> Failure {
        self.args.bad_value(value.as_ref(), why)
    }

    /// The value of the option just returned: a point in the cast.
    pub fn position(&mut self) -> cli::Result<Position> {
        let value = self.args.value()?;
        let position = value.to_str().and_then(Position::parse);
        position.ok_or_else(|| {
            self.args.bad_value(&value, "not a valid time: use seconds, MM:SS, HH:MM:SS or marker:LABEL")
        })
    }
}

/// The `main` of a filter. `parse` reads the filter's own options.
pub fn run<F: Filter>(
    program: &'static Program,
    parse: impl FnOnce(&mut Args<'_>) -> cli::Result<F>,
) -> ExitCode {
    cli::run(program, |args| {
        let mut args = Args {
            args,
            operands: F::OPERANDS,
            sources: Vec::new(),
            sink: None,
            keeps_existing: false,
            follows: false,
            has_long_output: program.options.iter().any(|option| option.names == catalog::OUTPUT.names),
        };
        let filter = parse(&mut args)?;
        let Args { sources, sink, keeps_existing, follows, .. } = args;
        if let (true, Some(path)) = (keeps_existing, &sink) {
            refuse_existing(path)?;
        }
        if follows {
            tty::restore_sigpipe();
            let (input, name) = io::follow(sources.first().map(OsString::as_os_str))?;
            let mut run = Run::new(filter, sink.as_deref())?;
            run.read(input, &name)?;
            return run.finish(&name);
        }
        transform(filter, &sources, sink.as_deref())
    })
}

/// Refuses to replace a file that is not empty.
fn refuse_existing(path: &OsStr) -> cli::Result<()> {
    match std::fs::metadata(path) {
        Ok(there) if there.is_file() && there.len() > 0 => {
            let name = cli::source_name(path);
            Err(Failure::Failed(format!("{name} already exists; use --overwrite to replace it")))
        }
        _ => Ok(()),
    }
}

fn transform<F: Filter>(filter: F, sources: &[OsString], sink: Option<&OsStr>) -> cli::Result<()> {
    tty::restore_sigpipe();
    let (first, others) =
        sources.split_first().map_or((None, sources), |(first, others)| (Some(first.as_os_str()), others));
    // A filter without URLs is linked without the code that opens them.
    if let (Operands::InputAndOutput, Some(path)) = (F::OPERANDS, first) {
        let (input, source) = Source::open(path)?;
        let mut run = Run::new(filter, sink)?;
        let outcome = run.read(input, &source.name);
        let name = source.name.clone();
        source.finish(outcome)?;
        return run.finish(&name);
    }
    let (input, mut source) = io::open(first)?;
    let mut run = Run::new(filter, sink)?;
    let mut outcome = run.read(input, &source);
    for other in others {
        outcome = outcome.and_then(|()| {
            let input;
            (input, source) = io::open(Some(other))?;
            run.read(input, &source)
        });
    }
    if let Some(file) = run.filter.set_aside()? {
        run.read(Stream::from(file).into(), "temporary file")?;
    }
    outcome?;
    run.finish(&source)
}

/// The failure for an error in reading a cast.
pub fn failure(source: &str, error: cast::Error) -> Failure {
    match error {
        cast::Error::Empty => Failure::Failed(format!("{source}: the input is empty, expected an asciicast")),
        cast::Error::Read(error) => Failure::io(source, &error),
        cast::Error::Line { number, fault } => Failure::Failed(format!("{source}: line {number}: {fault}")),
    }
}

/// A running filter.
struct Run<F> {
    filter: F,
    output: Output,
    writer: AtomicFile,
    /// The name of the output in messages.
    sink: String,
}

impl<F: Filter> Run<F> {
    /// Opens the output.
    fn new(filter: F, sink: Option<&OsStr>) -> cli::Result<Run<F>> {
        let (writer, sink) = AtomicFile::open(sink)?;
        Ok(Run { filter, output: Output::default(), writer, sink })
    }

    /// Writes the end of the output, after all events; `source` was read last.
    fn finish(mut self, source: &str) -> cli::Result<()> {
        self.filter.end(&mut self.output).map_err(|what| Failure::Failed(format!("{source}: {what}")))?;
        self.write()?;
        self.filter.finish_second()?;
        self.writer.finish().map_err(|error| Failure::io(&self.sink, &error))
    }

    /// Reads a source to its end or first fault. Everything before a fault is written.
    fn read(&mut self, input: Input, source: &str) -> cli::Result<()> {
        let mut reader = Reader::new(input);
        let mut has_begun = false;
        loop {
            let outcome = match reader.next() {
                Ok(Some(Item::Event(event))) => {
                    let is_exit = event.code == Code::Exit;
                    let outcome = self.filter.event(&event, &mut self.output);
                    if is_exit && reader.source().is_followed() {
                        outcome.map_err(|fault| failure(source, reader.fault(fault)))?;
                        return self.write();
                    }
                    outcome.map_err(|fault| reader.fault(fault))
                }
                Ok(Some(Item::Ignored(line))) => {
                    self.filter.ignored(line, &mut self.output);
                    Ok(())
                }
                Ok(Some(Item::Header(header))) => {
                    has_begun = true;
                    self.filter.header(header, &mut self.output).map_err(|fault| reader.fault(fault))
                }
                Ok(None) => {
                    self.write()?;
                    reader.fill()
                }
                Ok(Some(Item::End)) => return self.write(),
                Err(error) => Err(error),
            };
            let Err(error) = outcome else { continue };
            if has_begun {
                match &error {
                    // A line that was being written when following the file ended.
                    cast::Error::Line { fault: Fault::CutOff, .. } if reader.source().was_interrupted() => {
                        return self.write();
                    }
                    cast::Error::Line { number, fault } => {
                        self.filter.damaged(*number, fault, &mut self.output);
                    }
                    cast::Error::Read(error) => {
                        let fault = Fault::Other(cli::io_text(error));
                        self.filter.damaged(reader.line(), &fault, &mut self.output);
                    }
                    cast::Error::Empty => {}
                }
            }
            self.write()?;
            return Err(failure(source, error));
        }
    }

    /// Writes the output so far.
    fn write(&mut self) -> cli::Result<()> {
        self.writer.write_all(self.output.bytes()).map_err(|error| Failure::io(&self.sink, &error))?;
        self.output.clear();
        self.filter.write_second()
    }
}
