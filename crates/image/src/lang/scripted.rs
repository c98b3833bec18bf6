//! Packages of scripted languages: what their package managers installed, and
//! their lock files.
//!
//! A project's own code is no package here, however its lock file lists it: no
//! registry has it, and one of the same name there is another's.

pub(crate) mod beam;
pub(crate) mod julia;
pub(crate) mod lua;
pub(crate) mod node;
pub(crate) mod perl;
pub(crate) mod php;
pub(crate) mod python;
pub(crate) mod r;
pub(crate) mod ruby;
pub(crate) mod shared;

use crate::Analyzer;

/// The analyzers of this part.
pub const ANALYZERS: &[Analyzer] = &[
    beam::BEAM_APP,
    beam::MIX_LOCK,
    beam::REBAR_LOCK,
    julia::JULIA_MANIFEST,
    lua::ROCKSPEC,
    node::BUN_LOCK,
    node::BUN_LOCKB,
    node::DENO_LOCK,
    node::NPM_LOCK,
    node::NPM_PACKAGE,
    node::PNPM_LOCK,
    node::YARN_CACHE,
    node::YARN_LOCK,
    perl::CPANFILE_SNAPSHOT,
    perl::PERL_META,
    php::COMPOSER_INSTALLED,
    php::COMPOSER_LOCK,
    python::CONDA_ENVIRONMENT,
    python::CONDA_LOCK,
    python::CONDA_META,
    python::PDM_LOCK,
    python::PIPFILE_LOCK,
    python::POETRY_LOCK,
    python::PYLOCK,
    python::PYTHON_METADATA,
    python::PYTHON_RECORD,
    python::REQUIREMENTS,
    python::UV_LOCK,
    python::WHEEL,
    r::RENV_LOCK,
    r::R_PACKAGE,
    ruby::GEMFILE_LOCK,
    ruby::GEMSPEC,
];

#[cfg(test)]
mod tests;
