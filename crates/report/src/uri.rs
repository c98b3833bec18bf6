//! Files as URI references (RFC 3986).

/// Characters a path of a URI holds as they are (`pchar` and `/`, without
/// `:`, which a first segment may not hold).
fn is_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=@".contains(&byte)
}

/// A file as a URI reference: relative to the source root, or absolute.
pub(crate) enum Reference {
    /// Below the folder Plimsoll was started in.
    Relative(String),
    /// Anywhere.
    Absolute(String),
}

impl Reference {
    pub(crate) fn of(file: &str) -> Self {
        let path = file.replace('\\', "/");
        let path = path.trim_start_matches("./");
        let encode = |path: &str| -> String {
            path.bytes()
                .map(|byte| match is_path(byte) {
                    true => char::from(byte).to_string(),
                    false => format!("%{byte:02X}"),
                })
                .collect()
        };
        if path.starts_with('/') {
            let path = encode(path.trim_start_matches('/'));
            return Reference::Absolute(format!("file:///{path}"));
        }
        Reference::Relative(encode(path))
    }

    pub(crate) fn into_string(self) -> String {
        match self {
            Reference::Relative(uri) | Reference::Absolute(uri) => uri,
        }
    }
}

/// Whether a text is an address that can be shown as a link as it stands.
pub(crate) fn is_https(text: &str) -> bool {
    text.strip_prefix("https://").is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_uri_references() {
        let check = |file: &str, expect: &str| {
            assert_eq!(Reference::of(file).into_string(), expect, "{file}");
        };
        check("shop/web.yaml", "shop/web.yaml");
        check("./shop/web.yaml", "shop/web.yaml");
        check("a b/#ü.yaml", "a%20b/%23%C3%BC.yaml");
        check("javascript:alert(1)", "javascript%3Aalert(1)");
        check("win\\dows.yaml", "win/dows.yaml");
        check("/abs/a.yaml", "file:///abs/a.yaml");
        check("<stdin>", "%3Cstdin%3E");
    }

    #[test]
    fn links_are_plain_addresses() {
        let check = |text: &str, expect: bool| assert_eq!(is_https(text), expect, "{text}");
        check("https://kubernetes.io/docs/concepts/#a", true);
        check("https://", false);
        check("http://kubernetes.io", false);
        check("javascript:alert(1)", false);
        check("https://a\" onclick=\"x", false);
    }
}
