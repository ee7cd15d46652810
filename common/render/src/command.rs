//! The command lines of the programs that draw: options, files, and calls of the rest of this
//! crate.
//!
//! The catalog lists the options of each program; their meaning is the same for all.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use common::cast::{self, Fault, Header, Item, Time};
use common::cli::{self, Arg, Args, Failure, Reporter, plain_number};
use common::edit::{Position, Range};
use common::filter;
use common::io::{self as files, AtomicFile};
use common::screen::Screen;
use common::size::Size;
use common::text::visible;
use common::tty;

use crate::canvas::Canvas;
use crate::frames::{self, Timing};
use crate::gif::{self, GifWriter};
use crate::glyphs::{FontError, Fonts};
use crate::html;
use crate::layout::Layout;
use crate::links::LinkTracker;
use crate::metrics::{JETBRAINS_MONO, Metrics};
use crate::paint::Painter;
use crate::png;
use crate::progress::Progress;
use crate::raster::Raster;
use crate::recording::{self, Recording, Stop, Survey, check_size};
use crate::svg::{Kind, Playing, SvgWriter};
use crate::theme::Theme;
use crate::view::View;

/// The limit for pauses if neither the command line nor the header sets one.
const IDLE_LIMIT: Time = Time::from_micros(5_000_000);

/// The number of missing characters to list.
const MOST_NAMED: usize = 20;

/// The options.
pub struct Options {
    source: Option<OsString>,
    sink: Option<OsString>,
    at: Option<Position>,
    range: Range,
    idle_limit: Option<Time>,
    speed: f64,
    frames_per_second: f64,
    hold: Time,
    /// True if `--loop` was given, and if `--no-loop` was.
    wants_loop: bool,
    wants_no_loop: bool,
    theme: Option<Theme>,
    font_size: f32,
    line_height: f32,
    fonts: Vec<PathBuf>,
    cols: Option<u16>,
    rows: Option<u16>,
    padding: Option<u16>,
    has_window: bool,
    title: Option<String>,
    hides_cursor: bool,
    is_bold_bright: bool,
}

impl Options {
    /// Reads a command line.
    ///
    /// # Errors
    ///
    /// A wrong command line.
    pub fn parse(args: &mut Args) -> cli::Result<Options> {
        let mut options = Options {
            source: None,
            sink: None,
            at: None,
            range: Range::default(),
            idle_limit: None,
            speed: 1.0,
            frames_per_second: 25.0,
            hold: Time::from_micros(3_000_000),
            wants_loop: false,
            wants_no_loop: false,
            theme: None,
            font_size: 16.0,
            line_height: 1.4,
            fonts: Vec::new(),
            cols: None,
            rows: None,
            padding: None,
            has_window: false,
            title: None,
            hides_cursor: false,
            is_bold_bright: false,
        };
        while let Some(arg) = args.next()? {
            match arg {
                Arg::Option("-o" | "--output") => options.sink = Some(args.value()?),
                Arg::Option("--at") => options.at = Some(position(args)?),
                Arg::Option("--from") => options.range.from = Some(position(args)?),
                Arg::Option("--to") => options.range.to = Some(position(args)?),
                Arg::Option("-i" | "--idle-time-limit") => options.idle_limit = Some(args.seconds()?),
                Arg::Option("-s" | "--speed") => options.speed = args.factor()?,
                Arg::Option("--fps" | "--fps-cap") => {
                    options.frames_per_second = number(args, 0.1..=100.0, "0.1 to 100")?
                }
                Arg::Option("--hold" | "--last-frame-duration") => options.hold = seconds_or_none(args)?,
                Arg::Option("-l" | "--loop") => options.wants_loop = true,
                Arg::Option("--no-loop") => options.wants_no_loop = true,
                Arg::Option("--theme") => options.theme = Some(theme(args)?),
                Arg::Option("--font-size") => {
                    options.font_size = number(args, 4.0..=200.0, "4 to 200")? as f32
                }
                Arg::Option("--line-height") => {
                    options.line_height = number(args, 0.5..=5.0, "0.5 to 5")? as f32
                }
                Arg::Option("--font") => options.fonts.push(args.value()?.into()),
                Arg::Option("--cols") => options.cols = Some(whole(args, 1, u16::MAX)?),
                Arg::Option("--rows") => options.rows = Some(whole(args, 1, u16::MAX)?),
                Arg::Option("--padding") => options.padding = Some(whole(args, 0, 1000)?),
                Arg::Option("--window") => options.has_window = true,
                Arg::Option("-t" | "--title") => options.title = Some(args.text()?),
                Arg::Option("--no-cursor") => options.hides_cursor = true,
                Arg::Option("--bold-is-bright") => options.is_bold_bright = true,
                Arg::Value(path) if options.source.is_none() => options.source = Some(path),
                extra => return Err(args.unexpected(&extra)),
            }
        }
        if options.range.is_empty() {
            return Err(Failure::Usage("the range ends before it begins".to_string()));
        }
        Ok(options)
    }

    fn theme(&self, header: &Header) -> Theme {
        self.theme.clone().or_else(|| Theme::of_header(header)).unwrap_or_default()
    }

    fn timing(&self, header: &Header) -> Timing {
        let idle_limit = self.idle_limit.or_else(|| header.seconds("idle_time_limit")).unwrap_or(IDLE_LIMIT);
        let span = Time::from_micros((1e6 / self.frames_per_second).round() as u64);
        Timing { idle_limit, speed: self.speed, span, hold: self.hold }
    }

    fn view(&self, theme: &Theme) -> View {
        View::new(theme.clone()).with_cursor(!self.hides_cursor).with_bold_as_bright(self.is_bold_bright)
    }

    fn canvas(&self, size: Size, view: &View) -> Result<Canvas, Fault> {
        let size = Size { cols: self.cols.unwrap_or(size.cols), rows: self.rows.unwrap_or(size.rows) };
        let size = Size { cols: size.cols.max(1), rows: size.rows.max(1) };
        check_size(size)?;
        Ok(Canvas::new(size, view.blank()))
    }

    fn layout(&self, metrics: Metrics, canvas: &Canvas) -> Layout {
        Layout::new(metrics, canvas.size(), self.padding, self.has_window)
    }

    /// The title of the picture; the window's is empty if there is none.
    fn title(&self, header: &Header) -> String {
        let own = || serde_json::from_str(header.get("title")?).ok();
        self.title.clone().or_else(own).unwrap_or_default()
    }

    fn raster(&self, steps: u8) -> cli::Result<Raster> {
        let fonts = Fonts::open(&self.fonts).map_err(|error| match error {
            FontError::Read(path, error) => Failure::io(&cli::source_name(&path), &error),
            FontError::NotAFont(path) => Failure::Failed(format!(
                "{}: not a font that text can be drawn with",
                cli::source_name(&path)
            )),
        })?;
        let metrics = Metrics::new(fonts.proportions(), self.font_size, self.line_height);
        Ok(Raster::new(fonts, metrics, steps))
    }
}

/// `asciinema-gif`: an animation.
///
/// # Errors
///
/// Any failure.
pub fn gif(options: &Options, reporter: &Reporter) -> cli::Result<()> {
    refuse_terminal(options)?;
    tty::restore_sigpipe();
    let mut recording = Recording::open(options.source.as_deref())?;
    let survey = recording.survey(&mut options.range.clone())?;
    let theme = options.theme(&survey.header);
    let mut view = options.view(&theme);
    let canvas = canvas(options, &survey, &view, &recording)?;
    let raster = options.raster(gif::STEPS)?;
    let layout = options.layout(*raster.metrics(), &canvas);
    check_pixels(&layout)?;
    let painter = Painter::new(raster, layout, &theme, &options.title(&survey.header));
    let (sink, name) = create(options.sink.as_deref())?;
    let failed = |error: io::Error| Failure::io(&name, &error);
    let mut writer =
        GifWriter::new(BufWriter::new(sink), painter, &theme, !options.wants_no_loop).map_err(failed)?;
    let mut timing = options.timing(&survey.header);
    timing.span = timing.span.max(gif::SHORTEST_FRAME);
    let end = frames::animate(&mut recording, &survey, timing, &mut view, canvas, |time, canvas| {
        writer.frame(time, canvas).map_err(failed)
    })?;
    let (sink, painter) = writer.finish(end).map_err(failed)?;
    let sink = sink.into_inner().map_err(|error| failed(error.into_error()))?;
    sink.finish().map_err(failed)?;
    name_missing(&painter.raster.fonts, reporter);
    Ok(())
}

/// `asciinema-png`: a still.
///
/// # Errors
///
/// Any failure.
pub fn png(options: &Options, reporter: &Reporter) -> cli::Result<()> {
    refuse_terminal(options)?;
    tty::restore_sigpipe();
    let Still { header, canvas, theme } = still(options)?;
    let raster = options.raster(png::STEPS)?;
    let layout = options.layout(*raster.metrics(), &canvas);
    check_pixels(&layout)?;
    let mut painter = Painter::new(raster, layout, &theme, &options.title(&header));
    let (sink, name) = create(options.sink.as_deref())?;
    let failed = |error: io::Error| Failure::io(&name, &error);
    let mut sink = BufWriter::new(sink);
    png::write(&mut sink, &canvas, &mut painter).map_err(failed)?;
    let sink = sink.into_inner().map_err(|error| failed(error.into_error()))?;
    sink.finish().map_err(failed)?;
    name_missing(&painter.raster.fonts, reporter);
    Ok(())
}

/// `asciinema-svg`: an animation, or a still with `--at`.
///
/// # Errors
///
/// Any failure.
pub fn svg(options: &Options) -> cli::Result<()> {
    tty::restore_sigpipe();
    let metrics = Metrics::new(JETBRAINS_MONO, options.font_size, options.line_height);
    let new_writer = |kind, header: &Header, canvas: &Canvas, theme: &Theme| {
        let title = options.title(header);
        let shown = if title.is_empty() { "terminal recording" } else { &title };
        SvgWriter::new(kind, options.layout(metrics, canvas), theme.clone(), shown, &title)
    };
    if options.at.is_some() {
        let Still { header, canvas, theme } = still(options)?;
        let mut writer = new_writer(Kind::Still, &header, &canvas, &theme);
        writer.frame(Time::ZERO, &canvas);
        return write(options, |sink| writer.finish_still(sink));
    }
    let mut recording = Recording::open(options.source.as_deref())?;
    let survey = recording.survey(&mut options.range.clone())?;
    let theme = options.theme(&survey.header);
    let mut view = options.view(&theme);
    let canvas = canvas(options, &survey, &view, &recording)?;
    let mut writer = new_writer(Kind::Animation, &survey.header, &canvas, &theme);
    let mut timing = options.timing(&survey.header);
    timing.span = timing.span.max(gif::SHORTEST_FRAME);
    let end = frames::animate(&mut recording, &survey, timing, &mut view, canvas, |time, canvas| {
        writer.frame(time, canvas);
        Ok(())
    })?;
    let playing = if options.wants_no_loop { Playing::Once } else { Playing::Loop };
    write(options, |sink| writer.finish(sink, end, playing))
}

/// `asciinema-html`: a page with a player.
///
/// # Errors
///
/// Any failure.
pub fn html(options: &Options) -> cli::Result<()> {
    tty::restore_sigpipe();
    let (stream, source) = files::open(options.source.as_deref())?;
    let (sink, name) = create(options.sink.as_deref())?;
    let failed = |error: io::Error| Failure::io(&name, &error);
    let mut sink = Some(BufWriter::new(sink));
    let mut at = options.at.clone();
    let (mut page, mut links) = (None, None);
    let mut settings = html::Settings {
        theme: options.theme.as_ref(),
        idle_limit: options.idle_limit,
        speed: options.speed,
        does_loop: options.wants_loop,
        poster: None,
    };
    let mut last = Time::ZERO;
    recording::read(stream, &source, &mut Progress::default(), |item| {
        match item {
            Item::Header(header) => {
                // A browser would fail to show it.
                check_size(header.size)?;
                links = Some(LinkTracker::new(header, options.idle_limit)?);
                let title = options.title(header);
                if let Some(sink) = sink.take() {
                    page = Some(html::Page::begin(sink, header, &title, &settings).map_err(failed)?);
                }
            }
            Item::Event(event) => {
                last = last.max(event.time);
                at.iter_mut().for_each(|at| at.observe(event));
                if let (Some(page), Some(links)) = (&mut page, &mut links) {
                    links.event(event)?;
                    page.line(event.line).map_err(failed)?;
                }
            }
            Item::Ignored(_) | Item::End => {}
        }
        Ok(())
    })?;
    settings.poster = Some(match &at {
        Some(at) => reached(at, &source)?.min(last),
        None => last.divided_by(2.0),
    });
    let (Some(page), Some(links)) = (page, links) else {
        return Err(filter::failure(&source, cast::Error::Empty));
    };
    let sink = page.finish(&settings, &links.finish()).map_err(failed)?;
    let sink = sink.into_inner().map_err(|error| failed(error.into_error()))?;
    sink.finish().map_err(failed)
}

/// The screen at one moment.
struct Still {
    header: Header,
    canvas: Canvas,
    theme: Theme,
}

/// The screen after all events up to the time of `--at`, or at the end.
fn still(options: &Options) -> cli::Result<Still> {
    let (stream, source) = files::open(options.source.as_deref())?;
    let mut at = options.at.clone();
    let mut state: Option<(Header, Screen)> = None;
    let mut text = Vec::new();
    recording::read(stream, &source, &mut Progress::default(), |item| {
        let event = match item {
            Item::Header(header) => {
                check_size(header.size)?;
                state = Some((header.clone(), Screen::new(header.size, 0).map_err(Fault::from)?));
                return Ok(());
            }
            Item::Event(event) => event,
            Item::Ignored(_) | Item::End => return Ok(()),
        };
        let Some((_, screen)) = &mut state else { return Ok(()) };
        at.iter_mut().for_each(|at| at.observe(event));
        if at.as_ref().and_then(Position::time).is_some_and(|at| event.time > at) {
            return Err(Stop::Enough);
        }
        frames::apply(event, screen, &mut text)?;
        Ok(())
    })?;
    if let Some(at) = &at {
        reached(at, &source)?;
    }
    // Without a header, reading has failed.
    let Some((header, mut screen)) = state else {
        return Err(filter::failure(&source, cast::Error::Empty));
    };
    let theme = options.theme(&header);
    let mut view = options.view(&theme);
    let too_large = |fault| Failure::Failed(format!("{source}: {fault}"));
    let mut canvas = options.canvas(screen.size(), &view).map_err(too_large)?;
    view.update(&mut screen, &mut canvas);
    Ok(Still { header, canvas, theme })
}

/// The time of a position after the whole cast has been read.
fn reached(position: &Position, source: &str) -> cli::Result<Time> {
    position.time().ok_or_else(|| Failure::Failed(format!("{source}: the cast has no {position}")))
}

fn canvas(options: &Options, survey: &Survey, view: &View, recording: &Recording) -> cli::Result<Canvas> {
    let too_large = |fault| Failure::Failed(format!("{}: {fault}", recording.name()));
    options.canvas(survey.size, view).map_err(too_large)
}

/// Pixels are for programs and files.
fn refuse_terminal(options: &Options) -> cli::Result<()> {
    let is_stdout = options.sink.as_deref().is_none_or(|path| path == "-");
    if is_stdout && io::stdout().is_terminal() {
        let what = "stdout is a terminal, which cannot show a picture; use -o OUT or redirect it";
        return Err(Failure::Usage(what.to_string()));
    }
    Ok(())
}

fn check_pixels(layout: &Layout) -> cli::Result<()> {
    let (width, height) = (layout.width(), layout.height());
    if width.max(height) > gif::LARGEST {
        let most = gif::LARGEST;
        return Err(Failure::Failed(format!(
            "the picture would have {width}x{height} pixels, at most {most}x{most} are possible; \
             use a smaller --font-size, --cols or --rows"
        )));
    }
    Ok(())
}

fn create(path: Option<&OsStr>) -> cli::Result<(AtomicFile, String)> {
    let (sink, name) = match path.filter(|path| *path != "-") {
        Some(path) => (AtomicFile::create(path), cli::source_name(path)),
        None => (AtomicFile::stdout(), "stdout".to_string()),
    };
    match sink {
        Ok(sink) => Ok((sink, name)),
        Err(error) => Err(Failure::io(&name, &error)),
    }
}

fn write(
    options: &Options,
    body: impl FnOnce(&mut BufWriter<AtomicFile>) -> io::Result<()>,
) -> cli::Result<()> {
    let (sink, name) = create(options.sink.as_deref())?;
    let failed = |error: io::Error| Failure::io(&name, &error);
    let mut sink = BufWriter::new(sink);
    body(&mut sink).and_then(|()| sink.flush()).map_err(failed)?;
    let sink = sink.into_inner().map_err(|error| failed(error.into_error()))?;
    sink.finish().map_err(failed)
}

/// Reports the characters that were drawn as boxes.
fn name_missing(fonts: &Fonts, reporter: &Reporter) {
    let count = fonts.missing().count();
    if count == 0 {
        return;
    }
    let name = |character: char| format!("{} (U+{:04X})", visible(&character.to_string()), character as u32);
    let mut names: Vec<String> = fonts.missing().take(MOST_NAMED).map(name).collect();
    if count > MOST_NAMED {
        names.push(format!("and {} more", count - MOST_NAMED));
    }
    reporter.warning(&format!("no font has {}; use --font FILE", names.join(", ")));
}

/// The value of the option just returned: a point in the cast.
fn position(args: &mut Args) -> cli::Result<Position> {
    let value = args.value()?;
    let position = value.to_str().and_then(Position::parse);
    position.ok_or_else(|| args.bad_value(&value, "no time: use seconds, MM:SS, HH:MM:SS or marker:LABEL"))
}

/// The value of the option just returned: a number of seconds, which may be 0.
fn seconds_or_none(args: &mut Args) -> cli::Result<Time> {
    let value = args.value()?;
    let time = value.to_str().and_then(|text| Time::parse(&plain_number(text)).ok());
    time.ok_or_else(|| args.bad_value(&value, "not a number of seconds"))
}

/// The value of the option just returned: a number within a range, which messages call `words`.
fn number(args: &mut Args, range: RangeInclusive<f64>, words: &str) -> cli::Result<f64> {
    let value = args.value()?;
    let number = value.to_str().and_then(|text| text.parse::<f64>().ok());
    number
        .filter(|number| range.contains(number))
        .ok_or_else(|| args.bad_value(&value, &format!("not a number from {words}")))
}

/// The value of the option just returned: a whole number within a range.
fn whole(args: &mut Args, least: u16, most: u16) -> cli::Result<u16> {
    let value = args.value()?;
    let number = value.to_str().and_then(|text| text.parse::<u16>().ok());
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| args.bad_value(&value, &format!("not a whole number from {least} to {most}")))
}

/// The value of the option just returned: a theme.
fn theme(args: &mut Args) -> cli::Result<Theme> {
    let value = args.value()?;
    value.to_str().and_then(Theme::parse).ok_or_else(|| {
        let is_list = value.to_string_lossy().contains(',');
        let names: Vec<&str> = Theme::names().collect();
        let why = if is_list {
            "not BACKGROUND,FOREGROUND and 8 or 16 colors, each as rrggbb".to_string()
        } else {
            format!("not one of {}", names.join(", "))
        };
        args.bad_value(&value, &why)
    })
}
