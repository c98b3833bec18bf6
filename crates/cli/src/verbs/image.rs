//! `plimsoll image`: what is in images.

mod diff;
mod fix;
mod ls;
pub mod rematch;
mod sbom;
mod scan;
mod vex;

use plimsoll_model::image::Image;

use crate::{
    args::{ImageArgs, ImageInputArgs, ImageVerb, InputArgs, ShowArgs},
    context::Context,
    exit::{Exit, Failure},
    images::Opener,
};

pub fn run(show: &ShowArgs, args: ImageArgs) -> Result<Exit, Failure> {
    match args.verb {
        ImageVerb::Scan(args) => scan::run(show, args),
        ImageVerb::Sbom(args) => sbom::run(show, args),
        ImageVerb::Ls(args) => ls::run(show, args),
        ImageVerb::Diff(args) => diff::run(show, args),
        ImageVerb::Fix(args) => fix::run(show, args),
        ImageVerb::Vex(args) => vex::run(show, args),
        ImageVerb::Rematch(args) => rematch::run(show, args),
    }
}

fn context(show: &ShowArgs, args: &ImageInputArgs) -> Result<Context, Failure> {
    Context::new(show, &InputArgs::of_run(args.now, args.jobs))
}

/// What opens images; it knows those that were scanned before.
fn opener<'a>(context: &'a Context, args: &ImageInputArgs) -> Result<Opener<'a>, Failure> {
    let opener = Opener::new(context, &args.registry)?;
    let store = rematch::store(&args.store).filter(|_| !args.no_known_bases);
    Ok(opener.with_seen(store.map(|store| store.chains())))
}

/// What could not be read, for a person whose standard output is for a machine.
fn tell_gaps(context: &Context, image: &Image) {
    const NAMED: usize = 10;
    for gap in image.gaps.iter().take(NAMED) {
        context
            .stderr
            .warning(&format!("{}: not read: {gap}", image.name));
    }
    if image.gaps.len() > NAMED {
        let more = image.gaps.len() - NAMED;
        context
            .stderr
            .warning(&format!("{}: {more} more parts were not read", image.name));
    }
}

/// How a run that only tells ends.
fn exit(image: &Image) -> Exit {
    if image.is_complete() {
        Exit::Holds
    } else {
        Exit::Incomplete
    }
}
