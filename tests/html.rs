//! asciinema-html.

use html5gum::{Token, Tokenizer};

use crate::harness::{cast, json, run};

/// A page as a browser parses it: the names of its elements, and the text of its last script.
struct Page {
    elements: Vec<String>,
    script: String,
    title: String,
}

fn page(html: &str) -> Page {
    let mut page = Page { elements: Vec::new(), script: String::new(), title: String::new() };
    let mut within = String::new();
    let mut tokenizer = Tokenizer::new(html);
    while let Some(Ok(token)) = tokenizer.next() {
        match token {
            Token::StartTag(tag) => {
                within = String::from_utf8_lossy(&tag.name).into_owned();
                let states = match within.as_str() {
                    "script" => Some(html5gum::State::ScriptData),
                    "style" => Some(html5gum::State::RawText),
                    "title" => Some(html5gum::State::RcData),
                    _ => None,
                };
                if let Some(state) = states {
                    tokenizer.set_state(state);
                }
                page.script.clear();
                page.elements.push(within.clone());
            }
            Token::String(text) => match within.as_str() {
                "script" => page.script.push_str(&String::from_utf8_lossy(&text)),
                "title" => page.title.push_str(&String::from_utf8_lossy(&text)),
                _ => {}
            },
            Token::EndTag(_) => within.clear(),
            _ => {}
        }
    }
    page
}

/// The cast in a page, and the options for its player.
fn parts(script: &str) -> (String, String) {
    let literal = script.trim_start().strip_prefix("const cast = ").expect("the cast");
    let mut values = serde_json::Deserializer::from_str(literal).into_iter::<String>();
    let cast = values.next().expect("a string").expect("a string that JSON has, too");
    let rest = literal[values.byte_offset()..].split_once("getElementById(\"player\"), ").expect("options").1;
    (cast, rest.split_once(");").expect("their end").0.to_string())
}

fn draw(options: &str, cast: &str) -> Page {
    page(&run(&format!("asciinema-html {options}"), cast).stdout())
}

#[test]
fn the_page_contains_the_recording_and_everything_to_play_it() {
    let events = cast(&[(0.5, "a"), (3.0, "b")]);
    let page = draw("", &events);
    assert_eq!(
        page.elements,
        ["html", "head", "meta", "meta", "meta", "title", "style", "body", "div", "script", "script"]
    );
    assert_eq!(page.title, "terminal recording");
    assert_eq!(parts(&page.script), (events, "{fit: \"both\", poster: \"npt:1.5\"}".to_string()));
}

#[test]
fn the_options_are_passed_to_the_player() {
    let events = cast(&[(0.5, "a"), (3.0, "b")]) + "[4.0, \"m\", \"x\"]\n";
    let told = |options: &str| parts(&draw(options, &events).script).1;
    assert_eq!(
        told("--at marker:x -i 2 -s 1.5 --loop --theme nord"),
        "{fit: \"both\", poster: \"npt:4\", theme: \"own\", idleTimeLimit: 2, speed: 1.5, loop: true}"
    );
    assert_eq!(told("--at 99"), "{fit: \"both\", poster: \"npt:4\"}");
    let html = run("asciinema-html --theme nord", &events).stdout();
    assert!(html.contains(".asciinema-player-theme-own{--term-color-foreground:#eceff4;--term-color-background:#2e3440;--term-color-0:#3b4252;"));
}

#[test]
fn nothing_in_a_recording_ends_the_script_or_starts_another() {
    let evil = "</script><script>alert(1)</script><!--<script>\u{2028}\u{2029}]]>\"'\\ \u{202e}";
    let events =
        cast(&[(0.5, evil)]).replacen("\"height\"", &format!("\"title\": {}, \"height\"", json(evil)), 1);
    let page = draw("", &events);
    assert_eq!(page.elements.iter().filter(|name| *name == "script").count(), 2);
    assert_eq!(parts(&page.script).0, events);
    assert_eq!(page.title, evil);
    let raw = b"{\"version\": 2, \"width\": 80, \"height\": 24}\n[0.5, \"o\", \"\xff</script>\x7f\"]\n";
    let ran = run("asciinema-html", raw);
    assert_eq!(
        parts(&crate::html::page(&ran.stdout()).script).0.lines().nth(1),
        Some("[0.5, \"o\", \"\u{fffd}</script>\x7f\"]")
    );
}

#[test]
fn a_cast_of_any_version_is_played_without_its_comments() {
    let v3 = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n# comment\n[0.5,\"o\",\"a\"]\n\n[0.5,\"o\",\"b\"]";
    let (cast, options) = parts(&draw("", v3).script);
    assert_eq!(cast, v3.replace("# comment\n", "").replace("\n\n", "\n") + "\n");
    assert_eq!(options, "{fit: \"both\", poster: \"npt:0.5\"}");
    let v1 = "{\"version\":1,\"width\":80,\"height\":24,\"duration\":1,\"stdout\":[[0.5,\"a\"]]}";
    let (cast, _) = parts(&draw("", v1).script);
    assert!(cast.starts_with("{\"version\": 2,") && cast.ends_with("\"a\"]\n"), "{cast}");
}

/// The links in the last script of a page: their times, rows, columns, widths and addresses.
fn links(script: &str) -> Vec<(String, String)> {
    let Some((_, rest)) = script.split_once("\nconst addresses = [") else { return Vec::new() };
    let (addresses, rest) = rest.split_once("], links = [\n").expect("links");
    let addresses: Vec<String> =
        serde_json::from_str(&format!("[{}]", addresses.trim_end_matches(','))).expect("strings");
    let regions = rest.split_once("];").expect("their end").0;
    let region = |line: &str| {
        let (place, address) = line.trim_matches(['[', ']', ',']).rsplit_once(',').expect("numbers");
        (place.to_string(), addresses[address.parse::<usize>().expect("an index")].clone())
    };
    regions.lines().map(region).collect()
}

fn link(uri: &str, text: &str) -> String {
    format!("\x1b]8;;{uri}\x1b\\{text}\x1b]8;;\x1b\\")
}

#[test]
fn links_are_where_and_when_the_terminal_shows_them() {
    let text = format!("at {} and {}", link("https://a.example/", "one"), link("https://b.example/", "漢"));
    let events = cast(&[(0.5, &text), (2.0, "\r\n"), (2.5, "\x1b[1;5H-"), (3.0, "\x1b[25;1H\n"), (9.0, "")]);
    let (a, b) = ("https://a.example/".to_string(), "https://b.example/".to_string());
    let found = links(&draw("", &events).script);
    let expected = [("0.5,2.5,0,3,3", &a), ("0.5,3,0,11,2", &b), ("2.5,3,0,3,1", &a), ("2.5,3,0,5,1", &a)];
    assert_eq!(found, expected.map(|(place, uri)| (place.to_string(), uri.clone())));
    // A link that is still there when the recording ends stays.
    let found = links(&draw("-i 0.25", &cast(&[(5.0, &text)])).script);
    assert_eq!(found, [("0.25,Infinity,0,3,3".to_string(), a), ("0.25,Infinity,0,11,2".to_string(), b)]);
}

#[test]
fn a_page_has_only_links_to_the_web() {
    let uris = [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)//https://x",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "vbscript:x",
        " https://a.example",
        "https:a.example",
        "//a.example",
    ];
    let text: String = uris.iter().map(|uri| link(uri, "x")).collect();
    let page = draw("", &cast(&[(0.5, &text)]));
    assert!(links(&page.script).is_empty() && !page.script.contains("const addresses"));
    let evil = "https://a.example/</script><script>alert(1)//\"'\\\u{202e}";
    let page = draw("", &cast(&[(0.5, &link(evil, "x"))]));
    assert_eq!(page.elements.iter().filter(|name| *name == "script").count(), 2);
    assert_eq!(links(&page.script), [("0.5,Infinity,0,0,1".to_string(), evil.to_string())]);
}

#[test]
fn many_links_do_not_make_a_page_large() {
    let draw = |scheme: &str| {
        let mut events = cast(&[]);
        for step in 0..200 {
            let text: String =
                (0..1000).map(|at| link(&format!("{scheme}://a.example/{step}/{at}"), "x")).collect();
            events.push_str(&format!("[{step}, \"o\", {}]\n", json(&text)));
        }
        run("asciinema-html", &events).stdout()
    };
    let (with, without) = (draw("https"), draw("gophe"));
    assert!(with.contains("const addresses") && !without.contains("const addresses"));
    assert!(with.len() < without.len() + 2_500_000, "{} and {}", with.len(), without.len());
}
