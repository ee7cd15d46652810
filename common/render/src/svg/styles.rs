//! The classes of text and shapes, and their rules.

use std::collections::HashMap;
use std::fmt::Write;

use crate::theme::Rgb;

/// The colors used, each with a class.
pub struct Styles {
    /// The color of text without a class.
    foreground: Rgb,
    colors: HashMap<Rgb, usize>,
    /// In the order of their classes.
    order: Vec<Rgb>,
}

impl Styles {
    /// Text without a class has this color.
    pub fn new(foreground: Rgb) -> Styles {
        Styles { foreground, colors: HashMap::new(), order: Vec::new() }
    }

    /// The class of a color, empty for that of text without a class.
    pub fn fill(&mut self, color: Rgb) -> String {
        if color == self.foreground {
            return String::new();
        }
        let next = self.order.len();
        let index = *self.colors.entry(color).or_insert(next);
        if index == next {
            self.order.push(color);
        }
        format!("c{index}")
    }

    /// The rules for all colors.
    pub fn rules(&self) -> String {
        let mut rules = String::new();
        for (index, &color) in self.order.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(rules, ".c{index}{{fill:{}}}", hex(color));
        }
        rules
    }
}

/// A color in CSS.
pub fn hex(Rgb { red, green, blue }: Rgb) -> String {
    let is_short = [red, green, blue].iter().all(|channel| channel >> 4 == channel & 15);
    if is_short {
        format!("#{:x}{:x}{:x}", red & 15, green & 15, blue & 15)
    } else {
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}
