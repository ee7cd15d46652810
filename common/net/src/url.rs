//! Resolving references in URLs (RFC 3986, section 5.2).

/// The absolute URL of a reference in the document at `base`, which is absolute. Characters that
/// pages put in references but URLs do not allow (blanks, non-ASCII letters) are percent-encoded.
pub fn resolve(base: &str, reference: &str) -> String {
    encoded(&joined(base, reference.trim()))
}

/// A text with the bytes percent-encoded that a URL does not allow.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~' if !b"\"<>\\^`{|}".contains(&byte) => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// A text encoded as the value of a query parameter.
pub(super) fn encoded_part(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}

fn joined(base: &str, reference: &str) -> String {
    if has_scheme(reference) {
        return reference.to_string();
    }
    let (scheme, rest) = base.split_once("://").unwrap_or(("https", base));
    if let Some(network) = reference.strip_prefix("//") {
        return format!("{scheme}://{network}");
    }
    let path_start = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(path_start);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let (reference, query) = reference.split_at(reference.find(['?', '#']).unwrap_or(reference.len()));
    let joined = match reference {
        "" => path.to_string(),
        absolute if absolute.starts_with('/') => absolute.to_string(),
        relative => format!("{}/{relative}", path.rsplit_once('/').map_or("", |(folder, _)| folder)),
    };
    format!("{scheme}://{authority}{}{query}", without_dots(&joined))
}

/// Returns whether data for the first URL may also be sent to the second: the same host, and not
/// without TLS if the first has it.
pub fn is_safe_redirect(from: &str, to: &str) -> bool {
    let parts = |url: &str| {
        let (scheme, rest) = url.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?.to_lowercase();
        let host = authority.rsplit_once('@').map_or(authority.as_str(), |(_, host)| host).to_string();
        Some((scheme.to_lowercase(), host))
    };
    match (parts(from), parts(to)) {
        (Some((from_scheme, from_host)), Some((to_scheme, to_host))) => {
            let stays = from_scheme == to_scheme && from_host == to_host;
            // To TLS on the same host, if neither URL has a port.
            let moves_up = from_scheme == "http" && to_scheme == "https" && from_host == to_host;
            stays || (moves_up && !from_host.contains(':'))
        }
        _ => false,
    }
}

/// The path of an absolute URL, and its query.
pub(super) fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("/", |at| &rest[at..])
}

fn has_scheme(reference: &str) -> bool {
    reference.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// A path with `.` and `..` segments resolved.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        kept.push("");
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_followed_as_browsers_follow_them() {
        for (reference, url) in [
            ("http://b.org/x", "http://b.org/x"),
            ("//b.org/x", "https://b.org/x"),
            ("/a/1.cast", "https://a.org:1/a/1.cast"),
            ("1.cast?raw#x", "https://a.org:1/p/1.cast?raw#x"),
            ("../1.cast", "https://a.org:1/1.cast"),
            ("./1.cast", "https://a.org:1/p/1.cast"),
            ("../../../1.cast", "https://a.org:1/1.cast"),
            ("?v=2", "https://a.org:1/p/page?v=2"),
            ("a:b/1.cast", "https://a.org:1/p/a:b/1.cast"),
            (" my \u{105}.cast\n", "https://a.org:1/p/my%20%C4%85.cast"),
        ] {
            assert_eq!(resolve("https://a.org:1/p/page?q=/x", reference), url, "{reference}");
        }
        assert_eq!(resolve("http://a.org", "1.cast"), "http://a.org/1.cast");
    }

    #[test]
    fn credentials_stay_with_their_host_and_under_tls() {
        for (from, to, is_safe) in [
            ("http://a.org/x", "http://a.org/y", true),
            ("http://a.org/x", "https://A.org/x", true),
            ("https://a.org/x", "http://a.org/x", false),
            ("https://a.org/x", "https://b.org/x", false),
            ("https://a.org/x", "https://a.org@b.org/x", false),
            ("http://a.org:1/x", "http://a.org:2/x", false),
            ("http://a.org:1/x", "https://a.org:1/x", false),
        ] {
            assert_eq!(is_safe_redirect(from, to), is_safe, "{from} {to}");
        }
    }
}
