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
