//! A queue between two threads. It never spins: what waits, sleeps.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One end of a queue. It is closed when either end is dropped.
pub(crate) struct End<T>(Arc<Shared<T>>);

struct Shared<T> {
    state: Mutex<State<T>>,
    news: Condvar,
}

struct State<T> {
    waiting: VecDeque<T>,
    is_closed: bool,
}

/// Why nothing came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nothing {
    /// Not in time.
    Yet,
    /// The other end was dropped.
    Ever,
}

/// Both ends of a new queue.
pub(crate) fn queue<T>() -> (End<T>, End<T>) {
    let shared = Arc::new(Shared {
        state: Mutex::new(State {
            waiting: VecDeque::new(),
            is_closed: false,
        }),
        news: Condvar::new(),
    });
    (End(Arc::clone(&shared)), End(shared))
}

impl<T> End<T> {
    /// Puts something in; whether the other end is there.
    pub(crate) fn send(&self, item: T) -> bool {
        let mut state = self.lock();
        if state.is_closed {
            return false;
        }
        state.waiting.push_back(item);
        drop(state);
        self.0.news.notify_one();
        true
    }

    /// Waits for the next; `None` if there will be none.
    pub(crate) fn receive(&self) -> Option<T> {
        let waited = self.0.news.wait_while(self.lock(), |state| state.is_idle());
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.waiting.pop_front()
    }

    /// Waits for the next within a time.
    pub(crate) fn receive_within(&self, within: Duration) -> Result<T, Nothing> {
        let waited = self
            .0
            .news
            .wait_timeout_while(self.lock(), within, |state| state.is_idle());
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let item = state.waiting.pop_front();
        item.ok_or(match state.is_closed {
            true => Nothing::Ever,
            false => Nothing::Yet,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> std::fmt::Debug for End<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("End")
    }
}

impl<T> State<T> {
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && !self.is_closed
    }
}

impl<T> Drop for End<T> {
    fn drop(&mut self) {
        self.lock().is_closed = true;
        self.0.news.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_received_in_order_and_the_end_is_told() {
        let (near, far) = queue();
        assert_eq!(far.receive_within(Duration::ZERO), Err(Nothing::Yet));
        assert!(near.send(1) && near.send(2));
        drop(near);
        assert_eq!(far.receive(), Some(1));
        assert_eq!(far.receive_within(Duration::ZERO), Ok(2));
        assert_eq!(
            far.receive_within(Duration::from_secs(60)),
            Err(Nothing::Ever)
        );
        assert_eq!(far.receive(), None);
        let (near, far) = queue();
        drop(far);
        assert!(!near.send(3));
    }

    #[test]
    fn who_waits_is_woken_by_what_comes_and_by_the_end() {
        let ((ask, asked), (tell, told)) = (queue(), queue());
        let thread = std::thread::spawn(move || {
            while let Some(item) = asked.receive() {
                assert!(tell.send(item + 1));
            }
        });
        for item in 0..1_000 {
            assert!(ask.send(item));
            assert_eq!(told.receive_within(Duration::from_secs(60)), Ok(item + 1));
        }
        drop(ask);
        thread.join().expect("it ends");
    }
}
