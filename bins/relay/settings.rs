//! The metadata sent to a server when a stream is announced.

use std::env;

use common::cast::{Header, Version, object_entries};
use serde_json::{Map, Value};

/// The keys of the API and their values.
pub type Settings = Map<String, Value>;

/// The names of environment variables.
#[derive(Clone, Debug)]
pub struct Environment(pub Vec<String>);

/// The longest title that a server accepts, in characters.
const LONGEST_TITLE: usize = 128;

/// The given settings, completed from the header of the cast. A title that is too long for the server
/// is cut, rather than have it refuse the stream.
pub fn of_cast(header: &Header, settings: Settings) -> Settings {
    let text = |json: &str| serde_json::from_str::<String>(json).ok();
    let variables = header.get("env").and_then(object_entries).unwrap_or_default();
    let variables: Settings =
        variables.into_iter().filter_map(|(name, value)| Some((name, Value::from(text(value)?)))).collect();
    let term = header.get("term").and_then(object_entries).unwrap_or_default();
    let term = |key: &str| term.iter().find(|(name, _)| name == key).and_then(|(_, value)| text(value));
    let title = header.get("title").and_then(text).filter(|title| !title.is_empty());
    let title = title.map(|title| title.chars().take(LONGEST_TITLE).collect::<String>());
    let kind = match header.version {
        Version::V2 => variables.get("TERM").cloned(),
        Version::V3 => term("type").map(Value::from),
    };
    let found = [
        ("title", title.map(Value::from)),
        ("term_type", kind),
        ("term_version", term("version").map(Value::from)),
    ];
    completed(settings, found, variables)
}

/// The given settings, completed from the environment.
pub fn of_environment(names: &Environment, settings: Settings) -> Settings {
    let variable = |name: &str| Some(Value::from(env::var(name).ok().filter(|value| !value.is_empty())?));
    let variables = names.0.iter().filter_map(|name| Some((name.clone(), variable(name)?))).collect();
    completed(settings, [("term_type", variable("TERM"))], variables)
}

/// Adds values to the settings that are not set yet.
fn completed<const N: usize>(
    mut settings: Settings,
    found: [(&str, Option<Value>); N],
    variables: Settings,
) -> Settings {
    let shell = variables.get("SHELL").cloned();
    let variables = (!variables.is_empty()).then_some(Value::Object(variables));
    for (key, value) in found.into_iter().chain([("shell", shell), ("env", variables)]) {
        if let Some(value) = value {
            settings.entry(key).or_insert(value);
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_of_the_cast_that_is_too_long_is_cut_and_a_given_one_is_not() {
        let long = "ż".repeat(200);
        let line = format!("{{\"version\": 2, \"width\": 80, \"height\": 24, \"title\": \"{long}\"}}");
        let header = Header::parse(line.as_bytes()).unwrap();
        assert_eq!(of_cast(&header, Settings::new())["title"], "ż".repeat(LONGEST_TITLE));
        let given = Settings::from_iter([("title".to_string(), Value::from(long.clone()))]);
        assert_eq!(of_cast(&header, given)["title"], long);
    }
}
