//! What may be mounted.

use plimsoll_model::{Mapping, Rule, Severity};

use super::STANDARD;
use crate::{At, Control, PodContext, Remedy, Sink, Violation};

const VOLUMES: &str = "https://kubernetes.io/docs/concepts/storage/volumes/";

/// Pods mount no path of their node.
pub static HOST_PATH: Control = Control::pod(
    &Rule {
        id: "pss-host-path",
        title: "Pods do not mount paths of the node",
        severity: Severity::High,
        category: "pod-security",
        why: "A path of the node holds what belongs to the node and to its other pods: credentials of the kubelet, sockets of the runtime, secrets and logs. Written to, it is a way out of the container; read-only, still a way to the keys.",
        remediation: "Use a persistentVolumeClaim, configMap, secret, projected or emptyDir volume. Keep agents that really need the node in a namespace of their own.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | select(any(.spec.volumes[]?; .hostPath)) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[STANDARD, VOLUMES],
        mappings: &[
            Mapping {
                framework: "PSS",
                requirement: "Baseline: HostPath Volumes",
            },
            Mapping {
                framework: "CIS Kubernetes 1.12",
                requirement: "5.2.11",
            },
            Mapping {
                framework: "NSA/CISA 1.2",
                requirement: "Pod security enforcement",
            },
            Mapping {
                framework: "ATT&CK Containers",
                requirement: "T1611",
            },
            Mapping {
                framework: "NIST 800-190",
                requirement: "4.5.5",
            },
            Mapping {
                framework: "PCI DSS 4.0",
                requirement: "2.2.6",
            },
        ],
        aliases: &["kubescape:C-0048", "polaris:hostPathSet", "trivy:KSV-0023"],
    },
    host_path,
);

fn host_path(pod: &PodContext<'_>, sink: &mut Sink) {
    for volume in pod.volumes() {
        let Some((_, source)) = volume.sources().find(|(source, _)| *source == "hostPath") else {
            continue;
        };
        sink.report(
            Violation::new(
                format!("volume {}", volume.name().unwrap_or_default()),
                volume.at("hostPath"),
                "the volume is a path of the node",
            )
            .observed(source.get("path"))
            .remedy(Remedy::manual(
                "Replace the path of the node by another volume",
                "What the program does with it decides: emptyDir for scratch space, configMap, secret or projected for configuration, persistentVolumeClaim for data that must stay.",
            )),
        );
    }
}

/// Pods mount only the core volume types.
pub static VOLUME_TYPES: Control = Control::pod(
    &Rule {
        id: "pss-volume-types",
        title: "Volumes are of the core types",
        severity: Severity::Low,
        category: "pod-security",
        why: "A volume type other than the core ones makes the node mount network storage with parameters, and sometimes credentials, that the author of the pod chose. Through a PersistentVolumeClaim it is the cluster's administrator who chooses them.",
        remediation: "Use configMap, csi, downwardAPI, emptyDir, ephemeral, persistentVolumeClaim, projected or secret volumes.",
        test: "kubectl get pods -A -o json | jq -r '.items[] | .metadata.namespace + \"/\" + .metadata.name + \" \" + ([.spec.volumes[]? | keys[] | select(. != \"name\")] | unique | join(\",\"))'",
        references: &[STANDARD, VOLUMES],
        mappings: &[
            Mapping {
                framework: "PSS",
                requirement: "Restricted: Volume Types",
            },
            Mapping {
                framework: "ATT&CK Containers",
                requirement: "T1611",
            },
            Mapping {
                framework: "NIST 800-190",
                requirement: "4.5.5",
            },
        ],
        aliases: &["trivy:KSV-0028", "trivy:KSV-0121"],
    },
    volume_types,
);

const CORE: [&str; 8] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

fn volume_types(pod: &PodContext<'_>, sink: &mut Sink) {
    for volume in pod.volumes() {
        // One core source makes it a core volume; Kubernetes refuses a second.
        if volume.sources().any(|(source, _)| CORE.contains(&source)) {
            continue;
        }
        // A volume without source is an emptyDir. Paths of the node have a
        // control of their own, which every level has.
        let Some((source, _)) = volume.sources().find(|(source, _)| *source != "hostPath") else {
            continue;
        };
        sink.report(
            Violation::new(
                format!("volume {}", volume.name().unwrap_or_default()),
                volume.at(source.to_owned()),
                format!("the volume is of the type {source}, which is not one of the core types"),
            )
            .remedy(Remedy::manual(
                "Mount it through a persistentVolumeClaim, or use a core volume type",
                match source {
                    "gitRepo" => "A gitRepo volume becomes an emptyDir that an init container clones into.",
                    "image" => "Ask for an exception, or copy the files into the container's image.",
                    _ => "The storage is described once, as a PersistentVolume or by a storage class; the pod then claims it.",
                },
            )),
        );
    }
}
