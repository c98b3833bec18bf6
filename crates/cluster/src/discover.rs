//! What the API server has: its aggregated discovery document, held against
//! the table of kinds.

use kube::Client;
use plimsoll_assess::live::Gap;
use serde::Deserialize;

use crate::{AskError, ask, kinds::Kind};

/// The forms of the document that are understood, the best first. Servers
/// before Kubernetes 1.26 have neither.
const ACCEPT: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
                      application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
/// Bytes of one document. Clusters with hundreds of CRDs have about 1 MB.
const LIMIT: usize = 32 << 20;

/// A kind of the table as this server has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The kind.
    pub kind: &'static Kind,
    /// The version at which it is read: the group's preferred one of those
    /// that have it.
    pub version: String,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
    /// Whether it can be watched; else it is listed again and again.
    pub watchable: bool,
}

impl Served {
    /// Pods, as every server has them.
    pub(crate) fn pods() -> Option<Self> {
        Some(Served {
            kind: crate::kinds::KINDS.iter().find(|kind| kind.kind == "Pod")?,
            version: "v1".to_owned(),
            namespaced: true,
            watchable: true,
        })
    }

    /// `v1`, or `apps/v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.kind.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.kind.group, self.version)
        }
    }

    /// The path of its objects, in one namespace or in all.
    pub(crate) fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.kind.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.kind.group, self.version)
        };
        match namespace {
            Some(namespace) if self.namespaced => {
                format!("{root}/namespaces/{namespace}/{}", self.kind.plural)
            }
            _ => format!("{root}/{}", self.kind.plural),
        }
    }
}

/// What was discovered.
#[derive(Clone, Debug, Default)]
pub struct Discovered {
    /// The kinds of the table that there are, in its order.
    pub served: Vec<Served>,
    /// Kinds of which it is not known: the server behind their API is away.
    pub gaps: Vec<Gap>,
}

/// Asks what there is.
///
/// # Errors
/// The server does not answer, or not in a form that is understood.
pub async fn discover(client: &Client, table: &[&'static Kind]) -> Result<Discovered, AskError> {
    let mut groups = Vec::new();
    for path in ["/api", "/apis"] {
        let body =
            ask::get(client, path, Some(ACCEPT), LIMIT)
                .await
                .map_err(|error| match error {
                    AskError::Refused { status: 406, .. } => {
                        AskError::Malformed(TOO_OLD.to_owned())
                    }
                    other => other,
                })?;
        groups.extend(read(&body)?);
    }
    Ok(hold(&groups, table))
}

const TOO_OLD: &str = "the server has no aggregated discovery: Kubernetes 1.27 or newer is needed";

fn read(body: &[u8]) -> Result<Vec<Group>, AskError> {
    let list: GroupList =
        serde_json::from_slice(body).map_err(|error| AskError::Malformed(error.to_string()))?;
    if list.kind != "APIGroupDiscoveryList" {
        return Err(AskError::Malformed(TOO_OLD.to_owned()));
    }
    Ok(list.items)
}

/// Reads any bytes, for the fuzz target.
pub(crate) fn any(bytes: &[u8]) {
    let table: Vec<&'static Kind> = crate::kinds::table(true).collect();
    if let Ok(groups) = read(bytes) {
        let found = hold(&groups, &table);
        assert!(found.served.len() + found.gaps.len() <= table.len());
    }
}

fn hold(groups: &[Group], table: &[&'static Kind]) -> Discovered {
    let mut discovered = Discovered::default();
    for kind in table {
        let Some(group) = groups
            .iter()
            .find(|group| group.metadata.name == kind.group)
        else {
            continue;
        };
        let found = group.versions.iter().find_map(|version| {
            let resource = version.resources.iter().find(|resource| {
                resource.resource == kind.plural && resource.verbs.iter().any(|verb| verb == "list")
            })?;
            Some((version, resource))
        });
        // Of a version whose server is away nothing is known.
        let away = group
            .versions
            .iter()
            .find(|version| version.freshness == "Stale");
        match (found, away) {
            (Some((version, resource)), _) => discovered.served.push(Served {
                kind,
                version: version.version.clone(),
                namespaced: resource.scope != "Cluster",
                watchable: resource.verbs.iter().any(|verb| verb == "watch"),
            }),
            (None, Some(version)) => discovered.gaps.push(Gap {
                kind: kind.name().into(),
                namespace: None,
                reason: format!(
                    "the server behind the API {}/{} does not answer",
                    kind.group, version.version
                ),
                remedy: format!("kubectl get apiservice {}.{}", version.version, kind.group),
            }),
            (None, None) => {}
        }
    }
    discovered
}

#[derive(Debug, Deserialize)]
struct GroupList {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    items: Vec<Group>,
}

#[derive(Debug, Deserialize)]
struct Group {
    #[serde(default)]
    metadata: Named,
    #[serde(default)]
    versions: Vec<VersionOf>,
}

#[derive(Debug, Default, Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

#[derive(Debug, Deserialize)]
struct VersionOf {
    #[serde(default)]
    version: String,
    #[serde(default)]
    freshness: String,
    #[serde(default)]
    resources: Vec<ResourceOf>,
}

#[derive(Debug, Deserialize)]
struct ResourceOf {
    #[serde(default)]
    resource: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    verbs: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{KINDS, SECRETS};

    fn check(body: &str, served: &[&str], gaps: &[&str]) {
        let groups = read(body.as_bytes()).unwrap();
        let table: Vec<&'static Kind> = KINDS.iter().collect();
        let found = hold(&groups, &table);
        let paths: Vec<String> = found
            .served
            .iter()
            .map(|served| served.path(Some("shop")))
            .collect();
        assert_eq!(paths, served);
        let named: Vec<&str> = found.gaps.iter().map(|gap| &*gap.kind).collect();
        assert_eq!(named, gaps);
    }

    #[test]
    fn the_preferred_version_that_has_a_kind_is_read() {
        check(
            r#"{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"gateway.networking.k8s.io"},"versions":[
                {"version":"v1","freshness":"Current","resources":[{"resource":"gateways","scope":"Namespaced","verbs":["get","list","watch"]},{"resource":"gatewayclasses","scope":"Cluster","verbs":["list"]}]},
                {"version":"v1beta1","freshness":"Current","resources":[{"resource":"gateways","scope":"Namespaced","verbs":["list"]},{"resource":"tcproutes","scope":"Namespaced","verbs":["list"]},{"resource":"udproutes","scope":"Namespaced","verbs":["create"]}]}]},
                {"metadata":{},"versions":[{"version":"v1","resources":[{"resource":"secrets","scope":"Namespaced","verbs":["list"]}]}]}]}"#,
            &[
                "/apis/gateway.networking.k8s.io/v1/namespaces/shop/gateways",
                "/apis/gateway.networking.k8s.io/v1/gatewayclasses",
                "/apis/gateway.networking.k8s.io/v1beta1/namespaces/shop/tcproutes",
            ],
            &[],
        );
    }

    #[test]
    fn kinds_of_an_api_whose_server_is_away_are_gaps() {
        check(
            r#"{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"keda.sh"},"versions":[{"version":"v1alpha1","freshness":"Stale"}]}]}"#,
            &[],
            &["keda.sh/ScaledObject"],
        );
    }

    #[test]
    fn a_document_of_another_form_is_an_error_that_says_what_is_needed() {
        let error = read(br#"{"kind":"APIVersions"}"#).unwrap_err();
        assert!(error.to_string().contains("1.27"), "{error}");
        assert!(read(b"no json").is_err());
    }

    #[test]
    fn paths_of_the_core_group_are_apart() {
        let served = Served {
            kind: &SECRETS,
            version: "v1".into(),
            namespaced: true,
            watchable: true,
        };
        assert_eq!(served.path(None), "/api/v1/secrets");
        assert_eq!(served.api_version(), "v1");
    }
}
