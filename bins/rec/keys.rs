//! The recorder's own keys, found among what the user types.

use common::cli::Result;
use common::config::Config;

/// The keys, each as the bytes that it sends.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Where set, the other two act only after it.
    pub prefix: Option<Vec<u8>>,
    pub pause: Option<Vec<u8>>,
    pub add_marker: Option<Vec<u8>>,
}

impl Keys {
    /// The keys that are configured; ctrl-\ pauses unless it says otherwise.
    pub fn configured(config: &Config) -> Result<Keys> {
        Ok(Keys {
            prefix: config.key("record", "prefix_key")?.flatten(),
            pause: config.key("record", "pause_key")?.unwrap_or_else(|| Some(vec![0x1c])),
            add_marker: config.key("record", "add_marker_key")?.flatten(),
        })
    }
}

/// What the user wants of the recorder, or of the program in it.
#[derive(Debug, PartialEq, Eq)]
pub enum Wish<'a> {
    /// These bytes are for the program.
    Type(&'a [u8]),
    Pause,
    AddMarker,
}

/// Reads the keyboard.
pub struct KeyReader {
    keys: Keys,
    after_prefix: bool,
}

impl KeyReader {
    pub fn new(keys: Keys) -> KeyReader {
        KeyReader { keys, after_prefix: false }
    }

    /// What the bytes of one read mean, in order.
    ///
    /// After the prefix, a read that is no key of ours is swallowed, as in 2.4; the prefix typed
    /// twice is for the program, or else it could not be typed at all.
    pub fn read<'a>(&mut self, bytes: &'a [u8]) -> Vec<Wish<'a>> {
        let mut wishes = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            if std::mem::take(&mut self.after_prefix) {
                rest = self.command(rest, &mut wishes);
                continue;
            }
            let Some((at, length)) = self.first_key(rest) else {
                wishes.push(Wish::Type(rest));
                break;
            };
            if at > 0 {
                wishes.push(Wish::Type(&rest[..at]));
            }
            rest = &rest[at..];
            if self.keys.prefix.is_some() {
                self.after_prefix = true;
                rest = &rest[length..];
            } else {
                rest = self.command(rest, &mut wishes);
            }
        }
        wishes
    }

    /// Reads a key at the front that the recorder is to act on, and returns what follows it.
    fn command<'a>(&self, bytes: &'a [u8], wishes: &mut Vec<Wish<'a>>) -> &'a [u8] {
        let Keys { prefix, pause, add_marker } = &self.keys;
        let is_next = |key: &Option<Vec<u8>>| key.as_ref().is_some_and(|key| bytes.starts_with(key));
        let length = |key: &Option<Vec<u8>>| key.as_ref().map_or(0, Vec::len);
        if is_next(pause) {
            wishes.push(Wish::Pause);
            &bytes[length(pause)..]
        } else if is_next(add_marker) {
            wishes.push(Wish::AddMarker);
            &bytes[length(add_marker)..]
        } else if is_next(prefix) {
            let (typed, rest) = bytes.split_at(length(prefix));
            wishes.push(Wish::Type(typed));
            rest
        } else {
            &[]
        }
    }

    /// Where the first key is that means something when no prefix has come before, and its length.
    fn first_key(&self, bytes: &[u8]) -> Option<(usize, usize)> {
        let Keys { prefix, pause, add_marker } = &self.keys;
        let keys = if prefix.is_some() { [prefix, &None] } else { [pause, add_marker] };
        let positions = keys.into_iter().flatten().filter_map(|key| {
            let at = bytes.windows(key.len()).position(|window| window == key)?;
            Some((at, key.len()))
        });
        positions.min_by_key(|&(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(prefix: Option<&str>) -> KeyReader {
        let key = |text: &str| Some(text.as_bytes().to_vec());
        KeyReader::new(Keys { prefix: prefix.and_then(key), pause: key("p"), add_marker: key("ż") })
    }

    fn wish(text: &str) -> Wish<'_> {
        match text {
            "PAUSE" => Wish::Pause,
            "MARK" => Wish::AddMarker,
            text => Wish::Type(text.as_bytes()),
        }
    }

    fn assert_read(reader: &mut KeyReader, typed: &str, wishes: &[&str]) {
        let wishes: Vec<Wish<'_>> = wishes.iter().map(|text| wish(text)).collect();
        assert_eq!(reader.read(typed.as_bytes()), wishes, "{typed}");
    }

    #[test]
    fn keys_act_wherever_they_are_in_a_read() {
        let mut reader = reader(None);
        assert_read(&mut reader, "abc", &["abc"]);
        assert_read(&mut reader, "apbżp", &["a", "PAUSE", "b", "MARK", "PAUSE"]);
    }

    #[test]
    fn with_a_prefix_keys_act_only_after_it() {
        let mut reader = reader(Some("\x01"));
        assert_read(&mut reader, "pż", &["pż"]);
        assert_read(&mut reader, "a\x01pb", &["a", "PAUSE", "b"]);
        assert_read(&mut reader, "\x01", &[]);
        assert_read(&mut reader, "żp", &["MARK", "p"]);
    }

    #[test]
    fn after_the_prefix_other_keys_are_swallowed_and_itself_is_typed() {
        let mut reader = reader(Some("\x01"));
        assert_read(&mut reader, "\x01\x1b[A", &[]);
        assert_read(&mut reader, "\x01\x01x", &["\x01", "x"]);
    }
}
