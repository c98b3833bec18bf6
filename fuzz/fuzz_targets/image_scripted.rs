//! Any bytes as what a package manager of a scripted language installed or locked; the first byte
//! says which.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod common;

/// Analyzers and a path each asks for.
const FILES: &[(&str, &str)] = &[
    ("beam-app", "lib/a-1/ebin/a.app"),
    ("bun-lock", "bun.lock"),
    ("bun-lockb", "bun.lockb"),
    ("composer-installed", "vendor/composer/installed.json"),
    ("composer-lock", "composer.lock"),
    ("conda-environment", "environment.yml"),
    ("conda-lock", "conda-lock.yml"),
    ("conda-meta", "opt/conda/conda-meta/a-1-0.json"),
    ("cpanfile-snapshot", "cpanfile.snapshot"),
    ("deno-lock", "deno.lock"),
    ("gemfile-lock", "Gemfile.lock"),
    ("gemspec", "specifications/a-1.gemspec"),
    ("julia-manifest", "Manifest.toml"),
    ("mix-lock", "mix.lock"),
    ("npm-lock", "package-lock.json"),
    ("npm-package", "node_modules/a/b/package.json"),
    ("npm-package", "node_modules/a/package.json"),
    ("npm-package", "opt/a-1.0.0/package.json"),
    ("pdm-lock", "pdm.lock"),
    ("perl-meta", ".meta/a-1/MYMETA.json"),
    ("pipfile-lock", "Pipfile.lock"),
    ("pnpm-lock", "pnpm-lock.yaml"),
    ("poetry-lock", "poetry.lock"),
    ("pylock", "pylock.toml"),
    (
        "python-metadata",
        "lib/site-packages/a-1.dist-info/METADATA",
    ),
    ("python-record", "lib/site-packages/a-1.dist-info/RECORD"),
    ("python-requirements", "requirements.txt"),
    ("r-package", "library/a/DESCRIPTION"),
    ("rebar-lock", "rebar.lock"),
    ("renv-lock", "renv.lock"),
    ("rockspec", "lib/luarocks/rocks-5.1/a/1-1/a-1-1.rockspec"),
    ("uv-lock", "uv.lock"),
    ("wheel", "a-1-py3-none-any.whl"),
    ("yarn-cache", ".yarn/cache/a-npm-1.zip"),
    ("yarn-lock", "yarn.lock"),
];

fuzz_target!(|data: &[u8]| {
    let Some((&first, rest)) = data.split_first() else {
        return;
    };
    let (name, path) = FILES[usize::from(first) % FILES.len()];
    common::run(name, path, rest);
});
