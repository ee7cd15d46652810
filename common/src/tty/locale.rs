//! The locale's character encoding. A recording is text, and its program was told by the locale how
//! text is spelled: anything but UTF-8 (or ASCII, a part of it) would be recorded as something else.

use std::ffi::CStr;

use nix::libc;

use crate::cli::{Failure, Result};

/// Refuses an encoding that is neither UTF-8 nor ASCII.
pub fn check_locale() -> Result<()> {
    let encoding = encoding();
    match encoding.to_uppercase().replace('-', "").as_str() {
        "" | "UTF8" | "ASCII" | "USASCII" | "ANSI_X3.41968" | "646" => Ok(()),
        _ => Err(Failure::Said(
            "asciinema needs an ASCII or UTF-8 character encoding to run. Check the output of `locale` command."
                .to_string(),
        )),
    }
}

/// The name of the environment's encoding.
fn encoding() -> String {
    // SAFETY: the strings given are constants with an end; no thread has been started yet that could
    // read the locale meanwhile, and what is returned is copied before anything can change it.
    unsafe {
        libc::setlocale(libc::LC_CTYPE, c"".as_ptr());
        let name = libc::nl_langinfo(libc::CODESET);
        if name.is_null() { String::new() } else { CStr::from_ptr(name).to_string_lossy().into_owned() }
    }
}
