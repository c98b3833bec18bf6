//! Images beside the estate: what their findings are, and what the workloads
//! that name them get to know of them.

mod vulnerable;

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_image::secret;
use plimsoll_model::{
    AdvisoryFacts, Asset, AssetFacts, AssetId, AssetKind, BaseFacts, Diagnostic, Digest,
    Evaluation, Evidence, FieldRef, Finding, FindingKind, ImageFacts, ImageLink, ImageLinks,
    ImageName, Location, ObjectRef, Observation, ReleaseFacts, Subject, Timestamp, UnknownAsset,
    VulnerabilityGap, image::Image, time::end_of,
};
use plimsoll_posture::{Request, evaluate_image, image::layer_id};
use rayon::prelude::*;

pub use self::vulnerable::{
    Advisories, MALICIOUS_PACKAGE, RULES, Statements, VULNERABLE_PACKAGE, matched,
};
pub(crate) use self::vulnerable::{findings as findings_of, lay, message, waiver};

/// Why nothing is known of vulnerabilities where no database was given.
const NO_DATABASE: &str =
    "its packages were compared with no advisories: make a database with `plimsoll db update`";

/// An image that names of the estate lead to, or why it can't be had.
#[derive(Clone, Debug)]
pub struct LookedInto {
    /// The names that lead to it, as manifests write them.
    pub names: Vec<Arc<str>>,
    /// What it holds.
    pub outcome: Result<Arc<Image>, UnknownAsset>,
    /// When it was looked into; none for now.
    pub at: Option<Timestamp>,
}

/// What the advisories say of one image.
#[derive(Debug)]
pub(crate) struct Compared {
    findings: Vec<Finding>,
    facts: Result<AdvisoryFacts, String>,
    /// Packages of which nothing is known.
    pub unknown: Vec<VulnerabilityGap>,
    pub diagnostics: Vec<Diagnostic>,
}

/// What the engines say of one image.
#[derive(Debug)]
pub(crate) struct JudgedImage {
    pub image: Arc<Image>,
    pub asset: AssetFacts,
    pub facts: Arc<ImageFacts>,
    /// None without an advisory database.
    pub compared: Option<Arc<Compared>>,
    /// What is wrong with what it is itself.
    own: Vec<Finding>,
    pub evaluation: Evaluation,
}

impl JudgedImage {
    /// What was found in it.
    pub(crate) fn findings(&self) -> impl Iterator<Item = &Finding> {
        let compared = self.compared.iter().flat_map(|compared| &compared.findings);
        compared.chain(&self.own)
    }
}

/// What images are judged by.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'a> {
    pub cluster: &'a Arc<str>,
    pub advisories: Option<&'a Advisories>,
    pub request: &'a Request,
    pub now: Timestamp,
}

impl Judge<'_> {
    /// Compares an image with the advisories, which is what costs most.
    pub(crate) fn compare(&self, image: &Image) -> Option<Arc<Compared>> {
        let advisories = self.advisories?;
        let matched = matched(image, advisories, self.now);
        let asset = Arc::new(asset(image));
        let found = vulnerable::findings(image, &asset, &matched).collect();
        Some(Arc::new(Compared {
            findings: found,
            facts: Ok(vulnerable::facts(&matched, &*advisories.db)),
            unknown: matched.unknown,
            diagnostics: matched.diagnostics,
        }))
    }

    /// Judges an image that was compared.
    pub(crate) fn judge(
        &self,
        image: &Arc<Image>,
        names: &[Arc<str>],
        at: Option<Timestamp>,
        compared: Option<Arc<Compared>>,
    ) -> JudgedImage {
        let asset = Arc::new(asset(image));
        let (own, evaluation) = findings(image, &asset, self.request);
        let observed = Observation {
            source: "images".into(),
            at: at.unwrap_or(self.now),
        };
        let known = match &compared {
            Some(compared) => compared.facts.clone(),
            None => Err(NO_DATABASE.to_owned()),
        };
        JudgedImage {
            image: image.clone(),
            asset: asset_facts(image, &asset, self.cluster, names, &observed),
            facts: Arc::new(image_facts(image, &asset, observed, known)),
            compared,
            own,
            evaluation,
        }
    }
}

/// What the engines say of the images.
#[derive(Debug)]
pub(crate) struct Judged<'a> {
    pub looked_into: Vec<&'a LookedInto>,
    /// Each once.
    pub images: Vec<Arc<JudgedImage>>,
    pub links: ImageLinks,
}

/// Judges every image once; none where there is none.
pub(crate) fn judge<'a>(images: &'a [LookedInto], by: Judge<'_>) -> Option<Judged<'a>> {
    if images.is_empty() {
        return None;
    }
    // Two names of one digest lead to one asset: the first of them counts.
    let mut firsts: BTreeMap<AssetId, (&LookedInto, &Arc<Image>)> = BTreeMap::new();
    let mut order = Vec::new();
    let mut ids = Vec::with_capacity(images.len());
    for looked_into in images {
        let id = looked_into.outcome.as_ref().ok().map(|image| {
            let id = asset(image).id;
            firsts.entry(id.clone()).or_insert_with(|| {
                order.push(id.clone());
                (looked_into, image)
            });
            id
        });
        ids.push(id);
    }
    // Side by side.
    let judged: BTreeMap<AssetId, Arc<JudgedImage>> = firsts
        .into_par_iter()
        .map(|(id, (first, image))| {
            let compared = by.compare(image);
            (
                id,
                Arc::new(by.judge(image, &first.names, first.at, compared)),
            )
        })
        .collect();
    let mut links = ImageLinks::new();
    for (looked_into, id) in images.iter().zip(ids) {
        let link = link(looked_into, id.and_then(|id| judged.get(&id)));
        let names = looked_into.names.iter();
        links.extend(names.map(|name| (name.clone(), link.clone())));
    }
    Some(Judged {
        looked_into: images.iter().collect(),
        images: order
            .iter()
            .filter_map(|id| judged.get(id).cloned())
            .collect(),
        links,
    })
}

/// What names lead to that someone looked into.
pub(crate) fn link(looked_into: &LookedInto, judged: Option<&Arc<JudgedImage>>) -> ImageLink {
    match (&looked_into.outcome, judged) {
        (Ok(_), Some(judged)) => ImageLink::Known(judged.facts.clone()),
        (Err(unknown), _) => ImageLink::Unknown(unknown.clone()),
        (Ok(_), None) => ImageLink::Unknown(UnknownAsset {
            reason: "it is not judged yet".to_owned(),
            remedy: "wait for it".to_owned(),
        }),
    }
}

/// Adds what was asked of images to what was asked of objects.
pub(crate) fn asked<'a>(
    images: impl IntoIterator<Item = &'a Evaluation>,
    evaluation: &mut Evaluation,
) {
    for one in images {
        evaluation
            .unevaluated
            .extend(one.unevaluated.iter().cloned());
        evaluation.controls.extend(&one.controls);
        evaluation.image_controls.extend(&one.image_controls);
    }
    evaluation.unevaluated.sort();
    evaluation.controls.sort_unstable();
    evaluation.controls.dedup();
}

/// What is wrong with an image: its configuration, and secrets in it.
pub(crate) fn findings(
    image: &Image,
    asset: &Arc<Asset>,
    request: &Request,
) -> (Vec<Finding>, Evaluation) {
    let (mut findings, evaluation) = evaluate_image(image, asset, request);
    findings.extend(secrets(image, asset));
    findings.sort_by(Finding::listing_order);
    (findings, evaluation)
}

fn secrets<'a>(image: &'a Image, asset: &'a Arc<Asset>) -> impl Iterator<Item = Finding> + 'a {
    image.secrets.iter().filter_map(move |found| {
        let rule = secret::rule(&found.rule)?;
        let in_file = found.layer.is_some();
        let place = if in_file {
            format!("/{}", found.path)
        } else {
            found.path.clone()
        };
        let mut message = format!("{} in {place}", rule.title);
        if let Some(layer) = found.removed_by {
            message.push_str(&format!(
                "; layer {} deletes it, and the image still holds it",
                layer + 1
            ));
        }
        let location = Location {
            line: found.line,
            column: found.column,
            ..plimsoll_posture::image::location(image, in_file.then_some(&*found.path))
        };
        let evidence = Evidence::Image {
            location,
            path: FieldRef::new(Arc::from(""), found.path.clone()),
            layer: found.layer.and_then(|layer| layer_id(image, layer)),
            observed: Some(found.excerpt.as_str().into()),
        };
        let subject = Subject {
            container: None,
            // The fingerprint keeps two secrets of one kind in one file apart
            // and survives edits around them.
            field: format!("{} {place} {}", found.rule, found.fingerprint).into(),
        };
        Some(
            Finding::new(rule, asset.clone(), subject, message, evidence)
                .of_kind(FindingKind::Secret),
        )
    })
}

/// The id of the asset that an image is.
#[must_use]
pub fn image_id(image: &Image) -> AssetId {
    asset(image).id
}

/// The image as an asset: by its first name, else by what it was called.
pub(crate) fn asset(image: &Image) -> Asset {
    let name = image
        .tags
        .first()
        .map_or(image.name.as_str(), String::as_str);
    let repository = ImageName::parse(name).map(|name| name.repository().to_owned());
    let digest: Option<&Digest> = image.digest.as_ref().or(image.id.as_ref());
    Asset {
        id: AssetId::image(repository.as_deref().unwrap_or(name), digest),
        kind: AssetKind::Image,
        object: ObjectRef {
            api_version: "".into(),
            kind: "Image".into(),
            namespace: None,
            name: name.into(),
        },
    }
}

fn asset_facts(
    image: &Image,
    asset: &Arc<Asset>,
    cluster: &Arc<str>,
    names: &[Arc<str>],
    observed: &Observation,
) -> AssetFacts {
    AssetFacts {
        labels: image
            .config
            .labels
            .iter()
            .map(|(key, value)| (key.as_str().into(), value.as_str().into()))
            .collect(),
        owner: image
            .config
            .labels
            .get("plimsoll.dev/owner")
            .map(|owner| owner.as_str().into()),
        images: names.to_vec(),
        location: Some(plimsoll_posture::image::location(image, None)),
        ..AssetFacts::bare(asset.clone(), observed.clone(), cluster.clone())
    }
}

fn image_facts(
    image: &Image,
    asset: &Asset,
    observed: Observation,
    advisories: Result<AdvisoryFacts, String>,
) -> ImageFacts {
    ImageFacts {
        asset: asset.id.clone(),
        observed,
        created: image
            .config
            .created
            .as_deref()
            .and_then(|created| created.parse().ok()),
        bytes: image.layers.iter().map(|layer| layer.bytes).sum(),
        user: image.config.user.clone(),
        release: image.release.as_ref().map(|release| ReleaseFacts {
            name: release.name.clone(),
            until: release
                .support
                .as_ref()
                .and_then(|support| support.until.parse().ok()),
        }),
        base: image.base.as_ref().map(|base| BaseFacts {
            name: base.name.clone(),
            digest: base.digest,
            created: base
                .created
                .as_deref()
                .and_then(|created| created.parse().ok()),
            evidence: base.evidence.clone(),
        }),
        shells: image
            .marks
            .iter()
            .filter(|mark| mark.name == "shell")
            .map(|mark| mark.path.clone())
            .collect(),
        sbom: Ok(image.sboms.first().cloned()),
        gaps: image.gaps.iter().map(ToString::to_string).collect(),
        advisories,
    }
}

/// What must be said loudly of an image whose release gets no more fixes.
pub(crate) fn ended_release(image: &Image, now: Timestamp) -> Option<Diagnostic> {
    let release = image.release.as_ref()?;
    let until = release.support.as_ref()?.until.parse().ok()?;
    (end_of(until) < now).then(|| {
        Diagnostic::warning(
            None,
            format!(
                "{}: the support of {} ended on {until}: no fixes come for it any more, and what is not reported here is not therefore healthy; build on a release that is supported",
                image.name, release.name
            ),
        )
    })
}
