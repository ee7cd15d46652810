//! The settings of asciinema 3.x: TOML files, read as loosely as 3.2 reads them.
//!
//! A scalar of any type is taken as its text, which the caller parses as it does for 2.4's file:
//! `2` and `"2"` are the same. Every setting is filed under 2.4's name for it, and remembers its own for
//! messages. Unknown names are ignored.

use toml::de::{DeTable, DeValue};

/// The sections of 3.x, and their names in 2.4.
const SECTIONS: &[(&str, &str)] =
    &[("server", "api"), ("session", "record"), ("playback", "play"), ("notifications", "notifications")];

/// The settings with another name in 2.4, within their section.
const RENAMED: &[(&str, &str, &str)] =
    &[("record", "capture_input", "stdin"), ("record", "capture_env", "env")];

/// A setting in a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// 2.4's name for its section.
    pub section: &'static str,
    /// 2.4's name for it.
    pub key: String,
    /// Section and name as written.
    pub name: String,
    /// The value as text; `None` for an array, a table or a date.
    pub text: Option<String>,
}

/// A syntax error and its line, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub struct BadLine {
    pub number: usize,
    pub what: String,
}

/// Reads a file's text.
pub fn parse(text: &str) -> Result<Vec<Setting>, BadLine> {
    let document = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start.min(text.len()));
        let number = text.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
        BadLine { number, what: error.message().lines().next().unwrap_or("not TOML").to_string() }
    })?;
    let mut settings = Vec::new();
    for &(written, section) in SECTIONS {
        let Some(DeValue::Table(table)) = document.get_ref().get(written).map(|value| value.get_ref()) else {
            continue;
        };
        for (key, value) in table {
            let written_key: &str = key.get_ref();
            let renamed = RENAMED.iter().find(|&&(place, from, _)| (place, from) == (section, written_key));
            settings.push(Setting {
                section,
                key: renamed.map_or(written_key, |&(_, _, to)| to).to_string(),
                name: format!("[{written}] {written_key}"),
                text: scalar(value.get_ref()),
            });
        }
    }
    Ok(settings)
}

fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_string()),
        DeValue::Float(number) => Some(number.as_str().to_string()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Section, name and text of each setting.
    fn read(text: &str) -> Vec<(&'static str, String, Option<String>)> {
        let settings = parse(text).unwrap_or_else(|bad| panic!("{bad:?}"));
        settings.into_iter().map(|setting| (setting.section, setting.key, setting.text)).collect()
    }

    #[test]
    fn scalars_are_read_as_text_under_the_names_of_2_4() {
        let text = "[server]\nurl = \"https://a.org\"\n[session]\ncapture_input = true\ncapture_env = \"A,B\"\nidle_time_limit = 2.5\n[playback]\nspeed = 2\n";
        let expected = [
            ("api", "url", "https://a.org"),
            ("record", "capture_env", "A,B"),
            ("record", "capture_input", "true"),
            ("record", "idle_time_limit", "2.5"),
            ("play", "speed", "2"),
        ];
        let mut read = read(text);
        read.sort();
        let mut expected: Vec<_> = expected
            .map(|(section, key, text)| {
                let key = key.replace("capture_input", "stdin").replace("capture_env", "env");
                (section, key, Some(text.to_string()))
            })
            .into();
        expected.sort();
        assert_eq!(read, expected);
    }

    #[test]
    fn unknown_sections_are_ignored_and_other_values_have_no_text() {
        assert_eq!(read("future = 1\n[more]\nx = 1\n"), []);
        let read = read("[session]\ncommand = [1]\n");
        assert_eq!(read, [("record", "command".to_string(), None)]);
    }

    #[test]
    fn a_syntax_error_is_reported_with_its_line() {
        assert_eq!(parse("[session]\ncommand = \n").unwrap_err().number, 2);
        assert_eq!(parse("[server]\nurl = \"a\"\nurl = \"b\"\n").unwrap_err().number, 3);
    }
}
