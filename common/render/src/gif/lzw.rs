//! LZW as in GIF (GIF89a, appendix F): codes of growing width, packed starting with the lowest bit.
//!
//! Written here because a library's takes twice the time: with the few colors of a terminal,
//! finding the next code is one lookup in a small table.

/// The maximum number of codes; the encoder then starts again.
const MOST_CODES: u16 = 4096;

/// Packs the pixels of one image, given in pieces.
pub struct Encoder {
    out: Vec<u8>,
    /// The number of bits per pixel.
    bits: u8,
    /// For each code and following pixel, the longer code, or 0.
    next: Vec<u16>,
    /// For each pixel, the codes of runs of one, two and more of it: pictures of terminals consist
    /// of long runs.
    runs: Vec<Vec<u16>>,
    /// The first unassigned code.
    free: u16,
    /// The current number of bits per code.
    width: u8,
    /// The code of the pixels not written yet.
    pending: Option<u16>,
    /// The bits that do not fill a byte yet, and their number.
    buffer: u32,
    buffered: u8,
}

impl Encoder {
    /// An encoder for pixels below 2 to the power of `bits`, which is 2 to 8.
    pub fn new(bits: u8) -> Encoder {
        let bits = bits.clamp(2, 8);
        let mut encoder = Encoder {
            out: Vec::new(),
            bits,
            next: vec![0; usize::from(MOST_CODES) << bits],
            runs: vec![Vec::new(); 1 << bits],
            free: 0,
            width: 0,
            pending: None,
            buffer: 0,
            buffered: 0,
        };
        encoder.start_afresh();
        encoder.write(encoder.clear_code(), bits + 1);
        encoder
    }

    /// The code that makes the decoder start again; the next one ends the image.
    fn clear_code(&self) -> u16 {
        1 << self.bits
    }

    fn start_afresh(&mut self) {
        let roots = usize::from(self.clear_code()) << self.bits;
        self.next[..roots].fill(0);
        for (pixel, run) in (0..).zip(&mut self.runs) {
            run.clear();
            run.push(pixel);
        }
        self.free = self.clear_code() + 2;
        self.width = self.bits + 1;
    }

    /// Adds pixels, which must be in the range given to [`Encoder::new`].
    pub fn push(&mut self, mut pixels: &[u8]) {
        let largest = u8::MAX >> (8 - self.bits);
        while let Some(&first) = pixels.first() {
            let pixel = first & largest;
            let Some(code) = self.pending else {
                // At the start of a code, a run is looked up as a whole.
                let run = &self.runs[usize::from(pixel)];
                let length = pixels.iter().take(run.len()).take_while(|&&other| other == first).count();
                self.pending = Some(run[length - 1]);
                pixels = &pixels[length..];
                continue;
            };
            let place = usize::from(code) << self.bits | usize::from(pixel);
            if self.next[place] != 0 {
                self.pending = Some(self.next[place]);
                pixels = &pixels[1..];
                continue;
            }
            self.write(code, self.width);
            self.pending = None;
            self.add(place, code, pixel);
        }
    }

    /// Assigns a code to `code` followed by the pixel.
    fn add(&mut self, place: usize, code: u16, pixel: u8) {
        if self.free == MOST_CODES {
            self.write(self.clear_code(), self.width);
            self.start_afresh();
            return;
        }
        self.next[place] = self.free;
        let row = usize::from(self.free) << self.bits;
        self.next[row..row + (1 << self.bits)].fill(0);
        let run = &mut self.runs[usize::from(pixel)];
        if run.last() == Some(&code) {
            run.push(self.free);
        }
        // The decoder knows this code one code later.
        if self.free == 1 << self.width {
            self.width += 1;
        }
        self.free += 1;
    }

    /// Ends the image and returns its bytes.
    pub fn finish(mut self) -> Vec<u8> {
        if let Some(code) = self.pending {
            self.write(code, self.width);
            if self.free == 1 << self.width && self.width < 12 {
                self.width += 1;
            }
        }
        self.write(self.clear_code() + 1, self.width);
        if self.buffered > 0 {
            self.out.push(self.buffer as u8);
        }
        self.out
    }

    fn write(&mut self, code: u16, width: u8) {
        self.buffer |= u32::from(code) << self.buffered;
        self.buffered += width;
        while self.buffered >= 8 {
            self.out.push(self.buffer as u8);
            self.buffer >>= 8;
            self.buffered -= 8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A decoder that follows the specification, without regard for speed.
    fn decode(bytes: &[u8], bits: u8) -> Option<Vec<u8>> {
        let clear = 1usize << bits;
        let fresh = || -> Vec<Vec<u8>> { (0..clear + 2).map(|code| vec![code as u8]).collect() };
        let (mut table, mut width, mut at) = (fresh(), bits + 1, 0);
        let (mut previous, mut out): (Option<Vec<u8>>, Vec<u8>) = (None, Vec::new());
        loop {
            let mut code = 0;
            for bit in 0..usize::from(width) {
                code |= usize::from(*bytes.get((at + bit) / 8)? >> ((at + bit) % 8) & 1) << bit;
            }
            at += usize::from(width);
            if code == clear {
                (table, width, previous) = (fresh(), bits + 1, None);
                continue;
            }
            if code == clear + 1 {
                // Only the rest of the byte may follow.
                return (bytes.len() == at.div_ceil(8)).then_some(out);
            }
            let entry = match (table.get(code), &previous) {
                (Some(entry), _) => entry.clone(),
                (None, Some(previous)) if code == table.len() => {
                    previous.iter().chain(&previous[..1]).copied().collect()
                }
                _ => return None,
            };
            if let Some(mut longer) = previous.filter(|_| table.len() < 4096) {
                longer.push(entry[0]);
                table.push(longer);
                if table.len() == 1 << width && width < 12 {
                    width += 1;
                }
            }
            out.extend(&entry);
            previous = Some(entry);
        }
    }

    fn encode(pieces: &[&[u8]], bits: u8) -> Vec<u8> {
        let mut encoder = Encoder::new(bits);
        pieces.iter().for_each(|piece| encoder.push(piece));
        encoder.finish()
    }

    #[test]
    fn long_images_exceed_the_largest_code() {
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        for bits in 2..=8 {
            let mask = u8::MAX >> (8 - bits);
            let noisy: Vec<u8> = (0..40_000).map(|_| noise() & mask).collect();
            assert_eq!(decode(&encode(&[&noisy], bits), bits).as_deref(), Some(&*noisy), "{bits}");
            let flat = vec![1; 6_000_000 >> (8 - bits)];
            assert!(decode(&encode(&[&flat], bits), bits).as_deref() == Some(&*flat), "{bits}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pixels_packed_in_pieces_unpack_unchanged(
            bits in 2u8..=8, pixels in prop::collection::vec(any::<u8>(), 0..600), cut in any::<prop::sample::Index>(),
        ) {
            let pixels: Vec<u8> = pixels.into_iter().map(|pixel| pixel & (u8::MAX >> (8 - bits))).collect();
            let (front, rest) = pixels.split_at(cut.index(pixels.len() + 1));
            prop_assert_eq!(decode(&encode(&[front, rest], bits), bits), Some(pixels));
        }
    }
}
