use proptest::prelude::*;

use super::found;

/// Parts of texts that lead the search far.
const PARTS: &[&str] = &[
    "-----BEGIN ",
    "PRIVATE KEY-----",
    "-----END",
    "RSA ",
    "eyJ",
    "eyJhbGciOiJIUzI1NiJ9",
    ".",
    "://",
    "a:hunter2@",
    "password=",
    "api_key: \"",
    "token",
    "AKIA",
    "Q3EGRIQWERTZ7XYZ",
    "ghp_",
    "sig=",
    "Q~",
    "\"",
    "\\n",
    "\n",
    " ",
    "=",
    ":",
    "é",
    "kJ8sQ2mZx71pLw0RbT5yNvCe9uGh4FdAaBcD",
    "kind: Secret\n",
    "data:\n  a: ",
    "aHVudGVyMg==",
];

const PATHS: &[&str] = &[
    "app/.env",
    "app/a.yaml",
    "root/.npmrc",
    "root/.netrc",
    "root/.docker/config.json",
    "root/.bash_history",
    "etc/shadow",
    "root/.kube/config",
    "etc/ssh/ssh_host_rsa_key",
    "usr/lib/a/node_modules/x.js",
    "app/terraform.tfstate",
    "app/a.pyc",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn bytes_of_any_kind_do_not_panic(
        path in prop::sample::select(PATHS),
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        found(path, &bytes);
    }

    #[test]
    fn no_excerpt_holds_a_value(
        path in prop::sample::select(PATHS),
        parts in proptest::collection::vec(prop::sample::select(PARTS), 0..40),
        token in "[a-z0-9]{20}[A-Z]{6}[0-9]{4}",
    ) {
        let token = format!("glpat-{token}");
        let mut text = parts.concat();
        text.push_str(&format!(" {token} and once more: x{token}x"));
        for hit in found(path, text.as_bytes()) {
            prop_assert!(!hit.excerpt.contains(&token), "{}", hit.excerpt);
            prop_assert!(hit.line >= 1 && hit.column >= 1);
            prop_assert!(super::super::rule(&hit.rule).is_some(), "{}", hit.rule);
        }
    }
}
