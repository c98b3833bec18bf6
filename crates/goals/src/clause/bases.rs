//! What the images of an asset are built on.

use plimsoll_model::{BaseFacts, ImageFacts, ImageName, resource::ImageClause};

use super::{Context, images::Told};
use crate::words;

/// How many approved bases a text names.
const NAMED: usize = 4;

/// Judges the image that an image was built on. What nobody knows is never met.
pub(super) fn judge(
    clause: &ImageClause,
    image: &ImageFacts,
    context: &Context<'_>,
    told: &mut Told<'_>,
) {
    if clause.bases.is_empty() && clause.max_base_age.is_none() {
        return;
    }
    let Some(base) = &image.base else {
        told.unknown(
            "does not tell what it is built on: build it with the annotation \
             org.opencontainers.image.base.name, or name the bases there are with --base",
        );
        return;
    };
    approved(clause, base, told);
    age(clause, base, context, told);
}

fn approved(clause: &ImageClause, base: &BaseFacts, told: &mut Told<'_>) {
    if clause.bases.is_empty() {
        return;
    }
    if base.name.is_empty() {
        told.unknown(format!(
            "is built on {}, whose name is not known: name it with --base",
            called(base)
        ));
        return;
    }
    let Some(name) = ImageName::parse(&full(base)) else {
        told.unknown(format!(
            "says it is built on `{}`, which is no name of an image: mend the annotation \
             org.opencontainers.image.base.name",
            base.name
        ));
        return;
    };
    if !clause.bases.iter().any(|glob| name.matches(glob)) {
        told.violated(format!(
            "is built on {}, which is none of {} (by {})",
            called(base),
            words::list(&clause.bases, NAMED),
            base.evidence
        ));
    }
}

fn age(clause: &ImageClause, base: &BaseFacts, context: &Context<'_>, told: &mut Told<'_>) {
    let Some(most) = clause.max_base_age else {
        return;
    };
    match base.created {
        None => told.unknown(format!(
            "is built on {}, and when that was built is not known: give it with --base",
            called(base)
        )),
        // Reproducible builds set the clock to the epoch.
        Some(created) if created.as_second() <= 0 => told.unknown(format!(
            "is built on {}, which says it was built in 1970, as reproducible builds do",
            called(base)
        )),
        Some(created) if most.after(created) < context.now => told.violated(format!(
            "is built on {}, which was built on {}, longer than {most} ago",
            called(base),
            words::when(created)
        )),
        Some(created) => told.parts.holds_until(most.after(created), context.now),
    }
}

/// What to call it: by its name, else by its digest.
fn called(base: &BaseFacts) -> String {
    match base.digest {
        Some(digest) if base.name.is_empty() => digest.to_string(),
        _ => base.name.clone(),
    }
}

/// Its name with its digest, so that a glob may ask for either.
fn full(base: &BaseFacts) -> String {
    match base.digest {
        Some(digest) if !base.name.contains('@') => format!("{}@{digest}", base.name),
        _ => base.name.clone(),
    }
}

pub(super) fn texts(clause: &ImageClause) -> impl Iterator<Item = String> {
    let bases = (!clause.bases.is_empty())
        .then(|| format!("built on {}", words::list(&clause.bases, NAMED)));
    let age = clause
        .max_base_age
        .map(|age| format!("base at most {age} old"));
    bases.into_iter().chain(age)
}
