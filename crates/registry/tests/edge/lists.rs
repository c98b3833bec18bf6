//! Lists whose pages are many, wrong or go round.

use plimsoll_registry::client::Listing;

use crate::{
    client, digest, reference,
    server::{Asked, Reply, Server},
    soon,
};

fn tags(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> (Listing<String>, Server) {
    let server = Server::open(script);
    let listing = soon(|| client().tags(&reference(&server.host(), "a/b"))).expect("a first page");
    (listing, server)
}

fn page(tag: &str, next: &str) -> Reply {
    let reply = Reply::ok(format!(r#"{{"name":"a/b","tags":["{tag}"]}}"#));
    if next.is_empty() {
        reply
    } else {
        reply.with("Link", format!("<{next}>; rel=\"next\""))
    }
}

#[test]
fn pages_follow_each_other() {
    let (listing, server) = tags(|asked| match asked.path.as_str() {
        "/v2/a/b/tags/list?n=1000" => page("1", "/v2/a/b/tags/list?last=1"),
        "/v2/a/b/tags/list?last=1" => page("2", "list?last=2"),
        "/v2/a/b/tags/list?last=2" => page("3", ""),
        _ => Reply::status(404),
    });
    assert_eq!(listing.items, ["1", "2", "3"]);
    assert!(listing.cut.is_none());
    assert_eq!(server.asked().len(), 3);
    let (listing, _server) = tags(|_| Reply::ok(r#"{"name":"a/b","tags":null}"#));
    assert!(listing.items.is_empty() && listing.cut.is_none());
}

#[test]
fn a_list_that_is_cut_says_so() {
    let check = |expect: &str, items: usize, second: fn(&Asked) -> Reply, next: &'static str| {
        let (listing, _server) = tags(move |asked| {
            if asked.path.ends_with("?n=1000") {
                page("1", next)
            } else {
                second(asked)
            }
        });
        let cut = listing.cut.expect(expect).to_string();
        assert!(cut.contains(expect), "{cut}, not {expect}");
        assert_eq!(listing.items.len(), items, "{expect}");
    };
    check("circle", 2, |_| page("2", "?again"), "?again");
    check("same host", 1, |_| page("2", ""), "http://127.0.0.1:1/v2/");
    check("same host", 1, |_| page("2", ""), "gopher://x");
    check("JSON", 1, |_| Reply::ok("<html>"), "?p=2");
    check("status 500", 1, |_| Reply::status(500), "?p=2");
    check(
        "pages",
        2001,
        |asked| {
            let number = asked
                .path
                .rsplit('=')
                .next()
                .and_then(|text| text.parse().ok());
            page("x", &format!("?p={}", number.unwrap_or(0) + 1))
        },
        "?p=2",
    );
}

#[test]
fn a_first_page_that_fails_is_an_error() {
    let check = |expect: &str, script: fn(&Asked) -> Reply| {
        let server = Server::open(script);
        let error = client()
            .tags(&reference(&server.host(), "a/b"))
            .map(|listing| listing.items)
            .expect_err(expect)
            .to_string();
        assert!(error.contains(expect), "{error}");
    };
    check("has no the tags of a/b", |_| Reply::status(404));
    check("JSON", |_| Reply::ok("[]"));
    check("larger than", |_| {
        Reply::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b' '; 1 << 20])
    });
}

#[test]
fn a_catalogue_has_pages_too() {
    let server = Server::open(|asked| match asked.path.as_str() {
        "/v2/_catalog?n=1000" => Reply::ok(r#"{"repositories":["a","b/c"]}"#)
            .with("link", "</v2/_catalog?last=c>; rel=next"),
        _ => Reply::ok(r#"{"repositories":["d"]}"#),
    });
    let listing = client().catalogue(&server.host()).expect("a catalogue");
    assert_eq!(listing.items, ["a", "b/c", "d"]);
}

#[test]
fn referrers_are_had_by_the_api_else_by_the_tag() {
    let image = digest(b"image");
    let entry = |name: &[u8], kind: &str| {
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{}","size":5,"artifactType":"{kind}"}}"#,
            digest(name)
        )
    };
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{},{}]}}"#,
        entry(b"sbom", "application/spdx+json"),
        entry(b"signature", "application/x-signature")
    );
    for has_api in [true, false] {
        let index = index.clone();
        let server = Server::open(move |asked| {
            let api = asked
                .path
                .starts_with(&format!("/v2/a/b/referrers/{image}"));
            let tag = asked.path == format!("/v2/a/b/manifests/sha256-{}", image.hex());
            if has_api && api || !has_api && tag {
                Reply::ok(index.clone())
            } else {
                Reply::status(404)
            }
        });
        let asked = reference(&server.host(), "a/b");
        let found = client().referrers(&asked, image, None).expect("referrers");
        assert_eq!(found.items.len(), 2, "{has_api}");
        assert!(found.cut.is_none());
        let found = client()
            .referrers(&asked, image, Some("application/spdx+json"))
            .expect("referrers");
        assert_eq!(found.items.len(), 1, "{has_api}");
        assert_eq!(found.items[0].descriptor.digest, digest(b"sbom"));
        let none = client()
            .referrers(&asked, digest(b"other"), None)
            .expect("none");
        assert!(none.items.is_empty(), "{has_api}");
    }
    // A page for people in place of the API.
    let server = Server::open(|asked| {
        if asked.path.contains("/referrers/") {
            Reply::ok("<html>")
        } else {
            Reply::status(404)
        }
    });
    let asked = reference(&server.host(), "a/b");
    assert!(
        client()
            .referrers(&asked, image, None)
            .expect("none")
            .items
            .is_empty()
    );
    // One entry that is not understood leaves the others.
    let server = Server::open(move |_| {
        Reply::ok(format!(
            r#"{{"manifests":[{{"digest":"md5:00"}},{}]}}"#,
            r#"{"digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000"}"#
        ))
    });
    let asked = reference(&server.host(), "a/b");
    let found = client().referrers(&asked, image, None).expect("one");
    assert_eq!(found.items.len(), 1);
    assert!(found.cut.expect("the other").to_string().contains("md5:00"));
}
