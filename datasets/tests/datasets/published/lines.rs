//! The texts of tests/golden/slow_lines.py.

use serde::Deserialize;

pub(super) const LINES: u64 = 10_000;

/// The building blocks of lines.
#[derive(Deserialize)]
pub(super) struct Texts {
    scripts: Vec<Script>,
    odd: Vec<String>,
    between: Vec<String>,
}

#[derive(Deserialize)]
struct Script {
    letters: String,
    words: Vec<String>,
}

/// Knuth's linear congruential generator; its upper half is used.
struct TestRng(u64);

impl TestRng {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % count
    }

    fn one<'v, T>(&mut self, values: &'v [T]) -> &'v T {
        let i = self.below(values.len());
        &values[i]
    }
}

impl Texts {
    pub(super) fn lines(&self) -> Vec<String> {
        (0..LINES).map(|number| self.line(number)).collect()
    }

    fn line(&self, number: u64) -> String {
        let mut rng = TestRng(number);
        rng.below(1);
        let main = rng.one(&self.scripts);
        let mut parts = Vec::new();
        for _ in 0..1 + rng.below(10) {
            let script = if rng.below(6) == 0 { rng.one(&self.scripts) } else { main };
            parts.push(self.word(&mut rng, script));
            parts.push(rng.one(&self.between).clone());
        }
        if rng.below(8) == 0 {
            parts.insert(0, rng.one(&self.between).clone());
        }
        if rng.below(3) != 0 {
            parts.pop();
        }
        parts.concat()
    }

    fn word(&self, rng: &mut TestRng, script: &Script) -> String {
        match rng.below(10) {
            0..=2 => {
                let letters: Vec<char> = script.letters.chars().collect();
                (0..1 + rng.below(7)).map(|_| *rng.one(&letters)).collect()
            }
            3 => rng.one(&self.odd).clone(),
            _ => rng.one(&script.words).clone(),
        }
    }
}
