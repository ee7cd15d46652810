//! `asciinema-replace`: text is replaced where it appears, and nothing else moves.

use crate::harness::{Live, SMALL_HEADER as HEADER, Scratch, run, small_cast as cast};

/// The result of replacing text in output from a file.
fn replaced(options: &str, outputs: &[&str]) -> String {
    let scratch = Scratch::new();
    scratch.write("a.cast", cast(outputs));
    scratch.run(&format!("asciinema-replace {options} a.cast"), "").stdout()
}

#[test]
fn text_is_replaced_however_it_was_drawn() {
    for (outputs, expected) in [
        (vec!["hi alice!"], vec!["hi guest!"]),
        // Key by key, with colours between them.
        (vec!["$ a", "l", "\\u001b[31mi\\u001b[0mc", "e"], vec!["$ g", "u", "\\u001b[31me\\u001b[0ms", "t"]),
        // Wrapped at the margin.
        (vec!["0123456789abcdefgalice"], vec!["0123456789abcdefgguest"]),
        // Its end first.
        (vec!["\\u001b[1;4Hce", "\\rali"], vec!["\\u001b[1;4Hst", "\\rgue"]),
        // Assembled by closing a gap.
        (vec!["al   ice", "\\r\\u001b[2C\\u001b[3P"], vec!["gu   est", "\\r\\u001b[2C\\u001b[3P"]),
        // In titles.
        (vec!["\\u001b]0;alice\\u0007"], vec!["\\u001b]0;guest\\u0007"]),
    ] {
        let expected: Vec<&str> = expected.iter().map(|text| *text as &str).collect();
        assert_eq!(replaced("-s alice=guest", &outputs), cast(&expected), "{outputs:?}");
    }
}

#[test]
fn the_new_text_is_as_wide_as_the_old_one() {
    assert_eq!(replaced("-s alice=bo", &["(alice)"]), cast(&["(bo   )"]));
    assert_eq!(replaced("-s alice=margaret", &["(alice)"]), cast(&["(marga)"]));
    assert_eq!(replaced("-s alice=", &["(alice)"]), cast(&["(     )"]));
    assert_eq!(replaced("-s 密码=abc", &["(密码)"]), cast(&["(abc )"]));
    assert_eq!(replaced("-s abc=密码", &["(abc)"]), cast(&["(密 )"]));
    assert_eq!(replaced("-r '[0-9]+=#' -s a=b", &["a 1234 a"]), cast(&["b #    b"]));
}

#[test]
fn replacement_text_is_not_replaced_again() {
    assert_eq!(replaced("-s a=b -s b=a", &["a b"]), cast(&["b a"]));
    assert_eq!(replaced("-s al=xx -s alice=guest", &["alice al"]), cast(&["guest xx"]));
    let pipe = run("cat | asciinema-replace -s aa=aaa -s b=a", cast(&["aab", " ab"])).stdout();
    assert_eq!(pipe, cast(&["aaa", " aa"]));
}

#[test]
fn header_labels_and_typed_keys_are_replaced_too() {
    let cast = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24},\"title\":\"by alice\"}\n[0.5,\"m\",\"alice\"]\n[0.5,\"i\",\"ali\"]\n[0.5,\"i\",\"ce\"]\n";
    let expected = cast.replace("alice", "guest").replace("\"ali\"", "\"gue\"").replace("\"ce\"", "\"st\"");
    assert_eq!(run("asciinema-replace -s alice=guest --whole", cast).stdout(), expected);
    assert_eq!(run("cat | asciinema-replace -s alice=guest", cast).stdout(), expected);
}

#[test]
fn replacing_nothing_changes_nothing() {
    let cast = "{ \"version\" : 2,\"width\":80 , \"height\":24}\r\n\n[ 1.50 ,\"o\" , \"\\u0061\\/\\ud83d\\ude00 \\u0041\" ]\r\n[2e0, \"\\u006f\", \"b\"]\n[3, \"z\", null]";
    for command in ["asciinema-replace -s nothing=x", "cat | asciinema-replace -s nothing=x -r '[0-9]{9}=x'"]
    {
        assert_eq!(run(command, cast).stdout(), cast, "{command}");
    }
}

#[test]
fn in_a_pipe_only_text_that_may_become_a_match_is_delayed() {
    let mut live = Live::start("asciinema-replace -s alice=guest");
    live.write(HEADER);
    live.wait_for(HEADER);
    live.write("[0.5, \"o\", \"$ \"]\n");
    live.wait_for("[0.5, \"o\", \"$ \"]\n");
    live.write("[1.5, \"o\", \"al\"]\n[2.5, \"o\", \"ic\"]\n[3.5, \"o\", \"e\"]\n");
    live.wait_for("[1.5, \"o\", \"gu\"]\n[2.5, \"o\", \"es\"]\n[3.5, \"o\", \"t\"]\n");
    assert_eq!(live.finish(), 0);
}

#[test]
fn a_wrong_command_line_is_refused() {
    for (options, message) in [
        ("", "one of the options -s and -r is required"),
        ("-s alice", "option '-s': 'alice' is not TEXT=WITH"),
        ("-s =x", "option '-s': '=x' is not TEXT=WITH"),
        ("-r 'a(=x'", "option '-r': 'a(=x' is not usable: unclosed group"),
        ("-s 'a\nb=x'", "option '-s': 'a\\nb=x' is not a single line"),
    ] {
        let (status, stdout, stderr) = run(&format!("asciinema-replace {options}"), HEADER).failure();
        assert_eq!((status, stdout.as_str()), (2, ""), "{options}");
        assert_eq!(
            stderr.lines().next(),
            Some(format!("asciinema-replace: {message}").as_str()),
            "{options}"
        );
    }
}
