//! The permissions that looking takes, made from the same table as the looks
//! themselves.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    AskError, Server, ask,
    kinds::{self, Kind},
};

/// What is done with a kind.
pub const VERBS: [&str; 2] = ["list", "watch"];

/// Who gets the permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The namespace of the service account.
    pub namespace: String,
    /// Its name, and that of the role and its binding.
    pub name: String,
}

/// A service account with exactly what is needed, as YAML to apply.
pub fn manifest(account: &Account, secrets: bool) -> String {
    let Account { namespace, name } = account;
    let mut yaml = format!(
        "# What Plimsoll needs to look at a cluster: it reads, and changes nothing.\n\
         apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {name}\n  namespace: {namespace}\n\
         ---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: {name}\nrules:\n"
    );
    for ((group, why), resources) in rules(secrets) {
        let resources: Vec<String> = resources.iter().map(|r| format!("{r:?}")).collect();
        let _ = write!(
            yaml,
            "  # {why}\n  - apiGroups: [{group:?}]\n    resources: [{}]\n    verbs: [\"list\", \"watch\"]\n",
            resources.join(", ")
        );
    }
    let _ = write!(
        yaml,
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: {name}\n\
         roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: {name}\n\
         subjects:\n  - kind: ServiceAccount\n    name: {name}\n    namespace: {namespace}\n"
    );
    yaml
}

/// The resources of each group that are needed for one reason.
fn rules(secrets: bool) -> BTreeMap<(&'static str, &'static str), Vec<&'static str>> {
    let mut rules: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for kind in kinds::table(secrets) {
        rules
            .entry((kind.group, kind.why))
            .or_default()
            .push(kind.plural);
    }
    rules
}

/// A permission that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// For what.
    pub kind: &'static Kind,
    /// The verbs that are missing.
    pub verbs: Vec<&'static str>,
}

/// Reviews that are asked for at a time.
const AT_ONCE: usize = 8;
/// Bytes of the answer to one.
const LIMIT: usize = 1 << 20;

/// Asks the API server which of the permissions this account does not have,
/// everywhere or in one namespace.
///
/// # Errors
/// The server does not say.
pub async fn missing(
    server: &Server,
    namespace: Option<&str>,
    secrets: bool,
) -> Result<Vec<Missing>, AskError> {
    let mut questions: Vec<(usize, &'static Kind, &'static str)> = kinds::table(secrets)
        .enumerate()
        .flat_map(|(at, kind)| VERBS.map(|verb| (at, kind, verb)))
        .collect();
    questions.reverse();
    let mut running = JoinSet::new();
    let mut lacking: BTreeMap<(usize, &'static str), &'static Kind> = BTreeMap::new();
    loop {
        while running.len() < AT_ONCE
            && let Some((at, kind, verb)) = questions.pop()
        {
            let server = server.clone();
            let review = review(kind, verb, namespace);
            running.spawn(async move { (at, kind, verb, is_allowed(&server, &review).await) });
        }
        let Some(joined) = running.join_next().await else {
            break;
        };
        let (at, kind, verb, allowed) =
            joined.map_err(|error| AskError::Malformed(error.to_string()))?;
        if !allowed? {
            lacking.insert((at, verb), kind);
        }
    }
    let mut missing: Vec<Missing> = Vec::new();
    for ((_, verb), kind) in lacking {
        match missing.last_mut().filter(|last| last.kind == kind) {
            Some(last) => last.verbs.push(verb),
            None => missing.push(Missing {
                kind,
                verbs: vec![verb],
            }),
        }
    }
    Ok(missing)
}

fn review(kind: &Kind, verb: &str, namespace: Option<&str>) -> Value {
    let mut attributes = json!({"group": kind.group, "resource": kind.plural, "verb": verb});
    if let Some(namespace) = namespace
        && !plimsoll_inventory::is_cluster_scoped(kind.group, kind.kind)
    {
        attributes["namespace"] = namespace.into();
    }
    json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    })
}

async fn is_allowed(server: &Server, review: &Value) -> Result<bool, AskError> {
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let body = ask::post(server.client(), path, review, LIMIT).await?;
    let answer: Value =
        serde_json::from_slice(&body).map_err(|error| AskError::Malformed(error.to_string()))?;
    Ok(answer["status"]["allowed"] == true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account {
            namespace: "plimsoll".into(),
            name: "plimsoll".into(),
        }
    }

    #[test]
    fn every_kind_of_the_table_is_granted_and_nothing_else_than_reading() {
        let yaml = manifest(&account(), false);
        for kind in kinds::KINDS {
            assert!(
                yaml.contains(&format!("{:?}", kind.plural)),
                "{}",
                kind.plural
            );
        }
        assert!(!yaml.contains('*'), "{yaml}");
        assert!(!yaml.contains("secrets"), "{yaml}");
        for line in yaml.lines().filter(|line| line.contains("verbs:")) {
            assert_eq!(line.trim(), "verbs: [\"list\", \"watch\"]");
        }
        assert!(manifest(&account(), true).contains("\"secrets\""));
    }

    #[test]
    fn a_review_of_one_namespace_names_it_for_what_is_in_one() {
        let of = |name: &str| kinds::KINDS.iter().find(|kind| kind.kind == name).unwrap();
        let pod = review(of("Pod"), "list", Some("shop"));
        assert_eq!(pod["spec"]["resourceAttributes"]["namespace"], "shop");
        let node = review(of("Node"), "list", Some("shop"));
        assert!(
            node["spec"]["resourceAttributes"]
                .get("namespace")
                .is_none()
        );
    }
}
