//! Where images come from.

use plimsoll_model::{
    AssetFacts,
    resource::{SupplyChainClause, glob_matches},
};

use super::{Judged, Parts, has_images};
use crate::words;

const NO_SIGNATURES: &str = "no signature facts: this version does not verify image signatures";
const NO_SBOM: &str = "no SBOM facts: this version does not look for SBOMs of images";

pub(super) fn judge(clause: &SupplyChainClause, asset: &AssetFacts) -> Judged {
    let mut parts = Parts::default();
    if !has_images(asset) {
        return Judged::satisfied();
    }
    if !clause.registries.is_empty() {
        let mut foreign = Vec::new();
        for image in &asset.images {
            match FullName::of(image) {
                None => parts.unknown.push(format!(
                    "image `{image}` is no complete name: write it out where the asset is checked"
                )),
                Some(name) if !clause.registries.iter().any(|glob| name.matches(glob)) => {
                    foreign.push(name.full);
                }
                Some(_) => {}
            }
        }
        foreign.sort();
        foreign.dedup();
        parts.unknown.sort();
        parts.unknown.dedup();
        if !foreign.is_empty() {
            parts.violated.push(format!(
                "image {} comes from none of {}",
                words::list(&foreign, 3),
                words::list(&clause.registries, 4)
            ));
        }
    }
    if !clause.signed_by.is_empty() {
        parts.unknown.push(NO_SIGNATURES.to_owned());
    }
    if clause.sbom == Some(true) {
        parts.unknown.push(NO_SBOM.to_owned());
    }
    parts.judged()
}

pub(super) fn text(clause: &SupplyChainClause) -> String {
    let mut parts = Vec::new();
    if !clause.registries.is_empty() {
        parts.push(format!("registries {}", words::list(&clause.registries, 4)));
    }
    if !clause.signed_by.is_empty() {
        parts.push(format!("signed by {}", clause.signed_by.join(" or ")));
    }
    match clause.sbom {
        Some(true) => parts.push("with SBOM".to_owned()),
        Some(false) => parts.push("SBOM not needed".to_owned()),
        None => {}
    }
    format!("supplyChain {}", parts.join(", "))
}

/// An image name with the registry and the default folder written out, as the
/// container runtimes read it.
struct FullName {
    /// With tag and digest.
    full: String,
    /// How much of it is the name alone.
    name: usize,
}

impl FullName {
    /// The full name; none for a text that is no name as it stands, such as an
    /// empty one or one with a variable in it.
    fn of(image: &str) -> Option<Self> {
        let image = image.trim();
        let broken = |c: char| c.is_whitespace() || c.is_control() || "${}<>".contains(c);
        if image.is_empty() || image.starts_with(['/', ':', '@']) || image.contains(broken) {
            return None;
        }
        // Only a first part that looks like a host is one: `shop/web` is a
        // folder of the default registry.
        let (host, rest) = match image.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => {
                (host.to_ascii_lowercase(), rest)
            }
            _ => ("docker.io".to_owned(), image),
        };
        if rest.is_empty() {
            return None;
        }
        let host = if host == "index.docker.io" {
            "docker.io".to_owned()
        } else {
            host
        };
        let official = host == "docker.io" && !rest.contains('/');
        let rest = if official {
            format!("library/{rest}")
        } else {
            rest.to_owned()
        };
        let path = rest.split('@').next().unwrap_or(&rest);
        let last = path.rfind('/').map_or(0, |slash| slash + 1);
        let bare = path[last..]
            .find(':')
            .map_or(path.len(), |colon| last + colon);
        Some(FullName {
            name: host.len() + 1 + bare,
            full: format!("{host}/{rest}"),
        })
    }

    /// Whether the glob describes the name, with or without tag and digest.
    fn matches(&self, glob: &str) -> bool {
        glob_matches(glob, &self.full) || glob_matches(glob, &self.full[..self.name])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_out_as_runtimes_read_them() {
        let check = |image: &str, expect: Option<(&str, &str)>| {
            let got = FullName::of(image);
            let got = got
                .as_ref()
                .map(|name| (name.full.as_str(), &name.full[..name.name]));
            assert_eq!(got, expect, "{image}");
        };
        check(
            "nginx",
            Some(("docker.io/library/nginx", "docker.io/library/nginx")),
        );
        check(
            "nginx:1.27",
            Some(("docker.io/library/nginx:1.27", "docker.io/library/nginx")),
        );
        check(
            "shop/web:1",
            Some(("docker.io/shop/web:1", "docker.io/shop/web")),
        );
        check(
            "index.docker.io/nginx",
            Some(("docker.io/library/nginx", "docker.io/library/nginx")),
        );
        check("localhost/web", Some(("localhost/web", "localhost/web")));
        check("reg:5000/web:2", Some(("reg:5000/web:2", "reg:5000/web")));
        check(
            "Registry.Example.com/a/b:1@sha256:00",
            Some((
                "registry.example.com/a/b:1@sha256:00",
                "registry.example.com/a/b",
            )),
        );
        check("", None);
        check("$(IMAGE)", None);
        check("{{ .Values.image }}", None);
        check("reg.example.com/", None);
        check("/web", None);
    }
}
