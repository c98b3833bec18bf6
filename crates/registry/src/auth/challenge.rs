//! `WWW-Authenticate`: how a registry wants to be asked (RFC 9110, 11.6.1).

/// Challenges of one header, at most.
const MOST: usize = 16;

/// One way to authenticate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// A name and a password with each request.
    Basic,
    /// A token of a service.
    Bearer {
        /// The service's URL.
        realm: String,
        /// Who the token is for.
        service: String,
        /// What the token is for: `repository:library/nginx:pull`.
        scope: String,
    },
}

/// The challenge to answer of the headers of a response: Bearer before Basic;
/// none when there is no other.
#[must_use]
pub fn choose<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Challenge> {
    let mut basic = None;
    for header in headers.take(MOST) {
        for (scheme, parameters) in parse(header) {
            let parameter = |name: &str| {
                parameters
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value.clone())
            };
            if scheme.eq_ignore_ascii_case("bearer") {
                if let Some(realm) = parameter("realm") {
                    return Some(Challenge::Bearer {
                        realm,
                        service: parameter("service").unwrap_or_default(),
                        scope: parameter("scope").unwrap_or_default(),
                    });
                }
            } else if scheme.eq_ignore_ascii_case("basic") {
                basic = Some(Challenge::Basic);
            }
        }
    }
    basic
}

/// A scheme and its parameters.
type Parsed = (String, Vec<(String, String)>);

/// Every challenge of one header. What is not understood is passed over.
fn parse(header: &str) -> Vec<Parsed> {
    let mut found: Vec<Parsed> = Vec::new();
    let mut rest = header;
    while found.len() < MOST {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            break;
        }
        let end = rest.find(|c: char| !is_token(c)).unwrap_or(rest.len());
        if end == 0 {
            // Not a token: pass over one character and go on.
            rest = rest.char_indices().nth(1).map_or("", |(at, _)| &rest[at..]);
            continue;
        }
        let word = &rest[..end];
        let after = rest[end..].trim_start();
        match (after.strip_prefix('='), found.last_mut()) {
            (Some(value), Some((_, parameters))) => {
                let (value, tail) = parameter(value.trim_start());
                if parameters.len() < MOST {
                    parameters.push((word.to_owned(), value));
                }
                rest = tail;
            }
            (Some(value), None) => rest = parameter(value.trim_start()).1,
            (None, _) => {
                found.push((word.to_owned(), Vec::new()));
                rest = after;
            }
        }
    }
    found
}

/// A token or a quoted string, and what follows it.
fn parameter(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut escaped = false;
    for (at, c) in quoted.char_indices() {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (value, &quoted[at + 1..]),
            c => value.push(c),
        }
    }
    (value, "")
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bearer(realm: &str, service: &str, scope: &str) -> Option<Challenge> {
        Some(Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.to_owned(),
            scope: scope.to_owned(),
        })
    }

    #[test]
    fn bearer_is_chosen_before_basic() {
        let check = |headers: &[&str], expect: Option<Challenge>| {
            assert_eq!(choose(headers.iter().copied()), expect, "{headers:?}");
        };
        check(&[], None);
        check(&["Negotiate"], None);
        check(&["Basic realm=\"Registry\""], Some(Challenge::Basic));
        check(
            &[
                "Bearer realm=\"https://auth.example.com/token\",service=\"r.example.com\",scope=\"repository:a/b:pull,push\"",
            ],
            bearer(
                "https://auth.example.com/token",
                "r.example.com",
                "repository:a/b:pull,push",
            ),
        );
        check(
            &["Basic realm=x, bearer Realm = \"https://a/t\" , error=\"x\""],
            bearer("https://a/t", "", ""),
        );
        check(&["Basic", "Bearer realm=u"], bearer("u", "", ""));
        check(&["Bearer service=x"], None);
        check(&["Bearer realm=\"a\\\"b"], bearer("a\"b", "", ""));
    }

    proptest! {
        #[test]
        fn any_header_is_parsed(header in "\\PC{0,200}") {
            let _ = choose(std::iter::once(header.as_str()));
        }

        #[test]
        fn near_headers_are_parsed(header in "(Bearer|Basic|realm|=|\"|,| |\\\\|a|é){0,30}") {
            let _ = choose(std::iter::once(header.as_str()));
        }
    }
}
