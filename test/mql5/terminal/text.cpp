// Strings and formats, as MQL5 defines them; wrong formats and positions end the run.

#include "types.hpp"

namespace terminal {

void hardError(const std::string &what) {
  std::printf("hard error: %s\n", what.c_str());
  std::fflush(stdout);
  // Not abort(): the sanitizers would add a page to it.
  std::_Exit(70);
}

std::string toUtf8(const std::u16string &text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i++) {
    uint32_t code = text[i];
    if (code >= 0xD800 && code < 0xDC00 && i + 1 < text.size() && text[i + 1] >= 0xDC00 && text[i + 1] < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (text[i + 1] - 0xDC00U);
      i++;
    } else if (code >= 0xD800 && code < 0xE000) {
      code = 0xFFFD;
    }
    const auto put = [&out](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xC0 | code >> 6);
      put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      put(0xE0 | code >> 12);
      put(0x80 | (code >> 6 & 0x3F));
      put(0x80 | (code & 0x3F));
    } else {
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3F));
      put(0x80 | (code >> 6 & 0x3F));
      put(0x80 | (code & 0x3F));
    }
  }
  return out;
}

std::u16string fromUtf8(const std::string &bytes) {
  std::u16string out;
  for (std::size_t i = 0; i < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    const std::size_t more = lead < 0x80 ? 0 : lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 9;
    if (more == 9 || i + more >= bytes.size()) {
      out.push_back(0xFFFD);
      i++;
      continue;
    }
    uint32_t code = more == 0 ? lead : lead & (0x3FU >> more);
    for (std::size_t k = 1; k <= more; k++) code = code << 6 | (static_cast<unsigned char>(bytes[i + k]) & 0x3FU);
    if (code >= 0x10000) {
      out.push_back(static_cast<char16_t>(0xD800 + ((code - 0x10000) >> 10)));
      out.push_back(static_cast<char16_t>(0xDC00 + ((code - 0x10000) & 0x3FF)));
    } else {
      out.push_back(static_cast<char16_t>(code));
    }
    i += more + 1;
  }
  return out;
}

namespace {

// One conversion: the flags and width as C has them, the letter, and whether it is a wide one.
struct Conversion {
  std::string flags;
  bool wide = false;
  char letter = 0;
};

Conversion readConversion(const std::string &format, std::size_t &at) {
  Conversion it;
  while (at < format.size() && std::strchr("-+ #0123456789.", format[at]) != nullptr) it.flags += format[at++];
  if (format.compare(at, 3, "I64") == 0) {
    it.wide = true;
    at += 3;
  }
  if (at < format.size()) it.letter = format[at++];
  return it;
}

std::string convert(const Conversion &it, const FormatArgument &argument, const std::string &format) {
  char out[512];
  const std::string wanted = it.wide ? (it.letter == 'd' ? "I" : it.letter == 'u' || it.letter == 'x' ? "U" : "")
                                     : (it.letter == 'd'   ? "i"
                                        : it.letter == 'u' ? "u"
                                        : it.letter == 'x' ? "iu"
                                        : it.letter == 'f' ? "f"
                                        : it.letter == 's' ? "s"
                                                           : "");
  if (wanted.find(argument.kind) == std::string::npos)
    hardError("the format \"" + format + "\" has %" + (it.wide ? "I64" : "") + it.letter + " for an argument of kind " + argument.kind);
  if (argument.kind == 's') return toUtf8(argument.text);
  const std::string c = "%" + it.flags + (argument.kind == 'f' ? "" : "l") + it.letter;
  if (argument.kind == 'f')
    std::snprintf(out, sizeof out, c.c_str(), argument.real);
  else if (argument.kind == 'i' && it.letter == 'x')
    std::snprintf(out, sizeof out, c.c_str(), static_cast<long>(static_cast<uint>(argument.whole)));
  else
    std::snprintf(out, sizeof out, c.c_str(), argument.whole);
  return out;
}

}  // namespace

String formatText(const String &formatted, const std::vector<FormatArgument> &arguments) {
  const std::string format = formatted.utf8();
  std::string out;
  std::size_t used = 0;
  for (std::size_t at = 0; at < format.size();) {
    if (format[at] != '%') {
      out += format[at++];
      continue;
    }
    at++;
    if (at < format.size() && format[at] == '%') {
      out += format[at++];
      continue;
    }
    const Conversion it = readConversion(format, at);
    if (used >= arguments.size()) hardError("the format \"" + format + "\" wants more arguments");
    out += convert(it, arguments[used++], format);
  }
  if (used != arguments.size()) hardError("the format \"" + format + "\" wants fewer arguments");
  return String(out);
}

void printText(const String &text) {
  std::printf("log %s\n", text.utf8().c_str());
  std::fflush(stdout);
}

int StringLen(const String &text) { return static_cast<int>(text.text().size()); }

ushort StringGetCharacter(const String &text, int position) {
  if (position < 0 || position >= StringLen(text)) hardError("StringGetCharacter outside of a text");
  return text.text()[static_cast<std::size_t>(position)];
}

String StringSubstr(const String &text, int start, int length) {
  if (start < 0) hardError("StringSubstr before a text");
  if (start >= StringLen(text)) return String();
  return String(text.text().substr(static_cast<std::size_t>(start), length < 0 ? std::u16string::npos : static_cast<std::size_t>(length)));
}

int StringFind(const String &text, const String &wanted, int start) {
  if (start < 0) hardError("StringFind before a text");
  const auto at = text.text().find(wanted.text(), static_cast<std::size_t>(start));
  return at == std::u16string::npos ? -1 : static_cast<int>(at);
}

int StringSplit(const String &text, ushort separator, Array<String> &parts) {
  parts.resize(0);
  std::u16string part;
  for (const char16_t unit : text.text()) {
    if (unit == separator) {
      parts.items().push_back(String(part));
      part.clear();
    } else {
      part.push_back(unit);
    }
  }
  parts.items().push_back(String(part));
  return parts.size();
}

namespace {
bool isBlank(char16_t unit) { return unit == ' ' || unit == '\t' || unit == '\r' || unit == '\n'; }
}  // namespace

int StringTrimLeft(String &text) {
  std::size_t from = 0;
  while (from < text.text().size() && isBlank(text.text()[from])) from++;
  text = String(text.text().substr(from));
  return static_cast<int>(from);
}

int StringTrimRight(String &text) {
  std::size_t end = text.text().size();
  const std::size_t before = end;
  while (end > 0 && isBlank(text.text()[end - 1])) end--;
  text = String(text.text().substr(0, end));
  return static_cast<int>(before - end);
}

namespace {
bool shiftCase(String &text, char16_t from, char16_t to, int by) {
  std::u16string out = text.text();
  for (char16_t &unit : out)
    if (unit >= from && unit <= to) unit = static_cast<char16_t>(unit + by);
  text = String(out);
  return true;
}
}  // namespace

bool StringToLower(String &text) { return shiftCase(text, 'A', 'Z', 32); }
bool StringToUpper(String &text) { return shiftCase(text, 'a', 'z', -32); }
String ShortToString(ushort unit) { return String(std::u16string(1, unit)); }
long StringToInteger(const String &text) { return std::strtol(text.utf8().c_str(), nullptr, 10); }
double StringToDouble(const String &text) { return std::strtod(text.utf8().c_str(), nullptr); }

String DoubleToString(double value, int digits) {
  char out[400];
  std::snprintf(out, sizeof out, "%.*f", digits, value);
  return String(std::string(out));
}

double NormalizeDouble(double value, int digits) {
  const double scale = std::pow(10.0, digits);
  return std::round(value * scale) / scale;
}

int StringToCharArray(const String &text, Array<uchar> &bytes, int start, int count, uint codepage) {
  if (codepage != CP_UTF8) hardError("StringToCharArray with a codepage other than CP_UTF8");
  if (start != 0 || count != WHOLE_ARRAY) hardError("StringToCharArray of a part of a text");
  const std::string utf8 = text.utf8();
  bytes.resize(static_cast<long>(utf8.size()) + 1);
  for (std::size_t i = 0; i <= utf8.size(); i++) bytes[static_cast<long>(i)] = i < utf8.size() ? static_cast<uchar>(utf8[i]) : uchar{0};
  return bytes.size();
}

String CharArrayToString(const Array<uchar> &bytes, int start, int count, uint codepage) {
  if (codepage != CP_UTF8) hardError("CharArrayToString with a codepage other than CP_UTF8");
  if (start < 0 || start > bytes.size()) hardError("CharArrayToString outside of an array");
  const int end = count < 0 || start + count > bytes.size() ? bytes.size() : start + count;
  std::string utf8;
  for (int i = start; i < end && bytes[i] != 0; i++) utf8.push_back(static_cast<char>(bytes[i]));
  return String(utf8);
}

}  // namespace terminal
