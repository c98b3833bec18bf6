//! `plimsoll db`: the vulnerability database.

mod compare;

use crate::{
    args::{DbArgs, DbVerb},
    exit::{Exit, Failure},
};

pub fn run(args: DbArgs) -> Result<Exit, Failure> {
    match args.verb {
        DbVerb::Compare(args) => compare::run(args),
    }
}
