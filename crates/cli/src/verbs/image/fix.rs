//! `plimsoll image fix`: the fewest upgrades that clear an image, and its
//! Dockerfile with them.

use std::{collections::BTreeSet, io::Write, path::Path};

use plimsoll_assess::{
    Advisories, FileChange, matched,
    vuln::advice::{Advice, Candidate, Facts, advise, dockerfile},
};
use plimsoll_model::{Vulnerability, VulnerabilityState, image::Image};
use plimsoll_report::{Format, Verbosity};
use serde_json::json;

use super::{context, opener, tell_gaps};
use crate::{
    advisories,
    args::{ImageFixArgs, ShowArgs, TABLES},
    atomic, bounded,
    context::Context,
    exit::{Exit, Failure, fail},
    output::{self, Outputs},
    verbs::fix::patch,
};

/// Bytes of a Dockerfile.
const MOST: u64 = 1 << 20;
/// Lines of one list that are shown without `--verbose`.
const SHOWN: usize = 20;

pub fn run(show: &ShowArgs, args: ImageFixArgs) -> Result<Exit, Failure> {
    let context = context(show, &args.image)?;
    let outputs = Outputs::new(&context, &args.output.output, &TABLES)?;
    let Some(mut advisories) = advisories::open(&context, &args.advisories)? else {
        return fail("without vulnerabilities there is nothing to fix: make a database first");
    };
    let mut opener =
        opener(&context, &args.image)?.with_attached(args.advisories.vex_from_referrers);
    let image = opener.open(&args.target, args.image.image.as_deref())?;
    advisories::attach(Some(&mut advisories), opener.attached());
    let mut unknown = 0;
    let found = vulnerabilities(&context, &image, &advisories, &mut unknown);
    let mut facts = Facts::of(&image);
    for name in &args.new_base {
        let base = opener.open(name, None)?;
        let subjects = vulnerabilities(&context, &base, &advisories, &mut unknown);
        facts.candidates.push(Candidate {
            name: base.tags.first().unwrap_or(name).clone(),
            digest: base.digest,
            vulnerabilities: subjects.iter().map(Vulnerability::subject).collect(),
        });
    }
    if !args.new_base.is_empty() && facts.base.is_none() {
        context.stderr.warning(
            "it is not known what the image was built on: name it with --base, or a newer base \
             can't be compared with it",
        );
    }
    let advice = advise(&found, &facts);
    let edited = match &args.dockerfile {
        None => None,
        Some(path) => Some(edit(path, &args, &advice)?),
    };
    match &edited {
        Some(edited) if args.diff => {
            let path = args
                .dockerfile
                .as_deref()
                .unwrap_or(Path::new("Dockerfile"));
            let change = FileChange {
                file: path.display().to_string().into(),
                before: Some(edited.before.clone()),
                after: edited.after.text.clone(),
                steps: BTreeSet::new(),
            };
            output::stdout(|out| patch::print(&[change], out))?;
        }
        _ => outputs.write(&context, |format, style, out| {
            if format == Format::Json {
                return machine(&advice, edited.as_ref(), out);
            }
            person(
                &advice,
                &image,
                edited.as_ref(),
                style.verbosity == Verbosity::Verbose,
                out,
            )
        })?,
    }
    if let (Some(edited), Some(path), true) = (&edited, &args.dockerfile, args.write)
        && edited.after.text != edited.before
    {
        let written = atomic::write(path, |out| out.write_all(edited.after.text.as_bytes()));
        if let Err(error) = written {
            return fail(format!("{}: {}", path.display(), bounded::words(&error)));
        }
        context.note(&format!("wrote {}", path.display()));
    }
    tell_gaps(&context, &image);
    Ok(if unknown > 0 {
        Exit::Incomplete
    } else {
        super::exit(&image)
    })
}

/// The vulnerabilities that an image has; what is not known is told, and
/// counted in `unknown`.
fn vulnerabilities(
    context: &Context,
    image: &Image,
    advisories: &Advisories,
    unknown: &mut u64,
) -> Vec<Vulnerability> {
    let matched = matched(image, advisories, context.now);
    for gap in &matched.unknown {
        *unknown += gap.packages;
        context.stderr.warning(&format!(
            "{}: {} {}: {}",
            image.name, gap.packages, gap.group, gap.why
        ));
    }
    let mut found = matched.vulnerabilities;
    found.retain(|v| v.state != VulnerabilityState::NotAffected);
    found
}

struct Edited {
    before: String,
    after: dockerfile::Edited,
}

fn edit(path: &Path, args: &ImageFixArgs, advice: &Advice) -> Result<Edited, Failure> {
    let said = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let bytes = bounded::read_file(path, MOST).or_else(|error| fail(said(&error)))?;
    let Ok(before) = String::from_utf8(bytes) else {
        return fail(said(&"it is no text"));
    };
    let options = dockerfile::Options {
        target: args.stage.clone(),
        base_user: None,
    };
    let after = dockerfile::edit(&before, advice, &options).or_else(|error| fail(said(&error)))?;
    Ok(Edited { before, after })
}

fn person(
    advice: &Advice,
    image: &Image,
    edited: Option<&Edited>,
    all: bool,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    if advice.total == 0 {
        return writeln!(
            out,
            "{}: no vulnerability that counts is known in it.",
            image.name
        );
    }
    writeln!(
        out,
        "{}: {} of {} vulnerabilities can be cleared.",
        image.name,
        advice.clears(),
        advice.total
    )?;
    if let Some(base) = &advice.base {
        writeln!(out, "\nBase image\n  {base}")?;
    }
    let shown = |n: usize| if all { n } else { n.min(SHOWN) };
    if !advice.upgrades.is_empty() {
        writeln!(out, "\nUpgrades ({})", advice.upgrades.len())?;
        for upgrade in &advice.upgrades[..shown(advice.upgrades.len())] {
            let worst = upgrade
                .worst
                .map_or_else(String::new, |worst| format!(", worst {worst}"));
            let base = match upgrade.from_base {
                Some(true) => ", from the base image",
                _ => "",
            };
            let steps: BTreeSet<String> = upgrade
                .steps
                .iter()
                .map(|step| format!("{} {} to {}", step.name, step.from, step.to))
                .collect();
            let steps: Vec<String> = steps.into_iter().collect();
            writeln!(
                out,
                "  {} {}: clears {}{worst}{base}",
                upgrade.kind,
                steps.join(", "),
                upgrade.clears.len()
            )?;
            if let Some(command) = &upgrade.command {
                writeln!(out, "      {command}")?;
            }
        }
        more(out, advice.upgrades.len(), shown(advice.upgrades.len()))?;
    }
    if !advice.remaining.is_empty() {
        writeln!(out, "\nNothing clears ({})", advice.remaining.len())?;
        for left in &advice.remaining[..shown(advice.remaining.len())] {
            writeln!(out, "  {} {}: {}", left.id, left.package, left.why)?;
        }
        more(out, advice.remaining.len(), shown(advice.remaining.len()))?;
    }
    if let Some(edited) = edited {
        writeln!(out, "\nDockerfile")?;
        for done in &edited.after.done {
            writeln!(out, "  {done}")?;
        }
        for left in &edited.after.left {
            writeln!(out, "  left as it is: {left}")?;
        }
    }
    Ok(())
}

fn more(out: &mut dyn Write, all: usize, shown: usize) -> std::io::Result<()> {
    if all > shown {
        writeln!(out, "  and {} more: -v shows all", all - shown)?;
    }
    Ok(())
}

fn machine(advice: &Advice, edited: Option<&Edited>, out: &mut dyn Write) -> std::io::Result<()> {
    let upgrades: Vec<_> = advice
        .upgrades
        .iter()
        .map(|upgrade| {
            let steps: Vec<_> = upgrade
                .steps
                .iter()
                .map(|step| json!({"name": step.name, "from": step.from, "to": step.to}))
                .collect();
            json!({
                "type": upgrade.kind,
                "name": upgrade.name,
                "packages": steps,
                "clears": upgrade.clears,
                "worst": upgrade.worst,
                "fromBase": upgrade.from_base,
                "places": upgrade.places,
                "command": upgrade.command,
            })
        })
        .collect();
    let remaining: Vec<_> = advice
        .remaining
        .iter()
        .map(|left| json!({"package": left.package, "vulnerability": left.id, "why": left.why}))
        .collect();
    let base = advice.base.as_ref().map(|base| {
        json!({
            "from": base.from,
            "to": base.to,
            "digest": base.digest,
            "clears": base.clears,
            "of": base.of,
            "brings": base.brings,
        })
    });
    let value = json!({
        "total": advice.total,
        "clears": advice.clears(),
        "base": base,
        "upgrades": upgrades,
        "remaining": remaining,
        "dockerfile": edited.map(|edited| json!({
            "text": edited.after.text,
            "done": edited.after.done,
            "left": edited.after.left,
        })),
    });
    serde_json::to_writer_pretty(&mut *out, &value)?;
    writeln!(out)
}
