//! A thread pool for many short tasks in quick succession.
//!
//! During token-by-token generation, a product takes hardly longer than waking a thread. These
//! threads therefore spin for a moment before they sleep, waiting for the next task.

use std::hint::spin_loop;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long a thread spins before it sleeps.
const AWAKE: Duration = Duration::from_micros(500);

/// The maximum number of threads; more do not increase memory bandwidth.
const MAX_THREADS: usize = 8;

/// The number of threads that work on a task, including the caller.
pub(super) fn threads() -> usize {
    POOL.helpers.len() + 1
}

/// The results of `compute` for `0..parts`, computed with all threads; `None` if a call panicked.
pub(super) fn run<T: Send + 'static>(
    parts: usize,
    compute: impl Fn(usize) -> T + Send + Sync + 'static,
) -> Option<Vec<T>> {
    let results = Arc::new(Mutex::new((0..parts).map(|_| None).collect::<Vec<Option<T>>>()));
    let filled = Arc::clone(&results);
    let compute = move |part: usize| {
        let result = compute(part);
        lock(&filled)[part] = Some(result);
    };
    let task = Arc::new(Task {
        compute: Box::new(compute),
        parts,
        taken: AtomicUsize::new(0),
        done: AtomicUsize::new(0),
    });
    POOL.offer(Some(Arc::clone(&task)));
    task.work();
    let mut looks = 0_u32;
    while task.done.load(Ordering::Acquire) < parts {
        looks += 1;
        if looks < 1 << 14 { spin_loop() } else { thread::yield_now() }
    }
    // Releases the closure and the values that it owns.
    POOL.offer(None);
    let results = std::mem::take(&mut *lock(&results));
    results.into_iter().collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A task in parts; a free thread takes the next part.
struct Task {
    compute: Box<dyn Fn(usize) + Send + Sync>,
    parts: usize,
    taken: AtomicUsize,
    done: AtomicUsize,
}

impl Task {
    fn work(&self) {
        /// Counts a part as done even if it panics, so that the caller does not wait forever.
        struct Done<'a>(&'a AtomicUsize);
        impl Drop for Done<'_> {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::Release);
            }
        }
        loop {
            let part = self.taken.fetch_add(1, Ordering::Relaxed);
            if part >= self.parts {
                return;
            }
            let _done = Done(&self.done);
            (self.compute)(part);
        }
    }
}

/// The threads and the current task.
struct ThreadPool {
    offer: Arc<Offer>,
    helpers: Vec<Thread>,
}

#[derive(Default)]
struct Offer {
    task: Mutex<Option<Arc<Task>>>,
    /// The number of tasks offered so far.
    count: AtomicUsize,
    /// Whether a helper thread sleeps.
    asleep: AtomicBool,
}

static POOL: LazyLock<ThreadPool> = LazyLock::new(|| {
    let offer = Arc::new(Offer::default());
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS);
    let helper = |_| {
        let offer = Arc::clone(&offer);
        let helper = thread::Builder::new().name("skinny-gemm".to_string());
        helper.spawn(move || offer.serve()).ok().map(|handle| handle.thread().clone())
    };
    let helpers = (1..threads).filter_map(helper).collect();
    ThreadPool { offer, helpers }
});

impl ThreadPool {
    /// Sets the current task, or clears it. With several callers, the helpers work on the last task
    /// offered; the other callers complete their tasks alone.
    fn offer(&self, task: Option<Arc<Task>>) {
        let is_task = task.is_some();
        let before = std::mem::replace(&mut *lock(&self.offer.task), task);
        drop(before);
        if is_task {
            self.offer.count.fetch_add(1, Ordering::SeqCst);
            if self.offer.asleep.swap(false, Ordering::SeqCst) {
                self.helpers.iter().for_each(Thread::unpark);
            }
        }
    }
}

impl Offer {
    /// The main loop of a helper thread.
    fn serve(&self) {
        let mut seen = 0;
        let mut since = Instant::now();
        loop {
            let count = self.count.load(Ordering::SeqCst);
            if count != seen {
                seen = count;
                let task = lock(&self.task).clone();
                if let Some(task) = task {
                    task.work();
                }
                since = Instant::now();
            } else if since.elapsed() < AWAKE {
                (0..32).for_each(|_| spin_loop());
            } else {
                self.asleep.store(true, Ordering::SeqCst);
                // A task that was offered before the store would not wake this thread.
                if self.count.load(Ordering::SeqCst) == seen {
                    thread::park();
                }
                since = Instant::now();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_computed_once() {
        for parts in [0, 1, 2, 7, 100] {
            let expected: Vec<usize> = (0..parts).map(|part| part * part).collect();
            assert_eq!(run(parts, |part| part * part), Some(expected));
        }
    }

    #[test]
    fn tasks_after_a_sleep_and_from_several_threads_complete() {
        thread::sleep(3 * AWAKE);
        let callers: Vec<_> = (0..4)
            .map(|caller| {
                thread::spawn(move || {
                    (0..200).map(|_| run(5, move |part| part + caller)).collect::<Vec<_>>()
                })
            })
            .collect();
        for (caller, handle) in callers.into_iter().enumerate() {
            for found in handle.join().expect("no panic") {
                assert_eq!(found, Some((0..5).map(|part| part + caller).collect()));
            }
        }
    }

    #[test]
    fn values_owned_by_a_task_are_released() {
        let held = Arc::new(());
        let own = Arc::clone(&held);
        run(4, move |_| Arc::strong_count(&own));
        let began = Instant::now();
        while Arc::strong_count(&held) > 1 && began.elapsed() < Duration::from_secs(10) {
            thread::yield_now();
        }
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
