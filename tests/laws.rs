//! Properties of filters in combination, for any cast.

use proptest::prelude::*;

use crate::harness::{Scratch, cast, events, run, screen_of, text_of};

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
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

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
