//! A self-contained page that plays a recording: it includes the player, its style and the cast.
//!
//! The cast is a string in the page's script, written as it is read, so that memory does not grow
//! with it. Links, which the player does not draw, are laid over its terminal by a script of ours.

use std::fmt::Write as _;
use std::io::{self, Write};

use common::cast::{Header, Time};

use crate::links::{Links, Region};
use crate::player;
use crate::svg::push_text;
use crate::theme::Theme;

/// The page's policy: its own script and style, nothing from elsewhere. The player's terminal is
/// WebAssembly, its fonts and pictures are part of its style.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; \
                      style-src 'unsafe-inline'; img-src data:; font-src data:; connect-src data:";

/// The script that shows the links.
const LINKS: &str = include_str!("links.js");

/// The settings of the player.
pub struct Settings<'a> {
    /// Replaces the recording's own theme.
    pub theme: Option<&'a Theme>,
    /// The maximum length of a pause.
    pub idle_limit: Option<Time>,
    /// The playback speed.
    pub speed: f64,
    /// True to start again at the end.
    pub does_loop: bool,
    /// The time of the screen shown before playback.
    pub poster: Option<Time>,
}

/// A page whose cast is being written.
pub struct Page<W> {
    out: W,
    buffer: String,
}

impl<W: Write> Page<W> {
    /// Writes the page up to the first event.
    ///
    /// # Errors
    ///
    /// Errors of the sink.
    pub fn begin(mut out: W, header: &Header, title: &str, settings: &Settings<'_>) -> io::Result<Page<W>> {
        let mut head = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>"
        );
        push_text(if title.is_empty() { "terminal recording" } else { title }, &mut head);
        head.push_str("</title>\n<style>\n");
        head.push_str(&player::text(player::STYLE)?);
        if let Some(theme) = settings.theme {
            push_theme(theme, &mut head);
        }
        head.push_str(
            "\nhtml{height:100%;background:#000}body{margin:0;height:100%}#player{height:100%}\n</style>\n\
             </head>\n<body>\n<div id=\"player\"></div>\n<script>\n",
        );
        head.push_str(&player::text(player::SCRIPT)?);
        head.push_str("\n</script>\n<script>\nconst cast = \"");
        out.write_all(head.as_bytes())?;
        let mut page = Page { out, buffer: String::new() };
        page.line(header.line().as_bytes())?;
        Ok(page)
    }

    /// Writes a line of the cast.
    ///
    /// # Errors
    ///
    /// Errors of the sink.
    pub fn line(&mut self, line: &[u8]) -> io::Result<()> {
        self.buffer.clear();
        push_string(String::from_utf8_lossy(line).trim_end_matches(['\r', '\n']), &mut self.buffer);
        self.buffer.push_str("\\n");
        self.out.write_all(self.buffer.as_bytes())
    }

    /// Ends the page with the links of the cast, and returns the sink.
    ///
    /// # Errors
    ///
    /// Errors of the sink.
    pub fn finish(mut self, settings: &Settings<'_>, links: &Links) -> io::Result<W> {
        let mut options = String::from("fit: \"both\"");
        if let Some(poster) = settings.poster {
            let _ = write!(options, ", poster: \"npt:{poster}\"");
        }
        if settings.theme.is_some() {
            options.push_str(", theme: \"own\"");
        }
        if let Some(limit) = settings.idle_limit {
            let _ = write!(options, ", idleTimeLimit: {limit}");
        }
        if settings.speed != 1.0 {
            let _ = write!(options, ", speed: {}", settings.speed);
        }
        if settings.does_loop {
            options.push_str(", loop: true");
        }
        let create = format!("{{data: cast}}, document.getElementById(\"player\"), {{{options}}}");
        let tail = if links.regions.is_empty() {
            format!("\";\nAsciinemaPlayer.create({create});\n")
        } else {
            let mut tail = format!("\";\nconst player = AsciinemaPlayer.create({create});\n");
            push_links(links, &mut tail);
            tail
        };
        self.out.write_all(tail.as_bytes())?;
        self.out.write_all(b"</script>\n</body>\n</html>\n")?;
        self.out.flush()?;
        Ok(self.out)
    }
}

/// The rules that give the player a theme.
fn push_theme(theme: &Theme, out: &mut String) {
    use crate::svg::hex;
    let _ = write!(
        out,
        "\n.asciinema-player-theme-own{{--term-color-foreground:{};--term-color-background:{}",
        hex(theme.foreground),
        hex(theme.background)
    );
    for (index, &color) in theme.palette.iter().enumerate() {
        let _ = write!(out, ";--term-color-{index}:{}", hex(color));
    }
    out.push('}');
}

/// Appends the links, and the script that shows them.
fn push_links(Links { regions, addresses }: &Links, out: &mut String) {
    out.push_str("const addresses = [");
    for address in addresses {
        out.push('"');
        push_string(address, out);
        out.push_str("\",");
    }
    out.push_str("], links = [\n");
    for Region { from, to, row, columns, address } in regions {
        let to = to.map_or_else(|| "Infinity".to_string(), |to| to.to_string());
        let (column, width) = (columns.start, columns.len());
        let _ = writeln!(out, "[{from},{to},{row},{column},{width},{address}],");
    }
    out.push_str("];\n");
    out.push_str(LINKS);
}

/// Appends text escaped for a string in a script within a page: without `<`, which might end the
/// script, and without line ends, which in older browsers include U+2028 and U+2029.
fn push_string(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            '<' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", character as u32);
            }
            _ if character.is_control() => {
                let _ = write!(out, "\\u{:04x}", character as u32);
            }
            _ => out.push(character),
        }
    }
}
