//! Each reader of foreign bytes has a fuzz target that names it.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use plimsoll_image::analyzer;

#[test]
fn each_analyzer_is_fuzzed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/fuzz_targets");
    let mut targets = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "rs") {
            for line in BufReader::new(File::open(path).unwrap()).lines() {
                targets.push_str(&line.unwrap());
            }
        }
    }
    let missing: Vec<&str> = analyzer::all()
        .map(|analyzer| analyzer.name)
        .filter(|name| !targets.contains(&format!("\"{name}\"")))
        .collect();
    assert_eq!(missing, [""; 0]);
}
