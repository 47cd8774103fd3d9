//! What is new on a page, for those who subscribe to it: from what everybody sees there, and nothing else.

use std::time::Duration;

use allswell_core::Wall;
use allswell_monitor::store::News;
use serde::{Deserialize, Serialize};

use super::planned::Work;
use super::view::{IncidentView, View};
use super::words;

/// What is older is no news: a page may begin to show a component with all its past.
const NEWS_FOR: Duration = Duration::from_secs(86_400);
/// Planned work is told so long before it begins.
const AHEAD: Duration = Duration::from_secs(2 * 86_400);

/// One thing that happened, as a mail tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Item {
    /// `Payments is down`.
    pub(super) title: String,
    /// What somebody wrote about it, or when it is.
    pub(super) text: Option<String>,
    /// When it happened, in milliseconds since 1970.
    pub(super) at: i64,
    /// Where to read on, below the page.
    pub(super) path: String,
}

/// What `view` shows that may be news, in the order in which it happened.
pub(super) fn of(view: &View) -> Vec<News> {
    let incidents = view.incidents.iter().flat_map(of_incident);
    let mut items: Vec<(String, Item)> = incidents.filter(|(_, item)| is_recent(item, view.at)).collect();
    items.sort_by_key(|(_, item)| item.at);
    let soon = view.planned.iter().filter(|work| work.opening.from <= view.at + AHEAD);
    items.extend(soon.map(|work| of_work(work, view.at)));
    let body = |item| serde_json::to_string(&item).expect("plain structures always serialise");
    items.into_iter().map(|(name, item)| News { name, body: body(item) }).collect()
}

fn is_recent(item: &Item, now: Wall) -> bool {
    now.since(Wall::from_ms(item.at)) < NEWS_FOR
}

fn of_incident(incident: &IncidentView) -> Vec<(String, Item)> {
    let id = &incident.id;
    let path = if incident.ended.is_some() { format!("history#{id}") } else { format!("#{id}") };
    let item = |at: Wall, text: Option<&str>| Item {
        title: incident.sentence(),
        text: text.map(str::to_owned),
        at: at.ms(),
        path: path.clone(),
    };
    let turn = match incident.ended {
        // Who is told that it is over need not be told any more that it began.
        Some(ended) => (format!("{id}:ended"), item(ended, None)),
        None => (format!("{id}:began"), item(incident.began, None)),
    };
    let updates = incident.updates.iter();
    let updates = updates.map(|one| (format!("{id}:update:{}", one.at.ms()), item(one.at, Some(&one.text))));
    updates.chain([turn]).collect()
}

fn of_work(work: &Work, now: Wall) -> (String, Item) {
    let name = format!("planned:{}:{}", work.opening.from.ms(), work.components.join(","));
    let when = words::span(work.opening.from, work.opening.until, now);
    (name, Item { title: work.title(), text: Some(format!("{when}.")), at: now.ms(), path: String::new() })
}

#[cfg(test)]
mod tests {
    use allswell_core::maintenance::Opening;
    use allswell_core::uptime::Presence;
    use allswell_monitor::store::PublicUpdate;

    use super::super::words::Summary;
    use super::*;

    const NOW: Wall = Wall::from_ms(1_795_261_155_000);

    fn ago(seconds: u64) -> Wall {
        NOW - Duration::from_secs(seconds)
    }

    fn incident(id: &str, began: Wall, ended: Option<Wall>) -> IncidentView {
        let update = PublicUpdate { at: began + Duration::from_secs(60), text: "We look into it.".to_owned() };
        let (id, component) = (id.to_owned(), "Payments".to_owned());
        IncidentView { id, component, presence: Presence::Down, began, ended, updates: vec![update] }
    }

    fn told(incidents: Vec<IncidentView>, planned: Vec<Work>) -> Vec<(String, Item)> {
        let summary = Summary::of(&[("Payments", Presence::Down)]);
        let (sections, missing) = (Vec::new(), Vec::new());
        let view = View { at: NOW, summary, sections, incidents, planned, missing, left_out: 0 };
        of(&view).into_iter().map(|news| (news.name, serde_json::from_str(&news.body).expect("an item"))).collect()
    }

    #[test]
    fn an_outage_is_told_when_it_begins_with_each_update_and_when_it_is_over() {
        let open = told(vec![incident("a", ago(600), None)], Vec::new());
        let names: Vec<&str> = open.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a:began", &format!("a:update:{}", ago(540).ms())]);
        assert_eq!((open[0].1.title.as_str(), open[0].1.path.as_str()), ("Payments is down", "#a"));
        assert_eq!(open[1].1.text.as_deref(), Some("We look into it."));
        let over = told(vec![incident("a", ago(600), Some(ago(0)))], Vec::new());
        assert_eq!(over[1].0, "a:ended");
        assert_eq!((over[1].1.title.as_str(), over[1].1.path.as_str()), ("Payments was down for 10 m", "history#a"));
    }

    #[test]
    fn what_happened_long_ago_is_no_news() {
        assert_eq!(told(vec![incident("a", ago(200_000), Some(ago(90_000)))], Vec::new()), []);
    }

    #[test]
    fn planned_work_is_told_two_days_before() {
        let work = |hours: u64| {
            let from = NOW + Duration::from_secs(hours * 3_600);
            let until = Some(from + Duration::from_secs(3_600));
            Work { components: vec!["Payments".to_owned()], opening: Opening { from, until } }
        };
        let told = told(Vec::new(), vec![work(47), work(49)]);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].1.title, "Maintenance of Payments");
    }
}
