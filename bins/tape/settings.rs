//! The `Set` commands of a tape: the shell, the size of its terminal, the typing speed, the look of
//! pictures.

use std::collections::BTreeMap;
use std::process::Command as Process;
use std::time::Duration;

use common::size::Size;
use common::text::visible;
use render::theme::{Rgb, Theme};

use crate::language::{Action, Command, Remark, Tape, Value};

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
    Number,
    Time,
    Percent,
    Pattern,
    /// A theme's name or a JSON object.
    Theme,
    /// Anything: it affects pictures in a way that ours do not support.
    Ignored,
}

const NAMES: &[(&str, Takes)] = &[
    ("BorderRadius", Takes::Ignored),
    ("Columns", Takes::Number),
    ("CursorBlink", Takes::Ignored),
    ("FontFamily", Takes::Ignored),
    ("FontSize", Takes::Number),
    ("Framerate", Takes::Number),
    ("Height", Takes::Number),
    ("LetterSpacing", Takes::Number),
    ("LineHeight", Takes::Number),
    ("LoopOffset", Takes::Ignored),
    ("Margin", Takes::Ignored),
    ("MarginFill", Takes::Ignored),
    ("Padding", Takes::Number),
    ("PlaybackSpeed", Takes::Number),
    ("Rows", Takes::Number),
    ("Shell", Takes::Text),
    ("Theme", Takes::Theme),
    ("TypingJitter", Takes::Percent),
    ("TypingSpeed", Takes::Time),
    ("WaitPattern", Takes::Pattern),
    ("WaitTimeout", Takes::Time),
    ("Width", Takes::Number),
    ("WindowBar", Takes::Text),
    ("WindowBarSize", Takes::Ignored),
];

impl Settings {
    /// Reads the settings of a tape, and adds their faults to its mistakes and warnings.
    pub fn of(tape: &mut Tape) -> Settings {
        let mut values: BTreeMap<&str, (&Command, &Value)> = BTreeMap::new();
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
            } else if may_set {
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
        let (cols, rows) = dimensions(&number);
        let sides = [(cols, ["Columns", "Width"]), (rows, ["Rows", "Height"])].map(|(cells, names)| {
            let cells = cells.filter(|&cells| (1.0..=f64::from(u16::MAX)).contains(&cells));
            if cells.is_none() {
                let place =
                    names.iter().find_map(|name| values.get(name)).map(|(command, _)| command.place.clone());
                let text = "the terminal would be empty, or have more than 65535 columns or rows".to_string();
                mistakes.extend(place.map(|place| Remark { place, text }));
            }
            cells.map_or(1, |cells| cells as u16)
        });
        let theme = values.get("Theme").and_then(|&(command, value)| {
            let found = theme(value);
            if found.is_none() {
                let names = Theme::names().collect::<Vec<_>>().join(", ");
                let text = format!("unknown theme, using the default: must be one of {names}");
                warnings.push(Remark { place: command.place.clone(), text });
            }
            found
        });
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
            font_size: number("FontSize"),
            line_height: number("LineHeight"),
            padding: number("Padding"),
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
        Takes::Number if !matches!(value, Value::Number(number) if *number > 0.0 || name == "Padding") => {
            wrong("a number above 0")
        }
        Takes::Time if time(value).is_none() => wrong("a time like 500ms or 2s"),
        Takes::Percent if !matches!(number(value), Some(0.0..=100.0)) => wrong("a percentage from 0 to 100"),
        Takes::Pattern if !matches!(value, Value::Pattern(_)) => wrong("a pattern like /regex/"),
        Takes::Theme => match value {
            Value::Json(json) if theme_of_json(json).is_none() => {
                wrong("a JSON object whose colours are like \"#1e2a3b\"")
            }
            Value::Json(_) | Value::Text(_) => Ok(()),
            _ => wrong("a theme's name or a JSON object"),
        },
        _ => Ok(()),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) | Value::Percent(number) => Some(*number),
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

/// Columns and rows: as set, or as many as fit the requested picture, or 80x24. `None` if the
/// picture has no room for any. Not rounded yet.
fn dimensions(number: &impl Fn(&str) -> Option<f64>) -> (Option<f64>, Option<f64>) {
    let of = |name: &str, default: f64| number(name).unwrap_or(default);
    let margins = 2.0 * of("Padding", 60.0);
    let font_size = of("FontSize", 22.0);
    let cell_width = 0.6 * font_size + of("LetterSpacing", 1.0) - 1.0;
    let cell_height = 1.2 * font_size * of("LineHeight", 1.0);
    let side = |cells: &str, pixels: &str, cell: f64, default: f64| {
        let fitting = number(pixels).map(|pixels| ((pixels - margins) / cell).floor());
        number(cells).or(fitting).or(Some(default)).filter(|&cells| cells >= 1.0)
    };
    (side("Columns", "Width", cell_width, 80.0), side("Rows", "Height", cell_height, 24.0))
}

fn theme(value: &Value) -> Option<Theme> {
    match value {
        Value::Json(json) => theme_of_json(json),
        // VHS writes names with capitals and blanks.
        Value::Text(name) => Theme::parse(&name.to_lowercase().replace(' ', "-")),
        _ => None,
    }
}

/// The names of colours 0 to 7 in a theme's JSON; 8 to 15 have the prefix `bright`.
const COLOURS: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/// A theme in VHS's format; missing colours are taken from the default theme. `None` if it is not
/// an object or has an invalid colour.
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
                match COLOURS.iter().position(|&colour| colour == plain) {
                    Some(index) => &mut theme.palette[base + index],
                    None => continue,
                }
            }
        };
        *place = colour(value.as_str()?)?;
    }
    Some(theme)
}

/// `#rgb` or `#rrggbb`.
fn colour(text: &str) -> Option<Rgb> {
    let digits = text.strip_prefix('#')?;
    match digits.len() {
        3 => Rgb::parse(&digits.chars().flat_map(|digit| [digit, digit]).collect::<String>()),
        _ => Rgb::parse(digits),
    }
}

type Start = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

/// A coloured one-character prompt, for shells that accept escape sequences in PS1.
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
            ("Set TypingJitter 200%", "1: 'Set TypingJitter' requires a percentage from 0 to 100"),
            (
                "Set Theme {\"red\": 5}",
                "1: 'Set Theme' requires a JSON object whose colours are like \"#1e2a3b\"",
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
    fn a_theme_is_a_name_or_json_with_defaults_for_missing_colours() {
        let (settings_, _, warnings) = settings("Set Theme Dracula");
        assert_eq!((settings_.theme, warnings.len()), (Theme::parse("dracula"), 0));
        let (settings_, _, _) =
            settings("Set Theme {\"background\": \"#fff\", \"brightPurple\": \"#010203\"}");
        let theme = settings_.theme.unwrap();
        assert_eq!((theme.background, theme.palette[13]), (Rgb::new(0xffffff), Rgb::new(0x010203)));
        assert_eq!(theme.foreground, Theme::default().foreground);
        let (settings_, mistakes, warnings) = settings("Set Theme \"No Such\"");
        assert_eq!((settings_.theme, mistakes.len(), warnings.len()), (None, 0, 1));
    }
}
