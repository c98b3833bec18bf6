//! Documents as other tools write them, made by hand after their forms.

use super::*;

/// What is read of a document, in short lines.
fn summary(text: &str) -> String {
    use std::fmt::Write as _;

    let image = again(text.as_bytes());
    let mut lines = format!("{}\n", image.name);
    for layer in &image.layers {
        let short = layer.diff_id.map(|d| d.to_string()[..11].to_owned());
        let _ = writeln!(lines, "layer {}", short.unwrap_or_default());
    }
    if let Some(release) = &image.release {
        let _ = writeln!(
            lines,
            "release {} {} {}",
            release.id, release.version, release.codename
        );
    }
    for package in &image.packages {
        let _ = write!(lines, "{}", package.purl);
        for location in &package.locations {
            let _ = write!(lines, " @{}:{}", location.layer, location.path);
        }
        if !package.package.licences.is_empty() {
            let _ = write!(lines, " {:?}", package.package.licences);
        }
        if !package.needs.is_empty() {
            let _ = write!(lines, " needs {:?}", package.needs);
        }
        if package.dev {
            lines.push_str(" dev");
        }
        for cpe in &package.cpes {
            let _ = write!(lines, " {cpe}");
        }
        for checksum in &package.checksums {
            let _ = write!(lines, " {checksum}");
        }
        lines.push('\n');
    }
    for gap in &image.gaps {
        let _ = writeln!(lines, "gap: {}", gap.message);
    }
    lines
}

fn check(text: &str, expect: &[&str]) {
    let found = summary(text);
    assert_eq!(found.lines().collect::<Vec<_>>(), expect, "{text}");
}

const LAYER_A: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const LAYER_B: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn with_layers(text: &str) -> String {
    text.replace("LAYER_A", LAYER_A).replace("LAYER_B", LAYER_B)
}

#[test]
fn trivy_cyclonedx() {
    check(
        &with_layers(
            r#"{"$schema":"http://cyclonedx.org/schema/bom-1.5.schema.json","bomFormat":"CycloneDX","specVersion":"1.5","version":1,
            "metadata":{"component":{"bom-ref":"root","type":"container","name":"web:1","properties":[
                {"name":"aquasecurity:trivy:DiffID","value":"LAYER_A"},{"name":"aquasecurity:trivy:DiffID","value":"LAYER_B"}]}},
            "components":[
              {"bom-ref":"o","type":"operating-system","name":"redhat","version":"9.3","properties":[{"name":"aquasecurity:trivy:Class","value":"os-pkgs"}]},
              {"bom-ref":"l","type":"application","name":"app/package-lock.json","properties":[{"name":"aquasecurity:trivy:Class","value":"lang-pkgs"}]},
              {"bom-ref":"a","type":"library","name":"libacl","version":"2.3.1-3.el9","purl":"pkg:rpm/redhat/libacl@2.3.1-3.el9?arch=x86_64&distro=redhat-9.3&epoch=1",
               "licenses":[{"license":{"name":"LGPLv2+"}}],
               "properties":[{"name":"aquasecurity:trivy:LayerDiffID","value":"LAYER_A"},{"name":"aquasecurity:trivy:SrcName","value":"acl"},
                 {"name":"aquasecurity:trivy:SrcVersion","value":"2.3.1"},{"name":"aquasecurity:trivy:SrcRelease","value":"3.el9"},{"name":"aquasecurity:trivy:SrcEpoch","value":"1"}]},
              {"bom-ref":"b","type":"library","group":"@types","name":"node","version":"20","purl":"pkg:npm/%40types/node@20",
               "properties":[{"name":"aquasecurity:trivy:LayerDiffID","value":"LAYER_B"},{"name":"aquasecurity:trivy:FilePath","value":"app/node_modules/@types/node/package.json"}]},
              {"bom-ref":"c","type":"library","name":"github.com/BurntSushi/toml","version":"v1.2.0","purl":"pkg:golang/github.com/burntsushi/toml@v1.2.0"},
              {"type":"library","name":"odd","version":"1","purl":"pkg:what/odd@1"}, 7],
            "dependencies":[{"ref":"b","dependsOn":["a","root"]}]}"#,
        ),
        &[
            "web:1",
            "layer sha256:aaaa",
            "layer sha256:bbbb",
            "release rhel 9.3 ",
            "pkg:golang/github.com/burntsushi/toml@v1.2.0 @0:",
            r#"pkg:npm/%40types/node@20 @1:app/node_modules/@types/node/package.json needs ["libacl"]"#,
            r#"pkg:rpm/redhat/libacl@2.3.1-3.el9?arch=x86_64&distro=redhat-9.3&epoch=1&upstream=acl @0: ["LGPL-2.0-or-later"]"#,
            "gap: 1 components are no objects",
            "gap: component `odd 1` is no package that is known: packages of type `what` are not known",
        ],
    );
}

#[test]
fn names_without_case_in_purls_keep_it() {
    let bom = r#"{"bomFormat":"CycloneDX","specVersion":"1.4","components":[
        {"type":"library","name":"github.com/BurntSushi/toml","purl":"pkg:golang/github.com/burntsushi/toml@v1"},
        {"type":"library","name":"Zope.Interface","purl":"pkg:pypi/zope-interface@6"},
        {"type":"library","name":"go:github.com/Masterminds/goutils","purl":"pkg:golang/github.com/masterminds/goutils@v1"},
        {"type":"library","name":"other","purl":"pkg:pypi/requests@2"}]}"#;
    let image = again(bom.as_bytes());
    let names: Vec<(&str, &str)> = image
        .packages
        .iter()
        .map(|found| (&*found.package.namespace, &*found.package.name))
        .collect();
    assert_eq!(
        names,
        [
            ("github.com/BurntSushi", "toml"),
            ("github.com/Masterminds", "goutils"),
            ("", "Zope.Interface"),
            ("", "requests")
        ]
    );
}

#[test]
fn syft_cyclonedx() {
    check(
        &with_layers(
            r#"{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"type":"container","name":"web","version":"LAYER_B"}},
            "components":[
              {"bom-ref":"a","type":"library","name":"libssl3","version":"3.0.11-1","cpe":"cpe:2.3:a:x:libssl3:3.0.11:*:*:*:*:*:*:*","purl":"pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12&upstream=openssl",
               "licenses":[{"license":{"id":"Apache-2.0"}}],
               "properties":[{"name":"syft:location:0:path","value":"/var/lib/dpkg/status"},{"name":"syft:location:0:layerID","value":"LAYER_A"},{"name":"syft:cpe23","value":"cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*"}]},
              {"type":"operating-system","name":"debian","version":"12","description":"Debian 12","properties":[{"name":"syft:distro:versionCodename","value":"bookworm"}]},
              {"type":"file","name":"/etc/passwd"}]}"#,
        ),
        &[
            "web",
            "layer sha256:aaaa",
            "release debian 12 bookworm",
            r#"pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12&upstream=openssl @0:var/lib/dpkg/status ["Apache-2.0"] cpe:2.3:a:x:libssl3:3.0.11:*:*:*:*:*:*:* cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*"#,
        ],
    );
}

#[test]
fn cyclonedx_xml() {
    check(
        r#"<?xml version="1.0"?><!-- made --><bom xmlns="http://cyclonedx.org/schema/bom/1.4" version="1">
        <metadata><tools><tool><name>maven</name></tool></tools><component type="application" bom-ref="app"><name>shop</name><version>1</version></component></metadata>
        <components>
          <component type="library" bom-ref="x"><group>org.a</group><name>b&amp;c</name><version>1.0</version><scope>excluded</scope>
            <hashes><hash alg="SHA-1">0123456789abcdef0123456789abcdef01234567</hash></hashes>
            <licenses><license><name>Apache License, Version 2.0</name></license></licenses>
            <purl>pkg:maven/org.a/b@1.0?type=jar</purl>
            <evidence><occurrences><occurrence><location>/lib/b.jar</location></occurrence></occurrences></evidence>
            <components><component type="library" bom-ref="y"><name>in</name><purl><![CDATA[pkg:npm/in@2]]></purl></component></components>
          </component>
        </components>
        <dependencies><dependency ref="x"><dependency ref="y"/></dependency></dependencies></bom>"#,
        &[
            "shop",
            r#"pkg:maven/org.a/b@1.0?type=jar @0:lib/b.jar ["Apache-2.0"] needs ["in"] dev sha1:0123456789abcdef0123456789abcdef01234567"#,
            "pkg:npm/in@2 @0:",
        ],
    );
}

#[test]
fn spdx_of_syft_trivy_and_github() {
    // Syft
    check(
        r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"alpine","packages":[
          {"name":"alpine","SPDXID":"SPDXRef-Root","versionInfo":"3.19","primaryPackagePurpose":"CONTAINER","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:oci/alpine@x"}]},
          {"name":"libssl3","SPDXID":"SPDXRef-a","versionInfo":"3.1.4-r5","licenseConcluded":"NOASSERTION","licenseDeclared":"Apache-2.0","sourceInfo":"acquired package info from APK DB: /lib/apk/db/installed",
           "externalRefs":[{"referenceCategory":"SECURITY","referenceType":"cpe23Type","referenceLocator":"cpe:2.3:a:libssl3:libssl3:3.1.4:*:*:*:*:*:*:*"},
             {"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:apk/alpine/libssl3@3.1.4-r5?arch=x86_64&upstream=openssl&distro=alpine-3.19.1"}]}],
          "files":[{"fileName":"x"}],
          "relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-Root"}]}"#,
        &[
            "alpine",
            "release alpine 3.19.1 ",
            r#"pkg:apk/alpine/libssl3@3.1.4-r5?arch=x86_64&distro=alpine-3.19.1&upstream=openssl @0:lib/apk/db/installed ["Apache-2.0"] cpe:2.3:a:libssl3:libssl3:3.1.4:*:*:*:*:*:*:*"#,
        ],
    );
    // Trivy
    check(
        &with_layers(
            r#"{"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"web","documentDescribes":["SPDXRef-c"],"packages":[
          {"name":"web","SPDXID":"SPDXRef-c","primaryPackagePurpose":"CONTAINER","attributionTexts":["DiffID: LAYER_A","SchemaVersion: 2"]},
          {"name":"debian","SPDXID":"SPDXRef-o","versionInfo":"12.1","primaryPackagePurpose":"OPERATING-SYSTEM"},
          {"name":"app/go.mod","SPDXID":"SPDXRef-g","primaryPackagePurpose":"APPLICATION","attributionTexts":["Class: lang-pkgs"]},
          {"name":"libc6","SPDXID":"SPDXRef-l","versionInfo":"2.36-9","sourceInfo":"built package from: glibc 2.36-9","attributionTexts":["PkgID: libc6@2.36-9","LayerDiffID: LAYER_A"],
            "licenseDeclared":"LicenseRef-1","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:deb/debian/libc6@2.36-9?arch=amd64"}]}],
          "hasExtractedLicensingInfos":[{"licenseId":"LicenseRef-1","name":"GPL-2+","extractedText":"..."}]}"#,
        ),
        &[
            "web",
            "layer sha256:aaaa",
            "release debian 12.1 ",
            r#"pkg:deb/debian/libc6@2.36-9?arch=amd64&upstream=glibc @0: ["GPL-2.0-or-later"]"#,
        ],
    );
    // GitHub's answer
    check(
        r#"{"sbom":{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","name":"com.github.a/b","packages":[
          {"SPDXID":"SPDXRef-r","name":"com.github.a/b","versionInfo":"main","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:github/a/b@main"}]},
          {"SPDXID":"SPDXRef-1","name":"npm:lodash","versionInfo":"4.17.21","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:npm/lodash@4.17.21"}]},
          {"SPDXID":"SPDXRef-2","name":"actions:actions/checkout","versionInfo":"4.*.*","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:githubactions/actions/checkout@4.%2A.%2A"}]}],
          "relationships":[{"relationshipType":"DESCRIBES","spdxElementId":"SPDXRef-DOCUMENT","relatedSpdxElement":"SPDXRef-r"},
            {"relationshipType":"DEPENDS_ON","spdxElementId":"SPDXRef-2","relatedSpdxElement":"SPDXRef-1"}]}}"#,
        &[
            "com.github.a/b",
            r#"pkg:github/actions/checkout@4.%2A.%2A @0: needs ["lodash"]"#,
            "pkg:npm/lodash@4.17.21 @0:",
        ],
    );
    // apko: the document describes the package itself; an in-toto statement around it
    check(
        r#"{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://spdx.dev/Document","predicate":{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","name":"curl","documentDescribes":["SPDXRef-p"],"packages":[
          {"SPDXID":"SPDXRef-p","name":"curl","versionInfo":"8.5.0-r0","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:apk/wolfi/curl@8.5.0-r0?arch=x86_64"}]}]}}"#,
        &[
            "curl",
            "release wolfi  ",
            "pkg:apk/wolfi/curl@8.5.0-r0?arch=x86_64 @0:",
        ],
    );
}

#[test]
fn spdx_tag_value_of_bitnami() {
    check(
        "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: SPDX document for Redis\n\
         ##### Package\nPackageName: redis\nSPDXID: SPDXRef-redis\nPackageVersion: 7.2.4-0\nPackageLicenseDeclared: LicenseRef-x\n\
         PackageDescription: <text>several\nPackageName: no\nlines</text>\nPackageChecksum: SHA256: abcd\n\
         ExternalRef: SECURITY cpe23Type cpe:2.3:a:redis:redis:7.2.4:*:*:*:*:*:*:*\nExternalRef: PACKAGE-MANAGER purl pkg:bitnami/redis@7.2.4-0?arch=amd64\n\
         PackageName: jemalloc\nSPDXID: SPDXRef-j\nPackageVersion: 5\nExternalRef: PACKAGE_MANAGER purl pkg:generic/jemalloc@5\n\
         LicenseID: LicenseRef-x\nExtractedText: <text>BSD-3-Clause</text>\n\
         Relationship: SPDXRef-redis DEPENDS_ON SPDXRef-j\nRelationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-redis\n",
        &[
            "SPDX document for Redis",
            r#"pkg:bitnami/redis@7.2.4-0?arch=amd64 @0: ["BSD-3-Clause"] needs ["jemalloc"] cpe:2.3:a:redis:redis:7.2.4:*:*:*:*:*:*:* sha256:abcd"#,
            "pkg:generic/jemalloc@5 @0:",
        ],
    );
}

#[test]
fn syft_json() {
    check(
        &with_layers(
            r#"{"artifacts":[
            {"id":"1","name":"libssl3","version":"3.1.4-r5","type":"apk","foundBy":"apk-db-cataloger","locations":[{"path":"/lib/apk/db/installed","layerID":"LAYER_B"}],
             "licenses":[{"value":"Apache-2.0","spdxExpression":"Apache-2.0","type":"declared"}],"cpes":[{"cpe":"cpe:2.3:a:libssl3:libssl3:3.1.4-r5:*:*:*:*:*:*:*","source":"syft"}],
             "purl":"pkg:apk/alpine/libssl3@3.1.4-r5?distro=alpine-3.19","metadata":{"originPackage":"openssl","architecture":"x86_64"}},
            {"id":"2","name":"bash","version":"5.1.8-9.el9","foundBy":"rpm","licenses":["GPLv3+"],"purl":"pkg:rpm/redhat/bash@5.1.8-9.el9","metadata":{"sourceRpm":"bash-5.1.8-9.el9.src.rpm","epoch":null}},
            {"id":"3","name":"nothing","foundBy":"x"}],
            "artifactRelationships":[{"parent":"1","child":"2","type":"dependency-of"},{"parent":"1","child":"9","type":"contains"}],
            "source":{"id":"x","name":"web","type":"image","metadata":{"userInput":"web:1","imageID":"LAYER_A","tags":["web:1"],"layers":[{"digest":"LAYER_A","size":1},{"digest":"LAYER_B"}],"architecture":"amd64","os":"linux"}},
            "distro":{"prettyName":"Alpine Linux v3.19","name":"Alpine Linux","id":"alpine","versionID":"3.19.1"},
            "schema":{"version":"16.0.0","url":"https://raw.githubusercontent.com/anchore/syft/main/schema/json/schema-16.0.0.json"}}"#,
        ),
        &[
            "web:1",
            "layer sha256:aaaa",
            "layer sha256:bbbb",
            "release alpine 3.19.1 ",
            r#"pkg:apk/alpine/libssl3@3.1.4-r5?arch=x86_64&distro=alpine-3.19&upstream=openssl @1:lib/apk/db/installed ["Apache-2.0"] cpe:2.3:a:libssl3:libssl3:3.1.4-r5:*:*:*:*:*:*:*"#,
            r#"pkg:rpm/redhat/bash@5.1.8-9.el9 @0: ["GPL-3.0-or-later"] needs ["libssl3"]"#,
            "gap: component `nothing` is no package that is known: it has no package URL",
        ],
    );
}

#[test]
fn formats_are_told_by_their_beginning() {
    let check = |text: &str, expect: Option<SbomFormat>| {
        assert_eq!(detect(text.as_bytes()), expect, "{text}")
    };
    check(
        r#"{"bomFormat":"CycloneDX""#,
        Some(SbomFormat::CycloneDxJson),
    );
    check(
        r#" {"components":["SPDXID"],"bomFormat":"#,
        Some(SbomFormat::CycloneDxJson),
    );
    check(
        "\u{feff}{\"spdxVersion\":\"SPDX-2.3\"",
        Some(SbomFormat::SpdxJson),
    );
    check(r#"{"sbom":{"SPDXID":"x""#, Some(SbomFormat::SpdxWrapped));
    check(
        r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld""#,
        Some(SbomFormat::Spdx3),
    );
    check(
        r#"{"artifacts":[{"id":"1","foundBy":"x""#,
        Some(SbomFormat::Syft),
    );
    check(
        "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\">",
        Some(SbomFormat::CycloneDxXml),
    );
    check("SPDXVersion: SPDX-2.2\n", Some(SbomFormat::SpdxTagValue));
    check(
        "# made by x\nSPDXVersion: SPDX-2.2\n",
        Some(SbomFormat::SpdxTagValue),
    );
    check(r#"{"name":"x"}"#, None);
    check("<project/>", None);
    check("", None);
}

#[test]
fn what_can_not_be_read_is_refused_with_its_reason() {
    let check = |text: &str, expect: &str| {
        let error = read(text.as_bytes(), "x", &Limits::default()).expect_err(text);
        assert_eq!(error.to_string(), expect);
    };
    check(
        "{}",
        "it is no SBOM that is known: CycloneDX, SPDX 2 and Syft JSON are read",
    );
    check(
        r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}"#,
        "SPDX 3 is not read; CycloneDX 1.2 to 1.6, SPDX 2.2 and 2.3 are",
    );
    check(
        r#"{"spdxVersion":"SPDX-9"}"#,
        "SPDX `SPDX-9` is not read; CycloneDX 1.2 to 1.6, SPDX 2.2 and 2.3 are",
    );
    check(
        "{\"bomFormat\":\n",
        "EOF while parsing a value at line 2 column 0",
    );
    check(
        "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\">&x;</bom>",
        "entity `x` is not known (at byte 49)",
    );
    check(
        "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\"><components>",
        "it ends within an element (at byte 61)",
    );
    let deep = format!("{{\"bomFormat\":1,{}", "\"components\":[{".repeat(1_000));
    check(&deep, "recursion limit exceeded at line 1 column 974");
    let deep = format!(
        "<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\">{}",
        "<a>".repeat(1_000)
    );
    check(&deep, "more than 128 elements deep (at byte 430)");
}

#[test]
fn more_packages_than_the_limit_are_told_of() {
    let bom = r#"{"bomFormat":"CycloneDX","components":[{"name":"a","purl":"pkg:npm/a@1"},{"name":"b","purl":"pkg:npm/b@1"}]}"#;
    let limits = Limits {
        found: 1,
        ..Limits::default()
    };
    let image = read(bom.as_bytes(), "x", &limits).expect("an SBOM");
    assert_eq!(image.packages.len(), 1);
    assert_eq!(
        image.gaps[0].message,
        "1 components beyond the first 1 packages were left out"
    );
}
