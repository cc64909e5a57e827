//! The soft card: store, programs, randomness and link in one.

use std::fs::File;
use std::path::{Path, PathBuf};

use card_proxy::{Link, LinkError};
use etp_pki::{Anchors, Role};
use libetp::Domain;
use libetp::digest::Hash;
use libetp::exchange::{SelectCommand, SelectReply};
use oncard_keys::KeysProgram;
use oncard_runtime::{
    Card, CardError, Identity, OwnerSecrets, Personalisation, PinCost, PowerUp, Program,
    ServiceIdentity, ServiceKey, TriesLeft, gives_service,
};
use oncard_thirdparty::ThirdPartyProgram;
use oncard_trustedpals::PalsProgram;
use oncard_voucher::VoucherProgram;
use redb::backends::FileBackend;
use zeroize::Zeroizing;

use crate::device_key::{AtRest, DeviceKey};
use crate::directory;
use crate::error::{SoftCardError, random};
use crate::keys::KeyPair;
use crate::store::{RedbStore, StoreOpenError};

/// The state file in a card's directory.
const STATE_FILE: &str = "card.redb";
/// Its name until the card is complete.
const UNFINISHED_FILE: &str = "card.redb.new";

/// What a new card is made of.
#[derive(Debug)]
pub struct NewCard {
    /// The card's own keys.
    pub keys: KeyPair,
    /// The card's certificate over them, DER. It gives domain and class.
    pub certificate: Vec<u8>,
    /// The scheme's role intermediates.
    pub anchors: Anchors,
    /// Key ids of the third parties that the card trusts.
    pub third_parties: Vec<Hash>,
    /// Key id of the host that serves the card, if it is known yet.
    pub host_key: Option<Hash>,
    /// The owner's PIN, UTF-8.
    pub pin: Zeroizing<Vec<u8>>,
    /// What sets a new PIN when the old one is blocked or forgotten. `None`: nothing does.
    pub puk: Option<Zeroizing<Vec<u8>>>,
    /// What one try of the PIN or the PUK costs whoever has the state.
    pub pin_cost: PinCost,
    /// The service that the card gives, a third party's.
    pub service: Option<ServiceKey>,
    /// What protects the card at rest; kept outside its directory. `None`: nothing does.
    pub device_key: Option<DeviceKey>,
}

/// What a card says of itself to whoever holds its directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Its domain.
    pub domain: Domain,
    /// Its key id `K`.
    pub key: Hash,
    /// Its class.
    pub class: u8,
    /// Transactions so far.
    pub generation: u64,
    /// What protects it at rest.
    pub at_rest: AtRest,
    /// Key id of the service that it gives, a third party's.
    pub service: Option<Hash>,
    /// How often its PIN, and its PUK if it has one, may still be tried.
    pub tries_left: TriesLeft,
}

/// A card in a directory. Dropping it takes its power.
pub struct SoftCard {
    card: Card<RedbStore>,
    at_rest: AtRest,
    device_key: Option<DeviceKey>,
    /// The state file.
    state: PathBuf,
}

impl std::fmt::Debug for SoftCard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("SoftCard")
            .field(self.card.identity())
            .finish()
    }
}

impl SoftCard {
    /// Makes a card in a new or empty directory, whole or not at all, and powers it up.
    ///
    /// # Errors
    /// [`SoftCardError`]; then there is no card.
    pub fn create(directory: &Path, new: NewCard) -> Result<Self, SoftCardError> {
        let at_rest = match new.device_key {
            Some(_) => AtRest::DeviceKey,
            None => AtRest::None,
        };
        // All that can be wrong with a card is found before anything of it is on disk.
        let owner = OwnerSecrets {
            pin: &new.pin,
            puk: new.puk.as_ref().map(|puk| puk.as_slice()),
        };
        let writes = oncard_runtime::personalise(&personalisation(&new)?, owner, *random()?)?;
        directory::make_empty(directory)?;
        let unfinished = directory.join(UNFINISHED_FILE);
        let file = directory::create_private(&unfinished)?;
        backend(file)
            .and_then(|backend| RedbStore::create(backend, at_rest, &writes))
            .map_err(|error| SoftCardError::state(&unfinished, error))?;
        let state = directory.join(STATE_FILE);
        std::fs::rename(&unfinished, &state).map_err(SoftCardError::io(&state))?;
        directory::sync(directory)?;
        Self::open(directory, new.device_key)
    }

    /// Opens the card of a directory and powers it up. While it is open, nobody else can open it.
    ///
    /// # Errors
    /// [`SoftCardError`]; nothing is changed, and nothing is ever made anew in place of what does
    /// not open.
    pub fn open(directory: &Path, device_key: Option<DeviceKey>) -> Result<Self, SoftCardError> {
        directory::check_directory(directory).map_err(SoftCardError::or_no_card)?;
        let state = state_file(directory)?;
        let store = open_store(state.clone())?;
        let at_rest = store.at_rest().map_err(CardError::Store)?;
        match (at_rest, &device_key) {
            (AtRest::DeviceKey, None) => return Err(SoftCardError::DeviceKeyNeeded),
            (AtRest::None, Some(_)) => return Err(SoftCardError::DeviceKeyUnused),
            _ => {}
        }
        let power = power(device_key.as_ref())?;
        let programs = programs(&store)?;
        Ok(Self {
            state,
            at_rest,
            card: Card::new(store, programs, power)?,
            device_key,
        })
    }

    /// Who the card is.
    pub fn identity(&self) -> &Identity {
        self.card.identity()
    }

    /// The service that the card gives, if any.
    pub fn service(&self) -> Option<&ServiceIdentity> {
        self.card.service()
    }

    /// What protects the card at rest.
    pub fn at_rest(&self) -> AtRest {
        self.at_rest
    }

    /// What was ignored or refused since power-up, by name.
    pub fn counters(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.card.counters()
    }

    /// What the card says of itself. Ends the session of a host that selected it.
    ///
    /// # Errors
    /// [`SoftCardError::Card`] if the card is mute or its store cannot be read.
    pub fn info(&mut self) -> Result<Info, SoftCardError> {
        let select = SelectCommand {
            session: *random()?,
        };
        let response = self.card.transmit(&select.to_bytes());
        let fault = || {
            self.card
                .fault()
                .cloned()
                .unwrap_or(CardError::Damaged("head"))
        };
        let reply = SelectReply::parse(&response).map_err(|_| fault())?;
        let identity = self.card.identity();
        Ok(Info {
            domain: identity.domain,
            key: identity.key,
            class: identity.class,
            generation: reply.generation,
            at_rest: self.at_rest,
            service: self.card.service().map(|service| service.key),
            tries_left: self.card.tries_left()?,
        })
    }

    /// Resets the card; a store that failed is opened again.
    fn power_cycle(&mut self) -> Result<(), SoftCardError> {
        let recovered = self.card.store_mut().recover();
        recovered.map_err(|error| SoftCardError::state(&self.state, error))?;
        let power = power(self.device_key.as_ref())?;
        Ok(self.card.power_up(power)?)
    }
}

impl Link for SoftCard {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        Ok(self.card.transmit(command))
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.power_cycle()
            .map_err(|error| LinkError::Lost(error.to_string()))
    }
}

fn open_store(path: PathBuf) -> Result<RedbStore, SoftCardError> {
    let file = path.clone();
    let storage = move || {
        let opened = directory::open_private(&file, true);
        backend(opened.map_err(|error| StoreOpenError::File(Box::new(error)))?)
    };
    RedbStore::open(storage).map_err(|error| SoftCardError::state(&path, error))
}

fn backend(file: File) -> Result<FileBackend, StoreOpenError> {
    FileBackend::new(file).map_err(|error| StoreOpenError::Storage(error.to_string()))
}

/// Every card may compute with others: sessions say which class and code they demand of its certificate. A card
/// that gives a service is the third party as well.
fn programs(store: &RedbStore) -> Result<Vec<Box<dyn Program>>, CardError> {
    let mut programs: Vec<Box<dyn Program>> = vec![
        Box::new(KeysProgram),
        Box::new(VoucherProgram),
        Box::new(PalsProgram),
    ];
    if gives_service(store)? {
        programs.push(Box::new(ThirdPartyProgram));
    }
    Ok(programs)
}

fn power(device_key: Option<&DeviceKey>) -> Result<PowerUp, SoftCardError> {
    Ok(PowerUp {
        entropy: *random()?,
        device_key: device_key.map(|key| *key.0),
    })
}

/// Domain and class are the certificate's; that it is of these keys, the runtime checks.
fn personalisation(new: &NewCard) -> Result<Personalisation, SoftCardError> {
    let leaf = etp_pki::verify(&new.certificate, Role::Card, &new.anchors)
        .map_err(|error| CardError::Certificate(error.to_string()))?;
    Ok(Personalisation {
        domain: leaf
            .domain()
            .ok_or_else(|| CardError::Certificate("names no domain".to_owned()))?,
        sign_seed: *new.keys.sign,
        agree_secret: *new.keys.agree,
        certificate: new.certificate.clone(),
        anchors: new.anchors.clone(),
        class: leaf.class,
        host_key: new.host_key,
        third_parties: new.third_parties.clone(),
        device_key: new.device_key.as_ref().map(|key| *key.0),
        service: new.service.clone(),
        pin_cost: new.pin_cost,
    })
}

fn state_file(directory: &Path) -> Result<PathBuf, SoftCardError> {
    let state = directory.join(STATE_FILE);
    // A broken symbolic link counts as there: opening it names what is wrong.
    if state.symlink_metadata().is_ok() {
        return Ok(state);
    }
    match directory.join(UNFINISHED_FILE).exists() {
        true => Err(SoftCardError::Unfinished(directory.to_owned())),
        false => Err(SoftCardError::NoCard(directory.to_owned())),
    }
}
