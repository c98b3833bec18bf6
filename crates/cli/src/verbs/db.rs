//! `plimsoll db`: the vulnerability database.

mod compare;
mod export;
mod import;
mod info;
mod search;
mod update;

use plimsoll_model::Timestamp;

use crate::{
    args::{DbArgs, DbVerb, InputArgs, ShowArgs},
    context::Context,
    exit::{Exit, Failure},
};

pub fn run(show: &ShowArgs, args: DbArgs) -> Result<Exit, Failure> {
    match args.verb {
        DbVerb::Update(args) => update::run(show, args),
        DbVerb::Import(args) => import::run(show, args),
        DbVerb::Info(args) => info::run(show, args),
        DbVerb::Verify(args) => info::verify(show, args),
        DbVerb::Search(args) => search::run(show, args),
        DbVerb::Export(args) => export::run(show, args),
        DbVerb::Sign(args) => export::sign(show, args),
        DbVerb::Compare(args) => compare::run(args),
    }
}

fn context(show: &ShowArgs, now: Option<Timestamp>) -> Result<Context, Failure> {
    Context::new(show, &InputArgs::of_run(now, None))
}
