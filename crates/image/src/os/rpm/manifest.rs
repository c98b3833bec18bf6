//! The list of packages of distroless images of Azure Linux and Mariner, which
//! have no rpm database: a line a package, fields separated by tabs (name,
//! version-release, times of installation and build, vendor, epoch as
//! `(none)`, size, architecture, epoch number, source package).

use plimsoll_model::{Package, PackageType};

use super::package::{source, version};
use crate::{
    Analyzer, FoundPackage, How,
    analyzer::never_by_head,
    os::text::{MOST_BYTES, lines, lossy, tell},
};

/// The list.
pub(crate) const MANIFEST: Analyzer = Analyzer {
    name: "rpm-manifest",
    version: 1,
    by_path: |path, _| path == "var/lib/rpmmanifest/container-manifest-2",
    by_head: never_by_head,
    run: |file, sink| {
        let Some(bytes) = file.whole_or_tell(MOST_BYTES, sink) else {
            return;
        };
        let mut count = 0;
        for (at, line) in lines(&bytes).filter(|(_, line)| !line.is_empty()) {
            let Some(found) = package(line) else {
                tell(sink, at, "not a package: ten fields are expected");
                continue;
            };
            if count == file.limits.found {
                sink.incomplete_at(at as u64, format!("more than {count} packages"));
                return;
            }
            count += 1;
            sink.push(found);
        }
    },
};

fn package(line: &[u8]) -> Option<FoundPackage> {
    let mut fields = line.split(|&byte| byte == b'\t');
    let mut field = || fields.next().map(<[u8]>::trim_ascii);
    let name = field().filter(|name| !name.is_empty())?;
    let version_release = field().filter(|version| !version.is_empty())?;
    let (_, _, vendor, _, _) = (field()?, field()?, field()?, field()?, field()?);
    let arch = field()?;
    let epoch = lossy(field()?)
        .parse::<u32>()
        .ok()
        .filter(|&epoch| epoch != 0);
    let source_rpm = field();
    let version = version(epoch, version_release);
    let mut package = Package::new(PackageType::Rpm, "", lossy(name), version);
    package.arch = Some(lossy(arch)).filter(|arch| arch != "(none)");
    package.source = source_rpm.and_then(|source_rpm| source(source_rpm, epoch, version_release));
    let mut found = FoundPackage::new(package, How::Installed);
    if !matches!(vendor, b"" | b"(none)") {
        found.evidence = format!("vendor {}", lossy(vendor));
    }
    Some(found)
}
