//! Character sets: the mapping of letters to line-drawing characters.

/// A set of 94 characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Charset {
    /// ASCII, and all unknown sets.
    #[default]
    Ascii,
    /// United Kingdom: ASCII except for the pound sign.
    British,
    /// DEC Special Graphics.
    Graphics,
}

/// The characters of DEC Special Graphics, from U+0060 on.
const GRAPHICS: [char; 31] = [
    '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻', '─', '⎼', '⎽', '├',
    '┤', '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
];

impl Charset {
    /// The set that a final byte designates.
    pub fn designated(last: u8) -> Charset {
        match last {
            b'0' => Charset::Graphics,
            b'A' => Charset::British,
            _ => Charset::Ascii,
        }
    }

    /// The final byte that designates it.
    pub fn last(self) -> char {
        match self {
            Charset::Ascii => 'B',
            Charset::British => 'A',
            Charset::Graphics => '0',
        }
    }

    pub fn translate(self, character: char) -> char {
        match (self, character) {
            (Charset::Graphics, '`'..='~') => {
                GRAPHICS.get(character as usize - '`' as usize).copied().unwrap_or(character)
            }
            // As on the VT100, and in xterm and alacritty.
            (Charset::Graphics, '_') => ' ',
            (Charset::British, '#') => '£',
            _ => character,
        }
    }
}

/// The four designated sets, and the active one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Charsets {
    /// G0 to G3.
    pub designated: [Charset; 4],
    /// The active set.
    pub shift: usize,
    /// The active set for the next character only.
    pub single_shift: Option<usize>,
}

impl Charsets {
    /// Returns whether characters are printed unchanged.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.single_shift.is_none() && self.designated[self.shift] == Charset::Ascii
    }

    /// The character to print for a character of the output.
    pub fn translate(&mut self, character: char) -> char {
        let set = self.single_shift.take().unwrap_or(self.shift);
        self.designated[set].translate(character)
    }
}
