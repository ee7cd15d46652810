//! The INI file, read as Python's RawConfigParser does (docs.python.org, configparser): existing files
//! were written for that, with values such as `C-\` that other parsers read differently.
//!
//! Full-line comments with `#` or `;`, `=` or `:` after a key, case-insensitive keys, verbatim values
//! without surrounding space, indented continuation lines, defaults in `[DEFAULT]`.
//! A parser of our own, because rust-ini joins a line that ends in a backslash with the next one,
//! lets a key without a value swallow the next line, and accepts duplicate keys.

use crate::text::excerpt;

/// The section whose values are the defaults of all others.
const DEFAULT: &str = "DEFAULT";

/// The contents of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ini {
    sections: Vec<String>,
    values: Vec<Value>,
}

#[derive(Debug, PartialEq, Eq)]
struct Value {
    section: String,
    /// In lower case.
    key: String,
    /// Continuation lines are joined with newlines.
    text: String,
}

/// A syntax error.
#[derive(Debug, PartialEq, Eq)]
pub struct BadLine {
    /// The line, counted from 1.
    pub number: usize,
    /// The fault.
    pub what: String,
}

impl Ini {
    /// Reads a file's text.
    pub fn parse(text: &str) -> Result<Ini, BadLine> {
        let mut ini = Ini::default();
        let mut section: Option<String> = None;
        // True if a line indented deeper than this one continues the last value.
        let mut continues = false;
        let mut indent = 0;
        for (at, line) in lines(text).enumerate() {
            let bad = |what: String| BadLine { number: at + 1, what };
            let trimmed = line.trim_matches(is_space);
            let is_comment = trimmed.starts_with(['#', ';']);
            if is_comment || trimmed.is_empty() {
                if let (false, true, Some(value)) = (is_comment, continues, ini.values.last_mut()) {
                    value.text.push('\n');
                }
                continue;
            }
            let own_indent = line.chars().take_while(|&c| is_space(c)).count();
            if let (true, true, Some(value)) = (continues, own_indent > indent, ini.values.last_mut()) {
                value.text.push('\n');
                value.text.push_str(trimmed);
                continue;
            }
            indent = own_indent;
            if let Some(name) = section_name(trimmed) {
                if name != DEFAULT && ini.sections.iter().any(|known| known == name) {
                    return Err(bad(format!("duplicate section '[{name}]'")));
                }
                ini.sections.push(name.to_string());
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
            let Some((key, value)) =
                trimmed.split_once(['=', ':']).filter(|(key, _)| !key.trim_end_matches(is_space).is_empty())
            else {
                return Err(bad(format!("expected 'key = value', found '{}'", excerpt(trimmed.as_bytes()))));
            };
            let key = key.trim_end_matches(is_space).to_lowercase();
            if ini.values.iter().any(|known| known.section == *section && known.key == key) {
                return Err(bad(format!("duplicate key '{key}' in section '[{section}]'")));
            }
            ini.values.push(Value {
                section: section.clone(),
                key,
                text: value.trim_matches(is_space).to_string(),
            });
            continues = true;
        }
        for value in &mut ini.values {
            value.text.truncate(value.text.trim_end_matches(is_space).len());
        }
        Ok(ini)
    }

    /// The value of a key in a section. The default section applies only to sections that exist,
    /// even if they are empty.
    pub fn get(&self, section: &str, key: &str) -> Option<&str> {
        let find =
            |section: &str| self.values.iter().find(|value| value.section == section && value.key == key);
        if !self.sections.iter().any(|known| known == section) {
            return None;
        }
        find(section).or_else(|| find(DEFAULT)).map(|value| value.text.as_str())
    }
}

/// The lines of a text without their ends: LF, CR LF, or CR alone.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

/// The name in `[name]`. Anything after the last bracket is ignored.
fn section_name(trimmed: &str) -> Option<&str> {
    let (name, _) = trimmed.strip_prefix('[')?.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}

/// Returns whether Python considers a character white space: Unicode's, and the four ASCII
/// separators.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\x1c'..='\x1f')
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    /// The settings read, as `section/key=value` with line ends as `|`.
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

    // The expected results were obtained with RawConfigParser of Python 3.11.
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
    fn a_syntax_error_is_reported_with_its_line() {
        for (text, expected) in [
            ("k = v\n", "line 1: expected a section like '[record]', found 'k = v'"),
            ("[a]\n\nk\n", "line 3: expected 'key = value', found 'k'"),
            ("[a]\n= v\n", "line 2: expected 'key = value', found '= v'"),
            ("[a]\nk = 1\nK = 2\n", "line 3: duplicate key 'k' in section '[a]'"),
            ("[a]\n[b]\n[a]\n", "line 3: duplicate section '[a]'"),
        ] {
            assert_eq!(read(text), expected);
        }
    }

    #[test]
    fn the_default_section_applies_to_all_others() {
        let ini = Ini::parse("[DEFAULT]\nk = 1\nl = 2\n[a]\nk = 3\n").unwrap();
        assert_eq!((ini.get("a", "k"), ini.get("a", "l"), ini.get("b", "k")), (Some("3"), Some("2"), None));
    }

    /// Reads files separated by zero bytes, and writes a line for each: `!` if the file is
    /// rejected, otherwise the value of every key that the lines below can produce.
    const PYTHON: &str = "
import configparser, io, json, sys
for text in sys.stdin.buffer.read().decode().split(chr(0)):
    parser = configparser.RawConfigParser()
    try:
        parser.read_file(io.TextIOWrapper(io.BytesIO(text.encode()), encoding='utf-8'))
    except configparser.Error:
        print('!')
        continue
    print(json.dumps([parser.get(s, k, fallback=None) for s in ('a', 'b') for k in ('k', 'l', 'k l')], ensure_ascii=False))
";

    /// Every file of up to four of these lines, and longer random ones.
    fn files() -> Vec<String> {
        const LINES: [&str; 21] = [
            "[a]",
            "[b]",
            "  [b]",
            "[DEFAULT]",
            "[]",
            "[a] x",
            "k = C-\\",
            "K: \"v\\n\"",
            "l=%(k)s",
            "k",
            "  l = 2",
            "    l : 3",
            "\tmore",
            "\u{a0}more",
            "",
            "  ",
            "# c = 1",
            "  ; c",
            "= x",
            "k l = 1 ; c",
            "l = a\rk=b\r",
        ];
        let mut files: Vec<String> = Vec::new();
        let mut last = vec![String::new()];
        for _ in 0..3 {
            last = last.iter().flat_map(|text| LINES.map(|line| format!("{text}{line}\n"))).collect();
            files.extend(last.iter().cloned());
        }
        // Any long and repeatable sequence will do (Knuth's MMIX generator).
        let mut state: u64 = 1;
        let mut pick = |count: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % count
        };
        for _ in 0..5000 {
            let lines: Vec<&str> = (0..4 + pick(6)).map(|_| LINES[pick(LINES.len())]).collect();
            files.push(format!("[a]\n{}", lines.join(if pick(2) == 0 { "\n" } else { "\r\n" })));
        }
        files
    }

    #[test]
    fn generated_files_read_as_rawconfigparser_reads_them() {
        let python = Command::new("python3")
            .args(["-c", PYTHON])
            .env("PYTHONIOENCODING", "utf-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut python = python.expect("this test compares with python3, which must be installed");
        let files = files();
        let mut stdin = python.stdin.take().unwrap();
        let text = files.join("\0");
        let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
        let output = python.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        let answers = String::from_utf8(output.stdout).unwrap();
        assert_eq!(answers.lines().count(), files.len());
        for (file, answer) in files.iter().zip(answers.lines()) {
            let read = match Ini::parse(file) {
                Ok(ini) => {
                    let keys = ["k", "l", "k l"];
                    let values: Vec<_> =
                        ["a", "b"].iter().flat_map(|section| keys.map(|key| ini.get(section, key))).collect();
                    serde_json::to_value(values).unwrap()
                }
                Err(_) => serde_json::Value::Null,
            };
            let expected = serde_json::from_str(answer).unwrap_or(serde_json::Value::Null);
            assert_eq!(read, expected, "{file:?}");
        }
    }
}
