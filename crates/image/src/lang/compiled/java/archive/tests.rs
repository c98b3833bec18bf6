//! Archives made up; real ones are compared in `tests/java.rs`.

use proptest::prelude::*;

use super::*;
use crate::{
    Limits,
    analyzer::testing::{claims, packages, record, run},
    lang::compiled::zip::testing::zip,
};

fn properties_of(group: &str, artifact: &str, version: &str) -> Vec<u8> {
    format!("#x\nversion={version}\ngroupId={group}\nartifactId={artifact}\n").into_bytes()
}

fn listed(sink: &Sink) -> Vec<String> {
    packages(sink)
        .iter()
        .map(|found| {
            let package = &found.package;
            format!(
                "{}:{}:{} [{}] {} {}",
                package.namespace,
                package.name,
                package.version,
                found.inner,
                found.evidence,
                found.checksums.len()
            )
        })
        .collect()
}

#[test]
fn shaded_and_nested_archives_are_all_found() {
    let core = zip(&[
        (
            "META-INF/MANIFEST.MF",
            b"Bundle-SymbolicName: org.apache.logging.log4j.core\r\n",
        ),
        (
            "META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties",
            &properties_of("org.apache.logging.log4j", "log4j-core", "2.14.1"),
        ),
    ]);
    let spring = zip(&[
        (
            "META-INF/MANIFEST.MF",
            b"Implementation-Title: spring-core\nImplementation-Version: 5.3.9\n",
        ),
        ("org/springframework/A.class", b"\xca\xfe\xba\xbe"),
    ]);
    let shaded = zip(&[
        ("META-INF/maven/com.acme/lib/pom.properties", &properties_of("com.acme", "lib", "1.0")),
        ("META-INF/maven/com.google.guava/guava/pom.properties",
            &properties_of("com.google.guava", "guava", "30.0-jre")),
        ("META-INF/maven/com.google.guava/guava/pom.xml", b"<project/>"),
        ("META-INF/maven/org.x/only-xml/pom.xml",
            b"<project><parent><groupId>org.x</groupId><version>4</version></parent><artifactId>only-xml</artifactId></project>"),
    ]);
    let war = zip(&[("WEB-INF/lib/lib-1.0.jar", &shaded)]);
    let app = zip(&[
        ("META-INF/MANIFEST.MF", b"Start-Class: com.acme.App\n"),
        ("BOOT-INF/lib/log4j-core-2.14.1.jar", &core),
        ("BOOT-INF/lib/spring-core-5.3.9.jar", &spring),
        ("inner.war", &war),
    ]);
    let with_script = [b"#!/bin/bash\n# spring-boot\n".to_vec(), app.clone()].concat();
    assert!(claims(&JAVA_ARCHIVE, "opt/app.jar", &app));
    assert!(claims(&JAVA_ARCHIVE, "opt/app", &with_script));
    for bytes in [app, with_script] {
        let sink = run(&JAVA_ARCHIVE, "opt/app.jar", &bytes);
        assert!(sink.problems.is_empty(), "{:?}", sink.problems);
        assert_eq!(
            listed(&sink),
            [
                "org.apache.logging.log4j:log4j-core:2.14.1 [BOOT-INF/lib/log4j-core-2.14.1.jar] \
                 META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties 1",
                "org.springframework:spring-core:5.3.9 [BOOT-INF/lib/spring-core-5.3.9.jar] file name 1",
                "com.acme:lib:1.0 [inner.war!/WEB-INF/lib/lib-1.0.jar] META-INF/maven/com.acme/lib/pom.properties 1",
                "com.google.guava:guava:30.0-jre [inner.war!/WEB-INF/lib/lib-1.0.jar] \
                 META-INF/maven/com.google.guava/guava/pom.properties 0",
                "org.x:only-xml:4 [inner.war!/WEB-INF/lib/lib-1.0.jar] META-INF/maven/org.x/only-xml/pom.xml 0",
            ]
        );
    }
}

#[test]
fn the_digest_is_that_of_the_archive() {
    let jar = zip(&[("a.txt", b"x")]);
    let sink = run(&JAVA_ARCHIVE, "lib/x-1.0.jar", &jar);
    assert_eq!(
        packages(&sink)[0].checksums,
        [format!("sha1:{}", hex(&Sha1::digest(&jar)))]
    );
}

#[test]
fn an_archive_that_does_not_say_what_it_is_is_marked() {
    let sink = run(
        &JAVA_ARCHIVE,
        "lib/x.jar",
        &zip(&[("A.class", b"\xca\xfe")]),
    );
    assert!(listed(&sink).is_empty());
    let [Found::Mark { name, .. }] = &sink.found[..] else {
        panic!("{:?}", sink.found);
    };
    assert_eq!(name, "java-unidentified");
}

#[test]
fn nesting_and_unpacking_end() {
    let mut jar = zip(&[("x", b"")]);
    for _ in 0..9 {
        jar = zip(&[("a.jar", &jar)]);
    }
    let sink = run(&JAVA_ARCHIVE, "a.jar", &jar);
    let [(message, _)] = &sink.problems[..] else {
        panic!("{:?}", sink.problems);
    };
    assert!(message.contains("nested deeper than 4"), "{message}");

    // A deflated archive of zeroes: more than the limits let it be.
    let bomb = zip(&[("b.war", &vec![0; 3 << 20])]);
    let limits = Limits {
        held_bytes: 2 << 20,
        ..Limits::default()
    };
    let mut sink = Sink::default();
    run_with(&bomb, &limits, &mut sink);
    assert!(
        sink.problems[0].0.contains("at most 2097152"),
        "{:?}",
        sink.problems
    );
}

fn run_with(bytes: &Vec<u8>, limits: &Limits, sink: &mut Sink) {
    let candidate = Candidate {
        path: "a.jar",
        record: &record(bytes.len() as u64),
        content: bytes,
        limits,
    };
    (JAVA_ARCHIVE.run)(&candidate, sink);
}

#[test]
fn damage_is_told_and_sinks_nothing_else() {
    let check = |bytes: &[u8], problems: usize, found: usize| {
        let sink = run(&JAVA_ARCHIVE, "a.jar", bytes);
        assert_eq!(
            (sink.problems.len(), packages(&sink).len()),
            (problems, found)
        );
    };
    check(b"", 1, 0);
    check(b"PK\x03\x04 cut", 1, 0);
    let good = zip(&[(
        "META-INF/maven/g/a/pom.properties",
        &properties_of("g", "a", "1"),
    )]);
    check(&zip(&[("bad.jar", b"no zip"), ("a-1.jar", &good)]), 1, 1);
    check(
        &zip(&[
            ("META-INF/maven/g/b/pom.xml", b"<project>"),
            ("a-1.jar", &good),
        ]),
        1,
        1,
    );
}

proptest! {
    #[test]
    fn any_change_is_survived(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let jar = zip(&[("META-INF/maven/g/a/pom.properties", &properties_of("g", "a", "1"))]);
        let mut bytes = zip(&[("META-INF/MANIFEST.MF", b"A: b\n"), ("a-1.jar", &jar)]);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        run(&JAVA_ARCHIVE, "b.jar", &bytes);
    }
}
