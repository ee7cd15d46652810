//! `asciinema-redact`: no secret is shown or left in the file, and nothing else changes.

use crate::harness::{Live, SMALL_HEADER as HEADER, Scratch, run, small_cast as cast};

/// The result of redacting output from a file.
fn redacted(options: &str, outputs: &[&str]) -> String {
    let scratch = Scratch::new();
    scratch.write("a.cast", cast(outputs));
    scratch.run(&format!("asciinema-redact {options} a.cast"), "").stdout()
}

#[test]
fn a_match_is_found_when_the_rest_of_its_line_is_erased() {
    let outputs = ["0123456789abchunter2X\\u001b[1;20H2", "\\u001b[K"];
    let expected = ["0123456789abc******2X\\u001b[1;20H*", "\\u001b[K"];
    assert_eq!(redacted("-r hunter2$", &outputs), cast(&expected));
    // The row above loses a character, so that another line begins in this one.
    let outputs = ["0123456789abcdefghijhunter2", "\\u001b[1;1H\\u001b[P"];
    let expected = ["0123456789abcdefghij*******", "\\u001b[1;1H\\u001b[P"];
    assert_eq!(redacted(r"-r '\bhunter2'", &outputs), cast(&expected));
}

#[test]
fn a_secret_is_masked_however_it_was_drawn() {
    for (outputs, expected) in [
        // Key by key, with colours between them.
        (
            vec!["$ h", "u", "\\u001b[31mn\\u001b[0mt", "er2"],
            vec!["$ *", "*", "\\u001b[31m*\\u001b[0m*", "***"],
        ),
        // Wrapped at the margin.
        (vec!["0123456789abcdefhunter2"], vec!["0123456789abcdef*******"]),
        // Its end first, then the rest before it.
        (vec!["\\u001b[1;4Hter2", "\\rhun"], vec!["\\u001b[1;4H****", "\\r***"]),
        // With typing mistakes deleted.
        (vec!["hunx", "\\b \\bter2"], vec!["***x", "\\b \\b****"]),
        // A gap closed, characters inserted, characters deleted.
        (vec!["hun   ter2", "\\u001b[1;4H\\u001b[3P"], vec!["***   ****", "\\u001b[1;4H\\u001b[3P"]),
        (vec!["huer2", "\\u001b[1;3H\\u001b[2@nt"], vec!["*****", "\\u001b[1;3H\\u001b[2@**"]),
        // On the alternate screen, mixed with other output.
        (
            vec!["\\u001b[?1049h\\u001b[2;3Hnter2\\u001b[1;1Hx\\u001b[2;1Hhu"],
            vec!["\\u001b[?1049h\\u001b[2;3H*****\\u001b[1;1Hx\\u001b[2;1H**"],
        ),
        // Erased again within the same event.
        (vec!["hunter2\\r\\u001b[K"], vec!["*******\\r\\u001b[K"]),
        // Through characters written once and shown twice.
        (vec!["hunter2 \\r\\u001b[4C\\u001b[1@t"], vec!["******* \\r\\u001b[4C\\u001b[1@t"]),
    ] {
        assert_eq!(redacted("-s hunter2", &outputs), cast(&expected), "{outputs:?}");
    }
}

#[test]
fn a_secret_over_rows_drawn_one_by_one_is_masked() {
    let front = "0123456789abcdef";
    let front = |end: &str| format!("\\u001b[H{front}{end}");
    for (outputs, expected) in [
        // As a multiplexer and a pager draw a long line.
        (vec![front("hunt"), "\\u001b[2;1Her2 x".into()], vec![front("****"), "\\u001b[2;1H*** x".into()]),
        (vec![front("hunt"), "\\r\\ner2".into()], vec![front("****"), "\\r\\n***".into()]),
        // In another order.
        (vec!["\\u001b[2;1Her2".into(), front("hunt")], vec!["\\u001b[2;1H***".into(), front("****")]),
        // Two lines, both complete by themselves.
        (vec![front("hunx"), "\\r\\ner2".into()], vec![front("hunx"), "\\r\\ner2".into()]),
        (vec!["hunt".into(), "\\r\\ner2".into()], vec!["hunt".into(), "\\r\\ner2".into()]),
    ] {
        let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        assert_eq!(redacted("-s hunter2", &outputs), cast(&expected), "{outputs:?}");
        assert_eq!(redacted("-r 'hunt[a-z]+2'", &outputs), cast(&expected), "{outputs:?}");
    }
    // Held back at the margin.
    let outputs = [&front("hunt"), "\\r\\n", "er2"];
    let expected = [&front("****"), "\\r\\n", "***"];
    assert_eq!(run("cat | asciinema-redact -s hunter2", cast(&outputs)).stdout(), cast(&expected));
    // Over three rows.
    let token = "ghp_EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE0";
    let rows = |token: &str| {
        let rows = [format!("token ghp {}", &token[..10]), token[10..30].into(), token[30..].into()];
        rows.iter().zip(1..).map(|(text, row)| format!("\\u001b[{row};1H{text}")).collect::<String>()
    };
    let masked = rows(&"*".repeat(token.len()));
    assert_eq!(redacted("--secrets", &[&rows(token)]), cast(&[&masked]));
}

#[test]
fn no_secret_comes_together_where_masked_blanks_move_text() {
    // The last row is no longer indented, so the one above it is the end of a line. The first text
    // is found in the stream, and drawn over.
    let outputs = ["0123456789abcdefghun\\r\\n ter-and-the-rest-02\\r\\na\\u001b[G b c"];
    let expected = ["0123456789abcdefg***\\r\\n *******************\\r\\n*\\u001b[G** c"];
    let options = "-s 'a b' -r 'hunter[-a-z]+02$'";
    assert_eq!(redacted(options, &outputs), cast(&expected));
    assert_eq!(redacted(options, &expected), cast(&expected));
}

#[test]
fn a_secret_over_rows_of_a_pane_or_after_indentation_is_masked() {
    for (outputs, expected) in [
        // Panes side by side, and the other way round.
        (
            vec!["\\u001b[H1234567hun│a\\u001b[2;1Hter2      │b"],
            vec!["\\u001b[H1234567***│a\\u001b[2;1H****      │b"],
        ),
        (
            vec!["\\u001b[1;8H│123456789hun\\u001b[2;8H│ter2 x"],
            vec!["\\u001b[1;8H│123456789***\\u001b[2;8H│**** x"],
        ),
        // After line numbers, wrapped or not.
        (vec![" 12 123456789012hunt\\u001b[2;5Her2"], vec![" 12 123456789012****\\u001b[2;5H***"]),
        (vec![" 12 123456789012hunt    er2"], vec![" 12 123456789012****    ***"]),
        // In different panes.
        (
            vec!["\\u001b[H1234567hun│a\\u001b[2;1Hb         │ter2"],
            vec!["\\u001b[H1234567hun│a\\u001b[2;1Hb         │ter2"],
        ),
    ] {
        assert_eq!(redacted("-s hunter2", &outputs), cast(&expected), "{outputs:?}");
    }
}

#[test]
fn a_secret_is_masked_in_text_that_is_never_on_the_screen() {
    for (outputs, expected) in [
        (vec!["\\u001b]0;hunter2\\u0007"], vec!["\\u001b]0;*******\\u0007"]),
        // Terminals ignore control characters there.
        (vec!["\\u001b]0;hun\\u0001ter2\\u0007"], vec!["\\u001b]0;***\\u0001****\\u0007"]),
        (vec!["\\u001b]2;hun", "ter2\\u001b\\\\"], vec!["\\u001b]2;***", "****\\u001b\\\\"]),
        (
            vec!["\\u001b]8;;http://me:hunter2@x/\\u001b\\\\y"],
            vec!["\\u001b]8;;http://me:*******@x/\\u001b\\\\y"],
        ),
        (vec!["\\u001bPq hunter2\\u001b\\\\"], vec!["\\u001bPq *******\\u001b\\\\"]),
        // "hunter2" for the clipboard.
        (vec!["\\u001b]52;c;aHVudGVyMg==\\u0007"], vec!["\\u001b]52;c;************\\u0007"]),
    ] {
        assert_eq!(redacted("-s hunter2", &outputs), cast(&expected), "{outputs:?}");
    }
}

#[test]
fn a_secret_in_several_sequences_is_masked_in_each() {
    // "x hunter2" in base64.
    let [first, second] = ["eCBodW5", "0ZXIy"];
    let masked = |text: &str| "*".repeat(text.len());
    for (front, back) in [
        // The clipboard, through screen and tmux, which split it.
        ("\\u001bP\\u001b]52;c;FIRST\\u001b\\\\", "\\u001bPSECOND\\u0007\\u001b\\\\"),
        ("\\u001bPtmux;\\u001b\\u001b]52;c;FIRST\\u001b\\\\", "\\u001bPtmux;SECOND\\u0007\\u001b\\\\"),
        ("\\u001b]52;c;FIRST\\u0007", "\\u001b]52;c;SECOND\\u0007"),
        // kitty's graphics, iTerm2's files.
        ("\\u001b_Gi=1,m=1;FIRST\\u001b\\\\", "\\u001b_Gm=0;SECOND\\u001b\\\\"),
        (
            "\\u001b]1337;MultipartFile=name=YQ==\\u0007\\u001b]1337;FilePart=FIRST\\u0007",
            "\\u001b]1337;FilePart=SECOND\\u0007\\u001b]1337;FileEnd\\u0007",
        ),
    ] {
        let [front, back] = [front.replace("FIRST", first), back.replace("SECOND", second)];
        let outputs = [front.as_str(), back.as_str()];
        let expected = [front.replace(first, &masked(first)), back.replace(second, &masked(second))];
        let expected = [expected[0].as_str(), expected[1].as_str()];
        assert_eq!(redacted("-s hunter2", &outputs), cast(&expected), "{outputs:?}");
    }
    // Not encoded: text that tmux passes on in pieces.
    let outputs = ["\\u001bPtmux;hun\\u001b\\\\", "\\u001bPtmux;ter2\\u001b\\\\"];
    let expected = ["\\u001bPtmux;***\\u001b\\\\", "\\u001bPtmux;****\\u001b\\\\"];
    assert_eq!(redacted("-s hunter2", &outputs), cast(&expected));
    let piped = run("cat | asciinema-redact -s hunter2", cast(&outputs)).stdout();
    assert_eq!(piped, cast(&expected));
}

#[test]
fn a_secret_is_masked_in_the_lines_of_the_clipboard_and_of_the_header() {
    // "a\nhun\nter2" in base64, without padding.
    let outputs = ["\\u001b]52;c;YQpodW4KdGVyMg\\u0007"];
    assert_eq!(redacted("-s hunter2", &outputs), cast(&["\\u001b]52;c;**************\\u0007"]));
    let header = "{\"version\":2,\"width\":20,\"height\":4,\"command\":\"echo a; hun\\nter2\"}\n";
    assert_eq!(
        run("asciinema-redact -s hunter2", header).stdout(),
        header.replace("hun\\nter2", "***\\n****")
    );
}

#[test]
fn parts_of_a_secret_shown_before_a_redraw_are_masked() {
    let outputs = ["$ h", "u", "\\b\\bhun", "t", "\\r\\u001b[K$ hunt", "er2\\r\\n", "$ push\\r\\n"];
    let expected = ["$ *", "*", "\\b\\b***", "*", "\\r\\u001b[K$ ****", "***\\r\\n", "$ push\\r\\n"];
    assert_eq!(redacted("-s hunter2", &outputs), cast(&expected));
    assert_eq!(run("cat | asciinema-redact -s hunter2", cast(&outputs)).stdout(), cast(&expected));
}

#[test]
fn parts_of_a_secret_typed_into_a_pane_that_scrolls_are_masked() {
    let borders = "\\u001b[1;10H│\\u001b[2;10H│\\u001b[3;10H│\\u001b[4;10H│\\u001b[4;11H";
    // With the next row still empty, and with the next key in it.
    for (redrawn, masked) in [("", ""), ("r", "*")] {
        let (typed, masked_typed) = if redrawn.is_empty() { ("r2", "**") } else { ("2", "*") };
        let outputs = [
            &format!("{borders}$ abchun"),
            "t",
            "e",
            &format!("\\u001b[3;11H$ abchunte\\u001b[4;11H{redrawn}\\u001b[K"),
            typed,
        ];
        let expected = [
            &format!("{borders}$ abc***"),
            "*",
            "*",
            &format!("\\u001b[3;11H$ abc*****\\u001b[4;11H{masked}\\u001b[K"),
            masked_typed,
        ];
        assert_eq!(redacted("-s hunter2", &outputs), cast(&expected));
        assert_eq!(run("cat | asciinema-redact -s hunter2", cast(&outputs)).stdout(), cast(&expected));
    }
}

#[test]
fn a_name_and_its_value_are_found_even_across_events() {
    let outputs = ["pass", "word=hu\\u001b[3;1H", "nter2 "];
    let expected = ["pass", "word=**\\u001b[3;1H", "***** "];
    assert_eq!(redacted("--secrets", &outputs), cast(&expected));
    assert_eq!(run("cat | asciinema-redact --secrets", cast(&outputs)).stdout(), cast(&expected));
}

#[test]
fn in_a_pipe_text_brought_together_by_a_resize_is_covered_immediately() {
    // The alternate screen is truncated, which brings two rows together.
    let before = cast(&["\\u001b[?1049h\\u001b[1;15Hhunxxxter2"]);
    let after = "[5.5, \"o\", \"x\"]\n";
    let cast = before.clone() + "[4.5, \"r\", \"17x4\"]\n" + after;
    let stdout = run("cat | asciinema-redact -s hunter2", cast.as_str()).stdout();
    let cover = stdout.lines().nth(3).unwrap_or_default();
    assert!(stdout.starts_with(&before) && stdout.ends_with(after), "{stdout}");
    assert!(cover.starts_with("[4.500000, \"o\", ") && cover.matches('*').count() == 7, "{stdout}");
}

#[test]
fn in_a_pipe_output_after_a_cover_is_searched_together_with_it() {
    let cast = "{\"version\": 2, \"width\": 5, \"height\": 2}\n[0.5, \"o\", \"\\u001b[?47h\\u001b[1;4Haaa\"]\n[3.5, \"o\", \"\\u001bE\"]\n[4.5, \"o\", \"a   aab\"]\n[5.5, \"o\", \"aa\"]\n[6.5, \"r\", \"2x1\"]\n[7.5, \"o\", \"ab\"]\n";
    let stdout = run(r"cat | asciinema-redact -r '\bab'", cast).stdout();
    // The cover ends in a mask, after which a word begins.
    assert!(stdout.ends_with("[7.5, \"o\", \"**\"]\n"), "{stdout}");
}

#[test]
fn a_secret_is_found_in_a_long_line_after_the_window_was_narrow() {
    // Thirty rows at first, three hundred in between.
    let line = format!("{}hunXer2{}", "a".repeat(520), "b".repeat(73));
    let resizes = "[1.5, \"r\", \"2x4\"]\n[2.5, \"r\", \"20x4\"]\n";
    let completed =
        |line: &str, last: &str| cast(&[line]) + resizes + &format!("[3.5, \"o\", \"\\u001b[1;4H{last}\"]\n");
    let expected = completed(&line.replace("hunXer2", "***X***"), "*");
    assert_eq!(run("asciinema-redact --whole -s hunter2", completed(&line, "t")).stdout(), expected);
    let piped = run("cat | asciinema-redact -s hunter2", completed(&line, "t")).stdout();
    assert_eq!(piped, completed(&line, "*"));
}

#[test]
fn header_labels_comments_and_unknown_events_are_masked_too() {
    let cast = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24},\"title\":\"my hunter2\",\"env\":{\"API_TOKEN\":\"abcdefgh\",\"SHELL\":\"/bin/zsh\"},\"tags\":[\"hunter2\"]}\n# hunter2\n[0.5,\"m\",\"hunter2\"]\n[0.5,\"z\",{\"a\":[\"hunter2\",5]}]\n";
    let expected = cast.replace("hunter2", "*******").replace("abcdefgh", "********");
    assert_eq!(run("asciinema-redact -s hunter2 --secrets", cast).stdout(), expected);
}

#[test]
fn typed_secrets_are_masked_including_deleted_keys() {
    let typed = |keys: &[&str]| {
        let events = keys.iter().enumerate().map(|(index, keys)| format!("[{index}.5, \"i\", \"{keys}\"]\n"));
        HEADER.to_string() + &events.collect::<String>()
    };
    for (keys, expected) in [
        (vec!["h", "unt", "er2\\r"], vec!["*", "***", "***\\r"]),
        (vec!["hunx\\u007fter2\\r"], vec!["***x\\u007f****\\r"]),
        (vec!["sudo xyz\\u0017hunter2\\r"], vec!["sudo xyz\\u0017*******\\r"]),
        (vec!["foo\\u0015hun", "ter2"], vec!["foo\\u0015***", "****"]),
        (vec!["\\u001b[200~hunter2\\u001b[201~"], vec!["\\u001b[200~*******\\u001b[201~"]),
        (
            vec!["huter2\\u001b[D\\u001b[D\\u001b[D\\u001b[Dn"],
            vec!["******\\u001b[D\\u001b[D\\u001b[D\\u001b[D*"],
        ),
    ] {
        assert_eq!(
            run("asciinema-redact -s hunter2 --whole", typed(&keys)).stdout(),
            typed(&expected),
            "{keys:?}"
        );
    }
    let cast = typed(&["hunter2"]) + "[9.5, \"o\", \"x\"]\n";
    assert_eq!(
        run("asciinema-redact -s nothing --drop-input", cast).stdout(),
        HEADER.to_string() + "[9.5, \"o\", \"x\"]\n"
    );
}

#[test]
fn everything_else_is_copied_byte_for_byte() {
    let cast = "{ \"version\" : 2,\"width\":80 , \"height\":24}\r\n\n[ 1.50 ,\"o\" , \"\\u0061\\/\\ud83d\\ude00 hunter2 \\u0041\" ]\r\n[2e0, \"\\u006f\", \"b\"]\n[3, \"z\", null]";
    assert_eq!(run("asciinema-redact -s nothing --secrets", cast).stdout(), cast);
    assert_eq!(run("asciinema-redact -s hunter2", cast).stdout(), cast.replace("hunter2", "*******"));
}

#[test]
fn a_mask_is_as_wide_as_the_text_it_replaces() {
    let outputs = ["x密码\\u5bc6😀e\\u0301y"];
    assert_eq!(redacted("-s 密码密😀e\u{301}", &outputs), cast(&["x＊＊＊＊*y"]));
    assert_eq!(redacted("-s 密码密😀e\u{301} --mask '#'", &outputs), cast(&["x＃＃＃＃#y"]));
    // Two narrow ones would not wrap the same way, nor be repeated or overwritten the same way.
    for (output, expected) in [
        ("0123456789012345678密", "0123456789012345678＊"),
        ("密\\u001b[2bx", "＊\\u001b[2bx"),
        ("密\\bx", "＊\\bx"),
        ("\\u001b[?7l0123456789012345678密", "\\u001b[?7l0123456789012345678＊"),
    ] {
        assert_eq!(redacted("-s 密", &[output]), cast(&[expected]));
    }
}

#[test]
fn in_a_pipe_only_text_that_may_become_a_secret_is_delayed() {
    let mut live = Live::start("asciinema-redact -s hunter2 --secrets");
    live.write(HEADER);
    live.wait_for(HEADER);
    for prompt in ["user@host:~$ ", "Password: ", "\\r\\n", "passw0rd ", "ls\\r\\n"] {
        let event = format!("[0.5, \"o\", \"{prompt}\"]\n");
        live.write(&event);
        live.wait_for(&event);
    }
    live.write("[1.5, \"o\", \"hunt\"]\n[1.75, \"m\", \"waits, too\"]\n");
    live.write("[2.5, \"o\", \"ing \"]\n");
    live.wait_for("[1.5, \"o\", \"hunt\"]\n[1.75, \"m\", \"waits, too\"]\n[2.5, \"o\", \"ing \"]\n");
    live.write("[3.5, \"o\", \" hunter\"]\n[4.5, \"o\", \"2 \"]\n");
    live.wait_for("[3.5, \"o\", \" ******\"]\n[4.5, \"o\", \"* \"]\n");
    assert_eq!(live.finish(), 0);
}

#[test]
fn in_a_pipe_a_secret_completed_out_of_order_is_not_shown() {
    let pipe = |outputs: &[&str]| run("cat | asciinema-redact -s hunter2", cast(outputs)).stdout();
    let outputs = ["\\u001b[1;4Hter2\\u001b[1;1H", "hun"];
    assert_eq!(pipe(&outputs), cast(&["\\u001b[1;4Hter2\\u001b[1;1H", "***"]));
    let outputs = ["hunterX2", "\\b\\b\\u001b[P"];
    let covered = (1..=7).map(|col| format!("\\u001b[1;{col}H*")).collect::<String>();
    assert_eq!(pipe(&outputs), cast(&["hunterX2", &format!("\\b\\b\\u001b[P{covered}\\u001b[1;7H")]));
    let whole = run("cat | asciinema-redact -s hunter2 --whole", cast(&outputs)).stdout();
    assert_eq!(whole, cast(&["******X*", "\\b\\b\\u001b[P"]));
}

#[test]
fn in_a_pipe_a_mask_creates_no_match_in_what_is_held_back() {
    // The second event completes a word, whose mask makes another one begin after it in the first.
    let outputs = ["aa\\u001b[2;2H\\u001b[1;2Hab", "\\u001b[1;2Hb"];
    let redacted = run(r"cat | asciinema-redact -r '\bab'", cast(&outputs)).stdout();
    assert_eq!(redacted, cast(&["*a\\u001b[2;2H\\u001b[1;2H**", "\\u001b[1;2H*"]));
    assert_eq!(run(r"asciinema-redact -r '\bab'", redacted.as_str()).stdout(), redacted);
}

#[test]
fn in_a_pipe_a_cover_creates_no_match_beside_it() {
    // What precedes "abab" scrolls away. After the cover of the first word another one begins.
    let front = format!("\\u001b[?1049h{}abab  ", "x".repeat(20));
    let redacted = run(r"cat | asciinema-redact -r '\bab'", cast(&[&front, "\\n\\n\\n"])).stdout();
    let cover = |cols: [u8; 2]| cols.map(|col| format!("\\u001b[1;{col}H*")).concat() + "\\u001b[4;7H";
    assert_eq!(redacted, cast(&[&front, &format!("\\n\\n\\n{}{}", cover([1, 2]), cover([3, 4]))]));
    // The mask before the match is shorter than what it stands for.
    let redacted = run(r"cat | asciinema-redact -r '\bab' -s hż", cast(&["xżab  ", "\\rhż"])).stdout();
    assert_eq!(redacted, cast(&["xżab  ", "\\r**\\u001b[1;3H*\\u001b[1;4H*\\u001b[1;3H"]));
}

#[test]
fn in_a_pipe_text_that_leaves_the_screen_within_an_event_is_masked_before() {
    // For the alternate screen.
    let outputs = ["\\u001b[1;4Hter2\\u001b[1;1Hhun\\u001b[?1049h  ", "\\u001b[?1049l"];
    let expected = ["\\u001b[1;4H****\\u001b[1;1H***\\u001b[?1049h  ", "\\u001b[?1049l"];
    assert_eq!(run("cat | asciinema-redact -s hunter2", cast(&outputs)).stdout(), cast(&expected));
    // By scrolling, when a word begins in text passed on before.
    let covered = "\\r \\u001b[4;1H\\u001b[1;2H*\\u001b[1;3H*\\u001b[4;1H\\n";
    let redacted = run(r"cat | asciinema-redact -r '\bab'", cast(&["xab  ", "\\r \\u001b[4;1H\\n"])).stdout();
    assert_eq!(redacted, cast(&["xab  ", covered]));
    // The text that follows begins a word after the cover.
    let outputs = ["xab  ", "\\r \\u001b[4;1Hz\\u001b[mabcdefghijklmnopqrstuv"];
    let redacted = run(r"cat | asciinema-redact -r '\bab'", cast(&outputs)).stdout();
    let covered = "\\r \\u001b[4;1Hz\\u001b[m\\u001b[1;2H*\\u001b[1;3H*\\u001b[4;2H**cdefghijklmnopqrstuv";
    assert_eq!(redacted, cast(&["xab  ", covered]));
}

#[test]
fn in_a_pipe_no_match_is_shown_beside_what_may_still_be_masked() {
    let pipe = |outputs: &[&str]| run(r"cat | asciinema-redact -r '\bab' -s hunter2", cast(outputs)).stdout();
    // Whether the second event is masked is decided after it, and a word would begin there: what has
    // been passed on is covered, the rest is masked.
    let covered = ["xab  ", "\\rh\\u001b[1;2H*\\u001b[1;3H*\\u001b[1;2H", "ow"];
    assert_eq!(pipe(&["xab  ", "\\rh", "ow"]), cast(&covered));
    let masked = ["x**", "\\r*", "\\u001b[4;1H******"];
    assert_eq!(pipe(&["xab", "\\rh", "\\u001b[4;1Hunter2"]), cast(&masked));
    // The text has a match that the screen has not, and its mask is known when the screen has been
    // searched.
    let covered = ["xccab  ", "\\r\\u001b[C**\\u001b[4l\\r\\u001b[1;4H*\\u001b[1;5H*\\u001b[1;1H"];
    assert_eq!(pipe(&["xccab  ", "\\r\\u001b[Cab\\u001b[4l\\r"]), cast(&covered));
}

#[test]
fn a_suggestion_drawn_over_at_once_is_masked() {
    // As fish does.
    let outputs = ["$ h", "u\\u001b[2mnter2\\u001b[m\\u001b[6D\\u001b[36mu\\u001b[2mnter"];
    let expected = ["$ *", "*\\u001b[2m*****\\u001b[m\\u001b[6D\\u001b[36m*\\u001b[2m****"];
    assert_eq!(redacted("-s hunter2", &outputs), cast(&expected));
    let outputs = ["$ h", "u\\u001b[2mnter2\\r$ xyzxyzx"];
    let expected = ["$ *", "*\\u001b[2m*****\\r$ xyzxyzx"];
    assert_eq!(redacted("-s hunter2", &outputs), cast(&expected));
    assert_eq!(run("cat | asciinema-redact -s hunter2", cast(&outputs)).stdout(), cast(&expected));
}

#[test]
fn a_possible_secret_at_the_end_of_a_truncated_cast_is_masked() {
    let broken = cast(&["x hunt"]) + "[9.5, \"o";
    for command in ["cat | asciinema-redact -s hunter2", "cat > a.cast; asciinema-redact -s hunter2 a.cast"] {
        let ran = run(command, &broken);
        let (status, stdout, stderr) = ran.failure();
        assert_eq!((status, stdout), (1, cast(&["x ****"])), "{command}");
        assert!(stderr.ends_with("line 3: the line is cut off\n"), "{stderr}");
    }
}

#[test]
fn a_possible_secret_undecided_after_a_mebibyte_is_masked() {
    let line = "a".repeat(100_000);
    let outputs: Vec<&str> = std::iter::once("k=").chain(std::iter::repeat_n(line.as_str(), 12)).collect();
    let stdout = run("cat | asciinema-redact -r 'k=a+;'", cast(&outputs)).stdout();
    assert!(!stdout.contains("k=") && !stdout.lines().nth(3).unwrap_or_default().contains("aaa"));
}

#[test]
fn check_reports_time_and_kind_but_never_the_secret() {
    let scratch = Scratch::new();
    scratch.write("a.cast", cast(&["hun", "ter2", "\\r\\nghp_EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE0"]));
    scratch.write("b.cast", cast(&["nothing"]));
    let check = "asciinema-redact --check -s hunter2 --secrets";
    let (status, stdout, stderr) = scratch.run(&format!("{check} a.cast"), "").failure();
    assert_eq!((status, stdout.as_str(), stderr.as_str()), (1, "1.500: string\n2.500: github-token\n", ""));
    let (status, stdout, _) = scratch.run(&format!("{check} a.cast b.cast"), "").failure();
    assert_eq!((status, stdout.as_str()), (1, "a.cast:1.500: string\na.cast:2.500: github-token\n"));
    assert_eq!(scratch.run(&format!("{check} b.cast"), "").failure(), (0, String::new(), String::new()));
    let ran = scratch.run("asciinema-redact --report -s hunter2 --secrets a.cast -o a.cast", "");
    assert_eq!(ran.failure(), (0, String::new(), "1.500: string\n2.500: github-token\n".to_string()));
    assert_eq!(scratch.run(&format!("{check} a.cast"), "").failure(), (0, String::new(), String::new()));
}

#[test]
fn secrets_come_from_the_environment_and_from_files() {
    let scratch = Scratch::new();
    scratch.write("list", "hunter2\n\ncorrect horse\r\n");
    scratch.write("a.cast", cast(&["hunter2 swordfish correct horse"]));
    let ran = scratch.run("PASS=swordfish asciinema-redact --env PASS -f list a.cast", "");
    assert_eq!(ran.stdout(), cast(&["******* ********* *************"]));
    let (status, _, stderr) = scratch.run("PASS= asciinema-redact --env PASS a.cast", "").failure();
    assert_eq!(
        (status, stderr.lines().next()),
        (2, Some("asciinema-redact: variable 'PASS' is not set or is empty"))
    );
}

#[test]
fn private_keys_are_masked_line_by_line() {
    let body = "EXAMPLE/".repeat(8);
    let border = |name: &str| format!("-----{name} EXAMPLE PRIVATE KEY-----");
    let key = format!(
        "{}\\r\\n{body}\\r\\n{body}\\r\\nAB=\\r\\n{}\\r\\n$ ls\\r\\n",
        border("BEGIN"),
        border("END")
    );
    let wide = |text: &str| cast(&[text]).replace("\"width\": 20", "\"width\": 80");
    let expected = wide(&key).replace(&body, &"*".repeat(64)).replace("AB=", "***");
    let ran = run("asciinema-redact --secrets", wide(&key));
    assert_eq!(ran.stdout(), expected);
    let (status, stdout, _) = run("asciinema-redact --secrets --check", wide(&key)).failure();
    assert_eq!((status, stdout.as_str()), (1, "0.500: private-key\n"));
}

#[test]
fn the_middle_of_a_private_key_alone_on_the_screen_is_masked() {
    let body = "Example0".repeat(8);
    let border = |name: &str| format!("-----{name} EXAMPLE PRIVATE KEY-----");
    let page = |text: &str| format!("\\u001b[H\\u001b[2J{text}\\r\\n:");
    let wide = |texts: &[&str]| cast(texts).replace("\"width\": 20", "\"width\": 80");
    let (first, middle, hash) = (page(&border("BEGIN")), page(&body), page(&"0123456789abcdef".repeat(4)));
    let masked = middle.replace(&body, &"*".repeat(64));
    let outputs = [&first, "a\\r\\n", "b\\r\\n", "c\\r\\n", "d\\r\\n", "e\\r\\n", &hash, &middle]
        .map(|text| text as &str);
    let expected = [&outputs[..7], &[&masked]].concat();
    let scratch = Scratch::new();
    scratch.write("a.cast", wide(&outputs));
    assert_eq!(scratch.run("asciinema-redact --secrets a.cast", "").stdout(), wide(&expected));
    assert_eq!(scratch.run("cat a.cast | asciinema-redact --secrets", "").stdout(), wide(&expected));
    // Without a key, it cannot be recognized.
    assert_eq!(redacted("--secrets", &[&middle]), cast(&[&middle]));
}

#[test]
fn a_command_line_that_would_mask_nothing_is_refused() {
    for (options, message) in [
        ("", "one of the options -s, -r, --secrets, --env, -f is required"),
        ("-s ''", "option '-s': '' is empty"),
        ("-s 'a\nb'", "the text of -s has more than one line; give each line by itself, or use --from-file"),
        ("-s '**'", "a text to redact consists of mask characters; choose another mask with --mask"),
        ("-r 'a('", "option '-r': 'a(' is not usable: unclosed group"),
        ("-s a --mask ab", "option '--mask': 'ab' is not a visible character of one column"),
        ("-s a --mask 密", "option '--mask': '密' is not a visible character of one column"),
        ("-s a x.cast y.cast", "only --check takes several files"),
    ] {
        let (status, stdout, stderr) = run(&format!("asciinema-redact {options}"), HEADER).failure();
        assert_eq!((status, stdout.as_str()), (2, ""), "{options}");
        assert_eq!(stderr.lines().next(), Some(format!("asciinema-redact: {message}").as_str()), "{options}");
    }
}

#[test]
fn the_kinds_of_secrets_are_listed_and_their_examples_are_found() {
    let list = run("asciinema-redact --list-secrets", "").stdout();
    let kinds = list.lines().filter(|line| !line.starts_with(' '));
    let examples = list.lines().filter_map(|line| line.strip_prefix("    finds   "));
    for (kind, example) in kinds.zip(examples) {
        let cast = format!("{HEADER}[0.5, \"m\", {}]\n", serde_json::to_string(example).expect("JSON"));
        let (status, stdout, _) = run("asciinema-redact --check --secrets", cast).failure();
        assert!(status == 1 && stdout.starts_with("0.500: "), "{kind}: {example}: {stdout}");
    }
}
