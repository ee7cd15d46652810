//! What a server's answer means, in the words of 2.4.

use net::Answer;
use serde_json::Value;

/// A recording that has arrived.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What the user is to read.
    pub message: String,
    /// Where the recording is, if that was said.
    pub url: Option<String>,
}

/// A recording that has not.
#[derive(Debug, PartialEq, Eq)]
pub struct Trouble {
    pub what: String,
    /// Whether another try may end better.
    pub may_pass: bool,
}

/// Reads an answer.
pub fn of(answer: &Answer) -> Result<Outcome, Trouble> {
    let json: Option<Value> = serde_json::from_str(&answer.body).ok().filter(Value::is_object);
    let field = |name: &str| json.as_ref()?.get(name)?.as_str().map(str::to_string);
    if matches!(answer.status, 200 | 201) {
        let body = answer.body.trim();
        // Old servers answer with the URL alone.
        let url = field("url").or_else(|| body.starts_with("http").then(|| body.to_string()));
        // A page that some network puts before the web is an answer of 200, too.
        let Some(message) = field("message").or_else(|| url.clone()) else {
            let what = "the server's answer names no recording".to_string();
            return Err(Trouble { what, may_pass: false });
        };
        return Ok(Outcome { message: message.trim_end().to_string(), url });
    }
    let body = field("message").unwrap_or_else(|| answer.body.trim().to_string());
    let what = match answer.status {
        400 => format!("Invalid request: {body}"),
        401 => "Invalid or revoked install ID".to_string(),
        404 => "API endpoint not found. This asciinema version may no longer be supported. \
                Please upgrade to the latest version."
            .to_string(),
        413 => "Sorry, the size of your recording exceeds the server-configured limit.".to_string(),
        422 => format!("Invalid asciicast: {body}"),
        503 => "The server is down for maintenance.".to_string(),
        500.. => "The server is having temporary problems. Try again in a minute.".to_string(),
        status => format!("HTTP status: {status}"),
    };
    Err(Trouble { what, may_pass: answer.status >= 500 })
}
