//! The look of a character: colours, attributes, links.

use std::collections::HashMap;

use crate::vt::Csi;

/// A colour, as set by a program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Color {
    /// The terminal's default.
    #[default]
    Default,
    /// A colour of the palette: 0-7, their bright forms 8-15, a cube of 216, and 24 greys.
    Indexed(u8),
    /// Red, green and blue.
    Rgb(u8, u8, u8),
}

/// The shape of an underline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Underline {
    /// No underline.
    #[default]
    None,
    /// A straight line.
    Single,
    /// Two lines.
    Double,
    /// A wave.
    Curly,
    /// Dots.
    Dotted,
    /// Dashes.
    Dashed,
}

/// The look of a character. The default is that of a new terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Style {
    /// The colour of the text.
    pub foreground: Color,
    /// The colour of the background.
    pub background: Color,
    /// The colour of the underline; by default that of the text.
    pub underline_color: Color,
    /// The underline.
    pub underline: Underline,
    /// True for bold text.
    pub bold: bool,
    /// True for faint text.
    pub faint: bool,
    /// True for italic text.
    pub italic: bool,
    /// True for text that blinks, slowly or rapidly.
    pub blink: bool,
    /// True if text and background colours are swapped.
    pub inverse: bool,
    /// True for text that is not shown.
    pub conceal: bool,
    /// True for text that is struck through.
    pub strikethrough: bool,
    /// True for text with a line above it.
    pub overline: bool,
    /// The link that it belongs to, see [`Terminal::link`](super::Terminal::link).
    pub link: Option<LinkId>,
}

/// The number of a link in a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkId(u32);

/// A link (OSC 8).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// An ID that distinguishes links to the same address, or joins pieces of text into one link;
    /// usually empty.
    pub id: String,
    /// The address.
    pub uri: String,
}

/// The rare parts of styles, stored once for all cells: underline colours and links.
#[derive(Clone, Debug, Default)]
pub(super) struct Extras {
    list: Vec<Extra>,
    numbers: HashMap<Extra, u32>,
    links: Vec<Link>,
    link_numbers: HashMap<Link, u32>,
}

type Extra = (Color, Option<LinkId>);

impl Extras {
    /// The maximum length of a link's address and ID together, in bytes; longer links are ignored.
    /// Browsers accept little more.
    pub const LONGEST_LINK: usize = 8192;

    /// The number of extras at which unused ones are dropped.
    pub const MANY: usize = 4096;

    /// The number of a style's extra; 0 for none.
    pub fn number(&mut self, style: &Style) -> u32 {
        if style.underline_color == Color::Default && style.link.is_none() {
            return 0;
        }
        let extra = (style.underline_color, style.link);
        *self.numbers.entry(extra).or_insert_with(|| {
            self.list.push(extra);
            self.list.len() as u32
        })
    }

    /// The extra with a number.
    pub fn get(&self, number: u32) -> Extra {
        let index = (number as usize).wrapping_sub(1);
        self.list.get(index).copied().unwrap_or_default()
    }

    /// The number of a link.
    pub fn link_id(&mut self, link: Link) -> LinkId {
        LinkId(*self.link_numbers.entry(link).or_insert_with_key(|link| {
            self.links.push(link.clone());
            self.links.len() as u32 - 1
        }))
    }

    /// The link with a number.
    pub fn link(&self, id: LinkId) -> Option<&Link> {
        self.links.get(id.0 as usize)
    }

    /// The number of extras and links kept.
    pub fn len(&self) -> usize {
        self.list.len().max(self.links.len())
    }
}

/// A [`Style`] in 12 bytes, as stored in cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackedStyle {
    /// The colours, of 26 bits each, and the attributes in the rest: in the low half the foreground
    /// and six attributes, in the high half the background, the shape of the underline, and two
    /// attributes.
    pub(super) look: u64,
    /// The number of the extra.
    pub(super) extra: u32,
}

const COLOR_BITS: u32 = 26;
const COLOR: u32 = (1 << COLOR_BITS) - 1;

impl PackedStyle {
    pub(super) fn new(style: &Style, extra: u32) -> PackedStyle {
        let bit = |is_set: bool, number: u32| u32::from(is_set) << (COLOR_BITS + number);
        let first = bit(style.bold, 0)
            | bit(style.faint, 1)
            | bit(style.italic, 2)
            | bit(style.blink, 3)
            | bit(style.inverse, 4)
            | bit(style.conceal, 5);
        let second = bit(style.strikethrough, 0) | bit(style.overline, 1);
        let low = pack_color(style.foreground) | first;
        let high = pack_color(style.background) | second | (style.underline as u32) << (COLOR_BITS + 2);
        PackedStyle { look: u64::from(high) << 32 | u64::from(low), extra }
    }

    /// The style of erased cells: only the background colour.
    pub(super) fn erasing(style: &Style) -> PackedStyle {
        PackedStyle { look: u64::from(pack_color(style.background)) << 32, extra: 0 }
    }

    pub(super) fn is_concealed(self) -> bool {
        const CONCEAL: u64 = 1 << (COLOR_BITS + 5);
        self.look & CONCEAL != 0
    }

    /// Everything except underline colour and link.
    pub(super) fn unpack(self) -> Style {
        let (low, high) = (self.look as u32, (self.look >> 32) as u32);
        let first = |bit: u32| low >> (COLOR_BITS + bit) & 1 != 0;
        let second = |bit: u32| high >> (COLOR_BITS + bit) & 1 != 0;
        Style {
            foreground: unpack_color(low),
            background: unpack_color(high),
            underline_color: Color::Default,
            underline: match high >> (COLOR_BITS + 2) & 7 {
                1 => Underline::Single,
                2 => Underline::Double,
                3 => Underline::Curly,
                4 => Underline::Dotted,
                5 => Underline::Dashed,
                _ => Underline::None,
            },
            bold: first(0),
            faint: first(1),
            italic: first(2),
            blink: first(3),
            inverse: first(4),
            conceal: first(5),
            strikethrough: second(0),
            overline: second(1),
            link: None,
        }
    }
}

fn pack_color(color: Color) -> u32 {
    match color {
        Color::Default => 0,
        Color::Indexed(index) => 1 << 24 | u32::from(index),
        Color::Rgb(red, green, blue) => {
            2 << 24 | u32::from(red) << 16 | u32::from(green) << 8 | u32::from(blue)
        }
    }
}

fn unpack_color(packed: u32) -> Color {
    let [_, red, green, blue] = packed.to_be_bytes();
    match (packed & COLOR) >> 24 {
        1 => Color::Indexed(blue),
        2 => Color::Rgb(red, green, blue),
        _ => Color::Default,
    }
}

impl Style {
    /// Applies the parameters of SGR (xterm's "XTerm Control Sequences"; for colours also ISO
    /// 8613-6, with colons). Unknown numbers are ignored.
    #[inline]
    pub(super) fn apply(&mut self, csi: &Csi) {
        if csi.has_sub_parameters() {
            self.apply_parameters(csi);
            return;
        }
        // Nearly all sequences have only these.
        let mut values = csi.values().iter().copied();
        while let Some(value) = values.next() {
            match value {
                38 | 48 | 58 => self.apply_color(value, color(&mut values)),
                _ => self.apply_number(value),
            }
        }
    }

    fn apply_parameters(&mut self, csi: &Csi) {
        let mut parameters = csi.parameters();
        while let Some(parameter) = parameters.next() {
            match *parameter {
                // With semicolons, the components of a colour are separate parameters.
                [target @ (38 | 48 | 58)] => {
                    let mut values = parameters.by_ref().filter_map(|part| part.first().copied());
                    let color = color(&mut values);
                    self.apply_color(target, color);
                }
                [target @ (38 | 48 | 58), 5, index, ..] => self.apply_color(target, indexed(index)),
                // With or without a colour space number.
                [target @ (38 | 48 | 58), 2, red, green, blue]
                | [target @ (38 | 48 | 58), 2, _, red, green, blue, ..] => {
                    self.apply_color(target, rgb(Some(red), Some(green), Some(blue)));
                }
                [4, shape, ..] => match shape {
                    0 => self.underline = Underline::None,
                    1 => self.underline = Underline::Single,
                    2 => self.underline = Underline::Double,
                    3 => self.underline = Underline::Curly,
                    4 => self.underline = Underline::Dotted,
                    5 => self.underline = Underline::Dashed,
                    _ => {}
                },
                [number] => self.apply_number(number),
                _ => {}
            }
        }
    }

    fn apply_number(&mut self, number: u16) {
        match number {
            0 => *self = Style { link: self.link, ..Style::default() },
            1 => self.bold = true,
            2 => self.faint = true,
            3 => self.italic = true,
            4 => self.underline = Underline::Single,
            5 | 6 => self.blink = true,
            7 => self.inverse = true,
            8 => self.conceal = true,
            9 => self.strikethrough = true,
            21 => self.underline = Underline::Double,
            22 => (self.bold, self.faint) = (false, false),
            23 => self.italic = false,
            24 => self.underline = Underline::None,
            25 => self.blink = false,
            27 => self.inverse = false,
            28 => self.conceal = false,
            29 => self.strikethrough = false,
            30..=37 => self.foreground = Color::Indexed((number - 30) as u8),
            39 => self.foreground = Color::Default,
            40..=47 => self.background = Color::Indexed((number - 40) as u8),
            49 => self.background = Color::Default,
            53 => self.overline = true,
            55 => self.overline = false,
            59 => self.underline_color = Color::Default,
            90..=97 => self.foreground = Color::Indexed((number - 90 + 8) as u8),
            100..=107 => self.background = Color::Indexed((number - 100 + 8) as u8),
            _ => {}
        }
    }

    fn apply_color(&mut self, target: u16, color: Option<Color>) {
        let Some(color) = color else { return };
        match target {
            38 => self.foreground = color,
            48 => self.background = color,
            _ => self.underline_color = color,
        }
    }

    /// Appends the SGR sequence that sets a terminal's pen to this style, whatever it was, except
    /// for the link.
    pub fn draw(&self, out: &mut String) {
        out.push_str("\x1b[0");
        for (is_set, number) in [
            (self.bold, ";1"),
            (self.faint, ";2"),
            (self.italic, ";3"),
            (self.underline == Underline::Single, ";4"),
            // The other shapes are sub-parameters, except for double, which is older.
            (self.underline == Underline::Curly, ";4:3"),
            (self.underline == Underline::Dotted, ";4:4"),
            (self.underline == Underline::Dashed, ";4:5"),
            (self.blink, ";5"),
            (self.inverse, ";7"),
            (self.conceal, ";8"),
            (self.strikethrough, ";9"),
            (self.overline, ";53"),
        ] {
            if is_set {
                out.push_str(number);
            }
        }
        draw_color(self.foreground, 30, out);
        draw_color(self.background, 40, out);
        match self.underline_color {
            Color::Default => {}
            Color::Indexed(index) => out.push_str(&format!(";58:5:{index}")),
            Color::Rgb(red, green, blue) => out.push_str(&format!(";58:2::{red}:{green}:{blue}")),
        }
        out.push('m');
        if self.underline == Underline::Double {
            out.push_str("\x1b[4:2m");
        }
    }
}

/// A colour whose components follow as separate parameters.
fn color(values: &mut impl Iterator<Item = u16>) -> Option<Color> {
    match values.next() {
        Some(5) => values.next().and_then(indexed),
        Some(2) => rgb(values.next(), values.next(), values.next()),
        _ => None,
    }
}

fn indexed(index: u16) -> Option<Color> {
    u8::try_from(index).ok().map(Color::Indexed)
}

fn rgb(red: Option<u16>, green: Option<u16>, blue: Option<u16>) -> Option<Color> {
    let part = |part: Option<u16>| part.and_then(|part| u8::try_from(part).ok());
    Some(Color::Rgb(part(red)?, part(green)?, part(blue)?))
}

fn draw_color(color: Color, base: u16, out: &mut String) {
    match color {
        Color::Default => {}
        Color::Indexed(index @ 0..8) => out.push_str(&format!(";{}", base + u16::from(index))),
        Color::Indexed(index @ 8..16) => out.push_str(&format!(";{}", base + 52 + u16::from(index))),
        Color::Indexed(index) => out.push_str(&format!(";{};5;{index}", base + 8)),
        Color::Rgb(red, green, blue) => {
            out.push_str(&format!(";{};2;{red};{green};{blue}", base + 8));
        }
    }
}
