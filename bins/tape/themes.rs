//! The themes that a tape may name: those of VHS, and those of our own pictures.

use render::theme::{Rgb, Theme};

/// A line per theme: its name, a colon, and 18 colors.
const THEMES: &str = include_str!("themes.txt");

/// The maximum number of suggestions for an unknown name.
const SUGGESTIONS: usize = 5;

/// The theme with a name. A name that exists only once may be written in any case, and with
/// hyphens instead of blanks.
pub fn named(name: &str) -> Option<Theme> {
    let exact = lines().find(|(known, _)| *known == name);
    let similar = || lines().find(|(known, _)| plain(known) == plain(name));
    let of_vhs = |(_, colors): (&str, &str)| theme(colors);
    exact.and_then(of_vhs).or_else(|| Theme::parse(&plain(name))).or_else(|| similar().and_then(of_vhs))
}

/// The names similar to an unknown one: the nearest, or those that contain it or begin it.
pub fn suggestions(name: &str) -> Vec<&'static str> {
    let wanted = plain(name);
    let names = || lines().map(|(known, _)| known).chain(Theme::names());
    if let Some(nearest) = common::cli::nearest(name, names()) {
        return vec![nearest];
    }
    let is_related = |known: &&str| {
        let known = plain(known);
        known.contains(&wanted) || wanted.starts_with(&known)
    };
    names().filter(is_related).take(SUGGESTIONS).collect()
}

fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    THEMES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": "))
}

fn plain(name: &str) -> String {
    name.to_lowercase().replace([' ', '_'], "-")
}

fn theme(colors: &str) -> Option<Theme> {
    let mut colors = colors.split(' ').map(Rgb::parse);
    let (background, foreground) = (colors.next()??, colors.next()??);
    let palette: Vec<Rgb> = colors.collect::<Option<_>>()?;
    Some(Theme { background, foreground, palette: palette.try_into().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_theme_has_all_its_colors() {
        assert_eq!(lines().count(), 347);
        for (name, colors) in lines() {
            assert!(theme(colors).is_some() && named(name) == theme(colors), "{name}");
        }
    }

    #[test]
    fn names_are_exact_or_differ_in_case_and_hyphens() {
        let background = |name: &str| named(name).map(|theme| theme.background);
        assert_eq!(background("Catppuccin Mocha"), Some(Rgb::new(0x1e1e2e)));
        assert_eq!(background("Dracula"), Some(Rgb::new(0x1e1f29)));
        assert_eq!(background("dracula"), Theme::parse("dracula").map(|theme| theme.background));
        assert_eq!(background("GRUVBOXDARK"), background("GruvboxDark"));
        assert_eq!(background("No Such Theme"), None);
    }

    #[test]
    fn unknown_names_suggest_similar_ones() {
        assert_eq!(suggestions("Catpuccin Mocha"), ["Catppuccin Mocha"]);
        assert_eq!(suggestions("zenwritten"), ["zenwritten_dark", "zenwritten_light"]);
        assert!(suggestions("solar").contains(&"Solarized Darcula"));
        assert_eq!(suggestions("qqqqqqqqqqqqqqqqqqqq"), Vec::<&str>::new());
    }
}
