//! Which namespaces are not judged, and who said so.

use std::path::Path;

use plimsoll_assess::coverage::Exclusion;

use crate::{
    args::{EXCLUDED, Namespace},
    config::DEFAULT_PATH,
};

/// The namespaces that the command line or the environment excludes, else those of the
/// configuration, each with where that stands.
pub fn exclusions(
    given: &[Namespace],
    config: &[Namespace],
    file: Option<&Path>,
) -> Vec<Exclusion> {
    let variable = std::env::var(EXCLUDED).ok();
    exclusions_by(given, variable.as_deref(), config, file)
}

fn exclusions_by(
    given: &[Namespace],
    variable: Option<&str>,
    config: &[Namespace],
    file: Option<&Path>,
) -> Vec<Exclusion> {
    let by = match (given, variable) {
        ([], _) => format!(
            "agent.excludeNamespaces in {}",
            file.unwrap_or(Path::new(DEFAULT_PATH)).display()
        ),
        (given, Some(variable)) if variable.split(',').eq(given.iter().map(|name| &**name)) => {
            EXCLUDED.to_owned()
        }
        _ => "--exclude-namespace".to_owned(),
    };
    let names = if given.is_empty() { config } else { given };
    let named = names.iter().filter(|name| !name.is_empty());
    named
        .map(|name| Exclusion {
            namespace: (**name).into(),
            by: by.as_str().into(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_excluded_a_namespace_is_told() {
        let check = |given: &[&str], variable: Option<&str>, config: &[&str], expect: &[&str]| {
            let read = |names: &[&str]| -> Vec<Namespace> {
                names.iter().map(|name| name.parse().unwrap()).collect()
            };
            let (given, config) = (read(given), read(config));
            let file = Some(Path::new("agent.yaml"));
            let told: Vec<String> = exclusions_by(&given, variable, &config, file)
                .iter()
                .map(|one| format!("{} by {}", one.namespace, one.by))
                .collect();
            assert_eq!(told, expect);
        };
        check(&[], None, &[], &[]);
        check(&["lab"], None, &["old"], &["lab by --exclude-namespace"]);
        // The parser gives what the variable says as if it stood on the command line.
        check(
            &["lab", "toys"],
            Some("lab,toys"),
            &[],
            &[
                "lab by PLIMSOLL_EXCLUDE_NAMESPACES",
                "toys by PLIMSOLL_EXCLUDE_NAMESPACES",
            ],
        );
        check(&["lab"], Some("toys"), &[], &["lab by --exclude-namespace"]);
        check(
            &[],
            None,
            &["lab"],
            &["lab by agent.excludeNamespaces in agent.yaml"],
        );
        check(&[""], Some(""), &[], &[]);
    }
}
