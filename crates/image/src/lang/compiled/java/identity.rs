//! Which artifact an archive is, when its builder did not write it down: by
//! its file's name and its manifest.

use std::collections::BTreeMap;

use super::pom::Coordinates;

/// What is known of an archive's own name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Identity {
    /// What it is; the group is empty when nothing tells it.
    pub(super) own: Coordinates,
    /// What tells it, in a few words.
    pub(super) evidence: &'static str,
}

/// Artifact and version of a file's name: `log4j-core` and `2.17.1` of
/// `log4j-core-2.17.1.jar`; the version is empty when there is none.
pub(super) fn of_file_name(name: &str) -> (&str, &str) {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let version = stem.match_indices('-').map(|(at, _)| at).find(|&at| {
        let rest = stem[at + 1..]
            .strip_prefix(['v', 'r'])
            .unwrap_or(&stem[at + 1..]);
        rest.starts_with(|first: char| first.is_ascii_digit())
    });
    match version {
        Some(at) if at > 0 => (&stem[..at], &stem[at + 1..]),
        _ => (stem, ""),
    }
}

/// Groups of artifacts that are widely used and whose builders write no
/// `pom.properties` (Gradle does not): the artifact's beginning and its group.
/// The first that fits counts.
const GROUPS: &[(&str, &str)] = &[
    ("spring-boot", "org.springframework.boot"),
    ("spring-security-", "org.springframework.security"),
    ("spring-data-", "org.springframework.data"),
    ("spring-cloud-", "org.springframework.cloud"),
    ("spring-batch-", "org.springframework.batch"),
    ("spring-integration-", "org.springframework.integration"),
    ("spring-session-", "org.springframework.session"),
    ("spring-kafka", "org.springframework.kafka"),
    ("spring-amqp", "org.springframework.amqp"),
    ("spring-rabbit", "org.springframework.amqp"),
    ("spring-ws-", "org.springframework.ws"),
    ("spring-ldap-", "org.springframework.ldap"),
    ("spring-hateoas", "org.springframework.hateoas"),
    ("spring-retry", "org.springframework.retry"),
    ("spring-graphql", "org.springframework.graphql"),
    ("spring-plugin-", "org.springframework.plugin"),
    ("spring-", "org.springframework"),
    ("tomcat-embed-", "org.apache.tomcat.embed"),
    ("tomcat-", "org.apache.tomcat"),
    ("catalina", "org.apache.tomcat"),
    ("micrometer-tracing", "io.micrometer"),
    ("micrometer-", "io.micrometer"),
    ("kotlinx-coroutines-", "org.jetbrains.kotlinx"),
    ("kotlinx-serialization-", "org.jetbrains.kotlinx"),
    ("kotlin-", "org.jetbrains.kotlin"),
    ("hibernate-core", "org.hibernate.orm"),
    ("hibernate-commons-annotations", "org.hibernate.common"),
    ("groovy", "org.apache.groovy"),
    ("reactor-netty", "io.projectreactor.netty"),
    ("reactor-", "io.projectreactor"),
    ("rxjava", "io.reactivex.rxjava3"),
    ("byte-buddy", "net.bytebuddy"),
    ("okhttp", "com.squareup.okhttp3"),
    ("okio", "com.squareup.okio"),
    ("retrofit", "com.squareup.retrofit2"),
    ("lucene-", "org.apache.lucene"),
    ("kafka-", "org.apache.kafka"),
    ("kafka_", "org.apache.kafka"),
    ("elasticsearch", "org.elasticsearch"),
    ("opentelemetry-", "io.opentelemetry"),
    ("grpc-", "io.grpc"),
    ("bcprov-", "org.bouncycastle"),
    ("bcpkix-", "org.bouncycastle"),
    ("bcutil-", "org.bouncycastle"),
    ("scala-library", "org.scala-lang"),
    ("scala-reflect", "org.scala-lang"),
    ("akka-", "com.typesafe.akka"),
    ("annotations", "org.jetbrains"),
    ("jsr305", "com.google.code.findbugs"),
    ("junit-jupiter", "org.junit.jupiter"),
    ("mockito-", "org.mockito"),
    ("HikariCP", "com.zaxxer"),
    ("postgresql", "org.postgresql"),
    ("h2", "com.h2database"),
    ("hsqldb", "org.hsqldb"),
    ("antlr4-runtime", "org.antlr"),
    ("lombok", "org.projectlombok"),
    ("gradle-wrapper", "org.gradle"),
];

/// Which artifact an archive of this name and manifest is; none when neither
/// says so. An archive whose name has no version and whose manifest does not
/// either is not named: a guess would be.
pub(super) fn guess(name: &str, manifest: &BTreeMap<String, String>) -> Option<Identity> {
    let (artifact, version) = of_file_name(name);
    let value = |key: &str| {
        let value = manifest.get(key)?.trim();
        // Builders leave what they could not fill in.
        (!value.is_empty() && !value.contains("${") && value.len() < 256).then_some(value)
    };
    let stated = [
        "implementation-version",
        "bundle-version",
        "plugin-version",
        "specification-version",
    ]
    .into_iter()
    .find_map(value);
    let (version, evidence) = match (version, stated) {
        ("", None) => return None,
        ("", Some(stated)) => (stated, "MANIFEST.MF"),
        (version, _) => (version, "file name"),
    };
    let symbolic =
        value("bundle-symbolicname").map(|name| name.split(';').next().unwrap_or(name).trim());
    let named = value("extension-name").or(value("short-name"));
    let artifact = match artifact {
        "" => named?,
        artifact => artifact,
    };
    Some(Identity {
        own: Coordinates {
            group: group(artifact, symbolic, &value),
            artifact: artifact.to_owned(),
            version: version.to_owned(),
        },
        evidence,
    })
}

fn group<'a>(
    artifact: &str,
    symbolic: Option<&'a str>,
    value: &dyn Fn(&str) -> Option<&'a str>,
) -> String {
    let known = GROUPS.iter().find(|(start, _)| artifact.starts_with(start));
    if let Some((_, group)) = known {
        return (*group).to_owned();
    }
    let is_group = |text: &&str| {
        text.contains('.') && !text.contains([' ', '/', ':', '@']) && !text.ends_with('.')
    };
    if let Some(group) = ["group-id", "implementation-vendor-id"]
        .into_iter()
        .find_map(value)
        .filter(is_group)
    {
        return group.to_owned();
    }
    // `org.apache.logging.log4j.core` of log4j-core: the group is what stands
    // before the words that the artifact has too.
    let Some(symbolic) = symbolic
        .or_else(|| value("automatic-module-name"))
        .filter(is_group)
    else {
        return String::new();
    };
    if let Some(group) = symbolic.strip_suffix(artifact) {
        let group = group.trim_end_matches(['.', '-']);
        if !group.is_empty() {
            return group.to_owned();
        }
    }
    let mut group = symbolic;
    while let Some((rest, last)) = group.rsplit_once('.') {
        let shared = artifact
            .split(['-', '.', '_'])
            .any(|word| word.eq_ignore_ascii_case(last));
        if !shared || !rest.contains('.') {
            break;
        }
        // A group may end in the artifact's first word: org.apache.logging.log4j.
        let first = artifact.split(['-', '.']).next().unwrap_or("");
        if first.eq_ignore_ascii_case(last) && group.len() < symbolic.len() {
            break;
        }
        group = rest;
    }
    group.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_at_the_version() {
        let check = |name, artifact, version| {
            assert_eq!(of_file_name(name), (artifact, version), "{name}");
        };
        check("log4j-core-2.17.1.jar", "log4j-core", "2.17.1");
        check("guava-32.1.2-jre.jar", "guava", "32.1.2-jre");
        check("kafka_2.13-3.6.0.jar", "kafka_2.13", "3.6.0");
        check("jsr305-3.0.2.jar", "jsr305", "3.0.2");
        check("guava-r09.jar", "guava", "r09");
        check("app.jar", "app", "");
        check("-1.jar", "-1", "");
        check("", "", "");
    }

    #[test]
    fn an_archive_is_named_by_its_manifest_and_file() {
        let check = |name: &str, manifest: &str, expect: Option<(&str, &str, &str)>| {
            let section = super::super::manifest::main_section(manifest.as_bytes());
            let found = guess(name, &section);
            let found = found
                .as_ref()
                .map(|found| &found.own)
                .map(|own| (&*own.group, &*own.artifact, &*own.version));
            assert_eq!(found, expect, "{name}");
        };
        check(
            "log4j-core-2.14.1.jar",
            "Bundle-SymbolicName: org.apache.logging.log4j.core\n",
            Some(("org.apache.logging.log4j", "log4j-core", "2.14.1")),
        );
        check(
            "spring-webmvc-5.3.9.jar",
            "Implementation-Title: spring-webmvc\n",
            Some(("org.springframework", "spring-webmvc", "5.3.9")),
        );
        check(
            "commons-io.jar",
            "Bundle-SymbolicName: org.apache.commons.commons-io\nBundle-Version: 2.11.0\n",
            Some(("org.apache.commons", "commons-io", "2.11.0")),
        );
        check(
            "tool.jar",
            "Implementation-Version: 3\nImplementation-Vendor-Id: com.acme\n",
            Some(("com.acme", "tool", "3")),
        );
        check(
            "tool.jar",
            "Implementation-Version: ${project.version}\n",
            None,
        );
        check(
            "x-1.0.jar",
            "Implementation-Vendor-Id: The Acme Inc.\n",
            Some(("", "x", "1.0")),
        );
    }
}
