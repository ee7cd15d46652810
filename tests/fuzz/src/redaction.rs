//! The guarantees of `asciinema-redact`.

use std::fs::File;
use std::io::{Seek, Write};
use std::sync::Mutex;

use common::cast::{Item, Reader};
use common::io::unnamed_file;

use rewrite::{Job, Patterns, Sink, Source, Substitute};

use crate::laws::{self, Sought, Step};
use crate::secrets;

/// The secrets; the first byte of an input chooses.
const SOUGHT: [&[Sought]; 8] = [
    &[Sought::Text("abca")],
    &[Sought::Text("aab"), Sought::Text("cc")],
    &[Sought::Text("b c")],
    &[Sought::Text("界a")],
    &[Sought::Regex("ab+c")],
    &[Sought::Regex("c[ab]{2,3}c"), Sought::Text("abcabc")],
    &[Sought::Regex("\\bab")],
    &[Sought::Regex("a b"), Sought::Regex("ba$")],
];

/// The terminal vocabulary within which redaction must hide everything, a byte for each word.
const WORDS: [&str; 64] = [
    "a",
    "b",
    "c",
    "a",
    "\x1b[?7l",
    "\x1b[?7h",
    "ab",
    "abca",
    "aab",
    " ",
    "ż",
    "界",
    "界a",
    "b c",
    "cc",
    "abcabc", //
    "\r\n",
    "\r",
    "\n",
    "\t",
    "\x08",
    "\x1b[@",
    "\x1b[2P",
    "\x1b[X",
    "\x1b[K",
    "\x1b[1K",
    "\x1b[J",
    "\x1b[1J",
    "\x1b[2J",
    "\x1b[A",
    "\x1b[B",
    "\x1b[C",
    "\x1b[D",
    "\x1b[2D",
    "\x1b[3C",
    "\x1b[H",
    "\x1b[1;3H",
    "\x1b[2;2H",
    "\x1b[3;1H",
    "\x1b[2G",
    "\x1b[2d",
    "\x1b[E",
    "\x1b[L",
    "\x1b[M",
    "\x1b[S",
    "\x1b[T",
    "\x1b[2b",
    "\x1b[1;3r",
    "\x1b[2;4r",
    "\x1b[31m",
    "\x1b[m",
    "\x1b[7m",
    "\x1b[?6h",
    "\x1b[?25l",
    "\x1b[?25h",
    "\x1b[?1049h",
    "\x1b[?1049l",
    "\x1b[4h",
    "\x1b[4l",
    "\x1b7",
    "\x1b8",
    "\x1bM",
    "\x1bc",
    "\x1b]2;abca\x07",
];

/// Parses an input as a size, a secret and output: no secret may be shown, neither from a file nor
/// from a pipe.
pub fn redact(input: &[u8]) {
    let [first, second, rest @ ..] = input else { return };
    let size = |byte: u8| (2 + u16::from(byte % 8), 1 + u16::from(byte / 8 % 4));
    let mut steps = Vec::new();
    let mut output = String::new();
    for byte in rest {
        match byte {
            word @ 0..=127 => output.push_str(WORDS[usize::from(word % 64)]),
            128..=223 => steps.push(Step::Output(std::mem::take(&mut output))),
            byte @ 224.. => {
                steps.push(Step::Output(std::mem::take(&mut output)));
                let (cols, rows) = size(*byte);
                steps.push(Step::Resize(cols, rows));
            }
        }
    }
    steps.push(Step::Output(output));
    let sought = SOUGHT[usize::from(first % 8)];
    if second & 32 == 0 {
        laws::nothing_is_shown(size(*second), &steps, sought).unwrap();
    } else {
        laws::nothing_is_shown_from_a_pipe(size(*second), &steps, sought).unwrap();
    }
}

/// The patterns to search for in any cast. Built once, because that takes longer than everything
/// else.
static PATTERNS: Mutex<Option<Patterns>> = Mutex::new(None);

fn patterns() -> Patterns {
    let kept = PATTERNS.lock().ok().and_then(|mut kept| kept.take());
    kept.unwrap_or_else(|| {
        let mut patterns = Patterns::default();
        secrets::add_to(&mut patterns).unwrap();
        patterns.add_text("hunter2", "string");
        patterns.prepare().unwrap();
        patterns
    })
}

const JOB: Job = Job { substitute: Substitute::Mask('*'), drops_input: false, is_whole: false };

fn from_file(input: &[u8]) -> Option<Vec<u8>> {
    static FILE: Mutex<Option<File>> = Mutex::new(None);
    let mut held = FILE.lock().ok()?;
    let file = held.get_or_insert_with(|| unnamed_file().unwrap());
    file.set_len(0).unwrap();
    file.rewind().unwrap();
    file.write_all(input).unwrap();
    file.rewind().unwrap();
    let source = Source::of(file, "test").unwrap();
    let Ok((mut analysis, _)) = rewrite::analyse(&source, patterns(), &JOB) else { return None };
    let mut out = Vec::new();
    let outcome = rewrite::write(&source, &mut analysis, &JOB, &mut Sink::new(&mut out, "out"));
    *PATTERNS.lock().ok()? = Some(analysis.into_patterns());
    outcome.ok().map(|()| out)
}

/// The number of items in a cast, if it is valid.
fn count(cast: &[u8]) -> Option<usize> {
    let mut reader = Reader::new(cast);
    let mut count = 0;
    loop {
        match reader.next() {
            Ok(Some(Item::End)) => return Some(count),
            Ok(Some(_)) => count += 1,
            Ok(None) => reader.fill().ok()?,
            Err(_) => return None,
        }
    }
}

/// Any bytes as a cast: the result is a cast with as many events, and is not changed again.
pub fn redact_cast(input: &[u8]) {
    let Some(redacted) = from_file(input) else { return };
    assert_eq!(count(&redacted), count(input), "{}", String::from_utf8_lossy(&redacted));
    assert_eq!(from_file(&redacted).as_deref(), Some(&redacted[..]));
}
