//! The INI file, as Python's RawConfigParser reads it (docs.python.org, configparser): people's files
//! were written for that, with values such as `C-\` that other readers take for something else.
//!
//! Full-line comments with `#` or `;`, `=` or `:` after a key, keys in any case, values as they stand
//! but for the space around them, indented lines as continuations, `[DEFAULT]` for all sections.
//! A reader of our own, because rust-ini joins a line that ends in a backslash with the next one,
//! lets a key without a value swallow a line, and takes the first of two equal keys for good.

use crate::text::excerpt;

/// The default section, whose values hold in all others.
const DEFAULT: &str = "DEFAULT";

/// What a file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ini {
    values: Vec<Value>,
}

#[derive(Debug, PartialEq, Eq)]
struct Value {
    section: String,
    /// In lower case.
    key: String,
    /// Continuation lines are joined with line ends.
    text: String,
}

/// What is wrong with a file, and in which line.
#[derive(Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Counted from 1.
    pub number: usize,
    /// What is wrong with it.
    pub what: String,
}

impl Ini {
    /// Reads a file's text.
    pub fn parse(text: &str) -> Result<Ini, BadLine> {
        let mut ini = Ini::default();
        let mut sections: Vec<String> = Vec::new();
        let mut section: Option<String> = None;
        // Whether a line that is indented deeper than this one goes on with the last value.
        let mut continues = false;
        let mut indent = 0;
        for (at, line) in text.lines().enumerate() {
            let bad = |what: String| BadLine { number: at + 1, what };
            let trimmed = line.trim();
            let is_comment = trimmed.starts_with(['#', ';']);
            if is_comment || trimmed.is_empty() {
                if let (false, true, Some(value)) = (is_comment, continues, ini.values.last_mut()) {
                    value.text.push('\n');
                }
                continue;
            }
            let own_indent = line.len() - line.trim_start().len();
            if let (true, true, Some(value)) = (continues, own_indent > indent, ini.values.last_mut()) {
                value.text.push('\n');
                value.text.push_str(trimmed);
                continue;
            }
            indent = own_indent;
            if let Some((name, _)) = trimmed.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')) {
                if name != DEFAULT && sections.iter().any(|known| known == name) {
                    return Err(bad(format!("section '[{name}]' comes twice")));
                }
                sections.push(name.to_string());
                section = Some(name.to_string());
                continues = false;
                continue;
            }
            let Some(section) = &section else {
                return Err(bad(format!(
                    "expected a section like '[record]', found '{}'",
                    excerpt(trimmed.as_bytes())
                )));
            };
            let Some((key, value)) = trimmed.split_once(['=', ':']).filter(|(key, _)| !key.trim().is_empty())
            else {
                return Err(bad(format!("expected 'key = value', found '{}'", excerpt(trimmed.as_bytes()))));
            };
            let key = key.trim().to_lowercase();
            if ini.values.iter().any(|known| known.section == *section && known.key == key) {
                return Err(bad(format!("'{key}' comes twice in section '[{section}]'")));
            }
            ini.values.push(Value { section: section.clone(), key, text: value.trim().to_string() });
            continues = true;
        }
        for value in &mut ini.values {
            value.text.truncate(value.text.trim_end().len());
        }
        Ok(ini)
    }

    /// The value of a key in a section.
    pub fn get(&self, section: &str, key: &str) -> Option<&str> {
        let find =
            |section: &str| self.values.iter().find(|value| value.section == section && value.key == key);
        find(section).or_else(|| find(DEFAULT)).map(|value| value.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read, as `section/key=value` with line ends as `|`.
    fn read(text: &str) -> String {
        match Ini::parse(text) {
            Ok(ini) => {
                let line = |value: &Value| {
                    format!("{}/{}={}", value.section, value.key, value.text.replace('\n', "|"))
                };
                ini.values.iter().map(line).collect::<Vec<_>>().join(" ")
            }
            Err(bad) => format!("line {}: {}", bad.number, bad.what),
        }
    }

    // What stands on the right was seen from RawConfigParser of Python 3.11.
    #[test]
    fn files_read_as_rawconfigparser_reads_them() {
        for (text, expected) in [
            ("", ""),
            ("[a]\nk = v\n", "a/k=v"),
            ("[a]\r\nK : v=w\r\n", "a/k=v=w"),
            ("[a]\npause_key = C-\\\nnext = 1\n", "a/pause_key=C-\\ a/next=1"),
            ("[a]\nk = \"v\" ; no comment\n", "a/k=\"v\" ; no comment"),
            ("[a]\n# c\n  ; c\nk = v\n# c\n  more\n", "a/k=v|more"),
            ("[a]\nk = v\n\n  more\n\n\nl = 1\n", "a/k=v||more a/l=1"),
            ("[a]\nk =\n", "a/k="),
            ("[a]\n  k = v\n  l = w\n", "a/k=v a/l=w"),
            ("[a]\nk = v\n l = w\n", "a/k=v|l = w"),
            ("[a] trailing\nk = 100%\n", "a/k=100%"),
            ("[a]b]\nk=v\n", "a]b/k=v"),
            ("  [a]\n  k = v\n", "a/k=v"),
            ("[a]\nk = v\n  [b]\n", "a/k=v|[b]"),
            ("[a]\nk k = v\n", "a/k k=v"),
        ] {
            assert_eq!(read(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, expected) in [
            ("k = v\n", "line 1: expected a section like '[record]', found 'k = v'"),
            ("[a]\n\nk\n", "line 3: expected 'key = value', found 'k'"),
            ("[a]\n= v\n", "line 2: expected 'key = value', found '= v'"),
            ("[a]\nk = 1\nK = 2\n", "line 3: 'k' comes twice in section '[a]'"),
            ("[a]\n[b]\n[a]\n", "line 3: section '[a]' comes twice"),
        ] {
            assert_eq!(read(text), expected);
        }
    }

    #[test]
    fn the_default_section_holds_in_all_others() {
        let ini = Ini::parse("[DEFAULT]\nk = 1\nl = 2\n[a]\nk = 3\n").unwrap();
        assert_eq!(
            (ini.get("a", "k"), ini.get("a", "l"), ini.get("b", "k")),
            (Some("3"), Some("2"), Some("1"))
        );
    }
}
