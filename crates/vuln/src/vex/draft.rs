//! What can be said of an image from what is known of it.

use plimsoll_model::{
    ImageName, Suppression, Tristate, Vulnerability, VulnerabilityState,
    image::{Image, ImageForm},
};

use super::{Product, ProductName, Statement, Status, write::JUSTIFICATIONS};

/// The names an image goes by in a statement: its package URL (`pkg:oci/...`), by its digest
/// where that is known and else by its tag, and the digest itself. None for what has neither a
/// name nor a digest, such as a root file system.
#[must_use]
pub fn product_of(image: &Image) -> Vec<ProductName> {
    // A path is no reference, however much it looks like one.
    let named = matches!(image.form, ImageForm::Registry | ImageForm::Containerd);
    let name = std::iter::once(&image.name)
        .filter(|_| named)
        .chain(&image.tags)
        .find_map(|name| ImageName::parse(name));
    let digest = image.digest.or(image.index);
    let purl = name.map(|name| {
        let repository = name.repository();
        let last = repository.rsplit('/').next().unwrap_or(repository);
        let mut purl = format!("pkg:oci/{}", last.to_lowercase());
        if let Some(digest) = digest {
            purl.push_str(&format!("@{}", digest.to_string().replace(':', "%3A")));
        }
        let arch = &image.platform.arch;
        if !arch.is_empty() {
            purl.push_str(&format!("?arch={arch}&"));
        } else {
            purl.push('?');
        }
        purl.push_str(&format!("repository_url={repository}"));
        if let (None, Some(tag)) = (digest, name.tag()) {
            purl.push_str(&format!("&tag={tag}"));
        }
        purl
    });
    let hash = digest.or(image.id).map(|digest| digest.to_string());
    purl.into_iter()
        .chain(hash)
        .filter_map(|text| ProductName::parse(&text))
        .collect()
}

/// What can be said of an image's vulnerabilities from what is known of them.
///
/// Not affected is only what is shown to be: the vulnerable code is not in the
/// program, or the record that names the package says that it does not have it.
/// Everything else is affected, with the upgrade that clears it, or under
/// investigation. What a VEX document said of it before is said again, with
/// whose word it is; what a list of ignored ones hides is affected all the same:
/// nobody says there that it is not.
#[must_use]
pub fn draft(found: &[Vulnerability], product: &[ProductName]) -> Vec<Statement> {
    found
        .iter()
        .map(|vulnerability| {
            let part = ProductName::parse(&vulnerability.package.purl);
            let said = vulnerability.suppressed.iter().find_map(again);
            let (status, justification, text) = said.unwrap_or_else(|| known(vulnerability));
            Statement {
                vulnerability: vulnerability.names().map(str::to_owned).collect(),
                products: vec![Product {
                    names: product.to_vec(),
                    parts: part.map(|part| vec![part]).into_iter().collect(),
                }],
                status,
                justification,
                text,
                time: None,
            }
        })
        .collect()
}

/// What is known by what was matched alone.
fn known(vulnerability: &Vulnerability) -> (Status, String, String) {
    let nothing = String::new;
    let reachable = &vulnerability.reachable;
    if reachable.answer == Tristate::No && !reachable.evidence.is_empty() {
        let word = "vulnerable_code_not_present".to_owned();
        return (Status::NotAffected, word, reachable.evidence.clone());
    }
    match vulnerability.state {
        VulnerabilityState::NotAffected => {
            let source = &vulnerability.source;
            let text = format!(
                "The record {} of {} says that {} does not have it.",
                source.record, source.feed, vulnerability.package.name
            );
            (Status::NotAffected, nothing(), text)
        }
        VulnerabilityState::UnderInvestigation => {
            (Status::UnderInvestigation, nothing(), nothing())
        }
        _ => (Status::Affected, nothing(), action(vulnerability)),
    }
}

/// What to do about it.
fn action(vulnerability: &Vulnerability) -> String {
    let name = &vulnerability.package.name;
    if let Some(version) = &vulnerability.fixed {
        return match vulnerability.fix_needs.as_str() {
            "" => format!("Upgrade {name} to {version}."),
            needs => format!("Upgrade {name} to {version}, which needs {needs}."),
        };
    }
    let why = match vulnerability.state {
        VulnerabilityState::WillNotFix => "its maintainers will not fix it",
        VulnerabilityState::Deferred => "its maintainers put the fix off",
        VulnerabilityState::EndOfLife => "its release gets no fixes any more",
        _ => "none is known yet",
    };
    format!(
        "No version of {name} fixes it: {why}. Take the package out, or keep what is vulnerable \
         out of reach."
    )
}

/// What a VEX document said, said again; none for what is no word of VEX.
fn again(said: &Suppression) -> Option<(Status, String, String)> {
    let status = match said.status.as_str() {
        "not_affected" => Status::NotAffected,
        "fixed" => Status::Fixed,
        _ => return None,
    };
    let (word, reason) = said
        .reason
        .split_once(": ")
        .unwrap_or((said.reason.as_str(), ""));
    let justification = justification(word);
    let reason = match justification {
        Some(_) => reason,
        None => said.reason.as_str(),
    };
    let text = match reason {
        "" => format!("So says {}.", said.by),
        reason => format!("So says {}: {reason}", said.by),
    };
    let justification = justification.filter(|_| status == Status::NotAffected);
    Some((status, justification.unwrap_or_default().to_owned(), text))
}

/// OpenVEX's word for a justification; that of CycloneDX is said in its own.
fn justification(word: &str) -> Option<&'static str> {
    Some(match word {
        "code_not_present" => "vulnerable_code_not_present",
        "code_not_reachable" => "vulnerable_code_not_in_execute_path",
        "protected_by_mitigating_control" | "protected_at_runtime" | "protected_at_perimeter" => {
            "inline_mitigations_already_exist"
        }
        word => JUSTIFICATIONS.into_iter().find(|known| *known == word)?,
    })
}
