//! Plans of the item under the cursor, operator by operator.

use crate::instance::Instance;
use crate::project::{Project, path_of};
use serde_json::{Value as Json, json};
use tenon_core::ir::{Program, SiteId};
use tenon_diagnostics::ItemPath;
use tenon_plan::explain::Explain;
use tenon_plan::plan;
use tenon_plan::statistics::Assumed;

/// `{item?: {kind, name}, plans, indexes}` of the item at a place of a file. Of several queries in an item those
/// around the place come first. A program that has errors is explained as it last ran.
pub(crate) fn at(project: &Project, instance: Option<&Instance>, file: &str, offset: u32) -> Json {
    let Some(item) = project.item_at(file, offset) else { return json!({ "item": null }) };
    let path = item.path(project.db());
    let shown = json!({ "kind": &*path.kind, "name": &*path.name });
    let Some(instance) = instance else { return json!({ "item": shown }) };
    let program = &*instance.program;
    let (plans, refused) = match plans(project, program, &path, offset) {
        Ok(plans) => (plans, None),
        Err(why) => (json!({}), Some(why)),
    };
    json!({
        "item": shown,
        "plans": plans.get("plans"),
        "indexes": plans.get("indexes"),
        "refused": refused,
    })
}

fn is_in(program: &Program, site: SiteId, path: &ItemPath) -> bool {
    program.sites.get(site.index()).is_some_and(|site| path_of(site) == *path)
}

fn plans(project: &Project, program: &Program, path: &ItemPath, offset: u32) -> Result<Json, String> {
    let own = |query: &tenon_core::ir::Query| is_in(program, query.site, path);
    if !program.queries.iter().any(own) && path.kind.as_ref() != "relation" && path.kind.as_ref() != "event" {
        return Ok(json!({ "plans": [], "indexes": [] }));
    }
    let planned = plan(program, &Assumed::new(program)).map_err(|error| error.to_string())?;
    let place = |site: SiteId| {
        let at = project.site(program, site)?;
        Some(format!("{}:{}:{}", at["file"].as_str()?, at["from"], at["to"]))
    };
    let explain = Explain { program, indexes: &planned.indexes, real: None, place: &place };
    let around = |site: SiteId| {
        let Some(at) = project.site(program, site) else { return false };
        let bound = |name: &str| at[name].as_u64().unwrap_or(u64::MAX);
        bound("from") <= u64::from(offset) && u64::from(offset) <= bound("to")
    };
    let mut chosen: Vec<_> = planned.queries.iter().filter(|plan| is_in(program, plan.site, path)).collect();
    chosen.sort_by_key(|plan| !around(plan.site));
    let shown: Vec<Json> = chosen
        .iter()
        .map(|plan| {
            let mut shown = explain.json(plan);
            if let Some(members) = shown.as_object_mut() {
                members.insert("here".into(), around(plan.site).into());
                members.insert("text".into(), explain.text(plan).into());
            }
            shown
        })
        .collect();
    Ok(json!({ "plans": shown, "indexes": explain.indexes_json() }))
}
