//! The fields of a resource, from the same types that read it.

use serde_json::Value;

use super::page::Page;

/// Lists the fields of a type in a resource's schema: `ConfigurationClause`
/// of `PostureGoal`.
pub fn list(kind: &str, definition: &str, page: &mut Page) {
    let schemas = plimsoll_model::schema::all();
    let schema = schemas
        .iter()
        .find(|(known, _)| *known == kind)
        .map(|(_, schema)| schema);
    let fields = schema
        .and_then(|schema| schema.pointer(&format!("/$defs/{definition}")))
        .and_then(|definition| {
            let required = definition.get("required").and_then(Value::as_array);
            Some((definition.get("properties")?.as_object()?, required))
        });
    let Some((fields, required)) = fields else {
        return;
    };
    let width = fields.keys().map(String::len).max().unwrap_or_default();
    for (name, field) in fields {
        let needed = required.is_some_and(|list| list.iter().any(|known| known == name.as_str()));
        let about = field
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let mark = if needed { "(required) " } else { "" };
        page.row(width, name, &format!("{mark}{about}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_report::Style;

    #[test]
    fn every_type_that_is_listed_has_described_fields() {
        for (kind, definition) in super::super::words::listed() {
            let mut page = Page::new(Style::default());
            list(kind, definition, &mut page);
            let text = page.finish();
            assert!(!text.is_empty(), "{definition} of {kind} has no fields");
            // Lines that are not indented further begin a field.
            for line in text.lines().filter(|line| !line.starts_with("   ")) {
                assert!(
                    line.split_whitespace().count() > 1,
                    "{definition}: `{line}` says nothing"
                );
            }
        }
    }
}
