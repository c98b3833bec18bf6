//! What becomes of these packages in an image.

mod any;

use std::sync::Arc;

use crate::{
    Limits,
    image::{Run, analyze},
    source::{Choice, archive},
    testing::{Sample, Tar, tar_of},
};

const STATUS: &str = "Package: python3-foo\nStatus: install ok installed\nArchitecture: all\n\
                      Version: 1.0-2\n\n";

#[test]
fn what_a_package_of_the_system_brought_is_reported_once() {
    let home = "usr/lib/python3/dist-packages";
    let list = format!("/{home}/foo-1.0.dist-info/METADATA\n/{home}/foo.egg-info/PKG-INFO\n");
    let layer = Tar::default()
        .file("etc/os-release", "ID=debian\nVERSION_ID=12\n")
        .file("var/lib/dpkg/status", STATUS)
        .file("var/lib/dpkg/info/python3-foo.list", list)
        .file(
            &format!("{home}/foo-1.0.dist-info/METADATA"),
            "Name: foo\nVersion: 1.0\n",
        )
        .file(
            &format!("{home}/foo.egg-info/PKG-INFO"),
            "Name: foo\nVersion: 1.0\n",
        )
        .done();
    // What pip installed beside it, and the lock file that asked for it.
    let home = "usr/local/lib/python3.11/site-packages";
    let above = Tar::default()
        .file(
            &format!("{home}/Bar_x-2.0.dist-info/METADATA"),
            "Name: Bar_x\nVersion: 2.0\n",
        )
        .file(
            &format!("{home}/Bar_x-2.0.dist-info/RECORD"),
            "../../../bin/bar,,\nbar.py,,\n",
        )
        .file("app/requirements.txt", "bar.x==2.0\n")
        .done();
    let files = tar_of(&Sample::new(vec![layer, above]).docker_old());
    let limits = Limits::default();
    let opened = archive(Arc::new(files), "x", &Choice::default(), &limits).expect("opens");
    let image = analyze(&opened.source, &*opened.blobs, &Run::plain(&limits)).image;
    assert!(image.gaps.is_empty(), "{:?}", image.gaps);
    let told: Vec<(&str, Vec<&str>)> = image
        .packages
        .iter()
        .map(|package| {
            let evidence = package.locations.iter();
            let evidence = evidence.map(|location| location.evidence.as_str());
            (package.purl.as_str(), evidence.collect())
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "pkg:deb/debian/python3-foo@1.0-2?arch=all&distro=debian-12",
                vec![
                    told[0].1[0],
                    "holds pkg:pypi/foo@1.0",
                    "holds pkg:pypi/foo@1.0"
                ]
            ),
            (
                "pkg:pypi/bar-x@2.0",
                vec!["requirements.txt", "METADATA", "RECORD, 2 files"]
            ),
        ]
    );
}
