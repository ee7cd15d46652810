//! asciinema-drop.

use crate::harness::run;

const CAST: &str = "{\"version\": 2, \"width\": 80, \"height\": 24, \"duration\": 4}\n[1, \"o\", \"abc\"]\n[2, \"i\",\"abc\"]\n[3, \"zz\", [1]]\n# x\n[4, \"m\", \"end\"]\n";

/// The remaining lines, without the header.
fn left(options: &str) -> String {
    let out = run(&format!("asciinema-drop {options}"), CAST).stdout();
    out.split_once('\n').expect("a header").1.to_string()
}

#[test]
fn events_that_meet_every_condition_are_removed_and_the_others_copied() {
    let lines: Vec<&str> = CAST.split_inclusive('\n').skip(1).collect();
    let without = |gone: &[usize]| -> String {
        let kept = lines.iter().enumerate().filter(|(at, _)| !gone.contains(at));
        kept.map(|(_, line)| *line).collect()
    };
    assert_eq!(left("-c i"), without(&[1]));
    assert_eq!(left("-c i,zz --code m"), without(&[1, 2, 4]));
    assert_eq!(left("--on '^a.c$'"), without(&[0, 1]));
    assert_eq!(left("--on abc -c o"), without(&[0]));
    assert_eq!(left("--from 2 --to 4"), without(&[1, 2]));
    assert_eq!(left("--from marker:end"), without(&[4]));
    assert_eq!(left("-c o --from 2"), without(&[]));
}

#[test]
fn dropping_nothing_changes_nothing() {
    assert_eq!(run("asciinema-drop -c none", CAST).stdout(), CAST);
}

#[test]
fn a_v3_event_keeps_its_time_when_an_earlier_one_is_removed() {
    let three = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n[1, \"o\", \"a\"]\n[1, \"i\", \"b\"]\n[1, \"o\", \"c\"]\n";
    let expected = three.replace("[1, \"i\", \"b\"]\n[1,", "[2.000,");
    assert_eq!(run("asciinema-drop -c i", three).stdout(), expected);
}

#[test]
fn a_valid_condition_is_required() {
    for options in ["", "--on '('", "--from 3 --to 2", "--from x"] {
        assert_eq!(run(&format!("asciinema-drop {options}"), CAST).status(), 2, "{options}");
    }
    let message = "asciinema-drop: stdin: the cast has no marker 'x'\n";
    assert_eq!(run("asciinema-drop --from marker:x", CAST).failure().2, message);
}
