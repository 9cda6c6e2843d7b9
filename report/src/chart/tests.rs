//! Ticks, scales and charts.

use super::axis::{Axis, Tick, linear_ticks, log_ticks};
use super::svg::escape;
use super::{Chart, ChartPoint, Dots, Line, Look, Row, Rule};

fn labels(ticks: &[Tick]) -> Vec<&str> {
    ticks.iter().map(|tick| tick.label.as_str()).collect()
}

#[test]
fn ticks_are_multiples_of_one_two_or_five() {
    assert_eq!(labels(&linear_ticks(0.0, 1.0, 5)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    assert_eq!(labels(&linear_ticks(34.2, 40.1, 5)), ["36", "38", "40"]);
    assert_eq!(
        labels(&linear_ticks(-0.06, 0.02, 5)),
        ["\u{2212}0.06", "\u{2212}0.04", "\u{2212}0.02", "0.00", "0.02"]
    );
    assert_eq!(
        labels(&linear_ticks(0.0, 8.4e6, 5)),
        ["0", "2\u{a0}M", "4\u{a0}M", "6\u{a0}M", "8\u{a0}M"]
    );
}

#[test]
fn an_axis_without_a_span_has_no_ticks_and_never_too_many() {
    assert!(linear_ticks(1.0, 1.0, 5).is_empty());
    assert!(linear_ticks(f64::NAN, 1.0, 5).is_empty());
    assert!(log_ticks(0.0, 1.0, 5).is_empty());
    for n in 1..400 {
        let high = 1.0 + f64::from(n) * 0.37;
        let ticks = linear_ticks(1.0, high, 5);
        assert!((2..=6).contains(&ticks.len()), "{high}: {ticks:?}");
    }
}

#[test]
fn log_axes_name_decades_and_what_lies_between_where_these_are_few() {
    assert_eq!(labels(&log_ticks(1.0, 1000.0, 5)), ["1", "10", "100", "1000"]);
    assert_eq!(labels(&log_ticks(30.0, 700.0, 5)), ["50", "100", "200", "500"]);
    assert_eq!(
        labels(&log_ticks(1e3, 1e12, 5)),
        ["1000", "100\u{a0}k", "10\u{a0}M", "1\u{a0}G", "100\u{a0}G"]
    );
    assert_eq!(labels(&log_ticks(21.0, 24.0, 5)), ["21", "22", "23", "24"]);
}

#[test]
fn equal_factors_are_equally_far_on_a_log_axis() {
    let axis = Axis::named("length", &[512.0, 1024.0, 2048.0, 4096.0]);
    let places: Vec<f64> = axis.ticks.iter().map(|tick| axis.place(tick.at)).collect();
    for pair in places.windows(2) {
        assert!((pair[1] - pair[0] - (places[1] - places[0])).abs() < 1e-12);
    }
    assert!(!axis.shows(0.0) && !axis.shows(f64::NAN) && axis.shows(512.0));
}

#[test]
fn an_axis_of_what_cannot_be_negative_is_not() {
    let axis = Axis::linear("score", [0.001, 1.0]);
    assert!(axis.shows(0.0) && !axis.shows(-0.001));
    assert!(Axis::linear("difference", [-1.0, 1.0]).shows(-1.0));
    // One value, and no values.
    assert!(Axis::linear("score", [0.5]).shows(0.5));
    assert!(Axis::linear("score", [f64::NAN]).place(0.5).is_finite());
}

#[test]
fn labels_beside_each_other_do_not_touch() {
    let many: Vec<f64> = (0..12).map(|n| 1000.0 * 1.2f64.powi(n)).collect();
    let axis = Axis::named("length", &many);
    let shown = axis.ticks_over(340.0);
    assert!((2..12).contains(&shown.len()), "{}", shown.len());
    for pair in shown.windows(2) {
        let gap = (axis.place(pair[1].at) - axis.place(pair[0].at)) * 340.0;
        let half = |text: &str| text.chars().count() as f64 * 6.0 / 2.0;
        assert!(gap > half(&pair[0].label) + half(&pair[1].label));
    }
}

#[test]
fn sixty_four_looks_differ() {
    let looks: Vec<Look> = (0..64).map(Look::nth).collect();
    for (index, look) in looks.iter().enumerate() {
        assert!(!looks[..index].contains(look), "{index}");
    }
}

fn row(name: &str) -> Row {
    let look = Look::nth(0);
    Row {
        name: name.into(),
        look,
        mean: Some(0.5),
        interval: None,
        runs: vec![],
        label: "<b>".into(),
    }
}

/// The values of an attribute in a chart.
fn numbers(svg: &str) -> Vec<f64> {
    let is_break = |c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-'));
    svg.split("d=\"")
        .skip(1)
        .flat_map(|rest| {
            let path = rest.split('"').next().unwrap();
            path.split(is_break).filter_map(|n| n.parse().ok()).collect::<Vec<f64>>()
        })
        .collect()
}

#[test]
fn a_drawing_escapes_its_texts_and_describes_itself() {
    let rules = vec![Rule { at: 0.5, label: "\"&'\u{0}".into() }];
    let dots = Dots {
        title: "<script>".into(),
        description: "a & b".into(),
        axis: Axis::linear("x", [0.0, 1.0]),
        rows: vec![row("<i>")],
        rules,
    };
    let svg = dots.draw();
    assert!(svg.contains("<title>&lt;script&gt;</title><desc>a &amp; b</desc>"), "{svg}");
    assert!(svg.contains("&lt;i&gt;") && svg.contains("&lt;b&gt;"));
    assert!(svg.contains("&quot;&amp;&#39;\u{fffd}"));
    assert_eq!(escape("a<b>"), "a&lt;b&gt;");
}

#[test]
fn what_is_no_number_or_outside_is_not_drawn() {
    let line = Line {
        broken: vec![ChartPoint::new(2.0, 1e9)],
        ..Line::new(
            Look::nth(1),
            [(0.0, 0.1), (1.0, f64::NAN), (2.0, f64::INFINITY), (3.0, 0.4)]
                .map(|(x, y)| ChartPoint::new(x, y))
                .to_vec(),
        )
    };
    let chart = Chart {
        title: String::new(),
        description: String::new(),
        x: Axis::from_zero("x", [3.0]),
        y: Axis::linear("y", [0.1, 0.4]),
        lines: vec![line],
        front: vec![],
        rules: vec![],
    };
    let svg = chart.draw();
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    let numbers = numbers(&svg);
    assert!(
        numbers.len() > 10 && numbers.iter().all(|n| (-20.0..500.0).contains(n)),
        "{numbers:?}"
    );
    // The diverged run is marked at the edge.
    assert!(svg.contains("cross s1"));
}
