//! The web player that pages embed: asciinema-player, as published on npm.
//!
//! Stored compressed, as servers send it; [`text`] is for everyone else. `player/update` vendors
//! another release.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;

/// The script, in gzip format. It defines the global `AsciinemaPlayer`.
pub const SCRIPT: &[u8] = include_bytes!("../player/asciinema-player.min.js.gz");

/// The stylesheet, in gzip format.
pub const STYLE: &[u8] = include_bytes!("../player/asciinema-player.css.gz");

/// [`SCRIPT`] or [`STYLE`] as plain text.
///
/// # Errors
///
/// If the data is not gzipped UTF-8.
pub fn text(compressed: &[u8]) -> io::Result<String> {
    let mut text = String::new();
    GzDecoder::new(compressed).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_defines_the_player_and_the_style_its_classes() {
        let (script, style) = (text(SCRIPT).unwrap(), text(STYLE).unwrap());
        assert!(script.contains("var AsciinemaPlayer="));
        assert!(style.contains(".ap-player"));
    }

    /// A page embeds both in elements, which these would end.
    #[test]
    fn neither_contains_the_end_of_an_html_element() {
        assert!(!text(SCRIPT).unwrap().to_lowercase().contains("</script"));
        assert!(!text(STYLE).unwrap().to_lowercase().contains("</style"));
    }
}
