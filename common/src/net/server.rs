//! The server's API: a recording goes there, and what the server says of it comes back.
//!
//! The body is streamed with a length that is known beforehand, so that memory does not grow with the
//! recording, and sent only once the server has agreed to it (`Expect: 100-continue`): one that
//! refuses early closes the connection, and its reason would be lost among the errors of writing.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ureq::http::Response;
use ureq::{Agent, Body, SendBody};

use super::{client, error_text, is_safe_redirect, resolve};

/// How often a redirect of an upload is followed.
const REDIRECTS: usize = 5;

/// How much of an answer is looked at, in bytes.
const ANSWER: u64 = 1 << 20;

/// A server, and who we are to it.
pub struct Server {
    url: String,
    authorization: String,
    agent: Agent,
}

/// What is uploaded.
pub struct Recording {
    /// The cast.
    pub file: File,
    /// Its length in bytes.
    pub length: u64,
    /// Fields of the newer API (`title` and others) and their values. Where there are any, that one
    /// is used.
    pub fields: Vec<(&'static str, String)>,
    /// What the parts of the body are divided by.
    pub boundary: String,
}

/// What a server says.
#[derive(Debug, Default)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, as text.
    pub body: String,
    /// Whether the body is JSON.
    pub is_json: bool,
    /// The `Warning` header.
    pub warning: Option<String>,
}

impl Server {
    /// The server at a URL, which knows us by a user's name and an install id.
    pub fn new(url: &str, user: &str, install_id: &str) -> Server {
        let authorization = format!("Basic {}", STANDARD.encode(format!("{user}:{install_id}")));
        Server { url: url.to_string(), authorization, agent: client(url, 0) }
    }

    /// Uploads a recording. `progress` is told how many bytes have been sent.
    ///
    /// # Errors
    ///
    /// A text, where no answer came: no connection, one that broke, or a redirect that is not to be
    /// followed with our credentials.
    pub fn upload(&self, recording: &mut Recording, progress: &mut dyn FnMut(u64)) -> Result<Answer, String> {
        let path = if recording.fields.is_empty() { "/api/asciicasts" } else { "/api/v1/recordings" };
        let mut url = format!("{}{path}", self.url);
        for _ in 0..REDIRECTS {
            let response = self.post(&url, recording, progress)?;
            let location = response.headers().get("location").and_then(|value| value.to_str().ok());
            match (response.status().as_u16(), location) {
                (301 | 302 | 307 | 308, Some(location)) => {
                    let target = resolve(&url, location);
                    if !is_safe_redirect(&url, &target) {
                        return Err(format!(
                            "the server redirects to {target}, where the install id must not go"
                        ));
                    }
                    url = target;
                }
                _ => return Ok(answer(response)),
            }
        }
        Err("the server redirects too often".to_string())
    }

    fn post(
        &self,
        url: &str,
        recording: &mut Recording,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Response<Body>, String> {
        recording.file.seek(SeekFrom::Start(0)).map_err(|error| crate::cli::io_text(&error))?;
        let (front, back) = parts(recording);
        let length = front.len() as u64 + recording.length + back.len() as u64;
        // What the file grows by meanwhile is not part of it.
        let file = (&recording.file).take(recording.length);
        let chain = Cursor::new(front).chain(file).chain(Cursor::new(back));
        let mut body = Counted { reader: chain, count: 0, progress };
        self.agent
            .post(url)
            .header("authorization", &self.authorization)
            .header("accept", "application/json")
            .header("content-type", format!("multipart/form-data; boundary={}", recording.boundary))
            .header("content-length", length.to_string())
            .header("expect", "100-continue")
            .send(SendBody::from_reader(&mut body))
            .map_err(|error| error_text(&error))
    }
}

/// What stands before and behind the recording in the body (RFC 7578).
fn parts(recording: &Recording) -> (Vec<u8>, Vec<u8>) {
    let boundary = &recording.boundary;
    let name = if recording.fields.is_empty() { "asciicast" } else { "file" };
    let front = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"ascii.cast\"\r\n\
         content-type: application/octet-stream\r\n\r\n"
    );
    let mut back = String::from("\r\n");
    for (name, value) in &recording.fields {
        back.push_str(&format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    back.push_str(&format!("--{boundary}--\r\n"));
    (front.into_bytes(), back.into_bytes())
}

fn answer(response: Response<Body>) -> Answer {
    let header = |name: &str| {
        response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let mut answer = Answer {
        status: response.status().as_u16(),
        body: String::new(),
        is_json: header("content-type").is_some_and(|kind| kind.to_lowercase().contains("json")),
        warning: header("warning"),
    };
    let mut bytes = Vec::new();
    // An answer that breaks off has said something all the same.
    let _ = response.into_body().into_reader().take(ANSWER).read_to_end(&mut bytes);
    answer.body = String::from_utf8_lossy(&bytes).into_owned();
    answer
}

/// Counts what is read from it.
struct Counted<'a, R> {
    reader: R,
    count: u64,
    progress: &'a mut dyn FnMut(u64),
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.count += count as u64;
        (self.progress)(self.count);
        Ok(count)
    }
}
