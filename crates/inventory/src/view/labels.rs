//! Labels, and the selectors that match them.

use plimsoll_manifest::{Kind, Node};

use super::{mapping, text, texts};

/// What is asked of labels when a selector is matched.
pub trait Labelled {
    /// The value of the label of this key.
    fn label(&self, key: &str) -> Option<&str>;
}

/// The fields of a `labels` or `annotations` mapping whose values are scalars.
pub fn pairs(node: Option<Node<'_>>) -> impl Iterator<Item = (&str, &str)> {
    node.into_iter()
        .flat_map(Node::entries)
        .filter_map(|(key, value)| Some((key.text, value.scalar_text()?)))
}

/// How a selector is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// A mapping of labels, as in a Service.
    Plain,
    /// `matchLabels` and `matchExpressions`.
    Expressions,
}

/// A selector of labels.
#[derive(Clone, Copy, Debug)]
pub struct Selector<'a> {
    node: Option<Node<'a>>,
    form: Form,
}

impl<'a> Selector<'a> {
    /// A mapping of labels, as Services and ReplicationControllers have. An
    /// absent or empty one selects nothing.
    #[must_use]
    pub fn plain(node: Option<Node<'a>>) -> Self {
        Selector {
            node: mapping(node).filter(|node| !node.is_empty()),
            form: Form::Plain,
        }
    }

    /// A label selector. An absent one selects nothing, an empty one everything.
    #[must_use]
    pub fn labels(node: Option<Node<'a>>) -> Self {
        Selector {
            node: mapping(node),
            form: Form::Expressions,
        }
    }

    /// The mapping, if there is one.
    #[must_use]
    pub fn node(self) -> Option<Node<'a>> {
        self.node
    }

    /// Whether it is there and selects everything.
    #[must_use]
    pub fn is_everything(self) -> bool {
        self.node.is_some_and(|node| {
            self.form == Form::Expressions
                && ["matchLabels", "matchExpressions"].iter().all(|field| {
                    node.get(field).is_none_or(|value| {
                        value.is_null() || value.is_empty() && value.kind() >= Kind::Sequence
                    })
                })
        })
    }

    /// The labels that everything it selects must have.
    pub fn required(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let plain = match self.form {
            Form::Plain => self.node,
            Form::Expressions => self.node.and_then(|node| node.get("matchLabels")),
        };
        let single = self.expressions().filter_map(|expression| {
            let mut values = texts(expression, "values");
            let value = values.next().filter(|_| values.next().is_none())?;
            (text(expression, "operator")? == "In").then_some((text(expression, "key")?, value))
        });
        pairs(plain).chain(single)
    }

    fn expressions(self) -> impl Iterator<Item = Node<'a>> {
        let node = self.node.filter(|_| self.form == Form::Expressions);
        node.and_then(|node| node.get("matchExpressions"))
            .into_iter()
            .flat_map(Node::items)
    }

    /// Whether it selects what has these labels. A selector that is not well
    /// formed selects nothing.
    #[must_use]
    pub fn matches(self, labels: &impl Labelled) -> bool {
        let Some(node) = self.node else { return false };
        match self.form {
            Form::Plain => pairs_match(node, labels),
            Form::Expressions => {
                let well_formed = |field: &str, kind: Kind| {
                    node.get(field)
                        .is_none_or(|value| value.is_null() || value.kind() == kind)
                };
                well_formed("matchLabels", Kind::Mapping)
                    && well_formed("matchExpressions", Kind::Sequence)
                    && node
                        .get("matchLabels")
                        .is_none_or(|wanted| pairs_match(wanted, labels))
                    && self
                        .expressions()
                        .all(|expression| expression_matches(expression, labels))
            }
        }
    }
}

fn pairs_match(wanted: Node<'_>, labels: &impl Labelled) -> bool {
    wanted.entries().all(|(key, value)| {
        value
            .scalar_text()
            .is_some_and(|value| labels.label(key.text) == Some(value))
    })
}

fn expression_matches(expression: Node<'_>, labels: &impl Labelled) -> bool {
    let (Some(key), Some(operator)) = (text(expression, "key"), text(expression, "operator"))
    else {
        return false;
    };
    let found = labels.label(key);
    let among = |value: &str| texts(expression, "values").any(|wanted| wanted == value);
    match operator {
        "In" => found.is_some_and(among),
        "NotIn" => !found.is_some_and(among),
        "Exists" => found.is_some(),
        "DoesNotExist" => found.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::document;

    struct Labels(&'static [(&'static str, &'static str)]);

    impl Labelled for Labels {
        fn label(&self, key: &str) -> Option<&str> {
            self.0
                .iter()
                .find(|(found, _)| *found == key)
                .map(|(_, value)| *value)
        }
    }

    const WEB: Labels = Labels(&[("app", "web"), ("tier", "front"), ("n", "1")]);

    fn selector_of(text: &str, run: impl Fn(Selector<'_>, Selector<'_>)) {
        let document = document(&format!("apiVersion: v1\nkind: A\nselector: {text}\n"));
        let node = document.root().get("selector");
        run(Selector::plain(node), Selector::labels(node));
    }

    #[test]
    fn plain_selectors_match_all_their_labels() {
        let check = |text: &str, expect: bool| {
            selector_of(text, |plain, _| {
                assert_eq!(plain.matches(&WEB), expect, "{text}")
            });
        };
        check("{app: web}", true);
        check("{app: web, tier: front}", true);
        check("{app: web, tier: back}", false);
        check("{app: api}", false);
        check("{n: 1}", true);
        check("{}", false);
        check("", false);
        check("text", false);
        check("{app: [web]}", false);
    }

    #[test]
    fn label_selectors_match_labels_and_expressions() {
        let check = |text: &str, expect: bool| {
            selector_of(text, |_, labels| {
                assert_eq!(labels.matches(&WEB), expect, "{text}")
            });
        };
        check("{}", true);
        check("", false);
        check("{matchLabels: {app: web}}", true);
        check("{matchLabels: {app: api}}", false);
        check("{matchLabels: [app]}", false);
        check(
            "{matchExpressions: [{key: app, operator: In, values: [web, api]}]}",
            true,
        );
        check(
            "{matchExpressions: [{key: app, operator: In, values: [api]}]}",
            false,
        );
        check(
            "{matchExpressions: [{key: app, operator: NotIn, values: [api]}]}",
            true,
        );
        check(
            "{matchExpressions: [{key: zone, operator: NotIn, values: [a]}]}",
            true,
        );
        check(
            "{matchExpressions: [{key: app, operator: NotIn, values: [web]}]}",
            false,
        );
        check("{matchExpressions: [{key: tier, operator: Exists}]}", true);
        check("{matchExpressions: [{key: zone, operator: Exists}]}", false);
        check(
            "{matchExpressions: [{key: zone, operator: DoesNotExist}]}",
            true,
        );
        check(
            "{matchExpressions: [{key: app, operator: Like, values: [w]}]}",
            false,
        );
        check("{matchExpressions: [text]}", false);
        check("{matchExpressions: {key: app}}", false);
        check(
            "{matchLabels: {app: web}, matchExpressions: [{key: tier, operator: DoesNotExist}]}",
            false,
        );
    }

    #[test]
    fn what_is_required_is_known() {
        let check = |text: &str, expect: &[(&str, &str)]| {
            selector_of(text, |_, labels| {
                assert_eq!(labels.required().collect::<Vec<_>>(), expect, "{text}");
            });
        };
        check("{}", &[]);
        check("{matchLabels: {a: b}}", &[("a", "b")]);
        check(
            "{matchExpressions: [{key: a, operator: In, values: [b]}]}",
            &[("a", "b")],
        );
        check(
            "{matchExpressions: [{key: a, operator: In, values: [b, c]}]}",
            &[],
        );
        check(
            "{matchExpressions: [{key: a, operator: NotIn, values: [b]}]}",
            &[],
        );
    }

    #[test]
    fn everything_is_known() {
        let check = |text: &str, expect: bool| {
            selector_of(text, |_, labels| {
                assert_eq!(labels.is_everything(), expect, "{text}")
            });
        };
        check("{}", true);
        check("{matchLabels: {}}", true);
        check("{matchLabels: {}, matchExpressions: []}", true);
        check("{matchLabels: {a: b}}", false);
        check("", false);
    }
}
