//! Kustomize folders: a patch has `apiVersion` and `kind` like an object but
//! is none, and judging it as one would find everything it does not repeat.

use std::collections::BTreeSet;

use plimsoll_manifest::Node;

/// The API group of kustomization files.
const GROUP: &str = "kustomize.config.k8s.io";

/// Whether the document is a kustomization or a component.
pub(crate) fn is_kustomization(root: Node<'_>) -> bool {
    root.get("apiVersion")
        .and_then(Node::as_str)
        .is_some_and(|version| version.split('/').next() == Some(GROUP))
}

/// The files that the kustomization in `file` uses as patches, as paths
/// beside it.
pub(crate) fn patch_files(file: &str, root: Node<'_>, into: &mut BTreeSet<String>) {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut add = |node: Option<Node<'_>>| {
        if let Some(path) = node
            .and_then(Node::as_str)
            .filter(|path| !path.contains('\n'))
        {
            into.insert(join(folder, path));
        }
    };
    for patch in root.get("patches").into_iter().flat_map(Node::items) {
        add(patch.get("path"));
    }
    for patch in root
        .get("patchesJson6902")
        .into_iter()
        .flat_map(Node::items)
    {
        add(patch.get("path"));
    }
    for patch in root
        .get("patchesStrategicMerge")
        .into_iter()
        .flat_map(Node::items)
    {
        add(Some(patch));
    }
}

/// `folder` and `path` joined, with `.` and `..` taken out where they can be.
fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    let rooted = folder.starts_with('/');
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("{}{}", if rooted { "/" } else { "" }, parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn joins_paths_beside_a_file() {
        let check = |folder: &str, path: &str, expect: &str| assert_eq!(join(folder, path), expect);
        check("overlays/prod", "patch.yaml", "overlays/prod/patch.yaml");
        check("overlays/prod", "./../base/p.yaml", "overlays/base/p.yaml");
        check("", "patch.yaml", "patch.yaml");
        check("/a/b", "../c.yaml", "/a/c.yaml");
        check("", "../x.yaml", "../x.yaml");
    }
}
