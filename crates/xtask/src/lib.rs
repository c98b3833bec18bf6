//! The project's own tasks. Each verb is a module; what can be a pure function over text or
//! metadata is one, so that it has tests.

pub mod bench;
pub mod cluster;
pub mod deny;
pub mod fuzz;
pub mod go;
pub mod helm;
pub mod image;
pub mod layers;
pub mod lint;
pub mod matrix;
pub mod registry;
pub mod roots;
pub mod schemas;
pub mod shell;
pub mod support;
pub mod tidy;
pub mod tools;
pub mod trees;

use anyhow::Result;

/// A command line that can't be understood: the message says what would be.
#[derive(Debug)]
pub struct Usage(pub String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

const VERBS: &str = "lint, docs, tidy, deny, schemas, bench, fuzz, cluster, helm, image, registry, support, roots, test-matrix, trees";

/// Runs one verb with its arguments.
///
/// # Errors
/// [`Usage`] where the verb or an argument is not known; otherwise what the verb found wrong.
pub fn run(verb: &str, args: &[String]) -> Result<()> {
    match verb {
        "lint" => no_args(args).and_then(|()| lint::lint()),
        "docs" => no_args(args).and_then(|()| lint::docs()),
        "tidy" => no_args(args).and_then(|()| lint::tidy()),
        "deny" => no_args(args).and_then(|()| deny::deny()),
        "schemas" => schemas::schemas(args),
        "bench" => bench::bench(args),
        "fuzz" => fuzz::fuzz(args),
        "cluster" => cluster::cluster(args),
        "helm" => helm::helm(args),
        "image" => image::image(args),
        "registry" => registry::registry(args),
        "support" => support::support(args),
        "roots" => roots::roots(args),
        "test-matrix" => matrix::test_matrix(args),
        "trees" => trees::trees(args),
        _ => Err(Usage(format!("no verb `{verb}`; verbs: {VERBS}")).into()),
    }
}

fn no_args(args: &[String]) -> Result<()> {
    match args.first() {
        None => Ok(()),
        Some(arg) => Err(Usage(format!("this verb takes no argument, but got `{arg}`")).into()),
    }
}
