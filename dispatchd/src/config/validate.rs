//! What serde cannot see: settings that contradict or need each other.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::Spanned;

use super::{CardHome, Config, ConfigError, Loaded};

impl Config {
    /// Every path in the file.
    pub(super) fn paths_mut(&mut self) -> Vec<&mut Spanned<PathBuf>> {
        let host = &mut self.host;
        let mut paths = vec![&mut self.daemon.socket, &mut self.daemon.state];
        let optional = [&mut host.certificate, &mut host.intermediate, &mut host.key];
        paths.extend(optional.into_iter().flatten());
        paths.extend(&mut self.scheme.file);
        paths.extend(&mut self.guard.file);
        for card in &mut self.card {
            paths.extend(card.get_mut().paths_mut());
        }
        paths
    }

    /// Whether any setting asks for links to other hosts.
    pub fn has_links(&self) -> bool {
        self.remote.listen.is_some() || !self.peer.is_empty()
    }
}

impl Loaded {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        self.links_have_an_identity()?;
        self.scheme_is_there()?;
        self.cards_are_distinct()?;
        self.state_is_outside_cards()?;
        self.peers_are_distinct()?;
        self.log_level_is_a_filter()
    }

    /// A setting that asks for links, if there is one.
    fn link_setting(&self, message: &str) -> Option<ConfigError> {
        let listen = self.config.remote.listen.as_ref();
        let peer = self.config.peer.first();
        let listen = listen.map(|listen| self.error_at(listen, message));
        listen.or_else(|| peer.map(|peer| self.error_at(peer, message)))
    }

    fn links_have_an_identity(&self) -> Result<(), ConfigError> {
        let host = &self.config.host;
        if host.certificate.is_some() && host.key.is_some() {
            return Ok(());
        }
        let lone = host.certificate.as_ref().or(host.key.as_ref());
        if let Some(lone) = lone {
            let message = "[host] wants both `certificate` and `key`";
            return Err(self.error_at(lone, message));
        }
        match self.link_setting("links to other hosts want [host] certificate and key") {
            Some(error) => Err(error.help("`etpctl scheme enrol host` makes them")),
            None => Ok(()),
        }
    }

    fn scheme_is_there(&self) -> Result<(), ConfigError> {
        if self.config.scheme.file.is_some() {
            return Ok(());
        }
        let message = "[scheme] `file` is missing: certificates are verified against it";
        let card = self
            .config
            .card
            .first()
            .map(|card| self.error_at(card, message));
        match card.or_else(|| self.link_setting(message)) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn cards_are_distinct(&self) -> Result<(), ConfigError> {
        let mut seen = BTreeMap::new();
        for card in &self.config.card {
            let place = card.get_ref().place();
            if seen.insert(place.get_ref(), ()).is_some() {
                let message = format!("two cards in {}", place.get_ref().display());
                return Err(self.error_at(place, message));
            }
        }
        Ok(())
    }

    /// A witness that is restored together with the card sees nothing.
    fn state_is_outside_cards(&self) -> Result<(), ConfigError> {
        let state = &self.config.daemon.state;
        for card in &self.config.card {
            let CardHome::Soft {
                directory,
                device_key,
            } = &card.get_ref().home
            else {
                continue;
            };
            if state.get_ref().starts_with(directory.get_ref()) {
                let message = "`state` lies in a card's directory: the rollback witness must not \
                               be restored together with the card";
                return Err(self.error_at(state, message));
            }
            self.device_key_is_outside(directory, device_key.as_ref())?;
        }
        Ok(())
    }

    fn device_key_is_outside(
        &self,
        directory: &Spanned<PathBuf>,
        key: Option<&Spanned<PathBuf>>,
    ) -> Result<(), ConfigError> {
        let Some(key) = key else {
            return Ok(());
        };
        let places = [directory.get_ref(), self.config.daemon.state.get_ref()];
        match places
            .into_iter()
            .find(|place| key.get_ref().starts_with(place))
        {
            Some(_) => Err(self.error_at(key, "`device_key` lies beside what it protects")),
            None => Ok(()),
        }
    }

    fn peers_are_distinct(&self) -> Result<(), ConfigError> {
        let (mut keys, mut domains) = (BTreeMap::new(), BTreeMap::new());
        for peer in &self.config.peer {
            let peer = peer.get_ref();
            if keys.insert(*peer.key.get_ref(), ()).is_some() {
                return Err(self.error_at(&peer.key, "two [[peer]] sections with this key"));
            }
            for domain in &peer.domains {
                if domains.insert(*domain.get_ref(), ()).is_some() {
                    return Err(self.error_at(domain, "this domain is routed twice"));
                }
            }
        }
        Ok(())
    }

    fn log_level_is_a_filter(&self) -> Result<(), ConfigError> {
        let level = &self.config.log.level;
        let known = ["error", "warn", "info", "debug", "trace", "off"];
        let filter = level.get_ref();
        let good = match filter.contains(['=', ',']) {
            true => tracing_subscriber::EnvFilter::try_new(filter).is_ok(),
            false => known.contains(&filter.as_str()),
        };
        match good {
            true => Ok(()),
            false => {
                let message = format!("`{filter}` is not a log level");
                let help = "error, warn, info, debug, trace, off, or target=level,..";
                Err(self.error_at(level, message).help(help))
            }
        }
    }
}
