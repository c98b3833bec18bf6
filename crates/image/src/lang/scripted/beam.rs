//! Elixir and Erlang: lock files of Mix and Rebar3, and the applications of
//! releases.

mod app;
mod locks;
mod term;

pub(crate) use self::{
    app::BEAM_APP,
    locks::{MIX_LOCK, REBAR_LOCK},
};
