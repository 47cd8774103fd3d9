//! Channels among the edits.

use super::{Draft, Edit, NAMED_MAX, Outcome, Refused, whole};
use crate::config::{Spec, Tagged, resource};
use crate::resources::ChannelSettings;
use crate::resources::model::{Held, HeldChannel};
use crate::store::ResourceWrite;

/// The most channels of one server.
const CHANNELS_MAX: usize = 1_000;

impl Draft<'_> {
    pub(super) fn take_channel(&mut self, edit: Edit) -> Result<Outcome, Refused> {
        let kind = edit.kind;
        let before =
            self.before(kind, edit.name.as_deref(), edit.expected, |draft, name| draft.channel(name).cloned())?;
        let Some(given) = edit.given else {
            let name = edit.name.unwrap_or_default();
            self.channels.insert(name.clone(), None);
            self.tagged.take();
            self.writes.push(ResourceWrite::Delete { kind, name: name.clone() });
            return Ok(Outcome { kind, name, revision: 0 });
        };
        let old = before.as_ref().map(|held| held.spec.spec());
        let mut spec = whole(given, old.as_ref(), resource::meant_channel);
        if let (Some(name), None) = (&edit.name, spec.get("name")) {
            spec.set("name", Spec::Text(name.clone()));
        }
        let (name, read) = resource::channel(&spec, self.model.author)
            .map_err(|problems| Refused::wrong(self.subject(kind, &edit.name), problems))?;
        if edit.name.as_ref().is_some_and(|old| *old != name) {
            let why = format!("a channel keeps its name: this is `{}`", edit.name.unwrap_or_default());
            return Err(Refused::conflict(
                why,
                "leave `name` out, or create a channel with the new name and delete this one",
            ));
        }
        let (before, owner) =
            self.owned(kind, &name, before, edit.owner, |draft, name| draft.channel(name).cloned())?;
        if before.is_none() && self.channel_names().len() >= CHANNELS_MAX {
            return Err(Refused::conflict(format!("there are {CHANNELS_MAX} channels already"), "delete one first"));
        }
        let is_same = |held: &HeldChannel| held.spec == read.spec && held.owner == owner && held.config.is_some();
        if let Some(held) = before.filter(is_same) {
            return Ok(Outcome { kind, name, revision: held.revision });
        }
        let spec = read.spec.as_str().to_owned();
        self.writes.push(ResourceWrite::Put { kind, name: name.clone(), before: None, owner, spec });
        self.channels.insert(name.clone(), Some(Held::new(owner, 0, read.spec.clone(), Some(read))));
        self.tagged.take();
        Ok(Outcome { kind, name, revision: 0 })
    }

    /// Refuses to take away a channel that somebody names.
    pub(super) fn channels_are_not_missed(&self) -> Result<(), Refused> {
        let gone = |name: &String| self.channels.get(name).is_some_and(Option::is_none);
        if !self.channels.values().any(Option::is_none) {
            return Ok(());
        }
        let names = self.model.monitors.keys().filter(|name| !self.changed.contains_key(*name));
        let names = names.chain(self.changed.iter().filter(|(_, held)| held.is_some()).map(|(name, _)| name));
        let held = names.filter_map(|name| Some((name, self.monitor(name)?.config.as_ref()?)));
        // Those that name none have the defaults' channels; so many need not be named.
        let by_default = self.defaults_in_force().channels.iter().find(|name| gone(name));
        if let Some(channel) = by_default {
            let why = format!("the channel `{channel}` is one of the defaults'");
            return Err(Refused::conflict(why, "take it out of `defaults.channels` first"));
        }
        let users = held.filter_map(|(name, config)| Some((name, config.channels.iter().find(|name| gone(name))?)));
        let users: Vec<_> = users.collect();
        let Some((_, channel)) = users.first() else { return Ok(()) };
        let named: Vec<_> = users.iter().take(NAMED_MAX).map(|(name, _)| format!("`{name}`")).collect();
        let more = users.len().saturating_sub(NAMED_MAX);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let why = format!("the channel `{channel}` is named by {}{more}", named.join(", "));
        Err(Refused::conflict(why, "take it out of their `channels` first"))
    }

    pub(super) fn channels_meanwhile(&self) -> ChannelSettings {
        let mut union = self.model.channel_settings();
        let new = self.channels.iter().filter_map(|(name, held)| Some((name, held.as_ref()?.config.as_ref()?)));
        new.for_each(|(name, channel)| drop(union.insert(name.clone(), channel.settings.clone())));
        union
    }

    pub(super) fn tagged(&self) -> &Tagged {
        if self.channels.is_empty() { self.model.tagged() } else { self.tagged.get_or_init(|| self.all_tagged()) }
    }

    fn all_tagged(&self) -> Tagged {
        let kept = self.model.channels.iter().filter(|(name, _)| !self.channels.contains_key(*name));
        let new = self.channels.iter().filter_map(|(name, held)| Some((name, held.as_ref()?)));
        let mut tagged = Tagged::new();
        let all = kept.chain(new).filter_map(|(name, held)| Some((name, held.config.as_ref()?)));
        all.for_each(|(name, channel)| channel.enter(name, &mut tagged));
        tagged
    }
}
