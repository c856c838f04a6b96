//! When bytes reached a socket, rather than when this program, which shares the machine with the server, reads
//! them.
//!
//! Linux stamps each incoming packet and reports the stamp of the last one that a read took bytes from
//! (`SO_TIMESTAMPNS` in `socket(7)`). Elsewhere it is the time of the read.

use mio::net::TcpStream;
use std::io::Result;
use std::time::SystemTime;

/// Asks the kernel for the arrival times of this socket.
#[cfg(target_os = "linux")]
pub fn enable_timestamps(stream: &std::net::TcpStream) -> Result<()> {
    nix::sys::socket::setsockopt(stream, nix::sys::socket::sockopt::ReceiveTimestampns, &true)?;
    Ok(())
}

/// Reads once; returns the number of bytes and when the last of them arrived.
#[cfg(target_os = "linux")]
pub fn read(stream: &TcpStream, buffer: &mut [u8]) -> Result<(usize, SystemTime)> {
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};
    use nix::sys::time::TimeSpec;
    use std::io::IoSliceMut;
    use std::os::fd::AsRawFd;
    use std::time::Duration;

    let mut slices = [IoSliceMut::new(buffer)];
    let mut control = nix::cmsg_space!(TimeSpec);
    let received = recvmsg::<()>(stream.as_raw_fd(), &mut slices, Some(&mut control), MsgFlags::empty())?;
    let stamp = received.cmsgs()?.find_map(|message| match message {
        ControlMessageOwned::ScmTimestampns(stamp) => Some(SystemTime::UNIX_EPOCH + Duration::from(stamp)),
        _ => None,
    });
    Ok((received.bytes, stamp.unwrap_or_else(SystemTime::now)))
}

#[cfg(not(target_os = "linux"))]
pub fn enable_timestamps(_: &std::net::TcpStream) -> Result<()> {
    Ok(())
}

#[cfg(not(target_os = "linux"))]
pub fn read(mut stream: &TcpStream, buffer: &mut [u8]) -> Result<(usize, SystemTime)> {
    use std::io::Read;

    let read = stream.read(buffer)?;
    Ok((read, SystemTime::now()))
}
