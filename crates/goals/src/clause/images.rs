//! What is in the images of an asset.

use plimsoll_model::{
    AssetFacts, AssetKind, FindingKind, ImageFacts, ImageLink,
    resource::{ImageClause, Leave, SecretsClause},
    time::end_of,
};

use super::{Context, Event, Judged, Parts, bases, counted::Count, has_images};
use crate::{notes::Noted, words};

/// How many names a text has.
const NAMED: usize = 3;
/// What is said of what runs without saying what.
const NAMELESS: &str = "no container of it names an image: what runs is not known";

/// Asks every image of the asset; those that are not known are.
pub(super) fn each(
    asset: &AssetFacts,
    context: &Context<'_>,
    parts: &mut Parts,
    ask: impl Fn(&str, &ImageFacts, &mut Parts),
) {
    for name in &asset.images {
        match context.facts.images.and_then(|images| images.get(name)) {
            Some(ImageLink::Known(image)) => ask(name, image, parts),
            link => parts.unknown.push(not_known(name, link)),
        }
    }
    parts.violated.sort();
    parts.violated.dedup();
    parts.unknown.sort();
    parts.unknown.dedup();
}

/// Why nothing is known of what runs there, where something does and no image is named.
fn nameless(asset: &AssetFacts) -> Option<String> {
    let runs = [AssetKind::Workload, AssetKind::Pod, AssetKind::Container];
    let is_one = runs.contains(&asset.asset.kind) && !has_images(asset);
    is_one.then(|| NAMELESS.to_owned())
}

/// Why nothing is known of what lies in a cluster or node: it is no image, and nobody looks into
/// its files.
fn not_looked_into(asset: &AssetFacts) -> Option<String> {
    let kind = asset.asset.kind;
    let is_one = matches!(kind, AssetKind::Cluster | AssetKind::Node);
    is_one.then(|| {
        let name = &asset.asset.object.name;
        format!("{kind} {name} is no image, and nobody looks into its files: draw the goal over workloads or images")
    })
}

/// Why an image is not known.
fn not_known(name: &str, link: Option<&ImageLink>) -> String {
    match link {
        Some(ImageLink::Unknown(unknown)) => {
            format!("image {name}: {}; {}", unknown.reason, unknown.remedy)
        }
        _ => format!(
            "image {name} was not looked into: give the folder or registry it is in with --images"
        ),
    }
}

/// Why findings of the asset's images may be missing.
pub(super) fn unknown(asset: &AssetFacts, context: &Context<'_>) -> Vec<String> {
    let mut parts = Parts::default();
    each(asset, context, &mut parts, |name, image, parts| {
        if let Some(gap) = image.gaps.first() {
            let more = words::count(image.gaps.len() as u64, "part");
            parts
                .unknown
                .push(format!("{more} of image {name} could not be read: {gap}"));
        }
    });
    parts.unknown.extend(nameless(asset));
    parts.unknown
}

pub(super) fn secrets(
    clause: &SecretsClause,
    asset: u32,
    context: &Context<'_>,
    mandatory: bool,
    events: &mut Vec<Event>,
    noted: &mut Noted,
) -> Judged {
    let facts = &context.facts.assets[asset as usize];
    let findings = context
        .index
        .findings_of(asset)
        .iter()
        .chain(context.index.findings_of_images(asset))
        .copied()
        .filter(|&finding| {
            let finding = &context.facts.findings[finding as usize];
            finding.kind == FindingKind::Secret
                && clause
                    .severity
                    .is_none_or(|bound| bound.includes(finding.severity))
        });
    let count = Count {
        max: clause.max,
        within: clause.within,
        noun: "secret",
    };
    let mut unknown = unknown(facts, context);
    unknown.extend(not_looked_into(facts));
    count.judge(findings, unknown, context, mandatory, events, noted)
}

pub(super) fn secrets_text(clause: &SecretsClause) -> String {
    let mut text = "secrets".to_owned();
    if let Some(bound) = clause.severity {
        text.push_str(&format!(" of severity {bound},"));
    }
    text.push_str(&format!(" max {}", clause.max));
    if let Some(within) = clause.within {
        text.push_str(&format!(", within {within}"));
    }
    text
}

pub(super) fn judge(clause: &ImageClause, asset: &AssetFacts, context: &Context<'_>) -> Judged {
    let mut parts = Parts::default();
    parts
        .unknown
        .extend(nameless(asset).or_else(|| not_looked_into(asset)));
    each(asset, context, &mut parts, |name, image, parts| {
        let mut told = Told { name, parts };
        age(clause, image, context, &mut told);
        end_of_life(clause, image, context, &mut told);
        bases::judge(clause, image, context, &mut told);
        if clause.runs_as_root == Some(Leave::Forbid) && is_root(&image.user) {
            told.violated(match &*image.user {
                "" => "names no user, and so starts as root".to_owned(),
                user => format!("starts as user {user}"),
            });
        }
        if clause.shell == Some(Leave::Forbid) {
            match &*image.shells {
                [] if image.gaps.is_empty() => {}
                [] => told.unknown("may hold a shell: a part could not be read"),
                shells => told.violated(format!("holds a shell: {}", words::list(shells, NAMED))),
            }
        }
        if let Some(most) = clause.max_size {
            let mebibytes = image.bytes.div_ceil(1 << 20);
            if mebibytes > u64::from(most) {
                told.violated(format!("has {mebibytes} MiB, at most {most} allowed"));
            }
        }
    });
    parts.judged()
}

/// What is said of one image.
pub(super) struct Told<'a> {
    name: &'a str,
    pub(super) parts: &'a mut Parts,
}

impl Told<'_> {
    pub(super) fn violated(&mut self, what: impl AsRef<str>) {
        let text = format!("image {} {}", self.name, what.as_ref());
        self.parts.violated.push(text);
    }

    pub(super) fn unknown(&mut self, what: impl AsRef<str>) {
        let text = format!("image {} {}", self.name, what.as_ref());
        self.parts.unknown.push(text);
    }
}

fn age(clause: &ImageClause, image: &ImageFacts, context: &Context<'_>, told: &mut Told<'_>) {
    let Some(most) = clause.max_age else {
        return;
    };
    match image.created {
        None => told.unknown("does not say when it was built"),
        // Reproducible builds set the clock to the epoch.
        Some(created) if created.as_second() <= 0 => {
            told.unknown("says it was built in 1970, as reproducible builds do");
        }
        Some(created) if most.after(created) < context.now => told.violated(format!(
            "was built on {}, longer than {most} ago",
            words::when(created)
        )),
        Some(created) => told.parts.holds_until(most.after(created), context.now),
    }
}

fn end_of_life(
    clause: &ImageClause,
    image: &ImageFacts,
    context: &Context<'_>,
    told: &mut Told<'_>,
) {
    if clause.end_of_life != Some(Leave::Forbid) {
        return;
    }
    match &image.release {
        None if image.gaps.is_empty() => {}
        None => told.unknown("may hold an operating system: a part could not be read"),
        Some(release) => match release.until {
            None => told.unknown(format!(
                "holds {}, whose end of support is not known",
                release.name
            )),
            Some(until) if end_of(until) < context.now => told.violated(format!(
                "holds {}, whose support ended on {until}",
                release.name
            )),
            Some(until) => told.parts.holds_until(end_of(until), context.now),
        },
    }
}

/// Whether the `USER` of an image is root: nothing, the name, or the number,
/// with whatever group.
fn is_root(user: &str) -> bool {
    let user = user.split(':').next().unwrap_or_default().trim();
    user.is_empty() || user == "root" || user.parse::<u64>() == Ok(0)
}

pub(super) fn text(clause: &ImageClause) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(clause.max_age.map(|age| format!("at most {age} old")));
    let mut leave = |what: &str, leave: Option<Leave>| {
        parts.extend(leave.map(|leave| match leave {
            Leave::Allow => format!("{what} allowed"),
            Leave::Forbid => format!("no {what}"),
        }));
    };
    leave("ended release", clause.end_of_life);
    leave("start as root", clause.runs_as_root);
    leave("shell", clause.shell);
    parts.extend(clause.max_size.map(|size| format!("at most {size} MiB")));
    parts.extend(bases::texts(clause));
    format!("image {}", parts.join(", "))
}
