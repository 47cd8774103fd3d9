//! Pages, orders and cursors: whatever comes and goes, nothing is told twice or not at all.

use proptest::prelude::*;

use super::*;

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let one = (prop::sample::select(Presence::ALL.to_vec()), 0_i64..5, 0_u64..4, "[a-c]{1,2}");
    prop::collection::vec(one, 0..40).prop_map(|rows| {
        let row =
            |(id, (status, since, p95, name)): (u32, (Presence, i64, u64, String))| row(id, &name, status, since, p95);
        (1..).zip(rows).map(row).collect()
    })
}

proptest! {
    #[test]
    fn a_page_is_the_one_that_sorting_everything_gives(rows in rows(), offset in 0_usize..50, limit in 0_usize..50) {
        let filters = ["-name:a", "tag:eu", "-tag:eu", "name:b tag:Prod", "tag:none"];
        for (order, text) in Order::ALL.into_iter().flat_map(|order| filters.map(|filter| (order, filter))) {
            let filter = Filter::read(text).expect("a filter");
            let all = Selection { filter: filter.clone(), order, after: None, offset: 0, limit: None };
            let Page { rows: whole, matched, .. } = all.choose(&rows, &Index::of(&rows), NOW);
            let fitting: Vec<_> = rows.iter().filter(|row| fits_at(&filter, row, NOW)).map(|row| row.facts.id).collect();
            prop_assert_eq!(matched, fitting.len());
            prop_assert!(whole.iter().all(|row| fitting.contains(&row.facts.id)), "{}", text);
            let mut sorted = whole.clone();
            let rank = |row: &Row| ["down", "degraded", "unknown", "maintenance", "paused", "up"].iter().position(|word| *word == row.status.as_str());
            match order {
                Order::Configured => sorted.sort_by_key(|row| row.facts.id),
                Order::Trouble => sorted.sort_by_key(|row| (rank(row), std::cmp::Reverse(row.since), row.facts.id)),
                Order::Name => sorted.sort_by_key(|row| (row.facts.name.clone(), row.facts.id)),
                Order::Slow => sorted.sort_by_key(|row| (std::cmp::Reverse(row.p95), row.facts.id)),
            }
            let ids = |rows: &[&Row]| rows.iter().map(|row| row.facts.id).collect::<Vec<_>>();
            prop_assert_eq!(ids(&whole), ids(&sorted));
            let page = Selection { offset, limit: Some(limit), ..all.clone() }.choose(&rows, &Index::of(&rows), NOW).rows;
            let expected: Vec<_> = ids(&sorted).into_iter().skip(offset).take(limit).collect();
            prop_assert_eq!(ids(&page), expected);
            prop_assert_eq!(paged(&all, &mut rows.clone(), limit.max(1), |_| {}), ids(&whole));
        }
    }

    #[test]
    fn paging_goes_on_where_it_was_whatever_goes_meanwhile(
        rows in rows(),
        limit in 1_usize..9,
        gone in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..12), 1..6),
    ) {
        for order in Order::ALL {
            let mut gone = gone.iter().cycle();
            let all = Selection { order, ..Selection::default() };
            let mut left: Vec<_> = all.choose(&rows, &Index::of(&rows), NOW).rows.iter().map(|row| row.facts.id).collect();
            let mut at = 0;
            let seen = paged(&all, &mut rows.clone(), limit, |rows| {
                at += limit;
                for gone in gone.next().into_iter().flatten().take(rows.len()) {
                    let id = rows.remove(gone.index(rows.len())).facts.id;
                    // Whom it was told of before, it was told of.
                    if left.iter().position(|known| *known == id).is_some_and(|place| place >= at) {
                        left.retain(|known| *known != id);
                    }
                }
            });
            prop_assert_eq!(seen, left);
        }
    }

    #[test]
    fn an_order_follows_its_rows(
        rows in rows(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0_i64..5, 0_u64..4), 0..20),
    ) {
        prop_assume!(!rows.is_empty());
        let (mut rows, mut index) = (rows.clone(), Index::of(&rows));
        for (at, since, p95) in changes {
            let walked = |index: &Index, rows: &[Row]| Order::ALL.map(|order| index.walk(rows, order, None).collect::<Vec<_>>());
            prop_assert_eq!(walked(&index, &rows), walked(&Index::of(&rows), &rows));
            let place = at.index(rows.len());
            index.change(&mut rows, place, |row| {
                row.since = Some(Wall::from_ms(since));
                row.p95 = Some(Duration::from_millis(p95));
            });
            prop_assert_eq!(walked(&index, &rows), walked(&Index::of(&rows), &rows));
        }
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written(rows in rows(), name in ".*") {
        let mut rows = rows;
        rows.push(row(99, &name, Presence::Down, -1, 0));
        for order in Order::ALL {
            let all = Selection { order, limit: Some(1), ..Selection::default() };
            for offset in 0..rows.len() - 1 {
                let next = Selection { offset, ..all.clone() }.choose(&rows, &Index::of(&rows), NOW).next.expect("there is more");
                prop_assert_eq!(next.to_string().parse::<Cursor>(), Ok(next));
            }
        }
    }
}

/// All pages of `selection` one after the other; `meanwhile` is what happens between two.
fn paged(
    selection: &Selection,
    rows: &mut Vec<Row>,
    limit: usize,
    mut meanwhile: impl FnMut(&mut Vec<Row>),
) -> Vec<MonitorId> {
    let mut selection = Selection { limit: Some(limit), ..selection.clone() };
    let mut index = Index::of(rows);
    let mut seen = Vec::new();
    loop {
        let Page { rows: page, next, .. } = selection.choose(rows, &index, NOW);
        seen.extend(page.iter().map(|row| row.facts.id));
        let Some(next) = next else { return seen };
        selection.after = Some(next);
        meanwhile(rows);
        index.renew(rows);
    }
}

#[test]
fn a_page_that_went_whole_takes_nothing_of_the_next_one_with_it() {
    let list = |ids: &[u32]| ids.iter().map(|id| row(*id, "a", Presence::Up, 0, 0)).collect::<Vec<_>>();
    let told = |rows: &[Row], index: &Index, after: Option<Cursor>| {
        let page = Selection { after, limit: Some(3), ..Selection::default() }.choose(rows, index, NOW);
        (page.rows.iter().map(|row| row.facts.id.0).collect::<Vec<_>>(), page.next)
    };
    let first = list(&[7, 1, 2, 3, 4, 5, 6]);
    let mut index = Index::of(&first);
    let (ids, next) = told(&first, &index, None);
    assert_eq!(ids, [7, 1, 2]);
    let mut check = |ids: &[u32], expected: &[u32]| {
        let rows = list(ids);
        index.renew(&rows);
        assert_eq!(told(&rows, &index, next.clone()).0, expected, "{ids:?}");
    };
    check(&[3, 4, 5, 6], &[3, 4, 5]);
    check(&[4, 6], &[4, 6]);
    check(&[9, 6, 8], &[9, 6, 8]);
    check(&[8, 10], &[8, 10]);
    check(&[], &[]);
    check(&[11], &[11]);
}

#[test]
fn after_a_restart_paging_goes_on_in_a_list_by_number() {
    let list = |ids: std::ops::Range<u32>| ids.map(|id| row(id, "a", Presence::Up, 0, 0)).collect::<Vec<_>>();
    let (before, after) = (list(1..31), list(8..31));
    let page = Selection { limit: Some(10), ..Selection::default() };
    let next = page.choose(&before, &Index::of(&before), NOW).next;
    let gone: Vec<_> = after.into_iter().filter(|row| row.facts.id.0 != 10).collect();
    let page = Selection { after: next, ..page }.choose(&gone, &Index::of(&gone), NOW);
    assert_eq!(page.rows.iter().map(|row| row.facts.id.0).collect::<Vec<_>>(), (11..21).collect::<Vec<_>>());
}

#[test]
fn what_is_no_cursor_is_told_from_one() {
    for text in
        ["", "trouble", "trouble.1", "trouble.x.1", "trouble.1.x", "slow.1.-2", "configured.1.", "size.1.2", "name.7"]
    {
        assert_eq!(text.parse::<Cursor>(), Err(NotACursor), "{text}");
    }
}
