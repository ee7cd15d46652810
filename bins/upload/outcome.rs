//! The meaning of a server's response, in the words of 2.4.

use net::Answer;
use serde_json::Value;

/// A successful upload.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The message for the user.
    pub message: String,
    /// The URL of the recording, if the response has one.
    pub url: Option<String>,
}

/// A failed upload.
#[derive(Debug, PartialEq, Eq)]
pub struct Trouble {
    pub what: String,
    /// True if a retry may succeed.
    pub may_pass: bool,
}

/// Interprets a response.
pub fn of(answer: &Answer) -> Result<Outcome, Trouble> {
    let json: Option<Value> = serde_json::from_str(&answer.body).ok().filter(Value::is_object);
    let field = |name: &str| json.as_ref()?.get(name)?.as_str().map(str::to_string);
    if matches!(answer.status, 200 | 201) {
        let body = answer.body.trim();
        // Old servers respond with just the URL.
        let url = field("url").or_else(|| body.starts_with("http").then(|| body.to_string()));
        // A captive portal also responds with 200.
        let Some(message) = field("message").or_else(|| url.clone()) else {
            let what = "the server's response does not contain a recording URL".to_string();
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
