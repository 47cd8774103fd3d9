//! Signals to process groups, which is how a runtime stops a container.

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Please end.
    Terminate,
    /// End.
    Kill,
    /// Freeze.
    Stop,
    /// Go on.
    Continue,
}

/// Sends a signal to the group that the process `leader` leads; a group that is gone is no error.
pub fn signal_group(leader: u32, signal: Signal) {
    let Some(group) = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw) else {
        return;
    };
    let signal = match signal {
        Signal::Terminate => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
        Signal::Stop => rustix::process::Signal::STOP,
        Signal::Continue => rustix::process::Signal::CONT,
    };
    let _ = rustix::process::kill_process_group(group, signal);
}
