//! What the verbs do.

mod agent;
mod cache;
mod check;
mod cluster;
mod completion;
mod db;
mod diff;
mod explain;
mod fix;
mod goals_init;
mod image;
mod scan;
mod schema;
mod simulate;
mod version;

use crate::{
    args::{Cli, GoalsVerb, Verb},
    exit::{Exit, Failure},
};

/// Does what the command line says.
///
/// # Errors
/// The job could not be done.
pub fn run(cli: Cli) -> Result<Exit, Failure> {
    let show = &cli.show;
    match cli.verb {
        Verb::Check(args) => check::run(show, args),
        Verb::Scan(args) => scan::run(show, args),
        Verb::Goals(goals) => match goals.verb {
            GoalsVerb::Init(args) => goals_init::run(show, args),
            GoalsVerb::Simulate(args) => simulate::run(show, args),
            GoalsVerb::Diff(args) => diff::run(show, args),
        },
        Verb::Fix(args) => fix::run(show, args),
        Verb::Image(args) => image::run(show, args),
        Verb::Db(args) => db::run(show, args),
        Verb::Cluster(args) => cluster::run(show, args),
        Verb::Agent(args) => agent::run(show, args),
        Verb::Cache(args) => cache::run(args),
        Verb::Explain(args) => explain::run(show, args),
        Verb::Schema(args) => schema::run(args),
        Verb::Completion(args) => completion::run(args),
        Verb::Version(args) => version::run(args),
    }
}
