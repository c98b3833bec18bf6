//! `plimsoll cluster rbac`: the permissions that looking takes.

use std::io::Write;

use plimsoll_cluster::{
    kinds,
    rbac::{self, Account, VERBS},
};

use super::{open, runtime};
use crate::{
    args::{ClusterRbacArgs, InputArgs, ShowArgs},
    context::Context,
    exit::{Exit, Failure},
    output,
};

const NAME: &str = "plimsoll";

pub fn run(show: &ShowArgs, args: ClusterRbacArgs) -> Result<Exit, Failure> {
    let context = Context::new(show, &InputArgs::of_run(None, None))?;
    if args.print {
        let account = Account {
            namespace: args.namespace.unwrap_or_else(|| NAME.to_owned()),
            name: NAME.to_owned(),
        };
        let yaml = rbac::manifest(&account, args.secrets);
        output::stdout(|out| out.write_all(yaml.as_bytes()))?;
        return Ok(Exit::Holds);
    }
    if !args.check {
        output::stdout(|out| table(out, args.secrets))?;
        return Ok(Exit::Holds);
    }
    let missing = runtime()?.block_on(async {
        let server = open(&args.access).await?;
        let missing = rbac::missing(&server, args.namespace.as_deref(), args.secrets).await?;
        Ok::<_, Failure>(missing)
    })?;
    if missing.is_empty() {
        context.note("nothing is missing");
        return Ok(Exit::Holds);
    }
    output::stdout(|out| {
        for missing in &missing {
            let kind = missing.kind;
            writeln!(
                out,
                "missing  {:<36} {:<12} {}",
                resource(kind),
                missing.verbs.join(","),
                kind.why
            )?;
        }
        Ok(())
    })?;
    Ok(Exit::Incomplete)
}

/// `deployments.apps`.
fn resource(kind: &kinds::Kind) -> String {
    match kind.group {
        "" => kind.plural.to_owned(),
        group => format!("{}.{group}", kind.plural),
    }
}

fn table(out: &mut dyn Write, secrets: bool) -> std::io::Result<()> {
    let rows: Vec<(String, &str)> = kinds::table(secrets)
        .map(|kind| (resource(kind), kind.why))
        .collect();
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, why) in rows {
        writeln!(out, "{name:width$}  {}  {why}", VERBS.join(","))?;
    }
    Ok(())
}
