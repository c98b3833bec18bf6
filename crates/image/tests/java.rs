//! What is found in real archives equals the coordinates Maven had them by.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use common::{InPlace, output, packages, run};

mod common;

/// Archives of many builders: with `pom.properties`, without (Gradle), OSGi
/// bundles, multi-release ones, shaded ones.
const ARTIFACTS: &[&str] = &[
    "org.apache.logging.log4j:log4j-core:2.14.1",
    "org.springframework:spring-core:5.3.9",
    "org.springframework.boot:spring-boot-autoconfigure:2.5.3",
    "com.google.guava:guava:32.1.2-jre",
    "com.fasterxml.jackson.core:jackson-databind:2.13.0",
    "io.netty:netty-codec-http2:4.1.94.Final",
    "org.apache.tomcat.embed:tomcat-embed-core:9.0.50",
    "org.yaml:snakeyaml:1.28",
    "org.postgresql:postgresql:42.2.23",
    "com.h2database:h2:1.4.200",
    "org.jetbrains.kotlin:kotlin-stdlib:1.9.0",
    "commons-collections:commons-collections:3.2.1",
    "org.bouncycastle:bcprov-jdk15on:1.69",
    "com.squareup.okhttp3:okhttp:4.9.1",
    "org.eclipse.jetty:jetty-server:9.4.43.v20210629",
    "org.apache.struts:struts2-core:2.5.26",
    "com.thoughtworks.xstream:xstream:1.4.17",
    "org.slf4j:slf4j-api:1.7.32",
];

fn pom() -> String {
    let dependencies: String = ARTIFACTS
        .iter()
        .map(|artifact| {
            let parts: Vec<&str> = artifact.split(':').collect();
            format!(
                "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>\
                 <exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>",
                parts[0], parts[1], parts[2]
            )
        })
        .collect();
    format!(
        "<project><modelVersion>4.0.0</modelVersion><groupId>p</groupId><artifactId>a</artifactId>\
         <version>1</version><dependencies>{dependencies}</dependencies></project>"
    )
}

/// The folder the archives are in, fetched once a machine.
fn archives() -> Option<PathBuf> {
    let home = PathBuf::from(std::env::var_os("HOME")?);
    let cache = home.join(".cache/plimsoll/jars");
    let all_there = |folder: &Path| {
        ARTIFACTS.iter().all(|artifact| {
            let parts: Vec<&str> = artifact.split(':').collect();
            folder
                .join(format!("{}-{}.jar", parts[1], parts[2]))
                .exists()
        })
    };
    if all_there(&cache) {
        return Some(cache);
    }
    let work = tempfile::tempdir().ok()?;
    std::fs::write(work.path().join("pom.xml"), pom()).ok()?;
    let folder = format!("-DoutputDirectory={}", cache.display());
    output(
        Command::new("mvn")
            .args(["-q", "-B", "dependency:copy-dependencies", &folder])
            .current_dir(work.path()),
    )?;
    all_there(&cache).then_some(cache)
}

#[test]
fn artifacts_of_maven_central_are_named_as_they_are_there() {
    let Some(folder) = archives() else {
        eprintln!("SKIPPED: the archives could not be had");
        return;
    };
    let mut wrong = Vec::new();
    for artifact in ARTIFACTS {
        let parts: Vec<&str> = artifact.split(':').collect();
        let name = format!("{}-{}.jar", parts[1], parts[2]);
        let sink = run("java-archive", &name, &InPlace::open(&folder.join(&name)));
        assert!(sink.problems.is_empty(), "{name}: {:?}", sink.problems);
        // The archive itself is the one with a digest.
        let own: Vec<String> = packages(&sink)
            .iter()
            .filter(|found| !found.checksums.is_empty())
            .map(|found| {
                let package = &found.package;
                format!("{}:{}:{}", package.namespace, package.name, package.version)
            })
            .collect();
        if own != [*artifact] {
            wrong.push(format!("{artifact} as {own:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_source_folder_lists_what_maven_resolves() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pom.xml");
    std::fs::write(&path, pom()).expect("is written");
    let sink = run("maven-pom", "pom.xml", &InPlace::open(&path));
    let listed: Vec<String> = packages(&sink)
        .iter()
        .map(|found| {
            let package = &found.package;
            format!("{}:{}:{}", package.namespace, package.name, package.version)
        })
        .collect();
    assert_eq!(listed, ARTIFACTS);
}

#[test]
fn an_archive_that_the_jdk_made_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    std::fs::create_dir_all(at.join("META-INF/maven/g/a")).expect("is made");
    std::fs::write(
        at.join("META-INF/maven/g/a/pom.properties"),
        "groupId=g\nartifactId=a\nversion=1.2\n",
    )
    .expect("is written");
    let made = output(
        Command::new("jar")
            .args(["cf", "a-1.2.jar", "-C", ".", "META-INF/maven"])
            .current_dir(at),
    );
    if made.is_none() {
        return;
    }
    let sink = run(
        "java-archive",
        "a-1.2.jar",
        &InPlace::open(&at.join("a-1.2.jar")),
    );
    assert!(sink.problems.is_empty(), "{:?}", sink.problems);
    assert_eq!(packages(&sink).len(), 1);
    assert_eq!(packages(&sink)[0].package.version, "1.2");
}
