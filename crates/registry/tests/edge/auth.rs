//! Signing in.

use plimsoll_registry::{Client, Error, auth::Credential};

use crate::{
    client, options, reference,
    server::{Asked, Reply, Server},
};

fn password() -> Credential {
    Credential::Password {
        username: "me".to_owned(),
        password: "secret".to_owned(),
    }
}

/// `me:secret`.
const BASIC: &str = "Basic bWU6c2VjcmV0";

fn signed_in(host: &str, credential: Credential) -> Client {
    let mut options = options();
    options.credentials.insert(host.to_owned(), credential);
    Client::new(options)
}

/// A registry whose tokens are those of `token`, and `good` is the one it takes.
fn registry(good: &'static str, token: fn(&Asked) -> Reply) -> Server {
    Server::start(move |asked| {
        if asked.path.starts_with("/token") {
            return token(asked);
        }
        if asked.header("authorization") == format!("Bearer {good}") {
            return Reply::ok(r#"{"tags":["1"]}"#);
        }
        let challenge = format!(
            r#"Bearer realm="http://{}/token",service="s",scope="repository:a/b:pull""#,
            asked.header("host")
        );
        Reply::status(401).with("WWW-Authenticate", challenge)
    })
}

fn tags(client: &Client, server: &Server) -> Result<Vec<String>, Error> {
    let listing = client.tags(&reference(&server.host(), "a/b"))?;
    assert!(listing.cut.is_none());
    Ok(listing.items)
}

#[test]
fn a_token_is_fetched_once_and_used_again() {
    let server = registry("t1", |asked| {
        assert_eq!(asked.method, "GET");
        assert_eq!(asked.header("authorization"), "");
        assert_eq!(
            asked.path,
            "/token?service=s&scope=repository%3Aa%2Fb%3Apull"
        );
        Reply::ok(r#"{"token":"t1","expires_in":300}"#)
    });
    let client = client();
    assert_eq!(tags(&client, &server).expect("tags"), ["1"]);
    assert_eq!(tags(&client, &server).expect("tags"), ["1"]);
    let tokens = server
        .asked()
        .iter()
        .filter(|a| a.path.starts_with("/token"))
        .count();
    assert_eq!(tokens, 1);
    // From several threads at once too.
    let client = crate::client();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert!(tags(&client, &server).is_ok()));
        }
    });
    let tokens = server
        .asked()
        .iter()
        .filter(|a| a.path.starts_with("/token"))
        .count();
    assert_eq!(tokens, 2);
}

#[test]
fn a_password_and_a_refresh_token_go_to_the_token_service() {
    let server = registry("t1", |asked| {
        assert_eq!(asked.header("authorization"), BASIC);
        assert!(asked.path.ends_with("&account=me"), "{}", asked.path);
        Reply::ok(r#"{"access_token":"t1"}"#)
    });
    let client = signed_in(&server.host(), password());
    assert!(tags(&client, &server).is_ok());
    for asked in server
        .asked()
        .iter()
        .filter(|a| !a.path.starts_with("/token"))
    {
        assert_ne!(asked.header("authorization"), BASIC, "{}", asked.path);
    }
    let server = registry("t2", |asked| {
        assert_eq!(asked.method, "POST");
        assert_eq!(
            asked.body,
            "grant_type=refresh_token&service=s&scope=repository%3Aa%2Fb%3Apull&client_id=plimsoll&refresh_token=r"
        );
        Reply::ok(r#"{"access_token":"t2"}"#)
    });
    let client = signed_in(&server.host(), Credential::Identity("r".to_owned()));
    assert!(tags(&client, &server).is_ok());
    let server = registry("t3", |_| Reply::status(500));
    let client = signed_in(&server.host(), Credential::Bearer("t3".to_owned()));
    assert!(tags(&client, &server).is_ok());
}

#[test]
fn a_token_that_has_expired_is_fetched_again() {
    let server = registry("t2", |asked| match asked.before {
        0 => Reply::ok(r#"{"token":"t1"}"#),
        _ => Reply::ok(r#"{"token":"t2"}"#),
    });
    assert!(tags(&client(), &server).is_ok());
}

#[test]
fn what_a_token_service_does_wrong_is_told() {
    let check = |expect: &str, token: fn(&Asked) -> Reply| {
        let server = registry("never", token);
        let error = tags(&client(), &server).expect_err(expect).to_string();
        assert!(error.contains(expect), "{error}, not {expect}");
    };
    check("it asks for credentials", |_| Reply::status(401));
    check("it asks for credentials", |_| {
        Reply::ok(r#"{"token":"other"}"#)
    });
    check("has no token", |_| Reply::ok("{}"));
    check("has no token", |_| Reply::ok("<html>"));
    check("has no token", |_| {
        Reply::ok(r#"{"token":"a\r\nX-Evil: 1"}"#)
    });
    check("gives no token", |_| Reply::status(404));
    check("status 500", |_| Reply::status(500));
    check("larger than", |_| {
        Reply::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b' '; 1 << 20])
    });
    let server = registry("never", |_| Reply::status(401));
    let error = tags(&signed_in(&server.host(), password()), &server).expect_err("wrong");
    assert!(
        error.to_string().contains("the credentials are wrong"),
        "{error}"
    );
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
fn a_realm_that_is_not_safe_gets_no_credentials() {
    let check = |realm: &'static str, expect: &str| {
        let server = Server::start(move |_| {
            Reply::status(401).with("www-authenticate", format!("Bearer realm=\"{realm}\""))
        });
        let error = tags(&signed_in(&server.host(), password()), &server)
            .expect_err(expect)
            .to_string();
        assert!(error.contains(expect), "{error}");
    };
    check("http://auth.example.com/token", "not reached by https");
    check("file:///etc/passwd", "gives no token");
    check("nowhere", "gives no token");
}

#[test]
fn basic_is_answered_with_a_password() {
    let script = |asked: &Asked| {
        if asked.header("authorization") == BASIC {
            Reply::ok(r#"{"tags":["1"]}"#)
        } else {
            Reply::status(401).with("www-authenticate", "Basic realm=\"r\"")
        }
    };
    let server = Server::start(script);
    assert!(tags(&signed_in(&server.host(), password()), &server).is_ok());
    let error = tags(&client(), &server).expect_err("anonymous");
    assert!(
        matches!(error, Error::Unauthorized { sent: false, .. }),
        "{error}"
    );
    let wrong = Credential::Password {
        username: "me".to_owned(),
        password: "wrong".to_owned(),
    };
    let before = server.asked().len();
    let error = tags(&signed_in(&server.host(), wrong), &server).expect_err("wrong");
    assert!(
        matches!(error, Error::Unauthorized { sent: true, .. }),
        "{error}"
    );
    assert_eq!(server.asked().len() - before, 1, "once is enough");
}

#[test]
fn credentials_stay_with_their_host() {
    let other = Server::start(|_| Reply::ok(r#"{"tags":["1"]}"#));
    let there = format!("http://{}/elsewhere", other.host());
    let server = Server::start(move |asked| {
        if asked.header("authorization") == BASIC {
            Reply::status(307).with("location", there.clone())
        } else {
            Reply::status(401).with("www-authenticate", "Basic")
        }
    });
    assert!(tags(&signed_in(&server.host(), password()), &server).is_ok());
    assert_eq!(other.asked().len(), 1);
    assert_eq!(other.asked()[0].header("authorization"), "");
}

#[test]
fn what_the_user_has_signed_in_with_is_used() {
    let server = Server::start(|asked| {
        if asked.header("authorization") == BASIC {
            Reply::ok(r#"{"tags":["1"]}"#)
        } else {
            Reply::status(401).with("www-authenticate", "Basic")
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let good = folder.path().join("config.json");
    let text = format!(
        r#"{{"auths":{{"{}":{{"auth":"bWU6c2VjcmV0"}}}}}}"#,
        server.host()
    );
    std::fs::write(&good, text).expect("written");
    let broken = folder.path().join("broken.json");
    std::fs::write(&broken, "{").expect("written");
    let with = |file: &std::path::Path| {
        let mut options = options();
        options.keychain = plimsoll_registry::auth::config::Keychain::read(&[file.to_owned()]);
        Client::new(options)
    };
    assert!(tags(&with(&good), &server).is_ok());
    let error = tags(&with(&broken), &server)
        .expect_err("no credentials")
        .to_string();
    assert!(
        error.contains("broken.json is no registry configuration"),
        "{error}"
    );
}
