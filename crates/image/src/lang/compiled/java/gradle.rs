//! `gradle.lockfile` and its older form, a file for each configuration
//! (<https://docs.gradle.org/current/userguide/dependency_locking.html>).

use plimsoll_model::{Package, PackageType};

use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::compiled::text::{has_name, text_or_tell},
};

/// `gradle.lockfile`.
pub(crate) const GRADLE_LOCK: Analyzer = Analyzer {
    name: "gradle-lock",
    version: 1,
    by_path: |path, _| {
        has_name(path, "gradle.lockfile")
            || has_name(path, "buildscript-gradle.lockfile")
            || (path.ends_with(".lockfile") && path.contains("dependency-locks/"))
    },
    by_head: never_by_head,
    run,
};

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(text) = text_or_tell(file, sink) else {
        return;
    };
    let mut count = 0;
    for (number, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') || line.starts_with("empty=") {
            continue;
        }
        let (names, configurations) = line.split_once('=').unwrap_or((line, ""));
        let [group, artifact, version] = names.split(':').collect::<Vec<_>>()[..] else {
            sink.incomplete(format!("line {}: not group:artifact:version", number + 1));
            continue;
        };
        count += 1;
        if count > file.limits.found {
            return sink.incomplete(format!("more than {} packages", file.limits.found));
        }
        let tests = |name: &str| name.to_ascii_lowercase().contains("test");
        sink.push(FoundPackage {
            evidence: "gradle.lockfile".into(),
            dev: !configurations.is_empty() && configurations.split(',').all(tests),
            ..FoundPackage::new(
                Package::new(PackageType::Maven, group, artifact, version),
                How::Lock,
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyzer::testing::{claims, packages, run};

    #[test]
    fn each_line_is_an_artifact() {
        let text = "# This is a Gradle generated file\n\
            com.google.guava:guava:32.1.2-jre=compileClasspath,testRuntimeClasspath\n\
            junit:junit:4.13.2=testCompileClasspath,testRuntimeClasspath\nodd\nempty=annotationProcessor\n";
        assert!(claims(&GRADLE_LOCK, "app/gradle.lockfile", b""));
        let sink = run(&GRADLE_LOCK, "app/gradle.lockfile", text.as_bytes());
        let listed: Vec<_> = packages(&sink)
            .iter()
            .map(|found| {
                let package = &found.package;
                (
                    &*package.namespace,
                    &*package.name,
                    &*package.version,
                    found.dev,
                )
            })
            .collect();
        assert_eq!(
            listed,
            [
                ("com.google.guava", "guava", "32.1.2-jre", false),
                ("junit", "junit", "4.13.2", true),
            ]
        );
        assert_eq!(sink.problems.len(), 1);
    }
}
