//! Access control: everyone who can reach the server, those who know a password, or those who know
//! a link.

use std::io;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::request::{Refusal, Request};

/// The number of wrong attempts allowed per second, for all visitors together. Further attempts are
/// rejected unseen, even correct ones: that limits the speed of guessing.
const TRIES: usize = 5;

/// The credentials that visitors need.
pub struct Access {
    password: Option<String>,
    /// The first segment of every path.
    secret: Option<String>,
    /// The cookie that a browser sends after giving the password: not all browsers send a password
    /// when a page opens a WebSocket.
    cookie: String,
    /// The value of that cookie.
    token: String,
    /// The times of the last wrong attempts.
    wrong: Vec<Instant>,
}

/// The request of an admitted visitor.
#[derive(Debug, PartialEq, Eq)]
pub struct Admission {
    /// The path after the secret.
    pub path: String,
    /// A header for the response, including its line end; empty if none is needed.
    pub cookie: String,
}

impl Access {
    /// Sets up access control. The port distinguishes the cookies of two servers on one host.
    ///
    /// # Errors
    ///
    /// The system has no random numbers.
    pub fn new(password: Option<String>, wants_secret: bool, port: u16) -> io::Result<Access> {
        Ok(Access {
            password,
            secret: if wants_secret { Some(random_word()?) } else { None },
            cookie: format!("asciinema-{port}"),
            token: random_word()?,
            wrong: Vec::new(),
        })
    }

    /// The path of the page.
    pub fn root(&self) -> String {
        self.secret.as_ref().map_or("/".to_string(), |secret| format!("/{secret}/"))
    }

    /// Checks whether a request may be answered.
    ///
    /// # Errors
    ///
    /// The status to respond with.
    pub fn admit(&mut self, request: &Request, now: Instant) -> Result<Admission, Refusal> {
        let mut path = request.path.clone();
        if let Some(secret) = &self.secret {
            let (word, rest) =
                path.strip_prefix('/').and_then(|path| path.split_once('/')).unwrap_or_default();
            // A word of another length is not an attempt: browsers request icons by themselves.
            if word.len() != secret.len() {
                return Err("404 Not Found");
            }
            let rest = format!("/{rest}");
            let is_right = is_same(word, secret);
            self.check(is_right, now, "404 Not Found")?;
            path = rest;
        }
        let mut cookie = String::new();
        if let Some(password) = &self.password {
            if self.shows_token(request) {
                return Ok(Admission { path, cookie });
            }
            let told = request.authorization.as_deref().and_then(basic_password).ok_or("401 Unauthorized")?;
            let is_right = is_same(&told, password);
            self.check(is_right, now, "401 Unauthorized")?;
            let Access { cookie: name, token, .. } = self;
            cookie = format!("Set-Cookie: {name}={token}; Path=/; HttpOnly; SameSite=Strict\r\n");
        }
        Ok(Admission { path, cookie })
    }

    /// Counts an attempt, unless there have been too many.
    fn check(&mut self, is_right: bool, now: Instant, refusal: Refusal) -> Result<(), Refusal> {
        self.wrong.retain(|&before| now.duration_since(before) < Duration::from_secs(1));
        if self.wrong.len() >= TRIES {
            return Err("429 Too Many Requests");
        }
        if is_right {
            return Ok(());
        }
        self.wrong.push(now);
        Err(refusal)
    }

    fn shows_token(&self, request: &Request) -> bool {
        let pairs = request.cookies.iter().flat_map(|header| header.split(';'));
        let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(name, value)| name == self.cookie && is_same(value, &self.token))
    }
}

/// The password in a Basic `Authorization` header (RFC 7617); the user name is ignored.
fn basic_password(header: &str) -> Option<String> {
    let (scheme, value) = header.split_once(' ')?;
    let bytes = STANDARD.decode(value.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(bytes).ok()?;
    Some(text.split_once(':')?.1.to_string())
}

/// Compares two texts in a time that reveals at most their lengths.
fn is_same(a: &str, b: &str) -> bool {
    let differences = a.bytes().zip(b.bytes()).fold(0, |differences, (a, b)| differences | (a ^ b));
    a.len() == b.len() && std::hint::black_box(differences) == 0
}

/// 128 random bits as 32 hexadecimal digits.
fn random_word() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, authorization: Option<&str>) -> Request {
        let authorization = authorization.map(|text| format!("Basic {}", STANDARD.encode(text)));
        Request { path: path.to_string(), authorization, ..Request::default() }
    }

    #[test]
    fn a_secret_is_128_random_bits_and_without_it_nothing_is_found() {
        let mut access = Access::new(None, true, 80).unwrap();
        let root = access.root();
        assert_eq!(root.len(), 34);
        assert_ne!(root, Access::new(None, true, 80).unwrap().root());
        let now = Instant::now();
        let admission = access.admit(&request(&format!("{root}page.js"), None), now);
        assert_eq!(admission, Ok(Admission { path: "/page.js".to_string(), cookie: String::new() }));
        for path in ["/", "/page.js", "/favicon.ico", "", "//", &root[..33], &format!("/{}/", "0".repeat(32))]
        {
            assert_eq!(access.admit(&request(path, None), now), Err("404 Not Found"), "{path}");
        }
    }

    #[test]
    fn a_password_is_requested_once() {
        let mut access = Access::new(Some("hunter2".to_string()), false, 80).unwrap();
        let now = Instant::now();
        assert_eq!(access.admit(&request("/", None), now), Err("401 Unauthorized"));
        assert_eq!(access.admit(&request("/", Some("me:hunter")), now), Err("401 Unauthorized"));
        let admission = access.admit(&request("/", Some("me:hunter2")), now).unwrap();
        let cookie = admission.cookie.strip_prefix("Set-Cookie: ").unwrap().split(';').next().unwrap();
        let shown = Request { cookies: vec![format!("other=1; {cookie}")], ..request("/ws", None) };
        assert_eq!(
            access.admit(&shown, now),
            Ok(Admission { path: "/ws".to_string(), cookie: String::new() })
        );
        let forged = Request { cookies: vec!["asciinema-80=0".to_string()], ..request("/ws", None) };
        assert_eq!(access.admit(&forged, now), Err("401 Unauthorized"));
    }

    #[test]
    fn after_five_wrong_attempts_all_are_rejected_for_a_second() {
        let mut access = Access::new(Some("hunter2".to_string()), false, 80).unwrap();
        let now = Instant::now();
        for _ in 0..TRIES {
            assert_eq!(access.admit(&request("/", Some(":wrong")), now), Err("401 Unauthorized"));
        }
        assert_eq!(access.admit(&request("/", Some(":hunter2")), now), Err("429 Too Many Requests"));
        let later = now + Duration::from_secs(1);
        assert!(access.admit(&request("/", Some(":hunter2")), later).is_ok());
    }
}
