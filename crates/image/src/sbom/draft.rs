//! An image put together from the components an SBOM names, whatever its
//! format.

use plimsoll_model::{
    Digest, Package, PackageType, SourcePackage,
    image::{Image, ImageForm, ImageGap, ImageLayer, ImagePackage, ImageRelease, PackageLocation},
};
use rustc_hash::FxHashMap;

use super::{notes::PackageNotes, release};
use crate::licence;

/// A component as a format tells of it.
#[derive(Default)]
pub(super) struct Component {
    /// How other parts of the document refer to it.
    pub id: String,
    /// Its package URL, where it has one.
    pub purl: String,
    /// Its group, where the format keeps that apart from the name.
    pub group: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// CPE names.
    pub cpes: Vec<String>,
    /// Licences as they are written.
    pub licences: Vec<String>,
    /// Digests: `sha1:...`.
    pub checksums: Vec<String>,
    /// Whether it is there for development or tests only.
    pub dev: bool,
    /// Where it was found.
    pub paths: Vec<String>,
    /// The layer it was found in: the digest of its blob or of its bytes.
    pub layer: String,
    /// The source package, its version put together.
    pub source: Option<SourcePackage>,
    /// The architecture.
    pub arch: String,
    /// What Plimsoll noted of it: JSON.
    pub notes: Option<String>,
}

/// An image in the making.
pub(super) struct Draft {
    /// What is known so far. Packages are added by [`Draft::component`] alone.
    pub image: Image,
    /// What shows a package that the SBOM gives no better evidence for.
    evidence: &'static str,
    /// At most so many packages.
    most: usize,
    left_out: usize,
    by_id: FxHashMap<String, usize>,
    needs: Vec<(String, String)>,
    layers: FxHashMap<Digest, u32>,
}

impl Draft {
    /// An image of this name; `format` is shown as evidence.
    pub(super) fn new(name: &str, format: &'static str, most: usize) -> Self {
        Draft {
            image: Image {
                name: name.to_owned(),
                form: ImageForm::Sbom,
                ..Image::default()
            },
            evidence: format,
            most,
            left_out: 0,
            by_id: FxHashMap::default(),
            needs: Vec::new(),
            layers: FxHashMap::default(),
        }
    }

    /// Something could not be read.
    pub(super) fn gap(&mut self, message: impl Into<String>) {
        self.image.gaps.push(ImageGap {
            message: message.into(),
            ..ImageGap::default()
        });
    }

    /// Items of a list were no objects.
    pub(super) fn odd(&mut self, count: usize, what: &str) {
        if count > 0 {
            self.gap(format!("{count} {what} are no objects"));
        }
    }

    /// A layer, above those named before; known by one or both digests.
    pub(super) fn layer(&mut self, diff_id: Option<Digest>, digest: Option<Digest>) {
        self.image.layers.push(ImageLayer {
            diff_id,
            digest,
            ..ImageLayer::default()
        });
        self.index_layers();
    }

    /// The layers are known: locations are looked up in them from now on.
    pub(super) fn index_layers(&mut self) {
        for (at, layer) in (0_u32..).zip(&self.image.layers) {
            for digest in [layer.diff_id, layer.digest].into_iter().flatten() {
                self.layers.entry(digest).or_insert(at);
            }
        }
    }

    /// The index of a layer. One that the document lists nowhere is put above
    /// the others: its place among them is not known, its digest is.
    fn layer_index(&mut self, digest: &str) -> u32 {
        let Ok(digest) = digest.parse::<Digest>() else {
            return 0;
        };
        if let Some(at) = self.layers.get(&digest) {
            return *at;
        }
        let at = u32::try_from(self.image.layers.len()).unwrap_or(u32::MAX);
        self.image.layers.push(ImageLayer {
            diff_id: Some(digest),
            ..ImageLayer::default()
        });
        self.layers.insert(digest, at);
        at
    }

    /// A component needs another; both by the ids of the document.
    pub(super) fn needs(&mut self, who: &str, what: &str) {
        self.needs.push((who.to_owned(), what.to_owned()));
    }

    /// A package of the image, or a gap where the component names none.
    pub(super) fn component(&mut self, mut component: Component) {
        if self.image.packages.len() >= self.most {
            self.left_out += 1;
            return;
        }
        let notes = self.notes(&mut component);
        let package = match self.package(&component, &notes) {
            Ok(package) => package,
            Err(why) => {
                let shown = shown(&component);
                self.gap(format!(
                    "component `{shown}` is no package that is known: {why}"
                ));
                return;
            }
        };
        if !component.id.is_empty() {
            let at = self.image.packages.len();
            self.by_id.insert(std::mem::take(&mut component.id), at);
        }
        let layer = self.layer_index(&component.layer);
        let mut locations = notes.locations;
        if locations.is_empty() {
            let paths = match component.paths.is_empty() {
                true => vec![String::new()],
                false => component.paths,
            };
            locations.extend(paths.iter().map(|path| PackageLocation {
                layer,
                path: path.trim_start_matches('/').to_owned(),
                how: "sbom".into(),
                evidence: self.evidence.into(),
            }));
        }
        let mut cpes = component.cpes;
        cpes.extend(notes.cpes);
        let mut checksums = component.checksums;
        checksums.extend(notes.checksums);
        self.image.packages.push(ImagePackage {
            cpes,
            locations,
            from_base: notes.from_base,
            dev: component.dev || notes.dev,
            needs: notes.needs,
            checksums,
            ..ImagePackage::of(package)
        });
    }

    fn notes(&mut self, component: &mut Component) -> PackageNotes {
        let Some(text) = component.notes.take() else {
            return PackageNotes::default();
        };
        match serde_json::from_str(&text) {
            Ok(notes) => notes,
            Err(error) => {
                let shown = shown(component);
                self.gap(format!("what is noted of component `{shown}`: {error}"));
                PackageNotes::default()
            }
        }
    }

    fn package(&self, component: &Component, notes: &PackageNotes) -> Result<Package, String> {
        let mut package = restored(component)?;
        if let Some(exact) = &notes.package {
            // Notes say more than a purl, never something else.
            if exact.purl() == package.purl() {
                return Ok(exact.clone());
            }
            return Err(format!(
                "its purl and the note on it differ: `{}`",
                exact.purl()
            ));
        }
        if package.version.is_empty() {
            package.version.clone_from(&component.version);
        }
        Ok(package)
    }

    /// The image.
    pub(super) fn finish(mut self) -> Image {
        if self.left_out > 0 {
            let message = format!(
                "{} components beyond the first {} packages were left out",
                self.left_out, self.most
            );
            self.gap(message);
        }
        for (who, what) in std::mem::take(&mut self.needs) {
            if let (Some(who), Some(what)) = (self.by_id.get(&who), self.by_id.get(&what)) {
                let name = self.image.packages[*what].package.full_name();
                self.image.packages[*who].needs.push(name);
            }
        }
        let mut image = self.image;
        if image.release.is_none() {
            release::from_packages(&mut image);
        }
        let mut packages = std::mem::take(&mut image.packages);
        for package in &mut packages {
            package.needs.sort_unstable();
            package.needs.dedup();
        }
        packages.sort_by(|a, b| a.package.cmp(&b.package));
        packages.dedup_by(|again, first| {
            let same = again.package == first.package;
            if same {
                merge(first, again);
            }
            same
        });
        image.packages = packages;
        image
    }

    /// What the operating system is, when no component said so yet.
    pub(super) fn release(&mut self, release: ImageRelease) {
        if self.image.release.is_none() && !release.id.is_empty() {
            self.image.release = Some(release);
        }
    }
}

/// What a component told twice says more.
fn merge(first: &mut ImagePackage, again: &mut ImagePackage) {
    first.dev &= again.dev;
    let add = |to: &mut Vec<String>, from: &mut Vec<String>| {
        for text in from.drain(..) {
            if !to.contains(&text) {
                to.push(text);
            }
        }
    };
    add(&mut first.cpes, &mut again.cpes);
    add(&mut first.checksums, &mut again.checksums);
    add(&mut first.needs, &mut again.needs);
    for location in again.locations.drain(..) {
        if !first.locations.contains(&location) {
            first.locations.push(location);
        }
    }
}

/// The package that a component tells of, without what is noted of it: also
/// how the writers know what has to be noted.
pub(super) fn restored(component: &Component) -> Result<Package, String> {
    let mut package = if component.purl.is_empty() {
        // Without a package URL a CPE is what there is to match by.
        if component.cpes.is_empty() || component.name.is_empty() {
            return Err("it has no package URL".into());
        }
        Package::new(
            PackageType::Generic,
            "",
            &*component.name,
            &*component.version,
        )
    } else {
        let purl = component
            .purl
            .replacen("pkg:githubactions/", "pkg:github/", 1);
        let mut package = Package::from_purl(&purl).map_err(|error| error.to_string())?;
        restore_case(&mut package, &component.group, &component.name);
        package
    };
    package.licences = licence::normalise_all(component.licences.iter().map(|text| &**text));
    if package.source.is_none()
        && let Some(source) = &component.source
        && !(source.name == package.name && source.version == package.version)
    {
        package.source = Some(source.clone());
    }
    if package.arch.is_none() && !component.arch.is_empty() {
        package.arch = Some(component.arch.clone());
    }
    Ok(package)
}

/// A purl has lost the case of names without one; the component's name has it.
fn restore_case(package: &mut Package, group: &str, name: &str) {
    let kind = package.kind;
    let is_name = |name: &str| kind.canonical_name(name) == package.name;
    let name = match name.split_once(':') {
        // GitHub: `go:github.com/BurntSushi/toml`.
        Some((_, rest)) if !is_name(name) && kind != PackageType::Maven => rest,
        _ => name,
    };
    let (group, name) = match name.rsplit_once('/') {
        Some((before, last)) if group.is_empty() && !is_name(name) => (before, last),
        _ => (group, name),
    };
    if is_name(name) {
        name.clone_into(&mut package.name);
    }
    if kind.canonical_namespace(group) == package.namespace {
        group.clone_into(&mut package.namespace);
    }
}

fn shown(component: &Component) -> String {
    let text = match (component.name.is_empty(), component.version.is_empty()) {
        (true, _) => component.id.clone(),
        (false, true) => component.name.clone(),
        (false, false) => format!("{} {}", component.name, component.version),
    };
    text.chars().take(120).collect()
}

/// The version of a source package from the parts some formats keep.
pub(super) fn source(
    name: &str,
    epoch: &str,
    version: &str,
    release: &str,
) -> Option<SourcePackage> {
    if name.is_empty() {
        return None;
    }
    let mut whole = String::new();
    if !matches!(epoch, "" | "0" | "(none)") {
        whole.push_str(epoch);
        whole.push(':');
    }
    whole.push_str(version);
    if !release.is_empty() {
        whole.push('-');
        whole.push_str(release);
    }
    Some(SourcePackage {
        name: name.to_owned(),
        version: whole,
    })
}
