//! Any bytes as what a package manager of a scripted language installed or locked; the first byte
//! says which.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod common;

/// Analyzers and a path each asks for.
const FILES: &[(&str, &str)] = &[
    ("bun-lock", "bun.lock"),
    ("conda-environment", "environment.yml"),
    ("conda-lock", "conda-lock.yml"),
    ("conda-meta", "opt/conda/conda-meta/a-1-0.json"),
    ("deno-lock", "deno.lock"),
    ("npm-lock", "package-lock.json"),
    ("npm-package", "node_modules/a/package.json"),
    ("npm-package", "node_modules/a/b/package.json"),
    ("npm-package", "opt/a-1.0.0/package.json"),
    ("pdm-lock", "pdm.lock"),
    ("pipfile-lock", "Pipfile.lock"),
    ("pnpm-lock", "pnpm-lock.yaml"),
    ("poetry-lock", "poetry.lock"),
    ("pylock", "pylock.toml"),
    ("python-metadata", "lib/site-packages/a-1.dist-info/METADATA"),
    ("python-record", "lib/site-packages/a-1.dist-info/RECORD"),
    ("python-requirements", "requirements.txt"),
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
