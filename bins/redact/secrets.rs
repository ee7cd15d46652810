//! The forms of well-known secrets: the patterns of `--secrets`.
//!
//! A kind is included if its form is distinctive: a prefix given by its issuer, or a name directly
//! before it that says what it is. Hashes, UUIDs, paths and encoded pictures have no such form, and
//! are left alone. The forms are those that issuers document and secret scanners agree on, and
//! slightly broader where they disagree, because a miss is a leak and an unnecessary mask is not.
//!
//! The examples are made up. They are split in two so that no scanner reports this file as a leak.

use std::ops::Range;

use rewrite::{Accepts, Patterns, Unusable};

/// A kind of secret.
pub struct Secret {
    /// Its name in reports.
    pub name: &'static str,
    /// Its pattern. The groups of the expression, if it has any, are the secret itself.
    pub pattern: &'static str,
    /// Lower-case texts of which every matching line contains at least one. A kind without them is
    /// searched for in every line.
    pub keywords: &'static [&'static str],
    /// A line with such a secret, and the part that is masked, in two pieces each.
    pub example: [&'static str; 2],
    /// A similar line without a secret.
    pub counterexample: &'static str,
    /// True if the pattern may also match a name of something else, so that the match must be
    /// checked.
    pub is_vague: bool,
}

/// The separator between the name of a secret and its value: `=`, `:`, `=>`, `:=` and quotes, as in
/// programs, shells and configuration files.
macro_rules! assigned {
    ($name:expr, $value:expr) => {
        concat!($name, r#"\\?["']?[ \t]*(?:=>|:=|=|:)[ \t]*"#, $value)
    };
}

/// A value: in quotes up to the closing one, otherwise up to a blank. References to variables,
/// commands and placeholders are not secrets, nor are paths.
macro_rules! value {
    () => {
        concat!(
            r#"(?:(?i-u:[bfru]{0,2})\\?"([^"$<{\\ ][^"\\]{3,})|(?i-u:[bfru]{0,2})\\?'([^'$<{\\ ][^'\\]{3,})"#,
            r#"|\\?["']?([^\s"'`$<>(){}\[\]|&;,/~.*\\][^\s"'`<>(){}\[\]|&;,\\]{3,}))"#
        )
    };
}

/// All kinds, in the order of `--list-secrets`.
pub const SECRETS: &[Secret] = &[
    Secret {
        name: "aws-access-key-id",
        pattern: r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
        keywords: &["akia", "asia", "abia", "acca"],
        example: ["AKIA", "IOSFODNN7EXAMPLE"],
        counterexample: "AKIAIOSFODNN",
        is_vague: false,
    },
    Secret {
        name: "aws-secret-access-key",
        pattern: assigned!(
            r"(?i-u:aws[\w.-]{0,20}(?:secret|key)[\w.-]{0,20})",
            r#"\\?["']?([A-Za-z0-9/+]{40})"#
        ),
        keywords: &["aws"],
        example: ["aws_secret_key = ", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
        counterexample: "aws_key_pair = demo",
        is_vague: false,
    },
    Secret {
        name: "github-token",
        pattern: r"gh[opsur]_[A-Za-z0-9]{36,}",
        keywords: &["gho_", "ghp_", "ghs_", "ghu_", "ghr_"],
        example: ["ghp_", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE0"],
        counterexample: "ghp_EXAMPLE",
        is_vague: false,
    },
    Secret {
        name: "github-fine-grained-token",
        pattern: r"github_pat_[A-Za-z0-9_]{22,}",
        keywords: &["github_pat_"],
        example: ["github_pat_", "EXAMPLEEXAMPLEEXAMPLE0_EXAMPLE"],
        counterexample: "github_pat_EXAMPLE",
        is_vague: false,
    },
    Secret {
        name: "gitlab-token",
        pattern: r"gl(?:agent|cbt|dt|ft|imt|oas|pat|ptt|rt|soat)-[A-Za-z0-9_-]{20,}",
        keywords: &[
            "glagent-", "glcbt-", "gldt-", "glft-", "glimt-", "gloas-", "glpat-", "glptt-", "glrt-",
            "glsoat-",
        ],
        example: ["glpat-", "EXAMPLEEXAMPLEEXAMPL"],
        counterexample: "glpat-EXAMPLE",
        is_vague: false,
    },
    Secret {
        name: "slack-token",
        pattern: r"(?:xox[a-z]|xapp)-[A-Za-z0-9-]{10,}",
        keywords: &["xox", "xapp-"],
        example: ["xoxb-", "0000000000-EXAMPLE"],
        counterexample: "xoxo-hugs",
        is_vague: false,
    },
    Secret {
        name: "slack-webhook",
        pattern: r"hooks\.slack\.com/(?:services|triggers|workflows)/([A-Za-z0-9+/_-]{20,})",
        keywords: &["hooks.slack.com/"],
        example: ["https://hooks.slack.com/services/", "T00000000/B00000000/EXAMPLE"],
        counterexample: "https://hooks.slack.com/services/",
        is_vague: false,
    },
    Secret {
        name: "stripe-key",
        pattern: r"(?:(?:pk|rk|sk)_(?:live|prod|test)|whsec)_[A-Za-z0-9]{10,}",
        keywords: &["k_live_", "k_prod_", "k_test_", "whsec_"],
        example: ["sk_live_", "EXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "task_test_all",
        is_vague: false,
    },
    Secret {
        name: "npm-token",
        pattern: r"npm_[A-Za-z0-9]{36,}",
        keywords: &["npm_"],
        example: ["npm_", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE0"],
        counterexample: "npm_config_registry",
        is_vague: false,
    },
    Secret {
        name: "pypi-token",
        pattern: r"pypi-[A-Za-z0-9_-]{50,}",
        keywords: &["pypi-"],
        example: ["pypi-AgEIcHlwaS5vcmcC", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "pypi-publish-action",
        is_vague: false,
    },
    Secret {
        name: "google-api-key",
        pattern: r"AIza[A-Za-z0-9_-]{35,}",
        keywords: &["aiza"],
        example: ["AIza", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "AIzaEXAMPLE",
        is_vague: false,
    },
    Secret {
        name: "google-oauth",
        pattern: r"ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}|1//0[A-Za-z0-9_-]{30,}",
        keywords: &["ya29.", "gocspx-", "1//0"],
        example: ["GOCSPX-", "EXAMPLEEXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "ya29.",
        is_vague: false,
    },
    Secret {
        name: "azure-storage-key",
        pattern: r"(?i-u:accountkey|sharedaccesskey)=([A-Za-z0-9+/]{40,}={0,2})",
        keywords: &["accountkey=", "sharedaccesskey="],
        example: ["AccountKey=", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE=="],
        counterexample: "AccountKey=from-the-vault",
        is_vague: false,
    },
    Secret {
        name: "azure-client-secret",
        pattern: r"[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}",
        keywords: &["q~"],
        example: ["EXA8Q~", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPL"],
        counterexample: "FAQ~2",
        is_vague: false,
    },
    Secret {
        name: "azure-sas",
        pattern: r"[?&;]sig=([A-Za-z0-9%/+]{40,}={0,2})",
        keywords: &["sig="],
        example: ["?sv=2020&sig=", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE%3D"],
        counterexample: "?sig=no",
        is_vague: false,
    },
    Secret {
        name: "openai-key",
        pattern: r"(?-u:\b)sk-(?:(?:admin|ant|or|proj|svcacct)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{20,})",
        keywords: &["sk-"],
        example: ["sk-proj-", "EXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "a task-oriented approach to disk-management",
        is_vague: false,
    },
    Secret {
        name: "huggingface-token",
        pattern: r"(?:hf|api_org)_[A-Za-z0-9]{30,}",
        keywords: &["hf_", "api_org_"],
        example: ["hf_", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPL"],
        counterexample: "hf_hub_download",
        is_vague: false,
    },
    Secret {
        name: "digitalocean-token",
        pattern: r"do[opr]_v1_[A-Fa-f0-9]{64}",
        keywords: &["doo_v1_", "dop_v1_", "dor_v1_"],
        example: ["dop_v1_", "0000000000000000000000000000000000000000000000000000000000000000"],
        counterexample: "dop_v1_0000",
        is_vague: false,
    },
    Secret {
        name: "twilio-key",
        pattern: r"(?-u:\b)SK[0-9a-f]{32}(?-u:\b)",
        keywords: &["sk"],
        example: ["SK", "00000000000000000000000000000000"],
        counterexample: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        is_vague: false,
    },
    Secret {
        name: "sendgrid-key",
        pattern: r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
        keywords: &["sg."],
        example: ["SG.", "EXAMPLEEXAMPLEEXAMPLE.EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE0"],
        counterexample: "MSG.example.com",
        is_vague: false,
    },
    Secret {
        name: "discord-token",
        pattern: r"[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}",
        keywords: &[],
        example: ["MEXAMPLEEXAMPLEEXAMPLEEX", ".EXAMPL.EXAMPLEEXAMPLEEXAMPLEEXAMPL"],
        counterexample: "Mississippi.Nevada.Oregon",
        is_vague: false,
    },
    Secret {
        name: "discord-webhook",
        pattern: r"discord(?:app)?\.com/api/webhooks/([0-9]+/[A-Za-z0-9_-]{20,})",
        keywords: &["/api/webhooks/"],
        example: ["https://discord.com/api/webhooks/", "000000000000000000/EXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "https://discord.com/api/webhooks/",
        is_vague: false,
    },
    Secret {
        name: "telegram-token",
        pattern: r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",
        keywords: &[":aa"],
        example: ["000000000:AA", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMP"],
        counterexample: "00:00:00:AA:BB:CC",
        is_vague: false,
    },
    Secret {
        name: "vault-token",
        pattern: r"hv[bsr]\.[A-Za-z0-9_-]{24,}",
        keywords: &["hvb.", "hvs.", "hvr."],
        example: ["hvs.", "EXAMPLEEXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "hvs.example.com",
        is_vague: false,
    },
    Secret {
        name: "docker-token",
        pattern: r"dckr_(?:oat|pat)_[A-Za-z0-9_-]{20,}",
        keywords: &["dckr_"],
        example: ["dckr_pat_", "EXAMPLEEXAMPLEEXAMPLEEXAMPL"],
        counterexample: "dckr_pat_EXAMPLE",
        is_vague: false,
    },
    Secret {
        name: "age-key",
        pattern: r"AGE-SECRET-KEY-1[0-9A-Z]{40,}",
        keywords: &["age-secret-key-1"],
        example: ["AGE-SECRET-KEY-1", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE00"],
        counterexample: "AGE-SECRET-KEY-1",
        is_vague: false,
    },
    Secret {
        name: "jwt",
        pattern: r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",
        keywords: &["eyj"],
        example: ["eyJ", "EXAMPLEEXAMPLE.eyJEXAMPLEEXAMPLE.EXAMPLE"],
        counterexample: "eyJhbGciOiJub25lIn0",
        is_vague: false,
    },
    // The following lines are masked as lines of the key, by [`Patterns::add_private_keys`].
    Secret {
        name: PRIVATE_KEY,
        pattern: r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:[\s\\rn]*([A-Za-z0-9+/=](?:[^-]|-[^-]){3,}))",
        keywords: &["private key"],
        example: ["-----BEGIN EXAMPLE PRIVATE KEY-----", "EXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "-----BEGIN PUBLIC KEY-----EXAMPLEEXAMPLE",
        is_vague: false,
    },
    Secret {
        name: "url-password",
        pattern: r#"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#:@"'<>]*:([^\s/@"'<>$*{][^\s/@"'<>]*)@"#,
        keywords: &["://"],
        example: ["postgres://user:", "correct-horse@db.example.com/app"],
        counterexample: "http://example.com:8080/@user",
        is_vague: false,
    },
    Secret {
        name: "authorization-header",
        pattern: assigned!(
            r"(?i-u:authorization)",
            concat!(
                r#"\\?["']?(?:(?i-u:basic|bearer|digest|token|apikey)[ \t]+([^\s"'$<{*\\][^\s"'\\]{5,})"#,
                r#"|([^\s"'$<{*\\][^\s"'\\]{11,}))"#
            )
        ),
        keywords: &["authorization"],
        example: ["Authorization: Bearer ", "EXAMPLE"],
        counterexample: "Authorization: Bearer $TOKEN",
        is_vague: false,
    },
    Secret {
        name: "bearer-token",
        pattern: r"(?-u:\b)(?i-u:bearer)[ \t]+([A-Za-z0-9._~+/-]{20,}=*)",
        keywords: &["bearer"],
        example: ["bearer ", "EXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "the bearer of this letter",
        is_vague: false,
    },
    Secret {
        name: "password-option",
        pattern: concat!(
            r"(?-u:\B)--?(?i-u:(?:[a-z]+-)*(?:password|passwd|passphrase|secret|token|api-?key))[ \t=]+",
            r#"["']?([^\s"'`$<>(){}\[\]|&;,/~.*-][^\s"'`<>(){}|&;]{3,})"#
        ),
        keywords: &["-pass", "-secret", "-token", "-api"],
        example: ["deploy --api-token ", "EXAMPLE"],
        counterexample: "deploy --token $TOKEN --password-file /run/secret",
        is_vague: false,
    },
    Secret {
        name: "mysql-password",
        pattern: concat!(
            r"(?-u:\b)(?:mysql|mysqladmin|mysqldump|mysqlimport|mysqlsh|mariadb|mariadb-admin|mariadb-dump)",
            r#"(?:[ \t]+[^\s|;&]+)*?[ \t]+-p["']?([^\s"'$|;&][^\s"'|;&]*)"#
        ),
        keywords: &["mysql", "mariadb"],
        example: ["mysql -u root -p", "EXAMPLE shop"],
        counterexample: "mysql -u root -p",
        is_vague: false,
    },
    Secret {
        name: "command-password",
        pattern: concat!(
            r"(?-u:\b)(?:(?:docker|podman|nerdctl|buildah|skopeo|oras|helm registry|az)[ \t]+login(?:[ \t]+[^\s|;&]+)*?[ \t]+-p",
            r"|sshpass(?:[ \t]+-v)?[ \t]+-p",
            r"|(?:mongo|mongosh|mongodump|mongorestore|mongoexport|mongoimport)(?:[ \t]+[^\s|;&]+)*?[ \t]+-p",
            r"|redis-cli(?:[ \t]+[^\s|;&]+)*?[ \t]+-a",
            r"|ldap(?:add|delete|modify|search|whoami)(?:[ \t]+[^\s|;&]+)*?[ \t]+-w",
            r"|(?:sqlcmd|bcp|zip|unzip)(?:[ \t]+[^\s|;&]+)*?[ \t]+-P",
            r#")[ \t=]*["']?([^\s"'$|;&<-][^\s"'|;&]{2,})"#
        ),
        keywords: &["login", "sshpass", "mongo", "redis-cli", "ldap", "sqlcmd", "bcp", "zip"],
        example: ["docker login -u user -p ", "EXAMPLE registry.example.com"],
        counterexample: "docker run -p 8080:80 nginx && docker login -u user",
        is_vague: false,
    },
    Secret {
        name: "openssl-password",
        pattern: r#"(?-u:\b)openssl[ \t].*?[ \t]["']?pass:([^\s"'$]+)"#,
        keywords: &["openssl"],
        example: ["openssl enc -aes256 -pass pass:", "EXAMPLE -in x"],
        counterexample: "openssl enc -aes256 -pass env:PASS",
        is_vague: false,
    },
    Secret {
        name: "netrc-password",
        pattern: r"(?-u:\b)(?:login|user)[ \t]+[^\s]+[ \t]+password[ \t]+([^\s$<][^\s]*)",
        keywords: &["password"],
        example: ["machine example.com login me password ", "EXAMPLE"],
        counterexample: "the login needs a password",
        is_vague: false,
    },
    Secret {
        name: "xml-password",
        pattern: r"<(?i-u:[a-z_.:-]*(?:password|passphrase|secret|token|api-?key))>[ \t]*([^\s<${*][^<]{3,})</",
        keywords: &["password>", "passphrase>", "secret>", "token>", "key>"],
        example: ["<password>", "EXAMPLE</password>"],
        counterexample: "<password>${env.PASSWORD}</password>",
        is_vague: false,
    },
    Secret {
        name: "curl-password",
        pattern: concat!(
            r"(?-u:\b)(?:curl(?:[ \t]+[^\s|;&]+)*?[ \t]+(?:-[A-Za-z]*[uU]|--user|--proxy-user)",
            r"|https?(?:[ \t]+[^\s|;&]+)*?[ \t]+(?:-a|--auth))",
            r#"[ \t=]*["']?[^\s:"'$|;&/]+:([^\s"'$|;&/][^\s"'|;&]*)"#
        ),
        keywords: &["curl", "http -", "http ", "https "],
        example: ["curl -s -u user:", "EXAMPLE https://example.com"],
        counterexample: "curl -u user https://example.com",
        is_vague: false,
    },
    Secret {
        name: "service-token",
        pattern: concat!(
            r"(?-u:\b)(?:shp(?:at|ca|pa|ss)_[0-9A-Fa-f]{32}|sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,}|lin_(?:api|oauth)_[A-Za-z0-9]{32,}",
            r"|ntn_[A-Za-z0-9]{40,}|PMAK-[0-9a-f]{24}-[0-9a-f]{34}|pul-[0-9a-f]{40}|pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,}",
            r"|gl(?:c|sa)_[A-Za-z0-9+/_=-]{32,}|dapi[0-9a-f]{32}|dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9.]{40,}",
            r"|dt0[a-z][0-9]{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}|fo1_[A-Za-z0-9_-]{40,}|HRKU-[A-Za-z0-9_-]{30,}|NRAK-[A-Z0-9]{27}",
            r"|nfp_[A-Za-z0-9]{36,}|[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}|rubygems_[0-9a-f]{48}|CLOJARS_[0-9a-z]{60}",
            r"|cio[A-Za-z0-9]{32}(?-u:\b)|sntry[su]_[A-Za-z0-9+/=_-]{40,}|sgp_[A-Za-z0-9_]{40,}|sbp_[0-9a-f]{40}|tskey-[a-z]+-[A-Za-z0-9-]{20,}",
            r"|ATATT3[A-Za-z0-9_=-]{60,}|ATBB[A-Za-z0-9]{28,}|ops_eyJ[A-Za-z0-9_-]{60,}|EZ[AT]K[A-Za-z0-9]{54}|figd_[A-Za-z0-9_-]{30,}",
            r"|gsk_[A-Za-z0-9]{40,}|xai-[A-Za-z0-9]{60,}|pplx-[A-Za-z0-9]{40,}|r8_[A-Za-z0-9]{37}|[0-9a-f]{32}-us[0-9]{1,2}(?-u:\b)",
            r"|key-[0-9a-f]{32}(?-u:\b))"
        ),
        keywords: &[
            "shpat_",
            "shpca_",
            "shppa_",
            "shpss_",
            "sq0",
            "lin_",
            "ntn_",
            "pmak-",
            "pul-",
            "pscale_",
            "glc_",
            "glsa_",
            "dapi",
            "dp.",
            "dt0",
            "fo1_",
            "hrku-",
            "nrak-",
            "nfp_",
            ".atlasv1.",
            "rubygems_",
            "clojars_",
            "cio",
            "sntry",
            "sgp_",
            "sbp_",
            "tskey-",
            "atatt3",
            "atbb",
            "ops_eyj",
            "ezak",
            "eztk",
            "figd_",
            "gsk_",
            "xai-",
            "pplx-",
            "r8_",
            "-us",
            "key-",
        ],
        example: ["rubygems_", "000000000000000000000000000000000000000000000000"],
        counterexample: "key-value, dapi-server, sq0, rubygems_version",
        is_vague: false,
    },
    Secret {
        name: "password",
        pattern: assigned!(
            r"(?i-u:(?:password|passwd|passphrase|pwd|secret|token|api[_.-]?key|access[_.-]?key|private[_.-]?key|auth[_.-]?key|credentials?)(?:[_.-](?:access|api|auth|base|id|key|secret|token|value)){0,3})",
            value!()
        ),
        keywords: &[
            "passw",
            "passphrase",
            "pwd",
            "secret",
            "token",
            "api",
            "access",
            "private",
            "auth",
            "credential",
        ],
        example: ["DB_PASSWORD=", "correct-horse"],
        counterexample: "tokens: 5, password: String, token = next(), secret = os.environ['X']",
        is_vague: true,
    },
];

/// The kind of secret that spans several lines.
pub const PRIVATE_KEY: &str = "private-key";

/// Adds all of them.
///
/// # Errors
///
/// [`Unusable`] if an expression is invalid, which a test would detect.
pub fn add_to(patterns: &mut Patterns) -> Result<(), Unusable> {
    for Secret { name, pattern, keywords, is_vague, .. } in SECRETS {
        let accepts: Accepts = if *is_vague { is_value } else { |_, _| true };
        patterns.add_shape(pattern, keywords, accepts, name)?;
    }
    patterns.add_private_keys(PRIVATE_KEY);
    Ok(())
}

/// Words in the position of a value that are not values: types, constants, words shown in forms and
/// examples.
const NO_VALUES: &[&str] = &[
    "any",
    "array",
    "async",
    "auto",
    "await",
    "bool",
    "boolean",
    "buffer",
    "byte",
    "bytes",
    "char",
    "const",
    "default",
    "dict",
    "else",
    "empty",
    "false",
    "float",
    "function",
    "hidden",
    "impl",
    "include",
    "int",
    "integer",
    "lambda",
    "list",
    "long",
    "match",
    "missing",
    "mixed",
    "mutable",
    "nil",
    "none",
    "null",
    "number",
    "object",
    "omit",
    "option",
    "optional",
    "passwd",
    "password",
    "private",
    "protected",
    "public",
    "redacted",
    "required",
    "return",
    "same-origin",
    "secret",
    "secrets",
    "self",
    "static",
    "str",
    "string",
    "strings",
    "super",
    "text",
    "this",
    "token",
    "tokens",
    "true",
    "typeof",
    "undefined",
    "unknown",
    "unless",
    "void",
    "yield",
    "your-api-key",
    "your-password",
    "your-secret",
    "your-token",
];

/// The objects from which programs read their settings.
const OWNERS: &[&str] = &[
    "args", "config", "cfg", "ctx", "data", "env", "environ", "event", "form", "input", "opt", "options",
    "opts", "os", "params", "process", "props", "req", "request", "self", "settings", "state", "std",
    "super", "this", "user", "vars",
];

/// Returns whether the text after a name and `=` or `:` is a value, rather than a part of a
/// program: a type, a variable, a call.
///
/// In doubt it is, because a miss is a leak.
fn is_value(line: &str, range: &Range<usize>) -> bool {
    let (before, value, after) = (&line[..range.start], &line[range.clone()], &line[range.end..]);
    let lower = value.to_ascii_lowercase();
    if NO_VALUES.contains(&lower.trim_end_matches([':', '?', '!', '.']))
        || lower.starts_with("http") && lower.contains("://")
    {
        return false;
    }
    // A path, as in `Token::Eof`, or a type of C.
    if value.starts_with(':') || value.starts_with("__") {
        return false;
    }
    let mut characters = value.chars();
    let first = characters.next();
    if characters.all(|character| Some(character) == first) || value.starts_with('%') && value.ends_with('%')
    {
        return false;
    }
    if before.ends_with(['"', '\'', '`']) {
        return true;
    }
    let is_name = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let path = value.trim_end_matches(['?', '!', ':', '.']);
    let is_path = path.split(['.', ':', '-', '>']).filter(|part| !part.is_empty()).all(is_name);
    if !is_path {
        return true;
    }
    // A call, an element, a type with parameters; but not the end of an XML element.
    if after.starts_with(['(', '[', '<', '{']) && !after.starts_with("</") {
        return false;
    }
    let is_member = path.contains("::") || path.contains("->") || path.contains('.');
    let owner = path.split(['.', ':', '-']).next().unwrap_or_default();
    if is_member && (path.contains("::") || OWNERS.contains(&owner)) {
        return false;
    }
    let has_digits = path.bytes().any(|byte| byte.is_ascii_digit());
    let is_spaced = before.ends_with([' ', '\t']);
    if has_digits || !is_spaced {
        return true;
    }
    // Words that follow a name in a program, and names that programs use for such things.
    let is_in_program =
        after.starts_with([',', ';', ')', '|', '&', '=', '?', '+']) || after.starts_with(" =");
    let is_named_so =
        path.contains('_') && ["token", "secret", "password", "key"].iter().any(|name| lower.contains(name));
    !is_in_program && !is_named_so
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(patterns: &mut Patterns, line: &str) -> String {
        let mut found = Vec::new();
        patterns.find(line, &mut found);
        let is_secret = |at: &usize| found.iter().any(|found| found.range.contains(at));
        line.char_indices().map(|(at, character)| if is_secret(&at) { '*' } else { character }).collect()
    }

    fn secrets() -> Patterns {
        let mut patterns = Patterns::default();
        add_to(&mut patterns).unwrap();
        patterns.prepare().unwrap();
        patterns
    }

    #[test]
    fn each_kind_finds_its_example_and_nothing_in_its_counterexample() {
        for secret in SECRETS {
            let mut patterns = Patterns::default();
            let accepts: Accepts = if secret.is_vague { is_value } else { |_, _| true };
            patterns.add_shape(secret.pattern, secret.keywords, accepts, secret.name).unwrap();
            patterns.prepare().unwrap();
            let mut found = Vec::new();
            patterns.find(&secret.example.concat(), &mut found);
            assert!(!found.is_empty(), "{} does not find {:?}", secret.name, secret.example);
            found.clear();
            patterns.find(secret.counterexample, &mut found);
            assert!(found.is_empty(), "{} in {:?}", secret.name, secret.counterexample);
        }
    }

    #[test]
    fn no_kind_finds_anything_in_the_counterexamples_of_others_nor_in_what_merely_looks_random() {
        let mut patterns = secrets();
        let others = [
            "commit 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
            "9b2e4e3c-7e0c-4a8b-9c52-6f7d8e9f0a1b",
            "/home/user/.config/secret/token.txt",
            "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==",
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "Password: ",
            "[sudo] password for user: ",
            "https://user@example.com:8080/a:b@c",
            "git@github.com:asciinema/asciinema.git",
        ];
        for line in SECRETS.iter().map(|secret| secret.counterexample).chain(others) {
            assert_eq!(masked(&mut patterns, line), line);
        }
    }

    #[test]
    fn only_the_value_of_a_pair_is_masked() {
        let mut patterns = secrets();
        for (line, expected) in [
            ("password=hunter2 rest", "password=******* rest"),
            ("\"api_key\": \"two words\",", "\"api_key\": \"*********\","),
            ("{\\\"token\\\": \\\"abcdef\\\"}", "{\\\"token\\\": \\\"******\\\"}"),
            ("export DB_PASSWORD='it is long'", "export DB_PASSWORD='**********'"),
            ("secret_access_key = abcd/efgh", "secret_access_key = *********"),
            ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic ************"),
            ("git clone https://me:hunter2@example.com/x", "git clone https://me:*******@example.com/x"),
            ("mysql -h db -phunter2 shop", "mysql -h db -p******* shop"),
            ("<arg>TOKEN=hunter</arg>", "<arg>TOKEN=******</arg>"),
        ] {
            assert_eq!(masked(&mut patterns, line), expected);
            assert_eq!(masked(&mut patterns, expected), expected);
        }
    }

    #[test]
    fn secrets_are_found_in_whatever_spelling() {
        let mut patterns = secrets();
        // The masked part is between « and ».
        for line in [
            "password=«hunter2»",
            "password: «hunter2»",
            "PASSWORD := «hunter2»",
            "'password' => '«hunter2»',",
            "{\"password\":\"«hunter2»\"}",
            "{\\\"api-key\\\": \\\"«abcdef»\\\"}",
            "export DB_PASSWORD=«hunter2»; ./run",
            "DB_PWD=«hunter2»",
            "Server=db;User Id=sa;Pwd=«Hunter!2»;",
            "secret_key = b'«abc.def»'",
            "access_token=«abcdef1»&user=me",
            "client_secret: «s3cr3t-value»",
            "clientSecret: '«s3cr3tvalue»',",
            "password: «Correct.Horse»",
            "password: «hunter»",
            "password: \"«correct horse battery»\"",
            "//registry.npmjs.org/:_authToken=«abcdef0123456789»",
            "machine example.com login me password «hunter2»",
            "<password>«hunter2»</password>",
            "mysql -u root -p«hunter2» shop",
            "mysqldump --password=«hunter2» shop",
            "mysql -u root -p'«hunter2»'",
            "sshpass -p «hunter2» ssh me@host",
            "docker login -u me -p «hunter2» registry.example.com",
            "docker login -u me --password «hunter2»",
            "redis-cli -h db -a «hunter2» ping",
            "mongosh -u me -p «hunter2»",
            "ldapsearch -x -D cn=me -w «hunter2»",
            "unzip -P «hunter2» a.zip",
            "openssl enc -aes256 -pass pass:«hunter2»",
            "curl -u me:«hunter2» https://example.com",
            "curl -sSu 'me:«hunter2»' https://example.com",
            "curl -H 'Authorization: Bearer «abcdef»'",
            "curl -H \"X-Api-Key: «abcdef1»\"",
            "http -a me:«hunter2» example.com",
            "wget --http-password «hunter2» https://example.com",
            "git clone https://me:«hunter2»@example.com/x.git",
            "redis://:«hunter2»@db:6379/0",
            "DATABASE_URL=postgres://me:«hunter2»@db/app",
            "PGPASSWORD=«hunter2» psql",
            "gh auth: «ghp_0123456789abcdefghijABCDEFGHIJ012345»",
            "aws configure set aws_secret_access_key = «wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»",
        ] {
            let bare = line.replace(['«', '»'], "");
            let mut expected = String::new();
            let mut is_secret = false;
            for character in line.chars() {
                match character {
                    '«' | '»' => is_secret = character == '«',
                    _ => expected.push(if is_secret { '*' } else { character }),
                }
            }
            assert_eq!(masked(&mut patterns, &bare), expected, "{line}");
        }
    }

    #[test]
    fn what_programs_call_secrets_is_none() {
        let mut patterns = secrets();
        for line in [
            "    password: String,",
            "    pub token: Token<'a>,",
            "    let token = next();",
            "    let token = self.next_token()?;",
            "    token = lexer::Token::Ident;",
            "    secret: &'static str,",
            "    password = os.environ['PASSWORD']",
            "    password = getpass.getpass()",
            "    password = config.password",
            "    token: string;",
            "    password?: string | undefined;",
            "    const token = req.headers.token;",
            "    pub log_passwd: __u32,",
            "    secret: impl Into<Box<[u8]>>,",
            "    token: match &conn.side {",
            "    access_token = refresh_token",
            "    fn token(&self) -> Option<Token>",
            "    secret = None",
            "    credentials: 'include',",
            "    api_key: true",
            "    password: $PASSWORD",
            "    password: ${{ secrets.PASSWORD }}",
            "    password: {{ vault_password }}",
            "    password: <your password>",
            "    password: ********",
            "    token: %TOKEN%",
            "    token_url: https://example.com/token",
            "    password_file: /run/secrets/db",
            "    match token { Token::Eof => break, _ => {} }",
            "Enter password: ",
            "password:",
            "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12  file",
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "id: 9b2e4e3c-7e0c-4a8b-9c52-6f7d8e9f0a1b",
            "docker run -p 8080:80 nginx",
            "cp -p file other; ssh -p 2222 host",
            "curl -u me https://example.com:8080/x",
            "http://example.com/a:b",
            "http --auth-type digest example.com",
        ] {
            assert_eq!(masked(&mut patterns, line), line);
        }
    }

    #[test]
    fn only_the_value_of_a_pair_is_undecided() {
        let mut patterns = secrets();
        for (line, at) in [
            ("user@host:~/work$ ", None),
            ("Password: ", None),
            ("password=hu", Some(9)),
            ("git clone https://me:hun", Some(21)),
            ("ghp_EXAM", Some(0)),
        ] {
            assert_eq!(patterns.undecided(line), at, "{line}");
        }
    }
}
