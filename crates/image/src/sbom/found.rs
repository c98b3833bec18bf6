//! SBOM files found in an image: what they name, told as such.

use std::path::Path;

use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink, analyzer::never_by_head, layer::FileRecord,
};

/// The analyzers of this part.
pub const ANALYZERS: &[Analyzer] = &[Analyzer {
    name: "sbom",
    version: 1,
    by_path: is_sbom,
    by_head: never_by_head,
    run,
}];

/// Names that SBOMs have: `*.spdx.json`, `*.cdx.json`, `*.spdx`, `bom.json`;
/// Bitnami's `.spdx-NAME.spdx` and apko's `var/lib/db/sbom/` are among them.
fn is_sbom(path: &str, _: &FileRecord) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    // Cheap first: nearly every file ends here.
    let extension = Path::new(name).extension().and_then(|e| e.to_str());
    match extension {
        Some("json") => {
            matches!(name, "bom.json" | "sbom.json")
                || [".spdx.json", ".cdx.json", ".cyclonedx.json", ".syft.json"]
                    .iter()
                    .any(|end| name.ends_with(end))
        }
        Some("xml") => name == "bom.xml" || name.ends_with(".cdx.xml"),
        Some("spdx") => true,
        _ => false,
    }
}

fn run(candidate: &Candidate<'_>, sink: &mut Sink) {
    let Some(bytes) = candidate.whole_or_tell(candidate.limits.held_bytes, sink) else {
        return;
    };
    let image = match super::read(&bytes, candidate.path, candidate.limits) {
        Ok(image) => image,
        // Names are no proof: `bom.json` may be a bill of materials of anything.
        Err(super::SbomError::Unknown) => return,
        Err(error) => {
            sink.incomplete(format!("SBOM not read: {error}"));
            return;
        }
    };
    for gap in &image.gaps {
        sink.incomplete(gap.message.clone());
    }
    for found in image.packages {
        let mut package = FoundPackage::new(found.package, How::Sbom);
        let place = found.locations.iter().find(|place| !place.path.is_empty());
        package.evidence = match place {
            Some(place) => format!("{}: {}", place.evidence, place.path),
            None => found
                .locations
                .first()
                .map_or_else(String::new, |place| place.evidence.clone()),
        };
        package.files = found
            .locations
            .into_iter()
            .map(|place| place.path)
            .filter(|path| !path.is_empty())
            .collect();
        package.dev = found.dev;
        package.needs = found.needs;
        package.checksums = found.checksums;
        sink.push(package);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyzer::testing::{claims, packages, run};

    #[test]
    fn names_of_sboms_are_known() {
        let check = |path: &str, expect: bool| {
            assert_eq!(claims(&ANALYZERS[0], path, b""), expect, "{path}")
        };
        check("var/lib/db/sbom/curl-8.5.0-r0.spdx.json", true);
        check("opt/bitnami/redis/.spdx-redis.spdx", true);
        check("app/bom.json", true);
        check("app/web.cdx.json", true);
        check("usr/share/bom.xml", true);
        check("app/package.json", false);
        check("app/mybom.json", false);
        check("spdx", false);
    }

    #[test]
    fn what_they_name_is_told_and_what_is_odd_too() {
        let bom = br#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[
            {"type":"library","name":"left-pad","purl":"pkg:npm/left-pad@1.3.0","properties":[{"name":"aquasecurity:trivy:FilePath","value":"app/node_modules/left-pad/package.json"}]},
            {"type":"library","name":"what"}]}"#;
        let sink = run(&ANALYZERS[0], "app/bom.json", bom);
        let found = packages(&sink);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].package.purl(), "pkg:npm/left-pad@1.3.0");
        assert_eq!(found[0].how, How::Sbom);
        assert_eq!(found[0].files, ["app/node_modules/left-pad/package.json"]);
        assert_eq!(
            sink.problems,
            [(
                "component `what` is no package that is known: it has no package URL".into(),
                None
            )]
        );
        let sink = run(&ANALYZERS[0], "app/bom.json", br#"{"parts":[]}"#);
        assert!(
            sink.found.is_empty() && sink.problems.is_empty(),
            "no SBOM at all"
        );
        let sink = run(
            &ANALYZERS[0],
            "app/bom.json",
            br#"{"bomFormat":"CycloneDX","#,
        );
        assert_eq!(sink.problems.len(), 1, "cut off");
    }
}
