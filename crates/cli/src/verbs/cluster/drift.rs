//! `plimsoll cluster drift`: whether the line in the cluster is the line that
//! is written in files.

use std::io::Write;

use plimsoll_assess::{
    Line,
    drift::{Drift, DriftChange, Owner},
    live::{Change, Gap},
};
use plimsoll_cluster::{SourceOptions, source};
use plimsoll_model::{Diagnostic, DiagnosticLevel};
use serde_json::{Value, json};

use super::{open, runtime};
use crate::{
    args::{ClusterDriftArgs, InputArgs, ShowArgs, WatchFormat},
    context::Context,
    exit::{Exit, Failure},
    output, session,
    term::printable,
};

pub fn run(show: &ShowArgs, args: ClusterDriftArgs) -> Result<Exit, Failure> {
    let context = Context::new(show, &InputArgs::of_run(None, None))?;
    let owner = Owner::new(session::line(&context, &args.paths)?);
    let look = runtime()?.block_on(async {
        let server = open(&args.access).await?;
        let mut options = SourceOptions::new(context.cluster.as_str());
        options.objects = false;
        Ok::<_, Failure>(source::collect(&server, &options).await?)
    })?;
    let mut cluster = Line::default();
    let mut said = Vec::new();
    for change in look.changes {
        if let Change::Line(line, diagnostics) = change {
            cluster = line;
            said = diagnostics;
        }
    }
    said.retain(|said| said.level == DiagnosticLevel::Error);
    let drift = owner.drift(&cluster);
    output::stdout(|out| match args.output {
        WatchFormat::Terminal => terminal(out, &drift, &look.gaps, &said),
        WatchFormat::Json => {
            let report = report(&drift, &look.gaps, &said);
            writeln!(out, "{report:#}")
        }
    })?;
    let drifted = drift
        .iter()
        .any(|drift| drift.change != DriftChange::Unowned);
    if drifted {
        return Ok(Exit::Fails);
    }
    if !look.gaps.is_empty() || !said.is_empty() {
        return Ok(Exit::Incomplete);
    }
    let unowned = drift.len();
    context.note(&match unowned {
        0 => "the cluster has what is written".to_owned(),
        count => format!("the cluster has what is written, and {count} more"),
    });
    Ok(Exit::Holds)
}

fn word(change: &DriftChange) -> &'static str {
    match change {
        DriftChange::Edited(_) => "edited",
        DriftChange::Missing => "missing",
        DriftChange::Unowned => "unowned",
    }
}

fn terminal(
    out: &mut dyn Write,
    drift: &[Drift],
    gaps: &[Gap],
    said: &[Diagnostic],
) -> std::io::Result<()> {
    let width = drift
        .iter()
        .map(|drift| drift.kind.len() + drift.name.len() + 1)
        .max()
        .unwrap_or(0);
    for drift in drift {
        let what = format!("{} {}", drift.kind, drift.name);
        let at = match (&drift.change, &drift.written) {
            (DriftChange::Missing, Some(at)) => {
                format!("{at} has it, the cluster does not: apply it")
            }
            (_, Some(at)) => format!("{at}: apply it, or write the change there"),
            (_, None) => "only the cluster has it".to_owned(),
        };
        let line = format!("{:<8}{what:<width$}  {at}", word(&drift.change));
        writeln!(out, "{}", printable(&line))?;
        if let DriftChange::Edited(edit) = &drift.change {
            for field in &edit.fields {
                writeln!(out, "        {}", printable(&field.to_string()))?;
            }
            let more = edit.count.saturating_sub(edit.fields.len());
            if more > 0 {
                writeln!(out, "        and {more} more")?;
            }
        }
    }
    for gap in gaps {
        let line = format!("not seen: {}: {}", gap.kind, gap.reason);
        writeln!(out, "{}", printable(&line))?;
    }
    for said in said {
        let at = said.location.as_ref().map(|at| format!("{at}: "));
        let line = format!("not read: {}{}", at.unwrap_or_default(), said.message);
        writeln!(out, "{}", printable(&line))?;
    }
    Ok(())
}

fn report(drift: &[Drift], gaps: &[Gap], said: &[Diagnostic]) -> Value {
    let drift: Vec<Value> = drift
        .iter()
        .map(|drift| {
            let (fields, count) = match &drift.change {
                DriftChange::Edited(edit) => (edit.fields.as_slice(), edit.count),
                _ => (&[][..], 0),
            };
            let fields: Vec<Value> = fields
                .iter()
                .map(|field| json!({"path": field.path, "owner": field.owner, "cluster": field.cluster}))
                .collect();
            json!({
                "kind": drift.kind,
                "name": drift.name,
                "change": word(&drift.change),
                "written": drift.written.as_ref().map(ToString::to_string),
                "fields": fields,
                "fieldCount": count,
            })
        })
        .collect();
    let gaps: Vec<Value> = gaps
        .iter()
        .map(|gap| json!({"kind": gap.kind, "reason": gap.reason}))
        .collect();
    let said: Vec<Value> = said
        .iter()
        .map(|said| {
            json!({"at": said.location.as_ref().map(ToString::to_string), "message": said.message})
        })
        .collect();
    json!({"drift": drift, "gaps": gaps, "unread": said})
}
