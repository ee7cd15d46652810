//! ttyrec: records of output, each with its time of day and length.
//!
//! The format has no terminal size. It is written in a way that other writers use, too: the
//! sequence that requests a size starts the first record, and a record with only that sequence is a
//! resize.

use std::io::{self, BufRead, BufReader, Read};

use super::recorder::{Damage, Decoder, Origin, Part, Recorded, read_bytes};
use super::{Encoder, timestamp};
use crate::cast::{Code, Fault, Header, Time};
use crate::size::Size;

/// Writes records.
#[derive(Default)]
pub struct Ttyrec {
    /// The time of day of the start, in seconds.
    start: u64,
    last: Time,
}

impl Ttyrec {
    fn record(&mut self, time: Time, data: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
        self.last = time.max(self.last);
        let micros = self.last.as_micros();
        let seconds = u32::try_from(self.start + micros / 1_000_000);
        let seconds = seconds.map_err(|_| Fault::Other("ttyrec has no times beyond 2106".to_string()))?;
        let length = u32::try_from(data.len()).map_err(|_| Fault::TooLong)?;
        for number in [seconds, (micros % 1_000_000) as u32, length] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(data);
        Ok(())
    }
}

impl Encoder for Ttyrec {
    fn header(&mut self, header: &Header, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.start = timestamp(header).and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0);
        self.record(Time::ZERO, header.size.sequence().as_bytes(), out)
    }

    fn text(&mut self, time: Time, code: Code, text: &str, out: &mut Vec<u8>) -> Result<(), Fault> {
        match (code, Size::parse(text)) {
            // ttyplay treats an empty record as the end.
            (Code::Output, _) if !text.is_empty() => self.record(time, text.as_bytes(), out),
            (Code::Resize, Some(size)) => self.record(time, size.sequence().as_bytes(), out),
            _ => Ok(()),
        }
    }
}

/// The encoding of the numbers before a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// Three 32-bit numbers, little-endian: written by ttyrec since 1.0.6.
    Little,
    /// Three 32-bit numbers, big-endian: written by earlier versions on some machines.
    Big,
    /// 64-bit seconds and microseconds, little-endian, and a length padded to 64 bits: written by
    /// earlier versions on others.
    Wide,
}

impl Layout {
    fn length(self) -> usize {
        if self == Layout::Wide { 24 } else { 12 }
    }

    /// Seconds, microseconds, and the number of bytes that follow.
    fn numbers(self, header: &[u8]) -> Option<(u64, u64, u64)> {
        let four = |at: usize| header.get(at..at + 4)?.try_into().ok();
        let eight = |at: usize| header.get(at..at + 8)?.try_into().ok();
        let number = |at: usize| match self {
            Layout::Big => four(at).map(u32::from_be_bytes).map(u64::from),
            _ => four(at).map(u32::from_le_bytes).map(u64::from),
        };
        let wide = |at: usize| eight(at).map(u64::from_le_bytes);
        match self {
            Layout::Wide => Some((wide(0)?, wide(8)?, number(16)?)),
            _ => Some((number(0)?, number(4)?, number(8)?)),
        }
    }

    /// The layout of a file that begins like this, if there is one.
    fn of(front: &[u8]) -> Option<Layout> {
        let is_plausible = |layout: &Layout| {
            let numbers = layout.numbers(front);
            numbers.is_some_and(|(seconds, micros, length)| {
                seconds <= u64::from(u32::MAX) && micros < 1_000_000 && length <= 1 << 24
            })
        };
        // A wide header also looks like a narrow one, whose first data would be NULs.
        let has_high_zeros = front.get(4..8) == Some(&[0; 4]) && front.get(12..16) == Some(&[0; 4]);
        let layouts = match has_high_zeros {
            true => [Layout::Wide, Layout::Little, Layout::Big],
            false => [Layout::Little, Layout::Big, Layout::Wide],
        };
        layouts.into_iter().find(is_plausible)
    }
}

/// Reads records.
pub struct TtyrecDecoder<R> {
    source: BufReader<R>,
    layout: Layout,
    origin: Origin,
    /// The first record, until it is returned.
    first: Option<Recorded>,
    /// The time of day of the first record, in microseconds.
    start: u64,
    last: Time,
    /// The number of records read.
    count: u64,
}

/// The number of bytes that [`is_ttyrec`] examines.
pub const TTYREC_FRONT: usize = 24;

/// Returns whether a file that begins like this may be a ttyrec recording.
pub fn is_ttyrec(front: &[u8]) -> bool {
    Layout::of(front).is_some()
}

impl<R: Read> TtyrecDecoder<R> {
    /// Reads the first record. `front` is the first [`TTYREC_FRONT`] bytes of the file, or all of
    /// them; the source begins there, too.
    ///
    /// # Errors
    ///
    /// There is no record, or the file is not a ttyrec recording.
    pub fn new(front: &[u8], source: BufReader<R>) -> Result<TtyrecDecoder<R>, Damage> {
        let layout = Layout::of(front).ok_or_else(|| Damage::new(Part::Output, "not a ttyrec recording"))?;
        let mut decoder = TtyrecDecoder {
            source,
            layout,
            origin: Origin::default(),
            first: None,
            start: 0,
            last: Time::ZERO,
            count: 0,
        };
        let Some(mut first) = decoder.record()? else { return Ok(decoder) };
        let seconds = (decoder.start / 1_000_000) as i64;
        decoder.origin.timestamp = Some(seconds).filter(|seconds| *seconds > 0);
        if let Some((size, rest)) = leading_size(&first.data) {
            decoder.origin.size = Some(size);
            first.data = rest.to_vec();
        }
        decoder.first = Some(first).filter(|first| !first.data.is_empty());
        Ok(decoder)
    }

    fn record(&mut self) -> Result<Option<Recorded>, Damage> {
        self.count += 1;
        let count = self.count;
        let damage = |what: &str| Damage::new(Part::Output, format!("record {count}: {what}"));
        let failed = |error: io::Error| Damage::io(Part::Output, &error);
        if self.source.fill_buf().map_err(failed)?.is_empty() {
            return Ok(None);
        }
        let header = read_bytes(&mut self.source, self.layout.length() as u64).map_err(failed)?;
        let header = header.ok_or_else(|| damage("the record is cut off"))?;
        let numbers = self.layout.numbers(&header).filter(|(_, micros, _)| *micros < 1_000_000);
        let (seconds, micros, length) = numbers.ok_or_else(|| damage("not a record of ttyrec"))?;
        let time_of_day = seconds.saturating_mul(1_000_000).saturating_add(micros);
        if count == 1 {
            self.start = time_of_day;
        }
        let data = read_bytes(&mut self.source, length).map_err(|error| damage(&error.to_string()))?;
        let data = data.ok_or_else(|| damage("the record is cut off"))?;
        self.last = self.last.max(Time::from_micros(time_of_day.saturating_sub(self.start)));
        Ok(Some(Recorded { time: self.last, code: Code::Output, data }))
    }
}

impl<R: Read> Decoder for TtyrecDecoder<R> {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn next(&mut self) -> Result<Option<Recorded>, Damage> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let mut record = self.record()?;
        if let Some(record) = &mut record
            && let Some((size, [])) = leading_size(&record.data)
        {
            record.code = Code::Resize;
            record.data = size.to_string().into_bytes();
        }
        Ok(record)
    }

    fn is_drained(&self) -> bool {
        self.source.buffer().is_empty()
    }
}

/// The size at the start of a record, and the rest of the record.
fn leading_size(data: &[u8]) -> Option<(Size, &[u8])> {
    let rest = data.strip_prefix(b"\x1b[8;")?;
    let end = rest.iter().take(12).position(|&byte| byte == b't')?;
    let (rows, cols) = std::str::from_utf8(&rest[..end]).ok()?.split_once(';')?;
    let size = Size { cols: cols.parse().ok()?, rows: rows.parse().ok()? };
    (size.cols > 0 && size.rows > 0).then_some((size, &rest[end + 1..]))
}
