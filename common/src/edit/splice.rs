//! Removes ranges of a cast and makes up for their effect on the screen: the common part of `cut`
//! and `trim`, which differ only in the side that they keep.
//!
//! Removed events are replaced by one event that draws the screen as it was after them. It contains
//! nothing that was shown only during the gap. A gap at the end of the cast is not drawn:
//! everything on its final screen was shown only during the gap.

use crate::cast::{Code, Event, Fault, Header, Time};
use crate::cli;
use crate::edit::Ranges;
use crate::filter::{Args, Filter, Output};
use crate::screen::Screen;
use crate::size::Size;

/// The number of rows kept above the screen, which reappear when it becomes taller.
const SCROLLBACK: usize = 100;

/// The events to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Those inside the ranges, as `trim` does.
    Inside,
    /// Those outside the ranges, as `cut` does.
    Outside,
}

/// A filter that keeps one side of ranges.
pub struct Splice {
    kept: Kept,
    ranges: Ranges,
    drawing: Drawing,
    /// The terminal's current size.
    size: Size,
    /// The current gap.
    hole: Option<Hole>,
}

/// The redrawing of the screen after a gap.
enum Drawing {
    /// Disabled, or no gap can follow.
    Off,
    /// Enabled once the cast's size is known.
    Wanted,
    On(Box<Screen>),
}

struct Hole {
    /// Its time in the output.
    time: Time,
    /// The size before it.
    size: Size,
    /// The contents of the viewer's terminal.
    screen: Option<Box<Screen>>,
    /// True if it contains output.
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
    /// Makes up for the removed events, if the last event was one of them.
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

    /// Tracks the effect of an event on the terminal, as long as it may be needed.
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
