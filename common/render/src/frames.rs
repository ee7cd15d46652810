//! Which moments of a recording become frames, and when they are shown.
//!
//! A frame is what the screen shows at the end of a span of time that begins with a change: so a burst
//! of output is one frame, and the first is not an empty screen. It is shown from the beginning of its
//! span on. Times are added up as whole microseconds and divided at the end, so that roundings never
//! add up.

use common::cast::{Code, Event, Fault, Item, Time};
use common::cli;
use common::screen::Screen;

use crate::canvas::Canvas;
use crate::progress::Progress;
use crate::recording::{Recording, Stop, Survey, check_size};
use crate::view::View;

/// How time goes by.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Longer pauses are cut to this.
    pub idle_limit: Time,
    /// How many times as fast.
    pub speed: f64,
    /// The span of a frame.
    pub span: Time,
    /// How long the last frame is shown after the last event.
    pub hold: Time,
}

/// Draws a recording: `show` takes the canvas from each time on that it is shown. Returns the time at
/// which all ends.
///
/// # Errors
///
/// What is wrong with the cast, or what `show` says.
pub fn animate(
    recording: &mut Recording,
    survey: &Survey,
    timing: Timing,
    view: &mut View,
    mut canvas: Canvas,
    mut show: impl FnMut(Time, &Canvas) -> cli::Result<()>,
) -> cli::Result<Time> {
    let mut screen: Option<Screen> = None;
    // When the cast's time was last looked at, and how much of it has been shown.
    let (mut previous, mut shown) = (survey.from, Time::ZERO);
    // When the span began that is not over yet.
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

/// Does to a screen what an event says. `text` is room to work in.
///
/// # Errors
///
/// What is wrong with the event.
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
