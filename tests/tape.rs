//! asciinema-tape: types a script and records the session.

use crate::harness::{Scratch, events, header, run, screen_of, text_of};

/// A tape for a shell whose prompt is the same everywhere.
fn tape(commands: &str) -> String {
    format!("Set TypingSpeed 10ms\n{commands}\n")
}

#[test]
fn typing_is_recorded_with_the_time_it_takes() {
    let cast = run("asciinema-tape -", tape("Type@100ms 'echo a-b' Enter Wait Sleep 300ms")).stdout();
    assert!(text_of(&cast, "o").contains("a-b\r\n"), "{cast}");
    assert_eq!(header(&cast)["command"], "bash");
    let echoes: Vec<f64> =
        events(&cast).iter().filter(|(_, _, text)| text == "o").map(|(time, ..)| *time).collect();
    let last = events(&cast).last().expect("an event").clone();
    assert_eq!((last.1.as_str(), last.2.as_str()), ("o", ""), "{cast}");
    assert!(last.0 >= 1.1, "{cast}");
    assert_eq!(echoes.len(), 1, "{cast}");
}

#[test]
fn a_steady_tape_produces_the_same_bytes_every_time() {
    let scratch = Scratch::new();
    scratch.write(
        "t.tape",
        tape("Set TypingJitter 20%\nType 'echo $((6*7))' Enter Wait Sleep 1s Ctrl+L Type x"),
    );
    let cast = scratch.run("asciinema-tape --steady t.tape", "").stdout();
    assert_eq!(scratch.run("asciinema-tape --steady t.tape", "").stdout(), cast);
    assert!(text_of(&cast, "o").contains("42\r\n"), "{cast}");
    assert!(header(&cast).get("timestamp").is_none(), "{cast}");
}

#[test]
fn in_a_steady_tape_a_sleep_takes_exactly_its_time() {
    let cast =
        run("asciinema-tape --steady", "Set Shell 'sleep 9'\nSleep 0.25s\nMarker here\nSleep 2s\n").stdout();
    let events: Vec<_> =
        events(&cast).into_iter().map(|(time, code, text)| (time, format!("{code}{text}"))).collect();
    assert_eq!(events, [(0.25, "mhere".to_string()), (2.25, "o".to_string())]);
}

#[test]
fn hidden_commands_take_no_time_and_appear_in_one_drawing() {
    let cast = run(
        "asciinema-tape",
        tape("Hide Type 'secret=1; clear; echo ready' Enter Wait+Screen /ready\\s+>/ Show Type 'x'"),
    )
    .stdout();
    assert!(!cast.contains("secret"), "{cast}");
    let rows = screen_of(&cast).rows();
    assert_eq!((rows[0].trim_end(), rows[1].trim_end()), ("ready", "> x"), "{cast}");
    assert!(events(&cast).last().expect("an event").0 < 1.0, "{cast}");
}

#[test]
fn a_show_at_the_end_does_not_reveal_what_was_hidden() {
    let commands =
        "Type 'echo done' Enter Wait+Screen /done\\s+>/ Sleep 500ms Hide Type clear Enter Wait Show";
    let cast = run("asciinema-tape --steady", tape(commands)).stdout();
    assert_eq!(screen_of(&cast).rows()[1].trim_end(), "done", "{cast}");
    // The pause before it counts: keys, Wait, Sleep.
    let last = events(&cast).last().expect("an event").0;
    assert_eq!(last, 1.1, "{cast}");
    let cast = run("asciinema-tape", tape(&format!("{commands} Sleep 10ms"))).stdout();
    assert_eq!(screen_of(&cast).rows()[0].trim_end(), ">", "{cast}");
}

#[test]
fn a_picture_lasts_as_long_as_the_tape() {
    let scratch = Scratch::new();
    scratch.write("t.tape", "Output t.svg\nSet Framerate 10\nSet Shell 'echo a; sleep 9'\nSleep 3s\n");
    assert_eq!(scratch.run("asciinema-tape --steady t.tape", "").stderr(), "");
    assert!(scratch.read("t.svg").contains("animation:3.1s "), "{}", scratch.read("t.svg"));
}

#[test]
fn every_mistake_is_reported_with_its_line_and_nothing_is_run() {
    let scratch = Scratch::new();
    scratch.write("bad.tape", "Type 'a'\nSleep soon\nOutput demo.mp4\nSet FontSize 0\nTyp x\n");
    let ran = scratch.run("asciinema-tape --check bad.tape", "");
    assert_eq!(
        ran.failure(),
        (
            1,
            String::new(),
            "asciinema-tape: bad.tape: line 3: .mp4 output is not supported: use .gif, .svg, .png, .html, .cast or .txt\n\
             asciinema-tape: bad.tape: line 2: 'Sleep' requires a time like 500ms or 2s, found 'soon'\n\
             asciinema-tape: bad.tape: line 4: 'Set FontSize' requires a number above 0\n\
             asciinema-tape: bad.tape: line 5: unknown command 'Typ'; did you mean 'Type'?\n"
                .to_string()
        )
    );
    assert_eq!(scratch.run("asciinema-tape bad.tape -o x.cast", "").status(), 1);
    assert_eq!(scratch.files(), ["bad.tape"]);
}

#[test]
fn a_failed_wait_is_reported_with_its_line_and_keeps_the_recording() {
    let scratch = Scratch::new();
    scratch.write("t.tape", tape("Type 'echo one' Enter\nWait+Screen@200ms /never/\nType two"));
    let ran = scratch.run("asciinema-tape t.tape -o t.cast", "");
    let (status, _, message) = ran.failure();
    assert_eq!(status, 1, "{ran}");
    assert!(
        message.starts_with("asciinema-tape: t.tape: line 3: timed out waiting; the screen has '"),
        "{ran}"
    );
    let cast = scratch.read("t.cast");
    assert!(text_of(&cast, "o").contains("one\r\n") && !cast.contains("two"), "{cast}");
}

#[test]
fn a_program_that_is_missing_or_ends_early_is_reported() {
    let (status, _, message) = run("asciinema-tape", "\nRequire no-such-program\nType x").failure();
    let expected = "asciinema-tape: stdin: line 2: required program 'no-such-program' is not in PATH\n";
    assert_eq!((status, message.as_str()), (1, expected));
    let (status, cast, message) =
        run("asciinema-tape", "Set Shell 'echo done'\nSleep 1s\nType x\n").failure();
    assert_eq!(
        (status, message.as_str()),
        (1, "asciinema-tape: stdin: line 3: the program has ended\n"),
        "{cast}"
    );
    assert!(cast.contains("done"), "{cast}");
    let (status, _, message) = run("asciinema-tape", "Set Shell no-such-shell\nSleep 1s\nType x\n").failure();
    let expected = "asciinema-tape: stdin: line 3: the program has ended with status 127\n";
    assert_eq!((status, message.as_str()), (1, expected));
}

#[test]
fn text_can_be_typed_without_a_locale() {
    let line = "unset LANG LC_CTYPE; export LC_ALL=; asciinema-tape";
    let cast = run(line, tape("Type 'echo 界ż | wc -m' Enter Wait+Screen /3/")).stdout();
    assert!(text_of(&cast, "o").contains("\r3\r\n"), "{cast}");
}

#[test]
fn a_theme_may_have_any_name_that_vhs_knows() {
    let cast = run("asciinema-tape", "Set Theme \"Catppuccin Mocha\" Set Shell true Sleep 1ms").stdout();
    assert_eq!(
        (&header(&cast)["theme"]["bg"], &header(&cast)["theme"]["fg"]),
        (&"#1e1e2e".into(), &"#cdd6f4".into())
    );
    let ran = run("asciinema-tape --check", "\nSet Theme 'Catppucin Mocha'");
    assert_eq!(
        ran.failure(),
        (1, String::new(), "asciinema-tape: stdin: line 2: unknown theme 'Catppucin Mocha'; did you mean 'Catppuccin Mocha'?\n".to_string())
    );
}

#[test]
fn a_tape_for_vhs_runs_as_it_is() {
    let scratch = Scratch::new();
    let text = "# A demo\n\nOutput ./demo.ascii\nOutput demo.webm\nRequire echo\n\nSet Shell \"bash\"\nSet FontSize 10\n\
        Set Width 1000\nSet Height 130\nSet Padding 5\nSet LetterSpacing 0\nSet WindowBar Colorful\nSet WindowBarSize 24\nSet TypingSpeed .01\n\
        Set FontFamily \"JetBrains Mono\"\nSet CursorBlink false\nSet Margin 4\nSet MarginFill \"#674EFF\"\nSet WaitPattern />$/\n\n\
        Env GREETING \"hello\"\nHide\n  Type@0 \"clear\" Enter\nShow\n\n\
        Type@10ms `echo \"$GREETING\" ` Type ./world\nLeft @5ms 2 Right@.005 2\nCtrl + e\nEnter\nWait+Screen@5s /hello .\\/world\\s+>/\n\
        Sleep 100ms Hide Type exit Enter\n";
    scratch.write("demo.tape", text);
    let ran = scratch.run("asciinema-tape demo.tape -o demo.cast", "");
    assert_eq!(
        (ran.status(), ran.stderr()),
        (
            0,
            "asciinema-tape: demo.tape: line 4: .webm output is not supported: use .gif, .svg, .png, .html, .cast or .txt\n\
             asciinema-tape: demo.tape: line 16: settings without effect here: FontFamily, Margin, MarginFill\n"
                .to_string()
        )
    );
    let cast = scratch.read("demo.cast");
    // (1000 - 18) / 5 columns, and (130 - 18 - 24) / 12 rows.
    assert_eq!((&header(&cast)["width"], &header(&cast)["height"]), (&196.into(), &7.into()));
    let screens = scratch.read("demo.ascii");
    // Hidden commands leave no screen.
    assert_eq!(screens.matches("──\n").count(), 9, "{screens}");
    assert!(screens.contains("> echo \"$GREETING\" ./world\nhello ./world\n>\n"), "{screens}");
}

#[test]
fn the_program_gets_replies_from_its_terminal() {
    let line = "Set Shell \"stty raw -echo; printf '\\033[6n'; head -c 6 | od -c | head -1; sleep 9\"\nWait+Screen /R/\n";
    let cast = run("asciinema-tape", line).stdout();
    assert!(text_of(&cast, "o").contains("033   [   1   ;   1   R"), "{cast}");
}

#[test]
fn text_output_contains_the_screen_after_each_command() {
    let scratch = Scratch::new();
    scratch.write("t.tape", "Output t.txt\nSet Rows 2 Set Columns 10\nSet Shell 'printf hi; sleep 9'\nWait /hi/\nSleep .1\nScreenshot s.txt\n");
    assert_eq!(scratch.run("asciinema-tape --steady t.tape > t.cast", "").status(), 0);
    let screen = format!("hi\n\n{}\n", "─".repeat(80));
    assert_eq!(scratch.read("t.txt"), screen.repeat(3));
    assert_eq!(scratch.read("s.txt"), "hi\n\n");
}

#[test]
fn a_tape_made_from_a_recording_types_the_same() {
    let cast = "{\"version\": 2, \"width\": 90, \"height\": 20, \"env\": {\"SHELL\": \"/bin/zsh\"}}\n\
                [1.0, \"i\", \"l\"]\n[1.1, \"i\", \"s\"]\n[1.2, \"o\", \"ls\"]\n[1.25, \"i\", \"\\r\"]\n[3.0, \"i\", \"\\u0003\"]\n";
    let tape = run("asciinema-tape --from-cast -", cast).stdout();
    assert_eq!(
        tape,
        "Set Columns 90\nSet Rows 20\nSet Shell \"zsh\"\n\nSleep 1000ms\nType \"ls\"\nEnter\nSleep 1750ms\nCtrl+C\n"
    );
    assert_eq!(run("asciinema-tape --check", tape).stdout(), "");
}

#[test]
fn the_folders_of_outputs_and_screenshots_are_made() {
    let scratch = Scratch::new();
    let text = tape("Output made/here/a.txt\nType 'echo a' Enter Wait\nScreenshot other/b.txt\n");
    scratch.run("asciinema-tape - -o out.cast", text).stdout();
    assert!(scratch.read("made/here/a.txt").contains("echo a"), "{}", scratch.read("made/here/a.txt"));
    assert!(scratch.read("other/b.txt").contains("echo a"));
}
