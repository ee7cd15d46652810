//! Leaving ranges of a cast out, and making up for what they did to the screen: what `cut` and
//! `trim` share, which differ only in the side that they keep.
//!
//! Where events are left out, one event takes their place that draws the screen as it stood behind
//! them. What was on the screen only in between is nowhere in it. A hole that reaches to the end of
//! the cast is not drawn: all that it would show was to be seen in the hole alone.

use std::marker::PhantomData;

use crate::cast::{Code, Event, Fault, Header, Time};
use crate::cli;
use crate::filter::{Args, Filter, Output, Ranges};
use crate::screen::{Screen, Traces};
use crate::size::Size;

/// Which events stay.
pub trait Kept {
    /// Whether it is those in the ranges that stay, or the others.
    const IS_INSIDE: bool;
}

/// The events in the ranges stay: what `trim` does.
pub struct Inside;

impl Kept for Inside {
    const IS_INSIDE: bool = true;
}

/// The events outside of the ranges stay: what `cut` does.
pub struct Outside;

impl Kept for Outside {
    const IS_INSIDE: bool = false;
}

/// The filter that keeps one side of ranges: `--from`, `--to` and `--drop`.
pub struct Splice<K> {
    ranges: Ranges,
    drawing: Drawing,
    /// The terminal's size by now.
    size: Size,
    /// The events that are being left out.
    hole: Option<Hole>,
    kept: PhantomData<K>,
}

/// Whether the screen behind a hole is drawn.
enum Drawing {
    /// It is not, or no hole can follow.
    Off,
    /// It will be, once the cast's size is known.
    Wanted,
    On(Box<Screen>),
}

struct Hole {
    /// When it happens in what is put out.
    time: Time,
    /// The size before it.
    size: Size,
    /// What the viewer's terminal has in it.
    traces: Option<Traces>,
    /// Whether anything was written in it.
    has_output: bool,
}

impl<K: Kept> Filter for Splice<K> {
    fn parse(args: &mut Args<'_>) -> cli::Result<Splice<K>> {
        let mut ranges = Ranges::default();
        let mut drawing = Drawing::Wanted;
        while let Some(option) = args.next()? {
            match option {
                "--from" => ranges.add_from(args.bound()?),
                "--to" => ranges.add_to(args.bound()?),
                "--drop" => drawing = Drawing::Off,
                _ => return Err(args.unexpected(option)),
            }
        }
        ranges.check()?;
        let size = Size { cols: 0, rows: 0 };
        Ok(Splice { ranges, drawing, size, hole: None, kept: PhantomData })
    }

    fn header(&mut self, mut header: Header, output: &mut Output) -> Result<(), Fault> {
        self.size = header.size;
        if matches!(self.drawing, Drawing::Wanted) {
            self.drawing = Drawing::On(Box::new(Screen::new(header.size)?));
        }
        header.remove("duration");
        output.begin(&header);
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        self.ranges.observe(event);
        let is_kept = self.ranges.contain(event.time) == K::IS_INSIDE;
        let covered = self.ranges.cover(event.time);
        let time = if K::IS_INSIDE { covered } else { event.time.since(covered) };
        if is_kept {
            self.close_hole(output);
            output.event(event, time);
        } else {
            let hole = self.hole.get_or_insert_with(|| {
                let traces = match &self.drawing {
                    Drawing::On(screen) => Some(screen.traces()),
                    Drawing::Off | Drawing::Wanted => None,
                };
                Hole { time, size: self.size, traces, has_output: false }
            });
            hole.has_output |= event.code == Code::Output;
        }
        self.follow(event)
    }

    fn ignored(&mut self, line: &[u8], output: &mut Output) {
        if self.hole.is_none() {
            output.line(line);
        }
    }

    fn end(&mut self, _: &mut Output) -> Result<(), String> {
        self.ranges.check_reached()
    }
}

impl<K> Splice<K> {
    /// Makes up for the events left out, if that is what came last.
    fn close_hole(&mut self, output: &mut Output) {
        let Some(hole) = self.hole.take() else { return };
        if hole.size != self.size {
            output.new_event(hole.time, Code::Resize, &self.size.to_string());
        }
        if let (Drawing::On(screen), Some(traces)) = (&self.drawing, &hole.traces)
            && hole.has_output
            && let Some(drawing) = screen.drawing_over(traces)
        {
            output.new_event(hole.time, Code::Output, &drawing);
        }
    }

    /// Keeps up with what an event does to the terminal, as long as somebody may ask.
    fn follow(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        if self.ranges.end_before(event.time) {
            self.drawing = Drawing::Off;
        }
        let resize = event.resize();
        self.size = resize.unwrap_or(self.size);
        if let Drawing::On(screen) = &mut self.drawing {
            match resize {
                Some(size) => screen.resize(size)?,
                None if event.code == Code::Output => screen.feed(&event.text()?),
                None => {}
            }
        }
        Ok(())
    }
}
