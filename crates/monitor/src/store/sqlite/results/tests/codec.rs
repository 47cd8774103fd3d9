//! What was written is read back, whatever it was; what was not written by us is refused.

use allswell_core::{Reason, Verdict};
use proptest::prelude::*;

use super::super::block::{Header, read_block, read_tail, write_block, write_tail};
use super::super::bytes::{Reader, open, put, seal, unzigzag, zigzag};
use super::super::column;
use super::super::heads::Head;
use super::super::key::{Key, hour};
use super::super::sample::{Sample, State};

/// Numbers of all lengths, the longest included.
fn any_number() -> impl Strategy<Value = u64> {
    prop_oneof![0..40_u64, 0..5_000_u64, any::<u64>(), Just(0), Just(u64::MAX), (0..64_u32).prop_map(|bit| 1 << bit)]
}

fn any_moment() -> impl Strategy<Value = i64> {
    prop_oneof![1_700_000_000_000..1_700_003_600_000_i64, any::<i64>(), Just(i64::MIN), Just(i64::MAX)]
}

fn any_state() -> impl Strategy<Value = State> {
    let verdicts = prop::sample::select(vec![Verdict::Pass, Verdict::Warn, Verdict::Fail, Verdict::Unknown]);
    let reasons = prop::option::of(prop::sample::select(Reason::ALL));
    (verdicts, reasons, prop::option::of(any::<u16>()), 0..32_u8).prop_map(|(verdict, reason, status, reached)| State {
        verdict,
        reason,
        status,
        reached,
    })
}

fn any_sample() -> impl Strategy<Value = Sample> {
    (any_moment(), any_state(), prop::array::uniform5(any_number()), any_number()).prop_map(
        |(asked, state, mut ticks, total)| {
            for (phase, ticks) in ticks.iter_mut().enumerate().filter(|(phase, _)| !state.has(*phase)) {
                assert!(phase < 5);
                *ticks = 0;
            }
            Sample { asked, state, ticks, total }
        },
    )
}

/// An hour of a monitor as it usually is: asked every ten seconds, now and then slow or down.
fn usual_hour() -> Vec<Sample> {
    let up = State { verdict: Verdict::Pass, reason: None, status: Some(200), reached: 0b1_1010 };
    let down = State { verdict: Verdict::Fail, reason: Some(Reason::ConnectRefused), status: None, reached: 0b0_0010 };
    (0..360_i64)
        .map(|n| {
            let noise = (n * 7_919 % 613).unsigned_abs();
            let asked = 1_785_600_000_000 + n * 10_000 + n * 31 % 23;
            let slow = if n % 90 == 7 { 500_000 } else { 0 };
            match n {
                100..106 => Sample { asked, state: down, ticks: [0, 12 + noise % 9, 0, 0, 0], total: 20 + noise % 9 },
                _ => {
                    let ticks = [0, 15 + noise % 11, 0, 2_000 + noise + slow, 3 + noise % 5];
                    Sample { asked, state: up, ticks, total: ticks.iter().sum::<u64>() + noise % 7 }
                }
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn numbers_come_back(numbers in prop::collection::vec(any_number(), 0..50)) {
        let mut bytes = Vec::new();
        for &number in &numbers {
            put(&mut bytes, number);
            prop_assert_eq!(zigzag(unzigzag(number)), number);
        }
        let mut reader = Reader::new(&bytes);
        for &number in &numbers {
            prop_assert_eq!(reader.number(), Ok(number));
        }
        prop_assert!(reader.is_done() && reader.number().is_err());
    }

    #[test]
    fn columns_come_back(values in prop::collection::vec(any_number(), 0..200)) {
        let mut bytes = Vec::new();
        column::write(&mut bytes, &values);
        let mut reader = Reader::new(&bytes);
        prop_assert_eq!(column::read(&mut reader, values.len()), Ok(values));
        prop_assert!(reader.is_done());
    }

    #[test]
    fn blocks_tails_and_heads_come_back(samples in prop::collection::vec(any_sample(), 0..40), id in any::<i64>()) {
        let block = write_block(id, &samples);
        prop_assert_eq!(&read_block(id, &block).unwrap(), &samples);
        prop_assert!(read_block(id ^ 1, &block).is_err(), "a block in another one's place");
        let mut head = Head::default();
        samples.iter().for_each(|sample| head.push(sample));
        prop_assert_eq!(&head.samples(), &samples);
        let tail: Vec<_> = samples.into_iter().enumerate().map(|(n, sample)| (u32::MAX - n as u32, sample)).collect();
        prop_assert_eq!(read_tail(id, &write_tail(id, &tail)).unwrap(), tail);
    }

    #[test]
    fn a_flipped_bit_is_found_out(samples in prop::collection::vec(any_sample(), 1..20), place in any::<prop::sample::Index>(), bit in 0..8) {
        let mut block = write_block(7, &samples);
        let place = place.index(block.len());
        block[place] ^= 1_u8 << bit;
        prop_assert!(read_block(7, &block).is_err());
        prop_assert!(read_block(7, &block[..place]).is_err());
    }

    /// Not even bytes that carry the right checksum can do more than be refused.
    #[test]
    fn no_bytes_make_it_panic(
        samples in prop::collection::vec(any_sample(), 1..20),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        junk in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let tail: Vec<_> = samples.iter().map(|sample| (1, sample.clone())).collect();
        for sealed in [write_block(7, &samples), write_tail(7, &tail)] {
            let mut bytes = open(&sealed, 7).unwrap().to_vec();
            for (place, value) in &changes {
                let place = place.index(bytes.len());
                bytes[place] = *value;
            }
            let sealed = seal(bytes, 7);
            let _ = (read_block(7, &sealed), read_tail(7, &sealed));
        }
        let sealed = seal([vec![1], junk].concat(), 7);
        let _ = (read_block(7, &sealed), read_tail(7, &sealed));
    }

    #[test]
    fn keys_come_back_in_order_of_hours_and_then_monitors(a in any::<(i32, u32)>(), b in any::<(i32, u32)>()) {
        let key = |(hour, monitor)| Key { hour, monitor };
        prop_assert_eq!(Key::of(key(a).id()), key(a));
        prop_assert_eq!(key(a).id().cmp(&key(b).id()), a.cmp(&b));
    }
}

#[test]
fn an_hour_before_1970_is_an_hour_too() {
    let check = |asked: i64, expected: i32| assert_eq!(hour(asked), expected, "{asked}");
    check(0, 0);
    check(3_599_999, 0);
    check(3_600_000, 1);
    check(-1, -1);
    check(i64::MIN, i32::MIN);
    check(i64::MAX, i32::MAX);
}

#[test]
fn a_usual_hour_takes_less_than_six_bytes_per_result() {
    let samples = usual_hour();
    let id = Key { hour: hour(samples[0].asked), monitor: 1 }.id();
    let bytes = write_block(id, &samples).len();
    assert!(bytes < 6 * samples.len(), "{bytes} bytes for {} results", samples.len());
}

#[test]
fn the_header_counts_all_and_times_those_that_were_well() {
    let samples = usual_hour();
    let well = |sample: &&Sample| sample.state.verdict == Verdict::Pass;
    let totals: Vec<i64> = samples.iter().filter(well).map(|sample| 10 * sample.total.cast_signed()).collect();
    let header = Header::of(&samples);
    assert_eq!((header.n, header.up, header.sum), (360, 354, totals.iter().sum()));
    assert_eq!((header.min, header.max), (totals.iter().min().copied(), totals.iter().max().copied()));
    assert_eq!(Header::of(&samples[100..106]), Header { n: 6, ..Header::default() });
}
