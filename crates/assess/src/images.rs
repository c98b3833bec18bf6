//! Images beside the estate: what their findings are, and what the workloads
//! that name them get to know of them.

mod vulnerable;

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_image::secret;
use plimsoll_model::{
    AdvisoryFacts, Asset, AssetFacts, AssetId, AssetKind, BaseFacts, Diagnostic, Digest,
    Evaluation, Evidence, Exposure, FieldRef, Finding, FindingKind, ImageFacts, ImageLink,
    ImageLinks, ImageName, Location, ObjectRef, Observation, ReleaseFacts, Subject, Timestamp,
    UnknownAsset, image::Image, time::end_of,
};
use plimsoll_posture::{Request, evaluate_image, image::layer_id};
use plimsoll_vuln::matching::Matched;
use rayon::prelude::*;

pub use self::vulnerable::{
    Advisories, MALICIOUS_PACKAGE, RULES, Statements, VULNERABLE_PACKAGE, matched,
};

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

/// What the engines say of the images.
pub(crate) struct Judged {
    pub assets: Vec<AssetFacts>,
    pub findings: Vec<Finding>,
    pub links: ImageLinks,
    /// By the image's name: what its packages were compared with.
    pub matched: Vec<(String, Matched)>,
}

/// Judges every image once.
pub(crate) fn judge(
    images: &[LookedInto],
    cluster: &Arc<str>,
    advisories: Option<&Advisories>,
    request: &Request,
    now: Timestamp,
    evaluation: &mut Evaluation,
) -> Judged {
    // What costs most, side by side; each image once.
    let mut matched: BTreeMap<AssetId, Matched> = match advisories {
        None => BTreeMap::new(),
        Some(advisories) => images
            .par_iter()
            .filter_map(|looked_into| looked_into.outcome.as_ref().ok())
            .map(|image| (asset(image).id, image))
            .collect::<BTreeMap<_, _>>()
            .into_par_iter()
            .map(|(id, image)| (id, matched(image, advisories, now)))
            .collect(),
    };
    let mut judged = Judged {
        assets: Vec::new(),
        findings: Vec::new(),
        links: ImageLinks::new(),
        matched: Vec::new(),
    };
    // Two names of one digest lead to one asset.
    let mut known: BTreeMap<AssetId, Arc<ImageFacts>> = BTreeMap::new();
    for looked_into in images {
        let link = match &looked_into.outcome {
            Err(unknown) => ImageLink::Unknown(unknown.clone()),
            Ok(image) => {
                let asset = Arc::new(asset(image));
                let facts = known.entry(asset.id.clone()).or_insert_with(|| {
                    let known = match (advisories, matched.remove(&asset.id)) {
                        (Some(advisories), Some(matched)) => {
                            let findings = vulnerable::findings(image, &asset, &matched);
                            judged.findings.extend(findings);
                            let facts = vulnerable::facts(&matched, &*advisories.db);
                            judged.matched.push((image.name.clone(), matched));
                            Ok(facts)
                        }
                        _ => Err(NO_DATABASE.to_owned()),
                    };
                    let (findings, looked_at) = findings(image, &asset, request);
                    judged.findings.extend(findings);
                    evaluation.unevaluated.extend(looked_at.unevaluated);
                    evaluation.controls.extend(looked_at.controls);
                    evaluation.image_controls.extend(looked_at.image_controls);
                    let observed = Observation {
                        source: "images".into(),
                        at: looked_into.at.unwrap_or(now),
                    };
                    judged.assets.push(asset_facts(
                        image,
                        &asset,
                        cluster,
                        &looked_into.names,
                        &observed,
                    ));
                    Arc::new(image_facts(image, &asset, observed, known))
                });
                ImageLink::Known(facts.clone())
            }
        };
        for name in &looked_into.names {
            judged.links.insert(name.clone(), link.clone());
        }
    }
    evaluation.unevaluated.sort();
    evaluation.controls.sort_unstable();
    evaluation.controls.dedup();
    judged
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
        asset: asset.clone(),
        observed: observed.clone(),
        cluster: cluster.clone(),
        labels: image
            .config
            .labels
            .iter()
            .map(|(key, value)| (key.as_str().into(), value.as_str().into()))
            .collect(),
        annotations: BTreeMap::new(),
        namespace_labels: Arc::default(),
        owner: image
            .config
            .labels
            .get("plimsoll.dev/owner")
            .map(|owner| owner.as_str().into()),
        images: names.to_vec(),
        exposure: Exposure::default(),
        location: Some(plimsoll_posture::image::location(image, None)),
        unknown: None,
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
