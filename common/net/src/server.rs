//! The server's API: uploading a recording and reading the response.
//!
//! The body is streamed with a known length, so memory does not grow with the recording. It is sent
//! only after the server has agreed to it (`Expect: 100-continue`): a server that refuses early closes
//! the connection, and its reason would be lost among write errors.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ureq::http::Response;
use ureq::{Agent, Body, SendBody};

use super::{REDIRECTS, client, error_text, is_safe_redirect, path_of, redirect};

/// The maximum length of a response, in bytes.
const ANSWER: u64 = 1 << 20;

/// A server and the credentials for it.
pub struct Server {
    url: String,
    authorization: String,
}

/// A recording to upload.
pub struct Recording {
    /// The cast.
    pub file: File,
    /// Its length in bytes.
    pub length: u64,
    /// Fields of the v1 API (`title` and others) and their values. If there are any, that API is used.
    pub fields: Vec<(&'static str, String)>,
    /// The boundary between the parts of the body.
    pub boundary: String,
}

/// The reason why there is no response.
#[derive(Debug)]
pub enum NoAnswer {
    /// The server was not reached, or the connection was lost: a retry may succeed.
    Lost(String),
    /// The request cannot succeed.
    Impossible(String),
}

/// A server's response.
#[derive(Debug, Default)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, as text.
    pub body: String,
    /// True if the body is JSON.
    pub is_json: bool,
    /// The `Warning` header.
    pub warning: Option<String>,
}

impl Server {
    /// The server at a URL, with the user name and the install ID as credentials.
    pub fn new(url: &str, user: &str, install_id: &str) -> Server {
        let authorization = format!("Basic {}", STANDARD.encode(format!("{user}:{install_id}")));
        Server { url: url.to_string(), authorization }
    }

    /// The URL of the server, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The value of the `Authorization` header.
    pub(super) fn authorization(&self) -> &str {
        &self.authorization
    }

    /// Uploads a recording. `progress` is called with the number of bytes sent so far.
    ///
    /// Redirects are followed on the same server only. The recording is sent again if the status says
    /// so, or if everything but the path changes, as when a server insists on https; after any other
    /// redirect the response is requested with GET, as browsers and 2.4 do.
    ///
    /// # Errors
    ///
    /// There is no response: no connection, a lost one, or a redirect that must not be followed with
    /// the credentials.
    pub fn upload(
        &self,
        recording: &mut Recording,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Answer, NoAnswer> {
        let path = if recording.fields.is_empty() { "/api/asciicasts" } else { "/api/v1/recordings" };
        let mut url = format!("{}{path}", self.url);
        let mut sends = true;
        let mut expects = true;
        for _ in 0..=REDIRECTS {
            let agent = client(&url).map_err(NoAnswer::Impossible)?;
            let response = match sends {
                true => self.post(&agent, &url, recording, expects, progress)?,
                false => self.get(&agent, &url)?,
            };
            let status = response.status().as_u16();
            // Some proxies do not support Expect (RFC 9110, section 15.5.18).
            if status == 417 && expects {
                expects = false;
                continue;
            }
            let Some(target) = redirect(&url, &response) else { return Ok(answer(response)) };
            if !is_safe_redirect(&url, &target) {
                return Err(NoAnswer::Impossible(format!(
                    "the server redirects to {target}, which must not receive the install ID"
                )));
            }
            let stays = status != 303 && path_of(&target) == path_of(&url);
            sends = sends && (matches!(status, 307 | 308) || stays);
            url = target;
        }
        Err(NoAnswer::Impossible("too many redirects".to_string()))
    }

    fn get(&self, agent: &Agent, url: &str) -> Result<Response<Body>, NoAnswer> {
        let request = agent.get(url).header("authorization", &self.authorization);
        request.header("accept", "application/json").call().map_err(|error| no_answer(&error))
    }

    fn post(
        &self,
        agent: &Agent,
        url: &str,
        recording: &mut Recording,
        expects: bool,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Response<Body>, NoAnswer> {
        let rewound = recording.file.seek(SeekFrom::Start(0));
        rewound.map_err(|error| NoAnswer::Impossible(common::cli::io_text(&error)))?;
        let (front, back) = parts(recording);
        let length = front.len() as u64 + recording.length + back.len() as u64;
        // Anything appended to the file in the meantime is not part of it.
        let file = (&recording.file).take(recording.length);
        let chain = Cursor::new(front).chain(file).chain(Cursor::new(back));
        let mut body = Counted { reader: chain, count: 0, length, progress };
        let mut request = agent
            .post(url)
            .header("authorization", &self.authorization)
            .header("accept", "application/json")
            .header("content-type", format!("multipart/form-data; boundary={}", recording.boundary))
            .header("content-length", length.to_string());
        if expects {
            request = request.header("expect", "100-continue");
        }
        request.send(SendBody::from_reader(&mut body)).map_err(|error| no_answer(&error))
    }
}

/// An error of the client, and whether a retry may help.
fn no_answer(error: &ureq::Error) -> NoAnswer {
    match error {
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => NoAnswer::Impossible(error_text(error)),
        error => NoAnswer::Lost(error_text(error)),
    }
}

/// The parts of the body before and after the recording (RFC 7578).
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
    // A truncated response may still contain a message.
    let _ = response.into_body().into_reader().take(ANSWER).read_to_end(&mut bytes);
    answer.body = String::from_utf8_lossy(&bytes).into_owned();
    answer
}

/// A reader that counts.
struct Counted<'a, R> {
    reader: R,
    count: u64,
    /// The number of bytes announced to the server.
    length: u64,
    progress: &'a mut dyn FnMut(u64),
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        if count == 0 && self.count < self.length && !buffer.is_empty() {
            return Err(io::Error::other("the recording was truncated during the upload"));
        }
        self.count += count as u64;
        (self.progress)(self.count);
        Ok(count)
    }
}
