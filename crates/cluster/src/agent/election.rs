//! The election against a real API server: reads the Lease, asks
//! [`Elector`] what to do, and does it on the version that was read, so that
//! of two who try one succeeds.

use std::time::{Duration, Instant};

use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, PostParams},
};
use plimsoll_model::Timestamp;
use serde_json::{Value, json};
use tokio::{sync::watch, time};

use super::lease::{Elector, Record, Step, Timings};

/// Whether this replica writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is known yet.
    #[default]
    Unknown,
    /// It does, until then at least, unless it renews.
    Leader {
        /// The end of what was renewed last.
        until: Instant,
    },
    /// Another does.
    Follower {
        /// Who.
        holder: String,
    },
}

impl Standing {
    /// Whether it may write now.
    pub fn writes(&self) -> bool {
        matches!(self, Standing::Leader { until } if Instant::now() < *until)
    }
}

/// A Lease that is stood for.
pub struct Election {
    api: Api<DynamicObject>,
    resource: ApiResource,
    name: String,
    elector: Elector,
    timings: Timings,
}

impl Election {
    /// Stands for the Lease `namespace/name` as `me`.
    pub fn new(client: Client, namespace: &str, name: &str, me: &str, timings: Timings) -> Self {
        let resource = ApiResource {
            group: "coordination.k8s.io".to_owned(),
            version: "v1".to_owned(),
            api_version: "coordination.k8s.io/v1".to_owned(),
            kind: "Lease".to_owned(),
            plural: "leases".to_owned(),
        };
        Election {
            api: Api::namespaced_with(client, namespace, &resource),
            resource,
            name: name.to_owned(),
            elector: Elector::new(me),
            timings,
        }
    }

    /// Stands until `stop` says true, then gives the Lease back, so that the
    /// next need not wait. Tells every change of the standing.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>, tell: watch::Sender<Standing>) {
        let begin = Instant::now();
        loop {
            let asked = Instant::now();
            // A request that hangs must not outlive what it would renew.
            let turn = time::timeout(self.timings.deadline, self.turn(begin)).await;
            match turn {
                Ok(Ok(Turn::Held)) => {
                    let until = asked + self.timings.deadline;
                    tell.send_if_modified(|standing| {
                        let new = !matches!(standing, Standing::Leader { .. });
                        *standing = Standing::Leader { until };
                        new
                    });
                }
                Ok(Ok(Turn::Others(holder))) => {
                    let standing = Standing::Follower { holder };
                    tell.send_if_modified(|old| {
                        let new = *old != standing;
                        *old = standing;
                        new
                    });
                }
                Ok(Err(error)) => tracing::warn!(%error, lease = self.name, "the lease"),
                Err(_) => tracing::warn!(lease = self.name, "the API server does not answer"),
            }
            // What could not be renewed in time is lost.
            tell.send_if_modified(|standing| {
                let late = |until: Instant| Instant::now() >= until;
                let lost = matches!(standing, Standing::Leader { until } if late(*until));
                if lost {
                    *standing = Standing::Unknown;
                }
                lost
            });
            tokio::select! {
                () = time::sleep(self.timings.retry) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        let held = matches!(*tell.borrow(), Standing::Leader { .. });
        tell.send_replace(Standing::Unknown);
        if held {
            let back = time::timeout(Duration::from_secs(3), self.give_back()).await;
            if !matches!(back, Ok(Ok(()))) {
                tracing::warn!(lease = self.name, "the lease could not be given back");
            }
        }
    }

    async fn turn(&mut self, begin: Instant) -> Result<Turn, kube::Error> {
        let found = self.api.get_opt(&self.name).await?;
        let record = found.as_ref().map(record);
        let held = match self.elector.decide(record.as_ref(), begin.elapsed()) {
            Step::Create => {
                let mut lease = DynamicObject::new(&self.name, &self.resource);
                lease.data = json!({"spec": self.spec(None)});
                written(self.api.create(&PostParams::default(), &lease).await)?
            }
            step @ (Step::Renew | Step::Take) => match found {
                Some(mut lease) => {
                    let old = (step == Step::Renew).then(|| lease.data["spec"].clone());
                    let transitions = lease.data["spec"]["leaseTransitions"].as_u64();
                    let mut spec = self.spec(old.as_ref());
                    if step == Step::Take {
                        spec["leaseTransitions"] = json!(transitions.unwrap_or(0) + 1);
                    }
                    lease.data["spec"] = spec;
                    lease.metadata.managed_fields = None;
                    let params = PostParams::default();
                    written(self.api.replace(&self.name, &params, &lease).await)?
                }
                None => false,
            },
            Step::Wait => false,
        };
        Ok(if held {
            Turn::Held
        } else {
            Turn::Others(record.map(|record| record.holder).unwrap_or_default())
        })
    }

    /// The Lease as ours; `old` when it was ours before.
    fn spec(&self, old: Option<&Value>) -> Value {
        let now = micro(Timestamp::now());
        let mut spec = old.cloned().unwrap_or_else(|| json!({"acquireTime": now}));
        spec["holderIdentity"] = json!(self.elector.me());
        spec["leaseDurationSeconds"] = json!(self.timings.duration.as_secs());
        spec["renewTime"] = json!(now);
        spec
    }

    async fn give_back(&self) -> Result<(), kube::Error> {
        let Some(mut lease) = self.api.get_opt(&self.name).await? else {
            return Ok(());
        };
        if record(&lease).holder != self.elector.me() {
            return Ok(());
        }
        lease.data["spec"]["holderIdentity"] = json!("");
        // As Kubernetes' controllers do: a Lease of no length is free.
        lease.data["spec"]["leaseDurationSeconds"] = json!(1);
        lease.metadata.managed_fields = None;
        let params = PostParams::default();
        written(self.api.replace(&self.name, &params, &lease).await)?;
        Ok(())
    }
}

enum Turn {
    Held,
    Others(String),
}

/// Whether a write took effect; a conflict means that somebody was faster.
fn written<T>(result: Result<T, kube::Error>) -> Result<bool, kube::Error> {
    match result {
        Ok(_) => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
        Err(error) => Err(error),
    }
}

fn record(lease: &DynamicObject) -> Record {
    let spec = &lease.data["spec"];
    let seconds = spec["leaseDurationSeconds"].as_u64().unwrap_or(15);
    Record {
        holder: spec["holderIdentity"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        duration: Duration::from_secs(seconds),
        resource_version: lease.metadata.resource_version.clone().unwrap_or_default(),
    }
}

/// The form of a `MicroTime`.
fn micro(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_micro_time_has_six_digits() {
        let time = Timestamp::from_millisecond(1_700_000_000_012).unwrap();
        assert_eq!(micro(time), "2023-11-14T22:13:20.012000Z");
    }
}
