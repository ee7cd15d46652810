//! Configuration files written by users.

use common::cast::Header;
use render::theme::Theme;

/// Any text as a file of 2.4.
pub fn ini(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match crate::ini::Ini::parse(&text) {
        Ok(ini) => drop(ini.get("record", "command")),
        Err(bad) => assert!(bad.number >= 1 && !bad.what.contains(['\n', '\x1b'])),
    }
}

/// Any text as a file of 3.x.
pub fn toml(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Err(bad) = crate::toml_settings::parse(&text) {
        let lines = text.matches('\n').count() + 1;
        assert!((1..=lines).contains(&bad.number) && !bad.what.contains('\n'));
    }
}

/// Any text as a theme on the command line, and in a header.
pub fn theme(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let _ = Theme::parse(&text);
    if let Ok(header) = Header::parse(input) {
        let own = Theme::of_header(&header);
        // The two readers of themes agree.
        assert_eq!(common::cast::Theme::of(&header).is_some(), own.is_some(), "{text}");
    }
}
