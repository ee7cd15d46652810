//! The locale's character encoding. Recordings are UTF-8, while the recorded program writes in the
//! encoding of the locale: it must be UTF-8 or ASCII.

use std::ffi::CStr;

use nix::libc;

/// Returns whether the encoding is UTF-8 or ASCII.
pub fn is_locale_supported() -> bool {
    const NAMES: [&str; 6] = ["", "UTF8", "ASCII", "USASCII", "ANSI_X3.41968", "646"];
    names_utf8() || NAMES.contains(&encoding().to_uppercase().replace('-', "").as_str())
}

/// Returns whether the terminal can be expected to show more than ASCII.
pub fn is_utf8() -> bool {
    names_utf8()
}

/// Returns whether the environment names a UTF-8 locale. If it is installed the encoding is UTF-8,
/// otherwise ASCII; either way the locale need not be loaded.
fn names_utf8() -> bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"].map(|name| std::env::var(name).unwrap_or_default());
    names.iter().find(|name| !name.is_empty()).is_some_and(|name| has_utf8(name))
}

/// Returns whether the encoding in a locale's name, `LANGUAGE_COUNTRY.ENCODING@MODIFIER` (POSIX,
/// 8.2), is UTF-8.
fn has_utf8(locale: &str) -> bool {
    let name = locale.split_once('@').map_or(locale, |(name, _)| name);
    let encoding = name.split_once('.').map_or("", |(_, encoding)| encoding);
    ["UTF-8", "UTF8"].iter().any(|utf8| encoding.eq_ignore_ascii_case(utf8))
}

/// The name of the locale's encoding.
fn encoding() -> String {
    // SAFETY: the strings are NUL-terminated constants; no thread has been started yet that could
    // read the locale at the same time, and the result is copied before anything can change it.
    unsafe {
        libc::setlocale(libc::LC_CTYPE, c"".as_ptr());
        let name = libc::nl_langinfo(libc::CODESET);
        if name.is_null() { String::new() } else { CStr::from_ptr(name).to_string_lossy().into_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::has_utf8;

    #[test]
    fn only_the_encoding_part_of_a_locale_is_considered() {
        for locale in ["C.UTF-8", "en_US.utf8", "ca_ES.UTF-8@valencia"] {
            assert!(has_utf8(locale), "{locale}");
        }
        for locale in ["", "C", "UTF-8", "de_DE@UTF-8", "de_DE.ISO-8859-1@UTF-8", "ja_JP.eucJP", "x.UTF-80"] {
            assert!(!has_utf8(locale), "{locale}");
        }
    }
}
