//! asciinema-check.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{Live, Scratch, cast, run};

const V2: &str = "{\"version\": 2, \"width\": 80, \"height\": 24}\n";
const V3: &str = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n";

/// The findings for a cast on standard input, and the exit status.
fn report(cast: impl AsRef<[u8]>) -> (String, i32) {
    let ran = run("asciinema-check", cast);
    assert_eq!(ran.stderr(), "", "{ran}");
    (ran.stdout_anyhow(), ran.status())
}

#[test]
fn a_valid_cast_of_any_version_has_no_findings_and_status_0() {
    let v2 = cast(&[(0.5, "a\u{1b}[1mż\r\n"), (0.5, ""), (2.0, "😀")]);
    let events = "[1, \"i\", \"\\u001b\"]\r\n[2.25e0, \"m\", \"\"]\n[3, \"r\", \"90x30\"]\n[4, \"x\", \"0\"]";
    let v1 = run("asciinema-convert -f asciicast-v1", &v2).stdout();
    let theme = "{\"fg\": \"#ffffff\", \"bg\": \"#000000\", \"palette\": \"#000000:#000000:#000000:#000000:#000000:#000000:#000000:#000000\"}";
    let rich = format!(
        "{{\"version\": 2, \"width\": 80, \"height\": 24, \"timestamp\": 1.5, \"title\": null, \"env\": {{\"SHELL\": \"sh\"}}, \"theme\": {theme}, \"x\": []}}\n[0, \"o\", \"a\"]\n\n"
    );
    for sound in [
        v2.clone(),
        format!("{V2}{events}"),
        format!("{V3}# comment\n\n{events}\n"),
        V3.to_string(),
        v1,
        rich,
    ] {
        assert_eq!(report(&sound), (String::new(), 0), "{sound}");
        assert_eq!(run("asciinema-check --strict", &sound).status(), 0, "{sound}");
    }
    assert_eq!(run("asciinema-check --repair", &v2).stdout(), v2);
}

#[test]
fn every_fault_is_reported_with_its_line() {
    let (text, status) = report(format!(
        "{V2}[1.0, \"o\", \"a\"]\nhello\n[0.75, \"o\", \"b\"]\n# comment\n[2, \"o\", 5]\n[2, \"r\", \"80\"]\n[3, \"o\", \"\\ud800\"]\n[3, \"o\", \"\t\"]\n[3, \"o\", \"\\q\"]\n \n[3, 1, \"\"]\n[-3, \"o\", \"\"]\n[4, \"o\", \"cut o"
    ));
    assert_eq!(
        text,
        "stdin: line 3: expected an event, [time, code, data], found 'hello'\n\
         stdin: line 4: the time steps back by 0.25 s\n\
         stdin: line 5: a comment, which only v3 allows\n\
         stdin: line 6: expected text as the data of code 'o', found '5'\n\
         stdin: line 7: not a size like 80x24: '\"80\"'\n\
         stdin: line 8: half of a surrogate pair\n\
         stdin: line 9: a control character that is not escaped: '\\t'\n\
         stdin: line 10: not an escape sequence of JSON: '\\q\"'\n\
         stdin: line 11: a line of white space\n\
         stdin: line 12: expected an event code like \"o\", found '1'\n\
         stdin: line 13: the time is negative: '-3'\n\
         stdin: line 14: the line is cut off\n"
    );
    assert_eq!(status, 1);
}

#[test]
fn bytes_that_are_not_utf8_are_a_fault() {
    let bad = [V2.as_bytes(), b"[1, \"o\", \"a\xff\"]\n"].concat();
    assert_eq!(report(bad), ("stdin: line 2: not valid UTF-8: '\u{fffd}\"'\n".to_string(), 1));
}

#[test]
fn the_first_lines_of_v2_meet_the_servers_rules() {
    for (text, expected) in [
        (V2.to_string(), "stdin: line 1: no events\n"),
        (format!(" {V2}[1, \"o\", \"\"]\n"), "stdin: line 1: white space before the header\n"),
        (format!("{V2} [1, \"o\", \"\"]\n"), "stdin: line 2: white space before the first event\n"),
        (format!("{V2}\n[1, \"o\", \"\"]\n"), "stdin: line 2: a blank line before the first event\n"),
        (String::new(), "stdin: line 1: the input is empty\n"),
        ("hello\n".to_string(), "stdin: line 1: expected the header of an asciicast, found 'hello'\n"),
    ] {
        assert_eq!(report(&text), (expected.to_string(), 1), "{text}");
    }
}

#[test]
fn header_values_of_the_wrong_type_are_faults() {
    let of = |entry: &str| {
        report(format!("{{\"version\": 2, \"width\": 80, \"height\": 24, {entry}}}\n[1, \"o\", \"\"]\n"))
    };
    for (entry, what) in [
        ("\"title\": 5", "'title' in the header is not a string: '5'"),
        ("\"timestamp\": \"now\"", "'timestamp' in the header is not a number: '\"now\"'"),
        ("\"env\": {\"A\": 1}", "'env' in the header is not an object of strings: '{\"A\": 1}'"),
        ("\"theme\": {\"fg\": \"red\"}", "'theme' in the header is not a theme: '{\"fg\": \"red\"}'"),
    ] {
        assert_eq!(of(entry), (format!("stdin: line 1: {what}\n"), 1));
    }
    let flat = report("{\"version\": 2, \"width\": 0, \"height\": 24}\n[1, \"o\", \"\"]\n");
    assert_eq!(flat, ("stdin: line 1: a terminal of 0x24 has no cells\n".to_string(), 1));
    let term = V3.replace("24}", "24,\"theme\":1}");
    let what =
        "'term' in the header is not a valid description of a terminal: '{\"cols\":80,\"rows\":24,\"th…'";
    assert_eq!(report(term), (format!("stdin: line 1: {what}\n"), 1));
}

/// One cast for each rule of the format, each with a single line that breaks it.
#[test]
fn each_rule_of_the_format_is_checked() {
    let headers = [
        r#"{"width": 80, "height": 24}"#,
        r#"{"version": 4, "width": 80, "height": 24}"#,
        r#"{"version": "2", "width": 80, "height": 24}"#,
        r#"{"version": 2, "height": 24}"#,
        r#"{"version": 2, "width": 80}"#,
        r#"{"version": 2, "width": "80", "height": 24}"#,
        r#"{"version": 2, "width": -80, "height": 24}"#,
        r#"{"version": 2, "width": 80.5, "height": 24}"#,
        r#"{"version": 2, "width": 100000, "height": 24}"#,
        r#"{"version": 2, "width": 80, "height": 0}"#,
        "[2]",
        r#"{"version": 2, "width": 80,"#,
        r#"{"version": 2, "width": 80, "height": 24} x"#,
        "\u{feff}{\"version\": 2, \"width\": 80, \"height\": 24}",
        r#"{"version":3}"#,
        r#"{"version":3,"term":{"cols":80}}"#,
        r#"{"version":3,"term":{"cols":"80","rows":24}}"#,
        r#"{"version":3,"term":[80,24]}"#,
        r#"{"version": 2, "width": 80, "height": 24, "idle_time_limit": "2"}"#,
        r#"{"version": 2, "width": 80, "height": 24, "timestamp": "x"}"#,
        r#"{"version": 2, "width": 80, "height": 24, "command": 1}"#,
        r#"{"version": 2, "width": 80, "height": 24, "title": []}"#,
        r#"{"version": 2, "width": 80, "height": 24, "env": []}"#,
        r#"{"version": 2, "width": 80, "height": 24, "env": {"A": 1}}"#,
        r#"{"version": 2, "width": 80, "height": 24, "theme": []}"#,
        r##"{"version": 2, "width": 80, "height": 24, "theme": {"fg": "red", "bg": "#000000", "palette": "#000000:#000000:#000000:#000000:#000000:#000000:#000000:#000000"}}"##,
        r##"{"version": 2, "width": 80, "height": 24, "theme": {"fg": "#000000", "bg": "#000000", "palette": "#000000:#000000:#000000:#000000:#000000:#000000:#000000"}}"##,
        r##"{"version": 2, "width": 80, "height": 24, "theme": {"fg": "#000000", "bg": "#000000", "palette": "#000000:#000000:#000000:#000000:#000000:#000000:#000000:#000000:#000000"}}"##,
        r#"{"version":3,"term":{"cols":80,"rows":24},"tags": "a"}"#,
        r#"{"version":3,"term":{"cols":80,"rows":24},"tags": [1]}"#,
        r#"{"version":3,"term":{"cols":80,"rows":24,"theme":{"fg":"x"}}}"#,
        r#"{"version":3,"term":{"cols":80,"rows":24,"type":1}}"#,
    ];
    let documents = [
        "# x\n{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n[1, \"o\", \"a\"]",
        r#"{"version": 1, "width": 80, "height": 24}"#,
        r#"{"version": 1, "width": 80, "height": 24, "stdout": "x"}"#,
        r#"{"version": 1, "width": 80, "height": 24, "stdout": [[1, "a", 1]]}"#,
        r#"{"version": 1, "width": 80, "height": 24, "stdout": [[-1, "a"]]}"#,
        r#"{"version": 1, "width": 80, "height": 24, "stdout": [[1, "a"]]} x"#,
        r#"{"version": 1, "width": 80, "height": 24, "stdout": [[1, "a"]"#,
        r#"{"version": 1, "height": 24, "stdout": [[1, "a"]]}"#,
        r#"{"version": 1, "width": 80, "height": 24, "stdout": [[1, 2]]}"#,
    ];
    let events = [
        (V2, "{}"),
        (V2, r#"[1, "o"]"#),
        (V2, r#"[1, "o", "a", 1]"#),
        (V2, r#""o""#),
        (V2, r#"["1", "o", "a"]"#),
        (V2, r#"[null, "o", "a"]"#),
        (V2, r#"[-1, "o", "a"]"#),
        (V3, r#"[-0.5, "o", "a"]"#),
        (V2, r#"[01, "o", "a"]"#),
        (V2, r#"[+1, "o", "a"]"#),
        (V2, r#"[1., "o", "a"]"#),
        (V2, r#"[.5, "o", "a"]"#),
        (V2, r#"[NaN, "o", "a"]"#),
        (V2, r#"[1e400, "o", "a"]"#),
        (V2, r#"[2, 1, "a"]"#),
        (V2, r#"[2, "", "a"]"#),
        (V2, r#"[2, null, "a"]"#),
        (V2, r#"[2, "o", 1]"#),
        (V2, r#"[2, "i", null]"#),
        (V2, r#"[2, "m", 1]"#),
        (V2, r#"[2, "r", "80"]"#),
        (V2, r#"[2, "r", "0x0"]"#),
        (V2, r#"[2, "r", 80]"#),
        (V3, r#"[1, "x", 0]"#),
        (V2, r#"[2, "r", "-80x24"]"#),
        (V2, r#"[2, "o", "\x41"]"#),
        (V2, r#"[2, "o", "\u12g4"]"#),
        (V2, r#"[2, "o", "\udc00"]"#),
        (V2, r#"[2, "o", "a"] x"#),
        (V2, r#"[2, "o", "a",]"#),
        (V2, r#"[2, "o", "a"][3, "o", "b"]"#),
        (V2, "[2, 'o', 'a']"),
        (V2, "# x"),
        (V2, "  "),
        (V2, r#"[2, "o", "a"#),
        (V2, r#"[2, "o""#),
        (V2, r#"{"version": 2, "width": 80, "height": 24}"#),
    ];
    let headers = headers.map(|header| (1, format!("{header}\n[1, \"o\", \"a\"]\n")));
    let documents = documents.map(|document| (1, document.to_string()));
    let events = events.map(|(header, event)| (3, format!("{header}[1, \"o\", \"a\"]\n{event}")));
    for (line, cast) in headers.into_iter().chain(documents).chain(events) {
        let (text, status) = report(&cast);
        assert!(
            text.starts_with(&format!("stdin: line {line}: ")) && !text.contains("warning"),
            "{cast}\n{text}"
        );
        assert_eq!((text.lines().count(), status), (1, 1), "{cast}\n{text}");
    }
}

#[test]
fn oddities_are_warnings_unless_strict() {
    let odd = format!(
        "{}[0.5, \"zz\", 1]\n[0.5, \"x\", \"none\"]\n[0.5, \"o\", \"\"]\n",
        V3.replace("24}}", "400},\"env\":{\"path\":null},\"idle_time_limit\":0.25,\"x\":1,\"x\":2}")
    );
    let warnings = [
        "1: warning: a terminal of 80x400 is larger than 720x200, the largest that asciinema-server accepts",
        "1: warning: duplicate key 'x' in the header",
        "1: warning: asciinema-server rejects 'path: null' in env",
        "1: warning: asciinema-server rejects an idle time limit below 0.5: 0.25",
        "2: warning: an unknown event code: \"zz\"",
        "3: warning: the exit status is not a number: '\"none\"'",
        "4: warning: an event after the exit status",
    ]
    .map(|what| format!("stdin: line {what}\n"))
    .concat();
    assert_eq!(report(&odd), (warnings.clone(), 0));
    let strict = run("asciinema-check --strict", &odd);
    assert_eq!(strict.failure(), (1, warnings.replace("warning: ", ""), String::new()));
}

#[test]
fn json_output_has_one_line_per_finding() {
    let scratch = Scratch::new();
    scratch.write("a.cast", format!("{V2}[1, \"zz\", \"\"]\n[0, \"o\", \"\"]\n"));
    let ran = scratch.run("asciinema-check --json a.cast", "");
    let lines: Vec<Value> =
        ran.stdout_anyhow().lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(
        lines,
        [
            json!({"file": "a.cast", "line": 2, "level": "warning", "what": "an unknown event code: \"zz\""}),
            json!({"file": "a.cast", "line": 3, "level": "fault", "what": "the time steps back by 1 s"}),
        ]
    );
    assert_eq!(ran.status(), 1);
}

#[test]
fn several_files_are_named_and_a_missing_one_does_not_stop_the_others() {
    let scratch = Scratch::new();
    scratch.write("good.cast", cast(&[(1.0, "a")]));
    scratch.write("bad.cast", format!("{V2}x\n"));
    let ran = scratch.run("asciinema-check good.cast gone.cast bad.cast", "");
    let line =
        "bad.cast: line 2: expected an event, [time, code, data], found 'x'\nbad.cast: line 1: no events\n";
    assert_eq!(
        ran.failure(),
        (1, line.to_string(), "asciinema-check: gone.cast: No such file or directory\n".to_string())
    );
}

#[test]
fn a_repair_keeps_everything_possible_and_counts_the_rest() {
    let scratch = Scratch::new();
    let good = "[1.0, \"o\" , \"a\"]\r\n";
    let damaged = format!(
        " {{\"version\": 2, \"width\": 80, \"height\": 24, \"title\": 5, \"x\": 1}}\n\n {good}hello\n[0.75, \"o\", \"b\"]\n# no\n[2, \"o\", \"\\ud800\t\"]\n[2, \"r\", \"80\"]\n[3, \"zz\", [1]]\n[4, \"o\", \"cut o"
    );
    scratch.write("a.cast", damaged);
    let ran = scratch.run("asciinema-check --repair a.cast -o a.cast", "");
    let notice =
        "asciinema-check: a.cast: 5 lines dropped, 1 time raised, 1 text rewritten, 1 header key removed\n";
    assert_eq!(ran.failure(), (0, String::new(), notice.to_string()));
    assert_eq!(
        scratch.read("a.cast"),
        format!(
            "{{\"version\": 2, \"width\": 80, \"height\": 24, \"x\": 1}}\n{good}[1.000000, \"o\", \"b\"]\n[2.000000, \"o\", \"\u{fffd}\\t\"]\n[3, \"zz\", [1]]\n"
        )
    );
}

#[test]
fn a_repair_without_a_header_leaves_the_output_alone() {
    let scratch = Scratch::new();
    scratch.write("a.cast", "hello\n");
    let ran = scratch.run("asciinema-check --repair a.cast -o a.cast", "");
    let message = "asciinema-check: a.cast: line 1: expected the header of an asciicast, found 'hello'\n";
    assert_eq!(ran.failure(), (1, String::new(), message.to_string()));
    assert_eq!((scratch.read("a.cast").as_str(), scratch.files()), ("hello\n", vec!["a.cast".to_string()]));
}

#[test]
fn a_damaged_v1_document_is_repaired_as_v2() {
    let document = "{\"version\": 1, \"width\": 80, \"height\": 24, \"stdout\": [\n[1, \"a\"],\n[\"x\", \"b\"],\n[0.5, \"c\"],\n[1, \"cut";
    assert_eq!(
        report(document),
        (
            "stdin: line 3: expected a number of seconds, found '\"x\"'\nstdin: line 5: the line is cut off\n".to_string(),
            1
        )
    );
    let repaired = run("asciinema-check --repair", document).stdout_anyhow();
    assert_eq!(repaired, format!("{V2}[1.000000, \"o\", \"a\"]\n[1.500000, \"o\", \"c\"]\n"));
}

#[test]
fn a_finding_is_reported_while_the_pipe_stays_open() {
    let mut live = Live::start("asciinema-check");
    live.write(&format!("{V2}[1, \"o\", \"\"]\nhello\n"));
    live.wait_for("found 'hello'\n");
    live.write("[0, \"o\", \"\"]\n");
    live.wait_for("steps back by 1 s\n");
    assert_eq!(live.finish(), 1);
}

#[test]
fn options_for_checking_and_repairing_are_mutually_exclusive() {
    for line in ["--repair --json", "--repair --strict", "--repair a b", "-o out"] {
        assert_eq!(run(&format!("asciinema-check {line}"), "").status(), 2, "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_repaired_cast_has_no_faults_and_is_not_repaired_again(
        is_v3 in any::<bool>(), cut in 0usize..30,
        lines in prop::collection::vec(prop::sample::select(vec![
            "[1, \"o\", \"a\"]\n", " [0.5, \"o\", \"\\u001b\"]\r\n", "[3, \"r\", \"80x24\"]\n", "[3, \"r\", \"x\"]\n", "\n", " \n",
            "# comment\n", "hello\n", "[2, \"o\", \"\\ud800\"]\n", "[2, \"i\", \"\t\"]\n", "[2, \"o\", \"\\q\"]\n", "[1, \"zz\", {}]\n",
            "[1, \"x\", \"a\"]\n", "[1, \"\", \"\\ud800\"]\n", "[1, 2, 3]\n", "[-1, \"o\", \"\"]\n", "{}\n", "[1, \"m\"\n",
        ]), 0..20),
    ) {
        let mut text = format!("{}[0, \"o\", \"first\"]\n{}", if is_v3 { V3 } else { V2 }, lines.concat());
        text.truncate(text.len().saturating_sub(cut).max(60));
        let repaired = run("asciinema-check --repair", &text).stdout_anyhow();
        let (report, status) = report(&repaired);
        prop_assert_eq!(status, 0, "{}: {}", repaired, report);
        let again = run("asciinema-check --repair", &repaired);
        prop_assert_eq!(again.stdout(), repaired);
    }
}
