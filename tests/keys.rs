//! asciinema-keys.

use proptest::prelude::*;

use crate::harness::{cases, cast, json, run, screen_of, text_of};

/// The keys shown at the right of the last row after each event, once for each change.
fn shown(events: &[(f64, &str, &str)]) -> Vec<String> {
    let mut typed = cast(&[]).replacen("80", "300", 1).replacen("24", "3", 1);
    for (time, code, text) in events {
        typed += &format!("[{time}, \"{code}\", {}]\n", json(text));
    }
    let with_keys = run("asciinema-keys", &typed).stdout();
    for code in ["i", "r", "m"] {
        assert_eq!(text_of(&with_keys, code), text_of(&typed, code));
    }
    let mut shown = Vec::new();
    let mut so_far = String::new();
    for line in with_keys.split_inclusive('\n') {
        so_far += line;
        let last = screen_of(&so_far).rows().pop().expect("a row").trim().to_string();
        if shown.last() != Some(&last) && !(shown.is_empty() && last.is_empty()) {
            shown.push(last);
        }
    }
    shown
}

#[test]
fn text_is_joined_and_other_keys_have_names() {
    let typed = [
        (1.0, "i", "l"),
        (1.01, "o", "l"),
        (1.2, "i", "s"),
        (1.21, "o", "s"),
        (1.4, "i", "\r"),
        (1.41, "o", "\r\n"),
        (1.6, "i", " "),
        (1.61, "o", " "),
        (1.7, "i", "\u{1b}[A"),
        (1.8, "i", "\u{3}"),
        (1.9, "i", "a"),
        (1.91, "o", "a"),
        (2.0, "i", " "),
        (2.01, "o", " "),
        (2.1, "i", "b"),
        (2.11, "o", "b"),
        (9.0, "o", ""),
    ];
    let expected =
        ["l", "ls", "ls Enter", "Space", "Space Up", "Space Up ^C", "Space Up ^C a", "Space Up ^C a b", ""];
    // A trailing blank is not visible in the text.
    assert_eq!(shown(&typed), expected);
}

#[test]
fn every_key_has_a_name() {
    let keys = "\u{1b}OB\u{1b}[1;5C\u{1b}[D\u{1b}[H\u{1b}[4~\u{1b}[3~\u{1b}[5~\u{1b}[6;2~\u{1b}[15~\u{1b}[Z\u{1b}OP\t\u{7f}\0\u{1c}\u{1b}";
    let names = "Down Ctrl+Right Left Home End Delete PageUp Shift+PageDown F5 Shift+Tab F1 Tab Backspace ^Space ^\\ Escape";
    assert_eq!(shown(&[(1.0, "i", keys), (3.0, "o", "")]), [names, ""]);
}

#[test]
fn a_character_without_a_response_is_a_dot() {
    let password = [
        (1.0, "i", "h"),
        (1.1, "i", "i"),
        (1.6, "i", "\r"),
        (1.61, "o", "\r\n"),
        // All at once, from a password manager.
        (4.0, "i", "secret\r"),
        (4.01, "o", "\r\n"),
        (6.0, "i", "z"),
        (6.01, "o", "*"),
        (8.0, "i", "pasted text"),
        (8.01, "o", "\u{1b}[7mpasted"),
        (8.02, "o", " text\u{1b}[m"),
        (9.5, "o", ""),
    ];
    let shown = shown(&password);
    assert!(
        !shown.iter().any(|text| text.contains("secret") || text.contains('h') || text.contains('z')),
        "{shown:?}"
    );
    assert!(
        shown.contains(&"•• Enter".to_string()) && shown.contains(&"•••••• Enter".to_string()),
        "{shown:?}"
    );
    assert!(shown.iter().any(|text| text.ends_with("pasted text")), "{shown:?}");
}

#[test]
fn kitty_keyboard_and_mouse_input_show_no_secrets() {
    let typed = [
        (1.0, "i", "\u{1b}[104u"),
        (1.5, "i", "\u{1b}[<0;1;1M\u{1b}[I"),
        (1.8, "i", "\u{1b}[99;5u\u{1b}[97;3u\u{1b}b"),
        (9.0, "o", ""),
    ];
    assert_eq!(shown(&typed), ["•", "• ^C Alt+a Alt+b", ""]);
}

#[test]
fn only_the_last_of_many_keys_are_shown() {
    let text = "0123456789".repeat(20);
    let shown = shown(&[(1.0, "i", &text), (1.1, "o", &text), (3.0, "o", "\u{1b}[H\u{1b}[J")]);
    // Half of the row, followed by a blank.
    assert!(shown.contains(&text[51..].to_string()), "{shown:?}");
}

#[test]
fn a_cast_without_input_is_copied() {
    let plain = cast(&[(1.0, "a"), (2.0, "b")]).replacen("24", "24, \"duration\": 2", 1);
    assert_eq!(run("asciinema-keys", &plain).stdout(), plain);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(24), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_final_screen_is_the_same_as_without_keys(steps in prop::collection::vec((0u32..600, "[a-z \r\u{1b}\\[A]{1,3}", "([a-z界]{0,9}|\u{1b}\\[[2-9];[3-9]H|\r\n\r\n|\u{1b}\\[[0-3]?[JKLM]){0,2}"), 1..30)) {
        let mut typed = cast(&[]).replacen("80", "14", 1).replacen("24", "6", 1);
        let mut millis = 0;
        for (step, input, output) in &steps {
            millis += step;
            let time = f64::from(millis) / 1e3;
            typed += &format!("[{time:.3}, \"i\", {}]\n[{time:.3}, \"o\", {}]\n", json(input), json(output));
        }
        let with_keys = run("asciinema-keys --for 0.4", &typed).stdout();
        prop_assert_eq!(screen_of(&with_keys), screen_of(&typed));
        prop_assert_eq!(text_of(&with_keys, "i"), text_of(&typed, "i"));
    }
}
