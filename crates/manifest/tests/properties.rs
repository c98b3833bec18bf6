//! What holds for every input: nothing panics, spans name their bytes, edits do what they say
//! and nothing else.

#[path = "properties/writer.rs"]
mod writer;

use plimsoll_manifest::edit::{self, EditError, Op};
use plimsoll_manifest::{Document, FieldPath, Kind, Limits, Loaded, Node, Segment, Source, load};
use proptest::prelude::*;
use serde_json::{Value, json};
use writer::Writer;

fn read(bytes: &[u8]) -> Option<Loaded> {
    let limits = Limits::default();
    let source = Source::new("p.yaml", bytes.to_vec(), &limits).ok()?;
    Some(load(&source, &limits))
}

fn object(text: &str) -> Result<Document, TestCaseError> {
    let loaded = read(text.as_bytes()).ok_or_else(|| TestCaseError::fail("no text"))?;
    prop_assert!(loaded.errors.is_empty(), "{text}\n{:?}", loaded.errors);
    let mut documents = loaded.documents.into_iter();
    documents
        .next()
        .ok_or_else(|| TestCaseError::fail(format!("no object in\n{text}")))
}

/// Visits everything below a node and checks that its span lies within the text.
fn walk(node: Node<'_>) -> Result<(), TestCaseError> {
    let text = node.source().text();
    let span = node.span();
    prop_assert!(span.start <= span.end, "{span:?}");
    let written = text.get(span.range());
    prop_assert!(written.is_some(), "{span:?} of {}", text.len());
    let written = written.unwrap_or_default();
    prop_assert!(!written.ends_with([' ', '\n']), "{written:?}");
    for (key, value) in node.entries() {
        prop_assert!(text.get(key.span.range()).is_some());
        walk(value)?;
    }
    for item in node.items() {
        walk(item)?;
    }
    Ok(())
}

fn walk_all(loaded: &Loaded) -> Result<(), TestCaseError> {
    loaded
        .documents
        .iter()
        .try_for_each(|document| walk(document.root()))
}

/// Every written scalar, read alone, is the same scalar.
fn scalars_read_alone(node: Node<'_>) -> Result<(), TestCaseError> {
    if node.is_empty() && !matches!(node.kind(), Kind::Sequence | Kind::Mapping | Kind::Null) {
        let written = node.source().slice(node.span());
        let alone = object(&format!("apiVersion: v\nkind: k\nx: {written}\n"))?;
        let again = alone.root().get("x").map(Node::to_json);
        prop_assert_eq!(again, Some(node.to_json()), "{:?}", written);
    }
    node.entries()
        .try_for_each(|(_, value)| scalars_read_alone(value))?;
    node.items().try_for_each(scalars_read_alone)
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[a-d]",
        1 => prop_oneof![Just("app.io/x"), Just("yes"), Just("12"), Just("a b"), Just("é"), Just("#x"), Just("a: b"), Just("-"), Just("~")]
            .prop_map(str::to_owned),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e6f64..1e6).prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        "[a-z0-9:.-]{1,9}".prop_map(Value::from),
        "(y|no|null|1e3|0x1|2027-01-31|1:30|~|- a|a #b|é\u{85}|x\ny\n|\t)".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A Kubernetes object with random fields.
fn fields() -> impl Strategy<Value = Value> {
    prop::collection::vec((key(), value()), 0..5).prop_map(|fields| {
        let mut object = json!({"apiVersion": "v1", "kind": "A"});
        if let Some(map) = object.as_object_mut() {
            map.extend(fields);
        }
        object
    })
}

/// Steps that are resolved against the document: most lead to something that is there.
fn steps() -> impl Strategy<Value = Vec<(u8, String)>> {
    prop::collection::vec((any::<u8>(), key()), 1..4)
}

fn resolve(root: &Value, steps: &[(u8, String)]) -> FieldPath {
    let mut path = FieldPath::new();
    let mut node = root;
    for (choice, key) in steps {
        let next = match node {
            Value::Array(items) => {
                let at = *choice as usize % (items.len() + 1);
                path = path.index(at);
                items.get(at)
            }
            Value::Object(fields) if !fields.is_empty() && choice % 4 != 0 => {
                let existing = fields.keys().nth(*choice as usize % fields.len());
                let key = existing.unwrap_or(key);
                path = path.key(key);
                fields.get(key)
            }
            Value::Object(fields) => {
                path = path.key(key);
                fields.get(key)
            }
            Value::Null => {
                path = path.key(key);
                None
            }
            _ => break,
        };
        node = next.unwrap_or(&Value::Null);
    }
    path
}

/// What an operation means, said once more.
fn carry_out(value: &mut Value, op: &Op) -> Option<()> {
    fn enter<'v>(value: &'v mut Value, segment: &Segment, make: bool) -> Option<&'v mut Value> {
        match segment {
            Segment::Key(key) => {
                if make && value.is_null() {
                    *value = json!({});
                }
                let fields = value.as_object_mut()?;
                if make && !fields.contains_key(key.as_ref()) {
                    fields.insert(key.to_string(), Value::Null);
                }
                fields.get_mut(key.as_ref())
            }
            Segment::Index(index) => {
                if make && value.is_null() {
                    *value = json!([]);
                }
                let items = value.as_array_mut()?;
                if make && *index as usize == items.len() {
                    items.push(Value::Null);
                }
                items.get_mut(*index as usize)
            }
        }
    }
    match op {
        Op::Set { path, value: new } => {
            let target = path
                .segments()
                .iter()
                .try_fold(value, |node, segment| enter(node, segment, true))?;
            *target = new.clone();
        }
        Op::Add { path, value: new } => {
            let target = path
                .segments()
                .iter()
                .try_fold(value, |node, segment| enter(node, segment, true))?;
            if target.is_null() {
                *target = json!([]);
            }
            target.as_array_mut()?.push(new.clone());
        }
        Op::Remove { path } => {
            let (last, parents) = path.segments().split_last()?;
            let Some(parent) = parents
                .iter()
                .try_fold(value, |node, segment| enter(node, segment, false))
            else {
                return Some(());
            };
            match (last, parent) {
                (Segment::Key(key), Value::Object(fields)) => {
                    fields.shift_remove(key.as_ref());
                }
                (Segment::Index(index), Value::Array(items)) if (*index as usize) < items.len() => {
                    items.remove(*index as usize);
                }
                _ => {}
            }
        }
    }
    Some(())
}

type Draw = (u8, Vec<(u8, String)>, Value);

fn draws() -> impl Strategy<Value = Vec<Draw>> {
    prop::collection::vec((any::<u8>(), steps(), value()), 1..4)
}

/// Operations for a document, and what it must be after them.
fn operations(root: &Value, draws: Vec<Draw>) -> (Vec<Op>, Value) {
    let mut after = root.clone();
    let mut ops = Vec::new();
    for (choice, steps, value) in draws {
        let path = resolve(&after, &steps);
        let head = path.segments().first();
        if [
            Some(&Segment::Key("apiVersion".into())),
            Some(&Segment::Key("kind".into())),
        ]
        .contains(&head)
        {
            continue;
        }
        let op = match choice % 4 {
            0 | 1 => Op::Set { path, value },
            2 => Op::Add { path, value },
            _ => Op::Remove { path },
        };
        let mut next = after.clone();
        if carry_out(&mut next, &op).is_some() {
            after = next;
            ops.push(op);
        }
    }
    (ops, after)
}

fn check_edit(text: &str, root: &Value, draws: Vec<Draw>) -> Result<(), TestCaseError> {
    let document = object(text)?;
    prop_assert_eq!(&document.root().to_json(), root, "{}", text);
    let (ops, after) = operations(root, draws);
    let planned = match edit::plan(&document, &ops) {
        Ok(planned) => planned,
        Err(error) => return Err(TestCaseError::fail(format!("{error}\n{ops:?}\n{text}"))),
    };
    let edited = edit::apply(text, &planned.edits)
        .map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(
        &object(&edited)?.root().to_json(),
        &after,
        "{:?}\n{}\n->\n{}",
        ops,
        text,
        edited
    );
    // A text block at the end needs its line break.
    if edited.ends_with('\n') != text.ends_with('\n')
        && !text.contains(": |")
        && !text.contains("- |")
    {
        return Err(TestCaseError::fail(format!(
            "the end of the file changed\n{ops:?}\n{text:?}\n->\n{edited:?}"
        )));
    }
    let comments = |text: &str| {
        text.lines()
            .filter(|line| line.starts_with("# kept"))
            .count()
    };
    prop_assert!(comments(&edited) <= comments(text));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Some(loaded) = read(&bytes) {
            walk_all(&loaded)?;
        }
    }

    #[test]
    fn yaml_like_text_never_panics(
        text in "(a|b|: |- |\n|\n  |\\[|\\]|\\{|\\}|, |\"|'|&a |\\*a|<<|!!str |\\||>|\\+|#|---\n|\\.\\.\\.\n|é|\t|\r\n|\\? |\\{\\{){0,40}"
    ) {
        let text = format!("apiVersion: v\nkind: k\n{text}");
        if let Some(loaded) = read(text.as_bytes()) {
            walk_all(&loaded)?;
        }
    }

    #[test]
    fn json_is_read_as_serde_json_reads_it(value in value(), pretty in any::<bool>()) {
        let root = json!({"apiVersion": "v", "kind": "k", "x": value});
        let text = if pretty { serde_json::to_string_pretty(&root) } else { serde_json::to_string(&root) };
        let text = text.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let document = object(&text)?;
        walk(document.root())?;
        prop_assert_eq!(document.root().to_json(), root);
    }

    #[test]
    fn written_yaml_is_read_back(root in fields(), seed in any::<u64>()) {
        let text = Writer::new(seed).document(&root);
        let document = object(&text)?;
        walk(document.root())?;
        prop_assert_eq!(&document.root().to_json(), &root, "{}", text);
        scalars_read_alone(document.root())?;
    }

    #[test]
    fn edits_of_yaml_do_what_they_say(root in fields(), seed in any::<u64>(), draws in draws()) {
        check_edit(&Writer::new(seed).document(&root), &root, draws)?;
    }

    #[test]
    fn edits_of_json_do_what_they_say(root in fields(), pretty in any::<bool>(), draws in draws()) {
        let text = if pretty { serde_json::to_string_pretty(&root) } else { serde_json::to_string(&root) };
        check_edit(&text.map_err(|error| TestCaseError::fail(error.to_string()))?, &root, draws)?;
    }

    #[test]
    fn edits_of_any_text_are_right_or_refused(
        text in "((a|b|c|d): |- |x|\n|\n  |\n    |\\[|\\]|\\{|\\}|, |\"|'|&a |\\*a|<<: |!!str |\\|\n|>\n|# c|\r\n|\\? ){0,30}",
        draws in draws(),
    ) {
        let text = format!("apiVersion: v1\nkind: A\n{text}");
        let Some(document) = read(text.as_bytes()).and_then(|loaded| loaded.documents.into_iter().next()) else {
            return Ok(());
        };
        let root = document.root().to_json();
        let (ops, after) = operations(&root, draws);
        match edit::plan(&document, &ops) {
            Ok(planned) if !planned.shared => {
                let edited = edit::apply(&text, &planned.edits).map_err(|error| TestCaseError::fail(error.to_string()))?;
                prop_assert_eq!(object(&edited)?.root().to_json(), after, "{:?}\n{}\n->\n{}", ops, text, edited);
            }
            Ok(_) | Err(EditError::Unsafe { .. } | EditError::Merged { .. }) => {}
            Err(error) => return Err(TestCaseError::fail(format!("{error}\n{ops:?}\n{text}"))),
        }
    }

    #[test]
    fn paths_are_read_as_they_are_written(keys in prop::collection::vec(prop_oneof![
        any::<String>().prop_map(|key| Segment::Key(key.into())),
        "[a-zA-Z./-]{1,8}".prop_map(|key| Segment::Key(key.into())),
        any::<u32>().prop_map(Segment::Index),
    ], 0..5)) {
        let path = FieldPath(keys);
        prop_assert_eq!(FieldPath::parse(&path.to_string()), Ok(path));
    }
}
