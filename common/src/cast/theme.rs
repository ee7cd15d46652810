//! The terminal's colours in a header.

use super::header::{Header, Version, object_entries};

/// The colours of a terminal, each as red, green and blue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// The colour of text.
    pub foreground: [u8; 3],
    /// The colour of the background.
    pub background: [u8; 3],
    /// The palette, of 8 or 16 colours.
    pub palette: Vec<[u8; 3]>,
}

impl Theme {
    /// The theme in a header (`theme` in v2, `term.theme` in v3); `None` if it is missing or any
    /// part of it is invalid.
    pub fn of(header: &Header) -> Option<Theme> {
        let theme = match header.version {
            Version::V2 => header.get("theme")?,
            Version::V3 => value(header.get("term")?, "theme")?,
        };
        let text = |key: &str| serde_json::from_str::<String>(value(theme, key)?).ok();
        let palette: Option<Vec<[u8; 3]>> = text("palette")?.split(':').map(colour).collect();
        let palette = palette.filter(|palette| matches!(palette.len(), 8 | 16))?;
        Some(Theme { foreground: colour(&text("fg")?)?, background: colour(&text("bg")?)?, palette })
    }

    /// The theme as the JSON object of a header.
    pub fn to_json(&self) -> String {
        let text = |[red, green, blue]: &[u8; 3]| format!("#{red:02x}{green:02x}{blue:02x}");
        let palette: Vec<String> = self.palette.iter().map(text).collect();
        let (foreground, background) = (text(&self.foreground), text(&self.background));
        format!("{{\"fg\":\"{foreground}\",\"bg\":\"{background}\",\"palette\":\"{}\"}}", palette.join(":"))
    }
}

/// The verbatim value of a key in a JSON object.
fn value<'a>(object: &'a str, key: &str) -> Option<&'a str> {
    object_entries(object)?.into_iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
}

/// Parses a colour, `#rrggbb`.
fn colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    // The conversion would accept a sign.
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
    let number = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn theme(header: &str) -> Option<Theme> {
        Theme::of(&Header::parse(header.as_bytes()).unwrap())
    }

    #[test]
    fn a_theme_is_read_in_both_versions_and_an_invalid_one_is_ignored() {
        let colours = |count: usize| vec!["#101112"; count].join(":");
        let named =
            |palette: &str| format!("{{\"fg\":\"#d0d1d2\",\"bg\":\"#000001\",\"palette\":\"{palette}\"}}");
        let v2 = |theme: &str| format!("{{\"version\":2,\"width\":80,\"height\":24,\"theme\":{theme}}}");
        let v3 =
            |theme: &str| format!("{{\"version\":3,\"term\":{{\"cols\":80,\"rows\":24,\"theme\":{theme}}}}}");
        for count in [8, 16] {
            let expected = Theme {
                foreground: [0xd0, 0xd1, 0xd2],
                background: [0, 0, 1],
                palette: vec![[0x10, 0x11, 0x12]; count],
            };
            assert_eq!(expected.to_json(), named(&colours(count)));
            assert_eq!(theme(&v2(&named(&colours(count)))), Some(expected.clone()));
            assert_eq!(theme(&v3(&named(&colours(count)))), Some(expected));
        }
        for broken in [
            named(&colours(9)),
            named(&colours(8).replacen("10", "+1", 1)),
            named(""),
            "{}".to_string(),
            "null".to_string(),
        ] {
            assert_eq!(theme(&v2(&broken)), None, "{broken}");
        }
    }
}
