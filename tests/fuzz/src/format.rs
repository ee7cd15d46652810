//! The format: casts of every version.

use std::io::{self, Read};

use common::cast::{Code, Event, Item, LONGEST_LINE, Precision, Reader, Version, Writer};

/// A source that returns bytes in pieces of a length.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// An item in a comparable form: its offset and contents.
type Seen = (u64, u64, Vec<u8>);

/// The items of a cast, and its end. At the item with the number `stop`, the place before it.
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
            // The reader continues after a bad line.
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

/// Checks the guarantees of an event.
fn check(event: &Event<'_>) {
    let line = event.line;
    let json =
        std::str::from_utf8(line).ok().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    if let (Ok(text), Some(value)) = (event.text(), &json) {
        assert_eq!(value[2].as_str().unwrap_or(&text), text);
    }
    let _ = event.code_text();
    let _ = event.resize();
    // A time that a filter does not change is written back unchanged.
    let mut copy = Vec::new();
    Writer::new(Version::V2, Precision::Microseconds).copy(event, event.written, &mut copy);
    assert_eq!(copy, line);
    // An event that is encoded again is valid.
    if let (Ok(text), false) = (event.text(), event.code == Code::Other) {
        let mut own = Vec::new();
        Writer::new(Version::V2, Precision::Microseconds).event(event.time, event.code, &text, &mut own);
        let again = Event::scan(&own).unwrap();
        assert_eq!((again.time, again.code, again.text().unwrap()), (event.time, event.code, text));
    }
}

/// Any bytes as a cast: the items do not depend on how it arrives, have no gaps between them, and
/// reading can resume at each of them.
pub fn reader(input: &[u8]) {
    let (whole, end, places) = items(Reader::new(input));
    for length in [1, 7] {
        let (pieces, other_end, _) = items(Reader::new(Pieces(input, length)));
        assert_eq!((&pieces, &other_end), (&whole, &end));
    }
    // Two are enough: the seventh is as good as any.
    for (index, place) in places.iter().enumerate().skip(1).take(2) {
        let Some(place) = place else { continue };
        let (rest, _, _) = items(Reader::resume(&input[place.offset as usize..], place));
        assert_eq!(rest, whole[index..]);
    }
}

/// The same for a version 1 document, whose start would take long to guess: the input follows it.
pub fn document(input: &[u8]) {
    reader(&[b"{\"version\": 1, \"width\": 8, \"height\": 2, \"stdout\": [", input].concat());
    reader(&[b"{\"stdout\": [[1, \"a\"]], \"version\": 1, \"width\": 8", input].concat());
}
