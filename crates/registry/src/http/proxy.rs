//! Proxies, as the environment names them.

use std::net::IpAddr;

use ureq::Proxy;

use crate::Error;

/// Which proxy serves which host: the variables `HTTPS_PROXY`, `HTTP_PROXY`,
/// `ALL_PROXY` and `NO_PROXY`, with the meaning that curl and Go give them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For `https` URLs.
    pub https: Option<String>,
    /// For `http` URLs.
    pub http: Option<String>,
    /// Hosts reached without: `*`, names and all below them, addresses,
    /// networks (`10.0.0.0/8`), each with an optional port.
    pub except: Vec<String>,
}

impl Proxies {
    /// The proxies of an environment. The lower-case name goes first; upper-case
    /// `HTTP_PROXY` is not read in a CGI script, where a client could set it.
    #[must_use]
    pub fn from_environment(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let read = |name: &str| {
            let upper = || {
                let forged = name == "http_proxy" && variable("REQUEST_METHOD").is_some();
                (!forged).then(|| variable(&name.to_ascii_uppercase()))?
            };
            variable(name)
                .or_else(upper)
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        let all = read("all_proxy");
        Proxies {
            https: read("https_proxy").or_else(|| all.clone()),
            http: read("http_proxy").or(all),
            except: read("no_proxy")
                .unwrap_or_default()
                .split([',', ' '])
                .map(|entry| entry.trim().to_ascii_lowercase())
                .filter(|entry| !entry.is_empty())
                .collect(),
        }
    }

    /// The proxy for a host (`r.example.com:5000`), if one serves it.
    #[must_use]
    pub fn find(&self, is_https: bool, host: &str) -> Option<&str> {
        let proxy = if is_https { &self.https } else { &self.http };
        let proxy = proxy.as_deref()?;
        let host = host.to_ascii_lowercase();
        let (name, port) = split(&host);
        let port = port.unwrap_or(if is_https { "443" } else { "80" });
        let excepted = self.except.iter().any(|entry| matches(entry, name, port));
        (!excepted).then_some(proxy)
    }
}

/// A host's name or address without brackets, and its port.
fn split(host: &str) -> (&str, Option<&str>) {
    if let Some((address, rest)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (address, rest.strip_prefix(':'));
    }
    match host.rsplit_once(':') {
        // More than one colon: a bare IPv6 address.
        Some((name, port)) if !name.contains(':') => (name, Some(port)),
        _ => (host, None),
    }
}

fn matches(entry: &str, name: &str, port: &str) -> bool {
    if entry == "*" {
        return true;
    }
    if let Some((network, bits)) = entry.split_once('/') {
        return in_network(network, bits, name);
    }
    let (pattern, wanted) = split(entry);
    if wanted.is_some_and(|wanted| wanted != port) {
        return false;
    }
    if let (Ok(one), Ok(other)) = (pattern.parse::<IpAddr>(), name.parse::<IpAddr>()) {
        return one == other;
    }
    let pattern = pattern.strip_prefix('*').unwrap_or(pattern);
    match pattern.strip_prefix('.') {
        Some(domain) => name
            .strip_suffix(domain)
            .is_some_and(|rest| rest.ends_with('.')),
        None => name
            .strip_suffix(pattern)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
    }
}

fn in_network(network: &str, bits: &str, name: &str) -> bool {
    let Ok(bits) = bits.parse::<u32>() else {
        return false;
    };
    match (network.parse::<IpAddr>(), name.parse::<IpAddr>()) {
        (Ok(IpAddr::V4(network)), Ok(IpAddr::V4(address))) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            u32::from(network) & mask == u32::from(address) & mask
        }
        (Ok(IpAddr::V6(network)), Ok(IpAddr::V6(address))) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            u128::from(network) & mask == u128::from(address) & mask
        }
        _ => false,
    }
}

/// A proxy of its text.
pub(crate) fn checked(text: &str) -> Result<Proxy, Error> {
    let wrong = |why: &str| {
        // The text may have a password: only its end is shown.
        let shown = text.rsplit('@').next().unwrap_or_default();
        Error::Options(format!("the proxy `{shown}` {why}"))
    };
    let proxy = Proxy::new(text).map_err(|_| wrong("is no proxy's URL"))?;
    match proxy.protocol() {
        ureq::ProxyProtocol::Http | ureq::ProxyProtocol::Https => Ok(proxy),
        _ => Err(wrong(
            "is none for HTTP: `http://` and `https://` ones are used",
        )),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::from_environment(&|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_variables_are_read_as_curl_reads_them() {
        let check = |variables: &[(&str, &str)], https: Option<&str>, http: Option<&str>| {
            let proxies = proxies(variables);
            assert_eq!(proxies.https.as_deref(), https, "{variables:?}");
            assert_eq!(proxies.http.as_deref(), http, "{variables:?}");
        };
        check(&[], None, None);
        check(&[("HTTPS_PROXY", "http://p:1")], Some("http://p:1"), None);
        check(
            &[("https_proxy", "a"), ("HTTPS_PROXY", "b")],
            Some("a"),
            None,
        );
        check(
            &[("ALL_PROXY", "a"), ("http_proxy", "b")],
            Some("a"),
            Some("b"),
        );
        check(&[("HTTP_PROXY", "a")], None, Some("a"));
        check(
            &[("HTTP_PROXY", "a"), ("REQUEST_METHOD", "GET")],
            None,
            None,
        );
    }

    #[test]
    fn excepted_hosts_are_reached_directly() {
        let check = |except: &str, host: &str, expect: bool| {
            let proxies = proxies(&[("https_proxy", "http://p"), ("no_proxy", except)]);
            assert_eq!(
                proxies.find(true, host).is_none(),
                expect,
                "{except} {host}"
            );
        };
        check("", "a.example.com", false);
        check("*", "a.example.com", true);
        check("example.com", "example.com", true);
        check("example.com", "a.Example.com:5000", true);
        check("example.com", "notexample.com", false);
        check(".example.com", "example.com", false);
        check("*.example.com", "a.example.com", true);
        check("example.com:5000", "a.example.com:5000", true);
        check("example.com:5000", "a.example.com", false);
        check("example.com:443", "a.example.com", true);
        check("other, 10.0.0.0/8", "10.1.2.3:5000", true);
        check("10.0.0.0/8", "11.1.2.3", false);
        check("0.0.0.0/0", "11.1.2.3", true);
        check("10.1.2.3", "10.1.2.3", true);
        check("fd00::/8", "[fd12::1]:5000", true);
        check("::1", "[::1]:5000", true);
        check("10.0.0.0/99", "10.1.2.3", false);
    }

    #[test]
    fn a_wrong_proxy_is_told_without_its_password() {
        let error = checked("socks5://me:secret@p:1")
            .expect_err("SOCKS")
            .to_string();
        assert!(
            error.contains("p:1") && !error.contains("secret"),
            "{error}"
        );
        assert!(checked("http://p:3128").is_ok());
        assert!(checked("p:3128").is_ok());
    }

    proptest! {
        #[test]
        fn any_exception_is_read(except in "\\PC{0,40}", host in "\\PC{0,40}") {
            let _ = proxies(&[("https_proxy", "p"), ("no_proxy", &except)]).find(true, &host);
        }
    }
}
