//! An image as CycloneDX 1.6 JSON.

use std::borrow::Cow;

use plimsoll_model::{
    Package, PackageType, Vulnerability,
    image::{Image, ImageForm, ImagePackage, ImageRelease},
};
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::{
    HASHES, IMAGE, PACKAGE,
    vulnerabilities::{Entry, entries},
};
use crate::{
    licence,
    sbom::{
        draft::{Component as Plain, restored},
        notes::{ImageNotes, PackageNotes, json},
        stamp::{Stamp, uuid},
    },
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bom<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<String>,
    version: u32,
    metadata: Metadata<'a>,
    components: Vec<Component<'a>>,
    dependencies: Vec<Dependency>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    compositions: Vec<Composition<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vulnerabilities: Vec<Entry>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<Tools<'a>>,
    component: Component<'a>,
}

#[derive(Serialize)]
struct Tools<'a> {
    components: [Component<'a>; 1],
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Component<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "str::is_empty")]
    bom_ref: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    group: Cow<'a, str>,
    name: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<Licence<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    cpe: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    purl: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Hash<'a> {
    alg: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Licence<'a> {
    License(Named<'a>),
    Expression(&'a str),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Named<'a> {
    Id(&'a str),
    Name(&'a str),
}

#[derive(Serialize)]
struct Evidence<'a> {
    occurrences: Vec<Occurrence<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Occurrence<'a> {
    location: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    additional_context: &'a str,
}

#[derive(PartialEq, Serialize)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    #[serde(rename = "ref")]
    who: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    depends_on: Vec<String>,
}

#[derive(Serialize)]
struct Composition<'a> {
    aggregate: &'static str,
    assemblies: [&'a str; 1],
}

/// The ref of the image itself.
pub(super) const ROOT: &str = "image";

/// An image as CycloneDX 1.6 JSON: the same image and stamp give the same bytes.
///
/// Packages that a later layer removed are not in it: an SBOM tells what is
/// there. What could not be read makes the composition `incomplete`, and each
/// gap is noted.
#[must_use]
pub fn write(image: &Image, stamp: &Stamp) -> Vec<u8> {
    write_with(image, [], stamp)
}

/// The same with what is known of the vulnerabilities of its packages, in
/// whatever order they come.
#[must_use]
pub fn write_with<'a>(
    image: &Image,
    vulnerabilities: impl IntoIterator<Item = &'a Vulnerability>,
    stamp: &Stamp,
) -> Vec<u8> {
    let packages: Vec<&ImagePackage> = image
        .packages
        .iter()
        .filter(|package| package.removed_by.is_none())
        .collect();
    let refs = refs(&packages);
    let (needs, unresolved) = needs(&packages, &refs);
    let mut components: Vec<Component<'_>> = Vec::with_capacity(packages.len() + 1);
    components.extend(image.release.as_ref().map(os));
    components.extend(
        packages
            .iter()
            .zip(&refs)
            .zip(unresolved)
            .map(|((package, bom_ref), needs)| component(image, package, bom_ref, needs)),
    );
    let mut bom = Bom {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: None,
        version: 1,
        metadata: Metadata {
            timestamp: None,
            tools: None,
            component: root(image),
        },
        components,
        dependencies: needs,
        compositions: Vec::new(),
        vulnerabilities: entries(vulnerabilities, &packages, &refs),
    };
    if !image.is_complete() {
        bom.compositions.push(Composition {
            aggregate: "incomplete",
            assemblies: [ROOT],
        });
    }
    bom.serial_number = Some(format!("urn:uuid:{}", uuid(&bom)));
    bom.metadata.timestamp = Some(stamp.time_text());
    bom.metadata.tools = Some(Tools {
        components: [Component {
            kind: "application",
            name: "plimsoll".into(),
            version: (&*stamp.version).into(),
            ..Component::default()
        }],
    });
    let mut text = Vec::with_capacity(1024 * (1 + bom.components.len()));
    // Writing to memory can't fail, and no map of these types has odd keys.
    let _ = serde_json::to_writer(&mut text, &bom);
    text.push(b'\n');
    text
}

/// The image itself.
fn root(image: &Image) -> Component<'_> {
    let kind = match image.form {
        ImageForm::RootFs => "operating-system",
        ImageForm::Source => "application",
        _ => "container",
    };
    let digest = image.digest.or(image.id).map(|digest| digest.to_string());
    Component {
        kind,
        bom_ref: ROOT.into(),
        name: (&*image.name).into(),
        version: digest.unwrap_or_default().into(),
        properties: vec![Property {
            name: IMAGE,
            value: json(&ImageNotes::of(image)),
        }],
        ..Component::default()
    }
}

/// The operating system.
fn os(release: &ImageRelease) -> Component<'_> {
    Component {
        kind: "operating-system",
        bom_ref: "os".into(),
        name: (&*release.id).into(),
        version: (&*release.version).into(),
        description: &release.name,
        cpe: &release.cpe,
        ..Component::default()
    }
}

fn component<'a>(
    image: &'a Image,
    found: &'a ImagePackage,
    bom_ref: &str,
    needs: Vec<String>,
) -> Component<'a> {
    let package = &found.package;
    let (group, name) = names(package);
    let (hashes, checksums) = hashes(&found.checksums);
    let mut component = Component {
        kind: match package.kind {
            PackageType::Generic | PackageType::Bitnami => "application",
            _ => "library",
        },
        bom_ref: bom_ref.to_owned().into(),
        group,
        name,
        version: (&*package.version).into(),
        scope: if found.dev { "excluded" } else { "" },
        hashes,
        licenses: licences(&package.licences),
        cpe: found.cpes.first().map_or("", |cpe| cpe),
        purl: package.purl().into(),
        ..Component::default()
    };
    let plain = Plain {
        purl: component.purl.clone().into_owned(),
        group: component.group.clone().into_owned(),
        name: component.name.clone().into_owned(),
        version: package.version.clone(),
        licences: package.licences.clone(),
        ..Plain::default()
    };
    let mut notes = PackageNotes::of(found);
    notes.dev = false;
    notes.cpes = found.cpes.iter().skip(1).cloned().collect();
    notes.checksums = checksums;
    notes.needs = needs;
    if restored(&plain).as_ref() != Ok(package) {
        notes.package = Some(package.clone());
    }
    let occurrences: Vec<Occurrence<'_>> = found
        .locations
        .iter()
        .filter(|location| !location.path.is_empty())
        .map(|location| Occurrence {
            location: format!("/{}", location.path),
            additional_context: &location.evidence,
        })
        .collect();
    component.evidence = (!occurrences.is_empty()).then_some(Evidence { occurrences });
    let layer = found.locations.first().and_then(|location| {
        let layer = image.layers.get(usize::try_from(location.layer).ok()?)?;
        layer.diff_id.or(layer.digest)
    });
    if let Some(layer) = layer {
        component.properties.push(Property {
            name: "plimsoll:layer",
            value: layer.to_string(),
        });
    }
    if !notes.is_empty() {
        component.properties.push(Property {
            name: PACKAGE,
            value: json(&notes),
        });
    }
    component
}

/// Group and name: where the type's users write the namespace apart.
fn names(package: &Package) -> (Cow<'_, str>, Cow<'_, str>) {
    let name = Cow::Borrowed(&*package.name);
    match package.kind {
        kind if kind.is_os() => ("".into(), name),
        PackageType::Golang | PackageType::Github | PackageType::Swift => {
            ("".into(), package.full_name().into())
        }
        _ => ((&*package.namespace).into(), name),
    }
}

fn licences(licences: &[String]) -> Vec<Licence<'_>> {
    if let [one] = licences
        && licence::is_expression(one)
        && !licence::is_id(one)
    {
        return vec![Licence::Expression(one)];
    }
    let named = |text| match licence::is_id(text) {
        true => Named::Id(text),
        false => Named::Name(text),
    };
    licences
        .iter()
        .map(|text| Licence::License(named(text)))
        .collect()
}

/// Digests that CycloneDX can write, and the others.
fn hashes(checksums: &[String]) -> (Vec<Hash<'_>>, Vec<String>) {
    let mut hashes = Vec::new();
    let mut others = Vec::new();
    for checksum in checksums {
        let known = checksum.split_once(':').and_then(|(algorithm, content)| {
            let (_, alg, digits) = HASHES.iter().find(|known| known.0 == algorithm)?;
            let hex = content.len() == *digits && content.bytes().all(|b| b.is_ascii_hexdigit());
            hex.then_some(Hash { alg, content })
        });
        match known {
            Some(hash) => hashes.push(hash),
            None => others.push(checksum.clone()),
        }
    }
    (hashes, others)
}

/// A ref of its own for each package: its purl, numbered where several have one.
fn refs(packages: &[&ImagePackage]) -> Vec<String> {
    let mut seen: FxHashMap<String, u32> = FxHashMap::default();
    packages
        .iter()
        .map(|found| {
            let purl = found.package.purl();
            let count = seen.entry(purl.clone()).or_default();
            *count += 1;
            match count {
                1 => purl,
                count => format!("{purl}~{count}"),
            }
        })
        .collect()
}

/// What each package needs: refs, and the names that are no package's or
/// several packages'.
fn needs(packages: &[&ImagePackage], refs: &[String]) -> (Vec<Dependency>, Vec<Vec<String>>) {
    let mut by_name: FxHashMap<(PackageType, String), Option<usize>> = FxHashMap::default();
    for (at, found) in packages.iter().enumerate() {
        by_name
            .entry((found.package.kind, found.package.full_name()))
            .and_modify(|known| *known = None)
            .or_insert(Some(at));
    }
    let mut dependencies = vec![Dependency {
        who: ROOT.into(),
        depends_on: refs.to_vec(),
    }];
    let mut unresolved = Vec::with_capacity(packages.len());
    for (found, bom_ref) in packages.iter().zip(refs) {
        let mut left = Vec::new();
        let mut depends_on: Vec<String> = Vec::new();
        for name in &found.needs {
            match by_name.get(&(found.package.kind, name.clone())) {
                Some(Some(at)) => depends_on.push(refs[*at].clone()),
                _ => left.push(name.clone()),
            }
        }
        depends_on.sort_unstable();
        depends_on.dedup();
        if !depends_on.is_empty() {
            dependencies.push(Dependency {
                who: bom_ref.clone(),
                depends_on,
            });
        }
        unresolved.push(left);
    }
    (dependencies, unresolved)
}
