//! Names, proxies and certificates.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::Arc,
};

use plimsoll_registry::{Client, Error, Options, http::proxy::Proxies};

use crate::{
    options, reference,
    server::{Reply, Server},
};

#[test]
fn a_host_that_is_not_there_is_told() {
    let error = Client::new(options())
        .manifest(&reference("plimsoll-test.invalid", "a"))
        .expect_err("no such host");
    assert!(
        matches!(
            error,
            Error::Dns { .. } | Error::Connect { .. } | Error::Timeout { .. }
        ),
        "{error}"
    );
    let error = Client::new(options())
        .manifest(&reference("127.0.0.1:1", "a"))
        .expect_err("nobody there");
    assert!(error.to_string().contains("is refused"), "{error}");
}

#[test]
fn a_proxy_leads_to_the_host_unless_it_is_excepted() {
    let proxy = Server::open(|_| Reply::ok(r#"{"tags":["1"]}"#));
    let with = |except: &str| {
        let mut options = Options {
            proxies: Proxies {
                https: None,
                http: Some(format!("http://me:pw@{}", proxy.host())),
                except: vec![except.to_owned()],
            },
            ..options()
        };
        let mirror = "http://registry.invalid:5000".to_owned();
        options
            .mirrors
            .insert("127.0.0.1:1".to_owned(), vec![mirror]);
        Client::new(options)
    };
    let wanted = reference("127.0.0.1:1", "a/b");
    let tags = with("other").tags(&wanted).expect("through the proxy");
    assert_eq!(tags.items, ["1"]);
    let asked = proxy.asked();
    assert_eq!(asked[0].method, "CONNECT");
    assert_eq!(asked[0].path, "registry.invalid:5000");
    assert_eq!(
        asked[0].header("proxy-authorization").to_ascii_lowercase(),
        "basic bwu6chc="
    );
    let count = asked.len();
    assert!(with("registry.invalid").tags(&wanted).is_err());
    assert_eq!(proxy.asked().len(), count);
}

/// A server of TLS with the certificate of the fixtures, for `localhost`.
fn secure(answers: usize) -> u16 {
    let certificate = include_bytes!("../fixtures/localhost.pem");
    let mut certificates = Vec::new();
    let mut key = None;
    for item in ureq::tls::parse_pem(certificate) {
        match item.expect("PEM") {
            ureq::tls::PemItem::Certificate(certificate) => {
                certificates.push(rustls::pki_types::CertificateDer::from(
                    certificate.der().to_vec(),
                ));
            }
            ureq::tls::PemItem::PrivateKey(found) => {
                key = Some(rustls::pki_types::PrivatePkcs8KeyDer::from(
                    found.der().to_vec(),
                ));
            }
            _ => {}
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(certificates, key.expect("a key").into())
        .expect("a pair");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(answers) {
            let (Ok(mut stream), config) = (stream, config.clone()) else {
                continue;
            };
            let Ok(mut connection) = rustls::ServerConnection::new(config) else {
                continue;
            };
            let mut tls = rustls::Stream::new(&mut connection, &mut stream);
            let mut buffer = [0; 4096];
            if tls.read(&mut buffer).is_ok() {
                let body = r#"{"tags":["1"]}"#;
                let _ = tls.write_all(
                    format!(
                        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                        body.len()
                    )
                    .as_bytes(),
                );
                connection.send_close_notify();
                let _ = connection.write_tls(&mut stream);
            }
        }
    });
    port
}

#[test]
fn a_certificate_is_taken_by_its_authority_or_knowingly() {
    let port = secure(60);
    let wanted = reference("127.0.0.1:1", "a/b");
    let with = |change: &dyn Fn(&mut Options)| {
        let mut options = options();
        let mirror = format!("https://localhost:{port}");
        options
            .mirrors
            .insert("127.0.0.1:1".to_owned(), vec![mirror]);
        change(&mut options);
        Client::new(options).tags(&wanted)
    };
    assert!(with(&|_| {}).is_err());
    let ca = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/localhost.pem");
    let tags = with(&|options| options.ca_file = Some(ca.clone())).expect("trusted");
    assert_eq!(tags.items, ["1"]);
    let tags = with(&|options| options.insecure = true).expect("knowingly");
    assert_eq!(tags.items, ["1"]);
    // Of one host alone, which is no word about another.
    let from = |host: String| with(&|options| options.insecure_hosts = [host.clone()].into());
    let tags = from(format!("localhost:{port}")).expect("knowingly");
    assert_eq!(tags.items, ["1"]);
    assert!(from("127.0.0.1:1".to_owned()).is_err());
}

#[test]
fn why_a_certificate_is_not_taken_is_told() {
    let port = secure(60);
    let ca = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/localhost.pem");
    // Plain http is tried first on this machine; that the host speaks TLS and
    // is not trusted says more than that.
    let tags = |host: &str, ca_file: Option<std::path::PathBuf>| {
        let options = Options {
            ca_file,
            ..options()
        };
        Client::new(options).tags(&reference(&format!("{host}:{port}"), "a/b"))
    };
    let trusted = tags("localhost", Some(ca.clone())).expect("trusted");
    assert_eq!(trusted.items, ["1"]);
    let check = |host: &str, ca_file, expect: &str| {
        let error = tags(host, ca_file).expect_err(expect).to_string();
        assert!(error.contains(expect), "{error}, not {expect}");
    };
    check("localhost", None, "an authority that is not known here");
    check("127.0.0.1", Some(ca), "for another name");
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("ca.pem");
    std::fs::write(&empty, "no certificate").expect("written");
    check(
        "registry.invalid",
        Some(empty),
        "no certificate in PEM form",
    );
    let none = folder.path().join("none.pem");
    check("registry.invalid", Some(none), "none.pem: No such file");
}
