//! opkg: OpenWrt up to 24.10, Yocto (<https://git.yoctoproject.org/opkg>). Its
//! records are dpkg's, with `user` for the flag and `Installed-Time`.

use plimsoll_model::PackageType;

use super::{
    dpkg::{files, record},
    text::{MOST_BYTES, between, lines},
};
use crate::{Analyzer, analyzer::never_by_head};

/// Where OpenWrt and Yocto keep it.
const FOLDERS: [&str; 2] = ["usr/lib/opkg/", "var/lib/opkg/"];

/// What is installed.
pub(crate) const STATUS: Analyzer = Analyzer {
    name: "opkg",
    version: 1,
    by_path: |path, _| in_folder(path) == Some("status"),
    by_head: never_by_head,
    run: |file, sink| {
        if let Some(bytes) = file.whole_or_tell(MOST_BYTES, sink) {
            let default = record::Default::Told;
            record::read(&bytes, PackageType::Opkg, default, file.limits.found, sink);
        }
    },
};

/// The paths of a package.
pub(crate) const LIST: Analyzer = Analyzer {
    name: "opkg-list",
    version: 1,
    by_path: |path, _| package(path).is_some(),
    by_head: never_by_head,
    run: |file, sink| {
        if let (Some(package), Some(bytes)) =
            (package(file.path), file.whole_or_tell(MOST_BYTES, sink))
        {
            // Behind a tab Yocto's writes the mode and a link's target.
            let paths = lines(&bytes).filter_map(|(_, line)| {
                let mut parts = line.split(|&byte| byte == b'\t');
                let path = parts.next()?;
                let is_folder = parts.next().is_some_and(|mode| mode.starts_with(b"04"));
                (!is_folder).then_some(path)
            });
            files::paths(package, paths, sink);
        }
    },
};

fn in_folder(path: &str) -> Option<&str> {
    FOLDERS.iter().find_map(|folder| path.strip_prefix(folder))
}

fn package(path: &str) -> Option<&str> {
    between(in_folder(path)?, "info/", ".list")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Found,
        analyzer::testing::{claims, packages, run},
    };

    #[test]
    fn packages_of_openwrt() {
        let text = "Package: busybox\nVersion: 1.36.1-1\nDepends: libc\n\
                    Status: install user installed\nArchitecture: x86_64\nConffiles:\n \
                    /etc/syslog.conf 6e0d4ad8e7ac9a9ecb3b3ea63d9e8d5b5a93b0d1bc77fb8d7d8f6f9d1e2c3b4a\n\
                    Installed-Time: 1696000000\n\nPackage: libc\nVersion: 1.2.4-4\n\
                    Status: install user installed\nArchitecture: x86_64\n\n\
                    Package: gone\nVersion: 1\nStatus: deinstall user not-installed\n";
        let sink = run(&STATUS, "usr/lib/opkg/status", text.as_bytes());
        assert!(sink.problems.is_empty(), "{:?}", sink.problems);
        let listed: Vec<_> = packages(&sink)
            .iter()
            .map(|found| {
                format!(
                    "{} {} {:?}",
                    found.package.name, found.package.version, found.needs
                )
            })
            .collect();
        assert_eq!(listed, [r#"busybox 1.36.1-1 ["libc"]"#, "libc 1.2.4-4 []"]);
        assert!(matches!(&sink.found[1], Found::Owned(owned)
            if owned.package == "busybox" && owned.files[0].path == "etc/syslog.conf"
                && owned.files[0].config && owned.files[0].digest.is_some()));
    }

    #[test]
    fn paths_of_openwrt_and_yocto() {
        let check = |path: &str, text: &str, expect: &[&str]| {
            assert!(claims(&LIST, path, b""), "{path}");
            let sink = run(&LIST, path, text.as_bytes());
            let Some(Found::Owned(owned)) = sink.found.first() else {
                panic!("nothing owned");
            };
            assert_eq!(owned.package, "busybox");
            let paths: Vec<_> = owned.files.iter().map(|file| &*file.path).collect();
            assert_eq!(paths, expect);
        };
        check(
            "usr/lib/opkg/info/busybox.list",
            "/bin/sh\n/bin/busybox\n",
            &["bin/sh", "bin/busybox"],
        );
        check(
            "var/lib/opkg/info/busybox.list",
            "/bin\t040755\n/bin/sh\t0120777\tbusybox\n/bin/busybox\t0100755\n",
            &["bin/sh", "bin/busybox"],
        );
        assert!(!claims(&LIST, "usr/lib/opkg/info/busybox.control", b""));
        assert!(!claims(&STATUS, "x/usr/lib/opkg/status", b""));
    }
}
