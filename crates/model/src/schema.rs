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
    for (field, only) in fixed {
        if let Some(property) = value.pointer_mut(&format!("/properties/{field}")) {
            property["const"] = only.into();
        }
    }
    value
}
