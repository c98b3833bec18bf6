//! `plimsoll image vex`: what is known of an image's vulnerabilities, as OpenVEX.

use std::path::Path;

use plimsoll_assess::{
    matched,
    vuln::vex::{self, Author, ProductName, Status},
};

use super::{context, opener, tell_gaps};
use crate::{
    advisories,
    args::{ImageVexArgs, ShowArgs},
    atomic, bounded,
    context::Context,
    exit::{Exit, Failure, fail},
    output,
};

/// Whose word it is where nobody says: such a document should not be handed on.
const NOBODY: &str = "unknown";

pub fn run(show: &ShowArgs, args: ImageVexArgs) -> Result<Exit, Failure> {
    let context = context(show, &args.image)?;
    if args.advisories.no_vulnerabilities {
        return Err(Failure::Usage(
            "--no-vulnerabilities leaves nothing to make statements about".to_owned(),
        ));
    }
    let Some(mut advisories) = advisories::open(&context, &args.advisories)? else {
        return fail("without a database nothing is known to make statements about");
    };
    let mut opener =
        opener(&context, &args.image)?.with_attached(args.advisories.vex_from_referrers);
    let image = opener.open(&args.target, args.image.image.as_deref())?;
    advisories::attach(Some(&mut advisories), opener.attached());
    let product = match &args.product {
        Some(text) => ProductName::parse(text).into_iter().collect(),
        None => vex::product_of(&image),
    };
    if product.is_empty() {
        return fail(format!(
            "{}: it has no name and no digest: say what the statements are about with --product, \
             such as --product pkg:oci/web",
            image.name
        ));
    }
    let matched = matched(&image, &advisories, context.now);
    for diagnostic in &matched.diagnostics {
        context.stderr.note(&diagnostic.message);
    }
    for gap in &matched.unknown {
        context.stderr.warning(&format!(
            "{}: {} {}: {}; the document says nothing of them",
            image.name, gap.packages, gap.group, gap.why
        ));
    }
    let statements = vex::draft(&matched.vulnerabilities, &product);
    if args.author.is_none() {
        context.stderr.warning(
            "the document names no author: say whose word it is with --author before it is \
             handed on",
        );
    }
    let mut author = Author {
        id: args.id.clone().unwrap_or_default(),
        name: args.author.clone().unwrap_or_else(|| NOBODY.to_owned()),
        role: args.role.clone().unwrap_or_default(),
        time: context.now,
        version: args.document_version,
    };
    let written = |author: &Author| {
        vex::write(author, &statements).or_else(|error| fail(format!("{}: {error}", image.name)))
    };
    if author.id.is_empty() {
        author.id = vex::id_of(&written(&author)?);
    }
    let text = written(&author)?;
    write(&context, args.output.as_deref(), &text)?;
    let count = |status: Status| statements.iter().filter(|s| s.status == status).count();
    context.note(&format!(
        "{} statements: {} not affected, {} fixed, {} affected, {} under investigation",
        statements.len(),
        count(Status::NotAffected),
        count(Status::Fixed),
        count(Status::Affected),
        count(Status::UnderInvestigation),
    ));
    tell_gaps(&context, &image);
    Ok(if matched.unknown.is_empty() {
        super::exit(&image)
    } else {
        Exit::Incomplete
    })
}

fn write(context: &Context, file: Option<&Path>, text: &str) -> Result<(), Failure> {
    let Some(path) = file else {
        return output::stdout(|out| out.write_all(text.as_bytes()));
    };
    let written = atomic::write(path, |out| out.write_all(text.as_bytes()));
    if let Err(error) = written {
        return fail(format!(
            "{}: can't be written: {}",
            path.display(),
            bounded::words(&error)
        ));
    }
    context.note(&format!("wrote OpenVEX to {}", path.display()));
    Ok(())
}
