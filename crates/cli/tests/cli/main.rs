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
#[path = "../../../../tests/cluster/proxy.rs"]
mod proxy;
#[cfg(unix)]
mod pull;
#[path = "../../../../tests/registry/harness.rs"]
mod registry;
mod state;
mod support;
mod verbs;
mod vex;
