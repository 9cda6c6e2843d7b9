//! Growth of the costs with the length.

use super::{Measured, What};
use crate::compare::objective::ObjectiveKind;
use crate::report::aggregate::growth;
use crate::report::statistics::Point;
use crate::report::study::{CostAt, CostCurve, Limit, LimitReason};

/// The limits of a measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Room {
    /// Seconds of a training step.
    pub seconds: f64,
    /// Available memory in bytes; `None` where it is unknown.
    pub bytes: Option<u64>,
}

/// Measures an architecture at growing lengths within the limits on time and memory: a length is
/// skipped where quadratic growth from the previous length would exceed `room`. `measure` is called
/// for one length after the other, and measures generation where the objective is generative.
pub fn cost_curve(
    architecture: &str,
    objective: ObjectiveKind,
    lengths: &[usize],
    room: Room,
    measure: &mut dyn FnMut(What, usize) -> Result<Measured, String>,
) -> CostCurve {
    let mut lengths = lengths.to_vec();
    lengths.sort_unstable();
    lengths.dedup();
    let mut points: Vec<CostAt> = Vec::new();
    let mut steps: Vec<(usize, Measured)> = Vec::new();
    let mut limit = None;
    for length in lengths {
        let reason = match steps.last().and_then(|(previous_length, previous)| {
            too_much(*previous_length, previous, length, room)
        }) {
            Some(reason) => Err(reason),
            None => at(length, objective.is_generative(), measure)
                .map_err(|reason| LimitReason::Other { reason }),
        };
        match reason {
            Ok((point, step)) => {
                points.push(point);
                steps.push((length, step));
            }
            Err(reason) => {
                limit = Some(Limit { length, reason });
                break;
            }
        }
    }
    let of = |value: &dyn Fn(&Measured) -> Option<f64>| {
        let points = steps.iter().filter_map(|(length, step)| {
            Some(Point { x: *length as f64, y: value(step).filter(|y| *y > 0.0)? })
        });
        growth(&points.collect::<Vec<_>>())
    };
    CostCurve {
        architecture: architecture.to_string(),
        train_time: of(&|step| Some(step.seconds)),
        train_memory: of(&|step| step.bytes.map(|bytes| bytes as f64)),
        points,
        limit,
    }
}

/// The reason to skip a length after the previous one.
fn too_much(
    previous_length: usize,
    previous: &Measured,
    length: usize,
    room: Room,
) -> Option<LimitReason> {
    let times = (length as f64 / previous_length as f64).powi(2);
    if previous.seconds * times > room.seconds {
        return Some(LimitReason::TooSlow { limit: room.seconds });
    }
    let bytes = previous.bytes.zip(room.bytes);
    let is_full = bytes.is_some_and(|(bytes, room)| bytes as f64 * times > room as f64);
    is_full.then_some(LimitReason::OutOfMemory)
}

fn at(
    length: usize,
    writes: bool,
    measure: &mut dyn FnMut(What, usize) -> Result<Measured, String>,
) -> Result<(CostAt, Measured), String> {
    let training = measure(What::Training, length)?;
    let reading = measure(What::Reading, length)?;
    let writing = writes.then(|| measure(What::Writing, length)).transpose()?;
    let point = CostAt {
        length,
        train_tokens: Some(training.tokens),
        train_bytes: training.bytes,
        forward_tokens: Some(reading.tokens),
        decode_tokens: writing.as_ref().map(|writing| writing.tokens),
        decode_bytes: writing.and_then(|writing| writing.bytes),
    };
    Ok((point, training))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::measuring::Measurement;
    use crate::report::study::Growth;

    const ROOM: Room = Room { seconds: 60.0, bytes: Some(1 << 30) };

    /// A model whose step time is quadratic and whose memory is linear in the length.
    fn quadratic(what: What, length: usize) -> Measured {
        let seconds = (length as f64).powi(2) / 1e6;
        let measurement = Measurement {
            architecture: "gpt2".into(),
            config: serde_json::json!({}),
            objective: ObjectiveKind::Next,
            what,
            length,
            device: "flex".into(),
            version: String::new(),
        };
        let tokens = length as f64 / seconds;
        Measured { measurement, seconds, tokens, bytes: Some(1000 * length as u64) }
    }

    fn curve(lengths: &[usize], room: Room) -> CostCurve {
        cost_curve("gpt2", ObjectiveKind::Next, lengths, room, &mut |what, length| {
            Ok(quadratic(what, length))
        })
    }

    fn exponent(growth: &Growth) -> f64 {
        match growth {
            Growth::Power { exponent, .. } => *exponent,
            Growth::NotFitted { because } => panic!("{because}"),
        }
    }

    #[test]
    fn growth_is_fitted() {
        let curve = curve(&[2048, 512, 1024, 512], ROOM);
        let lengths: Vec<usize> = curve.points.iter().map(|point| point.length).collect();
        assert_eq!(lengths, [512, 1024, 2048]);
        assert!((exponent(&curve.train_time) - 2.0).abs() < 1e-9);
        assert!((exponent(&curve.train_memory) - 1.0).abs() < 1e-9);
        assert_eq!(curve.limit, None);
        assert!(curve.points[0].decode_tokens.is_some());
    }

    #[test]
    fn lengths_beyond_the_limits_are_skipped() {
        // 1024 would take 1.05 s.
        let slow = curve(&[512, 1024, 2048], Room { seconds: 1.0, ..ROOM });
        let reason = LimitReason::TooSlow { limit: 1.0 };
        assert_eq!((slow.points.len(), slow.limit), (1, Some(Limit { length: 1024, reason })));
        let large = curve(&[512, 1024], Room { bytes: Some(1_000_000), ..ROOM });
        let reason = LimitReason::OutOfMemory;
        assert_eq!((large.points.len(), large.limit), (1, Some(Limit { length: 1024, reason })));
        assert!(matches!(large.train_time, Growth::NotFitted { .. }));
    }

    #[test]
    fn a_failure_ends_the_curve_with_its_reason() {
        let mut fails = |what: What, length: usize| match length {
            1024 => Err("its process ended".to_string()),
            _ => Ok(quadratic(what, length)),
        };
        let curve = cost_curve("bert", ObjectiveKind::Pooled, &[512, 1024, 2048], ROOM, &mut fails);
        assert_eq!(curve.points.len(), 1);
        assert_eq!(curve.points[0].decode_tokens, None);
        let reason = LimitReason::Other { reason: "its process ended".into() };
        assert_eq!(curve.limit, Some(Limit { length: 1024, reason }));
    }
}
