//! What a cluster runs on, compared with advisories.

use std::{path::Path, sync::Arc};

use plimsoll_assess::{
    ComponentsAsked,
    live::{Change, Live},
};
use plimsoll_model::Timestamp;

use crate::{
    advisories,
    args::{AdvisoryArgs, ComponentArgs, DbPlaceArgs, RegistryArgs},
    context::Context,
    exit::{Failure, fail},
    images::Opener,
};

/// What there is to compare with.
pub struct Comparing {
    asked: ComponentsAsked,
}

impl Comparing {
    /// Reads the database and the packages of nodes; gives the change that has
    /// them used. None where no database was named.
    ///
    /// # Errors
    /// One of them can't be read.
    pub fn open(
        context: &Context,
        args: &ComponentArgs,
        server: &str,
    ) -> Result<Option<(Self, Change)>, Failure> {
        if args.db.is_none() && args.db_dir.is_none() {
            let flags = [
                ("--node-packages", args.node_packages.is_empty()),
                ("--vex", args.vex.is_empty()),
                ("--ignore-file", args.ignore_file.is_empty()),
            ];
            return match flags.iter().find(|(_, unused)| !unused) {
                Some((flag, _)) => Err(Failure::Usage(format!(
                    "{flag} is about what is compared with a database: name one with --db"
                ))),
                None => Ok(None),
            };
        }
        let place = DbPlaceArgs {
            db_dir: args.db_dir.clone(),
            db_key: args.db_key.clone(),
        };
        let advisory = AdvisoryArgs {
            vex: args.vex.clone(),
            ignore_file: args.ignore_file.clone(),
            ..AdvisoryArgs::of(args.db.clone(), place)
        };
        let Some(advisories) = advisories::open(context, &advisory)? else {
            return fail("there is no database in --db-dir: make one with `plimsoll db update`");
        };
        let mut asked = ComponentsAsked {
            server: Some(server.to_owned()),
            ..ComponentsAsked::default()
        };
        let opener = Opener::new(context, &no_registry())?;
        for given in &args.node_packages {
            let Some((node, path)) = given.split_once('=').filter(|(node, _)| !node.is_empty())
            else {
                return Err(Failure::Usage(format!(
                    "--node-packages {given}: write the node and where its packages are, as in \
                     node-1=node-1.cdx.json"
                )));
            };
            if !Path::new(path).exists() {
                return fail(format!(
                    "--node-packages {node}: {path}: there is no such file"
                ));
            }
            let image = opener.open(path, None)?;
            if asked
                .packages
                .insert(node.into(), Arc::new(image))
                .is_some()
            {
                return Err(Failure::Usage(format!(
                    "--node-packages names {node} twice"
                )));
            }
        }
        let change = Change::Advisories(Some(advisories));
        Ok(Some((Comparing { asked }, change)))
    }

    /// What the cluster runs on as it is now.
    ///
    /// # Errors
    /// Packages were given of a node that is not there.
    pub fn compare(&self, live: &Live, now: Timestamp) -> Result<Option<Change>, Failure> {
        let Some(components) = live.components(&self.asked, now) else {
            return Ok(None);
        };
        if let Some(node) = components.no_nodes.first() {
            return fail(format!(
                "--node-packages {node}: the cluster has no such node"
            ));
        }
        Ok(Some(Change::Components(components)))
    }
}

/// Nothing is asked of a registry for the packages of a node.
fn no_registry() -> RegistryArgs {
    RegistryArgs {
        platform: None,
        from: None,
        username: None,
        password_stdin: false,
        insecure: false,
        ca_file: None,
        mirror: Vec::new(),
        containerd: None,
        base: Vec::new(),
        no_cache: true,
        cache_dir: None,
    }
}
