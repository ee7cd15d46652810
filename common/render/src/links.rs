//! The links to the web that a recording shows (OSC 8): where on the screen, and when.
//!
//! The player draws no links, so a page lays its own over the terminal. Times are those of the
//! player, which limits pauses.

use std::collections::HashMap;
use std::ops::Range;

use common::cast::{Code, Event, Fault, Header, Time};
use common::screen::{Row, Screen, StyledCell};

use crate::frames;
use crate::view::is_web;

/// The maximum number of regions: a page has room for the links of a long session, but does not
/// grow without bounds.
const MOST_REGIONS: usize = 20_000;

/// The maximum length of all addresses together, in bytes.
const MOST_ADDRESSES: usize = 1 << 20;

/// Changes within this time count as one.
const SPAN: Time = Time::from_micros(40_000);

/// A part of a row that is a link for some time.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// The time at which it appears.
    pub from: Time,
    /// The time at which it disappears; `None` if it is there at the end.
    pub to: Option<Time>,
    /// The row, from 0.
    pub row: usize,
    /// The columns, from 0.
    pub columns: Range<usize>,
    /// The index of its address.
    pub address: usize,
}

/// All links of a recording.
#[derive(Default)]
pub struct Links {
    /// In the order in which they appear, those of one moment from top to bottom.
    pub regions: Vec<Region>,
    /// The addresses, each once.
    pub addresses: Vec<String>,
}

/// Plays a recording to find its links.
pub struct LinkTracker {
    screen: Screen,
    idle_limit: Option<Time>,
    /// The time of the last event, and the length of all pauses removed so far.
    previous: Time,
    removed: Time,
    /// The start of the current span.
    span: Option<Time>,
    /// The regions on the screen, by row; `to` is `None`.
    open: Vec<Vec<Region>>,
    open_count: usize,
    closed: Vec<Region>,
    addresses: Vec<String>,
    numbers: HashMap<String, usize>,
    /// The length of all addresses.
    length: usize,
    /// A reusable buffer.
    text: Vec<u8>,
}

impl LinkTracker {
    /// Starts with an empty screen. Pauses are limited as by the player.
    ///
    /// # Errors
    ///
    /// [`Fault::TooLarge`].
    pub fn new(header: &Header, idle_limit: Option<Time>) -> Result<LinkTracker, Fault> {
        Ok(LinkTracker {
            screen: Screen::new(header.size, 0)?,
            idle_limit: idle_limit.or_else(|| header.seconds("idle_time_limit")),
            previous: Time::ZERO,
            removed: Time::ZERO,
            span: None,
            open: Vec::new(),
            open_count: 0,
            closed: Vec::new(),
            addresses: Vec::new(),
            numbers: HashMap::new(),
            length: 0,
            text: Vec::new(),
        })
    }

    /// Plays the next event.
    ///
    /// # Errors
    ///
    /// A fault in the event.
    pub fn event(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        let delay = event.time.since(self.previous);
        if let Some(limit) = self.idle_limit {
            self.removed = self.removed.plus(delay.since(limit));
        }
        self.previous = event.time;
        let now = event.time.since(self.removed);
        if let Some(begun) = self.span.filter(|begun| now >= begun.plus(SPAN)) {
            self.update(begun);
            self.span = None;
        }
        if matches!(event.code, Code::Output | Code::Resize) {
            self.span.get_or_insert(now);
        }
        frames::apply(event, &mut self.screen, &mut self.text)
    }

    /// All links of the recording.
    pub fn finish(mut self) -> Links {
        if let Some(begun) = self.span {
            self.update(begun);
        }
        let mut regions = self.closed;
        regions.extend(self.open.into_iter().flatten());
        regions.sort_by_key(|region| (region.from, region.row, region.columns.start));
        Links { regions, addresses: self.addresses }
    }

    /// Compares the screen with the open regions at a time.
    fn update(&mut self, now: Time) {
        let changes = self.screen.take_changes();
        let count = self.screen.rows().len();
        for row in count..self.open.len() {
            self.replace(row, now, &[]);
        }
        self.open.resize_with(count, Vec::new);
        // Scrolling moves all rows.
        let rows = if changes.scrolled > 0 { (0..count).collect() } else { changes.rows };
        for row in rows {
            let spans = self.spans(row);
            self.replace(row, now, &spans);
        }
    }

    /// The links in a row: their columns and the indices of their addresses.
    fn spans(&mut self, row: usize) -> Vec<(Range<usize>, usize)> {
        let mut spans: Vec<(Range<usize>, usize)> = Vec::new();
        let mut column = 0;
        let cells = self.screen.row(row).map(Row::cells).unwrap_or_default();
        let link = |cell: &StyledCell| self.screen.style(cell).link;
        for run in cells.chunk_by(|a, b| link(a) == link(b)) {
            let columns = column..column + run.len();
            column = columns.end;
            let uri = link(&run[0]).and_then(|id| self.screen.link(id)).map(|link| link.uri.as_str());
            let Some(uri) = uri.filter(|uri| is_web(uri)) else { continue };
            let address = self.numbers.get(uri).copied().or_else(|| {
                self.length += uri.len();
                (self.length <= MOST_ADDRESSES).then(|| {
                    self.numbers.insert(uri.to_string(), self.addresses.len());
                    self.addresses.push(uri.to_string());
                    self.addresses.len() - 1
                })
            });
            match (spans.last_mut(), address) {
                // The same link with another ID.
                (Some((before, same)), Some(address)) if *same == address && before.end == columns.start => {
                    before.end = columns.end;
                }
                (_, Some(address)) => spans.push((columns, address)),
                (_, None) => {}
            }
        }
        spans
    }

    /// Replaces the open regions of a row. Those that are still there stay as they are.
    fn replace(&mut self, row: usize, now: Time, spans: &[(Range<usize>, usize)]) {
        let Some(open) = self.open.get_mut(row) else { return };
        if open.is_empty() && spans.is_empty() {
            return;
        }
        let before = std::mem::take(open);
        self.open_count -= before.len();
        for (columns, address) in spans {
            let known = before.iter().find(|region| region.columns == *columns && region.address == *address);
            let region = match known {
                Some(region) => region.clone(),
                None if self.closed.len() + self.open_count + before.len() >= MOST_REGIONS => continue,
                None => Region { from: now, to: None, row, columns: columns.clone(), address: *address },
            };
            open.push(region);
            self.open_count += 1;
        }
        let gone = before.into_iter().filter(|region| !open.contains(region));
        self.closed.extend(gone.map(|region| Region { to: Some(now), ..region }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::cast::{Item, Reader};
    use common::size::Size;
    use proptest::prelude::*;

    /// The links on a screen: for each cell that has one, its row, column and address.
    fn on(screen: &Screen) -> Vec<(usize, usize, String)> {
        let mut cells = Vec::new();
        for (row, line) in screen.rows().enumerate() {
            for (column, cell) in line.cells().iter().enumerate() {
                if let Some(link) = screen.style(cell).link.and_then(|id| screen.link(id)) {
                    cells.push((row, column, link.uri.clone()));
                }
            }
        }
        cells
    }

    fn output() -> impl Strategy<Value = String> {
        let link = |(number, text): (u8, String)| {
            format!("\x1b]8;;https://a.example/{number}\x1b\\{text}\x1b]8;;\x1b\\")
        };
        prop_oneof![
            4 => (0u8..4, "[a-z漢]{1,9}").prop_map(link),
            2 => "[a-z ]{1,9}",
            2 => Just("\r\n".to_string()),
            1 => (1u8..7, 1u8..14).prop_map(|(row, column)| format!("\x1b[{row};{column}H")),
            1 => Just("\x1b[2J".to_string()),
            1 => Just("\x1b[K".to_string()),
            1 => Just("\x1b[2P".to_string()),
            1 => Just("\x1b[L".to_string()),
            1 => Just("\x1bM".to_string()),
            1 => Just("\x1b[?1049h".to_string()),
            1 => Just("\x1b[?1049l".to_string()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_links_match_the_screen_at_every_moment(
            steps in prop::collection::vec((output(), prop::option::weighted(0.1, (2u16..14, 1u16..6))), 1..40),
        ) {
            let mut screen = Screen::new(Size { cols: 12, rows: 5 }, 0).expect("a terminal");
            let mut cast = "{\"version\": 2, \"width\": 12, \"height\": 5}\n".to_string();
            let mut shown = Vec::new();
            // Far enough apart that none count as one.
            for (step, (text, size)) in (0u64..).zip(&steps) {
                let time = Time::from_micros(step * 100_000);
                if let Some((cols, rows)) = size {
                    screen.resize(Size { cols: *cols, rows: *rows }).expect("a terminal");
                    cast.push_str(&format!("[{time}, \"r\", \"{cols}x{rows}\"]\n"));
                }
                screen.feed(text);
                cast.push_str(&format!("[{time}, \"o\", {}]\n", serde_json::to_string(text).expect("JSON")));
                shown.push((time, on(&screen)));
            }
            let mut reader = Reader::new(cast.as_bytes());
            let mut tracker: Option<LinkTracker> = None;
            loop {
                match reader.next().expect("a cast") {
                    Some(Item::Header(header)) => tracker = LinkTracker::new(&header, None).ok(),
                    Some(Item::Event(event)) => tracker.as_mut().expect("a header").event(&event).expect("an event"),
                    Some(Item::Ignored(_)) => {}
                    Some(Item::End) => break,
                    None => reader.fill().expect("more"),
                }
            }
            let Links { regions, addresses } = tracker.expect("a header").finish();
            for (time, expected) in shown {
                let mut found = Vec::new();
                for region in &regions {
                    if region.from <= time && region.to.is_none_or(|to| time < to) {
                        let address = &addresses[region.address];
                        found.extend(region.columns.clone().map(|column| (region.row, column, address.clone())));
                    }
                }
                found.sort();
                prop_assert_eq!(found, expected, "at {}", time);
            }
        }
    }

    #[test]
    fn only_addresses_of_the_web_count() {
        for uri in ["https://example.org/?a&b#c", "HTTP://x", "http://user@host:80/\"><script>"] {
            assert!(is_web(uri), "{uri}");
        }
        for uri in [
            "",
            "http",
            "javascript:alert(1)",
            "JavaScript://https://x/%0aalert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "ftp://x",
            "//x",
            " https://x",
            "https://x\n",
            "https://x y",
            "http://x\u{85}",
            "http\u{2028}s://x",
            "ħttps://x",
        ] {
            assert!(!is_web(uri), "{uri}");
        }
    }
}
