//! URLs: made, joined and compared.

use std::fmt::Write;

use ureq::http::Uri;

/// The host, with its port when one is written; the empty text of a URL without.
pub(crate) fn authority(url: &Uri) -> &str {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    // Never a password in a message.
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
}

/// The host as messages name it.
pub(crate) fn host(url: &Uri) -> &str {
    authority(url)
}

/// Whether both are of one scheme, host and port.
pub(crate) fn same_origin(one: &Uri, other: &Uri) -> bool {
    let port = |url: &Uri| {
        url.port_u16().or(match url.scheme_str() {
            Some("http") => Some(80),
            Some("https") => Some(443),
            _ => None,
        })
    };
    let name = |url: &Uri| url.host().map(str::to_ascii_lowercase);
    one.scheme_str() == other.scheme_str() && name(one) == name(other) && port(one) == port(other)
}

/// A `Location` or a `Link`, seen from `base`; none when it is no http URL.
pub(crate) fn join(base: &Uri, to: &str) -> Option<Uri> {
    let to = to.trim();
    let to = to.split('#').next().unwrap_or_default();
    let origin = || Some(format!("{}://{}", base.scheme_str()?, authority(base)));
    let text = if to.starts_with("http://") || to.starts_with("https://") {
        to.to_owned()
    } else if let Some(rest) = to.strip_prefix("//") {
        format!("{}://{rest}", base.scheme_str()?)
    } else if to.starts_with('/') {
        origin()? + to
    } else if to.starts_with('?') {
        origin()? + base.path() + to
    } else {
        // A text with a colon before the first slash has another scheme.
        let first = to.split('/').next().unwrap_or_default();
        if to.is_empty() || first.contains(':') {
            return None;
        }
        let folder = base
            .path()
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        format!("{}{folder}/{to}", origin()?)
    };
    let url: Uri = text.parse().ok()?;
    // A name and a password in a URL are nothing a registry needs.
    if url.authority()?.as_str().contains('@') || url.host()?.is_empty() {
        return None;
    }
    Some(url)
}

/// `name=value&...`, percent-encoded (RFC 3986: all but unreserved characters).
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        encode(name, &mut text);
        text.push('=');
        encode(value, &mut text);
    }
    text
}

fn encode(value: &str, text: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn locations_are_seen_from_where_they_stand() {
        let base: Uri = "https://r.example.com:5000/v2/a/tags/list?n=1"
            .parse()
            .expect("a URL");
        let check = |to: &str, expect: Option<&str>| {
            let joined = join(&base, to).map(|url| url.to_string());
            assert_eq!(joined.as_deref(), expect, "{to}");
        };
        check(
            "https://cdn.example.com/x?y#z",
            Some("https://cdn.example.com/x?y"),
        );
        check("//cdn.example.com/x", Some("https://cdn.example.com/x"));
        check("/v2/b", Some("https://r.example.com:5000/v2/b"));
        check(
            "?n=2",
            Some("https://r.example.com:5000/v2/a/tags/list?n=2"),
        );
        check("next", Some("https://r.example.com:5000/v2/a/tags/next"));
        check("file:///etc/passwd", None);
        check("https://me:secret@evil.example.com/", None);
        check("", None);
        check("https://", None);
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let check = |one: &str, other: &str, expect: bool| {
            let url = |text: &str| text.parse::<Uri>().expect(text);
            assert_eq!(same_origin(&url(one), &url(other)), expect, "{one} {other}");
        };
        check("https://a/x", "https://A:443/y", true);
        check("https://a/x", "http://a/x", false);
        check("https://a/x", "https://b/x", false);
        check("https://a:1/x", "https://a:2/x", false);
    }

    #[test]
    fn queries_are_encoded() {
        assert_eq!(
            query(&[("scope", "repository:a/b:pull"), ("x", "é &")]),
            "scope=repository%3Aa%2Fb%3Apull&x=%C3%A9%20%26"
        );
    }

    proptest! {
        #[test]
        fn any_location_is_joined_or_refused(to in "\\PC{0,60}") {
            let base: Uri = "https://r.example.com/v2/".parse().expect("a URL");
            let _ = join(&base, &to);
        }
    }
}
