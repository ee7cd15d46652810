//! Compressed casts, which every program decompresses transparently.

use std::process::{Command, Stdio};

use crate::harness::{Scratch, cast};
use crate::live::Showing;
use crate::server::Server;

/// The text compressed by gzip.
fn gzipped(scratch: &Scratch, name: &str, text: &str) -> Vec<u8> {
    scratch.write(name, text);
    let zipped = Command::new("gzip").arg("-c").arg(scratch.path(name)).stdin(Stdio::null()).output();
    zipped.expect("gzip").stdout
}

#[test]
fn a_compressed_cast_is_read_from_a_file_a_pipe_and_in_pieces() {
    let scratch = Scratch::new();
    let two = cast(&[(0.5, "a"), (9.0, "b")]);
    let zipped = gzipped(&scratch, "two.cast", &two);
    scratch.write("two.gz", &zipped);
    let idle = scratch.run("asciinema-idle -i 2 two.cast", "").stdout();
    assert_eq!(scratch.run("asciinema-idle -i 2 two.gz", "").stdout(), idle);
    assert_eq!(scratch.run("asciinema-idle -i 2", &zipped).stdout(), idle);
    let slowly = "{ head -c 1 two.gz; sleep 0.1; tail -c +2 two.gz; } | asciinema-idle -i 2";
    assert_eq!(scratch.run(slowly, "").stdout(), idle);
    for line in [
        "asciinema cat two.gz",
        "asciinema cat - < two.gz",
        "asciinema play -s 1e9 two.gz",
        "asciinema-convert -f txt two.gz | tr -d '\\n'",
    ] {
        assert_eq!(scratch.run(line, "").stdout(), "ab", "{line}");
    }
    assert_eq!(scratch.run("asciinema-check --strict two.gz", "").stdout(), "");
    assert_eq!(
        scratch.run("asciinema-meta -t T two.gz -o two.gz && asciinema-cat two.gz", "").stdout(),
        "ab"
    );
}

#[test]
fn the_valid_part_of_damaged_data_comes_first() {
    let scratch = Scratch::new();
    let long = cast(&(0..2000).map(|second| (f64::from(second), "some text\r\n")).collect::<Vec<_>>());
    let zipped = gzipped(&scratch, "long.cast", &long);
    let what = "the gzip data is cut off or corrupt";
    for bytes in [&zipped[..zipped.len() / 2], &zipped[..zipped.len() - 4]] {
        let ran = scratch.run("asciinema-speed -s 1", bytes);
        assert_eq!(ran.failure().2, format!("asciinema-speed: stdin: {what}\n"));
        let good = ran.stdout_anyhow();
        assert!(ran.status() == 1 && good.len() > 1000 && long.starts_with(&good), "{ran}");
    }
    let mut corrupt = zipped.clone();
    let last = corrupt.len() - 5;
    corrupt[last] ^= 1;
    let ran = scratch.run("asciinema-convert -f txt", &corrupt);
    let message = "asciinema-convert: stdin: the gzip data is cut off or corrupt\n".to_string();
    assert_eq!(ran.failure(), (1, "some text\n".repeat(2000), message));
}

#[test]
fn secrets_are_found_in_a_compressed_cast_too() {
    let scratch = Scratch::new();
    let zipped = gzipped(&scratch, "secret.cast", &cast(&[(1.0, "a hunter2 b")]));
    scratch.write("secret.gz", &zipped);
    let masked = cast(&[(1.0, "a ******* b")]);
    for options in ["", "--whole "] {
        let line = format!("asciinema-redact {options}-s hunter2");
        assert_eq!(scratch.run(&format!("{line} secret.gz"), "").stdout(), masked, "{options}");
        assert_eq!(scratch.run(&line, &zipped).stdout(), masked, "{options}");
    }
    for line in
        ["asciinema-redact --check -s hunter2 secret.gz", "asciinema-redact --check -s hunter2 < secret.gz"]
    {
        let ran = scratch.run(line, "");
        assert_eq!((ran.status(), ran.stdout_anyhow().as_str()), (1, "1.000: string\n"), "{line}");
    }
}

#[test]
fn a_compressed_cast_is_shown_live_as_it_arrives() {
    let scratch = Scratch::new();
    let text = cast(&[(0.5, "shown")]);
    let zipped = gzipped(&scratch, "one.cast", &text);
    let mut serve = Showing::start("asciinema-serve");
    let mut viewer = serve.watch("v1.alis");
    serve.write(&zipped[..10]);
    serve.write(&zipped[10..]);
    viewer.wait_for("the output", |frame| frame.output() == Some("shown"));
    serve.close();
    viewer.closed();
    drop(viewer);
    // Other programs can read the copy directly.
    assert_eq!(serve.outcome().stdout, text);
}

#[test]
fn servers_get_the_decompressed_cast() {
    let scratch = Scratch::new();
    let text = cast(&[(1.0, "a")]);
    let zipped = gzipped(&scratch, "demo.cast", &text);
    scratch.write("demo.gz", &zipped);
    let server = Server::answering("201 Created", "", "http://a.org/a/1");
    let environment = format!("ASCIINEMA_API_URL={} ASCIINEMA_INSTALL_ID=the-id", server.url);
    let ran = scratch.run(&format!("{environment} asciinema-upload demo.gz"), "");
    assert_eq!((ran.status(), ran.stdout_anyhow().as_str()), (0, "http://a.org/a/1\n"), "{ran}");
    let sent = server.request().text();
    assert!(sent.contains(&format!("\r\n\r\n{text}\r\n--")), "{sent}");

    scratch.write("cut.gz", &zipped[..zipped.len() - 6]);
    let ran = scratch.run(&format!("{environment} asciinema-upload cut.gz"), "");
    assert_eq!(ran.stderr(), "asciinema: cut.gz: the gzip data is cut off or corrupt\n");
    assert!(ran.status() == 1 && server.is_quiet());
}
