//! The effect of the configuration files on the programs.

use crate::harness::{Scratch, cast, header, text_of};

fn with_config(text: &str) -> Scratch {
    let scratch = Scratch::new();
    std::fs::create_dir_all(scratch.path(".config/asciinema")).unwrap();
    scratch.write(".config/asciinema/config", text);
    scratch
}

#[test]
fn settings_for_recording_apply_unless_an_option_overrides_them() {
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
fn settings_for_playback_apply_unless_an_option_overrides_them() {
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
fn unknown_keys_and_sections_are_ignored() {
    let scratch = with_config("[future]\nkey = 100%\n[play]\nother = C-\\\nspeed = 100\n");
    assert_eq!(scratch.run("asciinema-play -", cast(&[(1.0, "a")])).stdout(), "a");
}

#[test]
fn the_file_is_found_in_all_four_locations() {
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

/// A scratch directory with 3.x's files.
fn with_toml(files: &[(&str, &str)]) -> Scratch {
    let scratch = Scratch::new();
    std::fs::create_dir_all(scratch.path(".config/asciinema")).unwrap();
    for (name, text) in files {
        scratch.write(&format!(".config/asciinema/{name}"), text);
    }
    scratch
}

#[test]
fn the_settings_of_3_x_apply_to_recording() {
    let scratch = with_toml(&[(
        "config.toml",
        "[session]\ncommand = \"read line; printf configured\"\ncapture_env = \"HOME\"\nidle_time_limit = \"2.5\"\ncapture_input = \"yes\"\nfuture = [1]\n[more]\n",
    )]);
    let cast = scratch.run("asciinema-rec -q -", "typed\n").stdout();
    assert_eq!(text_of(&cast, "o"), "typed\r\nconfigured");
    assert_eq!(text_of(&cast, "i"), "typed\n");
    assert_eq!(header(&cast)["idle_time_limit"], 2.5);
    let env = header(&cast)["env"].as_object().expect("an env").clone();
    assert_eq!(env.keys().collect::<Vec<_>>(), ["HOME"]);
    // An empty list saves no variable.
    scratch.write(".config/asciinema/config.toml", "[session]\ncapture_env = \"\"\n");
    let cast = scratch.run("asciinema-rec -q -c true -", "").stdout();
    assert!(
        header(&cast).get("env").is_none_or(|env| env.as_object().is_some_and(|env| env.is_empty())),
        "{cast}"
    );
}

#[test]
fn the_settings_of_3_x_apply_to_playback() {
    for speed in ["100", "100.0", "\"100\""] {
        let scratch =
            with_toml(&[("config.toml", &format!("[playback]\nspeed = {speed}\nidle_time_limit = 2\n"))]);
        let played =
            scratch.run("asciinema-play --out-fmt asciicast -", cast(&[(1.0, "a"), (9.0, "b")])).stdout();
        assert!(played.ends_with("[0.010000, \"o\", \"a\"]\n[0.030000, \"o\", \"b\"]\n"), "{played}");
    }
}

#[test]
fn a_bad_setting_of_3_x_is_one_line_and_affects_only_programs_that_use_it() {
    for (setting, what) in [
        ("speed = 0", "speed: '0' is not a number above 0"),
        ("speed = nan", "speed: 'nan' is not a number above 0"),
        ("idle_time_limit = -1", "idle_time_limit: '-1' is not a number of seconds above 0"),
        ("idle_time_limit = inf", "idle_time_limit: 'inf' is not a number of seconds above 0"),
        ("speed = [1]", "speed is not a string, a number or a boolean"),
    ] {
        let scratch = with_toml(&[("config.toml", &format!("[playback]\n{setting}\n"))]);
        let file = scratch.path(".config/asciinema/config.toml");
        let message = format!("asciinema: {}: [playback] {what}\n", file.display());
        assert_eq!(scratch.run("asciinema-play -", cast(&[])).failure(), (1, String::new(), message));
        scratch.run("asciinema-rec -q -c true -", "").stdout();
    }
    let scratch = with_toml(&[("config.toml", "[session]\ncommand =\n")]);
    let ran = scratch.run("asciinema-rec -q -c true -", "");
    assert_eq!(ran.status(), 1);
    assert!(ran.stderr().contains("config.toml: line 2: "), "{ran}");
}

#[test]
fn the_file_of_2_4_takes_precedence_and_config_toml_overrides_the_chosen_server() {
    let scratch = with_toml(&[
        ("defaults.toml", "[server]\nurl = \"https://chosen.org\"\n"),
        ("config.toml", "[playback]\nspeed = 2\n"),
    ]);
    let server = |scratch: &Scratch, environment: &str| {
        let line = format!("{environment} ASCIINEMA_INSTALL_ID=i asciinema-auth");
        let said = scratch.run(&line, "").stderr();
        said.lines().find_map(|line| line.strip_suffix("/connect/i")).unwrap_or_default().to_string()
    };
    assert_eq!(server(&scratch, ""), "https://chosen.org");
    scratch.write(".config/asciinema/config.toml", "[server]\nurl = \"https://set.org/\"\n");
    assert_eq!(server(&scratch, ""), "https://set.org");
    assert_eq!(server(&scratch, "ASCIINEMA_SERVER_URL=https://env.org"), "https://env.org");
    scratch.write(".config/asciinema/config", "[api]\nurl = https://old.org\n");
    assert_eq!(server(&scratch, ""), "https://old.org");
    scratch.write(".config/asciinema/config", "");
    assert_eq!(server(&scratch, ""), "https://asciinema.org");
}

#[test]
fn the_settings_for_all_users_apply_unless_a_user_overrides_them() {
    let scratch = with_toml(&[("config.toml", "[playback]\nspeed = 2\n")]);
    scratch.write("system.toml", "[server]\nurl = \"https://system.org\"\n[playback]\nspeed = 3\n");
    // A namespace of its own, in which /etc holds nothing else.
    let namespace = "unshare --user --map-root-user --mount";
    if scratch.run(&format!("{namespace} true 2>/dev/null"), "").status() != 0 {
        return eprintln!("no namespaces here: /etc/asciinema/config.toml is not tried");
    }
    let line = "mount -t tmpfs none /etc && mkdir /etc/asciinema && \
                cp system.toml /etc/asciinema/config.toml && asciinema-config";
    let printed = scratch.run(&format!("{namespace} sh -c '{line}'"), "").stdout();
    let value = |name: &str| {
        let line = printed.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(value("api.url"), "https://system.org /etc/asciinema/config.toml");
    assert!(value("play.speed").starts_with("2 ") && !value("play.speed").contains("/etc/"), "{printed}");
}

#[test]
fn every_setting_is_shown_with_its_value_and_origin() {
    let scratch = with_toml(&[(
        "config.toml",
        "[session]\nidle_time_limit = 2\ncapture_input = 1\n[playback]\nnext_marker_key = \"\"\n",
    )]);
    let printed = scratch.run("ASCIINEMA_API_URL=https://a.org asciinema config --json", "").stdout();
    let settings: Vec<serde_json::Value> = serde_json::from_str(&printed).expect("JSON");
    let setting = |name: &str| {
        let found = settings.iter().find(|setting| setting["name"] == name);
        let found = found.unwrap_or_else(|| panic!("{name} in {printed}"));
        (found["value"].clone(), found["source"].as_str().expect("a source").to_string())
    };
    let file = scratch.path(".config/asciinema/config.toml").display().to_string();
    assert_eq!(setting("api.url"), ("https://a.org".into(), "ASCIINEMA_API_URL".to_string()));
    assert_eq!(setting("record.idle_time_limit"), (2.into(), file.clone()));
    assert_eq!(setting("record.stdin"), (true.into(), file.clone()));
    assert_eq!(setting("play.next_marker_key"), (serde_json::Value::Null, file));
    assert_eq!(setting("play.speed"), (1.into(), "default".to_string()));
    assert_eq!(setting("record.pause_key"), ("C-\\".into(), "default".to_string()));
    let table = scratch.run("asciinema-config", "").stdout();
    assert_eq!(table.lines().count(), settings.len());
    assert!(table.contains("play.speed ") && table.contains(" default\n"), "{table}");
}

#[test]
fn the_player_keys_are_shown_by_the_names_in_its_page() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/man/asciinema-play.1")).unwrap();
    let shown = Scratch::new().run("asciinema-config", "").stdout();
    let keys: Vec<&str> = shown
        .lines()
        .filter_map(|line| line.strip_prefix("play.")?.split(' ').next())
        .filter(|name| name.ends_with("_key"))
        .collect();
    assert!(keys.len() > 10, "{shown}");
    for key in keys {
        assert!(page.contains(key), "{key}");
    }
}
