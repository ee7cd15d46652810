//! Fuzz targets for all code that reads external data: each takes any bytes and must neither panic
//! nor break its guarantees.
//!
//! With the feature `engine`, `TARGET=reader` selects the target that libFuzzer calls; see `run` in
//! this package. Without it, the program replays the given files, and `cargo test` the corpus.
//!
//! Modules of the programs are included here from their directories, at the root, because that is
//! where they look for each other.

#![cfg_attr(feature = "engine", no_main)]
#![allow(dead_code, reason = "not all of what is mounted is fuzzed")]

mod format;
mod network;
mod pictures;
mod redaction;
mod settings;
mod terminal;

#[path = "../../../bins/redact/laws.rs"]
mod laws;
#[path = "../../../bins/redact/secrets.rs"]
mod secrets;

#[path = "../../../bins/upload/outcome.rs"]
mod outcome;
#[path = "../../../bins/serve/protocol.rs"]
mod protocol;
#[path = "../../../bins/serve/request.rs"]
mod request;
#[path = "../../../common/net/src/url.rs"]
mod url;

#[path = "../../../common/src/config/ini.rs"]
mod ini;
#[path = "../../../common/src/config/toml.rs"]
mod toml_settings;

#[path = "../../../common/render/src/glyphs/face.rs"]
mod face;

#[cfg(test)]
use std::path::Path;

use common::text;
use render::glyphs::FaceStyle;
use render::{geometry, metrics};

/// A target: its name, also that of its corpus, and its function.
type Target = (&'static str, fn(&[u8]));

const TARGETS: &[Target] = &[
    ("reader", format::reader),
    ("document", format::document),
    ("tokenizer", terminal::tokenizer),
    ("guard", terminal::guard),
    ("keys", terminal::keys),
    ("screen", terminal::screen),
    ("search", terminal::search),
    ("redact", redaction::redact),
    ("redact_cast", redaction::redact_cast),
    ("ini", settings::ini),
    ("toml", settings::toml),
    ("theme", settings::theme),
    ("url", network::url),
    ("page", network::page),
    ("answer", network::answer),
    ("request", network::request),
    ("websocket", network::websocket),
    ("alis", network::alis),
    ("font", pictures::font),
    ("fallback", pictures::fallback),
];

#[cfg(feature = "engine")]
libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    static CHOSEN: std::sync::OnceLock<fn(&[u8])> = std::sync::OnceLock::new();
    CHOSEN.get_or_init(chosen)(input)
});

/// The target selected by the environment.
fn chosen() -> fn(&[u8]) {
    let name = std::env::var("TARGET").unwrap_or_default();
    let names: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    target.unwrap_or_else(|| panic!("TARGET must be one of {}", names.join(", "))).1
}

/// Replays the given files.
#[cfg(not(feature = "engine"))]
fn main() -> std::io::Result<()> {
    let target = chosen();
    for path in std::env::args_os().skip(1) {
        target(&std::fs::read(path)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Replays the corpus of every target. A failing target reports the file.
    #[test]
    fn the_corpus_passes() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        for (name, target) in TARGETS {
            let folder = corpus.join(name);
            let inputs = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
            let mut count = 0;
            for entry in inputs {
                let path = entry.unwrap().path();
                let input = std::fs::read(&path).unwrap();
                let outcome = std::panic::catch_unwind(|| target(&input));
                assert!(outcome.is_ok(), "{}", path.display());
                count += 1;
            }
            assert!(count > 0, "no corpus of {name}");
        }
    }
}
