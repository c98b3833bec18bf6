//! Whether vulnerable Go code is in a program: its functions against those
//! that the Go vulnerability database names.

use std::collections::BTreeSet;

use plimsoll_model::{
    PackageType, Reachability, Tristate,
    image::{Image, ImagePackage},
};

use crate::advisory::{Affected, Import};

/// The files of an image whose functions are known: a Go program whose table
/// was read has at least those of the standard library.
pub(crate) fn files_with_functions(image: &Image) -> BTreeSet<&str> {
    image
        .packages
        .iter()
        .filter(|package| {
            package.package.kind == PackageType::Golang && !package.symbols.is_empty()
        })
        .flat_map(|package| &package.locations)
        .filter(|location| location.how == "embedded")
        .map(|location| location.path.as_str())
        .collect()
}

/// Whether the code that `statements` name is in the program.
pub(super) fn reach<'a>(
    image: &Image,
    package: &ImagePackage,
    known: &BTreeSet<&str>,
    statements: impl Iterator<Item = &'a Affected>,
) -> Reachability {
    if package.package.kind != PackageType::Golang {
        return Reachability::default();
    }
    let imports: Vec<&Import> = statements.flat_map(|of| &of.imports).collect();
    let files: Vec<&str> = package
        .locations
        .iter()
        .map(|location| location.path.as_str())
        .collect();
    let told = !files.is_empty() && files.iter().all(|file| known.contains(file));
    if imports.is_empty() || !told {
        return Reachability::default();
    }
    let place = match files.as_slice() {
        [file] => format!("/{file}"),
        [file, rest @ ..] => format!("/{file} and {} more", rest.len()),
        [] => String::new(),
    };
    let answer = |answer, evidence: String| Reachability { answer, evidence };
    let mut named = 0_usize;
    let mut elsewhere = BTreeSet::new();
    for import in &imports {
        let os = &image.platform.os;
        let arch = &image.platform.arch;
        let is_for = |list: &[String], own: &str| {
            list.is_empty() || own.is_empty() || list.iter().any(|one| one == own)
        };
        if !is_for(&import.os, os) || !is_for(&import.arch, arch) {
            elsewhere.extend(import.os.iter().chain(&import.arch).map(String::as_str));
            continue;
        }
        named += import.symbols.len();
        if let Some(function) = found(import, &package.symbols) {
            return answer(Tristate::Yes, format!("{function} is in {place}"));
        }
    }
    if is_main(package) {
        // The linker calls the package of a program `main`, not by its path.
        return Reachability::default();
    }
    if named == 0 && !elsewhere.is_empty() {
        let only: Vec<&str> = elsewhere.into_iter().collect();
        return answer(
            Tristate::No,
            format!("the vulnerable code is for {} only", only.join(", ")),
        );
    }
    let evidence = match (package.symbols.is_empty(), named) {
        (true, _) => format!("no function of the module is in {place}"),
        (false, 0) => format!("no function of the vulnerable packages is in {place}"),
        (false, 1) => format!("the vulnerable function is not in {place}"),
        (false, many) => format!("none of the {many} vulnerable functions is in {place}"),
    };
    answer(Tristate::No, evidence)
}

/// A function of the import that is in the program; `symbols` are sorted.
fn found<'a>(import: &Import, symbols: &'a [String]) -> Option<&'a str> {
    if import.symbols.is_empty() {
        let prefix = format!("{}.", import.path);
        let from = symbols.partition_point(|symbol| *symbol < prefix);
        return symbols[from..]
            .iter()
            .take_while(|symbol| symbol.starts_with(&prefix))
            .find(|symbol| !symbol[prefix.len()..].contains('/'))
            .map(String::as_str);
    }
    import.symbols.iter().find_map(|symbol| {
        let wanted = format!("{}.{symbol}", import.path);
        let at = symbols.binary_search(&wanted).ok()?;
        Some(symbols[at].as_str())
    })
}

/// Whether the package is the main module of a program.
fn is_main(package: &ImagePackage) -> bool {
    let marks = ["main module", "(devel)", "vcs."];
    !package.needs.is_empty()
        || package
            .locations
            .iter()
            .any(|location| marks.iter().any(|mark| location.evidence.starts_with(mark)))
}
