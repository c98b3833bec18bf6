//! Which assets something is about.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AssetFacts, AssetKind, ExposureLevel};

/// Which assets are meant. Every field given must hold; a list holds when one
/// of its items does. Names and values are globs: `*` is any text, `?` one
/// character.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Selector {
    /// Clusters, by name. From files the cluster is called `files` unless
    /// `--cluster` says otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<String>,
    /// Namespaces, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// Objects, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Kinds of asset (`workload`, `namespace`, `identity`, `object`) or of
    /// Kubernetes object (`Deployment`, `ClusterRole`). Without it only
    /// workloads are meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Labels the asset must have, with their values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Labels by expression, as in a Kubernetes selector.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub label_expressions: Vec<LabelExpression>,
    /// Labels that the asset's namespace must have.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub namespace_labels: BTreeMap<String, String>,
    /// Images, one of which the asset must run, as written in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// From where it can be reached: at least this far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure: Option<ExposureLevel>,
    /// Owners: what the label or annotation `plimsoll.dev/owner`, or the label
    /// `team` or `owner`, says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
}

/// One requirement on a label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelExpression {
    /// The label's key.
    pub key: String,
    /// How it is compared.
    pub operator: LabelOperator,
    /// What it is compared with; none for `Exists` and `DoesNotExist`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// How a label is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LabelOperator {
    /// The label is there with one of the values.
    In,
    /// The label is not there, or has none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is not there.
    DoesNotExist,
}

impl Selector {
    /// The first requirement that the asset does not meet, in words; none when
    /// the selector matches. `Err` holds the requirement.
    pub fn explain(&self, asset: &AssetFacts) -> Result<String, String> {
        let mut because = Vec::new();
        self.check_kind(asset)?;
        let object = &asset.asset.object;
        one_of(
            "cluster",
            &self.clusters,
            Some(&asset.cluster),
            &mut because,
        )?;
        one_of(
            "namespace",
            &self.namespaces,
            namespace_of(asset),
            &mut because,
        )?;
        one_of("name", &self.names, Some(&object.name), &mut because)?;
        for (key, value) in &self.labels {
            let got = asset.labels.get(key.as_str()).map(|v| &**v);
            one_of(
                &format!("label {key}"),
                std::slice::from_ref(value),
                got,
                &mut because,
            )?;
        }
        for expression in &self.label_expressions {
            expression.check(asset, &mut because)?;
        }
        for (key, value) in &self.namespace_labels {
            let got = asset.namespace_labels.get(key.as_str()).map(|v| &**v);
            let what = format!("namespace label {key}");
            one_of(&what, std::slice::from_ref(value), got, &mut because)?;
        }
        if !self.images.is_empty() {
            let hit = asset
                .images
                .iter()
                .find(|image| self.images.iter().any(|glob| glob_matches(glob, image)));
            match hit {
                Some(image) => because.push(format!("it runs {image}")),
                None => return Err("it runs none of the images".to_owned()),
            }
        }
        if let Some(level) = self.exposure {
            let exact = level == ExposureLevel::None;
            let got = asset.exposure.level;
            if (exact && got != level) || got < level {
                return Err(format!("its exposure is {got}, not {level}"));
            }
            let reason = asset
                .exposure
                .reasons
                .iter()
                .find(|r| r.blocked_by.is_none());
            because.push(match reason {
                Some(reason) => reason.text.clone(),
                None => format!("its exposure is {got}"),
            });
        }
        one_of("owner", &self.owners, asset.owner.as_deref(), &mut because)?;
        Ok(if because.is_empty() {
            "every asset of its kind is meant".to_owned()
        } else {
            because.join(", ")
        })
    }

    /// Whether the selector matches the asset.
    pub fn matches(&self, asset: &AssetFacts) -> bool {
        self.explain(asset).is_ok()
    }

    /// Whether an asset that is known to be there but could not be read may be
    /// meant: everything that can't be decided counts as may be.
    pub fn may_match_unread(&self, asset: &AssetFacts) -> bool {
        self.check_kind(asset).is_ok()
            && (self.clusters.is_empty()
                || self
                    .clusters
                    .iter()
                    .any(|glob| glob_matches(glob, &asset.cluster)))
    }

    fn check_kind(&self, asset: &AssetFacts) -> Result<(), String> {
        let kind = asset.asset.kind;
        let fits = if self.kinds.is_empty() {
            kind == AssetKind::Workload
        } else {
            self.kinds.iter().any(|wanted| {
                wanted == "*"
                    || wanted.eq_ignore_ascii_case(kind.as_str())
                    || wanted.eq_ignore_ascii_case(&asset.asset.object.kind)
            })
        };
        if fits {
            Ok(())
        } else {
            Err(format!("it is a {}", asset.asset.object.kind))
        }
    }
}

fn namespace_of(asset: &AssetFacts) -> Option<&str> {
    match asset.asset.kind {
        AssetKind::Namespace => Some(&asset.asset.object.name),
        _ => asset.asset.object.namespace.as_deref(),
    }
}

fn one_of(
    what: &str,
    globs: &[String],
    got: Option<&str>,
    because: &mut Vec<String>,
) -> Result<(), String> {
    if globs.is_empty() {
        return Ok(());
    }
    match got {
        Some(value) if globs.iter().any(|glob| glob_matches(glob, value)) => {
            because.push(format!("{what} is {value}"));
            Ok(())
        }
        Some(value) => Err(format!("{what} is {value}")),
        None => Err(format!("it has no {what}")),
    }
}

impl LabelExpression {
    fn check(&self, asset: &AssetFacts, because: &mut Vec<String>) -> Result<(), String> {
        let got = asset.labels.get(self.key.as_str());
        let listed =
            got.is_some_and(|value| self.values.iter().any(|glob| glob_matches(glob, value)));
        let holds = match self.operator {
            LabelOperator::In => listed,
            LabelOperator::NotIn => !listed,
            LabelOperator::Exists => got.is_some(),
            LabelOperator::DoesNotExist => got.is_none(),
        };
        let state = match got {
            Some(value) => format!("label {} is {value}", self.key),
            None => format!("it has no label {}", self.key),
        };
        if holds {
            because.push(state);
            Ok(())
        } else {
            Err(state)
        }
    }
}

/// Whether `text` is what the glob describes: `*` any text, `?` one character.
///
/// Linear in practice and quadratic at worst: it backtracks to the last star
/// only, so no pattern makes it exponential.
pub fn glob_matches(glob: &str, text: &str) -> bool {
    let (glob, text): (Vec<char>, Vec<char>) = (glob.chars().collect(), text.chars().collect());
    let (mut g, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match glob.get(g) {
            Some('*') => {
                star = Some((g, t));
                g += 1;
            }
            Some('?') => {
                g += 1;
                t += 1;
            }
            Some(c) if *c == text[t] => {
                g += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    g = at + 1;
                    t = from + 1;
                    star = Some((at, from + 1));
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        let check = |glob: &str, text: &str, expect: bool| {
            assert_eq!(glob_matches(glob, text), expect, "{glob} on {text}");
        };
        check("*", "", true);
        check("shop-*", "shop-a", true);
        check("shop-*", "shop", false);
        check("*.example.com/*", "registry.example.com/a/b", true);
        check("a*b*c", "a-x-b-y-c", true);
        check("a*b*c", "a-x-b-y", false);
        check("p?yments", "payments", true);
        check("payments", "payments", true);
        check("", "x", false);
    }
}
