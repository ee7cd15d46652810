//! The colours and attributes that a program has switched on, as far as they matter to text: whether
//! there are any.

use avt::parser::SgrOp;

use super::row::Paint;

/// Which colours and attributes are switched on: the bit of an attribute is the number that switches
/// it on.
#[derive(Clone, Copy, Default)]
pub struct Pen(u16);

impl Pen {
    const FOREGROUND: u16 = 1 << 10;
    const BACKGROUND: u16 = 1 << 11;

    /// Whether anything is switched on.
    pub fn paint(self) -> Paint {
        if self.0 == 0 { Paint::NONE } else { Paint::SOME }
    }

    /// Takes one of the numbers of ECMA-48 8.3.117; colours have 38 and 48.
    fn switch(&mut self, number: u16) {
        match number {
            0 => self.0 = 0,
            1..=5 | 7 | 9 => self.0 |= 1 << number,
            // Bold and faint.
            21 | 22 => self.0 &= !(1 << 1 | 1 << 2),
            23..=25 | 27 | 29 => self.0 &= !(1 << (number - 20)),
            30..=38 | 90..=97 => self.0 |= Pen::FOREGROUND,
            39 => self.0 &= !Pen::FOREGROUND,
            40..=48 | 100..=107 => self.0 |= Pen::BACKGROUND,
            49 => self.0 &= !Pen::BACKGROUND,
            _ => {}
        }
    }

    /// Takes the parameters of a sequence as they stand there, if they are of the usual kind.
    pub fn take(&mut self, parameters: &[u8]) -> Option<()> {
        // avt knows 32 parameters.
        if parameters.len() > 31 {
            return None;
        }
        let mut pen = *self;
        let mut numbers = parameters.split(|byte| *byte == b';').map(small_number);
        while let Some(number) = numbers.next() {
            let number = number?;
            if matches!(number, 38 | 48) {
                let components = match numbers.next()?? {
                    2 => 3,
                    5 => 1,
                    _ => return None,
                };
                (0..components).try_for_each(|_| numbers.next()?.map(drop))?;
            }
            pen.switch(number);
        }
        *self = pen;
        Some(())
    }

    /// Takes what the parser has made of a number.
    pub fn apply(&mut self, operation: &SgrOp) {
        self.switch(match operation {
            SgrOp::Reset => 0,
            SgrOp::SetBoldIntensity => 1,
            SgrOp::SetFaintIntensity => 2,
            SgrOp::SetItalic => 3,
            SgrOp::SetUnderline => 4,
            SgrOp::SetBlink => 5,
            SgrOp::SetInverse => 7,
            SgrOp::SetStrikethrough => 9,
            SgrOp::ResetIntensity => 22,
            SgrOp::ResetItalic => 23,
            SgrOp::ResetUnderline => 24,
            SgrOp::ResetBlink => 25,
            SgrOp::ResetInverse => 27,
            SgrOp::ResetStrikethrough => 29,
            SgrOp::SetForegroundColor(_) => 38,
            SgrOp::ResetForegroundColor => 39,
            SgrOp::SetBackgroundColor(_) => 48,
            SgrOp::ResetBackgroundColor => 49,
        });
    }
}

/// A number of up to three digits; 0 where there is none.
fn small_number(digits: &[u8]) -> Option<u16> {
    if digits.len() > 3 {
        return None;
    }
    digits
        .iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| 10 * number + u16::from(digit - b'0')))
}
