//! `/api/v1/monitors/bulk`: many monitors changed at once.

use allswell_monitor::config::Spec;
use allswell_monitor::resources::{Edit, Given};
use allswell_monitor::store::ResourceKind;
use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::change::paused;
use super::written::{Form, Object};
use super::{ApiState, Mine, NoQuery, Problem, openapi};

/// What to do with many monitors.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Bulk {
    /// What to do.
    action: Action,
    /// Which, by number or name.
    #[serde(default)]
    ids: Vec<String>,
    /// Which, by what they have; all of it must hold.
    #[serde(default)]
    #[schema(value_type = Option<Filter>)]
    filter: Option<Object<Filter>>,
    /// The tags to put on or to take off.
    #[serde(default)]
    tags: Vec<String>,
    /// What is different from now on, as a JSON merge patch.
    #[serde(default)]
    #[schema(schema_with = openapi::any_object_or_null)]
    patch: Option<Spec>,
    /// Whether one that is refused keeps the others from being done.
    #[serde(default = "yes")]
    #[schema(default = true)]
    all_or_nothing: bool,
}

const fn yes() -> bool {
    true
}

/// What to do with each.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Action {
    Pause,
    Resume,
    Delete,
    Tag,
    Untag,
    Change,
}

/// Which monitors are meant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// They have this tag.
    #[serde(default)]
    tag: Option<String>,
    /// They belong to this group.
    #[serde(default)]
    group: Option<String>,
    /// Their names hold this text.
    #[serde(default)]
    search: Option<String>,
}

/// What became of many monitors.
#[derive(Serialize, ToSchema)]
#[schema(as = BulkResults)]
pub(super) struct Results {
    results: Vec<OneOfMany>,
}

/// What became of one of them.
#[derive(Serialize, ToSchema)]
pub(super) struct OneOfMany {
    /// Its name.
    name: String,
    /// Its number; `null` when it was deleted, or never there.
    id: Option<u32>,
    done: bool,
    /// Why it was not done.
    problem: Option<String>,
}

/// Change many monitors at once
#[utoipa::path(post, path = "/api/v1/monitors/bulk", operation_id = "change_monitors", tag = "monitors", request_body = Bulk,
    responses((status = 200, body = Results), openapi::RefusalsOfOneWrite))]
pub(super) async fn change(Mine(state): Mine, _: NoQuery, Form(bulk): Form<Bulk>) -> Result<Json<Results>, Problem> {
    let names = bulk.names(&state)?;
    let edits = names.iter().map(|name| bulk.edit(&state, name)).collect::<Result<Vec<_>, _>>()?;
    let results = if bulk.all_or_nothing {
        let edited = state.resources.edit(edits).await.map_err(Problem::refused)?;
        edited.into_iter().map(Ok).collect()
    } else {
        state.resources.edit_each(edits).await.map_err(Problem::refused)?
    };
    let results = names.into_iter().zip(results).map(|(name, result)| match result {
        Ok(edited) => OneOfMany { name: edited.name, id: edited.id.map(|id| id.0), done: true, problem: None },
        Err(refused) => {
            let id = state.resources.id(&name).map(|id| id.0);
            let problem = Some(Problem::refused(refused).sentences().0.to_owned());
            OneOfMany { name, id, done: false, problem }
        }
    });
    Ok(Json(Results { results: results.collect() }))
}

impl Bulk {
    /// The names of those that are meant, each once.
    fn names(&self, state: &ApiState) -> Result<Vec<String>, Problem> {
        if self.ids.is_empty() == self.filter.is_none() {
            return Err(Problem::field("/ids", "which monitors?", "give either `ids` or `filter`"));
        }
        let mut names = Vec::new();
        for key in &self.ids {
            let name = state.resources.id(key).and_then(|id| state.resources.monitor(id)).map(|shown| shown.name);
            // One that is not there is told like any other that is refused.
            let name = name.unwrap_or_else(|| key.clone());
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let Some(Object(Filter { tag, group, search })) = &self.filter else { return Ok(names) };
        Ok(state.resources.monitors_where(|config| {
            tag.as_ref().is_none_or(|tag| config.tags.contains(tag))
                && group.as_ref().is_none_or(|group| config.group.as_ref() == Some(group))
                && search.as_ref().is_none_or(|text| config.name.contains(text.as_str()))
        }))
    }

    fn edit(&self, state: &ApiState, name: &str) -> Result<Edit, Problem> {
        let given = match self.action {
            Action::Pause => Some(paused(Spec::Flag(true))),
            Action::Resume => Some(paused(Spec::Nothing)),
            Action::Delete => None,
            Action::Tag | Action::Untag => Some(self.tagged(state, name)?),
            Action::Change => {
                let patch = self.patch.clone().filter(|patch| matches!(patch, Spec::Block(_)));
                let missing = || Problem::field("/patch", "what is to change?", "give `patch` as an object");
                Some(Given::Patch(patch.ok_or_else(missing)?))
            }
        };
        let name = Some(name.to_owned());
        Ok(Edit { kind: ResourceKind::Monitor, name, given, expected: None, owner: None })
    }

    fn tagged(&self, state: &ApiState, name: &str) -> Result<Given, Problem> {
        if self.tags.is_empty() {
            return Err(Problem::field("/tags", "which tags?", "give `tags` as a list of words"));
        }
        let shown = state.resources.id(name).and_then(|id| state.resources.monitor(id));
        let mut tags: Vec<String> = match shown.as_ref().and_then(|shown| shown.spec.get("tags")) {
            Some(Spec::List(tags)) => tags.iter().filter_map(|tag| tag.as_text().map(str::to_owned)).collect(),
            _ => Vec::new(),
        };
        tags.retain(|tag| !self.tags.contains(tag));
        if self.action == Action::Tag {
            tags.extend(self.tags.iter().cloned());
        }
        let tags = match tags.is_empty() {
            true => Spec::Nothing,
            false => Spec::List(tags.into_iter().map(Spec::Text).collect()),
        };
        Ok(Given::Patch(Spec::Block(vec![("tags".to_owned(), tags)])))
    }
}
