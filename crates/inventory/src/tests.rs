//! What an inventory answers, as a whole.

mod affected;
mod change;
mod exposure;
mod facts;
mod gateways;
mod isolation;
mod narrowing;
mod objects;
mod relations;
