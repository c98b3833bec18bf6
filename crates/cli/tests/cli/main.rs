//! The command as users run it: exit code, standard output, standard error.

mod bases;
mod database;
mod determinism;
mod docs;
mod errors;
mod explain;
mod fix;
mod goals;
mod help;
mod images;
mod input;
#[cfg(unix)]
mod interrupt;
mod state;
mod support;
mod verbs;
mod vex;
