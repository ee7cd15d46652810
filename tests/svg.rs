//! asciinema-svg. Pictures are parsed and evaluated as in a browser at given times.

use std::collections::HashMap;

use common::screen::Screen;
use common::size::Size;
use proptest::prelude::*;
use regex_lite::Regex;
use roxmltree::{Document, Node};

use crate::harness::{cast, json, run};

/// The size of a cell at the default font size.
const CELL: (f64, f64) = (10.0, 22.0);

fn draw(options: &str, cast: &str) -> String {
    let ran = run(&format!("asciinema-svg {options}"), cast);
    ran.stdout()
}

/// The parts of an animation that a browser evaluates: its rules and its duration.
struct Animation<'a> {
    document: Document<'a>,
    seconds: f64,
    /// For each name, the transformations and the percentages from which they apply.
    rules: HashMap<String, Vec<(f64, String)>>,
}

impl<'a> Animation<'a> {
    fn parse(svg: &'a str) -> Animation<'a> {
        let document = Document::parse(svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
        let style = document.descendants().find(|node| node.has_tag_name("style")).expect("a style");
        let style = style.text().unwrap_or_default();
        let seconds = Regex::new(r"animation:([0-9.]+)s step-end").unwrap();
        let seconds = seconds.captures(style).map_or(0.0, |found| found[1].parse().unwrap());
        let rule = Regex::new(r"@keyframes (k\d+)\{((?:[^{}]*\{[^{}]*\})*)\}").unwrap();
        let frame = Regex::new(r"([0-9.]+)%[^{]*\{(?:transform|display):([^}]*)\}").unwrap();
        let frames = |text: &str| {
            frame.captures_iter(text).map(|found| (found[1].parse().unwrap(), found[2].to_string())).collect()
        };
        let rules =
            rule.captures_iter(style).map(|found| (found[1].to_string(), frames(&found[2]))).collect();
        Animation { document, seconds, rules }
    }

    /// The value of an element's animation at a time.
    fn value(&self, node: Node<'_, '_>, time: f64) -> Option<&str> {
        let name = node.attribute("style").unwrap_or_default().strip_prefix("animation-name:")?;
        let percentage = time / self.seconds * 100.0;
        let value = self.rules[name].iter().rev().find(|(from, _)| *from <= percentage);
        Some(value.map_or("none", |(_, value)| value.as_str()))
    }

    /// Returns whether an element is visible at a time.
    fn is_there(&self, node: Node<'_, '_>, time: f64) -> bool {
        let name = node.attribute("style").unwrap_or_default().strip_prefix("animation-name:");
        let appears = name.is_some_and(|name| self.rules[name].iter().any(|(_, value)| value == "inline"));
        !appears || self.value(node, time) == Some("inline")
    }

    /// The translation of an element at a time.
    fn offset(&self, node: Node<'_, '_>, time: f64) -> (f64, f64) {
        let animated = self.value(node, time);
        let transform = animated.or(node.attribute("transform")).unwrap_or("none");
        let numbers = Regex::new(r"-?[0-9.]+").unwrap();
        let numbers: Vec<f64> =
            numbers.find_iter(transform).map(|found| found.as_str().parse().unwrap()).collect();
        match (transform.split('(').next().unwrap_or_default(), &numbers[..]) {
            ("none" | "inline", _) => (0.0, 0.0),
            ("translateX", [x]) => (*x, 0.0),
            ("translateY", [y]) => (0.0, *y),
            ("translate", [x, y]) => (*x, *y),
            _ => panic!("{transform}"),
        }
    }

    /// The text on the screen at a time, one line per row.
    fn text(&self, time: f64, size: Size) -> Vec<String> {
        let screen =
            self.document.root_element().children().rfind(|node| node.has_tag_name("svg")).expect("a screen");
        let mut lines = vec![vec![' '; size.cols.into()]; size.rows.into()];
        let mut curtain = f64::INFINITY;
        let mut found = Vec::new();
        for node in screen.children() {
            self.collect(node, (0.0, 0.0), time, &mut found, &mut curtain);
        }
        for (x, y, text) in found {
            let (row, column) = ((y / CELL.1).floor(), (x / CELL.0).round());
            let is_seen = y < curtain && (0.0..f64::from(size.rows)).contains(&row);
            if is_seen && (0.0..f64::from(size.cols)).contains(&column) {
                for (index, character) in text.chars().enumerate() {
                    lines[row as usize][column as usize + index] = character;
                }
            }
        }
        lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_string()).collect()
    }

    fn collect(
        &self,
        node: Node<'_, '_>,
        at: (f64, f64),
        time: f64,
        found: &mut Vec<(f64, f64, String)>,
        curtain: &mut f64,
    ) {
        if !self.is_there(node, time) {
            return;
        }
        let number = |name: &str| node.attribute(name).map_or(0.0, |value| value.parse().unwrap());
        let (dx, dy) = self.offset(node, time);
        let at = (at.0 + dx, at.1 + dy);
        match node.tag_name().name() {
            // The cursor.
            "svg" => {}
            "text" => {
                let text: String =
                    node.descendants().filter_map(|part| part.text().filter(|_| part.is_text())).collect();
                found.push((at.0 + number("x"), at.1 + number("y"), text));
            }
            "use" => {
                let id = node.attribute("href").and_then(|href| href.strip_prefix('#')).expect("a reference");
                let target = self
                    .document
                    .descendants()
                    .find(|node| node.attribute("id") == Some(id))
                    .expect("its target");
                self.collect(target, (at.0 + number("x"), at.1 + number("y")), time, found, curtain);
            }
            "path" if node.attribute("class") == Some("bg") => *curtain = at.1,
            _ => node.children().for_each(|child| self.collect(child, at, time, found, curtain)),
        }
    }
}

fn text_of(node: Node<'_, '_>) -> String {
    node.descendants().filter_map(|part| part.text().filter(|_| part.is_text())).collect()
}

fn element<'a>(document: &'a Document<'_>, name: &str) -> Node<'a, 'a> {
    document.descendants().find(|node| node.has_tag_name(name)).expect("an element")
}

#[test]
fn a_still_has_the_text_of_each_row_in_its_place() {
    let svg = draw("--at 1", &cast(&[(0.5, "one\r\n  two"), (1.0, "!"), (1.5, "\x1b[2J")]));
    let document = Document::parse(&svg).expect("XML");
    let screen =
        document.descendants().find(|node| node.attribute("class") == Some("screen")).expect("a screen");
    let texts: Vec<_> = screen
        .descendants()
        .filter(|node| node.has_tag_name("text"))
        .map(|node| (node.attribute("x"), node.attribute("y"), text_of(node)))
        .collect();
    assert_eq!(texts[..2], [(None, Some("17"), "one".to_string()), (None, Some("39"), "  two!".to_string())]);
    assert!(!svg.contains("@keyframes"));
}

#[test]
fn an_animation_has_a_title_and_a_description_of_its_end() {
    let titled = cast(&[(0.5, "a"), (1.0, "b\r\nc")]).replacen(
        "\"height\"",
        "\"title\": \"<Demo> & co\", \"height\"",
        1,
    );
    let svg = draw("", &titled);
    let document = Document::parse(&svg).expect("XML");
    let root = document.root_element();
    assert_eq!(
        (root.attribute("role"), root.attribute("width"), root.attribute("height")),
        (Some("img"), Some("820"), Some("550"))
    );
    assert_eq!(text_of(element(&document, "title")), "<Demo> & co");
    assert_eq!(text_of(element(&document, "desc")), "ab\nc");
    assert_eq!(
        text_of(element(&Document::parse(&draw("", &cast(&[]))).expect("XML"), "title")),
        "terminal recording"
    );
    let style = text_of(element(&document, "style"));
    assert!(style.contains("animation:4s step-end infinite"));
    assert!(
        style.contains(
            "@media(prefers-reduced-motion){.m{animation-play-state:paused;animation-delay:-3.999s}}"
        )
    );
    assert!(draw("--no-loop", &titled).contains("animation:4s step-end forwards"));
}

#[test]
fn markup_in_a_recording_stays_text() {
    let evil = "</text></svg>]]><script>alert(1)</script>&amp;\"' \u{202e}abc\u{2066}";
    let text = format!("{evil}\x1b]8;;https://e.example/\"><script>\x1b\\link\x1b]8;;\x1b\\");
    let header = format!("\"title\": {}, \"height\"", json(&format!("{evil}\u{0}\u{1b}\u{ffff}")));
    let themed = header.clone()
        + ": 3, \"theme\": {\"fg\": \"#fff\\\"><script>\", \"bg\": \"#000000\", \"palette\": \"x\"}, \"x\"";
    for cast in [
        cast(&[(0.5, &text)]).replacen("\"height\"", &header, 1),
        cast(&[(0.5, &text)]).replacen("\"height\"", &themed, 1),
    ] {
        for options in ["", "--at 1", "--window --title '</title><script>'"] {
            let svg = draw(options, &cast);
            let document = Document::parse(&svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
            for node in document.descendants().filter(Node::is_element) {
                let name = node.tag_name().name();
                assert!(!["script", "foreignObject", "image", "set", "animate"].contains(&name), "{svg}");
                let is_active = |name: &str| name.starts_with("on") || name == "src";
                assert!(!node.attributes().any(|attribute| is_active(attribute.name())), "{svg}");
            }
            assert!(
                !svg.contains('\u{202e}') || svg.matches('\u{202e}').count() <= 2,
                "only in title and desc"
            );
        }
    }
}

#[test]
fn only_web_links_can_be_followed() {
    let link = |uri: &str| format!("\x1b]8;;{uri}\x1b\\x\x1b]8;;\x1b\\");
    let uris = [
        "https://a.example/?b&c",
        "HTTP://b.example",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        " https://c",
    ];
    let text: String = uris.iter().map(|uri| link(uri)).collect();
    let svg = draw("", &cast(&[(0.5, &text)]));
    let document = Document::parse(&svg).expect("XML");
    let found: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name("a"))
        .filter_map(|node| node.attribute("href"))
        .collect();
    assert_eq!(found, uris[..2]);
}

#[test]
fn drawn_and_wide_characters_are_in_the_right_place() {
    let svg = draw("--at 1 --no-cursor", &cast(&[(0.5, "a─█漢b\x1b[4;58;5;1mc\x1b[4:3md")]));
    assert!(svg.contains("<text y=\"17\"><tspan x=\"0\" textLength=\"30\">a  </tspan><tspan x=\"30\">漢</tspan><tspan x=\"50\" textLength=\"30\">bcd</tspan></text>"), "{svg}");
    assert!(svg.contains("<path d=\"M10 10H20V11H10zM20 0H30V22H20z\"/>"), "{svg}");
    assert!(svg.contains(".c0{fill:#dd3c69}"), "{svg}");
    assert!(svg.contains("<path class=\"c0\" d=\"M60 19H70v1H60z\"/>"), "{svg}");
    assert!(svg.contains("stroke=\"#dd3c69\" d=\"M70 19.5q2.5 1.5 5 0q2.5 -1.5 5 0\""), "{svg}");
}

#[test]
fn lines_that_scroll_past_are_in_the_picture_once() {
    let lines: Vec<String> = (0..500).map(|line| format!("line number {line}\r\n")).collect();
    let events: Vec<(f64, &str)> =
        lines.iter().enumerate().map(|(at, line)| (at as f64 / 10.0, line.as_str())).collect();
    let svg = draw("", &cast(&events));
    for line in [3, 77, 470] {
        assert_eq!(svg.matches(&format!(">line number {line}<")).count(), 1);
    }
    assert!(svg.len() < 120_000, "{}", svg.len());
}

#[test]
fn only_the_visible_part_of_a_long_picture_is_displayed() {
    let lines: Vec<String> = (0..2000).map(|line| format!("line {line}\r\n")).collect();
    let clear = "\x1b[2J\x1b[Hagain".to_string();
    let pages = lines.chunks(40).map(<[String]>::concat).chain([clear]);
    let events: Vec<(f64, String)> = pages.enumerate().map(|(at, text)| (at as f64 / 10.0, text)).collect();
    let events: Vec<(f64, &str)> = events.iter().map(|(time, text)| (*time, text.as_str())).collect();
    let svg = draw("--fps 50", &cast(&events));
    let animation = Animation::parse(&svg);
    let size = Size { cols: 80, rows: 24 };
    let mut screen = Screen::new(size, 0).expect("a terminal");
    for (time, text) in &events {
        screen.feed(text);
        assert_eq!(animation.text(time + 0.05, size), screen.text(), "at {time}");
        let there = animation.document.descendants().filter(|node| animation.is_there(*node, time + 0.05));
        let hidden = svg.matches("<text").count()
            - there
                .filter(|node| {
                    node.has_tag_name("text")
                        && node.ancestors().all(|node| animation.is_there(node, time + 0.05))
                })
                .count();
        assert!(hidden > 1000, "{hidden} are hidden at {time}");
    }
}

/// Output like that of programs that print lines, edit them, page and draw screens.
fn output() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,12}",
        3 => Just("\r\n".to_string()),
        2 => "[a-z]{3,9}\r\n[a-z]{3,9}\r\n",
        2 => (1u8..9, 1u8..22).prop_map(|(row, column)| format!("\x1b[{row};{column}H")),
        1 => Just("\x1b[2J\x1b[H".to_string()),
        1 => Just("\x1b[K".to_string()),
        1 => Just("\x1b[?1049h".to_string()),
        1 => Just("\x1b[?1049l".to_string()),
        1 => Just("\x1b[2;5r\x1b[5;1H\n\n".to_string()),
        1 => Just("\x1bM".to_string()),
        1 => Just("\x1b[31m".to_string()),
        1 => Just("\x1b[0m".to_string()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_text_matches_the_terminal_at_every_moment(pieces in prop::collection::vec(output(), 1..40)) {
        let size = Size { cols: 24, rows: 6 };
        let mut cast = String::from("{\"version\": 2, \"width\": 24, \"height\": 6}\n");
        let mut screen = Screen::new(size, 0).expect("a terminal");
        let mut shown = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            screen.feed(piece);
            shown.push(screen.text());
            cast.push_str(&format!("[{}.{}, \"o\", {}]\n", index / 10, index % 10, json(piece)));
        }
        let svg = draw("", &cast);
        let animation = Animation::parse(&svg);
        for (index, expected) in shown.iter().enumerate() {
            let time = index as f64 / 10.0 + 0.05;
            prop_assert_eq!(&animation.text(time, size), expected, "at {}: {}", time, &svg);
        }
    }
}
