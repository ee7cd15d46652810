//! Colors: those of a theme, and the others of every terminal.
//!
//! A theme is a background, a foreground and the sixteen colors that programs select by number. It
//! is given by name, on the command line, or in the header of a cast.

use common::cast::{self, Header};

/// An RGB color, a byte per channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rgb {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
}

impl Rgb {
    /// A color as a number of three bytes, red highest.
    pub const fn new(value: u32) -> Rgb {
        let [_, red, green, blue] = value.to_be_bytes();
        Rgb { red, green, blue }
    }

    /// Parses six hexadecimal digits.
    pub fn parse(text: &str) -> Option<Rgb> {
        let is_hexadecimal = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hexadecimal.then(|| u32::from_str_radix(text, 16).ok().map(Rgb::new))?
    }

    /// The color at `part` of `whole` on the way to another.
    pub fn towards(self, other: Rgb, part: u8, whole: u8) -> Rgb {
        let (part, whole) = (i32::from(part), i32::from(whole.max(1)));
        let channel = |from: u8, to: u8| {
            let (from, to) = (i32::from(from), i32::from(to));
            let change = (to - from) * part;
            // Rounded to the nearest, away from zero on a tie.
            let rounded = (2 * change + whole * change.signum()) / (2 * whole);
            u8::try_from(from + rounded).unwrap_or(u8::MAX)
        };
        Rgb {
            red: channel(self.red, other.red),
            green: channel(self.green, other.green),
            blue: channel(self.blue, other.blue),
        }
    }
}

/// The colors of a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// The default background.
    pub background: Rgb,
    /// The default text color.
    pub foreground: Rgb,
    /// Colors 0 to 15: eight colors, and their bright variants.
    pub palette: [Rgb; 16],
}

/// Name, background, foreground, colors 0 to 15.
type Row = (&'static str, u32, u32, [u32; 16]);

const SOLARIZED: [u32; 16] = [
    0x073642, 0xdc322f, 0x859900, 0xb58900, 0x268bd2, 0xd33682, 0x2aa198, 0xeee8d5, 0x002b36, 0xcb4b16,
    0x586e75, 0x657b83, 0x839496, 0x6c71c4, 0x93a1a1, 0xfdf6e3,
];

const GITHUB: [u32; 16] = [
    0x0e1116, 0xf97583, 0xa2fca2, 0xfabb72, 0x7db4f9, 0xc4a0f5, 0x1f6feb, 0xeceff4, 0x6a737d, 0xbf5a64,
    0x7abf7a, 0xbf8f57, 0x608bbf, 0x997dbf, 0x195cbf, 0xb9bbbf,
];

#[rustfmt::skip]
const THEMES: [Row; 10] = [
    ("asciinema", 0x121314, 0xcccccc, [
        0x000000, 0xdd3c69, 0x4ebf22, 0xddaf3c, 0x26b0d7, 0xb954e1, 0x54e1b9, 0xd9d9d9,
        0x4d4d4d, 0xdd3c69, 0x4ebf22, 0xddaf3c, 0x26b0d7, 0xb954e1, 0x54e1b9, 0xffffff]),
    ("dracula", 0x282a36, 0xf8f8f2, [
        0x21222c, 0xff5555, 0x50fa7b, 0xf1fa8c, 0xbd93f9, 0xff79c6, 0x8be9fd, 0xf8f8f2,
        0x6272a4, 0xff6e6e, 0x69ff94, 0xffffa5, 0xd6acff, 0xff92df, 0xa4ffff, 0xffffff]),
    ("github-dark", 0x171b21, 0xeceff4, GITHUB),
    ("github-light", 0xeceff4, 0x171b21, GITHUB),
    ("gruvbox-dark", 0x282828, 0xfbf1c7, [
        0x282828, 0xcc241d, 0x98971a, 0xd79921, 0x458588, 0xb16286, 0x689d6a, 0xa89984,
        0x7c6f64, 0xfb4934, 0xb8bb26, 0xfabd2f, 0x83a598, 0xd3869b, 0x8ec07c, 0xfbf1c7]),
    ("monokai", 0x272822, 0xf8f8f2, [
        0x272822, 0xf92672, 0xa6e22e, 0xf4bf75, 0x66d9ef, 0xae81ff, 0xa1efe4, 0xf8f8f2,
        0x75715e, 0xf92672, 0xa6e22e, 0xf4bf75, 0x66d9ef, 0xae81ff, 0xa1efe4, 0xf9f8f5]),
    ("nord", 0x2e3440, 0xeceff4, [
        0x3b4252, 0xbf616a, 0xa3be8c, 0xebcb8b, 0x81a1c1, 0xb48ead, 0x88c0d0, 0xeceff4,
        0x3b4252, 0xbf616a, 0xa3be8c, 0xebcb8b, 0x81a1c1, 0xb48ead, 0x88c0d0, 0xeceff4]),
    ("solarized-dark", 0x002b36, 0x839496, SOLARIZED),
    ("solarized-light", 0xfdf6e3, 0x657b83, SOLARIZED),
    ("tango", 0x121314, 0xcccccc, [
        0x000000, 0xcc0000, 0x4e9a06, 0xc4a000, 0x3465a4, 0x75507b, 0x06989a, 0xd3d7cf,
        0x555753, 0xef2929, 0x8ae234, 0xfce94f, 0x729fcf, 0xad7fa8, 0x34e2e2, 0xeeeeec]),
];

impl Default for Theme {
    /// The theme `asciinema`.
    fn default() -> Theme {
        theme(&THEMES[0])
    }
}

fn theme(&(_, background, foreground, palette): &Row) -> Theme {
    Theme {
        background: Rgb::new(background),
        foreground: Rgb::new(foreground),
        palette: palette.map(Rgb::new),
    }
}

impl Theme {
    /// The names of all themes, sorted.
    pub fn names() -> impl Iterator<Item = &'static str> {
        THEMES.iter().map(|(name, ..)| *name)
    }

    /// Parses a theme on a command line: a name, or a background, a foreground and 8 or 16 colors,
    /// all `rrggbb`, separated by commas. `None` for anything else.
    pub fn parse(text: &str) -> Option<Theme> {
        if let Some(row) = THEMES.iter().find(|(name, ..)| *name == text) {
            return Some(theme(row));
        }
        let mut colors = text.split(',').map(Rgb::parse);
        let (background, foreground) = (colors.next()??, colors.next()??);
        Some(Theme { background, foreground, palette: palette(colors)? })
    }

    /// The theme in a header; `None` if it is missing or any part of it is invalid.
    pub fn of_header(header: &Header) -> Option<Theme> {
        let rgb = |[red, green, blue]: [u8; 3]| Rgb { red, green, blue };
        let theme = cast::Theme::of(header)?;
        Some(Theme {
            background: rgb(theme.background),
            foreground: rgb(theme.foreground),
            palette: palette(theme.palette.into_iter().map(|color| Some(rgb(color))))?,
        })
    }

    /// The color with a number: 0 to 15 are the theme's, 16 to 231 a cube, the rest shades of grey.
    pub fn color(&self, index: u8) -> Rgb {
        const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
        let level = |value: u8| LEVELS[usize::from(value % 6)];
        match index {
            0..=15 => self.palette[usize::from(index)],
            16..=231 => {
                let index = index - 16;
                Rgb { red: level(index / 36), green: level(index / 6), blue: level(index) }
            }
            _ => {
                let grey = 8 + 10 * (index - 232);
                Rgb { red: grey, green: grey, blue: grey }
            }
        }
    }
}

/// Sixteen colors, or eight that are also their own bright variants.
fn palette(colors: impl Iterator<Item = Option<Rgb>>) -> Option<[Rgb; 16]> {
    let mut colors: Vec<Rgb> = colors.take(17).collect::<Option<_>>()?;
    if colors.len() == 8 {
        colors.extend_from_within(..);
    }
    colors.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_header(line: &str) -> Option<Theme> {
        Theme::of_header(&Header::parse(line.as_bytes()).unwrap())
    }

    #[test]
    fn a_theme_on_the_command_line_has_a_name_or_ten_or_eighteen_colors() {
        assert_eq!(Theme::parse("nord").unwrap().palette[9], Rgb::new(0xbf616a));
        let eight = Theme::parse("000000,FFFFFF,1,".trim_end_matches("1,"));
        assert_eq!(eight, None);
        let colors = |count: usize| vec!["0a0B0c"; count].join(",");
        for (count, is_theme) in [(9, false), (10, true), (11, false), (17, false), (18, true), (19, false)] {
            assert_eq!(Theme::parse(&colors(count)).is_some(), is_theme, "{count}");
        }
        for wrong in ["", "Nord", "nord ", "+00000,000000", "00000,000000"] {
            assert_eq!(Theme::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_are_sorted_and_each_is_known() {
        let names: Vec<&str> = Theme::names().collect();
        assert!(names.is_sorted());
        assert!(names.iter().all(|name| Theme::parse(name).is_some()));
        assert_eq!(Theme::parse("asciinema"), Some(Theme::default()));
    }

    #[test]
    fn the_theme_of_a_header_is_found_in_both_versions() {
        let palette = ["#112233"; 8].join(":");
        let theme = format!(r##"{{"fg":"#ffffff","bg":"#000000","palette":"{palette}"}}"##);
        let v2 = of_header(&format!(r#"{{"version":2,"width":1,"height":1,"theme":{theme}}}"#)).unwrap();
        let v3 =
            of_header(&format!(r#"{{"version":3,"term":{{"cols":1,"rows":1,"theme":{theme}}}}}"#)).unwrap();
        assert_eq!(v2, v3);
        assert_eq!((v2.foreground, v2.palette[15]), (Rgb::new(0xffffff), Rgb::new(0x112233)));
    }

    #[test]
    fn an_invalid_theme_in_a_header_is_ignored_as_a_whole() {
        let eight = ["#112233"; 8].join(":");
        for (fg, palette) in
            [("ffffff", &*eight), ("#fffff", &eight), ("#ffffff", &eight[1..]), ("#ffffff", "")]
        {
            let theme = format!(r##"{{"fg":"{fg}","bg":"#000000","palette":"{palette}"}}"##);
            let line = format!(r#"{{"version":2,"width":1,"height":1,"theme":{theme}}}"#);
            assert_eq!(of_header(&line), None, "{line}");
        }
        for theme in ["null", "{}", "5", r##"{"bg":"#000000"}"##, r#"{"bg":5,"fg":5,"palette":5}"#] {
            let line = format!(r#"{{"version":2,"width":1,"height":1,"theme":{theme}}}"#);
            assert_eq!(of_header(&line), None, "{line}");
        }
    }

    #[test]
    fn numbered_colors_are_those_of_xterm() {
        let theme = Theme::default();
        for (index, value) in [
            (1, 0xdd3c69),
            (16, 0),
            (21, 0x0000ff),
            (110, 0x87afd7),
            (231, 0xffffff),
            (232, 0x080808),
            (255, 0xeeeeee),
        ] {
            assert_eq!(theme.color(index), Rgb::new(value), "{index}");
        }
    }

    #[test]
    fn an_intermediate_color_is_rounded_to_the_nearest() {
        let (black, white) = (Rgb::new(0), Rgb::new(0xffffff));
        assert_eq!(black.towards(white, 1, 4), Rgb::new(0x404040));
        assert_eq!(white.towards(black, 1, 4), Rgb::new(0xbfbfbf));
        assert_eq!((black.towards(white, 4, 4), black.towards(white, 0, 4)), (white, black));
    }
}
