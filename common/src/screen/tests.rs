//! Compares the terminal with avt, wherever avt is right, and its drawings with itself and avt.

use avt::{Observer, Operation, ScreenKind};
use proptest::prelude::*;

use super::grid::Grid;
use super::*;
use crate::vt::{Escape, Kind, Token, Tokenizer};

/// A step in the life of a terminal.
#[derive(Clone, Debug)]
pub enum Step {
    Output(String),
    Resize(Size),
}

/// Small sizes, at which edges are reached often.
pub fn size() -> impl Strategy<Value = Size> {
    (prop_oneof![1u16..3, 1u16..14], 1u16..7).prop_map(|(cols, rows)| Size { cols, rows })
}

/// Output that changes the state, and resizes. Only background colours are used, because avt,
/// unlike other terminals, also erases with the foreground.
pub fn steps(has_floods: bool) -> impl Strategy<Value = Vec<Step>> {
    let flood = ("[a-z ż界]{0,20}", 1usize..if has_floods { 150 } else { 20 })
        .prop_map(|(line, count)| format!("{line}\r\n").repeat(count));
    let output = prop_oneof![
        4 => "[a-zż \u{a0}\u{3000}]{1,40}",
        2 => "[a-z界]{1,10}",
        1 => flood,
        4 => "\x1b\\[([0-9]{0,2}(;[0-9]{1,2})?[A-HJ-MPSTXZ@abdefg]|[su]|[0-3]?[JK]|([1-6];[2-7])?r)",
        2 => "\x1b\\[(0|4[0-79]|10[0-7]|48;5;9|48;2;1;2;3|48:5:1|)m",
        1 => "\x1b\\[[1-6];[2-7]r\x1b\\[[0-7]?H\x1b\\[[0-3]?[ABEFeLM]",
        2 => "\x1b\\[\\?(6|7|25|47|1047|1048|1049)[hl]",
        1 => "\x1b\\[(4|20)[hl]",
        1 => "\x1b\\[(!p|3g|g|0W|2W|5W)",
        2 => "\x1b([78cDEHM]|#8|[()][0B])",
        3 => "[\r\n\t\x08\x0e\x0f]{1,4}",
        1 => "\x1b(\\]0;title\x07|Pq\x1b\\\\|\\[[0-9;?]{0,3})",
    ];
    let step = prop_oneof![10 => output.prop_map(Step::Output), 1 => size().prop_map(Step::Resize)];
    prop::collection::vec(step, 1..40)
}

/// The steps, one per token, without those in which avt differs from other terminals.
pub fn agreed(size: Size, scrollback: usize, steps: Vec<Step>) -> Vec<Step> {
    let mut terminal = TextScreen::new(size, scrollback).unwrap();
    let mut tokenizer = Tokenizer::default();
    let mut kept = Vec::new();
    let mut follows_text = false;
    for step in steps {
        match step {
            Step::Output(output) => {
                let mut tokens = tokenizer.tokens(output.as_bytes());
                while let Some(token) = tokens.next() {
                    let mut text = String::from_utf8(token.bytes.to_vec()).unwrap();
                    let is_contested = is_contested(&token, &terminal.state, follows_text);
                    if is_contested {
                        // It may have cut off a sequence.
                        text = "\x18".to_string();
                    } else if token.kind == Kind::Broken {
                        // Control characters within it take effect immediately.
                        text.push('\x18');
                    } else if matches!(token.kind, Kind::Csi(csi) if csi.function() == (0, 0, b'J') && csi.value(0) == 2)
                    {
                        // avt would move the screen to the scrollback; asciinema 3.x avoids that.
                        text = "\x1b[1J\x1b[J".to_string();
                    }
                    follows_text = token.kind == Kind::Text && !is_contested;
                    terminal.feed(&text);
                    kept.push(Step::Output(text));
                }
            }
            Step::Resize(size) => {
                if is_contested_size(size, &terminal.state) {
                    continue;
                }
                terminal.resize(size).unwrap();
                follows_text = false;
                kept.push(Step::Resize(size));
            }
        }
    }
    kept
}

/// Returns whether avt treats a token differently from alacritty, libvterm and xterm.
fn is_contested(token: &Token<'_>, state: &super::terminal::State<TextCell>, follows_text: bool) -> bool {
    let is_full = state.is_wrap_pending;
    let has_charsets = state.charsets != Default::default()
        || state.saved.iter().any(|saved| saved.charsets != Default::default());
    // avt saves neither character sets nor a full row, but saves autowrap, and leaves the region in
    // origin mode.
    let keeps_cursor = is_full || has_charsets || !state.modes.autowrap || state.modes.origin;
    // avt gives the pen's colours to the rest of half a wide character.
    let is_coloured =
        state.pen != Style::default() || state.saved.iter().any(|saved| saved.pen != Style::default());
    let is_outside = !state.region.contains(&state.position.row);
    let has_wide = || String::from_utf8_lossy(token.bytes).contains(['界', '\u{3000}']);
    if token.controls().any(|byte| byte == b'\t') {
        return true;
    }
    match token.kind {
        // avt makes room for only one column, and for none if the line continues in the next row.
        Kind::Text if state.modes.insert => {
            let length = String::from_utf8_lossy(token.bytes).chars().count();
            has_wide() || shows_wide(state) || is_full || state.position.col + length > state.cols
        }
        Kind::Text => is_coloured && has_wide(),
        // A full row stays full.
        Kind::Control(b'\t') => is_full,
        Kind::Escape(Escape { intermediates: [0, 0], last }) => match last {
            b'7' | b'8' => keeps_cursor,
            b'H' => is_full,
            // avt treats it as a line feed.
            b'D' => state.modes.new_line,
            // avt counts rows from the top of the region here.
            b'M' => state.modes.origin,
            _ => false,
        },
        Kind::Escape(Escape { intermediates: [b'#', 0], .. }) => {
            state.grid.rows.iter().any(|row| row.is_wrapped) || is_full
        }
        Kind::Csi(csi) => match csi.function() {
            // avt also erases with the other attributes, which an unfinished sequence may set.
            (0, 0, b'm') => {
                let is_background = |value: &u16| matches!(value, 0 | 40..=49 | 100..=107);
                shows_wide(state) || csi.value(0) != 48 && !csi.values().iter().all(is_background)
            }
            // HPB and VPB, which avt does not support.
            (0, 0, b'j' | b'k') => true,
            // avt's scrollback cannot be erased.
            (0, 0, b'J') => csi.value(0) == 3 || is_full && !state.modes.autowrap,
            (0, 0, b'K') => is_full && !state.modes.autowrap,
            (0, 0, b'I' | b'Z' | b'W' | b'g' | b'X') => is_full,
            (0, 0, b'L' | b'M') => is_outside,
            (0, 0, b's' | b'u') => keeps_cursor,
            // avt repeats the character before the cursor.
            (0, 0, b'b') => !follows_text || !state.modes.autowrap || state.cols == 1 || shows_wide(state),
            (0, 0, b'r') => {
                let bottom = if csi.value(1) == 0 { state.rows } else { csi.count(1) };
                csi.count(0) >= bottom || bottom > state.rows
            }
            (0, b'!', b'p') => !state.modes.autowrap || state.modes.is_set(1),
            (b'?', 0, b'h' | b'l') => csi.values().iter().any(|mode| match mode {
                7 => is_full,
                47 => true,
                1048 | 1049 => keeps_cursor,
                _ => false,
            }),
            _ => false,
        },
        _ => false,
    }
}

/// Returns whether avt loses lines where other terminals remove blank rows.
fn is_contested_size(size: Size, state: &super::terminal::State<TextCell>) -> bool {
    let (cols, rows) = dimensions(size).unwrap();
    let grids = if state.is_alternate() {
        vec![(&state.hidden, state.primary_position), (&state.grid, state.position)]
    } else {
        vec![(&state.grid, state.position)]
    };
    // avt loses the stop at the former edge.
    let loses_stop = cols > state.cols && state.cols.is_multiple_of(8);
    // avt puts the blank that a wide character leaves at an edge before the characters that end
    // there.
    let has_wide = cols != state.cols && shows_wide(state);
    let is_smaller = cols < state.cols || rows < state.rows;
    let is_at_end = |(grid, position): (&Grid<TextCell>, Position)| {
        let rest = |row: &Row<TextCell>| row.cells()[position.col..].iter().all(Cell::is_blank);
        position.row + 1 == state.rows && grid.rows.back().is_none_or(rest)
    };
    // Without autowrap, avt has no full rows.
    let is_full = state.is_wrap_pending && !state.modes.autowrap;
    loses_stop || has_wide || is_full || is_smaller && !grids.into_iter().all(is_at_end)
}

fn shows_wide(state: &super::terminal::State<TextCell>) -> bool {
    let is_wide = |row: &Row<TextCell>| row.cells().iter().any(Cell::is_right_half);
    [&state.grid, &state.hidden].iter().any(|grid| grid.rows.iter().chain(&grid.scrollback).any(is_wide))
}

/// Applies steps to avt.
pub fn take_steps(terminal: &mut avt::Terminal, steps: &[Step], observer: &mut impl Observer<Output = ()>) {
    for step in steps {
        match step {
            Step::Output(text) => terminal.feed_with(text.as_str(), &mut *observer),
            Step::Resize(size) => {
                let (cols, rows) = dimensions(*size).unwrap();
                terminal.execute_with(Operation::Resize { cols, rows }, &mut *observer);
            }
        }
    }
}

/// An observer that does nothing.
struct Nobody;

impl Observer for Nobody {
    type Output = ();

    fn end(&mut self, _: &mut avt::Observation<'_>) {}
}

/// The cells of a row: the character unless this is a right half, and whether there are colours or
/// attributes; then whether the line continues.
type Picture = (Vec<(Option<char>, bool)>, bool);

fn picture(row: &Row<TextCell>) -> Picture {
    let cell = |cell: &TextCell| {
        let blank = TextCell::new(cell.character(), TextCell::blank().ink(), 0);
        let is_styled = cell.ink() != blank.ink();
        ((!cell.is_right_half()).then(|| cell.character()), is_styled)
    };
    (row.cells().iter().map(cell).collect(), row.is_wrapped())
}

fn picture_of_avt(line: &avt::Line) -> Picture {
    let cell = |cell: &avt::Cell| {
        let character = (cell.width() > 0).then(|| cell.char());
        (character, !cell.pen().is_default())
    };
    (line.cells().iter().map(cell).collect(), line.is_wrapped())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_state_matches_avt_where_avt_is_right(size in size(), steps in steps(false)) {
        const SCROLLBACK: usize = 5;
        let mut screen = TextScreen::new(size, SCROLLBACK).unwrap();
        let (cols, rows) = dimensions(size).unwrap();
        let mut terminal = avt::Terminal::with_scrollback(cols, rows, Some(SCROLLBACK)).unwrap();
        for step in agreed(size, SCROLLBACK, steps) {
            take_steps(&mut terminal, std::slice::from_ref(&step), &mut Nobody);
            match &step {
                Step::Output(text) => screen.feed(text),
                Step::Resize(size) => screen.resize(*size).unwrap(),
            }
            if screen.is_within_sequence() {
                // Control characters within it are still to come.
                continue;
            }
            let pictures: Vec<Picture> = screen.scrollback().chain(screen.rows()).map(picture).collect();
            let expected: Vec<Picture> = terminal.screen().all_lines().map(picture_of_avt).collect();
            prop_assert_eq!(pictures, expected, "after {:?}", step);
            let (cursor, expected) = (screen.cursor(), terminal.cursor());
            let col = cursor.col + usize::from(cursor.is_wrap_pending && screen.modes().autowrap);
            prop_assert_eq!((col, cursor.row, cursor.is_visible), (expected.col, expected.row, expected.visible), "after {:?}", step);
            prop_assert_eq!(screen.is_alternate(), terminal.active_screen_kind() == ScreenKind::Alternate);
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_state_that_avt_keeps_is_the_same_after_a_drawing(size in size(), steps in steps(false)) {
        let mut screen = Screen::new(size, 0).unwrap();
        let (cols, rows) = dimensions(size).unwrap();
        let mut original = avt::Terminal::with_scrollback(cols, rows, Some(0)).unwrap();
        // Without autowrap, avt has no full rows.
        let is_kept = |step: &Step| matches!(step, Step::Output(text) if !text.contains("?7l"));
        let output = steps.into_iter().filter(is_kept).collect();
        let steps = agreed(size, 0, output);
        take_steps(&mut original, &steps, &mut Nobody);
        for step in &steps {
            if let Step::Output(text) = step {
                screen.feed(text);
            }
        }
        let mut copy = avt::Terminal::with_scrollback(cols, rows, Some(0)).unwrap();
        copy.feed(screen.drawing().as_str());
        prop_assert_eq!(copy.dump(), original.dump(), "{:?}", screen.drawing());
    }

    #[test]
    fn a_drawing_brings_a_new_terminal_to_the_same_state(size in size(), output in styled_output()) {
        let mut original = Screen::new(size, 0).unwrap();
        output.iter().for_each(|piece| original.feed(piece));
        let mut copy = Screen::new(size, 0).unwrap();
        copy.feed(&original.drawing());
        prop_assert!(copy == original, "{:?}\n{:?}", original.drawing(), copy.drawing());
    }

    #[test]
    fn a_transition_brings_any_terminal_to_the_same_state(
        size in size(),
        before in styled_output(),
        output in styled_output(),
    ) {
        let mut original = Screen::new(size, 0).unwrap();
        before.iter().for_each(|piece| original.feed(piece));
        let (from, mut copy) = (original.clone(), original.clone());
        output.iter().for_each(|piece| original.feed(piece));
        let transition = original.transition(&from).unwrap_or_default();
        copy.feed(&transition);
        prop_assert!(copy == original, "by {transition:?}\n{:?}\n{:?}", original.drawing(), copy.drawing());
    }

    #[test]
    fn rows_are_blank_after_their_used_cells(size in size(), later in size(), output in styled_output()) {
        let mut screen = Screen::new(size, 4).unwrap();
        let half = output.len() / 2;
        output[..half].iter().for_each(|piece| screen.feed(piece));
        screen.resize(later).unwrap();
        output[half..].iter().for_each(|piece| screen.feed(piece));
        let grids = [&screen.state.grid, &screen.state.hidden];
        let mut rows = grids.into_iter().flat_map(|grid| grid.rows.iter().chain(&grid.scrollback));
        prop_assert!(rows.all(Row::is_consistent));
    }

    #[test]
    fn every_new_line_is_reported_as_changed(size in size(), steps in steps(false)) {
        let mut terminal = TextScreen::new(size, 5).unwrap();
        let mut before = Vec::new();
        let mut changed = Vec::new();
        for step in &steps {
            match step {
                Step::Output(output) => terminal.feed(output),
                Step::Resize(size) => terminal.resize(*size).unwrap(),
            }
            terminal.take_changed_lines(|row, _| row.is_wrapped(), &mut changed);
            let lines = lines(&terminal);
            // The first one may be the rest of a line that has left the scrollback.
            for (rows, text) in lines.iter().filter(|(rows, _)| rows.start > 0) {
                let is_reported = changed.iter().any(|changed| changed.rows == *rows);
                let is_old = before.iter().any(|(_, line)| line == text);
                prop_assert!(is_reported || is_old, "{:?} {:?}: {:?} in {:?}", step, rows, text, before);
            }
            // The alternate screen hides the scrollback.
            if !terminal.is_alternate() {
                before.clear();
            }
            before.extend(lines);
        }
    }

    #[test]
    fn a_checkpoint_restores_the_scrollback(size in size(), output in styled_output()) {
        let mut original = Screen::new(size, 4).unwrap();
        output.iter().for_each(|piece| original.feed(piece));
        let copy = original.checkpoint().restore().unwrap();
        prop_assert!(copy == original, "{:?}", original.checkpoint());
        if !original.is_alternate() {
            let text = |screen: &Screen| screen.scrollback().map(Row::text).collect::<Vec<_>>();
            prop_assert_eq!(text(&copy), text(&original));
        }
    }
}

/// Output that uses all state of a terminal.
/// The lines of the scrollback and the screen, as ranges of rows and their text.
fn lines(terminal: &TextScreen) -> Vec<(std::ops::Range<usize>, String)> {
    let mut lines = Vec::new();
    let (mut start, mut text) = (0, String::new());
    for (index, row) in terminal.scrollback().chain(terminal.rows()).enumerate() {
        text.extend(row.characters().map(|(_, cell)| cell.character()));
        if !row.is_wrapped() {
            lines.push((start..index + 1, std::mem::take(&mut text)));
            start = index + 1;
        }
    }
    lines
}

fn styled_output() -> impl Strategy<Value = Vec<String>> {
    let piece = prop_oneof![
        3 => "[ -~]{1,12}",
        2 => "[a-zż界😀e\u{301}]{1,8}",
        1 => "[👩\u{200d}💻\u{fe0f}]{1,4}",
        4 => "\x1b\\[[0-9]{0,2}(;[0-9]{1,2})?[A-HJ-MPSTXZ@`abdefgjkhlmnrsu]",
        3 => "\x1b\\[(0|[1-9]|2[1-9]|3[0-9]|4[0-9]|5[358]|9[0-7]|10[0-7]|38;5;[0-9]{1,3}|48:2::1:[0-9]{1,2}:3|58:5:9|4:[0-5])(;(1|4|7|31|44|8|28))?m",
        2 => "\x1b\\[\\?(1|5|6|7|9|25|47|66|69|1000|1002|1003|1004|1005|1006|1015|1047|1048|1049|2004|2026)[hl]",
        1 => "\x1b\\[(4|20)[hl]",
        1 => "\x1b\\[[1-6];[3-9][rs]",
        2 => "\x1b[78=>cDEHMNOno]",
        1 => "\x1b[()*+][0AB]",
        1 => "\x1b\\[[0-6] q",
        2 => "[\r\n\t\x08\x0e\x0f]{1,4}",
        1 => "\x1b\\[(!p|3g|g|5W|0W|2W|3b|2Z|4I|>1u|<u|=2;2u|>4;2m|22;0t|23;0t)",
        1 => "\x1b\\[[1-3]'[}~]",
        1 => "\x1b#8",
        1 => "\x1b\\](0;[a-z]{0,3}|8;(id=[a-b])?;(http:[x-z])?)(\x07|\x1b\\\\)",
        1 => "\x1b\\[[0-9;?]{0,4}",
        1 => "\x1b[\\](P]?[0-9]{0,2}",
    ];
    prop::collection::vec(piece, 0..24)
}

/// The rows of a terminal of 10 by 4 after some output, and the cursor's column and row.
fn shown(output: &str) -> (Vec<String>, (usize, usize)) {
    let mut screen = Screen::new(Size { cols: 10, rows: 4 }, 0).unwrap();
    screen.feed(output);
    (screen.text(), (screen.cursor().col, screen.cursor().row))
}

#[test]
fn differences_from_avt_match_alacritty_libvterm_and_xterm() {
    for (output, rows, cursor) in [
        ("\x1b[4;9H\x1b[3j\x1b[2k", ["", "", "", ""], (5, 1)),
        // A saved cursor includes its character sets and a full row.
        ("\x1b(0\x1b7\x1b(Bq\x1b8q", ["─", "", "", ""], (1, 0)),
        ("\x1b(0q_q", ["─ ─", "", "", ""], (3, 0)),
        ("0123456789\x1b7\x1b[H\x1b8x", ["0123456789", "x", "", ""], (1, 1)),
        ("0123456789\x1b[?1049hx\x1b[?1049lx", ["0123456789", "x", "", ""], (1, 1)),
        // Lines are inserted only within the region; the region ends at the bottom of the screen.
        ("\x1b[1;2r\x1b[3Hx\x1b[L", ["", "", "x", ""], (1, 2)),
        ("\x1b[2;99r\x1b[4Hx\n\ny", ["", "x", "", " y"], (2, 3)),
        ("\x1b[3;2rx", ["x", "", "", ""], (1, 0)),
        // Sets G2 and G3, for one character and as locking shifts.
        ("\x1b*0\x1bNqq\x1b+A\x1bo#\x0f#", ["─q£#", "", "", ""], (4, 0)),
        // REP repeats the last printed character, with its combining ones.
        ("ae\u{301}\x1b[2;1H\x1b[2b", ["ae\u{301}", "e\u{301}e\u{301}", "", ""], (2, 1)),
        // Left and right margins.
        ("abcdefghij\x1b[?69h\x1b[3;5s\x1b[1;3H\x1b[2P", ["abe  fghij", "", "", ""], (2, 0)),
        ("\x1b[?69h\x1b[3;5s\x1b[1;3Hxyzu", ["  xyz", "  u", "", ""], (3, 1)),
        // A tab in a full row leaves it full.
        ("0123456789\tx", ["0123456789", "x", "", ""], (1, 1)),
        ("abc\x1b[?3lx", ["abcx", "", "", ""], (4, 0)),
        ("abc\x1b[?40h\x1b[?3lx", ["x", "", "", ""], (1, 0)),
    ] {
        let (text, position) = shown(output);
        assert_eq!((text, position), (rows.map(str::to_string).to_vec(), cursor), "{output:?}");
    }
}

#[test]
fn characters_beside_each_other_make_the_same_screen_as_one_by_one() {
    let text = "ab─│日本e\u{301}語\u{200d}x 0123456789 größe, 日";
    for before in
        ["", "\x1b[D\x1b[D", "日\x1b[D", "\x1b[1;9H日\x1b[D", "\x1b[4h日本\r", "\x1b[?7l", "日\x1b[10G"]
    {
        for cols in 1..12 {
            let new = || PlacedScreen::new(Size { cols, rows: 3 }, 100).unwrap();
            let (mut one_by_one, mut at_once) = (new(), new());
            for character in before.chars().chain(text.chars()) {
                one_by_one.feed(character.encode_utf8(&mut [0; 4]));
            }
            at_once.feed(&format!("{before}{text}"));
            assert_eq!(one_by_one.cursor(), at_once.cursor(), "{before:?} {cols}");
            let rows = |screen: &PlacedScreen| -> Vec<_> {
                screen.scrollback().chain(screen.rows()).cloned().collect()
            };
            assert_eq!(rows(&one_by_one), rows(&at_once), "{before:?} {cols}");
        }
    }
    // Nothing is written over the wide character.
    assert_eq!(shown("日\x1b[D\u{301}").0[0], "日\u{301}");
}

#[test]
fn cells_keep_their_style() {
    let style = |output: &str| {
        let mut screen = Screen::new(Size { cols: 10, rows: 1 }, 0).unwrap();
        screen.feed(output);
        let style = screen.style(&screen.row(0).unwrap().cells()[0]);
        (style, style.link.and_then(|id| screen.link(id)).cloned())
    };
    let plain = Style::default();
    for (output, expected) in [
        (
            "\x1b[1;2;3;5;7;8;9;53mx",
            Style {
                bold: true,
                faint: true,
                italic: true,
                blink: true,
                inverse: true,
                conceal: true,
                strikethrough: true,
                overline: true,
                ..plain
            },
        ),
        ("\x1b[21mx", Style { underline: Underline::Double, ..plain }),
        (
            "\x1b[4:3;58;2;1;2;3mx",
            Style { underline: Underline::Curly, underline_color: Color::Rgb(1, 2, 3), ..plain },
        ),
        (
            "\x1b[38:2::1:2:3;48:5:9mx",
            Style { foreground: Color::Rgb(1, 2, 3), background: Color::Indexed(9), ..plain },
        ),
        (
            "\x1b[38;2;1;2;3;97;105mx",
            Style { foreground: Color::Indexed(15), background: Color::Indexed(13), ..plain },
        ),
        // Erasing keeps only the background colour.
        ("\x1b[1;4;7;31;44m\x1b[K", Style { background: Color::Indexed(4), ..plain }),
    ] {
        assert_eq!(style(output), (expected, None), "{output:?}");
    }
    let link = Link { id: "1".to_string(), uri: "http://x;y".to_string() };
    assert_eq!(style("\x1b]8;a=b:id=1;http://x;y\x1b\\x\x1b]8;;\x1b\\").1, Some(link));
    assert_eq!(style("\x1b]8;;http://x\x1b\\\x1b]8;;\x1b\\x").1, None);
}

#[test]
fn a_row_full_at_the_right_margin_is_drawn_behind_the_alternate_screen() {
    let size = Size { cols: 14, rows: 5 };
    for mode in [47, 1047, 1049] {
        let mut original = Screen::new(size, 0).unwrap();
        original.feed(&format!("\x1b[?69h\x1b[1;4sabcd\x1b[?{mode}h"));
        let mut copy = Screen::new(size, 0).unwrap();
        copy.feed(&original.drawing());
        assert!(copy == original, "{mode}: {:?}\n{:?}", original.drawing(), copy.drawing());
    }
}

#[test]
fn links_that_are_no_longer_visible_are_dropped() {
    let mut screen = Screen::new(Size { cols: 10, rows: 2 }, 0).unwrap();
    screen.feed("\x1b[58:5:7m\x1b]8;;http://first\x1b\\f");
    for number in 0..20_000 {
        screen.feed(&format!("\x1b]8;;http://{number}\x1b\\\x1b[2Hl"));
    }
    assert!(screen.state.extras.len() < 10_000, "{}", screen.state.extras.len());
    let uri = |row: usize| {
        let style = screen.style(&screen.row(row).unwrap().cells()[0]);
        assert_eq!(style.underline_color, Color::Indexed(7));
        screen.link(style.link.unwrap()).unwrap().uri.clone()
    };
    assert_eq!((uri(0), uri(1)), ("http://first".to_string(), "http://19999".to_string()));
}

#[test]
fn a_smaller_screen_loses_blank_rows_before_lines_scroll_off() {
    let mut screen = Screen::new(Size { cols: 10, rows: 6 }, 10).unwrap();
    screen.feed("0123456789\r\nabc");
    screen.resize(Size { cols: 5, rows: 4 }).unwrap();
    assert_eq!(screen.text(), ["01234", "56789", "abc", ""]);
    assert_eq!((screen.cursor().col, screen.cursor().row), (3, 2));
    screen.resize(Size { cols: 5, rows: 2 }).unwrap();
    assert_eq!(screen.text(), ["56789", "abc"]);
    screen.resize(Size { cols: 10, rows: 3 }).unwrap();
    assert_eq!(screen.text(), ["0123456789", "abc", ""]);
    assert_eq!((screen.cursor().col, screen.cursor().row), (3, 1));
}

#[test]
fn sizes_are_bounded_and_change_between_wide_and_narrow() {
    let large = Size { cols: 65535, rows: 65535 };
    assert_eq!(Screen::new(large, 0).err(), Some(TooLarge(large)));
    let mut screen = Screen::new(Size { cols: 65535, rows: 16 }, 100).unwrap();
    screen.feed(&"x".repeat(65535 * 20));
    for (cols, rows) in [(1, 65535), (65535, 1), (80, 24), (0, 0)] {
        screen.resize(Size { cols, rows }).unwrap();
    }
    assert_eq!(screen.resize(large), Err(TooLarge(large)));
}

#[test]
fn changes_are_reported_once() {
    let mut screen = Screen::new(Size { cols: 10, rows: 3 }, 0).unwrap();
    assert_eq!(screen.take_changes().rows, [0, 1, 2]);
    screen.feed("a\r\nb");
    assert_eq!(screen.take_changes(), Changes { scrolled: 0, rows: vec![0, 1] });
    screen.feed("\r\nc\r\nd");
    assert_eq!(screen.take_changes(), Changes { scrolled: 1, rows: vec![1, 2] });
    assert_eq!(screen.take_changes(), Changes::default());
}

#[test]
fn characters_keep_their_places() {
    let mut screen = PlacedScreen::new(Size { cols: 10, rows: 3 }, 5).unwrap();
    screen.feed("ab\x1b[");
    // Inserted and deleted around, repeated, scrolled.
    screen.feed("2@c\x1b[1;4H\x1b[Pe\u{301}\x1b[2b\r\n\n\n\n");
    let row = screen.scrollback().next().unwrap();
    let places: Vec<_> =
        row.characters().filter_map(|(_, cell)| Some((cell.character(), cell.place()?))).collect();
    let text: Vec<char> = places.iter().map(|(character, _)| *character).collect();
    assert_eq!(text, ['a', 'b', 'c', 'e', '\u{301}', 'e', '\u{301}', 'e', '\u{301}']);
    let places: Vec<u64> = places.into_iter().map(|(_, place)| place).collect();
    assert_eq!(places, [0, 1, 6, 16, 17, 16, 17, 16, 17]);
}
