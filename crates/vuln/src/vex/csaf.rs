//! CSAF VEX (<https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html>).
//!
//! A product id stands for a branch of the product tree, or for a component as
//! a part of a platform (a relationship); its purl, CPE and hashes are what can
//! be compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    Document, MOST_DEPTH, MOST_PRODUCTS, Product, ProductName, Statement, Status, VexFormat,
    add_name, bounds, tree,
};

/// How often a part can be a part of something.
const MOST_NESTED: usize = 8;

#[derive(Default)]
struct Tree {
    /// Names by product id.
    names: BTreeMap<String, Vec<ProductName>>,
    /// Part and whole, by the id of the two together.
    pairs: BTreeMap<String, (String, String)>,
    /// Product ids by group.
    groups: BTreeMap<String, Vec<String>>,
}

pub(super) fn read(file: &str, root: &Value) -> Document {
    let mut document = Document::new(VexFormat::Csaf, file);
    let head = root.get("document").unwrap_or(&Value::Null);
    let tracking = head.get("tracking").unwrap_or(&Value::Null);
    document.id = bounds::prose(tree::text(tracking, "id"), bounds::NAME);
    document.time = tree::time(tree::text(tracking, "current_release_date"));
    if let Some(publisher) = head.get("publisher") {
        document.author = bounds::prose(tree::text(publisher, "name"), bounds::NAME);
    }
    let mut products = Tree::default();
    if let Some(root) = root.get("product_tree") {
        products.read(root, &mut document);
    }
    let mut count = 0;
    for (at, value) in tree::items(root, "vulnerabilities").iter().enumerate() {
        let mut names = Vec::new();
        add_name(&mut names, tree::text(value, "cve"));
        for id in tree::items(value, "ids") {
            add_name(&mut names, tree::text(id, "text"));
        }
        let record = match names.first() {
            Some(name) => name.clone(),
            None => format!("vulnerability {}", at + 1),
        };
        if let Err(reason) =
            vulnerability(value, &names, &products, &record, &mut document, &mut count)
        {
            document.skip(&record, reason);
        }
    }
    document
}

impl Tree {
    fn read(&mut self, root: &Value, document: &mut Document) {
        let mut open: Vec<(&Value, usize)> = vec![(root, 0)];
        let mut seen = 0_usize;
        while let Some((branch, depth)) = open.pop() {
            seen += 1;
            if seen > MOST_PRODUCTS {
                document.skip(
                    "product_tree",
                    format!("at most {MOST_PRODUCTS} branches are read"),
                );
                break;
            }
            if let Some(product) = branch.get("product") {
                self.product(product);
            }
            for child in tree::items(branch, "branches") {
                if depth < MOST_DEPTH {
                    open.push((child, depth + 1));
                } else {
                    document.skip("product_tree", format!("deeper than {MOST_DEPTH} branches"));
                    break;
                }
            }
        }
        for product in tree::items(root, "full_product_names") {
            self.product(product);
        }
        for relation in tree::items(root, "relationships")
            .iter()
            .take(MOST_PRODUCTS)
        {
            let Some(product) = relation.get("full_product_name") else {
                continue;
            };
            self.product(product);
            let id = tree::text(product, "product_id");
            let part = tree::text(relation, "product_reference");
            let whole = tree::text(relation, "relates_to_product_reference");
            self.pairs
                .insert(id.to_owned(), (part.to_owned(), whole.to_owned()));
        }
        for group in tree::items(root, "product_groups")
            .iter()
            .take(MOST_PRODUCTS)
        {
            let ids = tree::texts(group, "product_ids")
                .map(str::to_owned)
                .collect();
            self.groups
                .insert(tree::text(group, "group_id").to_owned(), ids);
        }
    }

    fn product(&mut self, product: &Value) {
        let id = tree::text(product, "product_id");
        if id.is_empty() || self.names.len() >= MOST_PRODUCTS {
            return;
        }
        let mut names = Vec::new();
        if let Some(helper) = product.get("product_identification_helper") {
            names.extend(ProductName::parse(tree::text(helper, "purl")));
            names.extend(tree::texts(helper, "purls").filter_map(ProductName::parse));
            names.extend(ProductName::parse(tree::text(helper, "cpe")));
            for hashes in tree::items(helper, "hashes") {
                for hash in tree::items(hashes, "file_hashes") {
                    names.extend(ProductName::digest(
                        tree::text(hash, "algorithm"),
                        tree::text(hash, "value"),
                    ));
                }
            }
        }
        if names.is_empty() {
            let title = tree::text(product, "name");
            let title = if title.is_empty() { id } else { title };
            names.push(ProductName::Other(bounds::prose(title, bounds::NAME)));
        }
        self.names.insert(id.to_owned(), names);
    }

    /// What an id stands for.
    fn resolve(&self, id: &str) -> Product {
        let mut part = id;
        let mut whole = None;
        for _ in 0..MOST_NESTED {
            let Some((inner, outer)) = self.pairs.get(part) else {
                break;
            };
            whole = Some(outer.as_str());
            part = inner;
        }
        let names = |id: &str| {
            self.names
                .get(id)
                .cloned()
                .unwrap_or_else(|| vec![ProductName::Other(bounds::prose(id, bounds::NAME))])
        };
        match whole {
            None => Product {
                names: names(part),
                parts: Vec::new(),
            },
            Some(mut whole) => {
                // The whole may itself be a part: the platform is what counts.
                for _ in 0..MOST_NESTED {
                    match self.pairs.get(whole) {
                        Some((_, outer)) => whole = outer,
                        None => break,
                    }
                }
                Product {
                    names: names(whole),
                    parts: vec![names(part)],
                }
            }
        }
    }

    /// The ids that a flag, a threat or a remediation is about.
    fn ids_of<'a>(&'a self, value: &'a Value) -> BTreeSet<&'a str> {
        let mut ids: BTreeSet<&str> = tree::texts(value, "product_ids").collect();
        for group in tree::texts(value, "group_ids") {
            ids.extend(
                self.groups
                    .get(group)
                    .into_iter()
                    .flatten()
                    .map(String::as_str),
            );
        }
        ids
    }
}

const STATUSES: [(&str, Status); 6] = [
    ("known_not_affected", Status::NotAffected),
    ("fixed", Status::Fixed),
    ("first_fixed", Status::Fixed),
    ("known_affected", Status::Affected),
    ("last_affected", Status::Affected),
    ("under_investigation", Status::UnderInvestigation),
];

fn vulnerability(
    value: &Value,
    names: &[String],
    products: &Tree,
    record: &str,
    document: &mut Document,
    count: &mut usize,
) -> Result<(), String> {
    let Some(stated) = value.get("product_status") else {
        return Err("it has no `product_status`".to_owned());
    };
    let said = Said::new(value, products);
    for (key, status) in STATUSES {
        // Products of which the same is said for the same reason are one statement.
        let mut alike: BTreeMap<(&str, &str), Vec<Product>> = BTreeMap::new();
        for id in tree::texts(stated, key) {
            *count += 1;
            if *count > MOST_PRODUCTS {
                return Err(format!("at most {MOST_PRODUCTS} products are read"));
            }
            alike
                .entry(said.of(status, id))
                .or_default()
                .push(products.resolve(id));
        }
        for ((justification, text), products) in alike {
            let statement = Statement {
                vulnerability: names.to_vec(),
                products,
                status,
                justification: bounds::word(justification).unwrap_or_default(),
                text: bounds::prose(text, bounds::NOTE),
                time: document.time,
            };
            document.take(statement, record);
        }
    }
    Ok(())
}

/// Reasons and actions by product id.
struct Said<'a> {
    flags: BTreeMap<&'a str, &'a str>,
    impacts: BTreeMap<&'a str, &'a str>,
    actions: BTreeMap<&'a str, &'a str>,
}

impl<'a> Said<'a> {
    fn new(value: &'a Value, products: &'a Tree) -> Self {
        let mut said = Said {
            flags: BTreeMap::new(),
            impacts: BTreeMap::new(),
            actions: BTreeMap::new(),
        };
        for flag in tree::items(value, "flags") {
            for id in products.ids_of(flag) {
                said.flags.insert(id, tree::text(flag, "label"));
            }
        }
        for threat in tree::items(value, "threats") {
            if tree::text(threat, "category") == "impact" {
                for id in products.ids_of(threat) {
                    said.impacts.insert(id, tree::text(threat, "details"));
                }
            }
        }
        for remedy in tree::items(value, "remediations") {
            for id in products.ids_of(remedy) {
                said.actions
                    .entry(id)
                    .or_insert_with(|| tree::text(remedy, "details"));
            }
        }
        said
    }

    fn of(&self, status: Status, id: &str) -> (&'a str, &'a str) {
        let get = |map: &BTreeMap<&'a str, &'a str>| map.get(id).copied().unwrap_or_default();
        match status {
            Status::NotAffected => (get(&self.flags), get(&self.impacts)),
            Status::Affected => ("", get(&self.actions)),
            Status::Fixed | Status::UnderInvestigation => ("", ""),
        }
    }
}
