//! Any bytes as a single-file program of .NET, and as each of its lists of packages.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod common;

fuzz_target!(|data: &[u8]| {
    common::run("dotnet-bundle", "app/app", data);
    common::run("dotnet-deps", "app/app.deps.json", data);
    common::run("dotnet-assets", "obj/project.assets.json", data);
    common::run("nuget-lock", "packages.lock.json", data);
    common::run("nuget-config", "packages.config", data);
    common::run("nuget-project", "app.csproj", data);
});
