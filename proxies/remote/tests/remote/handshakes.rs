//! S4 at this place: who gets a link, and how. Every role's valid certificate is shown to a
//! listening and to a dialling proxy; only a configured host's passes.

use etp_pki::Role;
use remote_proxy::link::LinkError;
use remote_proxy::{Counter, HostIdentity, RemoteProxy};
use rustls::crypto::aws_lc_rs::kx_group;

use crate::support::{HostKey, NOW_AGO_S, Node, RogueTls, World, patiently, unix_now, until};

/// A proxy whose one configured peer is `peer`, waiting for it.
fn waiting(world: &World, peer: &HostKey) -> Node {
    Node::of(world, &world.host(101))
        .peer(peer.key, None, &[])
        .start()
}

/// Shows a certificate to a listening proxy; the counter under which it is refused.
async fn shown_as_client(world: &World, shown: &HostKey, tls: RogueTls) -> (Counter, String) {
    let mut node = waiting(world, shown);
    refused_client(&mut node, shown, tls).await
}

async fn refused_client(node: &mut Node, shown: &HostKey, tls: RogueTls) -> (Counter, String) {
    // TLS 1.3 lets the client believe in success before its certificate is judged.
    if let Ok((_endpoint, connection)) = tls.dial(shown, node.address()).await {
        patiently(connection.closed()).await;
    }
    refusal(node).await
}

/// Shows a certificate to a dialling proxy that expects exactly its key.
async fn shown_as_server(
    world: &World,
    shown: &HostKey,
    expected: &HostKey,
    tls: RogueTls,
) -> (Counter, String) {
    let endpoint = tls.listen(shown);
    let address = endpoint.local_addr().unwrap();
    let server = tokio::spawn(async move {
        while let Some(incoming) = endpoint.accept().await {
            drop(incoming.await);
        }
    });
    let mut node = Node::of(world, &world.host(101))
        .peer(expected.key, Some(address), &[])
        .start();
    let refused = refusal(&mut node).await;
    server.abort();
    assert_eq!(node.ups, 0);
    refused
}

async fn refusal(node: &mut Node) -> (Counter, String) {
    until([node], "a refusal", |[node]| !node.refused.is_empty()).await;
    let (_, counter, detail) = node.refused[0].clone();
    (counter, detail)
}

#[tokio::test]
async fn no_other_role_passes_as_a_client() {
    let world = World::new();
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Host) {
        let shown = world.holder(role, 102, unix_now(), 30);
        let (counter, detail) = shown_as_client(&world, &shown, RogueTls::default()).await;
        assert_eq!(counter, Counter::TlsRole, "{role}: {detail}");
        assert!(detail.contains(role.name()), "{detail}");
    }
}

#[tokio::test]
async fn no_other_role_passes_as_a_server() {
    let world = World::new();
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Host) {
        let shown = world.holder(role, 102, unix_now(), 30);
        let (counter, detail) = shown_as_server(&world, &shown, &shown, RogueTls::default()).await;
        assert_eq!(counter, Counter::TlsRole, "{role}: {detail}");
    }
}

#[tokio::test]
async fn a_configured_host_passes_in_both_directions() {
    let world = World::new();
    let (host_a, host_b) = (world.host(101), world.host(102));
    let mut b = Node::of(&world, &host_b)
        .peer(host_a.key, None, &[])
        .start();
    let mut a = Node::of(&world, &host_a)
        .peer(host_b.key, Some(b.address()), &[])
        .start();
    until([&mut a, &mut b], "up", |[a, b]| a.ups == 1 && b.ups == 1).await;
    assert!(a.refused.is_empty() && b.refused.is_empty());
}

#[tokio::test]
async fn a_host_out_of_date_is_refused() {
    let world = World::new();
    let expired = world.holder(Role::Host, 102, unix_now() - NOW_AGO_S, 10);
    let early = world.holder(Role::Host, 103, unix_now() + 5 * 86_400, 10);
    for shown in [&expired, &early] {
        let (counter, detail) = shown_as_client(&world, shown, RogueTls::default()).await;
        assert_eq!(counter, Counter::TlsExpired, "{detail}");
        let (counter, detail) = shown_as_server(&world, shown, shown, RogueTls::default()).await;
        assert_eq!(counter, Counter::TlsExpired, "{detail}");
    }
}

#[tokio::test]
async fn a_host_that_is_not_configured_is_refused_by_name() {
    let world = World::new();
    let (peer, stranger) = (world.host(102), world.host(103));
    let mut node = waiting(&world, &peer);
    let (counter, detail) = refused_client(&mut node, &stranger, RogueTls::default()).await;
    assert_eq!(counter, Counter::HostNotConfigured);
    let name = remote_proxy::KeyText(stranger.key).to_string();
    assert!(detail.contains(&name), "{detail}");
    assert_eq!(node.refused[0].0, Some(stranger.key));
}

#[tokio::test]
async fn a_valid_host_with_another_key_than_the_dialled_one_is_refused() {
    let world = World::new();
    let (peer, other) = (world.host(102), world.host(103));
    let (counter, _) = shown_as_server(&world, &other, &peer, RogueTls::default()).await;
    assert_eq!(counter, Counter::TlsWrongKey);
}

#[tokio::test]
async fn the_status_says_in_plain_words_who_refused_whom() {
    let world = World::new();
    let (peer, other) = (world.host(102), world.host(103));
    let mut listening = Node::of(&world, &peer).peer(other.key, None, &[]).start();
    let name = |key| remote_proxy::KeyText(key).to_string();
    let stranger = world.host(101);
    for (dialled, wanted) in [
        (
            peer.key,
            format!(
                "refused by the other host: host {} is not configured as a peer",
                name(stranger.key)
            ),
        ),
        (
            other.key,
            format!(
                "refused: host {} answered, {} was dialled",
                name(peer.key),
                name(other.key)
            ),
        ),
    ] {
        let mut dialling = Node::of(&world, &stranger)
            .peer(dialled, Some(listening.address()), &[])
            .start();
        until([&mut listening, &mut dialling], "a reason", |[_, node]| {
            !node.handle.status().links[&dialled].last_reason.is_empty()
        })
        .await;
        assert_eq!(dialling.handle.status().links[&dialled].last_reason, wanted);
    }
}

#[tokio::test]
async fn a_certificate_of_another_scheme_and_none_at_all_are_refused() {
    let world = World::new();
    let peer = world.host(102);
    let mut forged = peer.clone();
    // The issuer's signature is the last thing in a certificate.
    *forged.leaf.last_mut().unwrap() ^= 1;
    let (counter, _) = shown_as_client(&world, &forged, RogueTls::default()).await;
    assert_eq!(counter, Counter::TlsCertificate);
    let bare = RogueTls {
        certified: false,
        ..RogueTls::default()
    };
    let (counter, _) = shown_as_client(&world, &peer, bare).await;
    assert_eq!(counter, Counter::TlsCertificate);
}

#[tokio::test]
async fn a_host_without_the_key_of_its_certificate_is_refused() {
    let world = World::new();
    let (peer, thief) = (world.host(102), world.host(103));
    let stolen = HostKey {
        leaf: peer.leaf,
        ..thief
    };
    // rustls refuses to even configure this pair, so the configuration check is what is tested.
    let config = Node::of(&world, &stolen).config();
    let error = RemoteProxy::spawn(config, Box::new(|_| {})).err().unwrap();
    assert!(
        matches!(error, remote_proxy::ConfigError::Key(_)),
        "{error}"
    );
}

#[tokio::test]
async fn a_key_exchange_other_than_the_hybrid_is_refused() {
    let world = World::new();
    let peer = world.host(102);
    for group in [kx_group::X25519, kx_group::SECP256R1, kx_group::MLKEM768] {
        let tls = || RogueTls {
            groups: vec![group],
            ..RogueTls::default()
        };
        let (counter, detail) = shown_as_client(&world, &peer, tls()).await;
        assert_eq!(counter, Counter::TlsParameters, "{group:?}: {detail}");
    }
    let classical = RogueTls {
        groups: vec![kx_group::X25519],
        ..RogueTls::default()
    };
    never_up_with_server(&world, &peer, classical).await;
}

#[tokio::test]
async fn another_application_protocol_is_refused() {
    let world = World::new();
    let peer = world.host(102);
    let tls = || RogueTls {
        alpn: b"etp/2".to_vec(),
        ..RogueTls::default()
    };
    let (counter, detail) = shown_as_client(&world, &peer, tls()).await;
    assert_eq!(counter, Counter::TlsAlpn, "{detail}");
    never_up_with_server(&world, &peer, tls()).await;
}

/// A server that itself refuses our terms: nothing is refused here, and no link comes up.
async fn never_up_with_server(world: &World, peer: &HostKey, tls: RogueTls) {
    let endpoint = tls.listen(peer);
    let mut node = Node::of(world, &world.host(101))
        .peer(peer.key, Some(endpoint.local_addr().unwrap()), &[])
        .start();
    for _ in 0..2 {
        let incoming = patiently(endpoint.accept()).await.unwrap();
        assert!(patiently(async { incoming.await }).await.is_err());
    }
    node.pump();
    assert_eq!(node.ups, 0);
    assert!(!node.handle.status().links[&peer.key].last_reason.is_empty());
}

#[tokio::test]
async fn nothing_is_resumed_and_no_early_data_is_taken() {
    let world = World::new();
    let peer = world.host(102);
    let node = waiting(&world, &peer);
    let endpoint = quinn::Endpoint::client(([127, 0, 0, 1], 0).into()).unwrap();
    let config = RogueTls::default().resuming_client(&peer);
    for _ in 0..2 {
        let connecting = endpoint.connect_with(config.clone(), node.address(), "host.invalid");
        let connecting = connecting.unwrap();
        // The second time a ticket of the first would allow early data.
        let connection = match connecting.into_0rtt() {
            Ok(_) => panic!("early data was offered on a ticket"),
            Err(connecting) => connecting.await.unwrap(),
        };
        // A ticket would come with the server's first flight of data; its hello comes after.
        let (mut control, mut receive) = connection.open_bi().await.unwrap();
        let mut hello = Vec::new();
        crate::support::hello_of(&peer).write_to(&mut hello);
        control.write_all(&hello).await.unwrap();
        assert!(receive.read_chunk(1_000, true).await.unwrap().is_some());
        connection.close(0u32.into(), b"");
        endpoint.wait_idle().await;
    }
}

#[tokio::test]
async fn settings_that_can_not_work_are_named() {
    use remote_proxy::ConfigError;
    let world = World::new();
    let (own, peer) = (world.host(101), world.host(102));
    let card = world.card(11);
    let refused = |config| RemoteProxy::spawn(config, Box::new(|_| {})).err().unwrap();
    let base = || Node::of(&world, &own);
    let error = refused(base().peer(own.key, None, &[]).config());
    assert!(matches!(error, ConfigError::PeerIsSelf));
    let twice = base().peer(peer.key, None, &[]).peer(peer.key, None, &[]);
    assert!(matches!(refused(twice.config()), ConfigError::PeerTwice(_)));
    let routed =
        base()
            .peer(peer.key, None, &[card.domain])
            .peer(world.host(103).key, None, &[card.domain]);
    assert!(matches!(
        refused(routed.config()),
        ConfigError::RouteTwice(_)
    ));
    let local = base()
        .local(card.domain)
        .peer(peer.key, None, &[card.domain]);
    assert!(matches!(
        refused(local.config()),
        ConfigError::RouteIsLocal(_)
    ));
    let role = Node::of(&world, &world.holder(Role::Card, 9, unix_now(), 9));
    assert!(matches!(
        refused(role.config()),
        ConfigError::Certificate(_)
    ));
    let expired = world.holder(Role::Host, 9, unix_now() - NOW_AGO_S, 1);
    let expired = Node::of(&world, &expired);
    assert!(matches!(
        refused(expired.config()),
        ConfigError::Certificate(_)
    ));
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let taken = base().listen(Some(taken.local_addr().unwrap()));
    assert!(matches!(refused(taken.config()), ConfigError::Listen(..)));
}

#[test]
fn a_private_key_is_never_shown() {
    let identity: HostIdentity = World::new().host(101).identity();
    assert_eq!(format!("{identity:?}"), "HostIdentity { .. }");
    assert_eq!(
        LinkError::from_code(LinkError::NotAPeer as u64),
        Some(LinkError::NotAPeer)
    );
}
