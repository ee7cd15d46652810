//! asciinema-upload and asciinema-auth, against a server that implements the API.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;

use crate::harness::{Ran, Scratch, Terminal, cast};
use crate::server::{Server, response};

/// A directory with a recording, and an environment that leads to a server.
fn upload(server: &Server, options: &str) -> (Scratch, Ran) {
    upload_to(&server.url, options)
}

fn upload_to(url: &str, options: &str) -> (Scratch, Ran) {
    let scratch = Scratch::new();
    scratch.write("demo.cast", cast(&[(1.0, "a")]));
    let line = format!(
        "USER=jane ASCIINEMA_API_URL={url} ASCIINEMA_INSTALL_ID=the-id asciinema-upload {options} demo.cast"
    );
    let ran = scratch.run(&line, "");
    (scratch, ran)
}

const JSON: &str = "Content-Type: application/json; charset=utf-8\r\n";

#[test]
fn the_request_has_the_form_that_servers_expect() {
    let server = Server::answering(
        "201 Created",
        JSON,
        "{\"url\": \"http://a.org/a/1\", \"message\": \"View the recording at:\\n\\n    http://a.org/a/1\\n\"}",
    );
    let (_scratch, ran) = upload(&server, "");
    assert_eq!((ran.status(), ran.stdout_anyhow().as_str()), (0, "http://a.org/a/1\n"), "{ran}");
    assert_eq!(ran.stderr(), "View the recording at:\n\n    http://a.org/a/1\n");
    let request = server.request();
    assert_eq!(request.line, "POST /api/asciicasts");
    // jane:the-id
    assert_eq!(request.header("authorization"), Some("Basic amFuZTp0aGUtaWQ="));
    assert_eq!(request.header("accept"), Some("application/json"));
    assert!(request.header("user-agent").unwrap_or_default().starts_with("asciinema/"));
    let kind = request.header("content-type").unwrap_or_default().to_string();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").expect("a boundary");
    let body = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"asciicast\"; filename=\"ascii.cast\"\r\n\
         content-type: application/octet-stream\r\n\r\n{}\r\n--{boundary}--\r\n",
        cast(&[(1.0, "a")])
    );
    assert_eq!(request.text(), body);
}

#[test]
fn metadata_is_sent_to_the_newer_api() {
    let server = Server::answering("201 Created", JSON, "{\"url\": \"http://a.org/a/1\"}");
    let (_scratch, ran) =
        upload(&server, "-t 'A title' --visibility private --description D --audio-url http://x/y");
    assert_eq!((ran.status(), ran.stderr().as_str()), (0, "http://a.org/a/1\n"), "{ran}");
    let request = server.request();
    assert_eq!(request.line, "POST /api/v1/recordings");
    let text = request.text();
    for part in [
        "name=\"file\"; filename=\"ascii.cast\"",
        "name=\"title\"\r\n\r\nA title\r\n",
        "name=\"visibility\"\r\n\r\nprivate\r\n",
        "name=\"description\"\r\n\r\nD\r\n",
        "name=\"audio_url\"\r\n\r\nhttp://x/y\r\n",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn every_status_has_its_message() {
    let busy = "The server is having temporary problems. Try again in a minute.";
    let gone = "API endpoint not found. This asciinema version may no longer be supported. Please upgrade to the latest version.";
    for (status, body, what, may_pass) in [
        ("400 Bad", "why", "Invalid request: why", false),
        ("400 Bad", "{\"message\": \"because\"}", "Invalid request: because", false),
        ("401 No", "", "Invalid or revoked install ID", false),
        ("403 No", "", "HTTP status: 403", false),
        ("404 No", "", gone, false),
        ("413 Large", "", "Sorry, the size of your recording exceeds the server-configured limit.", false),
        ("422 Bad", "why\u{1b}[2J", "Invalid asciicast: why\\x1b[2J", false),
        ("429 Slow", "", "HTTP status: 429", false),
        ("500 Oh", "", busy, true),
        ("502 Oh", "", busy, true),
        ("503 Oh", "", "The server is down for maintenance.", true),
    ] {
        let (_scratch, ran) = upload(&Server::answering(status, "", body), "");
        let retry =
            if may_pass { "asciinema: retry later by running: asciinema upload demo.cast\n" } else { "" };
        assert_eq!(ran.failure(), (1, String::new(), format!("asciinema: upload failed: {what}\n{retry}")));
    }
}

#[test]
fn the_plain_response_of_an_old_server_is_the_url() {
    let (_scratch, ran) =
        upload(&Server::answering("200 OK", "Content-Type: text/plain\r\n", "http://a.org/a/1\n"), "");
    assert_eq!(
        (ran.stdout_anyhow().as_str(), ran.stderr().as_str()),
        ("http://a.org/a/1\n", "http://a.org/a/1\n")
    );
}

#[test]
fn escape_sequences_from_a_server_do_not_reach_the_terminal() {
    let headers = format!("{JSON}Warning: careful\r\n");
    let (_scratch, ran) = upload(
        &Server::answering(
            "200 OK",
            &headers,
            "{\"url\": \"http://a.org\", \"message\": \"a\\u001b[2Jb\\nc\"}",
        ),
        "",
    );
    assert_eq!(ran.stderr(), "asciinema: careful\na\\x1b[2Jb\nc\n");
}

#[test]
fn a_refusal_before_the_body_is_reported() {
    let server = Server::answering("413 Large", "", "");
    let (_scratch, ran) = upload_to(&format!("{}/refuse", server.url), "");
    assert!(ran.stderr().contains("exceeds the server-configured limit"), "{ran}");
}

#[test]
fn a_failed_connection_suggests_a_retry() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (_scratch, ran) = upload_to(&format!("http://{unused}"), "");
    let (status, stdout, stderr) = ran.failure();
    assert_eq!((status, stdout.as_str()), (1, ""));
    assert!(
        stderr.starts_with("asciinema: upload failed: ")
            && stderr.ends_with("asciinema: retry later by running: asciinema upload demo.cast\n"),
        "{stderr}"
    );
}

#[test]
fn the_install_id_does_not_follow_a_redirect_to_another_host() {
    let other = Server::answering("200 OK", "", "http://evil.org");
    let location = format!("Location: {}/api/asciicasts\r\n", other.url);
    let (_scratch, ran) = upload(&Server::answering("307 Moved", &location, ""), "");
    assert_eq!(ran.status(), 1);
    assert!(ran.stderr().contains("which must not receive the install ID"), "{ran}");
    assert!(!ran.stderr().contains("retry"), "{ran}");
    assert!(other.is_quiet());
}

#[test]
fn a_redirect_on_the_same_host_is_followed_with_the_whole_recording() {
    let server = Server::start(|request, connection| {
        let answer = match request.line.as_str() {
            "POST /old/api/asciicasts" => response("307 Moved", "Location: /api/asciicasts\r\n", b""),
            _ => response("201 Created", "", b"http://a.org/a/1"),
        };
        connection.write_all(&answer).expect("to answer");
    });
    let (_scratch, ran) = upload_to(&format!("{}/old/", server.url), "");
    assert_eq!(ran.status(), 0, "{ran}");
    let (first, second) = (server.request(), server.request());
    assert_eq!(
        (first.line.as_str(), second.line.as_str()),
        ("POST /old/api/asciicasts", "POST /api/asciicasts")
    );
    assert_eq!(first.body.len(), second.body.len());
}

#[test]
fn a_redirect_to_a_page_is_followed_as_by_browsers() {
    for status in ["301", "302", "303"] {
        let server = Server::start(move |request, connection| {
            let answer = match request.line.as_str() {
                "POST /api/asciicasts" => response(status, "Location: /a/1\r\n", b""),
                _ => response("200 OK", JSON, b"{\"url\": \"http://a.org/a/1\"}"),
            };
            connection.write_all(&answer).expect("to answer");
        });
        let (_scratch, ran) = upload(&server, "");
        assert_eq!(ran.stdout_anyhow(), "http://a.org/a/1\n", "{ran}");
        server.request();
        let second = server.request();
        assert_eq!((second.line.as_str(), second.body.len()), ("GET /a/1", 0));
        assert_eq!(second.header("authorization"), Some("Basic amFuZTp0aGUtaWQ="));
    }
}

#[test]
fn a_proxy_without_expect_support_gets_the_recording_immediately() {
    let server = Server::start(|request, connection| {
        let answer = match request.header("expect") {
            Some(_) => response("417 Expectation Failed", "", b""),
            None => response("201 Created", "", b"http://a.org/a/1"),
        };
        connection.write_all(&answer).expect("to answer");
    });
    let (_scratch, ran) = upload(&server, "");
    assert_eq!(ran.stdout_anyhow(), "http://a.org/a/1\n", "{ran}");
}

#[test]
fn a_response_without_a_url_is_a_failure() {
    for body in ["", "<html>Log in to this network</html>", "{\"id\": 1}"] {
        let (_scratch, ran) = upload(&Server::answering("200 OK", "", body), "");
        let what = "asciinema: upload failed: the server's response does not contain a recording URL\n";
        assert_eq!(ran.failure(), (1, String::new(), what.to_string()));
    }
}

#[test]
fn only_regular_files_are_uploaded_because_the_length_must_be_known() {
    let scratch = Scratch::new();
    let ran = scratch.run("cat | ASCIINEMA_INSTALL_ID=i asciinema-upload /dev/stdin", cast(&[]));
    let what = "asciinema: /dev/stdin: not a regular file\n";
    assert_eq!(ran.failure(), (1, String::new(), what.to_string()));
}

#[test]
fn a_file_that_is_not_a_recording_is_not_uploaded() {
    let server = Server::answering("200 OK", "", "");
    let scratch = Scratch::new();
    scratch.write("bad.cast", cast(&[(1.0, "a")]) + "nonsense\n");
    let ran = scratch.run(&format!("ASCIINEMA_API_URL={} asciinema-upload bad.cast", server.url), "");
    let what = "asciinema: bad.cast: line 3: expected an event, [time, code, data], found 'nonsense'\n";
    assert_eq!(ran.failure(), (1, String::new(), what.to_string()));
    assert!(server.is_quiet());
}

#[test]
fn the_install_id_is_generated_once_and_readable_only_by_its_owner() {
    let scratch = Scratch::new();
    let ran = scratch.run("asciinema-auth & asciinema-auth & asciinema-auth & wait", "");
    let id = scratch.read(".config/asciinema/install-id");
    assert_eq!(id.len(), 36);
    assert_eq!(ran.stderr().matches(&format!("https://asciinema.org/connect/{id}\n")).count(), 3, "{ran}");
    assert_eq!(ran.stdout_anyhow(), "");
    let mode = scratch.path(".config/asciinema/install-id").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let folder = std::fs::read_dir(scratch.path(".config/asciinema")).unwrap();
    assert_eq!(folder.count(), 1);
}

#[test]
fn an_install_id_of_any_generation_is_kept() {
    for (file, text, environment) in [
        (".config/asciinema/install-id", "of-2.4\n", ""),
        (".local/state/asciinema/install-id", "of-3.x", ""),
        (".config/asciinema/config", "[api]\ntoken = of-1.x\n", ""),
        (".config/asciinema/config", "[user]\ntoken = of-1.0\n", ""),
        ("unused", "", "ASCIINEMA_INSTALL_ID=of-env"),
    ] {
        let scratch = Scratch::new();
        std::fs::create_dir_all(scratch.path(".config/asciinema")).unwrap();
        std::fs::create_dir_all(scratch.path(".local/state/asciinema")).unwrap();
        scratch.write(file, text);
        let ran = scratch.run(&format!("{environment} asciinema-auth"), "");
        let id =
            if environment.is_empty() { text.rsplit(' ').next().unwrap_or(text).trim() } else { "of-env" };
        assert!(ran.stderr().contains(&format!("/connect/{id}\n")), "{ran}");
    }
}

#[test]
fn an_empty_install_id_is_replaced_once() {
    let scratch = Scratch::new();
    std::fs::create_dir_all(scratch.path(".config/asciinema")).unwrap();
    scratch.write(".config/asciinema/install-id", "");
    let first = scratch.run("asciinema-auth", "").stderr();
    let id = scratch.read(".config/asciinema/install-id");
    assert_eq!(id.len(), 36);
    assert!(first.contains(&format!("/connect/{id}\n")), "{first}");
    assert_eq!(scratch.run("asciinema-auth", "").stderr(), first);
}

#[test]
fn an_invalid_install_id_is_refused() {
    let ran = Scratch::new().run("ASCIINEMA_INSTALL_ID=\"$(printf 'a\\033b c')\" asciinema-auth", "");
    let message = "asciinema: ASCIINEMA_INSTALL_ID: 'a\\x1bb c' is not an install ID\n";
    assert_eq!(ran.failure(), (1, String::new(), message.to_string()));
}

#[test]
fn an_invalid_server_url_is_refused_with_its_origin() {
    let scratch = Scratch::new();
    scratch.write("demo.cast", cast(&[]));
    std::fs::create_dir_all(scratch.path(".config/asciinema")).unwrap();
    let file = scratch.write(".config/asciinema/config", "[api]\nurl = a.org\n");
    let message = format!(
        "asciinema: {}: [api] url: 'a.org' is not a URL like https://asciinema.org\n",
        file.display()
    );
    for program in ["asciinema-auth", "asciinema-upload demo.cast"] {
        assert_eq!(scratch.run(program, "").failure(), (1, String::new(), message.clone()));
    }
    let ran = scratch.run("ASCIINEMA_API_URL=b.org asciinema-auth", "");
    assert_eq!(
        ran.stderr(),
        "asciinema: ASCIINEMA_API_URL: 'b.org' is not a URL like https://asciinema.org\n"
    );
    assert_eq!(scratch.run("asciinema-auth --server-url c.org", "").status(), 2);
}

#[test]
fn auth_uses_the_configured_or_given_server() {
    let ran =
        Scratch::new().run("ASCIINEMA_SERVER_URL=http://b.org:80/ ASCIINEMA_INSTALL_ID=i asciinema-auth", "");
    assert!(ran.stderr().starts_with(
        "Open the following URL in a web browser to link your install ID with your b.org user account:\n\nhttp://b.org:80/connect/i\n"
    ), "{ran}");
    let ran = Scratch::new().run("ASCIINEMA_INSTALL_ID=i asciinema-auth --server-url https://c.org", "");
    assert!(ran.stderr().contains("\nhttps://c.org/connect/i\n"), "{ran}");
}

#[test]
fn a_slow_upload_shows_progress_on_a_terminal() {
    let (seen, wait) = std::sync::mpsc::channel::<()>();
    // Reads the body slowly until the progress has been seen, then the rest.
    let server = Server::start_unread(move |request, connection| {
        let length: u64 = request.header("content-length").expect("a length").parse().expect("a number");
        let mut body = Read::take(&mut *connection, length);
        let pace = std::time::Duration::from_millis(20);
        while body.limit() > 0 && wait.recv_timeout(pace).is_err() {
            std::io::copy(&mut Read::take(&mut body, 64 << 10), &mut std::io::sink()).expect("a piece");
        }
        std::io::copy(&mut body, &mut std::io::sink()).expect("the rest");
        connection.write_all(&response("201 Created", "", b"http://a.org/a/1")).expect("to answer");
    });
    let scratch = Scratch::new();
    let long = "x".repeat(1000);
    scratch.write("long.cast", cast(&vec![(1.0, long.as_str()); 20_000]));
    let mut command = scratch.command("asciinema-upload");
    command.arg("long.cast").env("ASCIINEMA_API_URL", &server.url).env("ASCIINEMA_INSTALL_ID", "the-id");
    let mut terminal = Terminal::start(command);
    terminal.wait_for("/s");
    seen.send(()).expect("the server");
    terminal.wait_for("http://a.org/a/1");
}
