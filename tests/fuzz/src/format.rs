//! The format: casts of every version.

use std::io::{self, Read};

use common::cast::{Code, Event, Item, LONGEST_LINE, Precision, Reader, Version, Writer};

/// Hands out bytes in pieces of a length.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// An item, comparable: where it begins, and what it is.
type Seen = (u64, u64, Vec<u8>);

/// The items of a cast, and how it ends. At the item with the number `stop`, the place before it.
fn items(mut reader: Reader<impl Read>) -> (Vec<Seen>, String, Vec<Option<common::cast::Place>>) {
    let (mut seen, mut places) = (Vec::new(), Vec::new());
    let mut faults = Vec::new();
    loop {
        let (offset, place) = (reader.offset(), reader.place());
        let (time, bytes) = match reader.next() {
            Ok(Some(Item::Header(header))) => (0, header.line().as_bytes().to_vec()),
            Ok(Some(Item::Event(event))) => {
                check(&event);
                (event.time.as_micros(), event.line.to_vec())
            }
            Ok(Some(Item::Ignored(line))) => (0, line.to_vec()),
            Ok(Some(Item::End)) => return (seen, faults.join("\n"), places),
            Ok(None) => {
                reader.fill().unwrap();
                continue;
            }
            // The reader goes on behind a bad line.
            Err(error) => {
                faults.push(format!("{error:?}"));
                assert!(faults.len() <= LONGEST_LINE, "errors without end");
                continue;
            }
        };
        seen.push((offset, time, bytes));
        places.push(place);
    }
}

/// What an event promises to everyone who looks at it.
fn check(event: &Event<'_>) {
    let line = event.line;
    let json =
        std::str::from_utf8(line).ok().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    if let (Ok(text), Some(value)) = (event.text(), &json) {
        assert_eq!(value[2].as_str().unwrap_or(&text), text);
    }
    let _ = event.code_text();
    let _ = event.resize();
    // A time that a filter leaves alone is written back as it was spelled.
    let mut copy = Vec::new();
    Writer::new(Version::V2, Precision::Microseconds).copy(event, event.written, &mut copy);
    assert_eq!(copy, line);
    // An event that is written anew is one.
    if let (Ok(text), false) = (event.text(), event.code == Code::Other) {
        let mut own = Vec::new();
        Writer::new(Version::V2, Precision::Microseconds).event(event.time, event.code, &text, &mut own);
        let again = Event::scan(&own).unwrap();
        assert_eq!((again.time, again.code, again.text().unwrap()), (event.time, event.code, text));
    }
}

/// Any bytes as a cast: however it arrives, the items are the same; they have no gaps between them; and
/// reading resumes at each of them.
pub fn reader(input: &[u8]) {
    let (whole, end, places) = items(Reader::new(input));
    for length in [1, 7] {
        let (pieces, other_end, _) = items(Reader::new(Pieces(input, length)));
        assert_eq!((&pieces, &other_end), (&whole, &end));
    }
    // Twice is enough: the seventh is as good as any.
    for (index, place) in places.iter().enumerate().skip(1).take(2) {
        let Some(place) = place else { continue };
        let (rest, _, _) = items(Reader::resume(&input[place.offset as usize..], place));
        assert_eq!(rest, whole[index..]);
    }
}

/// The same of a document of version 1, which would take long to be guessed: the input follows its
/// beginning.
pub fn document(input: &[u8]) {
    reader(&[b"{\"version\": 1, \"width\": 8, \"height\": 2, \"stdout\": [", input].concat());
    reader(&[b"{\"stdout\": [[1, \"a\"]], \"version\": 1, \"width\": 8", input].concat());
}
