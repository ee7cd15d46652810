//! The cells of a row, and the data that they keep.
//!
//! A terminal is generic in this: text needs only characters, pictures their styles, redaction the
//! place in the output of each character.

use std::fmt::Debug;

use super::style::{Color, PackedStyle, Style};

/// A cell of a row: a character of one column, or the left or the right half of a wide one.
pub trait Cell: Copy + PartialEq + Debug {
    /// The properties that a pen gives to the cells it writes or erases.
    type Ink: Copy + PartialEq + Debug;

    /// The ink of characters written in a style. `extra` is the number of the style's parts that
    /// are kept elsewhere.
    fn writing(style: &Style, extra: u32) -> Self::Ink;

    /// The ink of erased cells: only the background colour.
    fn erasing(style: &Style) -> Self::Ink;

    /// A character, written by the byte at this place in the output.
    fn new(character: char, ink: Self::Ink, place: u64) -> Self;

    /// The right half of a wide character.
    fn right_half(ink: Self::Ink, place: u64) -> Self;

    /// An erased cell.
    fn erased(ink: Self::Ink) -> Self;

    /// A cell that was never written to.
    fn blank() -> Self;

    /// The code of the character; 0 for a right half.
    fn code(&self) -> u32;

    /// The character; a blank for a right half.
    #[inline]
    fn character(&self) -> char {
        // NUL is never printed.
        char::from_u32(self.code()).filter(|character| *character != '\0').unwrap_or(' ')
    }

    /// The code point of the character as displayed: a blank if it is concealed and the cell keeps
    /// that; 0 for a right half.
    fn shown(&self) -> u32;

    /// Returns whether it is concealed, if the cell keeps that.
    fn is_concealed(&self) -> bool {
        false
    }

    /// Returns whether this is the right half of the wide character before it.
    fn is_right_half(&self) -> bool;

    /// The ink with which it was written.
    fn ink(&self) -> Self::Ink;

    /// The place of the character in the output; `None` if cells do not keep it, and for erased
    /// cells.
    fn place(&self) -> Option<u64> {
        None
    }

    /// Returns whether it looks like a cell that was never written to.
    fn is_blank(&self) -> bool;

    /// The number of the style's parts that are kept elsewhere.
    fn extra(&self) -> u32 {
        0
    }

    /// Changes that number.
    fn set_extra(&mut self, _extra: u32) {}
}

/// The place of a cell that no byte of the output has written.
pub(super) const NOWHERE: u64 = u64::MAX;

/// A flag in cells that keep no style, set if they had one: styled blanks count as text when lines are
/// rewrapped, as in asciinema 3.x.
const STYLED: u32 = 1 << 31;

/// A cell that keeps only its character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextCell(u32);

/// The ink of cells that keep no style: a flag for whether there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainInk(u32);

impl Cell for TextCell {
    type Ink = PlainInk;

    #[inline]
    fn writing(style: &Style, _extra: u32) -> PlainInk {
        PlainInk(if *style == Style::default() { 0 } else { STYLED })
    }

    #[inline]
    fn erasing(style: &Style) -> PlainInk {
        PlainInk(if style.background == Color::Default { 0 } else { STYLED })
    }

    #[inline]
    fn new(character: char, ink: PlainInk, _place: u64) -> TextCell {
        TextCell(u32::from(character) | ink.0)
    }

    #[inline]
    fn right_half(ink: PlainInk, _place: u64) -> TextCell {
        // NUL is never printed.
        TextCell(ink.0)
    }

    #[inline]
    fn erased(ink: PlainInk) -> TextCell {
        TextCell(u32::from(' ') | ink.0)
    }

    #[inline]
    fn blank() -> TextCell {
        TextCell(u32::from(' '))
    }

    #[inline]
    fn code(&self) -> u32 {
        self.0 & !STYLED
    }

    #[inline]
    fn is_right_half(&self) -> bool {
        self.0 & !STYLED == 0
    }

    #[inline]
    fn shown(&self) -> u32 {
        self.0 & !STYLED
    }

    #[inline]
    fn ink(&self) -> PlainInk {
        PlainInk(self.0 & STYLED)
    }

    #[inline]
    fn is_blank(&self) -> bool {
        *self == TextCell::blank()
    }
}

/// A cell that keeps the place of its character in the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacedCell {
    cell: TextCell,
    place: u64,
}

impl Cell for PlacedCell {
    type Ink = PlainInk;

    #[inline]
    fn writing(style: &Style, extra: u32) -> PlainInk {
        TextCell::writing(style, extra)
    }

    #[inline]
    fn erasing(style: &Style) -> PlainInk {
        TextCell::erasing(style)
    }

    #[inline]
    fn new(character: char, ink: PlainInk, place: u64) -> PlacedCell {
        PlacedCell { cell: TextCell::new(character, ink, place), place }
    }

    #[inline]
    fn right_half(ink: PlainInk, place: u64) -> PlacedCell {
        PlacedCell { cell: TextCell::right_half(ink, place), place }
    }

    #[inline]
    fn erased(ink: PlainInk) -> PlacedCell {
        PlacedCell { cell: TextCell::erased(ink), place: NOWHERE }
    }

    #[inline]
    fn blank() -> PlacedCell {
        PlacedCell { cell: TextCell::blank(), place: NOWHERE }
    }

    #[inline]
    fn code(&self) -> u32 {
        self.cell.code()
    }

    #[inline]
    fn is_right_half(&self) -> bool {
        self.cell.is_right_half()
    }

    #[inline]
    fn shown(&self) -> u32 {
        self.cell.shown()
    }

    #[inline]
    fn ink(&self) -> PlainInk {
        self.cell.ink()
    }

    #[inline]
    fn place(&self) -> Option<u64> {
        (self.place != NOWHERE).then_some(self.place)
    }

    #[inline]
    fn is_blank(&self) -> bool {
        self.cell.is_blank()
    }
}

/// A cell that keeps its style, in 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StyledCell {
    look: u64,
    extra: u32,
    code: u32,
}

impl StyledCell {
    /// Its style, except for the underline colour and the link; for these, see
    /// [`Terminal::style`](super::Terminal::style).
    pub fn own_style(&self) -> Style {
        self.ink().unpack()
    }
}

impl Cell for StyledCell {
    type Ink = PackedStyle;

    #[inline]
    fn writing(style: &Style, extra: u32) -> PackedStyle {
        PackedStyle::new(style, extra)
    }

    #[inline]
    fn erasing(style: &Style) -> PackedStyle {
        PackedStyle::erasing(style)
    }

    #[inline]
    fn new(character: char, style: PackedStyle, _place: u64) -> StyledCell {
        StyledCell { look: style.look, extra: style.extra, code: u32::from(character) }
    }

    #[inline]
    fn right_half(style: PackedStyle, _place: u64) -> StyledCell {
        StyledCell { look: style.look, extra: style.extra, code: 0 }
    }

    #[inline]
    fn erased(style: PackedStyle) -> StyledCell {
        StyledCell::new(' ', style, NOWHERE)
    }

    #[inline]
    fn blank() -> StyledCell {
        StyledCell::erased(PackedStyle::default())
    }

    #[inline]
    fn code(&self) -> u32 {
        self.code
    }

    #[inline]
    fn shown(&self) -> u32 {
        if self.ink().is_concealed() { u32::from(' ') } else { self.code }
    }

    #[inline]
    fn is_concealed(&self) -> bool {
        self.ink().is_concealed()
    }

    #[inline]
    fn is_right_half(&self) -> bool {
        self.code == 0
    }

    #[inline]
    fn ink(&self) -> PackedStyle {
        PackedStyle { look: self.look, extra: self.extra }
    }

    #[inline]
    fn is_blank(&self) -> bool {
        *self == StyledCell::blank()
    }

    #[inline]
    fn extra(&self) -> u32 {
        self.extra
    }

    #[inline]
    fn set_extra(&mut self, extra: u32) {
        self.extra = extra;
    }
}
