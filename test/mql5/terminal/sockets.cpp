// Real sockets behind the terminal's functions. TLS is pretended: bytes go in clear, but a secured socket refuses the functions of a
// plain one and the other way round, as in a terminal.

#include "world.hpp"

namespace terminal {

namespace {

struct Socket {
  int descriptor = -1;
  bool tls = false;
  bool broken = false;
};
std::map<int, Socket> sockets;
int nextSocket = 1;

Socket &socketOf(int handle, bool tls) {
  const auto it = sockets.find(handle);
  if (it == sockets.end()) hardError("a socket handle that is not open");
  if (it->second.tls != tls) hardError(tls ? "a TLS function on a plain socket" : "a plain function on a TLS socket");
  return it->second;
}

Socket &anySocket(int handle) {
  const auto it = sockets.find(handle);
  if (it == sockets.end()) hardError("a socket handle that is not open");
  return it->second;
}

int available(const Socket &it) {
  int count = 0;
  ::ioctl(it.descriptor, FIONREAD, &count);
  return count;
}

int receive(Socket &it, Array<uchar> &bytes, uint count) {
  std::vector<uchar> read(knobs.socketChunk > 0 && knobs.socketChunk < count ? knobs.socketChunk : count);
  const ssize_t got = ::recv(it.descriptor, read.data(), read.size(), MSG_DONTWAIT);
  if (got == 0) it.broken = true;
  if (got <= 0) return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK) ? (it.broken = true, -1) : -1;
  bytes.resize(got);
  for (ssize_t i = 0; i < got; i++) bytes[i] = read[static_cast<std::size_t>(i)];
  return static_cast<int>(got);
}

int transmit(Socket &it, const Array<uchar> &bytes, uint count) {
  if (count > static_cast<uint>(bytes.size())) hardError("SocketSend of more than there is");
  const uint most = knobs.socketChunk > 0 && knobs.socketChunk < count ? knobs.socketChunk : count;
  const ssize_t sent = ::send(it.descriptor, bytes.items().data(), most, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return static_cast<int>(sent);
  if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
  it.broken = true;
  return -1;
}

}  // namespace

int SocketCreate(uint) {
  Socket it;
  it.descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockets.emplace(nextSocket, it);
  return nextSocket++;
}

bool SocketConnect(int handle, const String &host, uint port, uint timeoutMs) {
  Socket &it = anySocket(handle);
  // Every name is this machine.
  if (StringLen(host) == 0 || timeoutMs == 0) hardError("SocketConnect without host or timeout");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(it.descriptor, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0) {
    it.broken = true;
    return false;
  }
  const int one = 1;
  ::setsockopt(it.descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return true;
}

bool SocketClose(int handle) {
  ::close(anySocket(handle).descriptor);
  sockets.erase(handle);
  return true;
}

bool SocketIsConnected(int handle) {
  Socket &it = anySocket(handle);
  if (it.broken) return false;
  uchar one = 0;
  const ssize_t got = ::recv(it.descriptor, &one, 1, MSG_PEEK | MSG_DONTWAIT);
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

uint SocketIsReadable(int handle) {
  const int count = available(socketOf(handle, false));
  return count == 0 && knobs.socketLies ? 1 : static_cast<uint>(count);
}

bool SocketIsWritable(int handle) {
  pollfd it{anySocket(handle).descriptor, POLLOUT, 0};
  return ::poll(&it, 1, 0) == 1 && (it.revents & POLLOUT) != 0;
}

int SocketRead(int handle, Array<uchar> &bytes, uint count, uint timeoutMs) {
  Socket &it = socketOf(handle, false);
  if (timeoutMs == 0) hardError("SocketRead with timeout 0, which waits two minutes");
  if (timeoutMs > 20) hardError("SocketRead that may block the Expert Advisor");
  const uint there = static_cast<uint>(available(it));
  if (count > there && !(knobs.socketLies && there == 0 && count == 1)) hardError("SocketRead of more than SocketIsReadable said");
  return receive(it, bytes, count);
}

int SocketSend(int handle, const Array<uchar> &bytes, uint count) { return transmit(socketOf(handle, false), bytes, count); }

bool SocketTlsHandshake(int handle, const String &) {
  socketOf(handle, false).tls = true;
  return true;
}

bool SocketTlsCertificate(int handle, String &subject, String &issuer, String &serial, String &thumbprint, datetime &expiration) {
  socketOf(handle, true);
  subject = String(u"CN=localhost");
  issuer = subject;
  serial = String(u"01");
  thumbprint = String(u"00112233445566778899AABBCCDDEEFF00112233");
  expiration = TimeGMT() + 86400;
  return true;
}

int SocketTlsReadAvailable(int handle, Array<uchar> &bytes, uint count) {
  Socket &it = socketOf(handle, true);
  if (available(it) == 0 && SocketIsConnected(handle)) return 0;
  return receive(it, bytes, count);
}

int SocketTlsSend(int handle, const Array<uchar> &bytes, uint count) { return transmit(socketOf(handle, true), bytes, count); }

}  // namespace terminal
