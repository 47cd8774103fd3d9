//! The little arithmetic that reports need.

/// The value below which `share` (0 to 1) of the values lie, by nearest rank; `None` of nothing.
pub fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied()
}

/// The slope of a line through points `(x, y)` by Theil and Sen: the median of all slopes, which a few outliers do not move.
pub fn theil_sen(points: &[(f64, f64)]) -> Option<f64> {
    let slope = |a: &(f64, f64), b: &(f64, f64)| (b.0 > a.0).then(|| (b.1 - a.1) / (b.0 - a.0));
    let slopes: Vec<f64> = points
        .iter()
        .enumerate()
        .flat_map(|(index, a)| points[index + 1..].iter().filter_map(move |b| slope(a, b)))
        .collect();
    quantile(&slopes, 0.5)
}

/// A cumulative histogram as Prometheus writes it: upper bound and number of values up to it, bounds ascending.
pub type Buckets = Vec<(f64, f64)>;

/// The share's value by linear interpolation within its bucket, as `histogram_quantile` does it.
///
/// A value in the last, unbounded bucket gives infinity.
pub fn histogram_quantile(buckets: &Buckets, share: f64) -> Option<f64> {
    let total = buckets.last()?.1;
    let rank = share * total;
    let mut below = (0.0, 0.0);
    for &(bound, count) in buckets {
        if count >= rank && total > 0.0 {
            let part = if count > below.1 { (rank - below.1) / (count - below.1) } else { 1.0 };
            return Some(if bound.is_finite() { below.0 + (bound - below.0) * part } else { f64::INFINITY });
        }
        below = (bound, count);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_value_that_occurred() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(quantile(&values, 0.5), Some(100.0));
        assert_eq!(quantile(&values, 0.99), Some(198.0));
        assert_eq!(quantile(&values, 1.0), Some(200.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn one_spike_does_not_bend_the_slope() {
        let mut points: Vec<(f64, f64)> = (0..60).map(|x| (f64::from(x), 100.0 + 2.0 * f64::from(x))).collect();
        points[30].1 = 90_000.0;
        let slope = theil_sen(&points).expect("there are points");
        assert!((slope - 2.0).abs() < 0.01, "{slope}");
        assert_eq!(theil_sen(&[(1.0, 1.0)]), None);
    }

    #[test]
    fn a_histogram_is_read_as_prometheus_reads_it() {
        let buckets = vec![(0.1, 50.0), (0.2, 100.0), (f64::INFINITY, 100.0)];
        let p75 = histogram_quantile(&buckets, 0.75).expect("not empty");
        assert!((p75 - 0.15).abs() < 1e-9, "{p75}");
        let slow = vec![(0.1, 50.0), (f64::INFINITY, 100.0)];
        assert_eq!(histogram_quantile(&slow, 0.99), Some(f64::INFINITY));
        assert_eq!(histogram_quantile(&vec![(0.1, 0.0), (f64::INFINITY, 0.0)], 0.99), None);
    }
}
