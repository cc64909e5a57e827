//! The streams of one connection: a control stream, and lanes in both directions.

use std::cell::Cell;
use std::rc::Rc;

use libetp::digest::Hash;
use quinn::{Connection, ReadError, RecvStream, VarInt, WriteError};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::Driver;
use super::connect::reason;
use super::streams::ResetOnDrop;
use crate::limits::LANES;
use crate::link::{
    ConnectionId, Control, Frame, FrameReader, LinkError, LinkFault, MessageFrame, Pending,
    StreamKind, kind, parse_lane, write,
};

/// Most bytes taken from a stream at once.
const READ_BYTES_MAX: usize = 256 << 10;

/// A connection, and how its writers are woken.
pub(super) struct Wires {
    pub(super) host: Hash,
    pub(super) id: ConnectionId,
    connection: Connection,
    dialled: bool,
    control: Notify,
    lanes: [Notify; LANES],
    /// Told when the link is up on this connection.
    up: Notify,
    is_up: Cell<bool>,
    /// Lanes that the peer has opened.
    opened: Cell<[bool; LANES]>,
}

/// How a connection ends.
enum End {
    /// It was lost, or closed by either side.
    Lost(String),
    /// The peer broke the protocol.
    Fault(LinkFault),
}

impl From<LinkFault> for End {
    fn from(fault: LinkFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<quinn::ConnectionError> for End {
    fn from(error: quinn::ConnectionError) -> Self {
        Self::Lost(reason(&error))
    }
}

impl From<WriteError> for End {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::ConnectionLost(error) => error.into(),
            other => Self::Fault(LinkFault::new(LinkError::StreamEnded, other.to_string())),
        }
    }
}

impl From<ReadError> for End {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::ConnectionLost(error) => error.into(),
            other => Self::Fault(LinkFault::new(LinkError::StreamEnded, other.to_string())),
        }
    }
}

impl Wires {
    pub(super) fn new(host: Hash, id: ConnectionId, connection: Connection, dialled: bool) -> Self {
        Self {
            host,
            id,
            connection,
            dialled,
            control: Notify::new(),
            lanes: Default::default(),
            up: Notify::new(),
            is_up: Cell::new(false),
            opened: Cell::default(),
        }
    }

    pub(super) fn wake(&self, pending: Pending, current: bool) {
        if pending.control {
            self.control.notify_one();
        }
        for (lane, pending) in self.lanes.iter().zip(pending.lanes) {
            if pending {
                lane.notify_one();
            }
        }
        if current && !self.is_up.replace(true) {
            self.up.notify_waiters();
        }
    }

    pub(super) fn close(&self, fault: &LinkFault) {
        let code = VarInt::from_u32(fault.error as u32);
        self.connection.close(code, fault.detail.as_bytes());
    }

    async fn until_up(&self) {
        while !self.is_up.get() {
            self.up.notified().await;
        }
    }

    fn open_lane(&self, lane: usize) -> Result<(), LinkFault> {
        let mut opened = self.opened.get();
        if std::mem::replace(&mut opened[lane], true) {
            return Err(LinkFault::new(
                LinkError::Lane,
                format!("lane {lane} opened twice"),
            ));
        }
        self.opened.set(opened);
        Ok(())
    }
}

/// Runs a connection to its end. The first of its tasks that ends, ends all.
pub(super) async fn serve(driver: Rc<Driver>, wires: Rc<Wires>) {
    let (host, id) = (wires.host, wires.id);
    let end = match streams(&driver, &wires).await {
        Ok(end) | Err(end) => end,
    };
    match end {
        End::Lost(reason) => driver.turn(host, |hub, now| hub.closed(now, host, id, &reason)),
        End::Fault(fault) => driver.turn(host, |hub, now| hub.violated(now, host, id, fault)),
    }
    driver.wires.borrow_mut().remove(&(host, id));
}

async fn streams(driver: &Rc<Driver>, wires: &Rc<Wires>) -> Result<End, End> {
    let (send, receive) = match wires.dialled {
        true => wires.connection.open_bi().await?,
        false => wires.connection.accept_bi().await?,
    };
    let mut tasks = JoinSet::new();
    let (d, w) = (driver.clone(), wires.clone());
    tasks.spawn_local(async move { write_control(&d, &w, send).await.err() });
    let (d, w) = (driver.clone(), wires.clone());
    tasks.spawn_local(async move { read_control(&d, &w, receive).await.err() });
    let (d, w) = (driver.clone(), wires.clone());
    tasks.spawn_local(async move { accept_lanes(&d, &w).await.err() });
    for lane in 0..LANES {
        let (d, w) = (driver.clone(), wires.clone());
        tasks.spawn_local(async move { write_lane(&d, &w, lane).await.err() });
    }
    Ok(first_end(&mut tasks).await)
}

/// How the first task ended. Tasks end only with a reason.
async fn first_end(tasks: &mut JoinSet<Option<End>>) -> End {
    let ended = tasks.join_next().await;
    let end = ended.and_then(|ended| ended.ok().flatten());
    end.unwrap_or_else(|| End::Lost("a task of the connection failed".to_owned()))
}

async fn write_control(
    driver: &Rc<Driver>,
    wires: &Wires,
    stream: quinn::SendStream,
) -> Result<(), End> {
    let (host, id) = (wires.host, wires.id);
    let mut stream = ResetOnDrop::new(stream);
    loop {
        while let Some(batch) = driver.turn(host, |hub, now| hub.transmit_control(now, host, id)) {
            stream.write(batch).await?;
        }
        wires.control.notified().await;
    }
}

async fn read_control(
    driver: &Rc<Driver>,
    wires: &Wires,
    mut stream: RecvStream,
) -> Result<(), End> {
    let (host, id) = (wires.host, wires.id);
    let mut reader = FrameReader::new(StreamKind::Control);
    while let Some(chunk) = stream.read_chunk(READ_BYTES_MAX, true).await? {
        driver.turn(host, |hub, now| {
            reader.feed(&chunk.bytes, &mut |frame| {
                hub.control(now, host, id, Control::decode(frame)?)
            })
        })?;
    }
    Err(ended(&reader).into())
}

async fn write_lane(driver: &Rc<Driver>, wires: &Wires, lane: usize) -> Result<(), End> {
    let (host, id) = (wires.host, wires.id);
    wires.until_up().await;
    let mut stream = ResetOnDrop::new(wires.connection.open_uni().await?);
    let mut first = Vec::new();
    write(&mut first, kind::LANE, &[&[lane as u8]]);
    stream.write(first).await?;
    loop {
        while let Some(batch) = driver.turn(host, |hub, now| hub.transmit(now, host, id, lane)) {
            stream.write(batch).await?;
        }
        wires.lanes[lane].notified().await;
    }
}

/// Reads the peer's lanes. None is looked at before its hello: sequences mean nothing till then.
async fn accept_lanes(driver: &Rc<Driver>, wires: &Rc<Wires>) -> Result<(), End> {
    wires.until_up().await;
    let mut readers = JoinSet::new();
    loop {
        tokio::select! {
            stream = wires.connection.accept_uni() => {
                let (driver, wires, stream) = (driver.clone(), wires.clone(), stream?);
                readers.spawn_local(async move { read_lane(&driver, &wires, stream).await.err() });
            }
            end = first_end(&mut readers), if !readers.is_empty() => return Err(end),
        }
    }
}

async fn read_lane(driver: &Rc<Driver>, wires: &Wires, mut stream: RecvStream) -> Result<(), End> {
    let (host, id) = (wires.host, wires.id);
    let mut reader = FrameReader::new(StreamKind::Lane);
    let mut lane = None;
    while let Some(chunk) = stream.read_chunk(READ_BYTES_MAX, true).await? {
        driver.turn(host, |hub, now| {
            reader.feed(
                &chunk.bytes,
                &mut |frame| match message_of(wires, &mut lane, frame)? {
                    Some((lane, message)) => hub.message(now, host, id, lane, message),
                    None => Ok(()),
                },
            )
        })?;
    }
    Err(ended(&reader).into())
}

/// The message of a frame; `None` for the first, which names the lane.
fn message_of<'b>(
    wires: &Wires,
    lane: &mut Option<usize>,
    frame: Frame<'b>,
) -> Result<Option<(usize, MessageFrame<'b>)>, LinkFault> {
    match (*lane, frame.kind) {
        (None, kind::LANE) => {
            let named = parse_lane(frame.body)?;
            wires.open_lane(named)?;
            *lane = Some(named);
            Ok(None)
        }
        (Some(lane), kind::MESSAGE) => Ok(Some((lane, MessageFrame::parse(frame.body)?))),
        _ => Err(LinkFault::new(
            LinkError::FrameOrder,
            "a stream begins with its lane, once",
        )),
    }
}

fn ended(reader: &FrameReader) -> LinkFault {
    let detail = match reader.at_boundary() {
        true => "a stream ended that lasts as long as its link",
        false => "a stream ended inside a frame",
    };
    LinkFault::new(LinkError::StreamEnded, detail)
}
