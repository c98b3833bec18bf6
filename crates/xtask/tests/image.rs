//! The image of the agent: the same input gives the same digest, wherever it is written.

use std::process::Command;

#[test]
fn the_same_program_and_packages_give_the_same_image() {
    if plimsoll_xtask::shell::which("dpkg-deb").is_none() {
        eprintln!("SKIPPED: no dpkg-deb: the image is made of Debian packages");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let make = |to: &str| {
        let binary = folder.path().join(format!("{to}-program"));
        std::fs::write(&binary, b"\x7fELF and so on").expect("a file");
        let output = Command::new(env!("CARGO_BIN_EXE_plimsoll-xtask"))
            .arg("image")
            .arg("--binary")
            .arg(&binary)
            .arg("--to")
            .arg(folder.path().join(to))
            .arg("--archive")
            .arg(folder.path().join(format!("{to}.tar")))
            .output()
            .expect("it starts");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{words}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let first = make("a");
    assert!(first.starts_with("sha256:"), "{first}");
    assert_eq!(first, make("b"));
    let index = folder.path().join("a/index.json");
    let text = plimsoll_xtask::shell::read(&index).expect("an index");
    assert!(text.contains(first.trim()), "{text}");
}
