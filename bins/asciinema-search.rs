//! Finds the times when text appears on the screen of a cast.
//!
//! It searches the text that a viewer reads: the lines of the screen, joined where they wrapped. A
//! line is printed each time the text appears in it, but not when it is redrawn.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::ops::Range;
use std::process::ExitCode;

use common::cast::{Code, Event, Fault, Item, Reader, Time};
use common::cli::{self, Arg, Failure, Program, Reporter, catalog, colour_is_refused, io_text};
use common::edit::Sightings;
use common::io::Stream;
use common::text::visible;
use common::{filter, tty};
use rewrite::Expressions;

const PROGRAM: Program = catalog::program("asciinema-search");

/// The statuses for no match and for an error: those of grep.
const NOT_FOUND: u8 = 1;
const TROUBLE: u8 = 2;

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| {
        let options = parse(args)?;
        tty::restore_sigpipe();
        search(options)
    })
}

/// Reports a failed write. Status 1 would mean that there is no match.
fn cannot_write(error: &io::Error) -> Failure {
    Reporter::new(PROGRAM.reporter()).error(&format!("stdout: {}", io_text(error)));
    Failure::Status(TROUBLE)
}

/// The command line.
struct Options {
    expressions: Expressions,
    sources: Vec<OsString>,
    shape: Shape,
    /// The maximum number of lines to print for each cast.
    most: u64,
}

/// The form of the output.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Lines,
    Json,
    Count,
    Names,
    Nothing,
}

fn parse(args: &mut cli::Args) -> cli::Result<Options> {
    let mut values = Vec::new();
    let (mut is_fixed, mut ignores_case) = (false, false);
    let (mut shape, mut most) = (Shape::Lines, u64::MAX);
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Option("-F" | "--fixed-strings") => is_fixed = true,
            Arg::Option("-i" | "--ignore-case") => ignores_case = true,
            Arg::Option("-c" | "--count") => shape = Shape::Count,
            Arg::Option("-l" | "--files-with-matches") => shape = Shape::Names,
            Arg::Option("-q" | "--quiet") => shape = Shape::Nothing,
            Arg::Option("--json") => shape = Shape::Json,
            Arg::Option("-m" | "--max-count") => {
                let text = args.text()?;
                most = text.parse().map_err(|_| args.bad_value(text.as_ref(), "not a number"))?;
            }
            Arg::Value(value) => values.push(value),
            other => return Err(args.unexpected(&other)),
        }
    }
    let mut values = values.into_iter();
    let pattern = values.next().ok_or_else(|| Failure::Usage("no PATTERN".to_string()))?;
    let pattern = pattern.into_string().map_err(|_| Failure::Usage("PATTERN is not UTF-8".to_string()))?;
    let expressions = compile(&pattern, is_fixed, ignores_case)?;
    Ok(Options { expressions, sources: values.collect(), shape, most })
}

fn compile(pattern: &str, is_fixed: bool, ignores_case: bool) -> cli::Result<Expressions> {
    let source = if is_fixed { regex_syntax::escape(pattern) } else { pattern.to_string() };
    let mut expressions = Expressions::default();
    expressions.add(&source, ignores_case).map_err(|why| {
        Failure::Usage(format!("'{}' is not a regular expression: {why}", visible(pattern)))
    })?;
    Ok(expressions)
}

fn search(options: Options) -> cli::Result<()> {
    let sources = match options.sources.is_empty() {
        true => vec![None],
        false => options.sources.iter().map(|source| Some(source.as_os_str())).collect(),
    };
    let reporter = Reporter::new(PROGRAM.reporter());
    let has_several = sources.len() > 1;
    let (mut has_any, mut is_trouble) = (false, false);
    let mut stdout = Stream::stdout().map_err(|error| cannot_write(&error))?;
    for path in sources {
        let (stream, name) = match common::io::open(path) {
            Ok(opened) => opened,
            Err(Failure::Failed(what)) => {
                reporter.error(&what);
                is_trouble = true;
                continue;
            }
            Err(other) => return Err(other),
        };
        let mut search = Search {
            options: &options,
            sightings: Sightings::default(),
            front: if has_several { format!("{}:", visible(&name)) } else { String::new() },
            name: &name,
            is_coloured: io::stdout().is_terminal() && !colour_is_refused(),
            count: 0,
            stdout: &mut stdout,
            out: Vec::new(),
            text: Vec::new(),
        };
        let outcome = search.read(stream);
        has_any |= search.count > 0;
        search.summarize();
        search.write()?;
        match outcome {
            Err(Failure::Failed(what)) => {
                reporter.error(&what);
                is_trouble = true;
            }
            Err(other) => return Err(other),
            Ok(()) => {}
        }
        if has_any && options.shape == Shape::Nothing {
            return Ok(());
        }
    }
    match (is_trouble, has_any) {
        (true, _) => Err(Failure::Status(TROUBLE)),
        (false, true) => Ok(()),
        (false, false) => Err(Failure::Status(NOT_FOUND)),
    }
}

/// The search of one cast.
struct Search<'a> {
    options: &'a Options,
    sightings: Sightings,
    /// The text before each line.
    front: String,
    name: &'a str,
    is_coloured: bool,
    count: u64,
    stdout: &'a mut Stream,
    /// The output not written yet.
    out: Vec<u8>,
    /// The text of an event, kept for reuse.
    text: Vec<u8>,
}

impl Search<'_> {
    /// Reads a cast to its end, or until enough lines have been found.
    fn read(&mut self, stream: impl io::Read) -> cli::Result<()> {
        let mut reader = Reader::new(stream);
        let failure = |error| filter::failure(self.name, error);
        let is_enough = |count: u64| match self.options.shape {
            Shape::Names | Shape::Nothing => count > 0,
            Shape::Lines | Shape::Json | Shape::Count => count >= self.options.most,
        };
        while !is_enough(self.count) {
            match reader.next().map_err(failure)? {
                None => {
                    self.write()?;
                    reader.fill().map_err(failure)?;
                }
                Some(Item::Header(header)) => {
                    let resized = self.resize(Time::ZERO, header.size);
                    resized.map_err(|fault| failure(reader.fault(fault)))?;
                }
                Some(Item::Event(event)) => {
                    self.event(&event).map_err(|fault| failure(reader.fault(fault)))?;
                }
                Some(Item::Ignored(_)) => {}
                Some(Item::End) => break,
            }
        }
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        if let Some(size) = event.resize() {
            return self.resize(event.time, size);
        }
        if event.code != Code::Output {
            return Ok(());
        }
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        event.decode_text(&mut text)?;
        let Search { options, sightings, .. } = self;
        let mut lines = Vec::new();
        let mut report = |line: &str, found: &[Range<usize>]| lines.push((line.to_string(), found.to_vec()));
        sightings.feed(&text, &options.expressions, &mut report);
        self.text = text;
        lines.into_iter().for_each(|(line, found)| self.report(event.time, &line, &found));
        Ok(())
    }

    fn resize(&mut self, time: Time, size: common::size::Size) -> Result<(), Fault> {
        let Search { options, sightings, .. } = self;
        let mut lines = Vec::new();
        let mut report = |line: &str, found: &[Range<usize>]| lines.push((line.to_string(), found.to_vec()));
        sightings.resize(size, &options.expressions, &mut report)?;
        lines.into_iter().for_each(|(line, found)| self.report(time, &line, &found));
        Ok(())
    }

    fn report(&mut self, time: Time, line: &str, found: &[Range<usize>]) {
        if self.count >= self.options.most {
            return;
        }
        self.count += 1;
        match self.options.shape {
            Shape::Lines => {
                self.out.extend_from_slice(self.front.as_bytes());
                time.write_short_seconds(&mut self.out);
                self.out.extend_from_slice(b": ");
                self.push_line(line, found);
                self.out.push(b'\n');
            }
            Shape::Json => {
                let mut seconds = Vec::new();
                time.write_short_seconds(&mut seconds);
                let text = |text: &str| serde_json::Value::from(text).to_string();
                let matches: Vec<String> = found.iter().map(|found| text(&line[found.clone()])).collect();
                let object = format!(
                    "{{\"file\": {}, \"time\": {}, \"line\": {}, \"matches\": [{}]}}\n",
                    text(self.name),
                    String::from_utf8_lossy(&seconds),
                    text(line),
                    matches.join(", ")
                );
                self.out.extend_from_slice(object.as_bytes());
            }
            Shape::Count | Shape::Names | Shape::Nothing => {}
        }
    }

    /// Appends a line, with its matches coloured as by grep.
    fn push_line(&mut self, line: &str, found: &[Range<usize>]) {
        let mut at = 0;
        for found in found.iter().filter(|_| self.is_coloured) {
            let (before, text) = (&line[at..found.start], &line[found.clone()]);
            self.out.extend(format!("{}\x1b[1;31m{}\x1b[m", visible(before), visible(text)).bytes());
            at = found.end;
        }
        self.out.extend(visible(&line[at..]).bytes());
    }

    /// Appends the summary at the end of a cast.
    fn summarize(&mut self) {
        match self.options.shape {
            Shape::Count => self.out.extend(format!("{}{}\n", self.front, self.count).bytes()),
            Shape::Names if self.count > 0 => self.out.extend(format!("{}\n", visible(self.name)).bytes()),
            _ => {}
        }
    }

    fn write(&mut self) -> cli::Result<()> {
        let out = std::mem::take(&mut self.out);
        self.stdout.write_all(&out).map_err(|error| cannot_write(&error))
    }
}
