//! What files hold, by example: one line a document.

use std::fmt::Write as _;

use super::*;

fn read(text: impl AsRef<[u8]>, limits: &Limits) -> Loaded {
    let source =
        Source::new("f.yaml", text.as_ref().to_vec(), limits).expect("UTF-8 within the limit");
    load(&source, limits)
}

/// Everything that was found, one thing a line.
fn show(loaded: &Loaded) -> String {
    let mut out = String::new();
    for document in &loaded.documents {
        let root = document.root();
        let _ = writeln!(
            out,
            "{} {} {}",
            document.index(),
            root.place(),
            root.to_json()
        );
    }
    for skipped in &loaded.skipped {
        let _ = writeln!(out, "skipped {}: {}", skipped.place, skipped.reason);
    }
    for error in &loaded.errors {
        let _ = writeln!(out, "{error}");
    }
    if let Some(not_rendered) = &loaded.not_rendered {
        let _ = writeln!(
            out,
            "not rendered {}: {}",
            not_rendered.place, not_rendered.reason
        );
        for guess in &not_rendered.guesses {
            let part = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".to_owned());
            let _ = writeln!(
                out,
                "guess {} {} {}",
                guess.place,
                part(&guess.kind),
                part(&guess.name)
            );
        }
    }
    if loaded.empty > 0 {
        let _ = writeln!(out, "empty {}", loaded.empty);
    }
    out
}

#[track_caller]
fn check(text: &str, expect: &str) {
    assert_eq!(show(&read(text, &Limits::default())), expect, "{text:?}");
}

/// The JSON of a document that has `apiVersion: v` and `kind: k` before `text`.
#[track_caller]
fn check_fields(text: &str, expect: &str) {
    let loaded = read(
        format!("apiVersion: v\nkind: k\n{text}"),
        &Limits::default(),
    );
    let json = loaded.documents.first().map(|document| {
        let mut json = document.root().to_json();
        if let Some(fields) = json.as_object_mut() {
            fields.retain(|key, _| key != "apiVersion" && key != "kind");
        }
        json.to_string()
    });
    assert_eq!(
        json.as_deref(),
        Some(expect),
        "{text:?} {:?}",
        loaded.errors
    );
}

/// What is said about `text` after `apiVersion: v` and `kind: k`.
#[track_caller]
fn check_error(text: &str, expect: &str) {
    let loaded = read(
        format!("apiVersion: v\nkind: k\n{text}"),
        &Limits::default(),
    );
    let errors: Vec<String> = loaded.errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors.join("\n"), expect, "{text:?} {:?}", loaded.documents);
}

#[test]
fn streams_are_cut_into_documents() {
    check("", "");
    check(
        "apiVersion: v\nkind: A\n",
        "0 1:1 {\"apiVersion\":\"v\",\"kind\":\"A\"}\n",
    );
    check(
        "# c\n---\napiVersion: v\nkind: A\n---\n---\n# only a comment\n---\napiVersion: v\nkind: B\n...\n",
        "0 3:1 {\"apiVersion\":\"v\",\"kind\":\"A\"}\n1 9:1 {\"apiVersion\":\"v\",\"kind\":\"B\"}\nempty 2\n",
    );
    check(
        "%YAML 1.2\n---\napiVersion: v\nkind: A\n...\n%TAG ! !x\n---\napiVersion: v\nkind: B",
        "0 3:1 {\"apiVersion\":\"v\",\"kind\":\"A\"}\n1 8:1 {\"apiVersion\":\"v\",\"kind\":\"B\"}\n",
    );
    check(
        "\u{feff}apiVersion: v\r\nkind: A\r\n---\r\nkind: \"B\"\r\napiVersion: v\r\n",
        "0 1:1 {\"apiVersion\":\"v\",\"kind\":\"A\"}\n1 4:1 {\"kind\":\"B\",\"apiVersion\":\"v\"}\n",
    );
    check(
        "--- {apiVersion: v, kind: A}\n",
        "0 1:5 {\"apiVersion\":\"v\",\"kind\":\"A\"}\n",
    );
}

#[test]
fn json_values_follow_one_another() {
    check(
        "{\"apiVersion\":\"v\",\"kind\":\"A\"}\n{\"apiVersion\":\"v\",\"kind\":\"B\"} {\"apiVersion\":\"v\",\"kind\":\"C\"}",
        "0 1:1 {\"apiVersion\":\"v\",\"kind\":\"A\"}\n1 2:1 {\"apiVersion\":\"v\",\"kind\":\"B\"}\n\
         2 2:31 {\"apiVersion\":\"v\",\"kind\":\"C\"}\n",
    );
    check(
        "{\"apiVersion\":\"v\",\"kind\":\"A\"}\n{\"a\" 1}\n{\"apiVersion\":\"v\",\"kind\":\"B\"}",
        "0 1:1 {\"apiVersion\":\"v\",\"kind\":\"A\"}\n1 3:1 {\"apiVersion\":\"v\",\"kind\":\"B\"}\n\
         f.yaml:2:6: this is not JSON: `:` was expected after the key, but here is `1`\n",
    );
    check(
        "{apiVersion: v, kind: A}\n",
        "0 1:1 {\"apiVersion\":\"v\",\"kind\":\"A\"}\n",
    );
    check(
        "{\"a\": 1, \"a\": 2}",
        "f.yaml:1:10: the key `a` is written twice in one mapping; remove one of them (the first one is at 1:2)\n",
    );
}

#[test]
fn lists_are_taken_apart() {
    check(
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v\n  kind: A\n- {apiVersion: v, kind: B}\n- 3\n- kind: C\n",
        "0 4:3 {\"apiVersion\":\"v\",\"kind\":\"A\"}\n1 6:3 {\"apiVersion\":\"v\",\"kind\":\"B\"}\n\
         skipped 7:3: it is not a mapping\nskipped 8:3: it has no apiVersion and kind\n",
    );
    check("apiVersion: v1\nkind: PodList\nitems: []\n", "");
    check(
        "apiVersion: v1\nkind: AllowList\nspec: {}\n",
        "0 1:1 {\"apiVersion\":\"v1\",\"kind\":\"AllowList\",\"spec\":{}}\n",
    );
}

#[test]
fn items_of_typed_lists_take_the_names_of_the_list() {
    let check = |text: &str, expect: &[(&str, &str, u32)], skipped: usize| {
        let limits = Limits::default();
        let source = Source::new("f.yaml", text.as_bytes().to_vec(), &limits).expect("UTF-8");
        let loaded = load(&source, &limits);
        let found: Vec<_> = loaded
            .documents
            .iter()
            .map(|document| {
                let line = document.root().place().line;
                (document.api_version(), document.kind(), line)
            })
            .collect();
        assert_eq!(found, expect, "{text}");
        assert_eq!(loaded.skipped.len(), skipped, "{text}");
    };
    let list =
        |kind: &str, items: &str| format!("apiVersion: apps/v1\nkind: {kind}\nitems:\n{items}");
    check(
        &list(
            "DeploymentList",
            "- metadata: {name: a}\n- metadata: {name: b}\n",
        ),
        &[("apps/v1", "Deployment", 4), ("apps/v1", "Deployment", 5)],
        0,
    );
    check(
        "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{},\n\"items\":[{\"metadata\":{\"name\":\"a\"}}]}",
        &[("v1", "Pod", 2)],
        0,
    );
    // What an item says itself holds, and half of a name is none of another kind.
    check(
        &list(
            "DeploymentList",
            "- {apiVersion: v1, kind: Service, metadata: {}}\n- {kind: Deployment, metadata: {}}\n- {apiVersion: apps/v2, metadata: {}}\n- {kind: Service, metadata: {}}\n- {kind: \"\", apiVersion: \"\", metadata: {}}\n",
        ),
        &[
            ("v1", "Service", 4),
            ("apps/v1", "Deployment", 5),
            ("apps/v2", "Deployment", 6),
            ("apps/v1", "Deployment", 8),
        ],
        1,
    );
    // Items without metadata are no objects, and a List is of no kind.
    check(&list("AddressList", "- {cidr: 10.0.0.0/8}\n- 3\n"), &[], 2);
    check(&list("List", "- metadata: {name: a}\n"), &[], 1);
    // A list in a list: the nearest names the items.
    check(
        &list(
            "List",
            "- apiVersion: v1\n  kind: PodList\n  items:\n  - metadata: {name: a}\n",
        ),
        &[("v1", "Pod", 7)],
        0,
    );
}

#[test]
fn what_is_no_object_is_counted() {
    check(
        "- a\n---\nfoo\n---\na: b\n---\napiVersion: 1\nkind: A\n",
        "skipped 1:1: it is not a mapping\nskipped 3:1: it is not a mapping\n\
         skipped 5:1: it has no apiVersion and kind\nskipped 7:1: it has no apiVersion and kind\n",
    );
}

#[test]
fn values_are_what_kubernetes_takes_them_for() {
    check_fields(
        "a: yes\nb: 'yes'\nc: 017\nd: 08\ne: ~\nf: !!str 5\ng: !!int \"5\"\nh: !x 5\ni: ! 5\n",
        r#"{"a":true,"b":"yes","c":15,"d":8.0,"e":null,"f":"5","g":5,"h":5,"i":"5"}"#,
    );
    check_fields(
        "a: !!binary aGk=\nb: .inf\nc: 1_000\nd: 2027-01-31\n80: x\n",
        r#"{"a":"hi","b":".inf","c":1000,"d":"2027-01-31","80":"x"}"#,
    );
    check_fields(
        "a: |\n  x\n   y\n\nb: >-\n  x\n  y\n\n  z\nc: |+\n  x\n\nd: \"a\\\n  b\\u00e9\"\ne: 'it''s\n  on'\n",
        r#"{"a":"x\n y\n","b":"x y\nz","c":"x\n\n","d":"abé","e":"it's on"}"#,
    );
    check_fields(
        "a: {b: [1, {c: d}], e, \"f\": }\n? g\n: h\ni:\n- - 1\n  - 2\n-\n- x: 1\n  y: 2\n",
        r#"{"a":{"b":[1,{"c":"d"}],"e":null,"f":null},"g":"h","i":[[1,2],null,{"x":1,"y":2}]}"#,
    );
    check_fields(
        "a: x # c\nb: x#y\nc: a:b\nd: http://x\ne: -1\nf: -x\ng: ?x\nh: [a:b, -1]\n\"i j\": 1\n",
        r##"{"a":"x","b":"x#y","c":"a:b","d":"http://x","e":-1,"f":"-x","g":"?x","h":["a:b",-1],"i j":1}"##,
    );
}

#[test]
fn brackets_may_close_where_their_key_begins() {
    check_fields(
        "a:\n  b: [\n    x, # é [\n  ]\nc: {\nd: 1,\n\"e\": [ 'f\n  ]', g\n  h\n]\n}\ni: [\n  1\n]\n",
        r#"{"a":{"b":["x"]},"c":{"d":1,"e":["f ]","g h"]},"i":[1]}"#,
    );
    let loaded = read(
        "apiVersion: v\nkind: k\na: [\n  é, # ü\n  {b: c}\n]\nd: e\n",
        &Limits::default(),
    );
    let root = loaded.documents.first().expect("one").root();
    let check = |path: &str, place: &str, written: &str| {
        let node = root.lookup(&path.parse().expect("a path")).expect(path);
        assert_eq!(
            (
                node.place().to_string().as_str(),
                node.source().slice(node.span())
            ),
            (place, written)
        );
    };
    check("a", "3:4", "[\n  é, # ü\n  {b: c}\n]");
    check("a[1].b", "5:7", "c");
    check("d", "7:4", "e");
}

#[test]
fn anchors_and_merge_keys_are_resolved() {
    check_fields(
        "a: &x {b: 1}\nc: *x\nd: [*x, *x]\n",
        r#"{"a":{"b":1},"c":{"b":1},"d":[{"b":1},{"b":1}]}"#,
    );
    check_fields(
        "a: &x {b: 1, c: 2}\nd: &y {c: 3, e: 4}\nf:\n  b: 0\n  <<: [*x, *y]\n",
        r#"{"a":{"b":1,"c":2},"d":{"c":3,"e":4},"f":{"b":0,"c":2,"e":4}}"#,
    );
    check_fields("a: &x k\n*x : 1\n\"<<\": 2\n", r#"{"a":"k","k":1,"<<":2}"#);
    let loaded = read(
        "apiVersion: v\nkind: k\na: &x {b: 1}\nc: *x\nd: {<<: *x}\ne: 1\n",
        &Limits::default(),
    );
    let root = loaded.documents.first().expect("one").root();
    let flags = |path: &str| {
        let node = root.lookup(&path.parse().expect("a path")).expect(path);
        (node.is_shared(), node.is_merged(), node.place().to_string())
    };
    assert_eq!(flags("a.b"), (true, false, "3:11".to_owned()));
    assert_eq!(flags("c.b"), (true, false, "3:11".to_owned()));
    assert_eq!(flags("d.b"), (true, true, "3:11".to_owned()));
    assert_eq!(flags("d"), (false, false, "5:4".to_owned()));
    assert_eq!(flags("e"), (false, false, "6:4".to_owned()));
}

#[test]
fn errors_say_what_where_and_what_next() {
    check_error(
        "a: 1\nb: 2\na: 3\n",
        "f.yaml:5:1: the key `a` is written twice in one mapping; remove one of them (the first one is at 3:1)",
    );
    check_error(
        "a:\n\tb: 1\n",
        "f.yaml:4:1: a tab is used for indentation, which YAML forbids; use spaces",
    );
    check_error(
        "a: *b\n",
        "f.yaml:3:4: the alias `*b` has no anchor `&b` before it in this document",
    );
    check_error(
        "a: &b [*b]\n",
        "f.yaml:3:8: an alias stands inside the value it repeats, which has no end",
    );
    check_error(
        "a: {<<: 1}\n",
        "f.yaml:3:5: the merge key `<<` wants a mapping, an alias of one, or a sequence of those",
    );
    check_error(
        "[a]: 1\n",
        "f.yaml:3:1: a sequence or mapping is used as a key; keys here are plain names",
    );
    check_error(
        "a: \u{1}\n",
        "f.yaml:3:4: control character U+0001 is not allowed; is this a binary file?",
    );
    check_error(
        "a: x: y\n",
        "f.yaml:3:5: this is not valid YAML: a second `:` in one line, or a key deeper than the value before it; \
         put the value in quotes or align the key with the ones above",
    );
    check_error(
        "a: \"x\n",
        "f.yaml:3:4: this is not valid YAML: a quote that opens here is never closed",
    );
    check_error(
        "a:\n  b: 1\n c: 2\n",
        "f.yaml:5:2: this is not valid YAML: a key was expected; this line's indentation fits none of the mappings around it",
    );
}

#[test]
fn one_bad_document_costs_no_other() {
    check(
        "apiVersion: v\nkind: A\n---\na: [\n---\napiVersion: v\nkind: B\n---\na:\n\tb: 1\n---\napiVersion: v\nkind: C\n",
        "0 1:1 {\"apiVersion\":\"v\",\"kind\":\"A\"}\n1 6:1 {\"apiVersion\":\"v\",\"kind\":\"B\"}\n\
         2 12:1 {\"apiVersion\":\"v\",\"kind\":\"C\"}\n\
         f.yaml:5:1: this is not valid YAML: a value was expected; a bracket or quote above may not be closed\n\
         f.yaml:10:1: a tab is used for indentation, which YAML forbids; use spaces\n",
    );
}

#[test]
fn templates_are_told_from_texts_with_braces() {
    let fine = |text: &str| {
        let loaded = read(
            format!("apiVersion: v\nkind: k\n{text}"),
            &Limits::default(),
        );
        assert_eq!(
            (loaded.documents.len(), loaded.not_rendered),
            (1, None),
            "{text:?} {:?}",
            loaded.errors
        );
    };
    fine("a: \"{{ .Values.x }}\"\n");
    fine("a: '{{inputs.x}}'\n");
    fine("a: x-{{workflow.name}}\n");
    fine("a: |\n  {{- if .Values.x }}\n  y\n  {{- end }}\n");
    fine("a: ${{ (b || c) }}\n");
    fine("# {{ .Values.x }}\na: 1\n");
    check(
        "{{- if .Values.on }}\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}-web\n{{- end }}\n\
           ---\napiVersion: v1\nkind: Service\nmetadata:\n  labels: {{- include \"x\" . | nindent 4 }}\n  name: \"svc\"\n\
           ---\napiVersion: v\nkind: A\n",
        "0 14:1 {\"apiVersion\":\"v\",\"kind\":\"A\"}\n\
         not rendered 1:1: template actions are in the way of reading it as YAML\n\
         guess 3:1 Deployment {{ .Release.Name }}-web\nguess 9:1 Service svc\n",
    );
    check(
        "apiVersion: v\nkind: A\nimage: nginx:{{ .Values.tag }}\n",
        "not rendered 3:14: values are template actions that are not filled in\nguess 2:1 A ?\n",
    );
    check(
        "apiVersion: v\nkind: A\nreplicas: {{ .Values.replicas }}\n",
        "not rendered 3:11: template actions are in the way of reading it as YAML\nguess 2:1 A ?\n",
    );
    check_error(
        "a: \"{{ $labels.x }}\"\nb: [\n",
        "f.yaml:5:1: this is not valid YAML: a value was expected; a bracket or quote above may not be closed",
    );
}

#[test]
fn limits_hold() {
    let error = |text: &str, limits: &Limits| {
        let loaded = read(text, limits);
        assert!(loaded.documents.is_empty());
        loaded.errors.first().map(|error| error.kind.clone())
    };
    let limits = Limits::default();
    let deep = "[".repeat(1_000_000);
    assert!(error(&deep, &limits).is_some());
    let deep = format!("{{\"a\":{deep}");
    assert_eq!(
        error(&deep, &limits),
        Some(LoadErrorKind::TooDeep { limit: 64 })
    );
    let deep: String = (0..200)
        .map(|at| format!("{}a:\n", " ".repeat(at)))
        .collect();
    assert_eq!(
        error(&deep, &limits),
        Some(LoadErrorKind::TooDeep { limit: 64 })
    );
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for at in 1..20 {
        let before = at - 1;
        let _ = writeln!(
            laughs,
            "a{at}: &a{at} [{}]",
            format!("*a{before}, ").repeat(10)
        );
    }
    assert_eq!(
        error(&laughs, &limits),
        Some(LoadErrorKind::TooManyNodes { limit: 1_000_000 })
    );
    let mut merges = "a0: &a0 {x: 1, y: 2}\n".to_owned();
    for at in 1..40 {
        let before = at - 1;
        let _ = writeln!(
            merges,
            "a{at}: &a{at} {{l{at}: *a{before}, r{at}: *a{before}, <<: *a{before}}}"
        );
    }
    assert_eq!(
        error(&merges, &limits),
        Some(LoadErrorKind::TooManyNodes { limit: 1_000_000 })
    );
    let mut chain = "a0: &a0 [x]\n".to_owned();
    for at in 1..100 {
        let _ = writeln!(chain, "a{at}: &a{at} [*a{}]", at - 1);
    }
    assert_eq!(
        error(&chain, &limits),
        Some(LoadErrorKind::TooDeep { limit: 64 })
    );
    let mut long = format!("a: &a {}\nb:\n", "x".repeat(100_000));
    long.push_str(&"- *a\n".repeat(10_000));
    assert_eq!(
        error(&long, &limits),
        Some(LoadErrorKind::TooManyNodes { limit: 1_000_000 })
    );
    let mut long = format!("a: &a {}\nb:\n", "x".repeat(100_000));
    long.push_str(&"- *a : 1\n".repeat(10_000));
    assert_eq!(
        error(&long, &limits),
        Some(LoadErrorKind::TooManyNodes { limit: 1_000_000 })
    );
    let two = Limits {
        max_documents: 2,
        ..Limits::default()
    };
    let loaded = read("apiVersion: v\nkind: A\n---\n".repeat(5), &two);
    assert_eq!(loaded.documents.len(), 2);
    assert_eq!(
        loaded.errors.first().map(|error| error.kind.clone()),
        Some(LoadErrorKind::TooManyDocuments { limit: 2 })
    );
    let few = Limits {
        max_bytes: 3,
        ..Limits::default()
    };
    let error = Source::new("f", b"abcd".to_vec(), &few).expect_err("four bytes");
    assert_eq!(error.kind, LoadErrorKind::TooLarge { size: 4, limit: 3 });
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let check = |bytes: &[u8], message: &str| {
        let error = Source::new("f", bytes.to_vec(), &Limits::default()).expect_err(message);
        assert_eq!(error.to_string(), message);
    };
    check(
        b"ab\nc\xffd",
        "f:2:2: byte 4 of the file is not UTF-8; save the file as UTF-8",
    );
    check(
        b"\xff\xfea\0",
        "f:1:1: the file is UTF-16 or UTF-32; save it as UTF-8",
    );
    check(
        b"a\0b\0",
        "f:1:1: the file is UTF-16 or UTF-32; save it as UTF-8",
    );
}

#[test]
fn a_hundred_thousand_documents_are_read() {
    let loaded = read(
        "---\n{apiVersion: v, kind: A}\n".repeat(100_000),
        &Limits::default(),
    );
    assert_eq!((loaded.documents.len(), loaded.errors.len()), (100_000, 0));
    assert_eq!(
        loaded
            .documents
            .last()
            .map(|document| document.root().place().to_string())
            .as_deref(),
        Some("200000:1")
    );
}

#[test]
fn parts_read_apart_are_the_whole() {
    let text = "apiVersion: v\nkind: A\n---\nx: [\n---\napiVersion: v\nkind: {{ .Values.x }}\n---\napiVersion: v\nkind: B\n";
    let limits = Limits::default();
    let source = Source::new("f.yaml", text.as_bytes().to_vec(), &limits).expect("UTF-8");
    let parts: Vec<Part> = split(&source).collect();
    let mut joined = Loaded::default();
    for run in parts.chunks(3) {
        joined.append(load_parts(&source, run, &limits));
    }
    assert_eq!(show(&joined), show(&load(&source, &limits)));
}

#[test]
fn spans_are_exactly_what_is_written() {
    let text = "apiVersion: v\nkind: k\né: &x !!str \"ü\" # c\nb:   c  d   # e\nf: |  # g\n  h\n\ni:\n- 'j'\n- {k: l}  # m\nn:\no: [1,\n  2]\np:\n  q: *x\n";
    let loaded = read(text, &Limits::default());
    let document = loaded.documents.first().expect("one");
    let check = |path: &str, written: &str| {
        let node = document
            .root()
            .lookup(&path.parse().expect("a path"))
            .expect(path);
        assert_eq!(node.source().slice(node.span()), written, "{path}");
    };
    check("é", "\"ü\"");
    check("b", "c  d");
    check("f", "|  # g\n  h");
    check("i", "- 'j'\n- {k: l}");
    check("i[0]", "'j'");
    check("i[1]", "{k: l}");
    check("n", "");
    check("o", "[1,\n  2]");
    check("p", "q: *x");
    check("", text.trim_end());
    let n = document.root().get("n").expect("written").place();
    assert_eq!(n.to_string(), "11:3");
}

#[test]
fn quotes_may_close_left_of_their_key() {
    let check = |value: &str, expect: &str| {
        let text = format!("apiVersion: v\nkind: k\nd:\n  e:\n    f: {value}\n  g: [h]\n");
        let expect = format!(
            "0 1:1 {{\"apiVersion\":\"v\",\"kind\":\"k\",\"d\":{{\"e\":{{\"f\":{expect}}},\"g\":[\"h\"]}}}}\n"
        );
        assert_eq!(show(&read(&text, &Limits::default())), expect, "{text}");
    };
    check("'{\n  \"a\": 1\n}'", r#""{ \"a\": 1 }""#);
    check("\"one\n  two\n\nthree\"", r#""one two\nthree""#);
    check("\"one\\\n  two\\n\n three\"", r#""onetwo\n three""#);
    check("'it''s\none'", r#""it's one""#);
    check("'é\nü' # c", r#""é ü""#);
    check("['a\nb', \"c\nd\"]", r#"["a b","c d"]"#);
    check("\"a\r\nb\"", r#""a b""#);
}

#[test]
fn a_quoted_value_with_joined_lines_keeps_its_span() {
    let text = "apiVersion: v\nkind: k\nd:\n  f: 'a\nb'\n  g: 1\n";
    let loaded = read(text, &Limits::default());
    let value = loaded.documents[0].root().get("d").and_then(|d| d.get("f"));
    let value = value.expect("it was read");
    assert_eq!(text.get(value.span().range()), Some("'a\nb'"));
    assert_eq!(value.as_str(), Some("a b"));
}
