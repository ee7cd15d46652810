//! What holds of redaction whatever a cast does, with avt as the judge of what it shows.

use std::io::{Seek, Write};

use avt::parser::{EdScope, Function};
use common::io::unnamed_file;
use common::screen::{Cell, Row, TextCell, TextScreen};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use crate::mask::width;
use crate::patterns::Patterns;
use crate::work::{self, Job, Sink, Source};

const JOB: Job = Job { mask: '*', drops_input: false };

/// What is looked for.
#[derive(Clone, Debug)]
pub enum Sought {
    Text(&'static str),
    Regex(&'static str),
}

fn patterns(sought: &[Sought]) -> Patterns {
    let mut patterns = Patterns::default();
    for one in sought {
        match one {
            Sought::Text(text) => patterns.add_text(text, "string"),
            Sought::Regex(regex) => patterns.add_regex(regex, "regex").unwrap(),
        }
    }
    patterns.prepare().unwrap();
    patterns
}

fn from_file(cast: &str, sought: &[Sought]) -> String {
    let mut file = unnamed_file().unwrap();
    file.write_all(cast.as_bytes()).unwrap();
    file.rewind().unwrap();
    let source = Source::of(&file, "test").unwrap();
    let (mut analysis, broken) = work::analyse(&source, patterns(sought), &JOB).unwrap();
    assert!(broken.is_none());
    let mut out = Vec::new();
    let mut sink = Sink { writer: &mut out, name: "out", held: Vec::new() };
    work::write(&source, &mut analysis, &JOB, &mut sink).unwrap();
    String::from_utf8(out).unwrap()
}

fn from_pipe(cast: &str, sought: &[Sought]) -> String {
    let mut out = Vec::new();
    let mut sink = Sink { writer: &mut out, name: "out", held: Vec::new() };
    work::pass_on(cast.as_bytes(), "test", patterns(sought), &JOB, &mut sink, |_, _| {}).unwrap();
    String::from_utf8(out).unwrap()
}

/// An event of a generated cast.
#[derive(Clone, Debug)]
pub enum Step {
    Output(String),
    Resize(u16, u16),
}

/// Columns and rows.
pub type Size = (u16, u16);

fn cast_of(size: Size, steps: &[Step]) -> String {
    let mut cast = format!("{{\"version\": 2, \"width\": {}, \"height\": {}}}\n", size.0, size.1);
    for (index, step) in steps.iter().enumerate() {
        let (code, data) = match step {
            Step::Output(text) => ("o", serde_json::to_string(text).unwrap()),
            Step::Resize(cols, rows) => ("r", format!("\"{cols}x{rows}\"")),
        };
        cast.push_str(&format!("[{index}.5, \"{code}\", {data}]\n"));
    }
    cast
}

fn steps_of(cast: &str) -> Vec<Step> {
    let steps = cast.lines().skip(1).map(|line| {
        let (_, code, data): (f64, String, String) = serde_json::from_str(line).unwrap();
        match code.as_str() {
            "o" => Step::Output(data),
            _ => {
                let (cols, rows) = data.split_once('x').unwrap();
                Step::Resize(cols.parse().unwrap(), rows.parse().unwrap())
            }
        }
    });
    steps.collect()
}

/// The rows of a screen, scrollback included, and whether each goes on in the next.
type Moment = Vec<(String, bool)>;

/// What our terminal has after each event.
fn shown_here(size: Size, steps: &[Step]) -> Vec<Moment> {
    let size_of = |(cols, rows)| common::size::Size { cols, rows };
    let mut screen = TextScreen::new(size_of(size), 1000).unwrap();
    let mut moments = Vec::new();
    for step in steps {
        match step {
            Step::Output(text) => screen.feed(text),
            Step::Resize(cols, rows) => screen.resize(size_of((*cols, *rows))).unwrap(),
        }
        let row = |row: &Row<TextCell>| {
            (row.characters().map(|(_, cell)| cell.character()).collect(), row.is_wrapped())
        };
        moments.push(screen.scrollback().chain(screen.rows()).map(row).collect());
    }
    moments
}

/// What avt has after each event.
fn shown_by_avt(size: Size, steps: &[Step]) -> Vec<Moment> {
    let mut terminal = avt::Terminal::with_scrollback(size.0.into(), size.1.into(), Some(1000)).unwrap();
    let mut parser = avt::Parser::new();
    let mut moments = Vec::new();
    for step in steps {
        match step {
            Step::Output(text) => {
                for function in text.chars().filter_map(|character| parser.feed(character)) {
                    match function {
                        // avt would move the screen to where lines are kept.
                        Function::Ed(EdScope::All) => {
                            terminal.execute([Function::Ed(EdScope::Above), Function::Ed(EdScope::Below)])
                        }
                        function => terminal.execute(function),
                    };
                }
            }
            Step::Resize(cols, rows) => terminal.resize((*cols).into(), (*rows).into()),
        }
        let row = |line: &avt::Line| {
            let cells = line.cells().iter().filter(|cell| cell.width() > 0);
            (cells.map(|cell| cell.char()).collect(), line.is_wrapped())
        };
        moments.push(terminal.screen().all_lines().map(row).collect());
    }
    moments
}

/// What stands in each column of a row; the right half of a wide character is a NUL.
fn columns(row: &str) -> impl Iterator<Item = char> {
    let halves = |character| std::iter::once(character).chain((width(character) == 2).then_some('\0'));
    row.chars().flat_map(halves)
}

/// The lines of a moment, joined where they wrap.
fn lines(rows: &[(String, bool)]) -> Vec<String> {
    let mut lines = vec![String::new()];
    for (text, is_wrapped) in rows {
        lines.last_mut().unwrap().push_str(text);
        if !is_wrapped {
            lines.push(String::new());
        }
    }
    lines
}

/// The lines of the output without its escape sequences and other controls.
fn text_of(steps: &[Step]) -> Vec<String> {
    let mut parser = avt::Parser::new();
    let mut text = String::new();
    for step in steps {
        let Step::Output(output) = step else { continue };
        // avt takes IND and NEL for line feeds.
        for character in output.replace("\x1bD", "").replace("\x1bE", "").chars() {
            match parser.feed(character) {
                Some(Function::Print(character)) => text.push(character),
                Some(Function::Cr | Function::Lf) => text.push('\n'),
                _ => {}
            }
        }
    }
    text.lines().map(str::to_string).collect()
}

/// What is found in a line, other than what consists of masks and blanks.
fn leak(line: &str, patterns: &mut Patterns) -> Option<String> {
    let mut found = Vec::new();
    patterns.find(line, &mut found);
    let texts = found.into_iter().map(|found| &line[found.range]);
    texts
        .filter(|text| text.chars().any(|character| !matches!(character, '*' | '＊' | ' ')))
        .map(str::to_string)
        .next()
}

fn output() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[abc]{1,3}",
        4 => "[abc ]{1,12}",
        2 => "[abcż界 ]{1,5}",
        2 => "\x1b\\[[0-9]?[@PX]",
        2 => "\x1b\\[[0-3]?[JK]",
        3 => "\x1b\\[[1-4]?[ABCD]",
        3 => "\x1b\\[[1-4];[1-9]H",
        1 => "\x1b\\[[1-9]?[GdELMSTb]",
        1 => "\x1b\\[(1;[2-4]|2;[34])r",
        1 => "\x1b\\[(31|0|7)m",
        1 => "\x1b\\[\\?(6|7|47|1047|1049)[hl]",
        1 => "\x1b\\[4[hl]",
        1 => "\x1b[78DEMc]",
        3 => "(\r\n|\r|\n|\t|\x08){1,2}",
        1 => "\x1b\\][02];[abc]{1,6}\x07",
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => prop::collection::vec(output(), 1..4).prop_map(|parts| Step::Output(parts.concat())),
        1 => size().prop_map(|(cols, rows)| Step::Resize(cols, rows)),
    ]
}

fn size() -> impl Strategy<Value = Size> {
    (2u16..10, 1u16..5)
}

fn sought() -> impl Strategy<Value = Vec<Sought>> {
    let texts =
        prop::sample::select(vec!["abca", "aab", "b c", "cc", "界a", "abcabc"]).prop_map(Sought::Text);
    let regexes = prop::sample::select(vec!["ab+c", "\\bab", "c[ab]{2,3}c", "a.b", "a b", "ba$"])
        .prop_map(Sought::Regex);
    prop::collection::vec(prop_oneof![3 => texts, 1 => regexes], 1..3)
}

/// A cast in a file: nothing of what is sought is shown at any time of the redacted one.
pub fn nothing_is_shown(size: Size, steps: &[Step], sought: &[Sought]) -> TestCaseResult {
    let mut patterns = patterns(sought);
    let cast = cast_of(size, steps);
    let redacted = from_file(&cast, sought);
    let redacted_steps = steps_of(&redacted);
    let here = (shown_here(size, steps), shown_here(size, &redacted_steps));
    let by_avt = (shown_by_avt(size, steps), shown_by_avt(size, &redacted_steps));
    // Where avt has another idea of what is shown, it is no judge of what is found.
    let agree = here.0 == by_avt.0;
    for (before, after) in std::iter::once(here).chain(agree.then_some(by_avt)) {
        for (index, (before, after)) in before.iter().zip(&after).enumerate() {
            let place = || format!("at {index}.5 of\n{redacted}\n{cast}");
            for line in lines(after) {
                prop_assert_eq!(leak(&line, &mut patterns), None, "in {:?} {}", line, place());
            }
            // A masked blank at the end of a line is wrapped when the width changes, a blank is not.
            let masks_blanks = sought.iter().any(|sought| match sought {
                Sought::Text(text) | Sought::Regex(text) => text.contains([' ', '.']),
            });
            if masks_blanks && steps.iter().any(|step| matches!(step, Step::Resize(..))) {
                continue;
            }
            prop_assert_eq!(before.len(), after.len(), "{}", place());
            for ((before, _), (after, _)) in before.iter().zip(after) {
                let is_mask = |character| matches!(character, '*' | '＊' | '\0');
                let is_kept = columns(before)
                    .zip(columns(after))
                    .all(|(before, after)| before == after || is_mask(after));
                prop_assert!(is_kept, "{:?} became {:?} {}", before, after, place());
            }
        }
    }
    for line in text_of(&redacted_steps) {
        prop_assert_eq!(
            leak(&line, &mut patterns),
            None,
            "in the text {:?} of\n{}\n{}",
            line,
            redacted,
            cast
        );
    }
    prop_assert_eq!(&from_file(&redacted, sought), &redacted, "of\n{}", cast);
    Ok(())
}

/// The same of a cast that comes from a pipe.
pub fn nothing_is_shown_from_a_pipe(size: Size, steps: &[Step], sought: &[Sought]) -> TestCaseResult {
    let mut patterns = patterns(sought);
    let cast = cast_of(size, steps);
    let redacted = from_pipe(&cast, sought);
    let redacted_steps = steps_of(&redacted);
    let here = (shown_here(size, steps), shown_here(size, &redacted_steps));
    let by_avt = (shown_by_avt(size, steps), shown_by_avt(size, &redacted_steps));
    let agree = here.0 == by_avt.0;
    for (_, after) in std::iter::once(here).chain(agree.then_some(by_avt)) {
        for (index, after) in after.iter().enumerate() {
            for line in lines(after) {
                prop_assert_eq!(
                    leak(&line, &mut patterns),
                    None,
                    "in {:?} at {}.5 of\n{}\n{}",
                    line,
                    index,
                    redacted,
                    cast
                );
            }
        }
    }
    for line in text_of(&redacted_steps) {
        prop_assert_eq!(
            leak(&line, &mut patterns),
            None,
            "in the text {:?} of\n{}\n{}",
            line,
            redacted,
            cast
        );
    }
    Ok(())
}

/// Whether a pipe is enough to find it. A pipe is looked at once: what was shown before a mask made a
/// match of it is not looked at again.
pub fn is_found_at_once(sought: &[Sought]) -> bool {
    !sought.iter().any(|sought| matches!(sought, Sought::Regex(regex) if regex.contains(['\\', '.', '$'])))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_shown_at_any_time(size in size(), steps in prop::collection::vec(step(), 1..25), sought in sought()) {
        nothing_is_shown(size, &steps, &sought)?;
    }

    #[test]
    fn nothing_is_shown_at_any_time_of_what_comes_from_a_pipe(size in size(), steps in prop::collection::vec(step(), 1..25), sought in sought()) {
        prop_assume!(is_found_at_once(&sought));
        nothing_is_shown_from_a_pipe(size, &steps, &sought)?;
    }
}
