//! Costs by length, and losses by size.

use zoo_report::study::*;

use super::{ARCHITECTURES, noise};

pub(super) fn costs(index: usize) -> CostCurve {
    let (name, backbone, _) = ARCHITECTURES[index];
    let quadratic = backbone != BackboneKind::Recurrent;
    let at = |length: usize| {
        let l = length as f64;
        let slow = 1.0 + if quadratic { l / 900.0 } else { 0.0 };
        let base = 9000.0 - 600.0 * index as f64;
        CostAt {
            length,
            train_tokens: Some(base / slow),
            train_bytes: Some((2e5 * l * slow) as u64 + 60_000_000),
            forward_tokens: Some(base * 3.4 / slow),
            decode_tokens: (index > 1).then_some(base / 10.0 / slow.sqrt()),
            decode_bytes: (index > 1)
                .then_some(30_000_000 + if quadratic { 2000 * length as u64 } else { 0 }),
        }
    };
    let (lengths, limit): (&[usize], _) = match name {
        "bert" => (
            &[512],
            Some(Limit { length: 1024, reason: LimitReason::PositionsEnd { positions: 512 } }),
        ),
        "bart" => {
            (&[512, 1024, 2048], Some(Limit { length: 4096, reason: LimitReason::OutOfMemory }))
        }
        _ => (&[512, 1024, 2048, 4096], None),
    };
    let growth = |exponent: f64| match lengths.len() {
        1 => Growth::NotFitted { because: "one point".into() },
        _ => Growth::Power {
            exponent,
            interval: Some(Interval { low: exponent - 0.07, high: exponent + 0.07 }),
        },
    };
    let exponent = if quadratic { 1.55 + 0.02 * index as f64 } else { 1.01 };
    CostCurve {
        architecture: name.into(),
        points: lengths.iter().map(|length| at(*length)).collect(),
        train_time: growth(exponent),
        train_memory: growth(exponent + 0.1),
        limit,
    }
}

pub(super) fn scaling(index: usize) -> Scaling {
    let (name, _, skill) = ARCHITECTURES[index];
    let (a, b, c) = (60.0 / skill, 0.17 * skill, 1.15);
    let law = |flops: f64| a * flops.powf(-b) + c;
    let sizes = [("30k", 3e4), ("100k", 1e5), ("300k", 3e5), ("1M", 1e6), ("3M", 3e6)];
    let points = sizes.map(|(size, parameters)| {
        let flops = parameters * parameters * 120.0;
        let loss = law(flops) * (1.0 + 0.02 * (noise(&[name, size], 1) - 0.5));
        ScalingPoint {
            size: size.into(),
            parameters: parameters as u64,
            seed: 0,
            learning_rate: 1e-3,
            flops,
            loss,
        }
    });
    let band = (0..=20).map(|n| {
        let flops = points[0].flops * (points[4].flops / points[0].flops).powf(f64::from(n) / 20.0);
        let half = 0.02 + 0.002 * (f64::from(n) - 10.0).abs();
        BandAt { flops, loss: Interval { low: law(flops) - half, high: law(flops) + half } }
    });
    let near = |value: f64| Fitted {
        value,
        interval: Some(Interval { low: value * 0.93, high: value * 1.07 }),
    };
    let fit = Fit { a: near(a), b: near(b), c: near(c), band: band.collect() };
    let front = points.iter().map(|p| Front {
        flops: p.flops,
        loss: p.loss,
        size: p.size.clone(),
        parameters: p.parameters,
    });
    Scaling {
        architecture: name.into(),
        task: "tinyshakespeare".into(),
        fit: match name {
            "gru" => FitResult::NotFitted { because: "the losses do not fall steadily".into() },
            _ => FitResult::Fit(fit),
        },
        front: front.collect(),
        points: points.into(),
    }
}
