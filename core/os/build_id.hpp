// The build of a program or library: the note NT_GNU_BUILD_ID that the linker
// writes into it. When a file is replaced, a process that has loaded it runs
// the previous build.
#pragma once

#include <string>

#include "core/base/bytes.hpp"

namespace ngx_vrrp::os {

// In hexadecimal, cut to 20 bytes; empty: these notes of a file have no build.
std::string build_id_in(Bytes notes);

struct LoadedFile {
    std::string path;  // as it was loaded; empty: the program itself
    std::string build_id;
};

// The file whose code or data is at the address, in this process.
LoadedFile loaded_file(const void *address);

// Of the file that has this name now; empty: not readable, or no build.
std::string build_id_of(const std::string &path);

}  // namespace ngx_vrrp::os
