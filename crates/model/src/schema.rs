//! The JSON Schemas of the resources, generated from the types.

use schemars::{JsonSchema, generate::SchemaSettings};

use crate::resource::{AssetClass, Baseline, PostureException, PostureGoal};

/// Every resource's schema, by kind, in the order in which they are listed.
pub fn all() -> Vec<(&'static str, serde_json::Value)> {
    vec![
        ("PostureGoal", of::<PostureGoal>("PostureGoal")),
        ("AssetClass", of::<AssetClass>("AssetClass")),
        ("Baseline", of::<Baseline>("Baseline")),
        (
            "PostureException",
            of::<PostureException>("PostureException"),
        ),
    ]
}

fn of<T: JsonSchema>(kind: &str) -> serde_json::Value {
    let schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>();
    let mut value = schema.to_value();
    // A resource of another kind or version is not this kind: the types say
    // `String`, the schema says which.
    let fixed = [("apiVersion", crate::resource::API_VERSION), ("kind", kind)];
    for (at, (field, only)) in fixed.into_iter().enumerate() {
        if let Some(property) = value.pointer_mut(&format!("/properties/{field}")) {
            property["const"] = only.into();
            // Read without it only where a typed list says it for its items.
            if let Some(members) = property.as_object_mut() {
                members.remove("default");
            }
        }
        if let Some(required) = value.get_mut("required").and_then(|r| r.as_array_mut()) {
            required.insert(at, field.into());
        }
    }
    value
}
