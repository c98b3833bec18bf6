//! The fix plan as edits of the files that were read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use plimsoll_inventory::Inventory;
use plimsoll_manifest::{
    Document, Limits, Segment, Source,
    edit::{self, EditError, Op, TextEdit},
};
use plimsoll_model::{Finding, Fix, FixEdit, FixPlan, FixTarget, ObjectRef};

/// A file as it was and as the plan makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// The file's name, as it was given, or a name for a new one.
    pub file: Arc<str>,
    /// What it holds now; none for a new file.
    pub before: Option<String>,
    /// What it would hold.
    pub after: String,
    /// The steps that change it, as numbers from 1.
    pub steps: BTreeSet<usize>,
}

/// A change that could not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotApplied {
    /// The step's number, from 1.
    pub step: usize,
    /// Why, in words.
    pub reason: String,
}

/// What a plan does to the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The files that change, in order of their names.
    pub files: Vec<FileChange>,
    /// What must be done by a person.
    pub not_applied: Vec<NotApplied>,
}

/// The edits of one file that are collected before they are made.
struct Pending<'a> {
    source: &'a Arc<Source>,
    /// The operations on each document, by where it starts in the file.
    documents: BTreeMap<u32, (&'a Document, Vec<Op>)>,
    steps: BTreeSet<usize>,
}

impl Pending<'_> {
    /// The file's text with all operations carried out.
    fn write(&self) -> Result<String, EditError> {
        let mut edits: Vec<TextEdit> = Vec::new();
        let mut shared = false;
        for (document, ops) in self.documents.values() {
            let planned = edit::plan(document, &in_order(ops))?;
            shared |= planned.shared;
            edits.extend(planned.edits);
        }
        if shared {
            self.write_one_by_one()
        } else {
            edit::apply(self.source.text(), &edits)
        }
    }

    /// Objects that share an anchor may ask for the same bytes: each document
    /// is edited in the text that the ones before it left, and asks only for
    /// what is not there yet.
    fn write_one_by_one(&self) -> Result<String, EditError> {
        let limits = Limits::default();
        let mut text = self.source.text().to_owned();
        for (document, ops) in self.documents.values() {
            let Ok(source) = Source::new(self.source.name().clone(), text.clone().into(), &limits)
            else {
                continue;
            };
            let loaded = plimsoll_manifest::load(&source, &limits);
            let now = loaded
                .documents
                .iter()
                .find(|now| now.index() == document.index());
            let Some(now) = now else { continue };
            let open: Vec<Op> = in_order(ops)
                .into_iter()
                .filter_map(|op| still_open(document, now, op))
                .collect();
            text = edit::apply(&text, &edit::plan(now, &open)?.edits)?;
        }
        Ok(text)
    }
}

/// The operations in an order in which each finds what it names: additions as
/// they come, then removals from the end, so that no index moves before it is
/// used.
fn in_order(ops: &[Op]) -> Vec<Op> {
    let (mut removals, mut ordered): (Vec<Op>, Vec<Op>) = ops
        .iter()
        .cloned()
        .partition(|op| matches!(op, Op::Remove { .. }));
    removals.sort_by(|a, b| b.path().cmp(a.path()));
    ordered.extend(removals);
    ordered
}

/// The operation as `now` needs it, which is `before` with other objects'
/// edits of shared places; none when it is done already.
fn still_open(before: &Document, now: &Document, op: Op) -> Option<Op> {
    let there = now.root().lookup(op.path());
    match &op {
        Op::Set { value, .. } => there
            .is_none_or(|node| node.to_json() != *value)
            .then_some(op),
        Op::Add { value, .. } => there
            .is_none_or(|list| list.items().all(|item| item.to_json() != *value))
            .then_some(op),
        // Items have no names: the item is looked up by what it was.
        Op::Remove { path } if matches!(path.segments().last(), Some(Segment::Index(_))) => {
            let wanted = before.root().lookup(path)?.to_json();
            let list = path.parent()?;
            let items = now.root().lookup(&list)?;
            let at = items.items().position(|item| item.to_json() == wanted)?;
            Some(Op::Remove {
                path: list.index(at),
            })
        }
        Op::Remove { .. } => there.map(|_| op),
    }
}

/// Writes the plan's automatic fixes into the files' texts. Nothing but the
/// edited fields changes; what only a person can do is listed.
pub fn apply(inventory: &Inventory, findings: &[Finding], plan: &FixPlan) -> Changes {
    let mut files: BTreeMap<Arc<str>, Pending<'_>> = BTreeMap::new();
    let mut created: BTreeMap<Arc<str>, FileChange> = BTreeMap::new();
    let mut changes = Changes::default();
    for (number, step) in plan
        .steps
        .iter()
        .enumerate()
        .map(|(at, step)| (at + 1, step))
    {
        let mut manual: BTreeSet<String> = BTreeSet::new();
        for (finding, fix) in &step.fixes {
            let finding = &findings[*finding as usize];
            if !fix.is_automatic() {
                manual.insert(by_hand(finding, fix));
                continue;
            }
            match &fix.target {
                FixTarget::New { object, manifest } => {
                    create(&mut created, finding, object, manifest, number);
                }
                FixTarget::Own => {
                    let object = inventory
                        .find(&finding.asset.id)
                        .and_then(|ix| inventory.get(ix));
                    let mut documents: Vec<&Document> = object
                        .into_iter()
                        .flat_map(|object| object.documents())
                        .collect();
                    // Written once it is that one, wherever an anchor puts the evidence.
                    if documents.len() > 1 {
                        documents.retain(|document| holds_evidence(document, finding));
                    }
                    if documents.is_empty() {
                        manual.insert(by_hand(finding, fix));
                    }
                    for document in documents {
                        collect(&mut files, document, fix, number);
                    }
                }
                FixTarget::Other(other) => match find(inventory, other) {
                    Some(document) => collect(&mut files, document, fix, number),
                    None => {
                        manual.insert(by_hand(finding, fix));
                    }
                },
            }
        }
        let reasons = manual.into_iter().map(|reason| NotApplied {
            step: number,
            reason,
        });
        changes.not_applied.extend(reasons);
    }
    for (file, pending) in files {
        let before = pending.source.text();
        let fail = |error: String| {
            let reason = format!("{file}: {error}");
            pending.steps.iter().map(move |step| NotApplied {
                step: *step,
                reason: reason.clone(),
            })
        };
        match pending.write() {
            Ok(after) if after != before => changes.files.push(FileChange {
                file,
                before: Some(before.to_owned()),
                after,
                steps: pending.steps,
            }),
            Ok(_) => {}
            Err(error) => changes.not_applied.extend(fail(error.to_string())),
        }
    }
    changes.files.extend(created.into_values());
    changes.files.sort_by(|a, b| a.file.cmp(&b.file));
    changes
        .not_applied
        .sort_by(|a, b| (a.step, &a.reason).cmp(&(b.step, &b.reason)));
    changes.not_applied.dedup();
    changes
}

fn by_hand(finding: &Finding, fix: &Fix) -> String {
    let object = &finding.asset.object;
    match &fix.decision {
        Some(decision) => format!("{object}: {} ({decision})", fix.summary),
        None => format!("{object}: {}", fix.summary),
    }
}

/// Whether the finding was seen in this document, of the several in which the
/// object may be written.
fn holds_evidence(document: &Document, finding: &Finding) -> bool {
    let span = document.span();
    finding.all_evidence().any(|evidence| {
        let at = evidence.location();
        at.file == *document.source().name() && (span.start..=span.end).contains(&at.span.start)
    })
}

fn collect<'a>(
    files: &mut BTreeMap<Arc<str>, Pending<'a>>,
    document: &'a Document,
    fix: &Fix,
    step: usize,
) {
    let pending = files
        .entry(document.source().name().clone())
        .or_insert_with(|| Pending {
            source: document.source(),
            documents: BTreeMap::new(),
            steps: BTreeSet::new(),
        });
    pending.steps.insert(step);
    let key = document.root().span().start;
    let (_, ops) = pending
        .documents
        .entry(key)
        .or_insert_with(|| (document, Vec::new()));
    for edit in &fix.edits {
        let op = match edit {
            FixEdit::Set(path, value) => path.to_path().map(|path| Op::Set {
                path,
                value: value.to_json(),
            }),
            FixEdit::Add(path, value) => path.to_path().map(|path| Op::Add {
                path,
                value: value.to_json(),
            }),
            FixEdit::Remove(path) => path.to_path().map(|path| Op::Remove { path }),
        };
        ops.extend(op.filter(|op| !ops.contains(op)));
    }
}

pub(crate) fn find<'a>(inventory: &'a Inventory, wanted: &ObjectRef) -> Option<&'a Document> {
    let id = plimsoll_model::AssetId::object(
        &inventory.settings().cluster,
        wanted.group(),
        &wanted.kind,
        wanted.namespace.as_deref(),
        &wanted.name,
    );
    inventory
        .find(&id)
        .and_then(|ix| inventory.get(ix))
        .map(|object| &object.document)
}

/// A new object goes into a file of its own beside the file of the first
/// finding that it clears.
fn create(
    created: &mut BTreeMap<Arc<str>, FileChange>,
    finding: &Finding,
    object: &ObjectRef,
    manifest: &Arc<str>,
    step: usize,
) {
    let beside = &finding.evidence().location().file;
    let folder = beside
        .rsplit_once('/')
        .map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let namespace = object
        .namespace
        .as_deref()
        .map_or(String::new(), |ns| format!("{ns}-"));
    let name = format!(
        "plimsoll-{namespace}{}-{}.yaml",
        object.kind.to_lowercase(),
        object.name
    );
    let exists = created
        .values_mut()
        .find(|change| change.after == **manifest);
    if let Some(change) = exists {
        change.steps.insert(step);
        return;
    }
    let file: Arc<str> = format!("{folder}{name}").into();
    created.insert(
        file.clone(),
        FileChange {
            file,
            before: None,
            after: manifest.to_string(),
            steps: BTreeSet::from([step]),
        },
    );
}
