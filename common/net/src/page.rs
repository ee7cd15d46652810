//! Links to casts in HTML pages.

use html5gum::{DefaultEmitter, Token, Tokenizer};

/// The media types of a cast in a link.
const CAST_TYPES: [&str; 2] = ["application/x-asciicast", "application/asciicast+json"];

/// The first link to a cast in a page.
pub fn cast_link(page: &str) -> Option<String> {
    // Links inside scripts are ignored.
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(page, emitter) {
        let Ok(Token::StartTag(tag)) = token else { continue };
        if &*tag.name != b"link" {
            continue;
        }
        let attribute = |name: &str| {
            let value = tag.attributes.get(name.as_bytes())?;
            Some(String::from_utf8_lossy(value).trim().to_string())
        };
        let (Some(rel), Some(kind), Some(href)) = (attribute("rel"), attribute("type"), attribute("href"))
        else {
            continue;
        };
        let is_alternate = rel.split_whitespace().any(|word| word.eq_ignore_ascii_case("alternate"));
        let is_cast = CAST_TYPES.iter().any(|cast| kind.eq_ignore_ascii_case(cast));
        if is_alternate && is_cast && !href.is_empty() {
            return Some(href);
        }
    }
    None
}
