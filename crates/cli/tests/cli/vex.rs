//! VEX: written of an image, and had from repositories and registries.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

use crate::{
    database::{db, imported, scan},
    images::{RELEASE, Tar, apk, config, digest},
    registry::{Kind, Registry},
    support::{NOW, Run, Sandbox},
};

const UPSTREAM: &str = "vulnerable_code_not_in_execute_path";

/// A document that rules one vulnerability of a product out.
fn openvex(id: &str, author: &str, product: Option<&str>) -> Value {
    let mut statement = json!({
        "vulnerability": {"name": id},
        "status": "not_affected",
        "justification": UPSTREAM,
    });
    if let Some(product) = product {
        statement["products"] = json!([{"@id": product}]);
    }
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.com/vex/1",
        "author": author,
        "timestamp": "2026-11-21T00:00:00Z",
        "version": 1,
        "statements": [statement],
    })
}

/// Holds a document to the schema of OpenVEX 0.2.0, in the narrower of its revisions.
fn is_openvex(document: &Value) {
    let only = |value: &Value, required: &[&str], optional: &[&str]| {
        let keys = value.as_object().expect("an object").keys();
        for key in keys {
            let known = required.contains(&key.as_str()) || optional.contains(&key.as_str());
            assert!(known, "{key} in {value}");
        }
        for key in required {
            assert!(!value[key].is_null(), "no {key} in {value}");
        }
    };
    let root = [
        "@context",
        "@id",
        "author",
        "timestamp",
        "version",
        "statements",
    ];
    only(document, &root, &["role", "last_updated", "tooling"]);
    assert_eq!(document["@context"], "https://openvex.dev/ns/v0.2.0");
    let statements = document["statements"].as_array().expect("a list");
    assert!(!statements.is_empty());
    for (at, statement) in statements.iter().enumerate() {
        assert!(!statements[..at].contains(statement), "said twice");
        let more = [
            "products",
            "justification",
            "impact_statement",
            "action_statement",
            "status_notes",
        ];
        only(statement, &["vulnerability", "status"], &more);
        only(&statement["vulnerability"], &["name"], &["aliases"]);
        for product in statement["products"].as_array().expect("a list") {
            only(
                product,
                &["@id"],
                &["identifiers", "hashes", "subcomponents"],
            );
        }
        let has = |key: &str| !statement[key].is_null();
        match statement["status"].as_str() {
            Some("affected") => assert!(has("action_statement"), "{statement}"),
            Some("not_affected") => {
                assert!(
                    has("justification") != has("impact_statement"),
                    "{statement}"
                );
            }
            Some("under_investigation" | "fixed") => {}
            other => panic!("{other:?}"),
        }
    }
}

fn vex(sandbox: &Sandbox, target: &str, more: &[&str]) -> Run {
    let args = ["image", "vex", target, "--now", NOW, "--no-cache"];
    sandbox.run(&[&args[..], &["--db-dir", "db"], more].concat())
}

/// Whose word suppresses the one vulnerability there is; none when it counts.
fn suppressed(run: &Run) -> Option<String> {
    let finding = &run.json()["findings"][0];
    assert_eq!(finding["vulnerability"], "CVE-2026-1111", "{run}");
    let by = finding["suppressed"][0]["by"].as_str();
    by.map(str::to_owned)
}

#[test]
fn openvex_of_an_image_hides_what_it_rules_out_and_nothing_else() {
    let sandbox = imported();
    let ours = ["--author", "Shop Ltd", "-o", "own.json"];
    let run = vex(&sandbox, "web.tar", &ours).exits(0);
    assert!(run.stderr.contains("1 affected"), "{run}");
    let text = sandbox.read("own.json");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    is_openvex(&document);
    assert_eq!(document["author"], "Shop Ltd");
    assert_eq!(document["timestamp"], "2026-11-25T00:00:00Z");
    let statement = &document["statements"][0];
    assert_eq!(statement["vulnerability"]["name"], "CVE-2026-1111");
    assert_eq!(statement["status"], "affected");
    assert_eq!(statement["action_statement"], "Upgrade musl to 1.2.5-r0.");
    let product = statement["products"][0]["@id"].as_str().unwrap_or_default();
    assert!(
        product.starts_with("pkg:oci/web?arch=amd64&repository_url=docker.io/shop/web"),
        "{product}"
    );
    // What is affected counts as before.
    let json = ["-o", "json", "--fail-on", "low"];
    let again = scan(&sandbox, &[&json[..], &["--vex", "own.json"]].concat()).exits(2);
    assert_eq!(suppressed(&again), None);
    // The same words are the same document.
    assert_eq!(vex(&sandbox, "web.tar", &ours[..2]).exits(0).stdout, text);

    // What somebody else rules out is ruled out again, with whose word it was.
    let theirs = openvex("CVE-2026-1111", "Alpine", Some("pkg:apk/alpine/musl"));
    sandbox.write("upstream.json", &theirs.to_string());
    let more = ["--vex", "upstream.json", "--author", "Shop Ltd"];
    let run = vex(&sandbox, "web.tar", &more).exits(0);
    is_openvex(&run.json());
    sandbox.write("own.json", &run.stdout);
    let statement = &run.json()["statements"][0];
    assert_eq!(statement["status"], "not_affected");
    assert_eq!(statement["justification"], UPSTREAM);
    assert!(
        statement["status_notes"].to_string().contains("Alpine"),
        "{run}"
    );
    let hidden = scan(&sandbox, &[&json[..], &["--vex", "own.json"]].concat()).exits(0);
    assert_eq!(suppressed(&hidden).as_deref(), Some("own.json (Shop Ltd)"));

    // What an ignore file hides is affected: nobody says that it is not.
    sandbox.write(".trivyignore", "CVE-2026-1111\n");
    let ignored = vex(&sandbox, "web.tar", &["--ignore-file", ".trivyignore"]).exits(0);
    assert_eq!(ignored.json()["statements"][0]["status"], "affected");
    assert!(ignored.stderr.contains("names no author"), "{ignored}");

    // An SBOM of the image gives the same; what has no name needs one.
    let sbom = [
        "image",
        "sbom",
        "web.tar",
        "--now",
        NOW,
        "--no-cache",
        "-o",
        "cyclonedx=web.cdx.json",
    ];
    sandbox.run(&sbom).exits(0);
    let of_sbom = vex(&sandbox, "web.cdx.json", &["--product", "pkg:oci/web"]).exits(0);
    assert_eq!(
        of_sbom.json()["statements"][0]["products"][0]["@id"],
        "pkg:oci/web"
    );
    let root = sandbox.path().join("root/lib/apk/db");
    fs::create_dir_all(&root).expect("made");
    fs::write(root.join("installed"), apk(&[("musl", "1.2.4-r2")])).expect("written");
    sandbox.write("root/etc/os-release", RELEASE);
    let nameless = vex(&sandbox, "root", &["--from", "rootfs"]).exits(1);
    assert!(nameless.stderr.contains("--product"), "{nameless}");

    // Nothing to say is no document.
    fs::write(root.join("installed"), apk(&[("musl", "1.2.5-r0")])).expect("written");
    let more = ["--from", "rootfs", "--product", "pkg:oci/web"];
    let nothing = vex(&sandbox, "root", &more).exits(1);
    assert!(nothing.stderr.contains("no statement"), "{nothing}");
    vex(&sandbox, "web.tar", &["--no-vulnerabilities"]).exits(64);
}

/// The files of a VEX repository, by path.
fn repository(author: &str) -> Vec<(String, String)> {
    let index = json!({
        "updated_at": "2026-11-20T00:00:00Z",
        "packages": [
            {"id": "pkg:apk/alpine/musl", "location": "pkg/apk/alpine/musl/vex.json"},
            {"id": "pkg:npm/other", "location": "pkg/npm/other/vex.json"},
        ],
    });
    let of = |id: &str, purl: &str| openvex(id, author, Some(purl)).to_string();
    vec![
        ("index.json".to_owned(), index.to_string()),
        (
            "pkg/apk/alpine/musl/vex.json".to_owned(),
            of("CVE-2026-1111", "pkg:apk/alpine/musl"),
        ),
        ("pkg/npm/other/vex.json".to_owned(), "{".to_owned()),
    ]
}

/// By path: an `ETag` and bytes.
type Files = BTreeMap<String, (String, Vec<u8>)>;

/// Files over HTTP, until the test ends.
#[derive(Clone, Default)]
struct Site(Arc<Mutex<Files>>);

impl Site {
    fn start() -> (String, Site) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let site = Site::default();
        let served = site.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut lines = BufReader::new(stream.try_clone().expect("a copy")).lines();
                let first = lines.next().and_then(Result::ok).unwrap_or_default();
                let mut etag = String::new();
                for line in lines.map_while(Result::ok) {
                    if line.is_empty() {
                        break;
                    }
                    if let Some((name, value)) = line.split_once(": ")
                        && name.eq_ignore_ascii_case("if-none-match")
                    {
                        value.clone_into(&mut etag);
                    }
                }
                let path = first.split(' ').nth(1).unwrap_or_default();
                let found = served.0.lock().expect("whole").get(path).cloned();
                let (head, body) = match found {
                    None => ("404 Not Found".to_owned(), Vec::new()),
                    Some((own, _)) if own == etag => ("304 Not Modified".to_owned(), Vec::new()),
                    Some((own, body)) => (format!("200 OK\r\nETag: {own}"), body),
                };
                let head = format!(
                    "HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(head.as_bytes());
                let _ = stream.write_all(&body);
            }
        });
        (address, site)
    }

    fn put(&self, path: &str, etag: &str, bytes: Vec<u8>) {
        let mut files = self.0.lock().expect("whole");
        files.insert(path.to_owned(), (format!("\"{etag}\""), bytes));
    }
}

#[test]
fn a_vex_repository_is_asked_about_the_packages_at_hand() {
    let sandbox = imported();
    let json = ["-o", "json", "--fail-on", "low"];
    let with = |repositories: &[&str]| {
        let mut args = json.to_vec();
        for repository in repositories {
            args.extend(["--vex-repo", repository]);
        }
        scan(&sandbox, &args)
    };
    // A folder.
    for (path, text) in repository("First Ltd") {
        sandbox.write(&format!("hub/{path}"), &text);
    }
    let by = |run: &Run| suppressed(run).unwrap_or_default();
    let run = with(&["hub"]).exits(0);
    assert_eq!(by(&run), "pkg/apk/alpine/musl/vex.json of hub (First Ltd)");
    // What it has of other packages is neither read nor told.
    assert!(
        !run.json()["diagnostics"].to_string().contains("other"),
        "{run}"
    );

    // An archive; of two that know a package the first counts.
    let archive = |author: &str| {
        let files = repository(author);
        files
            .iter()
            .fold(Tar::default(), |tar, (path, text)| {
                tar.file(&format!("hub-main/{path}"), text)
            })
            .done()
    };
    fs::write(sandbox.path().join("hub.tar"), archive("Second Ltd")).expect("written");
    assert!(by(&with(&["hub.tar", "hub"]).exits(0)).contains("Second Ltd"));
    assert!(by(&with(&["hub", "hub.tar"]).exits(0)).contains("First Ltd"));
    with(&["feeds"]).exits(1);

    // An address: nothing is asked of a network before somebody says so.
    let (url, site) = Site::start();
    let missing = with(&[&url]).exits(1);
    assert!(
        missing.stderr.contains("plimsoll db update --vex-repo"),
        "{missing}"
    );
    let update = || db(&sandbox, &["update", "--vex-repo", &url, "--now", NOW]);
    update().exits(3);
    let manifest = json!({
        "name": "Hub", "description": "", "latest_version": "v0",
        "versions": {"v0": {
            "spec_version": "v0.1",
            "locations": [
                {"url": format!("{url}/gone.tar")},
                {"url": format!("{url}/hub.tar//hub-main")},
            ],
            "update_interval": "24h",
        }},
    });
    let manifest = manifest.to_string().into_bytes();
    site.put("/.well-known/vex-repository.json", "m", manifest);
    site.put("/hub.tar", "1", archive("Third Ltd"));
    let run = update().exits(0);
    assert!(run.stderr.contains("2 packages have a document"), "{run}");
    assert!(by(&with(&[&url]).exits(0)).ends_with("(Third Ltd)"));
    let run = update().exits(0);
    assert!(run.stderr.contains("nothing new"), "{run}");
    site.put("/hub.tar", "2", archive("Fourth Ltd"));
    update().exits(0);
    assert!(by(&with(&[&url]).exits(0)).ends_with("(Fourth Ltd)"));
    // One that is damaged leaves the copy before in force.
    site.put("/hub.tar", "3", b"no archive".to_vec());
    let run = update().exits(3);
    assert!(run.stderr.contains("stays in force"), "{run}");
    assert!(by(&with(&[&url]).exits(0)).ends_with("(Fourth Ltd)"));
    let info = db(&sandbox, &["info", "--now", NOW]).exits(0);
    assert!(info.stdout.contains(&url), "{info}");
    assert!(info.stdout.contains("5 days old"), "{info}");
    // Old copies say so.
    let late = ["--now", "2026-12-20", "--vex-repo", &url, "-o", "json"];
    let args = ["image", "scan", "web.tar", "--no-cache", "--db-dir", "db"];
    let late = sandbox.run(&[&args[..], &late].concat());
    assert!(
        late.stderr.contains("nobody asked it for 25 days"),
        "{late}"
    );
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Pushes a manifest of a configuration and layers; its bytes.
fn push(
    registry: &Registry,
    name: &str,
    config: (&str, &[u8]),
    layers: &[(&str, &[u8])],
    more: Value,
) -> Vec<u8> {
    let part = |(kind, bytes): (&str, &[u8])| {
        registry
            .push_blob("shop/web", &digest(bytes), bytes)
            .expect("pushed");
        json!({"mediaType": kind, "digest": digest(bytes), "size": bytes.len()})
    };
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": part(config),
        "layers": layers.iter().copied().map(part).collect::<Vec<_>>(),
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        manifest[key] = value.clone();
    }
    let bytes = manifest.to_string().into_bytes();
    let own = digest(&bytes);
    let name = if name.is_empty() { &own } else { name };
    registry
        .push_manifest("shop/web", name, MANIFEST, &bytes)
        .expect("pushed");
    bytes
}

/// Base64 of the standard alphabet.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            if digit <= chunk.len() {
                let index = (bits >> (18 - 6 * digit)) & 63;
                out.push(char::from(LETTERS[index as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// An attestation of an OpenVEX document about the image with this digest.
fn attested(digest: &str, document: Value) -> Vec<u8> {
    let hex = digest.trim_start_matches("sha256:");
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://openvex.dev/ns/v0.2.0",
        "subject": [{"name": "shop/web", "digest": {"sha256": hex}}],
        "predicate": document,
    });
    let envelope = json!({
        "payloadType": "application/vnd.in-toto+json",
        "payload": base64(statement.to_string().as_bytes()),
        "signatures": [{"keyid": "", "sig": "MEUCIQ=="}],
    });
    envelope.to_string().into_bytes()
}

#[test]
fn vex_that_is_attached_to_an_image_counts_for_it_unverified() {
    let repo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for kind in [Kind::Crane, Kind::Distribution] {
        let registry = match Registry::start(kind, &repo) {
            Ok(registry) => registry,
            Err(why) => {
                eprintln!("SKIPPED: {why}");
                continue;
            }
        };
        let sandbox = imported();
        let layer = Tar::default()
            .file("etc/os-release", RELEASE)
            .file("lib/apk/db/installed", &apk(&[("musl", "1.2.4-r2")]))
            .done();
        let config = config("10001", std::slice::from_ref(&layer)).to_string();
        let oci = |what: &str| format!("application/vnd.oci.image.{what}");
        let image = |tag: &str, kind: &str| {
            let manifest = push(
                &registry,
                tag,
                (&oci("config.v1+json"), config.as_bytes()),
                &[(&oci("layer.v1.tar"), &layer)],
                json!({"annotations": {"kind": kind}}),
            );
            let digest = digest(&manifest);
            (digest, manifest.len())
        };
        let name = format!("{}/shop/web", registry.host());
        let scanned = |tag: &str, more: &[&str]| {
            let target = format!("{name}:{tag}");
            let args = [
                "image",
                "scan",
                &target,
                "--now",
                NOW,
                "--no-cache",
                "--no-store",
            ];
            let rest = [
                "--db-dir",
                "db",
                "-o",
                "json",
                "--control",
                "image-runs-as-root",
            ];
            sandbox.run(&[&args[..], &rest, more].concat()).exits(0)
        };
        let attach = |subject: &(String, usize), kind: &str, bytes: &[u8]| {
            let artifact = push(
                &registry,
                "",
                ("application/vnd.oci.empty.v1+json", b"{}"),
                &[(kind, bytes)],
                json!({
                    "artifactType": kind,
                    "subject": {"mediaType": MANIFEST, "digest": subject.0, "size": subject.1},
                }),
            );
            let digest = digest(&artifact);
            if registry_has_no_api(&registry) {
                // Without the API it is the pusher who keeps the list.
                let index = json!({
                    "schemaVersion": 2,
                    "mediaType": "application/vnd.oci.image.index.v1+json",
                    "manifests": [{
                        "mediaType": MANIFEST, "digest": digest, "size": artifact.len(),
                        "artifactType": kind,
                    }],
                });
                registry
                    .push_manifest(
                        "shop/web",
                        &subject.0.replace(':', "-"),
                        "application/vnd.oci.image.index.v1+json",
                        index.to_string().as_bytes(),
                    )
                    .expect("pushed");
            }
            digest
        };
        let wanted = ["--vex-from-referrers"];
        // A plain document about a package, on one of two images.
        let plain = image("plain", "plain");
        let document = openvex("CVE-2026-1111", "Shop Ltd", Some("pkg:apk/alpine/musl"));
        let document = document.to_string();
        let referrer = attach(&plain, "application/vnd.openvex+json", document.as_bytes());
        assert_eq!(suppressed(&scanned("plain", &[])), None, "nobody asked");
        let by = suppressed(&scanned("plain", &wanted));
        assert_eq!(
            by,
            Some(format!(
                "referrer {referrer} of {name}:plain (Shop Ltd; signature not verified)"
            ))
        );
        image("other", "other");
        assert_eq!(suppressed(&scanned("other", &wanted)), None, "{kind:?}");

        // An attestation, whose statement is about what it attests.
        let signed = image("signed", "signed");
        let document = openvex("CVE-2026-1111", "Signer", None);
        let envelope = attested(&signed.0, document.clone());
        attach(&signed, "application/vnd.in-toto+json", &envelope);
        let by = suppressed(&scanned("signed", &wanted)).unwrap_or_default();
        assert!(by.ends_with("(Signer; signature not verified)"), "{by}");
        // One about another image counts for nobody.
        let moved = image("moved", "moved");
        attach(&moved, "application/vnd.in-toto+json", &envelope);
        let run = scanned("moved", &wanted);
        assert_eq!(suppressed(&run), None);
        assert!(run.stderr.contains("is of another image"), "{run}");

        // Where cosign puts it.
        let tagged = image("tagged", "tagged");
        let envelope = attested(&tagged.0, document);
        push(
            &registry,
            &format!("{}.att", tagged.0.replace(':', "-")),
            (&oci("config.v1+json"), b"{}"),
            &[("application/vnd.dsse.envelope.v1+json", &envelope)],
            json!({}),
        );
        let by = suppressed(&scanned("tagged", &wanted)).unwrap_or_default();
        assert!(by.ends_with("(Signer; signature not verified)"), "{by}");
        // A check of workloads asks too.
        sandbox.write(
            "pods/pod.yaml",
            &format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: shop}}\nspec:\n  \
                 containers: [{{name: web, image: '{name}:signed'}}]\n"
            ),
        );
        sandbox.write(
            "goal.yaml",
            "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata: {name: g}\nspec:\n  \
             owner: web\n  why: Known flaws get fixed.\n  assets: {all: true}\n  require:\n  - \
             vulnerabilities: {max: 0}\n",
        );
        let args = [
            "check",
            "pods",
            "--goals",
            "goal.yaml",
            "--images",
            "registry",
        ];
        let rest = ["--now", NOW, "--no-cache", "--db-dir", "db", "-o", "json"];
        sandbox.run(&[&args[..], &rest].concat()).exits(2);
        sandbox.run(&[&args[..], &rest, &wanted].concat()).exits(0);
    }
}

/// Whether a registry does not list what refers to an image.
fn registry_has_no_api(registry: &Registry) -> bool {
    let url = format!(
        "http://{}/v2/shop/web/referrers/sha256:{}",
        registry.host(),
        "0".repeat(64)
    );
    ureq::get(url).call().is_err()
}
