//! What the configuration points to: certificates, keys and directories, loaded and judged.

use std::path::{Path, PathBuf};

use etp_pki::scheme::{Identity, SchemeFile};
use etp_pki::{Leaf, Role};
use guard_policies::chain::Chain;
use libetp::digest::Hash;
use softcard::DeviceKey;
use toml::Spanned;

use super::{Card, CardHome, ConfigError, Loaded};

/// Everything that was loaded.
pub struct Resolved {
    /// The scheme, if there is one.
    pub scheme: Option<SchemeFile>,
    /// The host's identity, if it has one.
    pub host: Option<HostIdentity>,
    /// The device key of each card, in the order of the file.
    pub device_keys: Vec<Option<DeviceKey>>,
    /// What may pass: the rule file, or the built-in rules alone.
    pub guard: Chain,
}

/// The host's certificate and key.
pub struct HostIdentity {
    /// What the certificate says.
    pub leaf: Leaf,
    /// Certificate and key.
    pub identity: Identity,
    /// DER of the intermediate that is sent along.
    pub intermediate: Vec<u8>,
}

impl Loaded {
    /// Loads everything, at a Unix time in seconds.
    ///
    /// # Errors
    /// All errors found, each with its place.
    pub fn resolve(&self, unix_s: u64) -> Result<Resolved, Vec<ConfigError>> {
        let mut errors = Vec::new();
        let scheme = collect(self.scheme(), &mut errors).flatten();
        let host = match &scheme {
            Some(scheme) => collect(self.host(scheme, unix_s), &mut errors).flatten(),
            None => None,
        };
        let mut device_keys = Vec::new();
        for card in &self.config.card {
            let key = self.card(card.get_ref());
            device_keys.push(collect(key, &mut errors).flatten());
        }
        let guard = collect(self.guard(), &mut errors).unwrap_or_default();
        collect(self.places(), &mut errors);
        if let Some(host) = &host {
            collect(self.peers_are_others(&host.leaf.key), &mut errors);
        }
        match errors.is_empty() {
            true => Ok(Resolved {
                scheme,
                host,
                device_keys,
                guard,
            }),
            false => Err(errors),
        }
    }

    fn scheme(&self) -> Result<Option<SchemeFile>, ConfigError> {
        let Some(file) = &self.config.scheme.file else {
            return Ok(None);
        };
        let scheme = SchemeFile::load(file.get_ref());
        scheme
            .map(Some)
            .map_err(|error| self.error_at(file, error.to_string()))
    }

    fn host(&self, scheme: &SchemeFile, unix_s: u64) -> Result<Option<HostIdentity>, ConfigError> {
        let host = &self.config.host;
        let (Some(certificate), Some(key)) = (&host.certificate, &host.key) else {
            return Ok(None);
        };
        let above = host
            .intermediate
            .as_ref()
            .map(|path| path.get_ref().as_path());
        let identity = Identity::load(certificate.get_ref(), above, key.get_ref());
        let identity = identity.map_err(|error| self.error_at(certificate, error.to_string()))?;
        let leaf = etp_pki::verify(&identity.leaf, Role::Host, &scheme.anchors());
        let valid = leaf.and_then(|leaf| leaf.valid_at(unix_s).map(|()| leaf));
        let leaf = valid.map_err(|error| {
            let path = certificate.get_ref().display();
            self.error_at(certificate, format!("{path}: {error}"))
        })?;
        let pinned = || scheme.intermediate(Role::Host).to_vec();
        let intermediate = identity.intermediate.clone().unwrap_or_else(pinned);
        Ok(Some(HostIdentity {
            leaf,
            identity,
            intermediate,
        }))
    }

    fn card(&self, card: &Card) -> Result<Option<DeviceKey>, ConfigError> {
        let (directory, device_key) = match &card.home {
            CardHome::Soft {
                directory,
                device_key,
            } => (directory, device_key),
            // Its process may be started later.
            CardHome::Process { socket, .. } => return self.fits(socket).map(|()| None),
        };
        if !directory.get_ref().is_dir() {
            let message = format!("{} is not a directory", directory.get_ref().display());
            let error = self.error_at(directory, message);
            return Err(error.help("`etpctl scheme enrol card` makes a soft card"));
        }
        let Some(file) = device_key else {
            return Ok(None);
        };
        let key = DeviceKey::load(file.get_ref(), directory.get_ref());
        key.map(Some)
            .map_err(|error| self.error_at(file, error.to_string()))
    }

    /// Errors in the rule file are about its own lines.
    fn guard(&self) -> Result<Chain, ConfigError> {
        match &self.config.guard.file {
            Some(file) => guard_policies::file::load(file.get_ref(), &self.rule_files()),
            None => Ok(Chain::default()),
        }
    }

    /// Socket and state are made at the start, so only what is above them must be there.
    fn places(&self) -> Result<(), ConfigError> {
        for place in [&self.config.daemon.socket, &self.config.daemon.state] {
            let existing = place
                .get_ref()
                .ancestors()
                .skip(1)
                .find(|above| above.exists());
            let existing = existing.unwrap_or(Path::new("."));
            if !existing.is_dir() && existing != Path::new("") {
                let message = format!("{} is not a directory", existing.display());
                return Err(self.error_at(place, message));
            }
        }
        self.fits(&self.config.daemon.socket)
    }

    fn fits(&self, socket: &Spanned<PathBuf>) -> Result<(), ConfigError> {
        let checked = libetp::local::check_length(socket.get_ref());
        checked.map_err(|error| self.error_at(socket, error.to_string()))
    }

    fn peers_are_others(&self, own: &Hash) -> Result<(), ConfigError> {
        let peers = self.config.peer.iter().map(|peer| &peer.get_ref().key);
        match peers.into_iter().find(|key| key.get_ref().0 == *own) {
            Some(key) => Err(self.error_at(key, "this is the key of this host itself")),
            None => Ok(()),
        }
    }
}

fn collect<T>(result: Result<T, ConfigError>, errors: &mut Vec<ConfigError>) -> Option<T> {
    result.map_err(|error| errors.push(error)).ok()
}
