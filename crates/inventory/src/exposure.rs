//! From where a workload can be reached, and why.

mod address;
mod internal;
mod narrowing;
mod ways;

use plimsoll_model::{Exposure, ExposureLevel, exposure::ExposureReason};

use crate::{
    Inventory, ObjectIx, ObjectRole,
    exposure::{
        narrowing::{Admission, Isolation},
        ways::{Template, Way},
    },
    location_of,
    relations::templates_of,
};

/// Reasons that are told one by one; the others are counted in one more.
const MAX_REASONS: usize = 100;

impl Inventory {
    /// From where the pods of a workload can be reached: by host network and
    /// host ports, by Services, by Ingresses and Gateways that lead to these.
    /// Network policies that select the pods take ways away; these are kept,
    /// as blocked. Nothing for what carries no pods.
    pub fn exposure(&self, workload: ObjectIx) -> Exposure {
        let Some(object) = self
            .get(workload)
            .filter(|object| object.role == ObjectRole::Workload)
        else {
            return Exposure::default();
        };
        let Some(space) = object.namespace().and_then(|name| self.namespace(name)) else {
            return Exposure::default();
        };
        let mut reasons = Vec::new();
        for (template, labels) in templates_of(object).into_iter().zip(&object.pods) {
            let template = Template::new(template.node, space, object, labels);
            let isolation = Isolation::of(self, &template);
            self.template_reasons(&template, &isolation, &mut reasons);
        }
        if let Some(file) = object.own_file() {
            let shared = object.document.source().name();
            let places = reasons.iter_mut().filter_map(|r| r.location.as_mut());
            for place in places.filter(|place| place.file == *shared) {
                place.file = file.clone();
            }
        }
        settle(reasons)
    }

    fn template_reasons(
        &self,
        template: &Template<'_>,
        isolation: &Isolation<'_>,
        reasons: &mut Vec<ExposureReason>,
    ) {
        let judge = |ways: Vec<Way<'_>>, reasons: &mut Vec<ExposureReason>| {
            let before = reasons.len();
            reasons.extend(ways.into_iter().map(|way| isolation.judge(template, way)));
            reasons
                .iter()
                .skip(before)
                .any(|reason| reason.blocked_by.is_none())
        };
        let mut open = judge(template.host_ways(), reasons);
        for service in self.services_of(template) {
            // Who lets the world in lets the cluster in: that needs no words.
            open |= judge(self.ways_from_afar(template, &service), reasons)
                || judge(vec![service.way_from_cluster(template)], reasons);
        }
        if !open {
            judge(template.address_ways(), reasons);
        }
    }
}

/// The reasons in their order, each once, and the level they give.
fn settle(mut reasons: Vec<ExposureReason>) -> Exposure {
    // The open ones first, the strongest of them first.
    let order =
        |reason: &ExposureReason| (reason.blocked_by.is_some(), std::cmp::Reverse(reason.level));
    reasons.sort_by(|one, two| order(one).cmp(&order(two)).then_with(|| one.cmp(two)));
    let mut seen = std::collections::BTreeSet::new();
    // Of a way that is open to one template and blocked for another the open one stays.
    reasons.retain(|reason| seen.insert((reason.text.clone(), reason.location.clone())));
    let level = reasons
        .iter()
        .find(|reason| reason.blocked_by.is_none())
        .map_or(ExposureLevel::None, |reason| reason.level);
    if reasons.len() > MAX_REASONS {
        let rest = reasons.split_off(MAX_REASONS);
        let text = format!("{} more like these", rest.len());
        let blocked_by = rest.iter().find_map(|reason| reason.blocked_by.clone());
        let blocked_by =
            blocked_by.filter(|_| rest.iter().all(|reason| reason.blocked_by.is_some()));
        let level = rest
            .iter()
            .map(|reason| reason.level)
            .max()
            .unwrap_or(ExposureLevel::None);
        reasons.push(ExposureReason {
            text,
            location: None,
            level,
            blocked_by,
        });
    }
    Exposure {
        level,
        reasons,
        unknown: None,
    }
}

impl<'a> Isolation<'a> {
    /// What the network policies leave of a way.
    fn judge(&self, template: &Template<'a>, way: Way<'_>) -> ExposureReason {
        let mut reason = ExposureReason {
            location: Some(location_of(way.node)),
            level: way.level,
            blocked_by: None,
            text: String::new(),
        };
        match self.admission(template, &way) {
            Admission::Open => {}
            Admission::PrivateOnly(policies) if way.level == ExposureLevel::Internet => {
                reason.level = ExposureLevel::Internal;
                reason.text = format!("{}; {policies} admits private addresses only", way.text);
                return reason;
            }
            Admission::PrivateOnly(_) => {}
            Admission::Blocked(policies) => reason.blocked_by = Some(policies),
        }
        reason.text = way.text;
        reason
    }
}
