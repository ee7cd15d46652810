//! The server's API for live streams: announces one, and returns its producer's URL.

use std::io::Read;

use serde_json::{Map, Value};
use ureq::http::Response;
use ureq::{Body, Error};

use super::server::Server;
use super::{client, error_text};

/// The maximum length of a response, in bytes.
const ANSWER: u64 = 1 << 20;

/// A live stream on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// The URL for viewers.
    pub url: String,
    /// The URL for its producer.
    pub ws_producer_url: String,
}

impl Server {
    /// Announces a stream that is about to begin: a new one, or the user's stream whose ID begins
    /// with `prefix`. `settings` are the keys of the API and their values.
    ///
    /// # Errors
    ///
    /// A message with the server's reason.
    pub fn announce(&self, prefix: Option<&str>, mut settings: Map<String, Value>) -> Result<Stream, String> {
        settings.insert("live".to_string(), Value::Bool(true));
        let settings = Value::Object(settings).to_string();
        let Some(prefix) = prefix else {
            return self.ask_for_stream("POST", "/api/v1/streams", settings);
        };
        let path = format!("/api/v1/user/streams?prefix={}&limit=10", super::url::encoded_part(prefix));
        let streams = self.ask("GET", &path, None)?;
        let streams = streams.as_array().map(Vec::as_slice).unwrap_or_default();
        let [stream] = streams else {
            let what =
                if streams.is_empty() { "none of your streams has" } else { "several of your streams have" };
            return Err(format!("{what} an ID that begins with '{}'", common::text::visible(prefix)));
        };
        let id = stream.get("id").and_then(Value::as_u64).ok_or_else(|| self.names_no_stream())?;
        self.ask_for_stream("PATCH", &format!("/api/v1/streams/{id}"), settings)
    }

    /// Sends a request whose response is a stream.
    fn ask_for_stream(&self, method: &str, path: &str, settings: String) -> Result<Stream, String> {
        let json = self.ask(method, path, Some(settings))?;
        let text = |key: &str| json.get(key)?.as_str().map(str::to_string);
        match (text("url"), text("ws_producer_url")) {
            (Some(url), Some(ws_producer_url)) => Ok(Stream { url, ws_producer_url }),
            _ => Err(self.names_no_stream()),
        }
    }

    fn names_no_stream(&self) -> String {
        format!("{}: the response contains no stream", common::config::server_host(self.url()))
    }

    /// Sends a request and parses the JSON response.
    fn ask(&self, method: &str, path: &str, json: Option<String>) -> Result<Value, String> {
        let url = format!("{}{path}", self.url());
        let agent = client(&url)?;
        let response = match (method, json) {
            ("POST", Some(json)) => self.with_credentials(agent.post(&url)).send(json),
            ("PATCH", Some(json)) => self.with_credentials(agent.patch(&url)).send(json),
            _ => self.with_credentials(agent.get(&url)).call(),
        };
        let host = common::config::server_host(self.url());
        let response = response.map_err(|error: Error| format!("{host}: {}", error_text(&error)))?;
        let status = response.status().as_u16();
        let body = body(response);
        match status {
            200..300 => serde_json::from_str(&body).map_err(|_| self.names_no_stream()),
            status => Err(failure(status, &body, host)),
        }
    }

    /// Adds the headers of every API request.
    fn with_credentials<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        request
            .header("authorization", self.authorization())
            .header("accept", "application/json")
            .header("content-type", "application/json")
    }
}

/// The message for an error response, in the server's own words if it gives any.
fn failure(status: u16, body: &str, host: &str) -> String {
    let json: Option<Value> = serde_json::from_str(body).ok().filter(Value::is_object);
    let message = json.as_ref().and_then(|json| json.get("message")?.as_str());
    match (status, message) {
        (401, _) => {
            format!("{host} does not know this machine; run 'asciinema auth' to link it to your account")
        }
        (_, Some(message)) => format!("{host}: {}", common::text::visible(message)),
        (404 | 422, None) if json.is_none() => format!("{host} doesn't support streaming"),
        (status, None) => format!("{host}: HTTP status {status}"),
    }
}

fn body(response: Response<Body>) -> String {
    let mut bytes = Vec::new();
    // A truncated response may still contain a message.
    let _ = response.into_body().into_reader().take(ANSWER).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
