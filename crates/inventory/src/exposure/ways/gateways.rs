//! Ways through Gateways and their routes.

use plimsoll_model::ExposureLevel;

use super::{Origin, Template, Way, few, services::ServiceRef};
use crate::{
    Inventory, Object,
    exposure::internal,
    index::{SharedLabels, gateway_id},
    view::{
        gateway::{AllowedNamespaces, Gateway, ParentRef, Route, RouteBackend},
        labels::Labelled,
    },
};

impl Labelled for SharedLabels {
    fn label(&self, key: &str) -> Option<&str> {
        self.get(key).map(|value| &**value)
    }
}

impl Inventory {
    /// The ways of routes to a Service, one for each Gateway they attach to.
    ///
    /// A route to a Service of another namespace counts whether or not a
    /// ReferenceGrant is there: it may be kept elsewhere.
    pub(super) fn route_ways<'a>(
        &'a self,
        template: &Template<'a>,
        service: &ServiceRef<'a>,
        ways: &mut Vec<Way<'a>>,
    ) {
        let routes = template.space.routes.get(service.object.name());
        for object in self
            .in_order(routes.to_vec())
            .into_iter()
            .filter_map(|ix| self.get(ix))
        {
            let own = object.namespace().unwrap_or_default();
            for root in object.roots() {
                let route = Route::new(root);
                let backends: Vec<RouteBackend<'a>> = route
                    .backends()
                    .filter(|backend| {
                        backend.service == service.object.name()
                            && backend.namespace.unwrap_or(own) == template.namespace()
                    })
                    .collect();
                let Some(first) = backends.first() else {
                    continue;
                };
                let mut hosts: Vec<String> = route.hostnames().map(str::to_owned).collect();
                hosts.sort();
                hosts.dedup();
                let hosts = few(&hosts).unwrap_or_else(|| "every host".to_owned());
                let ports = service.pod_ports(template, |port| {
                    backends
                        .iter()
                        .any(|backend| backend.port.is_none() || backend.port == port.port())
                });
                for parent in route.parents() {
                    let Some(through) = self.through(object, parent) else {
                        continue;
                    };
                    ways.push(Way {
                        text: format!(
                            "{} routes {hosts} to {} through {}",
                            object.asset.object, service.object.asset.object, through.text
                        ),
                        node: first.node,
                        level: through.level,
                        origin: Origin::Controller(Some(through.namespace)),
                        ports: ports.clone(),
                    });
                }
            }
        }
    }

    /// What a route reaches through one of its parents; none when the parent is
    /// no Gateway, or one that does not take the route.
    fn through<'a>(&'a self, route: &'a Object, parent: ParentRef<'a>) -> Option<Through<'a>> {
        let name = parent.name().filter(|_| parent.is_gateway())?;
        let own = route.namespace().unwrap_or_default();
        let namespace = parent.namespace().unwrap_or(own);
        let id = gateway_id(&self.settings().cluster, namespace, name);
        let Some(gateway) = self.find(&id).and_then(|ix| self.get(ix)) else {
            return Some(Through {
                text: format!("Gateway {namespace}/{name}, which is not among the objects"),
                level: ExposureLevel::Internet,
                namespace,
            });
        };
        let takes = |view: Gateway<'_>| {
            view.listeners().any(|listener| {
                parent.takes(listener)
                    && match listener.allowed_namespaces() {
                        AllowedNamespaces::All => true,
                        AllowedNamespaces::Same => namespace == own,
                        AllowedNamespaces::None => false,
                        // Of a namespace that is not there the labels are not known.
                        AllowedNamespaces::Selected(selector) => self
                            .namespace(own)
                            .filter(|space| space.object.is_some())
                            .is_none_or(|space| selector.matches(&space.labels)),
                    }
            })
        };
        let view = gateway
            .roots()
            .map(Gateway::new)
            .find(|view| takes(*view))?;
        let why = internal::gateway(view);
        let level = if why.is_some() {
            ExposureLevel::Internal
        } else {
            ExposureLevel::Internet
        };
        let why = why.map(|why| format!(", {why}")).unwrap_or_default();
        Some(Through {
            text: format!("{}{why}", gateway.asset.object),
            level,
            namespace,
        })
    }
}

struct Through<'a> {
    text: String,
    level: ExposureLevel,
    namespace: &'a str,
}
