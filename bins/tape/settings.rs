//! The `Set` commands of a tape: the shell, the size of its terminal, the typing speed, the look of
//! pictures.

use std::collections::BTreeMap;
use std::process::Command as Process;
use std::time::Duration;

use common::size::Size;
use common::text::visible;
use render::theme::{Rgb, Theme};

use crate::language::{self, Action, Command, Remark, Tape, Value};
use crate::themes;

/// The settings of a tape, with defaults for the others.
#[derive(Clone, Debug)]
pub struct Settings {
    pub shell: String,
    pub size: Size,
    /// The time of a key at the start of the tape; later `Set TypingSpeed` changes it.
    pub typing_speed: Duration,
    /// The variation of the time of a key: 0.2 for up to a fifth more or less.
    pub typing_jitter: f64,
    pub wait_timeout: Duration,
    pub wait_pattern: String,
    /// `None` if the tape sets none.
    pub theme: Option<Theme>,
    pub playback_speed: Option<f64>,
    pub framerate: Option<f64>,
    /// In pixels.
    pub font_size: Option<f64>,
    pub line_height: Option<f64>,
    pub padding: Option<f64>,
    /// True if pictures have a frame with buttons.
    pub has_window_bar: bool,
}

/// The type of a setting's value.
enum Takes {
    Text,
    /// A number above 0.
    Positive,
    /// A number of pixels, or none.
    Pixels,
    Time,
    Percent,
    Pattern,
    /// A theme's name or a JSON object.
    Theme,
    /// The style of a window's title bar.
    Bar,
    /// A color, or the name of a picture.
    Fill,
    /// `true` or `false`.
    Switch,
    /// A percentage, with or without its sign.
    Offset,
}

const NAMES: &[(&str, Takes)] = &[
    ("BorderRadius", Takes::Pixels),
    ("Columns", Takes::Positive),
    ("CursorBlink", Takes::Switch),
    ("FontFamily", Takes::Text),
    ("FontSize", Takes::Positive),
    ("Framerate", Takes::Positive),
    ("Height", Takes::Positive),
    ("LetterSpacing", Takes::Pixels),
    ("LineHeight", Takes::Positive),
    ("LoopOffset", Takes::Offset),
    ("Margin", Takes::Pixels),
    ("MarginFill", Takes::Fill),
    ("Padding", Takes::Pixels),
    ("PlaybackSpeed", Takes::Positive),
    ("Rows", Takes::Positive),
    ("Shell", Takes::Text),
    ("Theme", Takes::Theme),
    ("TypingJitter", Takes::Percent),
    ("TypingSpeed", Takes::Time),
    ("WaitPattern", Takes::Pattern),
    ("WaitTimeout", Takes::Time),
    ("Width", Takes::Positive),
    ("WindowBar", Takes::Bar),
    ("WindowBarSize", Takes::Pixels),
];

/// Settings that affect VHS's pictures in a way that ours do not support.
const WITHOUT_EFFECT: [&str; 6] =
    ["BorderRadius", "CursorBlink", "FontFamily", "LoopOffset", "Margin", "MarginFill"];

const BARS: [&str; 5] = ["", "Colorful", "ColorfulRight", "Rings", "RingsRight"];

/// The commands that set each setting last, and their values.
type Values<'t> = BTreeMap<&'t str, (&'t Command, &'t Value)>;

impl Settings {
    /// Reads the settings of a tape, and adds their faults to its mistakes and warnings.
    pub fn of(tape: &mut Tape) -> Settings {
        let mut values = Values::new();
        let mut mistakes = Vec::new();
        let mut warnings = Vec::new();
        let mut may_set = true;
        for command in &tape.commands {
            let remark = |text: String| Remark { place: command.place.clone(), text };
            let (name, value) = match &command.action {
                Action::Set(name, value) => (name.as_str(), value),
                Action::Output(_) | Action::Require(_) | Action::Environment(..) => continue,
                _ => {
                    may_set = false;
                    continue;
                }
            };
            if let Err(text) = check(name, value) {
                mistakes.push(remark(text));
            } else if may_set || name == "Shell" {
                values.insert(name, (command, value));
            } else if name != "TypingSpeed" {
                warnings.push(remark(format!("'Set {name}' has no effect here: settings come first")));
            }
        }
        let number = |name: &str| values.get(name).and_then(|(_, value)| number(value));
        let time = |name: &str| values.get(name).and_then(|(_, value)| time(value));
        let text = |name: &str| match values.get(name) {
            Some((_, Value::Text(text) | Value::Pattern(text))) => Some(text.clone()),
            _ => None,
        };
        let frame = Frame::of(&number, &text);
        let cols = cells(number("Columns"), number("Width"), frame.width, frame.cell_width, 80.0);
        let rows = cells(number("Rows"), number("Height"), frame.height, frame.cell_height, 24.0);
        let sides = [(cols, ["Columns", "Width"]), (rows, ["Rows", "Height"])];
        let sides = sides.map(|(cells, names)| {
            let cells = cells.filter(|&cells| (1.0..=f64::from(u16::MAX)).contains(&cells));
            if cells.is_none() {
                let place =
                    names.iter().find_map(|name| values.get(name)).map(|(command, _)| command.place.clone());
                let text = "the terminal would be empty, or have more than 65535 columns or rows".to_string();
                mistakes.extend(place.map(|place| Remark { place, text }));
            }
            cells.map_or(1, |cells| cells as u16)
        });
        warnings.extend(without_effect(&values));
        let theme = values.get("Theme").and_then(|(_, value)| theme(value));
        let fits_picture = number("Width").is_some() || number("Height").is_some();
        let drawn = |name: &str, default: f64| number(name).or(fits_picture.then_some(default));
        let settings = Settings {
            shell: text("Shell").unwrap_or_else(|| "bash".to_string()),
            size: Size { cols: sides[0], rows: sides[1] },
            typing_speed: time("TypingSpeed").unwrap_or(Duration::from_millis(50)),
            typing_jitter: number("TypingJitter").unwrap_or(0.0) / 100.0,
            wait_timeout: time("WaitTimeout").unwrap_or(Duration::from_secs(15)),
            wait_pattern: text("WaitPattern").unwrap_or_else(|| ">$".to_string()),
            theme,
            playback_speed: number("PlaybackSpeed"),
            framerate: number("Framerate"),
            font_size: drawn("FontSize", FONT_SIZE),
            line_height: drawn("LineHeight", LINE_HEIGHT),
            padding: drawn("Padding", PADDING),
            has_window_bar: text("WindowBar").is_some_and(|style| !style.is_empty()),
        };
        tape.mistakes.append(&mut mistakes);
        tape.warnings.append(&mut warnings);
        settings
    }

    /// The program to run. A shell is started without its configuration, with a prompt of its own
    /// and without a history; any other name is a command for sh.
    pub fn command(&self) -> Process {
        let (program, args, environment) = shell(&self.shell);
        let mut command = Process::new(program);
        command.args(args).envs(environment.iter().copied());
        if shell_name(&self.shell).is_none() {
            command.arg("-c").arg(&self.shell);
        }
        command
    }

    /// The value of SHELL in the session.
    pub fn shell_variable(&self) -> &str {
        shell_name(&self.shell).unwrap_or("sh")
    }
}

/// The remark on settings without effect, if there are any.
fn without_effect(values: &Values) -> Option<Remark> {
    let mut ignored: Vec<_> = WITHOUT_EFFECT
        .iter()
        .filter_map(|&name| Some((name, values.get(name)?)))
        // A cursor that does not blink is what our pictures have.
        .filter(|(_, (_, value))| !matches!(value, Value::Text(text) if text == "false"))
        .collect();
    ignored.sort_by_key(|(_, (command, _))| command.place.line);
    let place = ignored.first()?.1.0.place.clone();
    let names: Vec<_> = ignored.iter().map(|&(name, _)| name).collect();
    Some(Remark { place, text: format!("settings without effect here: {}", names.join(", ")) })
}

/// Checks that this setting exists and accepts this value.
fn check(name: &str, value: &Value) -> Result<(), String> {
    let Some((_, takes)) = NAMES.iter().find(|(known, _)| *known == name) else {
        let known = NAMES.iter().map(|&(name, _)| name);
        return Err(match common::cli::nearest(name, known) {
            Some(nearest) => format!("unknown setting '{name}'; did you mean '{nearest}'?"),
            None => format!("unknown setting '{}'", visible(name)),
        });
    };
    let wrong = |what: &str| Err(format!("'Set {name}' requires {what}"));
    match takes {
        Takes::Text if !matches!(value, Value::Text(_)) => wrong("a name"),
        Takes::Positive if !number(value).is_some_and(|number| number > 0.0) => wrong("a number above 0"),
        Takes::Pixels if number(value).is_none() => wrong("a number of pixels"),
        Takes::Time if time(value).is_none() => wrong("a time like 500ms or 2s"),
        Takes::Offset if number(value).is_none() => wrong("a percentage"),
        Takes::Percent if !matches!(number(value), Some(0.0..=100.0)) => wrong("a percentage from 0 to 100"),
        Takes::Pattern => match value {
            Value::Pattern(_) => Ok(()),
            Value::Text(pattern) => language::check_pattern(pattern),
            _ => wrong("a pattern like /regex/"),
        },
        Takes::Bar => match value {
            Value::Text(bar) if BARS.contains(&bar.as_str()) => Ok(()),
            _ => wrong("one of Colorful, ColorfulRight, Rings, RingsRight"),
        },
        Takes::Switch if !matches!(value, Value::Text(text) if text == "true" || text == "false") => {
            wrong("true or false")
        }
        Takes::Fill => match value {
            Value::Text(fill) if !fill.starts_with('#') || color(fill).is_some() => Ok(()),
            _ => wrong("a color like \"#1e2a3b\" or the name of a picture"),
        },
        Takes::Theme => match value {
            Value::Json(json) if theme_of_json(json).is_none() => {
                wrong("a JSON object whose colors are like \"#1e2a3b\"")
            }
            Value::Json(_) => Ok(()),
            Value::Text(name) if themes::named(name).is_none() => Err(unknown_theme(name)),
            Value::Text(_) => Ok(()),
            _ => wrong("a theme's name or a JSON object"),
        },
        _ => Ok(()),
    }
}

fn unknown_theme(name: &str) -> String {
    let suggestions: Vec<String> =
        themes::suggestions(name).iter().map(|suggestion| format!("'{suggestion}'")).collect();
    match suggestions.split_last() {
        None => format!("unknown theme '{}'", visible(name)),
        Some((last, [])) => format!("unknown theme '{}'; did you mean {last}?", visible(name)),
        Some((last, others)) => {
            format!("unknown theme '{}'; did you mean {} or {last}?", visible(name), others.join(", "))
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) | Value::Percent(number) => Some(*number),
        Value::Text(text) => text.parse().ok().filter(|number| (0.0..=1e9).contains(number)),
        _ => None,
    }
}

/// A value as a time, in seconds by default.
pub fn time(value: &Value) -> Option<Duration> {
    match value {
        Value::Time(time) => Some(*time),
        Value::Number(seconds) => Duration::try_from_secs_f64(*seconds).ok(),
        _ => None,
    }
}

/// VHS's defaults, in pixels; the height of lines is relative to the font's.
const FONT_SIZE: f64 = 22.0;
const LINE_HEIGHT: f64 = 1.0;
const PADDING: f64 = 60.0;
const BAR: f64 = 30.0;

/// What surrounds the text in a picture of a requested size, and the size of a character.
struct Frame {
    /// Left and right together, in pixels.
    width: f64,
    /// Above and below.
    height: f64,
    cell_width: f64,
    cell_height: f64,
}

impl Frame {
    fn of(number: &impl Fn(&str) -> Option<f64>, text: &impl Fn(&str) -> Option<String>) -> Frame {
        let of = |name: &str, default: f64| number(name).unwrap_or(default);
        let is_set = |name: &str| text(name).is_some_and(|text| !text.is_empty());
        let margin = if is_set("MarginFill") { of("Margin", 0.0) } else { 0.0 };
        let bar = if is_set("WindowBar") { of("WindowBarSize", BAR) } else { 0.0 };
        let width = 2.0 * (of("Padding", PADDING) + margin);
        let font_size = of("FontSize", FONT_SIZE);
        Frame {
            width,
            height: width + bar,
            cell_width: 0.6 * font_size + of("LetterSpacing", 1.0) - 1.0,
            cell_height: 1.2 * font_size * of("LineHeight", LINE_HEIGHT),
        }
    }
}

/// Columns or rows: as set, or as many as fit the requested pixels, or the default; not rounded.
/// `None` if there is no room for any.
fn cells(set: Option<f64>, pixels: Option<f64>, around: f64, cell: f64, default: f64) -> Option<f64> {
    let fitting = pixels.map(|pixels| ((pixels - around) / cell).floor());
    set.or(fitting).or(Some(default)).filter(|&cells| cells >= 1.0)
}

fn theme(value: &Value) -> Option<Theme> {
    match value {
        Value::Json(json) => theme_of_json(json),
        Value::Text(name) => themes::named(name),
        _ => None,
    }
}

/// The names of colors 0 to 7 in a theme's JSON; 8 to 15 have the prefix `bright`.
const COLORS: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/// A theme in VHS's format; missing colors are taken from the default theme. `None` if it is not
/// an object or has an invalid color.
fn theme_of_json(json: &str) -> Option<Theme> {
    let object: BTreeMap<String, serde_json::Value> = serde_json::from_str(json).ok()?;
    let mut theme = Theme::default();
    for (name, value) in &object {
        let name = name.replace("purple", "magenta").replace("Purple", "Magenta");
        let place = match name.as_str() {
            "background" => &mut theme.background,
            "foreground" => &mut theme.foreground,
            name => {
                let plain = name.strip_prefix("bright").map(str::to_lowercase);
                let base = if plain.is_some() { 8 } else { 0 };
                let plain = plain.as_deref().unwrap_or(name);
                match COLORS.iter().position(|&color| color == plain) {
                    Some(index) => &mut theme.palette[base + index],
                    None => continue,
                }
            }
        };
        *place = color(value.as_str()?)?;
    }
    Some(theme)
}

/// `#rgb` or `#rrggbb`.
fn color(text: &str) -> Option<Rgb> {
    let digits = text.strip_prefix('#')?;
    match digits.len() {
        3 => Rgb::parse(&digits.chars().flat_map(|digit| [digit, digit]).collect::<String>()),
        _ => Rgb::parse(digits),
    }
}

type Start = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

/// A colored one-character prompt, for shells that accept escape sequences in PS1.
const PROMPT: (&str, &str) = ("PS1", "\\[\x1b[38;2;90;86;224m\\]> \\[\x1b[0m\\]");

const FISH_PROMPT: &str = "function fish_greeting; end; function fish_prompt; set_color 5A56E0; echo -n '> '; set_color normal; end";

/// Program, arguments and variables of each supported shell. Its configuration files would make a
/// tape run differently on each machine.
const SHELLS: &[(&str, Start)] = &[
    (
        "bash",
        (
            "bash",
            &["--noprofile", "--norc", "--login", "+o", "history"],
            &[PROMPT, ("BASH_SILENCE_DEPRECATION_WARNING", "1")],
        ),
    ),
    ("zsh", ("zsh", &["--histnostore", "--no-rcs"], &[("PROMPT", "%F{#5A56E0}> %F{reset_color}")])),
    ("fish", ("fish", &["--login", "--no-config", "--private", "-C", FISH_PROMPT], &[])),
    (
        "nu",
        (
            "nu",
            &[
                "--no-config-file",
                "--execute",
                "$env.PROMPT_COMMAND = {\"\\e[38;2;90;86;224m> \\e[0m\"}; $env.PROMPT_COMMAND_RIGHT = {''}; $env.PROMPT_INDICATOR = ''",
            ],
            &[],
        ),
    ),
    ("osh", ("osh", &["--norc"], &[PROMPT])),
    ("xonsh", ("xonsh", &["--no-rc", "-D", "PROMPT={#5A56E0}> {RESET}"], &[])),
    (
        "pwsh",
        (
            "pwsh",
            &[
                "-Login",
                "-NoLogo",
                "-NoExit",
                "-NoProfile",
                "-Command",
                "Set-PSReadLineOption -HistorySaveStyle SaveNothing; function prompt { \"$([char]27)[38;2;90;86;224m> $([char]27)[0m\" }",
            ],
            &[],
        ),
    ),
];

/// The shell with a name.
fn shell_name(name: &str) -> Option<&'static str> {
    SHELLS.iter().find(|(known, _)| *known == name).map(|&(known, _)| known)
}

fn shell(name: &str) -> Start {
    SHELLS.iter().find(|(known, _)| *known == name).map_or(("sh", &[], &[]), |&(_, start)| start)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::language::read;

    fn settings(text: &str) -> (Settings, Vec<String>, Vec<String>) {
        let mut tape = read(text, "t.tape", Path::new("."));
        let settings = Settings::of(&mut tape);
        let lines = |remarks: &[Remark]| {
            remarks.iter().map(|remark| format!("{}: {}", remark.place.line, remark.text)).collect()
        };
        (settings, lines(&tape.mistakes), lines(&tape.warnings))
    }

    #[test]
    fn the_size_is_in_cells_or_fits_a_picture() {
        for (tape, size) in [
            ("", "80x24"),
            ("Set Columns 100 Set Rows 30 Set Width 1", "100x30"),
            // (1200 - 120) / 13.2 and (600 - 120) / 26.4
            ("Set Width 1200 Set Height 600", "81x18"),
            ("Set FontSize 10 Set Padding 0 Set Width 600", "100x24"),
            ("Set Height 600 Set LineHeight 2", "80x9"),
            ("Set Width \"1200\" Set LetterSpacing 0", "88x24"),
            // A margin counts if it is filled, a title bar if it is shown.
            ("Set Width 1200 Set Height 600 Set Margin 33 Set WindowBarSize 40", "81x18"),
            ("Set Width 1200 Set Height 600 Set Margin 33 Set MarginFill \"#fff\"", "76x15"),
            ("Set Width 1200 Set Height 600 Set WindowBar Rings", "81x17"),
        ] {
            let (settings, mistakes, _) = settings(tape);
            assert_eq!((settings.size.to_string(), mistakes), (size.to_string(), vec![]), "{tape}");
        }
    }

    #[test]
    fn small_unknown_or_invalid_values_are_mistakes() {
        for (tape, mistake) in [
            ("\nSet Width 100", "2: the terminal would be empty, or have more than 65535 columns or rows"),
            ("Set FontSzie 3", "1: unknown setting 'FontSzie'; did you mean 'FontSize'?"),
            ("Set FontSize big", "1: 'Set FontSize' requires a number above 0"),
            ("Set TypingSpeed fast", "1: 'Set TypingSpeed' requires a time like 500ms or 2s"),
            (
                "Set WindowBar Blue",
                "1: 'Set WindowBar' requires one of Colorful, ColorfulRight, Rings, RingsRight",
            ),
            (
                "Set MarginFill \"#12\"",
                "1: 'Set MarginFill' requires a color like \"#1e2a3b\" or the name of a picture",
            ),
            ("Set Theme Draclua", "1: unknown theme 'Draclua'; did you mean 'Dracula'?"),
            ("Set Theme qqqqqq", "1: unknown theme 'qqqqqq'"),
            ("Set TypingJitter 200%", "1: 'Set TypingJitter' requires a percentage from 0 to 100"),
            (
                "Set Theme {\"red\": 5}",
                "1: 'Set Theme' requires a JSON object whose colors are like \"#1e2a3b\"",
            ),
        ] {
            assert_eq!(settings(tape).1, [mistake], "{tape}");
        }
    }

    #[test]
    fn settings_after_the_first_command_are_ignored_except_typing_speed() {
        let (settings, mistakes, warnings) =
            settings("Output a.gif\nSet Rows 10\nType x\nSet Rows 20\nSet TypingSpeed 1s");
        assert_eq!((settings.size.rows, mistakes.len()), (10, 0));
        assert_eq!(warnings, ["4: 'Set Rows' has no effect here: settings come first"]);
    }

    #[test]
    fn a_theme_is_a_name_or_json_with_defaults_for_missing_colors() {
        let (settings_, _, _) = settings("Set Theme \"Catppuccin Latte\"");
        assert_eq!(settings_.theme, themes::named("Catppuccin Latte"));
        let (settings_, _, _) =
            settings("Set Theme {\"background\": \"#fff\", \"brightPurple\": \"#010203\"}");
        let theme = settings_.theme.unwrap();
        assert_eq!((theme.background, theme.palette[13]), (Rgb::new(0xffffff), Rgb::new(0x010203)));
        assert_eq!(theme.foreground, Theme::default().foreground);
    }

    #[test]
    fn settings_without_effect_are_reported_in_one_line() {
        let (_, mistakes, warnings) = settings(
            "Set FontSize 20\nSet Margin 5\nSet FontFamily x Set Padding 1\nSet BorderRadius 0\nSet CursorBlink false",
        );
        assert_eq!(mistakes, [] as [&str; 0]);
        assert_eq!(warnings, ["2: settings without effect here: Margin, FontFamily, BorderRadius"]);
    }

    #[test]
    fn a_picture_of_a_requested_size_has_vhs_measures() {
        let drawn = |settings: &Settings| (settings.font_size, settings.line_height, settings.padding);
        let (fitting, ..) = settings("Set Width 1200");
        assert_eq!(drawn(&fitting), (Some(22.0), Some(1.0), Some(60.0)));
        let (free, ..) = settings("Set FontSize 30");
        assert_eq!(drawn(&free), (Some(30.0), None, None));
    }

    #[test]
    fn the_shell_may_be_set_anywhere() {
        let (settings, _, warnings) = settings("Hide\nSet Shell zsh\nSet WaitPattern /x/");
        assert_eq!((settings.shell.as_str(), warnings.len()), ("zsh", 1));
    }
}
