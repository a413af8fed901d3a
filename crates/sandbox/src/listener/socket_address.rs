//! Addresses as system calls have them (`ip(7)`, `ipv6(7)`). They come from the memory of a worker.

use std::net::{IpAddr, SocketAddr};

/// Bytes of the largest address that is looked at: `struct sockaddr_in6`.
pub(super) const SIZE: usize = 28;

/// `struct sockaddr_in` or `struct sockaddr_in6`; `None` for another family, and for one that is cut off.
pub(super) fn parse(bytes: &[u8]) -> Option<SocketAddr> {
    let family = u16::from_ne_bytes(*bytes.first_chunk()?);
    let port = u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?);
    let address: IpAddr = match i32::from(family) {
        libc::AF_INET => (*bytes.get(4..)?.first_chunk::<4>()?).into(),
        libc::AF_INET6 => (*bytes.get(8..)?.first_chunk::<16>()?).into(),
        _ => return None,
    };
    Some(SocketAddr::new(address.to_canonical(), port))
}

/// The inverse of [`parse`].
pub(super) fn encode(address: SocketAddr) -> Vec<u8> {
    let port = address.port().to_be_bytes();
    match address.ip() {
        IpAddr::V4(ip) => [&(libc::AF_INET as u16).to_ne_bytes()[..], &port, &ip.octets(), &[0; 8]].concat(),
        IpAddr::V6(ip) => [&(libc::AF_INET6 as u16).to_ne_bytes()[..], &port, &[0; 4], &ip.octets(), &[0; 4]].concat(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_read_as_the_kernel_does() {
        assert_eq!(parse(&[2, 0, 0x01, 0xbb, 192, 0, 2, 7, 0, 0, 0, 0]), "192.0.2.7:443".parse().ok());
        let mut mapped = vec![10, 0, 0, 80, 0, 0, 0, 0];
        mapped.extend("::ffff:192.0.2.7".parse::<std::net::Ipv6Addr>().unwrap().octets());
        assert_eq!(parse(&mapped), "192.0.2.7:80".parse().ok());
        assert_eq!(parse(&[1, 0, b'/', b't', b'm', b'p', 0, 0]), None);
        assert_eq!(parse(&[2, 0, 0]), None);
    }

    proptest! {
        #[test]
        fn an_address_survives_its_encoding(ip: IpAddr, port: u16) {
            let address = SocketAddr::new(ip.to_canonical(), port);
            prop_assert_eq!(parse(&encode(address)), Some(address));
        }

        #[test]
        fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&bytes);
        }
    }
}
