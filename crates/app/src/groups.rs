//! Groups: some of the checks under a name of their own, asked for at `/ready/{group}`.

use std::collections::HashSet;
use std::sync::Arc;

use crate::check::{Check, name_misuse};
use crate::health::Inner;
use crate::judge::judge_group;
use crate::page::{Page, View};

/// Some of the checks under one name.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub name: Arc<str>,
    pub members: Vec<Arc<str>>,
}

impl Group {
    pub fn new(name: &str, members: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self { name: name.into(), members: members.into_iter().map(|member| member.as_ref().into()).collect() }
    }
}

/// Why these groups of these checks cannot be built, as a sentence that says what to do.
pub(crate) fn misuse(groups: &[Group], checks: &[Check]) -> Option<String> {
    let known: Vec<&str> = checks.iter().map(Check::name).collect();
    let mut names = HashSet::new();
    groups.iter().find_map(|group| {
        let name = &*group.name;
        if let Some(sentence) = name_misuse("group", name) {
            return Some(sentence);
        }
        if known.contains(&name) || !names.insert(name) {
            return Some(format!(
                "group `{name}` has the name of a check or of another group; give it a name of its own, for both are asked \
                 for by name"
            ));
        }
        if group.members.is_empty() {
            return Some(format!("group `{name}` has no members; name its checks, or take the group away"));
        }
        let unknown = group.members.iter().find(|member| !known.contains(&&***member))?;
        Some(format!(
            "group `{name}` names check `{unknown}`, which is not registered; register it, or take it out of the group; \
             there are: {}",
            known.join(", ")
        ))
    })
}

impl Inner {
    /// The page of a group at this moment; `None` when no group has this name.
    ///
    /// A member that was removed while the service runs counts as one of which nothing is known.
    pub(crate) fn group_page(&self, name: &str, view: View) -> Option<Page> {
        let group = self.settings.groups.iter().find(|group| &*group.name == name)?;
        let (now, checks, situation) = self.seen();
        let members = |name: &Arc<str>| checks.iter().find(|check| check.name == *name);
        let missing: Vec<_> = group.members.iter().filter(|name| members(name).is_none()).cloned().collect();
        let found: Vec<_> = group.members.iter().filter_map(members).cloned().collect();
        let judgement = judge_group(&checks, &found, missing, &situation);
        Some(Page::judged(judgement, self.settings.style, view, now, found, &situation, self.identity.clone()))
    }
}
