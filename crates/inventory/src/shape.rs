//! What keeps a workload from being judged: fields of the wrong type.
//!
//! Views read what has the wrong type as absent. For most fields the API server
//! would refuse the object; until it does, nobody can say what its pods would
//! be allowed, so that it must count as unknown, not as clean.

use plimsoll_manifest::{Kind, Node};

use crate::{
    Object,
    relations::templates_of,
    template::Bases,
    view::{items, pod::ContainerKind},
};

/// What a field must be where it is written and not null.
#[derive(Clone, Copy)]
enum Shape {
    Bool,
    Int,
    Text,
    List,
    Mapping,
}

impl Shape {
    fn fits(self, node: Node<'_>) -> bool {
        match self {
            _ if node.is_null() => true,
            Shape::Bool => node.as_bool().is_some(),
            Shape::Int => node.as_i64().is_some(),
            Shape::Text => node.as_str().is_some(),
            Shape::List => node.kind() == Kind::Sequence,
            Shape::Mapping => node.kind() == Kind::Mapping,
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Shape::Bool => "true or false",
            Shape::Int => "a whole number",
            Shape::Text => "a string",
            Shape::List => "a list",
            Shape::Mapping => "a mapping",
        }
    }
}

const TEMPLATE: &[(&str, Shape)] = &[("metadata", Shape::Mapping)];

const METADATA: &[(&str, Shape)] = &[("annotations", Shape::Mapping), ("labels", Shape::Mapping)];

const POD: &[(&str, Shape)] = &[
    ("automountServiceAccountToken", Shape::Bool),
    ("containers", Shape::List),
    ("ephemeralContainers", Shape::List),
    ("hostIPC", Shape::Bool),
    ("hostNetwork", Shape::Bool),
    ("hostPID", Shape::Bool),
    ("hostUsers", Shape::Bool),
    ("initContainers", Shape::List),
    ("os", Shape::Mapping),
    ("securityContext", Shape::Mapping),
    ("serviceAccountName", Shape::Text),
    ("volumes", Shape::List),
];

const CONTAINER: &[(&str, Shape)] = &[
    ("env", Shape::List),
    ("envFrom", Shape::List),
    ("image", Shape::Text),
    ("ports", Shape::List),
    ("resources", Shape::Mapping),
    ("securityContext", Shape::Mapping),
    ("volumeMounts", Shape::List),
];

const SECURITY_CONTEXT: &[(&str, Shape)] = &[
    ("allowPrivilegeEscalation", Shape::Bool),
    ("appArmorProfile", Shape::Mapping),
    ("capabilities", Shape::Mapping),
    ("privileged", Shape::Bool),
    ("procMount", Shape::Text),
    ("readOnlyRootFilesystem", Shape::Bool),
    ("runAsNonRoot", Shape::Bool),
    ("runAsUser", Shape::Int),
    ("seLinuxOptions", Shape::Mapping),
    ("seccompProfile", Shape::Mapping),
    ("sysctls", Shape::List),
    ("windowsOptions", Shape::Mapping),
];

const CAPABILITIES: &[(&str, Shape)] = &[("add", Shape::List), ("drop", Shape::List)];

/// What keeps an object that carries pods from being judged, at every place it
/// is written at.
pub(crate) fn problems(object: &Object) -> Vec<(Node<'_>, String)> {
    let mut problems = Vec::new();
    if let Bases::Known(known) = object.bases {
        for root in object.roots() {
            missing_template(root, known.keys(), &mut problems);
        }
    }
    for template in templates_of(object) {
        let base = if template.base.is_empty() {
            String::new()
        } else {
            format!("{}.", template.base)
        };
        template_problems(template.node, &base, &mut problems);
    }
    problems
}

/// Says where the way to the template breaks off, if it does.
fn missing_template<'a>(root: Node<'a>, keys: &[&str], problems: &mut Vec<(Node<'a>, String)>) {
    let mut node = root;
    for (index, key) in keys.iter().enumerate() {
        let path = keys
            .iter()
            .take(index + 1)
            .copied()
            .collect::<Vec<_>>()
            .join(".");
        match node.get(key).filter(|value| !value.is_null()) {
            None => {
                return problems.push((
                    node,
                    format!("{path} is missing, so that its pods are not known"),
                ));
            }
            Some(value) if value.kind() != Kind::Mapping => {
                return problems.push((value, wrong(&path, Shape::Mapping, value)));
            }
            Some(value) => node = value,
        }
    }
}

fn template_problems<'a>(template: Node<'a>, base: &str, problems: &mut Vec<(Node<'a>, String)>) {
    check(template, base, TEMPLATE, problems);
    if let Some(metadata) = template.get("metadata") {
        check(metadata, &format!("{base}metadata."), METADATA, problems);
    }
    let spec = match template.get("spec").filter(|spec| !spec.is_null()) {
        None => {
            return problems.push((
                template,
                format!("{base}spec is missing, so that its pods are not known"),
            ));
        }
        Some(spec) if spec.kind() != Kind::Mapping => {
            return problems.push((spec, wrong(&format!("{base}spec"), Shape::Mapping, spec)));
        }
        Some(spec) => spec,
    };
    let base = format!("{base}spec.");
    check(spec, &base, POD, problems);
    security_context(spec, &base, problems);
    match spec
        .get("containers")
        .filter(|containers| !containers.is_null())
    {
        None => problems.push((
            spec,
            format!("{base}containers is missing, so that its pods are not known"),
        )),
        Some(containers) if containers.kind() == Kind::Sequence && containers.is_empty() => {
            problems.push((containers, format!("{base}containers is empty")));
        }
        Some(_) => {}
    }
    each(spec, &base, "volumes", problems, |_, _, _| {});
    for kind in ContainerKind::ALL {
        each(
            spec,
            &base,
            kind.field(),
            problems,
            |container, base, problems| {
                check(container, base, CONTAINER, problems);
                security_context(container, base, problems);
                each(container, base, "ports", problems, |_, _, _| {});
                each(container, base, "env", problems, |_, _, _| {});
                each(container, base, "volumeMounts", problems, |_, _, _| {});
            },
        );
    }
}

fn security_context<'a>(node: Node<'a>, base: &str, problems: &mut Vec<(Node<'a>, String)>) {
    let Some(context) = node
        .get("securityContext")
        .filter(|context| !context.is_empty())
    else {
        return;
    };
    let base = format!("{base}securityContext.");
    check(context, &base, SECURITY_CONTEXT, problems);
    if let Some(capabilities) = context.get("capabilities") {
        check(
            capabilities,
            &format!("{base}capabilities."),
            CAPABILITIES,
            problems,
        );
    }
    if let Some(options) = context.get("windowsOptions") {
        let fields = &[("hostProcess", Shape::Bool)];
        check(options, &format!("{base}windowsOptions."), fields, problems);
    }
}

/// Every item of a list, each of which must be a mapping.
fn each<'a>(
    node: Node<'a>,
    base: &str,
    field: &str,
    problems: &mut Vec<(Node<'a>, String)>,
    inside: impl Fn(Node<'a>, &str, &mut Vec<(Node<'a>, String)>),
) {
    for (index, item) in items(node, field).enumerate() {
        if item.kind() == Kind::Mapping {
            inside(item, &format!("{base}{field}[{index}]."), problems);
        } else {
            problems.push((
                item,
                wrong(&format!("{base}{field}[{index}]"), Shape::Mapping, item),
            ));
        }
    }
}

fn check<'a>(
    node: Node<'a>,
    base: &str,
    fields: &[(&str, Shape)],
    problems: &mut Vec<(Node<'a>, String)>,
) {
    for (key, value) in node.entries() {
        let shape = fields
            .iter()
            .find(|(field, _)| *field == key.text)
            .map(|(_, shape)| *shape);
        if let Some(shape) = shape.filter(|shape| !shape.fits(value)) {
            problems.push((value, wrong(&format!("{base}{}", key.text), shape, value)));
        }
    }
}

fn wrong(path: &str, shape: Shape, node: Node<'_>) -> String {
    format!(
        "{path} must be {}, not {}",
        shape.in_words(),
        node.kind().in_words()
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::Estate;

    fn check(yaml: &str, expect: &[&str]) {
        let estate = Estate::of(yaml);
        let (ix, _) = estate.inventory.objects().next().expect("one object");
        let problems: Vec<String> = estate
            .inventory
            .shape_problems(ix)
            .into_iter()
            .map(|(node, text)| format!("{} {text}", node.place()))
            .collect();
        assert_eq!(problems, expect, "{yaml}");
    }

    #[test]
    fn what_is_well_formed_has_no_problems() {
        check(
            "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, securityContext: {privileged: null}}]}\n",
            &[],
        );
        check("apiVersion: v1\nkind: Service\nspec: text\n", &[]);
        check(
            "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {volumes: null, containers: [{name: a}]}}}\n",
            &[],
        );
    }

    #[test]
    fn a_template_that_is_not_there_is_named() {
        check(
            "apiVersion: apps/v1\nkind: Deployment\n",
            &["1:1 spec is missing, so that its pods are not known"],
        );
        check(
            "apiVersion: apps/v1\nkind: Deployment\nspec: {}\n",
            &["3:7 spec.template is missing, so that its pods are not known"],
        );
        check(
            "apiVersion: apps/v1\nkind: Deployment\nspec: {template: []}\n",
            &["3:18 spec.template must be a mapping, not a list"],
        );
        check(
            "apiVersion: batch/v1\nkind: CronJob\nspec: {jobTemplate: {spec: {template: {}}}}\n",
            &[
                "3:39 spec.jobTemplate.spec.template.spec is missing, so that its pods are not known",
            ],
        );
        check(
            "apiVersion: v1\nkind: Pod\n",
            &["1:1 spec is missing, so that its pods are not known"],
        );
    }

    #[test]
    fn fields_of_the_wrong_type_are_named() {
        let pod = |spec: &str, expect: &[&str]| {
            check(
                &format!("apiVersion: v1\nkind: Pod\nspec: {spec}\n"),
                expect,
            )
        };
        pod(
            "{}",
            &["3:7 spec.containers is missing, so that its pods are not known"],
        );
        pod("{containers: []}", &["3:20 spec.containers is empty"]);
        pod(
            "{containers: {name: a}}",
            &["3:20 spec.containers must be a list, not a mapping"],
        );
        pod(
            "{containers: [a]}",
            &["3:21 spec.containers[0] must be a mapping, not a string"],
        );
        pod(
            "{containers: [{securityContext: {privileged: \"true\"}}]}",
            &[
                "3:52 spec.containers[0].securityContext.privileged must be true or false, not a string",
            ],
        );
        pod(
            "{containers: [{name: a}], initContainers: x, volumes: [z]}",
            &[
                "3:49 spec.initContainers must be a list, not a string",
                "3:62 spec.volumes[0] must be a mapping, not a string",
            ],
        );
        pod(
            "{containers: [{name: a, securityContext: {capabilities: {drop: ALL}}}]}",
            &[
                "3:70 spec.containers[0].securityContext.capabilities.drop must be a list, not a string",
            ],
        );
    }
}
