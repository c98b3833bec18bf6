//! Controls over an image.

use std::{borrow::Cow, sync::Arc};

use plimsoll_manifest::Span;
use plimsoll_model::{
    Asset, Evaluation, Evidence, FieldRef, Finding, Location, Subject, Unevaluated, image::Image,
};

use crate::{
    Check, Request,
    resolve::{LooksAt, resolve},
};

/// Where the checks of one image say what they found.
#[derive(Debug, Default)]
pub struct ImageSink {
    hits: Vec<Hit>,
    unknown: Option<String>,
}

/// What a check found.
#[derive(Debug)]
struct Hit {
    subject: Cow<'static, str>,
    message: String,
    path: String,
    in_file: bool,
    layer: Option<u32>,
    observed: Option<Box<str>>,
}

impl ImageSink {
    /// Something is wrong with a field of the configuration, such as
    /// `config.User`. `subject` names it for good: it must survive a rebuild.
    pub fn config(
        &mut self,
        subject: impl Into<Cow<'static, str>>,
        field: impl Into<String>,
        observed: Option<&str>,
        message: impl Into<String>,
    ) {
        self.hits.push(Hit {
            subject: subject.into(),
            message: message.into(),
            path: field.into(),
            in_file: false,
            layer: None,
            observed: observed.map(Into::into),
        });
    }

    /// Something is wrong with the file at `path` that `layer` brought.
    pub fn file(&mut self, path: &str, layer: u32, message: impl Into<String>) {
        self.hits.push(Hit {
            subject: format!("file /{path}").into(),
            message: message.into(),
            path: path.to_owned(),
            in_file: true,
            layer: Some(layer),
            observed: None,
        });
    }

    /// Something is wrong with what the image holds, named by `subject` for
    /// good; the file at `path` that `layer` brought shows it.
    pub fn package(
        &mut self,
        subject: impl Into<Cow<'static, str>>,
        path: &str,
        layer: u32,
        message: impl Into<String>,
    ) {
        self.hits.push(Hit {
            subject: subject.into(),
            message: message.into(),
            path: path.to_owned(),
            in_file: true,
            layer: Some(layer),
            observed: None,
        });
    }

    /// The control can't be evaluated on this image, and why.
    pub fn unknown(&mut self, reason: impl Into<String>) {
        self.unknown = Some(reason.into());
    }
}

/// Evaluates the controls of images that `request` asks for on one image.
/// Findings come in their listing order.
pub fn evaluate_image(
    image: &Image,
    asset: &Arc<Asset>,
    request: &Request,
) -> (Vec<Finding>, Evaluation) {
    let (steps, mut evaluation) = resolve(request, LooksAt::Images);
    let mut findings = Vec::new();
    for step in &steps {
        let Check::Image(check) = step.control.check else {
            continue;
        };
        let mut sink = ImageSink::default();
        check(image, &mut sink);
        if let Some(reason) = sink.unknown {
            evaluation.unevaluated.push(Unevaluated {
                asset: asset.id.clone(),
                control: Some(step.control.id()),
                reason,
                location: location(image, None),
            });
        }
        for hit in sink.hits {
            let evidence = Evidence::Image {
                location: location(image, hit.in_file.then_some(&*hit.path)),
                path: FieldRef::new(Arc::from(""), hit.path),
                layer: hit.layer.and_then(|layer| layer_id(image, layer)),
                observed: hit.observed,
            };
            let subject = Subject {
                container: None,
                field: hit.subject,
            };
            let mut finding = Finding::new(
                step.control.rule,
                asset.clone(),
                subject,
                hit.message,
                evidence,
            );
            finding.severity = step.severity;
            finding.baselines = step.baselines.clone();
            findings.push(finding);
        }
    }
    findings.sort_by(Finding::listing_order);
    // The same thing twice is one finding with more evidence.
    findings.dedup_by(|again, first| {
        let same = again.id == first.id;
        if same {
            first.add_evidence(again.evidence().clone());
        }
        same
    });
    evaluation.unevaluated.sort();
    (findings, evaluation)
}

/// The place of a file in an image, or of the image as a whole.
pub fn location(image: &Image, path: Option<&str>) -> Location {
    Location {
        file: match path {
            Some(path) => format!("{}!/{path}", image.name).into(),
            None => image.name.as_str().into(),
        },
        line: 0,
        column: 0,
        span: Span { start: 0, end: 0 },
    }
}

/// The digest a layer is told by: of its uncompressed bytes, else as stored.
pub fn layer_id(image: &Image, layer: u32) -> Option<plimsoll_model::Digest> {
    let layer = image.layers.get(layer as usize)?;
    layer.diff_id.or(layer.digest)
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;
    use crate::Control;

    /// What a control says of an image: subject and message of each hit.
    pub(crate) fn hits(control: &Control, image: &Image) -> Vec<(String, String)> {
        let Check::Image(check) = control.check else {
            return Vec::new();
        };
        let mut sink = ImageSink::default();
        check(image, &mut sink);
        sink.hits
            .into_iter()
            .map(|hit| (hit.subject.into_owned(), hit.message))
            .collect()
    }
}
