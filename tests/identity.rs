//! Filters copy everything they have no reason to change byte for byte, however oddly it is
//! written.

use proptest::prelude::*;

use crate::harness::run;

/// White space that JSON allows between tokens.
fn space() -> impl Strategy<Value = String> {
    "[ \t]{0,2}"
}

/// A JSON string with every kind of escape, and characters that need none.
fn string() -> impl Strategy<Value = String> {
    r#""([a-z \]\[,#ż😀]|\\["\\/bfnrt]|\\u00[01][0-9a-fA-F]|\\u[0-9a-fA-F]{4}|\\ud83d\\ude00){0,8}""#
}

/// The number at the front of an event, in steps that never go back when added up.
fn number(step: u32, sum: u32, is_v3: bool) -> impl Strategy<Value = String> {
    let milliseconds = if is_v3 { step } else { sum };
    let plain = f64::from(milliseconds) / 1000.0;
    prop_oneof![
        Just(format!("{plain}")),
        Just(format!("{plain:.3}")),
        Just(format!("{plain:.6}")),
        Just(format!("{plain:.9}")),
        Just(format!("{milliseconds}e-3")),
        Just(format!("{milliseconds}.0E-3")),
        Just(format!("{plain:.4}e0")),
    ]
}

/// A line of a cast: usually an event, sometimes a comment or a blank line.
fn line(step: u32, sum: u32, is_v3: bool) -> impl Strategy<Value = String> {
    let value = r#"null|-1\.5e3|\[\]|\[1, "a"\]|\{"b": \{\}\}|true"#;
    let known = (prop::sample::select(vec!["o", "i", "m", "r", "x", "\\u006f"]), string());
    let unknown = ("[a-hA-Z]{1,4}", prop_oneof![string(), value.prop_map(String::from)])
        .prop_map(|(code, data)| (code, data));
    let event = prop_oneof![4 => known.prop_map(|(code, data)| (code.to_string(), data)), 1 => unknown];
    let event = (number(step, sum, is_v3), event, prop::collection::vec(space(), 7)).prop_map(
        |(number, (code, data), s)| {
            format!("{}[{}{number}{},{}\"{code}\"{},{}{data}{}]", s[0], s[1], s[2], s[3], s[4], s[5], s[6])
        },
    );
    let comment = if is_v3 { "#[ a-z\\[\\]{}\"]{0,8}" } else { "[ \t]{0,2}" };
    prop_oneof![8 => event, 1 => comment.prop_map(String::from), 1 => space()]
}

fn cast() -> impl Strategy<Value = String> {
    let header = (any::<bool>(), space(), space(), string());
    let steps = prop::collection::vec(0u32..3000, 0..12);
    (header, steps, any::<bool>(), any::<bool>()).prop_flat_map(|((is_v3, a, b, title), steps, has_crlf, has_end)| {
        let size = if is_v3 { "\"term\":{\"rows\":24,\"cols\":80 }" } else { "\"height\":24,\"width\":80" };
        let version = if is_v3 { 3 } else { 2 };
        let header = format!(
            "{{{a}\"unknown\":{b}[1e5,1.50,{{}}],\"title\"{a}:{title},\"version\":{version}{b},{size},\"idle_time_limit\":2.50}}"
        );
        let mut sum = 0;
        let lines: Vec<_> = steps
            .into_iter()
            .map(|step| {
                sum += step;
                line(step, sum, is_v3).boxed()
            })
            .collect();
        let end = if has_crlf { "\r\n" } else { "\n" };
        lines.prop_map(move |lines| {
            let lines: Vec<String> = std::iter::once(header.clone()).chain(lines).collect();
            let text = lines.join(end);
            if has_end { text + end } else { text }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_filter_with_nothing_to_do_returns_its_input(cast in cast()) {
        for filter in ["asciinema-speed -s 1", "asciinema-idle -i 1e9", "asciinema-quantize -r 1e9", "asciinema-meta --unset nothing", "asciinema-cut --from 1e9", "asciinema-trim --to 1e9", "asciinema-marker --remove nothing --on NOTHING"] {
            prop_assert_eq!(run(filter, &cast).stdout(), cast.clone(), "{}", filter);
        }
    }

    #[test]
    fn doubling_and_halving_the_speed_restores_the_cast(steps in prop::collection::vec(0u32..3000, 0..12)) {
        let mut time = 0.0;
        let mut place = |step: u32| { time += f64::from(step) / 1000.0; (time, "a") };
        let events: Vec<(f64, &str)> = steps.into_iter().map(&mut place).collect();
        let cast = crate::harness::cast(&events);
        prop_assert_eq!(run("asciinema-speed -s 2 | asciinema-speed -s 0.5", &cast).stdout(), cast);
    }
}
