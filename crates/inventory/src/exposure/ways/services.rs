//! Ways through Services, and through the Ingresses before them.

use plimsoll_manifest::Node;
use plimsoll_model::ExposureLevel;

use super::{Origin, Template, Way, WayPort, few};
use crate::{
    Inventory, Object,
    exposure::{address::is_private, internal},
    relations::Selecting,
    view::{
        ingress::{Ingress, IngressHost},
        service::{Service, ServicePort, ServiceType, TargetPort},
    },
};

/// A Service that selects a template's pods, at one of the places where it is
/// written.
pub(in crate::exposure) struct ServiceRef<'a> {
    pub object: &'a Object,
    view: Service<'a>,
    selector: Node<'a>,
}

impl Inventory {
    pub(in crate::exposure) fn services_of<'a>(
        &'a self,
        template: &Template<'a>,
    ) -> Vec<ServiceRef<'a>> {
        let services = self.selecting_labels(template.space, template.labels, Selecting::Services);
        let mut found = Vec::new();
        for object in self
            .in_order(services)
            .into_iter()
            .filter_map(|ix| self.get(ix))
        {
            for view in object.roots().map(Service::new) {
                let selector = view.selector();
                if let Some(node) = selector
                    .node()
                    .filter(|_| selector.matches(template.labels))
                {
                    found.push(ServiceRef {
                        object,
                        view,
                        selector: node,
                    });
                }
            }
        }
        found
    }

    /// The ways through a Service that come from outside of the cluster.
    pub(in crate::exposure) fn ways_from_afar<'a>(
        &'a self,
        template: &Template<'a>,
        service: &ServiceRef<'a>,
    ) -> Vec<Way<'a>> {
        let mut ways = service.own_ways(template);
        let ingresses = template.space.ingresses.get(service.object.name());
        for ingress in self
            .in_order(ingresses.to_vec())
            .into_iter()
            .filter_map(|ix| self.get(ix))
        {
            ways.extend(
                ingress
                    .roots()
                    .filter_map(|root| service.ingress_way(template, ingress, root)),
            );
        }
        self.route_ways(template, service, &mut ways);
        ways
    }
}

impl<'a> ServiceRef<'a> {
    /// The way that every pod of the cluster has.
    pub fn way_from_cluster(&self, template: &Template<'a>) -> Way<'a> {
        Way {
            text: format!("{} selects it", self.object.asset.object),
            node: self.selector,
            level: ExposureLevel::Cluster,
            origin: Origin::Cluster,
            ports: self.pod_ports(template, |_| true),
        }
    }

    fn own_ways(&self, template: &Template<'a>) -> Vec<Way<'a>> {
        let named = &self.object.asset.object;
        let ports = self.pod_ports(template, |_| true);
        let mut ways = Vec::new();
        let mut push = |text: String, node: Node<'a>, level: ExposureLevel| {
            ways.push(Way {
                text,
                node,
                level,
                origin: Origin::Outside,
                ports: ports.clone(),
            });
        };
        match (self.view.service_type(), self.view.type_node()) {
            (ServiceType::LoadBalancer, Some(node)) => match internal::load_balancer(self.view) {
                Some(why) => push(
                    format!("{named} of type LoadBalancer, {why}, selects it"),
                    node,
                    ExposureLevel::Internal,
                ),
                None => push(
                    format!("{named} of type LoadBalancer selects it"),
                    node,
                    ExposureLevel::Internet,
                ),
            },
            (ServiceType::NodePort, Some(node)) => {
                push(
                    format!("{named} of type NodePort selects it"),
                    node,
                    ExposureLevel::Internet,
                );
            }
            _ => {}
        }
        let ips: Vec<Node<'a>> = self.view.external_ips().collect();
        if let Some(first) = ips.first() {
            let texts: Vec<String> = ips
                .iter()
                .filter_map(|ip| ip.scalar_text())
                .map(str::to_owned)
                .collect();
            let private = !texts.is_empty() && texts.iter().all(|ip| is_private(ip));
            let level = if private {
                ExposureLevel::Internal
            } else {
                ExposureLevel::Internet
            };
            if let Some(shown) = few(&texts) {
                push(
                    format!("{named} with external IP {shown} selects it"),
                    *first,
                    level,
                );
            }
        }
        ways
    }

    /// The way of an Ingress to this Service, if there is one.
    fn ingress_way(
        &self,
        template: &Template<'a>,
        object: &'a Object,
        root: Node<'a>,
    ) -> Option<Way<'a>> {
        let view = Ingress::new(root);
        let backends: Vec<_> = view
            .backends()
            .filter(|backend| backend.service == self.object.name())
            .collect();
        let node = backends.first()?.node;
        let mut hosts: Vec<IngressHost<'_>> = backends.iter().map(|backend| backend.host).collect();
        hosts.sort();
        hosts.dedup();
        let hosts: Vec<String> = hosts
            .into_iter()
            .map(|host| match host {
                IngressHost::Named(name) => name.to_owned(),
                IngressHost::Every => "every host".to_owned(),
                IngressHost::Default => "what no rule matches".to_owned(),
            })
            .collect();
        let ports = self.pod_ports(template, |port| {
            backends.iter().any(
                |backend| match backend.port.filter(|wanted| !wanted.is_null()) {
                    Some(wanted) => match wanted.as_i64() {
                        Some(number) => port.port() == Some(number),
                        None => wanted.as_str().is_none() || port.name() == wanted.as_str(),
                    },
                    None => true,
                },
            )
        });
        let why = internal::ingress(view);
        let level = if why.is_some() {
            ExposureLevel::Internal
        } else {
            ExposureLevel::Internet
        };
        let why = why.map(|why| format!(", {why},")).unwrap_or_default();
        let (ingress, service) = (&object.asset.object, &self.object.asset.object);
        Some(Way {
            text: format!("{ingress}{why} routes {} to {service}", few(&hosts)?),
            node,
            level,
            origin: Origin::Controller(None),
            ports,
        })
    }

    /// The pods' ports behind those of the Service's ports that are wanted; none
    /// (and so any) when there are no such ports, as in a headless Service.
    pub(super) fn pod_ports(
        &self,
        template: &Template<'a>,
        wanted: impl Fn(ServicePort<'a>) -> bool,
    ) -> Vec<WayPort<'a>> {
        let mut ports = Vec::new();
        for port in self.view.ports().filter(|port| wanted(*port)) {
            let protocol = port.protocol();
            match port.target() {
                Some(TargetPort::Number(number)) => ports.push(WayPort {
                    protocol,
                    number: Some(number),
                }),
                Some(TargetPort::Name(name)) => {
                    let before = ports.len();
                    ports.extend(
                        template
                            .ports_named(name)
                            .filter(|found| found.protocol == protocol),
                    );
                    if ports.len() == before {
                        ports.push(WayPort {
                            protocol,
                            number: None,
                        });
                    }
                }
                None => ports.push(WayPort {
                    protocol,
                    number: None,
                }),
            }
        }
        ports
    }
}
