//! Shows the settings in effect and their origins.

use std::process::ExitCode;

use common::cli::{self, Arg, Program, catalog};
use common::config::{Config, Effective, Kind};
use common::text::visible;
use serde_json::{Map, Value};

const PROGRAM: Program = catalog::program("asciinema-config");

fn main() -> ExitCode {
    cli::run(&PROGRAM, |args| {
        let mut is_json = false;
        while let Some(arg) = args.next()? {
            match arg {
                Arg::Option("--json") => is_json = true,
                other => return Err(args.unexpected(&other)),
            }
        }
        let config = Config::load()?;
        let settings: Vec<Effective> = config.effective().collect();
        cli::print(&if is_json { json(&settings) } else { table(&settings) })
    })
}

/// A line for each setting, in columns.
fn table(settings: &[Effective]) -> String {
    let width = |column: fn(&Effective) -> &str| {
        settings.iter().map(|setting| visible(column(setting)).chars().count()).max().unwrap_or_default()
    };
    let (names, values) = (width(|setting| &setting.name), width(|setting| &setting.value));
    let line = |setting: &Effective| {
        let Effective { name, value, source, .. } = setting;
        let value = if value.is_empty() { "-".to_string() } else { visible(value) };
        format!("{name:<names$}  {value:<values$}  {source}\n")
    };
    settings.iter().map(line).collect()
}

/// An array of objects, one object per line.
fn json(settings: &[Effective]) -> String {
    let object = |setting: &Effective| {
        let value = match setting.kind {
            _ if setting.value.is_empty() => Some(Value::Null),
            Kind::Flag => setting.flag().map(Value::Bool),
            Kind::Number => setting.number().and_then(|number| serde_json::from_str(&number).ok()),
            Kind::Text => None,
        };
        let mut object = Map::new();
        object.insert("name".to_string(), setting.name.clone().into());
        object.insert("value".to_string(), value.unwrap_or_else(|| setting.value.clone().into()));
        object.insert("source".to_string(), setting.source.clone().into());
        Value::Object(object).to_string()
    };
    let lines: Vec<String> = settings.iter().map(object).collect();
    format!("[{}]\n", lines.join(",\n"))
}
