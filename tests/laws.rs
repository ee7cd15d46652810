//! Properties of filters in combination, for any cast.

use proptest::prelude::*;

use crate::harness::{Scratch, any_output, cases, cast, events, json, run, screen_at, screen_of, text_of};

/// A cast whose output moves the cursor, colours and clears, at mostly increasing times.
fn any_cast() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zż界 ]{1,20}",
        2 => Just("\r\n".to_string()),
        2 => "\x1b\\[[0-9]{1,2};[0-9]{1,2}H",
        2 => "\x1b\\[[0-9;]{0,4}[mJK]",
        1 => "\x1b\\[\\?(25|1049|2004)[hl]",
        1 => "\x1b\\[[0-9]{0,2}",
    ];
    prop::collection::vec((0u32..4_000_000, piece), 1..30).prop_map(|steps| {
        let mut micros = 0;
        let placed: Vec<(f64, String)> = steps
            .into_iter()
            .map(|(step, text)| {
                micros += u64::from(step);
                (micros as f64 / 1e6, text)
            })
            .collect();
        cast(&placed.iter().map(|(time, text)| (*time, text.as_str())).collect::<Vec<_>>())
    })
}

/// A cast of a small terminal with events of all kinds, at times that may repeat.
fn lively_cast() -> impl Strategy<Value = String> {
    let event = prop_oneof![
        12 => any_output().prop_map(|text| ("o", text)),
        3 => "[a-z \r\x1b]{1,3}".prop_map(|text| ("i", text)),
        1 => "[a-z]{0,5}".prop_map(|label| ("m", label)),
        1 => (1u16..14, 1u16..7).prop_map(|(cols, rows)| ("r", format!("{cols}x{rows}"))),
        1 => Just(("q", "?".to_string())),
    ];
    let step = prop_oneof![4 => 0u64..2_000_000, 1 => Just(0), 1 => Just(500_000)];
    prop::collection::vec((step, event), 1..40).prop_map(|steps| {
        let mut cast = "{\"version\": 2, \"width\": 9, \"height\": 5}\n".to_string();
        let mut micros = 0;
        for (step, (code, text)) in steps {
            micros += step;
            let time = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
            cast += &format!("[{time}, \"{code}\", {}]\n", json(&text));
        }
        cast
    })
}

/// The codes and data of a cast in order, with consecutive output joined.
fn told(cast: &str) -> Vec<(String, String)> {
    let mut told: Vec<(String, String)> = Vec::new();
    for (_, code, text) in events(cast) {
        match told.last_mut() {
            Some((last, joined)) if *last == "o" && code == "o" => joined.push_str(&text),
            _ => told.push((code, text)),
        }
    }
    told
}

fn filtered(filter: &str, cast: &str) -> String {
    run(filter, cast).stdout()
}

#[test]
fn resizing_between_wide_and_narrow_does_not_exhaust_memory() {
    for (before, after) in [((65535, 16), (1, 16)), ((1, 65535), (65535, 1)), ((2000, 500), (1, 500))] {
        let header = format!("{{\"version\": 2, \"width\": {}, \"height\": {}}}", before.0, before.1);
        let resize = format!("[0.5, \"r\", \"{}x{}\"]", after.0, after.1);
        let cast = format!("{header}\n[0.1, \"o\", \"\\u001b#8\"]\n{resize}\n[0.9, \"o\", \"a\"]\n");
        for filter in
            ["asciinema-convert -f txt", "asciinema-cut --from 0.2 --to 0.7", "asciinema-trim --from 0.7"]
        {
            let ran = run(&format!("ulimit -v 1000000; {filter}"), &cast);
            assert_eq!((ran.status(), ran.stderr().as_str()), (0, ""), "{filter}: {resize}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(24), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_second_pass_of_idle_or_quantize_changes_nothing(cast in any_cast()) {
        for filter in ["asciinema-idle -i 1.5", "asciinema-quantize -r 0.5,1 -r 2"] {
            let once = filtered(filter, &cast);
            prop_assert_eq!(filtered(filter, &once), once, "{}", filter);
        }
        let three = filtered("asciinema-convert -f asciicast-v3", &cast);
        let once = filtered("asciinema-idle -i 0.7654321", &three);
        prop_assert_eq!(filtered("asciinema-idle -i 0.7654321", &once), once);
    }

    #[test]
    fn two_speeds_in_sequence_multiply(cast in any_cast()) {
        let in_turn = filtered("asciinema-speed -s 2 | asciinema-speed -s 2.5", &cast);
        let at_once = filtered("asciinema-speed -s 5", &cast);
        for ((one, _, _), (other, _, _)) in events(&in_turn).iter().zip(events(&at_once)) {
            // Each pass rounds to a microsecond.
            prop_assert!((one - other).abs() < 0.000_002, "{} {}", one, other);
        }
        prop_assert_eq!(text_of(&in_turn, "o"), text_of(&at_once, "o"));
    }

    #[test]
    fn joining_the_parts_of_a_cast_restores_it(cast in any_cast(), at in 0.1f64..40.0) {
        let scratch = Scratch::new();
        // A gap at the end is not redrawn.
        let cast = cast + "[900.0, \"o\", \".\"]\n";
        scratch.write("whole.cast", &cast);
        let line = format!(
            "asciinema-trim --to {at} whole.cast -o front.cast && asciinema-trim --from {at} whole.cast -o back.cast &&
             asciinema-join front.cast back.cast"
        );
        let joined = scratch.run(&line, "").stdout();
        prop_assert_eq!(screen_of(&joined), screen_of(&cast));
        let bare = format!(
            "asciinema-trim --drop --to {at} whole.cast -o front.cast && asciinema-trim --drop --from {at} whole.cast -o back.cast &&
             asciinema-cat front.cast back.cast"
        );
        prop_assert_eq!(scratch.run(&bare, "").stdout(), text_of(&cast, "o"));
    }

    #[test]
    fn the_events_kept_by_cut_and_trim_add_up_to_the_whole(cast in any_cast(), from in 0u32..20, length in 1u32..20) {
        let range = format!("--drop --from {from} --to {}", from + length);
        let cut = events(&filtered(&format!("asciinema-cut {range}"), &cast)).len();
        let trimmed = events(&filtered(&format!("asciinema-trim {range}"), &cast)).len();
        prop_assert_eq!(cut + trimmed, events(&cast).len());
    }

    #[test]
    fn converting_to_another_version_and_back_keeps_the_text(cast in any_cast()) {
        for version in ["asciicast-v1", "asciicast-v3"] {
            let back = filtered(&format!("asciinema-convert -f {version} | asciinema-convert -f asciicast-v2"), &cast);
            prop_assert_eq!(text_of(&back, "o"), text_of(&cast, "o"), "{}", version);
            prop_assert_eq!(screen_of(&back), screen_of(&cast), "{}", version);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(24), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn dropping_or_replacing_nothing_changes_nothing(cast in lively_cast(), at in 0u32..40) {
        let nothing = "asciinema-drop --code zz | asciinema-drop --on ZZZZ | asciinema-drop --from 900 |
             asciinema-replace -s QQQQ=W -r '[Q]{3}=W'";
        prop_assert_eq!(&filtered(nothing, &cast), &cast);
        let inserted = format!("asciinema-insert --at {at}.5 --event '[\"zz\", 5]' | asciinema-drop --code zz");
        prop_assert_eq!(filtered(&inserted, &cast), cast);
    }

    #[test]
    fn merging_keeps_all_events_and_the_screen_at_the_end_of_each_group(cast in lively_cast(), way in 0usize..3) {
        let filter = ["asciinema-merge --within 0.4", "asciinema-merge --fps 2", "asciinema-merge --fps 0.3"][way];
        let merged = filtered(filter, &cast);
        prop_assert_eq!(told(&merged), told(&cast));
        let times = |cast: &str| -> Vec<f64> { events(cast).into_iter().map(|(time, ..)| time).collect() };
        let before = times(&cast);
        for time in times(&merged) {
            // Several events at one time may be in different groups.
            if before.iter().filter(|at| **at == time).count() == 1 {
                prop_assert!(screen_at(&merged, time) == screen_at(&cast, time), "{} {}", time, merged);
            }
        }
        if filter.contains("fps") {
            prop_assert_eq!(filtered(filter, &merged), merged);
        }
    }

    #[test]
    fn keys_change_nothing_outside_their_row_and_times(cast in lively_cast()) {
        let with_keys = filtered("asciinema-keys --for 0.5", &cast);
        let typed: Vec<f64> = events(&cast).into_iter().filter(|(_, code, _)| code == "i").map(|(time, ..)| time).collect();
        for (time, ..) in events(&with_keys) {
            let (with, without) = (screen_at(&with_keys, time), screen_at(&cast, time));
            let above = without.rows().len() - 1;
            let are_same = with.rows().zip(without.rows()).take(above).all(|(one, two)| one.text() == two.text());
            prop_assert!(are_same, "{}\n{}\n{:?}\n{:?}", time, with_keys, with.text(), without.text());
            // Keys are shown 0.3 s after they were typed at the latest.
            if !typed.iter().any(|at| *at <= time && time < at + 0.8001) {
                prop_assert!(with == without, "{}\n{}\n{:?}\n{:?}", time, with_keys, with.text(), without.text());
            }
        }
        prop_assert!(screen_at(&with_keys, f64::MAX) == screen_at(&cast, f64::MAX), "{}", with_keys);
    }

    #[test]
    fn idle_with_a_minimum_and_a_limit_keeps_delays_between_them(cast in lively_cast()) {
        for (filter, least, most) in [("asciinema-idle --min 0.3", 0.3, f64::MAX), ("asciinema-idle --min 0.3 -i 0.9", 0.3, 0.9)] {
            let paced = filtered(filter, &cast);
            prop_assert_eq!(filtered(filter, &paced), paced.clone(), "{}", filter);
            let mut last = 0.0;
            for ((after, code, text), (_, code_before, text_before)) in events(&paced).into_iter().zip(events(&cast)) {
                prop_assert_eq!((code, text), (code_before, text_before));
                prop_assert!(after - last > least - 1e-6 && after - last < most + 1e-6, "{} {}", last, paced);
                last = after;
            }
            prop_assert_eq!(events(&paced).len(), events(&cast).len());
        }
    }

    #[test]
    fn an_inserted_cast_and_the_one_around_it_show_their_own_screens(outer in lively_cast(), inner in lively_cast(), at in 0u32..20) {
        let scratch = Scratch::new();
        let at = f64::from(at) + 0.25;
        // A resize brings rows of the other cast back from the scrollback.
        let without_resizes = |cast: String| -> String {
            cast.lines().filter(|line| !line.contains("\"r\", ")).map(|line| format!("{line}\n")).collect()
        };
        let (outer, inner) = (without_resizes(outer), without_resizes(inner).replacen("9", "13", 1));
        scratch.write("outer.cast", &outer);
        scratch.write("inner.cast", &inner);
        let joined = scratch.run(&format!("asciinema-join --at {at} outer.cast inner.cast"), "").stdout();
        let (all, outside, inside) = (events(&joined), events(&outer), events(&inner));
        prop_assume!(!inside.is_empty());
        let before = outside.iter().take_while(|event| event.0 <= at).count();
        prop_assert_eq!(&all[..before], &outside[..before]);
        let after = outside.len() - before;
        // The terminal after this many events.
        let shown = |cast: &str, count: usize| {
            let lines: Vec<&str> = cast.lines().take(count + 1).collect();
            screen_at(&(lines.join("\n") + "\n"), f64::MAX)
        };
        let content = |events: &[(f64, String, String)]| -> Vec<(String, String)> {
            events.iter().map(|(_, code, text)| (code.clone(), text.clone())).collect()
        };
        prop_assert_eq!(content(&all[all.len() - after..]), content(&outside[before..]));
        for index in 0..after {
            let (one, two) = (all.len() - index, outside.len() - index);
            prop_assert!(shown(&joined, one) == shown(&outer, two), "{} {}", index, joined);
        }
        let start = (before + 1..=all.len() - inside.len())
            .find(|&start| content(&all[start..start + inside.len()]) == content(&inside));
        prop_assert!(start.is_some(), "{}", joined);
        let start = start.unwrap_or(0);
        for index in 0..=inside.len() {
            prop_assert!(shown(&joined, start + index) == shown(&inner, index), "{} {}", index, joined);
        }
    }

    #[test]
    fn other_recorders_formats_keep_what_they_can_hold(cast in lively_cast()) {
        let scratch = Scratch::new();
        scratch.write("in.cast", &cast);
        let line = "asciinema-convert -f ttyrec in.cast -o x.ttyrec && asciinema-convert -f script in.cast -o log &&
             asciinema-import log && asciinema-import x.ttyrec -o ttyrec.cast";
        let script = scratch.run(line, "").stdout();
        let kept = |codes: &[&str]| -> Vec<_> {
            events(&cast).into_iter().filter(|(_, code, _)| codes.contains(&code.as_str())).collect()
        };
        prop_assert_eq!(events(&script), kept(&["o", "i", "r"]));
        prop_assert_eq!(events(&scratch.read("ttyrec.cast")), kept(&["o", "r"]));
    }

    #[test]
    fn captions_from_markers_and_from_a_caption_file_are_the_same(cast in lively_cast()) {
        let scratch = Scratch::new();
        // Caption files have milliseconds.
        let cast = filtered("asciinema-convert -f asciicast-v3 | asciinema-convert -f asciicast-v2", &cast);
        scratch.write("in.cast", &cast);
        for format in ["srt", "vtt"] {
            let line = format!("asciinema-convert -f {format} in.cast > captions && asciinema-caption --{format} captions in.cast");
            let (one, two) = (scratch.run(&line, "").stdout(), filtered("asciinema-caption", &cast));
            for (time, ..) in events(&two) {
                prop_assert!(screen_at(&one, time) == screen_at(&two, time), "{} {} {} {}", format, time, one, two);
            }
            prop_assert!(screen_at(&one, f64::MAX) == screen_at(&two, f64::MAX), "{} {} {}", format, one, two);
        }
    }
}
