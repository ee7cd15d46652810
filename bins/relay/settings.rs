//! The metadata sent to a server when a stream is announced.

use std::env;

use common::cast::{Header, Version, object_entries};
use serde_json::{Map, Value};

/// The keys of the API and their values.
pub type Settings = Map<String, Value>;

/// The names of environment variables.
#[derive(Clone, Debug)]
pub struct Environment(pub Vec<String>);

/// The given settings, completed from the header of the cast.
pub fn of_cast(header: &Header, settings: Settings) -> Settings {
    let text = |json: &str| serde_json::from_str::<String>(json).ok();
    let variables = header.get("env").and_then(object_entries).unwrap_or_default();
    let variables: Settings =
        variables.into_iter().filter_map(|(name, value)| Some((name, Value::from(text(value)?)))).collect();
    let term = header.get("term").and_then(object_entries).unwrap_or_default();
    let term = |key: &str| term.iter().find(|(name, _)| name == key).and_then(|(_, value)| text(value));
    let title = header.get("title").and_then(text).filter(|title| !title.is_empty());
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
