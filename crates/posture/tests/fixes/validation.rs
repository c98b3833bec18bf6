//! The rules of the API server's validation that one field's value can break
//! for another: `validateWindows`, `ValidateSecurityContext`,
//! `validateMountPropagation`, `validateHostNetwork` and their like of
//! Kubernetes 1.36. A rule of the kubelet's is among them: it starts no
//! container that must not be root and asks for user 0.

use serde_json::Value;

/// Why the API server would refuse the object; of Pods and Services only.
pub fn refusals(object: &Value) -> Vec<String> {
    let mut said = Vec::new();
    if object["kind"] == "Service" {
        service(&object["spec"], &mut said);
    } else {
        pod(&object["metadata"], &object["spec"], &mut said);
    }
    said
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn service(spec: &Value, said: &mut Vec<String>) {
    let kind = spec["type"].as_str().unwrap_or("ClusterIP");
    let ports = list(&spec["ports"]);
    let mut rule = |broken: bool, text: &str| {
        if broken {
            said.push(text.to_owned());
        }
    };
    rule(
        kind == "ClusterIP" && ports.iter().any(|port| port.get("nodePort").is_some()),
        "may not be used when `type` is 'ClusterIP'",
    );
    rule(
        kind == "ClusterIP"
            && list(&spec["externalIPs"]).is_empty()
            && spec.get("externalTrafficPolicy").is_some(),
        "may only be set for externally-accessible services",
    );
}

fn pod(metadata: &Value, spec: &Value, said: &mut Vec<String>) {
    let containers: Vec<&Value> = ["containers", "initContainers"]
        .iter()
        .flat_map(|field| list(&spec[*field]))
        .collect();
    let mut rule = |broken: bool, text: &str| {
        if broken {
            said.push(text.to_owned());
        }
    };
    let context = &spec["securityContext"];
    let host_network = spec["hostNetwork"] == true;
    let windows = spec["os"]["name"] == "windows";
    let annotation = |prefix: &str, name: &Value| {
        let key = format!("{prefix}{}", name.as_str().unwrap_or_default());
        metadata["annotations"][key].as_str().map(ToOwned::to_owned)
    };

    let host_process = |container: &Value| {
        let own = &container["securityContext"]["windowsOptions"]["hostProcess"];
        let of_pod = &context["windowsOptions"]["hostProcess"];
        own.as_bool().or(of_pod.as_bool()).unwrap_or_default()
    };
    let processes = containers.iter().filter(|c| host_process(c)).count();
    rule(
        processes > 0 && processes < containers.len(),
        "all containers must be HostProcess containers",
    );
    rule(
        processes > 0 && !host_network,
        "hostNetwork must be true if pod contains any hostProcess containers",
    );
    let of_pod = context["windowsOptions"]["hostProcess"].as_bool();
    rule(
        containers.iter().any(|container| {
            let own = container["securityContext"]["windowsOptions"]["hostProcess"].as_bool();
            own.is_some() && of_pod.is_some() && own != of_pod
        }),
        "pod hostProcess value must be identical if both are specified",
    );
    for field in ["seccompProfile", "appArmorProfile", "runAsUser", "sysctls"] {
        rule(
            windows && context.get(field).is_some(),
            "cannot be set for a windows pod",
        );
    }
    rule(
        disagrees(
            &context["seccompProfile"],
            annotation("seccomp.security.alpha.kubernetes.io/pod", &Value::Null),
        ),
        "seccomp type in annotation and field must match",
    );

    for container in containers {
        let own = &container["securityContext"];
        let added = list(&own["capabilities"]["add"]);
        rule(
            own["allowPrivilegeEscalation"] == false && own["privileged"] == true,
            "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
        );
        rule(
            own["allowPrivilegeEscalation"] == false && added.iter().any(|c| c == "CAP_SYS_ADMIN"),
            "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
        );
        rule(
            own["privileged"] != true
                && list(&container["volumeMounts"])
                    .iter()
                    .any(|mount| mount["mountPropagation"] == "Bidirectional"),
            "Bidirectional mount propagation is available only to privileged containers",
        );
        rule(
            host_network
                && list(&container["ports"]).iter().any(|port| {
                    port.get("hostPort").is_some() && port["hostPort"] != port["containerPort"]
                }),
            "must match `containerPort` when `hostNetwork` is true",
        );
        for field in [
            "allowPrivilegeEscalation",
            "appArmorProfile",
            "capabilities",
            "privileged",
            "procMount",
            "readOnlyRootFilesystem",
            "runAsUser",
            "seLinuxOptions",
            "seccompProfile",
        ] {
            rule(
                windows && own.get(field).is_some(),
                "cannot be set for a windows pod",
            );
        }
        let name = &container["name"];
        rule(
            disagrees(
                &own["seccompProfile"],
                annotation("container.seccomp.security.alpha.kubernetes.io/", name),
            ),
            "seccomp type in annotation and field must match",
        );
        let profile = match own.get("appArmorProfile") {
            Some(profile) => profile,
            None => &context["appArmorProfile"],
        };
        rule(
            disagrees(
                profile,
                annotation("container.apparmor.security.beta.kubernetes.io/", name),
            ),
            "apparmor type in annotation and field must match",
        );
        let either = |field: &str| own.get(field).or(context.get(field)).cloned();
        rule(
            either("runAsNonRoot") == Some(true.into()) && either("runAsUser") == Some(0.into()),
            "container's runAsUser breaks non-root policy",
        );
    }
}

/// Whether a profile in a field and one in an annotation differ.
fn disagrees(field: &Value, annotation: Option<String>) -> bool {
    let Some(annotation) = annotation else {
        return false;
    };
    match field["type"].as_str() {
        Some("Unconfined") => annotation != "unconfined",
        Some("RuntimeDefault") => !matches!(&*annotation, "runtime/default" | "docker/default"),
        Some("Localhost") => !annotation.starts_with("localhost/"),
        _ => false,
    }
}
