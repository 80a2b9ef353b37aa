// Everything of the machine's own headers, before MQL5's names are declared: some of those are macros there.

#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#undef INT_MAX
#undef LONG_MAX
#undef LONG_MIN
#undef SEEK_CUR
#undef SEEK_END
#undef SEEK_SET
#undef UINT_MAX
#undef ULONG_MAX
