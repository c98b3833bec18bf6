//! Edits by example, then by property.

use serde_json::json;

use super::*;
use crate::{Limits, Source, load};

fn object(text: &str) -> Document {
    let limits = Limits::default();
    let source = Source::new("e.yaml", text.as_bytes().to_vec(), &limits).expect("small UTF-8");
    let loaded = load(&source, &limits);
    assert!(loaded.errors.is_empty(), "{:?}", loaded.errors);
    loaded.documents.into_iter().next().expect("one object")
}

fn edit(text: &str, ops: &[Op]) -> Result<String, EditError> {
    let planned = plan(&object(text), ops)?;
    apply(text, &planned.edits)
}

fn path(text: &str) -> FieldPath {
    FieldPath::parse(text).expect("a path of the test")
}

fn put(at: &str, value: Value) -> Op {
    Op::Set {
        path: path(at),
        value,
    }
}

fn remove(at: &str) -> Op {
    Op::Remove { path: path(at) }
}

fn add(at: &str, value: Value) -> Op {
    Op::Add {
        path: path(at),
        value,
    }
}

const HEAD: &str = "apiVersion: v1\nkind: A\n";

#[track_caller]
fn check(before: &str, op: Op, after: &str) {
    let edited = edit(&format!("{HEAD}{before}"), &[op]).expect(before);
    assert_eq!(edited, format!("{HEAD}{after}"));
}

#[test]
fn scalars_are_replaced_in_their_style() {
    check("a: 1 # c\n", put("a", json!(2)), "a: 2 # c\n");
    check("a: 'x'\n", put("a", json!("it's")), "a: 'it''s'\n");
    check("a: \"x\"\n", put("a", json!("y")), "a: \"y\"\n");
    check("a: x\n", put("a", json!("yes")), "a: \"yes\"\n");
    check("a: x\n", put("a", json!("1.5")), "a: \"1.5\"\n");
    check(
        "a: x\n",
        put("a", json!("2027-01-31")),
        "a: \"2027-01-31\"\n",
    );
    check("a: x\n", put("a", json!("100m")), "a: 100m\n");
    check("a: x\n", put("a", json!("a: b")), "a: \"a: b\"\n");
    check("a: x\n", put("a", json!("a\nb")), "a: \"a\\nb\"\n");
    check("a:\n", put("a", json!(true)), "a: true\n");
    check(
        "a: # c\nb: 1\n",
        put("a", json!(true)),
        "a: true # c\nb: 1\n",
    );
    check(
        "a: |\n  x\n  y\nb: 1\n",
        put("a", json!("z")),
        "a: z\nb: 1\n",
    );
    check("a: !!str 5\n", put("a", json!(6)), "a: 6\n");
    check(
        "a:\n  long\n  text\nb: 1\n",
        put("a", json!(6)),
        "a: 6\nb: 1\n",
    );
}

#[test]
fn keys_are_added_after_the_last_of_their_mapping() {
    check(
        "a:\n  b: 1\n\n# about c\nc: 2\n",
        put("a.d", json!(3)),
        "a:\n  b: 1\n  d: 3\n\n# about c\nc: 2\n",
    );
    check(
        "a:\n    b: 1 # c\n",
        put("a.d.e", json!(3)),
        "a:\n    b: 1 # c\n    d:\n        e: 3\n",
    );
    check(
        "a: 1",
        put("b", json!({"c": [1, {"d": 2}]})),
        "a: 1\nb:\n  c:\n  - 1\n  - d: 2",
    );
    check(
        "a:\n  - 1\nz: 1\n",
        put("b", json!([1])),
        "a:\n  - 1\nz: 1\nb:\n  - 1\n",
    );
    check("a: {}\n", put("a.b", json!(1)), "a:\n  b: 1\n");
    check("a: {} # c\n", put("a.b", json!(1)), "a: {b: 1} # c\n");
    check("a:\n", put("a.b", json!(1)), "a:\n  b: 1\n");
    check(
        "a: # c\nb: 1\n",
        put("a.b", json!(1)),
        "a: # c\n  b: 1\nb: 1\n",
    );
    check("a: null\n", put("a.b", json!([])), "a:\n  b: []\n");
    check(
        "a: {b: 1}\n",
        put("a.c", json!("x, y")),
        "a: {b: 1, c: \"x, y\"}\n",
    );
    check(
        "a: {\n  b: 1\n}\n",
        put("a.c", json!(2)),
        "a: {\n  b: 1,\n  c: 2\n}\n",
    );
    check(
        "a:\n- b: 1\n  c: 2\n- d: 1\n",
        put("a[0].e", json!(2)),
        "a:\n- b: 1\n  c: 2\n  e: 2\n- d: 1\n",
    );
    check("a: |\n  x\n", put("b", json!(1)), "a: |\n  x\nb: 1\n");
    check("a: |+\n  x\n\n", put("b", json!(1)), "a: |+\n  x\n\nb: 1\n");
    check(
        "a: 1\r\n",
        put("b", json!({"c": 1})),
        "a: 1\r\nb:\n  c: 1\n",
    );
    check(
        "m:\n  x: 1\n",
        put("m[\"a.b/c\"]", json!("d")),
        "m:\n  x: 1\n  a.b/c: d\n",
    );
}

#[test]
fn items_are_added_and_taken_away() {
    check(
        "a:\n- 1\n- 2 # c\nb: 1\n",
        add("a", json!({"x": 1, "w": [2]})),
        "a:\n- 1\n- 2 # c\n- x: 1\n  w:\n  - 2\nb: 1\n",
    );
    check("a: [1, 2]\n", add("a", json!("x")), "a: [1, 2, x]\n");
    check("a: []\n", add("a", json!("x")), "a:\n- x\n");
    check("b: 1\n", add("a.c", json!("x")), "b: 1\na:\n  c:\n  - x\n");
    check("a:\n- 1\n- 2\n- 3\n", remove("a[1]"), "a:\n- 1\n- 3\n");
    check("a:\n- 1\n", remove("a[0]"), "a: []\n");
    check("a:\n  b: 1\n", remove("a.b"), "a: {}\n");
    check("a:\n  b: 1\n  c: 2\n", remove("a.b"), "a:\n  c: 2\n");
    check(
        "a:\n  b: 1\n  c:\n    d: 2\ne: 1",
        remove("e"),
        "a:\n  b: 1\n  c:\n    d: 2",
    );
    check("a:\n- b: 1\n  c: 2\n", remove("a[0].b"), "a:\n- c: 2\n");
    check("a:\n- - 1\n  - 2\n", remove("a[0][0]"), "a:\n- - 2\n");
    check(
        "a: {b: 1, c: 2, d: 3}\n",
        remove("a.c"),
        "a: {b: 1, d: 3}\n",
    );
    check("a: {b: 1, c: 2}\n", remove("a.c"), "a: {b: 1}\n");
    check("a: {b: 1}\n", remove("a.b"), "a: {}\n");
    check("a: 1\n", remove("b.c"), "a: 1\n");
}

#[test]
fn several_operations_make_one_insertion() {
    let text = format!("{HEAD}spec:\n  containers:\n  - name: a\n");
    let at = "spec.containers[0].securityContext";
    let ops = [
        put(&format!("{at}.runAsNonRoot"), json!(true)),
        put(
            &format!("{at}.seccompProfile.type"),
            json!("RuntimeDefault"),
        ),
        add(&format!("{at}.capabilities.drop"), json!("ALL")),
    ];
    let planned = plan(&object(&text), &ops).expect("it is plain");
    assert_eq!(planned.edits.len(), 1);
    assert_eq!(
        apply(&text, &planned.edits).expect("it fits"),
        format!(
            "{text}    securityContext:\n      runAsNonRoot: true\n      seccompProfile:\n        type: RuntimeDefault\n      \
             capabilities:\n        drop:\n        - ALL\n"
        )
    );
}

#[test]
fn json_stays_json() {
    let check =
        |before: &str, op: Op, after: &str| assert_eq!(edit(before, &[op]).expect(before), after);
    let compact = r#"{"apiVersion":"v1","kind":"A","a":{"b":1}}"#;
    check(
        compact,
        put("a.c", json!({"d": [1, "x"]})),
        r#"{"apiVersion":"v1","kind":"A","a":{"b":1,"c":{"d":[1,"x"]}}}"#,
    );
    check(
        compact,
        remove("a.b"),
        r#"{"apiVersion":"v1","kind":"A","a":{}}"#,
    );
    let pretty = "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"A\",\n  \"a\": {}\n}\n";
    check(
        pretty,
        put("a.b", json!([1])),
        "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"A\",\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  }\n}\n",
    );
    check(
        pretty,
        put("b", json!("x")),
        "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"A\",\n  \"a\": {},\n  \"b\": \"x\"\n}\n",
    );
    check(
        pretty,
        remove("kind"),
        "{\n  \"apiVersion\": \"v1\",\n  \"a\": {}\n}\n",
    );
}

#[test]
fn shared_bytes_are_changed_at_their_anchor_and_told() {
    let text = format!("{HEAD}x: &x\n  b: 1\ny: *x\nz:\n  <<: *x\n  c: 1\n");
    let run = |op: Op| {
        let planned = plan(&object(&text), &[op]).expect("it can be done");
        (
            apply(&text, &planned.edits).expect("it fits"),
            planned.shared,
        )
    };
    let (out, shared) = run(put("y.b", json!(2)));
    assert_eq!((out, shared), (text.replace("b: 1", "b: 2"), true));
    let (out, shared) = run(put("z.b", json!(2)));
    assert_eq!((out, shared), (format!("{text}  b: 2\n"), false));
    let (out, shared) = run(put("y", json!(2)));
    assert_eq!((out, shared), (text.replace("y: *x", "y: 2"), false));
    let (out, shared) = run(put("z.d", json!(2)));
    assert_eq!((out, shared), (format!("{text}  d: 2\n"), false));
    let merged = plan(&object(&text), &[remove("z.b")]);
    assert_eq!(merged, Err(EditError::Merged { path: path("z.b") }));
}

#[test]
fn items_of_lists_are_edited_in_the_enclosing_file() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: A\n  a: 1\n- apiVersion: v1\n  kind: B\n";
    let limits = Limits::default();
    let source = Source::new("l.yaml", text.as_bytes().to_vec(), &limits).expect("small UTF-8");
    let documents = load(&source, &limits).documents;
    let mut edits = Vec::new();
    for document in &documents {
        edits.extend(
            plan(document, &[put("x.v", json!(1))])
                .expect("plain")
                .edits,
        );
    }
    assert_eq!(
        apply(text, &edits).expect("no overlap"),
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: A\n  a: 1\n  x:\n    v: 1\n- apiVersion: v1\n  kind: B\n  \
         x:\n    v: 1\n"
    );
}

#[test]
fn what_cannot_be_edited_is_refused() {
    let check = |before: &str, op: Op, message: &str| {
        let error = edit(&format!("{HEAD}{before}"), &[op]).expect_err(before);
        assert_eq!(error.to_string(), message);
    };
    check(
        "a: 1\n",
        put("a.b", json!(1)),
        "`a` has no fields: it is a number",
    );
    check(
        "a: 1\n",
        add("a", json!(1)),
        "`a` has no items: it is a number",
    );
    check("a: [1]\n", put("a[3]", json!(1)), "`a[3]` does not exist");
    check(
        "a: 1\n",
        put("", json!(1)),
        "the whole document cannot be replaced or removed by an edit of its fields",
    );
}

#[test]
fn apply_keeps_order_and_refuses_overlap() {
    let at = |start, end, text: &str| TextEdit {
        span: Span::new(start, end),
        text: text.to_owned(),
    };
    assert_eq!(
        apply("abc", &[at(1, 1, "x"), at(1, 1, "y"), at(2, 3, "")]),
        Ok("axyb".to_owned())
    );
    assert_eq!(
        apply("abc", &[at(0, 2, "x"), at(1, 1, "y")]),
        Err(EditError::Overlap { offset: 1 })
    );
    assert_eq!(
        apply("abc", &[at(9, 9, "x")]),
        Err(EditError::OutOfRange { offset: 9 })
    );
}

#[test]
fn items_of_typed_lists_are_edited_in_place() {
    let text = "# pods\napiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a} # first\n  spec: {hostPID: true}\n- metadata: {name: b}\n  spec:\n    hostPID: true # why\n";
    let limits = Limits::default();
    let source = Source::new("e.yaml", text.as_bytes().to_vec(), &limits).expect("small UTF-8");
    let documents = load(&source, &limits).documents;
    let second = documents.get(1).expect("two pods");
    assert_eq!((second.api_version(), second.kind()), ("v1", "Pod"));
    let ops = [
        put("spec.hostPID", json!(false)),
        put("spec.hostIPC", json!(false)),
    ];
    let planned = plan(second, &ops).expect("a plan");
    assert_eq!(
        apply(text, &planned.edits).expect("edits of this text"),
        text.replace(
            "hostPID: true # why\n",
            "hostPID: false # why\n    hostIPC: false\n"
        )
    );
}
