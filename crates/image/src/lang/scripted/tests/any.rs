//! Any bytes as any of the files, and one whole sample of each.

use proptest::prelude::*;

use crate::{
    Analyzer,
    analyzer::testing::{claims, packages, run},
    lang::scripted::ANALYZERS,
};

/// Analyzers, paths they ask for, and what they find a package in.
const SAMPLES: &[(&str, &str, &str)] = &[
    (
        "beam-app",
        "lib/a-1/ebin/a.app",
        r#"{application,a,[{vsn,"1.0"},{applications,[kernel,b]},{description,"x"}]}."#,
    ),
    (
        "bun-lock",
        "bun.lock",
        r#"{"workspaces":{"":{"dependencies":{"a":"1"},}},"packages":{"a":["a@1.0","",{"dependencies":{"b":"2"}},"sha1-AAEC"],}} // x"#,
    ),
    (
        "composer-installed",
        "vendor/composer/installed.json",
        r#"{"packages":[{"name":"a/b","version":"v1.0","license":["MIT"],"require":{"c/d":"1"}}],"dev-package-names":["a/b"]}"#,
    ),
    (
        "composer-lock",
        "composer.lock",
        r#"{"packages":[{"name":"a/b","version":"1.0","dist":{"shasum":"AB"}}],"packages-dev":[{"name":"c/d","version":"2"}]}"#,
    ),
    (
        "conda-environment",
        "environment.yml",
        "dependencies:\n- c::a=1.0=x\n- pip:\n  - b==2\n",
    ),
    (
        "conda-lock",
        "conda-lock.yml",
        "package:\n- {name: a, version: 1.10, manager: conda, hash: {md5: AB}, dependencies: {b: 1}}\n",
    ),
    (
        "conda-meta",
        "opt/conda/conda-meta/a-1-0.json",
        r#"{"name":"a","version":"1","build":"0","channel":"https://x/c/linux-64","subdir":"linux-64","depends":["b >1"],"files":["bin/a"]}"#,
    ),
    (
        "cpanfile-snapshot",
        "cpanfile.snapshot",
        "DISTRIBUTIONS\n  A-B-1.0\n    pathname: x\n    requirements:\n      C 0\n",
    ),
    (
        "deno-lock",
        "deno.lock",
        r#"{"version":"4","jsr":{"@a/b@1":{"integrity":"ab"}},"npm":{"c@1_d@2":{"dependencies":["e@1"]}},"remote":{"https://x/y@1/z.ts":"ab"}}"#,
    ),
    (
        "gemfile-lock",
        "Gemfile.lock",
        "GEM\n  remote: x\n  specs:\n    a (1.0-java)\n      b (~> 1)\n\nCHECKSUMS\n  a (1.0-java) sha256=AB\n",
    ),
    (
        "gemspec",
        "specifications/a-1.gemspec",
        "# stub: a 1.0 ruby lib\nGem::Specification.new do |s|\n  s.licenses = [\"MIT\".freeze]\n  s.add_dependency(%q<b>.freeze, [\"~> 1\"])\n",
    ),
    (
        "julia-manifest",
        "Manifest.toml",
        "manifest_format = \"2.0\"\n[[deps.A]]\nuuid = \"1\"\nversion = \"1.0\"\ndeps = [\"B\"]\n",
    ),
    (
        "mix-lock",
        "mix.lock",
        r#"%{"a": {:hex, :a, "1.0", "af", [:mix], [{:b, "~> 1", [optional: true]}], "hexpm", "fb"}, "g": {:git, "x", "ab", []}}"#,
    ),
    (
        "npm-lock",
        "package-lock.json",
        r#"{"packages":{"":{},"node_modules/a":{"version":"1","integrity":"sha1-AAEC","dependencies":{"b":"1"}}}}"#,
    ),
    (
        "npm-lock",
        "npm-shrinkwrap.json",
        r#"{"dependencies":{"a":{"version":"npm:b@1","dependencies":{"c":{"version":"2"}}}}}"#,
    ),
    (
        "npm-package",
        "node_modules/@a/b/package.json",
        r#"{"name":"@a/b","version":"1","license":{"type":"MIT"},"dependencies":{"c":"1"}}"#,
    ),
    (
        "npm-package",
        "node_modules/a/b/package.json",
        r#"{"name":"c","version":"1","licenses":[{"type":"MIT"}]}"#,
    ),
    (
        "npm-package",
        "opt/a-1.0.0/package.json",
        r#"{"name":"a","version":"1.0.0"}"#,
    ),
    (
        "pdm-lock",
        "pdm.lock",
        "[[package]]\nname = \"a\"\nversion = \"1\"\ngroups = [\"dev\"]\ndependencies = [\"b>=1\"]\nfiles = [{hash = \"sha256:ab\"}]\n",
    ),
    (
        "perl-meta",
        ".meta/a-1/MYMETA.json",
        r#"{"name":"a","version":1.5,"license":["perl_5"],"prereqs":{"runtime":{"requires":{"B":"0"}}}}"#,
    ),
    (
        "pipfile-lock",
        "Pipfile.lock",
        r#"{"default":{"a":{"version":"==1","hashes":["sha256:ab"]}},"develop":{"b":{"git":"x","ref":"ab"}}}"#,
    ),
    (
        "pnpm-lock",
        "pnpm-lock.yaml",
        "lockfileVersion: '9.0'\nimporters: {.: {dependencies: {a: {version: 1.0.0(b@2)}}}}\npackages: {a@1.0.0: {resolution: {integrity: sha1-AAEC}}}\nsnapshots: {a@1.0.0(b@2): {dependencies: {b: 2}}}\n",
    ),
    (
        "pnpm-lock",
        "x/pnpm-lock.yaml",
        "lockfileVersion: 5.4\npackages:\n  /@a/b/1.0.0_c@1:\n    dev: true\n    dependencies: {c: 1}\n",
    ),
    (
        "poetry-lock",
        "poetry.lock",
        "[[package]]\nname = \"a\"\nversion = \"1\"\ncategory = \"dev\"\nfiles = [{hash = \"sha256:ab\"}]\n[package.dependencies]\nb = \"1\"\n",
    ),
    (
        "pylock",
        "pylock.toml",
        "[[packages]]\nname = \"a\"\nversion = \"1\"\nwheels = [{hashes = {sha256 = \"ab\"}}]\n",
    ),
    (
        "python-metadata",
        "lib/site-packages/a-1.dist-info/METADATA",
        "Name: a\nVersion: 1\nLicense: MIT\nRequires-Dist: b[c] (>1); extra == \"d\"\n",
    ),
    (
        "python-record",
        "lib/site-packages/a-1.dist-info/RECORD",
        "../../bin/a,sha256=ab,1\n\"a,b\",,\n/x,,\n",
    ),
    (
        "python-requirements",
        "requirements.txt",
        "a[b]==1.0 ; c --hash=sha256:ab\n-r other.in\nd>=1 \\\n",
    ),
    (
        "r-package",
        "library/a/DESCRIPTION",
        "Package: a\nVersion: 1.0\nLicense: GPL (>= 2) | MIT + file LICENSE\nImports: b (>= 1),\n c\nBuilt: R 4\n",
    ),
    (
        "rebar-lock",
        "rebar.lock",
        "{\"1.2.0\",[{<<\"a\">>,{pkg,<<\"a\">>,<<\"1.0\">>},0},{<<\"g\">>,{git,\"x\",{ref,\"ab\"}},1}]}.\n[{pkg_hash_ext,[{<<\"a\">>,<<\"AB\">>}]}].",
    ),
    (
        "renv-lock",
        "renv.lock",
        r#"{"Packages":{"a":{"Package":"a","Version":"1","Hash":"AB","Requirements":["b"]}}}"#,
    ),
    (
        "rockspec",
        "lib/luarocks/rocks-5.1/a/1-1/a-1-1.rockspec",
        "package = \"a\"\nversion = \"1-1\"\ndescription = { license = \"MIT\" }\ndependencies = { \"lua >= 5.1\", \"b >= 1\" }\n",
    ),
    (
        "uv-lock",
        "uv.lock",
        "[[package]]\nname = \"app\"\nsource = { virtual = \".\" }\ndependencies = [{ name = \"a\" }]\n[[package]]\nname = \"a\"\nversion = \"1\"\nsdist = { hash = \"sha256:ab\" }\n",
    ),
    (
        "yarn-lock",
        "yarn.lock",
        "\"a@^1\", a@1:\n  version \"1.0\"\n  resolved \"https://x/a-1.0.tgz#0123456789012345678901234567890123456789\"\n  dependencies:\n    b \"1\"\n",
    ),
    (
        "yarn-lock",
        "x/yarn.lock",
        "__metadata:\n  version: 8\n\n\"a@npm:^1\":\n  version: 1.0\n  resolution: \"a@npm:1.0\"\n  dependencies:\n    b: \"npm:1\"\n",
    ),
];

fn analyzer(name: &str) -> &'static Analyzer {
    let found = ANALYZERS.iter().find(|analyzer| analyzer.name == name);
    found.unwrap_or_else(|| panic!("no analyzer {name}"))
}

#[test]
fn each_analyzer_finds_packages_in_a_sample() {
    for (name, path, text) in SAMPLES {
        let analyzer = analyzer(name);
        assert!(claims(analyzer, path, text.as_bytes()), "{path}");
        let sink = run(analyzer, path, text.as_bytes());
        assert!(!packages(&sink).is_empty(), "{path}");
    }
    for analyzer in ANALYZERS {
        // Archives, and what is not read at all, have tests of their own.
        let known = SAMPLES.iter().any(|(name, ..)| *name == analyzer.name);
        let apart = matches!(analyzer.name, "wheel" | "yarn-cache" | "bun-lockb");
        assert!(known || apart, "{}", analyzer.name);
        let claiming = |path: &str| {
            let claiming = ANALYZERS.iter().filter(|other| claims(other, path, b""));
            claiming.count()
        };
        for (_, path, _) in SAMPLES {
            assert_eq!(claiming(path), 1, "{path}");
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(which in 0..SAMPLES.len(), bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let (name, path, _) = SAMPLES[which];
        run(analyzer(name), path, &bytes);
    }

    #[test]
    fn any_damage_to_a_file_is_survived(
        which in 0..SAMPLES.len(),
        from in 0_usize..400,
        length in 0_usize..40,
        with in "[\\[\\]{}\"':,=@/.()<>|#\\\\ \n\u{e9}0a-]{0,12}",
        again in 0_usize..3,
    ) {
        let (name, path, text) = SAMPLES[which];
        let mut bytes = text.as_bytes().to_vec();
        let from = from % bytes.len();
        let to = (from + length).min(bytes.len());
        bytes.splice(from..to, with.bytes().cycle().take(with.len() * again));
        let sink = run(analyzer(name), path, &bytes);
        // What is found has names that can be shown.
        for found in packages(&sink) {
            prop_assert!(!found.package.name.is_empty());
            prop_assert!(!found.package.purl().contains('\n'));
        }
    }
}
