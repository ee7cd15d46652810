//! The selection of frames from a recording, and their times.
//!
//! A frame is the screen at the end of a span of time that begins with a change: a burst of output
//! is one frame, and the first frame is not an empty screen. It is shown from the start of its
//! span. Times are added up in whole microseconds and divided at the end, so that rounding errors
//! do not accumulate.

use common::cast::{Code, Event, Fault, Item, Time};
use common::cli;
use common::screen::Screen;

use crate::canvas::Canvas;
use crate::progress::Progress;
use crate::recording::{Recording, Stop, Survey, check_size};
use crate::view::View;

/// The timing of the frames.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// The maximum length of a pause.
    pub idle_limit: Time,
    /// The playback speed.
    pub speed: f64,
    /// The span of a frame.
    pub span: Time,
    /// The time for which the last frame is shown after the last event.
    pub hold: Time,
}

/// Draws a recording: `show` gets the canvas and the time from which it is shown. Returns the time
/// of the end.
///
/// # Errors
///
/// A fault in the cast, or an error of `show`.
pub fn animate(
    recording: &mut Recording,
    survey: &Survey,
    timing: Timing,
    view: &mut View,
    mut canvas: Canvas,
    mut show: impl FnMut(Time, &Canvas) -> cli::Result<()>,
) -> cli::Result<Time> {
    let mut screen: Option<Screen> = None;
    // The time of the last event in the cast, and its time in the animation.
    let (mut previous, mut shown) = (survey.from, Time::ZERO);
    // The start of the current span.
    let mut span = Some(Time::ZERO);
    let mut text = Vec::new();
    let mut progress = Progress::default();
    recording.read(&mut progress, |item| {
        let event = match item {
            Item::Header(header) => {
                screen = Some(Screen::new(header.size, 0).map_err(Fault::from)?);
                return Ok(());
            }
            Item::Event(event) => event,
            Item::Ignored(_) | Item::End => return Ok(()),
        };
        let Some(screen) = &mut screen else { return Ok(()) };
        if survey.to.is_some_and(|to| event.time >= to) {
            return Err(Stop::Enough);
        }
        if event.time >= survey.from {
            shown = shown.plus(event.time.since(previous).min(timing.idle_limit));
            previous = event.time;
            let now = shown.divided_by(timing.speed);
            if let Some(begun) = span.filter(|begun| now >= begun.plus(timing.span)) {
                view.update(screen, &mut canvas);
                show(begun, &canvas)?;
                span = None;
            }
            if matches!(event.code, Code::Output | Code::Resize) {
                span.get_or_insert(now);
            }
        }
        apply(event, screen, &mut text)?;
        Ok(())
    })?;
    if let (Some(begun), Some(screen)) = (span, &mut screen) {
        view.update(screen, &mut canvas);
        show(begun, &canvas)?;
    }
    Ok(shown.divided_by(timing.speed).plus(timing.hold))
}

/// Applies an event to a screen. `text` is a reusable buffer.
///
/// # Errors
///
/// A fault in the event.
pub fn apply(event: &Event<'_>, screen: &mut Screen, text: &mut Vec<u8>) -> Result<(), Fault> {
    match event.code {
        Code::Output => {
            text.clear();
            event.decode_text(text)?;
            screen.feed(&String::from_utf8_lossy(text));
        }
        Code::Resize => {
            if let Some(size) = event.resize() {
                check_size(size)?;
                screen.resize(size)?;
            }
        }
        _ => {}
    }
    Ok(())
}
