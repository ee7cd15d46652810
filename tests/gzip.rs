//! Compressed casts, which every program decompresses transparently.

use std::process::{Command, Stdio};

use crate::harness::{Scratch, cast};

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
