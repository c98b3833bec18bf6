//! The product tree: which package of which release a product's id stands for.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::super::{
    platform::{self, Platform},
    rpm::{Component, module_stream},
    tree,
};

/// Branches in branches.
const MOST_DEPTH: usize = 32;
/// Products and relations of a document.
const MOST_PRODUCTS: usize = 1_000_000;
/// Relations from a product to what it is at last a part of.
const MOST_HOPS: usize = 6;

/// The products of a document by their ids.
pub(super) struct Products<'a> {
    /// Products that stand for themselves.
    own: HashMap<&'a str, Product<'a>>,
    /// Products that are a part of others: the part, and what it is a part of.
    parts: HashMap<&'a str, (&'a str, &'a str)>,
    /// The releases among `own`; none for what is no release.
    platforms: HashMap<&'a str, Option<Platform>>,
}

#[derive(Clone, Copy)]
struct Product<'a> {
    name: &'a str,
    cpe: &'a str,
    purl: &'a str,
}

impl<'a> Products<'a> {
    /// Reads the tree; says in `left_out` what of it is too deep.
    ///
    /// # Errors
    /// It has too many products.
    pub(super) fn of(value: &'a Value, left_out: &mut BTreeSet<String>) -> Result<Self, String> {
        let empty = &Value::Null;
        let root = value.get("product_tree").unwrap_or(empty);
        let mut products = Products {
            own: HashMap::new(),
            parts: HashMap::new(),
            platforms: HashMap::new(),
        };
        for product in tree::items(root, "full_product_names") {
            products.add(product)?;
        }
        let mut open: Vec<(&Value, usize)> = vec![(root, 0)];
        while let Some((branch, depth)) = open.pop() {
            if let Some(product) = branch.get("product") {
                products.add(product)?;
            }
            let below = tree::items(branch, "branches");
            if depth == MOST_DEPTH && !below.is_empty() {
                left_out.insert(format!("its products are more than {MOST_DEPTH} deep"));
                continue;
            }
            open.extend(below.iter().map(|branch| (branch, depth + 1)));
        }
        for relation in tree::items(root, "relationships") {
            let whole = relation.get("full_product_name").unwrap_or(empty);
            let part = tree::text(relation, "product_reference");
            let of = tree::text(relation, "relates_to_product_reference");
            products
                .parts
                .insert(tree::text(whole, "product_id"), (part, of));
            products.within()?;
        }
        Ok(products)
    }

    fn within(&self) -> Result<(), String> {
        if self.own.len() + self.parts.len() > MOST_PRODUCTS {
            return Err(format!("more than {MOST_PRODUCTS} products"));
        }
        Ok(())
    }

    fn add(&mut self, product: &'a Value) -> Result<(), String> {
        let helper = product.get("product_identification_helper");
        let helper = helper.unwrap_or(&Value::Null);
        let purl = match tree::text(helper, "purl") {
            "" => tree::texts(helper, "purls").next().unwrap_or_default(),
            purl => purl,
        };
        let found = Product {
            name: tree::text(product, "name"),
            cpe: tree::text(helper, "cpe"),
            purl,
        };
        let id = tree::text(product, "product_id");
        let release = platform::from_cpe(found.cpe).or_else(|| match found.purl {
            "" => platform::from_name(found.name),
            _ => None,
        });
        self.platforms.insert(id, release);
        self.own.insert(id, found);
        self.within()
    }

    /// The package of a release that a product's id stands for; nothing for
    /// products that are no packages of a release.
    pub(super) fn package(&self, id: &str) -> Result<Option<(Platform, Component)>, String> {
        let Some(&(part, mut of)) = self.parts.get(id) else {
            return match self.own.contains_key(id) {
                true => Ok(None),
                false => Err("is not in the product tree".to_owned()),
            };
        };
        let mut module = String::new();
        let mut hops = 0;
        while let Some(&(inner, outer)) = self.parts.get(of) {
            hops += 1;
            if hops > MOST_HOPS {
                return Err("is a part of itself".to_owned());
            }
            module = self.module(inner)?.unwrap_or(module);
            of = outer;
        }
        let Some(release) = self.platforms.get(of) else {
            return Err("is a part of what is not in the product tree".to_owned());
        };
        let Some(release) = release else {
            return Ok(None);
        };
        let Some(mut component) = self.component(part)? else {
            return Ok(None);
        };
        if component.module.is_empty() {
            component.module = module;
        }
        Ok(Some((release.clone(), component)))
    }

    /// The module stream that a product is; nothing where it is none.
    fn module(&self, id: &str) -> Result<Option<String>, String> {
        let product = self.own.get(id);
        let purl = product.map_or("", |product| product.purl);
        if let Some(rest) = purl.strip_prefix("pkg:rpmmod/") {
            let name = rest.split('?').next().unwrap_or_default();
            let name = name.rsplit('/').next().unwrap_or_default();
            return module_stream(&name.replace('@', ":").replace("%3A", ":")).map(Some);
        }
        let name = product.map_or(id, |product| product.name);
        match name.split(':').count() > 1 && !name.contains(' ') {
            true => module_stream(name).map(Some),
            false => Ok(None),
        }
    }

    fn component(&self, id: &str) -> Result<Option<Component>, String> {
        let product = self.own.get(id);
        if let Some(product) = product
            && !product.purl.is_empty()
        {
            let Some(mut found) = Component::from_purl(product.purl)? else {
                return Ok(None);
            };
            // A version that is only the name of a stream: `go-toolset@rhel8`.
            if !found.evr.contains('-') {
                found.evr = String::new();
            }
            return Ok(Some(found));
        }
        // Some trees name their parts in relations only.
        let name = product.map_or(id, |product| match product.name {
            "" => id,
            name => name,
        });
        match Component::from_name(name)? {
            None if name != id => Component::from_name(id),
            found => Ok(found),
        }
    }
}
