//! Which workloads look like crown jewels, and why.

use plimsoll_model::AssetFacts;

use super::words;

/// Programs that keep data or keys, as the last part of an image's name.
const KEEPERS: [(&str, &str); 24] = [
    ("postgres", "a database"),
    ("postgresql", "a database"),
    ("mysql", "a database"),
    ("mariadb", "a database"),
    ("mongo", "a database"),
    ("mongodb", "a database"),
    ("cassandra", "a database"),
    ("cockroach", "a database"),
    ("clickhouse-server", "a database"),
    ("redis", "a data store"),
    ("valkey", "a data store"),
    ("elasticsearch", "a data store"),
    ("opensearch", "a data store"),
    ("minio", "an object store"),
    ("kafka", "a message log"),
    ("rabbitmq", "a message broker"),
    ("nats", "a message broker"),
    ("etcd", "a configuration store"),
    ("consul", "a configuration store"),
    ("vault", "a secrets store"),
    ("keycloak", "an identity provider"),
    ("dex", "an identity provider"),
    ("ldap", "a directory"),
    ("openldap", "a directory"),
];

/// Words in a namespace's name that say money, identity or secrets.
const NAMESPACES: [&str; 10] = [
    "payment", "payments", "billing", "checkout", "finance", "identity", "auth", "iam", "vault",
    "secrets",
];

/// Values of a criticality label that say so themselves.
const CRITICAL: [&str; 5] = ["critical", "highest", "tier-0", "tier0", "mission-critical"];
/// Keys of such labels.
const CRITICALITY: [&str; 4] = ["criticality", "tier", "business-criticality", "data-class"];

/// A workload, or the workloads of a namespace, that look like crown jewels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Jewel {
    namespace: String,
    name: Option<String>,
    /// Why, in words.
    pub(super) because: String,
}

impl Jewel {
    /// Whether the asset is meant.
    pub(super) fn is(&self, asset: &AssetFacts) -> bool {
        let object = &asset.asset.object;
        object.namespace.as_deref() == Some(&self.namespace)
            && self
                .name
                .as_deref()
                .is_none_or(|name| name == &*object.name)
    }

    /// The selector that means it, in YAML flow style.
    pub(super) fn selector(&self) -> String {
        let namespace = words::quoted(&self.namespace);
        match &self.name {
            Some(name) => format!(
                "{{namespaces: [{namespace}], names: [{}]}}",
                words::quoted(name)
            ),
            None => format!("{{namespaces: [{namespace}]}}"),
        }
    }
}

/// The crown jewels among these workloads, by namespace and name.
pub(super) fn find(assets: &[AssetFacts]) -> Vec<Jewel> {
    let mut jewels: Vec<Jewel> = Vec::new();
    for asset in assets {
        let object = &asset.asset.object;
        let Some(namespace) = object.namespace.as_deref() else {
            continue;
        };
        // A glob character in a name would make the selector mean more.
        if namespace.contains(['*', '?']) || jewels.iter().any(|jewel| jewel.is(asset)) {
            continue;
        }
        let word = namespace
            .split(['-', '_', '.'])
            .find(|word| NAMESPACES.contains(word));
        if let Some(word) = word {
            jewels.push(Jewel {
                namespace: namespace.to_owned(),
                name: None,
                because: format!("the namespace's name says `{word}`"),
            });
        } else if let Some(because) = says_so(asset).or_else(|| keeps(asset))
            && !object.name.contains(['*', '?'])
        {
            jewels.push(Jewel {
                namespace: namespace.to_owned(),
                name: Some(object.name.to_string()),
                because,
            });
        }
    }
    jewels.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    jewels
}

fn says_so(asset: &AssetFacts) -> Option<String> {
    CRITICALITY.into_iter().find_map(|key| {
        let value = asset.labels.get(key)?;
        CRITICAL
            .contains(&&**value)
            .then(|| format!("its label says {key}: {value}"))
    })
}

fn keeps(asset: &AssetFacts) -> Option<String> {
    asset.images.iter().find_map(|image| {
        let name = image.split('@').next().unwrap_or(image);
        let last = name.rsplit('/').next().unwrap_or(name);
        let last = last.split(':').next().unwrap_or(last);
        let (_, what) = KEEPERS.into_iter().find(|(keeper, _)| *keeper == last)?;
        Some(format!("it runs {image}, {what}"))
    })
}
