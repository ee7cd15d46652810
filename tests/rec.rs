//! asciinema-rec without a terminal: in a pipe, from cron, over ssh.

use crate::harness::{Busy, Live, Scratch, Terminal, cast, events, header, run, text_of};

#[test]
fn without_a_file_the_cast_goes_to_stdout() {
    let ran = run("asciinema-rec -q -c 'printf hello; exit 3'", "");
    let cast = ran.stdout();
    assert_eq!(text_of(&cast, "o"), "hello");
    assert_eq!((header(&cast)["width"].as_u64(), header(&cast)["height"].as_u64()), (Some(80), Some(24)));
    assert_eq!(text_of(&run("asciinema-rec -q -c 'printf hello' -", "").stdout(), "o"), "hello");
}

#[test]
fn notices_go_to_stderr_in_the_words_of_2_4() {
    let scratch = Scratch::new();
    let ran = scratch.run("asciinema-rec -c true demo.cast", "");
    assert_eq!(
        ran.stderr(),
        "asciinema: recording asciicast to demo.cast\n\
         asciinema: exit opened program when you're done\n\
         asciinema: recording finished\n\
         asciinema: asciicast saved to demo.cast\n"
    );
    let ran = scratch.run("asciinema-rec -", "exit\n");
    assert!(ran.stderr().starts_with(
        "asciinema: recording asciicast to stdout\nasciinema: press <ctrl-d> or type \"exit\" when you're done\n"
    ));
    assert_eq!(
        scratch.run("asciinema-rec --append -c true demo.cast", "").stderr().lines().next(),
        Some("asciinema: appending to asciicast at demo.cast")
    );
}

#[test]
fn the_header_has_the_keys_of_2_4_in_their_order() {
    let ran = run(
        "asciinema-rec -q -c true -t 'A \"title\"' -i 2.5 --cols 100 --rows 30 -e TERM,NOT_SET,SHELL",
        "",
    );
    let line = ran.stdout();
    let timestamp = header(&line)["timestamp"].as_u64().expect("a number");
    assert_eq!(
        line.lines().next().unwrap(),
        format!(
            "{{\"version\": 2, \"width\": 100, \"height\": 30, \"timestamp\": {timestamp}, \"idle_time_limit\": 2.5, \
             \"env\": {{\"TERM\": \"xterm-256color\", \"SHELL\": \"/bin/sh\"}}, \"title\": \"A \\\"title\\\"\"}}"
        )
    );
}

#[test]
fn v3_has_a_term_object_intervals_and_the_exit_status() {
    let cast =
        run("asciinema-rec -q -f asciicast-v3 --window-size 100x30 -c 'echo a; exit 3' -t T", "").stdout();
    let timestamp = header(&cast)["timestamp"].as_u64().expect("a number");
    assert_eq!(
        cast.lines().next().unwrap(),
        format!(
            "{{\"version\":3,\"term\":{{\"cols\":100,\"rows\":30,\"type\":\"xterm-256color\"}},\"timestamp\":{timestamp},\
             \"command\":\"echo a; exit 3\",\"title\":\"T\",\"env\":{{\"SHELL\":\"/bin/sh\"}}}}"
        )
    );
    assert_eq!(text_of(&cast, "o"), "a\r\n");
    assert_eq!(events(&cast).last().map(|(_, code, data)| (code.as_str(), data.as_str())), Some(("x", "3")));
    let killed = run("asciinema-rec -q -f asciicast-v3 -c 'kill -9 $$'", "").stdout();
    assert_eq!(text_of(&killed, "x"), "137");
}

#[test]
fn raw_output_is_the_size_and_then_the_bytes() {
    let ran = run("asciinema-rec -q --raw --window-size x30 -c 'printf \"a\\377\\n\"'", "");
    assert_eq!(ran.bytes(), b"\x1b[8;30;80ta\xff\r\n");
    assert_eq!(run("asciinema-rec -q -f raw -c 'printf a'", "").stdout(), "\x1b[8;24;80ta");
}

#[test]
fn the_program_sees_its_size_and_the_environment_variables() {
    let cast = run(
        "asciinema-rec -q --cols 100 --rows 30 -c 'stty size; echo $ASCIINEMA_REC; echo $ASCIINEMA_SESSION'",
        "",
    )
    .stdout();
    let text = text_of(&cast, "o");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["30 100", "1"]);
    assert_eq!(lines[2].len(), 32);
    assert!(lines[2].bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[test]
fn piped_stdin_is_typed_into_the_program() {
    let cast = run("asciinema-rec -q -c 'read a; read b; echo $a-$b'", "one\ntwo\n").stdout();
    assert!(text_of(&cast, "o").ends_with("one-two\r\n"), "{cast}");
    let cast = run("asciinema-rec -q --stdin -c 'read a'", "one\n").stdout();
    assert_eq!(text_of(&cast, "i"), "one\n");
    assert_eq!(text_of(&run("asciinema-rec -q -c 'read a'", "one\n").stdout(), "i"), "");
}

#[test]
fn the_session_continues_after_the_end_of_piped_stdin() {
    let mut live = Live::start(
        "printf '' | asciinema-rec -q -c 'printf ready; until [ -e go ]; do sleep 0.01; done; echo done' | cat",
    );
    live.wait_for("\"ready\"]\n");
    live.make_file("go");
    live.wait_for("\"done\\r\\n\"]\n");
    assert_eq!(live.finish(), 0);
}

#[test]
fn without_a_terminal_end_of_file_is_passed_to_the_program() {
    let scratch = Scratch::new();
    for (shell, prompt) in [("sh", "PS1="), ("bash --norc --noprofile", ""), ("zsh -f", ""), ("fish -N", "")]
    {
        let line = format!("{prompt} SHELL='{shell}' asciinema-rec -q --overwrite demo.cast; echo status=$?");
        assert_eq!(scratch.run(&line, "").stdout(), "status=0\n", "{shell}");
        let ran = scratch.run(&line, "printf typed-%s 3\n");
        assert_eq!(ran.stdout(), "status=0\n", "{shell}");
        assert!(text_of(&scratch.read("demo.cast"), "o").contains("typed-3"), "{shell}");
    }
    // Every reader gets it, not only the first.
    let ran = scratch.run("asciinema-rec -q -c 'cat; cat; wc -c; echo end'", "a\n");
    assert_eq!(text_of(&ran.stdout(), "o"), "a\r\na\r\n0\r\nend\r\n");
}

#[test]
fn events_reach_a_pipe_during_the_session() {
    let mut live = Live::start(
        "asciinema-rec -q -c 'stty -echo; printf ready; read a; echo $a; read b' | asciinema-speed -s 1",
    );
    live.wait_for("\"ready\"]\n");
    live.write("one\n");
    live.wait_for("\"one\\r\\n\"]\n");
    live.write("\n");
    assert_eq!(live.finish(), 0);
}

#[test]
fn the_header_is_written_before_any_output() {
    let mut live = Live::start("asciinema-rec -q -c 'stty -echo; read line' -");
    live.wait_for("}\n");
    live.write("\n");
    assert_eq!(live.finish(), 0);
}

#[test]
fn a_fifo_is_written_like_a_file() {
    let scratch = Scratch::new();
    let ran = scratch.run("mkfifo pipe; cat pipe & asciinema-rec -q -c 'printf hello' pipe; wait", "");
    assert_eq!(text_of(&ran.stdout(), "o"), "hello");
}

#[test]
fn missing_directories_are_created() {
    let scratch = Scratch::new();
    scratch.run("asciinema-rec -q -c 'printf hello' a/b/demo.cast", "").stdout();
    assert_eq!(text_of(&scratch.read("a/b/demo.cast"), "o"), "hello");
}

#[test]
fn an_existing_file_is_not_modified_without_an_option() {
    let scratch = Scratch::new();
    scratch.write("demo.cast", "old");
    let ran = scratch.run("asciinema-rec -c 'touch ran' demo.cast", "");
    let message = "asciinema: demo.cast already exists, aborting; use --overwrite to replace it or --append to continue it\n";
    assert_eq!(ran.failure(), (1, String::new(), message.to_string()));
    assert_eq!((scratch.read("demo.cast"), scratch.path("ran").exists()), ("old".to_string(), false));
    scratch.run("asciinema-rec -q --overwrite -c 'printf new' demo.cast", "").stdout();
    assert_eq!(text_of(&scratch.read("demo.cast"), "o"), "new");
    let both = scratch.run("asciinema-rec --append --overwrite demo.cast", "");
    assert_eq!(both.status(), 2, "{both}");
}

#[test]
fn append_continues_after_the_last_event() {
    let scratch = Scratch::new();
    let old = cast(&[(1.0, "a"), (5.0, "b")]);
    scratch.write("demo.cast", &old);
    scratch.run("asciinema-rec -q --append -c 'printf c' demo.cast", "").stdout();
    let new = scratch.read("demo.cast");
    let added = events(
        new.strip_prefix(&old).map(|added| format!("{{}}\n{added}")).as_deref().expect("the old front"),
    );
    assert_eq!(added.len(), 1, "{new}");
    assert!(added[0].0 >= 5.0 && added[0].2 == "c", "{new}");
}

#[test]
fn append_to_v3_continues_intervals_and_records_a_new_size() {
    let scratch = Scratch::new();
    let old =
        "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n[5.000, \"o\", \"a\"]\n[1.0, \"r\", \"90x30\"]";
    scratch.write("demo.cast", old);
    scratch.run("asciinema-rec -q -a -c 'printf c' demo.cast", "").stdout();
    let new = scratch.read("demo.cast");
    let added = new.strip_prefix(&format!("{old}\n[0.000, \"r\", \"80x24\"]\n")).expect(&new);
    let added = events(&format!("{{}}\n{added}"));
    assert_eq!(
        added.iter().map(|(_, code, data)| format!("{code} {data}")).collect::<Vec<_>>(),
        ["o c", "x 0"]
    );
    assert!(added[0].0 < 5.0, "{new}");
}

#[test]
fn append_replaces_a_truncated_line() {
    let scratch = Scratch::new();
    scratch.write("demo.cast", cast(&[(1.0, "a")]) + "[2.0, \"o\", \"cut o");
    let ran = scratch.run("asciinema-rec --append -c 'printf c' demo.cast", "");
    assert!(
        ran.stderr().contains("asciinema: demo.cast: the last line is cut off and will be replaced\n"),
        "{ran}"
    );
    assert_eq!(text_of(&scratch.read("demo.cast"), "o"), "ac");
}

#[test]
fn append_to_nothing_warns_and_starts_a_new_recording() {
    let scratch = Scratch::new();
    scratch.write("empty.cast", "");
    for (file, warning) in [
        ("new.cast", "asciinema: new.cast does not exist, not appending\n"),
        ("empty.cast", "asciinema: empty.cast is empty, not appending\n"),
    ] {
        let ran = scratch.run(&format!("asciinema-rec --append -c 'printf c' {file}"), "");
        assert!(ran.stderr().starts_with(warning), "{ran}");
        assert_eq!(text_of(&scratch.read(file), "o"), "c");
    }
}

#[test]
fn txt_is_the_text_shown_and_the_default_for_txt_files() {
    let scratch = Scratch::new();
    let command = "-c 'printf \"a\\033[1mx\\r\\nb\\305\"; printf \"\\274\\n\"'";
    let recorded = scratch.run(&format!("asciinema-rec -q {command} demo.cast"), "");
    recorded.stdout();
    scratch.run(&format!("asciinema-rec -q {command} demo.txt"), "").stdout();
    assert_eq!(scratch.read("demo.txt"), "ax\nbż\n");
    assert_eq!(scratch.run("asciinema-convert -f txt demo.cast", "").stdout(), "ax\nbż\n");
    assert_eq!(scratch.run(&format!("asciinema-rec -q -f txt {command}"), "").stdout(), "ax\nbż\n");
    scratch.run("asciinema-rec -q --append -c 'echo c' demo.txt", "").stdout();
    assert_eq!(scratch.read("demo.txt"), "ax\nbż\nc\n");
    scratch.run("asciinema-rec -q --overwrite -f raw -c 'printf c' demo.txt", "").stdout();
    assert_eq!(scratch.read("demo.txt"), "\u{1b}[8;24;80tc");
}

#[test]
fn append_accepts_a_bare_header_and_raw_and_refuses_other_formats() {
    let scratch = Scratch::new();
    scratch.write("header.cast", cast(&[]));
    scratch.run("asciinema-rec -q --append -c 'printf c' header.cast", "").stdout();
    assert_eq!(text_of(&scratch.read("header.cast"), "o"), "c");
    scratch.write("demo.raw", "old");
    scratch.run("asciinema-rec -q --append --raw -c 'printf c' demo.raw", "").stdout();
    assert_eq!(scratch.read("demo.raw"), "old\x1b[8;24;80tc");
    scratch.run("gzip <header.cast >demo.cast.gz", "").stdout();
    for (options, file, what) in [
        ("--append", "demo.raw", "line 1: expected the header of an asciicast, found 'old\\x1b[8;24;80tc'"),
        ("--append --raw", "header.cast", "cannot append a raw recording to an asciicast"),
        ("--append -f txt", "header.cast", "cannot append a text recording to an asciicast"),
        (
            "--append",
            "demo.cast.gz",
            "cannot append to a compressed recording; decompress it with gunzip first",
        ),
        ("--append", "v1.json", "cannot append to an asciicast v1 recording"),
    ] {
        scratch.write("v1.json", "{\"version\": 1, \"width\": 80, \"height\": 24, \"stdout\": []}");
        let ran = scratch.run(&format!("asciinema-rec {options} -c true {file}"), "");
        assert_eq!(ran.failure(), (1, String::new(), format!("asciinema: {file}: {what}\n")));
    }
}

#[test]
fn characters_split_between_reads_are_joined_and_invalid_bytes_replaced() {
    let line = "asciinema-rec -q -c 'stty raw -echo; printf \"\\305\"; sleep 0.1; printf \"\\274|\\377|\\342\\202\"'";
    assert_eq!(text_of(&run(line, "").stdout(), "o"), "ż|\u{fffd}|\u{fffd}");
}

#[test]
fn the_status_is_the_programs_only_with_return() {
    for (line, status) in [
        ("asciinema-rec -q -c 'exit 3' demo.cast", 0),
        ("asciinema-rec -q --return -c 'exit 3' demo.cast", 3),
        ("asciinema-rec -q --return -c true demo.cast", 0),
        ("asciinema-rec -q --return -c 'kill -9 $$' demo.cast", 137),
        ("asciinema-rec -q --return -c 'no-such-program' demo.cast", 127),
    ] {
        assert_eq!(run(line, "").status(), status, "{line}");
    }
}

#[test]
fn a_full_disk_or_a_lost_reader_fails_the_recording_without_ending_the_session() {
    let scratch = Scratch::new();
    let ran = scratch.run("asciinema-rec -c 'echo a; sleep 0.1; echo b; touch ran' /dev/full", "");
    assert_eq!(ran.status(), 1);
    assert!(
        ran.stderr()
            .ends_with("asciinema: recording finished\nasciinema: /dev/full: No space left on device\n"),
        "{ran}"
    );
    assert!(scratch.path("ran").exists());
    let line = "{ asciinema-rec -q -c 'echo a; sleep 0.1; echo b; sleep 0.1; touch ran2'; echo $? >status; } | head -n 1";
    let ran = scratch.run(line, "");
    assert_eq!(ran.stderr(), "asciinema: stdout: Broken pipe\n");
    assert_eq!((scratch.read("status"), scratch.path("ran2").exists()), ("1\n".to_string(), true));
}

#[test]
fn a_background_process_does_not_hold_the_session_open() {
    let scratch = Scratch::new();
    let ran = scratch.run("asciinema-rec -q -c 'trap \"\" HUP; sleep 1000 & echo $! >pid; printf done' demo.cast; kill $(cat pid)", "");
    assert_eq!(ran.stderr(), "");
    assert_eq!(text_of(&scratch.read("demo.cast"), "o"), "done");
    let flood =
        "asciinema-rec -q -c 'trap \"\" HUP; yes & echo $! >pid; sleep 0.1' demo2.cast; kill $(cat pid)";
    assert_eq!(scratch.run(flood, "").status(), 0);
}

#[test]
fn all_of_a_programs_last_output_is_recorded() {
    let _busy = Busy::start();
    let cast = run("asciinema-rec -q -c 'seq 200000'", "").stdout();
    let text = text_of(&cast, "o");
    assert_eq!(text.lines().count(), 200_000);
    assert!(text.ends_with("\r\n200000\r\n"));
}

#[test]
fn signals_end_the_program_and_complete_the_recording() {
    for signal in ["TERM", "HUP", "INT"] {
        let scratch = Scratch::new();
        // A shell without job control makes background commands ignore SIGINT.
        let line = format!(
            "env --default-signal=INT asciinema-rec -c 'trap \"printf hung-up; exit\" HUP; printf ready; while :; do sleep 0.1; done' demo.cast & \
             until grep -qs ready demo.cast; do sleep 0.05; done; kill -{signal} $!; wait $!; echo $?"
        );
        let ran = scratch.run(&line, "");
        assert_eq!(ran.stdout_anyhow(), "0\n", "{ran}");
        assert!(ran.stderr().ends_with("asciinema: asciicast saved to demo.cast\n"), "{ran}");
        let text = text_of(&scratch.read("demo.cast"), "o");
        assert!(text.starts_with("ready") && text.ends_with("hung-up"), "{signal}: {text:?}");
    }
}

#[test]
fn signals_ignored_at_the_start_stay_ignored_for_the_program() {
    let scratch = Scratch::new();
    let command = "for it in $PPID $$; do kill -HUP $it; kill -TERM $it; kill -USR1 $it; done; printf still";
    scratch.write("command", command);
    let ran = scratch.run("trap '' HUP TERM USR1; exec asciinema-rec -q -c '. ./command' demo.cast", "");
    assert_eq!((ran.status(), ran.stderr()), (0, String::new()));
    assert_eq!(text_of(&scratch.read("demo.cast"), "o"), "still");
}

#[test]
fn the_log_records_what_the_recorder_did() {
    let scratch = Scratch::new();
    scratch.run("asciinema-rec -q --log-file log -c 'exit 3' demo.cast", "").stdout();
    scratch.run("asciinema-rec -q --log-file log -c 'kill -TERM $PPID; sleep 100' /dev/full", "");
    let log = scratch.read("log");
    let lines: Vec<&str> = log.lines().filter_map(|line| Some(line.split_once("] ")?.1)).collect();
    assert_eq!(
        lines,
        [
            "recording asciicast to demo.cast, size 80x24, headless",
            "the program has ended: exit status: 3",
            "the recording is complete",
            "recording asciicast to /dev/full, size 80x24, headless",
            "SIGTERM: ending the session",
            "the program has ended: signal: 1 (SIGHUP)",
            "cannot write the recording: No space left on device",
            "the recording is incomplete: No space left on device",
        ],
        "{log}"
    );
    let ran = scratch.run("asciinema-rec -q --log-file no/log -c 'touch ran' new.cast", "");
    assert_eq!(
        ran.failure(),
        (1, String::new(), "asciinema: no/log: No such file or directory\n".to_string())
    );
    assert!(!scratch.path("ran").exists() && !scratch.path("new.cast").exists());
}

#[test]
fn the_file_size_limit_is_a_write_error() {
    let scratch = Scratch::new();
    let ran = scratch.run("ulimit -f 8; asciinema-rec -q -c 'seq 20000; touch ran' demo.cast", "");
    assert_eq!(ran.failure(), (1, String::new(), "asciinema: demo.cast: File too large\n".to_string()));
    assert!(scratch.path("ran").exists());
}

#[test]
fn a_file_being_recorded_to_is_refused_to_other_recorders() {
    let scratch = Scratch::new();
    let second = |option: &str| format!("asciinema-rec {option} -c 'touch ran' demo.cast; echo $?");
    let command = format!(
        "printf first; {{ {}; {}; }} >second 2>&1; printf last",
        second("--append"),
        second("--overwrite")
    );
    scratch.write("command", command);
    scratch.run("asciinema-rec -q -c '. ./command' demo.cast", "").stdout();
    let refusal = "asciinema: demo.cast: another asciinema is recording to it\n1\n";
    assert_eq!(scratch.read("second"), [refusal, refusal].concat());
    assert!(!scratch.path("ran").exists());
    assert_eq!(text_of(&scratch.read("demo.cast"), "o"), "firstlast");
    scratch.run("asciinema-rec -q --append -c 'printf more' demo.cast", "").stdout();
    assert_eq!(text_of(&scratch.read("demo.cast"), "o"), "firstlastmore");
}

#[test]
fn nothing_is_modified_if_the_program_cannot_be_started() {
    let scratch = Scratch::new();
    let cut_off = cast(&[(1.0, "a")]) + "[2.0, \"o\", \"cut o";
    scratch.write("old.cast", "old");
    scratch.write("cut.cast", &cut_off);
    scratch.write("empty.cast", "");
    for file in ["new.cast", "--overwrite old.cast", "--append cut.cast", "empty.cast", "-"] {
        let ran = scratch.run(&format!("SHELL=/no/shell asciinema-rec -q {file}"), "");
        assert_eq!((ran.status(), ran.stdout_anyhow().as_str()), (1, ""), "{ran}");
    }
    assert_eq!(scratch.files(), ["cut.cast", "empty.cast", "old.cast"]);
    assert_eq!(
        (scratch.read("old.cast").as_str(), scratch.read("cut.cast"), scratch.read("empty.cast").as_str()),
        ("old", cut_off, "")
    );
}

#[test]
fn a_shell_with_options_is_run_by_sh_and_one_with_spaces_in_its_name_is_not() {
    let scratch = Scratch::new();
    let cast = scratch.run("SHELL='/bin/sh -c \"echo a b\"' asciinema-rec -q", "").stdout();
    assert_eq!(text_of(&cast, "o"), "a b\r\n");
    let path = scratch.write("my shell", "#!/bin/sh\necho mine\n");
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let cast = scratch.run("SHELL=\"$PWD/my shell\" asciinema-rec -q", "").stdout();
    assert_eq!(text_of(&cast, "o"), "mine\r\n");
}

#[test]
fn a_killed_recorder_leaves_whole_lines() {
    let scratch = Scratch::new();
    let line = "asciinema-rec -q -c 'while :; do echo some text; done' demo.cast & \
                until [ \"$(wc -l <demo.cast)\" -gt 100 ]; do sleep 0.05; done; kill -9 $!; wait $!";
    scratch.run(line, "");
    let cast = scratch.read("demo.cast");
    let whole = &cast[..cast.rfind('\n').map_or(0, |end| end + 1)];
    assert!(events(whole).len() > 100);
}

/// The number of recorders to kill in each mode: `ASCIINEMA_KILLS=1000` for a soak.
fn kills() -> u64 {
    std::env::var("ASCIINEMA_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(20)
}

#[test]
fn a_recorder_killed_at_any_moment_leaves_whole_lines_and_the_next_one_continues() {
    let scratch = Scratch::new();
    let flood = "i=0; while :; do i=$((i+1)); echo line-$i-ż; done";
    scratch.write("flood", flood);
    scratch.run("mkfifo pipe", "");
    let mut moment = u64::from(std::process::id());
    for round in 0..kills() {
        // Knuth's generator: from the start of the program until well into the flood.
        moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let seconds = (moment >> 33) % 60_000;
        let seconds = format!("0.{seconds:06}");
        let mode = ["demo.cast", "--append demo.cast", "pipe", "terminal"][(round % 4) as usize];
        // The end may be cut within a character; the file may not exist yet.
        let recorded = || {
            String::from_utf8_lossy(&std::fs::read(scratch.path("demo.cast")).unwrap_or_default())
                .into_owned()
        };
        let before = recorded();
        if mode == "demo.cast" {
            let _ = std::fs::remove_file(scratch.path("demo.cast"));
        }
        let recorder = |file: &str| format!("asciinema-rec -q -c '. ./flood' {file}");
        let kill = format!("sleep {seconds}; kill -9 $!; wait $!; true");
        match mode {
            "pipe" => {
                // The shell holds the pipe open, so that nothing waits for a killed process.
                let recorder = recorder("pipe");
                let line = "exec 3<>pipe 4<pipe; cat <&4 3>&- >demo.cast &";
                scratch.run(&format!("{line} {recorder} 3>&- 4<&- & {kill}; exec 3>&-; wait"), "");
            }
            "terminal" => {
                let mut shell = scratch.command("sh");
                shell.args(["-c", &format!("{} & {kill}", recorder("--overwrite demo.cast"))]);
                Terminal::start(shell).status();
            }
            _ => drop(scratch.run(&format!("{} & {kill}", recorder(mode)), "")),
        }
        let cast = recorded();
        let what = format!("round {round}, {mode}, {seconds} s: {cast:?}");
        if mode == "--append demo.cast" {
            let whole = &before[..before.rfind('\n').map_or(0, |end| end + 1)];
            assert!(cast.starts_with(whole), "{what}");
        }
        let whole = &cast[..cast.rfind('\n').map_or(0, |end| end + 1)];
        assert!(whole.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{what}");
        if mode != "pipe" || !whole.is_empty() {
            if !whole.is_empty() {
                let repaired = scratch.run("asciinema-check --repair demo.cast 2>repairs", "");
                assert_eq!(repaired.stdout_anyhow(), whole, "{what}{}", scratch.read("repairs"));
            }
            let ran = scratch.run("asciinema-rec -q --append -c 'printf next' demo.cast", "");
            assert_eq!(ran.failure(), (0, String::new(), String::new()), "{what}");
            assert!(text_of(&scratch.read("demo.cast"), "o").ends_with("next"), "{what}");
        }
    }
}

#[test]
fn bad_options_are_reported() {
    for (options, what) in [
        ("--cols 0", "option '--cols': '0' is not a whole number from 1 to 65535"),
        ("--window-size 80", "option '--window-size': '80' is not a size like 80x24, 80x or x24"),
        ("-f gif", "option '-f': 'gif' is not one of asciicast-v2, asciicast-v3, raw, txt"),
        ("-i 0", "option '-i': '0' is not a number of seconds above 0"),
        ("--tite x", "unknown option '--tite'; did you mean '--title'?"),
        ("a b", "unexpected argument 'b'"),
    ] {
        let ran = run(&format!("asciinema-rec {options}"), "");
        let message = format!("asciinema: {what}\ntry 'asciinema-rec --help'\n");
        assert_eq!(ran.failure(), (2, String::new(), message));
    }
}

#[test]
fn options_may_be_abbreviated_as_2_4_allowed() {
    let scratch = Scratch::new();
    scratch.write("demo.cast", "old");
    scratch.run("asciinema-rec --qui --o --com 'printf hello' --tit T --i 2 --col 90 demo.cast", "").stdout();
    let cast = scratch.read("demo.cast");
    assert_eq!((header(&cast)["title"].as_str(), header(&cast)["width"].as_u64()), (Some("T"), Some(90)));
}

#[test]
fn a_missing_shell_is_reported() {
    let ran = run("SHELL=/no/shell asciinema-rec -q demo.cast", "");
    let message = "asciinema: cannot run the session: /no/shell: No such file or directory\n".to_string();
    assert_eq!(ran.failure(), (1, String::new(), message));
}

/// The output, without the end of the input that the program may also have read.
fn told(cast: &str) -> String {
    text_of(cast, "o").replace("004", "")
}

#[test]
fn queries_are_answered_where_there_is_no_terminal_and_the_replies_are_not_recorded() {
    let scratch = Scratch::new();
    let script = "stty raw -echo; printf 'ab\\033[6n\\033[c\\033]11;?\\a'; head -c 40 | od -An -c | tr -d ' \\n'; stty sane";
    scratch.write("ask", script);
    let cast = scratch.run("asciinema rec --headless --stdin -q -c 'sh ask' -", "").stdout();
    assert!(told(&cast).contains("033[1;3R033[?62;22c033]11;rgb:0000/0000/00"), "{cast}");
    assert_eq!(text_of(&cast, "i"), "");
}

#[test]
fn queries_are_answered_in_pieces_and_after_a_flood_as_well() {
    let scratch = Scratch::new();
    let script = "stty raw -echo; yes 'a long line to fill the buffer with' | head -n 100000; printf '\\rabc'; \
        for part in '\\033' '[6' 'n\\033' ']11;' '?\\033' '\\134'; do printf \"$part\"; sleep 0.05; done; \
        head -c 30 | od -An -c | tr -d ' \\n'; stty sane";
    scratch.write("ask", script);
    let cast = scratch.run("asciinema rec --headless -q -c 'sh ask' -", "").stdout();
    assert!(told(&cast).contains("033[24;4R033]11;rgb:0000/0000/00"), "{}", told(&cast));
}
