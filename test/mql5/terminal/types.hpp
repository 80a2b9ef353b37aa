// The types of MQL5 as C++: UTF-16 strings, arrays that check every index, strict formatting. Stricter than a terminal on purpose:
// what MQL5 would forgive or leave to chance ends the run with a message.

#pragma once

#include "system.hpp"

namespace terminal {

[[noreturn]] void hardError(const std::string &what);
std::string toUtf8(const std::u16string &text);
std::u16string fromUtf8(const std::string &text);

using uchar = unsigned char;
using ushort = unsigned short;
using uint = unsigned int;
using ulong = unsigned long;
// Unsigned: a difference below zero wraps, as it does in a terminal.
using datetime = unsigned long;
using color = unsigned int;

class String {
 public:
  // NULL, which is no text and not equal to an empty one.
  String() = default;
  explicit String(const char16_t *text) : m_null(false), m_text(text) {}
  explicit String(std::u16string text) : m_null(false), m_text(std::move(text)) {}
  explicit String(const std::string &utf8) : m_null(false), m_text(fromUtf8(utf8)) {}

  const std::u16string &text() const { return m_text; }
  std::string utf8() const { return toUtf8(m_text); }
  String &operator+=(const String &other) {
    m_text += other.m_text;
    m_null = m_null && other.m_null;
    return *this;
  }
  friend String operator+(const String &a, const String &b) { return String(a.m_text + b.m_text); }
  friend bool operator==(const String &a, const String &b) { return a.m_null == b.m_null && a.m_text == b.m_text; }
  friend bool operator!=(const String &a, const String &b) { return !(a == b); }

 private:
  bool m_null = true;
  std::u16string m_text;
};
using string = String;

// New elements hold rubbish, so that nothing rests on their being zero.
template <class T>
struct Poison {
  using value_type = T;
  Poison() = default;
  template <class U>
  explicit Poison(const Poison<U> &) {}
  T *allocate(std::size_t count) { return static_cast<T *>(::operator new(count * sizeof(T))); }
  void deallocate(T *at, std::size_t) { ::operator delete(at); }
  template <class U>
  void construct(U *at) {
    std::memset(static_cast<void *>(at), 0xA5, sizeof(U));
    ::new (static_cast<void *>(at)) U;
  }
  template <class U, class... A>
  void construct(U *at, A &&...args) {
    ::new (static_cast<void *>(at)) U(std::forward<A>(args)...);
  }
  friend bool operator==(const Poison &, const Poison &) { return true; }
  friend bool operator!=(const Poison &, const Poison &) { return false; }
};

template <class T>
class Array {
 public:
  T &operator[](long index) {
    check(index);
    return m_items[static_cast<std::size_t>(index)];
  }
  const T &operator[](long index) const {
    check(index);
    return m_items[static_cast<std::size_t>(index)];
  }
  int size() const { return static_cast<int>(m_items.size()); }
  std::vector<T, Poison<T>> &items() { return m_items; }
  const std::vector<T, Poison<T>> &items() const { return m_items; }
  void resize(long count) {
    if (m_fixed) hardError("an array of fixed size was resized");
    if (count < 0) hardError("an array of negative size");
    m_items.resize(static_cast<std::size_t>(count));
  }

 protected:
  bool m_fixed = false;
  std::vector<T, Poison<T>> m_items;

 private:
  void check(long index) const {
    if (index < 0 || index >= static_cast<long>(m_items.size()))
      hardError("array out of range: " + std::to_string(index) + " of " + std::to_string(m_items.size()));
  }
};

template <class T, int N>
class Fixed : public Array<T> {
 public:
  Fixed() {
    this->m_items.resize(N);
    this->m_fixed = true;
  }
};

constexpr int WHOLE_ARRAY = -1;
constexpr uint CP_UTF8 = 65001;
constexpr int INVALID_HANDLE = -1;
constexpr long LONG_MAX = INT64_MAX;
constexpr long LONG_MIN = INT64_MIN;
constexpr ulong ULONG_MAX = UINT64_MAX;
constexpr int INT_MAX = INT32_MAX;
constexpr uint UINT_MAX = UINT32_MAX;

template <class T>
int ArraySize(const Array<T> &array) {
  return array.size();
}

template <class T>
int ArrayResize(Array<T> &array, int count, int reserve = 0) {
  const auto wanted = static_cast<std::size_t>(count < 0 ? 0 : count);
  // Before the new elements are there: what they hold is not to be copied.
  if (wanted > array.items().capacity()) array.items().reserve(wanted + static_cast<std::size_t>(reserve));
  array.resize(count);
  return count;
}

template <class T>
int ArrayCopy(Array<T> &target, const Array<T> &source, int to = 0, int from = 0, int count = WHOLE_ARRAY) {
  if (&target == &source) hardError("an array copied onto itself");
  if (to < 0 || from < 0 || from > source.size() || to > target.size()) hardError("ArrayCopy outside of an array");
  const int available = source.size() - from;
  const int wanted = count < 0 || count > available ? available : count;
  if (target.size() < to + wanted) target.resize(to + wanted);
  for (int i = 0; i < wanted; i++) target[to + i] = source[from + i];
  return wanted;
}

template <class T>
bool ArrayRemove(Array<T> &array, uint start, uint count) {
  static_assert(std::is_trivially_copyable_v<T>, "ArrayRemove moves bytes: take it for plain values only");
  const auto size = static_cast<uint>(array.size());
  if (start > size || count > size - start) hardError("ArrayRemove outside of an array");
  array.items().erase(array.items().begin() + start, array.items().begin() + start + count);
  return true;
}

template <class T>
void ZeroMemory(T &value) {
  value = T{};
}

template <class T>
T MathMax(T a, T b) {
  return a > b ? a : b;
}
template <class T>
T MathAbs(T value) {
  return value < T{} ? -value : value;
}
inline double MathRound(double value) { return std::round(value); }
inline bool MathIsValidNumber(double value) { return std::isfinite(value); }

// One argument of a format, with the width it was passed with: `%d` of a long prints half of it in a terminal.
struct FormatArgument {
  char kind;
  long whole;
  double real;
  std::u16string text;
};

inline FormatArgument formatArgument(int value) { return {'i', value, 0, {}}; }
inline FormatArgument formatArgument(ushort value) { return {'i', value, 0, {}}; }
inline FormatArgument formatArgument(uint value) { return {'u', static_cast<long>(value), 0, {}}; }
inline FormatArgument formatArgument(long value) { return {'I', value, 0, {}}; }
inline FormatArgument formatArgument(ulong value) { return {'U', static_cast<long>(value), 0, {}}; }
inline FormatArgument formatArgument(double value) { return {'f', 0, value, {}}; }
inline FormatArgument formatArgument(const String &value) { return {'s', 0, 0, value.text()}; }

String formatText(const String &format, const std::vector<FormatArgument> &arguments);
void printText(const String &text);

template <class... A>
String StringFormat(const String &format, const A &...arguments) {
  return formatText(format, {formatArgument(arguments)...});
}
template <class... A>
void PrintFormat(const String &format, const A &...arguments) {
  printText(formatText(format, {formatArgument(arguments)...}));
}
inline void Print(const String &text) { printText(text); }

int StringLen(const String &text);
ushort StringGetCharacter(const String &text, int position);
String StringSubstr(const String &text, int start, int length = -1);
int StringFind(const String &text, const String &wanted, int start = 0);
int StringSplit(const String &text, ushort separator, Array<String> &parts);
int StringTrimLeft(String &text);
int StringTrimRight(String &text);
bool StringToLower(String &text);
bool StringToUpper(String &text);
String ShortToString(ushort unit);
long StringToInteger(const String &text);
double StringToDouble(const String &text);
String DoubleToString(double value, int digits);
double NormalizeDouble(double value, int digits);
int StringToCharArray(const String &text, Array<uchar> &bytes, int start, int count, uint codepage);
String CharArrayToString(const Array<uchar> &bytes, int start, int count, uint codepage);

}  // namespace terminal
