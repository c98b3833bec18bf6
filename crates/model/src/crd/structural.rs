//! From a JSON Schema to a structural one.

use serde_json::{Map, Value, json};

/// How deep references are followed. The types do not refer to themselves.
const MAX_DEPTH: usize = 32;

/// The part of the schema at `pointer`, structural.
pub(super) fn of(schema: &Value, pointer: &str) -> Value {
    let part = schema.pointer(pointer).unwrap_or(&Value::Null);
    convert(part, schema, 0)
}

fn convert(part: &Value, root: &Value, depth: usize) -> Value {
    let Some(members) = part.as_object().filter(|_| depth < MAX_DEPTH) else {
        return anything(None);
    };
    let description = members.get("description").cloned();
    let mut result = if let Some(name) = members.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(name.trim_start_matches('#'));
        convert(target.unwrap_or(&Value::Null), root, depth + 1)
    } else if let Some(alternatives) = alternatives(members) {
        one_of(alternatives, root, depth)
    } else {
        plain(members, root, depth)
    };
    if let Some(description) = description {
        result["description"] = one_line(&description);
    }
    result
}

/// The alternatives but `null`: what is not there is not written.
fn alternatives(members: &Map<String, Value>) -> Option<Vec<&Value>> {
    let all = members.get("oneOf").or_else(|| members.get("anyOf"))?;
    let all = all.as_array()?.iter();
    Some(all.filter(|part| part["type"] != "null").collect())
}

fn one_of(alternatives: Vec<&Value>, root: &Value, depth: usize) -> Value {
    if let [only] = alternatives[..] {
        return convert(only, root, depth + 1);
    }
    let words: Vec<&Value> = alternatives
        .iter()
        .filter_map(|part| part.get("const"))
        .collect();
    if words.len() == alternatives.len() {
        return json!({"type": "string", "enum": words});
    }
    // One word, and what stands under it.
    let mut properties = Map::new();
    for part in &alternatives {
        for (name, property) in part["properties"].as_object().into_iter().flatten() {
            let mut property = convert(property, root, depth + 1);
            if property.get("description").is_none() {
                property["description"] = one_line(&part["description"]);
            }
            properties.insert(name.clone(), property);
        }
    }
    if properties.len() != alternatives.len() {
        return anything(None);
    }
    let names: Vec<String> = properties.keys().map(|name| format!("`{name}`")).collect();
    let given: Vec<String> = properties
        .keys()
        .map(|name| format!("(has(self.{}) ? 1 : 0)", escaped(name)))
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "x-kubernetes-validations": [{
            // A sum costs less than a list: the server has a budget for rules.
            "rule": format!("{} == 1", given.join(" + ")),
            "message": format!("name exactly one of {}", names.join(", ")),
        }],
    })
}

fn plain(members: &Map<String, Value>, root: &Value, depth: usize) -> Value {
    let Some(kind) = kind(members) else {
        return anything(members.get("description"));
    };
    let mut result = json!({"type": kind});
    for keyword in [
        "minItems",
        "maxItems",
        "minLength",
        "maxLength",
        "minProperties",
        "minimum",
        "maximum",
        "pattern",
        "required",
        "enum",
    ] {
        if let Some(value) = members.get(keyword) {
            result[keyword] = value.clone();
        }
    }
    if let Some(only) = members.get("const") {
        result["enum"] = json!([only]);
    }
    match members.get("format").and_then(Value::as_str) {
        Some(format @ ("date" | "date-time")) => result["format"] = format.into(),
        Some("uint32") => {
            result["format"] = "int64".into();
            result["maximum"] = u32::MAX.into();
        }
        Some("uint64" | "int64") => result["format"] = "int64".into(),
        _ => {}
    }
    if let Some(properties) = members.get("properties").and_then(Value::as_object) {
        result["properties"] = properties
            .iter()
            .map(|(name, property)| (name.clone(), convert(property, root, depth + 1)))
            .collect::<Map<_, _>>()
            .into();
    } else if let Some(values) = members
        .get("additionalProperties")
        .filter(|v| v.is_object())
    {
        result["additionalProperties"] = convert(values, root, depth + 1);
    }
    if let Some(items) = members.get("items") {
        result["items"] = convert(items, root, depth + 1);
    }
    result
}

/// The type, without `null`.
fn kind(members: &Map<String, Value>) -> Option<&str> {
    match members.get("type")? {
        Value::String(kind) => Some(kind),
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null"),
        _ => None,
    }
}

fn anything(description: Option<&Value>) -> Value {
    let mut result = json!({"x-kubernetes-preserve-unknown-fields": true});
    if let Some(description) = description {
        result["description"] = one_line(description);
    }
    result
}

/// A description without the line breaks of the source it is from.
fn one_line(description: &Value) -> Value {
    let text = description.as_str().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").into()
}

/// A field's name as CEL has it.
fn escaped(name: &str) -> String {
    name.replace("__", "__underscores__")
        .replace('-', "__dash__")
        .replace('.', "__dot__")
}
