//! The effect of output on a terminal: xterm's "XTerm Control Sequences", and where those leave a
//! choice, the common behaviour of alacritty, libvterm and xterm.

use std::ops::Range;

use super::cell::{Cell, NOWHERE};
use super::charset::{Charset, Charsets};
use super::grid::{Grid, Position};
use super::modes::CursorShape;
use super::row::{MOST_MARKS, Row, Run, width};
use super::style::{Extras, Link, LinkId, Style};
use super::terminal::{Alternate, SavedCursor, State};
use crate::vt::{ControlString, Csi, End, Escape, Kind, Part, StringKind, Token};
use crate::word;

/// The number of characters of a title that are kept. Windows show far fewer.
const LONGEST_TITLE: usize = 4096;

/// The size of the stack of titles.
const MOST_TITLES: usize = 10;

impl<C: Cell> State<C> {
    /// Executes a token. `evicted` gets the rows that leave the scrollback.
    #[inline]
    pub fn execute(&mut self, token: &Token<'_>, evicted: &mut impl FnMut(&Row<C>)) {
        match token.kind {
            Kind::Text => self.print_text(token, evicted),
            Kind::Control(byte) => self.control(byte, evicted),
            Kind::Csi(csi) => {
                token.controls().for_each(|byte| self.control(byte, evicted));
                self.control_sequence(csi, evicted);
            }
            Kind::Escape(escape) => {
                token.controls().for_each(|byte| self.control(byte, evicted));
                self.escape(escape, evicted);
            }
            Kind::Broken => token.controls().for_each(|byte| self.control(byte, evicted)),
            Kind::String(string) => {
                token.controls().for_each(|byte| self.control(byte, evicted));
                self.string(&string);
            }
        }
    }

    /// Prints UTF-8 text.
    #[inline]
    fn print_text(&mut self, token: &Token<'_>, evicted: &mut impl FnMut(&Row<C>)) {
        let (ascii, other) = token.bytes.split_at(token.ascii);
        if !ascii.is_empty() {
            self.print_ascii(ascii, token.start, evicted);
        }
        if !other.is_empty() {
            self.print_other(other, token.start.wrapping_add(ascii.len() as u64), evicted);
        }
    }

    /// Prints text that begins with a character outside ASCII.
    fn print_other(&mut self, text: &[u8], place: u64, evicted: &mut impl FnMut(&Row<C>)) {
        let (mut rest, mut place) = (text, place);
        while !rest.is_empty() {
            // Up to a few ASCII characters in a row, so that those among others, like the blanks
            // between lines of a box, make no pieces of their own.
            let mixed = rest.chunks(8).take_while(|chunk| !chunk.is_ascii()).map(<[u8]>::len).sum();
            let (mixed, following) = rest.split_at(mixed);
            self.print_mixed(mixed, place, evicted);
            place = place.wrapping_add(mixed.len() as u64);
            let (ascii, following) = following.split_at(word::position(following, word::non_ascii));
            if !ascii.is_empty() {
                self.print_ascii(ascii, place, evicted);
            }
            place = place.wrapping_add(ascii.len() as u64);
            rest = following;
        }
    }

    fn print_mixed(&mut self, text: &[u8], mut place: u64, evicted: &mut impl FnMut(&Row<C>)) {
        if let Ok(text) = str::from_utf8(text) {
            return self.print_characters(text, place, evicted);
        }
        for chunk in text.utf8_chunks() {
            self.print_characters(chunk.valid(), place, evicted);
            place += chunk.valid().len() as u64;
            if !chunk.invalid().is_empty() {
                self.print(char::REPLACEMENT_CHARACTER, place, evicted);
                place += chunk.invalid().len() as u64;
            }
        }
    }

    fn print_characters(&mut self, text: &str, mut place: u64, evicted: &mut impl FnMut(&Row<C>)) {
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let length = if self.prints_in_a_row() && self.fits(width(character)) {
                self.print_run(rest, place)
            } else {
                self.print(character, place, evicted);
                character.len_utf8()
            };
            place = place.wrapping_add(length as u64);
            rest = &rest[length..];
        }
    }

    /// Returns whether a character of this many columns is written at the cursor.
    fn fits(&self, width: usize) -> bool {
        width > 0 && !self.is_wrap_pending && self.position.col + width <= self.right_edge()
    }

    /// Prints the characters at the front of text that fit into the row, of which there is at least
    /// one, up to a combining one. Returns their length in bytes.
    fn print_run(&mut self, text: &str, place: u64) -> usize {
        let edge = self.right_edge();
        let Position { col, row } = self.position;
        let ink = self.ink();
        let Run { cols, length, last } = self.grid.rows[row].print_run(col..edge, text, ink, place);
        self.last = last;
        self.last_marks.clear();
        self.advance(cols, edge);
        length
    }

    /// Returns whether printed characters are written beside each other as they are.
    #[inline]
    fn prints_in_a_row(&self) -> bool {
        !self.modes.insert && self.modes.autowrap && self.charsets.is_plain()
    }

    /// Prints characters from blank to tilde.
    fn print_ascii(&mut self, text: &[u8], place: u64, evicted: &mut impl FnMut(&Row<C>)) {
        if !self.prints_in_a_row() {
            for (index, byte) in text.iter().enumerate() {
                self.print(char::from(*byte), place + index as u64, evicted);
            }
            return;
        }
        let (mut rest, mut at) = (text, place);
        let ink = self.ink();
        while !rest.is_empty() {
            if self.is_wrap_pending {
                self.wrap(evicted);
            }
            let edge = self.right_edge();
            let (fitting, following) = rest.split_at(rest.len().min(edge - self.position.col));
            let Position { col, row } = self.position;
            self.grid.rows[row].print_ascii(col, fitting, ink, at);
            self.advance(fitting.len(), edge);
            // Text that has no place in the output is at the last of all.
            at = at.wrapping_add(fitting.len() as u64);
            rest = following;
        }
        if let Some(last) = text.last() {
            self.last = Some((char::from(*last), at.wrapping_sub(1)));
            self.last_marks.clear();
        }
    }

    /// Prints a character other than a control character.
    #[inline]
    fn print(&mut self, character: char, place: u64, evicted: &mut impl FnMut(&Row<C>)) {
        let width = width(character);
        if width == 0 {
            self.combine(character, place);
            if self.last_marks.len() < MOST_MARKS {
                self.last_marks.push((character, place));
            }
            return;
        }
        let character = self.charsets.translate(character);
        self.print_translated(character, width, place, evicted);
        self.last = Some((character, place));
        self.last_marks.clear();
    }

    #[inline]
    fn print_translated(
        &mut self,
        character: char,
        width: usize,
        place: u64,
        evicted: &mut impl FnMut(&Row<C>),
    ) {
        let mut edge = self.right_edge();
        let wraps = self.is_wrap_pending && self.modes.autowrap;
        if wraps || self.position.col + width > edge {
            if self.modes.autowrap {
                self.wrap(evicted);
                edge = self.right_edge();
            } else {
                self.position.col = edge.saturating_sub(width);
            }
            if self.position.col + width > edge {
                return;
            }
        }
        let Position { col, row } = self.position;
        let ink = self.ink();
        if self.modes.insert {
            self.grid.rows[row].insert_blanks(col..edge, width, ink);
        }
        self.grid.rows[row].print(col, character, width, ink, place);
        self.advance(width, edge);
    }

    /// Moves the cursor past the printed text. A row becomes full even without autowrap, as in
    /// xterm and alacritty; whether the next character wraps is decided later.
    #[inline]
    fn advance(&mut self, width: usize, edge: usize) {
        self.position.col += width;
        if self.position.col >= edge {
            self.position.col = edge - 1;
            self.is_wrap_pending = true;
        }
    }

    /// Adds a zero-width character to the cell before the cursor.
    fn combine(&mut self, character: char, place: u64) {
        let Position { col, row } = self.position;
        let col = if self.is_wrap_pending { col } else { col.saturating_sub(1) };
        self.grid.rows[row].add_mark(col, character, place);
    }

    /// The column after the last one that text can reach from the cursor.
    #[inline]
    fn right_edge(&self) -> usize {
        if self.position.col < self.margins.end { self.margins.end } else { self.cols }
    }

    /// The column at which text continues in the next row.
    fn left_edge(&self) -> usize {
        if self.position.col >= self.margins.start { self.margins.start } else { 0 }
    }

    /// Moves to the start of the row in which the line continues.
    fn wrap(&mut self, evicted: &mut impl FnMut(&Row<C>)) {
        let row = self.position.row;
        let is_wrapped = self.has_no_margins();
        if row + 1 == self.region.end {
            self.grid.end_line(row);
            self.grid.rows[row].set_wrapped(is_wrapped);
            self.move_rows_up(self.region.clone(), 1, evicted);
        } else if row + 1 < self.rows {
            self.grid.rows[row].set_wrapped(is_wrapped);
            self.position.row += 1;
        }
        self.position.col = self.left_edge();
        self.is_wrap_pending = false;
    }

    fn has_no_margins(&self) -> bool {
        self.margins == (0..self.cols)
    }

    /// Executes a control character.
    fn control(&mut self, byte: u8, evicted: &mut impl FnMut(&Row<C>)) {
        match byte {
            0x08 => self.move_left(1),
            b'\t' => self.move_to_next_tab(1),
            b'\n' | 0x0b | 0x0c => self.line_feed(evicted),
            b'\r' => self.carriage_return(),
            0x0e => self.charsets.shift = 1,
            0x0f => self.charsets.shift = 0,
            _ => {}
        }
    }

    /// Executes an escape sequence.
    fn escape(&mut self, escape: Escape, evicted: &mut impl FnMut(&Row<C>)) {
        match (escape.intermediates, escape.last) {
            ([0, 0], b'7') => self.save_cursor(),
            ([0, 0], b'8') => self.restore_cursor(),
            ([0, 0], b'D') => self.index(evicted),
            ([0, 0], b'E') => {
                self.index(evicted);
                self.carriage_return();
            }
            ([0, 0], b'H') => self.tabs.set(self.position.col),
            ([0, 0], b'M') => self.reverse_index(),
            ([0, 0], b'N') => self.charsets.single_shift = Some(2),
            ([0, 0], b'O') => self.charsets.single_shift = Some(3),
            ([0, 0], b'c') => self.reset(),
            ([0, 0], b'n') => self.charsets.shift = 2,
            ([0, 0], b'o') => self.charsets.shift = 3,
            // Keypad; another name for mode 66.
            ([0, 0], b'=') => self.modes.keep(66, true),
            ([0, 0], b'>') => self.modes.keep(66, false),
            ([b'#', 0], b'8') => self.fill_with_pattern(),
            ([set @ b'('..=b'+', 0], last) => {
                self.charsets.designated[usize::from(set - b'(')] = Charset::designated(last);
            }
            _ => {}
        }
    }

    /// Executes a control sequence.
    #[inline]
    fn control_sequence(&mut self, csi: &Csi, evicted: &mut impl FnMut(&Row<C>)) {
        match csi.function() {
            (0, 0, b'm') => self.apply_rendition(csi),
            (0, 0, b'H' | b'f') => {
                self.move_to_row(csi.count(0) - 1);
                self.move_to_col_as_written(csi.count(1) - 1);
            }
            (0, 0, b'K') | (b'?', 0, b'K') => self.erase_in_line(csi.value(0)),
            (0, 0, b'J') | (b'?', 0, b'J') => self.erase_in_display(csi.value(0)),
            (0, 0, b'A' | b'k') => self.move_up(csi.count(0)),
            (0, 0, b'B' | b'e') => self.move_down(csi.count(0)),
            (0, 0, b'C' | b'a') => self.move_right(csi.count(0)),
            (0, 0, b'D' | b'j') => self.move_left(csi.count(0)),
            (0, 0, b'E') => {
                self.move_down(csi.count(0));
                self.carriage_return();
            }
            (0, 0, b'F') => {
                self.move_up(csi.count(0));
                self.carriage_return();
            }
            (0, 0, b'G' | b'`') => self.move_to_col_as_written(csi.count(0) - 1),
            (0, 0, b'd') => self.move_to_row(csi.count(0) - 1),
            (0, 0, b'I') => self.move_to_next_tab(csi.count(0)),
            (0, 0, b'Z') => self.move_to_previous_tab(csi.count(0)),
            (0, 0, b'g') => match csi.value(0) {
                0 => self.tabs.clear(self.position.col),
                3 => self.tabs.clear_all(),
                _ => {}
            },
            // CTC, with which avt draws tab stops.
            (0, 0, b'W') => match csi.value(0) {
                0 => self.tabs.set(self.position.col),
                2 => self.tabs.clear(self.position.col),
                5 => self.tabs.clear_all(),
                _ => {}
            },
            (0, 0, b'@') => self.insert_characters(csi.count(0)),
            (0, 0, b'P') => self.delete_characters(csi.count(0)),
            (0, 0, b'X') => self.erase_characters(csi.count(0)),
            (0, 0, b'L') => self.insert_lines(csi.count(0)),
            (0, 0, b'M') => self.delete_lines(csi.count(0), evicted),
            (0, 0, b'S') => self.scroll_region_up(self.region.clone(), csi.count(0), evicted),
            // With more parameters it is a mouse sequence (XTHIMOUSE).
            (0, 0, b'T') if csi.values().len() < 5 => {
                self.scroll_region_down(self.region.clone(), csi.count(0));
            }
            (0, b'\'', b'}') => self.shift_columns(csi.count(0), Side::Right),
            (0, b'\'', b'~') => self.shift_columns(csi.count(0), Side::Left),
            (0, 0, b'b') => self.repeat(csi.count(0), evicted),
            (0, 0, b'r') => self.set_region(csi),
            (0, 0, b's') if self.modes.margins => self.set_margins(csi),
            (0, 0, b's') => self.save_cursor(),
            (0, 0, b'u') => self.restore_cursor(),
            (0, 0, last @ (b'h' | b'l')) => {
                csi.values().iter().for_each(|mode| self.set_mode(*mode, last == b'h'));
            }
            (b'?', 0, last @ (b'h' | b'l')) => {
                csi.values().iter().for_each(|mode| self.set_private_mode(*mode, last == b'h'));
            }
            (0, b'!', b'p') => self.reset_softly(),
            (0, b' ', b'q') => {
                self.modes.cursor_shape = CursorShape::of(csi.value(0)).unwrap_or(self.modes.cursor_shape);
            }
            (0, 0, b't') => self.manipulate_window(csi),
            (b'>', 0, b'm') if csi.value(0) == 4 => self.modes.modify_other_keys = csi.value(1),
            (b'>', 0, b'm') if csi.values() == [0] => self.modes.modify_other_keys = 0,
            (b'>', 0, b'n') if csi.value(0) == 4 => self.modes.modify_other_keys = 0,
            (b'>', 0, b'u') => self.modes.push_keyboard(self.is_alternate(), csi.value(0)),
            (b'<', 0, b'u') => self.modes.pop_keyboard(self.is_alternate(), csi.count(0)),
            (b'=', 0, b'u') => {
                self.modes.change_keyboard(self.is_alternate(), csi.value(0), csi.value(1));
            }
            _ => {}
        }
    }

    fn apply_rendition(&mut self, csi: &Csi) {
        self.pen.apply(csi);
        self.ink = None;
    }

    /// Executes an OSC string: titles and links.
    fn string(&mut self, string: &ControlString<'_>) {
        let ControlString {
            kind: StringKind::Osc,
            part: Part::Whole,
            end: End::Bell | End::Terminator,
            text,
        } = *string
        else {
            return;
        };
        let text = String::from_utf8_lossy(text);
        let Some((command, rest)) = text.split_once(';') else { return };
        match command {
            "0" | "2" => {
                let shown = rest.chars().filter(|character| !character.is_control());
                self.title = shown.take(LONGEST_TITLE).collect();
            }
            "8" => {
                if let Some((parameters, uri)) = rest.split_once(';') {
                    self.set_link(parameters, uri);
                }
            }
            _ => {}
        }
    }

    /// Starts or ends a link (OSC 8, "Hyperlinks in Terminal Emulators").
    fn set_link(&mut self, parameters: &str, uri: &str) {
        let is_link = !uri.is_empty() && parameters.len() + uri.len() <= Extras::LONGEST_LINK;
        self.pen.link = is_link.then(|| {
            let id = parameters.split(':').find_map(|parameter| parameter.strip_prefix("id="));
            let link = Link { id: id.unwrap_or_default().to_string(), uri: uri.to_string() };
            self.drop_unused_extras();
            self.extras.link_id(link)
        });
        self.ink = None;
    }

    /// Drops the links and underline colours that no visible cell uses any more, if there are many.
    fn drop_unused_extras(&mut self) {
        if self.extras.len() < self.most_extras {
            return;
        }
        let old = std::mem::take(&mut self.extras);
        let State { extras, grid, hidden, saved, pen, .. } = self;
        let link =
            |extras: &mut Extras, id: Option<LinkId>| old.link(id?).cloned().map(|link| extras.link_id(link));
        for style in saved.iter_mut().map(|saved| &mut saved.pen).chain([pen]) {
            style.link = link(extras, style.link);
        }
        let mut number = |number| {
            let (underline_color, id) = old.get(number);
            let link = link(extras, id);
            extras.number(&Style { underline_color, link, ..Style::default() })
        };
        for grid in [grid, hidden] {
            grid.rows.iter_mut().chain(&mut grid.scrollback).for_each(|row| row.renumber(&mut number));
        }
        self.most_extras = Extras::MANY.max(2 * self.extras.len());
        self.ink = None;
    }

    /// XTWINOPS: pushes and pops titles. Everything else concerns the window.
    fn manipulate_window(&mut self, csi: &Csi) {
        let concerns_title = matches!(csi.value(1), 0 | 2);
        match csi.value(0) {
            22 if concerns_title => {
                if self.titles.len() == MOST_TITLES {
                    self.titles.remove(0);
                }
                self.titles.push(self.title.clone());
            }
            23 if concerns_title => {
                if let Some(title) = self.titles.pop() {
                    self.title = title;
                }
            }
            _ => {}
        }
    }

    // The cursor.

    fn move_to_col(&mut self, col: usize) {
        self.position.col = col.min(self.cols - 1);
        self.is_wrap_pending = false;
    }

    /// Moves to a column as counted by a program: from the left margin in origin mode.
    fn move_to_col_as_written(&mut self, col: usize) {
        let reach = if self.modes.origin { self.margins.clone() } else { 0..self.cols };
        self.move_to_col(reach.start + col.min(reach.len() - 1));
    }

    /// Moves to a row as counted by a program: from the top of the region in origin mode.
    fn move_to_row(&mut self, row: usize) {
        let reach = if self.modes.origin { self.region.clone() } else { 0..self.rows };
        self.position.row = reach.start + row.min(reach.len() - 1);
        self.is_wrap_pending = false;
    }

    fn move_home(&mut self) {
        self.move_to_row(0);
        self.move_to_col_as_written(0);
    }

    fn move_left(&mut self, count: usize) {
        self.position.col = self.position.col.saturating_sub(count).max(self.left_edge());
        self.is_wrap_pending = false;
    }

    fn move_right(&mut self, count: usize) {
        self.position.col = (self.position.col + count).min(self.right_edge() - 1);
        self.is_wrap_pending = false;
    }

    fn move_up(&mut self, count: usize) {
        let top = if self.position.row < self.region.start { 0 } else { self.region.start };
        self.position.row = self.position.row.saturating_sub(count).max(top);
        self.is_wrap_pending = false;
    }

    fn move_down(&mut self, count: usize) {
        let end = if self.position.row >= self.region.end { self.rows } else { self.region.end };
        self.position.row = (self.position.row + count).min(end - 1);
        self.is_wrap_pending = false;
    }

    fn carriage_return(&mut self) {
        self.move_to_col(self.left_edge());
    }

    fn line_feed(&mut self, evicted: &mut impl FnMut(&Row<C>)) {
        self.index(evicted);
        if self.modes.new_line {
            self.carriage_return();
        }
    }

    fn index(&mut self, evicted: &mut impl FnMut(&Row<C>)) {
        if self.position.row + 1 == self.region.end {
            if self.is_between_margins() {
                self.scroll_region_up(self.region.clone(), 1, evicted);
            }
        } else if self.position.row + 1 < self.rows {
            self.position.row += 1;
            self.is_wrap_pending = false;
        }
    }

    fn reverse_index(&mut self) {
        if self.position.row == self.region.start {
            if self.is_between_margins() {
                self.scroll_region_down(self.region.clone(), 1);
            }
        } else if self.position.row > 0 {
            self.position.row -= 1;
            self.is_wrap_pending = false;
        }
    }

    fn is_between_margins(&self) -> bool {
        self.margins.contains(&self.position.col)
    }

    fn move_to_next_tab(&mut self, count: usize) {
        let edge = self.right_edge();
        let stop = self.tabs.after(self.position.col, count).filter(|stop| *stop < edge);
        let col = stop.unwrap_or(edge - 1);
        // A full row stays full, as in xterm and libvterm.
        if col != self.position.col {
            self.move_to_col(col);
        }
    }

    fn move_to_previous_tab(&mut self, count: usize) {
        self.move_to_col(self.tabs.before(self.position.col, count).unwrap_or(0));
    }

    /// Returns whether a wrap is pending at the end of the row: one at the right margin is forgotten
    /// with the margins.
    fn is_row_full(&self) -> bool {
        self.is_wrap_pending && self.position.col + 1 == self.cols
    }

    fn save_cursor(&mut self) {
        self.saved[usize::from(self.is_alternate())] = SavedCursor {
            position: self.position,
            is_wrap_pending: self.is_row_full(),
            pen: self.pen,
            charsets: Charsets { single_shift: None, ..self.charsets },
            origin: self.modes.origin,
            autowrap: self.modes.autowrap,
        };
    }

    fn restore_cursor(&mut self) {
        let saved = self.saved[usize::from(self.is_alternate())];
        self.position = saved.position;
        self.is_wrap_pending = saved.is_wrap_pending;
        self.pen = saved.pen;
        self.charsets = saved.charsets;
        self.modes.origin = saved.origin;
        if saved.origin {
            self.position.row = self.position.row.clamp(self.region.start, self.region.end - 1);
            self.position.col = self.position.col.clamp(self.margins.start, self.margins.end - 1);
        }
        self.is_wrap_pending &= self.position == saved.position;
        self.ink = None;
    }

    // Cells.

    /// Edits the row of the cursor.
    fn edit_row(&mut self, edit: impl FnOnce(&mut Row<C>, usize, C::Ink)) {
        let Position { col, row } = self.position;
        let ink = self.eraser();
        edit(&mut self.grid.rows[row], col, ink);
    }

    /// ED, and DECSED, which spares protected characters: there are none.
    fn erase_in_display(&mut self, scope: u16) {
        let (row, rows, ink) = (self.position.row, self.rows, self.eraser());
        match scope {
            0 => {
                self.erase_in_line(0);
                self.grid.reset(row + 1..rows, ink);
            }
            1 => {
                self.erase_in_line(1);
                self.grid.reset(0..row, ink);
            }
            2 => self.grid.reset(0..rows, ink),
            3 => {
                // The first line of the screen may have begun there.
                self.grid.scrollback.clear();
                self.grid.mark_changed(0..1);
            }
            _ => {}
        }
    }

    /// EL, and DECSEL, which spares protected characters: there are none.
    fn erase_in_line(&mut self, scope: u16) {
        let cols = self.cols;
        // After a full row there is nothing to erase, as in alacritty, avt and tmux: programs that
        // erase the rest of a line after writing it would lose its last character.
        let is_full = self.is_wrap_pending;
        self.edit_row(|row, col, ink| match scope {
            0 if is_full => row.set_wrapped(false),
            0 => {
                row.clear(col..cols, ink);
                row.set_wrapped(false);
            }
            1 => row.clear(0..col + 1, ink),
            2 => row.reset(cols, ink),
            _ => {}
        });
    }

    fn erase_characters(&mut self, count: usize) {
        let cols = self.cols;
        self.edit_row(|row, col, ink| {
            let end = (col + count).min(cols);
            row.clear(col..end, ink);
            row.set_wrapped(row.is_wrapped && end < cols);
        });
    }

    fn insert_characters(&mut self, count: usize) {
        if self.is_between_margins() {
            let edge = self.margins.end;
            self.is_wrap_pending = false;
            self.edit_row(|row, col, ink| row.insert_blanks(col..edge, count, ink));
        }
    }

    fn delete_characters(&mut self, count: usize) {
        if self.is_between_margins() {
            let edge = self.margins.end;
            self.is_wrap_pending = false;
            self.edit_row(|row, col, ink| {
                row.delete(col..edge, count, ink);
                row.set_wrapped(false);
            });
        }
    }

    /// Prints the last character again, with its combining characters.
    fn repeat(&mut self, count: usize, evicted: &mut impl FnMut(&Row<C>)) {
        let Some((character, place)) = self.last else { return };
        let width = width(character).max(1);
        let marks = std::mem::take(&mut self.last_marks);
        for _ in 0..count {
            self.print_translated(character, width, place, evicted);
            marks.iter().for_each(|(mark, place)| self.combine(*mark, *place));
        }
        self.last_marks = marks;
    }

    /// DECALN.
    fn fill_with_pattern(&mut self) {
        let cell = C::new('E', C::writing(&Style::default(), 0), NOWHERE);
        self.grid.rows.iter_mut().for_each(|row| row.fill(cell));
    }

    // Rows.

    fn insert_lines(&mut self, count: usize) {
        if self.region.contains(&self.position.row) && self.is_between_margins() {
            self.scroll_region_down(self.position.row..self.region.end, count);
        }
    }

    fn delete_lines(&mut self, count: usize, evicted: &mut impl FnMut(&Row<C>)) {
        if self.region.contains(&self.position.row) && self.is_between_margins() {
            self.scroll_region_up(self.position.row..self.region.end, count, evicted);
        }
    }

    fn scroll_region_up(&mut self, rows: Range<usize>, count: usize, evicted: &mut impl FnMut(&Row<C>)) {
        if rows.end < self.rows {
            self.grid.end_line(rows.end - 1);
        }
        self.move_rows_up(rows, count, evicted);
    }

    /// Scrolls between the margins.
    fn move_rows_up(&mut self, rows: Range<usize>, count: usize, evicted: &mut impl FnMut(&Row<C>)) {
        let ink = self.eraser();
        if !self.has_no_margins() {
            self.grid.scroll_within(rows, self.margins.clone(), count as isize, ink);
        } else if self.is_alternate() {
            self.grid.scroll_up(rows, count, ink, &mut |_| {});
        } else {
            self.grid.scroll_up(rows, count, ink, evicted);
        }
    }

    fn scroll_region_down(&mut self, rows: Range<usize>, count: usize) {
        let ink = self.eraser();
        if self.has_no_margins() {
            self.grid.scroll_down(rows, count, ink);
        } else {
            self.grid.scroll_within(rows, self.margins.clone(), -(count as isize), ink);
        }
    }

    /// DECIC and DECDC: inserts or deletes columns within the region, from the cursor on.
    fn shift_columns(&mut self, count: usize, side: Side) {
        if !self.region.contains(&self.position.row) || !self.is_between_margins() {
            return;
        }
        let (range, ink) = (self.position.col..self.margins.end, self.eraser());
        for row in self.grid.rows.range_mut(self.region.clone()) {
            match side {
                Side::Right => row.insert_blanks(range.clone(), count, ink),
                Side::Left => row.delete(range.clone(), count, ink),
            }
        }
    }

    /// DECSTBM.
    fn set_region(&mut self, csi: &Csi) {
        let top = csi.count(0) - 1;
        let end = match usize::from(csi.value(1)) {
            0 => self.rows,
            bottom => bottom.min(self.rows),
        };
        if top + 1 < end {
            self.region = top..end;
            self.move_home();
        }
    }

    /// DECSLRM.
    fn set_margins(&mut self, csi: &Csi) {
        let left = csi.count(0) - 1;
        let end = match usize::from(csi.value(1)) {
            0 => self.cols,
            right => right.min(self.cols),
        };
        if left + 1 < end {
            self.margins = left..end;
            self.move_home();
        }
    }

    // Modes.

    fn set_mode(&mut self, mode: u16, is_set: bool) {
        match mode {
            4 => self.modes.insert = is_set,
            20 => self.modes.new_line = is_set,
            _ => {}
        }
    }

    fn set_private_mode(&mut self, mode: u16, is_set: bool) {
        match mode {
            // DECCOLM, if permitted. The width is up to the window, the other effects are not.
            3 if self.modes.is_set(40) => {
                (self.region, self.margins) = (0..self.rows, 0..self.cols);
                self.move_home();
                self.erase_in_display(2);
            }
            6 => {
                self.modes.origin = is_set;
                self.move_home();
            }
            7 => self.modes.autowrap = is_set,
            25 => self.modes.cursor_visible = is_set,
            69 => {
                self.modes.margins = is_set;
                self.margins = 0..self.cols;
                self.is_wrap_pending &= self.position.col + 1 == self.cols;
            }
            2026 => self.modes.synchronized = is_set,
            47 if is_set => self.show_alternate(Alternate::Shown, Clearing::No),
            1047 if is_set => self.show_alternate(Alternate::Shown, Clearing::Yes),
            47 => self.show_primary(Clearing::No),
            1047 => self.show_primary(Clearing::Yes),
            1048 if is_set => self.save_cursor(),
            1048 => self.restore_cursor(),
            // The primary screen's cursor is saved.
            1049 if is_set => {
                self.save_cursor();
                self.show_alternate(Alternate::ShownWithCursor, Clearing::Yes);
            }
            1049 => {
                self.show_primary(Clearing::Yes);
                self.restore_cursor();
            }
            _ => self.modes.keep(mode, is_set),
        }
    }

    fn show_alternate(&mut self, alternate: Alternate, clearing: Clearing) {
        if self.is_alternate() {
            return;
        }
        (self.primary_position, self.is_primary_full) = (self.position, self.is_row_full());
        self.alternate = alternate;
        std::mem::swap(&mut self.grid, &mut self.hidden);
        if self.grid.rows.is_empty() {
            self.grid = Grid::new(self.cols, self.rows, 0);
        }
        if clearing == Clearing::Yes {
            self.grid.reset(0..self.rows, self.eraser());
        }
        self.grid.mark_changed(0..self.rows);
        self.grid.scrolled = 0;
    }

    /// Shows the primary screen. The alternate screen is cleared, unless it was shown by its oldest
    /// mode.
    fn show_primary(&mut self, clearing: Clearing) {
        if self.is_alternate() {
            if clearing == Clearing::Yes {
                self.grid.reset(0..self.rows, self.eraser());
            }
            self.alternate = Alternate::Hidden;
            std::mem::swap(&mut self.grid, &mut self.hidden);
            self.grid.mark_changed(0..self.rows);
            self.grid.scrolled = 0;
        }
    }

    /// RIS. The window keeps its title.
    fn reset(&mut self) {
        let primary = if self.is_alternate() { &self.hidden } else { &self.grid };
        let scrollback = primary.most_scrollback;
        let title = std::mem::take(&mut self.title);
        *self = State { title, ..State::new(self.size, self.cols, self.rows, scrollback) };
    }

    /// DECSTR.
    fn reset_softly(&mut self) {
        self.modes.insert = false;
        self.modes.origin = false;
        self.modes.autowrap = true;
        self.modes.cursor_visible = true;
        self.modes.keep(1, false);
        self.modes.keep(66, false);
        self.region = 0..self.rows;
        self.margins = 0..self.cols;
        self.pen = Style { link: self.pen.link, ..Style::default() };
        self.charsets = Charsets::default();
        self.saved[usize::from(self.is_alternate())] = SavedCursor::default();
        self.ink = None;
    }
}

/// The direction in which columns move.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// The choice to clear the alternate screen when it is shown or hidden.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clearing {
    Yes,
    No,
}
