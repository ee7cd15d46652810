//! The modes of a terminal: those that change the effect of output, and those that are only kept.

/// The shape of the cursor (DECSCUSR).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CursorShape {
    /// The terminal's own.
    #[default]
    Default,
    /// A block that blinks.
    BlinkingBlock,
    /// A block.
    Block,
    /// An underline that blinks.
    BlinkingUnderline,
    /// An underline.
    Underline,
    /// A bar that blinks.
    BlinkingBar,
    /// A bar.
    Bar,
}

impl CursorShape {
    /// The shape for a number of DECSCUSR.
    pub(super) fn of(number: u16) -> Option<CursorShape> {
        Some(match number {
            0 => CursorShape::Default,
            1 => CursorShape::BlinkingBlock,
            2 => CursorShape::Block,
            3 => CursorShape::BlinkingUnderline,
            4 => CursorShape::Underline,
            5 => CursorShape::BlinkingBar,
            6 => CursorShape::Bar,
            _ => return None,
        })
    }
}

/// The private modes that are kept without any effect on the screen, in the order in which a
/// drawing sets them: application cursor keys, reversed screen, blinking cursor, permission to
/// change the number of columns, keypad, mouse, focus, the mouse's encodings, the wheel as arrow
/// keys, bracketed paste, and reports of colour scheme changes.
const KEPT: [u16; 18] =
    [1, 5, 9, 12, 40, 66, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016, 2004, 2031];

/// The mouse events that are reported; only one of these modes is set at a time.
const MOUSE_EVENTS: [u16; 5] = [9, 1000, 1001, 1002, 1003];

/// The encodings of mouse events; only one is set at a time.
const MOUSE_ENCODINGS: [u16; 4] = [1005, 1006, 1015, 1016];

/// The modes of a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modes {
    /// Insert mode (IRM): printed text moves the rest of the line to the right.
    pub insert: bool,
    /// A line feed also returns the carriage (LNM).
    pub new_line: bool,
    /// Rows count from the top of the scroll region (DECOM).
    pub origin: bool,
    /// Lines continue in the next row at the right edge (DECAWM).
    pub autowrap: bool,
    /// The cursor is shown (DECTCEM).
    pub cursor_visible: bool,
    /// The shape of the cursor.
    pub cursor_shape: CursorShape,
    /// Left and right margins can be set (DECLRMM).
    pub margins: bool,
    /// Output is shown only when this ends (synchronized output).
    pub synchronized: bool,
    /// xterm's modifyOtherKeys; 0 is off.
    pub modify_other_keys: u16,
    /// The stacks of the kitty keyboard protocol's flags for the primary and the alternate screen,
    /// the current ones last.
    pub keyboard: [Vec<u16>; 2],
    /// A bit for each of `KEPT`.
    kept: u32,
}

/// The number of kitty keyboard protocol flags kept for a screen. No program that pops them pushes
/// more.
const MOST_KEYBOARD_FLAGS: usize = 32;

impl Default for Modes {
    fn default() -> Modes {
        Modes {
            insert: false,
            new_line: false,
            origin: false,
            autowrap: true,
            cursor_visible: true,
            cursor_shape: CursorShape::Default,
            margins: false,
            synchronized: false,
            modify_other_keys: 0,
            keyboard: [Vec::new(), Vec::new()],
            kept: 0,
        }
    }
}

impl Modes {
    /// Returns whether a private mode is set, by its number: any except those of the alternate
    /// screen. Unknown modes are not set.
    pub fn is_set(&self, mode: u16) -> bool {
        match mode {
            6 => self.origin,
            7 => self.autowrap,
            25 => self.cursor_visible,
            69 => self.margins,
            2026 => self.synchronized,
            _ => bit(mode).is_some_and(|bit| self.kept & bit != 0),
        }
    }

    /// The modes that are set and have no effect on the screen: mouse, paste, focus and the like.
    pub fn kept(&self) -> impl Iterator<Item = u16> {
        KEPT.into_iter().filter(|mode| self.is_set(*mode))
    }

    /// Returns whether the screen is shown with text and background colours swapped (DECSCNM).
    pub fn is_reversed(&self) -> bool {
        self.is_set(5)
    }

    /// Sets or resets a mode that is kept; others are ignored.
    pub(super) fn keep(&mut self, mode: u16, is_set: bool) {
        let Some(bit) = bit(mode) else { return };
        for group in [&MOUSE_EVENTS[..], &MOUSE_ENCODINGS] {
            if group.contains(&mode) {
                group.iter().for_each(|other| self.kept &= !self::bit(*other).unwrap_or(0));
            }
        }
        if is_set {
            self.kept |= bit;
        } else {
            self.kept &= !bit;
        }
    }

    /// Pushes flags of the kitty keyboard protocol.
    pub(super) fn push_keyboard(&mut self, is_alternate: bool, flags: u16) {
        let stack = &mut self.keyboard[usize::from(is_alternate)];
        if stack.len() == MOST_KEYBOARD_FLAGS {
            stack.remove(0);
        }
        stack.push(flags);
    }

    /// Pops flags.
    pub(super) fn pop_keyboard(&mut self, is_alternate: bool, count: usize) {
        let stack = &mut self.keyboard[usize::from(is_alternate)];
        stack.truncate(stack.len().saturating_sub(count));
    }

    /// Changes the current flags: `how` 1 replaces them, 2 adds to them, 3 removes some.
    pub(super) fn change_keyboard(&mut self, is_alternate: bool, flags: u16, how: u16) {
        let stack = &mut self.keyboard[usize::from(is_alternate)];
        if stack.is_empty() {
            stack.push(0);
        }
        if let Some(current) = stack.last_mut() {
            *current = match how {
                2 => *current | flags,
                3 => *current & !flags,
                _ => flags,
            };
        }
        if *stack == [0] {
            stack.clear();
        }
    }
}

fn bit(mode: u16) -> Option<u32> {
    KEPT.iter().position(|kept| *kept == mode).map(|index| 1 << index)
}
