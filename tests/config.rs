//! The configuration file, as the programs obey it.

use crate::harness::{Scratch, cast, header, text_of};

fn with_config(text: &str) -> Scratch {
    let scratch = Scratch::new();
    std::fs::create_dir_all(scratch.path(".config/asciinema")).unwrap();
    scratch.write(".config/asciinema/config", text);
    scratch
}

#[test]
fn what_the_file_says_of_recording_holds_where_no_option_says_otherwise() {
    let scratch = with_config(
        "[record]\n; a comment\ncommand = read line; printf '%s' configured\nenv: HOME,TERM\nidle_time_limit = 2.5\nquiet = YES\nstdin = on\nformat = asciicast-v3\n",
    );
    let ran = scratch.run("asciinema-rec demo.cast", "typed\n");
    assert_eq!(ran.stdout(), "");
    let cast = scratch.read("demo.cast");
    assert_eq!(
        (text_of(&cast, "o"), text_of(&cast, "i")),
        ("typed\r\nconfigured".to_string(), "typed\n".to_string())
    );
    assert_eq!(header(&cast)["version"], 3);
    assert_eq!(header(&cast)["idle_time_limit"], 2.5);
    assert!(header(&cast)["env"].get("HOME").is_some() && header(&cast)["env"].get("SHELL").is_none());
    let other = scratch.run("asciinema-rec -f asciicast-v2 -c 'printf option' -e SHELL -i 1 -", "").stdout();
    assert_eq!((text_of(&other, "o"), header(&other)["version"].as_u64()), ("option".to_string(), Some(2)));
    assert_eq!(
        (header(&other)["idle_time_limit"].as_f64(), header(&other)["env"].to_string()),
        (Some(1.0), "{\"SHELL\":\"/bin/sh\"}".to_string())
    );
}

#[test]
fn what_the_file_says_of_playing_holds_where_no_option_says_otherwise() {
    let scratch = with_config("[play]\nspeed = 100\nmaxwait = 2\n");
    let slow = cast(&[(1.0, "a"), (9.0, "b")]).replacen("24", "24, \"idle_time_limit\": 5", 1);
    let played = scratch.run("asciinema-play --out-fmt asciicast -", &slow).stdout();
    assert!(played.ends_with("[0.010000, \"o\", \"a\"]\n[0.030000, \"o\", \"b\"]\n"), "{played}");
    let played = scratch.run("asciinema-play -s 1000 -i 1 --out-fmt asciicast -", &slow).stdout();
    assert!(played.ends_with("[0.001000, \"o\", \"a\"]\n[0.002000, \"o\", \"b\"]\n"), "{played}");
}

#[test]
fn a_bad_value_is_one_line_with_the_file_the_key_and_what_is_allowed() {
    for (text, program, what) in [
        (
            "[record]\nquiet = perhaps\n",
            "asciinema-rec -c true -",
            "[record] quiet: 'perhaps' is not one of yes, no, true, false, on, off, 1, 0",
        ),
        (
            "[record]\npause_key = space\n",
            "asciinema-rec -c true -",
            "[record] pause_key: 'space' is not a key like x, C-x or ^x",
        ),
        (
            "[record]\nformat = gif\n",
            "asciinema-rec -c true -",
            "[record] format: 'gif' is not one of asciicast-v2, asciicast-v3, raw, txt",
        ),
        ("[play]\nspeed = 0\n", "asciinema-play -", "[play] speed: '0' is not a number above 0"),
        (
            "[play]\nidle_time_limit = x\n",
            "asciinema-play -",
            "[play] idle_time_limit: 'x' is not a number of seconds above 0",
        ),
        ("speed = 1\n", "asciinema-play -", "line 1: expected a section like '[record]', found 'speed = 1'"),
    ] {
        let scratch = with_config(text);
        let file = scratch.path(".config/asciinema/config");
        let message = format!("asciinema: {}: {what}\n", file.display());
        assert_eq!(scratch.run(program, cast(&[])).failure(), (1, String::new(), message));
    }
}

#[test]
fn unknown_keys_and_sections_are_nobodys_business() {
    let scratch = with_config("[future]\nkey = 100%\n[play]\nother = C-\\\nspeed = 100\n");
    assert_eq!(scratch.run("asciinema-play -", cast(&[(1.0, "a")])).stdout(), "a");
}

#[test]
fn the_file_is_found_in_its_four_places() {
    let scratch = Scratch::new();
    let played = |environment: &str| {
        let line = format!("{environment} asciinema-play --out-fmt asciicast -");
        scratch
            .run(&line, cast(&[(1.0, "a")]))
            .stdout()
            .lines()
            .last()
            .map(str::to_string)
            .unwrap_or_default()
    };
    for (folder, speed) in
        [("own", 100), ("xdg/asciinema", 200), (".asciinema", 400), (".config/asciinema", 500)]
    {
        std::fs::create_dir_all(scratch.path(folder)).unwrap();
        scratch.write(&format!("{folder}/config"), format!("[play]\nspeed = {speed}\n"));
    }
    assert_eq!(played("ASCIINEMA_CONFIG_HOME=$PWD/own XDG_CONFIG_HOME=$PWD/xdg"), "[0.010000, \"o\", \"a\"]");
    assert_eq!(played("XDG_CONFIG_HOME=$PWD/xdg"), "[0.005000, \"o\", \"a\"]");
    assert_eq!(played(""), "[0.002500, \"o\", \"a\"]");
    std::fs::remove_file(scratch.path(".asciinema/config")).unwrap();
    assert_eq!(played(""), "[0.002000, \"o\", \"a\"]");
}

#[test]
fn the_old_token_variable_is_refused_in_the_words_of_2_4() {
    let message = "asciinema: ASCIINEMA_API_TOKEN variable is no longer supported, please use ASCIINEMA_INSTALL_ID instead\n";
    let ran = Scratch::new().run("ASCIINEMA_API_TOKEN=x asciinema-rec -c true -", "");
    assert_eq!(ran.failure(), (1, String::new(), message.to_string()));
}
