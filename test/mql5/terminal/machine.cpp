// The machine under the terminal: clocks, files whose unflushed bytes die with the process, shared variables, hashes.

#include "world.hpp"

namespace terminal {

Knobs knobs;
std::string dataFolder;
std::map<std::string, double> sharedVariables;
int timerMs = 0;

namespace {
std::map<std::string, int> armed;
int lastError = 0;
constexpr long BROKER_OFFSET_SECONDS = 7200;

long utcMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}
}  // namespace

void tell(const std::string &line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

void armPoint(const std::string &point, int times) { armed[point] = times; }

void passPoint(const std::string &point) {
  const auto it = armed.find(point);
  if (it == armed.end() || --it->second > 0) return;
  tell("killed at " + point);
  ::kill(::getpid(), SIGKILL);
}

ulong GetTickCount64() {
  return static_cast<ulong>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count());
}
ulong GetMicrosecondCount() {
  return static_cast<ulong>(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count());
}
long brokerNowMs() { return utcMs() + BROKER_OFFSET_SECONDS * 1000; }
datetime TimeGMT() { return static_cast<datetime>(utcMs() / 1000 + knobs.clockOff); }
datetime TimeLocal() { return TimeGMT(); }
datetime TimeTradeServer() { return static_cast<datetime>(brokerNowMs() / 1000 + knobs.clockOff); }
datetime TimeCurrent() {
  long newest = 0;
  for (const auto &[name, symbol] : broker.symbols)
    if (!symbol.ticks.empty() && symbol.ticks.back().time_msc > newest) newest = symbol.ticks.back().time_msc;
  return static_cast<datetime>(newest / 1000);
}
void Sleep(int milliseconds) { ::usleep(static_cast<useconds_t>(milliseconds) * 1000); }
int GetLastError() { return lastError; }
void ResetLastError() { lastError = 0; }
long ChartID() { return 1; }
bool EventSetMillisecondTimer(int milliseconds) {
  // No terminal fires faster.
  timerMs = milliseconds < 10 ? 10 : milliseconds;
  return true;
}
void EventKillTimer() { timerMs = 0; }
long TerminalInfoInteger(ENUM_TERMINAL_INFO_INTEGER property) {
  switch (property) {
    case TERMINAL_BUILD:
      return 5000;
    case TERMINAL_CONNECTED:
      return 1;
    case TERMINAL_TRADE_ALLOWED:
      return knobs.tradeAllowed ? 1 : 0;
    case TERMINAL_PING_LAST:
      return 31000;
  }
  return 0;
}
String TerminalInfoString(ENUM_TERMINAL_INFO_STRING) { return String(dataFolder); }
long MQLInfoInteger(ENUM_MQL_INFO_INTEGER property) { return property == MQL_TRADE_ALLOWED ? 1 : 0; }

namespace {

struct OpenFile {
  int descriptor = -1;
  std::string name;
  long at = 0;
  // Written and not flushed.
  std::vector<std::pair<long, std::vector<uchar>>> pending;
};
std::map<int, OpenFile> files;
int nextHandle = 1;

std::string pathOf(const String &name, int flags) {
  std::string path = name.utf8();
  if (path.empty() || path.find("..") != std::string::npos || path.find(':') != std::string::npos || path[0] == '/')
    hardError("a file name outside of the sandbox: " + path);
  for (char &c : path)
    if (c == '\\') c = '/';
  return dataFolder + ((flags & FILE_COMMON) != 0 ? "/common/" : "/local/") + path;
}

bool exists(const std::string &path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0;
}

bool unwritable(const std::string &path) { return !knobs.unwritable.empty() && path.find(knobs.unwritable) != std::string::npos; }

OpenFile &fileOf(int handle) {
  const auto it = files.find(handle);
  if (it == files.end()) hardError("a file handle that is not open");
  return it->second;
}

void writeOut(OpenFile &file) {
  for (const auto &[at, bytes] : file.pending)
    if (::pwrite(file.descriptor, bytes.data(), bytes.size(), at) != static_cast<ssize_t>(bytes.size())) hardError("the harness cannot write");
  file.pending.clear();
}

long sizeOf(const OpenFile &file) {
  struct stat facts {};
  ::fstat(file.descriptor, &facts);
  long size = facts.st_size;
  for (const auto &[at, bytes] : file.pending)
    if (at + static_cast<long>(bytes.size()) > size) size = at + static_cast<long>(bytes.size());
  return size;
}

}  // namespace

int FileOpen(const String &name, int flags) {
  if ((flags & FILE_BIN) == 0) hardError("FileOpen without FILE_BIN");
  const std::string path = pathOf(name, flags);
  if ((flags & FILE_WRITE) != 0) {
    if (unwritable(path)) return INVALID_HANDLE;
    for (std::size_t at = dataFolder.size() + 1; (at = path.find('/', at)) != std::string::npos; at++) ::mkdir(path.substr(0, at).c_str(), 0755);
  }
  const int mode = (flags & FILE_WRITE) == 0 ? O_RDONLY : (flags & FILE_READ) != 0 ? O_RDWR | O_CREAT : O_RDWR | O_CREAT | O_TRUNC;
  const int descriptor = ::open(path.c_str(), mode | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    lastError = 5004;
    return INVALID_HANDLE;
  }
  OpenFile file;
  file.descriptor = descriptor;
  file.name = name.utf8();
  files.emplace(nextHandle, std::move(file));
  return nextHandle++;
}

void FileFlush(int handle) {
  OpenFile &file = fileOf(handle);
  const std::string name = file.name.substr(file.name.rfind('\\') + 1);
  if (!file.pending.empty()) passPoint("before-flush:" + name);
  const bool wrote = !file.pending.empty();
  writeOut(file);
  if (wrote) passPoint("after-flush:" + name);
}

void FileClose(int handle) {
  OpenFile &file = fileOf(handle);
  writeOut(file);
  ::close(file.descriptor);
  files.erase(handle);
}

ulong FileSize(int handle) { return static_cast<ulong>(sizeOf(fileOf(handle))); }

bool FileSeek(int handle, long offset, ENUM_FILE_POSITION origin) {
  OpenFile &file = fileOf(handle);
  const long at = offset + (origin == SEEK_SET ? 0 : origin == SEEK_CUR ? file.at : sizeOf(file));
  file.at = at < 0 ? 0 : at;
  return true;
}

uint FileReadArray(int handle, Array<uchar> &bytes, int start, int count) {
  OpenFile &file = fileOf(handle);
  if (!file.pending.empty()) hardError("a file read after writing without FileFlush: " + file.name);
  if (count < 0 || start != 0) hardError("FileReadArray without a count");
  std::vector<uchar> read(static_cast<std::size_t>(count));
  const ssize_t got = ::pread(file.descriptor, read.data(), read.size(), file.at);
  if (got <= 0) return 0;
  if (bytes.size() < got) bytes.resize(got);
  for (ssize_t i = 0; i < got; i++) bytes[i] = read[static_cast<std::size_t>(i)];
  file.at += got;
  return static_cast<uint>(got);
}

uint FileWriteArray(int handle, const Array<uchar> &bytes, int start, int count) {
  OpenFile &file = fileOf(handle);
  if (unwritable(file.name)) return 0;
  std::vector<uchar> copy;
  for (int i = start; i < start + count; i++) copy.push_back(bytes[i]);
  file.pending.emplace_back(file.at, std::move(copy));
  file.at += count;
  return static_cast<uint>(count);
}

bool FileMove(const String &from, int fromFlag, const String &to, int flags) {
  const std::string target = pathOf(to, flags);
  if (unwritable(target) || ((flags & FILE_REWRITE) == 0 && exists(target))) return false;
  passPoint("before-move:" + target.substr(target.rfind('/') + 1));
  return ::rename(pathOf(from, fromFlag).c_str(), target.c_str()) == 0;
}

bool FileIsExist(const String &name, int flag) { return exists(pathOf(name, flag)); }

bool GlobalVariableTemp(const String &name) {
  if (StringLen(name) > 63) hardError("a global variable's name of more than 63 characters");
  return sharedVariables.emplace(name.utf8(), 0.0).second;
}
double GlobalVariableGet(const String &name) {
  const auto it = sharedVariables.find(name.utf8());
  return it == sharedVariables.end() ? 0.0 : it->second;
}
bool GlobalVariableSetOnCondition(const String &name, double value, double expected) {
  const auto it = sharedVariables.find(name.utf8());
  if (it == sharedVariables.end() || std::abs(it->second - expected) > 0) return false;
  it->second = value;
  return true;
}

namespace {

uint32_t turn(uint32_t value, int by) { return value << by | value >> (32 - by); }

// The message with its padding: a one, zeros, the length in bits.
std::vector<uchar> padded(const Array<uchar> &data) {
  std::vector<uchar> out(data.items().begin(), data.items().end());
  const uint64_t bits = static_cast<uint64_t>(out.size()) * 8;
  out.push_back(0x80);
  while (out.size() % 64 != 56) out.push_back(0);
  for (int i = 7; i >= 0; i--) out.push_back(static_cast<uchar>(bits >> (8 * i)));
  return out;
}

uint32_t wordAt(const std::vector<uchar> &bytes, std::size_t at) {
  return static_cast<uint32_t>(bytes[at]) << 24 | static_cast<uint32_t>(bytes[at + 1]) << 16 | static_cast<uint32_t>(bytes[at + 2]) << 8 | bytes[at + 3];
}

std::vector<uint32_t> sha1(const std::vector<uchar> &bytes) {
  std::vector<uint32_t> h = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  for (std::size_t block = 0; block < bytes.size(); block += 64) {
    uint32_t w[80];
    for (std::size_t i = 0; i < 80; i++) w[i] = i < 16 ? wordAt(bytes, block + 4 * i) : turn(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int i = 0; i < 80; i++) {
      const uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 ? b ^ c ^ d : i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
      const uint32_t k = i < 20 ? 0x5A827999 : i < 40 ? 0x6ED9EBA1 : i < 60 ? 0x8F1BBCDC : 0xCA62C1D6;
      const uint32_t next = turn(a, 5) + f + e + k + w[i];
      e = d;
      d = c;
      c = turn(b, 30);
      b = a;
      a = next;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
  }
  return h;
}

// FIPS 180-4: the first 32 bits of the fractional parts of roots of primes.
uint32_t rootBits(int n, bool cube) {
  int prime = 2;
  for (int found = 0;; prime++) {
    bool is = true;
    for (int k = 2; k * k <= prime; k++) is = is && prime % k != 0;
    if (is && found++ == n) break;
  }
  const long double root = cube ? std::cbrt(static_cast<long double>(prime)) : std::sqrt(static_cast<long double>(prime));
  return static_cast<uint32_t>((root - std::floor(root)) * 4294967296.0L);
}

std::vector<uint32_t> sha256(const std::vector<uchar> &bytes) {
  static std::vector<uint32_t> k, start;
  for (int i = static_cast<int>(k.size()); i < 64; i++) k.push_back(rootBits(i, true));
  for (int i = static_cast<int>(start.size()); i < 8; i++) start.push_back(rootBits(i, false));
  std::vector<uint32_t> h = start;
  for (std::size_t block = 0; block < bytes.size(); block += 64) {
    uint32_t w[64];
    for (std::size_t i = 0; i < 64; i++) {
      if (i < 16) {
        w[i] = wordAt(bytes, block + 4 * i);
        continue;
      }
      const uint32_t s0 = turn(w[i - 15], 25) ^ turn(w[i - 15], 14) ^ w[i - 15] >> 3;
      const uint32_t s1 = turn(w[i - 2], 15) ^ turn(w[i - 2], 13) ^ w[i - 2] >> 10;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    std::vector<uint32_t> v = h;
    for (std::size_t i = 0; i < 64; i++) {
      const uint32_t s1 = turn(v[4], 26) ^ turn(v[4], 21) ^ turn(v[4], 7);
      const uint32_t one = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
      const uint32_t s0 = turn(v[0], 30) ^ turn(v[0], 19) ^ turn(v[0], 10);
      const uint32_t two = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
      v = {one + two, v[0], v[1], v[2], v[3] + one, v[4], v[5], v[6]};
    }
    for (std::size_t i = 0; i < 8; i++) h[i] += v[i];
  }
  return h;
}

std::string base64(const Array<uchar> &data) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (int i = 0; i < data.size(); i += 3) {
    uint32_t word = static_cast<uint32_t>(data[i]) << 16;
    if (i + 1 < data.size()) word |= static_cast<uint32_t>(data[i + 1]) << 8;
    if (i + 2 < data.size()) word |= data[i + 2];
    for (int k = 0; k < 4; k++) out += i + k > data.size() ? '=' : letters[word >> (18 - 6 * k) & 63];
  }
  return out;
}

}  // namespace

int CryptEncode(ENUM_CRYPT_METHOD method, const Array<uchar> &data, const Array<uchar> &key, Array<uchar> &result) {
  if (key.size() != 0) hardError("CryptEncode with a key for a method that takes none");
  if (&data == &result) hardError("CryptEncode onto its own source");
  result.resize(0);
  if (data.size() == 0) return 0;
  if (method == CRYPT_BASE64) {
    for (const char c : base64(data)) result.items().push_back(static_cast<uchar>(c));
    return result.size();
  }
  for (const uint32_t word : method == CRYPT_HASH_SHA1 ? sha1(padded(data)) : sha256(padded(data)))
    for (int shift = 24; shift >= 0; shift -= 8) result.items().push_back(static_cast<uchar>(word >> shift));
  return result.size();
}

}  // namespace terminal
