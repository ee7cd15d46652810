//! Leaving ranges of a cast out, and making up for what they did to the screen: what `cut` and
//! `trim` share, which differ only in the side that they keep.
//!
//! Where events are left out, one event takes their place that draws the screen as it stood behind
//! them. What was on the screen only in between is nowhere in it. A hole that reaches to the end of
//! the cast is not drawn: all that it would show was to be seen in the hole alone.

use crate::cast::{Code, Event, Fault, Header, Time};
use crate::cli;
use crate::edit::Ranges;
use crate::filter::{Args, Filter, Output};
use crate::screen::Screen;
use crate::size::Size;

/// How many rows above the screen are kept, which come back when it becomes taller.
const SCROLLBACK: usize = 100;

/// Which events are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Those in the ranges: what `trim` does.
    Inside,
    /// Those outside the ranges: what `cut` does.
    Outside,
}

/// The filter that keeps one side of ranges.
pub struct Splice {
    kept: Kept,
    ranges: Ranges,
    drawing: Drawing,
    /// The terminal's current size.
    size: Size,
    /// The events that are being left out.
    hole: Option<Hole>,
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
    /// What the viewer's terminal shows.
    screen: Option<Box<Screen>>,
    /// Whether anything was written in it.
    has_output: bool,
}

impl Splice {
    /// Reads the options `--from`, `--to` and `--drop`.
    pub fn parse(args: &mut Args<'_>, kept: Kept) -> cli::Result<Splice> {
        let mut ranges = Ranges::default();
        let mut drawing = Drawing::Wanted;
        while let Some(option) = args.next()? {
            match option {
                "--from" => ranges.add_from(args.position()?),
                "--to" => ranges.add_to(args.position()?),
                "--drop" => drawing = Drawing::Off,
                _ => return Err(args.unexpected(option)),
            }
        }
        ranges.check()?;
        Ok(Splice { kept, ranges, drawing, size: Size { cols: 0, rows: 0 }, hole: None })
    }
}

impl Filter for Splice {
    fn header(&mut self, mut header: Header, output: &mut Output) -> Result<(), Fault> {
        self.size = header.size;
        if matches!(self.drawing, Drawing::Wanted) {
            self.drawing = Drawing::On(Box::new(Screen::new(header.size, SCROLLBACK)?));
        }
        header.remove("duration");
        output.begin(&header);
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>, output: &mut Output) -> Result<(), Fault> {
        self.ranges.observe(event);
        let covered = self.ranges.cover(event.time);
        let is_inside = self.ranges.contain(event.time);
        let (is_kept, time) = match self.kept {
            Kept::Inside => (is_inside, covered),
            Kept::Outside => (!is_inside, event.time.since(covered)),
        };
        if is_kept {
            self.close_hole(output);
            output.event(event, time);
        } else {
            let hole = self.hole.get_or_insert_with(|| {
                let screen = match &self.drawing {
                    Drawing::On(screen) => Some(screen.clone()),
                    Drawing::Off | Drawing::Wanted => None,
                };
                Hole { time, size: self.size, screen, has_output: false }
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

impl Splice {
    /// Makes up for the events left out, if that is what came last.
    fn close_hole(&mut self, output: &mut Output) {
        let Some(hole) = self.hole.take() else { return };
        if hole.size != self.size {
            output.new_event(hole.time, Code::Resize, &self.size.to_string());
        }
        if let (Drawing::On(screen), Some(before)) = (&self.drawing, &hole.screen)
            && hole.has_output
            && let Some(drawing) = screen.transition(before)
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
