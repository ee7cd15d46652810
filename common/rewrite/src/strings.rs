//! The strings of a JSON text, such as a header, with their keys.

use std::ops::Range;

use common::cast::json;

/// A string that is a value, or an element of an array.
#[derive(Debug, PartialEq, Eq)]
pub struct Value {
    /// The key of which it is the value, if any.
    pub key: Option<String>,
    /// The string between its quotes.
    pub raw: Range<usize>,
}

/// All strings of a JSON text that are not keys, in order. In invalid JSON, anything that looks
/// like a string.
pub fn values(text: &[u8]) -> Vec<Value> {
    let mut values = Vec::new();
    let mut key = None;
    let mut at = 0;
    while let Some(quote) = text[at..].iter().position(|&byte| matches!(byte, b'"' | b',' | b'{' | b'[')) {
        at += quote + 1;
        if text[at - 1] != b'"' {
            key = None;
            continue;
        }
        let Some(length) = json::closing_quote(&text[at..]) else { break };
        let raw = at..at + length;
        at = raw.end + 1;
        match text[at..].iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b':') => key = Some(decoded(&text[raw])),
            _ => values.push(Value { key: key.take(), raw }),
        }
    }
    values
}

/// The decoded contents of a string between quotes.
pub fn decoded(raw: &[u8]) -> String {
    let mut text = Vec::new();
    // A string with an invalid escape is not JSON, and is used verbatim.
    if json::decode(raw, &mut text).is_err() {
        text = raw.to_vec();
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_their_keys() {
        let text = br#"{"a": "1", "b" : {"c\n": "\"2", "d": ["3", "4"]}, "e": 5, "f": null, "g": "6"}"#;
        let found: Vec<(Option<String>, &str)> = values(text)
            .into_iter()
            .map(|value| (value.key, std::str::from_utf8(&text[value.raw]).unwrap()))
            .collect();
        let expected = [(Some("a"), "1"), (Some("c\n"), "\\\"2"), (None, "3"), (None, "4"), (Some("g"), "6")];
        let expected: Vec<_> = expected.iter().map(|(key, raw)| (key.map(str::to_string), *raw)).collect();
        assert_eq!(found, expected);
    }
}
