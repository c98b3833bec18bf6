use proptest::prelude::*;

use super::*;

/// What is read of a purl, written again.
fn again(purl: &str) -> String {
    match Package::from_purl(purl) {
        Ok(package) => package.purl(),
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn purls_are_made_canonical() {
    let check = |purl: &str, expect: &str| {
        assert_eq!(again(purl), expect, "{purl}");
        assert_eq!(again(expect), expect, "canonical stays: {expect}");
    };
    let same = |purl: &str| check(purl, purl);
    same("pkg:maven/org.apache.commons/io@1.3.4");
    same("pkg:maven/mygroup/myartifact@1.0.0%20Final?mykey=my%20value");
    same("pkg:golang/google.golang.org/genproto@abcdedf#googleapis/api/annotations");
    same("pkg:npm/%40angular/animation@12.3.1");
    same("pkg:generic/openssl@1.1.10g?checksum=sha1:ad9503c3%2Csha256:41bf9088");
    same("pkg:deb/debian/attr@1:2.4.47-2?arch=source");
    same(
        "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bb1?arch=amd64&distro=debian-12&upstream=gcc-12",
    );
    same("pkg:rpm/centerim@4.22.10-1.el6?arch=i686&distro=fedora-25&epoch=1");
    same("pkg:swift/github.com/Alamofire/Alamofire@5.4.3");
    same("pkg:cpan/DROLSKY/DateTime@1.55");
    same("pkg:cran/A3@0.9.1");
    same("pkg:nuget/EnterpriseLibrary.Common@6.0.1304");
    same("pkg:conan/openssl@3.0.3?channel=stable&user=bincrafters");
    check(
        "pkg:golang/github.com/BurntSushi/toml@v1.2.0",
        "pkg:golang/github.com/burntsushi/toml@v1.2.0",
    );
    check(
        "pkg:PYPI/Django_allauth@12.23",
        "pkg:pypi/django-allauth@12.23",
    );
    check("pkg:pypi/zope..Interface@6", "pkg:pypi/zope-interface@6");
    check("pkg:pub/Http-Parser@1", "pkg:pub/http_parser@1");
    check(
        "pkg:hackage/AC_Halfinteger@1.2.1",
        "pkg:hackage/AC-Halfinteger@1.2.1",
    );
    check("pkg:Npm/@types/node@20", "pkg:npm/%40types/node@20");
    check("pkg:npm/@types/node", "pkg:npm/%40types/node");
    check("pkg:npm/JSONStream@1", "pkg:npm/jsonstream@1");
    check(
        "pkg:github/Package-url/purl-Spec@244fd47",
        "pkg:github/package-url/purl-spec@244fd47",
    );
    check("pkg://maven//org.a/io@1//", "pkg:maven/org.a/io@1");
    check(
        "pkg:gem/jruby-launcher@1.1.2?Platform=java",
        "pkg:gem/jruby-launcher@1.1.2?platform=java",
    );
    check("pkg:cpan/gdt/URI-PackageURL", "pkg:cpan/GDT/URI-PackageURL");
    check("pkg:npm/a@1?z=1&b=&a=2", "pkg:npm/a@1?a=2&z=1");
    check(
        "pkg:golang/a.b/c@1#/x/./y/../z/",
        "pkg:golang/a.b/c@1#x/y/z",
    );
    check(
        "pkg:maven/a/b@1?repository_url=x.org/release",
        "pkg:maven/a/b@1?repository_url=x.org%2Frelease",
    );
    check(
        "pkg:rpm/RedHat/Acl@1-2?rpmmod=m:1",
        "pkg:rpm/redhat/Acl@1-2?modularity=m:1",
    );
    check("pkg:generic/a%zz@1", "pkg:generic/a%25zz@1");
    check(
        "pkg:composer/Laravel/Laravel@5.5.0",
        "pkg:composer/laravel/laravel@5.5.0",
    );
}

#[test]
fn what_is_no_purl_is_refused_with_its_reason() {
    let check = |purl: &str, expect: &str| {
        let error = Package::from_purl(purl).expect_err(purl);
        assert_eq!(error.to_string(), expect, "{purl}");
    };
    check(
        "EnterpriseLibrary.Common@6.0.1304",
        "`EnterpriseLibrary.Common@6.0.1304` is no package URL: it does not begin with `pkg:`",
    );
    check("", "`` is no package URL: it does not begin with `pkg:`");
    check("pkg:npm", "`pkg:npm` names no package");
    check("pkg:maven/@1.3.4", "`pkg:maven/@1.3.4` names no package");
    check("pkg:npm/?a=b", "`pkg:npm/?a=b` names no package");
    check("pkg:oci/alpine@1", "packages of type `oci` are not known");
    check(
        "pkg:n&g/nginx@0.8.9",
        "packages of type `n&g` are not known",
    );
    check(
        "pkg:npm/a@1?in%20production=1",
        "`in%20production` is no key of a qualifier",
    );
    check("pkg:npm/a@1?1a=1", "`1a` is no key of a qualifier");
    check("pkg:npm/%ff@1", "`%ff` encodes no text");
    let long = format!("pkg:npm/{}", "a".repeat(MOST_BYTES));
    check(
        &long,
        "a package URL of 16392 bytes; at most 16384 are read",
    );
}

#[test]
fn qualifiers_of_operating_systems_become_fields() {
    let check = |purl: &str, version: &str, arch: Option<&str>, source: Option<(&str, &str)>| {
        let package = Package::from_purl(purl).expect(purl);
        assert_eq!(package.version, version, "{purl}");
        assert_eq!(package.arch.as_deref(), arch, "{purl}");
        let found = package.source.as_ref();
        assert_eq!(found.map(|s| (&*s.name, &*s.version)), source, "{purl}");
    };
    check(
        "pkg:deb/debian/libc6@2.36-9?arch=amd64&upstream=glibc",
        "2.36-9",
        Some("amd64"),
        Some(("glibc", "2.36-9")),
    );
    check(
        "pkg:deb/debian/libgcc-s1@12.2.0-14?upstream=gcc-12%401:12.2",
        "12.2.0-14",
        None,
        Some(("gcc-12", "1:12.2")),
    );
    check(
        "pkg:rpm/redhat/libacl@2.3.1-3.el9?arch=x86_64&epoch=2&upstream=acl-2.3.1-3.el9.src.rpm",
        "2:2.3.1-3.el9",
        Some("x86_64"),
        Some(("acl", "2.3.1-3.el9")),
    );
    // Trivy writes an epoch in both places.
    check("pkg:deb/debian/vim@2%3A9.0?epoch=2", "2:9.0", None, None);
    check("pkg:rpm/a@1:2-3?epoch=0", "1:2-3", None, None);
    check("pkg:rpm/a@2-3?epoch=x", "2-3", None, None);
    check(
        "pkg:apk/alpine/libssl3@3.1?upstream=openssl",
        "3.1",
        None,
        Some(("openssl", "3.1")),
    );
}

#[test]
fn types_are_read_as_they_are_written() {
    for kind in PackageType::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
        let wire = serde_json::to_value(kind).expect("a type is written");
        assert_eq!(wire, kind.as_str());
    }
}

/// Text with the characters that need care; never empty.
fn word() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z][a-z0-9.+~:@%&=?# _-]{0,12}", "[^/\\p{Cc}]{1,6}"]
}

fn package() -> impl Strategy<Value = Package> {
    let kind = prop::sample::select(PackageType::ALL.to_vec());
    let path = || prop::collection::vec(word(), 0..3).prop_map(|parts| parts.join("/"));
    let source =
        (word(), "[0-9a-z.:~+-]{0,9}").prop_map(|(name, version)| SourcePackage { name, version });
    let version = "([0-9]{1,2}:)?[0-9a-z.~+/@-]{0,9}";
    let qualifiers = prop::collection::btree_map("[b-d][a-z0-9_.-]{0,5}", word(), 0..3);
    (
        (kind, path(), word(), version),
        (prop::option::of(word()), prop::option::of(source)),
        (qualifiers, path()),
    )
        .prop_map(
            |((kind, namespace, name, version), (arch, source), (qualifiers, subpath))| {
                let mut package = Package::new(
                    kind,
                    kind.canonical_namespace(&namespace),
                    kind.canonical_name(&name),
                    version,
                );
                package.arch = arch;
                package.source = source;
                package.qualifiers = qualifiers;
                package.subpath = segments(&subpath)
                    .filter(|segment| !is_dots(segment))
                    .collect::<Vec<_>>()
                    .join("/");
                package
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_package_is_read_back_from_its_purl(package in package()) {
        let purl = package.purl();
        prop_assert_eq!(Package::from_purl(&purl), Ok(package), "{}", purl);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(pkg:(deb|rpm|npm|pypi|golang)/)?\\PC{0,60}") {
        if let Ok(package) = Package::from_purl(&text) {
            let purl = package.purl();
            let read = Package::from_purl(&purl).expect("what was read is written readably");
            prop_assert_eq!(read.purl(), purl, "canonical");
        }
    }
}
