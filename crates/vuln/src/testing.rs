//! What several tests are made of.

use plimsoll_model::{Package, Vulnerability};
use serde_json::json;

/// A vulnerability of a package of which nothing else is known.
pub(crate) fn vulnerability(id: &str, purl: &str) -> Vulnerability {
    let package = Package::from_purl(purl).expect("a purl");
    let mut lineage = package.clone();
    lineage.version = String::new();
    lineage.arch = None;
    lineage.source = None;
    lineage.qualifiers.clear();
    serde_json::from_value(json!({
        "vulnerability": id,
        "package": {
            "name": package.full_name(),
            "version": package.version,
            "purl": purl,
            "lineage": lineage.purl(),
            "source": package.source,
        },
        "state": "affected",
        "severity": null,
        "source": {"feed": "test", "record": id},
    }))
    .expect("a vulnerability")
}
