//! One command, again and again: by a program itself, and through `etp-card-proxy`.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use card_proxy::socket::SocketLink;
use card_proxy::{Link, LinkError};
use libetp::exchange::{CommandBuilder, SelectCommand};
use libetp::local::Trust;
use libetp::params::Param;
use libetp::params::host::Ping;
use libetp::text::hex;
use libetp::{Domain, Port};
use system_tests::reader::{PcscService, ReaderUser, Slot, VirtualCard};
use system_tests::{Binaries, Deployment};

use super::{Cost, words};
use crate::bench::contender::cpu_us_of;
use crate::shell::Result;

/// How often the command is sent. Processor time of others is counted in steps of 10 ms.
const COUNT: usize = 20_000;
/// Only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes that are pinged with: the message has 100.
const NONCE_BYTES: usize = 63;

/// What a command costs a bare program, and `etp-card-proxy`. The card answers each but the first from memory.
pub(super) fn measure(binaries: &Binaries) -> Result<(Cost, Cost)> {
    let deployment = Deployment::create(binaries.clone()).map_err(words)?;
    let key = deployment.enrol("service", "service").map_err(words)?;
    let host = deployment.host("a", &key).map_err(words)?;
    let service = PcscService::start(&deployment.path().join("pcscd"), 2).map_err(words)?;
    let slot = service.slot(0);
    let mut card = VirtualCard::new(binaries, host.path().join("card"), &slot, &[]);
    card.insert().map_err(words)?;
    let commands = Commands::of(host.domain())?;
    let bare = bare(binaries, &slot, &commands)?;
    let proxied = proxied(
        binaries,
        &slot,
        &commands,
        deployment.path().join("card.sock"),
    )?;
    Ok((bare, proxied))
}

/// What is sent.
struct Commands {
    select: Vec<u8>,
    exchange: Vec<u8>,
}

impl Commands {
    /// For the card of a domain.
    fn of(domain: &str) -> Result<Self> {
        let domain: Domain = domain.parse().map_err(words)?;
        let nonce = vec![7; NONCE_BYTES];
        let message = Ping { nonce }.into_message(domain.entity(Port(1)), domain.card());
        let mut exchange = CommandBuilder::new(u32::from(u16::MAX), u32::from(u16::MAX));
        exchange.push(&message).map_err(words)?;
        let session = *b"bench...";
        Ok(Self {
            select: SelectCommand { session }.to_bytes(),
            exchange: exchange.finish(1),
        })
    }
}

fn bare(binaries: &Binaries, slot: &Slot, commands: &Commands) -> Result<Cost> {
    let mut user = ReaderUser::start(binaries, slot).map_err(words)?;
    let exchange = hex(&commands.exchange);
    let select = format!("transmit {}", hex(&commands.select));
    let once = format!("transmit {exchange}");
    for order in ["wait inserted", "connect exclusive", &select, &once] {
        let answer = user.ask(order).map_err(words)?;
        if !answer.starts_with("ok") {
            return Err(format!("{order}: {answer}"));
        }
    }
    let answer = user
        .ask(&format!("repeat {COUNT} {exchange}"))
        .map_err(words)?;
    let mut numbers = answer
        .split(' ')
        .skip(1)
        .map(|number| number.parse::<f64>().ok());
    let (cpu, elapsed) = numbers
        .next()
        .flatten()
        .zip(numbers.next().flatten())
        .ok_or(answer)?;
    user.ask("disconnect leave").map_err(words)?;
    Ok(Cost {
        cpu: cpu / COUNT as f64,
        elapsed: elapsed / COUNT as f64,
    })
}

fn proxied(binaries: &Binaries, slot: &Slot, commands: &Commands, socket: PathBuf) -> Result<Cost> {
    let proxy = Proxy::start(binaries, slot, &socket)?;
    let mut link = proxy.link(&socket)?;
    link.transmit(&commands.select).map_err(words)?;
    link.transmit(&commands.exchange).map_err(words)?;
    let (cpu, start) = (cpu_us_of(proxy.0.id())?, Instant::now());
    for _ in 0..COUNT {
        link.transmit(&commands.exchange).map_err(words)?;
    }
    let elapsed = start.elapsed().as_secs_f64() * 1e6;
    let cpu = cpu_us_of(proxy.0.id())? - cpu;
    Ok(Cost {
        cpu: cpu / COUNT as f64,
        elapsed: elapsed / COUNT as f64,
    })
}

/// `etp-card-proxy`, until this goes away.
struct Proxy(Child);

impl Proxy {
    fn start(binaries: &Binaries, slot: &Slot, socket: &Path) -> Result<Self> {
        let place = format!("{}={}", socket.display(), slot.reader);
        let program = binaries.program("etp-card-proxy");
        let program = slot.client(program.args(&["serve", "--card", &place]));
        program.background().map(Self).map_err(words)
    }

    /// The way to the card, once it has power.
    fn link(&self, socket: &Path) -> Result<SocketLink> {
        let deadline = Instant::now() + PATIENCE;
        let mut link = loop {
            match SocketLink::open(socket, Trust::default(), "bench") {
                Ok(link) => break link,
                Err(error) if Instant::now() > deadline => return Err(words(error)),
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        let mut powered = link.reset();
        while let Err(LinkError::Absent(why)) = powered {
            if Instant::now() > deadline {
                return Err(why);
            }
            std::thread::sleep(Duration::from_millis(5));
            powered = link.check();
        }
        powered.map_err(words)?;
        Ok(link)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
