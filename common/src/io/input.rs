//! The source of a cast: a descriptor, whose data may be compressed, or a growing file.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;

use flate2::write::MultiGzDecoder;

use super::follow::Follow;
use super::{Stream, unnamed_file};

/// The first bytes of every gzip file (RFC 1952, section 2.3.1); no cast begins with them.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The size of a compressed read, in bytes. It can decompress to a thousand times as much.
const BLOCK: usize = 8 << 10;

/// An open source of bytes. Data compressed with gzip is decompressed transparently.
pub struct Input {
    origin: Origin,
    /// Set once the first bytes are known.
    gzip: Option<Box<Gunzip>>,
    has_begun: bool,
}

/// The origin of the bytes.
enum Origin {
    Stream(Stream),
    Follow(Box<Follow>),
}

/// A decoder and its output that has not been read yet.
struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    /// The number of bytes read from the decoder's output.
    taken: usize,
    /// The error in the data, reported after the valid part.
    failure: Option<io::Error>,
}

impl Input {
    /// Reads a file as it grows, until a signal arrives.
    pub fn follow(follow: Follow) -> Input {
        Input { origin: Origin::Follow(Box::new(follow)), gzip: None, has_begun: false }
    }

    /// Returns whether a signal has ended the wait for a file to grow: its last line may be
    /// incomplete.
    pub fn was_interrupted(&self) -> bool {
        matches!(&self.origin, Origin::Follow(follow) if follow.was_interrupted())
    }

    /// Returns whether this is a growing file.
    pub fn is_followed(&self) -> bool {
        matches!(&self.origin, Origin::Follow(_))
    }

    /// Returns whether a read returns data without reading the descriptor.
    pub fn is_ready(&self) -> bool {
        self.gzip.as_ref().is_some_and(|gzip| gzip.taken < gzip.decoder.get_ref().len())
    }

    /// Returns whether this is a regular file.
    ///
    /// # Errors
    ///
    /// An error of fstat(2).
    pub fn is_file(&self) -> io::Result<bool> {
        let file = File::from(self.as_fd().try_clone_to_owned()?);
        Ok(file.metadata()?.is_file())
    }

    /// The file itself, if it can be read again from the start without decompression.
    pub fn seekable(&self) -> Option<File> {
        let Origin::Stream(stream) = &self.origin else { return None };
        let mut file = File::from(stream.as_fd().try_clone_to_owned().ok()?);
        (file.stream_position().is_ok() && !is_gzip(&file)).then_some(file)
    }

    /// A file with these bytes: the open file, or an unnamed one with the decompressed data.
    ///
    /// # Errors
    ///
    /// The data cannot be decompressed, or there is no space for it.
    pub fn into_file(mut self) -> io::Result<File> {
        let origin = match self.origin {
            Origin::Stream(stream) => {
                let file = File::from(stream);
                if !is_gzip(&file) {
                    return Ok(file);
                }
                Origin::Stream(Stream::from(file))
            }
            follow @ Origin::Follow(_) => follow,
        };
        self.origin = origin;
        let mut file = unnamed_file()?;
        io::copy(&mut self, &mut file)?;
        file.rewind()?;
        Ok(file)
    }
}

/// Returns whether a seekable file begins as a gzip file does.
pub fn is_gzip(file: &File) -> bool {
    let mut front = [0; 2];
    file.read_exact_at(&mut front, 0).is_ok_and(|()| front == GZIP)
}

impl From<Stream> for Input {
    fn from(stream: Stream) -> Input {
        Input { origin: Origin::Stream(stream), gzip: None, has_begun: false }
    }
}

impl AsFd for Input {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.origin {
            Origin::Stream(stream) => stream.as_fd(),
            Origin::Follow(follow) => follow.as_fd(),
        }
    }
}

impl Read for Origin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Origin::Stream(stream) => stream.read(buffer),
            Origin::Follow(follow) => follow.read(buffer),
        }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(gzip) = &mut self.gzip {
            return gzip.read(&mut self.origin, buffer);
        }
        let count = self.origin.read(buffer)?;
        if !self.has_begun && buffer[..count].first() == GZIP.first() {
            let mut gzip = Gunzip { decoder: MultiGzDecoder::new(Vec::new()), taken: 0, failure: None };
            gzip.push(&buffer[..count]);
            return self.gzip.insert(Box::new(gzip)).read(&mut self.origin, buffer);
        }
        self.has_begun = true;
        Ok(count)
    }
}

impl Gunzip {
    fn read(&mut self, origin: &mut Origin, buffer: &mut [u8]) -> io::Result<usize> {
        let mut compressed = [0; BLOCK];
        loop {
            let decoded = &self.decoder.get_ref()[self.taken..];
            if !decoded.is_empty() {
                let count = decoded.len().min(buffer.len());
                buffer[..count].copy_from_slice(&decoded[..count]);
                self.taken += count;
                return Ok(count);
            }
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            self.decoder.get_mut().clear();
            self.taken = 0;
            match origin.read(&mut compressed)? {
                0 => {
                    // The checksum at the end is missing or wrong.
                    if self.decoder.try_finish().is_err() {
                        self.failure = Some(damaged("the gzip data is cut off or corrupt"));
                    }
                    if self.failure.is_none() && self.decoder.get_ref().is_empty() {
                        return Ok(0);
                    }
                }
                count => self.push(&compressed[..count]),
            }
        }
    }

    fn push(&mut self, compressed: &[u8]) {
        // Without the flush, the decoder keeps what it has decoded until more comes.
        if self.decoder.write_all(compressed).and_then(|()| self.decoder.flush()).is_err() {
            self.failure = Some(damaged("the gzip data is corrupt"));
        }
    }
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};

    fn compressed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// The data read from these bytes in a file, and the error message, if any.
    fn read(bytes: &[u8]) -> (Vec<u8>, String) {
        let mut file = unnamed_file().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        let mut input = Input::from(Stream::from(file));
        let mut all = Vec::new();
        let mut piece = [0; 100];
        loop {
            match input.read(&mut piece) {
                Ok(0) => return (all, String::new()),
                Ok(count) => all.extend_from_slice(&piece[..count]),
                Err(error) => return (all, error.to_string()),
            }
        }
    }

    #[test]
    fn compressed_data_is_read_to_the_end_even_in_several_members() {
        let text: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        assert!(read(&compressed(&text)) == (text.clone(), String::new()));
        let two = [compressed(&text), compressed(b"more")].concat();
        assert!(read(&two) == ([&text, &b"more"[..]].concat(), String::new()));
        assert_eq!(read(b"plain"), (b"plain".to_vec(), String::new()));
        assert_eq!(read(b""), (Vec::new(), String::new()));
    }

    #[test]
    fn the_valid_part_of_corrupt_data_is_read_before_the_error() {
        let text = vec![b'a'; 100_000];
        let whole = compressed(&text);
        for length in 1..whole.len() {
            let (good, message) = read(&whole[..length]);
            assert!(text.starts_with(&good), "{length}");
            assert_eq!(message, "the gzip data is cut off or corrupt", "{length}");
        }
        let mut corrupt = whole.clone();
        let last = corrupt.len() - 6;
        corrupt[last] ^= 1;
        assert_eq!(read(&corrupt).1, "the gzip data is cut off or corrupt");
        assert!(read(&corrupt).0 == text);
        assert_eq!(read(b"\x1f\x8bxxxxxxxxxxxxxxxxxxxx").1, "the gzip data is corrupt");
    }
}
