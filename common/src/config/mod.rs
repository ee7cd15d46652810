//! The user's settings: the file of 2.4 or the files of 3.x, the environment variables that override
//! them, and the install ID.
//!
//! If 2.4's file is there, it is the only one that counts: `config` in the configuration directory, an
//! INI file. Otherwise 3.x's are read, TOML files: `/etc/asciinema/config.toml`, then `defaults.toml`
//! (where 3.x keeps the server chosen at its prompt) and `config.toml` in the configuration directory;
//! the last one that has a setting counts. Programs ask for settings by 2.4's names.
//!
//! A value is parsed when a program asks for it; a bad one is reported with its file, section and key,
//! and what is allowed. Command-line options take precedence over the environment, the environment over
//! the file; options are up to the programs. Knows nothing about terminals and the network.

mod ini;
mod install_id;
mod settings;
mod toml;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cast::Time;
use crate::cli::{self, Failure, Result, plain_number};
use crate::text::visible;

use ini::Ini;
pub use settings::{Effective, Kind};
use toml::Setting;

/// The server if none is configured.
const DEFAULT_URL: &str = "https://asciinema.org";

/// A description of a valid server URL, for messages.
const SERVER_URL: &str = "a URL like https://asciinema.org";

/// The settings.
#[derive(Debug, Default)]
pub struct Config {
    /// The configuration directory; `None` if the environment does not name one.
    home: Option<PathBuf>,
    files: Files,
}

/// The settings of either generation's files.
#[derive(Debug)]
enum Files {
    Ini {
        path: PathBuf,
        ini: Ini,
    },
    /// The files in the order in which they are read; a later one takes precedence.
    Toml(Vec<(PathBuf, Vec<Setting>)>),
}

impl Default for Files {
    fn default() -> Files {
        Files::Toml(Vec::new())
    }
}

/// A setting that was found.
struct Found<'a> {
    /// Its value; `None` if that is not a string, a number or a boolean.
    text: Option<&'a str>,
    path: &'a Path,
    /// Section and name as written.
    name: String,
}

/// 3.x's settings for all users.
const SYSTEM_FILE: &str = "/etc/asciinema/config.toml";

impl Config {
    /// Reads the files that exist.
    ///
    /// # Errors
    ///
    /// A file cannot be read or is not INI or TOML, or `ASCIINEMA_API_TOKEN` is set, which 2.x dropped.
    pub fn load() -> Result<Config> {
        if variable("ASCIINEMA_API_TOKEN").is_some() {
            return Err(Failure::Failed(
                "ASCIINEMA_API_TOKEN variable is no longer supported, please use ASCIINEMA_INSTALL_ID instead"
                    .to_string(),
            ));
        }
        let home = home();
        let files = match home.as_deref().map(|home| home.join("config")) {
            Some(path) if path.exists() => Files::Ini { ini: read_ini(&path)?, path },
            _ => {
                let own = ["defaults.toml", "config.toml"].map(|name| Some(home.as_ref()?.join(name)));
                let paths = std::iter::once(PathBuf::from(SYSTEM_FILE)).chain(own.into_iter().flatten());
                Files::Toml(read_toml(paths)?)
            }
        };
        Ok(Config { home, files })
    }

    /// The URL of the server, without a trailing slash.
    ///
    /// # Errors
    ///
    /// The configured value is not a URL.
    pub fn server_url(&self) -> Result<String> {
        if let Some((name, value)) = self.overriding_variable("api", "url") {
            return server_url(&value).ok_or_else(|| {
                Failure::Failed(format!("{name}: '{}' is not {SERVER_URL}", visible(&value)))
            });
        }
        let Some(value) = self.raw("api", "url")? else { return Ok(DEFAULT_URL.to_string()) };
        server_url(value).ok_or_else(|| self.bad_value("api", "url", SERVER_URL))
    }

    /// The environment variable that overrides a setting, and its value.
    fn overriding_variable(&self, section: &str, key: &str) -> Option<(&'static str, String)> {
        let names = ["ASCIINEMA_API_URL", "ASCIINEMA_SERVER_URL"];
        let names = names.into_iter().filter(|_| (section, key) == ("api", "url"));
        names.filter_map(|name| Some((name, variable(name)?))).next()
    }

    fn get(&self, section: &str, key: &str) -> Option<Found<'_>> {
        match &self.files {
            Files::Ini { path, ini } => {
                let text = Some(ini.get(section, key)?);
                Some(Found { text, path, name: format!("[{section}] {key}") })
            }
            Files::Toml(files) => files.iter().rev().find_map(|(path, settings)| {
                let setting =
                    settings.iter().find(|setting| setting.section == section && setting.key == key)?;
                Some(Found { text: setting.text.as_deref(), path, name: setting.name.clone() })
            }),
        }
    }

    /// A value as written.
    fn raw(&self, section: &str, key: &str) -> Result<Option<&str>> {
        let Some(found) = self.get(section, key) else { return Ok(None) };
        let text = found.text.ok_or_else(|| {
            let file = cli::source_name(found.path.as_os_str());
            Failure::Failed(format!("{file}: {} is not a string, a number or a boolean", found.name))
        })?;
        Ok(Some(text))
    }

    /// A string; `None` if it is missing or empty.
    pub fn text(&self, section: &str, key: &str) -> Result<Option<&str>> {
        Ok(self.raw(section, key)?.filter(|text| !text.is_empty()))
    }

    /// A comma-separated list; an empty one is not a missing one.
    pub fn list(&self, section: &str, key: &str) -> Result<Option<&str>> {
        self.raw(section, key)
    }

    /// A boolean; false if it is missing.
    pub fn flag(&self, section: &str, key: &str) -> Result<bool> {
        Ok(self.optional_flag(section, key)?.unwrap_or(false))
    }

    /// A boolean, if there is one.
    pub fn optional_flag(&self, section: &str, key: &str) -> Result<Option<bool>> {
        let Some(text) = self.raw(section, key)? else { return Ok(None) };
        match flag(text) {
            Some(flag) => Ok(Some(flag)),
            None => Err(self.bad_value(section, key, "one of yes, no, true, false, on, off, 1, 0")),
        }
    }

    /// The idle time limit: `idle_time_limit`, or `maxwait`, its name in 1.x.
    pub fn idle_time_limit(&self, section: &str) -> Result<Option<Time>> {
        let key = if self.get(section, "idle_time_limit").is_some() { "idle_time_limit" } else { "maxwait" };
        let Some(text) = self.raw(section, key)? else { return Ok(None) };
        match Time::parse(&plain_number(text)) {
            Ok(time) if time > Time::ZERO => Ok(Some(time)),
            _ => Err(self.bad_value(section, key, "a number of seconds above 0")),
        }
    }

    /// A number greater than 0.
    pub fn factor(&self, section: &str, key: &str) -> Result<Option<f64>> {
        let Some(text) = self.raw(section, key)? else { return Ok(None) };
        match text.parse::<f64>() {
            Ok(factor) if factor > 0.0 && factor.is_finite() => Ok(Some(factor)),
            _ => Err(self.bad_value(section, key, "a number above 0")),
        }
    }

    /// One of these names, with its meaning.
    pub fn choice<T: Copy>(&self, section: &str, key: &str, choices: &[(&str, T)]) -> Result<Option<T>> {
        let Some(text) = self.text(section, key)? else { return Ok(None) };
        match choices.iter().find(|(name, _)| *name == text) {
            Some(&(_, meaning)) => Ok(Some(meaning)),
            None => {
                let names: Vec<&str> = choices.iter().map(|&(name, _)| name).collect();
                Err(self.bad_value(section, key, &format!("one of {}", names.join(", "))))
            }
        }
    }

    /// The bytes that a key sends: `x`, `C-x` or `^x`. The outer `None` means there is no setting; an
    /// empty setting means no key at all.
    pub fn key(&self, section: &str, key: &str) -> Result<Option<Option<Vec<u8>>>> {
        let Some(text) = self.raw(section, key)? else { return Ok(None) };
        let characters: Vec<char> = text.chars().collect();
        let bytes = match characters[..] {
            [] => return Ok(Some(None)),
            [character] => Some(character.to_string().into_bytes()),
            ['^', character] | ['C' | 'c', '-' | '+', character] => control(character).map(|byte| vec![byte]),
            _ => None,
        };
        match bytes {
            Some(bytes) => Ok(Some(Some(bytes))),
            None => Err(self.bad_value(section, key, "a key like x, C-x or ^x")),
        }
    }

    /// A setting has a value that is not allowed.
    pub fn bad_value(&self, section: &str, key: &str, allowed: &str) -> Failure {
        let found = self.get(section, key);
        let (file, name, value) = found.map_or_else(
            || (String::new(), format!("[{section}] {key}"), String::new()),
            |found| {
                let file = cli::source_name(found.path.as_os_str());
                (file, found.name, visible(found.text.unwrap_or_default()))
            },
        );
        Failure::Failed(format!("{file}: {name}: '{value}' is not {allowed}"))
    }
}

fn flag(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "1" | "yes" | "true" | "on" => Some(true),
        "0" | "no" | "false" | "off" => Some(false),
        _ => None,
    }
}

/// The text of a file, if it is there.
fn read_file(path: &Path) -> Result<Option<String>> {
    let name = cli::source_name(path.as_os_str());
    match fs::read(path) {
        Ok(bytes) => {
            let text = String::from_utf8(bytes);
            Ok(Some(text.map_err(|_| Failure::Failed(format!("{name}: not UTF-8")))?))
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(Failure::io(&name, &error)),
    }
}

fn syntax_error(path: &Path, number: usize, what: &str) -> Failure {
    Failure::Failed(format!("{}: line {number}: {}", cli::source_name(path.as_os_str()), visible(what)))
}

fn read_ini(path: &Path) -> Result<Ini> {
    let text = read_file(path)?.unwrap_or_default();
    Ini::parse(&text).map_err(|bad| syntax_error(path, bad.number, &bad.what))
}

fn read_toml(paths: impl Iterator<Item = PathBuf>) -> Result<Vec<(PathBuf, Vec<Setting>)>> {
    let mut files = Vec::new();
    for path in paths {
        if let Some(text) = read_file(&path)? {
            let settings = toml::parse(&text).map_err(|bad| syntax_error(&path, bad.number, &bad.what))?;
            files.push((path, settings));
        }
    }
    Ok(files)
}

/// The value of an option that takes a server's URL.
pub fn server_option(args: &mut cli::Args) -> Result<String> {
    let value = args.value()?;
    let url = value.to_str().and_then(server_url);
    url.ok_or_else(|| args.bad_value(&value, &format!("not {SERVER_URL}")))
}

/// The host name in a server's URL, for messages.
pub fn server_host(url: &str) -> &str {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// The normalised URL of a server, if the text is one.
fn server_url(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('/');
    let (scheme, _) = text.split_once("://")?;
    let is_http = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    (is_http && is_plain && !server_host(text).is_empty()).then(|| text.to_string())
}

/// The byte that a key sends when pressed with Control (ECMA-48's C0 set, as terminals map it).
fn control(character: char) -> Option<u8> {
    match character.to_ascii_uppercase() {
        upper @ '@'..='_' => Some(upper as u8 & 0x1f),
        '?' => Some(0x7f),
        _ => None,
    }
}

/// An environment variable that is set, valid UTF-8 and not empty.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The configuration directory, looked up as 2.x does.
fn home() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = || folder("HOME");
    if let Some(home) = folder("ASCIINEMA_CONFIG_HOME") {
        return Some(home);
    }
    if let Some(home) = folder("XDG_CONFIG_HOME") {
        return Some(home.join("asciinema"));
    }
    let old = user()?.join(".asciinema");
    if old.join("config").exists() { Some(old) } else { Some(user()?.join(".config").join("asciinema")) }
}

/// The directory in which 3.x keeps its install ID.
fn state_home() -> Option<PathBuf> {
    let folder =
        |name: &str| env::var_os(name).filter(|value: &OsString| !value.is_empty()).map(PathBuf::from);
    let state = folder("XDG_STATE_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/state")));
    state.map(|state| state.join("asciinema"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        let files = Files::Ini { path: PathBuf::from("/home/u/config"), ini: Ini::parse(text).unwrap() };
        Config { home: Some(PathBuf::from("/home/u")), files }
    }

    fn message<T: std::fmt::Debug>(result: Result<T>) -> String {
        match result {
            Err(Failure::Failed(what)) => what,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn keys_are_read_as_the_bytes_they_send() {
        for (text, bytes) in [
            ("x", "x"),
            ("C-x", "\x18"),
            ("c-x", "\x18"),
            ("^x", "\x18"),
            ("C-\\", "\x1c"),
            ("^", "^"),
            ("^?", "\x7f"),
            ("ż", "ż"),
            ("C-@", "\0"),
            ("c+X", "\x18"),
        ] {
            let config = config(&format!("[record]\npause_key = {text}\n"));
            assert_eq!(
                config.key("record", "pause_key").unwrap(),
                Some(Some(bytes.as_bytes().to_vec())),
                "{text}"
            );
        }
        assert_eq!(config("[record]\npause_key =\n").key("record", "pause_key").unwrap(), Some(None));
        assert_eq!(config("").key("record", "pause_key").unwrap(), None);
        assert_eq!(
            message(config("[record]\npause_key = abc\n").key("record", "pause_key")),
            "/home/u/config: [record] pause_key: 'abc' is not a key like x, C-x or ^x"
        );
    }

    #[test]
    fn a_bad_value_names_the_file_the_key_and_what_is_allowed() {
        let config = config("[a]\nk = maybe\nidle_time_limit = 0\nspeed = fast\n");
        assert_eq!(
            message(config.flag("a", "k")),
            "/home/u/config: [a] k: 'maybe' is not one of yes, no, true, false, on, off, 1, 0"
        );
        assert_eq!(
            message(config.idle_time_limit("a")),
            "/home/u/config: [a] idle_time_limit: '0' is not a number of seconds above 0"
        );
        assert_eq!(
            message(config.factor("a", "speed")),
            "/home/u/config: [a] speed: 'fast' is not a number above 0"
        );
        assert_eq!(
            message(config.choice("a", "k", &[("x", 1), ("y", 2)])),
            "/home/u/config: [a] k: 'maybe' is not one of x, y"
        );
    }

    #[test]
    fn the_host_is_the_name_without_scheme_and_port() {
        for (url, host) in
            [("https://a.org", "a.org"), ("http://u:p@a.org:4000/x", "a.org"), ("http://[::1]:80", "[::1]")]
        {
            assert_eq!(server_host(url), host);
        }
    }

    #[test]
    fn a_server_is_named_by_a_url() {
        for (text, url) in [
            ("https://a.org//", Some("https://a.org")),
            (" HTTP://a.org:80/x ", Some("HTTP://a.org:80/x")),
            ("a.org", None),
            ("ftp://a.org", None),
            ("https://:80", None),
            ("https://a .org", None),
            ("https://", None),
        ] {
            assert_eq!(server_url(text).as_deref(), url, "{text}");
        }
        assert_eq!(
            message(config("[api]\nurl = a.org\n").server_url()),
            "/home/u/config: [api] url: 'a.org' is not a URL like https://asciinema.org"
        );
    }

    #[test]
    fn values_are_read_in_every_form_that_2_x_accepts() {
        let config = config("[a]\nA = Yes\nb = OFF\nmaxwait = .5\nspeed = 1e1\nempty =\n");
        assert_eq!(
            (config.flag("a", "a").unwrap(), config.flag("a", "b").unwrap(), config.flag("a", "c").unwrap()),
            (true, false, false)
        );
        assert_eq!(config.idle_time_limit("a").unwrap(), Some(Time::from_micros(500_000)));
        assert_eq!(config.factor("a", "speed").unwrap(), Some(10.0));
        assert_eq!(config.text("a", "empty").unwrap(), None);
    }
}
