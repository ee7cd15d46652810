//! asciinema-info.

use serde_json::{Value, json};

use crate::harness::{cast, run};

const CAST: &str = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24},\"timestamp\":1504467315,\"title\":\"A \\u001b title\",\"command\":null}\n\
    [0.5, \"o\", \"ab\\n\"]\n[1, \"m\", \"chapter \\u001b\"]\n[5, \"o\", \"\\u017c\\\"\"]\n[0.2, \"o\", \"more\"]\n[0.3, \"r\", \"90x30\"]\n\
    # comment\n[0, \"zz\", [1]]\n[0, \"x\", \"3\"]\n";

#[test]
fn json_output_is_one_line_with_stable_keys() {
    let line = run("asciinema-info --json", CAST).stdout();
    assert_eq!(line.matches('\n').count(), 1);
    assert_eq!(
        serde_json::from_str::<Value>(&line).expect("an object"),
        json!({
            "version": 3, "cols": 80, "rows": 24,
            "timestamp": 1_504_467_315, "title": "A \u{1b} title", "command": null, "idle_time_limit": null,
            "duration": 7, "active_time": 4, "idle_time": 3, "events": 7,
            "codes": {
                "o": {"events": 3, "bytes": 10}, "m": {"events": 1, "bytes": 9}, "r": {"events": 1, "bytes": 5},
                "x": {"events": 1, "bytes": 1}, "zz": {"events": 1, "bytes": 0}
            },
            "busiest_second": {"time": 6, "bytes": 7},
            "markers": [{"time": 1.5, "label": "chapter \u{1b}"}],
            "resizes": [{"time": 7, "cols": 90, "rows": 30}],
            "exit_status": "3", "fault": null
        })
    );
}

#[test]
fn the_table_is_human_readable_and_shows_no_control_characters() {
    assert_eq!(
        run("asciinema-info -i 4", CAST).stdout(),
        "version    3\n\
         size       80x24\n\
         recorded   2017-09-03 19:35:15 UTC\n\
         title      A \\x1b title\n\
         duration   0:07.000\n\
         active     0:06.000\n\
         idle       0:01.000, where delays are longer than 4 s\n\
         events     7\n\
        \x20          markers            1, 9 bytes\n\
        \x20          output             3, 10 bytes\n\
        \x20          resizes            1, 5 bytes\n\
        \x20          exit               1, 1 bytes\n\
        \x20          'zz'               1, 0 bytes\n\
         busiest    0:06.000, 7 bytes in a second\n\
         markers    0:01.500 chapter \\x1b\n\
         resizes    0:07.000 90x30\n\
         exit       3\n"
    );
}

#[test]
fn idle_time_is_what_asciinema_idle_would_remove() {
    let long = cast(&[(0.5, "a"), (9.0, "b"), (8.0, "c"), (3723.5, "d")]);
    let told = |options: &str, cast: &str| -> Value {
        serde_json::from_str(&run(&format!("asciinema-info --json {options}"), cast).stdout())
            .expect("an object")
    };
    let shortened = run("asciinema-idle -i 2", &long).stdout();
    assert_eq!(told("", &long)["active_time"], told("", &shortened)["duration"]);
    assert_eq!(told("-i 1e6", &long)["idle_time"], json!(0));
    assert!(run("asciinema-info", long).stdout().contains("duration   1:02:03.500\n"));
}

#[test]
fn a_damaged_cast_is_summarized_up_to_the_fault() {
    let cut_off = cast(&[(0.5, "a"), (1.5, "b")]) + "[2.5, \"o\", \"cu";
    let ran = run("asciinema-info --json", &cut_off);
    let told: Value = serde_json::from_str(&ran.stdout_anyhow()).expect("an object");
    assert_eq!(
        (&told["duration"], &told["fault"]),
        (&json!(1.5), &json!({"line": 4, "what": "the line is cut off"}))
    );
    assert_eq!(
        (ran.status(), ran.stderr()),
        (1, "asciinema-info: stdin: line 4: the line is cut off\n".to_string())
    );
    let ran = run("asciinema-info", &cut_off);
    assert!(ran.stdout_anyhow().ends_with("damaged    line 4: the line is cut off\n"), "{ran}");
}

#[test]
fn the_version_is_that_of_the_file() {
    let v1 = "{\"version\": 1, \"width\": 80, \"height\": 24, \"stdout\": [[0.25, \"d\"]]}";
    for (cast, version) in [(v1.to_string(), 1), (cast(&[]), 2), (CAST.to_string(), 3)] {
        let told: Value =
            serde_json::from_str(&run("asciinema-info --json", cast).stdout()).expect("an object");
        assert_eq!(told["version"], json!(version));
    }
}

#[test]
fn events_are_listed_one_per_line() {
    let table = run("asciinema-info --events", CAST).stdout();
    assert_eq!(table.lines().next(), Some("0:00.500\to\tab\\n"));
    assert_eq!(table.lines().nth(5), Some("0:07.000\tzz\t[1]"));
    let lines = run("asciinema-info --events --json", CAST).stdout();
    let lines: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(lines[0], json!({"time": 0.5, "code": "o", "data": "ab\n"}));
    assert_eq!(lines[5], json!({"time": 7, "code": "zz", "data": [1]}));
}
