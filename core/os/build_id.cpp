#include "core/os/build_id.hpp"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <vector>

#include "core/os/fd.hpp"

namespace ngx_vrrp::os {

namespace {

constexpr std::size_t kMostIdBytes = 20;
constexpr std::size_t kMostSegments = 64;
constexpr std::size_t kMostNoteBytes = 64 * 1024;

std::size_t aligned(std::size_t size) {
    return (size + 3) & ~std::size_t{3};
}

std::string digits_of(Bytes id) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::uint8_t byte :
         id.first(std::min(id.size(), kMostIdBytes))) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

bool contains(const dl_phdr_info &object, ElfW(Addr) address) {
    return std::any_of(object.dlpi_phdr, object.dlpi_phdr + object.dlpi_phnum,
                       [&](const ElfW(Phdr) & segment) {
                           return segment.p_type == PT_LOAD &&
                                  address - object.dlpi_addr - segment.p_vaddr <
                                      segment.p_memsz;
                       });
}

Bytes notes_of(const dl_phdr_info &object, const ElfW(Phdr) & segment) {
    return {reinterpret_cast<const std::uint8_t *>(object.dlpi_addr +
                                                   segment.p_vaddr),
            segment.p_memsz};
}

struct Search {
    ElfW(Addr) address;
    LoadedFile found;
};

int find_object(dl_phdr_info *object, std::size_t, void *data) {
    auto &search = *static_cast<Search *>(data);
    if (!contains(*object, search.address)) {
        return 0;
    }
    search.found.path = object->dlpi_name;
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const ElfW(Phdr) &segment = object->dlpi_phdr[i];
        if (segment.p_type == PT_NOTE && search.found.build_id.empty()) {
            search.found.build_id = build_id_in(notes_of(*object, segment));
        }
    }
    return 1;
}

bool read_at(int fd, std::uint64_t offset, std::span<std::uint8_t> to) {
    return ::pread(fd, to.data(), to.size(), static_cast<off_t>(offset)) ==
           static_cast<ssize_t>(to.size());
}

bool is_native(const ElfW(Ehdr) & header) {
    return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
           header.e_ident[EI_CLASS] ==
               (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) &&
           header.e_phentsize == sizeof(ElfW(Phdr)) &&
           header.e_phnum <= kMostSegments;
}

std::vector<ElfW(Phdr)> segments_of(int fd) {
    ElfW(Ehdr) header{};
    if (!read_at(fd, 0, writable_bytes_of(header)) || !is_native(header)) {
        return {};
    }
    std::vector<ElfW(Phdr)> segments(header.e_phnum);
    for (std::size_t i = 0; i < segments.size(); ++i) {
        if (!read_at(fd, header.e_phoff + i * sizeof(segments[i]),
                     writable_bytes_of(segments[i]))) {
            return {};
        }
    }
    return segments;
}

}  // namespace

std::string build_id_in(Bytes notes) {
    constexpr std::string_view gnu{"GNU", 4};
    ElfW(Nhdr) note{};
    while (notes.size() >= sizeof(note)) {
        std::memcpy(&note, notes.data(), sizeof(note));
        notes = notes.subspan(sizeof(note));
        const std::size_t name = aligned(note.n_namesz);
        if (name > notes.size() || note.n_descsz > notes.size() - name) {
            break;
        }
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == gnu.size() &&
            std::equal(gnu.begin(), gnu.end(), notes.begin())) {
            return digits_of(notes.subspan(name, note.n_descsz));
        }
        notes = notes.subspan(
            std::min(notes.size(), name + aligned(note.n_descsz)));
    }
    return {};
}

LoadedFile loaded_file(const void *address) {
    Search search{.address = reinterpret_cast<ElfW(Addr)>(address),
                  .found = {}};
    ::dl_iterate_phdr(find_object, &search);
    return search.found;
}

std::string build_id_of(const std::string &path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    std::string id;
    for (const ElfW(Phdr) & segment : segments_of(fd.get())) {
        if (!id.empty() || segment.p_type != PT_NOTE ||
            segment.p_filesz > kMostNoteBytes) {
            continue;
        }
        Buffer notes(segment.p_filesz);
        if (read_at(fd.get(), segment.p_offset, notes)) {
            id = build_id_in(notes);
        }
    }
    return id;
}

}  // namespace ngx_vrrp::os
