//! The shapes of well-known secrets: what `--secrets` looks for.
//!
//! A kind is here if its shape is clear: a prefix that its issuer gives it, or a name right in front of
//! it that says what it is. Hashes, UUIDs, paths and encoded pictures have no such thing, and are left
//! alone. The shapes are those that the issuers document and that secret scanners agree on, a little
//! wider where they disagree, because a miss is a leak and a mask too many is not.
//!
//! The examples are made up. They are in two pieces so that no scanner takes this file for a leak.

/// A kind of secret.
pub struct Secret {
    /// What reports call it.
    pub name: &'static str,
    /// What it looks like. The groups of the expression, if it has any, are the secret itself.
    pub pattern: &'static str,
    /// Texts of which a line has at least one if the pattern matches in it, in lower case. A kind
    /// without them is looked for in each line.
    pub keywords: &'static [&'static str],
    /// A line with such a secret, and what of it is masked, in two pieces each.
    pub example: [&'static str; 2],
    /// A line that looks similar and has none.
    pub counterexample: &'static str,
}

/// What can stand between the name of a secret and its value: `=`, `:`, `=>`, `:=` and quotes, as
/// programs, shells and configuration files write them.
macro_rules! assigned {
    ($name:expr, $value:expr) => {
        concat!($name, r#"\\?["']?[ \t]*(?:=>|:=|=|:)[ \t]*"#, $value)
    };
}

/// A value: in quotes up to the closing one, else up to a blank. References to variables, commands and
/// placeholders are no secrets, nor are paths.
macro_rules! value {
    () => {
        concat!(
            r#"(?:\\?"([^"$<{\\ ][^"\\]{3,})|\\?'([^'$<{\\ ][^'\\]{3,})"#,
            r#"|\\?["']?([^\s"'`$<>(){}\[\]|&;,/~.*\\][^\s"'`<>(){}\[\]|&;,\\]{3,}))"#
        )
    };
}

/// All kinds, in the order in which `--list-secrets` shows them.
pub const SECRETS: &[Secret] = &[
    Secret {
        name: "aws-access-key-id",
        pattern: r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
        keywords: &["akia", "asia", "abia", "acca"],
        example: ["AKIA", "IOSFODNN7EXAMPLE"],
        counterexample: "AKIAIOSFODNN",
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
    },
    Secret {
        name: "github-token",
        pattern: r"gh[opsur]_[A-Za-z0-9]{36,}",
        keywords: &["gho_", "ghp_", "ghs_", "ghu_", "ghr_"],
        example: ["ghp_", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE0"],
        counterexample: "ghp_EXAMPLE",
    },
    Secret {
        name: "github-fine-grained-token",
        pattern: r"github_pat_[A-Za-z0-9_]{22,}",
        keywords: &["github_pat_"],
        example: ["github_pat_", "EXAMPLEEXAMPLEEXAMPLE0_EXAMPLE"],
        counterexample: "github_pat_EXAMPLE",
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
    },
    Secret {
        name: "slack-token",
        pattern: r"(?:xox[a-z]|xapp)-[A-Za-z0-9-]{10,}",
        keywords: &["xox", "xapp-"],
        example: ["xoxb-", "0000000000-EXAMPLE"],
        counterexample: "xoxo-hugs",
    },
    Secret {
        name: "slack-webhook",
        pattern: r"hooks\.slack\.com/(?:services|triggers|workflows)/([A-Za-z0-9+/_-]{20,})",
        keywords: &["hooks.slack.com/"],
        example: ["https://hooks.slack.com/services/", "T00000000/B00000000/EXAMPLE"],
        counterexample: "https://hooks.slack.com/services/",
    },
    Secret {
        name: "stripe-key",
        pattern: r"(?:(?:pk|rk|sk)_(?:live|prod|test)|whsec)_[A-Za-z0-9]{10,}",
        keywords: &["k_live_", "k_prod_", "k_test_", "whsec_"],
        example: ["sk_live_", "EXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "task_test_all",
    },
    Secret {
        name: "npm-token",
        pattern: r"npm_[A-Za-z0-9]{36,}",
        keywords: &["npm_"],
        example: ["npm_", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE0"],
        counterexample: "npm_config_registry",
    },
    Secret {
        name: "pypi-token",
        pattern: r"pypi-[A-Za-z0-9_-]{50,}",
        keywords: &["pypi-"],
        example: ["pypi-AgEIcHlwaS5vcmcC", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "pypi-publish-action",
    },
    Secret {
        name: "google-api-key",
        pattern: r"AIza[A-Za-z0-9_-]{35,}",
        keywords: &["aiza"],
        example: ["AIza", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "AIzaEXAMPLE",
    },
    Secret {
        name: "google-oauth",
        pattern: r"ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}|1//0[A-Za-z0-9_-]{30,}",
        keywords: &["ya29.", "gocspx-", "1//0"],
        example: ["GOCSPX-", "EXAMPLEEXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "ya29.",
    },
    Secret {
        name: "azure-storage-key",
        pattern: r"(?i-u:accountkey|sharedaccesskey)=([A-Za-z0-9+/]{40,}={0,2})",
        keywords: &["accountkey=", "sharedaccesskey="],
        example: ["AccountKey=", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE=="],
        counterexample: "AccountKey=from-the-vault",
    },
    Secret {
        name: "azure-client-secret",
        pattern: r"[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}",
        keywords: &["q~"],
        example: ["EXA8Q~", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPL"],
        counterexample: "FAQ~2",
    },
    Secret {
        name: "azure-sas",
        pattern: r"[?&;]sig=([A-Za-z0-9%/+]{40,}={0,2})",
        keywords: &["sig="],
        example: ["?sv=2020&sig=", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE%3D"],
        counterexample: "?sig=no",
    },
    Secret {
        name: "openai-key",
        pattern: r"(?-u:\b)sk-(?:(?:admin|ant|or|proj|svcacct)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{20,})",
        keywords: &["sk-"],
        example: ["sk-proj-", "EXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "a task-oriented approach to disk-management",
    },
    Secret {
        name: "huggingface-token",
        pattern: r"(?:hf|api_org)_[A-Za-z0-9]{30,}",
        keywords: &["hf_", "api_org_"],
        example: ["hf_", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPL"],
        counterexample: "hf_hub_download",
    },
    Secret {
        name: "digitalocean-token",
        pattern: r"do[opr]_v1_[A-Fa-f0-9]{64}",
        keywords: &["doo_v1_", "dop_v1_", "dor_v1_"],
        example: ["dop_v1_", "0000000000000000000000000000000000000000000000000000000000000000"],
        counterexample: "dop_v1_0000",
    },
    Secret {
        name: "twilio-key",
        pattern: r"(?-u:\b)SK[0-9a-f]{32}(?-u:\b)",
        keywords: &["sk"],
        example: ["SK", "00000000000000000000000000000000"],
        counterexample: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    },
    Secret {
        name: "sendgrid-key",
        pattern: r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
        keywords: &["sg."],
        example: ["SG.", "EXAMPLEEXAMPLEEXAMPLE.EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE0"],
        counterexample: "MSG.example.com",
    },
    Secret {
        name: "discord-token",
        pattern: r"[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}",
        keywords: &[],
        example: ["MEXAMPLEEXAMPLEEXAMPLEEX", ".EXAMPL.EXAMPLEEXAMPLEEXAMPLEEXAMPL"],
        counterexample: "Mississippi.Nevada.Oregon",
    },
    Secret {
        name: "discord-webhook",
        pattern: r"discord(?:app)?\.com/api/webhooks/([0-9]+/[A-Za-z0-9_-]{20,})",
        keywords: &["/api/webhooks/"],
        example: ["https://discord.com/api/webhooks/", "000000000000000000/EXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "https://discord.com/api/webhooks/",
    },
    Secret {
        name: "telegram-token",
        pattern: r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",
        keywords: &[":aa"],
        example: ["000000000:AA", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMP"],
        counterexample: "00:00:00:AA:BB:CC",
    },
    Secret {
        name: "vault-token",
        pattern: r"hv[bsr]\.[A-Za-z0-9_-]{24,}",
        keywords: &["hvb.", "hvs.", "hvr."],
        example: ["hvs.", "EXAMPLEEXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "hvs.example.com",
    },
    Secret {
        name: "docker-token",
        pattern: r"dckr_(?:oat|pat)_[A-Za-z0-9_-]{20,}",
        keywords: &["dckr_"],
        example: ["dckr_pat_", "EXAMPLEEXAMPLEEXAMPLEEXAMPL"],
        counterexample: "dckr_pat_EXAMPLE",
    },
    Secret {
        name: "age-key",
        pattern: r"AGE-SECRET-KEY-1[0-9A-Z]{40,}",
        keywords: &["age-secret-key-1"],
        example: ["AGE-SECRET-KEY-1", "EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE00"],
        counterexample: "AGE-SECRET-KEY-1",
    },
    Secret {
        name: "jwt",
        pattern: r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",
        keywords: &["eyj"],
        example: ["eyJ", "EXAMPLEEXAMPLE.eyJEXAMPLEEXAMPLE.EXAMPLE"],
        counterexample: "eyJhbGciOiJub25lIn0",
    },
    // What follows on the lines below is masked by the terms of `KeyBlock`.
    Secret {
        name: PRIVATE_KEY,
        pattern: r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:[ \\rn]*([A-Za-z0-9+/=][^-]{3,}))",
        keywords: &["private key"],
        example: ["-----BEGIN EXAMPLE PRIVATE KEY-----", "EXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "-----BEGIN PUBLIC KEY-----EXAMPLEEXAMPLE",
    },
    Secret {
        name: "url-password",
        pattern: r#"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#:@"'<>]*:([^\s/@"'<>$*{][^\s/@"'<>]*)@"#,
        keywords: &["://"],
        example: ["postgres://user:", "correct-horse@db.example.com/app"],
        counterexample: "http://example.com:8080/@user",
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
    },
    Secret {
        name: "bearer-token",
        pattern: r"(?-u:\b)(?i-u:bearer)[ \t]+([A-Za-z0-9._~+/-]{20,}=*)",
        keywords: &["bearer"],
        example: ["bearer ", "EXAMPLEEXAMPLEEXAMPLE"],
        counterexample: "the bearer of this letter",
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
    },
    Secret {
        name: "mysql-password",
        pattern: concat!(
            r"(?-u:\b)(?:mysql|mysqladmin|mysqldump|mysqlsh|mariadb|mariadb-dump|sshpass)",
            r"(?:[ \t]+[^\s|;&]+)*?[ \t]+-p([^\s$|;&][^\s|;&]*)"
        ),
        keywords: &["mysql", "mariadb", "sshpass"],
        example: ["mysql -u root -p", "EXAMPLE shop"],
        counterexample: "mysql -u root -p",
    },
    Secret {
        name: "curl-password",
        pattern: r#"(?-u:\b)curl(?:[ \t]+[^\s|;&]+)*?[ \t]+(?:-u|--user|--proxy-user)[ \t=]*["']?[^\s:"'$|;&]+:([^\s"'$|;&]+)"#,
        keywords: &["curl"],
        example: ["curl -s -u user:", "EXAMPLE https://example.com"],
        counterexample: "curl -u user https://example.com",
    },
    Secret {
        name: "password",
        pattern: assigned!(
            r"(?i-u:(?:password|passwd|passphrase|secret|token|api[_.-]?key|access[_.-]?key|private[_.-]?key|auth[_.-]?key|credentials?)(?:[_.-](?:access|api|auth|base|id|key|secret|token|value)){0,3})",
            value!()
        ),
        keywords: &[
            "passw",
            "passphrase",
            "secret",
            "token",
            "api",
            "access",
            "private",
            "auth",
            "credential",
        ],
        example: ["DB_PASSWORD=", "correct-horse"],
        counterexample: "tokens: 5, password_file: /run/secrets/db, SECRET=$OTHER",
    },
];

/// The kind whose secrets go on over lines.
pub const PRIVATE_KEY: &str = "private-key";
