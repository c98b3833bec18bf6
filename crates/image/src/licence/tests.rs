use proptest::prelude::*;

use super::*;

#[test]
fn licences_become_expressions() {
    let check = |text: &str, expect: &[&str]| assert_eq!(normalise(text), expect, "{text}");
    // SPDX
    check("MIT", &["MIT"]);
    check("mit", &["MIT"]);
    check("MIT OR Apache-2.0", &["MIT OR Apache-2.0"]);
    check(
        "mit or (apache-2.0 and isc)",
        &["MIT OR (Apache-2.0 AND ISC)"],
    );
    check("GPL-2.0+", &["GPL-2.0-or-later"]);
    check("GPL-2.0", &["GPL-2.0-only"]);
    check("LicenseRef-Acme", &["LicenseRef-Acme"]);
    check(
        "Apache-2.0 WITH LLVM-exception",
        &["Apache-2.0 WITH LLVM-exception"],
    );
    // crates, npm
    check("MIT/Apache-2.0", &["MIT OR Apache-2.0"]);
    check("(MIT OR CC0-1.0)", &["(MIT OR CC0-1.0)"]);
    check("Apache 2.0", &["Apache-2.0"]);
    check("UNLICENSED", &["UNLICENSED"]);
    check(
        "SEE LICENSE IN LICENSE.txt",
        &["SEE LICENSE IN LICENSE.txt"],
    );
    check("Unlicense", &["Unlicense"]);
    // Maven
    check("The Apache Software License, Version 2.0", &["Apache-2.0"]);
    check("Apache License, Version 2.0", &["Apache-2.0"]);
    check("Eclipse Public License v2.0", &["EPL-2.0"]);
    check("Eclipse Distribution License - v 1.0", &["BSD-3-Clause"]);
    check(
        "GPL-2.0-with-classpath-exception",
        &["GPL-2.0-only WITH Classpath-exception-2.0"],
    );
    check("The MIT License (MIT)", &["MIT"]);
    // PyPI
    check("License :: OSI Approved :: MIT License", &["MIT"]);
    check(
        "License :: OSI Approved :: GNU General Public License v2 or later (GPLv2+)",
        &["GPL-2.0-or-later"],
    );
    check(
        "License :: OSI Approved :: GNU Library or Lesser General Public License (LGPL)",
        &["LGPL-2.0-or-later"],
    );
    check(
        "License :: OSI Approved :: Apache Software License",
        &["Apache-2.0"],
    );
    check("License :: OSI Approved :: ISC License (ISCL)", &["ISC"]);
    check("License :: OSI Approved", &[]);
    check(
        "License :: OSI Approved :: Python Software Foundation License",
        &["PSF-2.0"],
    );
    check("3-Clause BSD License", &["BSD-3-Clause"]);
    check("BSD", &["BSD-3-Clause"]);
    check("MIT License\n\nCopyright (c) 2020 ...", &["MIT"]);
    check("UNKNOWN", &[]);
    // Debian
    check("GPL-2+", &["GPL-2.0-or-later"]);
    check("Expat", &["MIT"]);
    check(
        "Artistic or GPL-1+",
        &["Artistic-1.0-Perl OR GPL-1.0-or-later"],
    );
    check("public-domain", &["public-domain"]);
    check("BSD-3-clause", &["BSD-3-Clause"]);
    // RPM
    check("GPLv2+", &["GPL-2.0-or-later"]);
    check(
        "GPLv3+ and LGPLv2+ and GFDL",
        &["GPL-3.0-or-later AND LGPL-2.0-or-later AND GFDL-1.1-or-later"],
    );
    check("ASL 2.0", &["Apache-2.0"]);
    check("MPLv2.0", &["MPL-2.0"]);
    check(
        "(GPLv2+ or LGPLv3) and BSD",
        &["(GPL-2.0-or-later OR LGPL-3.0-only) AND BSD-3-Clause"],
    );
    check(
        "LGPLv2+ and GPLv3+ with exceptions",
        &["LGPLv2+ and GPLv3+ with exceptions"],
    );
    check(
        "GPL+ or Artistic",
        &["GPL-1.0-or-later OR Artistic-1.0-Perl"],
    );
    check(
        "GPLv3+ with GCC exception",
        &["GPL-3.0-or-later WITH GCC-exception-3.1"],
    );
    check("zlib and Boost", &["Zlib AND BSL-1.0"]);
    // Alpine
    check(
        "MIT BSD GPL2+",
        &["BSD-3-Clause", "GPL-2.0-or-later", "MIT"],
    );
    check("GPL2", &["GPL-2.0-only"]);
    check("MIT, Apache-2.0", &["Apache-2.0", "MIT"]);
    check(
        "MIT AND perl AND ISC",
        &["MIT AND (Artistic-1.0-Perl OR GPL-1.0-or-later) AND ISC"],
    );
    // not understood
    check("  Acme, Inc. (all rights) ", &["Acme, Inc. (all rights)"]);
    check("MIT AND", &["MIT AND"]);
    check("((((", &["(((("]);
    check("", &[]);
}

#[test]
fn a_list_longer_than_any_is_shown_as_it_is() {
    assert_eq!(
        normalise(&format!("{}ISC", "MIT,".repeat(199))),
        ["ISC", "MIT"]
    );
    let found = normalise(&format!("{}ISC", "MIT,".repeat(200)));
    let [shown] = &found[..] else {
        panic!("{found:?}");
    };
    assert!(
        shown.starts_with("MIT,MIT,") && shown.ends_with('…'),
        "{shown}"
    );
}

#[test]
fn several_texts_make_one_sorted_list() {
    assert_eq!(
        normalise_all(["MIT", "ISC", "Expat", "NOASSERTION"]),
        ["ISC", "MIT"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_ends_and_what_comes_out_stays(
        text in "((MIT|GPL-2\\+|BSD|or|AND|with|\\(|\\)|/|,|Apache 2.0|\\PC{0,4}) ?){0,12}"
    ) {
        for licence in normalise(&text) {
            prop_assert_eq!(normalise(&licence), vec![licence.clone()], "from {}", text);
        }
    }
}

/// What fuzzing found: what is shown of a text that is not understood must not
/// read as a licence.
#[test]
fn a_text_of_noise_is_no_licence_however_it_is_cut() {
    for text in [
        format!(
            "\0\0\0freedocumenta{}{}tion",
            "\"".repeat(4),
            "?".repeat(24)
        ),
        format!("free{}documentation", "\"".repeat(300)),
        format!("\0\0\0freedocumenta{}tion", "\"".repeat(180)),
        // Cut, it would end in a blank that is then left out.
        format!("{}\r{}", "'".repeat(199), "'".repeat(20)),
        // Cut, it would be a list of licences.
        format!("{}nothing", "MIT, ".repeat(40)),
    ] {
        for licence in normalise(&text) {
            assert_eq!(
                normalise(&licence),
                std::slice::from_ref(&licence),
                "{text:?}"
            );
        }
    }
}
