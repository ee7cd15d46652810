//! The input and output of the cast: a file, analysed as a whole before anything is written, or a
//! pipe, passed on as it arrives.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use common::cast::{Error, Event, Fault, Item, Reader, Time};
use common::cli::{self, Failure};
use common::filter;

use crate::analysis::Analysis;
use crate::editor::{Editor, Places};
use crate::finder::{Finding, Pass, Stream};
use crate::mask::Substitute;
use crate::patterns::Patterns;

/// The amount held back from a pipe, in bytes. Text still undecided then is masked.
const MOST_HELD: usize = 1 << 20;

/// The task for a cast.
pub struct Job {
    /// The replacement for matches.
    pub substitute: Substitute,
    /// True if input is removed.
    pub drops_input: bool,
    /// True if a pipe is read to its end before anything is written.
    pub is_whole: bool,
}

/// A cast in a file, and its name in messages.
pub struct Source<'a> {
    file: &'a File,
    name: &'a str,
    /// The start of the cast in the file, and its length.
    start: u64,
    length: u64,
}

impl Source<'_> {
    /// A file from its current position to its end.
    pub fn of<'a>(mut file: &'a File, name: &'a str) -> io::Result<Source<'a>> {
        let start = file.stream_position()?;
        Ok(Source { file, name, start, length: file.metadata()?.len().saturating_sub(start) })
    }

    /// A reader of the cast. Data added to the file in the meantime is not read.
    fn reader(&self) -> cli::Result<Reader<io::Take<&File>>> {
        let mut file = self.file;
        file.seek(SeekFrom::Start(self.start)).map_err(|error| Failure::io(self.name, &error))?;
        Ok(Reader::new(file.take(self.length)))
    }
}

/// Analyses a cast until nothing new is found. A damaged cast is analysed up to its fault, which is
/// returned as well.
pub fn analyse(
    source: &Source<'_>,
    patterns: Patterns,
    job: &Job,
) -> cli::Result<(Analysis, Option<Failure>)> {
    let mut analysis = Analysis::new(patterns, job.substitute.clone(), Pass::First);
    let broken = analyse_once(source, &mut analysis, job)?;
    while analysis.is_to_be_repeated() {
        analysis = analysis.again();
        analyse_once(source, &mut analysis, job)?;
    }
    Ok((analysis, broken))
}

/// Analyses a cast once. Returns the fault where it ends early.
fn analyse_once(source: &Source<'_>, analysis: &mut Analysis, job: &Job) -> cli::Result<Option<Failure>> {
    let mut reader = source.reader()?;
    let mut editor = Editor::new(job.drops_input);
    let mut has_begun = false;
    let mut unused = Vec::new();
    loop {
        unused.clear();
        let outcome = match reader.next() {
            Ok(None) => reader.fill(),
            Ok(Some(Item::Header(header))) => {
                has_begun = true;
                editor.header(&header, analysis.finder(), &mut unused);
                analysis.resize(Time::ZERO, header.size).map_err(|error| reader.fault(error.into()))
            }
            Ok(Some(Item::Event(event))) => editor
                .look(&event, analysis)
                .and_then(|places| match places {
                    Some(_) => Ok(()),
                    None => editor.event(&event, None, analysis.finder(), &mut unused),
                })
                .map_err(|fault| reader.fault(fault)),
            Ok(Some(Item::Ignored(line))) => {
                editor.ignored(line, analysis.finder(), &mut unused);
                Ok(())
            }
            Ok(Some(Item::End)) => {
                analysis.finish();
                return Ok(None);
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => {}
            Err(error @ Error::Line { .. }) if has_begun => {
                // The missing part may have been the rest of a secret.
                analysis.mask_undecided();
                analysis.finish();
                return Ok(Some(filter::failure(source.name, error)));
            }
            Err(error) => return Err(filter::failure(source.name, error)),
        }
    }
}

/// Writes a cast that has been analysed.
pub fn write(
    source: &Source<'_>,
    analysis: &mut Analysis,
    job: &Job,
    sink: &mut Sink<'_>,
) -> cli::Result<()> {
    let mut reader = source.reader()?;
    let mut editor = Editor::new(job.drops_input);
    let mut places = [0; 2];
    loop {
        let finder = analysis.finder();
        let outcome = match reader.next() {
            Ok(None) => {
                sink.write()?;
                reader.fill()
            }
            Ok(Some(Item::Header(header))) => {
                editor.header(&header, finder, &mut sink.held);
                Ok(())
            }
            Ok(Some(Item::Event(event))) => editor
                .place(&event, &mut places, finder)
                .and_then(|places| editor.event(&event, places.as_ref(), finder, &mut sink.held))
                .map_err(|fault| reader.fault(fault)),
            Ok(Some(Item::Ignored(line))) => {
                editor.ignored(line, finder, &mut sink.held);
                Ok(())
            }
            Ok(Some(Item::End)) => return sink.write(),
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            sink.write()?;
            return Err(filter::failure(source.name, error));
        }
    }
}

/// The output of a cast.
pub struct Sink<'a> {
    writer: &'a mut dyn Write,
    /// Its name in messages.
    name: &'a str,
    /// The data to write next.
    held: Vec<u8>,
}

impl<'a> Sink<'a> {
    /// An output, and its name in messages.
    pub fn new(writer: &'a mut dyn Write, name: &'a str) -> Sink<'a> {
        Sink { writer, name, held: Vec::new() }
    }

    fn write(&mut self) -> cli::Result<()> {
        self.writer.write_all(&self.held).map_err(|error| Failure::io(self.name, &error))?;
        self.held.clear();
        Ok(())
    }
}

/// An item held back.
struct Held {
    line: Vec<u8>,
    /// The time of the event in the line; `None` if it is not an event.
    time: Option<Time>,
    places: Option<Places>,
    /// The output to add after it.
    cover: String,
}

/// Passes a cast on as it arrives. `report` gets each finding. Returns the patterns.
///
/// # Errors
///
/// A fault in the cast, or an error of reading or writing.
pub fn pass_on(
    source: impl Read,
    name: &str,
    patterns: Patterns,
    job: &Job,
    sink: &mut Sink<'_>,
    mut report: impl FnMut(&Finding, &Patterns),
) -> cli::Result<Patterns> {
    let mut reader = Reader::new(source);
    let mut passage = Passage {
        analysis: Analysis::new(patterns, job.substitute.clone(), Pass::Only),
        editor: Editor::new(job.drops_input),
        queue: VecDeque::new(),
        held: 0,
    };
    let mut has_ended = false;
    while !has_ended {
        let finder = passage.analysis.finder();
        let outcome = match reader.next() {
            Ok(None) => {
                sink.write()?;
                reader.fill()
            }
            Ok(Some(Item::Header(header))) => {
                passage.editor.header(&header, finder, &mut sink.held);
                let resized = passage.analysis.resize(Time::ZERO, header.size);
                resized.map_err(|error| reader.fault(error.into()))
            }
            Ok(Some(Item::Event(event))) => {
                passage.event(&event, &mut sink.held).map_err(|fault| reader.fault(fault))
            }
            Ok(Some(Item::Ignored(line))) => {
                passage.hold(line, None, None, String::new());
                passage.decide(&mut sink.held).map_err(|fault| reader.fault(fault))
            }
            Ok(Some(Item::End)) => {
                passage.analysis.finish();
                passage.end(&mut sink.held).map_err(|fault| filter::failure(name, reader.fault(fault)))?;
                has_ended = true;
                Ok(())
            }
            Err(error) => Err(error),
        };
        let finder = passage.analysis.finder();
        for finding in finder.findings.drain(..) {
            report(&finding, &finder.patterns);
        }
        if let Err(error) = outcome {
            // The missing part may have been the rest of a secret.
            passage.analysis.mask_undecided();
            passage.end(&mut sink.held).map_err(|fault| filter::failure(name, reader.fault(fault)))?;
            sink.write()?;
            return Err(filter::failure(name, error));
        }
    }
    sink.write()?;
    Ok(passage.analysis.into_patterns())
}

/// A cast being passed on.
struct Passage {
    analysis: Analysis,
    editor: Editor,
    /// The items held back, in order.
    queue: VecDeque<Held>,
    /// The total length of their lines, in bytes.
    held: usize,
}

impl Passage {
    /// Processes an event, and appends what can be written.
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) -> Result<(), Fault> {
        let places = self.editor.look(event, &mut self.analysis)?;
        // A resize has no text to insert them in.
        let cover = match places {
            Some(_) => String::new(),
            None => self.analysis.take_covers().into_iter().map(|(_, cover)| cover).collect(),
        };
        self.hold(event.line, Some(event.time), places, cover);
        self.decide(out)
    }

    fn hold(&mut self, line: &[u8], time: Option<Time>, places: Option<Places>, cover: String) {
        self.held += line.len();
        self.queue.push_back(Held { line: line.to_vec(), time, places, cover });
    }

    /// Appends everything that can no longer become a secret.
    fn decide(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        if self.held > MOST_HELD {
            self.analysis.mask_undecided();
            return self.end(out);
        }
        let output = self.analysis.undecided(Stream::Output).unwrap_or(u64::MAX);
        let input = self.analysis.undecided(Stream::Input).unwrap_or(u64::MAX);
        let is_decided = |held: &&Held| match &held.places {
            Some(Places { stream: Stream::Output, range, .. }) => range.end <= output,
            Some(Places { stream: Stream::Input, range, .. }) => range.end <= input,
            None => true,
        };
        let count = self.queue.iter().take_while(is_decided).count();
        if count < self.queue.len() {
            self.mask_beside(count);
        }
        for _ in 0..count {
            self.emit(out)?;
        }
        if self.queue.is_empty() {
            self.analysis.finder().forget_held();
        }
        Ok(())
    }

    /// Prepares for passing on a number of items while the rest is held back.
    fn mask_beside(&mut self, count: usize) {
        let mut decided = self.queue.iter().take(count).filter_map(|held| held.places.as_ref());
        let last = decided.rfind(|places| places.stream == Stream::Output);
        let released = self.analysis.finder().released(Stream::Output);
        self.analysis.mask_beside(last.map_or(released, |places| places.range.end));
        let Some(held) = self.queue.back_mut() else { return };
        for (_, cover) in self.analysis.take_covers() {
            match &mut held.places {
                Some(Places { stream: Stream::Output, range, additions }) => {
                    additions.push(((range.end - range.start) as usize, cover));
                }
                _ => held.cover.push_str(&cover),
            }
        }
    }

    /// Appends everything held back.
    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        while !self.queue.is_empty() {
            self.emit(out)?;
        }
        Ok(())
    }

    /// Appends the first item held back.
    fn emit(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let Some(Held { line, time, places, cover }) = self.queue.pop_front() else { return Ok(()) };
        self.held -= line.len();
        let finder = self.analysis.finder();
        match time {
            None => self.editor.ignored(&line, finder, out),
            Some(time) => {
                let event = Event { time, ..Event::scan(&line)? };
                self.editor.event(&event, places.as_ref(), finder, out)?;
                if !cover.is_empty() {
                    self.editor.cover(time, &cover, out);
                }
            }
        }
        if let Some(Places { stream, range, .. }) = places {
            self.analysis.release(stream, range.end);
        }
        Ok(())
    }
}
