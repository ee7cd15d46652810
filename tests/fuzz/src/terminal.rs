//! The stream between a program and its terminal, and its effect on the screen.

use std::ops::Range;

use common::edit::{Find, Sightings};
use common::screen::{Cell, PlacedScreen, Screen, TextScreen, Transcript};
use common::size::Size;
use common::vt::{
    End, Escape, Guard, KeyDecoder, Kind, ModeTracker, Part, ReplyFilter, StringKind, Tokenizer, Tokens,
    Verdict, plain_keys, rule_of,
};

/// A token in a comparable form.
#[derive(Debug, PartialEq)]
struct Seen {
    kind: SeenKind,
    controls: Vec<u8>,
    bytes: Vec<u8>,
}

#[derive(Debug, PartialEq)]
enum SeenKind {
    Text,
    Control(u8),
    Escape(Escape),
    /// Its function, and its parameters, each after the number of its values.
    Csi((u8, u8, u8), Vec<u16>),
    String(StringKind, Part, End, Vec<u8>),
    Broken,
}

impl From<Kind<'_>> for SeenKind {
    fn from(kind: Kind<'_>) -> SeenKind {
        match kind {
            Kind::Text => SeenKind::Text,
            Kind::Control(control) => SeenKind::Control(control),
            Kind::Escape(escape) => SeenKind::Escape(escape),
            Kind::Csi(csi) => {
                let parameters = csi
                    .parameters()
                    .flat_map(|values| std::iter::once(values.len() as u16).chain(values.iter().copied()));
                SeenKind::Csi(csi.function(), parameters.collect())
            }
            Kind::String(string) => {
                SeenKind::String(string.kind, string.part, string.end, string.text.to_vec())
            }
            Kind::Broken => SeenKind::Broken,
        }
    }
}

/// The tokens of pieces of output, with adjacent texts joined.
fn tokens<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Seen> {
    let mut tokenizer = Tokenizer::default();
    let mut seen: Vec<Seen> = Vec::new();
    let mut position = 0;
    let mut collect = |mut tokens: Tokens<'_, '_>| {
        while let Some(token) = tokens.next() {
            assert_eq!(token.range().start, position);
            assert!(!token.bytes.is_empty());
            position = token.range().end;
            let controls: Vec<u8> = token.controls().collect();
            match seen.last_mut() {
                Some(last) if last.kind == SeenKind::Text && token.kind == Kind::Text => {
                    assert!(controls.is_empty());
                    last.bytes.extend_from_slice(token.bytes);
                }
                _ => seen.push(Seen { kind: token.kind.into(), controls, bytes: token.bytes.to_vec() }),
            }
        }
    };
    for piece in pieces {
        collect(tokenizer.tokens(piece));
    }
    collect(tokenizer.finish());
    assert!(!tokenizer.is_within_sequence());
    seen
}

/// Any bytes as output: the tokens do not depend on where it is cut, and concatenated are the
/// input; the guard's output contains nothing that should have been held back.
pub fn tokenizer(input: &[u8]) {
    let whole = tokens(std::iter::once(input));
    assert_eq!(tokens(input.chunks(1)), whole);
    assert_eq!(tokens(input.chunks(5)), whole);
    assert!(whole.iter().flat_map(|token| &token.bytes).eq(input));

    let guarded = |length: usize| {
        let (mut guard, mut out) = (Guard::default(), Vec::new());
        input.chunks(length).for_each(|piece| guard.push(piece, &mut out));
        out
    };
    let safe = guarded(usize::MAX);
    assert_eq!(guarded(1), safe);
    // A cast cannot contain invalid UTF-8.
    if std::str::from_utf8(input).is_ok() {
        let mut tokenizer = Tokenizer::default();
        let mut tokens = tokenizer.tokens(&safe);
        while let Some(token) = tokens.next() {
            let is_held = rule_of(&token).is_some_and(|rule| rule.verdict == Verdict::Hold);
            assert!(!is_held || token.bytes == b"\x1b[22;0t", "{token:?} of {input:?}");
        }
        assert!(!tokenizer.is_within_sequence());
    }

    let tracked = |length: usize| {
        let mut modes = ModeTracker::default();
        input.chunks(length).for_each(|piece| modes.push(piece));
        (modes.has_asked(), modes.reset_sequence(), modes.settings())
    };
    let (_, reset, settings) = tracked(usize::MAX);
    assert_eq!(tracked(3), tracked(usize::MAX));
    // A terminal that gets the settings is in the same state, and the reset undoes it.
    let mut modes = ModeTracker::default();
    modes.push(&settings);
    assert_eq!(modes.settings(), settings);
    modes.push(&reset);
    let _ = modes.settings();
}

/// The sequences that another parser, alacritty's, finds in output, in their plain form.
#[derive(Default)]
struct Elsewhere {
    found: Vec<Vec<u8>>,
    string: Vec<u8>,
}

impl Elsewhere {
    fn sequence(front: &[u8], parameters: &vte::Params, intermediates: &[u8], last: char) -> Vec<u8> {
        let (markers, intermediates): (Vec<u8>, Vec<u8>) =
            intermediates.iter().partition(|byte| b"<=>?".contains(byte));
        let values = |values: &[u16]| values.iter().map(u16::to_string).collect::<Vec<_>>().join(":");
        let parameters: Vec<String> = parameters.iter().map(values).collect();
        let mut sequence = [front, &markers, parameters.join(";").as_bytes(), &intermediates].concat();
        sequence.extend(last.to_string().bytes());
        sequence
    }
}

impl vte::Perform for Elsewhere {
    fn execute(&mut self, byte: u8) {
        self.found.extend(byte.is_ascii().then(|| vec![byte]));
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], is_ignored: bool, byte: u8) {
        self.found.extend((!is_ignored).then(|| [b"\x1b", intermediates, &[byte]].concat()));
    }

    fn csi_dispatch(&mut self, parameters: &vte::Params, intermediates: &[u8], is_ignored: bool, last: char) {
        let sequence = Elsewhere::sequence(b"\x1b[", parameters, intermediates, last);
        self.found.extend((!is_ignored).then_some(sequence));
    }

    fn osc_dispatch(&mut self, fields: &[&[u8]], _: bool) {
        // Another introducer within the text means nothing to this parser.
        let text = fields.join(&b';').into_iter().map(|byte| if byte.is_ascii() { byte } else { b'x' });
        self.found.push(b"\x1b]".iter().copied().chain(text).chain([0x07]).collect());
    }

    fn hook(&mut self, parameters: &vte::Params, intermediates: &[u8], is_ignored: bool, last: char) {
        let last = if is_ignored { 'q' } else { last };
        self.string = Elsewhere::sequence(b"\x1bP", parameters, intermediates, last);
    }

    fn put(&mut self, byte: u8) {
        self.string.push(if matches!(byte, b' '..=b'~') { byte } else { b'x' });
    }

    fn unhook(&mut self) {
        self.string.extend(b"\x1b\\");
        self.found.push(std::mem::take(&mut self.string));
    }
}

/// Any output: another parser finds nothing in what the guard passes on that should have been held
/// back.
pub fn guard(input: &[u8]) {
    let input = String::from_utf8_lossy(input);
    let (mut guard, mut safe) = (Guard::default(), Vec::new());
    guard.push(input.as_bytes(), &mut safe);
    let mut elsewhere = Elsewhere::default();
    vte::Parser::new().advance(&mut elsewhere, &safe);
    for sequence in elsewhere.found {
        let mut tokenizer = Tokenizer::default();
        let mut tokens = tokenizer.tokens(&sequence);
        while let Some(token) = tokens.next() {
            let is_held = rule_of(&token).is_some_and(|rule| rule.verdict == Verdict::Hold);
            assert!(!is_held || sequence == b"\x1b[22;0t", "{:?} of {input:?}", sequence.escape_ascii());
        }
    }
}

/// Any bytes as keys: the result does not depend on how they arrive.
pub fn keys(input: &[u8]) {
    let decoded = |length: usize| {
        let (mut decoder, mut keys) = (KeyDecoder::default(), Vec::new());
        input.chunks(length).for_each(|piece| decoder.push(piece, &mut keys));
        decoder.flush(&mut keys);
        format!("{keys:?}")
    };
    assert_eq!(decoded(1), decoded(usize::MAX));
    // The end of a read may be a key or the start of a reply, so the filter's result may differ.
    for length in [1, 4, usize::MAX] {
        let (mut filter, mut keys) = (ReplyFilter::default(), Vec::new());
        input.chunks(length).for_each(|piece| filter.push(piece, &mut keys));
        filter.finish(&mut keys);
        assert!(keys.len() <= input.len());
    }
    assert!(plain_keys(input).len() <= input.len());
}

/// A step in the life of a terminal.
enum Step {
    Output(String),
    Resize(Size),
}

/// Parses an input as a size and steps: 0xff and two bytes are a resize, 0xfe splits the output.
fn steps(input: &[u8]) -> (Size, Vec<Step>) {
    let size = |bytes: &[u8]| {
        let at = |index: usize| bytes.get(index).map_or(0, |&byte| u16::from(byte));
        Size { cols: 1 + at(0) % 40, rows: 1 + at(1) % 12 }
    };
    let mut steps = Vec::new();
    let mut rest = input.get(2..).unwrap_or_default();
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte >= 0xfe).unwrap_or(rest.len());
        if end > 0 {
            steps.push(Step::Output(String::from_utf8_lossy(&rest[..end]).into_owned()));
        }
        rest = &rest[end..];
        if let [0xff, ..] = rest {
            steps.push(Step::Resize(size(&rest[1..])));
            rest = rest.get(3..).unwrap_or_default();
        } else {
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    (size(input), steps)
}

/// Any output and sizes: the three terminals show the same; a drawing, a checkpoint, and a
/// transition from an earlier state reproduce the state; and the places of cells are right.
pub fn screen(input: &[u8]) {
    let (size, steps) = steps(input);
    let mut screen = Screen::new(size, 20).unwrap();
    let mut text = TextScreen::new(size, 20).unwrap();
    let mut placed = PlacedScreen::new(size, 20).unwrap();
    let mut transcript = Transcript::new(size).unwrap();
    let (mut output, mut lines) = (String::new(), Vec::new());
    let mut earlier = screen.clone();
    for (index, step) in steps.iter().enumerate() {
        match step {
            Step::Output(piece) => {
                screen.feed(piece);
                text.feed(piece);
                placed.feed(piece);
                transcript.feed(piece, &mut lines);
                output.push_str(piece);
            }
            Step::Resize(size) => {
                screen.resize(*size).unwrap();
                text.resize(*size).unwrap();
                placed.resize(*size).unwrap();
                transcript.resize(*size, &mut lines).unwrap();
            }
        }
        if index % 4 == 2 {
            earlier = screen.clone();
        }
    }
    // Only the first keeps whether text is concealed, and then shows blanks.
    let is_concealed = screen.rows().any(|row| row.cells().iter().any(Cell::is_concealed));
    assert!(is_concealed || screen.text() == text.text());
    assert_eq!(placed.text(), text.text());
    assert_eq!(screen.rows().len(), usize::from(screen.size().rows));
    let cursor = screen.cursor();
    assert!(cursor.row < screen.rows().len());
    for row in screen.scrollback().chain(screen.rows()) {
        assert!(
            row.cells().len() >= usize::from(screen.size().cols)
                || !screen.rows().any(|other| std::ptr::eq(row, other))
        );
    }
    for row in placed.scrollback().chain(placed.rows()) {
        for (_, cell) in row.characters() {
            if let Some(place) = cell.place() {
                assert!(output[place as usize..].chars().next().is_some());
            }
        }
    }
    let mut drawn = Screen::new(screen.size(), 20).unwrap();
    drawn.feed(&screen.drawing());
    assert!(drawn == screen, "the drawing {:?}", screen.drawing());
    let restored = screen.checkpoint().restore().unwrap();
    assert!(restored == screen, "the checkpoint");
    if let Some(transition) = screen.transition(&earlier) {
        earlier.resize(screen.size()).unwrap();
        earlier.feed(&transition);
        assert!(earlier == screen, "the transition {transition:?}");
    }
}

/// Finds two texts, from their surroundings.
struct Letters;

impl Find for Letters {
    fn find(&self, line: &str, found: &mut Vec<Range<usize>>) {
        found.extend(line.match_indices("ab").map(|(at, text)| at..at + text.len()));
        found.extend(line.match_indices('ż').map(|(at, text)| at..at + text.len()));
    }

    fn reach(&self) -> Option<usize> {
        Some(2)
    }

    fn may_match(&self, part: &[u8]) -> bool {
        let part = str::from_utf8(part).expect("text in UTF-8");
        part.contains("ab") || part.contains('ż')
    }
}

/// Any output and sizes: every reported match contains the searched text.
pub fn search(input: &[u8]) {
    let (size, steps) = steps(input);
    let mut sightings = Sightings::default();
    let mut report = |line: &str, found: &[Range<usize>]| {
        assert!(found.iter().all(|found| matches!(&line[found.clone()], "ab" | "ż")));
    };
    sightings.resize(size, &Letters, &mut report).unwrap();
    for step in steps {
        match step {
            Step::Output(piece) => sightings.feed(piece.as_bytes(), &Letters, &mut report),
            Step::Resize(size) => sightings.resize(size, &Letters, &mut report).unwrap(),
        }
    }
}
