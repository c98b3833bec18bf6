//! From violations to findings: identity, places, baselines, fixes, waivers.

use std::{borrow::Cow, fmt::Write as _, sync::Arc};

use plimsoll_manifest::{Document, Node};
use plimsoll_model::{
    Asset, Evidence, FieldRef, Finding, Fix, FixEdit, FixTarget, Location, Subject, Unevaluated,
};

use super::{Chunk, Unit, templates::Judged};
use crate::{
    Path, Remedy, Violation,
    intern::Interner,
    locate::locate,
    resolve::PlanStep,
    violation::{Edit, Root, Target, Text},
    waiver::Waivers,
};

/// Makes the findings of one object after the other. What findings share is
/// kept from object to object.
#[derive(Default)]
pub(super) struct Emitter {
    paths: Paths,
    /// Each with the number of the document it was found in.
    findings: Vec<(usize, Finding)>,
    document: usize,
    unevaluated: Vec<Unevaluated>,
}

/// The bases of paths within the object at hand.
#[derive(Default)]
struct Paths {
    interner: Interner,
    buffer: String,
    templates: Vec<Arc<str>>,
    /// The name of the document at hand, where it is not that of its source.
    file: Option<Arc<str>>,
}

impl Paths {
    /// A path from the object's root on, as a shared base and a rest.
    fn split(&mut self, path: &Path, template: u16) -> (Arc<str>, Text) {
        let root = match path.root {
            Root::Object => None,
            Root::Template => self.templates.get(usize::from(template)),
        };
        let base = match (path.item, root) {
            (None, Some(root)) => root.clone(),
            (None, None) => self.interner.text(""),
            (Some((list, index)), root) => {
                self.buffer.clear();
                if let Some(root) = root.filter(|root| !root.is_empty()) {
                    self.buffer.push_str(root);
                    self.buffer.push('.');
                }
                // Writing into a String can't fail.
                let _ = write!(self.buffer, "{list}[{index}]");
                self.interner.text(&self.buffer)
            }
        };
        (base, path.rest.clone())
    }

    fn field(&mut self, path: &Path, template: u16) -> FieldRef {
        let (base, rest) = self.split(path, template);
        FieldRef::new(base, rest)
    }

    fn locate(&mut self, document: &Document, path: &Path, template: u16) -> Location {
        let (base, rest) = self.split(path, template);
        self.place(document, [&*base, &*rest])
    }

    fn place(&self, document: &Document, path: [&str; 2]) -> Location {
        let location = locate(document, path);
        match &self.file {
            Some(file) => Location {
                file: file.clone(),
                ..location
            },
            None => location,
        }
    }

    fn evidence(
        &mut self,
        document: &Document,
        (path, observed): &(Path, Option<Box<str>>),
        template: u16,
    ) -> Evidence {
        let (base, rest) = self.split(path, template);
        Evidence::Manifest {
            location: self.place(document, [&*base, &*rest]),
            path: FieldRef::new(base, rest),
            observed: observed.clone(),
        }
    }

    fn fix(&mut self, remedy: &Remedy, template: u16) -> Fix {
        let edits = remedy
            .edits
            .iter()
            .map(|edit| match edit {
                Edit::Set(path, value) => FixEdit::Set(self.field(path, template), value.clone()),
                Edit::Add(path, value) => FixEdit::Add(self.field(path, template), value.clone()),
                Edit::Remove(path) => FixEdit::Remove(self.field(path, template)),
            })
            .collect();
        Fix {
            target: match &remedy.target {
                Target::Own => FixTarget::Own,
                Target::Other(object) => FixTarget::Other(object.clone()),
                Target::New(object, manifest) => FixTarget::New {
                    object: object.clone(),
                    manifest: manifest.clone(),
                },
            },
            edits,
            summary: remedy.summary.clone(),
            decision: remedy.decision.clone(),
        }
    }

    /// The subject with what makes it unique in objects of several templates.
    fn subject(&mut self, subject: &Subject, template: u16) -> Subject {
        let field = match self.templates.get(usize::from(template)) {
            Some(base) if template > 0 => Cow::Owned(format!("{base}: {}", subject.field)),
            _ => subject.field.clone(),
        };
        let container = subject
            .container
            .as_deref()
            .map(|name| self.interner.text(name));
        Subject { container, field }
    }
}

impl Emitter {
    /// What follows is said of this object, which goes by `file` where its
    /// document does not say it.
    pub(super) fn start_unit(
        &mut self,
        templates: &[(Arc<str>, Node<'_>)],
        file: Option<Arc<str>>,
    ) {
        self.document = 0;
        self.paths.file = file;
        self.templates(templates);
    }

    /// What follows is said of the next document of the same object, which has
    /// these pod templates.
    pub(super) fn next_document(&mut self, templates: &[(Arc<str>, Node<'_>)]) {
        self.document += 1;
        self.paths.file = None;
        self.templates(templates);
    }

    fn templates(&mut self, templates: &[(Arc<str>, Node<'_>)]) {
        self.paths.templates.clear();
        self.paths
            .templates
            .extend(templates.iter().map(|(base, _)| base.clone()));
    }

    pub(super) fn unevaluated(&mut self, unevaluated: Unevaluated) {
        self.unevaluated.push(unevaluated);
    }

    /// Adds what was said of a document. `template` is the pod template it was
    /// said of; none when a check of the object said it, which may name one.
    pub(super) fn emit(
        &mut self,
        asset: &Arc<Asset>,
        document: &Document,
        template: Option<u16>,
        judged: &Judged<'_>,
    ) {
        for (step, violation) in &judged.violations {
            let template = template.unwrap_or(violation.template);
            let finding = self.finding(asset, document, template, step, violation);
            self.findings.push((self.document, finding));
        }
        for (step, path, reason) in &judged.unevaluated {
            let location = self.paths.locate(document, path, template.unwrap_or(0));
            self.unevaluated.push(Unevaluated {
                asset: asset.id.clone(),
                control: Some(step.control.id()),
                reason: reason.clone().into_owned(),
                location,
            });
        }
    }

    /// Adds what was said of a running pod and was not said of its workload
    /// before. `file` is what the pod goes by in evidence.
    pub(super) fn observe(
        &mut self,
        asset: &Arc<Asset>,
        document: &Document,
        file: Arc<str>,
        pod: &str,
        judged: &Judged<'_>,
    ) {
        self.document += 1;
        self.paths.templates.clear();
        self.paths.templates.push(self.paths.interner.text(""));
        self.paths.file = Some(file);
        for (step, violation) in &judged.violations {
            let mut finding = self.finding(asset, document, 0, step, violation);
            let is_new = |(place, known): &(usize, Finding)| {
                known.id != finding.id || *place == self.document
            };
            if !self.findings.iter().all(is_new) {
                continue;
            }
            finding.message = format!(
                "{} (so it is in the running pod {pod}; its template does not say so)",
                finding.message
            )
            .into();
            finding.fixes = self.paths.interner.fixes(vec![Fix {
                target: FixTarget::Own,
                edits: Box::new([]),
                summary: "Find out what made the pod otherwise than its template".into(),
                decision: Some(
                    "Whether it was changed on admission, is debugged, or is of an older revision."
                        .into(),
                ),
            }]);
            self.findings.push((self.document, finding));
        }
        for (step, path, reason) in &judged.unevaluated {
            let location = self.paths.locate(document, path, 0);
            self.unevaluated.push(Unevaluated {
                asset: asset.id.clone(),
                control: Some(step.control.id()),
                reason: reason.clone().into_owned(),
                location,
            });
        }
        self.paths.file = None;
    }

    fn finding(
        &mut self,
        asset: &Arc<Asset>,
        document: &Document,
        template: u16,
        step: &PlanStep,
        violation: &Violation,
    ) -> Finding {
        let paths = &mut self.paths;
        let mut finding = Finding::new(
            step.control.rule,
            asset.clone(),
            paths.subject(&violation.subject, template),
            violation.message.clone(),
            paths.evidence(document, &violation.first, template),
        );
        for more in &violation.more {
            finding.add_evidence(paths.evidence(document, more, template));
        }
        let fixes = violation
            .remedies
            .iter()
            .map(|remedy| paths.fix(remedy, template))
            .collect();
        finding.fixes = paths.interner.fixes(fixes);
        finding.severity = step.severity;
        finding.baselines = step.baselines.clone();
        finding
    }

    /// Ends an object: its findings, each once and in the order of rules and
    /// subjects, go into the chunk.
    pub(super) fn finish_unit(&mut self, unit: &Unit<'_>, chunk: &mut Chunk) {
        chunk.unevaluated.append(&mut self.unevaluated);
        if self.findings.is_empty() {
            return;
        }
        self.findings
            .sort_unstable_by(|(place, one), (other, two)| {
                order(one, *place).cmp(&order(two, *other))
            });
        let interner = &mut self.paths.interner;
        // Within a document a finding is one; in another document it is seen
        // there too, with places, fixes and waivers of its own.
        self.findings.dedup_by(|(place, next), (first, kept)| {
            let same = next.id == kept.id && place == first;
            if same {
                merge(kept, next, interner);
            }
            same
        });
        let waivers: Vec<Waivers<'_>> = unit
            .object
            .documents()
            .map(|document| {
                let templates = unit.templates_in(document).into_iter();
                Waivers::read(document.root(), templates.map(|(_, node)| node))
            })
            .collect();
        chunk
            .findings
            .extend(self.findings.drain(..).map(|(place, mut finding)| {
                // What a pod shows, the workload's annotations speak of.
                let waivers = waivers.get(place).or(waivers.first());
                finding.waiver = waivers.and_then(|w| w.of(finding.rule));
                finding
            }));
    }
}

/// The order of one asset's findings, with what makes it total before equal
/// ones of one document are joined.
fn order(finding: &Finding, document: usize) -> impl Ord + '_ {
    (
        finding.rule.id,
        &finding.subject,
        document,
        finding.evidence(),
        &finding.baselines,
        &finding.message,
    )
}

/// Joins two findings of one identity: said for two versions of a baseline, or
/// of two fields.
fn merge(into: &mut Finding, from: &Finding, interner: &mut Interner) {
    into.severity = into.severity.max(from.severity);
    into.baselines = interner.union(&into.baselines, &from.baselines);
    for evidence in from.all_evidence() {
        into.add_evidence(evidence.clone());
    }
    if from.fixes == into.fixes {
        return;
    }
    let fix = match (into.fixes.first(), from.fixes.first()) {
        // Both must be cleared: the usual fix of each, as one.
        (Some(one), Some(two)) => join(one, two),
        _ => None,
    };
    into.fixes = interner.fixes(fix.into_iter().collect());
}

fn join(one: &Fix, two: &Fix) -> Option<Fix> {
    if one.target != two.target {
        return None;
    }
    let new = two.edits.iter().filter(|edit| !one.edits.contains(edit));
    let edits = one.edits.iter().chain(new).cloned().collect();
    Some(Fix {
        target: one.target.clone(),
        edits,
        summary: one.summary.clone(),
        decision: one.decision.clone().or_else(|| two.decision.clone()),
    })
}
