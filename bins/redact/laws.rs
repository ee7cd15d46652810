//! Properties of redaction for any cast, with avt as the judge of what is shown.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{Seek, Write};
use std::ops::Range;

use avt::parser::{EdScope, Function};
use common::io::unnamed_file;
use common::screen::{Cell, Row, TextCell, TextScreen};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use crate::secrets;
use rewrite::{Job, Patterns, Sink, Source, Substitute, width};

fn mask() -> Substitute {
    Substitute::Mask('*')
}

fn job(substitute: &Substitute) -> Job {
    Job { substitute: substitute.clone(), drops_input: false, is_whole: false }
}

/// A secret to search for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Sought {
    Text(&'static str),
    Regex(&'static str),
    Secrets,
}

thread_local! {
    /// Unused patterns, by their secrets: building them takes long.
    static PATTERNS: RefCell<HashMap<Vec<Sought>, Vec<Patterns>>> = RefCell::default();

    /// The file of the last cast: creating one takes longer than most casts.
    static FILE: File = unnamed_file().unwrap();
}

fn patterns(sought: &[Sought]) -> Patterns {
    let known = PATTERNS.with_borrow_mut(|patterns| patterns.get_mut(sought)?.pop());
    known.unwrap_or_else(|| {
        let mut patterns = Patterns::default();
        for one in sought {
            match one {
                Sought::Text(text) => patterns.add_text(text, "string"),
                Sought::Regex(regex) => patterns.add_regex(regex, "regex").unwrap(),
                Sought::Secrets => secrets::add_to(&mut patterns).unwrap(),
            }
        }
        patterns.prepare().unwrap();
        patterns
    })
}

fn give_back(patterns: Patterns, sought: &[Sought]) {
    PATTERNS.with_borrow_mut(|known| match known.get_mut(sought) {
        Some(unused) => unused.push(patterns),
        None => drop(known.insert(sought.to_vec(), vec![patterns])),
    });
}

/// The number of cases is set by PROPTEST_CASES.
fn config() -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { config.cases } else { 40 };
    ProptestConfig { cases, max_shrink_iters: 4000, ..config }
}

fn from_file(cast: &str, sought: &[Sought], substitute: &Substitute) -> String {
    FILE.with(|mut file| {
        file.rewind().unwrap();
        file.set_len(0).unwrap();
        file.write_all(cast.as_bytes()).unwrap();
        file.rewind().unwrap();
        redacted(&Source::of(file, "test").unwrap(), sought, substitute)
    })
}

fn redacted(source: &Source<'_>, sought: &[Sought], substitute: &Substitute) -> String {
    let job = job(substitute);
    let (mut analysis, broken) = rewrite::analyse(source, patterns(sought), &job).unwrap();
    assert!(broken.is_none());
    let mut out = Vec::new();
    let mut sink = Sink::new(&mut out, "out");
    rewrite::write(source, &mut analysis, &job, &mut sink).unwrap();
    give_back(analysis.into_patterns(), sought);
    String::from_utf8(out).unwrap()
}

fn from_pipe(cast: &str, sought: &[Sought], substitute: &Substitute) -> String {
    let mut out = Vec::new();
    let mut sink = Sink::new(&mut out, "out");
    let (patterns, job) = (patterns(sought), job(substitute));
    let patterns = rewrite::pass_on(cast.as_bytes(), "test", patterns, &job, &mut sink, |_, _| {}).unwrap();
    give_back(patterns, sought);
    String::from_utf8(out).unwrap()
}

/// An event of a generated cast.
#[derive(Clone, Debug)]
pub enum Step {
    Output(String),
    Resize(u16, u16),
}

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

/// The rows of a screen, including the scrollback, and whether each continues in the next.
type Moment = Vec<(String, bool)>;

/// The number of rows above the screen. A search keeps as many on screens of these sizes, or more:
/// text that is rewrapped would come to stand elsewhere on terminals that keep less of it.
const SCROLLBACK: usize = 1000;

/// The contents of our terminal after each event.
fn shown_here(size: Size, steps: &[Step]) -> Vec<Moment> {
    let size_of = |(cols, rows)| common::size::Size { cols, rows };
    let mut screen = TextScreen::new(size_of(size), SCROLLBACK).unwrap();
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

/// The contents of avt after each event.
fn shown_by_avt(size: Size, steps: &[Step]) -> Vec<Moment> {
    let mut terminal =
        avt::Terminal::with_scrollback(size.0.into(), size.1.into(), Some(SCROLLBACK)).unwrap();
    let mut parser = avt::Parser::new();
    let mut moments = Vec::new();
    for step in steps {
        match step {
            Step::Output(text) => {
                for function in text.chars().filter_map(|character| parser.feed(character)) {
                    match function {
                        // avt would move the screen to the scrollback.
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

/// The character in each column of a row; the right half of a wide character is a NUL.
fn columns(row: &str) -> impl Iterator<Item = char> {
    let halves = |character| std::iter::once(character).chain((width(character) == 2).then_some('\0'));
    row.chars().filter(|&character| width(character) > 0).flat_map(halves)
}

/// The lines of a moment, with wrapped rows joined.
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

/// The lines of a moment of which a part is on a screen with this many rows.
fn lines_on_screen(rows: &[(String, bool)], height: usize) -> Vec<String> {
    let mut start = rows.len().saturating_sub(height);
    while start > 0 && rows[start - 1].1 {
        start -= 1;
    }
    lines(&rows[start..])
}

/// A match over two or more lines that look like one, because there is text at the end of the row of
/// the one and at the start of the next.
fn leak_across(rows: &[(String, bool)], sought: &[Sought], clean: &mut HashSet<String>) -> Option<String> {
    let is_text = |character: char| character != ' ';
    let continues = |row: &str, next: &str| {
        let cells: Vec<char> = columns(row).collect();
        cells.iter().rev().take(2).any(|cell| is_text(*cell)) && columns(next).take(2).any(is_text)
    };
    let mut joints = Vec::new();
    let mut joined = String::new();
    for (index, (row, is_wrapped)) in rows.iter().enumerate() {
        joined.push_str(row);
        let next = rows.get(index + 1);
        if *is_wrapped {
            continue;
        }
        if next.is_some_and(|(next, _)| continues(row, next)) {
            joints.push(joined.len());
            continue;
        }
        if !joints.is_empty()
            && let Some(leak) = leak_across_joints(&joined, &joints, sought, clean)
        {
            return Some(leak);
        }
        joints.clear();
        joined.clear();
    }
    None
}

/// Rows joined as far as each has text up to the margin and the next is indented, without the
/// indentation.
fn without_indentation(rows: &[(String, bool)]) -> Moment {
    let is_full = |row: &str| columns(row).last().is_some_and(|cell| cell != ' ');
    let is_indented = |row: &str| row.starts_with(' ') && row.contains(|character| character != ' ');
    let mut follows = false;
    let mut joined = Vec::new();
    for (index, (row, _)) in rows.iter().enumerate() {
        // A blank with a combining character is a blank as well.
        let is_blank = |character| character == ' ' || width(character) == 0;
        let text = if follows { row.trim_start_matches(is_blank) } else { row };
        follows = is_full(row) && rows.get(index + 1).is_some_and(|(next, _)| is_indented(next));
        joined.push((text.to_string(), follows));
    }
    joined
}

/// The lines of the output without escape sequences and other controls.
fn text_of(steps: &[Step]) -> Vec<String> {
    let mut parser = avt::Parser::new();
    let mut text = String::new();
    for step in steps {
        let Step::Output(output) = step else { continue };
        // avt treats IND and NEL as line feeds.
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

/// A match in a line that does not consist of masks and blanks. Most lines are shown at many moments:
/// those without a match are searched once.
fn leak(line: &str, sought: &[Sought], clean: &mut HashSet<String>) -> Option<String> {
    leak_across_joints(line, &[], sought, clean)
}

/// The same; with any joints, only a match over one of these offsets.
fn leak_across_joints(
    line: &str,
    joints: &[usize],
    sought: &[Sought],
    clean: &mut HashSet<String>,
) -> Option<String> {
    let key = if joints.is_empty() { line.to_string() } else { format!("{line}\n{joints:?}") };
    if clean.contains(&key) {
        return None;
    }
    let mut found = Vec::new();
    let mut patterns = patterns(sought);
    patterns.find(line, &mut found);
    give_back(patterns, sought);
    let is_across = |range: &Range<usize>| joints.iter().any(|at| range.start < *at && *at < range.end);
    let is_leak = |text: &&str| text.chars().any(|character| !matches!(character, '*' | '＊' | ' '));
    let found = found.into_iter().filter(|found| joints.is_empty() || is_across(&found.range));
    let leak = found.map(|found| &line[found.range]).find(is_leak);
    if leak.is_none() {
        clean.insert(key);
    }
    leak.map(str::to_string)
}

fn output() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[abc]{1,3}",
        4 => "[abc ]{1,12}",
        2 => "[abcż界 ]{1,5}",
        1 => "[ab界]?\u{301}[abc]?",
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

/// The parts of secrets, and the text around them.
fn secret_output() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[Aa0_]{1,9}",
        2 => prop::sample::select(vec![
            "password", "TOKEN", "=", ": ", "\"", "'", " ", "://", "@", "ghp_", "sk-", "-----", "BEGIN RSA PRIVATE KEY", "mysql ", "-p", "eyJ", ".",
            "password=hunter2", "ghp_0123456789abcdefghijABCDEFGHIJ012345", "https://me:hunter2@x", "Bearer ", "Authorization: ", "$", "<",
        ]).prop_map(str::to_string),
        1 => "\x1b\\[[1-9]?[ABCDPK@X]",
        1 => "\x1b\\[[1-4];[1-9]?[0-9]H",
        1 => "\x1b\\[(31|0)m",
        1 => "\x1b\\[\\?1049[hl]",
        1 => "\x1b\\[[1-3]?[LMST]",
        1 => "\x1b[DEM78]",
        3 => "(\r\n|\r|\x08){1,2}",
    ]
}

fn secret_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => prop::collection::vec(secret_output(), 1..4).prop_map(|parts| Step::Output(parts.concat())),
        1 => (10u16..70, 1u16..5).prop_map(|(cols, rows)| Step::Resize(cols, rows)),
    ]
}

/// The moments at which something is shown: those without a further event at the same time.
fn is_moment(cast: &str, index: usize) -> bool {
    let time = |index: usize| {
        let line = cast.lines().nth(index + 1)?;
        line.trim_start_matches('[').split(',').next()?.parse::<f64>().ok()
    };
    time(index) != time(index + 1)
}

/// Returns whether masks may move text: a masked blank at the end of a line is rewrapped when the
/// width changes, a blank is not. In a pipe, that may bring together what was apart.
fn may_move(steps: &[Step], sought: &[Sought]) -> bool {
    let masks_blanks = sought.iter().any(|sought| match sought {
        Sought::Text(text) | Sought::Regex(text) => text.contains([' ', '.']),
        Sought::Secrets => true,
    });
    masks_blanks && steps.iter().any(|step| matches!(step, Step::Resize(..)))
}

/// Returns whether every character is as before, or masked.
fn are_kept(before: &Moment, after: &Moment) -> bool {
    let is_mask = |character| matches!(character, '*' | '＊' | '\0');
    before.len() == after.len()
        && before.iter().zip(after).all(|((before, _), (after, _))| {
            columns(before).zip(columns(after)).all(|(before, after)| before == after || is_mask(after))
        })
}

/// Asks our terminal and avt for their views of a cast before and after. Where they show anything
/// else at any time, also within an event, the difference is theirs, and avt is no judge.
fn judged_by_both(
    size: Size,
    steps: &[Step],
    redacted: &[Step],
    mut judge: impl FnMut(&[Moment], &[Moment]) -> TestCaseResult,
) -> TestCaseResult {
    let before = shown_here(size, steps);
    judge(&before, &shown_here(size, redacted))?;
    let by_avt = shown_by_avt(size, steps);
    if before != by_avt {
        return Ok(());
    }
    let agree = |steps: &[Step]| {
        let steps = character_by_character(steps);
        shown_here(size, &steps) == shown_by_avt(size, &steps)
    };
    let verdict = judge(&by_avt, &shown_by_avt(size, redacted));
    // That takes long, and is rarely needed.
    if verdict.is_err() && agree(steps) && agree(redacted) { verdict } else { Ok(()) }
}

/// Every character of the output as a step.
fn character_by_character(steps: &[Step]) -> Vec<Step> {
    let each = |step: &Step| match step {
        Step::Output(text) => text.chars().map(|one| Step::Output(one.to_string())).collect(),
        Step::Resize(cols, rows) => vec![Step::Resize(*cols, *rows)],
    };
    steps.iter().flat_map(each).collect()
}

/// The output without escape sequences contains no secret. `place` names the cast.
fn nothing_is_in_the_text(
    steps: &[Step],
    sought: &[Sought],
    clean: &mut HashSet<String>,
    place: &str,
) -> TestCaseResult {
    for line in text_of(steps) {
        prop_assert_eq!(leak(&line, sought, clean), None, "in the text {:?} {}", line, place);
    }
    Ok(())
}

/// A cast in a file: the redacted cast shows no secret at any time.
pub fn nothing_is_shown(size: Size, steps: &[Step], sought: &[Sought]) -> TestCaseResult {
    let mut clean = HashSet::new();
    let cast = cast_of(size, steps);
    let redacted = from_file(&cast, sought, &mask());
    let redacted_steps = steps_of(&redacted);
    let may_move = may_move(steps, sought);
    judged_by_both(size, steps, &redacted_steps, |before, after| {
        for (index, (before, after)) in before.iter().zip(after).enumerate() {
            let place = || format!("at {index}.5 of\n{redacted}\n{cast}");
            for line in lines(after) {
                prop_assert_eq!(leak(&line, sought, &mut clean), None, "in {:?} {}", line, place());
            }
            prop_assert_eq!(leak_across(after, sought, &mut clean), None, "across rows {}", place());
            prop_assert!(may_move || are_kept(before, after), "{:?} became {:?} {}", before, after, place());
        }
        Ok(())
    })?;
    nothing_is_in_the_text(&redacted_steps, sought, &mut clean, &format!("of\n{redacted}\n{cast}"))?;
    // Without a change, that was the same cast.
    if redacted != cast {
        prop_assert_eq!(&from_file(&redacted, sought, &mask()), &redacted, "of\n{}", cast);
    }
    let mut has_any = || is_in_cast(size, steps, sought, &mut clean);
    prop_assert!(redacted == cast || has_any(), "nothing is found in\n{}\n{}", cast, redacted);
    Ok(())
}

/// Returns whether a secret is shown at any time, or is in the stream.
fn is_in_cast(size: Size, steps: &[Step], sought: &[Sought], clean: &mut HashSet<String>) -> bool {
    let titles = steps.iter().filter_map(|step| match step {
        Step::Output(text) => Some(text.replace("\x1b]", "\n").replace('\x07', "\n")),
        Step::Resize(..) => None,
    });
    let titles = titles.collect::<String>().lines().map(str::to_string).collect::<Vec<_>>();
    // Text may be shown and erased again within an event.
    let moments = shown_here(size, &character_by_character(steps));
    let mut is_shown = |moment: &Moment| {
        let indented = without_indentation(moment);
        lines(moment).iter().any(|line| leak(line, sought, clean).is_some())
            || leak_across(moment, sought, clean).is_some()
            || lines(&indented).iter().any(|line| leak(line, sought, clean).is_some())
    };
    moments.iter().any(&mut is_shown)
        || text_of(steps).iter().chain(&titles).any(|line| leak(line, sought, clean).is_some())
}

/// The same for a cast from a pipe.
pub fn nothing_is_shown_from_a_pipe(size: Size, steps: &[Step], sought: &[Sought]) -> TestCaseResult {
    let mut clean = HashSet::new();
    let cast = cast_of(size, steps);
    let redacted = from_pipe(&cast, sought, &mask());
    let redacted_steps = steps_of(&redacted);
    let may_move = may_move(steps, sought);
    judged_by_both(size, steps, &redacted_steps, |before, after| {
        let mut is_moved = false;
        for (index, after) in after.iter().enumerate().filter(|(index, _)| is_moment(&redacted, *index)) {
            // Covers are further events.
            is_moved |= may_move && !before.iter().any(|before| are_kept(before, after));
            if is_moved {
                break;
            }
            // What follows a text may be erased when it has been passed on and has left the screen.
            let depends_on_the_rest = sought.iter().any(|sought| matches!(sought, Sought::Regex("ba$")));
            let height = redacted_steps[..=index].iter().rev().find_map(|step| match step {
                Step::Resize(_, rows) => Some(*rows),
                Step::Output(_) => None,
            });
            let seen = match depends_on_the_rest {
                true => lines_on_screen(after, height.unwrap_or(size.1).into()),
                false => lines(after),
            };
            for line in seen {
                prop_assert_eq!(
                    leak(&line, sought, &mut clean),
                    None,
                    "in {:?} at {} of\n{}\n{}",
                    line,
                    index,
                    redacted,
                    cast
                );
            }
        }
        Ok(())
    })?;
    nothing_is_in_the_text(&redacted_steps, sought, &mut clean, &format!("of\n{redacted}\n{cast}"))?;
    Ok(())
}

/// A text replaced by another one, which has no letter of it: it is never shown, every other
/// character is as before, and so is every width.
pub fn nothing_else_is_replaced(size: Size, steps: &[Step], text: &'static str, new: &str) -> TestCaseResult {
    let mut clean = HashSet::new();
    let cast = cast_of(size, steps);
    let sought = [Sought::Text(text)];
    let replaced = from_file(&cast, &sought, &Substitute::Texts(vec![new.to_string()]));
    let before = shown_here(size, steps);
    let after = shown_here(size, &steps_of(&replaced));
    for (index, (before, after)) in before.iter().zip(&after).enumerate() {
        let place = || format!("at {index}.5 of\n{replaced}\n{cast}");
        for line in lines(after) {
            prop_assert_eq!(leak(&line, &sought, &mut clean), None, "in {:?} {}", line, place());
        }
        // Blanks at the end of a line are not rewrapped.
        if new.len() < text.len() && steps.iter().any(|step| matches!(step, Step::Resize(..))) {
            continue;
        }
        prop_assert_eq!(before.len(), after.len(), "{}", place());
        for ((before, was_wrapped), (after, is_wrapped)) in before.iter().zip(after) {
            prop_assert_eq!(columns(before).count(), columns(after).count(), "{}", place());
            prop_assert_eq!(was_wrapped, is_wrapped, "{}", place());
            let is_new = |character| new.contains(character) || matches!(character, ' ' | '\u{3000}' | '\0');
            let is_kept = columns(before).zip(columns(after)).all(|(before, after)| {
                before == after || (text.contains(before) || before == '\0') && is_new(after)
            });
            prop_assert!(is_kept, "{:?} became {:?} {}", before, after, place());
        }
    }
    let mut has_any = || is_in_cast(size, steps, &sought, &mut clean);
    prop_assert!(replaced == cast || has_any(), "nothing is found in\n{}\n{}", cast, replaced);
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_replaced_text_is_not_shown_at_any_time_and_all_else_is_as_before(
        size in size(), steps in prop::collection::vec(step(), 1..25),
        text in prop::sample::select(vec!["abca", "aab", "cc", "ab", "abcabc"]), new in "[XY]{0,7}",
    ) {
        nothing_else_is_replaced(size, &steps, text, &new)?;
    }

    #[test]
    fn no_secret_is_shown_at_any_time(size in size(), steps in prop::collection::vec(step(), 1..25), sought in sought()) {
        nothing_is_shown(size, &steps, &sought)?;
    }

    #[test]
    fn no_secret_from_a_pipe_is_shown_at_any_time(
        size in size(), steps in prop::collection::vec(step(), 1..25), sought in sought(),
    ) {
        nothing_is_shown_from_a_pipe(size, &steps, &sought)?;
    }

    #[test]
    fn known_kinds_of_secrets_are_shown_at_no_time(
        size in (10u16..70, 1u16..5), steps in prop::collection::vec(secret_step(), 1..20),
    ) {
        nothing_is_shown(size, &steps, &[Sought::Secrets])?;
    }

    #[test]
    fn known_kinds_of_secrets_are_shown_at_no_time_of_what_comes_from_a_pipe(
        size in (10u16..70, 1u16..5), steps in prop::collection::vec(secret_step(), 1..20),
    ) {
        nothing_is_shown_from_a_pipe(size, &steps, &[Sought::Secrets])?;
    }
}

#[test]
fn combining_characters_on_blanks_are_a_part_of_an_indentation() {
    let output = |text: &str| Step::Output(text.to_string());
    let steps = ["aa", "\x1b[Cc ", "\x1b[@", "\u{301}c", "a"].map(output);
    nothing_is_shown((4, 4), &steps, &[Sought::Text("cc")]).unwrap();
    let steps = [Step::Resize(6, 1), output("\t"), output("a "), output("\u{301}b")];
    nothing_is_shown((2, 1), &steps, &[Sought::Regex("\\bab")]).unwrap();
}
