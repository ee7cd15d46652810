//! Text in XML.

/// Appends text escaped for an element. Characters that XML does not allow are dropped.
pub fn push_text(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            // Only ]]> must be escaped, but it may arrive in pieces.
            '>' => out.push_str("&gt;"),
            _ if is_allowed(character) => out.push(character),
            _ => {}
        }
    }
}

/// Appends text escaped for an attribute in double quotes.
pub fn push_attribute(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '"' => out.push_str("&quot;"),
            _ => push_text(character.encode_utf8(&mut [0; 4]), out),
        }
    }
}

/// Returns whether XML 1.0 allows a character (section 2.2). Discouraged control characters are
/// excluded as well.
fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n')
        || !character.is_control() && !matches!(character, '\u{fffe}' | '\u{ffff}')
}

/// Returns whether a character reorders others. The cells of a terminal are already in order.
pub fn is_direction(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Appends a number of pixels, with one decimal if it is not whole.
pub fn push_number(value: f32, out: &mut String) {
    let tenths = (value * 10.0).round() as i64;
    out.push_str(&(tenths / 10).to_string());
    if tenths % 10 != 0 {
        out.push('.');
        out.push_str(&(tenths % 10).abs().to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_cannot_break_out() {
        let (mut text, mut attribute) = (String::new(), String::new());
        push_text("</text>]]>&\"'\u{0}\u{1b}\u{85}\u{ffff}é", &mut text);
        push_attribute("\"><script>'&", &mut attribute);
        assert_eq!(text, "&lt;/text&gt;]]&gt;&amp;\"'é");
        assert_eq!(attribute, "&quot;&gt;&lt;script&gt;'&amp;");
    }

    #[test]
    fn numbers_are_short() {
        let number = |value| {
            let mut out = String::new();
            push_number(value, &mut out);
            out
        };
        assert_eq!(
            (number(10.0), number(-3.0), number(0.25), number(7.96)),
            ("10".into(), "-3".into(), "0.3".into(), "8".into())
        );
    }
}
